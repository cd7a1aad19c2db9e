// The walk that all elementwise functions share. It cuts an operation into pieces in which each operand either moves on by
// its own size per element or stays on one value, so that every operation needs one loop only:
//   stride 1: the operand itself;
//   stride 0: its value, repeated over the length of one step of the loop;
//   else:     its elements, gathered into a buffer.
// Short rows are taken together, as many as fit into a buffer: the operands that do not run on from row to row are
// gathered, and those that begin anew with each row, a bias for one, are gathered only once.
// The state lies in globals: begin, then for as long as next gives true, one piece to work on.
import { SCRATCH } from './layout';

/** Elements per gathered piece. */
const PIECE: i32 = 512;
/** Per operand: a repeated value and a gathered piece. Odd in cache lines, so that buffers do not share their sets. */
/** The longest rows that are taken together: of any kind, and when only such are gathered that begin anew with each row. */
const SHORT: i32 = 16;
const SHORT_REPEATED: i32 = 128;
const BUFFER: usize = 512 * 8 + 64 + 64;
const INDEX: usize = SCRATCH + 3 * BUFFER;
/** Elements per step of a loop. A loop moves its operands by 8 elements, or by 0. */
const STEP: i32 = 8;

/** The piece: elements, where they are, and the bytes each operand moves per step. */
export let count: i32 = 0;
export let toY: usize = 0;
export let fromA: usize = 0;
export let fromB: usize = 0;
export let fromC: usize = 0;
export let stepA: i32 = 0;
export let stepB: i32 = 0;
export let stepC: i32 = 0;

let plan: usize = 0;
let rank: i32 = 0;
let operands: i32 = 0;
let inner: i32 = 0;
let rows: i32 = 0;
/** Elements of the row that are done. */
let done: i32 = 0;
/** Elements in a piece: of a row, or in rows if `together`. */
let most: i32 = 0;
let together: bool = false;
/** Of the axis whose rows are taken together: its extent, and how many of them are done. */
let group: i32 = 0;
let grouped: i32 = 0;
let sizeY: i32 = 0;
let sizeA: i32 = 0;
let sizeB: i32 = 0;
let sizeC: i32 = 0;
/** First elements of the row. */
let rowY: usize = 0;
let rowA: usize = 0;
let rowB: usize = 0;
let rowC: usize = 0;

function stride(operand: i32, axis: i32): i32 {
  return load<i32>(plan + ((1 + rank + operand * rank + axis) << 2));
}

function odd(operand: i32): bool {
  return <u32>stride(operand, rank - 1) > 1;
}

/** Whether an operand runs on from row to row as it does within one. */
function runsOn(operand: i32): bool {
  return stride(operand, rank - 2) === inner * stride(operand, rank - 1);
}

/** Takes up a plan; sizes of elements in bytes. */
export function begin(
  ints: usize,
  many: i32,
  bytesY: i32,
  y: usize,
  bytesA: i32,
  a: usize,
  bytesB: i32,
  b: usize,
  bytesC: i32,
  c: usize,
): void {
  plan = ints;
  rank = load<i32>(ints);
  operands = many;
  sizeY = bytesY;
  sizeA = bytesA;
  sizeB = bytesB;
  sizeC = bytesC;
  rowY = y;
  rowA = a;
  rowB = b;
  rowC = c;
  inner = load<i32>(ints + (rank << 2));
  together = false;
  if (rank > 1 && inner <= SHORT_REPEATED) {
    together = true;
    if (inner > SHORT) {
      for (let operand = 0; operand < many; operand++) {
        if (!runsOn(operand) && stride(operand, rank - 2) !== 0) together = false;
      }
    }
  }
  const axes = together ? rank - 2 : rank - 1;
  rows = 1;
  for (let axis = 0; axis < axes; axis++) {
    rows *= load<i32>(ints + (axis << 2), 4);
    store<i32>(INDEX + (axis << 2), 0);
  }
  done = 0;
  grouped = 0;
  group = 0;
  if (together) {
    group = load<i32>(ints + ((rank - 1) << 2));
    if (group === 0) rows = 0;
  }
  if (inner === 0) rows = 0;
  if (together) most = inner > 0 ? PIECE / inner : 1;
  else most = odd(0) || (many > 1 && odd(1)) || (many > 2 && odd(2)) ? PIECE : inner;
}

function repeat(size: i32, from: usize, to: usize): usize {
  if (size === 4) {
    const value = v128.load32_splat(from);
    v128.store(to, value);
    v128.store(to, value, 16);
  } else if (size === 1) {
    v128.store(to, v128.load8_splat(from));
  } else {
    const value = v128.load64_splat(from);
    v128.store(to, value);
    v128.store(to, value, 16);
    v128.store(to, value, 32);
    v128.store(to, value, 48);
  }
  return to;
}

