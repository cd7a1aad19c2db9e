/** @file Indexing as in NumPy: integers, ranges, arrays of positions and masks, for reading and for functional writing. */
import { indexing as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkOptions, checkTensor, describeValue, typedArrayName } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { isPlainObject } from '../autodiff/scope.js';
import { broadcastTo, canBroadcast, constant, packed } from '../autodiff/vectorSpace.js';
import { flattenNested, nestedShape } from '../creation.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { requireRunning } from '../homes/running.js';
import {
  broadcastShapes,
  checkAxis,
  checkShape,
  formatShape,
  packedStrides,
  type Shape,
  sameShape,
  sizeOf,
} from '../shape.js';
import { Storage } from '../storage.js';
import { type Nested, Tensor } from '../tensor.js';
import { numberAs, operand, type TensorLike, tensorOperand } from './define.js';
import { add, mul, ne, where } from './elementwise.js';
import { permute, reshape, type SingleAxisOptions, slice, squeeze, unsqueeze } from './movement.js';
import {
  addAt,
  countable,
  flat,
  type Indices,
  indexSelectRow,
  iota,
  putAt,
  sourceLike,
  wrapIndices,
} from './picking.js';
import { type Range, resolveRange, wrapIndex } from './range.js';
import { sum } from './reduce.js';

/** A part of an axis, Python's `start:stop:step`. Negative positions count from the end, those outside are clamped. */
export interface IndexRange {
  /** Default: the end that the step starts from. */
  readonly start?: number | null;
  /** The first position that is not taken. Default: none. */
  readonly stop?: number | null;
  /** Not 0. Default 1. */
  readonly step?: number | null;
}

/**
 * One index of {@link index}.
 *
 *  - an integer, −n … n−1, takes one position of an axis, which disappears;
 *  - `null` takes a whole axis, `{ start, stop, step }` a part of one;
 *  - `'...'` stands for as many whole axes as are left; it may stand once;
 *  - `'newaxis'` adds an axis of length 1;
 *  - an int32 tensor, an Int32Array, or arrays of integers, nested or not, are positions, −n … n−1, along one axis;
 *  - a bool tensor, a boolean, or arrays of booleans, nested or not, are a mask over as many axes as it has.
 */
export type Index =
  | number
  | boolean
  | null
  | IndexRange
  | '...'
  | 'newaxis'
  | Tensor
  | Int32Array
  | readonly Nested<boolean>[]
  | readonly Nested<number>[];

// What each index says

/** One index, checked, with the number of axes that it takes. */
type Part =
  | { readonly kind: 'range'; readonly range: Range; readonly axes: 1 }
  | { readonly kind: 'ellipsis'; readonly axes: number }
  | { readonly kind: 'newaxis'; readonly axes: 0 }
  | { readonly kind: 'integer'; readonly index: number; readonly axes: 1 }
  | { readonly kind: 'positions'; readonly index: unknown; readonly axes: 1 }
  | { readonly kind: 'mask'; readonly mask: Tensor; readonly axes: number };

const FORMS =
  "be an integer, null, { start, stop, step }, '...', 'newaxis', positions (int32) or a mask (bool)";

/** Nested arrays of booleans as a bool tensor. */
function maskOf(where: string, argument: string, nested: unknown): Tensor {
  requireRunning(
    where,
    `${argument} is written into a captured step and would be the same at every replay`,
    'make a bool tensor outside of the step, or pass it as an argument',
  );
  const shape = checkShape(where, argument, nestedShape(where, nested, argument));
  const values = Uint8Array.from(flattenNested(where, nested, shape, argument), (value, i) => {
    if (typeof value === 'boolean') return Number(value);
    throw new ArgumentError({
      where,
      argument,
      must: 'hold booleans only',
      got: `${describeValue(value)} at position ${i}`,
    });
  });
  return new Tensor(new Storage('bool', values, 0, values.length), shape, packedStrides(shape), 0, 'bool');
}

/** The first leaf of nested arrays. */
function firstOf(x: unknown): unknown {
  let leaf: unknown = x;
  for (let depth = 0; Array.isArray(leaf) && depth <= 16; depth++) leaf = leaf[0];
  return leaf;
}

