import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ArgumentError,
  add,
  assign,
  backward,
  capture,
  cast,
  clone,
  concat,
  DTypeError,
  defineHostOp,
  defineOp,
  enableGrad,
  exp,
  fromNdarray,
  GraphError,
  gather,
  grad,
  gradients,
  hostScalar,
  hvp,
  isGradEnabled,
  LimitError,
  log,
  matmul,
  mul,
  noGrad,
  ones,
  pow,
  relu,
  sigmoid,
  split,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  vjp,
  where,
  zeros,
} from '../src/index.js';
import { thrownBy } from './thrown.js';

const leaf = (data: number | number[] | number[][]): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad: true });
const plain = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });
const gradOf = (t: Tensor): unknown => t.grad?.toArray();

/** A failed test must not leave the next one without recording. */
afterEach(() => {
  expect(isGradEnabled()).toBe(true);
});

describe('backward', () => {
  it('adds up along both sides of a diamond', () => {
    const x = leaf([2, 3]);
    const y = x.square();
    y.mul(3).add(y.mul(y)).sum().backward();
    // d (3x² + x⁴) = 6x + 4x³
    expect(gradOf(x)).toEqual([44, 126]);
  });

  it('counts every use: b = a + a, c = b + b is 4a', () => {
    const a = leaf(1);
    const b = a.add(a);
    b.add(b).backward();
    expect(gradOf(a)).toBe(4);
  });

  it('counts 2^60 paths in 60 steps', () => {
    const a = leaf(1);
    let b: Tensor = a;
    for (let i = 0; i < 60; i++) b = b.add(b);
    b.backward();
    expect(gradOf(a)).toBe(2 ** 60);
  });

  it('goes through a chain of a million ops', () => {
    const x = leaf(1);
    const one = plain(1);
    let y: Tensor = x;
    for (let i = 0; i < 1_000_000; i++) y = add(y, one);
    expect(y.item()).toBe(1_000_001);
    y.backward();
    expect(gradOf(x)).toBe(1);
  });

  it('goes through a deep chain that saves values', () => {
    const x = leaf(0.5);
    let y: Tensor = x;
    for (let i = 0; i < 50_000; i++) y = tanh(mul(y, 1.0001));
    y.backward();
    expect(Number.isFinite(gradOf(x))).toBe(true);
  });

  it('leaves inputs that are not used without a gradient', () => {
    const used = leaf(1);
    const unused = leaf(1);
    mul(used, 2).backward();
    expect(unused.grad).toBeUndefined();
  });

  it('adds to gradients that are there, as PyTorch does', () => {
    const x = leaf([1, 2]);
    x.square().sum().backward();
    const first = x.grad;
    x.square().sum().backward();
    expect(gradOf(x)).toEqual([4, 8]);
    expect(first?.toArray()).toEqual([2, 4]);
  });

  it('gives a leaf that is itself the output the gradient 1', () => {
    const x = leaf(3);
    x.backward();
    expect(gradOf(x)).toBe(1);
  });

  it('gives gradients memory of their own', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    const g = plain([1, 1]);
    add(a, b).backward(g);
    a.grad?.write((values) => values.set(0, 9));
    expect(gradOf(b)).toEqual([1, 1]);
    expect(g.toArray()).toEqual([1, 1]);
  });

  it('takes a gradient for an output of many elements', () => {
    const x = leaf([1, 2, 3]);
    x.mul(2).backward(plain([1, 10, 100]));
    expect(gradOf(x)).toEqual([2, 20, 200]);
  });

  it('takes one element of any rank without a gradient', () => {
    const x = leaf([[3]]);
    x.square().backward();
    expect(gradOf(x)).toEqual([[6]]);
  });

  it('accumulates into named inputs only', () => {
    const a = leaf(2);
    const b = leaf(3);
    mul(a, b).backward(undefined, { inputs: [b] });
    expect(a.grad).toBeUndefined();
    expect(gradOf(b)).toBe(2);
  });

  it('refuses inputs that require nothing', () => {
    const a = leaf(2);
    const y = mul(a, 2);
    expect(thrownBy(() => y.square().backward(undefined, { inputs: [plain(1)] }))).toEqual({
      name: 'GraphError',
      message: 'backward: inputs[0] does not require a gradient; make it with requiresGrad: true',
    });
  });

  it('gives float32 leaves float32 gradients through a float64 middle', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    mul(cast(x, 'float64'), plain([3, 4]))
      .sum()
      .backward();
    expect(x.grad?.dtype).toBe('float32');
    expect(gradOf(x)).toEqual([3, 4]);
  });

  it('gives nothing to integers that took part', () => {
    const x = leaf([[1, 2]]);
    const index = tensor([[1, 0]], { dtype: 'int32' });
    gather(x, 1, index)
      .mul(plain([[1, 10]]))
      .sum()
      .backward();
    expect(gradOf(x)).toEqual([[10, 1]]);
    expect(index.grad).toBeUndefined();
  });

  it('sums a gradient back over every axis that was stretched', () => {
    const row = leaf([1, 2]);
    const column = leaf([[1], [2], [3]]);
    const scalar = leaf(1);
    mul(add(row, column), scalar).sum().backward();
    expect(gradOf(row)).toEqual([3, 3]);
    expect(gradOf(column)).toEqual([[2], [2], [2]]);
    expect(gradOf(scalar)).toBe(21);
  });

  it('visits nodes in the right order though a late branch feeds an early one', () => {
    const x = leaf(2);
    const early = square(x);
    const late = exp(x);
    const joined = add(mul(late, early), early);
    joined.backward();
    expect(gradOf(x)).toBeCloseTo(Math.exp(2) * (4 + 4) + 4, 10);
  });

  it('refuses an output of many elements without a gradient', () => {
    expect(thrownBy(() => leaf([1, 2]).mul(2).backward())).toEqual({
      name: 'GraphError',
      message:
        'backward: the output must have one element, got shape [2]; reduce it with sum() or mean(), or pass a gradient of its shape',
    });
  });

  it('refuses an output that depends on nothing', () => {
    const message =
      'backward: the output [] does not depend on anything that requires a gradient; make parameters with requiresGrad: true, and compute outside of noGrad';
    expect(thrownBy(() => plain(1).backward())).toEqual({ name: 'GraphError', message });
    expect(thrownBy(() => noGrad(() => leaf(1).mul(2)).backward())).toEqual({ name: 'GraphError', message });
    expect(thrownBy(() => leaf(1).detach().backward())).toEqual({ name: 'GraphError', message });
  });

  it('refuses a gradient of another shape or dtype', () => {
    const y = leaf([1, 2]).mul(2);
    expect(thrownBy(() => y.backward(plain([1, 2, 3])))).toEqual({
      name: 'ShapeError',
      message: "backward: gradient must have the output's shape [2], got [3]",
    });
    expect(thrownBy(() => y.backward(tensor([1, 2])))).toEqual({
      name: 'DTypeError',
      message: "backward: gradient must have the output's dtype float64, got float32; cast() it",
    });
    expect(thrownBy(() => y.backward([1, 2] as never))).toEqual({
      name: 'ArgumentError',
      message: 'backward: gradient must be a tensor, got an array of length 2; wrap it in tensor(…)',
    });
    expect(thrownBy(() => y.backward(plain([1, 1]), { retain: true } as never))?.name).toBe('ArgumentError');
  });
});

