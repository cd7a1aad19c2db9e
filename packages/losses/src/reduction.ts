/**
 * @file How the terms of a loss become its value: one contract for every loss.
 *
 *  - `'mean'` (the default everywhere): Σ wℓ / Σ w over the terms that count; without weights, their average.
 *  - `'sum'`: Σ wℓ.
 *  - `'none'`: wℓ for each term, 0 where a term does not count.
 *  - `'meanActive'`: the mean over the terms that are above 0. A NaN term is active: it is never hidden.
 *
 * A term counts unless it is ignored, not selected, or its weight is 0. When none counts the value is exactly 0 and so
 * is every gradient, with the graph alive. A term that does not count is selected away, not multiplied by 0, so a NaN or
 * an infinity in its slot reaches neither the value nor a gradient.
 */
import {
  ArgumentError,
  cast,
  where as choose,
  divideNoNan,
  expand,
  le,
  logicalAnd,
  logicalNot,
  mean,
  mul,
  ne,
  onesLike,
  ShapeError,
  sum,
  Tensor,
  tensor,
  unsqueeze,
} from '@ndgrad/core';
import { checkEnum, describeValue, formatShape, typedArrayName } from '@ndgrad/core/arguments';
import { checkEach, requireTensorInCapture } from './values.js';

/** How the terms of a loss become its value; see the top of `reduction.ts`. */
export type Reduction = 'mean' | 'sum' | 'none' | 'meanActive';

/** A weight for each term: a tensor of the terms' shape, or of their rank with axes of 1; numbers for a vector of terms. */
export type Weight = Tensor | Float32Array | Float64Array | readonly number[];

/** What every loss lets its caller choose. */
export interface ReductionOptions {
  /** `'mean'` (default), `'sum'`, `'none'` or `'meanActive'`. */
  readonly reduction?: Reduction;
  /** Finite, non-negative weights of the terms. Default: all 1. A term of weight 0 does not count at all. */
  readonly weight?: Weight;
}

/** The option keys of {@link ReductionOptions}, for `checkOptions`. */
export const REDUCTION_KEYS = ['reduction', 'weight'] as const;

/** Which terms count, how much, and how they are put together. */
export interface Tally {
  readonly reduction: Reduction;
  /** The weights, of the terms' shape. */
  readonly weight?: Tensor;
  /** Which terms count, bool of the terms' shape; absent when all do. */
  readonly counted?: Tensor;
}

/**
 * Reads and checks the options that say how terms become a value.
 *
 * @param shape - of the terms.
 * @param dtype - of the terms: plain numbers become weights of it.
 * @param selected - which terms the loss itself counts, bool of that shape; default: all.
 * @throws ArgumentError for a reduction that is none, or a weight that is negative or not finite; ShapeError for weights
 *   that do not fit the terms.
 *
 * @example
 * ```ts
 * tallyOf('myLoss', [2], 'float32', { weight: [0, 3] }).counted?.toArray() // => [false, true]
 * ```
 */
export function tallyOf(
  where: string,
  shape: readonly number[],
  dtype: Tensor['dtype'],
  { reduction = 'mean', weight }: ReductionOptions,
  selected?: Tensor,
): Tally {
  const kind = checkEnum(where, 'reduction', reduction, ['mean', 'sum', 'none', 'meanActive'] as const);
  if (weight === undefined) return { reduction: kind, ...(selected !== undefined && { counted: selected }) };
  const weights = expand(weightTensor(where, weight, shape, dtype), shape);
  const weighty = ne(weights, 0);
  const counted = selected === undefined ? weighty : logicalAnd(selected, weighty);
  return { reduction: kind, weight: weights, counted };
}

/**
 * Terms to value, by the contract at the top of this file.
 *
 * @param terms - unweighted.
 * @param share - what each term adds to the denominator of a mean, where that is not its weight.
 *
 * @example
 * ```ts
 * const terms = tensor([NaN, 2]);
 * reduce(terms, tallyOf('myLoss', [2], 'float32', { weight: [0, 3] })).item() // => 2
 * ```
 */
export function reduce(terms: Tensor, { reduction, weight, counted }: Tally, share?: Tensor): Tensor {
  const weighted = weight === undefined ? terms : mul(terms, weight);
  const chosen = counted === undefined ? weighted : choose(counted, weighted, 0);
  if (reduction === 'none') return chosen;
  if (reduction === 'sum') return sum(chosen);
  const shares = share ?? weight;
  if (reduction === 'mean' && counted === undefined && shares === undefined) {
    return terms.size === 0 ? sum(terms) : mean(terms);
  }
  // Not gt(chosen, 0): that would drop a NaN.
  const active = reduction === 'meanActive' ? logicalNot(le(chosen, 0)) : undefined;
  const counting = active ?? counted;
  const each = shares ?? onesLike(terms);
  const total = sum(active === undefined ? chosen : choose(active, chosen, 0));
  return divideNoNan(total, sum(counting === undefined ? each : choose(counting, each, 0)));
}

/** Makes the slots that do not count harmless before anything is computed of them: they become 0. */
export function settle(x: Tensor, { counted }: Tally): Tensor {
  if (counted === undefined) return x;
  let mask = counted;
  while (mask.rank < x.rank) mask = unsqueeze(mask, -1);
  return choose(mask, x, 0);
}

/** Weights as a tensor of the terms' rank, checked. */
function weightTensor(
  where: string,
  weight: Weight,
  shape: readonly number[],
  dtype: Tensor['dtype'],
): Tensor {
  const weights = numbersTensor(where, 'weight', weight, dtype);
  const fits =
    weights.rank === shape.length &&
    weights.shape.every((extent, axis) => extent === shape[axis] || extent === 1);
  if (!fits) {
    throw new ShapeError({
      where,
      argument: 'weight',
      must: `have the shape of the terms, ${formatShape(shape)}, or 1 in place of an extent`,
      got: formatShape(weights.shape),
      ...(weights.rank < shape.length && {
        hint: 'unsqueeze(weight, 1) gives one weight per row',
      }),
    });
  }
  return weights;
}

/** Finite, non-negative numbers, as a tensor: integers and booleans take the dtype given. */
export function numbersTensor(
  where: string,
  argument: string,
  numbers: Weight,
  dtype: Tensor['dtype'],
): Tensor {
  let x: Tensor;
  if (numbers instanceof Tensor) {
    x = numbers.dtype === 'float32' || numbers.dtype === 'float64' ? numbers : cast(numbers, dtype);
  } else if (
    Array.isArray(numbers) ||
    ['Float32Array', 'Float64Array'].includes(typedArrayName(numbers) ?? '')
  ) {
    requireTensorInCapture(where, argument, describeValue(numbers), 'a tensor');
    x = tensor(numbers as readonly number[], { dtype });
  } else {
    throw new ArgumentError({
      where,
      argument,
      must: 'be a tensor or an array of numbers',
      got: describeValue(numbers),
    });
  }
  checkEach(where, argument, x, (value) => value >= 0 && value < Infinity, 'be finite and not negative');
  return x;
}
