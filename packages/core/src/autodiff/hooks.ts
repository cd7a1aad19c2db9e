/** @file Hooks of tensors: what users have called when a gradient arrives. */
import { checkFunction, checkTensor, describeValue } from '../arguments.js';
import { GraphError } from '../errors.js';
import { withHome } from '../homes/current.js';
import { formatShape, sameShape } from '../shape.js';
import type { Home } from '../storage.js';
import { Tensor } from '../tensor.js';
import type { Node } from './node.js';
import { copyOf } from './vectorSpace.js';
import { type Handle, handleOf } from './watch.js';

/** Gets the whole gradient of a tensor; what it returns, if anything, takes its place. */
export type TensorHook = (gradient: Tensor) => Tensor | undefined;

/** Gets a leaf whose `.grad` has just been accumulated. */
export type PostAccumulateGradHook = (t: Tensor) => void;

interface Hooks {
  readonly arriving: { readonly hook: TensorHook }[];
  readonly accumulated: { readonly hook: PostAccumulateGradHook }[];
  /** The tensor whose `.grad` is to hold what arrives, though it is no leaf. */
  retaining: Tensor | undefined;
}

const hooksByNode = new WeakMap<Node, Hooks>();
let everHooked = false;

/** The hooks of a node, if it has any. */
export function hooksOf(node: Node): Hooks | undefined {
  return everHooked ? hooksByNode.get(node) : undefined;
}

/** Whether `t` has hooks that a stand-in for it would not have. */
export function hasHooks(t: Tensor): boolean {
  return t.node !== undefined && hooksOf(t.node) !== undefined;
}

function hooksFor(where: string, t: unknown): { hooks: Hooks; node: Node; tensor: Tensor } {
  checkTensor(where, 't', t);
  const { node } = t;
  if (node === undefined) {
    throw new GraphError({
      where,
      problem: `the tensor ${formatShape(t.shape)} does not require a gradient, so none will arrive`,
      hint: 'make it with requiresGrad: true',
    });
  }
  let hooks = hooksByNode.get(node);
  if (hooks === undefined) {
    hooks = { arriving: [], accumulated: [], retaining: undefined };
    hooksByNode.set(node, hooks);
    everHooked = true;
  }
  return { hooks, node, tensor: t };
}

function added<H>(list: { readonly hook: H }[], hook: H): Handle {
  const entry = { hook };
  list.push(entry);
  return handleOf(() => {
    list.splice(list.indexOf(entry), 1);
  });
}

/**
 * Has `hook` called in every backward pass when the gradient of `t` is complete, before it goes on: to see it, or to put
 * another in its place by returning that. Hooks run in the order in which they were registered. The gradient that a hook
 * gets is its own to keep.
 *
 * @returns a handle whose `remove()` ends it.
 * @throws {@link GraphError} for a tensor that does not require a gradient; at `backward`, when the hook returns a tensor of
 *   another shape or dtype, or no tensor. {@link ArgumentError} when `hook` is no function.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2], { requiresGrad: true });
 * const y = x.mul(3);
 * registerHook(y, (gradient) => gradient.mul(2));
 * y.sum().backward();
 * x.grad!.toArray() // => [6, 6]
 * ```
 */
export function registerHook(t: Tensor, hook: TensorHook): Handle {
  const where = 'registerHook';
  checkFunction(where, 'hook', hook);
  return added(hooksFor(where, t).hooks.arriving, hook);
}

/**
 * Has `hook` called after every `backward` that has accumulated into the `.grad` of the leaf `t`, when all gradients of the
 * pass are in place: an optimiser that steps at once, and drops the gradient, saves its memory.
 *
 * @returns a handle whose `remove()` ends it.
 * @throws {@link GraphError} for a tensor that is no leaf or does not require a gradient; {@link ArgumentError} when `hook`
 *   is no function.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * registerPostAccumulateGradHook(w, (t) => {
 *   noGrad(() => assign(t, t.sub(t.grad!.mul(0.5))));
 *   t.grad = undefined;
 * });
 * w.square().sum().backward();
 * w.toArray() // => [0, 0]
 * ```
 */
export function registerPostAccumulateGradHook(t: Tensor, hook: PostAccumulateGradHook): Handle {
  const where = 'registerPostAccumulateGradHook';
  checkFunction(where, 'hook', hook);
  const { hooks, node } = hooksFor(where, t);
  if (node.leaf === undefined) {
    throw new GraphError({
      where,
      problem: `the tensor ${formatShape(t.shape)} is the result of ${node.op?.name}, into whose .grad nothing is accumulated`,
      hint: 'use registerHook, or call it on a leaf',
    });
  }
  return added(hooks.accumulated, hook);
}

/**
 * Has `backward` accumulate into `.grad` of `t`, though it is no leaf. For a leaf, which has that anyway, nothing happens.
 *
 * @returns `t`.
 * @throws {@link GraphError} for a tensor that does not require a gradient.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2], { requiresGrad: true });
 * const y = retainGrad(x.mul(3));
 * y.square().sum().backward();
 * y.grad!.toArray() // => [6, 12]
 * ```
 */
export function retainGrad<T extends Tensor>(t: T): T {
  const { hooks, node } = hooksFor('retainGrad', t);
  if (node.leaf === undefined) hooks.retaining = t;
  return t;
}

/** The gradient of a node after its hooks have seen it. What they are given, and what they make, lives in `home`. */
export function throughHooks(
  where: string,
  hooks: Hooks,
  node: Node,
  g: Tensor,
  home: Home,
  createGraph: boolean,
): Tensor {
  let gradient = g;
  for (const { hook } of [...hooks.arriving]) {
    const given = gradient;
    const answer: unknown = withHome(home, () => hook(createGraph ? given : copyOf(given)));
    if (answer === undefined) continue;
    if (!(answer instanceof Tensor) || !sameShape(answer.shape, node.shape) || answer.dtype !== node.dtype) {
      throw new GraphError({
        where,
        problem:
          `a hook of the ${node.op === undefined ? 'leaf' : `result of ${node.op.name}`} (node ${node.id}) returned ` +
          `${describeValue(answer)}, the gradient is a ${node.dtype} tensor of shape ${formatShape(node.shape)}`,
        hint: 'return a tensor like the gradient, or nothing',
      });
    }
    gradient = answer;
  }
  return gradient;
}
