/** @file The derivative at every point that has none, or where the usual formula loses it: the lists of docs/numerics.md. */
import { describe, expect, it } from '@jest/globals';
import * as core from '@ndgrad/core';
import { gradients, type Tensor, tensor } from '@ndgrad/core';
import { near } from './opInfo/row.js';

type Function = (...x: Tensor[]) => Tensor;
/** A point in words, the function, its arguments, and the gradient by each. */
type Row = readonly [
  point: string,
  f: Function,
  at: readonly (number | number[] | number[][])[],
  expected: unknown,
];

const INF = Infinity;

const ROWS: readonly Row[] = [
  ['sqrt at 0', core.sqrt, [0], [INF]],
  ['log at 0', core.log, [0], [INF]],
  ['norm at 0', (x) => core.norm(x), [[0, 0]], [[0, 0]]],
  ['norm of order 1 at 0', (x) => core.norm(x, { ord: 1 }), [[0, 3]], [[0, 1]]],
  ['norm of order 3 at 0', (x) => core.norm(x, { ord: 3 }), [[0, 0]], [[0, 0]]],
  ['norm of order ∞ at a tie', (x) => core.norm(x, { ord: INF }), [[2, -2, 1]], [[0.5, -0.5, 0]]],
  ['cdist of identical points', (a, b) => core.cdist(a, b).sum(), [[[1, 2]], [[1, 2]]], [[[0, 0]], [[0, 0]]]],
  ['std of a constant', (x) => core.std(x), [[3, 3, 3]], [[0, 0, 0]]],
  ['normalize of a zero vector', (x) => core.normalize(x).sum(), [[0, 0]], [[0, 0]]],
  ['abs at 0', core.abs, [0], [0]],
  ['relu at 0', core.relu, [0], [0]],
  ['maximum at a tie', core.maximum, [2, 2], [0.5, 0.5]],
  ['minimum at a tie', core.minimum, [2, 2], [0.5, 0.5]],
  ['max over a tie', (x) => core.max(x), [[1, 5, 5, 5]], [[0, near(1 / 3), near(1 / 3), near(1 / 3)]]],
  ['min over a tie', (x) => core.min(x), [[1, 5, 1]], [[0.5, 0, 0.5]]],
  [
    'sort of a tie',
    (x) =>
      core
        .sort(x)
        .values.mul(tensor([1, 2, 3]))
        .sum(),
    [[5, 5, 0]],
    [[2, 3, 1]],
  ],
  ['clamp at both bounds', (x) => core.clamp(x, { min: -1, max: 1 }).sum(), [[-1, 1, 0]], [[0, 0, 1]]],
  ['x / x at 0', (x) => core.div(x, x), [0], [Number.NaN]],
  ['logSumExp of −∞ alone', (x) => core.logSumExp(x), [[-INF, -INF]], [[0, 0]]],
  ['logaddexp of −∞ and −∞', core.logaddexp, [-INF, -INF], [0, 0]],
  ['logaddexp of ∞ and ∞', core.logaddexp, [INF, INF], [0.5, 0.5]],
  [
    'where that does not take √x, x ≤ 0',
    (x) => core.where(core.gt(x, 0), core.sqrt(x), 0).sum(),
    [[-1, 0, 4]],
    [[0, 0, 0.25]],
  ],
  ['pow by the exponent at base 0, exponent > 0', (b) => core.pow(0, b), [2], [0]],
  ['pow at 0 by exponent 0', core.pow, [0, 0], [0, 0]],
  ['pow at 0 by exponent 1', core.pow, [0, 1], [1, 0]],
  ['pow at 0 by exponent ½', (x) => core.pow(x, 0.5), [0], [INF]],
  ['xlogy at 0 by the factor, b = 0', core.xlogy, [0, 0], [0, 0]],
  ['xlogy at 0 by the factor, b > 0', core.xlogy, [0, 2], [near(Math.LN2), 0]],
  ['divideNoNan at divisor 0', core.divideNoNan, [3, 0], [0, 0]],
  ['prod with one zero', (x) => core.prod(x), [[0, 2, 3]], [[6, 0, 0]]],
  ['prod with two zeros', (x) => core.prod(x), [[0, 0, 3]], [[0, 0, 0]]],
  ['sigmoid at 40', core.sigmoid, [40], [near(4.248354255291589e-18)]],
  ['sigmoid at 100', core.sigmoid, [100], [near(3.720075976020836e-44)]],
  ['sigmoid at −745', core.sigmoid, [-745], [5e-324]],
  ['tanh at 20', core.tanh, [20], [near(1.6993417021166355e-17)]],
  ['expm1 at −40', core.expm1, [-40], [near(4.248354255291589e-18)]],
  ['logSigmoid at 40', core.logSigmoid, [40], [near(4.248354255291589e-18)]],
  ['softplus at −40', core.softplus, [-40], [near(4.248354255291589e-18)]],
  [
    'cross-entropy of a sure right answer',
    (x) => core.sigmoidCrossEntropy(x, tensor(1)),
    [40],
    [near(-4.248354255291589e-18)],
  ],
  ['acos at 1', core.acos, [1], [-INF]],
  ['acos at −1', core.acos, [-1], [-INF]],
  ['asin at 1', core.asin, [1], [INF]],
  ['asin at −1', core.asin, [-1], [INF]],
  ['acosh at 1', core.acosh, [1], [INF]],
  ['atanh at 1', core.atanh, [1], [INF]],
  ['erfinv at 1', core.erfinv, [1], [INF]],
  ['atan2 at the origin', core.atan2, [0, 0], [0, 0]],
  ['hypot at the origin', core.hypot, [0, 0], [0, 0]],
  ['hypot of what has no squares', core.hypot, [3e200, 4e200], [near(0.6), near(0.8)]],
  ['hypot of what has no squares but 0', core.hypot, [3e-200, 4e-200], [near(0.6), near(0.8)]],
  [
    'std of what has no squares',
    (x) => core.std(x),
    [[1e200, 3e200]],
    [[near(-Math.SQRT1_2), near(Math.SQRT1_2)]],
  ],
  ['floor', core.floor, [2], [0]],
  ['ceil', core.ceil, [2], [0]],
  ['round at ½', core.round, [0.5], [0]],
  ['trunc', core.trunc, [-2], [0]],
  ['sign at 0', core.sign, [0], [0]],
  ['floorDivide', core.floorDivide, [4, 2], [0, 0]],
  ['the margin of a hinge', (x) => core.relu(core.sub(1, x)), [1], [0]],
];

/** Gradients of a function of float64 tensors, zeros where none arrives. */
function slopes(f: Function, at: readonly (number | number[] | number[][])[]): unknown[] {
  const leaves = at.map((x) => tensor(x, { dtype: 'float64', requiresGrad: true }));
  const y = f(...leaves);
  if (!y.requiresGrad) return leaves.map((leaf) => core.zerosLike(leaf).toArray());
  return gradients([y], leaves, { materializeGrads: true }).map((g) => unsigned((g as Tensor).toArray()));
}

/** −0 as 0: the sign of a zero derivative says nothing. */
function unsigned(x: unknown): unknown {
  return Array.isArray(x) ? x.map(unsigned) : (x as number) + 0;
}

describe('the derivative', () => {
  it.each(ROWS)('of %s', (_point, f, at, expected) => {
    expect(slopes(f, at)).toEqual(expected);
  });

  it('is 0 at every one of these points where the cotangent is 0', () => {
    for (const [point, f, at] of ROWS) {
      const zeros = slopes((...x) => f(...x).mul(0), at).flat(3);
      expect([point, zeros.every((g) => g === 0)]).toEqual([point, true]);
    }
  });
});
