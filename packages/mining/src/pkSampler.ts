import { ArgumentError, type Generator, generator, randint, StateError } from '@ndgrad/core';
import { checkNumber, checkOptions, describeValue } from '@ndgrad/core/arguments';
import { type Labels, labelTensor } from '@ndgrad/losses';
import { Urn } from './urn.js';

/** Options of {@link PKSampler}. */
export interface PKSamplerOptions {
  /** The label of every item of the data set, `[n]`. */
  readonly labels: Labels;
  /** P: how many classes a batch has. From 2 to the number of classes. */
  readonly classes: number;
  /** K: how many items of each class a batch has. At least 2. */
  readonly perClass: number;
  /** Seed of the sampler's own stream. Default: drawn from the global generator, which `manualSeed` sets. */
  readonly seed?: number;
  /** Instead of a seed: the generator to draw one from, once, at the start. */
  readonly generator?: Generator;
}

/** Where a sampler stands; plain numbers, so it can be written as JSON. */
export interface PKSamplerState {
  /** Of the sampler it came from: one of other classes, sizes or labels refuses it. */
  readonly classes: number;
  readonly perClass: number;
  readonly items: number;
  /** The random state at the start of the epoch. */
  readonly seed: number;
  readonly counter: number;
  readonly epoch: number;
  /** How many batches of the epoch are done. */
  readonly batch: number;
}

/**
 * Batches of P classes with K items each, so that every anchor finds positives and negatives.
 *
 * Iterating gives one epoch of batches; iterating again gives the next epoch. The promises:
 *  - a batch has P distinct classes and K items of each, class by class;
 *  - **every item comes at least once in every epoch**;
 *  - an item repeats within a batch only if its class has fewer than K members, and then all members come equally
 *    often, give or take one. Repeated items are positives at distance 0: choose K no larger than the classes;
 *  - the same seed gives the same batches, and a restored sampler goes on as if it had never stopped.
 *
 * How: a class of m items is dealt, in a fresh random order each epoch, as ⌈m / K⌉ hands of K, the last one filled up
 * from the front; its hands together hold every member. An epoch has B = max(⌈hands / P⌉, most hands of a class)
 * batches. Before each batch let R be the number of batches to come: every class has at most R hands left and all
 * together at most P·R, which holds at the start by the choice of B. A batch takes first the classes with exactly R hands
 * left (at most P, as together they have at most P·R), then draws others with probability proportional to their hands
 * left. So no class keeps more than R − 1, and the total is at most P·(R − 1): either P hands were taken, or every class
 * with any left gave one. After B batches no hand is left. Where fewer than P classes have hands left, others come again.
 *
 * @throws ArgumentError for fewer than 2 classes or items per class, for more classes than the labels have, or for both
 *   seed and generator; what `labelTensor` throws for labels that are not int32.
 *
 * @example
 * ```ts
 * import { PKSampler } from '@ndgrad/mining';
 *
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
 * const sampler = new PKSampler({ labels, classes: 2, perClass: 2, seed: 7 });
 * sampler.batchesPerEpoch // => 3
 * const seen = new Set();
 * for (const indices of sampler) for (const item of indices) seen.add(item);
 * seen.size // => 12
 * sampler.epoch // => 1
 * ```
 *
 * @see Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017 (PK batches).
 */
export class PKSampler implements Iterable<Int32Array> {
  /** P. */
  readonly classes: number;
  /** K. */
  readonly perClass: number;
  /** P · K. */
  readonly batchSize: number;
  /** The same for every epoch. */
  readonly batchesPerEpoch: number;
  readonly #items: number;
  /** The items of each class, classes in rising order of label. */
  readonly #members: readonly Int32Array[];
  readonly #generator: Generator;
  #epoch = 0;
  #batch = 0;
  #startOfEpoch: { seed: number; counter: number };
  /** The batches of the current epoch, made when the first is asked for. */
  #plan: Int32Array | undefined;

