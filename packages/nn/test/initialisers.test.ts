import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DTypeError, generator, manualSeed, ShapeError, type Tensor } from '@ndgrad/core';
import { init, Linear } from '@ndgrad/nn';

const WIDE = [200, 300] as const;

function moments(t: Tensor): { mean: number; std: number; low: number; high: number } {
  const values = Array.from(t.toTypedArray());
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance), low: t.min().item(), high: t.max().item() };
}

/** Every drawing initialiser with the standard deviation that theory gives it over WIDE, written out by hand. */
const drawn = {
  uniform: { draw: init.uniform, std: 1 / Math.sqrt(12), mean: 0.5, bound: 1 },
  normal: { draw: init.normal, std: 1, mean: 0, bound: Number.POSITIVE_INFINITY },
  // √(2 / (300 + 200)) and √(6 / 500).
  xavierUniform: { draw: init.xavierUniform, std: 0.0632455532, mean: 0, bound: 0.1095445115 },
  xavierNormal: { draw: init.xavierNormal, std: 0.0632455532, mean: 0, bound: Number.POSITIVE_INFINITY },
  // √(2 / 300) and √(6 / 300).
  kaimingUniform: { draw: init.kaimingUniform, std: 0.0816496581, mean: 0, bound: 0.1414213562 },
  kaimingNormal: { draw: init.kaimingNormal, std: 0.0816496581, mean: 0, bound: Number.POSITIVE_INFINITY },
};

describe.each(Object.entries(drawn))('init.%s', (_, { draw, std, mean, bound }) => {
  it('has the mean, the standard deviation and the bounds of its distribution', () => {
    const found = moments(draw(WIDE, { generator: generator(11), dtype: 'float64' }));
    // 60 000 draws: 5 standard errors of the mean are 0.0205 σ, of the deviation below 0.015 σ.
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.0205 * std);
    expect(Math.abs(found.std / std - 1)).toBeLessThan(0.015);
    expect(found.high).toBeLessThanOrEqual(bound);
    expect(Number.isFinite(bound) ? found.high > 0.999 * bound : found.high > 3.5 * std).toBe(true);
    if (mean === 0 && Number.isFinite(bound)) expect(found.low).toBeGreaterThanOrEqual(-bound);
  });

  it('gives the same bits for the same seed, other bits for another, and moves the generator on', () => {
    const bits = (seed: number) => Array.from(draw([7, 5], { generator: generator(seed) }).toTypedArray());
    expect(bits(3)).toEqual(bits(3));
    expect(bits(3)).not.toEqual(bits(4));
    const source = generator(3);
    draw([7, 5], { generator: source });
    expect(Array.from(draw([7, 5], { generator: source }).toTypedArray())).not.toEqual(bits(3));
  });

  it('draws from the seed of manualSeed when no generator is given', () => {
    manualSeed(5);
    const first = draw([4, 4]).toArray();
    manualSeed(5);
    expect(draw([4, 4]).toArray()).toEqual(first);
  });

  it('honours dtype and requiresGrad', () => {
    const plain = draw([2, 2]);
    expect([plain.dtype, plain.requiresGrad]).toEqual(['float32', false]);
    const learned = draw([2, 2], { dtype: 'float64', requiresGrad: true });
    expect([learned.dtype, learned.requiresGrad, learned.isLeaf]).toEqual(['float64', true, true]);
  });

  it('refuses unknown options, other dtypes and impossible shapes', () => {
    const bad = draw as (shape: unknown, options?: unknown) => Tensor;
    expect(() => bad([2, 2], { generater: 1 })).toThrow(
      /: unknown option 'generater'; did you mean 'generator'\?$/,
    );
    expect(() => bad([2, 2], { dtype: 'int32' })).toThrow(DTypeError);
    expect(() => bad([2, 2], { generator: {} })).toThrow(ArgumentError);
    expect(() => bad([2, -1])).toThrow(ShapeError);
    expect(() => bad('wide')).toThrow(ArgumentError);
  });
});

describe('initialisers with fans', () => {
  it('count the kernel into both fans', () => {
    const shape = [40, 20, 3, 3];
    const highest = (t: Tensor) => t.max().item();
    const options = { generator: generator(1), dtype: 'float64' } as const;
    // fanIn is 20 · 9 = 180, fanOut 40 · 9 = 360; the largest of 7200 draws is close to the bound.
    expect(highest(init.kaimingUniform(shape, options)) / Math.sqrt(6 / 180)).toBeCloseTo(1, 2);
    expect(
      highest(init.kaimingUniform(shape, { ...options, mode: 'fanOut' })) / Math.sqrt(6 / 360),
    ).toBeCloseTo(1, 2);
    expect(highest(init.xavierUniform(shape, options)) / Math.sqrt(6 / 540)).toBeCloseTo(1, 2);
  });

  it('scale with the gain of the nonlinearity', () => {
    const std = (nonlinearity: 'linear' | 'tanh') =>
      moments(init.kaimingNormal(WIDE, { nonlinearity, generator: generator(2), dtype: 'float64' })).std;
    expect(std('tanh') / std('linear')).toBeCloseTo(5 / 3, 12);
    const plain = moments(init.xavierNormal(WIDE, { generator: generator(2), dtype: 'float64' })).std;
    const gained = moments(
      init.xavierNormal(WIDE, { gain: 3, generator: generator(2), dtype: 'float64' }),
    ).std;
    expect(gained / plain).toBeCloseTo(3, 12);
  });

  it('need two axes', () => {
    for (const draw of [init.xavierUniform, init.xavierNormal, init.kaimingUniform, init.kaimingNormal]) {
      expect(() => draw([3])).toThrow(
        /^\w+: shape must have at least two axes, \[out, in\], got \[3\]; uniform\(…\) and normal\(…\) take any shape$/,
      );
      expect(() => draw([])).toThrow(ShapeError);
    }
  });

  it('accept empty shapes', () => {
    expect(init.kaimingUniform([3, 0]).shape).toEqual([3, 0]);
    expect(init.xavierNormal([0, 0]).shape).toEqual([0, 0]);
  });

  it('refuse unknown modes and nonlinearities', () => {
    expect(() => init.kaimingUniform([2, 2], { mode: 'fan_in' as 'fanIn' })).toThrow(
      "kaimingUniform: mode must be 'fanIn' or 'fanOut', got \"fan_in\"; did you mean 'fanIn'?",
    );
    expect(() => init.kaimingNormal([2, 2], { nonlinearity: 'rleu' as 'relu' })).toThrow(
      /^kaimingNormal: nonlinearity must be 'linear' or .*, got "rleu"; did you mean 'relu'\?$/,
    );
    expect(() => init.kaimingNormal([2, 2], { negativeSlope: Number.NaN })).toThrow(ArgumentError);
    expect(() => init.xavierUniform([2, 2], { gain: -1 })).toThrow(
      'xavierUniform: gain must be a finite number at least 0, got -1',
    );
  });
});

