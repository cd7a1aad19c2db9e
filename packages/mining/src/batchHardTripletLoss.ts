import type { Tensor } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import { type Relation, type TripletLossOptions, tripletLoss } from '@ndgrad/losses';
import { batchHardTriplets } from './batchHardTriplets.js';
import { type DistanceOptions, distancesOf } from './distanceOption.js';

/** Options of {@link batchHardTripletLoss}: those of `tripletLoss`, whose `weight` has one entry per anchor here, and the distance. */
export interface BatchHardTripletLossOptions extends TripletLossOptions, DistanceOptions {}

/**
 * Triplet loss of the hardest triplet of every anchor: distance, selection and loss in one call.
 *
 *     ℓ(a) = [max over p of d_ap − min over n of d_an + m]₊
 *
 * The same as {@link batchHardTriplets} and `tripletLoss` one after the other, which also give the diagnostics. Anchors
 * without a positive or a negative do not count. Nothing to choose: 0, with gradient 0.
 *
 * @param embeddings - `[n, d]`, float.
 * @param labels - `[n]`, or any other {@link Relation}.
 * @param options.distance - how far apart embeddings are. Default `euclideanDistances`.
 * @param options.margin - `m > 0`, in units of the distance. Default 0.2.
 * @param options.form - `'hinge'` (default) or `'softMargin'`, both in the paper.
 * @param options.reduction - over anchors: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @returns `[]`; `[n]` under `'none'`.
 * @throws NumericError for a NaN distance; and what the three parts throw.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { batchHardTripletLoss } from '@ndgrad/mining';
 *
 * batchHardTripletLoss(tensor([[0], [1], [4]]), [7, 7, 8], { margin: 4, reduction: 'none' }).toArray() // => [1, 2, 0]
 * ```
 *
 * @see Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017, eq. 5.
 */
export function batchHardTripletLoss(
  embeddings: Tensor,
  labels: Relation,
  options: BatchHardTripletLossOptions = {},
): Tensor {
  const where = 'batchHardTripletLoss';
  checkOptions(where, options, ['distance', 'margin', 'form', 'swap', 'reduction', 'weight'] as const);
  const { distance, ...lossOptions } = options;
  const d = distancesOf(where, embeddings, distance);
  return tripletLoss(d, batchHardTriplets(d, labels), lossOptions);
}

batchHardTripletLoss.formula = 'ℓ(a) = max(0, max over p of d(a, p) − min over n of d(a, n) + m)';
batchHardTripletLoss.paper =
  'Hermans, Beyer, Leibe, In Defense of the Triplet Loss for Person Re-Identification, 2017, eq. 5';
batchHardTripletLoss.denominator =
  'Σw over anchors with a positive and a negative; their number without weights';
