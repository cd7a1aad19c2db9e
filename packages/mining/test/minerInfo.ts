/**
 * @file One row per miner and policy: how to call it, and the same written as its definition reads. The type checker
 * joins the rows with the package: a miner, a policy or a fallback without a row does not compile.
 */
import type { Distances, Similarities } from '@ndgrad/losses';
import type {
  MinedTriplets,
  MiningOptions,
  Relation,
  SemiHardFallback,
  SemiHardOptions,
} from '@ndgrad/mining';
import * as mining from '@ndgrad/mining';
import { type Batch, everyTriple, type Triple } from './batches.js';

export interface MinerInfo {
  readonly mine: (d: Distances | Similarities, relation: Relation, options?: MiningOptions) => MinedTriplets;
  /** The chosen triples in order, from nested numbers. */
  readonly oracle: (batch: Batch, margin: number) => Triple[];
  /** Whether there is one slot per row, with a mask. */
  readonly perAnchor: boolean;
  /** What `emptyReason` says where triplets exist and none is chosen; undefined where that cannot be. */
  readonly noneChosen: string | undefined;
}

type Miner<K extends keyof typeof mining> = (typeof mining)[K] extends (...args: never[]) => MinedTriplets
  ? K
  : never;
type MinerName = { [K in keyof typeof mining]: Miner<K> }[keyof typeof mining];
type Policy = NonNullable<SemiHardOptions['policy']>;
type PerAnchorVariant = `${NonNullable<SemiHardOptions['positive']>}, ${SemiHardFallback}`;

const noneBeyond = 'no negative is farther than its positive';

/** First of a list by rising key, the earlier index where keys are equal. */
function first(columns: readonly number[], key: (column: number) => number): number | undefined {
  return [...columns].sort((i, j) => key(i) - key(j) || i - j)[0];
}

function positivesOf({ same }: Batch, a: number): number[] {
  return same[a].flatMap((known, j) => (known === true ? [j] : []));
}

function negativesOf({ same }: Batch, a: number): number[] {
  return same[a].flatMap((known, j) => (known === false ? [j] : []));
}

/** The semi-hard negative of a pair by the meanings without a margin. */
function beyond(batch: Batch, a: number, p: number, fallback: SemiHardFallback): number | undefined {
  const row = batch.d[a];
  const all = negativesOf(batch, a);
  const farther = first(
    all.filter((n) => row[n] > row[p]),
    (n) => row[n],
  );
  if (farther !== undefined || fallback === 'none') return farther;
  return fallback === 'farthest' ? first(all, (n) => -row[n]) : first(all, (n) => row[n]);
}

function semiHardSet(): MinerInfo {
  return {
    mine: (d, relation, options) => mining.semiHardTriplets(d, relation, options),
    oracle: (batch, margin) =>
      everyTriple(batch).filter(([a, p, n]) => {
        const gap = batch.d[a][n] - batch.d[a][p];
        return gap > 0 && gap <= margin;
      }),
    perAnchor: false,
    noneChosen: 'no triplet within the margin',
  };
}

function semiHardPerPair(fallback: SemiHardFallback): MinerInfo {
  return {
    mine: (d, relation, options) =>
      mining.semiHardTriplets(d, relation, { ...options, policy: 'perPair', fallback }),
    oracle: (batch) =>
      batch.same.flatMap((_, a) =>
        positivesOf(batch, a).flatMap((p): Triple[] => {
          const n = beyond(batch, a, p, fallback);
          return n === undefined ? [] : [[a, p, n]];
        }),
      ),
    perAnchor: false,
    noneChosen: fallback === 'none' ? noneBeyond : undefined,
  };
}

function semiHardPerAnchor(positive: 'farthest' | 'nearest', fallback: SemiHardFallback): MinerInfo {
  return {
    mine: (d, relation, options) =>
      mining.semiHardTriplets(d, relation, { ...options, policy: 'perAnchor', positive, fallback }),
    oracle: (batch) =>
      batch.d.flatMap((row, a): Triple[] => {
        const p = first(positivesOf(batch, a), (j) => (positive === 'farthest' ? -row[j] : row[j]));
        if (p === undefined) return [];
        const n = beyond(batch, a, p, fallback);
        return n === undefined ? [] : [[a, p, n]];
      }),
    perAnchor: true,
    noneChosen: fallback === 'none' ? noneBeyond : undefined,
  };
}

const perPair = {
  none: semiHardPerPair('none'),
  farthest: semiHardPerPair('farthest'),
  hardest: semiHardPerPair('hardest'),
} satisfies Record<SemiHardFallback, MinerInfo>;

const perAnchor = {
  'farthest, none': semiHardPerAnchor('farthest', 'none'),
  'farthest, farthest': semiHardPerAnchor('farthest', 'farthest'),
  'farthest, hardest': semiHardPerAnchor('farthest', 'hardest'),
  'nearest, none': semiHardPerAnchor('nearest', 'none'),
  'nearest, farthest': semiHardPerAnchor('nearest', 'farthest'),
  'nearest, hardest': semiHardPerAnchor('nearest', 'hardest'),
} satisfies Record<PerAnchorVariant, MinerInfo>;

const minerInfo = {
  allTriplets: {
    all: {
      mine: mining.allTriplets,
      oracle: everyTriple,
      perAnchor: false,
      noneChosen: undefined,
    },
  },
  batchHardTriplets: {
    all: {
      mine: mining.batchHardTriplets,
      oracle: (batch) =>
        batch.d.flatMap((row, a): Triple[] => {
          const p = first(positivesOf(batch, a), (j) => -row[j]);
          const n = first(negativesOf(batch, a), (j) => row[j]);
          return p === undefined || n === undefined ? [] : [[a, p, n]];
        }),
      perAnchor: true,
      noneChosen: undefined,
    },
  },
  semiHardTriplets: { set: { all: semiHardSet() }, perPair, perAnchor } satisfies Record<
    Policy,
    Record<string, MinerInfo>
  >,
} satisfies Record<MinerName, Record<string, MinerInfo | Record<string, MinerInfo>>>;

/** All rows, by a name for test titles. */
export const minerRows: readonly (readonly [string, MinerInfo])[] = Object.entries(minerInfo).flatMap(
  ([name, variants]) => rowsOf(name, variants),
);

function rowsOf(name: string, row: object): (readonly [string, MinerInfo])[] {
  if (isRow(row)) return [[name, row]];
  return Object.entries(row).flatMap(([variant, inner]: [string, object]) =>
    rowsOf(variant === 'all' ? name : `${name}, ${variant}`, inner),
  );
}

function isRow(row: object): row is MinerInfo {
  return 'mine' in row;
}
