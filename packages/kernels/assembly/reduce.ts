// Reductions of float32 and bool; plan in src/reduce.ts. Sums run in double: element i of a fold goes to accumulator
// i mod 4, and the four are added as (0 + 1) + (2 + 3). That order is the same for every layout: contiguous, strided,
// and side by side, where the outputs are neighbours and four of them are folded at a time.
import { SCRATCH } from './layout';
import { gather, gatherPart } from './lanes';
import { exponential } from './math';

/** Four results in double, one column of a fold each, and their means. */
const RESULTS: usize = SCRATCH;
const MEANS: usize = SCRATCH + 64;

const SUM = 0;
const MEAN = 1;
const ABSOLUTE_SUM = 2;
const NORM = 3;
const VARIANCE = 4;
const DEVIATION = 5;
const MAX = 6;
const MIN = 7;
const ABSOLUTE_MAX = 8;
const LOG_SUM_EXP = 9;
const ARGMAX = 10;
const ARGMIN = 11;
const ANY = 12;
const ALL = 13;

// @ts-ignore: decorator
@inline
export function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
export function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 1));
}

// @ts-ignore: decorator
@inline
function four(at: usize, stride: usize, contiguous: bool): v128 {
  return contiguous ? v128.load(at) : gather(at, stride);
}

/** Keeps all bits, or all but the sign. */
// @ts-ignore: decorator
@inline
function signMask(op: i32): v128 {
  return i32x4.splat(op == ABSOLUTE_SUM || op == ABSOLUTE_MAX ? 0x7fffffff : -1);
}

// @ts-ignore: decorator
@inline
function sumLoop(n: i32, a: usize, stride: usize, mask: v128, contiguous: bool): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    const v = v128.and(four(a, stride, contiguous), mask);
    s01 = f64x2.add(s01, low(v));
    s23 = f64x2.add(s23, high(v));
    a += 4 * stride;
  }
  // Zeros behind the end: an accumulator is never −0.
  const v = v128.and(gatherPart(a, stride, n - full), mask);
  s01 = f64x2.add(s01, low(v));
  s23 = f64x2.add(s23, high(v));
  const s0 = f64x2.extract_lane(s01, 0) + f64x2.extract_lane(s01, 1);
  return s0 + (f64x2.extract_lane(s23, 0) + f64x2.extract_lane(s23, 1));
}

export function sumOf(n: i32, a: usize, stride: usize, mask: v128): f64 {
  return stride == 4 ? sumLoop(n, a, 4, mask, true) : sumLoop(n, a, stride, mask, false);
}

// @ts-ignore: decorator
@inline
function squaresLoop(n: i32, a: usize, stride: usize, shift: f64, contiguous: bool): f64 {
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  const around = f64x2.splat(shift);
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    const v = four(a, stride, contiguous);
    const d01 = f64x2.sub(low(v), around);
    const d23 = f64x2.sub(high(v), around);
    s01 = f64x2.add(s01, f64x2.mul(d01, d01));
    s23 = f64x2.add(s23, f64x2.mul(d23, d23));
    a += 4 * stride;
  }
  let s0 = f64x2.extract_lane(s01, 0);
  let s1 = f64x2.extract_lane(s01, 1);
  let s2 = f64x2.extract_lane(s23, 0);
  if (full < n) {
    const d = <f64>load<f32>(a) - shift;
    s0 += d * d;
  }
  if (full + 1 < n) {
    const d = <f64>load<f32>(a + stride) - shift;
    s1 += d * d;
  }
  if (full + 2 < n) {
    const d = <f64>load<f32>(a + 2 * stride) - shift;
    s2 += d * d;
  }
  return s0 + s1 + (s2 + f64x2.extract_lane(s23, 1));
}

function squaresAround(n: i32, a: usize, stride: usize, shift: f64): f64 {
  return stride == 4 ? squaresLoop(n, a, 4, shift, true) : squaresLoop(n, a, stride, shift, false);
}

/** pmax and pmin in this order of operands pass over NaN, and cannot tell −0 from 0. */
// @ts-ignore: decorator
@inline
function farther(m: v128, v: v128, largest: bool): v128 {
  return largest ? f32x4.pmax(m, v) : f32x4.pmin(m, v);
}

// @ts-ignore: decorator
@inline
function exactly(m: v128, v: v128, largest: bool): v128 {
  return largest ? f32x4.max(m, v) : f32x4.min(m, v);
}

/**
 * The largest, or the smallest: NaN if there is one, and −0 is below 0. The instruction that knows both is slow, so NaN
 * is watched for beside the quick one, and a result of 0 is settled by a second pass.
 */
