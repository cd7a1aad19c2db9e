/** @file What must be refused, row by row of the list in docs/numerics.md; the numbers are that list's. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import {
  add,
  arange,
  argmax,
  assign,
  cast,
  clamp,
  concat,
  defineOp,
  expand,
  eye,
  flip,
  floorDivide,
  fromNdarray,
  full,
  gather,
  generator,
  gradients,
  indexAdd,
  indexSelect,
  linspace,
  matmul,
  max,
  maximum,
  mean,
  min,
  mod,
  mul,
  noGrad,
  norm,
  oneHot,
  ones,
  onesLike,
  pad,
  permutation,
  permute,
  pow,
  rand,
  randint,
  repeat,
  reshape,
  roll,
  scatterAdd,
  scope,
  select,
  slice,
  softmax,
  split,
  square,
  stack,
  sum,
  type Tensor,
  tensor,
  tile,
  transpose,
  zeros,
  zerosLike,
} from '../src/index.js';
import { thrownBy } from './thrown.js';

/** A row of the list: what is called, and the exact refusal. */
function refuses(row: string, call: () => unknown, name: string, message: string): void {
  it(row, () => {
    expect(thrownBy(call)).toEqual({ name, message });
  });
}

const f32 = tensor;
/** Any value, past the type checker: users of plain JavaScript have none. */
const any = (x: unknown): never => x as never;

/** An object with the fields of an NdArray. */
const view = (data: unknown, shape: unknown, stride: unknown, offset: unknown): never =>
  any({ data, shape, stride, offset, dtype: 'float64' });

