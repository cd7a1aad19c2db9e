/** @file Test rows of ops/advancedIndexing.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/advancedIndexing.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, atBroadcast, build, type Grid, positions } from '../grid.js';
import {
  asEntries,
  asIndices,
  type Drawn,
  drawIndices,
  type Entry,
  inputsOf,
  picked,
} from '../naiveIndexing.js';
import {
  bools,
  INT32,
  ints,
  type Random,
  type Refusal,
  real,
  SAME,
  type Sample,
  type Sampled,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });
const i32 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: 'int32' });

const titleOf = (drawn: readonly Drawn[]): string => drawn.map((entry) => JSON.stringify(entry)).join(' ');
const hasMask = (drawn: readonly Drawn[]): boolean =>
  drawn.some((entry) => typeof entry === 'object' && entry !== null && 'mask' in entry);

function read(shape: readonly number[], ...drawn: Drawn[]): Sample {
  return {
    title: `[${shape}] at ${titleOf(drawn)}`,
    inputs: [real(shape), ...inputsOf(drawn)],
    call: (x, ...rest) => ops.index(x, ...asIndices(drawn, rest)),
    value: (x, ...rest) => {
      const { shape: result, places } = picked(shape, asEntries(drawn, rest));
      return { shape: result, data: places.map((place) => at(x, place)) };
    },
    ...(hasMask(drawn) ? { dataDependent: true } : {}),
  };
}

/** Writes into a copy of `x`, one element after the other. */
function written(x: Grid, entries: readonly Entry[], values: Grid, accumulate: boolean): Grid {
  const { shape, places } = picked(x.shape, entries);
  const data = [...x.data];
  const order = new Map(positions(x.shape).map((place, i) => [place.join(), i]));
  positions(shape).forEach((target, i) => {
    const place = order.get(places[i].join()) as number;
    const value = atBroadcast(values, target);
    data[place] = accumulate ? data[place] + value : value;
  });
  return { shape: x.shape, data };
}

interface Write {
  readonly accumulate?: boolean;
  /** Set where a captured step can hold a mask. */
  readonly fixed?: true;
}

function put(
  shape: readonly number[],
  values: readonly number[],
  drawn: readonly Drawn[],
  { accumulate = false, fixed }: Write = {},
): Sample {
  return {
    title: `[${values}] into [${shape}] at ${titleOf(drawn)}${accumulate ? ', accumulated' : ''}`,
    inputs: [real(shape), real(values), ...inputsOf(drawn)],
    call: (x, source, ...rest) => ops.indexPut(x, asIndices(drawn, rest), source, { accumulate }),
    value: (x, source, ...rest) => written(x, asEntries(drawn, rest), source, accumulate),
    ...(hasMask(drawn) && fixed === undefined ? { dataDependent: true } : {}),
  };
}

/** Values that broadcast to a shape: its end, with some extents of 1. */
function broadcastable(random: Random, shape: readonly number[]): number[] {
  return shape
    .slice(random.integer(0, shape.length))
    .map((extent) => (random.integer(0, 2) === 0 ? 1 : extent));
}

const someShape = (random: Random): number[] => random.shape(0, 4, true);

const at1 = (extent: number, ...shape: number[]): Drawn => ({ at: shape, extent });

const READS: readonly Sample[] = [
  read([5]),
  read([2, 3], 1),
  read([2, 3], -1, 0),
  read([2, 3], '...', 'newaxis', -1),
  read([4, 5], { range: [3, null, -2] }, { range: [-3, 100] }),
  read([3, 4], null, { range: [3, 1] }),
  read([5], at1(5, 7)),
  read([2, 3], at1(2)),
  read([4, 3], at1(4, 2, 2)),
  read([4, 3], null, at1(3, 2, 2)),
  read([4, 3], at1(4, 2, 1), at1(3, 3)),
  read([4, 2, 3], null, at1(2, 3), at1(3, 3)),
  read([4, 2, 3], at1(4, 3), null, at1(3, 3)),
  read([4, 2, 3], 0, null, at1(3, 2)),
  read([4, 2, 3], null, 1, at1(3, 2)),
  read([4, 2, 3], null, at1(2, 3), '...', at1(3, 3)),
  read([4, 2, 3], null, at1(2, 3), 'newaxis', at1(3, 3)),
  read([4, 2, 3], 'newaxis', at1(4, 3), { range: [null, null, -1] }),
  read([3, 2], at1(3, 0)),
  read([0, 2], { range: [0, 1] }, at1(2, 2)),
  read([6], { mask: [6] }),
  read([3, 4], { mask: [3, 4] }),
  read([3, 4, 2], { mask: [3, 4] }),
  read([3, 4, 2], null, { mask: [4, 2] }),
  read([3, 4, 2], 1, { mask: [4] }, at1(2)),
  read([3, 4, 2], { mask: [3] }, null, 0),
  read([2, 2], { mask: [] }),
  read([2, 2], null, { mask: [] }, 1),
  read([0, 3], { mask: [0, 3] }),
];

