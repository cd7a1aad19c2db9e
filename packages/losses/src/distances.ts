/**
 * @file Distances and similarities between all rows of two matrices: computed once, then shared by miner and loss.
 *
 * Smaller is nearer in `Distances`, larger is nearer in `Similarities`. The compile-time brand keeps the two apart, so
 * no flag turns comparisons round; the run-time tag says which geometry a matrix holds, so a miner and a loss that
 * disagree are refused.
 */
import {
  ArgumentError,
  add,
  cdist,
  clamp,
  matmul,
  normalize,
  ShapeError,
  slice,
  squaredCdist,
  stopGradient,
  sub,
  Tensor,
  transpose,
} from '@ndgrad/core';
import {
  checkFloat,
  checkOptions,
  checkRank,
  checkTensor,
  describeValue,
  formatShape,
} from '@ndgrad/core/arguments';

declare const distancesBrand: unique symbol;
declare const similaritiesBrand: unique symbol;

/** A matrix `[n, m]` of distances, rows to columns: smaller is nearer. Made by {@link euclideanDistances} and its like. */
export type Distances = Tensor & { readonly [distancesBrand]: true };

/** A matrix `[n, m]` of similarities, rows to columns: larger is nearer. Made by {@link cosineSimilarities} and its like. */
export type Similarities = Tensor & { readonly [similaritiesBrand]: true };

/** What a matrix of distances or similarities says of itself at run time. */
interface Geometry {
  readonly kind: 'distances' | 'similarities';
  readonly metric: string;
  readonly selfPaired: boolean;
}

// A registered symbol: two copies of this package in one process read each other's matrices.
const GEOMETRY = Symbol.for('@ndgrad/losses/geometry');
type Tagged = Tensor & { [GEOMETRY]?: Geometry };

/** Options of {@link asDistances} and {@link asSimilarities}. */
export interface GeometryOptions {
  /** The name of the geometry: `'euclidean'`, `'squaredEuclidean'`, `'cosine'` or your own. */
  readonly metric: string;
  /**
   * Whether row i and column i are the same item, so that (i, i) is no pair. Default: true for a square matrix. Say
   * `false` for two different sets of equal size, such as the two towers of one batch.
   */
  readonly selfPaired?: boolean;
}

/**
 * Euclidean distance between every row of `x` and every row of `references`.
 *
 *     d[i, j] = ‖x[i] − references[j]‖₂
 *
 * Computed from the differences, not from inner products: identical rows are at exactly 0 and a far origin costs no
 * digits. No epsilon in the value; where two rows coincide the gradient is 0 (the minimum-norm choice).
 *
 * @param x - embeddings `[n, d]`, float.
 * @param references - `[m, d]`, float. Default: `x` itself, and then (i, i) is known to be no pair. Passing the very
 *   same tensor as `x` means the same.
 * @returns `[n, m]`, tagged `'euclidean'`, in the units of `x`.
 * @throws ShapeError if an argument is not a matrix or the widths differ; DTypeError if one is not float.
 *
 * @example
 * ```ts
 * euclideanDistances(tensor([[0, 0], [3, 4]])).toArray() // => [[0, 5], [5, 0]]
 * ```
 *
 * @see {@link squaredEuclideanDistances}, the geometry of FaceNet; {@link cosineSimilarities} for directions.
 */
export function euclideanDistances(x: Tensor, references?: Tensor): Distances {
  const others = checkRows('euclideanDistances', x, references);
  return tag<Distances>(cdist(x, others), {
    kind: 'distances',
    metric: 'euclidean',
    selfPaired: others === x,
  });
}

/**
 * Squared Euclidean distance between every row of `x` and every row of `references`.
 *
 *     d[i, j] = ‖x[i] − references[j]‖²
 *
 * Smooth everywhere: the gradient at coincident rows is 0 because the formula says so.
 *
 * @param x - embeddings `[n, d]`, float.
 * @param references - `[m, d]`, float. Default: `x` itself, as in {@link euclideanDistances}.
 * @returns `[n, m]`, tagged `'squaredEuclidean'`, in the squared units of `x`.
 * @throws ShapeError if an argument is not a matrix or the widths differ; DTypeError if one is not float.
 *
 * @example
 * ```ts
 * squaredEuclideanDistances(tensor([[0, 0], [3, 4]])).toArray() // => [[0, 25], [25, 0]]
 * ```
 */
export function squaredEuclideanDistances(x: Tensor, references?: Tensor): Distances {
  const others = checkRows('squaredEuclideanDistances', x, references);
  const squares = squaredCdist(x, others);
  return tag<Distances>(squares, { kind: 'distances', metric: 'squaredEuclidean', selfPaired: others === x });
}

