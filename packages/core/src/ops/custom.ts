/** @file Ops that users define. */
import { hostKernel } from '@ndgrad/kernels';
import { describeValue } from '../arguments.js';
import { apply, record } from '../autodiff/apply.js';
import { noGrad } from '../autodiff/mode.js';
import type { OpRow, Vjp } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import type { DType, TypedArray } from '../dtype.js';
import { ArgumentError, GraphError } from '../errors.js';
import { checkShape, type Shape } from '../shape.js';
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
    record(row, given, attributes, y);
    return y;
  };
}

/** What {@link defineHostOp} takes. */
export interface HostOp<A> {
  /** Named in errors. */
  readonly name: string;
  /** Shape and dtype of the result, from those of the inputs and the options of the call alone. */
  readonly output: (
    inputs: readonly Tensor[],
    attributes: A,
  ) => { readonly shape: Shape; readonly dtype: DType };
  /** Fills `result` from the packed elements of the inputs. Pure in what it is given. */
  readonly run: (result: TypedArray, inputs: readonly TypedArray[], attributes: A) => void;
}

/**
 * An op without derivative that a function over typed arrays computes: a selection, a decoding, a count. Its result has a
 * shape that does not depend on values, so a captured step can hold it; there `run` is called at each replay.
 *
 * @returns a function of an array of at most four inputs and the attributes of the call.
 * @throws {@link ArgumentError} for a definition of another form, or more than four inputs.
 *
 * @example
 * ```ts
 * const reversed = defineHostOp<null>({
 *   name: 'reversed',
 *   output: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
 *   run: (result, [x]) => {
 *     result.set(x);
 *     result.reverse();
 *   },
 * });
 * reversed([tensor([1, 2, 3])], null).toArray() // => [3, 2, 1]
 * ```
 */
export function defineHostOp<A>(definition: HostOp<A>): (inputs: readonly Tensor[], attributes: A) => Tensor {
  const { name, output, run } = definition;
  if (typeof name !== 'string' || typeof output !== 'function' || typeof run !== 'function') {
    throw new ArgumentError({
      where: 'defineHostOp',
      argument: 'definition',
      must: 'have a name, an output function and a run function',
      got: describeValue(definition),
    });
  }
  return (inputs, attributes) => {
    if (!Array.isArray(inputs) || inputs.length > 4) {
      throw new ArgumentError({
        where: name,
        argument: 'inputs',
        must: 'be an array of at most 4 tensors',
        got: describeValue(inputs),
      });
    }
    const given = inputs.map((x: unknown, i) => operand(name, x, `inputs[${i}]`));
    const { shape, dtype } = output(given, attributes);
    const row: OpRow<A> = {
      name,
      shape: () => checkShape(name, 'the result', shape),
      dtype: () => dtype,
      run(home, y) {
        const packedInputs = given.map((x) => packed(home, x));
        const form = hostKernel(name, (_ints, ...places) => {
          const part = (k: number, size: number): TypedArray => {
            const at = places[2 * k + 1] as number;
            return (places[2 * k] as TypedArray).subarray(at, at + size);
          };
          run(
            part(0, y.size),
            given.map((x, k) => part(k + 1, x.size)),
            attributes,
          );
        });
        home.call(form, [], y, packedInputs[0], packedInputs[1], packedInputs[2], packedInputs[3]);
      },
    };
    return apply(row, given, attributes);
  };
}
