import { describe, expect, it } from '@jest/globals';
import {
  AliasError,
  GraphError,
  generator,
  noGrad,
  ones,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { buffer, Linear, Module, Sequential, SGD, Tanh } from '@ndgrad/nn';

const mlp = (seed: number, dtype: 'float32' | 'float64' = 'float32'): Sequential => {
  const options = { generator: generator(seed), dtype };
  return new Sequential(new Linear(2, 3, options), new Tanh(), new Linear(3, 1, options));
};

const values = (state: ReadonlyMap<string, Tensor>): unknown =>
  Array.from(state, ([name, t]) => [name, t.shape, t.dtype, Array.from(t.toTypedArray())]);

/** The message of the refusal; the model must come out of it unchanged. */
function refusal(model: Module, state: unknown): string {
  const before = values(model.stateDict());
  let message = 'no error';
  try {
    model.loadStateDict(state as Map<string, Tensor>);
  } catch (error) {
    expect(error).toBeInstanceOf(StateError);
    message = (error as Error).message;
  }
  expect(values(model.stateDict())).toEqual(before);
  return message;
}

class Statistics extends Module {
  readonly mean = buffer(zeros([2]));
  readonly count = buffer(zeros([], { dtype: 'int32' }));
  override call(x: Tensor): Tensor {
    return x.sub(this.mean);
  }
}

describe('stateDict', () => {
  it('holds copies outside of the graph: later steps do not change them', () => {
    const model = mlp(1);
    const state = model.stateDict();
    const before = values(state);
    expect([...state.values()].every((t) => !t.requiresGrad)).toBe(true);
    model
      .call(ones([4, 2]))
      .sum()
      .backward();
    new SGD(model.parameters(), { learningRate: 1 }).step();
    expect(values(state)).toEqual(before);
    expect(values(model.stateDict())).not.toEqual(before);
  });

  it('has the names that PyTorch gives the same model', () => {
    expect([...mlp(1).stateDict().keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  });

  it('is a Map, so a name like toString is a name', () => {
    class Odd extends Module {
      readonly held = new Map([['toString', tensor([1], { requiresGrad: true })]]);
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Odd().stateDict().get('held.toString')?.toArray()).toEqual([1]);
  });
});

describe('loadStateDict', () => {
  it('writes in place: the tensors stay the same, optimisers keep working', () => {
    const [a, b] = [mlp(1), mlp(2)];
    const held = b.parameters();
    b.loadStateDict(a.stateDict());
    expect(values(b.stateDict())).toEqual(values(a.stateDict()));
    expect(b.parameters().every((p, i) => p === held[i] && p.requiresGrad && p.isLeaf)).toBe(true);
    const x = tensor([[0.3, -2]]);
    expect(b.call(x).toArray()).toEqual(a.call(x).toArray());
  });

  it('does not keep the state: writing into it later changes nothing', () => {
    const model = mlp(1);
    const state = mlp(2).stateDict();
    model.loadStateDict(state);
    const before = values(model.stateDict());
    for (const t of state.values()) t.write((a) => a.data.fill(9));
    expect(values(model.stateDict())).toEqual(before);
  });

  it('a graph recorded before it refuses to go back through the values that were overwritten', () => {
    const model = mlp(1);
    const loss = model.call(ones([1, 2])).sum();
    model.loadStateDict(mlp(2).stateDict());
    expect(() => loss.backward()).toThrow(GraphError);
  });

  it('buffers of any dtype are loaded', () => {
    const model = new Statistics();
    model.loadStateDict(
      new Map<string, Tensor>([
        ['mean', tensor([1, 2])],
        ['count', tensor(7, { dtype: 'int32' })],
      ]),
    );
    expect([model.mean.toArray(), model.count.item()]).toEqual([[1, 2], 7]);
  });

  it('the order of the state does not matter, nor does the layout of its tensors', () => {
    const model = mlp(1);
    const state = mlp(2).stateDict();
    const transposed = new Map(
      Array.from(state, ([name, t]) => [name, t.rank === 2 ? t.T.clone().T : t] as const),
    );
    model.loadStateDict(new Map([...transposed].reverse()));
    expect(values(model.stateDict())).toEqual(values(state));
  });

  it('a state made of the model’s own tensors with names exchanged is read before it is overwritten', () => {
    const twin = new Sequential(new Linear(1, 1, { bias: false }), new Linear(1, 1, { bias: false }));
    noGrad(() => {
      for (const [i, p] of twin.parameters().entries()) p.assign(tensor([[i + 1]]));
    });
    const [first, second] = twin.parameters() as [Tensor, Tensor];
    twin.loadStateDict(
      new Map([
        ['0.weight', second],
        ['1.weight', first],
      ]),
    );
    expect(twin.parameters().map((p) => p.item())).toEqual([2, 1]);
  });

  it('lists everything that is missing, unexpected or does not fit, and writes nothing', () => {
    const model = mlp(1);
    const state = new Map<string, unknown>(mlp(2).stateDict());
    state.delete('0.bias');
    state.delete('2.bias');
    state.set('0.weight', zeros([2, 3]));
    state.set('2.weight', zeros([1, 3], { dtype: 'float64' }));
    state.set('extra', zeros([1]));
    state.set('__proto__', zeros([1]));
    expect(refusal(model, state)).toBe(
      'loadStateDict: the state does not fit this Sequential: ' +
        'missing "0.bias" ([3] float32), "2.bias" ([1] float32); unexpected "extra", "__proto__"; ' +
        '"0.weight" must have shape [3, 2], got [2, 3]; "2.weight" must be float32, got float64; nothing was written',
    );
  });

  it('shape and dtype of one tensor can both be wrong, and both are said', () => {
    const model = new Statistics();
    const state = new Map<string, Tensor>([
      ['mean', zeros([3], { dtype: 'float64' })],
      ['count', zeros([], { dtype: 'int32' })],
    ]);
    expect(refusal(model, state)).toContain(
      '"mean" must have shape [2], got [3]; "mean" must be float32, got float64',
    );
  });

  it('a value that is no tensor is refused', () => {
    const state = new Map<string, unknown>([
      ['mean', [0, 0]],
      ['count', undefined],
    ]);
    expect(refusal(new Statistics(), state)).toBe(
      'loadStateDict: the state does not fit this Statistics: ' +
        '"mean" must be a tensor, got an array of length 2; "count" must be a tensor, got undefined; nothing was written',
    );
  });

  it('names that would speak to a terminal are escaped, keys that are no names are described', () => {
    const state = new Map<unknown, unknown>([
      ...new Statistics().stateDict(),
      ['\u001b[2J\u202e', 1],
      [3, 1],
    ]);
    expect(refusal(new Statistics(), state)).toBe(
      'loadStateDict: the state does not fit this Statistics: unexpected "\\u001b[2J\\u202e", 3; nothing was written',
    );
  });

  it('a plain object is refused: only a Map has no prototype to poison', () => {
    const state: unknown = JSON.parse('{"__proto__": {"polluted": true}}');
    expect(refusal(new Statistics(), state)).toBe(
      'loadStateDict: state must be a Map from names to tensors, got an object; stateDict() makes one',
    );
    expect(refusal(new Statistics(), undefined)).toContain('got undefined');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('NaN and Infinity are values like any other', () => {
    const model = new Statistics();
    const state = model.stateDict();
    state.set('mean', tensor([Number.NaN, Number.POSITIVE_INFINITY]));
    model.loadStateDict(state);
    expect(model.mean.toArray()).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  });

  it('a buffer whose elements share memory is refused before anything is written', () => {
    class Shared extends Module {
      readonly first = buffer(zeros([2]));
      readonly stretched = buffer(zeros([1]).expand([3]));
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Shared();
    const state = new Map([
      ['first', ones([2])],
      ['stretched', ones([3])],
    ]);
    expect(() => model.loadStateDict(state)).toThrow(AliasError);
    expect(model.first.toArray()).toEqual([0, 0]);
  });
});
