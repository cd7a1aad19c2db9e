/** @file What a module learns and what it merely remembers. */
import { ArgumentError, type Tensor } from '@ndgrad/core';
import { checkFloat, checkTensor, formatShape } from '@ndgrad/core/arguments';

// A registered symbol: two copies of this package in one process know each other's buffers.
const BUFFER = Symbol.for('@ndgrad/nn/buffer');

/** What a tensor field is to its module. Any other tensor there, such as a cached result, is nothing to it. */
export type Role = 'parameter' | 'buffer';

/** The role of a tensor: a leaf that requires a gradient is a parameter, one marked by {@link buffer} a buffer. */
export function roleOf(t: Tensor): Role | undefined {
  if (t.requiresGrad) return t.isLeaf ? 'parameter' : undefined;
  return BUFFER in t ? 'buffer' : undefined;
}

/**
 * Makes a tensor a parameter: a leaf that requires a gradient, which modules report and optimisers step.
 *
 * There is no other mark than that, so `zeros([3], { requiresGrad: true })` is a parameter as well; this is the
 * short way for tensors that come out of initialisers.
 *
 * @param values - float32 or float64, not made by recorded ops.
 * @returns `values` itself, which from now on requires a gradient.
 * @throws DTypeError for integers and booleans; ArgumentError for a tensor that recorded ops made.
 *
 * @example
 * ```ts
 * import { ones } from '@ndgrad/core';
 * import { parameter } from '@ndgrad/nn';
 *
 * parameter(ones([3])).requiresGrad // => true
 * ```
 */
export function parameter(values: Tensor): Tensor {
  checkFloat('parameter', 'values', values);
  if (values.requiresGrad) {
    if (values.isLeaf) return values;
    throw new ArgumentError({
      where: 'parameter',
      argument: 'values',
      must: 'be a leaf',
      got: `a tensor of shape ${formatShape(values.shape)} that recorded ops made`,
      hint: 'detach() it first',
    });
  }
  return values.requireGrad();
}

/**
 * Marks a tensor as a buffer: part of its module's state dict, yet not learned. Running statistics are the usual case.
 *
 * A module's tensor field without a gradient and without this mark is in neither list: a cache, an input, a constant.
 * Update a buffer in place, with `assign`: a new tensor in the field would lack the mark.
 *
 * @param values - any dtype; must not require a gradient.
 * @returns `values` itself, marked.
 * @throws ArgumentError for a tensor that requires a gradient, or something that is no tensor.
 *
 * @example
 * ```ts
 * import { assign, type Tensor, zeros } from '@ndgrad/core';
 * import { buffer, Module } from '@ndgrad/nn';
 *
 * class Count extends Module {
 *   readonly seen = buffer(zeros([], { dtype: 'int32' }));
 *   call(x: Tensor): Tensor {
 *     assign(this.seen, this.seen.add(1));
 *     return x;
 *   }
 * }
 * const count = new Count();
 * count.call(zeros([2]));
 * count.stateDict().get('seen')?.item() // => 1
 * count.parameters() // => []
 * ```
 */
export function buffer(values: Tensor): Tensor {
  checkTensor('buffer', 'values', values);
  if (values.requiresGrad) {
    throw new ArgumentError({
      where: 'buffer',
      argument: 'values',
      must: 'not require a gradient',
      got: `a tensor of shape ${formatShape(values.shape)} that does`,
      hint: 'detach() it, or use parameter(…)',
    });
  }
  if (!(BUFFER in values)) Object.defineProperty(values, BUFFER, { value: true });
  return values;
}
