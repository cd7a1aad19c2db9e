/** @file Test rows of what ops/distance.ts measures row by row. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, IndexError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/distance.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { atBroadcast, build, type Grid, replaced } from '../grid.js';
import {
  type Domain,
  FLOAT,
  near,
  POSITIVE,
  type Random,
  type Refusal,
  real,
  type Sample,
  type Sampled,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

/** Nothing in it comes near a vector of `POSITIVE`, nor crosses 0. */
const NEGATIVE: Domain = [[-4, -3]];

type Measure = (a: number[], b: number[]) => number;

/** A measure of vectors along an axis of operands that broadcast. */
function rowwise(
  call: (a: Tensor, b: Tensor) => Tensor,
  measure: Measure,
  a: readonly number[],
  b: readonly number[],
  { axis = -1, keepDims = false }: { axis?: number; keepDims?: boolean } = {},
  title = '',
): Sample {
  return {
    title: `[${a}] and [${b}] along ${axis} ${title}${keepDims ? ', kept' : ''}`,
    inputs: [real(a, POSITIVE), real(b, NEGATIVE)],
    call,
    value: (x: Grid, y: Grid) => {
      const rank = Math.max(a.length, b.length);
      const joint = Array.from({ length: rank }, (_, i) => {
        const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
        return p === 1 ? q : p;
      });
      const at = axis < 0 ? axis + rank : axis;
      const line = (grid: Grid, index: readonly number[]): number[] =>
        Array.from({ length: joint[at] }, (_, i) => atBroadcast(grid, replaced(index, at, i)));
      const kept = build(replaced(joint, at, 1), (index) => measure(line(x, index), line(y, index)));
      return keepDims ? kept : { ...kept, shape: joint.filter((_, i) => i !== at) };
    },
  };
}

const total = (xs: number[]): number => xs.reduceRight((s, x) => s + x, 0);
const length = (xs: number[]): number => Math.sqrt(total(xs.map((x) => x * x)));

/** By polarisation: 4 a · b = |a + b|² − |a − b|². */
const cosine: Measure = (a, b) => {
  if (length(a) === 0 || length(b) === 0) return 0;
  const square = (sign: number): number => total(a.map((x, i) => (x + sign * b[i]) ** 2));
  return (square(1) - square(-1)) / (4 * length(a) * length(b));
};

const minkowski =
  (p: number): Measure =>
  (a, b) => {
    const differences = a.map((x, i) => Math.abs(x - b[i]));
    return p === Infinity ? Math.max(0, ...differences) : total(differences.map((d) => d ** p)) ** (1 / p);
  };

const PAIRS: readonly (readonly [number[], number[]])[] = [
  [[4], [4]],
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [2, 1, 3],
    [4, 3],
  ],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [0, 3],
    [0, 3],
  ],
];

const randomPair = (random: Random): [number[], number[]] => {
  const full = random.shape(1, 4, true);
  const part = full
    .slice(random.integer(0, full.length - 1))
    .map((extent) => (random.integer(0, 3) === 0 ? 1 : extent));
  return random.pick([
    [full, part],
    [part, full],
  ]);
};

const pairRefusals = (name: string, op: (a: Tensor, b: Tensor) => unknown): Refusal[] => [
  [
    () => op(f64([1, 2]), f64([1, 2, 3])),
    ShapeError,
    `${name}: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3`,
  ],
  [
    () => op(tensor(1), tensor(1)),
    ShapeError,
    `${name}: a and b must have an axis of coordinates, got two 0-d tensors`,
  ],
  [() => op(1 as never, f64([1])), ArgumentError, `${name}: a must be a tensor, got 1; wrap it in tensor(…)`],
  [
    () => op(f64([1]), [1] as never),
    ArgumentError,
    `${name}: b must be a tensor, got an array of length 1; wrap it in tensor(…)`,
  ],
];

/** Derivatives of the sum of results by both operands. */
function pull(op: (a: Tensor, b: Tensor) => Tensor, a: readonly unknown[], b: readonly unknown[]): unknown {
  const leaves = [f64(a, true), f64(b, true)];
  const y = op(leaves[0], leaves[1]);
  const ones = tensor(new Float64Array(y.size).fill(1), { shape: y.shape });
  return gradients([y], leaves, { gradients: [ones] }).map((g) => g?.toArray());
}

const along =
  (axis: number) =>
  (a: Tensor, b: Tensor): Tensor =>
    ops.cosineSimilarity(a, b, { axis });

