/** @file What must not compile. Nothing here runs: the type checker is the test. */
import { expect, it } from '@jest/globals';
import { type Tensor, tensor } from '@ndgrad/core';
import { cosineSimilarities, euclideanDistances, tripletLoss } from '@ndgrad/losses';
import { batchHardTriplets, type Relation, retrievalMetrics, semiHardTriplets } from '@ndgrad/mining';

function mustNotCompile(x: Tensor, labels: readonly number[]): void {
  const d = euclideanDistances(x);
  const s = cosineSimilarities(x);
  // @ts-expect-error: a plain tensor does not say which end is near; asDistances does
  batchHardTriplets(x, labels);
  // @ts-expect-error: a policy is one of three words
  semiHardTriplets(d, labels, { policy: 'hard' });
  // @ts-expect-error: options are spelt as documented
  semiHardTriplets(d, labels, { marign: 1 });
  // @ts-expect-error: a loss stated for distances does not take similarities, even if the triplets come from them
  tripletLoss(s, batchHardTriplets(s, labels));
  // @ts-expect-error: results cannot be written into
  batchHardTriplets(d, labels).metric = 'cosine';
  // @ts-expect-error: only a per-anchor policy has a mask for sure
  semiHardTriplets(d, labels, { policy: 'perPair' }).mask.size;
  // @ts-expect-error: labels are numbers
  retrievalMetrics(x, ['a', 'b']);
}

function mustCompile(x: Tensor, relation: Relation): number {
  return semiHardTriplets(cosineSimilarities(x), relation, { policy: 'perAnchor' }).mask.size;
}

it('Distances, Similarities, policies and relations are told apart by the type checker', () => {
  expect(typeof mustNotCompile).toBe('function');
  expect(
    mustCompile(
      tensor([
        [0, 1],
        [1, 0],
      ]),
      [0, 0],
    ),
  ).toBe(2);
});
