/** @file Reading the numbers that tools/reference makes, and comparing with them. The tests of every package use it. */
import { readFileSync } from 'node:fs';
import { type DType, Tensor, tensor } from '@ndgrad/core';

/** A number; JSON has none for three of them. */
export type Encoded = number | 'NaN' | 'Infinity' | '-Infinity';

/** A tensor as it stands in a file. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly (Encoded | boolean)[];
}

/** The content of a reference file beside the module `base` (`import.meta.url`). */
export function readReference(base: string, name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./reference/${name}`, base), 'utf8'));
}

export function isTensorData(x: unknown): x is TensorData {
  return typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x && 'data' in x;
}

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };

export function decode(data: TensorData, requiresGrad = false): Tensor {
  const array = ARRAYS[data.dtype].from(data.data.map(Number));
  return tensor(array, { shape: data.shape, dtype: data.dtype, requiresGrad });
}

/**
 * Arguments as a call takes them: tensors, numbers, lists and options. Where `leaves` is given, float tensors require
 * gradients and are collected there, in order of appearance.
 */
export function decodeArguments(x: unknown, leaves?: Tensor[]): unknown {
  if (isTensorData(x)) {
    const isLeaf = leaves !== undefined && (x.dtype === 'float32' || x.dtype === 'float64');
    const t = decode(x, isLeaf);
    if (isLeaf) leaves.push(t);
    return t;
  }
  if (Array.isArray(x)) return x.map((entry: unknown) => decodeArguments(entry, leaves));
  if (typeof x === 'object' && x !== null) {
    return Object.fromEntries(Object.entries(x).map(([key, entry]) => [key, decodeArguments(entry, leaves)]));
  }
  return x === 'Infinity' || x === '-Infinity' || x === 'NaN' ? Number(x) : x;
}

/** How far a number may be from the one on file, absolutely below `floor` and relatively above. */
export interface Tolerance {
  readonly relative: number;
  /** Default 1. 0 compares small numbers relatively too. */
  readonly floor?: number;
}

const DOUBLE: Tolerance = { relative: 1e-9 };

/** What is wrong with `found`, in sentences; nothing if it agrees. */
export function faults(
  place: string,
  found: unknown,
  expected: TensorData,
  { relative, floor = 1 }: Tolerance = DOUBLE,
): string[] {
  if (!(found instanceof Tensor)) return [`${place}: no tensor`];
  if (found.dtype !== expected.dtype) return [`${place}: dtype ${found.dtype}, not ${expected.dtype}`];
  if (`${found.shape}` !== `${expected.shape}`) {
    return [`${place}: shape [${found.shape}], not [${expected.shape}]`];
  }
  const values = found.toTypedArray();
  return expected.data.map(Number).flatMap((b, i) => {
    const a = values[i];
    const close = Object.is(a, b) || a === b || Math.abs(a - b) <= relative * Math.max(floor, Math.abs(b));
    return close ? [] : [`${place}[${i}]: ${a}, the reference has ${b}`];
  });
}
