/**
 * @file Elementwise ops. Derivatives are formulas over public ops; each multiplies by the cotangent in a way that is 0
 * where the cotangent is 0, so that a branch which `where` did not take never leaks NaN.
 */
import { elementwise as kernels } from '@ndgrad/kernels';
import { checkEnum, checkOptions, inspect } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { addRow, constant, planOf } from '../autodiff/vectorSpace.js';
import { DTYPES, type DType, floatOf, isFloat } from '../dtype.js';
import { ArgumentError, NumericError } from '../errors.js';
import { Tensor } from '../tensor.js';
import {
  binary,
  binaryOf,
  cast,
  comparison,
  operand,
  type PairDType,
  type PairRank,
  predicate,
  type TensorLike,
  tensorOperand,
  unary,
  unify,
  zeroVjp,
} from './define.js';

/** factor · g, and 0 where g is 0 even beside an infinite or NaN factor. */
function scale(g: Tensor, factor: TensorLike): Tensor {
  return multiplyNoNan(factor, g);
}

/**
 * a · b, and 0 where either is 0, even beside an infinite or NaN other: the factor of ops that are constant where it is
 * 0. There a cotangent that became infinite on its way back from a branch that was not taken must not make NaN. For
 * finite numbers it is the product, in all orders; selecting with `where` would lose the second derivative at 0.
 */
const zeroProduct: (a: TensorLike, b: TensorLike) => Tensor = /* @__PURE__ */ binary({
  name: 'zeroProduct',
  kernel: kernels.zeroProduct,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [(g, { inputs: [, b] }) => zeroProduct(g, b), (g, { inputs: [a] }) => zeroProduct(g, a)],
});

// Arithmetic

/**
 * Sum, elementwise with broadcasting: `a + b`. int32 wraps modulo 2³².
 *
 * @param a - tensor or number.
 * @param b - tensor or number, of a shape that broadcasts with `a`.
 * @throws {@link ShapeError} for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * add(tensor([[1, 2], [3, 4]]), tensor([10, 20])).toArray() // => [[11, 22], [13, 24]]
 * ```
 */
export const add = /* @__PURE__ */ binaryOf(addRow, 'arithmetic');

/**
 * Difference, elementwise with broadcasting: `a − b`. int32 wraps modulo 2³².
 *
 * @example
 * ```ts
 * sub(tensor([3, 4]), 1).toArray() // => [2, 3]
 * ```
 */
export const sub = /* @__PURE__ */ binary({
  name: 'sub',
  kernel: kernels.sub,
  result: 'arithmetic',
  vjp: [(g) => g, (g) => neg(g)],
});

/**
 * Product, elementwise with broadcasting: `a · b`. int32 wraps modulo 2³².
 *
 * @example
 * ```ts
 * mul(tensor([3, 4]), tensor([2, 0.5])).toArray() // => [6, 2]
 * ```
 */
export const mul = /* @__PURE__ */ binary({
  name: 'mul',
  kernel: kernels.mul,
  intKernel: kernels.mulInt,
  result: 'arithmetic',
  saves: { inputs: [0, 1] },
  vjp: [(g, { inputs: [, b] }) => scale(g, b), (g, { inputs: [a] }) => scale(g, a)],
});

/**
 * True division, elementwise with broadcasting: `a / b`. Integers give float32.
 *
 * @example
 * ```ts
 * div(tensor([1, 3]), 2).toArray() // => [0.5, 1.5]
 * ```
 *
 * @see {@link floorDivide} for integer quotients.
 */
export const div = /* @__PURE__ */ binary({
  name: 'div',
  kernel: kernels.div,
  result: 'float',
  saves: { inputs: [1], output: true },
  vjp: [
    (g, { inputs: [, b] }) => xdivy(g, b),
    (g, { inputs: [, b], output: y }) => neg(xdivy(scale(g, y), b)),
  ],
});

const floorDivideRow = /* @__PURE__ */ binary({
  name: 'floorDivide',
  kernel: kernels.floorDivide,
  result: 'arithmetic',
  vjp: [zeroVjp, zeroVjp],
});

/**
 * Quotient rounded down, elementwise with broadcasting: `⌊a / b⌋`. Derivative 0.
 *
 * @throws {@link NumericError} for an integer divisor of 0.
 *
 * @example
 * ```ts
 * floorDivide(tensor([7, -7]), 2).toArray() // => [3, -4]
 * ```
 */
