/** @file Numeric tables from CSV text: {@link parseCsv}. */
import { ArgumentError, DataError, FormatError, IndexError } from '@ndgrad/core';
import { checkNumber, checkOptions, describeValue, nearest } from '@ndgrad/core/arguments';
import { CsvScanner, MOST_COLUMNS } from './csvScanner.js';
import { readDecimal } from './decimal.js';
import { excerpt, sourceName } from './excerpt.js';
import { byteLimit, checkBytes, inflated, tooLarge } from './gunzip.js';

/** How {@link parseCsv} reads a table. */
export interface CsvOptions {
  /**
   * Whether the first row names the columns. `'auto'` (default) takes it for names when each field begins with a letter
   * or an underscore (some, not all, may be empty) and none is a word for a missing number (`NaN`, `NA`, `null`, …).
   * With `target` a name, `'auto'` means `true`.
   */
  readonly header?: boolean | 'auto';
  /** What stands between two fields. Default `','`. */
  readonly delimiter?: ',' | ';' | '\t' | '|';
  /** The name that errors give the source. Default `source`. */
  readonly file?: string;
  /** How many columns the table must have, the target included. Default: as many as its first row. */
  readonly columns?: number;
  /** Lines to pass over before the table begins, whatever they hold. Default `0`. */
  readonly skipRows?: number;
  /** The most bytes to accept, counted after inflating; at most 2³¹ − 1. Default 2³⁰ (1 GiB). */
  readonly maxBytes?: number;
}

/** {@link CsvOptions} that set one column apart as the labels. */
export interface LabelledCsvOptions extends CsvOptions {
  /**
   * The column of the labels: its name, or its index from 0 (negative: from the end, `-1` the last). Its values must be
   * integers of int32; `3` and `3.0` are the same label.
   */
  readonly target: string | number;
}

/** A table of numbers, row by row. */
export interface Table {
  /** The columns' names, where the file gives them. */
  readonly columns: readonly string[] | undefined;
  /** How many rows, the header not counted. */
  readonly rows: number;
  /** How many columns. */
  readonly width: number;
  /** The numbers: column `j` of row `i` is `values[i * width + j]`. */
  readonly values: Float64Array;
}

/** A {@link Table} of features; the target's column is not among `columns`, `width` and `values`. */
export interface LabelledTable extends Table {
  /** One label a row. */
  readonly labels: Int32Array;
}

/** The options, for callers that pass them on; subpath `node` reads the same. */
export const CSV_OPTIONS = [
  'header',
  'delimiter',
  'file',
  'columns',
  'skipRows',
  'maxBytes',
  'target',
] as const;

const DELIMITERS = [',', ';', '\t', '|'] as const;
const NAME_START = /^[\p{L}_]/u;
const MISSING = new Set(['na', 'n/a', 'nan', 'null', 'none', 'nil', 'inf', 'infinity']);
const LARGEST_LABEL = 2 ** 31 - 1;
const SMALLEST_LABEL = -(2 ** 31);
/** What a decoder writes for bytes that are not UTF-8. */
const NOT_UTF8 = '\ufffd';
const FIRST_CAPACITY = 256;
/** Characters of a name that is offered as what may have been meant. */
const LONGEST_CANDIDATE = 80;

const utf8 = /* @__PURE__ */ new TextEncoder();

/**
 * Reads a table of numbers from CSV text: RFC 4180, plain or gzipped (known by its first bytes), UTF-8.
 *
 * Nothing is guessed and nothing is repaired: each field must spell a finite decimal number (`12abc`, `0x10`, `NaN`,
 * `=A1` and an empty field are refused), and each row must have as many fields as the first.
 * Spaces and tabs around a number or an unquoted name do not count. Rows end in LF, CRLF or CR. A byte order mark is
 * passed over, and so are blank lines at the end; blank lines elsewhere are refused. A header without rows gives a table
 * of 0 rows. Fields may hold 1 MiB, rows 65 536 columns, the whole 1 GiB unless `maxBytes` says otherwise.
 *
 * @param source - the text, or its bytes, plain or gzipped. Read, never kept.
 * @param options - see {@link CsvOptions} and {@link LabelledCsvOptions}.
 * @returns the numbers in float64; with `target` also the labels in int32.
 * @throws {@link DataError} naming file, row, column (from 1, as in the file) and the row's first 80 characters.
 * @throws {@link LimitError} if a field, a row or the whole is larger than the limits, or a gzip bomb.
 * @throws {@link FormatError} or {@link IntegrityError} if gzip is damaged, or the text is UTF-16.
 * @throws {@link ArgumentError} or {@link IndexError} if an option is at fault.
 *
 * @example
 * ```ts
 * import { parseCsv } from '@ndgrad/io';
 *
 * const flowers = parseCsv('length,width,species\n5.5,3.25,0\n6,2.5,1\n', { target: 'species' });
 * flowers.columns // => ['length', 'width']
 * Array.from(flowers.values) // => [5.5, 3.25, 6, 2.5]
 * Array.from(flowers.labels) // => [0, 1]
 * ```
 *
 * @see {@link tableToTensors} for the step to tensors; `readCsv` of `@ndgrad/io/node` for files.
 */
