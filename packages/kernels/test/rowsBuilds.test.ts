import { describe, expect, it } from '@jest/globals';
import { rows, scan } from '../src/index.js';
import { BUILDS, bool, f32, f64, i32, runBuild, sameBits, withinUlps } from './builds.js';
import { stream } from './run.js';

const { NaN: nan } = Number;
const { fround } = Math;
const next = stream(5);
const SIZES: readonly number[] = [...Array.from({ length: 131 }, (_, n) => n), 1000];
const SPECIAL = [0, -0, nan, Infinity, -Infinity, 1e-45, 3.4e38, -3.4e38, 1, 1];

/** `count` numbers of about the given size. */
const plain = (count: number, size: number): Float32Array =>
  Float32Array.from({ length: count }, () => (next() * 2 - 1) * size);

/** Rows in which special values come alone and together. */
const mixed = (count: number): Float32Array =>
  plain(count, 3).map((x) => (next() < 0.15 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : x));

const ROWS = 3;

/** Fails unless each element is within `limit` of the one expected, or the same special value. */
function within(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: (i: number) => number,
  what: string,
): void {
  for (let i = 0; i < expected.length; i++) {
    const fine = Object.is(actual[i], expected[i]) || Math.abs(actual[i] - expected[i]) <= limit(i);
    if (!fine) throw new Error(`${what}: element ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

describe.each(BUILDS)('rows in %s', (build) => {
  it('softmax is within 4 + |x − max| ULP, its rows sum to 1', () => {
    for (const n of SIZES) {
      for (const size of [1, 30, 150]) {
        const x = plain(ROWS * n, size);
        const operands = [f32(new Float32Array(ROWS * n)), f32(x)];
        const [expected] = runBuild('js', rows.softmax, [ROWS, n], ...operands);
        const [actual] = runBuild(build, rows.softmax, [ROWS, n], ...operands);
        const largest = Array.from({ length: ROWS }, (_, r) => Math.max(...x.subarray(r * n, (r + 1) * n)));
        withinUlps(actual, expected, (i) => 4 + largest[Math.floor(i / n)] - x[i], `n = ${n}`);
        for (let r = 0; r < ROWS && n > 0; r++) {
          const total = Array.from(actual.subarray(r * n, (r + 1) * n)).reduce((s, p) => s + p, 0);
          expect(Math.abs(total - 1)).toBeLessThan(3 * 2 ** -23);
        }
      }
    }
  });

  it('softmax and logSoftmax have the limits of JavaScript', () => {
    for (const kernel of [rows.softmax, rows.logSoftmax]) {
      for (const n of SIZES) {
        const x = mixed(ROWS * n);
        if (n % 3 === 0) x.fill(-Infinity, 0, n);
        if (n % 3 === 1) x.fill(Infinity, Math.floor(n / 2), n);
        const operands = [f32(new Float32Array(ROWS * n)), f32(x)];
        const [expected] = runBuild('js', kernel, [ROWS, n], ...operands);
        const [actual] = runBuild(build, kernel, [ROWS, n], ...operands);
        within(actual, expected, (i) => 2 ** -20 * Math.abs(expected[i]) + 1e-44, `${kernel.name}, n = ${n}`);
      }
    }
  });

  it('logSoftmax is within 2 ULP of the larger of its terms and keeps the tiny loss of a sure class', () => {
    for (const n of SIZES) {
      for (const size of [1, 30, 150]) {
        const operands = [f32(new Float32Array(ROWS * n)), f32(plain(ROWS * n, size))];
        const [expected] = runBuild('js', rows.logSoftmax, [ROWS, n], ...operands);
        const [actual] = runBuild(build, rows.logSoftmax, [ROWS, n], ...operands);
        within(actual, expected, (i) => 2 ** -22 * Math.max(Math.abs(expected[i]), 1e-3), `n = ${n}`);
      }
    }
    const [sure] = runBuild(build, rows.logSoftmax, [1, 2], f32([0, 0]), f32([40, 0]));
    withinUlps(sure, [fround(-4.248354255291589e-18), -40], 4, 'sure');
  });

  it('softmaxGradient is within 1 ULP where its terms do not cancel', () => {
    for (const n of SIZES) {
      const [y] = runBuild(
        'js',
        rows.softmax,
        [ROWS, n],
        f32(new Float32Array(ROWS * n)),
        f32(plain(ROWS * n, 4)),
      );
      const g = plain(ROWS * n, 1).map((x) => (next() < 0.2 ? 0 : x));
      const operands = [f32(new Float32Array(ROWS * n)), f32(g), f32(y)];
      const [expected] = runBuild('js', rows.softmaxGradient, [ROWS, n], ...operands);
      const [actual] = runBuild(build, rows.softmaxGradient, [ROWS, n], ...operands);
      within(actual, expected, (i) => 2 ** -23 * Math.abs(expected[i]) + 1e-15, `n = ${n}`);
    }
  });

  it('the gradients treat special values as JavaScript does', () => {
    for (const kernel of [rows.softmaxGradient, rows.logSoftmaxGradient]) {
      for (const n of SIZES) {
        const g = mixed(ROWS * n);
        if (n % 4 === 0) g.fill(0);
        const y = mixed(ROWS * n);
        const operands = [f32(new Float32Array(ROWS * n)), f32(g), f32(y)];
        const [expected] = runBuild('js', kernel, [ROWS, n], ...operands);
        const [actual] = runBuild(build, kernel, [ROWS, n], ...operands);
        within(actual, expected, (i) => 2 ** -18 * (1 + Math.abs(expected[i])), `${kernel.name}, n = ${n}`);
      }
    }
  });

  it('a cotangent of 0 meets nothing: 0 times an infinite or NaN probability is 0', () => {
    const [y] = runBuild(
      build,
      rows.softmaxGradient,
      [1, 3],
      f32([7, 7, 7]),
      f32([0, 0, 0]),
      f32([nan, Infinity, 1]),
    );
    expect(Array.from(y)).toEqual([0, 0, 0]);
  });

  it('logSoftmaxGradient is within the rounding of its exponential', () => {
    for (const n of SIZES) {
      const [y] = runBuild(
        'js',
        rows.logSoftmax,
        [ROWS, n],
        f32(new Float32Array(ROWS * n)),
        f32(plain(ROWS * n, 9)),
      );
      const g = plain(ROWS * n, 1);
      const sums = Array.from({ length: ROWS }, (_, r) =>
        g.subarray(r * n, (r + 1) * n).reduce((s, x) => s + x, 0),
      );
      const operands = [f32(new Float32Array(ROWS * n)), f32(g), f32(y)];
      const [expected] = runBuild('js', rows.logSoftmaxGradient, [ROWS, n], ...operands);
      const [actual] = runBuild(build, rows.logSoftmaxGradient, [ROWS, n], ...operands);
      const limit = (i: number): number =>
        2 ** -23 * Math.abs(expected[i]) +
        2 ** -21 * Math.exp(y[i]) * Math.abs(sums[Math.floor(i / n)]) +
        1e-12;
      within(actual, expected, limit, `n = ${n}`);
    }
  });

  it('a row gives the same bits alone and wherever it starts', () => {
    for (const n of SIZES) {
      const x = plain(ROWS * n, 5);
      const [all] = runBuild(build, rows.softmax, [ROWS, n], f32(new Float32Array(ROWS * n)), f32(x));
      for (let r = 0; r < ROWS; r++) {
        const row = f32(x.subarray(r * n, (r + 1) * n), 0, r);
        const [alone] = runBuild(build, rows.softmax, [1, n], f32(new Float32Array(n), 0, 2), row);
        sameBits(alone, all.subarray(r * n, (r + 1) * n), `row ${r}, n = ${n}`);
      }
    }
  });

  it('cumsum gives the bits of JavaScript', () => {
    for (const n of SIZES) {
      for (const x of [plain(ROWS * n, 1e3), mixed(ROWS * n)]) {
        const operands = [f32(new Float32Array(ROWS * n)), f32(x)];
        const [expected] = runBuild('js', scan.cumsum, [ROWS, n], ...operands);
        const [actual] = runBuild(build, scan.cumsum, [ROWS, n], ...operands);
        sameBits(actual, expected, `n = ${n}`);
      }
    }
  });

  it.each([
    ['maskedArgmax', rows.maskedArgmax],
    ['maskedArgmin', rows.maskedArgmin],
  ] as const)('%s gives the indices of JavaScript', (name, kernel) => {
    for (const n of SIZES) {
      for (const values of [plain(ROWS * n, 1), mixed(ROWS * n), plain(ROWS * n, 2).map(Math.round)]) {
        for (const share of [0.5, 0.03, 1]) {
          const mask = Uint8Array.from(values, () => (next() < share ? 1 : 0));
          const operands = [i32(new Int32Array(ROWS).fill(77)), f32(values), bool(mask)];
          const [expected] = runBuild('js', kernel, [ROWS, n], ...operands);
          const [actual] = runBuild(build, kernel, [ROWS, n], ...operands);
          sameBits(actual, expected, `${name}, n = ${n}`);
        }
      }
    }
  });
});

describe('masked indices', () => {
  const cases: readonly (readonly [readonly number[], readonly number[], number, number])[] = [
    [[3, 1, 2], [1, 1, 1], 0, 1],
    [[3, 1, 2], [0, 0, 1], 2, 2],
    [[3, 1, 2], [0, 0, 0], -1, -1],
    [[], [], -1, -1],
    [[1, 2, 2, 1], [1, 1, 1, 1], 1, 0],
    [[1, 2, 2, 1], [0, 0, 1, 1], 2, 3],
    [[0, -0, 0], [0, 1, 1], 1, 1],
    [[nan, 5, nan, 6], [0, 1, 1, 1], 2, 2],
    [[nan, 5, 6], [0, 1, 1], 2, 1],
    [[-Infinity, 4, -Infinity], [0, 0, 1], 2, 2],
    [[Infinity, 4, Infinity], [0, 0, 1], 2, 2],
  ];
  it.each(cases)('of %j where %j are %d and %d', (values, mask, largest, smallest) => {
    for (const build of ['js', ...BUILDS] as const) {
      for (const make of build === 'js' ? [f32, f64] : [f32]) {
        const operands = [i32([77]), make(values), bool(mask)];
        expect(runBuild(build, rows.maskedArgmax, [1, values.length], ...operands)[0][0]).toBe(largest);
        expect(runBuild(build, rows.maskedArgmin, [1, values.length], ...operands)[0][0]).toBe(smallest);
      }
    }
  });
});
