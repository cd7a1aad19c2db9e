/** @file Blocks of linear memory, counted by what they are for, and storages over them. */
import { allocateBlock, freeBlock, memoryViews } from '@ndgrad/kernels';
import type { DType, TypedArray } from '../dtype.js';
import { type Stay, Storage } from '../storage.js';

// Comparisons instead of tables: a table that is read with one name after another costs ten times as much.

/** Bytes of an element. */
export function bytesPer(dtype: DType): number {
  return dtype === 'float32' || dtype === 'int32' ? 4 : dtype === 'float64' ? 8 : 1;
}

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
  const views = memoryViews() as NonNullable<ReturnType<typeof memoryViews>>;
  if (dtype === 'float32') return views.float32;
  return dtype === 'float64' ? views.float64 : dtype === 'int32' ? views.int32 : views.bool;
}

/** A storage in linear memory. */
export function storageAt(address: number, dtype: DType, length: number, stay?: Stay): Storage {
  return new Storage(dtype, viewOf(dtype), address / bytesPer(dtype), length, address, stay);
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

/** Moves a storage's elements to where `to` lies, which is not the nursery; all views of it follow. `to` is used up. */
export function moveStorage(storage: Storage, to: Storage): void {
  copyElements(storage.values, storage.base, storage.length, to.values, to.base);
  storage.moveTo(to.values, to.base, to.address);
  storage.owner = to.owner;
}
