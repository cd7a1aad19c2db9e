/** @file Test rows of ops/movement.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, LimitError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/movement.js';
import type { Tensor } from '../../src/tensor.js';
import { at, atBroadcast, build, type Grid, type Index, replaced } from '../grid.js';
import {
  maybe,
  type Random,
  real,
  SAME,
  type Sample,
  type Sampled,
  shuffled,
  someAxes,
  until,
} from './row.js';

const ones = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(1), { shape });

/** The same numbers under another shape. */
const reshaped =
  (...shape: number[]) =>
  (x: Grid): Grid => ({ shape, data: x.data });

/** The positions that a range of Python visits, by its own definition. */
function visited([start, stop, step = 1]: readonly (number | null)[], n: number): number[] {
  const by = step ?? 1;
  const clip = (bound: number | null, open: number): number => {
    if (bound === null) return open;
    const place = bound < 0 ? bound + n : bound;
    return by > 0 ? Math.min(Math.max(place, 0), n) : Math.min(Math.max(place, -1), n - 1);
  };
  const list: number[] = [];
  const end = clip(stop, by > 0 ? n : -1);
  for (let i = clip(start, by > 0 ? 0 : n - 1); by > 0 ? i < end : i > end; i += by) list.push(i);
  return list;
}

function sliced(shape: readonly number[], ...ranges: ops.Range[]): Sample {
  return {
    title: `${JSON.stringify(ranges)} of [${shape}]`,
    inputs: [real(shape)],
    call: (x) => ops.slice(x, ...ranges),
    value: (x) => {
      const picks = x.shape.map((extent, axis) => visited(ranges[axis] ?? [null, null], extent));
      return build(
        picks.map((pick) => pick.length),
        (index) =>
          at(
            x,
            index.map((i, axis) => picks[axis][i]),
          ),
      );
    },
  };
}

/** Parts along an axis between cuts. */
const parts =
  (axis: number, ...cuts: number[]) =>
  (x: Grid): Grid[] =>
    cuts
      .slice(1)
      .map((stop, i) =>
        build(replaced(x.shape, axis, Math.max(0, stop - cuts[i])), (index) =>
          at(x, replaced(index, axis, index[axis] + cuts[i])),
        ),
      );

/** A call each of whose results has `target` as its shape and takes each element from the place that `source` says. */
function moved(
  title: string,
  shape: readonly number[],
  call: (x: Tensor) => Tensor,
  target: readonly number[],
  source: (index: Index) => Index,
): Sample {
  return {
    title: `[${shape}] ${title}`,
    inputs: [real(shape)],
    call,
    value: (x) => build(target, (index) => at(x, source(index))),
  };
}

/** A call that keeps the elements in their order. */
function renumbered(
  title: string,
  shape: readonly number[],
  call: (x: Tensor) => Tensor,
  target: readonly number[],
): Sample {
  return { title: `[${shape}] ${title}`, inputs: [real(shape)], call, value: reshaped(...target) };
}

/** An axis as one counted from the start. */
const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** A random axis that has an element, with the shape that it is of. */
function occupied(random: Random): { shape: number[]; axis: number; a: number } {
  return until(
    () => {
      const shape = random.shape(1, 4, true);
      const axis = random.axis(shape.length);
      return { shape, axis, a: fromStart(axis, shape.length) };
    },
    ({ shape, a }) => shape[a] > 0,
  );
}

/** A random reshaping, of packed memory and of a view that must be copied. */
function reshapedAny(random: Random): Sample {
  const shape = random.shape(0, 4, true);
  const turned = shape.length > 1 && random.pick([true, false]);
  const read = turned ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
  // The prime factors of the size, in any order and with a one among them, some neighbours multiplied.
  const target: number[] = [];
  for (const factor of shuffled(random, [
    ...read.flatMap((extent) => (extent === 4 ? [2, 2] : [extent])),
    1,
  ])) {
    if (target.length > 0 && random.pick([true, false])) target[target.length - 1] *= factor;
    else target.push(factor);
  }
  const open = random.integer(0, target.length - 1);
  const known = sizeOf(target.filter((_, axis) => axis !== open));
  const given = known > 0 && random.pick([true, false]) ? replaced(target, open, -1) : target;
  return {
    title: `[${shape}]${turned ? ' transposed' : ''} to [${given}]`,
    inputs: [real(shape)],
    call: (x) => ops.reshape(turned ? ops.transpose(x) : x, given),
    value: (x) => ({
      shape: target,
      data: turned
        ? build(read, (index) => at(x, [...index.slice(0, -2), ...index.slice(-2).reverse()])).data
        : x.data,
    }),
  };
}

/** A random range of an axis: open, from either end, past the ends, forwards and backwards. */
function randomRange(random: Random): ops.Range {
  const bound = () => random.pick([null, random.integer(-6, 6)]);
  return random.pick<() => ops.Range>([
    () => null,
    () => [bound(), bound()],
    () => [bound(), bound(), random.pick([null, -3, -2, -1, 1, 2, 3])],
  ])();
}

function joined(axis: number, ...shapes: number[][]): Sample {
  return {
    title: `${JSON.stringify(shapes)} along ${axis}`,
    inputs: shapes.map((shape) => real(shape)),
    call: (...xs) => ops.concat(xs, { axis }),
    value: (...xs) => {
      const a = axis < 0 ? axis + shapes[0].length : axis;
      const total = xs.reduce((sum, x) => sum + x.shape[a], 0);
      return build(replaced(xs[0].shape, a, total), (index) => {
        let place = index[a];
        let k = 0;
        while (place >= xs[k].shape[a]) place -= xs[k++].shape[a];
        return at(xs[k], replaced(index, a, place));
      });
    },
  };
}

/** Tensors of one shape along a new axis. */
function piled(shape: number[], count: number, options: ops.SingleAxisOptions): Sample {
  const a = fromStart(options.axis ?? 0, shape.length + 1);
  return {
    title: `${count} of [${shape}] ${JSON.stringify(options)}`,
    inputs: Array.from({ length: count }, () => real(shape)),
    call: (...xs) => ops.stack(xs, options),
    value: (...xs) =>
      build([...shape.slice(0, a), count, ...shape.slice(a)], (index) =>
        at(
          xs[index[a]],
          index.filter((_, axis) => axis !== a),
        ),
      ),
  };
}

