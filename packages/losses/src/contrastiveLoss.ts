import {
  add,
  cast,
  DTypeError,
  logicalOr,
  mul,
  multiplyNoNan,
  norm,
  relu,
  ShapeError,
  square,
  sub,
  Tensor,
} from '@ndgrad/core';
import {
  checkEnum,
  checkFloat,
  checkNumber,
  checkOptions,
  checkSameShape,
  formatShape,
} from '@ndgrad/core/arguments';
import { checkDistances, type Distances } from './distances.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, settle, tallyOf } from './reduction.js';
import {
  booleanTensor,
  checkDegrees,
  checkPairs,
  checkTriplets,
  isPairs,
  isTriplets,
  type Pairs,
  pairsFromTriplets,
  type Relation,
  type RelationOptions,
  relationMasks,
  valuesAt,
} from './relations.js';

/** Options of {@link contrastiveLoss}. */
export interface ContrastiveLossOptions extends ReductionOptions {
  /** How far apart different items should be, above 0, in units of the distance. Default 1. */
  readonly margin?: number;
  /** `'squared'` (default): ½d² and ½[m − d]₊². `'linear'`: d and [m − d]₊. */
  readonly form?: 'squared' | 'linear';
}

/** Options of {@link contrastiveLossFromDistances}. */
export interface ContrastiveLossFromDistancesOptions extends ContrastiveLossOptions, RelationOptions {}

/**
 * Contrastive loss of explicit pairs: the two of a pair should coincide if they are the same, and lie at least a margin
 * apart if not. Supervision is same or different alone: no classes are needed.
 *
 *     ℓ = y·½d² + (1 − y)·½[m − d]₊²     form 'squared', d = ‖x₁ − x₂‖
 *     ℓ = y·d   + (1 − y)·[m − d]₊       form 'linear'
 *
 * No epsilon in the distance. Where the two coincide the gradient is 0 in both forms, for a different pair too: it has no
 * direction to part in. On the margin the gradient is 0. No pairs: 0, with gradient 0.
 *
 * @param x1 - embeddings, float, `[n, d]`; `[d]` for one pair.
 * @param x2 - their partners, of the same shape; never broadcast.
 * @param same - `y`, one per pair: bool tensor or booleans; a float tensor in [0, 1] for degrees.
 * @param options.margin - `m > 0`, in units of the distance. Default 1.
 * @param options.form - `'squared'` (default) or `'linear'`.
 * @param options.reduction - over pairs: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per pair; the mean is then Σwℓ / Σw.
 * @returns `[]`; `[n]` under `'none'`.
 * @throws ShapeError for shapes that do not fit; DTypeError for embeddings that are not float or a `same` that is int32;
 *   ArgumentError for a counted degree outside [0, 1], an option out of range, or an unknown option.
 *
 * @example
 * ```ts
 * const x = tensor([[0, 0], [0, 0]]);
 * const partners = tensor([[3, 4], [0, 1]]);
 * contrastiveLoss(x, partners, [true, false], { margin: 2, reduction: 'none' }).toArray() // => [12.5, 0.5]
 * ```
 *
 * @see Hadsell, Chopra, LeCun, “Dimensionality Reduction by Learning an Invariant Mapping”, CVPR 2006, eq. 4 ('squared').
 * @see {@link contrastiveLossFromDistances} for all pairs of a batch; {@link tripletLoss} for relative distances.
 */
export function contrastiveLoss(
  x1: Tensor,
  x2: Tensor,
  same: Tensor | readonly boolean[],
  options: ContrastiveLossOptions = {},
): Tensor {
  const where = 'contrastiveLoss';
  checkOptions(where, options, ['margin', 'form', ...REDUCTION_KEYS]);
  checkFloat(where, 'x1', x1);
  checkFloat(where, 'x2', x2);
  if (x1.rank === 0) {
    throw new ShapeError({ where, argument: 'x1', must: 'hold vectors, [n, d]', got: 'shape []' });
  }
  checkSameShape(where, 'x1', x1, 'x2', x2);
  const shape = x1.shape.slice(0, -1);
  const y = sameTensor(where, same, shape);
  const { margin, form } = formOf(where, options);
  const tally = tallyOf(where, shape, x1.dtype, options);
  const degrees = settle(cast(y, y.dtype === 'bool' ? x1.dtype : y.dtype), tally);
  checkDegrees(where, 'same', degrees);
  const d = norm(sub(settle(x1, tally), settle(x2, tally)), { axis: -1 });
  return reduce(contrast(d, degrees, margin, form), tally);
}

contrastiveLoss.formula =
  "ℓ = y·½d² + (1 − y)·½[m − d]₊² ('squared'), or y·d + (1 − y)·[m − d]₊ ('linear'), with d = ‖x₁ − x₂‖";
contrastiveLoss.paper =
  'Hadsell, Chopra, LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006, eq. 4';
contrastiveLoss.denominator = 'Σw over pairs; their number without weights';