/**
 * Cosine of the angle between every row of `x` and every row of `references`.
 *
 *     s[i, j] = x[i] · references[j] / (‖x[i]‖ ‖references[j]‖)
 *
 * Norms are scaled, so entries of 1e±200 neither overflow nor vanish; the result is clamped to [−1, 1]. A zero row has
 * similarity 0 to everything, with gradient 0.
 *
 * @param x - embeddings `[n, d]`, float, of any length.
 * @param references - `[m, d]`, float. Default: `x` itself, as in {@link euclideanDistances}.
 * @returns `[n, m]`, tagged `'cosine'`, no unit.
 * @throws ShapeError if an argument is not a matrix or the widths differ; DTypeError if one is not float.
 *
 * @example
 * ```ts
 * cosineSimilarities(tensor([[2, 0], [0, 5], [0, 0]])).toArray() // => [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
 * ```
 */
export function cosineSimilarities(x: Tensor, references?: Tensor): Similarities {
  const others = checkRows('cosineSimilarities', x, references);
  const left = normalize(x, { axis: 1 });
  const right = others === x ? left : normalize(others, { axis: 1 });
  const cosines = withinOne(matmul(left, transpose(right)));
  return tag<Similarities>(cosines, { kind: 'similarities', metric: 'cosine', selfPaired: others === x });
}

/**
 * Cosines limited to [−1, 1]. The limit takes off what rounding has added and has no derivative of its own: rows that are
 * nearly parallel have a cosine that rounds to 1, and still a gradient.
 */
function withinOne(cosines: Tensor): Tensor {
  const excess = stopGradient(sub(clamp(cosines, { min: -1, max: 1 }), cosines));
  return add(cosines, excess);
}

/**
 * Admits a matrix of your own as distances: smaller is nearer. The values are not looked at.
 *
 * @param matrix - `[n, m]`, float. The result is a view of it, in the same graph.
 * @param options - `metric`: the name that miner and loss must agree on; `selfPaired`: see {@link GeometryOptions}.
 * @returns the same values, branded.
 * @throws ShapeError if it is not a matrix, or `selfPaired` is asked of one that is not square; DTypeError if it is
 *   not float; ArgumentError if it is already known as similarities, or `metric` is not a name.
 *
 * @example
 * ```ts
 * const x = tensor([[0, 0], [3, 4]]);
 * metricOf(asDistances(cdist(x, x, { p: 1 }), { metric: 'manhattan' })) // => 'manhattan'
 * ```
 */
export function asDistances(matrix: Tensor, options: GeometryOptions): Distances {
  return admit<Distances>('asDistances', matrix, 'distances', options);
}

/**
 * Admits a matrix of your own as similarities: larger is nearer. The values are not looked at.
 *
 * @param matrix - `[n, m]`, float. The result is a view of it, in the same graph.
 * @param options - `metric`: the name that miner and loss must agree on; `selfPaired`: see {@link GeometryOptions}.
 * @returns the same values, branded.
 * @throws as {@link asDistances}.
 *
 * @example
 * ```ts
 * const x = tensor([[0, 1], [3, 4]]);
 * metricOf(asSimilarities(x.matmul(x.T), { metric: 'dot' })) // => 'dot'
 * ```
 */
export function asSimilarities(matrix: Tensor, options: GeometryOptions): Similarities {
  return admit<Similarities>('asSimilarities', matrix, 'similarities', options);
}

/**
 * The name of the geometry that a matrix of distances or similarities holds.
 *
 * @throws ArgumentError for a plain tensor.
 *
 * @example
 * ```ts
 * metricOf(euclideanDistances(tensor([[0], [1]]))) // => 'euclidean'
 * ```
 */
export function metricOf(matrix: Distances | Similarities): string {
  return geometryOf('metricOf', 'matrix', matrix).metric;
}

/**
 * Whether row i and column i of a matrix are the same item, so that (i, i) is no pair.
 *
 * @throws ArgumentError for a plain tensor.
 *
 * @example
 * ```ts
 * const x = tensor([[0], [1]]);
 * isSelfPaired(euclideanDistances(x)) // => true
 * isSelfPaired(euclideanDistances(x, x.add(1))) // => false
 * ```
 */
export function isSelfPaired(matrix: Distances | Similarities): boolean {
  return geometryOf('isSelfPaired', 'matrix', matrix).selfPaired;
}

/** Whether a value is a matrix that says what it holds, distances or similarities. */
export function hasGeometry(x: unknown): x is Distances | Similarities {
  return x instanceof Tensor && (x as Tagged)[GEOMETRY] !== undefined;
}

