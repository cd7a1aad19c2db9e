import { describe, expect, it } from '@jest/globals';
import {
  activations,
  activeBuild,
  allocateBlock,
  copyInto,
  elementwise,
  freeBlock,
  INTS_ADDRESS,
  indexing,
  type Kernel,
  memoryViews,
  SIGNATURE_DIGITS,
  special,
  trigonometric,
  useBuild,
  type Values,
} from '../src/index.js';
import { BUILDS, type DType, type Operand, runBuild, sameBits, ulpsApart } from './builds.js';
import { stream } from './run.js';

/** ULP of float32 that a form may be off the rounded double result, where it is not exact. */
const LIMITS: Readonly<Record<string, number>> = {
  exp: 2,
  log: 2,
  log2: 2,
  expm1: 4,
  log1p: 4,
  tanh: 4,
  sigmoid: 4,
  softplus: 4,
  logSigmoid: 4,
  logaddexp: 4,
  xlogy: 4,
  tanhGradient: 8,
  sigmoidGradient: 8,
  // Computed in double precision; geluGradient is a difference of 2⁻⁴³ near its zero.
  sin: 1,
  cos: 1,
  erf: 1,
  erfGradient: 1,
  gelu: 1,
  geluGradient: 8,
  silu: 1,
  siluGradient: 1,
  elu: 1,
};

const DTYPES = Object.keys(SIGNATURE_DIGITS) as DType[];

interface Case {
  readonly title: string;
  readonly kernel: Kernel;
  /** Of the output, then of the inputs. */
  readonly dtypes: readonly DType[];
  readonly exact: boolean;
}

/** Every form that a kernel has. */
function casesOf(kernel: Kernel): Case[] {
  return kernel.forms.map(({ signature, exact }) => {
    const dtypes: DType[] = [];
    for (let rest = signature; rest > 0; rest >>= 3)
      dtypes.push(DTYPES.find((d) => SIGNATURE_DIGITS[d] === (rest & 7))!);
    return { title: `${kernel.name} ${dtypes.join(' ')}`, kernel, dtypes, exact };
  });
}

/** Whose second or third operand is a probability: beyond [0, 1] their terms cancel. They have tests of their own. */
const OF_PROBABILITIES = [elementwise.sigmoidCrossEntropy, elementwise.sigmoidCrossEntropyGradient];

const CASES = [elementwise, trigonometric, special, activations]
  .flatMap((group) => Object.values<Kernel>(group))
  .filter((kernel) => !OF_PROBABILITIES.includes(kernel))
  .flatMap(casesOf);
const INEXACT = CASES.filter(({ exact }) => !exact);

const LEAST = 2 ** -149;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
const SPECIAL = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  LEAST,
  -LEAST,
  2 ** -126,
  -(2 ** -126),
  2 ** -127,
  LARGEST,
];
SPECIAL.push(
  -LARGEST,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  2 ** 23 - 0.5,
  2 ** 24,
  1e-20,
  -1e20,
  88.72283,
  88.72284,
  -87.4,
  -103.9,
  -104.1,
);
SPECIAL.push(9.01, -9.02, -17.4, 60, -100, 200, -200);
const INTEGERS = [0, 1, -1, 2, 2147483647, -2147483648, 16777217, -33554435, 65537, 46341];
const DOUBLES = [
  1 + 2 ** -24,
  1 + 3 * 2 ** -24,
  1 + 2 ** -24 + 2 ** -50,
  1e300,
  -1e300,
  2 ** -150,
  3 * 2 ** -150,
  LARGEST * (1 + 2 ** -25),
];

const anyBits = new DataView(new ArrayBuffer(4));

/** Values of a dtype: special ones, any bit pattern, and ordinary ones. */
function valuesOf(dtype: DType, n: number, seed: number): number[] {
  const next = stream(seed);
  const pick = (list: readonly number[]): number => list[Math.floor(next() * list.length)];
  return Array.from({ length: n }, () => {
    const kind = next() * 4;
    if (dtype === 'bool') return kind < 2 ? 0 : 1;
    if (dtype === 'int32') return kind < 1 ? pick(INTEGERS) : (next() * 2 ** 32) | 0;
    if (dtype === 'float64' && kind < 0.5) return pick(DOUBLES);
    if (kind < 1) return pick(SPECIAL);
    anyBits.setUint32(0, next() * 2 ** 32);
    const x = kind < 2 ? anyBits.getFloat32(0) : (next() - 0.5) * 24;
    return dtype === 'float64' ? x : Math.fround(x);
  });
}