function partOf(where: string, argument: string, index: unknown): Part {
  if (typeof index === 'number') return { kind: 'integer', index, axes: 1 };
  if (index === null || index === undefined) return { kind: 'range', range: null, axes: 1 };
  if (index === 'newaxis') return { kind: 'newaxis', axes: 0 };
  if (index === '...') return { kind: 'ellipsis', axes: 0 };
  if (typeof index === 'boolean') return { kind: 'mask', mask: constant(Number(index), 'bool'), axes: 0 };
  if (Array.isArray(index)) {
    if (typeof firstOf(index) === 'boolean') {
      const mask = maskOf(where, argument, index);
      return { kind: 'mask', mask, axes: mask.rank };
    }
    if (!index.includes(null)) return { kind: 'positions', index, axes: 1 };
    throw new ArgumentError({
      where,
      argument,
      must: 'hold positions',
      got: `null at position ${index.indexOf(null)}`,
      hint: 'a range is { start, stop, step }',
    });
  }
  if (index instanceof Tensor) {
    checkTensor(where, argument, index);
    if (index.dtype === 'bool') return { kind: 'mask', mask: index, axes: index.rank };
    if (index.dtype === 'int32') return { kind: 'positions', index, axes: 1 };
    throw new DTypeError({
      where,
      argument,
      must: 'be int32 or bool',
      got: index.dtype,
      hint: "use .cast('int32') for positions, a comparison for a mask",
    });
  }
  if (typedArrayName(index) === 'Int32Array') return { kind: 'positions', index, axes: 1 };
  if (isPlainObject(index)) {
    checkOptions(where, index, ['start', 'stop', 'step']);
    const { start = null, stop = null, step = null } = index as IndexRange;
    return { kind: 'range', range: [start, stop, step], axes: 1 };
  }
  throw new ArgumentError({ where, argument, must: FORMS, got: describeValue(index) });
}

/** All indices, with an ellipsis that takes the axes that nobody names. */
function partsOf(where: string, x: Tensor, indices: readonly unknown[]): Part[] {
  // A hole of a sparse array is an index too.
  const parts = Array.from(indices, (index, i) => partOf(where, `indices[${i}]`, index));
  const ellipses = parts.filter(({ kind }) => kind === 'ellipsis').length;
  if (ellipses > 1) {
    throw new ArgumentError({
      where,
      argument: 'indices',
      must: "hold '...' at most once",
      got: `${ellipses}`,
    });
  }
  const taken = parts.reduce((axes, part) => axes + part.axes, 0);
  if (taken > x.rank) {
    throw new ArgumentError({
      where,
      problem: `the indices take ${taken} axes, x ${formatShape(x.shape)} has ${x.rank}`,
    });
  }
  if (ellipses === 0) parts.push({ kind: 'ellipsis', axes: 0 });
  return parts.map((part) => (part.kind === 'ellipsis' ? { ...part, axes: x.rank - taken } : part));
}

// Where each index goes

/** Positions over some axes of `x` taken together. */
interface Picked {
  readonly index: Tensor;
  readonly extent: number;
}

/** The indices over a tensor: what is sliced, what is picked, and how the result's axes lie. */
interface Layout {
  /** A range for each axis of `x`. */
  readonly ranges: readonly Range[];
  /** Axes that are picked from, in order, and where from. Empty where everything is a view. */
  readonly axes: readonly number[];
  readonly picked: readonly Picked[];
  /** Axes of the result before and behind the picked ones: a number is an axis of `x`. */
  readonly before: readonly (number | 'new')[];
  readonly behind: readonly (number | 'new')[];
}

/** Whether an index picks; integers do so only beside one that does. */
function picks({ kind }: Part): boolean {
  return kind === 'positions' || kind === 'mask';
}

