// Functions of four float32 lanes. Each is branch-free, or takes a branch that depends on the lanes' values only, so an
// element's bits never depend on its neighbours, its position or the width of the loop around it.
//
// Constants come from a table in memory: V8 builds a vector immediate anew at each use, a splat from memory is one load.

const TABLE: usize = memory.data<f32>([
  1.44269504088896341, // 0: 1 / ln 2
  12582912.0, // 4: 1.5 · 2^23: what is added to it is rounded to an integer, which the low bits then hold
  -0.693359375, // 8: −ln 2, the bits whose product with an exponent is exact
  2.1219444005469e-4, // 12: −ln 2, the rest
  0.5, // 16: (eʳ − 1 − r) / r², least maximum error over |r| ≤ ln 2 / 2
  1.6666546e-1, // 20
  4.1666407e-2, // 24
  8.366257e-3, // 28
  1.3940322e-3, // 32
  1.0, // 36
  89.0, // 40: eˣ is Infinity from here on
  -104.0, // 44: eˣ is 0 from here down
  0.693359375, // 48: ln 2, high part
  -2.1219444005469e-4, // 52: ln 2, low part
  6.6666776e-1, // 56: (log((1 + s) / (1 − s)) − 2s) / s³ by s², for 1 + f between √½ and √2
  3.9977556e-1, // 60
  2.9872012e-1, // 64
  2.0, // 68
  8388608.0, // 72: 2^23
  23.0, // 76
  Infinity, // 80
  1.17549435e-38, // 84: the least normal number
  -0.0, // 88
  -18.0, // 92: eˣ − 1 is −1 from here down
  2.9e-8, // 96: below it eˣ − 1 and log(1 + x) are x
  33554432.0, // 100: 2^25
  -1.0, // 104
  9.5, // 108: enough for tanh
  -200.0, // 112
  745.1332, // 116: e^−x is 0 in double precision from here on
  0.99999994, // 120: the largest number below 1
  9.010914, // 124: tanh rounds to 1 from here on
]);
const INTEGERS: usize = memory.data<i32>([
  0x3f800000, // 0: the bits of 1
  0x3f3504f3, // 4: the bits of √½
  1, // 8
  0x7f800000, // 12: takes the normal positive numbers to the least integers
  -0x01000001, // 16: and this is the largest of those
  0x4b400000 - 126, // 20: the exponent −126, as the sum that rounds it holds it
]);

// @ts-ignore: decorator
@inline
function constant(at: usize): v128 {
  return v128.load32_splat(TABLE + at);
}

// @ts-ignore: decorator
@inline
function integer(at: usize): v128 {
  return v128.load32_splat(INTEGERS + at);
}

/** a · b + c: rounded once with relaxed SIMD, twice otherwise. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function magnitude(x: v128): v128 {
  return v128.andnot(x, constant(88));
}

/** x / ln 2 rounded, as the low bits of a number near 1.5 · 2^23. */
// @ts-ignore: decorator
@inline
function binaryExponent(x: v128): v128 {
  return multiplyAdd(x, constant(0), constant(4));
}

/** x − n · ln 2 with the n of {@link binaryExponent}; Cody and Waite's two-part reduction. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, exponent: v128): v128 {
  const n = f32x4.sub(exponent, constant(4));
  return multiplyAdd(n, constant(12), multiplyAdd(n, constant(8), x));
}

/** eʳ − 1 for |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function growth(r: v128): v128 {
  // Estrin's order: a short chain of dependences counts for more than the number of operations.
  const square = f32x4.mul(r, r);
  const low = multiplyAdd(constant(20), r, constant(16));
  const high = multiplyAdd(constant(32), square, multiplyAdd(constant(28), r, constant(24)));
  return multiplyAdd(square, multiplyAdd(square, high, low), r);
}

/** 2ⁿ for the n in the low bits of `exponent`, −127 < n < 128. */
// @ts-ignore: decorator
@inline
function powerOfTwo(exponent: v128): v128 {
  return i32x4.add(i32x4.shl(exponent, 23), integer(0));
}

