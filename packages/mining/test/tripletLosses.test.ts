/** @file The losses that select: each is its parts in one call; batch-all also against brute force. */
import { expect, it, describe as suite } from '@jest/globals';
import { ArgumentError, generator, NumericError, type Tensor, tensor, zeros } from '@ndgrad/core';
import { gradcheck } from '@ndgrad/core/testing';
import {
  asDistances,
  describe,
  euclideanDistances,
  squaredEuclideanDistances,
  tripletLoss,
  triplets,
} from '@ndgrad/losses';
import type { Distances, Relation } from '@ndgrad/mining';
import * as mining from '@ndgrad/mining';
import fc from 'fast-check';
import { distancesOf, line, matrix, realBatches, tiedBatches } from './batches.js';

fc.configureGlobal({ seed: 20170322, numRuns: 50 });

const { allTriplets, batchAllTripletLoss, batchAllTripletLossFromDistances } = mining;
const { batchHardTripletLoss, batchHardTriplets, semiHardTripletLoss, semiHardTriplets } = mining;

interface SharedOptions {
  readonly margin?: number;
  readonly reduction?: 'mean' | 'sum' | 'none' | 'meanActive';
  readonly distance?: (x: Tensor) => Distances;
}

interface SelectingLossInfo {
  readonly loss: (x: Tensor, labels: Relation, options?: SharedOptions) => Tensor;
  readonly select: (d: Distances, labels: Relation, margin: number) => mining.Triplets;
}

/** One row per loss of embeddings that selects; the type checker asks for each. */
type LossName = Extract<keyof typeof mining, `${string}TripletLoss`>;

const lossInfo = {
  batchAllTripletLoss: { loss: batchAllTripletLoss, select: (d, labels) => allTriplets(d, labels) },
  batchHardTripletLoss: { loss: batchHardTripletLoss, select: (d, labels) => batchHardTriplets(d, labels) },
  semiHardTripletLoss: {
    loss: semiHardTripletLoss,
    select: (d, labels, margin) => semiHardTriplets(d, labels, { margin }),
  },
} satisfies Record<LossName, SelectingLossInfo>;

const REDUCTIONS = ['mean', 'sum', 'meanActive', 'none'] as const;

function points(n: number, width: number, seed: number, requiresGrad = false): Tensor {
  const random = generator(seed);
  const values = Float64Array.from({ length: n * width }, () => random.normal());
  return tensor(values, { shape: [n, width], requiresGrad });
}

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  const target = expected.toTypedArray();
  const differ = [...actual.toTypedArray()].filter((value, i) => !(Math.abs(value - target[i]) <= 1e-11));
  expect(differ).toEqual([]);
}

