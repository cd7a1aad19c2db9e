/** @file Derivatives of what has been computed: `backward`, which accumulates, and `gradients`, which gives. */
import { elementwise } from '@ndgrad/kernels';
import { checkOptions, checkTensor, describeValue } from './arguments.js';
import { free, propagate, rootOf } from './autodiff/backward.js';
import { hooksOf } from './autodiff/hooks.js';
import { enableGrad, noGrad, withGradMode } from './autodiff/mode.js';
import type { Node } from './autodiff/node.js';
import { copyOf, planOf, zeros } from './autodiff/vectorSpace.js';
import { ArgumentError, GraphError } from './errors.js';
import { isParameter } from './homes/arena.js';
import { currentHome } from './homes/current.js';
import { isTracing } from './homes/running.js';
import { add, clone } from './ops/elementwise.js';
import { formatShape } from './shape.js';
import { borrowGrad, reusableGradient, Tensor } from './tensor.js';

/** Options of {@link backward}. */
export interface BackwardOptions {
  /** Whether the graph stays for another pass. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Whether the gradients themselves can be differentiated. Default `false`. */
  readonly createGraph?: boolean;
  /** The tensors to accumulate into, which need not be leaves; default: all leaves that the output depends on. */
  readonly inputs?: readonly Tensor[];
}

/**
 * Accumulates into `.grad` of every leaf the derivative of `output`, contracted with `gradient`. Gradients are added to
 * what is there. All are committed at the end: a pass that throws has changed nothing. Then the hooks of
 * {@link registerPostAccumulateGradHook} are called.
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
  /** The tensors of `inputs` by their nodes. */
  const named =
    inputs === undefined
      ? undefined
      : new Map(inputs.map((t, i) => [nodeOf(where, `inputs[${i}]`, t), t] as const));
  const targets = named === undefined ? undefined : new Set(named.keys());
  const root = rootOf(where, output, gradient);
  const reached: Node[] = [];
  propagate(where, [root], createGraph, targets, ({ cotangents, retained, visited }) => {
    const commits: [Tensor, Tensor][] = [];
    const accumulate = (t: Tensor, g: Tensor): void => {
      // Anything but a tensor counts as no gradient: null is a habit from elsewhere.
      const before: unknown = borrowGrad(t);
      const sum =
        before instanceof Tensor
          ? owned(() => add(before, g), createGraph)
          : firstGradient(t, g, createGraph);
      commits.push([t, sum]);
    };
    for (const [node, g] of cotangents) {
      const t = node.leaf ?? named?.get(node);
      if (t === undefined) continue;
      accumulate(t, g);
      if (hooksOf(node) !== undefined) reached.push(node);
    }
    for (const [t, g] of retained) if (named?.get(t.node as Node) === undefined) accumulate(t, g);
    for (const [t, grad] of commits) t.grad = grad;
    if (!retainGraph) free(visited);
  });
  for (const node of reached) runPostAccumulateHooks(where, node, createGraph);
}

function runPostAccumulateHooks(where: string, node: Node, createGraph: boolean): void {
  for (const { hook } of [...(hooksOf(node)?.accumulated ?? [])]) {
    withGradMode(where, createGraph, () => hook(node.leaf as Tensor));
  }
}

const NO_OPTIONS: BackwardOptions = {};

/** A tensor with memory of its own: a cotangent may share its memory with others or with the caller's gradient. */
function owned(make: () => Tensor, createGraph: boolean): Tensor {
  return createGraph ? enableGrad(make) : noGrad(make);
}

/** A cotangent with memory of its own. @internal */
export function ownCopy(g: Tensor, createGraph: boolean): Tensor {
  return createGraph ? enableGrad(() => clone(g)) : copyOf(g);
}

/** The gradient of a leaf that has none. A parameter's goes where the last one was, if nobody outside has seen that. */
function firstGradient(leaf: Tensor, g: Tensor, createGraph: boolean): Tensor {
  const fixed = createGraph || isTracing() || !isParameter(leaf.storage);
  const gradient = fixed ? undefined : reusableGradient(leaf);
  if (gradient === undefined) return ownCopy(g, createGraph);
  currentHome().call(elementwise.copy, planOf(gradient, [g]), gradient, g);
  gradient.storage.touch();
  return gradient;
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

/** Refuses what is not a list of at least one. @internal */
export function requireList(where: string, argument: string, list: unknown): void {
  if (Array.isArray(list) && list.length > 0) return;
  throw new ArgumentError({ where, argument, must: 'be an array of tensors', got: describeValue(list) });
}
