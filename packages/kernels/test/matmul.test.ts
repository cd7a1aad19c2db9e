import { describe, expect, it } from '@jest/globals';
import { matmul } from '../src/index.js';
import { run, stream } from './run.js';

/** The product summed in the order of k, as plainly as it can be written. */
function naive(
  [m, n, k]: readonly [number, number, number],
  a: (i: number, q: number) => number,
  b: (q: number, j: number) => number,
): number[] {
  const y: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let q = 0; q < k; q++) sum += a(i, q) * b(q, j);
      y.push(sum);
    }
  }
  return y;
}

function same(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i]))
      throw new Error(`${what}: element ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

describe('matmul', () => {
  const next = stream(1);
  const numbers = Float64Array.from({ length: 40 * 40 * 3 }, () => next() * 2 - 1);

  it('is the naive product bit for bit, at every size from 0 to 33', () => {
    for (let size = 0; size <= 33; size++) {
      for (const [m, n, k] of [
        [size, size, size],
        [size, 5, 33],
        [3, size, 17],
        [33, 33, size],
        [size, 1, 20],
        [1, size, 20],
      ] as const) {
        const y = new Float64Array(m * n).fill(Number.NaN);
        run(matmul, [m, n, k, k, 1, n, 1, 0], y, numbers, numbers.subarray(7));
        const expected = naive(
          [m, n, k],
          (i, q) => numbers[i * k + q],
          (q, j) => numbers[7 + q * n + j],
        );
        same(y, expected, `[${m}, ${k}] · [${k}, ${n}]`);
      }
    }
  });

  it('gives the same bits on the packed path as on the direct one', () => {
    // 16 · 16 · 16 multiply-adds are direct, one more row is packed.
    const k = 16;
    const direct = new Float64Array(16 * 16);
    const packed = new Float64Array(17 * 16);
    run(matmul, [16, 16, k, k, 1, 16, 1, 0], direct, numbers, numbers);
    run(matmul, [17, 16, k, k, 1, 16, 1, 0], packed, numbers, numbers);
    same(packed, direct, 'the first 16 rows');
  });

  it('reads any strides: transposed, stepped, reversed, stretched', () => {
    for (const [m, n, k] of [
      [5, 6, 7],
      [18, 19, 20],
    ] as const) {
      for (const [ra, ka, oa] of [
        [1, m, 0],
        [2 * k, 2, 1],
        [-k, 1, (m - 1) * k],
        [0, 1, 3],
        [1, 0, 3],
      ]) {
        for (const [kb, cb, ob] of [
          [1, k, 0],
          [3 * n, 2, 5],
          [n, -1, n - 1],
          [0, 1, 2],
        ]) {
          const y = new Float64Array(m * n);
          matmul.run([m, n, k, ra, ka, kb, cb, 0], y, 0, numbers, oa, numbers, ob, numbers, 0, numbers, 0);
          const expected = naive(
            [m, n, k],
            (i, q) => numbers[oa + i * ra + q * ka],
            (q, j) => numbers[ob + q * kb + j * cb],
          );
          same(y, expected, `strides ${[ra, ka]} and ${[kb, cb]}`);
        }
      }
    }
  });

  it('walks batches with strides of their own, stretched ones among them', () => {
    for (const [m, n, k] of [
      [2, 3, 4],
      [17, 16, 18],
    ] as const) {
      const y = new Float64Array(6 * m * n);
      // Batch [2, 3]: a moves along the first axis alone, b along the second.
      run(matmul, [m, n, k, k, 1, n, 1, 2, 2, 3, 11, 0, 0, 13], y, numbers, numbers);
      for (let p = 0; p < 2; p++) {
        for (let q = 0; q < 3; q++) {
          const expected = naive(
            [m, n, k],
            (i, t) => numbers[p * 11 + i * k + t],
            (t, j) => numbers[q * 13 + t * n + j],
          );
          same(y.subarray((p * 3 + q) * m * n), expected, `batch ${p}, ${q}`);
        }
      }
    }
  });

  it('rounds once in float32', () => {
    const a = new Float32Array(1000).fill(0.1);
    const b = new Float32Array(1000).fill(0.1);
    const y = new Float32Array(1);
    run(matmul, [1, 1, 1000, 1000, 1, 1, 1, 0], y, a, b);
    let sum = 0;
    for (let i = 0; i < 1000; i++) sum += a[i] * b[i];
    expect(y[0]).toBe(Math.fround(sum));
  });

  it('spreads NaN and infinities as IEEE 754 does, on both paths', () => {
    for (const m of [2, 40]) {
      const a = new Float64Array(m * 20).fill(1);
      a[0] = Number.NaN;
      a[20] = Infinity;
      const y = run(matmul, [m, 20, 20, 20, 1, 20, 1, 0], new Float64Array(m * 20), a, new Float64Array(400));
      expect([y[0], y[20], y[21]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      if (m > 2) expect(y[40]).toBe(0);
    }
  });
});
