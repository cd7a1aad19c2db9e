/** @file Test rows of the searches and order statistics of ops/order.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, IndexError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/order.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, build, type Grid, lineThrough, replaced, tensorOf } from '../grid.js';
import {
  apart,
  FLOAT,
  INT32,
  type Input,
  near,
  type Random,
  type Refusal,
  real,
  SAME,
  type Sample,
  type Sampled,
  until,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });
const { NaN: nan } = Number;

/** Derivatives of Σ wᵢ yᵢ. */
function pull(op: (x: Tensor) => Tensor, data: readonly number[], weights?: readonly number[]): unknown {
  const x = f64(data, true);
  const y = op(x);
  const g = tensorOf({ shape: y.shape, data: weights ?? new Array<number>(y.size).fill(1) });
  return gradients([y], [x], { gradients: [g] })[0]?.toArray();
}

// Searching

function searched(sorted: readonly number[], values: readonly number[], side: 'left' | 'right'): Sample {
  return {
    title: `[${values}] in [${sorted}], ${side}`,
    inputs: [real(sorted), real(values)],
    call: (s, v) => ops.searchsorted(ops.sort(s).values, v, { side }),
    direct: { inputs: [real(sorted), real(values)], call: (s, v) => ops.searchsorted(s, v, { side }) },
    value: (s, v) =>
      build(values, (index) => {
        const x = at(v, index);
        const row =
          sorted.length === 1 ? s.data : lineThrough(s, sorted.length - 1, [...index.slice(0, -1), 0]);
        return row.filter((other) => (side === 'left' ? other < x : other <= x)).length;
      }),
  };
}

// Order statistics

interface Fold {
  readonly axis?: number;
  readonly keepDims?: boolean;
}

/** For each place of the result the elements that are folded there, and the shape of the result. */
function folds(x: Grid, { axis, keepDims = false }: Fold): { shape: number[]; lines: number[][] } {
  if (axis === undefined) return { shape: keepDims ? x.shape.map(() => 1) : [], lines: [[...x.data]] };
  const a = axis < 0 ? axis + x.shape.length : axis;
  const whole = build(replaced(x.shape, a, 1), () => 0);
  const lines: number[][] = [];
  build(whole.shape, (index) => lines.push(lineThrough(x, a, index)));
  return { shape: whole.shape.filter((_, i) => keepDims || i !== a), lines };
}

const rising = (line: readonly number[]): number[] => [...line].sort((p, q) => p - q);

function middle(shape: readonly number[], options: Fold, input: (shape: readonly number[]) => Input): Sample {
  return {
    title: `[${shape}] ${JSON.stringify(options)}`,
    inputs: [input(shape)],
    call: (x) => {
      const { values, indices } = ops.median(x, options);
      return [values, indices];
    },
    value: (x) => {
      const { shape: result, lines } = folds(x, options);
      const medians = lines.map((line) => rising(line)[Math.ceil(line.length / 2) - 1]);
      return [
        { shape: result, data: medians },
        { shape: result, data: lines.map((line, i) => line.indexOf(medians[i])) },
      ];
    },
  };
}

/** Between neighbours: the weights of the two, by the definition of each interpolation. */
function between(line: readonly number[], q: number, interpolation: ops.Interpolation): number {
  const sorted = rising(line);
  const rank = q * (line.length - 1);
  const low = sorted.filter((_, i) => i <= rank).at(-1) as number;
  const high = sorted.find((_, i) => i >= rank) as number;
  const part = rank % 1;
  switch (interpolation) {
    case 'lower':
      return low;
    case 'higher':
      return high;
    case 'midpoint':
      return low + (high - low) / 2;
    case 'nearest':
      return part === 0.5 ? sorted[2 * Math.round(rank / 2)] : part < 0.5 ? low : high;
    case 'linear':
      return low + (high - low) * part;
  }
}

function quantiles(
  shape: readonly number[],
  q: number | readonly number[],
  options: Fold,
  interpolation: ops.Interpolation,
): Sample {
  return {
    title: `${JSON.stringify(q)} of [${shape}] ${JSON.stringify(options)}, ${interpolation}`,
    inputs: [apart(shape)],
    call: (x) => ops.quantile(x, q, { ...options, interpolation }),
    value: (x) => {
      const { shape: result, lines } = folds(x, options);
      const levels = typeof q === 'number' ? [q] : q;
      return {
        shape: typeof q === 'number' ? result : [q.length, ...result],
        data: levels.flatMap((level) => lines.map((line) => between(line, level, interpolation))),
      };
    },
  };
}

