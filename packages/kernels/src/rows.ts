/** @file Kernels over the last axis of packed memory. Plan: `[rows, n]`; extra integers follow. */
import { exponentialsOf } from './compensated.js';
import { type Kernel, kernel, type Values } from './kernel.js';

/** The largest of a row, and NaN if there is one. */
function rowMax(a: Values, oa: number, n: number): number {
  let m = -Infinity;
  for (let i = 0; i < n; i++) m = Math.max(m, a[oa + i]);
  return m;
}

/** exp(a − max) / Σ exp(a − max). A row of −Infinity is the limit of equal logits: uniform. */
export const softmax = kernel('softmax', (ints, y, oy, a, oa) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
    const m = rowMax(a, oa, n);
    if (m === -Infinity) {
      for (let i = 0; i < n; i++) y[oy + i] = 1 / n;
      continue;
    }
    const s = exponentialsOf(m, -1, n, a, oa, 1);
    for (let i = 0; i < n; i++) y[oy + i] = Math.exp(a[oa + i] - m) / s;
  }
});

/** y (g − Σ g y): operands g, y. A product with a cotangent of 0 is 0, whatever y. */
export const softmaxGradient = kernel('softmaxGradient', (ints, out, oo, g, og, y, oy) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oo += n, og += n, oy += n) {
    let s = 0;
    for (let i = 0; i < n; i++) s += g[og + i] === 0 ? 0 : g[og + i] * y[oy + i];
    for (let i = 0; i < n; i++) out[oo + i] = g[og + i] === s ? 0 : y[oy + i] * (g[og + i] - s);
  }
});

/** a − max − log1p(Σ of the others), so that a sure class keeps its tiny loss. A row of −Infinity is −log n. */
export const logSoftmax = kernel('logSoftmax', (ints, y, oy, a, oa) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
    const m = rowMax(a, oa, n);
    if (m === -Infinity) {
      for (let i = 0; i < n; i++) y[oy + i] = -Math.log(n);
      continue;
    }
    let first = 0;
    while (first < n && a[oa + first] !== m) first++;
    const tail = Math.log1p(exponentialsOf(m, first, n, a, oa, 1));
    for (let i = 0; i < n; i++) y[oy + i] = a[oa + i] - m - tail;
  }
});

/** g − exp(y) Σ g: operands g, y. */
export const logSoftmaxGradient = kernel('logSoftmaxGradient', (ints, out, oo, g, og, y, oy) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oo += n, og += n, oy += n) {
    let s = 0;
    for (let i = 0; i < n; i++) s += g[og + i];
    for (let i = 0; i < n; i++) {
      out[oo + i] = s === 0 ? g[og + i] : g[og + i] - Math.exp(y[oy + i]) * s;
    }
  }
});

/** Three-way order in which NaN is the greatest, as for PyTorch's sort. */
function compare(x: number, z: number): number {
  if (x < z) return -1;
  if (x > z) return 1;
  if (x === z) return 0;
  return (x !== x ? 1 : 0) - (z !== z ? 1 : 0);
}

/** Indices that sort a row; stable, so equal values keep their order both ways. Third integer: 1 for descending. */
export const argsort = kernel('argsort', (ints, y, oy, a, oa) => {
  const n = ints[1];
  const direction = ints[2] === 1 ? -1 : 1;
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
    const order = Array.from({ length: n }, (_, i) => i);
    const start = oa;
    order.sort((i, j) => direction * compare(a[start + i], a[start + j]));
    for (let i = 0; i < n; i++) y[oy + i] = order[i];
  }
});

/**
 * Where each value would have to stand in a sorted row: before its equals, or behind them (`right` 1). NaN is the greatest.
 * Plan: `[rows, n, m, right]`; rows 1 serves values of any number. Operands: sorted [rows, n], values [rows, m].
 */
export const searchsorted = kernel('searchsorted', (ints, y, oy, sorted, os, values, ov) => {
  const [rows, n, m] = [ints[0], ints[1], ints[2]];
  const bound = ints[3] === 1 ? 1 : 0;
  for (let r = 0; r < rows; r++, os += n) {
    for (let j = 0; j < m; j++) {
      const x = values[ov++];
      let low = 0;
      let high = n;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(sorted[os + middle], x) < bound) low = middle + 1;
        else high = middle;
      }
      y[oy++] = low;
    }
  }
});

/**
 * The column of the largest, or smallest, of a row's values among those that the mask keeps: the first of equal ones,
 * the first NaN before all numbers, −1 where the mask keeps nothing. Operands: values, packed bool mask.
 */
function maskedKernel(name: string, wins: (x: number, best: number) => boolean): Kernel {
  return kernel(name, (ints, y, oy, a, oa, mask, om) => {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oa += n, om += n) {
      let best = 0;
      let column = -1;
      for (let i = 0; i < n && best === best; i++) {
        if (mask[om + i] === 0) continue;
        const x = a[oa + i];
        if (column < 0 || x !== x || wins(x, best)) {
          best = x;
          column = i;
        }
      }
      y[oy + r] = column;
    }
  });
}

export const maskedArgmax = maskedKernel('maskedArgmax', (x, best) => x > best);
export const maskedArgmin = maskedKernel('maskedArgmin', (x, best) => x < best);
