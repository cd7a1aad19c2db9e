/**
 * @file Ops that move elements and compute nothing. Most are views: they share memory with their input and cost O(rank).
 */
import { copyInto, elementwisePlan, indexing } from '@ndgrad/kernels';
import { checkNumber, checkOptions, checkTensor, describeValue } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { broadcastTo, constant, copyOnto, packed } from '../autodiff/vectorSpace.js';
import { type DType, promote } from '../dtype.js';
import { ArgumentError, LimitError, ShapeError } from '../errors.js';
import {
  checkAxes,
  checkAxis,
  checkShape,
  formatShape,
  isPacked,
  MAX_RANK,
  packedStrides,
  type Shape,
  sameShape,
  sizeOf,
} from '../shape.js';
import { Tensor } from '../tensor.js';
import { cast, numberAs, tensorOperand } from './define.js';
import { type Range, resolveRange, wrapIndex } from './range.js';

// Shape

const reshapeViewRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
  name: 'reshape',
  shape: (_shapes, { shape }) => shape,
  view: (x, { shape }) => ({ strides: packedStrides(shape), offset: x.offset }),
  vjp: [(g, { shapes }) => reshape(g, shapes[0])],
});

const reshapeCopyRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
  name: 'reshape',
  shape: (_shapes, { shape }) => shape,
  run(home, y, [x]) {
    const target = new Tensor(y.storage, x.shape, packedStrides(x.shape), y.offset, y.dtype);
    copyOnto(home, target, x);
  },
  vjp: [(g, { shapes }) => reshape(g, shapes[0])],
});

/**
 * The same elements in another shape, in row-major order. A view if `x` is packed, else a copy.
 *
 * @param shape - extents; one of them may be −1 and is then computed.
 * @throws {@link ShapeError} when the sizes differ, or −1 cannot be computed.
 *
 * @example
 * ```ts
 * reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray() // => [[1, 2], [3, 4]]
 * ```
 */
export function reshape<D extends DType, const S extends Shape>(
  x: Tensor<D>,
  shape: S,
): Tensor<D, S['length']>;
export function reshape(x: Tensor, shape: Shape): Tensor {
  const t = tensorOperand('reshape', x);
  const target = inferShape(t, shape);
  if (sameShape(target, t.shape)) return t;
  return apply(isPacked(t.shape, t.strides) ? reshapeViewRow : reshapeCopyRow, [t], { shape: target });
}

/** The target of a reshape with its −1 computed. */
function inferShape(x: Tensor, shape: Shape): Shape {
  const where = 'reshape';
  const unknown = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  if (unknown >= 0 && shape.indexOf(-1, unknown + 1) >= 0) {
    throw new ShapeError({ where, argument: 'shape', must: 'hold at most one −1', got: formatShape(shape) });
  }
  const given = checkShape(
    where,
    'shape',
    unknown < 0 ? shape : shape.map((e, axis) => (axis === unknown ? 1 : e)),
  );
  const size = sizeOf(given);
  if (unknown < 0 ? size !== x.size : size === 0 || x.size % size !== 0) {
    throw new ShapeError({
      where,
      argument: 'shape',
      must: `hold the ${x.size} elements of ${formatShape(x.shape)}`,
      got: formatShape(shape),
      ...(unknown >= 0 && size === 0 ? { hint: '−1 beside an extent of 0 can be anything' } : {}),
    });
  }
  return unknown < 0 ? given : given.map((e, axis) => (axis === unknown ? x.size / size : e));
}

/** Options of {@link flatten}. */
export interface FlattenOptions {
  /** First axis to merge. Default 0. */
  readonly startAxis?: number;
  /** Last axis to merge. Default −1. */
  readonly endAxis?: number;
}

/**
 * Merges neighbouring axes into one. A 0-d tensor becomes `[1]`.
 *
 * @example
 * ```ts
 * flatten(zeros([2, 3, 4]), { startAxis: 1 }).shape // => [2, 12]
 * ```
 */
export function flatten(x: Tensor, options: FlattenOptions = {}): Tensor {
  const t = tensorOperand('flatten', x);
  checkOptions('flatten', options, ['startAxis', 'endAxis']);
  if (t.rank === 0) return reshape(t, [1]);
  const start = checkAxis('flatten', 'startAxis', options.startAxis ?? 0, t.rank);
  const end = checkAxis('flatten', 'endAxis', options.endAxis ?? -1, t.rank);
  if (start > end) {
    throw new ArgumentError({
      where: 'flatten',
      argument: 'endAxis',
      must: `not come before startAxis ${start}`,
      got: `${end}`,
    });
  }
  const merged = sizeOf(t.shape.slice(start, end + 1));
  return reshape(t, [...t.shape.slice(0, start), merged, ...t.shape.slice(end + 1)]);
}

