import { describe, expect, it } from '@jest/globals';
import { type Tensor, tensor } from '@ndgrad/core';
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  klDivergence,
  l1Loss,
  mseLoss,
} from '@ndgrad/losses';
import { gradientOf, gradientRows } from './gradientOf.js';

const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });

/** exp(−40), to 50 digits rounded: what a right answer at z = 40 costs, up to a relative 1e-17. */
const SURE = 4.248354255291589e-18;

describe('crossEntropy', () => {
  it('costs 4.248e-18 for a right answer at z = 40, with as small a gradient', () => {
    const z = f64([[40, 0]]);
    const loss = crossEntropy(z, [0]);
    expect(loss.item()).toBe(SURE);
    const gradient = gradientOf(loss, z);
    const [[right, wrong]] = gradient.toArray() as number[][];
    expect(wrong / SURE).toBeCloseTo(1, 14);
    expect(Math.abs(right)).toBeLessThan(3e-16);
    expect(crossEntropy(f64([[40, 0]]), f64([[1, 0]]).detach()).item()).toBe(SURE);
  });

  it('costs 800 for a wrong answer at z = 800, in float32 as well', () => {
    expect(crossEntropy(tensor([[800, 0]]), [1]).item()).toBe(800);
    expect(crossEntropy(tensor([[-800, 0]]), [0]).item()).toBe(800);
  });

  it('takes a class at −∞ for impossible: no part in the value, no gradient', () => {
    const z = f64([[0, -Infinity, 0]]);
    for (const target of [tensor(new Int32Array([0])), tensor([[0.5, 0, 0.5]], { dtype: 'float64' })]) {
      const loss = crossEntropy(z, target);
      expect(loss.item()).toBeCloseTo(Math.LN2, 15);
      const gradient = gradientOf(loss, z);
      expect((gradient.toArray() as number[][])[0][1]).toBe(0);
      for (const g of (gradient.toArray() as number[][])[0]) expect(g).not.toBeNaN();
    }
  });

  it('costs ∞ where the target is impossible, with a finite gradient', () => {
    const z = f64([[0, -Infinity]]);
    const loss = crossEntropy(z, [1]);
    expect(loss.item()).toBe(Infinity);
    expect(gradientOf(loss, z).toArray()).toEqual([[1, -1]]);
  });

  it('lets smoothing reach an impossible class only if it weighs something', () => {
    const z = f64([[0, -Infinity, 1]]);
    expect(crossEntropy(z, [0], { labelSmoothing: 0.1 }).item()).toBe(Infinity);
    const loss = crossEntropy(z, [0], { labelSmoothing: 0.1, weight: [1, 0, 1] });
    const logs = [0, 1].map((x) => x - Math.log(1 + Math.E));
    expect(loss.item()).toBeCloseTo(-(0.9 + 0.1 / 3) * logs[0] - (0.1 / 3) * logs[1], 14);
    expect(gradientOf(loss, z).isFinite().all().item()).toBe(1);
  });

  it('does not count a row in which every class is impossible', () => {
    const z = f64([
      [-Infinity, -Infinity],
      [0, 0],
    ]);
    const loss = crossEntropy(z, [0, 0]);
    expect(loss.item()).toBeCloseTo(Math.LN2, 15);
    expect(gradientRows(loss, z)[0]).toEqual([0, 0]);
  });

  it('shows a NaN in a row that counts', () => {
    expect(
      crossEntropy(
        f64([
          [Number.NaN, 0],
          [0, 0],
        ]),
        [0, 0],
      ).item(),
    ).toBeNaN();
    expect(crossEntropy(f64([[Number.NaN, -Infinity]]), [0]).item()).toBeNaN();
  });

  it('hides the NaN of a row that is ignored or weighs 0, from the gradient too', () => {
    const sick = f64([
      [Number.NaN, 0],
      [0, 1],
    ]);
    const healthy = f64([
      [5, 0],
      [0, 1],
    ]);
    for (const [target, options] of [
      [[-100, 1], {}],
      [[0, 1], { weight: [0, 2] }],
    ] as const) {
      const [a, b] = [sick, healthy].map((z) => crossEntropy(z, target, options));
      expect(a.item()).toBe(b.item());
      expect(gradientOf(a, sick).toArray()).toEqual(gradientOf(b, healthy).toArray());
    }
  });

  it('takes one row without a batch', () => {
    const target = tensor(1, { dtype: 'int32' });
    const loss = crossEntropy(f64([0, 1, 2]), target, { reduction: 'none' });
    expect(loss.shape).toEqual([]);
    expect(loss.item()).toBe(crossEntropy(f64([[0, 1, 2]]), [1]).item());
  });

  it('takes an Int32Array, an int32 tensor and numbers for the same', () => {
    const z = f64([
      [0, 1, 2],
      [3, 1, 0],
    ]);
    const values = [[2, 0], new Int32Array([2, 0]), tensor(new Int32Array([2, 0]))].map((y) =>
      crossEntropy(z, y).item(),
    );
    expect(new Set(values).size).toBe(1);
  });

  it('takes [n, C, d] with the classes along axis 1, as PyTorch does', () => {
    const z = tensor(
      [
        [
          [0, 3],
          [1, 4],
          [2, 5],
        ],
      ],
      { dtype: 'float64' },
    );
    const target = tensor(new Int32Array([2, 0]), { shape: [1, 2] });
    const terms = crossEntropy(z, target, { axis: 1, reduction: 'none' });
    expect(terms.shape).toEqual([1, 2]);
    const rows = crossEntropy(
      f64([
        [0, 1, 2],
        [3, 4, 5],
      ]),
      [2, 0],
      { reduction: 'none' },
    );
    expect(terms.toTypedArray()).toEqual(rows.toTypedArray());
  });

  it('does not see the order of the classes', () => {
    const z = [
      [0.3, -1, 2, 0.7],
      [1, 0.2, -0.4, 0.9],
    ];
    const order = [2, 0, 3, 1];
    const permuted = z.map((row) => order.map((c) => row[c]));
    const weight = [1, 2, 0.5, 3];
    const a = crossEntropy(f64(z), [0, 3], { weight, labelSmoothing: 0.2 }).item();
    const b = crossEntropy(
      f64(permuted),
      [0, 3].map((y) => order.indexOf(y)),
      {
        weight: order.map((c) => weight[c]),
        labelSmoothing: 0.2,
      },
    ).item();
    expect(b).toBeCloseTo(a, 13);
  });

  it('gives indices and one-hot probabilities the same value and gradient', () => {
    const z = f64([
      [0.3, -1, 2],
      [1, 0.2, -0.4],
    ]);
    const oneHot = tensor(
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
      { dtype: 'float64' },
    );
    for (const options of [{}, { weight: [1, 2, 0.5] }, { weight: [1, 2, 0.5], labelSmoothing: 0.3 }]) {
      const [a, b] = [crossEntropy(z, [2, 0], options), crossEntropy(z, oneHot, options)];
      expect(a.item()).toBeCloseTo(b.item(), 14);
      const [ga, gb] = [a, b].map((loss) => gradientOf(loss, z).toTypedArray());
      ga.forEach((g, k) => {
        expect(g).toBeCloseTo(gb[k], 14);
      });
    }
  });

  it('is the KL divergence plus the entropy of the target', () => {
    const z = f64([
      [0.3, -1, 2],
      [1, 0.2, -0.4],
    ]);
    const p = [
      [0.2, 0.3, 0.5],
      [0.1, 0.1, 0.8],
    ];
    const entropy = p.flat().reduce((sum, x) => sum - x * Math.log(x), 0) / 2;
    const target = tensor(p, { dtype: 'float64' });
    expect(crossEntropy(z, target).item()).toBeCloseTo(
      klDivergence(z.logSoftmax(), target).item() + entropy,
      14,
    );
  });

  it('of two classes is the binary cross entropy of the difference of logits', () => {
    const z = f64([
      [0.3, -1],
      [1, 2.2],
    ]);
    const binary = binaryCrossEntropyWithLogits(f64([-1.3, 1.2]), tensor([1, 0], { dtype: 'float64' }));
    expect(crossEntropy(z, [1, 0]).item()).toBeCloseTo(binary.item(), 14);
  });
});

