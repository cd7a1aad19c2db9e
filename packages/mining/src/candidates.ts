/**
 * @file What every miner chooses from: a matrix, and for each row the columns known to belong with it and those known
 * not to. As tensors, for miners that a captured step can hold; as packed numbers and lists, for those that count.
 */
import { NumericError, noGrad, stopGradient, type Tensor, type TypedArray } from '@ndgrad/core';
import { requireRunning } from '@ndgrad/core/arguments';
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

/** A matrix and a relation as ops see them: nobody has looked at a value. */
export interface Field {
  /** `[n, m]`, outside of the graph. */
  readonly matrix: Tensor;
  /** bool `[n, m]`. */
  readonly positives: Tensor;
  /** bool `[n, m]`. */
  readonly negatives: Tensor;
  /** Whether the matrix holds similarities, of which the largest is nearest. */
  readonly negated: boolean;
  readonly metric: string;
  readonly selfPaired: boolean;
}

/** Checks a matrix and a relation against each other. Runs under `noGrad`, in a captured step too. */
export function fieldOf(
  where: string,
  d: Distances | Similarities,
  relation: Relation,
  options: RelationOptions,
): Field {
  const { referenceLabels } = options;
  const negated = geometryKind(where, 'd', d) === 'similarities';
  const { positives, negatives } = relationMasks(
    where,
    relation,
    d,
    referenceLabels === undefined ? {} : { referenceLabels },
  );
  const matrix = stopGradient(d);
  return { matrix, positives, negatives, negated, metric: metricOf(d), selfPaired: isSelfPaired(d) };
}

/**
 * Reads a matrix and a relation, copying both: what is written into them later changes no diagnostics.
 *
 * @param instead - what a captured step can use, which cannot wait for values to know how many were found.
 */
export function readCandidates(
  where: string,
  d: Distances | Similarities,
  relation: Relation,
  options: RelationOptions,
  instead: string,
): Candidates {
  requireRunning(
    where,
    'how many it finds depends on values, which are not known while a step is captured',
    instead,
  );
  const field = noGrad(() => fieldOf(where, d, relation, options));
  const candidates = candidatesOf(
    field,
    field.matrix.toTypedArray(),
    field.positives.toTypedArray(),
    field.negatives.toTypedArray(),
  );
  const { rows, columns, values, positives, negatives } = candidates;
  for (const { starts, columns: listed } of [positives, negatives]) {
    for (let i = 0; i < rows; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        if (Number.isNaN(values[i * columns + listed[k]])) throw refusalOfNaN(where, i, listed[k]);
      }
    }
  }
  return candidates;
}

/** A field as lists, from packed copies of its values and masks; the values are negated in place where need be. */
export function candidatesOf(
  { matrix, negated, metric, selfPaired }: Field,
  copy: TypedArray,
  positives: TypedArray,
  negatives: TypedArray,
): Candidates {
  const [rows, columns] = matrix.shape;
  const values = nearer(copy, negated);
  return {
    rows,
    columns,
    values,
    negated,
    positives: columnLists(positives, rows, columns),
    negatives: columnLists(negatives, rows, columns),
    metric,
    selfPaired,
  };
}

/** A packed copy of a matrix in which smaller is nearer. */
export function nearness(matrix: Tensor, negated: boolean): Float32Array | Float64Array {
  return nearer(matrix.toTypedArray(), negated);
}

function nearer(copy: TypedArray, negated: boolean): Float32Array | Float64Array {
  const values = copy as Float32Array | Float64Array;
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

/** The columns that a packed mask keeps, row by row. */
function columnLists(flags: TypedArray, rows: number, columns: number): ColumnLists {
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