  constructor(options: PKSamplerOptions) {
    const where = 'PKSampler';
    checkOptions(where, options, ['labels', 'classes', 'perClass', 'seed', 'generator'] as const);
    const labels = labelTensor(where, 'labels', options.labels).toTypedArray();
    this.#items = labels.length;
    this.#members = membersOfClasses(labels);
    this.perClass = checkCount(where, 'perClass', options.perClass, 'an anchor needs a positive');
    this.classes = checkCount(where, 'classes', options.classes, 'an anchor needs a negative');
    if (this.classes > this.#members.length) {
      throw new ArgumentError({
        where,
        argument: 'classes',
        must: `be at most the number of classes in labels, ${this.#members.length}`,
        got: `${this.classes}`,
      });
    }
    this.batchSize = this.classes * this.perClass;
    const hands = this.#members.map((members) => Math.ceil(members.length / this.perClass));
    const total = hands.reduce((sum, count) => sum + count, 0);
    this.batchesPerEpoch = hands.reduce(
      (most, count) => Math.max(most, count),
      Math.ceil(total / this.classes),
    );
    this.#generator = ownGenerator(where, options);
    this.#startOfEpoch = this.#generator.state();
  }

  /** How many epochs are done. */
  get epoch(): number {
    return this.#epoch;
  }

  /** How many batches of the current epoch are done. */
  get batch(): number {
    return this.#batch;
  }

  /** The next batch: `P·K` indices into the labels. After the last of an epoch comes the first of the next. */
  nextBatch(): Int32Array {
    this.#plan ??= planEpoch(
      this.#members,
      this.classes,
      this.perClass,
      this.batchesPerEpoch,
      this.#generator,
    );
    const start = this.#batch * this.batchSize;
    const indices = this.#plan.slice(start, start + this.batchSize);
    this.#batch++;
    if (this.#batch === this.batchesPerEpoch) {
      this.#epoch++;
      this.#batch = 0;
      this.#startOfEpoch = this.#generator.state();
      this.#plan = undefined;
    }
    return indices;
  }

  /** The batches up to the end of the current epoch: a loop left early is taken up where it stopped. */
  *[Symbol.iterator](): Iterator<Int32Array> {
    const epoch = this.#epoch;
    while (this.#epoch === epoch) yield this.nextBatch();
  }

  /**
   * Where the sampler stands.
   *
   * @example
   * ```ts
   * import { PKSampler } from '@ndgrad/mining';
   *
   * const options = { labels: [0, 0, 0, 1, 1, 1, 2, 2, 2], classes: 2, perClass: 2, seed: 7 };
   * const first = new PKSampler(options);
   * first.nextBatch();
   * const second = new PKSampler({ ...options, seed: 8 });
   * second.restore(JSON.parse(JSON.stringify(first.state())));
   * second.nextBatch().join() === first.nextBatch().join() // => true
   * ```
   */
  state(): PKSamplerState {
    const { seed, counter } = this.#startOfEpoch;
    return {
      classes: this.classes,
      perClass: this.perClass,
      items: this.#items,
      seed,
      counter,
      epoch: this.#epoch,
      batch: this.#batch,
    };
  }

  /**
   * Goes back, or forward, to where `state` was taken.
   *
   * @throws StateError if it was taken from a sampler of other sizes; ArgumentError if it is no state.
   */
  restore(state: PKSamplerState): void {
    const where = 'PKSampler.restore';
    if (typeof state !== 'object' || state === null) {
      throw new ArgumentError({
        where,
        argument: 'state',
        must: 'be what state() gave',
        got: describeValue(state),
      });
    }
    const own = this.state();
    for (const key of ['classes', 'perClass', 'items'] as const) {
      if (state[key] === own[key]) continue;
      throw new StateError({
        where,
        problem: `the state comes from a sampler with ${key} ${describeValue(state[key])}, this one has ${own[key]}`,
        hint: 'restore with the labels, classes and perClass it was taken with',
      });
    }
    const epoch = checkNumber(where, 'state.epoch', state.epoch, { min: 0, integer: true });
    const batch = checkNumber(where, 'state.batch', state.batch, {
      min: 0,
      max: this.batchesPerEpoch - 1,
      integer: true,
    });
    const start = {
      seed: checkNumber(where, 'state.seed', state.seed, { integer: true }),
      counter: checkNumber(where, 'state.counter', state.counter, { min: 0, integer: true }),
    };
    this.#generator.restore(start);
    this.#startOfEpoch = start;
    this.#epoch = epoch;
    this.#batch = batch;
    this.#plan = undefined;
  }
}

