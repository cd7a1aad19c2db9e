import { describe, expect, it } from '@jest/globals';
import { pageBlocks, sourceBlocks } from '../doctest/blocks.mjs';
import { __expect, alike } from '../doctest/expect.mjs';
import { instrument } from '../doctest/instrument.mjs';

/** Runs a block as the doc tests do; what goes wrong is thrown. */
async function run(code: string): Promise<void> {
  const body = instrument(code, 1).code;
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (expectation: typeof __expect) => Promise<void>;
  await new AsyncFunction('__expect', body)(__expect);
}

describe('blocks of a page', () => {
  it('are the ts fences, with the line they start on', () => {
    const page = ['# T', '```ts', 'a;', '```', '```sh', 'b', '```', '```ts no-run', 'c;', '```'].join('\n');
    expect(pageBlocks('p.md', page)).toEqual([
      { file: 'p.md', line: 3, code: 'a;', skip: false, inSource: false },
      { file: 'p.md', line: 9, code: 'c;', skip: true, inSource: false },
    ]);
  });

  it('may go on from the one before, line numbers kept', () => {
    const page = ['```ts', 'a;', '```', 'text', '```ts continued', 'b;', '```'].join('\n');
    const code = pageBlocks('p.md', page)[1]?.code;
    expect(code?.split('\n').indexOf('b;')).toBe(4);
  });
});

describe('blocks of a source', () => {
  it('are what @example holds, fenced or not', () => {
    const text = [
      '/**',
      ' * Adds.',
      ' * @example',
      ' * ```ts',
      ' * add(1, 2); // => 3',
      ' * ```',
      ' * @param a left',
      ' */',
      'x;',
      '/** @param b',
      ' * @example',
      ' * sub(1, 2);',
      ' */',
    ].join('\n');
    expect(sourceBlocks('s.ts', text)).toEqual([
      { file: 's.ts', line: 5, code: 'add(1, 2); // => 3', skip: false, inSource: true },
      { file: 's.ts', line: 12, code: 'sub(1, 2);', skip: false, inSource: true },
    ]);
  });
});

describe('a promised value', () => {
  it.each([
    ['a number', '1 + 1; // => 2'],
    ['a number shown with few digits, said so', 'Math.tanh(1); // => ≈ 0.762'],
    ['an array', '[1, 2].map((x) => 2 * x); // => [2, 4]'],
    ['a typed array', 'new Float32Array([0.1]); // => [0.1]'],
    ['what a name holds', 'const y = 3; // => 3'],
    ['what is printed', "console.log('a', 1); // => a 1"],
    ['a string without quotes', "'float' + 32; // => float32"],
    ['a value in terms of the block', 'const n = 2;\nn * n; // => n + n'],
    ['not a number', '0 / 0; // => NaN'],
    ['a tensor as nested arrays', '({ shape: [1, 2], toArray: () => [[1, 2]] }); // => [[1, 2]]'],
    ['a value over several lines', '[[1, 2], [3, 4]]; // => [[1, 2],\n//     [3, 4]]'],
    ['a value on the next line', '[1];\n// => [1]'],
    ['a value inside a loop', 'for (const i of [0, 1]) {\n  i * 0; // => 0\n}'],
    ['what a promise brings', 'await Promise.resolve(4); // => 4'],
    ['an error', 'null.x; // => throws TypeError'],
    [
      'an error by its message',
      "throwing();\n// => throws Error: no way\nfunction throwing() { throw new Error('no way out'); }",
    ],
    ['an error in place of a value', 'const z = null.x; // => throws TypeError'],
  ])('holds for %s', async (_, code) => {
    await run(code);
  });

  it.each([
    ['another number', '1 + 1; // => 3', /line 1: promised 3\s+got 2/],
    ['another sixth digit', 'Math.tanh(1); // => 0.76159', /promised 0.76159/],
    ['another length', '[1, 2]; // => [1]', /got \[ 1, 2 \]/],
    ['no error', '1; // => throws TypeError', /nothing was thrown/],
    ['another error', 'null.x; // => throws RangeError', /TypeError/],
    ['an error in place of a value', 'null.x; // => 1', /Cannot read/],
    ['a picture that differs', '1; // => one thing', /promised one thing/],
  ])('breaks for %s', async (_, code, message) => {
    await expect(run(code)).rejects.toThrow(message);
  });

  it('without an expression is refused', () => {
    expect(() => instrument('// => 3', 7)).toThrow(/line 7: no expression/);
  });

  it('is not read out of a string', () => {
    expect(instrument("const s = '// => 3';", 1).expectations).toBe(0);
  });
});

it('code that does not parse is refused with its line', () => {
  expect(() => instrument('const a = ;', 10)).toThrow(/line 10/);
});

it('names that a block leaves open are found, its own are not', () => {
  const { unused } = instrument('const a = tensor([1]); a.sum({ axis }); const f = (b: Shape) => b;', 1);
  expect(unused.sort()).toEqual(['axis', 'tensor']);
});

it('numbers are alike to six digits, NaN to itself, dust to zero', () => {
  expect(alike(1, 1 + 1e-7)).toBe(true);
  expect(alike(1, 1 + 1e-5)).toBe(false);
  expect(alike(Number.NaN, Number.NaN)).toBe(true);
  expect(alike(1e-9, 0)).toBe(true);
  expect(alike({ a: [1] }, { a: [1] })).toBe(true);
  expect(alike({ a: 1, b: 2 }, { a: 1 })).toBe(false);
});
