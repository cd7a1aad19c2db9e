import { describe, expect, it } from '@jest/globals';
import { generator, randn, type Tensor, tensor } from '@ndgrad/core';
import {
  asSimilarities,
  circleLoss,
  circleLossFromSimilarities,
  contrastiveLoss,
  contrastiveLossFromDistances,
  cosineSimilarities,
  euclideanDistances,
  squaredEuclideanDistances,
  tripletLoss,
  tripletMarginLoss,
  triplets,
} from '@ndgrad/losses';
import { gradientOf, gradientRows } from './gradientOf.js';
import { uniform } from './naive.js';

const f64 = (data: readonly (readonly number[])[]): Tensor =>
  tensor(data as number[][], { dtype: 'float64', requiresGrad: true });

const similarities = (s: Tensor) => asSimilarities(s, { metric: 'cosine', selfPaired: false });

describe('circleLoss', () => {
  const s = [[0.62, -0.1, 0.3, 0.15]];
  const relation = { referenceLabels: [0, 1, 0, 2] };

  it('has the gradient of constant weights: Z · softmax · γ [s + m]₊ to a negative, −Z · softmax · γ [1 + m − s]₊ to a positive', () => {
    const [m, scale] = [0.4, 4];
    const x = f64(s);
    const gradient = gradientRows(
      circleLossFromSimilarities(similarities(x), [0], { ...relation, margin: m, scale }),
      x,
    );
    const positives = [0, 2];
    const weight = (j: number) =>
      positives.includes(j) ? Math.max(0, 1 + m - s[0][j]) : Math.max(0, s[0][j] + m);
    const exponential = (j: number) =>
      Math.exp(scale * weight(j) * (positives.includes(j) ? 1 - m - s[0][j] : s[0][j] - m));
    const total = (js: number[]) => js.reduce((sum, j) => sum + exponential(j), 0);
    const product = total([0, 2]) * total([1, 3]);
    const z = product / (1 + product);
    for (const [js, sign] of [
      [[0, 2], -1],
      [[1, 3], 1],
    ] as const) {
      for (const j of js) {
        const share = exponential(j) / total([...js]);
        expect(gradient[0][j]).toBeCloseTo(sign * z * share * scale * weight(j), 13);
      }
    }
  });

  it('pushes away a negative at −m < s < 0; weights that were not constant would pull it nearer', () => {
    // CATALOGUE B.6: with α differentiated the factor is γ · 2s, below 0 here; it is γ (s + m).
    const x = f64([[0.5, -0.1]]);
    const loss = circleLossFromSimilarities(similarities(x), [0], {
      referenceLabels: [0, 1],
      margin: 0.4,
      scale: 4,
    });
    expect(gradientRows(loss, x)[0][1]).toBeGreaterThan(0);
    const [[, toNegative]] = gradientRows(undetached(x, 0.4, 4), x);
    expect(toNegative).toBeLessThan(0);
    expect(undetached(x, 0.4, 4).item()).toBeCloseTo(loss.item(), 14);
  });

  it('is finite at γ = 256 in float32, at both ends of the cosine', () => {
    const x = tensor(
      [
        [1, 0],
        [-1, 0],
        [1, 1e-3],
        [-1, 1e-3],
        [0, 1],
      ],
      { requiresGrad: true },
    );
    for (const labels of [
      [0, 0, 1, 1, 0],
      [0, 1, 0, 1, 0],
    ]) {
      const loss = circleLoss(x, labels);
      expect(loss.dtype).toBe('float32');
      expect(Number.isFinite(loss.item())).toBe(true);
      expect(gradientOf(loss, x).isFinite().all().item()).toBe(1);
    }
    // A negative at s = 1 beside a positive at s = −1: γ (1 + m)(1 − m) + γ (2 + m)(2 − m), exactly.
    const worst = tensor([[-1, 1]]);
    const loss = circleLossFromSimilarities(similarities(worst), [0], { referenceLabels: [0, 1] });
    expect(loss.item()).toBe(256 * (1.25 * 0.75 + 2.25 * 1.75));
  });

  it('is a mean over the anchors that have both sides', () => {
    const x = f64(uniform(61, 6, 3));
    const labels = [0, 0, 1, 1, 1, 2];
    const terms = circleLoss(x, labels, { scale: 8, reduction: 'none' }).toArray() as number[];
    expect(terms[5]).toBe(0);
    const mean = circleLoss(x, labels, { scale: 8 }).item();
    expect(mean).toBeCloseTo(terms.reduce((a, b) => a + b, 0) / 5, 14);
  });

  it('does not count an anchor that lacks positives or negatives, nor see its NaN', () => {
    const row = [0.6, -0.1, 0.3];
    const relation = tensor([
      [true, false, true],
      [true, true, true],
      [false, false, false],
    ]);
    const want = circleLossFromSimilarities(similarities(f64([row])), tensor([[true, false, true]]), {
      scale: 5,
    });
    const x = f64([row, [Number.NaN, 0.2, 0.9], [0.4, Number.NaN, 0.1]]);
    const loss = circleLossFromSimilarities(similarities(x), relation, { scale: 5 });
    expect(loss.item()).toBe(want.item());
    const [counted, ...others] = gradientRows(loss, x);
    expect(counted.every((g) => g !== 0)).toBe(true);
    expect(others.flat().every((g) => g === 0)).toBe(true);
  });

  it('treats every anchor by itself: a mean of one-row losses', () => {
    const x = uniform(62, 5, 3);
    const labels = [0, 1, 0, 1, 0];
    const alone = x.map((row, i) => {
      const others = labels.flatMap((_, j) => (j === i ? [] : [j]));
      const s = cosineSimilarities(f64([row]), f64(others.map((j) => x[j])));
      return circleLossFromSimilarities(s, [labels[i]], {
        referenceLabels: others.map((j) => labels[j]),
        scale: 10,
      }).item();
    });
    expect(circleLoss(f64(x), labels, { scale: 10 }).item()).toBeCloseTo(
      alone.reduce((a, b) => a + b, 0) / alone.length,
      13,
    );
  });

  it('tends to the hardest pair’s hinge as γ grows: L / γ → [max αₙ(sₙ − m) + max −αₚ(sₚ − 1 + m)]₊', () => {
    const m = 0.25;
    const hardest =
      Math.max(...[-0.1, 0.15].map((x) => Math.max(0, x + m) * (x - m))) +
      Math.max(...[0.62, 0.3].map((x) => Math.max(0, 1 + m - x) * (1 - m - x)));
    const errors = [10, 100, 1000, 1e4].map((scale) => {
      const loss = circleLossFromSimilarities(similarities(f64(s)), [0], { ...relation, margin: m, scale });
      return Math.abs(loss.item() / scale - Math.max(0, hardest));
    });
    for (let k = 1; k < errors.length; k++) expect(errors[k]).toBeLessThanOrEqual(errors[k - 1]);
    expect(errors[3]).toBeLessThan(1e-12);
  });

  it('is, with one positive, the cross entropy of the weighted logits (CosFace with weights)', () => {
    const [m, scale] = [0.3, 7];
    const row = [0.55, -0.2, 0.35, 0.8];
    const loss = circleLossFromSimilarities(similarities(f64([row])), [0], {
      referenceLabels: [0, 1, 2, 3],
      margin: m,
      scale,
    });
    const logits = row.map((x, j) =>
      j === 0 ? scale * (1 + m - x) * (x - (1 - m)) : scale * Math.max(0, x + m) * (x - m),
    );
    const want = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[0];
    expect(loss.item()).toBeCloseTo(want, 13);
  });

  it('has its boundary on the circle s_n² + (1 − s_p)² = 2m²: there it costs log 2', () => {
    const m = 0.25;
    for (const angle of [0.3, 0.8, 1.2]) {
      const row = [1 - Math.SQRT2 * m * Math.cos(angle), Math.SQRT2 * m * Math.sin(angle)];
      const loss = circleLossFromSimilarities(similarities(f64([row])), [0], {
        referenceLabels: [0, 1],
        margin: m,
        scale: 64,
      });
      expect(loss.item()).toBeCloseTo(Math.LN2, 12);
    }
  });

  it('takes a zero embedding: similarity 0, gradient 0', () => {
    const x = f64([
      [0, 0],
      [1, 0.2],
      [0.9, 0.1],
      [-1, 0.3],
    ]);
    const loss = circleLoss(x, [0, 0, 1, 1], { scale: 8 });
    expect(Number.isFinite(loss.item())).toBe(true);
    const gradient = gradientRows(loss, x);
    expect(gradient[0].map(Math.abs)).toEqual([0, 0]);
    expect(gradient.flat().every(Number.isFinite)).toBe(true);
  });

  it('takes the pairs of triplets, repeats collapsed', () => {
    const x = f64(uniform(63, 5, 3));
    const once = circleLoss(x, triplets([0, 1], [2, 3], [1, 0]), { scale: 8 }).item();
    const twice = circleLoss(x, triplets([0, 1, 0], [2, 3, 2], [1, 0, 1]), { scale: 8 }).item();
    expect(twice).toBe(once);
    expect(circleLoss(x, [0, 1, 0, 1, 2], { scale: 8 }).item()).not.toBe(once);
  });
});

