/** @file Ops that write and combine at integer positions along an axis, 0 … n−1. All are functional: `x` is unchanged. */
import { indexing as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkEnum, checkFitsInt32, checkOptions } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type Saved } from '../autodiff/node.js';
import { broadcastTo, packed, zeros } from '../autodiff/vectorSpace.js';
import { floatOf, isFloat } from '../dtype.js';
import type { Shape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, numberAs, tensorOperand } from './define.js';
import {
  add,
  div,
  divideNoNan,
  eq,
  logicalAnd,
  logicalNot,
  mul,
  multiplyNoNan,
  sub,
  where,
} from './elementwise.js';
import { reshape } from './movement.js';
import { argsort } from './order.js';
import {
  addAt,
  countable,
  elementsAlong,
  filledLike,
  flat,
  flatPlaces,
  type Indices,
  isHit,
  putAt,
  sourceLike,
  sourceWithin,
  takeAt,
} from './picking.js';
import { backwards, linearRecurrence, shifted } from './recurrence.js';

/** Vectors that a scatter works on: the elements of `x`, those of the source, and the place of each among those of `x`. */
interface Scattering {
  readonly shape: Shape;
  readonly x: Tensor;
  readonly source: Tensor;
  readonly index: Tensor;
}

/** Checks the arguments of a scatter and flattens them. */
function scattering(
  where: string,
  x: Tensor,
  axis: number,
  index: Indices,
  source: Tensor | number,
): Scattering {
  const { index: positions, axis: a } = elementsAlong(where, x, axis, index);
  const s =
    typeof source === 'number'
      ? broadcastTo(numberAs(where, 'source', source, x.dtype), positions.shape)
      : sourceWithin(where, sourceLike(where, 'source', x, source), positions);
  return { shape: x.shape, x: flat(x), source: flat(s), index: flatPlaces(x.shape, a, positions) };
}

/**
 * `x` with elements of `source` written at positions along an axis: `y[index[i, j], j] = source[i, j]` for axis 0. Written
 * in row-major order of `index`, so of repeated positions the last one wins, always, and it alone has a derivative.
 * What is overwritten in `x` gets a derivative of 0.
 *
 * @param index - positions in 0 … n−1, of the rank of `x`, off the axis no longer than it.
 * @param source - a number, or a tensor along every axis at least as long as `index`; what lies beyond is not read.
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `index` or `source` does not fit.
 *
 * @example
 * ```ts
 * scatter(zeros([3]), 0, [2, 0, 2], tensor([1, 2, 3])).toArray() // => [2, 0, 3]
 * scatter(zeros([2, 2]), 1, [[1], [0]], 5).toArray() // => [[0, 5], [5, 0]]
 * ```
 */
export function scatter(x: Tensor, axis: number, index: Indices, source: Tensor | number): Tensor {
  const s = scattering('scatter', tensorOperand('scatter', x), axis, index, source);
  return reshape(putAt(s.x, s.source, s.index), s.shape);
}

// Reductions into places

/** Operands of the rows below: the vector of starting values, the source, and the place of each of its elements. */
const SAVED = { inputs: [0, 1, 2] } as const;

const multiplyAtRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'scatterReduce',
  shape: ([shape]) => shape,
  run: (home, y, [x, source, index]) =>
    home.call(
      kernels.multiplyAt,
      [x.size, index.size],
      y,
      packed(home, x),
      packed(home, source),
      packed(home, index),
    ),
  saves: SAVED,
  vjp: [
    (g, { inputs: [x, source, index] }) =>
      multiplyNoNan(multiplyAt(filledLike(x, 1, x.dtype), source, index), g),
    (g, { inputs: [x, source, index] }) =>
      multiplyNoNan(mul(takeAt(x, index), productOfOthers(source, index)), takeAt(g, index)),
    null,
  ],
});

/** A vector with elements multiplied by those of another at positions, in double. */
function multiplyAt(x: Tensor, source: Tensor, index: Tensor): Tensor {
  return apply(multiplyAtRow, [x, source, index], null);
}

/**
 * For each element of a source the product of those others that have its place, without dividing: sorted by place,
 * eᵢ = sᵢ₋₁ eᵢ₋₁ within a group, from 1 on, from both sides.
 */
function productOfOthers(source: Tensor, index: Tensor): Tensor {
  const order = argsort(index);
  const places = takeAt(index, order);
  const sorted = takeAt(source, order);
  const before = (s: Tensor, p: Tensor): Tensor => {
    // Places are at least 0, so the first element starts a group.
    const joined = cast(eq(p, shifted(p, -1)), s.dtype);
    return linearRecurrence(multiplyNoNan(shifted(s, 1), joined), sub(1, joined));
  };
  const others = mul(before(sorted, places), backwards(before(backwards(sorted), backwards(places))));
  return takeAt(others, argsort(order));
}

interface Extreme {
  readonly max: boolean;
  /** Whether what `x` holds at a place that is hit counts. */
  readonly includeSelf: boolean;
}

