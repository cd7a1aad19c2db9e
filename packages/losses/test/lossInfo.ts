/**
 * @file One row per loss: samples, a naive oracle straight from the paper, the laws it keeps or breaks, and its errors.
 * The type checker joins the rows to the package: a loss without a row does not compile.
 */
import { ArgumentError, DTypeError, IndexError, ShapeError, type Tensor, tensor } from '@ndgrad/core';
import type { Distances, LossFacts, Relation, Similarities, Triplets } from '@ndgrad/losses';
import * as losses from '@ndgrad/losses';
import { type Matrix, pick, type Sample, shuffled, type Terms, uniform } from './naive.js';

/** Every export that says of itself what a loss says. */
export type LossName = {
  [K in keyof typeof losses]: (typeof losses)[K] extends LossFacts ? K : never;
}[keyof typeof losses];

/** The law does not hold, and why. */
interface Breaks {
  readonly breaks: string;
}

/** What must follow from what; each is kept by a transformation or broken for a reason. */
export interface Laws {
  /** Another order of the batch: the same value. */
  readonly permutation: ((sample: Sample) => Sample) | Breaks;
  /** Other names for the classes: the same value. */
  readonly relabelling: ((sample: Sample) => Sample) | Breaks;
  /** A constant added to what is compared: the same value. */
  readonly shift: ((sample: Sample) => Sample) | Breaks;
  /** Everything in other units: the value in those units. */
  readonly scale: ((sample: Sample) => { readonly sample: Sample; readonly factor: number }) | Breaks;
  /** A batch that is as wanted: 0, or as near as the form allows. */
  readonly separated: { readonly sample: Sample; readonly atMost: number } | Breaks;
  /** Samples that no term needs: gradient rows of 0. */
  readonly unused:
    | { readonly sample: Sample; readonly input: string; readonly rows: readonly number[] }
    | Breaks;
}

export type Law = keyof Laws;

export interface LossCase extends Sample {
  readonly name: string;
  /** Laws that this case breaks although its loss keeps them. */
  readonly breaks?: Partial<Record<Law, string>>;
}

export interface ErrorCase {
  readonly title: string;
  readonly run: () => unknown;
  readonly error: new (...parts: never[]) => Error;
  readonly message: string;
}

export interface LossRow {
  readonly cases: readonly LossCase[];
  call(floats: Readonly<Record<string, Tensor>>, fixed: Sample['fixed'], options: Sample['options']): Tensor;
  /** `constants` is where whatever the loss treats as constant is computed; else the sample itself. */
  oracle(sample: Sample, constants: Sample): Terms;
  /** Whether `weight` is per class and part of the oracle; else it is per term. */
  readonly classWeights?: number;
  /** Why finite differences of the loss itself disagree with its gradient; those of the oracle never may. */
  readonly constants?: string;
  /** The sample with NaN in everything that only this term reads, and the term's slot not counting if the loss has such slots. */
  readonly poison?: (sample: Sample, term: number) => Sample;
  /** Batches in which nothing counts. */
  readonly empties: Readonly<Record<string, Sample>>;
  readonly laws: Laws;
  readonly errors: readonly ErrorCase[];
}

const options = (sample: Sample, more: Sample['options']): Sample => ({
  ...sample,
  options: { ...sample.options, ...more },
});

/** Rows of every input, and of the fixed lists named, in another order. */
function reordered(sample: Sample, order: readonly number[], fixed: readonly string[] = []): Sample {
  return {
    floats: mapValues(sample.floats, (matrix) => pick(matrix, order)),
    fixed: {
      ...sample.fixed,
      ...Object.fromEntries(
        fixed
          .filter((name) => sample.fixed[name] !== undefined)
          .map((name) => [name, pick(sample.fixed[name] as unknown[], order)]),
      ),
    },
    options: sample.options,
  };
}

function mapValues(
  floats: Sample['floats'],
  change: (matrix: Matrix, name: string) => Matrix,
): Record<string, Matrix> {
  return Object.fromEntries(Object.entries(floats).map(([name, matrix]) => [name, change(matrix, name)]));
}

const each = (change: (x: number) => number) => (matrix: Matrix) => matrix.map((row) => row.map(change));

const permuteRows =
  (...fixed: string[]) =>
  (sample: Sample) =>
    reordered(sample, shuffled(Object.values(sample.floats)[0].length), fixed);

/** Another name for every label: injective, not monotone, negative in places. */
const renamed = (label: number): number => (label % 2 === 0 ? -5 * label - 3 : 7 * label);

/** A constant for each input; all the same. */
const shiftAll = (sample: Sample): Sample => ({
  ...sample,
  floats: mapValues(
    sample.floats,
    each((x) => x + 0.625),
  ),
});

const scaleAll = (sample: Sample, by: number, ...lengths: string[]): Sample => ({
  ...sample,
  floats: mapValues(
    sample.floats,
    each((x) => x * by),
  ),
  options: {
    ...sample.options,
    ...Object.fromEntries(
      lengths
        .filter((name) => name in sample.options)
        .map((name) => [name, (sample.options[name] as number) * by]),
    ),
  },
});

/** NaN at one element of each of the inputs named, counted in row-major order. */
const poisonElement =
  (...names: string[]) =>
  (sample: Sample, term: number): Sample => ({
    ...sample,
    floats: mapValues(sample.floats, (matrix, name) =>
      names.includes(name)
        ? matrix.map((row, i) => row.map((x, j) => (i * row.length + j === term ? Number.NaN : x)))
        : matrix,
    ),
  });

/** NaN in one row of each of the inputs named. */
const poisonRow =
  (...names: string[]) =>
  (sample: Sample, term: number): Sample => ({
    ...sample,
    floats: mapValues(sample.floats, (matrix, name) =>
      names.includes(name) ? matrix.map((row, i) => (i === term ? row.map(() => Number.NaN) : row)) : matrix,
    ),
  });

const flat = (matrix: Matrix): number[] => matrix.flat();
const shapeOf = (matrix: Matrix): number[] => [matrix.length, matrix[0]?.length ?? 0];
const noLabels: Breaks = { breaks: 'it knows no labels' };
const needsAll: Breaks = { breaks: 'every element is a term' };

const sample = (
  floats: Record<string, Matrix>,
  fixed: Sample['fixed'] = {},
  more: Sample['options'] = {},
): Sample => ({ floats, fixed, options: more });

const regression = {
  prediction: uniform(1, 3, 4),
  target: uniform(2, 3, 4),
};

const wrongShape = (call: (a: Tensor, b: Tensor) => unknown, where: string): ErrorCase => ({
  title: 'refuses to broadcast [3] against [3, 1]',
  run: () => call(tensor([1, 1, 1]), tensor([[1], [1], [1]])),
  error: ShapeError,
  message: `${where}: target must have the shape of prediction, [3], got [3, 1]`,
});

const notATensor = (call: (a: Tensor, b: Tensor) => unknown, where: string): ErrorCase => ({
  title: 'refuses a target that is no tensor',
  run: () => call(tensor([1]), 3 as unknown as Tensor),
  error: ArgumentError,
  message: `${where}: target must be a tensor, got 3`,
});

