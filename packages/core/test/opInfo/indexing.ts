/** @file Test rows of ops/indexing.ts and ops/order.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../../src/errors.js';
import { cast } from '../../src/ops/define.js';
import * as ops from '../../src/ops/indexing.js';
import * as orders from '../../src/ops/order.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, build, type Grid, type Index, lineThrough, positions, replaced } from '../grid.js';
import {
  ARITHMETIC,
  apart,
  INT32,
  ints,
  maybe,
  type Random,
  real,
  SAME,
  type Sample,
  type Sampled,
  smallShape,
} from './row.js';

const f64 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: 'float64' });
const i32 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: 'int32' });

/** Adds `source` into a copy of `x`, at the places that a rule gives for each position of `source`. */
function added(x: Grid, source: Grid, place: (index: Index) => Index): Grid {
  const data = [...x.data];
  const order = new Map(positions(x.shape).map((index, i) => [index.join(), i]));
  for (const index of positions(source.shape)) {
    data[order.get(place(index).join()) as number] += at(source, index);
  }
  return { shape: x.shape, data };
}

function selected(shape: number[], axis: number, count: number): Sample {
  const a = axis < 0 ? axis + shape.length : axis;
  return {
    title: `${count} of [${shape}] along ${axis}`,
    inputs: [real(shape), ints([count], 0, shape[a] - 1)],
    call: (x, index) => ops.indexSelect(x, axis, index),
    value: (x, index) =>
      build(replaced(shape, a, count), (place) => at(x, replaced(place, a, at(index, [place[a]])))),
  };
}

function addedSlices(shape: number[], axis: number, count: number): Sample {
  const a = axis < 0 ? axis + shape.length : axis;
  return {
    title: `${count} into [${shape}] along ${axis}`,
    inputs: [real(shape), ints([count], 0, shape[a] - 1), real(replaced(shape, a, count))],
    call: (x, index, source) => ops.indexAdd(x, axis, index, source),
    value: (x, index, source) => added(x, source, (place) => replaced(place, a, at(index, [place[a]]))),
  };
}

function gathered(shape: number[], axis: number, picks: number[]): Sample {
  const a = axis < 0 ? axis + shape.length : axis;
  return {
    title: `[${picks}] of [${shape}] along ${axis}`,
    inputs: [real(shape), ints(picks, 0, shape[a] - 1)],
    call: (x, index) => ops.gather(x, axis, index),
    value: (x, index) => build(picks, (place) => at(x, replaced(place, a, at(index, place)))),
  };
}

/** A source may be longer than the index. */
function scattered(shape: number[], axis: number, picks: number[], longer = 0): Sample {
  const a = axis < 0 ? axis + shape.length : axis;
  return {
    title: `[${picks}] into [${shape}] along ${axis}${longer > 0 ? `, source longer by ${longer}` : ''}`,
    inputs: [real(shape), ints(picks, 0, shape[a] - 1), real(picks.map((extent) => extent + longer))],
    call: (x, index, source) => ops.scatterAdd(x, axis, index, source),
    value: (x, index, source) =>
      added(
        x,
        build(picks, (place) => at(source, place)),
        (place) => replaced(place, a, at(index, place)),
      ),
  };
}

function labelled(shape: number[], depth: number, options: ops.OneHotOptions): Sample {
  return {
    title: `${depth} classes of [${shape}] ${JSON.stringify(options)}`,
    inputs: [ints(shape, 0, depth - 1)],
    call: (labels) => cast(ops.oneHot(labels, depth, options), 'float32'),
    value: (labels) =>
      build([...shape, depth], (index) => Number(at(labels, index.slice(0, -1)) === index.at(-1))),
  };
}

const SHAPES: readonly (readonly [shape: number[], axis: number])[] = [
  [[5], 0],
  [[2, 5], 1],
  [[2, 5], 0],
  [[3, 2, 4], 1],
  [[3, 2, 4], -1],
];

/** A random tensor, an axis of it, and how many positions of that axis are picked: none of an empty one. */
function randomPicks(random: Random): { shape: number[]; axis: number; count: number } {
  const shape = random.shape(1, 4, true);
  const axis = random.axis(shape.length);
  return { shape, axis, count: shape.at(axis) === 0 ? 0 : random.integer(0, 5) };
}