export function parseCsv(source: string | Uint8Array, options: LabelledCsvOptions): LabelledTable;
export function parseCsv(source: string | Uint8Array, options?: CsvOptions): Table;
export function parseCsv(
  source: string | Uint8Array,
  options: CsvOptions | LabelledCsvOptions = {},
): Table | LabelledTable {
  checkOptions('parseCsv', options, CSV_OPTIONS);
  return readTable('parseCsv', source, options);
}

/** {@link parseCsv} on behalf of the function `where`, which has refused unknown options. */
export function readTable(
  where: string,
  source: string | Uint8Array,
  options: CsvOptions & Partial<LabelledCsvOptions>,
): Table | LabelledTable {
  const { target } = options;
  const delimiter = checkDelimiter(where, options.delimiter ?? ',');
  checkTarget(where, target);
  const header = checkHeader(where, options.header ?? 'auto', typeof target === 'string');
  const skipRows = checkNumber(where, 'skipRows', options.skipRows ?? 0, { integer: true, min: 0 });
  const expected =
    options.columns === undefined
      ? undefined
      : checkNumber(where, 'columns', options.columns, { integer: true, min: 1, max: MOST_COLUMNS });
  const maxBytes = byteLimit(where, options.maxBytes);
  const name = sourceName(where, options.file, 'source');

  const bytes = textBytes(where, name, source, maxBytes);

  const scanner = new CsvScanner(where, name, bytes, delimiter.charCodeAt(0));
  if (!scanner.skipLines(skipRows)) throw noRows(where, name, `fewer than the ${skipRows} rows of skipRows`);
  const top = scanner.bookmark();
  const none = skipRows === 0 ? 'none' : `none after ${skipRows} skipped`;
  if (!nextRow(scanner)) throw noRows(where, name, none);

  const names: string[] = [];
  let broken: DataError | undefined;
  do {
    const text = scanner.text();
    if (text.includes(NOT_UTF8)) broken ??= scanner.refusal('be UTF-8 text', excerpt(text));
    names.push(text);
  } while (!scanner.endsRow && scanner.next());
  const width = expected ?? names.length;
  const asked = expected === undefined ? `row ${scanner.row} has ${count(width)}` : `columns is ${expected}`;
  if (names.length < width) throw scanner.raggedness(names.length + 1, `is missing, ${asked}`);
  if (names.length > width) throw scanner.raggedness(width + 1, `is one too many, ${asked}`);

  const hasHeader = header === 'auto' ? looksLikeNames(names) : header;
  if (hasHeader && broken !== undefined) throw broken;
  const labelColumn = target === undefined ? undefined : targetColumn(where, scanner, target, names);

  if (!hasHeader) scanner.goTo(top);
  // Only a first row that was not taken for names may be a header in disguise.
  const advice = hasHeader
    ? undefined
    : 'pass header: true if it names the columns, skipRows if it is a remark';
  const { rows, values, labels } = readRows(scanner, width, labelColumn, asked, advice);
  const columns = hasHeader ? names.filter((_, column) => column !== labelColumn) : undefined;
  if (labelColumn === undefined) return { columns, rows, width, values };
  return { columns, rows, width: width - 1, values, labels };
}

/** The numbers of all rows from here on; `advice` is for whom the first of them surprises. */
function readRows(
  scanner: CsvScanner,
  width: number,
  labelColumn: number | undefined,
  asked: string,
  advice: string | undefined,
): { rows: number; values: Float64Array; labels: Int32Array } {
  let values = new Float64Array(FIRST_CAPACITY);
  let labels = new Float64Array(labelColumn === undefined ? 0 : FIRST_CAPACITY);
  let filled = 0;
  let rows = 0;
  while (nextRow(scanner)) {
    if (filled + width > values.length) values = enlarged(values, filled + width);
    if (labelColumn !== undefined && rows === labels.length) labels = enlarged(labels, rows + 1);
    for (let column = 0; column < width; column++) {
      if (column > 0) {
        if (scanner.endsRow) throw scanner.raggedness(column + 1, `is missing, ${asked}`);
        scanner.next();
      }
      const value = readDecimal(scanner.bytes, scanner.start, scanner.end);
      if (!Number.isFinite(value)) {
        const must = Number.isNaN(value) ? 'be a number' : 'be a number that float64 can hold';
        throw scanner.refusal(must, scanner.got(), rows === 0 ? advice : undefined);
      }
      if (column !== labelColumn) {
        values[filled++] = value;
      } else if (Number.isInteger(value) && value >= SMALLEST_LABEL && value <= LARGEST_LABEL) {
        labels[rows] = value;
      } else {
        const must = `be a label, an integer from ${SMALLEST_LABEL} to ${LARGEST_LABEL}`;
        throw scanner.refusal(must, scanner.got());
      }
    }
    if (!scanner.endsRow) {
      scanner.next();
      throw scanner.raggedness(width + 1, `is one too many, ${asked}`);
    }
    rows++;
  }
  return { rows, values: values.slice(0, filled), labels: new Int32Array(labels.subarray(0, rows)) };
}

