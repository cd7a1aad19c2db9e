/** @file Trading time for memory: what a function saved is computed again when its derivatives are wanted. */
import { checkFunction, checkTensor } from '../arguments.js';
import { enableGrad, isGradEnabled } from '../autodiff/mode.js';
import { withSavedHooks } from '../autodiff/watch.js';
import { GraphError } from '../errors.js';
import { withHome } from '../homes/current.js';
import { heap } from '../homes/heap.js';
import { isTracing } from '../homes/running.js';
import { type Generator, type GeneratorState, observingDraws } from '../random.js';
import type { Storage } from '../storage.js';
import { requireSynchronous, type Tensor } from '../tensor.js';

/**
 * Runs `fn` without keeping what its ops save for their derivatives: a backward pass runs it once more and takes that. Costs
 * one more forward pass, and keeps no more than the inputs and what `fn` closes over.
 *
 * `fn` must do the same each time. Generators that it draws from are put back for the second run, so dropout drops the same
 * elements. What it does besides, such as moving running statistics, happens twice. Nothing is rerun where nothing is
 * recorded, and in a captured step, whose plan decides about memory, `fn` is part of the step.
 *
 * @param fn - synchronous; takes the inputs.
 * @param inputs - tensors; they must keep their values until the derivatives have been taken.
 * @returns what `fn` returns.
 * @throws {@link ArgumentError} when `fn` is no function or returns a promise, or an input is no tensor; at `backward`
 *   {@link GraphError} when the second run saves other tensors, or an input was overwritten.
 *
 * Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", arXiv 1604.06174, 2016.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2], { requiresGrad: true });
 * checkpoint((t) => t.exp().square(), x).sum().backward();
 * x.grad!.div(x.mul(2).exp()).toArray() // => [2, 2]
 * ```
 */
export function checkpoint<A extends readonly Tensor[], R>(fn: (...inputs: A) => R, ...inputs: A): R {
  const where = 'checkpoint';
  checkFunction(where, 'fn', fn);
  inputs.forEach((x, i) => {
    checkTensor(where, `input ${i}`, x);
  });
  const hint = 'it is run again in a backward pass; await outside of it';
  if (isTracing() || !isGradEnabled()) {
    const result = fn(...inputs);
    requireSynchronous(where, result, hint);
    return result;
  }
  /** Versions of what the second run reads again: inputs, and the leaves that `fn` closes over. */
  const versions = new Map<Storage, number>(inputs.map(({ storage }) => [storage, storage.version]));
  const generators = new Map<Generator, GeneratorState>();
  let saved = 0;
  /** What the second run saved, for the pass that asked for it. */
  let again: { readonly pass: object; readonly tensors: Tensor[] } | undefined;

  const rerun = (pass: object): Tensor[] => {
    for (const [storage, version] of versions) {
      if (storage.version === version) continue;
      throw new GraphError({
        where,
        problem:
          `an input or a leaf that the function reads was written in place after it ran: ` +
          `it was at version ${version}, and is now at version ${storage.version}`,
        hint: 'write after backward, or into a clone()',
      });
    }
    const tensors: Tensor[] = [];
    const pack = (t: Tensor): number => tensors.push(t);
    // Nobody goes backward through the second run: its graph is dropped.
    const unpack = (): undefined => undefined;
    const run = (): R => onHeap(() => withSavedHooks({ pack, unpack }, () => fn(...inputs)));
    withStates(generators, () => enableGrad(run));
    if (tensors.length !== saved) {
      throw new GraphError({
        where,
        problem: `the function saved ${saved} tensors when it ran first and ${tensors.length} when it ran again`,
        hint: 'it must do the same each time',
      });
    }
    again = { pass, tensors };
    return tensors;
  };

  const remember = (source: Generator): void => {
    if (!generators.has(source)) generators.set(source, source.state());
  };
  const pack = (_t: Tensor, leaf: Tensor | undefined): number => {
    if (leaf !== undefined) versions.set(leaf.storage, leaf.storage.version);
    return saved++;
  };
  const unpack = (packed: unknown, pass: object): Tensor | undefined => {
    const tensors = again?.pass === pass ? again.tensors : rerun(pass);
    const t = tensors[packed as number];
    // Each is asked for once in a pass, and is not needed after it.
    delete tensors[packed as number];
    return t;
  };
  const run = (): R => onHeap(() => withSavedHooks({ pack, unpack }, () => fn(...inputs)));
  const result = observingDraws(remember, run);
  requireSynchronous(where, result, hint);
  return result;
}

/** Runs `fn` where the collector frees each result when it is used no longer, not at the end of a scope or a pass. */
function onHeap<T>(fn: () => T): T {
  return withHome(heap, fn);
}

/** Runs `fn` with generators as they were, and leaves them as they are. */
function withStates(states: ReadonlyMap<Generator, GeneratorState>, fn: () => void): void {
  const now = [...states.keys()].map((source) => [source, source.state()] as const);
  for (const [source, then] of states) source.restore(then);
  try {
    fn();
  } finally {
    for (const [source, state] of now) source.restore(state);
  }
}
