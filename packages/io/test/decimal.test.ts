import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readDecimal } from '../src/decimal.js';

/** Reads `text` from the middle of a larger buffer, so that reading past either end shows. */
function read(text: string): number {
  const bytes = new TextEncoder().encode(`7${text}7`);
  return readDecimal(bytes, 1, bytes.length - 1);
}

describe('readDecimal', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['7', 7],
    ['+7', 7],
    ['007', 7],
    ['5.', 5],
    ['.5', 0.5],
    ['-.5e1', -5],
    ['1e3', 1000],
    ['1E+3', 1000],
    ['1e-3', 0.001],
    ['0.1', 0.1],
    ['123456789012345', 123456789012345],
    ['1234567890123456789', 1234567890123456800],
    ['9007199254740993', 9007199254740992],
    ['1e22', 1e22],
    ['1e23', 1e23],
    ['8.5e-23', 8.5e-23],
    ['5e-324', 5e-324],
    ['2e-324', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['1.000000000000000000e+00', 1],
    ['0.000000000000000000000000000000001', 1e-33],
    ['0e999999999999', 0],
    [' 1', 1],
    ['1 ', 1],
    ['\t1\t ', 1],
  ])('reads %j as %d', (text, value) => {
    expect(read(text)).toBe(value);
  });

  it.each([
    ...[
      '',
      ' ',
      '\t',
      '.',
      '+',
      '-',
      '+-1',
      '--1',
      '-+1',
      'e',
      'e1',
      '.e1',
      '1e',
      '1e+',
      '1e-',
      '1e1.5',
      '1e1e1',
    ],
    ...[
      '1.2.3',
      '1 2',
      '- 1',
      '1 e3',
      '12abc',
      'abc',
      '0x10',
      '0b1',
      '0o7',
      '1_000',
      '1,000',
      '1n',
      '1f',
      '1d',
    ],
    ...[
      'NaN',
      'nan',
      'Infinity',
      '-inf',
      'null',
      'true',
      '=1+2',
      '$1',
      '1%',
      '½',
      '１',
      '−1',
      '1\n',
      '1\u00a0',
      '"1"',
    ],
  ])('refuses %j', (text) => {
    expect(read(text)).toBeNaN();
  });

  it('gives what is too large for float64 as an infinity', () => {
    expect(read('1e309')).toBe(Infinity);
    expect(read('-1e999999999999999999999')).toBe(-Infinity);
    expect(read('9'.repeat(400))).toBe(Infinity);
  });

  it('reads every float64 back from its shortest text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(read(`${x}`)).toBe(Object.is(x, -0) ? 0 : x); // String(-0) is "0"
        expect(read(x.toExponential())).toBe(Object.is(x, -0) ? 0 : x);
      }),
    );
  });

  it('agrees with Number on every string of its grammar', () => {
    const digits = fc.stringMatching(/^[0-9]{1,25}$/);
    const sign = fc.constantFrom('', '+', '-');
    const point = fc.constantFrom('', '.');
    const exponent = fc.oneof(
      fc.constant(''),
      fc.integer({ min: -330, max: 330 }).map((e) => `e${e}`),
    );
    fc.assert(
      fc.property(
        sign,
        digits,
        point,
        fc.oneof(fc.constant(''), digits),
        exponent,
        (s, whole, p, part, e) => {
          const text = `${s}${whole}${p}${p === '' ? '' : part}${e}`;
          expect(read(text)).toBe(Number(text));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('reads no string that its grammar, written as an expression, does not match', () => {
    const grammar = /^[ \t]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t]*$/;
    const characters = fc.constantFrom(...'0123456789', '+', '-', '.', 'e', 'E', ' ', '\t', 'x', '_');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
        expect(Number.isNaN(read(text))).toBe(!grammar.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a number of a million digits', () => {
    expect(read(`0.${'3'.repeat(1_000_000)}`)).toBe(1 / 3);
    expect(read(`${'0'.repeat(1_000_000)}5`)).toBe(5);
  });
});
