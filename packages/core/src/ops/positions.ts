/** @file Positions as arguments: of what kind they may be, and that they lie inside. */
import { describeValue, inspect, typedArrayName } from '../arguments.js';
import { ArgumentError, DTypeError, IndexError } from '../errors.js';
import { requireRunning } from '../homes/running.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';

/** Positions: an int32 tensor, an Int32Array, or an array of integers. */
export type Indices = Tensor | Int32Array | readonly number[];

/** Indices as an int32 tensor whose every value lies in 0 … extent−1. */
export function checkIndices(where: string, argument: string, indices: unknown, extent: number): Tensor {
  const t = indexTensor(where, argument, indices);
  inspect('checkIndices', t, (i, value) => {
    if (value >= 0 && value < extent) return;
    throw new IndexError({
      where,
      argument,
      must: `hold positions in [0, ${extent})`,
      got: `${value} at position ${i}`,
    });
  });
  return t;
}

function indexTensor(where: string, argument: string, indices: unknown): Tensor {
  if (indices instanceof Tensor) {
    if (indices.dtype === 'int32') return indices;
    throw new DTypeError({
      where,
      argument,
      must: 'be int32',
      got: indices.dtype,
      hint: "float32 holds integers exactly up to 2^24 only; use .cast('int32')",
    });
  }
  const list = indices as ArrayLike<unknown>;
  const isList = Array.isArray(indices) || typedArrayName(indices) === 'Int32Array';
  if (!isList) {
    throw new ArgumentError({
      where,
      argument,
      must: 'be an int32 tensor, an Int32Array or an array of integers',
      got: describeValue(indices),
    });
  }
  requireRunning(
    where,
    `${argument} are written into a captured step and would be the same at every replay`,
    'make an int32 tensor outside of the step, or pass it as an argument',
  );
  const array = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const value = list[i];
    if (typeof value !== 'number' || !Number.isInteger(value) || value !== (value | 0)) {
      throw new IndexError({
        where,
        argument,
        must: 'hold integers',
        got: `${describeValue(value)} at position ${i}`,
      });
    }
    array[i] = value;
  }
  return new Tensor(new Storage('int32', array, 0, array.length), [array.length], [1], 0, 'int32');
}
