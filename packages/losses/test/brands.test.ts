/** @file What must not compile. The bodies are never run; a line without its error is a type error of the tests. */
import { expect, it } from '@jest/globals';
import type { Tensor } from '@ndgrad/core';
import {
  asDistances,
  circleLossFromSimilarities,
  contrastiveLossFromDistances,
  type Distances,
  type Similarities,
  type Triplets,
  tripletLoss,
} from '@ndgrad/losses';

function mustNotCompile(x: Tensor, d: Distances, s: Similarities, triplets: Triplets): void {
  // @ts-expect-error a plain tensor does not say what it holds
  tripletLoss(x, triplets);
  // @ts-expect-error similarities are no distances
  tripletLoss(s, triplets);
  // @ts-expect-error similarities are no distances
  contrastiveLossFromDistances(s, [0, 1]);
  // @ts-expect-error distances are no similarities
  circleLossFromSimilarities(d, [0, 1]);
  // @ts-expect-error arithmetic loses the brand: say again what the result holds
  tripletLoss(d.add(1), triplets);
  // @ts-expect-error a metric has a name
  asDistances(x);
  // @ts-expect-error labels are no triplets: a loss selects nothing
  tripletLoss(d, [0, 1]);
  tripletLoss(asDistances(d.add(1), { metric: 'own' }), triplets);
  // A branded tensor is a tensor.
  const plain: Tensor = d;
  void plain;
}

it('mixing distances and similarities does not compile', () => {
  expect(typeof mustNotCompile).toBe('function');
});
