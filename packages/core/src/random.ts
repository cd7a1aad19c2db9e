/**
 * @file Random numbers from a counter-based generator: draw n is a function of seed and n alone. The stream of a seed is
 * frozen: it changes only in a major version.
 */
import { random as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkNumber, checkOptions, describeValue } from './arguments.js';
import { allocate, makeLeaf } from './autodiff/apply.js';
import { allocateArray, type DType, isFloat } from './dtype.js';
import { ArgumentError, DTypeError } from './errors.js';
import { currentHome } from './homes/current.js';
import { requireRunning } from './homes/running.js';
import { checkShape, packedStrides, type Shape, sizeOf } from './shape.js';
import { state } from './state.js';
import { Storage } from './storage.js';
import { Tensor } from './tensor.js';

const TWO_32 = 2 ** 32;

/** Everything a generator is: save it, and the stream goes on where it was. */
export interface GeneratorState {
  readonly seed: number;
  readonly counter: number;
}

let drawObserver: ((source: Generator) => void) | undefined;

/** Runs `fn`; `observe` is called with each generator before it is drawn from. @internal */
export function observingDraws<T>(observe: (source: Generator) => void, fn: () => T): T {
  const before = drawObserver;
  drawObserver = (source) => {
    before?.(source);
    observe(source);
  };
  try {
    return fn();
  } finally {
    drawObserver = before;
  }
}

/** A stream of random numbers. Make one with {@link generator}. */
export class Generator {
  readonly #state: { seed: number; counter: number };

  /** @internal */
  constructor(initial: { seed: number; counter: number }) {
    this.#state = initial;
  }

  /** Seed and counter, as they are now. */
  state(): GeneratorState {
    return { ...this.#state };
  }

  /**
   * Goes on from a saved state.
   *
   * @throws {@link ArgumentError} for a state that is none.
   */
  restore(saved: GeneratorState): void {
    const seed = checkSeed('restore', saved?.seed);
    const counter = checkNumber('restore', 'state.counter', saved?.counter, {
      integer: true,
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    });
    this.#state.seed = seed;
    this.#state.counter = counter;
  }

  /** Takes `count` draws: gives the first one's counter and the key. @internal */
  take(count: number): { key: readonly [number, number]; counter: number } {
    drawObserver?.(this);
    const { seed, counter } = this.#state;
    this.#state.counter = counter + count;
    return { key: [seed >>> 0, Math.floor(seed / TWO_32)], counter };
  }

  #bits(): Uint32Array {
    const { key, counter } = this.take(1);
    const bits = new Uint32Array(2);
    kernels.threefry2x32(key[0], key[1], counter >>> 0, Math.floor(counter / TWO_32), bits);
    return bits;
  }

  /** A double in [0, 1). */
  uniform(): number {
    const bits = this.#bits();
    return kernels.toUnit(bits[0], bits[1]);
  }

  /**
   * An integer in 0 … bound−1, each equally likely.
   *
   * @throws {@link ArgumentError} unless `bound` is an integer in 1 … 2³².
   */
  integer(bound: number): number {
    checkNumber('integer', 'bound', bound, { integer: true, min: 1, max: TWO_32 });
    // Draws from the incomplete last multiple of bound are thrown away, so that none is likelier.
    const limit = TWO_32 - (TWO_32 % bound);
    for (;;) {
      const [draw] = this.#bits();
      if (draw < limit) return draw % bound;
    }
  }

  /** A standard normal number. */
  normal(): number {
    const pair = new Float64Array(2);
    kernels.normalPair(this.uniform(), this.uniform(), pair);
    return pair[0];
  }
}

function checkSeed(where: string, seed: unknown): number {
  return checkNumber(where, 'seed', seed, { integer: true, min: 0, max: Number.MAX_SAFE_INTEGER });
}

/**
 * A random generator of its own: the same seed gives the same numbers.
 *
 * Threefry-2x32, 20 rounds: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 *
 * @param seed - an integer in 0 … 2⁵³−1.
 * @throws {@link ArgumentError} for any other seed.
 *
 * @example
 * ```ts
 * generator(1).integer(10) === generator(1).integer(10) // => true
 * ```
 */
export function generator(seed: number): Generator {
  return new Generator({ seed: checkSeed('generator', seed), counter: 0 });
}

const shared = new Generator(state.random);

/**
 * Seeds the generator that is used where none is given.
 *
 * @example
 * ```ts
 * manualSeed(7);
 * const a = rand([3]).toArray();
 * manualSeed(7);
 * rand([3]).toArray() // => a
 * ```
 */
export function manualSeed(seed: number): void {
  shared.restore({ seed: checkSeed('manualSeed', seed), counter: 0 });
}

