/**
 * @file Running a kernel at once: in a WebAssembly build where it has a function for these dtypes, else in JavaScript.
 *
 * Which form runs depends on kernel, dtypes and build alone, except where both give the same bits, so that all homes
 * agree to the last bit. Operands outside of linear memory are staged through a ring in it.
 */
import {
  activeBuild,
  type Build,
  type Form,
  INTS_ADDRESS,
  type Ints,
  type Kernel,
  MAX_INTS,
  memoryViews,
  SIGNATURE_DIGITS,
  WRITES_OUTPUT,
} from '@ndgrad/kernels';
import { DTYPES, type TypedArray } from '../dtype.js';
import { LimitError, StateError } from '../errors.js';
import type { CallInts, Operand, Place, Storage } from '../storage.js';
import { bytesPer, copyElements, giveBlock, takeBlock } from './blocks.js';
import { hold, letGo } from './nursery.js';

/** Elements up to which the JavaScript form is nearer than linear memory, where the bits are the same. */
const NEAR = 64;

/** The kernel's function for operands of these dtypes. */
export function formOf(
  { forms }: Kernel,
  y: Place,
  a: Place | undefined,
  b: Place | undefined,
  c: Place | undefined,
  d: Place | undefined,
): Form | undefined {
  if (forms.length === 0) return undefined;
  let signature = y.storage.digit;
  if (a !== undefined) signature |= a.storage.digit << 3;
  if (b !== undefined) signature |= b.storage.digit << 6;
  if (c !== undefined) signature |= c.storage.digit << 9;
  if (d !== undefined) signature |= d.storage.digit << 12;
  for (let i = 0; i < forms.length; i++) if (forms[i].signature === signature) return forms[i];
  return undefined;
}

/** `call` of the homes that run kernels at once. */
export function runNow(
  kernel: Kernel,
  given: CallInts,
  y: Operand,
  a?: Operand,
  b?: Operand,
  c?: Operand,
  d?: Operand,
): void {
  const ints = typeof given === 'function' ? given() : given;
  const py = addressOf(y);
  const pa = a === undefined ? 0 : addressOf(a);
  const pb = b === undefined ? 0 : addressOf(b);
  const pc = c === undefined ? 0 : addressOf(c);
  const pd = d === undefined ? 0 : addressOf(d);
  const inMemory =
    py !== 0 &&
    (pa !== 0 || a === undefined) &&
    (pb !== 0 || b === undefined) &&
    (pc !== 0 || c === undefined) &&
    (pd !== 0 || d === undefined);
  if (!inMemory && kernel.exact && isNear(y) && isNear(a) && isNear(b)) {
    // No difference in bits: the nearest form, without looking further.
    runJavaScript(kernel, ints, y, a, b, c, d);
    return;
  }
  const build = activeBuild();
  const form = build === undefined ? undefined : formOf(kernel, y, a, b, c, d);
  if (build === undefined || form === undefined || ints.length > MAX_INTS) {
    runJavaScript(kernel, ints, y, a, b, c, d);
  } else if (inMemory) {
    writeInts(ints);
    build.call(form.id, INTS_ADDRESS, py, pa, pb, pc, pd);
  } else if (form.exact && kernel.inPlace && py === 0) {
    // A write into a part of something larger, all of which would have to be staged.
    runJavaScript(kernel, ints, y, a, b, c, d);
  } else {
    runStaged(build, form, kernel, ints, y, a, b, c, d);
  }
}

function isNear(operand: Operand | undefined): boolean {
  return operand === undefined || operand.size <= NEAR;
}

/** Bytes of an element, by dtype digit. */
const SIZES: number[] = [];
for (const dtype of DTYPES) SIZES[SIGNATURE_DIGITS[dtype]] = bytesPer(dtype);

/** Where an operand lies in linear memory; 0 when it is not there. */
function addressOf({ storage, offset }: Operand): number {
  if (storage.lost !== undefined) throw storage.lost('a kernel', storage);
  const { address } = storage;
  return address === 0 ? 0 : address + offset * SIZES[storage.digit];
}

