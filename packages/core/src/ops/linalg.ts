/** @file Products of vectors and matrices. */
import { matmul as matmulKernel, matmulTail } from '@ndgrad/kernels';
import { checkHasShape, checkRank, checkSameDType, checkTensor } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { broadcastShapes, broadcastStrides, formatShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, type PairDType, unify } from './define.js';
import { mul } from './elementwise.js';
import { diagonal, reshape, squeeze, transpose, unsqueeze } from './movement.js';
import { sum } from './reduce.js';

const matmulRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'matmul',
  shape: ([a, b]) =>
    a.length === 2 && b.length === 2
      ? [a[0], b[1]]
      : [...broadcastShapes('matmul', [a.slice(0, -2), b.slice(0, -2)]), a[a.length - 2], b[b.length - 1]],
  run(home, y, [a, b]) {
    if (y.rank === 2) {
      home.call(matmulKernel, productPlan(y, a, b), y, a, b);
      return;
    }
    const batch = y.shape.slice(0, -2);
    const [m, n] = y.shape.slice(-2);
    const k = a.shape[a.rank - 1];
    const [ra, ka] = a.strides.slice(-2);
    const [kb, cb] = b.strides.slice(-2);
    const strides = (t: Tensor): readonly number[] =>
      broadcastStrides(t.shape.slice(0, -2), t.strides.slice(0, -2), batch);
    home.call(
      matmulKernel,
      [m, n, k, ra, ka, kb, cb, batch.length, ...batch, ...strides(a), ...strides(b)],
      y,
      a,
      b,
    );
  },
  saves: { inputs: [0, 1] },
  vjp: [(g, { inputs: [, b] }) => matmul(g, transpose(b)), (g, { inputs: [a] }) => matmul(transpose(a), g)],
});

/** The plan of one product of two matrices. */
function productPlan({ shape: [m, n] }: Tensor, a: Tensor, b: Tensor): number[] {
  return [m, n, a.shape[1], a.strides[0], a.strides[1], b.strides[0], b.strides[1], 0];
}

/** Two matrices give a matrix. */
export type ProductRank<A extends number, B extends number> = [A, B] extends [2, 2] ? 2 : number;

/**
 * Matrix product `[…, n, k] · […, k, m] → […, n, m]`; leading axes broadcast. A vector counts as a row on the left and
 * as a column on the right, and its axis disappears, as in NumPy. Sums in double precision.
 *
 * @throws {@link ShapeError} when the inner extents differ, or an operand is 0-d.
 *
 * @example
 * ```ts
 * matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])).toArray() // => [[17], [39]]
 * matmul(tensor([1, 2]), tensor([3, 4])).item() // => 11
 * ```
 */
export function matmul<A extends Tensor, B extends Tensor>(
  a: A,
  b: B,
): Tensor<PairDType<A, B>, ProductRank<A['rank'], B['rank']>>;
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor('matmul', 'a', a);
  checkTensor('matmul', 'b', b);
  // Two matrices of one float dtype that fit, which is nearly always, need no second look.
  if (a.rank === 2 && b.rank === 2 && a.dtype === b.dtype && isFloat(a.dtype) && a.shape[1] === b.shape[0]) {
    return apply(matmulRow, [a, b], null);
  }
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError({
      where: 'matmul',
      argument: a.rank === 0 ? 'a' : 'b',
      must: 'have at least one axis',
      got: 'a 0-d tensor',
      hint: 'use mul() for scalars',
    });
  }
  const [p, q] = unify('matmul', [a, b]).map((t) => (t.dtype === 'bool' ? cast(t, 'int32') : t));
  const inner = q.rank === 1 ? q.shape[0] : q.shape[q.rank - 2];
  if (p.shape[p.rank - 1] !== inner) {
    throw new ShapeError({
      where: 'matmul',
      problem:
        `inner extents differ: a ${formatShape(a.shape)} has ${p.shape[p.rank - 1]} columns, ` +
        `b ${formatShape(b.shape)} has ${inner} rows`,
      hint: transposeHint(p, q),
    });
  }
  const y = apply(matmulRow, [p.rank === 1 ? unsqueeze(p, 0) : p, q.rank === 1 ? unsqueeze(q, 1) : q], null);
  const rowed = q.rank === 1 ? squeeze(y, { axis: -1 }) : y;
  return p.rank === 1 ? squeeze(rowed, { axis: q.rank === 1 ? -1 : -2 }) : rowed;
}

/** Which transposition, if any, would make the product fit. */
function transposeHint(a: Tensor, b: Tensor): string {
  const [m, k] = [a.shape[a.rank - 2], a.shape[a.rank - 1]];
  const [l, n] = [b.shape[b.rank - 2], b.shape[b.rank - 1]];
  if (b.rank > 1 && k === n) return 'b.T would fit';
  if (a.rank > 1 && b.rank > 1 && m === l) return 'a.T would fit';
  return 'check the order of the factors';
}