/** p · 2ⁿ in two steps: the first is exact, so that the second rounds once, into the subnormal numbers too. */
// @ts-ignore: decorator
@inline
function scaled(p: v128, exponent: v128): v128 {
  const half = i32x4.shr_u(exponent, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

// pmin(x, limit) and pmax(x, limit) give x where x is NaN, in this order of operands.

// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const limited = f32x4.pmax(f32x4.pmin(x, constant(40)), constant(44));
  const exponent = binaryExponent(limited);
  const r = reduced(limited, exponent);
  return scaled(f32x4.add(constant(36), growth(r)), exponent);
}

/** e^−|x| */
// @ts-ignore: decorator
@inline
function decay(x: v128): v128 {
  const limited = f32x4.pmax(v128.or(x, constant(88)), constant(44));
  const exponent = binaryExponent(limited);
  const r = reduced(limited, exponent);
  return scaled(f32x4.add(constant(36), growth(r)), exponent);
}

// @ts-ignore: decorator
@inline
export function exponentialMinusOne(x: v128): v128 {
  const limited = f32x4.pmax(f32x4.pmin(x, constant(40)), constant(92));
  const exponent = binaryExponent(limited);
  const grown = growth(reduced(limited, exponent));
  // With half the power of two, which is finite for n = 128; doubled at the end.
  const half = powerOfTwo(i32x4.sub(exponent, integer(8)));
  const y = multiplyAdd(half, grown, f32x4.sub(half, constant(16)));
  // Keeps the sign of 0, and the last bit of subnormal numbers.
  return v128.bitselect(x, f32x4.add(y, y), f32x4.lt(magnitude(x), constant(96)));
}

/** log x for positive normal x without its special cases: e · ln 2 + log(1 + f), fdlibm's arrangement. */
// @ts-ignore: decorator
@inline
function logarithmOf(f: v128, e: v128): v128 {
  const s = f32x4.div(f, f32x4.add(constant(68), f));
  const z = f32x4.mul(s, s);
  const p = multiplyAdd(multiplyAdd(constant(64), z, constant(60)), z, constant(56));
  const half = f32x4.mul(constant(16), f32x4.mul(f, f));
  const rest = multiplyAdd(s, multiplyAdd(z, p, half), f32x4.mul(e, constant(52)));
  return f32x4.add(f32x4.mul(e, constant(48)), f32x4.sub(f, f32x4.sub(half, rest)));
}

/** How many times x must be halved to lie in [√½, √2). */
// @ts-ignore: decorator
@inline
function halvings(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, integer(4)), 23);
}

/** Lanes that are not positive normal finite numbers. */
// @ts-ignore: decorator
@inline
function unusual(x: v128): v128 {
  return i32x4.gt_s(i32x4.add(x, integer(12)), integer(16));
}

