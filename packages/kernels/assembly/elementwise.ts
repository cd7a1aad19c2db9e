// Elementwise functions: what each does to a vector of four elements, and the loops that all of them share, one per
// combination of element types. A loop takes eight elements per step; the rest goes through the same vector code.
//
// An operation is a class with the method `of`. It is called on a null reference and inlined, so an operation costs
// neither memory nor a call.
import { begin, count, fromA, fromB, fromC, next, stepA, stepB, stepC, toY } from './walk';
import {
  binaryLogarithm,
  exponential,
  exponentialMinusOne,
  hyperbolicTangent,
  hyperbolicTangentGradient,
  logarithm,
  logarithmPlusOne,
  logistic,
  logisticGradient,
  logLogistic,
  softPlus,
} from './math';

// Four flags are a byte each in memory and a mask of four lanes in a vector.

/** The first `n` of four neighbouring elements. A loop, so that it is not inlined into every operation. */
function partOf(at: usize, n: i32): v128 {
  if (n > 3) return v128.load(at);
  let v = i32x4.splat(0);
  for (let last = at + (n << 2) - 4; last >= at; last -= 4) {
    v = v128.load32_lane(last, v128.shuffle<i32>(v, v, 3, 0, 1, 2), 0);
  }
  return v;
}

function storePart(to: usize, v: v128, n: i32): void {
  if (n > 3) {
    v128.store(to, v);
    return;
  }
  for (; n > 0; n--, to += 4) {
    v128.store32_lane(to, v, 0);
    v = v128.shuffle<i32>(v, v, 1, 2, 3, 0);
  }
}

/** The low or high half of eight flags, read by v128.load8x8_u, as masks. */
// @ts-ignore: decorator
@inline
function lowMask(flags: v128): v128 {
  return i32x4.extend_low_i16x8_s(i16x8.ne(flags, i16x8.splat(0)));
}

// @ts-ignore: decorator
@inline
function highMask(flags: v128): v128 {
  return i32x4.extend_high_i16x8_s(i16x8.ne(flags, i16x8.splat(0)));
}

/** The first `n` of four bytes as integers. */
function bytesPart(at: usize, n: i32): v128 {
  if (n > 3) return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
  let v = i32x4.splat(0);
  for (let last = at + n - 1; last >= at; last--) {
    v = i32x4.replace_lane(v128.shuffle<i32>(v, v, 3, 0, 1, 2), 0, load<u8>(last));
  }
  return v;
}

/** Two masks as eight flags in the low half. */
// @ts-ignore: decorator
@inline
function flagsOf(low: v128, high: v128): v128 {
  const words = i16x8.narrow_i32x4_s(low, high);
  return i8x16.neg(i8x16.narrow_i16x8_s(words, words));
}

/** Stores the first `n` of four bytes. */
function storeBytes(to: usize, bytes: i32, n: i32): void {
  if (n > 3) {
    store<i32>(to, bytes);
    return;
  }
  for (; n > 0; n--, to++, bytes >>= 8) store<u8>(to, bytes);
}

// @ts-ignore: decorator
@inline
function storeFlags(to: usize, mask: v128, n: i32): void {
  storeBytes(to, i32x4.extract_lane(flagsOf(mask, mask), 0), n);
}

// Loops. Steps are what walk.ts prepares: the bytes of eight elements, or 0. A half step is one vector.

function loop1<Op>(n: i32, y: usize, a: usize, sa: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 32, a += sa) {
    const first = op.of(v128.load(a));
    const second = op.of(v128.load(a, 16));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; n > 0; n -= 4, y += 16, a += sa >> 1) storePart(y, op.of(partOf(a, n)), n);
}

function loop2<Op>(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 32, a += sa, b += sb) {
    const first = op.of(v128.load(a), v128.load(b));
    const second = op.of(v128.load(a, 16), v128.load(b, 16));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; n > 0; n -= 4, y += 16, a += sa >> 1, b += sb >> 1) {
    storePart(y, op.of(partOf(a, n), partOf(b, n)), n);
  }
}

