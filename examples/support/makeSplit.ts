/** @file Makes `examples/data/digits-split.json`: which 360 of the 1797 digits are held out. Run once; the result is data. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCsv } from '@ndgrad/io/node';
import { DIGITS, DIGITS_SPLIT } from './dataset.js';
import { heldOutRows } from './split.js';

const HELD_OUT = 360;

const { labels } = readCsv(DIGITS, { target: -1 });
const heldOut = heldOutRows(labels, HELD_OUT);
writeFileSync(DIGITS_SPLIT, splitText(heldOut));
process.stdout.write(`${heldOut.length} of ${labels.length} rows in ${fileURLToPath(DIGITS_SPLIT)}\n`);

/** The rows as JSON, lines filled as the formatter fills them. */
function splitText(rows: readonly number[]): string {
  const lines = [''];
  for (const row of rows) {
    const word = `${row}${row === rows.at(-1) ? '' : ','}`;
    const last = lines.at(-1) as string;
    if (last !== '' && last.length + word.length + 1 > 106) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return `{\n  "file": "digits.csv.gz",\n  "heldOut": [\n${lines.map((line) => `    ${line}\n`).join('')}  ]\n}\n`;
}
