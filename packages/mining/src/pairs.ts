/** @file Pairs for pair losses: all of a batch, or those that mined triplets are made of. */
import { ArgumentError, DataError, tensor } from '@ndgrad/core';
import { checkOptions, describeValue, requireRunning } from '@ndgrad/core/arguments';
import {
  type Distances,
  isTriplets,
  type Pairs,
  type Relation,
  type RelationOptions,
  type Similarities,
  type Triplets,
} from '@ndgrad/losses';
import { type ColumnLists, readCandidates } from './candidates.js';

/** Options of {@link pairsOfTriplets}. */
export interface PairOptions {
  /**
   * Whether (i, j) and (j, i) are one pair, kept as the one with the lower row. Say so only where rows and columns are
   * the same items and the matrix is symmetric. Default `false`.
   */
  readonly unordered?: boolean;
}

/** Options of {@link allPairs}. */
export interface AllPairsOptions extends PairOptions, RelationOptions {}

/**
 * The distinct pairs that triplets are made of: each anchor with its positives and with its negatives, once.
 *
 * For pair losses on mined data. A pair that stands in many triplets counts once here; `pairsFromTriplets` of
 * `@ndgrad/losses` lets it count as often as it was chosen. Empty slots are passed over.
 *
 * @param list - triplets, mined or made by `triplets`.
 * @param options - `unordered`: see {@link PairOptions}.
 * @returns the pairs, in rising order of row, then column, with the triplets' metric.
 * @throws DataError for a pair that is positive in one triplet and negative in another; ArgumentError if `list` is not
 *   triplets.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { euclideanDistances } from '@ndgrad/losses';
 * import { allTriplets, pairsOfTriplets } from '@ndgrad/mining';
 *
 * const mined = allTriplets(euclideanDistances(tensor([[0], [1], [4], [5]])), [7, 7, 8, 9]);
 * const { anchors, others, same } = pairsOfTriplets(mined, { unordered: true });
 * anchors.toArray() // => [0, 0, 0, 1, 1]
 * others.toArray() // => [1, 2, 3, 2, 3]
 * same.toArray() // => [true, false, false, false, false]
 * ```
 */
export function pairsOfTriplets(list: Triplets, options: PairOptions = {}): Pairs {
  const where = 'pairsOfTriplets';
  if (!isTriplets(list)) {
    throw new ArgumentError({ where, argument: 'list', must: 'be triplets', got: describeValue(list) });
  }
  checkOptions(where, options, ['unordered'] as const);
  requireRunning(
    where,
    'how many distinct pairs there are depends on values, which are not known while a step is captured',
    'pairsFromTriplets of @ndgrad/losses keeps two pairs per triplet, with the mask',
  );
  const anchors = list.anchors.toTypedArray();
  const positives = list.positives.toTypedArray();
  const negatives = list.negatives.toTypedArray();
  const mask = list.mask?.toTypedArray();
  const { unordered = false } = options;
  let width = 1;
  for (let t = 0; t < anchors.length; t++) {
    width = Math.max(width, positives[t] + 1, negatives[t] + 1, unordered ? anchors[t] + 1 : 1);
  }
  // One number per pair, below 2 · rows · columns: exact for any matrix that fits in memory.
  const keys = new Float64Array(2 * anchors.length);
  let count = 0;
  const note = (i: number, j: number, same: number): void => {
    const [row, column] = unordered && i > j ? [j, i] : [i, j];
    keys[count++] = (row * width + column) * 2 + same;
  };
  for (let t = 0; t < anchors.length; t++) {
    if (mask !== undefined && mask[t] === 0) continue;
    note(anchors[t], positives[t], 1);
    note(anchors[t], negatives[t], 0);
  }
  const distinct = keys
    .subarray(0, count)
    .sort()
    .filter((key, k, sorted) => k === 0 || key !== sorted[k - 1]);
  const rows = new Int32Array(distinct.length);
  const columns = new Int32Array(distinct.length);
  const same = new Uint8Array(distinct.length);
  for (let k = 0; k < distinct.length; k++) {
    const pair = Math.floor(distinct[k] / 2);
    same[k] = distinct[k] % 2;
    rows[k] = Math.floor(pair / width);
    columns[k] = pair % width;
    if (k > 0 && rows[k] === rows[k - 1] && columns[k] === columns[k - 1]) {
      throw new DataError({
        where,
        problem: `items ${rows[k]} and ${columns[k]} are a positive pair in one triplet and a negative one in another`,
        hint: 'such triplets grade nearness; a pair loss wants a yes or no',
      });
    }
  }
  return listOfPairs(rows, columns, same, list.metric);
}