/** Parts of an axis that are given by ranges of Python. */
const ranges =
  (axis: number, bounds: readonly (readonly [number, number])[]) =>
  (x: Grid): Grid[] =>
    bounds.map((bound) => {
      const pick = visited(bound, x.shape[axis]);
      return build(replaced(x.shape, axis, pick.length), (index) =>
        at(x, replaced(index, axis, pick[index[axis]])),
      );
    });

/** A random split: into equal parts, or at cuts in any order, from either end and past the ends. */
function splitAny(random: Random): Sample {
  const shape = random.shape(1, 4, true);
  const options = maybe(random, { axis: random.axis(shape.length) });
  const a = fromStart(options.axis ?? 0, shape.length);
  const extent = shape[a];
  const divisors = extent === 0 ? [1, 3] : [1, 2, 3, 4].filter((n) => extent % n === 0);
  const sections = random.pick<number | number[]>([
    random.pick(divisors),
    Array.from({ length: random.integer(0, 3) }, () => random.integer(-5, 5)),
  ]);
  const cuts =
    typeof sections === 'number'
      ? Array.from({ length: sections + 1 }, (_, i) => (i * extent) / sections)
      : [0, ...sections, extent];
  return {
    title: `[${shape}] into ${JSON.stringify(sections)} ${JSON.stringify(options)}`,
    inputs: [real(shape)],
    call: (x) => ops.split(x, sections, options),
    value: ranges(
      a,
      cuts.slice(1).map((stop, i) => [cuts[i], stop]),
    ),
  };
}

/** A random number of parts, of which the last may be shorter. */
function chunkAny(random: Random): Sample {
  const shape = random.shape(1, 4, true);
  const options = maybe(random, { axis: random.axis(shape.length) });
  const a = fromStart(options.axis ?? 0, shape.length);
  const count = random.integer(1, 6);
  const length = Math.ceil(shape[a] / count);
  const starts = Array.from({ length: count }, (_, i) => i * length).filter(
    (start) => shape[a] === 0 || start < shape[a],
  );
  return {
    title: `[${shape}] into ${count} ${JSON.stringify(options)}`,
    inputs: [real(shape)],
    call: (x) => ops.chunk(x, count, options),
    value: ranges(
      a,
      starts.map((start) => [start, start + length]),
    ),
  };
}

/** A random repetition of each element. */
function repeatAny(random: Random): Sample {
  const shape = random.shape(0, 4, true);
  const count = random.integer(0, 3);
  const axis = shape.length === 0 ? undefined : random.pick([undefined, random.axis(shape.length)]);
  if (axis === undefined) {
    return {
      title: `each of [${shape}] ${count} times`,
      inputs: [real(shape)],
      call: (x) => ops.repeat(x, count),
      value: (x) => ({ shape: [sizeOf(shape) * count], data: x.data.flatMap((v) => Array(count).fill(v)) }),
    };
  }
  const a = fromStart(axis, shape.length);
  return moved(
    `${count} times along ${axis}`,
    shape,
    (x) => ops.repeat(x, count, { axis }),
    replaced(shape, a, shape[a] * count),
    (index) => replaced(index, a, Math.floor(index[a] / count)),
  );
}

/** A random repetition of the whole, in fewer or more axes than there are. */
function tileAny(random: Random): Sample {
  const shape = random.shape(0, 3, true);
  const counts = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 3));
  const repeats = counts.length === 1 ? random.pick([counts, counts[0]]) : counts;
  const rank = Math.max(shape.length, counts.length);
  const lead = rank - shape.length;
  const target = Array.from(
    { length: rank },
    (_, axis) => (shape[axis - lead] ?? 1) * (counts[axis - rank + counts.length] ?? 1),
  );
  return moved(
    `by ${JSON.stringify(repeats)}`,
    shape,
    (x) => ops.tile(x, repeats),
    target,
    (index) => shape.map((extent, axis) => index[axis + lead] % extent),
  );
}

/** A random border. */
function padAny(random: Random): Sample {
  const shape = random.shape(0, 4, true);
  const widths = shape.map((): [number, number] => [random.integer(0, 2), random.integer(0, 2)]);
  const options = maybe(random, { value: random.integer(0, 1) });
  return {
    title: `[${shape}] by ${JSON.stringify(widths)} ${JSON.stringify(options)}`,
    inputs: [real(shape)],
    call: (x) => ops.pad(x, widths, options),
    value: (x) =>
      build(
        shape.map((extent, axis) => extent + widths[axis][0] + widths[axis][1]),
        (index) => {
          const own = index.map((i, axis) => i - widths[axis][0]);
          const inside = own.every((i, axis) => i >= 0 && i < shape[axis]);
          return inside ? at(x, own) : (options.value ?? 0);
        },
      ),
  };
}

/** A random shift: of the flattened tensor, of one axis or of several, by one number or by one each. */
function rolledAny(random: Random): Sample {
  const shape = random.shape(0, 4, true);
  const shift = (): number => random.integer(-6, 6);
  if (shape.length === 0 || random.integer(0, 3) === 0) return rolled(shape, shift());
  if (random.integer(0, 2) === 0) return rolled(shape, shift(), random.axis(shape.length));
  // An axis may come twice, and is shifted twice.
  const axes = Array.from({ length: random.integer(0, 4) }, () => random.axis(shape.length));
  return rolled(shape, random.integer(0, 2) === 0 ? shift() : axes.map(shift), axes);
}

