/** @file The frame of `siamese-digits`: options in, then the table, the report and the JSON line out. */
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentKernels, type KernelBuild, NdgradError, setKernels, type Tensor } from '@ndgrad/core';
import { retrievalMetrics } from '@ndgrad/mining';
import { type Dataset, readDataset } from './dataset.js';
import { hardestMistakes } from './mistakes.js';
import { choice, flag, helpText, number, readOptions, text, UsageError, type Values } from './options.js';
import { type Output, Progress } from './progress.js';
import { Recorder } from './recorder.js';
import { reportPage } from './report.js';
import { textTable } from './table.js';

const NAME = 'siamese-digits';
const MARGINS = { triplet: 0.2, contrastive: 1, circle: 0.25 };

const OPTIONS = {
  loss: choice(['triplet', 'contrastive', 'circle'], 'triplet', 'the loss'),
  miner: choice(
    ['semi-hard', 'batch-hard', 'all'],
    'semi-hard',
    'which triplets of a batch, or pairs of those triplets',
  ),
  margin: number(
    undefined,
    "margin of loss and miner, in units of the loss's matrix",
    { min: 0, exclusiveMin: true },
    Object.entries(MARGINS)
      .map(([loss, margin]) => `${loss} ${margin}`)
      .join(', '),
  ),
  epochs: number(40, 'passes over the training images', { min: 1, max: 100_000, integer: true }),
  seed: number(0, 'of first weights, batches and jitter; never of the held-out part', {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    integer: true,
  }),
  data: text(
    'PATH',
    undefined,
    'CSV or CSV.gz, an image a row, label last; or a folder of MNIST IDX files',
    'the digits in examples/data',
  ),
  holdout: text('N', undefined, 'with a CSV: how many rows to hold out, or which share of them', '0.2'),
  kernels: choice(
    ['fastest', 'relaxed', 'simd', 'js'],
    'fastest',
    'what computes: WebAssembly or JavaScript',
  ),
  eager: flag('run every step as it is written, instead of replaying a captured one: slower, same numbers'),
  out: text('DIR', `${NAME}-report`, 'folder for report.html'),
  json: flag('end standard output with one line of JSON'),
};

/** What a run is asked to do. */
export interface Settings {
  readonly loss: 'triplet' | 'contrastive' | 'circle';
  readonly miner: 'semi-hard' | 'batch-hard' | 'all';
  readonly margin: number;
  readonly epochs: number;
  readonly seed: number;
  /** Whether steps run as they are written, instead of being captured. */
  readonly eager?: boolean;
}

/** Trains on `data` and gives the embeddings `[n, d]` of the held-out images before and after. */
export type Train = (
  data: Dataset,
  settings: Settings,
  recorder: Recorder,
) => { readonly before: Tensor; readonly after: Tensor };

/** Whether the module is what was called, not something that was imported. */
export function isMain(url: string): boolean {
  return process.argv[1] === fileURLToPath(url);
}

