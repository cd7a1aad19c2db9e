import { describe, expect, it } from '@jest/globals';
import { ArgumentError, tensor } from '@ndgrad/core';
import { euclideanDistances, squaredEuclideanDistances, tripletLoss } from '@ndgrad/losses';
import { type MinedTriplets, type SemiHardOptions, semiHardTriplets } from '@ndgrad/mining';
import { distancesOf } from './batches.js';

/** One anchor, item 0: positives 1 and 2, negatives 3, 4, 5. The other rows have neither. */
function anchor(
  toPositives: readonly number[],
  toNegatives: readonly number[],
  options: SemiHardOptions,
): MinedTriplets {
  const row = [0, ...toPositives, ...toNegatives];
  const size = row.length;
  const d = distancesOf([row, ...row.slice(1).map(() => row.map(() => 0))]);
  const positives = toPositives.length;
  const kinds = row.map((_, j) => (j === 0 ? 0 : j <= positives ? 1 : 0));
  const same = tensor(
    Float64Array.from({ length: size * size }, (_, k) => (k < size ? kinds[k] : 1)),
    { shape: [size, size] },
  );
  return semiHardTriplets(d, same, options);
}

function chosen({ anchors, positives, negatives, mask }: MinedTriplets): number[][] {
  const [a, p, n] = [anchors, positives, negatives].map((x) => [...x.toTypedArray()]);
  const filled = mask?.toTypedArray();
  return a.flatMap((_, t) => (filled === undefined || filled[t] === 1 ? [[a[t], p[t], n[t]]] : []));
}

describe('semiHardTriplets', () => {
  it('without options takes the set of triplets within margin 0.2', () => {
    const x = tensor([[0], [1], [1.125], [1.25], [9]], { dtype: 'float64' });
    const triplets = semiHardTriplets(euclideanDistances(x), [7, 7, 8, 9, 10]);
    expect(chosen(triplets)).toEqual([[0, 1, 2]]);
    expect(triplets.diagnostics.margin).toBe(0.2);
    expect(triplets.mask).toBeUndefined();
  });

  it('leaves out a negative level with the positive and takes in one on the margin', () => {
    expect(chosen(anchor([2], [2, 3, 4, 5], { margin: 2 }))).toEqual([
      [0, 1, 3],
      [0, 1, 4],
    ]);
    const { valid } = anchor([2], [1, 2, 3, 4, 5], { margin: 2 }).diagnostics;
    expect([valid.hard, valid.semiHard, valid.easy]).toEqual([2, 2, 1]);
    // On the margin the hinge is 0: semi-hard, but not active.
    expect(valid.active).toBe(3);
  });

  it('takes every negative beyond the positive under an infinite margin', () => {
    expect(chosen(anchor([2], [1, 3, 900], { margin: Infinity }))).toEqual([
      [0, 1, 3],
      [0, 1, 4],
    ]);
  });

  it('per pair takes the nearest negative beyond, whatever the margin, and the farthest where none is', () => {
    const options = { policy: 'perPair', margin: 0.5 } as const;
    expect(chosen(anchor([2, 5], [1, 4, 3], options))).toEqual([
      [0, 1, 5],
      [0, 2, 4],
    ]);
    expect(chosen(anchor([2, 5], [1, 4, 3], { ...options, fallback: 'none' }))).toEqual([[0, 1, 5]]);
    expect(chosen(anchor([2, 5], [1, 4, 3], { ...options, fallback: 'hardest' }))).toEqual([
      [0, 1, 5],
      [0, 2, 3],
    ]);
  });

  it('per pair passes over negatives level with the positive, and breaks ties by column', () => {
    expect(chosen(anchor([2, 2], [2, 4, 4], { policy: 'perPair' }))).toEqual([
      [0, 1, 4],
      [0, 2, 4],
    ]);
    expect(chosen(anchor([9], [4, 4, 3], { policy: 'perPair' }))).toEqual([[0, 1, 2]]);
    expect(chosen(anchor([9], [4, 3, 3], { policy: 'perPair', fallback: 'hardest' }))).toEqual([[0, 1, 3]]);
  });

  it('per anchor takes the negative beyond the farthest positive, or beyond the nearest', () => {
    const options = { policy: 'perAnchor' } as const;
    expect(chosen(anchor([5, 2], [3, 7, 6], options))).toEqual([[0, 1, 5]]);
    expect(chosen(anchor([5, 2], [3, 7, 6], { ...options, positive: 'nearest' }))).toEqual([[0, 2, 3]]);
    expect(chosen(anchor([5, 2], [3, 4], options))).toEqual([]);
    expect(chosen(anchor([5, 2], [3, 4], { ...options, fallback: 'farthest' }))).toEqual([[0, 1, 4]]);
    expect(chosen(anchor([5, 2], [3, 4], { ...options, fallback: 'hardest' }))).toEqual([[0, 1, 3]]);
  });

  it('per anchor has one slot per row, and the mask tells which are filled', () => {
    const triplets = semiHardTriplets(euclideanDistances(tensor([[0], [1], [3]])), [7, 7, 8], {
      policy: 'perAnchor',
    });
    expect(triplets.mask.toArray()).toEqual([true, true, false]);
    expect(triplets.anchors.toArray()).toEqual([0, 1, 0]);
    expect(triplets.negatives.toArray()).toEqual([2, 2, 0]);
  });

  it('feeds FaceNet’s loss: all its terms lie above 0 and below the margin', () => {
    const x = tensor(
      [
        [0, 0],
        [0.5, 0],
        [0, 0.6],
        [0.7, 0.1],
        [0.3, 0.4],
      ],
      { dtype: 'float64' },
    );
    const d = squaredEuclideanDistances(x);
    const terms = tripletLoss(d, semiHardTriplets(d, [0, 0, 1, 1, 0], { margin: 0.2 }), {
      margin: 0.2,
      reduction: 'none',
    });
    expect(terms.size).toBeGreaterThan(2);
    for (const term of terms.toTypedArray()) {
      expect(term).toBeGreaterThanOrEqual(0);
      expect(term).toBeLessThan(0.2);
    }
  });

  it('refuses words that a policy does not have', () => {
    const refusals: [SemiHardOptions, RegExp][] = [
      [
        { policy: 'perpair' as 'perPair' },
        /policy must be 'set' or 'perPair' or 'perAnchor', got "perpair"; did you mean 'perPair'/,
      ],
      [{ fallback: 'farthest' }, /fallback must be 'none' under the policy 'set'/],
      [
        { policy: 'perPair', fallback: 'nearest' as 'none' },
        /fallback must be 'none' or 'farthest' or 'hardest'/,
      ],
      [{ policy: 'perPair', positive: 'nearest' }, /positive must be left out under the policy 'perPair'/],
      [{ policy: 'perAnchor', positive: 'easiest' as 'nearest' }, /positive must be 'farthest' or 'nearest'/],
    ];
    for (const [options, message] of refusals) {
      expect(() => semiHardTriplets(distancesOf([[0]]), [0], options)).toThrow(ArgumentError);
      expect(() => semiHardTriplets(distancesOf([[0]]), [0], options)).toThrow(message);
    }
    expect(() => semiHardTriplets(distancesOf([[0]]), [0], { fallback: 'none' })).not.toThrow();
  });
});
