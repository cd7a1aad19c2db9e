import { describe, expect, it } from '@jest/globals';
import { random } from '@ndgrad/kernels';
import { Generator, generator, manualSeed, permutation, rand, randint, randn } from '../src/index.js';
import { thrownBy } from './thrown.js';

const hex = (bits: Uint32Array): string => Array.from(bits, (b) => b.toString(16).padStart(8, '0')).join(' ');

function threefry(...words: [number, number, number, number]): string {
  const out = new Uint32Array(2);
  random.threefry2x32(...words, out);
  return hex(out);
}

describe('Threefry-2x32-20', () => {
  // Random123's known answers.
  it.each([
    [[0, 0], [0, 0], '6b200159 99ba4efe'],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '1cb996fc bb002be7'],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], 'c4923a9c 483df7a0'],
  ])('encrypts counter %s under key %s as published', (key, counter, expected) => {
    expect(threefry(key[0], key[1], counter[0], counter[1])).toBe(expected);
  });
});

describe('a generator', () => {
  it('gives the numbers that its seed and counter say', () => {
    const bits = new Uint32Array(2);
    random.threefry2x32(7, 0, 0, 0, bits);
    const first = ((bits[0] >>> 5) * 2 ** 26 + (bits[1] >>> 6)) / 2 ** 53;
    expect(generator(7).uniform()).toBe(first);
    expect(rand([1], { generator: generator(7), dtype: 'float64' }).item()).toBe(first);
  });

  it('keeps its stream from version to version', () => {
    // Frozen: these numbers change in a major version only.
    expect([generator(1).uniform(), generator(1).integer(1000)]).toEqual([0.7039437263423627, 290]);
    expect(rand([4], { generator: generator(42) }).toArray()).toEqual([
      0.8690483570098877, 0.15063238143920898, 0.5203206539154053, 0.2499372959136963,
    ]);
    expect(permutation(8, { generator: generator(42) }).toArray()).toEqual([3, 5, 2, 4, 6, 0, 7, 1]);
    // The last digits of a cosine are the engine's.
    const normals = randn([4], { generator: generator(42), dtype: 'float64' }).toArray() as number[];
    [1.178716738511106, 1.6359956532438382, 0.000477113166451928, 1.212136403767433].forEach((x, i) => {
      expect(normals[i]).toBeCloseTo(x, 12);
    });
  });

  it('takes seeds beyond 32 bits', () => {
    const seeds = [0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
    expect(new Set(seeds.map((seed) => generator(seed).uniform())).size).toBe(seeds.length);
  });

  it('goes on from a saved state', () => {
    const g = generator(5);
    g.uniform();
    const saved = g.state();
    const next = [g.uniform(), g.normal(), g.integer(10)];
    g.restore(saved);
    expect([g.uniform(), g.normal(), g.integer(10)]).toEqual(next);
    const other = generator(0);
    other.restore(saved);
    expect(other.uniform()).toBe(next[0]);
    expect(other.state()).toEqual({ seed: 5, counter: 2 });
  });

  it('goes on past 2³² draws without a repeat', () => {
    const g = generator(3);
    g.restore({ seed: 3, counter: 2 ** 32 - 1 });
    const [before, after] = [g.uniform(), g.uniform()];
    g.restore({ seed: 3, counter: 0 });
    expect(after).not.toBe(g.uniform());
    expect(before).not.toBe(after);
    g.restore({ seed: 3, counter: 2 ** 32 - 1 });
    expect(rand([2], { generator: g, dtype: 'float64' }).toArray()).toEqual([before, after]);
  });

  it('refuses states and bounds that are none', () => {
    const g = generator(1);
    for (const state of [undefined, {}, { seed: 1 }, { seed: 1, counter: -1 }, { seed: 1.5, counter: 0 }]) {
      expect(thrownBy(() => g.restore(state as never))?.name).toBe('ArgumentError');
    }
    expect(g.state()).toEqual({ seed: 1, counter: 0 });
    for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      expect(thrownBy(() => g.integer(bound))?.name).toBe('ArgumentError');
    }
    expect(thrownBy(() => generator(-1))?.name).toBe('ArgumentError');
  });

  it('is its own: two with one seed do not share a stream', () => {
    const [a, b] = [generator(9), generator(9)];
    a.uniform();
    expect(b.state().counter).toBe(0);
    expect(a).toBeInstanceOf(Generator);
  });
});