/** What every function that takes indices refuses, on an x of shape [2, 3]. */
const indexRefusals = (name: string, call: (...indices: never[]) => unknown): Refusal[] => {
  const wrong =
    (...indices: unknown[]) =>
    () =>
      call(...(indices as never[]));
  return [
    [wrong(2), IndexError, `${name}: indices[0] must be an integer in [-2, 2), got 2`],
    [wrong(null, -4), IndexError, `${name}: indices[1] must be an integer in [-3, 3), got -4`],
    [wrong(0.5), IndexError, `${name}: indices[0] must be an integer in [-2, 2), got 0.5`],
    [wrong(Number.NaN), IndexError, `${name}: indices[0] must be an integer in [-2, 2), got NaN`],
    [wrong(0, 0, 0), ArgumentError, `${name}: the indices take 3 axes, x [2, 3] has 2`],
    [wrong('...', '...'), ArgumentError, `${name}: indices must hold '...' at most once, got 2`],
    [
      wrong([0, null]),
      ArgumentError,
      `${name}: indices[0] must hold positions, got null at position 1; a range is { start, stop, step }`,
    ],
    [wrong({ step: 0 }), ArgumentError, `${name}: indices[0] must have a step other than 0, got 0`],
    [wrong({ stop: 1.5 }), ArgumentError, `${name}: indices[0] must hold integers or null, got 1.5`],
    [wrong({ end: 1 }), ArgumentError, `${name}: unknown option 'end'; the options are start, stop, step`],
    [wrong([0, 1.5]), IndexError, `${name}: indices[0] must hold integers, got 1.5 at position 1`],
    [wrong([0, 2]), IndexError, `${name}: indices[0] must hold positions in [-2, 2), got 2 at position 1`],
    [
      wrong('all'),
      ArgumentError,
      `${name}: indices[0] must be an integer, null, { start, stop, step }, '...', 'newaxis', positions (int32) or a mask (bool), got "all"`,
    ],
    [
      wrong(new Float32Array(1)),
      ArgumentError,
      `${name}: indices[0] must be an integer, null, { start, stop, step }, '...', 'newaxis', positions (int32) or a mask (bool), got a Float32Array`,
    ],
    [
      wrong(f64([1])),
      DTypeError,
      `${name}: indices[0] must be int32 or bool, got float64; use .cast('int32') for positions, a comparison for a mask`,
    ],
    [
      wrong(Int32Array.of(0, 2)),
      IndexError,
      `${name}: indices[0] must hold positions in [-2, 2), got 2 at position 1`,
    ],
    [
      wrong(null, i32([[-4]])),
      IndexError,
      `${name}: indices[1] must hold positions in [-3, 3), got -4 at position 0`,
    ],
    [wrong([[0, 0.5]]), IndexError, `${name}: indices[0] must hold integers, got 0.5 at position 1`],
    [
      wrong([[0, 1], [0]]),
      ShapeError,
      `${name}: indices[0][1] must have length 2 like its neighbours, got length 1`,
    ],
    [
      wrong(Int32Array.of(0, 1), Int32Array.of(0, 1, 2)),
      ShapeError,
      `${name}: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3`,
    ],
    [
      wrong(tensor([true, false, true])),
      ShapeError,
      `${name}: indices[0] must have the shape [2] of the axes that it masks, got [3]`,
    ],
    [
      wrong([[true, false, true]]),
      ShapeError,
      `${name}: indices[0] must have the shape [2, 3] of the axes that it masks, got [1, 3]`,
    ],
    [wrong([true, 1]), ArgumentError, `${name}: indices[0] must hold booleans only, got 1 at position 1`],
  ];
};