/** What the logarithm of an unusual number is: −Infinity, NaN or Infinity; `y` for subnormal numbers. */
// @ts-ignore: decorator
@inline
function specialLogarithm(x: v128, y: v128): v128 {
  const zero = f32x4.eq(x, f32x4.splat(0));
  y = v128.bitselect(f32x4.neg(constant(80)), y, zero);
  y = v128.bitselect(x, y, f32x4.eq(x, constant(80)));
  return v128.or(y, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

// @ts-ignore: decorator
@inline
export function logarithm(x: v128): v128 {
  const odd = v128.any_true(unusual(x));
  let m = x;
  let shift = f32x4.splat(0);
  if (odd) {
    const small = f32x4.lt(x, constant(84));
    m = v128.bitselect(f32x4.mul(x, constant(72)), x, small);
    shift = v128.and(small, constant(76));
  }
  const k = halvings(m);
  const f = f32x4.sub(i32x4.sub(m, i32x4.shl(k, 23)), constant(36));
  let y = logarithmOf(f, f32x4.sub(f32x4.convert_i32x4_s(k), shift));
  if (odd) y = specialLogarithm(x, y);
  return y;
}

// @ts-ignore: decorator
@inline
export function binaryLogarithm(x: v128): v128 {
  const odd = v128.any_true(unusual(x));
  let m = x;
  let shift = f32x4.splat(0);
  if (odd) {
    const small = f32x4.lt(x, constant(84));
    m = v128.bitselect(f32x4.mul(x, constant(72)), x, small);
    shift = v128.and(small, constant(76));
  }
  const k = halvings(m);
  const f = f32x4.sub(i32x4.sub(m, i32x4.shl(k, 23)), constant(36));
  const e = f32x4.sub(f32x4.convert_i32x4_s(k), shift);
  // Exact at powers of two: f is 0 there.
  let y = multiplyAdd(logarithmOf(f, f32x4.splat(0)), constant(0), e);
  if (odd) y = specialLogarithm(x, y);
  return y;
}

/** log(1 + x) for −1 < x ≤ 2^25; NaN stays NaN. */
// @ts-ignore: decorator
@inline
function logarithmOfOnePlus(x: v128): v128 {
  const u = f32x4.add(constant(36), x);
  // What rounding 1 + x lost, exactly.
  const lost = f32x4.sub(x, f32x4.sub(u, constant(36)));
  const k = halvings(u);
  const shift = i32x4.shl(k, 23);
  const f = f32x4.sub(i32x4.sub(u, shift), constant(36));
  // In the scale of f: lost · 2^−k.
  const whole = f32x4.add(f, f32x4.mul(lost, i32x4.sub(integer(0), shift)));
  return logarithmOf(whole, f32x4.convert_i32x4_s(k));
}

// @ts-ignore: decorator
@inline
export function logarithmPlusOne(x: v128): v128 {
  // From 2^25 on the 1 is lost in x; the limit keeps 2^−k a normal number, and is undone below.
  const large = f32x4.gt(x, constant(100));
  let y = logarithmOfOnePlus(v128.bitselect(constant(36), x, large));
  if (v128.any_true(large)) {
    const k = halvings(x);
    const f = f32x4.sub(i32x4.sub(x, i32x4.shl(k, 23)), constant(36));
    y = v128.bitselect(logarithmOf(f, f32x4.convert_i32x4_s(k)), y, large);
  }
  const one = constant(104);
  y = v128.bitselect(x, y, f32x4.eq(x, constant(80)));
  y = v128.bitselect(f32x4.neg(constant(80)), y, f32x4.eq(x, one));
  y = v128.or(y, v128.not(f32x4.ge(x, one)));
  // Keeps the sign of 0.
  return v128.bitselect(x, y, f32x4.lt(magnitude(x), constant(96)));
}

// @ts-ignore: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  // t / (t + 2) with t = e^2|x| − 1, which has no cancellation.
  const a = f32x4.pmin(magnitude(x), constant(108));
  const z = f32x4.add(a, a);
  const exponent = binaryExponent(z);
  const grown = growth(reduced(z, exponent));
  const power = powerOfTwo(exponent);
  const t = multiplyAdd(power, grown, f32x4.sub(power, constant(36)));
  const y = f32x4.pmin(f32x4.div(t, f32x4.add(t, constant(68))), constant(120));
  // 1 is the next number.
  return v128.or(i32x4.sub(y, f32x4.ge(a, constant(124))), v128.and(x, constant(88)));
}

// @ts-ignore: decorator
@inline
export function logistic(x: v128): v128 {
  const e = decay(x);
  const one = constant(36);
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(one, e));
}

/** log(1 + eˣ) */
// @ts-ignore: decorator
@inline
export function softPlus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), logarithmOfOnePlus(decay(x)));
}

/** −log(1 + e^−x) */
// @ts-ignore: decorator
@inline
export function logLogistic(x: v128): v128 {
  const y = f32x4.neg(softPlus(f32x4.neg(x)));
  // −0, and 0 from where e^−x is 0 in double precision.
  return f32x4.sub(y, v128.and(f32x4.gt(x, constant(116)), constant(88)));
}

/**
 * g · (1 + e)^−2 · e · 2^`twos` with e = e^−|x|. The power of two comes last, in four parts, so that a subnormal e times a
 * large g keeps all its bits, and nothing overflows that is finite.
 */
// @ts-ignore: decorator
@inline
function bellTimes(g: v128, x: v128, twos: i32): v128 {
  const a = magnitude(x);
  const limited = f32x4.pmax(v128.or(x, constant(88)), constant(112));
  const exponent = binaryExponent(limited);
  const p = f32x4.add(constant(36), growth(reduced(limited, exponent)));
  const e = f32x4.mul(p, powerOfTwo(i32x4.max_s(exponent, integer(20))));
  const whole = f32x4.add(constant(36), e);
  // Where e is 0 in double precision.
  const none = f32x4.gt(a, constant(116));
  const q = v128.andnot(f32x4.div(p, f32x4.mul(whole, whole)), none);
  const n = twos === 0 ? exponent : i32x4.add(exponent, i32x4.splat(twos));
  const quarter = i32x4.shr_u(n, 2);
  const part = powerOfTwo(quarter);
  const last = powerOfTwo(i32x4.sub(n, i32x4.add(quarter, i32x4.add(quarter, quarter))));
  const y = f32x4.mul(f32x4.mul(f32x4.mul(g, f32x4.mul(q, part)), f32x4.mul(part, part)), last);
  return v128.andnot(y, f32x4.eq(g, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
export function logisticGradient(g: v128, x: v128): v128 {
  return bellTimes(g, x, 0);
}

// @ts-ignore: decorator
@inline
export function hyperbolicTangentGradient(g: v128, x: v128): v128 {
  return bellTimes(g, f32x4.add(x, x), 2);
}
