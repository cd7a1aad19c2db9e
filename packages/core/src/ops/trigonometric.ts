/**
 * @file Trigonometric and hyperbolic functions, angles and lengths in the plane, and the way from one number to another.
 * The derivatives multiply by the cotangent last, with `multiplyNoNan`: 0 where it is 0.
 */
import { trigonometric as kernels } from '@ndgrad/kernels';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { planOf } from '../autodiff/vectorSpace.js';
import { floatOf } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { binary, cast, type TensorLike, unary, unify } from './define.js';
import { add, divideNoNan, mul, multiplyNoNan, neg, rsqrt, sqrt, square, sub, xdivy } from './elementwise.js';

// Trigonometric functions

/**
 * Sine, elementwise, of an angle in radians. ±Infinity gives NaN.
 *
 * @example
 * ```ts
 * sin(tensor([0, Math.PI / 2])).toArray() // => [0, 1]
 * ```
 */
export const sin = /* @__PURE__ */ unary({
  name: 'sin',
  kernel: kernels.sin,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(cos(x), g)],
});

/**
 * Cosine, elementwise, of an angle in radians. ±Infinity gives NaN.
 *
 * @example
 * ```ts
 * cos(tensor([0, Math.PI])).toArray() // => [1, -1]
 * ```
 */
export const cos = /* @__PURE__ */ unary({
  name: 'cos',
  kernel: kernels.cos,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => neg(multiplyNoNan(sin(x), g))],
});

/**
 * Tangent, elementwise, of an angle in radians. ±Infinity gives NaN. Derivative `1 + tan² x`.
 *
 * @example
 * ```ts
 * tan(tensor([0, Math.PI / 4])).toArray() // => [0, 1]
 * ```
 */
export const tan = /* @__PURE__ */ unary({
  name: 'tan',
  kernel: kernels.tan,
  result: 'float',
  saves: { output: true },
  vjp: [(g, { output: y }) => multiplyNoNan(add(square(y), 1), g)],
});

/**
 * Arc sine, elementwise, from −π/2 to π/2. NaN beyond ±1; the derivative `1 / √(1 − x²)` is Infinity at ±1.
 *
 * @example
 * ```ts
 * asin(tensor([0, 1])).toArray() // => [0, Math.PI / 2]
 * ```
 */
export const asin = /* @__PURE__ */ unary({
  name: 'asin',
  kernel: kernels.asin,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(rsqrt(squareComplement(x)), g)],
});

/**
 * Arc cosine, elementwise, from 0 to π. NaN beyond ±1; the derivative `−1 / √(1 − x²)` is −Infinity at ±1.
 *
 * @example
 * ```ts
 * acos(tensor([1, -1])).toArray() // => [0, Math.PI]
 * ```
 */
export const acos = /* @__PURE__ */ unary({
  name: 'acos',
  kernel: kernels.acos,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => neg(multiplyNoNan(rsqrt(squareComplement(x)), g))],
});

/** 1 − x² with all digits near ±1, and a derivative with all digits near 0. */
const squareComplement = /* @__PURE__ */ unary({
  name: 'squareComplement',
  kernel: kernels.squareComplement,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(mul(x, -2), g)],
});

/**
 * Arc tangent, elementwise, from −π/2 to π/2. Derivative `1 / (1 + x²)`, without a square that overflows.
 *
 * @example
 * ```ts
 * atan(tensor([0, 1])).toArray() // => [0, Math.PI / 4]
 * ```
 *
 * @see {@link atan2} for the angle of a point.
 */
export const atan = /* @__PURE__ */ unary({
  name: 'atan',
  kernel: kernels.atan,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [
    (g, { inputs: [x] }) => {
      const length = hypot(x, 1);
      return xdivy(xdivy(g, length), length);
    },
  ],
});

/**
 * The angle of the point `(x, y)`, elementwise with broadcasting, from −π to π; the sign of a zero says from which side.
 * Both derivatives are 0 at the origin, and do not overflow anywhere else before they must.
 *
 * @param y - ordinate.
 * @param x - abscissa.
 *
 * @example
 * ```ts
 * atan2(tensor([1, 1]), tensor([1, -1])).toArray() // => [Math.PI / 4, (3 * Math.PI) / 4]
 * ```
 */
export const atan2 = /* @__PURE__ */ binary({
  name: 'atan2',
  kernel: kernels.atan2,
  result: 'float',
  saves: { inputs: [0, 1] },
  // x / (x² + y²) and −y / (x² + y²), as a share of the length by the length.
  vjp: [
    (g, { inputs: [y, x] }) => multiplyNoNan(divideNoNan(hypotShare(x, y), hypot(x, y)), g),
    (g, { inputs: [y, x] }) => neg(multiplyNoNan(divideNoNan(hypotShare(y, x), hypot(x, y)), g)),
  ],
});

// Hyperbolic functions

/**
 * Hyperbolic sine, elementwise: `(eˣ − e⁻ˣ) / 2`, exact for small x.
 *
 * @example
 * ```ts
 * sinh(tensor([0, 1e-8], { dtype: 'float64' })).toArray() // => [0, 1e-8]
 * ```
 */
export const sinh = /* @__PURE__ */ unary({
  name: 'sinh',
  kernel: kernels.sinh,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(cosh(x), g)],
});

