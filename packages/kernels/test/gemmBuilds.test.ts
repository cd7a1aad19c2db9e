import { describe, expect, it } from '@jest/globals';
import { elementwise, elementwisePlan, matmul, matmulTail } from '../src/index.js';
import { BUILDS, f32, runBuild, sameBits } from './builds.js';
import { stream } from './run.js';

const { fround } = Math;
const next = stream(3);
const NUMBERS = Float32Array.from({ length: 120_000 }, () => next() * 2 - 1);

/** Sizes about the edges of tiles, panels and blocks, vectors and empty ones among them. */
const SIZES: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [4, 8, 4],
  [5, 9, 7],
  [2, 3, 2],
  [3, 70, 33],
  [70, 3, 33],
  [17, 19, 23],
  [1, 37, 41],
  [37, 1, 41],
  [1, 64, 16],
  [64, 1, 16],
  [1, 1, 50],
  [64, 66, 70],
  [130, 65, 30],
  [9, 12, 700],
  [68, 72, 333],
  [0, 3, 3],
  [3, 0, 3],
  [3, 3, 0],
  [1, 9, 0],
];

/** Where the first element lies, so that negative strides stay inside. */
function first(extents: readonly [number, number], strides: readonly [number, number]): number {
  return extents.reduce((o, n, k) => o + (strides[k] < 0 ? (n - 1) * -strides[k] : 0), 0);
}

/** How many elements a view reaches over. */
function reach(extents: readonly [number, number], strides: readonly [number, number]): number {
  if (extents[0] === 0 || extents[1] === 0) return 0;
  return 1 + extents.reduce((o, n, k) => o + (n - 1) * Math.abs(strides[k]), 0);
}

/** A view over just as many numbers as it needs: a read past them meets a canary. */
function view(seed: number, extents: readonly [number, number], strides: readonly [number, number]) {
  const values = NUMBERS.subarray(seed, seed + reach(extents, strides));
  return { values, o: first(extents, strides), strides };
}

function layouts(rows: number, columns: number): readonly (readonly [number, number])[] {
  return [
    [columns, 1],
    [1, rows],
    [columns + 3, 1],
    [2 * columns, 2],
    [-columns, 1],
    [columns, -1],
    [0, 1],
    [1, 0],
    [1, -rows],
  ];
}

