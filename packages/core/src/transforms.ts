/** @file Derivatives as users ask for them: the imperative `backward`, and functions of functions. */
import { elementwise } from '@ndgrad/kernels';
import { checkOptions, checkSameShape, checkTensor, describeValue } from './arguments.js';
import { apply, markLeaf } from './autodiff/apply.js';
import { free, propagate, rootOf } from './autodiff/backward.js';
import { enableGrad, isGradEnabled, noGrad } from './autodiff/mode.js';
import type { Node, OpRow } from './autodiff/node.js';
import { copyOf, planOf, zeros } from './autodiff/vectorSpace.js';
import { isFloat } from './dtype.js';
import { ArgumentError, DTypeError, GraphError } from './errors.js';
import { currentHome } from './homes/current.js';
import { isTracing } from './homes/running.js';
import { add, clone, mul, stopGradient } from './ops/elementwise.js';
import { sum } from './ops/reduce.js';
import { formatShape, packedStrides } from './shape.js';
import { borrowGrad, reusableGradient, Tensor } from './tensor.js';

/** Options of {@link backward}. */
export interface BackwardOptions {
  /** Whether the graph stays for another pass. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Whether the gradients themselves can be differentiated. Default `false`. */
  readonly createGraph?: boolean;
  /** The leaves to accumulate into; default: all that the output depends on. */
  readonly inputs?: readonly Tensor[];
}

/**
 * Accumulates into `.grad` of every leaf the derivative of `output`, contracted with `gradient`. Gradients are added to
 * what is there. All are committed at the end: a pass that throws has changed nothing.
 *
 * @param output - one element, unless `gradient` is given.
 * @param gradient - the cotangent to start from, shaped as `output`. Default 1.
 * @throws {@link GraphError} when nothing requires a gradient, the graph was freed, a saved value was overwritten, or
 * `output` has several elements and no `gradient` is given.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * backward(w.square().sum());
 * w.grad!.toArray() // => [2, 4]
 * ```
 */
export function backward(output: Tensor, gradient?: Tensor, options: BackwardOptions = NO_OPTIONS): void {
  const where = 'backward';
  checkTensor(where, 'output', output);
  if (gradient !== undefined) checkTensor(where, 'gradient', gradient);
  if (options !== NO_OPTIONS) checkOptions(where, options, ['retainGraph', 'createGraph', 'inputs']);
  const { createGraph = false, retainGraph = createGraph, inputs } = options;
  if (inputs !== undefined) requireList(where, 'inputs', inputs);
  const targets =
    inputs === undefined ? undefined : new Set(inputs.map((t, i) => nodeOf(where, `inputs[${i}]`, t)));
  for (const node of targets ?? []) {
    if (node.leaf === undefined) {
      throw new GraphError({
        where,
        problem: `inputs holds the result of ${node.row?.name}, not a leaf`,
        hint: 'use gradients(outputs, inputs)',
      });
    }
  }
  const root = rootOf(where, output, gradient);
  propagate(where, [root], createGraph, targets, ({ cotangents, visited }) => {
    const commits: [Tensor, Tensor][] = [];
    for (const [{ leaf }, g] of cotangents) {
      if (leaf === undefined) continue;
      // Anything but a tensor counts as no gradient: null is a habit from elsewhere.
      const before: unknown = borrowGrad(leaf);
      commits.push([
        leaf,
        before instanceof Tensor
          ? owned(() => add(before, g), createGraph)
          : firstGradient(leaf, g, createGraph),
      ]);
    }
    for (const [leaf, grad] of commits) leaf.grad = grad;
    if (!retainGraph) free(visited);
  });
}

const NO_OPTIONS: BackwardOptions = {};

/** A tensor with memory of its own: a cotangent may share its memory with others or with the caller's gradient. */
function owned(make: () => Tensor, createGraph: boolean): Tensor {
  return createGraph ? enableGrad(make) : noGrad(make);
}

function ownCopy(g: Tensor, createGraph: boolean): Tensor {
  return createGraph ? enableGrad(() => clone(g)) : copyOf(g);
}

/** The gradient of a leaf that has none. A parameter's goes where the last one was, if nobody outside has seen that. */
function firstGradient(leaf: Tensor, g: Tensor, createGraph: boolean): Tensor {
  const fixed = createGraph || isTracing() || leaf.storage.address === 0;
  const gradient = fixed ? undefined : reusableGradient(leaf);
  if (gradient === undefined) return ownCopy(g, createGraph);
  copyInside(gradient, g);
  gradient.storage.touch();
  return gradient;
}

