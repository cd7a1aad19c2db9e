// What every model is made of.

// Layers.
export { Normalize, ReLU, Tanh } from './activations.js';
// Optimisers.
export { Adam, type AdamOptions } from './adam.js';
// First values.
export * as init from './initialisers.js';
export { Linear, type LinearOptions } from './linear.js';
export { type AnyModule, Module } from './module.js';
export { Optimizer } from './optimizer.js';
export { buffer, parameter } from './parameter.js';
export { Sequential } from './sequential.js';
export { SGD, type SGDOptions } from './sgd.js';
