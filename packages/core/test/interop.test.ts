/**
 * @file NdArrays in and out: random ranks, strides, stores and dtypes against loops over indices, and what must be refused.
 * Seeded by fast-check, which prints the seed of a failure.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import ops from 'ndarray-ops';
import {
  add,
  assign,
  capture,
  type DType,
  flip,
  fromNdarray,
  NdgradError,
  permute,
  slice,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.js';
import { copyInto } from '../src/interop.js';
import { thrownBy } from './thrown.js';

/** What can lie under an NdArray. */
type Numbers = { length: number; [index: number]: number };

/** A store that is no array. */
class Cells {
  readonly length: number;
  readonly #cells: Map<number, number>;
  constructor(values: readonly number[]) {
    this.length = values.length;
    this.#cells = new Map(values.entries());
  }
  get(index: number): number {
    return this.#cells.get(index) as number;
  }
  set(index: number, value: number): void {
    this.#cells.set(index, value);
  }
}

/** Kinds of data: how to make one, the dtype it comes in as, and what its elements can be. */
const KINDS: readonly {
  readonly name: string;
  readonly dtype: DType;
  readonly range?: readonly [number, number];
  readonly round?: (value: number) => number;
  readonly from: (values: readonly number[]) => Numbers | Cells;
}[] = [
  { name: 'float32', dtype: 'float32', round: Math.fround, from: (v) => Float32Array.from(v) },
  { name: 'float64', dtype: 'float64', from: (v) => Float64Array.from(v) },
  { name: 'int8', dtype: 'int32', range: [-128, 127], from: (v) => Int8Array.from(v) },
  { name: 'uint8', dtype: 'int32', range: [0, 255], from: (v) => Uint8Array.from(v) },
  { name: 'clamped', dtype: 'int32', range: [0, 255], from: (v) => Uint8ClampedArray.from(v) },
  { name: 'int16', dtype: 'int32', range: [-32768, 32767], from: (v) => Int16Array.from(v) },
  { name: 'uint16', dtype: 'int32', range: [0, 65535], from: (v) => Uint16Array.from(v) },
  { name: 'int32', dtype: 'int32', range: [-(2 ** 31), 2 ** 31 - 1], from: (v) => Int32Array.from(v) },
  { name: 'uint32', dtype: 'int32', range: [0, 2 ** 32 - 1], from: (v) => Uint32Array.from(v) },
  { name: 'array', dtype: 'float32', from: (v) => [...v] },
  { name: 'store', dtype: 'float32', from: (v) => new Cells(v) },
];
const SHAREABLE = ['float32', 'float64', 'int32'];

const elementAt = (data: Numbers | Cells, index: number): number =>
  data instanceof Cells ? data.get(index) : (data[index] as number);
const contentOf = (data: Numbers | Cells): number[] =>
  Array.from({ length: data.length }, (_, i) => elementAt(data, i));

/** Where the elements of a view lie. */
interface Layout {
  readonly shape: number[];
  readonly stride: number[];
  readonly offset: number;
  /** How long the data must be. */
  readonly length: number;
}

/** Any order of the axes, steps and gaps, forwards and backwards, with room before and behind. */
const layoutOf = (shape: readonly number[]): fc.Arbitrary<Layout> =>
  fc
    .record({
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      steps: fc.array(fc.constantFrom(1, 1, 2), { minLength: shape.length, maxLength: shape.length }),
      signs: fc.array(fc.constantFrom(1, -1), { minLength: shape.length, maxLength: shape.length }),
      room: fc.nat(2),
    })
    .map(({ order, steps, signs, room }) => {
      const stride = new Array<number>(shape.length);
      let span = 1;
      let offset = room;
      for (const axis of order) {
        const step = span * (steps[axis] as number);
        stride[axis] = step * (signs[axis] as number);
        const last = Math.max(0, (shape[axis] as number) - 1);
        if (stride[axis] < 0) offset += last * step;
        span = step * Math.max(1, shape[axis] as number);
      }
      return { shape: [...shape], stride, offset, length: span + 2 * room };
    });

