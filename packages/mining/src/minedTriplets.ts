/** @file The result of a miner: triplets that know their geometry and, when asked, how they were come by. */
import { type Tensor, tensor } from '@ndgrad/core';
import { checkNumber } from '@ndgrad/core/arguments';
import type { RelationOptions, Triplets } from '@ndgrad/losses';
import type { Candidates } from './candidates.js';
import { diagnose, type EmptyReason, type Selection, type TripletDiagnostics } from './diagnostics.js';

/** Triplets chosen by a miner. A loss takes them as they are. */
export interface MinedTriplets extends Triplets {
  /** The geometry in which they were chosen; a loss refuses a matrix of another. */
  readonly metric: string;
  /** What there was to choose from and what was chosen. Counted when first read, from a copy of the matrix. */
  readonly diagnostics: TripletDiagnostics;
}

/** One slot per row of the matrix, in the order of the rows. Where `mask` is false the slot is empty and its indices are 0. */
export interface MinedTripletsPerAnchor extends MinedTriplets {
  /** bool `[n]`. */
  readonly mask: Tensor;
}

/** Options that all miners share. */
export interface MiningOptions extends RelationOptions {
  /**
   * Where semi-hard ends and easy begins, in units of the matrix; at least 0, may be Infinity. Default 0.2, as
   * `tripletLoss`: give both the same.
   */
  readonly margin?: number;
}

/** The margin, checked. */
export function marginOf(where: string, options: MiningOptions): number {
  return checkNumber(where, 'margin', options.margin ?? 0.2, { min: 0, finite: false });
}

/** Triplets of which there are as many as were found. */
export function minedTriplets(
  candidates: Candidates,
  { anchors, positives, negatives }: Selection,
  margin: number,
  noneChosen: EmptyReason,
): MinedTriplets {
  return withDiagnostics(
    {
      kind: 'triplets',
      anchors: tensor(anchors),
      positives: tensor(positives),
      negatives: tensor(negatives),
      metric: candidates.metric,
    },
    () => diagnose(candidates, { anchors, positives, negatives }, margin, noneChosen),
  );
}

/** Triplets of one slot per row; a negative index in `positives` or `negatives` marks an empty slot. */
export function minedTripletsPerAnchor(
  candidates: Candidates,
  positives: Int32Array,
  negatives: Int32Array,
  margin: number,
  noneChosen: EmptyReason,
): MinedTripletsPerAnchor {
  const { rows, metric } = candidates;
  const mask = new Uint8Array(rows);
  for (let a = 0; a < rows; a++) mask[a] = positives[a] >= 0 && negatives[a] >= 0 ? 1 : 0;
  const filled = (x: Int32Array): Int32Array => x.filter((_, a) => mask[a] !== 0);
  const padded = (x: Int32Array): Tensor => tensor(x.map((value, a) => (mask[a] !== 0 ? value : 0)));
  const anchors = Int32Array.from(mask, (_, a) => a);
  return withDiagnostics(
    {
      kind: 'triplets',
      anchors: padded(anchors),
      positives: padded(positives),
      negatives: padded(negatives),
      mask: tensor(mask, { dtype: 'bool' }),
      metric,
    },
    () =>
      diagnose(
        candidates,
        { anchors: filled(anchors), positives: filled(positives), negatives: filled(negatives) },
        margin,
        noneChosen,
      ),
  );
}

function withDiagnostics<T extends object>(
  triplets: T,
  count: () => TripletDiagnostics,
): T & { readonly diagnostics: TripletDiagnostics } {
  // Dropped once used: with it go the copy of the matrix and the lists.
  let pending: (() => TripletDiagnostics) | undefined = count;
  let counted: TripletDiagnostics | undefined;
  return Object.defineProperty(triplets, 'diagnostics', {
    enumerable: true,
    get(): TripletDiagnostics | undefined {
      if (pending !== undefined) {
        counted = pending();
        pending = undefined;
      }
      return counted;
    },
  }) as T & { readonly diagnostics: TripletDiagnostics };
}
