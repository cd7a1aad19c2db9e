/** @file The checks that losses of one prediction against one target share. */
import { IndexError, ShapeError, type Tensor } from '@ndgrad/core';
import { checkFloat, checkNumber, checkSameShape, checkTensor, formatShape } from '@ndgrad/core/arguments';

/** Refuses predictions that are not float and targets of another shape: a prediction is never broadcast. */
export function checkPointwise(where: string, prediction: unknown, target: unknown): void {
  checkFloat(where, 'prediction', prediction);
  checkTensor(where, 'target', target);
  checkSameShape(where, 'prediction', prediction, 'target', target);
}

/** The class axis of `prediction`, counted from the front; negative ones count from the end. */
export function axisOf(where: string, x: Tensor, axis: number): number {
  if (x.rank === 0) {
    throw new ShapeError({
      where,
      argument: 'prediction',
      must: 'have an axis of classes',
      got: 'shape []',
    });
  }
  checkNumber(where, 'axis', axis, { integer: true });
  if (axis < -x.rank || axis >= x.rank) {
    throw new IndexError({
      where,
      argument: 'axis',
      must: `lie in ${-x.rank}…${x.rank - 1} for shape ${formatShape(x.shape)}`,
      got: `${axis}`,
    });
  }
  return axis < 0 ? axis + x.rank : axis;
}

/** The shape without one axis. */
export function shapeWithout(x: Tensor, axis: number): number[] {
  return x.shape.filter((_, k) => k !== axis);
}
