/** @file Order: sorting, searching what is sorted, and order statistics. Equal values keep their order, and NaN is the greatest. */
import { rows as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkEnum, checkNumber, checkOptions, checkTensor, inspect } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { constant, filled, packed, zeros } from '../autodiff/vectorSpace.js';
import { floatOf, isFloat } from '../dtype.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkAxis, formatShape, reducedShape, type Shape, sameShape, sizeOf } from '../shape.js';
import { Tensor } from '../tensor.js';
import { movedLast } from './alongAxis.js';
import { cast, operand, type RankOf, type TensorLike, unify } from './define.js';
import {
  add,
  ceil,
  divideNoNan,
  eq,
  floor,
  gt,
  isNaN,
  logicalAnd,
  logicalOr,
  minimum,
  mul,
  multiplyNoNan,
  ne,
  round,
  stopGradient,
  sub,
  where,
} from './elementwise.js';
import { gather } from './indexing.js';
import { pad, permute, type Range, reshape, slice, stack, transpose } from './movement.js';
import { gatherRow, indexSelectRow, scatterAddRow } from './picking.js';
import { argmax } from './reduce.js';
import { cumsum } from './scan.js';

/** Values and where they were, as `sort` and `topk` give them. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  /** int32, shaped as `values`. */
  readonly indices: Tensor;
}

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default −1. */
  readonly axis?: number;
  /** Whether the largest comes first. Default `false`. */
  readonly descending?: boolean;
}

const argsortRow: Op<{ descending: boolean }> = /* @__PURE__ */ new Op({
  name: 'argsort',
  shape: ([shape]) => shape,
  dtype: () => 'int32',
  run(home, y, [x], { descending }) {
    if (y.size === 0) return;
    const n = y.shape[y.rank - 1];
    home.call(kernels.argsort, [y.size / n, n, descending ? 1 : 0], y, packed(home, x));
  },
});

function order(
  where: string,
  x: TensorLike,
  axisGiven: number,
  descending: boolean,
): { t: Tensor; axis: number; indices: Tensor } {
  const t = operand(where, x);
  const axis = checkAxis(where, 'axis', axisGiven, t.rank);
  checkBoolean(where, where === 'topk' ? 'largest' : 'descending', descending);
  const indices = transpose(apply(argsortRow, [transpose(t, axis, -1)], { descending }), axis, -1);
  return { t, axis, indices };
}

/**
 * The positions that would sort an axis, the last by default. Stable both ways: of equal values the first comes first.
 * NaN counts as the greatest. int32.
 *
 * @example
 * ```ts
 * argsort(tensor([3, 1, 3, 2])).toArray() // => [1, 3, 0, 2]
 * ```
 */
export function argsort<X extends TensorLike>(x: X, options?: SortOptions): Tensor<'int32', RankOf<X>>;
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  checkOptions('argsort', options, ['axis', 'descending']);
  return order('argsort', x, options.axis ?? -1, options.descending ?? false).indices;
}

/**
 * An axis, the last by default, sorted: values, and the positions they had. Stable both ways; NaN counts as the
 * greatest. Derivatives go back to where each value came from.
 *
 * @example
 * ```ts
 * const { values, indices } = sort(tensor([3, 1, 2]), { descending: true });
 * values.toArray() // => [3, 2, 1]
 * indices.toArray() // => [0, 2, 1]
 * ```
 */
export function sort(x: TensorLike, options: SortOptions = {}): ValuesAndIndices {
  checkOptions('sort', options, ['axis', 'descending']);
  const { t, axis, indices } = order('sort', x, options.axis ?? -1, options.descending ?? false);
  return { values: gather(t, axis, indices), indices };
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Default −1. */
  readonly axis?: number;
  /** Whether the largest are wanted, else the smallest. Default `true`. */
  readonly largest?: boolean;
}

/**
 * The k largest (or smallest) values of an axis, the last by default, best first, and their positions. Of equal values
 * the first comes first; NaN counts as the greatest.
 *
 * @throws {@link ArgumentError} when the axis has fewer than k elements.
 *
 * @example
 * ```ts
 * topk(tensor([5, 9, 9, 1]), 2).indices.toArray() // => [1, 2]
 * ```
 */
