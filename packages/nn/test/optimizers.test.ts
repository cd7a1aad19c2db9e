import { describe, expect, it } from '@jest/globals';
import {
  ArgumentError,
  DTypeError,
  generator,
  gradients,
  noGrad,
  ones,
  ShapeError,
  StateError,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { Adam, type AdamOptions, Linear, type Optimizer, SGD, type SGDOptions } from '@ndgrad/nn';

type FloatType = 'float32' | 'float64';

const parameterOf = (values: readonly number[], dtype: FloatType = 'float64'): Tensor =>
  tensor(values, { dtype, requiresGrad: true });

const listOf = (t: Tensor): number[] => Array.from(t.toTypedArray());

/** Gradients that no formula of an optimiser knows: they depend on step and place alone. */
const gradientAt = (step: number, i: number): number => Math.sin(3 * step + 1.7 * i + 0.4) * 10 ** (i - 1);

function descend(optimizer: Optimizer, steps: number, from = 0): void {
  for (let step = from; step < from + steps; step++) {
    optimizer.parameters.forEach((p, k) => {
      p.grad = tensor(
        Array.from({ length: p.size }, (_, i) => gradientAt(step, i + k)),
        { shape: p.shape, dtype: p.dtype },
      );
    });
    optimizer.step();
  }
}

/** SGD on one number, from Sutskever's recurrences with explicit history: no state carried but the list of gradients. */
function sgdOracle(start: number, gradients: readonly number[], options: SGDOptions): number {
  const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  let p = start;
  const seen: number[] = [];
  for (const gradient of gradients) {
    seen.push(gradient + weightDecay * p);
    // Velocity as the explicit sum over all past gradients; the first is not dampened.
    let velocity = 0;
    seen.forEach((g, t) => {
      velocity += momentum ** (seen.length - 1 - t) * (t === 0 ? 1 : 1 - dampening) * g;
    });
    const last = seen[seen.length - 1];
    const direction = momentum === 0 ? last : nesterov ? last + momentum * velocity : velocity;
    p -= learningRate * direction;
  }
  return p;
}

/** Adam on one number, with the moments as explicit weighted sums and the bias corrections as the sums of the weights. */
function adamOracle(start: number, gradients: readonly number[], options: AdamOptions): number {
  const { learningRate = 1e-3, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = options;
  let p = start;
  const seen: number[] = [];
  for (const gradient of gradients) {
    seen.push(gradient + weightDecay * p);
    const average = (beta: number, of: (g: number) => number): number => {
      let sum = 0;
      let weights = 0;
      seen.forEach((g, t) => {
        const weight = beta ** (seen.length - 1 - t);
        sum += weight * of(g);
        weights += weight;
      });
      return sum / weights;
    };
    p -=
      (learningRate * average(betas[0], (g) => g)) / (Math.sqrt(average(betas[1], (g) => g * g)) + epsilon);
  }
  return p;
}

const START = [0.5, -1.25, 3] as const;
const STEPS = 40;

function expectClose(found: readonly number[], expected: readonly number[], relative: number): void {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    const limit = relative * Math.max(Math.abs(expected[i]), 1e-3);
    expect(Math.abs(x - expected[i])).toBeLessThanOrEqual(limit);
  });
}

const sgdCases: SGDOptions[] = [
  {},
  { learningRate: 0.1 },
  { learningRate: 0.1, weightDecay: 0.3 },
  { learningRate: 0.05, momentum: 0.9 },
  { learningRate: 0.05, momentum: 0.9, dampening: 0.4 },
  { learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.1 },
  { learningRate: 0.05, momentum: 1.1, dampening: -0.5, weightDecay: 0.01 },
];

const adamCases: AdamOptions[] = [
  {},
  { learningRate: 0.1 },
  { learningRate: 0.1, betas: [0.5, 0.9], epsilon: 0.1 },
  { learningRate: 0.1, betas: [0.3, 0.99], weightDecay: 0.2 },
  { learningRate: 0.1, betas: [0, 0.999] },
  { learningRate: 0.1, betas: [0.9, 0] },
  { learningRate: 0 },
];

