/** @file Plain numbers: inputs, the reduction contract in loops, and derivatives by differences. No tensor in sight. */

export type Matrix = readonly (readonly number[])[];

/** What a loss is called with: what may be differentiated, what may not, and the options. */
export interface Sample {
  readonly floats: Readonly<Record<string, Matrix>>;
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The terms of a loss before reduction, flat. */
export interface Terms {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** What each adds to the denominator, where that is not its weight. */
  readonly shares?: readonly number[];
  /** Which count; default all. */
  readonly counted?: readonly boolean[];
}

export type Reduction = 'mean' | 'sum' | 'none' | 'meanActive';
export const REDUCTIONS: readonly Reduction[] = ['mean', 'sum', 'none', 'meanActive'];

/** Numbers in (low, high), three decimals, from the minimal standard generator. */
export function uniform(seed: number, rows: number, columns: number, low = -2, high = 2): number[][] {
  let state = 1 + ((seed * 48271) % 2147483646);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => {
      state = (state * 16807) % 2147483647;
      return Math.round((low + ((high - low) * state) / 2147483647) * 1000) / 1000;
    }),
  );
}

/** A permutation of 0…n−1, other than the identity where there is one. */
export function shuffled(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => ((a * 7 + 3) % n) - ((b * 7 + 3) % n) || b - a,
  );
}

export function pick<T>(list: readonly T[], order: readonly number[]): T[] {
  return order.map((i) => list[i]);
}

/** The contract of D11, in loops. */
export function reduceNaively(
  terms: Terms,
  reduction: Reduction,
  weights: readonly number[] = terms.values.map(() => 1),
): number[] {
  let total = 0;
  let divisor = 0;
  const each: number[] = [];
  for (let k = 0; k < terms.values.length; k++) {
    const counts = (terms.counted?.[k] ?? true) && weights[k] !== 0;
    const value = counts ? terms.values[k] * weights[k] : 0;
    each.push(value);
    if (!counts || (reduction === 'meanActive' && !(value > 0))) continue;
    total += value;
    divisor += terms.shares?.[k] ?? weights[k];
  }
  if (reduction === 'none') return each;
  if (reduction === 'sum') return [each.reduce((a, b) => a + b, 0)];
  return [divisor === 0 ? 0 : total / divisor];
}

/** One element of one input moved by `step`. */
function moved(sample: Sample, name: string, row: number, column: number, step: number): Sample {
  const matrix = sample.floats[name].map((line, i) =>
    i === row ? line.map((x, j) => (j === column ? x + step : x)) : line,
  );
  return { ...sample, floats: { ...sample.floats, [name]: matrix } };
}

/** Derivatives of a number by every element of one input: 6-point central differences. */
export function differences(f: (sample: Sample) => number, sample: Sample, name: string): number[][] {
  const h = 0.002;
  return sample.floats[name].map((line, i) =>
    line.map((_, j) => {
      const at = (k: number) => f(moved(sample, name, i, j, k * h));
      const [f1, f2, f3] = [1, 2, 3].map((k) => at(k) - at(-k));
      return (45 * f1 - 9 * f2 + f3) / (60 * h);
    }),
  );
}
