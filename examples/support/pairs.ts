/** @file Pairs of images known only as same or different, and how to tell the two kinds apart afterwards. */
import type { Generator, Tensor } from '@ndgrad/core';
import type { Part } from './dataset.js';

/** Pairs of images: all that a verifier learns from. */
export interface ImagePairs {
  /** `[count, size]`: the first and the second image of each pair. */
  readonly left: Tensor;
  readonly right: Tensor;
  /** Whether the two show the same. */
  readonly same: readonly boolean[];
}

/** Draws pairs of different images, as many of the same class as of two classes, in turn. */
export function drawPairs({ images, labels }: Part, count: number, generator: Generator): ImagePairs {
  const classOf = labels.toTypedArray();
  const [left, right, same]: [number[], number[], boolean[]] = [[], [], []];
  while (left.length < count) {
    const wanted = left.length % 2 === 0;
    const [i, j] = [generator.integer(classOf.length), generator.integer(classOf.length)];
    if (i === j || (classOf[i] === classOf[j]) !== wanted) continue;
    left.push(i);
    right.push(j);
    same.push(wanted);
  }
  return { left: images.indexSelect(0, left), right: images.indexSelect(0, right), same };
}

/** The share of pairs judged rightly when those nearer than `threshold` are called the same. */
export function accuracyAt(
  threshold: number,
  distances: ArrayLike<number>,
  same: readonly boolean[],
): number {
  const right = same.filter((isSame, i) => (distances[i] as number) < threshold === isSame);
  return right.length / same.length;
}

/** The threshold that judges most of the pairs rightly: midway between two distances; the lowest such, on a tie. */
export function bestThreshold(distances: ArrayLike<number>, same: readonly boolean[]): number {
  const sorted = Array.from(same, (isSame, i) => ({ distance: distances[i] as number, isSame }));
  sorted.sort((a, b) => a.distance - b.distance);
  // With the threshold below all distances, every pair is called different.
  let right = same.filter((isSame) => !isSame).length;
  let best = { right, threshold: (sorted[0]?.distance ?? 0) - 1 };
  for (const [i, { distance, isSame }] of sorted.entries()) {
    right += isSame ? 1 : -1;
    const next = sorted[i + 1]?.distance ?? distance + 2;
    if (right > best.right && next > distance) best = { right, threshold: (distance + next) / 2 };
  }
  return best.threshold;
}
