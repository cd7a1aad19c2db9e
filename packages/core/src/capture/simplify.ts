/**
 * @file What is left of a trace when repeated and unread work is gone, and what can run as one call does. Every rule here
 * keeps the bits: a call is dropped, or replaced by a kernel that rounds after each of the operations that it stands for.
 */
import { elementwise, type Ints, type Kernel, matmul, matmulTail } from '@ndgrad/kernels';
import type { Place, Storage } from '../storage.js';
import { type Call, readsOperand, type Trace, writesOperand } from './trace.js';

/** What simplifying did, for `explain`. */
export interface Savings {
  repeated: number;
  copies: number;
  unread: number;
  tails: number;
}

export interface Simplified {
  readonly calls: readonly Call[];
  /** The storage that holds what a storage of the trace would have held. */
  readonly resolve: (storage: Storage) => Storage;
  readonly savings: Savings;
}

/** @param results - storages that are read after the step. */
export function simplify(trace: Trace, results: readonly Storage[]): Simplified {
  const savings: Savings = { repeated: 0, copies: 0, unread: 0, tails: 0 };
  const { calls: shared, resolve } = shareWork(trace, savings);
  const read = dropUnread(trace, shared, new Set(results.map(resolve)), savings);
  const calls = fuseTails(trace, read, new Set(results.map(resolve)), savings);
  return { calls, resolve, savings };
}

/** How often each storage is written. */
function countWrites(calls: readonly Call[]): Map<Storage, number> {
  const writes = new Map<Storage, number>();
  for (const { kernel, operands } of calls) {
    operands.forEach(({ storage }, k) => {
      if (writesOperand(kernel, k)) writes.set(storage, (writes.get(storage) ?? 0) + 1);
    });
  }
  return writes;
}

/** Leaves out calls that repeat an earlier one, and plain copies of what is never overwritten. */
function shareWork(
  trace: Trace,
  savings: Savings,
): { calls: Call[]; resolve: (storage: Storage) => Storage } {
  const writes = countWrites(trace.calls);
  const standIns = new Map<Storage, Storage>();
  const resolve = (storage: Storage): Storage => standIns.get(storage) ?? storage;
  const ids = new Map<object, number>();
  const idOf = (x: object): number => {
    const known = ids.get(x) ?? ids.size;
    ids.set(x, known);
    return known;
  };
  /** Writes so far: two reads of one storage see the same only between writes. */
  const seen = new Map<Storage, number>();
  const results = new Map<string, Storage>();
  const calls: Call[] = [];
  const isFixed = (storage: Storage): boolean =>
    trace.owns(storage) ? writes.get(storage) === 1 : (writes.get(storage) ?? 0) === 0;
  for (const call of trace.calls) {
    const { kernel, ints } = call;
    const operands = call.operands.map(({ storage, offset }) => ({ storage: resolve(storage), offset }));
    const [y, a] = operands as [Place, Place?];
    const pure = !kernel.effect && !kernel.inPlace && kernel.writes === 1 && typeof ints !== 'function';
    if (pure && trace.owns(y.storage) && writes.get(y.storage) === 1) {
      if (a !== undefined && isPlainCopy(kernel, ints as Ints, y, a) && isFixed(a.storage)) {
        standIns.set(y.storage, a.storage);
        savings.copies++;
        continue;
      }
      const inputs = operands
        .slice(1)
        .map(({ storage, offset }) => `${idOf(storage)}.${seen.get(storage) ?? 0}.${offset}`);
      const key = `${idOf(kernel)}:${Array.from(ints as Ints).join()}:${inputs.join()}:${y.storage.dtype}${y.storage.length}`;
      const known = results.get(key);
      if (known !== undefined) {
        standIns.set(y.storage, known);
        savings.repeated++;
        continue;
      }
      results.set(key, y.storage);
    }
    operands.forEach(({ storage }, k) => {
      if (writesOperand(kernel, k)) seen.set(storage, (seen.get(storage) ?? 0) + 1);
    });
    calls.push({ ...call, operands });
  }
  return { calls, resolve };
}

/** Whether `y` becomes all of `a`, element by element. */
function isPlainCopy(kernel: Kernel, ints: Ints, y: Place, a: Place): boolean {
  return (
    kernel === elementwise.copy &&
    y.storage.dtype === a.storage.dtype &&
    y.storage.length === a.storage.length &&
    a.offset === 0 &&
    ints[0] === 1 &&
    ints[1] === a.storage.length &&
    (ints[2] === 1 || ints[1] === 1)
  );
}

