/** @file Pure arithmetic of shapes, axes and strides, and the checks that belong to it. */
import { ArgumentError, IndexError, LimitError, ShapeError } from './errors.js';

/** Extents of the axes, outermost first. Never changed after it was made. */
export type Shape = readonly number[];

/** The shape of each rank. */
export interface ShapeOf {
  readonly [rank: number]: Shape;
  readonly 0: readonly [];
  readonly 1: readonly [number];
  readonly 2: readonly [number, number];
  readonly 3: readonly [number, number, number];
  readonly 4: readonly [number, number, number, number];
  readonly 5: readonly [number, number, number, number, number];
}

/** The rank that two ranks broadcast to. */
export type BroadcastRank<A extends number, B extends number> = number extends A | B
  ? number
  : ShapeOf[A] extends readonly [...ShapeOf[B], ...number[]]
    ? A
    : ShapeOf[B] extends readonly [...ShapeOf[A], ...number[]]
      ? B
      : number;

/** Beyond this rank ndarray would spend seconds to compile a class. */
export const MAX_RANK = 16;
/** Indices are 32-bit in kernels. */
export const MAX_SIZE = 2 ** 31 - 1;

/** `[2, 3]`, as all messages print shapes. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** How many elements a shape holds. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  return size;
}

/** Strides of packed memory in row-major order. */
export function packedStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether memory with these strides is packed in row-major order; axes of length 1 may have any stride. */
export function isPacked(shape: Shape, strides: readonly number[]): boolean {
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis];
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** A copy of a shape given from outside, checked: whole extents ≥ 0, rank and size within limits. */
export function checkShape(where: string, argument: string, shape: unknown): Shape {
  if (!Array.isArray(shape)) {
    const got = shape === null ? 'null' : typeof shape === 'object' ? 'an object' : `${typeof shape}`;
    throw new ArgumentError({ where, argument, must: 'be an array of extents', got, hint: 'write [2, 3]' });
  }
  if (shape.length > MAX_RANK) {
    throw new LimitError({ where, argument, must: `have at most ${MAX_RANK} axes`, got: `${shape.length}` });
  }
  // What is checked is what is kept: an element may say something else the next time it is read.
  const checked: number[] = [];
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    const extent: unknown = shape[axis];
    if (typeof extent !== 'number') {
      throw new ArgumentError({
        where,
        argument,
        must: 'hold numbers',
        got: `${typeof extent} at axis ${axis}`,
      });
    }
    if (extent > MAX_SIZE && Number.isInteger(extent)) {
      throw new LimitError({
        where,
        argument,
        must: `hold extents of at most ${MAX_SIZE}`,
        got: `${extent} at axis ${axis}`,
      });
    }
    if (!Number.isInteger(extent) || extent < 0) {
      throw new ShapeError({
        where,
        argument,
        must: 'hold whole extents of at least 0',
        got: `${extent} at axis ${axis}`,
      });
    }
    // Zero extents must not hide an overflow of the others.
    if (extent > 0) size *= extent;
    if (size > MAX_SIZE) {
      throw new LimitError({
        where,
        argument,
        must: `describe at most ${MAX_SIZE} elements`,
        got: `${formatShape(shape as number[])}, ${size} elements or more (${size * 4} bytes as float32)`,
      });
    }
    checked.push(extent);
  }
  return checked;
}

/** The index of an element by its place in row-major order. */
export function indexAt(place: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

/** An axis as a number in 0…rank−1; negative ones count from the end. */
export function checkAxis(where: string, argument: string, axis: unknown, rank: number): number {
  if (typeof axis !== 'number') {
    const got =
      typeof axis === 'string'
        ? JSON.stringify(axis)
        : axis === null
          ? 'null'
          : Array.isArray(axis)
            ? 'an array'
            : typeof axis;
    throw new ArgumentError({ where, argument, must: 'be an integer', got });
  }
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new IndexError({ where, argument, must: `be an integer in [${-rank}, ${rank})`, got: `${axis}` });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes as sorted distinct numbers; `undefined` is all of them. */
export function checkAxes(where: string, axis: unknown, rank: number): number[] {
  if (axis === undefined) {
    const all = new Array<number>(rank);
    for (let i = 0; i < rank; i++) all[i] = i;
    return all;
  }
  // A hole counts as undefined, which is no axis.
  const list: unknown[] = Array.isArray(axis) ? Array.from(axis) : [axis];
  const axes = list.map((a) => checkAxis(where, 'axis', a, rank));
  if (new Set(axes).size !== axes.length) {
    throw new ArgumentError({
      where,
      argument: 'axis',
      must: 'name each axis once',
      got: formatShape(list as number[]),
    });
  }
  return axes.sort((p, q) => p - q);
}

/** The shape that all operands broadcast to, aligned at their last axes. */
export function broadcastShapes(where: string, shapes: readonly Shape[]): Shape {
  let shape = shapes[0];
  for (let i = 1; i < shapes.length; i++) {
    if (!sameShape(shape, shapes[i])) shape = broadcastPair(where, shape, shapes[i]);
  }
  return shape;
}

function broadcastPair(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const p = i <= a.length ? a[a.length - i] : 1;
    const q = i <= b.length ? b[b.length - i] : 1;
    if (p !== q && p !== 1 && q !== 1) {
      throw new ShapeError({
        where,
        problem: `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast; axis ${rank - i} is ${p} against ${q}`,
      });
    }
    shape[rank - i] = p === 1 ? q : p;
  }
  return shape;
}

/** Strides that repeat `shape` over `target`: 0 along every axis that is stretched. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): readonly number[] {
  if (sameShape(shape, target)) return strides;
  const lead = target.length - shape.length;
  const result = new Array<number>(target.length);
  for (let axis = 0; axis < target.length; axis++) {
    const own = axis - lead;
    result[axis] = own < 0 || (shape[own] === 1 && target[axis] !== 1) ? 0 : strides[own];
  }
  return result;
}

/** The shape left after folding `axes`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return shape.filter((_, axis) => !axes.includes(axis));
}
