/** @file Ops that fold axes away. All accumulate in double precision and in logical order. */
import { type Kernel, reduce as kernels, rows as rowKernels } from '@ndgrad/kernels';
import {
  checkBoolean,
  checkFitsInt32,
  checkNumber,
  checkOptions,
  checkRank,
  checkSameShape,
  checkTensor,
  describeValue,
} from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type OpRow, type Vjp } from '../autodiff/node.js';
import { broadcastTo, filled, foldPlan, packed } from '../autodiff/vectorSpace.js';
import { type DType, floatOf, isFloat } from '../dtype.js';
import { ArgumentError, DTypeError, NumericError } from '../errors.js';
import { checkAxes, formatShape, reducedShape, type Shape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, operand, type TensorLike, type UnaryDType } from './define.js';
import {
  abs,
  divideNoNan,
  eq,
  exp,
  logicalOr,
  mul,
  multiplyNoNan,
  pow,
  sign,
  stopGradient,
  sub,
  where,
  xdivy,
} from './elementwise.js';
import { concat, permute, reshape, slice, unsqueeze } from './movement.js';

/** Options of reductions. */
export interface ReduceOptions {
  /** Axis or axes to fold; negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[];
  /** Whether folded axes stay, with length 1. Default `false`. */
  readonly keepDims?: boolean;
}

const OPTIONS = ['axis', 'keepDims'] as const;

/** What a reduction's row knows of one call. */
interface Fold {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  /** An integer for the kernel, where it takes one. */
  readonly extra: number;
}

interface FoldRow {
  readonly name: string;
  readonly kernel: Kernel;
  readonly dtype?: (dtype: DType) => DType;
  readonly saves?: OpRow<Fold>['saves'];
  readonly vjp?: Vjp<Fold>;
}

function foldRow({ name, kernel, dtype, saves, vjp }: FoldRow): Op<Fold> {
  return new Op({
    name,
    shape: ([shape], { axes, keepDims }) => reducedShape(shape, axes, keepDims),
    dtype: dtype === undefined ? undefined : ([d]) => dtype(d),
    run(home, y, [x], { axes, extra }) {
      const plan = foldPlan(home, x, axes);
      plan.ints.push(extra);
      home.call(kernel, plan.ints, y, plan.x);
    },
    saves,
    vjp: vjp === undefined ? undefined : [vjp],
  });
}

/** Checks the arguments of a reduction and gives tensor and fold. */
function prepare(
  where: string,
  x: TensorLike,
  options: ReduceOptions,
  known: readonly string[] = OPTIONS,
): { t: Tensor; fold: Fold } {
  const t = operand(where, x);
  checkOptions(where, options, known);
  const { keepDims = false } = options;
  checkBoolean(where, 'keepDims', keepDims);
  return { t, fold: { axes: checkAxes(where, options.axis, t.rank), keepDims, extra: 0 } };
}

/** How many elements are folded into one. */
function countOf(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * shape[axis], 1);
}

/** Refuses a fold of nothing where nothing has no value, unless the result is empty as well. */
function requireElements(where: string, t: Tensor, fold: Fold): void {
  if (countOf(t.shape, fold.axes) > 0 || reducedShape(t.shape, fold.axes, false).includes(0)) return;
  throw new ArgumentError({
    where,
    argument: 'x',
    must: 'have at least one element along the folded axes',
    got: `shape ${formatShape(t.shape)}`,
  });
}

/** A reduced tensor with its folded axes back, at length 1, so that it broadcasts against the input. */
function restore(y: Tensor, shape: Shape, { axes, keepDims }: Fold): Tensor {
  return keepDims ? y : reshape(y, reducedShape(shape, axes, true));
}

/** A reduced cotangent spread over the input's shape. */
function spread(g: Tensor, shape: Shape, fold: Fold): Tensor {
  return broadcastTo(restore(g, shape, fold), shape);
}

/** bool counts as int32. */
const countable = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype);

// Sums

const sumRow = foldRow({
  name: 'sum',
  kernel: kernels.sum,
  dtype: countable,
  vjp: (g, { shapes: [shape], attributes }) => spread(g, shape, attributes),
});

