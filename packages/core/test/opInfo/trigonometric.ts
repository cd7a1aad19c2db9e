/** @file Test rows of ops/trigonometric.ts. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/trigonometric.js';
import type { Tensor } from '../../src/tensor.js';
import { kink, slopes, tensorSlope } from './points.js';
import { type Domain, type Elementwise, NONZERO, near, REAL } from './row.js';

const f64 = (data: number | readonly number[]): Tensor => tensor(data, { dtype: 'float64' });

const WITHIN_ONE: Domain = [[-0.9, 0.9]];

/** The sum of the terms that follow from the first by factors, from the small end. */
function series(first: number, factor: (k: number) => number): number {
  const terms = [first];
  for (let k = 1; k < 40; k++) terms.push(terms[k - 1] * factor(k));
  return terms.reverse().reduce((sum, term) => sum + term, 0);
}

/** The second derivative of an op of one operand. */
const bend = (op: (x: Tensor) => Tensor, x: number): number[] => slopes((t) => tensorSlope(op, t), x);

export const trigonometric = {
  sin: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => series(x, (k) => (-x * x) / (2 * k * (2 * k + 1))),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[Math.PI], 1.2246467991473532e-16, [-1]],
      // Far out the angle is reduced by a π of many digits.
      [[1e22], -0.8522008497671888, [0.523214785395139]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    facts: [
      [
        'its fourth derivative is itself',
        () => bend((x) => tensorSlope((t) => tensorSlope(ops.sin, t), x), 0.5),
        [near(Math.sin(0.5))],
      ],
    ],
  },
  cos: {
    kind: 'elementwise',
    operands: [[[-1.3, 1.3]]],
    result: 'float',
    ulps: 8,
    value: (x) => series(1, (k) => (-x * x) / (2 * k * (2 * k - 1))),
    special: [
      [[0], 1, [0]],
      [[-0], 1, [0]],
      [[1e22], 0.523214785395139, [0.8522008497671888]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  tan: {
    kind: 'elementwise',
    operands: [[[-1.2, 1.2]]],
    result: 'float',
    value: (x) => Math.sin(x) / Math.cos(x),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[Math.PI / 2], 1.633123935319537e16, [2.667093788113571e32]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  asin: {
    kind: 'elementwise',
    operands: [WITHIN_ONE],
    result: 'float',
    value: (x) => 2 * Math.atan(x / (1 + Math.sqrt(1 - x * x))),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[1], Math.PI / 2, [Infinity]],
      [[-1], -Math.PI / 2, [Infinity]],
      [[1 - 2 ** -53], 1.5707963118937354, [67108864]],
      [[1.5], Number.NaN, [Number.NaN]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  acos: {
    kind: 'elementwise',
    operands: [WITHIN_ONE],
    result: 'float',
    value: (x) => 2 * Math.atan2(Math.sqrt(1 - x), Math.sqrt(1 + x)),
    special: [
      [[0], Math.PI / 2, [-1]],
      [[-0], Math.PI / 2, [-1]],
      [[1], 0, [-Infinity]],
      [[-1], Math.PI, [-Infinity]],
      [[1 - 2 ** -53], 1.4901161193847656e-8, [-67108864]],
      [[-1.5], Number.NaN, [Number.NaN]],
      [[Infinity], Number.NaN, [Number.NaN]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  atan: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => Math.asin(x / Math.sqrt(1 + x * x)),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[1], Math.PI / 4, [0.5]],
      // The square would overflow, or leave the normal numbers.
      [[1e150], Math.PI / 2, [1e-300]],
      [[Infinity], Math.PI / 2, [0]],
      [[-Infinity], -Math.PI / 2, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    facts: [
      // −2x / (1 + x²)²
      ['its second derivative holds far out', () => bend(ops.atan, 1e100), [near(-2e-300)]],
    ],
  },
  atan2: {
    kind: 'elementwise',
    // Along y = 0 it is cut, left of the origin.
    operands: [NONZERO, NONZERO],
    result: 'float',
    ulps: 8,
    // The half angle, on the side where nothing cancels; the zeros of integers by their quadrant.
    value: (y, x) => {
      if (y === 0) return x < 0 || Object.is(x, -0) ? Math.sign(1 / y) * Math.PI : y;
      const r = Math.sqrt(x * x + y * y);
      return x >= 0 ? 2 * Math.atan(y / (r + x)) : 2 * Math.atan((r - x) / y);
    },
    special: [
      [[0, 0], 0, [0, 0]],
      [[-0, 0], -0, [0, 0]],
      [[0, -0], Math.PI, [0, 0]],
      [[-0, -0], -Math.PI, [0, 0]],
      [[0, 1], 0, [1, 0]],
      [[-0, 1], -0, [1, 0]],
      [[0, -1], Math.PI, [-1, 0]],
      [[-0, -1], -Math.PI, [-1, 0]],
      [[1, 0], Math.PI / 2, [0, -1]],
      [[-1, -0], -Math.PI / 2, [0, 1]],
      [[3e200, 4e200], 0.6435011087932844, [1.6e-201, -1.2e-201]],
      [[3e-200, 4e-200], 0.6435011087932844, [1.6e199, -1.2e199]],
      [[Infinity, 1], Math.PI / 2, [0, 0]],
      [[-Infinity, 1], -Math.PI / 2, [0, 0]],
      [[1, Infinity], 0, [0, 0]],
      [[1, -Infinity], Math.PI, [0, 0]],
      [[Infinity, Infinity], Math.PI / 4, [0, 0]],
      [[-Infinity, -Infinity], (-3 * Math.PI) / 4, [0, 0]],
      [[Number.NaN, 1], Number.NaN, [Number.NaN, Number.NaN]],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
    ],
    kinks: [kink('y = x = 0', '0 for both', ops.atan2, [0, 0], [0, 0])],
  },
  sinh: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => series(x, (k) => (x * x) / (2 * k * (2 * k + 1))),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[0.001], 0.001000000166666675],
      [[711], Infinity, [Infinity]],
      [[Infinity], Infinity, [Infinity]],
      [[-Infinity], -Infinity, [Infinity]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  cosh: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => (Math.exp(x) + Math.exp(-x)) / 2,
    special: [
      [[0], 1, [0]],
      [[-0], 1, [0]],
      [[-711], Infinity, [-Infinity]],
      [[Infinity], Infinity, [Infinity]],
      [[-Infinity], Infinity, [-Infinity]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  asinh: {
    kind: 'elementwise',
    operands: [REAL],
    result: 'float',
    value: (x) => Math.sign(x) * Math.log1p(Math.abs(x) + (x * x) / (1 + Math.sqrt(1 + x * x))),
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[1e200], 461.2101657793691, [1e-200]],
      [[Infinity], Infinity, [0]],
      [[-Infinity], -Infinity, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
    facts: [
      // −x / (1 + x²)^(3/2)
      ['its second derivative holds far out', () => bend(ops.asinh, -1e100), [near(1e-200)]],
    ],
  },
  acosh: {
    kind: 'elementwise',
    operands: [[[1.3, 4]]],
    integers: [[[1, 6]]],
    result: 'float',
    ulps: 8,
    value: (x) => 2 * Math.log(Math.sqrt((x + 1) / 2) + Math.sqrt((x - 1) / 2)),
    special: [
      [[1], 0, [Infinity]],
      [[1 + 2 ** -52], 2.1073424255447014e-8, [47453132.81212577]],
      [[1e200], 461.2101657793691, [1e-200]],
      [[0], Number.NaN, [Number.NaN]],
      [[-0], Number.NaN, [Number.NaN]],
      [[-2], Number.NaN, [Number.NaN]],
      [[Infinity], Infinity, [0]],
      [[-Infinity], Number.NaN, [Number.NaN]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  atanh: {
    kind: 'elementwise',
    operands: [WITHIN_ONE],
    result: 'float',
    value: (x) => (Math.log1p(x) - Math.log1p(-x)) / 2,
    special: [
      [[0], 0, [1]],
      [[-0], -0, [1]],
      [[1], Infinity, [Infinity]],
      [[-1], -Infinity, [Infinity]],
      [[1 - 2 ** -53], 18.714973875118524, [4503599627370496]],
      [[2], Number.NaN],
      [[Infinity], Number.NaN, [0]],
      [[-Infinity], Number.NaN, [0]],
      [[Number.NaN], Number.NaN, [Number.NaN]],
    ],
  },
  hypot: {
    kind: 'elementwise',
    operands: [REAL, NONZERO],
    result: 'float',
    value: Math.hypot,
    special: [
      [[0, 0], 0, [0, 0]],
      [[-0, 0], 0, [0, 0]],
      [[-0, -0], 0, [0, 0]],
      [[3, -4], 5, [0.6, -0.8]],
      [[3e200, 4e200], 4.9999999999999995e200, [0.6, 0.8]],
      [[3e-200, 4e-200], 5e-200, [0.6, 0.8]],
      [[5e-324, 0], 5e-324, [1, 0]],
      [[1.5e308, 1.5e308], Infinity, [Math.SQRT1_2, Math.SQRT1_2]],
      [[1e300, 1e-300], 1e300, [1, 0]],
      [[0, -2], 2, [0, -1]],
      [[-0, 2], 2, [0, 1]],
      [[-3, 0], 3, [-1, 0]],
      [[3, -0], 3, [1, 0]],
      [[Infinity, 1], Infinity, [1, 0]],
      [[-Infinity, 1], Infinity, [-1, 0]],
      [[1, Infinity], Infinity, [0, 1]],
      [[1, -Infinity], Infinity, [0, -1]],
      [[Infinity, -Infinity], Infinity, [Math.SQRT1_2, -Math.SQRT1_2]],
      [[Number.NaN, 1], Number.NaN, [Number.NaN, Number.NaN]],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Infinity, Number.NaN], Infinity, [Number.NaN, Number.NaN]],
      [[Number.NaN, Infinity], Infinity, [Number.NaN, Number.NaN]],
      [[Number.NaN, 0], Number.NaN, [Number.NaN, Number.NaN]],
      [[0, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
    ],
    kinks: [kink('a = b = 0', '0 for both', ops.hypot, [0, 0], [0, 0])],
    facts: [
      [
        'its second derivative b² / r³ keeps its digits where a is much larger',
        () => slopes((a) => tensorSlope((t) => ops.hypot(t, 1e-5), a), 1e5),
        [near(1e-25)],
      ],
      [
        'its second derivatives at the origin are 0',
        () => slopes((a, b) => tensorSlope((t) => ops.hypot(t, b), a), 0, 0).map(Math.abs),
        [0, 0],
      ],
    ],
  },
  hypotShare: {
    kind: 'elementwise',
    operands: [NONZERO, NONZERO],
    result: 'float',
    ulps: 8,
    // The cosine of an angle, found as the sine of its complement where that is the small one.
    value: (a, b) => Math.sin(Math.atan2(a, Math.abs(b))),
    special: [
      [[0, 0], 0, [0, 0]],
      [[-0, -0], -0, [0, 0]],
      [[3, 4], 0.6, [0.128, -0.096]],
      [[0, -2], 0, [0.5, 0]],
      [[-0, 2], -0, [0.5, 0]],
      [[-2, 0], -1, [0, 0]],
      [[3, -0], 1, [0, 0]],
      [[-3e200, 4e200], -0.6],
      [[3e-200, 4e-200], 0.6],
      [[1.5e308, 1.5e308], Math.SQRT1_2],
      [[Infinity, 3], 1, [0, 0]],
      [[-Infinity, 3], -1, [0, 0]],
      [[3, Infinity], 0, [0, 0]],
      [[3, -Infinity], 0, [0, 0]],
      [[-3, Infinity], -0, [0, 0]],
      [[Infinity, -Infinity], Math.SQRT1_2, [0, 0]],
      [[Number.NaN, 1], Number.NaN, [Number.NaN, Number.NaN]],
      [[1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN]],
      [[Infinity, Number.NaN], Number.NaN],
    ],
    kinks: [kink('a = b = 0', '0 for both', ops.hypotShare, [0, 0], [0, 0])],
  },
  lerp: {
    kind: 'elementwise',
    operands: [[[1, 2]], [[3, 4]], [[-0.5, 1.5]]],
    result: 'float',
    ulps: 16,
    value: (start, end, weight) => start * (1 - weight) + end * weight,
    special: [
      [[3, 5, 0], 3, [1, 0, 2]],
      [[3, 5, 1], 5, [0, 1, 2]],
      // 0.1 + (0.7 − 0.1) is 0.7000000000000001.
      [[0.1, 0.7, 1], 0.7],
      [[3, 5, -0], 3, [1, 0, 2]],
      [[0, 5, 0.25], 1.25, [0.75, 0.25, 5]],
      [[-0, 5, 0.25], 1.25, [0.75, 0.25, 5]],
      [[5, 0, 0.25], 3.75, [0.75, 0.25, -5]],
      [[5, -0, 0.25], 3.75, [0.75, 0.25, -5]],
      [[-0, 5, 0], -0],
      [[5, -0, 1], -0],
      [[5, 5, 0.3], 5, [0.7, 0.3, 0]],
      [[-2, 6, 0.25], 0, [0.75, 0.25, 8]],
      [[1, 2, 3], 4, [-2, 3, 1]],
      [[2, 1, 3], -1, [-2, 3, -1]],
      // A difference that overflows.
      [[-1e308, 1e308, 0.75], 5e307],
      [[-1e308, 1e308, 0], -1e308],
      [[3, Infinity, 0], 3, [1, 0, Infinity]],
      [[-Infinity, 3, 1], 3, [0, 1, Infinity]],
      [[3, Infinity, 0.5], Infinity, [0.5, 0.5, Infinity]],
      [[3, -Infinity, 0.5], -Infinity, [0.5, 0.5, -Infinity]],
      [[Infinity, 3, 0.5], Infinity, [0.5, 0.5, -Infinity]],
      [[-Infinity, 3, 0.5], -Infinity, [0.5, 0.5, Infinity]],
      [[Infinity, Infinity, 0.5], Infinity],
      [[-Infinity, Infinity, 0.5], Number.NaN],
      [[1, 3, Infinity], Infinity, [-Infinity, Infinity, 2]],
      [[1, 3, -Infinity], -Infinity, [Infinity, -Infinity, 2]],
      [[Number.NaN, 1, 0.5], Number.NaN, [0.5, 0.5, Number.NaN]],
      [[1, Number.NaN, 0.5], Number.NaN, [0.5, 0.5, Number.NaN]],
      [[Number.NaN, 1, 0], Number.NaN],
      [[1, Number.NaN, 0], Number.NaN],
      [[Number.NaN, 1, 1], Number.NaN],
      [[1, 2, Number.NaN], Number.NaN, [Number.NaN, Number.NaN, 1]],
      [[1, 1, Number.NaN], Number.NaN, [Number.NaN, Number.NaN, 0]],
    ],
    facts: [
      [
        'it never goes past its end',
        () => {
          const weights = Array.from({ length: 64 }, (_, k) => 1 - k * 2 ** -53);
          const way = ops.lerp(f64(0.1), f64(0.7), f64(weights)).toArray() as number[];
          return way.every((y, k) => y <= (way[k - 1] ?? 0.7));
        },
        true,
      ],
    ],
    refusals: [
      [
        () => ops.lerp(f64([1, 2]), f64([1, 2, 3]), 0.5),
        ShapeError,
        'lerp: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3',
      ],
      [
        () => ops.lerp(1, 2, '0.5' as never),
        ArgumentError,
        'lerp: weight must be a tensor or a number, got "0.5"; wrap arrays in tensor(…)',
      ],
    ],
  },
} satisfies Record<string, Elementwise & { readonly options?: never }>;
