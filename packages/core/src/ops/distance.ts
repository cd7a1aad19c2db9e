/** @file Distances: between all pairs of rows, and row by row. */
import { type Kernel, distance as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkNumber, checkOptions, checkTensor } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type OpRow } from '../autodiff/node.js';
import { broadcastTo, packed } from '../autodiff/vectorSpace.js';
import { floatOf } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes, checkAxis, formatShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { movedLast } from './alongAxis.js';
import { cast, operand, unify } from './define.js';
import { divideNoNan, mul, multiplyNoNan, neg, sub } from './elementwise.js';
import { matmul } from './linalg.js';
import { type SingleAxisOptions, transpose, unsqueeze } from './movement.js';
import { norm, sum } from './reduce.js';
import { normalize } from './rows.js';

/** `[batch, n, m, d]` of operands `[…, n, d]` and `[…, m, d]` with equal leading axes. */
function pairPlan(x: Tensor, y: Tensor): number[] {
  return [sizeOf(x.shape.slice(0, -2)), x.shape[x.rank - 2], y.shape[y.rank - 2], x.shape[x.rank - 1]];
}

function pairRow(
  name: string,
  kernel: Kernel,
  saves: OpRow<null>['saves'],
  weight: (g: Tensor, d: Tensor) => Tensor,
): Op<null> {
  return new Op({
    name,
    shape: ([a, b]) => [...a.slice(0, -1), b[b.length - 2]],
    run: (home, y, [a, b]) => home.call(kernel, pairPlan(a, b), y, packed(home, a), packed(home, b)),
    saves,
    vjp: [
      (g, { inputs: [a, b], output }) => weightedDifference(weight(g, output), a, b),
      (g, { inputs: [a, b], output }) => weightedDifference(transpose(weight(g, output)), b, a),
    ],
  });
}

/** Σ_j w[i, j] (a[i] − b[j]): fused, because the difference of the two sums would cancel. */
function weightedDifference(w: Tensor, a: Tensor, b: Tensor): Tensor {
  return apply(weightedDifferenceRow, [w, a, b], null);
}

const weightedDifferenceRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'weightedDifference',
  shape: ([, a]) => a,
  run: (home, y, [w, a, b]) =>
    home.call(
      kernels.weightedDifference,
      pairPlan(a, b),
      y,
      packed(home, w),
      packed(home, a),
      packed(home, b),
    ),
  saves: { inputs: [0, 1, 2] },
  vjp: [
    (g, { inputs: [, a, b] }) => sub(sum(mul(g, a), { axis: -1, keepDims: true }), matmul(g, transpose(b))),
    (g, { inputs: [w] }) => mul(g, sum(w, { axis: -1, keepDims: true })),
    (g, { inputs: [w] }) => neg(matmul(transpose(w), g)),
  ],
});

const squaredCdistRow = pairRow('squaredCdist', kernels.squaredCdist, { inputs: [0, 1] }, (g) => mul(g, 2));
// Coincident points are at a kink: the derivative of smallest norm is 0.
const cdistRow = pairRow('cdist', kernels.cdist, { inputs: [0, 1], output: true }, (g, d) =>
  divideNoNan(g, d),
);

