/** @file Test row of ops/einsum.ts. The oracle adds up all terms one by one, over every letter. */
import { tensor } from '../../src/creation.js';
import { ArgumentError, LimitError, ShapeError } from '../../src/errors.js';
import { einsum as op } from '../../src/ops/einsum.js';
import type { Tensor } from '../../src/tensor.js';
import { at, build, type Grid, positions } from '../grid.js';
import {
  ARITHMETIC,
  type Domain,
  POSITIVE,
  type Random,
  REAL,
  real,
  type Sample,
  type Sampled,
} from './row.js';

const zeros = (...shape: number[]): Tensor =>
  tensor(new Float64Array(shape.reduce((product, extent) => product * extent, 1)), { shape });

/** The sum from its definition; every axis has a letter of its own, those under an ellipsis too. */
function summedUp(terms: readonly string[], output: string, grids: readonly Grid[]): Grid {
  const extents = new Map<string, number>();
  terms.forEach((term, i) => {
    [...term].forEach((letter, axis) => {
      const extent = grids[i].shape[axis];
      if ((extents.get(letter) ?? 1) === 1) extents.set(letter, extent);
    });
  });
  const summed = [...extents.keys()].filter((letter) => !output.includes(letter));
  const extentsOf = (letters: readonly string[]): number[] =>
    letters.map((letter) => extents.get(letter) ?? 1);
  const inner = positions(extentsOf(summed));
  return build(extentsOf([...output]), (outer) => {
    let total = 0;
    for (const index of inner) {
      const place = (letter: string): number =>
        output.includes(letter) ? outer[output.indexOf(letter)] : index[summed.indexOf(letter)];
      total += terms.reduce(
        (product, term, i) =>
          product *
          at(
            grids[i],
            [...term].map((letter, axis) => (grids[i].shape[axis] === 1 ? 0 : place(letter))),
          ),
        1,
      );
    }
    return total;
  });
}

/** An equation on shapes; `plain` spells it out with a letter for each axis. */
function written(equation: string, shapes: number[][], plain = equation, domain: Domain = REAL): Sample {
  const [left, output] = plain.split('->');
  return {
    title: `'${equation}' of ${shapes.map((shape) => `[${shape}]`).join(', ')}`,
    inputs: shapes.map((shape) => real(shape, domain)),
    call: (...x) => op(equation, ...x),
    value: (...grids) => summedUp(left.split(','), output, grids),
  };
}

/** Letters with repeats for up to three operands, extents with 0 and 1, some stretched, any output. */
function random({ integer, pick }: Random): Sample {
  const letters = ['i', 'j', 'K', 'b', 'z'];
  const extents = letters.map(() => (integer(0, 19) === 0 ? 0 : integer(1, 3)));
  const terms = Array.from({ length: integer(1, 3) }, () =>
    Array.from({ length: integer(0, 3) }, () => pick(letters)),
  );
  const shapes = terms.map((term) => {
    // A letter is stretched on all of its places or on none.
    const stretched = new Set(term.filter(() => integer(0, 4) === 0));
    return term.map((letter) => (stretched.has(letter) ? 1 : extents[letters.indexOf(letter)]));
  });
  const used = letters.filter((letter) => terms.some((term) => term.includes(letter)));
  const output = used.filter(() => integer(0, 1) === 0).sort(() => integer(0, 1) - 0.5);
  const equation = `${terms.map((term) => term.join('')).join(',')}->${output.join('')}`;
  // Nothing cancels, so that errors stay those of the result.
  return written(equation, shapes, equation, POSITIVE);
}

const sharesMemory = (y: Tensor, x: Tensor): boolean => y.storage === x.storage;

const MUST = "einsum: equation must hold letters, commas, '...', spaces and at most one '->', got ";

