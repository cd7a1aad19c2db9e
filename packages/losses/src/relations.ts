/**
 * @file What is known of which items belong together: labels, a matrix, a predicate, a list of pairs or of triplets.
 *
 * Losses and miners take any of them. {@link relationMasks} turns each into the same two boolean matrices: which pairs
 * (row, column) are known to be the same, and which are known to differ. A pair may be neither: itself with itself, or
 * not on the list.
 */
import {
  ArgumentError,
  add,
  arange,
  concat,
  DTypeError,
  eq,
  expand,
  full,
  gt,
  IndexError,
  indexSelect,
  logicalAnd,
  logicalNot,
  mul,
  ne,
  reshape,
  ShapeError,
  scatterAdd,
  sum,
  Tensor,
  tensor,
  unsqueeze,
  zeros,
} from '@ndgrad/core';
import { checkOptions, describeValue, formatShape, inspect, typedArrayName } from '@ndgrad/core/arguments';
import { checkSelfPaired, type Distances, isSelfPaired, metricOf, type Similarities } from './distances.js';
import { checkEach, requireTensorInCapture } from './values.js';

/** One integer per item: equal labels mean "the same". Any int32 value, negative ones too. */
export type Labels = Tensor | Int32Array | readonly number[];

/** A list of pairs, each known to be the same or to differ. Made by {@link pairs}. */
export interface Pairs {
  readonly kind: 'pairs';
  /** Rows, int32 `[t]`. */
  readonly anchors: Tensor;
  /** Columns, int32 `[t]`. */
  readonly others: Tensor;
  /** Whether row and column belong together, bool `[t]`. */
  readonly same: Tensor;
  /** bool `[t]`; `false` marks an empty slot of a fixed-length list, whose indices are 0. */
  readonly mask?: Tensor;
  /** The geometry in which the pairs were chosen, where they were chosen by distance. */
  readonly metric?: string;
}

/** A list of triplets: anchor and positive belong together, anchor and negative do not. Made by {@link triplets}. */
export interface Triplets {
  readonly kind: 'triplets';
  /** Rows, int32 `[t]`. */
  readonly anchors: Tensor;
  /** Columns, int32 `[t]`. */
  readonly positives: Tensor;
  /** Columns, int32 `[t]`. */
  readonly negatives: Tensor;
  /** bool `[t]`; `false` marks an empty slot of a fixed-length list, whose indices are 0. */
  readonly mask?: Tensor;
  /** The geometry in which the triplets were chosen, where they were chosen by distance. */
  readonly metric?: string;
}

/**
 * What is known of which items belong together. A tensor `[n]` is labels (int32); a tensor `[n, m]` is a matrix: bool
 * (same or not) or float (the degree in [0, 1] to which they are the same; for whoever asks a yes or no, anything above
 * 0 is the same).
 */
export type Relation = Labels | Tensor | ((row: number, column: number) => boolean) | Pairs | Triplets;

/** A relation as matrices `[n, m]`. */
export interface RelationMasks {
  /** bool `[n, m]`: known to be the same. Never true for an item with itself. */
  readonly positives: Tensor;
  /** bool `[n, m]`: known to differ. Never true for an item with itself. */
  readonly negatives: Tensor;
  /** float `[n, m]`, only where the relation gives degrees: how much the two are the same, in [0, 1]. */
  readonly degrees?: Tensor;
}

/** Options of {@link pairs} and {@link triplets}. */
export interface TupleOptions {
  /** Which slots hold a pair or triplet; default: all. bool `[t]`. */
  readonly mask?: Tensor | readonly boolean[];
  /** The geometry in which they were chosen; a loss refuses distances of another. Default: none, fits all. */
  readonly metric?: string;
  /** Whether rows and columns index the same items, so that an item cannot be paired with itself. Default `true`. */
  readonly selfPaired?: boolean;
}

/** Options of whatever takes a {@link Relation} and a matrix `[n, m]` of two different sets. */
export interface RelationOptions {
  /** Labels of the `m` columns, where the relation is labels of the `n` rows. Default: those of the rows. */
  readonly referenceLabels?: Labels;
}

