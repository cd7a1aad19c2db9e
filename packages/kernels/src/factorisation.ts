/**
 * @file Triangular factors of small dense matrices, in double precision. All operands are packed unless a plan gives
 * strides; matrices are stacked and their kernels go through the stack one by one.
 */
import {
  equilibrate,
  exponentOf,
  LARGEST_EXPONENT,
  LEAST_EXPONENT,
  type Scaled,
  scaledProduct,
  substitute,
  swapRows,
  timesPowerOfTwo,
} from './elimination.js';
import { type Kernel, kernel, type Values } from './kernel.js';

// Triangles

/** Calls `visit(offset in operand a, offset in operand b)` for each matrix of a stack: two odometers over its axes. */
function eachMatrix(
  rank: number,
  extent: (axis: number) => number,
  strideA: (axis: number) => number,
  strideB: (axis: number) => number,
  oa: number,
  ob: number,
  visit: (oa: number, ob: number) => void,
): void {
  let count = 1;
  for (let axis = 0; axis < rank; axis++) count *= extent(axis);
  const index = new Array<number>(rank).fill(0);
  for (let matrix = 0; matrix < count; matrix++) {
    visit(oa, ob);
    for (let axis = rank - 1; axis >= 0; axis--) {
      oa += strideA(axis);
      ob += strideB(axis);
      if (++index[axis] < extent(axis)) break;
      oa -= extent(axis) * strideA(axis);
      ob -= extent(axis) * strideB(axis);
      index[axis] = 0;
    }
  }
}

/**
 * x of A x = b for triangles A with strides of their own, by substitution.
 *
 * Plan: `[n, k, 1 for an upper triangle, 1 for a unit diagonal, row stride, column stride, batch rank, ...batch shape,
 * ...batch strides a, ...batch strides b]`.
 */
export const solveTriangular = kernel('solveTriangular', (ints, y, oy, a, oa, b, ob) => {
  const [n, k, upper, unit, row, column, rank] = [0, 1, 2, 3, 4, 5, 6].map((i) => ints[i]);
  const t = new Float64Array(n * k);
  const at = (list: number) => (axis: number) => ints[7 + list * rank + axis];
  eachMatrix(rank, at(0), at(1), at(2), oa, ob, (pa, pb) => {
    for (let i = 0; i < n * k; i++) t[i] = b[pb + i];
    substitute(a, pa, row, column, n, upper === 1, unit === 1, t, k);
    for (let i = 0; i < n * k; i++) y[oy++] = t[i];
  });
});

// Cholesky

/**
 * The lower L of A = L Lᵀ, from the lower triangle of A. At the first pivot that is not positive the row ends with that
 * pivot in place of its root, which no proper factor has on its diagonal, and the matrix is left there. Plan: `[batch, n]`.
 */
export const cholesky = kernel('cholesky', (ints, y, oy, a, oa) => {
  const [batch, n] = [ints[0], ints[1]];
  const l = new Float64Array(n * n);
  for (let matrix = 0; matrix < batch; matrix++, oy += n * n, oa += n * n) {
    l.fill(0);
    choleskyRows(l, n, a, oa);
    for (let i = 0; i < n * n; i++) y[oy + i] = l[i];
  }
});

function choleskyRows(l: Float64Array, n: number, a: Values, oa: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s: number = a[oa + i * n + j];
      for (let k = 0; k < j; k++) s -= l[i * n + k] * l[j * n + k];
      if (j < i) l[i * n + j] = s / l[j * n + j];
      else if (s <= 0) {
        l[i * n + i] = s;
        return;
      } else l[i * n + i] = Math.sqrt(s);
    }
  }
}

// LU

/** How many columns the factors of {@link lu} have beside the n of the matrix. */
export const LU_COLUMNS = 3;

/**
 * Factors of equilibrated matrices by partial pivoting, 2^−r A 2^−c = Pᵀ L U, as float64 `[n, n + 3]`: L (whose diagonal
 * is 1) and U in the first n columns, then the row of A that each row came from, r and c. A zero on the diagonal of U is
 * where a singular matrix ran out of pivots; NaN counts as the largest of a column, so that it spreads. Plan: `[batch, n]`.
 */
export const lu = kernel('lu', (ints, y, oy, a, oa) => {
  const [batch, n] = [ints[0], ints[1]];
  const m = new Float64Array(n * n);
  const order = new Int32Array(n);
  const rows = new Int32Array(n);
  const columns = new Int32Array(n);
  const width = n + LU_COLUMNS;
  for (let matrix = 0; matrix < batch; matrix++, oy += n * width, oa += n * n) {
    for (let i = 0; i < n * n; i++) m[i] = a[oa + i];
    equilibrate(m, n, rows, columns);
    eliminate(m, n, order);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) y[oy + i * width + j] = m[i * n + j];
      y[oy + i * width + n] = order[i];
      y[oy + i * width + n + 1] = rows[i];
      y[oy + i * width + n + 2] = columns[i];
    }
  }
});

