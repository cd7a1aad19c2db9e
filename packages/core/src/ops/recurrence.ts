/** @file The linear recurrence under the derivatives of running and grouped products and extremes. */
import { scan as kernels } from '@ndgrad/kernels';
import { apply } from '../autodiff/apply.js';
import type { Op } from '../autodiff/node.js';
import type { Tensor } from '../tensor.js';
import { alongLastAxis } from './alongAxis.js';
import { multiplyNoNan } from './elementwise.js';
import { flip, pad, type Range, slice } from './movement.js';

const row: Op<null> = alongLastAxis({
  name: 'linearRecurrence',
  kernel: kernels.linearRecurrence,
  saves: { inputs: [0], output: true },
  vjp: [
    (g, { inputs: [a], output: y }) => multiplyNoNan(shifted(y, 0), reverseRecurrence(a, g)),
    (g, { inputs: [a] }) => reverseRecurrence(a, g),
  ],
});

/**
 * `yᵢ = bᵢ + aᵢ yᵢ₋₁` along the last axis, from 0 on, accumulated in double: O(n), and its derivative is another one. A
 * product with 0 is 0 whatever the other factor, so a coefficient of 0 starts a new group and a cotangent of 0 stays 0.
 */
export function linearRecurrence(a: Tensor, b: Tensor): Tensor {
  return apply(row, [a, b], null);
}

/** `yᵢ = bᵢ + aᵢ₊₁ yᵢ₊₁` along the last axis, from its end on: the adjoint of {@link linearRecurrence}. */
export function reverseRecurrence(a: Tensor, b: Tensor): Tensor {
  return backwards(linearRecurrence(shifted(backwards(a), 0), backwards(b)));
}

/** The last axis moved on by one, with `value` in front. */
export function shifted(x: Tensor, value: number): Tensor {
  if (x.size === 0) return x;
  const whole = x.shape.slice(1).map((): Range => null);
  const widths = x.shape.map((_, axis) => [axis === x.rank - 1 ? 1 : 0, 0] as const);
  return pad(slice(x, ...whole, [0, -1]), widths, { value });
}

/** The last axis reversed. */
export function backwards(x: Tensor): Tensor {
  return flip(x, { axis: -1 });
}