/** The bytes of the text, inflated if need be. */
function textBytes(where: string, name: string, source: string | Uint8Array, maxBytes: number): Uint8Array {
  if (typeof source === 'string') {
    // UTF-8 is never shorter than the count of UTF-16 units, so this refuses before it encodes.
    if (source.length > maxBytes) throw tooLarge(where, name, source.length, maxBytes);
    return inflated(where, name, utf8.encode(source), maxBytes);
  }
  checkBytes(where, 'source', source, 'be a string or a Uint8Array');
  const bytes = inflated(where, name, source, maxBytes);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    const hint = 'save it as UTF-8';
    throw new FormatError({ where, argument: name, must: 'be UTF-8 text', got: 'UTF-16', hint });
  }
  return bytes;
}

function checkDelimiter(where: string, delimiter: unknown): string {
  const found = DELIMITERS.find((known) => known === delimiter);
  if (found !== undefined) return found;
  const must = `be ${DELIMITERS.map((known) => JSON.stringify(known)).join(' or ')}`;
  throw new ArgumentError({ where, argument: 'delimiter', must, got: describeValue(delimiter) });
}

function checkTarget(where: string, target: unknown): void {
  if (target === undefined || typeof target === 'string' || Number.isInteger(target)) return;
  const must = "be a column's name or index";
  throw new ArgumentError({ where, argument: 'target', must, got: describeValue(target) });
}

function checkHeader(where: string, header: unknown, isTargetNamed: boolean): boolean | 'auto' {
  if (header !== true && header !== false && header !== 'auto') {
    const must = "be true, false or 'auto'";
    throw new ArgumentError({ where, argument: 'header', must, got: describeValue(header) });
  }
  if (!isTargetNamed) return header;
  if (header !== false) return true;
  const hint = "give target as the column's index";
  throw new ArgumentError({
    where,
    argument: 'header',
    must: 'be true when target is a name',
    got: 'false',
    hint,
  });
}

/** Moves to the first field of the next row. Blank lines may end the text, and nothing else. */
function nextRow(scanner: CsvScanner): boolean {
  let blank: DataError | undefined;
  while (scanner.next()) {
    if (!scanner.isBlankLine) {
      if (blank !== undefined) throw blank;
      return true;
    }
    blank ??= scanner.refusal('hold a field', 'a blank line');
  }
  return false;
}

/** Whether a first row is a header beyond doubt. In doubt it is data: a number misspelt must not become a name. */
function looksLikeNames(fields: readonly string[]): boolean {
  const named = fields.filter((field) => field !== '');
  return (
    named.length > 0 && named.every((field) => NAME_START.test(field) && !MISSING.has(field.toLowerCase()))
  );
}

/** The index of the target's column; `scanner` stands in the row of the names. */
function targetColumn(
  where: string,
  scanner: CsvScanner,
  target: string | number,
  names: readonly string[],
): number {
  const width = names.length;
  if (typeof target === 'number') {
    if (target >= -width && target < width) return target < 0 ? target + width : target;
    const must = `be from ${-width} to ${width - 1}, for ${count(width)}`;
    throw new IndexError({ where, argument: 'target', must, got: `${target}` });
  }
  const column = names.indexOf(target);
  const times = names.filter((name) => name === target).length;
  if (times === 1) return column;
  // A header may name 65 536 columns in a megabyte each, and comparing takes the product of the lengths.
  const candidates = times === 0 ? names.filter((name) => name.length <= LONGEST_CANDIDATE) : [];
  const near = nearest(target, candidates);
  const advice = near === undefined ? undefined : `did you mean ${excerpt(near)}?`;
  throw scanner.rowRefusal(
    `name one column ${excerpt(target)}, the target`,
    times === 0 ? 'none' : `${times}`,
    advice,
  );
}

function count(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}

function noRows(where: string, name: string, got: string): DataError {
  return new DataError({ where, argument: name, must: 'hold at least one row', got });
}

function enlarged(values: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, 2 * values.length));
  larger.set(values);
  return larger;
}