export function topk(x: TensorLike, k: number, options: TopkOptions = {}): ValuesAndIndices {
  checkOptions('topk', options, ['axis', 'largest']);
  const count = checkNumber('topk', 'k', k, { integer: true, min: 0 });
  const { t, axis, indices: all } = order('topk', x, options.axis ?? -1, options.largest ?? true);
  if (count > t.shape[axis]) {
    throw new ArgumentError({
      where: 'topk',
      argument: 'k',
      must: `be at most ${t.shape[axis]}, the length of axis ${axis} of ${formatShape(t.shape)}`,
      got: `${count}`,
    });
  }
  const indices = slice(all, ...t.shape.map((_, i): Range => (i === axis ? [0, count] : null)));
  return { values: gather(t, axis, indices), indices };
}

// Searching

const searchsortedRow: Op<{ right: boolean }> = /* @__PURE__ */ new Op({
  name: 'searchsorted',
  shape: ([, shape]) => shape,
  dtype: () => 'int32',
  run(home, y, [sorted, values], { right }) {
    const n = sorted.shape[sorted.rank - 1];
    const rows = sizeOf(sorted.shape.slice(0, -1));
    if (y.size === 0) return;
    const plan = [rows, n, values.size / rows, right ? 1 : 0];
    home.call(kernels.searchsorted, plan, y, packed(home, sorted), packed(home, values));
  },
});

/** Options of {@link searchsorted}. */
export interface SearchsortedOptions {
  /** Whether a value would stand before its equals, `'left'`, or behind them. Default `'left'`. */
  readonly side?: 'left' | 'right';
}

/** Refuses rows that fall somewhere: a search in them would give any number. */
function requireSorted(where: string, sorted: Tensor): void {
  const n = sorted.shape[sorted.rank - 1];
  if (n < 2) return;
  const whole = sorted.shape.slice(1).map((): Range => null);
  const visit = (i: number, value: number, next: number): void => {
    // NaN is the greatest.
    if (value <= next || next !== next) return;
    throw new ArgumentError({
      where,
      argument: 'sorted',
      must: 'rise along its last axis',
      got: `${value} before ${next} at position ${(i % (n - 1)) + 1}`,
      hint: 'sort() it first',
    });
  };
  inspect('requireSorted', slice(sorted, ...whole, [0, -1]), visit, slice(sorted, ...whole, [1, null]));
}

/**
 * Where values would have to stand in what is sorted so that it stays so: before their equals, or with `side: 'right'`
 * behind them. NaN is the greatest, so it stands at the end, or with the other NaN. int32, shaped as `values`, without
 * derivative.
 *
 * @param sorted - `[n]`, or `[…, n]` with a row for each row of `values`; rising along the last axis.
 * @param values - of any shape for a vector; `[…, m]` with the leading axes of `sorted` else.
 * @throws {@link ShapeError} for shapes that do not go together; {@link ArgumentError} for rows that fall.
 *
 * @example
 * ```ts
 * const edges = tensor([1, 3, 3, 5]);
 * searchsorted(edges, tensor([0, 3, 9])).toArray() // => [0, 1, 4]
 * searchsorted(edges, 3, { side: 'right' }).item() // => 3
 * ```
 */
export function searchsorted(sorted: Tensor, values: TensorLike, options: SearchsortedOptions = {}): Tensor {
  const name = 'searchsorted';
  checkOptions(name, options, ['side']);
  const side = checkEnum(name, 'side', options.side ?? 'left', ['left', 'right']);
  const [s, v] = unify(name, [operand(name, sorted, 'sorted'), values], ['sorted', 'values']);
  if (s.rank === 0) {
    throw new ShapeError({
      where: name,
      argument: 'sorted',
      must: 'have at least one axis',
      got: 'shape []',
    });
  }
  const batch = s.shape.slice(0, -1);
  if (s.rank > 1 && !(v.rank === s.rank && sameShape(v.shape.slice(0, -1), batch))) {
    throw new ShapeError({
      where: name,
      argument: 'values',
      must: `have the leading axes ${formatShape(batch)} of sorted ${formatShape(s.shape)} and one more`,
      got: formatShape(v.shape),
    });
  }
  requireSorted(name, s);
  return apply(searchsortedRow, [s, v], { right: side === 'right' });
}

// Order statistics

const sharedTiesRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'sharedTies',
  shape: ([shape]) => shape,
  view: (x) => ({ strides: x.strides, offset: x.offset }),
  saves: { inputs: [0] },
  vjp: [
    (g, { inputs: [x] }) => {
      const axis = x.rank - 1;
      const whole = x.shape.slice(1).map((): Range => null);
      const rises = ne(slice(x, ...whole, [1, null]), slice(x, ...whole, [0, -1]));
      const lead = x.shape.map((_, i) => [i === axis ? 1 : 0, 0] as const);
      // The number of the run of equals that each element belongs to, counted along the axis.
      const run = cumsum(pad(cast(rises, 'int32'), lead));
      const total = (t: Tensor): Tensor => apply(scatterAddRow, [zeros(x.shape, g.dtype), t, run], { axis });
      const mean = divideNoNan(total(g), total(filled(x.shape, 1, g.dtype)));
      return apply(gatherRow, [mean, run], { axis });
    },
  ],
});

/** Sorted rows as they are, whose equal values share their cotangents equally. */
function sharedTies(sorted: Tensor): Tensor {
  return apply(sharedTiesRow, [sorted], null);
}

/** Options of {@link median}. */
export interface MedianOptions {
  /** The axis to fold; default: the flattened tensor. */
  readonly axis?: number;
  /** Whether the axis stays, with length 1. Default `false`. */
  readonly keepDims?: boolean;
}

/** The elements to fold as the last axis, and the shape without them. */
interface Lines {
  readonly lines: Tensor;
  readonly shape: Shape;
}

function linesOf(where: string, t: Tensor, { axis: given, keepDims: keeps }: MedianOptions): Lines {
  const keepDims = checkBoolean(where, 'keepDims', keeps ?? false);
  const axis = given === undefined ? undefined : checkAxis(where, 'axis', given, t.rank);
  const lines = axis === undefined ? reshape(t, [t.size]) : movedLast(t, axis);
  const folded = axis === undefined ? t.shape.map((_, i) => i) : [axis];
  const shape = reducedShape(t.shape, folded, keepDims);
  if (lines.shape[lines.rank - 1] === 0 && !shape.includes(0)) {
    throw new ArgumentError({
      where,
      argument: 'x',
      must: 'have at least one element along the folded axes',
      got: `shape ${formatShape(t.shape)}`,
    });
  }
  return { lines, shape };
}

/** Order statistics of rows that hold a NaN are NaN: it is the last of a sorted row. */
function nanSpread(sorted: Tensor, y: Tensor): Tensor {
  if (!isFloat(y.dtype)) return y;
  const last = slice(sorted, ...sorted.shape.slice(1).map((): Range => null), [-1, null]);
  return where(isNaN(last), Number.NaN, y);
}

/**
 * The lower middle of the elements along an axis, or of all, and its position: the first one that holds it. NaN spreads.
 * Elements that attain the median share its derivative equally.
 *
 * @throws {@link ArgumentError} for a median of nothing.
 *
 * @example
 * ```ts
 * const { values, indices } = median(tensor([[5, 1, 3], [4, 2, 2]]), { axis: 1 });
 * values.toArray() // => [3, 2]
 * indices.toArray() // => [2, 1]
 * median(tensor([4, 1, 3, 2])).values.item() // => 2
 * ```
 *
 * @see {@link quantile} for the mean of the two middles.
 */
export function median(x: TensorLike, options: MedianOptions = {}): ValuesAndIndices {
  const t = operand('median', x);
  checkOptions('median', options, ['axis', 'keepDims']);
  const { lines, shape } = linesOf('median', t, options);
  if (lines.size === 0) return { values: reshape(lines, shape), indices: zeros(shape, 'int32') };
  const sorted = sharedTies(sort(lines).values);
  const middle = (lines.shape[lines.rank - 1] - 1) >> 1;
  const whole = lines.shape.slice(1).map((): Range => null);
  const values = nanSpread(sorted, slice(sorted, ...whole, [middle, middle + 1]));
  const attained = logicalOr(eq(lines, values), logicalAnd(isNaN(lines), isNaN(values)));
  const indices = argmax(attained, { axis: -1 });
  return { values: reshape(values, shape), indices: reshape(indices, shape) };
}

