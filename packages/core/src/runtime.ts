/** @file What the library runs on: which kernels, and how much memory. */
import { type KernelBuild, kernelBuild, memoryUse, pinDeterministic, useBuild } from '@ndgrad/kernels';
import { checkBoolean, checkEnum } from './arguments.js';
import { type Handle, handleOf } from './autodiff/watch.js';
import type { DType } from './dtype.js';
import { ArgumentError, StateError } from './errors.js';
import { liveParameters, openArenas, parameters } from './homes/arena.js';
import { bytesInUse, bytesPer } from './homes/blocks.js';
import { withHome } from './homes/current.js';
import { trackHeap } from './homes/heap.js';
import { isTracing, requireRunning } from './homes/running.js';

export type { KernelBuild } from '@ndgrad/kernels';

/**
 * Chooses the kernels that run from now on. Without a choice it is the fastest build that the machine accepts by itself.
 *
 *  - `'relaxed'`: WebAssembly with relaxed SIMD and fused multiply-add. On Node 20 this sets V8's flag for it.
 *  - `'simd'`: WebAssembly SIMD. Its bits are the same on every machine.
 *  - `'js'`: JavaScript, in double precision, rounded once per operation.
 *
 * float64 always runs in JavaScript. Captured steps record anew after a change.
 *
 * @throws {@link ArgumentError} for another name; {@link StateError} for a build that cannot run here, or under
 *   {@link deterministic}.
 *
 * @example
 * ```ts
 * setKernels('js');
 * currentKernels() // => 'js'
 * ```
 */
export function setKernels(build: KernelBuild): void {
  const where = 'setKernels';
  checkEnum(where, 'build', build, ['relaxed', 'simd', 'js']);
  requireRunning(where, 'kernels cannot change inside of a captured step', 'call it outside of the step');
  if (useBuild(build)) return;
  throw new StateError({
    where,
    problem: `the '${build}' kernels cannot run here`,
    hint:
      build === 'relaxed'
        ? "use 'simd'; relaxed SIMD needs a newer engine, or deterministic(false)"
        : "use 'js'; WebAssembly SIMD is not there, or not allowed",
  });
}

/** The kernels in force. */
export function currentKernels(): KernelBuild {
  return kernelBuild();
}

/**
 * Pins the kernels whose bits are the same on every machine, `'simd'`, until it is called with `false`, which goes back to
 * the fastest.
 *
 * @throws {@link ArgumentError} for anything but true or false.
 *
 * @example
 * ```ts
 * deterministic(true);
 * currentKernels() // => 'simd'
 * deterministic(false);
 * ```
 */
export function deterministic(on: boolean): void {
  checkBoolean('deterministic', 'on', on);
  requireRunning(
    'deterministic',
    'kernels cannot change inside of a captured step',
    'call it outside of the step',
  );
  pinDeterministic(on);
}

/**
 * Runs `fn`; what it makes lives in linear memory, where kernels need no copy of it, until the collector finds it unused:
 * for state that is small in number and long in life, as an optimiser's moments. Also inside of scopes.
 *
 * @returns what `fn` returns.
 *
 * @example
 * ```ts
 * longLived(() => zeros([2, 2])).shape // => [2, 2]
 * ```
 */
export function longLived<T>(fn: () => T): T {
  return isTracing() ? fn() : withHome(parameters, fn);
}

/** What {@link memory} reports, in bytes. */
export interface MemoryReport {
  /** Linear memory that the system has set aside; it is not touched, and so not used up, before it is written. */
  readonly reserved: number;
  /** Parameters and optimiser state. */
  readonly parameters: number;
  /** Results of scopes that are open, and of a backward pass that runs. */
  readonly scopes: number;
  /** Plans of captured steps. */
  readonly plans: number;
  /** Scratch through which the heap's values reach WebAssembly, and the nursery where its small results begin. */
  readonly staging: number;
  /** What is alive, by home, op and dtype, the most bytes first. Results on the heap are in it under {@link watchHeap}. */
  readonly buffers: readonly LiveBuffers[];
}

/** Buffers that are alive, of one home and dtype, that one op made. */
export interface LiveBuffers {
  readonly home: 'heap' | 'scope' | 'backward' | 'parameters';
  readonly op: string;
  readonly dtype: DType;
  readonly count: number;
  readonly bytes: number;
}

/** Counts buffers by home, op and dtype. */
class Census {
  readonly #groups = new Map<string, { -readonly [K in keyof LiveBuffers]: LiveBuffers[K] }>();

  count(home: LiveBuffers['home'], op: string, dtype: DType, by: number, bytes: number): void {
    const key = `${home} ${dtype} ${op}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { home, op, dtype, count: 0, bytes: 0 };
      this.#groups.set(key, group);
    }
    group.count += by;
    group.bytes += by * bytes;
    if (group.count === 0) this.#groups.delete(key);
  }

  get groups(): LiveBuffers[] {
    return [...this.#groups.values()].map((group) => ({ ...group }));
  }
}

let heapCensus: Census | undefined;

/**
 * Has `memory().buffers` tell of results on the heap too: of those made from now on, until the handle is removed. What the
 * collector has freed leaves the count when it says so, which it never does inside of a synchronous loop.
 *
 * @throws {@link StateError} while another handle is in force.
 *
 * @example
 * ```ts
 * const handle = watchHeap();
 * const x = tensor([1, 2]).exp();
 * memory().buffers.find(({ op }) => op === 'exp')!.bytes // => 8
 * handle.remove();
 * ```
 */
export function watchHeap(): Handle {
  if (heapCensus !== undefined) {
    throw new StateError({
      where: 'watchHeap',
      problem: 'the heap is being watched already',
      hint: 'remove() the handle of the earlier call',
    });
  }
  const census = new Census();
  const registry = new FinalizationRegistry<readonly [op: string, dtype: DType, bytes: number]>(
    ([op, dtype, bytes]) => census.count('heap', op, dtype, -1, bytes),
  );
  trackHeap((storage, op) => {
    const { dtype, length } = storage;
    const bytes = length * bytesPer(dtype);
    census.count('heap', op, dtype, 1, bytes);
    registry.register(storage, [op, dtype, bytes]);
  });
  heapCensus = census;
  return handleOf(() => {
    trackHeap(undefined);
    heapCensus = undefined;
  });
}

function liveBuffers(): LiveBuffers[] {
  const census = new Census();
  for (const { maker, dtype, bytes } of liveParameters.values())
    census.count('parameters', maker, dtype, 1, bytes);
  for (const arena of openArenas) {
    arena.visit((maker, { dtype, length }) =>
      census.count(arena.name, maker, dtype, 1, length * bytesPer(dtype)),
    );
  }
  return [...census.groups, ...(heapCensus?.groups ?? [])].sort((a, b) => b.bytes - a.bytes);
}

/**
 * What lives in linear memory, and in detail the buffers that are alive. Everything else is on the heap, in ordinary arrays
 * that the collector frees.
 *
 * @example
 * ```ts
 * const before = memory().parameters;
 * const w = zeros([1000], { requiresGrad: true });
 * memory().parameters - before >= 4000 // => true
 * ```
 */
export function memory(): MemoryReport {
  const { parameters, arenas, plans, staging } = bytesInUse();
  return {
    reserved: memoryUse().reserved,
    parameters,
    scopes: arenas,
    plans,
    staging,
    get buffers() {
      return liveBuffers();
    },
  };
}