function writeInts(ints: Ints): void {
  const { int32 } = memoryViews() as NonNullable<ReturnType<typeof memoryViews>>;
  for (let i = 0; i < ints.length; i++) int32[INTS_ADDRESS / 4 + i] = ints[i];
}

function runJavaScript(
  kernel: Kernel,
  ints: Ints,
  y: Operand,
  a: Operand = y,
  b: Operand = a,
  c: Operand = b,
  d: Operand = c,
): void {
  const { storage: sy } = y;
  const { storage: sa } = a;
  const { storage: sb } = b;
  const { storage: sc } = c;
  const { storage: sd } = d;
  // What runs may be a function of the user's, with ops in it.
  hold();
  try {
    kernel.run(
      ints,
      valuesOf(sy),
      sy.base + y.offset,
      valuesOf(sa),
      sa.base + a.offset,
      valuesOf(sb),
      sb.base + b.offset,
      valuesOf(sc),
      sc.base + c.offset,
      valuesOf(sd),
      sd.base + d.offset,
    );
  } finally {
    letGo();
  }
  sy.mirror = -1;
  if (kernel.writes > WRITES_OUTPUT) {
    sa.mirror = -1;
    sb.mirror = -1;
    sc.mirror = -1;
  }
}

/** The storage's array, unless its memory is gone. */
function valuesOf(storage: Storage): TypedArray {
  if (storage.lost !== undefined) throw storage.lost('a kernel', storage);
  // Only an array that someone outside holds can be transferred.
  if (storage.exposed && storage.values.length < storage.base + storage.length) throw transferred(storage);
  return storage.values;
}

function transferred({ length }: Storage): StateError {
  return new StateError({
    where: 'a kernel',
    problem: `the memory of a tensor of ${length} elements is gone: its buffer was transferred`,
    hint: 'copy the data before postMessage',
  });
}

// Staging

function viewByDigit(digit: number): TypedArray {
  const views = memoryViews() as NonNullable<ReturnType<typeof memoryViews>>;
  return digit === 1 ? views.float32 : digit === 2 ? views.int32 : digit === 3 ? views.bool : views.float64;
}

const RING = 8 << 20;
/** Operands beyond this share of the ring get blocks of their own for the call. */
const LARGEST = RING / 8;

let ring = 0;
/** Bytes that were ever put into the ring: a copy is still there while less than the ring's size came after it. */
let written = 0;

function openRing(): boolean {
  if (ring === 0) ring = takeBlock('staging', RING) ?? 0;
  return ring !== 0;
}

/** Bytes that an operand may take in the ring. */
function demandOf(operand: Operand | undefined): number {
  if (operand === undefined || operand.storage.address !== 0) return 0;
  return operand.storage.length * SIZES[operand.storage.digit] + 16;
}

function runStaged(
  build: Build,
  form: Form,
  kernel: Kernel,
  ints: Ints,
  y: Operand,
  a: Operand | undefined,
  b: Operand | undefined,
  c: Operand | undefined,
  d: Operand | undefined,
): void {
  const [dy, da, db, dc, dd] = [demandOf(y), demandOf(a), demandOf(b), demandOf(c), demandOf(d)];
  const largest = Math.max(dy, da, db, dc, dd);
  if (!openRing()) {
    runJavaScript(kernel, ints, y, a, b, c, d);
    return;
  }
  if (largest > LARGEST) {
    runInBlocks(build, form, kernel, ints, [y, a, b, c, d]);
    return;
  }
  // All that this call may put into the ring, and what it may skip at the ring's end.
  const oldest = written + dy + da + db + dc + dd + largest - RING;
  const { writes, inPlace } = kernel;
  const py = place(y, oldest, !inPlace, true);
  const pa = a === undefined ? 0 : place(a, oldest, false, (writes & 2) !== 0);
  const pb = b === undefined ? 0 : place(b, oldest, false, (writes & 4) !== 0);
  const pc = c === undefined ? 0 : place(c, oldest, false, (writes & 8) !== 0);
  const pd = d === undefined ? 0 : place(d, oldest, false, false);
  writeInts(ints);
  build.call(form.id, INTS_ADDRESS, py, pa, pb, pc, pd);
  takeBack(y, py);
  if (writes === WRITES_OUTPUT) return;
  if ((writes & 2) !== 0) takeBack(a as Operand, pa);
  if ((writes & 4) !== 0) takeBack(b as Operand, pb);
  if ((writes & 8) !== 0) takeBack(c as Operand, pc);
}