/** Options that name axes. */
export interface AxisOptions {
  /** The axis or axes; negative ones count from the end. */
  readonly axis?: number | readonly number[];
}

/**
 * Drops axes of length 1: those named, or all.
 *
 * @throws {@link ShapeError} when a named axis is longer.
 *
 * @example
 * ```ts
 * squeeze(zeros([1, 3, 1]), { axis: 0 }).shape // => [3, 1]
 * ```
 */
export function squeeze(x: Tensor, options: AxisOptions = {}): Tensor {
  const t = tensorOperand('squeeze', x);
  checkOptions('squeeze', options, ['axis']);
  const named = options.axis !== undefined;
  const axes = checkAxes('squeeze', options.axis, t.rank);
  for (const axis of axes) {
    if (named && t.shape[axis] !== 1) {
      throw new ShapeError({
        where: 'squeeze',
        argument: 'axis',
        must: 'have length 1',
        got: `length ${t.shape[axis]} at axis ${axis} of ${formatShape(t.shape)}`,
      });
    }
  }
  const dropped = axes.filter((axis) => t.shape[axis] === 1);
  return reinterpret(
    t,
    t.shape.map((_, axis) => axis).filter((axis) => !dropped.includes(axis)),
  );
}

/**
 * Inserts an axis of length 1 so that it gets the given position in the result.
 *
 * @example
 * ```ts
 * unsqueeze(zeros([2, 3]), -1).shape // => [2, 3, 1]
 * ```
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const t = tensorOperand('unsqueeze', x);
  const at = checkAxis('unsqueeze', 'axis', axis, t.rank + 1);
  if (t.rank >= MAX_RANK) {
    throw new LimitError({
      where: 'unsqueeze',
      argument: 'x',
      must: `have fewer than ${MAX_RANK} axes`,
      got: `${t.rank}`,
    });
  }
  const order: (number | 'new')[] = t.shape.map((_, i) => i);
  order.splice(at, 0, 'new');
  return reinterpret(t, order);
}

interface Reinterpretation {
  /** For each axis of the result the axis of the input it was, or 'new' for one of length 1. */
  readonly order: readonly (number | 'new')[];
}

const reinterpretRow: Op<Reinterpretation> = /* @__PURE__ */ new Op({
  name: 'permute',
  shape: ([shape], { order }) => order.map((axis) => (axis === 'new' ? 1 : shape[axis])),
  view: (x, { order }) => ({
    strides: order.map((axis) => (axis === 'new' ? 0 : x.strides[axis])),
    offset: x.offset,
  }),
  vjp: [
    (g, { shapes: [shape], attributes: { order } }) =>
      reinterpret(
        g,
        shape.map((_, axis) => (order.includes(axis) ? order.indexOf(axis) : 'new')),
      ),
  ],
});

/** The matrix transpose: what every product of matrices needs on its way back. */
const transposeRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'transpose',
  shape: ([[n, m]]) => [m, n],
  view: ({ strides: [s, t], offset }) => ({ strides: [t, s], offset }),
  vjp: [(g) => apply(transposeRow, [g], null)],
});

/** A view whose axes are those of `x` in another order, without some of length 1, with new ones of length 1. */
function reinterpret(x: Tensor, order: Reinterpretation['order']): Tensor {
  return order.length === x.rank && order.every((axis, i) => axis === i)
    ? x
    : apply(reinterpretRow, [x], { order });
}

/**
 * Reorders the axes: axis i of the result is axis `axes[i]` of `x`. A view.
 *
 * @throws {@link ArgumentError} unless `axes` names each axis once.
 *
 * @example
 * ```ts
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape // => [4, 2, 3]
 * ```
 */
export function permute<D extends DType, R extends number>(
  x: Tensor<D, R>,
  axes: readonly number[],
): Tensor<D, R>;
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const t = tensorOperand('permute', x);
  if (!Array.isArray(axes) || axes.length !== t.rank) {
    throw new ArgumentError({
      where: 'permute',
      argument: 'axes',
      must: `name each of the ${t.rank} axes once`,
      got:
        Array.isArray(axes) && axes.every((axis) => typeof axis === 'number')
          ? formatShape(axes)
          : describeValue(axes),
    });
  }
  const order = Array.from(axes, (axis: unknown) => checkAxis('permute', 'axes', axis, t.rank));
  if (new Set(order).size !== order.length) {
    throw new ArgumentError({
      where: 'permute',
      argument: 'axes',
      must: `name each of the ${t.rank} axes once`,
      got: formatShape(axes),
    });
  }
  return reinterpret(t, order);
}