const pools = new Map<DType, number[]>();

/** `n` of such values, from a place that depends on the seed. */
function someValues(dtype: DType, n: number, seed: number): number[] {
  const pool = pools.get(dtype) ?? valuesOf(dtype, 60000, SIGNATURE_DIGITS[dtype]);
  pools.set(dtype, pool);
  const start = (seed * 7919) % (pool.length - n);
  return pool.slice(start, start + n);
}

/** Where the elements of an operand lie: strides, and the least and the greatest place from the first element on. */
interface Layout {
  readonly strides: readonly number[];
  readonly low: number;
  readonly high: number;
}

function layout(shape: readonly number[], strides: readonly number[]): Layout {
  let [low, high] = [0, 0];
  shape.forEach((extent, axis) => {
    if (extent === 0) return;
    if (strides[axis] < 0) low += strides[axis] * (extent - 1);
    else high += strides[axis] * (extent - 1);
  });
  return { strides, low, high };
}

/** The places of an operand's elements, in row-major order. */
function places(shape: readonly number[], { strides, low }: Layout): number[] {
  let list = [-low];
  shape.forEach((extent, axis) => {
    list = list.flatMap((base) => Array.from({ length: extent }, (_, i) => base + i * strides[axis]));
  });
  return list;
}

function agrees({ title, kernel, exact }: Case, got: Values, expected: Values, what: string): void {
  const limit = exact ? 0 : (LIMITS[kernel.name] ?? 0);
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [got[i], expected[i]];
    if (Object.is(x, y)) continue;
    // Zeros have their sign in inexact forms too.
    if (exact || !(ulpsApart(x, y) <= limit) || x === y)
      throw new Error(`${title}, ${what}: element ${i} is ${x}, not ${y}`);
  }
}

/** Runs all builds over one shape; the strides are those of the inputs. */
function check(
  form: Case,
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  seed: number,
): void {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const what = `[${shape}] strides ${JSON.stringify(strides)}`;
  const inputs = strides.map((list, k): Operand => {
    const { low, high } = layout(shape, list);
    const dtype = form.dtypes[k + 1];
    const values = size === 0 ? [] : someValues(dtype, high - low + 1, seed + k);
    return { dtype, values, first: size === 0 ? 0 : -low, shift: (seed + k) % 4 };
  });
  const output: Operand = { dtype: form.dtypes[0], values: new Array<number>(size).fill(9), shift: seed % 3 };
  const ints = [shape.length, ...shape, ...strides.flat()];
  const packedInputs = inputs.map(({ dtype, values }, k): Operand => {
    const at = places(shape, layout(shape, strides[k]));
    // Filled up to whole vectors.
    const filled = Array.from({ length: (size + 8) & ~7 }, (_, i) => values[at[i]] ?? 0);
    return { dtype, values: filled, shift: 0 };
  });
  const packedOutput: Operand = { ...output, values: new Array<number>((size + 8) & ~7).fill(9), shift: 0 };
  const packedInts = [1, (size + 8) & ~7, ...strides.map(() => 1)];
  const [expected] = runBuild('js', form.kernel, ints, output, ...inputs);
  for (const build of BUILDS) {
    const [got] = runBuild(build, form.kernel, ints, output, ...inputs);
    agrees(form, got, expected, `${build}, ${what}`);
    // Exact forms have been compared bit by bit already.
    if (form.exact) continue;
    const [packed] = runBuild(build, form.kernel, packedInts, packedOutput, ...packedInputs);
    sameBits(got, packed.subarray(0, size), `${form.title}, ${build}, ${what}, against packed`);
  }
}

const STRIDES = [1, 0, 2, 3, -1];

