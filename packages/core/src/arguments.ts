/**
 * @file Checks of what comes from outside, with the same typed errors everywhere. Public as `@ndgrad/core/arguments`
 * for packages that build on core.
 */
import { elementwisePlan, visitKernel } from '@ndgrad/kernels';
import { isFloat } from './dtype.js';
import { ArgumentError, DTypeError, NumericError, ShapeError } from './errors.js';
import { currentHome } from './homes/current.js';
import { requireAlive } from './homes/running.js';
import { broadcastStrides, formatShape, type Shape, sameShape } from './shape.js';
import { foreignVersion, Tensor, VERSION } from './tensor.js';

export { isTracing, requireRunning } from './homes/running.js';
export { formatShape, indexAt } from './shape.js';
export { requireWritable } from './tensor.js';

const LONGEST_DESCRIPTION = 60;

/** The getter that all typed arrays inherit: a property of an array cannot stand in for it. */
function inherited(key: string | symbol): (this: unknown) => unknown {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), key) ?? {};
  return get as (this: unknown) => unknown;
}
const TAG = /* @__PURE__ */ inherited(Symbol.toStringTag);
const LENGTH = /* @__PURE__ */ inherited('length');

/** A few words for what came, for the `got` of a message. */
export function describeValue(x: unknown): string {
  if (x instanceof Tensor) return `a ${x.dtype} tensor of shape ${formatShape(x.shape)}`;
  if (typeof x === 'string') {
    const text = JSON.stringify(x);
    return text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION)}…` : text;
  }
  if (typeof x === 'bigint') return `the bigint ${x}n`;
  if (typeof x === 'function') return 'a function';
  if (typeof x === 'symbol') return 'a symbol';
  if (Array.isArray(x)) return `an array of length ${x.length}`;
  if (typeof x === 'object' && x !== null) {
    const name = Object.prototype.toString.call(x).slice(8, -1);
    return name === 'Object' ? 'an object' : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
  }
  return `${x as number | boolean | null | undefined}`;
}

/** Name of the class of a typed array, whatever realm made it, or `undefined`: `instanceof` fails across realms. */
export function typedArrayName(x: unknown): string | undefined {
  if (!ArrayBuffer.isView(x)) return undefined;
  return (TAG.call(x) as string | undefined) ?? 'DataView';
}

/** Length of a typed array, whatever realm made it. @internal */
export function typedArrayLength(x: ArrayBufferView): number {
  return LENGTH.call(x) as number;
}

/** The candidate that takes the fewest edits to become `word`, if that is few. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < fewest) {
      fewest = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + change));
    }
    row = next;
  }
  return row[b.length];
}

/** Refuses options that are no object, and keys that the function does not know. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (
    typeof options !== 'object' ||
    options === null ||
    Array.isArray(options) ||
    options instanceof Tensor
  ) {
    throw new ArgumentError({
      where,
      argument: 'options',
      must: 'be an object',
      got: describeValue(options),
    });
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new ArgumentError({
      where,
      problem: `unknown option '${key}'`,
      hint:
        near !== undefined
          ? `did you mean '${near}'?`
          : known.length > 0
            ? `the options are ${known.join(', ')}`
            : 'there are none',
    });
  }
}

/** Refuses what is not a tensor of this copy of the library, and a tensor whose memory was freed. */
export function checkTensor(where: string, argument: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) {
    requireAlive(where, x.storage);
    return;
  }
  const foreign = foreignVersion(x);
  throw new ArgumentError({
    where,
    argument,
    must: foreign === undefined ? 'be a tensor' : `be a tensor of this copy of @ndgrad/core (${VERSION})`,
    got: foreign === undefined ? describeValue(x) : `a tensor of another copy (${foreign})`,
    hint: foreign === undefined ? 'wrap it in tensor(…)' : 'install one version of @ndgrad/core only',
  });
}

/** Refuses integer and boolean tensors. */
export function checkFloat(where: string, argument: string, x: unknown): asserts x is Tensor {
  checkTensor(where, argument, x);
  if (isFloat(x.dtype)) return;
  throw new DTypeError({
    where,
    argument,
    must: 'be float32 or float64',
    got: x.dtype,
    hint: "use .cast('float32')",
  });
}

/** Refuses a value that is not one of a list of words. */
export function checkEnum<const T extends string>(
  where: string,
  argument: string,
  value: unknown,
  allowed: readonly T[],
): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  throw new ArgumentError({
    where,
    argument,
    must: `be ${allowed.map((word) => `'${word}'`).join(' or ')}`,
    got: describeValue(value),
    ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
  });
}

/** Refuses what is not a function. */
export function checkFunction(where: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ArgumentError({ where, argument, must: 'be a function', got: describeValue(value) });
}

/** Refuses anything but true and false. */
export function checkBoolean(where: string, argument: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ArgumentError({ where, argument, must: 'be true or false', got: describeValue(value) });
}

/** The range that {@link checkNumber} holds a number to. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Whether `min` itself is refused. */
  readonly exclusiveMin?: boolean;
  /** Whether `max` itself is refused. */
  readonly exclusiveMax?: boolean;
  readonly integer?: boolean;
  /** Whether infinities are refused. Default `true`. */
  readonly finite?: boolean;
  /** Whether NaN passes, whatever the bounds. Default `false`. */
  readonly nan?: boolean;
}

/** The number, if it is one and lies in the range. */
export function checkNumber(
  where: string,
  argument: string,
  value: unknown,
  range: NumberRange = {},
): number {
  const {
    min,
    max,
    exclusiveMin = false,
    exclusiveMax = false,
    integer = false,
    finite = true,
    nan = false,
  } = range;
  if (nan && Number.isNaN(value)) return Number.NaN;
  const fits =
    typeof value === 'number' &&
    !Number.isNaN(value) &&
    (!finite || Number.isFinite(value)) &&
    (!integer || Number.isInteger(value)) &&
    (min === undefined || (exclusiveMin ? value > min : value >= min)) &&
    (max === undefined || (exclusiveMax ? value < max : value <= max));
  if (fits) return value;
  const bounds = [
    ...(min === undefined ? [] : [exclusiveMin ? `above ${min}` : `at least ${min}`]),
    ...(max === undefined ? [] : [exclusiveMax ? `below ${max}` : `at most ${max}`]),
  ];
  const kind = integer ? 'an integer' : finite ? 'a finite number' : 'a number';
  throw new ArgumentError({
    where,
    argument,
    must: `be ${[kind, bounds.join(' and ')].filter((part) => part !== '').join(' ')}`,
    got: describeValue(value),
  });
}

/** Refuses two tensors of different shapes; nothing is broadcast. */
export function checkSameShape(where: string, nameA: string, a: Tensor, nameB: string, b: Tensor): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError({
    where,
    argument: nameB,
    must: `have the shape of ${nameA}, ${formatShape(a.shape)}`,
    got: formatShape(b.shape),
    hint: 'reshape or expand it; it is never broadcast',
  });
}

/** Refuses two tensors of different dtypes; nothing is cast. */
export function checkSameDType(where: string, nameA: string, a: Tensor, nameB: string, b: Tensor): void {
  if (a.dtype === b.dtype) return;
  throw new DTypeError({
    where,
    argument: nameB,
    must: `be ${a.dtype}, as ${nameA} is`,
    got: b.dtype,
    hint: 'cast() it',
  });
}

/** Refuses a tensor of any shape but one. */
export function checkHasShape(where: string, argument: string, x: Tensor, shape: Shape): void {
  if (sameShape(x.shape, shape)) return;
  throw new ShapeError({
    where,
    argument,
    must: `have shape ${formatShape(shape)}`,
    got: formatShape(x.shape),
  });
}

/** Refuses a tensor of another rank. `what` says what the argument is: "a matrix [n, d]". */
export function checkRank(where: string, argument: string, x: Tensor, rank: number, what: string): void {
  if (x.rank === rank) return;
  throw new ShapeError({ where, argument, must: `be ${what}`, got: `shape ${formatShape(x.shape)}` });
}

/**
 * Shows every element of a tensor to `visit`, which refuses by throwing: now, or in a captured step at each replay, before
 * anything that comes later. Up to two companions of the same shape are shown along.
 *
 * @param visit - gets the position in row-major order and the values; bool as 0 or 1.
 */
export function inspect(
  name: string,
  x: Tensor,
  visit: (position: number, value: number, companion: number, second: number) => void,
  ...companions: Tensor[]
): void {
  if (x.size === 0) return;
  const strides = [x, ...companions].map((t) => broadcastStrides(t.shape, t.strides, x.shape));
  currentHome().call(
    visitKernel(name, visit),
    elementwisePlan(x.shape, ...strides),
    x,
    ...(companions as [Tensor?, Tensor?]),
  );
}

/** Refuses an exact result that int32 cannot hold. */
export function checkFitsInt32(where: string, exact: Tensor): void {
  inspect('checkFitsInt32', exact, (_i, value) => {
    if (Math.abs(value) < 2 ** 31 || value === -(2 ** 31)) return;
    throw new NumericError({
      where,
      problem: `the int32 result ${value} does not fit`,
      hint: "cast to 'float64' first",
    });
  });
}