describe.each([
  ['float64', 1e-12],
  ['float32', 1e-5],
] as const)('trajectories in %s against plain numbers', (dtype, relative) => {
  const run = (make: (p: Tensor[]) => Optimizer): number[] => {
    const p = parameterOf(START, dtype);
    descend(make([p]), STEPS);
    return listOf(p);
  };
  const history = (i: number): number[] =>
    Array.from({ length: STEPS }, (_, step) => {
      const g = gradientAt(step, i);
      return dtype === 'float32' ? Math.fround(g) : g;
    });

  it.each(sgdCases)('SGD %j', (options) => {
    const expected = START.map((x, i) => sgdOracle(x, history(i), options));
    expectClose(
      run((p) => new SGD(p, options)),
      expected,
      relative,
    );
  });

  it.each(adamCases)('Adam %j', (options) => {
    const expected = START.map((x, i) => adamOracle(x, history(i), options));
    expectClose(
      run((p) => new Adam(p, options)),
      expected,
      relative,
    );
  });
});

describe.each([
  ['SGD', (p: Iterable<Tensor>) => new SGD(p, { learningRate: 0.1, momentum: 0.9, dampening: 0.2 })],
  ['Adam', (p: Iterable<Tensor>) => new Adam(p, { learningRate: 0.1 })],
] as const)('%s: stepping', (name, make) => {
  it('writes in place: the tensors stay leaves that require a gradient', () => {
    const p = parameterOf(START);
    const view = p.ndarray;
    descend(make([p]), 1);
    expect([p.isLeaf, p.requiresGrad, p.ndarray === view]).toEqual([true, true, true]);
    expect(view.get(0)).not.toBe(START[0]);
  });

  it('leaves out parameters without a gradient, and their step counts', () => {
    const [a, b] = [parameterOf([1]), parameterOf([1])];
    const optimizer = make([a, b]);
    const grad = (t: Tensor, value: number) => {
      t.grad = tensor([value], { dtype: 'float64' });
    };
    const steps = (i: string) => optimizer.stateDict().get(`${i}.step`)?.item();
    grad(a, 2);
    optimizer.step();
    expect([listOf(b)[0], steps('0'), steps('1')]).toEqual([1, 1, 0]);
    optimizer.zeroGrad();
    expect([a.grad, b.grad]).toEqual([undefined, undefined]);
    // b's first step now equals what a's first was.
    const afterFirst = listOf(a)[0];
    grad(b, 2);
    optimizer.step();
    expect(listOf(b)[0]).toBe(afterFirst);
    expect(listOf(a)[0]).toBe(afterFirst);
  });

  it('a step without any gradient changes nothing', () => {
    const p = parameterOf(START);
    const optimizer = make([p]);
    const before = [...optimizer.stateDict()].map(([key, t]) => [key, t.toArray()]);
    optimizer.step();
    expect(listOf(p)).toEqual(START);
    expect([...optimizer.stateDict()].map(([key, t]) => [key, t.toArray()])).toEqual(before);
  });

  it('the learning rate can be read and set; the next step uses it', () => {
    const [a, b] = [parameterOf(START), parameterOf(START)];
    const [one, other] = [make([a]), make([b])];
    expect(one.learningRate).toBe(0.1);
    one.learningRate = 0.2;
    expect(one.learningRate).toBe(0.2);
    descend(one, 1);
    descend(other, 1);
    START.forEach((x, i) => {
      expect(listOf(a)[i] - x).toBeCloseTo(2 * (listOf(b)[i] - x), 12);
    });
    one.learningRate = 0;
    const before = listOf(a);
    descend(one, 1, 1);
    expect(listOf(a)).toEqual(before);
  });

  it('refuses learning rates that are none and keeps the old one', () => {
    const optimizer = make([parameterOf(START)]);
    for (const bad of [Number.NaN, -0.1, Number.POSITIVE_INFINITY, '1' as unknown as number]) {
      expect(() => {
        optimizer.learningRate = bad;
      }).toThrow(ArgumentError);
    }
    expect(() => {
      optimizer.learningRate = -1;
    }).toThrow(`${name}: learningRate must be a finite number at least 0, got -1`);
    expect(optimizer.learningRate).toBe(0.1);
  });

  it('a step that throws has changed nothing: values, moments, step counts', () => {
    const [a, b] = [parameterOf(START), parameterOf(START)];
    const optimizer = make([a, b]);
    descend(optimizer, 3);
    const snapshot = () => [a, b, ...optimizer.stateDict().values()].map(listOf);
    const before = snapshot();
    const refusal = (grad: unknown, type: new (...args: never[]) => Error): string => {
      b.grad = grad as Tensor;
      let message = '';
      try {
        optimizer.step();
      } catch (error) {
        expect(error).toBeInstanceOf(type);
        message = (error as Error).message;
      }
      expect(snapshot()).toEqual(before);
      return message;
    };
    expect(refusal(zeros([2], { dtype: 'float64' }), ShapeError)).toBe(
      `${name}.step: parameters[1].grad must have the shape of parameters[1], [3], got [2]; reshape or expand it; it is never broadcast`,
    );
    expect(refusal(zeros([3]), DTypeError)).toBe(
      `${name}.step: parameters[1].grad must be float64, got float32`,
    );
    expect(refusal([0, 0, 0], ArgumentError)).toContain(
      `${name}.step: parameters[1].grad must be a tensor, got an array of length 3`,
    );
    // And the next good step is the one that would have come.
    const [c, d] = [parameterOf(START), parameterOf(START)];
    const undisturbed = make([c, d]);
    descend(undisturbed, 4);
    descend(optimizer, 1, 3);
    expect([listOf(a), listOf(b)]).toEqual([listOf(c), listOf(d)]);
  });

  it('gradients that are not finite spoil their elements and no others, as in PyTorch', () => {
    const p = parameterOf(START);
    const optimizer = make([p]);
    p.grad = tensor([Number.NaN, Number.POSITIVE_INFINITY, 1], { dtype: 'float64' });
    optimizer.step();
    const [nan, infinite, finite] = listOf(p);
    expect(nan).toBeNaN();
    expect(Number.isFinite(infinite)).toBe(false);
    expect(Number.isFinite(finite)).toBe(true);
  });

  it('a graph recorded before the step refuses to go back through the changed values', () => {
    const p = parameterOf(START);
    const loss = p.square().sum();
    descend(make([p]), 1);
    expect(() => loss.backward()).toThrow(/in place/);
  });

  it('gradients made with createGraph do not drag a graph along', () => {
    const p = parameterOf(START);
    const [g] = gradients([p.square().sum()], [p], { createGraph: true });
    p.grad = g;
    const optimizer = make([p]);
    optimizer.step();
    expect([...optimizer.stateDict().values()].some((t) => t.requiresGrad)).toBe(false);
    expect(p.isLeaf).toBe(true);
  });

  it('empty and 0-d parameters are stepped like any other', () => {
    const scalar = tensor(2, { dtype: 'float64', requiresGrad: true });
    const empty = zeros([0, 3], { requiresGrad: true });
    const optimizer = make([scalar, empty]);
    descend(optimizer, 2);
    expect(scalar.item()).not.toBe(2);
    expect(empty.shape).toEqual([0, 3]);
  });

  it('parameters of both dtypes, transposed ones too, live in one optimiser', () => {
    const wide = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    ).T;
    const turned = wide.requireGrad();
    const plain = tensor(
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const single = parameterOf(START, 'float32');
    const optimizer = make([turned, single]);
    descend(optimizer, 3);
    descend(make([plain]), 3);
    expect(turned.toArray()).toEqual(plain.toArray());
    expect(single.dtype).toBe('float32');
  });
});

