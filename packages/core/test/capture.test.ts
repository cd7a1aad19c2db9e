/** @file Captured steps: the same bits as eager ones, and refusals that change nothing. */
import { describe, expect, it } from '@jest/globals';
import {
  add,
  assign,
  type Captured,
  capture,
  cast,
  currentKernels,
  exp,
  gather,
  generator,
  gradients,
  hostScalar,
  hostVector,
  matmul,
  memory,
  mul,
  noGrad,
  ones,
  permutation,
  rand,
  randint,
  randn,
  relu,
  scope,
  setKernels,
  slice,
  softmax,
  sum,
  type Tensor,
  tanh,
  tensor,
  where,
  zeros,
} from '../src/index.js';
import { withKernels } from './grid.js';
import { thrownBy } from './thrown.js';

const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true });

/** A net with what steps are made of: a product with bias, relu, dropout, a scalar that changes, updates in place. */
function makeNet(seed: number) {
  const source = generator(seed);
  const weight = (shape: number[]): Tensor =>
    tensor(randn(shape, { generator: source }), { requiresGrad: true });
  const parameters = [weight([4, 8]), weight([8]), weight([8, 3])] as const;
  const velocity = parameters.map((p) => zeros(p.shape));
  const noise = generator(seed + 1);
  const schedule = { rate: 0.1 };
  const step = (x: Tensor, y: Tensor): { loss: Tensor; out: Tensor } => {
    const [w1, b1, w2] = parameters;
    for (const p of parameters) p.grad = undefined;
    const hidden = relu(add(matmul(x, w1), b1));
    const kept = cast(rand([x.shape[0] as number, 8], { generator: noise }).gt(0.25), 'float32');
    const out = softmax(matmul(mul(hidden, kept), w2));
    const loss = out.sub(y).square().mean();
    loss.backward();
    noGrad(() => {
      parameters.forEach((p, i) => {
        const v = velocity[i] as Tensor;
        assign(v, add(mul(v, 0.9), p.grad as Tensor));
        assign(
          p,
          p.sub(
            mul(
              v,
              hostScalar(() => schedule.rate),
            ),
          ),
        );
      });
    });
    return { loss, out };
  };
  return { parameters, velocity, noise, schedule, step };
}

const batch = (source: ReturnType<typeof generator>, rows: number): [Tensor, Tensor] => [
  randn([rows, 4], { generator: source }),
  rand([rows, 3], { generator: source }),
];

describe.each(['js', 'simd', 'relaxed'] as const)('a captured step, %s', (build) => {
  it('leaves everything as the eager step does, on the heap and in a scope, bit for bit', () => {
    withKernels(build, () => {
      const [eager, scoped, replayed] = [makeNet(1), makeNet(1), makeNet(1)];
      const captured = capture(replayed.step);
      const source = generator(7);
      for (let i = 0; i < 8; i++) {
        const [x, y] = batch(source, i === 5 ? 3 : 16);
        const rate = 0.1 / (i + 1);
        for (const net of [eager, scoped, replayed]) net.schedule.rate = rate;
        const expected = eager.step(x, y);
        const inScope = scope(() => scoped.step(x, y));
        const actual = captured(x, y);
        for (const other of [inScope, actual]) {
          expect(other.loss.item()).toBe(expected.loss.item());
          expect(other.out.toTypedArray()).toEqual(expected.out.toTypedArray());
        }
        for (const net of [scoped, replayed]) {
          eager.parameters.forEach((p, k) => {
            expect(net.parameters[k]?.toTypedArray()).toEqual(p.toTypedArray());
            expect(net.velocity[k]?.toTypedArray()).toEqual(eager.velocity[k]?.toTypedArray());
            expect(net.parameters[k]?.grad?.toTypedArray()).toEqual(p.grad?.toTypedArray());
          });
          expect(net.noise.state()).toEqual(eager.noise.state());
        }
      }
      expect(captured.stats()).toMatchObject({ calls: 8, recordings: 2, plans: 2 });
    });
  });

  it('gives derivatives of derivatives', () => {
    withKernels(build, () => {
      const w = leaf([0.5, -1, 2]);
      const step = (x: Tensor): Tensor => {
        const y = sum(tanh(mul(w, x)));
        const [g] = gradients([y], [w], { createGraph: true }) as [Tensor];
        const [h] = gradients([sum(g.square())], [w]) as [Tensor];
        return h;
      };
      const captured = capture(step);
      for (const x of [tensor([1, 2, 3]), tensor([3, -1, 0])]) {
        expect(captured(x).toTypedArray()).toEqual(step(x).toTypedArray());
      }
    });
  });
});

