/**
 * @file The walk that all elementwise kernels share: an odometer over the outer axes, and a loop of the kernel's own
 * over the last one. Each kernel owns its inner loop, because a loop shared between ops stops inlining.
 */
import type { Ints, Kernel, Values } from './kernel.js';
import { WRITES_OUTPUT } from './kernel.js';

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
  const extents: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis];
    if (extent === 1) continue;
    const last = extents.length - 1;
    const merges = last >= 0 && operands.every((s, k) => strides[k][last] === extent * s[axis]);
    if (merges) {
      extents[last] *= extent;
      operands.forEach((s, k) => {
        strides[k][last] = s[axis];
      });
    } else {
      extents.push(extent);
      operands.forEach((s, k) => {
        strides[k].push(s[axis]);
      });
    }
  }
  if (extents.length === 0) {
    extents.push(1);
    for (const s of strides) s.push(0);
  }
  return [extents.length, ...extents, ...strides.flat()];
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
  return {
    name,
    writes: WRITES_OUTPUT,
    run(ints, y, oy, a, oa) {
      const rank = ints[0];
      const n = ints[rank];
      const sa = ints[2 * rank];
      if (rank === 1) loop(n, y, oy, a, oa, sa);
      else eachRow(ints, 1, oa, 0, 0, (start, o) => loop(n, y, oy + start, a, o, sa));
    },
  };
}

/** A kernel `y = f(a, b)` with packed output, from its inner loop. */
export function binaryKernel(name: string, loop: BinaryLoop): Kernel {
  return {
    name,
    writes: WRITES_OUTPUT,
    run(ints, y, oy, a, oa, b, ob) {
      const rank = ints[0];
      const n = ints[rank];
      const sa = ints[2 * rank];
      const sb = ints[3 * rank];
      if (rank === 1) loop(n, y, oy, a, oa, sa, b, ob, sb);
      else eachRow(ints, 2, oa, ob, 0, (start, o, p) => loop(n, y, oy + start, a, o, sa, b, p, sb));
    },
  };
}

/** A kernel `y = f(a, b, c)` with packed output, from its inner loop. */
export function ternaryKernel(name: string, loop: TernaryLoop): Kernel {
  return {
    name,
    writes: WRITES_OUTPUT,
    run(ints, y, oy, a, oa, b, ob, c, oc) {
      const rank = ints[0];
      const n = ints[rank];
      const sa = ints[2 * rank];
      const sb = ints[3 * rank];
      const sc = ints[4 * rank];
      if (rank === 1) loop(n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc);
      else
        eachRow(ints, 3, oa, ob, oc, (start, o, p, q) =>
          loop(n, y, oy + start, a, o, sa, b, p, sb, c, q, sc),
        );
    },
  };
}

/**
 * Copies packed or strided `a` into strided `y`: the one kernel whose output has strides. Plan: shape, strides of y,
 * strides of a.
 */
export const copyInto: Kernel = {
  name: 'copyInto',
  writes: WRITES_OUTPUT,
  run(ints, y, oy, a, oa) {
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
};
