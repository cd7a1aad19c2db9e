/** @file Small batches for the miners' tests: matrices as nested numbers, relations as nested yes, no or unknown. */
import { type Tensor, tensor } from '@ndgrad/core';
import { asDistances, type Distances } from '@ndgrad/losses';
import fc from 'fast-check';

/** A triplet of row, column, column. */
export type Triple = readonly [anchor: number, positive: number, negative: number];

/** What a miner sees, in the plainest form. `same[i][j]` is undefined where the pair is none. */
export interface Batch {
  readonly d: readonly (readonly number[])[];
  readonly same: readonly (readonly (boolean | undefined)[])[];
}

/** A batch that searches within itself: rows and columns are the same items. */
export interface SquareBatch extends Batch {
  readonly labels: readonly number[];
}

export function batchOf(d: readonly (readonly number[])[], labels: readonly number[]): SquareBatch {
  return {
    d,
    labels,
    same: labels.map((a, i) => labels.map((b, j) => (i === j ? undefined : a === b))),
  };
}

export function distancesOf(d: readonly (readonly number[])[], columns = d[0]?.length ?? 0): Distances {
  return asDistances(matrix(d, columns), { metric: 'test' });
}

export function matrix(d: readonly (readonly number[])[], columns = d[0]?.length ?? 0): Tensor {
  return tensor(Float64Array.from(d.flat()), { shape: [d.length, columns] });
}

/** Pairwise distances of points on a line. */
export function line(points: readonly number[]): number[][] {
  return points.map((a) => points.map((b) => Math.abs(a - b)));
}

/** Any square batch; distances are small integers, so ties and gaps equal to the margin are common. */
export const tiedBatches: fc.Arbitrary<SquareBatch> = batches(fc.integer({ min: 0, max: 6 }));

/** Any square batch of real distances. */
export const realBatches: fc.Arbitrary<SquareBatch> = batches(
  fc.double({ min: 0, max: 4, noNaN: true }).map((x) => x + 0),
);

function batches(distance: fc.Arbitrary<number>): fc.Arbitrary<SquareBatch> {
  return fc
    .integer({ min: 0, max: 9 })
    .chain((n) =>
      fc.record({
        labels: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: n, maxLength: n }),
        d: fc.array(fc.array(distance, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
      }),
    )
    .map(({ d, labels }) => batchOf(d, labels));
}

/** The valid triples, by three loops and nothing else. */
export function everyTriple({ same }: Batch): Triple[] {
  const found: Triple[] = [];
  same.forEach((row, a) => {
    row.forEach((isPositive, p) => {
      row.forEach((isOther, n) => {
        if (isPositive === true && isOther === false) found.push([a, p, n]);
      });
    });
  });
  return found;
}