function loop3<Op>(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32, c: usize, sc: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 32, a += sa, b += sb, c += sc) {
    const first = op.of(v128.load(a), v128.load(b), v128.load(c));
    const second = op.of(v128.load(a, 16), v128.load(b, 16), v128.load(c, 16));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; n > 0; n -= 4, y += 16, a += sa >> 1, b += sb >> 1, c += sc >> 1) {
    storePart(y, op.of(partOf(a, n), partOf(b, n), partOf(c, n)), n);
  }
}

/** A test of each element: bool from words. */
function test1<Op>(n: i32, y: usize, a: usize, sa: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 8, a += sa) {
    v128.store64_lane(y, flagsOf(op.of(v128.load(a)), op.of(v128.load(a, 16))), 0);
  }
  for (; n > 0; n -= 4, y += 4, a += sa >> 1) storeFlags(y, op.of(partOf(a, n)), n);
}

function test2<Op>(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 8, a += sa, b += sb) {
    const low = op.of(v128.load(a), v128.load(b));
    const high = op.of(v128.load(a, 16), v128.load(b, 16));
    v128.store64_lane(y, flagsOf(low, high), 0);
  }
  for (; n > 0; n -= 4, y += 4, a += sa >> 1, b += sb >> 1) {
    storeFlags(y, op.of(partOf(a, n), partOf(b, n)), n);
  }
}

/** Bool from bools; `of` makes bytes that are 0 or not into masks of bytes. */
function logic2<Op>(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 8, a += sa, b += sb) {
    v128.store64_lane(y, i8x16.neg(op.of(v128.load64_zero(a), v128.load64_zero(b))), 0);
  }
  for (; n > 0; n -= 4, y += 4, a += sa >> 1, b += sb >> 1) {
    const flags = i8x16.neg(op.of(packed(bytesPart(a, n)), packed(bytesPart(b, n))));
    storeBytes(y, i32x4.extract_lane(flags, 0), n);
  }
}

/** Four integers as their low bytes. */
// @ts-ignore: decorator
@inline
function packed(v: v128): v128 {
  const words = i16x8.narrow_i32x4_u(v, v);
  return i8x16.narrow_i16x8_u(words, words);
}

// Walks over a loop. One unbroken piece, the usual case, needs no walk.

// @ts-ignore: decorator
@inline
function rank(ints: usize): i32 {
  return load<i32>(ints);
}

// @ts-ignore: decorator
@inline
function size(ints: usize): i32 {
  return load<i32>(ints, 4);
}

/** Whether the plan is one axis along which the first `many` operands have stride 1. */
// @ts-ignore: decorator
@inline
function unbroken(ints: usize, many: i32): bool {
  if (rank(ints) !== 1 || load<i32>(ints, 8) !== 1) return false;
  if (many > 1 && load<i32>(ints, 12) !== 1) return false;
  return many < 3 || load<i32>(ints, 16) === 1;
}

export function unary<Op>(ints: usize, y: usize, a: usize): void {
  if (unbroken(ints, 1)) {
    loop1<Op>(size(ints), y, a, 32);
    return;
  }
  begin(ints, 1, 4, y, 4, a, 0, 0, 0, 0);
  while (next()) loop1<Op>(count, toY, fromA, stepA);
}

export function binary<Op>(ints: usize, y: usize, a: usize, b: usize): void {
  if (unbroken(ints, 2)) {
    loop2<Op>(size(ints), y, a, 32, b, 32);
    return;
  }
  begin(ints, 2, 4, y, 4, a, 4, b, 0, 0);
  while (next()) loop2<Op>(count, toY, fromA, stepA, fromB, stepB);
}

