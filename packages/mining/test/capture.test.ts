/** @file Miners in captured steps: those of one slot per row as eagerly, the others refused with a way out. */
import { describe, expect, it } from '@jest/globals';
import { capture, generator, randn, scope, type Tensor, tensor } from '@ndgrad/core';
import { cosineSimilarities, euclideanDistances, tripletLoss } from '@ndgrad/losses';
import {
  allPairs,
  allTriplets,
  batchAllTripletLoss,
  batchHardTripletLoss,
  batchHardTriplets,
  type MinedTripletsPerAnchor,
  pairsOfTriplets,
  semiHardTriplets,
} from '@ndgrad/mining';

type Matrix = ReturnType<typeof euclideanDistances> | ReturnType<typeof cosineSimilarities>;
type Miner = (d: Matrix, labels: Tensor) => MinedTripletsPerAnchor;

const MINERS: [string, Miner][] = [
  ['batchHardTriplets', (d, labels) => batchHardTriplets(d, labels)],
  ...(['farthest', 'nearest'] as const).flatMap((positive) =>
    (['none', 'farthest', 'hardest'] as const).map((fallback): [string, Miner] => [
      `semiHardTriplets, ${positive}, ${fallback}`,
      (d, labels) => semiHardTriplets(d, labels, { policy: 'perAnchor', positive, fallback }),
    ]),
  ),
];

const LABELS = [
  [0, 0, 1, 1, 2, 2, 0, 1],
  [0, 1, 2, 3, 4, 5, 6, 6],
  [5, 5, 5, 5, 5, 5, 5, 5],
  [1, 2, 3, 4, 5, 6, 7, 8],
].map((list) => tensor(Int32Array.from(list)));

/** Random embeddings, some of them on one point. */
function embeddings(seed: number): Tensor {
  const x = randn([8, 4], { generator: generator(seed) });
  return seed % 2 === 0 ? x : x.mul(tensor([[1], [1], [0], [0], [0], [1], [1], [1]]));
}

const values = (list: readonly Tensor[]): unknown[] => list.map((t) => t.toArray());

describe.each(MINERS)('%s', (_name, miner) => {
  it.each([
    ['distances', euclideanDistances],
    ['similarities', cosineSimilarities],
  ] as const)('chooses in captured steps and scopes what it chooses eagerly, by %s', (_kind, matrixOf) => {
    const select = (x: Tensor, labels: Tensor): Tensor[] => {
      const { anchors, positives, negatives, mask } = miner(matrixOf(x), labels);
      return [anchors, positives, negatives, mask];
    };
    const captured = capture(select);
    LABELS.forEach((labels, seed) => {
      const x = embeddings(seed);
      const expected = values(select(x, labels));
      expect(values(scope(() => select(x, labels)))).toEqual(expected);
      expect(values(captured(x, labels))).toEqual(expected);
    });
    expect(captured.stats().recordings).toBe(1);
  });

  it('feeds a loss whose gradients are those of the eager step', () => {
    const step = (x: Tensor, labels: Tensor): Tensor => {
      x.grad = undefined;
      const d = euclideanDistances(x);
      const loss = tripletLoss(d, miner(d, labels));
      loss.backward();
      return loss;
    };
    const captured = capture(step);
    LABELS.forEach((labels, seed) => {
      const [a, b] = [0, 1].map(() => tensor(embeddings(seed), { requiresGrad: true })) as [Tensor, Tensor];
      expect(captured(a, labels).item()).toBe(step(b, labels).item());
      expect(a.grad?.toTypedArray()).toEqual(b.grad?.toTypedArray());
    });
  });

  it('refuses NaN at each call', () => {
    const select = (x: Tensor, labels: Tensor): Tensor => miner(euclideanDistances(x), labels).positives;
    const captured = capture(select);
    const [labels] = LABELS as [Tensor];
    captured(embeddings(0), labels);
    const broken = embeddings(0).mul(tensor([[1], [NaN], [1], [1], [1], [1], [1], [1]]));
    let message = '';
    try {
      select(broken, labels);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/NaN at row/);
    expect(() => captured(broken, labels)).toThrow(message);
  });

  it('counts no diagnostics there', () => {
    const [labels] = LABELS as [Tensor];
    const captured = capture((x: Tensor) => {
      const { diagnostics } = miner(euclideanDistances(x), labels);
      return diagnostics.valid.hard > 0 ? x : x.neg();
    });
    expect(() => captured(embeddings(0))).toThrow(
      /a captured step counts no diagnostics; return the embeddings/,
    );
  });
});

describe('one-call losses', () => {
  it.each([
    ['batchHardTripletLoss', batchHardTripletLoss],
    ['batchAllTripletLoss', batchAllTripletLoss],
  ] as const)('%s gives the bits of the eager call', (_name, loss) => {
    const step = (x: Tensor, labels: Tensor): Tensor => {
      x.grad = undefined;
      const value = loss(x, labels);
      value.backward();
      return value;
    };
    const captured = capture(step);
    LABELS.forEach((labels, seed) => {
      const [a, b, c] = [0, 1, 2].map(() => tensor(embeddings(seed), { requiresGrad: true })) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const expected = step(b, labels).item();
      expect(captured(a, labels).item()).toBe(expected);
      expect(scope(() => step(c, labels)).item()).toBe(expected);
      expect(a.grad?.toTypedArray()).toEqual(b.grad?.toTypedArray());
      expect(c.grad?.toTypedArray()).toEqual(b.grad?.toTypedArray());
    });
  });
});

describe('miners whose lists have no fixed length', () => {
  const [labels] = LABELS as [Tensor];
  const d = (x: Tensor) => euclideanDistances(x);
  it.each([
    ['allTriplets', (x: Tensor) => allTriplets(d(x), labels)],
    ['allPairs', (x: Tensor) => allPairs(d(x), labels)],
    ['semiHardTriplets', (x: Tensor) => semiHardTriplets(d(x), labels)],
    ['semiHardTriplets', (x: Tensor) => semiHardTriplets(d(x), labels, { policy: 'perPair' })],
    ['pairsOfTriplets', (x: Tensor) => pairsOfTriplets(batchHardTriplets(d(x), labels))],
  ])('%s says so, and what to use instead', (name, mine) => {
    let error: unknown;
    try {
      capture((x: Tensor) => {
        mine(x);
      })(embeddings(0));
    } catch (caught) {
      error = caught;
    }
    expect((error as Error).name).toBe('CaptureError');
    expect((error as Error).message).toMatch(
      new RegExp(`^${name}: .*(perAnchor|batchHardTriplets|batchAllTripletLoss|pairsFromTriplets)`),
    );
  });
});
