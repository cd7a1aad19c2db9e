import { mul, relu, sub, type Tensor } from '@ndgrad/core';
import { checkOptions } from '@ndgrad/core/arguments';
import { checkPointwise } from './pointwise.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, tallyOf } from './reduction.js';
import { checkEach } from './values.js';

/**
 * Hinge loss of the support vector machine: a score should have its target's sign and lie beyond 1. Right answers that
 * are not sure enough still cost.
 *
 *     ℓ = max(0, 1 − t·x)
 *
 * On the hinge itself, t·x = 1, the gradient is 0. Nothing counted: 0, with gradient 0.
 *
 * @param prediction - scores `x`, float, any shape.
 * @param target - `t`, −1 or 1, of the same shape; never broadcast, never mapped from 0 and 1.
 * @param options.reduction - over all elements: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per element; the mean is then Σwℓ / Σw.
 * @returns `[]`; the prediction's shape under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a counted target
 *   other than ±1, a weight that is negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * hingeLoss(tensor([2, 0.5, -1]), tensor([1, 1, 1]), { reduction: 'none' }).toArray() // => [0, 0.5, 2]
 * ```
 *
 * @see Cortes and Vapnik, “Support-Vector Networks”, Machine Learning 20, 1995.
 * @see {@link binaryCrossEntropyWithLogits}, which is smooth and never quite satisfied.
 */
export function hingeLoss(prediction: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  const where = 'hingeLoss';
  checkOptions(where, options, REDUCTION_KEYS);
  checkPointwise(where, prediction, target);
  const tally = tallyOf(where, prediction.shape, prediction.dtype, options);
  checkEach(where, 'target', target, (t) => t === 1 || t === -1, 'be −1 or 1', {
    counted: tally.counted,
    hint: 'for 0 and 1, pass target.mul(2).sub(1)',
  });
  return reduce(relu(sub(1, mul(target, prediction))), tally);
}

hingeLoss.formula = 'ℓ = max(0, 1 − t·x), t = ±1';
hingeLoss.paper = 'Cortes and Vapnik, Support-Vector Networks, Machine Learning 20, 1995';
hingeLoss.denominator = 'Σw over elements; their number without weights';
