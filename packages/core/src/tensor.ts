/** @file The tensor: a strided view of a storage, and its place in the graph. Imports no op; fluent.ts adds methods. */
import ndarray, { type NdArray } from 'ndarray';
import type { Node } from './autodiff/node.js';
import { type ArrayOf, allocateArray, type DType, type TypedArray } from './dtype.js';
import { AliasError, ArgumentError, GraphError, ShapeError } from './errors.js';
import { Arena, parameters } from './homes/arena.js';
import { copyElements } from './homes/blocks.js';
import { moveOut } from './homes/nursery.js';
import { formatShape, isPacked, packedStrides, type Shape, type ShapeOf, sizeOf } from './shape.js';
import { state } from './state.js';
import { Storage } from './storage.js';

/** The library's version, carried by every tensor so that a clash of two copies can say which they are. */
export const VERSION = '0.1.0';

const BRAND = Symbol.for('ndgrad.Tensor');

/** Storages whose array is known outside. One array has one storage, or writes through the other would not be counted. */
const exposed = new WeakMap<TypedArray, Storage>();

/** The storage whose array is known outside as `array`. @internal */
export function knownStorage(array: object): Storage | undefined {
  return exposed.get(array as TypedArray);
}

/** The storage over an array that comes from outside: the one that gave the array out, if one did. @internal */
export function storageOf(dtype: DType, array: TypedArray): Storage {
  const known = exposed.get(array);
  if (known !== undefined) return known;
  const storage = new Storage(dtype, array, 0, array.length);
  storage.exposed = true;
  exposed.set(array, storage);
  return storage;
}

/** The storage's array, as the outside may have it: nothing but its elements. */
function expose(storage: Storage): TypedArray {
  if (storage.exposed) return storage.read('ndarray');
  moveOut(storage);
  const array = storage.read('ndarray');
  const { base, length } = storage;
  if (array.length !== length) {
    // A piece of linear memory is shown as it is; a piece of a slab moves out, because others lie beside it.
    const own =
      storage.address === 0 ? array.slice(base, base + length) : array.subarray(base, base + length);
    storage.moveTo(own, 0, storage.address);
  }
  storage.exposed = true;
  exposed.set(storage.values, storage);
  return storage.values;
}

let gradientObserver: ((t: Tensor, looked: boolean) => void) | undefined;

/** Has `observe` called before any `.grad` is read (`looked`) or set: a capture keeps track of them. @internal */
export function observeGradients(observe: ((t: Tensor, looked: boolean) => void) | undefined): void {
  gradientObserver = observe;
}

interface Extras {
  grad: Tensor | undefined;
  /** Makes the gradient when somebody asks for it: after a replay it lies in the plan. */
  pinned: (() => Tensor) | undefined;
  ndarray: NdArray<TypedArray> | undefined;
  /** A gradient that nobody outside has seen: its memory serves the next one. Null once somebody has. */
  reused: Tensor | null | undefined;
}

/**
 * The gradient of `t` for code that uses it at once and does not keep it, as an optimiser does: the next `backward` may
 * write into the same memory, which saves it from making new. `t.grad` is for everybody else.
 *
 * @example
 * ```ts
 * const w = tensor([3], { requiresGrad: true });
 * w.square().sum().backward();
 * borrowGrad(w)!.item() // => 6
 * ```
 */
export function borrowGrad(t: Tensor): Tensor | undefined {
  gradientObserver?.(t, true);
  return gradientOf(t);
}

function noExtras(): Extras {
  return { grad: undefined, pinned: undefined, ndarray: undefined, reused: undefined };
}

/** The gradient of `t`, unobserved. @internal */
export let gradientOf: (t: Tensor) => Tensor | undefined;
/** Sets the gradient of `t`, unobserved. @internal */
export let putGradient: (t: Tensor, gradient: Tensor | undefined) => void;
/** Memory for a new gradient of `t`, reused as long as only {@link borrowGrad} sees it; then there is none. @internal */
export let reusableGradient: (t: Tensor) => Tensor | undefined;
/** Sets what makes the gradient of `t` once it is asked for. @internal */
export let pinGradient: (t: Tensor, make: () => Tensor) => void;