const shapes = fc.array(fc.constantFrom(0, 1, 2, 2, 3, 3), { maxLength: 5 });
const layouts = shapes.chain(layoutOf);

/** Strides of 0 along some axes: elements that share memory. */
const stretched = layouts.chain((layout) =>
  fc
    .array(fc.boolean(), { minLength: layout.shape.length, maxLength: layout.shape.length })
    .map((flat) => ({ ...layout, stride: layout.stride.map((s, axis) => (flat[axis] && s > 0 ? 0 : s)) })),
);

/** Indices of the data in row-major order of the view: the loop that everything is held against. */
function positionsOf({ shape, stride, offset }: Pick<Layout, 'shape' | 'stride' | 'offset'>): number[] {
  let positions = [offset];
  shape.forEach((extent, axis) => {
    positions = positions.flatMap((start) =>
      Array.from({ length: extent }, (_, i) => start + i * (stride[axis] as number)),
    );
  });
  return positions;
}

const viewOf = (data: Numbers | Cells, { shape, stride, offset }: Layout): NdArray =>
  ndarray(data as number[], shape.slice(), stride.slice(), offset);

/** Small whole numbers that every kind holds, unlike their neighbours. */
const filling = (length: number): number[] => Array.from({ length }, (_, i) => (i * 37 + 11) % 101);

const numbersOf = (t: Tensor): number[] => Array.from(t.toTypedArray());

/** The elements of an NdArray, by its own get. */
function gotten(view: NdArray): number[] {
  const at: number[] = [];
  const elements: number[] = [];
  const walk = (axis: number): void => {
    if (axis === view.dimension) {
      elements.push(view.get(...at));
      return;
    }
    for (let i = 0; i < (view.shape[axis] as number); i++) {
      at[axis] = i;
      walk(axis + 1);
    }
  };
  walk(0);
  return elements;
}

describe('NdArrays of any layout', () => {
  for (const { name, dtype, from } of KINDS) {
    it(`${name} comes in by copy`, () => {
      fc.assert(
        fc.property(stretched, (layout) => {
          const data = from(filling(layout.length));
          const t = tensor(viewOf(data, layout));
          expect([t.dtype, t.shape]).toEqual([dtype, layout.shape]);
          const expected = positionsOf(layout).map((at) => elementAt(data, at));
          expect(numbersOf(t)).toEqual(expected);
          // Nothing is shared.
          const before = contentOf(data);
          assign(t, 1);
          expect(contentOf(data)).toEqual(before);
        }),
      );
    });

    it(`${name} ${SHAREABLE.includes(name) ? 'comes in by share' : 'is not shared, and says so'}`, () => {
      fc.assert(
        fc.property(stretched, layouts, (read, written) => {
          if (!SHAREABLE.includes(name)) {
            const fault = thrownBy(() => fromNdarray(viewOf(from(filling(read.length)), read)));
            expect(fault?.name).toBe('DTypeError');
            expect(fault?.message).toMatch(/; tensor\(x\) copies and converts$/);
            return;
          }
          const data = from(filling(read.length)) as Float64Array;
          const shown = viewOf(data, read);
          const t = fromNdarray(shown);
          expect([t.dtype, t.shape]).toEqual([dtype, read.shape]);
          expect(numbersOf(t)).toEqual(positionsOf(read).map((at) => data[at]));
          // What is written there is read here.
          data.fill(5);
          expect(numbersOf(t)).toEqual(positionsOf(read).map(() => 5));

          // What is written here is read there, and counted.
          const memory = from(filling(written.length)) as Float64Array;
          const w = fromNdarray(viewOf(memory, written));
          const same = fromNdarray(w.ndarray);
          const version = w.storage.version;
          const expected = Array.from(memory);
          for (const at of positionsOf(written)) expected[at] = 1;
          assign(w, 1);
          expect(Array.from(memory)).toEqual(expected);
          expect(w.storage.version).toBe(version + 1);
          expect(same.storage).toBe(w.storage);
        }),
      );
    });
  }

  it('any tensor goes out as one', () => {
    const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool');
    fc.assert(
      fc.property(shapes, dtypes, fc.infiniteStream(fc.boolean()), (shape, dtype, coins) => {
        // Every second element of a larger one, turned round and with its axes moved.
        const whole = shape.map((extent) => 2 * extent);
        const size = whole.reduce((product, extent) => product * extent, 1);
        const coin = (): boolean => coins.next().value === true;
        const parent = tensor(
          filling(size).map((x) => (dtype === 'bool' ? x % 2 : x)),
          { dtype, shape: whole },
        );
        let t: Tensor = slice(parent, ...shape.map((): [number, null, number] => [coin() ? 1 : 0, null, 2]));
        for (const axis of shape.keys()) if (coin()) t = flip(t, { axis });
        if (coin()) t = permute(t, [...shape.keys()].reverse());
        const shown = t.ndarray;
        expect([shown.shape, shown.size]).toEqual([t.shape, t.size]);
        expect(gotten(shown)).toEqual(numbersOf(t));
        expect(numbersOf(tensor(shown, { dtype }))).toEqual(numbersOf(t));
      }),
    );
  });
});

