/** @file What happened in training: kept for the report, shown as it goes. */
import type { TripletCounts } from '@ndgrad/mining';
import type { EpochLine, Progress } from './progress.js';

/** Hears of every batch and epoch, keeps what the report needs and passes on what progress shows. */
export class Recorder {
  /** One line for each epoch that is done. */
  readonly epochs: EpochLine[] = [];
  /** The loss of every batch. */
  readonly batchLosses: number[] = [];
  readonly #progress: Progress;
  #batches: { readonly loss: number; readonly counts: TripletCounts }[] = [];

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** A batch is done: its loss, all triplets that were possible in it, and how many batches the epoch has. */
  batch(loss: number, counts: TripletCounts, batches: number): void {
    this.batchLosses.push(loss);
    this.#batches.push({ loss, counts });
    this.#progress.batch(this.epochs.length + 1, this.#batches.length, batches);
  }

  /** An epoch is done: its line is the mean over its batches. */
  epoch(mapAtR: number): void {
    const batches = this.#batches;
    const mean = (of: (batch: (typeof batches)[number]) => number): number =>
      batches.reduce((sum, batch) => sum + of(batch), 0) / Math.max(1, batches.length);
    const line = {
      epoch: this.epochs.length + 1,
      loss: mean(({ loss }) => loss),
      easy: mean(({ counts }) => counts.easyFraction),
      semiHard: mean(({ counts }) => counts.semiHardFraction),
      hard: mean(({ counts }) => counts.hardFraction),
      mapAtR,
    };
    this.epochs.push(line);
    this.#batches = [];
    this.#progress.epoch(line);
  }
}
