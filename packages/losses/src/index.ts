/** @file The public face of @ndgrad/losses. */
export type { BinaryCrossEntropyOptions } from './binaryCrossEntropyWithLogits.js';
export { binaryCrossEntropyWithLogits } from './binaryCrossEntropyWithLogits.js';
export type { CircleLossFromSimilaritiesOptions, CircleLossOptions } from './circleLoss.js';
export { circleLoss, circleLossFromSimilarities } from './circleLoss.js';
export type { ContrastiveLossFromDistancesOptions, ContrastiveLossOptions } from './contrastiveLoss.js';
export { contrastiveLoss, contrastiveLossFromDistances } from './contrastiveLoss.js';
export type { CrossEntropyOptions } from './crossEntropy.js';
export { crossEntropy } from './crossEntropy.js';
export type { LossDescription, LossFacts } from './describe.js';
export { describe } from './describe.js';
export type { Distances, GeometryOptions, Similarities } from './distances.js';
export {
  asDistances,
  asSimilarities,
  checkDistances,
  checkSimilarities,
  cosineSimilarities,
  euclideanDistances,
  geometryKind,
  hasGeometry,
  isSelfPaired,
  metricOf,
  squaredEuclideanDistances,
} from './distances.js';
export { hingeLoss } from './hingeLoss.js';
export type { HuberLossOptions } from './huberLoss.js';
export { huberLoss } from './huberLoss.js';
export type { KlDivergenceOptions } from './klDivergence.js';
export { klDivergence } from './klDivergence.js';
export { l1Loss } from './l1Loss.js';
export { mseLoss } from './mseLoss.js';
export type { Reduction, ReductionOptions, Tally, Weight } from './reduction.js';
export { reduce, tallyOf } from './reduction.js';
export type {
  Labels,
  Pairs,
  Relation,
  RelationMasks,
  RelationOptions,
  Triplets,
  TupleOptions,
} from './relations.js';
export {
  checkPairs,
  checkTriplets,
  isPairs,
  isTriplets,
  labelTensor,
  pairs,
  pairsFromTriplets,
  relationMasks,
  sameLabelMatrix,
  triplets,
} from './relations.js';
export type { TripletLossOptions } from './tripletLoss.js';
export { tripletLoss } from './tripletLoss.js';
export type { TripletMarginLossOptions } from './tripletMarginLoss.js';
export { tripletMarginLoss } from './tripletMarginLoss.js';
