/** @file The heap: ordinary typed arrays, freed by the collector. Always safe. */
import { allocateArray, type DType, type TypedArray } from '../dtype.js';
import { LimitError } from '../errors.js';
import { type Home, Storage } from '../storage.js';
import { moveStorage } from './blocks.js';
import { runNow } from './eager.js';
import { allocateInNursery } from './nursery.js';

/**
 * Results up to this many elements share arrays: an array of its own costs more than a small kernel. A result that is
 * kept keeps its whole slab, so slabs are small.
 */
const SMALL = 1024;
const SLAB = 16384;

interface Slab {
  array: TypedArray;
  next: number;
}

const slabs: Record<DType, Slab> = {
  float32: { array: new Float32Array(0), next: 0 },
  float64: { array: new Float64Array(0), next: 0 },
  int32: { array: new Int32Array(0), next: 0 },
  bool: { array: new Uint8Array(0), next: 0 },
};

let tracker: ((storage: Storage, maker: string) => void) | undefined;

/** Has `track` told of every result that is made on the heap from now on. */
export function trackHeap(track: ((storage: Storage, maker: string) => void) | undefined): void {
  tracker = track;
}

function allocateOnHeap(dtype: DType, length: number, maker: string): Storage {
  const storage = allocateInNursery(dtype, length);
  if (storage === undefined) return allocateInArrays(dtype, length, maker);
  tracker?.(storage, maker);
  return storage;
}

/** A storage that lies in an array of the collector's from the start. */
export function allocateInArrays(dtype: DType, length: number, maker: string): Storage {
  const storage = newStorage(dtype, length);
  tracker?.(storage, maker);
  return storage;
}

/** What moves here has outlived something, so it skips the nursery. */
function adoptOnHeap(storage: Storage, maker: string): void {
  moveStorage(storage, newStorage(storage.dtype, storage.length));
  tracker?.(storage, maker);
}

function newStorage(dtype: DType, length: number): Storage {
  if (length <= SMALL) {
    const slab = slabs[dtype];
    if (slab.next + length > slab.array.length) {
      slab.array = allocateArray(dtype, SLAB);
      slab.next = 0;
    }
    const base = slab.next;
    slab.next += length;
    return new Storage(dtype, slab.array, base, length);
  }
  try {
    return new Storage(dtype, allocateArray(dtype, length), 0, length);
  } catch (cause) {
    throw new LimitError({
      where: 'allocate',
      problem: `no memory for ${length} elements of ${dtype}`,
      hint: 'use a smaller batch',
      cause,
    });
  }
}

export const heap: Home = { name: 'heap', allocate: allocateOnHeap, adopt: adoptOnHeap, call: runNow };
