import {
  add,
  cast,
  defineHostOp,
  div,
  maximum,
  mul,
  multiplyNoNan,
  noGrad,
  sum,
  type Tensor,
  type TypedArray,
} from '@ndgrad/core';
import { checkEnum, checkNumber, checkOptions, inspect, requireRunning } from '@ndgrad/core/arguments';
import {
  checkDistances,
  type Distances,
  type Reduction,
  type Relation,
  type RelationOptions,
  tripletLoss,
} from '@ndgrad/losses';
import { allTriplets } from './allTriplets.js';
import { type Candidates, candidatesOf, type Field, fieldOf, refusalOfNaN } from './candidates.js';
import { countBelow, countFrom } from './countBelow.js';
import { sortedEntries } from './diagnostics.js';
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
 * @throws NumericError for a NaN distance, naming row and column; LimitError above 2²⁶ triplets under `'none'`,
 *   and CaptureError for it in a captured step: the list would have as many entries as were found.
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
    requireRunning(
      where,
      'how many terms there are depends on values, which are not known while a step is captured',
      "the reductions 'mean', 'sum' and 'meanActive' need no list of them",
    );
    return tripletLoss(distances, allTriplets(distances, relation, relationOptions), { margin, reduction });
  }
  const { counts, active, valid } = noGrad(() => {
    const field = fieldOf(where, distances, relation, relationOptions);
    const { matrix, positives, negatives } = field;
    inspect(
      where,
      matrix,
      (at, value, same, different) => {
        if (!Number.isNaN(value) || (same === 0 && different === 0)) return;
        const columns = matrix.shape[1] ?? 1;
        throw refusalOfNaN(where, Math.floor(at / columns), at % columns);
      },
      positives,
      negatives,
    );
    const inTriplets = activeCounts([matrix, positives, negatives], { field, margin });
    return {
      counts: inTriplets,
      // Integers below 2⁵³, so the sums are exact: an active triplet is one positive pair's.
      active: sum(maximum(inTriplets, 0)),
      valid: reduction === 'mean' ? validTriplets(field) : undefined,
    };
  });
  // Select, not multiply: where a pair is in no active triplet its distance may be infinite.
  const pulls = multiplyNoNan(distances, counts);
  const total = add(sum(pulls), mul(active, margin));
  if (reduction === 'sum') return cast(total, distances.dtype);
  return cast(div(total, maximum(valid ?? active, 1)), distances.dtype);
}

/** How many triplets the relation allows, float64. */
function validTriplets({ positives, negatives }: Field): Tensor {
  const perRow = (mask: Tensor): Tensor => sum(cast(mask, 'float64'), { axis: 1 });
  return sum(mul(perRow(positives), perRow(negatives)));
}

/**
 * In how many active triplets each pair is: a positive pair with a plus, a negative one with a minus, float64
 * `[rows, columns]`. Of distances and the two masks, without NaN among the pairs.
 */
const activeCounts = defineHostOp<{ field: Field; margin: number }>({
  name: 'activeCounts',
  output: ([matrix]) => ({ shape: matrix.shape, dtype: 'float64' }),
  run: (counts, [values, positives, negatives], { field, margin }) => {
    counts.fill(0);
    countActive(counts, candidatesOf(field, values, positives, negatives), margin);
  },
});

function countActive(counts: TypedArray, candidates: Candidates, margin: number): void {
  const { rows, columns, values, positives, negatives } = candidates;
  const sorted = new Float64Array(columns);
  const upTo = new Float64Array(columns + 1);
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
      upTo[from]++;
    }
    for (let k = 1; k < count; k++) upTo[k] += upTo[k - 1];
    for (let i = positives.starts[a]; i < positives.starts[a + 1]; i++) {
      const p = row + positives.columns[i];
      // Positives that are level are active with the same negatives, so the first of them stands for all.
      counts[p] = upTo[countBelow(sorted, count, values[p])];
    }
  }
}