/** The shape of positions that pick single elements: no longer than the tensor off the axis. */
export function randomElements(random: Random): [shape: number[], axis: number, picks: number[]] {
  const { shape, axis, count } = randomPicks(random);
  const picks = shape.map((extent) => random.integer(Math.min(1, extent), extent));
  picks[axis < 0 ? axis + shape.length : axis] = count;
  return [shape, axis, picks];
}

/** Everything that picks positions refuses the same wrong positions. */
const positionRefusals = (
  name: string,
  call: (index: never) => unknown,
): NonNullable<Sampled['refusals']> => [
  [
    () => call([-1] as never),
    IndexError,
    `${name}: index must hold positions in [0, 3), got -1 at position 0`,
  ],
  [
    () => call([0, 3] as never),
    IndexError,
    `${name}: index must hold positions in [0, 3), got 3 at position 1`,
  ],
  [() => call([1.5] as never), IndexError, `${name}: index must hold integers, got 1.5 at position 0`],
  [() => call([Number.NaN] as never), IndexError, `${name}: index must hold integers, got NaN at position 0`],
  [() => call(['1'] as never), IndexError, `${name}: index must hold integers, got "1" at position 0`],
  [
    () => call(tensor([1]) as never),
    DTypeError,
    `${name}: index must be int32, got float32; float32 holds integers exactly up to 2^24 only; use .cast('int32')`,
  ],
  [
    () => call(new Float32Array(1) as never),
    ArgumentError,
    `${name}: index must be an int32 tensor, an Int32Array or an array of integers, got a Float32Array`,
  ],
  [
    () => call(1 as never),
    ArgumentError,
    `${name}: index must be an int32 tensor, an Int32Array or an array of integers, got 1`,
  ],
];

