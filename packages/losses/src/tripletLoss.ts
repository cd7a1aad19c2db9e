import { ArgumentError, add, minimum, relu, ShapeError, softplus, sub, type Tensor } from '@ndgrad/core';
import { checkEnum, checkNumber, checkOptions, describeValue, formatShape } from '@ndgrad/core/arguments';
import { checkDistances, type Distances, isSelfPaired } from './distances.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, settle, type Tally, tallyOf } from './reduction.js';
import { checkTriplets, isTriplets, type Triplets, valuesAt } from './relations.js';

/** Options of {@link tripletLoss}. */
export interface TripletLossOptions extends ReductionOptions {
  /** How much nearer the positive should be, above 0, in units of the distances. Default 0.2. Only of form `'hinge'`. */
  readonly margin?: number;
  /** `'hinge'` (default): [m + d₊ − d₋]₊. `'softMargin'`: softplus(d₊ − d₋), never quite satisfied. */
  readonly form?: 'hinge' | 'softMargin';
  /** Whether the negative may be compared with the positive instead, where it is nearer to that. Default `false`. */
  readonly swap?: boolean;
}

/**
 * Triplet loss over chosen triplets: an anchor should lie nearer its positive than its negative, by a margin.
 *
 *     ℓ = max(0, D[a, p] − D[a, n] + m)        form 'hinge'
 *     ℓ = softplus(D[a, p] − D[a, n])          form 'softMargin'
 *
 * With `swap`, min(D[a, n], D[p, n]) takes the place of D[a, n]. On the hinge itself the gradient is 0. No triplets, or
 * none but empty slots: 0, with gradient 0. The loss selects nothing: miners do.
 *
 * @param distances - `D`, `[n, m]`, anchors by references; smaller is nearer.
 * @param triplets - `t` triplets of row, column, column; slots where `mask` is false do not count.
 * @param options.margin - `m > 0`, in units of `D`. Default 0.2.
 * @param options.form - `'hinge'` (default) or `'softMargin'`.
 * @param options.swap - default `false`; needs a matrix whose rows and columns are the same items.
 * @param options.reduction - over triplets: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per triplet; the mean is then Σwℓ / Σw.
 * @returns `[]`; `[t]` under `'none'`.
 * @throws ArgumentError for a plain tensor or similarities, triplets chosen in another geometry, an anchor that is its own
 *   positive, or a bad option; IndexError for an index outside the matrix; ShapeError for lists of unequal length.
 *
 * @example
 * ```ts
 * const d = squaredEuclideanDistances(tensor([[0, 0], [0, 1], [2, 0]]));
 * tripletLoss(d, triplets([0], [1], [2]), { margin: 4 }).item() // => 1
 * ```
 *
 * @see Schroff, Kalenichenko, Philbin, “FaceNet”, CVPR 2015, eq. 2 (squared distances of unit embeddings, margin 0.2);
 *   Hermans, Beyer, Leibe, “In Defense of the Triplet Loss”, 2017 ('softMargin'); Balntas et al., BMVC 2016 (swap).
 * @see {@link tripletMarginLoss} for three lists of vectors; {@link circleLoss} weighs all pairs at once.
 */
export function tripletLoss(
  distances: Distances,
  triplets: Triplets,
  options: TripletLossOptions = {},
): Tensor {
  const where = 'tripletLoss';
  checkOptions(where, options, ['margin', 'form', 'swap', ...REDUCTION_KEYS]);
  checkDistances(where, 'distances', distances);
  if (!isTriplets(triplets)) {
    throw new ArgumentError({
      where,
      argument: 'triplets',
      must: 'be triplets',
      got: describeValue(triplets),
      hint: 'make them with triplets(anchors, positives, negatives), or let a miner choose: allTriplets(distances, labels)',
    });
  }
  checkTriplets(where, triplets, distances);
  const { margin, swap } = tripletOptions(where, options);
  if (swap && !isSelfPaired(distances)) {
    throw new ShapeError({
      where,
      argument: 'distances',
      must: 'have the same items as rows and columns when swap is true',
      got: `${formatShape(distances.shape)} of two sets`,
    });
  }
  const { anchors, positives, negatives } = triplets;
  const tally = tallyOf(where, anchors.shape, distances.dtype, options, triplets.mask);
  const near = valuesAt(distances, anchors, positives);
  const far = valuesAt(distances, anchors, negatives);
  const across = swap ? valuesAt(distances, positives, negatives) : undefined;
  return rankingLoss(near, far, across, margin, tally);
}

tripletLoss.formula =
  "ℓ = max(0, D[a, p] − D[a, n] + m) ('hinge'), or softplus(D[a, p] − D[a, n]) ('softMargin')";
tripletLoss.paper =
  'Schroff, Kalenichenko, Philbin, FaceNet: A Unified Embedding for Face Recognition and Clustering, CVPR 2015, eq. 2';
tripletLoss.denominator = 'Σw over triplets; their number without weights';

/** Terms and value from the three distances of each triplet; without a margin, the soft form. */
export function rankingLoss(
  near: Tensor,
  far: Tensor,
  across: Tensor | undefined,
  margin: number | undefined,
  tally: Tally,
): Tensor {
  const farthest = across === undefined ? far : minimum(far, across);
  const gap = sub(settle(near, tally), settle(farthest, tally));
  return reduce(margin === undefined ? softplus(gap) : relu(add(gap, margin)), tally);
}

function tripletOptions(
  where: string,
  options: TripletLossOptions,
): { margin: number | undefined; swap: boolean } {
  const form = checkEnum(where, 'form', options.form ?? 'hinge', ['hinge', 'softMargin'] as const);
  const swap = swapOf(where, options.swap);
  if (form === 'hinge') {
    return {
      margin: checkNumber(where, 'margin', options.margin ?? 0.2, { min: 0, exclusiveMin: true }),
      swap,
    };
  }
  if (options.margin !== undefined) {
    throw new ArgumentError({
      where,
      argument: 'margin',
      must: "be left out of form 'softMargin', which has none",
      got: describeValue(options.margin),
    });
  }
  return { margin: undefined, swap };
}

/** The option `swap`, checked. */
export function swapOf(where: string, swap: unknown): boolean {
  if (swap === undefined || typeof swap === 'boolean') return swap ?? false;
  throw new ArgumentError({ where, argument: 'swap', must: 'be true or false', got: describeValue(swap) });
}