export const einsum = {
  einsum: {
    kind: 'sampled',
    results: ARITHMETIC,
    // Sums of products in another order than the oracle's.
    ulps: 64,
    // Products of two operands are rounded before the third comes.
    roundsTwice: true,
    buildUlps: 16,
    samples: [
      written('ij,jk->ik', [
        [2, 3],
        [3, 4],
      ]),
      written(
        'ij,jk',
        [
          [2, 3],
          [3, 4],
        ],
        'ij,jk->ik',
      ),
      written(
        'ba,ac',
        [
          [2, 3],
          [3, 4],
        ],
        'ba,ac->bc',
      ),
      written('ba', [[2, 3]], 'ba->ab'),
      written(
        'bA,aB',
        [
          [2, 3],
          [3, 4],
        ],
        'bA,aB->ABab',
      ),
      written(
        ' i j , j k -> k i ',
        [
          [2, 3],
          [3, 4],
        ],
        'ij,jk->ki',
      ),
      written('ij->ji', [[2, 3]]),
      written('ij->i', [[2, 3]]),
      written('ij->', [[2, 3]]),
      written('ii', [[3, 3]], 'ii->'),
      written('ii->i', [[3, 3]]),
      written('iij->ji', [[2, 2, 3]]),
      written('iji->j', [[3, 2, 3]]),
      written('iii->i', [[2, 2, 2]]),
      written('ijij->ij', [[2, 3, 2, 3]]),
      written('i,i->', [[4], [4]]),
      written('i,j->ij', [[2], [3]]),
      written('i,i->i', [[3], [3]]),
      written('ij,ij->', [
        [2, 3],
        [2, 3],
      ]),
      written('ij,ij->i', [
        [2, 3],
        [2, 3],
      ]),
      written('bij,bjk->bik', [
        [2, 2, 3],
        [2, 3, 2],
      ]),
      written('bij,bjk->ikb', [
        [2, 2, 3],
        [2, 3, 2],
      ]),
      written('bhqd,bhkd->bhqk', [
        [2, 1, 3, 2],
        [2, 1, 2, 2],
      ]),
      written('ijk,jkl->il', [
        [2, 2, 3],
        [2, 3, 2],
      ]),
      written('ijk,kjl->li', [
        [2, 2, 3],
        [3, 2, 2],
      ]),
      written('ij,k->k', [[2, 3], [2]]),
      written('ii,ij->j', [
        [2, 2],
        [2, 3],
      ]),
      written('n,nij,m->ijm', [[2], [2, 3, 2], [2]]),
      written('ij,jk,kl->il', [
        [2, 3],
        [3, 2],
        [2, 4],
      ]),
      written('i,ij,j->', [[2], [2, 3], [3]]),
      written('ij,ik,il->jkl', [
        [3, 2],
        [3, 1],
        [3, 2],
      ]),
      written('bn,anm,bm->ba', [
        [2, 3],
        [2, 3, 2],
        [2, 2],
      ]),
      written(',ij->ij', [[], [2, 3]]),
      written('->', [[]]),
      written(',', [[], []], ',->'),
      written('...', [[2, 3]], 'yz->yz'),
      written('...ij->...ji', [[2, 1, 2, 3]], 'yzij->yzji'),
      written(
        '...ij,...jk->...ik',
        [
          [2, 2, 3],
          [3, 2],
        ],
        'zij,jk->zik',
      ),
      written(
        '...ij,...jk',
        [
          [2, 1, 2, 2],
          [3, 2, 1],
        ],
        'yzij,zjk->yzik',
      ),
      written(
        'i...,i...->...',
        [
          [3, 2],
          [3, 1],
        ],
        'iz,iz->z',
      ),
      written('i...j,j->i...', [[2, 3, 2], [2]], 'izj,j->iz'),
      written('ij...->...', [[2, 2, 3]], 'ijz->z'),
      written('...,...->...', [[2, 1], [3]], 'yz,z->yz'),
      written('ij->...ij', [[2, 3]], 'ij->ij'),
      written('...ii->...i', [[2, 3, 3]], 'zii->zi'),
      written('ij,ij->ij', [
        [2, 1],
        [1, 3],
      ]),
      written('ij,jk->ik', [
        [2, 1],
        [3, 2],
      ]),
      written('ij,ij->', [
        [1, 3],
        [2, 3],
      ]),
      written('i,i,i->i', [[1], [3], [1]]),
      written('i,i->', [[1], [1]]),
      written('ij,jk->ik', [
        [2, 0],
        [0, 3],
      ]),
      written('ij,jk->ik', [
        [0, 2],
        [2, 3],
      ]),
      written('ij->j', [[0, 2]]),
    ],
    random,
    refusals: [
      [() => op(5 as never, zeros(2)), ArgumentError, 'einsum: equation must be a string, got 5'],
      [() => op('i1', zeros(2, 2)), ArgumentError, `${MUST}'1' at position 1 in "i1"`],
      [() => op('i..', zeros(2, 2)), ArgumentError, `${MUST}'.' at position 1 in "i.."`],
      [() => op('i- >i', zeros(2)), ArgumentError, `${MUST}'-' at position 1 in "i- >i"`],
      [() => op('i->i->i', zeros(2)), ArgumentError, `${MUST}a second '->' in "i->i->i"`],
      [() => op('i->i,i', zeros(2)), ArgumentError, `${MUST}',' after '->' in "i->i,i"`],
      [
        () => op('...i...', zeros(2)),
        ArgumentError,
        `${MUST}a second '...' in the term '...i...' in "...i..."`,
      ],
      [() => op('i,j', zeros(2)), ArgumentError, 'einsum: "i,j" has 2 terms for 1 operand'],
      [() => op('i'), ArgumentError, 'einsum: "i" has 1 term for 0 operands'],
      [
        () => op('i,j', zeros(2), 3 as never),
        ArgumentError,
        'einsum: operand 1 must be a tensor, got 3; wrap it in tensor(…)',
      ],
      [
        () => op('i,jk', zeros(2), zeros(3)),
        ShapeError,
        "einsum: operand 1 must have 2 axes, as 'jk' says, got shape [3]",
      ],
      [
        () => op('i', zeros(2, 2)),
        ShapeError,
        "einsum: operand 0 must have 1 axis, as 'i' says, got shape [2, 2]",
      ],
      [
        () => op('...ij', zeros(2)),
        ShapeError,
        "einsum: operand 0 must have at least 2 axes, as '...ij' says, got shape [2]",
      ],
      [
        () => op('ij,jk', zeros(2, 3), zeros(4, 2)),
        ShapeError,
        "einsum: 'j' is 3 in operand 0 [2, 3] and 4 in operand 1 [4, 2]",
      ],
      [
        () => op('ii', zeros(2, 3)),
        ShapeError,
        "einsum: 'i' is 2 and 3 in operand 0 [2, 3]; a diagonal has axes of one length",
      ],
      [
        () => op('ii', zeros(1, 3)),
        ShapeError,
        "einsum: 'i' is 1 and 3 in operand 0 [1, 3]; a diagonal has axes of one length",
      ],
      [
        () => op('i...,i...', zeros(2, 3, 1), zeros(2, 4, 1)),
        ShapeError,
        "einsum: axis −2 of '...' is 3 in operand 0 [2, 3, 1] and 4 in operand 1 [2, 4, 1]",
      ],
      [() => op('i->j', zeros(2)), ArgumentError, "einsum: output letter 'j' is in no operand"],
      [() => op('i->ii', zeros(2)), ArgumentError, "einsum: output letter 'i' appears twice"],
      [
        () => op('i,...i->i', zeros(3), zeros(2, 3)),
        ArgumentError,
        "einsum: the output lacks '...', which stands for axes of operand 1 [2, 3]; name the axes that are to be summed",
      ],
      [
        () =>
          op(
            'abcdefghi,jklmnopqr',
            zeros(...new Array<number>(9).fill(1)),
            zeros(...new Array<number>(9).fill(1)),
          ),
        LimitError,
        'einsum: a product of two operands has 18 axes, more than 16; contract some of the operands first',
      ],
    ],
    facts: [
      [
        'a transpose is a view',
        () => {
          const x = zeros(2, 3);
          return sharesMemory(op('ij->ji', x), x);
        },
        true,
      ],
      [
        'a diagonal is a view',
        () => {
          const x = zeros(3, 3, 2);
          return sharesMemory(op('iij->ji', x), x);
        },
        true,
      ],
      [
        'an identity is the tensor itself',
        () => {
          const x = zeros(2, 3);
          return op('ij', x) === x;
        },
        true,
      ],
      ...(
        [
          ['ij,jk,k->i', [1e200, 1e200, 1e-200]],
          ['ij,jk,k->i', [1e200, 1e-200, 1e200]],
          ['k,jk,ij->i', [1e-200, 1e200, 1e200]],
          // The cheapest pair, a and c, would come to more in the end.
          ['ab,a,c->bc', [1e-200, 1e200, 1e200]],
          ['ab,bc,cd,de,e->a', [1e100, 1e100, 1e100, 1e100, 1e-250]],
          ['ab,bc,cd,de,e->a', [1e200, 1e-200, 1e200, 1e-200, 1e-100]],
        ] as const
      ).map(([equation, numbers]): readonly [string, () => unknown, unknown] => [
        `${equation} of ${numbers} is multiplied in the order that is cheap: another one would overflow`,
        () => {
          const extents: Readonly<Record<string, number>> = { a: 9, b: 9, c: 8, i: 9, j: 9, d: 7, e: 6 };
          const [left] = equation.split('->');
          const operands = left.split(',').map((term, i) => {
            const shape = [...term].map((letter) => extents[letter] ?? 5);
            const size = shape.reduce((product, extent) => product * extent, 1);
            return tensor(new Float64Array(size).fill(numbers[i]), { shape });
          });
          return [...op(equation, ...operands).toTypedArray()].every(Number.isFinite);
        },
        true,
      ]),
      ['dtypes promote', () => op('i,i', tensor([1, 2]), zeros(2)).dtype, 'float64'],
    ],
  },
} satisfies Record<string, Sampled>;
