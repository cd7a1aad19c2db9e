/** @file What the table of ops cannot say of networks: state that training moves, draws, and a net that learns. */
import { describe, expect, it } from '@jest/globals';
import {
  add,
  assign,
  batchNorm,
  borrowGrad,
  capture,
  conv2d,
  dropout,
  type Generator,
  generator,
  gradients,
  linear,
  logSoftmax,
  maxPool2d,
  mul,
  noGrad,
  oneHot,
  ones,
  randn,
  relu,
  reshape,
  scaledDotProductAttention,
  scope,
  sub,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.js';
import { stream } from './grid.js';
import { thrownBy } from './thrown.js';

const f64 = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: 'float64' });

describe('batchNorm in training', () => {
  const x = f64([
    [1, 10],
    [2, 30],
    [6, 20],
  ]);
  const running = () => ({ runningMean: f64([1, 2]), runningVariance: f64([4, 5]) });

  it('moves the running statistics towards the mean and the unbiased variance of the batch', () => {
    const { runningMean, runningVariance } = running();
    batchNorm(x, { runningMean, runningVariance, training: true, momentum: 0.25 });
    expect(runningMean.toArray()).toEqual([1 + 0.25 * (3 - 1), 2 + 0.25 * (20 - 2)]);
    expect(runningVariance.toArray()).toEqual([4 + 0.25 * (7 - 4), 5 + 0.25 * (100 - 5)]);
    expect([runningMean.storage.version, runningVariance.storage.version]).toEqual([1, 1]);
  });

  it('moves them by a tenth unless told otherwise, and leaves them alone outside of training', () => {
    const { runningMean, runningVariance } = running();
    batchNorm(x, { runningMean, runningVariance });
    expect([runningMean.toArray(), runningVariance.toArray()]).toEqual([
      [1, 2],
      [4, 5],
    ]);
    batchNorm(x, { runningMean, runningVariance, training: true });
    expect(runningMean.toArray()).toEqual([1.2, 3.8]);
  });

  it('does not record the move: statistics with a gradient serve, and a second step can follow', () => {
    const leaf = tensor(x, { requiresGrad: true });
    const runningMean = tensor(f64([0, 0]), { requiresGrad: true });
    const runningVariance = f64([1, 1]);
    const step = (): Tensor => batchNorm(leaf, { runningMean, runningVariance, training: true });
    const [first, second] = [step(), step()];
    const loss = add(sum(mul(first, x)), sum(mul(second, x)));
    const [byLeaf, byMean] = gradients([loss], [leaf, runningMean], { allowUnused: true });
    expect(byLeaf?.shape).toEqual([3, 2]);
    expect(byMean).toBe(undefined);
    expect(runningMean.requiresGrad).toBe(true);
  });

  it('changes nothing when it throws', () => {
    const before = running();
    const shared = f64([4]).expand([2]);
    const calls: (() => unknown)[] = [
      () => batchNorm(x, { ...before, runningVariance: shared, training: true }),
      () => batchNorm(x, { ...before, weight: f64([1]), training: true }),
      () => batchNorm(x.slice([0, 1]), { ...before, training: true }),
      () => batchNorm(x, { ...before, training: true, momentum: 2 }),
    ];
    expect(calls.map((call) => thrownBy(call)?.name)).toEqual([
      'AliasError',
      'ShapeError',
      'ShapeError',
      'ArgumentError',
    ]);
    expect(before.runningMean.toArray()).toEqual([1, 2]);
    expect(before.runningVariance.toArray()).toEqual([4, 5]);
    expect(before.runningMean.storage.version).toBe(0);
  });

  it('keeps in a scope what it moved', () => {
    const { runningMean, runningVariance } = running();
    scope(() => {
      batchNorm(x, { runningMean, runningVariance, training: true, momentum: 1 });
    });
    expect([runningMean.toArray(), runningVariance.toArray()]).toEqual([
      [3, 20],
      [7, 100],
    ]);
  });

  it('follows a captured step at each replay', () => {
    const statistics = [running(), running()];
    const step =
      ({ runningMean, runningVariance }: (typeof statistics)[number]) =>
      (t: Tensor): Tensor =>
        batchNorm(t, { runningMean, runningVariance, training: true });
    const eager = step(statistics[0]);
    const captured = capture(step(statistics[1]));
    for (let i = 0; i < 3; i++) {
      const t = x.mul(i + 1);
      expect(captured(t).toArray()).toEqual(eager(t).toArray());
    }
    expect(statistics[1].runningMean.toArray()).toEqual(statistics[0].runningMean.toArray());
    expect(statistics[1].runningVariance.toArray()).toEqual(statistics[0].runningVariance.toArray());
    captured.dispose();
  });
});