export function floorDivide<A extends TensorLike, B extends TensorLike>(
  a: A,
  b: B,
): Tensor<PairDType<A, B>, PairRank<A, B>> {
  requireDivisor('floorDivide', a, b);
  return floorDivideRow(a, b);
}

const modRow = /* @__PURE__ */ binary({
  name: 'mod',
  kernel: kernels.mod,
  result: 'arithmetic',
  saves: { inputs: [0, 1] },
  vjp: [(g) => g, (g, { inputs: [a, b] }) => neg(scale(g, floorDivide(a, b)))],
});

/**
 * Remainder with the divisor's sign, elementwise with broadcasting: `a − b ⌊a / b⌋`.
 *
 * @throws {@link NumericError} for an integer divisor of 0; a float divisor of 0 gives NaN.
 *
 * @example
 * ```ts
 * mod(tensor([7, -7]), 3).toArray() // => [1, 2]
 * ```
 */
export function mod<A extends TensorLike, B extends TensorLike>(
  a: A,
  b: B,
): Tensor<PairDType<A, B>, PairRank<A, B>> {
  requireDivisor('mod', a, b);
  return modRow(a, b);
}

/** Integers have no value for a division by 0. */
function requireDivisor(where: string, a: TensorLike, b: TensorLike): void {
  const [p, q] = unify(where, [a, b]);
  if (p.dtype === 'float32' || p.dtype === 'float64' || p.size === 0) return;
  inspect('requireDivisor', q, (i, value) => {
    if (value !== 0) return;
    throw new NumericError({
      where,
      problem: `integer division by zero at element ${i} of b`,
      hint: "cast to 'float32' for infinities and NaN",
    });
  });
}

const powRow = /* @__PURE__ */ binary({
  name: 'pow',
  kernel: kernels.pow,
  intKernel: kernels.powInt,
  result: 'arithmetic',
  saves: { inputs: [0, 1], output: true },
  vjp: [
    // b · a^(b−1); where b is 0 the power does not move, even at a = 0.
    (g, { inputs: [a, b] }) => scale(g, multiplyNoNan(pow(a, sub(b, 1)), b)),
    (g, { inputs: [a, b], output: y }) => where(logicalAnd(eq(a, 0), ge(b, 0)), 0, scale(g, xlogy(y, a))),
  ],
});

/**
 * Power, elementwise with broadcasting: `aᵇ`. Negative bases with fractional exponents give NaN. Where a is 0, the
 * derivative by b is 0; `0⁰ = 1`.
 *
 * @throws {@link NumericError} for a negative exponent among integers.
 *
 * @example
 * ```ts
 * pow(tensor([2, 3]), 3).toArray() // => [8, 27]
 * ```
 */
export function pow<A extends TensorLike, B extends TensorLike>(
  a: A,
  b: B,
): Tensor<PairDType<A, B>, PairRank<A, B>> {
  requireExponent(a, b);
  return powRow(a, b);
}

/** Integers have no negative powers: 2⁻¹ would become 0 without a word. */
function requireExponent(a: TensorLike, b: TensorLike): void {
  if ((a instanceof Tensor && isFloat(a.dtype)) || (b instanceof Tensor && isFloat(b.dtype))) return;
  const [p, q] = unify('pow', [a, b]);
  if (isFloat(p.dtype)) return;
  inspect('requireExponent', q, (i, value) => {
    if (value >= 0) return;
    throw new NumericError({
      where: 'pow',
      problem: `integers have no negative powers, got exponent ${value} at element ${i} of b`,
      hint: "cast to 'float32' first",
    });
  });
}

/**
 * Negative, elementwise: `−x`.
 *
 * @example
 * ```ts
 * neg(tensor([1, -2])).toArray() // => [-1, 2]
 * ```
 */
export const neg = /* @__PURE__ */ unary({
  name: 'neg',
  kernel: kernels.neg,
  result: 'arithmetic',
  vjp: [(g) => neg(g)],
});

/**
 * Magnitude, elementwise: `|x|`. The derivative at 0 is 0.
 *
 * @example
 * ```ts
 * abs(tensor([-1.5, 2])).toArray() // => [1.5, 2]
 * ```
 */
