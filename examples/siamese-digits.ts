/** @file A net learns to place images of one digit near each other: P×K batches, mined triplets, a loss, Adam. */
// @quick --epochs 2
import { capture, generator, noGrad, type Tensor } from '@ndgrad/core';
import {
  circleLossFromSimilarities,
  contrastiveLossFromDistances,
  cosineSimilarities,
  type Distances,
  euclideanDistances,
  type Similarities,
  tripletLoss,
} from '@ndgrad/losses';
import {
  batchAllTripletLoss,
  batchHardTriplets,
  type MinedTriplets,
  PKSampler,
  retrievalMetrics,
  semiHardTriplets,
} from '@ndgrad/mining';
import { Adam, Linear, Normalize, ReLU, Sequential } from '@ndgrad/nn';
import type { Dataset } from './support/dataset.js';
import { jitter } from './support/jitter.js';
import type { Recorder } from './support/recorder.js';
import { isMain, runDemo, type Settings } from './support/siameseDemo.js';

/** One triplet per image, so that the lists have one length for every batch and a captured step can hold them. */
function mine(d: Distances | Similarities, labels: Tensor, { miner, margin }: Settings): MinedTriplets {
  if (miner === 'batch-hard') return batchHardTriplets(d, labels, { margin });
  return semiHardTriplets(d, labels, { margin, policy: 'perAnchor' });
}

/** Distance, selection, loss. */
function lossOf(embeddings: Tensor, labels: Tensor, settings: Settings): Tensor {
  const { loss, miner, margin } = settings;
  if (loss === 'circle') {
    const similarities = cosineSimilarities(embeddings);
    const pairs = miner === 'all' ? labels : mine(similarities, labels, settings);
    return circleLossFromSimilarities(similarities, pairs, { margin, scale: 64 });
  }
  if (loss === 'triplet' && miner === 'all') return batchAllTripletLoss(embeddings, labels, { margin });
  const distances = euclideanDistances(embeddings);
  if (loss === 'triplet') return tripletLoss(distances, mine(distances, labels, settings), { margin });
  const pairs = miner === 'all' ? labels : mine(distances, labels, settings);
  return contrastiveLossFromDistances(distances, pairs, { margin });
}

/** How many of all triplets of a batch are easy, semi-hard and hard. */
function difficulty(embeddings: Tensor, labels: Tensor, settings: Settings) {
  const d = settings.loss === 'circle' ? cosineSimilarities(embeddings) : euclideanDistances(embeddings);
  return mine(d, labels, settings).diagnostics.valid;
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
  const learn = (images: Tensor, labels: Tensor) => {
    const embeddings = net.call(images);
    const loss = lossOf(embeddings, labels, settings);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return { loss, embeddings };
  };
  // Recorded at the first call, then replayed: the same numbers from memory laid out once, without a graph.
  const learnFast = settings.eager ? learn : capture(learn);
  const steps = settings.epochs * sampler.batchesPerEpoch;
  let step = 0;
  for (let epoch = 1; epoch <= settings.epochs; epoch++) {
    for (const rows of sampler) {
      const images = jitter(train.images.indexSelect(0, rows), { width, generator: random });
      const labels = train.labels.indexSelect(0, rows);
      // Half a cosine: from the full rate down to none.
      optimizer.learningRate = 0.003 * 0.5 * (1 + Math.cos((Math.PI * step++) / steps));
      const { loss, embeddings } = learnFast(images, labels);
      recorder.batch(loss.item(), difficulty(embeddings, labels, settings), sampler.batchesPerEpoch);
    }
    recorder.epoch(retrievalMetrics(embed(), heldOut.labels).mapAtR);
  }
  return { net, before, after: embed() };
}

if (isMain(import.meta.url)) process.exitCode = runDemo(train, process.argv.slice(2));