/** A shape and a fold of it, neither over nothing. */
const randomFold = (random: Random): [shape: number[], options: Fold] =>
  until(
    () => {
      const shape = random.shape(1, 4, true);
      const keepDims = random.pick([true, false]);
      return [
        shape,
        random.integer(0, 3) === 0 ? { keepDims } : { axis: random.axis(shape.length), keepDims },
      ];
    },
    ([shape, { axis }]) => (axis === undefined ? !shape.includes(0) : shape.at(axis) !== 0),
  );

const INTERPOLATIONS = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;

const foldRefusals = (name: string, op: (x: Tensor, options: Fold) => unknown): Refusal[] => [
  [() => op(f64([1]), { axis: 1 }), IndexError, `${name}: axis must be an integer in [-1, 1), got 1`],
  [
    () => op(f64([1]), { axis: [0] as never }),
    ArgumentError,
    `${name}: axis must be an integer, got an array`,
  ],
  [
    () => op(f64([1]), { keepDims: 1 as never }),
    ArgumentError,
    `${name}: keepDims must be true or false, got 1`,
  ],
  [
    () => op(f64([]), {}),
    ArgumentError,
    `${name}: x must have at least one element along the folded axes, got shape [0]`,
  ],
  [
    () => op(tensor(new Float64Array(0), { shape: [2, 0] }), { axis: 1 }),
    ArgumentError,
    `${name}: x must have at least one element along the folded axes, got shape [2, 0]`,
  ],
  [
    () => op([1] as never, {}),
    ArgumentError,
    `${name}: x must be a tensor or a number, got an array of length 1; wrap arrays in tensor(…)`,
  ],
];

