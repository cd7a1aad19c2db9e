/** @file The tables that people read. */
import { type Comparison, type Row, TOLERANCE } from './comparison.js';
import type { UnitRow } from './eager.js';
import type { Workload } from './workloads.js';

function verdict({ bar, pass, error }: Row): string {
  if (typeof error === 'string') return 'FAIL';
  if (bar === null) return '';
  return pass ? `ok ≤ ${bar}` : `FAIL > ${bar}`;
}

export function printEager(rows: readonly UnitRow[]): void {
  console.log('\nEager ops; ratio: time against plain loops over Float32Array, lower is better');
  const width = Math.max(...rows.map(({ title }) => title.length));
  for (const row of rows) {
    const value = row.value.toFixed(row.value < 10 ? 2 : 0).padStart(8);
    const against = row.handRatio === null ? '' : `ratio ${row.handRatio.toFixed(2)}`;
    console.log(
      `${row.title.padEnd(width)} ${value} ${row.unit.padEnd(8)} ${against.padEnd(12)} ${verdict(row)}`.trimEnd(),
    );
  }
}

/** Three digits, whatever the size. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function printComparison({ name, title }: Workload, { ours, peers, rows, leftOut }: Comparison): void {
  console.log(
    `\n${name}: ${title}; one thread, microseconds a step (quartiles), then ours as a share of each peer`,
  );
  for (const line of leftOut) console.log(`left out: ${line}`);
  const all = [...ours, ...peers];
  const checked = all.filter(({ error }) => error === undefined);
  const losses = checked.at(0)?.losses;
  if (losses !== undefined) {
    const [first, last] = [losses[0] as number, losses[10] as number];
    console.log(
      `losses of ${checked.length} contenders agree at step 0 (${first.toFixed(6)}, within ${TOLERANCE.step0.toExponential()}) ` +
        `and step 10 (${last.toFixed(6)}, within ${TOLERANCE.step10.toExponential()})`,
    );
  }
  const width = Math.max(...all.map(({ label }) => label.length));
  const columns = peers.map(({ label }) => Math.max(label.length, 12) + 2);
  const header = peers.map(({ label }, k) => label.padStart(columns[k] as number)).join('');
  console.log(`${''.padEnd(width + 26)}${header}`);
  const line = ({ label, timing, error }: (typeof all)[number]): string => {
    if (timing === undefined) return `${label.padEnd(width)} error: ${error}`;
    const quartiles = `(${timing.quartiles.map((time) => short(time / 1e3)).join('–')})`;
    return `${label.padEnd(width)} ${short(timing.median / 1e3).padStart(8)} ${quartiles.padEnd(16)}`;
  };
  ours.forEach((mine, i) => {
    const cells = rows.slice(i * peers.length, (i + 1) * peers.length).map((row, k) => {
      const text = row.ratio === null ? '' : short(row.ratio);
      return `${text} ${verdict(row)}`.trim().padStart(columns[k] as number);
    });
    console.log((mine.error === undefined ? `${line(mine)}${cells.join('')}` : line(mine)).trimEnd());
  });
  for (const peer of peers) console.log(line(peer).trimEnd());
}
