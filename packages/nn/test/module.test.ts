import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  ArgumentError,
  DTypeError,
  noGrad,
  ones,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { buffer, Linear, Module, parameter, ReLU, Sequential, Tanh } from '@ndgrad/nn';

const weight = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });

/** A module that holds whatever it is given. */
class Holder extends Module {
  constructor(fields: Record<string, unknown>) {
    super();
    Object.assign(this, fields);
  }
  override call(x: Tensor): Tensor {
    return x;
  }
}

const namesOf = (fields: Record<string, unknown>): string[] => [
  ...new Holder(fields).namedParameters().keys(),
];

describe('Module: what it holds', () => {
  it('parameters are found through fields, modules, arrays, Maps and plain objects, in insertion order', () => {
    const names = namesOf({
      z: weight(1),
      layers: [new Linear(1, 1), new ReLU(), new Linear(1, 1, { bias: false })],
      heads: new Map<unknown, unknown>([
        ['left', new Linear(1, 1)],
        [7, weight(2)],
      ]),
      plain: { b: weight(3), a: { deep: [[weight(4)]] } },
      bare: Object.assign(Object.create(null) as object, { t: weight(5) }),
      a: weight(6),
    });
    expect(names).toEqual([
      'z',
      'layers.0.weight',
      'layers.0.bias',
      'layers.2.weight',
      'heads.left.weight',
      'heads.left.bias',
      'heads.7',
      'plain.b',
      'plain.a.deep.0.0',
      'bare.t',
      'a',
    ]);
  });

  it('a parameter is a leaf that requires a gradient, nothing else is', () => {
    const w = weight(1, 2);
    const names = namesOf({
      w,
      constant: ones([2]),
      cached: w.mul(2),
      mean: buffer(zeros([2])),
      data: new Float32Array(3),
      numbers: [1, 2, 3],
      nothing: undefined,
      none: null,
      f: () => w,
      when: new Date(0),
    });
    expect(names).toEqual(['w']);
  });

  it('a shared tensor or module counts once, under its first name', () => {
    const w = weight(1);
    const shared = new Linear(2, 2);
    const model = new Holder({ w, again: w, encoder: shared, decoder: shared, list: [shared.weight] });
    expect([...model.namedParameters().keys()]).toEqual(['w', 'encoder.weight', 'encoder.bias']);
    expect([...model.stateDict().keys()]).toEqual(['w', 'encoder.weight', 'encoder.bias']);
    expect(model.modules()).toEqual([model, shared]);
    expect(model.parameters()[0]).toBe(w);
  });

  it('cycles end', () => {
    const child = new Holder({ w: weight(1) });
    const parent = new Holder({ child });
    const loop: unknown[] = [parent];
    loop.push(loop);
    Object.assign(child, { parent, loop });
    expect([...parent.namedParameters().keys()]).toEqual(['child.w']);
    expect([...child.namedParameters().keys()]).toEqual(['w']);
    expect(
      parent
        .eval()
        .modules()
        .map((m) => m.training),
    ).toEqual([false, false]);
    expect(parent.toString()).toBe(
      [
        'Holder, 1 parameter',
        '  child: Holder, 1 parameter',
        '    w [1] float32',
        '    parent: Holder = the root',
        '    loop.0: Holder = the root',
      ].join('\n'),
    );
  });

  it('nesting 20 000 deep is walked without recursion', () => {
    let inner: unknown = weight(1);
    for (let i = 0; i < 20_000; i++) inner = [inner];
    // The name is too long to be saved, and that is what the error says.
    expect(() => new Holder({ inner }).parameters()).toThrow(/must be 1 to 256 letters/);
    let chain = new Holder({});
    for (let i = 0; i < 20_000; i++) chain = new Holder({ chain });
    expect(chain.eval().modules().length).toBe(20_001);
  });

  it('private #fields are not found, and getters on the class are not called', () => {
    class Shy extends Module {
      readonly #hidden = weight(1);
      readonly shown = weight(2);
      get doubled(): Tensor {
        throw new Error('a getter was called');
      }
      override call(x: Tensor): Tensor {
        return x.mul(this.#hidden);
      }
    }
    expect([...new Shy().namedParameters().keys()]).toEqual(['shown']);
  });

  it('fields added later are found', () => {
    const model = new Holder({});
    expect(model.parameters()).toEqual([]);
    Object.assign(model, { late: weight(1) });
    expect(model.parameters().length).toBe(1);
  });

  it('buffers are listed apart from parameters, and both are in the state dict', () => {
    const model = new Holder({
      mean: buffer(zeros([2])),
      w: weight(1),
      n: buffer(zeros([], { dtype: 'int32' })),
    });
    expect([...model.namedBuffers().keys()]).toEqual(['mean', 'n']);
    expect(model.buffers().map((b) => b.dtype)).toEqual(['float32', 'int32']);
    expect([...model.namedParameters().keys()]).toEqual(['w']);
    expect([...model.stateDict().keys()]).toEqual(['mean', 'w', 'n']);
  });

  it('override entries() to name things otherwise', () => {
    class Renamed extends Module {
      readonly inner = new Linear(1, 1);
      override entries(): Iterable<readonly [string, unknown]> {
        return [['outer', this.inner]];
      }
      override call(x: Tensor): Tensor {
        return this.inner.call(x);
      }
    }
    expect([...new Holder({ r: new Renamed() }).namedParameters().keys()]).toEqual([
      'r.outer.weight',
      'r.outer.bias',
    ]);
  });
});

describe('Module: names', () => {
  const refusal = (fields: Record<string, unknown>): string => {
    try {
      namesOf(fields);
    } catch (error) {
      expect(error).toBeInstanceOf(StateError);
      return (error as Error).message;
    }
    return 'no error';
  };
  const grammar = 'must be 1 to 256 letters, digits or any of _ . - /, and start with a letter, digit or _';
  const hint = 'rename the field, or the key of the Map or object that holds it';

  it('reserved segments are refused', () => {
    for (const word of ['__proto__', 'constructor', 'prototype']) {
      expect(refusal({ heads: new Map([[word, weight(1)]]) })).toBe(
        `Holder: the name "heads.${word}" holds the reserved word ${word}; ${hint}`,
      );
      expect(refusal({ heads: new Map([[`a/${word}`, weight(1)]]) })).toContain('reserved word');
    }
    const poisoned: unknown = Object.defineProperty({}, '__proto__', { value: weight(1), enumerable: true });
    expect(refusal({ poisoned })).toContain('"poisoned.__proto__" holds the reserved word __proto__');
    expect(({} as { requiresGrad?: unknown }).requiresGrad).toBeUndefined();
  });

  it('characters outside of the grammar are refused and printed harmlessly', () => {
    expect(refusal({ $w: weight(1) })).toBe(`Holder: the name "$w" ${grammar}; ${hint}`);
    expect(refusal({ m: new Map([['\u001b[31m\u202e', weight(1)]]) })).toBe(
      `Holder: the name "m.\\u001b[31m\\u202e" ${grammar}; ${hint}`,
    );
    expect(refusal({ m: { ['x'.repeat(300)]: weight(1) } })).toBe(
      `Holder: the name "m.${'x'.repeat(77)}…" ${grammar}; ${hint}`,
    );
  });

  it('letters, digits, _ - / and dots are accepted', () => {
    expect(namesOf({ m: new Map([['block-1/conv_2.w', weight(1)]]) })).toEqual(['m.block-1/conv_2.w']);
  });

  it('a parameter without a name is refused rather than silently not learned', () => {
    expect(refusal({ s: new Set([weight(1)]) })).toBe(
      `Holder: the name "s.<member of a Set>" ${grammar}; ${hint}`,
    );
    expect(refusal({ m: new Map([[{}, weight(1)]]) })).toBe(
      `Holder: the name "m.<key of type object>" ${grammar}; ${hint}`,
    );
    expect(namesOf({ cache: new Map([[{}, 'text']]), seen: new Set([1, 2]) })).toEqual([]);
  });

  it('two tensors under one name are refused', () => {
    const both = { 'a.b': weight(1), a: { b: weight(2) } };
    expect(refusal({ both })).toBe(
      'Holder: two tensors have the name "both.a.b"; rename the key with a dot in it',
    );
  });
});

describe('Module: modes, gradients, printing', () => {
  it('train and eval reach every module and return this', () => {
    const model = new Sequential(new Linear(1, 1), new Sequential(new Tanh()));
    expect(model.modules().every((m) => m.training)).toBe(true);
    expect(model.eval()).toBe(model);
    expect(model.modules().some((m) => m.training)).toBe(false);
    expect(model.train()).toBe(model);
    expect(model.modules().every((m) => m.training)).toBe(true);
  });

  it('zeroGrad forgets every gradient', () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1));
    model
      .call(ones([3, 2]))
      .sum()
      .backward();
    expect(model.parameters().every((p) => p.grad !== undefined)).toBe(true);
    model.zeroGrad();
    expect(model.parameters().every((p) => p.grad === undefined)).toBe(true);
  });

  it('toString draws the tree with shapes, dtypes, counts, buffers and shares', () => {
    const tower = new Linear(3, 2);
    const model = new Holder({
      tower,
      other: tower,
      layers: [new Tanh(), new Linear(2, 1, { bias: false, dtype: 'float64' })],
      mean: buffer(zeros([4])),
      tied: tower.weight,
    });
    expect(model.toString()).toBe(
      [
        'Holder, 10 parameters',
        '  tower: Linear, 8 parameters',
        '    weight [2, 3] float32',
        '    bias [2] float32',
        '  other: Linear = tower',
        '  layers.0: Tanh',
        '  layers.1: Linear, 2 parameters',
        '    weight [1, 2] float64',
        '  mean [4] float32 buffer',
        '  tied [2, 3] float32 = tower.weight',
      ].join('\n'),
    );
  });

  it('console.log shows the same drawing', () => {
    const model = new Sequential(new Linear(2, 1));
    expect(inspect(model)).toBe(String(model));
    expect(inspect({ model }, { depth: 3 })).toContain('0: Linear, 3 parameters');
  });

  it('a class without a name is drawn as Module', () => {
    const Anonymous = (() =>
      class extends Module {
        override call(x: Tensor): Tensor {
          return x;
        }
      })();
    expect(new Anonymous().toString()).toBe('Module');
  });
});