describe.each(CASES)('$title', (form) => {
  const inputs = form.dtypes.length - 1;

  it('is right for sizes from 0 to 130, at any stride', () => {
    for (let n = 0; n <= 130; n++) {
      check(form, [n], new Array(inputs).fill([1]), n);
      const strides = Array.from({ length: inputs }, (_, k) => [
        STRIDES[(n + 2 * k + Math.floor(n / 5) * k) % 5],
      ]);
      check(form, [n], strides, 1000 + n);
    }
  });

  it('is right for rows, columns, transposed and overlapping views', () => {
    const shapes = [
      [3, 5],
      [7, 16],
      [5, 1],
      [1, 9],
      [40, 3],
      [9, 67],
      [130, 2],
      [70, 33],
      [600, 3],
      [70, 17],
      [0, 4],
      [4, 0],
    ];
    shapes.forEach(([rows, columns], s) => {
      const views = [
        [columns, 1],
        [0, 1],
        [1, 0],
        [1, rows],
        [0, 0],
        [-columns, 1],
        [columns * 2, 2],
        [columns + 3, 1],
        [1, 1],
      ];
      views.forEach((first, v) => {
        const strides = Array.from({ length: inputs }, (_, k) =>
          k === 0 ? first : views[(v + k * (s + 1)) % views.length],
        );
        check(form, [rows, columns], strides, 2000 + 10 * s + v);
      });
    });
  });

  it('is right for more axes and for rows longer than a buffer', () => {
    const shape = [3, 2, 4, 5];
    const views = [
      [40, 20, 5, 1],
      [0, 5, 0, 1],
      [1, 3, 6, 24],
      [40, 20, 1, 4],
      [-40, 0, 5, -1],
    ];
    views.forEach((first, v) => {
      const strides = Array.from({ length: inputs }, (_, k) =>
        k === 0 ? first : views[(v + 2 * k) % views.length],
      );
      check(form, shape, strides, 3000 + v);
    });
    check(
      form,
      [1333],
      Array.from({ length: inputs }, (_, k) => [k + 2]),
      4000,
    );
    check(
      form,
      [1333],
      Array.from({ length: inputs }, (_, k) => [1 - k]),
      4001,
    );
    check(
      form,
      [2, 1030],
      Array.from({ length: inputs }, (_, k) => [k === 1 ? 1 : 0, k === 2 ? 1 : -2]),
      4002,
    );
  });

  it('agrees on many bit patterns', () => {
    const n = 20000;
    check(form, [n], new Array(inputs).fill([1]), 5000);
  });
});

/** float32 values near `x` in the order of floats, and around it. */
function sweep(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(low + ((high - low) * i) / (count - 1)));
}

describe('accuracy over dense ranges', () => {
  const ranges: readonly (readonly [number, number])[] = [
    [-1, 1],
    [-1e-3, 1e-3],
    [0.5, 2],
    [0.99, 1.01],
    [-110, -80],
    [80, 90],
    [-20, 20],
    [-1e-38, 1e-38],
    [0, 2 ** -140],
    [8.9, 9.1],
    [0, 3e38],
    // Where the derivatives of silu and gelu are 0.
    [-1.2785, -1.2784],
    [-0.75192, -0.75178],
    [-14, -12],
    [1e4, 1e6],
  ];
  it.each(INEXACT)('$title', (form) => {
    const xs = ranges.flatMap(([low, high]) => sweep(low, high, 2001));
    const others = form.dtypes.slice(1, -1).map((dtype) => valuesOf(dtype, xs.length, 7));
    // The last float32 operand is the one whose function it is; behind it may be a setting in double precision.
    const hasSetting = form.dtypes.at(-1) === 'float64';
    const settings = hasSetting ? [valuesOf('float64', xs.length, 8)] : [];
    const inputs = [...(hasSetting ? [] : others), xs, ...settings].map(
      (values, k): Operand => ({ dtype: form.dtypes[k + 1], values }),
    );
    const output: Operand = { dtype: 'float32', values: new Array<number>(xs.length).fill(9) };
    const ints = [1, xs.length, ...inputs.map(() => 1)];
    const [expected] = runBuild('js', form.kernel, ints, output, ...inputs);
    for (const build of BUILDS)
      agrees(form, runBuild(build, form.kernel, ints, output, ...inputs)[0], expected, build);
  });

  it('gives a limit for every form that is not exact', () => {
    expect(INEXACT.filter(({ kernel }) => LIMITS[kernel.name] === undefined)).toEqual([]);
  });
});

