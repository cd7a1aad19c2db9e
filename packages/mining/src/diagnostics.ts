/** @file What a miner had to choose from and what it chose, counted when somebody asks. */
import type { Candidates } from './candidates.js';
import { countBelow, countBeyond, countFrom } from './countBelow.js';

/**
 * How a set of triplets divides, with gap = d_an − d_ap (s_ap − s_an for similarities):
 * hard gap ≤ 0 · semi-hard 0 < gap ≤ margin · easy gap > margin. The bounds are those of pytorch-metric-learning.
 */
export interface TripletCounts {
  readonly total: number;
  readonly easy: number;
  readonly semiHard: number;
  readonly hard: number;
  /** `easy / total`; 0 where there is no triplet. */
  readonly easyFraction: number;
  /** `semiHard / total`; 0 where there is no triplet. */
  readonly semiHardFraction: number;
  /** `hard / total`; 0 where there is no triplet. */
  readonly hardFraction: number;
  /** How many have gap < margin, so that the hinge of a triplet loss with this margin is above 0. */
  readonly active: number;
  /** `active / total`; 0 where there is no triplet. */
  readonly activeFraction: number;
  /** Mean over the triplets of the matrix's entry for anchor and positive; undefined where there is no triplet. */
  readonly meanPositive: number | undefined;
  /** Mean over the triplets of the matrix's entry for anchor and negative; undefined where there is no triplet. */
  readonly meanNegative: number | undefined;
}

/** Why a miner chose nothing. Where no anchor has a partner, batches of several classes with several items each help: PKSampler. */
export type EmptyReason =
  | 'the batch is empty'
  | 'no anchor has a positive'
  | 'the batch has one class'
  | 'no anchor has a negative'
  | 'no anchor has both a positive and a negative'
  | 'no triplet within the margin'
  | 'no negative is farther than its positive';

/** What a miner had to choose from and what it chose. */
export interface TripletDiagnostics {
  /** The margin by which semi-hard and easy are told apart here, in units of the matrix. */
  readonly margin: number;
  /** All triplets that the relation allows in this batch. */
  readonly valid: TripletCounts;
  /** Those that the miner chose. */
  readonly selected: TripletCounts;
  /** Rows of the matrix. */
  readonly anchors: number;
  readonly anchorsWithoutPositives: number;
  readonly anchorsWithoutNegatives: number;
  /** Why nothing was chosen; undefined where something was. */
  readonly emptyReason: EmptyReason | undefined;
}

/** The chosen triplets as plain indices, without empty slots. */
export interface Selection {
  readonly anchors: Int32Array;
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
}

/** Counts everything; `noneChosen` is the reason to give where there was something to choose from. */
export function diagnose(
  candidates: Candidates,
  selection: Selection,
  margin: number,
  noneChosen: EmptyReason,
): TripletDiagnostics {
  const { rows } = candidates;
  const valid = validCounts(candidates, margin);
  const anchorsWithoutPositives = emptyRows(candidates.positives.starts);
  const anchorsWithoutNegatives = emptyRows(candidates.negatives.starts);
  return {
    margin,
    valid,
    selected: selectedCounts(candidates, selection, margin),
    anchors: rows,
    anchorsWithoutPositives,
    anchorsWithoutNegatives,
    emptyReason:
      selection.anchors.length > 0
        ? undefined
        : valid.total > 0
          ? noneChosen
          : nothingToChoose(candidates, anchorsWithoutPositives, anchorsWithoutNegatives),
  };
}

/** The number of triplets that the relation allows: Σ over anchors of positives × negatives. */
export function validTotal({ rows, positives, negatives }: Candidates): number {
  let total = 0;
  for (let a = 0; a < rows; a++) {
    total +=
      (positives.starts[a + 1] - positives.starts[a]) * (negatives.starts[a + 1] - negatives.starts[a]);
  }
  return total;
}

/**
 * Counts over all valid triplets without visiting them: one search per negative among the anchor's sorted positives,
 * O(n² log n) for n² · n triplets.
 */