/** Nested arrays of numbers or booleans, as `toArray` gives them. */
export type Nested<T> = T | readonly Nested<T>[];

/** {@link Nested} of each rank. */
export interface NestedOf<T> {
  readonly [rank: number]: Nested<T>;
  readonly 0: T;
  readonly 1: T[];
  readonly 2: T[][];
  readonly 3: T[][][];
  readonly 4: T[][][][];
  readonly 5: T[][][][][];
}

/** What `toArray` gives for each dtype and rank. */
export interface NestedElements {
  readonly float32: NestedOf<number>;
  readonly float64: NestedOf<number>;
  readonly int32: NestedOf<number>;
  readonly bool: NestedOf<boolean>;
}

/**
 * An n-dimensional array of one dtype that may record how it was made.
 *
 * A tensor is a view: storage, shape, strides, offset. Views share their storage, so a write through one is seen
 * through all. Make tensors with `tensor`, `zeros`, `fromNdarray` and the ops, never with `new`.
 *
 * The type knows dtype and rank where they are plain from the code, as in `Tensor<'float32', 2>`; `Tensor` alone is a
 * tensor of any, and takes them all.
 *
 * @example
 * ```ts
 * const t = tensor([[1, 2, 3], [4, 5, 6]]);
 * t.shape // => [2, 3]
 * t.dtype // => 'float32'
 * t.T.toArray() // => [[1, 4], [2, 5], [3, 6]]
 * ```
 */
export class Tensor<out D extends DType = DType, out R extends number = number> {
  /** Extents of the axes, outermost first. */
  readonly shape: ShapeOf[R];
  readonly dtype: D;
  /** How many elements to step per axis. */
  readonly strides: readonly number[];
  /** Index of the first element in the storage. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether the elements lie in row-major order without gaps. */
  readonly isContiguous: boolean;
  /** @internal */
  readonly storage: Storage;
  /** What `backward` goes through; undefined when nothing here requires a gradient. @internal */
  node: Node | undefined;
  /** What few tensors have: made when first needed. */
  #extras: Extras | undefined;

  /** @internal */
  constructor(storage: Storage, shape: ShapeOf[R], strides: readonly number[], offset: number, dtype: D) {
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.isContiguous = isPacked(shape, strides);
    this.node = undefined;
    this.#extras = undefined;
  }

