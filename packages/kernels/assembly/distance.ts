// Distances between rows of float32; plan in src/distance.ts. Coordinates are subtracted. Coordinate k of a pair goes to
// sum k mod 8 in float32; sums that are four apart are added, then (0 + 1) + (2 + 3). Two rows meet two rows at a time.
import { loadPart, storePart } from './lanes';
import { multiplyAdd } from './math';

/** Squares that add up to less may have lost digits to the subnormal numbers. */
const LEAST: f32 = 7.888609052210118e-31; // 2^-100
/** Rows of `b` that stay in the nearest cache while all of `a` passes. */
const BLOCK: i32 = 1 << 12;

// @ts-ignore: decorator
@inline
function squareOnto(a: v128, b: v128, sum: v128): v128 {
  const t = f32x4.sub(a, b);
  return multiplyAdd(t, t, sum);
}

/** The same sums in double. */
function inDouble(d: i32, a: usize, b: usize): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  for (let k = 0; k < d; k += 4) {
    const x = loadPart(a + (k << 2), d - k);
    const z = loadPart(b + (k << 2), d - k);
    let t = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(z));
    s01 = f64x2.add(s01, f64x2.mul(t, t));
    t = f64x2.sub(
      f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1)),
      f64x2.promote_low_f32x4(v128.shuffle<f64>(z, z, 1, 1)),
    );
    s23 = f64x2.add(s23, f64x2.mul(t, t));
  }
  const s0 = f64x2.extract_lane(s01, 0) + f64x2.extract_lane(s01, 1);
  return s0 + (f64x2.extract_lane(s23, 0) + f64x2.extract_lane(s23, 1));
}

/** Squared distances a0 b0, a0 b1, a1 b0, a1 b1. */
// @ts-ignore: decorator
@inline
function fourPairs(d: i32, a0: usize, a1: usize, b0: usize, b1: usize): v128 {
  let p00 = f32x4.splat(0);
  let p01 = p00;
  let p10 = p00;
  let p11 = p00;
  let q00 = p00;
  let q01 = p00;
  let q10 = p00;
  let q11 = p00;
  const end = (<usize>(d & ~7)) << 2;
  let k: usize = 0;
  for (; k < end; k += 32) {
    let x0 = v128.load(a0 + k);
    let x1 = v128.load(a1 + k);
    let z = v128.load(b0 + k);
    p00 = squareOnto(x0, z, p00);
    p10 = squareOnto(x1, z, p10);
    z = v128.load(b1 + k);
    p01 = squareOnto(x0, z, p01);
    p11 = squareOnto(x1, z, p11);
    x0 = v128.load(a0 + k, 16);
    x1 = v128.load(a1 + k, 16);
    z = v128.load(b0 + k, 16);
    q00 = squareOnto(x0, z, q00);
    q10 = squareOnto(x1, z, q10);
    z = v128.load(b1 + k, 16);
    q01 = squareOnto(x0, z, q01);
    q11 = squareOnto(x1, z, q11);
  }
  const left = d & 7;
  if (left > 0) {
    let x0 = loadPart(a0 + k, left);
    let x1 = loadPart(a1 + k, left);
    let z0 = loadPart(b0 + k, left);
    let z1 = loadPart(b1 + k, left);
    p00 = squareOnto(x0, z0, p00);
    p10 = squareOnto(x1, z0, p10);
    p01 = squareOnto(x0, z1, p01);
    p11 = squareOnto(x1, z1, p11);
    if (left > 4) {
      k += 16;
      x0 = loadPart(a0 + k, left - 4);
      x1 = loadPart(a1 + k, left - 4);
      z0 = loadPart(b0 + k, left - 4);
      z1 = loadPart(b1 + k, left - 4);
      q00 = squareOnto(x0, z0, q00);
      q10 = squareOnto(x1, z0, q10);
      q01 = squareOnto(x0, z1, q01);
      q11 = squareOnto(x1, z1, q11);
    }
  }
  p00 = f32x4.add(p00, q00);
  p01 = f32x4.add(p01, q01);
  p10 = f32x4.add(p10, q10);
  p11 = f32x4.add(p11, q11);
  const s0 = f32x4.add(v128.shuffle<f32>(p00, p01, 0, 2, 4, 6), v128.shuffle<f32>(p00, p01, 1, 3, 5, 7));
  const s1 = f32x4.add(v128.shuffle<f32>(p10, p11, 0, 2, 4, 6), v128.shuffle<f32>(p10, p11, 1, 3, 5, 7));
  return f32x4.add(v128.shuffle<f32>(s0, s1, 0, 2, 4, 6), v128.shuffle<f32>(s0, s1, 1, 3, 5, 7));
}

/** One pair again, in double, unless its squares kept to the range of float32. */
// @ts-ignore: decorator
@inline
function settled(s: f32, root: bool, d: i32, a: usize, b: usize, fine: bool): f32 {
  if (fine) return root ? sqrt<f32>(s) : s;
  const again = inDouble(d, a, b);
  return <f32>(root ? Math.sqrt(again) : again);
}

