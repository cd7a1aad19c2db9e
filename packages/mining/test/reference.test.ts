/** @file Miners, metrics and losses against pytorch-metric-learning, and metrics against loops from the definitions. */
import { describe, expect, it } from '@jest/globals';
import { gradients, type Tensor } from '@ndgrad/core';
import {
  circleLossFromSimilarities,
  contrastiveLossFromDistances,
  cosineSimilarities,
  type Distances,
  euclideanDistances,
  pairs,
  type Similarities,
  squaredEuclideanDistances,
  tripletLoss,
} from '@ndgrad/losses';
import {
  allPairs,
  allTriplets,
  batchHardTriplets,
  type MinedTriplets,
  type MinedTripletsPerAnchor,
  retrievalMetrics,
  semiHardTriplets,
} from '@ndgrad/mining';
import { decode, faults, readReference, type TensorData } from '../../core/test/referenceData.js';

interface Batch {
  readonly embeddings: TensorData;
  readonly labels: readonly number[];
  readonly references?: TensorData;
  readonly referenceLabels?: readonly number[];
}

interface RetrievalCase extends Batch {
  readonly precisionAt1: number;
  readonly rPrecision: number;
  readonly mapAtR: number;
  readonly queries: number;
  readonly excluded: number;
}

type DistanceName = 'euclideanDistances' | 'squaredEuclideanDistances' | 'cosineSimilarities';

