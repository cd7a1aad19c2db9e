/** @file The IDX format of the MNIST files: {@link readIdx}. */
import { FormatError } from '@ndgrad/core';
import { checkOptions, formatShape } from '@ndgrad/core/arguments';
import { sourceName } from './excerpt.js';
import { byteLimit, checkBytes, inflated } from './gunzip.js';

/** What an IDX file may hold, by the name of its element type. */
export interface IdxArrays {
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
}

/** The element types of IDX. */
export type IdxType = keyof IdxArrays;

/** An array read from an IDX file; narrow `data` by testing `type`. */
export type IdxArray = {
  readonly [T in IdxType]: {
    /** The element type. */
    readonly type: T;
    /** The extents; the last axis runs fastest. */
    readonly shape: readonly number[];
    /** The elements, packed. */
    readonly data: IdxArrays[T];
  };
}[IdxType];

/** How {@link readIdx} reads. */
export interface IdxOptions {
  /** The name that errors give the source. Default `bytes`. */
  readonly file?: string;
  /** The most bytes to accept, counted after inflating; at most 2³¹ − 1. Default 2³⁰ (1 GiB). */
  readonly maxBytes?: number;
}

const MAGIC_BYTES = 4;
const BYTES_PER_EXTENT = 4;
/** Tensors have no more axes than this. */
const MOST_AXES = 16;
/** Tensors have no more elements than this. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** What the third byte of the file says: the elements' type, and the bytes of one. */
const TYPES: ReadonlyMap<number, readonly [type: IdxType, size: number]> = /* @__PURE__ */ new Map([
  [0x08, ['uint8', 1]],
  [0x09, ['int8', 1]],
  [0x0b, ['int16', 2]],
  [0x0c, ['int32', 4]],
  [0x0d, ['float32', 4]],
  [0x0e, ['float64', 8]],
]);

/**
 * Reads an array in the IDX format, that of the MNIST files; plain or gzipped, known by its first bytes.
 *
 *     file = 0x00 0x00 type rank, rank extents of 4 bytes, elements; big-endian throughout
 *     type = 08 uint8 | 09 int8 | 0b int16 | 0c int32 | 0d float32 | 0e float64
 *
 * The product of the extents and the element size must account for the file to the last byte. An extent may be 0.
 *
 * @param bytes - the file's content. Read, never kept.
 * @param options - see {@link IdxOptions}.
 * @returns the elements in a typed array of their own type, and the shape.
 * @throws {@link FormatError} if the header is not IDX, or the length is not what it says.
 * @throws {@link LimitError} if there are more bytes than `maxBytes`, before or after inflating.
 * @throws {@link IntegrityError} if gzip's checksum does not hold.
 * @throws {@link ArgumentError} if an argument is of the wrong kind.
 *
 * @example
 * ```ts
 * import { readIdx } from '@ndgrad/io';
 *
 * const file = new Uint8Array([0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]);
 * const { type, shape, data } = readIdx(file);
 * type // => 'uint8'
 * shape // => [1, 3]
 * Array.from(data) // => [7, 8, 9]
 * ```
 *
 * @see {@link idxToTensor} for the step to a tensor; `readIdxFile` and `readMnist` of `@ndgrad/io/node` for files.
 * @see Y. LeCun, C. Cortes, C. Burges, “The MNIST database of handwritten digits”, 1998, which describes the format.
 */
export function readIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  checkOptions('readIdx', options, ['file', 'maxBytes']);
  checkBytes('readIdx', 'bytes', bytes, 'be a Uint8Array');
  const name = sourceName('readIdx', options.file, 'bytes');
  return decodeIdx('readIdx', name, bytes, byteLimit('readIdx', options.maxBytes));
}

/** {@link readIdx} on behalf of the function `where`, its arguments checked; `name` is what errors call the source. */
export function decodeIdx(where: string, name: string, source: Uint8Array, maxBytes: number): IdxArray {
  const refusal = (must: string, got: string, hint?: string): FormatError =>
    new FormatError({ where, argument: name, must, got, ...(hint === undefined ? {} : { hint }) });

  const bytes = inflated(where, name, source, maxBytes);
  if (bytes.length < MAGIC_BYTES) throw refusal('be an IDX file', sizeOf(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  if (view.getUint16(0) !== 0) {
    const start = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
    throw refusal('be an IDX file, which begins with two zero bytes', start);
  }
  const code = view.getUint8(2);
  const known = TYPES.get(code);
  if (known === undefined) {
    throw refusal(
      'have an element type of 0x08, 0x09 or 0x0b to 0x0e',
      `0x${code.toString(16).padStart(2, '0')}`,
    );
  }
  const [type, elementSize] = known;
  const rank = view.getUint8(3);
  if (rank < 1 || rank > MOST_AXES) throw refusal(`have 1 to ${MOST_AXES} axes`, `${rank}`);

  const header = MAGIC_BYTES + BYTES_PER_EXTENT * rank;
  if (bytes.length < header) {
    throw refusal(`hold a header of ${header} bytes`, sizeOf(bytes.length), 'the file is cut short');
  }
  const shape = Array.from({ length: rank }, (_, axis) =>
    view.getUint32(MAGIC_BYTES + BYTES_PER_EXTENT * axis),
  );

  // Stepwise, and zeros left out: no product passes 2⁶³, and a zero does not hide what the other extents claim.
  let claimed = 1;
  for (const extent of shape) {
    if (extent !== 0) claimed *= extent;
    if (claimed > MOST_ELEMENTS) {
      throw refusal(`have extents whose product is at most ${MOST_ELEMENTS}`, formatShape(shape));
    }
  }
  const count = shape.includes(0) ? 0 : claimed;
  const expected = header + count * elementSize;
  if (bytes.length !== expected) {
    throw refusal(
      `hold ${expected} bytes for ${formatShape(shape)} of ${type}`,
      sizeOf(bytes.length),
      bytes.length < expected ? 'the file is cut short' : 'bytes follow the last element',
    );
  }
  return elements(type, shape, bytes.subarray(header), count);
}

/** The elements as a typed array in this machine's byte order; always a copy, aligned. */
function elements(type: IdxType, shape: readonly number[], bytes: Uint8Array, count: number): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'uint8':
      return { type, shape, data: new Uint8Array(bytes) };
    case 'int8':
      return { type, shape, data: new Int8Array(bytes) };
    case 'int16':
      return { type, shape, data: filled(new Int16Array(count), (i) => view.getInt16(2 * i)) };
    case 'int32':
      return { type, shape, data: filled(new Int32Array(count), (i) => view.getInt32(4 * i)) };
    case 'float32':
      return { type, shape, data: filled(new Float32Array(count), (i) => view.getFloat32(4 * i)) };
    case 'float64':
      return { type, shape, data: filled(new Float64Array(count), (i) => view.getFloat64(8 * i)) };
  }
}

function filled<A extends { [index: number]: number; readonly length: number }>(
  array: A,
  element: (index: number) => number,
): A {
  for (let i = 0; i < array.length; i++) array[i] = element(i);
  return array;
}

function sizeOf(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}
