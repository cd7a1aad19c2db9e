/** @file Test rows of neural/normalisation.ts, neural/attention.ts, neural/dropout.ts and neural/embedding.ts. */
import { random as randomKernels } from '@ndgrad/kernels';
import { tensor, zeros } from '../../src/creation.js';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../../src/errors.js';
import { scaledDotProductAttention as attend } from '../../src/neural/attention.js';
import * as dropouts from '../../src/neural/dropout.js';
import * as embeddings from '../../src/neural/embedding.js';
import * as norms from '../../src/neural/normalisation.js';
import { Generator } from '../../src/random.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, build, type Grid, type Index, positions } from '../grid.js';
import {
  apart,
  bools,
  type Domain,
  ints,
  near,
  type Random,
  real,
  SAME,
  type Sample,
  type Sampled,
} from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

const FLOATS = { float32: 'float32', float64: 'float64' } as const;

/** The derivative by each tensor of the sum of an op's outputs. */
function pull(op: (...x: Tensor[]) => Tensor, ...data: readonly (readonly unknown[])[]): unknown[] {
  const leaves = data.map((x) => f64(x, true));
  const y = op(...leaves);
  const ones = f64(new Array<number>(y.size).fill(1)).reshape(y.shape);
  return gradients([y], leaves, { gradients: [ones], allowUnused: true }).map((g) => g?.toArray());
}

// Normalisation

/** Elements by rule: each of x brought to mean 0 and variance 1 among those of its group, then scaled and shifted. */
function standardised(
  x: Grid,
  group: (index: Index) => string,
  epsilon: number,
  weight: (index: Index) => number,
  bias: (index: Index) => number,
): Grid {
  const groups = new Map<string, number[]>();
  for (const index of positions(x.shape)) {
    const key = group(index);
    groups.set(key, [...(groups.get(key) ?? []), at(x, index)]);
  }
  const statistics = new Map(
    [...groups].map(([key, xs]) => {
      const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
      // Half the mean squared difference of all pairs is the variance.
      let squares = 0;
      for (const a of xs) for (const b of xs) squares += (a - b) ** 2;
      return [key, { mean, deviation: Math.sqrt(squares / (2 * xs.length ** 2) + epsilon) }] as const;
    }),
  );
  return build(x.shape, (index) => {
    const { mean, deviation } = statistics.get(group(index)) as { mean: number; deviation: number };
    return ((at(x, index) - mean) / deviation) * weight(index) + bias(index);
  });
}

interface Affine {
  readonly epsilon?: number;
  readonly weighted?: boolean;
}

/** A sample of an op with or without weight and bias of a shape, which are read by a part of the position. */
function normalised(
  title: string,
  shape: number[],
  { epsilon = 1e-5, weighted = true }: Affine,
  parameters: number[],
  place: (index: Index) => Index,
  group: (index: Index) => string,
  op: (x: Tensor, options: norms.AffineOptions) => Tensor,
): Sample {
  return {
    title: `${title} [${shape}]${weighted ? ' with weight and bias' : ''}, epsilon ${epsilon}`,
    inputs: [apart(shape), ...(weighted ? [real(parameters), real(parameters)] : [])],
    call: (x, weight, bias) =>
      op(x, weight === undefined || bias === undefined ? { epsilon } : { weight, bias, epsilon }),
    value: (x, weight, bias) =>
      standardised(
        x,
        group,
        epsilon,
        (index) => (weight === undefined ? 1 : at(weight, place(index))),
        (index) => (bias === undefined ? 0 : at(bias, place(index))),
      ),
  };
}

const ofChannel = (index: Index): Index => [index[1]];

const batched = (shape: number[], options: Affine = {}): Sample =>
  normalised(
    'batch',
    shape,
    options,
    [shape[1]],
    ofChannel,
    (index) => `${index[1]}`,
    (x, given) => norms.batchNorm(x, { ...given, training: true }),
  );