describe('data and shapes', () => {
  refuses(
    '1: data of another size than the shape',
    () => tensor([1, 2, 3], { shape: [2, 2] }),
    'ShapeError',
    'tensor: data has 3 values, shape [2, 2] needs 4',
  );
  refuses(
    '2: ragged rows',
    () => tensor([[1, 2], [3]]),
    'ShapeError',
    'tensor: data[1] must have length 2 like its neighbours, got length 1',
  );
  refuses(
    '2: a number among rows',
    () => tensor(any([[1, 2], 3])),
    'ShapeError',
    'tensor: data[1] must have length 2 like its neighbours, got 3',
  );
  refuses(
    '2: a row among numbers',
    () => tensor(any([1, [2]])),
    'ShapeError',
    'tensor: data[1] must be a number like its neighbours, got an array of length 1',
  );
  refuses(
    '3: a negative extent',
    () => zeros([2, -1]),
    'ShapeError',
    'zeros: shape must hold whole extents of at least 0, got -1 at axis 1',
  );
  refuses(
    '4: an extent of NaN',
    () => zeros([Number.NaN]),
    'ShapeError',
    'zeros: shape must hold whole extents of at least 0, got NaN at axis 0',
  );
  refuses(
    '4: a fractional extent',
    () => zeros([2.5]),
    'ShapeError',
    'zeros: shape must hold whole extents of at least 0, got 2.5 at axis 0',
  );
  refuses(
    '4: an infinite extent',
    () => zeros([Infinity]),
    'ShapeError',
    'zeros: shape must hold whole extents of at least 0, got Infinity at axis 0',
  );
  refuses(
    '5: extents as strings',
    () => zeros(any(['2', '2'])),
    'ArgumentError',
    'zeros: shape must hold numbers, got string at axis 0',
  );
  refuses(
    '6: more elements than fit',
    () => zeros([2 ** 16, 2 ** 16]),
    'LimitError',
    'zeros: shape must describe at most 2147483647 elements, got [65536, 65536], 4294967296 elements or more (17179869184 bytes as float32)',
  );
  refuses(
    '6: an extent that is too large by itself',
    () => zeros([2 ** 31, 2 ** 31]),
    'LimitError',
    'zeros: shape must hold extents of at most 2147483647, got 2147483648 at axis 0',
  );
  refuses(
    '7: a zero extent does not hide an overflow',
    () => zeros([0, 2 ** 53]),
    'LimitError',
    'zeros: shape must hold extents of at most 2147483647, got 9007199254740992 at axis 1',
  );
  refuses(
    '7: nor one that the others make together',
    () => zeros([0, 2 ** 30, 2 ** 30]),
    'LimitError',
    'zeros: shape must describe at most 2147483647 elements, got [0, 1073741824, 1073741824], 1152921504606847000 elements or more (4611686018427388000 bytes as float32)',
  );
  refuses(
    '8: rank 17',
    () => zeros(new Array(17).fill(1)),
    'LimitError',
    'zeros: shape must have at most 16 axes, got 17',
  );
  it('8: rank 1000, at once', () => {
    const shape = new Array<number>(1000).fill(1);
    const start = performance.now();
    expect(thrownBy(() => zeros(shape))?.name).toBe('LimitError');
    expect(thrownBy(() => reshape(f32([1]), shape))?.name).toBe('LimitError');
    expect(thrownBy(() => expand(f32([1]), shape))?.name).toBe('LimitError');
    expect(performance.now() - start).toBeLessThan(100);
  });
  it('8: no op makes more than 16 axes', () => {
    const t = zeros(new Array(16).fill(1));
    for (const grow of [
      () => t.unsqueeze(0),
      () => stack([t]),
      () => tile(t, new Array(17).fill(1)),
      () => oneHot(t.cast('int32'), 2),
    ]) {
      expect(thrownBy(grow)?.name).toBe('LimitError');
    }
  });
  refuses(
    '9: a shape of null',
    () => zeros(any(null)),
    'ArgumentError',
    'zeros: shape must be an array of extents, got null; write [2, 3]',
  );
  refuses(
    '9: a shape that is a number',
    () => zeros(any(3)),
    'ArgumentError',
    'zeros: shape must be an array of extents, got number; write [2, 3]',
  );
  refuses(
    '9: a shape that is a Set',
    () => zeros(any(new Set([2]))),
    'ArgumentError',
    'zeros: shape must be an array of extents, got an object; write [2, 3]',
  );
  it('9: a shape that is changed later does not change the tensor', () => {
    const shape = [2, 2];
    const t = zeros(shape);
    shape[0] = 9;
    expect(t.shape).toEqual([2, 2]);
  });

  const kinds = 'be a number, a boolean, an array, a typed array, an NdArray or a tensor';
  for (const [what, data, got] of [
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a string', '123', '"123"'],
    ['a Map', new Map(), 'a Map'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['an object', {}, 'an object'],
    ['a bare buffer', new ArrayBuffer(8), 'an ArrayBuffer'],
  ] as const) {
    refuses(
      `10: data that is ${what}`,
      () => tensor(any(data)),
      'ArgumentError',
      `tensor: data must ${kinds}, got ${got}`,
    );
  }
  refuses(
    '10: a DataView',
    () => tensor(any(new DataView(new ArrayBuffer(8)))),
    'DTypeError',
    'tensor: data must hold numbers, got a DataView',
  );
  refuses(
    '11: an element that is a string',
    () => tensor(any([1, 'a'])),
    'DTypeError',
    'tensor: data[1] must be a number or a boolean, got "a"',
  );
  refuses(
    '12: an element that is undefined',
    () => tensor(any([[1, undefined]])),
    'DTypeError',
    'tensor: data[0][1] must be a number or a boolean, got undefined',
  );
  refuses(
    '12: an element that is null',
    () => tensor(any([[1], [null]])),
    'DTypeError',
    'tensor: data[1][0] must be a number or a boolean, got null',
  );
  refuses(
    '13: bigint elements',
    () => tensor(any([1n])),
    'DTypeError',
    'tensor: data[0] must be a number or a boolean, got the bigint 1n',
  );
  refuses(
    '13: a BigInt64Array',
    () => tensor(any(new BigInt64Array(2))),
    'DTypeError',
    'tensor: data must hold numbers, got a BigInt64Array; convert it with Array.from(data, Number)',
  );
  refuses(
    '14: a hole',
    () => tensor(any(new Array(3).fill(1, 1))),
    'DTypeError',
    'tensor: data[0] must be a number or a boolean, got undefined',
  );
  it('15: circular arrays, and arrays nested 10 000 deep', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    for (const data of [circular, deep]) {
      expect(thrownBy(() => tensor(any(data)))).toEqual({
        name: 'ShapeError',
        message: 'tensor: data must be nested at most 16 deep, got deeper or circular arrays',
      });
    }
  });
  it('16: data that is changed later does not change the tensor', () => {
    const data = new Float32Array([1, 2]);
    const nd = ndarray(new Float64Array([1, 2]));
    const [a, b] = [tensor(data), tensor(nd)];
    data[0] = 9;
    nd.set(0, 9);
    expect([a.toArray(), b.toArray()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
  it('17: what was read out can be changed without changing the tensor', () => {
    const t = tensor([1, 2]);
    t.toTypedArray()[0] = 9;
    (t.toArray() as number[])[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
  });
  it('18: memory that is shared, resizable or gone', () => {
    expect(thrownBy(() => tensor(new Float32Array(new SharedArrayBuffer(8))))).toEqual({
      name: 'ArgumentError',
      message: 'tensor: data must own its memory, got a view of a SharedArrayBuffer; copy it with slice()',
    });
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    expect(thrownBy(() => tensor(new Float32Array(new Resizable(8, { maxByteLength: 16 }))))).toEqual({
      name: 'ArgumentError',
      message:
        'tensor: data must have a fixed length, got a view of a resizable buffer; copy it with slice()',
    });
    const gone = new Float32Array(2);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    for (const call of [() => tensor(gone), () => fromNdarray(view(gone, [2], [1], 0))]) {
      expect(thrownBy(call)?.name).toBe('StateError');
    }
    expect(thrownBy(() => tensor(gone))?.message).toBe(
      'tensor: data was transferred away: its buffer is detached; copy it before postMessage',
    );
  });
});

describe('views from outside', () => {
  const data = new Float64Array(600);
  refuses(
    '19: a negative offset',
    () => fromNdarray(view(data, [2], [1], -1)),
    'ArgumentError',
    'fromNdarray: x.offset must be an integer at least 0, got -1',
  );
  refuses(
    '19: an offset of NaN',
    () => fromNdarray(view(data, [2], [1], Number.NaN)),
    'ArgumentError',
    'fromNdarray: x.offset must be an integer at least 0, got NaN',
  );
  refuses(
    '19: an offset of 2³¹',
    () => tensor(view(data, [2], [1], 2 ** 31)),
    'LimitError',
    'tensor: data.offset must be at most 2147483647, got 2147483648',
  );
  refuses(
    '20: too few strides',
    () => tensor(view(data, [2, 3], [1], 0)),
    'ShapeError',
    'tensor: data.stride must hold 2 integers, one per axis, got [1]',
  );
  refuses(
    '20: too many strides',
    () => tensor(view(data, [2], [3, 1], 0)),
    'ShapeError',
    'tensor: data.stride must hold 1 integers, one per axis, got [3, 1]',
  );
  refuses(
    '20: fractional strides',
    () => tensor(view(data, [2], [0.5], 0)),
    'ShapeError',
    'tensor: data.stride must hold 1 integers, one per axis, got [0.5]',
  );
  refuses(
    '20: strides that are no array',
    () => tensor(view(data, [2], 'x', 0)),
    'ShapeError',
    'tensor: data.stride must hold 1 integers, one per axis, got "x"',
  );
  refuses(
    '21: a view past the end',
    () => fromNdarray(view(data, [2, 3], [800, 6], 0)),
    'ShapeError',
    'fromNdarray: the view [2, 3] with strides [800, 6] reaches index 812 of 600',
  );
  refuses(
    '21: a view before the start',
    () => tensor(view(data, [3], [-1], 1)),
    'ShapeError',
    'tensor: the view [3] with strides [-1] reaches index -1 of 600',
  );
  it('21: strides so large that their reach loses digits', () => {
    expect(thrownBy(() => tensor(view(data, [3], [2 ** 53 - 1], 0)))?.name).toBe('ShapeError');
    expect(thrownBy(() => tensor(view(data, [2, 2], [2 ** 53 - 1, -(2 ** 53 - 1)], 0)))?.name).toBe(
      'ShapeError',
    );
  });
  it('21: nothing but the four fields is trusted', () => {
    const crafted = {
      ...(view(new Float64Array([1, 2]), [2], [1], 0) as object),
      order: ['x);throw 1;('],
      get: () => 7,
      size: 1e9,
    };
    expect(tensor(any(crafted)).toArray()).toEqual([1, 2]);
    expect(fromNdarray(any(crafted)).ndarray.get(1)).toBe(2);
  });
  it('21: fields that change while they are read', () => {
    let reads = 0;
    const shifty = {
      data: new Float64Array(2),
      get shape() {
        return reads++ === 0 ? [2] : [1e6];
      },
      stride: [1],
      offset: 0,
    };
    expect(tensor(any(shifty)).size).toBe(2);
  });
  it('22: a write into elements that share memory', () => {
    const stretched = fromNdarray(view(new Float64Array(3), [2, 2], [1, 1], 0));
    expect(thrownBy(() => stretched.write(() => undefined))).toEqual({
      name: 'AliasError',
      message:
        'write: elements of the view [2, 2] with strides [1, 1] share memory; write into clone() of it',
    });
    expect(thrownBy(() => assign(expand(f32([1]), [3]), 2))?.name).toBe('AliasError');
    // Strides that interleave without meeting are fine.
    const woven = fromNdarray(view(new Float64Array(6), [2, 3], [1, 2], 0));
    expect(assign(woven, 1).sum().item()).toBe(6);
  });
});

describe('shapes that meet', () => {
  refuses(
    '23: shapes that do not broadcast',
    () => add(zeros([2, 3]), zeros([2, 4])),
    'ShapeError',
    'add: shapes [2, 3] and [2, 4] do not broadcast; axis 1 is 3 against 4',
  );
  refuses(
    '23: extents of 0 and 2',
    () => add(zeros([0]), zeros([2])),
    'ShapeError',
    'add: shapes [0] and [2] do not broadcast; axis 0 is 0 against 2',
  );
  refuses(
    '24: matrices that do not fit',
    () => matmul(zeros([2, 3]), zeros([4, 3])),
    'ShapeError',
    'matmul: inner extents differ: a [2, 3] has 3 columns, b [4, 3] has 4 rows; b.T would fit',
  );
  refuses(
    '25: a product with a 0-d tensor',
    () => matmul(tensor(2), zeros([2])),
    'ShapeError',
    'matmul: a must have at least one axis, got a 0-d tensor; use mul() for scalars',
  );
  refuses(
    '26: a reshape to another size',
    () => reshape(zeros([6]), [4]),
    'ShapeError',
    'reshape: shape must hold the 6 elements of [6], got [4]',
  );
  refuses(
    '26: two −1',
    () => reshape(zeros([6]), [-1, -1]),
    'ShapeError',
    'reshape: shape must hold at most one −1, got [-1, -1]',
  );
  refuses(
    '26: −1 beside 0',
    () => reshape(zeros([0]), [-1, 0]),
    'ShapeError',
    'reshape: shape must hold the 0 elements of [0], got [-1, 0]; −1 beside an extent of 0 can be anything',
  );
});

describe('axes and positions', () => {
  const x = f32([[1, 2]]);
  refuses(
    '27: axis 5',
    () => sum(x, { axis: 5 }),
    'IndexError',
    'sum: axis must be an integer in [-2, 2), got 5',
  );
  refuses(
    '27: axis −3 of rank 2',
    () => softmax(x, { axis: -3 }),
    'IndexError',
    'softmax: axis must be an integer in [-2, 2), got -3',
  );
  refuses(
    '27: axis 0.5',
    () => concat([x, x], { axis: 0.5 }),
    'IndexError',
    'concat: axis must be an integer in [-2, 2), got 0.5',
  );
  refuses(
    '27: axis "0"',
    () => flip(x, { axis: any('0') }),
    'ArgumentError',
    'flip: axis must be an integer, got "0"',
  );
  refuses(
    '27: axis NaN',
    () => max(x, { axis: Number.NaN }),
    'IndexError',
    'max: axis must be an integer in [-2, 2), got NaN',
  );
  refuses(
    '28: an axis twice',
    () => sum(x, { axis: [0, 0] }),
    'ArgumentError',
    'sum: axis must name each axis once, got [0, 0]',
  );
  refuses(
    '28: an axis twice, once from the end',
    () => mean(x, { axis: [1, -1] }),
    'ArgumentError',
    'mean: axis must name each axis once, got [1, -1]',
  );
  refuses(
    '29: a permutation with a repeat',
    () => permute(x, [0, 0]),
    'ArgumentError',
    'permute: axes must name each of the 2 axes once, got [0, 0]',
  );
  refuses(
    '29: a short permutation',
    () => permute(x, [0]),
    'ArgumentError',
    'permute: axes must name each of the 2 axes once, got [0]',
  );
  refuses(
    '29: a permutation out of range',
    () => permute(x, [0, 2]),
    'IndexError',
    'permute: axes must be an integer in [-2, 2), got 2',
  );
  refuses(
    '29: a transposition out of range',
    () => transpose(x, 0, 2),
    'IndexError',
    'transpose: axisB must be an integer in [-2, 2), got 2',
  );
  refuses(
    '30: an index past the end',
    () => select(x, 1, 2),
    'IndexError',
    'select: index must be an integer in [-2, 2), got 2',
  );
  refuses(
    '30: a step of 0',
    () => slice(x, [0, 1, 0]),
    'ArgumentError',
    'slice: range 0 must have a step other than 0, got 0',
  );
  it('30: slices past the end are clamped, as in NumPy', () => {
    expect(slice(x, null, [-9, 9]).toArray()).toEqual([[1, 2]]);
    expect(slice(x, null, [5, 9]).toArray()).toEqual([[]]);
  });
  for (const [what, id, error, got] of [
    ['−1', -1, 'positions in [0, 3)', '-1'],
    ['n', 3, 'positions in [0, 3)', '3'],
    ['1.5', 1.5, 'integers', '1.5'],
    ['NaN', Number.NaN, 'integers', 'NaN'],
  ] as const) {
    const v = f32([1, 2, 3]);
    refuses(
      `31: gather at ${what}`,
      () => gather(v, 0, [0, id]),
      'IndexError',
      `gather: index must hold ${error}, got ${got} at position 1`,
    );
    refuses(
      `31: indexSelect at ${what}`,
      () => indexSelect(v, 0, [id]),
      'IndexError',
      `indexSelect: index must hold ${error}, got ${got} at position 0`,
    );
    refuses(
      `32: scatterAdd at ${what}`,
      () => scatterAdd(v, 0, [id], f32([1])),
      'IndexError',
      `scatterAdd: index must hold ${error}, got ${got} at position 0`,
    );
    refuses(
      `32: indexAdd at ${what}`,
      () => indexAdd(v, 0, [id], f32([1])),
      'IndexError',
      `indexAdd: index must hold ${error}, got ${got} at position 0`,
    );
    refuses(
      `33: a label of ${what}`,
      () => oneHot([id], 3),
      'IndexError',
      `oneHot: labels must hold ${error}, got ${got} at position 0`,
    );
  }
  refuses(
    '35: labels in float32, which lose digits above 2^24',
    () => oneHot(f32([16777217]), 3),
    'DTypeError',
    "oneHot: labels must be int32, got float32; float32 holds integers exactly up to 2^24 only; use .cast('int32')",
  );
  refuses(
    '37: shapes that do not join',
    () => concat([zeros([2, 3]), zeros([3, 2])]),
    'ShapeError',
    'concat: tensors[1] must match [2, 3] outside of axis 0, got [3, 2]',
  );
  refuses(
    '37: a stack of two shapes',
    () => stack([zeros([2]), zeros([3])]),
    'ShapeError',
    'stack: tensors[1] must have the shape of the first, [2], got [3]',
  );
  refuses(
    '37: nothing to join',
    () => concat([]),
    'ArgumentError',
    'concat: tensors must be an array of at least one tensor, got an array of length 0',
  );
});

describe('values', () => {
  refuses(
    '38: the mean of nothing',
    () => mean(zeros([0])),
    'NumericError',
    'mean: the mean of no elements is undefined; x has shape [0]; pass empty: NaN, or test size first',
  );
  for (const [name, op] of [
    ['max', max],
    ['min', min],
    ['argmax', argmax],
  ] as [string, (x: Tensor) => Tensor][]) {
    refuses(
      `39: ${name} of nothing`,
      () => op(zeros([2, 0])),
      'ArgumentError',
      `${name}: x must have at least one element along the folded axes, got shape [2, 0]`,
    );
  }
  it('40: argmax finds the first NaN', () => {
    expect(argmax(f32([1, Number.NaN, 9, Number.NaN])).item()).toBe(1);
    expect(argmax(f32([Number.NaN, Number.NaN])).item()).toBe(0);
  });
  it('41: NaN spreads through every maximum and minimum', () => {
    const x = f32([1, Number.NaN]);
    expect([
      max(x).item(),
      min(x).item(),
      maximum(x, 0).toArray(),
      clamp(x, { min: 0 }).toArray(),
      norm(x, { ord: Infinity }).item(),
    ]).toEqual([Number.NaN, Number.NaN, [1, Number.NaN], [1, Number.NaN], Number.NaN]);
  });
  refuses(
    '42: an integer division by 0',
    () => floorDivide(tensor([1], { dtype: 'int32' }), 0),
    'NumericError',
    "floorDivide: integer division by zero at element 0 of b; cast to 'float32' for infinities and NaN",
  );
  refuses(
    '42: an integer remainder by 0',
    () => mod(tensor([1], { dtype: 'int32' }), 0),
    'NumericError',
    "mod: integer division by zero at element 0 of b; cast to 'float32' for infinities and NaN",
  );
  refuses(
    '42: a negative power of integers',
    () => pow(tensor([2], { dtype: 'int32' }), -1),
    'NumericError',
    "pow: integers have no negative powers, got exponent -1 at element 0 of b; cast to 'float32' first",
  );
  for (const value of [Number.NaN, Infinity, -Infinity, 3e9, -2147483649]) {
    refuses(
      `43: ${value} as int32`,
      () => cast(tensor(value, { dtype: 'float64' }), 'int32'),
      'NumericError',
      `cast: element 0 is ${value}, which int32 cannot hold; castSaturate() takes the nearest that it can`,
    );
  }
  refuses(
    '43: 0.5 given as int32',
    () => tensor([[0.5]], { dtype: 'int32' }),
    'DTypeError',
    "tensor: data[0][0] must be an integer that int32 holds, got 0.5; build it as 'float64', then cast()",
  );
  refuses(
    '43: 2 given as bool',
    () => tensor([0, 2], { dtype: 'bool' }),
    'DTypeError',
    "tensor: data[1] must be true, false, 0 or 1, got 2; build it as 'float64', then cast()",
  );
  refuses(
    '43: a Uint32Array beyond int32',
    () => tensor(new Uint32Array([1, 2 ** 31])),
    'DTypeError',
    "tensor: data[1] must be an integer that int32 holds, got 2147483648; build it as 'float64', then cast()",
  );
  refuses(
    '43: a fill beyond int32',
    () => full([2], 2 ** 31, { dtype: 'int32' }),
    'DTypeError',
    "full: value must be an integer that int32 holds, got 2147483648; build it as 'float64', then cast()",
  );
  refuses(
    '43: a step of a half in int32',
    () => arange(0, 1, 0.5, { dtype: 'int32' }),
    'DTypeError',
    "arange: the result[1] must be an integer that int32 holds, got 0.5; build it as 'float64', then cast()",
  );
  it('44: dtypes mix by one rule', () => {
    expect(add(tensor([1]), tensor([1], { dtype: 'float64' })).dtype).toBe('float64');
    expect(add(tensor([1], { dtype: 'int32' }), tensor([1])).dtype).toBe('float32');
  });
  it('45: NaN and Infinity may come in', () => {
    expect(tensor([Number.NaN, Infinity]).toArray()).toEqual([Number.NaN, Infinity]);
  });
});

describe('options', () => {
  refuses(
    '48: an unknown option, with the nearest that exists',
    () => sum(f32([1]), any({ axes: 0 })),
    'ArgumentError',
    "sum: unknown option 'axes'; did you mean 'axis'?",
  );
  refuses(
    '48: keepdims',
    () => sum(f32([1]), any({ keepdims: true })),
    'ArgumentError',
    "sum: unknown option 'keepdims'; did you mean 'keepDims'?",
  );
  refuses(
    '48: requires_grad',
    () => tensor([1], any({ requires_grad: true })),
    'ArgumentError',
    "tensor: unknown option 'requires_grad'; did you mean 'requiresGrad'?",
  );
  refuses(
    '48: an option that resembles none',
    () => zeros([1], any({ colour: 1 })),
    'ArgumentError',
    "zeros: unknown option 'colour'; the options are dtype, requiresGrad",
  );
  refuses(
    '48: an axis where options belong',
    () => sum(f32([1]), any(0)),
    'ArgumentError',
    'sum: options must be an object, got 0',
  );
  refuses(
    '48: a tensor where options belong',
    () => sum(f32([1]), any(f32([1]))),
    'ArgumentError',
    'sum: options must be an object, got a float32 tensor of shape [1]',
  );
  refuses(
    '49: an unknown dtype',
    () => tensor([1], any({ dtype: 'float16' })),
    'ArgumentError',
    "tensor: dtype must be one of 'float64', 'float32', 'int32', 'bool', got \"float16\"",
  );
  refuses(
    '49: requiresGrad that is no boolean',
    () => tensor([1], any({ requiresGrad: 1 })),
    'ArgumentError',
    'tensor: requiresGrad must be true or false, got 1',
  );
  refuses(
    '49: integers that require a gradient',
    () => tensor([1], any({ dtype: 'int32', requiresGrad: true })),
    'DTypeError',
    "tensor: requiresGrad must go with float32 or float64, got int32; pass dtype: 'float32'",
  );
  refuses(
    '46: a seed of NaN',
    () => generator(Number.NaN),
    'ArgumentError',
    'generator: seed must be an integer at least 0 and at most 9007199254740991, got NaN',
  );
  refuses(
    '46: bounds that hold nothing',
    () => randint(3, 3, [1]),
    'ArgumentError',
    'randint: high must be an integer at least 4 and at most 2147483647, got 3',
  );
  refuses(
    '46: a permutation of −1',
    () => permutation(-1),
    'ShapeError',
    'permutation: n must hold whole extents of at least 0, got -1 at axis 0',
  );
  refuses('46: a step of 0', () => arange(0, 1, 0), 'ArgumentError', 'arange: step must not be 0, got 0');
  refuses(
    '46: a count of −1',
    () => linspace(0, 1, -1),
    'ArgumentError',
    'linspace: count must be an integer at least 0, got -1',
  );
  refuses(
    '46: an identity of 1.5 rows',
    () => eye(1.5),
    'ShapeError',
    'eye: the result must hold whole extents of at least 0, got 1.5 at axis 0',
  );
  refuses(
    '46: a padding of NaN elements',
    () => pad(f32([1]), [[Number.NaN, 0]]),
    'ArgumentError',
    'pad: widths[0] must be an integer at least 0, got NaN',
  );
  refuses(
    '46: random numbers of an integer dtype',
    () => rand([1], { dtype: 'int32' }),
    'DTypeError',
    "rand: dtype must be 'float32' or 'float64', got \"int32\"",
  );
  refuses(
    '46: a generator that is none',
    () => rand([1], any({ generator: Math.random })),
    'ArgumentError',
    'rand: generator must come from generator(seed), got a function',
  );
});

describe('graphs', () => {
  const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });
  it('52–57 are in engine.test.ts', () => {
    expect(thrownBy(() => leaf().backward())?.name).toBe('GraphError');
  });
  refuses(
    '55: a gradient by what has none',
    () => gradients([square(leaf()).sum()], [f32([1])]),
    'GraphError',
    'gradients: inputs[0] does not require a gradient; make it with requiresGrad: true',
  );
  it('59: tensors of another copy of the library', () => {
    const foreign = { [Symbol.for('ndgrad.Tensor')]: '9.9.9', shape: [1] };
    const message =
      'must be a tensor of this copy of @ndgrad/core (0.1.0), got a tensor of another copy (9.9.9); install one version of @ndgrad/core only';
    expect(thrownBy(() => add(any(foreign), 1))).toEqual({
      name: 'ArgumentError',
      message: `add: a ${message}`,
    });
    expect(thrownBy(() => matmul(f32([1]), any(foreign)))).toEqual({
      name: 'ArgumentError',
      message: `matmul: b ${message}`,
    });
    expect(thrownBy(() => square(any(foreign)))).toEqual({
      name: 'ArgumentError',
      message: `square: x ${message}`,
    });
  });
  it('59: arrays of another realm are arrays', () => {
    const { list, typed, int } = runInNewContext(
      '({ list: [[1, 2], [3, 4]], typed: new Float64Array([1, 2]), int: new Int32Array([1, 0]) })',
    ) as {
      list: number[][];
      typed: Float64Array;
      int: Int32Array;
    };
    expect(tensor(list).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(typed).dtype).toBe('float64');
    expect(gather(f32([5, 6]), 0, int).toArray()).toEqual([6, 5]);
  });
  it('60: an op that gives back too little is named', () => {
    const huber = defineOp<null>({
      name: 'huber',
      forward: ([x]) => mul(x as Tensor, 2),
      vjp: [() => f32([1, 2, 3])],
    });
    expect(thrownBy(() => huber([leaf()], null).sum().backward())).toEqual({
      name: 'GraphError',
      message:
        'backward: the vjp of huber for input 0 returned shape [3], the input has [2]; return the shape of the input, or one that it broadcasts to',
    });
  });
});

describe('what random arguments have found', () => {
  const symbol = any(Symbol('x'));
  const freed = scope(() => {
    const inside = tensor([1, 2]).mul(2);
    return { get: () => inside };
  }).get();
  const lost =
    'the result of mul, number 0 of its scope, was freed when the scope ended; return it from the scope, or keep() it inside';
  for (const [name, call] of [
    ['add', () => add(freed, freed)],
    ['add', () => add(tensor([1], { dtype: 'float64' }), freed)],
    ['softmax', () => softmax(freed)],
    ['matmul', () => matmul(tensor([1, 2]), freed)],
    ['norm', () => norm(freed, { ord: 3 })],
    ['cast', () => cast(freed, 'float32')],
    ['reshape', () => reshape(freed, [2, 1])],
    ['slice', () => slice(freed, [0, 1])],
    ['concat', () => concat([freed])],
  ] as const) {
    refuses(`${name} of a freed tensor names ${name}`, call, 'StateError', `${name}: ${lost}`);
  }
  refuses(
    'an axis that is a bigint',
    () => sum(f32([1]), { axis: any(1n) }),
    'ArgumentError',
    'sum: axis must be an integer, got bigint',
  );
  refuses(
    'an axis that is a tensor of a graph',
    () => select(f32([1]), any(tensor([1], { requiresGrad: true })), 0),
    'ArgumentError',
    'select: axis must be an integer, got object',
  );
  refuses(
    'an axis that is a hole',
    () => sum(f32([1]), { axis: new Array(1) }),
    'ArgumentError',
    'sum: axis must be an integer, got undefined',
  );
  refuses(
    'keepDims that is a symbol',
    () => sum(f32([1]), { keepDims: symbol }),
    'ArgumentError',
    'sum: keepDims must be true or false, got a symbol',
  );
  refuses(
    'axes that hold a symbol',
    () => permute(f32(1), [symbol]),
    'ArgumentError',
    'permute: axes must name each of the 0 axes once, got an array of length 1',
  );
  refuses(
    'an axis to roll that is a symbol',
    () => roll(f32([1]), 1, { axis: symbol }),
    'ArgumentError',
    'roll: axis must be an integer, got symbol',
  );
  refuses(
    'repeats that are holes',
    () => tile(f32([1]), new Array(2)),
    'ArgumentError',
    'tile: repeats must be an integer at least 0, got undefined',
  );
  refuses(
    'more repeats than a tensor can hold',
    () => tile(f32([1, 2]), 2 ** 31),
    'LimitError',
    'tile: the result must hold extents of at most 2147483647, got 4294967296 at axis 0',
  );
  refuses(
    'more repeats of each element than a tensor can hold',
    () => repeat(f32([1, 2]), 2 ** 31),
    'LimitError',
    'repeat: the result must hold extents of at most 2147483647, got 4294967296 at axis 0',
  );
  refuses(
    'widths that are holes',
    () => pad(f32([1]), new Array(1)),
    'ArgumentError',
    'pad: widths[0] must be [before, after], got undefined',
  );
  refuses(
    'a width with a hole',
    () => pad(f32([1]), [any(new Array(2))]),
    'ArgumentError',
    'pad: widths[0] must be an integer at least 0, got undefined',
  );
  refuses(
    'cuts that are holes',
    () => split(f32([1]), new Array(1)),
    'ArgumentError',
    'split: sections must be an integer, got undefined',
  );
  refuses(
    'a list with a hole',
    () => concat(new Array(1)),
    'ArgumentError',
    'concat: tensors[0] must be a tensor, got undefined; wrap it in tensor(…)',
  );
});

describe('a refusal changes nothing', () => {
  it('neither values, versions nor the random stream', () => {
    const t = tensor([1, 2]);
    const g = generator(1);
    const before = g.state();
    thrownBy(() => assign(t, zeros([3])));
    thrownBy(() => noGrad(() => assign(t, any('x'))));
    thrownBy(() => rand([-1], { generator: g }));
    thrownBy(() => rand([2], { generator: g, requiresGrad: any('yes') }));
    thrownBy(() => randint(0, 5, any([1.5]), { generator: g }));
    expect([t.toArray(), t.storage.version, g.state()]).toEqual([[1, 2], 0, before]);
  });
  it('and zerosLike and onesLike refuse what is no tensor', () => {
    for (const [name, make] of [
      ['zerosLike', zerosLike],
      ['onesLike', onesLike],
    ] as const) {
      expect(thrownBy(() => make(any(5)))).toEqual({
        name: 'ArgumentError',
        message: `${name}: x must be a tensor, got 5; wrap it in tensor(…)`,
      });
    }
    expect(ones([1]).toArray()).toEqual([1]);
  });
});
