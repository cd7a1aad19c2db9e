/** @file What a test row says of an op. The generic suite (opTable.test.ts) derives its cases from these. */
import type { DType } from '../../src/dtype.js';
import type { NdgradError } from '../../src/errors.js';
import type { TensorLike } from '../../src/ops/define.js';
import type { Tensor } from '../../src/tensor.js';
import { type Grid, seedOf, stream } from '../grid.js';

/** Where numbers are drawn from: a union of intervals, kept apart from kinks and poles by more than three steps. */
export type Domain = readonly (readonly [low: number, high: number])[];

/** A call that is refused: the class and the exact text. */
export type Refusal = readonly [
  call: () => unknown,
  error: new (...args: never[]) => NdgradError,
  message: string,
];

/** An exact assertion that the derived cases do not make: a sentence, what happens, what must happen. */
export type Fact = readonly [sentence: string, actual: () => unknown, expected: unknown];

/** A point without a derivative, and the subgradient that is taken there: printed in the docs, asserted in the suite. */
export interface Kink {
  readonly at: string;
  readonly subgradient: string;
  readonly gradient: () => unknown;
  readonly expected: unknown;
}

interface Common {
  readonly refusals?: readonly Refusal[];
  readonly kinks?: readonly Kink[];
  readonly facts?: readonly Fact[];
  /** A call with the given options, for ops that take some. */
  readonly options?: (options: never) => unknown;
}

/** Numbers in, the number out, and the derivative by each input (undefined where the row makes no claim). */
export type Special = readonly [
  inputs: readonly number[],
  output: number,
  derivatives?: readonly (number | undefined)[],
];

/** An op that works on each element by itself and broadcasts. */
export interface Elementwise extends Common {
  readonly kind: 'elementwise';
  /** Domains of the operands, or 'bool' for a condition. */
  readonly operands: readonly (Domain | 'bool')[];
  /** Domains when the operands are int32. Default −4 … 4 for all. */
  readonly integers?: readonly Domain[];
  /** What the op makes of integers: keeps them (bool counting as int32), floats, bools, or keeps all. */
  readonly result: 'arithmetic' | 'float' | 'bool' | 'same';
  /** The op as a function of its operands. Default: the op itself. */
  readonly call?: (...operands: TensorLike[]) => Tensor;
  /** The same number found another way. */
  readonly value: (...x: number[]) => number;
  /** Largest error in float64, in units of the last place. Default 4. */
  readonly ulps?: number;
  /** Largest error in float32 in a WebAssembly build, in units of the last place. Default 4. */
  readonly buildUlps?: number;
  readonly special?: readonly Special[];
  /** Set where no derivative flows although the result is float. */
  readonly constant?: true;
}

/** One operand of a sample: its shape, and where its numbers come from. */
export interface Input {
  readonly shape: readonly number[];
  readonly kind: 'real' | 'apart' | 'int32' | 'bool';
  readonly domain: Domain;
  /** Set where null in its place has a meaning. */
  readonly orNull?: true;
}

/** One call of an op on operands of given shapes. */
export interface Sample {
  readonly title: string;
  readonly inputs: readonly Input[];
  readonly call: (...x: Tensor[]) => Tensor | readonly Tensor[];
  /** The same values found another way. */
  readonly value: (...x: Grid[]) => Grid | readonly Grid[];
  /** Set where the shape of the result depends on values: a step that is captured refuses the call. */
  readonly dataDependent?: true;
  /** The op on operands as they come, for bad ones, where `call` prepares its own and would refuse them itself. */
  readonly direct?: {
    readonly inputs: readonly Input[];
    readonly call: (...x: Tensor[]) => unknown;
  };
}

/** Choices that are the same for the same row, whatever runs before it. */
export interface Random {
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** One of a list. */
  pick<T>(choices: readonly T[]): T;
  /** A shape: its rank between the bounds, its extents from 1 to 4, now and then 0 where that is allowed. */
  shape(lowRank: number, highRank: number, empty?: boolean): number[];
  /** An axis of a tensor of this rank, now and then counted from the end. */
  axis(rank: number): number;
}

/** An op that is described by sample calls. */
export interface Sampled extends Common {
  readonly kind: 'sampled';
  /** The dtype of the first result for each dtype that the real operands may have. */
  readonly results: Partial<Record<DType, DType>>;
  /** The dtype of further results, where it differs from the first's. */
  readonly others?: DType;
  readonly samples: readonly Sample[];
  /**
   * A sample of random shape and options: ranks and extents with 0 and 1 among them, axes of either sign. Its call must be
   * smooth where the inputs lie. Twenty of them are held against the oracle and against differences.
   */
  readonly random: (random: Random) => Sample;
  /** Largest error in float64, in units of the last place of the largest result. Default 4. */
  readonly ulps?: number;
  /** Largest error in float32 in a WebAssembly build, in units of the last place of the largest result. Default 4. */
  readonly buildUlps?: number;
  /** Set where float32 is rounded more than once: then errors are taken from the largest, not from the element. */
  readonly roundsTwice?: true;
  /** Set where no derivative flows. */
  readonly constant?: true;
  /** For ops of one tensor that fold it or work along its lines: what they make of the vectors of {@link FOLDED}. */
  readonly folds?: Folds;
  /** How the vector is folded where that is not the op of the vector alone: as one writes it, and the call. */
  readonly fold?: readonly [written: string, call: (x: Tensor) => Tensor];
}

/** Vectors whose folds are a matter of policy. */
export const FOLDED = {
  nothing: [],
  NaN: [1, Number.NaN, 3],
  infinity: [1, Infinity],
  infinities: [Infinity, -Infinity],
  negative: [-Infinity, -Infinity],
} as const satisfies Record<string, readonly number[]>;

