import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DTypeError, generator, manualSeed, StateError, tensor } from '@ndgrad/core';
import { PKSampler, type PKSamplerOptions } from '@ndgrad/mining';
import fc from 'fast-check';

fc.configureGlobal({ seed: 20170322, numRuns: 100 });

/** Labels by class sizes, mixed by a stride, and a P and K that fit. */
const settings = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 8 }).chain((sizes) =>
  fc.record({
    labels: fc
      .constant(sizes.flatMap((size, c) => Array<number>(size).fill(c * 3 - 4)))
      .chain((labels) => fc.shuffledSubarray(labels, { minLength: labels.length, maxLength: labels.length })),
    sizes: fc.constant(sizes),
    classes: fc.integer({ min: 2, max: sizes.length }),
    perClass: fc.integer({ min: 2, max: 5 }),
    seed: fc.nat(),
  }),
);

function epochs(sampler: PKSampler, count: number): number[][][] {
  return Array.from({ length: count }, () => Array.from(sampler, (batch) => [...batch]));
}

describe('PKSampler', () => {
  it('gives every item in every epoch, in batches of P distinct classes with K items each', () => {
    fc.assert(
      fc.property(settings, ({ labels, sizes, classes, perClass, seed }) => {
        const sampler = new PKSampler({ labels, classes, perClass, seed });
        for (const batches of epochs(sampler, 3)) {
          expect(new Set(batches.flat()).size).toBe(labels.length);
          expect(batches.length).toBe(sampler.batchesPerEpoch);
          for (const batch of batches) {
            expect(batch.length).toBe(classes * perClass);
            const groups = Array.from({ length: classes }, (_, c) =>
              batch.slice(c * perClass, (c + 1) * perClass),
            );
            const kinds = groups.map((group) => new Set(group.map((i) => labels[i])));
            expect(kinds.map((kind) => kind.size)).toEqual(groups.map(() => 1));
            expect(new Set(kinds.map(([label]) => label)).size).toBe(classes);
            for (const group of groups) {
              const size = labels.filter((label) => label === labels[group[0]]).length;
              const times = group.map((i) => group.filter((j) => j === i).length);
              expect(new Set(group).size).toBe(Math.min(size, perClass));
              expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
            }
          }
        }
        const hands = sizes.map((size) => Math.ceil(size / perClass));
        const sum = hands.reduce((a, b) => a + b, 0);
        expect(sampler.batchesPerEpoch).toBe(Math.max(Math.ceil(sum / classes), ...hands));
      }),
    );
  });

  it('gives no item twice in an epoch where the classes are of equal size and all fits', () => {
    const labels = Array.from({ length: 60 }, (_, i) => i % 5);
    const sampler = new PKSampler({ labels, classes: 5, perClass: 4, seed: 3 });
    for (const batches of epochs(sampler, 3)) {
      expect(batches.length).toBe(3);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    }
  });

  it('takes a class in every batch where it needs that many, and still covers all', () => {
    const labels = [...Array<number>(40).fill(0), 1, 2, 3, 4];
    const sampler = new PKSampler({ labels, classes: 2, perClass: 4, seed: 1 });
    expect(sampler.batchesPerEpoch).toBe(10);
    const [batches] = epochs(sampler, 1);
    expect(batches.every((batch) => batch.some((i) => labels[i] === 0))).toBe(true);
    expect(new Set(batches.flat()).size).toBe(44);
  });

  it('gives the same bits for the same seed, others for another, and other ones each epoch', () => {
    fc.assert(
      fc.property(settings, (options) => {
        const { labels, classes, perClass, seed } = options;
        const make = (s: number): PKSampler => new PKSampler({ labels, classes, perClass, seed: s });
        expect(epochs(make(seed), 2)).toEqual(epochs(make(seed), 2));
      }),
      { numRuns: 30 },
    );
    const labels = Array.from({ length: 100 }, (_, i) => i % 10);
    const [first, second] = epochs(new PKSampler({ labels, classes: 4, perClass: 4, seed: 1 }), 2);
    expect(second).not.toEqual(first);
    expect(epochs(new PKSampler({ labels, classes: 4, perClass: 4, seed: 2 }), 1)[0]).not.toEqual(first);
  });

  it('goes on from a saved state as if it had never stopped', () => {
    fc.assert(
      fc.property(settings, fc.nat({ max: 40 }), ({ labels, classes, perClass, seed }, steps) => {
        const sampler = new PKSampler({ labels, classes, perClass, seed });
        for (let i = 0; i < steps; i++) sampler.nextBatch();
        const saved = JSON.parse(JSON.stringify(sampler.state()));
        const expected = Array.from({ length: 20 }, () => [...sampler.nextBatch()]);
        const other = new PKSampler({ labels, classes, perClass, seed: 99 });
        other.nextBatch();
        other.restore(saved);
        expect(other.state()).toEqual(saved);
        expect(Array.from({ length: 20 }, () => [...other.nextBatch()])).toEqual(expected);
        sampler.restore(saved);
        expect(Array.from({ length: 20 }, () => [...sampler.nextBatch()])).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('takes up a loop that was left early', () => {
    const labels = Array.from({ length: 24 }, (_, i) => i % 3);
    const options = { labels, classes: 2, perClass: 2, seed: 5 };
    const [whole] = epochs(new PKSampler(options), 1);
    const sampler = new PKSampler(options);
    const parts: number[][] = [];
    for (const batch of sampler) {
      parts.push([...batch]);
      if (parts.length === 2) break;
    }
    expect([sampler.epoch, sampler.batch]).toEqual([0, 2]);
    for (const batch of sampler) parts.push([...batch]);
    expect(parts).toEqual(whole);
    expect([sampler.epoch, sampler.batch]).toEqual([1, 0]);
  });

  it('hands out batches of their own: one that is sent to a worker harms nothing', () => {
    const options = { labels: [0, 0, 1, 1, 2, 2], classes: 2, perClass: 2, seed: 5 };
    const sampler = new PKSampler(options);
    const batch = sampler.nextBatch();
    structuredClone(batch, { transfer: [batch.buffer as ArrayBuffer] });
    const other = new PKSampler(options);
    other.nextBatch();
    expect([...sampler.nextBatch()]).toEqual([...other.nextBatch()]);
  });

  it('draws its seed once from a generator, or from the global one', () => {
    const options = { labels: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], classes: 2, perClass: 2 };
    const source = generator(4);
    const sampler = new PKSampler({ ...options, generator: source });
    source.uniform();
    expect(epochs(sampler, 2)).toEqual(epochs(new PKSampler({ ...options, generator: generator(4) }), 2));
    manualSeed(8);
    const first = epochs(new PKSampler(options), 1);
    manualSeed(8);
    expect(epochs(new PKSampler(options), 1)).toEqual(first);
  });

  it('takes labels in any form', () => {
    const labels = [5, -5, 5, -5];
    const rest = { classes: 2, perClass: 2, seed: 1 };
    const expected = epochs(new PKSampler({ labels, ...rest }), 1);
    expect(epochs(new PKSampler({ labels: Int32Array.from(labels), ...rest }), 1)).toEqual(expected);
    expect(epochs(new PKSampler({ labels: tensor(Int32Array.from(labels)), ...rest }), 1)).toEqual(expected);
  });

  it('mixes the classes: over time every two of them meet', () => {
    const labels = Array.from({ length: 48 }, (_, i) => i % 12);
    const met = new Set<string>();
    for (const batches of epochs(new PKSampler({ labels, classes: 3, perClass: 2, seed: 1 }), 20)) {
      for (const batch of batches) {
        const kinds = new Set(batch.map((i) => labels[i]));
        for (const a of kinds) for (const b of kinds) if (a < b) met.add(`${a},${b}`);
      }
    }
    expect(met.size).toBe((12 * 11) / 2);
  });

  it('refuses what cannot make a batch', () => {
    const good: PKSamplerOptions = { labels: [0, 0, 1, 1], classes: 2, perClass: 2 };
    const refusals: [object, RegExp][] = [
      [{ classes: 3 }, /classes must be at most the number of classes in labels, 2, got 3/],
      [{ classes: 1 }, /classes must be an integer at least 2, got 1; an anchor needs a negative/],
      [{ perClass: 1 }, /perClass must be an integer at least 2, got 1; an anchor needs a positive/],
      [{ perClass: 2.5 }, /perClass must be an integer/],
      [{ perClass: undefined }, /perClass/],
      [{ labels: [] }, /classes must be at most the number of classes in labels, 0/],
      [{ seed: 1, generator: generator(1) }, /seed and generator are both given/],
      [{ seed: -1 }, /seed must be an integer/],
      [{ batchSize: 4 }, /unknown option 'batchSize'/],
    ];
    for (const [change, message] of refusals) {
      expect(() => new PKSampler({ ...good, ...change })).toThrow(ArgumentError);
      expect(() => new PKSampler({ ...good, ...change })).toThrow(message);
    }
    expect(() => new PKSampler({ ...good, labels: [0, 0.5, 1] })).toThrow(DTypeError);
  });

  it('refuses the state of another sampler, and what is no state', () => {
    const options: PKSamplerOptions = { labels: [0, 0, 1, 1, 2, 2], classes: 2, perClass: 2, seed: 1 };
    const sampler = new PKSampler(options);
    const state = sampler.state();
    const restored =
      (change: object): (() => void) =>
      () =>
        sampler.restore({ ...state, ...change });
    expect(restored({ classes: 3 })).toThrow(StateError);
    expect(restored({ items: 7 })).toThrow(/comes from a sampler with items 7, this one has 6/);
    expect(restored({ batch: 2 })).toThrow(ArgumentError);
    expect(restored({ counter: undefined })).toThrow(ArgumentError);
    expect(() => sampler.restore(null as unknown as typeof state)).toThrow(
      /state must be what state\(\) gave/,
    );
    expect(sampler.state()).toEqual(state);
  });
});
