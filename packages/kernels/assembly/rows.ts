// Functions over the last axis of packed float32; plan in src/rows.ts. Sums run in double, in the order of reduce.ts.
import { loadPart, storePart } from './lanes';
import { exponential } from './math';
import { high, largestOf, low, othersOf, sumOf } from './reduce';

/** Two doubles and two, rounded to four floats. */
// @ts-ignore: decorator
@inline
function rounded(p: v128, q: v128): v128 {
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 2);
}

// @ts-ignore: decorator
@inline
function total(s01: v128, s23: v128): f64 {
  const s0 = f64x2.extract_lane(s01, 0) + f64x2.extract_lane(s01, 1);
  return s0 + (f64x2.extract_lane(s23, 0) + f64x2.extract_lane(s23, 1));
}

function fillRow(y: usize, n: i32, x: f32): void {
  for (let i = 0; i < n; i++) store<f32>(y + (i << 2), x);
}

// @ts-ignore: decorator
@inline
function every(): v128 {
  return i32x4.splat(-1);
}

export function softmax_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const full = n & ~3;
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    const m = largestOf(n, a, 4, every(), -Infinity);
    if (m == -Infinity) {
      fillRow(y, n, <f32>(1 / <f64>n));
    } else {
      const largest = f32x4.splat(m);
      let s01 = f64x2.splat(0);
      let s23 = f64x2.splat(0);
      for (let i = 0; i < full; i += 4) {
        const e = exponential(f32x4.sub(v128.load(a + (i << 2)), largest));
        v128.store(y + (i << 2), e);
        s01 = f64x2.add(s01, low(e));
        s23 = f64x2.add(s23, high(e));
      }
      if (full < n) {
        storePart(y + (full << 2), exponential(f32x4.sub(loadPart(a + (full << 2), n - full), largest)), n - full);
        // Read back, for the zeros behind the end.
        const e = loadPart(y + (full << 2), n - full);
        s01 = f64x2.add(s01, low(e));
        s23 = f64x2.add(s23, high(e));
      }
      const sum = f32x4.splat(<f32>total(s01, s23));
      for (let i = 0; i < full; i += 4) v128.store(y + (i << 2), f32x4.div(v128.load(y + (i << 2)), sum));
      if (full < n) storePart(y + (full << 2), f32x4.div(loadPart(y + (full << 2), n - full), sum), n - full);
    }
    y += (<usize>n) << 2;
    a += (<usize>n) << 2;
  }
}

/** y (g − s) in double, and 0 where g is s. */
// @ts-ignore: decorator
@inline
function softmaxTerm(g: v128, y: v128, sum: v128): v128 {
  return v128.andnot(f64x2.mul(y, f64x2.sub(g, sum)), f64x2.eq(g, sum));
}

/** y, but 0 beside a cotangent of 0, which gives 0 whatever it meets. */
// @ts-ignore: decorator
@inline
function cotangentKept(g: v128, y: v128): v128 {
  return v128.andnot(y, f32x4.eq(g, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function softmaxTerms(to: usize, g: v128, y: v128, sum: v128, count: i32): void {
  storePart(to, rounded(softmaxTerm(low(g), low(y), sum), softmaxTerm(high(g), high(y), sum)), count);
}

export function softmaxGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const full = (<usize>(n & ~3)) << 2;
  const left = n & 3;
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    let s01 = f64x2.splat(0);
    let s23 = f64x2.splat(0);
    for (let k: usize = 0; k < full; k += 16) {
      const g = v128.load(a + k);
      const kept = cotangentKept(g, v128.load(b + k));
      s01 = f64x2.add(s01, f64x2.mul(low(g), low(kept)));
      s23 = f64x2.add(s23, f64x2.mul(high(g), high(kept)));
    }
    if (left > 0) {
      const g = loadPart(a + full, left);
      const kept = cotangentKept(g, loadPart(b + full, left));
      s01 = f64x2.add(s01, f64x2.mul(low(g), low(kept)));
      s23 = f64x2.add(s23, f64x2.mul(high(g), high(kept)));
    }
    const sum = f64x2.splat(total(s01, s23));
    for (let k: usize = 0; k < full; k += 16) softmaxTerms(y + k, v128.load(a + k), v128.load(b + k), sum, 4);
    if (left > 0) softmaxTerms(y + full, loadPart(a + full, left), loadPart(b + full, left), sum, left);
    y += (<usize>n) << 2;
    a += (<usize>n) << 2;
    b += (<usize>n) << 2;
  }
}

// @ts-ignore: decorator
@inline
function logSoftmaxTerms(to: usize, x: v128, largest: v128, tail: v128, count: i32): void {
  const p = f64x2.sub(f64x2.sub(low(x), largest), tail);
  const q = f64x2.sub(f64x2.sub(high(x), largest), tail);
  storePart(to, rounded(p, q), count);
}

export function logSoftmax_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const full = (<usize>(n & ~3)) << 2;
  const left = n & 3;
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    const m = largestOf(n, a, 4, every(), -Infinity);
    if (m == -Infinity) {
      fillRow(y, n, <f32>-Math.log(<f64>n));
    } else {
      const largest = f64x2.splat(<f64>m);
      const tail = f64x2.splat(Math.log1p(othersOf(n, a, 4, m)));
      for (let k: usize = 0; k < full; k += 16) logSoftmaxTerms(y + k, v128.load(a + k), largest, tail, 4);
      if (left > 0) logSoftmaxTerms(y + full, loadPart(a + full, left), largest, tail, left);
    }
    y += (<usize>n) << 2;
    a += (<usize>n) << 2;
  }
}

