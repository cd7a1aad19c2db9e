// Finds the examples: fenced ts blocks of pages, and @example blocks of doc comments.

/**
 * @typedef {object} Block
 * @property {string} file path of the page or source
 * @property {number} line line of the file on which the code starts, from 1
 * @property {string} code
 * @property {boolean} skip marked `no-run`
 * @property {boolean} inSource from a doc comment: names of the package need no import there
 */

/**
 * Fenced blocks whose info string starts with `ts`. After it may stand `no-run`, or `continued`: the block goes on
 * from the one before it on the page.
 * @param {string} file
 * @param {string} text
 * @returns {Block[]}
 */
export function pageBlocks(file, text) {
  /** @type {Block[]} */
  const blocks = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const opening = /^( *)(`{3,})(\S*)(.*)$/.exec(lines[i] ?? '');
    if (opening === null) continue;
    const [, indent = '', fence = '', language = '', info = ''] = opening;
    const start = i + 1;
    do i++;
    while (i < lines.length && (lines[i] ?? '').trim() !== fence);
    if (!/^(ts|typescript)$/.test(language)) continue;
    let code = lines
      .slice(start, i)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n');
    let line = start + 1;
    const previous = blocks.at(-1);
    if (/\bcontinued\b/.test(info) && previous !== undefined) {
      // Blank lines in between keep the line numbers of the page.
      const gap = line - previous.line - previous.code.split('\n').length;
      code = `${previous.code}${'\n'.repeat(gap + 1)}${code}`;
      line = previous.line;
    }
    blocks.push({ file, line, code, skip: /\bno-run\b/.test(info), inSource: false });
  }
  return blocks;
}

/**
 * The `@example` blocks of the doc comments of a source, fenced or not.
 * @param {string} file
 * @param {string} text
 * @returns {Block[]}
 */
export function sourceBlocks(file, text) {
  /** @type {Block[]} */
  const blocks = [];
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const first = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0]
      .slice(3, -2)
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''));
    for (let i = 0; i < lines.length; i++) {
      if (!/^\s*@example\b/.test(lines[i] ?? '')) continue;
      let end = i + 1;
      let fenced = false;
      // A line in a fence that starts with @ is code (a decorator), not the next tag.
      for (; end < lines.length; end++) {
        const line = lines[end] ?? '';
        if (/^\s*```/.test(line)) fenced = !fenced;
        else if (!fenced && /^\s*@\w/.test(line)) break;
      }
      const body = lines.slice(i + 1, end);
      const fences = pageBlocks(file, body.join('\n'));
      if (fences.length > 0) {
        for (const block of fences) {
          blocks.push({ ...block, line: first + i + block.line, inSource: true });
        }
      } else if (!body.some((line) => /^\s*```/.test(line)) && body.join('').trim() !== '') {
        blocks.push({
          file,
          line: first + i + 1,
          code: body.join('\n').trimEnd(),
          skip: false,
          inSource: true,
        });
      }
      i = end - 1;
    }
  }
  return blocks;
}