/**
 * Swaps two axes, by default the last two. A view.
 *
 * @example
 * ```ts
 * transpose(tensor([[1, 2], [3, 4]])).toArray() // => [[1, 3], [2, 4]]
 * ```
 */
export function transpose<D extends DType, R extends number>(
  x: Tensor<D, R>,
  axisA?: number,
  axisB?: number,
): Tensor<D, R>;
export function transpose(x: Tensor, axisA = -2, axisB = -1): Tensor {
  const t = tensorOperand('transpose', x);
  if (t.rank === 2 && axisA === -2 && axisB === -1) return apply(transposeRow, [t], null);
  const a = checkAxis('transpose', 'axisA', axisA, t.rank);
  const b = checkAxis('transpose', 'axisB', axisB, t.rank);
  const order = t.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  return reinterpret(t, order);
}

/**
 * `x` stretched to `shape`: axes of length 1 repeat, new ones come in front, an extent of −1 stays what it is. A read-only
 * view with stride 0.
 *
 * @throws {@link ShapeError} when `x` does not broadcast to `shape`.
 *
 * @example
 * ```ts
 * expand(tensor([[1], [2]]), [2, 3]).toArray() // => [[1, 1, 1], [2, 2, 2]]
 * ```
 */
export function expand<D extends DType, const S extends Shape>(
  x: Tensor<D>,
  shape: S,
): Tensor<D, S['length']>;
export function expand(x: Tensor, shape: Shape): Tensor {
  const t = tensorOperand('expand', x);
  const added = Array.isArray(shape) ? shape.length - t.rank : 0;
  // A new axis has no extent to keep: its −1 stays, and is refused.
  const target = Array.isArray(shape)
    ? shape.map((extent: unknown, axis) => (extent === -1 && axis >= added ? t.shape[axis - added] : extent))
    : shape;
  return broadcastTo(t, checkShape('expand', 'shape', target));
}

// Slices

export type { Range } from './range.js';

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly lengths: readonly number[];
}

const sliceRow: Op<SliceAttributes> = /* @__PURE__ */ new Op({
  name: 'slice',
  shape: (_shapes, { lengths }) => lengths,
  view: (x, { starts, steps }) => ({
    strides: x.strides.map((stride, axis) => stride * steps[axis]),
    offset: starts.reduce((offset, start, axis) => offset + start * x.strides[axis], x.offset),
  }),
  vjp: [(g, { shapes: [shape], attributes }) => embed(g, shape, attributes)],
});

/** The adjoint of a slice: zeros of `shape` with `x` at the places that the slice reads. */
function embed(x: Tensor, shape: Shape, place: SliceAttributes): Tensor {
  return apply(embedRow, [x, constant(0, x.dtype)], { shape, place });
}

const embedRow: Op<{ shape: Shape; place: SliceAttributes }> = /* @__PURE__ */ new Op({
  name: 'embed',
  shape: (_shapes, { shape }) => shape,
  run(home, y, [x, background], { place: { starts, steps } }) {
    home.call(indexing.fill, [y.size], y, background);
    const strides = y.strides.map((stride, axis) => stride * steps[axis]);
    const offset = starts.reduce((sum, start, axis) => sum + start * y.strides[axis], y.offset);
    const target = new Tensor(y.storage, x.shape, strides, offset, y.dtype);
    home.call(copyInto, elementwisePlan(x.shape, strides, x.strides), target, x);
  },
  vjp: [(g, { attributes: { place } }) => apply(sliceRow, [g], place), null],
});

/**
 * A part of each axis, by NumPy's rules. A view.
 *
 * @param ranges - one per axis, from the first; axes without one are taken whole.
 * @throws {@link ArgumentError} for a step of 0 or a range of another form.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * slice(x, [0, 1], [null, null, -1]).toArray() // => [[3, 2, 1]]
 * slice(x, null, [-2, null]).toArray() // => [[2, 3], [5, 6]]
 * ```
 */
export function slice<D extends DType, R extends number>(x: Tensor<D, R>, ...ranges: Range[]): Tensor<D, R>;
export function slice(x: Tensor, ...ranges: Range[]): Tensor {
  const t = tensorOperand('slice', x);
  if (ranges.length > t.rank) {
    throw new ArgumentError({
      where: 'slice',
      problem: `${ranges.length} ranges for ${t.rank} axes of ${formatShape(t.shape)}`,
    });
  }
  const resolved = t.shape.map((extent, axis) =>
    resolveRange('slice', `range ${axis}`, ranges[axis] ?? null, extent),
  );
  return apply(sliceRow, [t], {
    starts: resolved.map(([start]) => start),
    steps: resolved.map(([, step]) => step),
    lengths: resolved.map(([, , length]) => length),
  });
}

