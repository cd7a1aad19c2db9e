// Matrix product of float32. Every element of the output is one float32 accumulator that starts at 0 and takes its
// products in the order of k, whatever the layout, the path or the place in a tile; where k is split, the stored
// partial sum is taken up again, which rounds nothing.
//
// Tiles are 4 × 8: eight accumulators, six factors. It is the largest shape whose registers V8 does not spill.
import { gather, gatherPart, storePart } from './lanes';
import { SCRATCH } from './layout';
import { multiplyAdd } from './math';

/** Room for a tile at the edge of the output. */
const EDGE: usize = SCRATCH;
/** Blocks of packed `a`: ROWS × DEPTH, then room for the rows missing from the last tile. */
const PACKED_A: usize = SCRATCH + 4096;
const ROWS: i32 = 128;
const DEPTH: i32 = 320;
/** Packed `b`: DEPTH × COLUMNS at most, 5 MB. */
const PACKED_B: usize = SCRATCH + (1 << 18);
const COLUMNS: i32 = 4096;

/**
 * A 4 × 8 tile of the output at `y` with `pitch` bytes from row to row. Rows of `a` begin at a0 … a3 and move on by
 * `sa` bytes per step of k, eight columns of `b` lie side by side and move on by `sb`.
 */
function tile(
  k: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  sa: usize,
  b: usize,
  sb: usize,
  y: usize,
  pitch: usize,
  continues: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  const y1 = y + pitch;
  const y2 = y1 + pitch;
  const y3 = y2 + pitch;
  if (continues) {
    c00 = v128.load(y);
    c01 = v128.load(y, 16);
    c10 = v128.load(y1);
    c11 = v128.load(y1, 16);
    c20 = v128.load(y2);
    c21 = v128.load(y2, 16);
    c30 = v128.load(y3);
    c31 = v128.load(y3, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a0 += sa;
    a1 += sa;
    a2 += sa;
    a3 += sa;
    b += sb;
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
  v128.store(y3, c30);
  v128.store(y3, c31, 16);
}

/** The same tile over packed rows of `a`: four floats per step of k. */
function tilePacked(k: i32, a: usize, b: usize, sb: usize, y: usize, pitch: usize, continues: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  const y1 = y + pitch;
  const y2 = y1 + pitch;
  const y3 = y2 + pitch;
  if (continues) {
    c00 = v128.load(y);
    c01 = v128.load(y, 16);
    c10 = v128.load(y1);
    c11 = v128.load(y1, 16);
    c20 = v128.load(y2);
    c21 = v128.load(y2, 16);
    c30 = v128.load(y3);
    c31 = v128.load(y3, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a += 16;
    b += sb;
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
  v128.store(y3, c30);
  v128.store(y3, c31, 16);
}

/** The left half of a tile, for at most four last columns. */
function tileNarrow(
  k: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  sa: usize,
  b: usize,
  sb: usize,
  y: usize,
  pitch: usize,
  continues: bool,
): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  if (continues) {
    c0 = v128.load(y);
    c1 = v128.load(y + pitch);
    c2 = v128.load(y + 2 * pitch);
    c3 = v128.load(y + 3 * pitch);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    c0 = multiplyAdd(v128.load32_splat(a0), b0, c0);
    c1 = multiplyAdd(v128.load32_splat(a1), b0, c1);
    c2 = multiplyAdd(v128.load32_splat(a2), b0, c2);
    c3 = multiplyAdd(v128.load32_splat(a3), b0, c3);
    a0 += sa;
    a1 += sa;
    a2 += sa;
    a3 += sa;
    b += sb;
  }
  v128.store(y, c0);
  v128.store(y + pitch, c1);
  v128.store(y + 2 * pitch, c2);
  v128.store(y + 3 * pitch, c3);
}

/** A tile of which `height` × `width` lies inside the output: computed whole in scratch. */
function edge(
  k: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  sa: usize,
  b: usize,
  sb: usize,
  y: usize,
  pitch: usize,
  continues: bool,
  height: i32,
  width: i32,
): void {
  const bytes = width << 2;
  if (continues) for (let i = 0; i < height; i++) memory.copy(EDGE + 32 * i, y + i * pitch, bytes);
  if (width > 4) tile(k, a0, a1, a2, a3, sa, b, sb, EDGE, 32, continues);
  else tileNarrow(k, a0, a1, a2, a3, sa, b, sb, EDGE, 32, continues);
  for (let i = 0; i < height; i++) {
    const from = EDGE + 32 * i;
    const to = y + i * pitch;
    storePart(to, v128.load(from), width);
    storePart(to + 16, v128.load(from, 16), width - 4);
  }
}

/** Rows of `a` into tiles of four: k outermost inside a tile. Missing rows repeat the last. */
function packRows(to: usize, a: usize, rows: i32, ra: usize, k: i32, ka: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const left = rows - i;
    let a0 = a;
    let a1 = left > 1 ? a0 + ra : a0;
    let a2 = left > 2 ? a1 + ra : a1;
    let a3 = left > 3 ? a2 + ra : a2;
    let q = 0;
    if (ka == 4) {
      for (; q + 4 <= k; q += 4) {
        transpose(to, v128.load(a0), v128.load(a1), v128.load(a2), v128.load(a3), 16);
        a0 += 16;
        a1 += 16;
        a2 += 16;
        a3 += 16;
        to += 64;
      }
    } else if (ra == 4 && left > 3) {
      for (; q < k; q++) {
        v128.store(to, v128.load(a0));
        a0 += ka;
        to += 16;
      }
    }
    for (; q < k; q++) {
      store<f32>(to, load<f32>(a0));
      store<f32>(to, load<f32>(a1), 4);
      store<f32>(to, load<f32>(a2), 8);
      store<f32>(to, load<f32>(a3), 12);
      a0 += ka;
      a1 += ka;
      a2 += ka;
      a3 += ka;
      to += 16;
    }
    a += 4 * ra;
  }
}

/** Stores the columns of four vectors `pitch` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose(to: usize, r0: v128, r1: v128, r2: v128, r3: v128, pitch: usize): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + pitch, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * pitch, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * pitch, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/** Up to eight columns of `b` side by side; missing ones are 0. */
function packPanel(to: usize, b: usize, width: i32, cb: usize, k: i32, kb: usize): void {
  if (width == 8 && cb == 4) {
    for (; k > 0; k--) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += kb;
      to += 32;
    }
    return;
  }
  let q = 0;
  if (width == 8 && kb == 4) {
    const b4 = b + 4 * cb;
    for (; q + 4 <= k; q += 4) {
      const at = b + (q << 2);
      const at4 = b4 + (q << 2);
      transpose(to, v128.load(at), v128.load(at + cb), v128.load(at + 2 * cb), v128.load(at + 3 * cb), 32);
      transpose(to + 16, v128.load(at4), v128.load(at4 + cb), v128.load(at4 + 2 * cb), v128.load(at4 + 3 * cb), 32);
      to += 128;
    }
    b += q << 2;
  }
  if (width == 8) {
    for (; q < k; q++) {
      v128.store(to, gather(b, cb));
      v128.store(to, gather(b + 4 * cb, cb), 16);
      b += kb;
      to += 32;
    }
    return;
  }
  for (; q < k; q++) {
    v128.store(to, gatherPart(b, cb, width));
    v128.store(to, gatherPart(b + 4 * cb, cb, width - 4), 16);
    b += kb;
    to += 32;
  }
}

/** Whether packing `b` is worth its cost: its rows lie far apart, or there are many of them. */
// @ts-ignore: decorator
@inline
function packsColumns(m: i32, k: i32, kb: usize): bool {
  return m >= 16 && ((kb as i32) < 0 || k * (kb as i32) > (1 << 16));
}

/** One matrix. Strides are in bytes, y is packed. */
function multiply(
  m: i32,
  n: i32,
  k: i32,
  y: usize,
  a: usize,
  ra: usize,
  ka: usize,
  b: usize,
  kb: usize,
  cb: usize,
): void {
  const pitch = (<usize>n) << 2;
  if (k <= 0) {
    memory.fill(y, 0, m * pitch);
    return;
  }
  const packsB = cb != 4 || packsColumns(m, k, kb);
  const packsA = m >= 4 && n >= 64 && m * k > 4096;
  const blocks = (k + DEPTH - 1) / DEPTH;
  const depth = (k + blocks - 1) / blocks;
  for (let left = 0; left < n; left += COLUMNS) {
    const right = min(left + COLUMNS, n);
    for (let q = 0; q < k; q += depth) {
      const kk = min(depth, k - q);
      const panel = (<usize>kk) << 5;
      const continues = q > 0;
      const bq = b + q * kb;
      for (let top = 0; top < m; top += ROWS) {
        const bottom = min(top + ROWS, m);
        const at = a + top * ra + q * ka;
        if (packsA) packRows(PACKED_A, at, bottom - top, ra, kk, ka);
        let packed = PACKED_B;
        for (let j = left; j < right; j += 8) {
          const width = min(8, right - j);
          let bj = bq + j * cb;
          let sb = kb;
          if (packsB || width < 8) {
            if (top == 0) packPanel(packed, bj, width, cb, kk, kb);
            bj = packed;
            sb = 32;
            packed += panel;
          }
          let yj = y + top * pitch + (j << 2);
          if (packsA) {
            let from = PACKED_A;
            for (let i = top; i < bottom; i += 4) {
              const height = min(4, bottom - i);
              if (width == 8 && height == 4) tilePacked(kk, from, bj, sb, yj, pitch, continues);
              else edge(kk, from, from + 4, from + 8, from + 12, 16, bj, sb, yj, pitch, continues, height, width);
              from += kk << 4;
              yj += 4 * pitch;
            }
          } else {
            let a0 = at;
            for (let i = top; i < bottom; i += 4) {
              const height = min(4, bottom - i);
              const a1 = height > 1 ? a0 + ra : a0;
              const a2 = height > 2 ? a1 + ra : a1;
              const a3 = height > 3 ? a2 + ra : a2;
              if (width == 8 && height == 4) tile(kk, a0, a1, a2, a3, ka, bj, sb, yj, pitch, continues);
              else edge(kk, a0, a1, a2, a3, ka, bj, sb, yj, pitch, continues, height, width);
              a0 += 4 * ra;
              yj += 4 * pitch;
            }
          }
        }
      }
    }
  }
}

/** One element. */
function single(k: i32, y: usize, x: usize, sx: usize, b: usize, kb: usize): void {
  let sum = f32x4.splat(0);
  for (; k > 0; k--) {
    sum = multiplyAdd(v128.load32_splat(x), v128.load32_splat(b), sum);
    x += sx;
    b += kb;
  }
  store<f32>(y, f32x4.extract_lane(sum, 0));
}

/** A row times a matrix whose rows are contiguous: eight rows at a time onto the partial sums in y. */
function rowTimesRows(n: i32, k: i32, y: usize, x: usize, sx: usize, b: usize, kb: usize): void {
  const full = n & ~3;
  for (let j = 0; j < full; j += 4) v128.store(y + (j << 2), f32x4.splat(0));
  let q = 0;
  for (; q + 8 <= k; q += 8) {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x + sx);
    const x2 = v128.load32_splat(x + 2 * sx);
    const x3 = v128.load32_splat(x + 3 * sx);
    const x4 = v128.load32_splat(x + 4 * sx);
    const x5 = v128.load32_splat(x + 5 * sx);
    const x6 = v128.load32_splat(x + 6 * sx);
    const x7 = v128.load32_splat(x + 7 * sx);
    const b4 = b + 4 * kb;
    for (let j: usize = 0; j < ((<usize>full) << 2); j += 16) {
      let at = b + j;
      let sum = multiplyAdd(x0, v128.load(at), v128.load(y + j));
      sum = multiplyAdd(x1, v128.load(at + kb), sum);
      sum = multiplyAdd(x2, v128.load(at + 2 * kb), sum);
      sum = multiplyAdd(x3, v128.load(at + 3 * kb), sum);
      at = b4 + j;
      sum = multiplyAdd(x4, v128.load(at), sum);
      sum = multiplyAdd(x5, v128.load(at + kb), sum);
      sum = multiplyAdd(x6, v128.load(at + 2 * kb), sum);
      sum = multiplyAdd(x7, v128.load(at + 3 * kb), sum);
      v128.store(y + j, sum);
    }
    x += 8 * sx;
    b += 8 * kb;
  }
  for (; q < k; q++) {
    const x0 = v128.load32_splat(x);
    for (let j: usize = 0; j < ((<usize>full) << 2); j += 16) {
      v128.store(y + j, multiplyAdd(x0, v128.load(b + j), v128.load(y + j)));
    }
    x += sx;
    b += kb;
  }
}

