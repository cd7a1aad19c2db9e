import { describe, expect, it } from '@jest/globals';
import { type Generator, generator, permutation, type Tensor, tensor } from '@ndgrad/core';
import { Adam, Linear, type Optimizer, Sequential, SGD, Tanh } from '@ndgrad/nn';

const X = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const Y = [[0], [1], [1], [0]];

function net(source: Generator, dtype: 'float32' | 'float64' = 'float32'): Sequential {
  const options = { generator: source, dtype };
  return new Sequential(new Linear(2, 8, options), new Tanh(), new Linear(8, 1, options));
}

/** Mean squared error over a batch drawn by the generator; steps once and returns the loss. */
function trainStep(model: Sequential, optimizer: Optimizer, source: Generator): number {
  const order = Array.from(permutation(4, { generator: source }).toTypedArray()).slice(0, 3);
  const pick = (rows: readonly number[][]) => tensor(order.map((i) => rows[i]));
  optimizer.zeroGrad();
  const loss = model.call(pick(X)).sub(pick(Y)).square().mean();
  loss.backward();
  optimizer.step();
  return loss.item();
}

const bits = (tensors: Iterable<Tensor>): number[][] =>
  Array.from(tensors, (t) => Array.from(t.toTypedArray()));

describe('XOR', () => {
  it.each([
    ['Adam', (p: Tensor[]) => new Adam(p, { learningRate: 0.05 }), 300],
    [
      'SGD with Nesterov',
      (p: Tensor[]) => new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
      600,
    ],
  ] as const)('%s learns it from every seed tried', (_, make, steps) => {
    for (const seed of [1, 2, 3]) {
      const model = net(generator(seed));
      const optimizer = make(model.parameters());
      for (let step = 0; step < steps; step++) {
        optimizer.zeroGrad();
        model.call(tensor(X)).sub(tensor(Y)).square().mean().backward();
        optimizer.step();
      }
      const answers = Array.from(model.call(tensor(X)).toTypedArray(), (v) => Number(v > 0.5));
      expect(answers).toEqual(Y.flat());
    }
  });

  it('the same seed gives the same bits, another seed others', () => {
    const run = (seed: number): number[][] => {
      const source = generator(seed);
      const model = net(source);
      const adam = new Adam(model.parameters(), { learningRate: 0.05 });
      for (let step = 0; step < 20; step++) trainStep(model, adam, source);
      return bits(model.parameters());
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});

describe('resuming', () => {
  it.each([
    ['Adam', (p: Tensor[]) => new Adam(p, { learningRate: 0.05, weightDecay: 0.01 })],
    ['SGD', (p: Tensor[]) => new SGD(p, { learningRate: 0.1, momentum: 0.9, dampening: 0.1 })],
  ] as const)('from model, %s and generator gives the bits of the run that was never stopped', (_, make) => {
    const total = 30;
    const source = generator(7);
    const whole = net(source);
    const optimizer = make(whole.parameters());
    const losses = Array.from({ length: total }, () => trainStep(whole, optimizer, source));

    for (const stop of [0, 1, 7, 29]) {
      const first = generator(7);
      const model = net(first);
      const before = make(model.parameters());
      for (let step = 0; step < stop; step++) trainStep(model, before, first);
      const saved = { model: model.stateDict(), optimizer: before.stateDict(), random: first.state() };
      // What happens after the save must not reach into it.
      trainStep(model, before, first);

      const second = generator(0);
      const restored = net(second);
      const after = make(restored.parameters());
      restored.loadStateDict(saved.model);
      after.loadStateDict(saved.optimizer);
      second.restore(saved.random);
      const rest = Array.from({ length: total - stop }, () => trainStep(restored, after, second));
      expect(rest).toEqual(losses.slice(stop));
      expect(bits(restored.parameters())).toEqual(bits(whole.parameters()));
    }
  });
});
