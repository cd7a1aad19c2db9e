import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DataError, tensor } from '@ndgrad/core';
import {
  asDistances,
  contrastiveLossFromDistances,
  euclideanDistances,
  type Pairs,
  pairs,
  pairsFromTriplets,
  triplets,
} from '@ndgrad/losses';
import { allPairs, allTriplets, batchHardTriplets, pairsOfTriplets } from '@ndgrad/mining';
import fc from 'fast-check';
import { distancesOf, line, matrix, tiedBatches } from './batches.js';

fc.configureGlobal({ seed: 20170322, numRuns: 50 });

function listed({ anchors, others, same }: Pairs): string[] {
  const [i, j] = [anchors.toTypedArray(), others.toTypedArray()];
  return [...same.toTypedArray()].map((yes, k) => `${i[k]}${yes === 1 ? '=' : '/'}${j[k]}`);
}

/** Order by row, then column, as text. */
function inOrder(list: Iterable<string>): string[] {
  return [...list].sort((a, b) => {
    const [[i, j], [k, l]] = [a, b].map((text) => text.split(/[=/]/).map(Number));
    return i - k || j - l;
  });
}

describe('pairsOfTriplets', () => {
  it('gives every pair of the triplets once, in order, with their metric', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const mined = allTriplets(distancesOf(batch.d, batch.labels.length), batch.labels);
        const result = pairsOfTriplets(mined);
        expect(listed(result)).toEqual(inOrder(new Set(listed(pairsFromTriplets(mined)))));
        expect(result.metric).toBe('test');
        expect(result.mask).toBeUndefined();
      }),
    );
  });

  it('passes over empty slots', () => {
    const mined = batchHardTriplets(distancesOf(line([0, 1, 4])), [7, 7, 8]);
    expect(listed(pairsOfTriplets(mined))).toEqual(['0=1', '0/2', '1=0', '1/2']);
  });

  it('keeps one order of each pair when unordered', () => {
    const mined = batchHardTriplets(distancesOf(line([0, 1, 4, 6])), [7, 7, 8, 8]);
    expect(listed(pairsOfTriplets(mined))).toEqual(['0=1', '0/2', '1=0', '1/2', '2/1', '2=3', '3/1', '3=2']);
    expect(listed(pairsOfTriplets(mined, { unordered: true }))).toEqual(['0=1', '0/2', '1/2', '1/3', '2=3']);
  });

  it('gives no pair from no triplet', () => {
    const none = pairsOfTriplets(triplets([], [], []));
    expect(none.anchors.shape).toEqual([0]);
    expect(none.metric).toBeUndefined();
    const d = distancesOf(line([0, 1]));
    expect(contrastiveLossFromDistances(d, none).item()).toBe(0);
  });

  it('refuses triplets that grade nearness, as a pair is either the same or not', () => {
    const graded = triplets([0, 0], [1, 2], [2, 3]);
    expect(() => pairsOfTriplets(graded)).toThrow(DataError);
    expect(() => pairsOfTriplets(graded)).toThrow(
      /items 0 and 2 are a positive pair in one triplet and a negative one/,
    );
    const reversed = triplets([0, 2], [2, 1], [1, 0]);
    expect(() => pairsOfTriplets(reversed)).not.toThrow();
    expect(() => pairsOfTriplets(reversed, { unordered: true })).toThrow(/items 0 and 2/);
  });

  it('takes indices up to the limit of int32', () => {
    const top = 2 ** 31 - 1;
    expect(listed(pairsOfTriplets(triplets([0, 1], [top, top], [2, 2])))).toEqual([
      '0/2',
      `0=${top}`,
      '1/2',
      `1=${top}`,
    ]);
  });

  it('refuses what is no list of triplets', () => {
    const list = pairs([0], [1], [true]) as unknown as ReturnType<typeof triplets>;
    expect(() => pairsOfTriplets(list)).toThrow(ArgumentError);
    expect(() => pairsOfTriplets(list)).toThrow(/list must be triplets/);
  });
});

describe('allPairs', () => {
  it('gives every pair that the relation knows, in order', () => {
    fc.assert(
      fc.property(tiedBatches, ({ d, labels, same }) => {
        const known = (unordered: boolean): string[] =>
          same.flatMap((row, i) =>
            row.flatMap((yes, j) =>
              yes === undefined || (unordered && i > j) ? [] : [`${i}${yes ? '=' : '/'}${j}`],
            ),
          );
        const distances = distancesOf(d, labels.length);
        expect(listed(allPairs(distances, labels))).toEqual(known(false));
        expect(listed(allPairs(distances, labels, { unordered: true }))).toEqual(known(true));
      }),
    );
  });

  it('gives a pair loss the same pairs as the labels do', () => {
    const d = euclideanDistances(tensor([[0], [1], [2.5], [3]]));
    const labels = [7, 7, 8, 8];
    const expected = contrastiveLossFromDistances(d, labels, { margin: 2 }).item();
    expect(contrastiveLossFromDistances(d, allPairs(d, labels), { margin: 2 }).item()).toBeCloseTo(
      expected,
      6,
    );
    expect(
      contrastiveLossFromDistances(d, allPairs(d, labels, { unordered: true }), { margin: 2 }).item(),
    ).toBeCloseTo(expected, 6);
  });

  it('takes queries against references', () => {
    const d = asDistances(matrix([[1, 2]]), { metric: 'test', selfPaired: false });
    expect(listed(allPairs(d, [7], { referenceLabels: [7, 8] }))).toEqual(['0=0', '0/1']);
    expect(() => allPairs(d, [7], { referenceLabels: [7, 8], unordered: true })).toThrow(
      /unordered must be false where rows and columns are different items/,
    );
  });

  it('merges what one order knows with what the other does, and refuses a contradiction', () => {
    const d = distancesOf(line([0, 1, 2]));
    const halves = pairs([1, 0, 2], [0, 2, 1], [true, false, false]);
    expect(listed(allPairs(d, halves, { unordered: true }))).toEqual(['0=1', '0/2', '1/2']);
    const torn = pairs([1, 0], [0, 1], [true, false]);
    expect(listed(allPairs(d, torn))).toEqual(['0/1', '1=0']);
    expect(() => allPairs(d, torn, { unordered: true })).toThrow(DataError);
    expect(() => allPairs(d, torn, { unordered: true })).toThrow(
      /items 0 and 1 belong together in one order/,
    );
  });
});
