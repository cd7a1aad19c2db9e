// Gathering and scattering; plans in src/indexing.ts. Additions to one place are made in double and rounded once, in
// scratch; what does not fit there at once is done in parts.
import { SCRATCH, SCRATCH_END } from './layout';
import { loadPart, storePart } from './lanes';

/** Doubles that fit into scratch. */
const CAPACITY: i32 = ((SCRATCH_END - SCRATCH) >> 3) as i32;

// @ts-ignore: decorator
@inline
function copyRow(y: usize, a: usize, n: i32): void {
  const full = (<usize>(n & ~3)) << 2;
  for (let k: usize = 0; k < full; k += 16) v128.store(y + k, v128.load(a + k));
  if ((n & 3) > 0) storePart(y + full, loadPart(a + full, n & 3), n & 3);
}

export function indexSelect_ffi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const length = load<i32>(ints, 4);
  const inner = load<i32>(ints, 8);
  const count = load<i32>(ints, 12);
  const row = (<usize>inner) << 2;
  for (let outer = load<i32>(ints); outer > 0; outer--) {
    if (inner == 1) {
      for (let i = 0; i < count; i++) {
        store<f32>(y, load<f32>(a + (load<i32>(b + (i << 2)) << 2)));
        y += 4;
      }
    } else {
      for (let i = 0; i < count; i++) {
        copyRow(y, a + load<i32>(b + (i << 2)) * row, inner);
        y += row;
      }
    }
    a += length * row;
  }
}

/** Floats to doubles. */
function widen(to: usize, from: usize, n: i32): void {
  let i = 0;
  for (; i + 2 <= n; i += 2) v128.store(to + (i << 3), f64x2.promote_low_f32x4(v128.load64_zero(from + (i << 2))));
  if (i < n) store<f64>(to + (i << 3), <f64>load<f32>(from + (i << 2)));
}

/** Doubles to floats, rounded. */
function narrow(to: usize, from: usize, n: i32): void {
  let i = 0;
  for (; i + 2 <= n; i += 2) v128.store64_lane(to + (i << 2), f32x4.demote_f64x2_zero(v128.load(from + (i << 3))), 0);
  if (i < n) store<f32>(to + (i << 2), <f32>load<f64>(from + (i << 3)));
}

/** Adds floats onto doubles. */
// @ts-ignore: decorator
@inline
function addOnto(sums: usize, from: usize, n: i32): void {
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const at = sums + (i << 3);
    v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(v128.load64_zero(from + (i << 2)))));
  }
  if (i < n) store<f64>(sums + (i << 3), load<f64>(sums + (i << 3)) + <f64>load<f32>(from + (i << 2)));
}

/** Operands a, source, index. */
export function indexAdd_fffi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const length = load<i32>(ints, 4);
  const inner = load<i32>(ints, 8);
  const count = load<i32>(ints, 12);
  const row = (<usize>inner) << 2;
  // A part is some columns of some rows of the indexed axis.
  const columns = min(inner, CAPACITY);
  const rows = columns > 0 ? CAPACITY / columns : 0;
  for (let outer = load<i32>(ints); outer > 0; outer--) {
    for (let left = 0; left < inner; left += columns) {
      const width = min(columns, inner - left);
      for (let top = 0; top < length; top += rows) {
        const height = min(rows, length - top);
        const at = top * row + (left << 2);
        for (let r = 0; r < height; r++) widen(SCRATCH + ((r * width) << 3), a + at + r * row, width);
        for (let i = 0; i < count; i++) {
          const r = load<i32>(c + (i << 2)) - top;
          if (r >= 0 && r < height) addOnto(SCRATCH + ((r * width) << 3), b + i * row + (left << 2), width);
        }
        for (let r = 0; r < height; r++) narrow(y + at + r * row, SCRATCH + ((r * width) << 3), width);
      }
    }
    y += length * row;
    a += length * row;
    b += count * row;
  }
}

/** Elements of the indexed array from one step of an axis to the next. */
function strideOf(ints: usize, axis: i32): i32 {
  const rank = load<i32>(ints);
  let stride = 1;
  for (let k = axis + 1; k < rank; k++) stride *= load<i32>(ints + 8 + ((rank + k) << 2));
  return stride;
}

/**
 * Walks the entries of a packed index along its last axis. Gathers `a` into `y`; or, where `adds`, adds `source` onto the
 * doubles for the positions from `low` to `high`.
 */
// @ts-ignore: decorator
@inline
function eachEntry(ints: usize, index: usize, y: usize, a: usize, source: usize, low: i32, high: i32, adds: bool): void {
  const rank = load<i32>(ints);
  const axis = load<i32>(ints, 4);
  const shape = ints + 8;
  const step = strideOf(ints, axis);
  const inner = load<i32>(shape + ((rank - 1) << 2));
  const by = axis == rank - 1 ? 0 : 1;
  let rows = 1;
  for (let k = 0; k < rank - 1; k++) rows *= load<i32>(shape + (k << 2));
  for (let row = 0; row < rows; row++) {
    let base = 0;
    let stride = rank > 1 ? load<i32>(shape + ((2 * rank - 1) << 2)) : 1;
    for (let k = rank - 2, rest = row; k >= 0; k--) {
      const extent = load<i32>(shape + (k << 2));
      if (k != axis) base += (rest % extent) * stride;
      rest /= extent;
      stride *= load<i32>(shape + ((rank + k) << 2));
    }
    for (let j = 0; j < inner; j++) {
      const position = base + load<i32>(index) * step;
      if (!adds) {
        store<f32>(y, load<f32>(a + (position << 2)));
        y += 4;
      } else {
        if (position >= low && position < high) {
          const at = SCRATCH + ((position - low) << 3);
          store<f64>(at, load<f64>(at) + <f64>load<f32>(source));
        }
        source += 4;
      }
      index += 4;
      base += by;
    }
  }
}

/** Operands a, index. */
export function gather_ffi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  eachEntry(ints, b, y, a, 0, 0, 0, false);
}

/** Operands a, source, index. */
export function scatterAdd_fffi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const rank = load<i32>(ints);
  let size = 1;
  for (let k = 0; k < rank; k++) size *= load<i32>(ints + 8 + ((rank + k) << 2));
  for (let low = 0; low < size; low += CAPACITY) {
    const part = min(CAPACITY, size - low);
    widen(SCRATCH, a + (low << 2), part);
    eachEntry(ints, c, 0, 0, b, low, low + part, true);
    narrow(y + (low << 2), SCRATCH, part);
  }
}

export function oneHot_fi(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const count = load<i32>(ints);
  const depth = load<i32>(ints, 4);
  memory.fill(y, 0, (count * depth) << 2);
  for (let i = 0; i < count; i++) {
    store<f32>(y + ((i * depth + load<i32>(a + (i << 2))) << 2), 1);
  }
}

export function triangle_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints, 4);
  const m = load<i32>(ints, 8);
  const diagonal = load<i32>(ints, 12);
  const lower = load<i32>(ints, 16) == 1;
  const row = (<usize>m) << 2;
  for (let batch = load<i32>(ints); batch > 0; batch--) {
    for (let i = 0; i < n; i++) {
      // Columns before `cut` are on one side.
      const cut = max(0, min(m, i + diagonal + (lower ? 1 : 0)));
      const bytes = (<usize>cut) << 2;
      if (lower) {
        memory.copy(y, a, bytes);
        memory.fill(y + bytes, 0, row - bytes);
      } else {
        memory.copy(y + bytes, a + bytes, row - bytes);
        memory.fill(y, 0, bytes);
      }
      y += row;
      a += row;
    }
  }
}