// @ts-ignore: decorator
@inline
function extremeLoop(n: i32, a: usize, stride: usize, mask: v128, start: f32, largest: bool, contiguous: bool): f32 {
  let m0 = f32x4.splat(start);
  let m1 = m0;
  let nan = i32x4.splat(0);
  const full = n & ~7;
  let at = a;
  for (let i = 0; i < full; i += 8) {
    const v0 = v128.and(four(at, stride, contiguous), mask);
    const v1 = v128.and(four(at + 4 * stride, stride, contiguous), mask);
    nan = v128.or(nan, v128.or(f32x4.ne(v0, v0), f32x4.ne(v1, v1)));
    m0 = farther(m0, v0, largest);
    m1 = farther(m1, v1, largest);
    at += 8 * stride;
  }
  for (let i = full; i < n; i++) {
    const v = v128.and(v128.load32_splat(at), mask);
    nan = v128.or(nan, f32x4.ne(v, v));
    m0 = farther(m0, v, largest);
    at += stride;
  }
  if (v128.any_true(nan)) return NaN;
  m0 = farther(m0, m1, largest);
  m0 = farther(m0, v128.shuffle<f64>(m0, m0, 1, 0), largest);
  m0 = farther(m0, v128.shuffle<f32>(m0, m0, 1, 0, 3, 2), largest);
  if (f32x4.extract_lane(m0, 0) == 0) {
    m0 = f32x4.splat(start);
    for (let i = 0; i < n; i++) {
      m0 = exactly(m0, v128.and(v128.load32_splat(a), mask), largest);
      a += stride;
    }
  }
  return f32x4.extract_lane(m0, 0);
}

export function largestOf(n: i32, a: usize, stride: usize, mask: v128, start: f32): f32 {
  if (stride == 4) return extremeLoop(n, a, 4, mask, start, true, true);
  return extremeLoop(n, a, stride, mask, start, true, false);
}

function smallestOf(n: i32, a: usize, stride: usize, mask: v128): f32 {
  if (stride == 4) return extremeLoop(n, a, 4, mask, Infinity, false, true);
  return extremeLoop(n, a, stride, mask, Infinity, false, false);
}

/** Index of the first element equal to `x`, or of the first NaN if x is one. */
function indexOf(n: i32, a: usize, stride: usize, x: f32): i32 {
  let i = 0;
  if (stride == 4) {
    const full = n & ~3;
    if (x == x) {
      const wanted = f32x4.splat(x);
      while (i < full && !v128.any_true(f32x4.eq(v128.load(a), wanted))) {
        a += 16;
        i += 4;
      }
    } else {
      while (i < full) {
        const v = v128.load(a);
        if (v128.any_true(f32x4.ne(v, v))) break;
        a += 16;
        i += 4;
      }
    }
  }
  for (; i < n; i++) {
    const y = load<f32>(a);
    if (y == x || (x != x && y != y)) return i;
    a += stride;
  }
  return 0;
}

/** log Σ exp(a) as m + log1p(Σ of the others): elements equal to the largest count as 1 each, all but one of them. */
function logSumExpOf(n: i32, a: usize, stride: usize): f32 {
  const m = largestOf(n, a, stride, i32x4.splat(-1), -Infinity);
  if (m - m != 0) return m;
  return <f32>(<f64>m + Math.log1p(othersOf(n, a, stride, m)));
}

/** Σ exp(a − m) over all but one of the elements that equal m; NaN if several are infinite. */
export function othersOf(n: i32, a: usize, stride: usize, m: f32): f64 {
  const largest = f32x4.splat(m);
  let s01 = f64x2.splat(0);
  let s23 = f64x2.splat(0);
  let ties = i32x4.splat(0);
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    const v = stride == 4 ? v128.load(a) : gather(a, stride);
    const equal = f32x4.eq(v, largest);
    ties = i32x4.sub(ties, equal);
    const e = v128.andnot(exponential(f32x4.sub(v, largest)), equal);
    s01 = f64x2.add(s01, low(e));
    s23 = f64x2.add(s23, high(e));
    a += 4 * stride;
  }
  if (full < n) {
    // What is behind the end counts as nothing: it is taken for the smallest.
    const inside = i32x4.gt_s(i32x4.splat(n - full), i32x4(0, 1, 2, 3));
    const v = v128.bitselect(gatherPart(a, stride, n - full), f32x4.splat(-Infinity), inside);
    const equal = f32x4.eq(v, largest);
    ties = i32x4.sub(ties, equal);
    const e = v128.andnot(exponential(f32x4.sub(v, largest)), equal);
    s01 = f64x2.add(s01, low(e));
    s23 = f64x2.add(s23, high(e));
  }
  const count =
    i32x4.extract_lane(ties, 0) + i32x4.extract_lane(ties, 1) + i32x4.extract_lane(ties, 2) + i32x4.extract_lane(ties, 3);
  if (count > 1 && m - m != 0) return NaN;
  const s0 = f64x2.extract_lane(s01, 0) + f64x2.extract_lane(s01, 1);
  const others = s0 + (f64x2.extract_lane(s23, 0) + f64x2.extract_lane(s23, 1));
  return count > 1 ? others + <f64>(count - 1) : others;
}

