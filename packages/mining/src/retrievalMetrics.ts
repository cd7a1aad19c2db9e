import { ArgumentError, noGrad, ShapeError, slice, type Tensor } from '@ndgrad/core';
import {
  checkFloat,
  checkOptions,
  checkRank,
  describeValue,
  formatShape,
  requireRunning,
} from '@ndgrad/core/arguments';
import {
  type Distances,
  euclideanDistances,
  geometryKind,
  hasGeometry,
  isSelfPaired,
  type Labels,
  labelTensor,
  type Similarities,
} from '@ndgrad/losses';
import { nearness, refusalOfNaN } from './candidates.js';
import { countBelow } from './countBelow.js';

/** Options of {@link retrievalMetrics}. */
export interface RetrievalOptions {
  /** Embeddings `[m, d]` of what is searched, for queries given as embeddings. Default: the queries themselves. */
  readonly references?: Tensor;
  /** Labels `[m]` of what is searched. Default: the queries' labels. */
  readonly referenceLabels?: Labels;
  /** How far apart embeddings are. Default `euclideanDistances`. */
  readonly distance?: (queries: Tensor, references: Tensor) => Distances | Similarities;
}

/** How well the nearest items are of the query's class; each a mean over the queries, from 0 to 1. */
export interface RetrievalMetrics {
  /** Share of queries whose nearest item is of their class. */
  readonly precisionAt1: number;
  /** Mean share of the query's class among its R nearest, R the number of items of its class. */
  readonly rPrecision: number;
  /** Mean average precision at R, R as above. */
  readonly mapAtR: number;
  /** How many queries the means are over. */
  readonly queries: number;
  /** How many queries were left out because nothing else is of their class. */
  readonly excluded: number;
}

/**
 * Precision@1, R-precision and MAP@R: how well nearest neighbours keep to their class.
 *
 *     R = number of references of the query's class, the query itself not among them
 *     P@i = share of the query's class among its i nearest references
 *     precision@1 = P@1,   R-precision = P@R,   MAP@R = (1/R) Σ over i = 1…R with the i-th nearest relevant of P@i
 *
 * each averaged over the queries. MAP@R rewards order as well as presence; all three are 1 exactly if the R nearest are
 * of the query's class for every query. The query itself is removed by its index, so exact duplicates stay. Ties go to
 * the lowest index. A query with R = 0 is left out and counted in `excluded`; where all are, the three are 0.
 *
 * @param x - embeddings `[n, d]`, compared by `options.distance`; or distances or similarities `[n, m]` of queries to
 *   references, where a self-paired matrix means that the queries search among themselves.
 * @param labels - of the queries, `[n]`.
 * @param options - see {@link RetrievalOptions}.
 * @throws ShapeError for labels that do not fit; NumericError for a NaN distance, naming row and column; ArgumentError for
 *   `references` or `distance` beside a matrix, or references without labels.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { retrievalMetrics } from '@ndgrad/mining';
 *
 * const { precisionAt1, rPrecision, mapAtR, excluded } = retrievalMetrics(tensor([[0], [2], [3], [7], [99]]), [7, 7, 8, 7, 9]);
 * precisionAt1 // => 0.3333333333333333
 * rPrecision // => 0.5
 * mapAtR // => 0.3333333333333333
 * excluded // => 2
 * ```
 *
 * @see Musgrave, Belongie, Lim, "A Metric Learning Reality Check", ECCV 2020, §3.2.
 */
export function retrievalMetrics(
  x: Tensor | Distances | Similarities,
  labels: Labels,
  options: RetrievalOptions = {},
): RetrievalMetrics {
  checkOptions(WHERE, options, ['references', 'referenceLabels', 'distance'] as const);
  requireRunning(
    WHERE,
    'its results are numbers, which are not known while a step is captured',
    'return the embeddings from the step and measure them outside',
  );
  const search = hasGeometry(x) ? searchOfMatrix(x, options) : searchOfEmbeddings(x, options);
  const queryLabels = labelsOf('labels', labels, search.queries, 'query');
  if (options.referenceLabels === undefined && !search.selfPaired) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'referenceLabels',
      must: 'be given where the references are other items than the queries',
      got: 'none',
    });
  }
  const referenceLabels =
    options.referenceLabels === undefined
      ? queryLabels
      : labelsOf('referenceLabels', options.referenceLabels, search.references, 'reference');
  const totals = { precisionAt1: 0, rPrecision: 0, mapAtR: 0, queries: 0, excluded: 0 };
  const ranker = new Ranker(referenceLabels);
  noGrad(() => {
    for (let start = 0; start < search.queries; start += search.block) {
      const stop = Math.min(start + search.block, search.queries);
      const values = search.rows(start, stop);
      for (let q = start; q < stop; q++) {
        const offset = (q - start) * search.references;
        const row = values.subarray(offset, offset + search.references);
        ranker.add(totals, row, q, queryLabels[q], search.selfPaired);
      }
    }
  });
  const { queries, excluded } = totals;
  const mean = (sum: number): number => (queries === 0 ? 0 : sum / queries);
  return {
    precisionAt1: mean(totals.precisionAt1),
    rPrecision: mean(totals.rPrecision),
    mapAtR: mean(totals.mapAtR),
    queries,
    excluded,
  };
}

