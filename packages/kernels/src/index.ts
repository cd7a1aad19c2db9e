/** @file The kernels, grouped as their files are. */

export * as distance from './distance.js';
export * as elementwise from './elementwise.js';
export * as indexing from './indexing.js';
export { copyInto, elementwisePlan } from './iterate.js';
export type { Ints, Kernel, Values } from './kernel.js';
export { matmul } from './matmul.js';
export * as random from './random.js';
export * as reduce from './reduce.js';
export * as rows from './rows.js';