export const rowDistance = {
  cosineSimilarity: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: [
      ...PAIRS.map(([a, b]) => rowwise((x, y) => ops.cosineSimilarity(x, y), cosine, a, b)),
      rowwise(along(0), cosine, [3, 4], [3, 4], { axis: 0 }),
      rowwise(along(-2), cosine, [2, 3, 4], [3, 1], { axis: -2 }),
      rowwise((x, y) => ops.cosineSimilarity(x, y), cosine, [2, 0], [2, 0]),
    ],
    random: (random) => {
      const [a, b] = randomPair(random);
      const axis = random.axis(Math.max(a.length, b.length));
      return rowwise(along(axis), cosine, a, b, { axis });
    },
    options: (options) => ops.cosineSimilarity(f64([1]), f64([1]), options),
    refusals: [
      ...pairRefusals('cosineSimilarity', (a, b) => ops.cosineSimilarity(a, b)),
      [
        () => ops.cosineSimilarity(f64([1]), f64([[1]]), { axis: 2 }),
        IndexError,
        'cosineSimilarity: axis must be an integer in [-2, 2), got 2',
      ],
    ],
    kinks: [
      {
        at: 'a vector of length 0',
        subgradient: '0 for both',
        gradient: () =>
          pull(
            (a, b) => ops.cosineSimilarity(a, b),
            [
              [0, 0],
              [3, 4],
              [0, 0],
            ],
            [
              [1, 2],
              [0, 0],
              [0, 0],
            ],
          ),
        expected: [
          [
            [0, 0],
            [0, 0],
            [0, 0],
          ],
          [
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        ],
      },
    ],
    facts: [
      [
        'a vector of length 0 is like nothing',
        () =>
          ops
            .cosineSimilarity(
              f64([
                [0, 0],
                [3, 4],
              ]),
              f64([
                [1, 2],
                [0, 0],
              ]),
            )
            .toArray(),
        [0, 0],
      ],
      [
        'tiny and huge vectors have their angle',
        () => [
          ops.cosineSimilarity(f64([3e-200, 4e-200]), f64([4e200, 3e200])).item(),
          ops.cosineSimilarity(f64([3e200, 4e200]), f64([4e200, 3e200])).item(),
          ops.cosineSimilarity(f64([5e-324, 0]), f64([5e-324, 0])).item(),
        ],
        [near(0.96), near(0.96), 1],
      ],
      [
        'it never leaves −1 … 1',
        () => {
          const rows = Array.from({ length: 200 }, (_, i) => [0.1 * i + 0.1, 1 / (i + 3), Math.sqrt(i + 2)]);
          const x = f64(rows);
          const ahead = ops.cosineSimilarity(x, x.mul(1.1)).toArray() as number[];
          const back = ops.cosineSimilarity(x, x.mul(-1.1)).toArray() as number[];
          return [Math.max(...ahead) <= 1, Math.min(...ahead) > 1 - 1e-15, Math.min(...back) >= -1];
        },
        [true, true, true],
      ],
      [
        'parallel vectors keep their curvature',
        () => {
          const a = f64([2, 0], true);
          const y = ops.cosineSimilarity(a, f64([5, 0]));
          const [g] = gradients([y], [a], { createGraph: true });
          return gradients([g as Tensor], [a], { gradients: [f64([0, 1])] })[0]?.toArray();
        },
        [0, -0.25],
      ],
      ['NaN spreads', () => ops.cosineSimilarity(f64([Number.NaN, 1]), f64([1, 1])).item(), Number.NaN],
    ],
  },
  pairwiseDistance: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    roundsTwice: true,
    samples: [
      ...PAIRS.map(([a, b]) => rowwise((x, y) => ops.pairwiseDistance(x, y), minkowski(2), a, b)),
      ...[1, 3].map((p) =>
        rowwise((x, y) => ops.pairwiseDistance(x, y, { p }), minkowski(p), [3, 4], [3, 4], {}, `p = ${p}`),
      ),
      // One coordinate: of several the largest would be too close to another.
      rowwise(
        (x, y) => ops.pairwiseDistance(x, y, { p: Infinity }),
        minkowski(Infinity),
        [3, 1],
        [3, 1],
        {},
        'p = Infinity',
      ),
      rowwise((x, y) => ops.pairwiseDistance(x, y, { keepDims: true }), minkowski(2), [2, 3], [3], {
        keepDims: true,
      }),
      rowwise((x, y) => ops.pairwiseDistance(x, y), minkowski(2), [2, 0], [2, 0]),
    ],
    random: (random) => {
      const [a, b] = randomPair(random);
      const p = random.pick([0.5, 1, 1.5, 2, 3]);
      const keepDims = random.pick([true, false]);
      const call = (x: Tensor, y: Tensor): Tensor => ops.pairwiseDistance(x, y, { p, keepDims });
      return rowwise(call, minkowski(p), a, b, { keepDims }, `p = ${p}`);
    },
    options: (options) => ops.pairwiseDistance(f64([1]), f64([1]), options),
    refusals: [
      ...pairRefusals('pairwiseDistance', (a, b) => ops.pairwiseDistance(a, b)),
      [
        () => ops.pairwiseDistance(f64([1]), f64([1]), { p: -1 }),
        ArgumentError,
        'pairwiseDistance: p must be a number at least 0, got -1',
      ],
      [
        () => ops.pairwiseDistance(f64([1]), f64([1]), { keepDims: 0 as never }),
        ArgumentError,
        'pairwiseDistance: keepDims must be true or false, got 0',
      ],
    ],
    kinks: [1, 2, 3, Infinity].map((p) => ({
      at: `two equal rows, p = ${p}`,
      subgradient: '0 for both',
      gradient: () => pull((a, b) => ops.pairwiseDistance(a, b, { p }), [[1, 2]], [[1, 2]]),
      expected: [[[0, 0]], [[0, 0]]],
    })),
    facts: [
      [
        'p = Infinity takes the largest difference',
        () => ops.pairwiseDistance(f64([1, -5]), f64([2, 3]), { p: Infinity }).item(),
        8,
      ],
      [
        'equal rows are at exactly 0',
        () => ops.pairwiseDistance(tensor([[1e8, 0.1]]), tensor([[1e8, 0.1]])).item(),
        0,
      ],
      [
        '1e200 does not overflow',
        () => ops.pairwiseDistance(f64([3e200, 4e200]), f64([0, 0])).item(),
        near(5e200),
      ],
      [
        '1e-200 does not underflow',
        () => ops.pairwiseDistance(f64([3e-200, 4e-200]), f64([0, 0])).item(),
        near(5e-200),
      ],
    ],
  },
} satisfies Record<string, Sampled>;
