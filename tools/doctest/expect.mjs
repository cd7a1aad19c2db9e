// What an instrumented block calls at run time. It knows no library: a tensor is what has toArray and a shape.
import { inspect } from 'node:util';

/** `0.7616` beside 0.76159416 is shown, not computed: `≈` asks for three digits only. */
const TOLERANCE = 1e-6;
const ROUGH_TOLERANCE = 1e-3;
// float32 leaves dust where the mathematics says 0.
const DUST = 1e-7;

/**
 * @param {number} line of the page
 * @param {string} promised what stands after `=>`
 * @param {() => unknown} actual
 * @param {(() => unknown) | undefined} expected absent when what is promised is no expression
 * @returns {void | Promise<void>}
 */
export function __expect(line, promised, actual, expected) {
  let value;
  try {
    value = actual();
  } catch (error) {
    return settleThrown(line, promised, error);
  }
  if (isPromise(value)) {
    return value.then(
      (settled) => settle(line, promised, settled, expected),
      (error) => settleThrown(line, promised, error),
    );
  }
  settle(line, promised, value, expected);
}

/**
 * @param {number} line
 * @param {string} promised
 * @param {unknown} error
 */
function settleThrown(line, promised, error) {
  const [, name, message] = /^throws\b *(\w*)(?:: *([\s\S]*))?$/.exec(promised) ?? [];
  if (name === undefined) throw error;
  const { name: thrownName = '', message: thrownMessage = '' } = /** @type {Partial<Error>} */ (error);
  if (name !== '' && !lineage(error).includes(name)) {
    fail(line, promised, `${thrownName}: ${thrownMessage} was thrown`);
  }
  if (message !== undefined && !squeeze(thrownMessage).includes(squeeze(message))) {
    fail(line, promised, `the message is: ${thrownMessage}`);
  }
}

/**
 * The name of an error and those of its classes.
 * @param {unknown} error
 */
function lineage(error) {
  const names = [String(/** @type {Partial<Error>} */ (error).name)];
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    names.push(proto.constructor?.name);
  }
  return names;
}

/**
 * @param {number} line
 * @param {string} promised
 * @param {unknown} value
 * @param {(() => unknown) | undefined} expected
 */
function settle(line, promised, value, expected) {
  if (/^throws\b/.test(promised)) fail(line, promised, `nothing was thrown; the value is ${show(value)}`);
  if (saysTheSame(value, promised)) return;
  let wanted;
  try {
    if (expected === undefined) throw new Error('no expression');
    wanted = expected();
  } catch {
    // Not a value but a picture of one, and the picture differs.
    fail(line, promised, show(value));
  }
  if (!alike(value, wanted, promised.startsWith('≈') ? ROUGH_TOLERANCE : TOLERANCE))
    fail(line, promised, show(value));
}

/**
 * @param {unknown} value
 * @param {string} promised
 */
function saysTheSame(value, promised) {
  const text = squeeze(promised);
  return text === squeeze(String(value)) || text === squeeze(inspect(value, { depth: 8 }));
}

/** @param {string} text */
function squeeze(text) {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * @param {unknown} a
 * @param {unknown} b
 * @param {number} tolerance
 * @returns {boolean}
 */
export function alike(a, b, tolerance = TOLERANCE) {
  const x = plain(a);
  const y = plain(b);
  if (typeof x === 'number' && typeof y === 'number') {
    if (Object.is(x, y) || x === y) return true;
    return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) + (y === 0 ? DUST : 0);
  }
  if (Array.isArray(x) && Array.isArray(y)) {
    return x.length === y.length && x.every((element, i) => alike(element, y[i], tolerance));
  }
  if (isObject(x) && isObject(y) && !Array.isArray(x) && !Array.isArray(y)) {
    const keys = Object.keys(y);
    return (
      Object.keys(x).length === keys.length &&
      keys.every((key) => Object.hasOwn(x, key) && alike(x[key], y[key], tolerance))
    );
  }
  return Object.is(x, y);
}

/**
 * A tensor as nested arrays, a typed array as an array, an iterable collection as an array.
 * @param {unknown} value
 * @returns {unknown}
 */
function plain(value) {
  if (!isObject(value)) return value;
  if (typeof value.toArray === 'function' && 'shape' in value) return value.toArray();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(/** @type {ArrayLike<number>} */ (/** @type {unknown} */ (value)));
  }
  if (value instanceof Set || value instanceof Map) return [...value];
  return value;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {unknown} value
 * @returns {value is Promise<unknown>}
 */
function isPromise(value) {
  return isObject(value) && typeof value.then === 'function';
}

/** @param {unknown} value */
function show(value) {
  return inspect(plain(value), { depth: 8, breakLength: 100 });
}

/**
 * @param {number} line
 * @param {string} promised
 * @param {string} got
 * @returns {never}
 */
function fail(line, promised, got) {
  throw new Error(`line ${line}: promised ${promised}\n  got ${got}`);
}
