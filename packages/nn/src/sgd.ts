import { ArgumentError, momentumUpdate, sgdUpdate, type Tensor } from '@ndgrad/core';
import { checkNumber, checkOptions, describeValue } from '@ndgrad/core/arguments';
import { type Clock, Optimizer } from './optimizer.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Size of the steps, at least 0. Default 0.001. */
  readonly learningRate?: number;
  /** How much of the last velocity is kept, at least 0. Default 0: no velocity at all. */
  readonly momentum?: number;
  /** How much of each gradient is held back from the velocity, except the first. Default 0. */
  readonly dampening?: number;
  /** Whether to look ahead along the velocity (Nesterov). Needs momentum above 0 and dampening 0. Default `false`. */
  readonly nesterov?: boolean;
  /** How much of the parameter is added to its gradient (L2 penalty), at least 0. Default 0. */
  readonly weightDecay?: number;
}

/** What {@link SGD} keeps per parameter when it has momentum. */
type Velocity = { readonly velocity?: Tensor };

/**
 * Stochastic gradient descent, with momentum if asked for.
 *
 *     g ← gradient + weightDecay · p
 *     v ← momentum · v + (1 − dampening) · g        first step: v ← g
 *     p ← p − learningRate · v                      Nesterov: g + momentum · v instead of v
 *
 * Steps equal PyTorch's `torch.optim.SGD`. Numbers that change between steps are read anew each time, so a captured
 * step replays them.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { SGD } from '@ndgrad/nn';
 *
 * const w = tensor([4, -2], { requiresGrad: true });
 * const optimizer = new SGD([w], { learningRate: 0.25 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.toArray() // => [2, -1]
 * ```
 *
 * @see Sutskever et al., “On the importance of initialization and momentum in deep learning”, ICML 2013; as in PyTorch
 *   the learning rate stands outside of the velocity. {@link Adam} where gradients differ much in size.
 */
export class SGD extends Optimizer<Velocity> {
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;

  /**
   * @param parameters - leaves that require a gradient, each once: `model.parameters()`.
   * @param options - see {@link SGDOptions}.
   * @throws ArgumentError for an empty list, anything in it that is not such a leaf, duplicates, numbers outside of
   *   their ranges, unknown options.
   */
  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    checkOptions('SGD', options, ['learningRate', 'momentum', 'dampening', 'nesterov', 'weightDecay']);
    const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    checkNumber('SGD', 'momentum', momentum, { min: 0 });
    checkNumber('SGD', 'dampening', dampening);
    checkNumber('SGD', 'weightDecay', weightDecay, { min: 0 });
    checkNesterov(nesterov, momentum, dampening);
    super(
      'SGD',
      parameters,
      learningRate,
      momentum === 0 ? [] : ['velocity'],
      momentum === 0 || dampening === 0 ? [] : [1],
      4,
    );
    this.momentum = momentum;
    this.dampening = dampening;
    this.nesterov = nesterov;
    this.weightDecay = weightDecay;
  }

  /** @internal */
  protected override numbers([clock]: readonly Clock[]): readonly number[] {
    clock?.tick();
    // The first velocity is the bare gradient: it starts from 0, so only the factor has to know.
    const share = clock === undefined || clock.steps === 1 ? 1 : 1 - this.dampening;
    return [this.learningRate, this.weightDecay, this.momentum, share];
  }

  /** @internal */
  protected override update(
    p: Tensor,
    gradient: Tensor,
    { velocity }: Velocity,
    numbers: Tensor,
    at: number,
  ): void {
    if (velocity === undefined) sgdUpdate(p, gradient, numbers, at);
    else momentumUpdate(p, velocity, gradient, this.nesterov, numbers, at);
  }
}

function checkNesterov(nesterov: unknown, momentum: number, dampening: number): void {
  if (nesterov === false) return;
  const refuse = (must: string, got: string): ArgumentError =>
    new ArgumentError({ where: 'SGD', argument: 'nesterov', must, got });
  if (nesterov !== true) throw refuse('be true or false', describeValue(nesterov));
  if (momentum === 0) throw refuse('go with momentum above 0', 'momentum 0');
  if (dampening !== 0) throw refuse('go with dampening 0', `dampening ${dampening}`);
}