describe('state of an optimiser', () => {
  const makers = {
    SGD: (p: Tensor[]) => new SGD(p, { learningRate: 0.1, momentum: 0.9, dampening: 0.2, weightDecay: 0.01 }),
    plainSGD: (p: Tensor[]) => new SGD(p, { learningRate: 0.1 }),
    nesterov: (p: Tensor[]) => new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
    Adam: (p: Tensor[]) => new Adam(p, { learningRate: 0.1, weightDecay: 0.01 }),
  };

  describe.each(Object.entries(makers))('%s', (_, make) => {
    it.each(['float32', 'float64'] as const)('resumes with the same bits at every step, in %s', (dtype) => {
      const total = 12;
      const uninterrupted = [parameterOf(START, dtype), parameterOf([7], dtype)];
      const whole = make(uninterrupted);
      whole.learningRate = 0.03;
      descend(whole, total);
      for (let stop = 0; stop <= total; stop++) {
        const first = [parameterOf(START, dtype), parameterOf([7], dtype)];
        const before = make(first);
        before.learningRate = 0.03;
        descend(before, stop);
        const saved = before.stateDict();
        const values = first.map((p) => p.clone().detach());
        descend(before, 2, stop);

        const second = values.map((v) => tensor(v, { requiresGrad: true }));
        const after = make(second);
        after.loadStateDict(saved);
        expect(after.learningRate).toBe(0.03);
        descend(after, total - stop, stop);
        expect(second.map(listOf)).toEqual(uninterrupted.map(listOf));
      }
    });
  });

  it('is complete, and named by place', () => {
    const p = [parameterOf(START), parameterOf([7])];
    expect([...new SGD(p).stateDict().keys()]).toEqual(['learningRate']);
    expect([...makers.nesterov(p).stateDict().keys()]).toEqual(['learningRate', '0.velocity', '1.velocity']);
    expect([...makers.SGD(p).stateDict().keys()]).toEqual([
      'learningRate',
      '0.step',
      '0.velocity',
      '1.step',
      '1.velocity',
    ]);
    const adam = makers.Adam(p);
    descend(adam, 5);
    const state = adam.stateDict();
    expect([...state.keys()]).toEqual([
      'learningRate',
      '0.step',
      '0.firstMoment',
      '0.secondMoment',
      '1.step',
      '1.firstMoment',
      '1.secondMoment',
    ]);
    expect([state.get('0.step')?.item(), state.get('0.step')?.dtype]).toEqual([5, 'int32']);
    expect([state.get('learningRate')?.item(), state.get('learningRate')?.dtype]).toEqual([0.1, 'float64']);
  });

  it('holds copies', () => {
    const adam = makers.Adam([parameterOf(START)]);
    descend(adam, 2);
    const state = adam.stateDict();
    const before = [...state.values()].map(listOf);
    descend(adam, 2, 2);
    expect([...state.values()].map(listOf)).toEqual(before);
  });

  it('that does not fit is refused as a whole', () => {
    const adam = makers.Adam([parameterOf(START)]);
    descend(adam, 3);
    const before = [...adam.stateDict().values()].map(listOf);
    const state = new Map<string, Tensor>(new Adam([parameterOf([1])]).stateDict());
    state.delete('0.step');
    state.set('1.step', tensor(1, { dtype: 'int32' }));
    expect(() => adam.loadStateDict(state)).toThrow(StateError);
    expect(() => adam.loadStateDict(state)).toThrow(
      'Adam.loadStateDict: the state does not fit this Adam: missing "0.step" ([] int32); unexpected "1.step"; ' +
        '"0.firstMoment" must have shape [3], got [1]; "0.secondMoment" must have shape [3], got [1]; nothing was written',
    );
    expect([...adam.stateDict().values()].map(listOf)).toEqual(before);
  });

  it('with numbers that cannot be is refused as a whole', () => {
    const adam = makers.Adam([parameterOf(START)]);
    descend(adam, 3);
    const before = [...adam.stateDict().values()].map(listOf);
    const with_ = (key: string, value: Tensor) =>
      new Map([...makers.Adam([parameterOf(START)]).stateDict(), [key, value]]);
    expect(() => adam.loadStateDict(with_('0.step', tensor(-1, { dtype: 'int32' })))).toThrow(
      'Adam.loadStateDict: "0.step" must be a finite number of at least 0, got -1; nothing was written',
    );
    const nan = tensor(Number.NaN, { dtype: 'float64' });
    expect(() => adam.loadStateDict(with_('learningRate', nan))).toThrow(
      'Adam.loadStateDict: "learningRate" must be a finite number of at least 0, got NaN; nothing was written',
    );
    expect([...adam.stateDict().values()].map(listOf)).toEqual(before);
  });

  it('a step count from far away is taken up quickly: powers of β stop changing', () => {
    const adam = makers.Adam([parameterOf(START)]);
    const state = adam.stateDict();
    state.set('0.step', tensor(2 ** 31 - 2, { dtype: 'int32' }));
    const began = performance.now();
    adam.loadStateDict(state);
    expect(performance.now() - began).toBeLessThan(1000);
    descend(adam, 1);
    expect(adam.stateDict().get('0.step')?.item()).toBe(2 ** 31 - 1);
  });
});

