/** @file Test rows of ops/elementwise.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, DTypeError, NumericError, ShapeError } from '../../src/errors.js';
import type { TensorLike } from '../../src/ops/define.js';
import * as ops from '../../src/ops/elementwise.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { kink, mixed, slopes, tensorSlope } from './points.js';
import { type Domain, type Elementwise, NONZERO, POSITIVE, REAL, real, SAME, type Sampled } from './row.js';

const f32 = (data: number | readonly number[]): Tensor => tensor(data);
const f64 = (data: number | readonly number[]): Tensor => tensor(data, { dtype: 'float64' });
const i32 = (...data: number[]): Tensor => tensor(data, { dtype: 'int32' });

const FRACTIONS: Domain = [
  [-1.8, -1.55],
  [-1.45, -1.2],
  [-0.8, -0.55],
  [-0.45, -0.2],
  [0.1, 0.4],
  [1.6, 1.9],
];
/** Below and above every number of `NEAR`. */
const FAR: Domain = [
  [-2, -1],
  [1, 2],
];
const NEAR: Domain = [[-0.8, 0.8]];
const INTEGERS: Domain = [[-4, 4]];
const DIVISORS: Domain = [
  [-4, -1],
  [1, 4],
];

/** eˣ by its series, summed from the small end. */
function exponential(x: number): number {
  if (x < 0) return 1 / exponential(-x);
  const terms = [1];
  for (let k = 1; k < 60; k++) terms.push((terms[k - 1] * x) / k);
  return terms.reverse().reduce((sum, term) => sum + term, 0);
}

const overflow = (name: string, first: TensorLike, second: TensorLike) => () =>
  (ops as unknown as Record<string, (a: TensorLike, b: TensorLike) => Tensor>)[name](first, second);

/** A row without options. */
type Plain = Elementwise & { readonly options?: never };

const comparison = (value: (a: number, b: number) => boolean, withNaN: number, withEqual: number): Plain => ({
  kind: 'elementwise',
  operands: [REAL, REAL],
  result: 'bool',
  value: (a, b) => Number(value(a, b)),
  special: [
    [[Number.NaN, 1], withNaN],
    [[1, Number.NaN], withNaN],
    [[Number.NaN, Number.NaN], withNaN],
    [[0, -0], withEqual],
    [[Infinity, Infinity], withEqual],
    [[-Infinity, -Infinity], withEqual],
    [[2, 2], withEqual],
  ],
});

const rounding = (value: (x: number) => number, special: Elementwise['special']): Plain => ({
  kind: 'elementwise',
  operands: [FRACTIONS],
  result: 'arithmetic',
  value,
  special: [
    [[Infinity], Infinity, [0]],
    [[-Infinity], -Infinity, [0]],
    [[Number.NaN], Number.NaN, [0]],
    [[0], 0, [0]],
    [[-0], -0, [0]],
    [[2 ** 52 + 1], 2 ** 52 + 1],
    [[-(2 ** 53)], -(2 ** 53)],
    ...(special ?? []),
  ],
});

