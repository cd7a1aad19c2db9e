/** @file What users do with a graph: hooks, anomalies, saved tensors, checkpoints, products and Jacobians, drawings. */
import { describe, expect, it } from '@jest/globals';
import { withHome } from '../src/homes/current.js';
import { heap } from '../src/homes/heap.js';
import * as nd from '../src/index.js';
import { gradcheck, gradgradcheck } from '../src/testing/index.js';
import { thrownBy } from './thrown.js';

const { tensor } = nd;
const f64 = (data: unknown, requiresGrad = false): nd.Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });
const leaf = (data: unknown): nd.Tensor => f64(data, true);

describe('registerHook', () => {
  it('sees the whole gradient of a tensor that is used twice, once per pass', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const seen: unknown[] = [];
    nd.registerHook(y, (g) => {
      seen.push(g.toArray());
    });
    y.square().add(y).sum().backward();
    expect(seen).toEqual([[7, 13]]);
    expect(x.grad?.toArray()).toEqual([21, 39]);
  });

  it('puts another gradient in place, in the order of registration, on leaves and on results', () => {
    const x = leaf([1, 2]);
    x.registerHook((g) => g.add(1));
    x.registerHook((g) => g.mul(10));
    x.mul(3).sum().backward();
    expect(x.grad?.toArray()).toEqual([40, 40]);
    expect(nd.gradients([x.mul(3).sum()], [x])[0]?.toArray()).toEqual([40, 40]);
  });

  it('gives the hook a gradient of its own, that outlives the pass', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    let kept: nd.Tensor | undefined;
    y.registerHook((g) => {
      kept = g;
      g.write((a) => a.set(0, 99));
    });
    y.sum().backward();
    expect(kept?.toArray()).toEqual([99, 1]);
    expect(x.grad?.toArray()).toEqual([3, 3]);
  });

  it('ends with its handle, which may be removed twice, and with using', () => {
    const x = leaf([1]);
    let calls = 0;
    const handle = x.registerHook(() => {
      calls++;
    });
    x.sum().backward();
    handle.remove();
    handle.remove();
    x.sum().backward();
    x.registerHook(() => {
      calls++;
    })[Symbol.dispose]();
    x.sum().backward();
    expect(calls).toBe(1);
  });

  it('takes part in the graph under createGraph', () => {
    const x = leaf([2]);
    x.registerHook((g) => g.mul(x));
    const [first] = nd.gradients([x.square().sum()], [x], { createGraph: true }) as nd.Tensor[];
    expect(first.toArray()).toEqual([8]);
    // d/dx (2x · x), whose own gradient by x goes through the hook again: 4x · x.
    expect(nd.gradients([first.sum()], [x])[0]?.toArray()).toEqual([16]);
  });

  it('changes nothing when it throws or gives what is no gradient', () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const handle = y.registerHook(() => {
      throw new Error('from the hook');
    });
    expect(() => y.sum().backward()).toThrow('from the hook');
    handle.remove();
    y.registerHook((() => f64([1])) as never);
    expect(thrownBy(() => y.sum().backward())).toEqual({
      name: 'GraphError',
      message: expect.stringMatching(
        /^backward: a hook of the result of exp \(node \d+\) returned a float64 tensor of shape \[1\], the gradient is a float64 tensor of shape \[2\]; return a tensor like the gradient, or nothing$/,
      ),
    });
    expect(x.grad).toBeUndefined();
  });

  it('refuses tensors without a gradient, and what is no function', () => {
    expect(thrownBy(() => nd.registerHook(f64([1]), () => undefined))).toEqual({
      name: 'GraphError',
      message:
        'registerHook: the tensor [1] does not require a gradient, so none will arrive; make it with requiresGrad: true',
    });
    expect(thrownBy(() => nd.registerHook(leaf([1]), 3 as never))).toEqual({
      name: 'ArgumentError',
      message: 'registerHook: hook must be a function, got 3',
    });
  });

  it('is recorded with the step that is captured, and refused on inputs', () => {
    const w = leaf([1, 2]);
    w.registerHook((g) => g.mul(10));
    const step = nd.capture((x: nd.Tensor) => {
      w.grad = undefined;
      w.mul(x).sum().backward();
    });
    step(f64([3, 4]));
    step(f64([5, 6]));
    expect(w.grad?.toArray()).toEqual([50, 60]);
    const on = nd.capture((x: nd.Tensor) => x.sum());
    expect(thrownBy(() => on(w))).toEqual({
      name: 'CaptureError',
      message:
        'capture: an input has hooks, which stay with that tensor and not with the input; register them inside of the step',
    });
  });
});

