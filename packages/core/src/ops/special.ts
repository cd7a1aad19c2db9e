/**
 * @file Special functions: the error function and its relatives, the logarithm of the gamma function and its
 * derivatives. In float64 within a few units of the last place (docs/decisions/0011-special-functions.md).
 */
import { special as kernels } from '@ndgrad/kernels';
import { checkNumber } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { constant, planOf } from '../autodiff/vectorSpace.js';
import { floatOf } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { binary, cast, operand, type TensorLike, unary } from './define.js';
import { mul, multiplyNoNan, neg } from './elementwise.js';

// The error function

/**
 * Error function, elementwise: `2/√π ∫₀ˣ exp(−t²) dt`.
 *
 * @example
 * ```ts
 * erf(tensor([0, Infinity])).toArray() // => [0, 1]
 * ```
 *
 * @see {@link erfc} for the digits of 1 − erf(x).
 */
export const erf = /* @__PURE__ */ unary({
  name: 'erf',
  kernel: kernels.erf,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => erfGradient(g, x)],
});

/**
 * Complementary error function, elementwise: `1 − erf(x)`, with all digits in the upper tail.
 *
 * @example
 * ```ts
 * erfc(tensor([0, 10], { dtype: 'float64' })).toArray() // => [1, 2.088487583762545e-45]
 * ```
 */
export const erfc = /* @__PURE__ */ unary({
  name: 'erfc',
  kernel: kernels.erfc,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => neg(erfGradient(g, x))],
});

/**
 * `g · 2/√π · exp(−x²)`, elementwise with broadcasting: the derivative of {@link erf}, fused, because a rounded square
 * costs the exponential its digits in the tails.
 *
 * @example
 * ```ts
 * erfGradient(tensor(Math.sqrt(Math.PI)), tensor(0)).item() // => 2
 * ```
 */
export const erfGradient = /* @__PURE__ */ binary({
  name: 'erfGradient',
  kernel: kernels.erfGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => erfGradient(g, x),
    // erf'' = −2x erf'
    (g, { inputs: [h, x] }) => multiplyNoNan(multiplyNoNan(mul(x, -2), erfGradient(h, x)), g),
  ],
});

/**
 * Inverse of {@link erf}, elementwise. ±Infinity at ±1, NaN beyond.
 *
 * @example
 * ```ts
 * erfinv(tensor([0, 1, 2])).toArray() // => [0, Infinity, NaN]
 * ```
 */
export const erfinv = /* @__PURE__ */ unary({
  name: 'erfinv',
  kernel: kernels.erfinv,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => erfinvGradient(g, x)],
});

/**
 * `g · √π/2 · exp(erfinv(x)²)`, elementwise with broadcasting: the derivative of {@link erfinv}, fused. Infinity at ±1.
 *
 * @example
 * ```ts
 * erfinvGradient(tensor(2), tensor(0)).item() // => Math.sqrt(Math.PI)
 * ```
 */
export const erfinvGradient = /* @__PURE__ */ binary({
  name: 'erfinvGradient',
  kernel: kernels.erfinvGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => erfinvGradient(g, x),
    // y'' = 2y y'²
    (g, { inputs: [h, x] }) => {
      const slope = multiplyNoNan(mul(erfinv(x), 2), erfinvGradient(h, x));
      return multiplyNoNan(erfinvGradient(slope, x), g);
    },
  ],
});

/**
 * Density of the standard normal distribution, elementwise: `exp(−x² / 2) / √(2π)`, with all digits in the tails.
 *
 * @example
 * ```ts
 * normalDensity(tensor([0, Infinity])).toArray() // => [1 / Math.sqrt(2 * Math.PI), 0]
 * ```
 */
export const normalDensity = /* @__PURE__ */ unary({
  name: 'normalDensity',
  kernel: kernels.normalDensity,
  result: 'float',
  saves: { inputs: [0], output: true },
  vjp: [(g, { inputs: [x], output: y }) => neg(multiplyNoNan(multiplyNoNan(x, y), g))],
});

// The gamma function

/**
 * Logarithm of the magnitude of the gamma function, elementwise: `log |Γ(x)|`. Infinity at 0, −1, −2, … and ±Infinity.
 * Keeps its digits near its zeros at 1 and 2.
 *
 * @example
 * ```ts
 * lgamma(tensor([1, 2, 5])).toArray() // => [0, 0, Math.log(24)]
 * ```
 */
export const lgamma = /* @__PURE__ */ unary({
  name: 'lgamma',
  kernel: kernels.lgamma,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(digamma(x), g)],
});

/**
 * Digamma function, elementwise: `ψ(x)`, the derivative of {@link lgamma}. ∓Infinity at ±0; NaN at −1, −2, …, where its
 * two sides differ, and at −Infinity.
 *
 * @example
 * ```ts
 * digamma(tensor([1, 0, -1])).toArray() // => [-0.5772156649015329, -Infinity, NaN]
 * ```
 */
export const digamma = /* @__PURE__ */ unary({
  name: 'digamma',
  kernel: kernels.digamma,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(polygamma(1, x), g)],
});

/** The factorial of a greater order is near the end of the doubles. */
const MAX_ORDER = 100;

const polygammaRow: Op<number> = /* @__PURE__ */ new Op({
  name: 'polygamma',
  run(home, y, [x], order) {
    const n = constant(order, 'int32');
    home.call(kernels.polygamma, planOf(y, [x, n]), y, x, n);
  },
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x], attributes: order }) => multiplyNoNan(polygamma(order + 1, x), g)],
});

/**
 * Derivative of {@link digamma} of the given order, elementwise: `ψ⁽ⁿ⁾(x)`, so that {@link lgamma} has derivatives of any
 * order. At 0, −1, −2, … it is Infinity for odd orders; for even ones ∓Infinity at ±0 and NaN at the others, where the
 * two sides differ.
 *
 * @param order - how often to differentiate, 0 to 100; 0 is {@link digamma} itself.
 * @throws {@link ArgumentError} for any other order.
 *
 * @example
 * ```ts
 * polygamma(1, tensor([1])).item() // => Math.fround(Math.PI ** 2 / 6)
 * ```
 */
export function polygamma(order: number, x: TensorLike): Tensor {
  checkNumber('polygamma', 'order', order, { min: 0, max: MAX_ORDER, integer: true });
  const t = operand('polygamma', x);
  if (order === 0) return digamma(t);
  return apply(polygammaRow, [cast(t, floatOf(t.dtype))], order);
}
