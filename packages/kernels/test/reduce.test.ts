import { describe, expect, it } from '@jest/globals';
import { distance, indexing, type Kernel, reduce, rows } from '../src/index.js';
import { run, stream } from './run.js';

/** Folds a list of numbers to one, in float64 or another array. */
function fold(
  kernel: Kernel,
  data: readonly number[],
  extra = 0,
  Values: new (data: Iterable<number>) => Float64Array | Float32Array = Float64Array,
): number {
  return run(kernel, [data.length, 1, 0, extra], new Float64Array(1), new Values(data))[0];
}

describe('sum', () => {
  it('is compensated in float64', () => {
    expect(fold(reduce.sum, [1e100, 1, -1e100])).toBe(1);
    expect(fold(reduce.sum, [1, 1e100, 1, -1e100])).toBe(2);
    expect(fold(reduce.sum, new Array(10).fill(0.1))).toBe(1);
    // A rational sum, known exactly: Σ 1/1024ⁱ.
    expect(fold(reduce.sum, [1, ...new Array<number>(1e5).fill(2 ** -60)])).toBe(1 + 1e5 * 2 ** -60);
  });

  it('of float32 numbers rounds once', () => {
    const data = new Float32Array(1e6).fill(0.1);
    const y = run(reduce.sum, [1e6, 1, 0, 0], new Float32Array(1), data);
    expect(y[0]).toBe(Math.fround(1e6 * data[0]));
  });

  it('keeps infinities, and does not make NaN of an overflow', () => {
    expect(fold(reduce.sum, [Infinity, 1])).toBe(Infinity);
    expect(fold(reduce.sum, [1e308, 1e308])).toBe(Infinity);
    expect(fold(reduce.sum, [Infinity, -Infinity])).toBe(Number.NaN);
    expect(fold(reduce.sum, [])).toBe(0);
  });

  it('walks kept axes and a strided run', () => {
    // [2, 3] folded over its first axis, stored transposed.
    const y = run(
      reduce.sum,
      [2, 1, 1, 3, 2, 0],
      new Float64Array(3),
      Float64Array.from([1, 10, 2, 20, 3, 30]),
    );
    expect(Array.from(y)).toEqual([11, 22, 33]);
  });
});

describe('mean', () => {
  it('survives a sum that overflows', () => {
    expect(fold(reduce.mean, [1.5e308, 1.5e308])).toBe(1.5e308);
    expect(fold(reduce.mean, [Infinity, 1])).toBe(Infinity);
    expect(fold(reduce.mean, [1, 2, 6])).toBe(3);
  });
});

describe('logSumExp', () => {
  it('keeps the tail that shift and logarithm lose', () => {
    expect(fold(reduce.logSumExp, [0, -40])).toBe(4.248354255291589e-18);
    expect(fold(reduce.logSumExp, [-40, 0])).toBe(4.248354255291589e-18);
  });

  it('is right at the ends of the range', () => {
    expect(fold(reduce.logSumExp, [1000, 1000])).toBe(1000 + Math.LN2);
    expect(fold(reduce.logSumExp, [-1000, -1000])).toBe(-1000 + Math.LN2);
    expect(fold(reduce.logSumExp, [-Infinity, -Infinity])).toBe(-Infinity);
    expect(fold(reduce.logSumExp, [Infinity, 0])).toBe(Infinity);
    expect(fold(reduce.logSumExp, [])).toBe(-Infinity);
    expect(fold(reduce.logSumExp, [0, Number.NaN, Infinity])).toBe(Number.NaN);
    expect(fold(reduce.logSumExp, [5])).toBe(5);
  });
});

describe('extremes', () => {
  it('spread NaN, and find the first of equals', () => {
    expect([fold(reduce.max, [1, Number.NaN, 3]), fold(reduce.min, [1, Number.NaN, 3])]).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
    expect([fold(reduce.argmax, [1, 7, 7]), fold(reduce.argmin, [3, 1, 1])]).toEqual([1, 1]);
    expect([fold(reduce.argmax, [1, Number.NaN, 9]), fold(reduce.argmin, [Number.NaN, 1])]).toEqual([1, 0]);
    expect([fold(reduce.argmax, [-Infinity, -Infinity]), fold(reduce.argmin, [Infinity])]).toEqual([0, 0]);
  });
});

describe('variance and norm', () => {
  it('take a far mean without loss', () => {
    expect(fold(reduce.variance, [1e8, 1e8 + 1, 1e8 + 2], 1)).toBe(1);
    expect(fold(reduce.standardDeviation, [1e8, 1e8 + 2], 0)).toBe(1);
  });

  it('neither overflow nor underflow', () => {
    expect(fold(reduce.euclideanNorm, [3e200, 4e200]) / 5e200).toBeCloseTo(1, 14);
    expect(fold(reduce.euclideanNorm, [3e-200, 4e-200]) / 5e-200).toBeCloseTo(1, 14);
    expect(fold(reduce.euclideanNorm, [3, 4])).toBe(5);
    expect(fold(reduce.euclideanNorm, [0, 0])).toBe(0);
    expect(fold(reduce.euclideanNorm, [Infinity, 1])).toBe(Infinity);
    expect(fold(reduce.euclideanNorm, [Number.NaN, 0])).toBe(Number.NaN);
    expect([fold(reduce.absoluteSum, [-1, 2]), fold(reduce.absoluteMax, [-3, 2])]).toEqual([3, 3]);
  });
});

