import { add, cast, div, multiplyNoNan, sum, type Tensor, tensor } from '@ndgrad/core';
import { checkEnum, checkNumber, checkOptions } from '@ndgrad/core/arguments';
import {
  checkDistances,
  type Distances,
  type Reduction,
  type Relation,
  type RelationOptions,
  tripletLoss,
} from '@ndgrad/losses';
import { allTriplets } from './allTriplets.js';
import { type Candidates, readCandidates } from './candidates.js';
import { countBelow, countFrom } from './countBelow.js';
import { sortedEntries, validTotal } from './diagnostics.js';
import { type DistanceOptions, distancesOf } from './distanceOption.js';

/** Options of {@link batchAllTripletLossFromDistances}. */
export interface BatchAllTripletLossFromDistancesOptions extends RelationOptions {
  /** How much nearer the positive should be, above 0, in units of the distances. Default 0.2. */
  readonly margin?: number;
  /** `'mean'` (default), `'sum'`, `'meanActive'`; `'none'`, which makes the list of all triplets. */
  readonly reduction?: Reduction;
}

/** Options of {@link batchAllTripletLoss}. */
export interface BatchAllTripletLossOptions
  extends Omit<BatchAllTripletLossFromDistancesOptions, 'referenceLabels'>,
    DistanceOptions {}

/**
 * Triplet loss over all triplets of a batch, without making a list of them.
 *
 *     ℓ(a, p, n) = [d_ap − d_an + m]₊   for all a, p, n with p ≠ a, p same as a, n different from a
 *
 * The sum over n³ triplets is one over n² pairs: a positive pair counts as often as it is in an active triplet
 * (d_an − d_ap < m), a negative pair as often with a minus,
 *
 *     Σ ℓ = Σ over (a, p) of c⁺_ap (d_ap + m) − Σ over (a, n) of c⁻_an d_an
 *
 * and the counts come from one search per pair among sorted distances: O(n²) memory, O(n² log n) time. They do not change
 * in the small, so holding them fixed gives the exact gradient. Sums run in float64 whatever the dtype. Nothing to
 * choose: 0, with gradient 0. Other forms than the hinge do not come apart like this: `tripletLoss` over
 * `allTriplets`.
 *
 * @param embeddings - `[n, d]`, float.
 * @param labels - `[n]`, or any other {@link Relation}.
 * @param options.distance - how far apart embeddings are. Default `euclideanDistances`.
 * @param options.margin - `m > 0`, in units of the distance. Default 0.2.
 * @param options.reduction - over triplets: `'mean'` (default) over all of them; `'meanActive'` over those above 0, the
 *   usual choice in papers and pytorch-metric-learning; `'sum'`; `'none'`.
 * @returns `[]`; `[t]` under `'none'`, in the order of {@link allTriplets}.
 * @throws NumericError for a NaN distance, naming row and column; LimitError above 2²⁶ triplets under `'none'`.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { batchAllTripletLoss } from '@ndgrad/mining';
 *
 * batchAllTripletLoss(tensor([[0], [1], [4]]), [7, 7, 8], { margin: 4 }).item() // => 1.5
 * ```
 *
 * @see Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017, eq. 6.
 */
export function batchAllTripletLoss(
  embeddings: Tensor,
  labels: Relation,
  options: BatchAllTripletLossOptions = {},
): Tensor {
  const where = 'batchAllTripletLoss';
  checkOptions(where, options, ['distance', 'margin', 'reduction'] as const);
  const { distance, ...lossOptions } = options;
  return batchAll(where, distancesOf(where, embeddings, distance), labels, lossOptions);
}

batchAllTripletLoss.formula = 'ℓ = max(0, d(a, p) − d(a, n) + m) over all triplets of the batch';
batchAllTripletLoss.paper =
  'Hermans, Beyer, Leibe, In Defense of the Triplet Loss for Person Re-Identification, 2017, eq. 6';
batchAllTripletLoss.denominator = 'the number of triplets of the batch';

