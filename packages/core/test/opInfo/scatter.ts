/** @file Test rows of ops/scatter.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, NumericError, ShapeError } from '../../src/errors.js';
import { reshape, slice } from '../../src/ops/movement.js';
import * as ops from '../../src/ops/scatter.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, type Grid, positions, replaced } from '../grid.js';
import { randomElements } from './indexing.js';
import { apart, ints, type Random, type Refusal, real, SAME, type Sample, type Sampled } from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });
const i32 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: 'int32' });

const place = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** For each element of `x`, in order, the elements of the source that its place is given. */
function arrivals(shape: readonly number[], axis: number, index: Grid, source: Grid): number[][] {
  const order = new Map(positions(shape).map((p, i) => [p.join(), i]));
  const lists: number[][] = positions(shape).map(() => []);
  for (const p of positions(index.shape)) {
    lists[order.get(replaced(p, axis, at(index, p)).join()) as number].push(at(source, p));
  }
  return lists;
}

function scattered(shape: number[], axis: number, picks: number[], longer = 0): Sample {
  const a = place(axis, shape.length);
  return {
    title: `[${picks}] into [${shape}] along ${axis}${longer > 0 ? `, source longer by ${longer}` : ''}`,
    inputs: [real(shape), ints(picks, 0, shape[a] - 1), real(picks.map((extent) => extent + longer))],
    call: (x, index, source) => ops.scatter(x, axis, index, source),
    value: (x, index, source) => ({
      shape,
      data: arrivals(shape, a, index, source).map((list, i) => list[list.length - 1] ?? x.data[i]),
    }),
  };
}

const RULES: Readonly<Record<ops.ScatterReduction, (list: readonly number[]) => number>> = {
  sum: (list) => list.reduceRight((s, x) => s + x, 0),
  prod: (list) => list.reduceRight((p, x) => p * x, 1),
  mean: (list) => list.reduceRight((s, x) => s + x / list.length, 0),
  max: (list) => Math.max(...list),
  min: (list) => Math.min(...list),
};

function reduced(
  reduction: ops.ScatterReduction,
  includeSelf: boolean,
  shape: number[],
  axis: number,
  picks: number[],
): Sample {
  const a = place(axis, shape.length);
  const [size, count] = [sizeOf(shape), sizeOf(picks)];
  const positions = ints(picks, 0, shape[a] - 1);
  // One list of numbers for both, so that no two of them are close.
  const split = (all: Grid): readonly [Grid, Grid] => [
    { shape, data: all.data.slice(0, size) },
    { shape: picks, data: all.data.slice(size) },
  ];
  return {
    title: `${reduction} of [${picks}] into [${shape}] along ${axis}${includeSelf ? '' : ', without self'}`,
    inputs: [apart([size + count]), positions],
    direct: {
      inputs: [apart(shape), positions, apart(picks)],
      call: (x, index, source) => ops.scatterReduce(x, axis, index, source, reduction, { includeSelf }),
    },
    call: (all, index) => {
      const x = reshape(slice(all, [0, size]), shape);
      const source = reshape(slice(all, [size, null]), picks);
      return ops.scatterReduce(x, axis, index, source, reduction, { includeSelf });
    },
    value: (all, index) => {
      const [x, source] = split(all);
      return {
        shape,
        data: arrivals(shape, a, index, source).map((list, i) =>
          list.length === 0 ? x.data[i] : RULES[reduction](includeSelf ? [x.data[i], ...list] : list),
        ),
      };
    },
  };
}

const REDUCTIONS = ['sum', 'prod', 'mean', 'max', 'min'] as const;

const scatterRefusals = (
  name: string,
  call: (x: Tensor, axis: number, index: never, source: never) => unknown,
): Refusal[] => [
  [
    () => call(f64([1, 2, 3]), 0, [0, 3] as never, f64([1, 2]) as never),
    IndexError,
    `${name}: index must hold positions in [0, 3), got 3 at position 1`,
  ],
  [
    () => call(f64([1, 2, 3]), 0, [-1] as never, f64([1]) as never),
    IndexError,
    `${name}: index must hold positions in [0, 3), got -1 at position 0`,
  ],
  [
    () => call(f64([1, 2, 3]), 1, [0] as never, f64([1]) as never),
    IndexError,
    `${name}: axis must be an integer in [-1, 1), got 1`,
  ],
  [
    () => call(f64([[1, 2, 3]]), 1, [0] as never, f64([1]) as never),
    ShapeError,
    `${name}: index must have the rank of x [1, 3] and fit inside it off axis 1, got [1]`,
  ],
  [
    () => call(f64([1, 2, 3]), 0, [0, 1] as never, f64([1]) as never),
    ShapeError,
    `${name}: source must be at least as long as index [2] along every axis, got [1]`,
  ],
  [
    () => call(i32([1, 2, 3]), 0, [0] as never, f64([1]) as never),
    DTypeError,
    `${name}: source must fit into int32, got float64; cast() x first`,
  ],
  [
    () => call(i32([1, 2, 3]), 0, [0] as never, 0.5 as never),
    DTypeError,
    `${name}: source must fit int32, got 0.5; cast the tensor to 'float64' first`,
  ],
  [
    () => call(f64([1, 2, 3]), 0, [0] as never, '1' as never),
    ArgumentError,
    `${name}: source must be a tensor, got "1"; wrap it in tensor(…)`,
  ],
  [
    () => call([1] as never, 0, [0] as never, 1 as never),
    ArgumentError,
    `${name}: x must be a tensor, got an array of length 1; wrap it in tensor(…)`,
  ],
];