describe('the default generator', () => {
  it('is seeded by manualSeed', () => {
    manualSeed(7);
    const a = rand([3]).toArray();
    const b = rand([3]).toArray();
    expect(b).not.toEqual(a);
    manualSeed(7);
    expect(rand([3]).toArray()).toEqual(a);
  });

  it('is not touched where a generator is given', () => {
    manualSeed(7);
    const a = rand([2]).toArray();
    manualSeed(7);
    randn([100], { generator: generator(1) });
    expect(rand([2]).toArray()).toEqual(a);
  });
});

/** χ² of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((s, c) => s + c, 0) / counts.length;
  return counts.reduce((s, c) => s + (c - mean) ** 2 / mean, 0);
}

describe('the numbers', () => {
  const n = 100_000;

  it('of rand lie in [0, 1), evenly', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const values = rand([n], { generator: generator(11), dtype }).toTypedArray();
      const counts = new Array<number>(20).fill(0);
      for (const x of values) {
        if (!(x >= 0 && x < 1)) throw new Error(`${x}`);
        counts[Math.floor(x * 20)]++;
      }
      // 19 degrees of freedom: beyond 43.8 once in a thousand.
      expect(chiSquare(counts)).toBeLessThan(43.8);
    }
  });

  it('of randn have mean 0, variance 1 and the tails of a normal', () => {
    const values = randn([n], { generator: generator(12), dtype: 'float64' }).toTypedArray();
    let [sum, squares, fourths, beyond] = [0, 0, 0, 0];
    for (const x of values) {
      sum += x;
      squares += x * x;
      fourths += x ** 4;
      if (Math.abs(x) > 1.959964) beyond++;
    }
    expect(Math.abs(sum / n)).toBeLessThan(0.012);
    expect(Math.abs(squares / n - 1)).toBeLessThan(0.016);
    expect(Math.abs(fourths / n - 3)).toBeLessThan(0.12);
    expect(Math.abs(beyond / n - 0.05)).toBeLessThan(0.0025);
    expect(values.every((x) => Number.isFinite(x))).toBe(true);
  });

  it('of randn are the same in one call and in two', () => {
    const g = generator(4);
    const whole = randn([6], { generator: generator(4) }).toArray();
    const parts = [
      ...(randn([2], { generator: g }).toArray() as number[]),
      ...(randn([4], { generator: g }).toArray() as number[]),
    ];
    expect(parts).toEqual(whole);
  });

  it('of randint cover their range evenly, bounds included and excluded', () => {
    const values = randint(-3, 4, [n], { generator: generator(13) });
    expect(values.dtype).toBe('int32');
    const counts = new Array<number>(7).fill(0);
    for (const x of values.toTypedArray()) counts[x + 3]++;
    expect(counts).toHaveLength(7);
    // 6 degrees of freedom: beyond 22.5 once in a thousand.
    expect(chiSquare(counts)).toBeLessThan(22.5);
    expect(randint(5, 6, [2]).toArray()).toEqual([5, 5]);
    expect(randint(-(2 ** 31), 2 ** 31 - 1, [3]).size).toBe(3);
  });

  it('of permutation are each number once, in every order alike', () => {
    expect(
      [...(permutation(50, { generator: generator(14) }).toArray() as number[])].sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const g = generator(15);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = (permutation(3, { generator: g }).toArray() as number[]).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 5 degrees of freedom: beyond 20.5 once in a thousand.
    expect(chiSquare([...counts.values()])).toBeLessThan(20.5);
    expect(permutation(0).shape).toEqual([0]);
    expect(permutation(1).toArray()).toEqual([0]);
  });

  it('can be leaves', () => {
    const x = randn([3], { generator: generator(1), requiresGrad: true });
    expect([x.isLeaf, x.requiresGrad]).toEqual([true, true]);
  });
});