function rolled(shape: number[], shift: number | number[], axis?: number | number[]): Sample {
  return {
    title: `[${shape}] by ${shift}${axis === undefined ? '' : ` along ${axis}`}`,
    inputs: [real(shape)],
    call: (x) => (axis === undefined ? ops.roll(x, shift) : ops.roll(x, shift, { axis })),
    value: (x) => {
      const n = x.data.length;
      if (axis === undefined) {
        return { shape, data: x.data.map((_, i) => x.data[(((i - (shift as number)) % n) + n) % n]) };
      }
      const axes = [axis].flat();
      return build(shape, (index) =>
        at(
          x,
          axes.reduce((place, a, k) => {
            const by = typeof shift === 'number' ? shift : shift[k];
            const own = fromStart(a, shape.length);
            return replaced(place, own, (((place[own] - by) % shape[own]) + shape[own]) % shape[own]);
          }, index),
        ),
      );
    },
  };
}

function triangleAny(random: Random, lower: boolean): Sample {
  const sample = triangular(lower, random.shape(2, 4, true), random.integer(-5, 5));
  // The diagonal is 0 where it is left out.
  return random.integer(0, 3) > 0 ? sample : triangular(lower, sample.inputs[0].shape);
}

function triangular(lower: boolean, shape: readonly number[], given?: number): Sample {
  const diagonal = given ?? 0;
  return {
    title: `[${shape}] at ${given}`,
    inputs: [real(shape)],
    call: (x) => (lower ? ops.tril : ops.triu)(x, ...(given === undefined ? [] : [{ diagonal: given }])),
    value: (x) =>
      build(shape, (index) => {
        const [i, j] = index.slice(-2);
        return (lower ? i + diagonal >= j : i + diagonal <= j) ? at(x, index) : 0;
      }),
  };
}

function alongDiagonal(shape: number[], options: ops.DiagonalOptions): Sample {
  const { offset = 0, axes = [-2, -1] } = options;
  const [rows, columns] = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const others = shape.flatMap((_, axis) => (axis === rows || axis === columns ? [] : [axis]));
  const places = shape[rows] === 0 ? [] : Array.from({ length: shape[rows] }, (_, i) => i);
  const [first, ...further] = places.filter((i) => i + offset >= 0 && i + offset < shape[columns]);
  const length = first === undefined ? 0 : 1 + further.length;
  return {
    title: `[${shape}] at ${offset} of ${axes}`,
    inputs: [real(shape)],
    call: (x) => ops.diagonal(x, options),
    value: (x) =>
      build([...others.map((axis) => shape[axis]), length], (index) => {
        const i = first + index[index.length - 1];
        return at(
          x,
          shape.map((_, axis) =>
            axis === rows ? i : axis === columns ? i + offset : index[others.indexOf(axis)],
          ),
        );
      }),
  };
}