/**
 * A list of pairs, checked.
 *
 * @param anchors - rows, `[t]` integers from 0 on.
 * @param others - columns, `[t]`.
 * @param same - whether the two belong together, `[t]` booleans.
 * @throws DTypeError for indices that are not int32; IndexError for a negative one; ShapeError for lists of unequal
 *   length; ArgumentError for an item paired with itself.
 *
 * @example
 * ```ts
 * const d = euclideanDistances(tensor([[0], [1], [4]]));
 * contrastiveLossFromDistances(d, pairs([0, 0], [1, 2], [true, false]), { margin: 5 }).item() // => 0.5
 * ```
 */
export function pairs(
  anchors: Labels,
  others: Labels,
  same: Tensor | readonly boolean[],
  options: TupleOptions = {},
): Pairs {
  const where = 'pairs';
  const list: Pairs = {
    kind: 'pairs',
    anchors: labelTensor(where, 'anchors', anchors),
    others: labelTensor(where, 'others', others),
    same: booleanTensor(where, 'same', same),
    ...tupleOptions(where, options),
  };
  checkLengths(where, list);
  checkRange(where, list);
  if (options.selfPaired !== false) checkNotSelf(where, list, 'anchors', 'others');
  return list;
}

/**
 * A list of triplets, checked.
 *
 * @param anchors - rows, `[t]` integers from 0 on.
 * @param positives - columns that belong with the anchor, `[t]`.
 * @param negatives - columns that do not, `[t]`.
 * @throws DTypeError for indices that are not int32; IndexError for a negative one; ShapeError for lists of unequal
 *   length; ArgumentError for an anchor that is its own positive or negative, or a positive that is also the negative.
 *
 * @example
 * ```ts
 * const d = euclideanDistances(tensor([[0], [1], [4]]));
 * tripletLoss(d, triplets([0], [1], [2]), { margin: 5 }).item() // => 2
 * ```
 */
export function triplets(
  anchors: Labels,
  positives: Labels,
  negatives: Labels,
  options: TupleOptions = {},
): Triplets {
  const where = 'triplets';
  const list: Triplets = {
    kind: 'triplets',
    anchors: labelTensor(where, 'anchors', anchors),
    positives: labelTensor(where, 'positives', positives),
    negatives: labelTensor(where, 'negatives', negatives),
    ...tupleOptions(where, options),
  };
  checkLengths(where, list);
  checkRange(where, list);
  if (options.selfPaired !== false) {
    checkNotSelf(where, list, 'anchors', 'positives');
    checkNotSelf(where, list, 'anchors', 'negatives');
  }
  checkNotSelf(where, list, 'positives', 'negatives');
  return list;
}

/**
 * The pairs of a list of triplets: each anchor with its positive, then each anchor with its negative. Repeated pairs
 * stay repeated, so a pair that the miner chose twice weighs twice.
 *
 * @returns `2t` pairs, with the triplets' mask and metric.
 *
 * @example
 * ```ts
 * pairsFromTriplets(triplets([0], [1], [2])).same.toArray() // => [true, false]
 * ```
 */
export function pairsFromTriplets({ anchors, positives, negatives, mask, metric }: Triplets): Pairs {
  const shape = anchors.shape;
  return {
    kind: 'pairs',
    anchors: concat([anchors, anchors]),
    others: concat([positives, negatives]),
    same: concat([full(shape, true, { dtype: 'bool' }), full(shape, false, { dtype: 'bool' })]),
    ...(mask !== undefined && { mask: concat([mask, mask]) }),
    ...(metric !== undefined && { metric }),
  };
}

/**
 * Which rows and columns have the same label; an item with itself included.
 *
 * @param labels - of the rows, `[n]`.
 * @param referenceLabels - of the columns, `[m]`. Default: `labels`.
 * @returns bool `[n, m]`.
 * @throws DTypeError for labels that are not int32; ShapeError for labels that are not a vector.
 *
 * @example
 * ```ts
 * sameLabelMatrix([0, 1], [1, 1, 0]).toArray() // => [[false, false, true], [true, true, false]]
 * ```
 */