export function validCounts(candidates: Candidates, margin: number): TripletCounts {
  const { rows, columns, values, positives, negatives } = candidates;
  const sorted = new Float64Array(columns);
  const tally = new Tally(candidates.negated);
  for (let a = 0; a < rows; a++) {
    const count = sortedEntries(candidates, a, sorted);
    const first = negatives.starts[a];
    const last = negatives.starts[a + 1];
    if (count === 0 || first === last) continue;
    let negativeSum = 0;
    for (let k = first; k < last; k++) {
      const value = values[a * columns + negatives.columns[k]];
      negativeSum += value;
      const nearer = countBelow(sorted, count, value);
      const easy = countBeyond(sorted, count, value, margin);
      tally.hard += count - nearer;
      tally.easy += easy;
      tally.semiHard += nearer - easy;
      tally.active += count - countFrom(sorted, count, value, margin);
    }
    let positiveSum = 0;
    for (let k = positives.starts[a]; k < positives.starts[a + 1]; k++) {
      positiveSum += values[a * columns + positives.columns[k]];
    }
    tally.positiveSum += positiveSum * (last - first);
    tally.negativeSum += negativeSum * count;
  }
  return tally.counts();
}

/** Writes the entries of the positives of `row`, rising, to the front of `into`; returns how many there are. */
export function sortedEntries(
  { columns, values, positives: { starts, columns: listed } }: Candidates,
  row: number,
  into: Float64Array,
): number {
  const first = starts[row];
  const count = starts[row + 1] - first;
  for (let k = 0; k < count; k++) into[k] = values[row * columns + listed[first + k]];
  into.subarray(0, count).sort();
  return count;
}

function selectedCounts(
  { columns, values, negated }: Candidates,
  selection: Selection,
  margin: number,
): TripletCounts {
  const tally = new Tally(negated);
  for (let t = 0; t < selection.anchors.length; t++) {
    const row = selection.anchors[t] * columns;
    const near = values[row + selection.positives[t]];
    const far = values[row + selection.negatives[t]];
    if (far <= near) tally.hard++;
    else if (far - near > margin) tally.easy++;
    else tally.semiHard++;
    if (!(far - near >= margin)) tally.active++;
    tally.positiveSum += near;
    tally.negativeSum += far;
  }
  return tally.counts();
}

class Tally {
  easy = 0;
  semiHard = 0;
  hard = 0;
  active = 0;
  positiveSum = 0;
  negativeSum = 0;
  readonly #sign: number;

  constructor(negated: boolean) {
    this.#sign = negated ? -1 : 1;
  }

  counts(): TripletCounts {
    const { easy, semiHard, hard, active } = this;
    const total = easy + semiHard + hard;
    const share = (count: number): number => (total === 0 ? 0 : count / total);
    const mean = (sum: number): number | undefined => (total === 0 ? undefined : (this.#sign * sum) / total);
    return {
      total,
      easy,
      semiHard,
      hard,
      easyFraction: share(easy),
      semiHardFraction: share(semiHard),
      hardFraction: share(hard),
      active,
      activeFraction: share(active),
      meanPositive: mean(this.positiveSum),
      meanNegative: mean(this.negativeSum),
    };
  }
}

function emptyRows(starts: Int32Array): number {
  let count = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    if (starts[i] === starts[i + 1]) count++;
  }
  return count;
}

function nothingToChoose(
  { rows, columns, selfPaired, positives }: Candidates,
  withoutPositives: number,
  withoutNegatives: number,
): EmptyReason {
  if (rows === 0 || columns === 0) return 'the batch is empty';
  if (withoutPositives === rows) return 'no anchor has a positive';
  if (withoutNegatives < rows) return 'no anchor has both a positive and a negative';
  const pairs = rows * (selfPaired ? columns - 1 : columns);
  return positives.columns.length === pairs ? 'the batch has one class' : 'no anchor has a negative';
}