describe('copyInto', () => {
  const awkward = [0, -0, 1, 2, 127, 128, 255, 256, -1, -128, -129, 65535, 65536, 2 ** 31, 3e9, 1.5, -0.25];
  const values = fc.constantFrom(...awkward, 1e300, Number.NaN, Infinity, -Infinity);
  const small = fc.constantFrom(0, 1, 2, 100, 127);
  const meant = shapes.chain((shape) => fc.tuple(layoutOf(shape), layoutOf(shape)));

  for (const { name, range, round = (x: number) => x, from } of KINDS) {
    it(`writes into ${name} of any strides what it holds, and refuses the rest before it writes`, () => {
      fc.assert(
        fc.property(
          meant,
          fc.constantFrom('float32', 'float64', 'int32', 'bool'),
          fc.boolean(),
          fc.infiniteStream(values),
          fc.infiniteStream(small),
          ([there, here], dtype, tame, wild, mild) => {
            const drawn = [...(tame ? mild : wild).take(here.length)].map((x) => {
              if (dtype === 'bool') return x === 0 ? 0 : 1;
              return dtype === 'int32' ? (Number.isNaN(x) ? 0 : x | 0) : x;
            });
            const whole = tensor(drawn, { dtype });
            const source =
              dtype === 'bool'
                ? tensor(
                    positionsOf(here).map((at) => drawn[at] as number),
                    { dtype, shape: here.shape },
                  )
                : fromNdarray(ndarray(whole.ndarray.data, here.shape, here.stride, here.offset));
            const data = from(filling(there.length));
            const before = contentOf(data);
            const target = viewOf(data, there);
            const elements = numbersOf(source);
            const fits =
              range === undefined ||
              elements.every((x) => Number.isInteger(x) && x >= range[0] && x <= range[1]);
            if (!fits) {
              expect(thrownBy(() => copyInto(target, source))?.name).toBe('NumericError');
              expect(contentOf(data)).toEqual(before);
              return;
            }
            expect(copyInto(target, source)).toBe(target);
            const expected = before.slice();
            positionsOf(there).forEach((at, i) => {
              // Arrays of integers know no −0.
              expected[at] = range === undefined ? round(elements[i] as number) : (elements[i] as number) + 0;
            });
            expect(contentOf(data)).toEqual(expected);
            expect(gotten(target)).toEqual(positionsOf(there).map((at) => expected[at]));
          },
        ),
      );
    });
  }

  it('reads the memory that it writes as it was before', () => {
    const pairs = shapes.chain((shape) => fc.tuple(layoutOf(shape), layoutOf(shape), fc.nat(3)));
    const classes = fc.constantFrom(Float32Array, Float64Array, Int32Array);
    fc.assert(
      fc.property(pairs, classes, fc.boolean(), ([from, to, shift], Class, otherArray) => {
        const length = Math.max(from.length, to.length) + shift;
        const data = Class.from(filling(length));
        // The same array, or another one over the same buffer.
        const written = otherArray ? new Class(data.buffer) : data;
        const target = viewOf(written, { ...to, offset: to.offset + shift });
        const source = fromNdarray(viewOf(data, from));
        const elements = numbersOf(source);
        copyInto(target, source);
        expect(gotten(target)).toEqual(elements);
      }),
    );
  });

  it('transposes in place, shifts by one, turns round, and writes through another dtype', () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    copyInto(t.ndarray, t.T);
    expect(t.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    const line = ndarray(Float64Array.of(1, 2, 3, 4));
    copyInto(line.lo(1), fromNdarray(line.hi(3)));
    expect(gotten(line)).toEqual([1, 1, 2, 3]);
    copyInto(line, fromNdarray(line).flip());
    expect(gotten(line)).toEqual([3, 2, 1, 1]);
    const floats = Float32Array.of(1, 2, 3);
    copyInto(ndarray(new Int32Array(floats.buffer)), fromNdarray(ndarray(floats)));
    expect(Array.from(new Int32Array(floats.buffer))).toEqual([1, 2, 3]);
  });

  it('agrees with ndarray-ops where that is right', () => {
    fc.assert(
      fc.property(meant, ([a, b]) => {
        const [x, y] = [Float64Array.from(filling(a.length)), new Float64Array(b.length)];
        const z = y.slice();
        copyInto(viewOf(y, b), fromNdarray(viewOf(x, a)));
        ops.assign(viewOf(z, b), viewOf(x, a));
        expect(y).toEqual(z);
      }),
    );
  });

  it('counts as a write into the tensor whose memory it is', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const x = tensor([3, 4]);
    const y = w.mul(x).sum();
    copyInto(x.ndarray.lo(1), tensor([9]));
    expect(x.toArray()).toEqual([3, 9]);
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
    // A call that is refused is no write.
    const z = w.mul(x).sum();
    expect(thrownBy(() => copyInto(x.ndarray, tensor([1])))?.name).toBe('ShapeError');
    z.backward();
    expect(w.grad?.toArray()).toEqual([3, 9]);
  });

  it('takes bools for a bool tensor, and nothing else', () => {
    const mask = tensor([true, false]);
    copyInto(mask.ndarray, tensor([false, true]));
    expect(mask.toArray()).toEqual([false, true]);
    expect(thrownBy(() => copyInto(mask.ndarray, tensor([1, 2])))).toEqual({
      name: 'NumericError',
      message:
        'copyInto: element 1 is 2, which target cannot hold: it takes integers from 0 to 1; round() and clamp() it first',
    });
    expect(mask.toArray()).toEqual([false, true]);
  });

  it('refuses other shapes, shared elements, and what is no tensor or NdArray', () => {
    const m = zeros([2, 3]);
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(6), [6]), m))).toEqual({
      name: 'ShapeError',
      message: 'copyInto: target must have the shape of source, [2, 3], got [6]',
    });
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(1), [2, 3], [0, 0]), m))).toEqual({
      name: 'AliasError',
      message:
        'copyInto: elements of the view [2, 3] with strides [0, 0] share memory; write into an array of its own',
    });
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(6), [2, 3]), 1 as never))).toEqual({
      name: 'ArgumentError',
      message: 'copyInto: source must be a tensor, got 1; wrap it in tensor(…)',
    });
    expect(thrownBy(() => copyInto(1 as never, m))).toEqual({
      name: 'ArgumentError',
      message: 'copyInto: target must be an NdArray, got 1',
    });
    expect(thrownBy(() => copyInto(ndarray(new Uint8Array(2)), tensor([1, 300])))).toEqual({
      name: 'NumericError',
      message:
        'copyInto: element 1 is 300, which target cannot hold: it takes integers from 0 to 255; round() and clamp() it first',
    });
  });

  it('is refused in a captured step, which has no values', () => {
    const mine = ndarray(new Float32Array(1));
    const step = capture((x: Tensor) => {
      copyInto(mine, x);
      return x;
    });
    expect(thrownBy(() => step(tensor([1])))?.name).toBe('CaptureError');
  });
});

