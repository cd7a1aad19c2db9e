/** @file Rows over the last axis, and the calls that bring another axis there: what softmax and the scans share. */
import type { Kernel } from '@ndgrad/kernels';
import { checkOptions } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type OpRow } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import type { DType } from '../dtype.js';
import { checkAxis } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, operand, type Result, type TensorLike, workingDType } from './define.js';
import { permute, type SingleAxisOptions, transpose } from './movement.js';

interface LastAxisRow {
  readonly name: string;
  readonly kernel: Kernel;
  /** The kernel for float64, where it differs. */
  readonly doubleKernel?: Kernel;
  readonly dtype?: DType;
  readonly saves?: OpRow<null>['saves'];
  readonly vjp?: NonNullable<OpRow<null>['vjp']>;
}

/** A row whose kernel works along the packed last axis and keeps its length. */
export function alongLastAxis({
  name,
  kernel,
  doubleKernel = kernel,
  dtype,
  saves,
  vjp,
}: LastAxisRow): Op<null> {
  return new Op({
    name,
    shape: ([shape]) => shape,
    dtype: dtype === undefined ? undefined : () => dtype,
    run(home, y, [a, b]) {
      const n = y.shape[y.rank - 1];
      if (y.size === 0) return;
      const chosen = a.dtype === 'float64' ? doubleKernel : kernel;
      home.call(chosen, [y.size / n, n], y, packed(home, a), b === undefined ? undefined : packed(home, b));
    },
    saves,
    vjp,
  });
}

/** The tensor and axis of an op along one axis, checked: the last by default. */
export function checkAlongAxis(
  where: string,
  x: TensorLike,
  options: SingleAxisOptions,
): { t: Tensor; axis: number } {
  const t = operand(where, x);
  checkOptions(where, options, ['axis']);
  return { t, axis: checkAxis(where, 'axis', options.axis ?? -1, t.rank) };
}

/** Checks the arguments, brings the axis to the end, applies, and puts it back. */
export function alongAxis(
  where: string,
  x: TensorLike,
  options: SingleAxisOptions,
  row: Op<null>,
  result: Result,
): Tensor {
  const { t, axis } = checkAlongAxis(where, x, options);
  const working = cast(t, workingDType(result, t.dtype));
  return transpose(apply(row, [transpose(working, axis, -1)], null), axis, -1);
}

/** An axis moved to the end, the others in their order. */
export function movedLast(t: Tensor, axis: number): Tensor {
  return permute(t, [...t.shape.map((_, i) => i).filter((i) => i !== axis), axis]);
}