describe('what a captured step reads and writes', () => {
  it('takes inputs of any layout', () => {
    const captured = capture((x: Tensor) => x.mul(2));
    expect(
      captured(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).toArray(),
    ).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(
      captured(
        tensor([
          [1, 2],
          [3, 4],
        ]).T,
      ).toArray(),
    ).toEqual([
      [2, 6],
      [4, 8],
    ]);
    expect(captured(tensor([5]).expand([2, 2])).toArray()).toEqual([
      [10, 10],
      [10, 10],
    ]);
    expect(captured.stats()).toMatchObject({ calls: 3, recordings: 1 });
  });

  it('sees what it closes over as it is now, on the heap and exposed', () => {
    const closed = tensor(new Float32Array(100).fill(1));
    const shown = tensor(new Float32Array(100).fill(1));
    const view = shown.ndarray;
    const captured = capture((x: Tensor) => exp(x).mul(closed).mul(shown).sum());
    const x = zeros([100]);
    expect(captured(x).item()).toBe(100);
    assign(closed, 2);
    expect(captured(x).item()).toBe(200);
    view.set(0, 3);
    expect(captured(x).item()).toBe(204);
  });

  it('writes into what it closes over, on the heap too, and raises its version once per call', () => {
    const total = zeros([3]);
    const large = zeros([500]);
    const captured = capture((x: Tensor) => {
      noGrad(() => {
        assign(total, total.add(x));
        assign(large.slice([0, 3]), exp(x));
      });
    });
    const before = total.storage.version;
    expect(captured(tensor([1, 2, 3]))).toBeUndefined();
    expect(total.storage.version).toBe(before + 1);
    captured(tensor([1, 2, 3]));
    expect(total.toArray()).toEqual([2, 4, 6]);
    expect(large.slice([0, 3]).toTypedArray()).toEqual(exp(tensor([1, 2, 3])).toTypedArray());
    expect(large.slice([3, 500]).sum().item()).toBe(0);
  });

  it('keeps a copy of what it overwrites later', () => {
    const state = zeros([3]);
    const captured = capture((x: Tensor) => {
      const before = state.clone();
      noGrad(() => assign(state, x));
      return before;
    });
    expect(captured(tensor([1, 2, 3])).toArray()).toEqual([0, 0, 0]);
    expect(captured(tensor([4, 5, 6])).toArray()).toEqual([1, 2, 3]);
  });

  it('makes a graph recorded before refuse, when a replay overwrites what it needs', () => {
    const w = leaf([1, 2]);
    const captured = capture(() => noGrad(() => assign(w, w.mul(2))));
    const y = w.square().sum();
    captured();
    expect(thrownBy(() => y.backward())?.name).toBe('GraphError');
    const z = w.square().sum();
    z.backward();
    expect(w.grad?.toArray()).toEqual([4, 8]);
  });

  it('returns values without a graph, copies that later calls leave alone, and what came from outside as it is', () => {
    const w = leaf([2]);
    const captured = capture((x: Tensor) => ({
      y: w.mul(x),
      list: [x.add(1)],
      map: new Map([['two', x.add(2)]]),
      set: new Set([x.add(3)]),
      w,
      word: 'yes',
    }));
    const first = captured(tensor([3]));
    const second = captured(tensor([4]));
    expect([first.y.item(), first.list[0]?.item(), second.y.item()]).toEqual([6, 4, 8]);
    expect([first.map.get('two')?.item(), [...first.set][0]?.item()]).toEqual([5, 6]);
    expect(first.w).toBe(w);
    expect(first.word).toBe('yes');
    expect(thrownBy(() => first.y.backward())?.name).toBe('StateError');
    expect(add(first.y, second.y).item()).toBe(14);
  });

  it('returns views of its results as they are shaped', () => {
    const captured = capture((x: Tensor) => [x.mul(2).T, slice(x.add(1), [0, 1]), x.T] as const);
    const [transposed, part, input] = captured(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(transposed.toArray()).toEqual([
      [2, 6],
      [4, 8],
    ]);
    expect(part.toArray()).toEqual([[2, 3]]);
    expect(input.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('accumulates gradients as the eager step does when nobody resets them', () => {
    const [eager, replayed] = [leaf([1, 2]), leaf([1, 2])];
    const step = (w: Tensor) => (x: Tensor) => {
      w.mul(x).sum().backward();
    };
    const [plain, captured] = [step(eager), capture(step(replayed))];
    for (const x of [tensor([1, 1]), tensor([2, 3]), tensor([4, 5])]) {
      plain(x);
      captured(x);
      expect(replayed.grad?.toArray()).toEqual(eager.grad?.toArray());
    }
    // With and without a gradient from before are two different steps.
    expect(captured.stats().recordings).toBe(2);
    replayed.grad = undefined;
    captured(tensor([1, 1]));
    const again = (): Tensor | undefined => replayed.grad;
    expect(again()?.toArray()).toEqual([1, 1]);
    expect(captured.stats().recordings).toBe(2);
  });

  it('gives gradients to inputs that want them', () => {
    const captured = capture((x: Tensor) => {
      x.square().sum().backward();
    });
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    captured(a);
    captured(b);
    captured(b);
    expect(a.grad?.toArray()).toEqual([2, 4]);
    expect(b.grad?.toArray()).toEqual([12, 16]);
  });

  it('hands out a gradient that later calls leave alone', () => {
    const w = leaf([1]);
    const captured = capture((x: Tensor) => {
      w.grad = undefined;
      w.mul(x).sum().backward();
    });
    captured(tensor([2]));
    const first = w.grad;
    captured(tensor([3]));
    expect(first?.item()).toBe(2);
    expect(w.grad?.item()).toBe(3);
  });

  it('reads hostScalar and hostVector anew, at the place where they stand', () => {
    let reads = 0;
    const captured = capture((x: Tensor) => {
      const a = hostScalar(() => ++reads);
      const b = hostVector(2, (values) => {
        values[0] = 10 * reads;
        values[1] = 100 * reads;
      });
      return x.mul(a).add(b.cast('float32'));
    });
    expect(captured(tensor([1, 1])).toArray()).toEqual([11, 101]);
    expect(captured(tensor([1, 1])).toArray()).toEqual([22, 202]);
    expect(reads).toBe(2);
  });

  it('is a part of a step that is being captured', () => {
    const inner = capture((x: Tensor) => x.mul(3));
    const outer = capture((x: Tensor) => inner(x).add(1));
    expect(outer(tensor([1])).item()).toBe(4);
    expect(inner.stats().recordings).toBe(0);
  });

  it('holds scopes, which do nothing there', () => {
    const captured = capture((x: Tensor) => scope(() => x.mul(3)).add(1));
    expect(captured(tensor([1])).item()).toBe(4);
  });

  it('checks indices at each call, before anything is written', () => {
    const w = leaf([1, 2, 3]);
    const captured = capture((index: Tensor) => {
      w.grad = undefined;
      gather(w, 0, index).sum().backward();
      noGrad(() => assign(w, w.sub(w.grad as Tensor)));
    });
    const at = (...index: number[]): Tensor => tensor(new Int32Array(index));
    captured(at(0, 0));
    expect(w.toArray()).toEqual([-1, 2, 3]);
    const { version } = w.storage;
    expect(thrownBy(() => captured(at(0, 3)))).toEqual(thrownBy(() => gather(w, 0, at(0, 3))));
    expect(thrownBy(() => captured(at(0, 3)))?.name).toBe('IndexError');
    expect([w.toArray(), w.storage.version]).toEqual([[-1, 2, 3], version]);
    captured(at(1, 2));
    expect(w.toArray()).toEqual([-1, 1, 2]);
  });

  it('refuses a result of a scope that has ended', () => {
    let inner: Tensor | undefined;
    scope(() => {
      inner = tensor([1]).mul(2);
    });
    expect(thrownBy(() => capture((x: Tensor) => x.add(inner as Tensor))(tensor([1])))?.name).toBe(
      'StateError',
    );
  });
});

describe('a step that cannot be captured', () => {
  const x = tensor([1, 2]);
  const refusal = (step: (x: Tensor) => unknown) => thrownBy(() => capture(step)(x));

  it('names the op and the way out', () => {
    const read = (where: string, maker: string) => ({
      name: 'CaptureError',
      message:
        `${where}: the values of ${maker} are not known while a step is captured: it is recorded, not run; ` +
        'return the tensor from the step and read it there; choose with where() instead of if',
    });
    expect(refusal((t) => t.sum().item())).toEqual(read('item', 'sum'));
    expect(refusal((t) => t.mul(2).toArray())).toEqual(read('toTypedArray', 'mul'));
    expect(refusal((t) => t.toTypedArray())).toEqual(read('toTypedArray', 'input 0'));
    expect(refusal((t) => t.ndarray)).toEqual(read('ndarray', 'input 0'));
    expect(refusal((t) => t.exp().write((a) => a.set(0, 1)))).toEqual(read('ndarray', 'exp'));
    expect(refusal((t) => (t.neg().slice([0, 1]).item() > 0 ? t : t.neg()))).toEqual(read('item', 'neg'));
    expect(refusal((t) => t.add(tensor([1, 2])))).toEqual({
      name: 'CaptureError',
      message:
        'tensor: numbers that are written into a captured step would be the same at every replay; ' +
        'make the tensor outside of the step, pass it as an argument, or use hostScalar(() => number)',
    });
    expect(refusal((t) => gather(t, 0, [1]))).toEqual({
      name: 'CaptureError',
      message:
        'gather: index are written into a captured step and would be the same at every replay; ' +
        'make an int32 tensor outside of the step, or pass it as an argument',
    });
    for (const draw of [() => randint(0, 3, [2]), () => permutation(3)]) {
      expect(refusal(draw)?.message).toMatch(/pass the result as an argument$/);
    }
    expect(refusal(async () => 1)).toEqual({
      name: 'CaptureError',
      message:
        'capture: the step returned a promise, so it had not ended when the recording did; await outside of the step',
    });
    expect(refusal(() => setKernels('js'))?.name).toBe('CaptureError');
    expect(thrownBy(() => capture((t: Tensor) => t)(leaf([1]).mul(2)))?.message).toMatch(/stopGradient/);
  });

  it('refuses what is no step, no tensor, no option', () => {
    expect(thrownBy(() => capture(3 as never))).toEqual({
      name: 'ArgumentError',
      message: 'capture: step must be a function, got 3',
    });
    expect(thrownBy(() => capture((t: Tensor) => t)(3 as never))).toEqual({
      name: 'ArgumentError',
      message:
        'capture: input 0 must be a tensor, got 3; wrap data in tensor(…) outside; numbers that change enter through hostScalar(() => number)',
    });
    expect(thrownBy(() => capture((t: Tensor) => t, { maxPlan: 3 } as never))?.name).toBe('ArgumentError');
    expect(thrownBy(() => capture((t: Tensor) => t, { maxPlans: 0 }))?.name).toBe('ArgumentError');
  });

  it('has changed nothing', () => {
    const w = leaf([1, 2]);
    w.square().sum().backward();
    const source = generator(3);
    const state = zeros([2]);
    const before = [
      w.toArray(),
      w.grad,
      w.storage.version,
      source.state(),
      state.storage.version,
      memory().plans,
    ];
    const captured = capture((t: Tensor) => {
      w.grad = undefined;
      w.mul(t)
        .mul(rand([2], { generator: source }))
        .sum()
        .backward();
      noGrad(() => {
        assign(state, w.grad as Tensor);
        assign(w, w.sub(state));
      });
      return t.sum().item();
    });
    expect(thrownBy(() => captured(x))?.name).toBe('CaptureError');
    expect([
      w.toArray(),
      w.grad,
      w.storage.version,
      source.state(),
      state.storage.version,
      memory().plans,
    ]).toEqual(before);
    expect(captured.stats()).toEqual({ calls: 0, recordings: 0, plans: 0, bytes: 0 });
    // And the library goes on eagerly.
    expect(w.sum().item()).toBe(3);
  });
});

describe('plans', () => {
  it('are recorded per shape and dtype, at most as many as allowed, the one used least recently going first', () => {
    const captured = capture((x: Tensor) => x.mul(2).sum(), { maxPlans: 2 });
    const sizes = [1, 2, 1, 3, 1, 2];
    for (const n of sizes) expect(captured(ones([n])).item()).toBe(2 * n);
    // 1, 2, 3 took the place of 2, and then 2 that of 3.
    expect(captured.stats()).toMatchObject({ calls: 6, recordings: 4, plans: 2 });
    captured(ones([1], { dtype: 'float64' }));
    expect(captured.stats()).toMatchObject({ recordings: 5, plans: 2 });
  });

  it('give their memory back', () => {
    const before = memory().plans;
    const captured = capture((x: Tensor) => x.exp().sum());
    captured(ones([10_000]));
    const { bytes } = captured.stats();
    expect(memory().plans - before).toBe(bytes);
    captured.dispose();
    expect(memory().plans).toBe(before);
    const w = leaf([1]);
    const learning = capture(() => w.square().sum().backward());
    learning();
    learning.dispose();
    expect(w.grad?.item()).toBe(2);
    expect(captured(ones([2])).item()).toBeCloseTo(2 * Math.E, 5);
    captured.dispose();
  });

  it('share memory between values that do not live at one time', () => {
    const captured = capture((x: Tensor) => {
      let h = x;
      for (let i = 0; i < 20; i++) h = tanh(h.T.matmul(h));
      return h.sum();
    });
    captured(ones([64, 64]));
    // Three live at a time, of twice twenty.
    expect(captured.stats().bytes).toBeLessThan(6 * 64 * 64 * 4);
  });

  it('record anew when the kernels change', () => {
    const captured = capture((x: Tensor) => x.exp());
    const x = ones([100]);
    for (const build of ['js', 'simd', 'js'] as const) {
      withKernels(build, () => {
        expect(captured(x).toTypedArray()).toEqual(exp(x).toTypedArray());
      });
    }
    expect(captured.stats()).toMatchObject({ calls: 3, recordings: 3, plans: 1 });
  });

  it('say in words what they do', () => {
    const w = tensor(new Float32Array(32).fill(0.5), { shape: [4, 8], requiresGrad: true });
    const bias = leaf(new Array(8).fill(0));
    const captured: Captured<readonly [Tensor], Tensor> = capture((x: Tensor) => {
      const unused = x.exp();
      const twice = relu(add(matmul(x, w), bias)).add(relu(add(matmul(x, w), bias)));
      return unused.shape.length === 2 ? twice.mul(hostScalar(() => 2)).sum() : unused;
    });
    expect(captured.explain()).toBe('nothing recorded yet: the first call records');
    withKernels('simd', () => {
      captured(ones([3, 4]));
      const lines = captured.explain().split('\n');
      expect(lines[0]).toBe('plan for (float32 [3, 4]), kernels: simd');
      expect(lines[1]).toMatch(/^\d+ calls in 3 segments; \d+ bytes, \d+ without sharing$/);
      expect(lines[2]).toBe('left out: 3 repeated, 0 copies, 1 unread; fused: 1 into matrix products');
      expect(lines).toContain('segment 0: one program');
      expect(lines.find((line) => line.includes('matmulTail'))).toMatch(
        /matmulTail \(matmul \+ bias \+ relu\): 96 bytes/,
      );
      expect(lines).toContain('segment 1: JavaScript');
    });
  });

  it('run long elementwise chains piece by piece, with the same bits', () => {
    const w = tensor(
      new Float32Array(10_000).map((_, i) => Math.sin(i)),
      { requiresGrad: true },
    );
    const step = (x: Tensor): Tensor => {
      w.grad = undefined;
      const y = where(w.gt(0), tanh(w.mul(x).add(0.25)), w.square());
      const loss = y.mul(y).mean();
      loss.backward();
      return loss;
    };
    for (const build of ['simd', 'relaxed'] as const) {
      withKernels(build, () => {
        const captured = capture(step);
        const x = tensor(new Float32Array(10_000).map((_, i) => Math.cos(i)));
        const loss = captured(x).item();
        const gradient = w.grad?.toTypedArray();
        expect(captured.explain()).toMatch(/block over 10000 elements, 2048 at a time: /);
        expect(step(x).item()).toBe(loss);
        expect(w.grad?.toTypedArray()).toEqual(gradient);
      });
    }
    expect(['js', 'simd', 'relaxed']).toContain(currentKernels());
  });
});
