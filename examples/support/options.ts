/** @file Command-line options, strictly: an unknown name or a value out of bounds is one clear line, not a guess. */
import { parseArgs } from 'node:util';

/** A wrong word on the command line. Its message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One option: how its text is read, what it is without it, and its line in `--help`. */
export interface Option<T> {
  /** What stands behind the name in `--help`; absent for a flag, which takes no value. */
  readonly placeholder?: string;
  readonly help: string;
  readonly fallback: T;
  /** How the fallback reads in `--help`, where its own text would not do. */
  readonly fallbackText?: string;
  /** Reads a value; `name` is the option with its dashes, for the message of what it throws. */
  readonly read: (text: string, name: string) => T;
}

/** An option that is one of a few words. */
export function choice<const W extends string>(words: readonly W[], fallback: W, help: string): Option<W> {
  return {
    placeholder: words.join('|'),
    help,
    fallback,
    read: (text, name) => {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) {
        throw new UsageError(`${name} must be ${list(words)}, got ${quoted(text)}${meant(text, words)}`);
      }
      return word;
    },
  };
}

/** The bounds of a number, both of them allowed values unless `exclusiveMin` says otherwise. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly exclusiveMin?: boolean;
}

/** An option that is a number. `fallback` may be `undefined` when something else decides: say what in `fallbackText`. */
export function number<F extends number | undefined>(
  fallback: F,
  help: string,
  bounds: Bounds = {},
  fallbackText?: string,
): Option<number | F> {
  return {
    placeholder: 'N',
    help,
    fallback,
    ...(fallbackText === undefined ? {} : { fallbackText }),
    read: (text, name) => readNumber(text, name, bounds),
  };
}

/** An option that is any text but the empty one. */
export function text<F extends string | undefined>(
  placeholder: string,
  fallback: F,
  help: string,
  fallbackText?: string,
): Option<string | F> {
  return {
    placeholder,
    help,
    fallback,
    ...(fallbackText === undefined ? {} : { fallbackText }),
    read: (value, name) => {
      if (value === '') throw new UsageError(`${name} must not be empty`);
      return value;
    },
  };
}

/** An option without a value: given or not. */
export function flag(help: string): Option<boolean> {
  return { help, fallback: false, read: () => true };
}

/** The values that a table of options reads to. */
export type Values<O extends Record<string, Option<unknown>>> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

/**
 * Reads `words` (`process.argv.slice(2)`) by a table of options.
 *
 * `--name value` and `--name=value` both serve; an option may stand once. `--help` always exists: it gives `undefined`.
 *
 * @throws UsageError for an unknown option (with the nearest name), a value that is missing or out of bounds, an option
 * given twice, a word that belongs to no option.
 */
export function readOptions<O extends Record<string, Option<unknown>>>(
  words: readonly string[],
  options: O,
): Values<O> | undefined {
  const { tokens } = parseArgs({
    args: [...words],
    options: {
      help: { type: 'boolean' },
      ...Object.fromEntries(
        Object.entries(options).map(([name, { placeholder }]) => [
          name,
          { type: placeholder === undefined ? ('boolean' as const) : ('string' as const) },
        ]),
      ),
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, unknown>();
  let help = false;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new UsageError(`unexpected word ${quoted(token.value)}; options begin with --`);
    }
    const name = token.rawName;
    const option =
      Object.hasOwn(options, token.name) && name === `--${token.name}` ? options[token.name] : undefined;
    if (name === '--help') {
      help = true;
      continue;
    }
    if (option === undefined) {
      const known = [...Object.keys(options), 'help'].map((known) => `--${known}`);
      throw new UsageError(`unknown option ${shown(name)}${meant(name, known) || '; --help lists them'}`);
    }
    if (values.has(token.name)) throw new UsageError(`${name} is given twice`);
    if (option.placeholder === undefined) {
      if (token.value !== undefined) {
        throw new UsageError(`${name} takes no value, got ${quoted(token.value)}`);
      }
      values.set(token.name, true);
    } else {
      // `--loss --json` forgot the value; a lone negative number is one.
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        throw new UsageError(`${name} needs a value: ${name} ${option.placeholder}`);
      }
      values.set(token.name, option.read(token.value, name));
    }
  }
  if (help) return undefined;
  const entries = Object.entries(options).map(([name, { fallback }]) => [
    name,
    values.has(name) ? values.get(name) : fallback,
  ]);
  return Object.fromEntries(entries) as Values<O>;
}

/** What `--help` prints: `usage`, then a line per option with its default. */
export function helpText(usage: string, options: Record<string, Option<unknown>>): string {
  const rows = Object.entries(options).map(([name, { placeholder, help, fallback, fallbackText }]) => {
    const otherwise =
      fallbackText ?? (placeholder === undefined || fallback === undefined ? '' : String(fallback));
    return [`--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`, help, otherwise] as const;
  });
  const all = [...rows, ['--help', 'print this and stop', ''] as const];
  const width = Math.max(...all.map(([left]) => left.length));
  const lines = all.map(
    ([left, help, otherwise]) =>
      `  ${left.padEnd(width)}  ${help}${otherwise === '' ? '' : ` (default: ${otherwise})`}`,
  );
  return `${usage}\n\n${lines.join('\n')}\n`;
}

/** Reads a plain decimal number: `Number` alone would also take "", " 7 " and "0x10". */
export function readNumber(text: string, name: string, bounds: Bounds): number {
  const { min = -Infinity, max = Infinity, integer = false, exclusiveMin = false } = bounds;
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  const inside = value <= max && (exclusiveMin ? value > min : value >= min);
  if (!Number.isFinite(value) || !inside || (integer && !Number.isInteger(value))) {
    throw new UsageError(`${name} must be ${wanted(bounds)}, got ${quoted(text)}`);
  }
  return value;
}

function wanted({ min, max, integer = false, exclusiveMin = false }: Bounds): string {
  const kind = integer ? 'an integer' : 'a number';
  if (min !== undefined && max !== undefined) {
    return exclusiveMin ? `${kind} above ${min} and at most ${max}` : `${kind} from ${min} to ${max}`;
  }
  if (min !== undefined) return `${kind} ${exclusiveMin ? 'above' : 'of at least'} ${min}`;
  if (max !== undefined) return `${kind} of at most ${max}`;
  return kind;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** ` ; did you mean …?` for the nearest of `known`, or nothing where none is near. */
function meant(word: string, known: readonly string[]): string {
  let best = { word: '', distance: Infinity };
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < best.distance) best = { word: candidate, distance };
  }
  const near = best.distance <= Math.max(2, Math.floor(best.word.length / 3));
  return near ? `; did you mean ${best.word}?` : '';
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    above = row;
  }
  return above[b.length] as number;
}

/** A word from outside, safe to print on one line: control characters escaped, long ones cut. */
function shown(word: string): string {
  return quoted(word).slice(1, -1);
}

function quoted(word: string): string {
  const cut = word.length > 80 ? `${word.slice(0, 79)}…` : word;
  // JSON leaves the second block of control characters as it is, and terminals obey them.
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
