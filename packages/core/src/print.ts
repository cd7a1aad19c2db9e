/** @file How tensors look in a console. */
import { formatShape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Longer axes show their ends only, once a tensor has more elements than `SUMMARY_ABOVE`. */
const EDGE = 3;
const SUMMARY_ABOVE = 1000;
const DIGITS = 5;

/** One element with few digits. */
function formatElement(value: number, dtype: Tensor['dtype']): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  if (dtype === 'int32' || !Number.isFinite(value)) return `${value}`;
  if (Object.is(value, -0)) return '-0';
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return `${value}`;
  const magnitude = Math.abs(value);
  return magnitude >= 1e6 || magnitude < 1e-4
    ? value.toExponential(DIGITS - 1)
    : `${Number(value.toPrecision(DIGITS))}`;
}

/**
 * Shape, dtype and values as text, long tensors shortened.
 *
 * @example
 * ```ts
 * format(tensor([[1, 2], [3, 4]])) // => 'Tensor float32 [2, 2]\n[[1, 2],\n [3, 4]]'
 * ```
 */
export function format(t: Tensor): string {
  const notes = t.requiresGrad ? (t.isLeaf ? ' requiresGrad' : ` from ${t.node?.op?.name}`) : '';
  const { array } = t.storage;
  const short = t.size > SUMMARY_ABOVE;
  const texts = new Map<number, string>();
  const shown = (axis: number): (number | '…')[] => {
    const n = t.shape[axis];
    if (!short || n <= 2 * EDGE) return Array.from({ length: n }, (_, i) => i);
    return [0, 1, 2, '…', n - 3, n - 2, n - 1];
  };
  const collect = (axis: number, index: number): void => {
    if (axis === t.rank) texts.set(index, formatElement(array[index], t.dtype));
    else for (const i of shown(axis)) if (i !== '…') collect(axis + 1, index + i * t.strides[axis]);
  };
  const start = t.storage.base + t.offset;
  collect(0, start);
  const width = Math.max(0, ...[...texts.values()].map((text) => text.length));
  const build = (axis: number, index: number, indent: string): string => {
    if (axis === t.rank) return (texts.get(index) as string).padStart(t.rank === 0 ? 0 : width);
    const parts = shown(axis).map((i) =>
      i === '…' ? '…' : build(axis + 1, index + i * t.strides[axis], `${indent} `),
    );
    const glue = axis === t.rank - 1 ? ', ' : `,${'\n'.repeat(t.rank - axis - 1)}${indent} `;
    return `[${parts.join(glue)}]`;
  };
  const values = build(0, start, '');
  const head = `Tensor ${t.dtype} ${formatShape(t.shape)}${notes}`;
  return t.rank > 1 || values.length > 60 ? `${head}\n${values}` : `${head} ${values}`;
}