describe('matmul in the builds', () => {
  it('sums float32 in the order of k, one rounding per product and sum, in every layout (simd)', () => {
    for (const [m, n, k] of SIZES) {
      for (const stridesA of layouts(m, k)) {
        for (const stridesB of layouts(k, n)) {
          const a = view(5, [m, k], stridesA);
          const b = view(777, [k, n], stridesB);
          const expected = new Float32Array(m * n);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let q = 0; q < k; q++) {
                const x = a.values[a.o + i * stridesA[0] + q * stridesA[1]];
                sum = fround(sum + fround(x * b.values[b.o + q * stridesB[0] + j * stridesB[1]]));
              }
              expected[i * n + j] = sum;
            }
          }
          const ints = [m, n, k, ...stridesA, ...stridesB, 0];
          const y = f32(new Float32Array(m * n).fill(Number.NaN));
          const [actual] = runBuild('simd', matmul, ints, y, f32(a.values, a.o), f32(b.values, b.o, 3));
          sameBits(actual, expected, `[${m}, ${k}] · [${k}, ${n}], strides ${stridesA} and ${stridesB}`);
        }
      }
    }
  });

  it.each(BUILDS)('%s gives the same bits in every layout', (build) => {
    for (const [m, n, k] of SIZES) {
      const a = NUMBERS.subarray(11, 11 + m * k);
      const b = NUMBERS.subarray(5011, 5011 + k * n);
      const ta = a.map((_, i) => a[(i % m) * k + Math.floor(i / m)]);
      const tb = b.map((_, i) => b[(i % k) * n + Math.floor(i / k)]);
      const y = f32(new Float32Array(m * n));
      const [packed] = runBuild(build, matmul, [m, n, k, k, 1, n, 1, 0], y, f32(a), f32(b));
      const [left] = runBuild(build, matmul, [m, n, k, 1, m, n, 1, 0], y, f32(ta), f32(b));
      const [right] = runBuild(build, matmul, [m, n, k, k, 1, 1, k, 0], y, f32(a), f32(tb));
      const [both] = runBuild(build, matmul, [m, n, k, 1, m, 1, k, 0], y, f32(ta), f32(tb));
      // The same rows alone, and the same columns alone.
      for (let i = 0; i < m; i += 5) {
        const row = f32(new Float32Array(n));
        const [alone] = runBuild(
          build,
          matmul,
          [1, n, k, k, 1, n, 1, 0],
          row,
          f32(a.subarray(i * k, (i + 1) * k)),
          f32(b),
        );
        sameBits(alone, packed.subarray(i * n, (i + 1) * n), `row ${i} of [${m}, ${k}] · [${k}, ${n}]`);
      }
      sameBits(left, packed, `Aᵀ, ${[m, n, k]}`);
      sameBits(right, packed, `Bᵀ, ${[m, n, k]}`);
      sameBits(both, packed, `Aᵀ and Bᵀ, ${[m, n, k]}`);
    }
  });

  it.each(BUILDS)('%s stays within the rounding of k float32 products', (build) => {
    for (const [m, n, k] of SIZES) {
      const ints = [m, n, k, k, 1, n, 1, 0];
      const operands = [
        f32(new Float32Array(m * n)),
        f32(NUMBERS.subarray(0, m * k)),
        f32(NUMBERS.subarray(0, k * n)),
      ];
      const [exact] = runBuild('js', matmul, ints, ...operands);
      const [actual] = runBuild(build, matmul, ints, ...operands);
      exact.forEach((x, i) => {
        if (!(Math.abs(actual[i] - x) <= k * 2 ** -23 * (1 + k / 4)))
          throw new Error(`${actual[i]} is not ${x}`);
      });
    }
  });

  it.each(BUILDS)('%s walks batches, stretched and joined ones among them', (build) => {
    for (const [m, n, k] of [
      [2, 3, 4],
      [17, 16, 18],
      [1, 5, 6],
      [5, 1, 6],
    ]) {
      const one = (oa: number, ob: number): ArrayLike<number> =>
        runBuild(
          build,
          matmul,
          [m, n, k, k, 1, n, 1, 0],
          f32(new Float32Array(m * n)),
          f32(NUMBERS.subarray(oa, oa + m * k)),
          f32(NUMBERS.subarray(ob, ob + k * n)),
        )[0];
      for (const [a0, a1, b0, b1] of [
        [11, 0, 0, 13],
        [3 * m * k, m * k, 0, 0],
        [0, m * k, 7, 0],
        [3 * m * k, m * k, 3 * k * n, k * n],
      ]) {
        const ints = [m, n, k, k, 1, n, 1, 2, 2, 3, a0, a1, b0, b1];
        const y = f32(new Float32Array(6 * m * n));
        const reachA = a0 + 2 * a1 + m * k;
        const reachB = b0 + 2 * b1 + k * n;
        const [all] = runBuild(
          build,
          matmul,
          ints,
          y,
          f32(NUMBERS.subarray(0, reachA)),
          f32(NUMBERS.subarray(0, reachB)),
        );
        for (let t = 0; t < 6; t++) {
          const [p, q] = [Math.floor(t / 3), t % 3];
          sameBits(
            all.subarray(t * m * n, (t + 1) * m * n),
            one(p * a0 + q * a1, p * b0 + q * b1),
            `batch ${p}, ${q}`,
          );
        }
      }
    }
  });

  it.each(BUILDS)('%s spreads NaN and infinities, and ends in no −0', (build) => {
    for (const m of [1, 2, 40]) {
      const a = new Float32Array(m * 20).fill(-1);
      a[0] = Number.NaN;
      const y = f32(new Float32Array(m * 20));
      const [zeros] = runBuild(
        build,
        matmul,
        [m, 20, 20, 20, 1, 20, 1, 0],
        y,
        f32(a),
        f32(new Float32Array(400)),
      );
      expect(zeros.subarray(0, 20).every(Number.isNaN)).toBe(true);
      expect(zeros.subarray(20).every((x) => Object.is(x, 0))).toBe(true);
      const b = new Float32Array(400).fill(1);
      b[0] = Infinity;
      a[0] = -1;
      const [infinite] = runBuild(build, matmul, [m, 20, 20, 20, 1, 20, 1, 0], y, f32(a), f32(b));
      expect(Array.from(infinite.subarray(0, 2))).toEqual([-Infinity, -20]);
    }
  });
});

describe('matmulTail', () => {
  it.each(['js', ...BUILDS] as const)('%s: is the product, the addition and relu, bit for bit', (build) => {
    for (const [m, n, k] of SIZES) {
      for (const activation of [0, 1]) {
        for (const batches of [[], [2, 0, k * n]]) {
          const total = m * (batches.length === 0 ? 1 : 2);
          const plan = [m, n, k, k, 1, n, 1, batches.length === 0 ? 0 : 1, ...batches];
          const a = f32(NUMBERS.subarray(3, 3 + m * k));
          const b = f32(NUMBERS.subarray(900, 900 + 2 * k * n));
          const bias = NUMBERS.slice(40, 40 + n);
          for (let j = 0; j < n; j++)
            bias[j] = [-0, 0, bias[j], bias[j], Number.NaN, -Infinity, Infinity, bias[j]][j % 8];
          const y = f32(new Float32Array(total * n).fill(Number.NaN));
          const [actual] = runBuild(build, matmulTail, [...plan, activation], y, a, b, f32(bias));
          const [product] = runBuild(build, matmul, plan, y, a, b);
          const [sum] = runBuild(
            'js',
            elementwise.add,
            elementwisePlan([total, n], [n, 1], [0, 1]),
            y,
            f32(product),
            f32(bias),
          );
          const [expected] =
            activation === 0
              ? [sum]
              : runBuild('js', elementwise.relu, elementwisePlan([total * n], [1]), y, f32(sum));
          sameBits(actual, expected, `${[m, n, k]}, activation ${activation}`);
        }
      }
    }
  });

  it.each(['js', ...BUILDS] as const)('%s: relu turns −0 into 0', (build) => {
    // A product that vanishes from below leaves −0 where it is rounded after it was added to 0.
    const operands = [f32(new Float32Array(8)), f32([-1e-30]), f32(new Float32Array(8).fill(1e-30))];
    const [y] = runBuild(
      build,
      matmulTail,
      [1, 8, 1, 1, 1, 8, 1, 0, 1],
      ...operands,
      f32(new Float32Array(8).fill(-0)),
    );
    expect(Array.from(y)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
