/**
 * @file What factoring a square matrix gives: Cholesky's factor, solutions of linear systems, inverses, determinants. All
 * take stacks `[…, n, n]`, n = 0 and 1 included.
 *
 * The LU factors are made once and handed to everything that needs them, derivatives of every order included. They are
 * float64 whatever the matrix is, so that float32 is rounded once, in the result; and they have no derivative of their own:
 * each row takes the matrix beside its factors and differentiates by the matrix.
 */
import { cofactors as cofactorsKernel, factorisation as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkOptions, checkTensor, inspect } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { eye } from '../creation.js';
import { floatOf } from '../dtype.js';
import { NumericError, ShapeError } from '../errors.js';
import { broadcastShapes, broadcastStrides, formatShape, indexAt, type Shape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, unify } from './define.js';
import { add, where as choose, lt, mul, multiplyNoNan, neg, stopGradient } from './elementwise.js';
import { matmul } from './linalg.js';
import { concat, diagonal, squeeze, stack, transpose, tril, triu, unbind, unsqueeze } from './movement.js';

/** A float tensor of square matrices. */
function squareOperand(where: string, argument: string, x: unknown): Tensor {
  checkTensor(where, argument, x);
  if (x.rank < 2 || x.shape[x.rank - 1] !== x.shape[x.rank - 2]) {
    throw new ShapeError({
      where,
      argument,
      must: 'be a square matrix or a stack of them, […, n, n]',
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  return cast(x, floatOf(x.dtype));
}

/** `[batch, n]` of a stack of square matrices. */
function stackPlan({ shape }: Tensor): number[] {
  return [sizeOf(shape.slice(0, -2)), shape[shape.length - 1]];
}

/** Refuses a factor on whose diagonal something stands that no proper one has. */
function requirePivots(
  where: string,
  argument: string,
  factor: Tensor,
  isBad: (pivot: number) => boolean,
  problem: string,
): void {
  const batch = factor.shape.slice(0, -2);
  const n = factor.shape[factor.rank - 2];
  inspect('requirePivots', diagonal(stopGradient(factor)), (position, pivot) => {
    if (!isBad(pivot)) return;
    const name =
      batch.length === 0
        ? argument
        : `matrix ${formatShape(indexAt(Math.floor(position / n), batch))} of ${argument}`;
    throw new NumericError({
      where,
      problem: `${name} is ${problem}: pivot ${position % n} is ${pivot + 0}`,
      hint: 'a small multiple of the identity, added to it, helps',
    });
  });
}

const isZero = (pivot: number): boolean => pivot === 0;

/** Checked operands of an equation: the matrices, the right-hand sides as columns, and whether these were one vector. */
function equation(where: string, a: Tensor, b: Tensor): { a: Tensor; b: Tensor; isVector: boolean } {
  const square = squareOperand(where, 'a', a);
  checkTensor(where, 'b', b);
  const n = square.shape[square.rank - 1];
  const [p, q] = unify(where, [square, b]);
  const isVector = q.rank === 1;
  if (q.rank === 0 || q.shape[isVector ? 0 : q.rank - 2] !== n) {
    throw new ShapeError({
      where,
      argument: 'b',
      must: `be a vector [${n}] or a stack of matrices […, ${n}, k], as a ${formatShape(a.shape)} says`,
      got: `shape ${formatShape(b.shape)}`,
      ...(q.rank > 1 && q.shape[q.rank - 1] === n
        ? { hint: 'unsqueeze(b, -1) makes columns of vectors' }
        : {}),
    });
  }
  return { a: p, b: isVector ? unsqueeze(q, 1) : q, isVector };
}

/** The stack of solutions that stacks of matrices and of right-hand sides broadcast to. */
function solutionShape(where: string, a: Shape, b: Shape): Shape {
  return [...broadcastShapes(where, [a.slice(0, -2), b.slice(0, -2)]), ...b.slice(-2)];
}

/** `[batch rank, ...batch shape, ...batch strides a, ...batch strides b]` of an equation. */
function batchPlan(y: Tensor, a: Tensor, b: Tensor): number[] {
  const batch = y.shape.slice(0, -2);
  const strides = (t: Tensor): readonly number[] =>
    broadcastStrides(t.shape.slice(0, -2), t.strides.slice(0, -2), batch);
  return [batch.length, ...batch, ...strides(a), ...strides(b)];
}

// Triangles

interface Triangle {
  readonly upper: boolean;
  /** Whether the equation is of the transposed triangle. */
  readonly transposed: boolean;
  readonly unit: boolean;
}

const solveTriangularRow: Op<Triangle> = /* @__PURE__ */ new Op({
  name: 'solveTriangular',
  shape: ([a, b]) => solutionShape('solveTriangular', a, b),
  run(home, y, [a, b], { upper, transposed, unit }) {
    const [n, k] = y.shape.slice(-2);
    const [row, column] = a.strides.slice(-2);
    const side = packed(home, b);
    // The transpose of a triangle is the other one, with its strides swapped.
    const ints = transposed
      ? [n, k, upper ? 0 : 1, unit ? 1 : 0, column, row]
      : [n, k, upper ? 1 : 0, unit ? 1 : 0, row, column];
    home.call(kernels.solveTriangular, [...ints, ...batchPlan(y, a, side)], y, a, side);
  },
  saves: { inputs: [0], output: true },
  vjp: [
    // Of A x = b: dx = −A⁻¹ dA x, so the cotangent of A is −(A⁻ᵀ g) xᵀ, on the triangle that is read.
    (g, { inputs: [a], output: x, attributes }) => {
      const { upper, transposed, unit } = attributes;
      const gb = apply(solveTriangularRow, [a, g], { ...attributes, transposed: !transposed });
      const ga = neg(transposed ? matmul(x, transpose(gb)) : matmul(gb, transpose(x)));
      const offset = unit ? 1 : 0;
      return upper ? triu(ga, { diagonal: offset }) : tril(ga, { diagonal: -offset });
    },
    (g, { inputs: [a], attributes }) =>
      apply(solveTriangularRow, [a, g], { ...attributes, transposed: !attributes.transposed }),
  ],
});

/** Options of {@link solveTriangular}. */
export interface SolveTriangularOptions {
  /** Whether `a` is its upper triangle, else its lower one. Default `false`. */
  readonly upper?: boolean;
  /** Whether to solve aᵀ x = b. Default `false`. */
  readonly transpose?: boolean;
  /** Whether to take the diagonal of `a` as 1, whatever it holds. Default `false`. */
  readonly unitriangular?: boolean;
}

/**
 * The x of `a x = b` for triangular `a`, by substitution: `[…, n, n], […, n, k] → […, n, k]`; leading axes broadcast. Only
 * the named triangle of `a` is read, and gets the gradient. A 1-D `b` is one right-hand side and gives a vector. NaN
 * spreads. Integers give float32.
 *
 * @throws {@link NumericError} naming matrix and position of a 0 on the diagonal; {@link ShapeError} when shapes do not fit.
 *
 * @example
 * ```ts
 * solveTriangular(tensor([[2, 0], [1, 4]]), tensor([2, 9])).toArray() // => [1, 2]
 * ```
 *
 * @see {@link solve} for any square matrix.
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions = {}): Tensor {
  const where = 'solveTriangular';
  checkOptions(where, options, ['upper', 'transpose', 'unitriangular']);
  const upper = checkBoolean(where, 'upper', options.upper ?? false);
  const transposed = checkBoolean(where, 'transpose', options.transpose ?? false);
  const unit = checkBoolean(where, 'unitriangular', options.unitriangular ?? false);
  const given = equation(where, a, b);
  if (!unit) requirePivots(where, 'a', given.a, isZero, 'singular');
  const x = apply(solveTriangularRow, [given.a, given.b], { upper, transposed, unit });
  return given.isVector ? squeeze(x, { axis: -1 }) : x;
}

// Cholesky

const choleskyRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'cholesky',
  shape: ([shape]) => shape,
  run: (home, y, [a]) => home.call(kernels.cholesky, stackPlan(a), y, packed(home, a)),
  saves: { output: true },
  vjp: [
    // L⁻ᵀ Φ(Lᵀ g) L⁻¹ made symmetric, where Φ takes the lower triangle and half of the diagonal (Murray,
    // "Differentiation of the Cholesky decomposition", 2016, equation 10).
    (g, { output: l }) => {
      const inner = matmul(transpose(l), g);
      const half = mul(add(tril(inner), tril(inner, { diagonal: -1 })), 0.5);
      const lower: Triangle = { upper: false, transposed: true, unit: false };
      const left = apply(solveTriangularRow, [l, half], lower);
      const both = apply(solveTriangularRow, [l, transpose(left)], lower);
      return mul(add(both, transpose(both)), 0.5);
    },
  ],
});

/** Options of {@link cholesky}. */
export interface CholeskyOptions {
  /** Whether to give the upper U of UᵀU, from the upper triangle. Default `false`. */
  readonly upper?: boolean;
}

/**
 * Cholesky's factor of a symmetric positive definite matrix: the lower triangular L of `x = L Lᵀ`, `[…, n, n] → […, n, n]`.
 *
 * `x` is taken to be symmetric: the lower triangle alone is read (the upper for `upper`), and the gradient is symmetric, as
 * in PyTorch: half of each pair of elements goes to either. NaN spreads, where PyTorch refuses it. Integers give float32.
 *
 * @throws {@link NumericError} naming matrix and pivot when a matrix is not positive definite.
 *
 * @example
 * ```ts
 * cholesky(tensor([[4, 2], [2, 5]])).toArray() // => [[2, 0], [1, 2]]
 * ```
 */
export function cholesky(x: Tensor, options: CholeskyOptions = {}): Tensor {
  const where = 'cholesky';
  checkOptions(where, options, ['upper']);
  const upper = checkBoolean(where, 'upper', options.upper ?? false);
  const a = squareOperand(where, 'x', x);
  const l = apply(choleskyRow, [upper ? transpose(a) : a], null);
  requirePivots(where, 'x', l, (pivot) => pivot <= 0, 'not positive definite');
  return upper ? transpose(l) : l;
}

// Equations

const luRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'lu',
  shape: ([shape]) => [...shape.slice(0, -1), shape[shape.length - 1] + kernels.LU_COLUMNS],
  dtype: () => 'float64',
  run: (home, y, [a]) => home.call(kernels.lu, stackPlan(a), y, packed(home, a)),
});

function factorsOf(a: Tensor): Tensor {
  return apply(luRow, [a], null);
}

/** The factors of matrices that must have an inverse. */
function regularFactorsOf(where: string, argument: string, a: Tensor): Tensor {
  const factors = factorsOf(a);
  requirePivots(where, argument, factors, isZero, 'singular');
  return factors;
}

/** Inputs: the matrices, their factors, the right-hand sides. */
const solveRow: Op<{ readonly transposed: boolean }> = /* @__PURE__ */ new Op({
  name: 'solve',
  shape: ([a, , b]) => solutionShape('solve', a, b),
  run(home, y, [, factors, b], { transposed }) {
    const [n, k] = y.shape.slice(-2);
    const side = packed(home, b);
    home.call(kernels.luSolve, [n, k, transposed ? 1 : 0, ...batchPlan(y, factors, side)], y, factors, side);
  },
  saves: { inputs: [0, 1], output: true },
  vjp: [
    // As of a triangle, without the mask.
    (g, { inputs: [a, factors], output: x, attributes: { transposed } }) => {
      const gb = apply(solveRow, [a, factors, g], { transposed: !transposed });
      return neg(transposed ? matmul(x, transpose(gb)) : matmul(gb, transpose(x)));
    },
    null,
    (g, { inputs: [a, factors], attributes: { transposed } }) =>
      apply(solveRow, [a, factors, g], { transposed: !transposed }),
  ],
});

/**
 * The x of `a x = b`: `[…, n, n], […, n, k] → […, n, k]`; leading axes broadcast. A 1-D `b`, and no other, is a vector
 * (NumPy 2's rule) and gives a vector. By LU with partial pivoting, after rows and columns were scaled by powers of two:
 * neither the units of the equations nor those of the unknowns cost digits or overflow. float32 is solved in double and
 * rounded once. NaN in a matrix spreads over its whole solution. Integers give float32.
 *
 * @throws {@link NumericError} naming matrix and pivot when a matrix is singular to the last bit; one that is nearly so
 *   gives large numbers. {@link ShapeError} when shapes do not fit.
 *
 * @example
 * ```ts
 * solve(tensor([[2, 1], [1, 3]]), tensor([4, 7])).toArray() // => [1, 2]
 * ```
 *
 * @see {@link solveTriangular}, and {@link cholesky} for symmetric positive definite matrices.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const given = equation('solve', a, b);
  const factors = regularFactorsOf('solve', 'a', given.a);
  const x = apply(solveRow, [given.a, factors, given.b], { transposed: false });
  return given.isVector ? squeeze(x, { axis: -1 }) : x;
}

/** x⁻¹ or x⁻ᵀ from the factors of x. */
function inverseFrom(a: Tensor, factors: Tensor, transposed: boolean): Tensor {
  const n = a.shape[a.rank - 1];
  return apply(solveRow, [a, factors, eye(n, n, { dtype: a.dtype })], { transposed });
}

/**
 * The inverse of square matrices: `[…, n, n] → […, n, n]`. `solve(a, b)` is faster and closer than `inverse(a) · b`. NaN
 * spreads over its whole matrix. Integers give float32.
 *
 * @throws {@link NumericError} naming matrix and pivot when a matrix is singular to the last bit.
 *
 * @example
 * ```ts
 * inverse(tensor([[2, 0], [0, 4]])).toArray() // => [[0.5, 0], [0, 0.25]]
 * ```
 */
export function inverse(x: Tensor): Tensor {
  const a = squareOperand('inverse', 'x', x);
  return inverseFrom(a, regularFactorsOf('inverse', 'x', a), false);
}

// Determinants

/** The derivative of the determinant: the matrix of signed minors. */
const cofactorsRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'cofactors',
  shape: ([shape]) => shape,
  run: (home, y, [a]) => home.call(cofactorsKernel, [...stackPlan(a), 0], y, packed(home, a)),
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [a] }) => apply(mixedCofactorsRow, [a, unsqueeze(g, 0)], null)],
});