describe('registerPostAccumulateGradHook', () => {
  it('runs when all gradients of the pass are in place', () => {
    const a = leaf([1]);
    const b = leaf([2]);
    const seen: unknown[] = [];
    const look = (): void => {
      seen.push([a.grad?.toArray(), b.grad?.toArray()]);
    };
    a.registerPostAccumulateGradHook(look);
    b.registerPostAccumulateGradHook(look);
    a.mul(b).sum().backward();
    expect(seen).toEqual([
      [[2], [1]],
      [[2], [1]],
    ]);
  });

  it('does not run for gradients(), nor for leaves that a pass does not reach', () => {
    const a = leaf([1]);
    const b = leaf([2]);
    let calls = 0;
    a.registerPostAccumulateGradHook(() => {
      calls++;
    });
    nd.gradients([a.sum()], [a]);
    b.sum().backward();
    expect(calls).toBe(0);
  });

  it('refuses results and constants', () => {
    const x = leaf([1]);
    expect(thrownBy(() => nd.registerPostAccumulateGradHook(x.exp(), () => undefined))).toEqual({
      name: 'GraphError',
      message:
        'registerPostAccumulateGradHook: the tensor [1] is the result of exp, into whose .grad nothing is accumulated; use registerHook, or call it on a leaf',
    });
    expect(thrownBy(() => nd.registerPostAccumulateGradHook(f64([1]), () => undefined))?.name).toBe(
      'GraphError',
    );
  });
});

describe('retainGrad and inputs', () => {
  it('accumulates into results too, after their hooks', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3).retainGrad();
    y.registerHook((g) => g.mul(2));
    const loss = y.sum();
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    expect(y.grad?.toArray()).toEqual([4, 4]);
    expect(x.grad?.toArray()).toEqual([12, 12]);
  });

  it('leaves leaves alone and refuses constants', () => {
    const x = leaf([1]);
    expect(nd.retainGrad(x)).toBe(x);
    x.sum().backward();
    expect(x.grad?.toArray()).toEqual([1]);
    expect(thrownBy(() => nd.retainGrad(f64([1])))?.name).toBe('GraphError');
  });

  it('keeps what lies in a scope when the tensor is older', () => {
    const x = leaf([1]);
    const y = x.mul(2).retainGrad();
    nd.scope(() => {
      y.square().sum().backward();
    });
    expect(y.grad?.toArray()).toEqual([4]);
  });

  it('accumulates into the named inputs alone, results among them', () => {
    const x = leaf([1, 2]);
    const w = leaf([3, 4]);
    const y = x.mul(w);
    y.square()
      .sum()
      .backward(undefined, { inputs: [y, w] });
    expect(y.grad?.toArray()).toEqual([6, 16]);
    expect(w.grad?.toArray()).toEqual([6, 32]);
    expect(x.grad).toBeUndefined();
  });
});

