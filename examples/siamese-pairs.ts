/** @file Two towers that share one net learn from pairs alone, same or different: verification without labels. */
import { generator, noGrad, norm, type Tensor } from '@ndgrad/core';
import { contrastiveLoss } from '@ndgrad/losses';
import { Adam, Linear, Module, Normalize, ReLU, Sequential } from '@ndgrad/nn';
import { readDataset } from './support/dataset.js';
import { accuracyAt, bestThreshold, drawPairs, type ImagePairs } from './support/pairs.js';

const random = generator(0);

class Siamese extends Module<ImagePairs, readonly [Tensor, Tensor]> {
  readonly tower = new Sequential(
    new Linear(64, 128, { generator: random }),
    new ReLU(),
    new Linear(128, 32, { generator: random }),
    new Normalize(),
  );

  /** Both images go through the one tower: its weights hear from both. */
  call({ left, right }: ImagePairs): readonly [Tensor, Tensor] {
    return [this.tower.call(left), this.tower.call(right)];
  }

  /** How far apart it places the two images of each pair. */
  distances(pairs: ImagePairs): Tensor {
    const [left, right] = noGrad(() => this.call(pairs));
    return norm(left.sub(right), { axis: 1 });
  }
}

const { train, heldOut } = readDataset(undefined, undefined);
const net = new Siamese();
const optimizer = new Adam(net.parameters(), { learningRate: 0.002 });
for (let step = 1; step <= 1000; step++) {
  const pairs = drawPairs(train, 128, random);
  const loss = contrastiveLoss(...net.call(pairs), pairs.same, { margin: 1 });
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 200 === 0) console.log(`step ${String(step).padStart(4)}  loss ${loss.item().toFixed(4)}`);
}

const [known, unknown] = [drawPairs(train, 4000, random), drawPairs(heldOut, 4000, random)];
const threshold = bestThreshold(net.distances(known).toTypedArray(), known.same);
const accuracy = accuracyAt(threshold, net.distances(unknown).toTypedArray(), unknown.same);
console.log(`verification accuracy ${accuracy.toFixed(4)} on ${unknown.same.length} held-out pairs`);
console.log(`same means nearer than ${threshold.toFixed(3)}, chosen on training pairs`);