/** int32 results that do not fit are refused, because a silent wrap would be a wrong number. */
function requireInt32(where: string, t: Tensor, fold: Fold): void {
  if (isFloat(t.dtype)) return;
  checkFitsInt32(where, apply(where === 'sum' ? sumRow : prodRow, [cast(t, 'float64')], fold));
}

/**
 * Sum over axes. Nothing sums to 0; bool counts in int32. float64 sums are compensated (Neumaier), float32 sums
 * accumulate in double.
 *
 * @throws {@link NumericError} for an int32 sum that does not fit.
 *
 * @example
 * ```ts
 * sum(tensor([[1, 2], [3, 4]]), { axis: 0 }).toArray() // => [4, 6]
 * ```
 */
export function sum<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function sum<X extends TensorLike>(x: X, options?: ReduceOptions): Tensor<UnaryDType<X>>;
export function sum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('sum', x, options);
  requireInt32('sum', t, fold);
  return apply(sumRow, [t], fold);
}

const meanRow = foldRow({
  name: 'mean',
  kernel: kernels.mean,
  vjp: (g, { shapes: [shape], attributes }) =>
    spread(mul(g, 1 / countOf(shape, attributes.axes)), shape, attributes),
});

/** Options of {@link mean}. */
export interface MeanOptions extends ReduceOptions {
  /** What the mean of nothing is. Default: it is refused. */
  readonly empty?: number;
}

/**
 * Mean over axes. Integers give float32.
 *
 * @throws {@link NumericError} for a mean of nothing, unless `empty` says what that is.
 *
 * @example
 * ```ts
 * mean(tensor([[1, 2], [3, 6]])).item() // => 3
 * ```
 */
export function mean<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function mean<X extends TensorLike>(x: X, options?: MeanOptions): Tensor<UnaryDType<X>>;
export function mean(x: TensorLike, options: MeanOptions = {}): Tensor {
  const { t, fold } = prepare('mean', x, options, [...OPTIONS, 'empty']);
  const dtype = floatOf(t.dtype);
  const { empty }: { readonly empty?: unknown } = options;
  if (empty !== undefined && typeof empty !== 'number') {
    throw new ArgumentError({
      where: 'mean',
      argument: 'empty',
      must: 'be a number',
      got: describeValue(empty),
    });
  }
  if (countOf(t.shape, fold.axes) === 0) {
    if (empty !== undefined) return filled(reducedShape(t.shape, fold.axes, fold.keepDims), empty, dtype);
    throw new NumericError({
      where: 'mean',
      problem: `the mean of no elements is undefined; x has shape ${formatShape(t.shape)}`,
      hint: 'pass empty: NaN, or test size first',
    });
  }
  return apply(meanRow, [cast(t, dtype)], fold);
}

const prodRow = foldRow({
  name: 'prod',
  kernel: kernels.prod,
  dtype: countable,
  saves: { inputs: [0] },
  vjp: (g, { inputs: [x], shapes: [shape], attributes }) =>
    multiplyNoNan(productOfOthers(x, attributes.axes), spread(g, shape, attributes)),
});

/**
 * For each element the product of the others along `axes`, without dividing: right beside zeros, and made of products,
 * so that it can be differentiated again.
 */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const front = permute(x, order);
  const others = othersInRows(reshape(front, [countOf(x.shape, kept), countOf(x.shape, axes)]));
  const back = x.shape.map((_, axis) => order.indexOf(axis));
  return permute(reshape(others, front.shape), back);
}

/** In each row of `[rows, n]` the product of the others: multiply neighbours, recurse over the pairs, cross over. */
function othersInRows(x: Tensor): Tensor {
  const [rows, n] = x.shape;
  if (n === 0) return x;
  if (n === 1) return filled(x.shape, 1, x.dtype);
  const even = slice(x, null, [0, null, 2]);
  const odd = slice(x, null, [1, null, 2]);
  const pairs = odd.shape[1];
  const lone = n % 2 === 1;
  const pairProducts = mul(slice(even, null, [0, pairs]), odd);
  const tail = lone ? slice(even, null, [pairs, null]) : undefined;
  const level = tail === undefined ? pairProducts : concat([pairProducts, tail], { axis: 1 });
  const others = othersInRows(level);
  const ofPairs = slice(others, null, [0, pairs]);
  const crossed = [mul(ofPairs, odd), mul(ofPairs, slice(even, null, [0, pairs]))];
  const woven = reshape(
    concat(
      crossed.map((c) => unsqueeze(c, 2)),
      { axis: 2 },
    ),
    [rows, 2 * pairs],
  );
  return lone ? concat([woven, slice(others, null, [pairs, null])], { axis: 1 }) : woven;
}