/** What a quantile between two elements is. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** Options of {@link quantile}. */
export interface QuantileOptions extends MedianOptions {
  /**
   * Between elements at ranks i and i + 1: on the line through them, the lower, the higher, their mean, or the nearer (of
   * halves the one of even rank). Default `'linear'`.
   */
  readonly interpolation?: Interpolation;
}

/**
 * The quantiles of the elements along an axis, or of all: for a level `q` of n elements the one of rank `q (n − 1)` in
 * sorted order, interpolated where that is no integer. NaN spreads. Integers give float32. The derivative goes to the two
 * neighbours by their weights, equal values sharing theirs equally; `q` has none.
 *
 * @param q - a level in 0 … 1; a list or tensor of levels puts its own axes in front of the result's.
 * @throws {@link ArgumentError} for a level outside of 0 … 1, or a quantile of nothing.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2, 4, 8]);
 * quantile(x, 0.5).item() // => 3
 * quantile(x, [0, 0.25, 1]).toArray() // => [1, 1.75, 8]
 * quantile(x, 0.5, { interpolation: 'higher' }).item() // => 4
 * ```
 */
export function quantile(
  x: TensorLike,
  q: number | readonly number[] | Tensor,
  options: QuantileOptions = {},
): Tensor {
  const name = 'quantile';
  const t = operand(name, x);
  checkOptions(name, options, ['axis', 'keepDims', 'interpolation']);
  const interpolation = checkEnum(name, 'interpolation', options.interpolation ?? 'linear', [
    'linear',
    'lower',
    'higher',
    'midpoint',
    'nearest',
  ]);
  const levels = levelsOf(name, q);
  const { lines, shape } = linesOf(name, cast(t, floatOf(t.dtype)), options);
  const result = [...levels.shape, ...shape];
  if (lines.size === 0) return reshape(lines, result);
  const sorted = sharedTies(sort(lines).values);
  const place = mul(reshape(levels, [levels.size]), lines.shape[lines.rank - 1] - 1);
  const picked = nanSpread(sorted, interpolated(sorted, place, interpolation));
  const order = picked.shape.map((_, i) => (i === 0 ? picked.rank - 1 : i - 1));
  return reshape(permute(picked, order), result);
}

/** Levels as a float64 tensor, each in 0 … 1, without derivative. */
function levelsOf(where: string, q: unknown): Tensor {
  const range = { min: 0, max: 1 } as const;
  if (q instanceof Tensor) {
    checkTensor(where, 'q', q);
    const levels = cast(stopGradient(q), 'float64');
    inspect('checkLevels', levels, (i, value) => {
      if (value >= 0 && value <= 1) return;
      throw new ArgumentError({
        where,
        argument: 'q',
        must: 'hold numbers in [0, 1]',
        got: `${value} at position ${i}`,
      });
    });
    return levels;
  }
  if (!Array.isArray(q)) return constant(checkNumber(where, 'q', q, range), 'float64');
  if (q.length === 0) return filled([0], 0, 'float64');
  // A hole of a sparse array is a level too.
  const levels = Array.from(q, (level, i) => checkNumber(where, `q[${i}]`, level, range));
  return stack(levels.map((level) => constant(level, 'float64')));
}

/** Values of sorted rows at places between 0 and n − 1, in double and rounded once: `[…, n]` and `[m] → […, m]`. */
function interpolated(sorted: Tensor, place: Tensor, interpolation: Interpolation): Tensor {
  const axis = sorted.rank - 1;
  const at = (rank: Tensor): Tensor =>
    apply(indexSelectRow, [sorted, cast(rank, 'int32')], { axis, count: place.size });
  if (interpolation === 'higher') return at(ceil(place));
  if (interpolation === 'nearest') return at(round(place));
  const rank = floor(place);
  if (interpolation === 'lower') return at(rank);
  const low = cast(at(rank), 'float64');
  const high = cast(at(minimum(add(rank, 1), sorted.shape[axis] - 1)), 'float64');
  const weight =
    interpolation === 'midpoint' ? where(gt(place, rank), constant(0.5, 'float64'), 0) : sub(place, rank);
  // Not low + (high − low) · weight: infinite neighbours would give NaN where one has the weight 0, or both are equal.
  const mixed = add(multiplyNoNan(low, sub(1, weight)), multiplyNoNan(high, weight));
  return cast(where(eq(low, high), low, mixed), sorted.dtype);
}
