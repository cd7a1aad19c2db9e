/**
 * @file Reading and writing at integer positions: what positions may be, how they are checked, and the rows under all of
 * indexing. Positions are int32, and checked before anything runs.
 */
import { indexing as kernels } from '@ndgrad/kernels';
import { checkTensor, describeValue, inspect, typedArrayName } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { broadcastTo, constant, packed, zeros } from '../autodiff/vectorSpace.js';
import { flattenNested, nestedShape } from '../creation.js';
import { type DType, promote } from '../dtype.js';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../errors.js';
import { requireRunning } from '../homes/running.js';
import {
  checkAxis,
  checkShape,
  formatShape,
  packedStrides,
  type Shape,
  sameShape,
  sizeOf,
} from '../shape.js';
import { Storage } from '../storage.js';
import { type Nested, Tensor } from '../tensor.js';
import { cast, workingDType } from './define.js';
import { eq, mod, where } from './elementwise.js';
import { type Range, reshape, slice } from './movement.js';

// Positions

/** Positions: an int32 tensor, an Int32Array, or nested arrays of integers. */
export type Indices = Tensor | Int32Array | readonly Nested<number>[];

/** Indices as an int32 tensor, whatever their values. */
function indexTensor(where: string, argument: string, indices: unknown): Tensor {
  if (indices instanceof Tensor) {
    checkTensor(where, argument, indices);
    if (indices.dtype === 'int32') return indices;
    throw new DTypeError({
      where,
      argument,
      must: 'be int32',
      got: indices.dtype,
      hint: "float32 holds integers exactly up to 2^24 only; use .cast('int32')",
    });
  }
  const typed = typedArrayName(indices) === 'Int32Array';
  if (!typed && !Array.isArray(indices)) {
    throw new ArgumentError({
      where,
      argument,
      must: 'be an int32 tensor, an Int32Array or an array of integers',
      got: describeValue(indices),
    });
  }
  requireRunning(
    where,
    `${argument} are written into a captured step and would be the same at every replay`,
    'make an int32 tensor outside of the step, or pass it as an argument',
  );
  const natural = typed ? [(indices as Int32Array).length] : nestedShape(where, indices, argument);
  const shape = checkShape(where, argument, natural);
  const list = typed ? (indices as Int32Array) : flattenNested(where, indices, shape, argument);
  const array = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const value: unknown = list[i];
    if (typeof value !== 'number' || !Number.isInteger(value) || value !== (value | 0)) {
      throw new IndexError({
        where,
        argument,
        must: 'hold integers',
        got: `${describeValue(value)} at position ${i}`,
      });
    }
    array[i] = value;
  }
  return new Tensor(new Storage('int32', array, 0, array.length), shape, packedStrides(shape), 0, 'int32');
}

/** Refuses positions outside of low … extent−1. */
function checkWithin(where: string, argument: string, t: Tensor, low: number, extent: number): void {
  inspect('checkIndices', t, (i, value) => {
    if (value >= low && value < extent) return;
    throw new IndexError({
      where,
      argument,
      must: `hold positions in [${low}, ${extent})`,
      got: `${value} at position ${i}`,
    });
  });
}

/** Indices as an int32 tensor whose every value lies in 0 … extent−1. */
export function checkIndices(where: string, argument: string, indices: unknown, extent: number): Tensor {
  const t = indexTensor(where, argument, indices);
  checkWithin(where, argument, t, 0, extent);
  return t;
}

/** Indices that may count from the end, −extent … extent−1, as positions in 0 … extent−1. */
export function wrapIndices(where: string, argument: string, indices: unknown, extent: number): Tensor {
  const t = indexTensor(where, argument, indices);
  checkWithin(where, argument, t, -extent, extent);
  // Without an extent there are no positions to wrap.
  return extent === 0 ? t : mod(t, extent);
}

/** A source in the dtype of `x`; refuses one for which x would have to change. */
export function sourceLike(where: string, argument: string, x: Tensor, source: unknown): Tensor {
  checkTensor(where, argument, source);
  if (promote(x.dtype, source.dtype) !== x.dtype) {
    throw new DTypeError({
      where,
      argument,
      must: `fit into ${x.dtype}`,
      got: source.dtype,
      hint: 'cast() x first',
    });
  }
  return cast(source, x.dtype);
}

/** What sums: bool counts in int32. */
export function countable(t: Tensor): Tensor {
  return cast(t, workingDType('arithmetic', t.dtype));
}

// Whole slices along an axis

export interface Along {
  readonly axis: number;
  readonly count: number;
}

/** `[outer, length, inner, count]` for kernels that work on whole slices. */
function slicesPlan(shape: Shape, { axis, count }: Along): number[] {
  return [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1)), count];
}

export const indexSelectRow: Op<Along> = /* @__PURE__ */ new Op({
  name: 'indexSelect',
  shape: ([shape], { axis, count }) => shape.map((extent, i) => (i === axis ? count : extent)),
  run: (home, y, [x, index], along) =>
    home.call(kernels.indexSelect, slicesPlan(x.shape, along), y, packed(home, x), packed(home, index)),
  saves: { inputs: [1] },
  vjp: [
    (g, { inputs: [, index], shapes: [shape], attributes }) =>
      apply(indexAddRow, [zeros(shape, g.dtype), g, index], attributes),
    null,
  ],
});

