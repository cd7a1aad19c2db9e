/** @file HTML and SVG written as templates in which every value is escaped. */

/** A piece of HTML or SVG that is safe to place between tags. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a `${}`: text is escaped, numbers are rounded to what a drawing can show, the empty give nothing. */
export type Piece = Markup | string | number | null | readonly Piece[];

/**
 * Writes markup. Text in a `${}` is escaped, so attributes must stand in double quotes.
 *
 * @example
 * ```ts
 * html`<b title="${'"'}">${'<i>'}</b>`.markup; // => '<b title="&quot;">&lt;i&gt;</b>'
 * ```
 */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let markup = parts[0] as string;
  for (const [index, piece] of pieces.entries()) markup += written(piece) + (parts[index + 1] as string);
  return { markup };
}

function written(piece: Piece): string {
  if (piece === null) return '';
  if (typeof piece === 'string') return escaped(piece);
  if (typeof piece === 'number') return String(Math.round(piece * 100) / 100);
  if ('markup' in piece) return piece.markup;
  return piece.map(written).join('');
}

function escaped(text: string): string {
  // Control characters have no place in a page and some of them end it for old parsers.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const plain = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd');
  return plain.replace(/[&<>"']/g, (character) => NAMED[character] as string);
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
