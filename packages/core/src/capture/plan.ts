/**
 * @file A captured step as a list of calls over fixed memory. Runs of calls that the WebAssembly build knows become one
 * program that it walks by itself; the others, and what reads the host, run in JavaScript between them.
 */
import { activeBuild, type Build, type Ints, type KernelBuild, kernelBuild } from '@ndgrad/kernels';
import type { DType, TypedArray } from '../dtype.js';
import { LimitError } from '../errors.js';
import { bytesPer, giveBlock, takeBlock, viewOf } from '../homes/blocks.js';
import { moveOut } from '../homes/nursery.js';
import type { Place, Storage } from '../storage.js';
import { type Lifetime, layOut } from './layout.js';
import type { Savings, Simplified } from './simplify.js';
import { type Block, type BuildCall, callsOf, makeSteps, PIECE, type Step } from './steps.js';
import { type Call, readsOperand, type Trace, writesOperand } from './trace.js';

/** Words of a call in a program: function, integers, five operands. */
const WORDS = 7;

/** What runs at a replay, one after the other. */
type Segment =
  | {
      readonly kind: 'program';
      writes: boolean;
      readonly address: number;
      count: number;
      readonly steps: Step[];
    }
  | { readonly kind: 'host'; readonly writes: boolean; readonly call: Call; readonly run: () => void };

/** A storage from outside that the build cannot reach: copied into the plan's memory before a replay, or back after it. */
interface Transfer {
  readonly storage: Storage;
  readonly copiesIn: boolean;
  readonly copiesOut: boolean;
  /** The version that was copied in last. */
  version: number;
}

/** What a plan says of itself. */
export interface PlanReport {
  readonly build: KernelBuild;
  readonly bytes: number;
  /** What the values would take without sharing memory. */
  readonly unshared: number;
  readonly savings: Savings;
  readonly segments: readonly { readonly kind: 'program' | 'host'; readonly lines: readonly string[] }[];
}

type Memory = Readonly<Record<DType, TypedArray>>;

export class Plan {
  readonly build: KernelBuild = kernelBuild();
  /** Bytes of the plan's memory: values, programs and their integers. */
  readonly bytes: number;
  readonly #engine: Build | undefined = activeBuild();
  readonly #block: number;
  readonly #memory: Memory;
  /** Addresses in the plan's memory. */
  readonly #places = new Map<Storage, number>();
  readonly #segments: Segment[] = [];
  readonly #transfers: Transfer[] = [];
  /** Storages from outside that are used where they are, with the address they had. */
  readonly #fixed: { readonly storage: Storage; readonly address: number }[] = [];
  readonly #written: readonly Storage[];
  readonly #savings: Savings;
  readonly #unshared: number;
  readonly #resolve: (storage: Storage) => Storage;

  /** @param pinned - storages of inputs, and of results that are read after the step. */
  constructor(trace: Trace, { calls, resolve, savings }: Simplified, pinned: readonly Storage[]) {
    this.#resolve = resolve;
    this.#savings = savings;
    this.#written = [...trace.versions.keys()];
    const results = new Set(pinned.map(resolve));
    const steps = makeSteps(trace, calls, results);
    const lifetimes = this.#divide(trace, steps, results);
    const { offsets, bytes: room } = layOut([...lifetimes.values()]);
    this.#unshared = [...lifetimes.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    this.bytes = room + 4 * steps.reduce((sum, step) => sum + wordsOf(step), 64);
    [this.#block, this.#memory] = memoryFor(this.bytes, this.#engine !== undefined);
    [...lifetimes.keys()].forEach((storage, i) => {
      this.#places.set(storage, this.#block + (offsets[i] as number));
    });
    this.#compile(trace, steps, this.#block + room);
  }

  /** Finds out how long each value lives, and which storages from outside stay where they are. */
  #divide(trace: Trace, steps: readonly Step[], results: ReadonlySet<Storage>): Map<Storage, Lifetime> {
    const lifetimes = new Map<Storage, Lifetime>();
    // Inputs and results live throughout: they are filled before the step, or read after it.
    const live = (storage: Storage, first: number, last: number, count = storage.length): void => {
      const bytes = count * bytesPer(storage.dtype);
      const known = lifetimes.get(storage);
      lifetimes.set(storage, {
        bytes,
        first: Math.min(known?.first ?? first, first),
        last: Math.max(known?.last ?? last, last),
      });
    };
    for (const storage of results) if (trace.owns(storage)) live(storage, 0, steps.length);
    const outside = new Map<Storage, { reads: boolean; writes: boolean; staged: boolean }>();
    steps.forEach((step, i) => {
      const inner = step.kind === 'block' ? step.inner : undefined;
      for (const call of callsOf(step)) {
        call.operands.forEach(({ storage }, k) => {
          if (trace.owns(storage)) {
            live(storage, i, i, inner?.has(storage) === true ? PIECE : storage.length);
            return;
          }
          // A plan stands on where things are.
          moveOut(storage);
          const use = outside.get(storage) ?? { reads: false, writes: false, staged: false };
          use.reads ||= readsOperand(call.kernel, k) || results.has(storage);
          use.writes ||= writesOperand(call.kernel, k);
          use.staged ||= step.kind !== 'host' && storage.address === 0;
          outside.set(storage, use);
        });
      }
    });
    for (const [storage, { reads, writes, staged }] of outside) {
      if (staged) {
        live(storage, 0, steps.length);
        this.#transfers.push({ storage, copiesIn: reads, copiesOut: writes, version: -1 });
      } else {
        this.#fixed.push({ storage, address: storage.address });
      }
    }
    return lifetimes;
  }

