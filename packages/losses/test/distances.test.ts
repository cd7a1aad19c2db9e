import { describe, expect, it } from '@jest/globals';
import {
  ArgumentError,
  DTypeError,
  generator,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { gradcheck, gradgradcheck } from '@ndgrad/core/testing';
import {
  asDistances,
  asSimilarities,
  cosineSimilarities,
  type Distances,
  euclideanDistances,
  isSelfPaired,
  metricOf,
  squaredEuclideanDistances,
} from '@ndgrad/losses';
import { gradientOf } from './gradientOf.js';
import { uniform } from './naive.js';

const f64 = (data: number[][]): Tensor => tensor(data, { dtype: 'float64' });
const makers = { euclideanDistances, squaredEuclideanDistances, cosineSimilarities };
const rows = Object.entries(makers);

const naive: Record<keyof typeof makers, (a: number[], b: number[]) => number> = {
  euclideanDistances: (a, b) => Math.hypot(...a.map((x, k) => x - b[k])),
  squaredEuclideanDistances: (a, b) => a.reduce((sum, x, k) => sum + (x - b[k]) * (x - b[k]), 0),
  cosineSimilarities: (a, b) =>
    a.reduce((sum, x, k) => sum + x * b[k], 0) / (Math.hypot(...a) * Math.hypot(...b)),
};

describe.each(rows)('%s', (name, make) => {
  const [x, references] = [uniform(51, 4, 3), uniform(52, 5, 3)];

  it('equals its formula between two sets', () => {
    const got = make(f64(x), f64(references)).toArray() as number[][];
    x.forEach((a, i) => {
      references.forEach((b, j) => {
        expect(got[i][j]).toBeCloseTo(naive[name as keyof typeof makers](a, b), 12);
      });
    });
  });

  it('is symmetric to the last bit on one set', () => {
    const d = make(randn([7, 5], { generator: generator(3) }));
    expect(d.toArray()).toEqual(d.T.toArray());
  });

  it('has the derivatives of finite differences, first and second', () => {
    gradcheck((a, b) => make(a, b), [f64(x), f64(references)], { exhaustive: true });
    gradgradcheck((a, b) => make(a, b), [f64(x), f64(references)]);
  });

  it('knows whether rows and columns are the same items', () => {
    const t = f64(x);
    expect(isSelfPaired(make(t))).toBe(true);
    expect(isSelfPaired(make(t, t))).toBe(true);
    expect(isSelfPaired(make(t, t.add(0)))).toBe(false);
  });

  it('names its metric', () => {
    expect(metricOf(make(f64(x)))).toBe(
      {
        euclideanDistances: 'euclidean',
        squaredEuclideanDistances: 'squaredEuclidean',
        cosineSimilarities: 'cosine',
      }[name],
    );
  });

  it('gives [n, m] for empty sets', () => {
    expect(make(zeros([0, 3])).shape).toEqual([0, 0]);
    expect(make(zeros([2, 3]), zeros([0, 3])).shape).toEqual([2, 0]);
    expect(make(zeros([2, 0])).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('refuses what is no matrix, no float, of another width', () => {
    expect(() => make(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => make(tensor([1, 2]))).toThrow(`${name}: x must be a matrix [n, d], got shape [2]`);
    expect(() => make(tensor([[1]], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => make(f64(x), tensor([[1]], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => make(f64(x), f64([[1, 2]]))).toThrow(
      `${name}: references must have rows as wide as those of x, [4, 3], got [1, 2]`,
    );
    expect(() => make([[1]] as unknown as Tensor)).toThrow(ArgumentError);
  });
});

describe('coincident rows', () => {
  it.each(['float32', 'float64'] as const)('are at exactly 0 with a gradient of exactly 0 in %s', (dtype) => {
    const row = Array.from(randn([1, 128], { generator: generator(1) }).toTypedArray());
    for (const make of [euclideanDistances, squaredEuclideanDistances]) {
      const x = tensor([row, row, row], { dtype, requiresGrad: true });
      const d = make(x);
      expect(Array.from(d.toTypedArray())).toEqual(Array(9).fill(0));
      const gradient = gradientOf(d.sum(), x);
      expect(gradient.abs().sum().item()).toBe(0);
    }
  });

  it('are at 0 far from the origin, and near rows keep their digits there', () => {
    const d = euclideanDistances(
      f64([
        [1e6, 0],
        [1e6, 0],
        [1e6 + 1e-3, 0],
      ]),
    );
    expect((d.toArray() as number[][])[0]).toEqual([0, 0, 1e6 + 1e-3 - 1e6]);
  });

  it('tell 512695 from 512804 in float32', () => {
    expect(euclideanDistances(tensor([[512695], [512804]])).toArray()).toEqual([
      [0, 109],
      [109, 0],
    ]);
  });
});

describe('cosineSimilarities', () => {
  it('is 0 at a zero row, with a gradient of 0 to both rows', () => {
    const x = tensor(
      [
        [0, 0],
        [3, 4],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const s = cosineSimilarities(x);
    expect(s.toArray()).toEqual([
      [0, 0],
      [0, 1],
    ]);
    const gradient = gradientOf(
      s.mul(
        f64([
          [1, 2],
          [3, 0],
        ]),
      ),
      x,
    );
    expect(gradient.abs().sum().item()).toBe(0);
  });

  it.each([1e200, 1e-200, 1e-10])('is 1 for parallel rows of length %p', (length) => {
    const s = cosineSimilarities(
      f64([
        [length, length],
        [3, 3],
      ]),
    ).toArray() as number[][];
    expect(s[0][1]).toBeCloseTo(1, 15);
  });

  it('stays within −1 and 1', () => {
    const x = randn([40, 3], { generator: generator(7) });
    const both = cosineSimilarities(x, x.mul(-3.7)).toTypedArray();
    for (const s of both) expect(Math.abs(s)).toBeLessThanOrEqual(1);
    for (const s of cosineSimilarities(x).toTypedArray()) expect(Math.abs(s)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['float32', 1e-4],
    ['float64', 1e-9],
  ] as const)(
    'has a gradient in %s where rows are so nearly parallel that it rounds to ±1',
    (dtype, angle) => {
      const x = tensor([[2, 0]], { dtype, requiresGrad: true });
      for (const sign of [1, -1]) {
        const s = cosineSimilarities(x, tensor([[sign, sign * angle]], { dtype }));
        expect(s.item()).toBe(sign);
        const [along, across] = gradientOf(s, x).toTypedArray();
        expect(along).toBeCloseTo(0, 6);
        expect(across / ((sign * angle) / 2)).toBeCloseTo(1, 6);
      }
    },
  );
});

describe('asDistances and asSimilarities', () => {
  const square = f64([
    [0, 1],
    [1, 0],
  ]);

  it('admit a matrix with the name of its metric, leaving the matrix itself untagged', () => {
    expect(metricOf(asDistances(square, { metric: 'hyperbolic' }))).toBe('hyperbolic');
    expect(metricOf(asSimilarities(square, { metric: 'dot' }))).toBe('dot');
    expect(() => metricOf(square as Distances)).toThrow(
      'metricOf: matrix must be a matrix of distances or similarities, got a plain tensor of shape [2, 2]; say what it holds with asDistances(x, { metric })',
    );
  });

  it('stay in the graph of the matrix', () => {
    const d = tensor(
      [
        [0, 1],
        [1, 0],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const gradient = gradientOf(asDistances(d, { metric: 'own' }).mul(2).sum(), d);
    expect(gradient.toArray()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it('take a square matrix for one set unless told', () => {
    expect(isSelfPaired(asDistances(square, { metric: 'own' }))).toBe(true);
    expect(isSelfPaired(asDistances(square, { metric: 'own', selfPaired: false }))).toBe(false);
    expect(isSelfPaired(asDistances(f64([[1, 2]]), { metric: 'own' }))).toBe(false);
    expect(() => asDistances(f64([[1, 2]]), { metric: 'own', selfPaired: true })).toThrow(
      'asDistances: matrix must be square when selfPaired is true, got [1, 2]',
    );
  });

  it('take a matrix that is already tagged, and give it another name', () => {
    expect(metricOf(asDistances(euclideanDistances(square), { metric: 'mine' }))).toBe('mine');
  });

  it('refuse to turn similarities into distances by name', () => {
    expect(() => asDistances(cosineSimilarities(square), { metric: 'cosine' })).toThrow(
      "asDistances: matrix must hold distances, got similarities (metric 'cosine'); convert the values first, for example sub(1, similarities)",
    );
    expect(() => asSimilarities(euclideanDistances(square), { metric: 'euclidean' })).toThrow(ArgumentError);
  });

  it('refuse a metric without a name, unknown options, vectors and integers', () => {
    const asAny = asDistances as (x: unknown, options?: unknown) => unknown;
    expect(() => asAny(square)).toThrow(
      "asDistances: metric must be the name of the geometry, such as 'euclidean', got undefined",
    );
    expect(() => asAny(square, { metric: '' })).toThrow(ArgumentError);
    expect(() => asAny(square, { metrik: 'l1' })).toThrow("unknown option 'metrik'; did you mean 'metric'?");
    expect(() => asAny(square, { metric: 'l1', selfPaired: 1 })).toThrow(
      'asDistances: selfPaired must be true or false, got 1',
    );
    expect(() => asAny(tensor([1]), { metric: 'l1' })).toThrow(ShapeError);
    expect(() => asAny(tensor([[1]], { dtype: 'int32' }), { metric: 'l1' })).toThrow(DTypeError);
    expect(() => asAny([[1]], { metric: 'l1' })).toThrow(ArgumentError);
  });
});
