/** @file Test rows of ops/scan.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, IndexError, NumericError } from '../../src/errors.js';
import * as ops from '../../src/ops/scan.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { build, lineThrough } from '../grid.js';
import { ARITHMETIC, apart, type Input, type Random, real, SAME, type Sample, type Sampled } from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

const { NaN: nan } = Number;

interface Axis {
  readonly axis?: number;
}
type Scan = (x: Tensor, options: Axis) => Tensor | readonly Tensor[];
/** Results at the end of the part of a line that was seen so far. */
type Rule = (seen: number[]) => number[];

function scanned(
  op: Scan,
  rule: Rule,
  shape: readonly number[],
  axis: number | undefined,
  input: (shape: readonly number[]) => Input,
): Sample {
  return {
    title: `[${shape}] along ${axis ?? 'the last axis'}`,
    inputs: [input(shape)],
    call: (x) => op(x, axis === undefined ? {} : { axis }),
    value: (x) => {
      const a = axis === undefined ? shape.length - 1 : axis < 0 ? axis + shape.length : axis;
      return rule([0]).map((_, k) =>
        build(shape, (index) => rule(lineThrough(x, a, index).slice(0, index[a] + 1))[k]),
      );
    },
  };
}

const CASES: readonly (readonly [shape: number[], axis: number | undefined])[] = [
  [[7], undefined],
  [[2, 4], undefined],
  [[2, 3, 4], 1],
  [[3, 2], 0],
  [[3, 2, 2], -3],
  [[2, 1], -1],
  [[2, 0], -1],
  [[0, 2], -1],
];

/** Samples and random ones of a scan. */
function scans(op: Scan, rule: Rule, input: (shape: readonly number[]) => Input = real) {
  return {
    samples: CASES.map(([shape, axis]) => scanned(op, rule, shape, axis, input)),
    random: (random: Random): Sample => {
      const shape = random.shape(1, 4, true);
      return scanned(op, rule, shape, random.axis(shape.length), input);
    },
  };
}

const refusals = (name: string, op: (x: Tensor, options: Axis) => unknown): Sampled['refusals'] => [
  [() => op(f64([[1, 2]]), { axis: 2 }), IndexError, `${name}: axis must be an integer in [-2, 2), got 2`],
  [() => op(tensor(1), { axis: 0 }), IndexError, `${name}: axis must be an integer in [0, 0), got 0`],
  [() => op(f64([1]), { axis: '0' as never }), ArgumentError, `${name}: axis must be an integer, got "0"`],
  [
    () => op([1] as never, {}),
    ArgumentError,
    `${name}: x must be a tensor or a number, got an array of length 1; wrap arrays in tensor(…)`,
  ],
];

/** Derivatives of Σ wᵢ yᵢ. */
function pull(op: (x: Tensor) => Tensor, data: readonly number[], weights = data.map(() => 1)): unknown {
  const x = f64(data, true);
  return gradients([op(x)], [x], { gradients: [f64(weights)] })[0]?.toArray();
}

/** The matrix of second derivatives of Σ yᵢ. */
function curvature(op: (x: Tensor) => Tensor, data: readonly number[]): unknown {
  const x = f64(data, true);
  const [g] = gradients([op(x)], [x], { gradients: [f64(data.map(() => 1))], createGraph: true });
  return data.map((_, i) => {
    const unit = f64(data.map((__, k) => Number(k === i)));
    return gradients([g as Tensor], [x], { gradients: [unit], retainGraph: true })[0]?.toArray();
  });
}

const overflow = (
  name: string,
  op: (x: Tensor) => unknown,
  data: number[],
  got: number,
): Sampled['refusals'] => [
  [
    () => op(tensor(data, { dtype: 'int32' })),
    NumericError,
    `${name}: the int32 result ${got} does not fit; cast to 'float64' first`,
  ],
];

const sumOf = (line: number[]): number =>
  [...line].sort((a, b) => Math.abs(a) - Math.abs(b)).reduce((s, x) => s + x, 0);

const both = (op: (x: Tensor, options: Axis) => { values: Tensor; indices: Tensor }): Scan => {
  return (x, options) => {
    const { values, indices } = op(x, options);
    return [values, indices];
  };
};
const reached =
  (extreme: (...line: number[]) => number): Rule =>
  (seen) => [extreme(...seen), seen.indexOf(extreme(...seen))];

