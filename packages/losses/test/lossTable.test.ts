import { describe, expect, it } from '@jest/globals';
import { ArgumentError, gradients, ShapeError, Tensor, tensor } from '@ndgrad/core';
import { gradcheck, gradgradcheck } from '@ndgrad/core/testing';
import * as losses from '@ndgrad/losses';
import { describe as describeLoss } from '@ndgrad/losses';
import { type Law, type LossCase, type LossName, type LossRow, lossInfo } from './lossInfo.js';
import { differences, type Matrix, REDUCTIONS, reduceNaively, type Sample } from './naive.js';

const rows = Object.entries(lossInfo) as [LossName, LossRow][];
/** What `describe` of the package takes. */
type Described = Parameters<typeof describeLoss>[0];
const functions = new Map(Object.entries(losses)) as unknown as Map<LossName, Described>;

/** The width of an empty batch is not in its rows. */
function tensors(sample: Sample, dtype: 'float32' | 'float64', requiresGrad = false): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(sample.floats).map(([name, matrix]) => [
      name,
      tensor(matrix as number[][], {
        dtype,
        requiresGrad,
        shape: [matrix.length, matrix[0]?.length ?? (sample.fixed.width as number | undefined) ?? 0],
      }),
    ]),
  );
}

function valuesOf(x: Tensor): number[] {
  return Array.from(x.toTypedArray());
}

function run(row: LossRow, sample: Sample, more: Sample['options'] = {}): Tensor {
  return row.call(tensors(sample, 'float64'), sample.fixed, { ...sample.options, ...more });
}

/** Equal up to `relative` of the larger, or of 1e-3 where both are smaller than that. */
function expectClose(got: readonly number[], want: readonly number[], relative: number): void {
  expect(got.length).toBe(want.length);
  got.forEach((x, k) => {
    const y = want[k];
    if (Object.is(x, y) || x === y) return;
    expect({ k, error: Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y), 1e-3), x, y }).toEqual({
      k,
      error: expect.closeTo(0, -Math.log10(relative) - 0.30103) as unknown,
      x,
      y,
    });
  });
}

/** Weights for the terms of a case, or for its classes where those are what the loss weighs. */
const WEIGHTS: Record<string, (k: number) => number> = {
  unequal: (k) => [1, 0.5, 3, 2][k % 4],
  'some 0': (k) => [0, 1, 2][k % 3],
  'all 0': () => 0,
};

interface Weighed {
  readonly sample: Sample;
  readonly weights: number[] | undefined;
}

function weigh(row: LossRow, sample: Sample, kind: string): Weighed {
  const weightOf = WEIGHTS[kind];
  if (weightOf === undefined) return { sample, weights: undefined };
  if (row.classWeights !== undefined) {
    const count = sample.options.axis === 0 ? sample.floats.prediction.length : row.classWeights;
    const weight = Array.from({ length: count }, (_, k) => weightOf(k));
    return { sample: { ...sample, options: { ...sample.options, weight } }, weights: undefined };
  }
  const { shape, values } = row.oracle(sample, sample);
  const weights = values.map((_, k) => weightOf(k));
  const weight = tensor(Float64Array.from(weights), { shape });
  return { sample: { ...sample, options: { ...sample.options, weight } }, weights };
}

function backward(
  row: LossRow,
  sample: Sample,
  more: Sample['options'] = {},
): { loss: Tensor; gradients: Record<string, Tensor> } {
  const inputs = tensors(sample, 'float64', true);
  const loss = row.call(inputs, sample.fixed, { ...sample.options, ...more });
  const names = Object.keys(inputs);
  const found = gradients([loss.sum()], Object.values(inputs), { allowUnused: true });
  return {
    loss,
    gradients: Object.fromEntries(
      names.map((name, k) => {
        const gradient = found[k];
        if (gradient === undefined) throw new Error(`no gradient reaches ${name}: the graph is dead`);
        return [name, gradient];
      }),
    ),
  };
}