/** Copies `g` into packed memory. Inside of linear memory that is one move. */
function copyInside({ storage }: Tensor, g: Tensor): void {
  const { address, values, base, digit } = g.storage;
  if (address !== 0 && storage.address !== 0 && digit === storage.digit && g.isContiguous) {
    const from = base + g.offset;
    const to = storage.address / values.BYTES_PER_ELEMENT;
    // A view of all of the memory, unless the array is known outside.
    if (!g.storage.exposed && values.length > to + g.size) {
      values.copyWithin(to, from, from + g.size);
      return;
    }
  }
  const home = currentHome();
  const target = new Tensor(storage, g.shape, packedStrides(g.shape), 0, g.dtype);
  home.call(elementwise.copy, planOf(g.shape, [g]), target, g);
}

function nodeOf(where: string, argument: string, t: unknown): Node {
  checkTensor(where, argument, t);
  if (t.node !== undefined) return t.node;
  throw new GraphError({
    where,
    problem: `${argument} does not require a gradient`,
    hint: 'make it with requiresGrad: true',
  });
}

/** Options of {@link gradients}. */
export interface GradientsOptions {
  /** Cotangents to start from, one per output. Default: 1 for outputs of one element. */
  readonly gradients?: readonly (Tensor | undefined)[];
  /** Whether the graph stays for another pass. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Whether the derivatives themselves can be differentiated. Default `false`. */
  readonly createGraph?: boolean;
  /** Whether inputs that no output depends on give `undefined` instead of an error. Default `false`. */
  readonly allowUnused?: boolean;
  /** Whether such inputs give zeros instead. Default `false`. */
  readonly materializeGrads?: boolean;
}

/**
 * Derivatives of outputs already computed, by any tensors in their graph. Nothing is accumulated.
 *
 * @returns one tensor per input.
 * @throws {@link GraphError} for an input that no output depends on, unless `allowUnused`.
 *
 * @example
 * ```ts
 * const x = tensor(3, { requiresGrad: true });
 * const y = x.mul(x);
 * const [dx] = gradients([y], [x], { createGraph: true });
 * gradients([dx!], [x])[0]!.item() // => 2
 * ```
 */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradientsOptions = {},
): (Tensor | undefined)[] {
  const where = 'gradients';
  checkOptions(where, options, [
    'gradients',
    'retainGraph',
    'createGraph',
    'allowUnused',
    'materializeGrads',
  ]);
  requireList(where, 'outputs', outputs);
  requireList(where, 'inputs', inputs);
  const {
    createGraph = false,
    retainGraph = createGraph,
    allowUnused = false,
    materializeGrads = false,
  } = options;
  const nodes = inputs.map((t, i) => nodeOf(where, `inputs[${i}]`, t));
  const { gradients: starts } = options;
  if (starts !== undefined) requireList(where, 'gradients', starts);
  const roots = outputs.map((y, i) => {
    checkTensor(where, `outputs[${i}]`, y);
    const start = starts?.[i];
    if (start !== undefined) checkTensor(where, `gradients[${i}]`, start);
    return rootOf(where, y, start);
  });
  return propagate(where, roots, createGraph, new Set(nodes), ({ cotangents, visited }) => {
    const result = nodes.map((node, i) => {
      const g = cotangents.get(node);
      if (g !== undefined) return ownCopy(g, createGraph);
      if (materializeGrads) return zeros(node.shape, node.dtype);
      if (allowUnused) return undefined;
      throw new GraphError({
        where,
        problem: `no output depends on inputs[${i}] ${formatShape(node.shape)}`,
        hint: 'pass allowUnused: true for undefined, or materializeGrads: true for zeros',
      });
    });
    if (!retainGraph) free(visited);
    return result;
  });
}

function requireList(where: string, argument: string, list: unknown): void {
  if (Array.isArray(list) && list.length > 0) return;
  throw new ArgumentError({ where, argument, must: 'be an array of tensors', got: describeValue(list) });
}

/** A function of tensors with one tensor as its result. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** Options of {@link grad} and {@link valueAndGrad}. */
export interface GradOptions<N extends number | readonly number[]> {
  /** By which arguments to differentiate: a position, or several. Default 0. */
  readonly argnums?: N;
}

/** One derivative for one position, an array for several. */
export type Derivatives<N extends number | readonly number[]> = N extends number ? Tensor : Tensor[];

const identityRow: OpRow<null> = {
  name: 'identity',
  shape: ([shape]) => shape,
  view: (x) => ({ strides: x.strides, offset: x.offset }),
  vjp: [(g) => g],
};

