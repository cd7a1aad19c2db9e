import { where as choose, exp, gt, log, mul, ne, sub, sum, type Tensor, unsqueeze } from '@ndgrad/core';
import { checkBoolean, checkOptions } from '@ndgrad/core/arguments';
import { axisOf, checkPointwise, shapeWithout } from './pointwise.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, settle, tallyOf } from './reduction.js';
import { checkEach } from './values.js';

/** Options of {@link klDivergence}. */
export interface KlDivergenceOptions extends ReductionOptions {
  /** The axis along which each distribution lies. Default −1. */
  readonly axis?: number;
  /** Whether the target holds log-probabilities too. Default `false`: probabilities. */
  readonly logTarget?: boolean;
}

/**
 * Kullback–Leibler divergence of the predicted distribution from the target: what it costs, in nats, to code the target
 * with the prediction's code.
 *
 *     ℓ = KL(P ‖ Q) = Σ_c p_c (log p_c − log q_c)
 *
 * One term per distribution. Where p_c = 0 the summand is 0, whatever q_c; where q_c = 0 < p_c it is ∞. Sums are not
 * checked: for rows that do not sum to 1 this is the formula above and may be negative. Not symmetric: the roles matter.
 * At p_c = 0 the gradient to the target is taken as 0 (the true limit is −∞). Nothing counted: 0, with gradient 0.
 *
 * @param prediction - `log q`, log-probabilities, float, any shape with an axis of classes: `logSoftmax(logits)`.
 * @param target - `p`, probabilities, of the same shape; `log p` under `logTarget`.
 * @param options.axis - the class axis. Default −1.
 * @param options.logTarget - whether the target is `log p`. Default `false`.
 * @param options.reduction - over distributions: `'mean'` (default; PyTorch's `'batchmean'`, whose own `'mean'` divides by the
 *   number of elements), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per distribution; the mean is then Σwℓ / Σw.
 * @returns `[]` in nats; the prediction's shape without the class axis under `'none'`.
 * @throws ShapeError for shapes that differ; DTypeError for an integer prediction; ArgumentError for a counted target that
 *   is no probability, a weight that is negative or not finite, or an unknown option.
 *
 * @example
 * ```ts
 * const q = tensor([0.5, 0.5], { dtype: 'float64' });
 * klDivergence(q.log(), tensor([1, 0], { dtype: 'float64' })).item() // => Math.LN2
 * ```
 *
 * @see Kullback and Leibler, “On Information and Sufficiency”, Annals of Mathematical Statistics 22, 1951.
 * @see {@link crossEntropy}: the same gradient to the prediction for a fixed target, plus the target's entropy.
 */
export function klDivergence(prediction: Tensor, target: Tensor, options: KlDivergenceOptions = {}): Tensor {
  const where = 'klDivergence';
  checkOptions(where, options, ['axis', 'logTarget', ...REDUCTION_KEYS]);
  checkPointwise(where, prediction, target);
  const { logTarget = false } = options;
  checkBoolean(where, 'logTarget', logTarget);
  const axis = axisOf(where, prediction, options.axis ?? -1);
  const tally = tallyOf(where, shapeWithout(prediction, axis), prediction.dtype, options);
  const rows = tally.counted === undefined ? tally : { ...tally, counted: unsqueeze(tally.counted, axis) };
  const fixed = settle(target, rows);
  const must = logTarget ? 'be log-probabilities, not above 0' : 'be probabilities, in [0, 1]';
  checkEach(where, 'target', fixed, (p) => (logTarget ? p <= 0 : p >= 0 && p <= 1), must, {
    hint: logTarget ? 'logTarget: false takes probabilities' : 'logTarget: true takes log-probabilities',
  });
  // A class that the target rules out is selected away: 0 · (log 0 − log 0) would be NaN.
  const possible = logTarget ? ne(fixed, -Infinity) : gt(fixed, 0);
  const p = logTarget ? exp(fixed) : fixed;
  const logP = logTarget ? choose(possible, fixed, 0) : log(choose(possible, fixed, 1));
  const logQ = choose(possible, settle(prediction, rows), 0);
  return reduce(sum(mul(p, sub(logP, logQ)), { axis }), tally);
}

klDivergence.formula = 'ℓ = Σ_c p_c (log p_c − log q_c)';
klDivergence.paper =
  'Kullback and Leibler, On Information and Sufficiency, Annals of Mathematical Statistics 22, 1951';
klDivergence.denominator = 'Σw over distributions; their number without weights';