/**
 * One position along an axis, which disappears. A view.
 *
 * @param index - −n … n−1.
 * @throws {@link IndexError} outside of that.
 *
 * @example
 * ```ts
 * select(tensor([[1, 2], [3, 4]]), 1, -1).toArray() // => [2, 4]
 * ```
 */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const t = tensorOperand('select', x);
  const a = checkAxis('select', 'axis', axis, t.rank);
  const at = wrapIndex('select', 'index', index, t.shape[a]);
  const ranges: Range[] = t.shape.map((_, i) => (i === a ? [at, at + 1] : null));
  return squeeze(slice(t, ...ranges), { axis: a });
}

/**
 * Reverses axes: those named, or all. A view.
 *
 * @example
 * ```ts
 * flip(tensor([1, 2, 3])).toArray() // => [3, 2, 1]
 * ```
 */
export function flip<D extends DType, R extends number>(x: Tensor<D, R>, options?: AxisOptions): Tensor<D, R>;
export function flip(x: Tensor, options: AxisOptions = {}): Tensor {
  const t = tensorOperand('flip', x);
  checkOptions('flip', options, ['axis']);
  const axes = checkAxes('flip', options.axis, t.rank);
  return slice(t, ...t.shape.map((_, axis): Range => (axes.includes(axis) ? [null, null, -1] : null)));
}

/**
 * Shifts elements along axes; what falls off the end comes back at the start.
 *
 * @param shift - steps, one for all named axes or one for each. Without `axis` the flattened tensor is shifted.
 *
 * @example
 * ```ts
 * roll(tensor([1, 2, 3]), 1).toArray() // => [3, 1, 2]
 * ```
 */
export function roll<D extends DType, R extends number>(
  x: Tensor<D, R>,
  shift: number | readonly number[],
  options?: AxisOptions,
): Tensor<D, R>;
export function roll(x: Tensor, shift: number | readonly number[], options: AxisOptions = {}): Tensor {
  const t = tensorOperand('roll', x);
  checkOptions('roll', options, ['axis']);
  if (options.axis === undefined) {
    const by = checkNumber('roll', 'shift', shift, { integer: true });
    return reshape(rollAxis(reshape(t, [t.size]), by, 0), t.shape);
  }
  const list: readonly number[] = Array.isArray(options.axis) ? Array.from(options.axis) : [options.axis];
  const axes = list.map((axis) => checkAxis('roll', 'axis', axis, t.rank));
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : shift;
  if (!Array.isArray(shifts) || shifts.length !== axes.length) {
    throw new ArgumentError({
      where: 'roll',
      argument: 'shift',
      must: `give a number, or one for each of ${axes.length} axes`,
      got: describeValue(shift),
    });
  }
  return axes.reduce(
    (y, axis, i) => rollAxis(y, checkNumber('roll', 'shift', shifts[i], { integer: true }), axis),
    t,
  );
}

function rollAxis(x: Tensor, shift: number, axis: number): Tensor {
  const extent = x.shape[axis];
  const cut = extent === 0 ? 0 : ((-shift % extent) + extent) % extent;
  if (cut === 0) return x;
  return concat([part(x, axis, cut, extent), part(x, axis, 0, cut)], { axis });
}

// Joining and splitting

/** Options that name one axis. */
export interface SingleAxisOptions {
  /** The axis; negative ones count from the end. */
  readonly axis?: number;
}

const concatRow: Op<{ axis: number }> = /* @__PURE__ */ new Op({
  name: 'concat',
  shape: (shapes, { axis }) =>
    shapes[0].map((extent, i) => (i === axis ? shapes.reduce((sum, shape) => sum + shape[axis], 0) : extent)),
  run(home, y, inputs, { axis }) {
    let offset = y.offset;
    for (const x of inputs) {
      const target = new Tensor(y.storage, x.shape, y.strides, offset, y.dtype);
      home.call(copyInto, elementwisePlan(x.shape, y.strides, x.strides), target, x);
      offset += x.shape[axis] * y.strides[axis];
    }
  },
  vjp: [
    (g, { shapes, attributes: { axis } }, input) => {
      let start = 0;
      for (let i = 0; i < input; i++) start += shapes[i][axis];
      return part(g, axis, start, start + shapes[input][axis]);
    },
  ],
});

