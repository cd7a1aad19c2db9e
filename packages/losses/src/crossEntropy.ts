import {
  ArgumentError,
  add,
  where as choose,
  DTypeError,
  eq,
  gather,
  IndexError,
  indexSelect,
  logicalAnd,
  logicalNot,
  logSoftmax,
  max,
  mul,
  multiplyNoNan,
  ne,
  neg,
  reshape,
  ShapeError,
  squeeze,
  sum,
  Tensor,
  tensor,
  unsqueeze,
} from '@ndgrad/core';
import {
  checkFloat,
  checkNumber,
  checkOptions,
  describeValue,
  formatShape,
  inspect,
  typedArrayName,
} from '@ndgrad/core/arguments';
import { axisOf, shapeWithout } from './pointwise.js';
import {
  numbersTensor,
  type Reduction,
  reduce,
  settle,
  type Tally,
  tallyOf,
  type Weight,
} from './reduction.js';
import { checkEach, position, requireTensorInCapture } from './values.js';

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** `'mean'` (default), `'sum'`, `'none'` or `'meanActive'`, over rows. */
  readonly reduction?: Reduction;
  /** One finite, non-negative weight per class, `[C]`. Default: all 1. */
  readonly weight?: Weight;
  /** The target index whose rows do not count. Default −100. Only for index targets. */
  readonly ignoreIndex?: number;
  /** How much of each target is spread evenly over all classes, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /** The class axis of the prediction. Default −1. */
  readonly axis?: number;
}

/**
 * Cross entropy on logits: the class of each row should have the largest logit, by as much as possible.
 *
 *     ℓ = −w_y · log softmax(z)_y                  index targets
 *     ℓ = −Σ_c w_c t_c · log softmax(z)_c          probability targets
 *
 * With label smoothing ε over C classes the target becomes (1 − ε)t + ε/C. `'mean'` divides by Σ w_y over the rows that
 * count (Σ_c w_c t_c for probabilities; the unsmoothed target), by their number without weights.
 *
 * The normaliser is taken in its log1p form: a right answer at z = 40 costs 4.248e-18, not 0. A class at logit −∞ is
 * impossible; it costs ∞ where the target wants it (smoothing wants every class of weight above 0) and nothing else. A
 * row whose logits are all −∞ has no class left and does not count, as if ignored. All rows ignored, all weights 0 or no
 * rows: 0, with gradient 0.
 *
 * @param prediction - logits `z`, float, `[…, C, …]` with the classes along `axis`; `[C]` for a single row.
 * @param target - int32 tensor of the prediction's shape without the class axis, or an `Int32Array` or `number[]` for a
 *   vector of rows: class indices 0…C−1. A float tensor of the prediction's shape: probabilities in [0, 1].
 * @param options.weight - per class, `[C]`. The mean is Σwℓ / Σw for both kinds of target (PyTorch divides by the number of
 *   rows for probabilities).
 * @param options.ignoreIndex - rows with this target do not count, whatever their logits. Default −100.
 * @param options.labelSmoothing - `ε` in [0, 1]. Default 0.
 * @param options.axis - the class axis. Default −1 (PyTorch: 1).
 * @param options.reduction - over rows: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @returns `[]` in nats; the prediction's shape without the class axis under `'none'`.
 * @throws IndexError for a class outside 0…C−1, naming position and value; ShapeError for a target of another shape;
 *   DTypeError for a prediction or target of no fitting dtype; ArgumentError for a probability outside [0, 1], an
 *   option out of range, or an unknown option.
 *
 * @example
 * ```ts
 * const logits = tensor([[0, 0], [0, 1000]]);
 * crossEntropy(logits, [1, 1], { reduction: 'sum' }).item() // => Math.fround(Math.LN2)
 * ```
 *
 * @see Bridle, “Probabilistic Interpretation of Feedforward Classification Network Outputs”, 1990; Szegedy et al.,
 *   “Rethinking the Inception Architecture for Computer Vision”, CVPR 2016, §7 (label smoothing).
 * @see {@link binaryCrossEntropyWithLogits} where several classes may be right at once.
 */