export const scan = {
  cumsum: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 8,
    ...scans(
      (x, options) => [ops.cumsum(x, options)],
      (seen) => [sumOf(seen)],
    ),
    folds: {
      nothing: [],
      NaN: [1, nan, nan],
      infinity: [1, Infinity],
      infinities: [Infinity, nan],
      negative: [-Infinity, -Infinity],
    },
    options: (options) => ops.cumsum(f64([1]), options),
    refusals: [
      ...(refusals('cumsum', ops.cumsum) ?? []),
      ...(overflow('cumsum', (x) => ops.cumsum(x), [2147483647, 1, -1], 2147483648) ?? []),
    ],
    facts: [
      [
        'float32 accumulates in double',
        () => (ops.cumsum(tensor(new Float32Array(1e5).fill(0.1))).toTypedArray() as Float32Array).at(-1),
        Math.fround(1e5 * Math.fround(0.1)),
      ],
    ],
  },
  cumprod: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 16,
    ...scans(
      (x, options) => [ops.cumprod(x, options)],
      (seen) => [seen.reduceRight((p, x) => p * x, 1)],
    ),
    folds: {
      nothing: [],
      NaN: [1, nan, nan],
      infinity: [1, Infinity],
      infinities: [Infinity, -Infinity],
      negative: [-Infinity, Infinity],
    },
    options: (options) => ops.cumprod(f64([1]), options),
    refusals: [
      ...(refusals('cumprod', ops.cumprod) ?? []),
      ...(overflow('cumprod', (x) => ops.cumprod(x), [65536, 65536, 0], 4294967296) ?? []),
    ],
    facts: [
      [
        'float32 accumulates in double',
        () => (ops.cumprod(tensor(new Float32Array(1e4).fill(1.0001))).toTypedArray() as Float32Array).at(-1),
        Math.fround(Math.exp(1e4 * Math.log(Math.fround(1.0001)))),
      ],
      [
        'beside one zero the derivative goes through the products of the others',
        () => pull((x) => ops.cumprod(x), [2, 0, 3, 4]),
        [1, 2 * (1 + 3 + 12), 0, 0],
      ],
      ['beside two as well', () => pull((x) => ops.cumprod(x), [2, 0, 3, 0, 4]), [1, 8, 0, 0, 0]],
      [
        'so does the second derivative',
        () => curvature((x) => ops.cumprod(x), [0, 0, 3]),
        [
          [0, 4, 0],
          [4, 0, 0],
          [0, 0, 0],
        ],
      ],
      [
        'a cotangent of 0 gives 0 beside infinities',
        () => pull((x) => ops.cumprod(x), [1, Infinity, nan], [0, 0, 0]),
        [0, 0, 0],
      ],
      ['NaN spreads to the end', () => ops.cumprod(f64([2, nan, 0])).toArray(), [2, nan, nan]],
      [
        'a row of 1e5 has its derivative in a moment',
        () => {
          const x = tensor(new Float64Array(1e5).fill(1), { requiresGrad: true });
          ops.cumprod(x).sum().backward();
          return [x.grad?.toTypedArray()[0], x.grad?.toTypedArray()[99999]];
        },
        [1e5, 1],
      ],
    ],
  },
  cummax: {
    kind: 'sampled',
    results: SAME,
    others: 'int32',
    ...scans(both(ops.cummax), reached(Math.max), apart),
    folds: {
      nothing: [],
      NaN: [1, nan, nan],
      infinity: [1, Infinity],
      infinities: [Infinity, Infinity],
      negative: [-Infinity, -Infinity],
    },
    fold: ['cummax(x).values', (x) => ops.cummax(x).values],
    options: (options) => ops.cummax(f64([1]), options),
    refusals: refusals('cummax', ops.cummax) ?? [],
    kinks: [
      {
        at: 'ties',
        subgradient: 'shared equally among what has attained the maximum so far',
        gradient: () => pull((x) => ops.cummax(x).values, [1, 3, 2, 3, 3, 0], [1, 10, 100, 1000, 3000, 6000]),
        expected: [1, 110 + 500 + 1000 + 2000, 0, 500 + 1000 + 2000, 1000 + 2000, 0],
      },
    ],
    facts: [
      ['of equals the first is reached', () => ops.cummax(f64([2, 2, 1, 2])).indices.toArray(), [0, 0, 0, 0]],
      [
        'NaN spreads from where it is first, with a derivative of 0',
        () => {
          const x = [1, nan, 5, nan];
          const { values, indices } = ops.cummax(f64(x));
          return [values.toArray(), indices.toArray(), pull((t) => ops.cummax(t).values, x)];
        },
        [
          [1, nan, nan, nan],
          [0, 1, 1, 1],
          [1, 0, 0, 0],
        ],
      ],
      [
        '−Infinity alone is a maximum',
        () => pull((x) => ops.cummax(x).values, [-Infinity, -Infinity]),
        [1.5, 0.5],
      ],
    ],
  },
  cummin: {
    kind: 'sampled',
    results: SAME,
    others: 'int32',
    ...scans(both(ops.cummin), reached(Math.min), apart),
    folds: {
      nothing: [],
      NaN: [1, nan, nan],
      infinity: [1, 1],
      infinities: [Infinity, -Infinity],
      negative: [-Infinity, -Infinity],
    },
    fold: ['cummin(x).values', (x) => ops.cummin(x).values],
    options: (options) => ops.cummin(f64([1]), options),
    refusals: refusals('cummin', ops.cummin) ?? [],
    kinks: [
      {
        at: 'ties',
        subgradient: 'shared equally among what has attained the minimum so far',
        gradient: () => pull((x) => ops.cummin(x).values, [1, 0, 2, 0], [1, 10, 100, 1000]),
        expected: [1, 110 + 500, 0, 500],
      },
    ],
    facts: [
      [
        'NaN spreads from where it is first',
        () => ops.cummin(f64([1, nan, -5])).values.toArray(),
        [1, nan, nan],
      ],
    ],
  },
} satisfies Record<string, Sampled>;
