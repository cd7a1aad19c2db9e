/**
 * @file An urn of balls of many kinds: puts in, takes out and finds a ball in time logarithmic in the kinds.
 *
 * Fenwick, "A new data structure for cumulative frequency tables", 1994: `sums[i]` holds the counts of the kinds from
 * `i − lowest bit of i` up to `i − 1`.
 */
export class Urn {
  /** How many balls there are. */
  total = 0;
  readonly #sums: Int32Array;

  constructor(counts: ArrayLike<number>) {
    this.#sums = new Int32Array(counts.length + 1);
    for (let kind = 0; kind < counts.length; kind++) this.add(kind, counts[kind]);
  }

  /** Puts in `count` balls of a kind; takes them out where negative. */
  add(kind: number, count: number): void {
    this.total += count;
    for (let i = kind + 1; i < this.#sums.length; i += i & -i) this.#sums[i] += count;
  }

  /** The kind of ball number `ball`, counted from 0 through the kinds in order. */
  find(ball: number): number {
    let kind = 0;
    for (let step = 2 ** Math.floor(Math.log2(this.#sums.length)); step > 0; step >>>= 1) {
      const next = kind + step;
      if (next < this.#sums.length && this.#sums[next] <= ball) {
        kind = next;
        ball -= this.#sums[next];
      }
    }
    return kind;
  }
}
