/** @file What a kernel is. Kernels see typed arrays, offsets and integers; they know no tensors. */
import { FORMS } from './forms.js';

/** The arrays kernels read and write: float32, float64, int32, and bool as 0 or 1. */
export type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Integers that describe an iteration: extents, strides, counts. */
export type Ints = ArrayLike<number>;

/** The JavaScript form: each operand is an array and the index of its first element. */
export type Run = (
  ints: Ints,
  y: Values,
  oy: number,
  a: Values,
  oa: number,
  b: Values,
  ob: number,
  c: Values,
  oc: number,
  d: Values,
  od: number,
) => void;

/**
 * One loop over memory. Operand 0 is the output.
 *
 * It has a JavaScript form, and for some dtypes a function in the WebAssembly builds that takes the same integers and
 * operands as addresses. Whoever calls kernels chooses the form, so no op knows which ran.
 */
export interface Kernel {
  readonly name: string;
  /** Bit i is set when operand i is written. */
  readonly writes: number;
  /** Whether it reads what it writes, or leaves a part of it as it was. */
  readonly inPlace: boolean;
  /** Whether it does more than write: checks values, or reads from the host. It must run even if nobody reads its output. */
  readonly effect: boolean;
  /** Whether output element i depends on element i of each operand alone, and its integers are an elementwise plan. */
  readonly elementwise: boolean;
  readonly run: Run;
  /** Functions of the WebAssembly builds. Empty for kernels that have none. */
  readonly forms: readonly Form[];
  /** Whether the JavaScript form gives the bits of every one of them. */
  readonly exact: boolean;
}

/** A function of the WebAssembly builds. */
export interface Form {
  /** {@link signatureOf} the dtypes it takes. */
  readonly signature: number;
  /** The function's number. */
  readonly id: number;
  /** Whether the JavaScript form gives the same bits. */
  readonly exact: boolean;
}

/** `writes` of a kernel that writes its first operand only. */
export const WRITES_OUTPUT = 1;

/** Digits of a signature, by dtype. 0 is an operand that is not there. */
export const SIGNATURE_DIGITS = { float32: 1, int32: 2, bool: 3, float64: 4 } as const;

const LETTERS: Readonly<Record<string, number>> = {
  f: SIGNATURE_DIGITS.float32,
  i: SIGNATURE_DIGITS.int32,
  b: SIGNATURE_DIGITS.bool,
  d: SIGNATURE_DIGITS.float64,
};

const forms = new Map<string, Form[]>();
FORMS.forEach((line, id) => {
  const [name, letters, mark] = line.split(' ');
  let signature = 0;
  for (let k = 0; k < letters.length; k++) signature |= LETTERS[letters[k]] << (3 * k);
  const known = forms.get(name) ?? [];
  known.push({ signature, id, exact: mark === '=' });
  forms.set(name, known);
});

/** A kernel that has a JavaScript form alone, whatever the WebAssembly builds have under its name. */
export function hostKernel(name: string, run: Run, writes = WRITES_OUTPUT): Kernel {
  return { name, writes, inPlace: false, effect: false, elementwise: false, run, forms: [], exact: true };
}

/** A kernel that reads the host or checks values: JavaScript only, and never left out. */
export function effect(name: string, run: Run, writes = WRITES_OUTPUT): Kernel {
  return { ...hostKernel(name, run, writes), effect: true };
}

/** A kernel from its JavaScript form, with what the WebAssembly builds have under its name. */
export function kernel(name: string, run: Run, writes = WRITES_OUTPUT, inPlace = false): Kernel {
  const known = forms.get(name) ?? [];
  const exact = known.every((form) => form.exact);
  return { ...hostKernel(name, run, writes), inPlace, forms: known, exact };
}

/** A kernel that walks its operands side by side, by an elementwise plan. */
export function elementwiseKernel(name: string, run: Run): Kernel {
  return { ...kernel(name, run), elementwise: true };
}
