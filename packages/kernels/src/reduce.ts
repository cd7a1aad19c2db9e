/**
 * @file Reductions. Kept axes are walked in row-major order and each output is folded over one strided run in index
 * order, so a result depends on the values and their logical order alone, never on layout. Accumulators are doubles.
 *
 * Plan: `[n, stride, rank, ...kept shape, ...kept strides]`, n the length folded. Extra integers follow the plan.
 */
import { exponentialsOf, magnitudesOf, squaresOf, sumOf } from './compensated.js';
import { type Kernel, kernel, type Values } from './kernel.js';

export type Fold = (n: number, a: Values, oa: number, sa: number, extra: number) => number;

function foldKernel(name: string, fold: Fold): Kernel {
  return kernel(name, (ints, y, oy, a, oa) => {
    const n = ints[0];
    const stride = ints[1];
    const rank = ints[2];
    const extra = ints[3 + 2 * rank];
    let outputs = 1;
    for (let axis = 0; axis < rank; axis++) outputs *= ints[3 + axis];
    const index = new Array<number>(rank).fill(0);
    for (let i = 0; i < outputs; i++) {
      y[oy + i] = fold(n, a, oa, stride, extra);
      for (let axis = rank - 1; axis >= 0; axis--) {
        oa += ints[3 + rank + axis];
        if (++index[axis] < ints[3 + axis]) break;
        oa -= ints[3 + axis] * ints[3 + rank + axis];
        index[axis] = 0;
      }
    }
  });
}

// Scales are powers of two, so that scaling rounds nothing.
const FEW_BITS = 2 ** 32;
const MANY_BITS = 2 ** 600;

/** Mean; one whose sum overflows is taken again over scaled numbers. */
function meanOf(n: number, a: Values, oa: number, sa: number): number {
  const s = sumOf(1, n, a, oa, sa);
  return s - s === 0 ? s / n : (sumOf(1 / FEW_BITS, n, a, oa, sa) / n) * FEW_BITS;
}

export const sum = foldKernel('sum', (n, a, oa, sa) => sumOf(1, n, a, oa, sa));
export const mean = foldKernel('mean', meanOf);
export const prod = foldKernel('prod', (n, a, oa, sa) => {
  let p = 1;
  for (let i = 0; i < n; i++, oa += sa) p *= a[oa];
  return p;
});
export const max = foldKernel('max', (n, a, oa, sa) => {
  let m = -Infinity;
  for (let i = 0; i < n; i++, oa += sa) m = Math.max(m, a[oa]);
  return m;
});
export const min = foldKernel('min', (n, a, oa, sa) => {
  let m = Infinity;
  for (let i = 0; i < n; i++, oa += sa) m = Math.min(m, a[oa]);
  return m;
});
/** The first largest index; the first NaN wins over all numbers. */
export const argmax = foldKernel('argmax', (n, a, oa, sa) => {
  let best = 0;
  let m = a[oa];
  for (let i = 1, o = oa + sa; i < n && m === m; i++, o += sa) {
    const x = a[o];
    if (x > m || x !== x) {
      m = x;
      best = i;
    }
  }
  return best;
});
/** The first smallest index; the first NaN wins over all numbers. */
export const argmin = foldKernel('argmin', (n, a, oa, sa) => {
  let best = 0;
  let m = a[oa];
  for (let i = 1, o = oa + sa; i < n && m === m; i++, o += sa) {
    const x = a[o];
    if (x < m || x !== x) {
      m = x;
      best = i;
    }
  }
  return best;
});
export const any = foldKernel('any', (n, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) if (a[oa] !== 0) return 1;
  return 0;
});
export const all = foldKernel('all', (n, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) if (a[oa] === 0) return 0;
  return 1;
});
/** A scale for numbers whose plain squares have this sum, so that it stays in the safe range. */
function scaleFor(squares: number): number {
  if (squares > 1e-290 && squares < 1e300) return 1;
  return squares < 1 ? MANY_BITS : 1 / MANY_BITS;
}

/** Two passes: the mean first, then squares around it. The extra integer is the correction. */
export const variance = foldKernel('variance', (n, a, oa, sa, correction) => {
  const mean = meanOf(n, a, oa, sa);
  const s = squaresOf(mean, 1, n, a, oa, sa);
  const scale = scaleFor(s);
  if (scale === 1) return s / (n - correction);
  return squaresOf(mean, scale, n, a, oa, sa) / (n - correction) / scale / scale;
});
export const standardDeviation = foldKernel('standardDeviation', (n, a, oa, sa, correction) => {
  const mean = meanOf(n, a, oa, sa);
  const s = squaresOf(mean, 1, n, a, oa, sa);
  const scale = scaleFor(s);
  if (scale === 1) return Math.sqrt(s / (n - correction));
  return Math.sqrt(squaresOf(mean, scale, n, a, oa, sa) / (n - correction)) / scale;
});
export const absoluteSum = foldKernel('absoluteSum', magnitudesOf);
export const absoluteMax = foldKernel('absoluteMax', (n, a, oa, sa) => {
  let m = 0;
  for (let i = 0; i < n; i++, oa += sa) m = Math.max(m, Math.abs(a[oa]));
  return m;
});
/** Euclidean norm, of scaled numbers where plain squares leave the safe range. */
export const euclideanNorm = foldKernel('euclideanNorm', (n, a, oa, sa) => {
  const s = squaresOf(0, 1, n, a, oa, sa);
  const scale = scaleFor(s);
  if (scale === 1) return Math.sqrt(s);
  return Math.sqrt(squaresOf(0, scale, n, a, oa, sa)) / scale;
});
/**
 * log Σ exp(a) as m + log1p(Σ over all but the largest of exp(a − m)): the log1p keeps tails that m + log(1 + tiny)
 * would lose. Infinite maxima are returned as they are.
 */
export const logSumExp = foldKernel('logSumExp', (n, a, oa, sa) => {
  let m = -Infinity;
  let first = -1;
  for (let i = 0, o = oa; i < n; i++, o += sa) {
    const x = a[o];
    if (x !== x) return x;
    if (x > m) {
      m = x;
      first = i;
    }
  }
  if (m - m !== 0) return m;
  return m + Math.log1p(exponentialsOf(m, first, n, a, oa, sa));
});
