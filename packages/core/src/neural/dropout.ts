/** @file Noise that keeps a network from leaning on single units. */
import { checkBoolean, checkFloat, checkNumber, checkOptions } from '../arguments.js';
import { ge, mul, where as select } from '../ops/elementwise.js';
import { type Generator, generatorOf, rand } from '../random.js';
import type { Tensor } from '../tensor.js';

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** Where the draws come from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
  /** Whether to drop at all: `false` gives `x` back. Default `true`. */
  readonly training?: boolean;
}

/**
 * Each element becomes 0 with probability `p`, else `x / (1 − p)`, so that expectations stay. The derivative goes through
 * the elements that were kept; a NaN that is dropped is gone. A captured step draws anew at each replay.
 *
 * @param p - in 0 … 1. Default 0.5. 0 gives `x` back and 1 zeros, without a draw.
 * @throws {@link ArgumentError} for a `p` outside of 0 … 1 or a generator that is none; {@link DTypeError} for integers.
 *
 * @example
 * ```ts
 * dropout(tensor([1, 2, 3]), 1).toArray() // => [0, 0, 0]
 * const y = dropout(ones([1000]), 0.25, { generator: generator(0) });
 * Math.abs(y.mean().item() - 1) < 0.1 // => true
 * ```
 *
 * @see Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent neural networks from
 *   overfitting", JMLR 2014.
 */
export function dropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  const where = 'dropout';
  checkFloat(where, 'x', x);
  checkOptions(where, options, ['generator', 'training']);
  const source = generatorOf(where, options.generator);
  const training = checkBoolean(where, 'training', options.training ?? true);
  const share = checkNumber(where, 'p', p, { min: 0, max: 1 });
  if (!training || share === 0) return x;
  if (share === 1) return select(false, x, 0);
  // float32 draws whatever the dtype of x: the mask is a function of the seed alone.
  const kept = ge(rand(x.shape, { generator: source }), share);
  return select(kept, mul(x, 1 / (1 - share)), 0);
}
