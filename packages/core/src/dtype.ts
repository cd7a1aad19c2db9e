/** @file The four dtypes, their arrays, and the one rule of promotion. */

/** What a tensor's elements are. `float32` is the default; `float64` is real double precision everywhere. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** The array that holds a dtype's elements; bool is 0 or 1 in a Uint8Array. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** Every dtype, in the order of promotion. */
export const DTYPES = ['bool', 'int32', 'float32', 'float64'] as const satisfies readonly DType[];

/** A new array for `length` elements. */
export function allocateArray(dtype: DType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64';
}

/** The smallest dtype that holds both: bool < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return DTYPES.indexOf(a) >= DTYPES.indexOf(b) ? a : b;
}

/** The dtype of a number that meets a tensor: it never promotes among floats; a fraction takes int or bool to float32. */
export function promoteNumber(tensor: DType, value: number): DType {
  if (isFloat(tensor)) return tensor;
  return Number.isInteger(value) ? 'int32' : 'float32';
}

/** The dtype in which a function of real numbers answers: integers give float32. */
export function floatOf(dtype: DType): 'float32' | 'float64' {
  return dtype === 'float64' ? 'float64' : 'float32';
}
