import { describe, expect, it } from '@jest/globals';
import { copyInto, elementwise, elementwisePlan, type Kernel } from '../src/index.js';
import { each, run, stream } from './run.js';

const {
  ceil,
  clamp,
  floor,
  floorDivide,
  logaddexp,
  logSigmoid,
  maximum,
  minimum,
  mod,
  mulInt,
  pow,
  round,
  sigmoid,
  sign,
  softplus,
  squareInt,
  toBool,
  trunc,
} = elementwise;

describe('round', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [-2.5, -2],
    [0.49999999999999994, 0],
    [-0.49999999999999994, -0],
    [0.5000000000000001, 1],
    [-0.3, -0],
    [-0, -0],
    [0, 0],
    [2 ** 52 - 0.5, 2 ** 52],
    [2 ** 52 + 1, 2 ** 52 + 1],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-(2 ** 52) - 1, -(2 ** 52) - 1],
    [1e300, 1e300],
    [Infinity, Infinity],
    [-Infinity, -Infinity],
    [Number.NaN, Number.NaN],
  ])('%d to %d', (x, expected) => {
    expect(each(round, [x])).toEqual([expected]);
  });
});

describe('floor, ceil and trunc', () => {
  it('keep the sign of zero', () => {
    expect([each(floor, [-0]), each(ceil, [-0.5]), each(trunc, [-0.5])]).toEqual([[-0], [-0], [-0]]);
  });
});

describe('floorDivide and mod', () => {
  it.each([
    [7, 2, 3, 1],
    [-7, 2, -4, 1],
    [7, -2, -4, -1],
    [-7, -2, 3, -1],
    [6, 3, 2, 0],
    [6, -3, -2, -0],
    [0, 5, 0, 0],
    [5, 0, Infinity, Number.NaN],
    [-5, 0, -Infinity, Number.NaN],
    [0, 0, Number.NaN, Number.NaN],
    [1, Infinity, 0, 1],
    [-1, Infinity, -1, Infinity],
    [1, -Infinity, -1, -Infinity],
    [-1, -Infinity, 0, -1],
    [Infinity, 2, Number.NaN, Number.NaN],
    [-Infinity, 2, Number.NaN, Number.NaN],
    [Infinity, Infinity, Number.NaN, Number.NaN],
    [Number.NaN, 1, Number.NaN, Number.NaN],
    [1, Number.NaN, Number.NaN, Number.NaN],
    // 0.1 is more than a tenth, so 1 holds it nine times; 1 / 0.1 rounds to 10.
    [1, 0.1, 9, 0.09999999999999995],
    [-1, 0.1, -10, 0.1 - 0.09999999999999995],
    [2 ** 53, 3, 3002399751580330, 2],
    [5e-324, 3, 0, 5e-324],
  ])('of %d by %d are %d and %d', (a, b, quotient, remainder) => {
    const [q] = each(floorDivide, [a], [b]);
    const [r] = each(mod, [a], [b]);
    if (Object.is(quotient, 0)) expect(q + 0).toBe(0);
    else expect(q).toBe(quotient);
    expect(r).toBe(remainder);
  });

  it('fit together: a = q b + r with r between 0 and b', () => {
    const next = stream(3);
    for (let i = 0; i < 20_000; i++) {
      const a = Math.floor((next() - 0.5) * 2000) / 8;
      const b = (Math.floor(next() * 100) + 1) / (next() < 0.5 ? 8 : -8);
      const [q] = each(floorDivide, [a], [b]);
      const [r] = each(mod, [a], [b]);
      if (q * b + r !== a || !(b > 0 ? r >= 0 && r < b : r <= 0 && r > b))
        throw new Error(`${a} by ${b}: ${q}, ${r}`);
    }
  });
});

describe('products of int32', () => {
  it('wrap modulo 2³²', () => {
    const a = Int32Array.from([123456789, -2147483648, 65536, -1]);
    const b = Int32Array.from([987654321, -1, 65536, 2147483647]);
    const plan = elementwisePlan([4], [1], [1]);
    const exact = Array.from(a, (x, i) => Number(BigInt.asIntN(32, BigInt(x) * BigInt(b[i]))));
    expect(Array.from(run(mulInt, plan, new Int32Array(4), a, b))).toEqual(exact);
    const squares = Array.from(a, (x) => Number(BigInt.asIntN(32, BigInt(x) ** 2n)));
    expect(Array.from(run(squareInt, elementwisePlan([4], [1]), new Int32Array(4), a))).toEqual(squares);
  });
});

describe('pow', () => {
  it.each([
    [1, Number.NaN, 1],
    [1, Infinity, 1],
    [-1, Infinity, 1],
    [-1, -Infinity, 1],
    [Number.NaN, 0, 1],
    [0, 0, 1],
    [-0, -1, -Infinity],
    [-0, -2, Infinity],
    [-8, 1 / 3, Number.NaN],
    [2, -1074, 5e-324],
    [3, 2, 9],
  ])('of %d to %d is %d', (a, b, expected) => {
    expect(each(pow, [a], [b])).toEqual([expected]);
  });
});

