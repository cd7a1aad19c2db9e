/** @file Gathering and scattering over packed memory. Indices are int32 and were checked by the caller. */
import { type Ints, type Kernel, kernel, type Values } from './kernel.js';

/** y[o, i, k] = a[o, index[i], k]. Plan: `[outer, length of the axis, inner, count]`. */
export const indexSelect = kernel('indexSelect', (ints, y, oy, a, oa, index, oi) => {
  const [outer, length, inner, count] = [ints[0], ints[1], ints[2], ints[3]];
  for (let o = 0; o < outer; o++, oa += length * inner) {
    for (let i = 0; i < count; i++, oy += inner) {
      const from = oa + index[oi + i] * inner;
      for (let k = 0; k < inner; k++) y[oy + k] = a[from + k];
    }
  }
});

/** Float64 working memory for sums that end in float32, so that many additions to one place round once. */
function accumulator(y: Values, oy: number, length: number): Values {
  return y[Symbol.toStringTag] === 'Float32Array'
    ? Float64Array.from(y.subarray(oy, oy + length))
    : y.subarray(oy, oy + length);
}

/** y = a with y[o, index[i], k] += source[o, i, k]. Plan as for indexSelect; operands a, source, index. */
export const indexAdd = kernel('indexAdd', (ints, y, oy, a, oa, source, os, index, oi) => {
  const [outer, length, inner, count] = [ints[0], ints[1], ints[2], ints[3]];
  const size = outer * length * inner;
  for (let i = 0; i < size; i++) y[oy + i] = a[oa + i];
  const sums = accumulator(y, oy, size);
  for (let o = 0, base = 0; o < outer; o++, base += length * inner) {
    for (let i = 0; i < count; i++, os += inner) {
      const to = base + index[oi + i] * inner;
      for (let k = 0; k < inner; k++) sums[to + k] += source[os + k];
    }
  }
  if (sums.buffer !== y.buffer) y.set(sums, oy);
});

/**
 * Calls `visit(position in the index, position in the indexed array)` for each entry of a packed index.
 * Plan: `[rank, axis, ...shape of index, ...shape of the indexed array]`; extents of the index may be smaller.
 */
function eachEntry(
  ints: Ints,
  index: Values,
  oi: number,
  visit: (i: number, position: number) => void,
): void {
  const rank = ints[0];
  const axis = ints[1];
  const strides = new Array<number>(rank);
  let size = 1;
  for (let d = rank - 1, stride = 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= ints[2 + rank + d];
    size *= ints[2 + d];
  }
  const at = new Array<number>(rank).fill(0);
  let base = 0;
  for (let i = 0; i < size; i++) {
    visit(i, base + index[oi + i] * strides[axis]);
    for (let d = rank - 1; d >= 0; d--) {
      if (d !== axis) base += strides[d];
      if (++at[d] < ints[2 + d]) break;
      if (d !== axis) base -= ints[2 + d] * strides[d];
      at[d] = 0;
    }
  }
}

/** y[…] = a[…, index[…], …] along the axis. Operands a, index. */
export const gather = kernel('gather', (ints, y, oy, a, oa, index, oi) => {
  eachEntry(ints, index, oi, (i, position) => {
    y[oy + i] = a[oa + position];
  });
});

/** y = a with y[…, index[…], …] += source[…] along the axis. Operands a, source (shaped as index), index. */
export const scatterAdd = kernel('scatterAdd', (ints, y, oy, a, oa, source, os, index, oi) => {
  const rank = ints[0];
  let size = 1;
  for (let d = 0; d < rank; d++) size *= ints[2 + rank + d];
  for (let i = 0; i < size; i++) y[oy + i] = a[oa + i];
  const sums = accumulator(y, oy, size);
  eachEntry(ints, index, oi, (i, position) => {
    sums[position] += source[os + i];
  });
  if (sums.buffer !== y.buffer) y.set(sums, oy);
});