export const orderStatistics = {
  searchsorted: {
    kind: 'sampled',
    results: INT32,
    constant: true,
    samples: (['left', 'right'] as const).flatMap((side) => [
      searched([7], [5], side),
      searched([4], [], side),
      searched([5], [2, 3], side),
      searched([2, 5], [2, 3], side),
      searched([2, 3, 4], [2, 3, 2], side),
      searched([0], [3], side),
      searched([3], [0], side),
      searched([2, 0], [2, 3], side),
      searched([0, 3], [0, 2], side),
    ]),
    random: (random) => {
      const side = random.pick(['left', 'right'] as const);
      if (random.integer(0, 1) === 0) {
        return searched([random.integer(0, 6)], random.shape(0, 3, true), side);
      }
      const batch = random.shape(1, 2, true);
      return searched([...batch, random.integer(0, 6)], [...batch, random.integer(0, 4)], side);
    },
    folds: {
      nothing: 0,
      NaN: 'searchsorted: sorted must rise along its last axis, got NaN before 3 at position 2; sort() it first',
      infinity: 1,
      infinities:
        'searchsorted: sorted must rise along its last axis, got Infinity before -Infinity at position 1; sort() it first',
      negative: 2,
    },
    fold: ['searchsorted(x, 2)', (x) => ops.searchsorted(x, 2)],
    options: (options) => ops.searchsorted(f64([1]), f64([1]), options),
    refusals: [
      [
        () => ops.searchsorted(tensor(1), f64([1])),
        ShapeError,
        'searchsorted: sorted must have at least one axis, got shape []',
      ],
      [
        () => ops.searchsorted(f64([[1, 2]]), f64([1])),
        ShapeError,
        'searchsorted: values must have the leading axes [1] of sorted [1, 2] and one more, got [1]',
      ],
      [
        () =>
          ops.searchsorted(
            f64([
              [1, 3],
              [5, 4],
            ]),
            f64([[1], [1]]),
          ),
        ArgumentError,
        'searchsorted: sorted must rise along its last axis, got 5 before 4 at position 1; sort() it first',
      ],
      [
        () => ops.searchsorted(f64([1, nan, 3]), f64([1])),
        ArgumentError,
        'searchsorted: sorted must rise along its last axis, got NaN before 3 at position 2; sort() it first',
      ],
      [
        () => ops.searchsorted(f64([1]), f64([1]), { side: 'both' as never }),
        ArgumentError,
        `searchsorted: side must be 'left' or 'right', got "both"`,
      ],
      [
        () => ops.searchsorted([1] as never, f64([1])),
        ArgumentError,
        'searchsorted: sorted must be a tensor or a number, got an array of length 1; wrap arrays in tensor(…)',
      ],
      [
        () => ops.searchsorted(f64([1]), [1] as never),
        ArgumentError,
        'searchsorted: values must be a tensor or a number, got an array of length 1; wrap arrays in tensor(…)',
      ],
    ],
    facts: [
      [
        'NaN stands at the end, or with other NaN',
        () => [
          ops.searchsorted(f64([1, 2]), nan).item(),
          ops.searchsorted(f64([1, nan, nan]), nan).item(),
          ops.searchsorted(f64([1, nan, nan]), nan, { side: 'right' }).item(),
          ops.searchsorted(f64([1, nan, nan]), f64([Infinity, 1])).toArray(),
        ],
        [2, 1, 3, [1, 0]],
      ],
      ['−0 and 0 are equal', () => ops.searchsorted(f64([0]), f64([-0])).toArray(), [0]],
      [
        'dtypes promote',
        () => ops.searchsorted(tensor([1, 2], { dtype: 'int32' }), f64([1.5])).toArray(),
        [1],
      ],
    ],
  },
  median: {
    kind: 'sampled',
    results: SAME,
    others: 'int32',
    samples: [
      middle([5], {}, apart),
      middle([6], { keepDims: true }, apart),
      middle([], {}, apart),
      middle([2, 5], { axis: 1 }, apart),
      middle([4, 3], { axis: 0, keepDims: true }, apart),
      middle([2, 4, 3], { axis: -2 }, apart),
      middle([2, 3, 2], { keepDims: true }, apart),
      middle([3, 1], { axis: 1 }, apart),
      middle([0, 2], { axis: 1 }, apart),
      middle([0, 0], { axis: 0 }, apart),
    ],
    random: (random) => {
      const [shape, options] = randomFold(random);
      return middle(shape, options, apart);
    },
    folds: {
      nothing: 'median: x must have at least one element along the folded axes, got shape [0]',
      NaN: nan,
      infinity: 1,
      infinities: -Infinity,
      negative: -Infinity,
    },
    fold: ['median(x).values', (x) => ops.median(x).values],
    options: (options) => ops.median(f64([1]), options),
    refusals: foldRefusals('median', ops.median),
    kinks: [
      {
        at: 'ties',
        subgradient: 'shared equally among what attains the median',
        gradient: () => [
          pull((x) => ops.median(x).values, [3, 1, 3, 5, 3]),
          pull((x) => ops.median(x).values, [2, 2, 7, 8]),
        ],
        expected: [
          [1 / 3, 0, 1 / 3, 0, 1 / 3],
          [0.5, 0.5, 0, 0],
        ],
      },
    ],
    facts: [
      ['of equals the first is named', () => ops.median(f64([9, 3, 1, 3, 3])).indices.item(), 1],
      [
        'NaN spreads over its row, names the first, and has a derivative of 0',
        () => {
          const { values, indices } = ops.median(
            f64([
              [1, nan, 2, nan],
              [4, 3, 2, 1],
            ]),
            { axis: 1 },
          );
          return [values.toArray(), indices.toArray(), pull((x) => ops.median(x).values, [1, nan, 2])];
        },
        [
          [nan, 2],
          [1, 2],
          [0, 0, 0],
        ],
      ],
      [
        'infinities are values',
        () => ops.median(f64([Infinity, -Infinity, Infinity])).values.item(),
        Infinity,
      ],
    ],
  },
  quantile: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 8,
    samples: [
      ...INTERPOLATIONS.flatMap((interpolation) => [
        quantiles([6], 0.3, {}, interpolation),
        quantiles([2, 5], [0, 0.1, 0.5, 0.9, 1], { axis: 1 }, interpolation),
        quantiles([4, 3], [0.5, 0.25], { axis: 0, keepDims: true }, interpolation),
      ]),
      quantiles([2, 4, 3], 0.45, { axis: -2 }, 'linear'),
      quantiles([2, 3, 2], [0.7], { keepDims: true }, 'linear'),
      quantiles([], 0.5, {}, 'linear'),
      quantiles([3, 1], [0.2, 1], { axis: 1 }, 'linear'),
      quantiles([0, 2], [0.2], { axis: 1 }, 'linear'),
      quantiles([3], [], {}, 'linear'),
      {
        title: 'levels in a matrix',
        inputs: [apart([5]), real([2, 2], [[0.1, 0.9]])],
        call: (x, q) =>
          ops.quantile(x, tensorOf({ shape: [2, 2], data: [0.1, 0.9, 0.5, 0.33] }).add(q.mul(0)), {}),
        direct: {
          inputs: [apart([5]), real([2, 2], [[0.1, 0.9]])],
          call: (x, q) => ops.quantile(x, q),
        },
        value: (x) =>
          build([2, 2], ([i, j]) =>
            between(
              x.data,
              [
                [0.1, 0.9],
                [0.5, 0.33],
              ][i][j],
              'linear',
            ),
          ),
      },
    ],
    random: (random) => {
      const [shape, options] = randomFold(random);
      const level = (): number => random.integer(0, 20) / 20;
      const q = random.integer(0, 2) === 0 ? level() : Array.from({ length: random.integer(0, 3) }, level);
      return quantiles(shape, q, options, random.pick(INTERPOLATIONS));
    },
    folds: {
      nothing: 'quantile: x must have at least one element along the folded axes, got shape [0]',
      NaN: nan,
      infinity: Infinity,
      infinities: nan,
      negative: -Infinity,
    },
    fold: ['quantile(x, 0.5)', (x) => ops.quantile(x, 0.5)],
    options: (options) => ops.quantile(f64([1]), 0.5, options),
    refusals: [
      ...foldRefusals('quantile', (x, options) => ops.quantile(x, 0.5, options)),
      [
        () => ops.quantile(f64([1]), 1.5),
        ArgumentError,
        'quantile: q must be a finite number at least 0 and at most 1, got 1.5',
      ],
      [
        () => ops.quantile(f64([1]), nan),
        ArgumentError,
        'quantile: q must be a finite number at least 0 and at most 1, got NaN',
      ],
      [
        () => ops.quantile(f64([1]), new Array(1)),
        ArgumentError,
        'quantile: q[0] must be a finite number at least 0 and at most 1, got undefined',
      ],
      [
        () => ops.quantile(f64([1]), [0, -0.1]),
        ArgumentError,
        'quantile: q[1] must be a finite number at least 0 and at most 1, got -0.1',
      ],
      [
        () => ops.quantile(f64([1]), f64([0, 2])),
        ArgumentError,
        'quantile: q must hold numbers in [0, 1], got 2 at position 1',
      ],
      [
        () => ops.quantile(f64([1]), '0.5' as never),
        ArgumentError,
        'quantile: q must be a finite number at least 0 and at most 1, got "0.5"',
      ],
      [
        () => ops.quantile(f64([1]), 0.5, { interpolation: 'linea' as never }),
        ArgumentError,
        "quantile: interpolation must be 'linear' or 'lower' or 'higher' or 'midpoint' or 'nearest', got \"linea\"; did you mean 'linear'?",
      ],
    ],
    kinks: [
      {
        at: 'ties',
        subgradient: 'shared equally among what attains each neighbour',
        gradient: () => pull((x) => ops.quantile(x, 0.5), [1, 3, 3, 3, 9, 9]),
        expected: [0, 1 / 3, 1 / 3, 1 / 3, 0, 0],
      },
    ],
    facts: [
      [
        'the derivative goes to both neighbours by their weights',
        () => pull((x) => ops.quantile(x, [0.25, 1]), [8, 1, 4], [1, 10]),
        [10, 0.5, 0.5],
      ],
      [
        'halves go to the even rank',
        () => ops.quantile(f64([1, 2, 3, 4]), [0.5, 1 / 6], { interpolation: 'nearest' }).toArray(),
        [3, 1],
      ],
      [
        'NaN spreads over its row, with a derivative of 0',
        () => [
          ops
            .quantile(
              f64([
                [1, nan],
                [1, 2],
              ]),
              0,
              { axis: 1 },
            )
            .toArray(),
          pull((x) => ops.quantile(x, 0.3), [1, nan, 2]),
        ],
        [
          [nan, 1],
          [0, 0, 0],
        ],
      ],
      [
        'infinite neighbours do no harm where the result is exact',
        () => [
          ops.quantile(f64([-Infinity, 0, Infinity]), [0, 0.25, 0.5, 0.75, 1]).toArray(),
          ops.quantile(f64([Infinity, Infinity]), 0.5).item(),
          ops.quantile(f64([-Infinity, Infinity]), [0, 0.5, 1]).toArray(),
        ],
        [[-Infinity, -Infinity, 0, Infinity, Infinity], Infinity, [-Infinity, nan, Infinity]],
      ],
      ['far ends do not overflow', () => ops.quantile(f64([-1.5e308, 1.5e308]), 0.75).item(), near(7.5e307)],
      ['equal neighbours are met exactly', () => ops.quantile(f64([0.1, 0.1, 0.1]), 0.37).item(), 0.1],
      ['float32 rounds once', () => ops.quantile(tensor([0, 1]), 0.1).item(), Math.fround(0.1)],
      [
        'levels have no derivative',
        () => {
          const q = f64([0.5], true);
          return ops.quantile(f64([1, 2]), q).requiresGrad;
        },
        false,
      ],
    ],
  },
} satisfies Record<string, Sampled>;