  /** The gradient that `backward` has accumulated, on leaves. */
  get grad(): Tensor<D, R> | undefined {
    gradientObserver?.(this, true);
    const gradient = gradientOf(this) as Tensor<D, R> | undefined;
    // Whoever has it may keep it, so its memory is not used again.
    if (gradient !== undefined && this.#extras?.reused === gradient) this.#extras.reused = null;
    return gradient;
  }

  set grad(gradient: Tensor | undefined) {
    gradientObserver?.(this, false);
    putGradient(this, gradient);
    // What hangs on an older tensor outlives the arena that it was made in.
    const memory: Storage | undefined = gradient?.storage;
    while (memory?.owner instanceof Arena && memory.owner !== this.storage.owner) memory.owner.save(memory);
  }

  static {
    gradientOf = (t) => {
      const extras = t.#extras;
      if (extras === undefined) return undefined;
      if (extras.pinned !== undefined) {
        extras.grad = extras.pinned();
        extras.pinned = undefined;
      }
      return extras.grad;
    };
    putGradient = (t, gradient) => {
      if (t.#extras === undefined) {
        if (gradient !== undefined) t.#extras = { ...noExtras(), grad: gradient };
        return;
      }
      t.#extras.grad = gradient;
      t.#extras.pinned = undefined;
    };
    reusableGradient = (t) => {
      t.#extras ??= noExtras();
      const extras = t.#extras;
      if (extras.reused === undefined) {
        const storage = parameters.allocate(t.dtype, t.size, 'grad');
        extras.reused = new Tensor(storage, t.shape, packedStrides(t.shape), 0, t.dtype);
      }
      return extras.reused === null || extras.reused === extras.grad ? undefined : extras.reused;
    };
    pinGradient = (t, make) => {
      t.#extras ??= noExtras();
      t.#extras.grad = undefined;
      t.#extras.pinned = make;
    };
  }

  /** Number of axes. */
  get rank(): R {
    return this.shape.length as R;
  }

  /** Whether derivatives flow to this tensor. */
  get requiresGrad(): boolean {
    return this.node !== undefined;
  }

  /** Whether no recorded op made this tensor: parameters, inputs, constants. */
  get isLeaf(): boolean {
    return this.node === undefined || this.node.leaf !== undefined;
  }

  /**
   * The live `NdArray` over the same memory, made on first use. Reading is free; write through {@link Tensor.write},
   * because a write that goes around it is not seen by the checks of `backward`.
   *
   * @example
   * ```ts
   * tensor([[1, 2], [3, 4]]).T.ndarray.get(0, 1) // => 3
   * ```
   */
  get ndarray(): NdArray<ArrayOf[D]> {
    const array = expose(this.storage);
    this.#extras ??= noExtras();
    const extras = this.#extras;
    // Memory that moved has another array.
    if (extras.ndarray?.data !== array) extras.ndarray = undefined;
    extras.ndarray ??= ndarray(
      array,
      this.shape.slice(),
      this.strides.slice(),
      this.storage.base + this.offset,
    );
    return extras.ndarray as NdArray<ArrayOf[D]>;
  }

  /**
   * The one element of a tensor that has one, as a number (bool as 0 or 1).
   *
   * @throws {@link ShapeError} for any other size.
   *
   * @example
   * ```ts
   * tensor([[42]]).item() // => 42
   * ```
   */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError({
        where: 'item',
        argument: 'the tensor',
        must: 'have one element',
        got: `shape ${formatShape(this.shape)}`,
        hint: 'reduce it, or use toArray()',
      });
    }
    return this.storage.read('item')[this.storage.base + this.offset];
  }

  /** Calls `visit(storage index)` for each element in row-major order. @internal */
  forEachIndex(visit: (index: number, i: number) => void): void {
    const { shape, strides } = this;
    const at = new Array<number>(shape.length).fill(0);
    let index = this.storage.base + this.offset;
    for (let i = 0; i < this.size; i++) {
      visit(index, i);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        index += strides[axis];
        if (++at[axis] < shape[axis]) break;
        index -= shape[axis] * strides[axis];
        at[axis] = 0;
      }
    }
  }

  /**
   * A packed copy of the elements in row-major order; bool gives a Uint8Array of 0 and 1.
   *
   * @example
   * ```ts
   * tensor([[1, 2], [3, 4]]).T.toTypedArray() // => new Float32Array([1, 3, 2, 4])
   * ```
   */
  toTypedArray(): ArrayOf[D] {
    const array = this.storage.read('toTypedArray');
    const copy = allocateArray(this.dtype, this.size);
    copyPacked(this, array, this.storage.base, copy, 0);
    return copy;
  }

  /**
   * The elements as nested arrays: numbers, or booleans for bool. A 0-d tensor gives the bare element.
   *
   * @example
   * ```ts
   * tensor([true, false]).toArray() // => [true, false]
   * ```
   */
  toArray(): NestedElements[D][R] {
    const flat = this.toTypedArray();
    const { shape } = this;
    const bool = this.dtype === 'bool';
    let next = 0;
    const build = (axis: number): Nested<number | boolean> => {
      if (axis === shape.length) {
        const value = flat[next++];
        return bool ? value !== 0 : value;
      }
      return Array.from({ length: shape[axis] }, () => build(axis + 1));
    };
    return build(0) as NestedElements[D][R];
  }

  /**
   * What `JSON.stringify` writes: {@link Tensor.toArray}. JSON has no NaN and no infinities: it writes null for them.
   *
   * @example
   * ```ts
   * JSON.stringify({ loss: tensor([[1, 2]]) }) // => '{"loss":[[1,2]]}'
   * ```
   */
  toJSON(): unknown {
    return this.toArray();
  }

  /**
   * Writes in place: `fn` gets the live NdArray, and the storage's version moves on, so that a `backward` which needs
   * the old values refuses instead of being wrong.
   *
   * @param fn - synchronous; sets elements of the array it is given.
   * @returns this tensor.
   * @throws {@link GraphError} for a tensor that requires a gradient, unless under `noGrad`.
   * @throws {@link AliasError} for a view whose elements share memory.
   * @throws {@link ArgumentError} when `fn` returns a promise.
   *
   * @example
   * ```ts
   * const t = zeros([2, 2]);
   * t.write((a) => a.set(0, 1, 5)).toArray() // => [[0, 5], [0, 0]]
   * ```
   */
  write(fn: (values: NdArray<ArrayOf[D]>) => void): this {
    requireWritable('write', this);
    let result: unknown;
    try {
      result = fn(this.ndarray);
    } finally {
      // Also when fn throws: it may have written before.
      this.storage.touch();
    }
    requireSynchronous('write', result, 'await first, then write');
    return this;
  }
}

