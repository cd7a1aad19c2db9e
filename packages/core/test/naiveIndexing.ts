/**
 * @file Indexing by NumPy's rules, element by element and from its documentation alone: the oracle of `index` and
 * `indexPut`, and random indices to try it on.
 */
import type { Index } from '../src/ops/advancedIndexing.js';
import type { Tensor } from '../src/tensor.js';
import { atBroadcast, type Grid, type Index as Place, positions } from './grid.js';
import { bools, type Input, ints, type Random } from './opInfo/row.js';

/** One index as plain data. */
export type Entry =
  | number
  | null
  | '...'
  | 'newaxis'
  | { readonly range: readonly (number | null)[] }
  | { readonly at: Grid }
  | { readonly mask: Grid };

/** An axis of the result that comes from a slice: which positions of which axis. `undefined` is a new axis. */
type Sliced = { readonly axis: number; readonly list: readonly number[] } | undefined;

/** What an index leaves to do: an axis of the result, positions along an axis, or a length that broadcasts alone. */
type Step =
  | { readonly kind: 'sliced'; readonly sliced: Sliced }
  | { readonly kind: 'advanced'; readonly axis: number | undefined; readonly at: Grid }
  | { readonly kind: 'gap' };

/** The numbers that a slice of Python runs through. */
function rangeList(range: readonly (number | null)[], n: number): number[] {
  const [start, stop, given] = range;
  const step = given ?? 1;
  const end = (bound: number): number => (bound < 0 ? bound + n : bound);
  const list: number[] = [];
  if (step > 0) {
    const until = Math.min(stop === null ? n : end(stop), n);
    for (let i = Math.max(start === null ? 0 : end(start), 0); i < until; i += step) list.push(i);
  } else {
    const until = stop === null ? -1 : Math.max(end(stop), -1);
    for (let i = Math.min(start === null ? n - 1 : end(start), n - 1); i > until; i += step) list.push(i);
  }
  return list;
}

const axesOf = (entry: Entry): number =>
  entry === '...' || entry === 'newaxis'
    ? 0
    : typeof entry === 'object' && entry !== null && 'mask' in entry
      ? entry.mask.shape.length
      : 1;

const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The steps that entries ask for. An integer is a position without axes, whose place in the result does not matter. */
function stepsOf(shape: readonly number[], entries: readonly Entry[]): Step[] {
  const left = shape.length - entries.reduce<number>((sum, entry) => sum + axesOf(entry), 0);
  const given: readonly Entry[] = entries.includes('...') ? entries : [...entries, '...'];
  let axis = 0;
  return given.flatMap((entry): Step[] => {
    if (entry === 'newaxis') return [{ kind: 'sliced', sliced: undefined }];
    if (entry === '...') {
      const whole = all(left).map((): Step => {
        const own = axis++;
        return { kind: 'sliced', sliced: { axis: own, list: all(shape[own]) } };
      });
      return [{ kind: 'gap' }, ...whole];
    }
    if (typeof entry === 'number') {
      const own = axis++;
      const i = entry < 0 ? entry + shape[own] : entry;
      return [{ kind: 'advanced', axis: own, at: { shape: [], data: [i] } }];
    }
    if (entry === null || 'range' in entry) {
      const own = axis++;
      const list = entry === null ? all(shape[own]) : rangeList(entry.range, shape[own]);
      return [{ kind: 'sliced', sliced: { axis: own, list } }];
    }
    if ('at' in entry) {
      const own = axis++;
      const data = entry.at.data.map((i) => (i < 0 ? i + shape[own] : i));
      return [{ kind: 'advanced', axis: own, at: { shape: entry.at.shape, data } }];
    }
    const { mask } = entry;
    const found = positions(mask.shape).filter((_, i) => mask.data[i] !== 0);
    const first = axis;
    axis += mask.shape.length;
    if (mask.shape.length === 0) {
      return [{ kind: 'advanced', axis: undefined, at: { shape: [found.length], data: found.map(() => 0) } }];
    }
    return mask.shape.map(
      (_, k): Step => ({
        kind: 'advanced',
        axis: first + k,
        at: { shape: [found.length], data: found.map((place) => place[k]) },
      }),
    );
  });
}

