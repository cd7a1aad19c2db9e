/** @file Kernels of activations. Derivatives are 0 where the cotangent is 0. */
import * as errors from './errorFunction.js';
import { binaryKernel, ternaryKernel, unaryKernel } from './iterate.js';

/** Below it the exponential of x leaves the normal numbers, but x times it need not: it is taken as a square. */
const LOW = -700;
/** Scale and alpha of selu: the fixed point of mean 0 and variance 1 (Klambauer et al., 2017). */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
/** 2 √(2/π), and that times 0.044715: the argument of gelu's tanh form, doubled. */
const TANH_LINEAR = 1.5957691216057308;
const TANH_CUBIC = 0.07135481627260025;

/** The derivative of smallest norm between `slope` on the left and 1 on the right. */
function kinkOf(slope: number): number {
  return slope < 0 ? 0 : slope < 1 ? slope : 1;
}

/** x, or slope · x below 0. Operands x, slope. A slope of 0 hides −Infinity. */
export const leakyRelu = binaryKernel('leakyRelu', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    y[oy + i] = x < 0 ? (b[ob] === 0 ? 0 : b[ob] * x) : x;
  }
});
/** Operands g, x, slope. */
export const leakyReluGradient = ternaryKernel(
  'leakyReluGradient',
  (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
    for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) {
      const x = b[ob];
      const slope = x > 0 ? 1 : x < 0 ? c[oc] : x === 0 ? kinkOf(c[oc]) : x;
      y[oy + i] = a[oa] === 0 || slope === 0 ? 0 : a[oa] * slope;
    }
  },
);

/** x, or alpha (eˣ − 1) below 0. Operands x, alpha. */
export const elu = binaryKernel('elu', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    y[oy + i] = x < 0 ? b[ob] * Math.expm1(x) : x;
  }
});
/** Operands g, x, alpha. */
export const eluGradient = ternaryKernel('eluGradient', (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) {
    const x = b[ob];
    const slope = x > 0 ? 1 : x < 0 ? c[oc] * Math.exp(x) : x === 0 ? kinkOf(c[oc]) : x;
    y[oy + i] = a[oa] === 0 || slope === 0 ? 0 : a[oa] * slope;
  }
});
export const selu = unaryKernel('selu', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = x < 0 ? SELU_SCALE * SELU_ALPHA * Math.expm1(x) : SELU_SCALE * x;
  }
});

export const gelu = unaryKernel('gelu', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = errors.gelu(a[oa]);
});
export const geluGradient = binaryKernel('geluGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 ? 0 : a[oa] * errors.geluSlope(b[ob]);
  }
});

/** x / (1 + e⁻ᵛ), and −0 where that is −Infinity · 0. */
function gated(x: number, v: number): number {
  const e = Math.exp(-Math.abs(v));
  if (v > 0) return x / (1 + e);
  return e === 0 ? -0 : (x * e) / (1 + e);
}
/** x (1 + tanh u) / 2 = x σ(2u) with u = √(2/π) (x + 0.044715 x³). */
export const geluTanh = unaryKernel('geluTanh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = gated(x, x * (TANH_LINEAR + TANH_CUBIC * x * x));
  }
});
/** g (σ(v) + x σ'(v) v') with v = 2u. */
export const geluTanhGradient = binaryKernel('geluTanhGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = b[ob];
    const square = x * x;
    const e = Math.exp(-Math.abs(x * (TANH_LINEAR + TANH_CUBIC * square)));
    const d = 1 + e;
    const slope = x * (TANH_LINEAR + 3 * TANH_CUBIC * square);
    const whole = e === 0 ? (x > 0 ? 1 : 0) : ((x > 0 ? d : e * d) + e * slope) / (d * d);
    y[oy + i] = a[oa] === 0 ? 0 : a[oa] * whole;
  }
});

export const silu = unaryKernel('silu', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    if (x < LOW) y[oy + i] = farBelow(x, x);
    else {
      const e = Math.exp(-Math.abs(x));
      y[oy + i] = (x < 0 ? x * e : x) / (1 + e);
    }
  }
});
/** factor · eˣ far below 0. */
function farBelow(factor: number, x: number): number {
  const root = Math.exp(x / 2);
  return root === 0 ? -0 : factor * root * root;
}
/** g (σ + x σ'). */
export const siluGradient = binaryKernel('siluGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 ? 0 : a[oa] * siluSlope(b[ob]);
  }
});
function siluSlope(x: number): number {
  if (x < LOW) return farBelow(1 + x, x);
  const e = Math.exp(-Math.abs(x));
  if (e === 0) return 1;
  const d = 1 + e;
  return (x < 0 ? e * (d + x) : d + x * e) / (d * d);
}

/** x tanh(log(1 + eˣ)) = x n / (n + 2) with n = eˣ (eˣ + 2), by e⁻ˣ above 0. */
export const mish = unaryKernel('mish', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    if (x < LOW) y[oy + i] = farBelow(x, x);
    else {
      const e = Math.exp(-Math.abs(x));
      const near = 1 + 2 * e;
      const part = e * (e + 2);
      y[oy + i] = x < 0 ? (x * part) / (part + 2) : x * (near / (near + 2 * e * e));
    }
  }
});
/** g (w + x w') with w = tanh(log(1 + eˣ)). */
export const mishGradient = binaryKernel('mishGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 ? 0 : a[oa] * mishSlope(b[ob]);
  }
});
function mishSlope(x: number): number {
  if (x < LOW) return farBelow(1 + x, x);
  const e = Math.exp(-Math.abs(x));
  if (e === 0) return 1;
  // w' = 4 eˣ (1 + eˣ) / (n + 2)²
  if (x < 0) {
    const d = e * (e + 2) + 2;
    return (e * ((e + 2) * d + 4 * x * (1 + e))) / (d * d);
  }
  const near = 1 + 2 * e;
  const d = near + 2 * e * e;
  return (near * d + 4 * x * e * e * (1 + e)) / (d * d);
}

export const hardsigmoid = unaryKernel('hardsigmoid', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6;
  }
});
export const hardswish = unaryKernel('hardswish', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6;
  }
});
