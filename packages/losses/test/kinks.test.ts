/** @file The derivative of losses and distances at the points that have none: the list of docs/numerics.md. */
import { describe, expect, it } from '@jest/globals';
import { gradients, type Tensor, tensor } from '@ndgrad/core';
import {
  cosineSimilarities,
  euclideanDistances,
  hingeLoss,
  huberLoss,
  klDivergence,
  l1Loss,
  tripletMarginLoss,
} from '@ndgrad/losses';

type Rows = readonly (readonly number[])[];

const matrix = (data: Rows, requiresGrad: boolean): Tensor =>
  tensor(
    data.map((row) => [...row]),
    { dtype: 'float64', requiresGrad },
  );
const fixed = (data: Rows): Tensor => matrix(data, false);

/** Gradients of a function of matrices, −0 as 0. */
function slopes(f: (...x: Tensor[]) => Tensor, ...at: Rows[]): number[][][] {
  const leaves = at.map((data) => matrix(data, true));
  return gradients([f(...leaves)], leaves, { materializeGrads: true }).map((g) =>
    ((g as Tensor).toArray() as number[][]).map((row) => row.map((x) => x + 0)),
  );
}

const sum = { reduction: 'sum' } as const;

describe('the derivative', () => {
  it('of the hinge at its margin is 0', () => {
    expect(slopes((x) => hingeLoss(x, fixed([[1, -1]]), sum), [[1, -1]])).toEqual([[[0, 0]]]);
  });

  it('of a triplet that keeps its margin exactly is 0', () => {
    const loss = (a: Tensor, p: Tensor, n: Tensor): Tensor => tripletMarginLoss(a, p, n, { margin: 1 });
    expect(slopes(loss, [[0, 0]], [[1, 0]], [[0, 2]])).toEqual([[[0, 0]], [[0, 0]], [[0, 0]]]);
  });

  it('of a triplet whose three points coincide is 0', () => {
    const loss = (a: Tensor, p: Tensor, n: Tensor): Tensor => tripletMarginLoss(a, p, n, { margin: 1 });
    expect(slopes(loss, [[1, 2]], [[1, 2]], [[1, 2]])).toEqual([[[0, 0]], [[0, 0]], [[0, 0]]]);
  });

  it('of the absolute error at 0 is 0', () => {
    expect(slopes((x) => l1Loss(x, fixed([[3]]), sum), [[3]])).toEqual([[[0]]]);
  });

  it("of Huber's loss is continuous at the joint: δ on both sides and between", () => {
    const delta = 0.5;
    const [[row]] = slopes(
      (x) => huberLoss(x, fixed([[0, 0, 0, 0]]), { ...sum, delta }),
      [[0.5, 0.5 - 2 ** -54, 0.5 + 2 ** -53, -0.5]],
    );
    [0.5, 0.5, 0.5, -0.5].forEach((slope, i) => {
      expect(row[i]).toBeCloseTo(slope, 15);
    });
  });

  it('of the Kullback–Leibler divergence by a learned target is 0 where that is 0', () => {
    const logs = [[Math.log(0.5), Math.log(0.5)]];
    const [[row]] = slopes((p) => klDivergence(fixed(logs), p, sum), [[0, 1]]);
    expect(row[0]).toBe(0);
    expect(row[1]).toBeCloseTo(1 + Math.LN2, 14);
    expect(slopes((q) => klDivergence(q, fixed([[0, 1]]), sum), logs)).toEqual([[[0, -1]]]);
  });

  it('of the cosine with a zero vector is 0 for both', () => {
    expect(slopes((x, y) => cosineSimilarities(x, y).sum(), [[0, 0]], [[3, 4]])).toEqual([
      [[0, 0]],
      [[0, 0]],
    ]);
  });

  it('of the distance of identical points is 0', () => {
    expect(slopes((x, y) => euclideanDistances(x, y).sum(), [[1, 2]], [[1, 2]])).toEqual([
      [[0, 0]],
      [[0, 0]],
    ]);
  });
});
