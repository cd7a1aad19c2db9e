/** @file Test rows of ops/activations.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError } from '../../src/errors.js';
import * as ops from '../../src/ops/activations.js';
import type { Tensor } from '../../src/tensor.js';
import { kink, slopes, tensorSlope } from './points.js';
import { type Domain, type Elementwise, NONZERO, near, REAL } from './row.js';
import { erfBySeries } from './special.js';

const f64 = (data: number | readonly number[]): Tensor => tensor(data, { dtype: 'float64' });

/** Away from the bends at ±3. */
const BENT: Domain = [
  [-5, -3.3],
  [-2.7, 2.7],
  [3.3, 5],
];

/** Φ by its series. */
const normal = (x: number): number => (1 + erfBySeries(x / Math.SQRT2)) / 2;
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log(1 + Math.exp(x));
const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

export const activations = {
  leakyRelu: {
    kind: 'elementwise',
    operands: [NONZERO],
    call: (x) => ops.leakyRelu(x),
    result: 'float',
    value: (x) => Math.max(x, x / 100),
    special: [
      [[0], 0, [0.01]],
      [[-0], -0, [0.01]],
      [[-200], -2, [0.01]],
      [[3], 3, [1]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -Infinity, [0.01]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    kinks: [
      kink(
        'x = 0, slope between 0 and 1',
        'the slope',
        (x) => ops.leakyRelu(x, { negativeSlope: 0.25 }),
        [0],
        [0.25],
      ),
      kink('x = 0, slope 0 or less', '0', (x) => ops.leakyRelu(x, { negativeSlope: -2 }), [0], [0]),
      kink('x = 0, slope above 1', '1', (x) => ops.leakyRelu(x, { negativeSlope: 3 }), [0], [1]),
    ],
    facts: [
      [
        'slopes of any sign',
        () => [-2, 0, 3].map((negativeSlope) => ops.leakyRelu(f64([-4, 2]), { negativeSlope }).toArray()),
        [
          [8, 2],
          [0, 2],
          [-12, 2],
        ],
      ],
      ['a slope of 0 hides −Infinity', () => ops.leakyRelu(-Infinity, { negativeSlope: 0 }).item(), 0],
      [
        'its derivative by the cotangent is linear',
        () => slopes((x) => tensorSlope((t) => ops.leakyRelu(t).mul(t), x), -3),
        [near(0.02)],
      ],
    ],
    options: (options) => ops.leakyRelu(1, options),
    refusals: [
      [
        () => ops.leakyRelu(1, { negativeSlope: Number.NaN }),
        ArgumentError,
        'leakyRelu: negativeSlope must be a finite number, got NaN',
      ],
      [
        () => ops.leakyRelu(1, { negativeslope: 0.1 } as never),
        ArgumentError,
        "leakyRelu: unknown option 'negativeslope'; did you mean 'negativeSlope'?",
      ],
    ],
  },
  elu: {
    kind: 'elementwise',
    operands: [NONZERO],
    call: (x) => ops.elu(x),
    result: 'float',
    value: (x) => (x > 0 ? x : 2 * Math.sinh(x / 2) * Math.exp(x / 2)),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[-1e-20], -1e-20, [1]],
      // The derivative keeps the digits that the value has lost to −1.
      [[-50], -1, [1.928749847963918e-22]],
      [[1000], 1000, [1]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -1, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    kinks: [
      kink('x = 0, alpha between 0 and 1', 'alpha', (x) => ops.elu(x, { alpha: 0.25 }), [0], [0.25]),
      kink('x = 0, alpha 0 or less', '0', (x) => ops.elu(x, { alpha: -2 }), [0], [0]),
      kink('x = 0, alpha above 1', '1', (x) => ops.elu(x, { alpha: 3 }), [0], [1]),
    ],
    facts: [
      ['alpha scales what is below 0', () => ops.elu(f64([-Infinity, 4]), { alpha: 3 }).toArray(), [-3, 4]],
      [
        'its third derivative below 0',
        () => slopes((x) => tensorSlope((t) => tensorSlope((u) => ops.elu(u, { alpha: 2 }), t), x), -1),
        [near(2 / Math.E)],
      ],
    ],
    options: (options) => ops.elu(1, options),
    refusals: [
      [
        () => ops.elu(1, { alpha: Infinity }),
        ArgumentError,
        'elu: alpha must be a finite number, got Infinity',
      ],
      [
        () => ops.elu(1, { alpha: '1' as never }),
        ArgumentError,
        'elu: alpha must be a finite number, got "1"',
      ],
    ],
  },
  selu: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'float',
    value: (x) =>
      SELU.scale *
      (Math.max(x, 0) + SELU.alpha * 2 * Math.sinh(Math.min(x, 0) / 2) * Math.exp(Math.min(x, 0) / 2)),
    special: [
      [[0], 0, [1.0507009873554805]],
      [[-0], -0, [1.0507009873554805]],
      [[-0.5], -0.6917581878028713, [1.0663411530445055]],
      [[-50], -1.7580993408473768, [3.390933836364842e-22]],
      [[Infinity], Infinity, [1.0507009873554805]],
      [[-Infinity], -1.7580993408473768, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    kinks: [kink('x = 0', 'the right one, 1.0507…', (x) => ops.selu(x), [0], [1.0507009873554805])],
  },
  gelu: {
    kind: 'elementwise',
    operands: [REAL],
    call: (x) => ops.gelu(x),
    result: 'float',
    // The oracle's 1 + erf cancels below 0.
    ulps: 64,
    value: (x) => (Math.abs(x) > 3.5 ? x * (x > 0 ? 1 - tail(x) : tail(x)) : x * normal(x)),
    special: [
      [[0], 0, [0.5]],
      [[-0], -0, [0.5]],
      [[1], 0.8413447460685429, [1.0833154705876864]],
      [[-0.5], -0.15426876936299344, [0.13250487534383715]],
      [[3], 2.99595030590511, [1.011945647204184]],
      [[-8], -4.976768459417427e-15, [-3.979607261086796e-14]],
      [[-37], -2.1184613523340935e-298, [-7.838298669418516e-297]],
      [[8], 7.999999999999995, [1.0000000000000397]],
      [[-1e300], -0, [0]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -0, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    facts: [
      [
        'its tanh form is its own function, with its own derivative',
        () => {
          const op = (x: Tensor): Tensor => ops.gelu(x, { approximate: 'tanh' });
          return [-4, 1].flatMap((x) => [op(f64(x)).item(), ...slopes(op, x)]);
        },
        [
          near(-7.024594819237271e-5),
          near(-0.00033512319712267083),
          near(0.8411919906082767),
          near(1.0829640838457826),
        ],
      ],
      [
        'its tanh form has limits',
        () => {
          const op = (x: Tensor): Tensor => ops.gelu(x, { approximate: 'tanh' });
          return [-Infinity, -1e200, -0, 1e200, Infinity, Number.NaN].map((x) => [
            op(f64(x)).item(),
            ...slopes(op, x),
          ]);
        },
        [
          [-0, 0],
          [-0, 0],
          [-0, 0.5],
          [1e200, 1],
          [Infinity, 1],
          [Number.NaN, Number.NaN],
        ],
      ],
      [
        'its third derivative is (x³ − 4x) φ',
        () => slopes((x) => tensorSlope((t) => tensorSlope((u) => ops.gelu(u), t), x), 1),
        [near(-3 * density(1))],
      ],
    ],
    options: (options) => ops.gelu(1, options),
    refusals: [
      [
        () => ops.gelu(1, { approximate: 'tan' as never }),
        ArgumentError,
        "gelu: approximate must be 'none' or 'tanh', got \"tan\"; did you mean 'tanh'?",
      ],
    ],
  },
  geluGradient: {
    kind: 'elementwise',
    operands: [
      REAL,
      [
        [-2, -1],
        [-0.5, 2],
      ],
    ],
    call: (g, x) => ops.geluGradient(g, x),
    result: 'float',
    ulps: 64,
    value: (g, x) =>
      Math.abs(x) > 3.5
        ? g * ((x > 0 ? 1 - tail(x) : tail(x)) + x * density(x))
        : g * (normal(x) + x * density(x)),
    special: [
      [[1, 0], 0.5, [0.5, 0.7978845608028654]],
      [[1, -0], 0.5, [0.5, 0.7978845608028654]],
      [[2, -8], -7.959214522173592e-14],
      [[1, Infinity], 1, [1, 0]],
      [[1, -Infinity], -0, [0, 0]],
      [[0, 1], 0, [1.0833154705876864, 0]],
      [[-0, 1], 0, [1.0833154705876864, 0]],
      [[0, Number.NaN], 0],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Number.NaN, 1], Number.NaN, [1.0833154705876864, Number.NaN]],
      [[Infinity, 1], Infinity, [1.0833154705876864, Infinity]],
      [[-Infinity, 1], -Infinity, [1.0833154705876864, -Infinity]],
    ],
    facts: [
      [
        'the slope of the tanh form has a slope',
        () => {
          const op = (x: Tensor): Tensor => ops.geluGradient(1, x, { approximate: 'tanh' });
          const step = 1e-4;
          const difference = (op(f64(0.7 + step)).item() - op(f64(0.7 - step)).item()) / (2 * step);
          return Math.abs(slopes(op, 0.7)[0] - difference) < 1e-8;
        },
        true,
      ],
    ],
    options: (options) => ops.geluGradient(1, 1, options),
    refusals: [
      [
        () => ops.geluGradient(1, 1, { approximate: 1 as never }),
        ArgumentError,
        "geluGradient: approximate must be 'none' or 'tanh', got 1",
      ],
    ],
  },
  silu: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => x / (1 + Math.exp(-x)),
    special: [
      [[0], 0, [0.5]],
      [[-0], -0, [0.5]],
      [[-1], -0.2689414213699951, [0.07232948812851327]],
      [[1], 0.7310585786300049, [0.9276705118714867]],
      [[-40], -1.6993417021166355e-16, [-1.6568581595637197e-16]],
      // The exponential alone has left the normal numbers.
      [[-710], -3.1781632202293424e-306, [-3.173686934003667e-306]],
      [[-1e300], -0, [0]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -0, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  siluGradient: {
    kind: 'elementwise',
    operands: [
      REAL,
      [
        [-2.5, -1.6],
        [-1, 2],
      ],
    ],
    result: 'float',
    ulps: 32,
    value: (g, x) => g * logistic(x) * (1 + x * logistic(-x)),
    special: [
      [[1, 0], 0.5, [0.5, 0.5]],
      [[1, -0], 0.5, [0.5, 0.5]],
      [[2, -40], -3.3137163191274394e-16],
      [[1, 40], 1.0000000000000002],
      [[1, Infinity], 1, [1, 0]],
      [[1, -Infinity], -0, [0, 0]],
      [[0, 1], 0, [0.9276705118714867, 0]],
      [[-0, 1], 0, [0.9276705118714867, 0]],
      [[0, Number.NaN], 0],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Number.NaN, 1], Number.NaN, [0.9276705118714867, Number.NaN]],
      [[Infinity, 1], Infinity, [0.9276705118714867, Infinity]],
      [[-Infinity, 1], -Infinity, [0.9276705118714867, -Infinity]],
    ],
  },
  mish: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    ulps: 8,
    value: (x) => x * Math.tanh(softplus(x)),
    special: [
      [[0], 0, [0.6]],
      [[-0], -0, [0.6]],
      [[-1], -0.3034014613741089, [0.05921675587739495]],
      [[1], 0.8650983882673103, [1.0490362200997922]],
      [[-40], -1.6993417021166355e-16, [-1.6568581595637197e-16]],
      [[-710], -3.1781632202293424e-306, [-3.173686934003667e-306]],
      [[-1e300], -0, [0]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -0, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  mishGradient: {
    kind: 'elementwise',
    operands: [
      REAL,
      [
        [-2.5, -1.6],
        [-0.9, 2],
      ],
    ],
    result: 'float',
    ulps: 32,
    value: (g, x) => {
      const w = Math.tanh(softplus(x));
      return g * (w + x * (1 - w * w) * logistic(x));
    },
    special: [
      [[1, 0], 0.6, [0.6, 0.64]],
      [[1, -0], 0.6, [0.6, 0.64]],
      [[1, -40], -1.6568581595637197e-16],
      [[1, 40], 1],
      [[1, Infinity], 1, [1, 0]],
      [[1, -Infinity], -0, [0, 0]],
      [[0, 1], 0, [1.0490362200997922, 0]],
      [[-0, 1], 0, [1.0490362200997922, 0]],
      [[0, Number.NaN], 0],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Number.NaN, 1], Number.NaN, [1.0490362200997922, Number.NaN]],
      [[Infinity, 1], Infinity, [1.0490362200997922, Infinity]],
      [[-Infinity, 1], -Infinity, [1.0490362200997922, -Infinity]],
    ],
  },
  hardtanh: {
    kind: 'elementwise',
    operands: [
      [
        [-2, -1.3],
        [-0.7, 0.7],
        [1.3, 2],
      ],
    ],
    call: (x) => ops.hardtanh(x),
    result: 'float',
    value: (x) => [x, -1, 1].sort((p, q) => p - q)[1],
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[1], 1, [0]],
      [[-1], -1, [0]],
      [[Infinity], 1, [0]],
      [[-Infinity], -1, [0]],
      [[Number.NaN], Number.NaN],
    ],
    kinks: [
      kink('x = min', '0', (x) => ops.hardtanh(x, { min: -2 }), [-2], [0]),
      kink('x = max', '0', (x) => ops.hardtanh(x, { max: 2 }), [2], [0]),
    ],
    facts: [
      [
        'bounds may be given',
        () => ops.hardtanh(f64([-9, 0.5, 9]), { min: 0, max: 6 }).toArray(),
        [0, 0.5, 6],
      ],
    ],
    options: (options) => ops.hardtanh(1, options),
    refusals: [
      [
        () => ops.hardtanh(1, { min: 2 }),
        ArgumentError,
        'hardtanh: max must be a finite number at least 2, got 1',
      ],
      [
        () => ops.hardtanh(1, { min: '0' as never }),
        ArgumentError,
        'hardtanh: min must be a finite number, got "0"',
      ],
    ],
  },
  hardsigmoid: {
    kind: 'elementwise',
    operands: [BENT],
    result: 'float',
    // The oracle rounds x / 6 before it adds a half.
    ulps: 32,
    value: (x) => Math.min(1, Math.max(0, x / 6 + 0.5)),
    special: [
      [[0], 0.5, [1 / 6]],
      [[-0], 0.5, [1 / 6]],
      [[3], 1, [0]],
      [[-3], 0, [0]],
      [[-3 + 2 ** -51], 2 ** -51 / 6, [1 / 6]],
      [[Infinity], 1, [0]],
      [[-Infinity], 0, [0]],
      [[Number.NaN], Number.NaN],
    ],
    kinks: [
      kink('x = −3', '0', (x) => ops.hardsigmoid(x), [-3], [0]),
      kink('x = 3', '0', (x) => ops.hardsigmoid(x), [3], [0]),
    ],
  },
  hardswish: {
    kind: 'elementwise',
    operands: [BENT],
    result: 'float',
    ulps: 32,
    value: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)) + 0,
    special: [
      [[0], 0, [0.5]],
      [[-0], -0, [0.5]],
      [[1], 2 / 3, [5 / 6]],
      [[3], 3, [1]],
      [[-3], 0, [0]],
      [[-4], 0, [0]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], 0, [0]],
      [[Number.NaN], Number.NaN],
    ],
    kinks: [
      kink('x = −3', '0', (x) => ops.hardswish(x), [-3], [0]),
      kink('x = 3', '1', (x) => ops.hardswish(x), [3], [1]),
    ],
    facts: [
      [
        'its second derivative is a third between its bends',
        () => slopes((x) => tensorSlope(ops.hardswish, x), 1),
        [near(1 / 3)],
      ],
    ],
  },
} satisfies Record<string, Elementwise & { readonly options?: (options: never) => unknown }>;

/** 1 − Φ(|x|) far out, by the continued fraction of Mills' ratio. */
function tail(x: number): number {
  const a = Math.abs(x);
  let below = a;
  for (let k = 200; k >= 1; k--) below = a + k / below;
  return density(a) / below;
}
