/**
 * @file Results into a user's own `NdArray`, by ndarray-ops. Public as `@ndgrad/core/ndarray`, apart from the rest,
 * because importing ndarray-ops compiles code at run time, which strict content security policies forbid.
 */
import type { NdArray } from 'ndarray';
import { assign } from 'ndarray-ops';
import { checkTensor } from './arguments.js';
import { fromNdarray } from './creation.js';
import { ShapeError } from './errors.js';
import { formatShape, sameShape } from './shape.js';
import { requireWritable, type Tensor } from './tensor.js';

/**
 * Copies a tensor's elements into an `NdArray` of the same shape, whatever its strides.
 *
 * @returns `target`.
 * @throws {@link ShapeError} when shapes differ; {@link AliasError} when elements of `target` share memory.
 *
 * @example
 * ```ts no-run
 * import ndarray from 'ndarray';
 * import { tensor } from '@ndgrad/core';
 * import { copyInto } from '@ndgrad/core/ndarray';
 *
 * const mine = ndarray(new Float32Array(4), [2, 2]);
 * copyInto(mine, tensor([[1, 2], [3, 4]]));
 * ```
 */
export function copyInto<A extends NdArray>(target: A, source: Tensor): A {
  checkTensor('copyInto', 'source', source);
  const view = fromNdarray(target);
  if (!sameShape(view.shape, source.shape)) {
    throw new ShapeError({
      where: 'copyInto',
      argument: 'target',
      must: `have the shape of source, ${formatShape(source.shape)}`,
      got: formatShape(view.shape),
    });
  }
  requireWritable('copyInto', view);
  // Overlapping memory would be read after it was written: source values are packed first.
  assign(view.ndarray, source.clone().ndarray);
  return target;
}
