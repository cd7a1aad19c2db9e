import { describe, expect, it } from '@jest/globals';
import {
  ArgumentError,
  DataError,
  FormatError,
  IndexError,
  LimitError,
  type NdgradError,
} from '@ndgrad/core';
import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { type CsvOptions, type LabelledCsvOptions, parseCsv } from '../src/index.js';

const utf8 = new TextEncoder();

/** The error that `parseCsv` throws. */
function refusal(source: unknown, options?: unknown): NdgradError {
  try {
    parseCsv(source as string, options as CsvOptions);
  } catch (error) {
    return error as NdgradError;
  }
  throw new Error('nothing was thrown');
}

/** The rows as nested arrays. */
function rowsOf(source: string | Uint8Array, options?: CsvOptions): number[][] {
  const { rows, width, values } = parseCsv(source, options);
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width)));
}

describe('parseCsv', () => {
  it('reads a table of numbers, row by row, in float64', () => {
    const table = parseCsv('1,2.5,-3\n4e1,5,.5\n');
    expect(table).toEqual({
      columns: undefined,
      rows: 2,
      width: 3,
      values: Float64Array.of(1, 2.5, -3, 40, 5, 0.5),
    });
  });

  it('reads one number as a table of one row and one column', () => {
    expect(rowsOf('7')).toEqual([[7]]);
  });

  it('reads bytes as it reads text, wherever in their buffer they lie', () => {
    const bytes = utf8.encode('9,1,2\n3,4\n9').subarray(2, 10);
    expect(rowsOf(bytes)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("reads Node's Buffer, and bytes of another realm, as bytes", () => {
    expect(rowsOf(Buffer.from('1,2'))).toEqual([[1, 2]]);
    expect(rowsOf(structuredClone(utf8.encode('1,2')))).toEqual([[1, 2]]);
  });

  it.each([
    ['LF', '1,2\n3,4\n'],
    ['CRLF', '1,2\r\n3,4\r\n'],
    ['CR', '1,2\r3,4\r'],
    ['mixed line ends', '1,2\r\n3,4\n'],
    ['no line end at the end', '1,2\n3,4'],
    ['blank lines at the end', '1,2\n3,4\n\n\r\n\n'],
    ['a byte order mark', '\ufeff1,2\n3,4\n'],
    ['quoted numbers', '"1",2\n3,"4"'],
    ['spaces and tabs around numbers', ' 1,\t2 \n3  , 4\n'],
    ['spaces inside quotes', '" 1 ",2\n3,4'],
  ])('reads %s', (_, text) => {
    expect(rowsOf(text)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([',', ';', '\t', '|'] as const)('reads fields between %j', (delimiter) => {
    expect(rowsOf(['1', '2\n3', '4'].join(delimiter), { delimiter })).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('takes neither the text nor the bytes for its own', () => {
    const bytes = utf8.encode('1,2');
    const { values } = parseCsv(bytes);
    bytes.fill(0);
    expect(values).toEqual(Float64Array.of(1, 2));
  });

  it('reads as many rows as there are', () => {
    const n = 10_000;
    const { rows, values, labels } = parseCsv(
      Array.from({ length: n }, (_, i) => `${i},${i % 7},${-i}`).join('\n'),
      { target: 1 },
    );
    expect(rows).toBe(n);
    expect(values).toEqual(
      Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? i / 2 : 0 - (i - 1) / 2)),
    );
    expect(labels).toEqual(Int32Array.from({ length: n }, (_, i) => i % 7));
  });

  describe('with a header', () => {
    it('finds it, by default, when each field begins with a letter or an underscore', () => {
      const { columns, rows } = parseCsv('längd,_b,Z 2 (cm)\n1,2,3\n');
      expect(columns).toEqual(['längd', '_b', 'Z 2 (cm)']);
      expect(rows).toBe(1);
    });

    it('finds it when some names are empty, as of an index column', () => {
      expect(parseCsv(',a,b\n0,1,2\n').columns).toEqual(['', 'a', 'b']);
    });

    it.each(['12abc', 'NaN', 'na', 'N/A', 'null', 'None', 'Infinity', '#REF!', '=A1', '-', '$5', '.'])(
      'takes a first row %j for data that is wrong, not for a name',
      (field) => {
        expect(refusal(`${field},x\n1,2\n`)).toBeInstanceOf(DataError);
      },
    );

    it('takes a first row of empty fields for data that is missing', () => {
      expect(refusal(',\n1,2\n').message).toBe(
        'parseCsv: source row 1, column 1 must be a number, got an empty field; the row begins ","; ' +
          'pass header: true if it names the columns, skipRows if it is a remark',
      );
    });

    it('takes the first row as told', () => {
      expect(parseCsv('2020,2021\n1,2\n', { header: true })).toMatchObject({
        columns: ['2020', '2021'],
        rows: 1,
      });
      expect(parseCsv('2020,2021\n1,2\n', { header: false })).toMatchObject({ columns: undefined, rows: 2 });
      expect(refusal('a,b\n1,2\n', { header: false })).toBeInstanceOf(DataError);
    });

    it('reads names with quotes, delimiters and line breaks in quotes; spaces count only there', () => {
      const { columns } = parseCsv('"a ""b""", c ,"d,e","f\r\ng"," h "\n1,2,3,4,5\n', { header: true });
      expect(columns).toEqual(['a "b"', 'c', 'd,e', 'f\r\ng', ' h ']);
    });

    it('keeps a formula in a name as the text it is', () => {
      expect(parseCsv('=1+1,"@x"\n1,2', { header: true }).columns).toEqual(['=1+1', '@x']);
    });

    it('lets names be equal, and be names of Object.prototype', () => {
      expect(parseCsv('__proto__,constructor,a,a\n1,2,3,4').columns).toEqual([
        '__proto__',
        'constructor',
        'a',
        'a',
      ]);
      expect(parseCsv('__proto__,a\n1,2', { target: '__proto__' }).labels).toEqual(Int32Array.of(1));
    });

    it('gives a table of no rows when nothing follows', () => {
      const empty = { columns: ['a', 'b'], rows: 0, width: 2, values: new Float64Array(0) };
      expect(parseCsv('a,b\n')).toEqual(empty);
      expect(parseCsv('a,b')).toEqual(empty);
    });
  });

  describe('with a target', () => {
    const text = 'a,b,c\n1,2,3\n4,5,6\n';

    it.each([
      ['b', [2, 5], ['a', 'c'], [1, 3, 4, 6]],
      [1, [2, 5], ['a', 'c'], [1, 3, 4, 6]],
      [0, [1, 4], ['b', 'c'], [2, 3, 5, 6]],
      [-1, [3, 6], ['a', 'b'], [1, 2, 4, 5]],
      [-3, [1, 4], ['b', 'c'], [2, 3, 5, 6]],
    ])('%j sets that column apart', (target, labels, columns, values) => {
      expect(parseCsv(text, { target })).toEqual({
        columns,
        rows: 2,
        width: 2,
        values: Float64Array.from(values),
        labels: Int32Array.from(labels),
      });
    });

    it('takes integers however they are written, to the ends of int32', () => {
      const { labels } = parseCsv('3.0\n3e0\n-0\n2147483647\n-2147483648\n', { target: 0 });
      expect(labels).toEqual(Int32Array.of(3, 3, 0, 2147483647, -2147483648));
    });

    it('may be the only column', () => {
      expect(parseCsv('1\n2\n', { target: 0 })).toMatchObject({
        rows: 2,
        width: 0,
        values: new Float64Array(0),
      });
    });

    it('by name takes the first row for a header, whatever it looks like', () => {
      expect(parseCsv('1,2\n3,4\n', { target: '2' })).toMatchObject({
        columns: ['1'],
        labels: Int32Array.of(4),
      });
    });
  });

  describe('with skipRows', () => {
    it('passes over lines whatever they hold, and counts them in errors', () => {
      expect(rowsOf('a "remark", open\r\n\n1,2\n', { skipRows: 2 })).toEqual([[1, 2]]);
      expect(refusal('# remark\n1,2\n1,x\n', { skipRows: 1 }).message).toBe(
        'parseCsv: source row 3, column 2 must be a number, got "x"; the row begins "1,x"',
      );
    });

    it('passes over every kind of line end', () => {
      expect(rowsOf('a\rb\r\nc\n5', { skipRows: 3 })).toEqual([[5]]);
    });
  });

  describe('refuses, naming file, row, column and the beginning of the row', () => {
    const cases: readonly (readonly [title: string, text: string, options: object, message: string])[] = [
      [
        'a number with letters after it',
        '1,2\n12abc,3\n',
        { file: 'a.csv' },
        'parseCsv: "a.csv" row 2, column 1 must be a number, got "12abc"; the row begins "12abc,3"',
      ],
      [
        'a formula',
        '1,2\n3,=1+2\n',
        {},
        'parseCsv: source row 2, column 2 must be a number, got "=1+2"; the row begins "3,=1+2"',
      ],
      [
        'an empty field',
        'a,b\n1,\n',
        {},
        'parseCsv: source row 2, column 2 must be a number, got an empty field; the row begins "1,"',
      ],
      [
        'an empty field in quotes',
        'a,b\n"",1\n',
        {},
        'parseCsv: source row 2, column 1 must be a number, got an empty field; the row begins "\\"\\",1"',
      ],
      [
        'a field of spaces',
        'a,b\n1,  \n',
        {},
        'parseCsv: source row 2, column 2 must be a number, got an empty field; the row begins "1,  "',
      ],
      [
        'a number too large',
        '1e308\n1e309\n',
        {},
        'parseCsv: source row 2, column 1 must be a number that float64 can hold, got "1e309"; the row begins "1e309"',
      ],
      [
        'a quoted number with quotes in it',
        'a\n"1""2"\n',
        {},
        'parseCsv: source row 2, column 1 must be a number, got "1\\"2"; the row begins "\\"1\\"\\"2\\""',
      ],
      [
        'a first row that is neither numbers nor beyond doubt a header',
        '150,4,setosa\n1,2,3\n',
        {},
        'parseCsv: source row 1, column 3 must be a number, got "setosa"; the row begins "150,4,setosa"; ' +
          'pass header: true if it names the columns, skipRows if it is a remark',
      ],
      [
        'a short row',
        '1,2,3\n4,5,6\n7,8\n',
        {},
        'parseCsv: source row 3, column 3 is missing, row 1 has 3 columns; the row begins "7,8"',
      ],
      [
        'a long row',
        'a,b\n1,2,3,4\n',
        {},
        'parseCsv: source row 2, column 3 is one too many, row 1 has 2 columns; the row begins "1,2,3,4"',
      ],
      [
        'a long row of a table of one column',
        '1\n2,3\n',
        {},
        'parseCsv: source row 2, column 2 is one too many, row 1 has 1 column; the row begins "2,3"',
      ],
      [
        'a trailing delimiter',
        '1,2\n3,4,',
        {},
        'parseCsv: source row 2, column 3 is one too many, row 1 has 2 columns; the row begins "3,4,"',
      ],
      [
        'fewer columns than asked for',
        '1,2\n',
        { columns: 3 },
        'parseCsv: source row 1, column 3 is missing, columns is 3; the row begins "1,2"',
      ],
      [
        'more columns than asked for',
        'a,b,c,d\n',
        { columns: 2 },
        'parseCsv: source row 1, column 3 is one too many, columns is 2; the row begins "a,b,c,d"',
      ],
      [
        'a later row shorter than asked for',
        '1,2\n3\n',
        { columns: 2 },
        'parseCsv: source row 2, column 2 is missing, columns is 2; the row begins "3"',
      ],
      [
        'a blank line between rows',
        '1\n\n2\n',
        {},
        'parseCsv: source row 2, column 1 must hold a field, got a blank line; the row begins ""',
      ],
      [
        'a blank line before the first row',
        '\n1\n',
        {},
        'parseCsv: source row 1, column 1 must hold a field, got a blank line; the row begins ""',
      ],
      [
        'the first of several blank lines',
        '1\r\n2\r\n\r\n\r\n3\r\n',
        {},
        'parseCsv: source row 3, column 1 must hold a field, got a blank line; the row begins ""',
      ],
      [
        'a quote left open',
        '1,2\n3,"4\n5,6\n',
        {},
        'parseCsv: source row 2, column 2 must close its quote, got the end of the text; the row begins "3,\\"4"',
      ],
      [
        'a quote that is all there is',
        '"',
        {},
        'parseCsv: source row 1, column 1 must close its quote, got the end of the text; the row begins "\\""',
      ],
      [
        'a quote inside a field without quotes',
        '1,2\n3,4"5"\n',
        {},
        'parseCsv: source row 2, column 2 must hold no quote, or be quoted as a whole, got "4\\"5\\""; ' +
          'the row begins "3,4\\"5\\""',
      ],
      [
        'a space before a quote',
        '1,2\n3, "4"\n',
        {},
        'parseCsv: source row 2, column 2 must hold no quote, or be quoted as a whole, got " \\"4\\""; ' +
          'the row begins "3, \\"4\\""',
      ],
      [
        'text after a closing quote',
        '1,2\n"3"x,4\n',
        {},
        'parseCsv: source row 2, column 1 must end at its closing quote, got "\\"3\\"x"; the row begins "\\"3\\"x,4"',
      ],
      [
        'a NUL byte',
        '1,2\n3,4\u00005\n',
        {},
        'parseCsv: source row 2, column 2 must be text, got a NUL byte; the row begins "3,4\\u00005"',
      ],
      [
        'a NUL byte in quotes',
        '1,2\n3,"4\u0000"\n',
        {},
        'parseCsv: source row 2, column 2 must be text, got a NUL byte; the row begins "3,\\"4\\u0000\\""',
      ],
      [
        'a label that is no integer',
        'a,b\n1,2.5\n',
        { target: 'b' },
        'parseCsv: source row 2, column 2 must be a label, an integer from -2147483648 to 2147483647, got "2.5"; ' +
          'the row begins "1,2.5"',
      ],
      [
        'a label beyond int32',
        '1,2147483648\n',
        { target: 1 },
        'parseCsv: source row 1, column 2 must be a label, an integer from -2147483648 to 2147483647, ' +
          'got "2147483648"; the row begins "1,2147483648"',
      ],
      [
        'a label below int32',
        '1,-2147483649\n',
        { target: 1 },
        'parseCsv: source row 1, column 2 must be a label, an integer from -2147483648 to 2147483647, ' +
          'got "-2147483649"; the row begins "1,-2147483649"',
      ],
      [
        'a label that is missing',
        '1,7\n2,\n',
        { target: -1 },
        'parseCsv: source row 2, column 2 must be a number, got an empty field; the row begins "2,"',
      ],
      [
        'a target that the header does not name',
        'length,species\n1,2\n',
        { target: 'specis', file: 'iris.csv' },
        'parseCsv: "iris.csv" row 1 must name one column "specis", the target, got none; ' +
          'the row begins "length,species"; did you mean "species"?',
      ],
      [
        'a target that the header does not come near',
        '5.1,0\n1,2\n',
        { target: 'species' },
        'parseCsv: source row 1 must name one column "species", the target, got none; the row begins "5.1,0"',
      ],
      [
        'a target that the header names twice',
        'a,b,a\n1,2,3\n',
        { target: 'a' },
        'parseCsv: source row 1 must name one column "a", the target, got 2; the row begins "a,b,a"',
      ],
    ];

    it.each(cases)('%s', (_, text, options, message) => {
      const error = refusal(text, options);
      expect(error.message).toBe(message);
      expect(error).toBeInstanceOf(DataError);
      expect(error.where).toBe('parseCsv');
      // Bytes and gzip are told by the same words.
      expect(refusal(utf8.encode(text), options).message).toBe(message);
      expect(refusal(gzipSync(utf8.encode(text)), options).message).toBe(message);
    });

    it('a name that is not UTF-8', () => {
      const bytes = Uint8Array.of(0x61, 0x2c, 0x62, 0xff, 0x0a, 0x31, 0x2c, 0x32);
      const message =
        'parseCsv: source row 1, column 2 must be UTF-8 text, got "b\ufffd"; the row begins "a,b\ufffd"';
      expect(refusal(bytes).message).toBe(message);
      expect(refusal(bytes)).toBeInstanceOf(DataError);
    });

    it('a number that is not UTF-8', () => {
      expect(refusal(Uint8Array.of(0x31, 0x0a, 0x32, 0xe9)).message).toBe(
        'parseCsv: source row 2, column 1 must be a number, got "2\ufffd"; the row begins "2\ufffd"',
      );
    });

    it('a row called by its first line when it has line breaks in quotes', () => {
      expect(refusal('"a\nb","c\r\nd"\n1,2\n3,x\n', { header: true }).message).toBe(
        'parseCsv: source row 5, column 2 must be a number, got "x"; the row begins "3,x"',
      );
      expect(refusal('1,2\n"3\n4",5\n').message).toBe(
        'parseCsv: source row 2, column 1 must be a number, got "3\\n4"; the row begins "\\"3\\n4\\",5"',
      );
    });

    it('80 characters of a long row and of a long field, and says that there are more', () => {
      const long = 'x'.repeat(100);
      expect(refusal(`1\n${long}\n`).message).toBe(
        `parseCsv: source row 2, column 1 must be a number, got "${'x'.repeat(80)}"…; ` +
          `the row begins "${'x'.repeat(80)}"…`,
      );
    });

    it('80 characters and not 80 code units', () => {
      expect(refusal(`1\n${'😀'.repeat(81)}\n`).message).toBe(
        `parseCsv: source row 2, column 1 must be a number, got "${'😀'.repeat(80)}"…; ` +
          `the row begins "${'😀'.repeat(80)}"…`,
      );
      expect(refusal(`1\n${'😀'.repeat(80)}\n`).message).toBe(
        `parseCsv: source row 2, column 1 must be a number, got "${'😀'.repeat(80)}"; ` +
          `the row begins "${'😀'.repeat(80)}"`,
      );
    });

    it('what a terminal or a page would obey, spelled out', () => {
      expect(refusal('1\n\u001b[31m\u009b\u202e\u2028\u{e0001}x\n').message).toBe(
        'parseCsv: source row 2, column 1 must be a number, ' +
          'got "\\u001b[31m\\u009b\\u202e\\u2028\\udb40\\udc01x"; ' +
          'the row begins "\\u001b[31m\\u009b\\u202e\\u2028\\udb40\\udc01x"',
      );
    });

    it('the end of a long file name', () => {
      expect(refusal('', { file: `${'/long'.repeat(30)}/a.csv` }).message).toBe(
        `parseCsv: …"${`${'/long'.repeat(30)}/a.csv`.slice(-80)}" must hold at least one row, got none`,
      );
    });
  });

  describe('refuses a source that', () => {
    it.each([
      ['is empty', '', {}, 'none'],
      ['is a byte order mark', '\ufeff', {}, 'none'],
      ['is blank lines', '\n\r\n\n', {}, 'none'],
      ['ends with the skipped rows', '1\n2\n', { skipRows: 2 }, 'none after 2 skipped'],
      ['ends before the skipped rows do', '1\n2', { skipRows: 3 }, 'fewer than the 3 rows of skipRows'],
    ])('%s', (_, text, options, got) => {
      const error = refusal(text, options);
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe(`parseCsv: source must hold at least one row, got ${got}`);
    });

    it.each([
      ['little-endian', [0xff, 0xfe, 0x31, 0x00]],
      ['big-endian', [0xfe, 0xff, 0x00, 0x31]],
    ])('is %s UTF-16', (_, bytes) => {
      const error = refusal(Uint8Array.from(bytes), { file: 'a.csv' });
      expect(error).toBeInstanceOf(FormatError);
      expect(error.message).toBe('parseCsv: "a.csv" must be UTF-8 text, got UTF-16; save it as UTF-8');
    });

    it.each([
      [undefined, 'undefined'],
      [null, 'null'],
      [7, '7'],
      [[1, 2], 'an array of length 2'],
      [new ArrayBuffer(3), 'an ArrayBuffer'],
      [new Uint8ClampedArray(3), 'a Uint8ClampedArray'],
      [new Uint8Array(new SharedArrayBuffer(3)), 'shared memory; pass a copy: bytes.slice()'],
    ])('is %p', (source, got) => {
      const error = refusal(source);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toBe(`parseCsv: source must be a string or a Uint8Array, got ${got}`);
    });
  });

  describe('holds to its limits:', () => {
    const MiB = 2 ** 20;

    it('a field of 1 MiB is read, plain and quoted', () => {
      const digits = '0'.repeat(MiB - 1);
      expect(rowsOf(`${digits}1`)).toEqual([[1]]);
      expect(rowsOf(`${digits}1,2`)).toEqual([[1, 2]]);
      expect(rowsOf(`"${digits}1"`)).toEqual([[1]]);
      expect(rowsOf(`"${digits}1",2`)).toEqual([[1, 2]]);
    });

    it.each([
      ['at the end', (field: string) => field, 1],
      ['with a row after it', (field: string) => `${field}\n1`, 1],
      ['with a field after it', (field: string) => `2,${field},3`, 2],
    ])('a field of one byte more %s is refused', (_, around, column) => {
      const error = refusal(around('0'.repeat(MiB + 1)));
      expect(error).toBeInstanceOf(LimitError);
      const begins = `${column === 1 ? '' : '2,'}${'0'.repeat(80)}`.slice(0, 80);
      expect(error.message).toBe(
        `parseCsv: source row 1, column ${column} must hold at most 1048576 bytes; the row begins "${begins}"…`,
      );
    });

    it.each([
      ['closed', `"${'0'.repeat(MiB + 1)}"`],
      ['open', `"${'0'.repeat(MiB + 1)}`],
      ['of doubled quotes', `"${'""'.repeat(MiB)}"`],
    ])('a quoted field of one byte more, %s, is refused', (_, text) => {
      const error = refusal(text);
      expect(error).toBeInstanceOf(LimitError);
      expect(error.message).toBe(
        `parseCsv: source row 1, column 1 must hold at most 1048576 bytes; ` +
          `the row begins ${JSON.stringify(text.slice(0, 80))}…; is a quote left open?`,
      );
    });

    it('65 536 columns are read, one more is refused, of data and of names', () => {
      expect(parseCsv(`1${',1'.repeat(65535)}\n`).width).toBe(65536);
      const error = refusal(`1${',1'.repeat(65536)}\n`);
      expect(error).toBeInstanceOf(LimitError);
      expect(error.message).toBe(
        'parseCsv: source row 1, column 65537 must be within the first 65536 columns; ' +
          `the row begins "${'1,'.repeat(40)}"…`,
      );
      expect(refusal(`a${',a'.repeat(1_000_000)}\n`)).toBeInstanceOf(LimitError);
    });

    it('maxBytes counts the bytes of text and of bytes', () => {
      expect(rowsOf('1,23', { maxBytes: 4 })).toEqual([[1, 23]]);
      for (const source of ['1,234', utf8.encode('1,234')]) {
        const error = refusal(source, { maxBytes: 4, file: 'a.csv' });
        expect(error).toBeInstanceOf(LimitError);
        expect(error.message).toBe(
          'parseCsv: "a.csv" must hold at most 4 bytes, got 5; raise maxBytes if you trust the source',
        );
      }
      expect(refusal('é,1', { maxBytes: 3 })).toBeInstanceOf(LimitError);
    });

    it('maxBytes counts what gzip inflates to', () => {
      const packed = gzipSync(utf8.encode('1\n'.repeat(1000)));
      expect(parseCsv(packed, { maxBytes: 2000 }).rows).toBe(1000);
      expect(refusal(packed, { maxBytes: 1999 })).toBeInstanceOf(LimitError);
    });
  });

  describe('refuses options:', () => {
    it.each([
      [{ head: true }, "parseCsv: unknown option 'head'; did you mean 'header'?"],
      [null, 'parseCsv: options must be an object, got null'],
      [{ header: 'yes' }, 'parseCsv: header must be true, false or \'auto\', got "yes"'],
      [{ delimiter: ':' }, 'parseCsv: delimiter must be "," or ";" or "\\t" or "|", got ":"'],
      [{ delimiter: ', ' }, 'parseCsv: delimiter must be "," or ";" or "\\t" or "|", got ", "'],
      [{ file: 7 }, 'parseCsv: file must be a string, got 7'],
      [{ columns: 0 }, 'parseCsv: columns must be an integer at least 1 and at most 65536, got 0'],
      [{ columns: 2.5 }, 'parseCsv: columns must be an integer at least 1 and at most 65536, got 2.5'],
      [{ skipRows: -1 }, 'parseCsv: skipRows must be an integer at least 0, got -1'],
      [
        { maxBytes: 2 ** 31 },
        'parseCsv: maxBytes must be an integer at least 1 and at most 2147483647, got 2147483648',
      ],
      [
        { maxBytes: Number.NaN },
        'parseCsv: maxBytes must be an integer at least 1 and at most 2147483647, got NaN',
      ],
      [{ target: 1.5 }, "parseCsv: target must be a column's name or index, got 1.5"],
      [{ target: null }, "parseCsv: target must be a column's name or index, got null"],
      [
        { target: 'a', header: false },
        "parseCsv: header must be true when target is a name, got false; give target as the column's index",
      ],
    ])('%j', (options, message) => {
      const error = refusal('1,2', options);
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toBe(message);
    });

    it.each([
      [2, 'parseCsv: target must be from -2 to 1, for 2 columns, got 2'],
      [-3, 'parseCsv: target must be from -2 to 1, for 2 columns, got -3'],
    ])('target %d of two columns', (target, message) => {
      const error = refusal('1,2', { target });
      expect(error).toBeInstanceOf(IndexError);
      expect(error.message).toBe(message);
    });

    it('but takes undefined for an option that is absent', () => {
      const options = { header: undefined, delimiter: undefined, file: undefined, target: undefined };
      expect(parseCsv('1,2', options as unknown as CsvOptions)).toMatchObject({ rows: 1, width: 2 });
    });
  });

  describe('on adversarial lines of a megabyte', () => {
    const n = 2 ** 20;
    it.each([
      ['quotes', '"'.repeat(n)],
      ['doubled quotes in quotes', `"${'""'.repeat(n / 2 - 1)}"`],
      ['empty quoted fields', '"",'.repeat(n / 3)],
      ['quotes and letters', '"x'.repeat(n / 2)],
      ['quotes and line breaks', '"\n'.repeat(n / 2)],
      ['delimiters', ','.repeat(n)],
      ['line breaks', '\n'.repeat(n)],
      ['carriage returns', '\r'.repeat(n)],
      ['spaces', ' '.repeat(n)],
      ['zeros', '0'.repeat(n)],
      ['signs', '+-'.repeat(n / 2)],
      ['points', '.'.repeat(n)],
      ['exponents', '1e'.repeat(n / 2)],
      ['digits and spaces', '1 '.repeat(n / 2)],
      ['NUL', '\u0000'.repeat(n)],
      ['invisible characters', '\u202e'.repeat(n / 3)],
    ])('of %s answers with a table or a typed error', (_, text) => {
      try {
        parseCsv(text);
      } catch (error) {
        expect((error as Error).name).toMatch(/^(DataError|LimitError)$/);
        expect((error as Error).message.length).toBeLessThan(1500);
      }
    });
  });

  describe('laws', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const format = fc.constantFrom(
      (x: number) => `${x}`,
      (x: number) => x.toExponential(),
      (x: number) => `"${x}"`,
      (x: number) => ` ${x}\t`,
    );
    const table = fc
      .record({ rows: fc.integer({ min: 1, max: 8 }), width: fc.integer({ min: 1, max: 6 }) })
      .chain(({ rows, width }) =>
        fc.array(fc.array(fc.tuple(number, format), { minLength: width, maxLength: width }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[\0\ufffd]/.test(text));
    const style = fc.record({
      delimiter: fc.constantFrom(...([',', ';', '|'] as const)),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      last: fc.boolean(),
      mark: fc.boolean(),
    });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

    it('a table written with any names, quotes, line ends and delimiters is read back', () => {
      fc.assert(
        fc.property(table, fc.array(name, { minLength: 6, maxLength: 6 }), style, (cells, names, how) => {
          const columns = names.slice(0, cells[0].length);
          const lines = [columns.map(quoted), ...cells.map((row) => row.map(([x, write]) => write(x)))];
          const text =
            (how.mark ? '\ufeff' : '') +
            lines.map((fields) => fields.join(how.delimiter)).join(how.lineEnd) +
            (how.last ? how.lineEnd : '');
          const expected = cells.flat().map(([x]) => x + 0); // "-0" is written "0"
          for (const source of [text, utf8.encode(text), gzipSync(utf8.encode(text))]) {
            const read = parseCsv(source, { header: true, delimiter: how.delimiter });
            expect(read.columns).toEqual(columns);
            expect(read.rows).toBe(cells.length);
            expect(Array.from(read.values, (x) => x + 0)).toEqual(expected);
          }
        }),
      );
    });

    it('the target is the column that is missing from the values', () => {
      const integers = fc
        .integer({ min: 1, max: 5 })
        .chain((width) =>
          fc.array(fc.array(fc.integer(), { minLength: width, maxLength: width }), { minLength: 1 }),
        );
      fc.assert(
        fc.property(integers, fc.nat(), fc.boolean(), (cells, pick, fromEnd) => {
          const width = cells[0].length;
          const at = pick % width;
          const text = cells.map((row) => row.join(',')).join('\n');
          const { labels, values } = parseCsv(text, { target: fromEnd ? at - width : at });
          expect(Array.from(labels)).toEqual(cells.map((row) => row[at]));
          expect(Array.from(values)).toEqual(
            cells.flatMap((row) => row.filter((_, column) => column !== at)),
          );
        }),
      );
    });

    it('any text gives a table that fits its counts, or one of the typed errors', () => {
      const characters = fc.constantFrom(...'01,;"\n\r .-eé\ufeff\0a');
      const options = fc.record({
        header: fc.constantFrom(...([true, false, 'auto'] as const)),
        skipRows: fc.integer({ min: 0, max: 2 }),
      });
      fc.assert(
        fc.property(fc.string({ unit: characters, maxLength: 30 }), options, (text, how) => {
          try {
            const { columns, rows, width, values } = parseCsv(text, how);
            expect(values.length).toBe(rows * width);
            expect(values.every(Number.isFinite)).toBe(true);
            if (columns !== undefined) expect(columns.length).toBe(width);
          } catch (error) {
            expect((error as Error).name).toBe('DataError');
          }
        }),
        { numRuns: 2000 },
      );
    });

    it('any bytes give a table or a typed error', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          try {
            parseCsv(bytes);
          } catch (error) {
            expect((error as Error).name).toMatch(/^(DataError|FormatError|IntegrityError)$/);
          }
        }),
        { numRuns: 2000 },
      );
    });
  });
});

// Types: with a target there are labels, without there are none.
export const typed = (): void => {
  const options: LabelledCsvOptions = { target: 'a' };
  parseCsv('', options).labels.fill(0);
  // @ts-expect-error no target, no labels
  parseCsv('', { header: true }).labels;
};