const margins = (where: string, call: (options: object) => unknown): ErrorCase[] =>
  [0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((margin) => ({
    title: `refuses a margin of ${margin}`,
    run: () => call({ margin }),
    error: ArgumentError,
    message: `${where}: margin must be a finite number above 0`,
  }));

// Distances

const distance = (a: readonly number[], b: readonly number[], p = 2): number =>
  a.reduce((sum, x, k) => sum + Math.abs(x - b[k]) ** p, 0) ** (1 / p);

/** The matrix of a sample: as given, or between its embeddings. */
function matrixOf({ floats: { d, x, references }, fixed: { squared } }: Sample): Matrix {
  if (d !== undefined) return d;
  return x.map((a) =>
    (references ?? x).map((b) => (squared === true ? distance(a, b) ** 2 : distance(a, b))),
  );
}

function distancesOf(floats: Readonly<Record<string, Tensor>>, fixed: Sample['fixed']): Distances {
  if (floats.d !== undefined) {
    return losses.asDistances(floats.d, { metric: 'drawn', selfPaired: fixed.selfPaired === true });
  }
  return fixed.squared === true
    ? losses.squaredEuclideanDistances(floats.x, floats.references)
    : losses.euclideanDistances(floats.x, floats.references);
}

/** Labels, embeddings and the matrix, in another order of the items. */
function reorderedItems(given: Sample): Sample {
  const n = Object.values(given.floats)[0].length;
  const order = shuffled(n);
  const square = given.fixed.selfPaired === true;
  return {
    ...given,
    floats: mapValues(given.floats, (matrix, name) => {
      if (name === 'references') return matrix;
      const rows = pick(matrix, order);
      return name === 'd' && square ? rows.map((row) => pick(row, order)) : rows;
    }),
    fixed: { ...given.fixed, labels: pick(given.fixed.labels as number[], order) },
  };
}

const relabelled = (given: Sample): Sample => ({
  ...given,
  fixed: { ...given.fixed, labels: (given.fixed.labels as number[]).map(renamed) },
  options: {
    ...given.options,
    ...(given.options.referenceLabels !== undefined && {
      referenceLabels: (given.options.referenceLabels as number[]).map(renamed),
    }),
  },
});

/** 1, 0 or undefined: the same, different, no pair. */
function sameness({ fixed, options: given, floats }: Sample, i: number, j: number): number | undefined {
  const labels = fixed.labels as number[];
  const others = (given.referenceLabels as number[] | undefined) ?? labels;
  const self = floats.references === undefined && (floats.x !== undefined || fixed.selfPaired === true);
  if (self && i === j) return undefined;
  return labels[i] === others[j] ? 1 : 0;
}

/** Triplets of the sample as three lists and a mask. */
interface TripletLists {
  readonly anchors: readonly number[];
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  readonly mask?: readonly boolean[];
}

const tripletsOf = ({ anchors, positives, negatives, mask }: TripletLists): Triplets =>
  losses.triplets(anchors, positives, negatives, { selfPaired: false, ...(mask && { mask }) });

const line = uniform(31, 6, 3);
const someTriplets: TripletLists = {
  anchors: [0, 1, 2, 3, 0],
  positives: [1, 0, 3, 2, 1],
  negatives: [2, 3, 0, 4, 4],
};
const unitMatrix = losses.asDistances(
  tensor([
    [0, 1],
    [1, 0],
  ]),
  { metric: 'drawn' },
);

// Classes

const logits = uniform(7, 5, 4, -3, 3);
const shares = uniform(8, 5, 4, 0.05, 0.4);

/** The logits of a row, wherever the class axis lies. */
function rowsOf(given: Sample): Matrix {
  const { prediction } = given.floats;
  return given.options.axis === 0 ? prediction[0].map((_, j) => prediction.map((row) => row[j])) : prediction;
}

export const lossInfo = {
  mseLoss: {
    cases: [{ name: 'two matrices', ...sample(regression) }],
    call: ({ prediction, target }, _, given) => losses.mseLoss(prediction, target, given),
    oracle: ({ floats: { prediction, target } }) => ({
      shape: shapeOf(prediction),
      values: flat(prediction).map(
        (x, k) => x * x - 2 * x * flat(target)[k] + flat(target)[k] * flat(target)[k],
      ),
    }),
    poison: poisonElement('prediction', 'target'),
    empties: { 'no rows': sample({ prediction: [], target: [] }) },
    laws: {
      permutation: permuteRows(),
      relabelling: noLabels,
      shift: shiftAll,
      scale: (given) => ({ sample: scaleAll(given, 3), factor: 9 }),
      separated: { sample: sample({ prediction: regression.target, target: regression.target }), atMost: 0 },
      unused: needsAll,
    },
    errors: [wrongShape(losses.mseLoss, 'mseLoss'), notATensor(losses.mseLoss, 'mseLoss')],
  },

  l1Loss: {
    cases: [{ name: 'two matrices', ...sample(regression) }],
    call: ({ prediction, target }, _, given) => losses.l1Loss(prediction, target, given),
    oracle: ({ floats: { prediction, target } }) => ({
      shape: shapeOf(prediction),
      values: flat(prediction).map((x, k) => Math.max(x, flat(target)[k]) - Math.min(x, flat(target)[k])),
    }),
    poison: poisonElement('prediction', 'target'),
    empties: { 'no rows': sample({ prediction: [], target: [] }) },
    laws: {
      permutation: permuteRows(),
      relabelling: noLabels,
      shift: shiftAll,
      scale: (given) => ({ sample: scaleAll(given, 3), factor: 3 }),
      separated: { sample: sample({ prediction: regression.target, target: regression.target }), atMost: 0 },
      unused: needsAll,
    },
    errors: [wrongShape(losses.l1Loss, 'l1Loss'), notATensor(losses.l1Loss, 'l1Loss')],
  },

  huberLoss: {
    cases: [
      { name: 'the default delta', ...sample(regression) },
      { name: 'a small delta', ...sample(regression, {}, { delta: 0.3 }) },
    ],
    call: ({ prediction, target }, _, given) => losses.huberLoss(prediction, target, given),
    oracle: ({ floats: { prediction, target }, options: { delta = 1 } }) => ({
      shape: shapeOf(prediction),
      values: flat(prediction).map((x, k) => {
        const e = Math.abs(x - flat(target)[k]);
        const d = delta as number;
        return e <= d ? e ** 2 / 2 : d * (e - d / 2);
      }),
    }),
    poison: poisonElement('prediction', 'target'),
    empties: { 'no rows': sample({ prediction: [], target: [] }) },
    laws: {
      permutation: permuteRows(),
      relabelling: noLabels,
      shift: shiftAll,
      scale: (given) => ({
        sample: scaleAll(options({ ...given }, { delta: given.options.delta ?? 1 }), 3, 'delta'),
        factor: 9,
      }),
      separated: { sample: sample({ prediction: regression.target, target: regression.target }), atMost: 0 },
      unused: needsAll,
    },
    errors: [
      wrongShape(losses.huberLoss, 'huberLoss'),
      notATensor(losses.huberLoss, 'huberLoss'),
      ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((delta) => ({
        title: `refuses a delta of ${delta}`,
        run: () => losses.huberLoss(tensor([1]), tensor([2]), { delta }),
        error: ArgumentError,
        message: 'huberLoss: delta must be a finite number above 0',
      })),
    ],
  },

  binaryCrossEntropyWithLogits: {
    cases: [
      { name: 'soft targets', ...sample({ prediction: logits, target: uniform(9, 5, 4, 0.1, 0.9) }) },
      {
        name: 'hard targets and a positive weight per output',
        ...sample(
          { prediction: logits },
          { target: uniform(9, 5, 4, 0, 1).map((row) => row.map(Math.round)) },
          {
            positiveWeight: [0.5, 2, 1, 3],
          },
        ),
      },
      {
        name: 'one positive weight',
        ...sample({ prediction: logits, target: uniform(9, 5, 4, 0.1, 0.9) }, {}, { positiveWeight: 2.5 }),
      },
    ],
    call: ({ prediction, target }, fixed, given) =>
      losses.binaryCrossEntropyWithLogits(
        prediction,
        target ?? tensor(fixed.target as number[][], { dtype: prediction.dtype }),
        given,
      ),
    oracle: ({ floats, fixed, options: { positiveWeight = 1 } }) => {
      const target = floats.target ?? (fixed.target as Matrix);
      return {
        shape: shapeOf(floats.prediction),
        values: floats.prediction.flatMap((row, i) =>
          row.map((z, j) => {
            const p = 1 / (1 + Math.exp(-z));
            const c = typeof positiveWeight === 'number' ? positiveWeight : (positiveWeight as number[])[j];
            return -c * target[i][j] * Math.log(p) - (1 - target[i][j]) * Math.log(1 - p);
          }),
        ),
      };
    },
    poison: poisonElement('prediction', 'target'),
    empties: { 'no rows': sample({ prediction: [], target: [] }) },
    laws: {
      permutation: permuteRows('target'),
      relabelling: { breaks: 'its classes are 0 and 1' },
      shift: { breaks: 'the zero of a logit means even odds' },
      scale: { breaks: 'the scale of a logit means how sure it is' },
      separated: {
        sample: sample({ prediction: [[1000, -1000]] }, { target: [[1, 0]] }),
        atMost: 0,
      },
      unused: needsAll,
    },
    errors: [
      wrongShape(losses.binaryCrossEntropyWithLogits, 'binaryCrossEntropyWithLogits'),
      notATensor(losses.binaryCrossEntropyWithLogits, 'binaryCrossEntropyWithLogits'),
      ...[-0.5, 1.5, Number.NaN].map((t) => ({
        title: `refuses a target of ${t}`,
        run: () => losses.binaryCrossEntropyWithLogits(tensor([[0, 0]]), tensor([[1, t]])),
        error: ArgumentError,
        message: `binaryCrossEntropyWithLogits: target must lie in [0, 1], got ${t} at position [0, 1]`,
      })),
      {
        title: 'refuses a negative positive weight',
        run: () => losses.binaryCrossEntropyWithLogits(tensor([0]), tensor([1]), { positiveWeight: -1 }),
        error: ArgumentError,
        message: 'binaryCrossEntropyWithLogits: positiveWeight must be a finite number at least 0, got -1',
      },
      {
        title: 'refuses positive weights of another length than the last axis',
        run: () =>
          losses.binaryCrossEntropyWithLogits(tensor([[0, 0]]), tensor([[1, 1]]), {
            positiveWeight: [1, 2, 3],
          }),
        error: ShapeError,
        message:
          'binaryCrossEntropyWithLogits: positiveWeight must be a number or have one entry per entry of the last axis of [1, 2], got [3]',
      },
    ],
  },

  crossEntropy: {
    cases: [
      { name: 'indices', ...sample({ prediction: logits }, { target: [3, 0, 1, 0, 2] }) },
      {
        name: 'indices with class weights',
        ...sample({ prediction: logits }, { target: [3, 0, 1, 0, 2] }, { weight: [1, 0.5, 2, 3] }),
      },
      {
        name: 'some rows ignored',
        ...sample({ prediction: logits }, { target: [3, -100, 1, -100, 2] }, { weight: [1, 0.5, 2, 3] }),
      },
      {
        name: 'label smoothing',
        ...sample(
          { prediction: logits },
          { target: [3, 0, -7, 0, 2] },
          { labelSmoothing: 0.2, ignoreIndex: -7 },
        ),
      },
      {
        name: 'label smoothing with class weights',
        ...sample(
          { prediction: logits },
          { target: [3, 0, 1, 0, 2] },
          { labelSmoothing: 0.2, weight: [1, 0.5, 2, 3] },
        ),
      },
      { name: 'probabilities', ...sample({ prediction: logits, target: shares }) },
      {
        name: 'probabilities with class weights and smoothing',
        ...sample(
          { prediction: logits, target: shares },
          {},
          { weight: [1, 0.5, 2, 3], labelSmoothing: 0.1 },
        ),
      },
      {
        name: 'classes along axis 0',
        ...sample({ prediction: logits }, { target: [3, 0, 1, 4] }, { axis: 0 }),
        breaks: { permutation: 'the rows are columns here; the other cases say it' },
      },
    ],
    call: ({ prediction, target }, fixed, given) =>
      losses.crossEntropy(prediction, target ?? (fixed.target as number[]), given),
    oracle: (given) => {
      const {
        weight,
        labelSmoothing = 0,
        ignoreIndex = -100,
      } = given.options as {
        weight?: number[];
        labelSmoothing?: number;
        ignoreIndex?: number;
      };
      const values: number[] = [];
      const shares: number[] = [];
      const counted: boolean[] = [];
      rowsOf(given).forEach((z, i) => {
        const count = z.length;
        const total = z.reduce((sum, x) => sum + Math.exp(x), 0);
        const target = (given.fixed.target as number[] | undefined)?.[i];
        let loss = 0;
        let share = 0;
        for (let c = 0; c < count; c++) {
          const wanted = target === undefined ? given.floats.target[i][c] : Number(c === target);
          const w = weight?.[c] ?? 1;
          loss -=
            w * ((1 - labelSmoothing) * wanted + labelSmoothing / count) * Math.log(Math.exp(z[c]) / total);
          share += w * wanted;
        }
        values.push(loss);
        shares.push(weight === undefined ? 1 : share);
        counted.push(target !== ignoreIndex);
      });
      return { shape: [values.length], values, shares, counted };
    },
    classWeights: 4,
    poison: (given, term) =>
      given.fixed.target === undefined || given.options.axis === 0 || given.options.ignoreIndex !== undefined
        ? given
        : {
            ...poisonRow('prediction')(given, term),
            fixed: { target: (given.fixed.target as number[]).map((y, i) => (i === term ? -100 : y)) },
          },
    empties: {
      'no rows': sample({ prediction: [] }, { target: [], width: 4 }),
      'all rows ignored': sample({ prediction: logits }, { target: [-100, -100, -100, -100, -100] }),
      'all rows ignored, of NaN': sample({ prediction: [[Number.NaN, 1]] }, { target: [-100] }),
      'no class possible': sample({ prediction: [[-Infinity, -Infinity]] }, { target: [1] }),
    },
    laws: {
      permutation: permuteRows('target'),
      relabelling: {
        breaks: 'its classes are positions; specialValues.test.ts permutes logits and classes together',
      },
      shift: (given) => ({
        ...given,
        floats: { ...given.floats, prediction: each((x) => x + 1000)(given.floats.prediction) },
      }),
      scale: { breaks: 'the scale of a logit means how sure it is' },
      separated: {
        sample: sample(
          {
            prediction: [
              [800, 0],
              [-800, 0],
            ],
          },
          { target: [0, 1] },
        ),
        atMost: 0,
      },
      unused: {
        sample: sample({ prediction: logits }, { target: [3, -100, 1, -100, 2] }),
        input: 'prediction',
        rows: [1, 3],
      },
    },
    errors: [
      ...[-1, 3].map((y) => ({
        title: `refuses class ${y} of 3`,
        run: () =>
          losses.crossEntropy(
            tensor([
              [0, 0, 0],
              [0, 0, 0],
            ]),
            [0, y],
          ),
        error: IndexError,
        message: `crossEntropy: target must lie in 0…2 or be ignoreIndex -100, got ${y} at position 1`,
      })),
      ...[2.5, Number.NaN, 2 ** 32].map((y) => ({
        title: `refuses class ${y}`,
        run: () => losses.crossEntropy(tensor([[0, 0, 0]]), [y]),
        error: IndexError,
        message: `crossEntropy: target must hold class indices, got ${y} at position 0`,
      })),
      {
        title: 'refuses float targets of another shape, with the way out',
        run: () => losses.crossEntropy(tensor([[0, 0, 0]]), tensor([1])),
        error: ShapeError,
        message:
          "crossEntropy: target must have the shape of prediction, [1, 3], to be probabilities, got a float32 tensor of shape [1]; class indices are int32: target.cast('int32')",
      },
      {
        title: 'refuses index targets of another shape',
        run: () => losses.crossEntropy(tensor([[0, 0, 0]]), [1, 2]),
        error: ShapeError,
        message: 'crossEntropy: target must have one index per row, [1], got [2]',
      },
      {
        title: 'refuses a bool target',
        run: () => losses.crossEntropy(tensor([[0, 0, 0]]), tensor([true])),
        error: DTypeError,
        message: 'crossEntropy: target must be int32 class indices or float probabilities, got bool',
      },
      {
        title: 'refuses a target of no kind',
        run: () => losses.crossEntropy(tensor([[0, 0, 0]]), 'cat' as unknown as number[]),
        error: ArgumentError,
        message: 'crossEntropy: target must be an int32 tensor',
      },
      {
        title: 'refuses a probability of 1.5',
        run: () => losses.crossEntropy(tensor([[0, 0]]), tensor([[1.5, 0]])),
        error: ArgumentError,
        message: 'crossEntropy: target must hold probabilities, in [0, 1], got 1.5 at position [0, 0]',
      },
      {
        title: 'refuses ignoreIndex beside probabilities',
        run: () => losses.crossEntropy(tensor([[0, 0]]), tensor([[1, 0]]), { ignoreIndex: 0 }),
        error: ArgumentError,
        message: 'crossEntropy: ignoreIndex must be left out when the target is probabilities, got 0',
      },
      {
        title: 'refuses a smoothing above 1',
        run: () => losses.crossEntropy(tensor([[0, 0]]), [0], { labelSmoothing: 1.1 }),
        error: ArgumentError,
        message: 'crossEntropy: labelSmoothing must be a finite number at least 0 and at most 1, got 1.1',
      },
      {
        title: 'refuses class weights of another length',
        run: () => losses.crossEntropy(tensor([[0, 0]]), [0], { weight: [1] }),
        error: ShapeError,
        message: 'crossEntropy: weight must have one entry per class, [2], got [1]',
      },
      {
        title: 'refuses an axis that is not there',
        run: () => losses.crossEntropy(tensor([[0, 0]]), [0], { axis: 2 }),
        error: IndexError,
        message: 'crossEntropy: axis must lie in -2…1 for shape [1, 2], got 2',
      },
      {
        title: 'refuses no classes',
        run: () => losses.crossEntropy(tensor([], { shape: [1, 0] }), [0]),
        error: ShapeError,
        message: 'crossEntropy: prediction must have at least one class, got [1, 0]',
      },
      {
        title: 'refuses a 0-d prediction',
        run: () => losses.crossEntropy(tensor(1), [0]),
        error: ShapeError,
        message: 'crossEntropy: prediction must have an axis of classes, got shape []',
      },
    ],
  },

  hingeLoss: {
    cases: [
      {
        name: 'a matrix of scores',
        ...sample(
          { prediction: logits },
          { target: uniform(9, 5, 4).map((row) => row.map((x) => (x < 0 ? -1 : 1))) },
        ),
      },
    ],
    call: ({ prediction }, { target }, given) =>
      losses.hingeLoss(
        prediction,
        tensor(target as number[][], { dtype: prediction.dtype, shape: prediction.shape }),
        given,
      ),
    oracle: ({ floats: { prediction }, fixed }) => ({
      shape: shapeOf(prediction),
      values: prediction.flatMap((row, i) =>
        row.map((x, j) => {
          const y = (fixed.target as Matrix)[i][j];
          return x * y < 1 ? 1 - x * y : 0;
        }),
      ),
    }),
    poison: poisonElement('prediction'),
    empties: { 'no rows': sample({ prediction: [] }, { target: [] }) },
    laws: {
      permutation: permuteRows('target'),
      relabelling: { breaks: 'its classes are −1 and 1' },
      shift: { breaks: 'the zero of a score is the boundary' },
      scale: { breaks: 'the margin is 1' },
      separated: { sample: sample({ prediction: [[1, -3]] }, { target: [[1, -1]] }), atMost: 0 },
      unused: needsAll,
    },
    errors: [
      wrongShape(losses.hingeLoss, 'hingeLoss'),
      notATensor(losses.hingeLoss, 'hingeLoss'),
      ...[0, 2, Number.NaN].map((t) => ({
        title: `refuses a target of ${t}`,
        run: () => losses.hingeLoss(tensor([0, 0]), tensor([1, t])),
        error: ArgumentError,
        message: `hingeLoss: target must be −1 or 1, got ${t} at position 1; for 0 and 1, pass target.mul(2).sub(1)`,
      })),
    ],
  },

  klDivergence: {
    cases: [
      {
        name: 'probabilities',
        ...sample({ prediction: uniform(11, 4, 3, -3, -0.2), target: uniform(12, 4, 3, 0.1, 0.6) }),
      },
      {
        name: 'log-probabilities',
        ...sample(
          { prediction: uniform(11, 4, 3, -3, -0.2), target: uniform(12, 4, 3, -3, -0.2) },
          {},
          { logTarget: true },
        ),
      },
      {
        name: 'a class of probability 0',
        ...sample(
          { prediction: uniform(11, 2, 3, -3, -0.2) },
          {
            target: [
              [0, 0.25, 0.75],
              [1, 0, 0],
            ],
          },
        ),
      },
      {
        name: 'distributions along axis 0',
        ...sample(
          { prediction: uniform(11, 4, 3, -3, -0.2), target: uniform(12, 4, 3, 0.1, 0.6) },
          {},
          { axis: 0 },
        ),
        breaks: { permutation: 'holds too, but as a sum over classes' },
      },
    ],
    call: ({ prediction, target }, fixed, given) =>
      losses.klDivergence(
        prediction,
        target ?? tensor(fixed.target as number[][], { dtype: prediction.dtype, shape: prediction.shape }),
        given,
      ),
    oracle: (given) => {
      const { prediction, target = given.fixed.target as Matrix } = given.floats;
      const turn = (m: Matrix): Matrix =>
        given.options.axis === 0 ? m[0].map((_, j) => m.map((row) => row[j])) : m;
      const rows = turn(target);
      return {
        shape: [rows.length],
        values: turn(prediction).map((q, i) =>
          q.reduce((sum, logQ, c) => {
            const p = given.options.logTarget === true ? Math.exp(rows[i][c]) : rows[i][c];
            return p === 0 ? sum : sum + p * Math.log(p / Math.exp(logQ));
          }, 0),
        ),
      };
    },
    poison: (given, term) =>
      given.options.axis === 0 ? given : poisonRow('prediction', 'target')(given, term),
    empties: { 'no rows': sample({ prediction: [], target: [] }, { width: 3 }) },
    laws: {
      permutation: permuteRows('target'),
      relabelling: { breaks: 'its classes are positions' },
      shift: { breaks: 'log-probabilities have a fixed zero' },
      scale: { breaks: 'probabilities have a fixed scale' },
      separated: {
        sample: sample(
          {
            prediction: [
              [0.5, 0.25, 0.25],
              [1, 0, 0],
            ].map((row) => row.map(Math.log)),
          },
          {
            target: [
              [0.5, 0.25, 0.25],
              [1, 0, 0],
            ],
          },
        ),
        atMost: 0,
      },
      unused: needsAll,
    },
    errors: [
      wrongShape(losses.klDivergence, 'klDivergence'),
      notATensor(losses.klDivergence, 'klDivergence'),
      {
        title: 'refuses log-probabilities as target unless told',
        run: () => losses.klDivergence(tensor([-1, -1]), tensor([0.5, -0.5])),
        error: ArgumentError,
        message:
          'klDivergence: target must be probabilities, in [0, 1], got -0.5 at position 1; logTarget: true takes log-probabilities',
      },
      {
        title: 'refuses probabilities as log-probabilities',
        run: () => losses.klDivergence(tensor([-1, -1]), tensor([0.5, 0.5]), { logTarget: true }),
        error: ArgumentError,
        message: 'klDivergence: target must be log-probabilities, not above 0, got 0.5 at position 0',
      },
      {
        title: 'refuses a logTarget that is no boolean',
        run: () => losses.klDivergence(tensor([-1]), tensor([1]), { logTarget: 1 as unknown as boolean }),
        error: ArgumentError,
        message: 'klDivergence: logTarget must be true or false, got 1',
      },
      {
        title: 'refuses 0-d distributions',
        run: () => losses.klDivergence(tensor(-1), tensor(1)),
        error: ShapeError,
        message: 'klDivergence: prediction must have an axis of classes, got shape []',
      },
    ],
  },

  contrastiveLoss: {
    cases: [
      ...(['squared', 'linear'] as const).map((form) => ({
        name: `form ${form}`,
        ...sample(
          { x1: uniform(13, 5, 3, -1, 1), x2: uniform(14, 5, 3, -1, 1) },
          { same: [true, false, true, false, false] },
          { form, margin: 1.25 },
        ),
      })),
      {
        name: 'degrees of sameness',
        ...sample({
          x1: uniform(13, 5, 3, -1, 1),
          x2: uniform(14, 5, 3, -1, 1),
          same: uniform(15, 5, 1, 0.1, 0.9),
        }),
        breaks: { shift: 'degrees are not embeddings', scale: 'degrees are not embeddings' },
      },
    ],
    call: ({ x1, x2, same }, fixed, given) =>
      losses.contrastiveLoss(x1, x2, same?.reshape([same.size]) ?? (fixed.same as boolean[]), given),
    oracle: ({ floats: { x1, x2, same }, fixed, options: given }) => ({
      shape: [x1.length],
      values: x1.map((a, i) => {
        const { margin = 1, form = 'squared' } = given as { margin?: number; form?: string };
        const y = same?.[i][0] ?? Number((fixed.same as boolean[])[i]);
        const d = distance(a, x2[i]);
        const gap = d < margin ? margin - d : 0;
        return form === 'linear' ? y * d + (1 - y) * gap : (y * d ** 2 + (1 - y) * gap ** 2) / 2;
      }),
    }),
    poison: poisonRow('x1', 'x2', 'same'),
    empties: { 'no pairs': sample({ x1: [], x2: [] }, { same: [], width: 3 }) },
    laws: {
      permutation: permuteRows('same'),
      relabelling: { breaks: 'it knows same and different only' },
      shift: shiftAll,
      scale: (given) => ({
        sample: scaleAll(options(given, { margin: given.options.margin ?? 1 }), 3, 'margin'),
        factor: given.options.form === 'linear' ? 3 : 9,
      }),
      separated: {
        sample: sample(
          {
            x1: [
              [1, 2],
              [0, 0],
            ],
            x2: [
              [1, 2],
              [3, 4],
            ],
          },
          { same: [true, false] },
          { margin: 5 },
        ),
        atMost: 0,
      },
      unused: {
        sample: sample(
          {
            x1: [
              [0, 0],
              [0, 0],
            ],
            x2: [
              [0, 1],
              [0, 3],
            ],
          },
          { same: [false, false] },
          { margin: 2 },
        ),
        input: 'x1',
        rows: [1],
      },
    },
    errors: [
      ...margins('contrastiveLoss', (given) =>
        losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), [true], given),
      ),
      {
        title: 'refuses a form that it does not know',
        run: () =>
          losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), [true], {
            form: 'square' as unknown as 'squared',
          }),
        error: ArgumentError,
        message:
          "contrastiveLoss: form must be 'squared' or 'linear', got \"square\"; did you mean 'squared'?",
      },
      {
        title: 'refuses partners of another shape',
        run: () => losses.contrastiveLoss(tensor([[0, 1]]), tensor([[1]]), [true]),
        error: ShapeError,
        message: 'contrastiveLoss: x2 must have the shape of x1, [1, 2], got [1, 1]',
      },
      {
        title: 'refuses another number of answers than pairs',
        run: () => losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), [true, false]),
        error: ShapeError,
        message: 'contrastiveLoss: same must have one entry per pair, [1], got [2]',
      },
      {
        title: 'refuses integers as answers',
        run: () => losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), tensor(new Int32Array([1]))),
        error: DTypeError,
        message: 'contrastiveLoss: same must be bool, or float degrees in [0, 1], got int32',
      },
      {
        title: 'refuses numbers as answers',
        run: () => losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), [1] as unknown as boolean[]),
        error: DTypeError,
        message: 'contrastiveLoss: same must be a bool tensor or an array of booleans, got 1 at position 0',
      },
      {
        title: 'refuses a degree of 2',
        run: () => losses.contrastiveLoss(tensor([[0]]), tensor([[1]]), tensor([2])),
        error: ArgumentError,
        message: 'contrastiveLoss: same must lie in [0, 1], got 2 at position 0',
      },
      {
        title: 'refuses 0-d embeddings',
        run: () => losses.contrastiveLoss(tensor(0), tensor(1), [true]),
        error: ShapeError,
        message: 'contrastiveLoss: x1 must hold vectors, [n, d], got shape []',
      },
    ],
  },

  contrastiveLossFromDistances: {
    cases: [
      {
        name: 'labels and embeddings',
        ...sample({ x: line }, { labels: [0, 1, 0, 1, 2, 2] }, { margin: 3.1 }),
      },
      {
        name: 'the linear form over squared distances',
        ...sample({ x: line }, { labels: [0, 1, 0, 1, 2, 2], squared: true }, { margin: 9, form: 'linear' }),
        breaks: { scale: 'the margin is in squared units; the other cases say it' },
      },
      {
        name: 'a drawn matrix of two sets',
        ...sample(
          { d: uniform(16, 3, 4, 0.1, 2) },
          { labels: [5, 6, 7] },
          { referenceLabels: [6, 6, 5, 9], margin: 1.5 },
        ),
        breaks: { shift: 'distances have a fixed zero' },
      },
      {
        name: 'a drawn matrix of one set',
        ...sample(
          { d: uniform(20, 4, 4, 0.1, 2) },
          { labels: [5, 6, 5, 6], selfPaired: true },
          { margin: 1.5 },
        ),
        breaks: { shift: 'distances have a fixed zero' },
      },
      {
        name: 'references',
        ...sample(
          { x: uniform(17, 3, 2), references: uniform(18, 4, 2) },
          { labels: [0, 1, 1] },
          { referenceLabels: [1, 0, 2, 1], form: 'linear', margin: 2.8 },
        ),
      },
    ],
    call: (floats, fixed, given) =>
      losses.contrastiveLossFromDistances(
        distancesOf(floats, fixed),
        (fixed.relation as Relation | undefined) ?? (fixed.labels as number[]),
        given,
      ),
    oracle: (given) => {
      const d = matrixOf(given);
      const { margin = 1, form = 'squared' } = given.options as { margin?: number; form?: string };
      const values: number[] = [];
      const counted: boolean[] = [];
      d.forEach((row, i) => {
        row.forEach((x, j) => {
          const y = sameness(given, i, j);
          const off = y === 1 ? x : Math.max(0, margin - x);
          values.push(form === 'linear' ? off : 0.5 * off * off);
          counted.push(y !== undefined);
        });
      });
      return { shape: [d.length, d[0].length], values, counted };
    },
    poison: (given, term) => (given.floats.d === undefined ? given : poisonElement('d')(given, term)),
    empties: {
      'no items': sample({ x: [] }, { labels: [], width: 3 }),
      'one item': sample({ x: [[1, 2]] }, { labels: [0] }),
      'a relation that knows nothing': sample({ x: line }, { relation: losses.pairs([], [], []) }),
      'pairs that are all empty slots': sample(
        { x: line },
        { relation: losses.pairs([0, 0], [0, 0], [true, false], { mask: [false, false] }) },
      ),
    },
    laws: {
      permutation: reorderedItems,
      relabelling: relabelled,
      shift: shiftAll,
      scale: (given) => ({
        sample: scaleAll(options(given, { margin: given.options.margin ?? 1 }), 3, 'margin'),
        factor: given.options.form === 'linear' ? 3 : 9,
      }),
      separated: {
        sample: sample(
          {
            x: [
              [1, 1],
              [1, 1],
              [4, 5],
            ],
          },
          { labels: [0, 0, 1] },
          { margin: 5 },
        ),
        atMost: 0,
      },
      unused: {
        sample: sample({ x: [[0], [1], [9]] }, { labels: [0, 0, 1] }, { margin: 2 }),
        input: 'x',
        rows: [2],
      },
    },
    errors: [
      ...margins('contrastiveLossFromDistances', (given) =>
        losses.contrastiveLossFromDistances(unitMatrix, [0, 0], given),
      ),
      {
        title: 'refuses a plain tensor, with the way out',
        run: () => losses.contrastiveLossFromDistances(tensor([[0]]) as Distances, [0]),
        error: ArgumentError,
        message:
          'contrastiveLossFromDistances: distances must be a matrix of distances, got a plain tensor of shape [1, 1]; say what it holds with asDistances(x, { metric })',
      },
      {
        title: 'refuses similarities',
        run: () =>
          losses.contrastiveLossFromDistances(
            losses.cosineSimilarities(tensor([[1]])) as unknown as Distances,
            [0],
          ),
        error: ArgumentError,
        message:
          "contrastiveLossFromDistances: distances must be a matrix of distances, got similarities (metric 'cosine'); smaller must be nearer",
      },
      {
        title: 'refuses labels of another length',
        run: () => losses.contrastiveLossFromDistances(unitMatrix, [0, 0, 1]),
        error: ShapeError,
        message:
          'contrastiveLossFromDistances: labels must have one entry per row of the matrix [2, 2], got [3]',
      },
      {
        title: 'refuses pairs chosen in another geometry',
        run: () =>
          losses.contrastiveLossFromDistances(
            unitMatrix,
            losses.pairs([0], [1], [true], { metric: 'cosine' }),
          ),
        error: ArgumentError,
        message:
          "contrastiveLossFromDistances: pairs must be chosen in the geometry of the matrix, 'drawn', got pairs chosen by 'cosine'; give miner and loss the same matrix",
      },
    ],
  },

  tripletLoss: {
    cases: [
      {
        name: 'the default margin over squared distances',
        ...sample({ x: line }, { triplets: someTriplets, squared: true }),
        breaks: { scale: 'the margin is in squared units; the other cases say it' },
      },
      { name: 'a margin', ...sample({ x: line }, { triplets: someTriplets }, { margin: 1.45 }) },
      { name: 'swap', ...sample({ x: line }, { triplets: someTriplets }, { margin: 1.3, swap: true }) },
      {
        name: 'the soft margin',
        ...sample({ x: line }, { triplets: someTriplets }, { form: 'softMargin' }),
        breaks: { scale: 'softplus has a scale of its own' },
      },
      {
        name: 'empty slots',
        ...sample(
          { x: line },
          {
            triplets: {
              anchors: [0, 0, 2],
              positives: [1, 0, 3],
              negatives: [2, 0, 4],
              mask: [true, false, true],
            },
          },
          { margin: 1.3 },
        ),
        breaks: { permutation: 'the index of an empty slot must stay 0' },
      },
      {
        name: 'a drawn matrix of two sets',
        ...sample(
          { d: uniform(19, 3, 4, 0.1, 2) },
          { triplets: { anchors: [0, 1, 2, 2], positives: [0, 3, 1, 1], negatives: [1, 0, 2, 3] } },
          { margin: 0.7 },
        ),
        breaks: { permutation: 'rows and columns are two sets; the other cases say it' },
      },
    ],
    call: (floats, fixed, given) =>
      losses.tripletLoss(distancesOf(floats, fixed), tripletsOf(fixed.triplets as TripletLists), given),
    oracle: (given) => {
      const d = matrixOf(given);
      const { anchors, positives, negatives, mask } = given.fixed.triplets as TripletLists;
      const {
        margin = 0.2,
        form,
        swap,
      } = given.options as { margin?: number; form?: string; swap?: boolean };
      return {
        shape: [anchors.length],
        values: anchors.map((a, t) => {
          const [p, n] = [positives[t], negatives[t]];
          const far = swap === true && d[p][n] < d[a][n] ? d[p][n] : d[a][n];
          if (form === 'softMargin') return Math.log(1 + Math.exp(d[a][p] - far));
          return far - d[a][p] > margin ? 0 : margin + d[a][p] - far;
        }),
        ...(mask && { counted: mask }),
      };
    },
    poison: (given, term) => {
      if (given.floats.d === undefined) return given;
      const { anchors, negatives } = given.fixed.triplets as TripletLists;
      return poisonElement('d')(given, anchors[term] * given.floats.d[0].length + negatives[term]);
    },
    empties: {
      'no triplets': sample({ x: line }, { triplets: { anchors: [], positives: [], negatives: [] } }),
      'no items': sample({ x: [] }, { triplets: { anchors: [], positives: [], negatives: [] }, width: 3 }),
      'empty slots only': sample(
        { x: line },
        { triplets: { anchors: [0, 0], positives: [0, 0], negatives: [0, 0], mask: [false, false] } },
      ),
      'empty slots over no columns': sample(
        { d: [[], []] },
        { triplets: { anchors: [0, 0], positives: [0, 0], negatives: [0, 0], mask: [false, false] } },
      ),
    },
    laws: {
      permutation: (given) => {
        const n = given.floats.x.length;
        const order = shuffled(n);
        const lists = given.fixed.triplets as TripletLists;
        const place = (list: readonly number[]) => list.map((i) => order.indexOf(i)).reverse();
        return {
          ...given,
          floats: { x: pick(given.floats.x, order) },
          fixed: {
            ...given.fixed,
            triplets: {
              anchors: place(lists.anchors),
              positives: place(lists.positives),
              negatives: place(lists.negatives),
            },
          },
        };
      },
      relabelling: { breaks: 'triplets name items, not classes' },
      shift: shiftAll,
      scale: (given) => ({
        sample: scaleAll(options(given, { margin: given.options.margin ?? 0.2 }), 3, 'margin'),
        factor: 3,
      }),
      separated: {
        sample: sample(
          {
            x: [
              [0, 0],
              [0, 1],
              [3, 4],
            ],
          },
          { triplets: { anchors: [0, 1], positives: [1, 0], negatives: [2, 2] } },
          { margin: 2 },
        ),
        atMost: 0,
      },
      unused: {
        sample: sample({ x: line }, { triplets: someTriplets }, { margin: 9 }),
        input: 'x',
        rows: [5],
      },
    },
    errors: [
      ...margins('tripletLoss', (given) =>
        losses.tripletLoss(unitMatrix, losses.triplets([], [], []), given),
      ),
      {
        title: 'refuses a plain tensor',
        run: () => losses.tripletLoss(tensor([[0]]) as Distances, losses.triplets([], [], [])),
        error: ArgumentError,
        message: 'tripletLoss: distances must be a matrix of distances, got a plain tensor of shape [1, 1]',
      },
      {
        title: 'refuses similarities',
        run: () =>
          losses.tripletLoss(
            losses.cosineSimilarities(tensor([[1]])) as unknown as Distances,
            losses.triplets([], [], []),
          ),
        error: ArgumentError,
        message: "tripletLoss: distances must be a matrix of distances, got similarities (metric 'cosine')",
      },
      {
        title: 'refuses labels: it selects nothing',
        run: () => losses.tripletLoss(unitMatrix, [0, 1] as unknown as Triplets),
        error: ArgumentError,
        message: 'tripletLoss: triplets must be triplets, got an array of length 2; make them with triplets(',
      },
      {
        title: 'refuses an index outside the matrix',
        run: () => losses.tripletLoss(unitMatrix, losses.triplets([0], [1], [2])),
        error: IndexError,
        message: 'tripletLoss: negatives must lie in 0…1, got 2 at position 0',
      },
      {
        title: 'refuses triplets mined in another geometry, naming both',
        run: () =>
          losses.tripletLoss(
            losses.squaredEuclideanDistances(tensor([[0], [1], [2]])),
            losses.triplets([0], [1], [2], { metric: 'euclidean' }),
          ),
        error: ArgumentError,
        message:
          "tripletLoss: triplets must be chosen in the geometry of the matrix, 'squaredEuclidean', got triplets chosen by 'euclidean'",
      },
      {
        title: 'refuses an anchor that is its own positive',
        run: () => losses.tripletLoss(unitMatrix, losses.triplets([1], [1], [0], { selfPaired: false })),
        error: ArgumentError,
        message: 'tripletLoss: positives must differ from anchors, got item 1 as both at position 0',
      },
      {
        title: 'refuses swap between two sets',
        run: () =>
          losses.tripletLoss(
            losses.euclideanDistances(tensor([[0], [1]]), tensor([[0], [1]])),
            losses.triplets([0], [1], [0], { selfPaired: false }),
            { swap: true },
          ),
        error: ShapeError,
        message: 'tripletLoss: distances must have the same items as rows and columns when swap is true',
      },
      {
        title: 'refuses a margin for the soft form',
        run: () =>
          losses.tripletLoss(unitMatrix, losses.triplets([], [], []), { form: 'softMargin', margin: 1 }),
        error: ArgumentError,
        message: "tripletLoss: margin must be left out of form 'softMargin', which has none, got 1",
      },
      {
        title: 'refuses a form that it does not know',
        run: () =>
          losses.tripletLoss(unitMatrix, losses.triplets([], [], []), { form: 'soft' as unknown as 'hinge' }),
        error: ArgumentError,
        message: "tripletLoss: form must be 'hinge' or 'softMargin', got \"soft\"",
      },
      {
        title: 'refuses a swap that is no boolean',
        run: () =>
          losses.tripletLoss(unitMatrix, losses.triplets([], [], []), { swap: 1 as unknown as boolean }),
        error: ArgumentError,
        message: 'tripletLoss: swap must be true or false, got 1',
      },
    ],
  },

  tripletMarginLoss: {
    cases: [
      ...[2, 1, 3].map((p) => ({
        name: `norms of order ${p}`,
        ...sample(
          { anchor: uniform(41, 4, 3), positive: uniform(22, 4, 3), negative: uniform(23, 4, 3) },
          {},
          { p, margin: 1.4 },
        ),
      })),
      {
        name: 'the defaults',
        ...sample({ anchor: uniform(41, 4, 3), positive: uniform(22, 4, 3), negative: uniform(23, 4, 3) }),
      },
      {
        name: 'swap',
        ...sample(
          { anchor: uniform(41, 4, 3), positive: uniform(22, 4, 3), negative: uniform(23, 4, 3) },
          {},
          { swap: true, margin: 2.3 },
        ),
      },
    ],
    call: ({ anchor, positive, negative }, _, given) =>
      losses.tripletMarginLoss(anchor, positive, negative, given),
    oracle: ({ floats: { anchor, positive, negative }, options: given }) => ({
      shape: [anchor.length],
      values: anchor.map((a, i) => {
        const { p = 2, margin = 1, swap } = given as { p?: number; margin?: number; swap?: boolean };
        const near = distance(a, positive[i], p);
        let far = distance(a, negative[i], p);
        if (swap === true) far = Math.min(far, distance(positive[i], negative[i], p));
        return far > near + margin ? 0 : near + margin - far;
      }),
    }),
    poison: poisonRow('anchor', 'positive', 'negative'),
    empties: { 'no triplets': sample({ anchor: [], positive: [], negative: [] }, { width: 3 }) },
    laws: {
      permutation: permuteRows(),
      relabelling: noLabels,
      shift: shiftAll,
      scale: (given) => ({
        sample: scaleAll(options(given, { margin: given.options.margin ?? 1 }), 3, 'margin'),
        factor: 3,
      }),
      separated: {
        sample: sample({ anchor: [[0, 0]], positive: [[0, 1]], negative: [[3, 4]] }, {}, { margin: 4 }),
        atMost: 0,
      },
      unused: {
        sample: sample({ anchor: [[0], [0]], positive: [[1], [1]], negative: [[-1.5], [9]] }),
        input: 'anchor',
        rows: [1],
      },
    },
    errors: [
      ...margins('tripletMarginLoss', (given) =>
        losses.tripletMarginLoss(tensor([[0]]), tensor([[1]]), tensor([[2]]), given),
      ),
      {
        title: 'refuses a norm of order ½',
        run: () => losses.tripletMarginLoss(tensor([[0]]), tensor([[1]]), tensor([[2]]), { p: 0.5 }),
        error: ArgumentError,
        message: 'tripletMarginLoss: p must be a finite number at least 1, got 0.5',
      },
      {
        title: 'refuses to broadcast the negative',
        run: () => losses.tripletMarginLoss(tensor([[0], [1]]), tensor([[1], [2]]), tensor([[2]])),
        error: ShapeError,
        message: 'tripletMarginLoss: negative must have the shape of anchor, [2, 1], got [1, 1]',
      },
      {
        title: 'refuses an integer positive',
        run: () => losses.tripletMarginLoss(tensor([[0]]), tensor([[1]], { dtype: 'int32' }), tensor([[2]])),
        error: DTypeError,
        message: 'tripletMarginLoss: positive must be float32 or float64, got int32',
      },
      {
        title: 'refuses 0-d vectors',
        run: () => losses.tripletMarginLoss(tensor(0), tensor(1), tensor(2)),
        error: ShapeError,
        message: 'tripletMarginLoss: anchor must hold vectors, [n, d], got shape []',
      },
    ],
  },

  circleLoss: {
    cases: [
      {
        name: 'three classes',
        ...sample({ x: line }, { labels: [0, 1, 0, 1, 0, 2] }, { scale: 4, margin: 0.4 }),
      },
      { name: 'a sharper scale', ...sample({ x: line }, { labels: [0, 1, 0, 1, 0, 2] }, { scale: 20 }) },
    ],
    call: ({ x }, fixed, given) => losses.circleLoss(x, fixed.labels as number[], given),
    oracle: (given, constants) => circleTerms(given, cosines(given.floats.x), cosines(constants.floats.x)),
    constants: 'its weights α are constants',
    empties: {
      'no items': sample({ x: [] }, { labels: [], width: 3 }),
      'one item': sample({ x: [[1, 2]] }, { labels: [0] }),
      'one class only': sample({ x: line }, { labels: [3, 3, 3, 3, 3, 3] }),
      'all of different classes': sample({ x: line }, { labels: [0, 1, 2, 3, 4, 5] }),
    },
    laws: {
      permutation: reorderedItems,
      relabelling: relabelled,
      shift: { breaks: 'angles are seen from the origin' },
      scale: (given) => ({ sample: scaleAll(given, 3), factor: 1 }),
      separated: {
        sample: sample(
          {
            x: [
              [2, 0],
              [1, 0],
              [0, 3],
              [0, 1],
            ],
          },
          { labels: [0, 0, 1, 1] },
        ),
        atMost: 1e-12,
      },
      unused: {
        sample: sample(
          {
            x: [
              [1, 0],
              [1, 0.1],
              [-1, 0],
            ],
          },
          { labels: [0, 0, 1] },
        ),
        input: 'x',
        rows: [2],
      },
    },
    errors: circleErrors('circleLoss', (given) =>
      losses.circleLoss(
        tensor([
          [1, 0],
          [0, 1],
        ]),
        [0, 1],
        given,
      ),
    ),
  },

  circleLossFromSimilarities: {
    cases: [
      {
        name: 'a drawn matrix of one set',
        ...sample(
          { s: uniform(24, 5, 5, -0.9, 0.9) },
          { labels: [0, 1, 0, 1, 2], selfPaired: true },
          { scale: 3, margin: 0.3 },
        ),
      },
      {
        name: 'a drawn matrix of two sets',
        ...sample(
          { s: uniform(25, 3, 4, -0.9, 0.9) },
          { labels: [0, 1, 5] },
          { referenceLabels: [0, 0, 1, 2], scale: 5 },
        ),
      },
    ],
    call: ({ s }, fixed, given) =>
      losses.circleLossFromSimilarities(
        losses.asSimilarities(s, { metric: 'cosine', selfPaired: fixed.selfPaired === true }),
        (fixed.relation as Relation | undefined) ?? (fixed.labels as number[]),
        given,
      ),
    oracle: (given, constants) => circleTerms(given, given.floats.s, constants.floats.s),
    constants: 'its weights α are constants',
    poison: poisonRow('s'),
    empties: {
      'no items': sample({ s: [] }, { labels: [] }),
      'no references': sample({ s: [[], []] }, { labels: [1, 2] }, { referenceLabels: [] }),
      'one class only': sample(
        {
          s: [
            [1, 0],
            [0, 1],
          ],
        },
        { labels: [1, 1], selfPaired: true },
      ),
      'no pair alike': sample(
        {
          s: [
            [1, 0],
            [0, 1],
          ],
        },
        { labels: [1, 2], selfPaired: true },
      ),
      'a relation that knows nothing': sample(
        {
          s: [
            [1, 0],
            [0, 1],
          ],
        },
        { relation: losses.triplets([], [], []) },
      ),
    },
    laws: {
      permutation: (given) => {
        const order = shuffled(given.floats.s.length);
        const rows = pick(given.floats.s, order);
        return {
          ...given,
          floats: { s: given.fixed.selfPaired === true ? rows.map((row) => pick(row, order)) : rows },
          fixed: { ...given.fixed, labels: pick(given.fixed.labels as number[], order) },
        };
      },
      relabelling: relabelled,
      shift: { breaks: 'its optimum is at 0 and 1' },
      scale: { breaks: 'its optimum is at 0 and 1' },
      separated: {
        sample: sample(
          {
            s: [
              [1, 1, 0],
              [1, 1, 0],
              [0, 0, 1],
            ],
          },
          { labels: [0, 0, 1], selfPaired: true },
        ),
        atMost: 1e-12,
      },
      unused: {
        sample: sample(
          {
            s: [
              [0.5, 0.5, 0],
              [0.5, 0.5, 0],
              [0.1, 0.2, 1],
            ],
          },
          { labels: [0, 0, 1], selfPaired: true },
        ),
        input: 's',
        rows: [2],
      },
    },
    errors: [
      ...circleErrors('circleLossFromSimilarities', (given) =>
        losses.circleLossFromSimilarities(
          losses.cosineSimilarities(
            tensor([
              [1, 0],
              [0, 1],
            ]),
          ),
          [0, 1],
          given,
        ),
      ),
      {
        title: 'refuses distances',
        run: () =>
          losses.circleLossFromSimilarities(
            losses.euclideanDistances(tensor([[1]])) as unknown as Similarities,
            [0],
          ),
        error: ArgumentError,
        message:
          "circleLossFromSimilarities: similarities must be a matrix of similarities, got distances (metric 'euclidean'); larger must be nearer",
      },
      {
        title: 'refuses a plain tensor, with the way out',
        run: () => losses.circleLossFromSimilarities(tensor([[1]]) as Similarities, [0]),
        error: ArgumentError,
        message: 'got a plain tensor of shape [1, 1]; say what it holds with asSimilarities(x, { metric })',
      },
    ],
  },
} satisfies Record<LossName, LossRow>;

