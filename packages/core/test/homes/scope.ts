/** @file Every test runs inside of a scope that stays open until it ends. */
import { afterEach, beforeEach } from '@jest/globals';
import { type Scope, scope } from '../../src/index.js';

let open: Scope | undefined;
beforeEach(() => {
  open = scope();
});
afterEach(() => {
  open?.[Symbol.dispose]();
});