function checkCount(where: string, argument: string, value: number, why: string): number {
  const count = checkNumber(where, argument, value, { integer: true });
  if (count < 2) {
    throw new ArgumentError({
      where,
      argument,
      must: 'be an integer at least 2',
      got: `${count}`,
      hint: why,
    });
  }
  return count;
}

function ownGenerator(where: string, { seed, generator: source }: PKSamplerOptions): Generator {
  if (seed !== undefined && source !== undefined) {
    throw new ArgumentError({
      where,
      problem: 'seed and generator are both given',
      hint: 'give one of them',
    });
  }
  if (seed !== undefined) return generator(seed);
  // A stream of its own: what others draw between two batches moves nothing here.
  return generator(source === undefined ? randint(0, SEEDS, [1]).item() : source.integer(SEEDS));
}

const SEEDS = 2 ** 31 - 1;

function membersOfClasses(labels: ArrayLike<number>): Int32Array[] {
  const byLabel = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = byLabel.get(labels[i]);
    if (members === undefined) byLabel.set(labels[i], [i]);
    else members.push(i);
  }
  return [...byLabel.entries()].sort(([a], [b]) => a - b).map(([, members]) => Int32Array.from(members));
}

/** All batches of an epoch, one after the other. {@link PKSampler} says how and why every item is among them. */
function planEpoch(
  members: readonly Int32Array[],
  classes: number,
  perClass: number,
  batches: number,
  random: Generator,
): Int32Array {
  const orders = members.map((items) => shuffled(items, random));
  const left = Int32Array.from(members, (items) => Math.ceil(items.length / perClass));
  // How many classes have so many hands left: tells without a search that no class is due.
  const classesWith = new Int32Array(batches + 1);
  for (const hands of left) classesWith[hands]++;
  const urn = new Urn(left);
  const dealt = new Int32Array(members.length);
  const plan = new Int32Array(batches * classes * perClass);
  let at = 0;
  for (let toCome = batches; toCome > 0; toCome--) {
    const chosen: number[] = [];
    const choose = (c: number): void => {
      chosen.push(c);
      urn.add(c, -left[c]);
    };
    if (classesWith[toCome] > 0) {
      for (let c = 0; c < left.length; c++) if (left[c] === toCome) choose(c);
    }
    while (chosen.length < classes && urn.total > 0) choose(urn.find(random.integer(urn.total)));
    const present = new Set(chosen);
    while (chosen.length < classes) {
      const c = random.integer(members.length);
      if (present.has(c)) continue;
      present.add(c);
      chosen.push(c);
    }
    for (const c of chosen) {
      for (let k = 0; k < perClass; k++) {
        plan[at++] = orders[c][(dealt[c] * perClass + k) % orders[c].length];
      }
      dealt[c]++;
      if (left[c] === 0) continue;
      classesWith[left[c]]--;
      left[c]--;
      classesWith[left[c]]++;
      urn.add(c, left[c]);
    }
  }
  return plan;
}

/** Fisher and Yates's shuffle, of a copy. */
function shuffled(items: Int32Array, random: Generator): Int32Array {
  const order = items.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const item = order[i];
    order[i] = order[j];
    order[j] = item;
  }
  return order;
}
