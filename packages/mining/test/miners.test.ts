/** @file What holds for every miner: one suite over the rows of minerInfo. */
import { describe, expect, it } from '@jest/globals';
import { IndexError, NumericError, ShapeError, type Tensor, tensor, zeros } from '@ndgrad/core';
import {
  asDistances,
  asSimilarities,
  type Distances,
  euclideanDistances,
  pairs,
  sameLabelMatrix,
  triplets as tripletList,
  tripletLoss,
} from '@ndgrad/losses';
import { allTriplets, type MinedTriplets, type TripletCounts } from '@ndgrad/mining';
import fc from 'fast-check';
import {
  type Batch,
  batchOf,
  distancesOf,
  everyTriple,
  line,
  matrix,
  realBatches,
  type SquareBatch,
  type Triple,
  tiedBatches,
} from './batches.js';
import { type MinerInfo, minerRows } from './minerInfo.js';

const MARGINS = [0, 1, 2, Infinity];

fc.configureGlobal({ seed: 20170322, numRuns: 50 });

/** The triples of a result, empty slots left out. */
function triples({ anchors, positives, negatives, mask }: MinedTriplets): Triple[] {
  const [a, p, n] = [anchors, positives, negatives].map((x) => [...x.toTypedArray()]);
  const filled = mask?.toTypedArray();
  return a
    .map((_, t): Triple => [a[t], p[t], n[t]])
    .filter((_, t) => filled === undefined || filled[t] === 1);
}

function mine(row: MinerInfo, batch: SquareBatch, margin = 1): Triple[] {
  return triples(row.mine(distancesOf(batch.d, batch.labels.length), batch.labels, { margin }));
}

const key = (triple: Triple): string => triple.join();

/** The batch with item i moved to position order[i]. */
function permuted({ d, labels }: SquareBatch, order: readonly number[]): SquareBatch {
  const at = order.map((_, position) => order.indexOf(position));
  return batchOf(
    at.map((i) => at.map((j) => d[i][j])),
    at.map((i) => labels[i]),
  );
}

/** Counts by looking at each triple. */
function counted(batch: Batch, chosen: readonly Triple[], margin: number): TripletCounts {
  const gaps = chosen.map(([a, p, n]) => batch.d[a][n] - batch.d[a][p]);
  const share = (of: number): number => (chosen.length === 0 ? 0 : of / chosen.length);
  const mean = (entry: (triple: Triple) => number): number | undefined =>
    chosen.length === 0 ? undefined : chosen.reduce((sum, t) => sum + entry(t), 0) / chosen.length;
  const easy = gaps.filter((gap) => gap > margin).length;
  const hard = gaps.filter((gap) => gap <= 0).length;
  const active = gaps.filter((gap) => gap < margin).length;
  const semiHard = chosen.length - easy - hard;
  return {
    total: chosen.length,
    easy,
    semiHard,
    hard,
    easyFraction: share(easy),
    semiHardFraction: share(semiHard),
    hardFraction: share(hard),
    active,
    activeFraction: share(active),
    meanPositive: mean(([a, p]) => batch.d[a][p]),
    meanNegative: mean(([a, , n]) => batch.d[a][n]),
  };
}

/** Compares counts exactly, means to 12 digits after the point. */
function expectCounts(actual: TripletCounts, expected: TripletCounts): void {
  const rounded = ({ meanPositive, meanNegative, ...counts }: TripletCounts): unknown => ({
    ...counts,
    means: [meanPositive, meanNegative].map((mean) => mean?.toFixed(12)?.replace(/^-(0\.0*)$/, '$1')),
  });
  expect(rounded(actual)).toEqual(rounded(expected));
}

