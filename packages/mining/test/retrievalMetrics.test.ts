import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DTypeError, NumericError, ShapeError, tensor, zeros } from '@ndgrad/core';
import {
  asDistances,
  asSimilarities,
  cosineSimilarities,
  type Distances,
  euclideanDistances,
  squaredEuclideanDistances,
} from '@ndgrad/losses';
import { type RetrievalMetrics, retrievalMetrics } from '@ndgrad/mining';
import fc from 'fast-check';
import { distancesOf, line, matrix, realBatches, tiedBatches } from './batches.js';

fc.configureGlobal({ seed: 20170322, numRuns: 200 });

/** By the definitions: sort all references by distance, then index; look at the first R. */
function byDefinition(
  d: readonly (readonly number[])[],
  labels: readonly number[],
  referenceLabels: readonly number[],
  selfPaired: boolean,
): RetrievalMetrics {
  const each = d.flatMap((row, q) => {
    const order = row
      .map((_, j) => j)
      .filter((j) => !(selfPaired && j === q))
      .sort((i, j) => row[i] - row[j] || i - j);
    const hits = order.map((j) => (referenceLabels[j] === labels[q] ? 1 : 0));
    const R = hits.reduce<number>((a, b) => a + b, 0);
    if (R === 0) return [];
    const precision = (k: number): number => hits.slice(0, k).reduce<number>((a, b) => a + b, 0) / k;
    let sum = 0;
    for (let i = 1; i <= R; i++) sum += precision(i) * hits[i - 1];
    return [{ precisionAt1: precision(1), rPrecision: precision(R), mapAtR: sum / R }];
  });
  const mean = (key: 'precisionAt1' | 'rPrecision' | 'mapAtR'): number =>
    each.length === 0 ? 0 : each.reduce((sum, q) => sum + q[key], 0) / each.length;
  return {
    precisionAt1: mean('precisionAt1'),
    rPrecision: mean('rPrecision'),
    mapAtR: mean('mapAtR'),
    queries: each.length,
    excluded: d.length - each.length,
  };
}

function expectMetrics(actual: RetrievalMetrics, expected: RetrievalMetrics): void {
  expect([actual.queries, actual.excluded]).toEqual([expected.queries, expected.excluded]);
  for (const key of ['precisionAt1', 'rPrecision', 'mapAtR'] as const) {
    expect(actual[key]).toBeCloseTo(expected[key], 12);
  }
}

/** One query, label 1, against references that come in the order of their distance. */
function ranked(hits: readonly boolean[]): RetrievalMetrics {
  const d = asDistances(matrix([hits.map((_, j) => j)]), { metric: 'rank', selfPaired: false });
  return retrievalMetrics(d, [1], { referenceLabels: hits.map((hit) => (hit ? 1 : 0)) });
}