/** Results, and derivatives of Σ wᵢ yᵢ by x and by the source. */
function pull(
  op: (x: Tensor, source: Tensor) => Tensor,
  x: readonly number[],
  source: readonly number[],
  weights: readonly number[],
): unknown {
  const leaves = [f64(x, true), f64(source, true)];
  const y = op(leaves[0], leaves[1]);
  return [y.toArray(), ...gradients([y], leaves, { gradients: [f64(weights)] }).map((g) => g?.toArray())];
}

const reduceInto =
  (index: number[], reduction: ops.ScatterReduction, includeSelf = true) =>
  (x: Tensor, source: Tensor): Tensor =>
    ops.scatterReduce(x, 0, index, source, reduction, { includeSelf });

/** The matrix of second derivatives of Σ yᵢ by the source. */
function curvature(op: (source: Tensor) => Tensor, source: readonly number[]): unknown {
  const s = f64(source, true);
  const y = op(s);
  const ones = f64(new Array(y.size).fill(1));
  const [g] = gradients([y], [s], { gradients: [ones], createGraph: true });
  return source.map((_, i) => {
    const unit = f64(source.map((__, k) => Number(k === i)));
    return gradients([g as Tensor], [s], { gradients: [unit], retainGraph: true })[0]?.toArray();
  });
}