export const abs = /* @__PURE__ */ unary({
  name: 'abs',
  kernel: kernels.abs,
  result: 'arithmetic',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => scale(g, sign(x))],
});

/**
 * Sign, elementwise: −1, 0 or 1; NaN stays NaN. Derivative 0.
 *
 * @example
 * ```ts
 * sign(tensor([-3, 0, 5])).toArray() // => [-1, 0, 1]
 * ```
 */
export const sign = /* @__PURE__ */ unary({
  name: 'sign',
  kernel: kernels.sign,
  result: 'arithmetic',
  vjp: [zeroVjp],
});

/**
 * Square, elementwise: `x²`.
 *
 * @example
 * ```ts
 * square(tensor([-3, 2])).toArray() // => [9, 4]
 * ```
 */
export const square = /* @__PURE__ */ unary({
  name: 'square',
  kernel: kernels.square,
  intKernel: kernels.squareInt,
  result: 'arithmetic',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => scale(g, mul(x, 2))],
});

/**
 * Reciprocal, elementwise: `1 / x`. Integers give float32.
 *
 * @example
 * ```ts
 * reciprocal(tensor([2, 4])).toArray() // => [0.5, 0.25]
 * ```
 */
export const reciprocal = /* @__PURE__ */ unary({
  name: 'reciprocal',
  kernel: kernels.reciprocal,
  result: 'float',
  saves: { output: true },
  vjp: [(g, { output: y }) => neg(scale(g, square(y)))],
});

// Exponentials and logarithms

/**
 * Exponential, elementwise: `eˣ`.
 *
 * @example
 * ```ts
 * exp(tensor([0, 1])).toArray() // => [1, Math.E]
 * ```
 */
export const exp = /* @__PURE__ */ unary({
  name: 'exp',
  kernel: kernels.exp,
  result: 'float',
  saves: { output: true },
  vjp: [(g, { output: y }) => scale(g, y)],
});

/**
 * `eˣ − 1`, elementwise, exact for small x.
 *
 * @example
 * ```ts
 * expm1(tensor([1e-20], { dtype: 'float64' })).item() // => 1e-20
 * ```
 */
export const expm1 = /* @__PURE__ */ unary({
  name: 'expm1',
  kernel: kernels.expm1,
  result: 'float',
  saves: { inputs: [0] },
  // Not y + 1, which is 0 where the exponential is only small.
  vjp: [(g, { inputs: [x] }) => scale(g, exp(x))],
});

/**
 * Natural logarithm, elementwise. `log 0 = −Infinity`; negative numbers give NaN.
 *
 * @example
 * ```ts
 * log(tensor([1, Math.E])).toArray() // => [0, 1]
 * ```
 */
export const log = /* @__PURE__ */ unary({
  name: 'log',
  kernel: kernels.log,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => xdivy(g, x)],
});

/**
 * `log(1 + x)`, elementwise, exact for small x.
 *
 * @example
 * ```ts
 * log1p(tensor([1e-20], { dtype: 'float64' })).item() // => 1e-20
 * ```
 */
export const log1p = /* @__PURE__ */ unary({
  name: 'log1p',
  kernel: kernels.log1p,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => xdivy(g, add(x, 1))],
});

/**
 * Logarithm to base 2, elementwise.
 *
 * @example
 * ```ts
 * log2(tensor([1, 8])).toArray() // => [0, 3]
 * ```
 */
export const log2 = /* @__PURE__ */ unary({
  name: 'log2',
  kernel: kernels.log2,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => xdivy(g, mul(x, Math.LN2))],
});

/**
 * `log(eᵃ + eᵇ)`, elementwise with broadcasting, without overflow.
 *
 * @example
 * ```ts
 * logaddexp(tensor([1000]), 1000).item() // => 1000 + Math.LN2
 * ```
 */
export const logaddexp = /* @__PURE__ */ binary({
  name: 'logaddexp',
  kernel: kernels.logaddexp,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, b] }) => scale(g, shareOfSum(a, b)),
    (g, { inputs: [a, b] }) => scale(g, shareOfSum(b, a)),
  ],
});

/** eᵃ / (eᵃ + eᵇ): a half where both are +Infinity, and 0 where both are −Infinity. */
function shareOfSum(a: Tensor, b: Tensor): Tensor {
  // Equal infinities have no difference. Equal numbers have one, through which the second derivative flows.
  const infinite = logicalAnd(eq(a, b), eq(abs(a), Infinity));
  return where(infinite, where(eq(a, -Infinity), 0, 0.5), sigmoid(sub(a, b)));
}

