/** @file Arenas: linear memory for results that are freed together, in scopes and in backward passes. */
import type { DType } from '../dtype.js';
import { StateError } from '../errors.js';
import type { Home, Storage } from '../storage.js';
import { bytesPer, giveBlock, moveStorage, recount, storageAt, takeBlock } from './blocks.js';
import { runNow } from './eager.js';
import { allocateInArrays } from './heap.js';

/** Small results are cut from chunks of this size; larger ones get blocks of their own. */
const CHUNK = 1 << 18;
const LARGE = CHUNK / 4;

/** A chunk that the last arena left for the next. */
let spare: number | undefined;

function takeChunk(): number | undefined {
  if (spare === undefined) return takeBlock('arenas', CHUNK);
  const chunk = spare;
  spare = undefined;
  recount('staging', 'arenas', CHUNK);
  return chunk;
}

function giveChunk(chunk: number): void {
  if (spare !== undefined) giveBlock('arenas', chunk, CHUNK);
  else {
    spare = chunk;
    recount('arenas', 'staging', CHUNK);
  }
}

/** How an arena is called in errors. */
export type ArenaKind = 'scope' | 'backward';

/** Arenas that have not been released. */
export const openArenas = new Set<Arena>();

/** A home whose results live until {@link Arena.release}. */
export class Arena implements Home {
  readonly name: ArenaKind;
  /** Where survivors go. */
  readonly parent: Home;
  #chunks: number[] = [];
  #blocks: [address: number, bytes: number][] = [];
  #storages: Storage[] = [];
  /** Outlives the release for whoever asks what was lost. */
  #makers: string[] = [];
  #next = 0;
  #end = 0;

  constructor(name: ArenaKind, parent: Home) {
    this.name = name;
    this.parent = parent;
    openArenas.add(this);
  }

  /** Shows each result that is still here. */
  visit(see: (maker: string, storage: Storage) => void): void {
    this.#storages.forEach((storage, i) => {
      if (storage.owner === this) see(this.#makers[i], storage);
    });
  }

  allocate(dtype: DType, length: number, maker: string): Storage {
    return this.#register(this.#place(dtype, length, maker), maker);
  }

  adopt(storage: Storage, maker: string): void {
    moveStorage(storage, this.#place(storage.dtype, storage.length, maker));
    this.#register(storage, maker);
  }

  #place(dtype: DType, length: number, maker: string): Storage {
    const address = this.#take((length * bytesPer(dtype) + 63) & ~63);
    // Without linear memory, or when it is full, results go to the heap and are freed in name only.
    return address === undefined ? allocateInArrays(dtype, length, maker) : storageAt(address, dtype, length);
  }

  #register(storage: Storage, maker: string): Storage {
    storage.owner = this;
    this.#storages.push(storage);
    this.#makers.push(maker);
    return storage;
  }

  call: Home['call'] = runNow;

  #take(bytes: number): number | undefined {
    if (bytes > LARGE) return this.#block(bytes);
    if (this.#next + bytes > this.#end) {
      const chunk = takeChunk();
      if (chunk === undefined) return undefined;
      this.#chunks.push(chunk);
      this.#next = chunk;
      this.#end = chunk + CHUNK;
    }
    const address = this.#next;
    this.#next += bytes;
    return address;
  }

  #block(bytes: number): number | undefined {
    const address = takeBlock('arenas', bytes);
    if (address !== undefined) this.#blocks.push([address, bytes]);
    return address;
  }

  /** Whether a storage is this arena's, in linear memory. */
  owns({ owner, address }: Storage): boolean {
    return owner === this && address !== 0;
  }

  /** Moves a storage of this arena to the parent home: it outlives the arena, and so do all views of it. */
  save(storage: Storage): void {
    if (storage.owner !== this) return;
    this.parent.adopt(storage, 'keep');
  }

  /** What result `i` was. */
  describe(i: number): { readonly name: ArenaKind; readonly maker: string } {
    return { name: this.name, maker: this.#makers[i] };
  }

  /** Frees everything that was not saved. */
  release(): void {
    openArenas.delete(this);
    const storages = this.#storages;
    for (let i = 0; i < storages.length; i++) {
      const storage = storages[i];
      if (storage.owner !== this) continue;
      storage.lost = freed;
      // The base is of no more use as an index, so it tells which result this was.
      storage.moveTo(NOTHING, i);
    }
    this.#storages = [];
    for (const chunk of this.#chunks) giveChunk(chunk);
    // New lists: to shorten one is ten times as dear.
    this.#chunks = [];
    for (const [address, bytes] of this.#blocks) giveBlock('arenas', address, bytes);
    this.#blocks = [];
    this.#next = 0;
    this.#end = 0;
  }
}

const NOTHING = new Uint8Array(0);

function freed(where: string, { owner, base }: Storage): StateError {
  const { name, maker } = (owner as Arena).describe(base);
  const ended =
    name === 'scope'
      ? 'its scope, was freed when the scope ended'
      : 'a backward pass, was freed when that ended';
  return new StateError({
    where,
    problem: `the result of ${maker}, number ${base} of ${ended}`,
    hint:
      name === 'scope'
        ? 'return it from the scope, or keep() it inside'
        : 'clone() in the vjp what must outlive it',
  });
}

// Parameters

/** Bytes of parameters beyond which new ones go to the heap: the registry frees none inside a synchronous loop. */
const MOST = 2 ** 30;
let parameterBytes = 0;

/** Parameters by address. */
export const liveParameters = new Map<
  number,
  { readonly maker: string; readonly dtype: DType; readonly bytes: number }
>();

/** Held by the storage that uses a block; when it is gone, so is the last user. */
class Claim {}

const registry = new FinalizationRegistry<readonly [address: number, bytes: number]>(([address, bytes]) => {
  parameterBytes -= bytes;
  liveParameters.delete(address);
  giveBlock('parameters', address, bytes);
});

/** Whether a storage lives as parameters do. */
export function isParameter(storage: Storage): boolean {
  return storage.owner instanceof Claim;
}

function adoptParameter(storage: Storage, maker: string): void {
  moveStorage(storage, allocateParameter(storage.dtype, storage.length, maker));
}

function allocateParameter(dtype: DType, length: number, maker: string): Storage {
  const bytes = Math.max(64, length * bytesPer(dtype));
  const address = parameterBytes + bytes > MOST ? undefined : takeBlock('parameters', bytes);
  if (address === undefined) return allocateInArrays(dtype, length, maker);
  parameterBytes += bytes;
  liveParameters.set(address, { maker, dtype, bytes });
  const storage = storageAt(address, dtype, length);
  const claim = new Claim();
  storage.owner = claim;
  registry.register(claim, [address, bytes]);
  return storage;
}

/** Linear memory for what is few and long-lived: parameters and optimiser state. The collector returns it. */
export const parameters: Home = {
  name: 'parameters',
  allocate: allocateParameter,
  adopt: adoptParameter,
  call: runNow,
};
