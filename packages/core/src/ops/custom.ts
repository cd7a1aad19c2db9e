/** @file Ops that users define. */
import { describeValue } from '../arguments.js';
import { record } from '../autodiff/apply.js';
import { noGrad } from '../autodiff/mode.js';
import type { OpRow, Vjp } from '../autodiff/node.js';
import { ArgumentError, GraphError } from '../errors.js';
import { Tensor } from '../tensor.js';
import { operand } from './define.js';
import { stopGradient } from './elementwise.js';

/** What {@link defineOp} takes. */
export interface CustomOp<A> {
  /** Named in errors. */
  readonly name: string;
  /** The value, from the inputs and the options of the call. Nothing that it does is recorded. */
  readonly forward: (inputs: readonly Tensor[], attributes: A) => Tensor;
  /**
   * For each input its vector-Jacobian product, `null` where there is none; the last serves all further inputs. Written
   * with ops, so that it can be differentiated again.
   */
  readonly vjp: readonly (Vjp<A> | null)[];
}

/**
 * A differentiable op from a forward function and one vector-Jacobian product per input.
 *
 * @returns a function of an array of inputs and the attributes of the call.
 * @throws {@link ArgumentError} for a definition of another form. At `backward`, {@link GraphError} names the op and the
 * input whose vjp returned something of the wrong shape or dtype.
 *
 * @example
 * ```ts
 * const cube = defineOp({
 *   name: 'cube',
 *   forward: ([x]) => x.mul(x).mul(x),
 *   vjp: [(g, { inputs: [x] }) => g.mul(x.square()).mul(3)],
 * });
 * const x = tensor([2], { requiresGrad: true });
 * cube([x], null).sum().backward();
 * x.grad!.toArray() // => [12]
 * ```
 */
export function defineOp<A>(definition: CustomOp<A>): (inputs: readonly Tensor[], attributes: A) => Tensor {
  const { name, forward, vjp } = definition;
  if (typeof name !== 'string' || typeof forward !== 'function' || !Array.isArray(vjp)) {
    throw new ArgumentError({
      where: 'defineOp',
      argument: 'definition',
      must: 'have a name, a forward function and an array of vjps',
      got: describeValue(definition),
    });
  }
  return (inputs, attributes) => {
    if (!Array.isArray(inputs) || inputs.length < vjp.length) {
      throw new ArgumentError({
        where: name,
        argument: 'inputs',
        must: `be an array of at least ${vjp.length} tensors, one per vjp`,
        got: describeValue(inputs),
      });
    }
    const given = inputs.map((x: unknown, i) => operand(name, x, `inputs[${i}]`));
    const made: unknown = noGrad(() => forward(given, attributes));
    if (!(made instanceof Tensor)) {
      throw new GraphError({
        where: name,
        problem: `forward returned ${describeValue(made)}`,
        hint: 'return a tensor',
      });
    }
    // A tensor object of its own, because forward may have returned one that others hold: an input, a constant.
    const y = stopGradient(made);
    const row: OpRow<A> = {
      name,
      shape: () => y.shape,
      saves: { inputs: given.map((_, i) => i), output: true },
      vjp,
    };
    record(
      row,
      given,
      attributes,
      given.map((t) => t.shape),
      y,
    );
    return y;
  };
}