describe('a second backward', () => {
  it('is refused where saved values were freed', () => {
    const x = leaf(3);
    const y = square(x);
    y.backward();
    expect(thrownBy(() => y.backward())?.message).toMatch(
      /^backward: what square \(node \d+\) saved was freed by an earlier backward; pass retainGraph: true to the earlier call$/,
    );
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
    expect(gradOf(x)).toBe(6);
  });

  it('works after retainGraph', () => {
    const x = leaf(3);
    const y = square(x);
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(gradOf(x)).toBe(12);
  });

  it('works where nothing was saved, as in PyTorch', () => {
    const x = leaf(3);
    const y = add(x, x);
    y.backward();
    y.backward();
    expect(gradOf(x)).toBe(4);
  });

  it('is refused over a shared part that was freed', () => {
    const x = leaf(3);
    const shared = square(x);
    add(shared, 1).backward();
    expect(thrownBy(() => add(shared, 2).backward())?.name).toBe('GraphError');
  });

  it('keeps the graph by itself under createGraph', () => {
    const x = leaf(3);
    const y = square(x);
    y.backward(undefined, { createGraph: true });
    y.backward();
    expect(gradOf(x)).toBe(12);
  });
});

describe('a backward that throws', () => {
  const failing = defineOp<null>({
    name: 'failing',
    forward: ([x]) => clone(x as Tensor),
    vjp: [
      () => {
        throw new Error('no');
      },
    ],
  });

  it('has changed nothing: no gradient is committed, and the graph can be used again', () => {
    const a = leaf(2);
    const b = leaf(3);
    const good = square(b);
    const y = add(failing([a], null), good);
    expect(thrownBy(() => y.backward())?.message).toBe('no');
    expect([a.grad, b.grad]).toEqual([undefined, undefined]);
    good.backward();
    expect(gradOf(b)).toBe(6);
  });

  it('leaves gradients that were there as they were', () => {
    const a = leaf(2);
    square(a).backward();
    const y = add(square(a), failing([a], null));
    expect(thrownBy(() => y.backward())?.message).toBe('no');
    expect(gradOf(a)).toBe(4);
    expect(isGradEnabled()).toBe(true);
  });

  it('can be repeated once its cause is gone', () => {
    let broken = true;
    const moody = defineOp<null>({
      name: 'moody',
      forward: ([x]) => clone(x as Tensor),
      vjp: [
        (g) => {
          if (broken) throw new Error('not yet');
          return g;
        },
      ],
    });
    const a = leaf(2);
    const y = square(moody([square(a)], null));
    expect(thrownBy(() => y.backward())?.message).toBe('not yet');
    broken = false;
    y.backward();
    expect(gradOf(a)).toBe(32);
  });
});

