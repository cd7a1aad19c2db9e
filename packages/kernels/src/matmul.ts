/** @file Matrix product over any strides, in double precision, each output summed in the order of k. */
import { kernel, type Values } from './kernel.js';

/** Below this many multiply-adds packing costs more than it saves. */
const DIRECT_LIMIT = 4096;
const TILE = 3;

/** Copies `count` rows of a strided matrix, TILE at a time with k outermost inside a tile; missing rows are 0. */
function packTiles(
  packed: Float64Array,
  a: Values,
  oa: number,
  count: number,
  rowStride: number,
  k: number,
  kStride: number,
): void {
  let p = 0;
  for (let row = 0; row < count; row += TILE) {
    for (let j = 0; j < k; j++) {
      for (let t = 0; t < TILE; t++) {
        packed[p++] = row + t < count ? a[oa + (row + t) * rowStride + j * kStride] : 0;
      }
    }
  }
}

function direct(
  m: number,
  n: number,
  k: number,
  y: Values,
  oy: number,
  a: Values,
  oa: number,
  ra: number,
  ka: number,
  b: Values,
  ob: number,
  kb: number,
  cb: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let q = 0, x = oa + i * ra, z = ob + j * cb; q < k; q++, x += ka, z += kb) s += a[x] * b[z];
      y[oy + i * n + j] = s;
    }
  }
}

/** Stores one row of a tile, as much of it as lies inside the output. */
function store(y: Values, o: number, width: number, s0: number, s1: number, s2: number): void {
  y[o] = s0;
  if (width > 1) y[o + 1] = s1;
  if (width > 2) y[o + 2] = s2;
}

/** One tile in local accumulators. Nine of them and their factors fit the registers; sixteen spill and take twice as long. */
function tile(
  k: number,
  a: Float64Array,
  oa: number,
  b: Float64Array,
  ob: number,
  y: Values,
  oy: number,
  n: number,
  height: number,
  width: number,
): void {
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  for (let q = 0; q < k; q++, oa += TILE, ob += TILE) {
    const b0 = b[ob];
    const b1 = b[ob + 1];
    const b2 = b[ob + 2];
    const a0 = a[oa];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    const a1 = a[oa + 1];
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    const a2 = a[oa + 2];
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
  }
  store(y, oy, width, c00, c01, c02);
  if (height > 1) store(y, oy + n, width, c10, c11, c12);
  if (height > 2) store(y, oy + 2 * n, width, c20, c21, c22);
}

/**
 * y = a · b for each matrix of a batch; y is packed.
 *
 * Plan: `[m, n, k, row stride a, k stride a, k stride b, column stride b, batch rank, ...batch shape,
 * ...batch strides a, ...batch strides b]`.
 */
export const matmul = kernel('matmul', (ints, y, oy, a, oa, b, ob) => {
  const [m, n, k, ra, ka, kb, cb, rank] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => ints[i]);
  let batches = 1;
  for (let axis = 0; axis < rank; axis++) batches *= ints[8 + axis];
  const packs = m * n * k > DIRECT_LIMIT && m > 1 && n > 1;
  const packedA = packs ? new Float64Array(Math.ceil(m / TILE) * TILE * k) : undefined;
  const packedB = packs ? new Float64Array(Math.ceil(n / TILE) * TILE * k) : undefined;
  const index = new Array<number>(rank).fill(0);
  for (let batch = 0; batch < batches; batch++, oy += m * n) {
    if (packedA === undefined || packedB === undefined) {
      direct(m, n, k, y, oy, a, oa, ra, ka, b, ob, kb, cb);
    } else {
      packTiles(packedA, a, oa, m, ra, k, ka);
      packTiles(packedB, b, ob, n, cb, k, kb);
      for (let j = 0; j < n; j += TILE) {
        for (let i = 0; i < m; i += TILE) {
          tile(
            k,
            packedA,
            i * k,
            packedB,
            j * k,
            y,
            oy + i * n + j,
            n,
            Math.min(TILE, m - i),
            Math.min(TILE, n - j),
          );
        }
      }
    }
    for (let axis = rank - 1; axis >= 0; axis--) {
      oa += ints[8 + rank + axis];
      ob += ints[8 + 2 * rank + axis];
      if (++index[axis] < ints[8 + axis]) break;
      oa -= ints[8 + axis] * ints[8 + rank + axis];
      ob -= ints[8 + axis] * ints[8 + 2 * rank + axis];
      index[axis] = 0;
    }
  }
});

/**
 * y = activation(a · b + bias), every step rounded to the dtype of y, so that the bits are those of the product, the
 * addition and relu as kernels of their own. The bias is a packed vector over the columns.
 *
 * Plan: as for matmul, then the activation: 0 for none, 1 for relu.
 */
export const matmulTail = kernel('matmulTail', (ints, y, oy, a, oa, b, ob, bias, oc) => {
  matmul.run(ints, y, oy, a, oa, b, ob, bias, oc, bias, oc);
  const n = ints[1];
  const rank = ints[7];
  let size = ints[0] * n;
  for (let axis = 0; axis < rank; axis++) size *= ints[8 + axis];
  for (let start = 0; start < size; start += n) {
    for (let j = 0; j < n; j++) y[oy + start + j] += bias[oc + j];
  }
  if (ints[8 + 3 * rank] !== 1) return;
  for (let i = 0; i < size; i++) if (y[oy + i] <= 0) y[oy + i] = 0;
});