/**
 * The derivative of the determinant's mixed derivative along k directions, `[k, …, n, n]`. It is symmetric in them and
 * linear in each, so its own derivatives are the same with one direction more, or with another one in a place: those of
 * every order are right at every rank.
 */
const mixedCofactorsRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'mixedCofactors',
  shape: ([shape]) => shape,
  run: (home, y, [a, directions]) =>
    home.call(
      cofactorsKernel,
      [...stackPlan(a), directions.shape[0]],
      y,
      packed(home, a),
      packed(home, directions),
    ),
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, directions] }) =>
      apply(mixedCofactorsRow, [a, concat([directions, unsqueeze(g, 0)])], null),
    (g, { inputs: [a, directions] }) => {
      const each = unbind(directions);
      const withInPlace = (i: number): Tensor => stack(each.map((d, k) => (k === i ? g : d)));
      return stack(each.map((_, i) => apply(mixedCofactorsRow, [a, withInPlace(i)], null)));
    },
  ],
});

/** One number per matrix, against matrices. */
function perMatrix(g: Tensor): Tensor {
  return unsqueeze(unsqueeze(g, -1), -1);
}

const detRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'det',
  shape: ([shape]) => shape.slice(0, -2),
  run: (home, y, [a, factors]) => home.call(kernels.determinant, stackPlan(a), y, factors),
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [a] }) => multiplyNoNan(apply(cofactorsRow, [a], null), perMatrix(g)), null],
});

