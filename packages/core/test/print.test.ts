import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { arange, format, reshape, tensor, zeros } from '../src/index.js';

describe('a tensor in a console', () => {
  it('shows dtype, shape and values', () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    const text = 'Tensor float32 [2, 2]\n[[1, 2],\n [3, 4]]';
    expect([format(t), `${t}`, inspect(t), inspect([t])]).toEqual([
      text,
      text,
      text,
      expect.stringContaining('[2, 2]'),
    ]);
  });

  it.each([
    [tensor(3), 'Tensor float32 [] 3'],
    [tensor([]), 'Tensor float32 [0] []'],
    [zeros([2, 0]), 'Tensor float32 [2, 0]\n[[],\n []]'],
    [zeros([0, 2]), 'Tensor float32 [0, 2]\n[]'],
    [tensor([true, false]), 'Tensor bool [2] [ true, false]'],
    [tensor([1, -20], { dtype: 'int32' }), 'Tensor int32 [2] [  1, -20]'],
    [tensor([0.1, -0, Number.NaN, Infinity]), 'Tensor float32 [4] [     0.1,       -0,      NaN, Infinity]'],
    [tensor([1e-10, 1e10], { dtype: 'float64' }), 'Tensor float64 [2] [1.0000e-10, 1.0000e+10]'],
    [tensor([1 / 3], { dtype: 'float64' }), 'Tensor float64 [1] [0.33333]'],
    [tensor([1], { requiresGrad: true }), 'Tensor float32 [1] requiresGrad [1]'],
    [tensor([1], { requiresGrad: true }).mul(2), 'Tensor float32 [1] from mul [2]'],
  ])('shows %#', (t, text) => {
    expect(format(t)).toBe(text);
  });

  it('puts a blank line between matrices', () => {
    expect(format(reshape(arange(8), [2, 2, 2]))).toBe(
      'Tensor float32 [2, 2, 2]\n[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]',
    );
  });

  it('shows the ends of long axes only', () => {
    expect(format(arange(2000))).toBe('Tensor float32 [2000] [   0,    1,    2, …, 1997, 1998, 1999]');
    const wide = format(reshape(arange(10_000), [100, 100])).split('\n');
    expect(wide).toHaveLength(8);
    expect(wide[4]).toBe(' …,');
  });

  it('shows views as they are read', () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(format(t.T)).toBe('Tensor float32 [2, 2]\n[[1, 3],\n [2, 4]]');
    expect(format(t.select(0, 1).expand([2, 2]))).toBe('Tensor float32 [2, 2]\n[[3, 4],\n [3, 4]]');
  });

  it('takes no time for a million elements', () => {
    const t = zeros([1000, 1000]);
    const start = performance.now();
    format(t);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
