/**
 * @file Distances between all rows of two packed matrices, by subtracting coordinates: identical rows are at exactly 0
 * and a far origin costs no digits, which the shortcut over inner products cannot promise.
 * Plan: `[batch, n, m, d]`.
 */
import { type Kernel, kernel, type Values } from './kernel.js';

function squaredDistance(a: Values, oa: number, b: Values, ob: number, d: number): number {
  let s = 0;
  for (let k = 0; k < d; k++) {
    const t = a[oa + k] - b[ob + k];
    s += t * t;
  }
  return s;
}

/** Whether a sum of squares has neither overflowed nor lost digits below the normal numbers. */
function isSafe(squares: number): boolean {
  return squares > 1e-290 && squares < 1e300;
}

/** Euclidean distance; squares that leave the range of doubles are taken again, scaled. */
function distance(a: Values, oa: number, b: Values, ob: number, d: number): number {
  const s = squaredDistance(a, oa, b, ob, d);
  if (isSafe(s)) return Math.sqrt(s);
  let largest = 0;
  for (let k = 0; k < d; k++) largest = Math.max(largest, Math.abs(a[oa + k] - b[ob + k]));
  if (largest === 0 || largest === Infinity || largest !== largest) return largest;
  let scaled = 0;
  for (let k = 0; k < d; k++) {
    const t = (a[oa + k] - b[ob + k]) / largest;
    scaled += t * t;
  }
  return largest * Math.sqrt(scaled);
}

function pairKernel(
  name: string,
  measure: (a: Values, oa: number, b: Values, ob: number, d: number) => number,
): Kernel {
  return kernel(name, (ints, y, oy, a, oa, b, ob) => {
    const [batch, n, m, d] = [ints[0], ints[1], ints[2], ints[3]];
    for (let t = 0; t < batch; t++, ob += m * d) {
      for (let i = 0; i < n; i++, oa += d) {
        for (let j = 0; j < m; j++) y[oy++] = measure(a, oa, b, ob + j * d, d);
      }
    }
  });
}

export const squaredCdist = pairKernel('squaredCdist', squaredDistance);
export const cdist = pairKernel('cdist', distance);

/**
 * y[i] = Σ_j w[i, j] (a[i] − b[j]): the derivative of every function of the differences' squares, without the
 * cancellation of a[i] Σ w − w · b. Operands w, a, b.
 */
export const weightedDifference = kernel('weightedDifference', (ints, y, oy, w, ow, a, oa, b, ob) => {
  const [batch, n, m, d] = [ints[0], ints[1], ints[2], ints[3]];
  const row = new Float64Array(d);
  for (let t = 0; t < batch; t++, ob += m * d) {
    for (let i = 0; i < n; i++, oa += d, oy += d) {
      row.fill(0);
      for (let j = 0; j < m; j++) {
        const weight = w[ow++];
        // A weight of 0 says "no cotangent": it must not meet an infinite difference.
        if (weight === 0) continue;
        for (let k = 0; k < d; k++) row[k] += weight * (a[oa + k] - b[ob + j * d + k]);
      }
      for (let k = 0; k < d; k++) y[oy + k] = row[k];
    }
  }
});

/** The largest magnitude, and NaN if there is one. */
function largestOf(a: Values, oa: number, d: number): number {
  let m = 0;
  for (let k = 0; k < d; k++) m = Math.max(m, Math.abs(a[oa + k]));
  return m;
}

/** Cosine of the angle of two vectors; 0 beside a vector of length 0. Scaled where squares leave the range of doubles. */
function cosine(a: Values, oa: number, b: Values, ob: number, d: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let k = 0; k < d; k++) {
    const [x, z] = [a[oa + k], b[ob + k]];
    ab += x * z;
    aa += x * x;
    bb += z * z;
  }
  if (!isSafe(aa) || !isSafe(bb)) {
    const scaleA = largestOf(a, oa, d);
    const scaleB = largestOf(b, ob, d);
    if (scaleA * scaleB !== scaleA * scaleB) return NaN;
    if (scaleA === 0 || scaleB === 0) return 0;
    [ab, aa, bb] = [0, 0, 0];
    for (let k = 0; k < d; k++) {
      const [x, z] = [a[oa + k] / scaleA, b[ob + k] / scaleB];
      ab += x * z;
      aa += x * x;
      bb += z * z;
    }
  }
  const y = ab / (Math.sqrt(aa) * Math.sqrt(bb));
  return y > 1 ? 1 : y < -1 ? -1 : y;
}

/** y[r] = cosine of the rows a[r] and b[r]. Plan: `[rows, d]`. */
export const cosineSimilarity = kernel('cosineSimilarity', (ints, y, oy, a, oa, b, ob) => {
  const d = ints[1];
  for (let r = 0; r < ints[0]; r++, oa += d, ob += d) y[oy + r] = cosine(a, oa, b, ob, d);
});