export function sameLabelMatrix(labels: Labels, referenceLabels: Labels = labels): Tensor {
  const rows = labelTensor('sameLabelMatrix', 'labels', labels);
  const columns = labelTensor('sameLabelMatrix', 'referenceLabels', referenceLabels);
  return eq(unsqueeze(rows, 1), unsqueeze(columns, 0));
}

/**
 * Labels or indices as an int32 tensor `[n]`.
 *
 * @throws DTypeError for a float tensor (above 2²⁴ float32 would confuse neighbours) or a number int32 cannot hold;
 *   ShapeError for a tensor that is not a vector.
 */
export function labelTensor(where: string, argument: string, labels: Labels): Tensor {
  if (labels instanceof Tensor) {
    if (labels.dtype !== 'int32') {
      throw new DTypeError({
        where,
        argument,
        must: 'be int32',
        got: labels.dtype,
        hint: "cast(x, 'int32') if the values are integers",
      });
    }
    if (labels.rank !== 1) {
      throw new ShapeError({ where, argument, must: 'be a vector [n]', got: formatShape(labels.shape) });
    }
    return labels;
  }
  requireTensorInCapture(where, argument, describeValue(labels), 'an int32 tensor');
  if (typedArrayName(labels) === 'Int32Array') return tensor(labels as Int32Array);
  if (!Array.isArray(labels)) {
    throw new DTypeError({
      where,
      argument,
      must: 'be an int32 tensor, an Int32Array or an array of integers',
      got: describeValue(labels),
    });
  }
  const values = Int32Array.from(labels as readonly number[]);
  for (let i = 0; i < values.length; i++) {
    if (typeof labels[i] !== 'number' || values[i] !== labels[i]) {
      throw new DTypeError({
        where,
        argument,
        must: 'hold integers that int32 can hold',
        got: `${describeValue(labels[i])} at position ${i}`,
      });
    }
  }
  return tensor(values);
}

/**
 * Any relation as two boolean matrices of the shape of `matrix`: which pairs are known to be the same, which are known
 * to differ. Where rows and columns are the same items ({@link isSelfPaired}), the diagonal is in neither.
 *
 *  - labels: equal or not; `referenceLabels` names the columns where they are other items.
 *  - bool matrix: as it says. float matrix: above 0 the same, 0 different; its values are `degrees`.
 *  - predicate: asked once for every pair (row, column), the diagonal of a self-paired matrix left out.
 *  - pairs, triplets: what is on the list; everything else is in neither matrix. Repeats collapse.
 *
 * @param where - the function that asks, for messages.
 * @param relation - see {@link Relation}.
 * @param matrix - distances or similarities `[n, m]`; only its shape, metric and self-pairing are read.
 * @throws ShapeError if labels or matrix do not fit; DTypeError for labels that are not int32; IndexError for a listed
 *   index outside the matrix; ArgumentError if a list was chosen in another geometry, contradicts itself, or the
 *   relation is of no known kind.
 *
 * @example
 * ```ts
 * const d = euclideanDistances(tensor([[0], [1], [4]]));
 * const { positives } = relationMasks('example', [7, 7, 8], d);
 * positives.toArray() // => [[false, true, false], [true, false, false], [false, false, false]]
 * ```
 */
export function relationMasks(
  where: string,
  relation: Relation,
  matrix: Distances | Similarities,
  options: RelationOptions = {},
): RelationMasks {
  const { referenceLabels } = options;
  const self = isSelfPaired(matrix);
  if (referenceLabels !== undefined && !isLabels(relation)) {
    throw new ArgumentError({
      where,
      argument: 'referenceLabels',
      must: 'be left out unless the relation is labels',
      got: `a relation that is ${describeRelation(relation)}`,
    });
  }
  if (isLabels(relation)) return labelMasks(where, relation, referenceLabels, matrix, self);
  if (relation instanceof Tensor) return matrixMasks(where, relation, matrix, self);
  if (typeof relation === 'function') return predicateMasks(where, relation, matrix, self);
  if (isPairs(relation)) {
    checkPairs(where, relation, matrix);
    return listMasks(where, relation, matrix);
  }
  if (isTriplets(relation)) {
    checkTriplets(where, relation, matrix);
    return listMasks(where, pairsFromTriplets(relation), matrix);
  }
  throw new ArgumentError({
    where,
    argument: 'relation',
    must: 'be labels, a boolean or weighted matrix, a predicate (i, j) => boolean, pairs or triplets',
    got: describeValue(relation),
  });
}

