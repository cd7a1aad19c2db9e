/** @file The one option that losses which select add to those of their parts. */
import { ArgumentError, type Tensor } from '@ndgrad/core';
import { describeValue } from '@ndgrad/core/arguments';
import { type Distances, euclideanDistances } from '@ndgrad/losses';

/** How far apart embeddings are. */
export interface DistanceOptions {
  /** `euclideanDistances` (default), `squaredEuclideanDistances`, or your own by `asDistances`. */
  readonly distance?: (embeddings: Tensor) => Distances;
}

/** The matrix of all distances, by the function given. */
export function distancesOf(
  where: string,
  embeddings: Tensor,
  distance: DistanceOptions['distance'],
): Distances {
  if (distance === undefined) return euclideanDistances(embeddings);
  if (typeof distance === 'function') return distance(embeddings);
  throw new ArgumentError({
    where,
    argument: 'distance',
    must: 'be a function of embeddings, such as euclideanDistances',
    got: describeValue(distance),
  });
}