export const scatter = {
  scatter: {
    kind: 'sampled',
    results: SAME,
    samples: [
      scattered([5], 0, [7]),
      scattered([2, 5], 1, [2, 3]),
      scattered([2, 5], 0, [3, 4]),
      scattered([3, 2, 4], -2, [2, 5, 3], 1),
      scattered([2, 5], 1, [2, 0]),
      scattered([2, 5], 1, [0, 2]),
    ],
    random: (random: Random) => {
      const [shape, axis, picks] = randomElements(random);
      return scattered(shape, axis, picks, random.integer(0, 2));
    },
    refusals: scatterRefusals('scatter', ops.scatter),
    facts: [
      [
        'the last of repeated positions wins, and alone has a derivative',
        () => pull((x, source) => ops.scatter(x, 0, [2, 0, 2], source), [1, 2, 3], [10, 20, 30], [1, 2, 3]),
        [
          [20, 2, 30],
          [0, 2, 0],
          [0, 1, 3],
        ],
      ],
      ['a number serves', () => ops.scatter(f64([[1, 2]]), 1, [[1]], 5).toArray(), [[1, 5]]],
      [
        'what lies beyond the index is not read, and has a derivative of 0',
        () => pull((x, source) => ops.scatter(x, 0, [1], source), [1, 2], [5, Number.NaN], [1, 1]),
        [
          [1, 5],
          [1, 0],
          [1, 0],
        ],
      ],
    ],
  },
  scatterReduce: {
    kind: 'sampled',
    // What integers become depends on the reduction: facts below.
    results: { float32: 'float32', float64: 'float64' },
    ulps: 16,
    roundsTwice: true,
    samples: REDUCTIONS.flatMap((reduction) =>
      [true, false].flatMap((includeSelf) => [
        reduced(reduction, includeSelf, [4], 0, [6]),
        reduced(reduction, includeSelf, [2, 3], -1, [2, 4]),
        reduced(reduction, includeSelf, [3, 2, 2], 0, [4, 1, 2]),
        reduced(reduction, includeSelf, [2, 3], 1, [2, 0]),
        reduced(reduction, includeSelf, [2, 0], 0, [2, 0]),
      ]),
    ),
    random: (random: Random) => {
      const [shape, axis, picks] = randomElements(random);
      return reduced(random.pick(REDUCTIONS), random.pick([true, false]), shape, axis, picks);
    },
    options: (options) => ops.scatterReduce(f64([1]), 0, [0], 1, 'sum', options),
    refusals: [
      ...scatterRefusals('scatterReduce', (x, axis, index, source) =>
        ops.scatterReduce(x, axis, index, source, 'max'),
      ),
      [
        () => ops.scatterReduce(f64([1]), 0, [0], 1, 'amax' as never),
        ArgumentError,
        "scatterReduce: reduction must be 'sum' or 'prod' or 'mean' or 'max' or 'min', got \"amax\"; did you mean 'max'?",
      ],
      [
        () => ops.scatterReduce(f64([1]), 0, [0], 1, 'sum', { includeSelf: 0 as never }),
        ArgumentError,
        'scatterReduce: includeSelf must be true or false, got 0',
      ],
      [
        () => ops.scatterReduce(i32([65536]), 0, [0], 65536, 'prod'),
        NumericError,
        "scatterReduce: the int32 result 4294967296 does not fit; cast to 'float64' first",
      ],
      [
        () => ops.scatterReduce(i32([2147483647]), 0, [0], 1, 'sum'),
        NumericError,
        "scatterReduce: the int32 result 2147483648 does not fit; cast to 'float64' first",
      ],
    ],
    kinks: [
      {
        at: 'ties of max',
        subgradient: 'shared equally among all that attain it, x included',
        gradient: () => pull(reduceInto([0, 0, 0, 1], 'max'), [5, 1], [5, 4, 5, 0], [3, 7]),
        expected: [
          [5, 1],
          [1, 7],
          [1, 0, 1, 0],
        ],
      },
      {
        at: 'ties of min without self',
        subgradient: 'shared equally among the source alone',
        gradient: () => pull(reduceInto([0, 0], 'min', false), [5, 1], [5, 5], [4, 7]),
        expected: [
          [5, 1],
          [0, 7],
          [2, 2],
        ],
      },
    ],
    facts: [
      [
        'beside one zero the derivative of a product is the product of the others',
        () => pull(reduceInto([0, 0, 1], 'prod'), [2, 3], [0, 5, 7], [1, 1]),
        [
          [0, 21],
          [0, 7],
          [10, 0, 3],
        ],
      ],
      [
        'beside two it is 0, x among them',
        () => pull(reduceInto([0, 0, 0], 'prod'), [2], [0, 5, 0], [1]),
        [[0], [0], [0, 0, 0]],
      ],
      [
        'so is the second derivative',
        () => curvature((s) => ops.scatterReduce(f64([2]), 0, [0, 0, 0], s, 'prod'), [0, 3, 0]),
        [
          [0, 0, 6],
          [0, 0, 0],
          [6, 0, 0],
        ],
      ],
      [
        'groups do not see each other',
        () => pull(reduceInto([1, 0, 1, 0], 'prod', false), [9, 9], [Infinity, 2, 1, 3], [1, 0]),
        [
          [6, Infinity],
          [0, 0],
          [0, 3, 0, 2],
        ],
      ],
      [
        'without self a place of −Infinity sources is theirs',
        () => pull(reduceInto([0, 0], 'max', false), [-Infinity], [-Infinity, -Infinity], [1]),
        [[-Infinity], [0], [0.5, 0.5]],
      ],
      [
        'NaN spreads in extremes, with a derivative of 0',
        () => pull(reduceInto([0, 1], 'max'), [1, 2], [Number.NaN, 5], [1, 1]),
        [
          [Number.NaN, 5],
          [0, 0],
          [0, 1],
        ],
      ],
      [
        'means count what meets',
        () => pull(reduceInto([0, 0], 'mean'), [3, 8], [6, 9], [3, 1]),
        [
          [6, 8],
          [1, 1],
          [1, 1],
        ],
      ],
      [
        'integers: sums and products keep int32, means give float32, bool counts in int32 but keeps its extremes',
        () => [
          ops.scatterReduce(i32([2, 3]), 0, [0], 5, 'prod').toArray(),
          ops.scatterReduce(i32([2, 3]), 0, [0], 5, 'mean').dtype,
          ops.scatterReduce(i32([2, 3]), 0, [0], 5, 'mean').toArray(),
          ops.scatterReduce(i32([2, 3]), 0, [1], 5, 'max').toArray(),
          ops.scatterReduce(tensor([true]), 0, [0, 0], tensor([true, true]), 'sum').toArray(),
          ops.scatterReduce(tensor([true]), 0, [0], tensor([false]), 'min').toArray(),
        ],
        [[10, 3], 'float32', [3.5, 3], [2, 5], [3], [false]],
      ],
      [
        'many additions to one place round once in float32',
        () => ops.scatterReduce(tensor([2 ** 24]), 0, new Int32Array(4), 1, 'sum').toArray(),
        [2 ** 24 + 4],
      ],
    ],
  },
} satisfies Record<string, Sampled>;