describe('createGraph', () => {
  it('gives derivatives to third order', () => {
    const x = leaf([2, -1]);
    const y = pow(x, 4).sum();
    const ones = plain([1, 1]);
    const [first] = gradients([y], [x], { createGraph: true });
    const [second] = gradients([first as Tensor], [x], { gradients: [ones], createGraph: true });
    const [third] = gradients([second as Tensor], [x], { gradients: [ones], createGraph: true });
    expect([first?.toArray(), second?.toArray(), third?.toArray()]).toEqual([
      [32, -4],
      [48, 12],
      [48, -24],
    ]);
  });

  it('makes .grad differentiable, and adds to it', () => {
    const x = leaf(3);
    pow(x, 3).backward(undefined, { createGraph: true });
    const g = x.grad as Tensor;
    expect(g.item()).toBe(27);
    g.backward();
    expect(gradOf(x)).toBe(27 + 18);
  });

  it('without it gradients are constants', () => {
    const x = leaf(3);
    square(x).backward();
    expect(x.grad?.requiresGrad).toBe(false);
  });
});

describe('recording', () => {
  it('stops in noGrad and goes on in enableGrad inside of it', () => {
    const x = leaf(1);
    expect(noGrad(() => mul(x, 2)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => mul(x, 2))).requiresGrad).toBe(true);
    expect(noGrad(() => isGradEnabled())).toBe(false);
  });

  it('comes back after a throw', () => {
    expect(
      thrownBy(() =>
        noGrad(() => {
          throw new Error('inside');
        }),
      )?.message,
    ).toBe('inside');
    expect(isGradEnabled()).toBe(true);
  });

  it.each([
    ['noGrad', noGrad],
    ['enableGrad', enableGrad],
  ])('%s refuses a promise, because it ends before the promise does', async (name, mode) => {
    let pending: Promise<void> | undefined;
    expect(
      thrownBy(() =>
        mode(() => {
          pending = Promise.resolve();
          return pending;
        }),
      ),
    ).toEqual({
      name: 'ArgumentError',
      message: `${name}: fn must be synchronous, got a promise; the mode ends when fn returns; await outside of it`,
    });
    await pending;
    expect(isGradEnabled()).toBe(true);
  });

  it('does not happen for constants', () => {
    expect(mul(plain(1), 2).requiresGrad).toBe(false);
    expect(plain(1).isLeaf).toBe(true);
    expect(mul(leaf(1), 2).isLeaf).toBe(false);
    expect(leaf(1).isLeaf).toBe(true);
  });

  it('does not happen for results without derivatives', () => {
    const x = leaf([1, 2]);
    expect(x.argmax().requiresGrad).toBe(false);
    expect(x.gt(1).requiresGrad).toBe(false);
  });
});

describe('detach and stopGradient', () => {
  it('share memory and cut the graph', () => {
    const x = leaf([1, 2]);
    for (const y of [x.detach(), stopGradient(x)]) {
      expect(y.requiresGrad).toBe(false);
      expect(y.storage).toBe(x.storage);
    }
    mul(x, x.detach()).sum().backward();
    expect(gradOf(x)).toEqual([1, 2]);
  });
});

describe('gradients', () => {
  it('gives derivatives by tensors in the middle too, and accumulates nothing', () => {
    const x = leaf(3);
    const y = square(x);
    const z = mul(y, 5);
    const [gx, gy] = gradients([z], [x, y]);
    expect([gx?.item(), gy?.item()]).toEqual([30, 5]);
    expect(x.grad).toBeUndefined();
  });

  it('adds up several outputs', () => {
    const x = leaf([1, 2]);
    const [g] = gradients([x.sum(), x.mul(2)], [x], { gradients: [undefined, plain([1, 10])] });
    expect(g?.toArray()).toEqual([3, 21]);
  });

  it('gives the derivative of an output by itself', () => {
    const x = leaf(3);
    const y = square(x);
    expect(gradients([y], [y])[0]?.item()).toBe(1);
  });

  it('visits only what lies between outputs and inputs', () => {
    let calls = 0;
    const counting = defineOp<null>({
      name: 'counting',
      forward: ([x]) => clone(x as Tensor),
      vjp: [
        (g) => {
          calls++;
          return g;
        },
      ],
    });
    const a = leaf(2);
    const b = leaf(3);
    gradients([mul(counting([a], null), b)], [b]);
    expect(calls).toBe(0);
  });

  it('refuses inputs that no output depends on, or gives undefined or zeros where asked', () => {
    const x = leaf(1);
    const other = leaf([1, 2]);
    expect(thrownBy(() => gradients([square(x)], [other]))).toEqual({
      name: 'GraphError',
      message:
        'gradients: no output depends on inputs[0] [2]; pass allowUnused: true for undefined, or materializeGrads: true for zeros',
    });
    expect(gradients([square(x)], [other], { allowUnused: true })).toEqual([undefined]);
    expect(gradients([square(x)], [other], { materializeGrads: true })[0]?.toArray()).toEqual([0, 0]);
  });

  it('refuses constants, empty lists and unknown options', () => {
    const x = leaf(1);
    expect(thrownBy(() => gradients([square(x)], [plain(1)]))).toEqual({
      name: 'GraphError',
      message: 'gradients: inputs[0] does not require a gradient; make it with requiresGrad: true',
    });
    expect(thrownBy(() => gradients([], [x]))).toEqual({
      name: 'ArgumentError',
      message: 'gradients: outputs must be an array of tensors, got an array of length 0',
    });
    expect(thrownBy(() => gradients(square(x) as never, [x]))).toEqual({
      name: 'ArgumentError',
      message: 'gradients: outputs must be an array of tensors, got a float64 tensor of shape []',
    });
    expect(thrownBy(() => gradients([square(x)], [x], { alowUnused: true } as never))).toEqual({
      name: 'ArgumentError',
      message: "gradients: unknown option 'alowUnused'; did you mean 'allowUnused'?",
    });
  });

  it('that throws leaves the graph usable', () => {
    const x = leaf(2);
    const y = square(x);
    thrownBy(() => gradients([y], [leaf(1)]));
    y.backward();
    expect(gradOf(x)).toBe(4);
  });
});

