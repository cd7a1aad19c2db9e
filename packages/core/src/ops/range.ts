/** @file Ranges of positions along an axis and single ones, as views of tensors take them. */
import { describeValue } from '../arguments.js';
import { ArgumentError, IndexError } from '../errors.js';

/**
 * One axis of a {@link slice}: `null` for all of it, or `[start, stop]` or `[start, stop, step]` with `null` for an open
 * end. Negative positions count from the end, positions outside are clamped, as in NumPy.
 */
export type Range =
  | null
  | readonly [start: number | null, stop: number | null]
  | readonly [start: number | null, stop: number | null, step: number | null];

/** A range as start, step and length over an axis of `extent`, by NumPy's rules. */
export function resolveRange(
  where: string,
  argument: string,
  range: Range,
  extent: number,
): [start: number, step: number, length: number] {
  if (range === null || range === undefined) return [0, 1, extent];
  if (!Array.isArray(range) || range.length < 2 || range.length > 3) {
    throw new ArgumentError({
      where,
      argument,
      must: 'be null, [start, stop] or [start, stop, step]',
      got: describeValue(range),
      ...(typeof range === 'number' ? { hint: 'select(x, axis, index) takes one index' } : {}),
    });
  }
  const bounds = range as readonly (number | null | undefined)[];
  for (const bound of bounds) {
    if (bound !== null && bound !== undefined && !Number.isInteger(bound)) {
      throw new ArgumentError({
        where,
        argument,
        must: 'hold integers or null',
        got: describeValue(bound),
      });
    }
  }
  const step = bounds[2] ?? 1;
  if (step === 0) {
    throw new ArgumentError({ where, argument, must: 'have a step other than 0', got: '0' });
  }
  const lowest = step > 0 ? 0 : -1;
  const highest = step > 0 ? extent : extent - 1;
  const place = (bound: number | null | undefined, open: number): number => {
    if (bound === null || bound === undefined) return open;
    return Math.min(Math.max(bound < 0 ? bound + extent : bound, lowest), highest);
  };
  const start = place(bounds[0], step > 0 ? 0 : extent - 1);
  const stop = place(bounds[1], step > 0 ? extent : -1);
  const length = Math.max(0, Math.ceil((stop - start) / step));
  // An empty slice must not point outside its storage.
  return [length === 0 ? 0 : start, step, length];
}

/** One position along an axis, −extent … extent−1, as a number from 0. */
export function wrapIndex(where: string, argument: string, index: unknown, extent: number): number {
  if (!Number.isInteger(index) || (index as number) < -extent || (index as number) >= extent) {
    throw new IndexError({
      where,
      argument,
      must: `be an integer in [${-extent}, ${extent})`,
      got: describeValue(index),
    });
  }
  return (index as number) < 0 ? (index as number) + extent : (index as number);
}
