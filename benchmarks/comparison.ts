/** @file One workload, all contenders: are their losses the same, and how long do their steps take. */
import { type BarAgainst, barOf, type Home } from './bars.js';
import { Contender, type Launch, nodeLaunch, pythonLaunch } from './contender.js';
import { type Timing, timingOf } from './timing.js';
import type { Workload } from './workloads.js';

/** A line of the table, and of the JSON. */
export interface Row {
  readonly workload: string;
  readonly home: string;
  readonly kernels: string;
  readonly threads: number;
  readonly peer: string | null;
  /** Median time of ours over that of the peer. */
  readonly ratio: number | null;
  readonly bar: number | null;
  readonly pass: boolean | null;
  readonly [extra: string]: unknown;
}

interface Entry {
  readonly label: string;
  /** Entries of one process take turns in it. */
  readonly launch: Launch;
  readonly form: string;
  /** Takes part in every so many rounds only. */
  readonly everyRounds: number;
}

interface OurEntry extends Entry {
  readonly home: Home;
  readonly kernels: string;
}

interface PeerEntry extends Entry {
  readonly library: BarAgainst;
  /** Bars stand against the form that users write first. */
  readonly tuned: boolean;
}

/** What became of an entry. */
interface Result {
  readonly label: string;
  readonly losses: readonly number[];
  readonly timing?: Timing;
  readonly rounds: number;
  readonly error?: string;
}

export interface Comparison {
  readonly ours: readonly Result[];
  readonly peers: readonly Result[];
  readonly rows: readonly Row[];
  /** Peers that could not run, and why. */
  readonly leftOut: readonly string[];
}

/**
 * Relative difference allowed between losses. Step 0 has one forward pass of float32 behind it; after ten steps of
 * Adam, whose first steps have a size of their own however small the gradient, rounding shows up ten times larger.
 */
export const TOLERANCE = { step0: 1e-6, step10: 1e-5 } as const;
const CHECKED_STEPS = 11;

/** How long each is run before anything counts, and how long one turn takes at least: nanoseconds. */
const WARM_UP = 1e9;
const TURN = 12e6;

function ourEntries(folder: string, { name }: Workload): OurEntry[] {
  const entry = (home: Home, kernels: string, everyRounds = 1): OurEntry => ({
    label: `ndgrad ${home}, ${kernels}`,
    launch: nodeLaunch('ndgrad.ts', folder, name, home, kernels),
    form: 'plain',
    everyRounds,
    home,
    kernels,
  });
  const wasm = ['relaxed', 'simd'].flatMap((kernels) =>
    (['capture', 'scope', 'heap'] as const).map((home) => entry(home, kernels)),
  );
  return [...wasm, entry('heap', 'js', 4)];
}

function peerEntries(folder: string, { name, optimizer }: Workload, python: string | undefined): PeerEntry[] {
  const entries: PeerEntry[] = [];
  const add = (library: BarAgainst, launch: Launch, forms: readonly (readonly [string, string])[]): void => {
    forms.forEach(([label, form], i) => {
      entries.push({ label, launch, form, everyRounds: 1, library, tuned: i > 0 });
    });
  };
  if (python !== undefined) {
    add('torch', pythonLaunch(python, 'torch_peer.py', folder, name), [
      ['torch', 'plain'],
      ...(optimizer === 'adam' ? [['torch foreach', 'foreach'] as const] : []),
      ...(name === 'W5' ? [['torch cdist', 'cdist'] as const] : []),
    ]);
  }
  add('javascript', nodeLaunch('jax.mjs', folder, name), [['jax-js jit', 'plain']]);
  add('javascript', nodeLaunch('tfjs.mjs', folder, name), [
    ['tfjs wasm', 'plain'],
    ['tfjs wasm transposed', 'transposed'],
  ]);
  return entries;
}

/** The label with the version after the library's name: `torch 2.13.0 foreach`. */
function withVersion(label: string, version: string): string {
  return label.replace(/^\S+/, (library) => `${library} ${version}`);
}

function disagreement(losses: readonly number[], expected: readonly number[]): string | undefined {
  for (const [step, tolerance] of [
    [0, TOLERANCE.step0],
    [10, TOLERANCE.step10],
  ] as const) {
    const [mine = Number.NaN, reference = Number.NaN] = [losses[step], expected[step]];
    // NaN is not close to anything.
    if (!(Math.abs(mine - reference) <= tolerance * Math.abs(reference))) {
      return `loss at step ${step} is ${mine}, should be ${reference} within ${tolerance}, relatively`;
    }
  }
  return undefined;
}

/** One entry and all that is learnt of it. */
class Candidate {
  label: string;
  losses: readonly number[] = [];
  error: string | undefined;
  readonly #process: Contender | Error;
  readonly #form: string;
  readonly #everyRounds: number;
  readonly #samples: number[] = [];
  #stepsPerTurn = 1;

  constructor({ label, form, everyRounds }: Entry, running: Contender | Error) {
    this.label = label;
    this.#form = form;
    this.#everyRounds = everyRounds;
    this.#process = running;
    if (running instanceof Error) this.error = running.message;
  }

  async #attempt(work: (running: Contender) => Promise<void>): Promise<void> {
    if (this.error !== undefined || this.#process instanceof Error) return;
    try {
      await work(this.#process);
    } catch (error) {
      this.error = (error as Error).message;
    }
  }

  check(): Promise<void> {
    return this.#attempt(async (running) => {
      this.losses = await running.losses(this.#form, CHECKED_STEPS);
    });
  }

