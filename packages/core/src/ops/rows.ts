/** @file Ops along one axis that keep its length: softmax and its like, unit vectors. */
import { rows as kernels } from '@ndgrad/kernels';
import { checkNumber, checkOptions } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import type { Op } from '../autodiff/node.js';
import { floatOf } from '../dtype.js';
import { checkAxis } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { alongAxis, alongLastAxis } from './alongAxis.js';
import { cast, operand, type RankOf, type TensorLike, type UnaryDType } from './define.js';
import { divideNoNan, exp, maximum, mul, neg, sub } from './elementwise.js';
import type { SingleAxisOptions } from './movement.js';
import { norm, sum } from './reduce.js';

const LAST = { axis: -1, keepDims: true } as const;

const softmaxGradientRow: Op<null> = alongLastAxis({
  name: 'softmaxGradient',
  kernel: kernels.softmaxGradient,
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, y] }) => apply(softmaxGradientRow, [g, y], null),
    // of y (h − Σ h y) by y
    (g, { inputs: [h, y] }) => sub(mul(g, sub(h, sum(mul(h, y), LAST))), mul(h, sum(mul(g, y), LAST))),
  ],
});

const softmaxRow = alongLastAxis({
  name: 'softmax',
  kernel: kernels.softmax,
  saves: { output: true },
  vjp: [(g, { output: y }) => apply(softmaxGradientRow, [g, y], null)],
});

/**
 * `eˣ / Σ eˣ` along an axis, the last by default, without overflow. A row of −Infinity is the limit of equal logits and
 * gives equal shares. Integers give float32.
 *
 * @example
 * ```ts
 * softmax(tensor([1000, 1000])).toArray() // => [0.5, 0.5]
 * ```
 */
export function softmax<X extends TensorLike>(
  x: X,
  options?: SingleAxisOptions,
): Tensor<UnaryDType<X>, RankOf<X>>;
export function softmax(x: TensorLike, options: SingleAxisOptions = {}): Tensor {
  return alongAxis('softmax', x, options, softmaxRow, 'float');
}

const logSoftmaxGradientRow: Op<null> = alongLastAxis({
  name: 'logSoftmaxGradient',
  kernel: kernels.logSoftmaxGradient,
  saves: { inputs: [0, 1] },
  vjp: [
    (g, { inputs: [, y] }) => sub(g, sum(mul(g, exp(y)), LAST)),
    (g, { inputs: [h, y] }) => neg(mul(mul(g, exp(y)), sum(h, LAST))),
  ],
});

const logSoftmaxRow = alongLastAxis({
  name: 'logSoftmax',
  kernel: kernels.logSoftmax,
  saves: { output: true },
  vjp: [(g, { output: y }) => apply(logSoftmaxGradientRow, [g, y], null)],
});

/**
 * Logarithm of {@link softmax}, in a form that keeps the tiny loss of a sure class.
 *
 * @example
 * ```ts
 * logSoftmax(tensor([0, 1000])).toArray() // => [-1000, 0]
 * ```
 */
export function logSoftmax<X extends TensorLike>(
  x: X,
  options?: SingleAxisOptions,
): Tensor<UnaryDType<X>, RankOf<X>>;
export function logSoftmax(x: TensorLike, options: SingleAxisOptions = {}): Tensor {
  return alongAxis('logSoftmax', x, options, logSoftmaxRow, 'float');
}

/** Options of {@link normalize}. */
export interface NormalizeOptions extends SingleAxisOptions {
  /** Vectors shorter than this are divided by it instead of by their length. Default 0. */
  readonly epsilon?: number;
}

/**
 * Vectors along an axis, the last by default, divided by their Euclidean length. Vectors of length 0 stay 0 and get a
 * derivative of 0, so no `epsilon` is needed.
 *
 * @throws {@link ArgumentError} for a negative `epsilon`.
 *
 * @example
 * ```ts
 * normalize(tensor([[3, 4], [0, 0]])).toArray() // => [[0.6, 0.8], [0, 0]]
 * ```
 */
export function normalize<X extends TensorLike>(
  x: X,
  options?: NormalizeOptions,
): Tensor<UnaryDType<X>, RankOf<X>>;
export function normalize(x: TensorLike, options: NormalizeOptions = {}): Tensor {
  const given = operand('normalize', x);
  checkOptions('normalize', options, ['axis', 'epsilon']);
  const epsilon = checkNumber('normalize', 'epsilon', options.epsilon ?? 0, { min: 0 });
  const axis = checkAxis('normalize', 'axis', options.axis ?? -1, given.rank);
  const t = cast(given, floatOf(given.dtype));
  const length = norm(t, { axis, keepDims: true });
  return divideNoNan(t, epsilon === 0 ? length : maximum(length, epsilon));
}
