import { describe, expect, it } from '@jest/globals';
import { type Kernel, reduce } from '../src/index.js';
import { BUILDS, bool, f32, i32, runBuild, sameBits, withinUlps } from './builds.js';
import { stream } from './run.js';

const { fround } = Math;
const { NaN: nan } = Number;
const next = stream(21);
const NUMBERS = Float32Array.from({ length: 20_000 }, () => (next() * 2 - 1) * 2 ** Math.floor(next() * 9));
const SPECIAL = [0, -0, nan, Infinity, -Infinity, 1e-45, -1e-40, 3.4e38, -3.4e38, 1, -1, 2];
/** Mostly plain numbers, so that a special one may be the only one of its fold. */
const MIXED = Float32Array.from({ length: 20_000 }, (_, i) =>
  next() < 0.04 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : NUMBERS[i],
);
const ZEROS = Float32Array.from({ length: 2_000 }, () => (next() < 0.5 ? -0 : 0));
const FLAGS = Uint8Array.from({ length: 2_000 }, () => (next() < 0.02 ? 1 : 0));

interface Layout {
  readonly n: number;
  readonly stride: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

function* layouts(): Generator<Layout> {
  for (let n = 1; n <= 130; n++) {
    yield { n, stride: 1, shape: [], strides: [] };
    yield { n, stride: 1, shape: [3], strides: [n] };
    yield { n, stride: n % 5, shape: [2, 2], strides: [7, n] };
    yield { n, stride: -1, shape: [2], strides: [n] };
  }
  // Outputs side by side, every count about the width of a vector.
  for (let count = 1; count <= 9; count++) {
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 33]) {
      yield { n, stride: count, shape: [count], strides: [1] };
      yield { n, stride: -count - 1, shape: [2, count], strides: [40 * count, 1] };
      yield { n, stride: 0, shape: [count], strides: [1] };
      yield { n, stride: count, shape: [count, 2], strides: [1, 0] };
    }
  }
}

/** The memory of a layout and no more, with the place of the first element, and the positions of each fold. */
function memory({ n, stride, shape, strides }: Layout) {
  let offsets = [0];
  shape.forEach((extent, axis) => {
    offsets = offsets.flatMap((o) => Array.from({ length: extent }, (_, i) => o + i * strides[axis]));
  });
  const folds = offsets.map((o) => Array.from({ length: n }, (_, i) => o + i * stride));
  const all = folds.flat();
  const least = Math.min(...all);
  return {
    size: Math.max(...all) - least + 1,
    first: -least,
    folds: folds.map((fold) => fold.map((o) => o - least)),
  };
}

function planOf({ n, stride, shape, strides }: Layout, ...extra: readonly number[]): number[] {
  return [n, stride, shape.length, ...shape, ...strides, ...extra];
}

/** Four sums in turn, two and two. */
function inFour(values: readonly number[], term: (x: number) => number): number {
  const sums = [0, 0, 0, 0];
  values.forEach((x, i) => {
    sums[i % 4] += term(x);
  });
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}

const sum = (values: readonly number[]): number => inFour(values, (x) => x);
const squares = (values: readonly number[], around: number): number =>
  inFour(values, (x) => (x - around) ** 2);
const variance = (values: readonly number[]): number =>
  squares(values, sum(values) / values.length) / (values.length - 1);

const SUMS: readonly (readonly [string, Kernel, (values: readonly number[]) => number])[] = [
  ['sum', reduce.sum, sum],
  ['mean', reduce.mean, (values) => sum(values) / values.length],
  ['absoluteSum', reduce.absoluteSum, (values) => inFour(values, Math.abs)],
  ['euclideanNorm', reduce.euclideanNorm, (values) => Math.sqrt(squares(values, 0))],
  ['variance', reduce.variance, variance],
  ['standardDeviation', reduce.standardDeviation, (values) => Math.sqrt(variance(values))],
];