/**
 * Product over axes. Nothing multiplies to 1; bool counts in int32. The derivative is the product of the others, right
 * beside zeros too.
 *
 * @throws {@link NumericError} for an int32 product that does not fit.
 *
 * @example
 * ```ts
 * prod(tensor([2, 3, 4])).item() // => 24
 * ```
 */
export function prod<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function prod<X extends TensorLike>(x: X, options?: ReduceOptions): Tensor<UnaryDType<X>>;
export function prod(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('prod', x, options);
  requireInt32('prod', t, fold);
  return apply(prodRow, [t], fold);
}

// Extremes

/** The cotangent of an extreme, shared equally among the elements that attain it. */
const shareAmongTies: Vjp<Fold> = (g, { inputs: [x], output: y, shapes: [shape], attributes }) => {
  const attained = cast(eq(x, restore(y, shape, attributes)), g.dtype);
  const ties = apply(sumRow, [attained], { ...attributes, keepDims: true });
  return multiplyNoNan(xdivy(attained, ties), spread(g, shape, attributes));
};

const maxRow = foldRow({
  name: 'max',
  kernel: kernels.max,
  saves: { inputs: [0], output: true },
  vjp: shareAmongTies,
});
const minRow = foldRow({
  name: 'min',
  kernel: kernels.min,
  saves: { inputs: [0], output: true },
  vjp: shareAmongTies,
});

/**
 * The largest value over axes; NaN spreads. Ties share the derivative equally.
 *
 * @throws {@link ArgumentError} for a maximum of nothing.
 *
 * @example
 * ```ts
 * max(tensor([[1, 5], [7, 3]]), { axis: 1 }).toArray() // => [5, 7]
 * ```
 *
 * @see {@link argmax} for the place.
 */
export function max<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function max<X extends TensorLike>(x: X, options?: ReduceOptions): Tensor<UnaryDType<X>>;
export function max(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('max', x, options);
  requireElements('max', t, fold);
  return apply(maxRow, [t], fold);
}

/**
 * The smallest value over axes; NaN spreads. Ties share the derivative equally.
 *
 * @throws {@link ArgumentError} for a minimum of nothing.
 *
 * @example
 * ```ts
 * min(tensor([[1, 5], [7, 3]]), { axis: 1 }).toArray() // => [1, 3]
 * ```
 */
export function min<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function min<X extends TensorLike>(x: X, options?: ReduceOptions): Tensor<UnaryDType<X>>;
export function min(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('min', x, options);
  requireElements('min', t, fold);
  return apply(minRow, [t], fold);
}

/** Options of {@link argmax} and {@link argmin}. */
export interface ArgOptions {
  /** The axis to search; default: the flattened tensor. */
  readonly axis?: number;
  /** Whether the axis stays, with length 1. Default `false`. */
  readonly keepDims?: boolean;
}

const toInt32 = (): DType => 'int32';
const argmaxRow = foldRow({ name: 'argmax', kernel: kernels.argmax, dtype: toInt32 });
const argminRow = foldRow({ name: 'argmin', kernel: kernels.argmin, dtype: toInt32 });

function argOf(where: string, row: Op<Fold>, x: TensorLike, options: ArgOptions): Tensor {
  const { t, fold } = prepare(where, x, options);
  if (Array.isArray(options.axis)) {
    throw new ArgumentError({ where, argument: 'axis', must: 'be one axis', got: formatShape(options.axis) });
  }
  requireElements(where, t, fold);
  return apply(row, [t], fold);
}

/**
 * Where the largest value is: the first of equals, and the first NaN before all numbers. int32.
 *
 * @throws {@link ArgumentError} for a maximum of nothing.
 *
 * @example
 * ```ts
 * argmax(tensor([[1, 5], [7, 7]]), { axis: 1 }).toArray() // => [1, 0]
 * ```
 */
