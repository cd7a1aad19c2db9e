/** @file The images of a run, parted into those to learn from and those held out to judge by. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Tensor, tensor } from '@ndgrad/core';
import { readCsv, readMnist } from '@ndgrad/io/node';
import { readNumber, UsageError } from './options.js';
import { heldOutRows } from './split.js';

/** Images and what they show. */
export interface Part {
  /** `[n, size]` in float32: 0 for paper, 1 for the darkest ink of the training part. */
  readonly images: Tensor;
  /** `[n]` in int32. */
  readonly labels: Tensor;
}

/** A data set, parted once and for all: no seed moves an image from one part to the other. */
export interface Dataset {
  /** The file or folder, without the folders above it. */
  readonly name: string;
  /** Pixels of an image, and how many of them make a row of it. */
  readonly size: number;
  readonly width: number;
  readonly train: Part;
  readonly heldOut: Part;
}

/** The digits that come with the examples, and which of them are held out. */
export const DIGITS = new URL('../data/digits.csv.gz', import.meta.url);
export const DIGITS_SPLIT = new URL('../data/digits-split.json', import.meta.url);

/**
 * Reads the data of a run.
 *
 * - Without `path`: the digits of `examples/data`, held out as `digits-split.json` says: 1437 and 360 images.
 * - A CSV file, plain or gzipped: an image a row, grey levels from 0, the last column its label, an integer. `holdout` says
 *   how many rows to hold out: a count, or a share between 0 and 1; one fifth without it. The rows are drawn from every
 *   class in its share, always the same ones.
 * - A folder with the four IDX files of MNIST: the t10k part is held out.
 *
 * @throws UsageError for a `holdout` that cannot be, or data that nothing can be learned from; what the readers throw for
 * a file that is not what it should be.
 */
export function readDataset(path: string | undefined, holdout: string | undefined): Dataset {
  if (path === undefined) {
    if (holdout !== undefined) {
      throw new UsageError('--holdout needs --data: which of the digits are held out is fixed');
    }
    const { heldOut } = JSON.parse(readFileSync(DIGITS_SPLIT, 'utf8')) as { heldOut: number[] };
    return readRows(fileURLToPath(DIGITS), () => heldOut);
  }
  if (isFolder(path)) {
    if (holdout !== undefined) {
      throw new UsageError('--holdout needs a CSV file: of a folder of IDX files the t10k part is held out');
    }
    return readFolder(path);
  }
  return readRows(path, (labels) => heldOutRows(labels, holdoutCount(holdout ?? '0.2', labels.length)));
}

/** How many of `rows` rows `--holdout` asks for. */
function holdoutCount(holdout: string, rows: number): number {
  const value = readNumber(holdout, '--holdout', { min: 0, exclusiveMin: true });
  if (value >= 1 && !Number.isInteger(value)) {
    throw new UsageError(`--holdout must be a count of rows or a share between 0 and 1, got ${value}`);
  }
  const count = value < 1 ? Math.max(1, Math.round(value * rows)) : value;
  if (count >= rows)
    throw new UsageError(`--holdout ${holdout} leaves nothing of ${rows} rows to learn from`);
  return count;
}

function readRows(path: string, choose: (labels: Int32Array) => readonly number[]): Dataset {
  const { rows, width: size, values, labels } = readCsv(path, { target: -1 });
  const heldOut = new Set(choose(labels));
  const all = Array.from(labels.keys());
  const part = (kept: readonly number[]): Part => ({
    images: tensor(
      Float32Array.from({ length: kept.length * size }, (_, i) => {
        return values[(kept[Math.floor(i / size)] as number) * size + (i % size)] as number;
      }),
      { shape: [kept.length, size] },
    ),
    labels: tensor(Int32Array.from(kept, (row) => labels[row] as number)),
  });
  const side = Math.sqrt(size);
  return checked(
    {
      name: basename(path),
      size,
      width: Number.isInteger(side) ? side : size,
      ...scaled(part(all.filter((row) => !heldOut.has(row))), part(all.filter((row) => heldOut.has(row)))),
    },
    rows,
  );
}

function readFolder(path: string): Dataset {
  const { train, test } = readMnist(path);
  const [, rows = 0, width = 0] = train.images.shape;
  const size = rows * width;
  const flat = ({ images, labels }: Part): Part => ({ images: images.reshape([-1, size]), labels });
  return checked(
    { name: basename(path), size, width, train: flat(train), heldOut: flat(test) },
    train.labels.size + test.labels.size,
  );
}

/** Both parts divided by the largest grey level of the training part: what is held out decides nothing. */
function scaled(train: Part, heldOut: Part): { train: Part; heldOut: Part } {
  const largest = train.images.size === 0 ? 0 : train.images.abs().max().item();
  const divided = ({ images, labels }: Part): Part => ({ images: images.div(largest || 1), labels });
  return { train: divided(train), heldOut: divided(heldOut) };
}

/** The data set, if there is something to learn from it and to judge by. */
function checked(data: Dataset, rows: number): Dataset {
  const named = JSON.stringify(data.name);
  if (data.size === 0) throw new UsageError(`${named} has no column but the label`);
  const classes = new Set(data.train.labels.toTypedArray());
  if (classes.size < 2) {
    throw new UsageError(
      `${named} must show at least 2 classes to learn from, got ${classes.size} in ${rows} rows`,
    );
  }
  const counts = new Map<number, number>();
  for (const label of data.heldOut.labels.toTypedArray()) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (Math.max(0, ...counts.values()) < 2) {
    throw new UsageError(
      `${named} must hold out at least 2 images of one class, or none can be found; raise --holdout`,
    );
  }
  return data;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
