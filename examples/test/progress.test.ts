import { describe, expect, it } from '@jest/globals';
import { type Output, Progress } from '../support/progress.js';

const LINE = { epoch: 3, loss: 0.01234, easy: 0.9, semiHard: 0.075, hard: 0.025, mapAtR: 0.87654 };

/** What a run writes to a terminal of so many columns, or to a file when that is undefined. */
function written(columns: number | undefined, run: (progress: Progress) => void, epochs = 30): string {
  let text = '';
  const output: Output = { write: (piece) => (text += piece), isTTY: columns !== undefined, columns };
  run(new Progress(epochs, output));
  return text;
}

describe('Progress', () => {
  it('writes one line an epoch where there is no terminal, and nothing else', () => {
    const text = written(undefined, (progress) => {
      progress.batch(3, 1, 18);
      progress.epoch(LINE);
      progress.end();
    });
    expect(text).toBe(
      'epoch  3/30  loss 0.0123  easy  90.0 %  semi-hard   7.5 %  hard   2.5 %  MAP@R 0.8765\n',
    );
  });

  it('draws a bar over itself on a terminal and ends it with a fresh line', () => {
    const text = written(120, (progress) => {
      progress.batch(1, 9, 18);
      progress.epoch({ ...LINE, epoch: 15 });
      progress.end();
    });
    expect(text).toBe(
      [
        '\repoch  1/30 ▍░░░░░░░░░░░░░░░░░░░░░░░\u001b[K',
        '\repoch 15/30 ████████████░░░░░░░░░░░░  loss 0.0123  easy  90 %  semi-hard   8 %  hard   3 %  MAP@R 0.8765\u001b[K',
        '\n',
      ].join(''),
    );
  });

  it('never fills the last column of a terminal, which would wrap the line', () => {
    for (let columns = 1; columns <= 140; columns++) {
      const text = written(columns, (progress) => {
        progress.epoch(LINE);
        progress.batch(4, 5, 18);
      });
      for (const line of text.split('\r').slice(1)) {
        expect(line.replace('\u001b[K', '').length).toBeLessThan(Math.max(columns, 1));
      }
    }
  });

  it('keeps the columns of its lines from the first epoch to the last', () => {
    const lengths = [1, 10, 100].map(
      (epoch) =>
        written(undefined, (progress) => progress.epoch({ ...LINE, epoch, easy: epoch / 100 }), 100).length,
    );
    expect(new Set(lengths).size).toBe(1);
  });
});