describe('retrievalMetrics', () => {
  it('is what the definitions say, ties to the lowest index', () => {
    fc.assert(
      fc.property(fc.oneof(tiedBatches, realBatches), ({ d, labels }) => {
        const expected = byDefinition(d, labels, labels, true);
        expectMetrics(retrievalMetrics(distancesOf(d, labels.length), labels), expected);
        const similar = asSimilarities(matrix(d, labels.length).neg(), { metric: 'test' });
        expectMetrics(retrievalMetrics(similar, labels), expected);
      }),
    );
  });

  it('takes queries against references, and then keeps equal indices', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }),
        (queries, references) => {
          const labels = queries.map((x) => x % 3);
          const referenceLabels = references.map((x) => x % 3);
          const d = queries.map((a) => references.map((b) => Math.abs(a - b)));
          const column = (list: readonly number[]) => tensor(list.map((x) => [x]));
          const result = retrievalMetrics(column(queries), labels, {
            references: column(references),
            referenceLabels,
          });
          expectMetrics(result, byDefinition(d, labels, referenceLabels, false));
        },
      ),
    );
  });

  it('tells apart rankings with equal R-precision: order counts in MAP@R', () => {
    expect(ranked([true, false, false, false, true])).toMatchObject({
      precisionAt1: 1,
      rPrecision: 1 / 2,
      mapAtR: 1 / 2,
    });
    expect(ranked([false, true, false, false, true])).toMatchObject({
      precisionAt1: 0,
      rPrecision: 1 / 2,
      mapAtR: 1 / 4,
    });
    const early = ranked([true, true, false, false, true, true]);
    expect(early.rPrecision).toBe(1 / 2);
    expect(early.mapAtR).toBe((1 + 1) / 4);
    const late = ranked([false, false, true, true, true, true]);
    expect(late.rPrecision).toBe(1 / 2);
    expect(late.mapAtR).toBeCloseTo((1 / 3 + 2 / 4) / 4, 15);
  });

  it('is 1 for separated classes, and 0 where every nearest R are of another class', () => {
    const apart = retrievalMetrics(tensor([[0], [1], [2], [10], [11], [12]]), [5, 5, 5, 6, 6, 6]);
    expect(apart).toEqual({ precisionAt1: 1, rPrecision: 1, mapAtR: 1, queries: 6, excluded: 0 });
    const paired = retrievalMetrics(tensor([[0], [0.1], [50], [50.1]]), [5, 6, 5, 6]);
    expect(paired).toEqual({ precisionAt1: 0, rPrecision: 0, mapAtR: 0, queries: 4, excluded: 0 });
  });

  it('removes the query by index, not by distance: a duplicate of it is a neighbour', () => {
    const result = retrievalMetrics(tensor([[1], [1], [4]]), [5, 6, 6]);
    expect(result).toMatchObject({ precisionAt1: 0, queries: 2, excluded: 1 });
  });

  it('breaks ties by index: of a collapsed space it is what the order of the items makes it', () => {
    expect(retrievalMetrics(zeros([4, 2]), [5, 5, 6, 6])).toEqual({
      precisionAt1: 0.5,
      rPrecision: 0.5,
      mapAtR: 0.5,
      queries: 4,
      excluded: 0,
    });
  });

  it('leaves out queries that nothing matches, and is 0 where that is all of them', () => {
    expect(retrievalMetrics(tensor([[0], [1], [9]]), [5, 5, 6])).toMatchObject({
      precisionAt1: 1,
      queries: 2,
      excluded: 1,
    });
    const none = { precisionAt1: 0, rPrecision: 0, mapAtR: 0, queries: 0 };
    expect(retrievalMetrics(tensor([[0], [1]]), [5, 6])).toEqual({ ...none, excluded: 2 });
    expect(retrievalMetrics(zeros([0, 3]), [])).toEqual({ ...none, excluded: 0 });
    expect(retrievalMetrics(tensor([[1]]), [5])).toEqual({ ...none, excluded: 1 });
  });

  it('takes other geometries', () => {
    const x = tensor([
      [1, 0],
      [10, 1],
      [0, 1],
      [1, 10],
    ]);
    const labels = [0, 0, 1, 1];
    expect(retrievalMetrics(x, labels, { distance: cosineSimilarities }).mapAtR).toBe(1);
    expect(retrievalMetrics(cosineSimilarities(x), labels).mapAtR).toBe(1);
    expect(retrievalMetrics(x, labels).mapAtR).toBe(0.5);
    expect(retrievalMetrics(x, labels, { distance: squaredEuclideanDistances }).mapAtR).toBe(0.5);
  });

  it('says the same of embeddings and of their distances, and in blocks', () => {
    const n = 1100;
    const x = tensor(
      Float32Array.from({ length: n * 2 }, (_, i) => Math.sin(i * 1.37) + (Math.floor(i / 2) % 5)),
      { shape: [n, 2] },
    );
    const labels = Int32Array.from({ length: n }, (_, i) => i % 5);
    const result = retrievalMetrics(x, labels);
    expect(result).toEqual(retrievalMetrics(euclideanDistances(x), labels));
    expect(result).toEqual(retrievalMetrics(x, labels, { references: x }));
    expect(result.mapAtR).toBeGreaterThan(0.3);
    expect(result.mapAtR).toBeLessThan(0.9);
  });

  it('leaves no trace in a graph', () => {
    const x = tensor([[0], [1], [9]], { requiresGrad: true });
    retrievalMetrics(x, [5, 5, 6]);
    expect(x.grad).toBeUndefined();
  });

  it('refuses what does not fit', () => {
    const x = tensor([[0], [1], [9]]);
    const labels = [5, 5, 6];
    expect(() => retrievalMetrics(x, [5, 5])).toThrow(ShapeError);
    expect(() => retrievalMetrics(x, [5, 5])).toThrow(
      /labels must have one entry per query, \[3\], got \[2\]/,
    );
    expect(() => retrievalMetrics(zeros([3]), labels)).toThrow(ShapeError);
    expect(() => retrievalMetrics(x.cast('int32'), labels)).toThrow(DTypeError);
    expect(() => retrievalMetrics(x, labels, { references: tensor([[0]]) })).toThrow(
      /referenceLabels must be given/,
    );
    expect(() => retrievalMetrics(x, labels, { references: tensor([[0]]), referenceLabels: [1, 2] })).toThrow(
      /referenceLabels must have one entry per reference, \[1\], got \[2\]/,
    );
    expect(() => retrievalMetrics(distancesOf(line([0, 1, 9])), labels, { references: x })).toThrow(
      ArgumentError,
    );
    expect(() => retrievalMetrics(x, labels, { distance: 'cosine' } as object)).toThrow(
      /distance must be a function/,
    );
    expect(() => retrievalMetrics(x, labels, { distance: () => x as Distances })).toThrow(/plain tensor/);
    expect(() => retrievalMetrics(x, labels, { k: 1 } as object)).toThrow(/unknown option 'k'/);
    const nan = (): unknown => retrievalMetrics(tensor([[0], [1], [Number.NaN]]), labels);
    expect(nan).toThrow(NumericError);
    expect(nan).toThrow(/NaN at row 0, column 2/);
  });
});
