/**
 * @file Checks that must look at the values of a tensor, and so cost a pass over it. Only checks read values, here, in
 * `relations.ts` and of the class indices in `crossEntropy.ts`, all by `inspect`; what a loss computes is a composition
 * of ops. So a captured step can hold any loss: there the checks run at each replay.
 */
import { ArgumentError, type Tensor } from '@ndgrad/core';
import { formatShape, indexAt, inspect, requireRunning } from '@ndgrad/core/arguments';

/**
 * Refuses a tensor with an element that is not as it must be.
 *
 * @param counted - which elements matter, bool of the same shape; default: all.
 */
export function checkEach(
  where: string,
  argument: string,
  x: Tensor,
  accepts: (value: number) => boolean,
  must: string,
  options: { readonly counted?: Tensor | undefined; readonly hint?: string } = {},
): void {
  const { counted, hint } = options;
  const check = (i: number, value: number): void => {
    if (accepts(value)) return;
    throw new ArgumentError({
      where,
      argument,
      must,
      got: `${value} at ${position(i, x.shape)}`,
      ...(hint !== undefined && { hint }),
    });
  };
  if (counted === undefined) inspect(where, x, check);
  else inspect(where, x, (i, value, counts) => counts !== 0 && check(i, value), counted);
}

/** Refuses an argument that is no tensor while a step is captured: it would be the same at every replay. */
export function requireTensorInCapture(
  where: string,
  argument: string,
  given: string,
  instead: string,
): void {
  requireRunning(
    where,
    `${argument} must be a tensor in a captured step, got ${given}, which would be the same at every replay`,
    `make ${instead} outside of the step, or pass it as an argument`,
  );
}

/** "position 3", or "position [1, 0]" in more than one axis. */
export function position(index: number, shape: readonly number[]): string {
  if (shape.length <= 1) return `position ${index}`;
  return `position ${formatShape(indexAt(index, shape))}`;
}
