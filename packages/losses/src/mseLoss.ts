import { square, sub, type Tensor } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import { checkPointwise } from './pointwise.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, tallyOf } from './reduction.js';

/**
 * Squared error: predictions should equal their targets, and large misses matter most.
 *
 *     ℓ = (x − t)²
 *
 * Its minimiser is the mean of the targets. Nothing counted: 0, with gradient 0. An infinite miss costs ∞.
 *
 * @param prediction - `x`, float, any shape.
 * @param target - `t`, of the same shape; never broadcast. Gradients flow to it too, if it asks for them.
 * @param options.reduction - over all elements: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per element; the mean is then Σwℓ / Σw (as PyTorch's `mse_loss`).
 * @returns `[]` in squared units of the target; the prediction's shape under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a weight that is
 *   negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * mseLoss(tensor([1, 2]), tensor([1, 4])).item() // => 2
 * ```
 *
 * @see Legendre, “Nouvelles méthodes pour la détermination des orbites des comètes”, 1805.
 * @see {@link l1Loss} and {@link huberLoss}, which outliers sway less.
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  const where = 'mseLoss';
  checkOptions(where, options, REDUCTION_KEYS);
  checkPointwise(where, prediction, target);
  const tally = tallyOf(where, prediction.shape, prediction.dtype, options);
  return reduce(square(sub(prediction, target)), tally);
}

mseLoss.formula = 'ℓ = (x − t)²';
mseLoss.paper = 'Legendre, Nouvelles méthodes pour la détermination des orbites des comètes, 1805';
mseLoss.denominator = 'Σw over elements; their number without weights';
