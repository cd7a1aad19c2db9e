/** @file Test rows of ops/linalg.ts, ops/distance.ts and cast. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, NumericError, ShapeError } from '../../src/errors.js';
import { cast as castTo } from '../../src/ops/define.js';
import * as pairs from '../../src/ops/distance.js';
import * as ops from '../../src/ops/linalg.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, atBroadcast, build, type Grid, withKernels } from '../grid.js';
import {
  ARITHMETIC,
  apart,
  bools,
  type Domain,
  FLOAT,
  type Input,
  near,
  POSITIVE,
  type Random,
  real,
  type Sample,
  type Sampled,
  until,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

const total = (n: number, term: (k: number) => number): number => {
  let sum = 0;
  for (let k = n - 1; k >= 0; k--) sum += term(k);
  return sum;
};

/** The product of stacks of matrices, element by element from its definition. */
function product(a: Grid, b: Grid, batch: readonly number[]): Grid {
  const [n, inner] = a.shape.slice(-2);
  const m = b.shape[b.shape.length - 1];
  return build([...batch, n, m], (index) => {
    const lead = index.slice(0, -2);
    const [i, j] = index.slice(-2);
    const stack = (x: Grid, p: number, q: number): number => {
      const own = x.shape.slice(0, -2);
      const skip = lead.length - own.length;
      return at(x, [...own.map((extent, axis) => (extent === 1 ? 0 : lead[skip + axis])), p, q]);
    };
    return total(inner, (k) => stack(a, i, k) * stack(b, k, j));
  });
}

/** An affine map of the last axis from its definition. */
function mapped(x: Grid, weight: Grid, offset: (j: number) => number): Grid {
  const [n, k] = weight.shape;
  return build([...x.shape.slice(0, -1), n], (index) => {
    const j = index[index.length - 1];
    return offset(j) + total(k, (q) => at(x, [...index.slice(0, -1), q]) * at(weight, [j, q]));
  });
}

function multiplied(a: number[], b: number[], batch: number[] = []): Sample {
  return {
    title: `[${a}] · [${b}]`,
    inputs: [real(a), real(b)],
    call: (x, y) => ops.matmul(x, y),
    value: (x, y) => product(x, y, batch),
  };
}

/** A random extent, now and then 0. */
const extent = (random: Random): number => random.shape(1, 1, true)[0];

/** Two lists of leading axes that broadcast, and what they broadcast to. */
function batches(random: Random): { left: number[]; right: number[]; both: number[] } {
  const both = random.shape(0, 2, true);
  const stretched = both.map((e) => (random.integer(0, 2) === 0 ? 1 : e));
  const cut = stretched.slice(random.integer(0, both.length));
  return random.pick([
    { left: both, right: cut, both },
    { left: cut, right: both, both },
  ]);
}

/** A random product: of vectors, matrices and stacks. */
function randomProduct(random: Random): Sample {
  const [n, k, m] = [extent(random), extent(random), extent(random)];
  const { left, right, both } = batches(random);
  // A vector is a row on the left and a column on the right, whose axis disappears.
  const rowed = random.integer(0, 3) === 0;
  const columned = random.integer(0, 3) === 0;
  const a = rowed ? [k] : [...left, n, k];
  const b = columned ? [k] : [...right, k, m];
  const batch = rowed && columned ? [] : rowed ? right : columned ? left : both;
  return {
    title: `[${a}] · [${b}]`,
    inputs: [real(a), real(b)],
    call: (x, y) => ops.matmul(x, y),
    value: (x, y) => {
      const full = product(
        { shape: rowed ? [1, k] : a, data: x.data },
        { shape: columned ? [k, 1] : b, data: y.data },
        batch,
      );
      return { shape: [...batch, ...(rowed ? [] : [n]), ...(columned ? [] : [m])], data: full.data };
    },
  };
}

function innerProduct(n: number): Sample {
  return {
    title: `of length ${n}`,
    inputs: [real([n]), real([n])],
    call: (x, y) => ops.dot(x, y),
    value: (x, y) => build([], () => total(n, (k) => x.data[k] * y.data[k])),
  };
}

