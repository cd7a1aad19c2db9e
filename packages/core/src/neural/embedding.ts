/** @file Rows of a table, looked up by number. */
import { checkOptions, checkRank, checkTensor } from '../arguments.js';
import { eq, where as select, stopGradient } from '../ops/elementwise.js';
import { type Indices, indexSelect } from '../ops/indexing.js';
import { reshape } from '../ops/movement.js';
import { checkIndices } from '../ops/picking.js';
import { checkAxis } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that gets no gradient, for positions that stand for nothing; negative ones count from the end. None by default. */
  readonly paddingIndex?: number;
}

/**
 * Rows of a table: `[…] → […, d]`. Gradients of a row that is asked for several times add up, in double precision.
 *
 * @param indices - row numbers in 0 … n−1: an int32 tensor of any shape, an Int32Array or an array of integers.
 * @param weight - the table, `[n, d]`.
 * @throws {@link IndexError} naming position and value of an index outside, or for a `paddingIndex` outside;
 *   {@link ShapeError} for a table that is no matrix.
 *
 * @example
 * ```ts
 * embedding([2, 0], tensor([[1, 2], [3, 4], [5, 6]])).toArray() // => [[5, 6], [1, 2]]
 * ```
 */
export function embedding(indices: Indices, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const where = 'embedding';
  checkTensor(where, 'weight', weight);
  checkRank(where, 'weight', weight, 2, 'a matrix [n, d]');
  checkOptions(where, options, ['paddingIndex']);
  const [rows, width] = weight.shape;
  const { paddingIndex } = options;
  const padding = paddingIndex === undefined ? -1 : checkAxis(where, 'paddingIndex', paddingIndex, rows);
  const positions = checkIndices(where, 'indices', indices, rows);
  const found = reshape(indexSelect(weight, 0, reshape(positions, [positions.size])), [
    ...positions.shape,
    width,
  ]);
  if (padding < 0) return found;
  const isPadding = eq(reshape(positions, [...positions.shape, 1]), padding);
  return select(isPadding, stopGradient(found), found);
}
