/** @file Ops that users define. */
import { hostKernel } from '@ndgrad/kernels';
import { checkFunction, describeValue } from '../arguments.js';
import { apply, record } from '../autodiff/apply.js';
import { isGradEnabled, noGrad } from '../autodiff/mode.js';
import { Op, type Saved, type Vjp } from '../autodiff/node.js';
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

/** Values that an op's forward function leaves for its derivative. Tensors among them are watched as all saved ones are. */
export type SavedValues = Readonly<Record<string, unknown>>;

/** What {@link defineOp} takes for an op that saves more than its inputs and its output. */
export interface SavingOp<A, S extends SavedValues> {
  /** Named in errors. */
  readonly name: string;
  /** The value, and what the derivative will read besides. Nothing that it does is recorded. */
  readonly forward: (
    inputs: readonly Tensor[],
    attributes: A,
  ) => { readonly output: Tensor; readonly saved: S };
  /**
   * For each input its vector-Jacobian product, which finds the saved values at `saved`; `null` where there is none; the last
   * serves all further inputs. How saved values depend on the inputs is not recorded: see {@link onceDifferentiable}.
   */
  readonly vjp: readonly (
    | ((g: Tensor, context: Saved<A> & { readonly saved: S }, input: number) => Tensor)
    | null
  )[];
}

/** A callable op: an array of inputs, and the attributes of the call. */
export type DefinedOp<A> = (inputs: readonly Tensor[], attributes: A) => Tensor;

/**
 * A differentiable op from a forward function and one vector-Jacobian product per input.
 *
 * A forward function that gives `{ output, saved }` hands the values in `saved` on to the vjps. Such an op can be
 * differentiated once.
 *
 * @returns a function of an array of inputs and the attributes of the call.
 * @throws {@link ArgumentError} for a definition of another form. At `backward`, {@link GraphError} names the op and the
 * input whose vjp returned something of the wrong shape or dtype, or a second derivative that is not there.
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
 *
 * const clipped = defineOp({
 *   name: 'clipped',
 *   forward: ([t]) => {
 *     const inside = t.abs().le(1);
 *     return { output: where(inside, t, t.sign()), saved: { inside } };
 *   },
 *   vjp: [(g, { saved: { inside } }) => where(inside, g, 0)],
 * });
 * const y = tensor([0.5, 3], { requiresGrad: true });
 * clipped([y], null).sum().backward();
 * y.grad!.toArray() // => [1, 0]
 * ```
 */
export function defineOp<A, S extends SavedValues>(definition: SavingOp<A, S>): DefinedOp<A>;
export function defineOp<A>(definition: CustomOp<A>): DefinedOp<A>;
export function defineOp<A>(definition: CustomOp<A> | SavingOp<A, SavedValues>): DefinedOp<A> {
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
    const { output, saved } = partsOf(name, made);
    // A tensor object of its own, because forward may have returned one that others hold: an input, a constant.
    const y = stopGradient(output);
    const values = Object.entries(saved ?? {}).filter((entry): entry is [string, Tensor] => {
      return entry[1] instanceof Tensor;
    });
    const row: Op<A> = new Op({
      name,
      shape: () => y.shape,
      saves: { inputs: [...given, ...values].map((_, i) => i), output: true },
      vjp: [
        ...given.map((_, i) => {
          const product = vjp[Math.min(i, vjp.length - 1)] as Vjp<A> | null | undefined;
          if (product === null || product === undefined) return null;
          return saved === undefined ? product : withSaved(product, given.length, saved, values);
        }),
        // What was saved besides is no input.
        null,
      ],
    });
    record(row, [...given, ...values.map(([, t]) => stopGradient(t))], attributes, y);
    return y;
  };
}

function partsOf(
  where: string,
  made: unknown,
): { readonly output: Tensor; readonly saved: SavedValues | undefined } {
  if (made instanceof Tensor) return { output: made, saved: undefined };
  if (typeof made === 'object' && made !== null && 'output' in made && 'saved' in made) {
    const { output, saved } = made;
    if (output instanceof Tensor && typeof saved === 'object' && saved !== null) {
      return { output, saved: saved as SavedValues };
    }
  }
  throw new GraphError({
    where,
    problem: `forward returned ${describeValue(made)}`,
    hint: 'return a tensor, or { output, saved }',
  });
}

/** A vjp that is shown the saved values as the graph holds them. */
function withSaved<A>(
  product: Vjp<A>,
  count: number,
  saved: SavedValues,
  values: readonly (readonly [string, Tensor])[],
): Vjp<A> {
  // Tensors come from the graph, which frees them.
  const rest = Object.fromEntries(Object.entries(saved).filter(([, value]) => !(value instanceof Tensor)));
  const names = values.map(([key]) => key);
  return onceDifferentiable((g, { inputs, output, shapes, attributes }, input) => {
    const tensors = Object.fromEntries(names.map((key, k) => [key, inputs[count + k]]));
    const context = {
      inputs: inputs.slice(0, count),
      output,
      shapes: shapes.slice(0, count),
      attributes,
      saved: { ...rest, ...tensors },
    };
    return product(g, context, input);
  });
}

const onceRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'onceDifferentiable',
  shape: ([shape]) => shape,
  vjp: [
    () => {
      throw new GraphError({
        where: 'onceDifferentiable',
        problem: 'a derivative that can be taken once was to be differentiated again',
        hint: 'write the vjp with ops on its inputs, and without onceDifferentiable',
      });
    },
  ],
});

/**
 * A vjp that may do what is not recorded, as read values or write in place: its result has no derivative of its own, and to
 * ask for one throws instead of giving a wrong number.
 *
 * @example
 * ```ts
 * const rounded = defineOp({
 *   name: 'rounded',
 *   forward: ([x]) => x.round(),
 *   vjp: [onceDifferentiable((g) => tensor(g.toTypedArray(), { shape: g.shape }))],
 * });
 * const x = tensor([1.4], { requiresGrad: true });
 * rounded([x], null).sum().backward();
 * x.grad!.toArray() // => [1]
 * ```
 */
export function onceDifferentiable<A>(vjp: Vjp<A>): Vjp<A> {
  checkFunction('onceDifferentiable', 'vjp', vjp);
  return (g, saved, input) => {
    const made = noGrad(() => vjp(g, saved, input));
    // The engine says what is wrong with a result that is no tensor.
    if (!isGradEnabled() || !(made instanceof Tensor)) return made;
    const sources = [g, ...saved.inputs, saved.output].filter((t) => t?.requiresGrad);
    const y = stopGradient(made);
    record(onceRow, sources, null, y);
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
    const row: Op<A> = new Op({
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
    });
    return apply(row, given, attributes);
  };
}
