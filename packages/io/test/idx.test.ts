import { describe, expect, it } from '@jest/globals';
import { ArgumentError, FormatError, IntegrityError, LimitError, type NdgradError } from '@ndgrad/core';
import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { type IdxArray, type IdxOptions, type IdxType, readIdx } from '../src/index.js';

const TYPES = {
  uint8: { code: 0x08, size: 1, write: (view: DataView, at: number, x: number) => view.setUint8(at, x) },
  int8: { code: 0x09, size: 1, write: (view: DataView, at: number, x: number) => view.setInt8(at, x) },
  int16: { code: 0x0b, size: 2, write: (view: DataView, at: number, x: number) => view.setInt16(at, x) },
  int32: { code: 0x0c, size: 4, write: (view: DataView, at: number, x: number) => view.setInt32(at, x) },
  float32: { code: 0x0d, size: 4, write: (view: DataView, at: number, x: number) => view.setFloat32(at, x) },
  float64: { code: 0x0e, size: 8, write: (view: DataView, at: number, x: number) => view.setFloat64(at, x) },
} satisfies Record<IdxType, object>;

/** An IDX file, written straight from the format's description. */
function idx(type: IdxType, shape: readonly number[], elements: readonly number[]): Uint8Array {
  const { code, size, write } = TYPES[type];
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length + size * elements.length));
  view.setUint8(2, code);
  view.setUint8(3, shape.length);
  for (const [axis, extent] of shape.entries()) view.setUint32(4 + 4 * axis, extent);
  for (const [i, x] of elements.entries()) write(view, 4 + 4 * shape.length + size * i, x);
  return new Uint8Array(view.buffer);
}

function refusal(bytes: unknown, options?: unknown): NdgradError {
  try {
    readIdx(bytes as Uint8Array, options as IdxOptions);
  } catch (error) {
    return error as NdgradError;
  }
  throw new Error('nothing was thrown');
}

/** A header of bytes, numbers above 255 as extents of four bytes. */
const header = (code: number, ...extents: readonly number[]): Uint8Array => {
  const bytes = idx('uint8', extents, []);
  bytes[2] = code;
  return bytes;
};

