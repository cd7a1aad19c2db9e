/**
 * @file What the library costs on this machine: the price of an eager op, and training steps beside the libraries that
 * a user would take instead.
 *
 *     pnpm bench                  tables
 *     pnpm bench --json           tables, and a last line of JSON: { rows: [...] }
 *     pnpm bench --only W4,eager  some of eager, W3, W4, W5
 *     pnpm bench --rounds 101     more turns for each contender of a workload; default 31
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, type Row } from './comparison.js';
import { eagerRows } from './eager.js';
import { pythonWithTorch } from './python.js';
import { printComparison, printEager } from './table.js';
import { WORKLOADS, writeWorkload } from './workloads.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '31' },
  },
});
const names = ['eager', ...WORKLOADS.map(({ name }) => name as string)];
const asked = options.only?.split(',') ?? names;
for (const name of asked) {
  if (!names.includes(name)) throw new RangeError(`--only must be some of ${names.join(', ')}, got ${name}`);
}
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`--rounds must be a whole number from 1 on, got ${options.rounds}`);
}

const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
const load = (): string => (loadavg()[0] as number).toFixed(1);
const loadBefore = load();
console.log(`Node ${process.version}, ${cpus().length} × ${processor}, load ${loadBefore}`);

const rows: Row[] = [];
if (asked.includes('eager')) {
  const measured = eagerRows();
  printEager(measured);
  rows.push(...measured);
}
const workloads = WORKLOADS.filter(({ name }) => asked.includes(name));
if (workloads.length > 0) {
  const python = pythonWithTorch();
  if (python === undefined)
    console.log('\nPyTorch is left out: no Python imports it; NDGRAD_PYTHON may name one');
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-bench-'));
  try {
    for (const workload of workloads) {
      writeWorkload(folder, workload);
      const comparison = await compare(folder, workload, python, rounds);
      printComparison(workload, comparison);
      rows.push(...comparison.rows);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`\nload at the end: ${load()}`);
if (options.json) {
  console.log(JSON.stringify({ node: process.version, cpu: processor, load: [loadBefore, load()], rows }));
}