export const indexAddRow: Op<Along> = /* @__PURE__ */ new Op({
  name: 'indexAdd',
  shape: ([shape]) => shape,
  run: (home, y, [x, source, index], along) =>
    home.call(
      kernels.indexAdd,
      slicesPlan(x.shape, along),
      y,
      packed(home, x),
      packed(home, source),
      packed(home, index),
    ),
  saves: { inputs: [2] },
  vjp: [
    (g) => g,
    (g, { inputs: [, , index], attributes }) => apply(indexSelectRow, [g, index], attributes),
    null,
  ],
});

// Single elements along an axis

export const gatherRow: Op<{ axis: number }> = /* @__PURE__ */ new Op({
  name: 'gather',
  shape: ([, shape]) => shape,
  run: (home, y, [x, index], { axis }) =>
    home.call(
      kernels.gather,
      [x.rank, axis, ...index.shape, ...x.shape],
      y,
      packed(home, x),
      packed(home, index),
    ),
  saves: { inputs: [1] },
  vjp: [
    (g, { inputs: [, index], shapes: [shape], attributes }) =>
      apply(scatterAddRow, [zeros(shape, g.dtype), g, index], attributes),
    null,
  ],
});

export const scatterAddRow: Op<{ axis: number }> = /* @__PURE__ */ new Op({
  name: 'scatterAdd',
  shape: ([shape]) => shape,
  run: (home, y, [x, source, index], { axis }) =>
    home.call(
      kernels.scatterAdd,
      [x.rank, axis, ...index.shape, ...x.shape],
      y,
      packed(home, x),
      packed(home, source),
      packed(home, index),
    ),
  saves: { inputs: [2] },
  vjp: [(g) => g, (g, { inputs: [, , index], attributes }) => apply(gatherRow, [g, index], attributes), null],
});

/** Checks positions that stand for single elements: same rank, and no longer than `x` off the axis. */
export function elementsAlong(
  where: string,
  x: Tensor,
  axis: number,
  index: Indices,
): { index: Tensor; axis: number } {
  const a = checkAxis(where, 'axis', axis, x.rank);
  const positions = checkIndices(where, 'index', index, x.shape[a]);
  const fits =
    positions.rank === x.rank && positions.shape.every((extent, i) => i === a || extent <= x.shape[i]);
  if (!fits) {
    throw new ShapeError({
      where,
      argument: 'index',
      must: `have the rank of x ${formatShape(x.shape)} and fit inside it off axis ${a}`,
      got: formatShape(positions.shape),
    });
  }
  return { index: positions, axis: a };
}

/** The part of a source that an index of single elements names; refuses a source that is shorter anywhere. */
export function sourceWithin(where: string, source: Tensor, index: Tensor): Tensor {
  if (source.rank !== index.rank || index.shape.some((extent, i) => extent > source.shape[i])) {
    throw new ShapeError({
      where,
      argument: 'source',
      must: `be at least as long as index ${formatShape(index.shape)} along every axis`,
      got: formatShape(source.shape),
    });
  }
  if (sameShape(source.shape, index.shape)) return source;
  return slice(source, ...index.shape.map((extent): Range => [0, extent]));
}

// Elements of a vector

const iotaRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
  name: 'iota',
  shape: (_shapes, { shape }) => shape,
  dtype: () => 'int32',
  run: (home, y) => home.call(kernels.iota, [y.size], y),
});

/** The place of each element of a shape in row-major order: 0, 1, 2, … */
export function iota(shape: Shape): Tensor {
  return apply(iotaRow, [], { shape });
}

/** The elements of a vector at positions. */
export function takeAt(x: Tensor, index: Tensor): Tensor {
  return apply(indexSelectRow, [x, index], { axis: 0, count: index.size });
}

/** A vector with the elements of another added at positions. */
export function addAt(x: Tensor, source: Tensor, index: Tensor): Tensor {
  return apply(indexAddRow, [x, source, index], { axis: 0, count: index.size });
}

const putRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'put',
  shape: ([shape]) => shape,
  run: (home, y, [x, source, index]) =>
    home.call(
      kernels.put,
      [x.size, index.size],
      y,
      packed(home, x),
      packed(home, source),
      packed(home, index),
    ),
  saves: { inputs: [2] },
  vjp: [
    (g, { inputs: [, , index] }) => putAt(g, filledLike(index, 0, g.dtype), index),
    (g, { inputs: [, , index], shapes: [shape] }) => where(isLast(index, shape), takeAt(g, index), 0),
    null,
  ],
});

/** A vector with the elements of another put at positions, in order: the last of equal positions stays. */
export function putAt(x: Tensor, source: Tensor, index: Tensor): Tensor {
  return apply(putRow, [x, source, index], null);
}

/** One number in the shape of `t`, as a view. */
export function filledLike(t: Tensor, value: number, dtype: DType): Tensor {
  return broadcastTo(constant(value, dtype), t.shape);
}

/** Whether no later entry of `index` is equal. */
function isLast(index: Tensor, shape: Shape): Tensor {
  const places = iota(index.shape);
  return eq(takeAt(putAt(zeros(shape, 'int32'), places, index), index), places);
}

/** Whether each element of a vector is named by `index`. */
export function isHit(index: Tensor, shape: Shape): Tensor {
  return putAt(zeros(shape, 'bool'), filledLike(index, 1, 'bool'), index);
}

/** Positions along an axis, as places in the flattened tensor of a shape, in a vector. */
export function flatPlaces(shape: Shape, axis: number, index: Tensor): Tensor {
  return flat(apply(gatherRow, [iota(shape), index], { axis }));
}

/** All elements in a vector. */
export function flat(t: Tensor): Tensor {
  return reshape(t, [t.size]);
}
