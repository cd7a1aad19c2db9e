// Functions of four float32 lanes that are computed in double precision, two lanes and two. Where terms nearly cancel,
// or where an exponential has left the normal numbers, float32 would keep no digits; and one rounding at the end is all
// that the result differs by.
//
// An element's bits depend on its own lane alone, as in math.ts.
import {
  COSINE,
  COSINE_DEGREE,
  ERF,
  ERF_DEGREE,
  EXPONENTIAL,
  EXPONENTIAL_DEGREE,
  HALF_PI,
  LOGARITHM_OF_2,
  SCALED_ERFC,
  SCALED_ERFC_DEGREE,
  SINE,
  SINE_DEGREE,
} from './coefficients';

const TABLE: usize = memory.data<f64>([
  6755399441055744.0, // 0: 1.5 · 2^52: what is added to it is rounded to an integer, which the low bits then hold
  1.0, // 8
  -700.0, // 16: e to less than that is taken as this one: as a float32 it is 0 beside any other
  -751.754297533108, // 24: below it (1 + z) eᶻ is 0 in double precision
  1500.0, // 32: limits what is multiplied by such a 0
  0.5, // 40
  40.0, // 48: exp(−x²) and exp(−x² / 2) are 0 there
  0.7071067811865476, // 56: √½
  3.0, // 64
  0.3989422804014327, // 72: 1 / √(2π)
  1.2533141373155003, // 80: √(π / 2)
  0.125, // 88
  6.0, // 96: erf is 1 from here on
  1.1283791670955126, // 104: 2 / √π
  1048576.0, // 112: 2^20
  -0.0, // 120
  -1521.0, // 128: −x² and −x² / 2 for x = 39, beyond which exp is taken as 0
  -760.5, // 136
]);

// @ts-ignore: decorator
@inline
function constant(at: usize): v128 {
  return v128.load64_splat(TABLE + at);
}

/** The lower two lanes as doubles. */
// @ts-ignore: decorator
@inline
export function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** The upper two. */
// @ts-ignore: decorator
@inline
export function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1));
}

/** Four doubles rounded to four lanes. */
// @ts-ignore: decorator
@inline
export function rounded(first: v128, second: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 1, 4, 5);
}

/** a · b + c: rounded once with relaxed SIMD, twice otherwise. */
// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function magnitude(x: v128): v128 {
  return v128.andnot(x, constant(120));
}

/** A polynomial from a table, by Horner's rule in x² for the even and the odd powers: half the chain of dependences. */
// @ts-ignore: decorator
@inline
function polynomial(x: v128, table: usize, degree: i32): v128 {
  const square = f64x2.mul(x, x);
  let at = table + (<usize>degree << 3);
  let last = v128.load64_splat(at);
  let other = v128.load64_splat(at - 8);
  for (at -= 16; at > table; at -= 16) {
    last = multiplyAdd(last, square, v128.load64_splat(at));
    other = multiplyAdd(other, square, v128.load64_splat(at - 8));
  }
  if ((degree & 1) !== 0) return multiplyAdd(last, x, other);
  return multiplyAdd(other, x, multiplyAdd(last, square, v128.load64_splat(table)));
}

// pmin(x, limit) and pmax(x, limit) give x where x is NaN, in this order of operands.

/** z / ln 2 rounded, as the low bits of a number near 1.5 · 2^52. */
// @ts-ignore: decorator
@inline
function binaryExponent(z: v128): v128 {
  return multiplyAdd(z, v128.load64_splat(LOGARITHM_OF_2), constant(0));
}

/** z − n ln 2 with the n of {@link binaryExponent}. */
// @ts-ignore: decorator
@inline
function reduced(z: v128, exponent: v128): v128 {
  const n = f64x2.sub(exponent, constant(0));
  const first = multiplyAdd(n, v128.load64_splat(LOGARITHM_OF_2 + 8), z);
  return multiplyAdd(n, v128.load64_splat(LOGARITHM_OF_2 + 16), first);
}