/**
 * `a · log b`, elementwise with broadcasting, and 0 where a is 0, even at b = 0.
 *
 * @example
 * ```ts
 * xlogy(tensor([0, 2]), tensor([0, 1])).toArray() // => [0, 0]
 * ```
 */
export const xlogy = /* @__PURE__ */ binary({
  name: 'xlogy',
  kernel: kernels.xlogy,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, b] }) => where(logicalAnd(eq(a, 0), le(b, 0)), 0, scale(g, log(b))),
    (g, { inputs: [a, b] }) => xdivy(zeroProduct(g, a), b),
  ],
});

/**
 * `a / b`, elementwise with broadcasting, and 0 where a is 0, even at b = 0.
 *
 * @example
 * ```ts
 * xdivy(tensor([0, 6]), tensor([0, 3])).toArray() // => [0, 2]
 * ```
 */
export const xdivy = /* @__PURE__ */ binary({
  name: 'xdivy',
  kernel: kernels.xdivy,
  result: 'float',
  saves: { inputs: [1], output: true },
  vjp: [
    (g, { inputs: [, b] }) => xdivy(g, b),
    (g, { inputs: [, b], output: y }) => neg(xdivy(zeroProduct(g, y), b)),
  ],
});

/**
 * `x · y`, elementwise with broadcasting, and 0 where y is 0, even beside an infinite or NaN x.
 *
 * @example
 * ```ts
 * multiplyNoNan(tensor([NaN, 2]), tensor([0, 3])).toArray() // => [0, 6]
 * ```
 */
export const multiplyNoNan = /* @__PURE__ */ binary({
  name: 'multiplyNoNan',
  kernel: kernels.multiplyNoNan,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [(g, { inputs: [, y] }) => zeroProduct(g, y), (g, { inputs: [x] }) => scale(g, x)],
});

/**
 * `x / y`, elementwise with broadcasting, and 0 where y is 0. There the derivatives are 0 too.
 *
 * @example
 * ```ts
 * divideNoNan(tensor([1, 6]), tensor([0, 3])).toArray() // => [0, 2]
 * ```
 */
export const divideNoNan = /* @__PURE__ */ binary({
  name: 'divideNoNan',
  kernel: kernels.divideNoNan,
  result: 'float',
  saves: { inputs: [1], output: true },
  vjp: [
    (g, { inputs: [, b] }) => where(eq(b, 0), 0, xdivy(g, b)),
    (g, { inputs: [, b], output: y }) => where(eq(b, 0), 0, neg(xdivy(zeroProduct(g, y), b))),
  ],
});

// Roots

/**
 * Square root, elementwise. Negative numbers give NaN; the derivative at 0 is Infinity.
 *
 * @example
 * ```ts
 * sqrt(tensor([4, 9])).toArray() // => [2, 3]
 * ```
 */
export const sqrt = /* @__PURE__ */ unary({
  name: 'sqrt',
  kernel: kernels.sqrt,
  result: 'float',
  saves: { output: true },
  vjp: [(g, { output: y }) => xdivy(g, mul(y, 2))],
});

/**
 * Reciprocal square root, elementwise: `1 / √x`.
 *
 * @example
 * ```ts
 * rsqrt(tensor([4, 16])).toArray() // => [0.5, 0.25]
 * ```
 */
export const rsqrt = /* @__PURE__ */ unary({
  name: 'rsqrt',
  kernel: kernels.rsqrt,
  result: 'float',
  saves: { output: true },
  // d x^(−½) = −½ y³
  vjp: [(g, { output: y }) => scale(g, mul(square(y), mul(y, -0.5)))],
});

// Activations

/**
 * Hyperbolic tangent, elementwise. Saturates to ±1; derivative `1 − tanh² x`, whose digits are kept in the tails.
 *
 * @example
 * ```ts
 * tanh(tensor([0, 800])).toArray() // => [0, 1]
 * ```
 */
export const tanh = /* @__PURE__ */ unary({
  name: 'tanh',
  kernel: kernels.tanh,
  result: 'float',
  saves: { inputs: [0] },
  // From the input: 1 − tanh² is 0 from x = 20 on, the derivative is not.
  vjp: [(g, { inputs: [x] }) => tanhGradient(g, x)],
});

