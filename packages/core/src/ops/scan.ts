/** @file Running results along an axis: sums, products, extremes. */
import { type Kernel, scan as kernels } from '@ndgrad/kernels';
import { checkFitsInt32 } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type Vjp } from '../autodiff/node.js';
import { isFloat } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { alongAxis, alongLastAxis, checkAlongAxis } from './alongAxis.js';
import { cast, type RankOf, type TensorLike, type UnaryDType } from './define.js';
import { divideNoNan, eq, multiplyNoNan, where } from './elementwise.js';
import { type SingleAxisOptions, transpose } from './movement.js';
import type { ValuesAndIndices } from './order.js';
import { gatherRow } from './picking.js';
import { backwards, linearRecurrence, reverseRecurrence, shifted } from './recurrence.js';

/** A running sum or product; one that int32 cannot hold is refused, because a silent wrap would be a wrong number. */
function fitting(row: Op<null>, x: TensorLike, options: SingleAxisOptions): Tensor {
  const { t } = checkAlongAxis(row.name, x, options);
  const along = (given: Tensor): Tensor => alongAxis(row.name, given, options, row, 'arithmetic');
  if (!isFloat(t.dtype)) checkFitsInt32(row.name, along(cast(t, 'float64')));
  return along(t);
}

const cumsumRow: Op<null> = alongLastAxis({
  name: 'cumsum',
  kernel: kernels.cumsum,
  doubleKernel: kernels.compensatedCumsum,
  // Each element enters its own sum and all later ones.
  vjp: [(g) => backwards(apply(cumsumRow, [backwards(g)], null))],
});

/**
 * Running sums along an axis, the last by default. bool counts in int32.
 *
 * @throws {@link NumericError} for an int32 sum that does not fit.
 *
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3])).toArray() // => [1, 3, 6]
 * ```
 */
export function cumsum<X extends TensorLike>(
  x: X,
  options?: SingleAxisOptions,
): Tensor<UnaryDType<X>, RankOf<X>>;
export function cumsum(x: TensorLike, options: SingleAxisOptions = {}): Tensor {
  return fitting(cumsumRow, x, options);
}

const cumprodRow: Op<null> = alongLastAxis({
  name: 'cumprod',
  kernel: kernels.cumprod,
  saves: { inputs: [0] },
  // ∂/∂xⱼ Σᵢ gᵢ yᵢ = (Π before j) · rⱼ with rⱼ = gⱼ + xⱼ₊₁ rⱼ₊₁: nothing is divided, so zeros do no harm, in O(n).
  vjp: [
    (g, { inputs: [x] }) => multiplyNoNan(apply(cumprodRow, [shifted(x, 1)], null), reverseRecurrence(x, g)),
  ],
});

/**
 * Running products along an axis, the last by default: `yᵢ = x₀ x₁ … xᵢ`. bool counts in int32. The derivative divides by
 * nothing: it is right beside zeros, to any order, and costs O(n).
 *
 * @throws {@link NumericError} for an int32 product that does not fit.
 *
 * @example
 * ```ts
 * cumprod(tensor([2, 3, 4])).toArray() // => [2, 6, 24]
 * ```
 */
export function cumprod<X extends TensorLike>(
  x: X,
  options?: SingleAxisOptions,
): Tensor<UnaryDType<X>, RankOf<X>>;
export function cumprod(x: TensorLike, options: SingleAxisOptions = {}): Tensor {
  return fitting(cumprodRow, x, options);
}

/** The cotangent of a running extreme, shared equally among the elements that had attained it so far. */
const shareAmongReached: Vjp<{ axis: number }> = (g, { inputs: [x], output: y }) => {
  // Runs of one extreme: within them recurrences carry on, between them they start anew.
  const same = cast(eq(y, shifted(y, 0)), g.dtype);
  const attained = eq(x, y);
  const ties = linearRecurrence(same, cast(attained, g.dtype));
  return where(attained, reverseRecurrence(same, divideNoNan(g, ties)), 0);
};

/** A running extreme: where it was reached first, and its value. */
function runningExtreme(
  name: string,
  place: Kernel,
): (x: TensorLike, options: SingleAxisOptions) => ValuesAndIndices {
  const placeRow = alongLastAxis({ name, kernel: place, dtype: 'int32' });
  const valueRow: Op<{ axis: number }> = new Op({
    ...gatherRow,
    name,
    saves: { inputs: [0], output: true },
    vjp: [shareAmongReached, null],
  });
  return (x, options) => {
    const { t, axis } = checkAlongAxis(name, x, options);
    const lines = transpose(t, axis, -1);
    const indices = apply(placeRow, [lines], null);
    const values = apply(valueRow, [lines, indices], { axis: t.rank - 1 });
    return { values: transpose(values, axis, -1), indices: transpose(indices, axis, -1) };
  };
}

const runningMax = /* @__PURE__ */ runningExtreme('cummax', kernels.cumargmax);
const runningMin = /* @__PURE__ */ runningExtreme('cummin', kernels.cumargmin);

/**
 * Running maxima along an axis, the last by default, and where each was reached first. NaN spreads: from the first NaN on
 * everything is NaN. The cotangent of each maximum is shared equally among the elements that had attained it.
 *
 * @example
 * ```ts
 * const { values, indices } = cummax(tensor([1, 3, 2, 3, 5]));
 * values.toArray() // => [1, 3, 3, 3, 5]
 * indices.toArray() // => [0, 1, 1, 1, 4]
 * ```
 */
export function cummax(x: TensorLike, options: SingleAxisOptions = {}): ValuesAndIndices {
  return runningMax(x, options);
}

/**
 * Running minima along an axis, the last by default, and where each was reached first. NaN spreads: from the first NaN on
 * everything is NaN. The cotangent of each minimum is shared equally among the elements that had attained it.
 *
 * @example
 * ```ts
 * cummin(tensor([4, 3, 5, 1])).values.toArray() // => [4, 3, 3, 1]
 * ```
 */
export function cummin(x: TensorLike, options: SingleAxisOptions = {}): ValuesAndIndices {
  return runningMin(x, options);
}
