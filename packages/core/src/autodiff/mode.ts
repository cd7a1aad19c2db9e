/** @file Whether ops record themselves. */
import { state } from '../state.js';
import { requireSynchronous } from '../tensor.js';

/** Runs `fn` with recording on or off, and restores the mode whatever happens. @internal */
export function withGradMode<T>(where: string, enabled: boolean, fn: () => T): T {
  const before = state.gradEnabled;
  state.gradEnabled = enabled;
  try {
    const result = fn();
    requireSynchronous(where, result, 'the mode ends when fn returns; await outside of it');
    return result;
  } finally {
    state.gradEnabled = before;
  }
}

/**
 * Runs `fn` without recording: results require no gradient, and leaves may be written in place.
 *
 * @throws {@link ArgumentError} when `fn` returns a promise.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => w.mul(2)).requiresGrad // => false
 * ```
 */
export function noGrad<T>(fn: () => T): T {
  return withGradMode('noGrad', false, fn);
}

/**
 * Runs `fn` with recording on, inside a `noGrad`.
 *
 * @throws {@link ArgumentError} when `fn` returns a promise.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * noGrad(() => enableGrad(() => w.mul(2))).requiresGrad // => true
 * ```
 */
export function enableGrad<T>(fn: () => T): T {
  return withGradMode('enableGrad', true, fn);
}

/** Whether ops record themselves at this point. */
export function isGradEnabled(): boolean {
  return state.gradEnabled;
}