suite.each(Object.entries<SelectingLossInfo>(lossInfo))('%s', (_, { loss, select }) => {
  const labels = [0, 1, 2, 0, 1, 2, 0, 1, 0, 4];

  it.each(REDUCTIONS)('is distance, selection and loss in one call, by %s', (reduction) => {
    for (const distance of [euclideanDistances, squaredEuclideanDistances]) {
      const x = points(10, 3, 5, true);
      const y = points(10, 3, 5, true);
      const value = loss(x, labels, { margin: 0.7, reduction, distance });
      const d = distance(y);
      const expected = tripletLoss(d, select(d, labels, 0.7), { margin: 0.7, reduction });
      expectClose(value, expected);
      value.sum().backward();
      expected.sum().backward();
      expectClose(x.grad as Tensor, y.grad as Tensor);
    }
  });

  it('has margin 0.2, the mean and Euclidean distances where nothing is said', () => {
    const x = points(10, 3, 6);
    expectClose(
      loss(x, labels),
      loss(x, labels, { margin: 0.2, reduction: 'mean', distance: euclideanDistances }),
    );
  });

  it('agrees with finite differences', () => {
    // Small steps: with so many triplets some hinge is always near.
    const sum = (x: Tensor): Tensor => loss(x, labels, { margin: 0.9, reduction: 'sum' });
    gradcheck(sum, [points(10, 3, 7)], { step: 1e-4, relativeTolerance: 1e-8, exhaustive: true });
  });

  it.each<[string, Tensor, number[]]>([
    ['no item', zeros([0, 3], { requiresGrad: true }), []],
    ['one item', points(1, 3, 1, true), [0]],
    ['one class', points(4, 3, 1, true), [0, 0, 0, 0]],
    ['all labels distinct', points(4, 3, 1, true), [0, 1, 2, 3]],
  ])('of a batch of %s is 0, with gradient 0', (_title, x, few) => {
    for (const reduction of ['mean', 'sum', 'meanActive'] as const) {
      const value = loss(x, few, { reduction });
      expect(value.item()).toBe(0);
      value.backward();
    }
    expect((x.grad as Tensor).toTypedArray().every((g) => g === 0)).toBe(true);
    expect(loss(x, few, { reduction: 'none' }).sum().item()).toBe(0);
  });

  it('of a separated batch is exactly 0, with gradient 0', () => {
    const x = tensor([[0], [1], [50], [51]], { requiresGrad: true });
    const value = loss(x, [0, 0, 1, 1], { margin: 3 });
    value.backward();
    expect(value.item()).toBe(0);
    expect((x.grad as Tensor).toArray()).toEqual([[0], [0], [0], [0]]);
  });

  it('of a collapsed batch is the margin, with gradient 0 and no NaN', () => {
    const x = zeros([4, 2], { requiresGrad: true, dtype: 'float64' });
    // Semi-hard selects nothing here: no negative is farther than a positive.
    const selected = select(euclideanDistances(x), [0, 0, 1, 1], 0.5).anchors.size > 0;
    const value = loss(x, [0, 0, 1, 1], { margin: 0.5 });
    value.backward();
    expect(value.item()).toBe(selected ? 0.5 : 0);
    expect((x.grad as Tensor).toTypedArray().every((g) => g === 0)).toBe(true);
  });

  it('refuses NaN embeddings and options it does not know', () => {
    const x = tensor([[0], [Number.NaN], [3]]);
    expect(() => loss(x, [0, 0, 1])).toThrow(NumericError);
    expect(() => loss(x, [0, 0, 1])).toThrow(/NaN at row 0, column 1/);
    expect(() => loss(x, [0, 0, 1], { margn: 1 } as object)).toThrow(
      /unknown option 'margn'; did you mean 'margin'/,
    );
    expect(() => loss(x, [0, 0, 1], { distance: 'euclidean' } as object)).toThrow(
      /distance must be a function/,
    );
    expect(() => loss(points(3, 1, 1), [0, 0, 1], { margin: 0 })).toThrow(ArgumentError);
  });

  it('says its formula, paper and denominator', () => {
    const facts = describe(loss as unknown as Parameters<typeof describe>[0]);
    expect(facts.formula).toMatch(/^ℓ.* = max\(0, /);
    expect(facts.paper).toMatch(/20\d\d/);
    expect(facts.denominator).not.toBe('');
  });
});

suite('batchAllTripletLossFromDistances', () => {
  it('is the loss over the list of all triplets, in value and gradient', () => {
    fc.assert(
      fc.property(
        fc.oneof(tiedBatches, realBatches),
        fc.constantFrom(0.5, 1, 3),
        fc.constantFrom(...REDUCTIONS),
        ({ d, labels }, margin, reduction) => {
          const n = labels.length;
          const [lean, listed] = [0, 1].map(() => matrix(d, n).requireGrad());
          const leanD = asDistances(lean, { metric: 'test' });
          const listedD = asDistances(listed, { metric: 'test' });
          const value = batchAllTripletLossFromDistances(leanD, labels, { margin, reduction });
          const all = allTriplets(listedD, labels);
          const expected = tripletLoss(listedD, all, { margin, reduction });
          expectClose(value, expected);
          value.sum().backward();
          expected.sum().backward();
          expectClose(lean.grad as Tensor, listed.grad as Tensor);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('agrees with a list written by hand', () => {
    const d = distancesOf(line([0, 1, 2]));
    const byHand = tripletLoss(d, triplets([0, 1], [1, 0], [2, 2]), { margin: 1.5 });
    expect(batchAllTripletLossFromDistances(d, [7, 7, 8], { margin: 1.5 }).item()).toBe(byHand.item());
  });

  it('takes queries against references', () => {
    const d = asDistances(
      matrix([
        [1, 2, 4],
        [3, 1, 1],
      ]),
      { metric: 'test', selfPaired: false },
    );
    const options = { referenceLabels: [7, 8, 7] };
    const expected = tripletLoss(d, allTriplets(d, [7, 8], options), { margin: 2, reduction: 'sum' });
    const value = batchAllTripletLossFromDistances(d, [7, 8], { ...options, margin: 2, reduction: 'sum' });
    expect(value.item()).toBe(expected.item());
    expect(value.item()).toBe(1 + 4 + 0 + 2);
  });

  it('does not let an infinite negative into value or gradient', () => {
    const entries = line([0, 1, 3]);
    entries[0][2] = Infinity;
    const d = matrix(entries).requireGrad();
    const value = batchAllTripletLossFromDistances(asDistances(d, { metric: 'test' }), [7, 7, 8], {
      margin: 2,
    });
    value.backward();
    expect(value.item()).toBe(0.5);
    expect((d.grad as Tensor).toArray()).toEqual([
      [0, 0, 0],
      [0.5, 0, -0.5],
      [0, 0, 0],
    ]);
  });

  it('of float32 distances is the exact value, rounded once: sums run in float64', () => {
    const d = euclideanDistances(points(120, 4, 9).cast('float32'));
    const labels = Array.from({ length: 120 }, (_, i) => i % 12);
    const precise = asDistances(d.cast('float64'), { metric: 'euclidean' });
    for (const reduction of ['mean', 'sum', 'meanActive'] as const) {
      const rounded = batchAllTripletLossFromDistances(d, labels, { margin: 0.5, reduction });
      const exact = batchAllTripletLossFromDistances(precise, labels, { margin: 0.5, reduction });
      expect(rounded.dtype).toBe('float32');
      expect(rounded.item()).toBe(Math.fround(exact.item()));
    }
  });

  it('asks for distances', () => {
    const plain = matrix(line([0, 1, 2])) as Distances;
    expect(() => batchAllTripletLossFromDistances(plain, [0, 0, 1])).toThrow(
      /distances must be a matrix of distances/,
    );
  });
});

suite('semiHardTripletLoss', () => {
  it('passes on policy, fallback and positive', () => {
    const x = points(12, 2, 3);
    const labels = Array.from({ length: 12 }, (_, i) => i % 3);
    const d = euclideanDistances(x);
    const selection = {
      policy: 'perAnchor',
      positive: 'nearest',
      fallback: 'farthest',
      margin: 0.4,
    } as const;
    const expected = tripletLoss(d, semiHardTriplets(d, labels, selection), { margin: 0.4, swap: true });
    expectClose(semiHardTripletLoss(x, labels, { ...selection, swap: true }), expected);
  });

  it('with the soft form uses the margin for the selection alone', () => {
    const x = points(12, 2, 3);
    const labels = Array.from({ length: 12 }, (_, i) => i % 3);
    const d = euclideanDistances(x);
    const expected = tripletLoss(d, semiHardTriplets(d, labels, { margin: 0.4 }), { form: 'softMargin' });
    expectClose(semiHardTripletLoss(x, labels, { margin: 0.4, form: 'softMargin' }), expected);
  });
});

suite('batchHardTripletLoss', () => {
  it('takes one weight per anchor and the soft form', () => {
    const x = points(6, 2, 3);
    const labels = [0, 0, 1, 1, 2, 2];
    const weight = [1, 0, 2, 0, 0, 3];
    const terms = [
      ...batchHardTripletLoss(x, labels, { form: 'softMargin', reduction: 'none' }).toTypedArray(),
    ];
    const expected = terms.reduce((sum, term, i) => sum + term * weight[i], 0) / 6;
    expect(batchHardTripletLoss(x, labels, { form: 'softMargin', weight }).item()).toBeCloseTo(expected, 12);
  });
});