export const indexing = {
  indexSelect: {
    kind: 'sampled',
    results: SAME,
    samples: [
      ...SHAPES.map(([shape, axis]) => selected(shape, axis, 3)),
      selected([2, 5], 1, 0),
      selected([0, 2], 1, 2),
    ],
    random: (random) => {
      const { shape, axis, count } = randomPicks(random);
      return selected(shape, axis, count);
    },
    refusals: [
      ...positionRefusals('indexSelect', (index) => ops.indexSelect(f64([1, 2, 3]), 0, index)),
      [
        () => ops.indexSelect(f64([1, 2, 3]), 0, i32([[0]])),
        ShapeError,
        'indexSelect: index must be a vector, got shape [1, 1]',
      ],
      [
        () => ops.indexSelect(f64([]), 0, [0]),
        IndexError,
        'indexSelect: index must hold positions in [0, 0), got 0 at position 0',
      ],
    ],
    facts: [
      ['an Int32Array serves', () => ops.indexSelect(f64([5, 6]), 0, new Int32Array([1])).toArray(), [6]],
      [
        'repeats add their derivatives',
        () => repeatedGradient((x) => ops.indexSelect(x, 0, [1, 1, 0])),
        [1, 2],
      ],
    ],
  },
  indexAdd: {
    kind: 'sampled',
    results: ARITHMETIC,
    samples: [...SHAPES.map(([shape, axis]) => addedSlices(shape, axis, 4)), addedSlices([2, 5], 0, 0)],
    random: (random) => {
      const { shape, axis, count } = randomPicks(random);
      return addedSlices(shape, axis, count);
    },
    refusals: [
      ...positionRefusals('indexAdd', (index) => ops.indexAdd(f64([1, 2, 3]), 0, index, f64([1]))),
      [
        () => ops.indexAdd(f64([1, 2, 3]), 0, [0], f64([1, 2])),
        ShapeError,
        'indexAdd: source must have shape [1], got [2]',
      ],
      [
        () => ops.indexAdd(i32([1, 2, 3]), 0, [0], f64([1])),
        DTypeError,
        'indexAdd: source must fit into int32, got float64; cast() x first',
      ],
      [
        () => ops.indexAdd(f64([1, 2, 3]), 0, [0], 1 as never),
        ArgumentError,
        'indexAdd: source must be a tensor, got 1; wrap it in tensor(…)',
      ],
    ],
    facts: [
      [
        'many additions to one place round once in float32',
        () => ops.indexAdd(tensor([2 ** 24]), 0, new Int32Array(4), tensor([1, 1, 1, 1])).toArray(),
        [2 ** 24 + 4],
      ],
      [
        'bools count in int32',
        () => ops.indexAdd(tensor([true, true]), 0, [0, 0, 0], tensor([true, true, true])).toArray(),
        [4, 1],
      ],
    ],
  },
  gather: {
    kind: 'sampled',
    results: SAME,
    samples: [
      gathered([5], 0, [7]),
      gathered([2, 5], 1, [2, 3]),
      gathered([2, 5], 0, [3, 4]),
      gathered([3, 2, 4], 1, [2, 5, 3]),
      gathered([3, 2, 4], -1, [3, 1, 2]),
      gathered([2, 5], 1, [2, 0]),
      gathered([2, 5], 1, [0, 2]),
    ],
    random: (random) => gathered(...randomElements(random)),
    refusals: [
      ...positionRefusals('gather', (index) => ops.gather(f64([1, 2, 3]), 0, index)),
      [
        () => ops.gather(f64([[1, 2, 3]]), 1, [0]),
        ShapeError,
        'gather: index must have the rank of x [1, 3] and fit inside it off axis 1, got [1]',
      ],
      [
        () => ops.gather(f64([[1, 2, 3]]), 1, i32([[0], [1]])),
        ShapeError,
        'gather: index must have the rank of x [1, 3] and fit inside it off axis 1, got [2, 1]',
      ],
    ],
    facts: [
      ['repeats add their derivatives', () => repeatedGradient((x) => ops.gather(x, 0, [1, 1, 0])), [1, 2]],
      ['nested arrays serve', () => ops.gather(f64([[5, 6]]), 1, [[1, 0, 1]]).toArray(), [[6, 5, 6]]],
    ],
  },
  scatterAdd: {
    kind: 'sampled',
    results: ARITHMETIC,
    samples: [
      scattered([5], 0, [7]),
      scattered([2, 5], 1, [2, 3]),
      scattered([2, 5], 0, [3, 4]),
      scattered([3, 2, 4], 1, [2, 5, 3]),
      scattered([2, 5], 1, [2, 0]),
      scattered([3, 4], 0, [2, 3], 2),
    ],
    random: (random) => scattered(...randomElements(random), random.integer(0, 2)),
    refusals: [
      ...positionRefusals('scatterAdd', (index) => ops.scatterAdd(f64([1, 2, 3]), 0, index, f64([1]))),
      [
        () => ops.scatterAdd(f64([1, 2, 3]), 0, [0, 1], f64([1])),
        ShapeError,
        'scatterAdd: source must be at least as long as index [2] along every axis, got [1]',
      ],
      [
        () => ops.scatterAdd(i32([1, 2, 3]), 0, [0], f64([1])),
        DTypeError,
        'scatterAdd: source must fit into int32, got float64; cast() x first',
      ],
    ],
    facts: [
      [
        'many additions to one place round once in float32',
        () => ops.scatterAdd(tensor([2 ** 24]), 0, new Int32Array(4), tensor([1, 1, 1, 1])).toArray(),
        [2 ** 24 + 4],
      ],
      [
        'bools count in int32',
        () => ops.scatterAdd(tensor([true, true]), 0, [0, 0, 0], tensor([true, true, true])).toArray(),
        [4, 1],
      ],
    ],
  },
  oneHot: {
    kind: 'sampled',
    results: { float32: 'float32' },
    constant: true,
    samples: [[4], [2, 3], [], [0]].map((shape) => labelled(shape, 3, {})),
    random: (random) => {
      const shape = random.shape(0, 3, true);
      const depth = random.integer(shape.includes(0) ? 0 : 1, 4);
      const dtype = random.pick(['bool', 'int32', 'float32', 'float64'] as const);
      return labelled(shape, depth, maybe(random, { dtype }));
    },
    options: (options) => ops.oneHot([0], 1, options),
    refusals: [
      [
        () => ops.oneHot([0, 3], 3),
        IndexError,
        'oneHot: labels must hold positions in [0, 3), got 3 at position 1',
      ],
      [
        () => ops.oneHot([-1], 3),
        IndexError,
        'oneHot: labels must hold positions in [0, 3), got -1 at position 0',
      ],
      [() => ops.oneHot([0], -1), ArgumentError, 'oneHot: depth must be an integer at least 0, got -1'],
      [
        () => ops.oneHot(tensor([0]), 1),
        DTypeError,
        "oneHot: labels must be int32, got float32; float32 holds integers exactly up to 2^24 only; use .cast('int32')",
      ],
      [
        () => ops.oneHot([0], 1, { dtype: 'float16' as never }),
        ArgumentError,
        'oneHot: dtype must be one of bool, int32, float32, float64, got "float16"',
      ],
    ],
    facts: [
      ['the dtype can be chosen', () => ops.oneHot([1], 2, { dtype: 'bool' }).toArray(), [[false, true]]],
    ],
  },
} satisfies Record<string, Sampled>;

