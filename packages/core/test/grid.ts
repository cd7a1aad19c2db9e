/**
 * @file Plain n-dimensional numbers for oracles. A grid has no strides, no views and no dtype, and each result is given
 * by a rule from position to number, so an oracle shares nothing with the library but the mathematics.
 */
import type { DType } from '../src/dtype.js';
import { allocateArray } from '../src/dtype.js';
import { currentKernels, type KernelBuild, setKernels } from '../src/runtime.js';
import { Storage } from '../src/storage.js';
import { Tensor } from '../src/tensor.js';

/** Numbers in row-major order. */
export interface Grid {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Index = readonly number[];

/** Every position of a shape, in row-major order. */
export function positions(shape: readonly number[]): Index[] {
  let list: Index[] = [[]];
  for (const extent of shape) {
    list = list.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i]));
  }
  return list;
}

/** The grid whose element at each position is given by a rule. */
export function build(shape: readonly number[], rule: (index: Index) => number): Grid {
  return { shape, data: positions(shape).map(rule) };
}

/** The element at a position. */
export function at(grid: Grid, index: Index): number {
  if (index.length !== grid.shape.length) throw new Error(`index ${index} into shape ${grid.shape}`);
  let place = 0;
  grid.shape.forEach((extent, axis) => {
    if (index[axis] < 0 || index[axis] >= extent)
      throw new Error(`index ${index} outside shape ${grid.shape}`);
    place = place * extent + index[axis];
  });
  return grid.data[place];
}

/** The element that broadcasting reads for a position of a result: aligned at the last axis, stretched from 1. */
export function atBroadcast(grid: Grid, index: Index): number {
  const lead = index.length - grid.shape.length;
  return at(
    grid,
    grid.shape.map((extent, axis) => (extent === 1 ? 0 : index[lead + axis])),
  );
}

/** A position with one entry replaced. */
export function replaced(index: Index, axis: number, value: number): Index {
  return index.map((i, a) => (a === axis ? value : i));
}

/** The elements along one axis through a position. */
export function lineThrough(grid: Grid, axis: number, index: Index): number[] {
  return Array.from({ length: grid.shape[axis] }, (_, i) => at(grid, replaced(index, axis, i)));
}

/** Folds axes: the rule gets all elements that share a position on the kept axes, in row-major order. */
export function folded(
  grid: Grid,
  axis: number | readonly number[] | undefined,
  keepDims: boolean,
  rule: (elements: number[]) => number,
): Grid {
  const rank = grid.shape.length;
  const named = axis === undefined ? grid.shape.map((_, a) => a) : typeof axis === 'number' ? [axis] : axis;
  const axes = new Set(named.map((a) => (a < 0 ? a + rank : a)));
  const groups = new Map<string, number[]>();
  const kept = (index: Index): string => index.filter((_, a) => !axes.has(a)).join();
  const keptShape = grid.shape.filter((_, a) => !axes.has(a));
  for (const index of positions(keptShape)) groups.set(index.join(), []);
  positions(grid.shape).forEach((index, i) => {
    groups.get(kept(index))?.push(grid.data[i]);
  });
  const shape = keepDims ? grid.shape.map((extent, a) => (axes.has(a) ? 1 : extent)) : keptShape;
  return { shape, data: [...groups.values()].map(rule) };
}

/** Seeded numbers in [0, 1): mulberry32, the tests' own stream. */
export function stream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A seed from a word, so that each op has its own numbers. */
export function seedOf(word: string): number {
  let hash = 2166136261;
  for (const letter of word) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return hash;
}

/** A packed tensor with a grid's values, built past every public constructor. */
export function tensorOf(grid: Grid, dtype: DType = 'float64'): Tensor {
  const array = allocateArray(dtype, grid.data.length);
  grid.data.forEach((value, i) => {
    array[i] = value;
  });
  let stride = 1;
  const strides = [...grid.shape].reverse().map((extent) => {
    const own = stride;
    stride *= extent;
    return own;
  });
  return new Tensor(new Storage(dtype, array, 0, array.length), grid.shape, strides.reverse(), 0, dtype);
}

/** A tensor's values, read one by one through its NdArray. */
export function gridOf(t: Tensor): Grid {
  const view = t.ndarray;
  return build(t.shape, (index) => view.get(...index));
}

/** How a tensor's elements may lie in memory. */
export const LAYOUTS = ['transposed', 'stepped', 'reversed', 'offset', 'padded'] as const;
export type Layout = (typeof LAYOUTS)[number];

/**
 * The same values in another layout, with a number that must not be read (NaN, or 77 for integers) in every place
 * between them.
 */
export function laidOut(grid: Grid, dtype: DType, layout: Layout): Tensor {
  const { shape } = grid;
  const rank = shape.length;
  // Axes from the innermost in memory outwards, and how far apart neighbours lie.
  const inner = Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (layout === 'transposed') inner.reverse();
  const gap = layout === 'stepped' ? 3 : 1;
  const border = layout === 'padded' ? 2 : 0;
  const strides = new Array<number>(rank).fill(0);
  let reach = gap;
  for (const axis of inner) {
    strides[axis] = reach;
    reach *= shape[axis] + border;
  }
  const lead = layout === 'offset' || layout === 'padded' ? 5 : 0;
  let offset = lead;
  if (layout === 'reversed') {
    shape.forEach((extent, axis) => {
      offset += Math.max(0, extent - 1) * strides[axis];
      strides[axis] = -strides[axis];
    });
  }
  const length = lead + reach + 3;
  const array = allocateArray(dtype, length);
  array.fill(dtype === 'int32' || dtype === 'bool' ? 77 : Number.NaN);
  positions(shape).forEach((index, i) => {
    array[offset + index.reduce((sum, p, axis) => sum + p * strides[axis], 0)] = grid.data[i];
  });
  // A base other than 0: small results may share one array.
  return new Tensor(new Storage(dtype, array, 0, length), shape, strides, offset, dtype);
}

/** A grid that is constant along an axis. */
export function constantAlong(grid: Grid, axis: number): Grid {
  return build(grid.shape, (index) => at(grid, replaced(index, axis, 0)));
}

/** A stride-0 view with the values of a grid that is constant along the axis. */
export function expandedAlong(grid: Grid, axis: number, dtype: DType): Tensor {
  const base = tensorOf(
    build(
      grid.shape.map((extent, a) => (a === axis ? Math.min(1, extent) : extent)),
      (index) => at(grid, index),
    ),
    dtype,
  );
  const strides = base.strides.map((stride, a) => (a === axis ? 0 : stride));
  return new Tensor(base.storage, grid.shape, strides, 0, dtype);
}

/** The distance of two numbers in units of the last place of the expected one. */
export function ulpsBetween(actual: number, expected: number, dtype: DType = 'float64'): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  return Math.abs(actual - expected) / ulpOf(expected, dtype);
}

/** The gap between a number and the next of its dtype. */
export function ulpOf(x: number, dtype: DType): number {
  const [digits, least] = dtype === 'float32' ? [23, -149] : [52, -1074];
  if (x === 0) return 2 ** least;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  // log2 rounds up to an integer just below a power of two.
  if (2 ** exponent > Math.abs(x)) return ulpOf(x / 2, dtype) * 2;
  return 2 ** Math.max(least, exponent - digits);
}

/** Runs `fn` with a build of kernels in force. */
export function withKernels<T>(build: KernelBuild, fn: () => T): T {
  const before = currentKernels();
  setKernels(build);
  try {
    return fn();
  } finally {
    setKernels(before);
  }
}
