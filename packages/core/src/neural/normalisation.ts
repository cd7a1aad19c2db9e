/** @file Activations brought to mean 0 and variance 1, over the batch, over features, or over groups of channels. */
import {
  checkBoolean,
  checkFloat,
  checkHasShape,
  checkNumber,
  checkOptions,
  checkSameDType,
  checkTensor,
} from '../arguments.js';
import { noGrad } from '../autodiff/mode.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { add, mul, rsqrt, square, stopGradient, sub } from '../ops/elementwise.js';
import { assign } from '../ops/inPlace.js';
import { reshape } from '../ops/movement.js';
import { mean } from '../ops/reduce.js';
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from '../shape.js';
import { requireWritable, type Tensor } from '../tensor.js';

/** What normalisations have in common. */
export interface AffineOptions {
  /** Multiplies what was normalised; none by default. */
  readonly weight?: Tensor;
  /** Is added last; none by default. */
  readonly bias?: Tensor;
  /** Is added to the variance, so that a constant gives 0 with a finite derivative. Above 0. Default 1e-5. */
  readonly epsilon?: number;
}

const AFFINE = ['weight', 'bias', 'epsilon'] as const;

/** A tensor with its mean and its biased variance over what `meanOf` folds, and itself brought to 0 and 1. */
interface Standardised {
  readonly value: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Two means are taken off, because the first is rounded: at a mean of 1e8 its error alone would be 1e-8 of a deviation of
 * 1. It counts as a constant: neither value nor derivative of what follows depends on it.
 */
function standardise(x: Tensor, meanOf: (t: Tensor) => Tensor, epsilon: number): Standardised {
  const shift = stopGradient(meanOf(x));
  const near = sub(x, shift);
  const rest = meanOf(near);
  const centred = sub(near, rest);
  const variance = meanOf(square(centred));
  return { value: mul(centred, rsqrt(add(variance, epsilon))), mean: add(shift, rest), variance };
}

/** Checks what all normalisations are given beside x; gives epsilon. */
function checkAffine(
  where: string,
  x: Tensor,
  { weight, bias, epsilon = 1e-5 }: AffineOptions,
  shape: Shape,
): number {
  for (const [argument, t] of Object.entries({ weight, bias })) {
    if (t !== undefined) checkBeside(where, x, argument, t, shape);
  }
  return checkNumber(where, 'epsilon', epsilon, { min: 0, exclusiveMin: true });
}

function checkBeside(where: string, x: Tensor, argument: string, t: unknown, shape: Shape): void {
  checkTensor(where, argument, t);
  checkSameDType(where, 'x', x, argument, t);
  checkHasShape(where, argument, t, shape);
}

/** `x · weight + bias`, with both in a shape that broadcasts to that of x. */
function affine(x: Tensor, { weight, bias }: AffineOptions, shape: Shape): Tensor {
  const scaled = weight === undefined ? x : mul(x, reshape(weight, shape));
  return bias === undefined ? scaled : add(scaled, reshape(bias, shape));
}

/** The shape in which a vector over channels broadcasts to `[N, C, …]`. */
function channelShape(x: Tensor): number[] {
  return [x.shape[1], ...new Array<number>(x.rank - 2).fill(1)];
}

function checkChannelled(where: string, x: unknown): asserts x is Tensor {
  checkFloat(where, 'x', x);
  if (x.rank >= 2) return;
  throw new ShapeError({ where, argument: 'x', must: 'be [N, C, …]', got: `shape ${formatShape(x.shape)}` });
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends AffineOptions {
  /** `[C]`, overwritten in training, read otherwise. No derivative flows to it. */
  readonly runningMean?: Tensor;
  /** `[C]`, overwritten in training, read otherwise. No derivative flows to it. */
  readonly runningVariance?: Tensor;
  /** Whether to use the statistics of the batch, and to move the running ones towards them. Default `false`. */
  readonly training?: boolean;
  /** How far the running statistics move towards those of the batch, 0 … 1. Default 0.1. */
  readonly momentum?: number;
}

interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** The running statistics, both or none. */
function runningOf(
  where: string,
  x: Tensor,
  { runningMean, runningVariance }: BatchNormOptions,
): RunningStatistics | undefined {
  if (runningMean === undefined && runningVariance === undefined) return undefined;
  checkBeside(where, x, 'runningMean', runningMean, [x.shape[1]]);
  checkBeside(where, x, 'runningVariance', runningVariance, [x.shape[1]]);
  return { mean: runningMean as Tensor, variance: runningVariance as Tensor };
}

/** Moves the running statistics towards those of a batch of `count` elements a channel. */
function follow(
  where: string,
  running: RunningStatistics,
  batch: Standardised,
  momentum: number,
  count: number,
): void {
  noGrad(() => {
    requireWritable(where, running.mean);
    requireWritable(where, running.variance);
    const towards = (from: Tensor, to: Tensor): Tensor =>
      add(from, mul(sub(reshape(to, from.shape), from), momentum));
    const nextMean = towards(running.mean, batch.mean);
    // What is kept estimates the variance of all batches: unbiased, where the batch itself is scaled by its own.
    const nextVariance = towards(running.variance, mul(batch.variance, count / (count - 1)));
    assign(running.mean, nextMean);
    assign(running.variance, nextVariance);
  });
}

/**
 * Batch normalisation of each channel of `[N, C, …]`: `(x − mean) / √(variance + ε) · weight + bias`. In training mean and
 * biased variance are those of the batch, and `running ← running + momentum · (batch − running)` in place, with the
 * unbiased variance; otherwise they are the running ones. The variance takes two passes: a mean of 1e8 costs no digits.
 * Under `training` without running statistics nothing is overwritten.
 *
 * @param x - `[N, C, …]`.
 * @throws {@link ArgumentError} without running statistics outside of training, with one of them alone, or for options out
 *   of range; {@link ShapeError} for one value per channel in training, or tensors that do not fit; {@link DTypeError} for
 *   tensors that are not of one float dtype. Nothing is overwritten then.
 *
 * @example
 * ```ts
 * const running = { runningMean: zeros([1]), runningVariance: ones([1]) };
 * batchNorm(tensor([[1], [3]]), { ...running, training: true, epsilon: 1e-12 }).toArray() // => [[-1], [1]]
 * running.runningMean.toArray().map((m) => Math.round(m * 1e6) / 1e6) // => [0.2]
 * ```
 *
 * @see Ioffe, Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate shift",
 *   ICML 2015. {@link layerNorm} and {@link groupNorm} do not depend on the batch.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const where = 'batchNorm';
  checkChannelled(where, x);
  checkOptions(where, options, [...AFFINE, 'runningMean', 'runningVariance', 'training', 'momentum']);
  const channels = x.shape[1];
  const epsilon = checkAffine(where, x, options, [channels]);
  const training = checkBoolean(where, 'training', options.training ?? false);
  const momentum = checkNumber(where, 'momentum', options.momentum ?? 0.1, { min: 0, max: 1 });
  const running = runningOf(where, x, options);
  const shape = channelShape(x);
  if (!training) {
    if (running === undefined) {
      throw new ArgumentError({
        where,
        problem: 'runningMean and runningVariance must be given outside of training',
        hint: 'pass training: true to use the statistics of the batch',
      });
    }
    const centred = sub(x, reshape(stopGradient(running.mean), shape));
    const inverse = rsqrt(add(stopGradient(running.variance), epsilon));
    return affine(mul(centred, reshape(inverse, shape)), options, shape);
  }
  const count = sizeOf([x.shape[0], ...x.shape.slice(2)]);
  if (count < 2) {
    throw new ShapeError({
      where,
      argument: 'x',
      must: 'have more than one value per channel in training',
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  const batch = standardise(x, channelMean, epsilon);
  const y = affine(batch.value, options, shape);
  if (running !== undefined) follow(where, running, batch, momentum, count);
  return y;
}

/** The mean of each channel, `[1, C, 1, …]`: first of each plane, which lies packed, then of the batch. */
function channelMean(x: Tensor): Tensor {
  const planes = x.shape.slice(2).map((_, a) => a + 2);
  const ofPlanes = planes.length === 0 ? x : mean(x, { axis: planes, keepDims: true });
  return mean(ofPlanes, { axis: 0, keepDims: true });
}

/**
 * Layer normalisation: each stretch of the last axes brought to mean 0 and variance 1, `· weight + bias`. The variance is
 * the biased one, in two passes.
 *
 * @param x - `[…, ...normalizedShape]`.
 * @param normalizedShape - extents of the last axes of `x`, all at least 1; a number for the last one alone. `weight` and
 *   `bias` have this shape.
 * @throws {@link ShapeError} when `x` does not end in it, or weight or bias do not fit; {@link DTypeError} for tensors that
 *   are not of one float dtype; {@link ArgumentError} for an `epsilon` that is not above 0.
 *
 * @example
 * ```ts
 * layerNorm(tensor([[1, 3], [5, 5]]), 2, { epsilon: 1e-12 }).toArray() // => [[-1, 1], [0, 0]]
 * ```
 *
 * @see Ba, Kiros, Hinton, "Layer normalization", 2016.
 */
export function layerNorm(x: Tensor, normalizedShape: number | Shape, options: AffineOptions = {}): Tensor {
  const where = 'layerNorm';
  checkFloat(where, 'x', x);
  checkOptions(where, options, AFFINE);
  const list = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  const shape = checkShape(where, 'normalizedShape', list);
  const first = x.rank - shape.length;
  if (shape.length === 0 || shape.includes(0) || first < 0 || !sameShape(x.shape.slice(first), shape)) {
    throw new ShapeError({
      where,
      argument: 'normalizedShape',
      must: `be the last extents of x ${formatShape(x.shape)}, at least one of them and none 0`,
      got: formatShape(shape),
    });
  }
  const epsilon = checkAffine(where, x, options, shape);
  const axis = shape.map((_, a) => first + a);
  const { value } = standardise(x, (t) => mean(t, { axis, keepDims: true }), epsilon);
  return affine(value, options, shape);
}

/** Normalises groups of channels of each example. */
function normaliseGroups(where: string, x: Tensor, groups: number, options: AffineOptions): Tensor {
  const [examples, channels] = x.shape;
  const epsilon = checkAffine(where, x, options, [channels]);
  const size = sizeOf(x.shape.slice(1)) / groups;
  // Of no channels there are no instances either: 0 / 0.
  if (!(size > 0)) {
    throw new ShapeError({
      where,
      argument: 'x',
      must: 'have at least one element in each example',
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  const parted = reshape(x, [examples, groups, size]);
  const { value } = standardise(parted, (t) => mean(t, { axis: -1, keepDims: true }), epsilon);
  return affine(reshape(value, x.shape), options, channelShape(x));
}

/**
 * Group normalisation: the channels of each example of `[N, C, …]` parted into groups, each brought to mean 0 and variance
 * 1, `· weight + bias`.
 *
 * @param x - `[N, C, …]`.
 * @param groups - how many; must divide C. 1 normalises each example as a whole, C each channel by itself.
 * @throws {@link ShapeError} when the groups do not divide the channels, examples have no elements, or weight or bias are
 *   not `[C]`; {@link DTypeError} for tensors that are not of one float dtype; {@link ArgumentError} for an `epsilon` that
 *   is not above 0.
 *
 * @example
 * ```ts
 * groupNorm(tensor([[1, 3, 10, 30]]), 2, { epsilon: 1e-12 }).toArray() // => [[-1, 1, -1, 1]]
 * ```
 *
 * @see Wu, He, "Group normalization", ECCV 2018.
 */
export function groupNorm(x: Tensor, groups: number, options: AffineOptions = {}): Tensor {
  const where = 'groupNorm';
  checkChannelled(where, x);
  checkOptions(where, options, AFFINE);
  checkNumber(where, 'groups', groups, { integer: true, min: 1 });
  if (x.shape[1] % groups !== 0) {
    throw new ShapeError({
      where,
      argument: 'groups',
      must: `divide the ${x.shape[1]} channels of x ${formatShape(x.shape)}`,
      got: `${groups}`,
    });
  }
  return normaliseGroups(where, x, groups, options);
}

/**
 * Instance normalisation: each channel of each example of `[N, C, …]` brought to mean 0 and variance 1, `· weight + bias`.
 *
 * @param x - `[N, C, …]`.
 * @throws {@link ShapeError} when examples have no elements, or weight or bias are not `[C]`; {@link DTypeError} for
 *   tensors that are not of one float dtype; {@link ArgumentError} for an `epsilon` that is not above 0.
 *
 * @example
 * ```ts
 * instanceNorm(tensor([[[1, 3], [10, 30]]]), { epsilon: 1e-12 }).toArray() // => [[[-1, 1], [-1, 1]]]
 * ```
 *
 * @see Ulyanov, Vedaldi, Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016.
 */
export function instanceNorm(x: Tensor, options: AffineOptions = {}): Tensor {
  checkChannelled('instanceNorm', x);
  checkOptions('instanceNorm', options, AFFINE);
  return normaliseGroups('instanceNorm', x, x.shape[1], options);
}
