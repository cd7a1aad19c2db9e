/** @file Readers for files, for Node: the subpath `@ndgrad/io/node`. */
import { join } from 'node:path';
import { ArgumentError, FormatError, StorageError, type Tensor, tensor } from '@ndgrad/core';
import { checkBoolean, checkOptions, formatShape } from '@ndgrad/core/arguments';
import {
  CSV_OPTIONS,
  type CsvOptions,
  type LabelledCsvOptions,
  type LabelledTable,
  readTable,
  type Table,
} from './csv.js';
import { fileName } from './excerpt.js';
import { byteLimit } from './gunzip.js';
import { decodeIdx, type IdxArray, type IdxOptions } from './idx.js';
import { checkPath, isFile, readBytes } from './readBytes.js';

/** How {@link readCsv} reads a table: as `parseCsv` does, errors naming the path. */
export type CsvFileOptions = Omit<CsvOptions, 'file'>;
/** {@link CsvFileOptions} that set one column apart as the labels. */
export type LabelledCsvFileOptions = Omit<LabelledCsvOptions, 'file'>;
/** How {@link readIdxFile} reads. */
export type IdxFileOptions = Omit<IdxOptions, 'file'>;

/** How {@link readMnist} reads. */
export interface MnistOptions extends IdxFileOptions {
  /** Whether grey levels 0 … 255 become 0 … 1. Default `true`. */
  readonly scale?: boolean;
}

/** Images and what they show. */
export interface MnistSet {
  /** `[n, rows, columns]`, float32. */
  readonly images: Tensor;
  /** `[n]`, int32. */
  readonly labels: Tensor;
}

/** The two halves of an MNIST-like data set. */
export interface Mnist {
  readonly train: MnistSet;
  readonly test: MnistSet;
}

const FILE_OPTIONS = ['maxBytes'] as const;
const BRIGHTEST = 255;

/**
 * Reads a table of numbers from a CSV file, plain or gzipped (known by its content, whatever it is called).
 *
 * The rules are those of `parseCsv`. The whole file is read at once.
 *
 * @param path - a path or a `file:` URL.
 * @param options - those of `parseCsv` without `file`: errors name the path.
 * @throws {@link StorageError} if the system cannot read the file, {@link DataError} if it is a directory, and what
 *   `parseCsv` throws.
 *
 * @example
 * ```ts
 * import { readCsv } from '@ndgrad/io/node';
 *
 * const iris = readCsv('examples/data/iris.csv', { skipRows: 1, target: -1 });
 * iris.rows // => 150
 * iris.width // => 4
 * iris.labels[149] // => 2
 * ```
 */
export function readCsv(path: string | URL, options: LabelledCsvFileOptions): LabelledTable;
export function readCsv(path: string | URL, options?: CsvFileOptions): Table;
export function readCsv(
  path: string | URL,
  options: CsvFileOptions | LabelledCsvFileOptions = {},
): Table | LabelledTable {
  const where = 'readCsv';
  const known = CSV_OPTIONS.filter((option) => option !== 'file');
  checkOptions(where, options, known);
  const file = checkPath(where, 'path', path);
  const bytes = readBytes(where, file, byteLimit(where, options.maxBytes));
  return readTable(where, bytes, { ...options, file });
}

/**
 * Reads an array from an IDX file, plain or gzipped (known by its content, whatever it is called).
 *
 * @param path - a path or a `file:` URL.
 * @param options - those of `readIdx` without `file`: errors name the path.
 * @throws {@link StorageError} if the system cannot read the file, {@link DataError} if it is a directory, and what
 *   `readIdx` throws.
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readIdxFile } from '@ndgrad/io/node';
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'ndgrad-')), 'labels-idx1-ubyte');
 * writeFileSync(path, new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 2, 7, 3]));
 * readIdxFile(path).shape // => [2]
 * ```
 */
export function readIdxFile(path: string | URL, options: IdxFileOptions = {}): IdxArray {
  const where = 'readIdxFile';
  checkOptions(where, options, FILE_OPTIONS);
  const file = checkPath(where, 'path', path);
  return idxOf(where, file, byteLimit(where, options.maxBytes));
}