function ternary<Op>(ints: usize, y: usize, a: usize, b: usize, c: usize): void {
  if (unbroken(ints, 3)) {
    loop3<Op>(size(ints), y, a, 32, b, 32, c, 32);
    return;
  }
  begin(ints, 3, 4, y, 4, a, 4, b, 4, c);
  while (next()) loop3<Op>(count, toY, fromA, stepA, fromB, stepB, fromC, stepC);
}

function unaryTest<Op>(ints: usize, y: usize, a: usize): void {
  if (unbroken(ints, 1)) {
    test1<Op>(size(ints), y, a, 32);
    return;
  }
  begin(ints, 1, 1, y, 4, a, 0, 0, 0, 0);
  while (next()) test1<Op>(count, toY, fromA, stepA);
}

function binaryTest<Op>(ints: usize, y: usize, a: usize, b: usize): void {
  if (unbroken(ints, 2)) {
    test2<Op>(size(ints), y, a, 32, b, 32);
    return;
  }
  begin(ints, 2, 1, y, 4, a, 4, b, 0, 0);
  while (next()) test2<Op>(count, toY, fromA, stepA, fromB, stepB);
}

function binaryLogic<Op>(ints: usize, y: usize, a: usize, b: usize): void {
  begin(ints, 2, 1, y, 1, a, 1, b, 0, 0);
  while (next()) logic2<Op>(count, toY, fromA, stepA, fromB, stepB);
}

// float32, one operand.

@final
class Neg {
  @inline
  of(x: v128): v128 {
    return f32x4.neg(x);
  }
}
export function neg_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Neg>(ints, y, a);
}

@final
class Abs {
  @inline
  of(x: v128): v128 {
    return f32x4.abs(x);
  }
}
export function abs_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Abs>(ints, y, a);
}

@final
class Sign {
  @inline
  of(x: v128): v128 {
    // ±1 except where |x| > 0 does not hold: zeros keep their sign, NaN stays NaN.
    const one = v128.or(v128.and(x, f32x4.splat(-0.0)), f32x4.splat(1));
    return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
  }
}
export function sign_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Sign>(ints, y, a);
}

@final
class Square {
  @inline
  of(x: v128): v128 {
    return f32x4.mul(x, x);
  }
}
export function square_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Square>(ints, y, a);
}

@final
class Reciprocal {
  @inline
  of(x: v128): v128 {
    return f32x4.div(f32x4.splat(1), x);
  }
}
export function reciprocal_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Reciprocal>(ints, y, a);
}

@final
class Sqrt {
  @inline
  of(x: v128): v128 {
    return f32x4.sqrt(x);
  }
}
export function sqrt_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Sqrt>(ints, y, a);
}

@final
class Rsqrt {
  @inline
  of(x: v128): v128 {
    // Rounded once: in double precision.
    const low = f64x2.promote_low_f32x4(x);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    const one = f64x2.splat(1);
    const first = f32x4.demote_f64x2_zero(f64x2.div(one, f64x2.sqrt(low)));
    const second = f32x4.demote_f64x2_zero(f64x2.div(one, f64x2.sqrt(high)));
    return v128.shuffle<f32>(first, second, 0, 1, 4, 5);
  }
}
export function rsqrt_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Rsqrt>(ints, y, a);
}

@final
class Relu {
  @inline
  of(x: v128): v128 {
    // `x <= 0` is false for NaN, which therefore passes through; −0 becomes 0.
    return v128.andnot(x, f32x4.le(x, f32x4.splat(0)));
  }
}
export function relu_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Relu>(ints, y, a);
}

@final
class Floor {
  @inline
  of(x: v128): v128 {
    return f32x4.floor(x);
  }
}
export function floor_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Floor>(ints, y, a);
}

@final
class Ceil {
  @inline
  of(x: v128): v128 {
    return f32x4.ceil(x);
  }
}
export function ceil_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Ceil>(ints, y, a);
}

@final
class Trunc {
  @inline
  of(x: v128): v128 {
    return f32x4.trunc(x);
  }
}
export function trunc_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Trunc>(ints, y, a);
}

