import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DTypeError, type NdgradError, Tensor } from '@ndgrad/core';
import {
  idxToTensor,
  type LabelledTable,
  parseCsv,
  readIdx,
  type Table,
  tableToTensors,
} from '../src/index.js';

function refusal(call: () => unknown): NdgradError {
  try {
    call();
  } catch (error) {
    return error as NdgradError;
  }
  throw new Error('nothing was thrown');
}

describe('tableToTensors', () => {
  const labelled = parseCsv('a,b,c\n0.1,2,3\n4,5,-6\n', { target: 'c' });

  it('gives features [n, d] in float32 and labels [n] in int32', () => {
    const { features, labels } = tableToTensors(labelled);
    expect(features).toBeInstanceOf(Tensor);
    expect([features.shape, features.dtype, labels.shape, labels.dtype]).toEqual([
      [2, 2],
      'float32',
      [2],
      'int32',
    ]);
    expect(features.toTypedArray()).toEqual(Float32Array.of(0.1, 2, 4, 5));
    expect(labels.toTypedArray()).toEqual(Int32Array.of(3, -6));
    expect(features.requiresGrad).toBe(false);
  });

  it('gives features in float64 as they were read', () => {
    const { features } = tableToTensors(labelled, { dtype: 'float64' });
    expect(features.dtype).toBe('float64');
    expect(features.toTypedArray()).toEqual(Float64Array.of(0.1, 2, 4, 5));
  });

  it('gives no labels where there is no target', () => {
    expect(Object.keys(tableToTensors(parseCsv('1,2')))).toEqual(['features']);
  });

  it('copies', () => {
    const table = parseCsv('1,2', { target: 1 });
    const { features, labels } = tableToTensors(table, { dtype: 'float64' });
    table.values[0] = 9;
    table.labels[0] = 9;
    expect([features.toArray(), labels.toArray()]).toEqual([[[1]], [2]]);
  });

  it('makes tensors of no rows and of no columns', () => {
    expect(tableToTensors(parseCsv('a,b\n')).features.shape).toEqual([0, 2]);
    const { features, labels } = tableToTensors(parseCsv('1\n2\n', { target: 0 }));
    expect([features.shape, labels.shape]).toEqual([[2, 0], [2]]);
  });

  it('refuses a number that float32 cannot hold', () => {
    const table = parseCsv('1,2\n3,-1e39\n');
    const error = refusal(() => tableToTensors(table));
    expect(error).toBeInstanceOf(DTypeError);
    expect(error.message).toBe(
      "tableToTensors: value [1, 1] must fit float32, got -1e+39; pass dtype: 'float64'",
    );
    expect(tableToTensors(table, { dtype: 'float64' }).features.toArray()).toEqual([
      [1, 2],
      [3, -1e39],
    ]);
  });

  it.each<[unknown, unknown, string]>([
    [null, {}, 'tableToTensors: table must be a table of parseCsv, got null'],
    ['1,2', {}, 'tableToTensors: table must be a table of parseCsv, got "1,2"'],
    [
      { rows: 1, width: 1, values: [1] },
      {},
      'tableToTensors: table must be a table of parseCsv, got an object',
    ],
    [
      { columns: undefined, rows: 2, width: 2, values: new Float64Array(3) } satisfies Table,
      {},
      'tableToTensors: table must hold 2 × 2 values, got 3',
    ],
    [
      {
        columns: undefined,
        rows: 1,
        width: 1,
        values: new Float64Array(1),
        labels: new Int32Array(2),
      } satisfies LabelledTable,
      {},
      'tableToTensors: table must hold 1 labels, got 2',
    ],
    [labelled, { dtype: 'int32' }, "tableToTensors: dtype must be 'float32' or 'float64', got \"int32\""],
    [labelled, { dtpye: 'float32' }, "tableToTensors: unknown option 'dtpye'; did you mean 'dtype'?"],
  ])('refuses %#', (table, options, message) => {
    const error = refusal(() => tableToTensors(table as Table, options as object));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
  });
});

describe('idxToTensor', () => {
  const greys = readIdx(Uint8Array.of(0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 128, 255));
  const halves = readIdx(Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0, 0, 0));
  const doubles = readIdx(
    Uint8Array.of(0, 0, 0x0e, 1, 0, 0, 0, 1, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a),
  );

  it('gives integers as int32, in the shape of the file', () => {
    const t = idxToTensor(greys);
    expect(t).toBeInstanceOf(Tensor);
    expect([t.shape, t.dtype, t.toArray()]).toEqual([
      [2, 2],
      'int32',
      [
        [0, 1],
        [128, 255],
      ],
    ]);
    expect(idxToTensor(readIdx(Uint8Array.of(0, 0, 0x09, 1, 0, 0, 0, 1, 0x80))).toArray()).toEqual([-128]);
    expect(idxToTensor(readIdx(Uint8Array.of(0, 0, 0x0b, 1, 0, 0, 0, 1, 0x80, 0))).toArray()).toEqual([
      -32768,
    ]);
    expect(idxToTensor(readIdx(Uint8Array.of(0, 0, 0x0c, 1, 0, 0, 0, 1, 0x80, 0, 0, 0))).toArray()).toEqual([
      -(2 ** 31),
    ]);
  });

  it('gives integers as floats when asked to', () => {
    expect(idxToTensor(greys, { dtype: 'float32' }).toTypedArray()).toEqual(Float32Array.of(0, 1, 128, 255));
    expect(idxToTensor(greys, { dtype: 'float64' }).toTypedArray()).toEqual(Float64Array.of(0, 1, 128, 255));
  });

  it('keeps the width of floats unless told otherwise', () => {
    expect(idxToTensor(halves).toTypedArray()).toEqual(Float32Array.of(0.5));
    expect(idxToTensor(doubles).toTypedArray()).toEqual(Float64Array.of(0.1));
    expect(idxToTensor(doubles, { dtype: 'float32' }).toTypedArray()).toEqual(Float32Array.of(0.1));
  });

  it('copies', () => {
    const array = readIdx(Uint8Array.of(0, 0, 0x0c, 1, 0, 0, 0, 1, 0, 0, 0, 7));
    const t = idxToTensor(array);
    array.data[0] = 9;
    expect(t.toArray()).toEqual([7]);
  });

  it('refuses floats as int32', () => {
    const error = refusal(() => idxToTensor(halves, { dtype: 'int32' }));
    expect(error).toBeInstanceOf(DTypeError);
    expect(error.message).toBe(
      "idxToTensor: dtype must be a float for floats, got int32; round first, then .cast('int32')",
    );
  });

  it.each<[unknown, unknown, string]>([
    [undefined, {}, 'idxToTensor: array must be an array of readIdx, got undefined'],
    [Uint8Array.of(1), {}, 'idxToTensor: array must be an array of readIdx, got a Uint8Array'],
    [
      { type: 'uint8', data: [1], shape: [1] },
      {},
      'idxToTensor: array must be an array of readIdx, got an object',
    ],
    [greys, { dtype: 'bool' }, "idxToTensor: dtype must be 'int32' or 'float32' or 'float64', got \"bool\""],
    [greys, { type: 'float32' }, "idxToTensor: unknown option 'type'"],
  ])('refuses %#', (array, options, message) => {
    const error = refusal(() => idxToTensor(array as never, options as object));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
  });
});
