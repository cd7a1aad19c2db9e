/**
 * @file The little that is global. It hangs on a well-known symbol, so that two copies of the library in one process
 * agree on it.
 */

export interface GlobalState {
  /** Whether ops record themselves. */
  gradEnabled: boolean;
  /** The number the next graph node gets. */
  nextNode: number;
  /** State of the default random generator: key and counter. */
  random: { seed: number; counter: number };
}

const KEY = Symbol.for('ndgrad.state.1');

const holder = globalThis as { [KEY]?: GlobalState };

export const state: GlobalState = (holder[KEY] ??= {
  gradEnabled: true,
  nextNode: 1,
  random: { seed: 0, counter: 0 },
});
