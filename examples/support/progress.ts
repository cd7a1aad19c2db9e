/** @file How far a training run is: a bar that redraws itself on a terminal, one line an epoch anywhere else. */

/** What an epoch has to say for itself. */
export interface EpochLine {
  /** The epoch, from 1. */
  readonly epoch: number;
  /** Mean loss over the epoch's batches. */
  readonly loss: number;
  /** Shares of the batches' triplets, each 0 … 1. */
  readonly easy: number;
  readonly semiHard: number;
  readonly hard: number;
  /** MAP@R on the held-out part. */
  readonly mapAtR: number;
}

/** Where progress is written: the part of `process.stdout` that is used here. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Progress over `epochs` epochs, written to `output`. */
export class Progress {
  readonly #epochs: number;
  readonly #output: Output;
  #last = '';

  constructor(epochs: number, output: Output) {
    this.#epochs = epochs;
    this.#output = output;
  }

  /** A batch is done: `done` of `batches` in `epoch` (from 1). Only a terminal shows it. */
  batch(epoch: number, done: number, batches: number): void {
    if (this.#output.isTTY === true) this.#draw((epoch - 1 + done / batches) / this.#epochs, epoch);
  }

  /** An epoch is done. */
  epoch(line: EpochLine): void {
    if (this.#output.isTTY === true) {
      this.#last = numbers(line, 0);
      this.#draw(line.epoch / this.#epochs, line.epoch);
    } else {
      this.#output.write(`${this.#title(line.epoch)}  ${numbers(line, 1)}\n`);
    }
  }

  /** Training is over, or failed: leaves the terminal on a fresh line. */
  end(): void {
    if (this.#output.isTTY === true) this.#output.write('\n');
  }

  #title(epoch: number): string {
    return `epoch ${String(epoch).padStart(String(this.#epochs).length)}/${this.#epochs}`;
  }

  #draw(share: number, epoch: number): void {
    // A line as wide as the terminal would wrap and could not be redrawn.
    const columns = (this.#output.columns ?? 80) - 1;
    const title = this.#title(epoch);
    const beside = this.#last === '' ? '' : `  ${this.#last}`;
    const room = Math.min(24, columns - title.length - beside.length - 1);
    const text = room >= 4 ? `${title} ${bar(share, room)}${beside}` : `${title}${beside}`;
    // Back to the line's start, the text, and erase what the last text left behind it.
    this.#output.write(`\r${text.slice(0, columns)}\u001b[K`);
  }
}

/** The numbers of an epoch, each as wide as in every other epoch; shares in percent with `digits` decimals. */
function numbers({ loss, easy, semiHard, hard, mapAtR }: EpochLine, digits: 0 | 1): string {
  const percent = (share: number): string =>
    `${(share * 100).toFixed(digits).padStart(digits === 0 ? 3 : 5)} %`;
  return (
    `loss ${loss.toFixed(4)}  easy ${percent(easy)}  semi-hard ${percent(semiHard)}  ` +
    `hard ${percent(hard)}  MAP@R ${mapAtR.toFixed(4)}`
  );
}

/** A bar `width` cells wide, filled to `share` by eighths of a cell. */
function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  const part = eighths % 8 === 0 ? '' : (' ▏▎▍▌▋▊▉'[eighths % 8] as string);
  return `${full}${part}`.padEnd(width, '░');
}