describe.each(BUILDS)('%s, of probabilities', (build) => {
  const logits = [
    sweep(-20, 20, 4001),
    sweep(-110, -80, 501),
    sweep(80, 110, 501),
    sweep(-1e-3, 1e-3, 501),
    SPECIAL,
  ].flat();
  const run = (kernel: Kernel, where: string, values: readonly (readonly number[])[]): Values => {
    const operand = (list: readonly number[]): Operand => ({ dtype: 'float32', values: list });
    const size = values[0].length;
    const ints = [1, size, ...values.map(() => 1)];
    return runBuild(where as 'js', kernel, ints, operand(new Array(size).fill(9)), ...values.map(operand))[0];
  };
  const expectNear = (kernel: Kernel, limit: number, values: readonly (readonly number[])[]): void => {
    const [got, expected] = [run(kernel, build, values), run(kernel, 'js', values)];
    for (let i = 0; i < expected.length; i++) {
      if (Object.is(got[i], expected[i]) || ulpsApart(got[i], expected[i]) <= limit) continue;
      throw new Error(`${kernel.name} of ${values.map((list) => list[i])}: ${got[i]}, not ${expected[i]}`);
    }
  };

  it.each([0, 1, 0.25, 0.9])('sigmoidCrossEntropy keeps tails and infinities beside a target of %d', (t) => {
    const targets = logits.map(() => Math.fround(t));
    // Two functions of 4 units each, and two roundings.
    expectNear(elementwise.sigmoidCrossEntropy, 8, [logits, targets]);
  });

  it.each([0, 1])(
    'sigmoidCrossEntropyGradient keeps the slope of a sure prediction beside a target of %d',
    (t) => {
      const targets = logits.map(() => t);
      expectNear(elementwise.sigmoidCrossEntropyGradient, 8, [logits.map(() => 1.5), logits, targets]);
      expectNear(elementwise.sigmoidCrossEntropyGradient, 0, [logits.map(() => 0), logits, targets]);
    },
  );

  it('is right for sizes from 0 to 130', () => {
    for (let n = 0; n <= 130; n++) {
      const x = logits.slice(0, n);
      const targets = x.map((_, i) => (i % 3) / 2);
      expectNear(elementwise.sigmoidCrossEntropy, 8, [x, targets]);
      // Where the terms nearly cancel only the size of the terms counts.
      const far = x.map((value, i) => (targets[i] === 0.5 ? 3 : value));
      expectNear(elementwise.sigmoidCrossEntropyGradient, 16, [x.map(() => 1), far, targets]);
    }
  });
});

