import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  ArgumentError,
  DataError,
  FormatError,
  LimitError,
  type NdgradError,
  StorageError,
} from '@ndgrad/core';
import { tableToTensors } from '../src/index.js';
import { readCsv, readIdxFile, readMnist } from '../src/node.js';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-io-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  jest.restoreAllMocks();
});

const data = join(__dirname, '../../../examples/data');

/** Writes a file into the test's folder and gives its path. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function refusal(call: () => unknown): NdgradError {
  try {
    call();
  } catch (error) {
    return error as NdgradError;
  }
  throw new Error('nothing was thrown');
}

/** A path as messages show it: its last 80 characters. */
const shown = (path: string): string => (path.length > 80 ? `…"${path.slice(-80)}"` : `"${path}"`);

describe('readCsv', () => {
  it('reads the digits: 1797 × 65, gzipped', () => {
    const { rows, width, columns } = readCsv(join(data, 'digits.csv.gz'));
    expect([rows, width, columns]).toEqual([1797, 65, undefined]);
    const digits = readCsv(join(data, 'digits.csv.gz'), { target: -1, columns: 65, header: false });
    expect([digits.rows, digits.width]).toEqual([1797, 64]);
    expect(digits.values.every((grey) => Number.isInteger(grey) && grey >= 0 && grey <= 16)).toBe(true);
    const counts = new Array<number>(10).fill(0);
    for (const label of digits.labels) counts[label]++;
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    expect(digits.values.reduce((sum, grey) => sum + grey, 0)).toBe(561718);
  });

  it('reads iris: 150 × 5 after its first line', () => {
    const { rows, width } = readCsv(join(data, 'iris.csv'), { skipRows: 1 });
    expect([rows, width]).toEqual([150, 5]);
    const { features, labels } = tableToTensors(readCsv(join(data, 'iris.csv'), { skipRows: 1, target: -1 }));
    expect([features.shape, labels.shape]).toEqual([[150, 4], [150]]);
    expect(Array.from(features.toTypedArray().subarray(0, 4))).toEqual([5.1, 3.5, 1.4, 0.2].map(Math.fround));
    expect(Array.from(labels.toTypedArray(), (_, i) => Math.floor(i / 50))).toEqual(
      Array.from(labels.toTypedArray()),
    );
  });

  it('says of iris without skipRows what is in its first line', () => {
    const path = join(data, 'iris.csv');
    expect(refusal(() => readCsv(path)).message).toBe(
      `readCsv: ${shown(path)} row 1, column 3 must be a number, got "setosa"; ` +
        'the row begins "150,4,setosa,versicolor,virginica"; ' +
        'pass header: true if it names the columns, skipRows if it is a remark',
    );
  });

  it('knows gzip by content, whatever the name', () => {
    expect(readCsv(file('a.csv', gzipSync('1,2\n'))).rows).toBe(1);
    expect(readCsv(file('b.csv.gz', '1,2\n')).rows).toBe(1);
  });

  it('takes a file: URL', () => {
    const path = file('with space.csv', '1,2\n');
    expect(readCsv(pathToFileURL(path)).width).toBe(2);
    writeFileSync(path, '1,x\n');
    expect(refusal(() => readCsv(pathToFileURL(path), { header: false })).message).toContain(shown(path));
  });

  it('names the path in what parseCsv says', () => {
    const path = file('c.csv', 'a,b\n1,2\n3,4x\n');
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      `readCsv: ${shown(path)} row 3, column 2 must be a number, got "4x"; the row begins "3,4x"`,
    );
  });

  it('refuses an empty file', () => {
    const path = file('empty.csv', '');
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(`readCsv: ${shown(path)} must hold at least one row, got none`);
  });

  it('refuses a file that is cut short in gzip', () => {
    const bytes = readFileSync(join(data, 'digits.csv.gz'));
    const path = file('cut.csv.gz', bytes.subarray(0, 30_000));
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(
      `readCsv: ${shown(path)} must be whole gzip, got one that is cut short; fetch it again`,
    );
  });

  it("gives the system's words for a file that is missing", () => {
    const path = join(folder, 'missing.csv');
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toBe(`readCsv: cannot read ${shown(path)}; ENOENT: no such file or directory`);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it("gives the system's words for a file inside a file", () => {
    const path = join(file('d.csv', '1'), 'e.csv');
    expect(refusal(() => readCsv(path)).message).toBe(
      `readCsv: cannot read ${shown(path)}; ENOTDIR: not a directory`,
    );
  });

  it('gives the words of a call that fails after the file was found', () => {
    const path = file('f.csv', '1');
    const denied = Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES' });
    jest.spyOn(fs, 'openSync').mockImplementation(() => {
      throw denied;
    });
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toBe(`readCsv: cannot read ${shown(path)}; EACCES: permission denied`);
    expect(error.cause).toBe(denied);
  });

  it('closes the file when reading fails', () => {
    const path = file('g.csv', '1');
    const close = jest.spyOn(fs, 'closeSync');
    jest.spyOn(fs, 'readSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    });
    expect(refusal(() => readCsv(path)).message).toBe(`readCsv: cannot read ${shown(path)}; EIO: i/o error`);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('refuses a directory', () => {
    const error = refusal(() => readCsv(folder));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(`readCsv: ${shown(folder)} must be a file, got a directory`);
  });

  (process.platform === 'win32' ? it.skip : it)('refuses a pipe without waiting for its writer', () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(`readCsv: ${shown(path)} must be a file, got a device, pipe or socket`);
  });

  it.each([
    ['grows', '1,2\n3,4\n', 'more'],
    ['shrinks', '1', '1'],
  ])('refuses a file that %s while it is read', (_, later, got) => {
    const path = file('h.csv', '1,2\n');
    const open = fs.openSync;
    jest.spyOn(fs, 'openSync').mockImplementation((...args) => {
      jest.restoreAllMocks();
      writeFileSync(path, later);
      return open(...args);
    });
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(`readCsv: ${shown(path)} must stay at 4 bytes while it is read, got ${got}`);
  });

  it('refuses a file larger than maxBytes before it reads it', () => {
    const path = file('sparse.csv', '1');
    truncateSync(path, 2 ** 32);
    const error = refusal(() => readCsv(path));
    expect(error).toBeInstanceOf(LimitError);
    expect(error.message).toBe(
      `readCsv: ${shown(path)} must hold at most 1073741824 bytes, got 4294967296; raise maxBytes if you trust the source`,
    );
    expect(refusal(() => readCsv(path, { maxBytes: 2 ** 31 - 1 }))).toBeInstanceOf(LimitError);
  });

  it.each<[unknown, string]>([
    [7, 'must be a string or a URL, got 7'],
    [undefined, 'must be a string or a URL, got undefined'],
    ['', 'must be a path, got ""'],
    ['a\0b', 'must be a path, got "a\\u0000b"'],
    [new URL('https://example.org/a.csv'), 'must be a file: URL, got "https://example.org/a.csv"'],
  ])('refuses the path %p', (path, problem) => {
    const error = refusal(() => readCsv(path as string));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(`readCsv: path ${problem}`);
  });

  it('refuses unknown options, file among them', () => {
    const options = { file: 'x' } as object;
    expect(refusal(() => readCsv('a.csv', options)).message).toBe(
      "readCsv: unknown option 'file'; the options are header, delimiter, columns, skipRows, maxBytes, target",
    );
  });
});

/** An IDX file of bytes. */
function idx(shape: readonly number[], bytes: readonly number[]): Uint8Array {
  const head = [0, 0, 0x08, shape.length, ...shape.flatMap((extent) => [0, 0, extent >> 8, extent & 255])];
  return Uint8Array.from([...head, ...bytes]);
}

describe('readIdxFile', () => {
  it('reads a file, plain or gzipped', () => {
    const array = { type: 'uint8', shape: [2], data: Uint8Array.of(7, 8) };
    expect(readIdxFile(file('labels', idx([2], [7, 8])))).toEqual(array);
    expect(readIdxFile(pathToFileURL(file('labels.gz', gzipSync(idx([2], [7, 8])))))).toEqual(array);
  });

  it.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'must be an IDX file, got 0 bytes'],
    [
      'cut short',
      idx([3], [1, 2]),
      'must hold 11 bytes for [3] of uint8, got 10 bytes; the file is cut short',
    ],
  ])('refuses a file that is %s', (_, bytes, problem) => {
    const path = file('idx', bytes);
    const error = refusal(() => readIdxFile(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`readIdxFile: ${shown(path)} ${problem}`);
  });

  it('refuses what is missing, a directory, too large, or an unknown option', () => {
    expect(refusal(() => readIdxFile(join(folder, 'missing')))).toBeInstanceOf(StorageError);
    expect(refusal(() => readIdxFile(folder))).toBeInstanceOf(DataError);
    const path = file('idx', idx([100], new Array<number>(100).fill(0)));
    expect(refusal(() => readIdxFile(path, { maxBytes: 107 }))).toBeInstanceOf(LimitError);
    expect(readIdxFile(path, { maxBytes: 108 }).shape).toEqual([100]);
    expect(refusal(() => readIdxFile(path, { file: 'x' } as object))).toBeInstanceOf(ArgumentError);
  });
});

describe('readMnist', () => {
  const contents = {
    'train-images-idx3-ubyte': idx([2, 1, 3], [0, 51, 255, 1, 2, 3]),
    'train-labels-idx1-ubyte': idx([2], [5, 0]),
    't10k-images-idx3-ubyte': idx([1, 1, 3], [255, 0, 255]),
    't10k-labels-idx1-ubyte': idx([1], [9]),
  };
  type Name = keyof typeof contents;
  const names = Object.keys(contents) as Name[];

  let folders = 0;
  /** A new folder with the four files; each may be renamed, replaced, or left out. */
  function mnist(
    change: Partial<Record<Name, Uint8Array | undefined>> = {},
    rename = (name: string): string => name,
  ) {
    const path = `mnist${folders++}`;
    mkdirSync(join(folder, path));
    for (const [name, bytes] of Object.entries({ ...contents, ...change })) {
      const to = rename(name);
      if (bytes !== undefined) file(join(path, to), to.endsWith('.gz') ? gzipSync(bytes) : bytes);
    }
    return join(folder, path);
  }

  it('reads images in float32 from 0 to 1 and labels in int32', () => {
    const { train, test } = readMnist(mnist());
    expect([train.images.shape, train.images.dtype]).toEqual([[2, 1, 3], 'float32']);
    expect([train.labels.shape, train.labels.dtype]).toEqual([[2], 'int32']);
    expect(train.images.toTypedArray()).toEqual(Float32Array.of(0, 51 / 255, 1, 1 / 255, 2 / 255, 3 / 255));
    expect(train.labels.toArray()).toEqual([5, 0]);
    expect(test.images.toArray()).toEqual([[[1, 0, 1]]]);
    expect(test.labels.toArray()).toEqual([9]);
  });

  it('leaves the grey levels alone when told to', () => {
    const { train, test } = readMnist(mnist(), { scale: false });
    expect(train.images.toArray()).toEqual([[[0, 51, 255]], [[1, 2, 3]]]);
    expect(test.images.dtype).toBe('float32');
  });

  it.each<[string, (name: string) => string]>([
    ['.gz', (name) => `${name}.gz`],
    ['a dot', (name) => name.replace('-idx', '.idx')],
    ['a dot and .gz', (name) => `${name.replace('-idx', '.idx')}.gz`],
  ])('finds the names with %s, by URL too', (_, rename) => {
    const path = mnist({}, rename);
    expect(readMnist(path).train.labels.toArray()).toEqual([5, 0]);
    expect(readMnist(pathToFileURL(path)).test.labels.toArray()).toEqual([9]);
  });

  it('prefers the plain file with a dash, and passes over directories of that name', () => {
    const path = mnist({}, (name) => name.replace('-idx', '.idx'));
    mkdirSync(join(path, 'train-labels-idx1-ubyte'));
    expect(readMnist(path).train.labels.toArray()).toEqual([5, 0]);
    writeFileSync(join(path, 'train-labels-idx1-ubyte.gz'), gzipSync(idx([2], [1, 1])));
    expect(readMnist(path).train.labels.toArray()).toEqual([1, 1]);
  });

  it.each(names)('names %s when it is missing', (name) => {
    const path = mnist({ [name]: undefined });
    const error = refusal(() => readMnist(path));
    expect(error).toBeInstanceOf(StorageError);
    const dotted = name.replace('-idx', '.idx');
    expect(error.message).toBe(
      `readMnist: ${shown(path)} has no file ${name}; nor ${name}.gz, ${dotted}, ${dotted}.gz`,
    );
  });

  it('names the first file when the folder is missing or a file', () => {
    for (const path of [join(folder, 'nowhere'), file('a-file', '')]) {
      expect(refusal(() => readMnist(path)).message).toBe(
        `readMnist: ${shown(path)} has no file train-images-idx3-ubyte; ` +
          'nor train-images-idx3-ubyte.gz, train-images.idx3-ubyte, train-images.idx3-ubyte.gz',
      );
    }
  });

  it.each<[string, Partial<Record<Name, Uint8Array>>, Name, string]>([
    [
      'a file that is cut short',
      { 't10k-images-idx3-ubyte': idx([1, 1, 3], [1]) },
      't10k-images-idx3-ubyte',
      'must hold 19 bytes for [1, 1, 3] of uint8, got 17 bytes; the file is cut short',
    ],
    [
      'an empty file',
      { 'train-labels-idx1-ubyte': new Uint8Array(0) },
      'train-labels-idx1-ubyte',
      'must be an IDX file, got 0 bytes',
    ],
    [
      'labels where images should be',
      { 'train-images-idx3-ubyte': idx([2], [1, 2]) },
      'train-images-idx3-ubyte',
      'must hold images [n, rows, columns] of uint8, got [2] of uint8',
    ],
    [
      'images where labels should be',
      { 't10k-labels-idx1-ubyte': idx([1, 1, 3], [1, 2, 3]) },
      't10k-labels-idx1-ubyte',
      'must hold labels [n] of uint8, got [1, 1, 3] of uint8',
    ],
    [
      'labels of another type',
      { 't10k-labels-idx1-ubyte': Uint8Array.of(0, 0, 0x09, 1, 0, 0, 0, 1, 0) },
      't10k-labels-idx1-ubyte',
      'must hold labels [n] of uint8, got [1] of int8',
    ],
  ])('refuses %s', (_, change, name, problem) => {
    const path = mnist(change);
    const error = refusal(() => readMnist(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`readMnist: ${shown(join(path, name))} ${problem}`);
  });

  it('refuses labels that are not one for each image', () => {
    const path = mnist({ 'train-labels-idx1-ubyte': idx([3], [1, 2, 3]) });
    const error = refusal(() => readMnist(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(
      `readMnist: ${shown(join(path, 'train-labels-idx1-ubyte'))} must hold 2 labels, ` +
        `one for each image of ${shown(join(path, 'train-images-idx3-ubyte'))}, got 3`,
    );
  });

  it('refuses test images of another size than the training images', () => {
    const path = mnist({ 't10k-images-idx3-ubyte': idx([1, 3, 1], [1, 2, 3]) });
    const error = refusal(() => readMnist(path));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(
      `readMnist: ${shown(join(path, 't10k-images-idx3-ubyte'))} must hold images of [1, 3], ` +
        `as ${shown(join(path, 'train-images-idx3-ubyte'))} does, got [3, 1]`,
    );
  });

  it('refuses a file larger than maxBytes', () => {
    expect(refusal(() => readMnist(mnist(), { maxBytes: 21 }))).toBeInstanceOf(LimitError);
    expect(readMnist(mnist(), { maxBytes: 22 }).train.images.size).toBe(6);
  });

  it.each<[unknown, unknown, string]>([
    [7, {}, 'readMnist: folder must be a string or a URL, got 7'],
    ['.', { scale: 255 }, 'readMnist: scale must be true or false, got 255'],
    ['.', { sclae: true }, "readMnist: unknown option 'sclae'; did you mean 'scale'?"],
  ])('refuses %p with %j', (path, options, message) => {
    const error = refusal(() => readMnist(path as string, options as object));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(message);
  });

  it('says what it may not read', () => {
    const path = mnist();
    const open = fs.openSync;
    // Permissions do not bind root, so the refusal is made here.
    jest.spyOn(fs, 'openSync').mockImplementation((...args) => {
      if (!String(args[0]).endsWith('train-labels-idx1-ubyte')) return open(...args);
      throw Object.assign(new Error(`EACCES: permission denied, open '${String(args[0])}'`), {
        code: 'EACCES',
      });
    });
    expect(refusal(() => readMnist(path)).message).toContain('EACCES: permission denied');
  });
});
