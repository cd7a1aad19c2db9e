import { ArgumentError, where as choose, ge, noGrad, type Tensor } from '@ndgrad/core';
import { checkEnum, checkOptions } from '@ndgrad/core/arguments';
import type { Distances, Relation, Similarities } from '@ndgrad/losses';
import { checkCount } from './allTriplets.js';
import { type Candidates, type Field, fieldOf, readCandidates } from './candidates.js';
import { countBelow } from './countBelow.js';
import { type Selection, sortedEntries, validCounts } from './diagnostics.js';
import { entriesAt, farthest, nearest, nearestBeyond } from './extremes.js';
import {
  type MinedTriplets,
  type MinedTripletsPerAnchor,
  type MiningOptions,
  marginOf,
  minedTriplets,
  minedTripletsPerAnchor,
} from './minedTriplets.js';

/** Which negative counts when none is farther than the positive. */
export type SemiHardFallback = 'none' | 'farthest' | 'hardest';

/** Options of {@link semiHardTriplets}. */
export interface SemiHardOptions extends MiningOptions {
  /**
   * What "semi-hard" means; libraries differ. Default `'set'`.
   *  - `'set'`: every triplet with 0 < d_an − d_ap ≤ margin (FaceNet; pytorch-metric-learning's TripletMarginMiner).
   *  - `'perPair'`: for every anchor and positive the nearest negative farther than the positive, however far
   *    (TensorFlow Addons, sentence-transformers).
   *  - `'perAnchor'`: for every anchor one positive and the nearest negative farther than it, however far
   *    (TensorFlow Similarity, pytorch-metric-learning's BatchEasyHardMiner). One slot per row, with a mask.
   */
  readonly policy?: 'set' | 'perPair' | 'perAnchor';
  /**
   * Which negative stands in when none is farther than the positive: `'none'` leaves the pair or anchor out,
   * `'farthest'` takes the farthest negative, `'hardest'` the nearest. Default: `'farthest'` for `'perPair'`, as in
   * TensorFlow Addons; `'none'` for `'perAnchor'`. The policy `'set'` has no other than `'none'`.
   */
  readonly fallback?: SemiHardFallback;
  /** For `'perAnchor'` alone: which positive stands for the anchor. Default `'farthest'`. */
  readonly positive?: 'farthest' | 'nearest';
}

/**
 * Triplets whose negative is farther than the positive, but not by much: hard enough to teach, not so hard that they
 * are mostly label noise or draw the embedding into one point.
 *
 *     'set'        all (a, p, n)  with  0 < d_an − d_ap ≤ margin
 *     'perPair'    for every (a, p):  argmin of d_an  over  d_an > d_ap
 *     'perAnchor'  for every a, p = argmax (or argmin) of d_ap:  argmin of d_an  over  d_an > d_ap
 *
 * Only `'set'` asks the margin what to choose; to the other two it matters in the diagnostics alone. At the bounds,
 * d_an = d_ap is hard and left out, d_an − d_ap = margin is semi-hard and taken in (its hinge is 0). Ties go to the
 * lowest column. Triplets come in rising order of anchor, then positive, then negative. A captured step can hold the policy
 * `'perAnchor'`: NaN is refused at each replay then, and there are no diagnostics.
 *
 * @param d - distances or similarities `[n, m]`, rows to columns; of similarities the largest is nearest and the gap is
 *   s_ap − s_an. Read, never kept in a graph.
 * @param relation - labels `[n]`, or any other {@link Relation}.
 * @param options - `margin` (default 0.2, in units of `d`), `policy` (default `'set'`), `fallback`, `positive`,
 *   `referenceLabels`: labels of the columns.
 * @returns int32 lists: of as many as there are for `'set'` and `'perPair'`; `[n]` with a bool `mask` `[n]` for
 *   `'perAnchor'`, whose shapes depend on nothing but the batch. Empty with the reason in `diagnostics.emptyReason`.
 * @throws NumericError for a NaN among the pairs, naming row and column; ArgumentError for a `fallback` or `positive`
 *   that the policy does not have; LimitError above 2²⁶ triplets; CaptureError in a captured step for the policies whose
 *   lists have as many entries as were found; and what `relationMasks` throws for a relation that
 *   does not fit.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { euclideanDistances, tripletLoss } from '@ndgrad/losses';
 * import { semiHardTriplets } from '@ndgrad/mining';
 *
 * const d = euclideanDistances(tensor([[0], [1], [1.5], [9]]));
 * const triplets = semiHardTriplets(d, [7, 7, 8, 8], { margin: 1 });
 * triplets.anchors.toArray() // => [0, 3]
 * triplets.positives.toArray() // => [1, 2]
 * triplets.negatives.toArray() // => [2, 1]
 * triplets.diagnostics.valid.hard // => 3
 * tripletLoss(d, triplets, { margin: 1 }).item() // => 0.5
 * ```
 *
 * @see Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, §3.2: squared distances of unit embeddings, margin 0.2.
 * @see {@link batchHardTriplets} for the hardest; {@link allTriplets} for all.
 */