export function argmax<X extends TensorLike>(x: X): Tensor<'int32', 0>;
export function argmax(x: TensorLike, options?: ArgOptions): Tensor<'int32'>;
export function argmax(x: TensorLike, options: ArgOptions = {}): Tensor {
  return argOf('argmax', argmaxRow, x, options);
}

/**
 * Where the smallest value is: the first of equals, and the first NaN before all numbers. int32.
 *
 * @throws {@link ArgumentError} for a minimum of nothing.
 *
 * @example
 * ```ts
 * argmin(tensor([3, 1, 1])).item() // => 1
 * ```
 */
export function argmin<X extends TensorLike>(x: X): Tensor<'int32', 0>;
export function argmin(x: TensorLike, options?: ArgOptions): Tensor<'int32'>;
export function argmin(x: TensorLike, options: ArgOptions = {}): Tensor {
  return argOf('argmin', argminRow, x, options);
}

function maskedRow(name: string, kernel: Kernel): Op<null> {
  return new Op({
    name,
    shape: ([[rows]]) => [rows],
    dtype: toInt32,
    run(home, y, [x, mask]) {
      home.call(kernel, [y.size, x.shape[1]], y, packed(home, x), packed(home, mask));
    },
  });
}

const maskedArgmaxRow = maskedRow('maskedArgmax', rowKernels.maskedArgmax);
const maskedArgminRow = maskedRow('maskedArgmin', rowKernels.maskedArgmin);

function maskedArgOf(row: Op<null>, x: Tensor, mask: Tensor): Tensor {
  checkTensor(row.name, 'x', x);
  checkTensor(row.name, 'mask', mask);
  checkRank(row.name, 'x', x, 2, 'a matrix [n, m]');
  if (mask.dtype !== 'bool') {
    throw new DTypeError({ where: row.name, argument: 'mask', must: 'be bool', got: mask.dtype });
  }
  checkSameShape(row.name, 'x', x, 'mask', mask);
  return apply(row, [x, mask], null);
}

/**
 * For each row of a matrix the column of the largest value among those that a mask keeps: the first of equals, the first
 * NaN before all numbers, −1 where the mask keeps nothing.
 *
 * @param x - `[n, m]`.
 * @param mask - bool `[n, m]`. What it drops plays no part, NaN neither.
 * @returns int32 `[n]`, without derivative.
 * @throws {@link ShapeError} for an `x` that is no matrix or a mask of another shape; {@link DTypeError} for a mask that is
 *   not bool.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 5, 9], [7, 3, 4]]);
 * maskedArgmax(x, tensor([[true, true, false], [false, false, false]])).toArray() // => [1, -1]
 * ```
 *
 * @see {@link argmax} of all columns.
 */
export function maskedArgmax(x: Tensor, mask: Tensor): Tensor {
  return maskedArgOf(maskedArgmaxRow, x, mask);
}

/**
 * For each row of a matrix the column of the smallest value among those that a mask keeps: the first of equals, the first
 * NaN before all numbers, −1 where the mask keeps nothing.
 *
 * @param x - `[n, m]`.
 * @param mask - bool `[n, m]`. What it drops plays no part, NaN neither.
 * @returns int32 `[n]`, without derivative.
 * @throws {@link ShapeError} for an `x` that is no matrix or a mask of another shape; {@link DTypeError} for a mask that is
 *   not bool.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 5, 9], [7, 3, 4]]);
 * maskedArgmin(x, tensor([[false, true, true], [true, true, true]])).toArray() // => [1, 1]
 * ```
 *
 * @see {@link argmin} of all columns.
 */
export function maskedArgmin(x: Tensor, mask: Tensor): Tensor {
  return maskedArgOf(maskedArgminRow, x, mask);
}

const toBool = (): DType => 'bool';
const anyRow = foldRow({ name: 'any', kernel: kernels.any, dtype: toBool });
const allRow = foldRow({ name: 'all', kernel: kernels.all, dtype: toBool });

/**
 * Whether any element over axes is not 0. False for nothing.
 *
 * @example
 * ```ts
 * any(tensor([false, true])).toArray() // => true
 * ```
 */
export function any<X extends TensorLike>(x: X): Tensor<'bool', 0>;
export function any(x: TensorLike, options?: ReduceOptions): Tensor<'bool'>;
export function any(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('any', x, options);
  return apply(anyRow, [t], fold);
}

