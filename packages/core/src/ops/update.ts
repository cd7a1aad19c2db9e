/** @file Steps of optimisers: a parameter and what is kept beside it, overwritten in one go. */
import { type Kernel, update as kernels } from '@ndgrad/kernels';
import { checkSameShape, checkTensor } from '../arguments.js';
import { copyOnto, packed } from '../autodiff/vectorSpace.js';
import { DTypeError, ShapeError } from '../errors.js';
import { currentHome } from '../homes/current.js';
import { formatShape } from '../shape.js';
import type { Home, Operand } from '../storage.js';
import { requireWritable, type Tensor } from '../tensor.js';

/** Numbers of a step: a float64 vector, as `hostVector` gives it, and where in it those of this parameter begin. */
function numbersAt(where: string, numbers: Tensor, at: number, count: number): Operand {
  checkTensor(where, 'numbers', numbers);
  if (numbers.dtype !== 'float64') {
    throw new DTypeError({ where, argument: 'numbers', must: 'be float64', got: numbers.dtype });
  }
  if (numbers.rank !== 1 || !numbers.isContiguous || !(at >= 0) || at + count > numbers.size) {
    throw new ShapeError({
      where,
      argument: 'numbers',
      must: `be a vector with ${count} numbers from position ${at} on`,
      got: formatShape(numbers.shape),
    });
  }
  return {
    storage: numbers.storage,
    offset: numbers.offset + at,
    shape: [count],
    strides: [1],
    size: count,
  };
}

/** Checks a tensor that is written or read beside a parameter. */
function checkBeside(where: string, parameter: Tensor, name: string, t: Tensor): void {
  checkTensor(where, name, t);
  checkSameShape(where, 'parameter', parameter, name, t);
  if (t.dtype !== parameter.dtype) {
    throw new DTypeError({ where, argument: name, must: `be ${parameter.dtype}`, got: t.dtype });
  }
}

/**
 * Calls an update, whose operands are what is written, the gradient and the numbers, over packed memory; what is not
 * packed goes through a copy. Everything has been checked: from the first write on nothing fails.
 */
function update(
  where: string,
  kernel: Kernel,
  ints: readonly number[],
  written: readonly Tensor[],
  gradient: Tensor,
  numbers: Operand,
): void {
  const home: Home = currentHome();
  let direct = true;
  for (const t of written) {
    requireWritable(where, t);
    direct &&= t.isContiguous;
  }
  const targets = direct ? written : written.map((t) => packed(home, t));
  const g = packed(home, gradient);
  if (targets.length === 1) home.call(kernel, ints, targets[0], g, numbers);
  else if (targets.length === 2) home.call(kernel, ints, targets[0], targets[1], g, numbers);
  else home.call(kernel, ints, targets[0], targets[1], targets[2], g, numbers);
  for (let i = 0; i < written.length; i++) {
    if (targets[i] !== written[i]) copyOnto(home, written[i], targets[i]);
    written[i].storage.touch();
  }
}

