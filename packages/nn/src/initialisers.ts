/**
 * @file First values of parameters. Each is `(shape, options) → Tensor`; the same generator state gives the same bits.
 * Public as the namespace `init`.
 */
import {
  ArgumentError,
  add,
  full,
  type Generator,
  mul,
  noGrad,
  rand,
  randn,
  type Shape,
  ShapeError,
  type Tensor,
} from '@ndgrad/core';
import { checkEnum, checkNumber, checkOptions, describeValue, formatShape } from '@ndgrad/core/arguments';

/** What every initialiser takes. */
export interface InitialiserOptions {
  /** `'float32'` (default) or `'float64'`. */
  readonly dtype?: 'float32' | 'float64';
  /** Whether the result is a parameter. Default `false`; `parameter(…)` makes it one later. */
  readonly requiresGrad?: boolean;
}

/** What every initialiser that draws takes. */
export interface RandomInitialiserOptions extends InitialiserOptions {
  /** Where to draw from. Default: the generator that `manualSeed` sets. */
  readonly generator?: Generator | undefined;
}

/** Options of {@link uniform}. */
export interface UniformOptions extends RandomInitialiserOptions {
  /** Lower end. Default 0. */
  readonly low?: number;
  /** Upper end, at least `low`. Default 1. */
  readonly high?: number;
}

/** Options of {@link normal}. */
export interface NormalOptions extends RandomInitialiserOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation, at least 0. Default 1. */
  readonly std?: number;
}

/** Options of {@link xavierUniform} and {@link xavierNormal}. */
export interface XavierOptions extends RandomInitialiserOptions {
  /** Factor for the nonlinearity that follows, such as `gain('tanh')`. Default 1. */
  readonly gain?: number;
}

/** Options of {@link kaimingUniform} and {@link kaimingNormal}. */
export interface KaimingOptions extends RandomInitialiserOptions {
  /** Which passes keep their variance: `'fanIn'` (default) forward, `'fanOut'` backward. */
  readonly mode?: 'fanIn' | 'fanOut';
  /** What follows the weight. Default `'leakyRelu'`, as in PyTorch, which with slope 0 is `'relu'`. */
  readonly nonlinearity?: Nonlinearity;
  /** Slope of `'leakyRelu'` below 0. Default 0. */
  readonly negativeSlope?: number;
}

const GAINS = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope: number) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
} as const;

/** A function whose {@link gain} is known. */
export type Nonlinearity = keyof typeof GAINS;

const NONLINEARITIES = Object.keys(GAINS) as Nonlinearity[];
const COMMON = ['dtype', 'requiresGrad'];
const DRAWN = [...COMMON, 'generator'];

/**
 * The factor by which weights before a nonlinearity are enlarged, so that activations keep their variance.
 *
 *     linear, sigmoid 1 · tanh 5/3 · relu √2 · leakyRelu √(2 / (1 + slope²)) · selu 3/4
 *
 * @param nonlinearity - what follows the weight.
 * @param negativeSlope - of `'leakyRelu'`, below 0. Default 0.01.
 * @throws ArgumentError for an unknown name or a slope that is not finite.
 *
 * @example
 * ```ts
 * import { init } from '@ndgrad/nn';
 *
 * init.gain('tanh') // => 5 / 3
 * init.gain('leakyRelu', 1) // => 1
 * ```
 *
 * @see PyTorch's `calculate_gain`, whose numbers these are.
 */
export function gain(nonlinearity: Nonlinearity, negativeSlope = 0.01): number {
  return gainOf('gain', nonlinearity, negativeSlope);
}

/**
 * Uniform values between `low` and `high`. In float32 rounding may reach `high`.
 *
 * @throws ArgumentError for unknown options, ends that are not finite or `high` below `low`.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * const x = init.uniform([1000], { low: -2, high: 2, generator: generator(1) });
 * x.abs().max().item() <= 2 // => true
 * ```
 */
export function uniform(shape: Shape, options: UniformOptions = {}): Tensor {
  checkOptions('uniform', options, [...DRAWN, 'low', 'high']);
  const low = checkNumber('uniform', 'low', options.low ?? 0);
  const high = checkNumber('uniform', 'high', options.high ?? 1, { min: low });
  return drawUniform(shape, low, high, options);
}

