/**
 * @file Checks of derivatives against finite differences, for the library's own tests and for yours. Public as
 * `@ndgrad/core/testing`.
 */
import { random } from '@ndgrad/kernels';
import { checkFunction, checkNumber, checkOptions, checkTensor, describeValue } from '../arguments.js';
import { markLeaf } from '../autodiff/apply.js';
import { propagate } from '../autodiff/backward.js';
import { enableGrad } from '../autodiff/mode.js';
import type { Node } from '../autodiff/node.js';
import { isFloat } from '../dtype.js';
import { ArgumentError, DTypeError } from '../errors.js';
import { formatShape, packedStrides, type Shape } from '../shape.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';

/** A function that the checks differentiate: tensors in, one tensor or several out. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** Options of {@link gradcheck} and {@link gradgradcheck}. */
export interface GradcheckOptions {
  /** Largest error, relative to the derivative's terms. Default 1e-9 for first derivatives, 1e-7 for second. */
  readonly relativeTolerance?: number;
  /** Step of the differences, for elements of magnitude up to 1; larger elements take it in proportion. Default 0.002. */
  readonly step?: number;
  /** Chooses directions and cotangents. Default 0. */
  readonly seed?: number;
  /** Whether to check every element of every input after the random directions. Default `false`. */
  readonly exhaustive?: boolean;
}

const OPTIONS = ['relativeTolerance', 'step', 'seed', 'exhaustive'] as const;

/** Weights of f(x + kh) − f(x − kh), k = 1, 2, 3, in the difference of order 6. */
const WEIGHTS = [3 / 4, -3 / 20, 1 / 60];

/** How many roundings of the function's values the differences may carry. */
const ROUNDINGS = 64;

/** After a failure, how many elements are tried one by one to say where the fault is. */
const LOCATED = 64;

/**
 * Compares the derivatives that `backward` would give with 6-point central differences,
 * `(45 (f₁ − f₋₁) − 9 (f₂ − f₋₂) + (f₃ − f₋₃)) / 60h`, whose error falls with h⁶.
 *
 * Each input is moved along one random direction and the outputs are contracted with one random cotangent, so a check
 * costs six calls of `f` per input. `f` must be smooth around the inputs: keep them away from kinks by more than three
 * steps.
 *
 * @param f - a function of tensors that gives the same result each time.
 * @param inputs - float64 tensors; copies of them are given to `f`.
 * @throws {@link ArgumentError} unless all inputs are float64 tensors.
 * @throws Error with input number, analytic and numeric derivative and their ratio when they disagree.
 *
 * @example
 * ```ts
 * import { gradcheck } from '@ndgrad/core/testing';
 * gradcheck((x) => x.tanh().square(), [tensor([0.5, -1], { dtype: 'float64' })]);
 * ```
 *
 * @see {@link gradgradcheck} for second derivatives.
 */
export function gradcheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): void {
  check('gradcheck', f, inputs, options, 1e-9);
}

/**
 * Compares second derivatives with finite differences: {@link gradcheck} of the gradient itself, as a function of the
 * inputs and of the cotangent.
 *
 * @param f - a function of tensors that gives the same result each time.
 * @param inputs - float64 tensors; copies of them are given to `f`.
 * @throws {@link ArgumentError} unless all inputs are float64 tensors.
 * @throws Error with input number, analytic and numeric derivative and their ratio when they disagree. Input numbers
 *   from `inputs.length` on are cotangents.
 *
 * @example
 * ```ts
 * import { gradgradcheck } from '@ndgrad/core/testing';
 * gradgradcheck((x) => x.exp(), [tensor([0.5, -1], { dtype: 'float64' })]);
 * ```
 */
export function gradgradcheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): void {
  const where = 'gradgradcheck';
  checkArguments(where, f, inputs, options);
  const next = draws((options.seed ?? 0) + 1);
  const cotangents = floatsOf(f(...inputs.map((x) => leaf(copyOf(x), x.shape)))).map((y) =>
    leaf(directionFor(next, y.size), y.shape),
  );
  const gradient = (...all: Tensor[]): readonly Tensor[] => {
    const xs = all.slice(0, inputs.length);
    return gradientsOf(where, floatsOf(f(...xs)), all.slice(inputs.length), xs, true);
  };
  check(where, gradient, [...inputs, ...cotangents], options, 1e-7);
}

