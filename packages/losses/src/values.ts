/**
 * @file Checks that must look at the values of a tensor, and so cost a pass over it. Only checks read values, here, in
 * `relations.ts` and of the class indices in `crossEntropy.ts`; what a loss computes is a composition of ops.
 */
import { ArgumentError, type Tensor } from '@ndgrad/core';

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
  const values = x.toTypedArray();
  const counted = options.counted?.toTypedArray();
  const at = values.findIndex((value, i) => counted?.[i] !== 0 && !accepts(value));
  if (at === -1) return;
  throw new ArgumentError({
    where,
    argument,
    must,
    got: `${values[at]} at ${position(at, x.shape)}`,
    ...(options.hint !== undefined && { hint: options.hint }),
  });
}

/** "position 3", or "position [1, 0]" in more than one axis. */
export function position(index: number, shape: readonly number[]): string {
  if (shape.length <= 1) return `position ${index}`;
  const at: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    at.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return `position [${at.join(', ')}]`;
}
