/** @file Test rows of ops/factorisation.ts. The oracles expand minors: they share no elimination with the kernels. */
import { capture } from '../../src/capture/capture.js';
import { eye, tensor } from '../../src/creation.js';
import { ArgumentError, NumericError, ShapeError } from '../../src/errors.js';
import { abs, add, mul, sub } from '../../src/ops/elementwise.js';
import * as ops from '../../src/ops/factorisation.js';
import { matmul } from '../../src/ops/linalg.js';
import { expand, roll, transpose } from '../../src/ops/movement.js';
import { max, sum } from '../../src/ops/reduce.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { atBroadcast, build, type Grid, type Index } from '../grid.js';
import { thrownBy } from '../thrown.js';
import {
  type Domain,
  FLOAT,
  type Input,
  near,
  type Random,
  REAL,
  real,
  type Sample,
  type Sampled,
} from './row.js';

type Matrix = number[][];

const f64 = (data: unknown, requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The matrix of a stack that broadcasts to a position of the leading axes. */
function matrixAt(x: Grid, lead: Index): Matrix {
  const [n, m] = x.shape.slice(-2);
  return range(n).map((i) => range(m).map((j) => atBroadcast(x, [...lead, i, j])));
}

/** The rows and columns of a matrix without one of each. */
const without = (a: Matrix, i: number, j: number): Matrix =>
  a.filter((_, p) => p !== i).map((row) => row.filter((_, q) => q !== j));

/** The determinant by expansion along the first row. */
function expansion(a: Matrix): number {
  if (a.length === 0) return 1;
  return a[0].reduce((total, x, j) => total + (j % 2 === 0 ? x : -x) * expansion(without(a, 0, j)), 0);
}

/** x of A x = b by Cramer's rule. */
function cramer(a: Matrix, b: Matrix): Matrix {
  const whole = expansion(a);
  return a.map((_, i) =>
    b[0].map((_, c) => expansion(a.map((row, p) => row.map((x, q) => (q === i ? b[p][c] : x)))) / whole),
  );
}

/** Cholesky's factor from minors: L[i, j] is that of the first j rows and row i, over roots of leading minors. */
function choleskyByMinors(a: Matrix): Matrix {
  const leading = range(a.length + 1).map((k) => expansion(a.slice(0, k).map((row) => row.slice(0, k))));
  return a.map((row, i) =>
    row.map((_, j) =>
      i < j
        ? 0
        : expansion([...range(j), i].map((p) => a[p].slice(0, j + 1))) /
          Math.sqrt(leading[j] * leading[j + 1]),
    ),
  );
}

/** The dtype that an op gives a bool its numbers in. */
const numbers = (x: Tensor) => (x.dtype === 'bool' ? 'int32' : x.dtype);

const identityLike = (x: Tensor, scale: number): Tensor => {
  const n = x.shape[x.rank - 1];
  return mul(eye(n, n, { dtype: numbers(x) }), scale);
};

/** x xᵀ + n I: symmetric positive definite, whatever x is. */
const definite = (x: Tensor): Tensor =>
  add(matmul(x, transpose(x)), identityLike(x, Math.max(1, x.shape[x.rank - 1])));

function definiteMatrix(x: Matrix): Matrix {
  const n = x.length;
  return x.map((row, i) =>
    x.map(
      (other, j) => row.reduce((total, u, k) => total + u * other[k], 0) + (i === j ? Math.max(1, n) : 0),
    ),
  );
}

/** x xᵀ + n I + x − xᵀ: regular, whatever x is, and not symmetric. */
const regular = (x: Tensor): Tensor => add(definite(x), sub(add(x, identityLike(x, 0)), transpose(x)));

const regularMatrix = (x: Matrix): Matrix =>
  definiteMatrix(x).map((row, i) => row.map((u, j) => u + x[i][j] - x[j][i]));

/** {@link regular} with its rows moved round, so that pivots lie elsewhere than on the diagonal. */
const tangled = (x: Tensor): Tensor => roll(regular(x), 1, { axis: -2 });

const tangledMatrix = (x: Matrix): Matrix => {
  const a = regularMatrix(x);
  return [...a.slice(-1), ...a.slice(0, -1)];
};

/** Around 0, 0 included, and small enough that sums of products lose no digits to their size. */
const SMALL: Domain = [[-1.2, 1.2]];

/** Shapes of stacks. */
const STACKS = [
  [3, 3],
  [1, 1],
  [0, 0],
  [2, 3, 3],
  [2, 0, 2, 2],
  [1, 2, 4, 4],
];

const randomStack = (random: Random): number[] => {
  const n = random.integer(0, 4);
  return [...random.shape(0, 2, true), n, n];
};

/** A kind of matrix that is made from any, of tensors and by the oracle. */
interface Made {
  readonly tensor: (x: Tensor) => Tensor;
  readonly matrix: (x: Matrix) => Matrix;
}

const DEFINITE: Made = { tensor: definite, matrix: definiteMatrix };
const REGULAR: Made = { tensor: regular, matrix: regularMatrix };
const TANGLED: Made = { tensor: tangled, matrix: tangledMatrix };

/** Operands of an op of which the first is made, and the op by itself on others. */
function prepared(
  inputs: readonly Input[],
  made: Made,
  op: (...x: Tensor[]) => Tensor | readonly Tensor[],
): Pick<Sample, 'inputs' | 'call' | 'direct'> {
  return { inputs, call: (x, ...rest) => op(made.tensor(x), ...rest), direct: { inputs, call: op } };
}

/** A stack made from a stack, matrix by matrix. */
function mapped(
  title: string,
  shape: number[],
  op: (x: Tensor) => Tensor,
  made: Made,
  value: (a: Matrix) => Matrix,
): Sample {
  return {
    title: `${title} [${shape}]`,
    ...prepared([real(shape, SMALL)], made, op),
    value: (x) => {
      const results = new Map<string, Matrix>();
      return build(shape, (index) => {
        const lead = index.slice(0, -2);
        const [i, j] = index.slice(-2);
        const known = results.get(`${lead}`) ?? value(made.matrix(matrixAt(x, lead)));
        results.set(`${lead}`, known);
        return known[i][j];
      });
    },
  };
}

/** One number for each matrix of a stack. */
const each =
  (shape: readonly number[], value: (a: Matrix) => number) =>
  (x: Grid): Grid =>
    build(shape.slice(0, -2), (lead) => value(matrixAt(x, lead)));

/** Leading axes that broadcast, for the two sides of an equation. */
function equations(a: number[], b: number[]): number[] {
  if (b.length === 1) return a.slice(0, -2);
  const [p, q] = [a.slice(0, -2), b.slice(0, -2)];
  return range(Math.max(p.length, q.length)).map((axis, _, { length }) => {
    const [u, v] = [p[axis - length + p.length] ?? 1, q[axis - length + q.length] ?? 1];
    return u === 1 ? v : u;
  });
}

function equation(
  title: string,
  a: number[],
  b: number[],
  op: (a: Tensor, b: Tensor) => Tensor,
  made: Made,
): Sample {
  const lead = equations(a, b);
  const columns = b.length === 1 ? [] : b.slice(-1);
  return {
    title: `${title} [${a}], [${b}]`,
    ...prepared([real(a, SMALL), real(b)], made, op),
    value: (x, y) => {
      const side: Grid = b.length === 1 ? { shape: [b[0], 1], data: y.data } : y;
      const results = new Map<string, Matrix>();
      return build([...lead, a[a.length - 1], ...columns], (index) => {
        const place = index.slice(0, lead.length);
        const [i, c = 0] = index.slice(lead.length);
        const known =
          results.get(`${place}`) ?? cramer(made.matrix(matrixAt(x, place)), matrixAt(side, place));
        results.set(`${place}`, known);
        return known[i][c];
      });
    },
  };
}

const EQUATIONS: readonly (readonly [number[], number[]])[] = [
  [[3, 3], [3]],
  [
    [3, 3],
    [3, 2],
  ],
  [[1, 1], [1]],
  [
    [0, 0],
    [0, 2],
  ],
  [
    [2, 2],
    [2, 0],
  ],
  [[2, 3, 3], [3]],
  [
    [2, 1, 3, 3],
    [4, 3, 1],
  ],
  [
    [2, 2],
    [3, 2, 2],
  ],
  [
    [4, 4],
    [4, 1],
  ],
];

const randomEquation = (random: Random): [number[], number[]] => {
  const n = random.integer(0, 4);
  const lead = random.shape(0, 2, true);
  const stretched = (): number[] =>
    lead.slice(random.integer(0, lead.length)).map((extent) => (random.integer(0, 2) === 0 ? 1 : extent));
  const a = [...stretched(), n, n];
  return [a, random.integer(0, 3) === 0 ? [n] : [...stretched(), n, random.integer(0, 3)]];
};

/** A triangle with 5 added to its diagonal: regular, whatever x is. */
const steep = (x: Tensor): Tensor => add(x, identityLike(x, 5));

const triangle =
  (upper: boolean, transposed: boolean, unit: boolean) =>
  (x: Matrix): Matrix => {
    const t = x.map((row, i) =>
      row.map((u, j) => (i === j ? (unit ? 1 : u + 5) : (upper ? i < j : i > j) ? u : 0)),
    );
    return transposed ? t.map((row, i) => row.map((_, j) => t[j][i])) : t;
  };

function triangular(a: number[], b: number[], flags: readonly boolean[]): Sample {
  const [upper, transposed, unitriangular] = flags;
  const options = { upper, transpose: transposed, unitriangular };
  return equation(
    `${upper ? 'upper' : 'lower'}${transposed ? ' transposed' : ''}${unitriangular ? ' unit' : ''}`,
    a,
    b,
    (x, y) => ops.solveTriangular(x, y, options),
    { tensor: steep, matrix: triangle(upper, transposed, unitriangular) },
  );
}

const FLAGS = range(8).map((bits) => [0, 1, 2].map((bit) => ((bits >> bit) & 1) === 1));

/** Cofactors by minors. */
const cofactorsOf = (a: Matrix): Matrix =>
  a.map((row, i) => row.map((_, j) => ((i + j) % 2 === 0 ? 1 : -1) * expansion(without(a, i, j))));

/** The gradient of the determinant. */
const detGradient = (a: Matrix): Matrix => {
  const x = f64(a, true);
  return gradients([ops.det(x)], [x])[0]?.toArray() as Matrix;
};

/** How far two matrices are apart. */
const gap = (a: Matrix, b: Matrix): number =>
  Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i][j]))));

