/** @file The held-out rows whose nearest neighbour is of another class, worst first. */

/** A row of another class that lies nearer than every row of the query's own. */
export interface Mistake {
  /** The row asked about. */
  readonly query: number;
  /** The nearest row, of another class, and how far it is. */
  readonly wrong: number;
  readonly wrongDistance: number;
  /** The nearest row of the query's own class, and how far it is. */
  readonly right: number;
  readonly rightDistance: number;
}

/**
 * Every mistake of a nearest-neighbour search among the rows, the one with the widest gap first: its own class is
 * `rightDistance - wrongDistance` farther away than a stranger. Rows without another of their class cannot be judged.
 *
 * @param embeddings - `[n, d]` row by row.
 * @param width - `d`.
 * @param labels - `[n]`.
 */
export function hardestMistakes(
  embeddings: ArrayLike<number>,
  width: number,
  labels: ArrayLike<number>,
): Mistake[] {
  const mistakes: Mistake[] = [];
  for (let query = 0; query < labels.length; query++) {
    let [wrong, right, wrongDistance, rightDistance] = [-1, -1, Infinity, Infinity];
    for (let row = 0; row < labels.length; row++) {
      if (row === query) continue;
      let square = 0;
      for (let i = 0; i < width; i++) {
        square += ((embeddings[query * width + i] as number) - (embeddings[row * width + i] as number)) ** 2;
      }
      const distance = Math.sqrt(square);
      if (labels[row] === labels[query]) {
        if (distance < rightDistance) [right, rightDistance] = [row, distance];
      } else if (distance < wrongDistance) {
        [wrong, wrongDistance] = [row, distance];
      }
    }
    if (right >= 0 && wrongDistance < rightDistance) {
      mistakes.push({ query, wrong, wrongDistance, right, rightDistance });
    }
  }
  const gap = ({ rightDistance, wrongDistance }: Mistake): number => rightDistance - wrongDistance;
  return mistakes.sort((a, b) => gap(b) - gap(a) || a.query - b.query);
}
