/** @file Where the values of a step lie: each in the first gap that is free for as long as it lives. */

/** A value: its size, and the first and last call that touch it. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

const ALIGNMENT = 64;

/** @returns an offset for each value, and the bytes they need together. */
export function layOut(values: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(values.length).fill(0);
  const placed: { offset: number; end: number; first: number; last: number }[] = [];
  let bytes = 0;
  // Large values first: small ones fill the gaps between them.
  const order = values
    .map((_, i) => i)
    .sort((i, j) => (values[j] as Lifetime).bytes - (values[i] as Lifetime).bytes);
  for (const i of order) {
    const { bytes: size, first, last } = values[i] as Lifetime;
    const needed = Math.max(ALIGNMENT, Math.ceil(size / ALIGNMENT) * ALIGNMENT);
    const others = placed
      .filter((other) => other.first <= last && first <= other.last)
      .sort((p, q) => p.offset - q.offset);
    let offset = 0;
    let best = Infinity;
    let bestGap = Infinity;
    for (const other of others) {
      const gap = other.offset - offset;
      if (gap >= needed && gap < bestGap) {
        best = offset;
        bestGap = gap;
      }
      offset = Math.max(offset, other.end);
    }
    const chosen = best === Infinity ? offset : best;
    offsets[i] = chosen;
    placed.push({ offset: chosen, end: chosen + needed, first, last });
    bytes = Math.max(bytes, chosen + needed);
  }
  return { offsets, bytes };
}