describe.each(rows)('%s', (name, row) => {
  it('says its formula, paper and denominator', () => {
    const facts = describeLoss(functions.get(name) as Described);
    expect(facts.name).toBe(name);
    for (const text of [facts.formula, facts.paper, facts.denominator])
      expect(text.length).toBeGreaterThan(5);
  });

  describe.each(row.cases.map((one): [string, LossCase] => [one.name, one]))('%s', (_, one) => {
    describe.each(['no weights', ...Object.keys(WEIGHTS)])('%s', (kind) => {
      const { sample, weights } = weigh(row, one, kind);

      it.each(REDUCTIONS)('equals the loops of the paper under %s', (reduction) => {
        const terms = row.oracle(sample, sample);
        const got = run(row, sample, { reduction });
        expect(got.shape).toEqual(reduction === 'none' ? terms.shape : []);
        expectClose(valuesOf(got), reduceNaively(terms, reduction, weights), 1e-11);
      });

      it.each(['mean', 'sum', 'meanActive'] as const)(
        'has the derivatives of those loops under %s',
        (reduction) => {
          const found = backward(row, sample, { reduction }).gradients;
          for (const input of Object.keys(sample.floats)) {
            const value = (at: Sample) => reduceNaively(row.oracle(at, sample), reduction, weights)[0];
            expectClose(valuesOf(found[input]), differences(value, sample, input).flat(), 1e-8);
          }
        },
      );

      if (kind === 'all 0') {
        it.each(REDUCTIONS)('is exactly 0 with a gradient of 0 under %s', (reduction) => {
          expectNothing(row, sample, reduction);
        });
      }
    });

    it('means the mean when nothing is said', () => {
      expect(valuesOf(run(row, one))).toEqual(valuesOf(run(row, one, { reduction: 'mean' })));
    });

    if (row.constants === undefined) {
      it('passes gradcheck and gradgradcheck', () => {
        const names = Object.keys(one.floats);
        const f = (...inputs: Tensor[]) =>
          row.call(Object.fromEntries(names.map((key, k) => [key, inputs[k]])), one.fixed, one.options);
        const inputs = Object.values(tensors(one, 'float64'));
        gradcheck(f, inputs);
        gradgradcheck(f, inputs);
      });
    }

    it('gives float32 for float32, to its precision', () => {
      const got = row.call(tensors(one, 'float32'), one.fixed, one.options);
      expectClose(valuesOf(got), valuesOf(run(row, one)), 2e-5);
      if (!Object.values(one.options).some((option) => option instanceof Tensor))
        expect(got.dtype).toBe('float32');
    });

    it('does not see how its inputs lie in memory', () => {
      const packed = tensors(one, 'float64');
      const strided = Object.fromEntries(
        Object.entries(packed).map(([key, x]) => [key, tensor(x.T, { dtype: 'float64' }).T]),
      );
      expect(valuesOf(row.call(strided, one.fixed, one.options))).toEqual(
        valuesOf(row.call(packed, one.fixed, one.options)),
      );
    });

    const lawful = (law: Law): boolean => one.breaks?.[law] === undefined;
    const { permutation, relabelling, shift, scale } = row.laws;
    const same = (changed: Sample, factor = 1) =>
      expectClose(
        valuesOf(run(row, changed)),
        valuesOf(run(row, one)).map((x) => x * factor),
        1e-11,
      );
    if (typeof permutation === 'function' && lawful('permutation')) {
      it('does not see the order of the batch', () => same(permutation(one)));
    }
    if (typeof relabelling === 'function' && lawful('relabelling')) {
      it('does not see the names of the classes', () => same(relabelling(one)));
    }
    if (typeof shift === 'function' && lawful('shift')) {
      it('does not see a shift', () => same(shift(one)));
    }
    if (typeof scale === 'function' && lawful('scale')) {
      it('follows a change of units', () => {
        const { sample, factor } = scale(one);
        same(sample, factor);
      });
    }

    const { poison } = row;
    if (poison !== undefined) {
      it('lets no NaN of a term that does not count reach the value or a gradient', () => {
        const { shape, values, counted } = row.oracle(one, one);
        for (let term = 0; term < values.length; term++) {
          const sick = poison(one, term);
          if (sick === one) continue;
          const weights = values.map((_, k) => Number(k !== term));
          const weight = tensor(Float64Array.from(weights), { shape });
          // A term that its relation leaves out needs no weight of 0.
          const more = row.classWeights === undefined && counted?.[term] !== false ? { weight } : {};
          for (const reduction of REDUCTIONS) {
            const healthy = row.classWeights === undefined ? one : { ...one, fixed: sick.fixed };
            const got = backward(row, sick, { ...more, reduction });
            const want = backward(row, healthy, { ...more, reduction });
            expect(valuesOf(got.loss)).toEqual(valuesOf(want.loss));
            for (const input of Object.keys(one.floats)) {
              expect(valuesOf(got.gradients[input])).toEqual(valuesOf(want.gradients[input]));
            }
          }
        }
      });

      it('hides no NaN of a term that counts', () => {
        const { values, counted } = row.oracle(one, one);
        if (row.classWeights !== undefined) return;
        const term = values.findIndex((_, k) => counted?.[k] !== false);
        const sick = poison(one, term);
        if (sick === one || refused(row, sick)) return;
        for (const reduction of ['mean', 'sum', 'meanActive'] as const) {
          expect(run(row, sick, { reduction }).item()).toBeNaN();
        }
      });
    }
  });

  describe.each(Object.keys(row.empties))('%s', (kind) => {
    it.each(REDUCTIONS)('is exactly 0 with a gradient of 0 under %s', (reduction) => {
      expectNothing(row, row.empties[kind], reduction);
    });
  });

  const { separated, unused } = row.laws;
  if ('sample' in separated) {
    it('costs nothing when all is as wanted', () => {
      const value = run(row, separated.sample, { reduction: 'sum' }).item();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(separated.atMost);
    });
  }
  if ('sample' in unused) {
    it('sends no gradient to samples that it does not use', () => {
      const matrix = backward(row, unused.sample).gradients[unused.input].toArray() as unknown as Matrix;
      matrix.forEach((line, i) => {
        if (unused.rows.includes(i)) expect(line).toEqual(line.map(() => 0));
        else expect(line.some((x) => x !== 0)).toBe(true);
      });
    });
  }

  describe('errors', () => {
    it.each(row.errors.map((one): [string, typeof one] => [one.title, one]))(
      '%s',
      (_, { run, error, message }) => {
        const thrown = catchError(run);
        expect(thrown).toBeInstanceOf(error);
        expect((thrown as Error).message).toContain(message);
      },
    );

    const [first] = row.cases;
    it('refuses an unknown option, naming the nearest', () => {
      const thrown = catchError(() => run(row, first, { reducton: 'sum' }));
      expect(thrown).toBeInstanceOf(ArgumentError);
      expect((thrown as Error).message).toContain(
        `${name}: unknown option 'reducton'; did you mean 'reduction'?`,
      );
    });

    it('refuses a reduction that it does not know, with the list', () => {
      const thrown = catchError(() => run(row, first, { reduction: 'avg' }));
      expect(thrown).toBeInstanceOf(ArgumentError);
      expect((thrown as Error).message).toContain(
        `${name}: reduction must be 'mean' or 'sum' or 'none' or 'meanActive', got "avg"`,
      );
    });

    it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a weight of %p', (bad) => {
      const { sample } = weigh(row, first, 'unequal');
      const given = sample.options.weight;
      const values = given instanceof Tensor ? valuesOf(given) : [...(given as number[])];
      values[1] = bad;
      const weight =
        given instanceof Tensor ? tensor(Float64Array.from(values), { shape: given.shape }) : values;
      const thrown = catchError(() => run(row, sample, { weight }));
      expect(thrown).toBeInstanceOf(ArgumentError);
      expect((thrown as Error).message).toContain(
        `${name}: weight must be finite and not negative, got ${bad}`,
      );
    });

    it('refuses weights of another shape', () => {
      const thrown = catchError(() => run(row, first, { weight: tensor([[[1]], [[1]]]) }));
      expect(thrown).toBeInstanceOf(ShapeError);
      expect((thrown as Error).message).toContain(`${name}: weight must have `);
    });

    it('refuses weights that are no numbers', () => {
      const thrown = catchError(() => run(row, first, { weight: 'heavy' }));
      expect(thrown).toBeInstanceOf(ArgumentError);
      expect((thrown as Error).message).toContain(
        `${name}: weight must be a tensor or an array of numbers, got "heavy"`,
      );
    });

    it('refuses options that are no object', () => {
      const inputs = tensors(first, 'float64');
      expect(() => row.call(inputs, first.fixed, 3 as unknown as Record<string, unknown>)).toThrow(
        ArgumentError,
      );
    });
  });
});

function expectNothing(row: LossRow, sample: Sample, reduction: string): void {
  const { loss, gradients: found } = backward(row, sample, { reduction });
  expect(loss.requiresGrad).toBe(true);
  for (const x of valuesOf(loss)) expect(x).toBe(0);
  if (reduction !== 'none') expect(loss.shape).toEqual([]);
  for (const gradient of Object.values(found)) {
    for (const x of valuesOf(gradient)) expect(x === 0).toBe(true);
  }
}

function refused(row: LossRow, sample: Sample): boolean {
  return catchError(() => run(row, sample)) instanceof ArgumentError;
}

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