function check(
  where: string,
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions,
  defaultTolerance: number,
): void {
  checkArguments(where, f, inputs, options);
  const { relativeTolerance = defaultTolerance, step = 0.002, seed = 0, exhaustive = false } = options;
  const next = draws(seed);
  const points = inputs.map(copyOf);
  const leaves = points.map((point, i) => leaf(point, inputs[i].shape));
  const outputs = enableGrad(() => floatsOf(f(...leaves)));
  const cotangents = outputs.map((y) => leaf(directionFor(next, y.size), y.shape));
  const analytic = gradientsOf(where, outputs, cotangents, leaves, false).map(copyOf);
  const weights = cotangents.map(copyOf);

  /** ⟨cotangents, f⟩ with input `i` moved by `t` along `direction`, and the sum of its terms' magnitudes. */
  const along = (i: number, direction: Float64Array, t: number): { value: number; magnitude: number } => {
    const moved = points.map((point, k) =>
      leaf(k === i ? point.map((x, e) => x + t * direction[e]) : point.slice(), inputs[k].shape),
    );
    const values = enableGrad(() => floatsOf(f(...moved)).map(copyOf));
    let value = 0;
    let magnitude = 0;
    values.forEach((y, k) => {
      y.forEach((element, e) => {
        value += element * weights[k][e];
        magnitude += Math.abs(element * weights[k][e]);
      });
    });
    return { value, magnitude };
  };

  const compare = (i: number, direction: Float64Array): Comparison => {
    let numeric = 0;
    let magnitude = 0;
    WEIGHTS.forEach((weight, k) => {
      const ahead = along(i, direction, (k + 1) * step);
      const behind = along(i, direction, -(k + 1) * step);
      numeric += (weight * (ahead.value - behind.value)) / step;
      magnitude = Math.max(magnitude, ahead.magnitude, behind.magnitude);
    });
    let exact = 0;
    let terms = 0;
    analytic[i].forEach((g, e) => {
      // A direction of 0 must not meet an infinite derivative.
      if (direction[e] === 0) return;
      exact += g * direction[e];
      terms += Math.abs(g * direction[e]);
    });
    const noise = (ROUNDINGS * Number.EPSILON * magnitude) / step;
    const allowed = relativeTolerance * Math.max(terms, Math.abs(numeric)) + noise;
    return { analytic: exact, numeric, allowed, agrees: Math.abs(exact - numeric) <= allowed };
  };

  const alongElement = (i: number, e: number): Comparison => {
    const direction = new Float64Array(points[i].length);
    direction[e] = scaleOf(points[i][e]);
    return compare(i, direction);
  };

  inputs.forEach(({ shape }, i) => {
    const direction = directionFor(next, points[i].length).map((d, e) => d * scaleOf(points[i][e]));
    const found = compare(i, direction);
    if (!found.agrees) {
      const faults = Array.from(points[i].subarray(0, LOCATED), (_, e) => ({ e, found: alongElement(i, e) }))
        .filter((fault) => !fault.found.agrees)
        .map((fault) => line(`element ${formatShape(positionOf(fault.e, shape))}`, fault.found));
      throw failure(where, i, shape, relativeTolerance, [line('a random direction', found), ...faults]);
    }
    if (!exhaustive) return;
    for (let e = 0; e < points[i].length; e++) {
      const one = alongElement(i, e);
      if (one.agrees) continue;
      const place = `element ${formatShape(positionOf(e, shape))}`;
      throw failure(where, i, shape, relativeTolerance, [line(place, one)]);
    }
  });
}

/** One derivative found in two ways. */
interface Comparison {
  readonly analytic: number;
  readonly numeric: number;
  readonly allowed: number;
  readonly agrees: boolean;
}

