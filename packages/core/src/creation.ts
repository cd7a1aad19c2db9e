/** @file Tensors from outside and from nothing. Everything that comes in is checked here, once. */
import type { Data, NdArray } from 'ndarray';
import {
  checkBoolean,
  checkNumber,
  checkOptions,
  checkTensor,
  describeValue,
  typedArrayName,
} from './arguments.js';
import { makeLeaf } from './autodiff/apply.js';
import { filled } from './autodiff/vectorSpace.js';
import { allocateArray, DTYPES, type DType, type FloatDType, isFloat, type TypedArray } from './dtype.js';
import { ArgumentError, DTypeError, LimitError, ShapeError } from './errors.js';
import { checkBuffer, checkNdArray, type ForeignView, INPUT_DTYPES, looksLikeNdArray } from './foreign.js';
import { requireRunning } from './homes/running.js';
import { cast } from './ops/define.js';
import { clone } from './ops/elementwise.js';
import {
  checkShape,
  formatShape,
  MAX_RANK,
  packedStrides,
  type Shape,
  type ShapeOf,
  sizeOf,
} from './shape.js';
import { Storage } from './storage.js';
import { type Nested, storageOf, Tensor } from './tensor.js';

/** Numbers or booleans in arrays of arrays. */
export type NestedData = number | boolean | readonly NestedData[];

/** Typed arrays that can be taken in; 64-bit integers cannot. */
export type InputArray = TypedArray | Int8Array | Uint8ClampedArray | Int16Array | Uint16Array | Uint32Array;

/** What {@link tensor} takes. */
export type TensorData = NestedData | InputArray | NdArray | Tensor;

/** The dtype that {@link tensor} gives `T`. */
export type DataDType<T> =
  T extends Tensor<infer D>
    ? D
    : T extends Float64Array
      ? 'float64'
      : T extends Float32Array
        ? 'float32'
        : T extends InputArray
          ? 'int32'
          : T extends { readonly data: infer Data; readonly stride: unknown }
            ? DataDType<Data>
            : // Before bools: what is empty is float32.
              T extends Nested<number>
              ? 'float32'
              : T extends Nested<boolean>
                ? 'bool'
                : DType;

type Row<T> = readonly T[];
type Element = number | boolean;

/** The rank that {@link tensor} gives `T`. */
export type DataRank<T> =
  T extends Tensor<DType, infer R>
    ? R
    : T extends Element
      ? 0
      : T extends InputArray | Row<Element>
        ? 1
        : T extends Row<Row<Element>>
          ? 2
          : T extends Row<Row<Row<Element>>>
            ? 3
            : T extends Row<Row<Row<Row<Element>>>>
              ? 4
              : number;

/** Whether `T` is an array with numbers beside arrays. A type of unknown depth, which holds arrays of itself, may be none. */
type Mixed<T> =
  T extends Row<infer E>
    ? [Exclude<E, Element>] extends [never]
      ? false
      : [Extract<E, Element>] extends [never]
        ? Mixed<E>
        : Row<E> extends E
          ? false
          : true
    : false;

/** `T`, or what is wrong with it, in words that the compiler prints. */
export type Regular<T> = Mixed<T> extends true ? 'numbers or arrays side by side, not both' : T;

/** Options of all functions that make tensors. */
export interface CreationOptions<D extends DType = DType> {
  /** Default `'float32'`. */
  readonly dtype?: D;
  /** Whether derivatives are wanted; integers and bools have none. Default `false`. */
  readonly requiresGrad?: D extends FloatDType ? boolean : false;
}

/** Options of {@link tensor}. */
export interface TensorOptions<D extends DType = DType, S extends Shape = Shape> extends CreationOptions<D> {
  /** The shape of flat data; the data's own by default. */
  readonly shape?: S;
}

/** Options checked, with the leaf made at the end if wanted. */
function finish(where: string, t: Tensor, requiresGrad: unknown): Tensor {
  if (requiresGrad === undefined || !checkBoolean(where, 'requiresGrad', requiresGrad)) return t;
  return makeLeaf(where, t);
}