/** 2ⁿ for the n in the low bits of `exponent`, −1023 < n < 1024. */
// @ts-ignore: decorator
@inline
function powerOfTwo(exponent: v128): v128 {
  return i64x2.add(i64x2.shl(exponent, 52), constant(8));
}

/** eᶻ for z of at most 0, and 0 below `least`: where the JavaScript form has a 0, an infinite factor makes NaN of it. */
function exponential(z: v128, least: v128): v128 {
  const limited = f64x2.pmax(z, constant(16));
  const exponent = binaryExponent(limited);
  const p = polynomial(reduced(limited, exponent), EXPONENTIAL, EXPONENTIAL_DEGREE);
  return v128.andnot(f64x2.mul(p, powerOfTwo(exponent)), f64x2.lt(z, least));
}

/** exp(t²) erfc(t) for t from 0 to 32. */
// @ts-ignore: decorator
@inline
function scaledErfc(t: v128): v128 {
  const s = f64x2.div(f64x2.sub(t, constant(64)), f64x2.add(t, constant(64)));
  const x = f64x2.sub(s, v128.load64_splat(SCALED_ERFC));
  return f64x2.div(polynomial(x, SCALED_ERFC + 8, SCALED_ERFC_DEGREE), f64x2.add(constant(8), t));
}

/** Of two doubles; not inlined, for there are many callers of every one of these. */
export function erfOf(x: v128): v128 {
  const a = f64x2.pmin(magnitude(x), constant(96));
  const square = f64x2.mul(a, a);
  const excess = polynomial(f64x2.sub(square, constant(88)), ERF, ERF_DEGREE);
  const near = multiplyAdd(a, excess, a);
  const far = f64x2.sub(constant(8), f64x2.mul(exponential(f64x2.neg(square), constant(128)), scaledErfc(a)));
  const y = v128.bitselect(near, far, f64x2.lt(a, constant(40)));
  return v128.or(y, v128.and(x, constant(120)));
}

/** 2/√π exp(−x²). */
export function erfSlopeOf(x: v128): v128 {
  const a = f64x2.pmin(magnitude(x), constant(48));
  return f64x2.mul(exponential(f64x2.neg(f64x2.mul(a, a)), constant(128)), constant(104));
}

export function geluOf(x: v128): v128 {
  const a = f64x2.pmin(magnitude(x), constant(48));
  const half = f64x2.mul(a, constant(40));
  const e = exponential(f64x2.neg(f64x2.mul(a, half)), constant(136));
  const tail = f64x2.mul(f64x2.mul(half, e), scaledErfc(f64x2.mul(a, constant(56))));
  return v128.bitselect(f64x2.neg(tail), f64x2.sub(x, tail), f64x2.lt(x, f64x2.splat(0)));
}

/** Φ(x) + x φ(x), φ being a factor of all that the tails hold. */
export function geluSlopeOf(x: v128): v128 {
  const a = f64x2.pmin(magnitude(x), constant(48));
  const e = exponential(f64x2.neg(f64x2.mul(a, f64x2.mul(a, constant(40)))), constant(136));
  const mills = f64x2.mul(constant(80), scaledErfc(f64x2.mul(a, constant(56))));
  const rest = f64x2.mul(f64x2.mul(e, constant(72)), f64x2.sub(a, mills));
  return v128.bitselect(f64x2.neg(rest), f64x2.add(constant(8), rest), f64x2.lt(x, f64x2.splat(0)));
}

export function siluOf(x: v128): v128 {
  const e = exponential(f64x2.neg(magnitude(x)), constant(24));
  // −Infinity · 0 would be NaN.
  const below = f64x2.mul(f64x2.pmax(x, f64x2.neg(constant(32))), e);
  const y = v128.bitselect(below, x, f64x2.lt(x, f64x2.splat(0)));
  return f64x2.div(y, f64x2.add(constant(8), e));
}

