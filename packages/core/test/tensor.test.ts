import { describe, expect, it } from '@jest/globals';
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { markLeaf } from '../src/autodiff/apply.js';
import {
  arange,
  eye,
  fromNdarray,
  full,
  linspace,
  noGrad,
  ones,
  onesLike,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from '../src/index.js';
import { at, build, type Grid, gridOf, LAYOUTS, laidOut, stream, tensorOf } from './grid.js';
import { thrownBy } from './thrown.js';

describe('toJSON', () => {
  it('writes the elements and nothing of the memory around them', () => {
    expect(JSON.stringify({ a: tensor([[1, 2]]), b: tensor(true), c: tensor([0.5, Number.NaN]) })).toBe(
      '{"a":[[1,2]],"b":true,"c":[0.5,null]}',
    );
  });
});

describe('tensor', () => {
  it.each([
    ['a number', 3, [], 'float32', 3],
    ['a boolean', true, [], 'bool', true],
    ['an array', [1, 2], [2], 'float32', [1, 2]],
    ['nested arrays', [[1], [2]], [2, 1], 'float32', [[1], [2]]],
    ['booleans', [[true, false]], [1, 2], 'bool', [[true, false]]],
    ['numbers and booleans', [1, true], [2], 'float32', [1, 1]],
    ['an empty array', [], [0], 'float32', []],
    ['empty rows', [[], []], [2, 0], 'float32', [[], []]],
    ['a Float32Array', new Float32Array([0.5]), [1], 'float32', [0.5]],
    ['a Float64Array', new Float64Array([0.1]), [1], 'float64', [0.1]],
    ['an Int32Array', new Int32Array([-5]), [1], 'int32', [-5]],
    ['an Int8Array', new Int8Array([-5]), [1], 'int32', [-5]],
    ['a Uint8Array', new Uint8Array([200]), [1], 'int32', [200]],
    ['a Uint8ClampedArray', new Uint8ClampedArray([300]), [1], 'int32', [255]],
    ['an Int16Array', new Int16Array([-300]), [1], 'int32', [-300]],
    ['a Uint16Array', new Uint16Array([65535]), [1], 'int32', [65535]],
    ['a Uint32Array', new Uint32Array([7]), [1], 'int32', [7]],
  ] as const)('takes %s', (_, data, shape, dtype, values) => {
    const t = tensor(data as never);
    expect([t.shape, t.dtype, t.toArray()]).toEqual([shape, dtype, values]);
    expect([t.rank, t.size]).toEqual([shape.length, shape.reduce<number>((p, e) => p * e, 1)]);
  });

  it('takes another dtype on request', () => {
    expect(tensor([1, 0], { dtype: 'bool' }).toArray()).toEqual([true, false]);
    expect(tensor([true], { dtype: 'float64' }).toArray()).toEqual([1]);
    expect(tensor(0.1, { dtype: 'float64' }).item()).toBe(0.1);
    expect(tensor(0.1).item()).toBe(Math.fround(0.1));
  });

  it('takes flat data under a shape', () => {
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(7, { shape: [1, 1] }).toArray()).toEqual([[7]]);
    expect(tensor([], { shape: [0, 5] }).shape).toEqual([0, 5]);
  });

  it('copies a tensor, out of the graph', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const copy = tensor(x.mul(2));
    expect([copy.requiresGrad, copy.toArray()]).toEqual([false, [2, 4]]);
    expect(copy.storage).not.toBe(x.storage);
    expect(tensor(x, { dtype: 'float64', requiresGrad: true }).requiresGrad).toBe(true);
    expect(tensor(tensor([[1, 2]]), { shape: [2] }).shape).toEqual([2]);
  });

  it('takes an NdArray of any strides, checked against ndarray-ops', () => {
    const data = new Float64Array(60).map((_, i) => i);
    const base = ndarray(data, [3, 4, 5]);
    for (const view of [
      base,
      base.transpose(2, 0, 1),
      base.step(-1, 2, 1),
      base.lo(1, 1, 1).hi(2, 2, 3),
      base.pick(1),
    ]) {
      const packed = ndarray(new Float64Array(view.size), view.shape);
      ops.assign(packed, view);
      expect(Array.from(tensor(view).toTypedArray())).toEqual(Array.from(packed.data as Float64Array));
      expect(fromNdarray(view).toArray()).toEqual(tensor(view).toArray());
    }
    expect(tensor(ndarray([1, 2], [2])).dtype).toBe('float32');
    expect(tensor(ndarray(new Uint8Array([7]), [1])).dtype).toBe('int32');
  });
});