/**
 * Every pair that the relation knows of, same or different; an item with itself is none.
 *
 * @param d - distances or similarities `[n, m]`: says how many items there are, whether rows and columns are the same
 *   ones, and in which geometry. Its values play no part, but NaN among the pairs is refused, as by all miners.
 * @param relation - labels `[n]`, or any other {@link Relation}.
 * @param options - `unordered`: see {@link PairOptions}; `referenceLabels`: labels of the columns.
 * @returns the pairs, in rising order of row, then column.
 * @throws NumericError for a NaN among the pairs; DataError if `unordered` and the relation is not symmetric; and what
 *   `relationMasks` throws for a relation that does not fit.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { euclideanDistances } from '@ndgrad/losses';
 * import { allPairs } from '@ndgrad/mining';
 *
 * const { anchors, others, same } = allPairs(euclideanDistances(tensor([[0], [1], [4]])), [7, 7, 8], { unordered: true });
 * anchors.toArray() // => [0, 0, 1]
 * others.toArray() // => [1, 2, 2]
 * same.toArray() // => [true, false, false]
 * ```
 */
export function allPairs(
  d: Distances | Similarities,
  relation: Relation,
  options: AllPairsOptions = {},
): Pairs {
  const where = 'allPairs';
  checkOptions(where, options, ['unordered', 'referenceLabels'] as const);
  const candidates = readCandidates(
    where,
    d,
    relation,
    options,
    'give the relation itself to the loss, contrastiveLossFromDistances(d, labels): it takes every pair without a list; batchHardTriplets with pairsFromTriplets chooses two per row',
  );
  const { rows, columns, positives, negatives, metric } = candidates;
  const known = new Uint8Array(rows * columns);
  mark(known, columns, positives, POSITIVE);
  mark(known, columns, negatives, NEGATIVE);
  if (options.unordered === true) {
    if (!candidates.selfPaired) {
      throw new ArgumentError({
        where,
        argument: 'unordered',
        must: 'be false where rows and columns are different items',
        got: 'true',
      });
    }
    mergeOrders(where, known, rows);
  }
  const count = known.reduce((sum, kind) => sum + (kind === 0 ? 0 : 1), 0);
  const left = new Int32Array(count);
  const right = new Int32Array(count);
  const same = new Uint8Array(count);
  let k = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const kind = known[i * columns + j];
      if (kind === 0) continue;
      left[k] = i;
      right[k] = j;
      same[k] = kind === POSITIVE ? 1 : 0;
      k++;
    }
  }
  return listOfPairs(left, right, same, metric);
}

const POSITIVE = 1;
const NEGATIVE = 2;

function mark(known: Uint8Array, columns: number, lists: ColumnLists, kind: number): void {
  for (let i = 0; i + 1 < lists.starts.length; i++) {
    for (let k = lists.starts[i]; k < lists.starts[i + 1]; k++) known[i * columns + lists.columns[k]] = kind;
  }
}

/** Moves what is known below the diagonal to above it. */
function mergeOrders(where: string, known: Uint8Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const above = known[i * n + j];
      const below = known[j * n + i];
      if (above !== 0 && below !== 0 && above !== below) {
        throw new DataError({
          where,
          problem: `items ${i} and ${j} belong together in one order and not in the other`,
          hint: 'leave out unordered for a relation that is not symmetric',
        });
      }
      known[i * n + j] = above | below;
      known[j * n + i] = 0;
    }
  }
}

function listOfPairs(
  anchors: Int32Array,
  others: Int32Array,
  same: Uint8Array,
  metric: string | undefined,
): Pairs {
  return {
    kind: 'pairs',
    anchors: tensor(anchors),
    others: tensor(others),
    same: tensor(same, { dtype: 'bool' }),
    ...(metric !== undefined && { metric }),
  };
}