/** The derivative of the sum of an op's results at two numbers. */
function repeatedGradient(op: (x: Tensor) => Tensor): unknown {
  const x = tensor([7, 8], { dtype: 'float64', requiresGrad: true });
  const y = op(x);
  return gradients([y], [x], { gradients: [f64(Array.from({ length: y.size }, () => 1))] })[0]?.toArray();
}

/** Places of a line's elements from best to worst, equal ones in their order: by counting who comes before whom. */
function ranking(line: number[], descending: boolean): number[] {
  const before = (i: number, j: number): boolean =>
    line[i] === line[j] ? i < j : descending ? line[i] > line[j] : line[i] < line[j];
  const places: number[] = [];
  line.forEach((_, i) => {
    places[line.filter((__, j) => j !== i && before(j, i)).length] = i;
  });
  return places;
}

const ORDERS: readonly (readonly [shape: number[], axis: number | undefined])[] = [
  [[6], undefined],
  [[2, 5], undefined],
  [[4, 3], 0],
  [[2, 4, 3], -2],
  [[0], undefined],
  [[2, 0], undefined],
];

type SortCall = (x: Tensor, options: orders.SortOptions) => readonly Tensor[];
type SortRule = (line: number[], descending: boolean) => number[][];

function ordered(call: SortCall, value: SortRule): Sample[] {
  return ORDERS.flatMap(([shape, axis]) =>
    [false, true].map((descending) =>
      orderedBy(call, value, shape, axis === undefined ? { descending } : { axis, descending }),
    ),
  );
}

function orderedBy(call: SortCall, value: SortRule, shape: number[], options: orders.SortOptions): Sample {
  const { axis = -1, descending = false } = options;
  return {
    title: `[${shape}] ${JSON.stringify(options)}`,
    inputs: [apart(shape)],
    call: (x: Tensor) => call(x, options),
    value: (x: Grid) => {
      const a = axis < 0 ? axis + shape.length : axis;
      return value([], descending).map((_, k) =>
        build(shape, (index) => value(lineThrough(x, a, index), descending)[k][index[a]]),
      );
    },
  };
}

/** Random samples of an order along an axis. */
const orderedAny =
  (call: SortCall, value: SortRule) =>
  (random: Random): Sample => {
    const shape = smallShape(random, 1, 4);
    const axis = random.axis(shape.length);
    return orderedBy(call, value, shape, maybe(random, { axis, descending: random.pick([true, false]) }));
  };

const places: readonly [SortCall, SortRule] = [
  (x, options) => [orders.argsort(x, options)],
  (line, descending) => [ranking(line, descending)],
];

const sortedLines: readonly [SortCall, SortRule] = [
  (x, options) => {
    const { values, indices } = orders.sort(x, options);
    return [values, indices];
  },
  (line, descending) => [ranking(line, descending).map((i) => line[i]), ranking(line, descending)],
];

const best = (k: number, shape: number[], options: orders.TopkOptions): Sample => ({
  title: `${k} of [${shape}] ${JSON.stringify(options)}`,
  inputs: [apart(shape)],
  call: (x) => {
    const { values, indices } = orders.topk(x, k, options);
    return [values, indices];
  },
  value: (x) => {
    const { axis = -1, largest = true } = options;
    const a = axis < 0 ? axis + shape.length : axis;
    const places = build(
      replaced(shape, a, k),
      (index) => ranking(lineThrough(x, a, replaced(index, a, 0)), largest)[index[a]],
    );
    return [build(places.shape, (index) => at(x, replaced(index, a, at(places, index)))), places];
  },
});