/** The same value with weights that are not constant, as some libraries have it. One positive, one negative. */
function undetached(s: Tensor, m: number, scale: number): Tensor {
  const positive = s.slice([0, 1], [0, 1]);
  const negative = s.slice([0, 1], [1, 2]);
  const pull = positive
    .mul(-1)
    .add(1 + m)
    .mul(positive.sub(1 - m))
    .mul(-scale);
  const push = negative.add(m).mul(negative.sub(m)).mul(scale);
  return pull.add(push).softplus().sum();
}

describe('contrastiveLoss', () => {
  it('sends no gradient through a coincident pair, same or different', () => {
    for (const form of ['squared', 'linear'] as const) {
      const x = f64([
        [1, 2],
        [3, 4],
      ]);
      const loss = contrastiveLoss(x, x.detach(), [true, false], { form });
      expect(
        gradientRows(loss, x)
          .flat()
          .every((g) => g === 0),
      ).toBe(true);
    }
  });

  it('has no gradient on the margin', () => {
    const x = f64([[0, 0]]);
    const loss = contrastiveLoss(x, tensor([[3, 4]], { dtype: 'float64' }), [false], {
      form: 'linear',
      margin: 5,
    });
    expect(loss.item()).toBe(0);
    expect(gradientRows(loss, x)[0].map(Math.abs)).toEqual([0, 0]);
  });

  it('is the matrix form at the pairs', () => {
    const [x1, x2] = [uniform(64, 3, 2), uniform(65, 3, 2)];
    const d = euclideanDistances(f64(x1), f64(x2));
    for (const form of ['squared', 'linear'] as const) {
      const options = { form, margin: 2, reduction: 'none' } as const;
      const matrix = contrastiveLossFromDistances(d, (i, j) => i === j, options).toArray() as number[][];
      const list = contrastiveLoss(f64(x1), f64(x2), [true, true, true], options).toArray() as number[];
      list.forEach((x, i) => {
        expect(matrix[i][i]).toBeCloseTo(x, 14);
      });
    }
  });

  it('keeps an infinite distance of different items from its value', () => {
    const x = tensor([[Infinity], [1]], { dtype: 'float64' });
    expect(contrastiveLoss(x, tensor([[0], [1]], { dtype: 'float64' }), [false, true]).item()).toBe(0);
  });

  it('takes one pair without a batch', () => {
    const same = tensor(true);
    expect(contrastiveLoss(tensor([0, 0]), tensor([3, 4]), same).item()).toBe(12.5);
  });
});