/** dᵏ/dtᵏ det(A + t X) at 0 by k gradients, one of the other. */
function directional(a: Matrix, x: Matrix, order: number): number {
  const at = f64(a, true);
  const direction = f64(x);
  let y = ops.det(at);
  for (let k = 0; k < order; k++) {
    const [g] = gradients([y], [at], { createGraph: true, materializeGrads: true }) as Tensor[];
    y = sum(mul(g, direction));
  }
  return y.item();
}

/** The coefficients of det(A + t X), times k!, by expansion over polynomials. */
function directionalByExpansion(a: Matrix, x: Matrix, order: number): number {
  const multiply = (p: number[], q: number[]): number[] =>
    range(p.length + q.length - 1).map((k) => p.reduce((total, u, i) => total + u * (q[k - i] ?? 0), 0));
  const expand1 = (m: number[][][]): number[] => {
    if (m.length === 0) return [1];
    const total = new Array<number>(m.length + 1).fill(0);
    m[0].forEach((p, j) => {
      const rest = m.slice(1).map((row) => row.filter((_, q) => q !== j));
      multiply(p, expand1(rest)).forEach((c, k) => {
        total[k] += j % 2 === 0 ? c : -c;
      });
    });
    return total;
  };
  const polynomial = expand1(a.map((row, i) => row.map((u, j) => [u, x[i][j]])));
  return (polynomial[order] ?? 0) * range(order).reduce((product, k) => product * (k + 1), 1);
}