/** Both sets of points in one float dtype, with equal leading axes. */
function pointSets(where: string, x1: Tensor, x2: Tensor): [Tensor, Tensor] {
  const [a, b] = unify(where, [operand(where, x1, 'x1'), operand(where, x2, 'x2')]).map((t) =>
    cast(t, floatOf(t.dtype)),
  );
  if (a.rank < 2 || b.rank < 2 || a.shape[a.rank - 1] !== b.shape[b.rank - 1]) {
    throw new ShapeError({
      where,
      problem: `x1 and x2 must be […, n, d] and […, m, d], got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    });
  }
  const batch = broadcastShapes(where, [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return [broadcastTo(a, [...batch, ...a.shape.slice(-2)]), broadcastTo(b, [...batch, ...b.shape.slice(-2)])];
}

/** Options of {@link cdist}. */
export interface CdistOptions {
  /** The p of the norm of differences, at least 0. Default 2. */
  readonly p?: number;
}

/**
 * Distances between all rows: `[…, n, d]` and `[…, m, d] → […, n, m]`, by subtracting coordinates, so that identical rows
 * are at exactly 0 and a far origin costs no digits. The derivative at distance 0 is 0. Other p than 2 take O(n m d)
 * memory.
 *
 * @throws {@link ShapeError} when the last extents differ; {@link ArgumentError} for p below 0.
 *
 * @example
 * ```ts
 * cdist(tensor([[0, 0]]), tensor([[3, 4], [0, 0]])).toArray() // => [[5, 0]]
 * ```
 */
export function cdist(x1: Tensor, x2: Tensor, options: CdistOptions = {}): Tensor {
  checkOptions('cdist', options, ['p']);
  const p = checkNumber('cdist', 'p', options.p ?? 2, { min: 0, finite: false });
  const [a, b] = pointSets('cdist', x1, x2);
  if (p === 2) return apply(cdistRow, [a, b], null);
  return norm(sub(unsqueeze(a, -2), unsqueeze(b, -3)), { axis: -1, ord: p });
}

/**
 * Squared Euclidean distances between all rows: `[…, n, d]` and `[…, m, d] → […, n, m]`, smooth everywhere.
 *
 * @throws {@link ShapeError} when the last extents differ.
 *
 * @example
 * ```ts
 * squaredCdist(tensor([[0, 0]]), tensor([[3, 4]])).item() // => 25
 * ```
 */
export function squaredCdist(x1: Tensor, x2: Tensor): Tensor {
  return apply(squaredCdistRow, pointSets('squaredCdist', x1, x2), null);
}

// Row by row

const cosineRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'cosineSimilarity',
  shape: ([shape]) => shape.slice(0, -1),
  run: (home, y, [a, b]) =>
    home.call(kernels.cosineSimilarity, [y.size, a.shape[a.rank - 1]], y, packed(home, a), packed(home, b)),
  saves: { inputs: [0, 1], output: true },
  vjp: [
    (g, { inputs: [a, b], output }) => turned(g, a, b, output),
    (g, { inputs: [a, b], output }) => turned(g, b, a, output),
  ],
});

/** ∂ cos / ∂a = (b̂ − cos · â) / |a|: a unit vector of length 0 is 0, so beside it nothing turns. */
function turned(g: Tensor, a: Tensor, b: Tensor, cosine: Tensor): Tensor {
  const [u, v] = [normalize(a), normalize(b)];
  const across = sub(v, mul(u, unsqueeze(cosine, -1)));
  const slope = divideNoNan(across, norm(a, { axis: -1, keepDims: true }));
  return multiplyNoNan(slope, unsqueeze(g, -1));
}

/**
 * Cosine of the angle between vectors along an axis, the last by default: `Σ a b / (|a| |b|)`, in −1 … 1. Beside a vector of
 * length 0 it is 0, with a derivative of 0 by both. Neither overflows nor underflows on the way. Operands broadcast; integers
 * give float32.
 *
 * @throws {@link ShapeError} for shapes that do not broadcast; {@link IndexError} for an axis that they do not have.
 *
 * @example
 * ```ts
 * cosineSimilarity(tensor([[3, 4], [0, 0]]), tensor([4, 3])).toArray() // => [0.96, 0]
 * ```
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: SingleAxisOptions = {}): Tensor {
  const name = 'cosineSimilarity';
  checkOptions(name, options, ['axis']);
  const [p, q] = sameRows(name, a, b);
  const axis = checkAxis(name, 'axis', options.axis ?? -1, p.rank);
  return apply(cosineRow, [movedLast(p, axis), movedLast(q, axis)], null);
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** The p of the norm of differences, at least 0; `Infinity` for the largest. Default 2. */
  readonly p?: number;
  /** Whether the last axis stays, with length 1. Default `false`. */
  readonly keepDims?: boolean;
}

/**
 * Distances row by row, along the last axis: `(Σ |a − b|ᵖ)^(1/p)`. No epsilon is added, so identical rows are at exactly 0,
 * with a derivative of 0. Operands broadcast; integers give float32.
 *
 * @throws {@link ShapeError} for shapes that do not broadcast or have no axis; {@link ArgumentError} for p below 0.
 *
 * @example
 * ```ts
 * pairwiseDistance(tensor([[0, 0], [1, 1]]), tensor([[3, 4], [1, 1]])).toArray() // => [5, 0]
 * ```
 *
 * @see {@link cdist} for all pairs.
 */
export function pairwiseDistance(a: Tensor, b: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  const name = 'pairwiseDistance';
  checkOptions(name, options, ['p', 'keepDims']);
  const ord = checkNumber(name, 'p', options.p ?? 2, { min: 0, finite: false });
  const keepDims = checkBoolean(name, 'keepDims', options.keepDims ?? false);
  const [p, q] = sameRows(name, a, b);
  return norm(sub(p, q), { axis: -1, ord, keepDims });
}

/** Two sets of vectors in one float dtype and one shape. */
function sameRows(where: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  checkTensor(where, 'a', a);
  checkTensor(where, 'b', b);
  const [p, q] = unify(where, [a, b]).map((t) => cast(t, floatOf(t.dtype)));
  const shape = broadcastShapes(where, [p.shape, q.shape]);
  if (shape.length === 0) {
    throw new ShapeError({ where, problem: 'a and b must have an axis of coordinates, got two 0-d tensors' });
  }
  return [broadcastTo(p, shape), broadcastTo(q, shape)];
}
