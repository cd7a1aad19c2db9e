import { describe, expect, it } from '@jest/globals';
import { ArgumentError, DTypeError, IndexError, ShapeError, type Tensor, tensor } from '@ndgrad/core';
import {
  asDistances,
  asSimilarities,
  checkPairs,
  checkTriplets,
  contrastiveLossFromDistances,
  type Distances,
  euclideanDistances,
  isPairs,
  isTriplets,
  labelTensor,
  type Pairs,
  pairs,
  pairsFromTriplets,
  type Relation,
  relationMasks,
  sameLabelMatrix,
  type Triplets,
  triplets,
} from '@ndgrad/losses';

const one = (n: number): Distances =>
  euclideanDistances(
    tensor(
      Array.from({ length: n }, (_, i) => [i * i]),
      { shape: [n, 1] },
    ),
  );
const two = (n: number, m: number): Distances => {
  const items = (count: number) =>
    tensor(
      Array.from({ length: count }, (_, i) => [i]),
      { shape: [count, 1] },
    );
  return euclideanDistances(items(n), items(m));
};

/** The masks as text: + the same, - different, . neither. */
function drawn(relation: Relation, d: Distances, options = {}): string[] {
  const { positives, negatives } = relationMasks('test', relation, d, options);
  const [p, n] = [positives.toArray() as boolean[][], negatives.toArray() as boolean[][]];
  return p.map((row, i) =>
    row.map((same, j) => (same ? (n[i][j] ? '!' : '+') : n[i][j] ? '-' : '.')).join(''),
  );
}

