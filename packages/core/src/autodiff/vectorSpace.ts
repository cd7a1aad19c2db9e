/**
 * @file The four things that cotangents need: zeros, add, sumTo, broadcastTo. The engine uses these and no other op;
 * `ops/` shows them to users.
 */
import { copyInto, elementwise, elementwisePlan, indexing, reduce } from '@ndgrad/kernels';
import type { DType } from '../dtype.js';
import { allocateArray } from '../dtype.js';
import { ShapeError } from '../errors.js';
import {
  broadcastShapes,
  broadcastStrides,
  formatShape,
  isPacked,
  packedStrides,
  type Shape,
  sameShape,
} from '../shape.js';
import { type Home, Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import { allocate, apply } from './apply.js';
import type { OpRow } from './node.js';

const constants = new Map<string, Tensor>();
/** Enough for every number a training step writes out; beyond it constants are made and dropped. */
const MAX_CONSTANTS = 512;

/** A 0-d tensor of one number, shared by all who ask for it: never written. */
export function constant(value: number, dtype: DType): Tensor {
  const key = `${dtype}:${Object.is(value, -0) ? '-0' : value}`;
  const known = constants.get(key);
  if (known !== undefined) return known;
  const array = allocateArray(dtype, 1);
  array[0] = value;
  const made = new Tensor(new Storage(array, 0, 1), [], [], 0, dtype);
  if (constants.size < MAX_CONSTANTS) constants.set(key, made);
  return made;
}

/** Integers of an elementwise walk over operands that broadcast to `shape`. */
export function planOf(shape: Shape, inputs: readonly Tensor[]): number[] {
  let plain = true;
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  const plan = [1, size];
  // The common case needs no odometer: each operand is packed in the output's shape, or one element.
  for (const x of inputs) {
    if (x.size === size && sameShape(x.shape, shape) && isPacked(shape, x.strides)) plan.push(1);
    else if (x.size === 1) plan.push(0);
    else plain = false;
  }
  if (plain) return plan;
  return elementwisePlan(shape, ...inputs.map((x) => broadcastStrides(x.shape, x.strides, shape)));
}

/** `x` itself if packed, else a packed copy made in `home`. For rows whose kernels need packed operands. */
export function packed(home: Home, x: Tensor): Tensor {
  if (x.isContiguous) return x;
  const y = allocate(x.shape, x.dtype);
  home.call(elementwise.copy, planOf(x.shape, [x]), y, x);
  return y;
}

/** A new tensor filled with one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return apply(fillRow, [constant(value, dtype)], { shape });
}

const fillRow: OpRow<{ shape: Shape }> = {
  name: 'fill',
  shape: (_shapes, { shape }) => shape,
  run: (home, y, [value]) => home.call(indexing.fill, [y.size], y, value),
};

/** Zeros of a shape. */
export function zeros(shape: Shape, dtype: DType): Tensor {
  return filled(shape, 0, dtype);
}

export const addRow: OpRow<null> = {
  name: 'add',
  shape: (shapes) => broadcastShapes('add', shapes),
  run: (home, y, [a, b]) => home.call(elementwise.add, planOf(y.shape, [a, b]), y, a, b),
  vjp: [(g) => g, (g) => g],
};

/** Sum of two cotangents of one shape and dtype. */
export function add(a: Tensor, b: Tensor): Tensor {
  return apply(addRow, [a, b], null);
}

const broadcastRow: OpRow<{ shape: Shape }> = {
  name: 'expand',
  shape: (_shapes, { shape }) => shape,
  view: (x, { shape }) => ({ strides: broadcastStrides(x.shape, x.strides, shape), offset: x.offset }),
  // The engine sums the cotangent back to the input's shape, which is this op's adjoint.
  vjp: [(g) => g],
};

/** `x` as if it had `shape`: a view with stride 0 along every stretched axis. */
export function broadcastTo(x: Tensor, shape: Shape, where = 'expand'): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!canBroadcast(x.shape, shape)) {
    throw new ShapeError({
      where,
      argument: 'shape',
      must: `be one that ${formatShape(x.shape)} broadcasts to`,
      got: formatShape(shape),
    });
  }
  return apply(broadcastRow, [x], { shape });
}

function canBroadcast(shape: Shape, target: Shape): boolean {
  const lead = target.length - shape.length;
  return lead >= 0 && shape.every((extent, axis) => extent === 1 || extent === target[lead + axis]);
}

/** Splits axes into kept and folded ones, with the plan of a fold kernel. Folded axes must share one stride. */
export interface FoldPlan {
  readonly x: Tensor;
  readonly ints: number[];
}

/** The plan that folds `axes` of `x`; copies `x` when the folded axes cannot be walked with one stride. */
export function foldPlan(home: Home, x: Tensor, axes: readonly number[]): FoldPlan {
  const folded = axes.filter((axis) => x.shape[axis] !== 1);
  const single = folded.every(
    (axis, i) => i === 0 || x.strides[folded[i - 1]] === x.strides[axis] * x.shape[axis],
  );
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const n = axes.reduce((product, axis) => product * x.shape[axis], 1);
  if (single) {
    const stride = folded.length === 0 ? 1 : x.strides[folded[folded.length - 1]];
    const ints = [n, stride, kept.length, ...kept.map((a) => x.shape[a]), ...kept.map((a) => x.strides[a])];
    return { x, ints };
  }
  const order = [...kept, ...axes];
  const shape = order.map((axis) => x.shape[axis]);
  const copy = allocate(shape, x.dtype);
  const source = new Tensor(
    x.storage,
    shape,
    order.map((axis) => x.strides[axis]),
    x.offset,
    x.dtype,
  );
  home.call(elementwise.copy, planOf(shape, [source]), copy, source);
  const keptShape = shape.slice(0, kept.length);
  const strides = packedStrides(shape).slice(0, kept.length);
  return { x: copy, ints: [n, 1, kept.length, ...keptShape, ...strides] };
}

const sumToRow: OpRow<{ shape: Shape }> = {
  name: 'sumTo',
  shape: (_shapes, { shape }) => shape,
  run(home, y, [x], { shape }) {
    const lead = x.rank - shape.length;
    const axes: number[] = [];
    for (let axis = 0; axis < x.rank; axis++) {
      if (axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1)) axes.push(axis);
    }
    const plan = foldPlan(home, x, axes);
    home.call(reduce.sum, plan.ints, y, plan.x);
  },
  vjp: [(g, { shapes }) => broadcastTo(g, shapes[0])],
};

/** The adjoint of broadcasting: sums `x` down to `shape`, in double precision. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(sumToRow, [x], { shape });
}

/** Writes `source` into `target`'s memory, through whatever strides it has. @internal */
export function copyOnto(home: Home, target: Tensor, source: Tensor): void {
  const strides = broadcastStrides(source.shape, source.strides, target.shape);
  home.call(copyInto, elementwisePlan(target.shape, target.strides, strides), target, source);
}