/**
 * {@link batchAllTripletLoss} of distances computed before: for diagnostics and loss from one matrix, for queries against
 * references, for a geometry of your own.
 *
 * @param distances - `[n, m]`, anchors by references; smaller is nearer.
 * @param relation - labels `[n]`, or any other {@link Relation}.
 * @param options - `margin`, `reduction` as there; `referenceLabels`: labels of the columns.
 * @throws as {@link batchAllTripletLoss}; ArgumentError for a plain tensor or similarities.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { squaredEuclideanDistances } from '@ndgrad/losses';
 * import { batchAllTripletLossFromDistances } from '@ndgrad/mining';
 *
 * const d = squaredEuclideanDistances(tensor([[0], [1], [2]]));
 * batchAllTripletLossFromDistances(d, [7, 7, 8], { margin: 1, reduction: 'sum' }).item() // => 1
 * ```
 */
export function batchAllTripletLossFromDistances(
  distances: Distances,
  relation: Relation,
  options: BatchAllTripletLossFromDistancesOptions = {},
): Tensor {
  const where = 'batchAllTripletLossFromDistances';
  checkOptions(where, options, ['margin', 'reduction', 'referenceLabels'] as const);
  return batchAll(where, distances, relation, options);
}

batchAllTripletLossFromDistances.formula = batchAllTripletLoss.formula;
batchAllTripletLossFromDistances.paper = batchAllTripletLoss.paper;
batchAllTripletLossFromDistances.denominator = batchAllTripletLoss.denominator;

function batchAll(
  where: string,
  distances: Distances,
  relation: Relation,
  options: BatchAllTripletLossFromDistancesOptions,
): Tensor {
  checkDistances(where, 'distances', distances);
  const margin = checkNumber(where, 'margin', options.margin ?? 0.2, { min: 0, exclusiveMin: true });
  const reduction = checkEnum(where, 'reduction', options.reduction ?? 'mean', [
    'mean',
    'sum',
    'none',
    'meanActive',
  ] as const);
  const { referenceLabels } = options;
  const relationOptions: RelationOptions = referenceLabels === undefined ? {} : { referenceLabels };
  if (reduction === 'none') {
    return tripletLoss(distances, allTriplets(distances, relation, relationOptions), { margin, reduction });
  }
  const candidates = readCandidates(where, distances, relation, relationOptions);
  const { counts, active } = activeCounts(candidates, margin);
  // Select, not multiply: where a pair is in no active triplet its distance may be infinite.
  const pulls = multiplyNoNan(distances, tensor(counts, { shape: distances.shape, dtype: 'float64' }));
  const total = add(sum(pulls), margin * active);
  const terms = reduction === 'sum' ? 1 : reduction === 'mean' ? validTotal(candidates) : active;
  return cast(div(total, Math.max(terms, 1)), distances.dtype);
}

/**
 * In how many active triplets each pair is: a positive pair with a plus, a negative one with a minus, `[rows × columns]`;
 * and how many active triplets there are.
 */
function activeCounts(candidates: Candidates, margin: number): { counts: Float64Array; active: number } {
  const { rows, columns, values, positives, negatives } = candidates;
  const counts = new Float64Array(rows * columns);
  const sorted = new Float64Array(columns);
  const upTo = new Float64Array(columns + 1);
  let active = 0;
  for (let a = 0; a < rows; a++) {
    const row = a * columns;
    const count = sortedEntries(candidates, a, sorted);
    if (count === 0) continue;
    // A negative is active with the farther positives, from some place in their order on.
    upTo.fill(0, 0, count + 1);
    for (let j = negatives.starts[a]; j < negatives.starts[a + 1]; j++) {
      const n = row + negatives.columns[j];
      const from = countFrom(sorted, count, values[n], margin);
      counts[n] = from - count;
      active += count - from;
      upTo[from]++;
    }
    for (let k = 1; k < count; k++) upTo[k] += upTo[k - 1];
    for (let i = positives.starts[a]; i < positives.starts[a + 1]; i++) {
      const p = row + positives.columns[i];
      // Positives that are level are active with the same negatives, so the first of them stands for all.
      counts[p] = upTo[countBelow(sorted, count, values[p])];
    }
  }
  return { counts, active };
}
