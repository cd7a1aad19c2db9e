/** @file The special functions against 50 digits, in units of the last place. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { activations, type Kernel, special } from '../src/index.js';
import { each } from './run.js';

interface Case {
  readonly function: string;
  readonly range: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const { cases } = JSON.parse(readFileSync(new URL('./reference/special.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const polygamma =
  (order: number) =>
  (x: readonly number[]): number[] =>
    each(
      special.polygamma,
      x,
      x.map(() => order),
    );
const unary =
  (kernel: Kernel) =>
  (x: readonly number[]): number[] =>
    each(kernel, x);
const slope =
  (kernel: Kernel) =>
  (x: readonly number[]): number[] =>
    each(
      kernel,
      x.map(() => 1),
      x,
    );

/** Each function with its limit. */
const FUNCTIONS: Readonly<Record<string, readonly [f: (x: readonly number[]) => number[], limit: number]>> = {
  erf: [unary(special.erf), 2],
  erfc: [unary(special.erfc), 4],
  erfinv: [unary(special.erfinv), 4],
  lgamma: [unary(special.lgamma), 4],
  digamma: [unary(special.digamma), 8],
  polygamma1: [polygamma(1), 8],
  polygamma2: [polygamma(2), 8],
  polygamma5: [polygamma(5), 16],
  gelu: [unary(activations.gelu), 4],
  geluSlope: [slope(activations.geluGradient), 4],
  normalDensity: [unary(special.normalDensity), 4],
};

function ulpOf(x: number): number {
  return 2 ** Math.max(-1074, Math.floor(Math.log2(Math.abs(x))) - 52);
}

describe('special functions against 50 digits', () => {
  it.each(cases.map((c) => [c.function, c.range, c] as const))('%s, %s', (name, _range, { x, y }) => {
    const [f, limit] = FUNCTIONS[name];
    const wrong = f(x).flatMap((value, i) => {
      const off = Math.abs(value - y[i]) / ulpOf(y[i]);
      return off <= limit ? [] : [`${name}(${x[i]}) = ${value}, not ${y[i]}: ${off} ULP`];
    });
    expect(x.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });
});