/**
 * Contrastive loss of the pairs that a relation knows, from distances computed once.
 *
 *     ℓ = y·½d² + (1 − y)·½[m − d]₊²     form 'squared', d = D[i, j] as it comes: squared distances are squared again
 *     ℓ = y·d   + (1 − y)·[m − d]₊       form 'linear'
 *
 * Labels, matrices and predicates give every pair (i, j) of the matrix, an item with itself left out; a list of pairs, or
 * the pairs of a list of triplets, gives one term per entry, repeats repeated. Nothing selected: 0, with gradient 0.
 *
 * @param distances - `D`, `[n, m]`, rows to columns.
 * @param relation - which pairs are the same; the degrees of a float matrix are `y`. See {@link Relation}.
 * @param options.margin - `m > 0`, in units of `D`. Default 1.
 * @param options.form - `'squared'` (default) or `'linear'`.
 * @param options.referenceLabels - labels of the columns, where the relation is labels and they are other items.
 * @param options.reduction - over pairs: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`. In a self-paired matrix each
 *   pair counts twice, as (i, j) and (j, i).
 * @param options.weight - `[n, m]`, or `[t]` for a list; the mean is then Σwℓ / Σw.
 * @returns `[]`; `[n, m]` or `[t]` under `'none'`, 0 at what is no pair.
 * @throws ArgumentError for a plain tensor or similarities, a list chosen in another geometry, or a bad option; ShapeError
 *   and IndexError for a relation that does not fit the matrix; DTypeError for float labels.
 *
 * @example
 * ```ts
 * const d = euclideanDistances(tensor([[0], [1], [2]]));
 * contrastiveLossFromDistances(d, [5, 5, 6], { margin: 3, form: 'linear', reduction: 'sum' }).item() // => 8
 * ```
 *
 * @see Hadsell, Chopra, LeCun, CVPR 2006, eq. 4 ('squared').
 * @see {@link contrastiveLoss} for two lists of vectors.
 */
export function contrastiveLossFromDistances(
  distances: Distances,
  relation: Relation,
  options: ContrastiveLossFromDistancesOptions = {},
): Tensor {
  const where = 'contrastiveLossFromDistances';
  checkOptions(where, options, ['margin', 'form', 'referenceLabels', ...REDUCTION_KEYS]);
  checkDistances(where, 'distances', distances);
  const { margin, form } = formOf(where, options);
  if (isTriplets(relation)) checkTriplets(where, relation, distances);
  const list = isTriplets(relation) ? pairsFromTriplets(relation) : isPairs(relation) ? relation : undefined;
  if (list !== undefined && options.referenceLabels === undefined) {
    if (isPairs(relation)) checkPairs(where, relation, distances);
    return ofList(where, distances, list, margin, form, options);
  }
  const { positives, negatives, degrees } = relationMasks(where, relation, distances, options);
  const selected = logicalOr(positives, negatives);
  const tally = tallyOf(where, distances.shape, distances.dtype, options, selected);
  const y = degrees ?? cast(positives, distances.dtype);
  return reduce(contrast(settle(distances, tally), y, margin, form), tally);
}

contrastiveLossFromDistances.formula =
  "ℓ = y·½d² + (1 − y)·½[m − d]₊² ('squared'), or y·d + (1 − y)·[m − d]₊ ('linear')";
contrastiveLossFromDistances.paper =
  'Hadsell, Chopra, LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006, eq. 4';
contrastiveLossFromDistances.denominator =
  'Σw over the pairs that the relation knows; their number without weights';

function ofList(
  where: string,
  distances: Distances,
  list: Pairs,
  margin: number,
  form: 'squared' | 'linear',
  options: ReductionOptions,
): Tensor {
  const tally = tallyOf(where, list.anchors.shape, distances.dtype, options, list.mask);
  const d = valuesAt(distances, list.anchors, list.others);
  return reduce(contrast(settle(d, tally), cast(list.same, d.dtype), margin, form), tally);
}

/** The term of a pair at distance d that is the same to degree y. Select, not multiply: d may be infinite. */
function contrast(d: Tensor, y: Tensor, margin: number, form: 'squared' | 'linear'): Tensor {
  const gap = relu(sub(margin, d));
  const pull = form === 'linear' ? d : mul(square(d), 0.5);
  const push = form === 'linear' ? gap : mul(square(gap), 0.5);
  return add(multiplyNoNan(pull, y), multiplyNoNan(push, sub(1, y)));
}

function formOf(
  where: string,
  options: ContrastiveLossOptions,
): { margin: number; form: 'squared' | 'linear' } {
  return {
    margin: checkNumber(where, 'margin', options.margin ?? 1, { min: 0, exclusiveMin: true }),
    form: checkEnum(where, 'form', options.form ?? 'squared', ['squared', 'linear'] as const),
  };
}

function sameTensor(where: string, same: Tensor | readonly boolean[], shape: readonly number[]): Tensor {
  const y = same instanceof Tensor ? same : booleanTensor(where, 'same', same);
  if (y.dtype === 'int32') {
    throw new DTypeError({
      where,
      argument: 'same',
      must: 'be bool, or float degrees in [0, 1]',
      got: 'int32',
      hint: "same.cast('bool') if it holds 0 and 1",
    });
  }
  if (y.rank !== shape.length || y.shape.some((extent, k) => extent !== shape[k])) {
    throw new ShapeError({
      where,
      argument: 'same',
      must: `have one entry per pair, ${formatShape(shape)}`,
      got: formatShape(y.shape),
    });
  }
  return y;
}
