/** @file Every loss in a captured step, and in a scope: the bits of the eager call, values and gradients. */
import { describe, expect, it } from '@jest/globals';
import { capture, gradients, scope, type Tensor, tensor } from '@ndgrad/core';
import { contrastiveLoss, crossEntropy, euclideanDistances, tripletLoss } from '@ndgrad/losses';
import { type LossCase, type LossName, type LossRow, lossInfo } from './lossInfo.js';

const rows = Object.entries(lossInfo) as [LossName, LossRow][];

/** Lists of whole numbers and of booleans, and matrices, as the tensors that a captured step wants instead. */
function asTensor(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asTensor(part)]));
  }
  if (!Array.isArray(value) || value.length === 0) return value;
  if (Array.isArray(value[0])) return tensor(value as number[][], { dtype: 'float64' });
  if (value.every((x) => typeof x === 'boolean')) return tensor(value);
  return value.every(Number.isInteger) ? tensor(Int32Array.from(value as number[])) : value;
}

/** Numbers and lists of them, in options, as tensors of the dtype of the inputs. */
function optionTensor(key: string, value: unknown, dtype: 'float32' | 'float64'): unknown {
  if (!Array.isArray(value)) return value;
  return key === 'referenceLabels' ? asTensor(value) : tensor(value as number[], { dtype });
}

/** Bits, NaN being one of them. */
const bits = (t: Tensor): number[] => Array.from(t.toTypedArray(), (x) => (Number.isNaN(x) ? NaN : x));

describe.each(rows)('%s', (_loss, row) => {
  it.each(row.cases.map((one): [string, LossCase] => [one.name, one]))('%s', (_name, one) => {
    const names = Object.keys(one.floats);
    const fixed = Object.fromEntries(Object.entries(one.fixed).map(([key, value]) => [key, asTensor(value)]));
    for (const dtype of ['float32', 'float64'] as const) {
      const options = Object.fromEntries(
        Object.entries(one.options).map(([key, value]) => [key, optionTensor(key, value, dtype)]),
      );
      const inputs = (scale: number): Tensor[] =>
        names.map((input) =>
          tensor(
            (one.floats[input] as number[][]).map((line) => line.map((x) => x * scale)),
            { dtype, requiresGrad: true },
          ),
        );
      const step = (...given: Tensor[]): Tensor[] => {
        const floats = Object.fromEntries(names.map((input, k) => [input, given[k] as Tensor]));
        const loss = row.call(floats, fixed as typeof one.fixed, options);
        return [loss, ...(gradients([loss.sum()], given, { materializeGrads: true }) as Tensor[])];
      };
      const captured = capture(step);
      for (const scale of [1, 0.9375]) {
        const x = inputs(scale);
        const expected = step(...x).map(bits);
        expect(scope(() => step(...x)).map(bits)).toEqual(expected);
        expect(captured(...x).map(bits)).toEqual(expected);
      }
      expect(captured.stats()).toMatchObject({ calls: 2, recordings: 1 });
      captured.dispose();
    }
  });
});

describe('in a captured step', () => {
  const logits = tensor([
    [1, 2, 3],
    [3, 2, 1],
  ]);

  it('labels are checked at each call, as eagerly', () => {
    const captured = capture((x: Tensor, labels: Tensor) => crossEntropy(x, labels));
    const labels = (...list: number[]): Tensor => tensor(Int32Array.from(list));
    expect(captured(logits, labels(0, 2)).item()).toBe(crossEntropy(logits, labels(0, 2)).item());
    const message = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
      return 'nothing thrown';
    };
    for (const bad of [labels(0, 3), labels(-1, 0)]) {
      const eager = message(() => crossEntropy(logits, bad));
      expect(eager).toMatch(/^IndexError: crossEntropy/);
      expect(message(() => captured(logits, bad))).toBe(eager);
    }
  });

  it('what is written out is refused, with a way out', () => {
    expect(() => capture((x: Tensor) => crossEntropy(x, [0, 1]))(logits)).toThrow(/crossEntropy.*tensor/);
    expect(() => capture((x: Tensor) => contrastiveLoss(x, x.mul(2), [true, false]))(logits)).toThrow(
      /CaptureError|tensor/,
    );
    const distances = capture((x: Tensor) => {
      const d = euclideanDistances(x);
      return tripletLoss(d, { kind: 'triplets', anchors: [0], positives: [1], negatives: [0] } as never);
    });
    expect(() => distances(logits)).toThrow();
  });
});