describe('relationMasks', () => {
  it.each([
    ['an array', [5, -6, 5]],
    ['an Int32Array', new Int32Array([5, -6, 5])],
    ['an int32 tensor', tensor(new Int32Array([5, -6, 5]))],
    [
      'a bool matrix',
      tensor([
        [true, false, true],
        [false, true, false],
        [true, false, true],
      ]),
    ],
    ['a predicate', (i: number, j: number) => (i + j) % 2 === 0],
  ] as [string, Relation][])('leaves out an item with itself: %s', (_, relation) => {
    expect(drawn(relation, one(3))).toEqual(['.-+', '-.-', '+-.']);
  });

  it('keeps the diagonal of two sets', () => {
    expect(drawn([1, 2], two(2, 3), { referenceLabels: [1, 1, 2] })).toEqual(['++-', '--+']);
    expect(drawn((i, j) => i === j, two(2, 2))).toEqual(['+-', '-+']);
    expect(drawn([1, 2], two(2, 2))).toEqual(['+-', '-+']);
  });

  it('reads degrees: above 0 the same, and hands them on', () => {
    const degrees = tensor([
      [1, 0.25, 0],
      [0.25, 1, 0],
      [0, 0, 1],
    ]);
    expect(drawn(degrees, one(3))).toEqual(['.+-', '+.-', '--.']);
    expect(relationMasks('test', degrees, one(3)).degrees).toBe(degrees);
    expect(relationMasks('test', [0, 0, 1], one(3)).degrees).toBeUndefined();
  });

  it('knows of a list only what is on it', () => {
    expect(drawn(pairs([0, 2, 0], [1, 1, 1], [true, false, true]), one(3))).toEqual(['.+.', '...', '.-.']);
    expect(drawn(triplets([0, 0], [1, 1], [2, 3]), one(4))).toEqual(['.+--', '....', '....', '....']);
    expect(drawn(pairs([0, 0], [1, 0], [true, false], { mask: [true, false] }), one(2))).toEqual([
      '.+',
      '..',
    ]);
  });

  it('asks a predicate once for every pair, by row and column', () => {
    const asked: string[] = [];
    drawn((i, j) => asked.push(`${i}${j}`) > 0, two(2, 3));
    expect(asked).toEqual(['00', '01', '02', '10', '11', '12']);
    asked.length = 0;
    drawn((i, j) => asked.push(`${i}${j}`) > 0, one(2));
    expect(asked).toEqual(['01', '10']);
  });

  it('takes empty sets', () => {
    expect(drawn([], one(0))).toEqual([]);
    expect(drawn([1, 2], two(2, 0), { referenceLabels: [] })).toEqual(['', '']);
    expect(drawn(pairs([], [], []), one(0))).toEqual([]);
    expect(drawn(() => true, one(0))).toEqual([]);
  });

  it('takes similarities too', () => {
    const s = asSimilarities(
      tensor([
        [1, 0],
        [0, 1],
      ]),
      { metric: 'dot' },
    );
    expect(relationMasks('test', [1, 1], s).positives.toArray()).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  const errors: [string, () => unknown, new (...parts: never[]) => Error, string][] = [
    [
      'float labels',
      () => drawn(tensor([1, 2, 3]), one(3)),
      DTypeError,
      "test: labels must be int32, got float32; cast(x, 'int32') if the values are integers",
    ],
    [
      'labels that are no vector',
      () => drawn(tensor(new Int32Array([1]), { shape: [1, 1, 1] }), one(1)),
      ShapeError,
      'test: labels must be a vector [n], got [1, 1, 1]',
    ],
    [
      'a fractional label',
      () => drawn([1, 2.5], one(2)),
      DTypeError,
      'test: labels must hold integers that int32 can hold, got 2.5 at position 1',
    ],
    ['a NaN label', () => drawn([Number.NaN], one(1)), DTypeError, 'got NaN at position 0'],
    ['a label of 2³²', () => drawn([2 ** 32], one(1)), DTypeError, 'got 4294967296 at position 0'],
    [
      'a label that is text',
      () => drawn(['cat' as unknown as number], one(1)),
      DTypeError,
      'got "cat" at position 0',
    ],
    [
      'float arrays of labels',
      () => drawn(new Float32Array([1]) as unknown as number[], one(1)),
      DTypeError,
      'test: labels must be an int32 tensor, an Int32Array or an array of integers, got a Float32Array',
    ],
    [
      'labels of another length',
      () => drawn([1], one(2)),
      ShapeError,
      'test: labels must have one entry per row of the matrix [2, 2], got [1]',
    ],
    [
      'no labels for the columns',
      () => drawn([1, 2], two(2, 3)),
      ShapeError,
      'test: referenceLabels must have one entry per column of the matrix [2, 3], got none',
    ],
    [
      'reference labels of another length',
      () => drawn([1, 2], two(2, 3), { referenceLabels: [1] }),
      ShapeError,
      'test: referenceLabels must have one entry per column of the matrix [2, 3], got [1]',
    ],
    [
      'reference labels beside a predicate',
      () => drawn(() => true, one(2), { referenceLabels: [1, 2] }),
      ArgumentError,
      'test: referenceLabels must be left out unless the relation is labels, got a relation that is a predicate',
    ],
    [
      'a matrix of another shape',
      () => drawn(tensor([[true]]), one(2)),
      ShapeError,
      'test: relation must have the shape of the matrix [2, 2], got [1, 1]',
    ],
    [
      'an int32 matrix',
      () => drawn(tensor(new Int32Array([1]), { shape: [1, 1] }), one(1)),
      DTypeError,
      "test: relation must be a bool matrix, or a float one of degrees, got int32; cast(x, 'bool') if it holds 0 and 1",
    ],
    [
      'a degree of 1.5',
      () =>
        drawn(
          tensor([
            [0, 1.5],
            [0, 0],
          ]),
          one(2),
        ),
      ArgumentError,
      'test: relation must lie in [0, 1], got 1.5 at position [0, 1]',
    ],
    [
      'a predicate that answers neither',
      () => drawn(((i: number) => i) as unknown as Relation, one(2)),
      ArgumentError,
      'test: relation must answer true or false, got 0 for (0, 1)',
    ],
    [
      'a list that contradicts itself',
      () => drawn(pairs([0, 0], [1, 1], [true, false]), one(2)),
      ArgumentError,
      'test: relation must not call a pair both the same and different, got (0, 1) as both',
    ],
    [
      'something else',
      () => drawn({ anchors: [] } as unknown as Relation, one(2)),
      ArgumentError,
      'test: relation must be labels, a boolean or weighted matrix, a predicate (i, j) => boolean, pairs or triplets, got an object',
    ],
    [
      'a plain tensor as matrix',
      () => drawn([1], tensor([[0]]) as Distances),
      ArgumentError,
      'got a plain tensor of shape [1, 1]',
    ],
  ];
  it.each(errors)('refuses %s', (_, run, error, message) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });
});

describe('pairs', () => {
  it('holds int32 and bool tensors', () => {
    const list = pairs(new Int32Array([0, 1]), tensor(new Int32Array([2, 2])), tensor([true, false]), {
      metric: 'cosine',
      mask: [true, true],
    });
    expect(list.kind).toBe('pairs');
    expect([list.anchors.dtype, list.others.dtype, list.same.dtype, list.mask?.dtype]).toEqual([
      'int32',
      'int32',
      'bool',
      'bool',
    ]);
    expect(list.metric).toBe('cosine');
    expect(isPairs(list)).toBe(true);
    expect(isTriplets(list)).toBe(false);
    expect(isPairs([0])).toBe(false);
  });

  it('takes an item with itself where rows and columns are two sets', () => {
    expect(pairs([3], [3], [true], { selfPaired: false }).anchors.toArray()).toEqual([3]);
  });

  const errors: [string, () => unknown, new (...parts: never[]) => Error, string][] = [
    [
      'a negative index',
      () => pairs([0, -1], [1, 2], [true, true]),
      IndexError,
      'pairs: anchors must not be negative, got -1 at position 1',
    ],
    [
      'lists of unequal length',
      () => pairs([0], [1, 2], [true]),
      ShapeError,
      'pairs: others must be as long as anchors, [1], got [2]',
    ],
    [
      'answers of another length',
      () => pairs([0], [1], []),
      ShapeError,
      'pairs: same must be as long as anchors, [1], got [0]',
    ],
    [
      'a mask of another length',
      () => pairs([0], [1], [true], { mask: [] }),
      ShapeError,
      'pairs: mask must be as long as anchors, [1], got [0]',
    ],
    [
      'an item with itself',
      () => pairs([0, 4], [1, 4], [true, true]),
      ArgumentError,
      'pairs: others must differ from anchors, got item 4 as both at position 1; selfPaired: false',
    ],
    [
      'float indices',
      () => pairs(tensor([0]), [1], [true]),
      DTypeError,
      'pairs: anchors must be int32, got float32',
    ],
    [
      'int32 answers',
      () => pairs([0], [1], tensor(new Int32Array([1]))),
      DTypeError,
      'pairs: same must be bool, got int32',
    ],
    [
      'a matrix of answers',
      () => pairs([0], [1], tensor([[true]])),
      ShapeError,
      'pairs: same must be a vector [t], got [1, 1]',
    ],
    [
      'no answers',
      () => pairs([0], [1], undefined as unknown as boolean[]),
      DTypeError,
      'pairs: same must be a bool tensor or an array of booleans, got undefined',
    ],
    [
      'an unknown option',
      () => pairs([0], [1], [true], { masc: [true] } as object),
      ArgumentError,
      "pairs: unknown option 'masc'; did you mean 'mask'?",
    ],
    [
      'a nameless metric',
      () => pairs([0], [1], [true], { metric: '' }),
      ArgumentError,
      'pairs: metric must be the name of a geometry',
    ],
    [
      'a selfPaired of 1',
      () => pairs([0], [1], [true], { selfPaired: 1 as unknown as boolean }),
      ArgumentError,
      'pairs: selfPaired must be true or false, got 1',
    ],
  ];
  it.each(errors)('refuses %s', (_, run, error, message) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });
});

