/** @file Tests of the tests: a checker that never fails is worse than none. */
import { describe, expect, it } from '@jest/globals';
import { clone, defineOp, exp, matmul, mul, sum, type Tensor, tanh, tensor } from '../src/index.js';
import { gradcheck, gradgradcheck } from '../src/testing/index.js';
import { thrownBy } from './thrown.js';

const f64 = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });

/** tanh with a derivative that may be wrong. */
const suspicious = (name: string, slope: (g: Tensor, x: Tensor) => Tensor) => {
  const op = defineOp<null>({
    name,
    forward: ([x]) => tanh(x as Tensor),
    vjp: [(g, { inputs: [x] }) => slope(g, x as Tensor)],
  });
  return (x: Tensor): Tensor => op([x], null);
};

const slopeOf = (x: Tensor): Tensor => mul(tanh(x), tanh(x)).neg().add(1);

describe('gradcheck', () => {
  it('accepts what is right', () => {
    gradcheck(tanh, [f64([0.5, -1, 2])]);
    gradcheck((a, b) => matmul(a, b), [f64([[1, 2]]), f64([[3], [4]])], { exhaustive: true });
    gradcheck((x) => [exp(x), x.sum()], [f64([0.1, 0.2])]);
    gradcheck(
      suspicious('fine', (g, x) => mul(g, slopeOf(x))),
      [f64([0.5, -1, 2])],
    );
    gradcheck(() => f64(1), [f64([1, 2])]);
    gradcheck((x) => x, [f64([])]);
  });

  it('accepts large and small values alike', () => {
    gradcheck(exp, [f64([30, -30])]);
    gradcheck((x) => x.square(), [f64([1e6, 1e-6])]);
    gradcheck((x) => mul(x, 1e-200), [f64([1, 2])]);
  });

  it.each([0.9999, 1.0001, 1.00000001])('catches a derivative that is off by a factor of %d', (factor) => {
    const f = suspicious('off', (g, x) => mul(g, mul(slopeOf(x), factor)));
    const report = thrownBy(() => gradcheck(f, [f64([0.5, -1, 2])]))?.message;
    expect(report).toMatch(
      /^gradcheck: the derivative by input 0 of shape \[3\] disagrees with finite differences \(relative tolerance 1e-9\)\n {2}along a random direction: analytic \S+, numeric \S+, ratio \S+ \(off by \S+, allowed \S+\)\n {2}along element \[0\]: /,
    );
    expect(Number(/ratio (\S+)/.exec(report ?? '')?.[1])).toBeCloseTo(factor, 9);
  });

  it('catches one wrong element among a thousand, and says which', () => {
    const spoiled = new Float64Array(1000).fill(1);
    spoiled[13] = 1.0001;
    const factors = tensor(spoiled);
    const f = suspicious('one', (g, x) => mul(mul(g, slopeOf(x)), factors));
    const x = tensor(Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i)));
    const report = thrownBy(() => gradcheck(f, [x]))?.message.split('\n');
    expect(report).toHaveLength(3);
    expect(report?.[2]).toMatch(/^ {2}along element \[13\]: /);
  });

  it('catches a swapped sign', () => {
    const f = suspicious('sign', (g, x) => mul(g, slopeOf(x)).neg());
    expect(thrownBy(() => gradcheck(f, [f64([0.5])]))?.message).toMatch(/ratio -1\.?/);
  });

  it('catches a cotangent that is ignored, and one that is doubled', () => {
    expect(
      thrownBy(() =>
        gradcheck(
          suspicious('ignored', (_, x) => slopeOf(x)),
          [f64([0.5, 1])],
        ),
      ),
    ).toBeDefined();
    expect(
      thrownBy(() =>
        gradcheck(
          suspicious('doubled', (g, x) => mul(g, slopeOf(x)).mul(2)),
          [f64([0.5, 1])],
        ),
      ),
    ).toBeDefined();
  });

  it('catches a sum over stretched axes that was dropped', () => {
    const stretched = defineOp<null>({
      name: 'stretched',
      forward: ([a, b]) => mul(a as Tensor, b as Tensor),
      vjp: [
        (g, { inputs: [, b] }) => mul(g, b as Tensor),
        // The first row alone instead of the sum over all rows.
        (g, { inputs: [a] }) => mul(g, a as Tensor).select(0, 0),
      ],
    });
    const inputs = [
      f64([
        [1, 2],
        [3, 4],
      ]),
      f64([5, 6]),
    ];
    expect(thrownBy(() => gradcheck((a, b) => stretched([a, b], null), inputs))?.message).toMatch(
      /^gradcheck: the derivative by input 1 of shape \[2\] disagrees/,
    );
  });

  it('catches swapped inputs', () => {
    const swapped = defineOp<null>({
      name: 'swapped',
      forward: ([a, b]) => mul(a as Tensor, b as Tensor),
      vjp: [(g, { inputs: [a] }) => mul(g, a as Tensor), (g, { inputs: [, b] }) => mul(g, b as Tensor)],
    });
    expect(thrownBy(() => gradcheck((a, b) => swapped([a, b], null), [f64([1]), f64([2])]))?.message).toMatch(
      /input 0/,
    );
  });

  it('catches a derivative where the value is constant, and none where it moves', () => {
    const phantom = defineOp<null>({
      name: 'phantom',
      forward: () => f64([1, 1]),
      vjp: [(g) => g],
    });
    const missing = defineOp<null>({
      name: 'missing',
      forward: ([x]) => clone(x as Tensor),
      vjp: [(g) => mul(g, 0)],
    });
    expect(thrownBy(() => gradcheck((x) => phantom([x], null), [f64([1, 2])]))).toBeDefined();
    expect(thrownBy(() => gradcheck((x) => missing([x], null), [f64([1, 2])]))).toBeDefined();
  });

  it('catches NaN', () => {
    const f = suspicious('nan', (g) => mul(g, Number.NaN));
    expect(thrownBy(() => gradcheck(f, [f64([0.5])]))).toBeDefined();
  });

  it('checks each element when it is exhaustive', () => {
    const f = suspicious('one', (g, x) => mul(mul(g, slopeOf(x)), f64([1, 1 + 1e-7])));
    expect(
      thrownBy(() => gradcheck(f, [f64([0.5, 0.2])], { exhaustive: true, relativeTolerance: 1e-8 }))?.message,
    ).toMatch(/along element \[1\]/);
  });

  it('finds the same thing for the same seed', () => {
    const f = suspicious('off', (g, x) => mul(g, mul(slopeOf(x), 1.01)));
    const report = (seed: number) => thrownBy(() => gradcheck(f, [f64([0.5, -1])], { seed }))?.message;
    expect(report(1)).toBe(report(1));
    expect(report(1)).not.toBe(report(2));
  });

  it('leaves its inputs and their gradients alone', () => {
    const x = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    gradcheck((t) => t.exp(), [x]);
    expect([x.grad, x.toArray()]).toEqual([undefined, [1, 2]]);
  });

  it('refuses anything but float64 tensors, and unknown options', () => {
    expect(thrownBy(() => gradcheck(exp, [tensor([1])]))).toEqual({
      name: 'ArgumentError',
      message:
        'gradcheck: inputs[0] must be float64, got float32; finite differences of narrower numbers have no digits left; let f close over integers',
    });
    expect(thrownBy(() => gradcheck(exp, [1 as never]))).toEqual({
      name: 'ArgumentError',
      message: 'gradcheck: inputs[0] must be a tensor, got 1; wrap it in tensor(…)',
    });
    expect(thrownBy(() => gradcheck(exp, []))).toEqual({
      name: 'ArgumentError',
      message: 'gradcheck: inputs must be an array of at least one tensor, got an array of length 0',
    });
    expect(thrownBy(() => gradcheck(1 as never, [f64(1)]))).toEqual({
      name: 'ArgumentError',
      message: 'gradcheck: f must be a function, got 1',
    });
    expect(thrownBy(() => gradcheck(() => 1 as never, [f64(1)]))).toEqual({
      name: 'ArgumentError',
      message: 'gradcheck: output 0 of f must be a tensor, got 1; wrap it in tensor(…)',
    });
    expect(thrownBy(() => gradcheck((x) => x.argmax(), [f64([1])]))).toEqual({
      name: 'DTypeError',
      message: 'gradcheck: f must return a float tensor, got int32',
    });
    expect(thrownBy(() => gradcheck(exp, [f64(1)], { tolerance: 1 } as never))?.name).toBe('ArgumentError');
    expect(thrownBy(() => gradcheck(exp, [f64(1)], { step: 0 }))).toEqual({
      name: 'ArgumentError',
      message: 'gradcheck: step must be a finite number above 0, got 0',
    });
  });
});