/** Whether a relation is a list of pairs. */
export function isPairs(relation: unknown): relation is Pairs {
  return typeof relation === 'object' && relation !== null && (relation as Pairs).kind === 'pairs';
}

/** Whether a relation is a list of triplets. */
export function isTriplets(relation: unknown): relation is Triplets {
  return typeof relation === 'object' && relation !== null && (relation as Triplets).kind === 'triplets';
}

/** Refuses pairs that do not fit a matrix: indices out of range, an item with itself, another geometry. */
export function checkPairs(where: string, list: Pairs, matrix: Distances | Similarities): void {
  checkList(where, list, matrix);
  if (isSelfPaired(matrix)) checkNotSelf(where, list, 'anchors', 'others');
}

/** Refuses triplets that do not fit a matrix: indices out of range, an item with itself, another geometry. */
export function checkTriplets(where: string, list: Triplets, matrix: Distances | Similarities): void {
  checkList(where, list, matrix);
  if (isSelfPaired(matrix)) {
    checkNotSelf(where, list, 'anchors', 'positives');
    checkNotSelf(where, list, 'anchors', 'negatives');
  }
}

/** The elements of a matrix at (rows, columns), `[t]`; 0 where the matrix is empty and so every slot is. */
export function valuesAt(matrix: Tensor, rows: Tensor, columns: Tensor): Tensor {
  if (matrix.size === 0) return expand(sum(matrix), rows.shape);
  return indexSelect(reshape(matrix, [matrix.size]), 0, flatPositions(rows, columns, matrix));
}

/** The positions of (rows, columns) in the flattened matrix, int32 `[t]`. */
function flatPositions(rows: Tensor, columns: Tensor, matrix: Tensor): Tensor {
  return add(mul(rows, matrix.shape[1] ?? 0), columns);
}

function isLabels(relation: unknown): relation is Labels {
  if (relation instanceof Tensor) return relation.rank !== 2;
  return Array.isArray(relation) || ArrayBuffer.isView(relation);
}

function describeRelation(relation: unknown): string {
  if (relation instanceof Tensor) return 'a matrix';
  if (typeof relation === 'function') return 'a predicate';
  if (isPairs(relation)) return 'pairs';
  if (isTriplets(relation)) return 'triplets';
  return describeValue(relation);
}

function labelMasks(
  where: string,
  labels: Labels,
  referenceLabels: Labels | undefined,
  matrix: Tensor,
  self: boolean,
): RelationMasks {
  const rows = labelTensor(where, 'labels', labels);
  const columns =
    referenceLabels === undefined ? rows : labelTensor(where, 'referenceLabels', referenceLabels);
  const [n, m] = [matrix.shape[0], matrix.shape[1]];
  if (rows.size !== n) {
    throw new ShapeError({
      where,
      argument: 'labels',
      must: `have one entry per row of the matrix ${formatShape(matrix.shape)}`,
      got: formatShape(rows.shape),
    });
  }
  if (columns.size !== m) {
    throw new ShapeError({
      where,
      argument: 'referenceLabels',
      must: `have one entry per column of the matrix ${formatShape(matrix.shape)}`,
      got: referenceLabels === undefined ? 'none' : formatShape(columns.shape),
    });
  }
  const [row, column] = [unsqueeze(rows, 1), unsqueeze(columns, 0)];
  // Of its own label every item is, so the diagonal is in `different` only where the columns have labels of their own.
  return bothMasks(eq(row, column), ne(row, column), self, referenceLabels === undefined);
}

