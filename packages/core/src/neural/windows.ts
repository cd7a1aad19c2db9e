/** @file How windows slide: extents, strides, padding and the places they take, checked and counted. */
import { checkFloat, checkNumber, describeValue } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { formatShape, type Shape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** One number for all window axes, or a list with one for each. */
export type PerAxis = number | readonly number[];

/** How a window slides along one axis. */
export interface Slide {
  /** Length of the axis. */
  readonly extent: number;
  /** How many elements the window reads. */
  readonly kernel: number;
  readonly stride: number;
  /** Padding in front of the axis. What is behind it shows in `places`. */
  readonly before: number;
  readonly dilation: number;
  /** How many places the window takes. */
  readonly places: number;
}

/** What the rows of window ops know of a call: one slide per window axis, one or two. */
export interface Windows {
  readonly slides: readonly Slide[];
}

/** A list with an integer of at least `min` for each window axis. */
export function perAxis(
  where: string,
  argument: string,
  value: unknown,
  axes: number,
  min: number,
): readonly number[] {
  const range = { integer: true, min };
  if (!Array.isArray(value)) return new Array<number>(axes).fill(checkNumber(where, argument, value, range));
  if (value.length !== axes) {
    throw new ArgumentError({
      where,
      argument,
      must: `be a number or a list of ${axes}`,
      got: describeValue(value),
    });
  }
  // A hole of a sparse array is an entry too.
  return Array.from(value, (entry, axis) => checkNumber(where, `${argument}[${axis}]`, entry, range));
}

/** Refuses what is not a float tensor with channels, `axes` window axes, and perhaps a batch axis in front. */
export function checkImage(where: string, argument: string, x: unknown, axes: number): asserts x is Tensor {
  checkFloat(where, argument, x);
  if (x.rank === axes + 1 || x.rank === axes + 2) return;
  const form = axes === 1 ? '[C, L] or [N, C, L]' : '[C, H, W] or [N, C, H, W]';
  throw new ShapeError({ where, argument, must: `be ${form}`, got: `shape ${formatShape(x.shape)}` });
}

/** What an axis and a window on it are given, before it is known where the window can stand. */
export interface Fit {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly after: number;
  readonly dilation: number;
}

/** From the first element of a window to its last, both included. */
export function spanOf({ kernel, dilation }: { kernel: number; dilation: number }): number {
  return dilation * (kernel - 1) + 1;
}

/** The slide of a window that stays inside of the padded axis, which is axis `axis` of the argument. */
export function slideInside(where: string, argument: string, axis: number, fit: Fit): Slide {
  const { extent, kernel, stride, before, after, dilation } = fit;
  const span = spanOf(fit);
  if (extent + before + after < span) throw tooLarge(where, argument, axis, fit);
  const places = Math.floor((extent + before + after - span) / stride) + 1;
  return { extent, kernel, stride, before, dilation, places };
}

/** A window that spans more than the padded axis. */
export function tooLarge(where: string, argument: string, axis: number, fit: Fit): ShapeError {
  const { extent, before, after } = fit;
  const padding = before + after === 0 ? 'no padding' : `padding ${before} + ${after}`;
  return new ShapeError({
    where,
    argument,
    must: `hold the window along axis ${axis}, where it spans ${spanOf(fit)}`,
    got: `${extent} with ${padding}`,
  });
}

/** The integers of the kernels over windows: planes of an image, then six for their rows and six for their columns. */
export function windowPlan(image: Shape, { slides }: Windows): number[] {
  const whole: Slide = { extent: 1, kernel: 1, stride: 1, before: 0, dilation: 1, places: 1 };
  const both = slides.length === 1 ? [whole, ...slides] : slides;
  const integers = both.flatMap((s) => [s.extent, s.kernel, s.stride, s.before, s.dilation, s.places]);
  return [planesOf(image, slides.length), ...integers];
}

/** How many planes, lines for one window axis, an image holds. */
export function planesOf(image: Shape, axes: number): number {
  return sizeOf(image.slice(0, image.length - axes));
}

/** How many places a window takes along each axis. */
export function placesOf({ slides }: Windows): number[] {
  return slides.map(({ places }) => places);
}

/** How many elements a window reads. */
export function windowSize({ slides }: Windows): number {
  return slides.reduce((product, { kernel }) => product * kernel, 1);
}
