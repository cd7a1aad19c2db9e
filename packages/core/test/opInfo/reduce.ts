/** @file Test rows of ops/reduce.ts and ops/rows.ts. */
import { tensor, zeros } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, NumericError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/reduce.js';
import * as lines from '../../src/ops/rows.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { build, folded, type Grid, lineThrough } from '../grid.js';
import {
  ARITHMETIC,
  apart,
  BOOL,
  bools,
  type Domain,
  FLOAT,
  INT32,
  type Input,
  maybe,
  NONZERO,
  near,
  POSITIVE,
  type Random,
  real,
  SAME,
  type Sample,
  type Sampled,
  smallShape,
  someAxes,
  until,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

/** The derivative of the sum of an op's results. */
function gradientOf(op: (x: Tensor) => Tensor, data: readonly unknown[]): unknown {
  const x = f64(data, true);
  const y = op(x);
  const ones = tensor(new Float64Array(y.size).fill(1), { shape: y.shape });
  return gradients([y], [x], { gradients: [ones] })[0]?.toArray();
}

interface Axes {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
}

const FOLDS: readonly (readonly [shape: readonly number[], options: Axes])[] = [
  [[7], {}],
  [[], {}],
  [[2, 3, 4], {}],
  [[2, 3, 4], { axis: 1 }],
  [[2, 3, 4], { axis: [0, 2] }],
  [[2, 3, 4], { axis: [-1, 0], keepDims: true }],
  [[3, 2], { axis: 0, keepDims: true }],
  [[3, 1], { axis: 1 }],
  [[3, 2], { axis: [] }],
  [[0, 2], { axis: 1 }],
];

/** Folds of nothing, for ops that have a value there. */
const EMPTY_FOLDS: typeof FOLDS = [
  [[0], {}],
  [[2, 0], { axis: 1 }],
  [[0, 3], { axis: 0, keepDims: true }],
];

/** Samples of a reduction over many axes, against a rule for the list of folded elements. */
function folds<Options extends Axes>(
  op: (x: Tensor, options: Options) => Tensor,
  rule: (elements: number[]) => number,
  input: (shape: readonly number[]) => Input = real,
  extra: Omit<Options, keyof Axes> = {} as Options,
  cases = FOLDS,
): Sample[] {
  return cases.map(([shape, options]) => fold(op, rule, input(shape), { ...extra, ...options } as Options));
}

function fold<Options extends Axes>(
  op: (x: Tensor, options: Options) => Tensor,
  rule: (elements: number[]) => number,
  input: Input,
  options: Options,
): Sample {
  return {
    title: `[${input.shape}] ${JSON.stringify(options)}`,
    inputs: [input],
    call: (x) => op(x, options),
    value: (x) => folded(x, options.axis, options.keepDims ?? false, rule),
  };
}

/** A random fold of a small tensor over any axes, `least` to `most` elements into one; what is kept may be nothing. */
function randomFold(random: Random, least: number, most = 48): { shape: number[]; options: Axes } {
  const draw = () => {
    // One rank 0 is like another.
    const shape = random.integer(0, 9) === 0 ? [] : smallShape(random, 1, 4);
    const options = maybe(random, {
      axis: someAxes(random, shape.length),
      keepDims: random.pick([true, false]),
    });
    const { axis } = options;
    const axes =
      axis === undefined ? [...shape.keys()] : [axis].flat().map((a) => (a < 0 ? a + shape.length : a));
    return { shape, options, axes };
  };
  const { shape, options, axes } = until(draw, (drawn) => {
    const count = drawn.axes.reduce((product, a) => product * drawn.shape[a], 1);
    return least <= count && count <= most;
  });
  const kept = [...shape.keys()].filter((a) => !axes.includes(a));
  if (kept.length > 0 && random.integer(0, 2) === 0) shape[random.pick(kept)] = 0;
  return { shape, options };
}

/** Random samples of a reduction that needs at least so many elements. */
const foldsAny =
  (
    op: (x: Tensor, options: Axes) => Tensor,
    rule: (elements: number[]) => number,
    { input = real, least = 0, most = 48 } = {},
  ) =>
  (random: Random): Sample => {
    const { shape, options } = randomFold(random, least, most);
    return fold(op, rule, input(shape), options);
  };

/** Random samples of a spread, whose divisor is the count less a correction. */
const spreads =
  (
    op: (x: Tensor, options: ops.VarianceOptions) => Tensor,
    rule: (correction: number) => (elements: number[]) => number,
    input: (shape: readonly number[]) => Input,
    least: number,
  ) =>
  (random: Random): Sample => {
    const correction = random.pick([undefined, 0, 0.5, 1, 2]);
    const { shape, options } = randomFold(random, Math.max(least, (correction ?? 1) + 1));
    const all = correction === undefined ? options : { ...options, correction };
    return fold(op, rule(correction ?? 1), input(shape), all);
  };

/** Random samples of a search: along one axis, or over all. */
const searches =
  (op: (x: Tensor, options: ops.ArgOptions) => Tensor, better: (a: number, b: number) => boolean) =>
  (random: Random): Sample => {
    const all = random.integer(0, 3) === 0;
    const { shape, options } = until(
      () => randomFold(random, 1),
      ({ options: { axis } }) => typeof axis === (all ? 'undefined' : 'number'),
    );
    return fold(op as (x: Tensor, options: Axes) => Tensor, firstWhere(better), apart(shape), options);
  };

const sumOf = (xs: number[]): number =>
  [...xs].sort((a, b) => Math.abs(a) - Math.abs(b)).reduce((s, x) => s + x, 0);
const meanOf = (xs: number[]): number => sumOf(xs.map((x) => x / xs.length));
const productOf = (xs: number[]): number => xs.reduceRight((p, x) => p * x, 1);

const varianceOf =
  (correction: number) =>
  (xs: number[]): number => {
    // Half of the mean squared difference of all pairs.
    let total = 0;
    for (const a of xs) for (const b of xs) total += (a - b) ** 2;
    return total / (2 * xs.length * (xs.length - correction));
  };

const normOf =
  (p: number) =>
  (xs: number[]): number =>
    p === Infinity ? Math.max(0, ...xs.map(Math.abs)) : sumOf(xs.map((x) => Math.abs(x) ** p)) ** (1 / p);

const logSumOf = (xs: number[]): number => Math.log(sumOf(xs.map(Math.exp)));

/** For results that would have the rounding of larger terms in them where they are near 0. */
const positive = (shape: readonly number[]): Input => real(shape, POSITIVE);
const nonzero = (shape: readonly number[]): Input => real(shape, NONZERO);
const MANY = FOLDS.filter(
  ([shape, { axis }]) =>
    !(
      shape.length === 0 ||
      shape.includes(0) ||
      shape.includes(1) ||
      (Array.isArray(axis) && axis.length === 0)
    ),
);

const axisRefusals = (name: string, op: (x: Tensor, options: Axes) => unknown): Sampled['refusals'] => [
  [() => op(f64([[1, 2]]), { axis: 2 }), IndexError, `${name}: axis must be an integer in [-2, 2), got 2`],
  [() => op(f64([[1, 2]]), { axis: -3 }), IndexError, `${name}: axis must be an integer in [-2, 2), got -3`],
  [
    () => op(f64([[1, 2]]), { axis: 0.5 }),
    IndexError,
    `${name}: axis must be an integer in [-2, 2), got 0.5`,
  ],
  [
    () => op(f64([[1, 2]]), { axis: '0' as never }),
    ArgumentError,
    `${name}: axis must be an integer, got "0"`,
  ],
  [
    () => op(f64([[1, 2]]), { keepDims: 1 as never }),
    ArgumentError,
    `${name}: keepDims must be true or false, got 1`,
  ],
];

const repeatedAxes = (name: string, op: (x: Tensor, options: Axes) => unknown): Sampled['refusals'] => [
  [
    () => op(f64([[1, 2]]), { axis: [0, 0] }),
    ArgumentError,
    `${name}: axis must name each axis once, got [0, 0]`,
  ],
  [
    () => op(f64([[1, 2]]), { axis: [1, -1] }),
    ArgumentError,
    `${name}: axis must name each axis once, got [1, -1]`,
  ],
];

const emptyRefusal = (name: string, op: (x: Tensor, options: Axes) => unknown): Sampled['refusals'] => [
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
];

/** First place of the best, by a rule that says whether a later element is better. */
const firstWhere =
  (better: (a: number, b: number) => boolean) =>
  (xs: number[]): number =>
    xs.findIndex((x) => xs.every((other) => !better(other, x)));

const ONE_AXIS: typeof FOLDS = [
  [[7], {}],
  [[2, 3], {}],
  [[2, 3, 4], { axis: 1 }],
  [[2, 3, 4], { axis: -1, keepDims: true }],
  [[], {}],
  [[0, 2], { axis: 1 }],
];

/** Samples of a search in rows under a mask, against a search of what each row keeps. */
function maskedSearches(
  op: (x: Tensor, mask: Tensor) => Tensor,
  better: (a: number, b: number) => boolean,
): Sample[] {
  const shapes: readonly (readonly number[])[] = [
    [3, 4],
    [1, 7],
    [40, 9],
    [2, 1],
    [0, 3],
    [3, 0],
  ];
  return shapes.map((shape) => maskedSearch(op, better, shape));
}

function maskedSearch(
  op: (x: Tensor, mask: Tensor) => Tensor,
  better: (a: number, b: number) => boolean,
  shape: readonly number[],
): Sample {
  return {
    title: `[${shape}]`,
    inputs: [apart(shape), bools(shape)],
    call: op,
    value: (x, mask) =>
      build([shape[0]], ([i]) => {
        const kept = lineThrough(mask, 1, [i, 0]).flatMap((keep, j) => (keep === 1 ? [j] : []));
        const row = lineThrough(x, 1, [i, 0]);
        return kept.find((j) => kept.every((other) => !better(row[other], row[j]))) ?? -1;
      }),
  };
}

function maskedRefusals(name: string, op: (x: Tensor, mask: Tensor) => Tensor): Sampled['refusals'] {
  return [
    [() => op(f64([1]), tensor([true])), ShapeError, `${name}: x must be a matrix [n, m], got shape [1]`],
    [() => op(f64([[1]]), f64([[1]])), DTypeError, `${name}: mask must be bool, got float64`],
    [
      () => op(f64([[1]]), tensor([[true, true]])),
      ShapeError,
      `${name}: mask must have the shape of x, [1, 1], got [1, 2]; reshape or expand it; it is never broadcast`,
    ],
    [
      () => op(f64([[1]]), [[true]] as never),
      ArgumentError,
      `${name}: mask must be a tensor, got an array of length 1; wrap it in tensor(…)`,
    ],
  ];
}

export const reduce = {
  sum: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 8,
    samples: [...folds(ops.sum, sumOf), ...folds(ops.sum, sumOf, real, {}, EMPTY_FOLDS)],
    random: foldsAny(ops.sum, sumOf),
    folds: { nothing: 0, NaN: Number.NaN, infinity: Infinity, infinities: Number.NaN, negative: -Infinity },
    options: (options) => ops.sum(f64([1]), options),
    refusals: [
      ...(axisRefusals('sum', ops.sum) ?? []),
      ...(repeatedAxes('sum', ops.sum) ?? []),
      [
        () => ops.sum(tensor([2147483647, 1], { dtype: 'int32' })),
        NumericError,
        "sum: the int32 result 2147483648 does not fit; cast to 'float64' first",
      ],
    ],
    facts: [
      ['1e100 + 1 − 1e100 is 1', () => ops.sum(f64([1e100, 1, -1e100])).item(), 1],
      [
        'ten million tenths in float32 give the rounded sum',
        () => ops.sum(tensor(new Float32Array(1e6).fill(0.1))).item(),
        Math.fround(1e6 * Math.fround(0.1)),
      ],
      ['infinities stay', () => ops.sum(f64([Infinity, 1e308, 1e308])).item(), Infinity],
      ['opposite infinities give NaN', () => ops.sum(f64([Infinity, -Infinity])).item(), Number.NaN],
      ['a number is a tensor of no axes', () => ops.sum(5).item(), 5],
    ],
  },
  mean: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 8,
    samples: folds(ops.mean, meanOf),
    random: foldsAny(ops.mean, meanOf, { input: positive, least: 1 }),
    folds: {
      nothing:
        'mean: the mean of no elements is undefined; x has shape [0]; pass empty: NaN, or test size first',
      NaN: Number.NaN,
      infinity: Infinity,
      infinities: Number.NaN,
      negative: -Infinity,
    },
    options: (options) => ops.mean(f64([1]), options),
    refusals: [
      ...(axisRefusals('mean', ops.mean) ?? []),
      [
        () => ops.mean(f64([])),
        NumericError,
        'mean: the mean of no elements is undefined; x has shape [0]; pass empty: NaN, or test size first',
      ],
      [
        () => ops.mean(f64([]), { empty: '0' as never }),
        ArgumentError,
        'mean: empty must be a number, got "0"',
      ],
    ],
    facts: [
      [
        'the mean of nothing is what `empty` says',
        () => [
          ops.mean(f64([]), { empty: Number.NaN }).item(),
          ops.mean(zeros([0, 2]), { axis: 0, empty: 7 }).toArray(),
          ops.mean(f64([1, 3]), { empty: 7 }).item(),
        ],
        [Number.NaN, [7, 7], 2],
      ],
      [
        'a sum beyond double precision still has a mean',
        () => ops.mean(f64([1.5e308, 1.5e308])).item(),
        1.5e308,
      ],
      [
        'a sum beyond float32 still has a mean',
        () => ops.mean(tensor([3e38, 3e38])).item(),
        Math.fround(3e38),
      ],
      ['infinities stay', () => ops.mean(f64([Infinity, 1])).item(), Infinity],
    ],
  },
  prod: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 16,
    samples: [
      ...folds(
        ops.prod,
        productOf,
        nonzero,
        {},
        FOLDS.filter(([shape]) => shape.join() !== '2,3,4').concat([
          [[2, 3], {}],
          [[2, 3, 2], { axis: [0, 2] }],
          [[2, 2, 3], { axis: 1, keepDims: true }],
        ]),
      ),
      ...folds(ops.prod, productOf, real, {}, EMPTY_FOLDS),
    ],
    // Few factors, so that integers fit.
    random: foldsAny(ops.prod, productOf, { most: 12 }),
    folds: { nothing: 1, NaN: Number.NaN, infinity: Infinity, infinities: -Infinity, negative: Infinity },
    options: (options) => ops.prod(f64([1]), options),
    refusals: [
      ...(repeatedAxes('prod', ops.prod) ?? []),
      [
        () => ops.prod(tensor([65536, 65536], { dtype: 'int32' })),
        NumericError,
        "prod: the int32 result 4294967296 does not fit; cast to 'float64' first",
      ],
    ],
    facts: [
      [
        'beside one zero the derivative is the product of the others',
        () => gradientOf((x) => ops.prod(x), [0, 2, 3]),
        [6, 0, 0],
      ],
      ['beside two zeros it is 0', () => gradientOf((x) => ops.prod(x), [0, 0, 3]), [0, 0, 0]],
      [
        'so is the second derivative',
        () => hessianOf((x) => ops.prod(x), [0, 0, 3]),
        [
          [0, 3, 0],
          [3, 0, 0],
          [0, 0, 0],
        ],
      ],
      [
        'along an axis too',
        () =>
          gradientOf(
            (x) => ops.prod(x, { axis: 1 }),
            [
              [0, 5],
              [3, 4],
            ],
          ),
        [
          [5, 0],
          [4, 3],
        ],
      ],
    ],
  },
  max: {
    kind: 'sampled',
    results: SAME,
    samples: folds(ops.max, (xs) => [...xs].sort((a, b) => b - a)[0], apart),
    random: foldsAny(ops.max, (xs) => [...xs].sort((a, b) => b - a)[0], { input: apart, least: 1 }),
    folds: {
      nothing: 'max: x must have at least one element along the folded axes, got shape [0]',
      NaN: Number.NaN,
      infinity: Infinity,
      infinities: Infinity,
      negative: -Infinity,
    },
    options: (options) => ops.max(f64([1]), options),
    refusals: [...(axisRefusals('max', ops.max) ?? []), ...(emptyRefusal('max', ops.max) ?? [])],
    kinks: [
      {
        at: 'k elements attain the maximum',
        subgradient: '1/k each',
        gradient: () => gradientOf((x) => ops.max(x), [3, 1, 3, 3, 3]),
        expected: [0.25, 0, 0.25, 0.25, 0.25],
      },
    ],
    facts: [
      ['NaN spreads', () => ops.max(f64([1, Number.NaN, 3])).item(), Number.NaN],
      ['−Infinity alone stays', () => ops.max(f64([-Infinity, -Infinity])).item(), -Infinity],
    ],
  },
  min: {
    kind: 'sampled',
    results: SAME,
    samples: folds(ops.min, (xs) => -Math.max(...xs.map((x) => -x)) + 0, apart),
    random: foldsAny(ops.min, (xs) => -Math.max(...xs.map((x) => -x)) + 0, { input: apart, least: 1 }),
    folds: {
      nothing: 'min: x must have at least one element along the folded axes, got shape [0]',
      NaN: Number.NaN,
      infinity: 1,
      infinities: -Infinity,
      negative: -Infinity,
    },
    options: (options) => ops.min(f64([1]), options),
    refusals: emptyRefusal('min', ops.min) ?? [],
    kinks: [
      {
        at: 'k elements attain the minimum',
        subgradient: '1/k each',
        gradient: () =>
          gradientOf(
            (x) => ops.min(x, { axis: 0 }),
            [
              [1, 2],
              [1, 3],
            ],
          ),
        expected: [
          [0.5, 1],
          [0.5, 0],
        ],
      },
    ],
    facts: [['NaN spreads', () => ops.min(f64([1, Number.NaN, 3])).item(), Number.NaN]],
  },
  argmax: {
    kind: 'sampled',
    results: INT32,
    samples: folds(
      ops.argmax as (x: Tensor, options: Axes) => Tensor,
      firstWhere((a, b) => a > b),
      apart,
      {},
      ONE_AXIS,
    ),
    random: searches(ops.argmax, (a, b) => a > b),
    folds: {
      nothing: 'argmax: x must have at least one element along the folded axes, got shape [0]',
      NaN: 1,
      infinity: 1,
      infinities: 0,
      negative: 0,
    },
    options: (options) => ops.argmax(f64([1]), options),
    refusals: [
      ...(emptyRefusal('argmax', ops.argmax as (x: Tensor, options: Axes) => Tensor) ?? []),
      [
        () => ops.argmax(f64([[1]]), { axis: [0] as never }),
        ArgumentError,
        'argmax: axis must be one axis, got [0]',
      ],
    ],
    facts: [
      ['the first of equals wins', () => ops.argmax(f64([1, 7, 7])).item(), 1],
      ['the first NaN wins over all', () => ops.argmax(f64([1, Number.NaN, 9, Number.NaN])).item(), 1],
      ['of NaN alone it is the first', () => ops.argmax(f64([Number.NaN, Number.NaN])).item(), 0],
      ['of −Infinity alone it is the first', () => ops.argmax(f64([-Infinity, -Infinity])).item(), 0],
    ],
  },
  argmin: {
    kind: 'sampled',
    results: INT32,
    samples: folds(
      ops.argmin as (x: Tensor, options: Axes) => Tensor,
      firstWhere((a, b) => a < b),
      apart,
      {},
      ONE_AXIS,
    ),
    random: searches(ops.argmin, (a, b) => a < b),
    folds: {
      nothing: 'argmin: x must have at least one element along the folded axes, got shape [0]',
      NaN: 1,
      infinity: 0,
      infinities: 1,
      negative: 0,
    },
    options: (options) => ops.argmin(f64([1]), options),
    refusals: emptyRefusal('argmin', ops.argmin as (x: Tensor, options: Axes) => Tensor) ?? [],
    facts: [
      ['the first of equals wins', () => ops.argmin(f64([3, 1, 1])).item(), 1],
      ['the first NaN wins over all', () => ops.argmin(f64([1, Number.NaN, -9])).item(), 1],
    ],
  },
  maskedArgmax: {
    kind: 'sampled',
    results: INT32,
    samples: maskedSearches(ops.maskedArgmax, (a, b) => a > b),
    random: (random) => maskedSearch(ops.maskedArgmax, (a, b) => a > b, random.shape(2, 2, true)),
    refusals: maskedRefusals('maskedArgmax', ops.maskedArgmax) ?? [],
    facts: [
      [
        'the first of equals among the kept wins',
        () => ops.maskedArgmax(f64([[9, 7, 7]]), tensor([[false, true, true]])).toArray(),
        [1],
      ],
      [
        'the first NaN among the kept wins, one that is dropped does not',
        () =>
          ops
            .maskedArgmax(
              f64([
                [Number.NaN, 1, Number.NaN, 9],
                [Number.NaN, 1, 2, 9],
              ]),
              tensor([
                [false, true, true, true],
                [false, true, true, false],
              ]),
            )
            .toArray(),
        [2, 2],
      ],
      [
        'of −Infinity alone it is the first',
        () => ops.maskedArgmax(f64([[3, -Infinity, -Infinity]]), tensor([[false, true, true]])).toArray(),
        [1],
      ],
      [
        'a row that keeps nothing has none',
        () => ops.maskedArgmax(f64([[1, 2]]), tensor([[false, false]])).toArray(),
        [-1],
      ],
    ],
  },
  maskedArgmin: {
    kind: 'sampled',
    results: INT32,
    samples: maskedSearches(ops.maskedArgmin, (a, b) => a < b),
    random: (random) => maskedSearch(ops.maskedArgmin, (a, b) => a < b, random.shape(2, 2, true)),
    refusals: maskedRefusals('maskedArgmin', ops.maskedArgmin) ?? [],
    facts: [
      [
        'the first of equals among the kept wins',
        () => ops.maskedArgmin(f64([[1, 7, 7]]), tensor([[false, true, true]])).toArray(),
        [1],
      ],
      [
        'the first NaN among the kept wins',
        () => ops.maskedArgmin(f64([[1, Number.NaN, -9]]), tensor([[true, true, true]])).toArray(),
        [1],
      ],
      [
        'of Infinity alone it is the first',
        () => ops.maskedArgmin(f64([[3, Infinity, Infinity]]), tensor([[false, true, true]])).toArray(),
        [1],
      ],
    ],
  },
  any: {
    kind: 'sampled',
    results: BOOL,
    samples: [
      ...folds(ops.any, (xs) => Number(xs.some((x) => x !== 0))),
      ...folds(ops.any, () => 0, real, {}, EMPTY_FOLDS),
    ],
    random: foldsAny(ops.any, (xs) => Number(xs.some((x) => x !== 0))),
    folds: { nothing: false, NaN: true, infinity: true, infinities: true, negative: true },
    options: (options) => ops.any(f64([1]), options),
    refusals: repeatedAxes('any', ops.any) ?? [],
    facts: [['NaN is not 0', () => ops.any(f64([0, Number.NaN])).toArray(), true]],
  },
  all: {
    kind: 'sampled',
    results: BOOL,
    samples: [
      ...folds(ops.all, (xs) => Number(xs.every((x) => x !== 0))),
      ...folds(ops.all, () => 1, real, {}, EMPTY_FOLDS),
    ],
    random: foldsAny(ops.all, (xs) => Number(xs.every((x) => x !== 0))),
    folds: { nothing: true, NaN: true, infinity: true, infinities: true, negative: true },
    options: (options) => ops.all(f64([1]), options),
    refusals: repeatedAxes('all', ops.all) ?? [],
  },
  variance: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 32,
    samples: [
      ...folds(ops.variance, varianceOf(1), real, {}, MANY),
      ...folds(ops.variance, varianceOf(0), real, { correction: 0 }, MANY),
      ...folds(ops.variance, varianceOf(0.5), real, { correction: 0.5 }, MANY),
    ],
    random: spreads(ops.variance, varianceOf, real, 1),
    folds: {
      nothing: 'variance: x must have more than 1 elements along the folded axes, got 0; test size first',
      NaN: Number.NaN,
      infinity: Number.NaN,
      infinities: Number.NaN,
      negative: Number.NaN,
    },
    options: (options) => ops.variance(f64([1, 2]), options),
    refusals: [
      [
        () => ops.variance(f64([1])),
        ArgumentError,
        'variance: x must have more than 1 elements along the folded axes, got 1; pass correction: 0',
      ],
      [
        () => ops.variance(f64([]), { correction: 0 }),
        ArgumentError,
        'variance: x must have more than 0 elements along the folded axes, got 0; test size first',
      ],
      [
        () => ops.variance(f64([1]), { correction: -1 }),
        ArgumentError,
        'variance: correction must be a finite number at least 0, got -1',
      ],
    ],
    facts: [
      ['a mean of 1e8 costs no digits', () => ops.variance(f64([1e8, 1e8 + 1, 1e8 + 2])).item(), 1],
      [
        'a mean of 1e4 costs no digits in float32',
        () => ops.variance(tensor([1e4, 1e4 + 1, 1e4 + 2])).item(),
        1,
      ],
      [
        'of a constant it is 0, and so is the derivative',
        () => [ops.variance(f64([3, 3])).item(), gradientOf((x) => ops.variance(x), [3, 3])],
        [0, [0, 0]],
      ],
    ],
  },
  std: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 32,
    samples: [
      ...folds(ops.std, (xs) => Math.sqrt(varianceOf(1)(xs)), apart, {}, MANY),
      ...folds(ops.std, (xs) => Math.sqrt(varianceOf(0)(xs)), apart, { correction: 0 }, MANY),
      ...folds(ops.std, (xs) => Math.sqrt(varianceOf(1.5)(xs)), apart, { correction: 1.5 }, MANY),
    ],
    // Of one element it is 0, which is a kink.
    random: spreads(ops.std, (correction) => (xs) => Math.sqrt(varianceOf(correction)(xs)), apart, 2),
    folds: {
      nothing: 'std: x must have more than 1 elements along the folded axes, got 0; test size first',
      NaN: Number.NaN,
      infinity: Number.NaN,
      infinities: Number.NaN,
      negative: Number.NaN,
    },
    options: (options) => ops.std(f64([1, 2]), options),
    refusals: [
      [
        () => ops.std(f64([1])),
        ArgumentError,
        'std: x must have more than 1 elements along the folded axes, got 1; pass correction: 0',
      ],
    ],
    kinks: [
      {
        at: 'all elements equal',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.std(x), [2, 2, 2]),
        expected: [0, 0, 0],
      },
    ],
  },
  norm: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: [
      ...folds(ops.norm, normOf(2), nonzero),
      ...folds(ops.norm, normOf(1), nonzero, { ord: 1 }),
      ...folds(ops.norm, normOf(3), nonzero, { ord: 3 }),
      ...folds(ops.norm, normOf(1.5), nonzero, { ord: 1.5 }, MANY),
      ...folds(
        ops.norm,
        normOf(Infinity),
        apart,
        { ord: Infinity },
        MANY.map(([shape, options]) => [shape, options]),
      ),
      ...folds(ops.norm, () => 0, real, {}, EMPTY_FOLDS),
      ...folds(ops.norm, () => 0, real, { ord: 3 }, EMPTY_FOLDS),
    ],
    random: (random) => {
      const ord = random.pick([undefined, 0.5, 1, 1.5, 2, 3, Infinity]);
      const { shape, options } = randomFold(random, 0, 24);
      const input = ord === Infinity ? apart(shape) : nonzero(shape);
      return fold(ops.norm, normOf(ord ?? 2), input, ord === undefined ? options : { ...options, ord });
    },
    folds: { nothing: 0, NaN: Number.NaN, infinity: Infinity, infinities: Infinity, negative: Infinity },
    options: (options) => ops.norm(f64([1]), options),
    refusals: [
      [() => ops.norm(f64([1]), { ord: -1 }), ArgumentError, 'norm: ord must be a number at least 0, got -1'],
      [
        () => ops.norm(f64([1]), { ord: Number.NaN }),
        ArgumentError,
        'norm: ord must be a number at least 0, got NaN',
      ],
    ],
    kinks: [
      {
        at: 'x = 0, Euclidean',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.norm(x), [0, 0]),
        expected: [0, 0],
      },
      {
        at: 'x = 0, ord 1',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: 1 }), [0, 3]),
        expected: [0, 1],
      },
      {
        at: 'x = 0, ord 3',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: 3 }), [0, 0]),
        expected: [0, 0],
      },
      {
        at: 'one element is 0, ord ½',
        subgradient: '0 for it',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: 0.5 }), [0, 4, 4]),
        expected: [0, 2, 2],
      },
      {
        at: 'everywhere, ord 0',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: 0 }), [0, 4]),
        expected: [0, 0],
      },
      {
        at: 'x = 0, ord ∞',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: Infinity }), [0, 0]),
        expected: [0, 0],
      },
      {
        at: 'k elements attain the largest magnitude, ord ∞',
        subgradient: 'sign(x)/k each',
        gradient: () => gradientOf((x) => ops.norm(x, { ord: Infinity }), [2, -2, 1]),
        expected: [0.5, -0.5, 0],
      },
    ],
    facts: [
      ['it neither overflows', () => ops.norm(f64([3e200, 4e200])).item(), near(5e200)],
      ['nor underflows', () => ops.norm(f64([3e-200, 4e-200])).item(), near(5e-200)],
      [
        'nor with another ord',
        () => Math.abs(ops.norm(f64([1e200, 1e200]), { ord: 3 }).item() / 1e200 - 2 ** (1 / 3)) < 1e-15,
        true,
      ],
      ['ord ½', () => ops.norm(f64([0, 3, -12]), { ord: 0.5 }).item(), near(27)],
      ['ord ½ of large numbers', () => ops.norm(f64([1e307, 1e307]), { ord: 0.5 }).item(), near(4e307)],
      ['ord 0 counts what is not 0', () => ops.norm(f64([0, 3, -0, Number.NaN]), { ord: 0 }).item(), 2],
      ['ord 0 of nothing', () => ops.norm(f64([]), { ord: 0 }).item(), 0],
      [
        'infinities stay, whatever the ord above 0',
        () => [0.5, 1, 2, 3, Infinity].map((ord) => ops.norm(f64([-Infinity, 1]), { ord }).item()),
        [Infinity, Infinity, Infinity, Infinity, Infinity],
      ],
      [
        'NaN spreads, whatever the ord above 0',
        () => [0.5, 1, 2, 3, Infinity].map((ord) => ops.norm(f64([Number.NaN, 1]), { ord }).item()),
        [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
      ],
      ['float32 squares do not overflow', () => ops.norm(tensor([3e30, 4e30])).item(), Math.fround(5e30)],
    ],
  },
  logSumExp: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: [
      ...folds(ops.logSumExp, logSumOf),
      ...folds(ops.logSumExp, () => -Infinity, real, {}, EMPTY_FOLDS),
    ],
    random: foldsAny(ops.logSumExp, logSumOf, { input: positive }),
    folds: {
      nothing: -Infinity,
      NaN: Number.NaN,
      infinity: Infinity,
      infinities: Infinity,
      negative: -Infinity,
    },
    options: (options) => ops.logSumExp(f64([1]), options),
    refusals: axisRefusals('logSumExp', ops.logSumExp) ?? [],
    kinks: [
      {
        at: 'all elements −Infinity',
        subgradient: '0',
        gradient: () => gradientOf((x) => ops.logSumExp(x), [-Infinity, -Infinity]),
        expected: [0, 0],
      },
    ],
    facts: [
      ['1000 and 1000 do not overflow', () => ops.logSumExp(f64([1000, 1000])).item(), 1000 + Math.LN2],
      ['−1000 and −1000 do not underflow', () => ops.logSumExp(f64([-1000, -1000])).item(), -1000 + Math.LN2],
      ['0 and −40 keep the tail', () => ops.logSumExp(f64([0, -40])).item(), 4.248354255291589e-18],
      ['−Infinity alone stays', () => ops.logSumExp(f64([-Infinity, -Infinity])).item(), -Infinity],
      ['Infinity stays', () => ops.logSumExp(f64([Infinity, 1])).item(), Infinity],
      ['NaN spreads', () => ops.logSumExp(f64([1, Number.NaN, Infinity])).item(), Number.NaN],
      [
        'beside −Infinity the derivative is finite',
        () => gradientOf((x) => ops.logSumExp(x), [-Infinity, 2]),
        [0, 1],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

/** Second derivatives of a scalar function, row by row. */
function hessianOf(op: (x: Tensor) => Tensor, data: readonly number[]): unknown {
  const x = f64(data, true);
  const [g] = gradients([op(x)], [x], { createGraph: true });
  return data.map((_, i) => {
    const pick = f64(data.map((__, j) => Number(i === j)));
    return gradients([g as Tensor], [x], { gradients: [pick], retainGraph: true })[0]?.toArray();
  });
}

/** Samples along one axis, against a rule from the line to its new elements. */
function alongLines<Options extends { readonly axis?: number }>(
  op: (x: Tensor, options: Options) => Tensor,
  rule: (line: number[]) => number[],
  domain?: Domain,
  extra: Omit<Options, 'axis'> = {} as Options,
): Sample[] {
  const cases: (readonly [number[], number | undefined])[] = [
    [[5], undefined],
    [[2, 4], undefined],
    [[2, 3, 4], 1],
    [[3, 2], 0],
    [[3, 2, 2], -3],
    [[2, 1], -1],
    [[2, 0], -1],
    [[0, 2], -1],
  ];
  return cases.map(([shape, axis]) =>
    alongLine(op, rule, domain, shape, (axis === undefined ? extra : { ...extra, axis }) as Options),
  );
}

function alongLine<Options extends { readonly axis?: number }>(
  op: (x: Tensor, options: Options) => Tensor,
  rule: (line: number[]) => number[],
  domain: Domain | undefined,
  shape: readonly number[],
  options: Options,
): Sample {
  const { axis = -1 } = options;
  return {
    title: `[${shape}] ${JSON.stringify(options)}`,
    inputs: [real(shape, domain)],
    call: (x) => op(x, options),
    value: (x: Grid) => {
      const a = axis < 0 ? axis + shape.length : axis;
      return build(shape, (index) => rule(lineThrough(x, a, index))[index[a]]);
    },
  };
}

/** Random samples along one axis. */
const linesAny =
  (op: (x: Tensor, options: { readonly axis?: number }) => Tensor, rule: (line: number[]) => number[]) =>
  (random: Random): Sample => {
    const shape = random.shape(1, 4, true);
    return alongLine(op, rule, undefined, shape, maybe(random, { axis: random.axis(shape.length) }));
  };

/** Unit vectors by their definition, with vectors shorter than `epsilon` divided by it. */
const unitOf =
  (epsilon: number) =>
  (line: number[]): number[] =>
    line.map((x) => (x === 0 ? 0 : x / Math.max(epsilon, normOf(2)(line))));

const _runningSums = (line: number[]): number[] => line.map((_, i) => sumOf(line.slice(0, i + 1)));

const shares = (line: number[]): number[] => {
  const total = sumOf(line.map(Math.exp));
  return line.map((x) => Math.exp(x) / total);
};

const rowRefusals = (
  name: string,
  op: (x: Tensor, options: { axis: number }) => unknown,
): Sampled['refusals'] => [
  [() => op(f64([[1, 2]]), { axis: 2 }), IndexError, `${name}: axis must be an integer in [-2, 2), got 2`],
  [() => op(tensor(1), { axis: 0 }), IndexError, `${name}: axis must be an integer in [0, 0), got 0`],
];

export const rows = {
  softmax: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: alongLines(lines.softmax, shares),
    random: linesAny(lines.softmax, shares),
    folds: {
      nothing: [],
      NaN: [Number.NaN, Number.NaN, Number.NaN],
      infinity: [Number.NaN, Number.NaN],
      infinities: [Number.NaN, Number.NaN],
      negative: [0.5, 0.5],
    },
    options: (options) => lines.softmax(f64([1]), options),
    refusals: rowRefusals('softmax', lines.softmax) ?? [],
    facts: [
      [
        'a row of −Infinity gives equal shares',
        () => lines.softmax(f64([-Infinity, -Infinity])).toArray(),
        [0.5, 0.5],
      ],
      ['with a derivative of 0', () => gradientOf((x) => lines.softmax(x), [-Infinity, -Infinity]), [0, 0]],
      ['±1e4 do not overflow', () => lines.softmax(f64([1e4, -1e4])).toArray(), [1, 0]],
      [
        'NaN spreads over its row',
        () =>
          lines
            .softmax(
              f64([
                [Number.NaN, 1],
                [1, 1],
              ]),
            )
            .toArray(),
        [
          [Number.NaN, Number.NaN],
          [0.5, 0.5],
        ],
      ],
    ],
  },
  logSoftmax: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: alongLines(lines.logSoftmax, (line) => shares(line).map(Math.log)),
    random: linesAny(lines.logSoftmax, (line) => shares(line).map(Math.log)),
    folds: {
      nothing: [],
      NaN: [Number.NaN, Number.NaN, Number.NaN],
      infinity: [-Infinity, Number.NaN],
      infinities: [Number.NaN, -Infinity],
      negative: [-Math.LN2, -Math.LN2],
    },
    options: (options) => lines.logSoftmax(f64([1]), options),
    refusals: rowRefusals('logSoftmax', lines.logSoftmax) ?? [],
    facts: [
      [
        'a sure class keeps its tiny loss',
        () => lines.logSoftmax(f64([40, 0])).toArray(),
        [-4.248354255291589e-18, -40],
      ],
      ['800 apart is exact', () => lines.logSoftmax(f64([0, 800])).toArray(), [-800, 0]],
      [
        'a row of −Infinity is −log n',
        () => lines.logSoftmax(f64([-Infinity, -Infinity])).toArray(),
        [-Math.LN2, -Math.LN2],
      ],
      [
        'a cotangent on one entry of a sure row stays finite',
        () => {
          const x = f64([0, -Infinity], true);
          return gradients([lines.logSoftmax(x)], [x], { gradients: [f64([1, 0])] })[0]?.toArray();
        },
        [0, 0],
      ],
    ],
  },
  normalize: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: [
      ...alongLines(lines.normalize, unitOf(0), NONZERO),
      ...alongLines(lines.normalize, unitOf(0.1), NONZERO, { epsilon: 0.1 }),
      ...alongLines(lines.normalize, unitOf(50), NONZERO, { epsilon: 50 }),
    ],
    random: (random) => {
      const shape = random.shape(1, 4, true);
      const options = maybe(random, { axis: random.axis(shape.length), epsilon: random.pick([0, 0.1, 50]) });
      return alongLine(lines.normalize, unitOf(options.epsilon ?? 0), NONZERO, shape, options);
    },
    folds: {
      nothing: [],
      NaN: [Number.NaN, Number.NaN, Number.NaN],
      infinity: [0, Number.NaN],
      infinities: [Number.NaN, Number.NaN],
      negative: [Number.NaN, Number.NaN],
    },
    options: (options) => lines.normalize(f64([1]), options),
    refusals: [
      ...(rowRefusals('normalize', lines.normalize) ?? []),
      [
        () => lines.normalize(f64([1]), { epsilon: -1 }),
        ArgumentError,
        'normalize: epsilon must be a finite number at least 0, got -1',
      ],
    ],
    kinks: [
      {
        at: 'x = 0',
        subgradient: '0',
        gradient: () =>
          gradientOf(
            (x) => lines.normalize(x),
            [
              [0, 0],
              [3, 4],
            ].map((r) => r),
          ),
        expected: [[0, 0], [(1 / 5) * (1 - (3 * 7) / 25), (1 / 5) * (1 - (4 * 7) / 25)].map((x) => near(x))],
      },
    ],
    facts: [
      [
        'zero vectors stay zero',
        () =>
          lines
            .normalize(
              f64([
                [3, 4],
                [0, 0],
              ]),
            )
            .toArray(),
        [
          [0.6, 0.8],
          [0, 0],
        ],
      ],
      [
        'tiny vectors keep their direction',
        () => lines.normalize(f64([3e-200, 4e-200])).toArray(),
        [near(0.6), near(0.8)],
      ],
      ['huge ones too', () => lines.normalize(f64([3e200, 4e200])).toArray(), [near(0.6), near(0.8)]],
    ],
  },
} satisfies Record<string, Sampled>;