/** Leaves out calls whose results nobody reads. */
function dropUnread(trace: Trace, calls: readonly Call[], results: Set<Storage>, savings: Savings): Call[] {
  const wanted = new Set(results);
  const kept: Call[] = [];
  for (const call of [...calls].reverse()) {
    const { kernel, operands } = call;
    const lives =
      kernel.effect ||
      typeof call.ints === 'function' ||
      operands.some(
        ({ storage }, k) => writesOperand(kernel, k) && (!trace.owns(storage) || wanted.has(storage)),
      );
    if (!lives) {
      savings.unread++;
      continue;
    }
    operands.forEach(({ storage }, k) => {
      if (readsOperand(kernel, k)) wanted.add(storage);
    });
    kept.push(call);
  }
  return kept.reverse();
}

/** Takes a bias and a relu into the matrix product before them. */
function fuseTails(
  trace: Trace,
  calls: readonly Call[],
  results: ReadonlySet<Storage>,
  savings: Savings,
): Call[] {
  const readers = new Map<Storage, number[]>();
  const writers = new Map<Storage, number[]>();
  const note = (map: Map<Storage, number[]>, storage: Storage, i: number): void => {
    const list = map.get(storage);
    if (list === undefined) map.set(storage, [i]);
    else if (list[list.length - 1] !== i) list.push(i);
  };
  calls.forEach(({ kernel, operands }, i) => {
    operands.forEach(({ storage }, k) => {
      if (readsOperand(kernel, k)) note(readers, storage, i);
      if (writesOperand(kernel, k)) note(writers, storage, i);
    });
  });
  /** The one call that reads a value which has no other use. */
  const onlyReader = (storage: Storage): number | undefined => {
    const list = readers.get(storage) ?? [];
    const once = list.length === 1 && !results.has(storage) && writers.get(storage)?.length === 1;
    return once && trace.owns(storage) ? list[0] : undefined;
  };
  const replaced = new Map<number, Call>();
  const gone = new Set<number>();
  calls.forEach((product, i) => {
    const hasBias = product.kernel === matmulTail && (product.ints as Ints)[product.ints.length - 1] === 0;
    if (product.kernel !== matmul && !hasBias) return;
    const at = hasBias ? i : onlyReader(product.operands[0].storage);
    const sum = at === undefined ? undefined : calls[at];
    const bias = sum === undefined ? undefined : hasBias ? product.operands[3] : biasOf(product, sum);
    if (at === undefined || sum === undefined || bias === undefined) return;
    const next = onlyReader(sum.operands[0].storage);
    const relu = next === undefined ? undefined : calls[next];
    const activates = relu?.kernel === elementwise.relu && isWhole(relu, sum.operands[0].storage);
    if (hasBias && !activates) return;
    const last = activates ? (next as number) : at;
    const inputs = [product.operands[1], product.operands[2], bias];
    const moved = inputs.some(({ storage }) =>
      (writers.get(storage) ?? []).some((w) => w > i && w <= last && w !== at),
    );
    if (moved) return;
    const end = calls[last];
    gone.add(i);
    gone.add(at);
    gone.add(last);
    replaced.set(last, {
      kernel: matmulTail,
      ints: [...planOfProduct(product), activates ? 1 : 0],
      operands: [end.operands[0], ...inputs],
      maker: activates ? 'matmul + bias + relu' : 'matmul + bias',
    });
    savings.tails++;
  });
  return calls.flatMap((call, i) => replaced.get(i) ?? (gone.has(i) ? [] : [call]));
}

/** The integers of the product alone. */
function planOfProduct({ kernel, ints }: Call): number[] {
  const list = Array.from(ints as Ints);
  return kernel === matmulTail ? list.slice(0, -1) : list;
}

/** The vector that `sum` adds to every row of the product, if that is what it does. */
function biasOf(product: Call, sum: Call): Place | undefined {
  if (sum.kernel !== elementwise.add || typeof sum.ints === 'function') return undefined;
  const [m, n] = [(product.ints as Ints)[0], (product.ints as Ints)[1]];
  const batch = (product.ints as Ints)[7];
  const [rank, rows, columns, ra, ca, rb, cb] = Array.from(sum.ints);
  if (batch !== 0 || rank !== 2 || rows !== m || columns !== n) return undefined;
  const made = product.operands[0].storage;
  const [, left, right] = sum.operands as [Place, Place, Place];
  // The first operand of a NaN + NaN decides its payload alone, so the order of a sum does not matter.
  if (left.storage === made && right.storage !== made && ra === n && ca === 1 && rb === 0 && cb === 1)
    return right;
  if (right.storage === made && left.storage !== made && rb === n && cb === 1 && ra === 0 && ca === 1)
    return left;
  return undefined;
}

/** Whether an elementwise call of one operand walks all of a storage in order. */
function isWhole({ ints, operands }: Call, storage: Storage): boolean {
  const list = Array.from(ints as Ints);
  return operands[1]?.offset === 0 && list[0] === 1 && list[1] === storage.length && list[2] === 1;
}