describe('dropout', () => {
  const n = 100_000;
  const kept = (p: number, source: Generator): number[] =>
    [...dropout(ones([n]), p, { generator: source }).toTypedArray()].map((y) => (y === 0 ? 0 : 1));

  it('drops the share that it was told to, and scales the rest', () => {
    for (const p of [0.1, 0.5, 0.9]) {
      const y = dropout(ones([n], { dtype: 'float64' }), p, { generator: generator(5) });
      expect([...new Set(y.toTypedArray())].sort()).toEqual([0, 1 / (1 - p)]);
      // Four standard deviations.
      expect(Math.abs(y.eq(0).cast('float64').mean().item() - p)).toBeLessThan(
        4 * Math.sqrt((p * (1 - p)) / n),
      );
    }
  });

  it('drops elements independently, within a mask and from call to call', () => {
    const source = generator(6);
    const [first, second] = [kept(0.5, source), kept(0.5, source)];
    const agreement = (a: number[], b: number[]): number =>
      b.reduce((count, bit, i) => count + (bit === a[i] ? 1 : 0), 0) / b.length;
    const limit = 2 / Math.sqrt(n);
    expect(Math.abs(agreement(first, second) - 0.5)).toBeLessThan(limit);
    for (const lag of [1, 2, 64]) {
      expect(Math.abs(agreement(first, first.slice(lag)) - 0.5)).toBeLessThan(limit);
    }
  });

  it('gives the derivative the mask of the value', () => {
    const x = tensor(new Float64Array(50).fill(3), { requiresGrad: true });
    const y = dropout(x, 0.4, { generator: generator(7) });
    const [g] = gradients([y.sum()], [x]);
    expect(g?.mul(3).toArray()).toEqual(y.toArray());
  });

  it('gives the same bits for the same seed in every home, in both dtypes', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = ones([5, 7], { dtype });
      const step = (source: Generator) => (t: Tensor) => dropout(t, 0.3, { generator: source });
      const expected = step(generator(8))(x).toArray();
      expect(scope(() => step(generator(8))(x)).toArray()).toEqual(expected);
      const captured = capture(step(generator(8)));
      expect(captured(x).toArray()).toEqual(expected);
      captured.dispose();
    }
    const masks = (['float32', 'float64'] as const).map((dtype) =>
      dropout(ones([40], { dtype }), 0.3, { generator: generator(9) })
        .gt(0)
        .toArray(),
    );
    expect(masks[1]).toEqual(masks[0]);
  });

  it('draws anew at each replay of a captured step, and each time it is called there', () => {
    const [eager, replayed] = [generator(10), generator(10)];
    const twice = (source: Generator) => (t: Tensor) =>
      [dropout(t, 0.5, { generator: source }), dropout(t, 0.5, { generator: source })] as const;
    const captured = capture(twice(replayed));
    const x = ones([64]);
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const masks = captured(x).map((t) => t.toArray());
      expect(masks).toEqual(twice(eager)(x).map((t) => t.toArray()));
      for (const mask of masks) seen.add(`${mask}`);
    }
    expect(seen.size).toBe(8);
    captured.dispose();
  });

  it('takes no draw where there is nothing to choose', () => {
    const source = generator(11);
    dropout(ones([9]), 0, { generator: source });
    dropout(ones([9]), 1, { generator: source });
    dropout(ones([9]), 0.5, { generator: source, training: false });
    scaledDotProductAttention(ones([2, 3]), ones([2, 3]), ones([2, 3]), { generator: source });
    expect(source.state().counter).toBe(0);
  });

  it('drops weights of attention, not values', () => {
    const source = generator(12);
    const y = scaledDotProductAttention(zeros([64, 1]), zeros([2, 1]), f64([[1], [10]]).cast('float32'), {
      dropout: 0.5,
      generator: source,
    });
    // Each of two weights of ½ is dropped or doubled.
    expect([...new Set(y.toTypedArray())].sort((a, b) => a - b)).toEqual([0, 1, 10, 11]);
  });
});

