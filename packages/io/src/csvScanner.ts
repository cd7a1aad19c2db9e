/**
 * @file One pass over the bytes of a CSV text (RFC 4180), field by field: where each begins and ends, and where it
 * stands in the file. Why not a library: docs/decisions/0006-csv.md.
 */
import { DataError, LimitError } from '@ndgrad/core';
import { excerpt } from './excerpt.js';

/** Bytes that one field may hold: 1 MiB. A quote left open runs into it. */
const LONGEST_FIELD = 2 ** 20;
/** Fields that one row may hold. */
export const MOST_COLUMNS = 2 ** 16;

/** Bytes of a row that are decoded for a message: 80 characters take at most 320. */
const EXCERPT_BYTES = 324;

const NUL = 0x00;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;

// A byte order mark inside the text is shown, not swallowed. What is not UTF-8 becomes U+FFFD, which names refuse.
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

type ErrorParts = ConstructorParameters<typeof DataError>[0];

/** A place to come back to. */
export interface Bookmark {
  readonly position: number;
  readonly line: number;
}

/**
 * The cursor. After {@link CsvScanner.next} gave `true`, `start … end` are the bounds of the current field's content,
 * without its quotes, and `row` and `column` say where it stands: both from 1, and rows are lines of the file, those
 * passed over included (a row with line breaks in quotes is called by its first line).
 */
export class CsvScanner {
  readonly bytes: Uint8Array;
  row = 0;
  column = 0;
  start = 0;
  end = 0;
  /** Whether the current field is the last of its row. */
  endsRow = true;

  readonly #where: string;
  readonly #name: string;
  readonly #delimiter: number;
  #position = 0;
  #line = 1;
  #rowStart = 0;
  #quoted = false;
  #doubledQuote = false;

  constructor(where: string, name: string, bytes: Uint8Array, delimiter: number) {
    this.#where = where;
    this.#name = name;
    this.bytes = bytes;
    this.#delimiter = delimiter;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#position = 3;
  }

