/** @file Arrays and NdArrays from outside: each field is read once and checked before any is used. */
import { checkNumber, describeValue, typedArrayLength, typedArrayName } from './arguments.js';
import type { DType } from './dtype.js';
import { ArgumentError, DTypeError, LimitError, ShapeError, StateError } from './errors.js';
import { checkShape, formatShape, MAX_SIZE, type Shape, sizeOf } from './shape.js';

/** dtype of each array that comes in; the float16 array is named because Node 20 has no such class. */
export const INPUT_DTYPES: ReadonlyMap<string, DType> = new Map([
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
  ['Float16Array', 'float32'],
  ['Int8Array', 'int32'],
  ['Uint8Array', 'int32'],
  ['Uint8ClampedArray', 'int32'],
  ['Int16Array', 'int32'],
  ['Uint16Array', 'int32'],
  ['Int32Array', 'int32'],
  ['Uint32Array', 'int32'],
] as const);

/** Refuses arrays that say of themselves what is not so, and memory that can change its size or vanish under a tensor. */
export function checkBuffer(where: string, array: ArrayBufferView): void {
  if (!isOrdinary(array)) {
    throw new ArgumentError({
      where,
      argument: 'data',
      must: 'be an ordinary typed array',
      got: 'one with a length or a tag of its own',
      hint: 'copy it with slice()',
    });
  }
  const { buffer } = array as {
    buffer: ArrayBufferLike & { resizable?: boolean; growable?: boolean; detached?: boolean };
  };
  if (Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]') {
    throw new ArgumentError({
      where,
      argument: 'data',
      must: 'own its memory',
      got: 'a view of a SharedArrayBuffer',
      hint: 'copy it with slice()',
    });
  }
  if (buffer.resizable === true || buffer.growable === true) {
    throw new ArgumentError({
      where,
      argument: 'data',
      must: 'have a fixed length',
      got: 'a view of a resizable buffer',
      hint: 'copy it with slice()',
    });
  }
  if (buffer.detached === true || (array.byteLength === 0 && buffer.byteLength === 0 && isDetached(buffer))) {
    throw new StateError({
      where,
      problem: 'data was transferred away: its buffer is detached',
      hint: 'copy it before postMessage',
    });
  }
}

/** Whether an array's length and tag are those of its class: they can be overlaid by properties. */
function isOrdinary(array: ArrayBufferView): boolean {
  const { length } = array as unknown as { length: unknown };
  return (
    length === typedArrayLength(array) &&
    Object.prototype.toString.call(array) === `[object ${typedArrayName(array)}]`
  );
}

/** Whether a buffer was transferred: making a view of it is refused. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What ndarray calls a generic store. */
export interface Store {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): unknown;
}

/** An NdArray as far as it is trusted. */
export interface ForeignView {
  /** The array or store itself. */
  readonly data: unknown;
  /** The class of a typed array, `'Array'`, or `'store'`. */
  readonly kind: string;
  /** The dtype that its elements come in as. */
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  /** The element at an index of the data. */
  read(index: number): unknown;
}

/** Whether `x` has the fields of an NdArray. */
export function looksLikeNdArray(x: unknown): boolean {
  return typeof x === 'object' && x !== null && 'data' in x && 'shape' in x && 'stride' in x && 'offset' in x;
}

/** The four fields of an NdArray, checked and copied: nothing else of it is trusted. */
export function checkNdArray(where: string, argument: string, x: unknown): ForeignView {
  if (!looksLikeNdArray(x)) {
    throw new ArgumentError({ where, argument, must: 'be an NdArray', got: describeValue(x) });
  }
  // Read once: a getter may say something else the next time.
  const { data, shape: extents, stride, offset } = x as Record<string, unknown>;
  const shape = checkShape(where, `${argument}.shape`, extents);
  const { kind, dtype, length, read } = checkData(where, `${argument}.data`, data);
  const strides = checkStrides(where, `${argument}.stride`, stride, shape.length);
  const start = checkNumber(where, `${argument}.offset`, offset, { integer: true, min: 0 });
  if (start > MAX_SIZE) {
    throw new LimitError({
      where,
      argument: `${argument}.offset`,
      must: `be at most ${MAX_SIZE}`,
      got: `${start}`,
    });
  }
  if (sizeOf(shape) > 0) {
    let lowest = start;
    let highest = start;
    shape.forEach((extent, axis) => {
      const reach = (extent - 1) * strides[axis];
      if (reach < 0) lowest += reach;
      else highest += reach;
    });
    if (lowest < 0 || highest >= length) {
      const worst = lowest < 0 ? lowest : highest;
      throw new ShapeError({
        where,
        argument,
        problem: `the view ${formatShape(shape)} with strides ${formatShape(strides)} reaches index ${worst} of ${length}`,
      });
    }
  }
  return { data, kind, dtype, shape, strides, offset: start, read };
}

/** What holds the elements of an NdArray: an array of numbers, or anything with get, set and a length. */
function checkData(
  where: string,
  argument: string,
  data: unknown,
): Pick<ForeignView, 'kind' | 'dtype' | 'read'> & { readonly length: number } {
  const name = typedArrayName(data);
  const dtype = name === undefined ? 'float32' : INPUT_DTYPES.get(name);
  if (name !== undefined && dtype !== undefined) {
    checkBuffer(where, data as ArrayBufferView);
    const array = data as ArrayLike<number>;
    return { kind: name, dtype, length: array.length, read: (i) => array[i] };
  }
  if (Array.isArray(data)) {
    return { kind: 'Array', dtype: 'float32', length: data.length, read: (i) => data[i] as unknown };
  }
  if (isStore(data)) {
    const length = checkNumber(where, `${argument}.length`, data.length, { integer: true, min: 0 });
    return { kind: 'store', dtype: 'float32', length, read: (i) => data.get(i) };
  }
  throw new DTypeError({ where, argument, must: 'be an array of numbers', got: describeValue(data) });
}

function isStore(data: unknown): data is Store {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  const { get, set } = data as Partial<Store>;
  return typeof get === 'function' && typeof set === 'function' && 'length' in data;
}

function checkStrides(where: string, argument: string, stride: unknown, rank: number): number[] {
  if (Array.isArray(stride) && stride.length === rank) {
    // Element by element: a hole is no stride, and what is checked is what is kept.
    const strides = Array.from({ length: rank }, (_, axis): unknown => stride[axis]);
    if (strides.every((s) => Number.isSafeInteger(s))) return strides as number[];
  }
  throw new ShapeError({
    where,
    argument,
    must: `hold ${rank} integers, one per axis`,
    got: Array.isArray(stride) ? formatShape(stride as number[]) : describeValue(stride),
  });
}