  /** Whether the plan still fits: the build in force, and where outside storages lie. */
  get fits(): boolean {
    if (kernelBuild() !== this.build) return false;
    for (const { storage, address } of this.#fixed) if (storage.address !== address) return false;
    for (const { storage } of this.#transfers) if (storage.address !== 0) return false;
    return true;
  }

  /** Array and index at which a storage of the trace is found. */
  locate(given: Storage): { readonly values: TypedArray; readonly base: number } {
    const storage = this.#resolve(given);
    const place = this.#places.get(storage);
    if (place === undefined) return { values: storage.read('capture'), base: storage.base };
    return { values: this.#memory[storage.dtype], base: place / bytesPer(storage.dtype) };
  }

  /** Runs the step once. Outside storages that it writes get a new version; also if it fails after the first of them. */
  run(): void {
    for (const { storage } of this.#fixed) storage.read('capture');
    for (const transfer of this.#transfers) this.#copyIn(transfer);
    let begun = false;
    try {
      for (const segment of this.#segments) {
        if (segment.kind === 'host') segment.run();
        else (this.#engine as Build).run(segment.address, segment.count);
        begun ||= segment.writes;
      }
      for (const transfer of this.#transfers) this.#copyOut(transfer);
    } finally {
      if (begun) for (const storage of this.#written) storage.touch();
    }
    for (const transfer of this.#transfers)
      if (transfer.copiesOut) transfer.version = transfer.storage.version;
  }

  #copyIn(transfer: Transfer): void {
    const { storage, copiesIn, version } = transfer;
    const values = storage.read('capture');
    // What someone outside holds may have been written unseen.
    if (!copiesIn || (version === storage.version && !storage.exposed)) return;
    const { base, length, dtype } = storage;
    this.#memory[dtype].set(values.subarray(base, base + length), this.locate(storage).base);
    transfer.version = storage.version;
  }

  #copyOut({ storage, copiesOut }: Transfer): void {
    if (!copiesOut) return;
    const { values, base, length, dtype } = storage;
    const from = this.locate(storage).base;
    values.set(this.#memory[dtype].subarray(from, from + length), base);
  }

  /** Block of memory to give back when the plan is gone; undefined when the collector does that. */
  get claim(): readonly [address: number, bytes: number] | undefined {
    return this.#block === 0 ? undefined : [this.#block, this.bytes];
  }

  report(): PlanReport {
    const describe = (step: Step): string => {
      if (step.kind !== 'block') return this.#describe(step.call);
      const names = step.members.map(({ call }) => call.kernel.name).join(', ');
      return `block over ${step.size} elements, ${PIECE} at a time: ${names}`;
    };
    return {
      build: this.build,
      bytes: this.bytes,
      unshared: this.#unshared,
      savings: this.#savings,
      segments: this.#segments.map((segment) => ({
        kind: segment.kind,
        lines: segment.kind === 'host' ? [this.#describe(segment.call)] : segment.steps.map(describe),
      })),
    };
  }

  #describe({ kernel, maker, operands }: Call): string {
    const name = maker === kernel.name ? kernel.name : `${kernel.name} (${maker})`;
    const y = operands[0]?.storage;
    if (y === undefined || kernel.writes === 0) return name;
    const place = this.#places.get(y);
    const bytes = y.length * bytesPer(y.dtype);
    return `${name}: ${bytes} bytes ${place === undefined ? 'in place, outside' : `at ${place - this.#block}`}`;
  }

  /** Writes programs and their integers into memory, and binds the calls that run in JavaScript. */
  #compile(trace: Trace, steps: readonly Step[], address: number): void {
    const words = this.#memory.int32;
    let at = address / 4;
    // The integers lie behind all programs.
    let end = at + steps.reduce((sum, step) => sum + programWordsOf(step), 0);
    const write = (...list: number[]): void => {
      for (const word of list) words[at++] = word;
    };
    const writeCall = ({ call: { ints, operands }, form }: BuildCall): void => {
      const start = end * 4;
      for (let i = 0; i < (ints as Ints).length; i++) words[end++] = (ints as Ints)[i] as number;
      write(form.id, start);
      for (let k = 0; k < 5; k++) write(this.#addressOf(operands[k]));
    };
    const writeBlock = ({ members, size, inner }: Block): void => {
      write(-1, members.length, size, PIECE, 0, 0, 0);
      for (const member of members) {
        writeCall(member);
        const { ints, operands } = member.call;
        for (let k = 0; k < WORDS; k++) {
          const storage = operands[k]?.storage;
          const stride = k === 0 ? 1 : ((ints as Ints)[1 + k] ?? 0);
          write(storage === undefined || inner.has(storage) ? 0 : stride * bytesPer(storage.dtype));
        }
      }
    };
    const isOutside = ({ storage }: Place): boolean => !trace.owns(storage);
    for (const step of steps) {
      const writes = callsOf(step).some(({ kernel, operands }) =>
        operands.some((place, k) => writesOperand(kernel, k) && isOutside(place)),
      );
      if (step.kind === 'host') {
        this.#segments.push({ kind: 'host', writes, call: step.call, run: this.#bind(step.call) });
        continue;
      }
      let open = this.#segments[this.#segments.length - 1];
      if (open?.kind !== 'program') {
        open = { kind: 'program', writes: false, address: at * 4, count: 0, steps: [] };
        this.#segments.push(open);
      }
      open.writes ||= writes;
      open.count++;
      open.steps.push(step);
      if (step.kind === 'block') writeBlock(step);
      else writeCall(step);
    }
  }

  #addressOf(place: Place | undefined): number {
    if (place === undefined) return 0;
    const { storage, offset } = place;
    return (this.#places.get(storage) ?? storage.address) + offset * bytesPer(storage.dtype);
  }

  /** A call that runs in JavaScript, as a function of nothing. */
  #bind({ kernel, ints, operands }: Call): () => void {
    const last = operands.length - 1;
    const bound = [0, 1, 2, 3, 4].map((k) => {
      const { storage, offset } = operands[Math.min(k, last)] as Place;
      if (this.#places.has(storage)) {
        const { values, base } = this.locate(storage);
        return { values: () => values, at: () => base + offset };
      }
      // From outside: it may move between replays.
      return { values: () => storage.read('capture'), at: () => storage.base + offset };
    });
    const [y, a, b, c, d] = bound as [Bound, Bound, Bound, Bound, Bound];
    return () => {
      const list = typeof ints === 'function' ? ints() : ints;
      kernel.run(
        list,
        y.values(),
        y.at(),
        a.values(),
        a.at(),
        b.values(),
        b.at(),
        c.values(),
        c.at(),
        d.values(),
        d.at(),
      );
    };
  }
}

interface Bound {
  readonly values: () => TypedArray;
  readonly at: () => number;
}

/** Words that a step takes in a program. */
function programWordsOf(step: Step): number {
  if (step.kind === 'host') return 0;
  return step.kind === 'block' ? WORDS * (1 + 2 * step.members.length) : WORDS;
}

/** The same with its integers. */
function wordsOf(step: Step): number {
  if (step.kind === 'host') return 0;
  return callsOf(step).reduce((sum, { ints }) => sum + (ints as Ints).length, programWordsOf(step));
}

/** Memory of a plan: a block of linear memory, or an ordinary buffer where there is none and JavaScript runs it all. */
function memoryFor(bytes: number, needed: boolean): [address: number, Memory] {
  const address = takeBlock('plans', bytes);
  if (address !== undefined) {
    return [
      address,
      {
        float32: viewOf('float32'),
        float64: viewOf('float64'),
        int32: viewOf('int32'),
        bool: viewOf('bool'),
      },
    ];
  }
  if (needed) {
    throw new LimitError({
      where: 'capture',
      problem: `no linear memory for a plan of ${bytes} bytes`,
      hint: 'use a smaller batch',
    });
  }
  const buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
  return [
    0,
    {
      float32: new Float32Array(buffer),
      float64: new Float64Array(buffer),
      int32: new Int32Array(buffer),
      bool: new Uint8Array(buffer),
    },
  ];
}

/** Gives a plan's memory back. */
export function freePlan([address, bytes]: readonly [address: number, bytes: number]): void {
  giveBlock('plans', address, bytes);
}