const extremeAtRow: Op<Extreme> = /* @__PURE__ */ new Op({
  name: 'scatterReduce',
  shape: ([shape]) => shape,
  run: (home, y, [x, source, index], { max, includeSelf }) =>
    home.call(
      max ? kernels.maximumAt : kernels.minimumAt,
      [x.size, index.size, includeSelf ? 0 : 1],
      y,
      packed(home, x),
      packed(home, source),
      packed(home, index),
    ),
  saves: { ...SAVED, output: true },
  vjp: [
    (g, saved) => {
      const { own, share } = sharesOf(g, saved);
      return where(own, share, 0);
    },
    (g, saved) => {
      const { given, share } = sharesOf(g, saved);
      return where(given, takeAt(share, saved.inputs[2]), 0);
    },
    null,
  ],
});

/** Which elements of `x` and of the source attain the extreme of their place, and the equal share of the cotangent. */
function sharesOf(
  g: Tensor,
  { inputs: [x, source, index], output: y, attributes: { includeSelf } }: Saved<Extreme>,
): { own: Tensor; given: Tensor; share: Tensor } {
  const equal = eq(x, y);
  const own = includeSelf ? equal : logicalAnd(equal, logicalNot(isHit(index, x.shape)));
  const given = eq(source, takeAt(y, index));
  const ties = addAt(cast(own, g.dtype), cast(given, g.dtype), index);
  return { own, given, share: divideNoNan(g, ties) };
}

/** How {@link scatterReduce} combines what meets at a place. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'max' | 'min';

/** Options of {@link scatterReduce}. */
export interface ScatterReduceOptions {
  /** Whether the value of `x` at a place that is hit counts; else it is replaced. Default `true`. */
  readonly includeSelf?: boolean;
}

/**
 * `x` with elements of `source` combined into it at positions along an axis: for axis 0, `y[k, j]` is the reduction of
 * `x[k, j]` and all `source[i, j]` with `index[i, j] = k`. Places that no position names keep their value. Accumulated in
 * double.
 *
 * The derivative of `'prod'` divides by nothing and is right beside zeros; `'max'` and `'min'` share theirs equally among
 * all that attain the extreme, `x` among them if it counts; NaN spreads.
 *
 * bool counts in int32, except in `'max'` and `'min'`; `'mean'` of integers gives float32.
 *
 * @param index - positions in 0 … n−1, of the rank of `x`, off the axis no longer than it.
 * @param source - a number, or a tensor along every axis at least as long as `index`; what lies beyond is not read.
 * @throws {@link IndexError} naming position and value; {@link ShapeError} when `index` or `source` does not fit;
 *   {@link NumericError} for an int32 sum or product that does not fit.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2, 3]);
 * scatterReduce(x, 0, [0, 0, 2], tensor([4, 5, 6]), 'prod').toArray() // => [20, 2, 18]
 * scatterReduce(x, 0, [0, 0, 2], tensor([4, 6, 6]), 'mean', { includeSelf: false }).toArray() // => [5, 2, 6]
 * ```
 */
export function scatterReduce(
  x: Tensor,
  axis: number,
  index: Indices,
  source: Tensor | number,
  reduction: ScatterReduction,
  options: ScatterReduceOptions = {},
): Tensor {
  const name = 'scatterReduce';
  const given = tensorOperand(name, x);
  checkEnum(name, 'reduction', reduction, ['sum', 'prod', 'mean', 'max', 'min']);
  checkOptions(name, options, ['includeSelf']);
  const includeSelf = checkBoolean(name, 'includeSelf', options.includeSelf ?? true);
  const isExtreme = reduction === 'max' || reduction === 'min';
  const t = reduction === 'mean' ? cast(given, floatOf(given.dtype)) : isExtreme ? given : countable(given);
  const s = scattering(name, t, axis, index, source);
  if (isExtreme) {
    const y = apply(extremeAtRow, [s.x, s.source, s.index], { max: reduction === 'max', includeSelf });
    return reshape(y, s.shape);
  }
  if (isFloat(t.dtype)) return reshape(combined(s, reduction, includeSelf), s.shape);
  const exact = combined(
    { ...s, x: cast(s.x, 'float64'), source: cast(s.source, 'float64') },
    reduction,
    includeSelf,
  );
  checkFitsInt32(name, exact);
  return reshape(cast(exact, 'int32'), s.shape);
}

/** Sums, products and means at places, as a vector. */
function combined(
  { x, source, index }: Scattering,
  reduction: 'sum' | 'prod' | 'mean',
  includeSelf: boolean,
): Tensor {
  const neutral = reduction === 'prod' ? 1 : 0;
  const start = includeSelf ? x : where(isHit(index, x.shape), neutral, x);
  if (reduction === 'prod') return multiplyAt(start, source, index);
  const total = addAt(start, source, index);
  if (reduction === 'sum') return total;
  const hits = addAt(zeros(x.shape, 'int32'), filledLike(index, 1, 'int32'), index);
  // A place that was not hit keeps its value.
  return div(total, cast(includeSelf ? add(hits, 1) : where(eq(hits, 0), 1, hits), x.dtype));
}