export function checkDType(where: string, dtype: unknown): DType {
  const known = DTYPES.find((d) => d === dtype);
  if (known !== undefined) return known;
  throw new ArgumentError({
    where,
    argument: 'dtype',
    must: `be one of ${[...DTYPES]
      .reverse()
      .map((d) => `'${d}'`)
      .join(', ')}`,
    got: describeValue(dtype),
  });
}

/** The value as an element of `dtype`, or a refusal that says where it was. */
function checkElement(where: string, value: unknown, dtype: DType, argument: () => string): number {
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number') {
    throw new DTypeError({
      where,
      argument: argument(),
      must: 'be a number or a boolean',
      got: describeValue(value),
    });
  }
  if (isFloat(dtype)) return number;
  const fits = dtype === 'bool' ? number === 0 || number === 1 : number === (number | 0);
  if (!fits) {
    throw new DTypeError({
      where,
      argument: argument(),
      must: dtype === 'bool' ? 'be true, false, 0 or 1' : 'be an integer that int32 holds',
      got: `${number}`,
      hint: `build it as 'float64', then cast()`,
    });
  }
  return number;
}

/** Shape of nested arrays, with every refusal naming the path to the fault. */
export function nestedShape(where: string, data: unknown, argument = 'data'): number[] {
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) {
    if (shape.length === MAX_RANK) {
      throw new ShapeError({
        where,
        argument,
        must: `be nested at most ${MAX_RANK} deep`,
        got: 'deeper or circular arrays',
      });
    }
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** The leaves of nested arrays in order, checked to form a box. */
export function flattenNested(
  where: string,
  data: unknown,
  shape: readonly number[],
  argument = 'data',
): unknown[] {
  const flat: unknown[] = [];
  const walk = (level: unknown, axis: number, path: string): void => {
    if (axis === shape.length) {
      if (Array.isArray(level)) {
        throw new ShapeError({
          where,
          argument: `${argument}${path}`,
          must: 'be a number like its neighbours',
          got: describeValue(level),
        });
      }
      flat.push(level);
      return;
    }
    if (!Array.isArray(level) || level.length !== shape[axis]) {
      throw new ShapeError({
        where,
        argument: `${argument}${path}`,
        must: `have length ${shape[axis]} like its neighbours`,
        got: Array.isArray(level) ? `length ${level.length}` : describeValue(level),
      });
    }
    for (let i = 0; i < level.length; i++) walk(level[i], axis + 1, `${path}[${i}]`);
  };
  walk(data, 0, '');
  return flat;
}

/** A flat place as the path of indices a user wrote. */
function pathOf(i: number, shape: Shape): string {
  return packedStrides(shape)
    .map((stride, axis) => `[${Math.floor(i / stride) % shape[axis]}]`)
    .join('');
}

function requireSize(count: number, shape: Shape, where: string): void {
  const size = sizeOf(shape);
  if (count === size) return;
  throw new ShapeError({
    where,
    problem: `data has ${count} values, shape ${formatShape(shape)} needs ${size}`,
  });
}

function fromFlat(
  where: string,
  values: ArrayLike<unknown>,
  shape: Shape,
  dtype: DType,
  natural: Shape,
  name = 'data',
): Tensor {
  requireRunning(
    where,
    'numbers that are written into a captured step would be the same at every replay',
    'make the tensor outside of the step, pass it as an argument, or use hostScalar(() => number)',
  );
  requireSize(values.length, shape, where);
  const size = sizeOf(shape);
  const array = allocateArray(dtype, size);
  for (let i = 0; i < size; i++) {
    array[i] = checkElement(where, values[i], dtype, () => `${name}${pathOf(i, natural)}`);
  }
  return new Tensor(new Storage(dtype, array, 0, size), shape, packedStrides(shape), 0, dtype);
}

/**
 * A tensor that copies its data: nested arrays, a number or boolean, a typed array, an `NdArray` of any strides, or a
 * tensor.
 *
 * Numbers give float32 and booleans bool; Float64Array gives float64; 8-, 16- and 32-bit integers give int32.
 *
 * @param data - ragged, sparse, circular or non-numeric data is refused with the place of the fault.
 * @param options - `dtype` converts; integers and bools refuse values they cannot hold. `shape` is for flat data.
 * @throws {@link ShapeError}, {@link DTypeError}, {@link ArgumentError}, {@link LimitError}.
 *
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).shape // => [2, 2]
 * tensor(new Int32Array([1, 2, 3, 4]), { shape: [2, 2] }).dtype // => 'int32'
 * tensor(0.1, { dtype: 'float64' }).item() // => 0.1
 * ```
 */
export function tensor<
  T extends TensorData,
  D extends DType = DataDType<T>,
  const S extends Shape = ShapeOf[DataRank<T>],
>(data: Regular<T>, options?: TensorOptions<D, S>): Tensor<D, S['length']>;
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  const where = 'tensor';
  checkOptions(where, options, ['dtype', 'requiresGrad', 'shape']);
  const asked = options.dtype === undefined ? undefined : checkDType(where, options.dtype);
  const shape = options.shape === undefined ? undefined : checkShape(where, 'shape', options.shape);
  return finish(where, build(where, data, asked, shape), options.requiresGrad);
}