/** Which way a matrix points; refuses a tensor that does not say. `where` and `argument` are for the message. */
export function geometryKind(where: string, argument: string, x: unknown): 'distances' | 'similarities' {
  return geometryOf(where, argument, x).kind;
}

/** Refuses what is not a matrix of distances; `where` and `argument` are for the message. */
export function checkDistances(where: string, argument: string, x: unknown): asserts x is Distances {
  geometryOf(where, argument, x, 'distances');
}

/** Refuses what is not a matrix of similarities; `where` and `argument` are for the message. */
export function checkSimilarities(where: string, argument: string, x: unknown): asserts x is Similarities {
  geometryOf(where, argument, x, 'similarities');
}

function geometryOf(where: string, argument: string, x: unknown, kind?: Geometry['kind']): Geometry {
  checkTensor(where, argument, x);
  const geometry = (x as Tagged)[GEOMETRY];
  const asked = kind ?? 'distances or similarities';
  if (geometry === undefined) {
    const admitter = kind === 'similarities' ? 'asSimilarities' : 'asDistances';
    throw new ArgumentError({
      where,
      argument,
      must: `be a matrix of ${asked}`,
      got: `a plain tensor of shape ${formatShape(x.shape)}`,
      hint: `say what it holds with ${admitter}(x, { metric })`,
    });
  }
  if (kind !== undefined && geometry.kind !== kind) {
    throw new ArgumentError({
      where,
      argument,
      must: `be a matrix of ${kind}`,
      got: `${geometry.kind} (metric '${geometry.metric}')`,
      hint: kind === 'distances' ? 'smaller must be nearer' : 'larger must be nearer',
    });
  }
  return geometry;
}

function checkRows(where: string, x: unknown, references: unknown): Tensor {
  checkTensor(where, 'x', x);
  checkRank(where, 'x', x, 2, 'a matrix [n, d]');
  checkFloat(where, 'x', x);
  if (references === undefined || references === x) return x;
  checkTensor(where, 'references', references);
  checkRank(where, 'references', references, 2, 'a matrix [m, d]');
  checkFloat(where, 'references', references);
  if (references.shape[1] !== x.shape[1]) {
    throw new ShapeError({
      where,
      argument: 'references',
      must: `have rows as wide as those of x, ${formatShape(x.shape)}`,
      got: formatShape(references.shape),
    });
  }
  return references;
}

function admit<T extends Distances | Similarities>(
  where: string,
  matrix: unknown,
  kind: Geometry['kind'],
  options: unknown,
): T {
  checkTensor(where, 'matrix', matrix);
  checkRank(where, 'matrix', matrix, 2, 'a matrix [n, m]');
  checkFloat(where, 'matrix', matrix);
  const { metric, selfPaired } = checkGeometryOptions(where, options);
  const known = (matrix as Tagged)[GEOMETRY];
  if (known !== undefined && known.kind !== kind) {
    throw new ArgumentError({
      where,
      argument: 'matrix',
      must: `hold ${kind}`,
      got: `${known.kind} (metric '${known.metric}')`,
      hint: 'convert the values first, for example sub(1, similarities)',
    });
  }
  const square = matrix.shape[0] === matrix.shape[1];
  if (selfPaired === true && !square) {
    throw new ShapeError({
      where,
      argument: 'matrix',
      must: 'be square when selfPaired is true',
      got: formatShape(matrix.shape),
    });
  }
  // A view, so that the caller's own tensor stays untagged.
  return tag<T>(slice(matrix), { kind, metric, selfPaired: selfPaired ?? square });
}

/** Refuses a `selfPaired` that is neither left out nor a boolean. */
export function checkSelfPaired(where: string, selfPaired: unknown): void {
  if (selfPaired !== undefined && typeof selfPaired !== 'boolean') {
    throw new ArgumentError({
      where,
      argument: 'selfPaired',
      must: 'be true or false',
      got: describeValue(selfPaired),
    });
  }
}

function checkGeometryOptions(where: string, options: unknown): GeometryOptions {
  checkOptions(where, options, ['metric', 'selfPaired'] as const);
  const { metric, selfPaired } = (options ?? {}) as Partial<GeometryOptions>;
  if (typeof metric !== 'string' || metric === '') {
    throw new ArgumentError({
      where,
      argument: 'metric',
      must: "be the name of the geometry, such as 'euclidean'",
      got: describeValue(metric),
    });
  }
  checkSelfPaired(where, selfPaired);
  return selfPaired === undefined ? { metric } : { metric, selfPaired };
}

function tag<T extends Distances | Similarities>(matrix: Tensor, geometry: Geometry): T {
  Object.defineProperty(matrix, GEOMETRY, { value: geometry });
  return matrix as T;
}
