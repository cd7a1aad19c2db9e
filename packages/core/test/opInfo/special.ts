/** @file Test rows of ops/special.ts. packages/kernels/test/special.test.ts has the limits against 50 digits. */
import { tensor } from '../../src/creation.js';
import { ArgumentError } from '../../src/errors.js';
import * as ops from '../../src/ops/special.js';
import type { Tensor } from '../../src/tensor.js';
import { slopes, tensorSlope } from './points.js';
import { type Domain, type Elementwise, near, REAL } from './row.js';

/** 2/√π exp(−x²) Σ (2x²)ⁿ x / (1 · 3 ⋯ (2n + 1)): all terms have one sign. */
export function erfBySeries(x: number): number {
  const terms = [x];
  for (let n = 1; n < 80; n++) terms.push((terms[n - 1] * 2 * x * x) / (2 * n + 1));
  const sum = terms.reverse().reduce((total, term) => total + term, 0);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** exp(−x²) / √π over a continued fraction, from its far end. */
function erfcByFraction(x: number): number {
  let below = x;
  for (let k = 400; k >= 1; k--) below = x + k / 2 / below;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / below;
}

/** The root of erf(y) = x, by halving. */
function erfinvByHalves(x: number): number {
  if (x === 0) return x;
  if (Math.abs(x) >= 1) return Math.abs(x) === 1 ? x * Infinity : Number.NaN;
  let [low, high] = [-3, 3];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (erfBySeries(middle) < x) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** n! Σ 1 / (x + k)ⁿ⁺¹ by its first terms, and the formula of Euler and Maclaurin from where two corrections do. */
function polygammaBySum(n: number, x: number): number {
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  const end = 400;
  const y = x + end;
  let sum =
    y ** -n / n +
    y ** (-n - 1) / 2 +
    ((n + 1) * y ** (-n - 2)) / 12 -
    ((n + 1) * (n + 2) * (n + 3) * y ** (-n - 4)) / 720;
  for (let k = end - 1; k >= 0; k--) sum += (x + k) ** (-n - 1);
  return (n % 2 === 1 ? factorial : -factorial) * sum;
}

/** log Γ(x) from a far argument, whose series is short, and the product of those on the way. */
function lgammaByProduct(x: number): number {
  if (Number.isInteger(x) && x > 0) {
    let factorial = 1;
    for (let k = 2; k < x; k++) factorial *= k;
    return Math.log(factorial);
  }
  let product = 1;
  let y = x;
  for (; y < 60; y++) product *= y;
  const far =
    (y - 0.5) * Math.log(y) -
    y +
    Math.log(2 * Math.PI) / 2 +
    1 / (12 * y) -
    1 / (360 * y ** 3) +
    1 / (1260 * y ** 5);
  return far - Math.log(Math.abs(product));
}

function digammaBySum(x: number): number {
  let sum = 0;
  let y = x;
  for (; y < 40; y++) sum += 1 / y;
  return Math.log(y) - 1 / (2 * y) - 1 / (12 * y ** 2) + 1 / (120 * y ** 4) - 1 / (252 * y ** 6) - sum;
}

/** Between the poles of the gamma function, away from where its functions are 0. */
const GAMMA: Domain = [
  [-1.8, -1.2],
  [-0.8, -0.6],
  [0.3, 0.8],
  [2.5, 6],
];

/** The derivative of the given order. */
function derivative(order: number, op: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return order === 0 ? op : derivative(order - 1, (x) => tensorSlope(op, x));
}

const at = (op: (x: Tensor) => Tensor, x: number): number =>
  op(tensor(x, { dtype: 'float64', requiresGrad: true })).item();

export const special = {
  erf: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    ulps: 8,
    value: (x) => (Math.abs(x) > 2.5 ? Math.sign(x) * (1 - erfcByFraction(Math.abs(x))) : erfBySeries(x)),
    special: [
      [[0], 0, [1.1283791670955126]],
      [[-0], -0, [1.1283791670955126]],
      [[0.25], 0.27632639016823696, [1.0600141293761143]],
      [[1], 0.8427007929497149, [0.4151074974205947]],
      [[-5.5], -0.9999999999999927, [8.223316045262922e-14]],
      [[26], 1, [2.9470349932662697e-294]],
      [[Infinity], 1, [0]],
      [[-Infinity], -1, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  erfc: {
    kind: 'elementwise',
    operands: [
      [
        [-2, 0.5],
        [1.5, 4],
      ],
    ],
    result: 'float',
    ulps: 16,
    value: (x) => (x > 1 ? erfcByFraction(x) : x < -2.5 ? 2 - erfcByFraction(-x) : 1 - erfBySeries(x)),
    special: [
      [[0], 1, [-1.1283791670955126]],
      [[-0], 1, [-1.1283791670955126]],
      [[0.5], 0.4795001221869535, [-0.8787825789354448]],
      [[-2], 1.9953222650189528, [-0.020666985354092053]],
      [[10], 2.088487583762545e-45, [-4.197656231354417e-44]],
      [[26], 5.663192408856143e-296, [-2.9470349932662697e-294]],
      [[27], 5.23705e-319, [-2.8299433e-317]],
      [[28], 0, [0]],
      [[Infinity], 0, [0]],
      [[-Infinity], 2, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  erfGradient: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'float',
    ulps: 8,
    value: (g, x) => (g / Math.exp(x * x) / Math.sqrt(Math.PI)) * 2,
    special: [
      [[1, 0], 1.1283791670955126, [1.1283791670955126, 0]],
      [[1, -0], 1.1283791670955126, [1.1283791670955126, 0]],
      [[2, 26], 5.894069986532539e-294],
      // The exponential alone has left the normal numbers.
      [[1e10, 27], 2.829943414977712e-307],
      [[0, 1], 0, [0.4151074974205947, 0]],
      [[-0, 1], 0, [0.4151074974205947, 0]],
      [[0, Number.NaN], 0],
      [[0, Infinity], 0],
      [[1, Infinity], 0, [0, 0]],
      [[1, -Infinity], 0, [0, 0]],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Number.NaN, 1], Number.NaN, [0.4151074974205947, Number.NaN]],
      [[Infinity, 1], Infinity, [0.4151074974205947, -Infinity]],
      [[-Infinity, 1], -Infinity, [0.4151074974205947, Infinity]],
    ],
  },
  erfinv: {
    kind: 'elementwise',
    operands: [[[-0.8, 0.8]]],
    result: 'float',
    // The oracle halves between values of a series.
    ulps: 64,
    value: erfinvByHalves,
    special: [
      [[0], 0, [0.886226925452758]],
      [[-0], -0, [0.886226925452758]],
      [[0.25], 0.2253120550121781, [0.9323782346059726]],
      [[0.5], 0.4769362762044699, [1.1125848189719498]],
      [[0.9], 1.1630871536766743, [3.428042811451841]],
      [[-0.999], -2.3267537655135246, [198.93951776442475]],
      [[1 - 2 ** -53], 5.8635847487551676, [757347920544974]],
      [[1], Infinity, [Infinity]],
      [[-1], -Infinity, [Infinity]],
      [[1.5], Number.NaN, [Number.NaN]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  erfinvGradient: {
    kind: 'elementwise',
    operands: [REAL, [[-0.8, 0.8]]],
    integers: [[[-4, 4]], [[0, 0]]],
    result: 'float',
    ulps: 128,
    value: (g, x) =>
      Math.abs(x) === 1
        ? g === 0
          ? 0
          : g * Infinity
        : g * (Math.sqrt(Math.PI) / 2) * Math.exp(erfinvByHalves(x) ** 2),
    special: [
      [[1, 0], 0.886226925452758, [0.886226925452758, 0]],
      [[1, -0], 0.886226925452758, [0.886226925452758, 0]],
      [[0, 0.5], 0, [1.1125848189719498, 0]],
      [[-0, 0.5], 0, [1.1125848189719498, 0]],
      [[0, 1], 0],
      [[0, Number.NaN], 0],
      [[-1, 1], -Infinity],
      [[1, -1], Infinity],
      [[2, 0.5], 2.2251696379438997],
      [[1, 2], Number.NaN],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[1, Infinity], Number.NaN, [Number.NaN, Number.NaN]],
      [[1, -Infinity], Number.NaN, [Number.NaN, Number.NaN]],
      [[Infinity, 0.5], Infinity, [1.1125848189719498, Infinity]],
      [[-Infinity, 0.5], -Infinity, [1.1125848189719498, -Infinity]],
      [[Number.NaN, 0.5], Number.NaN, [1.1125848189719498, Number.NaN]],
    ],
  },
  normalDensity: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    ulps: 8,
    value: (x) => 1 / Math.sqrt(2 * Math.PI * Math.exp(x * x)),
    special: [
      [[0], 0.3989422804014327, [0]],
      [[-0], 0.3989422804014327, [0]],
      [[8], 5.052271083536892e-15, [-4.0418168668295136e-14]],
      [[-37], 2.1200065515246056e-298, [7.84402424064104e-297]],
      [[40], 0, [0]],
      [[Infinity], 0, [0]],
      [[-Infinity], 0, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  lgamma: {
    kind: 'elementwise',
    operands: [GAMMA],
    integers: [[[1, 12]]],
    result: 'float',
    // The oracle is the small difference of a far value and a logarithm of 200.
    ulps: 4096,
    value: lgammaByProduct,
    special: [
      [[1], 0, [-0.5772156649015329]],
      [[2], 0, [0.42278433509846713]],
      [[3], Math.LN2, [0.9227843350984671]],
      // Near the zeros the difference from them is all there is.
      [[1 + 2 ** -52], -1.2816762426960008e-16],
      [[1 - 2 ** -53], 6.408381213480008e-17],
      [[2 + 2 ** -51], 1.8775396131086244e-16],
      [[2 - 2 ** -52], -9.387698065543117e-17],
      [[1e-300], 690.7755278982137, [-1e300]],
      [[-1e-300], 690.7755278982137, [1e300]],
      [[100], 359.1342053695754, [4.600161852738087]],
      [[1e300], 6.897755278982137e302, [690.7755278982137]],
      [[1e306], Infinity],
      [[-0.5], 1.2655121234846454, [0.03648997397857652]],
      [[-2.5], -0.056243716497674054, [1.103156640645243]],
      [[0], Infinity, [-Infinity]],
      [[-0], Infinity, [Infinity]],
      [[-1], Infinity, [Number.NaN]],
      [[-1e300], Infinity, [Number.NaN]],
      [[Infinity], Infinity, [Infinity]],
      [[-Infinity], Infinity, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    facts: [
      [
        'its derivatives to the sixth order are those of the sums',
        () =>
          [2, 3, 4, 5, 6].map(
            (order) => at(derivative(order, ops.lgamma), 1.75) / polygammaBySum(order - 1, 1.75),
          ),
        [1, 1, 1, 1, 1].map((x) => near(x)),
      ],
    ],
  },
  digamma: {
    kind: 'elementwise',
    operands: [GAMMA],
    integers: [[[1, 12]]],
    result: 'float',
    // The oracle sums forty terms of either sign.
    ulps: 512,
    value: digammaBySum,
    special: [
      [[1], -0.5772156649015329, [1.6449340668482264]],
      [[0.5], -1.9635100260214235, [4.934802200544679]],
      [[10], 2.251752589066721, [0.10516633568168575]],
      // The double nearest to its zero.
      [[1.4616321449683622], -9.241265521729427e-17, [0.9676722454476212]],
      [[1e300], 690.7755278982137, [1e-300]],
      [[-1.5], 0.7031566406452432, [9.379246644989124]],
      [[0], -Infinity, [Infinity]],
      [[-0], Infinity, [Infinity]],
      [[-1], Number.NaN, [Infinity]],
      [[-1e300], Number.NaN],
      [[Infinity], Infinity, [0]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  polygamma: {
    kind: 'elementwise',
    operands: [
      [
        [-1.8, -1.2],
        [-0.8, -0.3],
        [0.3, 6],
      ],
    ],
    integers: [[[1, 12]]],
    call: (x) => ops.polygamma(1, x),
    result: 'float',
    ulps: 16,
    value: (x) => polygammaBySum(1, x),
    special: [
      [[1], 1.6449340668482264, [-2.4041138063191885]],
      [[0.5], 4.934802200544679, [-16.82879664423432]],
      [[3], 0.39493406684822646, [-0.15411380631918858]],
      [[-0.5], 8.934802200544679, [-0.82879664423432]],
      [[1e200], 1e-200],
      [[1e-160], Infinity, [-Infinity]],
      [[0], Infinity, [-Infinity]],
      [[-0], Infinity, [Infinity]],
      [[-1], Infinity, [Number.NaN]],
      [[Infinity], 0, [0]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    refusals: [
      [
        () => ops.polygamma(-1, 1),
        ArgumentError,
        'polygamma: order must be an integer at least 0 and at most 100, got -1',
      ],
      [
        () => ops.polygamma(1.5, 1),
        ArgumentError,
        'polygamma: order must be an integer at least 0 and at most 100, got 1.5',
      ],
      [
        () => ops.polygamma(101, 1),
        ArgumentError,
        'polygamma: order must be an integer at least 0 and at most 100, got 101',
      ],
      [
        () => ops.polygamma('1' as never, 1),
        ArgumentError,
        'polygamma: order must be an integer at least 0 and at most 100, got "1"',
      ],
    ],
    facts: [
      [
        'order 0 is digamma',
        () => ops.polygamma(0, tensor([3], { dtype: 'float64' })).item(),
        0.9227843350984671,
      ],
      [
        'orders 2, 3 and 5 hold on both sides of 0',
        () => [2, 3, 5].flatMap((n) => [0.5, -0.5, -1.25, 50].map((x) => at((t) => ops.polygamma(n, t), x))),
        [
          [-16.82879664423432, -0.82879664423432, 123.72136678366236, -0.0004080799893375969],
          [97.40909103400244, 193.40909103400244, 1558.2209125348506, 1.6486398720682052e-5],
          [7691.113548602436, 15371.113548602436, 492230.21062287455, 8.071677135254362e-8],
        ]
          .flat()
          .map(near),
      ],
      [
        'even orders have a sign at 0 and none at other poles',
        () => [0, -0, -1].map((x) => at((t) => ops.polygamma(2, t), x)),
        [-Infinity, Infinity, Number.NaN],
      ],
      [
        'far below 0 it is as quick as elsewhere',
        () => at((t) => ops.polygamma(1, t), -1e15 - 0.5),
        near(9.869604401089358),
      ],
      [
        'its derivative is the next order',
        () => slopes((x) => ops.polygamma(3, x), 2),
        [near(polygammaBySum(4, 2))],
      ],
    ],
  },
} satisfies Record<string, Elementwise & { readonly options?: never }>;
