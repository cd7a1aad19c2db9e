/** @file The logarithm of the gamma function and its derivatives for one number. */
import { DIGAMMA, DIGAMMA_ROOT, EULER_MACLAURIN, HARMONIC, LGAMMA, STIRLING } from './coefficients.js';
import { atPiece, atPieces, horner } from './polynomial.js';

/** ½ log 2π. */
const HALF_LOG_TAU = 0.9189385332046728;
/** From here on the series in 1 / x are exact. */
const FAR = 10;

/** x minus the nearest integer, exactly. */
function fraction(x: number): number {
  return x - Math.round(x);
}

/** cot πr for r from −½ to ½: by the distance from where it is 0, exactly, if that is the nearer one. */
function cotangent(r: number): number {
  if (Math.abs(r) <= 0.25) return 1 / Math.tan(Math.PI * r);
  return Math.tan(Math.PI * (r < 0 ? -0.5 - r : 0.5 - r));
}

/** log Γ(x) from {@link FAR} on. */
function lgammaFar(x: number): number {
  const r = 1 / x;
  return (x - 0.5) * (Math.log(x) - 1) + (HALF_LOG_TAU - 0.5 + r * horner(STIRLING, r * r));
}

/** log Γ(1 + u) for u from 0 to 9: u itself tells how near the zeros at 0 and 1 are. */
function lgammaNear(u: number): number {
  let product = 1;
  while (u >= 2) {
    product *= u;
    u -= 1;
  }
  return u * (u - 1) * atPieces(LGAMMA, u) + (product === 1 ? 0 : Math.log(product));
}

/** log |Γ(x)|: Infinity at 0, −1, −2, …. */
export function lgamma(x: number): number {
  if (x >= FAR) return x === Infinity ? x : lgammaFar(x);
  if (x >= 1) return lgammaNear(x - 1);
  if (x >= 0) return lgammaNear(x) - Math.log(x);
  if (x === -Infinity) return Infinity;
  // Γ(x) Γ(1 − x) = π / sin πx
  const reflected = -x < FAR - 1 ? lgammaNear(-x) : lgammaFar(1 - x);
  return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * fraction(x)))) - reflected;
}

/** ψ(x) for x of at least 0. */
function digammaPositive(x: number): number {
  if (x < 1) return digammaNear(x) - 1 / x;
  if (x < FAR) {
    let sum = 0;
    while (x >= 2) {
      x -= 1;
      sum += 1 / x;
    }
    return digammaNear(x - 1) + sum;
  }
  const r = 1 / x;
  return Math.log(x) - r * (0.5 + r * horner(HARMONIC, r * r));
}

/** ψ(1 + u) for u from 0 to 1, with all digits near its zero. */
function digammaNear(u: number): number {
  return (u - DIGAMMA_ROOT[0] - DIGAMMA_ROOT[1]) * atPiece(DIGAMMA, u);
}

/** ψ(x), the derivative of log Γ: ∓Infinity at ±0, NaN at −1, −2, …, whose two sides differ. */
export function digamma(x: number): number {
  if (!(x < 0)) return digammaPositive(x);
  const part = fraction(x);
  if (part === 0) return Number.NaN;
  // ψ(1 − x) − ψ(x) = π cot πx
  const reflected = x > -1 ? digammaNear(-x) : digammaPositive(1 - x);
  return reflected - Math.PI * cotangent(part);
}

/** n! / y^(n+1), without powers that overflow where the quotient does not. */
function factorialOverPower(n: number, y: number): number {
  let product = 1 / y;
  for (let k = 1; k <= n; k++) product *= k / y;
  return product;
}

/**
 * n! ζ(n + 1, x) = Σ n! / (x + k)^(n+1) over k ≥ 0, for n ≥ 1 and x > 0: the first terms as they are, the rest by the
 * formula of Euler and Maclaurin. All terms but its corrections are positive.
 */
function hurwitz(n: number, x: number): number {
  const start = 10 + 2 * n;
  let sum = 0;
  let y = x;
  for (; y < start; y++) sum += factorialOverPower(n, y);
  const first = factorialOverPower(n, y);
  // What is left begins with the integral from y on and half of its first term.
  let rest = factorialOverPower(n - 1, y) + first / 2;
  let term = first;
  for (let j = 1; j <= EULER_MACLAURIN.length; j++) {
    // (n + 2j − 1)! / y^(n + 2j)
    term *= (n + 2 * j - 1) / y;
    rest += EULER_MACLAURIN[j - 1] * term;
    term *= (n + 2 * j) / y;
  }
  return sum + rest;
}

const cotangents = new Map<number, readonly number[]>();

/** Coefficients of the polynomial Q in c = cot πx for which dⁿ(π cot πx)/dxⁿ = (−1)ⁿ πⁿ⁺¹ Q(c): Q′ (1 + c²) is the next. */
function cotangentPolynomial(n: number): readonly number[] {
  const known = cotangents.get(n);
  if (known !== undefined) return known;
  let c = [0, 1];
  for (let order = 0; order < n; order++) {
    const next = new Array<number>(c.length + 1).fill(0);
    for (let k = 1; k < c.length; k++) {
      next[k - 1] += k * c[k];
      next[k + 1] += k * c[k];
    }
    c = next;
  }
  cotangents.set(n, c);
  return c;
}

/**
 * The nth derivative of ψ. At 0, −1, −2, … it is Infinity for odd n; for even n ∓Infinity at ±0, and NaN at the others,
 * whose two sides differ.
 */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  const odd = n % 2 === 1;
  if (x > 0) return odd ? hurwitz(n, x) : -hurwitz(n, x);
  const part = fraction(x);
  if (part === 0) return odd ? Infinity : x === 0 ? -1 / x : Number.NaN;
  if (part !== part) return part;
  // ψ(x) = ψ(1 − x) − π cot πx, n times differentiated.
  let slope = horner(cotangentPolynomial(n), cotangent(part));
  for (let k = 0; k <= n; k++) slope *= Math.PI;
  return odd ? slope - hurwitz(n, 1 - x) : -slope - hurwitz(n, 1 - x);
}