describe('grad, valueAndGrad, vjp and hvp', () => {
  const cube = (x: Tensor): Tensor => pow(x, 3).sum();

  it('differentiate functions of plain tensors', () => {
    expect(grad(cube)(plain([1, 2])).toArray()).toEqual([3, 12]);
    const [value, slope] = valueAndGrad(cube)(plain([1, 2]));
    expect([value.item(), slope.toArray()]).toEqual([9, [3, 12]]);
    expect([value.requiresGrad, slope.requiresGrad]).toEqual([false, false]);
  });

  it('differentiate by chosen arguments', () => {
    const f = (a: Tensor, b: Tensor): Tensor => mul(square(a), b).sum();
    expect(grad(f, { argnums: 1 })(plain(3), plain(4)).item()).toBe(9);
    expect(grad(f, { argnums: [0, 1] })(plain(3), plain(4)).map((g) => g.item())).toEqual([24, 9]);
  });

  it('nest', () => {
    const third = grad((x) => grad((y) => grad(cube)(y).sum())(x).sum());
    expect(third(plain([5])).toArray()).toEqual([6]);
  });

  it('nest over variables of the outer function that the inner one closes over', () => {
    const mixed = grad((x) => grad((y) => mul(square(x), y).sum())(plain(1)));
    expect(mixed(plain(3)).item()).toBe(6);
    const pulled = grad((x) => vjp((y) => mul(square(x), y), plain(1))[1](plain(1))[0] as Tensor);
    expect(pulled(plain(3)).item()).toBe(6);
    const valued = grad((x) => valueAndGrad((y) => mul(square(x), y))(plain(2))[0]);
    expect(valued(plain(3)).item()).toBe(12);
  });

  it('nest over cotangents and vectors', () => {
    const pulled = grad((g) => vjp((x) => square(x), plain(3))[1](g)[0] as Tensor);
    expect(pulled(plain(5)).item()).toBe(6);
    const product = grad((x) => hvp(cube, x, plain([1])).sum());
    expect(product(plain([4])).toArray()).toEqual([6]);
    const direction = grad((v) => hvp(cube, plain([4]), v).sum());
    expect(direction(plain([1])).toArray()).toEqual([24]);
  });

  it('give zeros for constant functions and unused arguments', () => {
    expect(grad(() => plain(1))(plain([1, 2])).toArray()).toEqual([0, 0]);
    expect(grad((_, b) => square(b as Tensor).sum())(plain([1, 2]), plain(3)).toArray()).toEqual([0, 0]);
  });

  it('do not touch .grad of parameters that the function closes over', () => {
    const w = leaf(2);
    expect(grad((x) => mul(w, x))(plain(3)).item()).toBe(2);
    expect(w.grad).toBeUndefined();
  });

  it('work inside of noGrad', () => {
    expect(noGrad(() => grad(cube)(plain([2]))).toArray()).toEqual([12]);
  });

  it('pull cotangents back as often as wanted', () => {
    const [value, pullback] = vjp((x, y) => mul(x, y), plain([1, 2]), plain([3, 4]));
    expect(value.toArray()).toEqual([3, 8]);
    expect(pullback(plain([1, 0])).map((g) => g.toArray())).toEqual([
      [3, 0],
      [1, 0],
    ]);
    expect(pullback(plain([0, 1])).map((g) => g.toArray())).toEqual([
      [0, 4],
      [0, 2],
    ]);
  });

  it('multiply Hessians with vectors', () => {
    expect(hvp(cube, plain([1, 2]), plain([1, 10])).toArray()).toEqual([6, 120]);
    const f = (a: Tensor, b: Tensor): Tensor => mul(square(a), b).sum();
    // H = [[2b, 2a], [2a, 0]] at a = 3, b = 4
    const products = hvp(f, [plain(3), plain(4)], [plain(1), plain(10)]);
    expect(products.map((g) => g.item())).toEqual([68, 6]);
  });

  it('give a Hessian-vector product of 0 for linear functions', () => {
    expect(hvp((x) => x.sum(), plain([1, 2]), plain([1, 1])).toArray()).toEqual([0, 0]);
  });

  it('refuse integers, wrong results and wrong positions', () => {
    expect(thrownBy(() => grad(cube)(tensor([1], { dtype: 'int32' })))).toEqual({
      name: 'DTypeError',
      message:
        'grad: argument 0 must be float32 or float64, got int32; close over it, or leave it out of argnums',
    });
    expect(thrownBy(() => grad((x) => x)(plain([1, 2])))?.name).toBe('GraphError');
    expect(thrownBy(() => grad(() => 1 as never)(plain(1)))).toEqual({
      name: 'GraphError',
      message: 'grad: f returned 1; return a tensor',
    });
    expect(thrownBy(() => grad(cube, { argnums: 1 })(plain(1)))).toEqual({
      name: 'ArgumentError',
      message: 'grad: argnums must be a position among the 1 arguments, got 1',
    });
    expect(thrownBy(() => grad(3 as never)(plain(1)))).toEqual({
      name: 'ArgumentError',
      message: 'grad: f must be a function, got 3',
    });
    expect(thrownBy(() => grad(cube, { argnum: 0 } as never))).toEqual({
      name: 'ArgumentError',
      message: "grad: unknown option 'argnum'; did you mean 'argnums'?",
    });
    expect(thrownBy(() => hvp(cube, plain([1, 2]), plain([1])))?.name).toBe('ShapeError');
  });
});

