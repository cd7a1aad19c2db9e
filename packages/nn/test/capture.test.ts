/** @file Training in captured steps and in scopes: the trajectory of the eager steps, bit for bit. */
import { describe, expect, it } from '@jest/globals';
import {
  capture,
  currentKernels,
  generator,
  randn,
  scope,
  setKernels,
  type Tensor,
  tensor,
} from '@ndgrad/core';
import { Adam, Linear, type Optimizer, ReLU, Sequential, SGD } from '@ndgrad/nn';

const OPTIMIZERS: [string, (parameters: Iterable<Tensor>) => Optimizer][] = [
  ['SGD', (p) => new SGD(p, { learningRate: 0.1 })],
  ['SGD with weight decay', (p) => new SGD(p, { learningRate: 0.1, weightDecay: 0.1 })],
  [
    'SGD with momentum and dampening',
    (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9, dampening: 0.25 }),
  ],
  ['SGD with Nesterov momentum', (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ['Adam', (p) => new Adam(p, { learningRate: 0.01 })],
  ['Adam with weight decay', (p) => new Adam(p, { learningRate: 0.01, betas: [0.4, 0.9], weightDecay: 0.1 })],
];

type DType = 'float32' | 'float64';

function makeTraining(make: (parameters: Iterable<Tensor>) => Optimizer, dtype: DType) {
  const source = generator(3);
  const model = new Sequential(
    new Linear(4, 8, { generator: source, dtype }),
    new ReLU(),
    new Linear(8, 2, { generator: source, dtype }),
  );
  const optimizer = make(model.parameters());
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = model.call(x).sub(y).square().mean();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const state = (): unknown[] =>
    [...model.stateDict(), ...optimizer.stateDict()].map(([name, t]) => [name, Array.from(t.toTypedArray())]);
  return { model, optimizer, step, state };
}

const batches = (dtype: DType): [Tensor, Tensor][] =>
  Array.from({ length: 6 }, (_, i) => {
    const source = generator(50 + i);
    return [randn([16, 4], { generator: source, dtype }), randn([16, 2], { generator: source, dtype })];
  });

describe.each(['js', 'simd', 'relaxed'] as const)('%s', (build) => {
  it.each(OPTIMIZERS)('%s goes the same way eagerly, in scopes and captured', (_name, make) => {
    const before = currentKernels();
    setKernels(build);
    for (const dtype of ['float32', 'float64'] as const) {
      const [eager, scoped, replayed] = [0, 1, 2].map(() => makeTraining(make, dtype)) as [
        ReturnType<typeof makeTraining>,
        ReturnType<typeof makeTraining>,
        ReturnType<typeof makeTraining>,
      ];
      const captured = capture(replayed.step);
      batches(dtype).forEach(([x, y], i) => {
        for (const { optimizer } of [eager, scoped, replayed]) optimizer.learningRate *= i === 3 ? 0.5 : 1;
        const loss = eager.step(x, y).item();
        expect(scope(() => scoped.step(x, y)).item()).toBe(loss);
        expect(captured(x, y).item()).toBe(loss);
        expect(scoped.state()).toEqual(eager.state());
        expect(replayed.state()).toEqual(eager.state());
      });
      expect(captured.stats().recordings).toBe(1);
    }
    setKernels(before);
  });
});

describe('a captured training', () => {
  it('goes on from a saved state with the same bits', () => {
    const make = OPTIMIZERS[4]?.[1] as (parameters: Iterable<Tensor>) => Optimizer;
    const [whole, resumed] = [makeTraining(make, 'float32'), makeTraining(make, 'float32')];
    const all = batches('float32');
    const step = capture(whole.step);
    for (const [x, y] of all.slice(0, 3)) step(x, y);
    const saved = [whole.model.stateDict(), whole.optimizer.stateDict()] as const;
    for (const [x, y] of all.slice(3)) step(x, y);

    const again = capture(resumed.step);
    const [first] = all as [[Tensor, Tensor]];
    again(...first);
    resumed.model.loadStateDict(saved[0]);
    resumed.optimizer.loadStateDict(saved[1]);
    for (const [x, y] of all.slice(3)) again(x, y);
    expect(resumed.state()).toEqual(whole.state());
  });

  it('leaves out a parameter without a gradient, and its count', () => {
    const used = tensor([1, 2], { requiresGrad: true });
    const unused = tensor([3], { requiresGrad: true });
    const adam = new Adam([used, unused]);
    const step = capture((x: Tensor) => {
      adam.zeroGrad();
      used.mul(x).sum().backward();
      adam.step();
    });
    step(tensor([1, 1]));
    step(tensor([1, 1]));
    expect(unused.toArray()).toEqual([3]);
    expect(adam.stateDict().get('0.step')?.item()).toBe(2);
    expect(adam.stateDict().get('1.step')?.item()).toBe(0);
  });
});
