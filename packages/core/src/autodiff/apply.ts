/** @file Calling an op: shape, memory, kernels, record. */
import { type DType, isFloat } from '../dtype.js';
import { DTypeError, GraphError } from '../errors.js';
import { packedStrides, type Shape } from '../shape.js';
import { state } from '../state.js';
import { currentHome } from '../storage.js';
import { Tensor } from '../tensor.js';
import { type AnyRow, Node, type OpRow, type Saved } from './node.js';

const NOTHING: readonly never[] = [];

/** A new packed tensor whose content is undefined. */
export function allocate(shape: Shape, dtype: DType): Tensor {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  return new Tensor(currentHome().allocate(dtype, size), shape, packedStrides(shape), 0, dtype);
}

/** Calls the op: every result of the library is made here. */
export function apply<A>(row: OpRow<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const shapes = inputs.map(shapeOf);
  const shape = row.shape(shapes, attributes);
  let y: Tensor;
  if (row.view !== undefined) {
    const x = inputs[0];
    const { strides, offset } = row.view(x, attributes);
    y = new Tensor(x.storage, shape, strides, offset, x.dtype);
  } else {
    const dtype = row.dtype === undefined ? inputs[0].dtype : row.dtype(inputs.map(dtypeOf), attributes);
    y = allocate(shape, dtype);
    row.run?.(currentHome(), y, inputs, attributes);
  }
  record(row, inputs, attributes, shapes, y);
  return y;
}

function shapeOf(t: Tensor): Shape {
  return t.shape;
}

function dtypeOf(t: Tensor): DType {
  return t.dtype;
}

/** Puts `y` into the graph if recording is on and an input with a derivative requires a gradient. */
export function record<A>(
  row: OpRow<A>,
  inputs: readonly Tensor[],
  attributes: A,
  shapes: readonly Shape[],
  y: Tensor,
): void {
  const { vjp } = row;
  if (!state.gradEnabled || vjp === undefined || !isFloat(y.dtype)) return;
  let wanted = false;
  const edges = inputs.map((x, i) => {
    if (x.node === undefined || vjp[Math.min(i, vjp.length - 1)] === null) return undefined;
    wanted = true;
    return x.node;
  });
  if (!wanted) return;
  const keeps = row.saves;
  const versions: number[] = [];
  let kept: readonly Tensor[] = NOTHING;
  if (keeps?.inputs !== undefined) {
    const list = new Array<Tensor>(inputs.length);
    for (const i of keeps.inputs) {
      list[i] = inputs[i];
      versions.push(inputs[i].storage.version);
    }
    kept = list;
  }
  if (keeps?.output === true) versions.push(y.storage.version);
  // Without `saves.output` the graph must not keep the output's memory alive.
  const output = keeps?.output === true ? y : (undefined as unknown as Tensor);
  const saved: Saved<A> = { inputs: kept, output, shapes, attributes };
  y.node = new Node(y, row as unknown as AnyRow, edges, saved as unknown as Saved<never>, versions);
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
  t.node = new Node(t, undefined, NOTHING, undefined, NOTHING);
  return t;
}

/** Refuses a saved value that was overwritten since it was recorded. */
export function checkVersions(where: string, node: Node): void {
  const { row, saved } = node;
  if (row?.saves === undefined || saved === undefined) return;
  let k = 0;
  const check = (t: Tensor, what: string): void => {
    const recorded = node.versions[k++];
    if (t.storage.version !== recorded) {
      throw new GraphError({
        where,
        problem:
          `${what} of ${row.name} (node ${node.id}) was written in place after it was recorded: ` +
          `saved at version ${recorded}, now at version ${t.storage.version}`,
        hint: 'write after backward, or into a clone()',
      });
    }
  };
  for (const i of row.saves.inputs ?? NOTHING) check(saved.inputs[i], `input ${i}`);
  if (row.saves.output === true) check(saved.output, 'the output');
}
