import { describe, expect, it } from '@jest/globals';
import { generator, tensor } from '@ndgrad/core';
import { accuracyAt, bestThreshold, drawPairs } from '../support/pairs.js';

describe('drawPairs', () => {
  it('draws half of the pairs from one class, half from two, never an image with itself', () => {
    const labels = [0, 0, 1, 1, 1, 2, 2];
    const part = {
      images: tensor(labels.map((label, i) => [label, i])),
      labels: tensor(Int32Array.from(labels)),
    };
    const { left, right, same } = drawPairs(part, 200, generator(1));
    expect(left.shape).toEqual([200, 2]);
    expect(same.filter(Boolean).length).toBe(100);
    const [a, b] = [left.toArray() as number[][], right.toArray() as number[][]];
    for (const [i, isSame] of same.entries()) {
      expect(a[i]?.[0] === b[i]?.[0]).toBe(isSame);
      expect(a[i]?.[1]).not.toBe(b[i]?.[1]);
    }
  });

  it('draws the same pairs from the same generator', () => {
    const part = { images: tensor([[0], [1], [2], [3]]), labels: tensor(Int32Array.from([0, 0, 1, 1])) };
    const draw = () => drawPairs(part, 20, generator(9)).left.toArray();
    expect(draw()).toEqual(draw());
  });
});

describe('bestThreshold', () => {
  it('lies midway between the distances it parts', () => {
    expect(bestThreshold([0.1, 0.2, 0.6, 0.9], [true, true, false, false])).toBeCloseTo(0.4, 15);
  });

  it('takes what judges most pairs rightly where they cannot be parted', () => {
    const [distances, same] = [
      [1, 2, 3, 4, 5],
      [true, false, true, true, false],
    ];
    const threshold = bestThreshold(distances, same);
    expect(threshold).toBe(4.5);
    expect(accuracyAt(threshold, distances, same)).toBe(0.8);
  });

  it('never parts equal distances', () => {
    expect(
      accuracyAt(bestThreshold([1, 1, 1], [true, false, true]), [1, 1, 1], [true, false, true]),
    ).toBeCloseTo(2 / 3);
  });

  it('calls all different, or all the same, where that is best', () => {
    expect(accuracyAt(bestThreshold([1, 2], [false, false]), [1, 2], [false, false])).toBe(1);
    expect(accuracyAt(bestThreshold([1, 2], [true, true]), [1, 2], [true, true])).toBe(1);
  });
});
