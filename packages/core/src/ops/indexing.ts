/** @file Ops that read and add at integer positions. Positions are int32, 0 … n−1, and checked before anything runs. */
import { indexing as kernels } from '@ndgrad/kernels';
import { checkNumber, checkOptions, checkTensor, describeValue } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import type { OpRow } from '../autodiff/node.js';
import { packed, zeros } from '../autodiff/vectorSpace.js';
import { DTYPES, type DType, promote } from '../dtype.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { checkAxis, checkShape, formatShape, type Shape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, tensorOperand } from './define.js';
import { checkIndices, type Indices } from './positions.js';

export type { Indices } from './positions.js';

/** Refuses an addition that would have to change dtype. */
function sourceLike(where: string, x: Tensor, source: unknown): Tensor {
  checkTensor(where, 'source', source);
  if (promote(x.dtype, source.dtype) !== x.dtype) {
    throw new DTypeError({
      where,
      argument: 'source',
      must: `fit into ${x.dtype}`,
      got: source.dtype,
      hint: 'cast() x first',
    });
  }
  return cast(source, x.dtype);
}

// Whole slices along an axis

interface Along {
  readonly axis: number;
  readonly count: number;
}

/** `[outer, length, inner, count]` for kernels that work on whole slices. */
function slicesPlan(shape: Shape, { axis, count }: Along): number[] {
  return [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1)), count];
}

const indexSelectRow: OpRow<Along> = {
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
};

const indexAddRow: OpRow<Along> = {
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
};

/** A vector of checked positions along an axis. */
function positionsAlong(
  where: string,
  x: Tensor,
  axis: number,
  index: Indices,
): { index: Tensor; along: Along } {
  const a = checkAxis(where, 'axis', axis, x.rank);
  const positions = checkIndices(where, 'index', index, x.shape[a]);
  if (positions.rank !== 1) {
    throw new ShapeError({
      where,
      argument: 'index',
      must: 'be a vector',
      got: `shape ${formatShape(positions.shape)}`,
    });
  }
  return { index: positions, along: { axis: a, count: positions.size } };
}

/**
 * The slices at the given positions of an axis, in their order; repeats allowed.
 *
 * @param index - positions in 0 … n−1.
 * @throws {@link IndexError} naming position and value.
 *
 * @example
 * ```ts
 * indexSelect(tensor([[1, 2], [3, 4]]), 0, [1, 1]).toArray() // => [[3, 4], [3, 4]]
 * ```
 */
export function indexSelect(x: Tensor, axis: number, index: Indices): Tensor {
  const t = tensorOperand('indexSelect', x);
  const { index: positions, along } = positionsAlong('indexSelect', t, axis, index);
  return apply(indexSelectRow, [t, positions], along);
}

/**
 * `x` with slices of `source` added at positions of an axis; repeats add up, in double precision. Functional: `x` is
 * unchanged.
 *
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `source` does not fit.
 *
 * @example
 * ```ts
 * indexAdd(zeros([3]), 0, [2, 2], tensor([1, 5])).toArray() // => [0, 0, 6]
 * ```
 */
export function indexAdd(x: Tensor, axis: number, index: Indices, source: Tensor): Tensor {
  const t = tensorOperand('indexAdd', x);
  const { index: positions, along } = positionsAlong('indexAdd', t, axis, index);
  const s = sourceLike('indexAdd', t, source);
  const expected = t.shape.map((extent, i) => (i === along.axis ? along.count : extent));
  if (s.rank !== t.rank || expected.some((extent, i) => extent !== s.shape[i])) {
    throw new ShapeError({
      where: 'indexAdd',
      argument: 'source',
      must: `have shape ${formatShape(expected)}`,
      got: formatShape(s.shape),
    });
  }
  return apply(indexAddRow, [t, s, positions], along);
}

// Single elements along an axis

const gatherRow: OpRow<{ axis: number }> = {
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
};

const scatterAddRow: OpRow<{ axis: number }> = {
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
};

/** Checks positions that stand for single elements: same rank, and no longer than `x` off the axis. */
function elementsAlong(
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

/**
 * Elements picked along an axis: `y[i, j] = x[index[i, j], j]` for axis 0. Shaped as `index`.
 *
 * @param index - positions in 0 … n−1, of the rank of `x`.
 * @throws {@link IndexError} naming position and value.
 *
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4]]), 1, tensor(new Int32Array([1, 0]), { shape: [2, 1] })).toArray() // => [[2], [3]]
 * ```
 */
export function gather(x: Tensor, axis: number, index: Indices): Tensor {
  const t = tensorOperand('gather', x);
  const { index: positions, axis: a } = elementsAlong('gather', t, axis, index);
  return apply(gatherRow, [t, positions], { axis: a });
}

/**
 * `x` with elements of `source` added at positions along an axis: `y[index[i, j], j] += source[i, j]` for axis 0. Repeats
 * add up, in double precision. Functional: `x` is unchanged.
 *
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `source` is not shaped as `index`.
 *
 * @example
 * ```ts
 * scatterAdd(zeros([3]), 0, [0, 2, 2], tensor([1, 2, 3])).toArray() // => [1, 0, 5]
 * ```
 */
export function scatterAdd(x: Tensor, axis: number, index: Indices, source: Tensor): Tensor {
  const t = tensorOperand('scatterAdd', x);
  const { index: positions, axis: a } = elementsAlong('scatterAdd', t, axis, index);
  const s = sourceLike('scatterAdd', t, source);
  if (s.rank !== positions.rank || s.shape.some((extent, i) => extent !== positions.shape[i])) {
    throw new ShapeError({
      where: 'scatterAdd',
      argument: 'source',
      must: `have the shape of index, ${formatShape(positions.shape)}`,
      got: formatShape(s.shape),
    });
  }
  return apply(scatterAddRow, [t, s, positions], { axis: a });
}

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** Default `'float32'`. */
  readonly dtype?: DType;
}

const oneHotRow: OpRow<{ depth: number; dtype: DType }> = {
  name: 'oneHot',
  shape: ([shape], { depth }) => [...shape, depth],
  dtype: (_dtypes, { dtype }) => dtype,
  run: (home, y, [labels], { depth }) =>
    home.call(kernels.oneHot, [labels.size, depth], y, packed(home, labels)),
};

/**
 * For each label a row of zeros with a 1 at the label: `[…] → […, depth]`.
 *
 * @param labels - positions in 0 … depth−1.
 * @param depth - number of classes.
 * @throws {@link IndexError} naming position and value of a label outside.
 *
 * @example
 * ```ts
 * oneHot([0, 2], 3).toArray() // => [[1, 0, 0], [0, 0, 1]]
 * ```
 */
export function oneHot(labels: Indices, depth: number, options: OneHotOptions = {}): Tensor {
  checkOptions('oneHot', options, ['dtype']);
  const { dtype = 'float32' } = options;
  if (!DTYPES.includes(dtype)) {
    throw new ArgumentError({
      where: 'oneHot',
      argument: 'dtype',
      must: `be one of ${DTYPES.join(', ')}`,
      got: describeValue(dtype),
    });
  }
  const classes = checkNumber('oneHot', 'depth', depth, { integer: true, min: 0 });
  const positions = checkIndices('oneHot', 'labels', labels, classes);
  checkShape('oneHot', 'the result', [...positions.shape, classes]);
  return apply(oneHotRow, [positions], { depth: classes, dtype });
}
