import { describe, expect, it } from '@jest/globals';
import { choice, flag, helpText, number, readOptions, text, UsageError } from '../support/options.js';

const OPTIONS = {
  loss: choice(['triplet', 'contrastive', 'circle'], 'triplet', 'the loss'),
  margin: number(undefined, 'its margin', { min: 0, exclusiveMin: true }, 'by loss'),
  epochs: number(30, 'passes over the data', { min: 1, max: 10_000, integer: true }),
  out: text('DIR', 'report', 'folder of the report'),
  json: flag('print one line of JSON'),
};

const read = (...words: string[]) => readOptions(words, OPTIONS);

describe('readOptions', () => {
  it('gives every option its default when no word is given', () => {
    expect(read()).toEqual({ loss: 'triplet', margin: undefined, epochs: 30, out: 'report', json: false });
  });

  it('takes a value behind a space or an equals sign', () => {
    expect(read('--loss', 'circle', '--epochs=4', '--margin', '.5', '--json')).toMatchObject({
      loss: 'circle',
      epochs: 4,
      margin: 0.5,
      json: true,
    });
  });

  it('gives undefined for --help, whatever stands beside it', () => {
    expect(read('--help')).toBeUndefined();
    expect(read('--epochs', '3', '--help')).toBeUndefined();
  });

  it.each([
    [['--los', 'circle'], 'unknown option --los; did you mean --loss?'],
    [['--epoch=3'], 'unknown option --epoch; did you mean --epochs?'],
    [['--jsno'], 'unknown option --jsno; did you mean --json?'],
    [['--quantum'], 'unknown option --quantum; --help lists them'],
    [['-e', '3'], 'unknown option -e; --help lists them'],
    [['--constructor'], 'unknown option --constructor; --help lists them'],
    [['--__proto__=1'], 'unknown option --__proto__; --help lists them'],
    [['--no-json'], 'unknown option --no-json; --help lists them'],
    [['digits.csv'], 'unexpected word "digits.csv"; options begin with --'],
    [['--', '--json'], 'unexpected word "--json"; options begin with --'],
    [['--loss'], '--loss needs a value: --loss triplet|contrastive|circle'],
    [['--loss', '--json'], '--loss needs a value: --loss triplet|contrastive|circle'],
    [
      ['--loss', 'triplets'],
      '--loss must be triplet, contrastive or circle, got "triplets"; did you mean triplet?',
    ],
    [['--loss='], '--loss must be triplet, contrastive or circle, got ""'],
    [['--loss', 'hinge', '--help'], '--loss must be triplet, contrastive or circle, got "hinge"'],
    [['--json=yes'], '--json takes no value, got "yes"'],
    [['--json', '--json'], '--json is given twice'],
    [['--epochs', '3', '--epochs', '4'], '--epochs is given twice'],
    [['--epochs', '0'], '--epochs must be an integer from 1 to 10000, got "0"'],
    [['--epochs', '2.5'], '--epochs must be an integer from 1 to 10000, got "2.5"'],
    [['--epochs', '1e9'], '--epochs must be an integer from 1 to 10000, got "1e9"'],
    [['--epochs', '0x10'], '--epochs must be an integer from 1 to 10000, got "0x10"'],
    [['--epochs', ' 3'], '--epochs must be an integer from 1 to 10000, got " 3"'],
    [['--margin', '0'], '--margin must be a number above 0, got "0"'],
    [['--margin', '-1'], '--margin must be a number above 0, got "-1"'],
    [['--margin', 'NaN'], '--margin must be a number above 0, got "NaN"'],
    [['--margin', '1e999'], '--margin must be a number above 0, got "1e999"'],
    [['--out', ''], '--out must not be empty'],
    [['--\u001b[2J'], 'unknown option --\\u001b[2J; --help lists them'],
    [['--loss', '\u009b1m\n'], '--loss must be triplet, contrastive or circle, got "\\u009b1m\\n"'],
  ])('refuses %j in one line', (words, message) => {
    expect(() => read(...words)).toThrow(new UsageError(message));
  });

  it('cuts a long word', () => {
    expect(() => read('x'.repeat(5000))).toThrow(
      new UsageError(`unexpected word "${'x'.repeat(79)}…"; options begin with --`),
    );
  });
});

describe('helpText', () => {
  it('lists every option with its default', () => {
    expect(helpText('usage: demo [options]', OPTIONS)).toBe(`usage: demo [options]

  --loss triplet|contrastive|circle  the loss (default: triplet)
  --margin N                         its margin (default: by loss)
  --epochs N                         passes over the data (default: 30)
  --out DIR                          folder of the report (default: report)
  --json                             print one line of JSON
  --help                             print this and stop
`);
  });
});