interface Selection {
  readonly batch: number;
  readonly distance: DistanceName;
  readonly miner: string;
  readonly options: { readonly margin?: number; readonly type?: string; readonly positive?: string };
  readonly anchors: readonly number[];
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

interface LossCase {
  readonly batch: number;
  readonly loss: string;
  readonly distance: DistanceName;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly value: TensorData;
  readonly gradient: TensorData;
}

interface Reference {
  readonly versions: Readonly<Record<string, string>>;
  readonly batches: readonly Batch[];
  readonly selections: readonly Selection[];
  readonly losses: readonly LossCase[];
}

const retrieval = readReference(import.meta.url, 'retrieval.json') as {
  readonly cases: readonly RetrievalCase[];
};
const reference = readReference(import.meta.url, 'metricLearning.json') as Reference;

const makers = { euclideanDistances, squaredEuclideanDistances, cosineSimilarities };

function matrixOf(batch: Batch, distance: DistanceName, embeddings: Tensor): Distances | Similarities {
  return makers[distance](embeddings, batch.references && decode(batch.references));
}

const referencesOf = (batch: Batch) =>
  batch.referenceLabels === undefined ? {} : { referenceLabels: batch.referenceLabels };

type Triple = readonly [number, number, number];

/** The triplets of a list in rising order, without its empty slots. */
function listed({ anchors, positives, negatives, mask }: MinedTriplets | MinedTripletsPerAnchor): Triple[] {
  const [a, p, n] = [anchors, positives, negatives].map((t) => t.toTypedArray());
  const taken = mask?.toTypedArray();
  const all = Array.from(a, (_, i): Triple => [a[i], p[i], n[i]]).filter((_, i) => taken?.[i] !== 0);
  return all.sort((x, y) => x[0] - y[0] || x[1] - y[1] || x[2] - y[2]);
}

/** ndgrad's way to say what a miner of pytorch-metric-learning selects. */
function select(s: Selection, batch: Batch): Triple[] {
  const d = matrixOf(batch, s.distance, decode(batch.embeddings));
  const { margin, type, positive } = s.options;
  const options = { ...referencesOf(batch), ...(margin === undefined ? {} : { margin }) };
  if (s.miner === 'BatchHardMiner') return listed(batchHardTriplets(d, batch.labels, options));
  if (s.miner === 'BatchEasyHardMiner') {
    const chosen = positive === 'hard' ? 'farthest' : 'nearest';
    return listed(
      semiHardTriplets(d, batch.labels, {
        ...options,
        policy: 'perAnchor',
        positive: chosen,
        fallback: 'none',
      }),
    );
  }
  if (type === 'semihard') return listed(semiHardTriplets(d, batch.labels, { ...options, policy: 'set' }));
  const values = d.toTypedArray();
  const columns = d.shape[1];
  const sign = s.distance === 'cosineSimilarities' ? -1 : 1;
  const gap = ([a, p, n]: Triple): number => sign * (values[a * columns + n] - values[a * columns + p]);
  const kept = {
    all: (t: Triple) => gap(t) <= margin!,
    hard: (t: Triple) => gap(t) <= 0,
    easy: (t: Triple) => gap(t) > margin!,
  }[type as 'all' | 'hard' | 'easy'];
  return listed(allTriplets(d, batch.labels, options)).filter(kept);
}

/** ndgrad's way to say what a loss of pytorch-metric-learning computes from all pairs or triplets of a batch. */
function lossOf(c: LossCase, batch: Batch, embeddings: Tensor): Tensor {
  const d = matrixOf(batch, c.distance, embeddings);
  const { margin, swap, smooth_loss: smooth, neg_margin: negativeMargin, m, gamma } = c.options;
  const options = referencesOf(batch);
  if (c.loss === 'CircleLoss') {
    const setting = { ...options, margin: m as number, scale: gamma as number };
    return circleLossFromSimilarities(d as Similarities, batch.labels, setting);
  }
  const distances = d as Distances;
  if (c.loss === 'TripletMarginLoss') {
    const all = allTriplets(distances, batch.labels, options);
    const form = smooth ? { form: 'softMargin' as const } : { margin: margin as number, swap: swap === true };
    return tripletLoss(distances, all, { ...form, reduction: 'meanActive' });
  }
  const all = allPairs(distances, batch.labels, options);
  const same = all.same.toArray() as boolean[];
  const [rows, columns] = [all.anchors, all.others].map((t) => t.toArray() as number[]);
  const part = (kind: boolean): Tensor => {
    const pick = (list: readonly number[]) => list.filter((_, i) => same[i] === kind);
    const [anchors, others] = [pick(rows), pick(columns)];
    const selfPaired = batch.references === undefined;
    const chosen = pairs(
      anchors,
      others,
      anchors.map(() => kind),
      { selfPaired },
    );
    return contrastiveLossFromDistances(distances, chosen, {
      form: 'linear',
      margin: negativeMargin as number,
      reduction: 'meanActive',
    });
  };
  return part(true).add(part(false));
}

describe('Retrieval metrics', () => {
  it.each(retrieval.cases.map((c, i) => [i, c] as const))(
    'follow the definitions in case %i',
    (_index, { embeddings, labels, references, referenceLabels, ...expected }) => {
      const options =
        references === undefined ? {} : { references: decode(references), referenceLabels: referenceLabels! };
      const found = retrievalMetrics(decode(embeddings), labels, options);
      for (const [key, value] of Object.entries(expected)) {
        expect(found[key as keyof typeof found]).toBeCloseTo(value, 12);
      }
    },
  );
});

describe(`Against pytorch-metric-learning ${reference.versions['pytorch-metric-learning']}`, () => {
  it.each(
    reference.selections.map(
      (s) => [`${s.miner} ${JSON.stringify(s.options)}, ${s.distance}, batch ${s.batch}`, s] as const,
    ),
  )('%s selects the same triplets', (_title, s) => {
    const expected = s.anchors.map((a, i): Triple => [a, s.positives[i], s.negatives[i]]);
    expect(select(s, reference.batches[s.batch])).toEqual(expected);
  });

  it.each(
    reference.losses.map(
      (c) => [`${c.loss} ${JSON.stringify(c.options)}, ${c.distance}, batch ${c.batch}`, c] as const,
    ),
  )('%s has the same value and gradient', (_title, c) => {
    const batch = reference.batches[c.batch];
    const embeddings = decode(batch.embeddings, true);
    const loss = lossOf(c, batch, embeddings);
    const [gradient] = gradients([loss], [embeddings]);
    expect([...faults('value', loss, c.value), ...faults('gradient', gradient, c.gradient)]).toEqual([]);
  });
});