/**
 * Copies the elements of `t` in row-major order to `target` from `to` on.
 *
 * @param source - holds them, from `base` on: the storage's own array, or that of whoever stands in for it. @internal
 */
export function copyPacked(
  t: Tensor,
  source: TypedArray,
  base: number,
  target: TypedArray,
  to: number,
): void {
  if (t.isContiguous) {
    copyElements(source, base + t.offset, t.size, target, to);
    return;
  }
  const shift = base - t.storage.base;
  t.forEachIndex((index, i) => {
    target[to + i] = source[index + shift];
  });
}

Object.defineProperty(Tensor.prototype, BRAND, { value: VERSION });

/** The version of the copy of the library that made `x`, if any did. */
export function foreignVersion(x: unknown): string | undefined {
  if (typeof x !== 'object' || x === null || x instanceof Tensor) return undefined;
  const version: unknown = (x as { [BRAND]?: unknown })[BRAND];
  return typeof version === 'string' ? version : undefined;
}

export function isThenable(x: unknown): boolean {
  return typeof x === 'object' && x !== null && typeof (x as { then?: unknown }).then === 'function';
}

/** Refuses a promise as the result of a function `fn` whose effect ends when it returns. */
export function requireSynchronous(where: string, result: unknown, hint: string): void {
  if (!isThenable(result)) return;
  throw new ArgumentError({ where, argument: 'fn', must: 'be synchronous', got: 'a promise', hint });
}

/** Refuses a write into memory that elements share, or that the graph stands on. */
export function requireWritable(where: string, t: Tensor): void {
  if (state.gradEnabled && t.requiresGrad) {
    throw new GraphError({
      where,
      problem: `the tensor ${formatShape(t.shape)} requires a gradient, which a write in place would falsify`,
      hint: 'wrap the write in noGrad(() => …)',
    });
  }
  if (!t.isContiguous) requireDistinct(where, t.shape, t.strides, 'write into clone() of it');
}

/** Refuses a view whose elements share memory. @internal */
export function requireDistinct(where: string, shape: Shape, strides: readonly number[], hint: string): void {
  if (!overlaps(shape, strides)) return;
  throw new AliasError({
    where,
    problem: `elements of the view ${formatShape(shape)} with strides ${formatShape(strides)} share memory`,
    hint,
  });
}

/** Whether two index tuples can reach one element: strides, in rising order, must each step past what lies below. */
function overlaps(shape: Shape, strides: readonly number[]): boolean {
  if (sizeOf(shape) === 0) return false;
  const axes = shape.map((extent, axis) => ({ extent, stride: Math.abs(strides[axis]) }));
  let reach = 0;
  for (const { extent, stride } of axes.filter((a) => a.extent > 1).sort((a, b) => a.stride - b.stride)) {
    if (stride <= reach) return true;
    reach += (extent - 1) * stride;
  }
  return false;
}