/**
 * Normally distributed values.
 *
 * @throws ArgumentError for unknown options, a mean that is not finite, a negative `std`.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * init.normal([2, 2], { mean: 3, std: 0, generator: generator(1) }).toArray() // => [[3, 3], [3, 3]]
 * ```
 */
export function normal(shape: Shape, options: NormalOptions = {}): Tensor {
  checkOptions('normal', options, [...DRAWN, 'mean', 'std']);
  const mean = checkNumber('normal', 'mean', options.mean ?? 0);
  const std = checkNumber('normal', 'std', options.std ?? 1, { min: 0 });
  return drawNormal(shape, mean, std, options);
}

/**
 * One value everywhere.
 *
 * @example
 * ```ts
 * import { init } from '@ndgrad/nn';
 *
 * init.constant([2], 0.5).toArray() // => [0.5, 0.5]
 * ```
 */
export function constant(shape: Shape, value: number, options: InitialiserOptions = {}): Tensor {
  return filled('constant', shape, checkNumber('constant', 'value', value, { finite: false }), options);
}

/**
 * Zeros: the usual first bias.
 *
 * @example
 * ```ts
 * import { init } from '@ndgrad/nn';
 *
 * init.zeros([2]).toArray() // => [0, 0]
 * ```
 */
export function zeros(shape: Shape, options: InitialiserOptions = {}): Tensor {
  return filled('zeros', shape, 0, options);
}

/**
 * Ones: the usual first scale.
 *
 * @example
 * ```ts
 * import { init } from '@ndgrad/nn';
 *
 * init.ones([2]).toArray() // => [1, 1]
 * ```
 */
export function ones(shape: Shape, options: InitialiserOptions = {}): Tensor {
  return filled('ones', shape, 1, options);
}

/**
 * Xavier's (Glorot's) uniform values: variance kept between what goes forward and what comes back.
 *
 *     ±gain · √(6 / (fanIn + fanOut))
 *
 * @param shape - `[out, in, …kernel]`: `fanIn` is in times the kernel's size, `fanOut` out times it.
 * @param options - see {@link XavierOptions}.
 * @throws ShapeError for fewer than two axes; ArgumentError for unknown options or a negative gain.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * const w = init.xavierUniform([4, 2], { generator: generator(1) });
 * w.abs().max().item() <= 1 // => true
 * ```
 *
 * @see Glorot, Bengio, “Understanding the difficulty of training deep feedforward neural networks”, AISTATS 2010.
 */
export function xavierUniform(shape: Shape, options: XavierOptions = {}): Tensor {
  const std = xavierStd('xavierUniform', shape, options);
  return drawUniform(shape, -Math.sqrt(3) * std, Math.sqrt(3) * std, options);
}

/**
 * Xavier's (Glorot's) normal values, of standard deviation
 *
 *     gain · √(2 / (fanIn + fanOut))
 *
 * @param shape - as in {@link xavierUniform}.
 * @param options - see {@link XavierOptions}.
 * @throws ShapeError for fewer than two axes; ArgumentError for unknown options or a negative gain.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * init.xavierNormal([4, 2], { gain: 0, generator: generator(1) }).abs().sum().item() // => 0
 * ```
 *
 * @see Glorot, Bengio, “Understanding the difficulty of training deep feedforward neural networks”, AISTATS 2010.
 */
export function xavierNormal(shape: Shape, options: XavierOptions = {}): Tensor {
  return drawNormal(shape, 0, xavierStd('xavierNormal', shape, options), options);
}

/**
 * Kaiming's (He's) uniform values: variance kept through a rectifier.
 *
 *     ±gain · √(3 / fan)
 *
 * @param shape - `[out, in, …kernel]`, as in {@link xavierUniform}.
 * @param options - see {@link KaimingOptions}.
 * @throws ShapeError for fewer than two axes; ArgumentError for unknown options, modes or nonlinearities.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * const w = init.kaimingUniform([8, 6], { generator: generator(1) });
 * w.abs().max().item() <= 1 // => true
 * ```
 *
 * @see He et al., “Delving deep into rectifiers”, ICCV 2015.
 */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Tensor {
  const std = kaimingStd('kaimingUniform', shape, options);
  return drawUniform(shape, -Math.sqrt(3) * std, Math.sqrt(3) * std, options);
}

