/** @file Principal components of a cloud of points, to draw an embedding in the plane. */

/** The plane that keeps most of a cloud's variance, and the cloud seen in it. */
export interface Plane {
  /** The points in the plane, `[n, 2]` row by row. */
  readonly points: Float64Array;
  /** The share of the whole variance that each of the two axes keeps, 0 … 1; 0 where there is no variance. */
  readonly explained: readonly [number, number];
}

/**
 * Projects `n` points of width `d` on their two leading principal components.
 *
 * Eigenvectors of the covariance matrix by cyclic Jacobi rotations. An eigenvector's sign is free: here its largest
 * entry by magnitude is positive (the first one, on a tie), so that two drawings of one cloud look alike.
 *
 * @param values - `[n, d]` row by row.
 * @param width - `d`, at least 1. With `d = 1` the second coordinate is 0.
 */
export function principalPlane(values: ArrayLike<number>, width: number): Plane {
  const n = values.length / width;
  if (!Number.isInteger(n)) {
    throw new RangeError(`principalPlane: values must be rows of ${width}, got ${values.length} numbers`);
  }
  const centred = centre(values, n, width);
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < width; i++) {
      const left = centred[row * width + i] as number;
      for (let j = i; j < width; j++) {
        const at = i * width + j;
        covariance[at] = (covariance[at] as number) + left * (centred[row * width + j] as number);
      }
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) covariance[i * width + j] = covariance[j * width + i] as number;
  }

  const { eigenvalues, eigenvectors } = eigenSymmetric(covariance, width);
  const order = Array.from(eigenvalues, (value, index) => ({ value, index }));
  order.sort((a, b) => b.value - a.value || a.index - b.index);
  const total = eigenvalues.reduce((sum, value) => sum + Math.max(0, value), 0);
  const share = (rank: number): number => (total > 0 ? Math.max(0, (order[rank]?.value ?? 0) / total) : 0);

  const points = new Float64Array(n * 2);
  for (const rank of [0, 1]) {
    const column = order[rank]?.index;
    if (column === undefined) continue;
    const axis = Array.from({ length: width }, (_, row) => eigenvectors[row * width + column] as number);
    const sign = signOf(axis);
    for (let row = 0; row < n; row++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += (centred[row * width + i] as number) * (axis[i] as number);
      points[row * 2 + rank] = sign * sum;
    }
  }
  return { points, explained: [share(0), share(1)] };
}

/** The points with their mean moved to the origin. */
function centre(values: ArrayLike<number>, n: number, width: number): Float64Array {
  const centred = Float64Array.from(values);
  for (let i = 0; i < width; i++) {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += values[row * width + i] as number;
    for (let row = 0; row < n; row++)
      centred[row * width + i] = (values[row * width + i] as number) - sum / n;
  }
  return centred;
}

/** 1 or −1, so that the entry largest by magnitude becomes positive. */
function signOf(axis: readonly number[]): number {
  let largest = 0;
  // An eigenvector's entries that should tie differ in their last bits: the slack lets the first of them decide.
  for (const entry of axis) if (Math.abs(entry) > Math.abs(largest) * (1 + 1e-9)) largest = entry;
  return largest < 0 ? -1 : 1;
}

/** Eigenvalues, and eigenvectors as columns, of a symmetric matrix (which is overwritten). */
function eigenSymmetric(
  a: Float64Array,
  size: number,
): { eigenvalues: Float64Array; eigenvectors: Float64Array } {
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  const rotate = (m: Float64Array, p: number, q: number, c: number, s: number): void => {
    const mp = m[p] as number;
    const mq = m[q] as number;
    m[p] = c * mp - s * mq;
    m[q] = s * mp + c * mq;
  };
  let scale = 0;
  for (const entry of a) scale = Math.max(scale, Math.abs(entry));

  // Convergence is quadratic: about 6 to 10 sweeps; the bound only guards against a matrix with NaN in it.
  for (let sweep = 0; sweep < 60; sweep++) {
    let largest = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q] as number;
        largest = Math.max(largest, Math.abs(apq));
        if (apq === 0) continue;
        const theta = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        for (let k = 0; k < size; k++) rotate(a, k * size + p, k * size + q, c, t * c);
        for (let k = 0; k < size; k++) rotate(a, p * size + k, q * size + k, c, t * c);
        for (let k = 0; k < size; k++) rotate(v, k * size + p, k * size + q, c, t * c);
      }
    }
    if (largest <= scale * 1e-15) break;
  }
  const eigenvalues = Float64Array.from({ length: size }, (_, i) => a[i * size + i] as number);
  return { eigenvalues, eigenvectors: v };
}
