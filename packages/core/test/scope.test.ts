/** @file What survives a scope, and what does not. */
import { describe, expect, it } from '@jest/globals';
import {
  add,
  assign,
  borrowGrad,
  currentKernels,
  deterministic,
  fromNdarray,
  keep,
  longLived,
  memory,
  mul,
  noGrad,
  scope,
  setKernels,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.js';
import { withKernels } from './grid.js';
import { thrownBy } from './thrown.js';

const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true });

/** A result of a scope that has ended. */
function lost(data = [1, 2]): Tensor {
  let t: Tensor | undefined;
  scope(() => {
    t = mul(tensor(data), 3);
  });
  return t as Tensor;
}

describe('a scope', () => {
  it('gives back what fn returns: a tensor, or arrays, maps, sets and plain objects of them', () => {
    const x = tensor([1, 2]);
    const one = scope(() => add(x, 1));
    const many = scope(() => ({
      list: [add(x, 1), [add(x, 2)]],
      map: new Map([['three', add(x, 3)]]),
      set: new Set([add(x, 4)]),
      word: 'as it is',
      none: null,
    }));
    expect(one.toArray()).toEqual([2, 3]);
    expect((many.list[0] as Tensor).toArray()).toEqual([2, 3]);
    expect((many.list[1] as Tensor[])[0]?.toArray()).toEqual([3, 4]);
    expect(many.map.get('three')?.toArray()).toEqual([4, 5]);
    expect([...many.set][0]?.toArray()).toEqual([5, 6]);
    expect(many.word).toBe('as it is');
  });

  it('gives back values that a later scope does not overwrite', () => {
    const results = Array.from({ length: 50 }, (_, i) => scope(() => add(zeros([100]), i)));
    results.forEach((t, i) => {
      expect(t.toTypedArray()).toEqual(new Float32Array(100).fill(i));
    });
  });

  it('keeps the views of a survivor right', () => {
    const [view, whole] = scope(() => {
      const t = add(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        0,
      );
      return [t.T, t] as const;
    });
    expect(view.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(view.storage).toBe(whole.storage);
  });

  it('ends the graph of what it returns, but not of leaves', () => {
    const w = leaf([1, 2]);
    const [y, fresh] = scope(() => [w.square().sum(), leaf([3])] as const);
    expect(y.requiresGrad).toBe(false);
    expect(thrownBy(() => y.backward())).toEqual({
      name: 'StateError',
      message:
        'backward: the output [] came out of a scope or a captured step as a value, without its graph; call backward inside',
    });
    fresh.square().sum().backward();
    expect(fresh.grad?.toArray()).toEqual([6]);
  });

  it('lets gradients, optimiser state and what assign writes into survive', () => {
    const w = leaf([1, 2]);
    const state = longLived(() => zeros([2]));
    const older = zeros([2]);
    scope(() => {
      w.square().sum().backward();
      noGrad(() => {
        assign(state, add(w.grad as Tensor, 1));
        assign(older, mul(state, 2));
        assign(w, w.sub(1));
      });
    });
    expect(w.grad?.toArray()).toEqual([2, 4]);
    expect(state.toArray()).toEqual([3, 5]);
    expect(older.toArray()).toEqual([6, 10]);
    expect(w.toArray()).toEqual([0, 1]);
  });

  it('lets a gradient survive that a scope inside of it computed', () => {
    const w = leaf([1, 2]);
    scope(() => {
      scope(() => w.square().sum().backward());
      scope(() => w.square().sum().backward());
    });
    expect(w.grad?.toArray()).toEqual([4, 8]);
  });

  it('lets a gradient with a graph survive as a value', () => {
    const w = leaf([3]);
    scope(() => w.square().sum().backward(undefined, { createGraph: true }));
    expect(w.grad?.toArray()).toEqual([6]);
  });

  it('lets what is kept survive, through all scopes that own it', () => {
    let inner: Tensor | undefined;
    scope(() => {
      scope(() => {
        inner = keep(add(tensor([1]), 1));
      });
      add(tensor([5]), 5);
    });
    expect(inner?.toArray()).toEqual([2]);
    expect(inner?.requiresGrad).toBe(false);
    expect(keep(tensor([7])).toArray()).toEqual([7]);
  });

  it('refuses every use of a freed tensor, naming the op that made it', () => {
    const t = lost();
    const problem = 'the result of mul, number 0 of its scope, was freed when the scope ended';
    const hint = 'return it from the scope, or keep() it inside';
    const expected = (where: string) => ({ name: 'StateError', message: `${where}: ${problem}; ${hint}` });
    expect(thrownBy(() => lost([1]).item())).toEqual(expected('item'));
    expect(thrownBy(() => t.toArray())).toEqual(expected('toTypedArray'));
    expect(thrownBy(() => t.slice([0, 1]))).toEqual(expected('slice'));
    expect(thrownBy(() => t.ndarray)).toEqual(expected('ndarray'));
    expect(thrownBy(() => add(t, 1))).toEqual(expected('add'));
    expect(thrownBy(() => add(t, t))).toEqual(expected('add'));
    expect(thrownBy(() => t.sum())).toEqual(expected('sum'));
    expect(thrownBy(() => t.matmul(t))).toEqual(expected('matmul'));
    expect(thrownBy(() => assign(zeros([2]), t))).toEqual(expected('assign'));
    expect(thrownBy(() => t.write((a) => a.set(0, 1)))).toEqual(expected('ndarray'));
    for (const build of ['js', 'simd', 'relaxed'] as const) {
      withKernels(build, () => expect(thrownBy(() => t.exp())).toEqual(expected('exp')));
    }
  });

  it('refuses a backward through a graph whose values are gone', () => {
    const w = leaf([1, 2]);
    let y: Tensor | undefined;
    scope(() => {
      y = w.exp().sum();
    });
    const before = w.grad;
    expect(thrownBy(() => (y as Tensor).backward())?.name).toBe('StateError');
    expect(w.grad).toBe(before);
  });

  it('refuses promises, and anything but a function', () => {
    expect(thrownBy(() => scope(async () => 1))).toEqual({
      name: 'ArgumentError',
      message:
        'scope: fn must be synchronous, got a promise; the scope ends when fn returns; await outside of it',
    });
    expect(thrownBy(() => scope(3 as never))).toEqual({
      name: 'ArgumentError',
      message: 'scope: fn must be a function, got 3',
    });
    expect(thrownBy(() => keep([1] as never))).toEqual({
      name: 'ArgumentError',
      message: 'keep: t must be a tensor, got an array of length 1',
    });
  });

  it('ends when fn throws, and keeps nothing but what was kept', () => {
    let made: Tensor | undefined;
    let kept: Tensor | undefined;
    add(tensor([1]), 1);
    const used = memory().scopes;
    expect(() =>
      scope(() => {
        made = add(tensor([1]), 1);
        kept = keep(add(tensor([1]), 2));
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(memory().scopes).toBe(used);
    expect(thrownBy(() => (made as Tensor).item())?.name).toBe('StateError');
    expect(kept?.item()).toBe(3);
    expect(add(tensor([1]), 1).item()).toBe(2);
  });

  it('frees what an inner scope gave back to it, unless it gives that back too', () => {
    let dropped: Tensor | undefined;
    const returned = scope(() => {
      dropped = scope(() => mul(tensor([1, 2]), 2));
      expect(dropped.toArray()).toEqual([2, 4]);
      return scope(() => mul(tensor([1, 2]), 3));
    });
    expect(returned.toArray()).toEqual([3, 6]);
    expect(() => (dropped as Tensor).toArray()).toThrow(/was freed when the scope ended/);
  });

  it('works with using, and takes forgotten inner ones along', () => {
    const outer = scope();
    const inside = add(tensor([1]), 1);
    scope();
    const deeper = add(tensor([1]), 2);
    outer[Symbol.dispose]();
    outer[Symbol.dispose]();
    expect(thrownBy(() => inside.item())?.name).toBe('StateError');
    expect(thrownBy(() => deeper.item())?.name).toBe('StateError');
    const after = add(tensor([1]), 3);
    expect(after.item()).toBe(4);
  });

  it('gives its memory back', () => {
    scope(() => add(zeros([1000]), 1));
    const before = memory();
    for (let i = 0; i < 20; i++) scope(() => add(zeros([300_000]), i).sum());
    const after = memory();
    expect(after.scopes).toBe(before.scopes);
    expect(after.reserved).toBeLessThan(before.reserved + 40e6);
  });

  it('lets no view of memory be lost when the memory grows', () => {
    const w = tensor(new Float32Array([1, 2, 3]), { requiresGrad: true });
    const view = w.ndarray;
    const { reserved } = memory();
    scope(() => {
      for (let i = 0; memory().reserved === reserved && i < 1000; i++) zeros([1_000_000]);
    });
    expect(memory().reserved).toBeGreaterThan(reserved);
    expect([view.get(0), view.get(2)]).toEqual([1, 3]);
    noGrad(() => assign(w, tensor([4, 5, 6])));
    expect([view.get(0), view.get(2)]).toEqual([4, 6]);
    expect(w.mul(2).toArray()).toEqual([8, 10, 12]);
  });
});

describe('parameters', () => {
  it('live in linear memory, and the report says so; results on the heap do not', () => {
    const before = memory().parameters;
    const w = zeros([1000], { requiresGrad: true });
    const state = longLived(() => zeros([1000]));
    expect(memory().parameters - before).toBe(8000);
    expect(w.storage.address).toBeGreaterThan(0);
    expect(scope(() => longLived(() => add(state, 1))).toArray()).toEqual(new Array(1000).fill(1));
  });

  it('that share memory with the outside stay there', () => {
    const data = tensor([1, 2]).ndarray;
    const w = fromNdarray(data, { requiresGrad: true });
    data.set(0, 5);
    expect(w.toArray()).toEqual([5, 2]);
    expect(w.ndarray.data).toBe(data.data);
  });

  it('keep the gradient that somebody has seen, and reuse the memory of one that nobody has', () => {
    const w = leaf([1, 2]);
    const step = (): void => {
      w.grad = undefined;
      w.square().sum().backward();
    };
    step();
    const unseen = borrowGrad(w)?.storage.address;
    step();
    expect(borrowGrad(w)?.storage.address).toBe(unseen);
    const seen = w.grad as Tensor;
    noGrad(() => assign(w, w.mul(10)));
    step();
    expect(seen.toArray()).toEqual([2, 4]);
    expect(w.grad?.toArray()).toEqual([20, 40]);
    w.square().sum().backward();
    expect(w.grad?.toArray()).toEqual([40, 80]);
  });
});

describe('kernels', () => {
  it('see what was written between two calls, also around the checks and where operands are staged', () => {
    for (const build of ['simd', 'relaxed'] as const) {
      withKernels(build, () => {
        const t = zeros([1000]);
        expect(t.exp().sum().item()).toBe(1000);
        assign(t, tensor(new Float32Array(1000).fill(Math.LN2)));
        expect(t.exp().sum().item()).toBeCloseTo(2000, 2);
        t.write((a) => a.set(0, -Infinity));
        expect(t.exp().sum().item()).toBeCloseTo(1998, 2);
        const view = t.ndarray;
        t.exp();
        view.set(1, -Infinity);
        expect(t.exp().sum().item()).toBeCloseTo(1996, 2);
        noGrad(() => assign(t.slice([0, 500]), 0));
        expect(t.exp().sum().item()).toBeCloseTo(1500, 2);
      });
    }
  });

  it('give the same whether operands are small, fit the ring, or need blocks of their own', () => {
    withKernels('simd', () => {
      for (const n of [1, 63, 64, 65, 1000, 300_000, 3_000_000]) {
        const t = tensor(new Float32Array(n).fill(1.5));
        const expected = withKernels('js', () => t.mul(2).sub(0.5).relu().sum().item());
        expect(t.mul(2).sub(0.5).relu().sum().item()).toBe(expected);
        expect(scope(() => t.mul(2).sub(0.5).relu().sum()).item()).toBe(expected);
      }
    });
  });

  it('leave what has gone round the staging ring right', () => {
    withKernels('simd', () => {
      const kept = Array.from({ length: 40 }, (_, i) => tensor(new Float32Array(100_000).fill(i)).exp());
      kept.forEach((t, i) => {
        expect(t.mul(1).toTypedArray()[99_999]).toBe(t.item.call(t.slice([99_999, 100_000])));
        expect(t.toTypedArray()[5]).toBeCloseTo(Math.exp(i), -Math.floor(i / 2.4) + 4);
      });
    });
  });

  it('are chosen by name, pinned by deterministic, and refused where they cannot be had', () => {
    const before = currentKernels();
    setKernels('js');
    expect(currentKernels()).toBe('js');
    setKernels('relaxed');
    expect(currentKernels()).toBe('relaxed');
    deterministic(true);
    expect(currentKernels()).toBe('simd');
    expect(thrownBy(() => setKernels('relaxed'))).toEqual({
      name: 'StateError',
      message:
        "setKernels: the 'relaxed' kernels cannot run here; use 'simd'; relaxed SIMD needs a newer engine, or deterministic(false)",
    });
    deterministic(false);
    setKernels(before);
    expect(thrownBy(() => setKernels('fast' as never))?.name).toBe('ArgumentError');
    expect(thrownBy(() => deterministic(1 as never))).toEqual({
      name: 'ArgumentError',
      message: 'deterministic: on must be true or false, got 1',
    });
  });
});
