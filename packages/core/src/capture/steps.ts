/** @file What runs as one: a call of the WebAssembly build, a block of elementwise calls, or a call in JavaScript. */
import { activeBuild, type Form, type Ints, MAX_INTS } from '@ndgrad/kernels';
import { formOf } from '../homes/eager.js';
import type { Storage } from '../storage.js';
import { type Call, readsOperand, type Trace, writesOperand } from './trace.js';

/** Elements that a block handles at a time: its operands then stay in the nearest cache. */
export const PIECE = 2048;

/** A call of the build. */
export interface BuildCall {
  readonly kind: 'build';
  readonly call: Call;
  readonly form: Form;
}

/** A call that runs in JavaScript, or reads the host. */
export interface HostCall {
  readonly kind: 'host';
  readonly call: Call;
}

/** Elementwise calls that run together, piece after piece, so that what they hand to one another is still near. */
export interface Block {
  readonly kind: 'block';
  readonly members: readonly BuildCall[];
  /** Elements that each member walks. */
  readonly size: number;
  /** What only the members see: it needs no more room than a piece. */
  readonly inner: ReadonlySet<Storage>;
}

export type Step = BuildCall | HostCall | Block;

/** The calls of a step. */
export function callsOf(step: Step): readonly Call[] {
  return step.kind === 'block' ? step.members.map(({ call }) => call) : [step.call];
}

/** @param results - storages that are read after the step. */
export function makeSteps(trace: Trace, calls: readonly Call[], results: ReadonlySet<Storage>): Step[] {
  const plain = calls.map((call): BuildCall | HostCall => {
    const form = buildForm(call);
    return form === undefined ? { kind: 'host', call } : { kind: 'build', call, form };
  });
  const readers = new Map<Storage, Set<Call>>();
  for (const call of calls) {
    call.operands.forEach(({ storage }, k) => {
      if (!readsOperand(call.kernel, k)) return;
      const list = readers.get(storage) ?? new Set();
      readers.set(storage, list.add(call));
    });
  }
  const steps: Step[] = [];
  let members: BuildCall[] = [];
  const close = (): void => {
    if (members.length < 2) steps.push(...members);
    else steps.push(blockOf(trace, members, readers, results));
    members = [];
  };
  for (const step of plain) {
    if (step.kind === 'build' && joins(step, members)) {
      members.push(step);
      continue;
    }
    close();
    if (step.kind === 'build' && joins(step, [])) members = [step];
    else steps.push(step);
  }
  close();
  return steps;
}

/** The function of the build in force for a call, if there is one. */
function buildForm({ kernel, ints, operands: [y, a, b, c, d] }: Call): Form | undefined {
  const runsThere = activeBuild() !== undefined && typeof ints !== 'function' && ints.length <= MAX_INTS;
  return runsThere && y !== undefined ? formOf(kernel, y, a, b, c, d) : undefined;
}

/** The number of elements, if a call walks long operands side by side and from end to end. */
function lengthOf({ call: { kernel, ints } }: BuildCall): number | undefined {
  const list = ints as Ints;
  if (!kernel.elementwise || list[0] !== 1 || (list[1] as number) < 2 * PIECE) return undefined;
  for (let k = 2; k < list.length; k++) if (list[k] !== 0 && list[k] !== 1) return undefined;
  return list[1];
}

/** Whether a call can run piece by piece after the members of a block. */
function joins(step: BuildCall, members: readonly BuildCall[]): boolean {
  const size = lengthOf(step);
  if (size === undefined) return false;
  const made = new Set(members.map(({ call }) => call.operands[0]?.storage));
  const fits = step.call.operands.every(({ storage, offset }, k) => {
    if (!made.has(storage)) return true;
    // The piece that a member has just made is at hand, and no other.
    return k > 0 && offset === 0 && (step.call.ints as Ints)[1 + k] === 1;
  });
  return fits && members.every((member) => lengthOf(member) === size);
}

function blockOf(
  trace: Trace,
  members: readonly BuildCall[],
  readers: ReadonlyMap<Storage, ReadonlySet<Call>>,
  results: ReadonlySet<Storage>,
): Block {
  const calls = new Set(members.map(({ call }) => call));
  const inner = new Set<Storage>();
  for (const { operands, kernel } of calls) {
    operands.forEach(({ storage }, k) => {
      if (!writesOperand(kernel, k) || !trace.owns(storage) || results.has(storage)) return;
      const list = readers.get(storage) ?? new Set();
      if ([...list].every((reader) => calls.has(reader))) inner.add(storage);
    });
  }
  return { kind: 'block', members, size: lengthOf(members[0] as BuildCall) as number, inner };
}
