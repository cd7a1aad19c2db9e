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

/** Euclidean distance; squares that leave the range of doubles are taken again, scaled. */
function distance(a: Values, oa: number, b: Values, ob: number, d: number): number {
  const s = squaredDistance(a, oa, b, ob, d);
  if (s > 1e-290 && s < 1e300) return Math.sqrt(s);
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
