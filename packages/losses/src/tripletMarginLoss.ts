import { norm, ShapeError, sub, type Tensor } from '@ndgrad/core';
import { checkFloat, checkNumber, checkOptions, checkSameShape } from '@ndgrad/core/arguments';
import { REDUCTION_KEYS, type ReductionOptions, settle, tallyOf } from './reduction.js';
import { rankingLoss, swapOf } from './tripletLoss.js';

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginLossOptions extends ReductionOptions {
  /** How much nearer the positive should be, above 0, in units of the distance. Default 1. */
  readonly margin?: number;
  /** The order of the norm, at least 1. Default 2. */
  readonly p?: number;
  /** Whether the negative may be compared with the positive instead, where it is nearer to that. Default `false`. */
  readonly swap?: boolean;
}

/**
 * Triplet loss of three lists of vectors: each anchor should lie nearer its positive than its negative, by a margin.
 *
 *     ℓ = max(0, ‖a − p‖ − ‖a − n‖ + m)
 *
 * With `swap`, min(‖a − n‖, ‖p − n‖) takes the place of ‖a − n‖. No epsilon: coincident vectors are at exactly 0, with
 * gradient 0 (PyTorch adds 1e-6 to every coordinate difference, and so differs in the seventh digit). On the hinge
 * itself the gradient is 0. No triplets: 0, with gradient 0.
 *
 * @param anchor - float, `[n, d]`; `[d]` for one triplet.
 * @param positive - of the same shape; never broadcast.
 * @param negative - of the same shape; never broadcast.
 * @param options.margin - `m > 0`, in units of the distance. Default 1.
 * @param options.p - the order of the norm, at least 1. Default 2.
 * @param options.swap - default `false`.
 * @param options.reduction - over triplets: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per triplet; the mean is then Σwℓ / Σw.
 * @returns `[]`; `[n]` under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for tensors that are not float; ArgumentError for an option out of
 *   range, or an unknown option.
 *
 * @example
 * ```ts
 * const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[3, 4]]), tensor([[0, 5.5]])];
 * tripletMarginLoss(anchor, positive, negative).item() // => 0.5
 * ```
 *
 * @see Balntas, Riba, Ponsa, Mikolajczyk, “Learning Shallow Convolutional Feature Descriptors with Triplet Losses”, BMVC
 *   2016.
 * @see {@link tripletLoss} for triplets chosen in a matrix of distances.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  const where = 'tripletMarginLoss';
  checkOptions(where, options, ['margin', 'p', 'swap', ...REDUCTION_KEYS]);
  checkFloat(where, 'anchor', anchor);
  checkFloat(where, 'positive', positive);
  checkFloat(where, 'negative', negative);
  if (anchor.rank === 0) {
    throw new ShapeError({ where, argument: 'anchor', must: 'hold vectors, [n, d]', got: 'shape []' });
  }
  checkSameShape(where, 'anchor', anchor, 'positive', positive);
  checkSameShape(where, 'anchor', anchor, 'negative', negative);
  const margin = checkNumber(where, 'margin', options.margin ?? 1, { min: 0, exclusiveMin: true });
  const ord = checkNumber(where, 'p', options.p ?? 2, { min: 1 });
  const swap = swapOf(where, options.swap);
  const tally = tallyOf(where, anchor.shape.slice(0, -1), anchor.dtype, options);
  const [a, p, n] = [settle(anchor, tally), settle(positive, tally), settle(negative, tally)];
  const distance = (u: Tensor, v: Tensor) => norm(sub(u, v), { axis: -1, ord });
  return rankingLoss(distance(a, p), distance(a, n), swap ? distance(p, n) : undefined, margin, tally);
}

tripletMarginLoss.formula = 'ℓ = max(0, ‖a − p‖ − ‖a − n‖ + m)';
tripletMarginLoss.paper =
  'Balntas, Riba, Ponsa, Mikolajczyk, Learning Shallow Convolutional Feature Descriptors with Triplet Losses, BMVC 2016';
tripletMarginLoss.denominator = 'Σw over triplets; their number without weights';