export function semiHardTriplets(
  d: Distances | Similarities,
  relation: Relation,
  options: SemiHardOptions & { readonly policy: 'perAnchor' },
): MinedTripletsPerAnchor;
export function semiHardTriplets(
  d: Distances | Similarities,
  relation: Relation,
  options?: SemiHardOptions,
): MinedTriplets;
export function semiHardTriplets(
  d: Distances | Similarities,
  relation: Relation,
  options: SemiHardOptions = {},
): MinedTriplets {
  const { policy, fallback, positive, margin } = checkSemiHardOptions(options);
  if (policy === 'perAnchor') return onePerAnchor(d, relation, options, positive, fallback, margin);
  const candidates = readCandidates(
    WHERE,
    d,
    relation,
    options,
    `take the policy 'perAnchor' in place of '${policy}': it has one slot per row, with a mask`,
  );
  switch (policy) {
    case 'set':
      return minedTriplets(
        candidates,
        tripletSet(candidates, margin),
        margin,
        'no triplet within the margin',
      );
    case 'perPair': {
      const selection = nearestPerPair(candidates, fallback);
      return minedTriplets(candidates, selection, margin, NONE_BEYOND);
    }
  }
}

const WHERE = 'semiHardTriplets';
const NONE_BEYOND = 'no negative is farther than its positive';

/** All triplets with 0 < d_an − d_ap ≤ margin. */
function tripletSet(candidates: Candidates, margin: number): Selection {
  const { rows, columns, values, positives, negatives } = candidates;
  const count = validCounts(candidates, margin).semiHard;
  checkCount(WHERE, count);
  const selection = {
    anchors: new Int32Array(count),
    positives: new Int32Array(count),
    negatives: new Int32Array(count),
  };
  let t = 0;
  for (let a = 0; a < rows; a++) {
    for (let i = positives.starts[a]; i < positives.starts[a + 1]; i++) {
      const near = values[a * columns + positives.columns[i]];
      for (let j = negatives.starts[a]; j < negatives.starts[a + 1]; j++) {
        const far = values[a * columns + negatives.columns[j]];
        if (!(far > near && far - near <= margin)) continue;
        selection.anchors[t] = a;
        selection.positives[t] = positives.columns[i];
        selection.negatives[t] = negatives.columns[j];
        t++;
      }
    }
  }
  return selection;
}

/** For every anchor and positive the nearest negative beyond the positive: O(n² log n) for all of them. */
function nearestPerPair(candidates: Candidates, fallback: SemiHardFallback): Selection {
  const { rows, columns, values, positives, negatives } = candidates;
  const most = positives.columns.length;
  const selection = {
    anchors: new Int32Array(most),
    positives: new Int32Array(most),
    negatives: new Int32Array(most),
  };
  const standIn = standIns(candidates, fallback);
  const sorted = new Float64Array(columns);
  const beyond = new Int32Array(columns + 1);
  let t = 0;
  for (let a = 0; a < rows; a++) {
    const row = a * columns;
    const count = sortedEntries(candidates, a, sorted);
    // beyond[k]: the nearest negative among those farther than exactly k positives …
    beyond.fill(-1, 0, count + 1);
    for (let j = negatives.starts[a]; j < negatives.starts[a + 1]; j++) {
      const n = negatives.columns[j];
      const k = countBelow(sorted, count, values[row + n]);
      if (beyond[k] < 0 || values[row + n] < values[row + beyond[k]]) beyond[k] = n;
    }
    // … and then: among those farther than at least k, because who passes fewer positives is nearer.
    for (let k = count - 1; k >= 0; k--) if (beyond[k] < 0) beyond[k] = beyond[k + 1];
    for (let i = positives.starts[a]; i < positives.starts[a + 1]; i++) {
      const p = positives.columns[i];
      let k = countBelow(sorted, count, values[row + p]);
      // A negative as far as the positive passes the positives before it, but not those level with it.
      while (k < count && sorted[k] === values[row + p]) k++;
      const n = beyond[k] >= 0 ? beyond[k] : standIn[a];
      if (n < 0) continue;
      selection.anchors[t] = a;
      selection.positives[t] = p;
      selection.negatives[t] = n;
      t++;
    }
  }
  return {
    anchors: selection.anchors.subarray(0, t),
    positives: selection.positives.subarray(0, t),
    negatives: selection.negatives.subarray(0, t),
  };
}

