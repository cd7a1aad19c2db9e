// For the declarations, as in scope.ts.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * @file What watches the graph while it is made: searches for NaN, hooks of new nodes, hooks of saved tensors. While
 * nothing watches, an op pays one look at {@link watch}.
 */
import { checkFunction, describeValue, inspect } from '../arguments.js';
import { isFloat } from '../dtype.js';
import { GraphError, NumericError } from '../errors.js';
import { formatShape, indexAt, type Shape, sameShape } from '../shape.js';
import { requireSynchronous, Tensor } from '../tensor.js';
import type { Node, Saved } from './node.js';

/** Ends what was begun: a hook, a mode. A second call does nothing. */
export interface Handle {
  remove(): void;
  [Symbol.dispose](): void;
}

/** A handle that runs `end` once. */
export function handleOf(end: () => void): Handle {
  let ended = false;
  const remove = (): void => {
    if (ended) return;
    ended = true;
    end();
  };
  return { remove, [Symbol.dispose]: remove };
}

/** What a hook of new nodes is told. */
export interface GraphNode {
  /** Creation number: inputs have lower ones. */
  readonly id: number;
  /** The op, or `'leaf'`. */
  readonly op: string;
  readonly shape: Shape;
  readonly dtype: Tensor['dtype'];
  /** Creation numbers of the inputs that derivatives flow to. */
  readonly inputs: readonly number[];
}

interface SavedHooks {
  /** Gets the tensor without its graph, and the leaf that it is, if it is one. */
  readonly pack: (t: Tensor, leaf: Tensor | undefined) => unknown;
  /** `pass` stands for the backward pass that asks. */
  readonly unpack: (packed: unknown, pass: object) => unknown;
}

/** What is watched now. */
export const watch = {
  /** Whether anything is. */
  any: false,
  /** Whether nodes note where they are made: detectAnomaly is on. */
  sites: false,
  /** Whether results of ops are searched for NaN: detectAnomaly is on, and no backward pass runs. */
  results: false,
  nodeHooks: [] as ((node: GraphNode) => void)[],
  saved: undefined as SavedHooks | undefined,
};

function update(): void {
  watch.any = watch.sites || watch.nodeHooks.length > 0 || watch.saved !== undefined;
}

/** Looks at a node that has just been made. */
export function observeNode(node: Node): void {
  if (watch.sites) sites.set(node, callSite());
  if (watch.saved !== undefined) pack(node, watch.saved);
  if (watch.nodeHooks.length === 0) return;
  const inputs = node.edges.flatMap((edge) => (edge === undefined ? [] : [edge.id]));
  const { id, shape, dtype } = node;
  for (const hook of [...watch.nodeHooks]) hook({ id, op: node.op?.name ?? 'leaf', shape, dtype, inputs });
}

/**
 * Has `hook` called for every node that joins the graph: a recorded op, or a leaf.
 *
 * @returns a handle whose `remove()` ends it.
 * @throws {@link ArgumentError} when `hook` is no function.
 *
 * @example
 * ```ts
 * const seen: string[] = [];
 * const handle = onNodeCreation(({ op }) => seen.push(op));
 * tensor([1, 2], { requiresGrad: true }).exp().sum();
 * handle.remove();
 * seen // => ['leaf', 'exp', 'sum']
 * ```
 */
export function onNodeCreation(hook: (node: GraphNode) => void): Handle {
  checkFunction('onNodeCreation', 'hook', hook);
  const own = (node: GraphNode): void => hook(node);
  watch.nodeHooks.push(own);
  update();
  return handleOf(() => {
    watch.nodeHooks.splice(watch.nodeHooks.indexOf(own), 1);
    update();
  });
}

// Saved tensors

/** What stands in for the tensors that a node saved. */
interface Packed {
  readonly hooks: SavedHooks;
  readonly slots: readonly Slot[];
}

interface Slot {
  /** Position among the inputs, −1 for the output. */
  readonly input: number;
  readonly value: unknown;
  readonly shape: Shape;
  readonly dtype: Tensor['dtype'];
  /** The graph that goes on behind it. */
  readonly node: Node | undefined;
}

const packedNodes = new WeakMap<Node, Packed>();
let everPacked = false;

function pack(node: Node, hooks: SavedHooks): void {
  const { op } = node;
  if (op?.saves === undefined) return;
  const slotOf = (t: Tensor, input: number): Slot => {
    const bare = new Tensor(t.storage, t.shape, t.strides, t.offset, t.dtype);
    const own = input === -1 ? node : t.node;
    return { input, value: hooks.pack(bare, t.node?.leaf), shape: t.shape, dtype: t.dtype, node: own };
  };
  const slots = op.savedInputs.map((i) => slotOf(node.inputs[i], i));
  if (op.savesOutput) slots.push(slotOf(node.output, -1));
  everPacked = true;
  packedNodes.set(node, { hooks, slots });
  node.inputs = [];
  node.output = undefined as unknown as Tensor;
}