/**
 * Reads the four files of MNIST, or of a set in its form (Fashion-MNIST, KMNIST), from a folder.
 *
 * The names are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`; `-idx` may be `.idx`, `.gz` may follow. Where several are there, the first of that order
 * counts: `-idx`, `-idx` with `.gz`, `.idx`, `.idx` with `.gz`. Nothing is fetched from anywhere.
 *
 * @param folder - a path or a `file:` URL.
 * @param options - see {@link MnistOptions}.
 * @returns images `[n, rows, columns]` in float32, 0 (paper) to 1 (ink), and labels `[n]` in int32, for both halves.
 * @throws {@link StorageError} naming the file that is missing or that the system cannot read.
 * @throws {@link FormatError} if a file is not IDX, is cut short, or the files do not belong together.
 * @throws {@link ArgumentError} if an argument is of the wrong kind.
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readMnist } from '@ndgrad/io/node';
 *
 * // Two images of one row and two columns stand in for the 70 000 real ones.
 * const folder = mkdtempSync(join(tmpdir(), 'ndgrad-'));
 * for (const half of ['train', 't10k']) {
 *   const images = [0, 0, 0x08, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 255, 0];
 *   writeFileSync(join(folder, `${half}-images-idx3-ubyte`), new Uint8Array(images));
 *   writeFileSync(join(folder, `${half}-labels-idx1-ubyte`), new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 2, 7, 3]));
 * }
 *
 * const { train, test } = readMnist(folder);
 * train.images.toArray() // => [[[0, 1]], [[1, 0]]]
 * test.labels.toArray() // => [7, 3]
 * ```
 *
 * @see Y. LeCun, C. Cortes, C. Burges, “The MNIST database of handwritten digits”, 1998.
 */
export function readMnist(folder: string | URL, options: MnistOptions = {}): Mnist {
  const where = 'readMnist';
  checkOptions(where, options, [...FILE_OPTIONS, 'scale']);
  const path = checkPath(where, 'folder', folder);
  const { scale = true } = options;
  checkBoolean(where, 'scale', scale);
  const maxBytes = byteLimit(where, options.maxBytes);

  // All four are looked for before the first is read.
  const [trainImages, trainLabels, testImages, testLabels] = [
    find(where, path, 'train-images', 'idx3'),
    find(where, path, 'train-labels', 'idx1'),
    find(where, path, 't10k-images', 'idx3'),
    find(where, path, 't10k-labels', 'idx1'),
  ];
  const train = readHalf(where, trainImages, trainLabels, maxBytes);
  const test = readHalf(where, testImages, testLabels, maxBytes);
  const [, ...trainExtents] = train.images.shape;
  const [, ...testExtents] = test.images.shape;
  if (`${trainExtents}` !== `${testExtents}`) {
    throw new FormatError({
      where,
      argument: fileName(testImages),
      must: `hold images of ${formatShape(trainExtents)}, as ${fileName(trainImages)} does`,
      got: formatShape(testExtents),
    });
  }
  return { train: toSet(train, scale), test: toSet(test, scale) };
}

/** Images and labels as they stand in their files. */
interface Half {
  readonly images: { readonly shape: readonly number[]; readonly data: Uint8Array };
  readonly labels: { readonly shape: readonly number[]; readonly data: Uint8Array };
}

function idxOf(where: string, file: string, maxBytes: number): IdxArray {
  return decodeIdx(where, fileName(file), readBytes(where, file, maxBytes), maxBytes);
}

/** The path of the file that is `stem` in the folder, whichever of its names it goes by. */
function find(where: string, folder: string, stem: string, format: 'idx1' | 'idx3'): string {
  const names = [`${stem}-${format}-ubyte`, `${stem}.${format}-ubyte`].flatMap((name) => [
    name,
    `${name}.gz`,
  ]);
  const found = names.map((name) => join(folder, name)).find(isFile);
  if (found !== undefined) return found;
  const problem = `${fileName(folder)} has no file ${names[0]}`;
  throw new StorageError({ where, problem, hint: `nor ${names.slice(1).join(', ')}` });
}

function readHalf(where: string, imageFile: string, labelFile: string, maxBytes: number): Half {
  const images = bytesOfRank(where, imageFile, 3, 'images [n, rows, columns]', maxBytes);
  const labels = bytesOfRank(where, labelFile, 1, 'labels [n]', maxBytes);
  if (labels.shape[0] !== images.shape[0]) {
    throw new FormatError({
      where,
      argument: fileName(labelFile),
      must: `hold ${images.shape[0]} labels, one for each image of ${fileName(imageFile)}`,
      got: `${labels.shape[0]}`,
    });
  }
  return { images, labels };
}

function bytesOfRank(
  where: string,
  file: string,
  rank: number,
  what: string,
  maxBytes: number,
): Half['images'] {
  const array = idxOf(where, file, maxBytes);
  if (array.type === 'uint8' && array.shape.length === rank) return array;
  throw new FormatError({
    where,
    argument: fileName(file),
    must: `hold ${what} of uint8`,
    got: `${formatShape(array.shape)} of ${array.type}`,
  });
}

function toSet({ images, labels }: Half, scale: boolean): MnistSet {
  const levels = new Float32Array(images.data);
  if (scale) {
    for (let i = 0; i < levels.length; i++) levels[i] = (levels[i] as number) / BRIGHTEST;
  }
  return {
    images: tensor(levels, { shape: images.shape, dtype: 'float32' }),
    labels: tensor(new Int32Array(labels.data), { shape: labels.shape, dtype: 'int32' }),
  };
}
