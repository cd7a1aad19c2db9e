import { describe, expect, it } from '@jest/globals';
import { type Kernel, type KernelBuild, update } from '../src/index.js';
import { BUILDS, f32, f64, type Operand, runBuild, sameBits } from './builds.js';
import { stream } from './run.js';

type Round = (x: number) => number;
type Step = (round: Round, p: number, state: readonly number[], gradient: number) => readonly number[];

const exact: Round = (x) => x;

/** Adam as elementwise ops make it: `round` after each of them, and on each number. */
function adam([stepSize, correction, beta1, beta2, epsilon, weightDecay]: readonly number[]): Step {
  return (r, p, [first, second], gradient) => {
    const g = weightDecay === 0 ? gradient : r(gradient + r(p * r(weightDecay)));
    const w = 1 - beta1;
    const difference = r(g - first);
    const m = w < 0.5 ? r(first + r(difference * r(w))) : r(g - r(difference * r(1 - w)));
    const v = r(r(second * r(beta2)) + r(r(g * r(1 - beta2)) * g));
    const denominator = r(r(r(Math.sqrt(v)) / r(correction)) + r(epsilon));
    return [r(p - r(r(m * r(stepSize)) / denominator)), m, v];
  };
}

function descent([learningRate, weightDecay]: readonly number[]): Step {
  return (r, p, _, gradient) => {
    const g = weightDecay === 0 ? gradient : r(gradient + r(p * r(weightDecay)));
    return [r(p - r(g * r(learningRate)))];
  };
}

function momentumDescent(
  [learningRate, weightDecay, momentum, share]: readonly number[],
  nesterov: boolean,
): Step {
  return (r, p, [velocity], gradient) => {
    const g = weightDecay === 0 ? gradient : r(gradient + r(p * r(weightDecay)));
    const v = r(r(velocity * r(momentum)) + r(g * r(share)));
    const direction = nesterov ? r(g + r(v * r(momentum))) : v;
    return [r(p - r(direction * r(learningRate))), v];
  };
}

const { NaN: nan } = Number;
const SPECIAL = [0, -0, 1, -1, nan, Infinity, -Infinity, 1e-45, -1e-40, 3e38, -3e38, 1e-20, 1e20];
const next = stream(8);

/** Columns of state: seeded numbers between which every special value meets every other. */
function columns(n: number, count: number): number[][] {
  return Array.from({ length: count }, (_, column) =>
    Array.from({ length: n }, (_, i) => {
      const special = SPECIAL[Math.floor(i / SPECIAL.length ** column) % SPECIAL.length];
      const x = i % 5 === 0 || n > 1000 ? special : next() * 4 - 2;
      // The second moment is not negative.
      return Math.fround(column === 2 ? Math.abs(x) : x);
    }),
  );
}

const CASES: readonly {
  readonly name: string;
  readonly kernel: Kernel;
  readonly states: number;
  readonly extra: readonly number[];
  readonly numbers: readonly number[];
  readonly step: Step;
}[] = [
  ...[
    [0.001, 0.3, 0.9, 0.999, 1e-8, 0],
    [0.01, 0.7, 0, 0.5, 1e-3, 0.1],
    [1, 1, 0.3, 0, 1e-8, 0.01],
  ].map((numbers) => ({
    name: `adamUpdate ${numbers}`,
    kernel: update.adamUpdate,
    states: 2,
    extra: [],
    numbers,
    step: adam(numbers),
  })),
  ...[
    [0.1, 0],
    [0.3, 0.7],
  ].map((numbers) => ({
    name: `sgdUpdate ${numbers}`,
    kernel: update.sgdUpdate,
    states: 0,
    extra: [],
    numbers,
    step: descent(numbers),
  })),
  ...[
    [0.1, 0, 0.9, 1],
    [0.3, 0.7, 0.5, 0.8],
  ].flatMap((numbers) =>
    [0, 1].map((nesterov) => ({
      name: `momentumUpdate ${numbers}, nesterov ${nesterov}`,
      kernel: update.momentumUpdate,
      states: 1,
      extra: [nesterov],
      numbers,
      step: momentumDescent(numbers, nesterov === 1),
    })),
  ),
];

describe.each(CASES)('$name', ({ kernel, states, extra, numbers, step }) => {
  const expected = (round: Round, operands: readonly (readonly number[])[], n: number): number[][] => {
    const all = Array.from({ length: n }, (_, i) => {
      const state = operands.slice(1, 1 + states).map((list) => list[i]);
      return step(round, operands[0][i], state, operands[1 + states][i]);
    });
    return Array.from({ length: 1 + states }, (_, k) => all.map((row) => row[k]));
  };
  const check = (
    build: KernelBuild,
    make: (list: readonly number[]) => Operand,
    n: number,
    round: Round,
    store: Round,
  ) => {
    const operands = columns(n, states + 2);
    const written = runBuild(
      build,
      kernel,
      [n, ...extra],
      ...operands.map((list) => make(list)),
      f64(numbers),
    );
    expect(written).toHaveLength(1 + states);
    expected(round, operands, n).forEach((list, k) => {
      sameBits(written[k], list.map(store), `${build}, n = ${n}, output ${k}`);
    });
  };

  it('rounds nothing but its results in float64, as the composition of ops', () => {
    for (const n of [0, 1, 7, 130]) check('js', f64, n, exact, exact);
  });

  it('computes float32 in double in JavaScript and rounds what it stores', () => {
    for (const n of [1, 7, 130, SPECIAL.length ** 3]) check('js', f32, n, exact, Math.fround);
  });

  it.each(BUILDS)('rounds every step in %s', (build) => {
    for (let n = 0; n <= 130; n++) check(build, f32, n, Math.fround, exact);
    check(build, f32, SPECIAL.length ** 3, Math.fround, exact);
  });
});

describe('weight decay', () => {
  it.each(['js', ...BUILDS] as const)(
    '%s: none leaves a parameter that is not finite out of the moments',
    (build) => {
      const [p, m, v] = runBuild(
        build,
        update.adamUpdate,
        [2],
        f32([nan, Infinity]),
        f32([0, 0]),
        f32([0, 0]),
        f32([1, 1]),
        f64([0.1, 1, 0.5, 0.5, 1e-8, 0]),
      );
      expect([Array.from(p), Array.from(m), Array.from(v)]).toEqual([
        [nan, Infinity],
        [0.5, 0.5],
        [0.5, 0.5],
      ]);
    },
  );
});
