/**
 * @file Where values live. Ops ask a home for memory and hand it kernels to run; they never learn which home it was.
 * Today there is one, the garbage-collected heap; docs/decisions/0003-homes.md says how the others plug in.
 */
import type { Ints, Kernel } from '@ndgrad/kernels';
import { allocateArray, type DType, type TypedArray } from './dtype.js';
import { LimitError, StateError } from './errors.js';

/** A stretch of memory that tensors and their views share. */
export class Storage {
  readonly array: TypedArray;
  /** Index in `array` of this storage's first element: small results may share one array. */
  readonly base: number;
  readonly length: number;
  /** Counts writes. A recorded op remembers the version it read. */
  version = 0;

  constructor(array: TypedArray, base: number, length: number) {
    this.array = array;
    this.base = base;
    this.length = length;
  }
}

/** A place in a storage: what kernels take. Tensors are operands. */
export interface Operand {
  readonly storage: Storage;
  readonly offset: number;
}

/** Where results are made and kernels run. */
export interface Home {
  readonly name: string;
  /** Memory for `length` elements; its content is undefined. */
  allocate(dtype: DType, length: number): Storage;
  /** Runs a kernel, now or later. Operand 0 is the output. */
  call(kernel: Kernel, ints: Ints, out: Operand, a?: Operand, b?: Operand, c?: Operand): void;
}

/** Ordinary typed arrays, freed by the collector. Always safe. */
const heap: Home = {
  name: 'heap',
  allocate(dtype, length) {
    try {
      return new Storage(allocateArray(dtype, length), 0, length);
    } catch (cause) {
      throw new LimitError({
        where: 'allocate',
        problem: `no memory for ${length} elements of ${dtype}`,
        hint: 'use a smaller batch',
        cause,
      });
    }
  },
  call(kernel, ints, out, a = out, b = a, c = b) {
    kernel.run(
      ints,
      arrayOf(out),
      out.storage.base + out.offset,
      arrayOf(a),
      a.storage.base + a.offset,
      arrayOf(b),
      b.storage.base + b.offset,
      arrayOf(c),
      c.storage.base + c.offset,
    );
  },
};

/** The operand's array, unless it was transferred away after the tensor was made. */
function arrayOf({ storage: { array, length } }: Operand): TypedArray {
  if (array.length >= length) return array;
  throw new StateError({
    where: 'a kernel',
    problem: `the memory of a tensor of ${length} elements is gone: its buffer was transferred`,
    hint: 'copy the data before postMessage',
  });
}

/** The home in force. */
export function currentHome(): Home {
  return heap;
}