describe('triplets', () => {
  it('leaves empty slots alone', () => {
    const list = triplets([0, 0], [1, 0], [2, 0], { mask: [true, false] });
    expect(list.mask?.toArray()).toEqual([true, false]);
    expect(isTriplets(list)).toBe(true);
  });

  const errors: [string, () => unknown, new (...parts: never[]) => Error, string][] = [
    [
      'an anchor that is its own positive',
      () => triplets([3], [3], [1]),
      ArgumentError,
      'triplets: positives must differ from anchors, got item 3 as both at position 0',
    ],
    [
      'an anchor that is its own negative',
      () => triplets([3], [1], [3]),
      ArgumentError,
      'triplets: negatives must differ from anchors, got item 3 as both at position 0',
    ],
    [
      'a positive that is the negative, in two sets as well',
      () => triplets([3], [1], [1], { selfPaired: false }),
      ArgumentError,
      'triplets: negatives must differ from positives, got item 1 as both at position 0',
    ],
    [
      'a negative index',
      () => triplets([0], [1], [-2]),
      IndexError,
      'triplets: negatives must not be negative, got -2 at position 0',
    ],
    [
      'lists of unequal length',
      () => triplets([0], [1], [2, 3]),
      ShapeError,
      'triplets: negatives must be as long as anchors, [1], got [2]',
    ],
    [
      'fractional indices',
      () => triplets([0.5], [1], [2]),
      DTypeError,
      'triplets: anchors must hold integers that int32 can hold, got 0.5 at position 0',
    ],
  ];
  it.each(errors)('refuses %s', (_, run, error, message) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });
});

