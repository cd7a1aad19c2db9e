/**
 * @file Random indices, read and written, against a reading of NumPy's rules that shares nothing with the library. Seeded;
 * NDGRAD_FUZZ sets how many are tried.
 */
import { describe, expect, it } from '@jest/globals';
import {
  capture,
  gradients,
  type Index,
  index,
  indexPut,
  nonzero,
  scope,
  type Tensor,
  tensor,
} from '../src/index.js';
import { type Grid, positions, tensorOf } from './grid.js';
import { asEntries, asIndices, type Drawn, drawIndices, inputsOf, picked } from './naiveIndexing.js';
import { drawn as drawnOf, dtypeOf, randomOf } from './opInfo/row.js';
import { thrownBy } from './thrown.js';

const TRIES = Number(process.env.NDGRAD_FUZZ ?? 400);

/** One random call: an x, indices over it in every form that they may be written in, and where they point. */
function tryOf(k: number) {
  const random = randomOf(`indices ${k}`);
  const shape = random.shape(0, 4, true);
  const drawn: Drawn[] = drawIndices(random, shape);
  const inputs = inputsOf(drawn);
  const grids = inputs.map((input, i) => drawnOf(input, 'float64', `indices ${k} ${i}`));
  const forms = grids.map((grid, i): Tensor => tensorOf(grid, dtypeOf(inputs[i] as never, 'float64')));
  const literal = random.pick([true, false]);
  const indices = asIndices(drawn, forms).map((entry): Index => (literal ? written(entry) : entry));
  const x = drawnOf({ shape, kind: 'real', domain: [[-2, 2]] }, 'float64', `x ${k}`);
  return { random, x, indices, ...picked(shape, asEntries(drawn, grids)) };
}

/** Positions and masks as arrays, where arrays say the same. */
function written(entry: Index): Index {
  if (typeof entry !== 'object' || entry === null || !('toArray' in entry)) return entry;
  const nested = entry.toArray() as unknown;
  // Nothing can be told of an empty array, and a bare number is no array of positions.
  return entry.size === 0 || typeof nested === 'number' ? entry : (nested as Index);
}

function leaf(grid: Grid): Tensor {
  return tensorOf(grid).requireGrad();
}

/** Numbers that differ from place to place. */
const weightsOf = (shape: readonly number[]): Grid => ({
  shape,
  data: positions(shape).map((_, i) => ((i * 7) % 11) - 3.5),
});

describe(`${TRIES} random indices`, () => {
  it('read what NumPy would, with derivatives that add up', () => {
    for (let k = 0; k < TRIES; k++) {
      const { x, indices, shape, places } = tryOf(k);
      const order = new Map(positions(x.shape).map((place, i) => [place.join(), i]));
      const at = places.map((place) => order.get(place.join()) as number);
      const t = leaf(x);
      const y = index(t, ...indices);
      expect([k, y.shape, [...y.toTypedArray()]]).toEqual([k, shape, at.map((i) => x.data[i])]);
      const inScope = scope(() => index(t, ...indices).mul(1));
      expect([...inScope.toTypedArray()]).toEqual([...y.toTypedArray()]);
      const weights = weightsOf(shape);
      const expected = x.data.map(() => 0);
      at.forEach((i, n) => {
        expected[i] += weights.data[n];
      });
      const [g] = gradients([y], [t], { gradients: [tensorOf(weights)] });
      expect([k, [...(g as Tensor).toTypedArray()]]).toEqual([k, expected]);
    }
  });

  it.each([false, true])('write where NumPy would, accumulate: %s', (accumulate) => {
    for (let k = 0; k < TRIES; k++) {
      const { random, x, indices, shape, places } = tryOf(k);
      const order = new Map(positions(x.shape).map((place, i) => [place.join(), i]));
      const at = places.map((place) => order.get(place.join()) as number);
      const values: Grid = { shape, data: shape.includes(0) ? [] : weightsOf(shape).data };
      const single = random.pick([true, false]);
      const data = [...x.data];
      const last = new Map<number, number>();
      at.forEach((i, n) => {
        const value = single ? 0.75 : values.data[n];
        data[i] = accumulate ? data[i] + value : value;
        last.set(i, n);
      });
      const [t, v] = [leaf(x), leaf(values)];
      const y = indexPut(t, indices, single ? 0.75 : v, { accumulate });
      expect([k, y.shape, [...y.toTypedArray()]]).toEqual([k, x.shape, data]);
      const weights = weightsOf(x.shape);
      const found = gradients([y], [t, v], { gradients: [tensorOf(weights)], materializeGrads: true });
      const [gx, gv] = found.map((g) => [...(g as Tensor).toTypedArray()]);
      expect([k, gx]).toEqual([k, weights.data.map((w, i) => (accumulate || !last.has(i) ? w : 0))]);
      if (single) continue;
      expect([k, gv]).toEqual([k, at.map((i, n) => (accumulate || last.get(i) === n ? weights.data[i] : 0))]);
    }
  });
});

describe('Indexing while a step is captured', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const refusal = (step: (t: Tensor) => Tensor): unknown => thrownBy(() => capture(step)(x));

  it('refuses a mask that would give the shape, and names the way out', () => {
    expect(refusal((t) => index(t, t.gt(2)))).toEqual({
      name: 'CaptureError',
      message:
        'index: how many elements the mask indices[0] takes depends on its values; keep the shape with where(mask, x, other)',
    });
    expect(refusal((t) => nonzero(t))).toEqual({
      name: 'CaptureError',
      message:
        'nonzero: how many positions there are depends on the values of x; keep the shape with where(x, a, b)',
    });
    expect(refusal((t) => indexPut(t, [0, index(t, 0).gt(2)], 0))).toEqual({
      name: 'CaptureError',
      message:
        'indexPut: how many elements the mask indices[1] takes depends on its values; keep the shape with where(mask, x, other)',
    });
  });

  it('writes one value under a mask that changes from replay to replay', () => {
    const step = capture((t: Tensor) => indexPut(t, [t.gt(2)], -1));
    expect(step(x).toArray()).toEqual([
      [1, 2, -1],
      [-1, -1, -1],
    ]);
    expect(step(x.mul(-1)).toArray()).toEqual(x.mul(-1).toArray());
  });

  it('takes positions that are arguments, checks them at each replay, and no literal ones', () => {
    const step = capture((t: Tensor, at: Tensor) => index(t, null, at));
    const at = (...list: number[]): Tensor => tensor(list, { dtype: 'int32' });
    expect(step(x, at(-1, 0)).toArray()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(thrownBy(() => step(x, at(0, 3)))).toEqual({
      name: 'IndexError',
      message: 'index: indices[1] must hold positions in [-3, 3), got 3 at position 1',
    });
    expect(refusal((t) => index(t, Int32Array.of(0)))).toEqual({
      name: 'CaptureError',
      message:
        'index: indices[0] are written into a captured step and would be the same at every replay; make an int32 tensor outside of the step, or pass it as an argument',
    });
    expect(refusal((t) => index(t, [true, false]))).toEqual({
      name: 'CaptureError',
      message:
        'index: indices[0] is written into a captured step and would be the same at every replay; make a bool tensor outside of the step, or pass it as an argument',
    });
  });
});
