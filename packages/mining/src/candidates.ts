/**
 * @file What every miner chooses from: the matrix as packed numbers of which smaller is nearer, and for each row the
 * columns known to belong with it and those known not to.
 */
import { NumericError, noGrad, type Tensor } from '@ndgrad/core';
import {
  type Distances,
  geometryKind,
  isSelfPaired,
  metricOf,
  type Relation,
  type RelationOptions,
  relationMasks,
  type Similarities,
} from '@ndgrad/losses';

/** Columns per row: those of row `i` are `columns[starts[i]] … columns[starts[i + 1] - 1]`, rising. */
export interface ColumnLists {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
}

/** A matrix and a relation, read once. No entry that belongs to a pair is NaN. */
export interface Candidates {
  readonly rows: number;
  readonly columns: number;
  /** `[rows × columns]`; smaller is nearer. Similarities are negated, which turns every comparison and no difference. */
  readonly values: Float32Array | Float64Array;
  /** Whether `values` are negated similarities. */
  readonly negated: boolean;
  readonly positives: ColumnLists;
  readonly negatives: ColumnLists;
  readonly metric: string;
  readonly selfPaired: boolean;
}

/** Reads a matrix and a relation, copying both: what is written into them later changes no diagnostics. */
export function readCandidates(
  where: string,
  d: Distances | Similarities,
  relation: Relation,
  options: RelationOptions,
): Candidates {
  const negated = geometryKind(where, 'd', d) === 'similarities';
  const { positives, negatives } = noGrad(() =>
    relationMasks(
      where,
      relation,
      d,
      options.referenceLabels === undefined ? {} : { referenceLabels: options.referenceLabels },
    ),
  );
  const [rows, columns] = d.shape;
  const values = nearness(d, negated);
  const lists = { positives: columnLists(positives, d), negatives: columnLists(negatives, d) };
  for (const { starts, columns: listed } of [lists.positives, lists.negatives]) {
    for (let i = 0; i < rows; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        if (Number.isNaN(values[i * columns + listed[k]])) throw refusalOfNaN(where, i, listed[k]);
      }
    }
  }
  return { rows, columns, values, negated, ...lists, metric: metricOf(d), selfPaired: isSelfPaired(d) };
}

/** A packed copy of a matrix in which smaller is nearer. */
export function nearness(matrix: Tensor, negated: boolean): Float32Array | Float64Array {
  const values = matrix.toTypedArray() as Float32Array | Float64Array;
  if (negated) {
    for (let i = 0; i < values.length; i++) values[i] = -values[i];
  }
  return values;
}

export function refusalOfNaN(where: string, row: number, column: number): NumericError {
  return new NumericError({
    where,
    problem: `d must hold no NaN among its pairs, got NaN at row ${row}, column ${column}`,
    hint: 'nothing is nearest among NaN; look at the embeddings of these two items',
  });
}

function columnLists(mask: Tensor, { shape: [rows, columns] }: Tensor): ColumnLists {
  const flags = mask.toTypedArray();
  const starts = new Int32Array(rows + 1);
  const found = new Int32Array(flags.length);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (flags[i * columns + j] !== 0) found[count++] = j;
    }
    starts[i + 1] = count;
  }
  return { starts, columns: found.subarray(0, count) };
}
