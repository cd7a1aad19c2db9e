import { describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import { tensor } from '../src/index.js';
import { copyInto } from '../src/interop.js';
import { thrownBy } from './thrown.js';

const m = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('copyInto', () => {
  it('writes into an NdArray of any strides and gives it back', () => {
    const mine = ndarray(new Float64Array(6), [3, 2]).transpose(1, 0);
    expect(copyInto(mine, m)).toBe(mine);
    expect(Array.from(mine.data as Float64Array)).toEqual([1, 4, 2, 5, 3, 6]);
    copyInto(mine, m.flip());
    expect(mine.get(0, 0)).toBe(6);
  });

  it('writes over the memory it reads from', () => {
    const t = tensor([
      [1, 2],
      [3, 4],
    ]);
    copyInto(t.ndarray, t.T);
    expect(t.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('refuses other shapes, shared elements, and what is no tensor or NdArray', () => {
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(6), [6]), m))).toEqual({
      name: 'ShapeError',
      message: 'copyInto: target must have the shape of source, [2, 3], got [6]',
    });
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(1), [2, 3], [0, 0]), m))?.name).toBe(
      'AliasError',
    );
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(6), [2, 3]), 1 as never))).toEqual({
      name: 'ArgumentError',
      message: 'copyInto: source must be a tensor, got 1; wrap it in tensor(…)',
    });
    expect(thrownBy(() => copyInto(1 as never, m))?.name).toBe('ArgumentError');
    expect(thrownBy(() => copyInto(ndarray(new Float32Array(6), [2, 3], [30, 1]), m))?.name).toBe(
      'ShapeError',
    );
  });
});