/**
 * Hyperbolic cosine, elementwise: `(eˣ + e⁻ˣ) / 2`.
 *
 * @example
 * ```ts
 * cosh(tensor([0, -Infinity])).toArray() // => [1, Infinity]
 * ```
 */
export const cosh = /* @__PURE__ */ unary({
  name: 'cosh',
  kernel: kernels.cosh,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => multiplyNoNan(sinh(x), g)],
});

/**
 * Inverse of {@link sinh}, elementwise. Derivative `1 / √(1 + x²)`, without a square that overflows.
 *
 * @example
 * ```ts
 * asinh(tensor([0, 1e-20], { dtype: 'float64' })).toArray() // => [0, 1e-20]
 * ```
 */
export const asinh = /* @__PURE__ */ unary({
  name: 'asinh',
  kernel: kernels.asinh,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => xdivy(g, hypot(x, 1))],
});

/**
 * Inverse of {@link cosh}, elementwise: 0 or more. NaN below 1; the derivative `1 / √(x² − 1)` is Infinity at 1.
 *
 * @example
 * ```ts
 * acosh(tensor([1, 0])).toArray() // => [0, NaN]
 * ```
 */
export const acosh = /* @__PURE__ */ unary({
  name: 'acosh',
  kernel: kernels.acosh,
  result: 'float',
  saves: { inputs: [0] },
  // Two roots: the square of a large x would overflow, and x − 1 is exact near 1.
  vjp: [(g, { inputs: [x] }) => xdivy(g, mul(sqrt(sub(x, 1)), sqrt(add(x, 1))))],
});

/**
 * Inverse of {@link tanh}, elementwise. ±Infinity at ±1, NaN beyond; the derivative `1 / (1 − x²)` is Infinity at ±1.
 *
 * @example
 * ```ts
 * atanh(tensor([0, 1])).toArray() // => [0, Infinity]
 * ```
 */
export const atanh = /* @__PURE__ */ unary({
  name: 'atanh',
  kernel: kernels.atanh,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => xdivy(g, squareComplement(x))],
});

// Lengths and ways

/**
 * Length of the vector `(a, b)`, elementwise with broadcasting: `√(a² + b²)`, without overflow or underflow on the way.
 * Infinity if either is infinite, even beside NaN, as in IEEE 754. Both derivatives are 0 at the origin.
 *
 * @example
 * ```ts
 * hypot(tensor([3e200], { dtype: 'float64' }), 4e200).item() // => 5e200
 * ```
 *
 * @see {@link norm} for more than two components.
 */
export const hypot = /* @__PURE__ */ binary({
  name: 'hypot',
  kernel: kernels.hypot,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, b] }) => multiplyNoNan(hypotShare(a, b), g),
    (g, { inputs: [a, b] }) => multiplyNoNan(hypotShare(b, a), g),
  ],
});

/**
 * `a / √(a² + b²)`, elementwise with broadcasting: the derivative of {@link hypot} by its first operand. 0 at the origin,
 * where its derivatives are 0 too; `±√½` where both are infinite.
 *
 * @example
 * ```ts
 * hypotShare(tensor([3, 0]), tensor([4, 0])).toArray() // => [0.6, 0]
 * ```
 */
export const hypotShare: (a: TensorLike, b: TensorLike) => Tensor = /* @__PURE__ */ binary({
  name: 'hypotShare',
  kernel: kernels.hypotShare,
  result: 'float',
  saves: { inputs: [0, 1], output: true },
  // v² / r and −u v / r with u and v the shares of a and b, r the length: a difference of squares would cancel.
  vjp: [
    (g, { inputs: [a, b] }) => {
      const v = hypotShare(b, a);
      return multiplyNoNan(mul(v, divideNoNan(v, hypot(a, b))), g);
    },
    (g, { inputs: [a, b], output: u }) => {
      const v = hypotShare(b, a);
      return neg(multiplyNoNan(mul(u, divideNoNan(v, hypot(a, b))), g));
    },
  ],
});

const lerpRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'lerp',
  run: (home, y, inputs) => home.call(kernels.lerp, planOf(y, inputs), y, inputs[0], inputs[1], inputs[2]),
  saves: { inputs: [0, 1, 2] },
  vjp: [
    (g, { inputs: [, , weight] }) => multiplyNoNan(sub(1, weight), g),
    (g, { inputs: [, , weight] }) => multiplyNoNan(weight, g),
    (g, { inputs: [start, end] }) => multiplyNoNan(sub(end, start), g),
  ],
});

/**
 * The way from `start` to `end`, elementwise with broadcasting: `start + weight (end − start)`. Exactly `start` at weight
 * 0 and exactly `end` at weight 1, even beside an infinity; monotonic between them; weights beyond extrapolate.
 *
 * @param weight - how far to go: a number, or a tensor that broadcasts.
 * @throws {@link ShapeError} for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * lerp(tensor([0, 10]), tensor([4, 20]), 0.25).toArray() // => [1, 12.5]
 * ```
 */
export function lerp(start: TensorLike, end: TensorLike, weight: TensorLike): Tensor {
  const inputs = unify('lerp', [start, end, weight], ['start', 'end', 'weight']);
  const dtype = floatOf(inputs[0].dtype);
  return apply(
    lerpRow,
    inputs.map((input) => cast(input, dtype)),
    null,
  );
}
