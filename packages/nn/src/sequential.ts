import { ArgumentError, type Tensor } from '@ndgrad/core';
import { describeValue } from '@ndgrad/core/arguments';
import { Module } from './module.js';

/**
 * Modules called one after another, each on what the one before returned. Without any it returns its input.
 *
 * Its parts are named by their places, as in PyTorch: `0.weight`, `2.bias`; in a field `layers` of another module they
 * are `layers.0.weight` and so on.
 *
 * @example
 * ```ts
 * import { tensor } from '@ndgrad/core';
 * import { Normalize, ReLU, Sequential } from '@ndgrad/nn';
 *
 * new Sequential(new ReLU(), new Normalize()).call(tensor([[-3, 4]])).toArray() // => [[0, 1]]
 * ```
 */
export class Sequential extends Module {
  /** The modules, in order. */
  readonly layers: readonly Module[];

  /**
   * @param layers - modules from tensor to tensor.
   * @throws ArgumentError for anything else.
   */
  constructor(...layers: readonly Module[]) {
    super();
    layers.forEach((layer: unknown, i) => {
      if (layer instanceof Module) return;
      throw new ArgumentError({
        where: 'Sequential',
        argument: `layers[${i}]`,
        must: 'be a module',
        got: describeValue(layer),
        hint: 'write new Sequential(new Linear(2, 3), new ReLU()); spread a list with ...',
      });
    });
    this.layers = layers;
  }

  override entries(): Iterable<readonly [name: string, value: unknown]> {
    return this.layers.map((layer, i) => [String(i), layer] as const);
  }

  /** The last module's result. */
  override call(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.call(y), x);
  }
}
