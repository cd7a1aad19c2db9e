import { abs, add, minimum, mul, square, sub, type Tensor } from '@ndgrad/core';
import { checkNumber, checkOptions } from '@ndgrad/core/arguments';
import { checkPointwise } from './pointwise.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, tallyOf } from './reduction.js';

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends ReductionOptions {
  /** The miss beyond which the cost grows linearly, above 0, in the units of the target. Default 1. */
  readonly delta?: number;
}

/**
 * Huber's loss: squared error for small misses, absolute error for large ones.
 *
 *     ℓ = ½e²            where |e| ≤ δ,  e = x − t
 *     ℓ = δ(|e| − ½δ)    beyond
 *
 * Value and slope are continuous at δ. Nothing counted: 0, with gradient 0.
 *
 * @param prediction - `x`, float, any shape.
 * @param target - `t`, of the same shape; never broadcast.
 * @param options.delta - `δ > 0`, in the units of the target. Default 1.
 * @param options.reduction - over all elements: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per element; the mean is then Σwℓ / Σw (PyTorch's `huber_loss` divides by the number of
 *   elements instead).
 * @returns `[]` in squared units of the target; the prediction's shape under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a δ that is not
 *   positive and finite, a weight that is negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * huberLoss(tensor([0, 3]), tensor([0.5, 0]), { reduction: 'none' }).toArray() // => [0.125, 2.5]
 * ```
 *
 * @see Huber, “Robust Estimation of a Location Parameter”, Annals of Mathematical Statistics 35, 1964.
 * @see {@link mseLoss}, {@link l1Loss}: the limits of large and (divided by δ) small δ.
 */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const where = 'huberLoss';
  checkOptions(where, options, ['delta', ...REDUCTION_KEYS]);
  checkPointwise(where, prediction, target);
  const delta = checkNumber(where, 'delta', options.delta ?? 1, { min: 0, exclusiveMin: true });
  const tally = tallyOf(where, prediction.shape, prediction.dtype, options);
  const miss = abs(sub(prediction, target));
  // One form for both sides: the part up to δ squared, what is beyond it linear.
  const near = minimum(miss, delta);
  return reduce(add(mul(square(near), 0.5), mul(sub(miss, near), delta)), tally);
}

huberLoss.formula = 'ℓ = ½e² where |e| ≤ δ, else δ(|e| − ½δ), with e = x − t';
huberLoss.paper =
  'Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35, 1964';
huberLoss.denominator = 'Σw over elements; their number without weights';
