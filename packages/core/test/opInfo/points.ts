/** @file Derivatives of ops at single points, for facts and kinks of test rows. */
import { tensor } from '../../src/creation.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import type { Kink } from './row.js';

/** Derivatives of an op by each of its operands at one point. */
export function slopes(op: (...x: Tensor[]) => Tensor, ...at: number[]): number[] {
  const leaves = at.map((x) => tensor(x, { dtype: 'float64', requiresGrad: true }));
  return gradients([op(...leaves)], leaves, { materializeGrads: true }).map((g) => (g as Tensor).item());
}

/** The mixed second derivative of an op of two numbers, by both orders of differentiation. */
export function mixed(op: (a: Tensor, b: Tensor) => Tensor, ...at: [number, number]): number {
  const leaves = at.map((x) => tensor(x, { dtype: 'float64', requiresGrad: true }));
  const [ga, gb] = gradients([op(leaves[0], leaves[1])], leaves, { createGraph: true }) as Tensor[];
  const [gab] = gradients([ga], [leaves[1]], { retainGraph: true }) as Tensor[];
  const [gba] = gradients([gb], [leaves[0]]) as Tensor[];
  return gab.item() === gba.item() ? gab.item() : Number.NaN;
}

/** A kink: the subgradient of an op at one point. */
export function kink(
  at: string,
  subgradient: string,
  op: (...x: Tensor[]) => Tensor,
  point: number[],
  expected: number[],
): Kink {
  return { at, subgradient, gradient: () => slopes(op, ...point), expected };
}

/** The derivative of a function of one tensor at a tensor, itself differentiable. */
export function tensorSlope(op: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const [g] = gradients([op(x)], [x], { createGraph: true });
  return g as Tensor;
}
