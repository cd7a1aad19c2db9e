/** @file `capture`: a training step recorded once and replayed over fixed memory. */
import { checkFunction, checkNumber, checkOptions, describeValue } from '../arguments.js';
import { markLeaf } from '../autodiff/apply.js';
import { hasHooks } from '../autodiff/hooks.js';
import { eachTensor, isPlainObject, markSurvivor } from '../autodiff/scope.js';
import { ArgumentError, CaptureError } from '../errors.js';
import { currentHome, withHome } from '../homes/current.js';
import { isTracing } from '../homes/running.js';
import { packedStrides, sameShape } from '../shape.js';
import type { Storage } from '../storage.js';
import {
  copyPacked,
  gradientOf,
  isThenable,
  observeGradients,
  pinGradient,
  putGradient,
  Tensor,
} from '../tensor.js';
import { explainPlans } from './explain.js';
import { freePlan, Plan } from './plan.js';
import { simplify } from './simplify.js';
import { Trace } from './trace.js';

/** Options of {@link capture}. */
export interface CaptureOptions {
  /** How many plans are kept, one per combination of input shapes; the one that was used least recently goes. Default 8. */
  readonly maxPlans?: number;
}

/** What a captured step says of itself. */
export interface CaptureStats {
  /** Replays. */
  readonly calls: number;
  /** Plans recorded: the first, and one more for each new combination of shapes or change of kernels. */
  readonly recordings: number;
  /** Plans that are kept. */
  readonly plans: number;
  /** Bytes of their memory. */
  readonly bytes: number;
}

/** A captured step: call it as the step itself. */
export interface Captured<A extends readonly Tensor[], R> {
  (...inputs: A): R;
  /** The plans in words: calls, memory, what was left out or fused, and where JavaScript runs between programs. */
  explain(): string;
  stats(): CaptureStats;
  /** Gives the memory of all plans back; the next call records anew. */
  dispose(): void;
}

/** A tensor from outside whose `.grad` the step touched. */
interface GradientUse {
  readonly tensor: Tensor;
  /** Whether the step looked at the gradient before it set one: then there must be one again, or none. */
  readonly looked: boolean;
  readonly before: Tensor | undefined;
  after: Tensor | undefined;
}

/** One recording. */
interface Recording {
  readonly plan: Plan;
  readonly inputs: readonly Tensor[];
  readonly gradients: readonly GradientUse[];
  /** What is to be done for gradients before and after each call. */
  readonly before: readonly ((given: readonly Tensor[]) => void)[];
  readonly after: readonly ((given: readonly Tensor[]) => void)[];
  readonly result: unknown;
}

const registry = new FinalizationRegistry<readonly [address: number, bytes: number]>(freePlan);

/**
 * Records an ordinary training step, forward, backward and update, and gives a function that replays it: over memory laid
 * out once, without a graph, without repeated or unread work, with what belongs together fused. Bits are those of the
 * eager step with the same kernels.
 *
 * The step is traced symbolically at the first call, and again for each new combination of input shapes and dtypes. While
 * it is traced nothing runs, so it must not look at values: choose with `where`, return the tensor and read it outside.
 * Plain numbers in it are fixed; those that change from step to step enter through `hostScalar`. Inputs are tensors and are
 * read at each call; what the step closes over is read where it lies. Random ops go on with their generator.
 *
 * After a call parameters, optimiser state, `.grad` and random state are as the eager step would have left them. Results
 * are values without a graph.
 *
 * @param step - synchronous; takes tensors and returns a tensor, several (in arrays, maps, sets, plain objects), or nothing.
 * @throws {@link ArgumentError} when `step` is no function. The returned function throws {@link CaptureError}, naming the op
 *   and the way out, for a step that looks at values, writes out data, or returns a promise; nothing has changed then.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * const step = capture((x: Tensor) => {
 *   w.grad = undefined;
 *   const loss = x.sub(w).square().sum();
 *   loss.backward();
 *   noGrad(() => assign(w, w.sub(w.grad!.mul(0.5))));
 *   return loss;
 * });
 * step(tensor([3, 3])).item() // => 5
 * step(tensor([3, 3])).item() // => 0
 * ```
 */
