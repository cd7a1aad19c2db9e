/**
 * @file How many units in the last place (ULP) each function is off the truth, and how many it may be.
 * tools/reference/digits.py has the truth, from 60 digits.
 */
import * as core from '@ndgrad/core';
import { type KernelBuild, type Tensor, tensor } from '@ndgrad/core';
import { ulpOf } from './grid.js';
import { type Encoded, readReference } from './referenceData.js';

type Float = 'float32' | 'float64';

/** Many numbers: low + (high − low) k / 2³¹, times `times`, for the Park-Miller states k after `seed`. */
interface Recipe {
  readonly seed: number;
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly times: number;
}

/** One call and its true result. */
export interface Case {
  readonly name: string;
  readonly dtype: Float;
  /** What is special about the call; a function of numbers has none. */
  readonly title?: string;
  /** Decimals, to be rounded to the dtype. */
  readonly inputs: readonly (readonly (Encoded | Recipe)[])[];
  readonly shapes?: readonly (readonly number[])[];
  readonly options?: object;
  readonly value: readonly Encoded[];
  /** What `value` lacks, in thousandths of its ULP. */
  readonly rest?: readonly number[];
}

/** One element of a result, for limits that depend on the call's condition. */
interface Point {
  /** The call's inputs. */
  readonly inputs: readonly (readonly number[])[];
  readonly shapes: readonly (readonly number[])[] | undefined;
  readonly i: number;
  readonly value: number;
  readonly ulp: number;
}

type Limit = number | ((point: Point) => number);

/** What a function may be off, in ULP, and why. */
interface Row {
  readonly float64: Limit;
  /** float32 with the JavaScript kernels, which compute in double and round once. Default 1. */
  readonly js?: Limit;
  /** float32 with either WebAssembly build. */
  readonly wasm: Limit;
  readonly why: string;
  /** The function of the case's tensors, where it is not the op of that name. */
  readonly call?: (...x: Tensor[]) => Tensor;
}

const DOUBLE = 2 ** -53;
const SINGLE = 2 ** -24;

const magnitudes = (x: readonly number[]): number => x.reduce((sum, v) => sum + Math.abs(v), 0);
const largest = (x: readonly number[]): number => x.reduce((m, v) => Math.max(m, v), -Infinity);

/** An allowance relative to the largest of the terms that cancel, not to what is left of them. */
const cancelling =
  (ulps: number, terms: (point: Point) => number): Limit =>
  (point) =>
    ulps * Math.max(1, terms(point) / Math.abs(point.value));

/** The same of 1 for arguments below 0, where a reflection cancels near every zero of the function. */
const reflected =
  (ulps: number): Limit =>
  ({ inputs: [x], i, value }) =>
    x[i] > 0 ? ulps : ulps * Math.max(1, 1 / Math.abs(value));

/** exp(x − m) inherits the rounding of x − m: as many half ULP as the difference is large. */
const shifted: Limit = ({ inputs: [x], i }) => 4 + largest(x) - x[i];
/** The same, for results that hold all of a row's terms. */
const shiftedRow: Limit = ({ inputs: [x] }) => 4 + largest(x) + largest(x.map((v) => -v));

/** Σ |a b| behind one element of a matrix product. */
function productTerms({ inputs: [a, b], shapes, i }: Point): number {
  const [[, k], [, n]] = shapes as readonly (readonly number[])[];
  const [row, column] = [Math.floor(i / n), i % n];
  let sum = 0;
  for (let q = 0; q < k; q++) sum += Math.abs(a[row * k + q] * b[q * n + column]);
  return sum;
}

/** One rounding, and √n of the accumulator's over the magnitudes of its n terms: roundings are of either sign. */
const accumulated =
  (rounding: number, terms: (point: Point) => number, n: (point: Point) => number): Limit =>
  (point) =>
    0.501 + (Math.sqrt(n(point) - 1) * rounding * terms(point)) / point.ulp;

const sumTerms = ({ inputs: [x] }: Point): number => magnitudes(x);
const sumCount = ({ inputs: [x] }: Point): number => x.length;
const productCount = ({ shapes }: Point): number => (shapes as readonly (readonly number[])[])[0][1];