/** A matrix of rank r with numbers that are not dyadic. */
const ofRank = (n: number, r: number): Matrix =>
  range(n).map((i) =>
    range(n).map((j) =>
      range(r).reduce((total, k) => total + Math.sin(1 + 3 * i + 7 * k) * Math.cos(2 + 5 * j + 3 * k), 0),
    ),
  );

const DIRECTION = range(4).map((i) => range(4).map((j) => Math.sin(2 * i + 5 * j * j + 1)));

const hilbert = (n: number): Matrix => range(n).map((i) => range(n).map((j) => 1 / (i + j + 1)));

/** ‖a x − b‖ / (‖a‖ ‖x‖) in the largest norm, in units of rounding. */
function residual(a: Matrix, b: Matrix): number {
  const x = ops.solve(f64(a), f64(b));
  const r = max(abs(sub(matmul(f64(a), x), f64(b)))).item();
  const norm = Math.max(...a.map((row) => row.reduce((total, u) => total + Math.abs(u), 0)));
  return r / (norm * max(abs(x)).item()) / Number.EPSILON;
}

const SIDE = f64([1, 2]);

const SINGULAR = [
  [1, 2],
  [2, 4],
];

/** What a captured step does with a bad input between two good ones. */
function replayed(step: (x: Tensor) => Tensor, good: Matrix, bad: Matrix): unknown {
  const captured = capture(step);
  const before = captured(f64(good)).toArray();
  const thrown = thrownBy(() => captured(f64(bad)));
  const after = captured(f64(good)).toArray();
  captured.dispose();
  return [JSON.stringify(before) === JSON.stringify(after), thrown];
}

