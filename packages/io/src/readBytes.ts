/** @file A file's bytes, with typed errors. Node only. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArgumentError, DataError, StorageError } from '@ndgrad/core';
import { describeValue } from '@ndgrad/core/arguments';
import { fileName } from './excerpt.js';
import { tooLarge } from './gunzip.js';

/** Bytes asked of the system at a time; it gives no more than 2 GiB at once. */
const STEP = 2 ** 26;

/** Refuses what can be no path; gives it as errors and joins want it. */
export function checkPath(where: string, argument: string, path: unknown): string {
  const isUrl = Object.prototype.toString.call(path) === '[object URL]';
  if (isUrl) {
    const { href, protocol } = path as URL;
    if (protocol === 'file:') return attempt(where, fileName(href), () => fileURLToPath(href));
    throw new ArgumentError({ where, argument, must: 'be a file: URL', got: fileName(href) });
  }
  if (typeof path !== 'string') {
    throw new ArgumentError({ where, argument, must: 'be a string or a URL', got: describeValue(path) });
  }
  if (path === '' || path.includes('\0')) {
    throw new ArgumentError({ where, argument, must: 'be a path', got: fileName(path) });
  }
  return path;
}

/**
 * All bytes of the file `path`.
 *
 * @throws {@link StorageError} with the system's words if it cannot be read.
 * @throws {@link DataError} if it is a directory or a device, or changes while it is read.
 * @throws {@link LimitError} if it has more than `maxBytes`: before anything is allocated.
 */
export function readBytes(where: string, path: string, maxBytes: number): Uint8Array {
  const name = fileName(path);
  const stats = attempt(where, name, () => statSync(path));
  if (!stats.isFile()) {
    const got = stats.isDirectory() ? 'a directory' : 'a device, pipe or socket';
    throw new DataError({ where, argument: name, must: 'be a file', got });
  }
  if (stats.size > maxBytes) throw tooLarge(where, name, stats.size, maxBytes);

  const descriptor = attempt(where, name, () => openSync(path, 'r'));
  try {
    // One byte more than the file had, so that one that grows is noticed.
    const bytes = new Uint8Array(stats.size + 1);
    let length = 0;
    for (;;) {
      const space = Math.min(STEP, bytes.length - length);
      const got = attempt(where, name, () => readSync(descriptor, bytes, length, space, null));
      if (got === 0) break;
      length += got;
    }
    if (length === stats.size) return bytes.subarray(0, length);
    const got = length > stats.size ? 'more' : `${length}`;
    throw new DataError({ where, argument: name, must: `stay at ${stats.size} bytes while it is read`, got });
  } finally {
    closeSync(descriptor);
  }
}

/** Whether there is a file of this name; directories and what cannot be looked at are none. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The result of a call to the system, its errors typed and given the file's name. */
function attempt<T>(where: string, name: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    // "ENOENT: no such file or directory, open 'x'": the call and the path say nothing new here.
    const [words] = (error as { readonly message: string }).message.split(', ');
    throw new StorageError({ where, problem: `cannot read ${name}`, hint: `${words}`, cause: error });
  }
}
