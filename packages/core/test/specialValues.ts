/** @file Prints docs/special-values.md from the test rows: tools/specialValues.mjs writes it and checks that it is current. */
import { DTypeError, NumericError } from '../src/errors.js';
import { type Elementwise, FOLDED, type Folds, type OpInfo, type Special } from './opInfo/row.js';
import { modules, opInfo } from './opInfo.js';

const rows = Object.entries(opInfo as Record<string, OpInfo>);

/** The heading under which the lines of an op stand, by the file that it is in; headings come in this order. */
const FAMILIES: Readonly<Record<keyof typeof modules, string>> = {
  define: 'Elementary functions',
  elementwise: 'Elementary functions',
  trigonometric: 'Trigonometric and hyperbolic functions',
  special: 'Special functions',
  activations: 'Activations',
  reduce: 'Reductions',
  rows: 'Functions of rows',
  distance: 'Functions of rows',
  scan: 'Running results',
  order: 'Order',
  linalg: 'Linear algebra',
  factorisation: 'Linear algebra',
  einsum: 'Linear algebra',
  movement: 'Positions and places',
  indexing: 'Positions and places',
  advancedIndexing: 'Positions and places',
  scatter: 'Positions and places',
  inPlace: 'Positions and places',
  custom: 'Positions and places',
  normalisation: 'Networks',
  convolution: 'Networks',
  pooling: 'Networks',
  attention: 'Networks',
  embedding: 'Networks',
  dropout: 'Networks',
};

const familyOf = new Map(
  Object.entries(FAMILIES).flatMap(([file, family]) =>
    Object.keys(modules[file as keyof typeof modules]).map((name) => [name, family] as const),
  ),
);

function number(x: number): string {
  if (Object.is(x, -0)) return '−0';
  const digits = Number.isInteger(x) && Math.abs(x) < 1e6 ? `${x}` : `${Number(x.toPrecision(4))}`;
  return digits.replace('Infinity', '∞').replaceAll('-', '−');
}

/** A value as the tables print it. */
function shown(x: unknown): string {
  if (typeof x === 'number') return number(x);
  if (Array.isArray(x)) return `[${x.map(shown).join(', ')}]`;
  return typeof x === 'string' ? 'refused' : `${x}`;
}

/** Lines of a table; columns that hold nothing are still there. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const escaped = body.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  return [line(head), line(head.map(() => '---')), ...escaped.map(line)].join('\n');
}

/** `result (derivatives)`; derivatives that nothing is said of are left out. */
function outcome([, output, derivatives = []]: Special): string {
  const known = derivatives.map((d) => (d === undefined ? '·' : number(d + 0)));
  return known.every((d) => d === '·') ? number(output) : `${number(output)} (${known.join(', ')})`;
}

const COLUMNS = [Number.NaN, Infinity, -Infinity, 0, -0];
const point = (inputs: readonly number[]): string => `(${inputs.map(number).join(', ')})`;

/** Whether one operand of a point is `x` and the real others are numbers like any. */
function has(row: Elementwise, [inputs]: Special, operand: number, x: number): boolean {
  return inputs.every((input, i) => {
    if (i === operand) return Object.is(input, x);
    return row.operands[i] === 'bool' || (Number.isFinite(input) && input !== 0);
  });
}

/** Whether a point is about more than the accuracy of ordinary numbers. */
function isSpecial([inputs, output]: Special): boolean {
  return !Number.isFinite(output) || inputs.some((x) => !Number.isFinite(x) || x === 0);
}

/** Lines for an elementwise op, one per real operand, and the points that no column has. */
function elementwiseLines(name: string, row: Elementwise): { lines: string[][]; rest: string[][] } {
  const special = row.special ?? [];
  const used = new Set<Special>(special.filter((entry) => !isSpecial(entry)));
  const lines = row.operands.flatMap((domain, operand) => {
    if (domain === 'bool') return [];
    const cells = COLUMNS.map((x) => {
      const all = special.filter((entry) => has(row, entry, operand, x));
      for (const entry of all) used.add(entry);
      const found = all.find(([, , derivatives]) => derivatives !== undefined) ?? all[0];
      if (found === undefined) return '·';
      return row.operands.length === 1 ? outcome(found) : `${point(found[0])} → ${outcome(found)}`;
    });
    return cells.every((cell) => cell === '·') ? [] : [[`\`${name}\``, ...cells]];
  });
  const rest = special
    .filter((entry) => !used.has(entry))
    .map((entry) => [`\`${name}\``, point(entry[0]), outcome(entry)]);
  return { lines, rest };
}