function outerProduct(n: number, m: number): Sample {
  return {
    title: `${n} by ${m}`,
    inputs: [real([n]), real([m])],
    call: (x, y) => ops.outer(x, y),
    value: (x, y) => build([n, m], ([i, j]) => x.data[i] * y.data[j]),
  };
}

function affine(shape: number[], n: number, biased: boolean): Sample {
  const k = shape[shape.length - 1];
  return {
    title: `[${shape}] to ${n}${biased ? ', with bias' : ''}`,
    inputs: [real(shape), real([n, k]), ...(biased ? [real([n])] : [])],
    call: (x, weight, bias?: Tensor) => ops.linear(x, weight, bias),
    value: (x, weight, bias?: Grid) => mapped(x, weight, (j) => bias?.data[j] ?? 0),
  };
}

function stacked(a: number[], b: number[], domain?: Domain): Sample {
  return {
    title: `[${a}] · [${b}]`,
    inputs: [real(a, domain), real(b, domain)],
    call: (x, y) => ops.bmm(x, y),
    value: (x, y) => product(x, y, a.slice(0, 1)),
  };
}

function traced(shape: number[]): Sample {
  return {
    title: `[${shape}]`,
    inputs: [real(shape, POSITIVE)],
    call: (x) => ops.trace(x),
    value: (x) =>
      build(shape.slice(0, -2), (lead) => total(Math.min(...shape.slice(-2)), (k) => at(x, [...lead, k, k]))),
  };
}

/** Rows of the second operand that no row of the first comes near. */
const ABOVE: Domain = [[2.5, 4]];

function between(
  op: (a: Tensor, b: Tensor) => Tensor,
  measure: (differences: number[]) => number,
  a: number[],
  b: number[],
  inputs: readonly [Input, Input] = [real(a), real(b, ABOVE)],
): Sample {
  return {
    title: `[${a}] to [${b}]`,
    inputs,
    call: op,
    value: (x, y) => {
      const d = a[a.length - 1];
      const rank = Math.max(a.length, b.length);
      const lead = Array.from({ length: rank - 2 }, (_, axis) => {
        const p = a[a.length - rank + axis] ?? 1;
        const q = b[b.length - rank + axis] ?? 1;
        return p === 1 ? q : p;
      });
      return build([...lead, a[a.length - 2], b[b.length - 2]], (index) => {
        const place = index.slice(0, -2);
        const [i, j] = index.slice(-2);
        return measure(
          Array.from(
            { length: d },
            (_, k) => atBroadcast(x, [...place, i, k]) - atBroadcast(y, [...place, j, k]),
          ),
        );
      });
    },
  };
}

const SETS: readonly (readonly [number[], number[]])[] = [
  [
    [3, 4],
    [2, 4],
  ],
  [
    [2, 3, 2],
    [2, 4, 2],
  ],
  [
    [3, 2],
    [2, 1, 2],
  ],
  [
    [2, 1, 3, 2],
    [3, 2, 2],
  ],
  [
    [0, 3],
    [2, 3],
  ],
  [
    [1, 5],
    [0, 5],
  ],
];

const squaredLength = (xs: number[]): number => total(xs.length, (k) => xs[k] * xs[k]);
const euclidean = (xs: number[]): number => Math.sqrt(squaredLength(xs));

/** Two sets of points whose leading axes broadcast. */
function randomSets(random: Random): [number[], number[]] {
  const [n, m, d] = [extent(random), extent(random), extent(random)];
  const { left, right } = batches(random);
  return [
    [...left, n, d],
    [...right, m, d],
  ];
}

/** Numbers close to 5: less any numbers apart they are apart as well. */
const CLOSE: Domain = [[5, 5.01]];

const MEASURES: readonly (readonly [p: number | undefined, measure: (differences: number[]) => number])[] = [
  [undefined, euclidean],
  [1, (xs) => total(xs.length, (k) => Math.abs(xs[k]))],
  [2, euclidean],
  [1.5, (xs) => total(xs.length, (k) => Math.abs(xs[k]) ** 1.5) ** (2 / 3)],
  [3, (xs) => Math.cbrt(total(xs.length, (k) => Math.abs(xs[k]) ** 3))],
  [Infinity, (xs) => Math.max(0, ...xs.map(Math.abs))],
];