function checkArguments(where: string, f: unknown, inputs: unknown, options: GradcheckOptions): void {
  checkFunction(where, 'f', f);
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'inputs',
      must: 'be an array of at least one tensor',
      got: describeValue(inputs),
    });
  }
  inputs.forEach((x: unknown, i) => {
    checkTensor(where, `inputs[${i}]`, x);
    if (x.dtype === 'float64') return;
    throw new ArgumentError({
      where,
      argument: `inputs[${i}]`,
      must: 'be float64',
      got: x.dtype,
      hint: 'finite differences of narrower numbers have no digits left; let f close over integers',
    });
  });
  checkOptions(where, options, OPTIONS);
  if (options.relativeTolerance !== undefined) {
    checkNumber(where, 'relativeTolerance', options.relativeTolerance, { min: 0 });
  }
  if (options.step !== undefined) checkNumber(where, 'step', options.step, { min: 0, exclusiveMin: true });
  if (options.seed !== undefined) checkNumber(where, 'seed', options.seed, { integer: true });
}

/** The results of `f` as a list of float tensors: the ones that have derivatives. */
function floatsOf(result: Tensor | readonly Tensor[]): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  list.forEach((y, i) => {
    checkTensor('gradcheck', `output ${i} of f`, y);
  });
  const floats = (list as readonly Tensor[]).filter((y) => isFloat(y.dtype));
  if (floats.length === 0) {
    throw new DTypeError({
      where: 'gradcheck',
      argument: 'f',
      must: 'return a float tensor',
      got: (list as readonly Tensor[]).map((y) => y.dtype).join(', '),
    });
  }
  return floats;
}

/** Derivatives of ⟨cotangents, outputs⟩; zeros where an output does not depend on an input. */
function gradientsOf(
  where: string,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): readonly Tensor[] {
  const nodes = inputs.map((x) => x.node as Node);
  const roots = outputs.flatMap((y, i) => (y.node === undefined ? [] : [[y.node, cotangents[i]] as const]));
  return propagate(where, roots, createGraph, new Set(nodes), ({ cotangents: found }) =>
    nodes.map((node, i) => {
      const g = found.get(node);
      if (g === undefined) return plain(new Float64Array(inputs[i].size), inputs[i].shape);
      return createGraph ? g : plain(copyOf(g), g.shape);
    }),
  );
}

function copyOf(x: Tensor): Float64Array {
  return Float64Array.from(x.toTypedArray());
}

function plain(values: Float64Array, shape: Shape): Tensor {
  return new Tensor(
    new Storage('float64', values, 0, values.length),
    shape,
    packedStrides(shape),
    0,
    'float64',
  );
}

function leaf(values: Float64Array, shape: Shape): Tensor {
  return markLeaf('gradcheck', plain(values, shape));
}

/** Elements up to 1 move by the step itself, larger ones in proportion. */
function scaleOf(x: number): number {
  return Math.max(1, Math.abs(x));
}

/** Numbers in [0, 1): a stream of its own, so that a check neither reads nor moves the default generator. */
function draws(seed: number): () => number {
  const bits = new Uint32Array(2);
  let counter = 0;
  return () => {
    random.threefry2x32(seed, 0x6772_6164, counter++, 0, bits);
    return random.toUnit(bits[0], bits[1]);
  };
}

/** Numbers of magnitude ½ … 1 and either sign: none so small that its element would go unchecked. */
function directionFor(next: () => number, length: number): Float64Array {
  return Float64Array.from({ length }, () => {
    const u = next();
    return u < 0.5 ? u - 1 : u;
  });
}

function positionOf(element: number, shape: Shape): number[] {
  return packedStrides(shape).map((stride, axis) => Math.floor(element / stride) % shape[axis]);
}

function line(place: string, { analytic, numeric, allowed }: Comparison): string {
  const error = Math.abs(analytic - numeric);
  return (
    `  along ${place}: analytic ${analytic}, numeric ${numeric}, ` +
    `ratio ${analytic / numeric} (off by ${error.toExponential(1)}, allowed ${allowed.toExponential(1)})`
  );
}

function failure(where: string, i: number, shape: Shape, tolerance: number, lines: readonly string[]): Error {
  return new Error(
    `${where}: the derivative by input ${i} of shape ${formatShape(shape)} disagrees with finite differences ` +
      `(relative tolerance ${tolerance})\n${lines.join('\n')}`,
  );
}
