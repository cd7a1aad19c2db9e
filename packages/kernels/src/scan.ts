/** @file Running results along the last axis of packed memory, accumulated in double. Plan: `[rows, n]`. */
import { runningSumsOf } from './compensated.js';
import { type Kernel, kernel } from './kernel.js';

/** Running sums. */
export const cumsum = kernel('cumsum', (ints, y, oy, a, oa) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
    let s = 0;
    for (let i = 0; i < n; i++) {
      s += a[oa + i];
      y[oy + i] = s;
    }
  }
});

/** Running sums, compensated: for float64, whose accumulator has no digits to spare. */
export const compensatedCumsum = kernel('compensatedCumsum', (ints, y, oy, a, oa) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) runningSumsOf(n, y, oy, a, oa);
});

/** Running products. */
export const cumprod = kernel('cumprod', (ints, y, oy, a, oa) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
    let p = 1;
    for (let i = 0; i < n; i++) {
      p *= a[oa + i];
      y[oy + i] = p;
    }
  }
});

/** Where the running extreme was reached first; a first NaN is reached for good. */
function runningPlace(name: string, wins: (x: number, best: number) => boolean): Kernel {
  return kernel(name, (ints, y, oy, a, oa) => {
    const n = ints[1];
    for (let r = 0; r < ints[0]; r++, oy += n, oa += n) {
      let place = 0;
      for (let i = 0; i < n; i++) {
        const x = a[oa + i];
        const best = a[oa + place];
        if (best === best && (x !== x || wins(x, best))) place = i;
        y[oy + i] = place;
      }
    }
  });
}

export const cumargmax = runningPlace('cumargmax', (x, best) => x > best);
export const cumargmin = runningPlace('cumargmin', (x, best) => x < best);

/** y[i] = b[i] + a[i] y[i−1], from y[−1] = 0; a product with 0 is 0, whatever the other factor. Operands a, b. */
export const linearRecurrence = kernel('linearRecurrence', (ints, y, oy, a, oa, b, ob) => {
  const n = ints[1];
  for (let r = 0; r < ints[0]; r++, oy += n, oa += n, ob += n) {
    let s = 0;
    for (let i = 0; i < n; i++) {
      const factor = a[oa + i];
      s = s === 0 || factor === 0 ? b[ob + i] : b[ob + i] + factor * s;
      y[oy + i] = s;
    }
  }
});