describe('readIdx', () => {
  it.each<[IdxType, readonly number[], IdxArray['data']]>([
    ['uint8', [0, 1, 255], Uint8Array.of(0, 1, 255)],
    ['int8', [-128, -1, 127], Int8Array.of(-128, -1, 127)],
    ['int16', [-32768, 258, 32767], Int16Array.of(-32768, 258, 32767)],
    ['int32', [-(2 ** 31), 66051, 2 ** 31 - 1], Int32Array.of(-(2 ** 31), 66051, 2 ** 31 - 1)],
    ['float32', [1.5, -0, Infinity], Float32Array.of(1.5, -0, Infinity)],
    ['float64', [Math.PI, Number.NaN, 5e-324], Float64Array.of(Math.PI, Number.NaN, 5e-324)],
  ])('reads %s', (type, elements, data) => {
    expect(readIdx(idx(type, [3], elements))).toEqual({ type, shape: [3], data });
  });

  it('reads the magic numbers of MNIST: 0x00000803 for images, 0x00000801 for labels', () => {
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6);
    expect(readIdx(images)).toEqual({ type: 'uint8', shape: [2, 1, 2], data: Uint8Array.of(9, 8, 7, 6) });
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 0);
    expect(readIdx(labels)).toEqual({ type: 'uint8', shape: [2], data: Uint8Array.of(5, 0) });
  });

  it('reads from anywhere in a buffer, aligned or not', () => {
    const file = idx('float64', [1, 2], [0.1, -0.2]);
    const larger = new Uint8Array(file.length + 5);
    larger.set(file, 3);
    expect(readIdx(larger.subarray(3, 3 + file.length)).data).toEqual(Float64Array.of(0.1, -0.2));
  });

  it('reads gzip, known by its content', () => {
    expect(readIdx(gzipSync(idx('int16', [2], [1, -1])))).toEqual({
      type: 'int16',
      shape: [2],
      data: Int16Array.of(1, -1),
    });
  });

  it.each(Object.keys(TYPES) as IdxType[])('keeps nothing of the bytes it was given (%s)', (type) => {
    for (const file of [idx(type, [2], [1, 2]), Buffer.from(idx(type, [2], [1, 2]))]) {
      const { data } = readIdx(file);
      file.fill(0);
      expect(Array.from(data)).toEqual([1, 2]);
      expect(data.constructor.name).toBe(`${type[0].toUpperCase()}${type.slice(1)}Array`);
    }
  });

  it('reads extents of zero', () => {
    expect(readIdx(idx('float32', [0], []))).toEqual({
      type: 'float32',
      shape: [0],
      data: new Float32Array(0),
    });
    expect(readIdx(idx('uint8', [0, 28, 28], [])).shape).toEqual([0, 28, 28]);
  });

  it('reads 16 axes', () => {
    expect(readIdx(idx('uint8', new Array<number>(16).fill(1), [7])).data).toEqual(Uint8Array.of(7));
  });

  it('reads any array back', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    const types = fc.constantFrom(...(Object.keys(TYPES) as IdxType[]));
    fc.assert(
      fc.property(
        types,
        shapes,
        fc.infiniteStream(fc.integer({ min: -128, max: 127 })),
        (type, shape, stream) => {
          const size = shape.reduce((product, extent) => product * extent, 1);
          const elements = [...stream.take(size)].map((x) => (type === 'uint8' ? x + 128 : x));
          const file = idx(type, shape, elements);
          for (const bytes of [file, gzipSync(file)]) {
            const array = readIdx(bytes);
            expect(array.type).toBe(type);
            expect(array.shape).toEqual(shape);
            expect(Array.from(array.data)).toEqual(elements);
          }
        },
      ),
    );
  });

  describe('refuses, as no IDX or not all of it,', () => {
    it.each<[string, Uint8Array, string]>([
      ['an empty file', new Uint8Array(0), 'be an IDX file, got 0 bytes'],
      ['one byte', new Uint8Array(1), 'be an IDX file, got 1 byte'],
      ['three bytes', new Uint8Array(3), 'be an IDX file, got 3 bytes'],
      [
        'another magic',
        Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0),
        'be an IDX file, which begins with two zero bytes, got 0x89504e47',
      ],
      [
        'a small magic',
        Uint8Array.of(0, 1, 8, 1),
        'be an IDX file, which begins with two zero bytes, got 0x00010801',
      ],
      ['an unknown type', header(0x0a, 1), 'have an element type of 0x08, 0x09 or 0x0b to 0x0e, got 0x0a'],
      ['no type', header(0, 1), 'have an element type of 0x08, 0x09 or 0x0b to 0x0e, got 0x00'],
      ['no axes', idx('uint8', [], [1]), 'have 1 to 16 axes, got 0'],
      ['too many axes', Uint8Array.of(0, 0, 8, 17), 'have 1 to 16 axes, got 17'],
      [
        'a header cut short',
        idx('uint8', [2, 3], []).subarray(0, 11),
        'hold a header of 12 bytes, got 11 bytes; the file is cut short',
      ],
      [
        'elements cut short',
        idx('int16', [2, 3], [1, 2, 3, 4, 5, 6]).subarray(0, 23),
        'hold 24 bytes for [2, 3] of int16, got 23 bytes; the file is cut short',
      ],
      [
        'bytes after the last element',
        idx('uint8', [2], [1, 2, 3]),
        'hold 10 bytes for [2] of uint8, got 11 bytes; bytes follow the last element',
      ],
      [
        'elements where an extent is zero',
        idx('float64', [0, 3], [1]),
        'hold 12 bytes for [0, 3] of float64, got 20 bytes; bytes follow the last element',
      ],
      [
        'extents whose product wraps to something small in 32 bits',
        header(0x08, 65536, 65536, 1),
        'have extents whose product is at most 2147483647, got [65536, 65536, 1]',
      ],
      [
        'extents whose product wraps in 64 bits',
        header(0x08, 4194305, 4194305, 4294967295, 4294967295),
        'have extents whose product is at most 2147483647, got [4194305, 4194305, 4294967295, 4294967295]',
      ],
      [
        'large extents that a zero would hide',
        header(0x08, 0, 4294967295, 4294967295),
        'have extents whose product is at most 2147483647, got [0, 4294967295, 4294967295]',
      ],
      [
        'the largest product without the elements',
        header(0x0e, 2147483647),
        'hold 17179869184 bytes for [2147483647] of float64, got 8 bytes; the file is cut short',
      ],
    ])('%s', (_, bytes, problem) => {
      const error = refusal(bytes, { file: 'f' });
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toBe(`readIdx: "f" must ${problem}`);
      expect(refusal(bytes).message).toBe(`readIdx: bytes must ${problem}`);
    });

    it.each(Object.keys(TYPES) as IdxType[])('a file of %s at every length but its own', (type) => {
      const file = idx(type, [2, 1, 3], [1, 2, 3, 4, 5, 6]);
      for (let length = 0; length < file.length; length++) {
        expect(refusal(file.subarray(0, length))).toBeInstanceOf(FormatError);
      }
      const longer = new Uint8Array(file.length + 1);
      longer.set(file);
      expect(refusal(longer)).toBeInstanceOf(FormatError);
    });

    it('a gzipped file at every length but its own', () => {
      const file = gzipSync(idx('uint8', [2, 3], [1, 2, 3, 4, 5, 6]));
      for (let length = 0; length < file.length; length++) {
        expect(refusal(file.subarray(0, length)).name).toMatch(/^(FormatError|IntegrityError)$/);
      }
    });

    it('any bytes that are none, with a typed error', () => {
      const almost = fc.tuple(fc.constantFrom(8, 9, 11, 12, 13, 14), fc.uint8Array({ maxLength: 40 }));
      fc.assert(
        fc.property(almost, ([code, tail]) => {
          const bytes = Uint8Array.of(0, 0, code, ...tail);
          try {
            const { shape, data } = readIdx(bytes);
            expect(data.length).toBe(shape.reduce((product, extent) => product * extent, 1));
          } catch (error) {
            expect((error as Error).name).toBe('FormatError');
          }
        }),
        { numRuns: 2000 },
      );
    });
  });

  describe('refuses arguments:', () => {
    it.each([
      ['text', '"text"'],
      [[0, 0, 8, 1], 'an array of length 4'],
      [new DataView(new ArrayBuffer(8)), 'a DataView'],
      [new ArrayBuffer(8), 'an ArrayBuffer'],
      [undefined, 'undefined'],
    ])('bytes %p', (bytes, got) => {
      const error = refusal(bytes);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toBe(`readIdx: bytes must be a Uint8Array, got ${got}`);
    });

    it.each([
      [{ flie: 'x' }, "readIdx: unknown option 'flie'; did you mean 'file'?"],
      [{ file: 3 }, 'readIdx: file must be a string, got 3'],
      [{ maxBytes: 0 }, 'readIdx: maxBytes must be an integer at least 1 and at most 2147483647, got 0'],
    ])('%j', (options, message) => {
      const error = refusal(idx('uint8', [1], [1]), options);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toBe(message);
    });
  });

  it('refuses more bytes than maxBytes, before and after inflating', () => {
    const file = idx('uint8', [1000], new Array<number>(1000).fill(0));
    expect(readIdx(file, { maxBytes: 1008 }).shape).toEqual([1000]);
    expect(readIdx(gzipSync(file), { maxBytes: 1008 }).shape).toEqual([1000]);
    expect(refusal(file, { maxBytes: 1007 })).toBeInstanceOf(LimitError);
    expect(refusal(gzipSync(file), { maxBytes: 1007 })).toBeInstanceOf(LimitError);
  });

  it('refuses gzip whose checksum does not hold', () => {
    const file = gzipSync(idx('uint8', [1], [1]));
    file[file.length - 8] ^= 1;
    expect(refusal(file)).toBeInstanceOf(IntegrityError);
  });
});

// Types: testing the type narrows the data.
export const typed = (array: IdxArray): Int16Array | undefined =>
  array.type === 'int16' ? array.data : undefined;