describe('detectAnomaly', () => {
  it('names op, element and place of a NaN that an op makes', () => {
    const x = leaf([1, -1]);
    expect(thrownBy(() => nd.detectAnomaly(() => x.sqrt()))).toEqual({
      name: 'NumericError',
      message: expect.stringMatching(
        /^sqrt: element \[1\] of the result is NaN, made from inputs without NaN; called at .*autogradSurface\.test\.ts:\d+:\d+/,
      ),
    });
  });

  it('names the input that brought it in', () => {
    const y = f64([
      [1, 2],
      [3, Number.NaN],
    ]);
    expect(thrownBy(() => nd.detectAnomaly(() => nd.add(f64([1, 2]), y)))).toEqual({
      name: 'NumericError',
      message: expect.stringContaining(
        'add: element [1, 1] of the result is NaN, input 1 [2, 2] holds NaN at element [1, 1]; called at ',
      ),
    });
  });

  it('names the op whose derivative is NaN, and where that op was called', () => {
    const bad = nd.defineOp<null>({
      name: 'bad',
      forward: ([x]) => x.mul(2),
      vjp: [(g) => g.mul(Number.NaN)],
    });
    const x = leaf([1, 2]);
    expect(thrownBy(() => nd.detectAnomaly(() => bad([x.exp()], null).sum().backward()))).toEqual({
      name: 'NumericError',
      message: expect.stringMatching(
        /^backward: element \[0\] of the derivative of bad \(node \d+\) by input 0 is NaN, made from a cotangent without NaN; bad was called at .*autogradSurface\.test\.ts:\d+:\d+/,
      ),
    });
    expect(x.grad).toBeUndefined();
  });

  it('names a cotangent that was NaN from the start', () => {
    const x = leaf([1]);
    const y = x.mul(2);
    expect(thrownBy(() => nd.detectAnomaly(() => y.backward(f64([Number.NaN]))))?.message).toMatch(
      /of mul \(node \d+\) by input 0 is NaN, its cotangent holds NaN at element \[0\]; mul was called at a place unknown: it was recorded before detectAnomaly$/,
    );
  });

  it('lets pass what is not NaN: infinities, integers, views, and intermediate steps of a vjp', () => {
    const x = leaf([0, 4]);
    const g = nd.detectAnomaly(() => {
      nd.where(x.gt(0), x.sqrt(), 0).sum().backward();
      x.log();
      return x.grad?.toArray();
    });
    expect(g).toEqual([0, 0.25]);
  });

  it('ends with its function, with its handle, and counts nested calls', () => {
    const bad = f64([-1]);
    const outer = nd.detectAnomaly();
    nd.detectAnomaly(() => f64([1]).sqrt());
    expect(() => bad.sqrt()).toThrow(nd.NumericError);
    outer.remove();
    outer.remove();
    expect(bad.sqrt().toArray()).toEqual([Number.NaN]);
    expect(() => nd.detectAnomaly(() => bad.sqrt())).toThrow(nd.NumericError);
    expect(bad.sqrt().toArray()).toEqual([Number.NaN]);
    expect(thrownBy(() => nd.detectAnomaly((async () => 1) as never))?.message).toBe(
      'detectAnomaly: fn must be synchronous, got a promise; the search ends when fn returns; await outside of it',
    );
  });

  it('searches at each replay of a step that is captured under it', () => {
    const step = nd.capture((x: nd.Tensor) => x.sqrt().sum());
    const handle = nd.detectAnomaly();
    try {
      expect(step(f64([4, 9])).item()).toBe(5);
    } finally {
      handle.remove();
    }
    expect(thrownBy(() => step(f64([4, -9])))?.message).toContain(
      'sqrt: element [1] of the result is NaN, made from',
    );
    expect(step(f64([1, 9])).item()).toBe(4);
    step.dispose();
  });
});

describe('onNodeCreation', () => {
  it('tells of ops and leaves with their inputs, until it is removed', () => {
    const seen: nd.GraphNode[] = [];
    const handle = nd.onNodeCreation((node) => seen.push(node));
    const x = leaf([1, 2]);
    x.exp().mul(x);
    nd.noGrad(() => x.exp());
    handle.remove();
    x.exp();
    expect(seen.map(({ op, shape, dtype }) => [op, [...shape], dtype])).toEqual([
      ['leaf', [2], 'float64'],
      ['exp', [2], 'float64'],
      ['mul', [2], 'float64'],
    ]);
    expect(seen[2].inputs).toEqual([seen[1].id, seen[0].id]);
    expect(thrownBy(() => nd.onNodeCreation(null as never))?.message).toBe(
      'onNodeCreation: hook must be a function, got null',
    );
  });
});