/** Random distances by a random measure. */
function randomDistances(random: Random): Sample {
  const [p, measure] = random.pick(MEASURES);
  const most = p === Infinity ? 12 : Infinity;
  const [a, b] = until(
    () => randomSets(random),
    ([set]) => set.reduce((size, e) => size * e, 1) <= most,
  );
  const inputs: [Input, Input] = p === Infinity ? [apart(a), real(b, CLOSE)] : [real(a), real(b, ABOVE)];
  const op = (x: Tensor, y: Tensor): Tensor => pairs.cdist(x, y, ...(p === undefined ? [] : [{ p }]));
  const sample = between(op, measure, a, b, inputs);
  return { ...sample, title: `${sample.title}, p ${p}` };
}

/** Derivatives of the sum of all distances by both sets. */
function pull(op: (a: Tensor, b: Tensor) => Tensor, a: number[][], b: number[][]): unknown {
  const x = f64(a, true);
  const y = f64(b, true);
  const d = op(x, y);
  const ones = tensor(new Float64Array(d.size).fill(1), { shape: d.shape });
  return gradients([d], [x, y], { gradients: [ones] }).map((g) => g?.toArray());
}

export const linalg = {
  matmul: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 64,
    samples: [
      multiplied([2, 3], [3, 4]),
      multiplied([1, 1], [1, 1]),
      multiplied([5, 7], [7, 5]),
      multiplied([2, 3, 4], [4, 2], [2]),
      multiplied([3, 4], [2, 4, 2], [2]),
      multiplied([2, 1, 2, 3], [3, 3, 2], [2, 3]),
      multiplied([0, 3], [3, 2]),
      multiplied([2, 0], [0, 3]),
      multiplied([2, 3], [3, 0]),
      // Large enough for the packed tiles, with ragged edges.
      multiplied([17, 18], [18, 19]),
      {
        title: 'a vector on the left',
        inputs: [real([3]), real([3, 2])],
        call: (x, y) => ops.matmul(x, y),
        value: (x, y) => build([2], ([j]) => total(3, (k) => x.data[k] * at(y, [k, j]))),
      },
      {
        title: 'a vector on the right',
        inputs: [real([2, 4, 3]), real([3])],
        call: (x, y) => ops.matmul(x, y),
        value: (x, y) => build([2, 4], ([b, i]) => total(3, (k) => at(x, [b, i, k]) * y.data[k])),
      },
      {
        title: 'two vectors',
        inputs: [real([4]), real([4])],
        call: (x, y) => ops.matmul(x, y),
        value: (x, y) => build([], () => total(4, (k) => x.data[k] * y.data[k])),
      },
    ],
    random: randomProduct,
    refusals: [
      [
        () => ops.matmul(f64([[1, 2, 3]]), f64([[1, 2, 3]])),
        ShapeError,
        'matmul: inner extents differ: a [1, 3] has 3 columns, b [1, 3] has 1 rows; b.T would fit',
      ],
      [
        () => ops.matmul(f64([[1, 2, 3]]), f64([[1], [2]])),
        ShapeError,
        'matmul: inner extents differ: a [1, 3] has 3 columns, b [2, 1] has 2 rows; check the order of the factors',
      ],
      [
        () =>
          ops.matmul(
            f64([
              [1, 2, 3],
              [4, 5, 6],
            ]),
            f64([[1], [2]]),
          ),
        ShapeError,
        'matmul: inner extents differ: a [2, 3] has 3 columns, b [2, 1] has 2 rows; a.T would fit',
      ],
      [
        () => ops.matmul(tensor(1), f64([1])),
        ShapeError,
        'matmul: a must have at least one axis, got a 0-d tensor; use mul() for scalars',
      ],
      [
        () => ops.matmul(f64([1]), 2 as never),
        ArgumentError,
        'matmul: b must be a tensor, got 2; wrap it in tensor(…)',
      ],
      [
        () =>
          ops.matmul(
            tensor(new Float64Array(12), { shape: [2, 2, 3] }),
            tensor(new Float64Array(18), { shape: [3, 3, 2] }),
          ),
        ShapeError,
        'matmul: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3',
      ],
    ],
    facts: [
      ['dtypes promote', () => ops.matmul(tensor([1]), f64([1])).dtype, 'float64'],
      [
        'float32 accumulates in double in the JavaScript kernels',
        () =>
          withKernels('js', () =>
            ops.matmul(tensor(new Float32Array(1e5).fill(0.1)), tensor(new Float32Array(1e5).fill(1))).item(),
          ),
        Math.fround(1e5 * Math.fround(0.1)),
      ],
    ],
  },
  bmm: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 64,
    samples: [
      stacked([2, 3, 4], [2, 4, 2]),
      stacked([1, 1, 1], [1, 1, 1]),
      stacked([0, 2, 3], [0, 3, 2]),
      stacked([2, 2, 0], [2, 0, 3]),
    ],
    random: (random) => {
      const [n, k, m] = [random.integer(0, 4), random.integer(1, 4), random.integer(1, 4)];
      const batch = random.integer(0, 3);
      return stacked([batch, n, k], [batch, k, m], POSITIVE);
    },
    refusals: [
      [
        () => ops.bmm(f64([[1]]), f64([[[1]]])),
        ShapeError,
        'bmm: a must be a stack of matrices [b, n, k], got shape [1, 1]',
      ],
      [
        () => ops.bmm(f64([[[1]]]), f64([[1]])),
        ShapeError,
        'bmm: b must be a stack of matrices [b, k, m], got shape [1, 1]',
      ],
      [
        () => ops.bmm(f64([[[1]]]), f64([[[1]], [[2]]])),
        ShapeError,
        'bmm: b must be a stack [1, 1, m], as a [1, 1, 1] says, got shape [2, 1, 1]; matmul() broadcasts',
      ],
      [
        () => ops.bmm(f64([[[1, 2]]]), f64([[[1, 2]]])),
        ShapeError,
        'bmm: b must be a stack [1, 2, m], as a [1, 1, 2] says, got shape [1, 1, 2]',
      ],
      [
        () => ops.bmm(1 as never, f64([[[1]]])),
        ArgumentError,
        'bmm: a must be a tensor, got 1; wrap it in tensor(…)',
      ],
    ],
  },
  trace: {
    kind: 'sampled',
    results: ARITHMETIC,
    samples: [
      [3, 3],
      [2, 4],
      [4, 1],
      [2, 3, 2],
      [0, 0],
      [2, 0, 3],
      [0, 2, 2],
    ].map((shape) => traced(shape)),
    random: (random) => traced([...random.shape(0, 2, true), random.integer(0, 4), random.integer(0, 4)]),
    refusals: [
      [() => ops.trace(f64([1])), ShapeError, 'trace: x must have at least two axes, got shape [1]'],
      [() => ops.trace(2 as never), ArgumentError, 'trace: x must be a tensor, got 2; wrap it in tensor(…)'],
    ],
  },
  linear: {
    kind: 'sampled',
    results: { float32: 'float32', float64: 'float64' },
    ulps: 64,
    roundsTwice: true,
    samples: [
      ...[
        [[3, 4], 2],
        [[1, 5], 1],
        [[2, 3, 4], 3],
        [[4], 2],
        [[0, 3], 2],
        [[2, 0], 3],
      ].map(([shape, n]) => affine(shape as number[], n as number, true)),
      affine([3, 4], 2, false),
    ],
    random: (random) => affine(random.shape(1, 4, true), extent(random), random.pick([true, false])),
    refusals: [
      [
        () => ops.linear(f64([1, 2]), f64([[1, 2, 3]])),
        ShapeError,
        'linear: x must have a last axis of length 3, as weight [1, 3] says, got shape [2]',
      ],
      [
        () => ops.linear(f64([1, 2]), f64([1, 2])),
        ShapeError,
        'linear: weight must be a matrix [n, k], got [2]',
      ],
      [
        () => ops.linear(f64([1, 2]), f64([[1, 2]]), f64([1, 2])),
        ShapeError,
        'linear: bias must have shape [1], got [2]',
      ],
      [
        () => ops.linear(f64([1, 2]), tensor([[1, 2]])),
        DTypeError,
        'linear: weight must be float64, as x is, got float32; cast() it',
      ],
      [
        () => ops.linear(tensor([1], { dtype: 'int32' }), tensor([[1]], { dtype: 'int32' })),
        DTypeError,
        'linear: x must be float32 or float64, got int32',
      ],
    ],
    facts: [],
  },
  dot: {
    kind: 'sampled',
    results: ARITHMETIC,
    ulps: 64,
    samples: [5, 1, 0].map(innerProduct),
    random: (random) => innerProduct(random.integer(0, 9)),
    refusals: [
      [() => ops.dot(f64([[1]]), f64([1])), ShapeError, 'dot: a must be a vector, got shape [1, 1]'],
      [() => ops.dot(f64([1]), f64([[1]])), ShapeError, 'dot: b must be a vector, got shape [1, 1]'],
      [() => ops.dot(f64([1, 2]), f64([1])), ShapeError, 'dot: b must have the length of a, 2, got 1'],
    ],
  },
  outer: {
    kind: 'sampled',
    results: ARITHMETIC,
    samples: [
      [2, 3],
      [1, 4],
      [0, 2],
    ].map(([n, m]) => outerProduct(n, m)),
    random: (random) => outerProduct(random.integer(0, 6), random.integer(0, 6)),
    refusals: [[() => ops.outer(f64([1]), tensor(1)), ShapeError, 'outer: b must be a vector, got shape []']],
  },
} satisfies Record<string, Sampled>;