describe('parameter and buffer', () => {
  it('parameter gives the tensor itself, as a leaf that requires a gradient', () => {
    const t = ones([2]);
    expect(parameter(t)).toBe(t);
    expect([t.requiresGrad, t.isLeaf]).toEqual([true, true]);
    expect(parameter(t)).toBe(t);
  });

  it('parameter refuses integers, results of recorded ops and other things', () => {
    expect(() => parameter(ones([2], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => parameter([1, 2] as unknown as Tensor)).toThrow(
      'parameter: values must be a tensor, got an array of length 2; wrap it in tensor(…)',
    );
    expect(() => parameter(weight(1).mul(2))).toThrow(
      'parameter: values must be a leaf, got a tensor of shape [1] that recorded ops made; detach() it first',
    );
    expect(parameter(noGrad(() => weight(1).mul(2))).requiresGrad).toBe(true);
  });

  it('buffer marks the tensor itself, twice without harm', () => {
    const t = zeros([2]);
    expect(buffer(t)).toBe(t);
    expect(buffer(t)).toBe(t);
    expect(Object.keys(t)).not.toContain('buffer');
  });

  it('buffer refuses what requires a gradient', () => {
    expect(() => buffer(weight(1))).toThrow(ArgumentError);
    expect(() => buffer(weight(1))).toThrow(
      'buffer: values must not require a gradient, got a tensor of shape [1] that does; detach() it, or use parameter(…)',
    );
    expect(() => buffer(1 as unknown as Tensor)).toThrow('buffer: values must be a tensor, got 1');
  });

  it('a buffer that comes to require a gradient is a parameter', () => {
    const t = buffer(zeros([2]));
    const model = new Holder({ t });
    parameter(t);
    expect([...model.namedBuffers().keys(), '|', ...model.namedParameters().keys()]).toEqual(['|', 't']);
  });
});
