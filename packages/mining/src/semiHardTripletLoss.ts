import type { Tensor } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import { type Relation, type TripletLossOptions, tripletLoss } from '@ndgrad/losses';
import { type DistanceOptions, distancesOf } from './distanceOption.js';
import { type SemiHardOptions, semiHardTriplets } from './semiHardTriplets.js';

/** Options of {@link semiHardTripletLoss}: those of the selection, those of `tripletLoss` but for `weight`, and the distance. */
export interface SemiHardTripletLossOptions
  extends Omit<TripletLossOptions, 'weight'>,
    Omit<SemiHardOptions, 'margin' | 'referenceLabels'>,
    DistanceOptions {}

/**
 * Triplet loss of the semi-hard triplets of a batch: distance, selection and loss in one call.
 *
 *     ℓ(a, p, n) = [d_ap − d_an + m]₊   over the triplets that {@link semiHardTriplets} chooses, with the same m
 *
 * The same as the three parts one after the other, which also give the diagnostics. Nothing to choose: 0, with
 * gradient 0.
 *
 * @param embeddings - `[n, d]`, float. FaceNet's are of unit length, with `distance: squaredEuclideanDistances`.
 * @param labels - `[n]`, or any other {@link Relation}.
 * @param options.distance - how far apart embeddings are. Default `euclideanDistances`.
 * @param options.margin - `m > 0`, in units of the distance, for selection and loss. Default 0.2. With the form
 *   `'softMargin'` for the selection alone.
 * @param options.policy - what semi-hard means; see {@link SemiHardOptions}, as for `fallback` and `positive`.
 * @param options.reduction - over triplets: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @returns `[]`; `[t]` under `'none'`.
 * @throws NumericError for a NaN distance; and what the three parts throw.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { semiHardTripletLoss } from '@ndgrad/mining';
 *
 * semiHardTripletLoss(tensor([[0], [1], [1.5], [9]]), [7, 7, 8, 8], { margin: 1 }).item() // => 0.5
 * ```
 *
 * @see Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, §3.2.
 */
export function semiHardTripletLoss(
  embeddings: Tensor,
  labels: Relation,
  options: SemiHardTripletLossOptions = {},
): Tensor {
  const where = 'semiHardTripletLoss';
  checkOptions(where, options, [
    'distance',
    'margin',
    'policy',
    'fallback',
    'positive',
    'form',
    'swap',
    'reduction',
  ] as const);
  const { distance, policy, fallback, positive, margin, ...lossOptions } = options;
  const d = distancesOf(where, embeddings, distance);
  const triplets = semiHardTriplets(d, labels, {
    ...(margin !== undefined && { margin }),
    ...(policy !== undefined && { policy }),
    ...(fallback !== undefined && { fallback }),
    ...(positive !== undefined && { positive }),
  });
  const soft = options.form === 'softMargin';
  return tripletLoss(d, triplets, { ...lossOptions, ...(margin !== undefined && !soft && { margin }) });
}

semiHardTripletLoss.formula =
  'ℓ = max(0, d(a, p) − d(a, n) + m) over triplets with 0 < d(a, n) − d(a, p) ≤ m';
semiHardTripletLoss.paper =
  'Schroff, Kalenichenko, Philbin, FaceNet: A Unified Embedding for Face Recognition and Clustering, CVPR 2015, §3.2';
semiHardTripletLoss.denominator = 'the number of triplets chosen';