/** Where a run writes. */
export interface Streams {
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * Runs the demo on the words of a command line.
 *
 * @returns the exit status: 0, or 2 for a wrong word or file, of which one line on standard error tells.
 */
export function runDemo(train: Train, words: readonly string[], streams: Streams = process): 0 | 2 {
  const output = streams.stdout;
  try {
    const options = readOptions(words, OPTIONS);
    if (options === undefined) output.write(helpText(`usage: ${NAME} [options]`, OPTIONS));
    else run(train, output, prepared(options));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    streams.stderr.write(`${NAME}: ${error.message}\n`);
    return 2;
  }
}

function run(train: Train, output: Output, { settings, data, out, json }: Prepared): void {
  const { train: learned, heldOut } = data;

  const model = `${settings.loss} loss, ${settings.miner} mining`;
  const parts = `${learned.labels.size} images to learn from, ${heldOut.labels.size} held out`;
  output.write(`${data.name}: ${parts}; ${model}, margin ${settings.margin}, seed ${settings.seed}\n`);

  const progress = new Progress(settings.epochs, output);
  const recorder = new Recorder(progress);
  const began = performance.now();
  const { before, after } = train(data, settings, recorder);
  const seconds = Math.round(performance.now() - began) / 1000;
  progress.end();

  const first = retrievalMetrics(before, heldOut.labels);
  const last = retrievalMetrics(after, heldOut.labels);
  const row = (name: string, key: 'precisionAt1' | 'rPrecision' | 'mapAtR'): string[] => [
    name,
    first[key].toFixed(4),
    last[key].toFixed(4),
  ];
  const table = [
    row('precision@1', 'precisionAt1'),
    row('R-precision', 'rPrecision'),
    row('MAP@R', 'mapAtR'),
  ];
  output.write(`\n${textTable(['held-out images', 'before', 'after'], table)}\n\n`);

  const [, width = 0] = after.shape;
  const labels = heldOut.labels.toTypedArray();
  const report = join(out, 'report.html');
  writeFileSync(
    report,
    reportPage({
      title: 'A Siamese net learns digits',
      summary:
        `${learned.labels.size} images of ${data.name}, ${model}: images of one class should lie near each other. ` +
        `Judged by the ${heldOut.labels.size} images that were held out.`,
      settings: [
        ['data', data.name],
        ['images to learn from', String(learned.labels.size)],
        ['images held out', String(heldOut.labels.size)],
        ['loss', settings.loss],
        ['miner', settings.miner],
        ['margin', String(settings.margin)],
        ['epochs', String(settings.epochs)],
        ['seed', String(settings.seed)],
      ],
      seconds,
      before: first,
      after: last,
      epochs: recorder.epochs,
      batchLosses: recorder.batchLosses,
      heldOut: {
        labels,
        images: heldOut.images.toTypedArray(),
        imageWidth: data.width,
        imageSize: data.size,
        max: 1,
        before: before.toTypedArray(),
        after: after.toTypedArray(),
        width,
      },
      mistakes: hardestMistakes(after.toTypedArray(), width, labels),
    }),
  );
  output.write(`${seconds.toFixed(1)} s of training; see ${report}\n`);
  if (json) {
    const { loss, miner, seed, epochs, eager = false } = settings;
    const kernels = currentKernels();
    const quality = ({ precisionAt1, mapAtR }: typeof first) => ({ precisionAt1, mapAtR });
    output.write(
      `${JSON.stringify({ loss, miner, seed, epochs, kernels, eager, before: quality(first), after: quality(last), seconds })}\n`,
    );
  }
}

interface Prepared {
  readonly settings: Settings;
  readonly data: Dataset;
  readonly out: string;
  readonly json: boolean;
}

/** What a run needs. Whatever can be wrong from outside is found out here, before training begins. */
function prepared(options: Values<typeof OPTIONS>): Prepared {
  const { loss, miner, margin = MARGINS[loss], epochs, seed, kernels, eager, out, json } = options;
  if (loss === 'circle' && margin >= 1) {
    throw new UsageError(`--margin must be below 1 with --loss circle, got ${margin}`);
  }
  if (kernels !== 'fastest') chooseKernels(kernels);
  const data = readData(options.data, options.holdout);
  makeFolder(out);
  return { settings: { loss, miner, margin, epochs, seed, eager }, data, out, json };
}

function chooseKernels(kernels: KernelBuild): void {
  try {
    setKernels(kernels);
  } catch (error) {
    if (error instanceof NdgradError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function readData(path: string | undefined, holdout: string | undefined): Dataset {
  try {
    return readDataset(path, holdout);
  } catch (error) {
    if (error instanceof NdgradError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    const [reason] = (error as Error).message.split(',');
    throw new UsageError(`--out ${JSON.stringify(path)} cannot be written to: ${reason}`, { cause: error });
  }
}