const matrix = (): Tensor =>
  f64([
    [1, 2, 3],
    [4, 5, 6],
  ]);

/** Derivatives of the sum of results weighted 1, 2, 3, … by each leaf. */
function weighted(leaves: readonly Tensor[], y: Tensor): unknown {
  const weights = tensor(
    Float64Array.from({ length: y.size }, (_, i) => i + 1),
    { shape: y.shape },
  );
  return gradients([y], leaves, { gradients: [weights] }).map((g) => g?.toArray());
}

export const advancedIndexing = {
  index: {
    kind: 'sampled',
    results: SAME,
    samples: READS,
    random: (random) => {
      const shape = someShape(random);
      return read(shape, ...drawIndices(random, shape));
    },
    refusals: [
      ...indexRefusals('index', (...indices) => ops.index(matrix(), ...indices)),
      [
        () => ops.index([1, 2] as never, 0),
        ArgumentError,
        'index: x must be a tensor, got an array of length 2; wrap it in tensor(…)',
      ],
    ],
    facts: [
      [
        'an array of integers is positions, nested or not',
        () => [
          ops.index(matrix(), null, [0, 2]).toArray(),
          ops.index(matrix(), null, [[0, 2]]).toArray(),
          ops.index(matrix(), []).shape,
        ],
        [
          [
            [1, 3],
            [4, 6],
          ],
          [[[1, 3]], [[4, 6]]],
          [0, 3],
        ],
      ],
      [
        'an object is a range, whose ends are open where they are not named',
        () => [
          ops.index(matrix(), null, { stop: 2 }).toArray(),
          ops.index(matrix(), 0, { start: -2 }).toArray(),
          ops.index(matrix(), 0, { start: null, step: -2 }).toArray(),
          ops.index(matrix(), {}).shape,
        ],
        [
          [
            [1, 2],
            [4, 5],
          ],
          [2, 3],
          [3, 1],
          [2, 3],
        ],
      ],
      [
        'booleans are a mask, nested or not',
        () => [
          ops.index(matrix(), [false, true]).toArray(),
          ops
            .index(matrix(), [
              [true, false, false],
              [false, false, true],
            ])
            .toArray(),
          ops.index(matrix(), true).shape,
          ops.index(matrix(), false).shape,
        ],
        [[[4, 5, 6]], [1, 6], [1, 2, 3], [0, 2, 3]],
      ],
      [
        'ranges and integers alone give a view',
        () => {
          const x = matrix();
          const y = ops.index(x, { step: -1 }, 'newaxis', 1);
          return [y.storage === x.storage, y.toArray()];
        },
        [true, [[5], [2]]],
      ],
      [
        'repeats add their derivatives',
        () => {
          const x = f64([1, 2, 3], true);
          return weighted([x], ops.index(x, [2, 0, 2]));
        },
        [[2, 0, 4]],
      ],
    ],
  },
  indexPut: {
    kind: 'sampled',
    // bool accumulates in int32: a fact below.
    results: { float32: 'float32', float64: 'float64', int32: 'int32' },
    samples: [
      put([5], [], [at1(5, 3)]),
      put([5], [7], [at1(5, 7)]),
      put([5], [7], [at1(5, 7)], { accumulate: true }),
      put([2, 3], [3], [1]),
      put([2, 3], [2, 1], [null, { range: [null, null, -2] }]),
      put([4, 2, 3], [3, 2], [at1(4, 3), null, at1(3, 1)]),
      put([4, 2, 3], [2], [at1(4, 3), null, at1(3, 1)], { accumulate: true }),
      put([4, 2, 3], [1, 1, 1], ['...', at1(3, 2)]),
      put([3, 2], [2], [at1(3, 0)]),
      put([0, 2], [2], [{ range: [0, 1] }]),
      put([2, 3], [], ['newaxis', 0, 'newaxis']),
      put([3, 4], [], [{ mask: [3, 4] }], { fixed: true }),
      put([3, 4], [1], [{ mask: [3, 4] }], { fixed: true, accumulate: true }),
      put([3, 4], [4], [{ mask: [3] }], { fixed: true }),
      put([3, 4], [3, 1], [null, { mask: [4] }], { fixed: true }),
      put([2, 3, 2, 2], [2, 1, 2], [null, { mask: [3, 2] }], { fixed: true }),
      put([2, 2], [2, 2], [{ mask: [] }], { fixed: true }),
      put([3, 4], [], [1, { mask: [4] }]),
      put([3, 4, 2], [2], ['...', { mask: [4] }, { range: [null, null, -1] }]),
    ],
    random: (random) => {
      const shape = someShape(random);
      const drawn = drawIndices(random, shape);
      // How much a mask picks is not known here.
      const values = hasMask(drawn) ? [] : broadcastable(random, pickedShape(shape, drawn));
      return put(shape, values, drawn, { accumulate: random.pick([true, false]) });
    },
    options: (options) => ops.indexPut(f64([1]), [0], 1, options),
    refusals: [
      ...indexRefusals('indexPut', (...indices) => ops.indexPut(matrix(), indices, 0)),
      [
        () => ops.indexPut(matrix(), 0 as never, 1),
        ArgumentError,
        'indexPut: indices must be an array of indices, got 0',
      ],
      [
        () => ops.indexPut(matrix(), [0], f64([1, 2])),
        ShapeError,
        'indexPut: values must broadcast to the shape [3] that the indices pick, got [2]',
      ],
      [
        () => ops.indexPut(matrix(), [tensor([true, false])], f64([1, 2])),
        ShapeError,
        'indexPut: values must broadcast to the shape [1, 3] that the indices pick, got [2]',
      ],
      [
        () => ops.indexPut(i32([1]), [0], f64([1])),
        DTypeError,
        'indexPut: values must fit into int32, got float64; cast() x first',
      ],
      [
        () => ops.indexPut(i32([1]), [0], 0.5),
        DTypeError,
        "indexPut: values must fit int32, got 0.5; cast the tensor to 'float64' first",
      ],
      [
        () => ops.indexPut(matrix(), [0], [1, 2, 3] as never),
        ArgumentError,
        'indexPut: values must be a tensor, got an array of length 3; wrap it in tensor(…)',
      ],
      [
        () => ops.indexPut(matrix(), [0], 1, { accumulate: 1 as never }),
        ArgumentError,
        'indexPut: accumulate must be true or false, got 1',
      ],
    ],
    facts: [
      [
        'a hole among the indices is a whole axis',
        () => ops.indexPut(matrix(), new Array(1), 0).toArray(),
        [
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
      [
        'the last of repeated positions wins, and alone has a derivative',
        () => {
          const x = f64([1, 2, 3], true);
          const values = f64([10, 20, 30], true);
          const y = ops.indexPut(x, [[2, 0, 2]], values);
          return [y.toArray(), weighted([x, values], y)];
        },
        [
          [20, 2, 30],
          [
            [0, 2, 0],
            [0, 1, 3],
          ],
        ],
      ],
      [
        'accumulated, all have one',
        () => {
          const x = f64([1, 2, 3], true);
          const values = f64([10, 20, 30], true);
          const y = ops.indexPut(x, [[2, 0, 2]], values, { accumulate: true });
          return [y.toArray(), weighted([x, values], y)];
        },
        [
          [21, 2, 43],
          [
            [1, 2, 3],
            [3, 1, 3],
          ],
        ],
      ],
      [
        'a NaN that is overwritten leaves no trace',
        () => {
          const x = f64([Number.NaN, 2], true);
          const y = ops.indexPut(x.square(), [0], 5);
          return [y.toArray(), weighted([x], y)];
        },
        [[5, 4], [[0, 8]]],
      ],
      [
        'bool stays bool, and accumulates in int32',
        () => [
          ops.indexPut(tensor([true, false]), [1], true).toArray(),
          ops.indexPut(tensor([true, false]), [0], true, { accumulate: true }).toArray(),
        ],
        [
          [true, true],
          [2, 0],
        ],
      ],
      [
        'many additions to one place round once in float32',
        () => ops.indexPut(tensor([2 ** 24]), [new Int32Array(4)], 1, { accumulate: true }).toArray(),
        [2 ** 24 + 4],
      ],
    ],
  },
  take: {
    kind: 'sampled',
    results: SAME,
    samples: [
      taken([5], [7], undefined),
      taken([2, 3], [2, 2], undefined),
      taken([2, 3], [], 1),
      taken([2, 3, 4], [2, 2], 1),
      taken([2, 3, 4], [3], -3),
      taken([2, 3], [0], 0),
      taken([0, 3], [2], 1),
    ],
    random: (random) => {
      const shape = random.shape(1, 3);
      return taken(shape, random.shape(0, 2, true), random.pick([undefined, random.axis(shape.length)]));
    },
    options: (options) => ops.take(f64([1]), [0], options),
    refusals: [
      [
        () => ops.take(f64([1, 2, 3]), [0, -4]),
        IndexError,
        'take: indices must hold positions in [-3, 3), got -4 at position 1',
      ],
      [
        () => ops.take(matrix(), 2, { axis: 0 }),
        IndexError,
        'take: indices must be an integer in [-2, 2), got 2',
      ],
      [
        () => ops.take(f64([]), [0]),
        IndexError,
        'take: indices must hold positions in [0, 0), got 0 at position 0',
      ],
      [
        () => ops.take(matrix(), [0], { axis: 2 }),
        IndexError,
        'take: axis must be an integer in [-2, 2), got 2',
      ],
      [
        () => ops.take(matrix(), f64([0])),
        DTypeError,
        "take: indices must be int32, got float64; float32 holds integers exactly up to 2^24 only; use .cast('int32')",
      ],
      [
        () => ops.take(matrix(), '0' as never),
        ArgumentError,
        'take: indices must be an int32 tensor, an Int32Array or an array of integers, got "0"',
      ],
      [
        () => ops.take(matrix(), [0, 0.5]),
        IndexError,
        'take: indices must hold integers, got 0.5 at position 1',
      ],
    ],
    facts: [
      [
        'a number takes the axis away',
        () => [ops.take(matrix(), -1).item(), ops.take(matrix(), -1, { axis: 1 }).toArray()],
        [6, [3, 6]],
      ],
      [
        'repeats add their derivatives',
        () => {
          const x = f64([1, 2, 3], true);
          return weighted([x], ops.take(x, [-1, 0, 2]));
        },
        [[2, 0, 4]],
      ],
    ],
  },
  nonzero: {
    kind: 'sampled',
    results: INT32,
    constant: true,
    samples: [found([7]), found([3, 4]), found([2, 3, 2]), found([]), found([0, 3])],
    random: (random) => found(random.shape(0, 4, true)),
    refusals: [
      [
        () => ops.nonzero([1] as never),
        ArgumentError,
        'nonzero: x must be a tensor or a number, got an array of length 1; wrap arrays in tensor(…)',
      ],
    ],
    facts: [
      ['NaN is not 0, and −0 is', () => ops.nonzero(f64([Number.NaN, -0, 5e-324, 0])).toArray(), [[0], [2]]],
      [
        'a number has no coordinates',
        () => [ops.nonzero(3).shape, ops.nonzero(0).shape],
        [
          [1, 0],
          [0, 0],
        ],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

/** The shape that indices without masks pick. */
function pickedShape(shape: readonly number[], drawn: readonly Drawn[]): readonly number[] {
  const zero = inputsOf(drawn).map((input) => build(input.shape, () => 0));
  return picked(shape, asEntries(drawn, zero)).shape;
}

function taken(shape: readonly number[], places: readonly number[], axis: number | undefined): Sample {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const a = axis === undefined ? 0 : axis < 0 ? axis + shape.length : axis;
  const extent = axis === undefined ? size : shape[a];
  return {
    title: `[${places}] of [${shape}] along ${axis}`,
    inputs: [real(shape), ints(places, -extent, extent - 1)],
    call: (x, indices) => ops.take(x, indices, axis === undefined ? {} : { axis }),
    value: (x, indices) => {
      const from: Grid = axis === undefined ? { shape: [size], data: x.data } : x;
      const result = [...from.shape.slice(0, a), ...places, ...from.shape.slice(a + 1)];
      return build(result, (index) => {
        const i = at(indices, index.slice(a, a + places.length));
        const place = i < 0 ? i + extent : i;
        return at(from, [...index.slice(0, a), place, ...index.slice(a + places.length)]);
      });
    },
  };
}

function found(shape: readonly number[]): Sample {
  return {
    title: `[${shape}]`,
    inputs: [bools(shape), real(shape)],
    call: (mask, x) => [ops.nonzero(mask), ops.nonzero(x)],
    value: (mask, x) =>
      [mask, x].map((grid) => {
        const places = positions(shape).filter((_, i) => grid.data[i] !== 0);
        return { shape: [places.length, shape.length], data: places.flat() };
      }),
    dataDependent: true,
  };
}