describe('savedTensorHooks', () => {
  const through = (count: (t: nd.Tensor) => void, f: () => nd.Tensor): nd.Tensor =>
    nd.savedTensorHooks(
      (t) => {
        count(t);
        return { dtype: t.dtype, shape: t.shape, data: t.toTypedArray() };
      },
      ({ dtype, shape, data }) => tensor(data, { dtype, shape }),
      f,
    );

  it('gives the same derivatives of every order as the graph that saves tensors', () => {
    const x = leaf([0.5, 1.5]);
    const w = leaf([
      [1, 2],
      [3, 4],
    ]);
    const f = (): nd.Tensor => w.matmul(x).tanh().mul(x).sigmoid().sum();
    let saved = 0;
    const hooked = through(() => saved++, f);
    const plain = f();
    expect(saved).toBeGreaterThan(4);
    const first = nd.gradients([hooked], [x, w], { createGraph: true }) as nd.Tensor[];
    const expected = nd.gradients([plain], [x, w], { createGraph: true }) as nd.Tensor[];
    first.forEach((g, i) => {
      expect(g.toArray()).toEqual(expected[i].toArray());
    });
    const total = (gs: nd.Tensor[]): nd.Tensor => gs[0].square().sum().add(gs[1].square().sum());
    const second = nd.gradients([total(first)], [x, w]) as nd.Tensor[];
    const known = nd.gradients([total(expected)], [x, w]) as nd.Tensor[];
    second.forEach((g, i) => {
      expect(g.toArray()).toEqual(known[i].toArray());
    });
  });

  it('refuses to go through a graph that was freed, and what unpack must not give', () => {
    const x = leaf([1, 2]);
    const y = through(
      () => undefined,
      () => x.square().sum(),
    );
    y.backward();
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
    const z = nd.savedTensorHooks(
      (t) => t,
      () => f64([1]),
      () => x.square().sum(),
    );
    expect(thrownBy(() => z.backward())).toEqual({
      name: 'GraphError',
      message: expect.stringMatching(
        /^backward: unpack gave a float64 tensor of shape \[1\] for what square \(node \d+\) saved, a float64 tensor of shape \[2\]; give back what pack was given$/,
      ),
    });
  });
});

describe('checkpoint', () => {
  const body =
    (w: nd.Tensor) =>
    (x: nd.Tensor): nd.Tensor =>
      x.mul(w).tanh().exp().mul(x);

  it('has the bits of the function itself, derivatives of second order too', () => {
    const w = leaf([0.3, -0.7]);
    const x = leaf([0.5, 1.5]);
    const run = (f: (t: nd.Tensor) => nd.Tensor): unknown => {
      const [dx, dw] = nd.gradients([f(x).sum()], [x, w], { createGraph: true }) as nd.Tensor[];
      const second = nd.gradients([dx.square().sum().add(dw.square().sum())], [x, w]) as nd.Tensor[];
      return [dx.toArray(), dw.toArray(), second.map((t) => t.toArray())];
    };
    expect(run((t) => nd.checkpoint(body(w), t))).toEqual(run(body(w)));
    gradcheck((t) => nd.checkpoint(body(w), t), [x]);
    gradgradcheck((t) => nd.checkpoint(body(w), t), [x]);
  });

  it('runs once more per backward pass, and not where nothing is recorded', () => {
    let runs = 0;
    const f = (t: nd.Tensor): nd.Tensor => {
      runs++;
      return t.exp().square();
    };
    const x = leaf([1]);
    const y = nd.checkpoint(f, x).sum();
    expect(runs).toBe(1);
    y.backward(undefined, { retainGraph: true });
    expect(runs).toBe(2);
    y.backward();
    expect(runs).toBe(3);
    nd.noGrad(() => nd.checkpoint(f, x));
    expect(runs).toBe(4);
  });

  it('nests', () => {
    const x = leaf([0.5]);
    const inner = (t: nd.Tensor): nd.Tensor => t.tanh().exp();
    const y = nd.checkpoint((t) => nd.checkpoint(inner, t.mul(2)).square(), x);
    y.sum().backward();
    const z = leaf([0.5]);
    inner(z.mul(2)).square().sum().backward();
    expect(x.grad?.toArray()).toEqual(z.grad?.toArray());
  });

  it('draws the same numbers again, and leaves the generators where they were', () => {
    const own = nd.generator(3);
    const noisy = (t: nd.Tensor): nd.Tensor =>
      t
        .mul(nd.rand([4], { dtype: 'float64' }))
        .mul(nd.rand([4], { dtype: 'float64', generator: own }))
        .exp();
    const of = (f: (t: nd.Tensor) => nd.Tensor): unknown => {
      nd.manualSeed(5);
      own.restore({ seed: 3, counter: 0 });
      const x = leaf([1, 2, 3, 4]);
      f(x).sum().backward();
      return [x.grad?.toArray(), nd.rand([1]).item(), own.state()];
    };
    expect(of((t) => nd.checkpoint(noisy, t))).toEqual(of(noisy));
  });

  it('keeps none of what its ops save', () => {
    const x = nd.ones([2000], { requiresGrad: true });
    const kept: unknown[] = [];
    // Hooks around see what the graph around saves: nothing of what is inside.
    const y = nd.savedTensorHooks(
      (t) => {
        kept.push(t);
        return t;
      },
      (t) => t,
      () => nd.checkpoint((t) => t.exp().square().exp(), x).sum(),
    );
    expect(kept).toEqual([]);
    y.backward();
    expect(x.grad?.shape).toEqual([2000]);
  });

  it('is part of a captured step and of a scope', () => {
    const w = leaf([0.3, -0.7]);
    const step = (x: nd.Tensor): nd.Tensor => {
      w.grad = undefined;
      const loss = nd.checkpoint(body(w), x).sum();
      loss.backward();
      return loss;
    };
    const x = f64([0.5, 1.5]);
    const eager = [step(x).item(), w.grad?.toArray()];
    expect([nd.capture(step)(x).item(), w.grad?.toArray()]).toEqual(eager);
    expect([nd.scope(() => step(x)).item(), w.grad?.toArray()]).toEqual(eager);
  });

  it('refuses a function that does otherwise the second time, and inputs or parameters that were overwritten', () => {
    const x = leaf([1]);
    let first = true;
    const y = nd.checkpoint((t) => {
      const z = first ? t.exp().square() : t.exp();
      first = false;
      return z;
    }, x);
    expect(thrownBy(() => y.sum().backward())).toEqual({
      name: 'GraphError',
      message:
        'checkpoint: the function saved 2 tensors when it ran first and 1 when it ran again; it must do the same each time',
    });
    const w = leaf([2]);
    const z = nd.checkpoint((t) => t.mul(w), x);
    nd.noGrad(() => nd.assign(w, 3));
    expect(thrownBy(() => z.sum().backward())).toEqual({
      name: 'GraphError',
      message:
        'checkpoint: an input or a leaf that the function reads was written in place after it ran: it was at version 0, and is now at version 1; write after backward, or into a clone()',
    });
    expect(x.grad).toBeUndefined();
    expect(thrownBy(() => nd.checkpoint(5 as never))?.message).toBe(
      'checkpoint: fn must be a function, got 5',
    );
    expect(thrownBy(() => nd.checkpoint((t) => t, [1] as never))?.message).toBe(
      'checkpoint: input 0 must be a tensor, got an array of length 1; wrap it in tensor(…)',
    );
  });
});