function layoutOf(where: string, x: Tensor, parts: readonly Part[]): Layout {
  const advanced = parts.some(picks);
  const isPicked = (part: Part): boolean => picks(part) || (advanced && part.kind === 'integer');
  const first = parts.findIndex(isPicked);
  const last = parts.length - 1 - [...parts].reverse().findIndex(isPicked);
  // NumPy's rule: axes of indices that stand apart come first, those of neighbours stay where they are.
  const together = !advanced || parts.slice(first, last + 1).every(isPicked);
  const ranges: Range[] = x.shape.map(() => null);
  const axes: number[] = [];
  const picked: Picked[] = [];
  const sides: { before: (number | 'new')[]; behind: (number | 'new')[] } = { before: [], behind: [] };
  let axis = 0;
  parts.forEach((part, i) => {
    const side = together && (!advanced || i < first) ? sides.before : sides.behind;
    const own = Array.from({ length: part.axes }, (_, k) => axis + k);
    const argument = `indices[${i}]`;
    axis += part.axes;
    if (isPicked(part)) {
      axes.push(...own);
      picked.push(
        pickedBy(
          where,
          argument,
          part,
          own.map((a) => x.shape[a]),
        ),
      );
    } else if (part.kind === 'newaxis') side.push('new');
    else if (part.kind === 'integer') {
      const at = wrapIndex(where, argument, part.index, x.shape[own[0]]);
      ranges[own[0]] = [at, at + 1];
    } else {
      if (part.kind === 'range') {
        resolveRange(where, argument, part.range, x.shape[own[0]]);
        ranges[own[0]] = part.range;
      }
      side.push(...own);
    }
  });
  return { ranges, axes, picked, ...sides };
}

/** The positions that one index picks from axes of the given extents taken together. */
function pickedBy(where: string, argument: string, part: Part, extents: Shape): Picked {
  const extent = sizeOf(extents);
  if (part.kind === 'integer') {
    return { index: constant(wrapIndex(where, argument, part.index, extent), 'int32'), extent };
  }
  if (part.kind === 'positions') return { index: wrapIndices(where, argument, part.index, extent), extent };
  const { mask } = part as Part & { kind: 'mask' };
  checkMask(where, argument, mask, extents);
  requireRunning(
    where,
    `how many elements the mask ${argument} takes depends on its values`,
    'keep the shape with where(mask, x, other)',
  );
  return { index: flat(nonzero(flat(mask))), extent };
}

function checkMask(where: string, argument: string, mask: Tensor, extents: Shape): void {
  if (sameShape(mask.shape, extents)) return;
  throw new ShapeError({
    where,
    argument,
    must: `have the shape ${formatShape(extents)} of the axes that it masks`,
    got: formatShape(mask.shape),
  });
}

/** Reads `x` by a layout. */
function read(where: string, x: Tensor, { ranges, axes, picked, before, behind }: Layout): Tensor {
  const view = slice(x, ...ranges);
  const extents = (side: readonly (number | 'new')[]): number[] =>
    side.map((axis) => (axis === 'new' ? 1 : view.shape[axis]));
  const isAxis = (axis: number | 'new'): axis is number => axis !== 'new';
  if (picked.length === 0) return arranged(view, before.concat(behind));
  const shape = broadcastShapes(
    where,
    picked.map(({ index }) => index.shape),
  );
  const place = picked
    .map(({ index }) => index)
    .reduce((sum, index, i) => add(mul(sum, picked[i].extent), index));
  const [lead, trail] = [before.filter(isAxis), behind.filter(isAxis)];
  const grouped = permute(view, [...lead, ...axes, ...trail]);
  const length = sizeOf(picked.map(({ extent }) => extent));
  const merged = reshape(grouped, [...extents(lead), length, ...extents(trail)]);
  const index = flat(broadcastTo(place, shape));
  const taken = apply(indexSelectRow, [merged, index], { axis: lead.length, count: index.size });
  const result = [...extents(before), ...shape, ...extents(behind)];
  return reshape(taken, checkShape(where, 'the result', result));
}

/** A view whose axes are some of those of `x`, the others being of length 1, with new ones of length 1 between. */
function arranged(x: Tensor, order: readonly (number | 'new')[]): Tensor {
  const kept = order.filter((axis): axis is number => axis !== 'new');
  const dropped = x.shape.map((_, axis) => axis).filter((axis) => !kept.includes(axis));
  let y = squeeze(x, { axis: dropped });
  order.forEach((axis, i) => {
    if (axis === 'new') y = unsqueeze(y, i);
  });
  return y;
}

// Reading