/** The derivative of a function, from the op that multiplies it by a cotangent. */
const atCotangentOne =
  (op: (g: Tensor, x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    op(core.onesLike(x), x);

const ROUNDED: Row = { float64: 0.5, js: 0.501, wasm: 0.501, why: 'IEEE 754 rounds it' };
const PLAIN: Row = { float64: 2, wasm: 4, why: 'one function of V8: no worse than 2' };
/** float32 in double whatever the build: in the JavaScript form, or in double lanes. */
const IN_DOUBLE: Row = { ...PLAIN, wasm: 1 };

/** Every function with a case, and how far off it may be. */
export const ROWS: Readonly<Record<string, Row>> = {
  div: ROUNDED,
  sqrt: ROUNDED,
  reciprocal: ROUNDED,
  rsqrt: { float64: 2, wasm: 1, why: 'two roundings' },
  exp: { ...PLAIN, wasm: 2 },
  expm1: PLAIN,
  log: { ...PLAIN, wasm: 2 },
  log1p: PLAIN,
  log2: { ...PLAIN, wasm: 2 },
  tanh: PLAIN,
  pow: IN_DOUBLE,
  sin: IN_DOUBLE,
  cos: IN_DOUBLE,
  tan: IN_DOUBLE,
  asin: IN_DOUBLE,
  acos: IN_DOUBLE,
  atan: IN_DOUBLE,
  atan2: IN_DOUBLE,
  sinh: IN_DOUBLE,
  cosh: IN_DOUBLE,
  asinh: IN_DOUBLE,
  acosh: IN_DOUBLE,
  atanh: IN_DOUBLE,
  hypot: { float64: 1.5, wasm: 1, why: 'two squares, a sum and a root' },
  erf: { float64: 2, wasm: 1, why: 'a polynomial by range' },
  erfc: { float64: 3, wasm: 1, why: 'its own form in the tail, never 1 − erf' },
  erfinv: { float64: 2, wasm: 1, why: 'a rational form, and one step of correction' },
  lgamma: { float64: reflected(3), wasm: 1, why: 'all digits near 1 and 2; near its zeros below 0, of 1' },
  digamma: { float64: reflected(8), wasm: 1, why: 'all digits near 1.46; near its zeros below 0, of 1' },
  gelu: { float64: 3, wasm: 1, why: 'erfc in the tail' },
  silu: { float64: 3, wasm: 1, why: 'exp, a product and a quotient' },
  mish: { float64: 3, wasm: 1, why: 'a quotient of polynomials in exp' },
  elu: IN_DOUBLE,
  selu: { float64: 3, wasm: 1, why: 'expm1 and a product with a rounded constant' },
  sigmoid: { float64: 3, wasm: 4, why: 'exp, a sum and a quotient' },
  logSigmoid: { float64: 2, wasm: 4, why: 'exp in log1p, and a sum of one sign' },
  softplus: { float64: 2, wasm: 4, why: 'exp in log1p, and a sum of one sign' },
  tanhGradient: {
    float64: 4,
    wasm: 8,
    why: 'exp, and four roundings',
    call: atCotangentOne(core.tanhGradient),
  },
  sigmoidGradient: {
    float64: 4,
    wasm: 8,
    why: 'exp, and four roundings',
    call: atCotangentOne(core.sigmoidGradient),
  },
  logaddexp: {
    float64: cancelling(2, ({ inputs: [a, b], i }) => Math.max(Math.abs(a[i]), Math.abs(b[i]))),
    wasm: cancelling(4, ({ inputs: [a, b], i }) => Math.max(Math.abs(a[i]), Math.abs(b[i]))),
    why: 'as softplus; where the sum is near 1, of the logits',
  },
  xlogy: { float64: 2, wasm: 4, why: 'log and a product' },
  sigmoidCrossEntropy: { float64: 2, wasm: 4, why: 'softplus twice, terms of one sign' },
  sigmoidCrossEntropyGradient: {
    float64: cancelling(4, ({ inputs: [x, t], i }) => t[i] / (1 + Math.exp(x[i]))),
    wasm: cancelling(8, ({ inputs: [x, t], i }) => t[i] / (1 + Math.exp(x[i]))),
    why: 'of the terms: they cancel where σ(x) is near t',
    call: (x, t) => core.sigmoidCrossEntropyGradient(core.onesLike(x), x, t),
  },
  logSumExp: {
    float64: cancelling(2, ({ inputs: [x] }) => Math.abs(largest(x))),
    wasm: cancelling(4, ({ inputs: [x] }) => Math.abs(largest(x))),
    why: 'log1p of all but the largest; where the sum is near 1, of the largest',
  },
  softmax: { float64: shifted, wasm: shifted, why: '4 + |x − m|: the shift is rounded' },
  logSoftmax: { float64: shiftedRow, wasm: shiftedRow, why: '4 + |x − m|: the shift is rounded' },
  norm: { float64: 2, wasm: 1, why: 'compensated, and scaled where squares leave the range' },
  norm3: {
    float64: 3,
    wasm: 1,
    why: 'p = 3: composed of ops that round each, of float32 in double',
    call: (x) => core.norm(x, { ord: 3 }),
  },
  normalize: { float64: 4, wasm: 4, why: 'a norm and a quotient' },
  cosineSimilarity: {
    float64: cancelling(2, () => 1),
    wasm: 1,
    why: 'of 1: the terms cancel near a right angle',
  },
  cdist: { float64: 4, wasm: 8, why: 'differences of coordinates' },
  squaredCdist: { float64: 4, wasm: 8, why: 'differences of coordinates' },
  sum: {
    float64: 2,
    wasm: accumulated(DOUBLE, sumTerms, sumCount),
    why: 'compensated; a double accumulator in WebAssembly',
  },
  cumsum: {
    float64: 2,
    js: accumulated(DOUBLE, sumTerms, sumCount),
    wasm: accumulated(DOUBLE, sumTerms, sumCount),
    why: 'compensated; float32 in a double accumulator',
    call: (x) => core.cumsum(x).slice([-50, null]),
  },
  mean: { float64: 2, wasm: 1, why: 'the sum, scaled where it overflows' },
  variance: { float64: 2, wasm: 1, why: 'two passes, compensated, scaled where squares leave the range' },
  std: { float64: 2, wasm: 1, why: 'two passes, compensated, scaled where squares leave the range' },
  matmul: {
    float64: accumulated(DOUBLE, productTerms, productCount),
    js: accumulated(DOUBLE, productTerms, productCount),
    wasm: accumulated(SINGLE, productTerms, productCount),
    why: '√k roundings over Σ|ab|: of float32 lanes in WebAssembly, else of doubles',
  },
};

export const CASES = (readReference(import.meta.url, 'digits.json') as { readonly cases: readonly Case[] })
  .cases;

/** The worst of a function's errors. */
export interface Worst {
  readonly ulps: number;
  /** The limit at that point, and the error's share of it: the worst is the one with the largest share. */
  readonly limit: number;
  readonly share: number;
  /** The call, as one would write it. */
  readonly call: string;
  readonly got: number;
  readonly expected: number;
}

/** An input's numbers, as its dtype has them. */
function numbersOf(input: readonly (Encoded | Recipe)[], dtype: Float): Float32Array | Float64Array {
  const flat: number[] = [];
  for (const piece of input) {
    if (typeof piece !== 'object') {
      flat.push(Number(piece));
      continue;
    }
    const { seed, count, low, high, times } = piece;
    for (let k = 0, state = seed; k < count; k++) {
      state = (16807 * state) % (2 ** 31 - 1);
      flat.push((low + (high - low) * (state / 2 ** 31)) * times);
    }
  }
  return dtype === 'float64' ? Float64Array.from(flat) : Float32Array.from(flat);
}

function resultOf(c: Case, row: Row, inputs: readonly (Float32Array | Float64Array)[]): Tensor {
  const operands = inputs.map((data, k) =>
    tensor(data, { shape: c.shapes?.[k] ?? [data.length], dtype: c.dtype }),
  );
  if (row.call !== undefined) return row.call(...operands);
  const op = (core as unknown as Record<string, ((...x: unknown[]) => Tensor) | undefined>)[c.name];
  if (op === undefined) throw new Error(`@ndgrad/core has no function called ${c.name}`);
  return c.options === undefined ? op(...operands) : op(...operands, c.options);
}

/** The worst error of one call with the kernels in force, its results multiplied by `fault`. */
export function measure(c: Case, row: Row, build: KernelBuild, fault = 1): Worst {
  const inputs = c.inputs.map((input) => numbersOf(input, c.dtype));
  const found = resultOf(c, row, inputs).toTypedArray();
  const lists = inputs.map((input) => [...input]);
  const limit = c.dtype === 'float64' ? row.float64 : build === 'js' ? (row.js ?? 1) : row.wasm;
  let worst: Worst | undefined;
  c.value.map(Number).forEach((value, i) => {
    const ulp = ulpOf(value, c.dtype);
    const got = found[i] * fault;
    const error = Math.abs((got - value) / ulp - (c.rest?.[i] ?? 0) / 1000);
    const ulps = Number.isNaN(error) ? Infinity : error;
    const most =
      typeof limit === 'number' ? limit : limit({ inputs: lists, shapes: c.shapes, i, value, ulp });
    if (worst !== undefined && ulps / most <= worst.share) return;
    const place =
      c.title === undefined
        ? lists.map((x) => x[i]).join(', ')
        : `${c.title}${c.value.length > 1 ? `, element ${i}` : ''}`;
    worst = {
      ulps,
      limit: most,
      share: ulps / most,
      call: `${c.name}(${place})`,
      got,
      expected: value,
    };
  });
  return worst as Worst;
}