/** A fresh point of the graph at `x`: a leaf, or a view through which an outer derivative still sees `x`. */
function freshInput(where: string, argument: string, x: unknown): Tensor {
  checkTensor(where, argument, x);
  if (!isFloat(x.dtype)) {
    throw new DTypeError({
      where,
      argument,
      must: 'be float32 or float64',
      got: x.dtype,
      hint: 'close over it, or leave it out of argnums',
    });
  }
  const alias = enableGrad(() => apply(identityRow, [x], null));
  return alias.node === undefined ? markLeaf(where, alias) : alias;
}

/** Runs `f` with fresh points in place of the arguments at `positions`. */
function trace(
  where: string,
  f: TensorFunction,
  inputs: readonly Tensor[],
  positions: readonly number[],
): { points: Tensor[]; output: Tensor } {
  if (typeof f !== 'function') {
    throw new ArgumentError({ where, argument: 'f', must: 'be a function', got: describeValue(f) });
  }
  const args = inputs.slice();
  const points = positions.map((position) => {
    if (!Number.isInteger(position) || position < 0 || position >= inputs.length) {
      throw new ArgumentError({
        where,
        argument: 'argnums',
        must: `be a position among the ${inputs.length} arguments`,
        got: describeValue(position),
      });
    }
    const point = freshInput(where, `argument ${position}`, inputs[position]);
    args[position] = point;
    return point;
  });
  const output: unknown = enableGrad(() => f(...args));
  if (!(output instanceof Tensor)) {
    throw new GraphError({ where, problem: `f returned ${describeValue(output)}`, hint: 'return a tensor' });
  }
  return { points, output };
}

/**
 * Whether `output` depends on anything outside that requires a gradient, through its arguments or through what the
 * function closes over: then this derivative stands inside of another one and must be differentiable itself.
 */
function seesOutside(output: Tensor, points: readonly Tensor[]): boolean {
  const own = new Set(points.map((point) => point.node));
  const reached = new Set(output.node === undefined ? [] : [output.node]);
  // A Set yields what is added while it is walked.
  for (const node of reached) {
    if (node.leaf !== undefined && !own.has(node)) return true;
    for (const edge of node.edges) if (edge !== undefined) reached.add(edge);
  }
  return false;
}

/** Derivatives of `output` by fresh points; zeros where it does not depend on one. */
function derivativesAt(
  where: string,
  output: Tensor,
  points: readonly Tensor[],
  g: Tensor | undefined,
  createGraph: boolean,
): Tensor[] {
  const nodes = points.map((point) => point.node as Node);
  // A constant function has no graph; its derivative is 0.
  if (output.node === undefined) return nodes.map((node) => zeros(node.shape, node.dtype));
  return propagate(where, [rootOf(where, output, g)], createGraph, new Set(nodes), ({ cotangents }) =>
    nodes.map((node) => {
      const found = cotangents.get(node);
      return found === undefined ? zeros(node.shape, node.dtype) : ownCopy(found, createGraph);
    }),
  );
}

/**
 * The function that gives value and derivative of `f`, as `[value, derivative]`. Nothing is accumulated in `.grad`.
 *
 * @param f - gives a tensor of one element.
 * @param options - `argnums`: by which arguments; default the first.
 * @throws {@link GraphError} when `f` gives several elements or no tensor.
 *
 * @example
 * ```ts
 * const [value, derivative] = valueAndGrad((x) => x.square().sum())(tensor([1, 2]));
 * value.item() // => 5
 * derivative.toArray() // => [2, 4]
 * ```
 */
export function valueAndGrad<const N extends number | readonly number[] = 0>(
  f: TensorFunction,
  options: GradOptions<N> = {},
): (...inputs: Tensor[]) => [value: Tensor, derivative: Derivatives<N>] {
  return differentiator('valueAndGrad', f, options);
}

function differentiator<N extends number | readonly number[]>(
  where: string,
  f: TensorFunction,
  options: GradOptions<N>,
): (...inputs: Tensor[]) => [value: Tensor, derivative: Derivatives<N>] {
  checkOptions(where, options, ['argnums']);
  const argnums: unknown = options.argnums ?? 0;
  const positions: unknown = typeof argnums === 'number' ? [argnums] : argnums;
  if (!Array.isArray(positions) || new Set(positions).size !== positions.length) {
    throw new ArgumentError({
      where,
      argument: 'argnums',
      must: 'be a position or an array of different positions',
      got: Array.isArray(positions) ? formatShape(positions) : describeValue(argnums),
    });
  }
  return (...inputs) => {
    const { points, output } = trace(where, f, inputs, positions);
    const nested = isGradEnabled() && seesOutside(output, points);
    const found = derivativesAt(where, output, points, undefined, nested);
    const value = nested ? output : stopGradient(output);
    return [value, (typeof argnums === 'number' ? found[0] : found) as Derivatives<N>];
  };
}

