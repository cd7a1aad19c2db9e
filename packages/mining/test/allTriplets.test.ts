import { describe, expect, it } from '@jest/globals';
import { LimitError, tensor, zeros } from '@ndgrad/core';
import { asDistances, euclideanDistances } from '@ndgrad/losses';
import { allTriplets, batchHardTriplets } from '@ndgrad/mining';
import fc from 'fast-check';

fc.configureGlobal({ seed: 20170322, numRuns: 50 });

describe('allTriplets', () => {
  it('gives Σ m (m − 1) (n − m) triplets over the classes of size m', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 20 }), (sizes) => {
        const labels = sizes.flatMap((size, label) => Array<number>(size).fill(label));
        const n = labels.length;
        const triplets = allTriplets(euclideanDistances(zeros([n, 1])), labels);
        const formula = sizes.reduce((sum, m) => sum + m * (m - 1) * (n - m), 0);
        expect(triplets.anchors.size).toBe(formula);
        expect(triplets.diagnostics.valid.total).toBe(formula);
      }),
    );
  });

  it('of P classes of K gives P·K·(K − 1)·(P − 1)·K', () => {
    const labels = Array.from({ length: 40 }, (_, i) => i % 8);
    expect(allTriplets(euclideanDistances(zeros([40, 2])), labels).anchors.size).toBe(8 * 5 * 4 * 7 * 5);
  });

  it('refuses a list that would not fit, before making it', () => {
    const d = asDistances(zeros([700, 700]), { metric: 'none' });
    const refusal = (): unknown =>
      allTriplets(
        d,
        Array.from({ length: 700 }, (_, i) => i % 2),
      );
    expect(refusal).toThrow(LimitError);
    expect(refusal).toThrow(/85505000 triplets are more than the 67108864 .*batchAllTripletLoss/);
  });
});

describe('batchHardTriplets', () => {
  it('never takes the anchor as its positive, not even where a class lies on one point', () => {
    const d = euclideanDistances(tensor([[1], [1], [1], [4]]));
    const { positives, negatives, mask } = batchHardTriplets(d, [7, 7, 7, 8]);
    expect(positives.toArray()).toEqual([1, 0, 0, 0]);
    expect(negatives.toArray()).toEqual([3, 3, 3, 0]);
    expect(mask.toArray()).toEqual([true, true, true, false]);
  });

  it('breaks ties by the lowest column, among positives and negatives', () => {
    const d = euclideanDistances(tensor([[0], [-2], [2], [1], [-1], [5]]));
    const { positives, negatives } = batchHardTriplets(d, [7, 7, 7, 8, 8, 8]);
    expect([positives.toTypedArray()[0], negatives.toTypedArray()[0]]).toEqual([1, 3]);
  });
});
