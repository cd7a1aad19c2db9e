/**
 * @file Numbers that change from step to step must enter ops through hostVector, or a captured step would replay those of
 * the step that was recorded. Here the read of one eager step is kept and done again, as a replay does.
 */
import { describe, expect, it, jest } from '@jest/globals';
import * as core from '@ndgrad/core';
import type * as nn from '@ndgrad/nn';

const reads: ((values: number[]) => void)[] = [];

jest.doMock('@ndgrad/core', () => ({
  ...core,
  hostVector: (count: number, read: (values: number[]) => void) => {
    reads.push(read);
    return core.hostVector(count, read);
  },
}));
const { Adam, SGD } = require('@ndgrad/nn') as typeof nn;

/** The read of one step over two parameters, without the numbers that never change. */
function record(
  changing: readonly number[],
  make: (p: core.Tensor[]) => nn.Optimizer,
): {
  optimizer: nn.Optimizer;
  replay: () => number[];
} {
  const parameters = [1, 2].map((x) => core.tensor([x], { dtype: 'float64', requiresGrad: true }));
  const optimizer = make(parameters);
  for (const p of parameters) p.grad = core.tensor([1], { dtype: 'float64' });
  reads.length = 0;
  optimizer.step();
  const [recorded] = reads;
  const replay = (): number[] => {
    const values: number[] = [];
    recorded?.(values);
    const count = values.length / parameters.length;
    return parameters.flatMap((_, k) => changing.map((i) => values[count * k + i] as number));
  };
  return { optimizer, replay };
}

describe('a replay reads anew', () => {
  it('Adam: step size and correction of the step it is', () => {
    const { optimizer, replay } = record(
      [0, 1],
      (p) => new Adam(p, { learningRate: 0.5, betas: [0.5, 0.75] }),
    );
    // Powers of ½ and ¾ are exact, whatever the order.
    const stepSize = (rate: number, t: number) => rate / (1 - 0.5 ** t);
    const correction = (t: number) => Math.sqrt(1 - 0.75 ** t);
    expect(replay()).toEqual([stepSize(0.5, 2), correction(2), stepSize(0.5, 2), correction(2)]);
    optimizer.learningRate = 0.125;
    expect(replay()).toEqual([stepSize(0.125, 3), correction(3), stepSize(0.125, 3), correction(3)]);
    expect(optimizer.stateDict().get('0.step')?.item()).toBe(3);
    expect(optimizer.stateDict().get('1.step')?.item()).toBe(3);
  });

  it('Adam: βᵗ is a running product, not a power', () => {
    const beta = 0.9;
    const { replay } = record([0, 1], (p) => new Adam(p, { learningRate: 1, betas: [beta, 0] }));
    let product = beta;
    let powersDiffer = false;
    for (let t = 2; t <= 100; t++) {
      product *= beta;
      expect(replay()[0]).toBe(1 / (1 - product));
      powersDiffer ||= 1 / (1 - beta ** t) !== 1 / (1 - product);
    }
    expect(powersDiffer).toBe(true);
  });

  it('SGD: learning rate, and the share of the gradient, which is whole in the first step only', () => {
    const { optimizer, replay } = record(
      [0, 3],
      (p) => new SGD(p, { learningRate: 0.5, momentum: 0.9, dampening: 0.25 }),
    );
    expect(replay()).toEqual([0.5, 0.75, 0.5, 0.75]);
    optimizer.learningRate = 0.125;
    expect(replay()).toEqual([0.125, 0.75, 0.125, 0.75]);
    expect(optimizer.stateDict().get('1.step')?.item()).toBe(3);
    expect(reads.length).toBe(1);
  });
});