function matrixMasks(where: string, relation: Tensor, matrix: Tensor, self: boolean): RelationMasks {
  if (relation.shape[0] !== matrix.shape[0] || relation.shape[1] !== matrix.shape[1]) {
    throw new ShapeError({
      where,
      argument: 'relation',
      must: `have the shape of the matrix ${formatShape(matrix.shape)}`,
      got: formatShape(relation.shape),
    });
  }
  if (relation.dtype === 'bool') return bothMasks(relation, logicalNot(relation), self);
  if (relation.dtype === 'int32') {
    throw new DTypeError({
      where,
      argument: 'relation',
      must: 'be a bool matrix, or a float one of degrees',
      got: 'int32',
      hint: "cast(x, 'bool') if it holds 0 and 1",
    });
  }
  checkDegrees(where, 'relation', relation);
  const same = gt(relation, 0);
  return { ...bothMasks(same, logicalNot(same), self), degrees: relation };
}

function predicateMasks(
  where: string,
  relation: (row: number, column: number) => boolean,
  matrix: Tensor,
  self: boolean,
): RelationMasks {
  requireTensorInCapture(where, 'relation', 'a predicate', 'the boolean matrix');
  const [n = 0, m = 0] = matrix.shape;
  const same: boolean[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const answer = self && i === j ? false : relation(i, j);
      if (typeof answer !== 'boolean') {
        throw new ArgumentError({
          where,
          argument: 'relation',
          must: 'answer true or false',
          got: `${describeValue(answer)} for (${i}, ${j})`,
        });
      }
      same.push(answer);
    }
  }
  const known = tensor(Uint8Array.from(same, Number), { dtype: 'bool', shape: [n, m] });
  return bothMasks(known, logicalNot(known), self);
}

/** @param apart - whether `different` leaves out the diagonal as it is. */
function bothMasks(same: Tensor, different: Tensor, self: boolean, apart = false): RelationMasks {
  if (!self) return { positives: same, negatives: different };
  const items = arange(same.shape[0] ?? 0, undefined, 1, { dtype: 'int32' });
  const other = ne(unsqueeze(items, 1), unsqueeze(items, 0));
  return {
    positives: logicalAnd(same, other),
    negatives: apart ? different : logicalAnd(different, other),
  };
}

function listMasks(where: string, list: Pairs, matrix: Tensor): RelationMasks {
  const positives = marked(list, list.same, matrix);
  const negatives = marked(list, logicalNot(list.same), matrix);
  inspect(
    where,
    positives,
    (at, same, different) => {
      if (same === 0 || different === 0) return;
      const m = matrix.shape[1] ?? 0;
      throw new ArgumentError({
        where,
        argument: 'relation',
        must: 'not call a pair both the same and different',
        got: `(${Math.floor(at / m)}, ${at % m}) as both`,
      });
    },
    negatives,
  );
  return { positives, negatives };
}

/** The chosen slots of a list as a boolean matrix. */
function marked(list: Pairs, chosen: Tensor, matrix: Tensor): Tensor {
  if (matrix.size === 0) return zeros(matrix.shape, { dtype: 'bool' });
  const counted = list.mask === undefined ? chosen : logicalAnd(list.mask, chosen);
  const counts = scatterAdd(
    zeros([matrix.size], { dtype: 'int32' }),
    0,
    flatPositions(list.anchors, list.others, matrix),
    counted.cast('int32'),
  );
  return gt(reshape(counts, matrix.shape), 0);
}

/** Refuses degrees outside [0, 1]; NaN is outside. */
export function checkDegrees(where: string, argument: string, degrees: Tensor): void {
  checkEach(where, argument, degrees, (value) => value >= 0 && value <= 1, 'lie in [0, 1]');
}

/** The index lists of pairs or triplets, by name. */
function indexLists(list: Pairs | Triplets): readonly (readonly [string, Tensor])[] {
  return list.kind === 'pairs'
    ? [
        ['anchors', list.anchors],
        ['others', list.others],
      ]
    : [
        ['anchors', list.anchors],
        ['positives', list.positives],
        ['negatives', list.negatives],
      ];
}

function checkList(where: string, list: Pairs | Triplets, matrix: Distances | Similarities): void {
  for (const [name, x] of indexLists(list)) labelTensor(where, name, x);
  if (list.kind === 'pairs') booleanTensor(where, 'same', list.same);
  if (list.mask !== undefined) booleanTensor(where, 'mask', list.mask);
  checkLengths(where, list);
  checkRange(where, list, matrix.shape[0], matrix.shape[1]);
  const metric = metricOf(matrix);
  if (list.metric !== undefined && list.metric !== metric) {
    throw new ArgumentError({
      where,
      argument: list.kind,
      must: `be chosen in the geometry of the matrix, '${metric}'`,
      got: `${list.kind} chosen by '${list.metric}'`,
      hint: 'give miner and loss the same matrix',
    });
  }
}