  /** Runs until the compilers have done with it, and finds how many steps fill a turn. */
  warmUp(): Promise<void> {
    return this.#attempt(async (running) => {
      let steps = 1;
      for (let spent = 0; spent < WARM_UP; ) {
        const elapsed = await running.time(this.#form, steps);
        spent += elapsed;
        // A turn that is a little too long costs less than one too short to measure.
        steps = Math.max(1, Math.ceil((1.2 * TURN * steps) / elapsed));
      }
      this.#stepsPerTurn = steps;
    });
  }

  takeTurn(round: number): Promise<void> {
    return this.#attempt(async (running) => {
      if (round % this.#everyRounds !== 0) return;
      const elapsed = await running.time(this.#form, this.#stepsPerTurn);
      this.#samples.push(elapsed / this.#stepsPerTurn);
    });
  }

  result(): Result {
    const { label, losses, error } = this;
    const rounds = this.#samples.length;
    if (error !== undefined) return { label, losses, rounds, error };
    return { label, losses, rounds, timing: timingOf(this.#samples) };
  }
}

const started = (launch: Launch): Promise<Contender | Error> =>
  Contender.start(launch).catch((error: Error) => error);

/** Runs one workload in rounds, each contender one turn per round, each round beginning with another. */
export async function compare(
  folder: string,
  workload: Workload,
  python: string | undefined,
  rounds: number,
): Promise<Comparison> {
  const our = ourEntries(folder, workload);
  const their = peerEntries(folder, workload, python);
  const processes = new Map<Launch, Contender | Error>();
  const leftOut: string[] = [];
  try {
    const launches = new Set([...our, ...their].map(({ launch }) => launch)).values();
    // Two at a time: starting one keeps little more than a processor busy.
    const startNext = async (): Promise<void> => {
      for (const launch of launches) processes.set(launch, await started(launch));
    };
    await Promise.all([startNext(), startNext()]);
    const candidateOf = (entry: Entry): Candidate =>
      new Candidate(entry, processes.get(entry.launch) as Contender | Error);
    const ours = our.map(candidateOf);
    const present = their.filter((entry) => {
      const running = processes.get(entry.launch);
      if (running instanceof Error && !entry.tuned) leftOut.push(`${entry.label}: ${running.message}`);
      return running instanceof Contender;
    });
    const peers = present.map((entry) => {
      const candidate = candidateOf(entry);
      candidate.label = withVersion(entry.label, (processes.get(entry.launch) as Contender).version);
      return candidate;
    });
    const all = [...ours, ...peers];
    for (const candidate of all) await candidate.check();
    // Plain JavaScript rounds each op from double precision: the nearest to the truth, and to nobody's shortcuts.
    const reference = [...ours].reverse().find(({ losses }) => losses.length > 0)?.losses;
    if (reference !== undefined) {
      for (const candidate of all) candidate.error ??= disagreement(candidate.losses, reference);
    }
    for (const candidate of all) await candidate.warmUp();
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < all.length; i++) await all[(round + i) % all.length]?.takeTurn(round);
    }
    const ourResults = ours.map((candidate) => candidate.result());
    const peerResults = peers.map((candidate) => candidate.result());
    return {
      ours: ourResults,
      peers: peerResults,
      rows: rowsOf(workload, our, ourResults, present, peerResults),
      leftOut,
    };
  } finally {
    for (const running of processes.values()) if (running instanceof Contender) running.stop();
  }
}

function microseconds(result: Result): { median: number | null; quartiles: readonly number[] | null } {
  const { timing } = result;
  if (timing === undefined) return { median: null, quartiles: null };
  return { median: timing.median / 1e3, quartiles: timing.quartiles.map((time) => time / 1e3) };
}

function rowsOf(
  { name }: Workload,
  our: readonly OurEntry[],
  ours: readonly Result[],
  their: readonly PeerEntry[],
  peers: readonly Result[],
): Row[] {
  // The best JavaScript peer is the fastest in its default form.
  let best: Result | undefined;
  their.forEach(({ library, tuned }, i) => {
    const peer = peers[i] as Result;
    if (library !== 'javascript' || tuned || peer.timing === undefined) return;
    if (best?.timing === undefined || peer.timing.median < best.timing.median) best = peer;
  });
  const againstOf = ({ library, tuned }: PeerEntry, peer: Result): BarAgainst | undefined => {
    if (tuned) return undefined;
    return library === 'torch' || peer === best ? library : undefined;
  };
  return our.flatMap(({ home, kernels }, i) => {
    const mine = ours[i] as Result;
    return their.map((entry, k) => {
      const peer = peers[k] as Result;
      const error = mine.error ?? (peer.error === undefined ? undefined : `${peer.label}: ${peer.error}`);
      const ratio = mine.timing && peer.timing ? mine.timing.median / peer.timing.median : null;
      const bar = barOf(name, home, kernels, againstOf(entry, peer));
      const row: Row = {
        workload: name,
        home,
        kernels,
        threads: 1,
        peer: peer.label,
        ratio,
        bar,
        pass: error !== undefined ? false : bar === null ? null : (ratio as number) <= bar,
        microseconds: microseconds(mine),
        peerMicroseconds: microseconds(peer),
        rounds: mine.rounds,
        ...(error !== undefined && { error }),
      };
      return row;
    });
  });
}