/** The shape of `x[entries]`, and for each of its elements, in row-major order, the place in `x`. */
export function picked(
  shape: readonly number[],
  entries: readonly Entry[],
): { shape: readonly number[]; places: readonly Place[] } {
  const steps = stepsOf(shape, entries);
  const advanced = steps.flatMap((step) => (step.kind === 'advanced' ? [step] : []));
  const rank = Math.max(0, ...advanced.map(({ at }) => at.shape.length));
  const joint = Array.from({ length: rank }, (_, axis) => {
    const extents = advanced.map(({ at }) => at.shape[at.shape.length - rank + axis] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
  const first = steps.findIndex(({ kind }) => kind === 'advanced');
  const kinds = steps.map(({ kind }) => (kind === 'advanced' ? 'a' : '-')).join('');
  const isApart = /a-+a/.test(kinds);
  const sides: { before: Sliced[]; behind: Sliced[] } = { before: [], behind: [] };
  steps.forEach((step, i) => {
    if (step.kind !== 'sliced') return;
    if (!isApart && i < first) sides.before.push(step.sliced);
    else sides.behind.push(step.sliced);
  });
  const lengths = (side: readonly Sliced[]): number[] => side.map((sliced) => sliced?.list.length ?? 1);
  const result = [...lengths(sides.before), ...joint, ...lengths(sides.behind)];
  const places = positions(result).map((place) => {
    const own = place.slice(sides.before.length, sides.before.length + rank);
    const source = shape.map(() => 0);
    const others = [...place.slice(0, sides.before.length), ...place.slice(sides.before.length + rank)];
    [...sides.before, ...sides.behind].forEach((sliced, k) => {
      if (sliced !== undefined) source[sliced.axis] = sliced.list[others[k]];
    });
    for (const { axis, at } of advanced) if (axis !== undefined) source[axis] = atBroadcast(at, own);
    return source;
  });
  return { shape: result, places };
}

/** An index to draw values for: positions and masks by shape alone. */
export type Drawn =
  | number
  | null
  | '...'
  | 'newaxis'
  | { readonly range: readonly (number | null)[] }
  | { readonly at: readonly number[]; readonly extent: number }
  | { readonly mask: readonly number[] };

/** Random indices of a shape: every kind, at most one mask, beside which positions are single. */
export function drawIndices(random: Random, shape: readonly number[]): Drawn[] {
  const entries: Drawn[] = [];
  const joint = random.shape(0, 2, true);
  let masked = random.integer(0, 2) > 0;
  const hasMask = !masked;
  const bound = (n: number): number | null => random.pick([null, random.integer(-n - 2, n + 2)]);
  const some = (chance: number): boolean => random.integer(1, 100) <= chance;
  let axis = 0;
  let skips = some(40);
  for (;;) {
    if (some(12)) entries.push('newaxis');
    if (!masked && some(50)) {
      const rank = random.integer(0, shape.length - axis);
      entries.push({ mask: shape.slice(axis, axis + rank) });
      axis += rank;
      masked = true;
    }
    if (skips && some(40)) {
      skips = false;
      entries.push('...');
      // Some axes are left for it; those behind it are counted from the end.
      axis += random.integer(0, shape.length - axis);
    }
    if (axis >= shape.length || (skips && entries.length > 0 && some(15))) return entries;
    const n = shape[axis++];
    const kind = random.integer(0, 4);
    if (kind === 0 && n > 0) entries.push(random.integer(-n, n - 1));
    else if (kind === 1) entries.push(null);
    else if (kind === 2) entries.push({ range: [bound(n), bound(n), random.pick([null, 1, 2, 3, -1, -2])] });
    else {
      const own = hasMask
        ? random.pick([[], [1]])
        : joint.slice(random.integer(0, joint.length)).map((extent) => (some(25) ? 1 : extent));
      // Nothing can be picked where there is nothing.
      entries.push(n === 0 ? null : { at: own, extent: n });
    }
  }
}

/** What positions and masks need besides `x`. */
export function inputsOf(drawn: readonly Drawn[]): Input[] {
  return drawn.flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null || 'range' in entry) return [];
    const input = 'at' in entry ? ints(entry.at, -entry.extent, entry.extent - 1) : bools(entry.mask);
    // A whole axis.
    return [{ ...input, orNull: true }];
  });
}

/** The indices with what was drawn in its place. */
function filledIn<T, U>(drawn: readonly Drawn[], values: readonly T[], wrap: (entry: Drawn, value: T) => U) {
  let next = 0;
  return drawn.map((entry) => {
    if (typeof entry !== 'object' || entry === null) return entry;
    return 'range' in entry ? entry : wrap(entry, values[next++]);
  });
}

export function asEntries(drawn: readonly Drawn[], grids: readonly Grid[]): Entry[] {
  return filledIn(drawn, grids, (entry, grid) =>
    typeof entry === 'object' && entry !== null && 'at' in entry ? { at: grid } : { mask: grid },
  );
}

export function asIndices(drawn: readonly Drawn[], tensors: readonly Tensor[]): Index[] {
  return filledIn(drawn, tensors, (_, t) => t).map((entry): Index => {
    if (typeof entry !== 'object' || entry === null || !('range' in entry)) return entry;
    const [start, stop, step] = entry.range;
    return { start, stop, ...(step === undefined ? {} : { step }) };
  });
}
