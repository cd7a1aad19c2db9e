/** @file The result of a miner: triplets that know their geometry and, when asked, how they were come by. */
import { arange, CaptureError, where as choose, ge, logicalAnd, type Tensor, tensor } from '@ndgrad/core';
import { checkNumber, isTracing } from '@ndgrad/core/arguments';
import type { RelationOptions, Triplets } from '@ndgrad/losses';
import { type Candidates, candidatesOf, type Field } from './candidates.js';
import { diagnose, type EmptyReason, type Selection, type TripletDiagnostics } from './diagnostics.js';

/** Triplets chosen by a miner. A loss takes them as they are. */
export interface MinedTriplets extends Triplets {
  /** The geometry in which they were chosen; a loss refuses a matrix of another. */
  readonly metric: string;
  /**
   * What there was to choose from and what was chosen. Counted when first read, from a copy of the matrix. Of a captured
   * step CaptureError says that nothing is counted there.
   */
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

/**
 * Triplets of one slot per row; a negative index in `positives` or `negatives`, int32 `[n]`, marks an empty slot. Runs
 * under `noGrad`.
 */
export function minedTripletsPerAnchor(
  where: string,
  field: Field,
  positives: Tensor,
  negatives: Tensor,
  margin: number,
  noneChosen: EmptyReason,
): MinedTripletsPerAnchor {
  const { matrix, metric } = field;
  const mask = logicalAnd(ge(positives, 0), ge(negatives, 0));
  const padded = (x: Tensor): Tensor => choose(mask, x, 0);
  const triplets = {
    kind: 'triplets',
    anchors: padded(arange(matrix.shape[0] ?? 0, undefined, 1, { dtype: 'int32' })),
    positives: padded(positives),
    negatives: padded(negatives),
    mask,
    metric,
  } as const;
  if (isTracing()) return { ...triplets, diagnostics: new UncountedDiagnostics(where) };
  // Copies: what is written into the matrix later, or freed with a scope, changes no diagnostics.
  const [values, same, different, p, n] = [
    matrix,
    field.positives,
    field.negatives,
    positives,
    negatives,
  ].map((t) => t.toTypedArray());
  return withDiagnostics(triplets, () => {
    const candidates = candidatesOf(field, values, same, different);
    const filled = Int32Array.from(p.keys()).filter((a) => p[a] >= 0 && n[a] >= 0);
    const selection = {
      anchors: filled,
      positives: filled.map((a) => p[a]),
      negatives: filled.map((a) => n[a]),
    };
    return diagnose(candidates, selection, margin, noneChosen);
  });
}

/** Stands for diagnostics in a captured step, which keeps no copy of a matrix that is gone with the replay. */
class UncountedDiagnostics implements TripletDiagnostics {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  get margin(): never {
    throw this.#refusal();
  }

  get valid(): never {
    throw this.#refusal();
  }

  get selected(): never {
    throw this.#refusal();
  }

  get anchors(): never {
    throw this.#refusal();
  }

  get anchorsWithoutPositives(): never {
    throw this.#refusal();
  }

  get anchorsWithoutNegatives(): never {
    throw this.#refusal();
  }

  get emptyReason(): never {
    throw this.#refusal();
  }

  #refusal(): CaptureError {
    return new CaptureError({
      where: this.#where,
      problem: 'a captured step counts no diagnostics',
      hint: 'return the embeddings or the matrix from the step and mine them again outside',
    });
  }
}

function withDiagnostics<T extends object>(
  triplets: T,
  count: () => TripletDiagnostics,
): T & { readonly diagnostics: TripletDiagnostics } {
  // Dropped once used: with it go the matrix and the lists.
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
