/** @file Calling an op: shape, memory, kernels, record. */
import { type DType, isFloat } from '../dtype.js';
import { DTypeError, GraphError } from '../errors.js';
import { isParameter, parameters } from '../homes/arena.js';
import { currentHome } from '../homes/current.js';
import { isTracing } from '../homes/running.js';
import { broadcastShapes, packedStrides, type Shape, sameShape, sizeOf } from '../shape.js';
import { state } from '../state.js';
import { Tensor } from '../tensor.js';
import { type AnyOp, Node, type Op } from './node.js';
import { checkResult, observeNode, watch } from './watch.js';

const NOTHING: readonly never[] = [];

/** A new packed tensor whose content is undefined. */
export function allocate(shape: Shape, dtype: DType, maker: string): Tensor {
  return new Tensor(
    currentHome().allocate(dtype, sizeOf(shape), maker),
    shape,
    packedStrides(shape),
    0,
    dtype,
  );
}

/** Calls the op: every result of the library is made here. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const first = inputs[0];
  let shape: Shape;
  let shapes: Shape[] | undefined;
  if (op.shape === undefined) shape = broadcastOf(op.name, inputs);
  else {
    shapes = shapesOf(inputs);
    shape = op.shape(shapes, attributes);
  }
  let y: Tensor;
  if (op.view !== undefined) {
    const { strides, offset } = op.view(first, attributes);
    y = new Tensor(first.storage, shape, strides, offset, first.dtype);
  } else {
    const dtype = op.dtype === undefined ? first.dtype : op.dtype(inputs.map(dtypeOf), attributes);
    const home = currentHome();
    // Elementwise chains keep one shape; its strides are then at hand.
    const atHand = first !== undefined && first.shape === shape && first.isContiguous;
    const strides = atHand ? first.strides : packedStrides(shape);
    y = new Tensor(home.allocate(dtype, sizeOf(shape), op.name), shape, strides, 0, dtype);
    op.run?.(home, y, inputs, attributes);
    if (watch.results) checkResult(op.name, inputs, y);
  }
  record(op, inputs, attributes, y, shapes);
  return y;
}

/** The shape to which all inputs broadcast: most often that of the first. */
function broadcastOf(where: string, inputs: readonly Tensor[]): Shape {
  const { shape } = inputs[0];
  for (let i = 1; i < inputs.length; i++) {
    if (!sameShape(inputs[i].shape, shape)) return broadcastShapes(where, shapesOf(inputs));
  }
  return shape;
}

function shapesOf(inputs: readonly Tensor[]): Shape[] {
  const shapes = new Array<Shape>(inputs.length);
  for (let i = 0; i < inputs.length; i++) shapes[i] = inputs[i].shape;
  return shapes;
}

function dtypeOf(t: Tensor): DType {
  return t.dtype;
}

/** Puts `y` into the graph if recording is on and an input with a derivative requires a gradient. */
export function record<A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attributes: A,
  y: Tensor,
  shapes: readonly Shape[] = shapesOf(inputs),
): void {
  const { vjp, savedInputs, savesOutput } = op;
  if (!state.gradEnabled || vjp === undefined) return;
  let wanted = false;
  for (let i = 0; i < inputs.length && !wanted; i++) wanted = inputs[i].node !== undefined;
  if (!wanted || !isFloat(y.dtype)) return;
  wanted = false;
  const edges = new Array<Node | undefined>(inputs.length);
  for (let i = 0; i < inputs.length; i++) {
    const { node } = inputs[i];
    const edge = vjp[i < vjp.length ? i : vjp.length - 1] === null ? undefined : node;
    edges[i] = edge;
    if (edge !== undefined) wanted = true;
  }
  if (!wanted) return;
  let kept = NOTHING as readonly Tensor[];
  let versions = NOTHING as readonly number[];
  if (op.saves !== undefined) {
    const list = new Array<number>(savedInputs.length + (savesOutput ? 1 : 0));
    // What is not saved must not be kept alive.
    const some = savedInputs.length === inputs.length ? inputs : new Array<Tensor>(inputs.length);
    for (let k = 0; k < savedInputs.length; k++) {
      const i = savedInputs[k];
      (some as Tensor[])[i] = inputs[i];
      list[k] = inputs[i].storage.version;
    }
    if (savedInputs.length > 0) kept = some;
    if (savesOutput) list[savedInputs.length] = y.storage.version;
    versions = list;
  }
  const output = savesOutput ? y : undefined;
  y.node = new Node(y, op as unknown as AnyOp, edges, shapes, attributes, kept, output, versions);
  if (watch.any) observeNode(y.node);
}

/** Makes a leaf: a tensor whose `.grad` collects. @internal */
export function markLeaf(where: string, t: Tensor): Tensor {
  if (!isFloat(t.dtype)) {
    throw new DTypeError({
      where,
      argument: 'requiresGrad',
      must: 'go with float32 or float64',
      got: t.dtype,
      hint: "pass dtype: 'float32'",
    });
  }
  t.node = new Node(t, undefined, NOTHING, NOTHING, undefined, NOTHING, undefined, NOTHING);
  if (watch.any) observeNode(t.node);
  return t;
}

/** A leaf that stays: leaves are few and live long, so their memory moves to where parameters have theirs. @internal */
export function makeLeaf(where: string, t: Tensor): Tensor {
  const leaf = markLeaf(where, t);
  const { storage } = t;
  // What is shared with the outside, a part of something larger, or only being traced, stays where it is.
  if (!isTracing() && !storage.exposed && storage.length === t.size && !isParameter(storage))
    parameters.adopt(storage, where);
  return leaf;
}

/** Refuses a saved value that was overwritten since it was recorded. */
export function checkVersions(where: string, node: Node): void {
  const { op, versions, inputs, output } = node;
  if (op?.saves === undefined) return;
  const { savedInputs } = op;
  for (let k = 0; k < savedInputs.length; k++) {
    const i = savedInputs[k];
    if (inputs[i].storage.version !== versions[k])
      throw overwritten(where, node, `input ${i}`, inputs[i], versions[k]);
  }
  const last = savedInputs.length;
  if (op.savesOutput && output.storage.version !== versions[last]) {
    throw overwritten(where, node, 'the output', output, versions[last]);
  }
}

function overwritten(where: string, { op, id }: Node, what: string, t: Tensor, recorded: number): GraphError {
  return new GraphError({
    where,
    problem:
      `${what} of ${op?.name} (node ${id}) was written in place after it was recorded: ` +
      `saved at version ${recorded}, now at version ${t.storage.version}`,
    hint: 'write after backward, or into a clone()',
  });
}