describe.each(minerRows)('%s', (_, row) => {
  it('chooses what its definition says, in order, ties to the lowest column', () => {
    fc.assert(
      fc.property(fc.oneof(tiedBatches, realBatches), fc.constantFrom(...MARGINS), (batch, margin) => {
        expect(mine(row, batch, margin)).toEqual(row.oracle(batch, margin));
      }),
      { numRuns: 150 },
    );
  });

  it('takes positives of the same label, negatives of another, never the anchor, none twice', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const chosen = mine(row, batch);
        const { labels } = batch;
        const invalid = chosen.filter(
          ([a, p, n]) => p === a || n === a || labels[p] !== labels[a] || labels[n] === labels[a],
        );
        expect(invalid).toEqual([]);
        expect(new Set(chosen.map(key)).size).toBe(chosen.length);
      }),
    );
  });

  it('is a subset of all triplets', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const all = allTriplets(distancesOf(batch.d, batch.labels.length), batch.labels);
        const known = new Set(triples(all).map(key));
        expect(mine(row, batch).every((triple) => known.has(key(triple)))).toBe(true);
      }),
    );
  });

  it('gives int32 lists without gradients, and one slot per row where it promises that', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const n = batch.labels.length;
        const d = asDistances(matrix(batch.d, n).requireGrad(), { metric: 'test' });
        const mined = row.mine(d, batch.labels);
        const facts = (t: Tensor): unknown[] => [t.dtype, t.requiresGrad, t.shape];
        const list = ['int32', false, row.perAnchor ? [n] : mined.anchors.shape];
        expect(facts(mined.anchors)).toEqual(list);
        expect(facts(mined.positives)).toEqual(list);
        expect(facts(mined.negatives)).toEqual(list);
        expect([mined.kind, mined.metric]).toEqual(['triplets', 'test']);
        expect(mined.mask !== undefined).toBe(row.perAnchor);
        if (mined.mask === undefined) return;
        expect(facts(mined.mask)).toEqual(['bool', false, [n]]);
        const mask = mined.mask.toTypedArray();
        const slots = (t: Tensor): number[] => [...t.toTypedArray()];
        expect(slots(mined.anchors)).toEqual([...mask].map((filled, a) => (filled === 1 ? a : 0)));
        for (const t of [mined.positives, mined.negatives]) {
          expect(slots(t).filter((index, slot) => mask[slot] === 0 && index !== 0)).toEqual([]);
        }
      }),
    );
  });

  it('gives the same twice and leaves its inputs alone', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const d = distancesOf(batch.d, batch.labels.length);
        const before = d.toTypedArray();
        const labels = Int32Array.from(batch.labels);
        const [first, second] = [row.mine(d, labels), row.mine(d, labels)];
        expect(triples(second)).toEqual(triples(first));
        expect(second.diagnostics).toEqual(first.diagnostics);
        expect(d.toTypedArray()).toEqual(before);
        expect(labels).toEqual(Int32Array.from(batch.labels));
      }),
    );
  });

  it('chooses the same triplets of a batch in another order, where no distances are equal', () => {
    const distinct = fc.integer({ min: 0, max: 8 }).chain((n) =>
      fc.record({
        order: fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }),
        labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: n, maxLength: n }),
        ranks: fc.shuffledSubarray([...Array(n * n).keys()], { minLength: n * n, maxLength: n * n }),
      }),
    );
    fc.assert(
      fc.property(distinct, ({ order, labels, ranks }) => {
        const n = labels.length;
        const batch = batchOf(
          labels.map((__, i) => ranks.slice(i * n, (i + 1) * n)),
          labels,
        );
        const moved = mine(row, permuted(batch, order), 5);
        const expected = mine(row, batch, 5).map(([a, p, q]): Triple => [order[a], order[p], order[q]]);
        expect(moved.map(key).sort()).toEqual(expected.map(key).sort());
      }),
    );
  });

  it('chooses the same triplets under other names of the labels', () => {
    fc.assert(
      fc.property(tiedBatches, (batch) => {
        const renamed = batch.labels.map((label) => 1000 - 7 * label);
        expect(mine(row, { ...batch, labels: renamed })).toEqual(mine(row, batch));
      }),
    );
  });

  it('takes the same relation in any form', () => {
    fc.assert(
      fc.property(tiedBatches, ({ d, labels, same }) => {
        const n = labels.length;
        const distances = distancesOf(d, n);
        const listed = same.flatMap((known, i) =>
          known.flatMap((yes, j) => (yes === undefined ? [] : [[i, j, yes] as const])),
        );
        const matrixOfLabels = sameLabelMatrix([...labels]);
        const forms = [
          Int32Array.from(labels),
          tensor(Int32Array.from(labels)),
          matrixOfLabels,
          matrixOfLabels.cast('float32').mul(0.5),
          (i: number, j: number) => labels[i] === labels[j],
          pairs(
            listed.map(([i]) => i),
            listed.map(([, j]) => j),
            listed.map(([, , yes]) => yes),
          ),
        ];
        const expected = triples(row.mine(distances, labels));
        for (const form of forms) expect(triples(row.mine(distances, form))).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('chooses among the pairs that a relation lists, and no others', () => {
    const batch: Batch = {
      d: line([0, 1, 2, 3, 4]),
      same: [
        [undefined, true, undefined, false, undefined],
        [undefined, undefined, true, undefined, false],
        [undefined, undefined, undefined, undefined, undefined],
        [true, undefined, undefined, undefined, undefined],
        [undefined, undefined, undefined, undefined, undefined],
      ],
    };
    const listed = pairs([0, 0, 1, 1, 3], [1, 3, 2, 4, 0], [true, false, true, false, true]);
    const chosen = triples(row.mine(distancesOf(batch.d), listed, { margin: 2 }));
    expect(chosen).toEqual(row.oracle(batch, 2));
    expect(chosen).toEqual([
      [0, 1, 3],
      [1, 2, 4],
    ]);
    expect(
      triples(row.mine(distancesOf(batch.d), tripletList([0, 1], [1, 2], [3, 4]), { margin: 2 })),
    ).toEqual(chosen);
  });

  it('takes similarities: of negated distances it chooses the same', () => {
    fc.assert(
      fc.property(fc.oneof(tiedBatches, realBatches), (batch) => {
        const n = batch.labels.length;
        const similar = asSimilarities(matrix(batch.d, n).neg(), { metric: 'test' });
        const mined = row.mine(similar, batch.labels, { margin: 1 });
        expect(triples(mined)).toEqual(mine(row, batch));
        const plain = row.mine(distancesOf(batch.d, n), batch.labels, { margin: 1 }).diagnostics.valid;
        const negated = (mean: number | undefined): number | undefined => (mean === undefined ? mean : -mean);
        expectCounts(mined.diagnostics.valid, {
          ...plain,
          meanPositive: negated(plain.meanPositive),
          meanNegative: negated(plain.meanNegative),
        });
      }),
    );
  });

  it('takes queries against references of their own, and then pairs equal indices too', () => {
    const rectangles = fc
      .record({ n: fc.integer({ min: 0, max: 6 }), m: fc.integer({ min: 0, max: 8 }) })
      .chain(({ n, m }) =>
        fc.record({
          d: fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: m, maxLength: m }), {
            minLength: n,
            maxLength: n,
          }),
          labels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: n, maxLength: n }),
          referenceLabels: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: m, maxLength: m }),
        }),
      );
    fc.assert(
      fc.property(rectangles, ({ d, labels, referenceLabels }) => {
        const m = referenceLabels.length;
        const same = labels.map((a) => referenceLabels.map((b) => a === b));
        const distances = asDistances(matrix(d, m), { metric: 'test', selfPaired: false });
        const mined = row.mine(distances, labels, { margin: 2, referenceLabels });
        expect(triples(mined)).toEqual(row.oracle({ d, same }, 2));
        expect(mined.diagnostics.valid.total).toBe(everyTriple({ d, same }).length);
      }),
    );
  });

  it('reads a matrix of any layout', () => {
    const d = [
      [0, 3, 1, 2],
      [1, 0, 2, 5],
      [4, 1, 0, 1],
      [2, 2, 3, 0],
    ];
    const transposed = asDistances(matrix(d[0].map((__, j) => d.map((r) => r[j]))).T, { metric: 'test' });
    expect(triples(row.mine(transposed, [0, 0, 1, 1]))).toEqual(
      triples(row.mine(distancesOf(d), [0, 0, 1, 1])),
    );
  });

  it('gives counts of all and of the chosen triplets as one finds them by looking at each', () => {
    fc.assert(
      fc.property(fc.oneof(tiedBatches, realBatches), fc.constantFrom(...MARGINS), (batch, margin) => {
        const mined = row.mine(distancesOf(batch.d, batch.labels.length), batch.labels, { margin });
        const { diagnostics } = mined;
        expect(diagnostics.margin).toBe(margin);
        expectCounts(diagnostics.valid, counted(batch, everyTriple(batch), margin));
        expectCounts(diagnostics.selected, counted(batch, triples(mined), margin));
        const without = (kind: boolean): number => batch.same.filter((known) => !known.includes(kind)).length;
        const { anchors, anchorsWithoutPositives, anchorsWithoutNegatives, emptyReason } = diagnostics;
        expect([anchors, anchorsWithoutPositives, anchorsWithoutNegatives]).toEqual([
          batch.labels.length,
          without(true),
          without(false),
        ]);
        expect(emptyReason === undefined).toBe(triples(mined).length > 0);
      }),
      { numRuns: 150 },
    );
  });

  it('counts from what the matrix held when it was mined', () => {
    const values = matrix(line([0, 1, 2, 3]));
    const mined = row.mine(asDistances(values, { metric: 'test' }), [0, 0, 1, 1], { margin: 1 });
    const fresh = row.mine(distancesOf(line([0, 1, 2, 3])), [0, 0, 1, 1], { margin: 1 });
    values.write((a) => a.data.fill(9));
    expect(mined.diagnostics).toEqual(fresh.diagnostics);
    expect(mined.diagnostics).toBe(mined.diagnostics);
  });

  it.each<[string, Distances, number[], string]>([
    ['no item', distancesOf([], 0), [], 'the batch is empty'],
    ['one item', distancesOf([[0]]), [3], 'no anchor has a positive'],
    ['one class', distancesOf(line([0, 1, 4])), [5, 5, 5], 'the batch has one class'],
    ['all labels distinct', distancesOf(line([0, 1, 4])), [5, 6, 7], 'no anchor has a positive'],
  ])('chooses nothing from a batch of %s, says why, and the loss is 0', (_title, d, labels, reason) => {
    const mined = row.mine(d, labels);
    expect(triples(mined)).toEqual([]);
    expect(mined.diagnostics.emptyReason).toBe(reason);
    expect(mined.diagnostics.valid.total).toBe(0);
    expect(mined.diagnostics.valid.meanPositive).toBeUndefined();
    expect(tripletLoss(d, mined).item()).toBe(0);
  });

  it('says so where no relation gives an anchor both a positive and a negative', () => {
    const d = distancesOf(line([0, 1, 4]));
    const apart = row.mine(d, pairs([0, 1], [1, 2], [true, false]));
    expect(apart.diagnostics.emptyReason).toBe('no anchor has both a positive and a negative');
    const positivesOnly = row.mine(d, pairs([0], [1], [true]));
    expect(positivesOnly.diagnostics.emptyReason).toBe('no anchor has a negative');
  });

  it('says why, where there are triplets and it wants none of them', () => {
    // All hard: each negative is on the anchor's own point, each positive far away.
    const d = distancesOf(line([0, 9, 0, 9]));
    const { emptyReason, valid } = row.mine(d, [0, 0, 1, 1]).diagnostics;
    expect(valid.hardFraction).toBe(1);
    expect(emptyReason).toBe(row.noneChosen);
  });

  it('refuses NaN among the pairs, naming row and column; passes over it elsewhere', () => {
    const d = line([0, 1, 3, 4]);
    d[2][1] = Number.NaN;
    const refusal = (): unknown => row.mine(distancesOf(d), [0, 0, 1, 1]);
    expect(refusal).toThrow(NumericError);
    expect(refusal).toThrow(/d must hold no NaN among its pairs, got NaN at row 2, column 1/);
    const diagonal = line([0, 1, 3, 4]);
    diagonal[1][1] = Number.NaN;
    expect(triples(row.mine(distancesOf(diagonal), [0, 0, 1, 1]))).toEqual(
      mine(row, batchOf(line([0, 1, 3, 4]), [0, 0, 1, 1]), 0.2),
    );
  });

  it('finds an infinite distance farther than any other', () => {
    const d = line([0, 1, 3, 4]);
    d[0][3] = Infinity;
    d[1][0] = Infinity;
    const batch = batchOf(d, [0, 0, 1, 1]);
    for (const margin of MARGINS) expect(mine(row, batch, margin)).toEqual(row.oracle(batch, margin));
  });

  it('refuses what does not fit', () => {
    const d = distancesOf(line([0, 1, 3, 4]));
    expect(() => row.mine(matrix(line([0, 1])) as Distances, [0, 1])).toThrow(/be a matrix of distances/);
    expect(() => row.mine(d, [0, 0, 1])).toThrow(ShapeError);
    expect(() => row.mine(d, [0, 0, 1, 0.5])).toThrow(/integers that int32 can hold, got 0.5/);
    expect(() => row.mine(d, pairs([7], [0], [true]))).toThrow(IndexError);
    expect(() => row.mine(d, [0, 0, 1, 1], { margin: -1 })).toThrow(
      /margin must be a number at least 0, got -1/,
    );
    expect(() => row.mine(d, [0, 0, 1, 1], { margin: Number.NaN })).toThrow(/margin/);
    const misspelt = { marign: 1 } as object;
    expect(() => row.mine(d, [0, 0, 1, 1], misspelt)).toThrow(
      /unknown option 'marign'; did you mean 'margin'/,
    );
  });

  it('feeds tripletLoss, whose gradient reaches the embeddings of chosen triplets alone', () => {
    const x = tensor([[0], [1], [1.5], [9]], { requiresGrad: true });
    const d = euclideanDistances(x);
    const mined = row.mine(d, [7, 7, 8, 8], { margin: 1 });
    tripletLoss(d, mined, { margin: 1 }).backward();
    const used = new Set(triples(mined).flat());
    const gradient = (x.grad as Tensor).toTypedArray();
    for (let i = 0; i < 4; i++) if (!used.has(i)) expect(gradient[i]).toBe(0);
    expect(() => tripletLoss(asDistances(d.detach(), { metric: 'other' }), mined)).toThrow(/geometry/);
  });

  it('takes float32 as it is, and an empty batch of embeddings', () => {
    const mined = row.mine(euclideanDistances(zeros([0, 3])), []);
    expect(mined.anchors.shape).toEqual([0]);
    expect(mined.diagnostics.emptyReason).toBe('the batch is empty');
  });
});
