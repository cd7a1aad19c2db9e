/**
 * @file Activations of networks beyond relu, sigmoid, tanh and softplus. Each computes in double, rounds once, and keeps
 * its digits in the tails; kinks take the derivative of smallest norm.
 */
import { type Kernel, activations as kernels } from '@ndgrad/kernels';
import { checkEnum, checkNumber, checkOptions } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type Vjp } from '../autodiff/node.js';
import { constant, planOf, zeros } from '../autodiff/vectorSpace.js';
import { floatOf } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { type BinaryOp, binary, cast, operand, type TensorLike, type UnaryOp, unary } from './define.js';
import {
  add,
  clamp,
  exp,
  ge,
  logicalAnd,
  lt,
  mul,
  multiplyNoNan,
  sigmoid,
  sigmoidGradient,
  softplus,
  square,
  sub,
  tanh,
  tanhGradient,
  where,
} from './elementwise.js';
import { normalDensity } from './special.js';

/** A row whose one setting is an operand of its kernel: in double, so that nothing is rounded but the result. */
function settingRow(name: string, kernel: Kernel, vjp: readonly Vjp<number>[]): Op<number> {
  return new Op({
    name,
    run(home, y, inputs, setting) {
      const operands = [...inputs, constant(setting, 'float64')];
      home.call(kernel, planOf(y, operands), y, operands[0], operands[1], operands[2]);
    },
    saves: { inputs: vjp.map((_, i) => i) },
    vjp,
  });
}

/** The one operand of an activation, as a float. */
function floatOperand(where: string, x: TensorLike): Tensor {
  const t = operand(where, x);
  return cast(t, floatOf(t.dtype));
}

// Leaky and exponential units

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Factor below 0. Default 0.01. */
  readonly negativeSlope?: number;
}

const leakyReluRow: Op<number> = settingRow('leakyRelu', kernels.leakyRelu, [
  (g, { inputs: [x], attributes: slope }) => apply(leakyReluGradientRow, [g, x], slope),
]);

const leakyReluGradientRow: Op<number> = settingRow('leakyReluGradient', kernels.leakyReluGradient, [
  (h, { inputs: [, x], attributes: slope }) => apply(leakyReluGradientRow, [h, x], slope),
  (h) => zeros(h.shape, h.dtype),
]);

/**
 * Leaky rectifier, elementwise: `x`, and `negativeSlope · x` below 0. The derivative at 0 is the one of smallest norm
 * between `negativeSlope` and 1: `negativeSlope` itself, 0 if it is negative, 1 if it is more. Integers give float32.
 *
 * @throws {@link ArgumentError} for a slope that is no finite number.
 *
 * @example
 * ```ts
 * leakyRelu(tensor([-2, 3]), { negativeSlope: 0.5 }).toArray() // => [-1, 3]
 * ```
 */
export function leakyRelu(x: TensorLike, options: LeakyReluOptions = {}): Tensor {
  checkOptions('leakyRelu', options, ['negativeSlope']);
  const { negativeSlope = 0.01 } = options;
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
  return apply(leakyReluRow, [floatOperand('leakyRelu', x)], negativeSlope);
}

/** Options of {@link elu}. */
export interface EluOptions {
  /** Minus the limit at −Infinity. Default 1. */
  readonly alpha?: number;
}

const eluRow: Op<number> = settingRow('elu', kernels.elu, [
  (g, { inputs: [x], attributes: alpha }) => eluGradient(g, x, alpha),
]);

const eluGradientRow: Op<number> = settingRow('eluGradient', kernels.eluGradient, [
  (h, { inputs: [, x], attributes: alpha }) => eluGradient(h, x, alpha),
  (h, { inputs: [g, x], attributes: alpha }) =>
    multiplyNoNan(multiplyNoNan(where(lt(x, 0), mul(exp(x), alpha), 0), g), h),
]);

/** g · elu'(x). */
function eluGradient(g: Tensor, x: Tensor, alpha: number): Tensor {
  return apply(eluGradientRow, [g, x], alpha);
}

/**
 * Exponential linear unit, elementwise: `x`, and `alpha (eˣ − 1)` below 0. The derivative at 0 is the one of smallest
 * norm between `alpha` and 1. Clevert, Unterthiner, Hochreiter 2016, https://arxiv.org/abs/1511.07289.
 *
 * @throws {@link ArgumentError} for an alpha that is no finite number.
 *
 * @example
 * ```ts
 * elu(tensor([-Infinity, 0, 3]), { alpha: 2 }).toArray() // => [-2, 0, 3]
 * ```
 */