export function capture<A extends readonly Tensor[], R>(
  step: (...inputs: A) => R,
  options: CaptureOptions = {},
): Captured<A, R> {
  const where = 'capture';
  checkFunction(where, 'step', step);
  checkOptions(where, options, ['maxPlans']);
  const maxPlans = checkNumber(where, 'maxPlans', options.maxPlans ?? 8, { integer: true, min: 1 });
  /** The one used last comes first. */
  const recordings: Recording[] = [];
  let calls = 0;
  let recorded = 0;

  const forget = ({ plan, gradients }: Recording): void => {
    // Gradients that still lie in the plan move out.
    for (const { tensor } of gradients) gradientOf(tensor);
    registry.unregister(plan);
    if (plan.claim !== undefined) freePlan(plan.claim);
  };
  const find = (inputs: A): Recording => {
    for (let i = 0; i < recordings.length; i++) {
      const recording = recordings[i] as Recording;
      if (!accepts(recording, inputs)) continue;
      if (recording.plan.fits) {
        if (i > 0) recordings.unshift(...recordings.splice(i, 1));
        return recording;
      }
      // Kernels or memory have changed: of no more use.
      forget(recording);
      recordings.splice(i--, 1);
    }
    const made = record(step, inputs);
    if (made.plan.claim !== undefined) registry.register(made.plan, made.plan.claim, made.plan);
    recorded++;
    recordings.unshift(made);
    for (const old of recordings.splice(maxPlans)) forget(old);
    return made;
  };

  const captured = (...inputs: A): R => {
    // A captured step inside of a step that is being captured is a part of it.
    if (isTracing()) return step(...inputs);
    for (const x of inputs) if (x instanceof Tensor && hasHooks(x)) throw hooked();
    const recording = find(inputs);
    const result = replay(recording, inputs);
    calls++;
    return result as R;
  };
  return Object.assign(captured, {
    explain: () => explainPlans(recordings.map(({ plan, inputs }) => ({ inputs, report: plan.report() }))),
    stats: () => ({
      calls,
      recordings: recorded,
      plans: recordings.length,
      bytes: recordings.reduce((sum, { plan }) => sum + plan.bytes, 0),
    }),
    dispose: () => {
      for (const old of recordings.splice(0)) forget(old);
    },
  });
}

/** Inputs are bound anew at each call, so hooks of one of them would be those of none. */
function hooked(): CaptureError {
  return new CaptureError({
    where: 'capture',
    problem: 'an input has hooks, which stay with that tensor and not with the input',
    hint: 'register them inside of the step',
  });
}

/** Whether a recording is for such inputs, and for gradients as they are now. */
function accepts({ inputs, gradients }: Recording, given: readonly Tensor[]): boolean {
  if (given.length !== inputs.length) return false;
  for (let i = 0; i < inputs.length; i++) {
    const [input, x] = [inputs[i] as Tensor, given[i] as unknown];
    if (!(x instanceof Tensor) || x.dtype !== input.dtype || !sameShape(x.shape, input.shape)) return false;
    if (x.requiresGrad !== input.requiresGrad) return false;
  }
  for (const { tensor, looked, before } of gradients) {
    if (!looked) continue;
    const at = inputs.indexOf(tensor);
    const now = gradientOf(at === -1 ? tensor : (given[at] as Tensor));
    if ((now === undefined) !== (before === undefined)) return false;
    if (now !== undefined && before !== undefined && !sameShape(now.shape, before.shape)) return false;
  }
  return true;
}

/** A stand-in for an input, or for a gradient that was there before. */
function symbolic(trace: Trace, like: Tensor, name: string): Tensor {
  const storage = trace.allocate(like.dtype, like.size, name);
  return new Tensor(storage, like.shape, packedStrides(like.shape), 0, like.dtype);
}

