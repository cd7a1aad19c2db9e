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
import { broadcastStrides, formatShape, packedStrides, type Shape, sameShape, sizeOf } from '../shape.js';
import type { Home } from '../storage.js';
import { Tensor } from '../tensor.js';
import { allocate, apply } from './apply.js';
import { Op } from './node.js';

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

/** Integers of an elementwise walk over operands that broadcast to the shape of `y`, which is packed. */
export function planOf({ shape, size }: Tensor, inputs: readonly Tensor[]): readonly number[] {
  // Literals: a list that grows costs more than the walk over a small tensor.
  const first = stepOf(inputs[0], shape, size);
  if (inputs.length === 1) {
    if (first >= 0) return [1, size, first];
  } else {
    const second = stepOf(inputs[1], shape, size);
    if (inputs.length === 2) {
      if (first >= 0 && second >= 0) return [1, size, first, second];
    } else {
      const third = stepOf(inputs[2], shape, size);
      if (first >= 0 && second >= 0 && third >= 0) return [1, size, first, second, third];
    }
  }
  return elementwisePlan(shape, ...inputs.map((x) => broadcastStrides(x.shape, x.strides, shape)));
}

/** How far an operand moves per element: 1 when it is packed in `shape`, 0 when it is one element; −1 for all else. */
function stepOf(x: Tensor, shape: Shape, size: number): number {
  if (x.isContiguous && x.size === size && sameShape(x.shape, shape)) return 1;
  return x.size === 1 || isRepeated(x, shape) ? 0 : -1;
}

/** Whether one element stands for all of `shape`. */
function isRepeated(x: Tensor, shape: Shape): boolean {
  for (let axis = 0; axis < x.strides.length; axis++)
    if (x.strides[axis] !== 0 && x.shape[axis] !== 1) return false;
  return x.size > 0 && sizeOf(shape) > 0;
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
  home.call(elementwise.copy, planOf(y, [x]), y, x);
  return y;
}

const fillRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
  name: 'fill',
  shape: (_shapes, { shape }) => shape,
  run: (home, y, [value]) => home.call(indexing.fill, [y.size], y, value),
});

/** Zeros of a shape. */
export function zeros(shape: Shape, dtype: DType): Tensor {
  return filled(shape, 0, dtype);
}

export const addRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'add',
  run: (home, y, inputs) => home.call(elementwise.add, planOf(y, inputs), y, inputs[0], inputs[1]),
  vjp: [(g) => g, (g) => g],
});

/** Sum of two cotangents of one shape and dtype. */
export function add(a: Tensor, b: Tensor): Tensor {
  return apply(addRow, [a, b], null);
}

/** Adds `b` to `a`, which must lie in linear memory, be packed, and be nobody else's. */
export function addOnto(a: Tensor, b: Tensor): void {
  currentHome().call(elementwise.add, planOf(a, [a, b]), a, a, b);
}

const broadcastRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
  name: 'expand',
  shape: (_shapes, { shape }) => shape,
  view: (x, { shape }) => ({ strides: broadcastStrides(x.shape, x.strides, shape), offset: x.offset }),
  // The engine sums the cotangent back to the input's shape, which is this op's adjoint.
  vjp: [(g) => g],
});

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
  home.call(elementwise.copy, planOf(copy, [source]), copy, source);
  const keptShape = shape.slice(0, kept.length);
  const strides = packedStrides(shape).slice(0, kept.length);
  return { x: copy, ints: [n, 1, kept.length, ...keptShape, ...strides] };
}

const sumToRow: Op<{ shape: Shape }> = /* @__PURE__ */ new Op({
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
});

/** The adjoint of broadcasting: sums `x` down to `shape`, in double precision. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(sumToRow, [x], { shape });
}

/** Writes `source` into `target`'s memory, through whatever strides it has. @internal */
export function copyOnto(home: Home, target: Tensor, source: Tensor): void {
  const strides = broadcastStrides(source.shape, source.strides, target.shape);
  home.call(copyInto, elementwisePlan(target.shape, target.strides, strides), target, source);
}