/**
 * The determinant of square matrices: `[…, n, n] → […]`; 1 for n = 0. Neither overflows nor underflows on the way. NaN
 * spreads. Integers give float32.
 *
 * The derivative is the matrix of cofactors, right at every matrix: of rank 1 where x has rank n − 1, and exactly 0 where
 * its rank is lower. So are the derivatives of every order k; they cost O(n³ + nᵏ). Rank is counted after rows and columns
 * were brought to one scale: pivots below n ε of the largest are taken for rounding.
 *
 * @example
 * ```ts
 * det(tensor([[1, 2], [3, 4]])).item() // => -2
 * ```
 *
 * @see {@link slogdet} for determinants that no number can hold.
 */
export function det(x: Tensor): Tensor {
  const a = squareOperand('det', 'x', x);
  return apply(detRow, [a, factorsOf(a)], null);
}

const signRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'slogdet',
  shape: detRow.shape as NonNullable<typeof detRow.shape>,
  run: (home, y, [a, factors]) => home.call(kernels.determinantSign, stackPlan(a), y, factors),
});

const logAbsDetRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'slogdet',
  shape: detRow.shape as NonNullable<typeof detRow.shape>,
  run: (home, y, [a, factors]) => home.call(kernels.logAbsDeterminant, stackPlan(a), y, factors),
  saves: { inputs: [0, 1] },
  vjp: [
    // d log |det A| = tr(A⁻¹ dA)
    (g, { inputs: [a, factors] }) => multiplyNoNan(inverseFrom(a, factors, true), perMatrix(g)),
    null,
  ],
});