/** Copies `n` elements that lie `by` bytes apart to places `toBy` bytes apart. */
export function spread(size: i32, n: i32, to: usize, toBy: i32, from: usize, by: i32): void {
  if (size === 4) {
    for (; n >= 4; n -= 4) {
      const first = load<i32>(from);
      const second = load<i32>(from + by);
      from += 2 * by;
      const third = load<i32>(from);
      const fourth = load<i32>(from + by);
      from += 2 * by;
      store<i32>(to, first);
      store<i32>(to + toBy, second);
      to += 2 * toBy;
      store<i32>(to, third);
      store<i32>(to + toBy, fourth);
      to += 2 * toBy;
    }
    for (; n > 0; n--, to += toBy, from += by) store<i32>(to, load<i32>(from));
  } else if (size === 1) {
    for (; n > 0; n--, to += toBy, from += by) store<u8>(to, load<u8>(from));
  } else {
    for (; n > 0; n--, to += toBy, from += by) store<i64>(to, load<i64>(from));
  }
}

/** The step of the operand that was prepared last. */
let moves: i32 = 0;

/** The address of an operand for the next `n` elements of the row that starts at `row`. */
function prepare(operand: i32, size: i32, row: usize, n: i32): usize {
  const by = stride(operand, rank - 1);
  moves = STEP * size;
  if (by === 1) return row + done * size;
  const buffer = SCRATCH + <usize>operand * BUFFER;
  if (by === 0) {
    moves = 0;
    return repeat(size, row, buffer);
  }
  spread(size, n, buffer + 64, size, row + done * by * size, by * size);
  return buffer + 64;
}

/** The same for the next `n` rows; the first of the group starts at `row`. */
function prepareRows(operand: i32, size: i32, row: usize, n: i32): usize {
  const by = stride(operand, rank - 1);
  const byRow = stride(operand, rank - 2);
  const from = row + grouped * byRow * size;
  moves = STEP * size;
  let to = SCRATCH + <usize>operand * BUFFER;
  if (runsOn(operand)) {
    if (by === 1) return from;
    if (by === 0) {
      moves = 0;
      return repeat(size, from, to);
    }
    to += 64;
    spread(size, n * inner, to, size, from, by * size);
    return to;
  }
  to += 64;
  // The first piece of a group is its longest.
  if (byRow !== 0 || grouped === 0) {
    let at = to;
    let start = from;
    for (let r = 0; r < n; r++, at += inner * size, start += byRow * size) {
      spread(size, inner, at, size, start, by * size);
    }
  }
  return to;
}

/** Moves the starts of rows on along the axes up to `last`; false at the end. */
function advance(last: i32): bool {
  rows--;
  if (rows <= 0) return false;
  for (let axis = last; axis >= 0; axis--) {
    const at = INDEX + (axis << 2);
    const extent = load<i32>(plan + (axis << 2), 4);
    const index = load<i32>(at) + 1;
    // Back to the start of the axis after its last element.
    const by = index < extent ? 1 : 1 - extent;
    rowA += stride(0, axis) * by * sizeA;
    if (operands > 1) rowB += stride(1, axis) * by * sizeB;
    if (operands > 2) rowC += stride(2, axis) * by * sizeC;
    if (index < extent) {
      store<i32>(at, index);
      break;
    }
    store<i32>(at, 0);
  }
  return true;
}

function nextRows(): bool {
  if (grouped === group) {
    grouped = 0;
    rowY += group * inner * sizeY;
    if (!advance(rank - 3)) return false;
  }
  const n = min(most, group - grouped);
  fromA = prepareRows(0, sizeA, rowA, n);
  stepA = moves;
  if (operands > 1) {
    fromB = prepareRows(1, sizeB, rowB, n);
    stepB = moves;
  }
  if (operands > 2) {
    fromC = prepareRows(2, sizeC, rowC, n);
    stepC = moves;
  }
  toY = rowY + grouped * inner * sizeY;
  count = n * inner;
  grouped += n;
  return true;
}

/** Moves on to the next piece; false at the end. */
export function next(): bool {
  if (rows <= 0) return false;
  if (together) return nextRows();
  if (done === inner) {
    done = 0;
    rowY += inner * sizeY;
    if (!advance(rank - 2)) return false;
  }
  const n = min(most, inner - done);
  fromA = prepare(0, sizeA, rowA, n);
  stepA = moves;
  if (operands > 1) {
    fromB = prepare(1, sizeB, rowB, n);
    stepB = moves;
  }
  if (operands > 2) {
    fromC = prepare(2, sizeC, rowC, n);
    stepC = moves;
  }
  toY = rowY + done * sizeY;
  count = n;
  done += n;
  return true;
}