describe('Adam’s bias correction', () => {
  it('makes the first step exactly the learning rate, whatever the scale of the gradient', () => {
    for (const scale of [1e-3, 1, 1e6]) {
      const p = parameterOf([0]);
      const adam = new Adam([p], { learningRate: 0.5 });
      p.grad = tensor([-scale], { dtype: 'float64' });
      adam.step();
      expect(listOf(p)[0]).toBeCloseTo(0.5, 4);
    }
  });

  it('β₁ = 0 forgets a gradient however large, exactly', () => {
    const p = parameterOf([0], 'float32');
    const adam = new Adam([p], { learningRate: 1, betas: [0, 0.9] });
    for (const g of [1e8, 3]) {
      p.grad = tensor([g]);
      adam.step();
    }
    expect(adam.stateDict().get('0.firstMoment')?.item()).toBe(3);
  });
});

describe('construction', () => {
  const p = () => parameterOf(START);
  const both = [
    ['SGD', (list: unknown, options?: object) => new SGD(list as Tensor[], options)],
    ['Adam', (list: unknown, options?: object) => new Adam(list as Tensor[], options)],
  ] as const;

  it.each(both)('%s takes any iterable, such as the values of namedParameters()', (_, make) => {
    const layer = new Linear(2, 2);
    expect(make(layer.namedParameters().values()).parameters).toEqual(layer.parameters());
  });

  it.each(both)('%s has the default learning rate of PyTorch', (_, make) => {
    expect(make([p()]).learningRate).toBe(0.001);
  });

  it('the options can be read', () => {
    const { betas, epsilon, weightDecay } = new Adam([p()]);
    expect({ betas, epsilon, weightDecay }).toEqual({ betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 });
    const sgd = new SGD([p()], { momentum: 0.5, nesterov: true });
    expect([sgd.momentum, sgd.dampening, sgd.nesterov, sgd.weightDecay]).toEqual([0.5, 0, true, 0]);
  });

  it('a list of betas that is changed later changes nothing', () => {
    const betas: [number, number] = [0.9, 0.999];
    const adam = new Adam([p()], { betas });
    betas[0] = 5;
    expect(adam.betas).toEqual([0.9, 0.999]);
  });

  it.each(both)('%s refuses lists that cannot be stepped', (name, make) => {
    const w = p();
    const cases: [unknown, string][] = [
      [
        [],
        'parameters must hold at least one tensor, got none; make parameters with requiresGrad: true, and hold them in fields of the module',
      ],
      [undefined, 'parameters must be a list of tensors, got undefined; pass model.parameters()'],
      [new Linear(1, 1), 'parameters must be a list of tensors, got an object; pass model.parameters()'],
      [w, 'parameters must be a list of tensors, got a float64 tensor of shape [3]; pass model.parameters()'],
      ['w', 'parameters must be a list of tensors, got "w"; pass model.parameters()'],
      [[w, 1], 'parameters[1] must be a tensor, got 1; wrap it in tensor(…)'],
      [
        new Linear(1, 1).namedParameters(),
        'parameters[0] must be a tensor, got an array of length 2; wrap it in tensor(…)',
      ],
      [
        [ones([2])],
        'parameters[0] must require a gradient, got a tensor of shape [2] that does not; make it with requiresGrad: true',
      ],
      [
        [w.mul(2)],
        'parameters[0] must be a leaf, got a tensor of shape [3] that recorded ops made; pass the parameter that it was made from',
      ],
      [[w, p(), w], 'parameters[2] must be there once, got the tensor of parameters[0]; leave it out'],
      [
        [zeros([1]).expand([4]).requireGrad()],
        'parameters[0] must have memory of its own, got a tensor of shape [4] whose elements share memory; pass clone() of it',
      ],
    ];
    for (const [list, message] of cases) {
      expect(() => make(list)).toThrow(ArgumentError);
      expect(() => make(list)).toThrow(`${name}: ${message}`);
    }
  });

  it.each(both)('%s refuses learning rates and weight decays that are none', (name, make) => {
    for (const key of ['learningRate', 'weightDecay']) {
      for (const [value, got] of [
        [Number.NaN, 'NaN'],
        [-1, '-1'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
        ['0.1', '"0.1"'],
        [null, 'null'],
      ]) {
        expect(() => make([p()], { [key as string]: value })).toThrow(
          `${name}: ${key} must be a finite number at least 0, got ${got}`,
        );
      }
    }
    expect(make([p()], { learningRate: 0, weightDecay: 0 }).learningRate).toBe(0);
  });

  it.each(both)('%s refuses unknown options with the nearest name', (name, make) => {
    expect(() => make([p()], { learningrate: 1 })).toThrow(
      `${name}: unknown option 'learningrate'; did you mean 'learningRate'?`,
    );
    expect(() => make([p()], { wieghtDecay: 1 })).toThrow(
      `${name}: unknown option 'wieghtDecay'; did you mean 'weightDecay'?`,
    );
    expect(() => make([p()], { lr: 1 })).toThrow(
      new RegExp(`^${name}: unknown option 'lr'; the options are learningRate, `),
    );
    expect(() => make([p()], 0.1 as unknown as object)).toThrow(
      `${name}: options must be an object, got 0.1`,
    );
  });

  it('Adam refuses betas outside of [0, 1) and epsilons that are not above 0', () => {
    const cases: [object, string][] = [
      [{ betas: [1, 0.999] }, 'betas[0] must be a finite number at least 0 and below 1, got 1'],
      [{ betas: [0.9, -0.1] }, 'betas[1] must be a finite number at least 0 and below 1, got -0.1'],
      [{ betas: [0.9, Number.NaN] }, 'betas[1] must be a finite number at least 0 and below 1, got NaN'],
      [{ betas: [0.9] }, 'betas must be two numbers, got an array of length 1; write [0.9, 0.999]'],
      [{ betas: 0.9 }, 'betas must be two numbers, got 0.9; write [0.9, 0.999]'],
      [{ epsilon: 0 }, 'epsilon must be a finite number above 0, got 0'],
      [{ epsilon: Number.NaN }, 'epsilon must be a finite number above 0, got NaN'],
      [{ eps: 1 }, "unknown option 'eps'"],
    ];
    for (const [options, message] of cases) {
      expect(() => new Adam([p()], options)).toThrow(ArgumentError);
      expect(() => new Adam([p()], options)).toThrow(`Adam: ${message}`);
    }
  });

  it('SGD refuses momenta that are none, and Nesterov without momentum or with dampening', () => {
    const cases: [object, string][] = [
      [{ momentum: -0.1 }, 'momentum must be a finite number at least 0, got -0.1'],
      [{ momentum: Number.NaN }, 'momentum must be a finite number at least 0, got NaN'],
      [{ dampening: Number.NEGATIVE_INFINITY }, 'dampening must be a finite number, got -Infinity'],
      [{ nesterov: true }, 'nesterov must go with momentum above 0, got momentum 0'],
      [
        { nesterov: true, momentum: 0.9, dampening: 0.1 },
        'nesterov must go with dampening 0, got dampening 0.1',
      ],
      [{ nesterov: 1, momentum: 0.9 }, 'nesterov must be true or false, got 1'],
    ];
    for (const [options, message] of cases) {
      expect(() => new SGD([p()], options)).toThrow(ArgumentError);
      expect(() => new SGD([p()], options)).toThrow(`SGD: ${message}`);
    }
  });
});

describe('the oracles', () => {
  // An oracle that forgives everything would prove nothing.
  it('tell a swapped pair of betas, a missing bias correction and undampened velocities apart', () => {
    const history = Array.from({ length: STEPS }, (_, step) => gradientAt(step, 1));
    const right = adamOracle(1, history, { learningRate: 0.1 });
    expect(
      Math.abs(adamOracle(1, history, { learningRate: 0.1, betas: [0.999, 0.9] }) - right),
    ).toBeGreaterThan(1e-3);
    const momentum = { learningRate: 0.1, momentum: 0.9 };
    const plain = sgdOracle(1, history, momentum);
    expect(Math.abs(sgdOracle(1, history, { ...momentum, dampening: 0.1 }) - plain)).toBeGreaterThan(1e-3);
    expect(Math.abs(sgdOracle(1, history, { ...momentum, nesterov: true }) - plain)).toBeGreaterThan(1e-3);
  });
});

describe('learning', () => {
  it.each([
    ['SGD', (p: Tensor[]) => new SGD(p, { learningRate: 0.1, momentum: 0.9 })],
    ['Adam', (p: Tensor[]) => new Adam(p, { learningRate: 0.05 })],
  ] as const)('%s finds the line behind noise-free points', (_, make) => {
    const layer = new Linear(1, 1, { generator: generator(1), dtype: 'float64' });
    const x = tensor([[-1], [0], [1], [2]], { dtype: 'float64' });
    const y = noGrad(() => x.mul(3).sub(0.5));
    const optimizer = make(layer.parameters());
    for (let step = 0; step < 600; step++) {
      optimizer.zeroGrad();
      layer.call(x).sub(y).square().mean().backward();
      optimizer.step();
    }
    expect(layer.weight.item()).toBeCloseTo(3, 4);
    expect(layer.bias?.item()).toBeCloseTo(-0.5, 4);
  });
});