/** Options of {@link rand} and {@link randn}. */
export interface RandomOptions<D extends DType = DType> {
  /** Where the numbers come from. Default: the generator that {@link manualSeed} seeds. */
  readonly generator?: Generator;
  /** `'float32'` (default) or `'float64'`. */
  readonly dtype?: D;
  /** Whether derivatives by the numbers are wanted. Default `false`. */
  readonly requiresGrad?: boolean;
}

/** The given generator, or the shared one where none is given. @internal */
export function generatorOf(where: string, given: unknown): Generator {
  if (given === undefined) return shared;
  if (given instanceof Generator) return given;
  throw new ArgumentError({
    where,
    argument: 'generator',
    must: 'come from generator(seed)',
    got: describeValue(given),
  });
}

function draw(where: string, kernel: typeof kernels.uniform, shape: Shape, options: RandomOptions): Tensor {
  checkOptions(where, options, ['generator', 'dtype', 'requiresGrad']);
  const { dtype = 'float32', requiresGrad = false } = options;
  const checked = checkShape(where, 'shape', shape);
  if (!isFloat(dtype)) {
    throw new DTypeError({
      where,
      argument: 'dtype',
      must: "be 'float32' or 'float64'",
      got: describeValue(dtype),
    });
  }
  checkBoolean(where, 'requiresGrad', requiresGrad);
  const source = generatorOf(where, options.generator);
  const y = allocate(checked, dtype, where);
  const ints = (): number[] => {
    // An even count keeps the pairs of normal numbers apart between calls.
    const { key, counter } = source.take(y.size + (y.size % 2));
    return [y.size, key[0], key[1], counter >>> 0, Math.floor(counter / TWO_32)];
  };
  currentHome().call(kernel, ints, y);
  return requiresGrad ? makeLeaf(where, y) : y;
}

/**
 * Uniform numbers in [0, 1).
 *
 * @example
 * ```ts
 * rand([2, 3], { generator: generator(0) }).shape // => [2, 3]
 * ```
 */
export function rand<const S extends Shape, D extends DType = 'float32'>(
  shape: S,
  options?: RandomOptions<D>,
): Tensor<D, S['length']>;
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  return draw('rand', kernels.uniform, shape, options);
}

/**
 * Standard normal numbers.
 *
 * @example
 * ```ts
 * randn([1000], { generator: generator(0) }).mean().abs().item() < 0.1 // => true
 * ```
 */
export function randn<const S extends Shape, D extends DType = 'float32'>(
  shape: S,
  options?: RandomOptions<D>,
): Tensor<D, S['length']>;
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  return draw('randn', kernels.normal, shape, options);
}

/** Options of {@link randint} and {@link permutation}. */
export interface IntegerOptions {
  /** Where the numbers come from. Default: the generator that {@link manualSeed} seeds. */
  readonly generator?: Generator;
}

/**
 * Integers in low … high−1, each equally likely. int32.
 *
 * @throws {@link ArgumentError} unless `low < high`.
 *
 * @example
 * ```ts
 * randint(5, 6, [2]).toArray() // => [5, 5]
 * ```
 */
export function randint<const S extends Shape>(
  low: number,
  high: number,
  shape: S,
  options?: IntegerOptions,
): Tensor<'int32', S['length']>;
export function randint(low: number, high: number, shape: Shape, options: IntegerOptions = {}): Tensor {
  const where = 'randint';
  checkOptions(where, options, ['generator']);
  const range = { integer: true, min: -(2 ** 31), max: 2 ** 31 - 1 };
  const from = checkNumber(where, 'low', low, range);
  const to = checkNumber(where, 'high', high, { ...range, min: from + 1 });
  const checked = checkShape(where, 'shape', shape);
  const source = generatorOf(where, options.generator);
  return integers(where, checked, () => from + source.integer(to - from));
}

/**
 * The integers 0 … n−1 in random order (Fisher and Yates). int32.
 *
 * @example
 * ```ts
 * permutation(4, { generator: generator(3) }).sum().item() // => 6
 * ```
 */
export function permutation(n: number, options?: IntegerOptions): Tensor<'int32', 1>;
export function permutation(n: number, options: IntegerOptions = {}): Tensor {
  const where = 'permutation';
  checkOptions(where, options, ['generator']);
  const shape = checkShape(where, 'n', [n]);
  const source = generatorOf(where, options.generator);
  let next = 0;
  const t = integers(where, shape, () => next++);
  const { values: array } = t.storage;
  for (let i = n - 1; i > 0; i--) {
    const j = source.integer(i + 1);
    [array[i], array[j]] = [array[j], array[i]];
  }
  return t;
}

function integers(where: string, shape: Shape, value: () => number): Tensor {
  requireRunning(
    where,
    'how many draws it takes depends on what they give, so a captured step cannot replay it',
    'call it outside of the step and pass the result as an argument',
  );
  const array = allocateArray('int32', sizeOf(shape));
  for (let i = 0; i < array.length; i++) array[i] = value();
  return new Tensor(new Storage('int32', array, 0, array.length), shape, packedStrides(shape), 0, 'int32');
}
