/** @file Steps that factorisations of dense matrices share: scaling by powers of two, substitution, swaps. */
import type { Values } from './kernel.js';

// Powers of two

const word = new DataView(new ArrayBuffer(8));

/** The e of 2^e ≤ |x| < 2^(e+1); −1023 for 0 and all subnormal numbers, 1024 for what is not finite. */
export function exponentOf(x: number): number {
  word.setFloat64(0, x);
  return ((word.getInt32(0) >>> 20) & 0x7ff) - 1023;
}

/** Exponents of the normal numbers. */
export const LEAST_EXPONENT = -1022;
export const LARGEST_EXPONENT = 1023;
/** The step in which powers beyond those are taken. */
const STRIDE = 1000;

/** x · 2^e, in steps where 2^e itself is out of range. */
export function timesPowerOfTwo(x: number, e: number): number {
  while (e > LARGEST_EXPONENT) {
    x *= powerOfTwo(STRIDE);
    e -= STRIDE;
    if (x === 0 || Math.abs(x) === Infinity) return x;
  }
  while (e < LEAST_EXPONENT) {
    x *= powerOfTwo(-STRIDE);
    e += STRIDE;
    if (x === 0) return x;
  }
  return x * powerOfTwo(e);
}

function powerOfTwo(e: number): number {
  word.setInt32(0, (e + 1023) << 20);
  word.setInt32(4, 0);
  return word.getFloat64(0);
}

/**
 * Scales rows, then columns, by powers of two that bring their largest element near 1, and notes the exponents that were
 * taken out. Exact but for what underflows beside elements 2^1022 times as large, so pivots and factors do not depend on
 * the units of rows and columns, and squares of large numbers do not overflow.
 */
export function equilibrate(m: Float64Array, n: number, rows: Int32Array, columns: Int32Array): void {
  for (let i = 0; i < n; i++) {
    let largest = 0;
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(m[i * n + j]));
    rows[i] = largest > 0 && largest < Infinity ? exponentOf(largest) : 0;
  }
  for (let j = 0; j < n; j++) {
    let largest = -Infinity;
    for (let i = 0; i < n; i++) {
      const x = m[i * n + j];
      if (x !== 0 && Number.isFinite(x)) largest = Math.max(largest, exponentOf(x) - rows[i]);
    }
    columns[j] = largest === -Infinity ? 0 : largest;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      m[i * n + j] = timesPowerOfTwo(m[i * n + j], -rows[i] - columns[j]);
    }
  }
}

/** A number as mantissa · 2^exponent, the mantissa of magnitude 1 … 2 unless it is 0 or not finite. */
export interface Scaled {
  readonly mantissa: number;
  readonly exponent: number;
}

/** The product of numbers, however large or small on the way. */
export function scaledProduct(n: number, factor: (i: number) => number): Scaled {
  let mantissa = 1;
  let exponent = 0;
  for (let i = 0; i < n; i++) {
    mantissa *= factor(i);
    if (mantissa === 0 || !Number.isFinite(mantissa)) continue;
    const e = exponentOf(mantissa);
    mantissa = timesPowerOfTwo(mantissa, -e);
    exponent += e;
  }
  return { mantissa, exponent };
}

// Triangles

/**
 * Replaces the n × k matrix t by the solution x of M x = t, where M is a triangle: element (i, j) lies at
 * `m[om + i · row + j · column]`. With `unit` its diagonal is not read and counts as 1.
 */
export function substitute(
  m: Values,
  om: number,
  row: number,
  column: number,
  n: number,
  upper: boolean,
  unit: boolean,
  t: Float64Array,
  k: number,
): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const last = upper ? n : i;
    const end = (i + 1) * k;
    for (let j = upper ? i + 1 : 0; j < last; j++) {
      const factor = m[om + i * row + j * column];
      for (let p = i * k, q = j * k; p < end; p++, q++) t[p] -= factor * t[q];
    }
    if (unit) continue;
    const pivot = m[om + i * (row + column)];
    for (let c = 0; c < k; c++) t[i * k + c] /= pivot;
  }
}

/** Swaps rows p and q of an n × n matrix. */
export function swapRows(m: Float64Array, n: number, p: number, q: number): void {
  for (let j = 0; j < n; j++) {
    const x = m[p * n + j];
    m[p * n + j] = m[q * n + j];
    m[q * n + j] = x;
  }
}