export const order = {
  argsort: {
    kind: 'sampled',
    results: INT32,
    samples: ordered(...places),
    random: orderedAny(...places),
    folds: { nothing: [], NaN: [0, 2, 1], infinity: [0, 1], infinities: [1, 0], negative: [0, 1] },
    options: (options) => orders.argsort(f64([1]), options),
    refusals: [
      [
        () => orders.argsort(f64([1]), { axis: 1 }),
        IndexError,
        'argsort: axis must be an integer in [-1, 1), got 1',
      ],
      [
        () => orders.argsort(f64([1]), { descending: 1 as never }),
        ArgumentError,
        'argsort: descending must be true or false, got 1',
      ],
    ],
    facts: [
      [
        'equal values keep their order, both ways',
        () => [
          orders.argsort(f64([3, 1, 3, 1])).toArray(),
          orders.argsort(f64([3, 1, 3, 1]), { descending: true }).toArray(),
        ],
        [
          [1, 3, 0, 2],
          [0, 2, 1, 3],
        ],
      ],
      [
        'NaN counts as the greatest',
        () => [
          orders.argsort(f64([Number.NaN, 1, Infinity])).toArray(),
          orders.argsort(f64([Number.NaN, 1, Infinity]), { descending: true }).toArray(),
        ],
        [
          [1, 2, 0],
          [0, 2, 1],
        ],
      ],
      ['−0 and 0 are equal', () => orders.argsort(f64([0, -0])).toArray(), [0, 1]],
    ],
  },
  sort: {
    kind: 'sampled',
    results: SAME,
    others: 'int32',
    samples: ordered(...sortedLines),
    random: orderedAny(...sortedLines),
    folds: {
      nothing: [],
      NaN: [1, 3, Number.NaN],
      infinity: [1, Infinity],
      infinities: [-Infinity, Infinity],
      negative: [-Infinity, -Infinity],
    },
    fold: ['sort(x).values', (x) => orders.sort(x).values],
    options: (options) => orders.sort(f64([1]), options),
    refusals: [[() => orders.sort(tensor(1)), IndexError, 'sort: axis must be an integer in [0, 0), got -1']],
    facts: [
      [
        'NaN comes last',
        () => orders.sort(f64([Number.NaN, 1, Infinity])).values.toArray(),
        [1, Infinity, Number.NaN],
      ],
    ],
  },
  topk: {
    kind: 'sampled',
    results: SAME,
    others: 'int32',
    samples: [
      best(3, [6], { axis: 0 }),
      best(2, [2, 5], { largest: false }),
      best(2, [4, 3], { axis: 0, largest: true }),
      best(0, [3], {}),
      best(3, [2, 3], { axis: 1 }),
    ],
    random: (random) => {
      const shape = smallShape(random, 1, 4);
      const options = maybe(random, { axis: random.axis(shape.length), largest: random.pick([true, false]) });
      return best(random.integer(0, shape.at(options.axis ?? -1) as number), shape, options);
    },
    folds: {
      nothing: 'topk: k must be at most 0, the length of axis 0 of [0], got 1',
      NaN: [Number.NaN],
      infinity: [Infinity],
      infinities: [Infinity],
      negative: [-Infinity],
    },
    fold: ['topk(x, 1).values', (x) => orders.topk(x, 1).values],
    options: (options) => orders.topk(f64([1]), 1, options),
    refusals: [
      [
        () => orders.topk(f64([1, 2]), 3),
        ArgumentError,
        'topk: k must be at most 2, the length of axis 0 of [2], got 3',
      ],
      [() => orders.topk(f64([1, 2]), 0.5), ArgumentError, 'topk: k must be an integer at least 0, got 0.5'],
      [
        () => orders.topk(f64([1, 2]), 1, { largest: 'no' as never }),
        ArgumentError,
        'topk: largest must be true or false, got "no"',
      ],
    ],
    facts: [
      [
        'of equal values the first comes first',
        () => orders.topk(f64([9, 1, 9, 9]), 2).indices.toArray(),
        [0, 2],
      ],
      [
        'NaN is among the largest, and never among the smallest but last',
        () => [
          orders.topk(f64([1, Number.NaN, Infinity]), 2).values.toArray(),
          orders.topk(f64([1, Number.NaN, Infinity]), 2, { largest: false }).values.toArray(),
        ],
        [
          [Number.NaN, Infinity],
          [1, Infinity],
        ],
      ],
    ],
  },
} satisfies Record<string, Sampled>;