describe('binaryCrossEntropyWithLogits', () => {
  it('costs 4.248e-18 for a right answer at z = ±40', () => {
    const terms = binaryCrossEntropyWithLogits(f64([40, -40]), f64([1, 0]).detach(), { reduction: 'none' });
    for (const x of terms.toTypedArray()) expect(x / SURE).toBeCloseTo(1, 14);
  });

  it('costs 0 for a right answer at ±∞ and ∞ for a wrong one, with gradients 0 and ±1', () => {
    const z = f64([Infinity, -Infinity, Infinity, -Infinity]);
    const terms = binaryCrossEntropyWithLogits(z, tensor([1, 0, 0, 1], { dtype: 'float64' }), {
      reduction: 'none',
    });
    expect(Array.from(terms.toTypedArray())).toEqual([0, 0, Infinity, Infinity]);
    const gradient = gradientOf(terms.sum(), z);
    expect(Array.from(gradient.toTypedArray()).map((g) => g + 0)).toEqual([0, 0, 1, -1]);
  });

  it('keeps its digits where the target is nearly sure', () => {
    const t = 0.999;
    const z = 12.5;
    const want = t * Math.log1p(Math.exp(-z)) + (1 - t) * (z + Math.log1p(Math.exp(-z)));
    const got = binaryCrossEntropyWithLogits(f64([z]), f64([t]).detach()).item();
    expect(Math.abs(got / want - 1)).toBeLessThan(4 * Number.EPSILON);
  });

  it('reads bool and int32 targets as 0 and 1', () => {
    const z = f64([0.3, -2]);
    const want = binaryCrossEntropyWithLogits(z, tensor([1, 0], { dtype: 'float64' })).item();
    expect(binaryCrossEntropyWithLogits(z, tensor([true, false])).item()).toBe(want);
    expect(binaryCrossEntropyWithLogits(z, tensor(new Int32Array([1, 0]))).item()).toBe(want);
  });

  it('takes a NaN target where the weight is 0', () => {
    const z = f64([0.3, -2]);
    const sick = tensor([1, Number.NaN], { dtype: 'float64' });
    expect(binaryCrossEntropyWithLogits(z, sick, { weight: [1, 0] }).item()).toBe(
      binaryCrossEntropyWithLogits(f64([0.3]), f64([1]).detach()).item(),
    );
  });
});

