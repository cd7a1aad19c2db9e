/**
 * @file Cofactors and their derivatives of every order, at matrices of every rank: all derivatives of the determinant.
 *
 * Complete pivoting brings a matrix to a diagonal, A = 2^r Pᵀ L D U Qᵀ 2^c. There a derivative of the determinant is a sum
 * over few rows and columns of a product of all other diagonal elements, in which nothing is divided by an element that
 * may be 0 and nothing cancels; L and U, whose elements are at most 1, carry it back.
 */
import {
  equilibrate,
  exponentOf,
  type Scaled,
  scaledProduct,
  substitute,
  swapRows,
  timesPowerOfTwo,
} from './elimination.js';
import { kernel, type Values } from './kernel.js';

/** A = 2^rows Pᵀ L D U Qᵀ 2^columns. */
interface Diagonalised {
  /** D on the diagonal, L below and U above it, whose diagonals are 1. From `rank` on all is 0. */
  readonly m: Float64Array;
  /** Rows and columns of A in the order of the pivots. */
  readonly rowOrder: Int32Array;
  readonly columnOrder: Int32Array;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly rank: number;
  /** det P det Q. */
  readonly sign: number;
}

/** Takes a matrix apart. Pivots below n ε times the largest are what rounding leaves of 0, and count as 0. */
function diagonalise(m: Float64Array, n: number): Diagonalised {
  const rows = new Int32Array(n);
  const columns = new Int32Array(n);
  equilibrate(m, n, rows, columns);
  const rowOrder = Int32Array.from(rows, (_, i) => i);
  const columnOrder = Int32Array.from(rowOrder);
  let sign = 1;
  let rank = 0;
  let least = 0;
  for (; rank < n; rank++) {
    const place = largestFrom(m, n, rank);
    const size = Math.abs(m[place]);
    if (rank === 0) least = n * Number.EPSILON * size;
    if (size <= least) break;
    const p = Math.floor(place / n);
    const q = place % n;
    if (p !== rank) {
      swapRows(m, n, p, rank);
      [rowOrder[p], rowOrder[rank]] = [rowOrder[rank], rowOrder[p]];
      sign = -sign;
    }
    if (q !== rank) {
      swapColumns(m, n, q, rank);
      [columnOrder[q], columnOrder[rank]] = [columnOrder[rank], columnOrder[q]];
      sign = -sign;
    }
    eliminateBoth(m, n, rank);
  }
  for (let i = rank; i < n; i++) m.fill(0, i * n + rank, (i + 1) * n);
  return { m, rowOrder, columnOrder, rows, columns, rank, sign };
}

/** Where the largest element lies in the block from row and column k on. */
function largestFrom(m: Float64Array, n: number, k: number): number {
  let best = k * n + k;
  for (let i = k; i < n; i++) {
    for (let j = k; j < n; j++) if (Math.abs(m[i * n + j]) > Math.abs(m[best])) best = i * n + j;
  }
  return best;
}

function swapColumns(m: Float64Array, n: number, p: number, q: number): void {
  for (let i = 0; i < n; i++) {
    const x = m[i * n + p];
    m[i * n + p] = m[i * n + q];
    m[i * n + q] = x;
  }
}

/** One step of elimination: column k of L, row k of U, and what remains of the block behind them. */
function eliminateBoth(m: Float64Array, n: number, k: number): void {
  const pivot = m[k * n + k];
  for (let i = k + 1; i < n; i++) {
    const factor = m[i * n + k] / pivot;
    m[i * n + k] = factor;
    for (let j = k + 1; j < n; j++) m[i * n + j] -= factor * m[k * n + j];
  }
  for (let j = k + 1; j < n; j++) m[k * n + j] /= pivot;
}

function transposeInPlace(t: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const x = t[i * n + j];
      t[i * n + j] = t[j * n + i];
      t[j * n + i] = x;
    }
  }
}

/** A direction G seen from D, L⁻¹ P 2^−r G 2^−c Q U⁻¹, and the exponent that was taken out of it. */
function carryIn(a: Diagonalised, n: number, g: Values, og: number): { g: Float64Array; exponent: number } {
  const { m, rowOrder, columnOrder, rows, columns } = a;
  let exponent = -Infinity;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const x = g[og + i * n + j];
      if (x !== 0 && Number.isFinite(x)) exponent = Math.max(exponent, exponentOf(x) - rows[i] - columns[j]);
    }
  }
  if (exponent === -Infinity) exponent = 0;
  const t = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [p, q] = [rowOrder[i], columnOrder[j]];
      t[i * n + j] = timesPowerOfTwo(g[og + p * n + q], -rows[p] - columns[q] - exponent);
    }
  }
  substitute(m, 0, n, 1, n, false, true, t, n);
  transposeInPlace(t, n);
  substitute(m, 0, 1, n, n, false, true, t, n);
  transposeInPlace(t, n);
  return { g: t, exponent };
}