@final
class Round {
  @inline
  of(x: v128): v128 {
    return f32x4.nearest(x);
  }
}
export function round_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Round>(ints, y, a);
}

@final
class Exp {
  @inline
  of(x: v128): v128 {
    return exponential(x);
  }
}
export function exp_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Exp>(ints, y, a);
}

@final
class Expm1 {
  @inline
  of(x: v128): v128 {
    return exponentialMinusOne(x);
  }
}
export function expm1_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Expm1>(ints, y, a);
}

@final
class Log {
  @inline
  of(x: v128): v128 {
    return logarithm(x);
  }
}
export function log_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Log>(ints, y, a);
}

@final
class Log1p {
  @inline
  of(x: v128): v128 {
    return logarithmPlusOne(x);
  }
}
export function log1p_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Log1p>(ints, y, a);
}

@final
class Log2 {
  @inline
  of(x: v128): v128 {
    return binaryLogarithm(x);
  }
}
export function log2_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Log2>(ints, y, a);
}

@final
class Tanh {
  @inline
  of(x: v128): v128 {
    return hyperbolicTangent(x);
  }
}
export function tanh_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Tanh>(ints, y, a);
}

@final
class Sigmoid {
  @inline
  of(x: v128): v128 {
    return logistic(x);
  }
}
export function sigmoid_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Sigmoid>(ints, y, a);
}

@final
class LogSigmoid {
  @inline
  of(x: v128): v128 {
    return logLogistic(x);
  }
}
export function logSigmoid_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<LogSigmoid>(ints, y, a);
}

@final
class Softplus {
  @inline
  of(x: v128): v128 {
    return softPlus(x);
  }
}
export function softplus_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Softplus>(ints, y, a);
}

// float32, two operands.

@final
class Add {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.add(x, z);
  }
}
export function add_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Add>(ints, y, a, b);
}

@final
class Sub {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.sub(x, z);
  }
}
export function sub_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Sub>(ints, y, a, b);
}

@final
class Mul {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.mul(x, z);
  }
}
export function mul_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Mul>(ints, y, a, b);
}

@final
class Div {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.div(x, z);
  }
}
export function div_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Div>(ints, y, a, b);
}

@final
class Maximum {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.max(x, z);
  }
}
export function maximum_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Maximum>(ints, y, a, b);
}

@final
class Minimum {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.min(x, z);
  }
}
export function minimum_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Minimum>(ints, y, a, b);
}

@final
class Xlogy {
  @inline
  of(x: v128, z: v128): v128 {
    // 0 where x is 0 and z is a number.
    return v128.andnot(f32x4.mul(x, logarithm(z)), v128.and(f32x4.eq(x, f32x4.splat(0)), f32x4.eq(z, z)));
  }
}
export function xlogy_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Xlogy>(ints, y, a, b);
}

@final
class Xdivy {
  @inline
  of(x: v128, z: v128): v128 {
    return v128.andnot(f32x4.div(x, z), f32x4.eq(x, f32x4.splat(0)));
  }
}
export function xdivy_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<Xdivy>(ints, y, a, b);
}

@final
class MultiplyNoNan {
  @inline
  of(x: v128, z: v128): v128 {
    return v128.andnot(f32x4.mul(x, z), f32x4.eq(z, f32x4.splat(0)));
  }
}
export function multiplyNoNan_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<MultiplyNoNan>(ints, y, a, b);
}

@final
class ZeroProduct {
  @inline
  of(x: v128, z: v128): v128 {
    const zero = f32x4.splat(0);
    return v128.andnot(f32x4.mul(x, z), v128.or(f32x4.eq(x, zero), f32x4.eq(z, zero)));
  }
}
export function zeroProduct_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<ZeroProduct>(ints, y, a, b);
}

@final
class DivideNoNan {
  @inline
  of(x: v128, z: v128): v128 {
    return v128.andnot(f32x4.div(x, z), f32x4.eq(z, f32x4.splat(0)));
  }
}
export function divideNoNan_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<DivideNoNan>(ints, y, a, b);
}