/** Outside of training: running statistics, constants of the step. */
function running(shape: number[]): Sample {
  const means = Array.from({ length: shape[1] }, (_, c) => c / 4 - 1);
  const variances = Array.from({ length: shape[1] }, (_, c) => 0.5 + c / 2);
  const [runningMean, runningVariance] = [f64(means), f64(variances)];
  return {
    title: `running [${shape}]`,
    inputs: [real(shape), real([shape[1]]), real([shape[1]])],
    call: (x, weight, bias) =>
      norms.batchNorm(x, {
        runningMean: runningMean.cast(x.dtype),
        runningVariance: runningVariance.cast(x.dtype),
        weight,
        bias,
        epsilon: 0.25,
      }),
    value: (x, weight, bias) =>
      build(shape, (index) => {
        const c = index[1];
        return ((at(x, index) - means[c]) / Math.sqrt(variances[c] + 0.25)) * at(weight, [c]) + at(bias, [c]);
      }),
  };
}

const layered = (shape: number[], last: number, options: Affine = {}): Sample => {
  const first = shape.length - last;
  return normalised(
    `last ${last}`,
    shape,
    options,
    shape.slice(first),
    (index) => index.slice(first),
    (index) => index.slice(0, first).join(),
    (x, given) => norms.layerNorm(x, shape.slice(first), given),
  );
};

const grouped = (shape: number[], groups: number, options: Affine = {}): Sample =>
  normalised(
    `${groups} groups of`,
    shape,
    options,
    [shape[1]],
    ofChannel,
    (index) => `${index[0]}, ${Math.floor((index[1] * groups) / shape[1])}`,
    (x, given) => norms.groupNorm(x, groups, given),
  );

const instanced = (shape: number[], options: Affine = {}): Sample =>
  normalised(
    'instances',
    shape,
    options,
    [shape[1]],
    ofChannel,
    ([n, c]) => `${n}, ${c}`,
    norms.instanceNorm,
  );

const randomAffine = (random: Random): Affine => ({
  epsilon: random.pick([1e-5, 0.1]),
  weighted: random.pick([true, false]),
});

/** Far from 0: of 1e8 float64 keeps 8 digits behind the point, all of which count. */
const FAR = [1e8 - 1, 1e8 - 0.5, 1e8 + 0.5, 1e8 + 1];
const DEVIATION = Math.sqrt(0.625);
const NEARBY = [-1, -0.5, 0.5, 1].map((x) => near(x / DEVIATION));

/** What all normalisations refuse of weight, bias and epsilon. */
function affineRefusals(
  name: string,
  x: Tensor,
  shape: string,
  call: (options: never) => unknown,
): NonNullable<Sampled['refusals']> {
  const of = (options: unknown) => () => call(options as never);
  return [
    [
      of({ weight: [1, 2] }),
      ArgumentError,
      `${name}: weight must be a tensor, got an array of length 2; wrap it in tensor(…)`,
    ],
    [of({ weight: zeros([9]) }), ShapeError, `${name}: weight must have shape ${shape}, got [9]`],
    [of({ bias: zeros([9]) }), ShapeError, `${name}: bias must have shape ${shape}, got [9]`],
    [
      of({ bias: zeros([9], { dtype: 'float64' }) }),
      DTypeError,
      `${name}: bias must be ${x.dtype}, as x is, got float64; cast() it`,
    ],
    [of({ epsilon: 0 }), ArgumentError, `${name}: epsilon must be a finite number above 0, got 0`],
    [of({ epsilon: Number.NaN }), ArgumentError, `${name}: epsilon must be a finite number above 0, got NaN`],
    [of({ epsilom: 1 }), ArgumentError, `${name}: unknown option 'epsilom'; did you mean 'epsilon'?`],
  ];
}

const BATCH = zeros([2, 4, 3]);

/** Each input 8 of which are equal: value 0, and a derivative that is finite and, by symmetry, 0. */
const CONSTANT = [[3, 3, 3, 3]];