describe('defineOp with saved values, onceDifferentiable', () => {
  const clipped = nd.defineOp({
    name: 'clipped',
    forward: ([t], bound: number) => {
      const inside = t.abs().le(bound);
      return { output: nd.where(inside, t, t.sign().mul(bound)), saved: { inside, bound } };
    },
    vjp: [(g, { saved: { inside, bound } }) => nd.where(inside, g.mul(bound / bound), 0)],
  });

  it('hands saved values to the vjp, and drops them with the graph', () => {
    const x = leaf([0.5, 3]);
    const y = clipped([x], 1).sum();
    expect(y.item()).toBe(1.5);
    y.backward();
    expect(x.grad?.toArray()).toEqual([1, 0]);
    expect(thrownBy(() => y.backward())?.message).toMatch(
      /^backward: what clipped \(node \d+\) saved was freed/,
    );
  });

  it('notices a saved tensor that was overwritten, and goes through hooks', () => {
    const x = leaf([0.5]);
    let mask: nd.Tensor | undefined;
    const op = nd.defineOp({
      name: 'op',
      forward: ([t], _: null) => {
        mask = f64([2]);
        return { output: t.mul(mask), saved: { mask } };
      },
      vjp: [(g, { saved }) => g.mul(saved.mask)],
    });
    const y = op([x], null);
    nd.assign(mask as nd.Tensor, 3);
    expect(thrownBy(() => y.sum().backward())?.message).toMatch(
      /^backward: input 1 of op \(node \d+\) was written in place/,
    );
    const z = nd.savedTensorHooks(
      (t) => t.toArray() as number[],
      (values) => f64(values),
      () => op([x], null).sum(),
    );
    z.backward();
    expect(x.grad?.toArray()).toEqual([2]);
  });

  it('refuses a second derivative rather than be wrong', () => {
    const x = leaf([0.5, 3]);
    const [first] = nd.gradients([clipped([x.square()], 1).sum()], [x], { createGraph: true }) as nd.Tensor[];
    expect(first.toArray()).toEqual([1, 0]);
    expect(thrownBy(() => nd.gradients([first.sum()], [x]))).toEqual({
      name: 'GraphError',
      message:
        'onceDifferentiable: a derivative that can be taken once was to be differentiated again; write the vjp with ops on its inputs, and without onceDifferentiable',
    });
    expect(thrownBy(() => nd.onceDifferentiable(1 as never))?.message).toBe(
      'onceDifferentiable: vjp must be a function, got 1',
    );
  });
});