export function crossEntropy(
  prediction: Tensor,
  target: Tensor | Int32Array | readonly number[],
  options: CrossEntropyOptions = {},
): Tensor {
  const where = 'crossEntropy';
  checkOptions(where, options, ['reduction', 'weight', 'ignoreIndex', 'labelSmoothing', 'axis']);
  checkFloat(where, 'prediction', prediction);
  const axis = axisOf(where, prediction, options.axis ?? -1);
  if (prediction.shape[axis] === 0) {
    throw new ShapeError({
      where,
      argument: 'prediction',
      must: 'have at least one class',
      got: formatShape(prediction.shape),
    });
  }
  const smoothing = checkNumber(where, 'labelSmoothing', options.labelSmoothing ?? 0, { min: 0, max: 1 });
  const weights = classWeights(where, prediction, axis, options.weight);
  const job: Job = { where, prediction, axis, smoothing, weights, reduction: options.reduction ?? 'mean' };
  if (target instanceof Tensor && (target.dtype === 'float32' || target.dtype === 'float64')) {
    if (options.ignoreIndex !== undefined) {
      throw new ArgumentError({
        where,
        argument: 'ignoreIndex',
        must: 'be left out when the target is probabilities',
        got: `${options.ignoreIndex}`,
      });
    }
    return fromProbabilities(job, target);
  }
  const ignored = checkNumber(where, 'ignoreIndex', options.ignoreIndex ?? -100, { integer: true });
  return fromIndices(job, indexTensor(job, target), ignored);
}

crossEntropy.formula = 'ℓ = −w_y log softmax(z)_y, or −Σ_c w_c t_c log softmax(z)_c';
crossEntropy.paper =
  'Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, 1990';
crossEntropy.denominator = 'Σ w_y (Σ_c w_c t_c) over the rows that count; their number without weights';

/** One call, checked. */
interface Job {
  readonly where: string;
  readonly prediction: Tensor;
  readonly axis: number;
  readonly smoothing: number;
  /** Class weights `[C]`. */
  readonly weights: Tensor | undefined;
  readonly reduction: Reduction;
}

function fromIndices(job: Job, target: Tensor, ignoreIndex: number): Tensor {
  const { where, prediction, axis, smoothing, weights, reduction } = job;
  const count = prediction.shape[axis] ?? 0;
  checkClasses(where, target, count, ignoreIndex);
  const ignored = eq(target, ignoreIndex);
  const classes = choose(ignored, 0, target);
  const share = weights && reshape(indexSelect(weights, 0, reshape(classes, [classes.size])), classes.shape);
  let counted = logicalAnd(logicalNot(ignored), somethingPossible(prediction, axis));
  // Under smoothing a row of weight 0 still answers for the other classes.
  if (share !== undefined && smoothing === 0) counted = logicalAnd(counted, ne(share, 0));
  const tally = tallyFor(job, counted, reduction);
  const logits = settle(prediction, { ...tally, counted: unsqueeze(counted, axis) });
  const costs = neg(logSoftmax(logits, { axis }));
  const picked = squeeze(gather(costs, axis, unsqueeze(classes, axis)), { axis });
  let terms = share === undefined ? picked : multiplyNoNan(picked, share);
  if (smoothing > 0) {
    const spread = sum(weights === undefined ? costs : weighted(costs, weights, axis), { axis });
    terms = add(multiplyNoNan(terms, 1 - smoothing), mul(spread, smoothing / count));
  }
  return reduce(terms, tally, share);
}

function fromProbabilities(job: Job, target: Tensor): Tensor {
  const { where, prediction, axis, smoothing, weights, reduction } = job;
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError({
      where,
      argument: 'target',
      must: `have the shape of prediction, ${formatShape(prediction.shape)}, to be probabilities`,
      got: `a ${target.dtype} tensor of shape ${formatShape(target.shape)}`,
      hint: "class indices are int32: target.cast('int32')",
    });
  }
  checkEach(where, 'target', target, (t) => t >= 0 && t <= 1, 'hold probabilities, in [0, 1]');
  const count = prediction.shape[axis] ?? 0;
  let counted = somethingPossible(prediction, axis);
  const weightedTarget = weights === undefined ? target : weighted(target, weights, axis);
  const share = weights === undefined ? undefined : sum(weightedTarget, { axis });
  if (share !== undefined && smoothing === 0) counted = logicalAnd(counted, ne(share, 0));
  const tally = tallyFor(job, counted, reduction);
  const logits = settle(prediction, { ...tally, counted: unsqueeze(counted, axis) });
  const smooth = smoothing === 0 ? target : add(mul(target, 1 - smoothing), smoothing / count);
  const wanted = weights === undefined ? smooth : weighted(smooth, weights, axis);
  // Select, not multiply: a masked class has log-probability −∞ and target 0.
  const terms = sum(multiplyNoNan(neg(logSoftmax(logits, { axis })), wanted), { axis });
  return reduce(terms, tally, share);
}