/** What the vjps of a node may read, if hooks hold it; undefined if the node itself does. */
export function unpacked(where: string, node: Node, pass: object): Saved<unknown> | undefined {
  const packed = everPacked ? packedNodes.get(node) : undefined;
  if (packed === undefined) return undefined;
  const inputs: Tensor[] = [];
  let output = undefined as unknown as Tensor;
  for (const { input, value, shape, dtype, node: own } of packed.slots) {
    const found = packed.hooks.unpack(value, pass);
    if (!(found instanceof Tensor) || !sameShape(found.shape, shape) || found.dtype !== dtype) {
      throw new GraphError({
        where,
        problem:
          `unpack gave ${describeValue(found)} for what ${node.op?.name} (node ${node.id}) saved, ` +
          `a ${dtype} tensor of shape ${formatShape(shape)}`,
        hint: 'give back what pack was given',
      });
    }
    const t = new Tensor(found.storage, found.shape, found.strides, found.offset, found.dtype);
    t.node = own;
    if (input === -1) output = t;
    else inputs[input] = t;
  }
  return { inputs, output, shapes: node.shapes, attributes: node.attributes };
}

/** Forgets what hooks hold for a node. */
export function forgetPacked(node: Node): void {
  if (everPacked) packedNodes.delete(node);
}

/** Runs `fn`; hooks hold what its ops save. @internal */
export function withSavedHooks<T>(hooks: SavedHooks, fn: () => T): T {
  const before = watch.saved;
  watch.saved = hooks;
  update();
  try {
    return fn();
  } finally {
    watch.saved = before;
    update();
  }
}

/**
 * Runs `fn`. Each tensor that an op recorded in it saves for its derivative goes through `pack`, and the graph keeps what
 * that gives in its place; a backward pass gets the tensor back by `unpack`. So what is saved can be compressed, written to
 * a file, or counted.
 *
 * @param pack - gets the tensor without its graph; gives anything.
 * @param unpack - gives a tensor of the same shape and dtype.
 * @returns what `fn` returns.
 * @throws {@link ArgumentError} when an argument is no function or `fn` returns a promise; at `backward`
 *   {@link GraphError} when `unpack` gives anything else. Writes into a tensor that was packed are no longer noticed.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2], { requiresGrad: true });
 * const y = savedTensorHooks(
 *   (t) => t.toArray(),
 *   (values) => tensor(values as number[]),
 *   () => x.square().sum(),
 * );
 * y.backward();
 * x.grad!.toArray() // => [2, 4]
 * ```
 */
export function savedTensorHooks<T, P>(
  pack: (t: Tensor) => P,
  unpack: (packed: P) => Tensor,
  fn: () => T,
): T {
  const where = 'savedTensorHooks';
  checkFunction(where, 'pack', pack);
  checkFunction(where, 'unpack', unpack);
  checkFunction(where, 'fn', fn);
  const result = withSavedHooks({ pack: (t) => pack(t), unpack: (packed) => unpack(packed as P) }, fn);
  requireSynchronous(where, result, 'the hooks end when fn returns; await outside of it');
  return result;
}

// Anomalies

/** Where nodes were made: set while detectAnomaly is on. */
const sites = new WeakMap<Node, readonly string[]>();

/** Who made a node, the nearest caller first, if that is known. */
export function siteOf(node: Node): readonly string[] | undefined {
  return sites.get(node);
}

/** How many callers outside of this package are named. */
const FRAMES = 3;

/** Which frames are where package and caller are bundled into one file: those beyond what watches. */
const BUNDLED_FRAMES = [3, 9] as const;

/** The file and line of a stack's frame: what stands in its parentheses, or after its `at` or `@`. */
function placeOf(frame: string): string {
  const open = frame.lastIndexOf('(');
  if (open !== -1) return frame.slice(open + 1, frame.lastIndexOf(')'));
  return frame.slice(Math.max(frame.lastIndexOf('at ') + 3, frame.lastIndexOf('@') + 1)).trim();
}

/** Who called the op: the nearest callers outside of this package. */
function callSite(): string[] {
  // Only V8 has a limit, of ten frames: fewer than the library may have on top.
  const limited = Error as { stackTraceLimit?: number };
  const limit = limited.stackTraceLimit;
  if (limit !== undefined) limited.stackTraceLimit = 60;
  const frames = (new Error('site').stack ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => (line.startsWith('at ') || line.includes('@')) && !placeOf(line).startsWith('node:'));
  if (limit !== undefined) limited.stackTraceLimit = limit;
  if (frames.length === 0) return ['a place unknown'];
  // This file's folder, or the one above while the sources are not bundled.
  const folder = placeOf(frames[0])
    .replace(/[^/\\]*$/, '')
    .replace(/autodiff[/\\]$/, '');
  const outside = frames.filter((frame) => !placeOf(frame).startsWith(folder));
  const named = outside.length > 0 ? outside.slice(0, FRAMES) : frames.slice(...BUNDLED_FRAMES);
  return named.map((frame) => frame.replace(/^at /, '').replace('file://', ''));
}