/** Eight columns of a row times a matrix whose columns are contiguous, by transposing four steps of k at a time. */
function eightColumns(k: i32, y: usize, x: usize, sx: usize, b: usize, cb: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const b4 = b + 4 * cb;
  let q: usize = 0;
  const full = (<usize>(k & ~3)) << 2;
  for (; q < full; q += 16) {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x + sx);
    const x2 = v128.load32_splat(x + 2 * sx);
    const x3 = v128.load32_splat(x + 3 * sx);
    x += 4 * sx;
    let at = b + q;
    let r0 = v128.load(at);
    let r1 = v128.load(at + cb);
    let r2 = v128.load(at + 2 * cb);
    let r3 = v128.load(at + 3 * cb);
    let low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    let high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    let low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    let high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    s0 = multiplyAdd(x0, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), s0);
    s0 = multiplyAdd(x1, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), s0);
    s0 = multiplyAdd(x2, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), s0);
    s0 = multiplyAdd(x3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), s0);
    at = b4 + q;
    r0 = v128.load(at);
    r1 = v128.load(at + cb);
    r2 = v128.load(at + 2 * cb);
    r3 = v128.load(at + 3 * cb);
    low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    s1 = multiplyAdd(x0, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), s1);
    s1 = multiplyAdd(x1, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), s1);
    s1 = multiplyAdd(x2, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), s1);
    s1 = multiplyAdd(x3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), s1);
  }
  const end = (<usize>k) << 2;
  for (; q < end; q += 4) {
    const x0 = v128.load32_splat(x);
    x += sx;
    s0 = multiplyAdd(x0, gather(b + q, cb), s0);
    s1 = multiplyAdd(x0, gather(b4 + q, cb), s1);
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
}

