/** @file The home of a step that is being captured: calls are written down, nothing runs and nothing is changed. */
import type { Kernel } from '@ndgrad/kernels';
import type { DType } from '../dtype.js';
import { CaptureError } from '../errors.js';
import { type CallInts, type Home, type Operand, type Place, Storage } from '../storage.js';

/** One kernel call, as the trace saw it. Operand 0 is the output. */
export interface Call {
  readonly kernel: Kernel;
  readonly ints: CallInts;
  readonly operands: readonly Place[];
  /** The op that made it. */
  readonly maker: string;
}

const NOTHING = new Float32Array(0);

function unknown(where: string, storage: Storage): CaptureError {
  return new CaptureError({
    where,
    problem: `the values of ${(storage.owner as Trace).makerOf(storage)} are not known while a step is captured: it is recorded, not run`,
    hint: 'return the tensor from the step and read it there; choose with where() instead of if',
  });
}

/** Whether a kernel writes its operand `k`. */
export function writesOperand(kernel: Kernel, k: number): boolean {
  return ((kernel.writes >> k) & 1) !== 0;
}

/** Whether a kernel needs what operand `k` held before. */
export function readsOperand(kernel: Kernel, k: number): boolean {
  return kernel.inPlace || !writesOperand(kernel, k);
}

export class Trace implements Home {
  readonly name = 'trace';
  readonly calls: Call[] = [];
  /** Versions before the trace of storages from outside that the step writes. */
  readonly versions = new Map<Storage, number>();
  readonly #makers = new Map<Storage, string>();

  allocate(dtype: DType, length: number, maker: string): Storage {
    const storage = new Storage(dtype, NOTHING, 0, length);
    storage.owner = this;
    storage.lost = unknown;
    this.#makers.set(storage, maker);
    return storage;
  }

  adopt(_storage: Storage, maker: string): never {
    throw new CaptureError({
      where: maker,
      problem: 'nothing that has values moves into a step while it is captured',
    });
  }

  call(kernel: Kernel, ints: CallInts, ...given: [Operand, Operand?, Operand?, Operand?, Operand?]): void {
    const operands: Place[] = [];
    for (const operand of given) {
      if (operand === undefined) continue;
      const { storage, offset } = operand;
      if (storage.lost !== undefined && storage.owner !== this) throw storage.lost('capture', storage);
      operands.push({ storage, offset });
    }
    operands.forEach(({ storage }, k) => {
      if (!writesOperand(kernel, k) || this.owns(storage) || this.versions.has(storage)) return;
      this.versions.set(storage, storage.version);
    });
    const made = operands[0]?.storage;
    const maker = made !== undefined && this.owns(made) ? this.makerOf(made) : kernel.name;
    this.calls.push({ kernel, ints, operands, maker });
  }

  /** The op that a storage of this trace is the result of. */
  makerOf(storage: Storage): string {
    return this.#makers.get(storage) ?? 'an op';
  }

  /** Whether a storage was made in this trace, and so holds nothing. */
  owns(storage: Storage): boolean {
    return storage.owner === this;
  }

  /** Takes back what tracing did to storages from outside. */
  undo(): void {
    for (const [storage, version] of this.versions) storage.version = version;
  }
}