describe('checkPairs and checkTriplets', () => {
  it('hold a list that was made by hand to the matrix', () => {
    const bare = (anchors: number[], positives: number[], negatives: number[]): Triplets => ({
      kind: 'triplets',
      anchors: tensor(Int32Array.from(anchors)),
      positives: tensor(Int32Array.from(positives)),
      negatives: tensor(Int32Array.from(negatives)),
    });
    expect(() => checkTriplets('test', bare([0], [1], [2]), one(3))).not.toThrow();
    expect(() => checkTriplets('test', bare([0], [1], [3]), one(3))).toThrow(
      'test: negatives must lie in 0…2, got 3 at position 0',
    );
    expect(() => checkTriplets('test', bare([1], [1], [2]), one(3))).toThrow(ArgumentError);
    expect(() => checkTriplets('test', bare([1], [1], [2]), two(3, 3))).not.toThrow();
    expect(() => checkTriplets('test', bare([0], [0], [0]), one(0))).toThrow(IndexError);
    const float = { ...bare([0], [1], [2]), anchors: tensor([0]) };
    expect(() => checkTriplets('test', float, one(3))).toThrow(DTypeError);
  });

  it('hold rows and columns to their own extents', () => {
    expect(() => checkPairs('test', pairs([1], [4], [true]), two(2, 5))).not.toThrow();
    expect(() => checkPairs('test', pairs([4], [1], [true]), two(2, 5))).toThrow(
      'anchors must lie in 0…1, got 4',
    );
  });

  it('refuse another geometry and pass a list without one', () => {
    expect(() => checkPairs('test', pairs([0], [1], [true], { metric: 'euclidean' }), one(2))).not.toThrow();
    expect(() => checkPairs('test', pairs([0], [1], [true], { metric: 'cosine' }), one(2))).toThrow(
      "test: pairs must be chosen in the geometry of the matrix, 'euclidean', got pairs chosen by 'cosine'; give miner and loss the same matrix",
    );
  });
});

describe('pairsFromTriplets', () => {
  it('gives each anchor with its positive, then with its negative, repeats repeated', () => {
    const list: Pairs = pairsFromTriplets(
      triplets([0, 0], [1, 1], [2, 3], { mask: [true, false], metric: 'euclidean' }),
    );
    expect(list.anchors.toArray()).toEqual([0, 0, 0, 0]);
    expect(list.others.toArray()).toEqual([1, 1, 2, 3]);
    expect(list.same.toArray()).toEqual([true, true, false, false]);
    expect(list.mask?.toArray()).toEqual([true, false, true, false]);
    expect(list.metric).toBe('euclidean');
  });

  it('is what the contrastive loss makes of triplets', () => {
    const d = one(4);
    const list = triplets([0, 0, 3], [1, 1, 2], [2, 3, 0]);
    for (const reduction of ['mean', 'none'] as const) {
      expect(contrastiveLossFromDistances(d, list, { reduction, margin: 3 }).toArray()).toEqual(
        contrastiveLossFromDistances(d, pairsFromTriplets(list), { reduction, margin: 3 }).toArray(),
      );
    }
  });
});

describe('one relation said in several ways', () => {
  const labels = [0, 1, 0, 1];
  const d = asDistances(
    euclideanDistances(
      tensor([
        [0, 1],
        [2, 1],
        [1, 1],
        [0, 3],
      ]),
    ),
    { metric: 'own' },
  );
  const matrix: Tensor = sameLabelMatrix(labels);
  const ways: [string, Relation][] = [
    ['labels', new Int32Array(labels)],
    ['a bool matrix', matrix],
    ['degrees of 0 and 1', matrix.cast('float32')],
    ['a predicate', (i, j) => labels[i] === labels[j]],
  ];
  it.each(ways)('gives the same contrastive loss: %s', (_, relation) => {
    const options = { margin: 2.5 };
    expect(contrastiveLossFromDistances(d, relation, options).item()).toBe(
      contrastiveLossFromDistances(d, labels, options).item(),
    );
  });

  it('gives the same contrastive loss: every pair on a list', () => {
    const all = labels.flatMap((_, i) => labels.flatMap((__, j) => (i === j ? [] : [[i, j] as const])));
    const list = pairs(
      all.map(([i]) => i),
      all.map(([, j]) => j),
      all.map(([i, j]) => labels[i] === labels[j]),
    );
    expect(contrastiveLossFromDistances(d, list, { margin: 2.5 }).item()).toBeCloseTo(
      contrastiveLossFromDistances(d, labels, { margin: 2.5 }).item(),
      6,
    );
  });
});

describe('sameLabelMatrix and labelTensor', () => {
  it('compare labels, an item with itself included', () => {
    expect(sameLabelMatrix([1, 2, 1]).toArray()).toEqual([
      [true, false, true],
      [false, true, false],
      [true, false, true],
    ]);
    expect(sameLabelMatrix([1], tensor(new Int32Array([2, 1]))).toArray()).toEqual([[false, true]]);
  });

  it('tell labels above 2²⁴ apart', () => {
    expect(sameLabelMatrix([16777216, 16777217]).toArray()).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  it('pass an int32 tensor through', () => {
    const labels = tensor(new Int32Array([1, 2]));
    expect(labelTensor('test', 'labels', labels)).toBe(labels);
  });
});
