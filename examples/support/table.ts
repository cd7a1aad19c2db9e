/** @file Numbers in columns, for a reader of plain text. */

/**
 * Writes rows under a header as aligned text: the first column to the left, the others to the right, two spaces between.
 *
 * @example
 * ```ts
 * textTable(['', 'before', 'after'], [['MAP@R', '0.561', '0.948']]);
 * // =>        before  after
 * // => MAP@R   0.561  0.948
 * ```
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [line(header), rule, ...rows.map(line)].join('\n');
}