describe('a write', () => {
  it('is refused on what requires a gradient', () => {
    const x = leaf([1, 2]);
    const message =
      'the tensor [2] requires a gradient, which a write in place would falsify; wrap the write in noGrad(() => …)';
    expect(thrownBy(() => x.write(() => undefined))).toEqual({
      name: 'GraphError',
      message: `write: ${message}`,
    });
    expect(thrownBy(() => assign(x, 0))).toEqual({ name: 'GraphError', message: `assign: ${message}` });
    expect(thrownBy(() => x.mul(2).assign(0))?.name).toBe('GraphError');
    expect(x.toArray()).toEqual([1, 2]);
    expect(noGrad(() => assign(x, 5)).toArray()).toEqual([5, 5]);
  });

  it('into a saved value is found by backward, which names both versions', () => {
    const x = leaf([1, 2]);
    const factor = plain([3, 4]);
    const y = mul(x, factor).sum();
    factor.write((a) => a.set(0, 9));
    expect(thrownBy(() => y.backward())?.message).toMatch(
      /^backward: input 1 of mul \(node \d+\) was written in place after it was recorded: saved at version 0, now at version 1; write after backward, or into a clone\(\)$/,
    );
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
    expect(x.grad).toBeUndefined();
  });

  it('into a saved output is found too', () => {
    const x = leaf([1, 2]);
    const y = exp(x);
    noGrad(() => assign(y, 0));
    expect(thrownBy(() => y.sum().backward())?.message).toMatch(
      /the output of exp \(node \d+\) was written in place after it was recorded: saved at version 0, now at version 1/,
    );
  });

  it('through a view is seen by all that share the memory', () => {
    const x = leaf([1, 2]);
    const factor = plain([3, 4]);
    const y = mul(x, factor).sum();
    factor.slice([0, 1]).assign(7);
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
  });

  it('into a parameter between forward and backward is found, as after a step of an optimiser', () => {
    const w = leaf([1, 2]);
    const y = square(w).sum();
    noGrad(() => assign(w, sub(w, 0.1)));
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
  });

  it('into what no derivative needs does no harm', () => {
    const x = leaf([1, 2]);
    const offset = plain([3, 4]);
    const y = add(x, offset).sum();
    offset.write((a) => a.set(0, 9));
    y.backward();
    expect(gradOf(x)).toEqual([1, 1]);
  });

  it('before the op is recorded does no harm', () => {
    const x = leaf([1, 2]);
    const factor = plain([3, 4]);
    factor.write((a) => a.set(0, 9));
    mul(x, factor).sum().backward();
    expect(gradOf(x)).toEqual([9, 4]);
  });

  it('that throws midway still counts', () => {
    const x = leaf([1, 2]);
    const factor = plain([3, 4]);
    const y = mul(x, factor).sum();
    thrownBy(() =>
      factor.write((a) => {
        a.set(0, 9);
        throw new Error('midway');
      }),
    );
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
  });

  it('refuses promises and shared elements', () => {
    expect(thrownBy(() => plain([1]).write(async () => undefined))).toEqual({
      name: 'ArgumentError',
      message: 'write: fn must be synchronous, got a promise; await first, then write',
    });
    const stretched = plain([1]).expand([3]);
    const message = 'elements of the view [3] with strides [0] share memory; write into clone() of it';
    expect(thrownBy(() => stretched.write(() => undefined))).toEqual({
      name: 'AliasError',
      message: `write: ${message}`,
    });
    expect(thrownBy(() => assign(stretched, 1))).toEqual({
      name: 'AliasError',
      message: `assign: ${message}`,
    });
  });

  it('of overlapping memory reads before it writes', () => {
    const x = plain([1, 2, 3, 4]);
    x.slice([1, 4]).assign(x.slice([0, 3]));
    expect(x.toArray()).toEqual([1, 1, 2, 3]);
    const m = plain([
      [1, 2],
      [3, 4],
    ]);
    m.assign(m.T);
    expect(m.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('by assign broadcasts, converts floats, and refuses what does not fit', () => {
    const m = zeros([2, 2]);
    expect(assign(m, plain([1, 2])).toArray()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(thrownBy(() => assign(plain([1, 2]), plain([[1, 2]])))).toEqual({
      name: 'ShapeError',
      message: 'assign: value must broadcast to [2], got [1, 2]',
    });
    expect(thrownBy(() => assign(tensor([1], { dtype: 'int32' }), 0.5))).toEqual({
      name: 'DTypeError',
      message: "assign: value must fit int32, got 0.5; cast the tensor to 'float64' first",
    });
    expect(assign(tensor([1], { dtype: 'int32' }), 5).toArray()).toEqual([5]);
    expect(thrownBy(() => assign(zeros([1]), 'x' as never))).toEqual({
      name: 'ArgumentError',
      message: 'assign: value must be a tensor or a number, got "x"; wrap arrays in tensor(…)',
    });
  });
});

describe('an op of one’s own', () => {
  const wrong = (name: string, answer: () => unknown) =>
    defineOp<null>({
      name,
      forward: ([x]) => square(x as Tensor),
      vjp: [answer as () => Tensor],
    });

  it.each([
    ['null', () => null, 'the vjp of huber for input 0 returned null; return a tensor shaped as the input'],
    [
      'a number',
      () => 1,
      'the vjp of huber for input 0 returned number; return a tensor shaped as the input',
    ],
    [
      'undefined',
      () => undefined,
      'the vjp of huber for input 0 returned undefined; return a tensor shaped as the input',
    ],
    [
      'another shape',
      () => plain([1, 2, 3]),
      'the vjp of huber for input 0 returned shape [3], the input has [2]; return the shape of the input, or one that it broadcasts to',
    ],
    [
      'a smaller shape',
      () => plain(1),
      'the vjp of huber for input 0 returned shape [], the input has [2]; return the shape of the input, or one that it broadcasts to',
    ],
    [
      'another dtype',
      () => tensor([1, 2]),
      'the vjp of huber for input 0 returned float32, the input is float64; cast() it',
    ],
  ])('is named when its vjp returns %s', (_, answer, message) => {
    const x = leaf([1, 2]);
    const y = wrong('huber', answer)([x], null).sum();
    expect(thrownBy(() => y.backward())).toEqual({ name: 'GraphError', message: `backward: ${message}` });
    expect(x.grad).toBeUndefined();
  });

  it('may leave the sum over a stretched input to the engine', () => {
    const scaled = defineOp<null>({
      name: 'scaled',
      forward: ([x, s]) => mul(x as Tensor, s as Tensor),
      vjp: [(g, { inputs: [, s] }) => mul(g, s as Tensor), (g, { inputs: [x] }) => mul(g, x as Tensor)],
    });
    const x = leaf([1, 2]);
    const s = leaf(3);
    scaled([x, s], null).sum().backward();
    expect([gradOf(x), gradOf(s)]).toEqual([[3, 3], 3]);
  });

  it('gets its attributes, and can be differentiated twice', () => {
    const power = defineOp<{ n: number }>({
      name: 'power',
      forward: ([x], { n }) => pow(x as Tensor, n),
      vjp: [(g, { inputs: [x], attributes: { n } }) => mul(g, mul(pow(x as Tensor, n - 1), n))],
    });
    const x = leaf(2);
    const [g] = gradients([power([x], { n: 3 })], [x], { createGraph: true });
    expect(g?.item()).toBe(12);
    expect(gradients([g as Tensor], [x])[0]?.item()).toBe(12);
  });

  it('skips inputs whose vjp is null', () => {
    const masked = defineOp<null>({
      name: 'masked',
      forward: ([x, m]) => mul(x as Tensor, m as Tensor),
      vjp: [(g, { inputs: [, m] }) => mul(g, m as Tensor), null],
    });
    const x = leaf([1, 2]);
    const m = leaf([0, 1]);
    masked([x, m], null).sum().backward();
    expect([gradOf(x), m.grad]).toEqual([[0, 1], undefined]);
  });

  it('that passes its input on keeps the graph right', () => {
    const same = defineOp<null>({
      name: 'same',
      forward: ([x]) => x as Tensor,
      vjp: [(g) => mul(g, 10)],
    });
    const x = leaf(2);
    const y = same([x], null);
    expect(y).not.toBe(x);
    square(y).backward();
    expect(gradOf(x)).toBe(40);
    expect(x.isLeaf).toBe(true);
  });

  it('refuses definitions, inputs and results of the wrong form', () => {
    expect(thrownBy(() => defineOp({ name: 'x' } as never))).toEqual({
      name: 'ArgumentError',
      message:
        'defineOp: definition must have a name, a forward function and an array of vjps, got an object',
    });
    const ok = wrong('one', () => plain(1));
    expect(thrownBy(() => ok(leaf(1) as never, null))).toEqual({
      name: 'ArgumentError',
      message:
        'one: inputs must be an array of at least 1 tensors, one per vjp, got a float64 tensor of shape []',
    });
    const bad = defineOp<null>({ name: 'bad', forward: () => 5 as never, vjp: [] });
    expect(thrownBy(() => bad([leaf(1)], null))).toEqual({
      name: 'GraphError',
      message: 'bad: forward returned 5; return a tensor, or { output, saved }',
    });
  });
});

describe('hostScalar', () => {
  it('reads its number when it is called', () => {
    let rate = 0.1;
    const scalar = (): Tensor => hostScalar(() => rate);
    expect(scalar().item()).toBe(0.1);
    rate = 0.5;
    expect(scalar().item()).toBe(0.5);
    expect(scalar().dtype).toBe('float64');
  });

  it('has memory of its own', () => {
    hostScalar(() => 3).write((a) => a.set(8));
    hostScalar(() => 3).requireGrad();
    const y = mul(tensor(1, { dtype: 'float64' }), 3);
    expect([y.item(), y.requiresGrad]).toEqual([3, false]);
  });

  it('adapts to the dtype of the tensors it meets, as numbers do', () => {
    expect(
      mul(
        tensor([1]),
        hostScalar(() => 0.1),
      ).dtype,
    ).toBe('float32');
    expect(
      mul(
        plain([1]),
        hostScalar(() => 0.1),
      ).toArray(),
    ).toEqual([0.1]);
    expect(
      mul(
        tensor([1], { dtype: 'int32' }),
        hostScalar(() => 2),
      ).dtype,
    ).toBe('int32');
  });

  it('refuses what is no function, or gives no number', () => {
    expect(thrownBy(() => hostScalar(3 as never))).toEqual({
      name: 'ArgumentError',
      message: 'hostScalar: read must be a function, got 3',
    });
    expect(thrownBy(() => hostScalar(() => '3' as never))).toEqual({
      name: 'ArgumentError',
      message: 'hostScalar: read must give a number, got "3"',
    });
  });
});

describe('defineHostOp', () => {
  it('runs what it was given, also under the name of a kernel that WebAssembly has', () => {
    const x = tensor(new Float32Array(100).fill(3));
    for (const name of ['exp', 'sum', 'copy']) {
      const doubled = defineHostOp<null>({
        name,
        output: ([t]) => ({ shape: t.shape, dtype: t.dtype }),
        run: (result, [values]) => {
          for (let i = 0; i < result.length; i++) result[i] = 2 * values[i];
        },
      });
      expect(doubled([x], null).toTypedArray()).toEqual(new Float32Array(100).fill(6));
      expect(capture((t: Tensor) => doubled([t], null))(x).toTypedArray()).toEqual(
        new Float32Array(100).fill(6),
      );
    }
  });
});

describe('memory', () => {
  it('of saved values is let go by backward', () => {
    const x = leaf([1, 2]);
    const y = relu(log(x));
    const z = matmul(y.unsqueeze(0), y.unsqueeze(1)).sum();
    z.backward();
    const saved = new Set<string>();
    const reached = new Set([z.node]);
    for (const node of reached) {
      if (node?.op?.saves !== undefined && (node.inputs.length > 0 || node.output !== undefined)) {
        saved.add(node.op.name);
      }
      for (const edge of node?.edges ?? []) reached.add(edge);
    }
    expect([...saved]).toEqual([]);
  });

  it('of intermediate tensors is collected though the output lives on', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const x = leaf([1, 2, 3]);
    const watch = (): { output: Tensor; middle: WeakRef<Tensor> } => {
      const middle = sigmoid(exp(x));
      return { output: square(middle).sum(), middle: new WeakRef(middle) };
    };
    const { output, middle } = watch();
    output.backward();
    for (let i = 0; i < 5 && middle.deref() !== undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      collect();
    }
    expect(middle.deref()).toBeUndefined();
    expect(output.item()).toBeGreaterThan(0);
  });

  it('of outputs is not kept by ops that do not need them', () => {
    const x = leaf([1, 2]);
    const y = add(x, 1);
    expect(y.node?.output).toBeUndefined();
    expect(y.node?.inputs).toEqual([]);
  });
});

describe('selection', () => {
  it('by where never leaks NaN from the branch that was not taken', () => {
    const x = leaf([0, 1]);
    const safe = where(x.gt(0), log(x), 0).sum();
    safe.backward();
    expect(gradOf(x)).toEqual([0, 1]);
  });

  it('by concat and slice sends each part its own share', () => {
    const a = leaf([1, 2]);
    const b = leaf([3]);
    concat([a, b])
      .slice([1, 3])
      .mul(plain([10, 100]))
      .sum()
      .backward();
    expect([gradOf(a), gradOf(b)]).toEqual([[0, 10], [100]]);
  });
});

describe('the free functions', () => {
  it('backward and sum do what the methods do', () => {
    const x = leaf([1, 2]);
    backward(sum(square(x)));
    expect(gradOf(x)).toEqual([2, 4]);
  });
});

describe('memory and numbers of results', () => {
  it('assign keeps the digits of a number in float64, and refuses what int32 cannot hold', () => {
    expect(assign(zeros([1], { dtype: 'float64' }), 0.1).item()).toBe(0.1);
    expect(() => assign(zeros([1], { dtype: 'int32' }), 1e10)).toThrow(DTypeError);
    expect(() => assign(zeros([1], { dtype: 'bool' }), 2)).toThrow(DTypeError);
  });

  it('a fractional hostScalar takes int32 and bool to float32, as a number does', () => {
    const ints = tensor(new Int32Array([1, 2]));
    expect(ints.mul(hostScalar(() => 0.5)).toArray()).toEqual([0.5, 1]);
    expect(ints.mul(hostScalar(() => 3)).dtype).toBe('int32');
  });

  it('a write through fromNdarray of another tensor is seen by backward', () => {
    const w = tensor([2, 3], { requiresGrad: false });
    const x = tensor([1, 1], { requiresGrad: true });
    const y = x.mul(w).sum();
    fromNdarray(w.ndarray).assign(100);
    expect(() => y.backward()).toThrow(GraphError);
  });

  it('gradients share memory neither with each other nor with the cotangent they start from', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = tensor([3, 4], { requiresGrad: true });
    const start = ones([2]);
    const [gx, gy] = gradients([x.add(y)], [x, y], { gradients: [start] });
    gx?.write((values) => values.set(0, 99));
    expect(gy?.toArray()).toEqual([1, 1]);
    expect(start.toArray()).toEqual([1, 1]);
  });

  it('a custom op leaves the tensor that forward returns out of the graph', () => {
    const constant = ones([2]);
    const op = defineOp<null>({ name: 'constant', forward: () => constant, vjp: [(g) => g] });
    expect(op([tensor([1, 2], { requiresGrad: true })], null).requiresGrad).toBe(true);
    expect(constant.requiresGrad).toBe(false);
  });

  it('hvp works over inputs of different dtypes', () => {
    const products = hvp(
      (a, b) => a.cast('float64').mul(b).mul(b).sum(),
      [tensor([1]), tensor([2], { dtype: 'float64' })],
      [tensor([1]), tensor([1], { dtype: 'float64' })],
    );
    expect(products.map((p) => [p.dtype, p.toArray()])).toEqual([
      ['float32', [4]],
      ['float64', [6]],
    ]);
  });

  it('a split of nothing into absurdly many parts is refused before it is tried', () => {
    expect(() => split(zeros([0, 3]), 2 ** 32)).toThrow(LimitError);
    expect(split(zeros([0, 3]), 5)).toHaveLength(5);
  });

  it('int32 powers wrap exactly', () => {
    expect(
      tensor(new Int32Array([7]))
        .pow(20)
        .item(),
    ).toBe(-1199696159);
  });

  it('argnums, inputs and gradients of the wrong kind are ArgumentErrors', () => {
    const x = tensor([1], { requiresGrad: true });
    const f = (a: Tensor): Tensor => a.sum();
    expect(() => grad(f, { argnums: [0, 0] })).toThrow(ArgumentError);
    expect(() => grad(f, { argnums: 'a' as unknown as number })).toThrow(ArgumentError);
    expect(() => x.sum().backward(undefined, { inputs: x as unknown as Tensor[] })).toThrow(ArgumentError);
    expect(() => gradients([x.sum()], [x], { gradients: [1 as unknown as Tensor] })).toThrow(ArgumentError);
    expect(() => gradients([x.sum()], [x], { gradients: tensor(1) as unknown as Tensor[] })).toThrow(
      ArgumentError,
    );
  });

  it('a grad set to null counts as none', () => {
    const x = tensor([1], { requiresGrad: true });
    x.grad = null as unknown as undefined;
    x.sum().backward();
    expect((x.grad as unknown as Tensor).toArray()).toEqual([1]);
  });
});