/**
 * A part of `x`, by NumPy's rules of indexing; see {@link Index} for what an index may be. Indices stand for the axes of `x`
 * from the first on; axes without one are taken whole.
 *
 * Integers, ranges, `'...'` and `'newaxis'` alone give a view. Positions and masks pick: they broadcast together, a mask
 * counting as the positions where it holds, and integers beside them as positions too. Their axes become those of the
 * broadcast shape, in their place if they are neighbours, else in front. Repeated positions add up their derivatives.
 *
 * @throws {@link IndexError} for a position outside of −n … n−1; {@link ShapeError} for a mask that does not fit its axes or
 *   positions that do not broadcast; {@link ArgumentError} for anything that is no index, or too many of them;
 *   {@link CaptureError} for a mask while a step is captured: the shape would depend on values.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * index(x, -1, { step: 2 }).toArray() // => [4, 6]
 * index(x, '...', [2, 0]).toArray() // => [[3, 1], [6, 4]]
 * index(x, [[0], [1]], [0, -1]).toArray() // => [[1, 3], [4, 6]]
 * index(x, x.gt(3)).toArray() // => [4, 5, 6]
 * index(x, 'newaxis', { stop: 1 }).shape // => [1, 1, 3]
 * ```
 *
 * @see {@link slice} for ranges alone, {@link take} for positions along one axis.
 */
export function index(x: Tensor, ...indices: readonly Index[]): Tensor {
  const t = tensorOperand('index', x);
  return read('index', t, layoutOf('index', t, partsOf('index', t, indices)));
}

/**
 * The elements at positions along an axis, as NumPy's `take`: the axis becomes the axes of `indices`. Without an axis the
 * flattened tensor is taken from. Repeats add up their derivatives.
 *
 * @param indices - positions in −n … n−1, or one number, for which the axis disappears.
 * @throws {@link IndexError} naming position and value.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * take(x, [0, -1]).toArray() // => [1, 6]
 * take(x, [[2, 0]], { axis: 1 }).toArray() // => [[[3, 1]], [[6, 4]]]
 * ```
 */
export function take(x: Tensor, indices: Indices | number, options: SingleAxisOptions = {}): Tensor {
  const name = 'take';
  const given = tensorOperand(name, x);
  checkOptions(name, options, ['axis']);
  const t = options.axis === undefined ? flat(given) : given;
  const axis = checkAxis(name, 'axis', options.axis ?? 0, t.rank);
  const extent = t.shape[axis];
  const places =
    typeof indices === 'number'
      ? constant(wrapIndex(name, 'indices', indices, extent), 'int32')
      : wrapIndices(name, 'indices', indices, extent);
  const taken = apply(indexSelectRow, [t, flat(places)], { axis, count: places.size });
  const shape = [...t.shape.slice(0, axis), ...places.shape, ...t.shape.slice(axis + 1)];
  return reshape(taken, checkShape(name, 'the result', shape));
}

const nonzeroRow: Op<{ count: number }> = /* @__PURE__ */ new Op({
  name: 'nonzero',
  shape: ([shape], { count }) => [count, shape.length],
  dtype: () => 'int32',
  run: (home, y, [x]) => home.call(kernels.nonzero, [x.rank, ...x.shape], y, packed(home, x)),
});

/**
 * The positions of all elements that are not 0, in row-major order: int32 `[k, rank]`, a row of coordinates each, without
 * derivative. NaN is not 0.
 *
 * @throws {@link CaptureError} while a step is captured: k would depend on values.
 *
 * @example
 * ```ts
 * nonzero(tensor([[0, 5], [7, 0]])).toArray() // => [[0, 1], [1, 0]]
 * ```
 */
export function nonzero(x: TensorLike): Tensor {
  const t = operand('nonzero', x);
  requireRunning(
    'nonzero',
    'how many positions there are depends on the values of x',
    'keep the shape with where(x, a, b)',
  );
  return apply(nonzeroRow, [t], { count: sum(ne(t, 0)).item() });
}

// Writing

/** Options of {@link indexPut}. */
export interface IndexPutOptions {
  /** Whether values are added to what is there, repeats adding up, instead of replacing it. Default `false`. */
  readonly accumulate?: boolean;
}

