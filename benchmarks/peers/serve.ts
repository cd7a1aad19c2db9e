/**
 * @file The line protocol between the benchmark and a contender, which is a process of its own: what one does to caches
 * of types, heaps and flags cannot touch another.
 *
 *     contender → { "version": "1.2.3" }       once, when it is ready
 *     → losses plain 11                         ← { "losses": [...] }     of a fresh model, the first at step 0
 *     → time plain 20                           ← { "nanoseconds": ... }  of 20 steps from the first weights on
 *     anything that goes wrong                  ← { "error": "..." }
 *
 * Only standard output speaks it; what a library prints goes to standard error.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A model in training. */
export interface Trainee {
  /**
   * Takes back the first weights. A model that trains on and on learns the batch by heart, its gradients fade into
   * denormal numbers, and these would be timed instead of the step.
   */
  readonly restore: () => void;
  /** One training step. Gives something from which {@link read} can get the loss. */
  readonly step: () => unknown;
  /** The loss as a number; waits until it is computed. */
  readonly read: (loss: unknown) => number | Promise<number>;
}

function say(message: object): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/**
 * Answers until standard input ends.
 *
 * @param start - prepares the library and returns its version and a maker of models by form.
 */
export async function serve(
  start: () => Promise<{ version: string; trainee: (form: string) => Trainee }>,
): Promise<void> {
  console.log = console.error;
  console.info = console.error;
  try {
    const { version, trainee } = await start();
    say({ version });
    const living = new Map<string, Trainee>();
    for await (const line of createInterface({ input: process.stdin })) {
      const [command, form = '', count = '0'] = line.split(' ');
      try {
        if (command === 'losses') {
          const { step, read } = trainee(form);
          const losses: number[] = [];
          for (let i = 0; i < Number(count); i++) losses.push(await read(step()));
          say({ losses });
        } else {
          const known = living.get(form) ?? trainee(form);
          living.set(form, known);
          known.restore();
          let loss: unknown;
          const began = process.hrtime.bigint();
          for (let i = 0; i < Number(count); i++) loss = known.step();
          await known.read(loss);
          say({ nanoseconds: Number(process.hrtime.bigint() - began) });
        }
      } catch (error) {
        say({ error: describe(error) });
      }
    }
  } catch (error) {
    say({ error: describe(error) });
  }
}
