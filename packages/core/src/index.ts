/** @file `@ndgrad/core`: tensors over ndarray buffers, differentiable ops, derivatives of any order. */
import './fluent.js';

// Derivatives
export {
  type PostAccumulateGradHook,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  type TensorHook,
} from './autodiff/hooks.js';
export { enableGrad, isGradEnabled, noGrad } from './autodiff/mode.js';
export type { Saved, Vjp } from './autodiff/node.js';
// Memory
export { keep, type Scope, scope } from './autodiff/scope.js';
export {
  detectAnomaly,
  type GraphNode,
  type Handle,
  onNodeCreation,
  savedTensorHooks,
} from './autodiff/watch.js';
export { type Captured, type CaptureOptions, type CaptureStats, capture } from './capture/capture.js';
// Making tensors
export {
  arange,
  type CreationOptions,
  type DataDType,
  type DataRank,
  eye,
  fromNdarray,
  full,
  type InputArray,
  linspace,
  type NestedData,
  ones,
  onesLike,
  type Regular,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './creation.js';
export type { ArrayOf, DType, FloatDType, TypedArray } from './dtype.js';
export * from './errors.js';
export * from './neural/attention.js';
export * from './neural/convolution.js';
export * from './neural/dropout.js';
export * from './neural/embedding.js';
export * from './neural/normalisation.js';
export * from './neural/pooling.js';
export type { PerAxis } from './neural/windows.js';
export * from './ops/activations.js';
// Ops
export * from './ops/advancedIndexing.js';
export * from './ops/custom.js';
export {
  type BinaryOp,
  type Comparison,
  cast,
  type PairDType,
  type PairRank,
  type Predicate,
  type RankOf,
  type TensorLike,
  type UnaryDType,
  type UnaryOp,
} from './ops/define.js';
export * from './ops/distance.js';
export * from './ops/einsum.js';
export * from './ops/elementwise.js';
export * from './ops/factorisation.js';
export * from './ops/indexing.js';
export { assign, hostScalar, hostVector } from './ops/inPlace.js';
export * from './ops/linalg.js';
export * from './ops/movement.js';
export * from './ops/order.js';
export * from './ops/reduce.js';
export * from './ops/rows.js';
export * from './ops/scan.js';
export * from './ops/scatter.js';
export * from './ops/special.js';
export * from './ops/trigonometric.js';
export * from './ops/update.js';
export { format } from './print.js';
export {
  Generator,
  type GeneratorState,
  generator,
  type IntegerOptions,
  manualSeed,
  permutation,
  type RandomOptions,
  rand,
  randint,
  randn,
} from './random.js';
export {
  currentKernels,
  deterministic,
  type KernelBuild,
  type LiveBuffers,
  longLived,
  type MemoryReport,
  memory,
  setKernels,
  watchHeap,
} from './runtime.js';
export type { Shape, ShapeOf } from './shape.js';
export { borrowGrad, type Nested, type NestedElements, Tensor, VERSION } from './tensor.js';
export { checkpoint } from './transforms/checkpoint.js';
export * from './transforms/functional.js';
export { type GraphOptions, toDot, toMermaid } from './transforms/graph.js';
export { type BackwardOptions, backward, type GradientsOptions, gradients } from './transforms.js';