/** What {@link adamUpdate} overwrites beside the parameter; of its shape and dtype. */
export interface AdamMoments {
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/**
 * One step of Adam, in place and fused.
 *
 *     g ← gradient + weightDecay · p
 *     m ← m + (1 − β₁)(g − m)
 *     v ← β₂ v + (1 − β₂) g²
 *     p ← p − stepSize · m / (√v / correction + ε)
 *
 * @param numbers - float64 vector that holds `stepSize = learningRate / (1 − β₁ᵗ)`, `correction = √(1 − β₂ᵗ)`, `β₁`, `β₂`, `ε`,
 *   `weightDecay`; from `hostVector`, so that a captured step reads them anew.
 * @param at - position of the first of them. Default 0.
 * @throws {@link ShapeError} or {@link DTypeError} for tensors that do not fit; {@link GraphError} outside of `noGrad`.
 *
 * @example
 * ```ts
 * const p = tensor([1]);
 * const moments = { firstMoment: zeros([1]), secondMoment: zeros([1]) };
 * adamUpdate(p, moments, tensor([4]), hostVector(6, (n) => n.splice(0, 6, 0.5 / 0.1, Math.sqrt(0.001), 0.9, 0.999, 1e-8, 0)));
 * Math.abs(p.item() - 0.5) < 1e-6 // => true
 * ```
 *
 * @see Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
 */
export function adamUpdate(
  parameter: Tensor,
  { firstMoment, secondMoment }: AdamMoments,
  gradient: Tensor,
  numbers: Tensor,
  at = 0,
): void {
  const where = 'adamUpdate';
  checkTensor(where, 'parameter', parameter);
  checkBeside(where, parameter, 'firstMoment', firstMoment);
  checkBeside(where, parameter, 'secondMoment', secondMoment);
  checkBeside(where, parameter, 'gradient', gradient);
  const written = [parameter, firstMoment, secondMoment];
  update(where, kernels.adamUpdate, [parameter.size], written, gradient, numbersAt(where, numbers, at, 6));
}

/**
 * One step down the gradient, in place and fused: `p ← p − learningRate · (gradient + weightDecay · p)`.
 *
 * @param numbers - float64 vector that holds `learningRate`, `weightDecay`; see {@link adamUpdate}.
 * @param at - position of the first of them. Default 0.
 * @throws {@link ShapeError} or {@link DTypeError} for tensors that do not fit; {@link GraphError} outside of `noGrad`.
 *
 * @example
 * ```ts
 * const p = tensor([1, 2]);
 * sgdUpdate(p, tensor([2, 2]), hostVector(2, (n) => n.splice(0, 2, 0.5, 0)));
 * p.toArray() // => [0, 1]
 * ```
 */
export function sgdUpdate(parameter: Tensor, gradient: Tensor, numbers: Tensor, at = 0): void {
  const where = 'sgdUpdate';
  checkTensor(where, 'parameter', parameter);
  checkBeside(where, parameter, 'gradient', gradient);
  update(where, kernels.sgdUpdate, [parameter.size], [parameter], gradient, numbersAt(where, numbers, at, 2));
}

/**
 * One step of gradient descent with momentum, in place and fused.
 *
 *     g ← gradient + weightDecay · p
 *     v ← momentum · v + share · g
 *     p ← p − learningRate · v                      Nesterov: g + momentum · v instead of v
 *
 * @param velocity - overwritten too; of the shape and dtype of the parameter.
 * @param nesterov - whether to look ahead along the velocity.
 * @param numbers - float64 vector that holds `learningRate`, `weightDecay`, `momentum`, `share`; see {@link adamUpdate}.
 * @param at - position of the first of them. Default 0.
 * @throws {@link ShapeError} or {@link DTypeError} for tensors that do not fit; {@link GraphError} outside of `noGrad`.
 *
 * @example
 * ```ts
 * const p = tensor([1]);
 * const velocity = tensor([2]);
 * momentumUpdate(p, velocity, tensor([1]), false, hostVector(4, (n) => n.splice(0, 4, 0.5, 0, 0.5, 1)));
 * p.item() // => 0
 * velocity.item() // => 2
 * ```
 */
export function momentumUpdate(
  parameter: Tensor,
  velocity: Tensor,
  gradient: Tensor,
  nesterov: boolean,
  numbers: Tensor,
  at = 0,
): void {
  const where = 'momentumUpdate';
  checkTensor(where, 'parameter', parameter);
  checkBeside(where, parameter, 'velocity', velocity);
  checkBeside(where, parameter, 'gradient', gradient);
  const ints = [parameter.size, nesterov ? 1 : 0];
  update(
    where,
    kernels.momentumUpdate,
    ints,
    [parameter, velocity],
    gradient,
    numbersAt(where, numbers, at, 4),
  );
}
