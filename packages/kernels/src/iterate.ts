/**
 * @file The walk that all elementwise kernels share: an odometer over the outer axes, and a loop of the kernel's own
 * over the last one. Each kernel owns its inner loop, because a loop shared between ops stops inlining.
 */
import {
  effect,
  elementwiseKernel,
  type Ints,
  type Kernel,
  kernel,
  type Values,
  WRITES_OUTPUT,
} from './kernel.js';

export type UnaryLoop = (n: number, y: Values, oy: number, a: Values, oa: number, sa: number) => void;
export type BinaryLoop = (
  n: number,
  y: Values,
  oy: number,
  a: Values,
  oa: number,
  sa: number,
  b: Values,
  ob: number,
  sb: number,
) => void;
export type TernaryLoop = (
  n: number,
  y: Values,
  oy: number,
  a: Values,
  oa: number,
  sa: number,
  b: Values,
  ob: number,
  sb: number,
  c: Values,
  oc: number,
  sc: number,
) => void;

/**
 * The integers of an elementwise walk: `[rank, ...shape, ...strides of operand 1, ...strides of operand 2, …]`,
 * with neighbouring axes merged wherever every operand allows it and axes of length 1 dropped. Rank is at least 1.
 */
export function elementwisePlan(shape: Ints, ...operands: Ints[]): number[] {
  const count = operands.length;
  // Runs of merged axes from the innermost outwards: extent, then the stride of each operand.
  const runs: number[] = [];
  const width = 1 + count;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis];
    if (extent === 1) continue;
    const last = runs.length - width;
    let merges = last >= 0;
    for (let k = 0; merges && k < count; k++) merges = operands[k][axis] === runs[last] * runs[last + 1 + k];
    if (merges) runs[last] *= extent;
    else {
      runs.push(extent);
      for (let k = 0; k < count; k++) runs.push(operands[k][axis]);
    }
  }
  if (runs.length === 0) {
    runs.push(1);
    for (let k = 0; k < count; k++) runs.push(0);
  }
  const rank = runs.length / width;
  const plan = new Array<number>(1 + rank * width);
  plan[0] = rank;
  for (let axis = 0; axis < rank; axis++) {
    const run = (rank - 1 - axis) * width;
    for (let k = 0; k < width; k++) plan[1 + k * rank + axis] = runs[run + k];
  }
  return plan;
}

/**
 * Calls `visit(output index, offset of a, of b, of c)` for each run along the last axis, in row-major order.
 * The output is packed; missing operands repeat the first one's strides.
 */
function eachRow(
  ints: Ints,
  operands: number,
  oa: number,
  ob: number,
  oc: number,
  visit: (start: number, oa: number, ob: number, oc: number) => void,
): void {
  const rank = ints[0];
  const inner = ints[rank];
  let rows = 1;
  for (let axis = 1; axis < rank; axis++) rows *= ints[axis];
  if (rows === 0 || inner === 0) return;
  const strideOf = (operand: number, axis: number): number =>
    operand < operands ? ints[1 + rank + operand * rank + axis] : 0;
  const index = new Array<number>(rank - 1).fill(0);
  for (let row = 0, start = 0; row < rows; row++, start += inner) {
    visit(start, oa, ob, oc);
    for (let axis = rank - 2; axis >= 0; axis--) {
      oa += strideOf(0, axis);
      ob += strideOf(1, axis);
      oc += strideOf(2, axis);
      if (++index[axis] < ints[1 + axis]) break;
      const extent = ints[1 + axis];
      oa -= extent * strideOf(0, axis);
      ob -= extent * strideOf(1, axis);
      oc -= extent * strideOf(2, axis);
      index[axis] = 0;
    }
  }
}

/** A kernel `y = f(a)` with packed output, from its inner loop. */
export function unaryKernel(name: string, loop: UnaryLoop): Kernel {
  return elementwiseKernel(name, (ints, y, oy, a, oa) => {
    const rank = ints[0];
    const n = ints[rank];
    const sa = ints[2 * rank];
    if (rank === 1) loop(n, y, oy, a, oa, sa);
    else eachRow(ints, 1, oa, 0, 0, (start, o) => loop(n, y, oy + start, a, o, sa));
  });
}

/** A kernel `y = f(a, b)` with packed output, from its inner loop. */
export function binaryKernel(name: string, loop: BinaryLoop): Kernel {
  return elementwiseKernel(name, (ints, y, oy, a, oa, b, ob) => {
    const rank = ints[0];
    const n = ints[rank];
    const sa = ints[2 * rank];
    const sb = ints[3 * rank];
    if (rank === 1) loop(n, y, oy, a, oa, sa, b, ob, sb);
    else eachRow(ints, 2, oa, ob, 0, (start, o, p) => loop(n, y, oy + start, a, o, sa, b, p, sb));
  });
}

/** A kernel `y = f(a, b, c)` with packed output, from its inner loop. */
export function ternaryKernel(name: string, loop: TernaryLoop): Kernel {
  return elementwiseKernel(name, (ints, y, oy, a, oa, b, ob, c, oc) => {
    const rank = ints[0];
    const n = ints[rank];
    const sa = ints[2 * rank];
    const sb = ints[3 * rank];
    const sc = ints[4 * rank];
    if (rank === 1) loop(n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc);
    else
      eachRow(ints, 3, oa, ob, oc, (start, o, p, q) => loop(n, y, oy + start, a, o, sa, b, p, sb, c, q, sc));
  });
}

/**
 * Copies packed or strided `a` into strided `y`: the one kernel whose output has strides. Plan: shape, strides of y,
 * strides of a.
 */
export const copyInto = kernel(
  'copyInto',
  (ints, y, oy, a, oa) => {
    const rank = ints[0];
    const n = ints[rank];
    const sy = ints[2 * rank];
    const sa = ints[3 * rank];
    const row = (p: number, o: number): void => {
      for (let i = 0; i < n; i++, p += sy, o += sa) y[p] = a[o];
    };
    if (rank === 1) row(oy, oa);
    else eachRow(ints, 2, oy, oa, 0, (_start, p, o) => row(p, o));
  },
  WRITES_OUTPUT,
  true,
);

/**
 * A kernel that shows the elements of up to three operands to `visit`, in row-major order, and writes nothing: a check,
 * which refuses by throwing. Plan: shape, strides of each operand.
 */
export function visitKernel(
  name: string,
  visit: (i: number, y: number, a: number, b: number) => void,
): Kernel {
  return effect(
    name,
    (ints, y, oy, a, oa, b, ob) => {
      const rank = ints[0];
      const n = ints[rank];
      const operands = (ints.length - 1) / rank - 1;
      const inner = (k: number): number => (k < operands ? ints[(k + 2) * rank] : 0);
      const [sy, sa, sb] = [inner(0), inner(1), inner(2)];
      eachRow(ints, operands, oy, oa, ob, (start, p, q, r) => {
        for (let i = 0; i < n; i++, p += sy, q += sa, r += sb) visit(start + i, y[p], a[q], b[r]);
      });
    },
    0,
  );
}
