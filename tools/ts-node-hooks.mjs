// ts-node's ESM hooks run off the main thread on Node >= 20, and its TSError does not survive the trip: the user would
// see "[Object: null prototype] {}". This throws the diagnostics again as an ordinary Error.
// @ts-expect-error: this entry of ts-node has no declarations
import * as hooks from 'ts-node/esm';

/** @param {unknown} error */
function plain(error) {
  const text = /** @type {{ diagnosticText?: string } | undefined} */ (error)?.diagnosticText;
  if (text === undefined) return error;
  const readable = new Error(text);
  readable.name = 'TypeScript error';
  readable.stack = `${readable.name}:\n${text}`;
  return readable;
}

/** @type {import('node:module').ResolveHook} */
export const resolve = hooks.resolve;

/** @type {import('node:module').LoadHook} */
export async function load(...call) {
  try {
    return await hooks.load(...call);
  } catch (error) {
    throw plain(error);
  }
}