describe('rows', () => {
  const row = (kernel: Kernel, data: readonly number[], extra = 0): number[] =>
    Array.from(run(kernel, [1, data.length, extra], new Float64Array(data.length), Float64Array.from(data)));

  it('of softmax add up to 1 and survive any logits', () => {
    const next = stream(6);
    for (let i = 0; i < 200; i++) {
      const logits = Array.from({ length: 10 }, () => (next() - 0.5) * 10 ** (next() * 5));
      const sum = row(rows.softmax, logits).reduce((s, p) => s + p, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(10 * Number.EPSILON);
    }
    expect(row(rows.softmax, [1e4, -1e4])).toEqual([1, 0]);
    expect(row(rows.softmax, [-Infinity, -Infinity])).toEqual([0.5, 0.5]);
    expect(row(rows.softmax, [-Infinity, 0])).toEqual([0, 1]);
  });

  it('of logSoftmax keep the tiny loss of a sure class', () => {
    expect(row(rows.logSoftmax, [40, 0])).toEqual([-4.248354255291589e-18, -40]);
    expect(row(rows.logSoftmax, [0, 40])).toEqual([-40, -4.248354255291589e-18]);
  });

  it('sort stably both ways, NaN as the greatest', () => {
    expect(row(rows.argsort, [3, 1, 3, 1])).toEqual([1, 3, 0, 2]);
    expect(row(rows.argsort, [3, 1, 3, 1], 1)).toEqual([0, 2, 1, 3]);
    expect(row(rows.argsort, [Number.NaN, Infinity, -0, 0, -Infinity])).toEqual([4, 2, 3, 1, 0]);
    expect(row(rows.argsort, [Number.NaN, Infinity, -0, 0, -Infinity], 1)).toEqual([0, 1, 2, 3, 4]);
  });

  it('give 0 for a product with a cotangent of 0', () => {
    const y = new Float64Array(2);
    run(rows.softmaxGradient, [1, 2], y, new Float64Array(2), Float64Array.from([Number.NaN, Infinity]));
    expect(Array.from(y)).toEqual([0, 0]);
  });
});

describe('distances', () => {
  const pair = (kernel: Kernel, a: readonly number[], b: readonly number[]): number =>
    run(kernel, [1, 1, 1, a.length], new Float64Array(1), Float64Array.from(a), Float64Array.from(b))[0];

  it('of equal rows are exactly 0, wherever they lie', () => {
    const next = stream(7);
    for (let i = 0; i < 100; i++) {
      const x = Array.from({ length: 128 }, () => (next() - 0.5) * 1e6);
      expect([pair(distance.cdist, x, x), pair(distance.squaredCdist, x, x)]).toEqual([0, 0]);
    }
  });

  it('survive a far origin, overflow and underflow', () => {
    expect(pair(distance.cdist, [512695], [512804])).toBe(109);
    expect(pair(distance.cdist, [3e200, 0], [0, 4e200]) / 5e200).toBeCloseTo(1, 14);
    expect(pair(distance.cdist, [3e-200, 0], [0, 4e-200]) / 5e-200).toBeCloseTo(1, 14);
    expect(pair(distance.cdist, [Infinity], [0])).toBe(Infinity);
    expect(pair(distance.cdist, [Number.NaN], [0])).toBe(Number.NaN);
  });

  it('weigh differences, and skip those without weight', () => {
    const w = Float64Array.from([0, 2]);
    const a = Float64Array.from([1, 5]);
    const b = Float64Array.from([Infinity, 0, 4, 1]);
    const y = run(distance.weightedDifference, [1, 1, 2, 2], new Float64Array(2), w, a, b);
    expect(Array.from(y)).toEqual([-6, 8]);
  });
});

describe('scattering', () => {
  it('adds in double where the result is float32', () => {
    const y = run(
      indexing.indexAdd,
      [1, 1, 1, 4],
      new Float32Array(1),
      Float32Array.from([2 ** 24]),
      Float32Array.from([1, 1, 1, 1]),
      new Int32Array(4),
    );
    expect(y[0]).toBe(2 ** 24 + 4);
    const z = run(
      indexing.scatterAdd,
      [1, 0, 4, 1],
      new Float32Array(1),
      Float32Array.from([2 ** 24]),
      Float32Array.from([1, 1, 1, 1]),
      new Int32Array(4),
    );
    expect(z[0]).toBe(2 ** 24 + 4);
  });

  it('leaves its neighbours in a shared array alone', () => {
    const y = new Float32Array(5).fill(-1);
    indexing.indexAdd.run(
      [1, 2, 1, 1],
      y,
      2,
      Float32Array.from([1, 2]),
      0,
      Float32Array.from([10]),
      0,
      Int32Array.from([1]),
      0,
      y,
      0,
    );
    expect(Array.from(y)).toEqual([-1, -1, 1, 12, -1]);
  });
});
