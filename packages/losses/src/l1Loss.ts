import { abs, sub, type Tensor } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import { checkPointwise } from './pointwise.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, tallyOf } from './reduction.js';

/**
 * Absolute error: predictions should equal their targets, and every unit of a miss costs the same.
 *
 *     ℓ = |x − t|
 *
 * Its minimiser is the median of the targets. At an exact fit the gradient is 0. Nothing counted: 0, with gradient 0.
 *
 * @param prediction - `x`, float, any shape.
 * @param target - `t`, of the same shape; never broadcast.
 * @param options.reduction - over all elements: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per element; the mean is then Σwℓ / Σw (as PyTorch's `l1_loss`).
 * @returns `[]` in the units of the target; the prediction's shape under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a weight that is
 *   negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * l1Loss(tensor([1, 2]), tensor([1, 4])).item() // => 1
 * ```
 *
 * @see Boscovich, “De litteraria expeditione per pontificiam ditionem”, 1757.
 * @see {@link huberLoss}, which is smooth at the fit.
 */
export function l1Loss(prediction: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  const where = 'l1Loss';
  checkOptions(where, options, REDUCTION_KEYS);
  checkPointwise(where, prediction, target);
  const tally = tallyOf(where, prediction.shape, prediction.dtype, options);
  return reduce(abs(sub(prediction, target)), tally);
}

l1Loss.formula = 'ℓ = |x − t|';
l1Loss.paper = 'Boscovich, De litteraria expeditione per pontificiam ditionem, 1757';
l1Loss.denominator = 'Σw over elements; their number without weights';
