import { noGrad } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import type { Distances, Relation, Similarities } from '@ndgrad/losses';
import { fieldOf } from './candidates.js';
import { entriesAt, farthest, nearest } from './extremes.js';
import {
  type MinedTripletsPerAnchor,
  type MiningOptions,
  marginOf,
  minedTripletsPerAnchor,
} from './minedTriplets.js';

/**
 * For each anchor its farthest positive and its nearest negative.
 *
 *     p(a) = argmax over positives p of d[a, p],   n(a) = argmin over negatives n of d[a, n]
 *
 * One slot per row, so the shapes depend on nothing but the batch: a row without a positive or without a negative
 * leaves its slot empty (`mask` false, indices 0), and a loss passes over it. Ties go to the lowest column. An anchor is
 * never its own positive, not even where all its kind lie on one point. A captured step can hold it; NaN is refused at
 * each replay then, and there are no diagnostics.
 *
 * @param d - distances or similarities `[n, m]`, rows to columns; of similarities the largest is nearest. Read, never
 *   kept in a graph.
 * @param relation - labels `[n]`, or any other {@link Relation}.
 * @param options - `margin`: for the diagnostics only, default 0.2; `referenceLabels`: labels of the columns.
 * @returns int32 lists `[n]` and the bool `mask` `[n]`.
 * @throws NumericError for a NaN among the pairs, naming row and column; and what `relationMasks` throws for a relation
 *   that does not fit.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { euclideanDistances } from '@ndgrad/losses';
 * import { batchHardTriplets } from '@ndgrad/mining';
 *
 * const d = euclideanDistances(tensor([[0], [1], [3], [4], [9]]));
 * const { positives, negatives, mask } = batchHardTriplets(d, [7, 7, 7, 8, 9]);
 * positives.toArray() // => [2, 2, 0, 0, 0]
 * negatives.toArray() // => [3, 3, 3, 0, 0]
 * mask.toArray() // => [true, true, true, false, false]
 * ```
 *
 * @see Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017 (batch hard).
 * @see {@link semiHardTriplets} where the hardest triplets are mislabelled ones or let the embedding collapse.
 */
export function batchHardTriplets(
  d: Distances | Similarities,
  relation: Relation,
  options: MiningOptions = {},
): MinedTripletsPerAnchor {
  const where = 'batchHardTriplets';
  checkOptions(where, options, ['margin', 'referenceLabels'] as const);
  const margin = marginOf(where, options);
  return noGrad(() => {
    const field = fieldOf(where, d, relation, options);
    const positives = farthest(field, field.positives);
    const negatives = nearest(field, field.negatives);
    entriesAt(where, field, positives);
    entriesAt(where, field, negatives);
    return minedTripletsPerAnchor(
      where,
      field,
      positives,
      negatives,
      margin,
      'no anchor has both a positive and a negative',
    );
  });
}