describe('tripletLoss', () => {
  it('on the hinge is 0 with a gradient of 0', () => {
    const x = f64([[0], [1], [3]]);
    const loss = tripletLoss(euclideanDistances(x), triplets([0], [1], [2]), { margin: 2 });
    expect(loss.item()).toBe(0);
    expect(
      gradientRows(loss, x)
        .flat()
        .every((g) => g === 0),
    ).toBe(true);
  });

  it('of collapsed embeddings is the margin, with a gradient of 0', () => {
    const x = f64([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const loss = tripletLoss(euclideanDistances(x), triplets([0], [1], [2]), { margin: 0.5 });
    expect(loss.item()).toBe(0.5);
    expect(
      gradientRows(loss, x)
        .flat()
        .every((g) => g === 0),
    ).toBe(true);
  });

  it('in its soft form does not overflow', () => {
    const x = f64([[0], [1000], [1]]);
    const list = triplets([0, 0], [1, 2], [2, 1]);
    const loss = tripletLoss(squaredEuclideanDistances(x), list, { form: 'softMargin', reduction: 'none' });
    expect(loss.toArray()).toEqual([999999, 0]);
  });

  it('equals tripletMarginLoss on the rows that the triplets name', () => {
    const x = f64(uniform(66, 5, 3));
    const [a, p, n] = [
      [0, 1, 2],
      [1, 0, 4],
      [3, 2, 0],
    ];
    for (const swap of [false, true]) {
      const byMatrix = tripletLoss(euclideanDistances(x), triplets(a, p, n), { margin: 1.5, swap });
      const rows = [a, p, n].map((index) => x.indexSelect(0, index));
      const byRows = tripletMarginLoss(rows[0], rows[1], rows[2], { margin: 1.5, swap });
      expect(byMatrix.item()).toBeCloseTo(byRows.item(), 14);
    }
  });

  it('takes anchor = positive as indices of two sets', () => {
    const d = euclideanDistances(f64([[0], [5]]), f64([[1], [5]]));
    expect(tripletLoss(d, triplets([0], [0], [1], { selfPaired: false }), { margin: 9 }).item()).toBe(5);
  });

  it('gives repeated triplets their weight', () => {
    const d = euclideanDistances(f64(uniform(67, 4, 2)));
    const once = tripletLoss(d, triplets([0, 1], [1, 0], [2, 3]), { margin: 2, weight: [2, 1] }).item();
    const twice = tripletLoss(d, triplets([0, 0, 1], [1, 1, 0], [2, 2, 3]), { margin: 2 }).item();
    expect(once).toBeCloseTo(twice, 14);
  });
});

describe('large batches', () => {
  it('stay finite in float32', () => {
    const x = randn([64, 16], { generator: generator(5), requiresGrad: true });
    const labels = Array.from({ length: 64 }, (_, i) => i % 8);
    for (const loss of [circleLoss(x, labels), contrastiveLossFromDistances(euclideanDistances(x), labels)]) {
      expect(Number.isFinite(loss.item())).toBe(true);
      expect(gradientOf(loss, x).isFinite().all().item()).toBe(1);
    }
  });
});