describe('what is no NdArray', () => {
  const data = Float64Array.of(1, 2, 3, 4);
  const good = { data, shape: [2, 2], stride: [2, 1], offset: 0 };
  const code = "0;globalThis['ndgrad was here']=1;0";
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
  const gone = new Float64Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const overlaid = (key: string | symbol, value: unknown): Float64Array =>
    Object.defineProperty(Float64Array.of(1, 2, 3, 4), key, { value });
  /** An array whose elements are one thing when they are checked and another afterwards. */
  const shifty = (first: unknown, then: unknown): unknown[] => {
    let reads = 0;
    return Object.defineProperty([0, 2], 0, { get: () => (reads++ === 0 ? first : then) });
  };
  const nd = ndarray(data, [2, 2]);

  const malformed: readonly (readonly [what: string, x: unknown])[] = [
    ['an extent too many', { ...good, shape: [3, 2] }],
    ['a negative extent', { ...good, shape: [-2, 2] }],
    ['two negative extents', { ...good, shape: [-2, -2] }],
    ['an extent of NaN', { ...good, shape: [Number.NaN, 2] }],
    ['an infinite extent', { ...good, shape: [Infinity, 2] }],
    ['half an extent', { ...good, shape: [2.5, 2] }],
    ['an extent in words', { ...good, shape: ['2', 2] }],
    ['a shape with a hole', { ...good, shape: new Array(2) }],
    ['2⁶² elements', { ...good, shape: [2 ** 31, 2 ** 31] }],
    ['an overflow behind a zero', { ...good, shape: [0, 2 ** 53] }],
    ['rank 17', { ...good, shape: new Array(17).fill(1), stride: new Array(17).fill(1) }],
    ['rank 1000', { ...good, shape: new Array(1000).fill(1), stride: new Array(1000).fill(1) }],
    ['no shape', { ...good, shape: undefined }],
    ['a shape that is a Set', { ...good, shape: new Set([2]) }],
    ['half a stride', { ...good, stride: [2, 0.5] }],
    ['a stride of NaN', { ...good, stride: [2, Number.NaN] }],
    ['a stride past the end', { ...good, stride: [100, 1] }],
    ['a stride before the start', { ...good, stride: [-2, 1] }],
    ['strides with a hole', { ...good, stride: new Array(2) }],
    ['a stride too few', { ...good, stride: [1] }],
    ['a stride too many', { ...good, stride: [2, 1, 1] }],
    ['a stride that is code', { ...good, stride: [2, code] }],
    ['strides that lose digits', { ...good, stride: [2 ** 53, 1] }],
    ['a negative offset', { ...good, offset: -1 }],
    ['an offset past the end', { ...good, offset: 1 }],
    ['an offset that ndarray would cut', { ...good, offset: 2 ** 32 + 1 }],
    ['an offset of NaN', { ...good, offset: Number.NaN }],
    ['an offset that is code', { ...good, offset: code }],
    ['no data', { ...good, data: undefined }],
    ['data that is text', { ...good, data: '1234' }],
    ['data that is a Map', { ...good, data: new Map() }],
    ['64-bit integers', { ...good, data: new BigInt64Array(4) }],
    ['a store that only gives', { ...good, data: { length: 4, get: () => 1 } }],
    ['a store of no length', { ...good, data: { length: -1, get: () => 1, set: () => undefined } }],
    ['a store that is too short', { ...good, data: new Cells([1, 2, 3]) }],
    ['a buffer that is gone', { ...good, data: gone }],
    [
      'a buffer that can shrink',
      { ...good, data: new Float64Array(new Resizable(32, { maxByteLength: 64 })) },
    ],
    ['a buffer that is shared', { ...good, data: new Float64Array(new SharedArrayBuffer(32)) }],
    ['an array that lies about its length', { ...good, data: overlaid('length', 1e9), offset: 100 }],
    ['an array that lies about its class', { ...good, data: overlaid(Symbol.toStringTag, 'Int32Array') }],
    ['what hi made larger', nd.hi(9, 9)],
    ['what lo made negative', nd.lo(5, 5)],
    ['what step made infinite', nd.step(0)],
    ['what transpose invented', nd.transpose(5, 6)],
    ['an object in disguise', { ...good, shape: { length: 2, 0: 2, 1: 2 } }],
    ['nothing', null],
    ['code', code],
  ];
  const takers: readonly (readonly [name: string, take: (x: never) => unknown])[] = [
    ['tensor', (x) => tensor(x)],
    ['fromNdarray', (x) => fromNdarray(x)],
    ['copyInto', (x) => copyInto(x, tensor([5, 6, 7, 8], { shape: [2, 2] }))],
  ];
  for (const [what, x] of malformed) {
    it(`${what} is refused by all, before anything is done`, () => {
      for (const [name, take] of takers) {
        let thrown: unknown;
        try {
          take(x as never);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(NdgradError);
        expect((thrown as Error).message).toMatch(new RegExp(`^${name}: `));
      }
      expect(Array.from(data)).toEqual([1, 2, 3, 4]);
    });
  }

  it('what is said besides the four fields is not read, nor run', () => {
    const disguised = {
      ...good,
      order: [code, `x);${code}//`],
      dtype: code,
      size: 1e9,
      dimension: 7,
      get: () => 7,
      set: () => {
        throw new Error('called');
      },
    } as never;
    expect(tensor(disguised).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(fromNdarray(disguised).sum().item()).toBe(10);
    expect(copyInto(disguised, tensor([[5, 6], [7, 8]]))).toBe(disguised); // biome-ignore format: a matrix
    expect(Array.from(data)).toEqual([5, 6, 7, 8]);
    data.set([1, 2, 3, 4]);
    expect('ndgrad was here' in globalThis).toBe(false);
  });

  it('what changes while it is read is as it was when it was checked', () => {
    const a = fromNdarray({ ...good, shape: shifty(2, 1e6) } as never);
    expect(a.shape).toEqual([2, 2]);
    const b = fromNdarray({ ...good, shape: [2, 2], stride: shifty(1, code) } as never);
    expect(b.strides).toEqual([1, 2]);
    expect(b.ndarray.get(1, 1)).toBe(4);
  });

  it('an element that is no number is refused with its place', () => {
    expect(thrownBy(() => tensor(ndarray([1, 'a', 2, 3] as never, [2, 2]) as never))).toEqual({
      name: 'DTypeError',
      message: 'tensor: data[0][1] must be a number or a boolean, got "a"',
    });
    const store = { length: 2, get: (i: number) => (i === 1 ? 1n : 1), set: () => undefined };
    expect(thrownBy(() => tensor(ndarray(store as never) as never))).toEqual({
      name: 'DTypeError',
      message: 'tensor: data[1] must be a number or a boolean, got the bigint 1n',
    });
    expect(thrownBy(() => tensor(ndarray(Uint32Array.of(1, 2 ** 31))))?.name).toBe('DTypeError');
    expect(tensor(ndarray(Uint32Array.of(2 ** 31)), { dtype: 'float64' }).item()).toBe(2 ** 31);
  });

  it('a tensor is not an NdArray: its ndarray is', () => {
    expect(thrownBy(() => fromNdarray(add(1, 2) as never))?.name).toBe('ArgumentError');
  });
});