/** Rows of 0 with a 1 at each label. Plan: `[count, depth]`. */
export const oneHot = kernel('oneHot', (ints, y, oy, labels, ol) => {
  const [count, depth] = [ints[0], ints[1]];
  for (let i = 0; i < count * depth; i++) y[oy + i] = 0;
  for (let i = 0; i < count; i++) y[oy + i * depth + labels[ol + i]] = 1;
});

/** 0, 1, 2, … Plan: `[size]`. */
export const iota = kernel('iota', (ints, y, oy) => {
  for (let i = 0; i < ints[0]; i++) y[oy + i] = i;
});

/** y = a with y[index[i]] = source[i], in order, so that the last of equal positions stays. Plan: `[size, count]`. */
export const put = kernel('put', (ints, y, oy, a, oa, source, os, index, oi) => {
  for (let i = 0; i < ints[0]; i++) y[oy + i] = a[oa + i];
  for (let i = 0; i < ints[1]; i++) y[oy + index[oi + i]] = source[os + i];
});

/** y = a with y[index[i]] multiplied by source[i], in double. Plan: `[size, count]`. */
export const multiplyAt = kernel('multiplyAt', (ints, y, oy, a, oa, source, os, index, oi) => {
  const size = ints[0];
  for (let i = 0; i < size; i++) y[oy + i] = a[oa + i];
  const products = accumulator(y, oy, size);
  for (let i = 0; i < ints[1]; i++) products[index[oi + i]] *= source[os + i];
  if (products.buffer !== y.buffer) y.set(products, oy);
});

/**
 * y = a with y[index[i]] the extreme of itself and source[i]; NaN spreads. Plan: `[size, count, fresh]`; where `fresh` is 1
 * the elements of a that are hit play no part.
 */
function extremeKernel(name: string, extreme: (x: number, z: number) => number): Kernel {
  return kernel(name, (ints, y, oy, a, oa, source, os, index, oi) => {
    const [size, count, fresh] = [ints[0], ints[1], ints[2]];
    for (let i = 0; i < size; i++) y[oy + i] = a[oa + i];
    // Whatever the first source of a place is becomes its start.
    if (fresh === 1) for (let i = 0; i < count; i++) y[oy + index[oi + i]] = source[os + i];
    for (let i = 0; i < count; i++) {
      const place = oy + index[oi + i];
      y[place] = extreme(y[place], source[os + i]);
    }
  });
}

export const maximumAt = extremeKernel('maximumAt', Math.max);
export const minimumAt = extremeKernel('minimumAt', Math.min);

/** The positions of the elements that are not 0, one row of coordinates each. Plan: `[rank, ...shape]`. */
export const nonzero = kernel('nonzero', (ints, y, oy, a, oa) => {
  const rank = ints[0];
  let size = 1;
  for (let d = 0; d < rank; d++) size *= ints[1 + d];
  for (let i = 0; i < size; i++) {
    if (a[oa + i] === 0) continue;
    for (let d = rank - 1, rest = i; d >= 0; d--) {
      const extent = ints[1 + d];
      y[oy + d] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    oy += rank;
  }
});

/** Every element becomes the one value of a. Plan: `[size]`. */
export const fill = kernel('fill', (ints, y, oy, a, oa) => {
  y.fill(a[oa], oy, oy + ints[0]);
});

/** Keeps the elements of packed matrices at or below (`lower` 1) or at or above a diagonal. Plan: `[batch, n, m, diagonal, lower]`. */
export const triangle = kernel('triangle', (ints, y, oy, a, oa) => {
  const [batch, n, m, diagonal, lower] = [ints[0], ints[1], ints[2], ints[3], ints[4]];
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < n; i++, oy += m, oa += m) {
      for (let j = 0; j < m; j++) {
        const keeps = lower === 1 ? j - i <= diagonal : j - i >= diagonal;
        y[oy + j] = keeps ? a[oa + j] : 0;
      }
    }
  }
});
