/** @file Small results begin in memory that is used again and again: nobody may see that. */
import { describe, expect, it } from '@jest/globals';
import {
  add,
  assign,
  capture,
  type DType,
  hostScalar,
  hostVector,
  memory,
  mul,
  noGrad,
  rand,
  registerHook,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.js';

/** Makes far more results than the memory holds at a time. */
function churn(): void {
  noGrad(() => {
    const x = tensor([7, 7, 7, 7, 7, 7, 7, 7]);
    for (let i = 0; i < 3000; i++) add(x, i);
  });
}

describe('a small result', () => {
  it.each<DType>(['float32', 'float64', 'int32', 'bool'])(
    'of %s keeps its values, and so do its views',
    (dtype) => {
      const results = [0, 1, 5, 16, 17, 300].map((length, k) => {
        const x = tensor(Array.from({ length }, (_, i) => (i + k) % 2)).cast(dtype);
        return dtype === 'bool' ? x.logicalNot() : x.mul(1);
      });
      const expected = results.map((t) => t.toArray());
      const view = (results[5] as Tensor).reshape([3, 100]).T;
      const viewed = view.toArray();
      churn();
      expect(results.map((t) => t.toArray())).toEqual(expected);
      expect(view.toArray()).toEqual(viewed);
      expect(view.reshape([300]).add(0).toArray()).toEqual(viewed.flat().map(Number));
    },
  );

  it('can be an operand, be written into and be counted long after it was made', () => {
    const t = add(tensor([1, 2]), 1);
    churn();
    assign(t, t.mul(2));
    churn();
    expect(t.add(t).toArray()).toEqual([8, 12]);
    const w = tensor([3], { requiresGrad: true });
    const y = w.mul(w.mul(2));
    churn();
    y.sum().backward();
    expect(w.grad?.toArray()).toEqual([12]);
  });

  it('still refuses backward after a write into what was saved, wherever that lies by then', () => {
    const w = tensor([3], { requiresGrad: true });
    const saved = add(tensor([2]), 0);
    const y = w.mul(saved);
    churn();
    saved.write((a) => a.set(0, 5));
    expect(() => y.sum().backward()).toThrow(/written in place/);
  });

  it('is shared with its ndarray from the moment that is asked for', () => {
    const t = add(tensor([1, 2]), 1);
    const { ndarray } = t;
    churn();
    t.write((a) => a.set(0, 9));
    expect(ndarray.get(0)).toBe(9);
    expect(t.ndarray).toBe(ndarray);
    expect(t.toArray()).toEqual([9, 3]);
    expect(ndarray.data).toHaveLength(2);
  });

  it('lies where a captured step can stay with it', () => {
    const t = add(tensor([1, 2]), 1);
    const step = capture((x: Tensor) => x.add(t));
    expect(step(tensor([10, 20])).toArray()).toEqual([12, 23]);
    churn();
    expect(step(tensor([10, 20])).toArray()).toEqual([12, 23]);
    noGrad(() => assign(t, zeros([2])));
    churn();
    expect(step(tensor([10, 20])).toArray()).toEqual([10, 20]);
    expect(step.stats().recordings).toBe(1);
  });

  it('is not moved while the host writes into it, whatever ops the host runs meanwhile', () => {
    const rate = hostScalar(() => {
      churn();
      return 3;
    });
    const rates = hostVector(2, (values) => {
      values[0] = 1;
      churn();
      values[1] = 2;
      churn();
    });
    churn();
    expect(mul(rate, tensor([1], { dtype: 'float64' })).toArray()).toEqual([3]);
    expect(rates.toArray()).toEqual([1, 2]);
    const failing = (): Tensor =>
      hostScalar(() => {
        throw new Error('no number');
      });
    expect(failing).toThrow('no number');
    const after = add(tensor([1]), 1);
    churn();
    expect(after.toArray()).toEqual([2]);
  });
});

describe('a leaf', () => {
  it.each([
    ['tensor', (): Tensor => tensor(new Float32Array(5000), { requiresGrad: true })],
    ['zeros', (): Tensor => zeros([5000], { requiresGrad: true })],
    ['rand', (): Tensor => rand([5000], { requiresGrad: true })],
    ['requireGrad of a result', (): Tensor => add(zeros([5000]), 1).requireGrad()],
  ])('made by %s lies where parameters do', (_name, make) => {
    const before = memory().parameters;
    const w = make();
    const after = memory().parameters;
    if (memory().reserved > 0) expect(after - before).toBe(20000);
    expect(w.size).toBe(5000);
  });

  it('that is a part of something larger stays there', () => {
    const whole = zeros([2, 5000]);
    const before = memory().parameters;
    whole.slice([0, 1]).requireGrad();
    expect(memory().parameters).toBe(before);
  });
});

describe('sums of cotangents', () => {
  it('are added to in place without anyone seeing it', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const other = tensor([0, 0], { requiresGrad: true });
    const seen: unknown[] = [];
    const scaled = [2, 3, 4].map((factor) => w.mul(factor)).reduce(add);
    // The same cotangent goes to both operands; that of `other` must not take what is added up for `w`.
    const sum = w.add(other);
    registerHook(sum, (g) => {
      seen.push(g.toArray());
    });
    sum.add(scaled).mul(3).sum().backward();
    expect(w.grad?.toArray()).toEqual([30, 30]);
    expect(other.grad?.toArray()).toEqual([3, 3]);
    expect(seen).toEqual([[3, 3]]);
    // A node that gets four cotangents, twice in a row, with the graph kept.
    const v = tensor([2], { requiresGrad: true });
    const h = v.mul(1);
    const z = h.mul(h).add(h.mul(3)).add(h).sum();
    z.backward(undefined, { retainGraph: true });
    z.backward();
    expect(v.grad?.toArray()).toEqual([16]);
  });
});