describe.each(BUILDS)('%s', (build) => {
  it('has exp 0 = 1, log 1 = 0, tanh ±1 exactly where it rounds to that', () => {
    const apply = (kernel: Kernel, values: readonly number[]): number[] => {
      const operand: Operand = { dtype: 'float32', values };
      return Array.from(runBuild(build, kernel, [1, values.length, 1], operand, operand)[0]);
    };
    expect(apply(elementwise.exp, [0, -0])).toEqual([1, 1]);
    expect(apply(elementwise.log, [1])).toEqual([0]);
    expect(apply(elementwise.log2, [1, 2, 0.125, 2 ** -149, 2 ** 127])).toEqual([0, 1, -3, -149, 127]);
    const xs = sweep(8.5, 9.5, 20001);
    expect(apply(elementwise.tanh, xs).map((y) => y === 1)).toEqual(
      xs.map((x) => Math.fround(Math.tanh(x)) === 1),
    );
  });

  it('works in place', () => {
    const n = 77;
    const xs = valuesOf('float32', n, 11);
    const zs = valuesOf('float32', n, 12);
    const [a, b] = [allocateBlock(4 * n)!, allocateBlock(4 * n)!];
    const views = memoryViews()!;
    const { exp, sub } = elementwise;
    const idOf = (kernel: Kernel): number => kernel.forms[0].id;
    const packed = (kernel: Kernel, ...values: readonly (readonly number[])[]): Values => {
      const operands = values.map((list): Operand => ({ dtype: 'float32', values: list }));
      return runBuild(build, kernel, [1, n, ...values.map(() => 1)], operands[0], ...operands)[0];
    };
    const expected = [packed(exp, xs), packed(sub, xs, zs), packed(sub, zs, xs)];
    useBuild(build);
    const run = (
      kernel: Kernel,
      ints: readonly number[],
      ...at: readonly [number, number, number?]
    ): Values => {
      views.float32.set(xs, a / 4);
      views.float32.set(zs, b / 4);
      views.int32.set(ints, INTS_ADDRESS / 4);
      activeBuild()!.call(idOf(kernel), INTS_ADDRESS, at[0], at[1], at[2] ?? 0, 0, 0);
      return views.float32.slice(a / 4, a / 4 + n);
    };
    expect(() => {
      sameBits(run(exp, [1, n, 1], a, a), expected[0], 'exp');
      sameBits(run(sub, [1, n, 1, 1], a, a, b), expected[1], 'sub, first operand');
      sameBits(run(sub, [1, n, 1, 1], a, b, a), expected[2], 'sub, second operand');
    }).not.toThrow();
    freeBlock(a, 4 * n);
    freeBlock(b, 4 * n);
  });
});

describe.each(casesOf(copyInto))('$title', ({ kernel, dtypes }) => {
  it('moves elements as they are, between any strides', () => {
    const cases: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
      [[0], [1], [1]],
      [[5], [1], [1]],
      [[5], [-1], [2]],
      [[19], [3], [0]],
      [[700], [1], [1]],
      [[3000], [1], [1]],
      [
        [6, 7],
        [9, 1],
        [7, 1],
      ],
      [
        [6, 7],
        [9, 1],
        [1, 6],
      ],
      [
        [4, 8],
        [8, 1],
        [1, 4],
      ],
      [
        [67, 131],
        [140, 1],
        [1, 70],
      ],
      [
        [6, 7],
        [1, 6],
        [7, 1],
      ],
      [
        [6, 7],
        [7, 1],
        [0, 1],
      ],
      [
        [6, 7],
        [7, 1],
        [1, 0],
      ],
      [
        [6, 7],
        [7, 1],
        [1, -8],
      ],
      [
        [3, 5, 9],
        [60, 10, 1],
        [0, 1, 5],
      ],
      [
        [2, 3, 4, 5],
        [80, 24, 6, 1],
        [60, 20, 1, 4],
      ],
      [
        [2, 3, 4, 5],
        [80, 24, 6, 1],
        [-1, 2, 30, 6],
      ],
    ];
    cases.forEach(([shape, to, from], seed) => {
      const [y, a] = [layout(shape, to), layout(shape, from)];
      const ints = [shape.length, ...shape, ...to, ...from];
      const operand = (dtype: DType, { low, high }: Layout, shift: number): Operand => ({
        dtype,
        values: valuesOf(dtype, high - low + 1, 100 * seed + shift),
        first: -low,
        shift,
      });
      const operands = [operand(dtypes[0], y, seed % 4), operand(dtypes[1], a, (seed + 1) % 4)];
      const [expected] = runBuild('js', kernel, ints, ...operands);
      for (const build of BUILDS) {
        sameBits(
          runBuild(build, kernel, ints, ...operands)[0],
          expected,
          `${build} [${shape}] ${to} from ${from}`,
        );
      }
    });
  });
});

describe.each(casesOf(indexing.fill))('$title', ({ kernel, dtypes }) => {
  it('repeats one element', () => {
    for (let n = 0; n <= 130; n++) {
      const operands = [
        { dtype: dtypes[0], values: valuesOf(dtypes[0], n, n), shift: n % 4 },
        { dtype: dtypes[1], values: valuesOf(dtypes[1], 1, n + 1) },
      ];
      const [expected] = runBuild('js', kernel, [n], ...operands);
      for (const build of BUILDS)
        sameBits(runBuild(build, kernel, [n], ...operands)[0], expected, `${build}, ${n}`);
    }
  });
});