function circleErrors(where: string, call: (options: object) => unknown): ErrorCase[] {
  return [
    ...[0, -0.5, 1, Number.NaN].map((margin) => ({
      title: `refuses a margin of ${margin}`,
      run: () => call({ margin }),
      error: ArgumentError,
      message: `${where}: margin must be a finite number above 0 and below 1, got ${margin}`,
    })),
    ...[0, -1, Number.POSITIVE_INFINITY].map((scale) => ({
      title: `refuses a scale of ${scale}`,
      run: () => call({ scale }),
      error: ArgumentError,
      message: `${where}: scale must be a finite number above 0, got ${scale}`,
    })),
  ];
}

function cosines(x: Matrix): Matrix {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, k) => sum + value * b[k], 0);
  return x.map((a) => x.map((b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

/** Eq. 4–8 of the paper, anchor by anchor: log(1 + Σ_n e^{γ αₙ (sₙ − Δₙ)} Σ_p e^{−γ αₚ (sₚ − Δₚ)}), α taken at `constants`. */
function circleTerms(given: Sample, s: Matrix, constants: Matrix): Terms {
  const { scale = 256, margin = 0.25 } = given.options as { scale?: number; margin?: number };
  const self = given.floats.x !== undefined || given.fixed.selfPaired === true;
  const labels = given.fixed.labels as number[];
  const others = (given.options.referenceLabels as number[] | undefined) ?? labels;
  const values: number[] = [];
  const counted: boolean[] = [];
  s.forEach((row, i) => {
    let positive = 0;
    let negative = 0;
    row.forEach((value, j) => {
      if (self && i === j) return;
      if (labels[i] === others[j]) {
        const alpha = Math.max(0, 1 + margin - constants[i][j]);
        positive += Math.exp(-scale * alpha * (value - (1 - margin)));
      } else {
        const alpha = Math.max(0, constants[i][j] + margin);
        negative += Math.exp(scale * alpha * (value - margin));
      }
    });
    values.push(Math.log(1 + positive * negative));
    counted.push(positive !== 0 && negative !== 0);
  });
  return { shape: [values.length], values, counted };
}