/** A non-empty list of tensors, brought to one dtype. */
function tensorList(where: string, tensors: unknown): Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'tensors',
      must: 'be an array of at least one tensor',
      got: describeValue(tensors),
    });
  }
  let dtype: DType | undefined;
  const list = Array.from(tensors as readonly unknown[], (t, i) => {
    checkTensor(where, `tensors[${i}]`, t);
    dtype = dtype === undefined ? t.dtype : promote(dtype, t.dtype);
    return t;
  });
  return list.map((t) => cast(t, dtype as DType));
}

/**
 * Joins tensors along an existing axis. Dtypes promote.
 *
 * @throws {@link ShapeError} when other axes differ; {@link ArgumentError} for an empty list.
 *
 * @example
 * ```ts
 * concat([tensor([[1, 2]]), tensor([[3, 4]])], { axis: 1 }).toArray() // => [[1, 2, 3, 4]]
 * ```
 */
export function concat(tensors: readonly Tensor[], options: SingleAxisOptions = {}): Tensor {
  checkOptions('concat', options, ['axis']);
  const list = tensorList('concat', tensors);
  const [first] = list;
  const axis = checkAxis('concat', 'axis', options.axis ?? 0, first.rank);
  list.forEach((t, i) => {
    const fits =
      t.rank === first.rank && t.shape.every((extent, a) => a === axis || extent === first.shape[a]);
    if (!fits) {
      throw new ShapeError({
        where: 'concat',
        argument: `tensors[${i}]`,
        must: `match ${formatShape(first.shape)} outside of axis ${axis}`,
        got: formatShape(t.shape),
      });
    }
  });
  return apply(concatRow, list, { axis });
}

/**
 * Joins tensors of one shape along a new axis.
 *
 * @throws {@link ShapeError} when shapes differ; {@link ArgumentError} for an empty list.
 *
 * @example
 * ```ts
 * stack([tensor([1, 2]), tensor([3, 4])], { axis: 1 }).toArray() // => [[1, 3], [2, 4]]
 * ```
 */
export function stack(tensors: readonly Tensor[], options: SingleAxisOptions = {}): Tensor {
  checkOptions('stack', options, ['axis']);
  const list = tensorList('stack', tensors);
  const { shape } = list[0];
  const axis = checkAxis('stack', 'axis', options.axis ?? 0, shape.length + 1);
  list.forEach((t, i) => {
    if (!sameShape(t.shape, shape)) {
      throw new ShapeError({
        where: 'stack',
        argument: `tensors[${i}]`,
        must: `have the shape of the first, ${formatShape(shape)}`,
        got: formatShape(t.shape),
      });
    }
  });
  return concat(
    list.map((t) => unsqueeze(t, axis)),
    { axis },
  );
}

/** An axis of length 0 has equal parts in any number; beyond this one it is a mistake. */
const MOST_EMPTY_PARTS = 2 ** 16;

/**
 * Parts of a tensor along an axis, as views, by NumPy's rules.
 *
 * @param sections - a number of equal parts, or the positions where to cut.
 * @throws {@link ShapeError} when the axis cannot be cut into equal parts; see {@link chunk}.
 *
 * @example
 * ```ts
 * split(tensor([1, 2, 3, 4, 5]), [2, 4]).map((part) => part.toArray()) // => [[1, 2], [3, 4], [5]]
 * ```
 */
export function split(
  x: Tensor,
  sections: number | readonly number[],
  options: SingleAxisOptions = {},
): Tensor[] {
  const t = tensorOperand('split', x);
  checkOptions('split', options, ['axis']);
  const axis = checkAxis('split', 'axis', options.axis ?? 0, t.rank);
  const extent = t.shape[axis];
  if (Array.isArray(sections)) {
    const cuts = [
      0,
      ...Array.from(sections as readonly number[], (cut) =>
        checkNumber('split', 'sections', cut, { integer: true }),
      ),
      extent,
    ];
    return cuts.slice(1).map((stop, i) => part(t, axis, cuts[i], stop));
  }
  const count = checkNumber('split', 'sections', sections, { integer: true, min: 1 });
  if (count > Math.max(extent, MOST_EMPTY_PARTS)) {
    throw new LimitError({
      where: 'split',
      argument: 'sections',
      must: `be at most ${Math.max(extent, MOST_EMPTY_PARTS)}`,
      got: `${count}`,
    });
  }
  if (extent % count !== 0) {
    throw new ShapeError({
      where: 'split',
      argument: 'sections',
      must: `divide the ${extent} elements of axis ${axis}`,
      got: `${count}`,
      hint: 'chunk() allows a shorter last part',
    });
  }
  const length = extent / count;
  return Array.from({ length: count }, (_, i) => part(t, axis, i * length, (i + 1) * length));
}

