/** @file What a kernel is. Kernels see typed arrays, offsets and integers; they know no tensors. */

/** The arrays kernels read and write: float32, float64, int32, and bool as 0 or 1. */
export type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Integers that describe an iteration: extents, strides, counts. */
export type Ints = ArrayLike<number>;

/**
 * One loop over memory. Operand 0 is the output; each operand is an array and the index of its first element.
 *
 * A WebAssembly build adds a second form that takes addresses; `name`, `ints` and the operands stay the same, so
 * whoever calls kernels chooses the form and no op knows which ran.
 */
export interface Kernel {
  readonly name: string;
  /** Bit i is set when operand i is written. */
  readonly writes: number;
  readonly run: (
    ints: Ints,
    y: Values,
    oy: number,
    a: Values,
    oa: number,
    b: Values,
    ob: number,
    c: Values,
    oc: number,
  ) => void;
}

/** `writes` of a kernel that writes its first operand only. */
export const WRITES_OUTPUT = 1;
