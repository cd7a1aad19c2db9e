/** @file What may not happen while a step is being captured: a look at values that are not there yet. */
import { CaptureError } from '../errors.js';
import type { Storage } from '../storage.js';
import { currentHome } from './current.js';

/** Whether ops are being recorded instead of run. */
export function isTracing(): boolean {
  return currentHome().name === 'trace';
}

/** Refuses, while a step is captured, what needs values or would be the same at every replay. */
export function requireRunning(where: string, problem: string, hint: string): void {
  if (isTracing()) throw new CaptureError({ where, problem, hint });
}

/** Refuses a tensor whose memory was freed. While a step is traced nothing has memory; the trace looks for itself. */
export function requireAlive(where: string, storage: Storage): void {
  if (storage.lost !== undefined && !isTracing()) throw storage.lost(where, storage);
}
