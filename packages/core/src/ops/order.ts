/** @file Sorting. Equal values keep their order, and NaN counts as the greatest. */
import { rows as kernels } from '@ndgrad/kernels';
import { checkNumber, checkOptions, describeValue } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import type { OpRow } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { ArgumentError } from '../errors.js';
import { checkAxis, formatShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { operand, type RankOf, type TensorLike } from './define.js';
import { gather } from './indexing.js';
import { type Range, slice, transpose } from './movement.js';

/** Values and where they were, as `sort` and `topk` give them. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  /** int32, shaped as `values`. */
  readonly indices: Tensor;
}

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default −1. */
  readonly axis?: number;
  /** Whether the largest comes first. Default `false`. */
  readonly descending?: boolean;
}

const argsortRow: OpRow<{ descending: boolean }> = {
  name: 'argsort',
  shape: ([shape]) => shape,
  dtype: () => 'int32',
  run(home, y, [x], { descending }) {
    if (y.size === 0) return;
    const n = y.shape[y.rank - 1];
    home.call(kernels.argsort, [y.size / n, n, descending ? 1 : 0], y, packed(home, x));
  },
};

function order(
  where: string,
  x: TensorLike,
  axisGiven: number,
  descending: boolean,
): { t: Tensor; axis: number; indices: Tensor } {
  const t = operand(where, x);
  const axis = checkAxis(where, 'axis', axisGiven, t.rank);
  if (typeof descending !== 'boolean') {
    const argument = where === 'topk' ? 'largest' : 'descending';
    throw new ArgumentError({ where, argument, must: 'be true or false', got: describeValue(descending) });
  }
  const indices = transpose(apply(argsortRow, [transpose(t, axis, -1)], { descending }), axis, -1);
  return { t, axis, indices };
}

/**
 * The positions that would sort an axis, the last by default. Stable both ways: of equal values the first comes first.
 * NaN counts as the greatest. int32.
 *
 * @example
 * ```ts
 * argsort(tensor([3, 1, 3, 2])).toArray() // => [1, 3, 0, 2]
 * ```
 */
export function argsort<X extends TensorLike>(x: X, options?: SortOptions): Tensor<'int32', RankOf<X>>;
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  checkOptions('argsort', options, ['axis', 'descending']);
  return order('argsort', x, options.axis ?? -1, options.descending ?? false).indices;
}

/**
 * An axis, the last by default, sorted: values, and the positions they had. Stable both ways; NaN counts as the
 * greatest. Derivatives go back to where each value came from.
 *
 * @example
 * ```ts
 * const { values, indices } = sort(tensor([3, 1, 2]), { descending: true });
 * values.toArray() // => [3, 2, 1]
 * indices.toArray() // => [0, 2, 1]
 * ```
 */
export function sort(x: TensorLike, options: SortOptions = {}): ValuesAndIndices {
  checkOptions('sort', options, ['axis', 'descending']);
  const { t, axis, indices } = order('sort', x, options.axis ?? -1, options.descending ?? false);
  return { values: gather(t, axis, indices), indices };
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Default −1. */
  readonly axis?: number;
  /** Whether the largest are wanted, else the smallest. Default `true`. */
  readonly largest?: boolean;
}

/**
 * The k largest (or smallest) values of an axis, the last by default, best first, and their positions. Of equal values
 * the first comes first; NaN counts as the greatest.
 *
 * @throws {@link ArgumentError} when the axis has fewer than k elements.
 *
 * @example
 * ```ts
 * topk(tensor([5, 9, 9, 1]), 2).indices.toArray() // => [1, 2]
 * ```
 */
export function topk(x: TensorLike, k: number, options: TopkOptions = {}): ValuesAndIndices {
  checkOptions('topk', options, ['axis', 'largest']);
  const count = checkNumber('topk', 'k', k, { integer: true, min: 0 });
  const { t, axis, indices: all } = order('topk', x, options.axis ?? -1, options.largest ?? true);
  if (count > t.shape[axis]) {
    throw new ArgumentError({
      where: 'topk',
      argument: 'k',
      must: `be at most ${t.shape[axis]}, the length of axis ${axis} of ${formatShape(t.shape)}`,
      got: `${count}`,
    });
  }
  const indices = slice(all, ...t.shape.map((_, i): Range => (i === axis ? [0, count] : null)));
  return { values: gather(t, axis, indices), indices };
}
