import {
  add,
  mul,
  multiplyNoNan,
  neg,
  ShapeError,
  sigmoidCrossEntropy,
  softplus,
  sub,
  Tensor,
} from '@ndgrad/core';
import { checkNumber, checkOptions, formatShape } from '@ndgrad/core/arguments';
import { checkPointwise } from './pointwise.js';
import {
  numbersTensor,
  REDUCTION_KEYS,
  type ReductionOptions,
  reduce,
  tallyOf,
  type Weight,
} from './reduction.js';
import { checkEach } from './values.js';

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** What a positive counts against a negative: one number, or one per entry of the last axis. Default 1. */
  readonly positiveWeight?: number | Weight;
}

/**
 * Binary cross entropy on logits: each logit should say whether its target is 1, independently of the others. With
 * several outputs per sample this is multi-label classification.
 *
 *     ℓ = c·t·softplus(−z) + (1 − t)·softplus(z)  =  −c·t·log σ(z) − (1 − t)·log(1 − σ(z))
 *
 * Both parts are positive, so nothing cancels: z = 40 with t = 1 costs 4.248e-18. A sure and right logit of ±∞ costs 0,
 * a wrong one ∞. Nothing counted: 0, with gradient 0.
 *
 * @param prediction - logits `z`, float, any shape.
 * @param target - `t` in [0, 1], of the same shape; never broadcast. Bool and int32 are read as 0 and 1; values
 *   between are soft targets.
 * @param options.positiveWeight - `c ≥ 0`: a number, or `[k]` along the last axis. Default 1.
 * @param options.reduction - over all elements: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per element; the mean is then Σwℓ / Σw (PyTorch divides by the number of elements
 *   instead). `positiveWeight` is part of ℓ and not of the denominator, as in PyTorch.
 * @returns `[]` in nats; the prediction's shape under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a counted target
 *   outside [0, 1], a weight that is negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * binaryCrossEntropyWithLogits(tensor([0, -1000]), tensor([1, 0])).item() / Math.LN2 // => 0.5
 * ```
 *
 * @see Cox, “The Regression Analysis of Binary Sequences”, Journal of the Royal Statistical Society B 20, 1958.
 * @see {@link crossEntropy} for exactly one class of many.
 */
export function binaryCrossEntropyWithLogits(
  prediction: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const where = 'binaryCrossEntropyWithLogits';
  checkOptions(where, options, ['positiveWeight', ...REDUCTION_KEYS]);
  checkPointwise(where, prediction, target);
  const positiveWeight = positiveWeightOf(where, prediction, options.positiveWeight ?? 1);
  const tally = tallyOf(where, prediction.shape, prediction.dtype, options);
  checkEach(where, 'target', target, (t) => t >= 0 && t <= 1, 'lie in [0, 1]', {
    counted: tally.counted,
    hint: 'targets are probabilities, predictions are logits',
  });
  if (positiveWeight === 1) return reduce(sigmoidCrossEntropy(prediction, target), tally);
  // Select, not multiply: an infinite logit on the right side would give 0 · ∞.
  const missed = multiplyNoNan(softplus(neg(prediction)), target);
  const claimed = multiplyNoNan(softplus(prediction), sub(1, target));
  return reduce(add(mul(missed, positiveWeight), claimed), tally);
}

binaryCrossEntropyWithLogits.formula = 'ℓ = c·t·softplus(−z) + (1 − t)·softplus(z)';
binaryCrossEntropyWithLogits.paper =
  'Cox, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20, 1958';
binaryCrossEntropyWithLogits.denominator = 'Σw over elements; their number without weights';

function positiveWeightOf(where: string, prediction: Tensor, given: number | Weight): number | Tensor {
  if (typeof given === 'number') return checkNumber(where, 'positiveWeight', given, { min: 0 });
  const weights = numbersTensor(where, 'positiveWeight', given, prediction.dtype);
  const width = prediction.shape.at(-1);
  const scalar = given instanceof Tensor && weights.rank === 0;
  if (!scalar && (weights.rank !== 1 || weights.size !== width)) {
    throw new ShapeError({
      where,
      argument: 'positiveWeight',
      must: `be a number or have one entry per entry of the last axis of ${formatShape(prediction.shape)}`,
      got: formatShape(weights.shape),
    });
  }
  return weights;
}
