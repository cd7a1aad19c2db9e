/** @file Attention: each query a weighted mean of values, weighted by how well their keys match. */
import {
  checkBoolean,
  checkFloat,
  checkNumber,
  checkOptions,
  checkSameDType,
  checkTensor,
} from '../arguments.js';
import { ones } from '../creation.js';
import { isFloat } from '../dtype.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { add, eq, mul, where as select } from '../ops/elementwise.js';
import { matmul } from '../ops/linalg.js';
import { transpose, tril } from '../ops/movement.js';
import { softmax } from '../ops/rows.js';
import { type Generator, generatorOf } from '../random.js';
import { broadcastShapes, formatShape, type Shape, sameShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { dropout as drop } from './dropout.js';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /**
   * Broadcasts to `[…, L, S]`. bool: true where a query may attend to a key. Of the dtype of the query: added to the
   * scores, −Infinity where it may not. None by default.
   */
  readonly mask?: Tensor;
  /** Whether query i attends to keys 0 … i only. Not together with `mask`. Default `false`. */
  readonly isCausal?: boolean;
  /** What scores are multiplied by. Default `1 / √E`. */
  readonly scale?: number;
  /** The probability with which a weight is dropped. Default 0. */
  readonly dropout?: number;
  /** Where the draws of `dropout` come from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** Checks that query, key and value fit; gives the shape of the scores. */
function scoresShape(where: string, query: Tensor, key: Tensor, value: Tensor): Shape {
  const named = { query, key, value };
  for (const [argument, t] of Object.entries(named)) {
    checkFloat(where, argument, t);
    checkSameDType(where, 'query', query, argument, t);
    if (t.rank >= 2) continue;
    throw new ShapeError({
      where,
      argument,
      must: 'have at least two axes',
      got: `shape ${formatShape(t.shape)}`,
    });
  }
  const [length, width] = query.shape.slice(-2);
  const [keys, keyWidth] = key.shape.slice(-2);
  if (keyWidth !== width) {
    throw new ShapeError({
      where,
      argument: 'key',
      must: `have vectors of ${width}, as query ${formatShape(query.shape)} has`,
      got: `shape ${formatShape(key.shape)}`,
    });
  }
  if (value.shape[value.rank - 2] !== keys) {
    throw new ShapeError({
      where,
      argument: 'value',
      must: `have ${keys} vectors, as many as key ${formatShape(key.shape)}`,
      got: `shape ${formatShape(value.shape)}`,
    });
  }
  broadcastShapes(
    where,
    [query, key, value].map((t) => t.shape.slice(0, -2)),
  );
  const lead = broadcastShapes(
    where,
    [query, key].map((t) => t.shape.slice(0, -2)),
  );
  return [...lead, length, keys];
}

function checkMask(where: string, mask: unknown, query: Tensor, scores: Shape): asserts mask is Tensor {
  checkTensor(where, 'mask', mask);
  if (mask.dtype !== 'bool' && (!isFloat(mask.dtype) || mask.dtype !== query.dtype)) {
    throw new DTypeError({
      where,
      argument: 'mask',
      must: `be bool, or ${query.dtype} as query is`,
      got: mask.dtype,
    });
  }
  const joint = mask.rank <= scores.length ? broadcastShapes(where, [mask.shape, scores]) : mask.shape;
  if (sameShape(joint, scores)) return;
  throw new ShapeError({
    where,
    argument: 'mask',
    must: `broadcast to ${formatShape(scores)}`,
    got: formatShape(mask.shape),
  });
}

/**
 * For each query the mean of the values, weighted by a softmax over how well it matches their keys:
 * `softmax(query · keyᵀ · scale + mask) · value`.
 *
 * A query that may attend to nothing gets 0, with a derivative of 0. What may not be attended to does not enter the
 * softmax, whatever its score; but a NaN or an infinity among the values spreads through the product all the same.
 *
 * @param query - `[…, L, E]`.
 * @param key - `[…, S, E]`.
 * @param value - `[…, S, V]`. Leading axes of all three broadcast.
 * @returns `[…, L, V]`.
 * @throws {@link ShapeError} for tensors or a mask that do not fit; {@link DTypeError} for tensors that are not of one float
 *   dtype; {@link ArgumentError} for a mask beside `isCausal`, or a `dropout` outside of 0 … 1.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 0], [0, 1]]);
 * scaledDotProductAttention(x, x, x, { isCausal: true }).toArray()[0] // => [1, 0]
 * ```
 *
 * @see Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin, "Attention is all you need", NeurIPS 2017.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const where = 'scaledDotProductAttention';
  const shape = scoresShape(where, query, key, value);
  checkOptions(where, options, ['mask', 'isCausal', 'scale', 'dropout', 'generator']);
  const { mask, dropout = 0 } = options;
  const isCausal = checkBoolean(where, 'isCausal', options.isCausal ?? false);
  const scale = checkNumber(
    where,
    'scale',
    options.scale ?? 1 / Math.sqrt(Math.max(1, query.shape[query.rank - 1])),
  );
  const share = checkNumber(where, 'dropout', dropout, { min: 0, max: 1 });
  const generator = generatorOf(where, options.generator);
  if (mask !== undefined) {
    checkMask(where, mask, query, shape);
    if (isCausal) {
      throw new ArgumentError({
        where,
        problem: 'mask and isCausal cannot both be given',
        hint: 'pass one mask, logicalAnd(mask, tril(…))',
      });
    }
  }
  const allowed = isCausal ? tril(ones(shape.slice(-2), { dtype: 'bool' })) : mask;
  const scores = matmul(mul(query, scale), transpose(key));
  const weights = allowed === undefined ? softmax(scores) : maskedSoftmax(scores, allowed);
  return matmul(drop(weights, share, { generator }), value);
}

/** The softmax over what is allowed, 0 elsewhere. The softmax of a row of −Infinity is uniform: here it becomes 0. */
function maskedSoftmax(scores: Tensor, mask: Tensor): Tensor {
  const masked = mask.dtype === 'bool' ? select(mask, scores, -Infinity) : add(scores, mask);
  return select(eq(masked, -Infinity), 0, softmax(masked));
}