describe('klDivergence', () => {
  it('is 0 for a class that the target rules out, even at q = 0, and ∞ for one that only the prediction rules out', () => {
    const q = f64([[0, -Infinity]]);
    const loss = klDivergence(q, tensor([[1, 0]], { dtype: 'float64' }));
    expect(loss.item()).toBe(0);
    expect(gradientOf(loss, q).toArray()).toEqual([[-1, expect.closeTo(0)]]);
    expect(klDivergence(q, tensor([[0, 1]], { dtype: 'float64' })).item()).toBe(Infinity);
  });

  it('takes log-probabilities of −∞', () => {
    const q = f64([[Math.log(0.5), Math.log(0.5)]]);
    const p = f64([[0, -Infinity]]);
    const loss = klDivergence(q, p, { logTarget: true });
    expect(loss.item()).toBe(Math.LN2);
    expect(gradientOf(loss, p).isFinite().all().item()).toBe(1);
  });

  it('has a gradient of 0 to a target of 0', () => {
    const p = f64([[0, 1]]);
    const loss = klDivergence(f64([[Math.log(0.2), Math.log(0.8)]]), p);
    expect(gradientRows(loss, p)[0][0]).toBe(0);
  });

  it('is not symmetric', () => {
    const [p, q] = [[[0.9, 0.1]], [[0.5, 0.5]]].map((x) => tensor(x, { dtype: 'float64' }));
    expect(klDivergence(q.log(), p).item()).not.toBeCloseTo(klDivergence(p.log(), q).item(), 2);
  });
});

describe('losses of a single number', () => {
  it.each([
    [mseLoss, 9],
    [l1Loss, 3],
    [huberLoss, 2.5],
  ])('take 0-d tensors', (loss, want) => {
    const got = loss(tensor(1), tensor(-2));
    expect(got.shape).toEqual([]);
    expect(got.item()).toBe(want);
  });

  it('take integer targets and refuse integer predictions', () => {
    expect(mseLoss(tensor([1.5]), tensor(new Int32Array([1]))).item()).toBe(0.25);
    expect(() => mseLoss(tensor(new Int32Array([1])), tensor([1]))).toThrow(
      "mseLoss: prediction must be float32 or float64, got int32; use .cast('float32')",
    );
  });

  it('have no gradient at an exact fit', () => {
    for (const loss of [mseLoss, l1Loss, huberLoss]) {
      const x = f64([2, 3]);
      expect(gradientOf(loss(x, x.detach()), x).abs().sum().item()).toBe(0);
    }
  });

  it('huberLoss costs ∞ for an infinite miss, with a slope of δ', () => {
    const x = f64([Infinity]);
    const loss = huberLoss(x, tensor([0], { dtype: 'float64' }), { delta: 2 });
    expect(loss.item()).toBe(Infinity);
    expect(gradientOf(loss, x).toArray()).toEqual([2]);
  });
});
