/** @file Binary search in sorted numbers, on the very comparison that the caller means. */

/** How many of the first `length` rising numbers are below `value`. */
export function countBelow(sorted: Float64Array, length: number, value: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How many of the first `length` rising numbers x have `value − x > gap`. The difference itself is compared, not
 * `x < value − gap`, so that a count agrees to the last bit with a loop over all pairs.
 */
export function countBeyond(sorted: Float64Array, length: number, value: number, gap: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value - sorted[middle] > gap) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the first `length` rising numbers x have `value − x ≥ gap`. */
export function countFrom(sorted: Float64Array, length: number, value: number, gap: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value - sorted[middle] >= gap) low = middle + 1;
    else high = middle;
  }
  return low;
}
