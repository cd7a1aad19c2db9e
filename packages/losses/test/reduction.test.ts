import { describe, expect, it } from '@jest/globals';
import { ArgumentError, ShapeError, type Tensor, tensor } from '@ndgrad/core';
import {
  crossEntropy,
  describe as describeLoss,
  mseLoss,
  type Reduction,
  reduce,
  tallyOf,
  type Weight,
} from '@ndgrad/losses';
import { gradientOf } from './gradientOf.js';

const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });

describe('weights', () => {
  const x = [
    [1, 2],
    [3, 4],
  ];
  const value = (weight: Weight, reduction: Reduction = 'mean') =>
    mseLoss(
      f64(x),
      tensor(
        [
          [0, 0],
          [0, 0],
        ],
        { dtype: 'float64' },
      ),
      { weight, reduction },
    ).item();

  it('of one axis of extent 1 count for every term along it', () => {
    expect(value(tensor([[1], [3]]))).toBeCloseTo((1 + 4 + 3 * (9 + 16)) / (2 + 6), 14);
    expect(value(tensor([[1, 3]]))).toBeCloseTo((1 + 9 + 3 * (4 + 16)) / (2 + 6), 14);
    expect(value(tensor([[2]]))).toBeCloseTo((1 + 4 + 9 + 16) / 4, 14);
  });

  it('of another rank are refused, never aligned by guess', () => {
    expect(() => value([1, 3])).toThrow(ShapeError);
    expect(() => value([1, 3])).toThrow(
      'mseLoss: weight must have the shape of the terms, [2, 2], or 1 in place of an extent, got [2]; unsqueeze(weight, 1) gives one weight per row',
    );
    expect(() => value(tensor([[1, 2, 3]]))).toThrow(ShapeError);
  });

  it('may be bool or int32, and then do not raise the dtype', () => {
    const prediction = tensor(x);
    const target = tensor([
      [0, 0],
      [0, 0],
    ]);
    for (const weight of [tensor([[true], [false]]), tensor(new Int32Array([1, 0]), { shape: [2, 1] })]) {
      const loss = mseLoss(prediction, target, { weight });
      expect(loss.dtype).toBe('float32');
      expect(loss.item()).toBe(2.5);
    }
  });

  it('get gradients of their own, also through the denominator', () => {
    const weight = f64([1, 3]);
    const loss = mseLoss(f64([1, 2]), tensor([0, 0], { dtype: 'float64' }), { weight });
    // d (w₀ + 4w₁)/(w₀ + w₁) = ((1 − L), (4 − L)) / 4, L = 13/4
    expect(gradientOf(loss, weight).toArray()).toEqual([-2.25 / 4, 0.75 / 4]);
  });

  it('scale freely under a mean', () => {
    expect(value(tensor([[1e-12], [3e-12]]))).toBeCloseTo(value(tensor([[1], [3]])), 12);
  });

  it('name the position of the first that is wrong', () => {
    expect(() => value(tensor([[1], [-2]]))).toThrow(
      'weight must be finite and not negative, got -2 at position [1, 0]',
    );
  });
});

describe('meanActive', () => {
  it('is the mean over the terms above 0', () => {
    const loss = mseLoss(f64([1, 0, 3]), tensor([0, 0, 0], { dtype: 'float64' }), {
      reduction: 'meanActive',
    });
    expect(loss.item()).toBe(5);
  });

  it('does not hide a NaN', () => {
    const loss = mseLoss(f64([1, Number.NaN]), tensor([0, 0], { dtype: 'float64' }), {
      reduction: 'meanActive',
    });
    expect(loss.item()).toBeNaN();
  });

  it('leaves terms below 0 out of numerator and denominator', () => {
    const terms = f64([4, -6, 2]);
    const loss = reduce(terms, tallyOf('test', [3], 'float64', { reduction: 'meanActive' }));
    expect(loss.item()).toBe(3);
    expect(gradientOf(loss, terms).toArray()).toEqual([0.5, 0, 0.5]);
  });
});

describe('tallyOf and reduce, for a loss of one’s own', () => {
  it('count what is selected and weighs something', () => {
    const selected = tensor([true, true, false]);
    const tally = tallyOf('myLoss', [3], 'float64', { weight: [1, 0, 5] }, selected);
    expect(tally.counted?.toArray()).toEqual([true, false, false]);
    expect(reduce(f64([7, Number.NaN, Number.NaN]), tally).item()).toBe(7);
  });

  it('take sums of float32 in double precision', () => {
    const terms = tensor(new Float32Array(1e6).fill(0.1));
    expect(reduce(terms, tallyOf('myLoss', [1e6], 'float32', {})).item()).toBe(Math.fround(0.1));
  });
});

describe('describe', () => {
  it('gives name, formula, paper and denominator', () => {
    expect(describeLoss(crossEntropy)).toEqual({
      name: 'crossEntropy',
      formula: 'ℓ = −w_y log softmax(z)_y, or −Σ_c w_c t_c log softmax(z)_c',
      paper: 'Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, 1990',
      denominator: 'Σ w_y (Σ_c w_c t_c) over the rows that count; their number without weights',
    });
  });

  it('refuses a function that says nothing', () => {
    const silent = (() => 0) as unknown as typeof crossEntropy;
    expect(() => describeLoss(silent)).toThrow(ArgumentError);
    expect(() => describeLoss(silent)).toThrow(
      'describe: loss must be a loss function that says its formula, paper and denominator, got a function',
    );
    expect(() => describeLoss(undefined as unknown as typeof crossEntropy)).toThrow(ArgumentError);
  });
});