/**
 * Whether all elements over axes are not 0. True for nothing.
 *
 * @example
 * ```ts
 * all(tensor([false, true])).toArray() // => false
 * ```
 */
export function all<X extends TensorLike>(x: X): Tensor<'bool', 0>;
export function all(x: TensorLike, options?: ReduceOptions): Tensor<'bool'>;
export function all(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('all', x, options);
  return apply(allRow, [t], fold);
}

// Spread

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the count: 1 for the unbiased estimate, 0 for that of a whole population. Default 1. */
  readonly correction?: number;
}

const varianceRow = foldRow({
  name: 'variance',
  kernel: kernels.variance,
  saves: { inputs: [0] },
  vjp: (g, { inputs: [x], shapes: [shape], attributes }) =>
    multiplyNoNan(
      mul(deviation(x, attributes), 2 / freedom(shape, attributes)),
      spread(g, shape, attributes),
    ),
});

const standardDeviationRow = foldRow({
  name: 'std',
  kernel: kernels.standardDeviation,
  saves: { inputs: [0], output: true },
  vjp: (g, { inputs: [x], output: y, shapes: [shape], attributes }) => {
    const scaled = divideNoNan(
      mul(deviation(x, attributes), 1 / freedom(shape, attributes)),
      restore(y, shape, attributes),
    );
    return multiplyNoNan(scaled, spread(g, shape, attributes));
  },
});

function deviation(x: Tensor, fold: Fold): Tensor {
  return sub(x, apply(meanRow, [x], { ...fold, keepDims: true }));
}

function freedom(shape: Shape, { axes, extra }: Fold): number {
  return countOf(shape, axes) - extra;
}

function spreadOf(where: string, row: Op<Fold>, x: TensorLike, options: VarianceOptions): Tensor {
  const { t, fold } = prepare(where, x, options, [...OPTIONS, 'correction']);
  const extra = checkNumber(where, 'correction', options.correction ?? 1, { min: 0 });
  const count = countOf(t.shape, fold.axes);
  if (count - extra <= 0) {
    throw new ArgumentError({
      where,
      argument: 'x',
      must: `have more than ${extra} elements along the folded axes`,
      got: `${count}`,
      hint: count > 0 ? 'pass correction: 0' : 'test size first',
    });
  }
  const dtype = floatOf(t.dtype);
  if (Number.isInteger(extra)) return apply(row, [cast(t, dtype)], { ...fold, extra });
  // Kernels take integers: the spread about the mean in double, rescaled, so that float32 is rounded once.
  const ratio = count / (count - extra);
  const population = apply(row, [cast(t, 'float64')], fold);
  return cast(mul(population, row === varianceRow ? ratio : Math.sqrt(ratio)), dtype);
}

/**
 * Variance over axes, in two passes: `Σ (x − mean)² / (n − correction)`. Integers give float32.
 *
 * @throws {@link ArgumentError} when there are no more elements than `correction`.
 *
 * @example
 * ```ts
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item() // => 1.25
 * ```
 */
export function variance<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function variance<X extends TensorLike>(x: X, options?: VarianceOptions): Tensor<UnaryDType<X>>;
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  return spreadOf('variance', varianceRow, x, options);
}

/**
 * Standard deviation over axes: `√variance`. The derivative of a constant is 0.
 *
 * @throws {@link ArgumentError} when there are no more elements than `correction`.
 *
 * @example
 * ```ts
 * std(tensor([1, 3]), { correction: 0 }).item() // => 1
 * ```
 */
export function std<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function std<X extends TensorLike>(x: X, options?: VarianceOptions): Tensor<UnaryDType<X>>;
export function std(x: TensorLike, options: VarianceOptions = {}): Tensor {
  return spreadOf('std', standardDeviationRow, x, options);
}

// Norms

/** Options of {@link norm}. */
export interface NormOptions extends ReduceOptions {
  /**
   * The p of `(Σ |x|ᵖ)^(1/p)`, at least 0; `Infinity` for the largest magnitude, 0 for the count of what is not 0.
   * Default 2.
   */
  readonly ord?: number;
}

