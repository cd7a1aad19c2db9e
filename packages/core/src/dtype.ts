/** @file The four dtypes, their arrays, and the one rule of promotion, each once for the machine and once for types. */

/** What a tensor's elements are. `float32` is the default; `float64` is real double precision everywhere. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** The dtypes that have derivatives. */
export type FloatDType = 'float32' | 'float64';

/** The array that holds a dtype's elements; bool is 0 or 1 in a Uint8Array. */
export interface ArrayOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly bool: Uint8Array;
}

/** An array that can hold a tensor's elements. */
export type TypedArray = ArrayOf[DType];

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;

/** Every dtype, in the order of promotion. */
export const DTYPES = ['bool', 'int32', 'float32', 'float64'] as const satisfies readonly DType[];

/** A new array for `length` elements. */
export function allocateArray<D extends DType>(dtype: D, length: number): ArrayOf[D] {
  return new ARRAYS[dtype](length) as ArrayOf[D];
}

/** All of a buffer as elements of a dtype. */
export function arrayOver<D extends DType>(dtype: D, buffer: ArrayBuffer): ArrayOf[D] {
  return new ARRAYS[dtype](buffer) as ArrayOf[D];
}

export function isFloat(dtype: DType): dtype is FloatDType {
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
export function floatOf(dtype: DType): FloatDType {
  return dtype === 'float64' ? 'float64' : 'float32';
}

/** {@link promote} for types. What meets a dtype that is not known has none that is known. */
export type Promote<A extends DType, B extends DType> = DType extends A | B
  ? DType
  : A extends 'float64'
    ? A
    : B extends 'float64'
      ? B
      : A extends 'float32'
        ? A
        : B extends 'float32'
          ? B
          : A extends 'int32'
            ? A
            : B;

/** A float dtype that ops keep. What they make of integers and bools is not followed. */
export type KeptFloat<D extends DType> = [D] extends [FloatDType] ? D : DType;