/** For every anchor one positive and the nearest negative beyond it, chosen by ops. */
function onePerAnchor(
  d: Distances | Similarities,
  relation: Relation,
  options: SemiHardOptions,
  positive: 'farthest' | 'nearest',
  fallback: SemiHardFallback,
  margin: number,
): MinedTripletsPerAnchor {
  return noGrad(() => {
    const field = fieldOf(WHERE, d, relation, options);
    const positives = (positive === 'farthest' ? farthest : nearest)(field, field.positives);
    const bounds = entriesAt(WHERE, field, positives);
    // Comparisons with NaN are false, so a NaN among the negatives must be looked for.
    const closest = nearest(field, field.negatives);
    entriesAt(WHERE, field, closest);
    const beyond = nearestBeyond(field, bounds);
    // An anchor without a positive has no bound; its slot stays empty whatever is chosen here.
    const negatives =
      fallback === 'none' ? beyond : choose(ge(beyond, 0), beyond, standIn(field, fallback, closest));
    return minedTripletsPerAnchor(WHERE, field, positives, negatives, margin, NONE_BEYOND);
  });
}

/** The negative of each row that stands in for a missing one. */
function standIn(field: Field, fallback: 'farthest' | 'hardest', closest: Tensor): Tensor {
  return fallback === 'hardest' ? closest : farthest(field, field.negatives);
}

/** The negative of each row that stands in for a missing one, −1 for none. */
function standIns({ rows, columns, values, negatives }: Candidates, fallback: SemiHardFallback): Int32Array {
  const chosen = new Int32Array(rows).fill(-1);
  if (fallback === 'none') return chosen;
  const sign = fallback === 'farthest' ? -1 : 1;
  for (let i = 0; i < rows; i++) {
    let best = Infinity;
    for (let k = negatives.starts[i]; k < negatives.starts[i + 1]; k++) {
      const j = negatives.columns[k];
      const value = sign * values[i * columns + j];
      if (value >= best && chosen[i] >= 0) continue;
      best = value;
      chosen[i] = j;
    }
  }
  return chosen;
}

function checkSemiHardOptions(
  options: SemiHardOptions,
): Required<Pick<SemiHardOptions, 'policy' | 'fallback' | 'positive' | 'margin'>> {
  checkOptions(WHERE, options, ['margin', 'policy', 'fallback', 'positive', 'referenceLabels'] as const);
  const policy = checkEnum(WHERE, 'policy', options.policy ?? 'set', [
    'set',
    'perPair',
    'perAnchor',
  ] as const);
  const usual = policy === 'perPair' ? 'farthest' : 'none';
  const fallback = checkEnum(WHERE, 'fallback', options.fallback ?? usual, [
    'none',
    'farthest',
    'hardest',
  ] as const);
  if (policy === 'set' && fallback !== 'none') {
    throw new ArgumentError({
      where: WHERE,
      argument: 'fallback',
      must: "be 'none' under the policy 'set', which takes all triplets there are",
      got: `'${fallback}'`,
      hint: "the policies 'perPair' and 'perAnchor' have fallbacks",
    });
  }
  const positive = checkEnum(WHERE, 'positive', options.positive ?? 'farthest', [
    'farthest',
    'nearest',
  ] as const);
  if (policy !== 'perAnchor' && options.positive !== undefined) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'positive',
      must: `be left out under the policy '${policy}', which takes every positive`,
      got: `'${positive}'`,
      hint: "it belongs to the policy 'perAnchor'",
    });
  }
  return { policy, fallback, positive, margin: marginOf(WHERE, options) };
}
