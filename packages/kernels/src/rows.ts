/** @file Kernels over the last axis of packed memory. Plan: `[rows, n]`; extra integers follow. */
import type { Kernel, Values } from './kernel.js';
import { WRITES_OUTPUT } from './kernel.js';

/** The largest of a row, and NaN if there is one. */
function rowMax(a: Values, oa: number, n: number): number {
  let m = -Infinity;
  for (let i = 0; i < n; i++) m = Math.max(m, a[oa + i]);
  return m;
}

/** exp(a − max) / Σ exp(a − max). A row of −Infinity is the limit of equal logits: uniform. */
export const softmax: Kernel = {
  name: 'softmax',
  writes: WRITES_OUTPUT,
  run(ints, y, oy, a, oa) {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
      const m = rowMax(a, oa, n);
      if (m === -Infinity) {
        for (let i = 0; i < n; i++) y[oy + i] = 1 / n;
        continue;
      }
      let s = 0;
      for (let i = 0; i < n; i++) s += Math.exp(a[oa + i] - m);
      for (let i = 0; i < n; i++) y[oy + i] = Math.exp(a[oa + i] - m) / s;
    }
  },
};

/** y (g − Σ g y): operands g, y. A product with a cotangent of 0 is 0, whatever y. */
export const softmaxGradient: Kernel = {
  name: 'softmaxGradient',
  writes: WRITES_OUTPUT,
  run(ints, out, oo, g, og, y, oy) {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oo += n, og += n, oy += n) {
      let s = 0;
      for (let i = 0; i < n; i++) s += g[og + i] === 0 ? 0 : g[og + i] * y[oy + i];
      for (let i = 0; i < n; i++) out[oo + i] = g[og + i] === s ? 0 : y[oy + i] * (g[og + i] - s);
    }
  },
};

/** a − max − log1p(Σ of the others), so that a sure class keeps its tiny loss. A row of −Infinity is −log n. */
export const logSoftmax: Kernel = {
  name: 'logSoftmax',
  writes: WRITES_OUTPUT,
  run(ints, y, oy, a, oa) {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
      const m = rowMax(a, oa, n);
      if (m === -Infinity) {
        for (let i = 0; i < n; i++) y[oy + i] = -Math.log(n);
        continue;
      }
      let rest = 0;
      let largest = 0;
      for (let i = 0; i < n; i++) {
        if (largest === 0 && a[oa + i] === m) largest = 1;
        else rest += Math.exp(a[oa + i] - m);
      }
      const tail = Math.log1p(rest);
      for (let i = 0; i < n; i++) y[oy + i] = a[oa + i] - m - tail;
    }
  },
};

/** g − exp(y) Σ g: operands g, y. */
export const logSoftmaxGradient: Kernel = {
  name: 'logSoftmaxGradient',
  writes: WRITES_OUTPUT,
  run(ints, out, oo, g, og, y, oy) {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oo += n, og += n, oy += n) {
      let s = 0;
      for (let i = 0; i < n; i++) s += g[og + i];
      for (let i = 0; i < n; i++) {
        out[oo + i] = s === 0 ? g[og + i] : g[og + i] - Math.exp(y[oy + i]) * s;
      }
    }
  },
};

/** Running sums in double. */
export const cumsum: Kernel = {
  name: 'cumsum',
  writes: WRITES_OUTPUT,
  run(ints, y, oy, a, oa) {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
      let s = 0;
      for (let i = 0; i < n; i++) {
        s += a[oa + i];
        y[oy + i] = s;
      }
    }
  },
};

/** Three-way order in which NaN is the greatest, as for PyTorch's sort. */
function compare(x: number, z: number): number {
  if (x < z) return -1;
  if (x > z) return 1;
  if (x === z) return 0;
  return (x !== x ? 1 : 0) - (z !== z ? 1 : 0);
}

/** Indices that sort a row; stable, so equal values keep their order both ways. Third integer: 1 for descending. */
export const argsort: Kernel = {
  name: 'argsort',
  writes: WRITES_OUTPUT,
  run(ints, y, oy, a, oa) {
    const n = ints[1];
    const direction = ints[2] === 1 ? -1 : 1;
    for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
      const order = Array.from({ length: n }, (_, i) => i);
      const start = oa;
      order.sort((i, j) => direction * compare(a[start + i], a[start + j]));
      for (let i = 0; i < n; i++) y[oy + i] = order[i];
    }
  },
};
