/**
 * @file Where values live. Ops ask a home for memory and hand it kernels to run; they never learn which home it was.
 * docs/architecture.md has the picture, docs/decisions/0003-homes.md the reasons.
 */
import { type Ints, type Kernel, SIGNATURE_DIGITS } from '@ndgrad/kernels';
import { arrayOver, DTYPES, type DType, type TypedArray } from './dtype.js';
import type { NdgradError } from './errors.js';
import type { Shape } from './shape.js';

/** Dtypes by the digit that kernels' signatures give them. */
const DTYPE_OF: DType[] = [];
for (const dtype of DTYPES) DTYPE_OF[SIGNATURE_DIGITS[dtype]] = dtype;

function digitOf(dtype: DType): number {
  // Not by the table: see blocks.ts.
  if (dtype === 'float32') return SIGNATURE_DIGITS.float32;
  if (dtype === 'float64') return SIGNATURE_DIGITS.float64;
  return dtype === 'int32' ? SIGNATURE_DIGITS.int32 : SIGNATURE_DIGITS.bool;
}

/** One filling of the nursery: where what was made in it has gone once it is over. */
export class Stay {
  readonly #start: number;
  #left: ArrayBuffer | undefined = undefined;
  /** Views of what was left, by dtype digit. */
  readonly #views: (TypedArray | undefined)[] = [];

  /** @param start - the address that the filling begins at. */
  constructor(start: number) {
    this.#start = start;
  }

  get isOver(): boolean {
    return this.#left !== undefined;
  }

  /** Ends it: `left` is a copy of all that lay from its start on. */
  end(left: ArrayBuffer): void {
    this.#left = left;
  }

  /** What was left, as elements of a dtype. */
  arrayOf({ digit, dtype }: Storage): TypedArray {
    return (this.#views[digit] ??= arrayOver(dtype, this.#left as ArrayBuffer));
  }

  /** Bytes from the start to an address. */
  distance(address: number): number {
    return address - this.#start;
  }
}

/** A stretch of memory that tensors and their views share. It may be moved: nobody keeps `values` across calls. */
export class Storage {
  #values: TypedArray;
  #base: number;
  #address: number;
  #stay: Stay | undefined;
  readonly length: number;
  /** The dtype as kernels' signatures spell it. */
  readonly digit: number;
  /** Counts writes. A recorded op remembers the version it read. Raised by {@link Storage.touch}. */
  version: number;
  /** What the memory belongs to: an arena, a trace, or a claim whose end frees a block; undefined on the heap. */
  owner: object | undefined;
  /** Why there are no values to read, once or while there are none. */
  lost: ((where: string, storage: Storage) => NdgradError) | undefined;
  /** Where in the staging ring a copy of the values lies, −1 for nowhere. */
  mirror: number;
  /** Whether someone outside holds the array, and may write into it unseen. */
  exposed: boolean;

  /** @param stay - the filling of the nursery that the memory is a part of. */
  constructor(dtype: DType, values: TypedArray, base: number, length: number, address = 0, stay?: Stay) {
    this.#values = values;
    this.#base = base;
    this.#address = address;
    this.#stay = stay;
    this.length = length;
    this.digit = digitOf(dtype);
    this.version = 0;
    this.owner = undefined;
    this.lost = undefined;
    this.mirror = -1;
    this.exposed = false;
  }

  /** The array that holds the elements, unchecked: for whoever moves or fills memory. Others read {@link array}. */
  get values(): TypedArray {
    this.#follow();
    return this.#values;
  }

  /** Index in `values` of this storage's first element: small results share one array. */
  get base(): number {
    this.#follow();
    return this.#base;
  }

  /** Address of the first element in linear memory, 0 when it is not there. */
  get address(): number {
    this.#follow();
    return this.#address;
  }

  /** Whether it lies in the nursery, and will move. */
  get isStaying(): boolean {
    this.#follow();
    return this.#stay !== undefined;
  }

  /** Gives it other memory. The elements are the caller's to copy. */
  moveTo(values: TypedArray, base: number, address = 0): void {
    this.#values = values;
    this.#base = base;
    this.#address = address;
    this.#stay = undefined;
    this.mirror = -1;
  }

  /** Most of what is made in the nursery is never looked at again, so each storage finds its own way out. */
  #follow(): void {
    const stay = this.#stay;
    if (stay === undefined || !stay.isOver) return;
    const array = stay.arrayOf(this);
    this.moveTo(array, stay.distance(this.#address) / array.BYTES_PER_ELEMENT);
  }

  get dtype(): DType {
    return DTYPE_OF[this.digit] as DType;
  }

  /** The array that holds the elements: every read goes through here. */
  get array(): TypedArray {
    return this.read('reading a tensor');
  }

  /** {@link array}, for a caller that can say what it is doing. */
  read(where: string): TypedArray {
    if (this.lost !== undefined) throw this.lost(where, this);
    return this.values;
  }

  /** Notes a write. */
  touch(): void {
    this.version++;
    this.mirror = -1;
  }
}

/** A place in a storage. */
export interface Place {
  readonly storage: Storage;
  readonly offset: number;
}

/** A place with the extents around it: what kernels take. Tensors are operands. */
export interface Operand extends Place {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly size: number;
}

/** The integers of a call: a list, or what gives one at each run, for counters that move on. */
export type CallInts = Ints | (() => Ints);

/** Where results are made and kernels run. */
export interface Home {
  readonly name: string;
  /** Memory for `length` elements; its content is undefined. `maker` is the op it is for. */
  allocate(dtype: DType, length: number, maker: string): Storage;
  /** Moves a storage of another home here; all views of it follow. */
  adopt(storage: Storage, maker: string): void;
  /** Runs a kernel, now or later. Operand 0 is the output. */
  call(kernel: Kernel, ints: CallInts, y: Operand, a?: Operand, b?: Operand, c?: Operand, d?: Operand): void;
}
