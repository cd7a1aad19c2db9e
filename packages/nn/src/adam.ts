import { ArgumentError, adamUpdate, type Tensor } from '@ndgrad/core';
import { checkNumber, checkOptions, describeValue } from '@ndgrad/core/arguments';
import { type Clock, Optimizer } from './optimizer.js';

/** Options of {@link Adam}. */
export interface AdamOptions {
  /** Size of the steps, at least 0. Default 0.001. */
  readonly learningRate?: number;
  /** Decay of the first and second moment, each in [0, 1). Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment, above 0. Default 1e-8. */
  readonly epsilon?: number;
  /** How much of the parameter is added to its gradient (L2 penalty, not AdamW's), at least 0. Default 0. */
  readonly weightDecay?: number;
}

/** What {@link Adam} keeps per parameter. */
type Moments = { readonly firstMoment: Tensor; readonly secondMoment: Tensor };

/**
 * Adam: steps of a size that gradients of any scale agree on.
 *
 *     g ← gradient + weightDecay · p
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     p ← p − learningRate / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * `t` counts the steps of each parameter by itself: one without a gradient is left out, and so is its count. βᵗ is a
 * running product in double precision. ε stands outside of the root. Steps equal PyTorch's `torch.optim.Adam`; unlike
 * there ε must be above 0, since a gradient of 0 would otherwise give 0/0.
 *
 * Numbers that change between steps are read anew each time, so a captured step replays them.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { Adam } from '@ndgrad/nn';
 *
 * const w = tensor([1, -100], { dtype: 'float64', requiresGrad: true });
 * const optimizer = new Adam([w], { learningRate: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.toArray().map((x) => Math.round(x * 1e6) / 1e6) // => [0.5, -99.5]
 * ```
 *
 * @see Kingma, Ba, “Adam: a method for stochastic optimization”, ICLR 2015, algorithm 1. {@link SGD}.
 */
export class Adam extends Optimizer<Moments> {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;

  /**
   * @param parameters - leaves that require a gradient, each once: `model.parameters()`.
   * @param options - see {@link AdamOptions}.
   * @throws ArgumentError for an empty list, anything in it that is not such a leaf, duplicates, numbers outside of
   *   their ranges, unknown options.
   */
  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    checkOptions('Adam', options, ['learningRate', 'betas', 'epsilon', 'weightDecay']);
    const { learningRate = 1e-3, epsilon = 1e-8, weightDecay = 0 } = options;
    const betas = checkBetas(options.betas ?? [0.9, 0.999]);
    checkNumber('Adam', 'epsilon', epsilon, { min: 0, exclusiveMin: true });
    checkNumber('Adam', 'weightDecay', weightDecay, { min: 0 });
    super('Adam', parameters, learningRate, ['firstMoment', 'secondMoment'], betas, 6);
    this.betas = betas;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
  }

  /** @internal */
  protected override numbers([clock1, clock2]: readonly Clock[]): readonly number[] {
    const [beta1, beta2] = this.betas;
    const stepSize = this.learningRate / (1 - (clock1 as Clock).tick());
    const correction = Math.sqrt(1 - (clock2 as Clock).tick());
    return [stepSize, correction, beta1, beta2, this.epsilon, this.weightDecay];
  }

  /** @internal */
  protected override update(
    p: Tensor,
    gradient: Tensor,
    moments: Moments,
    numbers: Tensor,
    at: number,
  ): void {
    adamUpdate(p, moments, gradient, numbers, at);
  }
}

function checkBetas(betas: unknown): readonly [number, number] {
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new ArgumentError({
      where: 'Adam',
      argument: 'betas',
      must: 'be two numbers',
      got: describeValue(betas),
      hint: 'write [0.9, 0.999]',
    });
  }
  const range = { min: 0, max: 1, exclusiveMax: true };
  return [checkNumber('Adam', 'betas[0]', betas[0], range), checkNumber('Adam', 'betas[1]', betas[1], range)];
}
