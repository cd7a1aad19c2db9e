/**
 * @file The four things that cotangents need: zeros, add, sumTo, broadcastTo. The engine uses these and no other op;
 * `ops/` shows them to users.
 */
import { copyInto, elementwise, elementwisePlan, indexing, reduce } from '@ndgrad/kernels';
import type { DType } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { parameters } from '../homes/arena.js';
import { currentHome } from '../homes/current.js';
import { heap } from '../homes/heap.js';
import {
  broadcastStrides,
  formatShape,
  isPacked,
  packedStrides,
  type Shape,
  sameShape,
  sizeOf,
} from '../shape.js';
import type { Home } from '../storage.js';
import { Tensor } from '../tensor.js';
import { allocate, apply } from './apply.js';
import type { OpRow } from './node.js';

const NO_AXES: readonly number[] = [];

/** Constants that are shared, by dtype. A map cannot tell −0 from 0. */
const constants = {
  float32: new Map<number, Tensor>(),
  float64: new Map<number, Tensor>(),
  int32: new Map<number, Tensor>(),
  bool: new Map<number, Tensor>(),
};
/** Enough for every number a training step writes out; beyond it constants are made and dropped. */
const MAX_CONSTANTS = 256;

/** A 0-d tensor of one number, shared by all who ask for it: never written. */
export function constant(value: number, dtype: DType): Tensor {
  const known = constants[dtype];
  const shared = !Object.is(value, -0) && (known.size < MAX_CONSTANTS || known.has(value));
  const found = shared ? known.get(value) : undefined;
  if (found !== undefined) return found;
  const storage = (shared ? parameters : heap).allocate(dtype, 1, 'constant');
  storage.values[storage.base] = value;
  const made = new Tensor(storage, NO_AXES, NO_AXES, 0, dtype);
  if (shared) known.set(value, made);
  return made;
}

/** Plans of packed operands of one size, by how many there are: the common case, made once. */
const plainPlans: (number[] | undefined)[][] = [[], [], [], []];
const MAX_PLAIN = 4096;

function plainPlan(size: number, operands: number): number[] {
  const known = plainPlans[operands][size];
  if (known !== undefined) return known;
  const plan = [1, size];
  for (let k = 0; k < operands; k++) plan.push(1);
  if (size <= MAX_PLAIN) plainPlans[operands][size] = plan;
  return plan;
}

/** Integers of an elementwise walk over operands that broadcast to `shape`. Never written: they may be shared. */
export function planOf(shape: Shape, inputs: readonly Tensor[]): readonly number[] {
  const size = sizeOf(shape);
  let packed = inputs.length < plainPlans.length;
  for (let i = 0; packed && i < inputs.length; i++)
    packed = inputs[i].size === size && liesPacked(inputs[i], shape);
  if (packed) return plainPlan(size, inputs.length);
  let plain = true;
  const plan = [1, size];
  // Next comes what needs no odometer: each operand is packed in the output's shape, or one element.
  for (const x of inputs) {
    if (x.size === size && liesPacked(x, shape)) plan.push(1);
    else if (x.size === 1 || isRepeated(x, shape)) plan.push(0);
    else plain = false;
  }
  if (plain) return plan;
  return elementwisePlan(shape, ...inputs.map((x) => broadcastStrides(x.shape, x.strides, shape)));
}

/** Whether one element stands for all of `shape`. */
function isRepeated(x: Tensor, shape: Shape): boolean {
  for (let axis = 0; axis < x.strides.length; axis++)
    if (x.strides[axis] !== 0 && x.shape[axis] !== 1) return false;
  return x.size > 0 && sizeOf(shape) > 0;
}

function liesPacked(x: Tensor, shape: Shape): boolean {
  return (x.shape === shape || sameShape(x.shape, shape)) && isPacked(shape, x.strides);
}

/** `x` itself if packed, else a packed copy made in `home`. For rows whose kernels need packed operands. */
export function packed(home: Home, x: Tensor): Tensor {
  return x.isContiguous ? x : copyOf(x, home);
}

/** A new tensor filled with one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  return apply(fillRow, [constant(value, dtype)], { shape });
}

/** A packed copy outside of the graph. */
export function copyOf(x: Tensor, home: Home = currentHome()): Tensor {
  const y = allocate(x.shape, x.dtype, 'copy');
  home.call(elementwise.copy, planOf(x.shape, [x]), y, x);
  return y;
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
  run: (home, y, inputs) => home.call(elementwise.add, planOf(y.shape, inputs), y, inputs[0], inputs[1]),
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

/** Whether `shape` stretches to `target`. */
export function canBroadcast(shape: Shape, target: Shape): boolean {
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
  if (axes.length === x.rank && x.isContiguous) return { x, ints: [x.size, 1, 0] };
  let n = 1;
  let stride = 1;
  let single = true;
  // Inwards: each folded axis must continue the one before it.
  for (let i = 0; i < axes.length; i++) {
    const extent = x.shape[axes[i]];
    n *= extent;
    if (extent === 1) continue;
    if (n !== extent && stride !== x.strides[axes[i]] * extent) single = false;
    stride = x.strides[axes[i]];
  }
  const kept: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) if (!axes.includes(axis)) kept.push(axis);
  if (single) {
    const rank = kept.length;
    const ints = new Array<number>(3 + 2 * rank);
    ints[0] = n;
    ints[1] = stride;
    ints[2] = rank;
    for (let k = 0; k < rank; k++) {
      ints[3 + k] = x.shape[kept[k]];
      ints[3 + rank + k] = x.strides[kept[k]];
    }
    return { x, ints };
  }
  const order = [...kept, ...axes];
  const shape = order.map((axis) => x.shape[axis]);
  const copy = allocate(shape, x.dtype, 'copy');
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