/** For each vector the values, or the text of the refusal. */
export type Folds = { readonly [Name in keyof typeof FOLDED]: unknown };

export type OpInfo = Elementwise | Sampled;

/** Whether derivatives flow through the op. */
export function hasDerivative(row: OpInfo): boolean {
  if (row.constant === true) return false;
  return row.kind === 'elementwise' ? row.result !== 'bool' : row.results.float64 === 'float64';
}

export const REAL: Domain = [[-2, 2]];
export const POSITIVE: Domain = [[0.5, 2.5]];
export const NONZERO: Domain = [
  [-2, -0.3],
  [0.3, 2],
];

/** Result dtypes by input dtype, by the ways that ops have with integers. */
export const ARITHMETIC = { float32: 'float32', float64: 'float64', int32: 'int32', bool: 'int32' } as const;
export const FLOAT = { float32: 'float32', float64: 'float64', int32: 'float32', bool: 'float32' } as const;
export const SAME = { float32: 'float32', float64: 'float64', int32: 'int32', bool: 'bool' } as const;
export const BOOL = { float32: 'bool', float64: 'bool', int32: 'bool', bool: 'bool' } as const;
export const INT32 = { float32: 'int32', float64: 'int32', int32: 'int32', bool: 'int32' } as const;

/** Any numbers. */
export function real(shape: readonly number[], domain: Domain = REAL): Input {
  return { shape, kind: 'real', domain };
}

/** Numbers no two of which are close: for ops that look for the largest. */
export function apart(shape: readonly number[]): Input {
  return { shape, kind: 'apart', domain: REAL };
}

/** int32 whatever the dtype of the others: positions, labels. */
export function ints(shape: readonly number[], low: number, high: number): Input {
  return { shape, kind: 'int32', domain: [[low, high]] };
}

/** bool whatever the dtype of the others. */
export function bools(shape: readonly number[]): Input {
  return { shape, kind: 'bool', domain: [[0, 1]] };
}

/** Choices from a seed. */
export function randomOf(seed: string): Random {
  const next = stream(seedOf(seed));
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    integer,
    pick: (choices) => choices[integer(0, choices.length - 1)],
    shape: (lowRank, highRank, empty = false) =>
      Array.from({ length: integer(lowRank, highRank) }, () => (empty && next() < 0.125 ? 0 : integer(1, 4))),
    axis: (rank) => integer(-rank, rank - 1),
  };
}

/** Some of the options, each with its value or left out. */
export function maybe<Options extends object>(random: Random, options: Options): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(() => random.pick([true, false])),
  ) as Partial<Options>;
}

/** Draws again until what came is accepted. */
export function until<T>(draw: () => T, accept: (drawn: T) => boolean): T {
  for (let tries = 0; tries < 1000; tries++) {
    const drawn = draw();
    if (accept(drawn)) return drawn;
  }
  throw new Error('nothing that is accepted came up');
}

/** A list in another order. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(random.integer(0, rest.length - 1), 1)[0]);
}

/** One axis, or a list of none to all of them in any order, counted from either end. */
export function someAxes(random: Random, rank: number): number | number[] {
  if (rank > 0 && random.pick([true, false])) return random.axis(rank);
  const axes = shuffled(random, [...Array(rank).keys()]).slice(0, random.integer(0, rank));
  return axes.map((axis) => random.pick([axis, axis - rank]));
}

/** A shape of at most so many elements: numbers apart get large, and large ones take large steps. */
export function smallShape(random: Random, lowRank: number, highRank: number, size = 48): number[] {
  const rank = random.integer(lowRank, highRank);
  return until(
    () => random.shape(rank, rank, true),
    (shape) => shape.reduce((product, extent) => product * extent, 1) <= size,
  );
}

/** Numbers for an operand, rounded to what `dtype` holds, the same for the same seed. */
export function drawn(input: Input, dtype: DType, seed: string, integers: Domain = [[-4, 4]]): Grid {
  const next = stream(seedOf(seed));
  const size = input.shape.reduce((product, extent) => product * extent, 1);
  const pick = (domain: Domain): number => {
    const [low, high] = domain[Math.floor(next() * domain.length)];
    return low + (high - low) * next();
  };
  const pickInteger = (domain: Domain): number => {
    const [low, high] = domain[Math.floor(next() * domain.length)];
    return low + Math.floor(next() * (high - low + 1));
  };
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const number = (_: unknown, i: number): number => {
    if (input.kind === 'int32') return pickInteger(input.domain);
    if (input.kind === 'bool' || dtype === 'bool') return Math.floor(next() * 2);
    if (dtype === 'int32') return input.kind === 'apart' ? order[i] - (size >> 1) : pickInteger(integers);
    const x = input.kind === 'apart' ? (order[i] - size / 2 + 0.4 * next()) / 4 : pick(input.domain);
    return dtype === 'float32' ? Math.fround(x) : x;
  };
  return { shape: input.shape, data: Array.from({ length: size }, number) };
}

/** The dtype that an operand takes when the real ones have `dtype`. */
export function dtypeOf(input: Input, dtype: DType): DType {
  return input.kind === 'int32' || input.kind === 'bool' ? input.kind : dtype;
}

/** Stands in an expectation for a number whose last digits may differ. */
export function near(x: number): unknown {
  return {
    asymmetricMatch: (other: unknown) =>
      typeof other === 'number' && Math.abs(other - x) <= 8 * Number.EPSILON * Math.abs(x),
    toString: () => `near ${x}`,
  };
}
