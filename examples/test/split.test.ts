import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readCsv } from '@ndgrad/io/node';
import { DIGITS, DIGITS_SPLIT } from '../support/dataset.js';
import { heldOutRows } from '../support/split.js';

describe('heldOutRows', () => {
  it('draws from every class in its share, by largest remainder', () => {
    const labels = [10, 7, 3].flatMap((count, index) => Array.from({ length: count }, () => 9 - index));
    // Of 5 rows 2.5, 1.75 and 0.75 would be due.
    expect(heldOutRows(labels, 5).map((row) => labels[row])).toEqual([9, 9, 8, 8, 7]);
  });

  it('gives a tie between remainders to the lower label', () => {
    const labels = [5, 5, 4, 4];
    expect(heldOutRows(labels, 1).map((row) => labels[row])).toEqual([4]);
  });

  it('gives rising rows without repeats, the same ones every time', () => {
    const labels = Array.from({ length: 200 }, (_, i) => (i * i) % 5);
    const rows = heldOutRows(labels, 50);
    expect(new Set(rows).size).toBe(50);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(heldOutRows(labels, 50)).toEqual(rows);
  });

  it('holds out nothing, or everything, when asked to', () => {
    expect(heldOutRows([1, 2, 2], 0)).toEqual([]);
    expect(heldOutRows([1, 2, 2], 3)).toEqual([0, 1, 2]);
  });
});

describe('the committed split of the digits', () => {
  const { heldOut } = JSON.parse(readFileSync(DIGITS_SPLIT, 'utf8')) as { heldOut: number[] };
  const { labels, rows } = readCsv(DIGITS, { target: -1 });

  it('is 360 of 1797 images, so that 1437 are left to learn from', () => {
    expect(rows).toBe(1797);
    expect(heldOut.length).toBe(360);
    expect(new Set(heldOut).size).toBe(360);
  });

  it('holds 35 to 37 images of every digit', () => {
    const counts = Array.from(
      { length: 10 },
      (_, digit) => heldOut.filter((row) => labels[row] === digit).length,
    );
    expect(counts).toEqual([36, 37, 35, 37, 36, 36, 36, 36, 35, 36]);
  });

  it('is what the script makes', () => {
    expect(heldOut).toEqual(heldOutRows(labels, 360));
  });
});
