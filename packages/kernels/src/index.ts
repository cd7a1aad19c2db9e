/** @file The kernels, grouped as their files are. */

export * as activations from './activations.js';
export {
  activeBuild,
  type Build,
  type KernelBuild,
  kernelBuild,
  pinDeterministic,
  useBuild,
} from './builds.js';
export { cofactors } from './cofactors.js';
export * as distance from './distance.js';
export * as elementwise from './elementwise.js';
export * as factorisation from './factorisation.js';
export * as indexing from './indexing.js';
export { copyInto, elementwisePlan, visitKernel } from './iterate.js';
export {
  effect,
  type Form,
  hostKernel,
  type Ints,
  type Kernel,
  kernel,
  type Run,
  SIGNATURE_DIGITS,
  type Values,
  WRITES_OUTPUT,
} from './kernel.js';
export { matmul, matmulTail } from './matmul.js';
export {
  allocateBlock,
  blockSize,
  freeBlock,
  INTS_ADDRESS,
  MAX_INTS,
  type MemoryViews,
  memoryUse,
  memoryViews,
} from './memory.js';
export * as random from './random.js';
export * as reduce from './reduce.js';
export * as rows from './rows.js';
export * as scan from './scan.js';
export * as special from './special.js';
export * as trigonometric from './trigonometric.js';
export * as update from './update.js';
export * as window from './window.js';