@final
class LargerShare {
  @inline
  of(x: v128, z: v128): v128 {
    const larger = v128.and(f32x4.gt(x, z), f32x4.splat(1));
    return v128.or(larger, v128.and(f32x4.eq(x, z), f32x4.splat(0.5)));
  }
}
export function largerShare_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<LargerShare>(ints, y, a, b);
}

@final
class WhereForPositive {
  @inline
  of(x: v128, z: v128): v128 {
    return v128.and(x, f32x4.gt(z, f32x4.splat(0)));
  }
}
export function whereForPositive_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<WhereForPositive>(ints, y, a, b);
}

@final
class TanhGradient {
  @inline
  of(x: v128, z: v128): v128 {
    return hyperbolicTangentGradient(x, z);
  }
}
export function tanhGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<TanhGradient>(ints, y, a, b);
}

@final
class SigmoidGradient {
  @inline
  of(x: v128, z: v128): v128 {
    return logisticGradient(x, z);
  }
}
export function sigmoidGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<SigmoidGradient>(ints, y, a, b);
}

@final
class SigmoidCrossEntropy {
  @inline
  of(x: v128, t: v128): v128 {
    const rest = f32x4.sub(f32x4.splat(1), t);
    const missed = v128.andnot(f32x4.mul(softPlus(f32x4.neg(x)), t), f32x4.eq(t, f32x4.splat(0)));
    const claimed = v128.andnot(f32x4.mul(softPlus(x), rest), f32x4.eq(rest, f32x4.splat(0)));
    return f32x4.add(missed, claimed);
  }
}
export function sigmoidCrossEntropy_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<SigmoidCrossEntropy>(ints, y, a, b);
}

// float32, three operands.

@final
class SigmoidCrossEntropyGradient {
  @inline
  of(g: v128, x: v128, t: v128): v128 {
    const claimed = f32x4.mul(f32x4.sub(f32x4.splat(1), t), logistic(x));
    const missed = f32x4.mul(t, logistic(f32x4.neg(x)));
    return v128.andnot(f32x4.mul(g, f32x4.sub(claimed, missed)), f32x4.eq(g, f32x4.splat(0)));
  }
}
export function sigmoidCrossEntropyGradient_ffff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  ternary<SigmoidCrossEntropyGradient>(ints, y, a, b, c);
}

@final
class Clamp {
  @inline
  of(x: v128, low: v128, high: v128): v128 {
    // pmax(x, low) is `x < low ? low : x`, pmin(x, high) is `high < x ? high : x`; a bound that is NaN is taken.
    const above = v128.bitselect(low, f32x4.pmax(x, low), f32x4.ne(low, low));
    return v128.bitselect(high, f32x4.pmin(above, high), f32x4.ne(high, high));
  }
}
export function clamp_ffff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  ternary<Clamp>(ints, y, a, b, c);
}

// int32; sums and products wrap.

@final
class AddInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.add(x, z);
  }
}
export function add_iii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<AddInt>(ints, y, a, b);
}

@final
class SubInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.sub(x, z);
  }
}
export function sub_iii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<SubInt>(ints, y, a, b);
}

@final
class MulInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.mul(x, z);
  }
}
export function mulInt_iii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<MulInt>(ints, y, a, b);
}

@final
class SquareInt {
  @inline
  of(x: v128): v128 {
    return i32x4.mul(x, x);
  }
}
export function squareInt_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<SquareInt>(ints, y, a);
}

@final
class NegInt {
  @inline
  of(x: v128): v128 {
    return i32x4.neg(x);
  }
}
export function neg_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<NegInt>(ints, y, a);
}

@final
class AbsInt {
  @inline
  of(x: v128): v128 {
    return i32x4.abs(x);
  }
}
export function abs_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<AbsInt>(ints, y, a);
}

// Tests: masks from float32 or int32.

