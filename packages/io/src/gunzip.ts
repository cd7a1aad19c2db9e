/** @file Gzip, known by its content and inflated under a budget: a bomb is refused while it unfolds. */
import { ArgumentError, FormatError, IntegrityError, LimitError } from '@ndgrad/core';
import { checkNumber, describeValue } from '@ndgrad/core/arguments';
import { Gunzip } from 'fflate';

/** Bytes that a reader accepts where the caller names no other limit: 1 GiB, counted after inflating. */
const DEFAULT_MAX_BYTES = 2 ** 30;
/** Past this, an element's index no longer fits the int32 that tensors count with. */
const LARGEST_MAX_BYTES = 2 ** 31 - 1;

/** Compressed bytes handed over at a time. Deflate grows at most 1032-fold, so a step adds 16 MiB at most. */
const STEP = 2 ** 14;
const LARGEST_RATIO = 1032;
/** A header of ten bytes, an empty block of two at least, a checksum and a length of four each. */
const SHORTEST = 20;
const TRAILER = 8;

const UNEXPECTED_END = 0; // fflate's FlateErrorCode.UnexpectedEOF

/** The limit on bytes that a call asks for. */
export function byteLimit(where: string, maxBytes: number | undefined): number {
  if (maxBytes === undefined) return DEFAULT_MAX_BYTES;
  return checkNumber(where, 'maxBytes', maxBytes, { integer: true, min: 1, max: LARGEST_MAX_BYTES });
}

/** Refuses what is not a `Uint8Array`, and one whose bytes another thread may change while they are read. */
export function checkBytes(
  where: string,
  argument: string,
  bytes: unknown,
  must: string,
): asserts bytes is Uint8Array {
  // By tag and not `instanceof`: a Uint8Array of another realm (a frame, a worker, a test's sandbox) is one too.
  const isBytes = ArrayBuffer.isView(bytes) && tag(bytes) === 'Uint8Array';
  if (!isBytes) throw new ArgumentError({ where, argument, must, got: describeValue(bytes) });
  if (tag(bytes.buffer) === 'SharedArrayBuffer') {
    throw new ArgumentError({
      where,
      argument,
      must,
      got: 'shared memory',
      hint: 'pass a copy: bytes.slice()',
    });
  }
}

function tag(x: ArrayBufferView | ArrayBufferLike): string {
  return (x as { readonly [Symbol.toStringTag]: string })[Symbol.toStringTag];
}

/** The bytes themselves, or what they inflate to if they are gzip; never more than `maxBytes`. */
export function inflated(where: string, name: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (isGzip(bytes)) return gunzip(where, name, bytes, maxBytes);
  if (bytes.length > maxBytes) throw tooLarge(where, name, bytes.length, maxBytes);
  return bytes;
}

/** The refusal of a source that is too large as it stands. */
export function tooLarge(where: string, name: string, size: number, maxBytes: number): LimitError {
  return new LimitError({
    where,
    argument: name,
    must: `hold at most ${maxBytes} bytes`,
    got: `${size}`,
    hint: 'raise maxBytes if you trust the source',
  });
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gunzip(where: string, name: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length < SHORTEST) throw cutShort(where, name, undefined);

  // The trailer says how long the last member is. It may lie, so it only sizes the first allocation.
  const declared = littleEndian(bytes, bytes.length - 4);
  let out = new Uint8Array(Math.min(declared, maxBytes, bytes.length * LARGEST_RATIO));
  let length = 0;
  let memberStart = 0;
  let checksum = 0;

  /** Holds the member that ends at `end` against the checksum and the length in its trailer. fflate does not. */
  const closeMember = (end: number): void => {
    const expected = littleEndian(bytes, end - TRAILER);
    const expectedLength = littleEndian(bytes, end - 4);
    if (expected === checksum && expectedLength === length - memberStart) return;
    throw new IntegrityError({
      where,
      argument: name,
      must: `have the gzip checksum ${hex(expected)} over ${expectedLength} bytes`,
      got: `${hex(checksum)} over ${length - memberStart}`,
      hint: 'the file is damaged, cut short, or has bytes after its end; fetch it again',
    });
  };

  const stream = new Gunzip((chunk) => {
    if (length + chunk.length > maxBytes) {
      throw new LimitError({
        where,
        argument: name,
        must: `inflate to at most ${maxBytes} bytes`,
        got: `more than that from ${bytes.length} bytes of gzip`,
        hint: 'raise maxBytes if you trust the source',
      });
    }
    if (length + chunk.length > out.length) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(length + chunk.length, 2 * out.length)));
      larger.set(out.subarray(0, length));
      out = larger;
    }
    out.set(chunk, length);
    length += chunk.length;
    checksum = crc32(checksum, chunk);
  });
  stream.onmember = (start) => {
    closeMember(start);
    memberStart = length;
    checksum = 0;
  };

  try {
    for (let i = 0; i < bytes.length; i += STEP) {
      stream.push(bytes.subarray(i, i + STEP), i + STEP >= bytes.length);
    }
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    if (typeof code !== 'number') throw error;
    if (code === UNEXPECTED_END) throw cutShort(where, name, error);
    throw new FormatError({ where, argument: name, must: 'be sound gzip', got: message, cause: error });
  }
  closeMember(bytes.length);

  const plain = out.subarray(0, length);
  if (isGzip(plain)) {
    throw new FormatError({ where, argument: name, must: 'be gzipped once', got: 'gzip inside gzip' });
  }
  return plain;
}

function cutShort(where: string, name: string, cause: unknown): FormatError {
  return new FormatError({
    where,
    argument: name,
    must: 'be whole gzip',
    got: 'one that is cut short',
    hint: 'fetch it again',
    ...(cause === undefined ? {} : { cause }),
  });
}

function littleEndian(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

let crcTable: Uint32Array | undefined;

/** The CRC-32 of RFC 1952, carried on from `crc`. */
function crc32(crc: number, bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    return c;
  });
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) {
    c = (c >>> 8) ^ (crcTable[(c ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~c >>> 0;
}
