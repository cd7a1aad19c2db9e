/** @file The nearest and the farthest listed column of every row; ties go to the lowest column. */
import type { Candidates, ColumnLists } from './candidates.js';

/** The nearest listed column of each row, −1 where none is listed. */
export function nearest({ rows, columns, values }: Candidates, lists: ColumnLists): Int32Array {
  const chosen = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    let best = Infinity;
    for (let k = lists.starts[i]; k < lists.starts[i + 1]; k++) {
      const j = lists.columns[k];
      const value = values[i * columns + j];
      if (value < best || chosen[i] < 0) {
        best = value;
        chosen[i] = j;
      }
    }
  }
  return chosen;
}

/** The farthest listed column of each row, −1 where none is listed. */
export function farthest({ rows, columns, values }: Candidates, lists: ColumnLists): Int32Array {
  const chosen = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    let best = -Infinity;
    for (let k = lists.starts[i]; k < lists.starts[i + 1]; k++) {
      const j = lists.columns[k];
      const value = values[i * columns + j];
      if (value > best || chosen[i] < 0) {
        best = value;
        chosen[i] = j;
      }
    }
  }
  return chosen;
}

/** The nearest listed column of each row among those farther than `beyond[row]`, −1 where none is. */
export function nearestBeyond(
  { rows, columns, values }: Candidates,
  lists: ColumnLists,
  beyond: Float64Array,
): Int32Array {
  const chosen = new Int32Array(rows).fill(-1);
  for (let i = 0; i < rows; i++) {
    let best = Infinity;
    for (let k = lists.starts[i]; k < lists.starts[i + 1]; k++) {
      const j = lists.columns[k];
      const value = values[i * columns + j];
      if (value > beyond[i] && (value < best || chosen[i] < 0)) {
        best = value;
        chosen[i] = j;
      }
    }
  }
  return chosen;
}
