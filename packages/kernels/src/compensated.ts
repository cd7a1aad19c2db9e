/**
 * @file Sums in double precision that are compensated (Neumaier): beside the sum runs what its additions have lost, and
 * joins it at the end. Each loop is written out, because one shared between sums stops inlining.
 */
import type { Values } from './kernel.js';

/** What s + x lost when it was rounded to t (Knuth's TwoSum: exact, and without a branch on which is larger). */
function lostBy(s: number, x: number, t: number): number {
  const part = t - s;
  return s - (t - part) + (x - part);
}

/** s and what it has lost. An infinite or NaN sum makes its own loss NaN. */
function joined(s: number, lost: number): number {
  return s - s === 0 ? s + lost : s;
}

/** Σ a · scale. */
export function sumOf(scale: number, n: number, a: Values, oa: number, sa: number): number {
  let s = 0;
  let lost = 0;
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa] * scale;
    const t = s + x;
    lost += lostBy(s, x, t);
    s = t;
  }
  return joined(s, lost);
}

/** Running sums: each is the sum so far and what it has lost. */
export function runningSumsOf(n: number, y: Values, oy: number, a: Values, oa: number): void {
  let s = 0;
  let lost = 0;
  for (let i = 0; i < n; i++) {
    const x = a[oa + i];
    const t = s + x;
    lost += lostBy(s, x, t);
    s = t;
    y[oy + i] = joined(s, lost);
  }
}

/** Σ |a|. */
export function magnitudesOf(n: number, a: Values, oa: number, sa: number): number {
  let s = 0;
  let lost = 0;
  for (let i = 0; i < n; i++, oa += sa) {
    const x = Math.abs(a[oa]);
    const t = s + x;
    lost += lostBy(s, x, t);
    s = t;
  }
  return joined(s, lost);
}

/** Σ ((a − shift) · scale)², for a scale that is a power of two: differences of scaled numbers do not overflow. */
export function squaresOf(
  shift: number,
  scale: number,
  n: number,
  a: Values,
  oa: number,
  sa: number,
): number {
  const centre = shift * scale;
  let s = 0;
  let lost = 0;
  for (let i = 0; i < n; i++, oa += sa) {
    const d = a[oa] * scale - centre;
    const x = d * d;
    const t = s + x;
    lost += lostBy(s, x, t);
    s = t;
  }
  return joined(s, lost);
}

/** Σ exp(a − shift) over all elements but the one at place `but`; over all where that is −1. */
export function exponentialsOf(
  shift: number,
  but: number,
  n: number,
  a: Values,
  oa: number,
  sa: number,
): number {
  let s = 0;
  let lost = 0;
  for (let i = 0; i < n; i++, oa += sa) {
    if (i === but) continue;
    const x = Math.exp(a[oa] - shift);
    const t = s + x;
    lost += lostBy(s, x, t);
    s = t;
  }
  return joined(s, lost);
}