/**
 * `g · tanh'(x)`, elementwise with broadcasting: the derivative of {@link tanh}, fused.
 *
 * @example
 * ```ts
 * tanhGradient(tensor([1]), tensor([0])).item() // => 1
 * ```
 */
export const tanhGradient = /* @__PURE__ */ binary({
  name: 'tanhGradient',
  kernel: kernels.tanhGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => tanhGradient(g, x),
    // tanh'' = −2 tanh · tanh'
    (g, { inputs: [h, x] }) => scale(g, scale(tanhGradient(h, x), mul(tanh(x), -2))),
  ],
});

/**
 * Logistic function, elementwise: `1 / (1 + e⁻ˣ)`. Never overflows; its derivative keeps its digits in both tails.
 *
 * @example
 * ```ts
 * sigmoid(tensor([0, -800])).toArray() // => [0.5, 0]
 * ```
 */
export const sigmoid = /* @__PURE__ */ unary({
  name: 'sigmoid',
  kernel: kernels.sigmoid,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => sigmoidGradient(g, x)],
});

/**
 * `g · σ'(x)`, elementwise with broadcasting: the derivative of {@link sigmoid}, fused.
 *
 * @example
 * ```ts
 * sigmoidGradient(tensor([1]), tensor([0])).item() // => 0.25
 * ```
 */
export const sigmoidGradient = /* @__PURE__ */ binary({
  name: 'sigmoidGradient',
  kernel: kernels.sigmoidGradient,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, x] }) => sigmoidGradient(g, x),
    // σ'' = σ' (1 − 2σ), and 1 − 2σ(x) = −tanh(x / 2)
    (g, { inputs: [h, x] }) => scale(g, scale(sigmoidGradient(h, x), neg(tanh(mul(x, 0.5))))),
  ],
});

/**
 * Logarithm of the logistic function, elementwise: `−log(1 + e⁻ˣ)`, without overflow or lost tails.
 *
 * @example
 * ```ts
 * logSigmoid(tensor([-1000])).item() // => -1000
 * ```
 */
export const logSigmoid = /* @__PURE__ */ unary({
  name: 'logSigmoid',
  kernel: kernels.logSigmoid,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => scale(g, sigmoid(neg(x)))],
});

/**
 * `log(1 + eˣ)`, elementwise, without overflow or lost tails.
 *
 * @example
 * ```ts
 * softplus(tensor([1000])).item() // => 1000
 * ```
 */
export const softplus = /* @__PURE__ */ unary({
  name: 'softplus',
  kernel: kernels.softplus,
  result: 'float',
  saves: { inputs: [0] },
  vjp: [(g, { inputs: [x] }) => scale(g, sigmoid(x))],
});

/**
 * Rectifier, elementwise: `max(x, 0)`. The derivative at 0 is 0.
 *
 * @example
 * ```ts
 * relu(tensor([-1, 2])).toArray() // => [0, 2]
 * ```
 */
export const relu = /* @__PURE__ */ unary({
  name: 'relu',
  kernel: kernels.relu,
  result: 'arithmetic',
  saves: { output: true },
  // Not maximum(x, 0), which would pass half of the cotangent at 0.
  vjp: [(g, { output: y }) => whereForPositive(g, y)],
});

/**
 * `g` where `y > 0`, else 0, elementwise with broadcasting: the derivative of {@link relu}, fused.
 *
 * @example
 * ```ts
 * whereForPositive(tensor([5, 6]), tensor([0, 1])).toArray() // => [0, 6]
 * ```
 */
export const whereForPositive = /* @__PURE__ */ binary({
  name: 'whereForPositive',
  kernel: kernels.whereForPositive,
  result: 'same',
  saves: { inputs: [1] },
  vjp: [(g, { inputs: [, y] }) => whereForPositive(g, y), zeroVjp],
});

/**
 * Cross-entropy of a logit and the probability of its class, elementwise with broadcasting:
 * `t · softplus(−x) + (1 − t) · softplus(x)`. A logit that is infinite on the right side costs 0.
 *
 * @example
 * ```ts
 * sigmoidCrossEntropy(tensor([1000, -1000]), tensor([1, 1])).toArray() // => [0, 1000]
 * ```
 */
