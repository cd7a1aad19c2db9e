/**
 * @file The nursery: where small results on the heap begin. It lies in linear memory, so that kernels need no copy of what
 * other kernels have just made. When it is full its content is copied out, at once and without asking who still needs what,
 * into an ordinary array that the collector frees; a storage that is looked at after that finds itself there.
 */
import { activeBuild } from '@ndgrad/kernels';
import type { DType } from '../dtype.js';
import { Stay, type Storage } from '../storage.js';
import { bytesPer, storageAt, takeBlock, viewOf } from './blocks.js';

/** A result that is kept keeps all that was copied out with it, so the nursery is small. */
const CAPACITY = 1 << 15;
/** What is larger than this many bytes has an array of its own from the start. */
const LARGEST = 1 << 12;

/** Address of the block, 0 as long as there is none. */
let start = 0;
let next = 0;
let stay: Stay | undefined;
/** How many calls are running that have memory of the nursery in their hands. */
let holders = 0;

/** From here on nothing in the nursery moves, until {@link letGo}. */
export function hold(): void {
  holders++;
}

export function letGo(): void {
  holders--;
}

/** A storage in the nursery; undefined for a large one, and where kernels do not run in linear memory. */
export function allocateInNursery(dtype: DType, length: number): Storage | undefined {
  const bytes = length * bytesPer(dtype);
  if (bytes > LARGEST || activeBuild() === undefined) return undefined;
  if (stay === undefined || next + bytes > start + CAPACITY) {
    if (holders > 0) return undefined;
    if (start === 0) start = takeBlock('staging', CAPACITY) ?? 0;
    if (start === 0) return undefined;
    stay?.end(copyOut());
    stay = new Stay(start);
    next = start;
  }
  const storage = storageAt(next, dtype, length, stay);
  // Kernels take whole vectors.
  next += (bytes + 15) & ~15;
  return storage;
}

function copyOut(): ArrayBuffer {
  const left = new ArrayBuffer(next - start);
  new Uint8Array(left).set(viewOf('bool').subarray(start, next));
  return left;
}

/** Moves a storage out, if it is in the nursery, into an array of its own. */
export function moveOut(storage: Storage): void {
  if (!storage.isStaying) return;
  const { values, base, length } = storage;
  storage.moveTo(values.slice(base, base + length), 0);
}