/** Four columns of a row times a matrix of any strides. */
function fourColumns(k: i32, y: usize, x: usize, sx: usize, b: usize, kb: usize, cb: usize): void {
  let sum = f32x4.splat(0);
  for (; k > 0; k--) {
    sum = multiplyAdd(v128.load32_splat(x), gather(b, cb), sum);
    x += sx;
    b += kb;
  }
  v128.store(y, sum);
}

/** A row times a matrix. */
function rowTimesMatrix(n: i32, k: i32, y: usize, x: usize, sx: usize, b: usize, kb: usize, cb: usize): void {
  let j = 0;
  if (cb == 4 && n >= 4) {
    rowTimesRows(n, k, y, x, sx, b, kb);
    j = n & ~3;
  } else {
    if (kb == 4) for (; j + 8 <= n; j += 8) eightColumns(k, y + (j << 2), x, sx, b + j * cb, cb);
    for (; j + 4 <= n; j += 4) fourColumns(k, y + (j << 2), x, sx, b + j * cb, kb, cb);
  }
  for (; j < n; j++) single(k, y + (j << 2), x, sx, b + j * cb, kb);
}

/** y = a · b; plan in src/matmul.ts. */
export function matmul_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  let m = load<i32>(ints);
  const n = load<i32>(ints, 4);
  const k = load<i32>(ints, 8);
  const ra = load<i32>(ints, 12) << 2;
  const ka = load<i32>(ints, 16) << 2;
  const kb = load<i32>(ints, 20) << 2;
  const cb = load<i32>(ints, 24) << 2;
  const axes = load<i32>(ints, 28);
  const shape = ints + 32;
  const stridesA = shape + (axes << 2);
  const stridesB = stridesA + (axes << 2);
  // Batches that go on in `a` where the last one ended and share `b` are more rows of the same product.
  let rank = axes;
  while (rank > 0) {
    const last = (rank - 1) << 2;
    if (load<i32>(stridesB + last) != 0 || load<i32>(stridesA + last) << 2 != m * ra) break;
    m *= load<i32>(shape + last);
    rank--;
  }
  let batches = 1;
  for (let axis = 0; axis < rank; axis++) batches *= load<i32>(shape + (axis << 2));
  if (m <= 0 || n <= 0) return;
  for (let batch = 0; batch < batches; batch++) {
    let oa: usize = a;
    let ob: usize = b;
    for (let axis = rank - 1, rest = batch; axis >= 0; axis--) {
      const extent = load<i32>(shape + (axis << 2));
      const index = rest % extent;
      rest /= extent;
      oa += (index * load<i32>(stridesA + (axis << 2))) << 2;
      ob += (index * load<i32>(stridesB + (axis << 2))) << 2;
    }
    if (m == 1) rowTimesMatrix(n, k, y, oa, ka, ob, kb, cb);
    else if (n == 1) rowTimesMatrix(m, k, y, ob, kb, oa, ka, ra);
    else multiply(m, n, k, y, oa, ra, ka, ob, kb, cb);
    y += (m * n) << 2;
  }
}

