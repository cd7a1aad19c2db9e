/** @file Every op against numbers that PyTorch computed: value, gradient and second-order product. */
import { describe, expect, it } from '@jest/globals';
import * as nd from '@ndgrad/core';
import { gradients, type Tensor } from '@ndgrad/core';
import {
  decode,
  decodeArguments,
  faults,
  isTensorData,
  readReference,
  type TensorData,
} from './referenceData.js';

/** What an op gives: a tensor, a list of them, or a record of them. */
type Result = TensorData | readonly TensorData[] | Readonly<Record<string, TensorData>>;

interface Case {
  readonly op: string;
  readonly special?: string;
  /** Whether small numbers are compared relatively too. */
  readonly relative?: boolean;
  readonly arguments: readonly unknown[];
  readonly value: Result;
  readonly cotangent?: TensorData | readonly TensorData[];
  readonly gradients?: readonly TensorData[];
  readonly vectors?: readonly TensorData[];
  readonly hvp?: readonly TensorData[];
}

interface Disagreement {
  readonly op: string;
  readonly point: string;
  readonly expression?: string;
  readonly arguments: readonly unknown[];
  readonly cotangent?: TensorData | readonly TensorData[];
  readonly ndgrad: {
    readonly value?: Result;
    readonly gradients?: readonly TensorData[];
    readonly throws?: string;
  };
}

interface Reference {
  readonly versions: { readonly torch: string };
  readonly cases: readonly Case[];
  readonly disagreements: readonly Disagreement[];
}

/** The files of reference numbers, each made by the script of its name in tools/reference. */
const FILES = ['ops', 'opsFunctions', 'opsLinalg', 'opsIndexing', 'opsNeural'];
const references = FILES.map((name) => readReference(import.meta.url, `${name}.json`) as Reference);
const cases = references.flatMap((reference) => reference.cases);
const disagreements = references.flatMap((reference) => reference.disagreements);

/** The tensors of a result in order of appearance, each with the place where it was found. */
function tensorsIn(x: unknown, expected: Result, place: string): [string, unknown, TensorData][] {
  if (isTensorData(expected)) return [[place, x, expected]];
  return Object.entries(expected).map(([key, entry]) => {
    const found = (x as Record<string, unknown> | undefined)?.[key];
    return [`${place}.${key}`, found, entry as TensorData];
  });
}

function call(op: string, args: readonly unknown[]): unknown {
  const f = (nd as unknown as Record<string, unknown>)[op];
  if (typeof f !== 'function') throw new Error(`@ndgrad/core has no op called ${op}`);
  return f(...args);
}

/** First gradients of the leaves, zeros where there is none, from the outputs that require gradients. */
function gradientsOf(
  outputs: readonly Tensor[],
  leaves: readonly Tensor[],
  cotangents: readonly Tensor[],
  createGraph: boolean,
): Tensor[] {
  const found = gradients(outputs, leaves, { gradients: cotangents, createGraph, allowUnused: true });
  return leaves.map((leaf, i) => found[i] ?? nd.zerosLike(leaf));
}

const listOf = (x: TensorData | readonly TensorData[]): readonly TensorData[] => (isTensorData(x) ? [x] : x);

/** All that differs in one case. */
function check(c: Case): string[] {
  const leaves: Tensor[] = [];
  const args = decodeArguments(c.arguments, leaves) as unknown[];
  const parts = tensorsIn(call(c.op, args), c.value, 'value');
  const tolerance = { relative: 1e-9, floor: c.relative ? 0 : 1 };
  const wrong = parts.flatMap(([place, found, expected]) => faults(place, found, expected, tolerance));
  if (c.cotangent === undefined || c.gradients === undefined) return wrong;
  const outputs = parts.flatMap(([, t]) => (t instanceof nd.Tensor && t.requiresGrad ? [t] : []));
  const cotangents = listOf(c.cotangent).map((data) => decode(data));
  if (outputs.length !== cotangents.length) {
    return [...wrong, `${outputs.length} outputs require a gradient, not ${cotangents.length}`];
  }
  const first = gradientsOf(outputs, leaves, cotangents, true);
  c.gradients.forEach((expected, i) => {
    wrong.push(...faults(`gradient ${i}`, first[i], expected, tolerance));
  });
  if (c.vectors === undefined || c.hvp === undefined) return wrong;
  // A gradient that is constant in every input has no graph: its part of the product is 0.
  const alive = first.flatMap((g, i) => (g.requiresGrad ? [[g, decode(c.vectors![i])] as const] : []));
  const second =
    alive.length === 0
      ? leaves.map((leaf) => nd.zerosLike(leaf))
      : gradientsOf(
          alive.map(([g]) => g),
          leaves,
          alive.map(([, vector]) => vector),
          false,
        );
  c.hvp.forEach((expected, i) => {
    wrong.push(...faults(`second-order product ${i}`, second[i], expected, tolerance));
  });
  return wrong;
}

/** A case's faults, with the call that gave them; what it throws is a fault. */
function report(c: Case): string[] {
  const short = JSON.stringify(c.arguments).slice(0, 300);
  try {
    return check(c).map((fault) => `${c.op} ${c.special ?? ''} ${fault} for ${short}`);
  } catch (error) {
    return [`${c.op} ${c.special ?? ''} threw ${String(error)} for ${short}`];
  }
}

describe(`Against PyTorch ${references[0].versions.torch}`, () => {
  const ops = [...new Set(cases.map(({ op }) => op))];
  it.each(ops)('%s has the same value, gradient and second-order product', (op) => {
    expect(cases.filter((c) => c.op === op).flatMap(report)).toEqual([]);
  });
});

/** Compositions that stand in for an op in the list of disagreements. */
const expressions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'where(gt(x, 0), sqrt(x), 0)': (x) => nd.where(nd.gt(x, 0), nd.sqrt(x), 0),
};

function run(d: Disagreement, leaves: Tensor[]): unknown {
  const args = decodeArguments(d.arguments, leaves) as unknown[];
  return d.expression === undefined ? call(d.op, args) : expressions[d.expression](args[0] as Tensor);
}

describe('Where PyTorch does otherwise', () => {
  it.each(disagreements.map((d) => [`${d.op}: ${d.point}`, d] as const))(
    'ndgrad keeps its own rule in %s',
    (_title, d) => {
      const leaves: Tensor[] = [];
      if (d.ndgrad.throws !== undefined) {
        expect(() => run(d, leaves)).toThrow(expect.objectContaining({ name: d.ndgrad.throws }));
        return;
      }
      const result = run(d, leaves);
      const parts = d.ndgrad.value === undefined ? [] : tensorsIn(result, d.ndgrad.value, 'value');
      const wrong = parts.flatMap(([place, found, expected]) => faults(place, found, expected));
      if (d.ndgrad.gradients !== undefined && d.cotangent !== undefined) {
        const cotangents = listOf(d.cotangent).map((data) => decode(data));
        const first = gradientsOf([result as Tensor], leaves, cotangents, false);
        d.ndgrad.gradients.forEach((expected, i) => {
          wrong.push(...faults(`gradient ${i}`, first[i], expected));
        });
      }
      expect(wrong).toEqual([]);
    },
  );
});
