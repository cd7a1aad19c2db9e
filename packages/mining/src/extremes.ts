/** @file The nearest and the farthest column of every row among those that a mask keeps; ties go to the lowest column. */
import {
  gather,
  gt,
  logicalAnd,
  lt,
  maskedArgmax,
  maskedArgmin,
  maximum,
  reshape,
  type Tensor,
  unsqueeze,
  zeros,
} from '@ndgrad/core';
import { inspect } from '@ndgrad/core/arguments';
import { type Field, refusalOfNaN } from './candidates.js';

/** The nearest kept column of each row, int32 `[n]`; −1 where none is kept. The first NaN that is kept counts as nearest. */
export function nearest({ matrix, negated }: Field, kept: Tensor): Tensor {
  return negated ? maskedArgmax(matrix, kept) : maskedArgmin(matrix, kept);
}

/** The farthest kept column of each row, int32 `[n]`; −1 where none is kept. The first NaN that is kept counts as farthest. */
export function farthest({ matrix, negated }: Field, kept: Tensor): Tensor {
  return negated ? maskedArgmin(matrix, kept) : maskedArgmax(matrix, kept);
}

/** The nearest negative of each row among those farther than `beyond[row]`, int32 `[n]`; −1 where none is. */
export function nearestBeyond(field: Field, beyond: Tensor): Tensor {
  const { matrix, negated, negatives } = field;
  const bound = unsqueeze(beyond, 1);
  const farther = negated ? lt(matrix, bound) : gt(matrix, bound);
  return nearest(field, logicalAnd(negatives, farther));
}

/**
 * The entries of the matrix at the chosen columns, `[n]`, anything where a row has none. Refuses NaN: of a choice by
 * {@link nearest} or {@link farthest} anywhere among what was kept, because it would have been chosen.
 */
export function entriesAt(where: string, { matrix }: Field, chosen: Tensor): Tensor {
  // Without columns there is nothing to choose.
  if (matrix.shape[1] === 0) return zeros(chosen.shape, { dtype: matrix.dtype });
  const entries = reshape(gather(matrix, 1, unsqueeze(maximum(chosen, 0), 1)), chosen.shape);
  inspect(
    where,
    entries,
    (row, entry, column) => {
      if (column >= 0 && Number.isNaN(entry)) throw refusalOfNaN(where, row, column);
    },
    chosen,
  );
  return entries;
}
