// Copies and fills: elements move as they are, 1, 4 or 8 bytes wide.
import { SCRATCH } from './layout';
import { spread } from './walk';

function copyBytes(to: usize, from: usize, bytes: i32): void {
  if (bytes >= 2048) {
    memory.copy(to, from, bytes);
    return;
  }
  for (; bytes >= 32; bytes -= 32, to += 32, from += 32) {
    const first = v128.load(from);
    const second = v128.load(from, 16);
    v128.store(to, first);
    v128.store(to, second, 16);
  }
  for (; bytes >= 4; bytes -= 4, to += 4, from += 4) store<i32>(to, load<i32>(from));
  for (; bytes > 0; bytes--, to++, from++) store<u8>(to, load<u8>(from));
}

/** `n` times the one element at `from`. */
function repeat(size: i32, n: i32, to: usize, from: usize): void {
  const value = size === 4 ? v128.load32_splat(from) : size === 1 ? v128.load8_splat(from) : v128.load64_splat(from);
  let bytes = n * size;
  for (; bytes >= 16; bytes -= 16, to += 16) v128.store(to, value);
  if (size === 1) for (; bytes > 0; bytes--, to++) v128.store8_lane(to, value, 0);
  else if (size === 4) for (; bytes > 0; bytes -= 4, to += 4) v128.store32_lane(to, value, 0);
  else for (; bytes > 0; bytes -= 8, to += 8) v128.store64_lane(to, value, 0);
}

/**
 * y[i, j] = a[i, j] of 4-byte elements, where a is packed along i: transposed in squares of four. Strips keep what is
 * read, a cache line per j, until all of its elements are used.
 */
function transposed(rows: i32, columns: i32, y: usize, byY: i32, a: usize, byA: i32): void {
  const wholeRows = rows & ~3;
  const wholeColumns = columns & ~3;
  for (let strip = 0; strip < wholeColumns; strip += 64) {
    const end = min(strip + 64, wholeColumns);
    for (let i = 0; i < wholeRows; i += 4) {
      let to = y + i * byY + 4 * strip;
      let from = a + 4 * i + strip * byA;
      for (let j = strip; j < end; j += 4, to += 16) {
        const column0 = v128.load(from);
        const column1 = v128.load(from + byA);
        from += 2 * byA;
        const column2 = v128.load(from);
        const column3 = v128.load(from + byA);
        from += 2 * byA;
        const low01 = v128.shuffle<f32>(column0, column1, 0, 4, 1, 5);
        const low23 = v128.shuffle<f32>(column2, column3, 0, 4, 1, 5);
        const high01 = v128.shuffle<f32>(column0, column1, 2, 6, 3, 7);
        const high23 = v128.shuffle<f32>(column2, column3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
        v128.store(to + byY, v128.shuffle<f64>(low01, low23, 1, 3));
        v128.store(to + 2 * byY, v128.shuffle<f64>(high01, high23, 0, 2));
        v128.store(to + 3 * byY, v128.shuffle<f64>(high01, high23, 1, 3));
      }
    }
  }
  const restColumns = columns - wholeColumns;
  for (let i = 0; i < rows; i++) {
    const to = y + i * byY;
    const from = a + 4 * i;
    if (i >= wholeRows) spread(4, columns, to, 4, from, byA);
    else spread(4, restColumns, to + 4 * wholeColumns, 4, from + wholeColumns * byA, byA);
  }
}

/** Copies `a` into `y`; the output is packed, or has the first strides of the plan. */
function copyElements(size: i32, into: bool, ints: usize, y: usize, a: usize): void {
  const rank = load<i32>(ints);
  if (rank === 1 && load<i32>(ints, 8) === 1 && (!into || load<i32>(ints, 12) === 1)) {
    copyBytes(y, a, load<i32>(ints, 4) * size);
    return;
  }
  const shape = ints + 4;
  const strides = shape + (rank << 2);
  const stridesA = into ? strides + (rank << 2) : strides;
  const last = (rank - 1) << 2;
  const n = load<i32>(shape + last);
  const byY = into ? load<i32>(strides + last) : 1;
  const byA = load<i32>(stridesA + last);
  if (n === 0) return;
  // How many of the last axes one visit does.
  let axes = 1;
  let byRowY = n;
  if (size === 4 && rank > 1 && byY === 1 && byA !== 1 && load<i32>(stridesA + last - 4) === 1) {
    axes = 2;
    if (into) byRowY = load<i32>(strides + last - 4);
  }
  const outer = rank - axes;
  let visits = 1;
  for (let axis = 0; axis < outer; axis++) {
    visits *= load<i32>(shape + (axis << 2));
    store<i32>(SCRATCH + (axis << 2), 0);
  }
  const rows = axes === 2 ? load<i32>(shape + last - 4) : 1;
  for (; visits > 0; visits--) {
    if (axes === 2) transposed(rows, n, y, byRowY << 2, a, byA << 2);
    else if (byY === 1 && byA === 1) copyBytes(y, a, n * size);
    else if (byY === 1 && byA === 0) repeat(size, n, y, a);
    else spread(size, n, y, byY * size, a, byA * size);
    if (!into) y += n * rows * size;
    for (let axis = (outer - 1) << 2; axis >= 0; axis -= 4) {
      const extent = load<i32>(shape + axis);
      const index = load<i32>(SCRATCH + axis) + 1;
      // Back to the start of the axis after its last element.
      const by = (index < extent ? 1 : 1 - extent) * size;
      a += load<i32>(stridesA + axis) * by;
      if (into) y += load<i32>(strides + axis) * by;
      if (index < extent) {
        store<i32>(SCRATCH + axis, index);
        break;
      }
      store<i32>(SCRATCH + axis, 0);
    }
  }
}

export function copy_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(4, false, ints, y, a);
}
export function copyInto_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(4, true, ints, y, a);
}
export function fill_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  repeat(4, load<i32>(ints), y, a);
}
export function copy_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(4, false, ints, y, a);
}
export function copyInto_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(4, true, ints, y, a);
}
export function fill_ii(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  repeat(4, load<i32>(ints), y, a);
}
export function copy_dd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(8, false, ints, y, a);
}
export function copyInto_dd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(8, true, ints, y, a);
}
export function fill_dd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  repeat(8, load<i32>(ints), y, a);
}
export function copy_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(1, false, ints, y, a);
}
export function copyInto_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  copyElements(1, true, ints, y, a);
}
export function fill_bb(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  repeat(1, load<i32>(ints), y, a);
}