const WHERE = 'retrievalMetrics';
/** Distances of embeddings are made for so many pairs at a time: 4 MiB of float32. */
const BLOCK = 2 ** 20;

interface Search {
  readonly queries: number;
  readonly references: number;
  readonly selfPaired: boolean;
  /** How many queries to ask at a time. */
  readonly block: number;
  /** Distances of the queries from `start` up to `stop`, smaller nearer. */
  readonly rows: (start: number, stop: number) => Float32Array | Float64Array;
}

function searchOfMatrix(matrix: Distances | Similarities, options: RetrievalOptions): Search {
  for (const key of ['references', 'distance'] as const) {
    if (options[key] === undefined) continue;
    throw new ArgumentError({
      where: WHERE,
      argument: key,
      must: 'be left out where x is a matrix of distances or similarities',
      got: describeValue(options[key]),
    });
  }
  const [queries, references] = matrix.shape;
  return {
    queries,
    references,
    selfPaired: isSelfPaired(matrix),
    block: Math.max(1, queries),
    rows: () => nearness(matrix, geometryKind(WHERE, 'x', matrix) === 'similarities'),
  };
}

function searchOfEmbeddings(x: Tensor, options: RetrievalOptions): Search {
  checkFloat(WHERE, 'x', x);
  checkRank(WHERE, 'x', x, 2, 'embeddings [n, d], or a matrix of distances or similarities');
  const { references: others = x, distance = euclideanDistances } = options;
  checkFloat(WHERE, 'references', others);
  checkRank(WHERE, 'references', others, 2, 'embeddings [m, d]');
  if (typeof distance !== 'function') {
    throw new ArgumentError({
      where: WHERE,
      argument: 'distance',
      must: 'be a function of two matrices, such as euclideanDistances',
      got: describeValue(distance),
    });
  }
  const [queries] = x.shape;
  const [references] = others.shape;
  return {
    queries,
    references,
    selfPaired: others === x,
    block: Math.max(1, Math.floor(BLOCK / Math.max(1, references))),
    rows: (start, stop) => {
      const matrix = distance(slice(x, [start, stop]), others);
      const negated = geometryKind(WHERE, 'the result of distance', matrix) === 'similarities';
      if (matrix.shape[0] !== stop - start || matrix.shape[1] !== references) {
        throw new ShapeError({
          where: WHERE,
          argument: 'the result of distance',
          must: `be ${formatShape([stop - start, references])}`,
          got: formatShape(matrix.shape),
        });
      }
      return nearness(matrix, negated);
    },
  };
}

function labelsOf(argument: string, labels: Labels, count: number, of: string): Int32Array {
  const values = labelTensor(WHERE, argument, labels).toTypedArray() as Int32Array;
  if (values.length === count) return values;
  throw new ShapeError({
    where: WHERE,
    argument,
    must: `have one entry per ${of}, [${count}]`,
    got: `[${values.length}]`,
  });
}

/** Ranks the references of one query after another, without sorting more than numbers. */
class Ranker {
  readonly #labels: Int32Array;
  readonly #sorted: Float64Array;
  readonly #level: Int32Array;
  readonly #ranks: Int32Array;

  constructor(labels: Int32Array) {
    this.#labels = labels;
    this.#sorted = new Float64Array(labels.length);
    this.#level = new Int32Array(labels.length);
    this.#ranks = new Int32Array(labels.length);
  }

  /** Adds one query's precisions to the totals. */
  add(
    totals: { -readonly [K in keyof RetrievalMetrics]: number },
    row: Float32Array | Float64Array,
    query: number,
    label: number,
    selfPaired: boolean,
  ): void {
    const ranks = this.#ranksOfRelevant(row, query, label, selfPaired);
    const relevant = ranks.length;
    if (relevant === 0) {
      totals.excluded++;
      return;
    }
    let found = 0;
    let precisions = 0;
    for (; found < relevant && ranks[found] < relevant; found++)
      precisions += (found + 1) / (ranks[found] + 1);
    totals.queries++;
    if (ranks[0] === 0) totals.precisionAt1++;
    totals.rPrecision += found / relevant;
    totals.mapAtR += precisions / relevant;
  }

  /** The positions, from 0 and rising, of the relevant references in the order of distance, then index. */
  #ranksOfRelevant(
    row: Float32Array | Float64Array,
    query: number,
    label: number,
    selfPaired: boolean,
  ): Int32Array {
    const labels = this.#labels;
    const sorted = this.#sorted;
    let count = 0;
    for (let j = 0; j < row.length; j++) {
      if (selfPaired && j === query) continue;
      if (Number.isNaN(row[j])) throw refusalOfNaN(WHERE, query, j);
      sorted[count++] = row[j];
    }
    sorted.subarray(0, count).sort();
    let tied = false;
    for (let k = 1; k < count && !tied; k++) tied = sorted[k] === sorted[k - 1];

    // level[k]: how many of the references whose distance starts at rank k were met; those with lower index come first.
    const level = this.#level;
    level.fill(0, 0, count);
    let found = 0;
    for (let j = 0; j < row.length; j++) {
      const relevant = labels[j] === label;
      if ((selfPaired && j === query) || !(relevant || tied)) continue;
      const rank = countBelow(sorted, count, row[j]);
      if (relevant) this.#ranks[found++] = rank + level[rank];
      level[rank]++;
    }
    return this.#ranks.subarray(0, found).sort();
  }
}
