/** @file The WebAssembly builds: which may run here, and which runs. */
import { linearMemory } from './memory.js';
import { relaxed } from './wasm/relaxed.js';
import { simd } from './wasm/simd.js';

/** Relaxed SIMD with fused multiply-add; SIMD whose bits are the same on every machine; plain JavaScript. */
export type KernelBuild = 'relaxed' | 'simd' | 'js';

/** What a build exports. */
export interface Build {
  /** Runs function `id` over operands at the given addresses; `ints` is an address too. */
  call(id: number, ints: number, y: number, a: number, b: number, c: number, d: number): void;
  /** Runs the `count` calls of a program that lies at `address`. */
  run(address: number, count: number): void;
}

/** The part of WebAssembly's interface that is used here; the packages are compiled without a browser's types. */
declare const WebAssembly:
  | {
      readonly validate: (bytes: Uint8Array) => boolean;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    }
  | undefined;
declare const atob: (text: string) => string;
declare const process:
  | {
      readonly getBuiltinModule?: (
        name: string,
      ) => { setFlagsFromString?: (flags: string) => void } | undefined;
    }
  | undefined;

const SOURCES = { simd, relaxed } as const;

const loaded = new Map<KernelBuild, Build | undefined>();

function bytesOf(name: 'simd' | 'relaxed', shared: boolean): Uint8Array {
  const text = atob(SOURCES[name]);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (!shared) {
    // The import of the memory: kind 2, then limits, 3 for "shared, with a maximum", 1 for "with a maximum".
    const at = text.indexOf('\x03env\x06memory\x02\x03');
    bytes[at + 12] = 1;
  }
  return bytes;
}

function load(name: 'simd' | 'relaxed'): Build | undefined {
  if (loaded.has(name)) return loaded.get(name);
  let build: Build | undefined;
  const linear = linearMemory();
  if (typeof WebAssembly !== 'undefined' && linear !== undefined) {
    const bytes = bytesOf(name, linear.shared);
    try {
      if (WebAssembly.validate(bytes)) {
        const module = new WebAssembly.Module(bytes);
        const { exports } = new WebAssembly.Instance(module, { env: { memory: linear.memory } });
        // An object of our own: the frozen one of the module is slow to read.
        const { call, run } = exports as Build;
        build = { call, run };
      }
    } catch {
      // A page may forbid compiling (its content security policy): JavaScript runs everywhere.
    }
  }
  // What is not accepted now may be once a flag is set.
  if (build !== undefined) loaded.set(name, build);
  return build;
}

/** Lets V8 take relaxed SIMD where it is still behind a flag, as on Node 20. */
function allowRelaxed(): void {
  if (typeof process === 'undefined') return;
  process.getBuiltinModule?.('node:v8')?.setFlagsFromString?.('--experimental-wasm-relaxed-simd');
}

let chosen: KernelBuild | undefined;
let active: Build | undefined;
let pinned = false;

function choose(): void {
  if (!pinned) active = load('relaxed');
  chosen = active === undefined ? 'simd' : 'relaxed';
  active ??= load('simd');
  if (active === undefined) chosen = 'js';
}

/** The build in force: the fastest that this machine accepts by itself, until one is chosen. */
export function kernelBuild(): KernelBuild {
  if (chosen === undefined) choose();
  return chosen as KernelBuild;
}

/** Functions of the build in force; undefined when that is JavaScript. */
export function activeBuild(): Build | undefined {
  if (chosen === undefined) choose();
  return active;
}

/**
 * Takes up a build.
 *
 * @returns whether it can run here, and is allowed: a deterministic run has no relaxed SIMD.
 */
export function useBuild(name: KernelBuild): boolean {
  if (name === 'relaxed' && pinned) return false;
  if (name === 'js') active = undefined;
  else {
    let build = load(name);
    if (build === undefined && name === 'relaxed') {
      allowRelaxed();
      build = load(name);
    }
    if (build === undefined) return false;
    active = build;
  }
  chosen = name;
  return true;
}

/** Pins the build whose bits are the same on every machine: SIMD, or JavaScript where that cannot run. */
export function pinDeterministic(on: boolean): void {
  pinned = on;
  active = undefined;
  chosen = undefined;
}