describe('gradgradcheck', () => {
  it('accepts what is right, linear functions among them', () => {
    gradgradcheck(tanh, [f64([0.5, -1])]);
    gradgradcheck((a, b) => matmul(a, b), [f64([[1, 2]]), f64([[3], [4]])]);
    gradgradcheck((x) => sum(x), [f64([0.5, -1])]);
    gradgradcheck(() => f64(1), [f64([0.5, -1])]);
  });

  it('catches a first derivative that is right but was made a constant', () => {
    const frozen = suspicious('frozen', (g, x) => mul(g, slopeOf(x.detach())));
    gradcheck(frozen, [f64([0.5, -1])]);
    expect(thrownBy(() => gradgradcheck(frozen, [f64([0.5, -1])]))?.message).toMatch(
      /^gradgradcheck: the derivative by input 0 of shape \[2\] disagrees/,
    );
  });

  it('catches a derivative that is not linear in its cotangent', () => {
    const curved = suspicious('curved', (g, x) => mul(mul(g, g.detach()), slopeOf(x)));
    expect(thrownBy(() => gradgradcheck(curved, [f64([0.5, -1])]))).toBeDefined();
  });

  it('catches a second derivative that is off by 1e-4', () => {
    const inner = defineOp<null>({
      name: 'inner',
      forward: ([x]) => slopeOf(x as Tensor),
      vjp: [(g, { inputs: [x] }) => mul(g, mul(mul(tanh(x as Tensor), slopeOf(x as Tensor)), -2.0002))],
    });
    const f = suspicious('outer', (g, x) => mul(g, inner([x], null)));
    gradcheck(f, [f64([0.5, -1])]);
    expect(thrownBy(() => gradgradcheck(f, [f64([0.5, -1])]))).toBeDefined();
  });

  it('refuses anything but float64 tensors', () => {
    expect(thrownBy(() => gradgradcheck(exp, [tensor([1])]))?.message).toBe(
      'gradgradcheck: inputs[0] must be float64, got float32; finite differences of narrower numbers have no digits left; let f close over integers',
    );
  });
});
