/** @file Words from a stranger's file, made safe to print in an error. */

import { ArgumentError } from '@ndgrad/core';
import { describeValue } from '@ndgrad/core/arguments';

/** Characters of a file's text that a message shows. */
const LONGEST_EXCERPT = 80;

// JSON leaves these alone, and a terminal or a bidirectional renderer obeys them.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON-escaped and quoted, every invisible character spelled out. */
function escape(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** The first 80 characters, quoted and escaped; an ellipsis says that there are more. */
export function excerpt(text: string): string {
  // A character is at most two code units, so only this much can be shown; the rest may be a megabyte.
  const characters = Array.from(text.slice(0, 2 * LONGEST_EXCERPT + 2));
  if (characters.length <= LONGEST_EXCERPT) return escape(text);
  return `${escape(characters.slice(0, LONGEST_EXCERPT).join(''))}…`;
}

/** The last 80 characters of a file's name, quoted and escaped: of a path, the end tells most. */
export function fileName(file: string): string {
  const characters = Array.from(file);
  if (characters.length <= LONGEST_EXCERPT) return escape(file);
  return `…${escape(characters.slice(-LONGEST_EXCERPT).join(''))}`;
}

/** What errors call a source: its file's name if the caller gave one, else the argument's. */
export function sourceName(where: string, file: unknown, argument: string): string {
  if (file === undefined) return argument;
  if (typeof file === 'string') return fileName(file);
  throw new ArgumentError({ where, argument: 'file', must: 'be a string', got: describeValue(file) });
}