export const distance = {
  cdist: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: [
      ...SETS.map(([a, b]) => between((x, y) => pairs.cdist(x, y), euclidean, a, b)),
      ...SETS.slice(0, 3).map(([a, b]) =>
        between(
          (x, y) => pairs.cdist(x, y, { p: 1 }),
          (xs) => total(xs.length, (k) => Math.abs(xs[k])),
          a,
          b,
        ),
      ),
      ...SETS.slice(0, 2).map(([a, b]) =>
        between(
          (x, y) => pairs.cdist(x, y, { p: 3 }),
          (xs) => Math.cbrt(total(xs.length, (k) => Math.abs(xs[k]) ** 3)),
          a,
          b,
        ),
      ),
      between(
        (x, y) => pairs.cdist(x, y, { p: Infinity }),
        (xs) => Math.max(...xs.map(Math.abs)),
        [3, 4],
        [2, 4],
      ),
    ],
    random: randomDistances,
    options: (options) => pairs.cdist(f64([[1]]), f64([[1]]), options),
    refusals: [
      [
        () => pairs.cdist(f64([[1, 2]]), f64([[1]])),
        ShapeError,
        'cdist: x1 and x2 must be […, n, d] and […, m, d], got [1, 2] and [1, 1]',
      ],
      [
        () => pairs.cdist(f64([1]), f64([[1]])),
        ShapeError,
        'cdist: x1 and x2 must be […, n, d] and […, m, d], got [1] and [1, 1]',
      ],
      [
        () => pairs.cdist(f64([[1]]), f64([[1]]), { p: -1 }),
        ArgumentError,
        'cdist: p must be a number at least 0, got -1',
      ],
      [
        () => pairs.cdist('a' as never, f64([[1]])),
        ArgumentError,
        'cdist: x1 must be a tensor or a number, got "a"; wrap arrays in tensor(…)',
      ],
    ],
    kinks: [
      {
        at: 'two equal rows',
        subgradient: '0 for both',
        gradient: () => pull((x, y) => pairs.cdist(x, y), [[1, 2]], [[1, 2]]),
        expected: [[[0, 0]], [[0, 0]]],
      },
      {
        at: 'two equal rows, p = 1',
        subgradient: '0 for both',
        gradient: () => pull((x, y) => pairs.cdist(x, y, { p: 1 }), [[1, 2]], [[1, 2]]),
        expected: [[[0, 0]], [[0, 0]]],
      },
      {
        at: 'two equal rows, p = 3',
        subgradient: '0 for both',
        gradient: () => pull((x, y) => pairs.cdist(x, y, { p: 3 }), [[1, 2]], [[1, 2]]),
        expected: [[[0, 0]], [[0, 0]]],
      },
    ],
    facts: [
      [
        'equal rows far from the origin are at exactly 0',
        () => pairs.cdist(tensor([[1e8, 0.1]]), tensor([[1e8, 0.1]])).item(),
        0,
      ],
      ['a far origin costs no digits', () => pairs.cdist(tensor([[512695]]), tensor([[512804]])).item(), 109],
      [
        '1e200 does not overflow',
        () => pairs.cdist(f64([[3e200, 4e200]]), f64([[0, 0]])).item(),
        near(5e200),
      ],
      [
        '1e-200 does not underflow',
        () => pairs.cdist(f64([[3e-200, 4e-200]]), f64([[0, 0]])).item(),
        near(5e-200),
      ],
    ],
  },
  squaredCdist: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 16,
    samples: SETS.map(([a, b]) => between((x, y) => pairs.squaredCdist(x, y), squaredLength, a, b)),
    random: (random) => between(pairs.squaredCdist, squaredLength, ...randomSets(random)),
    refusals: [
      [
        () => pairs.squaredCdist(f64([[1, 2]]), f64([[1]])),
        ShapeError,
        'squaredCdist: x1 and x2 must be […, n, d] and […, m, d], got [1, 2] and [1, 1]',
      ],
    ],
    facts: [
      [
        'of equal rows the derivative is 0',
        () => pull(pairs.squaredCdist, [[1, 2]], [[1, 2]]),
        [[[0, 0]], [[0, 0]]],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

export const definition = {
  cast: {
    kind: 'sampled',
    results: { float32: 'float64', float64: 'float64', int32: 'float64', bool: 'float64' },
    samples: [
      { title: 'to float64', inputs: [real([2, 3])], call: (x) => castTo(x, 'float64'), value: (x) => x },
      { title: 'from bool', inputs: [bools([3])], call: (x) => castTo(x, 'float64'), value: (x) => x },
      { title: 'nothing', inputs: [real([0])], call: (x) => castTo(x, 'float64'), value: (x) => x },
    ],
    // To other dtypes it rounds, which differences would see: facts say what those give.
    random: (random) => {
      const shape = random.shape(0, 4, true);
      const input = random.pick([real, bools])(shape);
      return { title: `[${shape}]`, inputs: [input], call: (x) => castTo(x, 'float64'), value: (x) => x };
    },
    refusals: [
      [
        () => castTo(f64([1, Number.NaN]), 'int32'),
        NumericError,
        'cast: element 1 is NaN, which int32 cannot hold; castSaturate() takes the nearest that it can',
      ],
      [
        () => castTo(f64([3e9]), 'int32'),
        NumericError,
        'cast: element 0 is 3000000000, which int32 cannot hold; castSaturate() takes the nearest that it can',
      ],
      [
        () => castTo(f64([-Infinity]), 'int32'),
        NumericError,
        'cast: element 0 is -Infinity, which int32 cannot hold; castSaturate() takes the nearest that it can',
      ],
      [
        () => castTo(f64([1]), 'float16' as never),
        ArgumentError,
        "cast: dtype must be 'bool' or 'int32' or 'float32' or 'float64', got \"float16\"; did you mean 'float32'?",
      ],
      [
        () => castTo([1] as never, 'float32'),
        ArgumentError,
        'cast: x must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
    ],
    facts: [
      [
        'to the same dtype it is the tensor itself',
        () => {
          const x = f64([1]);
          return castTo(x, 'float64') === x;
        },
        true,
      ],
      ['float64 to float32 rounds', () => castTo(f64([0.1]), 'float32').item(), Math.fround(0.1)],
      [
        'floats to int32 drop the fraction',
        () => castTo(f64([1.7, -1.7, 2147483647.9]), 'int32').toArray(),
        [1, -1, 2147483647],
      ],
      [
        'to bool asks whether it is 0',
        () => castTo(f64([0, -0, 0.5, Number.NaN]), 'bool').toArray(),
        [false, false, true, true],
      ],
      [
        'int32 to bool asks the same',
        () => castTo(tensor([0, 256], { dtype: 'int32' }), 'bool').toArray(),
        [false, true],
      ],
      [
        'the derivative comes back in the dtype of the input',
        () => {
          const x = f64([1, 2], true);
          const [g] = gradients([castTo(x, 'float32')], [x], { gradients: [tensor([3, 4])] });
          return [g?.dtype, g?.toArray()];
        },
        ['float64', [3, 4]],
      ],
    ],
  },
} satisfies Record<string, Sampled>;
