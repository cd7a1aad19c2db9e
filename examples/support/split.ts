/** @file Which rows are held out: every class in its share, the same rows on every machine and at every seed. */

/**
 * The rows to hold out: `count` of them, each class in its share (largest remainders), drawn without replacement.
 *
 * The draw is part of the data, not of a run, so it has its own small generator and its own fixed start: two runs with
 * different seeds are judged on the same rows, and a new version of the library does not move them.
 *
 * @param labels - The class of every row, integers.
 * @param count - How many rows to hold out, 0 … `labels.length`.
 * @returns The rows in rising order.
 */
export function heldOutRows(labels: ArrayLike<number>, count: number): number[] {
  const random = mulberry32(20240229);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const rows = rowsOf.get(label);
    if (rows === undefined) rowsOf.set(label, [row]);
    else rows.push(row);
  }
  const classes = [...rowsOf.entries()].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  return classes
    .flatMap((rows, index) => drawn(rows, shares(classes, count)[index] as number, random))
    .sort((a, b) => a - b);
}

/** How many of `count` fall to each class: the whole part of its share, then one each by falling remainder. */
function shares(classes: readonly (readonly number[])[], count: number): number[] {
  const total = classes.reduce((sum, rows) => sum + rows.length, 0);
  const exact = classes.map((rows) => (total === 0 ? 0 : (count * rows.length) / total));
  const whole = exact.map(Math.floor);
  const missing = count - whole.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((share, index) => ({ index, remainder: share - Math.floor(share) }));
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, missing)) whole[index] = (whole[index] as number) + 1;
  return whole;
}

/** The first `count` of a Fisher–Yates shuffle of `rows`. */
function drawn(rows: readonly number[], count: number, random: () => number): number[] {
  const shuffled = [...rows];
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (shuffled.length - i));
    [shuffled[i], shuffled[j]] = [shuffled[j] as number, shuffled[i] as number];
  }
  return shuffled.slice(0, count);
}

/** Tommy Ettinger's Mulberry32: numbers in [0, 1) from 32 bits of state. */
function mulberry32(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