function record<A extends readonly Tensor[], R>(step: (...inputs: A) => R, given: A): Recording {
  const where = 'capture';
  const trace = new Trace();
  const inputs = given.map((x: unknown, i) => {
    if (!(x instanceof Tensor)) {
      throw new ArgumentError({
        where,
        argument: `input ${i}`,
        must: 'be a tensor',
        got: describeValue(x),
        hint: 'wrap data in tensor(…) outside; numbers that change enter through hostScalar(() => number)',
      });
    }
    if (!x.isLeaf) {
      throw new CaptureError({
        where,
        problem: `input ${i} is the result of recorded ops, whose graph a captured step cannot go on with`,
        hint: 'pass stopGradient(x), or compute it inside of the step',
      });
    }
    const input = symbolic(trace, x, `input ${i}`);
    return x.requiresGrad ? markLeaf(where, input) : input;
  });
  const uses = new Map<Tensor, GradientUse>();
  /** Gradients that tensors from outside had, to be put back. */
  const originals = new Map<Tensor, Tensor | undefined>();
  const observe = (tensor: Tensor, looked: boolean): void => {
    if (uses.has(tensor)) return;
    const at = inputs.indexOf(tensor);
    if (at === -1 && trace.owns(tensor.storage)) return;
    if (at === -1) originals.set(tensor, gradientOf(tensor));
    const real = gradientOf(at === -1 ? tensor : (given[at] as Tensor));
    // A gradient that is set first is not read, whatever it was.
    const before =
      real === undefined || !looked ? undefined : symbolic(trace, real, 'a gradient from before');
    uses.set(tensor, { tensor, looked, before, after: undefined });
    // Its values differ from replay to replay, so it stands for itself no longer.
    putGradient(tensor, before);
  };
  observeGradients(observe);
  let result: unknown;
  try {
    result = withHome(trace, () => step(...(inputs as unknown as A)));
    if (isThenable(result)) {
      throw new CaptureError({
        where,
        problem: 'the step returned a promise, so it had not ended when the recording did',
        hint: 'await outside of the step',
      });
    }
    for (const use of uses.values()) use.after = gradientOf(use.tensor);
  } finally {
    observeGradients(undefined);
    for (const [tensor, before] of originals) putGradient(tensor, before);
    trace.undo();
  }
  const gradients = [...uses.values()];
  const pinned: Storage[] = inputs.map(({ storage }) => storage);
  for (const { before, after } of gradients) {
    if (before !== undefined) pinned.push(before.storage);
    if (after !== undefined) pinned.push(after.storage);
  }
  eachTensor(result, ({ storage }) => pinned.push(storage));
  const simplified = simplify(trace, pinned);
  const plan = new Plan(trace, simplified, pinned);
  const before: ((given: readonly Tensor[]) => void)[] = [];
  const after: ((given: readonly Tensor[]) => void)[] = [];
  for (const use of gradients) followGradient(plan, use, inputs.indexOf(use.tensor), before, after);
  return { plan, inputs, gradients, before, after, result };
}

/** Adds what a replay has to do for one gradient; `at` is the input it belongs to, −1 for a tensor from outside. */
function followGradient(
  plan: Plan,
  { tensor, before: old, after: made }: GradientUse,
  at: number,
  before: ((given: readonly Tensor[]) => void)[],
  after: ((given: readonly Tensor[]) => void)[],
): void {
  const actual = (given: readonly Tensor[]): Tensor => (at === -1 ? tensor : (given[at] as Tensor));
  if (old !== undefined) {
    before.push((given) => {
      const now = gradientOf(actual(given));
      if (now !== undefined) bind(plan, old.storage, now);
    });
  }
  if (made === old && made !== undefined) return;
  if (made === undefined) after.push((given) => putGradient(actual(given), undefined));
  // The next call may bring another input, so this one's gradient cannot stay where it is.
  else if (at !== -1) after.push((given) => putGradient(actual(given), outward(plan, made)));
  else {
    // In the plan's memory until somebody asks for it.
    const make = (): Tensor => outward(plan, made);
    after.push(() => pinGradient(tensor, make));
  }
}

function replay({ plan, inputs, before, after, result }: Recording, given: readonly Tensor[]): unknown {
  for (let i = 0; i < inputs.length; i++) bind(plan, (inputs[i] as Tensor).storage, given[i] as Tensor);
  for (let i = 0; i < before.length; i++) (before[i] as (given: readonly Tensor[]) => void)(given);
  plan.run();
  for (let i = 0; i < after.length; i++) (after[i] as (given: readonly Tensor[]) => void)(given);
  return copyOut(plan, result);
}

/** Copies a tensor into the packed slot of an input. */
function bind(plan: Plan, slot: Storage, x: Tensor): void {
  const { values, base } = plan.locate(slot);
  copyPacked(x, x.storage.read('capture'), x.storage.base, values, base);
}

/** A copy, in the home in force, of a result that lies in the plan. */
function outward(plan: Plan, t: Tensor): Tensor {
  const storage = currentHome().allocate(t.dtype, t.size, 'capture');
  const { values, base } = plan.locate(t.storage);
  copyPacked(t, values, base, storage.values, storage.base);
  return new Tensor(storage, t.shape, packedStrides(t.shape), 0, t.dtype);
}

/** The step's result with values in place of symbols. What came from outside is returned as it is. */
function copyOut(plan: Plan, result: unknown): unknown {
  if (result instanceof Tensor) {
    if (result.storage.owner instanceof Trace) {
      const copy = outward(plan, result);
      if (result.node !== undefined) markSurvivor(copy);
      return copy;
    }
    return result;
  }
  if (Array.isArray(result)) return result.map((part) => copyOut(plan, part));
  if (result instanceof Set) return new Set([...result].map((part) => copyOut(plan, part)));
  if (result instanceof Map) return new Map([...result].map(([key, part]) => [key, copyOut(plan, part)]));
  if (isPlainObject(result)) {
    return Object.fromEntries(Object.entries(result).map(([key, part]) => [key, copyOut(plan, part)]));
  }
  return result;
}