const normalisation = {
  batchNorm: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 64,
    buildUlps: 16,
    roundsTwice: true,
    samples: [
      batched([4, 2]),
      batched([2, 3, 4]),
      batched([2, 2, 3, 2], { weighted: false }),
      batched([1, 2, 2, 2], { epsilon: 0.5 }),
      batched([2, 0, 3]),
      running([3, 2]),
      running([2, 3, 2, 2]),
      running([0, 3, 2]),
    ],
    random: (random) => {
      if (random.integer(0, 3) === 0) return running(random.shape(2, 4, true));
      return batched([random.integer(2, 3), ...random.shape(1, 3)], randomAffine(random));
    },
    options: (options) => norms.batchNorm(BATCH, options),
    refusals: [
      ...affineRefusals('batchNorm', BATCH, '[4]', (options) => norms.batchNorm(BATCH, options)),
      [() => norms.batchNorm(zeros([3])), ShapeError, 'batchNorm: x must be [N, C, …], got shape [3]'],
      [
        () => norms.batchNorm(BATCH.cast('int32')),
        DTypeError,
        "batchNorm: x must be float32 or float64, got int32; use .cast('float32')",
      ],
      [
        () => norms.batchNorm(BATCH),
        ArgumentError,
        'batchNorm: runningMean and runningVariance must be given outside of training; pass training: true to use the statistics of the batch',
      ],
      [
        () => norms.batchNorm(BATCH, { runningMean: zeros([4]) }),
        ArgumentError,
        'batchNorm: runningVariance must be a tensor, got undefined; wrap it in tensor(…)',
      ],
      [
        () => norms.batchNorm(BATCH, { runningMean: zeros([3]), runningVariance: zeros([4]) }),
        ShapeError,
        'batchNorm: runningMean must have shape [4], got [3]',
      ],
      [
        () => norms.batchNorm(BATCH, { training: 1 as never }),
        ArgumentError,
        'batchNorm: training must be true or false, got 1',
      ],
      [
        () => norms.batchNorm(BATCH, { training: true, momentum: 1.5 }),
        ArgumentError,
        'batchNorm: momentum must be a finite number at least 0 and at most 1, got 1.5',
      ],
      [
        () => norms.batchNorm(zeros([1, 3]), { training: true }),
        ShapeError,
        'batchNorm: x must have more than one value per channel in training, got shape [1, 3]',
      ],
      [
        () => norms.batchNorm(zeros([0, 3, 2]), { training: true }),
        ShapeError,
        'batchNorm: x must have more than one value per channel in training, got shape [0, 3, 2]',
      ],
    ],
    facts: [
      [
        'a mean of 1e8 costs no digits',
        () => norms.batchNorm(f64([[FAR]]), { training: true, epsilon: 1e-300 }).toArray(),
        [[NEARBY]],
      ],
      [
        'nor does one of 1e4 in float32, whose mean is no float32 number',
        () =>
          norms
            .batchNorm(tensor([[1e4], [1e4 + 2 ** -10], [1e4 + 2 ** -9], [1e4 + 2 ** -9]]), {
              training: true,
              epsilon: 1e-30,
            })
            .mul(Math.sqrt(11))
            .round()
            .toArray(),
        [[-5], [-1], [3], [3]],
      ],
      [
        'a constant gives 0, with a derivative of 0',
        () => [
          norms.batchNorm(f64([CONSTANT]), { training: true }).toArray(),
          pull((x) => norms.batchNorm(x, { training: true }), [CONSTANT]),
        ],
        [[[[0, 0, 0, 0]]], [[[[0, 0, 0, 0]]]]],
      ],
      [
        'no derivative flows to the running statistics',
        () =>
          pull(
            (x, runningMean, runningVariance) =>
              norms.batchNorm(x, { runningMean, runningVariance, epsilon: 3 }),
            [[2, 4]],
            [0, 0],
            [1, 1],
          ),
        [[[0.5, 0.5]], undefined, undefined],
      ],
    ],
  },
  layerNorm: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 64,
    buildUlps: 16,
    roundsTwice: true,
    samples: [
      layered([3, 4], 1),
      layered([2, 3, 4], 2),
      layered([2, 2, 3], 1, { weighted: false }),
      layered([5], 1, { epsilon: 0.5 }),
      layered([0, 3], 1),
    ],
    random: (random) => {
      const shape = random.shape(1, 3);
      return layered([random.integer(0, 2), ...shape], random.integer(1, shape.length), randomAffine(random));
    },
    options: (options) => norms.layerNorm(BATCH, 3, options),
    refusals: [
      ...affineRefusals('layerNorm', BATCH, '[3]', (options) => norms.layerNorm(BATCH, 3, options)),
      [
        () => norms.layerNorm(BATCH.cast('bool'), 3),
        DTypeError,
        "layerNorm: x must be float32 or float64, got bool; use .cast('float32')",
      ],
      [
        () => norms.layerNorm(BATCH, [4, 2]),
        ShapeError,
        'layerNorm: normalizedShape must be the last extents of x [2, 4, 3], at least one of them and none 0, got [4, 2]',
      ],
      [
        () => norms.layerNorm(BATCH, []),
        ShapeError,
        'layerNorm: normalizedShape must be the last extents of x [2, 4, 3], at least one of them and none 0, got []',
      ],
      [
        () => norms.layerNorm(zeros([2, 0]), 0),
        ShapeError,
        'layerNorm: normalizedShape must be the last extents of x [2, 0], at least one of them and none 0, got [0]',
      ],
      [
        () => norms.layerNorm(BATCH, 'a' as never),
        ArgumentError,
        'layerNorm: normalizedShape must be an array of extents, got string; write [2, 3]',
      ],
    ],
    facts: [
      [
        'a mean of 1e8 costs no digits',
        () => norms.layerNorm(f64(FAR), 4, { epsilon: 1e-300 }).toArray(),
        NEARBY,
      ],
      [
        'a constant gives 0, with a derivative of 0',
        () => [norms.layerNorm(f64(CONSTANT), 4).toArray(), pull((x) => norms.layerNorm(x, 4), CONSTANT)],
        [[[0, 0, 0, 0]], [[[0, 0, 0, 0]]]],
      ],
      [
        'a NaN stays in its row',
        () =>
          norms
            .layerNorm(
              f64([
                [Number.NaN, 1],
                [5, 5],
              ]),
              2,
            )
            .toArray(),
        [
          [Number.NaN, Number.NaN],
          [0, 0],
        ],
      ],
    ],
  },
  groupNorm: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 64,
    buildUlps: 16,
    roundsTwice: true,
    samples: [
      grouped([2, 4], 2),
      grouped([2, 4, 3], 2),
      grouped([1, 6, 2, 2], 3, { weighted: false }),
      grouped([2, 3, 2], 1, { epsilon: 0.5 }),
      grouped([2, 2, 3], 2),
    ],
    random: (random) => {
      const groups = random.integer(1, 3);
      const shape = [
        random.integer(1, 2),
        groups * random.integer(1, 2),
        random.integer(1, 3),
        random.integer(1, 2),
      ];
      return grouped(shape.slice(0, random.integer(2, 4)), groups, randomAffine(random));
    },
    options: (options) => norms.groupNorm(BATCH, 2, options),
    refusals: [
      ...affineRefusals('groupNorm', BATCH, '[4]', (options) => norms.groupNorm(BATCH, 2, options)),
      [() => norms.groupNorm(zeros([3]), 1), ShapeError, 'groupNorm: x must be [N, C, …], got shape [3]'],
      [
        () => norms.groupNorm(BATCH, 0),
        ArgumentError,
        'groupNorm: groups must be an integer at least 1, got 0',
      ],
      [
        () => norms.groupNorm(BATCH, 3),
        ShapeError,
        'groupNorm: groups must divide the 4 channels of x [2, 4, 3], got 3',
      ],
      [
        () => norms.groupNorm(zeros([0, 4]), 2),
        ShapeError,
        'groupNorm: x must have at least one element, got shape [0, 4]',
      ],
    ],
    facts: [
      [
        'a mean of 1e8 costs no digits',
        () => norms.groupNorm(f64([FAR]), 1, { epsilon: 1e-300 }).toArray(),
        [NEARBY],
      ],
    ],
  },
  instanceNorm: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 64,
    buildUlps: 16,
    roundsTwice: true,
    samples: [instanced([2, 2, 4]), instanced([2, 3, 2, 2], { weighted: false })],
    random: (random) => instanced([random.integer(1, 2), ...random.shape(1, 3)], randomAffine(random)),
    options: (options) => norms.instanceNorm(BATCH, options),
    refusals: affineRefusals('instanceNorm', BATCH, '[4]', (options) => norms.instanceNorm(BATCH, options)),
  },
} satisfies Record<string, Sampled>;