describe.each(BUILDS)('reductions in %s', (build) => {
  it.each(SUMS)('%s adds in double in its one order, whatever the layout', (name, kernel, oracle) => {
    for (const numbers of [NUMBERS, MIXED, ZEROS]) {
      for (const layout of layouts()) {
        const { size, first, folds } = memory(layout);
        const values = numbers.subarray(17, 17 + size);
        const y = f32(new Float32Array(folds.length).fill(nan));
        const [actual] = runBuild(build, kernel, planOf(layout, 1), y, f32(values, first));
        const expected = folds.map((fold) => fround(oracle(fold.map((o) => values[o]))));
        sameBits(actual, expected, `${name}, ${JSON.stringify(layout)}`);
      }
    }
  });

  it.each(SUMS)('%s is within 1 ULP of JavaScript where terms do not cancel', (name, kernel) => {
    const values = NUMBERS.map(Math.abs);
    for (const n of [1, 10, 1000, 20_000]) {
      const operands = [f32([0]), f32(values.subarray(0, n))];
      const [expected] = runBuild('js', kernel, [n, 1, 0, 0], ...operands);
      const [actual] = runBuild(build, kernel, [n, 1, 0, 0], ...operands);
      withinUlps(actual, expected, 1, name);
    }
  });

  it('sum keeps what float32 would lose', () => {
    const values = Float32Array.from({ length: 4_000 }, (_, i) => [1e8, 1, -1e8, 1e-3][i % 4]);
    const [actual] = runBuild(build, reduce.sum, [4_000, 1, 0], f32([0]), f32(values));
    withinUlps(actual, [fround(1000 + 1000 * fround(1e-3))], 0, 'sum');
  });

  it.each([
    ['max', reduce.max],
    ['min', reduce.min],
    ['absoluteMax', reduce.absoluteMax],
    ['argmax', reduce.argmax],
    ['argmin', reduce.argmin],
  ] as const)('%s gives the bits of JavaScript', (name, kernel) => {
    const special = NUMBERS.map(() => SPECIAL[Math.floor(next() * SPECIAL.length)]);
    const ties = NUMBERS.map((x) => Math.sign(x) * (Math.abs(x) > 1 ? 1 : 0));
    for (const numbers of [NUMBERS, MIXED, ZEROS, special, ties, ties.map((x) => -Math.abs(x))]) {
      for (const layout of layouts()) {
        const { size, first, folds } = memory(layout);
        const values = f32(numbers.subarray(17, 17 + size), first);
        const y = (name.startsWith('arg') ? i32 : f32)(new Array(folds.length).fill(77));
        const [actual] = runBuild(build, kernel, planOf(layout), y, values);
        const [expected] = runBuild('js', kernel, planOf(layout), y, values);
        sameBits(actual, expected, `${name}, ${JSON.stringify(layout)}`);
      }
    }
  });

  it.each([
    ['any', reduce.any, FLAGS],
    ['all', reduce.all, FLAGS.map((x) => 1 - x)],
  ] as const)('%s gives the bits of JavaScript', (name, kernel, flags) => {
    for (const layout of layouts()) {
      const { size, first, folds } = memory(layout);
      const values = { ...bool(flags.subarray(17, 17 + size)), first };
      const y = bool(new Uint8Array(folds.length).fill(77));
      const [actual] = runBuild(build, kernel, planOf(layout), y, values);
      const [expected] = runBuild('js', kernel, planOf(layout), y, values);
      sameBits(actual, expected, `${name}, ${JSON.stringify(layout)}`);
    }
  });

  it('logSumExp is within the rounding of its exponentials, and has the limits of JavaScript', () => {
    for (const numbers of [
      NUMBERS,
      MIXED,
      ZEROS,
      NUMBERS.map((x) => x * 1e-6),
      NUMBERS.map((x) => x / 16 + 1e4),
    ]) {
      for (const layout of layouts()) {
        const { size, first, folds } = memory(layout);
        const values = numbers.subarray(17, 17 + size);
        const y = f32(new Float32Array(folds.length));
        const [actual] = runBuild(build, reduce.logSumExp, planOf(layout), y, f32(values, first));
        const [expected] = runBuild('js', reduce.logSumExp, planOf(layout), y, f32(values, first));
        expected.forEach((x, i) => {
          const off = Math.abs(actual[i] - x);
          const fine = Object.is(actual[i], x) || off <= 4 * 2 ** -24 * (1 + Math.abs(x));
          if (!fine) throw new Error(`${actual[i]}, not ${x}: ${folds[i].map((o) => values[o])}`);
        });
      }
    }
  });

  it.each([
    [[0, -40], 4.248354255291589e-18],
    [[-40, 0], 4.248354255291589e-18],
    [[1000, 1000], 1000 + Math.LN2],
    [[0, 0, 0, 0, 0], Math.log(5)],
    [[-Infinity, -Infinity], -Infinity],
    [[Infinity, 1, -Infinity], Infinity],
    [[nan, Infinity], nan],
    [[-Infinity, 3], 3],
    [[], -Infinity],
  ])('logSumExp of %j is %d', (values, expected) => {
    const [actual] = runBuild(build, reduce.logSumExp, [values.length, 1, 0], f32([0]), f32(values));
    withinUlps(actual, [fround(expected)], 2, 'logSumExp');
  });

  it('folds nothing into the neutral elements', () => {
    const of = (kernel: Kernel): number[] =>
      Array.from(runBuild(build, kernel, [0, 5, 1, 5, 1, 0], f32([7, 7, 7, 7, 7]), f32([]))[0]);
    expect(of(reduce.sum)).toEqual([0, 0, 0, 0, 0]);
    expect(of(reduce.mean)).toEqual([nan, nan, nan, nan, nan]);
    expect(of(reduce.max)).toEqual(new Array(5).fill(-Infinity));
    expect(of(reduce.min)).toEqual(new Array(5).fill(Infinity));
    expect(runBuild(build, reduce.any, [0, 1, 0], bool([7]), bool([]))[0][0]).toBe(0);
    expect(runBuild(build, reduce.all, [0, 1, 0], bool([7]), bool([]))[0][0]).toBe(1);
  });

  it('has nothing to do for no outputs', () => {
    runBuild(build, reduce.sum, [3, 1, 1, 0, 3], f32([]), f32([1, 2, 3]));
    runBuild(build, reduce.sum, [3, 1, 2, 0, 4, 12, 3], f32([]), f32([1, 2, 3]));
  });
});