const euclideanNormRow = foldRow({
  name: 'norm',
  kernel: kernels.euclideanNorm,
  saves: { inputs: [0], output: true },
  vjp: (g, { inputs: [x], output: y, shapes: [shape], attributes }) =>
    multiplyNoNan(divideNoNan(x, restore(y, shape, attributes)), spread(g, shape, attributes)),
});

const absoluteSumRow = foldRow({
  name: 'norm',
  kernel: kernels.absoluteSum,
  saves: { inputs: [0] },
  vjp: (g, { inputs: [x], shapes: [shape], attributes }) =>
    multiplyNoNan(sign(x), spread(g, shape, attributes)),
});

/** `xᵖ` of magnitudes. Below p = 1 the slope at 0 is infinite, from both sides: there the derivative is 0. */
function powers(x: Tensor, p: number): Tensor {
  if (p >= 1) return pow(x, p);
  const isZero = eq(x, 0);
  return where(isZero, 0, pow(where(isZero, 1, x), p));
}

/**
 * Vector norm over axes, by default Euclidean. Neither overflows nor underflows on the way. The derivative at 0 is 0, and
 * with an `ord` below 1, where it is no norm any more, so it is by each element that is 0.
 *
 * @throws {@link ArgumentError} for `ord` below 0.
 *
 * @example
 * ```ts
 * norm(tensor([3, 4])).item() // => 5
 * norm(tensor([3, -4]), { ord: Infinity }).item() // => 4
 * ```
 */
export function norm<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function norm<X extends TensorLike>(x: X, options?: NormOptions): Tensor<UnaryDType<X>>;
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  const { t: given, fold } = prepare('norm', x, options, [...OPTIONS, 'ord']);
  const p = checkNumber('norm', 'ord', options.ord ?? 2, { min: 0, finite: false });
  const t = cast(given, floatOf(given.dtype));
  if (p === 2) return apply(euclideanNormRow, [t], fold);
  if (p === 1) return apply(absoluteSumRow, [t], fold);
  if (countOf(t.shape, fold.axes) === 0) return apply(absoluteSumRow, [t], fold);
  if (p === Infinity) return apply(maxRow, [abs(t)], fold);
  if (p === 0) return apply(sumRow, [powers(abs(t), p)], fold);
  // In double, so that float32 is rounded once, in the result.
  const magnitudes = abs(cast(t, 'float64'));
  // Scaled by the largest magnitude, as a constant: the norm is homogeneous, so its derivative does not see the scale.
  const largest = stopGradient(apply(maxRow, [magnitudes], { ...fold, keepDims: true }));
  const scale = where(logicalOr(eq(largest, 0), eq(largest, Infinity)), 1, largest);
  const total = apply(sumRow, [powers(divideNoNan(magnitudes, scale), p)], { ...fold, keepDims: true });
  const rooted = where(eq(total, 0), 0, pow(where(eq(total, 0), 1, total), 1 / p));
  const y = cast(mul(rooted, scale), t.dtype);
  return fold.keepDims ? y : reshape(y, reducedShape(t.shape, fold.axes, false));
}

// Log-sum-exp

const logSumExpRow = foldRow({
  name: 'logSumExp',
  kernel: kernels.logSumExp,
  saves: { inputs: [0], output: true },
  vjp: (g, { inputs: [x], output: y, shapes: [shape], attributes }) => {
    const total = restore(y, shape, attributes);
    // Where everything is −Infinity the difference is NaN and the derivative 0.
    const share = where(eq(total, -Infinity), 0, exp(sub(x, where(eq(total, -Infinity), 0, total))));
    return multiplyNoNan(share, spread(g, shape, attributes));
  },
});

/**
 * `log Σ eˣ` over axes, without overflow, with tails kept. Nothing, and −Infinity alone, give −Infinity with a
 * derivative of 0. Integers give float32.
 *
 * @example
 * ```ts
 * logSumExp(tensor([1000, 1000])).item() // => 1000 + Math.LN2
 * ```
 */
export function logSumExp<X extends TensorLike>(x: X): Tensor<UnaryDType<X>, 0>;
export function logSumExp<X extends TensorLike>(x: X, options?: ReduceOptions): Tensor<UnaryDType<X>>;
export function logSumExp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const { t, fold } = prepare('logSumExp', x, options);
  return apply(logSumExpRow, [cast(t, floatOf(t.dtype))], fold);
}