// Attention

/** Which rule lets a query see a key. */
type Masking = 'none' | 'causal' | 'bool' | 'added';

const SMALL: Domain = [[-1, 1]];

function attended(
  shapes: { query: number[]; key: number[]; value: number[]; mask?: number[] },
  masking: Masking = 'none',
  scale?: number,
): Sample {
  const { query, key, value, mask = [query[query.length - 2], key[key.length - 2]] } = shapes;
  const inputs = [real(query, SMALL), real(key, SMALL), real(value)];
  if (masking === 'bool') inputs.push(bools(mask));
  if (masking === 'added') inputs.push(real(mask));
  const scaled = scale === undefined ? {} : { scale };
  const leads = [query, key, value].map((shape) => shape.slice(0, -2));
  const rank = Math.max(...leads.map((lead) => lead.length));
  const lead = Array.from({ length: rank }, (_, axis) => {
    const extents = leads.map((own) => own[axis - rank + own.length] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
  const stretched = (grid: Grid, index: Index): number => {
    const skip = index.length - grid.shape.length;
    return at(
      grid,
      grid.shape.map((extent, axis) =>
        extent === 1 && axis < grid.shape.length - 2 ? 0 : index[skip + axis],
      ),
    );
  };
  return {
    title: `${masking}, [${query}] to [${key}] of [${value}], scale ${scale}, mask [${mask}]`,
    inputs,
    call: (q, k, v, m) =>
      attend(q, k, v, {
        ...scaled,
        ...(masking === 'causal' ? { isCausal: true } : {}),
        ...(m === undefined ? {} : { mask: m }),
      }),
    value: (q, k, v, m) =>
      build([...lead, query[query.length - 2], value[value.length - 1]], (index) => {
        const [i, column] = index.slice(-2);
        const place = index.slice(0, -2);
        const width = query[query.length - 1];
        let [sum, norm] = [0, 0];
        for (let j = 0; j < key[key.length - 2]; j++) {
          if (masking === 'causal' && j > i) continue;
          if (masking === 'bool' && atMask(m, place, i, j) === 0) continue;
          let score = 0;
          for (let e = 0; e < width; e++)
            score += stretched(q, [...place, i, e]) * stretched(k, [...place, j, e]);
          score *= scale ?? width ** -0.5;
          if (masking === 'added') score += atMask(m, place, i, j);
          norm += Math.exp(score);
          sum += Math.exp(score) * stretched(v, [...place, j, column]);
        }
        return norm === 0 ? 0 : sum / norm;
      }),
  };
}

/** An element of a mask that is stretched along any axis. */
function atMask(mask: Grid, place: Index, i: number, j: number): number {
  const index = [...place, i, j];
  const skip = index.length - mask.shape.length;
  return at(
    mask,
    mask.shape.map((extent, axis) => (extent === 1 ? 0 : index[skip + axis])),
  );
}

const Q = f64([
  [1, 0],
  [0, 1],
]);
const ROWS_OF_VALUES = f64([
  [1, 2, 3],
  [4, 5, 6],
]);

const attention = {
  scaledDotProductAttention: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 64,
    buildUlps: 16,
    roundsTwice: true,
    samples: [
      attended({ query: [2, 3], key: [4, 3], value: [4, 2] }),
      attended({ query: [2, 2, 3], key: [2, 3, 3], value: [2, 3, 2] }, 'none', 0.3),
      attended({ query: [2, 1, 2, 2], key: [3, 3, 2], value: [3, 3, 2] }),
      attended({ query: [2, 3, 2], key: [2, 3, 2], value: [2, 3, 2] }, 'causal'),
      attended({ query: [4, 2], key: [2, 2], value: [2, 3] }, 'causal'),
      attended({ query: [2, 3, 2], key: [2, 4, 2], value: [2, 4, 2] }, 'bool'),
      attended({ query: [2, 3, 2], key: [2, 4, 2], value: [2, 4, 2], mask: [2, 1, 4] }, 'bool'),
      attended({ query: [2, 3, 2], key: [2, 4, 2], value: [2, 4, 2], mask: [3, 1] }, 'added'),
      attended({ query: [3, 2], key: [4, 2], value: [4, 2] }, 'added', 2),
      attended({ query: [2, 3], key: [0, 3], value: [0, 2] }),
      attended({ query: [0, 3], key: [2, 3], value: [2, 2] }),
      attended({ query: [2, 0], key: [3, 0], value: [3, 2] }, 'none', 1),
    ],
    random: (random) => {
      const lead = random.pick([[], [2], [1, 2]]);
      const [length, keys, width] = [random.integer(0, 3), random.integer(0, 4), random.integer(1, 3)];
      return attended(
        {
          query: [...lead, length, width],
          key: [...lead.slice(random.integer(0, lead.length)), keys, width],
          value: [...lead, keys, random.integer(0, 3)],
        },
        random.pick(['none', 'causal', 'bool', 'added'] as const),
        random.pick([undefined, 0.5, -1]),
      );
    },
    options: (options) => attend(Q, Q, Q, options),
    refusals: [
      [
        () => attend(1 as never, Q, Q),
        ArgumentError,
        'scaledDotProductAttention: query must be a tensor, got 1; wrap it in tensor(…)',
      ],
      [
        () => attend(Q, Q.cast('float32'), Q),
        DTypeError,
        'scaledDotProductAttention: key must be float64, as query is, got float32; cast() it',
      ],
      [
        () => attend(Q, Q, f64([1, 2])),
        ShapeError,
        'scaledDotProductAttention: value must have at least two axes, got shape [2]',
      ],
      [
        () => attend(Q, f64([[1, 2, 3]]), Q),
        ShapeError,
        'scaledDotProductAttention: key must have vectors of 2, as query [2, 2] has, got shape [1, 3]',
      ],
      [
        () => attend(Q, Q, f64([[1, 2]])),
        ShapeError,
        'scaledDotProductAttention: value must have 2 vectors, as many as key [2, 2], got shape [1, 2]',
      ],
      [
        () => attend(zeros([2, 2, 2]), zeros([3, 2, 2]), zeros([3, 2, 2])),
        ShapeError,
        'scaledDotProductAttention: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3',
      ],
      [
        () => attend(Q, Q, Q, { mask: [true] as never }),
        ArgumentError,
        'scaledDotProductAttention: mask must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
      [
        () =>
          attend(Q, Q, Q, {
            mask: tensor([
              [1, 1],
              [1, 1],
            ]),
          }),
        DTypeError,
        'scaledDotProductAttention: mask must be bool, or float64 as query is, got float32',
      ],
      [
        () => attend(Q, Q, Q, { mask: f64([[1, 2, 3]]) }),
        ShapeError,
        'scaledDotProductAttention: shapes [1, 3] and [2, 2] do not broadcast; axis 1 is 3 against 2',
      ],
      [
        () => attend(Q, Q, Q, { mask: f64([[[1, 2]]]) }),
        ShapeError,
        'scaledDotProductAttention: mask must broadcast to [2, 2], got [1, 1, 2]',
      ],
      [
        () => attend(Q, Q, Q, { mask: f64([[1, 2]]), isCausal: true }),
        ArgumentError,
        'scaledDotProductAttention: mask and isCausal cannot both be given; pass one mask, logicalAnd(mask, tril(…))',
      ],
      [
        () => attend(Q, Q, Q, { isCausal: 0 as never }),
        ArgumentError,
        'scaledDotProductAttention: isCausal must be true or false, got 0',
      ],
      [
        () => attend(Q, Q, Q, { scale: Infinity }),
        ArgumentError,
        'scaledDotProductAttention: scale must be a finite number, got Infinity',
      ],
      [
        () => attend(Q, Q, Q, { dropout: 1.5 }),
        ArgumentError,
        'scaledDotProductAttention: dropout must be a finite number at least 0 and at most 1, got 1.5',
      ],
      [
        () => attend(Q, Q, Q, { generator: 1 as never }),
        ArgumentError,
        'scaledDotProductAttention: generator must come from generator(seed), got 1',
      ],
    ],
    facts: [
      [
        'a query that may attend to nothing gets 0, with a derivative of 0',
        () => {
          const mask = tensor([
            [true, false],
            [false, false],
          ]);
          const op = (q: Tensor, k: Tensor, v: Tensor): Tensor => attend(q, k, v, { mask });
          const data = [
            [
              [1, 2],
              [3, 4],
            ],
            [
              [1, 0],
              [0, 1],
            ],
            [[5], [6]],
          ];
          return [
            op(...(data.map((x) => f64(x)) as [Tensor, Tensor, Tensor])).toArray(),
            pull(op as never, ...data),
          ];
        },
        [
          [[5], [0]],
          [
            [
              [0, 0],
              [0, 0],
            ],
            [
              [0, 0],
              [0, 0],
            ],
            [[1], [0]],
          ],
        ],
      ],
      [
        'nor does a mask of −∞ that is added make a NaN',
        () => pull((q, m) => attend(q, Q, ROWS_OF_VALUES, { mask: m }), [[1, 2]], [[-Infinity, -Infinity]]),
        [[[0, 0]], [[0, 0]]],
      ],
      [
        'scores that overflow exp() do not overflow the weights',
        () => attend(f64([[1000, 0]]), Q, ROWS_OF_VALUES, { scale: 1 }).toArray(),
        [[1, 2, 3]],
      ],
      [
        'a NaN among scores that are masked stays out of the value',
        () =>
          attend(
            f64([[1, 1]]),
            f64([
              [1, 1],
              [Number.NaN, 1],
            ]),
            ROWS_OF_VALUES,
            { mask: tensor([[true, false]]) },
          ).toArray(),
        [[1, 2, 3]],
      ],
      [
        'dropping every weight gives 0',
        () => attend(Q, Q, Q, { dropout: 1 }).toArray(),
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

// Dropout

/** A generator that starts over at each draw, so that a call is a function of its operands. */
class Repeating extends Generator {
  override take(count: number): ReturnType<Generator['take']> {
    const before = this.state();
    const taken = super.take(count);
    this.restore(before);
    return taken;
  }
}

const SEED = 3;

function droppedSample(shape: number[], p: number, training = true): Sample {
  return {
    title: `[${shape}] with p ${p}${training ? '' : ', not in training'}`,
    inputs: [real(shape)],
    call: (x) => dropouts.dropout(x, p, { generator: new Repeating({ seed: SEED, counter: 0 }), training }),
    value: (x) => {
      const bits = new Uint32Array(2);
      return {
        shape,
        data: x.data.map((value, i) => {
          randomKernels.threefry2x32(SEED, 0, i, 0, bits);
          const u = Math.floor(bits[0] / 256) / 2 ** 24;
          if (!training) return value;
          return u < p || p === 1 ? 0 : value / (1 - p);
        }),
      };
    },
  };
}

const dropout = {
  dropout: {
    kind: 'sampled',
    results: FLOATS,
    roundsTwice: true,
    samples: [
      droppedSample([4, 5], 0.5),
      droppedSample([3, 2, 3], 0.2),
      droppedSample([7], 0.9),
      droppedSample([5], 0),
      droppedSample([5], 1),
      droppedSample([5], 0.5, false),
      droppedSample([], 0.5),
      droppedSample([0, 3], 0.5),
    ],
    random: (random) =>
      droppedSample(random.shape(0, 3, true), random.pick([0, 0.1, 0.5, 0.75, 1]), random.integer(0, 3) > 0),
    options: (options) => dropouts.dropout(f64([1]), 0.5, options),
    refusals: [
      [
        () => dropouts.dropout([1] as never),
        ArgumentError,
        'dropout: x must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
      [
        () => dropouts.dropout(tensor([1, 2], { dtype: 'int32' })),
        DTypeError,
        "dropout: x must be float32 or float64, got int32; use .cast('float32')",
      ],
      [
        () => dropouts.dropout(f64([1]), -0.1),
        ArgumentError,
        'dropout: p must be a finite number at least 0 and at most 1, got -0.1',
      ],
      [
        () => dropouts.dropout(f64([1]), 1.1),
        ArgumentError,
        'dropout: p must be a finite number at least 0 and at most 1, got 1.1',
      ],
      [
        () => dropouts.dropout(f64([1]), Number.NaN),
        ArgumentError,
        'dropout: p must be a finite number at least 0 and at most 1, got NaN',
      ],
      [
        () => dropouts.dropout(f64([1]), 0.5, { training: 1 as never }),
        ArgumentError,
        'dropout: training must be true or false, got 1',
      ],
      [
        () => dropouts.dropout(f64([1]), 0.5, { generator: 7 as never }),
        ArgumentError,
        'dropout: generator must come from generator(seed), got 7',
      ],
    ],
    facts: [
      [
        'what is dropped leaks nothing',
        () => [
          dropouts.dropout(f64([Number.NaN, Infinity]), 1).toArray(),
          pull((x) => dropouts.dropout(x, 1), [Number.NaN, Infinity])[0],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

// Embedding

function embedded(indexShape: number[], table: number[], paddingIndex?: number): Sample {
  return {
    title: `[${indexShape}] of [${table}]${paddingIndex === undefined ? '' : `, padding ${paddingIndex}`}`,
    inputs: [ints(indexShape, 0, table[0] - 1), real(table)],
    call: (indices, weight) =>
      embeddings.embedding(indices, weight, paddingIndex === undefined ? {} : { paddingIndex }),
    value: (indices, weight) =>
      build([...indexShape, table[1]], (index) =>
        at(weight, [at(indices, index.slice(0, -1)), index[index.length - 1]]),
      ),
  };
}

const TABLE = f64([
  [1, 2],
  [3, 4],
  [5, 6],
]);

const embedding = {
  embedding: {
    kind: 'sampled',
    results: SAME,
    samples: [
      embedded([4], [3, 2]),
      embedded([2, 3], [5, 2]),
      embedded([], [3, 2]),
      embedded([0], [3, 2]),
      embedded([2], [3, 0]),
      embedded([0, 2], [0, 2]),
    ],
    random: (random) => embedded(random.shape(0, 3, true), [random.integer(1, 4), random.integer(0, 3)]),
    options: (options) => embeddings.embedding([0], TABLE, options),
    refusals: [
      [
        () => embeddings.embedding([0, 3], TABLE),
        IndexError,
        'embedding: indices must hold positions in [0, 3), got 3 at position 1',
      ],
      [
        () => embeddings.embedding([-1], TABLE),
        IndexError,
        'embedding: indices must hold positions in [0, 3), got -1 at position 0',
      ],
      [
        () => embeddings.embedding([0.5], TABLE),
        IndexError,
        'embedding: indices must hold integers, got 0.5 at position 0',
      ],
      [
        () => embeddings.embedding(f64([0]), TABLE),
        DTypeError,
        "embedding: indices must be int32, got float64; float32 holds integers exactly up to 2^24 only; use .cast('int32')",
      ],
      [
        () => embeddings.embedding([0], f64([1, 2])),
        ShapeError,
        'embedding: weight must be a matrix [n, d], got shape [2]',
      ],
      [
        () => embeddings.embedding([0], [1] as never),
        ArgumentError,
        'embedding: weight must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
      [
        () => embeddings.embedding([0], TABLE, { paddingIndex: 3 }),
        IndexError,
        'embedding: paddingIndex must be an integer in [-3, 3), got 3',
      ],
      [
        () => embeddings.embedding([0], TABLE, { paddingIndex: '0' as never }),
        ArgumentError,
        'embedding: paddingIndex must be an integer, got "0"',
      ],
    ],
    facts: [
      [
        'repeats add their derivatives',
        () => pull((weight) => embeddings.embedding([1, 1, 0], weight), [[1], [2], [3]])[0],
        [[1], [2], [0]],
      ],
      [
        'the padding row is read, and gets no derivative',
        () => [
          embeddings.embedding([2, 0], TABLE, { paddingIndex: -1 }).toArray(),
          pull((weight) => embeddings.embedding([1, 2, 2], weight, { paddingIndex: -1 }), [[1], [2], [3]])[0],
        ],
        [
          [
            [5, 6],
            [1, 2],
          ],
          [[0], [1], [0]],
        ],
      ],
    ],
  },
} satisfies Record<string, Sampled>;

export const neural = { ...attention, ...dropout, ...embedding, ...normalisation };
