import {
  add,
  any,
  where as choose,
  logicalAnd,
  logSumExp,
  mul,
  relu,
  softplus,
  stopGradient,
  sub,
  type Tensor,
} from '@ndgrad/core';
import { checkNumber, checkOptions } from '@ndgrad/core/arguments';
import { checkSimilarities, cosineSimilarities, type Similarities } from './distances.js';
import { REDUCTION_KEYS, type ReductionOptions, reduce, tallyOf } from './reduction.js';
import { type Relation, type RelationOptions, relationMasks } from './relations.js';

/** Options of {@link circleLoss}. */
export interface CircleLossOptions extends ReductionOptions {
  /** `m` in (0, 1): similarities should pass 1 − m and fall below m. Default 0.25. */
  readonly margin?: number;
  /** `γ > 0`: how sharply the hardest pairs stand out. Default 256. */
  readonly scale?: number;
}

/** Options of {@link circleLossFromSimilarities}. */
export interface CircleLossFromSimilaritiesOptions extends CircleLossOptions, RelationOptions {}

/**
 * Circle loss of a batch of embeddings, in the pair-wise paradigm: each anchor's similarities to its positives should
 * be near 1, to its negatives near 0, and every one is pulled as hard as it is off.
 *
 *     L_i = softplus( LSE_n γ αₙ (sₙ − m) + LSE_p −γ αₚ (sₚ − 1 + m) )
 *     αₙ = [sₙ + m]₊,  αₚ = [1 + m − sₚ]₊     constants: no gradient flows through them
 *
 * over the positives p and negatives n of anchor i, with cosine similarity s; LSE is log Σ exp. An anchor without a
 * positive or without a negative does not count. Nothing counted: 0, with gradient 0.
 *
 * @param embeddings - `[n, d]`, float, of any length: a zero row has similarity 0 to all, with gradient 0.
 * @param labels - `[n]`, or any other {@link Relation}.
 * @param options.margin - `m` in (0, 1). Default 0.25.
 * @param options.scale - `γ > 0`. Default 256 (faces; the paper takes 128 for re-identification, and 80 with m = 0.4 for
 *   fine-grained retrieval).
 * @param options.reduction - over anchors: `'mean'` (default), `'sum'`, `'none'`, `'meanActive'`.
 * @param options.weight - one weight per anchor; the mean is then Σwℓ / Σw.
 * @returns `[]`; `[n]` under `'none'`.
 * @throws ShapeError for embeddings that are no matrix or labels of another length; DTypeError for embeddings that are not
 *   float or labels that are not int32; ArgumentError for an option out of range, or an unknown option.
 *
 * @example
 * ```ts
 * const separated = tensor([[1, 0], [1, 0], [-1, 0], [-1, 0]]);
 * circleLoss(separated, [0, 0, 1, 1]).item() < 1e-6 // => true
 * ```
 *
 * @see Sun et al., “Circle Loss: A Unified Perspective of Pair Similarity Optimization”, CVPR 2020, eq. 4–8. Its eq. 10 has
 *   a slipped sign; this is the gradient that its α imply, Z·softmax·γ(s + m).
 * @see {@link circleLossFromSimilarities} for references and your own similarities; {@link tripletLoss}.
 */
export function circleLoss(embeddings: Tensor, labels: Relation, options: CircleLossOptions = {}): Tensor {
  const where = 'circleLoss';
  checkOptions(where, options, ['margin', 'scale', ...REDUCTION_KEYS]);
  return circle(where, cosineSimilarities(embeddings), labels, options);
}

circleLoss.formula =
  'L_i = softplus( LSE_n γ αₙ (sₙ − m) + LSE_p −γ αₚ (sₚ − 1 + m) ), αₙ = [sₙ + m]₊, αₚ = [1 + m − sₚ]₊ constant';
circleLoss.paper =
  'Sun et al., Circle Loss: A Unified Perspective of Pair Similarity Optimization, CVPR 2020, eq. 4–8';
circleLoss.denominator = 'Σw over anchors with a positive and a negative; their number without weights';

/**
 * Circle loss from similarities computed once: rows are anchors, columns what they are compared with.
 *
 *     L_i = softplus( LSE_n γ αₙ (S[i, n] − m) + LSE_p −γ αₚ (S[i, p] − 1 + m) )
 *
 * See {@link circleLoss} for α and the cases. The optimum, 1 for positives and 0 for negatives, means cosine; other
 * similarities are taken as they come. A list of pairs or triplets says which positives and negatives count; repeats
 * collapse.
 *
 * @param similarities - `S`, `[n, m]`; larger is nearer.
 * @param relation - which pairs are the same. See {@link Relation}; of a float matrix, anything above 0.
 * @param options.referenceLabels - labels of the columns, where the relation is labels and they are other items.
 * @returns `[]`; `[n]` under `'none'`.
 * @throws ArgumentError for a plain tensor or distances; else as {@link circleLoss}.
 *
 * @example
 * ```ts
 * const s = cosineSimilarities(tensor([[1, 0]]), tensor([[1, 0], [-1, 0]]));
 * circleLossFromSimilarities(s, [3], { referenceLabels: [3, 4] }).item() < 1e-6 // => true
 * ```
 */
export function circleLossFromSimilarities(
  similarities: Similarities,
  relation: Relation,
  options: CircleLossFromSimilaritiesOptions = {},
): Tensor {
  const where = 'circleLossFromSimilarities';
  checkOptions(where, options, ['margin', 'scale', 'referenceLabels', ...REDUCTION_KEYS]);
  checkSimilarities(where, 'similarities', similarities);
  return circle(where, similarities, relation, options);
}

circleLossFromSimilarities.formula = circleLoss.formula;
circleLossFromSimilarities.paper = circleLoss.paper;
circleLossFromSimilarities.denominator = circleLoss.denominator;

function circle(
  where: string,
  s: Similarities,
  relation: Relation,
  options: CircleLossFromSimilaritiesOptions,
): Tensor {
  const m = checkNumber(where, 'margin', options.margin ?? 0.25, {
    min: 0,
    exclusiveMin: true,
    max: 1,
    exclusiveMax: true,
  });
  const scale = checkNumber(where, 'scale', options.scale ?? 256, { min: 0, exclusiveMin: true });
  const { positives, negatives } = relationMasks(where, relation, s, options);
  const complete = logicalAnd(any(positives, { axis: 1 }), any(negatives, { axis: 1 }));
  const tally = tallyOf(where, complete.shape, s.dtype, options, complete);
  const pull = stopGradient(mul(relu(sub(1 + m, s)), -scale));
  const push = stopGradient(mul(relu(add(s, m)), scale));
  const near = maskedLogSumExp(mul(pull, sub(s, 1 - m)), positives);
  const far = maskedLogSumExp(mul(push, sub(s, m)), negatives);
  return reduce(softplus(add(far, near)), tally);
}

/** log Σ exp over the chosen entries of each row; −∞ with gradient 0 where none is. */
function maskedLogSumExp(logits: Tensor, chosen: Tensor): Tensor {
  return logSumExp(choose(chosen, logits, -Infinity), { axis: 1 });
}
