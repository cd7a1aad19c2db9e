/** @file Calling an op: shape, memory, kernels, record. */
import { type DType, isFloat } from '../dtype.js';
import { DTypeError, GraphError } from '../errors.js';
import { currentHome } from '../homes/current.js';
import { broadcastShapes, packedStrides, type Shape, sameShape, sizeOf } from '../shape.js';
import { state } from '../state.js';
import { Tensor } from '../tensor.js';
import { type AnyRow, Node, type OpRow } from './node.js';
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
export function apply<A>(row: OpRow<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const first = inputs[0];
  const shape =
    row.shape === undefined ? broadcastOf(row.name, inputs) : row.shape(shapesOf(inputs), attributes);
  let y: Tensor;
  if (row.view !== undefined) {
    const { strides, offset } = row.view(first, attributes);
    y = new Tensor(first.storage, shape, strides, offset, first.dtype);
  } else {
    const dtype = row.dtype === undefined ? first.dtype : row.dtype(inputs.map(dtypeOf), attributes);
    const home = currentHome();
    // Elementwise chains keep one shape; its strides are then at hand.
    const atHand = first !== undefined && first.shape === shape && first.isContiguous;
    const strides = atHand ? first.strides : packedStrides(shape);
    y = new Tensor(home.allocate(dtype, sizeOf(shape), row.name), shape, strides, 0, dtype);
    row.run?.(home, y, inputs, attributes);
    if (watch.results) checkResult(row.name, inputs, y);
  }
  record(row, inputs, attributes, y);
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
export function record<A>(row: OpRow<A>, inputs: readonly Tensor[], attributes: A, y: Tensor): void {
  const { vjp, saves } = row;
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
  if (saves !== undefined) {
    const wantedInputs = saves.inputs ?? NOTHING;
    const list = new Array<number>(wantedInputs.length + (saves.output === true ? 1 : 0));
    // What is not saved must not be kept alive.
    const some = wantedInputs.length === inputs.length ? inputs : new Array<Tensor>(inputs.length);
    for (let k = 0; k < wantedInputs.length; k++) {
      const i = wantedInputs[k];
      (some as Tensor[])[i] = inputs[i];
      list[k] = inputs[i].storage.version;
    }
    if (wantedInputs.length > 0) kept = some;
    if (saves.output === true) list[wantedInputs.length] = y.storage.version;
    versions = list;
  }
  const output = saves?.output === true ? y : undefined;
  y.node = new Node(y, row as unknown as AnyRow, edges, shapesOf(inputs), attributes, kept, output, versions);
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

/** Refuses a saved value that was overwritten since it was recorded. */
export function checkVersions(where: string, node: Node): void {
  const saves = node.row?.saves;
  if (saves === undefined) return;
  const { versions, inputs, output } = node;
  let k = 0;
  if (saves.inputs !== undefined) {
    for (const i of saves.inputs) {
      if (inputs[i].storage.version !== versions[k])
        throw overwritten(where, node, `input ${i}`, inputs[i], versions[k]);
      k++;
    }
  }
  if (saves.output === true && output.storage.version !== versions[k]) {
    throw overwritten(where, node, 'the output', output, versions[k]);
  }
}

function overwritten(
  where: string,
  { row, id }: Node,
  what: string,
  t: Tensor,
  recorded: number,
): GraphError {
  return new GraphError({
    where,
    problem:
      `${what} of ${row?.name} (node ${id}) was written in place after it was recorded: ` +
      `saved at version ${recorded}, now at version ${t.storage.version}`,
    hint: 'write after backward, or into a clone()',
  });
}
