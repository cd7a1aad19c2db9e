import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { train } from '../siamese-digits.js';
import { readDataset } from '../support/dataset.js';
import { Progress } from '../support/progress.js';
import { Recorder } from '../support/recorder.js';
import { runDemo, type Settings } from '../support/siameseDemo.js';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-siamese-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the demo says and how it ends. */
function demo(...words: string[]): { status: number; stdout: string; stderr: string } {
  let [stdout, stderr] = ['', ''];
  const status = runDemo(train, words, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { status, stdout, stderr };
}

/** The digits, few enough to train on in a test. */
const FEW = join(folder, 'few.csv');
const few = readDataset('examples/data/digits.csv.gz', '360').train;
const pixels = few.images.toTypedArray();
writeFileSync(
  FEW,
  Array.from(few.labels.toTypedArray().subarray(0, 400), (label, row) => {
    return `${Array.from(pixels.subarray(64 * row, 64 * row + 64), (level) => 16 * level)},${label}\n`;
  }).join(''),
);

describe('siamese-digits', () => {
  it.each([
    ['triplet', 'semi-hard'],
    ['triplet', 'batch-hard'],
    ['triplet', 'all'],
    ['contrastive', 'semi-hard'],
    ['contrastive', 'batch-hard'],
    ['contrastive', 'all'],
    ['circle', 'semi-hard'],
    ['circle', 'batch-hard'],
    ['circle', 'all'],
  ] as const)('learns by %s loss on %s triplets', (loss, miner) => {
    const data = readDataset(FEW, '0.25');
    const margin = { triplet: 0.2, contrastive: 1, circle: 0.25 }[loss];
    const recorder = new Recorder(new Progress(3, { write: () => true }));
    train(data, { loss, miner, margin, epochs: 3, seed: 1 }, recorder);
    expect(recorder.epochs.length).toBe(3);
    expect(recorder.batchLosses.every(Number.isFinite)).toBe(true);
    for (const { easy, semiHard, hard } of recorder.epochs) expect(easy + semiHard + hard).toBeCloseTo(1, 12);
    expect(recorder.epochs.at(-1)?.mapAtR).toBeGreaterThan(0.5);
  });

  it('gives the same bits for the same seed, and others for another', () => {
    const data = readDataset(FEW, '0.25');
    const hash = (seed: number): string => {
      const settings: Settings = { loss: 'triplet', miner: 'semi-hard', margin: 0.2, epochs: 2, seed };
      const { net, after } = train(data, settings, new Recorder(new Progress(2, { write: () => true })));
      const bytes = createHash('sha256').update(after.toTypedArray());
      for (const [name, weights] of net.stateDict()) bytes.update(name).update(weights.toTypedArray());
      return bytes.digest('hex');
    };
    expect(hash(5)).toBe(hash(5));
    expect(hash(6)).not.toBe(hash(5));
  });

  it('gives the same bits by captured steps and by eager ones', () => {
    const data = readDataset(FEW, '0.25');
    for (const loss of ['triplet', 'contrastive', 'circle'] as const) {
      const margin = { triplet: 0.2, contrastive: 1, circle: 0.25 }[loss];
      const [captured, eager] = [false, true].map((plain) => {
        const settings: Settings = { loss, miner: 'semi-hard', margin, epochs: 2, seed: 4, eager: plain };
        return train(
          data,
          settings,
          new Recorder(new Progress(2, { write: () => true })),
        ).after.toTypedArray();
      });
      expect(captured).toEqual(eager);
    }
  });

  it('ends with one line of JSON when asked to, the same for the same seed apart from the seconds', () => {
    const words = [
      '--data',
      FEW,
      '--holdout',
      '100',
      '--epochs',
      '2',
      '--seed',
      '3',
      '--json',
      '--out',
      folder,
    ];
    const runs = [demo(...words), demo(...words)].map(({ status, stdout, stderr }) => {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as Record<string, unknown>;
    });
    const share = expect.any(Number);
    expect(runs[0]).toEqual({
      loss: 'triplet',
      miner: 'semi-hard',
      seed: 3,
      epochs: 2,
      kernels: expect.stringMatching(/^(relaxed|simd|js)$/),
      eager: false,
      before: { precisionAt1: share, mapAtR: share },
      after: { precisionAt1: share, mapAtR: share },
      seconds: share,
    });
    expect({ ...runs[1], seconds: 0 }).toEqual({ ...runs[0], seconds: 0 });
  });

  it('writes a line an epoch, a table and a report', () => {
    const out = join(folder, 'new', 'place');
    const { stdout } = demo('--data', FEW, '--epochs', '2', '--loss', 'circle', '--out', out);
    expect(stdout.replace(/\d\.\d{4}/g, '#.####').replace(/[ \d]\d\.\d %/g, '##.# %')).toMatch(
      /^few\.csv: 320 images to learn from, 80 held out; circle loss, semi-hard mining, margin 0\.25, seed 0\n(epoch [12]\/2 {2}loss \S+ {2}easy +##\.# % {2}semi-hard +##\.# % {2}hard +##\.# % {2}MAP@R #\.####\n){2}\nheld-out images {2}before {3}after\n─+\nprecision@1 {6}#\.#### {2}#\.####\nR-precision {6}#\.#### {2}#\.####\nMAP@R {12}#\.#### {2}#\.####\n\n\d+\.\d s of training; see .*report\.html\n$/,
    );
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('320 images of few.csv, circle loss, semi-hard mining');
    expect(page).not.toMatch(/NaN|undefined/);
  });

  it('prints its options for --help and does nothing else', () => {
    const { status, stdout } = demo('--help', '--out', join(folder, 'unmade'));
    expect(status).toBe(0);
    expect(stdout).toContain('usage: siamese-digits [options]');
    expect(stdout).toContain('--loss triplet|contrastive|circle  the loss (default: triplet)');
    expect(existsSync(join(folder, 'unmade'))).toBe(false);
  });

  const broken = join(folder, 'broken.csv');
  writeFileSync(broken, '0,1,2,3,0\n0,1,oops,3,1\n');
  const plain = join(folder, 'plain.txt');
  writeFileSync(plain, '');
  it.each([
    [
      ['--loss', 'tripled'],
      '--loss must be triplet, contrastive or circle, got "tripled"; did you mean triplet?',
    ],
    [['--mine', 'all'], 'unknown option --mine; did you mean --miner?'],
    [['--epochs', 'many'], '--epochs must be an integer from 1 to 100000, got "many"'],
    [['--seed', '-1'], '--seed must be an integer from 0 to 9007199254740991, got "-1"'],
    [['--margin', '1', '--loss', 'circle'], '--margin must be below 1 with --loss circle, got 1'],
    [['--holdout', '0.5'], '--holdout needs --data: which of the digits are held out is fixed'],
    [['--data', FEW, '--holdout', '400'], '--holdout 400 leaves nothing of 400 rows to learn from'],
    [['--data', 'no-such.csv'], /^readCsv: cannot read "no-such.csv"; ENOENT: no such file or directory$/],
    [['--data', broken], /^readCsv: ".*broken\.csv" row 2, column 3 must .*, got "oops".*$/],
    [['--data', folder], /^readMnist: ".*" has no file train-images-idx3-ubyte; nor .*$/],
    [['--out', plain], /^--out ".*plain\.txt" cannot be written to: EEXIST: file already exists$/],
  ])('refuses %j with one line and status 2', (words, message) => {
    const { status, stdout, stderr } = demo(...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^siamese-digits: [^\n]*\n$/);
    const line = stderr.slice('siamese-digits: '.length, -1);
    if (typeof message === 'string') expect(line).toBe(message);
    else expect(line).toMatch(message);
  });

  it('ends its process with status 2 and no stack trace for a wrong option', () => {
    const run = spawnSync(
      process.execPath,
      ['tools/run.mjs', 'examples/siamese-digits.ts', '--los', 'circle'],
      {
        cwd: resolve(__dirname, '../..'),
        encoding: 'utf8',
      },
    );
    expect({ status: run.status, stdout: run.stdout, stderr: run.stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'siamese-digits: unknown option --los; did you mean --loss?\n',
    });
  }, 60_000);
});
