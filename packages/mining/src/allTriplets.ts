import { LimitError } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import type { Distances, Relation, Similarities } from '@ndgrad/losses';
import { readCandidates } from './candidates.js';
import { validTotal } from './diagnostics.js';
import { type MinedTriplets, type MiningOptions, marginOf, minedTriplets } from './minedTriplets.js';

/** What a captured step can use in place of a list of triplets that has as many entries as were found. */
const ONE_PER_ROW =
  "batchHardTriplets, or semiHardTriplets with policy 'perAnchor', choose one triplet per row; batchAllTripletLoss takes all of them without a list";

// Three index lists of this length are 768 MiB: more is a mistake rather than a batch.
const MOST_TRIPLETS = 2 ** 26;

/** Refuses a list that would not fit in memory, before making it. */
export function checkCount(where: string, count: number): void {
  if (count <= MOST_TRIPLETS) return;
  throw new LimitError({
    where,
    problem: `${count} triplets are more than the ${MOST_TRIPLETS} that a list may hold`,
    hint: 'batchAllTripletLoss needs no list; a per-anchor miner chooses one triplet per row',
  });
}

/**
 * Every triplet that the relation allows: an anchor, another item of its kind, an item of another kind.
 *
 *     (a, p, n)  with  p ≠ a,  p same as a,  n different from a
 *
 * For labels of a whole batch that is Σ over classes of m (m − 1) (n − m), m the size of the class. They come in rising
 * order of anchor, then positive, then negative; distances play no part in the choice. The list grows with the cube of
 * the batch: for the loss over all of them, `batchAllTripletLoss` needs no list.
 *
 * @param d - distances or similarities `[n, m]`, rows to columns. Read, never kept in a graph.
 * @param relation - labels `[n]`, or any other {@link Relation}.
 * @param options - `margin`: for the diagnostics only, default 0.2; `referenceLabels`: labels of the columns.
 * @returns int32 lists `[t]` of rows, columns, columns; empty where there is no triplet, with the reason in
 *   `diagnostics.emptyReason`.
 * @throws NumericError for a NaN among the pairs, naming row and column; LimitError above 2²⁶ triplets; CaptureError in
 *   a captured step; and what `relationMasks` throws for a relation that does not fit.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { euclideanDistances } from '@ndgrad/losses';
 * import { allTriplets } from '@ndgrad/mining';
 *
 * const { anchors, positives, negatives } = allTriplets(euclideanDistances(tensor([[0], [1], [4]])), [7, 7, 8]);
 * anchors.toArray() // => [0, 1]
 * positives.toArray() // => [1, 0]
 * negatives.toArray() // => [2, 2]
 * ```
 *
 * @see {@link semiHardTriplets}, {@link batchHardTriplets} for fewer and more telling ones.
 */
export function allTriplets(
  d: Distances | Similarities,
  relation: Relation,
  options: MiningOptions = {},
): MinedTriplets {
  const where = 'allTriplets';
  checkOptions(where, options, ['margin', 'referenceLabels'] as const);
  const margin = marginOf(where, options);
  const candidates = readCandidates(where, d, relation, options, ONE_PER_ROW);
  const { rows, positives, negatives } = candidates;
  const count = validTotal(candidates);
  checkCount(where, count);
  const selection = {
    anchors: new Int32Array(count),
    positives: new Int32Array(count),
    negatives: new Int32Array(count),
  };
  let t = 0;
  for (let a = 0; a < rows; a++) {
    for (let i = positives.starts[a]; i < positives.starts[a + 1]; i++) {
      for (let j = negatives.starts[a]; j < negatives.starts[a + 1]; j++) {
        selection.anchors[t] = a;
        selection.positives[t] = positives.columns[i];
        selection.negatives[t] = negatives.columns[j];
        t++;
      }
    }
  }
  return minedTriplets(candidates, selection, margin, 'no triplet within the margin');
}
