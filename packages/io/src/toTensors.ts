/** @file From what the readers give to tensors: {@link tableToTensors}, {@link idxToTensor}. */
import { ArgumentError, DTypeError, type Tensor, tensor } from '@ndgrad/core';
import { checkEnum, checkOptions, describeValue, formatShape } from '@ndgrad/core/arguments';
import type { LabelledTable, Table } from './csv.js';
import type { IdxArray } from './idx.js';

/** How {@link tableToTensors} makes tensors. */
export interface TableToTensorsOptions {
  /** The features' dtype. Default `'float32'`. */
  readonly dtype?: 'float32' | 'float64';
}

/** How {@link idxToTensor} makes a tensor. */
export interface IdxToTensorOptions {
  /** Default: `'int32'` for integers, `'float32'` and `'float64'` for themselves. */
  readonly dtype?: 'float32' | 'float64' | 'int32';
}

/**
 * The tensors that a table holds: features `[n, d]` and, if it has a target, labels `[n]` in int32.
 *
 * Float32 rounds each number to the nearest. The tensors own their memory; the table stays as it is.
 *
 * @param table - what `parseCsv` or `readCsv` gave: `n` rows of `d` columns.
 * @param options - see {@link TableToTensorsOptions}.
 * @throws {@link DTypeError} if a number is too large for float32.
 * @throws {@link ArgumentError} if `table` is no table, or its counts do not fit its values.
 *
 * @example
 * ```ts
 * import { parseCsv, tableToTensors } from '@ndgrad/io';
 *
 * const { features, labels } = tableToTensors(parseCsv('1.5,2,7\n3,4.5,8\n', { target: -1 }));
 * features.toArray() // => [[1.5, 2], [3, 4.5]]
 * labels.toArray() // => [7, 8]
 * ```
 */
export function tableToTensors(
  table: LabelledTable,
  options?: TableToTensorsOptions,
): { features: Tensor; labels: Tensor };
export function tableToTensors(table: Table, options?: TableToTensorsOptions): { features: Tensor };
export function tableToTensors(
  table: Table | LabelledTable,
  options: TableToTensorsOptions = {},
): { features: Tensor; labels?: Tensor } {
  const where = 'tableToTensors';
  checkOptions(where, options, ['dtype']);
  const dtype = checkEnum(where, 'dtype', options.dtype ?? 'float32', ['float32', 'float64']);
  if (typeof table !== 'object' || table === null || !ArrayBuffer.isView(table.values)) {
    throw new ArgumentError({
      where,
      argument: 'table',
      must: 'be a table of parseCsv',
      got: describeValue(table),
    });
  }
  const { rows, width, values } = table;
  const shape = [rows, width];
  if (values.length !== rows * width) {
    const must = `hold ${rows} × ${width} values`;
    throw new ArgumentError({ where, argument: 'table', must, got: `${values.length}` });
  }
  const packed = dtype === 'float64' ? values : rounded(where, values, width);
  const features = tensor(packed, { shape, dtype });
  if (!('labels' in table)) return { features };
  if (table.labels.length !== rows) {
    const must = `hold ${rows} labels`;
    throw new ArgumentError({ where, argument: 'table', must, got: `${table.labels.length}` });
  }
  return { features, labels: tensor(table.labels, { shape: [rows], dtype: 'int32' }) };
}

/**
 * The tensor that an IDX array holds, in the array's shape.
 *
 * Integers give int32 unless `dtype` asks for floats; floats keep their width, float64 given as float32 is rounded.
 * The tensor owns its memory.
 *
 * @param array - what `readIdx` or `readIdxFile` gave.
 * @param options - see {@link IdxToTensorOptions}.
 * @throws {@link DTypeError} if floats are asked for as int32.
 * @throws {@link ArgumentError} if `array` is no IDX array.
 *
 * @example
 * ```ts
 * import { idxToTensor, readIdx } from '@ndgrad/io';
 *
 * const greys = readIdx(new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 3, 0, 51, 255]));
 * idxToTensor(greys).toArray() // => [0, 51, 255]
 * idxToTensor(greys, { dtype: 'float64' }).div(255).toArray() // => [0, 0.2, 1]
 * ```
 */
export function idxToTensor(array: IdxArray, options: IdxToTensorOptions = {}): Tensor {
  const where = 'idxToTensor';
  checkOptions(where, options, ['dtype']);
  if (
    typeof array !== 'object' ||
    array === null ||
    !ArrayBuffer.isView(array.data) ||
    !Array.isArray(array.shape)
  ) {
    throw new ArgumentError({
      where,
      argument: 'array',
      must: 'be an array of readIdx',
      got: describeValue(array),
    });
  }
  const { type, shape, data } = array;
  const isFloat = type === 'float32' || type === 'float64';
  const dtype = checkEnum(where, 'dtype', options.dtype ?? (isFloat ? type : 'int32'), [
    'int32',
    'float32',
    'float64',
  ]);
  if (isFloat && dtype === 'int32') {
    throw new DTypeError({
      where,
      argument: 'dtype',
      must: 'be a float for floats',
      got: 'int32',
      hint: "round first, then .cast('int32')",
    });
  }
  if (dtype === 'float32') return tensor(new Float32Array(data), { shape, dtype });
  if (dtype === 'float64') return tensor(new Float64Array(data), { shape, dtype });
  return tensor(new Int32Array(data), { shape, dtype });
}

/** The values in float32. One that would become infinite is refused: nothing later would say where it came from. */
function rounded(where: string, values: Float64Array, width: number): Float32Array {
  const result = new Float32Array(values);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(result[i]) || !Number.isFinite(values[i])) continue;
    throw new DTypeError({
      where,
      argument: `value ${formatShape([Math.floor(i / width), i % width])}`,
      must: 'fit float32',
      got: `${values[i]}`,
      hint: "pass dtype: 'float64'",
    });
  }
  return result;
}
