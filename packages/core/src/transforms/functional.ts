/** @file Functions of functions: derivatives, products with them, Jacobians and Hessians. Nothing goes into `.grad`. */
import {
  checkFunction,
  checkOptions,
  checkSameDType,
  checkSameShape,
  checkTensor,
  describeValue,
} from '../arguments.js';
import { apply, markLeaf } from '../autodiff/apply.js';
import { propagate, rootOf } from '../autodiff/backward.js';
import { enableGrad, isGradEnabled } from '../autodiff/mode.js';
import { type Node, Op } from '../autodiff/node.js';
import { filled, zeros } from '../autodiff/vectorSpace.js';
import { isFloat } from '../dtype.js';
import { ArgumentError, DTypeError, GraphError } from '../errors.js';
import { add, mul, stopGradient } from '../ops/elementwise.js';
import { pad, reshape, stack } from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import { formatShape } from '../shape.js';
import { Tensor } from '../tensor.js';
import { ownCopy, requireList } from '../transforms.js';

/**
 * A function of tensors with one tensor as its result. A method's type, because those may ask more of their arguments than
 * `Tensor` says: a dtype, a rank.
 */
export type TensorFunction = { call(...inputs: Tensor[]): Tensor }['call'];

/** Options of {@link grad} and {@link valueAndGrad}. */
export interface GradOptions<N extends number | readonly number[]> {
  /** By which arguments to differentiate: a position, or several. Default 0. */
  readonly argnums?: N;
}

/** One derivative for one position, an array for several. */
export type Derivatives<N extends number | readonly number[]> = N extends number ? Tensor : Tensor[];

const identityRow: Op<null> = /* @__PURE__ */ new Op({
  name: 'identity',
  shape: ([shape]) => shape,
  view: (x) => ({ strides: x.strides, offset: x.offset }),
  vjp: [(g) => g],
});

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
  checkFunction(where, 'f', f);
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

/** By which arguments to differentiate, as the caller wrote it and as a list. */
function positionsOf(
  where: string,
  options: GradOptions<number | readonly number[]>,
): { argnums: unknown; positions: number[] } {
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
  return { argnums, positions };
}

