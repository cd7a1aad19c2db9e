/** @file Runs one kernel's JavaScript form and its WebAssembly forms over the same inputs, for tests. */
import {
  activeBuild,
  allocateBlock,
  freeBlock,
  INTS_ADDRESS,
  type Kernel,
  type KernelBuild,
  MAX_INTS,
  memoryViews,
  SIGNATURE_DIGITS,
  useBuild,
  type Values,
} from '../src/index.js';

export type DType = keyof typeof SIGNATURE_DIGITS;

/** One operand: its memory, and which element of it the kernel takes as the first. */
export interface Operand {
  readonly dtype: DType;
  readonly values: ArrayLike<number>;
  readonly first?: number;
  /** Elements between a multiple of 64 bytes and the values. Default 1: as badly aligned as it can be. */
  readonly shift?: number;
}

/** The WebAssembly builds that run here. */
export const BUILDS: readonly KernelBuild[] = (['simd', 'relaxed'] as const).filter((build) =>
  useBuild(build),
);

const SIZES = { float32: 4, int32: 4, bool: 1, float64: 8 } as const;
const GUARD = 64;
const CANARY = 0xa5;

export const f32 = (values: ArrayLike<number>, first = 0, shift = 1): Operand => ({
  dtype: 'float32',
  values,
  first,
  shift,
});
export const f64 = (values: ArrayLike<number>): Operand => ({ dtype: 'float64', values });
export const i32 = (values: ArrayLike<number>): Operand => ({ dtype: 'int32', values });
export const bool = (values: ArrayLike<number>): Operand => ({ dtype: 'bool', values });

/**
 * Runs a kernel and gives copies of the operands that it writes, the output first.
 *
 * Each operand lies in a block of its own between canaries. Throws when one of them, or an operand that is only read,
 * has changed.
 */
export function runBuild(
  build: KernelBuild,
  kernel: Kernel,
  ints: readonly number[],
  ...operands: readonly Operand[]
): Values[] {
  if (ints.length > MAX_INTS) throw new Error(`${kernel.name}: ${ints.length} integers`);
  const blocks = operands.map(({ dtype, values, shift = 1 }) => {
    const size = SIZES[dtype];
    const bytes = GUARD + (values.length + shift) * size + GUARD;
    const block = allocateBlock(bytes);
    if (block === undefined) throw new Error('no memory');
    return {
      block,
      bytes,
      start: block + GUARD + shift * size,
      end: block + GUARD + (shift + values.length) * size,
    };
  });
  const views = memoryViews()!;
  const memory = views.bool;
  operands.forEach(({ dtype, values }, k) => {
    const { block, bytes, start } = blocks[k];
    memory.fill(CANARY, block, block + bytes);
    views[dtype].set(values, start / SIZES[dtype]);
  });
  const before = blocks.map(({ block, bytes }) => memory.slice(block, block + bytes));
  const at = operands.map(({ dtype, first = 0 }, k) => blocks[k].start + first * SIZES[dtype]);
  if (build === 'js') {
    const argument = (k: number): [Values, number] =>
      k < operands.length ? [views[operands[k].dtype], at[k] / SIZES[operands[k].dtype]] : [views.bool, 0];
    kernel.run(ints, ...argument(0), ...argument(1), ...argument(2), ...argument(3), ...argument(4));
  } else {
    const signature = operands.reduce((s, { dtype }, k) => s | (SIGNATURE_DIGITS[dtype] << (3 * k)), 0);
    const form = kernel.forms.find((candidate) => candidate.signature === signature);
    if (form === undefined) throw new Error(`${kernel.name} has no such form`);
    if (!useBuild(build)) throw new Error(`${build} does not run here`);
    views.int32.set(ints, INTS_ADDRESS / 4);
    const [y, a = 0, b = 0, c = 0, d = 0] = at;
    activeBuild()!.call(form.id, INTS_ADDRESS, y, a, b, c, d);
  }
  const written: Values[] = [];
  operands.forEach(({ dtype }, k) => {
    const { block, bytes, start, end } = blocks[k];
    const writes = ((kernel.writes >> k) & 1) === 1;
    if (writes) written.push(views[dtype].slice(start / SIZES[dtype], end / SIZES[dtype]));
    const after = memory.slice(block, block + bytes);
    if (writes) after.set(before[k].subarray(start - block, end - block), start - block);
    if (Buffer.compare(after, before[k]) !== 0) {
      const at = after.findIndex((byte, i) => byte !== before[k][i]) + block - start;
      throw new Error(`${kernel.name} (${build}) wrote to operand ${k}, byte ${at} of ${end - start}`);
    }
    freeBlock(block, bytes);
  });
  return written;
}

/** Fails unless all elements are the same numbers: −0 is not 0, NaN is NaN. */
export function sameBits(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} elements`);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) {
      throw new Error(`${what}: element ${i} is ${actual[i]}, not ${expected[i]}`);
    }
  }
}

const ordinalView = new DataView(new ArrayBuffer(4));

/** The place of a float32 in the order of all float32, −0 and 0 sharing one. */
function ordinal(x: number): number {
  ordinalView.setFloat32(0, x);
  const bits = ordinalView.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

/** How many float32 lie between two numbers; 0 for two NaN, Infinity for one. */
export function ulpsApart(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Object.is(x, y) ? 0 : Infinity;
  return Math.abs(ordinal(x) - ordinal(y));
}

/** Fails unless all elements are within `limit` ULP of float32; a number, or one per element. */
export function withinUlps(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number | ((i: number) => number),
  what: string,
): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} elements`);
  for (let i = 0; i < expected.length; i++) {
    const off = ulpsApart(actual[i], expected[i]);
    if (!(off <= (typeof limit === 'number' ? limit : limit(i)))) {
      throw new Error(`${what}: element ${i} is ${actual[i]}, ${off} ULP from ${expected[i]}`);
    }
  }
}
