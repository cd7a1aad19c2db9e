/**
 * @file Timing by interleaved medians: contenders take turns within one run, so that what disturbs the machine disturbs
 * them alike, and what is reported is a ratio.
 */

/** Something to time. Its result is kept alive so that the engine cannot leave the work out. */
export type Contender = () => unknown;

export interface Timing {
  /** Median time of one call, in nanoseconds. */
  readonly median: number;
  /** Time below and above which a quarter of the rounds lie, in nanoseconds. */
  readonly quartiles: readonly [number, number];
}

export interface TimingOptions {
  /** How many turns each contender gets. Default 31. */
  readonly rounds?: number;
  /** How long one turn takes at least, in milliseconds: calls are repeated until then. Default 10. */
  readonly turn?: number;
}

let kept: unknown;

/** Milliseconds that `calls` calls take. */
function time(contender: Contender, calls: number): number {
  const began = performance.now();
  for (let i = 0; i < calls; i++) kept = contender();
  return performance.now() - began;
}

/** Before anything counts each contender runs this long, in milliseconds: the compiler must have done with it. */
const WARM_UP = 500;

/** How many calls fill a turn, of a contender that has been warmed up. */
function callsPerTurn(contender: Contender, turn: number): number {
  for (const began = performance.now(); performance.now() - began < WARM_UP; ) kept = contender();
  let calls = 1;
  for (;;) {
    const elapsed = time(contender, calls);
    if (elapsed >= turn) return calls;
    calls = Math.max(calls + 1, Math.ceil(calls * Math.min(10, (1.2 * turn) / Math.max(elapsed, 1e-3))));
  }
}

function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** Median and quartiles of what the rounds gave. */
export function timingOf(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
}

/**
 * Times contenders in turns.
 *
 * @returns for each name the median and the quartiles of the time of one call
 */
export function interleave<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  options: TimingOptions = {},
): Record<Name, Timing> {
  const { rounds = 31, turn = 10 } = options;
  const names = Object.keys(contenders) as Name[];
  const calls = new Map(names.map((name) => [name, callsPerTurn(contenders[name], turn)]));
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another, so that none always follows the same neighbour.
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length] as Name;
      const count = calls.get(name) ?? 1;
      samples.get(name)?.push((time(contenders[name], count) / count) * 1e6);
    }
  }
  const result = {} as Record<Name, Timing>;
  for (const name of names) {
    result[name] = timingOf(samples.get(name) ?? []);
  }
  return result;
}

/** How much longer the first takes than the second, by their medians. Below 1 the first is faster. */
export function ratio(first: Timing, second: Timing): number {
  return first.median / second.median;
}

/** What the last timed call gave. Reading it is what keeps the work alive. */
export function lastResult(): unknown {
  return kept;
}
