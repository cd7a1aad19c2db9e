/** @file Modules without parameters: functions of core that take a place in a `Sequential`. */
import { normalize, relu, type Tensor, tanh } from '@ndgrad/core';
import { Module } from './module.js';

/**
 * Rectifier, elementwise: `max(x, 0)`, with gradient 0 at 0.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { ReLU } from '@ndgrad/nn';
 *
 * new ReLU().call(tensor([-1, 0, 2])).toArray() // => [0, 0, 2]
 * ```
 */
export class ReLU extends Module {
  override call(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * Hyperbolic tangent, elementwise.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { Tanh } from '@ndgrad/nn';
 *
 * new Tanh().call(tensor([-800, 0, 800])).toArray() // => [-1, 0, 1]
 * ```
 */
export class Tanh extends Module {
  override call(x: Tensor): Tensor {
    return tanh(x);
  }
}

/**
 * Scales the last axis to Euclidean length 1: `x / ‖x‖₂`. The usual last layer of an embedding.
 *
 * No epsilon: short vectors come out at length 1 too. A zero vector stays zero, with gradient 0.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { Normalize } from '@ndgrad/nn';
 *
 * new Normalize().call(tensor([[0, 0.5], [0, 0]])).toArray() // => [[0, 1], [0, 0]]
 * ```
 */
export class Normalize extends Module {
  override call(x: Tensor): Tensor {
    return normalize(x, { axis: -1 });
  }
}