/** One output. */
function fold(op: i32, n: i32, y: usize, a: usize, stride: usize, extra: i32): void {
  switch (op) {
    case SUM:
    case ABSOLUTE_SUM:
      store<f32>(y, <f32>sumOf(n, a, stride, signMask(op)));
      return;
    case MEAN:
      store<f32>(y, <f32>(sumOf(n, a, stride, signMask(op)) / <f64>n));
      return;
    case NORM:
      // Squares of float32 neither overflow nor vanish in double.
      store<f32>(y, <f32>Math.sqrt(squaresAround(n, a, stride, 0)));
      return;
    case VARIANCE:
    case DEVIATION: {
      const mean = sumOf(n, a, stride, signMask(op)) / <f64>n;
      const variance = squaresAround(n, a, stride, mean) / <f64>(n - extra);
      store<f32>(y, <f32>(op == VARIANCE ? variance : Math.sqrt(variance)));
      return;
    }
    case MAX:
      store<f32>(y, largestOf(n, a, stride, signMask(op), -Infinity));
      return;
    case ABSOLUTE_MAX:
      store<f32>(y, largestOf(n, a, stride, signMask(op), 0));
      return;
    case MIN:
      store<f32>(y, smallestOf(n, a, stride, signMask(op)));
      return;
    case LOG_SUM_EXP:
      store<f32>(y, logSumExpOf(n, a, stride));
      return;
    case ARGMAX:
      store<i32>(y, indexOf(n, a, stride, largestOf(n, a, stride, signMask(op), -Infinity)));
      return;
    case ARGMIN:
      store<i32>(y, indexOf(n, a, stride, smallestOf(n, a, stride, signMask(op))));
      return;
    default:
      store<u8>(y, op == ANY ? someOf(n, a, stride, false) : !someOf(n, a, stride, true));
      return;
  }
}