// @ts-ignore: decorator
@inline
function fits(s: f32): bool {
  return s >= LEAST && s < Infinity;
}

// @ts-ignore: decorator
@inline
function pairs(ints: usize, y: usize, a: usize, b: usize, root: bool): void {
  const n = load<i32>(ints, 4);
  const m = load<i32>(ints, 8);
  const d = load<i32>(ints, 12);
  const row = (<usize>d) << 2;
  const pitch = (<usize>m) << 2;
  const block = max(2, (BLOCK / max(d, 1)) & ~1);
  const least = f32x4.splat(LEAST);
  const infinity = f32x4.splat(Infinity);
  for (let batch = load<i32>(ints); batch > 0; batch--) {
    for (let left = 0; left < m; left += block) {
      const right = min(left + block, m);
      for (let i = 0; i < n; i += 2) {
        const a0 = a + i * row;
        const a1 = i + 1 < n ? a0 + row : a0;
        const y0 = y + i * pitch;
        for (let j = left; j < right; j += 2) {
          const b0 = b + j * row;
          const b1 = j + 1 < m ? b0 + row : b0;
          const to = y0 + (j << 2);
          let s = fourPairs(d, a0, a1, b0, b1);
          const whole = i + 1 < n && j + 1 < m;
          if (whole && v128.all_true<i32>(v128.and(f32x4.ge(s, least), f32x4.lt(s, infinity)))) {
            if (root) s = f32x4.sqrt(s);
            v128.store64_lane(to, s, 0);
            v128.store64_lane(to + pitch, s, 1);
            continue;
          }
          const s00 = f32x4.extract_lane(s, 0);
          const s01 = f32x4.extract_lane(s, 1);
          const s10 = f32x4.extract_lane(s, 2);
          const s11 = f32x4.extract_lane(s, 3);
          store<f32>(to, settled(s00, root, d, a0, b0, fits(s00)));
          if (j + 1 < m) store<f32>(to, settled(s01, root, d, a0, b1, fits(s01)), 4);
          if (i + 1 < n) {
            store<f32>(to + pitch, settled(s10, root, d, a1, b0, fits(s10)));
            if (j + 1 < m) store<f32>(to + pitch, settled(s11, root, d, a1, b1, fits(s11)), 4);
          }
        }
      }
    }
    y += n * pitch;
    a += n * row;
    b += m * row;
  }
}

export function squaredCdist_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  pairs(ints, y, a, b, false);
}
export function cdist_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  pairs(ints, y, a, b, true);
}

/** Thirty-two coordinates of one row: Σ w (a − b) in the order of the rows of b. */
function weightedWide(m: i32, y: usize, w: usize, a: usize, b: usize, row: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; m > 0; m--) {
    // A weight of 0 says "no cotangent": it must not meet an infinite difference.
    if (load<f32>(w) != 0) {
      const x = v128.load32_splat(w);
      s0 = multiplyAdd(x, f32x4.sub(v128.load(a), v128.load(b)), s0);
      s1 = multiplyAdd(x, f32x4.sub(v128.load(a, 16), v128.load(b, 16)), s1);
      s2 = multiplyAdd(x, f32x4.sub(v128.load(a, 32), v128.load(b, 32)), s2);
      s3 = multiplyAdd(x, f32x4.sub(v128.load(a, 48), v128.load(b, 48)), s3);
      s4 = multiplyAdd(x, f32x4.sub(v128.load(a, 64), v128.load(b, 64)), s4);
      s5 = multiplyAdd(x, f32x4.sub(v128.load(a, 80), v128.load(b, 80)), s5);
      s6 = multiplyAdd(x, f32x4.sub(v128.load(a, 96), v128.load(b, 96)), s6);
      s7 = multiplyAdd(x, f32x4.sub(v128.load(a, 112), v128.load(b, 112)), s7);
    }
    w += 4;
    b += row;
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
  v128.store(y, s4, 64);
  v128.store(y, s5, 80);
  v128.store(y, s6, 96);
  v128.store(y, s7, 112);
}

/** Up to four coordinates. */
function weightedNarrow(m: i32, y: usize, w: usize, a: usize, b: usize, row: usize, count: i32): void {
  const x = loadPart(a, count);
  let s = f32x4.splat(0);
  for (; m > 0; m--) {
    if (load<f32>(w) != 0) s = multiplyAdd(v128.load32_splat(w), f32x4.sub(x, loadPart(b, count)), s);
    w += 4;
    b += row;
  }
  storePart(y, s, count);
}

export function weightedDifference_ffff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const m = load<i32>(ints, 8);
  const size = load<i32>(ints, 12);
  const row = (<usize>size) << 2;
  for (let batch = load<i32>(ints); batch > 0; batch--) {
    for (let i = 0; i < n; i++) {
      let k = 0;
      for (; k + 32 <= size; k += 32) weightedWide(m, y + (k << 2), a, b + (k << 2), c + (k << 2), row);
      for (; k < size; k += 4) weightedNarrow(m, y + (k << 2), a, b + (k << 2), c + (k << 2), row, size - k);
      y += row;
      a += (<usize>m) << 2;
      b += row;
    }
    c += m * row;
  }
}
