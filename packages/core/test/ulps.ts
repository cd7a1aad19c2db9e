/**
 * @file Prints the largest error of every function against 60 digits, by dtype and kernels, beside the limit at that
 * point: the table of docs/numerics.md.
 *
 *     pnpm ulps              all functions
 *     pnpm ulps exp tanh     some of them
 */
import { type KernelBuild, setKernels } from '@ndgrad/core';
import { CASES, measure, ROWS, type Worst } from './digits.js';

const BUILDS: readonly KernelBuild[] = ['js', 'simd', 'relaxed'];
const COLUMNS = ['float64', 'float32 js', 'float32 simd', 'float32 relaxed'];
const asked = process.argv.slice(2);

/** The worst of a function's cases of one dtype, with the kernels in force. */
function worstOf(name: string, dtype: string, build: KernelBuild): Worst | undefined {
  return CASES.filter((c) => c.name === name && c.dtype === dtype)
    .map((c) => measure(c, ROWS[name], build))
    .reduce<Worst | undefined>((a, b) => (a === undefined || b.share > a.share ? b : a), undefined);
}

const names = [...new Set(CASES.map(({ name }) => name))].filter(
  (name) => asked.length === 0 || asked.includes(name),
);
const table = new Map(names.map((name) => [name, new Map<string, Worst>()]));
for (const build of BUILDS) {
  setKernels(build);
  for (const [name, cells] of table) {
    for (const dtype of build === 'js' ? ['float64', 'float32'] : ['float32']) {
      const worst = worstOf(name, dtype, build);
      if (worst !== undefined) cells.set(dtype === 'float64' ? dtype : `${dtype} ${build}`, worst);
    }
  }
}

const number = (x: number): string => `${Number(x.toFixed(2))}`;
const cell = (worst: Worst | undefined): string =>
  worst === undefined
    ? '–'
    : `${number(worst.ulps)} of ${number(worst.limit)}${worst.share > 1 ? ' FAIL' : ''}`;

console.log(`| function | ${COLUMNS.join(' | ')} | worst in float64 | the limit, and why |`);
console.log(`|---|${COLUMNS.map(() => '---').join('|')}|---|---|`);
for (const [name, cells] of table) {
  const where = cells.get('float64')?.call.replace(/^\w+\((.*)\)$/, '$1');
  console.log(
    `| \`${name}\` | ${COLUMNS.map((column) => cell(cells.get(column))).join(' | ')} | ${where} | ${ROWS[name].why.replaceAll('|', '\\|')} |`,
  );
}
if ([...table.values()].some((cells) => [...cells.values()].some(({ share }) => share > 1))) {
  process.exitCode = 1;
}
