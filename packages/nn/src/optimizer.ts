/** @file What every optimiser does the same: checking its parameters, stepping as one transaction, saving its state. */
import {
  ArgumentError,
  borrowGrad,
  DTypeError,
  hostVector,
  longLived,
  noGrad,
  StateError,
  type Tensor,
  tensor,
  zerosLike,
} from '@ndgrad/core';
import { checkNumber, checkSameShape, checkTensor, describeValue, formatShape } from '@ndgrad/core/arguments';
import { copyState, matchState, writeState } from './state.js';

/**
 * Counts the steps of one parameter and keeps βᵗ for one decay rate β: a running product, exact by order. It ticks where
 * the numbers of a step are read, which a replayed step does again.
 */
export class Clock {
  readonly #rate: number;
  #steps = 0;
  #power = 1;

  constructor(rate: number) {
    this.#rate = rate;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Goes one step on. Returns βᵗ of the step that begins. */
  tick(): number {
    this.#steps++;
    this.#power *= this.#rate;
    return this.#power;
  }

  /** Goes to a step count, by the very multiplications that ticking there would do. */
  set(steps: number): void {
    if (steps === this.#steps) return;
    this.#steps = steps;
    this.#power = 1;
    for (let t = 0; t < steps; t++) {
      const next = this.#power * this.#rate;
      // At 1, at 0, and where rounding holds a denormal in place, nothing changes any more.
      if (next === this.#power) break;
      this.#power = next;
    }
  }
}

/** Tensors that an optimiser keeps per parameter, by name, of the parameter's shape and dtype. */
export type Slots = { readonly [name: string]: Tensor | undefined };

/**
 * Base of the optimisers: holds the parameters, steps them, saves and loads. A type for code that takes any of them;
 * make an `SGD` or an `Adam`.
 *
 * @typeParam S - what is kept per parameter.
 *
 * @example
 * ```ts
 * import { ones } from '@ndgrad/core';
 * import { type Optimizer, SGD } from '@ndgrad/nn';
 *
 * const halve = (optimizer: Optimizer): void => {
 *   optimizer.learningRate /= 2;
 * };
 * const sgd = new SGD([ones([1], { requiresGrad: true })], { learningRate: 0.5 });
 * halve(sgd);
 * sgd.learningRate // => 0.25
 * ```
 */
export abstract class Optimizer<S extends Slots = Slots> {
  /** What is stepped, in the order given. */
  readonly parameters: readonly Tensor[];
  readonly #name: string;
  // Put together once: a step is short.
  /** What a step is called in messages. */
  readonly #step: string;
  /** What each parameter and its gradient are called in messages. */
  readonly #labels: readonly (readonly [parameter: string, gradient: string])[];
  readonly #slots: readonly S[];
  readonly #clocks: readonly (readonly Clock[])[];
  readonly #numberCount: number;
  #learningRate: number;

  /** @internal */
  protected constructor(
    name: string,
    parameters: Iterable<Tensor>,
    learningRate: number,
    slots: readonly (keyof S & string)[],
    rates: readonly number[],
    numberCount: number,
  ) {
    this.#name = name;
    this.#step = `${name}.step`;
    this.#learningRate = checkLearningRate(name, learningRate);
    this.parameters = checkParameters(name, parameters);
    this.#labels = this.parameters.map((_, i) => [`parameters[${i}]`, `parameters[${i}].grad`]);
    this.#slots = this.parameters.map(
      (p) => Object.fromEntries(slots.map((slot) => [slot, longLived(() => zerosLike(p))])) as S,
    );
    this.#numberCount = numberCount;
    this.#clocks = this.parameters.map(() => rates.map((rate) => new Clock(rate)));
  }

  /**
   * Size of the steps. May be set at any time; the next step uses it, also when that step is a replay.
   *
   * @throws ArgumentError when set to a negative number, NaN or Infinity.
   */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkLearningRate(this.#name, value);
  }

  /**
   * The numbers of one step of one parameter, as many as the constructor was told. Its clocks, one per rate, tick once
   * each. A captured step asks for them at each replay.
   *
   * @internal
   */
  protected abstract numbers(clocks: readonly Clock[]): readonly number[];

  /**
   * Overwrites a parameter and its slots; its numbers lie in `numbers` from `at` on.
   *
   * @internal
   */
  protected abstract update(parameter: Tensor, gradient: Tensor, slots: S, numbers: Tensor, at: number): void;

  /**
   * Steps every parameter that has a gradient, in place; the others stay, and their step counts too.
   *
   * Gradients that are not finite are used as they are, as in PyTorch: they spoil the parameter. Look at the loss
   * before stepping if that can happen. A step that throws has changed nothing.
   *
   * @throws ShapeError or DTypeError if a `grad` was set by hand that does not fit its parameter.
   */
  step(): void {
    const stepped: [parameter: Tensor, gradient: Tensor, i: number][] = [];
    for (let i = 0; i < this.parameters.length; i++) {
      const parameter = this.parameters[i] as Tensor;
      const gradient: unknown = borrowGrad(parameter);
      // Anything but a tensor counts as no gradient: null is a habit from elsewhere.
      if (gradient !== undefined && gradient !== null)
        stepped.push([parameter, this.#check(parameter, gradient, i), i]);
    }
    if (stepped.length === 0) return;
    const count = this.#numberCount;
    noGrad(() => {
      // All numbers in one go: the host is asked once per step, however many parameters there are.
      const numbers = hostVector(count * stepped.length, (values) => {
        stepped.forEach(([, , i], k) => {
          const own = this.numbers(this.#clocks[i] as readonly Clock[]);
          for (let n = 0; n < count; n++) values[count * k + n] = own[n] as number;
        });
      });
      stepped.forEach(([parameter, gradient, i], k) => {
        this.update(parameter, gradient, this.#slots[i] as S, numbers, count * k);
      });
    });
  }

  /** Step counts of the parameters; none where the optimiser does not count. */
  #steps(): (number | undefined)[] {
    return this.#clocks.map((clocks) => clocks[0]?.steps);
  }

  #setSteps(steps: readonly (number | undefined)[]): void {
    this.#clocks.forEach((clocks, i) => {
      for (const clock of clocks) clock.set(steps[i] ?? 0);
    });
  }

  #check(parameter: Tensor, gradient: unknown, i: number): Tensor {
    const where = this.#step;
    const [name, argument] = this.#labels[i] as readonly [string, string];
    checkTensor(where, argument, gradient);
    checkSameShape(where, name, parameter, argument, gradient);
    if (gradient.dtype !== parameter.dtype) {
      throw new DTypeError({ where, argument, must: `be ${parameter.dtype}`, got: gradient.dtype });
    }
    return gradient;
  }

  /** Forgets the gradients of all parameters: `grad` becomes undefined, so that unused parameters are not stepped. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = undefined;
  }

  /**
   * All that changes while training, as copies by name: `learningRate`, and per parameter, by its place in the list,
   * what the optimiser keeps, such as `0.step` and `0.firstMoment`. What the constructor fixed is not in it: make the
   * optimiser anew with the same options, then load. Training then goes on with the same bits.
   *
   * @example
   * ```ts
   * import { ones } from '@ndgrad/core';
   * import { Adam } from '@ndgrad/nn';
   *
   * const adam = new Adam([ones([2], { requiresGrad: true })]);
   * [...adam.stateDict().keys()] // => ['learningRate', '0.step', '0.firstMoment', '0.secondMoment']
   * ```
   */
  stateDict(): Map<string, Tensor> {
    return copyState(this.#liveState());
  }

  /**
   * Takes up a state, in place. Strict: names, shapes and dtypes must be those of {@link Optimizer.stateDict}.
   *
   * @throws StateError that lists every difference; nothing is written then.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const where = `${this.#name}.loadStateDict`;
    const writes = matchState(where, this.#name, this.#liveState(), state);
    const number = (name: string): number => {
      const value = writes.get(name)?.value.item() ?? 0;
      writes.delete(name);
      if (value >= 0 && Number.isFinite(value)) return value;
      throw new StateError({
        where,
        problem: `"${name}" must be a finite number of at least 0, got ${value}`,
        hint: 'nothing was written',
      });
    };
    const learningRate = number('learningRate');
    const steps = this.#clocks.map((clocks, i) => (clocks.length === 0 ? undefined : number(`${i}.step`)));
    writeState(where, [...writes.values()]);
    this.#learningRate = learningRate;
    this.#setSteps(steps);
  }

  #liveState(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    state.set('learningRate', tensor(this.#learningRate, { dtype: 'float64' }));
    this.#steps().forEach((steps, i) => {
      if (steps !== undefined) state.set(`${i}.step`, tensor(steps, { dtype: 'int32' }));
      for (const [name, t] of Object.entries(this.#slots[i] as S)) state.set(`${i}.${name}`, t as Tensor);
    });
    return state;
  }
}

/** 0 is allowed, as in PyTorch: schedules may start or end there. */
function checkLearningRate(where: string, value: unknown): number {
  return checkNumber(where, 'learningRate', value, { min: 0 });
}

function checkParameters(where: string, parameters: unknown): readonly Tensor[] {
  const iterable = typeof parameters === 'object' && parameters !== null && Symbol.iterator in parameters;
  if (!iterable) {
    throw new ArgumentError({
      where,
      argument: 'parameters',
      must: 'be a list of tensors',
      got: describeValue(parameters),
      hint: 'pass model.parameters()',
    });
  }
  const list: unknown[] = [...(parameters as Iterable<unknown>)];
  if (list.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'parameters',
      must: 'hold at least one tensor',
      got: 'none',
      hint: 'make parameters with requiresGrad: true, and hold them in fields of the module',
    });
  }
  const places = new Map<Tensor, number>();
  return list.map((p, i) => {
    const argument = `parameters[${i}]`;
    checkTensor(where, argument, p);
    const refuse = (must: string, got: string, hint: string): ArgumentError =>
      new ArgumentError({ where, argument, must, got, hint });
    const what = `a tensor of shape ${formatShape(p.shape)}`;
    if (!p.requiresGrad) {
      throw refuse('require a gradient', `${what} that does not`, 'make it with requiresGrad: true');
    }
    if (!p.isLeaf) {
      throw refuse('be a leaf', `${what} that recorded ops made`, 'pass the parameter that it was made from');
    }
    if (p.strides.some((stride, axis) => stride === 0 && (p.shape[axis] ?? 0) > 1)) {
      throw refuse('have memory of its own', `${what} whose elements share memory`, 'pass clone() of it');
    }
    const place = places.get(p);
    if (place !== undefined)
      throw refuse('be there once', `the tensor of parameters[${place}]`, 'leave it out');
    places.set(p, i);
    return p;
  });
}