/** What {@link slogdet} gives. */
export interface SignAndLogAbsDet {
  /** −1, 0 or 1; NaN where the determinant is. Without derivative. */
  readonly sign: Tensor;
  /** log |det x|; −Infinity where the determinant is 0. */
  readonly logAbsDet: Tensor;
}

/**
 * Sign and logarithm of the determinant of square matrices, `[…, n, n] → […]`, however large or small it is:
 * `det x = sign · exp(logAbsDet)`. A singular matrix has sign 0 and logarithm −Infinity. NaN gives NaN for both. Integers
 * give float32.
 *
 * The derivative, x⁻ᵀ, needs a nonsingular matrix: at a singular one it is infinite or NaN, and 0 under a cotangent of 0.
 *
 * @example
 * ```ts
 * const { sign, logAbsDet } = slogdet(tensor([[0, 1], [1, 0]]));
 * [sign.item(), logAbsDet.item()] // => [-1, 0]
 * ```
 */
export function slogdet(x: Tensor): SignAndLogAbsDet {
  const a = squareOperand('slogdet', 'x', x);
  const factors = factorsOf(a);
  return {
    sign: apply(signRow, [a, factors], null),
    logAbsDet: apply(logAbsDetRow, [a, factors], null),
  };
}

/**
 * The logarithm of the determinant of square matrices, `[…, n, n] → […]`: −Infinity for a determinant of 0, NaN for a
 * negative one, with a derivative of 0 there. Integers give float32.
 *
 * @example
 * ```ts
 * logdet(tensor([[1, 0], [0, 1]])).item() // => 0
 * logdet(tensor([[0, 1], [1, 0]])).item() // => NaN
 * ```
 *
 * @see {@link slogdet}, whose derivative this has.
 */
export function logdet(x: Tensor): Tensor {
  const { sign, logAbsDet } = slogdet(squareOperand('logdet', 'x', x));
  return choose(lt(sign, 0), Number.NaN, logAbsDet);
}
