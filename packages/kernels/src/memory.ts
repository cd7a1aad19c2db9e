/**
 * @file The linear memory that the WebAssembly builds work in, and who owns which part of it.
 *
 * Shared memory where it is allowed: it grows and no view of it is lost. Elsewhere (a browser page that is not
 * cross-origin isolated) growing would detach every view, so the memory has its full size from the start, which costs
 * nothing until it is touched.
 */

/** Every element of the memory, as each dtype. Replaced when the memory grows; older views stay valid where they reach. */
export interface MemoryViews {
  readonly float32: Float32Array<ArrayBufferLike>;
  readonly float64: Float64Array<ArrayBufferLike>;
  readonly int32: Int32Array<ArrayBufferLike>;
  readonly bool: Uint8Array<ArrayBufferLike>;
}

/** The part of WebAssembly's interface that is used here; the packages are compiled without a browser's types. */
interface LinearMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

interface MemoryDescriptor {
  readonly initial: number;
  readonly maximum: number;
  readonly shared?: boolean;
}

declare const WebAssembly:
  | { readonly Memory: new (descriptor: MemoryDescriptor) => LinearMemory }
  | undefined;

const PAGE = 65536;
/** 4 GB, all that 32-bit addresses reach. */
const MAXIMUM_PAGES = 65536;
/** Where memory cannot grow. */
const FIXED_PAGES = [16384, 8192, 4096];

/**
 * Below this address the builds keep what is theirs: the integers of a call at 64, static data, then scratch for packed
 * tiles. tools/wasm.mjs and assembly/layout.ts hold to it.
 */
const FIRST_FREE = 8 << 20;

/** Address of the integers of the call that is being made. */
export const INTS_ADDRESS = 64;
/** How many integers fit there. */
export const MAX_INTS = 240;

let linear: LinearMemory | undefined;
let tried = false;
let grows = false;
let current: MemoryViews | undefined;
/** The first address that was never given out. */
let top = FIRST_FREE;
/** Bytes in blocks that are in use. */
let used = 0;

function open(): LinearMemory | undefined {
  if (tried) return linear;
  tried = true;
  if (typeof WebAssembly === 'undefined') return undefined;
  if (typeof SharedArrayBuffer !== 'undefined') {
    try {
      linear = new WebAssembly.Memory({
        initial: 2 * (FIRST_FREE / PAGE),
        maximum: MAXIMUM_PAGES,
        shared: true,
      });
      grows = true;
    } catch {
      // Too little address space, or shared memory is switched off.
    }
  }
  for (const pages of FIXED_PAGES) {
    if (linear !== undefined) break;
    try {
      linear = new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch {
      // The next size down.
    }
  }
  refresh();
  return linear;
}

function refresh(): void {
  if (linear === undefined) return;
  const { buffer } = linear;
  current = {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    bool: new Uint8Array(buffer),
  };
}

/** The memory that builds are instantiated with, and whether it is shared; undefined where there is no WebAssembly. */
export function linearMemory(): { readonly memory: object; readonly shared: boolean } | undefined {
  const memory = open();
  return memory === undefined ? undefined : { memory, shared: grows };
}

/** The views in force, or undefined where there is no WebAssembly. */
export function memoryViews(): MemoryViews | undefined {
  if (!tried) open();
  return current;
}

/** Makes the memory reach `end`. */
function reach(end: number): boolean {
  if (linear === undefined) return false;
  const { byteLength } = linear.buffer;
  if (end <= byteLength) return true;
  if (!grows || end > MAXIMUM_PAGES * PAGE) return false;
  // A quarter more than asked, so that a rising demand does not grow the memory page by page.
  const wanted = Math.min(MAXIMUM_PAGES * PAGE, end + Math.ceil(byteLength / 4));
  for (const target of [wanted, end]) {
    try {
      linear.grow(Math.ceil((target - byteLength) / PAGE));
      refresh();
      return true;
    } catch {
      // The exact size, then give up.
    }
  }
  return false;
}

/** Blocks come in sizes of four to an octave, at least 64 bytes: what a block wastes is below a fifth of it. */
export function blockSize(bytes: number): number {
  if (bytes <= 64) return 64;
  const octave = 31 - Math.clz32(bytes - 1);
  const quarter = octave < 31 ? (1 << octave) >>> 2 : 0x20000000;
  return Math.ceil(bytes / quarter) * quarter;
}

const free = new Map<number, number[]>();

/** The address of a block of at least `bytes` bytes, a multiple of 64; undefined when there is no room. */
export function allocateBlock(bytes: number): number | undefined {
  if (open() === undefined || !(bytes <= MAXIMUM_PAGES * PAGE)) return undefined;
  const size = blockSize(bytes);
  const address = free.get(size)?.pop();
  if (address !== undefined) {
    used += size;
    return address;
  }
  if (!reach(top + size)) return undefined;
  const made = top;
  top += size;
  used += size;
  return made;
}

/** Gives a block back. `bytes` as it was asked for. */
export function freeBlock(address: number, bytes: number): void {
  const size = blockSize(bytes);
  const list = free.get(size);
  if (list === undefined) free.set(size, [address]);
  else list.push(address);
  used -= size;
}

/** Bytes: reserved from the system, and in blocks that are in use. */
export function memoryUse(): { readonly reserved: number; readonly used: number } {
  return { reserved: linear?.buffer.byteLength ?? 0, used };
}