function build(where: string, data: unknown, asked: DType | undefined, shape: Shape | undefined): Tensor {
  if (data instanceof Tensor) {
    const copy = clone(detached(cast(data, asked ?? data.dtype)));
    if (shape === undefined) return copy;
    requireSize(copy.size, shape, where);
    return new Tensor(copy.storage, shape, packedStrides(shape), 0, copy.dtype);
  }
  if (typeof data === 'number' || typeof data === 'boolean') {
    return fromFlat(
      where,
      [data],
      shape ?? [],
      asked ?? (typeof data === 'boolean' ? 'bool' : 'float32'),
      [],
    );
  }
  const name = typedArrayName(data);
  if (name !== undefined) {
    const dtype = INPUT_DTYPES.get(name);
    if (dtype === undefined) {
      throw new DTypeError({
        where,
        argument: 'data',
        must: 'hold numbers',
        got: `a ${name}`,
        ...(name.startsWith('Big') ? { hint: 'convert it with Array.from(data, Number)' } : {}),
      });
    }
    checkBuffer(where, data as ArrayBufferView);
    const values = data as unknown as ArrayLike<number>;
    return fromFlat(where, values, shape ?? [values.length], asked ?? dtype, [values.length]);
  }
  if (Array.isArray(data)) {
    const natural = nestedShape(where, data);
    const flat = flattenNested(where, data, natural);
    checkShape(where, 'data', natural);
    const dtype =
      asked ?? (flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? 'bool' : 'float32');
    return fromFlat(where, flat, shape ?? natural, dtype, natural);
  }
  if (looksLikeNdArray(data)) {
    const view = checkNdArray(where, 'data', data);
    return fromFlat(where, elementsOf(view), shape ?? view.shape, asked ?? view.dtype, view.shape);
  }
  throw new ArgumentError({
    where,
    argument: 'data',
    must: 'be a number, a boolean, an array, a typed array, an NdArray or a tensor',
    got: describeValue(data),
  });
}

/** The elements of an NdArray in row-major order. */
function elementsOf({ shape, strides, offset, read }: ForeignView): unknown[] {
  const elements: unknown[] = [];
  // A tensor without memory of its own walks as all tensors do.
  const walk = new Tensor(new Storage('bool', new Uint8Array(0), 0, 0), shape, strides, offset, 'bool');
  walk.forEachIndex((index) => elements.push(read(index)));
  return elements;
}

/** The same memory outside of the graph. */
function detached(t: Tensor): Tensor {
  return t.node === undefined ? t : new Tensor(t.storage, t.shape, t.strides, t.offset, t.dtype);
}