/** Indices of the first and the last of the operand's elements in its storage. */
function spanOf({ offset, shape, strides, size }: Operand): [low: number, high: number] {
  let low = offset;
  let high = offset;
  if (size === 0) return [offset, offset - 1];
  for (let axis = 0; axis < shape.length; axis++) {
    const reach = (shape[axis] - 1) * strides[axis];
    if (reach > 0) high += reach;
    else low += reach;
  }
  return [low, high];
}

/**
 * The address at which a kernel finds the operand.
 *
 * @param oldest - positions in the ring below this may be overwritten during the call.
 * @param isBlank - its values are about to be overwritten, all of them.
 */
function place(operand: Operand, oldest: number, isBlank: boolean, isWritten: boolean): number {
  const { storage, offset } = operand;
  const size = SIZES[storage.digit];
  if (storage.address !== 0) return addressOf(operand);
  const { mirror, exposed } = storage;
  if (mirror >= oldest && mirror >= 0 && !exposed) return ring + (mirror % RING) + offset * size;
  const values = valuesOf(storage);
  const bytes = storage.length * size;
  const at = written % RING;
  if (at + bytes > RING) written += RING - at;
  storage.mirror = written;
  const start = ring + (written % RING);
  written += (bytes + 15) & ~15;
  if (isBlank) return start + offset * size;
  const { base, length, digit } = storage;
  let low = 0;
  let high = length;
  if (operand.size < length && !isWritten) {
    const [first, last] = spanOf(operand);
    // A copy of a small part is no mirror of the whole, but it is all that is wanted.
    if (length > 2 * (last - first + 1)) {
      storage.mirror = -1;
      low = first;
      high = last + 1;
    }
  }
  copyElements(values, base + low, high - low, viewByDigit(digit), start / size + low);
  return start + offset * size;
}

/** The same for operands that are too large for the ring: each in a block for the time of the call. */
function runInBlocks(
  build: Build,
  form: Form,
  kernel: Kernel,
  ints: Ints,
  operands: readonly (Operand | undefined)[],
): void {
  const blocks: [address: number, bytes: number][] = [];
  const starts = new Map<Storage, number>();
  const find = (operand: Operand | undefined): number => {
    if (operand === undefined) return 0;
    const { storage, offset } = operand;
    const size = SIZES[storage.digit];
    if (storage.address !== 0) return addressOf(operand);
    const known = starts.get(storage);
    if (known !== undefined) return known + offset * size;
    const bytes = storage.length * size;
    const start = takeBlock('staging', bytes);
    if (start === undefined) {
      throw new LimitError({
        where: 'a kernel',
        problem: `no linear memory to stage ${bytes} bytes`,
        hint: "use a smaller batch, or setKernels('js')",
      });
    }
    blocks.push([start, bytes]);
    starts.set(storage, start);
    const { base, length, digit } = storage;
    copyElements(valuesOf(storage), base, length, viewByDigit(digit), start / size);
    return start + offset * size;
  };
  try {
    const [py, pa, pb, pc, pd] = [0, 1, 2, 3, 4].map((k) => find(operands[k]));
    writeInts(ints);
    build.call(form.id, INTS_ADDRESS, py, pa, pb, pc, pd);
    [py, pa, pb, pc, pd].forEach((address, k) => {
      if (((kernel.writes >> k) & 1) === 0) return;
      const operand = operands[k] as Operand;
      takeBack(operand, address);
      // The block ends with the call.
      operand.storage.mirror = -1;
    });
  } finally {
    for (const [address, bytes] of blocks) giveBlock('staging', address, bytes);
  }
}

/** Copies what a kernel wrote back to where the operand lives. */
function takeBack({ storage, offset }: Operand, address: number): void {
  if (storage.address !== 0) return;
  const { values, base, length, digit } = storage;
  const from = address / SIZES[digit] - offset;
  copyElements(viewByDigit(digit), from, length, values, base);
}
