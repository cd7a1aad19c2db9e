/**
 * @file Derivatives of random expression graphs against central differences, a quarter of them the second ones too. Seeded.
 * NDGRAD_GRAPHS sets how many graphs are tried, NDGRAD_GRAPH tries the one of that seed.
 */
import { describe, expect, it } from '@jest/globals';
import type { Vjp } from '../src/autodiff/node.js';
import * as core from '../src/index.js';
import type { Tensor } from '../src/tensor.js';
import { gradcheck, gradgradcheck } from '../src/testing/index.js';
import { build, seedOf, stream, tensorOf } from './grid.js';
import { codeOf, type Draft, drawGraph, evaluate, type Graph, ROWS } from './randomGraph.js';
import { thrownBy } from './thrown.js';

const ONE = process.env.NDGRAD_GRAPH;
const GRAPHS = ONE === undefined ? Number(process.env.NDGRAD_GRAPHS ?? 300) : 1;
const FIRST = Number(ONE ?? 0);

/**
 * Steps of the differences, tried until one agrees. Differences err where a graph bends sharply or comes near a kink, less
 * and less as the step falls; a wrong derivative is wrong at every step.
 */
const STEPS = [0.002, 0.0005, 0.0001];

/** Runs a check with falling steps; says how many were needed. */
function withSteps(check: (step: number) => void): number {
  for (let i = 0; ; i++) {
    try {
      check(STEPS[i]);
      return i + 1;
    } catch (error) {
      if (i === STEPS.length - 1) throw error;
    }
  }
}

/** The sum of all elements. */
function total(terms: readonly Tensor[]): Tensor {
  return terms.map((x) => core.sum(x)).reduce((sum, x) => core.add(sum, x));
}

/** Gradients of all leaves, or of those named, by one backward pass from a weighted sum of the results. */
function gradientsOf(
  graph: Graph,
  seed: number,
  chosen?: readonly number[],
): (readonly number[] | undefined)[] {
  const leaves = graph.leaves.map((leaf) => core.tensor(leaf, { requiresGrad: true }));
  const next = stream(seedOf(`weights ${seed}`));
  const weighted = evaluate(graph, leaves).map((y) =>
    core.mul(y, tensorOf(build(y.shape, () => next() * 2 - 1))),
  );
  // A graph may reach its leaves through signs and positions alone, which have no derivative.
  const loss = total([...weighted, ...leaves.map((leaf) => core.square(leaf))]);
  core.backward(loss, undefined, chosen === undefined ? {} : { inputs: chosen.map((i) => leaves[i]) });
  return leaves.map(({ grad }) => (grad === undefined ? undefined : [...(grad as Tensor).toTypedArray()]));
}

/** All that must hold of one graph; says how many steps the differences took. */
function checkGraph(graph: Graph, seed: number): number {
  const { leaves } = graph;
  // The squares beside the results are a floor: where a derivative is 0 by cancellation, roundings are no fault.
  const f = (...x: Tensor[]): Tensor[] => [...evaluate(graph, x), total(x.map((leaf) => core.square(leaf)))];
  let tries = withSteps((step) => gradcheck(f, leaves, { seed, step }));
  if (seed % 4 === 0)
    tries = Math.max(
      tries,
      withSteps((step) => gradgradcheck(f, leaves, { seed, step })),
    );
  const full = gradientsOf(graph, seed);
  expect(core.scope(() => gradientsOf(graph, seed))).toEqual(full);
  const chosen = [...leaves.keys()].filter((i) => (seed >> i) % 2 === 0 && full[i] !== undefined);
  if (chosen.length > 0) {
    expect(gradientsOf(graph, seed, chosen)).toEqual(
      full.map((g, i) => (chosen.includes(i) ? g : undefined)),
    );
  }
  return tries;
}

/** Runs the check; a failure says which graph it was. */
function checkSeed(seed: number, graph: Graph): number {
  try {
    return checkGraph(graph, seed);
  } catch (error) {
    (error as Error).message =
      `graph ${seed} (NDGRAD_GRAPH=${seed}):\n${codeOf(graph)}\n${(error as Error).message}`;
    throw error;
  }
}

describe('random graphs', () => {
  it(`have the derivatives that differences say, ${GRAPHS} of them`, () => {
    const sharp: number[] = [];
    let statements = 0;
    let refused = 0;
    for (let seed = FIRST; seed < FIRST + GRAPHS; seed++) {
      const graph = drawGraph(seed);
      statements += graph.steps.length;
      refused += graph.refused;
      if (checkSeed(seed, graph) > 1) sharp.push(seed);
    }
    // What is passed over stays rare: no graph is rejected, but statements are, and smaller steps have more noise.
    expect(sharp.length).toBeLessThanOrEqual(Math.ceil(GRAPHS / 200));
    expect(refused).toBeLessThanOrEqual(Math.ceil(statements / 100));
  }, 3_600_000);

  it('hold every op of the table that has a derivative', () => {
    const missing = new Set(ROWS.map(([name]) => name));
    for (let seed = 0; seed < 3000 && missing.size > 0; seed++) {
      for (const { op } of drawGraph(seed).steps) missing.delete(op as string);
    }
    expect([...missing]).toEqual([]);
  });

  const tanh = (x: Tensor): Tensor => core.tanh(x);
  it.each<[fault: string, vjp: Vjp<null>]>([
    ['a derivative off by 1e-4', (g, { inputs: [x] }) => core.mul(core.tanhGradient(g, x), 1.0001)],
    [
      'a derivative that was not recorded',
      (g, { inputs: [x] }) => core.tanhGradient(g, core.stopGradient(x)),
    ],
    ['a derivative with the sign of another', (g, { inputs: [x] }) => core.neg(core.tanhGradient(g, x))],
  ])('show %s', (_, vjp) => {
    const faulty = core.defineOp<null>({ name: 'faulty', forward: ([x]) => tanh(x), vjp: [vjp] });
    const draw = (draft: Draft): void => {
      const i = draft.pick() as number;
      draft.only('faulty', `faulty(v${i})`, [i], (v) => faulty([v[i]], null));
    };
    const found = [...Array(100).keys()].filter((seed) => {
      const graph = drawGraph(seed, [draw]);
      return thrownBy(() => checkGraph(graph, seed)) !== undefined;
    });
    expect(found.length).toBeGreaterThan(3);
  });
});
