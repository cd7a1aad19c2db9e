/** @file Writing into tensors, and numbers that the host changes between steps. */
import { checkTensor, describeValue } from '../arguments.js';
import { copyOnto, filled } from '../autodiff/vectorSpace.js';
import { isFloat, promote } from '../dtype.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import { currentHome } from '../storage.js';
import { requireWritable, type Tensor } from '../tensor.js';
import { cast, markWeak, numberAs, operand, type TensorLike } from './define.js';
import { clone } from './elementwise.js';

/**
 * Overwrites the elements of `target` with those of `value`, which broadcasts. The storage's version moves on, so that a
 * `backward` which needs the old values refuses instead of being wrong. No derivative flows.
 *
 * @returns `target`.
 * @throws {@link GraphError} for a target that requires a gradient, unless under `noGrad`.
 * @throws {@link AliasError} for a view whose elements share memory.
 * @throws {@link ShapeError} when `value` does not broadcast to `target`.
 * @throws {@link DTypeError} for floats into an integer or bool target.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => assign(w, w.mul(10))).toArray() // => [10, 20]
 * ```
 */
export function assign(target: Tensor, value: TensorLike): Tensor {
  const where = 'assign';
  checkTensor(where, 'target', target);
  requireWritable(where, target);
  const given =
    typeof value === 'number' || typeof value === 'boolean'
      ? numberAs(where, 'value', Number(value), target.dtype)
      : operand(where, value, 'value');
  if (!isFloat(target.dtype) && promote(target.dtype, given.dtype) !== target.dtype) {
    throw new DTypeError({
      where,
      argument: 'value',
      must: `fit into ${target.dtype}`,
      got: given.dtype,
      hint: 'cast() it',
    });
  }
  if (!sameShape(broadcastShapes(where, [target.shape, given.shape]), target.shape)) {
    throw new ShapeError({
      where,
      argument: 'value',
      must: `broadcast to ${formatShape(target.shape)}`,
      got: formatShape(given.shape),
    });
  }
  const source = cast(given, target.dtype);
  const overlaps = source.storage.array.buffer === target.storage.array.buffer;
  copyOnto(currentHome(), target, overlaps ? clone(source) : source);
  target.storage.version++;
  return target;
}

/**
 * A number that changes from step to step, as a 0-d tensor: a learning rate, a schedule, a bias correction. It is read
 * when the op that uses it runs; a captured step reads it again at each replay, which is why such numbers must enter ops
 * in this way. Like a number it adapts to the dtype of the tensors it meets; what is computed from it does not, so compute
 * inside `read`.
 *
 * @param read - gives the number.
 * @throws {@link ArgumentError} when `read` is no function or gives no number.
 *
 * @example
 * ```ts
 * let rate = 0.1;
 * const scaled = (): Tensor => mul(tensor([2]), hostScalar(() => rate));
 * rate = 0.5;
 * scaled().item() // => 1
 * ```
 */
export function hostScalar(read: () => number): Tensor {
  const where = 'hostScalar';
  if (typeof read !== 'function') {
    throw new ArgumentError({ where, argument: 'read', must: 'be a function', got: describeValue(read) });
  }
  const value: unknown = read();
  if (typeof value !== 'number') {
    throw new ArgumentError({ where, argument: 'read', must: 'give a number', got: describeValue(value) });
  }
  // float64 of its own memory: no digit is lost, and a write cannot reach a shared constant.
  return markWeak(filled([], value, 'float64'));
}