const SIDE = 8;
const IMAGES = 16;

/** Bars across or along small images, on a little noise: the class is the direction. */
function bars(): { images: Tensor; classes: Tensor } {
  const next = stream(1);
  const pixels = new Float32Array(IMAGES * SIDE * SIDE);
  const classes = new Int32Array(IMAGES);
  for (let n = 0; n < IMAGES; n++) {
    classes[n] = n % 2;
    const at = Math.floor(next() * SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const lit = (classes[n] === 0 ? Math.floor(i / SIDE) : i % SIDE) === at;
      pixels[n * SIDE * SIDE + i] = (lit ? 1 : 0) + 0.2 * (next() - 0.5);
    }
  }
  return {
    images: tensor(pixels, { shape: [IMAGES, 1, SIDE, SIDE] }),
    classes: oneHot(classes, 2),
  };
}

/** A small net with all that such nets are made of, and a step that trains it. */
function makeNet(seed: number) {
  const source = generator(seed);
  const noise = generator(seed + 1);
  const weight = (shape: number[], scale: number): Tensor =>
    tensor(mul(randn(shape, { generator: source }), scale), { requiresGrad: true });
  const level = (shape: number[], value: number): Tensor =>
    tensor(add(zeros(shape), value), { requiresGrad: true });
  const filters = weight([4, 1, 3, 3], 1 / 3);
  const [gain, shift] = [level([4], 1), level([4], 0)];
  const [out, bias] = [weight([2, 4 * 16], 1 / 8), level([2], 0)];
  const parameters = [filters, gain, shift, out, bias];
  const running = { runningMean: zeros([4]), runningVariance: ones([4]) };
  const lossOf = (x: Tensor, classes: Tensor, training: boolean): Tensor => {
    const convolved = conv2d(x, filters, undefined, { padding: 'same' });
    const normal = batchNorm(convolved, { ...running, weight: gain, bias: shift, training });
    const pooled = maxPool2d(relu(normal), 2);
    const kept = dropout(pooled, 0.2, { generator: noise, training });
    const scores = linear(reshape(kept, [x.shape[0], 64]), out, bias);
    return sum(mul(logSoftmax(scores), classes)).mul(-1 / x.shape[0]);
  };
  const train = (x: Tensor, classes: Tensor): Tensor => {
    for (const p of parameters) p.grad = undefined;
    const loss = lossOf(x, classes, true);
    loss.backward();
    noGrad(() => {
      for (const p of parameters) assign(p, sub(p, mul(borrowGrad(p) as Tensor, 0.3)));
    });
    return loss.detach();
  };
  return { train, lossOf, state: [...parameters, running.runningMean, running.runningVariance] };
}

describe('a small convolutional net', () => {
  it('trains captured as it trains eagerly, to the last bit', () => {
    const [eager, replayed] = [makeNet(3), makeNet(3)];
    const { images, classes } = bars();
    const captured = capture(replayed.train);
    for (let step = 0; step < 5; step++) {
      expect(captured(images, classes).item()).toBe(eager.train(images, classes).item());
      replayed.state.forEach((t, i) => {
        expect([...t.toTypedArray()]).toEqual([...eager.state[i].toTypedArray()]);
      });
    }
    captured.dispose();
  });

  it('learns to tell bars from one another', () => {
    const { train, lossOf } = makeNet(4);
    const { images, classes } = bars();
    const before = noGrad(() => lossOf(images, classes, false)).item();
    for (let step = 0; step < 40; step++) scope(() => train(images, classes));
    const after = noGrad(() => lossOf(images, classes, false)).item();
    expect(before).toBeGreaterThan(0.3);
    expect(after).toBeLessThan(0.05);
  });
});