describe('fromNdarray', () => {
  it('shares memory, both ways', () => {
    const mine = ndarray(new Float32Array(4), [2, 2]);
    const t = fromNdarray(mine);
    mine.set(0, 1, 5);
    expect(t.toArray()).toEqual([
      [0, 5],
      [0, 0],
    ]);
    t.write((a) => a.set(1, 0, 7));
    expect(mine.get(1, 0)).toBe(7);
    expect(t.storage.version).toBe(1);
  });

  it('refuses arrays that no dtype can share', () => {
    expect(thrownBy(() => fromNdarray(ndarray([1, 2], [2])))).toEqual({
      name: 'DTypeError',
      message:
        'fromNdarray: x.data must be a Float32Array, Float64Array or Int32Array to be shared, got an Array; tensor(x) copies and converts',
    });
    expect(thrownBy(() => fromNdarray(ndarray(new Uint8Array(2), [2])))?.name).toBe('DTypeError');
    expect(thrownBy(() => fromNdarray(5 as never))).toEqual({
      name: 'ArgumentError',
      message: 'fromNdarray: x must be an NdArray, got 5',
    });
  });

  it('makes a leaf on request', () => {
    const t = fromNdarray(ndarray(new Float64Array([3]), [1]), { requiresGrad: true });
    t.square().backward();
    expect(t.grad?.toArray()).toEqual([6]);
  });
});

describe('makers', () => {
  it('make what they say', () => {
    expect(zeros([2]).toArray()).toEqual([0, 0]);
    expect(ones([2], { dtype: 'int32' }).dtype).toBe('int32');
    expect(full([2], true).toArray()).toEqual([true, true]);
    expect(full([], 2.5).item()).toBe(2.5);
    expect(zerosLike(tensor([1], { dtype: 'float64' })).dtype).toBe('float64');
    expect(onesLike(tensor([[1]]), { dtype: 'bool' }).toArray()).toEqual([[true]]);
    expect(zeros([2], { requiresGrad: true }).isLeaf).toBe(true);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(0).shape).toEqual([0, 0]);
  });

  it('count as NumPy does', () => {
    expect(arange(4).toArray()).toEqual([0, 1, 2, 3]);
    expect(arange(1, 7, 2).toArray()).toEqual([1, 3, 5]);
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(3, 0).toArray()).toEqual([]);
    expect(arange(0, 1, 0.1, { dtype: 'float64' }).size).toBe(10);
    // 3 · 0.1 is computed, not 0.1 + 0.1 + 0.1.
    expect((arange(0, 1, 0.1, { dtype: 'float64' }).toArray() as number[])[7]).toBe(7 * 0.1);
    expect(linspace(0, 1, 3).toArray()).toEqual([0, 0.5, 1]);
    expect(linspace(5, 9, 1).toArray()).toEqual([5]);
    expect((linspace(0, 0.1, 7, { dtype: 'float64' }).toArray() as number[])[6]).toBe(0.1);
  });
});

describe('reading', () => {
  it('gives one element as a number', () => {
    expect(tensor([[42]]).item()).toBe(42);
    expect(tensor(true).item()).toBe(1);
    expect(thrownBy(() => tensor([1, 2]).item())).toEqual({
      name: 'ShapeError',
      message: 'item: the tensor must have one element, got shape [2]; reduce it, or use toArray()',
    });
    expect(thrownBy(() => zeros([0]).item())?.name).toBe('ShapeError');
  });

  it.each(LAYOUTS)('gives %s elements in row-major order', (layout) => {
    const grid = build([2, 3, 2], ([i, j, k]) => 100 * i + 10 * j + k);
    const t = laidOut(grid, 'float64', layout);
    expect(Array.from(t.toTypedArray())).toEqual(grid.data);
    expect(t.ndarray.get(1, 2, 1)).toBe(121);
  });

  it('gives a live NdArray, made once', () => {
    const t = tensor([[1, 2]]);
    expect(t.ndarray).toBe(t.ndarray);
    t.write((a) => a.set(0, 0, 5));
    expect(t.ndarray.get(0, 0)).toBe(5);
    // Its shape is its own: ndarray lets it be changed.
    t.ndarray.shape[0] = 9;
    expect(t.shape).toEqual([1, 2]);
  });

  it('keeps 0-d NdArrays apart, whose shape ndarray shares', () => {
    expect(tensor(1).ndarray.shape).toEqual([]);
    expect(tensor(5).ndarray.get()).toBe(5);
  });
});

