/**
 * @file Results into a user's own `NdArray`, by ndarray-ops. Public as `@ndgrad/core/ndarray`, apart from the rest,
 * because importing ndarray-ops compiles code at run time, which strict content security policies forbid.
 */
import ndarray, { type Data, type NdArray } from 'ndarray';
import { assign } from 'ndarray-ops';
import { checkTensor } from './arguments.js';
import { allocateArray, type TypedArray } from './dtype.js';
import { NumericError, ShapeError } from './errors.js';
import { checkNdArray, type ForeignView, type Store } from './foreign.js';
import { formatShape, sameShape } from './shape.js';
import { copyPacked, knownStorage, requireDistinct, type Tensor } from './tensor.js';

/** What the arrays of integers hold. */
const RANGES: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ['Int8Array', [-128, 127]],
  ['Uint8Array', [0, 255]],
  ['Uint8ClampedArray', [0, 255]],
  ['Int16Array', [-(2 ** 15), 2 ** 15 - 1]],
  ['Uint16Array', [0, 2 ** 16 - 1]],
  ['Int32Array', [-(2 ** 31), 2 ** 31 - 1]],
  ['Uint32Array', [0, 2 ** 32 - 1]],
]);

/**
 * Copies a tensor's elements into an `NdArray` of the same shape, whatever its strides and data: any typed array of
 * numbers, a plain array, a store with `get`, `set` and `length`. `source` may lie in the same memory.
 *
 * Arrays of floats take the nearest number that they hold. Arrays of integers take integers in their range and refuse
 * all else before the first write, the clamped one too. Plain arrays and stores take every number. bool goes in as 0
 * and 1. Where the memory is a tensor's, its version moves on, as {@link Tensor.write} has it.
 *
 * @returns `target`.
 * @throws {@link ShapeError} when shapes differ; {@link AliasError} when elements of `target` share memory;
 * {@link NumericError} for a number that `target` cannot hold.
 *
 * @example
 * ```ts
 * import ndarray from 'ndarray';
 * import { tensor } from '@ndgrad/core';
 * import { copyInto } from '@ndgrad/core/ndarray';
 *
 * const mine = ndarray(new Uint8Array(4), [2, 2]);
 * copyInto(mine.transpose(1, 0), tensor([[1, 2], [3, 4]]));
 * mine.data // => new Uint8Array([1, 3, 2, 4])
 * ```
 */
export function copyInto<A extends NdArray<Data<number>>>(target: A, source: Tensor): A {
  const where = 'copyInto';
  checkTensor(where, 'source', source);
  const view = checkNdArray(where, 'target', target);
  const { shape, strides, offset } = view;
  if (!sameShape(shape, source.shape)) {
    throw new ShapeError({
      where,
      argument: 'target',
      must: `have the shape of source, ${formatShape(source.shape)}`,
      got: formatShape(shape),
    });
  }
  requireDistinct(where, shape, strides, 'write into an array of its own');
  // Packed first: what overlaps would be read after it was written.
  const packed = allocateArray(source.dtype, source.size);
  copyPacked(source, source.storage.read(where), source.storage.base, packed, 0);
  requireHeld(where, view, packed);
  // Made anew from what was checked: ndarray compiles code from the fields of its arguments.
  const destination = ndarray(dataOf(view), shape.slice(), strides.slice(), offset);
  assign(destination, ndarray(packed, shape.slice()));
  knownStorage(view.data as object)?.touch();
  return target;
}

/** Refuses values that arrays of integers would wrap, cut or clamp. */
function requireHeld(where: string, { kind, data }: ForeignView, values: TypedArray): void {
  // The array of a bool tensor is a Uint8Array.
  const range = knownStorage(data as object)?.dtype === 'bool' ? ([0, 1] as const) : RANGES.get(kind);
  if (range === undefined) return;
  const [min, max] = range;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new NumericError({
      where,
      problem: `element ${i} is ${value}, which target cannot hold: it takes integers from ${min} to ${max}`,
      hint: 'round() and clamp() it first',
    });
  }
}

/** The data of a view as ndarray shall see it: a store as nothing but a store. */
function dataOf({ kind, data }: ForeignView): Data<number> {
  if (kind !== 'store') return data as Data<number>;
  const store = data as Store;
  return {
    length: store.length,
    get: (index: number) => store.get(index) as number,
    set: (index: number, value: number) => {
      store.set(index, value);
    },
  };
}
