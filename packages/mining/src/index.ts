/** @file The public face of @ndgrad/mining. */
export type {
  Distances,
  Labels,
  Pairs,
  Relation,
  RelationOptions,
  Similarities,
  Triplets,
} from '@ndgrad/losses';
export { allTriplets } from './allTriplets.js';
export type {
  BatchAllTripletLossFromDistancesOptions,
  BatchAllTripletLossOptions,
} from './batchAllTripletLoss.js';
export { batchAllTripletLoss, batchAllTripletLossFromDistances } from './batchAllTripletLoss.js';
export type { BatchHardTripletLossOptions } from './batchHardTripletLoss.js';
export { batchHardTripletLoss } from './batchHardTripletLoss.js';
export { batchHardTriplets } from './batchHardTriplets.js';
export type { EmptyReason, TripletCounts, TripletDiagnostics } from './diagnostics.js';
export type { DistanceOptions } from './distanceOption.js';
export type { MinedTriplets, MinedTripletsPerAnchor, MiningOptions } from './minedTriplets.js';
export type { AllPairsOptions, PairOptions } from './pairs.js';
export { allPairs, pairsOfTriplets } from './pairs.js';
export type { PKSamplerOptions, PKSamplerState } from './pkSampler.js';
export { PKSampler } from './pkSampler.js';
export type { RetrievalMetrics, RetrievalOptions } from './retrievalMetrics.js';
export { retrievalMetrics } from './retrievalMetrics.js';
export type { SemiHardTripletLossOptions } from './semiHardTripletLoss.js';
export { semiHardTripletLoss } from './semiHardTripletLoss.js';
export type { SemiHardFallback, SemiHardOptions } from './semiHardTriplets.js';
export { semiHardTriplets } from './semiHardTriplets.js';