export const movement = {
  reshape: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'to fewer axes',
        inputs: [real([2, 3, 2])],
        call: (x) => ops.reshape(x, [4, 3]),
        value: reshaped(4, 3),
      },
      {
        title: 'with −1',
        inputs: [real([2, 6])],
        call: (x) => ops.reshape(x, [3, -1, 2]),
        value: reshaped(3, 2, 2),
      },
      { title: 'to 0-d', inputs: [real([1, 1])], call: (x) => ops.reshape(x, []), value: reshaped() },
      { title: 'of 0-d', inputs: [real([])], call: (x) => ops.reshape(x, [1, 1]), value: reshaped(1, 1) },
      {
        title: 'of nothing',
        inputs: [real([0, 3])],
        call: (x) => ops.reshape(x, [2, 0]),
        value: reshaped(2, 0),
      },
      {
        title: 'of nothing with −1',
        inputs: [real([0, 3])],
        call: (x) => ops.reshape(x, [-1, 2]),
        value: reshaped(0, 2),
      },
    ],
    random: reshapedAny,
    refusals: [
      [
        () => ops.reshape(ones(2, 3), [4]),
        ShapeError,
        'reshape: shape must hold the 6 elements of [2, 3], got [4]',
      ],
      [
        () => ops.reshape(ones(2, 3), [4, -1]),
        ShapeError,
        'reshape: shape must hold the 6 elements of [2, 3], got [4, -1]',
      ],
      [
        () => ops.reshape(ones(2, 3), [-1, -1]),
        ShapeError,
        'reshape: shape must hold at most one −1, got [-1, -1]',
      ],
      [
        () => ops.reshape(ones(0, 3), [-1, 0]),
        ShapeError,
        'reshape: shape must hold the 0 elements of [0, 3], got [-1, 0]; −1 beside an extent of 0 can be anything',
      ],
      [
        () => ops.reshape(ones(2), 2 as never),
        ArgumentError,
        'reshape: shape must be an array of extents, got number; write [2, 3]',
      ],
    ],
    facts: [
      [
        'packed memory is shared',
        () => {
          const x = ones(4);
          return ops.reshape(x, [2, 2]).storage === x.storage;
        },
        true,
      ],
    ],
  },
  flatten: {
    kind: 'sampled',
    results: SAME,
    samples: [
      { title: 'all', inputs: [real([2, 3, 2])], call: (x) => ops.flatten(x), value: reshaped(12) },
      {
        title: 'from axis 1',
        inputs: [real([2, 3, 2])],
        call: (x) => ops.flatten(x, { startAxis: 1 }),
        value: reshaped(2, 6),
      },
      {
        title: 'to axis −2',
        inputs: [real([2, 3, 2])],
        call: (x) => ops.flatten(x, { endAxis: -2 }),
        value: reshaped(6, 2),
      },
      { title: '0-d', inputs: [real([])], call: (x) => ops.flatten(x), value: reshaped(1) },
      { title: 'nothing', inputs: [real([2, 0])], call: (x) => ops.flatten(x), value: reshaped(0) },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      const rank = shape.length;
      const [start, end] = [
        random.integer(0, Math.max(0, rank - 1)),
        random.integer(0, Math.max(0, rank - 1)),
      ].sort();
      if (rank === 0) return renumbered('', shape, (x) => ops.flatten(x), [1]);
      const options = maybe(random, {
        startAxis: random.pick([start, start - rank]),
        endAxis: random.pick([end, end - rank]),
      });
      const first = fromStart(options.startAxis ?? 0, rank);
      const last = fromStart(options.endAxis ?? -1, rank) + 1;
      const target = [...shape.slice(0, first), sizeOf(shape.slice(first, last)), ...shape.slice(last)];
      return renumbered(JSON.stringify(options), shape, (x) => ops.flatten(x, options), target);
    },
    options: (options) => ops.flatten(ones(2), options),
    refusals: [
      [
        () => ops.flatten(ones(2, 3), { startAxis: 1, endAxis: 0 }),
        ArgumentError,
        'flatten: endAxis must not come before startAxis 1, got 0',
      ],
      [
        () => ops.flatten(ones(2, 3), { startAxis: 2 }),
        IndexError,
        'flatten: startAxis must be an integer in [-2, 2), got 2',
      ],
    ],
  },
  squeeze: {
    kind: 'sampled',
    results: SAME,
    samples: [
      { title: 'all', inputs: [real([1, 3, 1])], call: (x) => ops.squeeze(x), value: reshaped(3) },
      {
        title: 'one axis',
        inputs: [real([1, 3, 1])],
        call: (x) => ops.squeeze(x, { axis: -1 }),
        value: reshaped(1, 3),
      },
      {
        title: 'two axes',
        inputs: [real([1, 3, 1])],
        call: (x) => ops.squeeze(x, { axis: [2, 0] }),
        value: reshaped(3),
      },
      { title: 'to 0-d', inputs: [real([1])], call: (x) => ops.squeeze(x), value: reshaped() },
      { title: 'nothing', inputs: [real([1, 0])], call: (x) => ops.squeeze(x), value: reshaped(0) },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true).map((extent) => (extent < 3 ? extent : 1));
      const single = shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
      const some = shuffled(random, single).slice(
        0,
        random.integer(Math.min(1, single.length), single.length),
      );
      const signed = some.map((axis) => random.pick([axis, axis - shape.length]));
      const options = maybe(random, {
        axis: signed.length === 1 ? random.pick([signed, signed[0]]) : signed,
      });
      const gone = options.axis === undefined ? single : some;
      const target = shape.filter((_, axis) => !gone.includes(axis));
      return renumbered(JSON.stringify(options), shape, (x) => ops.squeeze(x, options), target);
    },
    options: (options) => ops.squeeze(ones(1), options),
    refusals: [
      [
        () => ops.squeeze(ones(1, 3), { axis: 1 }),
        ShapeError,
        'squeeze: axis must have length 1, got length 3 at axis 1 of [1, 3]',
      ],
    ],
  },
  unsqueeze: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'in front',
        inputs: [real([2, 3])],
        call: (x) => ops.unsqueeze(x, 0),
        value: reshaped(1, 2, 3),
      },
      {
        title: 'at the end',
        inputs: [real([2, 3])],
        call: (x) => ops.unsqueeze(x, -1),
        value: reshaped(2, 3, 1),
      },
      {
        title: 'between',
        inputs: [real([2, 0])],
        call: (x) => ops.unsqueeze(x, 1),
        value: reshaped(2, 1, 0),
      },
      { title: 'of 0-d', inputs: [real([])], call: (x) => ops.unsqueeze(x, 0), value: reshaped(1) },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      const axis = random.axis(shape.length + 1);
      const a = fromStart(axis, shape.length + 1);
      const target = [...shape.slice(0, a), 1, ...shape.slice(a)];
      return renumbered(`at ${axis}`, shape, (x) => ops.unsqueeze(x, axis), target);
    },
    refusals: [
      [() => ops.unsqueeze(ones(2), 2), IndexError, 'unsqueeze: axis must be an integer in [-2, 2), got 2'],
    ],
  },
  permute: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'three axes',
        inputs: [real([2, 3, 4])],
        call: (x) => ops.permute(x, [2, 0, 1]),
        value: (x) => build([4, 2, 3], ([k, i, j]) => at(x, [i, j, k])),
      },
      {
        title: 'negative axes',
        inputs: [real([2, 3, 0])],
        call: (x) => ops.permute(x, [-1, 0, -2]),
        value: () => ({ shape: [0, 2, 3], data: [] }),
      },
      { title: '0-d', inputs: [real([])], call: (x) => ops.permute(x, []), value: (x) => x },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      const order = shuffled(random, [...shape.keys()]);
      const axes = order.map((axis) => random.pick([axis, axis - shape.length]));
      return moved(
        `[${axes}]`,
        shape,
        (x) => ops.permute(x, axes),
        order.map((axis) => shape[axis]),
        (index) => shape.map((_, axis) => index[order.indexOf(axis)]),
      );
    },
    refusals: [
      [
        () => ops.permute(ones(2, 3), [0, 0]),
        ArgumentError,
        'permute: axes must name each of the 2 axes once, got [0, 0]',
      ],
      [
        () => ops.permute(ones(2, 3), [0]),
        ArgumentError,
        'permute: axes must name each of the 2 axes once, got [0]',
      ],
      [
        () => ops.permute(ones(2, 3), [0, 5]),
        IndexError,
        'permute: axes must be an integer in [-2, 2), got 5',
      ],
      [
        () => ops.permute(ones(2, 3), 1 as never),
        ArgumentError,
        'permute: axes must name each of the 2 axes once, got 1',
      ],
    ],
  },
  transpose: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'the last two axes',
        inputs: [real([2, 3, 4])],
        call: (x) => ops.transpose(x),
        value: (x) => build([2, 4, 3], ([i, j, k]) => at(x, [i, k, j])),
      },
      {
        title: 'named axes',
        inputs: [real([2, 3, 4])],
        call: (x) => ops.transpose(x, 0, -1),
        value: (x) => build([4, 3, 2], ([i, j, k]) => at(x, [k, j, i])),
      },
      {
        title: 'nothing',
        inputs: [real([2, 0])],
        call: (x) => ops.transpose(x),
        value: () => ({ shape: [0, 2], data: [] }),
      },
    ],
    random: (random) => {
      const shape = random.shape(2, 4, true);
      const axes = random.pick<number[]>([
        [],
        [random.axis(shape.length)],
        [random.axis(shape.length), random.axis(shape.length)],
      ]);
      const [a, b] = [axes[0] ?? -2, axes[1] ?? -1].map((axis) => fromStart(axis, shape.length));
      const swapped = (list: readonly number[]): number[] =>
        list.map((_, axis) => list[axis === a ? b : axis === b ? a : axis]);
      return moved(`[${axes}]`, shape, (x) => ops.transpose(x, ...axes), swapped(shape), swapped);
    },
    refusals: [
      [() => ops.transpose(ones(2)), IndexError, 'transpose: axisA must be an integer in [-1, 1), got -2'],
    ],
  },
  expand: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'a column',
        inputs: [real([2, 1])],
        call: (x) => ops.expand(x, [2, 3]),
        value: (x) => build([2, 3], (index) => atBroadcast(x, index)),
      },
      {
        title: 'new axes',
        inputs: [real([3])],
        call: (x) => ops.expand(x, [2, 2, 3]),
        value: (x) => build([2, 2, 3], (index) => atBroadcast(x, index)),
      },
      {
        title: '0-d',
        inputs: [real([])],
        call: (x) => ops.expand(x, [2, 2]),
        value: (x) => build([2, 2], (index) => atBroadcast(x, index)),
      },
      {
        title: 'to nothing',
        inputs: [real([2, 1])],
        call: (x) => ops.expand(x, [2, 0]),
        value: () => ({ shape: [2, 0], data: [] }),
      },
    ],
    random: (random) => {
      const target = random.shape(0, 4, true);
      const shape = target
        .slice(random.integer(0, target.length))
        .map((extent) => (random.integer(0, 2) === 0 ? 1 : extent));
      return {
        title: `[${shape}] to [${target}]`,
        inputs: [real(shape)],
        call: (x) => ops.expand(x, target),
        value: (x) => build(target, (index) => atBroadcast(x, index)),
      };
    },
    refusals: [
      [
        () => ops.expand(ones(2), [3]),
        ShapeError,
        'expand: shape must be one that [2] broadcasts to, got [3]',
      ],
      [
        () => ops.expand(ones(2, 1), [2]),
        ShapeError,
        'expand: shape must be one that [2, 1] broadcasts to, got [2]',
      ],
      [
        () => ops.expand(ones(2), [-1, 2]),
        ShapeError,
        'expand: shape must hold whole extents of at least 0, got -1 at axis 0',
      ],
      [
        () => ops.expand(ones(2), '2' as never),
        ArgumentError,
        'expand: shape must be an array of extents, got string; write [2, 3]',
      ],
    ],
    facts: [
      ['−1 keeps an extent', () => ops.expand(ones(3, 1, 2), [4, -1, 5, -1]).shape, [4, 3, 5, 2]],
      [
        'it is a view with stride 0',
        () => {
          const x = ones(2, 1);
          const y = ops.expand(x, [4, 2, 3]);
          return [y.storage === x.storage, y.strides];
        },
        [true, [0, 1, 0]],
      ],
    ],
  },
  slice: {
    kind: 'sampled',
    results: SAME,
    samples: [
      sliced([5], [1, 4]),
      sliced([5], [null, null, -1]),
      sliced([5], [4, null, -2]),
      sliced([5], [-3, -1]),
      sliced([5], [-10, 10]),
      sliced([5], [-10, 10, 2]),
      sliced([5], [10, -10, -3]),
      sliced([5], [3, 1]),
      sliced([4, 5], null, [0, 5, 2]),
      sliced([4, 5], [3, 0, -1], [null, -1]),
      sliced([4, 5, 2], [1, null]),
      sliced([0, 3], [0, 2], [1, null]),
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      return sliced(shape, ...shape.slice(random.integer(0, shape.length)).map(() => randomRange(random)));
    },
    refusals: [
      [
        () => ops.slice(ones(3), [0, 2, 0]),
        ArgumentError,
        'slice: range 0 must have a step other than 0, got 0',
      ],
      [
        () => ops.slice(ones(3), 1 as never),
        ArgumentError,
        'slice: range 0 must be null, [start, stop] or [start, stop, step], got 1; select(x, axis, index) takes one index',
      ],
      [
        () => ops.slice(ones(3), [0, 1.5]),
        ArgumentError,
        'slice: range 0 must hold integers or null, got 1.5',
      ],
      [() => ops.slice(ones(3), null, null), ArgumentError, 'slice: 2 ranges for 1 axes of [3]'],
    ],
    facts: [
      [
        'it is a view',
        () => {
          const x = ones(4);
          return ops.slice(x, [1, 3]).storage === x.storage;
        },
        true,
      ],
    ],
  },
  select: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'a row',
        inputs: [real([3, 4])],
        call: (x) => ops.select(x, 0, 1),
        value: (x) => build([4], ([j]) => at(x, [1, j])),
      },
      {
        title: 'the last column',
        inputs: [real([3, 4])],
        call: (x) => ops.select(x, -1, -1),
        value: (x) => build([3], ([i]) => at(x, [i, 3])),
      },
      {
        title: 'to 0-d',
        inputs: [real([3])],
        call: (x) => ops.select(x, 0, 2),
        value: (x) => build([], () => at(x, [2])),
      },
    ],
    random: (random) => {
      const { shape, axis, a } = occupied(random);
      const index = random.axis(shape[a]);
      const kept = shape.filter((_, i) => i !== a);
      return moved(
        `${index} of ${axis}`,
        shape,
        (x) => ops.select(x, axis, index),
        kept,
        (place) => [...place.slice(0, a), fromStart(index, shape[a]), ...place.slice(a)],
      );
    },
    refusals: [
      [() => ops.select(ones(3), 0, 3), IndexError, 'select: index must be an integer in [-3, 3), got 3'],
      [() => ops.select(ones(3), 0, 0.5), IndexError, 'select: index must be an integer in [-3, 3), got 0.5'],
      [() => ops.select(ones(3), '0' as never, 0), ArgumentError, 'select: axis must be an integer, got "0"'],
    ],
  },
  flip: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'all axes',
        inputs: [real([2, 3])],
        call: (x) => ops.flip(x),
        value: (x) => ({ shape: [2, 3], data: [...x.data].reverse() }),
      },
      {
        title: 'one axis',
        inputs: [real([2, 3])],
        call: (x) => ops.flip(x, { axis: -1 }),
        value: (x) => build([2, 3], ([i, j]) => at(x, [i, 2 - j])),
      },
      { title: 'nothing', inputs: [real([0])], call: (x) => ops.flip(x), value: (x) => x },
      { title: '0-d', inputs: [real([])], call: (x) => ops.flip(x), value: (x) => x },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      const options = maybe(random, { axis: someAxes(random, shape.length) });
      const axes = options.axis === undefined ? [...shape.keys()] : [options.axis].flat();
      return moved(
        JSON.stringify(options),
        shape,
        (x) => ops.flip(x, options),
        shape,
        (index) =>
          axes
            .map((axis) => fromStart(axis, shape.length))
            .reduce((place, axis) => replaced(place, axis, shape[axis] - 1 - place[axis]), index),
      );
    },
    options: (options) => ops.flip(ones(1), options),
    refusals: [
      [
        () => ops.flip(ones(2, 2), { axis: [0, -2] }),
        ArgumentError,
        'flip: axis must name each axis once, got [0, -2]',
      ],
    ],
  },
  roll: {
    kind: 'sampled',
    results: SAME,
    samples: [
      rolled([5], 2),
      rolled([5], -7),
      rolled([2, 3], 1),
      rolled([3, 4], 1, 1),
      rolled([3, 4], [1, -2], [0, 1]),
      rolled([3, 4], 3, 0),
      { title: 'nothing', inputs: [real([0])], call: (x) => ops.roll(x, 3), value: (x) => x },
    ],
    random: rolledAny,
    options: (options) => ops.roll(ones(1), 1, options),
    refusals: [
      [
        () => ops.roll(ones(2, 2), [1, 2], { axis: 0 }),
        ArgumentError,
        'roll: shift must give a number, or one for each of 1 axes, got an array of length 2',
      ],
      [() => ops.roll(ones(2, 2), 0.5), ArgumentError, 'roll: shift must be an integer, got 0.5'],
    ],
  },
  concat: {
    kind: 'sampled',
    results: SAME,
    samples: [
      joined(0, [2, 3], [1, 3]),
      joined(-1, [2, 3], [2, 1], [2, 2]),
      joined(0, [0, 3], [2, 3]),
      joined(0, [3]),
      joined(1, [2, 0], [2, 0]),
    ],
    random: (random) => {
      const shape = random.shape(1, 4, true);
      const axis = random.axis(shape.length);
      const lengths = Array.from({ length: random.integer(1, 4) }, () => random.integer(0, 3));
      return joined(
        axis,
        ...lengths.map((length) => [...replaced(shape, fromStart(axis, shape.length), length)]),
      );
    },
    options: (options) => ops.concat([ones(1)], options),
    refusals: [
      [
        () => ops.concat([ones(2, 3), ones(2, 4)]),
        ShapeError,
        'concat: tensors[1] must match [2, 3] outside of axis 0, got [2, 4]',
      ],
      [
        () => ops.concat([ones(2, 3), ones(2)]),
        ShapeError,
        'concat: tensors[1] must match [2, 3] outside of axis 0, got [2]',
      ],
      [
        () => ops.concat([]),
        ArgumentError,
        'concat: tensors must be an array of at least one tensor, got an array of length 0',
      ],
      [
        () => ops.concat([ones(1), 2 as never]),
        ArgumentError,
        'concat: tensors[1] must be a tensor, got 2; wrap it in tensor(…)',
      ],
      [
        () => ops.concat([tensor(1), tensor(2)]),
        IndexError,
        'concat: axis must be an integer in [0, 0), got 0',
      ],
    ],
    facts: [
      [
        'dtypes promote',
        () => ops.concat([tensor([1], { dtype: 'int32' }), tensor([2], { dtype: 'float64' })]).dtype,
        'float64',
      ],
    ],
  },
  stack: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'in front',
        inputs: [real([2, 3]), real([2, 3])],
        call: (a, b) => ops.stack([a, b]),
        value: (a, b) => build([2, 2, 3], ([k, i, j]) => at(k === 0 ? a : b, [i, j])),
      },
      {
        title: 'at the end',
        inputs: [real([2]), real([2]), real([2])],
        call: (...xs) => ops.stack(xs, { axis: -1 }),
        value: (...xs) => build([2, 3], ([i, k]) => at(xs[k], [i])),
      },
      {
        title: '0-d tensors',
        inputs: [real([]), real([])],
        call: (a, b) => ops.stack([a, b]),
        value: (a, b) => ({ shape: [2], data: [a.data[0], b.data[0]] }),
      },
    ],
    random: (random) => {
      const shape = random.shape(0, 3, true);
      return piled(shape, random.integer(1, 4), maybe(random, { axis: random.axis(shape.length + 1) }));
    },
    options: (options) => ops.stack([ones(1)], options),
    refusals: [
      [
        () => ops.stack([ones(2), ones(3)]),
        ShapeError,
        'stack: tensors[1] must have the shape of the first, [2], got [3]',
      ],
      [
        () => ops.stack([]),
        ArgumentError,
        'stack: tensors must be an array of at least one tensor, got an array of length 0',
      ],
    ],
  },
  split: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'into equal parts',
        inputs: [real([6])],
        call: (x) => ops.split(x, 3),
        value: parts(0, 0, 2, 4, 6),
      },
      {
        title: 'at cuts',
        inputs: [real([2, 5])],
        call: (x) => ops.split(x, [1, 4], { axis: 1 }),
        value: parts(1, 0, 1, 4, 5),
      },
      {
        title: 'at cuts that leave an empty part',
        inputs: [real([3])],
        call: (x) => ops.split(x, [2, 2]),
        value: parts(0, 0, 2, 2, 3),
      },
    ],
    random: splitAny,
    options: (options) => ops.split(ones(1), 1, options),
    refusals: [
      [
        () => ops.split(ones(5), 2),
        ShapeError,
        'split: sections must divide the 5 elements of axis 0, got 2; chunk() allows a shorter last part',
      ],
      [() => ops.split(ones(5), 0), ArgumentError, 'split: sections must be an integer at least 1, got 0'],
    ],
  },
  chunk: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'with a shorter last part',
        inputs: [real([5])],
        call: (x) => ops.chunk(x, 2),
        value: parts(0, 0, 3, 5),
      },
      {
        title: 'into fewer parts than asked for',
        inputs: [real([2, 4])],
        call: (x) => ops.chunk(x, 3, { axis: -1 }),
        value: parts(1, 0, 2, 4),
      },
    ],
    random: chunkAny,
    options: (options) => ops.chunk(ones(1), 1, options),
    refusals: [
      [() => ops.chunk(ones(5), 0), ArgumentError, 'chunk: count must be an integer at least 1, got 0'],
    ],
    facts: [
      [
        'an axis of length 0 gives as many parts as asked for',
        () => ops.chunk(ones(0, 2), 3).map((part) => part.shape),
        [
          [0, 2],
          [0, 2],
          [0, 2],
        ],
      ],
    ],
  },
  unbind: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'rows',
        inputs: [real([2, 3])],
        call: (x) => ops.unbind(x),
        value: (x) => [0, 1].map((i) => build([3], ([j]) => at(x, [i, j]))),
      },
      {
        title: 'columns',
        inputs: [real([2, 3])],
        call: (x) => ops.unbind(x, { axis: 1 }),
        value: (x) => [0, 1, 2].map((j) => build([2], ([i]) => at(x, [i, j]))),
      },
    ],
    // Of an empty axis there are no parts, and so no derivative to compare.
    random: (random) => {
      const { shape, axis, a } = until(
        () => occupied(random),
        ({ shape: extents }) => extents[0] > 0,
      );
      const options = maybe(random, { axis });
      const along = options.axis === undefined ? 0 : a;
      return {
        title: `[${shape}] ${JSON.stringify(options)}`,
        inputs: [real(shape)],
        call: (x) => ops.unbind(x, options),
        value: (x) =>
          Array.from({ length: shape[along] }, (_, i) =>
            build(
              shape.filter((__, k) => k !== along),
              (index) => at(x, [...index.slice(0, along), i, ...index.slice(along)]),
            ),
          ),
      };
    },
    options: (options) => ops.unbind(ones(1), options),
    refusals: [[() => ops.unbind(tensor(1)), IndexError, 'unbind: axis must be an integer in [0, 0), got 0']],
    facts: [['an axis of length 0 gives no parts', () => ops.unbind(ones(0, 2)), []]],
  },
  repeat: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'each element',
        inputs: [real([2, 2])],
        call: (x) => ops.repeat(x, 2),
        value: (x) => ({ shape: [8], data: x.data.flatMap((v) => [v, v]) }),
      },
      {
        title: 'each column',
        inputs: [real([2, 2])],
        call: (x) => ops.repeat(x, 3, { axis: 1 }),
        value: (x) => build([2, 6], ([i, j]) => at(x, [i, Math.floor(j / 3)])),
      },
      {
        title: 'no times',
        inputs: [real([2])],
        call: (x) => ops.repeat(x, 0),
        value: () => ({ shape: [0], data: [] }),
      },
      {
        title: 'each element as often as said',
        inputs: [real([2, 2])],
        call: (x) => ops.repeat(x, [0, 1, 2, 1]),
        value: (x) => ({ shape: [4], data: [1, 2, 2, 3].map((i) => x.data[i]) }),
      },
      {
        title: 'each column as often as said',
        inputs: [real([2, 3])],
        call: (x) => ops.repeat(x, [2, 0, 1], { axis: -1 }),
        value: (x) => build([2, 3], ([i, j]) => at(x, [i, [0, 0, 2][j]])),
      },
      {
        title: 'none of them',
        inputs: [real([2, 3])],
        call: (x) => ops.repeat(x, [0, 0], { axis: 0 }),
        value: () => ({ shape: [0, 3], data: [] }),
      },
    ],
    random: repeatAny,
    options: (options) => ops.repeat(ones(1), 1, options),
    refusals: [
      [() => ops.repeat(ones(2), -1), ArgumentError, 'repeat: repeats must be an integer at least 0, got -1'],
      [
        () => ops.repeat(ones(2), [1, -1]),
        ArgumentError,
        'repeat: repeats[1] must be an integer at least 0, got -1',
      ],
      [
        () => ops.repeat(ones(2, 3), [1, 2], { axis: 1 }),
        ShapeError,
        'repeat: repeats must hold a number for each of the 3 elements of axis 1, got 2 numbers',
      ],
      [
        () => ops.repeat(ones(2), [2 ** 31, 2 ** 31]),
        LimitError,
        'repeat: the result must hold extents of at most 2147483647, got 4294967296 at axis 0',
      ],
    ],
  },
  tile: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'a vector in two axes',
        inputs: [real([2])],
        call: (x) => ops.tile(x, [2, 3]),
        value: (x) => build([2, 6], ([, j]) => at(x, [j % 2])),
      },
      {
        title: 'the last axis of a matrix',
        inputs: [real([2, 3])],
        call: (x) => ops.tile(x, 2),
        value: (x) => build([2, 6], ([i, j]) => at(x, [i, j % 3])),
      },
      {
        title: 'no times',
        inputs: [real([2])],
        call: (x) => ops.tile(x, 0),
        value: () => ({ shape: [0], data: [] }),
      },
    ],
    random: tileAny,
    refusals: [
      [
        () => ops.tile(ones(2), '2' as never),
        ArgumentError,
        'tile: repeats must be a number or an array of numbers, got "2"',
      ],
    ],
  },
  pad: {
    kind: 'sampled',
    results: SAME,
    samples: [
      {
        title: 'with zeros',
        inputs: [real([2, 3])],
        call: (x) =>
          ops.pad(x, [
            [1, 0],
            [0, 2],
          ]),
        value: (x) => build([3, 5], ([i, j]) => (i >= 1 && j < 3 ? at(x, [i - 1, j]) : 0)),
      },
      {
        title: 'with a number',
        inputs: [real([2])],
        call: (x) => ops.pad(x, [[1, 2]], { value: 1 }),
        value: (x) => ({ shape: [5], data: [1, ...x.data, 1, 1] }),
      },
      {
        title: 'around nothing',
        inputs: [real([0])],
        call: (x) => ops.pad(x, [[1, 1]]),
        value: () => ({ shape: [2], data: [0, 0] }),
      },
      { title: '0-d', inputs: [real([])], call: (x) => ops.pad(x, []), value: (x) => x },
    ],
    random: padAny,
    options: (options) => ops.pad(ones(1), [[0, 0]], options),
    refusals: [
      [
        () => ops.pad(ones(2), []),
        ArgumentError,
        'pad: widths must give [before, after] for each of 1 axes, got an array of length 0',
      ],
      [
        () => ops.pad(ones(2), [[1]] as never),
        ArgumentError,
        'pad: widths[0] must be [before, after], got an array of length 1',
      ],
      [
        () => ops.pad(ones(2), [[-1, 0]]),
        ArgumentError,
        'pad: widths[0] must be an integer at least 0, got -1',
      ],
      [
        () => ops.pad(tensor([1], { dtype: 'int32' }), [[1, 0]], { value: 0.5 }),
        DTypeError,
        "pad: value must fit int32, got 0.5; cast the tensor to 'float64' first",
      ],
      [
        () => ops.pad(tensor([true]), [[1, 0]], { value: 2 }),
        DTypeError,
        'pad: value must be true, false, 0 or 1, got 2',
      ],
      [
        () => ops.pad(ones(2), [[2 ** 31, 0]]),
        LimitError,
        'pad: the result must hold extents of at most 2147483647, got 2147483650 at axis 0',
      ],
      [
        () => ops.pad(tensor([1], { dtype: 'int32' }), [[1, 0]], { value: Number.NaN }),
        DTypeError,
        "pad: value must fit int32, got NaN; cast the tensor to 'float64' first",
      ],
    ],
    facts: [
      [
        'the border may be NaN',
        () => ops.pad(ones(1), [[1, 1]], { value: Number.NaN }).toArray(),
        [Number.NaN, 1, Number.NaN],
      ],
    ],
  },
  diagonal: {
    kind: 'sampled',
    results: SAME,
    samples: [
      alongDiagonal([2, 3], {}),
      alongDiagonal([2, 3, 2], {}),
      alongDiagonal([3, 4], { offset: 1 }),
      alongDiagonal([3, 4], { offset: 2 }),
      alongDiagonal([3, 4], { offset: -1 }),
      alongDiagonal([4, 3], { offset: -2 }),
      alongDiagonal([2, 3], { offset: 5 }),
      alongDiagonal([2, 3], { offset: -2 }),
      alongDiagonal([3, 2, 4], { axes: [0, 1] }),
      alongDiagonal([3, 2, 4], { axes: [2, 0], offset: 1 }),
      alongDiagonal([2, 3, 2, 3], { axes: [-3, -1], offset: -1 }),
      alongDiagonal([0, 3], {}),
      alongDiagonal([2, 0, 0], { offset: 1 }),
    ],
    random: (random) => {
      const shape = random.shape(2, 4, true);
      const rows = random.axis(shape.length);
      const columns = random.axis(shape.length);
      const same = (columns - rows) % shape.length === 0;
      return alongDiagonal(shape, {
        offset: random.integer(-3, 3),
        axes: [rows, same ? (columns + 1) % shape.length : columns],
      });
    },
    options: (options) => ops.diagonal(ones(1, 1), options),
    refusals: [
      [() => ops.diagonal(ones(2)), ShapeError, 'diagonal: x must have at least two axes, got [2]'],
      [
        () => ops.diagonal(ones(2, 2), { offset: 0.5 }),
        ArgumentError,
        'diagonal: offset must be an integer, got 0.5',
      ],
      [
        () => ops.diagonal(ones(2, 2), { axes: [0, -2] }),
        ArgumentError,
        'diagonal: axes must name two different axes, got [0, -2]',
      ],
      [
        () => ops.diagonal(ones(2, 2), { axes: [0] as never }),
        ArgumentError,
        'diagonal: axes must name two different axes, got [0]',
      ],
      [
        () => ops.diagonal(ones(2, 2), { axes: 1 as never }),
        ArgumentError,
        'diagonal: axes must name two different axes, got 1',
      ],
      [
        () => ops.diagonal(ones(2, 2), { axes: [0, 2] }),
        IndexError,
        'diagonal: axes must be an integer in [-2, 2), got 2',
      ],
    ],
    facts: [
      [
        'it is a view',
        () => {
          const x = ones(3, 3);
          return ops.diagonal(x, { offset: -1 }).storage === x.storage;
        },
        true,
      ],
      ['an empty one points at no place outside', () => ops.diagonal(ones(2, 3), { offset: 9 }).offset, 0],
    ],
  },
  triu: {
    kind: 'sampled',
    results: SAME,
    samples: [
      triangular(false, [3, 4], 0),
      triangular(false, [2, 3, 3], 1),
      triangular(false, [3, 3], -5),
      triangular(false, [0, 3], 0),
    ],
    random: (random) => triangleAny(random, false),
    options: (options) => ops.triu(ones(1, 1), options),
    refusals: [[() => ops.triu(ones(2)), ShapeError, 'triu: x must have at least two axes, got [2]']],
  },
  tril: {
    kind: 'sampled',
    results: SAME,
    samples: [
      triangular(true, [3, 4], 0),
      triangular(true, [2, 3, 3], -1),
      triangular(true, [3, 3], 5),
      triangular(true, [3, 0], 0),
    ],
    random: (random) => triangleAny(random, true),
    options: (options) => ops.tril(ones(1, 1), options),
    refusals: [
      [
        () => ops.tril(ones(2, 2), { diagonal: 0.5 }),
        ArgumentError,
        'tril: diagonal must be an integer, got 0.5',
      ],
    ],
  },
} satisfies Record<string, Sampled>;
