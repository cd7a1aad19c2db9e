/** @file Kernels on packed arrays, for tests. */
import { elementwisePlan, type Ints, type Kernel, type Values } from '../src/index.js';

const NONE = new Float64Array(0);

/** Runs a kernel whose operands all start at 0. */
export function run(
  kernel: Kernel,
  ints: Ints,
  y: Values,
  a: Values = NONE,
  b: Values = NONE,
  c: Values = NONE,
): Values {
  kernel.run(ints, y, 0, a, 0, b, 0, c, 0, NONE, 0);
  return y;
}

/** An elementwise kernel over lists of numbers, in float64. */
export function each(kernel: Kernel, ...operands: readonly (readonly number[])[]): number[] {
  const n = operands[0].length;
  const plan = elementwisePlan([n], ...operands.map(() => [1]));
  const [a, b, c] = operands.map((list) => Float64Array.from(list));
  return Array.from(run(kernel, plan, new Float64Array(n), a, b, c));
}

/** Seeded numbers in [0, 1). */
export function stream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x45d9f3b);
    t ^= t >>> 16;
    return (t >>> 0) / 4294967296;
  };
}