function part(x: Tensor, axis: number, start: number, stop: number): Tensor {
  return slice(x, ...x.shape.map((_, i): Range => (i === axis ? [start, stop] : null)));
}

/**
 * At most `count` parts along an axis, all of one length but the last, as views; exactly `count` empty ones of an axis of
 * length 0.
 *
 * @example
 * ```ts
 * chunk(tensor([1, 2, 3, 4, 5]), 2).map((part) => part.toArray()) // => [[1, 2, 3], [4, 5]]
 * ```
 */
export function chunk(x: Tensor, count: number, options: SingleAxisOptions = {}): Tensor[] {
  const t = tensorOperand('chunk', x);
  checkOptions('chunk', options, ['axis']);
  const axis = checkAxis('chunk', 'axis', options.axis ?? 0, t.rank);
  const extent = t.shape[axis];
  const wanted = checkNumber('chunk', 'count', count, { integer: true, min: 1 });
  const length = Math.ceil(extent / wanted);
  const parts = extent === 0 ? wanted : Math.ceil(extent / length);
  return Array.from({ length: parts }, (_, i) =>
    part(t, axis, i * length, Math.min(extent, (i + 1) * length)),
  );
}

/**
 * All positions along an axis, each without it, as views.
 *
 * @example
 * ```ts
 * unbind(tensor([[1, 2], [3, 4]])).map((row) => row.toArray()) // => [[1, 2], [3, 4]]
 * ```
 */
export function unbind(x: Tensor, options: SingleAxisOptions = {}): Tensor[] {
  const t = tensorOperand('unbind', x);
  checkOptions('unbind', options, ['axis']);
  const axis = checkAxis('unbind', 'axis', options.axis ?? 0, t.rank);
  return Array.from({ length: t.shape[axis] }, (_, i) => select(t, axis, i));
}

// Repeating and padding

/**
 * Repeats each element `repeats` times along an axis, or of the flattened tensor, as NumPy's `repeat`.
 *
 * @param repeats - a number for all, or one for each element.
 * @throws {@link ShapeError} for another count of numbers than of elements.
 *
 * @example
 * ```ts
 * repeat(tensor([1, 2]), 2).toArray() // => [1, 1, 2, 2]
 * repeat(tensor([1, 2, 3]), [2, 0, 1]).toArray() // => [1, 1, 3]
 * ```
 *
 * @see {@link tile} to repeat the whole.
 */
export function repeat(
  x: Tensor,
  repeats: number | readonly number[],
  options: SingleAxisOptions = {},
): Tensor {
  const given = tensorOperand('repeat', x);
  checkOptions('repeat', options, ['axis']);
  const range = { integer: true, min: 0 };
  const counts = Array.isArray(repeats)
    ? Array.from(repeats as readonly unknown[], (count, i) =>
        checkNumber('repeat', `repeats[${i}]`, count, range),
      )
    : checkNumber('repeat', 'repeats', repeats, range);
  const t = options.axis === undefined ? reshape(given, [given.size]) : given;
  const axis = checkAxis('repeat', 'axis', options.axis ?? 0, t.rank);
  return typeof counts === 'number' ? repeatAxis(t, counts, axis) : repeatEach(t, counts, axis);
}