/** A table for each family that has lines, under its heading. */
function byFamily(head: readonly string[], linesOf: (name: string, row: OpInfo) => string[][]): string {
  return [...new Set(Object.values(FAMILIES))]
    .flatMap((family) => {
      const lines = rows.flatMap(([name, row]) => (familyOf.get(name) === family ? linesOf(name, row) : []));
      return lines.length === 0 ? [] : [`### ${family}\n\n${table(head, lines)}`];
    })
    .join('\n\n');
}

const ofNumbers =
  (arity: (n: number) => boolean) =>
  (name: string, row: OpInfo): string[][] =>
    row.kind === 'elementwise' && arity(row.operands.length) ? elementwiseLines(name, row).lines : [];

const furtherPoints = (name: string, row: OpInfo): string[][] =>
  row.kind === 'elementwise' ? elementwiseLines(name, row).rest : [];

const FOLD_TITLES: Readonly<Record<keyof Folds, string>> = {
  nothing: 'nothing',
  NaN: '[1, NaN, 3]',
  infinity: '[1, ∞]',
  infinities: '[∞, −∞]',
  negative: '[−∞, −∞]',
};

function foldLines(name: string, row: OpInfo): string[][] {
  if (row.kind !== 'sampled' || row.folds === undefined) return [];
  const { folds, fold: [written] = [name] } = row;
  return [[`\`${written}\``, ...Object.keys(FOLDED).map((what) => shown(folds[what as keyof Folds]))]];
}

const kinkLines = (name: string, row: OpInfo): string[][] =>
  (row.kinks ?? []).map(({ at, subgradient }) => [`\`${name}\``, at, subgradient]);

/** Facts that speak of these values. */
const SPEAKS = /\bNaN\b|∞|infinit|\bnothing\b|\bempty\b|−0|\bzeros?\b/i;

const factLines = (name: string, row: OpInfo): string[][] =>
  (row.facts ?? []).flatMap(([sentence]) => (SPEAKS.test(sentence) ? [[`\`${name}\``, sentence]] : []));

const refusalLines = (name: string, row: OpInfo): string[][] =>
  (row.refusals ?? []).flatMap(([, error, message]) => {
    const ofValues =
      error === (NumericError as unknown) || (error === (DTypeError as unknown) && /NaN|fit/.test(message));
    return ofValues ? [[`\`${name}\``, message.slice(message.indexOf(': ') + 2)]] : [];
  });

const moves = Object.keys(modules.movement).map((name) => `\`${name}\``);
const heads = COLUMNS.map(number);

console.log(`# Special values

What each op makes of NaN, the infinities, the signed zeros and of nothing. Written from the test rows in
\`packages/core/test/opInfo/\` by \`pnpm special-values\`; every entry is asserted by \`opTable.test.ts\`. Edit the rows,
not this page. Reasons are in [numerics.md](numerics.md).

A cell is *value* or *value (derivative by each operand)*, in float64, for a cotangent of 1; a dot stands where no claim is
made, and the sign of a derivative of 0 is left out. A cotangent of 0 gives a derivative of 0 at all of these points.

## Functions of one number

${byFamily(
  ['op', ...heads],
  ofNumbers((n) => n === 1),
)}

## Functions of several numbers

One line per operand that takes the value at the head of the column, beside ordinary numbers.

${byFamily(
  ['op', ...heads],
  ofNumbers((n) => n > 1),
)}

## Further points

${byFamily(['op', 'at', 'value (derivatives)'], furtherPoints)}

## Folds and functions of lines

Of whole vectors x; *refused* is an error that names the op. A fold of an empty axis that leaves an empty result is never refused.

${byFamily(['op', ...Object.values(FOLD_TITLES)], foldLines)}

## Moves

${moves.join(', ')}, \`indexSelect\`, \`gather\` and \`stopGradient\` give NaN, infinities and zeros as they came, bit for bit but for the
payload of a NaN. Moves of nothing give nothing, and \`pad\` its border.

## Kinks

${byFamily(['op', 'at', 'subgradient'], kinkLines)}

## Further rules

${byFamily(['op', 'rule'], factLines)}

## Refused values

${byFamily(['op', 'refusal'], refusalLines)}`);