  /** Passes over whole lines, whatever they hold. False if the text ends before they do. */
  skipLines(lines: number): boolean {
    for (let i = 0; i < lines; i++) {
      if (this.#position >= this.bytes.length) return false;
      this.#endLine(this.#lineBreak(this.#position));
    }
    return true;
  }

  /** The place where the next row begins; only meaningful between rows. */
  bookmark(): Bookmark {
    return { position: this.#position, line: this.#line };
  }

  /** Goes back to a place between two rows. */
  goTo({ position, line }: Bookmark): void {
    this.#position = position;
    this.#line = line;
    this.endsRow = true;
  }

  /** Moves to the next field; false at the end of the text. */
  next(): boolean {
    if (this.endsRow) {
      if (this.#position >= this.bytes.length) return false;
      this.row = this.#line;
      this.column = 1;
      this.#rowStart = this.#position;
    } else {
      this.column++;
      if (this.column > MOST_COLUMNS) {
        this.start = this.#position;
        throw new LimitError(this.#complaint({ must: `be within the first ${MOST_COLUMNS} columns` }));
      }
    }
    this.#doubledQuote = false;
    this.#quoted = this.bytes[this.#position] === QUOTE;
    if (this.#quoted) this.#quotedField();
    else this.#plainField();
    return true;
  }

  /** Whether the current row is a line with nothing on it. */
  get isBlankLine(): boolean {
    return this.column === 1 && this.endsRow && !this.#quoted && this.start === this.end;
  }

  /** The current field as text. Around what is not quoted, spaces and tabs do not count. */
  text(): string {
    return this.#text(LONGEST_FIELD);
  }

  /** The error that the current field is not what it must be; names file, row, column and the row's beginning. */
  refusal(must: string, got: string, advice?: string): DataError {
    return new DataError(this.#complaint({ must, got }, advice));
  }

  /** The error that the current row has too many fields or too few; `column` is where that shows. */
  raggedness(column: number, problem: string): DataError {
    const argument = `${this.#name} row ${this.row}, column ${column}`;
    return new DataError({ where: this.#where, problem: `${argument} ${problem}`, hint: this.#rowHint() });
  }

  /** The error that the current row as a whole is not what it must be. */
  rowRefusal(must: string, got: string, advice?: string): DataError {
    const argument = `${this.#name} row ${this.row}`;
    return new DataError({ where: this.#where, argument, must, got, hint: this.#rowHint(advice) });
  }

  /** The current field's content for the `got` of a message. */
  got(): string {
    const text = this.#text(EXCERPT_BYTES);
    return text === '' ? 'an empty field' : excerpt(text);
  }

  /** The field's text, from its first `most` bytes. */
  #text(most: number): string {
    let { start, end } = this;
    if (!this.#quoted) {
      while (start < end && isBlank(this.bytes[start])) start++;
      while (start < end && isBlank(this.bytes[end - 1])) end--;
    }
    if (start === end) return '';
    const content = this.bytes.subarray(start, Math.min(end, start + most));
    return utf8.decode(this.#doubledQuote ? withoutDoubles(content) : content);
  }

  #plainField(): void {
    const { bytes } = this;
    const delimiter = this.#delimiter;
    const start = this.#position;
    const stop = Math.min(bytes.length, start + LONGEST_FIELD + 1);
    let i = start;
    let byte = -1;
    for (; i < stop; i++) {
      byte = bytes[i] as number;
      if (byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN) break;
      if (byte === QUOTE || byte === NUL) break;
    }
    this.start = start;
    this.end = i;
    if (i - start > LONGEST_FIELD) throw this.#tooLong();
    if (i < stop && byte === QUOTE) {
      throw this.refusal('hold no quote, or be quoted as a whole', excerpt(this.#rawField()));
    }
    if (i < stop && byte === NUL) throw this.refusal('be text', 'a NUL byte');
    this.#endField(i);
  }

  #quotedField(): void {
    const { bytes } = this;
    const start = this.#position + 1;
    const stop = Math.min(bytes.length, start + LONGEST_FIELD + 1);
    this.start = start;
    this.end = start;
    let i = start;
    for (; ; i++) {
      if (i >= stop) {
        if (stop - start > LONGEST_FIELD) throw this.#tooLong('is a quote left open?');
        throw this.refusal('close its quote', 'the end of the text');
      }
      const byte = bytes[i];
      if (byte === QUOTE) {
        if (bytes[i + 1] !== QUOTE) break;
        this.#doubledQuote = true;
        i++;
      } else if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && bytes[i + 1] !== LINE_FEED)) {
        this.#line++;
      } else if (byte === NUL) {
        throw this.refusal('be text', 'a NUL byte');
      }
    }
    this.end = i;
    const after = bytes[i + 1];
    const closed =
      after === undefined || after === this.#delimiter || after === LINE_FEED || after === CARRIAGE_RETURN;
    if (!closed) throw this.refusal('end at its closing quote', excerpt(this.#rawField()));
    this.#endField(i + 1);
  }

  /** Sets the cursor past what follows the field: a delimiter, a line break or the end of the text. */
  #endField(at: number): void {
    this.endsRow = this.bytes[at] !== this.#delimiter;
    if (this.endsRow) this.#endLine(at);
    else this.#position = at + 1;
  }

  /** Sets the cursor past the line break at `at`, or there if the text ends. */
  #endLine(at: number): void {
    const { bytes } = this;
    const isPair = bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED;
    this.#position = Math.min(bytes.length, at + (isPair ? 2 : 1));
    this.#line++;
  }

  /** Where the line that holds `from` ends. */
  #lineBreak(from: number): number {
    const { bytes } = this;
    let i = from;
    while (i < bytes.length && bytes[i] !== LINE_FEED && bytes[i] !== CARRIAGE_RETURN) i++;
    return i;
  }

  /** The field as it stands in the file, quotes and all, up to the next delimiter: for messages. */
  #rawField(): string {
    const from = this.#quoted ? this.start - 1 : this.start;
    const stop = Math.min(this.bytes.length, from + EXCERPT_BYTES);
    let i = Math.min(this.end, stop);
    while (i < stop && this.bytes[i] !== this.#delimiter && !isLineBreak(this.bytes[i])) i++;
    return utf8.decode(this.bytes.subarray(from, i));
  }

  /** The beginning of the row, to the line break after the current field at most. */
  #rowText(): string {
    const stop = Math.min(this.bytes.length, this.#rowStart + EXCERPT_BYTES);
    // Line breaks up to the end of the current field are inside quotes, or the row would have ended there.
    let i = Math.min(Math.max(this.start, this.end), stop);
    while (i < stop && !isLineBreak(this.bytes[i])) i++;
    return excerpt(utf8.decode(this.bytes.subarray(this.#rowStart, i)));
  }

  #tooLong(advice?: string): LimitError {
    return new LimitError(this.#complaint({ must: `hold at most ${LONGEST_FIELD} bytes` }, advice));
  }

  #complaint(parts: { readonly must: string; readonly got?: string }, advice?: string): ErrorParts {
    const argument = `${this.#name} row ${this.row}, column ${this.column}`;
    return { where: this.#where, argument, ...parts, hint: this.#rowHint(advice) };
  }

  #rowHint(advice?: string): string {
    const row = `the row begins ${this.#rowText()}`;
    return advice === undefined ? row : `${row}; ${advice}`;
  }
}

/** The bytes with one quote for each two. On bytes, since replacing half a million matches in a string takes a second. */
function withoutDoubles(content: Uint8Array): Uint8Array {
  const kept = new Uint8Array(content.length);
  let length = 0;
  for (let i = 0; i < content.length; i++) {
    const byte = content[i] as number;
    kept[length++] = byte;
    if (byte === QUOTE) i++;
  }
  return kept.subarray(0, length);
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function isLineBreak(byte: number | undefined): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
