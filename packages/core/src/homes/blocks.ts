/** @file Blocks of linear memory, counted by what they are for, and storages over them. */
import { allocateBlock, freeBlock, memoryViews } from '@ndgrad/kernels';
import type { DType, TypedArray } from '../dtype.js';
import { Storage } from '../storage.js';

export const BYTES = { float32: 4, float64: 8, int32: 4, bool: 1 } as const;

/** What a block is for. */
export type Use = 'parameters' | 'arenas' | 'plans' | 'staging';

const inUse: Record<Use, number> = { parameters: 0, arenas: 0, plans: 0, staging: 0 };

/** Bytes in blocks, by what they are for. */
export function bytesInUse(): Readonly<Record<Use, number>> {
  return { ...inUse };
}

/** The address of a new block; undefined when there is no linear memory or no room in it. */
export function takeBlock(use: Use, bytes: number): number | undefined {
  const address = allocateBlock(bytes);
  if (address !== undefined) inUse[use] += bytes;
  return address;
}

/** Gives a block back, with the size it was taken with. */
export function giveBlock(use: Use, address: number, bytes: number): void {
  freeBlock(address, bytes);
  inUse[use] -= bytes;
}

/** Counts a block for another use. */
export function recount(from: Use, to: Use, bytes: number): void {
  inUse[from] -= bytes;
  inUse[to] += bytes;
}

/** The whole linear memory as elements of a dtype. */
export function viewOf(dtype: DType): TypedArray {
  return (memoryViews() as NonNullable<ReturnType<typeof memoryViews>>)[dtype];
}

/** A storage in linear memory. */
export function storageAt(address: number, dtype: DType, length: number): Storage {
  return new Storage(dtype, viewOf(dtype), address / BYTES[dtype], length, address);
}

/** Up to this many elements a loop is faster than making a view. */
const LOOP = 96;

/** Copies `count` elements from one array to another. */
export function copyElements(
  source: TypedArray,
  from: number,
  count: number,
  target: TypedArray,
  to: number,
): void {
  if (count <= LOOP) for (let i = 0; i < count; i++) target[to + i] = source[from + i];
  else target.set(source.subarray(from, from + count), to);
}

/** Moves a storage's elements to where `to` lies; all views of it follow. `to` is used up. */
export function moveStorage(storage: Storage, to: Storage): void {
  copyElements(storage.values, storage.base, storage.length, to.values, to.base);
  storage.values = to.values;
  storage.base = to.base;
  storage.address = to.address;
  storage.owner = to.owner;
  storage.mirror = -1;
}
