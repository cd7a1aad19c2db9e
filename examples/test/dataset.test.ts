import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readDataset } from '../support/dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-dataset-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file in the test's folder. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Six images of four pixels, three of each of two classes, grey levels up to 8. */
const SIX = '0,1,2,8,5\n1,1,2,3,5\n2,1,2,3,5\n3,1,2,3,6\n4,1,2,3,6\n8,1,2,3,6\n';

describe('readDataset', () => {
  it('reads the digits that come with the examples, 1437 and 360 of 8 × 8 pixels, scaled to 1', () => {
    const { name, size, width, train, heldOut } = readDataset(undefined, undefined);
    expect({ name, size, width }).toEqual({ name: 'digits.csv.gz', size: 64, width: 8 });
    expect(train.images.shape).toEqual([1437, 64]);
    expect(heldOut.images.shape).toEqual([360, 64]);
    expect(heldOut.labels.shape).toEqual([360]);
    expect(train.images.max().item()).toBe(1);
    expect(train.images.min().item()).toBe(0);
  });

  it('reads a CSV file, gzipped or not, and holds out rows of every class', () => {
    const path = file('six.csv', SIX);
    const plain = readDataset(path, '4');
    expect(plain.train.labels.toArray()).toEqual([5, 6]);
    expect(plain.heldOut.labels.toArray()).toEqual([5, 5, 6, 6]);
    expect(plain.width).toBe(2);
    const zipped = readDataset(file('six.csv.gz', gzipSync(SIX)), '4');
    expect(zipped.train.images.toArray()).toEqual(plain.train.images.toArray());
  });

  it('divides both parts by the largest grey level of the training part', () => {
    const { train, heldOut } = readDataset(file('six.csv', SIX), '4');
    const all = SIX.trim()
      .split('\n')
      .map((line) => line.split(',').slice(0, 4).map(Number));
    const largest = Math.max(...(train.images.toArray() as number[][]).flat());
    expect(largest).toBe(1);
    const seen = [...(train.images.toArray() as number[][]), ...(heldOut.images.toArray() as number[][])];
    const ratio =
      all.flat().reduce((sum, value) => sum + value, 0) / seen.flat().reduce((sum, value) => sum + value, 0);
    expect([3, 4, 8]).toContain(Math.round(ratio * 1e5) / 1e5);
  });

  it('takes a share of the rows as well as a count, and one fifth by itself', () => {
    const path = file('twenty.csv', Array.from({ length: 20 }, (_, i) => `${i},1,2,3,${i % 2}\n`).join(''));
    expect(readDataset(path, '0.5').heldOut.labels.size).toBe(10);
    expect(readDataset(path, '6').heldOut.labels.size).toBe(6);
    expect(readDataset(path, undefined).heldOut.labels.size).toBe(4);
  });

  it('holds out the same rows of the digits when asked for as many as the committed split has', () => {
    const committed = readDataset(undefined, undefined);
    const asked = readDataset('examples/data/digits.csv.gz', '360');
    expect(asked.heldOut.labels.toArray()).toEqual(committed.heldOut.labels.toArray());
    expect(asked.heldOut.images.toArray()).toEqual(committed.heldOut.images.toArray());
  });

  it('reads a folder of IDX files and holds out the t10k part', () => {
    for (const [half, labels] of [
      ['train', [3, 7]],
      ['t10k', [7, 7, 3]],
    ] as const) {
      const n = labels.length;
      const pixels = Array.from({ length: n * 6 }, (_, i) => (i === 1 ? 255 : i));
      file(
        `${half}-images-idx3-ubyte`,
        new Uint8Array([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 3, ...pixels]),
      );
      file(`${half}-labels-idx1-ubyte`, new Uint8Array([0, 0, 8, 1, 0, 0, 0, n, ...labels]));
    }
    const { size, width, train, heldOut } = readDataset(folder, undefined);
    expect({ size, width }).toEqual({ size: 6, width: 3 });
    expect(train.images.shape).toEqual([2, 6]);
    expect(train.images.toArray()).toEqual([
      [0, 1, ...[2, 3, 4, 5].map((level) => Math.fround(level / 255))],
      [6, 7, 8, 9, 10, 11].map((level) => Math.fround(level / 255)),
    ]);
    expect(train.labels.toArray()).toEqual([3, 7]);
    expect(heldOut.labels.toArray()).toEqual([7, 7, 3]);
  });

  it.each([
    ['a text', '--holdout must be a number above 0, got "a text"'],
    ['0', '--holdout must be a number above 0, got "0"'],
    ['2.5', '--holdout must be a count of rows or a share between 0 and 1, got 2.5'],
    ['6', '--holdout 6 leaves nothing of 6 rows to learn from'],
    ['0.95', '--holdout 0.95 leaves nothing of 6 rows to learn from'],
    ['1', '"six.csv" must hold out at least 2 images of one class, or none can be found; raise --holdout'],
  ])('refuses --holdout %j', (holdout, message) => {
    const path = file('six.csv', SIX);
    expect(() => readDataset(path, holdout)).toThrow(message);
  });

  it('refuses --holdout where the held-out part is fixed', () => {
    expect(() => readDataset(undefined, '100')).toThrow(
      '--holdout needs --data: which of the digits are held out is fixed',
    );
    expect(() => readDataset(folder, '100')).toThrow(
      '--holdout needs a CSV file: of a folder of IDX files the t10k part is held out',
    );
  });

  it('names the file, row and column of what is no number', () => {
    const path = file('broken.csv', '1,2,3\n1,x,3\n');
    expect(() => readDataset(path, undefined)).toThrow(
      /^readCsv: "[^"]*broken.csv" row 2, column 2 must .*, got "x"/,
    );
  });

  it('names the column of a label that is no integer', () => {
    const path = file('half.csv', '1,2,3\n1,2,3.5\n');
    expect(() => readDataset(path, undefined)).toThrow(/broken|half.csv" row 2, column 3 must .*, got "3.5"/);
  });

  it('names a file that is not there', () => {
    expect(() => readDataset(join(folder, 'no.csv'), undefined)).toThrow(
      /^readCsv: cannot read ".*no.csv"; ENOENT/,
    );
  });

  it('refuses data of one class, and data without pixels', () => {
    expect(() => readDataset(file('one.csv', '1,2,3\n'.repeat(10)), undefined)).toThrow(
      '"one.csv" must show at least 2 classes to learn from, got 1 in 10 rows',
    );
    expect(() => readDataset(file('bare.csv', '1\n2\n'.repeat(10)), undefined)).toThrow(
      '"bare.csv" has no column but the label',
    );
  });
});