function eliminate(m: Float64Array, n: number, order: Int32Array): void {
  for (let i = 0; i < n; i++) order[i] = i;
  for (let k = 0; k < n; k++) {
    const p = pivotRow(m, n, k);
    if (p !== k) {
      swapRows(m, n, k, p);
      [order[k], order[p]] = [order[p], order[k]];
    }
    const pivot = m[k * n + k];
    if (pivot === 0) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = m[i * n + k] / pivot;
      m[i * n + k] = factor;
      for (let j = k + 1; j < n; j++) m[i * n + j] -= factor * m[k * n + j];
    }
  }
}

function pivotRow(m: Float64Array, n: number, k: number): number {
  let best = k;
  let largest = Math.abs(m[k * n + k]);
  for (let i = k + 1; i < n && largest === largest; i++) {
    const x = Math.abs(m[i * n + k]);
    if (x > largest || x !== x) {
      largest = x;
      best = i;
    }
  }
  return best;
}

/**
 * x of A x = b, or of Aᵀ x = b, from the factors of A. Each column of b is scaled to about 1 on its way through.
 *
 * Plan: `[n, k, 1 for Aᵀ, batch rank, ...batch shape, ...batch strides of the factors, ...batch strides b]`.
 */
export const luSolve = kernel('luSolve', (ints, y, oy, factors, of, b, ob) => {
  const [n, k, transposed, rank] = [ints[0], ints[1], ints[2] === 1, ints[3]];
  const width = n + LU_COLUMNS;
  const t = new Float64Array(n * k);
  const exponents = new Int32Array(k);
  const at = (list: number) => (axis: number) => ints[4 + list * rank + axis];
  eachMatrix(rank, at(0), at(1), at(2), of, ob, (pf, pb) => {
    // Row i of the permuted system is row order(i) of A; x = 2^−c z, or 2^−r Pᵀ z for Aᵀ.
    const order = (i: number): number => factors[pf + i * width + n];
    const rowExponent = (i: number): number => factors[pf + i * width + n + 1];
    const columnExponent = (i: number): number => factors[pf + i * width + n + 2];
    const inExponent = transposed ? columnExponent : rowExponent;
    const outExponent = transposed ? rowExponent : columnExponent;
    for (let c = 0; c < k; c++) {
      let largest = -Infinity;
      for (let i = 0; i < n; i++) {
        const x = b[pb + i * k + c];
        if (x !== 0 && Number.isFinite(x)) largest = Math.max(largest, exponentOf(x) - inExponent(i));
      }
      exponents[c] = largest === -Infinity ? 0 : largest;
    }
    for (let i = 0; i < n; i++) {
      const from = transposed ? i : order(i);
      for (let c = 0; c < k; c++) {
        t[i * k + c] = timesPowerOfTwo(b[pb + from * k + c], -inExponent(from) - exponents[c]);
      }
    }
    if (transposed) {
      substitute(factors, pf, 1, width, n, false, false, t, k);
      substitute(factors, pf, 1, width, n, true, true, t, k);
    } else {
      substitute(factors, pf, width, 1, n, false, true, t, k);
      substitute(factors, pf, width, 1, n, true, false, t, k);
    }
    for (let i = 0; i < n; i++) {
      const to = transposed ? order(i) : i;
      for (let c = 0; c < k; c++) {
        y[oy + to * k + c] = timesPowerOfTwo(t[i * k + c], exponents[c] - outExponent(to));
      }
    }
    oy += n * k;
  });
});

// Determinants

/** The determinant of a matrix from its factors. */
function determinantOf(n: number, factors: Values, of: number): Scaled {
  const width = n + LU_COLUMNS;
  const seen = new Uint8Array(n);
  let sign = 1;
  let scale = 0;
  for (let start = 0; start < n; start++) {
    scale += factors[of + start * width + n + 1] + factors[of + start * width + n + 2];
    // A cycle of even length is an odd permutation.
    for (let i = start, length = 0; seen[i] === 0; i = factors[of + i * width + n]) {
      seen[i] = 1;
      if (length++ > 0) sign = -sign;
    }
  }
  const { mantissa, exponent } = scaledProduct(n, (i) => factors[of + i * (width + 1)]);
  return { mantissa: sign * mantissa, exponent: exponent + scale };
}

/** A kernel that makes one number of each matrix's factors. Plan: `[batch, n]`. */
function determinantKernel(name: string, of: (determinant: Scaled) => number): Kernel {
  return kernel(name, (ints, y, oy, factors, at) => {
    const [batch, n] = [ints[0], ints[1]];
    for (let matrix = 0; matrix < batch; matrix++, at += n * (n + LU_COLUMNS)) {
      y[oy + matrix] = of(determinantOf(n, factors, at));
    }
  });
}

export const determinant = determinantKernel('determinant', ({ mantissa, exponent }) =>
  timesPowerOfTwo(mantissa, exponent),
);

export const determinantSign = determinantKernel('determinantSign', ({ mantissa }) => Math.sign(mantissa));

/** log |det|; beside 1 from the number itself, where the sum of two logarithms would cancel. */
export const logAbsDeterminant = determinantKernel('logAbsDeterminant', ({ mantissa, exponent }) =>
  exponent >= LEAST_EXPONENT && exponent <= LARGEST_EXPONENT
    ? Math.log(Math.abs(timesPowerOfTwo(mantissa, exponent)))
    : Math.log(Math.abs(mantissa)) + exponent * Math.LN2,
);