// @ts-ignore: decorator
@inline
function logSoftmaxGradientTerms(to: usize, g: v128, y: v128, sum: v128, count: i32): void {
  const e = exponential(y);
  const p = f64x2.sub(low(g), f64x2.mul(low(e), sum));
  const q = f64x2.sub(high(g), f64x2.mul(high(e), sum));
  storePart(to, rounded(p, q), count);
}

export function logSoftmaxGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const full = (<usize>(n & ~3)) << 2;
  const left = n & 3;
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    const s = sumOf(n, a, 4, every());
    if (s == 0) {
      if (y != a) memory.copy(y, a, n << 2);
    } else {
      const sum = f64x2.splat(s);
      for (let k: usize = 0; k < full; k += 16) {
        logSoftmaxGradientTerms(y + k, v128.load(a + k), v128.load(b + k), sum, 4);
      }
      if (left > 0) {
        logSoftmaxGradientTerms(y + full, loadPart(a + full, left), loadPart(b + full, left), sum, left);
      }
    }
    y += (<usize>n) << 2;
    a += (<usize>n) << 2;
    b += (<usize>n) << 2;
  }
}

export function cumsum_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    let s: f64 = 0;
    for (let i = 0; i < n; i++) {
      s += <f64>load<f32>(a);
      store<f32>(y, <f32>s);
      y += 4;
      a += 4;
    }
  }
}

/** Lanes of all ones for bytes that are not 0: four of sixteen. */
// @ts-ignore: decorator
@inline
function maskOf(bytes: v128, quarter: i32): v128 {
  const halves = quarter < 2 ? i16x8.extend_low_i8x16_s(bytes) : i16x8.extend_high_i8x16_s(bytes);
  return (quarter & 1) == 0 ? i32x4.extend_low_i16x8_s(halves) : i32x4.extend_high_i16x8_s(halves);
}

/** Whether NaN was met in a row that {@link maskedExtreme} looked at. */
let metNaN: bool = false;

// @ts-ignore: decorator
@inline
function farther(m: v128, v: v128, largest: bool): v128 {
  return largest ? f32x4.pmax(m, v) : f32x4.pmin(m, v);
}

/** The largest or smallest number that the mask keeps. */
// @ts-ignore: decorator
@inline
function maskedExtreme(n: i32, a: usize, mask: usize, largest: bool): f32 {
  const none = f32x4.splat(largest ? -Infinity : Infinity);
  let m0 = none;
  let m1 = none;
  let nan = i32x4.splat(0);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const bytes = i8x16.ne(v128.load(mask + i), i8x16.splat(0));
    const at = a + (i << 2);
    const v0 = v128.bitselect(v128.load(at), none, maskOf(bytes, 0));
    const v1 = v128.bitselect(v128.load(at, 16), none, maskOf(bytes, 1));
    const v2 = v128.bitselect(v128.load(at, 32), none, maskOf(bytes, 2));
    const v3 = v128.bitselect(v128.load(at, 48), none, maskOf(bytes, 3));
    nan = v128.or(nan, v128.or(f32x4.ne(v0, v0), f32x4.ne(v1, v1)));
    nan = v128.or(nan, v128.or(f32x4.ne(v2, v2), f32x4.ne(v3, v3)));
    m0 = farther(farther(m0, v0, largest), v2, largest);
    m1 = farther(farther(m1, v1, largest), v3, largest);
  }
  for (; i < n; i++) {
    if (load<u8>(mask + i) == 0) continue;
    const v = v128.load32_splat(a + (i << 2));
    nan = v128.or(nan, f32x4.ne(v, v));
    m0 = farther(m0, v, largest);
  }
  metNaN = v128.any_true(nan);
  m0 = farther(m0, m1, largest);
  m0 = farther(m0, v128.shuffle<f64>(m0, m0, 1, 0), largest);
  m0 = farther(m0, v128.shuffle<f32>(m0, m0, 1, 0, 3, 2), largest);
  return f32x4.extract_lane(m0, 0);
}

/** The first column that the mask keeps and that equals x, or is NaN. */
function maskedIndex(n: i32, a: usize, mask: usize, x: f32, isNaN: bool): i32 {
  let i = 0;
  if (!isNaN) {
    const wanted = f32x4.splat(x);
    for (; i + 4 <= n; i += 4) {
      if (v128.any_true(f32x4.eq(v128.load(a + (i << 2)), wanted))) {
        for (let k = i; k < i + 4; k++) if (load<f32>(a + (k << 2)) == x && load<u8>(mask + k) != 0) return k;
      }
    }
  }
  for (; i < n; i++) {
    const y = load<f32>(a + (i << 2));
    if ((isNaN ? y != y : y == x) && load<u8>(mask + i) != 0) return i;
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function maskedArgument(ints: usize, y: usize, a: usize, mask: usize, largest: bool): void {
  const n = load<i32>(ints, 4);
  for (let rows = load<i32>(ints); rows > 0; rows--) {
    const x = maskedExtreme(n, a, mask, largest);
    store<i32>(y, maskedIndex(n, a, mask, x, metNaN));
    y += 4;
    a += (<usize>n) << 2;
    mask += n;
  }
}

export function maskedArgmax_ifb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  maskedArgument(ints, y, a, b, true);
}
export function maskedArgmin_ifb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  maskedArgument(ints, y, a, b, false);
}