describe('requireGrad', () => {
  it('makes a leaf once', () => {
    const t = tensor([1]);
    expect(t.requireGrad()).toBe(t);
    const { node } = t;
    expect(t.requireGrad().node).toBe(node);
    expect(thrownBy(() => tensor([1], { dtype: 'int32' }).requireGrad())?.name).toBe('DTypeError');
  });
});

describe('random chains of views', () => {
  /** One step of a chain, on the tensor and on the oracle. */
  type Step = readonly [name: string, onTensor: (t: Tensor) => Tensor, onGrid: (g: Grid) => Grid];

  function step(next: () => number, shape: readonly number[]): Step {
    const pick = (n: number): number => Math.floor(next() * n);
    const rank = shape.length;
    switch (rank === 0 ? 0 : pick(6)) {
      case 0: {
        const where = pick(rank + 1);
        const grown = [...shape.slice(0, where), 1, ...shape.slice(where)];
        return [`unsqueeze ${where}`, (t) => t.unsqueeze(where), (g) => ({ shape: grown, data: g.data })];
      }
      case 1: {
        const order = shape.map((_, i) => i).sort(() => next() - 0.5);
        return [
          `permute ${order}`,
          (t) => t.permute(order),
          (g) =>
            build(
              order.map((a) => shape[a]),
              (index) =>
                at(
                  g,
                  shape.map((_, a) => index[order.indexOf(a)]),
                ),
            ),
        ];
      }
      case 2: {
        const axis = pick(rank);
        const start = pick(shape[axis] + 1);
        const by = pick(2) === 0 ? 2 : 1;
        const ranges = shape.map((_, a): null | [number, null, number] =>
          a === axis ? [start, null, by] : null,
        );
        const length = Math.max(0, Math.ceil((shape[axis] - start) / by));
        return [
          `slice ${axis} from ${start} by ${by}`,
          (t) => t.slice(...ranges),
          (g) =>
            build(
              shape.map((e, a) => (a === axis ? length : e)),
              (index) =>
                at(
                  g,
                  index.map((i, a) => (a === axis ? start + i * by : i)),
                ),
            ),
        ];
      }
      case 3: {
        const axis = pick(rank);
        return [
          `flip ${axis}`,
          (t) => t.flip({ axis }),
          (g) =>
            build(shape, (index) =>
              at(
                g,
                index.map((i, a) => (a === axis ? shape[a] - 1 - i : i)),
              ),
            ),
        ];
      }
      case 4: {
        const target = shape.map((e) => (e === 1 ? 1 + pick(3) : e));
        return [
          `expand to ${target}`,
          (t) => t.expand(target),
          (g) =>
            build(target, (index) =>
              at(
                g,
                index.map((i, a) => (shape[a] === 1 ? 0 : i)),
              ),
            ),
        ];
      }
      default: {
        const size = shape.reduce((p, e) => p * e, 1);
        const target = size > 0 && size % 2 === 0 ? [2, size / 2] : [size];
        return [`reshape to ${target}`, (t) => t.reshape(target), (g) => ({ shape: target, data: g.data })];
      }
    }
  }

  it('read what the oracle says, and pull back its adjoint', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const next = stream(seed);
      let grid: Grid = build([2, 3, 2].slice(0, 1 + Math.floor(next() * 3)), () => Math.floor(next() * 100));
      const x = markLeaf('test', tensorOf(grid));
      const start = grid;
      let t: Tensor = x;
      const names: string[] = [];
      for (let k = 0; k < 5; k++) {
        const [name, onTensor, onGrid] = step(next, grid.shape);
        names.push(name);
        t = onTensor(t);
        grid = onGrid(grid);
      }
      const what = `seed ${seed}: ${names.join(', ')}`;
      expect([what, t.shape, gridOf(t).data]).toEqual([what, grid.shape, grid.data]);
      // Integers, so that both inner products are exact: ⟨g, view(x)⟩ = ⟨adjoint(g), x⟩.
      const g = build(grid.shape, () => Math.floor(next() * 10));
      if (t === x) continue;
      t.backward(tensorOf(g));
      const pulled = gridOf(x.grad as Tensor).data;
      const inner = (a: readonly number[], b: readonly number[]): number =>
        a.reduce((s, v, i) => s + v * b[i], 0);
      expect([what, inner(pulled, start.data)]).toEqual([what, inner(g.data, grid.data)]);
    }
  });

  it('write through views reaches the base', () => {
    const base = zeros([3, 4]);
    noGrad(() => base.T.slice([1, 3], [null, null, -1]).assign(5));
    expect(base.toArray()).toEqual([
      [0, 5, 5, 0],
      [0, 5, 5, 0],
      [0, 5, 5, 0],
    ]);
  });
});