function differentiator<N extends number | readonly number[]>(
  where: string,
  f: TensorFunction,
  options: GradOptions<N>,
): (...inputs: Tensor[]) => [value: Tensor, derivative: Derivatives<N>] {
  const { argnums, positions } = positionsOf(where, options);
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

/** Inputs, and a direction for each, as lists. */
function alongside(
  where: string,
  inputs: Tensor | readonly Tensor[],
  name: string,
  given: Tensor | readonly Tensor[],
): { points: readonly Tensor[]; directions: readonly Tensor[] } {
  const points = inputs instanceof Tensor ? [inputs] : inputs;
  const directions = given instanceof Tensor ? [given] : given;
  requireList(where, 'inputs', points);
  requireList(where, name, directions);
  if (directions.length !== points.length) {
    throw new ArgumentError({
      where,
      argument: name,
      must: `hold one per input, ${points.length}`,
      got: `${directions.length}`,
    });
  }
  points.forEach((x, i) => {
    checkTensor(where, `${name}[${i}]`, directions[i]);
    checkTensor(where, `inputs[${i}]`, x);
    checkSameShape(where, `inputs[${i}]`, x, `${name}[${i}]`, directions[i]);
    checkSameDType(where, `inputs[${i}]`, x, `${name}[${i}]`, directions[i]);
  });
  return { points, directions };
}

/** Derivatives of `Σ ⟨gradients, directions⟩`, a number, as a tensor to differentiate. */
function contracted(gradients: readonly Tensor[], directions: readonly Tensor[]): Tensor {
  return gradients.map((g, i) => sum(mul(g, directions[i]))).reduce((total, term) => add(total, term));
}

/**
 * Value of `f` at `inputs`, and its derivative there along `tangents`: `J · t`, without the Jacobian. Two backward passes:
 * the pullback `u ↦ uᵀJ` is linear in `u`, and its derivative by `u` is taken along `t`.
 *
 * @param f - gives a tensor of any shape.
 * @param inputs - a tensor, or one per argument of `f`.
 * @param tangents - shaped as `inputs`.
 * @returns `[value, tangent]`, both shaped as the value.
 * @throws {@link ArgumentError} for lists of different lengths; {@link ShapeError} and {@link DTypeError} for tangents that
 *   are not like their inputs.
 *
 * @example
 * ```ts
 * const [value, tangent] = jvp((x) => x.square(), tensor([1, 2]), tensor([1, 10]));
 * value.toArray() // => [1, 4]
 * tangent.toArray() // => [2, 40]
 * ```
 */
export function jvp(
  f: TensorFunction,
  inputs: Tensor | readonly Tensor[],
  tangents: Tensor | readonly Tensor[],
): [value: Tensor, tangent: Tensor] {
  const where = 'jvp';
  const { points: given, directions } = alongside(where, inputs, 'tangents', tangents);
  const positions = given.map((_, i) => i);
  const { points, output } = trace(where, f, given, positions);
  const nested = isGradEnabled() && (seesOutside(output, points) || directions.some((t) => t.requiresGrad));
  const value = nested ? output : stopGradient(output);
  if (output.node === undefined || !isFloat(output.dtype)) return [value, zeros(output.shape, output.dtype)];
  // The pullback is linear, so any point will do; at 0 its rows would leave out infinite factors.
  const u = enableGrad(() => markLeaf(where, filled(output.shape, 1, output.dtype)));
  const rows = derivativesAt(where, output, points, u, true);
  const product = enableGrad(() => contracted(rows, directions));
  return [value, derivativesAt(where, product, [u], undefined, nested)[0]];
}

/** Jacobians of `output` by fresh points, `[…output, …point]`: a backward pass per element of the output. */
function jacobiansAt(
  where: string,
  output: Tensor,
  points: readonly Tensor[],
  createGraph: boolean,
): Tensor[] {
  const { size, shape, dtype } = output;
  if (!isFloat(dtype)) {
    throw new DTypeError({ where, argument: 'the result of f', must: 'be float32 or float64', got: dtype });
  }
  const one = filled([1], 1, dtype);
  const rows = Array.from({ length: size }, (_, i) =>
    derivativesAt(where, output, points, reshape(pad(one, [[i, size - 1 - i]]), shape), createGraph),
  );
  return points.map((point, k) => {
    const full = [...shape, ...point.shape];
    return size === 0 ? zeros(full, point.dtype) : reshape(stack(rows.map((row) => row[k])), full);
  });
}

/**
 * The function that gives the Jacobian of `f`: `[…, …]` with the axes of the result first and those of the argument after
 * them. A backward pass per element of the result. Nested calls give higher derivatives.
 *
 * @param f - gives a tensor of any shape.
 * @param options - `argnums`: by which arguments; default the first.
 * @throws {@link LimitError} when the axes of both together are more than a tensor may have.
 *
 * @example
 * ```ts
 * jacobian((x) => x.square())(tensor([1, 2])).toArray() // => [[2, 0], [0, 4]]
 * ```
 */
export function jacobian<const N extends number | readonly number[] = 0>(
  f: TensorFunction,
  options: GradOptions<N> = {},
): (...inputs: Tensor[]) => Derivatives<N> {
  const where = 'jacobian';
  const { argnums, positions } = positionsOf(where, options);
  return (...inputs) => {
    const { points, output } = trace(where, f, inputs, positions);
    const nested = isGradEnabled() && seesOutside(output, points);
    const found = jacobiansAt(where, output, points, nested);
    return (typeof argnums === 'number' ? found[0] : found) as Derivatives<N>;
  };
}

/** One Hessian for one position; for several, the block of arguments i and j at `[i][j]`. */
export type Hessians<N extends number | readonly number[]> = N extends number ? Tensor : Tensor[][];

/**
 * The function that gives the Hessian of `f`, the second derivatives: `[…, …]` with the axes of the argument twice. A
 * backward pass per element of the argument.
 *
 * @param f - gives a tensor of one element.
 * @param options - `argnums`: by which arguments; default the first.
 * @throws {@link GraphError} when `f` gives several elements or no tensor.
 *
 * @example
 * ```ts
 * hessian((x) => x.prod())(tensor([2, 3])).toArray() // => [[0, 1], [1, 0]]
 * ```
 *
 * @see {@link hvp} for its products with vectors, which need one pass.
 */
export function hessian<const N extends number | readonly number[] = 0>(
  f: TensorFunction,
  options: GradOptions<N> = {},
): (...inputs: Tensor[]) => Hessians<N> {
  const where = 'hessian';
  const { argnums, positions } = positionsOf(where, options);
  return (...inputs) => {
    const { points, output } = trace(where, f, inputs, positions);
    const nested = isGradEnabled() && seesOutside(output, points);
    const found = derivativesAt(where, output, points, undefined, true).map((g) =>
      jacobiansAt(where, g, points, nested),
    );
    return (typeof argnums === 'number' ? found[0][0] : found) as Hessians<N>;
  };
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
  const { points, directions } = alongside(where, inputs, 'vectors', vectors);
  const slope: TensorFunction = (...xs) => {
    const { points: inner, output } = trace(
      where,
      f,
      xs,
      xs.map((_, i) => i),
    );
    return contracted(derivativesAt(where, output, inner, undefined, true), directions);
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
