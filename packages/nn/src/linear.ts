import { ArgumentError, type Generator, linear, ShapeError, type Tensor } from '@ndgrad/core';
import { checkNumber, checkOptions, checkTensor, describeValue, formatShape } from '@ndgrad/core/arguments';
import { kaimingUniform, uniform } from './initialisers.js';
import { Module } from './module.js';
import { parameter } from './parameter.js';

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Whether to add a learned offset. Default `true`. */
  readonly bias?: boolean;
  /** Where the first values are drawn from. Default: the generator that `manualSeed` sets. */
  readonly generator?: Generator | undefined;
  /** dtype of the parameters. Default `'float32'`. */
  readonly dtype?: 'float32' | 'float64';
}

/**
 * An affine map of the last axis.
 *
 *     y = x Wᵀ + b
 *
 * `weight` is `[outFeatures, inFeatures]`, as in PyTorch. Both weight and bias start out uniform in
 * ±1/√inFeatures: PyTorch's Kaiming rule with a = √5. The weight is drawn first, then the bias.
 *
 * @example
 * ```ts
 * import { assign, generator, noGrad, tensor } from '@ndgrad/core';
 * import { Linear } from '@ndgrad/nn';
 *
 * const layer = new Linear(2, 1, { generator: generator(0) });
 * noGrad(() => {
 *   assign(layer.weight, tensor([[2, -1]]));
 *   assign(layer.bias!, tensor([10]));
 * });
 * layer.call(tensor([[1, 1], [3, 0]])).toArray() // => [[11], [16]]
 * ```
 *
 * @see He et al., “Delving deep into rectifiers”, ICCV 2015, for the initialiser.
 */
export class Linear extends Module {
  /** Length of the last axis of what comes in. */
  readonly inFeatures: number;
  /** Length of the last axis of what goes out. */
  readonly outFeatures: number;
  /** `[outFeatures, inFeatures]`. */
  readonly weight: Tensor;
  /** `[outFeatures]`, unless `bias: false`. */
  readonly bias: Tensor | undefined;

  /**
   * @param inFeatures - at least 1.
   * @param outFeatures - at least 1.
   * @param options - see {@link LinearOptions}.
   * @throws ArgumentError for sizes that are not whole and positive, unknown options, another dtype.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const size = { min: 1, integer: true };
    this.inFeatures = checkNumber('Linear', 'inFeatures', inFeatures, size);
    this.outFeatures = checkNumber('Linear', 'outFeatures', outFeatures, size);
    checkOptions('Linear', options, ['bias', 'generator', 'dtype']);
    const { bias = true, ...source } = options;
    if (typeof bias !== 'boolean') {
      const got = describeValue(bias);
      throw new ArgumentError({ where: 'Linear', argument: 'bias', must: 'be true or false', got });
    }
    const shape = [outFeatures, inFeatures];
    this.weight = parameter(kaimingUniform(shape, { ...source, negativeSlope: Math.sqrt(5) }));
    const bound = 1 / Math.sqrt(inFeatures);
    this.bias = bias ? parameter(uniform([outFeatures], { ...source, low: -bound, high: bound })) : undefined;
  }

  /**
   * @param x - `[…, inFeatures]`.
   * @returns `[…, outFeatures]`.
   * @throws ShapeError if the last axis is of another length, or there is none.
   */
  override call(x: Tensor): Tensor {
    checkTensor('Linear', 'x', x);
    const { inFeatures, weight, bias } = this;
    if (x.shape.at(-1) !== inFeatures) {
      throw new ShapeError({
        where: 'Linear',
        argument: 'x',
        must: `have a last axis of length ${inFeatures}`,
        got: `shape ${formatShape(x.shape)}`,
      });
    }
    return linear(x, weight, bias);
  }
}
