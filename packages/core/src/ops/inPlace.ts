/** @file Writing into tensors, and numbers that the host changes between steps. */
import { effect } from '@ndgrad/kernels';
import { checkFunction, checkNumber, checkTensor, describeValue } from '../arguments.js';
import { allocate } from '../autodiff/apply.js';
import { copyOnto } from '../autodiff/vectorSpace.js';
import { isFloat, promote } from '../dtype.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { currentHome } from '../homes/current.js';
import { broadcastShapes, formatShape, type Shape, sameShape } from '../shape.js';
import type { Storage } from '../storage.js';
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
  const overlaps = mayOverlap(source.storage, target.storage);
  copyOnto(currentHome(), target, overlaps ? clone(source) : source);
  target.storage.touch();
  return target;
}

/** Whether two storages can share memory: one storage, or two over one buffer that came from outside. */
function mayOverlap(a: Storage, b: Storage): boolean {
  return a === b || (a.exposed && b.exposed && a.array.buffer === b.array.buffer);
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
  checkFunction(where, 'read', read);
  return markWeak(
    readHost(where, [], (values) => {
      values[0] = read();
    }),
  );
}

/** Numbers of the host, read where this stands: now, or at each replay of a captured step. */
function readHost(where: string, shape: Shape, read: (values: number[]) => void): Tensor {
  // float64 of its own memory: no digit is lost, and a write cannot reach a shared constant.
  const y = allocate(shape, 'float64', where);
  const numbers = new Array<number>(y.size).fill(0);
  const kernel = effect(where, (_ints, values, at) => {
    read(numbers);
    for (let i = 0; i < y.size; i++) values[at + i] = checkRead(where, numbers[i]);
  });
  currentHome().call(kernel, [], y);
  return y;
}

function checkRead(where: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new ArgumentError({ where, argument: 'read', must: 'give a number', got: describeValue(value) });
}

/**
 * Several numbers that change from step to step, as a float64 vector: {@link hostScalar} for what needs many, such as an
 * optimiser's rates and corrections. Read once per step, in one go.
 *
 * @param count - how many.
 * @param read - writes them into the array it is given.
 * @throws {@link ArgumentError} when `read` is no function.
 *
 * @example
 * ```ts
 * let rate = 0.1;
 * const rates = (): Tensor => hostVector(2, (values) => { values[0] = rate; values[1] = 2 * rate; });
 * rates().toArray() // => [0.1, 0.2]
 * ```
 */
export function hostVector(count: number, read: (values: number[]) => void): Tensor {
  const where = 'hostVector';
  checkFunction(where, 'read', read);
  return readHost(where, [checkNumber(where, 'count', count, { integer: true, min: 0 })], read);
}
