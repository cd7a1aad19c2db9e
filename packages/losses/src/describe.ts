/** @file What a loss says of itself. */
import { ArgumentError } from '@ndgrad/core';
import { describeValue } from '@ndgrad/core/arguments';

/** What hangs on every loss function. */
export interface LossFacts {
  /** The term, in plain text. */
  readonly formula: string;
  /** Where it comes from. */
  readonly paper: string;
  /** What `reduction: 'mean'` divides by. */
  readonly denominator: string;
}

/** What {@link describe} gives. */
export interface LossDescription extends LossFacts {
  /** The name of the function. */
  readonly name: string;
}

/**
 * What a loss says of itself: name, formula, paper, and what its mean divides by.
 *
 * @throws ArgumentError for a function that says nothing.
 *
 * @example
 * ```ts
 * describe(mseLoss).formula // => 'ℓ = (x − t)²'
 * ```
 */
export function describe(loss: LossFacts & { readonly name: string }): LossDescription {
  const { name, formula, paper, denominator } = loss ?? {};
  if (typeof formula !== 'string' || typeof paper !== 'string' || typeof denominator !== 'string') {
    throw new ArgumentError({
      where: 'describe',
      argument: 'loss',
      must: 'be a loss function that says its formula, paper and denominator',
      got: describeValue(loss),
    });
  }
  return { name, formula, paper, denominator };
}