/** y = activation(a · b + bias), each step rounded; plan and operands in src/matmul.ts. */
export function matmulTail_ffff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  matmul_fff(ints, y, a, b, 0, 0);
  const n = load<i32>(ints, 4);
  const rank = load<i32>(ints, 28);
  let rows = load<i32>(ints);
  for (let axis = 0; axis < rank; axis++) rows *= load<i32>(ints + 32 + (axis << 2));
  if (n <= 0) return;
  const relu = load<i32>(ints + 32 + 12 * rank) == 1;
  const full = (<usize>(n & ~3)) << 2;
  const end = (<usize>n) << 2;
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    let j: usize = 0;
    if (relu) {
      for (; j < full; j += 16) {
        // pmax lets NaN through and −0 too, which the addition of 0 clears.
        const sum = f32x4.pmax(f32x4.add(v128.load(y + j), v128.load(c + j)), zero);
        v128.store(y + j, f32x4.add(sum, zero));
      }
    } else {
      for (; j < full; j += 16) v128.store(y + j, f32x4.add(v128.load(y + j), v128.load(c + j)));
    }
    for (; j < end; j += 4) {
      const sum = load<f32>(y + j) + load<f32>(c + j);
      store<f32>(y + j, relu && sum <= 0 ? 0 : sum);
    }
    y += end;
  }
}