/** Carries a derivative by D back to one by A, and stores it. */
function carryOut(
  a: Diagonalised,
  n: number,
  t: Float64Array,
  exponent: number,
  y: Values,
  oy: number,
): void {
  const { m, rowOrder, columnOrder, rows, columns } = a;
  substitute(m, 0, 1, n, n, true, true, t, n);
  transposeInPlace(t, n);
  substitute(m, 0, n, 1, n, true, true, t, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [p, q] = [rowOrder[i], columnOrder[j]];
      // t is transposed.
      y[oy + p * n + q] = timesPowerOfTwo(t[j * n + i], exponent - rows[p] - columns[q]);
    }
  }
}

/**
 * The derivative of det(D + Σ tᵢ Gᵢ + E) by all tᵢ and by E, at 0: over all choices of as many rows as there are matrices,
 * the product of D's other elements times the mixed determinant of those rows and columns. It is a choice among few
 * because the rows in which D is 0 must all be among them.
 */
function mixedCofactors(
  { m, rank, sign }: Diagonalised,
  n: number,
  product: Scaled,
  gs: readonly Float64Array[],
): Float64Array {
  const t = new Float64Array(n * n);
  const count = gs.length + 1;
  const free = count - (n - rank);
  const chosen = Int32Array.from({ length: count }, (_, i) => rank + i - free);
  const choose = (position: number, from: number, weight: number): void => {
    if (position === free) {
      addMixedDeterminant(t, n, chosen, gs, weight);
      return;
    }
    for (let i = from; i <= rank - (free - position); i++) {
      chosen[position] = i;
      choose(position + 1, i + 1, weight / m[i * n + i]);
    }
  };
  if (free >= 0 && count <= n) choose(0, 0, sign * product.mantissa);
  return t;
}

/**
 * Adds to t the derivative by E of the mixed determinant of E and the gs in some rows and columns: over all ways to take
 * one row from each matrix and one column for each row, the signed product.
 */
function addMixedDeterminant(
  t: Float64Array,
  n: number,
  chosen: Int32Array,
  gs: readonly Float64Array[],
  weight: number,
): void {
  const count = chosen.length;
  /** Sets of columns and of matrices that are taken, as bits; matrix number `gs.length` is E, whose place is `at`. */
  const expand = (row: number, columns: number, matrices: number, term: number, at: number): void => {
    if (row === count) {
      t[at] += term;
      return;
    }
    for (let matrix = 0; matrix < count; matrix++) {
      if ((matrices >> matrix) & 1) continue;
      let signed = term;
      for (let column = count - 1; column >= 0; column--) {
        if ((columns >> column) & 1) {
          // A column further on that was taken before: an inversion.
          signed = -signed;
          continue;
        }
        const place = chosen[row] * n + chosen[column];
        const isFree = matrix === gs.length;
        const next = isFree ? signed : signed * gs[matrix][place];
        expand(row + 1, columns | (1 << column), matrices | (1 << matrix), next, isFree ? place : at);
      }
    }
  };
  expand(0, 0, 0, weight, 0);
}

/**
 * y[i, j] = ∂/∂A[i, j] of the mixed derivative of det A along directions G₁ … Gₖ: for k = 0 the cofactors. Exactly 0 where
 * A has a rank below n − k − 1. NaN throughout for a matrix that is not finite.
 *
 * Plan: `[batch, n, k]`; operands a `[batch, n, n]`, g `[k, batch, n, n]`, which for k = 0 is not read.
 */
export const cofactors = kernel('cofactors', (ints, y, oy, a, oa, g, og) => {
  const [batch, n, k] = [ints[0], ints[1], ints[2]];
  const size = n * n;
  for (let matrix = 0; matrix < batch; matrix++, oy += size, oa += size, og += size) {
    const m = Float64Array.from({ length: size }, (_, i) => a[oa + i]);
    if (!m.every(Number.isFinite)) {
      y.fill(Number.NaN, oy, oy + size);
      continue;
    }
    const taken = diagonalise(m, n);
    const { rank, rows, columns } = taken;
    const product = scaledProduct(rank, (i) => m[i * (n + 1)]);
    const directions = Array.from({ length: k }, (_, i) => carryIn(taken, n, g, og + i * batch * size));
    const t = mixedCofactors(
      taken,
      n,
      product,
      directions.map((direction) => direction.g),
    );
    let { exponent } = product;
    for (let i = 0; i < n; i++) exponent += rows[i] + columns[i];
    for (const direction of directions) exponent += direction.exponent;
    carryOut(taken, n, t, exponent, y, oy);
  }
});
