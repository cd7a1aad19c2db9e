import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { gradients, type Tensor, tensor } from '@ndgrad/core';
import * as losses from '@ndgrad/losses';
import { lossInfo } from './lossInfo.js';

/** A tensor on disk; numbers that JSON lacks are strings. */
interface Stored {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64' | 'int32' | 'bool';
  readonly data: readonly (number | boolean | 'NaN' | 'Infinity' | '-Infinity')[];
}

interface Numbers {
  readonly value: Stored;
  readonly cotangent?: Stored;
  /** Of the float tensors of `matrix.of` and of the arguments, in order. */
  readonly gradients?: readonly Stored[];
}

interface StoredMatrix {
  readonly distance: 'euclideanDistances' | 'squaredEuclideanDistances' | 'cosineSimilarities';
  readonly of: readonly Stored[];
}

interface Call {
  readonly loss: keyof typeof lossInfo;
  readonly special?: string;
  readonly matrix?: StoredMatrix;
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

interface Reference {
  readonly versions: { readonly torch: string };
  readonly cases: readonly (Call & {
    readonly reductions: Readonly<Record<string, Numbers & { readonly by: string }>>;
  })[];
  readonly distances: readonly (Numbers & {
    readonly distance: StoredMatrix['distance'];
    readonly special?: string;
    readonly arguments: readonly Stored[];
  })[];
  readonly disagreements: readonly (Call & {
    readonly point: string;
    readonly reduction: string;
    readonly torch: Numbers;
    readonly ndgrad: Numbers;
    readonly reason: string;
  })[];
}

const reference = JSON.parse(readFileSync(join(__dirname, 'reference', 'losses.json'), 'utf8')) as Reference;

function isStored(x: unknown): x is Stored {
  return typeof x === 'object' && x !== null && 'data' in x && 'dtype' in x;
}

/** Arguments and options with tensors in place of what is stored; float tensors are collected as leaves. */
function revive(x: unknown, leaves: Tensor[] | undefined): unknown {
  if (isStored(x)) {
    const isFloat = x.dtype.startsWith('float');
    const t = tensor(Float64Array.from(x.data, Number), {
      shape: x.shape,
      dtype: x.dtype,
      requiresGrad: isFloat && leaves !== undefined,
    });
    if (isFloat) leaves?.push(t);
    return t;
  }
  if (Array.isArray(x))
    return x.map((entry) => (typeof entry === 'object' ? revive(entry, leaves) : (entry as unknown)));
  if (typeof x === 'object' && x !== null) {
    const entries = Object.entries(x).map(([key, value]): [string, unknown] => [key, revive(value, leaves)]);
    return relationOf(Object.fromEntries(entries));
  }
  return x;
}

/** Lists stand in the file under their kind. */
function relationOf(entry: Record<string, unknown>): unknown {
  const { triplets, pairs } = entry as {
    triplets?: { anchors: number[]; positives: number[]; negatives: number[] };
    pairs?: { anchors: number[]; others: number[]; same: boolean[] };
  };
  const twoSets = { selfPaired: false };
  if (triplets) return losses.triplets(triplets.anchors, triplets.positives, triplets.negatives, twoSets);
  if (pairs) return losses.pairs(pairs.anchors, pairs.others, pairs.same, twoSets);
  return entry;
}

const exported = new Map<string, unknown>(Object.entries(losses));

function functionOf(name: string): (...x: unknown[]) => Tensor {
  return exported.get(name) as (...x: unknown[]) => Tensor;
}

function matrixOf(name: StoredMatrix['distance'], x: Tensor, references: Tensor | undefined): Tensor {
  return functionOf(name)(x, references);
}

function computed(call: Call, reduction: string): { value: Tensor; leaves: Tensor[] } {
  const leaves: Tensor[] = [];
  const of = (call.matrix?.of ?? []).map((x) => revive(x, leaves) as Tensor);
  const given = call.arguments.map((x) => revive(x, leaves));
  const matrix = call.matrix === undefined ? [] : [matrixOf(call.matrix.distance, of[0], of[1])];
  const options = { ...(revive(call.options, undefined) as object), reduction };
  return { value: functionOf(call.loss)(...matrix, ...given, options), leaves };
}

const RELATIVE = 1e-9;

/** Equal to a relative 1e-9; where terms cancelled, to 1e-12 of the largest entry. */
function expectNumbers(got: Tensor, want: Stored, what: string): void {
  expect({ what, shape: got.shape }).toEqual({ what, shape: want.shape });
  const wanted = want.data.map(Number);
  const largest = Math.max(0, ...wanted.map(Math.abs).filter(Number.isFinite));
  const far = Array.from(got.toTypedArray()).flatMap((x, k) => {
    const y = wanted[k];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return [];
    return Math.abs(x - y) <= RELATIVE * Math.abs(y) + 1e-12 * largest ? [] : [{ k, got: x, want: y }];
  });
  expect({ what, far }).toEqual({ what, far: [] });
}

function expectAll({ value, leaves }: { value: Tensor; leaves: Tensor[] }, want: Numbers): void {
  expectNumbers(value, want.value, 'value');
  if (want.gradients === undefined) return;
  const cotangent = want.cotangent === undefined ? undefined : (revive(want.cotangent, undefined) as Tensor);
  const total = cotangent === undefined ? value : value.mul(cotangent).sum();
  const found = gradients([total], leaves, { allowUnused: true });
  want.gradients.forEach((stored, k) => {
    const gradient = found[k];
    if (gradient === undefined) throw new Error(`no gradient reaches float input ${k}`);
    expectNumbers(gradient, stored, `gradient ${k}`);
  });
}

const title = (call: Call, index: number): string =>
  `${call.loss} ${index}${call.special === undefined ? '' : ` (${call.special})`} ${JSON.stringify(
    Object.fromEntries(Object.entries(call.options).map(([key, x]) => [key, isStored(x) ? '…' : x])),
  )}`;

describe(`PyTorch ${reference.versions.torch}`, () => {
  it('has numbers for every loss', () => {
    const covered = new Set(reference.cases.map((one) => one.loss));
    expect([...covered].sort()).toEqual(Object.keys(lossInfo).sort());
  });

  describe.each(reference.cases.map((one, k): [string, typeof one] => [title(one, k), one]))(
    '%s',
    (_, one) => {
      it.each(Object.keys(one.reductions))('agrees under %s, gradients too', (reduction) => {
        expectAll(computed(one, reduction), one.reductions[reduction]);
      });
    },
  );

  it.each(
    reference.distances.map((one, k): [string, typeof one] => [
      `${one.distance} ${k} ${one.special ?? ''}`,
      one,
    ]),
  )('agrees on %s', (_, one) => {
    const leaves: Tensor[] = [];
    const [x, references] = one.arguments.map((stored) => revive(stored, leaves) as Tensor);
    expectAll({ value: matrixOf(one.distance, x, references), leaves }, one);
  });

  describe.each(
    reference.disagreements.map((one): [string, typeof one] => [`${one.loss}: ${one.point}`, one]),
  )('differs by intent from %s', (_, one) => {
    it(`because ${one.reason}`, () => {
      expectAll(computed(one, one.reduction), one.ndgrad);
    });

    it('and PyTorch does give another number', () => {
      expect([one.torch.value.data, one.torch.gradients?.map((g) => g.data)]).not.toEqual([
        one.ndgrad.value.data,
        one.ndgrad.gradients?.map((g) => g.data),
      ]);
    });
  });
});