export const sigmoidCrossEntropy = /* @__PURE__ */ binary({
  name: 'sigmoidCrossEntropy',
  kernel: kernels.sigmoidCrossEntropy,
  result: 'float',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [x, t] }) => sigmoidCrossEntropyGradient(g, x, t),
    (g, { inputs: [x] }) => neg(scale(g, x)),
  ],
});

const sigmoidCrossEntropyGradientRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'sigmoidCrossEntropyGradient',
  run: (home, y, inputs) =>
    home.call(kernels.sigmoidCrossEntropyGradient, planOf(y, inputs), y, inputs[0], inputs[1], inputs[2]),
  saves: { inputs: [0, 1, 2] },
  vjp: [
    (h, { inputs: [, x, t] }) => sigmoidCrossEntropyGradient(h, x, t),
    (h, { inputs: [g, x] }) => sigmoidGradient(scale(h, g), x),
    (h, { inputs: [g] }) => neg(scale(h, g)),
  ],
});

/**
 * `g · (σ(x) − t)`, elementwise with broadcasting: the derivative of {@link sigmoidCrossEntropy}, fused, in a form that keeps
 * the small slope of a sure prediction. 0 where `g` is 0.
 *
 * @example
 * ```ts
 * sigmoidCrossEntropyGradient(tensor(2), tensor(0), tensor(1)).item() // => -1
 * ```
 */
export function sigmoidCrossEntropyGradient(g: TensorLike, x: TensorLike, t: TensorLike): Tensor {
  const inputs = unify('sigmoidCrossEntropyGradient', [g, x, t], ['g', 'x', 't']);
  const dtype = floatOf(inputs[0].dtype);
  return apply(
    sigmoidCrossEntropyGradientRow,
    inputs.map((input) => cast(input, dtype)),
    null,
  );
}

// Order

/**
 * The larger of two, elementwise with broadcasting. NaN spreads. Where both are equal each gets half of the cotangent.
 *
 * @example
 * ```ts
 * maximum(tensor([1, 5]), 3).toArray() // => [3, 5]
 * ```
 */
export const maximum = /* @__PURE__ */ binary({
  name: 'maximum',
  kernel: kernels.maximum,
  result: 'same',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, b] }) => scale(g, largerShare(a, b)),
    (g, { inputs: [a, b] }) => scale(g, largerShare(b, a)),
  ],
});

/**
 * The smaller of two, elementwise with broadcasting. NaN spreads. Where both are equal each gets half of the cotangent.
 *
 * @example
 * ```ts
 * minimum(tensor([1, 5]), 3).toArray() // => [1, 3]
 * ```
 */
export const minimum = /* @__PURE__ */ binary({
  name: 'minimum',
  kernel: kernels.minimum,
  result: 'same',
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [a, b] }) => scale(g, largerShare(b, a)),
    (g, { inputs: [a, b] }) => scale(g, largerShare(a, b)),
  ],
});

/**
 * 1 where `a > b`, ½ where `a = b`, else 0, elementwise with broadcasting: how {@link maximum} shares its cotangent.
 *
 * @example
 * ```ts
 * largerShare(tensor([1, 2, 3]), 2).toArray() // => [0, 0.5, 1]
 * ```
 */
export const largerShare = /* @__PURE__ */ binary({
  name: 'largerShare',
  kernel: kernels.largerShare,
  result: 'float',
  vjp: [zeroVjp, zeroVjp],
});

/** Bounds of {@link clamp}. */
export interface ClampOptions {
  /** Lower bound: a number, or a tensor that broadcasts. Default: none. */
  readonly min?: TensorLike;
  /** Upper bound: a number, or a tensor that broadcasts. Default: none. */
  readonly max?: TensorLike;
}

const clampRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'clamp',
  run: (home, y, [x, low, high]) => home.call(kernels.clamp, planOf(y, [x, low, high]), y, x, low, high),
  saves: { inputs: [0, 1, 2] },
  vjp: [
    (g, { inputs: [x, low, high] }) => where(logicalAnd(lt(low, x), lt(x, high)), g, 0),
    (g, { inputs: [x, low, high] }) => where(logicalAnd(lt(x, low), lt(low, high)), g, 0),
    // A lower bound that is NaN is the value, whatever the upper one.
    (g, { inputs: [x, low, high] }) =>
      where(logicalAnd(eq(low, low), logicalOr(gt(x, high), gt(low, high))), g, 0),
  ],
});