@final
class Eq {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.eq(x, z);
  }
}
export function eq_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Eq>(ints, y, a, b);
}

@final
class Ne {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.ne(x, z);
  }
}
export function ne_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Ne>(ints, y, a, b);
}

@final
class Lt {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.lt(x, z);
  }
}
export function lt_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Lt>(ints, y, a, b);
}

@final
class Le {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.le(x, z);
  }
}
export function le_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Le>(ints, y, a, b);
}

@final
class Gt {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.gt(x, z);
  }
}
export function gt_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Gt>(ints, y, a, b);
}

@final
class Ge {
  @inline
  of(x: v128, z: v128): v128 {
    return f32x4.ge(x, z);
  }
}
export function ge_bff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<Ge>(ints, y, a, b);
}

@final
class EqInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.eq(x, z);
  }
}
export function eq_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<EqInt>(ints, y, a, b);
}

@final
class NeInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.ne(x, z);
  }
}
export function ne_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<NeInt>(ints, y, a, b);
}

@final
class LtInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.lt_s(x, z);
  }
}
export function lt_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<LtInt>(ints, y, a, b);
}

@final
class LeInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.le_s(x, z);
  }
}
export function le_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<LeInt>(ints, y, a, b);
}

@final
class GtInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.gt_s(x, z);
  }
}
export function gt_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<GtInt>(ints, y, a, b);
}

@final
class GeInt {
  @inline
  of(x: v128, z: v128): v128 {
    return i32x4.ge_s(x, z);
  }
}
export function ge_bii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryTest<GeInt>(ints, y, a, b);
}

@final
class IsNaN {
  @inline
  of(x: v128): v128 {
    return f32x4.ne(x, x);
  }
}
export function isNaN_bf(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unaryTest<IsNaN>(ints, y, a);
}

@final
class IsFinite {
  @inline
  of(x: v128): v128 {
    return f32x4.eq(f32x4.sub(x, x), f32x4.splat(0));
  }
}
export function isFinite_bf(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unaryTest<IsFinite>(ints, y, a);
}

@final
class ToBool {
  @inline
  of(x: v128): v128 {
    return f32x4.ne(x, f32x4.splat(0));
  }
}
export function toBool_bf(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unaryTest<ToBool>(ints, y, a);
}

@final
class ToBoolInt {
  @inline
  of(x: v128): v128 {
    return i32x4.ne(x, i32x4.splat(0));
  }
}
export function toBool_bi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unaryTest<ToBoolInt>(ints, y, a);
}

// Logic on bytes that are 0 or 1.

@final
class LogicalAnd {
  @inline
  of(x: v128, z: v128): v128 {
    const zero = i8x16.splat(0);
    return v128.and(i8x16.ne(x, zero), i8x16.ne(z, zero));
  }
}
export function logicalAnd_bbb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryLogic<LogicalAnd>(ints, y, a, b);
}

@final
class LogicalOr {
  @inline
  of(x: v128, z: v128): v128 {
    return i8x16.ne(v128.or(x, z), i8x16.splat(0));
  }
}
export function logicalOr_bbb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binaryLogic<LogicalOr>(ints, y, a, b);
}

@final
class LogicalNot {
  @inline
  of(x: v128, _same: v128): v128 {
    return i8x16.eq(x, i8x16.splat(0));
  }
}
export function logicalNot_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  begin(ints, 1, 1, y, 1, a, 0, 0, 0, 0);
  while (next()) logic2<LogicalNot>(count, toY, fromA, stepA, fromA, stepA);
}

// Selection.

function select(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32, c: usize, sc: i32): void {
  for (; n >= 8; n -= 8, y += 32, a += sa, b += sb, c += sc) {
    const flags = v128.load8x8_u(a);
    const first = v128.bitselect(v128.load(b), v128.load(c), lowMask(flags));
    const second = v128.bitselect(v128.load(b, 16), v128.load(c, 16), highMask(flags));
    v128.store(y, first);
    v128.store(y, second, 16);
  }
  for (; n > 0; n -= 4, y += 16, a += sa >> 1, b += sb >> 1, c += sc >> 1) {
    const mask = i32x4.ne(bytesPart(a, n), i32x4.splat(0));
    storePart(y, v128.bitselect(partOf(b, n), partOf(c, n), mask), n);
  }
}