/**
 * `x` with values written where {@link index} would read, by the same rules. Functional: `x` is unchanged.
 *
 * Written in row-major order of what is read, so of repeated positions the last one wins, always; it alone has a
 * derivative, and what it overwrites in `x` gets 0. With `accumulate` repeats add up, in double; int32 wraps modulo 2³² and
 * bool counts in int32, as in `add`.
 *
 * @param indices - an array of indices; see {@link Index}.
 * @param values - a number, or a tensor that broadcasts to the shape that `index(x, ...indices)` has.
 * @throws as {@link index} does, and {@link ShapeError} for values that do not broadcast. While a step is captured a mask is
 *   fine beside whole axes and values that are the same for all that it picks; else it is a {@link CaptureError}.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * indexPut(x, [x.gt(4)], 0).toArray() // => [[1, 2, 3], [4, 0, 0]]
 * indexPut(x, [null, [0, 0]], tensor([7, 8])).toArray() // => [[8, 2, 3], [8, 5, 6]]
 * indexPut(x, [0, [0, 0]], 1, { accumulate: true }).toArray() // => [[3, 2, 3], [4, 5, 6]]
 * ```
 *
 * @see {@link where} for a choice between two tensors.
 */
export function indexPut(
  x: Tensor,
  indices: readonly Index[],
  values: TensorLike,
  options: IndexPutOptions = {},
): Tensor {
  const name = 'indexPut';
  const given = tensorOperand(name, x);
  checkOptions(name, options, ['accumulate']);
  const accumulate = checkBoolean(name, 'accumulate', options.accumulate ?? false);
  if (!Array.isArray(indices)) {
    throw new ArgumentError({
      where: name,
      argument: 'indices',
      must: 'be an array of indices',
      got: describeValue(indices),
    });
  }
  const t = accumulate ? countable(given) : given;
  const source =
    typeof values === 'number' || typeof values === 'boolean'
      ? numberAs(name, 'values', Number(values), t.dtype)
      : sourceLike(name, 'values', t, values);
  const parts = partsOf(name, t, indices);
  const masked = putByMask(name, t, parts, source, accumulate);
  if (masked !== undefined) return masked;
  const places = read(name, iota(t.shape), layoutOf(name, t, parts));
  if (!canBroadcast(source.shape, places.shape)) {
    throw new ShapeError({
      where: name,
      argument: 'values',
      must: `broadcast to the shape ${formatShape(places.shape)} that the indices pick`,
      got: formatShape(source.shape),
    });
  }
  const put = accumulate ? addAt : putAt;
  return reshape(put(flat(t), flat(broadcastTo(source, places.shape)), flat(places)), t.shape);
}

/**
 * The write as a choice, whose shapes do not depend on values: where one mask stands beside whole axes alone, and the values
 * are the same for all elements that it picks.
 */
function putByMask(
  name: string,
  x: Tensor,
  parts: readonly Part[],
  source: Tensor,
  accumulate: boolean,
): Tensor | undefined {
  const at = parts.findIndex(({ kind }) => kind === 'mask');
  const isWhole = (part: Part): boolean =>
    part.kind === 'ellipsis' || (part.kind === 'range' && part.range === null);
  const part = parts[at];
  if (part?.kind !== 'mask' || !parts.every((other, i) => i === at || isWhole(other))) return undefined;
  const { mask } = part;
  const before = parts.slice(0, at).reduce((axes, other) => axes + other.axes, 0);
  const behind = x.rank - before - mask.rank;
  checkMask(name, `indices[${at}]`, mask, x.shape.slice(before, before + mask.rank));
  // The axis of the source along which the picked elements would lie, if it has one.
  const along = source.rank - 1 - behind;
  if (along >= 0 && source.shape[along] !== 1) return undefined;
  const ones = mask.shape.map(() => 1);
  const spread =
    along < 0
      ? source
      : reshape(source, [...source.shape.slice(0, along), ...ones, ...source.shape.slice(along + 1)]);
  if (!canBroadcast(spread.shape, x.shape)) return undefined;
  const condition = reshape(mask, [...mask.shape, ...new Array<number>(behind).fill(1)]);
  return where(condition, accumulate ? add(x, spread) : spread, x);
}