function written(site: readonly string[]): string {
  return site.join(', called by ');
}

/** Notes where tensors hold their first NaN, now and at each replay of a captured step. */
function firstNaNs(tensors: readonly Tensor[]): (string | undefined)[] {
  const found = new Array<string | undefined>(tensors.length).fill(undefined);
  tensors.forEach((t, k) => {
    if (!isFloat(t.dtype)) return;
    inspect('detectAnomaly', t, (i, value) => {
      if (i === 0) found[k] = undefined;
      if (value !== value) found[k] ??= formatShape(indexAt(i, t.shape));
    });
  });
  return found;
}

/** Throws what `describe` says if `t` holds NaN. */
function refuseNaN(where: string, t: Tensor, describe: (index: string) => string): void {
  if (!isFloat(t.dtype)) return;
  inspect('detectAnomaly', t, (i, value) => {
    if (value !== value)
      throw new NumericError({ where, problem: describe(formatShape(indexAt(i, t.shape))) });
  });
}

/** Refuses a result that holds NaN, and says which input brought it in, or that the op made it. */
export function checkResult(op: string, inputs: readonly Tensor[], y: Tensor): void {
  const site = callSite();
  const found = firstNaNs(inputs);
  refuseNaN(op, y, (index) => {
    const k = found.findIndex((place) => place !== undefined);
    const origin =
      k === -1
        ? 'made from inputs without NaN'
        : `input ${k} ${formatShape(inputs[k].shape)} holds NaN at element ${found[k]}`;
    return `element ${index} of the result is NaN, ${origin}; called at ${written(site)}`;
  });
}

/** Refuses a cotangent that a vjp gave if it holds NaN. */
export function checkCotangent(where: string, node: Node, input: number, g: Tensor, made: unknown): void {
  // What is no tensor is refused elsewhere.
  if (!(made instanceof Tensor)) return;
  const before = firstNaNs([g]);
  refuseNaN(where, made, (index) => {
    const origin =
      before[0] === undefined
        ? 'made from a cotangent without NaN'
        : `its cotangent holds NaN at element ${before[0]}`;
    return (
      `element ${index} of the derivative of ${node.op?.name} (node ${node.id}) by input ${input} is NaN, ${origin}; ` +
      `${node.op?.name} was called at ${written(siteOf(node) ?? ['a place unknown: it was recorded before detectAnomaly'])}`
    );
  });
}

/** Runs a backward pass, which looks at cotangents itself, without the search of results. @internal */
export function withoutSearch<T>(fn: () => T): T {
  const before = watch.results;
  watch.results = false;
  try {
    return fn();
  } finally {
    watch.results = before;
  }
}

let anomalyDepth = 0;

/**
 * Searches every result and every cotangent for NaN, and throws at the first: with the op, the input that brought the NaN
 * in, the element, and the place in the code that called the op. Slow: for debugging.
 *
 * With a function it is on while that runs, without until the handle that it gives is removed (`using h = detectAnomaly()`).
 * A graph that was recorded before has no places. A step that is captured meanwhile searches at each replay.
 *
 * @returns what `fn` returns, or the handle.
 * @throws {@link NumericError} at the first NaN; {@link ArgumentError} when `fn` is no function or returns a promise.
 *
 * @example
 * ```ts
 * const x = tensor([1, -1], { requiresGrad: true });
 * let message = '';
 * try {
 *   detectAnomaly(() => x.sqrt().sum().backward());
 * } catch (error) {
 *   message = (error as Error).message;
 * }
 * message.slice(0, 75) // => 'sqrt: element [1] of the result is NaN, made from inputs without NaN; calle'
 * ```
 */
export function detectAnomaly(): Handle;
export function detectAnomaly<T>(fn: () => T): T;
export function detectAnomaly<T>(fn?: () => T): T | Handle {
  const where = 'detectAnomaly';
  if (fn !== undefined) checkFunction(where, 'fn', fn);
  const change = (by: number): void => {
    anomalyDepth += by;
    watch.sites = anomalyDepth > 0;
    watch.results = watch.sites;
    update();
  };
  change(1);
  const handle = handleOf(() => change(-1));
  if (fn === undefined) return handle;
  try {
    const result = fn();
    requireSynchronous(where, result, 'the search ends when fn returns; await outside of it');
    return result;
  } finally {
    handle.remove();
  }
}