/**
 * A tensor that shares the memory of an `NdArray`: writes are seen on both sides. Float32Array, Float64Array, Int32Array
 * only; other arrays must be copied by {@link tensor}.
 *
 * @throws {@link ShapeError} for a view that reaches outside of its data; {@link DTypeError} for other arrays.
 *
 * @example
 * ```ts
 * const t = tensor([[1, 2], [3, 4]]);
 * fromNdarray(t.ndarray).toArray() // => [[1, 2], [3, 4]]
 * ```
 */
export function fromNdarray<A extends Data<number>>(
  x: NdArray<A>,
  options?: Pick<CreationOptions, 'requiresGrad'>,
): Tensor<DataDType<A>>;
export function fromNdarray(x: NdArray, options: Pick<CreationOptions, 'requiresGrad'> = {}): Tensor {
  const where = 'fromNdarray';
  checkOptions(where, options, ['requiresGrad']);
  const { data, kind, dtype, shape, strides, offset } = checkNdArray(where, 'x', x);
  if (kind !== 'Float32Array' && kind !== 'Float64Array' && kind !== 'Int32Array') {
    throw new DTypeError({
      where,
      argument: 'x.data',
      must: 'be a Float32Array, Float64Array or Int32Array to be shared',
      got: kind === 'Array' ? 'an Array' : kind === 'store' ? 'a store' : kind,
      hint: 'tensor(x) copies and converts',
    });
  }
  const array = data as unknown as TypedArray;
  return finish(
    where,
    new Tensor(storageOf(dtype, array), shape, strides, offset, dtype),
    options.requiresGrad,
  );
}

/**
 * A tensor of one value.
 *
 * @example
 * ```ts
 * full([2], 7).toArray() // => [7, 7]
 * ```
 */
export function full<
  const S extends Shape,
  V extends number | boolean,
  D extends DType = V extends boolean ? 'bool' : 'float32',
>(shape: S, value: V, options?: CreationOptions<D>): Tensor<D, S['length']>;
export function full(shape: Shape, value: number | boolean, options: CreationOptions = {}): Tensor {
  return filledWith('full', shape, value, options);
}

function filledWith(where: string, shape: Shape, value: number | boolean, options: CreationOptions): Tensor {
  checkOptions(where, options, ['dtype', 'requiresGrad']);
  const natural = typeof value === 'boolean' ? 'bool' : 'float32';
  const dtype = options.dtype === undefined ? natural : checkDType(where, options.dtype);
  const number = checkElement(where, value, dtype, () => 'value');
  return finish(where, filled(checkShape(where, 'shape', shape), number, dtype), options.requiresGrad);
}

/**
 * Zeros.
 *
 * @example
 * ```ts
 * zeros([2, 2]).toArray() // => [[0, 0], [0, 0]]
 * ```
 */
export function zeros<const S extends Shape, D extends DType = 'float32'>(
  shape: S,
  options?: CreationOptions<D>,
): Tensor<D, S['length']>;
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return filledWith('zeros', shape, 0, options);
}

/**
 * Ones.
 *
 * @example
 * ```ts
 * ones([3], { dtype: 'int32' }).toArray() // => [1, 1, 1]
 * ```
 */
export function ones<const S extends Shape, D extends DType = 'float32'>(
  shape: S,
  options?: CreationOptions<D>,
): Tensor<D, S['length']>;
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return filledWith('ones', shape, 1, options);
}

/** Zeros in the shape and dtype of `x`. */
export function zerosLike<X extends Tensor, D extends DType = X['dtype']>(
  x: X,
  options?: CreationOptions<D>,
): Tensor<D, X['rank']>;
export function zerosLike(x: Tensor, options: CreationOptions = {}): Tensor {
  checkTensor('zerosLike', 'x', x);
  return filledWith('zerosLike', x.shape, 0, { dtype: x.dtype, ...options });
}