export function where_fbff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  if (unbroken(ints, 3)) {
    select(size(ints), y, a, 8, b, 32, c, 32);
    return;
  }
  begin(ints, 3, 4, y, 1, a, 4, b, 4, c);
  while (next()) select(count, toY, fromA, stepA, fromB, stepB, fromC, stepC);
}

export function where_ibii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  where_fbff(ints, y, a, b, c, d);
}

// Casts.

@final
class FloatFromInt {
  @inline
  of(x: v128): v128 {
    return f32x4.convert_i32x4_s(x);
  }
}
export function copy_fi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<FloatFromInt>(ints, y, a);
}

@final
class IntFromInt {
  @inline
  of(x: v128): v128 {
    return x;
  }
}

function fromFlags<Op>(n: i32, y: usize, a: usize, sa: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 8; n -= 8, y += 32, a += sa) {
    const flags = v128.load8x8_u(a);
    v128.store(y, op.of(i32x4.extend_low_i16x8_u(flags)));
    v128.store(y, op.of(i32x4.extend_high_i16x8_u(flags)), 16);
  }
  for (; n > 0; n -= 4, y += 16, a += sa >> 1) storePart(y, op.of(bytesPart(a, n)), n);
}

export function copy_fb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  begin(ints, 1, 4, y, 1, a, 0, 0, 0, 0);
  while (next()) fromFlags<FloatFromInt>(count, toY, fromA, stepA);
}

export function copy_ib(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  begin(ints, 1, 4, y, 1, a, 0, 0, 0, 0);
  while (next()) fromFlags<IntFromInt>(count, toY, fromA, stepA);
}

function floatsFromDoubles(n: i32, y: usize, a: usize, sa: i32): void {
  for (; n >= 8; n -= 8, y += 32, a += sa) {
    const first = f32x4.demote_f64x2_zero(v128.load(a));
    const second = f32x4.demote_f64x2_zero(v128.load(a, 16));
    const third = f32x4.demote_f64x2_zero(v128.load(a, 32));
    const fourth = f32x4.demote_f64x2_zero(v128.load(a, 48));
    v128.store(y, v128.shuffle<f32>(first, second, 0, 1, 4, 5));
    v128.store(y, v128.shuffle<f32>(third, fourth, 0, 1, 4, 5), 16);
  }
  for (; n > 0; n--, y += 4, a += sa >> 3) store<f32>(y, <f32>load<f64>(a));
}

export function copy_fd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  begin(ints, 1, 4, y, 8, a, 0, 0, 0, 0);
  while (next()) floatsFromDoubles(count, toY, fromA, stepA);
}

function doublesFromFloats(n: i32, y: usize, a: usize, sa: i32): void {
  for (; n >= 8; n -= 8, y += 64, a += sa) {
    const low = v128.load(a);
    const high = v128.load(a, 16);
    v128.store(y, f64x2.promote_low_f32x4(low));
    v128.store(y, f64x2.promote_low_f32x4(v128.shuffle<f32>(low, low, 2, 3, 0, 1)), 16);
    v128.store(y, f64x2.promote_low_f32x4(high), 32);
    v128.store(y, f64x2.promote_low_f32x4(v128.shuffle<f32>(high, high, 2, 3, 0, 1)), 48);
  }
  for (; n > 0; n--, y += 8, a += sa >> 3) store<f64>(y, <f64>load<f32>(a));
}

export function copy_df(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  begin(ints, 1, 8, y, 4, a, 0, 0, 0, 0);
  while (next()) doublesFromFloats(count, toY, fromA, stepA);
}
