// A consumer's lib may lack Symbol.dispose: the declarations bring its type along.
/// <reference lib="esnext.disposable" preserve="true" />
/** @file Scopes: results that are freed together. */
import { checkFunction, describeValue } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { Arena } from '../homes/arena.js';
import { currentHome, enterHome } from '../homes/current.js';
import { isTracing } from '../homes/running.js';
import type { Home, Storage } from '../storage.js';
import { requireSynchronous, Tensor } from '../tensor.js';

/** Tensors that outlived the scope that made them: values, whose graph is gone. */
const survivors = new WeakSet<Tensor>();

/** Whether `t` came out of a scope, and its graph did not. */
export function hasLeftScope(t: Tensor): boolean {
  return survivors.has(t);
}

/** Notes that `t` is a value whose graph has ended. @internal */
export function markSurvivor(t: Tensor): void {
  survivors.add(t);
}

const open: Scope[] = [];

/**
 * A scope that is open until it is disposed of; `using` does that at the end of a block. Made by {@link scope} without
 * a function.
 */
export class Scope {
  readonly #arena: Arena | undefined;
  readonly #before: Home;
  readonly #kept: Tensor[] = [];

  /** @internal */
  constructor() {
    this.#before = currentHome();
    // In a captured step the plan places everything, so a scope has nothing to do.
    this.#arena = isTracing() ? undefined : new Arena('scope', this.#before);
    if (this.#arena !== undefined) enterHome(this.#arena);
    open.push(this);
  }

  /** Has the values of `t` outlive the scope. @internal */
  keep(t: Tensor): void {
    this.#kept.push(t);
    this.#arena?.save(t.storage);
  }

  /** Frees what was made in the scope and in scopes inside of it, and not kept. A second call does nothing. */
  [Symbol.dispose](): void {
    const place = open.lastIndexOf(this);
    if (place === -1) return;
    // What was opened inside and forgotten ends too, the innermost first.
    for (const ending of open.splice(place).reverse()) ending.#end();
  }

  #end(): void {
    const arena = this.#arena;
    if (arena === undefined) return;
    enterHome(this.#before);
    for (const t of this.#kept) endGraph(t);
    arena.release();
  }

  /** Whether a storage is freed with this scope. @internal */
  owns(storage: Storage): boolean {
    return this.#arena !== undefined && storage.owner === this.#arena;
  }
}

/** Cuts a survivor off from the graph that made it. A leaf has none. */
function endGraph(t: Tensor): void {
  if (t.isLeaf) return;
  t.node = undefined;
  survivors.add(t);
}

/** Calls `visit` for each tensor in a result: a tensor, or arrays, maps and plain objects of results. */
export function eachTensor(result: unknown, visit: (t: Tensor) => void, seen = new Set<object>()): void {
  if (result instanceof Tensor) {
    visit(result);
    return;
  }
  if (typeof result !== 'object' || result === null || seen.has(result) || ArrayBuffer.isView(result)) return;
  seen.add(result);
  const parts =
    result instanceof Map || result instanceof Set || Array.isArray(result)
      ? result.values()
      : isPlainObject(result)
        ? Object.values(result)
        : [];
  for (const part of parts) eachTensor(part, visit, seen);
}

/** Whether `x` is a bare object, whose fields are parts of a result; an instance of a class keeps its fields to itself. */
export function isPlainObject(x: unknown): x is Readonly<Record<string, unknown>> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || prototype === Object.prototype;
}

/**
 * Runs `fn`; every result made inside lives in pooled memory and is freed together when `fn` returns, so that a loop
 * of training steps leaves nothing for the collector.
 *
 * What survives: the tensors that `fn` returns (alone, or in arrays, maps and plain objects), as values without their
 * graph; what {@link keep} was called with; `.grad`, parameters, and whatever `assign` writes into. Using any other
 * result of the scope afterwards throws.
 *
 * Without `fn` the scope stays open until it is disposed of: `using s = scope();`.
 *
 * @returns what `fn` returns.
 * @throws {@link ArgumentError} when `fn` is no function or returns a promise. Later, {@link StateError} for a use of a
 *   result that was freed, naming the op that made it, and for `backward` on one that survived.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * const loss = scope(() => {
 *   const l = w.square().sum();
 *   l.backward();
 *   return l;
 * });
 * loss.item() // => 5
 * w.grad!.toArray() // => [2, 4]
 * ```
 */
export function scope(): Scope;
export function scope<T>(fn: () => T): T;
export function scope<T>(fn?: () => T): T | Scope {
  if (fn === undefined) return new Scope();
  checkFunction('scope', 'fn', fn);
  const inside = new Scope();
  try {
    const result = fn();
    requireSynchronous('scope', result, 'the scope ends when fn returns; await outside of it');
    eachTensor(result, (t) => {
      if (inside.owns(t.storage)) inside.keep(t);
    });
    return result;
  } finally {
    inside[Symbol.dispose]();
  }
}

/**
 * Has the values of `t` outlive the scope that made it; outside of scopes nothing happens. The graph of `t` ends with
 * the scope.
 *
 * @returns `t`.
 * @throws {@link ArgumentError} for anything but a tensor.
 *
 * @example
 * ```ts
 * let kept: Tensor | undefined;
 * scope(() => {
 *   kept = keep(tensor([1, 2]).mul(2));
 * });
 * kept!.toArray() // => [2, 4]
 * ```
 */
export function keep<T extends Tensor>(t: T): T {
  if (!(t instanceof Tensor)) {
    throw new ArgumentError({ where: 'keep', argument: 't', must: 'be a tensor', got: describeValue(t) });
  }
  for (let i = open.length - 1; i >= 0; i--) {
    // Saved into the scope around, and from there on, until no scope owns it.
    if ((open[i] as Scope).owns(t.storage)) (open[i] as Scope).keep(t);
  }
  return t;
}
