/** @file A net learns to place images of one digit near each other: P×K batches, mined triplets, a loss, Adam. */
// @quick --epochs 2
import { generator, noGrad, type Tensor } from '@ndgrad/core';
import {
  circleLossFromSimilarities,
  contrastiveLossFromDistances,
  cosineSimilarities,
  euclideanDistances,
  tripletLoss,
} from '@ndgrad/losses';
import {
  allTriplets,
  batchHardTriplets,
  type MinedTriplets,
  PKSampler,
  pairsOfTriplets,
  retrievalMetrics,
  semiHardTriplets,
} from '@ndgrad/mining';
import { Adam, Linear, Normalize, ReLU, Sequential } from '@ndgrad/nn';
import type { Dataset } from './support/dataset.js';
import { jitter } from './support/jitter.js';
import type { Recorder } from './support/recorder.js';
import { isMain, runDemo, type Settings } from './support/siameseDemo.js';

const MINERS = { 'semi-hard': semiHardTriplets, 'batch-hard': batchHardTriplets, all: allTriplets };

/** Distance, selection, loss: the loss of a batch of embeddings, and the triplets that were chosen for it. */
function lossOf(
  embeddings: Tensor,
  labels: Tensor,
  { loss, miner, margin }: Settings,
): { loss: Tensor; triplets: MinedTriplets } {
  if (loss === 'circle') {
    const similarities = cosineSimilarities(embeddings);
    const triplets = MINERS[miner](similarities, labels, { margin });
    const pairs = miner === 'all' ? labels : triplets;
    return { loss: circleLossFromSimilarities(similarities, pairs, { margin, scale: 64 }), triplets };
  }
  const distances = euclideanDistances(embeddings);
  const triplets = MINERS[miner](distances, labels, { margin });
  if (loss === 'triplet') return { loss: tripletLoss(distances, triplets, { margin }), triplets };
  const pairs = miner === 'all' ? labels : pairsOfTriplets(triplets);
  return { loss: contrastiveLossFromDistances(distances, pairs, { margin }), triplets };
}

/** Trains a net on the training part; `recorder` hears of every batch, and of the held-out part after every epoch. */
export function train({ size, width, train, heldOut }: Dataset, settings: Settings, recorder: Recorder) {
  const random = generator(settings.seed);
  const net = new Sequential(
    new Linear(size, 128, { generator: random }),
    new ReLU(),
    new Linear(128, 32, { generator: random }),
    new Normalize(),
  );
  const embed = () => noGrad(() => net.call(heldOut.images));
  const before = embed();

  const optimizer = new Adam(net.parameters());
  const classes = Math.min(10, new Set(train.labels.toTypedArray()).size);
  const sampler = new PKSampler({ labels: train.labels, classes, perClass: 8, generator: random });
  const steps = settings.epochs * sampler.batchesPerEpoch;
  let step = 0;
  for (let epoch = 1; epoch <= settings.epochs; epoch++) {
    for (const rows of sampler) {
      const images = jitter(train.images.indexSelect(0, rows), { width, generator: random });
      const labels = train.labels.indexSelect(0, rows);
      const { loss, triplets } = lossOf(net.call(images), labels, settings);

      // Half a cosine: from the full rate down to none.
      optimizer.learningRate = 0.003 * 0.5 * (1 + Math.cos((Math.PI * step++) / steps));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      recorder.batch(loss.item(), triplets.diagnostics.valid, sampler.batchesPerEpoch);
    }
    recorder.epoch(retrievalMetrics(embed(), heldOut.labels).mapAtR);
  }
  return { net, before, after: embed() };
}

if (isMain(import.meta.url)) process.exitCode = runDemo(train, process.argv.slice(2));