/** Whether a byte is zero, or is not. */
function someOf(n: i32, a: usize, stride: usize, zero: bool): bool {
  let i = 0;
  if (stride == 1) {
    const nothing = i8x16.splat(0);
    for (; i + 16 <= n; i += 16) {
      const v = v128.load(a);
      if (zero ? v128.any_true(i8x16.eq(v, nothing)) : v128.any_true(v)) return true;
      a += 16;
    }
  }
  for (; i < n; i++) {
    if ((load<u8>(a) == 0) == zero) return true;
    a += stride;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function storeSums(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(to, f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}

/** Sums of four neighbouring columns, into RESULTS. Rows lie `stride` bytes apart. */
function sumColumns(n: i32, a: usize, stride: usize, mask: v128): void {
  let p0 = f64x2.splat(0);
  let p1 = p0;
  let p2 = p0;
  let p3 = p0;
  let q0 = p0;
  let q1 = p0;
  let q2 = p0;
  let q3 = p0;
  let left = n;
  for (; left >= 4; left -= 4) {
    const v0 = v128.and(v128.load(a), mask);
    const v1 = v128.and(v128.load(a + stride), mask);
    p0 = f64x2.add(p0, low(v0));
    q0 = f64x2.add(q0, high(v0));
    p1 = f64x2.add(p1, low(v1));
    q1 = f64x2.add(q1, high(v1));
    a += 2 * stride;
    const v2 = v128.and(v128.load(a), mask);
    const v3 = v128.and(v128.load(a + stride), mask);
    p2 = f64x2.add(p2, low(v2));
    q2 = f64x2.add(q2, high(v2));
    p3 = f64x2.add(p3, low(v3));
    q3 = f64x2.add(q3, high(v3));
    a += 2 * stride;
  }
  if (left > 0) {
    const v = v128.and(v128.load(a), mask);
    p0 = f64x2.add(p0, low(v));
    q0 = f64x2.add(q0, high(v));
  }
  if (left > 1) {
    const v = v128.and(v128.load(a + stride), mask);
    p1 = f64x2.add(p1, low(v));
    q1 = f64x2.add(q1, high(v));
  }
  if (left > 2) {
    const v = v128.and(v128.load(a + 2 * stride), mask);
    p2 = f64x2.add(p2, low(v));
    q2 = f64x2.add(q2, high(v));
  }
  storeSums(RESULTS, p0, p1, p2, p3);
  storeSums(RESULTS + 16, q0, q1, q2, q3);
}

// @ts-ignore: decorator
@inline
function squareLow(v: v128, shift: v128): v128 {
  const d = f64x2.sub(low(v), shift);
  return f64x2.mul(d, d);
}

// @ts-ignore: decorator
@inline
function squareHigh(v: v128, shift: v128): v128 {
  const d = f64x2.sub(high(v), shift);
  return f64x2.mul(d, d);
}

/** Squares of four neighbouring columns around MEANS, into RESULTS. */
function squaresColumns(n: i32, a: usize, stride: usize): void {
  const shiftP = v128.load(MEANS);
  const shiftQ = v128.load(MEANS, 16);
  let p0 = f64x2.splat(0);
  let p1 = p0;
  let p2 = p0;
  let p3 = p0;
  let q0 = p0;
  let q1 = p0;
  let q2 = p0;
  let q3 = p0;
  let left = n;
  for (; left > 0; left -= 4) {
    let v = v128.load(a);
    p0 = f64x2.add(p0, squareLow(v, shiftP));
    q0 = f64x2.add(q0, squareHigh(v, shiftQ));
    if (left == 1) break;
    v = v128.load(a + stride);
    p1 = f64x2.add(p1, squareLow(v, shiftP));
    q1 = f64x2.add(q1, squareHigh(v, shiftQ));
    if (left == 2) break;
    v = v128.load(a + 2 * stride);
    p2 = f64x2.add(p2, squareLow(v, shiftP));
    q2 = f64x2.add(q2, squareHigh(v, shiftQ));
    if (left == 3) break;
    v = v128.load(a + 3 * stride);
    p3 = f64x2.add(p3, squareLow(v, shiftP));
    q3 = f64x2.add(q3, squareHigh(v, shiftQ));
    a += 4 * stride;
  }
  storeSums(RESULTS, p0, p1, p2, p3);
  storeSums(RESULTS + 16, q0, q1, q2, q3);
}

/** RESULTS over a divisor, kept there. */
function divideResults(divisor: f64, to: usize): void {
  const by = f64x2.splat(divisor);
  v128.store(to, f64x2.div(v128.load(RESULTS), by));
  v128.store(to, f64x2.div(v128.load(RESULTS, 16), by), 16);
}

/** The four RESULTS, rounded. */
function rounded(): v128 {
  const p = f32x4.demote_f64x2_zero(v128.load(RESULTS));
  const q = f32x4.demote_f64x2_zero(v128.load(RESULTS, 16));
  return v128.shuffle<f64>(p, q, 0, 2);
}

// @ts-ignore: decorator
@inline
function extremeColumns(n: i32, a: usize, stride: usize, mask: v128, start: f32, largest: bool): v128 {
  let m = f32x4.splat(start);
  let nan = i32x4.splat(0);
  let at = a;
  for (let i = 0; i < n; i++) {
    const v = v128.and(v128.load(at), mask);
    nan = v128.or(nan, f32x4.ne(v, v));
    m = farther(m, v, largest);
    at += stride;
  }
  if (v128.any_true(v128.or(nan, f32x4.eq(m, f32x4.splat(0))))) {
    m = f32x4.splat(start);
    for (let i = 0; i < n; i++) {
      m = exactly(m, v128.and(v128.load(a), mask), largest);
      a += stride;
    }
  }
  return m;
}

/** Indices of the first largest or smallest of four neighbouring columns; the first NaN wins. */
function indexColumns(n: i32, a: usize, stride: usize, largest: bool): v128 {
  let best = v128.load(a);
  let index = i32x4.splat(0);
  for (let i = 1; i < n; i++) {
    a += stride;
    const v = v128.load(a);
    let wins = v128.or(largest ? f32x4.gt(v, best) : f32x4.lt(v, best), f32x4.ne(v, v));
    wins = v128.and(wins, f32x4.eq(best, best));
    best = v128.bitselect(v, best, wins);
    index = v128.bitselect(i32x4.splat(i), index, wins);
  }
  return index;
}

/** Four neighbouring outputs. */
function foldColumns(op: i32, n: i32, a: usize, stride: usize, extra: i32): v128 {
  switch (op) {
    case SUM:
    case ABSOLUTE_SUM:
      sumColumns(n, a, stride, signMask(op));
      return rounded();
    case MEAN:
      sumColumns(n, a, stride, signMask(op));
      divideResults(<f64>n, RESULTS);
      return rounded();
    case NORM:
    case VARIANCE:
    case DEVIATION:
      if (op == NORM) {
        v128.store(MEANS, f64x2.splat(0));
        v128.store(MEANS, f64x2.splat(0), 16);
      } else {
        sumColumns(n, a, stride, signMask(op));
        divideResults(<f64>n, MEANS);
      }
      squaresColumns(n, a, stride);
      if (op != NORM) divideResults(<f64>(n - extra), RESULTS);
      if (op != VARIANCE) {
        v128.store(RESULTS, f64x2.sqrt(v128.load(RESULTS)));
        v128.store(RESULTS, f64x2.sqrt(v128.load(RESULTS, 16)), 16);
      }
      return rounded();
    case MAX:
      return extremeColumns(n, a, stride, signMask(op), -Infinity, true);
    case ABSOLUTE_MAX:
      return extremeColumns(n, a, stride, signMask(op), 0, true);
    case MIN:
      return extremeColumns(n, a, stride, signMask(op), Infinity, false);
    default:
      return indexColumns(n, a, stride, op == ARGMAX);
  }
}

/** A row of neighbouring outputs. */
function foldRow(op: i32, n: i32, count: i32, y: usize, a: usize, stride: usize, extra: i32): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) v128.store(y + (j << 2), foldColumns(op, n, a + (j << 2), stride, extra));
  for (; j < count; j++) fold(op, n, y + (j << 2), a + (j << 2), stride, extra);
}

/** Walks the kept axes. `size` is that of an element. */
function reduce(op: i32, ints: usize, y: usize, a: usize, size: usize, sizeY: usize): void {
  const n = load<i32>(ints);
  const stride = (<usize>load<i32>(ints, 4)) * size;
  const rank = load<i32>(ints, 8);
  const shape = ints + 12;
  const strides = shape + (rank << 2);
  const extra = load<i32>(strides + (rank << 2));
  if (rank == 0) {
    fold(op, n, y, a, stride, extra);
    return;
  }
  const last = (rank - 1) << 2;
  const inner = load<i32>(shape + last);
  const by = (<usize>load<i32>(strides + last)) * size;
  const beside = by == 4 && size == 4 && stride != 4 && inner >= 4 && n > 0 && op != LOG_SUM_EXP;
  let rows = 1;
  for (let axis = 0; axis < rank - 1; axis++) rows *= load<i32>(shape + (axis << 2));
  for (let row = 0; row < rows; row++) {
    let at = a;
    for (let axis = rank - 2, rest = row; axis >= 0; axis--) {
      const extent = load<i32>(shape + (axis << 2));
      at += (<usize>((rest % extent) * load<i32>(strides + (axis << 2)))) * size;
      rest /= extent;
    }
    if (beside) {
      foldRow(op, n, inner, y, at, stride, extra);
      y += (<usize>inner) * sizeY;
      continue;
    }
    for (let j = 0; j < inner; j++) {
      fold(op, n, y, at, stride, extra);
      y += sizeY;
      at += by;
    }
  }
}

export function sum_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(SUM, ints, y, a, 4, 4);
}
export function mean_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(MEAN, ints, y, a, 4, 4);
}
export function absoluteSum_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ABSOLUTE_SUM, ints, y, a, 4, 4);
}
export function euclideanNorm_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(NORM, ints, y, a, 4, 4);
}
export function variance_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(VARIANCE, ints, y, a, 4, 4);
}
export function standardDeviation_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(DEVIATION, ints, y, a, 4, 4);
}
export function max_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(MAX, ints, y, a, 4, 4);
}
export function min_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(MIN, ints, y, a, 4, 4);
}
export function absoluteMax_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ABSOLUTE_MAX, ints, y, a, 4, 4);
}
export function logSumExp_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(LOG_SUM_EXP, ints, y, a, 4, 4);
}
export function argmax_if(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ARGMAX, ints, y, a, 4, 4);
}
export function argmin_if(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ARGMIN, ints, y, a, 4, 4);
}
export function any_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ANY, ints, y, a, 1, 1);
}
export function all_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  reduce(ALL, ints, y, a, 1, 1);
}