describe('jvp, jacobian, hessian', () => {
  const A = f64([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it('jvp is the Jacobian times the tangent', () => {
    const x = f64([0.1, 0.2, 0.3]);
    const t = f64([1, -1, 2]);
    const f = (v: nd.Tensor): nd.Tensor => A.matmul(v).tanh();
    const [value, tangent] = nd.jvp(f, x, t);
    const J = nd.jacobian(f)(x);
    expect(J.shape).toEqual([2, 3]);
    expect(value.toArray()).toEqual(f(x).toArray());
    const expected = J.matmul(t).toTypedArray();
    tangent.toTypedArray().forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 13);
    });
  });

  it('jvp takes several inputs and differentiates further', () => {
    const [, tangent] = nd.jvp((a, b) => a.mul(b), [f64([2]), f64([3])], [f64([1]), f64([10])]);
    expect(tangent.toArray()).toEqual([23]);
    const second = nd.grad((x) => nd.jvp((v) => v.square().mul(v), x, f64([1]))[1].sum())(f64([2]));
    expect(second.toArray()).toEqual([12]);
    expect(nd.jvp(() => f64([7]), f64([1]), f64([1]))[1].toArray()).toEqual([0]);
  });

  it('jacobian puts the axes of the result before those of the argument, whatever their number', () => {
    const x = f64([
      [1, 2],
      [3, 4],
    ]);
    const J = nd.jacobian((m) => m.T.mul(m))(x);
    expect(J.shape).toEqual([2, 2, 2, 2]);
    // d(m₁₀ m₀₁)/dm₀₁ = m₁₀
    expect(J.select(0, 0).select(0, 1).select(0, 0).select(0, 1).item()).toBe(3);
    const scalar = nd.jacobian((m) => m.sum())(x);
    expect(scalar.toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const [da, db] = nd.jacobian((a, b) => a.mul(b), { argnums: [0, 1] })(f64([1, 2]), f64(3));
    expect([da.toArray(), db.toArray()]).toEqual([
      [
        [3, 0],
        [0, 3],
      ],
      [1, 2],
    ]);
    expect(nd.jacobian((m) => m.slice([0, 0]))(f64([1, 2])).shape).toEqual([0, 2]);
    expect(
      nd
        .jacobian(() => f64([1, 2]))(f64(1))
        .toArray(),
    ).toEqual([0, 0]);
  });

  it('hessian agrees with known second derivatives, blocks included', () => {
    const H = nd.hessian((x) => x.prod())(f64([2, 3, 5]));
    expect(H.toArray()).toEqual([
      [0, 5, 3],
      [5, 0, 2],
      [3, 2, 0],
    ]);
    const blocks = nd.hessian((a, b) => a.mul(b).sum(), { argnums: [0, 1] })(f64([1, 2]), f64([3, 4]));
    expect(blocks.map((row) => row.map((t) => t.toArray()))).toEqual([
      [
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      ],
      [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ]);
    expect(
      nd
        .hessian((x) => x.square().sum())(f64(3))
        .item(),
    ).toBe(2);
    const third = nd.jacobian(nd.hessian((x) => x.mul(x).mul(x).sum()))(f64([1, 2]));
    expect(third.select(0, 0).select(0, 0).select(0, 0).item()).toBe(6);
  });

  it('works inside of a captured step', () => {
    const f = (x: nd.Tensor): nd.Tensor => nd.hessian((v) => v.exp().sum())(x);
    const x = f64([0, 1]);
    expect(nd.capture(f)(x).toArray()).toEqual(f(x).toArray());
  });

  it('refuses what does not fit', () => {
    expect(thrownBy(() => nd.jvp((x) => x, f64([1]), [f64([1]), f64([2])]))?.message).toBe(
      'jvp: tangents must hold one per input, 1, got 2',
    );
    expect(thrownBy(() => nd.jvp((x) => x, f64([1]), tensor([1])))?.message).toBe(
      'jvp: tangents[0] must be float64, as inputs[0] is, got float32; cast() it',
    );
    expect(thrownBy(() => nd.hessian((x) => x)(f64([1, 2])))?.name).toBe('GraphError');
    expect(thrownBy(() => nd.jacobian((x) => x.gt(0))(f64([1])))?.message).toBe(
      'jacobian: the result of f must be float32 or float64, got bool',
    );
    expect(thrownBy(() => nd.jacobian((x) => x, { argnum: 1 } as never))?.message).toBe(
      "jacobian: unknown option 'argnum'; did you mean 'argnums'?",
    );
  });
});

describe('toDot and toMermaid', () => {
  it('draw leaves, ops, shapes, names and edges', () => {
    const w = leaf([1, 2]);
    const y = w.square().sum();
    const ids = [...nd.toDot(y).matchAll(/n(\d+) \[/g)].map(([, id]) => id);
    expect(nd.toDot(y, { names: { 'a "w"': w } })).toBe(
      `digraph ndgrad {
  rankdir=BT;
  node [fontname="sans-serif"];
  n${ids[0]} [shape=box, label="a \\"w\\": leaf\\n[2] float64"];
  n${ids[1]} [shape=ellipse, label="square\\n[2] float64"];
  n${ids[2]} [shape=ellipse, label="sum\\n[] float64"];
  n${ids[0]} -> n${ids[1]};
  n${ids[1]} -> n${ids[2]};
}
`,
    );
    expect(nd.toMermaid(y, { names: { '<w>': w } })).toBe(
      `flowchart BT
  n${ids[0]}["#60;w#62;: leaf<br/>#91;2#93; float64"]
  n${ids[1]}(["square<br/>#91;2#93; float64"])
  n${ids[2]}(["sum<br/>#91;#93; float64"])
  n${ids[0]} --> n${ids[1]}
  n${ids[1]} --> n${ids[2]}
`,
    );
  });

  it('know the places of what was recorded under detectAnomaly', () => {
    const y = nd.detectAnomaly(() => leaf([1]).exp());
    expect(nd.toDot(y)).toMatch(/exp\\n\[1\] float64\\n.*autogradSurface\.test\.ts:\d+/);
  });

  it('refuse what has no graph', () => {
    expect(thrownBy(() => nd.toDot(f64([1])))?.name).toBe('GraphError');
    expect(thrownBy(() => nd.toMermaid(leaf([1]), { names: 3 } as never))?.message).toBe(
      'toMermaid: names must be an object of tensors, got 3',
    );
  });
});

describe('memory().buffers', () => {
  it('lists parameters and what open scopes hold', () => {
    const w = nd.zeros([1000], { requiresGrad: true });
    const inside = nd.scope(() => {
      const y = w.exp();
      const found = nd.memory().buffers;
      void y;
      return { scopes: found.filter(({ home }) => home === 'scope'), all: found };
    });
    expect(inside.scopes).toContainEqual({
      home: 'scope',
      op: 'exp',
      dtype: 'float32',
      count: 1,
      bytes: 4000,
    });
    expect(inside.all.some(({ home, bytes }) => home === 'parameters' && bytes >= 4000)).toBe(true);
    expect(nd.memory().buffers.filter(({ home }) => home === 'backward')).toEqual([]);
  });

  it('counts the heap while it is watched', () => {
    const handle = nd.watchHeap();
    expect(thrownBy(() => nd.watchHeap())?.name).toBe('StateError');
    const kept = withHome(heap, () => [f64([1, 2]).exp(), f64([1, 2]).exp()]);
    const entry = nd.memory().buffers.find(({ home, op }) => home === 'heap' && op === 'exp');
    expect(entry).toEqual({ home: 'heap', op: 'exp', dtype: 'float64', count: kept.length, bytes: 32 });
    handle.remove();
    expect(nd.memory().buffers.some(({ home }) => home === 'heap')).toBe(false);
  });
});