/**
 * `x` limited to `[min, max]`, elementwise with broadcasting. NaN stays NaN, and a bound of NaN gives NaN; `max` wins
 * where `min > max`. The derivative at a bound is 0.
 *
 * @throws {@link ArgumentError} when neither bound is given.
 *
 * @example
 * ```ts
 * clamp(tensor([-2, 0.5, 2]), { min: -1, max: 1 }).toArray() // => [-1, 0.5, 1]
 * ```
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  checkOptions('clamp', options, ['min', 'max']);
  const { min, max } = options ?? {};
  if (min === undefined && max === undefined) {
    throw new ArgumentError({ where: 'clamp', argument: 'options', must: 'give min or max', got: 'neither' });
  }
  const given = [x, ...(min === undefined ? [] : [min]), ...(max === undefined ? [] : [max])];
  const tensors = unify('clamp', given, ['x', min === undefined ? 'max' : 'min', 'max']);
  const { dtype } = tensors[0];
  const [lowest, highest] =
    dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : dtype === 'bool' ? [0, 1] : [-Infinity, Infinity];
  const low = min === undefined ? constant(lowest, dtype) : tensors[1];
  const high = max === undefined ? constant(highest, dtype) : tensors[tensors.length - 1];
  return apply(clampRow, [tensors[0], low, high], null);
}

const whereRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'where',
  dtype: ([, dtype]) => dtype,
  run: (home, y, [condition, a, b]) =>
    home.call(kernels.where, planOf(y, [condition, a, b]), y, condition, a, b),
  saves: { inputs: [0] },
  vjp: [
    null,
    (g, { inputs: [condition] }) => where(condition, g, 0),
    (g, { inputs: [condition] }) => where(condition, 0, g),
  ],
});

/**
 * `a` where the condition holds, else `b`, elementwise with broadcasting. What was not taken gets a cotangent of exactly
 * 0, whatever its value.
 *
 * @param condition - bool, or anything compared with 0.
 *
 * @example
 * ```ts
 * const x = tensor([-1, 4]);
 * where(gt(x, 0), sqrt(x), 0).toArray() // => [0, 2]
 * ```
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const c = operand('where', condition, 'condition');
  const [p, q] =
    a instanceof Tensor && b instanceof Tensor && a.dtype === b.dtype ? [a, b] : unify('where', [a, b]);
  return apply(whereRow, [c, p, q], null);
}

// Comparisons

/**
 * Whether `a = b`, elementwise with broadcasting. NaN equals nothing.
 *
 * @example
 * ```ts
 * eq(tensor([1, NaN]), tensor([1, NaN])).toArray() // => [true, false]
 * ```
 */
export const eq = /* @__PURE__ */ comparison({ name: 'eq', kernel: kernels.eq });
/** Whether `a ≠ b`, elementwise with broadcasting. NaN differs from everything. */
export const ne = /* @__PURE__ */ comparison({ name: 'ne', kernel: kernels.ne });
/** Whether `a < b`, elementwise with broadcasting. False beside NaN. */
export const lt = /* @__PURE__ */ comparison({ name: 'lt', kernel: kernels.lt });
/** Whether `a ≤ b`, elementwise with broadcasting. False beside NaN. */
export const le = /* @__PURE__ */ comparison({ name: 'le', kernel: kernels.le });
/** Whether `a > b`, elementwise with broadcasting. False beside NaN. */
export const gt = /* @__PURE__ */ comparison({ name: 'gt', kernel: kernels.gt });
/** Whether `a ≥ b`, elementwise with broadcasting. False beside NaN. */
export const ge = /* @__PURE__ */ comparison({ name: 'ge', kernel: kernels.ge });
/**
 * Whether both are not 0, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * logicalAnd(tensor([true, true]), tensor([true, false])).toArray() // => [true, false]
 * ```
 */
export const logicalAnd = /* @__PURE__ */ comparison({ name: 'logicalAnd', kernel: kernels.logicalAnd });
/** Whether either is not 0, elementwise with broadcasting. */
export const logicalOr = /* @__PURE__ */ comparison({ name: 'logicalOr', kernel: kernels.logicalOr });
/** Whether `x` is 0, elementwise. */
export const logicalNot = /* @__PURE__ */ predicate({ name: 'logicalNot', kernel: kernels.logicalNot });
/** Whether `x` is NaN, elementwise. */
export const isNaN = /* @__PURE__ */ predicate({ name: 'isNaN', kernel: kernels.isNaN });
/** Whether `x` is neither infinite nor NaN, elementwise. */
export const isFinite = /* @__PURE__ */ predicate({ name: 'isFinite', kernel: kernels.isFinite });