export function elu(x: TensorLike, options: EluOptions = {}): Tensor {
  checkOptions('elu', options, ['alpha']);
  const { alpha = 1 } = options;
  checkNumber('elu', 'alpha', alpha);
  return apply(eluRow, [floatOperand('elu', x)], alpha);
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * Self-normalising exponential linear unit, elementwise: `1.0507… · elu(x, { alpha: 1.6732… })`. The derivative at 0,
 * where it jumps, is the smaller one: 1.0507…. Klambauer et al. 2017, https://arxiv.org/abs/1706.02515.
 *
 * @example
 * ```ts
 * selu(tensor([0, 1], { dtype: 'float64' })).toArray() // => [0, 1.0507009873554805]
 * ```
 */
export const selu: UnaryOp = /* @__PURE__ */ unary({
  name: 'selu',
  kernel: kernels.selu,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => eluGradient(mul(g, SELU_SCALE), x, SELU_ALPHA)],
});

// Gated units

/** Options of {@link gelu}. */
export interface GeluOptions {
  /**
   * `'none'` for `x Φ(x)` itself, `'tanh'` for the form `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`, which differs by up to
   * 5e-4. Default `'none'`.
   */
  readonly approximate?: 'none' | 'tanh';
}

const geluExact: UnaryOp = /* @__PURE__ */ unary({
  name: 'gelu',
  kernel: kernels.gelu,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => geluExactGradient(g, x)],
});

const geluExactGradient: BinaryOp = /* @__PURE__ */ binary({
  name: 'geluGradient',
  kernel: kernels.geluGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => geluExactGradient(g, x),
    // gelu'' = (2 − x²) φ
    (g, { inputs: [h, x] }) =>
      multiplyNoNan(multiplyNoNan(multiplyNoNan(sub(2, square(x)), normalDensity(x)), h), g),
  ],
});

const geluTanh: UnaryOp = /* @__PURE__ */ unary({
  name: 'gelu',
  kernel: kernels.geluTanh,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => geluTanhGradient(g, x)],
});

const geluTanhGradient: BinaryOp = /* @__PURE__ */ binary({
  name: 'geluGradient',
  kernel: kernels.geluTanhGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => geluTanhGradient(g, x),
    (g, { inputs: [h, x] }) => multiplyNoNan(multiplyNoNan(geluTanhCurvature(x), h), g),
  ],
});

/** 2 √(2/π) and that times 0.044715. */
const TANH_LINEAR = 1.5957691216057308;
const TANH_CUBIC = 0.07135481627260025;

/** The second derivative of x σ(v), v = ax + bx³: σ' (2v' + x v'' − x tanh(v/2) v'²). */
function geluTanhCurvature(x: Tensor): Tensor {
  const v = mul(x, add(mul(square(x), TANH_CUBIC), TANH_LINEAR));
  const slope = add(mul(square(x), 3 * TANH_CUBIC), TANH_LINEAR);
  const bend = mul(square(x), 6 * TANH_CUBIC);
  const rest = mul(mul(x, tanh(mul(v, 0.5))), square(slope));
  return multiplyNoNan(sub(add(mul(slope, 2), bend), rest), sigmoidGradient(1, v));
}

function approximates(where: string, options: GeluOptions): boolean {
  checkOptions(where, options, ['approximate']);
  return checkEnum(where, 'approximate', options.approximate ?? 'none', ['none', 'tanh']) === 'tanh';
}

/**
 * Gaussian error linear unit, elementwise: `x Φ(x)`, Φ the standard normal distribution. Keeps its digits in the lower
 * tail; the limit at −Infinity is 0. Hendrycks, Gimpel 2016, https://arxiv.org/abs/1606.08415.
 *
 * @throws {@link ArgumentError} for an unknown approximation.
 *
 * @example
 * ```ts
 * gelu(tensor([-8, 0, 100], { dtype: 'float64' })).toArray() // => [-4.976768459417427e-15, 0, 100]
 * ```
 */
export function gelu(x: TensorLike, options: GeluOptions = {}): Tensor {
  const approximate = approximates('gelu', options);
  return approximate ? geluTanh(x) : geluExact(x);
}

/**
 * `g · gelu'(x)`, elementwise with broadcasting: the derivative of {@link gelu}, fused, with all digits in the lower tail.
 *
 * @throws {@link ArgumentError} for an unknown approximation.
 *
 * @example
 * ```ts
 * geluGradient(tensor([1]), tensor([0])).item() // => 0.5
 * ```
 */
export function geluGradient(g: TensorLike, x: TensorLike, options: GeluOptions = {}): Tensor {
  const approximate = approximates('geluGradient', options);
  return approximate ? geluTanhGradient(g, x) : geluExactGradient(g, x);
}

/**
 * Sigmoid linear unit, also called swish, elementwise: `x σ(x)`. The limit at −Infinity is 0. Elfwing, Uchibe, Doya 2017,
 * https://arxiv.org/abs/1702.03118.
 *
 * @example
 * ```ts
 * silu(tensor([-Infinity, 0, 100])).toArray() // => [-0, 0, 100]
 * ```
 */
export const silu: UnaryOp = /* @__PURE__ */ unary({
  name: 'silu',
  kernel: kernels.silu,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => siluGradient(g, x)],
});

