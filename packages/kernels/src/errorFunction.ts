/** @file The error function and its relatives for one number. */
import { ERF, ERFINV, ERFINV_TAIL, SCALED_ERFC, SCALED_ERFC_TAIL } from './coefficients.js';
import { atPiece, atPieces } from './polynomial.js';

/** 2^27 + 1: splits a double into halves whose squares are exact. */
const SPLIT = 134217729;
/** Below it an exponential leaves the normal numbers, but a product with it need not: it is taken as a square. */
const LOW = -700;
/** Beyond it exp(−x² / 2) is 0. */
const GAUSSIAN_END = 39;
/** 1 / √2. */
const ROOT_HALF = Math.SQRT1_2;
/** 1 / √(2π). */
const DENSITY = 0.3989422804014327;
/** √(π / 2). */
const MILLS = 1.2533141373155003;
/** √π / 2. */
const HALF_ROOT_PI = 0.886226925452758;

/**
 * factor · exp(−x² · rate) for a rate of 1 or ½. Rounding x² alone would cost |x²| units of the last place, so x is split
 * in two: the square of the upper half is exact, and the small rest is a factor near 1.
 */
export function gaussian(x: number, rate: number, factor: number): number {
  const a = Math.abs(x);
  if (a > GAUSSIAN_END) return factor * 0;
  const spread = a * SPLIT;
  const high = spread - (spread - a);
  const rest = -rate * (a - high) * (a + high);
  const exponent = -rate * high * high;
  const e = Math.exp(exponent < LOW ? exponent / 2 : exponent);
  // expm1(rest), for |rest| < 2^-14.
  const whole = e + e * rest * (1 + rest * (0.5 + rest / 6));
  return exponent < LOW ? factor * e * whole : factor * whole;
}

/** exp(x²) erfc(x) for x of at least 0.45. */
function scaledErfc(x: number): number {
  return x < 4 ? atPieces(SCALED_ERFC, x) : atPiece(SCALED_ERFC_TAIL, 1 / (x * x)) / x;
}

/** erf near 0, where its complement would cancel. */
function erfNear(x: number): number {
  return x + x * atPiece(ERF, x * x);
}

/** erfc of at least ½. */
function erfcFar(x: number): number {
  return gaussian(x, 1, scaledErfc(x));
}

export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.5) return erfNear(x);
  const y = 1 - erfcFar(a);
  return x < 0 ? -y : y;
}

export function erfc(x: number): number {
  if (Math.abs(x) < 0.5) return 1 - erfNear(x);
  return x < 0 ? 2 - erfcFar(-x) : erfcFar(x);
}

/** The inverse of erf: near 0 by its series, further out from 1 − |x|, which is exact there. */
export function erfinv(x: number): number {
  const a = Math.abs(x);
  // The excess is negative: −0 + 0 would lose its sign.
  if (a <= 0.5) return x === 0 ? x : x + x * atPiece(ERFINV, x * x);
  if (!(a < 1)) return a === 1 ? x * Infinity : Number.NaN;
  const y = atPieces(ERFINV_TAIL, Math.sqrt(-Math.log(1 - a)));
  return x < 0 ? -y : y;
}

/**
 * erfinv'(x) = √π/2 · exp(y²) with y = erfinv(x). Far out exp(y²) is exp(y²) erfc(y) / (1 − |x|): the square would cost
 * 2y² units of the last place.
 */
export function erfinvSlope(x: number): number {
  const a = Math.abs(x);
  const y = Math.abs(erfinv(x));
  if (a <= 0.5) return HALF_ROOT_PI * Math.exp(y * y);
  return a === 1 ? Infinity : (HALF_ROOT_PI * scaledErfc(y)) / (1 - a);
}

/** exp(−x² / 2) / √(2π). */
export function normalDensity(x: number): number {
  return gaussian(x, 0.5, DENSITY);
}

/** x Φ(x), Φ the normal distribution; its lower tail keeps its digits. */
export function gelu(x: number): number {
  const t = Math.abs(x) * ROOT_HALF;
  if (t === Infinity) return x > 0 ? x : -0;
  if (t < 0.5) return 0.5 * x * (1 + erfNear(x * ROOT_HALF));
  const tail = gaussian(x, 0.5, 0.5 * Math.abs(x) * scaledErfc(t));
  return x < 0 ? -tail : x - tail;
}

/** Φ(x) + x φ(x). In the tails Φ is φ times Mills' ratio, so that φ is a factor of all that is left. */
export function geluSlope(x: number): number {
  const t = Math.abs(x) * ROOT_HALF;
  if (t < 0.5) return 0.5 * (1 + erfNear(x * ROOT_HALF)) + x * normalDensity(x);
  if (t === Infinity) return x > 0 ? 1 : -0;
  const rest = gaussian(x, 0.5, DENSITY * (Math.abs(x) - MILLS * scaledErfc(t)));
  return x < 0 ? -rest : 1 + rest;
}