describe('uniform and normal', () => {
  it('take their ends, mean and deviation', () => {
    const u = moments(init.uniform(WIDE, { low: -3, high: 5, generator: generator(1), dtype: 'float64' }));
    expect(u.low).toBeGreaterThanOrEqual(-3);
    expect(u.high).toBeLessThanOrEqual(5);
    expect(u.mean).toBeCloseTo(1, 1);
    const n = moments(init.normal(WIDE, { mean: 10, std: 0.5, generator: generator(1), dtype: 'float64' }));
    expect(n.mean).toBeCloseTo(10, 2);
    expect(n.std).toBeCloseTo(0.5, 2);
  });

  it('refuse ends in the wrong order and negative deviations', () => {
    expect(() => init.uniform([1], { low: 1, high: 0 })).toThrow(
      'uniform: high must be a finite number at least 1, got 0',
    );
    expect(() => init.uniform([1], { low: Number.NEGATIVE_INFINITY })).toThrow(ArgumentError);
    expect(() => init.normal([1], { std: -1 })).toThrow(
      'normal: std must be a finite number at least 0, got -1',
    );
    expect(() => init.normal([1], { mean: Number.NaN })).toThrow(ArgumentError);
  });
});

describe('constant, zeros, ones', () => {
  it('fill', () => {
    expect(init.constant([2, 1], -0.5).toArray()).toEqual([[-0.5], [-0.5]]);
    expect(init.constant([1], Number.NEGATIVE_INFINITY).item()).toBe(Number.NEGATIVE_INFINITY);
    expect(init.zeros([3]).toArray()).toEqual([0, 0, 0]);
    expect(init.ones([], { dtype: 'float64', requiresGrad: true }).requiresGrad).toBe(true);
  });

  it('refuse what they do not know', () => {
    expect(() => init.zeros([1], { dtipe: 'float64' } as object)).toThrow(
      "zeros: unknown option 'dtipe'; did you mean 'dtype'?",
    );
    expect(() => init.constant([1], '1' as unknown as number)).toThrow(
      'constant: value must be a number, got "1"',
    );
  });
});

describe('gain', () => {
  it('is PyTorch’s table', () => {
    expect(init.gain('linear')).toBe(1);
    expect(init.gain('sigmoid')).toBe(1);
    expect(init.gain('tanh')).toBeCloseTo(1.6666666666666667, 15);
    expect(init.gain('relu')).toBeCloseTo(Math.SQRT2, 15);
    expect(init.gain('leakyRelu')).toBeCloseTo(1.4141428569978354, 15);
    expect(init.gain('leakyRelu', 0.2)).toBeCloseTo(1.3867504905630728, 15);
    expect(init.gain('selu')).toBe(0.75);
  });

  it('refuses names it does not know', () => {
    expect(() => init.gain('toString' as 'relu')).toThrow(ArgumentError);
    expect(() => init.gain('leakyRelu', Number.POSITIVE_INFINITY)).toThrow(
      'gain: negativeSlope must be a finite number, got Infinity',
    );
  });
});

describe('Linear’s first values', () => {
  it('are uniform in ±1/√inFeatures, weight and bias', () => {
    const layer = new Linear(400, 500, { generator: generator(1), dtype: 'float64' });
    for (const t of [layer.weight, layer.bias as Tensor]) {
      const { low, high, std, mean } = moments(t);
      expect(low).toBeGreaterThanOrEqual(-0.05);
      expect(high).toBeLessThanOrEqual(0.05);
      expect(high).toBeGreaterThan(0.049);
      expect(Math.abs(mean)).toBeLessThan(0.01);
      expect(Math.abs(std / (0.05 / Math.sqrt(3)) - 1)).toBeLessThan(0.1);
    }
  });

  it('draw the weight first, then the bias, from the one generator', () => {
    const layer = new Linear(6, 4, { generator: generator(9) });
    const source = generator(9);
    const bound = 1 / Math.sqrt(6);
    // gain √(1/3) · √(3/6), as PyTorch writes ±1/√6; equal but for the last bit.
    const weight = init.kaimingUniform([4, 6], { negativeSlope: Math.sqrt(5), generator: source });
    const bias = init.uniform([4], { low: -bound, high: bound, generator: source });
    expect(layer.weight.toArray()).toEqual(weight.toArray());
    expect(layer.bias?.toArray()).toEqual(bias.toArray());
  });
});
