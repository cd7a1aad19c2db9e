/** @file Products of vectors and matrices. */
import { matmul as matmulKernel } from '@ndgrad/kernels';
import { checkTensor } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import type { OpRow } from '../autodiff/node.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes, broadcastStrides, formatShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, unify } from './define.js';
import { mul } from './elementwise.js';
import { squeeze, transpose, unsqueeze } from './movement.js';

const matmulRow: OpRow<null> = {
  name: 'matmul',
  shape: ([a, b]) => [
    ...broadcastShapes('matmul', [a.slice(0, -2), b.slice(0, -2)]),
    a[a.length - 2],
    b[b.length - 1],
  ],
  run(home, y, [a, b]) {
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
};

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
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor('matmul', 'a', a);
  checkTensor('matmul', 'b', b);
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