// Rounding

/**
 * The largest integer not above `x`, elementwise. Derivative 0.
 *
 * @example
 * ```ts
 * floor(tensor([1.5, -1.5])).toArray() // => [1, -2]
 * ```
 */
export const floor = /* @__PURE__ */ unary({
  name: 'floor',
  kernel: kernels.floor,
  result: 'arithmetic',
  vjp: [zeroVjp],
});
/** The smallest integer not below `x`, elementwise. Derivative 0. */
export const ceil = /* @__PURE__ */ unary({
  name: 'ceil',
  kernel: kernels.ceil,
  result: 'arithmetic',
  vjp: [zeroVjp],
});
/** `x` without its fraction, elementwise. Derivative 0. */
export const trunc = /* @__PURE__ */ unary({
  name: 'trunc',
  kernel: kernels.trunc,
  result: 'arithmetic',
  vjp: [zeroVjp],
});
/**
 * The nearest integer, halves to even, elementwise. Derivative 0.
 *
 * @example
 * ```ts
 * round(tensor([0.5, 1.5, 2.5])).toArray() // => [0, 2, 2]
 * ```
 */
export const round = /* @__PURE__ */ unary({
  name: 'round',
  kernel: kernels.round,
  result: 'arithmetic',
  vjp: [zeroVjp],
});

// Identity

const cloneRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'clone',
  shape: ([shape]) => shape,
  run: (home, y, [x]) => home.call(kernels.copy, planOf(y, [x]), y, x),
  vjp: [(g) => g],
});

/**
 * A packed copy with its own memory, through which derivatives flow.
 *
 * @example
 * ```ts
 * clone(tensor([[1, 2], [3, 4]]).T).isContiguous // => true
 * ```
 */
export function clone<D extends DType, R extends number>(x: Tensor<D, R>): Tensor<D, R>;
export function clone(x: Tensor): Tensor {
  return apply(cloneRow, [tensorOperand('clone', x)], null);
}

/** The largest finite float32. */
const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * `x` in another dtype, as {@link cast} but with what does not fit replaced by the nearest that does: floats beyond int32 by
 * its ends, NaN by 0, and finite float64 beyond float32 by its largest, of the same sign. The derivative there is 0.
 *
 * @example
 * ```ts
 * castSaturate(tensor([3e9, -3e9, NaN, 1.7]), 'int32').toArray() // => [2147483647, -2147483648, 0, 1]
 * ```
 */
export function castSaturate<D extends DType, R extends number>(x: Tensor<DType, R>, dtype: D): Tensor<D, R>;
export function castSaturate(x: Tensor, dtype: DType): Tensor {
  const t = tensorOperand('castSaturate', x);
  checkEnum('castSaturate', 'dtype', dtype, DTYPES);
  if (dtype === 'int32' && isFloat(t.dtype)) {
    // In double, which holds the ends of int32.
    const number = where(isNaN(t), 0, cast(t, 'float64'));
    return cast(clamp(number, { min: -(2 ** 31), max: 2 ** 31 - 1 }), 'int32');
  }
  if (dtype === 'float32' && t.dtype === 'float64') {
    const fitting = clamp(t, { min: -LARGEST_FLOAT32, max: LARGEST_FLOAT32 });
    return cast(where(isFinite(t), fitting, t), 'float32');
  }
  return cast(t, dtype);
}

const stopGradientRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'stopGradient',
  shape: ([shape]) => shape,
  view: (x) => ({ strides: x.strides, offset: x.offset }),
});

/**
 * The same values, as a constant: no derivative flows through. A view, so it shares memory.
 *
 * @example
 * ```ts
 * const x = tensor([3], { requiresGrad: true });
 * mul(x, stopGradient(x)).sum().backward();
 * x.grad!.toArray() // => [3]
 * ```
 */
export function stopGradient<D extends DType, R extends number>(x: Tensor<D, R>): Tensor<D, R>;
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientRow, [tensorOperand('stopGradient', x)], null);
}
