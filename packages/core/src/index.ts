/** @file `@ndgrad/core`: tensors over ndarray buffers, differentiable ops, derivatives of any order. */
import './fluent.js';

// Derivatives
export { enableGrad, isGradEnabled, noGrad } from './autodiff/mode.js';
export type { Saved, Vjp } from './autodiff/node.js';
// Memory
export { keep, type Scope, scope } from './autodiff/scope.js';
export { type Captured, type CaptureOptions, type CaptureStats, capture } from './capture/capture.js';
// Making tensors
export {
  arange,
  type CreationOptions,
  eye,
  fromNdarray,
  full,
  type InputArray,
  linspace,
  type NestedData,
  ones,
  onesLike,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './creation.js';
export type { DType, TypedArray } from './dtype.js';
export * from './errors.js';
export * from './ops/activations.js';
export { type CustomOp, defineHostOp, defineOp, type HostOp } from './ops/custom.js';
// Ops
export { cast, type TensorLike } from './ops/define.js';
export * from './ops/distance.js';
export * from './ops/elementwise.js';
export * from './ops/indexing.js';
export { assign, hostScalar, hostVector } from './ops/inPlace.js';
export * from './ops/linalg.js';
export * from './ops/movement.js';
export * from './ops/order.js';
export * from './ops/reduce.js';
export * from './ops/rows.js';
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
  longLived,
  type MemoryReport,
  memory,
  setKernels,
} from './runtime.js';
export type { Shape } from './shape.js';
export { borrowGrad, type Nested, Tensor, VERSION } from './tensor.js';
export {
  type BackwardOptions,
  backward,
  type Derivatives,
  type GradientsOptions,
  type GradOptions,
  grad,
  gradients,
  hvp,
  type TensorFunction,
  valueAndGrad,
  vjp,
} from './transforms.js';
