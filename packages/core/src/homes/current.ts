/** @file The home in force: the heap, until something else is entered. */
import type { Home } from '../storage.js';
import { heap } from './heap.js';

let current = heap;

/** The home in force. */
export function currentHome(): Home {
  return current;
}

/** Puts a home in force. @returns the one that was. */
export function enterHome(home: Home): Home {
  const before = current;
  current = home;
  return before;
}

/** Runs `fn` with `home` in force, whatever happens. */
export function withHome<T>(home: Home, fn: () => T): T {
  const before = enterHome(home);
  try {
    return fn();
  } finally {
    current = before;
  }
}