const HINT = '; a small multiple of the identity, added to it, helps';
const NOT_SQUARE = (name: string, argument: string): string =>
  `${name}: ${argument} must be a square matrix or a stack of them, […, n, n], got shape [1, 2]`;

const NAN = Number.NaN;
/** NaN in one matrix of two. */
const HALF_NAN = [
  [
    [1, 0],
    [NAN, 1],
  ],
  [
    [2, 0],
    [0, 4],
  ],
];

export const factorisation = {
  cholesky: {
    kind: 'sampled',
    results: FLOAT,
    // Cramer's rule and minors cancel more than the kernels do.
    ulps: 256,
    roundsTwice: true,
    samples: [
      ...STACKS.map((shape) => mapped('lower', shape, (x) => ops.cholesky(x), DEFINITE, choleskyByMinors)),
      mapped(
        'upper',
        [2, 3, 3],
        (x) => ops.cholesky(x, { upper: true }),
        DEFINITE,
        (a) => {
          const l = choleskyByMinors(a);
          return l.map((row, i) => row.map((_, j) => l[j][i]));
        },
      ),
    ],
    random: (random) => mapped('', randomStack(random), (x) => ops.cholesky(x), DEFINITE, choleskyByMinors),
    options: (options) => ops.cholesky(f64([[1]]), options),
    refusals: [
      [() => ops.cholesky(f64([[1, 2]])), ShapeError, NOT_SQUARE('cholesky', 'x')],
      [
        () => ops.cholesky(f64([4])),
        ShapeError,
        'cholesky: x must be a square matrix or a stack of them, […, n, n], got shape [1]',
      ],
      [
        () => ops.cholesky(4 as never),
        ArgumentError,
        'cholesky: x must be a tensor, got 4; wrap it in tensor(…)',
      ],
      [
        () => ops.cholesky(f64([[1]]), { upper: 1 as never }),
        ArgumentError,
        'cholesky: upper must be true or false, got 1',
      ],
      [
        () =>
          ops.cholesky(
            f64([
              [4, 0],
              [2, -2],
            ]),
          ),
        NumericError,
        `cholesky: x is not positive definite: pivot 1 is -3${HINT}`,
      ],
      [
        () => ops.cholesky(f64([[[[1]]], [[[0]]]])),
        NumericError,
        `cholesky: matrix [1, 0] of x is not positive definite: pivot 0 is 0${HINT}`,
      ],
    ],
    facts: [
      [
        'the upper triangle is not read',
        () =>
          ops
            .cholesky(
              f64([
                [4, NAN],
                [2, 5],
              ]),
            )
            .toArray(),
        [
          [2, 0],
          [1, 2],
        ],
      ],
      [
        'for upper the lower triangle is not read',
        () =>
          ops
            .cholesky(
              f64([
                [4, 2],
                [NAN, 5],
              ]),
              { upper: true },
            )
            .toArray(),
        [
          [2, 1],
          [0, 2],
        ],
      ],
      [
        'the gradient is symmetric',
        () => {
          const x = f64(
            [
              [4, 0],
              [2, 5],
            ],
            true,
          );
          const g = gradients([ops.cholesky(x)], [x], {
            gradients: [
              f64([
                [1, 0],
                [2, 3],
              ]),
            ],
          })[0]?.toArray() as Matrix;
          return g[0][1] === g[1][0];
        },
        true,
      ],
      [
        'NaN spreads and refuses nothing',
        () => (ops.cholesky(f64(HALF_NAN)).toArray() as Matrix[])[1],
        [
          [Math.SQRT2, 0],
          [0, 2],
        ],
      ],
      [
        'NaN stays in its matrix',
        () => (ops.cholesky(f64(HALF_NAN)).toArray() as Matrix[])[0],
        [
          [1, 0],
          [NAN, NAN],
        ],
      ],
      [
        'a replay refuses too, and goes on',
        () => replayed((x) => ops.cholesky(x), [[4]], [[-4]]),
        [
          true,
          { name: 'NumericError', message: `cholesky: x is not positive definite: pivot 0 is -4${HINT}` },
        ],
      ],
    ],
  },
  solveTriangular: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 256,
    roundsTwice: true,
    samples: [
      ...EQUATIONS.map(([a, b], i) => triangular(a, b, FLAGS[i % 8])),
      ...FLAGS.map((flags) => triangular([3, 3], [3, 2], flags)),
    ],
    random: (random) => triangular(...randomEquation(random), random.pick(FLAGS)),
    options: (options) => ops.solveTriangular(f64([[1]]), f64([1]), options),
    refusals: [
      [() => ops.solveTriangular(f64([[1, 2]]), f64([1])), ShapeError, NOT_SQUARE('solveTriangular', 'a')],
      [
        () => ops.solveTriangular(f64([[1]]), f64([1, 2])),
        ShapeError,
        'solveTriangular: b must be a vector [1] or a stack of matrices […, 1, k], as a [1, 1] says, got shape [2]',
      ],
      [
        () => ops.solveTriangular(f64([[1]]), 1 as never),
        ArgumentError,
        'solveTriangular: b must be a tensor, got 1; wrap it in tensor(…)',
      ],
      [
        () => ops.solveTriangular(f64([[1]]), f64([1]), { upper: 'yes' as never }),
        ArgumentError,
        'solveTriangular: upper must be true or false, got "yes"',
      ],
      [
        () => ops.solveTriangular(f64([[1]]), f64([1]), { transpose: 0 as never }),
        ArgumentError,
        'solveTriangular: transpose must be true or false, got 0',
      ],
      [
        () => ops.solveTriangular(f64([[1]]), f64([1]), { unitriangular: 1 as never }),
        ArgumentError,
        'solveTriangular: unitriangular must be true or false, got 1',
      ],
      [
        () =>
          ops.solveTriangular(
            f64([
              [1, 0],
              [1, 0],
            ]),
            f64([1, 1]),
          ),
        NumericError,
        `solveTriangular: a is singular: pivot 1 is 0${HINT}`,
      ],
    ],
    facts: [
      [
        'the other triangle is not read',
        () =>
          ops
            .solveTriangular(
              f64([
                [2, NAN],
                [1, 4],
              ]),
              f64([2, 9]),
            )
            .toArray(),
        [1, 2],
      ],
      [
        'a unit diagonal is not read',
        () =>
          ops
            .solveTriangular(
              f64([
                [0, 3],
                [NAN, NAN],
              ]),
              f64([7, 2]),
              { upper: true, unitriangular: true },
            )
            .toArray(),
        [1, 2],
      ],
      [
        'what is not read gets a gradient of 0',
        () => {
          const a = f64(
            [
              [2, 5],
              [1, 4],
            ],
            true,
          );
          return gradients([sum(ops.solveTriangular(a, f64([2, 9])))], [a])[0]?.toArray();
        },
        [
          [-0.375, 0],
          [-0.25, -0.5],
        ],
      ],
    ],
  },
  solve: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 256,
    roundsTwice: true,
    samples: EQUATIONS.map(([a, b]) => equation('', a, b, ops.solve, TANGLED)),
    random: (random) => equation('', ...randomEquation(random), ops.solve, TANGLED),
    refusals: [
      [() => ops.solve(f64([[1, 2]]), f64([1])), ShapeError, NOT_SQUARE('solve', 'a')],
      [
        () => ops.solve(f64(SINGULAR), f64([[1, 2]])),
        ShapeError,
        'solve: b must be a vector [2] or a stack of matrices […, 2, k], as a [2, 2] says, got shape [1, 2]; ' +
          'unsqueeze(b, -1) makes columns of vectors',
      ],
      [
        () => ops.solve(f64(SINGULAR), tensor(1)),
        ShapeError,
        'solve: b must be a vector [2] or a stack of matrices […, 2, k], as a [2, 2] says, got shape []',
      ],
      [
        () => ops.solve(f64([[[1]], [[2]]]), f64([[[1]], [[2]], [[3]]])),
        ShapeError,
        'solve: shapes [2] and [3] do not broadcast; axis 0 is 2 against 3',
      ],
      [
        () => ops.solve(f64([[1]]), [1] as never),
        ArgumentError,
        'solve: b must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
      [
        () => ops.solve(f64(SINGULAR), f64([1, 2])),
        NumericError,
        `solve: a is singular: pivot 1 is 0${HINT}`,
      ],
      [
        () => ops.solve(f64([[[1]], [[0]]]), f64([1])),
        NumericError,
        `solve: matrix [1] of a is singular: pivot 0 is 0${HINT}`,
      ],
    ],
    facts: [
      [
        'a 2-D b is a matrix even beside a stack, as in NumPy 2',
        () =>
          ops.solve(
            expand(eye(2), [2, 2, 2]),
            tensor([
              [1, 2],
              [3, 4],
            ]),
          ).shape,
        [2, 2, 2],
      ],
      [
        "the residual of Hilbert's matrix of size 8 is that of rounding",
        () =>
          residual(
            hilbert(8),
            range(8).map((i) => [1 / (i + 3), Math.sin(i)]),
          ) < 8,
        true,
      ],
      [
        'rows of 1e200 and 1e-200 do not overflow',
        () =>
          ops
            .solve(
              f64([
                [2e200, 1e200],
                [1e-200, 3e-200],
              ]),
              f64([4e200, 7e-200]),
            )
            .toArray(),
        [near(1), near(2)],
      ],
      [
        'columns of 1e200 and 1e-200 do not overflow',
        () =>
          ops
            .solve(
              f64([
                [2e200, 1e-200],
                [1e200, 3e-200],
              ]),
              f64([4, 7]),
            )
            .toArray(),
        [near(1e-200), near(2e200)],
      ],
      [
        'units of rows and columns that are powers of two change no bit',
        () => {
          const a = [
            [0.3, 0.7, -0.2],
            [0.9, 0.1, 0.4],
            [-0.5, 0.8, 0.6],
          ];
          const b = [0.1, 0.2, 0.3];
          const [r, c] = [
            [2 ** 700, 2 ** -3, 2 ** -500],
            [2 ** -300, 2 ** 200, 1],
          ];
          const plain = ops.solve(f64(a), f64(b)).toArray() as number[];
          const scaled = ops
            .solve(f64(a.map((row, i) => row.map((x, j) => x * r[i] * c[j]))), f64(b.map((x, i) => x * r[i])))
            .toArray() as number[];
          return scaled.map((x, j) => x * c[j] === plain[j]);
        },
        [true, true, true],
      ],
      [
        'float32 is solved in double',
        () => {
          const x = ops.solve(tensor(hilbert(5)), tensor(hilbert(5))).toArray() as Matrix;
          return x.map((row) => row.map((u) => Math.round(u) + 0));
        },
        range(5).map((i) => range(5).map((j) => (i === j ? 1 : 0))),
      ],
      ['dtypes promote', () => ops.solve(tensor([[2]]), f64([1])).dtype, 'float64'],
      [
        'NaN stays in its matrix',
        () => ops.solve(f64(HALF_NAN), f64([2, 4])).toArray(),
        [
          [NAN, NAN],
          [1, 1],
        ],
      ],
      [
        'NaN is no missing pivot, beside 0 neither',
        () =>
          ops
            .solve(
              f64([
                [0, 1],
                [NAN, 1],
              ]),
              SIDE,
            )
            .toArray(),
        [NAN, NAN],
      ],
      [
        'NaN in one right-hand side stays there',
        () => ops.solve(f64([[2]]), f64([[NAN, 4]])).toArray(),
        [[NAN, 2]],
      ],
      [
        'a replay refuses too, and goes on',
        () =>
          replayed(
            (x) => ops.solve(x, SIDE),
            [
              [1, 2],
              [3, 4],
            ],
            SINGULAR,
          ),
        [true, { name: 'NumericError', message: `solve: a is singular: pivot 1 is 0${HINT}` }],
      ],
      [
        'a refusal leaves graph and gradient alone',
        () => {
          const x = f64(SINGULAR, true);
          const error = thrownBy(() => ops.solve(x, f64([1, 2])));
          return [error?.name, x.grad, x.toArray()];
        },
        ['NumericError', undefined, SINGULAR],
      ],
    ],
  },
  inverse: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 256,
    roundsTwice: true,
    samples: STACKS.map((shape) =>
      mapped('', shape, ops.inverse, TANGLED, (a) =>
        cramer(
          a,
          a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0))),
        ),
      ),
    ),
    random: (random) =>
      mapped('', randomStack(random), ops.inverse, TANGLED, (a) =>
        cramer(
          a,
          a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0))),
        ),
      ),
    refusals: [
      [() => ops.inverse(f64([[1, 2]])), ShapeError, NOT_SQUARE('inverse', 'x')],
      [() => ops.inverse(f64(SINGULAR)), NumericError, `inverse: x is singular: pivot 1 is 0${HINT}`],
    ],
    facts: [
      [
        'NaN stays in its matrix',
        () => ops.inverse(f64(HALF_NAN)).toArray(),
        [
          [
            [NAN, NAN],
            [NAN, NAN],
          ],
          [
            [0.5, 0],
            [0, 0.25],
          ],
        ],
      ],
      [
        'elements from 1e-200 to 1e200 do not overflow',
        () =>
          ops
            .inverse(
              f64([
                [0, 1e200],
                [1e-200, 0],
              ]),
            )
            .toArray(),
        [
          [0, near(1e200)],
          [near(1e-200), 0],
        ],
      ],
    ],
  },
  det: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 64,
    samples: STACKS.map((shape) => ({
      title: `[${shape}]`,
      // A matrix of ones of size 4 has a determinant so flat that differences of it are rounding.
      inputs: [real(shape, shape[shape.length - 1] > 3 ? [[-0.9, 0.9]] : REAL)],
      call: (x: Tensor) => ops.det(x),
      value: each(shape, expansion),
    })),
    // float32 is rounded once, in double there are some roundings more than in the oracle.
    random: (random) => {
      const shape = randomStack(random);
      return {
        title: `[${shape}]`,
        inputs: [real(shape)],
        call: (x) => ops.det(x),
        value: each(shape, expansion),
      };
    },
    refusals: [
      [() => ops.det(f64([[1, 2]])), ShapeError, NOT_SQUARE('det', 'x')],
      [
        () => ops.det([[1]] as never),
        ArgumentError,
        'det: x must be a tensor, got an array of length 1; wrap it in tensor(…)',
      ],
    ],
    facts: [
      ...range(5).map((rank): readonly [string, () => unknown, unknown] => [
        `the derivative at a matrix of size 4 and rank ${rank} is its cofactors`,
        () => {
          const a = ofRank(4, rank);
          return gap(detGradient(a), cofactorsOf(a)) < 1e-14;
        },
        true,
      ]),
      ...[1, 2].map((rank): readonly [string, () => unknown, unknown] => [
        `the derivative at a matrix of size 4 and rank ${rank} is 0 to the last bit`,
        () =>
          detGradient(ofRank(4, rank))
            .flat()
            .every((x) => x === 0),
        true,
      ]),
      ...range(4).flatMap((rank) =>
        [1, 2, 3, 4, 5].map((order): readonly [string, () => unknown, unknown] => [
          `derivative ${order} along a line is right at rank ${rank + 1}`,
          () => {
            const a = ofRank(4, rank + 1);
            const expected = directionalByExpansion(a, DIRECTION, order);
            return Math.abs(directional(a, DIRECTION, order) - expected) < 1e-12;
          },
          true,
        ]),
      ),
      [
        'the third derivative is linear in each of three directions',
        () => {
          const at = f64(ofRank(4, 2), true);
          const directions = [1, 2, 3].map((k) =>
            f64(
              range(4).map((i) => range(4).map((j) => Math.sin(k * (i + 2 * j + 1)))),
              true,
            ),
          );
          let y = ops.det(at);
          for (const direction of directions) {
            const [g] = gradients([y], [at], { createGraph: true }) as Tensor[];
            y = sum(mul(g, direction));
          }
          // Euler: of a linear function, the derivative along the argument is the value.
          return directions.map((direction) => {
            const [g] = gradients([y], [direction], { retainGraph: true }) as Tensor[];
            return Math.abs(sum(mul(g, direction)).item() / y.item() - 1) < 1e-12;
          });
        },
        [true, true, true],
      ],
      [
        'derivatives at matrices of rank 3 that rounding has made regular keep their digits',
        () => {
          const a = ofRank(6, 3).map((row, i) => row.map((x, j) => x + 1e-9 * Math.sin(i * j + i)));
          const x = range(6).map((i) => range(6).map((j) => Math.cos(i + 3 * j)));
          const expected = directionalByExpansion(a, x, 2);
          return Math.abs(directional(a, x, 2) - expected) < 1e-14;
        },
        true,
      ],
      [
        'neither overflows nor underflows on the way',
        () =>
          ops
            .det(
              f64(
                range(4).map((i) => range(4).map((j) => (i === j ? [1e200, 3e200, 1e-200, 1e-200][i] : 0))),
              ),
            )
            .item(),
        near(3),
      ],
      [
        'nor do its cofactors',
        () =>
          detGradient([
            [1e200, 0, 0],
            [0, 2e-200, 0],
            [0, 0, 3],
          ]),
        [
          [near(6e-200), 0, 0],
          [0, near(3e200), 0],
          [0, 0, near(2)],
        ],
      ],
      ['NaN spreads within its matrix', () => ops.det(f64(HALF_NAN)).toArray(), [NAN, 8]],
      [
        'NaN under a cotangent of 0 gives 0',
        () => {
          const x = f64([[NAN]], true);
          return gradients([mul(ops.det(x), 0)], [x])[0]?.toArray();
        },
        [[0]],
      ],
    ],
  },
  slogdet: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 64,
    roundsTwice: true,
    samples: STACKS.map((shape) => ({
      title: `[${shape}]`,
      // Of either sign.
      ...prepared([real(shape, SMALL)], { ...TANGLED, tensor: (x) => mul(tangled(x), -1) }, (x) => {
        const { sign, logAbsDet } = ops.slogdet(x);
        return [sign, logAbsDet];
      }),
      value: (x: Grid) => [
        each(shape, (a) => (a.length % 2 === 0 ? 1 : -1) * Math.sign(expansion(tangledMatrix(a))))(x),
        each(shape, (a) => Math.log(Math.abs(expansion(tangledMatrix(a)))))(x),
      ],
    })),
    random: (random) => {
      const shape = randomStack(random);
      return {
        title: `[${shape}]`,
        ...prepared([real(shape, SMALL)], TANGLED, (x) => {
          const { sign, logAbsDet } = ops.slogdet(x);
          return [sign, logAbsDet];
        }),
        value: (x) => [
          each(shape, (a) => Math.sign(expansion(tangledMatrix(a))))(x),
          each(shape, (a) => Math.log(Math.abs(expansion(tangledMatrix(a)))))(x),
        ],
      };
    },
    refusals: [[() => ops.slogdet(f64([[1, 2]])), ShapeError, NOT_SQUARE('slogdet', 'x')]],
    facts: [
      [
        'a singular matrix has sign 0 and logarithm −Infinity',
        () => {
          const { sign, logAbsDet } = ops.slogdet(f64(SINGULAR));
          return [sign.item(), logAbsDet.item()];
        },
        [0, -Infinity],
      ],
      [
        'NaN gives NaN for both',
        () => {
          const { sign, logAbsDet } = ops.slogdet(f64([[NAN]]));
          return [sign.item(), logAbsDet.item()];
        },
        [NAN, NAN],
      ],
      [
        'it holds what no determinant can',
        () =>
          ops
            .slogdet(
              f64([
                [1e300, 0],
                [0, -1e300],
              ]),
            )
            .logAbsDet.item(),
        near(600 * Math.LN10),
      ],
      [
        'a determinant beside 1 keeps its digits',
        () => ops.slogdet(f64([[1 - 1e-10]])).logAbsDet.item(),
        near(Math.log1p(1 - 1e-10 - 1)),
      ],
      ['the sign has no derivative', () => ops.slogdet(f64([[2]], true)).sign.requiresGrad, false],
      [
        'a singular matrix under a cotangent of 0 gets 0',
        () => {
          const x = f64(SINGULAR, true);
          return gradients([mul(ops.slogdet(x).logAbsDet, 0)], [x], { gradients: [f64(0)] })[0]?.toArray();
        },
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ],
  },
  logdet: {
    kind: 'sampled',
    results: FLOAT,
    ulps: 64,
    roundsTwice: true,
    samples: STACKS.map((shape) => ({
      title: `[${shape}]`,
      ...prepared([real(shape, SMALL)], REGULAR, ops.logdet),
      value: each(shape, (a) => Math.log(expansion(regularMatrix(a)))),
    })),
    random: (random) => {
      const shape = randomStack(random);
      return {
        title: `[${shape}]`,
        ...prepared([real(shape, SMALL)], REGULAR, ops.logdet),
        value: each(shape, (a) => Math.log(expansion(regularMatrix(a)))),
      };
    },
    refusals: [[() => ops.logdet(f64([[1, 2]])), ShapeError, NOT_SQUARE('logdet', 'x')]],
    facts: [
      ['a determinant of 0 gives −Infinity', () => ops.logdet(f64(SINGULAR)).item(), -Infinity],
      ['a negative one gives NaN', () => ops.logdet(f64([[-1]])).item(), NAN],
      [
        'with a derivative of 0 there',
        () => {
          const x = f64([[-1]], true);
          return gradients([ops.logdet(x)], [x])[0]?.toArray();
        },
        [[0]],
      ],
      ['NaN gives NaN', () => ops.logdet(f64([[NAN]])).item(), NAN],
    ],
  },
} satisfies Record<string, Sampled>;