/**
 * Products of two stacks of matrices, pair by pair: `[b, n, k] · [b, k, m] → [b, n, m]`. Nothing is broadcast, as in
 * PyTorch. Sums in double precision.
 *
 * @throws {@link ShapeError} unless both have three axes, stacks of one length, and inner extents that agree.
 *
 * @example
 * ```ts
 * bmm(tensor([[[1, 2]], [[3, 4]]]), tensor([[[1], [1]], [[2], [2]]])).toArray() // => [[[3]], [[14]]]
 * ```
 *
 * @see {@link matmul}, which broadcasts.
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkTensor('bmm', 'a', a);
  checkTensor('bmm', 'b', b);
  checkRank('bmm', 'a', a, 3, 'a stack of matrices [b, n, k]');
  checkRank('bmm', 'b', b, 3, 'a stack of matrices [b, k, m]');
  if (a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[1]) {
    throw new ShapeError({
      where: 'bmm',
      argument: 'b',
      must: `be a stack [${a.shape[0]}, ${a.shape[2]}, m], as a ${formatShape(a.shape)} says`,
      got: `shape ${formatShape(b.shape)}`,
      ...(a.shape[0] === b.shape[0] ? {} : { hint: 'matmul() broadcasts' }),
    });
  }
  return matmul(a, b);
}

/**
 * The sum of the main diagonal of the last two axes, which need not be of one length: `[…, n, m] → […]`.
 *
 * @throws {@link NumericError} for an int32 sum that does not fit.
 *
 * @example
 * ```ts
 * trace(tensor([[1, 2], [3, 4]])).item() // => 5
 * ```
 *
 * @see {@link diagonal} for other diagonals and axes.
 */
export function trace(x: Tensor): Tensor {
  checkTensor('trace', 'x', x);
  if (x.rank < 2) {
    throw new ShapeError({
      where: 'trace',
      argument: 'x',
      must: 'have at least two axes',
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  return sum(diagonal(x), { axis: -1 });
}

/** `aᵀ · b`, summed over the rows: the gradient of a weight. */
const innerRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'inner',
  shape: ([a, b]) => [a[1], b[1]],
  run(home, y, [a, b]) {
    const ints = [
      y.shape[0],
      y.shape[1],
      a.shape[0],
      a.strides[1],
      a.strides[0],
      b.strides[0],
      b.strides[1],
      0,
    ];
    home.call(matmulKernel, ints, y, a, b);
  },
  saves: { inputs: [0, 1] },
  vjp: [(g, { inputs: [, b] }) => matmul(b, transpose(g)), (g, { inputs: [a] }) => matmul(a, g)],
});

const linearRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'linear',
  shape: ([x, weight]) => [x[0], weight[0]],
  run(home, y, [x, weight, bias]) {
    const [m, n] = y.shape;
    const [outputs, inputs] = weight.strides;
    const ints = [m, n, x.shape[1], x.strides[0], x.strides[1], inputs, outputs, 0, 0];
    home.call(matmulTail, ints, y, x, weight, packed(home, bias));
  },
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, weight] }) => matmul(g, weight),
    (g, { inputs: [x] }) => apply(innerRow, [g, x], null),
    // The engine sums it over the rows.
    (g) => g,
  ],
});

/**
 * An affine map of the last axis, fused: `x · weightᵀ + bias`, `[…, k] → […, n]`.
 *
 * @param weight - `[n, k]`.
 * @param bias - `[n]`; none by default.
 * @throws {@link ShapeError} when the extents do not fit; {@link DTypeError} for tensors that are not of one float dtype.
 *
 * @example
 * ```ts
 * linear(tensor([[1, 2]]), tensor([[3, 4]]), tensor([5])).toArray() // => [[16]]
 * ```
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const where = 'linear';
  checkTensor(where, 'x', x);
  checkTensor(where, 'weight', weight);
  if (bias !== undefined) checkTensor(where, 'bias', bias);
  if (!isFloat(x.dtype)) {
    throw new DTypeError({ where, argument: 'x', must: 'be float32 or float64', got: x.dtype });
  }
  checkSameDType(where, 'x', x, 'weight', weight);
  if (bias !== undefined) checkSameDType(where, 'x', x, 'bias', bias);
  if (weight.rank !== 2) {
    throw new ShapeError({
      where,
      argument: 'weight',
      must: 'be a matrix [n, k]',
      got: formatShape(weight.shape),
    });
  }
  const [n, k] = weight.shape;
  if (x.rank === 0 || x.shape[x.rank - 1] !== k) {
    throw new ShapeError({
      where,
      argument: 'x',
      must: `have a last axis of length ${k}, as weight ${formatShape(weight.shape)} says`,
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  if (bias !== undefined) checkHasShape(where, 'bias', bias, [n]);
  // One product of matrices whatever the rank: a batched one would make a gradient of the weight per batch.
  const rows = x.rank === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), k]);
  const y =
    bias === undefined
      ? apply(matmulRow, [rows, transpose(weight)], null)
      : apply(linearRow, [rows, weight, bias], null);
  return x.rank === 2 ? y : reshape(y, [...x.shape.slice(0, -1), n]);
}

/**
 * Inner product of two vectors: `Σ aᵢ bᵢ`.
 *
 * @throws {@link ShapeError} unless both are vectors of one length.
 *
 * @example
 * ```ts
 * dot(tensor([1, 2]), tensor([3, 4])).item() // => 11
 * ```
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  requireVectors('dot', a, b);
  if (a.size !== b.size) {
    throw new ShapeError({
      where: 'dot',
      argument: 'b',
      must: `have the length of a, ${a.size}`,
      got: `${b.size}`,
    });
  }
  return matmul(a, b);
}

/**
 * Outer product of two vectors: `aᵢ bⱼ`.
 *
 * @throws {@link ShapeError} unless both are vectors.
 *
 * @example
 * ```ts
 * outer(tensor([1, 2]), tensor([3, 4])).toArray() // => [[3, 4], [6, 8]]
 * ```
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  requireVectors('outer', a, b);
  return mul(unsqueeze(a, 1), b);
}

function requireVectors(where: string, a: Tensor, b: Tensor): void {
  checkTensor(where, 'a', a);
  checkTensor(where, 'b', b);
  if (a.rank !== 1 || b.rank !== 1) {
    const at = a.rank === 1 ? 'b' : 'a';
    throw new ShapeError({
      where,
      argument: at,
      must: 'be a vector',
      got: `shape ${formatShape((a.rank === 1 ? b : a).shape)}`,
    });
  }
}