function checkLengths(where: string, list: Pairs | Triplets): void {
  const size = list.anchors.size;
  const others: (readonly [string, Tensor | undefined])[] = [
    ...indexLists(list),
    ['same', list.kind === 'pairs' ? list.same : undefined],
    ['mask', list.mask],
  ];
  for (const [name, x] of others) {
    if (x !== undefined && x.size !== size) {
      throw new ShapeError({
        where,
        argument: name,
        must: `be as long as anchors, [${size}]`,
        got: formatShape(x.shape),
      });
    }
  }
}

/** An empty slot holds index 0, also where there is nothing to index. */
function checkRange(where: string, list: Pairs | Triplets, rows = Infinity, columns = Infinity): void {
  const { mask } = list;
  for (const [name, x] of indexLists(list)) {
    const bound = name === 'anchors' ? rows : columns;
    const check = (i: number, value: number): void => {
      if (value >= 0 && value < bound) return;
      throw new IndexError({
        where,
        argument: name,
        must:
          bound === Infinity
            ? 'not be negative'
            : bound === 0
              ? 'be empty, as the matrix is'
              : `lie in 0…${bound - 1}`,
        got: `${value} at position ${i}`,
      });
    };
    if (mask === undefined) inspect(where, x, check);
    else inspect(where, x, (i, value, filled) => (value !== 0 || filled !== 0) && check(i, value), mask);
  }
}

function checkNotSelf(where: string, list: Pairs | Triplets, left: string, right: string): void {
  const lists = new Map(indexLists(list));
  const [a, b] = [lists.get(left) as Tensor, lists.get(right) as Tensor];
  const check = (i: number, item: number, other: number): void => {
    if (item !== other) return;
    throw new ArgumentError({
      where,
      argument: right,
      must: `differ from ${left}`,
      got: `item ${item} as both at position ${i}`,
      ...(left === 'anchors' && { hint: 'selfPaired: false, where rows and columns are different sets' }),
    });
  };
  if (list.mask === undefined) inspect(where, a, check, b);
  else inspect(where, a, (i, item, other, filled) => filled !== 0 && check(i, item, other), b, list.mask);
}

/** Booleans as a bool tensor `[t]`. */
export function booleanTensor(where: string, argument: string, x: Tensor | readonly boolean[]): Tensor {
  if (x instanceof Tensor) {
    if (x.dtype !== 'bool') throw new DTypeError({ where, argument, must: 'be bool', got: x.dtype });
    if (x.rank !== 1) {
      throw new ShapeError({ where, argument, must: 'be a vector [t]', got: formatShape(x.shape) });
    }
    return x;
  }
  requireTensorInCapture(where, argument, describeValue(x), 'a bool tensor');
  const at = Array.isArray(x) ? x.findIndex((value) => typeof value !== 'boolean') : -1;
  if (!Array.isArray(x) || at !== -1) {
    throw new DTypeError({
      where,
      argument,
      must: 'be a bool tensor or an array of booleans',
      got: at === -1 ? describeValue(x) : `${describeValue(x[at])} at position ${at}`,
    });
  }
  return tensor(Uint8Array.from(x as readonly boolean[], Number), { dtype: 'bool' });
}

function tupleOptions(where: string, options: TupleOptions): Pick<Pairs, 'mask' | 'metric'> {
  checkOptions(where, options, ['mask', 'metric', 'selfPaired'] as const);
  const { mask, metric, selfPaired } = options;
  if (metric !== undefined && (typeof metric !== 'string' || metric === '')) {
    throw new ArgumentError({
      where,
      argument: 'metric',
      must: "be the name of a geometry, such as 'euclidean'",
      got: describeValue(metric),
    });
  }
  checkSelfPaired(where, selfPaired);
  return {
    ...(mask !== undefined && { mask: booleanTensor(where, 'mask', mask) }),
    ...(metric !== undefined && { metric }),
  };
}
