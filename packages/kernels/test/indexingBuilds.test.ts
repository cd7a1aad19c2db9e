import { describe, it } from '@jest/globals';
import { indexing, type Kernel } from '../src/index.js';
import { BUILDS, f32, i32, type Operand, runBuild, sameBits } from './builds.js';
import { stream } from './run.js';

const next = stream(13);
const SPECIAL = [Number.NaN, Infinity, -0, 1e-45, 3e38];
const plain = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () =>
    next() < 0.02 ? SPECIAL[Math.floor(next() * 5)] : next() * 2e4 - 1e4,
  );
const below = (count: number, limit: number): Int32Array =>
  Int32Array.from({ length: count }, () => Math.floor(next() * limit));
const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

describe.each(BUILDS)('indexing in %s gives the bits of JavaScript', (build) => {
  const check = (
    kernel: Kernel,
    ints: readonly number[],
    size: number,
    ...inputs: readonly Operand[]
  ): void => {
    const y = f32(new Float32Array(size).fill(7));
    const [expected] = runBuild('js', kernel, ints, y, ...inputs);
    const [actual] = runBuild(build, kernel, ints, y, ...inputs);
    sameBits(actual, expected, `${kernel.name} ${ints}`);
  };

  it('indexSelect and indexAdd', () => {
    for (let inner = 0; inner <= 20; inner++) {
      for (const [outer, length, count] of [
        [1, 5, 9],
        [3, 4, 1],
        [2, 1, 7],
        [2, 6, 0],
        [0, 3, 3],
      ]) {
        const a = f32(plain(outer * length * inner));
        const index = i32(below(count, length));
        const plan = [outer, length, inner, count];
        check(indexing.indexSelect, plan, outer * count * inner, a, index);
        check(indexing.indexAdd, plan, outer * length * inner, a, f32(plain(outer * count * inner)), index);
      }
    }
  });

  it('gather and scatterAdd, along every axis, with a smaller index', () => {
    for (const [shape, entries] of [
      [[7], [5]],
      [
        [3, 4],
        [3, 9],
      ],
      [
        [3, 4],
        [2, 4],
      ],
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      [
        [4, 3, 5],
        [3, 2, 4],
      ],
      [
        [2, 3, 2, 3],
        [2, 2, 2, 3],
      ],
      [
        [3, 4],
        [0, 4],
      ],
    ]) {
      shape.forEach((length, axis) => {
        // Other axes of the index may not be longer.
        const extents = entries.map((extent, k) => (k === axis ? extent + 1 : Math.min(extent, shape[k])));
        const plan = [shape.length, axis, ...extents, ...shape];
        const index = i32(below(sizeOf(extents), length));
        const a = f32(plain(sizeOf(shape)));
        check(indexing.gather, plan, sizeOf(extents), a, index);
        check(indexing.scatterAdd, plan, sizeOf(shape), a, f32(plain(sizeOf(extents))), index);
      });
    }
  });

  it('additions to one place are rounded once, in an array larger than scratch too', () => {
    const [length, count] = [1_000_000, 3000];
    const a = f32(plain(length));
    const index = below(count, length).map((x, i) => (i % 3 === 0 ? 999_999 : i % 3 === 1 ? 2 : x));
    const source = f32(plain(count));
    check(indexing.indexAdd, [1, length, 1, count], length, a, source, i32(index));
    check(indexing.indexAdd, [1, 1, length, 3], length, a, f32(plain(3 * length)), i32([0, 0, 0]));
    check(indexing.scatterAdd, [1, 0, count, length], length, a, source, i32(index));
  });

  it('oneHot', () => {
    for (let depth = 1; depth <= 17; depth++)
      check(indexing.oneHot, [9, depth], 9 * depth, i32(below(9, depth)));
    check(indexing.oneHot, [0, 4], 0, i32([]));
  });

  it('triangle', () => {
    for (const [n, m] of [
      [1, 1],
      [5, 5],
      [4, 9],
      [9, 4],
      [0, 3],
    ]) {
      for (let diagonal = -10; diagonal <= 10; diagonal++) {
        for (const lower of [0, 1]) {
          check(indexing.triangle, [2, n, m, diagonal, lower], 2 * n * m, f32(plain(2 * n * m)));
        }
      }
    }
  });
});