/** σ + x σ'. */
export function siluSlopeOf(x: v128): v128 {
  const e = exponential(f64x2.neg(magnitude(x)), constant(24));
  const d = f64x2.add(constant(8), e);
  const limited = f64x2.pmin(f64x2.pmax(x, f64x2.neg(constant(32))), constant(32));
  const below = f64x2.mul(e, f64x2.add(d, limited));
  const above = f64x2.add(d, f64x2.mul(limited, e));
  return f64x2.div(v128.bitselect(below, above, f64x2.lt(x, f64x2.splat(0))), f64x2.mul(d, d));
}

/** x, or alpha (eˣ − 1) below 0. */
export function eluOf(x: v128, alpha: v128): v128 {
  const limited = f64x2.pmax(x, constant(16));
  const exponent = binaryExponent(limited);
  const r = reduced(limited, exponent);
  // (eʳ − 1) / r without its 1, so that small numbers keep their digits.
  const grown = f64x2.mul(r, polynomial(r, EXPONENTIAL + 8, EXPONENTIAL_DEGREE - 1));
  const power = powerOfTwo(exponent);
  const y = multiplyAdd(power, grown, f64x2.sub(power, constant(8)));
  return v128.bitselect(f64x2.mul(alpha, y), x, f64x2.lt(x, f64x2.splat(0)));
}

/** x, or slope · x below 0; a slope of 0 hides −Infinity. */
// @ts-ignore: decorator
@inline
export function leakyReluOf(x: v128, slope: v128): v128 {
  const below = v128.andnot(f64x2.mul(slope, x), f64x2.eq(slope, f64x2.splat(0)));
  return v128.bitselect(below, x, f64x2.lt(x, f64x2.splat(0)));
}

/** The sine of x, or with `quarter` 1 its cosine, for |x| below 2^20. */
function waveOf(x: v128, quarter: i64): v128 {
  const shifted = multiplyAdd(x, v128.load64_splat(HALF_PI), constant(0));
  const n = f64x2.sub(shifted, constant(0));
  // Cody and Waite's reduction: the first two products are exact.
  let r = multiplyAdd(n, v128.load64_splat(HALF_PI + 8), x);
  r = multiplyAdd(n, v128.load64_splat(HALF_PI + 16), r);
  r = multiplyAdd(n, v128.load64_splat(HALF_PI + 24), r);
  const square = f64x2.mul(r, r);
  const sine = multiplyAdd(f64x2.mul(r, square), polynomial(square, SINE, SINE_DEGREE), r);
  const cosine = multiplyAdd(square, polynomial(square, COSINE, COSINE_DEGREE), constant(8));
  const turn = i64x2.add(shifted, i64x2.splat(quarter));
  const odd = i64x2.ne(v128.and(turn, i64x2.splat(1)), i64x2.splat(0));
  const sign = i64x2.shl(i64x2.shr_u(turn, 1), 63);
  return v128.xor(v128.bitselect(cosine, sine, odd), sign);
}

/** Far out π needs more digits than a product holds: one by one. */
function farWave(x: v128, y: v128, far: v128, quarter: i64): v128 {
  if (i64x2.extract_lane(far, 0) !== 0) {
    const z = f64x2.extract_lane(x, 0);
    y = f64x2.replace_lane(y, 0, quarter === 0 ? NativeMath.sin(z) : NativeMath.cos(z));
  }
  if (i64x2.extract_lane(far, 1) !== 0) {
    const z = f64x2.extract_lane(x, 1);
    y = f64x2.replace_lane(y, 1, quarter === 0 ? NativeMath.sin(z) : NativeMath.cos(z));
  }
  return y;
}

function anyWave(x: v128, quarter: i64): v128 {
  const y = waveOf(x, quarter);
  const far = v128.not(f64x2.lt(magnitude(x), constant(112)));
  return v128.any_true(far) ? farWave(x, y, far, quarter) : y;
}

export function sineOf(x: v128): v128 {
  // The polynomial would lose the sign of −0.
  return v128.bitselect(x, anyWave(x, 0), f64x2.eq(x, f64x2.splat(0)));
}

export function cosineOf(x: v128): v128 {
  return anyWave(x, 1);
}