export const elementwise = {
  add: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'arithmetic',
    value: (a, b) => a - -b,
    special: [
      [[Infinity, -Infinity], Number.NaN, [1, 1]],
      [[1e308, 1e308], Infinity, [1, 1]],
      [[-0, -0], -0],
      [[Number.NaN, 1], Number.NaN, [1, 1]],
      [[Infinity, 3], Infinity, [1, 1]],
      [[-Infinity, 3], -Infinity, [1, 1]],
      [[0, 3], 3, [1, 1]],
      [[-0, 3], 3, [1, 1]],
      [[2, Number.NaN], Number.NaN, [1, 1]],
      [[2, Infinity], Infinity, [1, 1]],
      [[2, -Infinity], -Infinity, [1, 1]],
      [[2, 0], 2, [1, 1]],
      [[2, -0], 2, [1, 1]],
    ],
    refusals: [
      [
        () => ops.add(f32([1, 2, 3]), tensor([[1, 2]])),
        ShapeError,
        'add: shapes [3] and [1, 2] do not broadcast; axis 1 is 3 against 2',
      ],
      [
        overflow('add', i32(1), 2 ** 31),
        DTypeError,
        "add: b must fit int32, got 2147483648; cast the tensor to 'float64' first",
      ],
    ],
    facts: [
      ['int32 wraps modulo 2³²', () => ops.add(i32(2147483647), 1).toArray(), [-2147483648]],
      ['numbers alone give float32', () => ops.add(1, 2).dtype, 'float32'],
    ],
  },
  sub: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'arithmetic',
    value: (a, b) => -(b - a),
    special: [
      [[Infinity, Infinity], Number.NaN, [1, -1]],
      [[0, 0], 0],
      [[-0, 0], -0],
      [[Number.NaN, 3], Number.NaN, [1, -1]],
      [[Infinity, 3], Infinity, [1, -1]],
      [[-Infinity, 3], -Infinity, [1, -1]],
      [[0, 3], -3, [1, -1]],
      [[-0, 3], -3, [1, -1]],
      [[2, Number.NaN], Number.NaN, [1, -1]],
      [[2, Infinity], -Infinity, [1, -1]],
      [[2, -Infinity], Infinity, [1, -1]],
      [[2, 0], 2, [1, -1]],
      [[2, -0], 2, [1, -1]],
    ],
    facts: [['int32 wraps modulo 2³²', () => ops.sub(i32(-2147483648), 1).toArray(), [2147483647]]],
  },
  mul: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'arithmetic',
    value: (a, b) => b * a,
    special: [
      [[Infinity, 0], Number.NaN, [0, Infinity]],
      [[-0, 5], -0, [5, -0]],
      [[1e200, 1e200], Infinity, [1e200, 1e200]],
      [[Number.NaN, 3], Number.NaN, [3, Number.NaN]],
      [[Infinity, 3], Infinity, [3, Infinity]],
      [[-Infinity, 3], -Infinity, [3, -Infinity]],
      [[0, 3], 0, [3, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, 2]],
      [[2, Infinity], Infinity, [Infinity, 2]],
      [[2, -Infinity], -Infinity, [-Infinity, 2]],
      [[2, 0], 0, [0, 2]],
      [[2, -0], -0, [0, 2]],
    ],
    facts: [
      ['its mixed derivative is 1, at 0 too', () => mixed(ops.mul, 0, 0), 1],
      [
        'the derivatives of (ab)² hold at 0 to third order',
        () => {
          const [a, b] = [0, 3].map((x) => tensor(x, { dtype: 'float64', requiresGrad: true }));
          const y = ops.square(ops.mul(a, b));
          const [ga] = gradients([y], [a], { createGraph: true });
          const [gab] = gradients([ga as Tensor], [b], { createGraph: true });
          const [gaba] = gradients([gab as Tensor], [a]);
          return [ga?.item(), gab?.item(), gaba?.item()];
        },
        // 2ab², 4ab, 4b
        [0, 0, 12],
      ],
      [
        'int32 products keep their low bits',
        () => ops.mul(i32(123456789), i32(123456789)).toArray(),
        [Number(BigInt.asIntN(32, 123456789n ** 2n))],
      ],
    ],
  },
  div: {
    kind: 'elementwise',
    operands: [REAL, NONZERO],
    integers: [INTEGERS, DIVISORS],
    result: 'float',
    value: (a, b) => 1 / (b / a),
    facts: [['its mixed derivative is −1/b², at a = 0 too', () => mixed(ops.div, 0, 2), -0.25]],
    special: [
      [[1, 0], Infinity, [Infinity, -Infinity]],
      [[1, -0], -Infinity],
      [[0, 0], Number.NaN],
      [[1, Infinity], 0, [0, 0]],
      [[0, 3], 0, [1 / 3, 0]],
      [[Number.NaN, 3], Number.NaN, [1 / 3, Number.NaN]],
      [[Infinity, 3], Infinity, [1 / 3, -Infinity]],
      [[-Infinity, 3], -Infinity, [1 / 3, Infinity]],
      [[-0, 3], -0, [1 / 3, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, -Infinity], -0, [0, 0]],
    ],
  },
  floorDivide: {
    kind: 'elementwise',
    operands: [
      [
        [-2.8, -2.2],
        [0.2, 0.8],
        [2.2, 2.8],
      ],
      [
        [-1.05, -1.01],
        [1.01, 1.05],
      ],
    ],
    integers: [INTEGERS, DIVISORS],
    result: 'arithmetic',
    value: (a, b) => Math.floor(a / b),
    special: [
      [[7, 2], 3, [0, 0]],
      [[-7, 2], -4],
      [[7, -2], -4],
      [[-7, -2], 3],
      // 1 / 0.1 rounds up to 10, but 0.1 is a little more than a tenth.
      [[1, 0.1], 9],
      [[6, 2], 3],
      [[1, 0], Infinity],
      [[-1, 0], -Infinity],
      [[0, 0], Number.NaN],
      [[1, Infinity], 0],
      [[-1, Infinity], -1],
      [[Number.NaN, 3], Number.NaN, [0, 0]],
      [[Infinity, 3], Number.NaN, [0, 0]],
      [[-Infinity, 3], Number.NaN, [0, 0]],
      [[0, 3], 0, [0, 0]],
      [[-0, 3], -0, [0, 0]],
      [[2, Number.NaN], Number.NaN, [0, 0]],
      [[2, -Infinity], -1, [0, 0]],
      [[2, -0], -Infinity, [0, 0]],
      [[0, -3], -0],
      [[-0, -3], 0],
    ],
    refusals: [
      [
        () => ops.floorDivide(i32(1, 2), i32(1, 0)),
        NumericError,
        "floorDivide: integer division by zero at element 1 of b; cast to 'float32' for infinities and NaN",
      ],
    ],
  },
  mod: {
    kind: 'elementwise',
    operands: [
      [
        [-2.8, -2.2],
        [0.2, 0.8],
        [2.2, 2.8],
      ],
      [
        [-1.05, -1.01],
        [1.01, 1.05],
      ],
    ],
    integers: [INTEGERS, DIVISORS],
    result: 'arithmetic',
    ulps: 32,
    value: (a, b) => a - b * Math.floor(a / b),
    special: [
      [[7, 3], 1, [1, -2]],
      [[-7, 3], 2, [1, 3]],
      [[7, -3], -2, [1, 3]],
      [[-7, -3], -1, [1, -2]],
      [[6, 3], 0],
      [[6, -3], -0],
      [[1, 0], Number.NaN],
      [[1, Infinity], 1],
      [[-1, Infinity], Infinity],
      [[Infinity, 1], Number.NaN],
      [[Number.NaN, 3], Number.NaN, [1, Number.NaN]],
      [[-Infinity, 3], Number.NaN, [1, Number.NaN]],
      [[0, 3], 0, [1, 0]],
      [[-0, 3], 0, [1, 0]],
      [[2, Number.NaN], Number.NaN, [1, Number.NaN]],
      [[2, -Infinity], -Infinity, [1, 1]],
      [[2, -0], Number.NaN, [1, Infinity]],
    ],
    refusals: [
      [
        () => ops.mod(i32(1), 0),
        NumericError,
        "mod: integer division by zero at element 0 of b; cast to 'float32' for infinities and NaN",
      ],
    ],
  },
  pow: {
    kind: 'elementwise',
    operands: [POSITIVE, [[-2, 3]]],
    integers: [[[-3, 3]], [[0, 4]]],
    result: 'arithmetic',
    ulps: 16,
    value: (a, b) => {
      if (!Number.isInteger(b)) return Math.exp(b * Math.log(a));
      let product = 1;
      for (let i = 0; i < b; i++) product *= a;
      return product;
    },
    special: [
      [[0, 0], 1, [0, 0]],
      [[0, 2], 0, [0, 0]],
      [[0, 1], 0, [1, 0]],
      [[0, 0.5], 0, [Infinity, 0]],
      [[0, -1], Infinity],
      [[-0, -1], -Infinity],
      [[-2, 3], -8, [12, undefined]],
      [[-2, 0.5], Number.NaN],
      [[1, Number.NaN], 1],
      [[1, Infinity], 1],
      [[-1, Infinity], 1],
      [[Number.NaN, 0], 1],
      [[2, 1024], Infinity],
      [[2, -1080], 0],
      [[0.5, Infinity], 0],
      [[Infinity, 0.5], Infinity],
      [[Number.NaN, 3], Number.NaN, [Number.NaN, Number.NaN]],
      [[-Infinity, 3], -Infinity, [Infinity, Number.NaN]],
      [[2, -Infinity], 0, [Number.NaN, 0]],
      [[2, 0], 1, [0, Math.LN2]],
      [[2, -0], 1, [0, Math.LN2]],
    ],
    facts: [
      [
        'the second derivative of x² and x³ holds at 0',
        () => [2, 3].map((n) => slopes((x) => tensorSlope((t) => ops.pow(t, n), x), 0)),
        [[2], [0]],
      ],
      [
        'by its base at 0, with exponents 0 and 1, it stays finite twice',
        () => [0, 1].map((n) => slopes((x) => tensorSlope((t) => ops.pow(t, n), x), 0)),
        [[0], [0]],
      ],
    ],
    refusals: [
      [
        () => ops.pow(i32(2, 3), i32(1, -1)),
        NumericError,
        "pow: integers have no negative powers, got exponent -1 at element 1 of b; cast to 'float32' first",
      ],
    ],
  },
  neg: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'arithmetic',
    value: (x) => 0 - x,
    special: [
      [[0], -0, [-1]],
      [[-0], 0],
      [[Infinity], -Infinity, [-1]],
      [[Number.NaN], Number.NaN, [-1]],
      [[-Infinity], Infinity, [-1]],
    ],
  },
  abs: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'arithmetic',
    value: (x) => Math.sqrt(x * x),
    special: [
      [[0], 0, [0]],
      [[-0], 0, [0]],
      [[-Infinity], Infinity, [-1]],
      [[Number.NaN], Number.NaN],
      [[Infinity], Infinity, [1]],
    ],
    kinks: [kink('x = 0', '0', (x) => ops.abs(x), [0], [0])],
  },
  sign: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'arithmetic',
    value: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
    special: [
      [[0], 0, [0]],
      [[-0], -0, [0]],
      [[-Infinity], -1, [0]],
      [[Number.NaN], Number.NaN],
      [[Infinity], 1, [0]],
    ],
  },
  square: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'arithmetic',
    value: (x) => x ** 2,
    special: [
      [[1e200], Infinity, [2e200]],
      [[0], 0, [0]],
      [[-Infinity], Infinity, [-Infinity]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[Infinity], Infinity, [Infinity]],
      [[-0], 0, [0]],
    ],
    facts: [
      [
        'int32 squares keep their low bits, as mul does',
        () => ops.square(i32(123456789)).toArray(),
        [Number(BigInt.asIntN(32, 123456789n ** 2n))],
      ],
    ],
  },
  reciprocal: {
    kind: 'elementwise',
    operands: [NONZERO],
    integers: [DIVISORS],
    result: 'float',
    value: (x) => x ** -1,
    special: [
      [[0], Infinity, [-Infinity]],
      [[-0], -Infinity, [-Infinity]],
      [[Infinity], 0, [-0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-Infinity], -0, [0]],
    ],
  },
  exp: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    ulps: 8,
    value: exponential,
    special: [
      [[0], 1, [1]],
      [[-Infinity], 0, [0]],
      [[Infinity], Infinity, [Infinity]],
      [[710], Infinity, [Infinity]],
      [[-746], 0, [0]],
      [[Number.NaN], Number.NaN],
      [[-0], 1, [1]],
    ],
  },
  expm1: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'float',
    ulps: 8,
    value: (x) => 2 * Math.sinh(x / 2) * Math.exp(x / 2),
    special: [
      [[1e-16], 1e-16, [1]],
      [[-0], -0, [1]],
      [[0], 0, [1]],
      // The derivative keeps the digits that the value has lost to −1.
      [[-50], -1, [1.928749847963918e-22]],
      [[-Infinity], -1, [0]],
      [[710], Infinity, [Infinity]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[Infinity], Infinity, [Infinity]],
    ],
  },
  log: {
    kind: 'elementwise',
    operands: [POSITIVE],
    integers: [[[1, 5]]],
    result: 'float',
    ulps: 8,
    value: (x) => 2 * Math.atanh((x - 1) / (x + 1)),
    special: [
      [[1], 0, [1]],
      [[0], -Infinity, [Infinity]],
      [[-0], -Infinity],
      [[-1], Number.NaN],
      [[Infinity], Infinity, [0]],
      [[5e-324], -744.4400719213812],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [0]],
    ],
  },
  log1p: {
    kind: 'elementwise',
    operands: [
      [
        [-0.6, -0.1],
        [0.1, 2],
      ],
    ],
    integers: [[[0, 5]]],
    result: 'float',
    ulps: 8,
    value: (x) => 2 * Math.atanh(x / (2 + x)),
    special: [
      [[1e-16], 1e-16, [1]],
      [[-0], -0, [1]],
      [[-1], -Infinity, [Infinity]],
      [[-2], Number.NaN],
      [[Infinity], Infinity, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [0]],
      [[0], 0, [1]],
    ],
  },
  log2: {
    kind: 'elementwise',
    operands: [POSITIVE],
    integers: [[[1, 5]]],
    result: 'float',
    value: (x) => Math.log(x) / Math.LN2,
    special: [
      [[8], 3, [1 / (8 * Math.LN2)]],
      [[2 ** -1074], -1074],
      [[0], -Infinity, [Infinity]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[Infinity], Infinity, [0]],
      [[-Infinity], Number.NaN, [0]],
      [[-0], -Infinity, [-Infinity]],
    ],
  },
  logaddexp: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'float',
    ulps: 16,
    value: (a, b) => a + Math.log1p(Math.exp(b - a)),
    special: [
      [[1000, 1000], 1000 + Math.LN2, [0.5, 0.5]],
      [[-1000, -1000], -1000 + Math.LN2, [0.5, 0.5]],
      [[0, -40], 4.248354255291589e-18, [1, 4.248354255291589e-18]],
      [[-Infinity, -Infinity], -Infinity, [0, 0]],
      [[Infinity, Infinity], Infinity, [0.5, 0.5]],
      [[-Infinity, 3], 3, [0, 1]],
      [[3, -Infinity], 3, [1, 0]],
      [[Number.NaN, 1], Number.NaN],
      [[Infinity, 3], Infinity, [1, 0]],
      [[-0, 3], 3.048587351573742, [0.04742587317756679, 0.9525741268224334]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], Infinity, [0, 1]],
      [[2, 0], 2.1269280110429727, [0.8807970779778823, 0.11920292202211755]],
      [[2, -0], 2.1269280110429727, [0.8807970779778823, 0.11920292202211755]],
    ],
    kinks: [kink('a = b = −Infinity', '0 for both', ops.logaddexp, [-Infinity, -Infinity], [0, 0])],
    facts: [
      [
        'the second derivative where a = b is ¼, as everywhere smooth',
        () => slopes((x) => tensorSlope((a) => ops.logaddexp(a, 1), x), 1),
        [0.25],
      ],
    ],
  },
  xlogy: {
    kind: 'elementwise',
    operands: [NONZERO, POSITIVE],
    integers: [INTEGERS, [[1, 5]]],
    result: 'float',
    value: (a, b) => Math.log(b) * a,
    special: [
      [[0, 0], 0, [0, undefined]],
      [[0, 1], 0, [0, 0]],
      [[0, 2], 0, [Math.LN2, 0]],
      [[1, 0], -Infinity, [-Infinity, Infinity]],
      [[0, Infinity], 0],
      [[0, -1], 0],
      [[0, Number.NaN], Number.NaN],
      [[2, Math.E], 2],
      [[Number.NaN, 3], Number.NaN, [Math.log(3), Number.NaN]],
      [[Infinity, 3], Infinity, [Math.log(3), Infinity]],
      [[-Infinity, 3], -Infinity, [Math.log(3), -Infinity]],
      [[-0, 3], 0, [Math.log(3), 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], Infinity, [Infinity, 0]],
      [[2, -Infinity], Number.NaN, [Number.NaN, 0]],
      [[2, -0], -Infinity, [-Infinity, -Infinity]],
    ],
    facts: [['its mixed derivative is 1/b, at a = 0 too', () => mixed(ops.xlogy, 0, 2), 0.5]],
  },
  xdivy: {
    kind: 'elementwise',
    operands: [NONZERO, NONZERO],
    integers: [INTEGERS, DIVISORS],
    result: 'float',
    value: (a, b) => 1 / (b / a),
    special: [
      [[0, 0], 0],
      [[0, Number.NaN], 0],
      [[1, 0], Infinity],
      [[6, 3], 2, [1 / 3, -2 / 3]],
      [[Number.NaN, 3], Number.NaN, [1 / 3, Number.NaN]],
      [[Infinity, 3], Infinity, [1 / 3, -Infinity]],
      [[-Infinity, 3], -Infinity, [1 / 3, Infinity]],
      [[0, 3], 0, [1 / 3, 0]],
      [[-0, 3], 0, [1 / 3, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], 0, [0, 0]],
      [[2, -Infinity], -0, [0, 0]],
      [[2, -0], -Infinity, [-Infinity, -Infinity]],
    ],
    facts: [['its mixed derivative is −1/b², at a = 0 too', () => mixed(ops.xdivy, 0, 2), -0.25]],
  },
  multiplyNoNan: {
    kind: 'elementwise',
    operands: [REAL, NONZERO],
    result: 'float',
    value: (a, b) => a / (1 / b),
    special: [
      [[Number.NaN, 0], 0],
      [[Infinity, 0], 0],
      [[-Infinity, -0], 0],
      [[2, 3], 6, [3, 2]],
      [[0, Number.NaN], Number.NaN],
      [[Number.NaN, 3], Number.NaN, [3, Number.NaN]],
      [[Infinity, 3], Infinity, [3, Infinity]],
      [[-Infinity, 3], -Infinity, [3, -Infinity]],
      [[0, 3], 0, [3, 0]],
      [[-0, 3], -0, [3, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, 2]],
      [[2, Infinity], Infinity, [Infinity, 2]],
      [[2, -Infinity], -Infinity, [-Infinity, 2]],
      [[2, 0], 0, [0, 2]],
      [[2, -0], 0, [0, 2]],
    ],
    facts: [
      [
        'its mixed derivative is 1, at 0 too',
        () => [mixed(ops.multiplyNoNan, 5, 0), mixed(ops.multiplyNoNan, 0, 5)],
        [1, 1],
      ],
    ],
  },
  divideNoNan: {
    kind: 'elementwise',
    operands: [REAL, NONZERO],
    integers: [INTEGERS, INTEGERS],
    result: 'float',
    value: (a, b) => (b === 0 ? 0 : a * b ** -1),
    special: [
      [[1, 0], 0, [0, 0]],
      [[Number.NaN, 0], 0, [0, 0]],
      [[Infinity, -0], 0, [0, 0]],
      [[6, 3], 2, [1 / 3, -2 / 3]],
      [[Number.NaN, 3], Number.NaN, [1 / 3, Number.NaN]],
      [[Infinity, 3], Infinity, [1 / 3, -Infinity]],
      [[-Infinity, 3], -Infinity, [1 / 3, Infinity]],
      [[0, 3], 0, [1 / 3, 0]],
      [[-0, 3], -0, [1 / 3, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], 0, [0, 0]],
      [[2, -Infinity], -0, [0, 0]],
      [[2, -0], 0, [0, 0]],
    ],
    kinks: [kink('y = 0', '0 for both', ops.divideNoNan, [3, 0], [0, 0])],
    facts: [['its mixed derivative is −1/y², at x = 0 too', () => mixed(ops.divideNoNan, 0, 2), -0.25]],
  },
  sqrt: {
    kind: 'elementwise',
    operands: [POSITIVE],
    integers: [[[0, 9]]],
    result: 'float',
    value: (x) => x ** 0.5,
    special: [
      [[0], 0, [Infinity]],
      [[-0], -0],
      [[-1], Number.NaN],
      [[Infinity], Infinity, [0]],
      [[4], 2, [0.25]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
    ],
    facts: [
      [
        'where() shields a square root at and below 0, twice',
        () => {
          const x = tensor([-1, 0, 4], { dtype: 'float64', requiresGrad: true });
          const y = ops.where(ops.gt(x, 0), ops.sqrt(x), 0);
          const [g] = gradients([y], [x], { gradients: [f64([1, 1, 1])], createGraph: true });
          const [h] = gradients([g as Tensor], [x], { gradients: [f64([1, 1, 1])] });
          return [g?.toArray(), h?.toArray()];
        },
        [
          [0, 0, 0.25],
          [0, 0, -1 / 32],
        ],
      ],
    ],
  },
  rsqrt: {
    kind: 'elementwise',
    operands: [POSITIVE],
    integers: [[[1, 9]]],
    result: 'float',
    value: (x) => x ** -0.5,
    special: [
      [[4], 0.5, [-1 / 16]],
      [[0], Infinity, [-Infinity]],
      [[Infinity], 0, [-0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[-0], -Infinity, [Infinity]],
    ],
  },
  tanh: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'float',
    ulps: 8,
    value: (x) => Math.expm1(2 * x) / (Math.expm1(2 * x) + 2),
    special: [
      [[800], 1, [0]],
      [[-800], -1, [0]],
      [[-0], -0, [1]],
      [[Infinity], 1, [0]],
      [[20], 1, [1.6993417021166355e-17]],
      [[-20], -1, [1.6993417021166355e-17]],
      [[Number.NaN], Number.NaN],
      [[-Infinity], -1, [0]],
      [[0], 0, [1]],
    ],
  },
  tanhGradient: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'float',
    ulps: 8,
    value: (g, x) => g / Math.cosh(x) ** 2,
    special: [
      [[1, 0], 1, [1, -0]],
      [[0, Infinity], 0],
      [[2, 800], 0, [0, -0]],
      [[Number.NaN, 3], Number.NaN, [0.009866037165440194, Number.NaN]],
      [[Infinity, 3], Infinity, [0.009866037165440194, -Infinity]],
      [[-Infinity, 3], -Infinity, [0.009866037165440194, Infinity]],
      [[0, 3], 0, [0.009866037165440194, 0]],
      [[-0, 3], 0, [0.009866037165440194, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], 0, [0, 0]],
      [[2, -Infinity], 0, [0, 0]],
      [[2, -0], 2, [1, 0]],
    ],
  },
  sigmoid: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => 1 / (1 + Math.exp(-x)),
    special: [
      [[0], 0.5, [0.25]],
      [[40], 1, [4.248354255291589e-18]],
      [[100], 1, [3.7200759760208356e-44]],
      [[-25], 1.3887943864771144e-11],
      [[800], 1, [0]],
      [[-800], 0, [0]],
      [[Infinity], 1, [0]],
      [[-Infinity], 0, [0]],
      [[Number.NaN], Number.NaN],
      [[-0], 0.5, [0.25]],
    ],
  },
  sigmoidGradient: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'float',
    ulps: 8,
    value: (g, x) => g / (4 * Math.cosh(x / 2) ** 2),
    special: [
      [[1, 0], 0.25, [0.25, -0]],
      [[0, -Infinity], 0],
      [[Number.NaN, 3], Number.NaN, [0.045176659730912144, Number.NaN]],
      [[Infinity, 3], Infinity, [0.045176659730912144, -Infinity]],
      [[-Infinity, 3], -Infinity, [0.045176659730912144, Infinity]],
      [[0, 3], 0, [0.045176659730912144, 0]],
      [[-0, 3], 0, [0.045176659730912144, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[2, Infinity], 0, [0, 0]],
      [[2, -Infinity], 0, [0, 0]],
      [[2, -0], 0.5, [0.25, 0]],
    ],
  },
  sigmoidCrossEntropy: {
    kind: 'elementwise',
    operands: [REAL, [[0.1, 0.9]]],
    result: 'float',
    ulps: 16,
    buildUlps: 16,
    // −t log σ(x) − (1 − t) log(1 − σ(x)) over numbers where nothing is lost.
    value: (x, t) => t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x)),
    special: [
      [[40, 1], 4.248354255291589e-18, [-4.248354255291589e-18, -40]],
      [[-40, 0], 4.248354255291589e-18, [4.248354255291589e-18, 40]],
      [[1000, 1], 0, [0, -1000]],
      [[-1000, 1], 1000, [-1]],
      [[1000, 0], 1000, [1]],
      [[Infinity, 1], 0, [0]],
      [[-Infinity, 0], 0, [0]],
      [[Infinity, 0], Infinity, [1]],
      [[NaN, 1], NaN],
      [[-Infinity, 0.25], Infinity, [-0.25, Infinity]],
      [[0, 0.25], Math.LN2, [0.25, 0]],
      [[-0, 0.25], Math.LN2, [0.25, 0]],
      [[2, Number.NaN], Number.NaN, [Number.NaN, -2]],
      // The value is t softplus(−x) + (1 − t) softplus(x): a target of ∞ is a share of nothing.
      [[2, Infinity], Number.NaN, [-Infinity, -2]],
      [[2, -Infinity], Number.NaN, [Infinity, -2]],
      [[2, -0], 2.1269280110429727, [0.8807970779778823, -2]],
    ],
  },
  sigmoidCrossEntropyGradient: {
    kind: 'elementwise',
    operands: [REAL, [[1, 3]], [[0.1, 0.6]]],
    result: 'float',
    ulps: 64,
    buildUlps: 64,
    value: (g, x, t) => g * (1 / (1 + Math.exp(-x)) - t),
    special: [
      [[1, 40, 1], -4.248354255291589e-18],
      [[1, -40, 0], 4.248354255291589e-18],
      [[0, NaN, 1], 0],
      [[2, Infinity, 1], 0],
      [[2, -Infinity, 1], -2],
      [[Number.NaN, 3, 0.25], Number.NaN, [0.7025741268224334, Number.NaN, Number.NaN]],
      [[Infinity, 3, 0.25], Infinity, [0.7025741268224334, Infinity, -Infinity]],
      [[-Infinity, 3, 0.25], -Infinity, [0.7025741268224334, -Infinity, Infinity]],
      [[0, 3, 0.25], 0, [0.7025741268224334, 0, 0]],
      [[-0, 3, 0.25], 0, [0.7025741268224334, 0, 0]],
      [[2, Number.NaN, 0.25], Number.NaN, [Number.NaN, Number.NaN, -2]],
      [[2, 0, 0.25], 0.5, [0.25, 0.5, -2]],
      [[2, -0, 0.25], 0.5, [0.25, 0.5, -2]],
      [[2, 3, Number.NaN], Number.NaN, [Number.NaN, 0.09035331946182429, -2]],
      [[2, 3, Infinity], -Infinity, [-Infinity, 0.09035331946182429, -2]],
      [[2, 3, -Infinity], Infinity, [Infinity, 0.09035331946182429, -2]],
      [[2, 3, -0], 1.9051482536448667, [0.9525741268224334, 0.09035331946182429, -2]],
    ],
  },
  logSigmoid: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => -Math.log1p(Math.exp(-x)),
    special: [
      [[-800], -800, [1]],
      [[40], -4.248354255291589e-18, [4.248354255291589e-18]],
      [[0], -Math.LN2, [0.5]],
      [[-Infinity], -Infinity, [1]],
      [[Infinity], 0, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-0], -Math.LN2, [0.5]],
    ],
  },
  softplus: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => Math.log1p(Math.exp(x)),
    special: [
      [[-37], 8.533047625744065e-17, [8.533047625744065e-17]],
      [[710], 710, [1]],
      // A threshold at 20 would be wrong by 9e-11 here.
      [[20.1], 20.10000000186501, [undefined]],
      [[0], Math.LN2, [0.5]],
      [[-Infinity], 0, [0]],
      [[Infinity], Infinity, [1]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
      [[-0], Math.LN2, [0.5]],
    ],
  },
  relu: {
    kind: 'elementwise',
    operands: [NONZERO],
    result: 'arithmetic',
    value: (x) => Math.max(x, 0),
    special: [
      [[0], 0, [0]],
      [[-0], 0, [0]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], 0, [0]],
      [[Number.NaN], Number.NaN],
    ],
    kinks: [kink('x = 0', '0', (x) => ops.relu(x), [0], [0])],
  },
  whereForPositive: {
    kind: 'elementwise',
    operands: [REAL, NONZERO],
    result: 'same',
    value: (g, y) => (y > 0 ? g : 0),
    special: [
      [[5, 0], 0, [0, 0]],
      [[Number.NaN, -1], 0, [0, 0]],
      [[Infinity, 3], Infinity, [1, 0]],
      [[-Infinity, 3], -Infinity, [1, 0]],
      [[0, 3], 0, [1, 0]],
      [[-0, 3], -0, [1, 0]],
      [[2, Number.NaN], 0, [0, 0]],
      [[2, Infinity], 2, [1, 0]],
      [[2, -Infinity], 0, [0, 0]],
      [[2, -0], 0, [0, 0]],
    ],
  },
  maximum: {
    kind: 'elementwise',
    operands: [FAR, NEAR],
    result: 'same',
    value: Math.max,
    special: [
      [[0, -0], 0],
      [[-0, 0], 0],
      [[Number.NaN, 1], Number.NaN],
      [[1, Number.NaN], Number.NaN],
      [[-Infinity, -Infinity], -Infinity, [0.5, 0.5]],
      [[3, -Infinity], 3, [1, 0]],
      [[Infinity, 3], Infinity, [1, 0]],
      [[-Infinity, 3], 3, [0, 1]],
      [[0, 3], 3, [0, 1]],
      [[-0, 3], 3, [0, 1]],
      [[2, Infinity], Infinity, [0, 1]],
      [[2, 0], 2, [1, 0]],
      [[2, -0], 2, [1, 0]],
    ],
    kinks: [kink('a = b', 'each side gets half', ops.maximum, [2, 2], [0.5, 0.5])],
  },
  minimum: {
    kind: 'elementwise',
    operands: [FAR, NEAR],
    result: 'same',
    value: Math.min,
    special: [
      [[0, -0], -0],
      [[-0, 0], -0],
      [[Number.NaN, 1], Number.NaN],
      [[1, Number.NaN], Number.NaN],
      [[Infinity, Infinity], Infinity, [0.5, 0.5]],
      [[3, Infinity], 3, [1, 0]],
      [[Infinity, 3], 3, [0, 1]],
      [[-Infinity, 3], -Infinity, [1, 0]],
      [[0, 3], 0, [1, 0]],
      [[-0, 3], -0, [1, 0]],
      [[2, -Infinity], -Infinity, [0, 1]],
      [[2, 0], 0, [0, 1]],
      [[2, -0], -0, [0, 1]],
    ],
    kinks: [kink('a = b', 'each side gets half', ops.minimum, [2, 2], [0.5, 0.5])],
  },
  largerShare: {
    kind: 'elementwise',
    operands: [FAR, NEAR],
    result: 'float',
    value: (a, b) => (Math.sign(a - b) + 1) / 2,
    special: [
      [[2, 2], 0.5, [0, 0]],
      [[Number.NaN, 2], 0],
      [[Infinity, 3], 1, [0, 0]],
      [[-Infinity, 3], 0, [0, 0]],
      [[0, 3], 0, [0, 0]],
      [[-0, 3], 0, [0, 0]],
      [[2, Number.NaN], 0, [0, 0]],
      [[2, Infinity], 0, [0, 0]],
      [[2, -Infinity], 1, [0, 0]],
      [[2, 0], 1, [0, 0]],
      [[2, -0], 1, [0, 0]],
    ],
  },
  clamp: {
    kind: 'elementwise',
    operands: [
      [
        [-2, -1.3],
        [-0.3, 0.3],
        [1.3, 2],
      ],
      [[-1, -0.6]],
      [[0.6, 1]],
    ],
    integers: [INTEGERS, [[-3, -1]], [[1, 3]]],
    call: (x, min, max) => ops.clamp(x, { min, max }),
    result: 'same',
    value: (x, low, high) => [x, low, high].sort((p, q) => p - q)[1],
    special: [
      [[5, 0, 1], 1, [0, 0, 1]],
      [[-5, 0, 1], 0, [0, 1, 0]],
      [[0.5, 0, 1], 0.5, [1, 0, 0]],
      [[Number.NaN, 0, 1], Number.NaN],
      [[Infinity, 0, 1], 1, [0, 0, 1]],
      // max wins where min > max, wherever x is.
      [[0, 3, 1], 1, [0, 0, 1]],
      [[2, 3, 1], 1, [0, 0, 1]],
      [[5, 3, 1], 1, [0, 0, 1]],
      [[Number.NaN, -1, 1], Number.NaN, [0, 0, 0]],
      [[Infinity, -1, 1], 1, [0, 0, 1]],
      [[-Infinity, -1, 1], -1, [0, 1, 0]],
      [[-0, -1, 1], -0, [1, 0, 0]],
      [[0.5, Number.NaN, 1], Number.NaN, [0, 0, 0]],
      [[0.5, Infinity, 1], 1, [0, 0, 1]],
      [[0.5, -Infinity, 1], 0.5, [1, 0, 0]],
      [[0.5, -0, 1], 0.5, [1, 0, 0]],
      [[0.5, -1, Number.NaN], Number.NaN, [0, 0, 0]],
      [[0.5, -1, Infinity], 0.5, [1, 0, 0]],
      [[0.5, -1, -Infinity], -Infinity, [0, 0, 1]],
      [[0.5, -1, 0], 0, [0, 0, 1]],
      [[0.5, -1, -0], -0, [0, 0, 1]],
    ],
    kinks: [
      kink('x = min', '0', (x) => ops.clamp(x, { min: -1 }), [-1], [0]),
      kink('x = max', '0', (x) => ops.clamp(x, { max: 1 }), [1], [0]),
    ],
    options: (options) => ops.clamp(f32([1]), options),
    refusals: [
      [() => ops.clamp(f32([1]), {}), ArgumentError, 'clamp: options must give min or max, got neither'],
      [
        () => ops.clamp(f32([1]), undefined as never),
        ArgumentError,
        'clamp: options must give min or max, got neither',
      ],
      [
        () => ops.clamp(f32([1]), { max: '1' as never }),
        ArgumentError,
        'clamp: max must be a tensor or a number, got "1"; wrap arrays in tensor(…)',
      ],
      [
        () => ops.clamp(f32([1]), { min: 0, max: '1' as never }),
        ArgumentError,
        'clamp: max must be a tensor or a number, got "1"; wrap arrays in tensor(…)',
      ],
    ],
    facts: [
      [
        'a bound of NaN gives NaN, as a number and in a tensor, with a derivative of 0',
        () => {
          const x = tensor([-3, 3], { dtype: 'float64', requiresGrad: true });
          const y = ops.clamp(x, { min: Number.NaN, max: 1 });
          const z = ops.clamp(x, { max: f64([1, Number.NaN]) });
          const ones = f64([1, 1]);
          const [gy, gz] = [y, z].map((t) => gradients([t], [x], { gradients: [ones] })[0]?.toArray());
          return [y.toArray(), gy, z.toArray(), gz];
        },
        [
          [Number.NaN, Number.NaN],
          [0, 0],
          [-3, Number.NaN],
          [1, 0],
        ],
      ],
      ['one bound is enough', () => ops.clamp(f32([-3, 3]), { min: 0 }).toArray(), [0, 3]],
      ['int32 is kept', () => ops.clamp(i32(-5, 5), { max: 2 }).toArray(), [-5, 2]],
      ['a fraction takes int32 to float32', () => ops.clamp(i32(-5, 5), { max: 0.5 }).dtype, 'float32'],
    ],
  },
  where: {
    kind: 'elementwise',
    operands: ['bool', REAL, REAL],
    result: 'same',
    value: (condition, a, b) => (condition === 0 ? b : a),
    special: [
      [[1, 2, Number.NaN], 2],
      [[0, Number.NaN, 3], 3],
      [[1, Infinity, 3], Infinity, [undefined, 1, 0]],
      [[1, -Infinity, 3], -Infinity, [undefined, 1, 0]],
      [[1, 0, 3], 0, [undefined, 1, 0]],
      [[1, -0, 3], -0, [undefined, 1, 0]],
      [[1, 2, Infinity], 2, [undefined, 1, 0]],
      [[1, 2, -Infinity], 2, [undefined, 1, 0]],
      [[1, 2, 0], 2, [undefined, 1, 0]],
      [[1, 2, -0], 2, [undefined, 1, 0]],
    ],
    facts: [
      [
        'a condition of numbers asks whether they are 0',
        () => ops.where(f32([0, 0.5, Number.NaN]), 1, 2).toArray(),
        [2, 1, 1],
      ],
      ['numbers alone give float32', () => ops.where(true, 1, 2).dtype, 'float32'],
    ],
    refusals: [
      [
        () => ops.where('x' as never, 1, 2),
        ArgumentError,
        'where: condition must be a tensor or a number, got "x"; wrap arrays in tensor(…)',
      ],
    ],
  },
  eq: comparison((a, b) => !(a < b) && !(a > b), 0, 1),
  ne: comparison((a, b) => a < b || a > b, 1, 0),
  lt: comparison((a, b) => b - a > 0, 0, 0),
  le: comparison((a, b) => b - a >= 0, 0, 1),
  gt: comparison((a, b) => a - b > 0, 0, 0),
  ge: comparison((a, b) => a - b >= 0, 0, 1),
  logicalAnd: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'bool',
    value: (a, b) => Number(Boolean(a) && Boolean(b)),
    special: [
      [[0, -0], 0],
      [[1, 0], 0],
      [[Number.NaN, 1], 1],
    ],
  },
  logicalOr: {
    kind: 'elementwise',
    operands: [REAL, REAL],
    result: 'bool',
    value: (a, b) => Number(Boolean(a) || Boolean(b)),
    special: [
      [[0, -0], 0],
      [[1, 0], 1],
      [[Number.NaN, 0], 1],
    ],
  },
  logicalNot: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'bool',
    value: (x) => Number(!x),
    special: [
      [[0], 1],
      [[-0], 1],
      [[Number.NaN], 0],
      [[Infinity], 0],
    ],
  },
  isNaN: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'bool',
    value: (x) => Number(Number.isNaN(x)),
    special: [
      [[Number.NaN], 1],
      [[Infinity], 0],
    ],
  },
  isFinite: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'bool',
    value: (x) => Number(Number.isFinite(x)),
    special: [
      [[Number.NaN], 0],
      [[Infinity], 0],
      [[-Infinity], 0],
      [[1.7976931348623157e308], 1],
      [[0], 1],
    ],
  },
  floor: rounding(
    (x) => Math.round(x - 0.5),
    [
      [[1.5], 1, [0]],
      [[-1.5], -2],
      [[0.9999999999999999], 0],
      [[-0.5], -1],
    ],
  ),
  ceil: rounding(
    (x) => -Math.floor(-x),
    [
      [[1.5], 2, [0]],
      [[-1.5], -1],
      [[-0.5], -0],
    ],
  ),
  trunc: rounding(
    (x) => x - (x % 1),
    [
      [[1.5], 1, [0]],
      [[-1.5], -1],
      [[-0.5], -0],
      [[0.5], 0],
    ],
  ),
  round: rounding(
    (x) => Math.floor(x + 0.5),
    [
      [[0.5], 0, [0]],
      [[1.5], 2],
      [[2.5], 2],
      [[-0.5], -0],
      [[-1.5], -2],
      [[-2.5], -2],
      // Adding a half first would round these up.
      [[0.49999999999999994], 0],
      [[2251799813685249.5], 2251799813685250],
      [[2 ** 52 + 1], 2 ** 52 + 1],
      [[-0.3], -0],
    ],
  ),
  castSaturate: {
    kind: 'sampled',
    results: { float32: 'float64', float64: 'float64', int32: 'float64', bool: 'float64' },
    samples: [
      {
        title: 'to float64',
        inputs: [real([2, 3])],
        call: (x) => ops.castSaturate(x, 'float64'),
        value: (x) => x,
      },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      return {
        title: `[${shape}]`,
        inputs: [real(shape)],
        call: (x) => ops.castSaturate(x, 'float64'),
        value: (x) => x,
      };
    },
    refusals: [
      [
        () => ops.castSaturate(f32([1]), 'int8' as never),
        ArgumentError,
        "castSaturate: dtype must be 'bool' or 'int32' or 'float32' or 'float64', got \"int8\"; did you mean 'int32'?",
      ],
      [
        () => ops.castSaturate(1 as never, 'int32'),
        ArgumentError,
        'castSaturate: x must be a tensor, got 1; wrap it in tensor(…)',
      ],
    ],
    facts: [
      [
        'floats beyond int32 become its ends, NaN 0, and fractions are dropped',
        () =>
          ops
            .castSaturate(
              f64([2147483648, -2147483649, Infinity, -Infinity, Number.NaN, -1.9, 2147483647.5]),
              'int32',
            )
            .toArray(),
        [2147483647, -2147483648, 2147483647, -2147483648, 0, -1, 2147483647],
      ],
      [
        'float64 beyond float32 becomes its largest, and infinities stay',
        () => ops.castSaturate(f64([1e39, -1e39, Infinity, Number.NaN, 0.5]), 'float32').toArray(),
        [3.4028234663852886e38, -3.4028234663852886e38, Infinity, Number.NaN, 0.5],
      ],
      [
        'its derivative is 0 where it saturates',
        () => slopes((x) => ops.castSaturate(x, 'float32'), 1e39),
        [0],
      ],
    ],
  },
  clone: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'same',
    value: (x) => x,
    special: [
      [[-0], -0, [1]],
      [[Number.NaN], Number.NaN, [1]],
      [[Infinity], Infinity, [1]],
      [[-Infinity], -Infinity, [1]],
      [[0], 0, [1]],
    ],
    facts: [
      [
        'it has memory of its own',
        () => {
          const x = f32([1, 2]);
          const y = ops.clone(x);
          y.write((a) => a.set(0, 9));
          return [x.toArray(), y.toArray()];
        },
        [
          [1, 2],
          [9, 2],
        ],
      ],
    ],
  },
  stopGradient: {
    kind: 'sampled',
    results: SAME,
    constant: true,
    samples: [
      { title: 'a matrix', inputs: [real([2, 3])], call: (x) => ops.stopGradient(x), value: (x) => x },
      { title: 'nothing', inputs: [real([0, 3])], call: (x) => ops.stopGradient(x), value: (x) => x },
    ],
    random: (random) => {
      const shape = random.shape(0, 4, true);
      return { title: `[${shape}]`, inputs: [real(shape)], call: ops.stopGradient, value: (x) => x };
    },
    facts: [
      [
        'it is a view',
        () => {
          const x = f32([1]);
          return ops.stopGradient(x).storage === x.storage;
        },
        true,
      ],
      ['the other factor keeps its derivative', () => slopes((x) => ops.mul(x, ops.stopGradient(x)), 3), [3]],
    ],
  },
} satisfies Record<string, Elementwise | Sampled>;
