/** @file Ops that read and add at integer positions along an axis, 0 … n−1, and one-hot rows. */
import { indexing as kernels } from '@ndgrad/kernels';
import { checkNumber, checkOptions, describeValue } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { DTYPES, type DType } from '../dtype.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkAxis, checkShape, formatShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { tensorOperand } from './define.js';
import {
  type Along,
  checkIndices,
  countable,
  elementsAlong,
  gatherRow,
  type Indices,
  indexAddRow,
  indexSelectRow,
  scatterAddRow,
  sourceLike,
  sourceWithin,
} from './picking.js';

export type { Indices } from './picking.js';

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
 * unchanged. int32 wraps modulo 2³² and bool counts in int32, as in `add`.
 *
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `source` does not fit.
 *
 * @example
 * ```ts
 * indexAdd(zeros([3]), 0, [2, 2], tensor([1, 5])).toArray() // => [0, 0, 6]
 * ```
 */
export function indexAdd(x: Tensor, axis: number, index: Indices, source: Tensor): Tensor {
  const t = countable(tensorOperand('indexAdd', x));
  const { index: positions, along } = positionsAlong('indexAdd', t, axis, index);
  const s = sourceLike('indexAdd', 'source', t, source);
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

/**
 * Elements picked along an axis: `y[i, j] = x[index[i, j], j]` for axis 0. Shaped as `index`.
 *
 * @param index - positions in 0 … n−1, of the rank of `x`.
 * @throws {@link IndexError} naming position and value.
 *
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4]]), 1, [[1], [0]]).toArray() // => [[2], [3]]
 * ```
 */
export function gather(x: Tensor, axis: number, index: Indices): Tensor {
  const t = tensorOperand('gather', x);
  const { index: positions, axis: a } = elementsAlong('gather', t, axis, index);
  return apply(gatherRow, [t, positions], { axis: a });
}

/**
 * `x` with elements of `source` added at positions along an axis: `y[index[i, j], j] += source[i, j]` for axis 0. Repeats
 * add up, in double precision. Functional: `x` is unchanged. int32 wraps modulo 2³² and bool counts in int32, as in `add`.
 *
 * @param index - positions in 0 … n−1, of the rank of `x`, off the axis no longer than it.
 * @param source - along every axis at least as long as `index`; what lies beyond is not read.
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `index` or `source` does not fit.
 *
 * @example
 * ```ts
 * scatterAdd(zeros([3]), 0, [0, 2, 2], tensor([1, 2, 3])).toArray() // => [1, 0, 5]
 * ```
 */
export function scatterAdd(x: Tensor, axis: number, index: Indices, source: Tensor): Tensor {
  const t = countable(tensorOperand('scatterAdd', x));
  const { index: positions, axis: a } = elementsAlong('scatterAdd', t, axis, index);
  const s = sourceWithin('scatterAdd', sourceLike('scatterAdd', 'source', t, source), positions);
  return apply(scatterAddRow, [t, s, positions], { axis: a });
}

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** Default `'float32'`. */
  readonly dtype?: DType;
}

const oneHotRow: Op<{ depth: number; dtype: DType }> = /* @__PURE__ */ new Op({
  name: 'oneHot',
  shape: ([shape], { depth }) => [...shape, depth],
  dtype: (_dtypes, { dtype }) => dtype,
  run: (home, y, [labels], { depth }) =>
    home.call(kernels.oneHot, [labels.size, depth], y, packed(home, labels)),
});

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