/**
 * The function that gives the derivative of `f`. Nested calls give higher derivatives. Nothing is accumulated in `.grad`.
 *
 * @param f - gives a tensor of one element.
 * @param options - `argnums`: by which arguments; default the first.
 * @throws {@link GraphError} when `f` gives several elements or no tensor.
 *
 * @example
 * ```ts
 * const cube = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
 * grad(cube)(tensor([2])).toArray() // => [12]
 * grad((x) => grad(cube)(x).sum())(tensor([2])).toArray() // => [12]
 * ```
 */
export function grad<const N extends number | readonly number[] = 0>(
  f: TensorFunction,
  options: GradOptions<N> = {},
): (...inputs: Tensor[]) => Derivatives<N> {
  const both = differentiator('grad', f, options);
  return (...inputs) => both(...inputs)[1];
}

/**
 * The value of `f`, and the function that takes a cotangent of that value to the cotangents of the inputs.
 *
 * @returns `[value, pullback]`; the pullback may be called many times and gives one tensor per input.
 *
 * @example
 * ```ts
 * const [value, pullback] = vjp((x) => x.mul(2), tensor([1, 2]));
 * value.toArray() // => [2, 4]
 * pullback(tensor([1, 10]))[0]!.toArray() // => [2, 20]
 * ```
 */
export function vjp(
  f: TensorFunction,
  ...inputs: Tensor[]
): [value: Tensor, pullback: (g: Tensor) => Tensor[]] {
  const { points, output } = trace(
    'vjp',
    f,
    inputs,
    inputs.map((_, i) => i),
  );
  const nested = isGradEnabled() && seesOutside(output, points);
  const pullback = (g: Tensor): Tensor[] => {
    checkTensor('vjp', 'the cotangent', g);
    return derivativesAt('vjp', output, points, g, nested || (isGradEnabled() && g.requiresGrad));
  };
  return [nested ? output : stopGradient(output), pullback];
}

/**
 * Hessian-vector product of `f` at `inputs`, without the Hessian: the derivative of `⟨∇f, v⟩`.
 *
 * @param f - gives a tensor of one element.
 * @param inputs - a tensor, or one per argument of `f`.
 * @param vectors - shaped as `inputs`.
 * @returns shaped as `inputs`.
 *
 * @example
 * ```ts
 * hvp((x) => x.mul(x).mul(x).sum(), tensor([1, 2]), tensor([1, 1])).toArray() // => [6, 12]
 * ```
 */
export function hvp(f: TensorFunction, inputs: Tensor, vectors: Tensor): Tensor;
export function hvp(f: TensorFunction, inputs: readonly Tensor[], vectors: readonly Tensor[]): Tensor[];
export function hvp(
  f: TensorFunction,
  inputs: Tensor | readonly Tensor[],
  vectors: Tensor | readonly Tensor[],
): Tensor | Tensor[] {
  const where = 'hvp';
  const single = inputs instanceof Tensor;
  const points = single ? [inputs] : inputs;
  const directions = vectors instanceof Tensor ? [vectors] : vectors;
  requireList(where, 'inputs', points);
  requireList(where, 'vectors', directions);
  if (directions.length !== points.length) {
    throw new ArgumentError({
      where,
      argument: 'vectors',
      must: `hold one per input, ${points.length}`,
      got: `${directions.length}`,
    });
  }
  points.forEach((x, i) => {
    checkTensor(where, `vectors[${i}]`, directions[i]);
    checkTensor(where, `inputs[${i}]`, x);
    checkSameShape(where, `inputs[${i}]`, x, `vectors[${i}]`, directions[i]);
  });
  const slope: TensorFunction = (...xs) => {
    const { points: inner, output } = trace(
      where,
      f,
      xs,
      xs.map((_, i) => i),
    );
    return derivativesAt(where, output, inner, undefined, true)
      .map((g, i) => sum(mul(g, directions[i])))
      .reduce((total, term) => add(total, term));
  };
  const { points: outer, output } = trace(
    where,
    slope,
    points,
    points.map((_, i) => i),
  );
  const nested = isGradEnabled() && seesOutside(output, outer);
  const products = derivativesAt(where, output, outer, undefined, nested);
  return single ? products[0] : products;
}
