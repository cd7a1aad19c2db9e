import { describe, expect, it } from '@jest/globals';
import { distance } from '../src/index.js';
import { BUILDS, f32, runBuild, sameBits, withinUlps } from './builds.js';
import { stream } from './run.js';

const { NaN: nan } = Number;
const next = stream(9);
const plain = (count: number, size = 1): Float32Array =>
  Float32Array.from({ length: count }, () => (next() * 2 - 1) * size);
const WIDTHS: readonly number[] = [...Array.from({ length: 131 }, (_, d) => d), 784];
const MEASURES = [
  ['cdist', distance.cdist],
  ['squaredCdist', distance.squaredCdist],
] as const;

describe.each(BUILDS)('distances in %s', (build) => {
  it.each(MEASURES)('%s is within 8 ULP of double', (name, kernel) => {
    for (const d of WIDTHS) {
      for (const [batch, n, m] of [
        [1, 3, 5],
        [2, 4, 4],
        [1, 1, 1],
        [1, 0, 2],
        [1, 2, 0],
      ]) {
        for (const size of [1, 1e-18, 1e-25, 1e-41, 1e18, 1e25, 1e38, 3e38]) {
          const operands = [
            f32(new Float32Array(batch * n * m).fill(7)),
            f32(plain(batch * n * d, size)),
            f32(plain(batch * m * d, size)),
          ];
          const [expected] = runBuild('js', kernel, [batch, n, m, d], ...operands);
          const [actual] = runBuild(build, kernel, [batch, n, m, d], ...operands);
          withinUlps(actual, expected, 8, `${name}, ${[batch, n, m, d]}, numbers of ${size}`);
        }
      }
    }
  });

  it.each(MEASURES)('%s of rows far from the origin is as good', (name, kernel) => {
    const a = Float32Array.from({ length: 12 * 33 }, () => 1e4 + next());
    const operands = [f32(new Float32Array(144)), f32(a), f32(a)];
    const [expected] = runBuild('js', kernel, [1, 12, 12, 33], ...operands);
    const [actual] = runBuild(build, kernel, [1, 12, 12, 33], ...operands);
    withinUlps(actual, expected, 8, name);
    for (let i = 0; i < 12; i++) expect(actual[13 * i]).toBe(0);
  });

  it.each(MEASURES)('%s: special values are those of JavaScript', (name, kernel) => {
    const special = [nan, Infinity, -Infinity, 3.4e38, -3.4e38, 0, -0, 1e-45];
    for (const d of [1, 3, 4, 9]) {
      const a = plain(20 * d).map((x) => (next() < 0.2 ? special[Math.floor(next() * 8)] : x));
      const operands = [f32(new Float32Array(100)), f32(a.subarray(0, 10 * d)), f32(a.subarray(10 * d))];
      const [expected] = runBuild('js', kernel, [1, 10, 10, d], ...operands);
      const [actual] = runBuild(build, kernel, [1, 10, 10, d], ...operands);
      withinUlps(actual, expected, 8, name);
    }
  });

  it.each(MEASURES)(
    '%s of a pair has the same bits whatever pairs are about it, and is symmetric',
    (name, kernel) => {
      for (const d of WIDTHS) {
        const [a, b] = [plain(3 * d), plain(5 * d)];
        const [all] = runBuild(build, kernel, [1, 3, 5, d], f32(new Float32Array(15)), f32(a), f32(b));
        const [turned] = runBuild(build, kernel, [1, 5, 3, d], f32(new Float32Array(15)), f32(b), f32(a));
        for (let i = 0; i < 3; i++) {
          for (let j = 0; j < 5; j++) {
            const x = f32(a.subarray(i * d, (i + 1) * d), 0, i);
            const z = f32(b.subarray(j * d, (j + 1) * d), 0, j);
            const [alone] = runBuild(build, kernel, [1, 1, 1, d], f32([7]), x, z);
            sameBits(
              [alone[0], turned[3 * j + i]],
              [all[5 * i + j], all[5 * i + j]],
              `${name}, d = ${d}, ${i} and ${j}`,
            );
          }
        }
      }
    },
  );

  it('weightedDifference stays within the rounding of its terms', () => {
    for (const d of WIDTHS) {
      for (const [batch, n, m] of [
        [1, 3, 5],
        [2, 2, 17],
        [1, 2, 0],
        [1, 0, 3],
      ]) {
        const w = plain(batch * n * m).map((x) => (next() < 0.5 ? 0 : x));
        const operands = [
          f32(new Float32Array(batch * n * d).fill(7)),
          f32(w),
          f32(plain(batch * n * d)),
          f32(plain(batch * m * d)),
        ];
        const [expected] = runBuild('js', distance.weightedDifference, [batch, n, m, d], ...operands);
        const [actual] = runBuild(build, distance.weightedDifference, [batch, n, m, d], ...operands);
        expected.forEach((x, i) => {
          if (!(Math.abs(actual[i] - x) <= m * 2 ** -22)) throw new Error(`${actual[i]}, not ${x}`);
        });
      }
    }
  });

  it('weightedDifference adds in the order of j, so a column has the same bits in any width', () => {
    const [w, a, b] = [plain(2 * 9), plain(2 * 130), plain(9 * 130)];
    const [wide] = runBuild(
      build,
      distance.weightedDifference,
      [1, 2, 9, 130],
      f32(new Float32Array(260)),
      f32(w),
      f32(a),
      f32(b),
    );
    for (let k = 0; k < 130; k++) {
      const [narrow] = runBuild(
        build,
        distance.weightedDifference,
        [1, 2, 9, 1],
        f32([7, 7]),
        f32(w),
        f32([a[k], a[130 + k]]),
        f32(Array.from({ length: 9 }, (_, j) => b[130 * j + k])),
      );
      sameBits(narrow, [wide[k], wide[130 + k]], `column ${k}`);
    }
  });

  it('a weight of 0 meets no difference, one of NaN all', () => {
    for (const d of [1, 4, 40]) {
      const b = new Float32Array(3 * d).fill(1);
      b.fill(Infinity, 0, d);
      const difference = (w: readonly number[]): number[] =>
        Array.from(
          runBuild(
            build,
            distance.weightedDifference,
            [1, 1, 3, d],
            f32(new Float32Array(d)),
            f32(w),
            f32(new Float32Array(d)),
            f32(b),
          )[0],
        );
      expect(difference([0, 2, -0])).toEqual(new Array(d).fill(-2));
      expect(difference([1, 2, 0])).toEqual(new Array(d).fill(-Infinity));
      expect(difference([0, nan, 0])).toEqual(new Array(d).fill(nan));
    }
  });
});