function tallyFor({ where, prediction }: Job, counted: Tensor, reduction: Reduction): Tally {
  return tallyOf(where, counted.shape, prediction.dtype, { reduction }, counted);
}

/** Rows in which some logit is not −∞. A NaN row is such a row: NaN is never hidden. */
function somethingPossible(prediction: Tensor, axis: number): Tensor {
  return ne(max(prediction, { axis }), -Infinity);
}

/** x · w along the class axis, and 0 where w is 0. */
function weighted(x: Tensor, weights: Tensor, axis: number): Tensor {
  const shape = x.shape.map((extent, k) => (k === axis ? extent : 1));
  return multiplyNoNan(x, reshape(weights, shape));
}

function classWeights(
  where: string,
  prediction: Tensor,
  axis: number,
  given: Weight | undefined,
): Tensor | undefined {
  if (given === undefined) return undefined;
  const weights = numbersTensor(where, 'weight', given, prediction.dtype);
  const count = prediction.shape[axis];
  if (weights.rank !== 1 || weights.size !== count) {
    throw new ShapeError({
      where,
      argument: 'weight',
      must: `have one entry per class, [${count}]`,
      got: formatShape(weights.shape),
    });
  }
  return weights;
}

function sameShape(shape: readonly number[], other: readonly number[]): boolean {
  return shape.length === other.length && shape.every((extent, k) => extent === other[k]);
}

/** Class indices as an int32 tensor of the prediction's shape without the class axis. */
function indexTensor({ where, prediction, axis }: Job, target: unknown): Tensor {
  const indices = target instanceof Tensor ? target : indicesOf(where, target);
  if (indices.dtype !== 'int32') {
    throw new DTypeError({
      where,
      argument: 'target',
      must: 'be int32 class indices or float probabilities',
      got: indices.dtype,
      hint: "target.cast('int32')",
    });
  }
  const shape = shapeWithout(prediction, axis);
  if (!sameShape(shape, indices.shape)) {
    throw new ShapeError({
      where,
      argument: 'target',
      must: `have one index per row, ${formatShape(shape)}`,
      got: formatShape(indices.shape),
      hint: `prediction is ${formatShape(prediction.shape)} with its classes along axis ${axis}; float targets of that shape are probabilities`,
    });
  }
  return indices;
}

function indicesOf(where: string, target: unknown): Tensor {
  requireTensorInCapture(where, 'target', describeValue(target), 'an int32 tensor');
  if (typedArrayName(target) === 'Int32Array') return tensor(target as Int32Array);
  if (!Array.isArray(target)) {
    throw new ArgumentError({
      where,
      argument: 'target',
      must: 'be an int32 tensor, an Int32Array or an array of class indices, or a float tensor of probabilities',
      got: describeValue(target),
    });
  }
  const values = target as readonly unknown[];
  const at = values.findIndex((value) => typeof value !== 'number' || value !== (value | 0));
  if (at !== -1) {
    throw new IndexError({
      where,
      argument: 'target',
      must: 'hold class indices',
      got: `${describeValue(values[at])} at position ${at}`,
    });
  }
  return tensor(Int32Array.from(values as readonly number[]));
}

function checkClasses(where: string, target: Tensor, count: number, ignoreIndex: number): void {
  inspect(where, target, (i, value) => {
    if (value === ignoreIndex || (value >= 0 && value < count)) return;
    throw new IndexError({
      where,
      argument: 'target',
      must: `lie in 0…${count - 1} or be ignoreIndex ${ignoreIndex}`,
      got: `${value} at ${position(i, target.shape)}`,
    });
  });
}