function repeatEach(x: Tensor, counts: readonly number[], axis: number): Tensor {
  if (counts.length !== x.shape[axis]) {
    throw new ShapeError({
      where: 'repeat',
      argument: 'repeats',
      must: `hold a number for each of the ${x.shape[axis]} elements of axis ${axis}`,
      got: `${counts.length} numbers`,
    });
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  checkShape(
    'repeat',
    'the result',
    x.shape.map((extent, i) => (i === axis ? total : extent)),
  );
  const parts = counts.flatMap((count, i) =>
    count === 0 ? [] : [repeatAxis(part(x, axis, i, i + 1), count, axis)],
  );
  return parts.length === 0 ? part(x, axis, 0, 0) : concat(parts, { axis });
}

function repeatAxis(x: Tensor, count: number, axis: number): Tensor {
  const stretched = [...x.shape.slice(0, axis + 1), count, ...x.shape.slice(axis + 1)];
  const target = checkShape(
    'repeat',
    'the result',
    x.shape.map((extent, i) => (i === axis ? extent * count : extent)),
  );
  return reshape(broadcastTo(unsqueeze(x, axis + 1), stretched), target);
}

/**
 * Repeats the whole tensor along its axes, as NumPy's `tile`; missing axes come in front.
 *
 * @example
 * ```ts
 * tile(tensor([1, 2]), [2, 2]).toArray() // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export function tile(x: Tensor, repeats: number | readonly number[]): Tensor {
  const t = tensorOperand('tile', x);
  const given = (typeof repeats === 'number' ? [repeats] : repeats) as unknown;
  if (!Array.isArray(given)) {
    throw new ArgumentError({
      where: 'tile',
      argument: 'repeats',
      must: 'be a number or an array of numbers',
      got: describeValue(repeats),
    });
  }
  // A hole counts as undefined, which is no number.
  const counts = Array.from(given, (count) =>
    checkNumber('tile', 'repeats', count, { integer: true, min: 0 }),
  );
  const rank = Math.max(t.rank, counts.length);
  const shape = [...new Array<number>(rank - t.rank).fill(1), ...t.shape];
  const times = [...new Array<number>(rank - counts.length).fill(1), ...counts];
  const target = checkShape(
    'tile',
    'the result',
    shape.map((extent, axis) => extent * times[axis]),
  );
  const apart = shape.flatMap((extent) => [1, extent]);
  const stretched = shape.flatMap((extent, axis) => [times[axis], extent]);
  return reshape(broadcastTo(reshape(t, apart), stretched), target);
}

/** Options of {@link pad}. */
export interface PadOptions {
  /** What the border holds. Default 0. */
  readonly value?: number;
}

const padRow: Op<{ place: SliceAttributes; shape: Shape }> = /* @__PURE__ */ new Op({
  ...embedRow,
  name: 'pad',
});

/**
 * Adds a border of one value.
 *
 * @param widths - `[before, after]` for each axis, all at least 0.
 * @throws {@link DTypeError} for a value that the dtype of `x` cannot hold.
 *
 * @example
 * ```ts
 * pad(tensor([1, 2]), [[1, 2]], { value: 9 }).toArray() // => [9, 1, 2, 9, 9]
 * ```
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [number, number])[],
  options: PadOptions = {},
): Tensor {
  const t = tensorOperand('pad', x);
  checkOptions('pad', options, ['value']);
  if (!Array.isArray(widths) || widths.length !== t.rank) {
    throw new ArgumentError({
      where: 'pad',
      argument: 'widths',
      must: `give [before, after] for each of ${t.rank} axes`,
      got: describeValue(widths),
    });
  }
  const value = checkNumber('pad', 'value', options.value ?? 0, { finite: false, nan: true });
  const sides = Array.from(widths as readonly unknown[], (width, axis) => {
    if (!Array.isArray(width) || width.length !== 2) {
      throw new ArgumentError({
        where: 'pad',
        argument: `widths[${axis}]`,
        must: 'be [before, after]',
        got: describeValue(width),
      });
    }
    return Array.from(width, (side) =>
      checkNumber('pad', `widths[${axis}]`, side, { integer: true, min: 0 }),
    );
  });
  const shape = checkShape(
    'pad',
    'the result',
    t.shape.map((extent, axis) => extent + sides[axis][0] + sides[axis][1]),
  );
  const place = { starts: sides.map(([before]) => before), steps: sides.map(() => 1), lengths: t.shape };
  return apply(padRow, [t, numberAs('pad', 'value', value, t.dtype)], { shape, place });
}

// Diagonals

/** Options of {@link diagonal}. */
export interface DiagonalOptions {
  /** 0 is the main diagonal, 1 the one above it. Default 0. */
  readonly offset?: number;
  /** The axes of the rows and of the columns. Default `[-2, -1]`. */
  readonly axes?: readonly [rows: number, columns: number];
}

/**
 * A diagonal of two axes, by default of the last two, moved to the end: `y[…, i] = x[…, i, i + offset]`. A view. A diagonal
 * that lies outside is empty.
 *
 * @throws {@link ArgumentError} unless `axes` are two different ones.
 *
 * @example
 * ```ts
 * diagonal(tensor([[1, 2], [3, 4]])).toArray() // => [1, 4]
 * diagonal(tensor([[1, 2], [3, 4]]), { offset: 1 }).toArray() // => [2]
 * ```
 */
export function diagonal(x: Tensor, options: DiagonalOptions = {}): Tensor {
  const where = 'diagonal';
  const t = tensorOperand(where, x);
  checkOptions(where, options, ['offset', 'axes']);
  requireMatrix(where, t);
  const offset = checkNumber(where, 'offset', options.offset ?? 0, { integer: true });
  const given: unknown = options.axes ?? [-2, -1];
  const axes = Array.isArray(given) ? given.map((axis) => checkAxis(where, 'axes', axis, t.rank)) : [];
  if (axes.length !== 2 || axes[0] === axes[1]) {
    throw new ArgumentError({
      where,
      argument: 'axes',
      must: 'name two different axes',
      got: Array.isArray(given) ? formatShape(given) : describeValue(given),
    });
  }
  const others = t.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return apply(diagonalRow, [reinterpret(t, [...others, ...axes])], { offset });
}

/** Length of a diagonal of the last two axes. */
function diagonalLength(shape: Shape, offset: number): number {
  const [n, m] = shape.slice(-2);
  return Math.max(0, Math.min(n, n + offset, m, m - offset));
}

/** Strides and offset of a diagonal of the last two axes. An empty one must not point outside its storage. */
function alongDiagonal(
  { shape, strides, offset: start }: Tensor,
  offset: number,
): { strides: readonly number[]; offset: number } {
  const [row, column] = strides.slice(-2);
  const shift = diagonalLength(shape, offset) === 0 ? 0 : offset > 0 ? offset * column : -offset * row;
  return { strides: [...strides.slice(0, -2), row + column], offset: start + shift };
}

const diagonalRow: Op<{ offset: number }> = /* @__PURE__ */ new Op({
  name: 'diagonal',
  shape: ([shape], { offset }) => [...shape.slice(0, -2), diagonalLength(shape, offset)],
  view: (x, { offset }) => alongDiagonal(x, offset),
  vjp: [
    (g, { shapes: [shape], attributes: { offset } }) =>
      apply(diagonalEmbedRow, [g, constant(0, g.dtype)], { shape, offset }),
  ],
});

const diagonalEmbedRow: Op<{ shape: Shape; offset: number }> = /* @__PURE__ */ new Op({
  name: 'diagonalEmbed',
  shape: (_shapes, { shape }) => shape,
  run(home, y, [x, background], { offset }) {
    home.call(indexing.fill, [y.size], y, background);
    const place = alongDiagonal(y, offset);
    const target = new Tensor(y.storage, x.shape, place.strides, place.offset, y.dtype);
    home.call(copyInto, elementwisePlan(x.shape, place.strides, x.strides), target, x);
  },
  vjp: [(g, { attributes: { offset } }) => apply(diagonalRow, [g], { offset }), null],
});

/** Options of {@link triu} and {@link tril}. */
export interface TriangleOptions {
  /** 0 is the main diagonal, 1 the one above it. Default 0. */
  readonly diagonal?: number;
}

const triangleRow: Op<{ diagonal: number; lower: boolean }> = /* @__PURE__ */ new Op({
  name: 'triangle',
  shape: ([shape]) => shape,
  run(home, y, [x], { diagonal: k, lower }) {
    const [n, m] = x.shape.slice(-2);
    const batch = sizeOf(x.shape.slice(0, -2));
    home.call(indexing.triangle, [batch, n, m, k, lower ? 1 : 0], y, packed(home, x));
  },
  vjp: [(g, { attributes }) => apply(triangleRow, [g], attributes)],
});

function triangle(where: string, x: Tensor, options: TriangleOptions, lower: boolean): Tensor {
  const t = tensorOperand(where, x);
  checkOptions(where, options, ['diagonal']);
  requireMatrix(where, t);
  const k = checkNumber(where, 'diagonal', options.diagonal ?? 0, { integer: true });
  return apply(triangleRow, [t], { diagonal: k, lower });
}

/**
 * The elements on and above a diagonal of the last two axes; 0 elsewhere.
 *
 * @example
 * ```ts
 * triu(tensor([[1, 2], [3, 4]])).toArray() // => [[1, 2], [0, 4]]
 * ```
 */
export function triu<D extends DType, R extends number>(
  x: Tensor<D, R>,
  options?: TriangleOptions,
): Tensor<D, R>;
export function triu(x: Tensor, options: TriangleOptions = {}): Tensor {
  return triangle('triu', x, options, false);
}

/**
 * The elements on and below a diagonal of the last two axes; 0 elsewhere.
 *
 * @example
 * ```ts
 * tril(tensor([[1, 2], [3, 4]])).toArray() // => [[1, 0], [3, 4]]
 * ```
 */
export function tril<D extends DType, R extends number>(
  x: Tensor<D, R>,
  options?: TriangleOptions,
): Tensor<D, R>;
export function tril(x: Tensor, options: TriangleOptions = {}): Tensor {
  return triangle('tril', x, options, true);
}

function requireMatrix(where: string, x: Tensor): void {
  if (x.rank < 2) {
    throw new ShapeError({ where, argument: 'x', must: 'have at least two axes', got: formatShape(x.shape) });
  }
}