describe('maximum and minimum', () => {
  it('order zeros by sign and spread NaN from both sides', () => {
    expect(each(maximum, [0, -0, Number.NaN, 1, -Infinity], [-0, 0, 1, Number.NaN, -Infinity])).toEqual([
      0,
      0,
      Number.NaN,
      Number.NaN,
      -Infinity,
    ]);
    expect(each(minimum, [0, -0, Number.NaN, 1, Infinity], [-0, 0, 1, Number.NaN, Infinity])).toEqual([
      -0,
      -0,
      Number.NaN,
      Number.NaN,
      Infinity,
    ]);
  });

  it('agree with Math on random numbers', () => {
    const next = stream(4);
    const a = Array.from({ length: 1000 }, () => Math.floor(next() * 10) - 5);
    const b = Array.from({ length: 1000 }, () => Math.floor(next() * 10) - 5);
    expect(each(maximum, a, b)).toEqual(a.map((x, i) => Math.max(x, b[i])));
    expect(each(minimum, a, b)).toEqual(a.map((x, i) => Math.min(x, b[i])));
  });
});

describe('clamp', () => {
  it('lets the upper bound win where the bounds cross, and NaN through', () => {
    expect(each(clamp, [0, 2, 5, Number.NaN], [3, 3, 3, 0], [1, 1, 1, 1])).toEqual([1, 1, 1, Number.NaN]);
  });
});

describe('tails', () => {
  it('keep their digits', () => {
    expect(each(softplus, [-37, 710, -745])).toEqual([8.533047625744066e-17, 710, 5e-324]);
    expect(each(logSigmoid, [-800, 40])).toEqual([-800, -4.248354255291589e-18]);
    expect(each(sigmoid, [-745, 745])).toEqual([5e-324, 1]);
    expect(each(logaddexp, [0, 1000, -1000], [-40, 1000, -1000])).toEqual([
      4.248354255291589e-18,
      1000 + Math.LN2,
      -1000 + Math.LN2,
    ]);
  });
});

describe('sign and toBool', () => {
  it('treat zeros and NaN as they should', () => {
    expect(each(sign, [-0, 0, Number.NaN, -3])).toEqual([-0, 0, Number.NaN, -1]);
    expect(each(toBool, [-0, Number.NaN, 0.1])).toEqual([0, 1, 1]);
  });
});

describe('elementwisePlan', () => {
  it('merges neighbouring axes where every operand allows it', () => {
    expect(elementwisePlan([2, 3, 4], [12, 4, 1], [12, 4, 1])).toEqual([1, 24, 1, 1]);
    expect(elementwisePlan([2, 3, 4], [12, 4, 1], [0, 0, 1])).toEqual([2, 6, 4, 4, 1, 0, 1]);
    expect(elementwisePlan([2, 3, 4], [12, 4, 1], [0, 0, 0])).toEqual([1, 24, 1, 0]);
  });

  it('drops axes of length 1 and keeps at least one axis', () => {
    expect(elementwisePlan([2, 1, 3], [3, 99, 1])).toEqual([1, 6, 1]);
    expect(elementwisePlan([], [])).toEqual([1, 1, 0]);
    expect(elementwisePlan([1, 1], [5, 5], [7, 7])).toEqual([1, 1, 0, 0]);
  });

  it('walks every layout in row-major order', () => {
    const next = stream(5);
    for (let trial = 0; trial < 200; trial++) {
      const shape = Array.from({ length: 1 + Math.floor(next() * 4) }, () => Math.floor(next() * 4));
      const strides = shape.map(() => Math.floor(next() * 7) - 3);
      const size = shape.reduce((p, e) => p * e, 1);
      const data = Float64Array.from({ length: 100 }, (_, i) => i);
      const y = new Float64Array(size);
      elementwise.copy.run(elementwisePlan(shape, strides), y, 0, data, 50, data, 0, data, 0, data, 0);
      const expected: number[] = [];
      const walk = (axis: number, place: number): void => {
        if (axis === shape.length) expected.push(place);
        else for (let i = 0; i < shape[axis]; i++) walk(axis + 1, place + i * strides[axis]);
      };
      walk(0, 50);
      expect([shape, strides, Array.from(y)]).toEqual([shape, strides, expected]);
    }
  });
});

describe('copyInto', () => {
  it('writes through strides and leaves the rest alone', () => {
    const y = new Float64Array(12).fill(-1);
    copyInto.run(
      elementwisePlan([2, 3], [6, -2], [1, 2]),
      y,
      4,
      Float64Array.from([1, 2, 3, 4, 5, 6]),
      0,
      y,
      0,
      y,
      0,
      y,
      0,
    );
    expect(Array.from(y)).toEqual([5, -1, 3, -1, 1, -1, 6, -1, 4, -1, 2, -1]);
  });
});

describe('every elementwise kernel', () => {
  it('writes its first operand alone, and nothing for no elements', () => {
    for (const kernel of Object.values(elementwise) as Kernel[]) {
      expect(kernel.writes).toBe(1);
      const y = Float64Array.from([7]);
      kernel.run([2, 0, 3, 1, 1, 1, 1, 1, 1], y, 0, y, 0, y, 0, y, 0, y, 0);
      expect(y[0]).toBe(7);
    }
  });
});