/** Ones in the shape and dtype of `x`. */
export function onesLike<X extends Tensor, D extends DType = X['dtype']>(
  x: X,
  options?: CreationOptions<D>,
): Tensor<D, X['rank']>;
export function onesLike(x: Tensor, options: CreationOptions = {}): Tensor {
  checkTensor('onesLike', 'x', x);
  return filledWith('onesLike', x.shape, 1, { dtype: x.dtype, ...options });
}

/**
 * Numbers from `start` up to, but without, `stop`, as NumPy's `arange`. With one argument they start at 0.
 *
 * @throws {@link ArgumentError} for a step of 0.
 *
 * @example
 * ```ts
 * arange(1, 7, 2).toArray() // => [1, 3, 5]
 * ```
 */
export function arange<D extends DType = 'float32'>(
  start: number,
  stop?: number,
  step?: number,
  options?: CreationOptions<D>,
): Tensor<D, 1>;
export function arange(start: number, stop?: number, step = 1, options: CreationOptions = {}): Tensor {
  const where = 'arange';
  checkOptions(where, options, ['dtype', 'requiresGrad']);
  const from = stop === undefined ? 0 : checkNumber(where, 'start', start);
  const to = stop === undefined ? checkNumber(where, 'start', start) : checkNumber(where, 'stop', stop);
  if (checkNumber(where, 'step', step) === 0) {
    throw new ArgumentError({ where, argument: 'step', must: 'not be 0', got: '0' });
  }
  const count = Math.max(0, Math.ceil((to - from) / step));
  const shape = checkShape(where, 'the result', [count]);
  return sequence(where, shape, (i) => from + i * step, options);
}

/**
 * `count` numbers from `start` to `stop`, both included, at equal distances.
 *
 * @example
 * ```ts
 * linspace(0, 1, 5).toArray() // => [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace<D extends DType = 'float32'>(
  start: number,
  stop: number,
  count: number,
  options?: CreationOptions<D>,
): Tensor<D, 1>;
export function linspace(start: number, stop: number, count: number, options: CreationOptions = {}): Tensor {
  const where = 'linspace';
  checkOptions(where, options, ['dtype', 'requiresGrad']);
  const from = checkNumber(where, 'start', start);
  const to = checkNumber(where, 'stop', stop);
  const n = checkNumber(where, 'count', count, { integer: true, min: 0 });
  const shape = checkShape(where, 'the result', [n]);
  return sequence(
    where,
    shape,
    (i) => (i === n - 1 && n > 1 ? to : from + (i * (to - from)) / Math.max(1, n - 1)),
    options,
  );
}

function sequence(
  where: string,
  shape: Shape,
  value: (i: number) => number,
  options: CreationOptions,
): Tensor {
  const dtype = options.dtype === undefined ? 'float32' : checkDType(where, options.dtype);
  const array = allocateArray(dtype, shape[0]);
  for (let i = 0; i < array.length; i++) {
    array[i] = checkElement(where, value(i), dtype, () => `the result${pathOf(i, shape)}`);
  }
  const t = new Tensor(new Storage(dtype, array, 0, array.length), shape, packedStrides(shape), 0, dtype);
  return finish(where, t, options.requiresGrad);
}

/**
 * A matrix with ones on its main diagonal: `[rows, columns]`, square by default.
 *
 * @example
 * ```ts
 * eye(2).toArray() // => [[1, 0], [0, 1]]
 * ```
 */
export function eye<D extends DType = 'float32'>(
  rows: number,
  columns?: number,
  options?: CreationOptions<D>,
): Tensor<D, 2>;
export function eye(rows: number, columns: number = rows, options: CreationOptions = {}): Tensor {
  const where = 'eye';
  checkOptions(where, options, ['dtype', 'requiresGrad']);
  const shape = checkShape(where, 'the result', [rows, columns]);
  const dtype = options.dtype === undefined ? 'float32' : checkDType(where, options.dtype);
  const array = allocateArray(dtype, rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) array[i * (columns + 1)] = 1;
  const t = new Tensor(new Storage(dtype, array, 0, array.length), shape, packedStrides(shape), 0, dtype);
  return finish(where, t, options.requiresGrad);
}