/**
 * Kaiming's (He's) normal values, of standard deviation
 *
 *     gain / √fan
 *
 * @param shape - `[out, in, …kernel]`, as in {@link xavierUniform}.
 * @param options - see {@link KaimingOptions}.
 * @throws ShapeError for fewer than two axes; ArgumentError for unknown options, modes or nonlinearities.
 *
 * @example
 * ```ts
 * import { generator } from '@ndgrad/core';
 * import { init } from '@ndgrad/nn';
 *
 * init.kaimingNormal([3, 2], { mode: 'fanOut', generator: generator(1) }).shape // => [3, 2]
 * ```
 *
 * @see He et al., “Delving deep into rectifiers”, ICCV 2015.
 */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Tensor {
  return drawNormal(shape, 0, kaimingStd('kaimingNormal', shape, options), options);
}

function xavierStd(where: string, shape: Shape, options: XavierOptions): number {
  checkOptions(where, options, [...DRAWN, 'gain']);
  const factor = checkNumber(where, 'gain', options.gain ?? 1, { min: 0 });
  const { fanIn, fanOut } = fansOf(where, shape);
  return factor * Math.sqrt(2 / Math.max(1, fanIn + fanOut));
}

function kaimingStd(where: string, shape: Shape, options: KaimingOptions): number {
  checkOptions(where, options, [...DRAWN, 'mode', 'nonlinearity', 'negativeSlope']);
  const mode = checkEnum(where, 'mode', options.mode ?? 'fanIn', ['fanIn', 'fanOut']);
  const factor = gainOf(where, options.nonlinearity ?? 'leakyRelu', options.negativeSlope ?? 0);
  return factor / Math.sqrt(Math.max(1, fansOf(where, shape)[mode]));
}

function gainOf(where: string, nonlinearity: Nonlinearity, negativeSlope: number): number {
  const name = checkEnum(where, 'nonlinearity', nonlinearity, NONLINEARITIES);
  return GAINS[name](checkNumber(where, 'negativeSlope', negativeSlope));
}

/** How many numbers one output sums, and how many one input is summed into. */
function fansOf(where: string, shape: Shape): { fanIn: number; fanOut: number } {
  if (!Array.isArray(shape)) {
    throw new ArgumentError({
      where,
      argument: 'shape',
      must: 'be an array of extents',
      got: describeValue(shape),
      hint: 'write [out, in]',
    });
  }
  const [outputs, inputs, ...kernel] = shape as readonly number[];
  if (outputs === undefined || inputs === undefined) {
    throw new ShapeError({
      where,
      argument: 'shape',
      must: 'have at least two axes, [out, in]',
      got: formatShape(shape),
      hint: 'uniform(…) and normal(…) take any shape',
    });
  }
  const field = kernel.reduce((size, extent) => size * extent, 1);
  return { fanIn: inputs * field, fanOut: outputs * field };
}

function drawUniform(shape: Shape, low: number, high: number, options: RandomInitialiserOptions): Tensor {
  return finish(() => add(mul(rand(shape, source(options)), high - low), low), options);
}

function drawNormal(shape: Shape, mean: number, std: number, options: RandomInitialiserOptions): Tensor {
  return finish(() => add(mul(randn(shape, source(options)), std), mean), options);
}

function filled(where: string, shape: Shape, value: number, options: InitialiserOptions): Tensor {
  checkOptions(where, options, COMMON);
  return finish(() => full(shape, value, { dtype: options.dtype ?? 'float32' }), options);
}

function source({ generator, dtype = 'float32' }: RandomInitialiserOptions) {
  return generator === undefined ? { dtype } : { generator, dtype };
}

/** A leaf, whatever ops made the values. */
function finish(make: () => Tensor, { requiresGrad = false }: InitialiserOptions): Tensor {
  const values = noGrad(make);
  return requiresGrad ? values.requireGrad() : values;
}
