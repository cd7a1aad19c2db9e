/** @file Trigonometric and hyperbolic kernels, and what belongs to the plane: angles and lengths. */
import { binaryKernel, ternaryKernel, unaryKernel } from './iterate.js';

export const sin = unaryKernel('sin', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.sin(a[oa]);
});
export const cos = unaryKernel('cos', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.cos(a[oa]);
});
export const tan = unaryKernel('tan', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.tan(a[oa]);
});
export const asin = unaryKernel('asin', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.asin(a[oa]);
});
export const acos = unaryKernel('acos', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.acos(a[oa]);
});
export const atan = unaryKernel('atan', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.atan(a[oa]);
});
export const sinh = unaryKernel('sinh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.sinh(a[oa]);
});
export const cosh = unaryKernel('cosh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.cosh(a[oa]);
});
export const asinh = unaryKernel('asinh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.asinh(a[oa]);
});
export const acosh = unaryKernel('acosh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.acosh(a[oa]);
});
export const atanh = unaryKernel('atanh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.atanh(a[oa]);
});
/** 1 − x² as a product, whose factors are exact near ±1. */
export const squareComplement = unaryKernel('squareComplement', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = (1 - a[oa]) * (1 + a[oa]);
});
export const atan2 = binaryKernel('atan2', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = Math.atan2(a[oa], b[ob]);
});

/** A power of two that brings a length whose square would leave the doubles back among them. */
function scaleFor(length: number): number {
  return length > 2 ** 500 ? 2 ** -600 : length < 2 ** -500 ? 2 ** 600 : 1;
}

/** √(a² + b²); infinite if either is, even beside NaN, as IEEE 754 says. */
export const hypot = binaryKernel('hypot', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const p = Math.abs(a[oa]);
    const q = Math.abs(b[ob]);
    const scale = scaleFor(Math.max(p, q));
    const [s, t] = [p * scale, q * scale];
    y[oy + i] = p === Infinity || q === Infinity ? Infinity : Math.sqrt(s * s + t * t) / scale;
  }
});
/** a / √(a² + b²): a zero stays, at the origin too, and the limit along the diagonal where both are infinite. */
export const hypotShare = binaryKernel('hypotShare', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    let p = a[oa];
    let q = b[ob];
    if (Math.abs(p) === Infinity || Math.abs(q) === Infinity) {
      p = Math.abs(p) === Infinity ? Math.sign(p) : p * 0;
      q = Math.abs(q) === Infinity ? 1 : q * 0;
    }
    const scale = scaleFor(Math.max(Math.abs(p), Math.abs(q)));
    p *= scale;
    q *= scale;
    y[oy + i] = p === 0 && q === q ? p : p / Math.sqrt(p * p + q * q);
  }
});

/**
 * a + c (b − a), operands a, b, c: exactly a at c = 0 and exactly b at c = 1, monotonic in c between them, and without a
 * difference that overflows.
 */
export const lerp = ternaryKernel('lerp', (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) y[oy + i] = between(a[oa], b[ob], c[oc]);
});

function between(start: number, end: number, weight: number): number {
  if (weight === 0 && end === end) return start;
  if (weight === 1 && start === start) return end;
  if (start === end) return start + weight * 0;
  const apart = start < 0 !== end < 0;
  if (apart || Math.abs(start) === Infinity || Math.abs(end) === Infinity) {
    return (1 - weight) * start + weight * end;
  }
  const y = start + weight * (end - start);
  // Rounding must not take it past the end before the weight is past 1.
  if (weight > 1 === end > start) return y < end ? end : y;
  return y > end ? end : y;
}
