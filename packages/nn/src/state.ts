/**
 * @file States by name: the grammar of names, and the one strict rule by which a state fits. Modules and optimisers
 * save and load through here.
 */
import { assign, noGrad, StateError, Tensor } from '@ndgrad/core';
import { describeValue, formatShape, requireWritable } from '@ndgrad/core/arguments';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.\-/]{0,255}$/;
/** Whoever walks a name as a path on plain objects must not end up on a prototype. */
const RESERVED = ['__proto__', 'constructor', 'prototype'];
const LONGEST_PRINTED = 80;

/** A name as messages show it: ASCII, short, unable to speak to a terminal. */
export function printName(name: string): string {
  const text = JSON.stringify(name).replace(
    /[^ -~]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length > LONGEST_PRINTED ? `${text.slice(0, LONGEST_PRINTED)}…"` : text;
}

/** Refuses a name that could not be saved, or not be read back without harm. */
export function checkName(where: string, name: string): void {
  const reserved = name.split(/[./]/).find((segment) => RESERVED.includes(segment));
  if (reserved === undefined && NAME.test(name)) return;
  throw new StateError({
    where,
    problem:
      reserved === undefined
        ? `the name ${printName(name)} must be 1 to 256 letters, digits or any of _ . - /, and start with a letter, digit or _`
        : `the name ${printName(name)} holds the reserved word ${reserved}`,
    hint: 'rename the field, or the key of the Map or object that holds it',
  });
}

/** Copies of live tensors, outside of any graph: later steps do not change them. */
export function copyState(live: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return noGrad(() => new Map(Array.from(live, ([name, t]) => [name, t.clone()])));
}

/** One tensor and the values it is to take. */
export interface Write {
  readonly target: Tensor;
  readonly value: Tensor;
}

/**
 * Pairs each live tensor with its value in `state`, after checking names, shapes and dtypes.
 *
 * @throws StateError that lists every difference; nothing has been written then.
 */
export function matchState(
  where: string,
  owner: string,
  live: ReadonlyMap<string, Tensor>,
  state: unknown,
): Map<string, Write> {
  if (!(state instanceof Map)) {
    throw new StateError({
      where,
      argument: 'state',
      must: 'be a Map from names to tensors',
      got: describeValue(state),
      hint: 'stateDict() makes one',
    });
  }
  const differences: string[] = [];
  const list = (what: string, names: readonly string[]): void => {
    if (names.length > 0) differences.push(`${what} ${names.join(', ')}`);
  };
  const missing = [...live].filter(([name]) => !state.has(name));
  list(
    'missing',
    missing.map(([name, t]) => `${printName(name)} (${formatShape(t.shape)} ${t.dtype})`),
  );
  const unexpected = [...state.keys()].filter((name) => typeof name !== 'string' || !live.has(name));
  list(
    'unexpected',
    unexpected.map((name) => (typeof name === 'string' ? printName(name) : describeValue(name))),
  );

  const writes = new Map<string, Write>();
  for (const [name, target] of live) {
    if (!state.has(name)) continue;
    const value: unknown = state.get(name);
    if (!(value instanceof Tensor)) {
      differences.push(`${printName(name)} must be a tensor, got ${describeValue(value)}`);
      continue;
    }
    const [shape, got] = [formatShape(target.shape), formatShape(value.shape)];
    if (shape !== got) differences.push(`${printName(name)} must have shape ${shape}, got ${got}`);
    if (value.dtype !== target.dtype) {
      differences.push(`${printName(name)} must be ${target.dtype}, got ${value.dtype}`);
    }
    writes.set(name, { target, value });
  }
  if (differences.length > 0) {
    throw new StateError({
      where,
      problem: `the state does not fit this ${owner}: ${differences.join('; ')}`,
      hint: 'nothing was written',
    });
  }
  return writes;
}

/** Writes matched values in place; nothing is written if one of the targets cannot be. */
export function writeState(where: string, writes: readonly Write[]): void {
  noGrad(() => {
    for (const { target } of writes) requireWritable(where, target);
    // A state made of the very tensors it is loaded into, with names exchanged, must be read before it is overwritten.
    const values = writes.map(({ value }) => value.clone());
    writes.forEach(({ target }, i) => {
      assign(target, values[i] as Tensor);
    });
  });
}
