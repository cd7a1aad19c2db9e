/** @file Starts a contender in a process of its own and talks to it; `peers/serve.ts` has the protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One that does not answer for so long, in milliseconds, will not. */
const PATIENCE = 120_000;

interface Answer {
  readonly version?: string;
  readonly losses?: readonly number[];
  readonly nanoseconds?: number;
  readonly error?: string;
}

/** How to start one. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

/** A TypeScript or JavaScript file of `peers/`, run as this process is run. */
export function nodeLaunch(file: string, ...args: readonly string[]): Launch {
  return { command: process.execPath, args: [...process.execArgv, pathOf(file), ...args] };
}

export function pythonLaunch(python: string, file: string, ...args: readonly string[]): Launch {
  return { command: python, args: [pathOf(file), ...args] };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`peers/${file}`, import.meta.url));
}

/** A running process that trains the models of one contender. */
export class Contender {
  readonly version: string;
  readonly #channel: Channel;

  private constructor(channel: Channel, version: string) {
    this.#channel = channel;
    this.version = version;
  }

  /** Waits until it is ready; throws with its own words where it cannot run. */
  static async start(launch: Launch): Promise<Contender> {
    const channel = new Channel(launch);
    try {
      const { version = '' } = await channel.receive();
      return new Contender(channel, version);
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  /** The losses of the first steps of a fresh model. */
  async losses(form: string, count: number): Promise<readonly number[]> {
    return (await this.#channel.ask(`losses ${form} ${count}`)).losses ?? [];
  }

  /** Nanoseconds that so many steps take. */
  async time(form: string, steps: number): Promise<number> {
    return (await this.#channel.ask(`time ${form} ${steps}`)).nanoseconds ?? Number.NaN;
  }

  stop(): void {
    this.#channel.close();
  }
}

/** One question at a time, one line of JSON each way. */
class Channel {
  readonly #child: ChildProcess;
  readonly #answers: Answer[] = [];
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  constructor({ command, args }: Launch) {
    // A library that reads these before the program runs must not start threads that are then idle.
    const oneThread = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const child = spawn(command, args, {
      env: { ...process.env, ...oneThread },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    const end = (reason: string): void => {
      this.#ended ??= reason;
      this.#wake?.();
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(`it ended with ${signal ?? `status ${code}`}`));
    // Writing to one that has ended: its end says more.
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      try {
        this.#answers.push(JSON.parse(line) as Answer);
        this.#wake?.();
      } catch {
        console.error(line);
      }
    });
  }

  async receive(): Promise<Answer> {
    if (this.#answers.length === 0 && this.#ended === undefined) {
      await new Promise<void>((done) => {
        const timer = setTimeout(() => {
          this.#ended = `it has not answered for ${PATIENCE / 1000} s`;
          done();
        }, PATIENCE);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      this.#wake = undefined;
    }
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error(this.#ended ?? 'it has not answered');
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  ask(line: string): Promise<Answer> {
    this.#child.stdin?.write(`${line}\n`);
    return this.receive();
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