/**
 * `g · silu'(x)`, elementwise with broadcasting: the derivative of {@link silu}, fused.
 *
 * @example
 * ```ts
 * siluGradient(tensor([1]), tensor([0])).item() // => 0.5
 * ```
 */
export const siluGradient: BinaryOp = /* @__PURE__ */ binary({
  name: 'siluGradient',
  kernel: kernels.siluGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => siluGradient(g, x),
    // silu'' = σ' (2 − x tanh(x / 2))
    (g, { inputs: [h, x] }) => {
      const bend = sub(2, mul(x, tanh(mul(x, 0.5))));
      return multiplyNoNan(multiplyNoNan(multiplyNoNan(bend, sigmoidGradient(1, x)), h), g);
    },
  ],
});

/**
 * Mish, elementwise: `x tanh(log(1 + eˣ))`. The limit at −Infinity is 0. Misra 2019, https://arxiv.org/abs/1908.08681.
 *
 * @example
 * ```ts
 * mish(tensor([-Infinity, 0, 100])).toArray() // => [-0, 0, 100]
 * ```
 */
export const mish: UnaryOp = /* @__PURE__ */ unary({
  name: 'mish',
  kernel: kernels.mish,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => mishGradient(g, x)],
});

/**
 * `g · mish'(x)`, elementwise with broadcasting: the derivative of {@link mish}, fused.
 *
 * @example
 * ```ts
 * mishGradient(tensor([1]), tensor([0])).item() // => Math.fround(0.6)
 * ```
 */
export const mishGradient: BinaryOp = /* @__PURE__ */ binary({
  name: 'mishGradient',
  kernel: kernels.mishGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => mishGradient(g, x),
    (g, { inputs: [h, x] }) => multiplyNoNan(multiplyNoNan(mishCurvature(x), h), g),
  ],
});

/** The second derivative of x w, w = tanh(s) with s = softplus(x): tanh'(s) (2σ + x (σ' − 2w σ²)). */
function mishCurvature(x: Tensor): Tensor {
  const s = softplus(x);
  const gate = sigmoid(x);
  const bend = sub(sigmoidGradient(1, x), mul(mul(tanh(s), 2), square(gate)));
  return multiplyNoNan(add(mul(gate, 2), multiplyNoNan(x, bend)), tanhGradient(1, s));
}

// Piecewise linear units

/** Options of {@link hardtanh}. */
export interface HardtanhOptions {
  /** Lower bound. Default −1. */
  readonly min?: number;
  /** Upper bound. Default 1. */
  readonly max?: number;
}

/**
 * `x` limited to `[min, max]`, elementwise. NaN stays NaN; the derivative at a bound is 0. Integers give float32.
 *
 * @throws {@link ArgumentError} for bounds that are no finite numbers, or `max` below `min`.
 *
 * @example
 * ```ts
 * hardtanh(tensor([-2, 0.5, 2])).toArray() // => [-1, 0.5, 1]
 * ```
 *
 * @see {@link clamp} for bounds that are tensors, and for one bound alone.
 */
export function hardtanh(x: TensorLike, options: HardtanhOptions = {}): Tensor {
  checkOptions('hardtanh', options, ['min', 'max']);
  const { min = -1, max = 1 } = options;
  checkNumber('hardtanh', 'min', min);
  checkNumber('hardtanh', 'max', max, { min });
  return clamp(floatOperand('hardtanh', x), { min, max });
}

/** Whether x is between the bends at ±3. */
function isBetweenBends(x: Tensor): Tensor {
  return logicalAnd(lt(-3, x), lt(x, 3));
}

/**
 * Piecewise linear sigmoid, elementwise: `(x + 3) / 6` limited to [0, 1]. The derivative at ±3 is 0.
 *
 * @example
 * ```ts
 * hardsigmoid(tensor([-3, 0, 3])).toArray() // => [0, 0.5, 1]
 * ```
 */
export const hardsigmoid: UnaryOp = /* @__PURE__ */ unary({
  name: 'hardsigmoid',
  kernel: kernels.hardsigmoid,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => where(isBetweenBends(x), mul(g, 1 / 6), 0)],
});

/**
 * `x · hardsigmoid(x)`, elementwise. The derivative is 0 at −3 and 1 at 3. Howard et al. 2019,
 * https://arxiv.org/abs/1905.02244.
 *
 * @example
 * ```ts
 * hardswish(tensor([-4, 3, 5])).toArray() // => [0, 3, 5]
 * ```
 */
export const hardswish: UnaryOp = /* @__PURE__ */ unary({
  name: 'hardswish',
  kernel: kernels.hardswish,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [
    (g, { inputs: [x] }) => multiplyNoNan(where(isBetweenBends(x), mul(add(x, 1.5), 1 / 3), ge(x, 3)), g),
  ],
});
