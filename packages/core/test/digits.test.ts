/** @file Every function against 60 digits: its error in units of the last place stays under its limit. */
import { describe, expect, it } from '@jest/globals';
import { currentKernels } from '@ndgrad/core';
import { CASES, measure, ROWS } from './digits.js';
import { ulpOf } from './grid.js';

const NAMES = [...new Set(CASES.map(({ name }) => name))];

/** What is wrong with a function's results of one dtype, in sentences. */
function faultsOf(name: string, dtype: string): string[] {
  const row = ROWS[name];
  const build = currentKernels();
  return CASES.filter((c) => c.name === name && c.dtype === dtype)
    .map((c) => measure(c, row, build))
    .filter(({ share }) => share > 1)
    .map(({ call, got, expected, ulps, limit }) => {
      const where = dtype === 'float64' ? dtype : `${dtype} ${build}`;
      return `${where} ${call} is ${got}, the truth ${expected}: ${ulps.toFixed(2)} ULP, ${limit.toFixed(2)} allowed`;
    });
}

describe('the cases', () => {
  it('are of the functions that have limits, and of no others', () => {
    expect(NAMES.sort()).toEqual(Object.keys(ROWS).sort());
  });

  it('are many', () => {
    for (const name of Object.keys(ROWS)) {
      const points = CASES.filter((c) => c.name === name && c.title === undefined);
      for (const { value } of points) expect(value.length).toBeGreaterThan(50);
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  it.each(['float64', 'float32'])('is within its limit of the truth in %s', (dtype) => {
    expect(faultsOf(name, dtype)).toEqual([]);
  });
});

describe('the limits', () => {
  // Seven units in the last place of float64 on average, twelve of float32.
  it.each([
    ['float64', 1e-15],
    ['float32', 1e-6],
  ])('are narrow: any function of %s that is off by %d is caught', (dtype, off) => {
    const survivors = Object.entries(ROWS).filter(([name, row]) =>
      CASES.filter((c) => c.name === name && c.dtype === dtype).every(
        (c) => measure(c, row, currentKernels(), 1 + off).share <= 1,
      ),
    );
    expect(survivors).toEqual([]);
  });

  it('are of the unit of the number itself, just below a power of two too', () => {
    expect(ulpOf(1024 - 2 ** -43, 'float64')).toBe(2 ** -43);
    expect(ulpOf(1024, 'float64')).toBe(2 ** -42);
    expect(ulpOf(5e-324, 'float64')).toBe(5e-324);
    expect(ulpOf(1, 'float32')).toBe(2 ** -23);
    expect(ulpOf(2 ** -140, 'float32')).toBe(2 ** -149);
  });
});
