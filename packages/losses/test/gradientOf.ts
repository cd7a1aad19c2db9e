import { gradients, type Tensor } from '@ndgrad/core';

/** The gradient of a sum of `y` by `x`; an error where none arrives. */
export function gradientOf(y: Tensor, x: Tensor): Tensor {
  const [gradient] = gradients([y.sum()], [x], { allowUnused: true });
  if (gradient === undefined) throw new Error('no gradient arrives: the graph is dead');
  return gradient;
}

/** The same, as rows of numbers. */
export function gradientRows(y: Tensor, x: Tensor): number[][] {
  return gradientOf(y, x).toArray() as number[][];
}
