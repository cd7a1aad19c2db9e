import { describe, expect, it } from '@jest/globals';
import { ArgumentError, generator, noGrad, ShapeError, type Tensor, tensor, zeros } from '@ndgrad/core';
import { gradcheck } from '@ndgrad/core/testing';
import { Linear, Module, Normalize, ReLU, Sequential, Tanh } from '@ndgrad/nn';

const layerOf = (weight: number[][], bias?: number[]): Linear => {
  const layer = new Linear(weight[0].length, weight.length, { bias: bias !== undefined, dtype: 'float64' });
  noGrad(() => {
    layer.weight.assign(tensor(weight, { dtype: 'float64' }));
    if (bias !== undefined) layer.bias?.assign(tensor(bias, { dtype: 'float64' }));
  });
  return layer;
};

describe('Linear', () => {
  it('is x Wᵀ + b for one row, many rows and batches of rows', () => {
    const layer = layerOf(
      [
        [1, 2],
        [3, -4],
        [0, 0.5],
      ],
      [10, 20, 30],
    );
    const one = [11, 23, 30];
    const other = [12, 16, 30.5];
    const x = (data: number[] | number[][] | number[][][]) => layer.call(tensor(data, { dtype: 'float64' }));
    expect(x([1, 0]).toArray()).toEqual(one);
    expect(
      x([
        [1, 0],
        [0, 1],
      ]).toArray(),
    ).toEqual([one, other]);
    expect(
      x([
        [
          [1, 0],
          [0, 1],
        ],
        [
          [0, 1],
          [1, 0],
        ],
      ]).toArray(),
    ).toEqual([
      [one, other],
      [other, one],
    ]);
    expect(layer.call(zeros([0, 2], { dtype: 'float64' })).shape).toEqual([0, 3]);
    expect(layer.call(zeros([2, 0, 2], { dtype: 'float64' })).shape).toEqual([2, 0, 3]);
  });

  it('has shapes as PyTorch and no bias when told so', () => {
    const layer = new Linear(5, 3, { bias: false });
    expect([layer.weight.shape, layer.bias, layer.inFeatures, layer.outFeatures]).toEqual([
      [3, 5],
      undefined,
      5,
      3,
    ]);
    expect(layer.parameters().length).toBe(1);
    expect(layer.call(zeros([2, 5])).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('sends the right gradients to input, weight and bias, at every rank', () => {
    for (const shape of [[2], [3, 2], [2, 3, 2]]) {
      const x = tensor(
        Array.from({ length: shape.reduce((p, q) => p * q) }, (_, i) => Math.sin(1 + i)),
        { shape, dtype: 'float64' },
      );
      const weight = tensor(
        [
          [0.3, -1.2],
          [2, 0.7],
          [-0.4, 0.1],
        ],
        { dtype: 'float64' },
      );
      const bias = tensor([0.5, -1, 0.25], { dtype: 'float64' });
      gradcheck(
        (x, weight, bias) => {
          const layer = Object.assign(Object.create(Linear.prototype) as Linear, {
            inFeatures: 2,
            outFeatures: 3,
            weight,
            bias,
          });
          return layer
            .call(x as Tensor)
            .square()
            .sum();
        },
        [x, weight, bias],
      );
    }
  });

  it('refuses a last axis of another length, scalars and things that are no tensor', () => {
    const layer = new Linear(3, 2);
    expect(() => layer.call(zeros([4, 2]))).toThrow(ShapeError);
    expect(() => layer.call(zeros([4, 2]))).toThrow(
      'Linear: x must have a last axis of length 3, got shape [4, 2]',
    );
    expect(() => layer.call(zeros([]))).toThrow('Linear: x must have a last axis of length 3, got shape []');
    expect(() => layer.call([1, 2, 3] as unknown as Tensor)).toThrow(
      'Linear: x must be a tensor, got an array',
    );
  });

  it('refuses impossible sizes and options', () => {
    expect(() => new Linear(0, 2)).toThrow('Linear: inFeatures must be an integer at least 1, got 0');
    expect(() => new Linear(2, 1.5)).toThrow('Linear: outFeatures must be an integer at least 1, got 1.5');
    expect(() => new Linear(2, Number.NaN)).toThrow(ArgumentError);
    expect(() => new Linear(2, 2, { biass: false } as object)).toThrow(
      "Linear: unknown option 'biass'; did you mean 'bias'?",
    );
    expect(() => new Linear(2, 2, { bias: 0 as unknown as boolean })).toThrow(
      'Linear: bias must be true or false, got 0',
    );
    expect(() => new Linear(2, 2, { dtype: 'int32' as 'float32' })).toThrow(/float32/);
  });
});

describe('ReLU, Tanh, Normalize', () => {
  it('are the functions of core, without parameters', () => {
    const x = tensor(
      [
        [-3, 4],
        [0, 0],
      ],
      { dtype: 'float64' },
    );
    expect(new ReLU().call(x).toArray()).toEqual([
      [0, 4],
      [0, 0],
    ]);
    expect(new Tanh().call(x).toArray()).toEqual(
      [
        [Math.tanh(-3), Math.tanh(4)],
        [0, 0],
      ].map((row) => row.map((v) => expect.closeTo(v, 14))),
    );
    expect(new Normalize().call(x).toArray()).toEqual([
      [expect.closeTo(-0.6, 15), 0.8],
      [0, 0],
    ]);
    expect([new ReLU(), new Tanh(), new Normalize()].flatMap((m) => m.parameters())).toEqual([]);
  });

  it('Normalize takes the last axis of any rank', () => {
    const x = tensor([[[3, 4]], [[0, -2]]], { dtype: 'float64' });
    expect(new Normalize().call(x).toArray()).toEqual([[[expect.closeTo(0.6, 15), 0.8]], [[0, -1]]]);
  });
});

describe('Sequential', () => {
  it('calls its modules in order', () => {
    const model = new Sequential(layerOf([[2]], [1]), new ReLU(), layerOf([[-1]], [0]));
    expect(model.call(tensor([[3], [-3]], { dtype: 'float64' })).toArray()).toEqual([[-7], [0]]);
  });

  it('without modules returns its input', () => {
    const x = zeros([2]);
    expect(new Sequential().call(x)).toBe(x);
  });

  it('nested, names its parts by place', () => {
    class Model extends Module {
      readonly layers = new Sequential(
        new Linear(1, 1),
        new Sequential(new Tanh(), new Linear(1, 1, { bias: false })),
      );
      override call(x: Tensor): Tensor {
        return this.layers.call(x);
      }
    }
    expect([...new Model().namedParameters().keys()]).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.1.weight',
    ]);
  });

  it('gradients flow through every layer to the input', () => {
    const source = { generator: generator(4), dtype: 'float64' } as const;
    const model = new Sequential(
      new Linear(3, 4, source),
      new Tanh(),
      new Linear(4, 2, source),
      new Normalize(),
    );
    const x = tensor(
      [
        [0.1, -0.7, 1.3],
        [2, 0.4, -0.2],
      ],
      { dtype: 'float64' },
    );
    const mix = tensor(
      [
        [0.3, -0.9],
        [1.1, 0.4],
      ],
      { dtype: 'float64' },
    );
    gradcheck(
      (x) =>
        model
          .call(x as Tensor)
          .mul(mix)
          .sum(),
      [x],
    );
    model.zeroGrad();
    model.call(x).mul(mix).sum().backward();
    for (const p of model.parameters()) {
      // Central difference along each parameter's own direction of all ones.
      const loss = () => noGrad(() => model.call(x).mul(mix).sum().item());
      const shift = (h: number) => noGrad(() => p.assign(p.add(h)));
      const h = 1e-5;
      shift(h);
      const up = loss();
      shift(-2 * h);
      const down = loss();
      shift(h);
      expect(p.grad?.sum().item()).toBeCloseTo((up - down) / (2 * h), 8);
    }
  });

  it('does not compile with a module that takes something else than a tensor', () => {
    class Pair extends Module<readonly [Tensor, Tensor]> {
      override call([a, b]: readonly [Tensor, Tensor]): Tensor {
        return a.sub(b);
      }
    }
    // @ts-expect-error two tensors are not one
    expect(new Sequential(new Pair()).layers.length).toBe(1);
    expect(new Pair().call([zeros([1]), zeros([1])]).toArray()).toEqual([0]);
  });

  it('refuses what is no module', () => {
    const hint = 'write new Sequential(new Linear(2, 3), new ReLU()); spread a list with ...';
    expect(() => new Sequential(new ReLU(), Tanh as unknown as Module)).toThrow(
      `Sequential: layers[1] must be a module, got a function; ${hint}`,
    );
    expect(() => new Sequential([new ReLU()] as unknown as Module)).toThrow(
      `Sequential: layers[0] must be a module, got an array of length 1; ${hint}`,
    );
  });
});
