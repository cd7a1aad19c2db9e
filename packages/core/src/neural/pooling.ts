/** @file Pooling: the largest element, or the mean, of each window of an image. */
import { type Kernel, window as kernels } from '@ndgrad/kernels';
import { checkBoolean, checkNumber, checkOptions } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { gather } from '../ops/indexing.js';
import { reshape } from '../ops/movement.js';
import type { ValuesAndIndices } from '../ops/order.js';
import { checkShape, formatShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import {
  checkImage,
  type Fit,
  type PerAxis,
  perAxis,
  placesOf,
  planesOf,
  type Slide,
  spanOf,
  tooLarge,
  type Windows,
  windowPlan,
} from './windows.js';

/** What pooling ops have in common. */
export interface PoolOptions {
  /** How far the window moves from place to place. Default: `kernelSize`, so that windows touch and do not overlap. */
  readonly stride?: PerAxis;
  /** Padding at both ends of each axis, at most half of what the window spans. It is never the largest. Default 0. */
  readonly padding?: PerAxis;
  /**
   * Whether a last window may reach beyond the padding, as long as it starts inside of the image or the padding in front.
   * Default `false`.
   */
  readonly ceilMode?: boolean;
}

/** How many places a window takes: rounded up under `ceilMode`, but a last one must not start in the padding behind. */
function placesAlong({ extent, stride, before, after, ...window }: Fit, ceilMode: boolean): number {
  const steps = (extent + before + after - spanOf(window)) / stride;
  if (!ceilMode) return Math.floor(steps) + 1;
  const places = Math.ceil(steps) + 1;
  return (places - 1) * stride >= extent + before ? places - 1 : places;
}

/** Whether a window reads padding alone at some of its places. */
function missesTheImage({ extent, kernel, stride, before, dilation, places }: Slide): boolean {
  for (let o = 0; o < places; o++) {
    const start = o * stride - before;
    const first = start < 0 ? start + Math.ceil(-start / dilation) * dilation : start;
    if (first >= extent || first > start + (kernel - 1) * dilation) return true;
  }
  return false;
}

/** Checks image and options; gives the windows. */
function poolingWindows(
  where: string,
  axes: number,
  x: Tensor,
  kernelSize: PerAxis,
  options: MaxPoolOptions,
): Windows {
  const kernel = perAxis(where, 'kernelSize', kernelSize, axes, 1);
  const stride = perAxis(where, 'stride', options.stride ?? kernel, axes, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, axes, 0);
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, axes, 1);
  const ceilMode = checkBoolean(where, 'ceilMode', options.ceilMode ?? false);
  const slides = kernel.map((taps, a): Slide => {
    const axis = x.rank - axes + a;
    const [before, after] = [padding[a], padding[a]];
    const fit = {
      extent: x.shape[axis],
      kernel: taps,
      stride: stride[a],
      before,
      after,
      dilation: dilation[a],
    };
    if (before > spanOf(fit) / 2) {
      throw new ArgumentError({
        where,
        argument: 'padding',
        must: `be at most half of the ${spanOf(fit)} that the window spans`,
        got: `${before}`,
      });
    }
    const places = placesAlong(fit, ceilMode);
    if (places < 1) throw tooLarge(where, 'x', axis, fit);
    const slide = { ...fit, places };
    if (missesTheImage(slide)) {
      throw new ShapeError({
        where,
        argument: 'x',
        must: `lie under every window along axis ${axis}: one would read padding alone`,
        got: `shape ${formatShape(x.shape)}`,
      });
    }
    return slide;
  });
  return { slides };
}

// The largest of each window

const maxPoolRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'maxPool',
  shape: ([image], windows) => pooledShape(image, windows),
  run: (home, y, [x], windows) =>
    home.call(kernels.maxPool, windowPlan(x.shape, windows), y, packed(home, x)),
  saves: { inputs: [0], output: true },
  vjp: [(g, { inputs: [x], output: y, attributes }) => apply(maxPoolGradientRow, [g, x, y], attributes)],
});

/** The cotangent of the image: ties share. Linear in the cotangent, and constant in x wherever it is smooth. */
const maxPoolGradientRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'maxPoolGradient',
  shape: ([, image]) => image,
  run: (home, y, [g, x, m], windows) =>
    home.call(
      kernels.maxPoolGradient,
      windowPlan(x.shape, windows),
      y,
      packed(home, g),
      packed(home, x),
      packed(home, m),
    ),
  saves: { inputs: [1, 2] },
  vjp: [(h, { inputs: [, x, m], attributes }) => apply(maxPoolSharesRow, [h, x, m], attributes), null, null],
});

/** The adjoint of maxPoolGradient by the cotangent. */
const maxPoolSharesRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'maxPoolShares',
  shape: ([, , pooled]) => pooled,
  run: (home, y, [h, x, m], windows) =>
    home.call(
      kernels.maxPoolShares,
      windowPlan(x.shape, windows),
      y,
      packed(home, h),
      packed(home, x),
      packed(home, m),
    ),
  saves: { inputs: [1, 2] },
  vjp: [
    (g, { inputs: [, x, m], attributes }) => apply(maxPoolGradientRow, [g, x, m], attributes),
    null,
    null,
  ],
});

const maxPoolIndicesRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'maxPoolIndices',
  shape: ([image], windows) => pooledShape(image, windows),
  dtype: () => 'int32',
  run: (home, y, [x], windows) =>
    home.call(kernels.maxPoolIndices, windowPlan(x.shape, windows), y, packed(home, x)),
});

/** `[…, H, W]` with the places of the windows instead of its extents. */
function pooledShape(image: readonly number[], windows: Windows): number[] {
  return [...image.slice(0, -windows.slides.length), ...placesOf(windows)];
}

/** Options of {@link maxPool1d}, {@link maxPool2d} and {@link maxPool2dWithIndices}. */
export interface MaxPoolOptions extends PoolOptions {
  /** How far the elements of a window lie apart. Default 1. */
  readonly dilation?: PerAxis;
}

const POOL_OPTIONS = ['stride', 'padding', 'ceilMode'] as const;

function maxPoolWindows(
  where: string,
  axes: number,
  x: unknown,
  kernelSize: PerAxis,
  options: MaxPoolOptions,
): { x: Tensor; windows: Windows } {
  checkImage(where, 'x', x, axes);
  checkOptions(where, options, [...POOL_OPTIONS, 'dilation']);
  return { x, windows: poolingWindows(where, axes, x, kernelSize, options) };
}

/**
 * The largest element of each window along lines: `[N, C, L] → [N, C, places]`. NaN spreads. Ties share the derivative
 * equally.
 *
 * @param x - `[N, C, L]`, or `[C, L]` without a batch.
 * @param kernelSize - length of the window.
 * @throws {@link ShapeError} for a window that spans more than the padded line, or would read padding alone;
 *   {@link ArgumentError} for padding of more than half a window.
 *
 * @example
 * ```ts
 * maxPool1d(tensor([[1, 5, 2, 4, 3]]), 2).toArray() // => [[5, 4]]
 * maxPool1d(tensor([[1, 5, 2, 4, 3]]), 2, { ceilMode: true }).toArray() // => [[5, 4, 3]]
 * ```
 */
export function maxPool1d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor {
  const { x: t, windows } = maxPoolWindows('maxPool1d', 1, x, kernelSize, options);
  return apply(maxPoolRow, [t], windows);
}

/**
 * The largest element of each window of images: `[N, C, H, W] → [N, C, H′, W′]`. NaN spreads. Ties share the derivative
 * equally, the subgradient of smallest norm; {@link maxPool2dWithIndices} gives it to the first of them instead.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param kernelSize - `[height, width]` of the window, or a number for a square.
 * @throws {@link ShapeError} for a window that spans more than the padded image, or would read padding alone;
 *   {@link ArgumentError} for padding of more than half a window.
 *
 * @example
 * ```ts
 * maxPool2d(tensor([[[1, 2, 3, 0], [4, 0, 5, 6]]]), 2).toArray() // => [[[4, 6]]]
 * ```
 */
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor {
  const { x: t, windows } = maxPoolWindows('maxPool2d', 2, x, kernelSize, options);
  return apply(maxPoolRow, [t], windows);
}

/**
 * {@link maxPool2d} with where in its plane the largest element of each window is: `row · W + column`, the first of equals,
 * the first NaN before all numbers. The derivative goes to that element alone.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param kernelSize - `[height, width]` of the window, or a number for a square.
 * @returns values, and int32 indices of their shape.
 * @throws {@link ShapeError} or {@link ArgumentError} as {@link maxPool2d}.
 *
 * @example
 * ```ts
 * const { values, indices } = maxPool2dWithIndices(tensor([[[1, 2, 3, 0], [4, 0, 5, 6]]]), 2);
 * values.toArray() // => [[[4, 6]]]
 * indices.toArray() // => [[[4, 7]]]
 * ```
 */
export function maxPool2dWithIndices(
  x: Tensor,
  kernelSize: PerAxis,
  options: MaxPoolOptions = {},
): ValuesAndIndices {
  const { x: t, windows } = maxPoolWindows('maxPool2dWithIndices', 2, x, kernelSize, options);
  const indices = apply(maxPoolIndicesRow, [t], windows);
  const lead = t.shape.slice(0, -2);
  const planes = reshape(t, [...lead, sizeOf(t.shape.slice(-2))]);
  const values = gather(planes, -1, reshape(indices, [...lead, sizeOf(placesOf(windows))]));
  return { values: reshape(values, indices.shape), indices };
}

// The mean of each window

/** A row with its adjoint: `forward` makes windows of an image, `backward` an image of what windows hand back. */
function averageRow<A>(
  name: string,
  forward: Kernel,
  backward: Kernel,
  pooled: (image: readonly number[], attributes: A) => readonly number[],
  image: (attributes: A) => readonly number[],
  plan: (image: readonly number[], attributes: A) => readonly number[],
): Op<A> {
  const row: Op<A> = new Op({
    name,
    shape: ([shape], attributes) => pooled(shape, attributes),
    run: (home, y, [x], attributes) => home.call(forward, plan(x.shape, attributes), y, packed(home, x)),
    vjp: [(g, { attributes }) => apply(adjoint, [g], attributes)],
  });
  const adjoint: Op<A> = new Op({
    name: `${name}Gradient`,
    shape: ([shape], attributes) => {
      const extents = image(attributes);
      return [...shape.slice(0, -extents.length), ...extents];
    },
    run: (home, y, [g], attributes) => home.call(backward, plan(y.shape, attributes), y, packed(home, g)),
    vjp: [(h, { attributes }) => apply(row, [h], attributes)],
  });
  return row;
}

interface AveragedWindows extends Windows {
  /** As the kernel takes it: 0 for elements and padding, −1 for elements, or a number. */
  readonly divisor: number;
}

const avgPoolRow = averageRow<AveragedWindows>(
  'avgPool',
  kernels.avgPool,
  kernels.avgPoolGradient,
  pooledShape,
  ({ slides }) => slides.map(({ extent }) => extent),
  (image, windows) => [...windowPlan(image, windows), windows.divisor],
);

/** Options of {@link avgPool1d} and {@link avgPool2d}. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts in the divisor, as so many zeros. Default `true`. */
  readonly countIncludePad?: boolean;
  /** What sums are divided by instead of by the size of the window: an integer of at least 1. */
  readonly divisorOverride?: number;
}

function averagePool(
  where: string,
  axes: number,
  x: Tensor,
  kernelSize: PerAxis,
  options: AvgPoolOptions,
): Tensor {
  checkImage(where, 'x', x, axes);
  checkOptions(where, options, [...POOL_OPTIONS, 'countIncludePad', 'divisorOverride']);
  const { countIncludePad = true, divisorOverride } = options;
  const counts = checkBoolean(where, 'countIncludePad', countIncludePad);
  const divisor =
    divisorOverride === undefined
      ? counts
        ? 0
        : -1
      : checkNumber(where, 'divisorOverride', divisorOverride, { integer: true, min: 1 });
  const windows = poolingWindows(where, axes, x, kernelSize, options);
  return apply(avgPoolRow, [x], { ...windows, divisor });
}

/**
 * The mean of each window along lines: `[N, C, L] → [N, C, places]`.
 *
 * @param x - `[N, C, L]`, or `[C, L]` without a batch.
 * @param kernelSize - length of the window.
 * @throws {@link ShapeError} for a window that spans more than the padded line; {@link ArgumentError} for padding of more
 *   than half a window.
 *
 * @example
 * ```ts
 * avgPool1d(tensor([[1, 5, 2, 4]]), 2).toArray() // => [[3, 3]]
 * ```
 */
export function avgPool1d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return averagePool('avgPool1d', 1, x, kernelSize, options);
}

/**
 * The mean of each window of images: `[N, C, H, W] → [N, C, H′, W′]`. Padding counts as zeros unless `countIncludePad` is
 * false; what a last window reaches beyond the padding never counts.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param kernelSize - `[height, width]` of the window, or a number for a square.
 * @throws {@link ShapeError} for a window that spans more than the padded image; {@link ArgumentError} for padding of more
 *   than half a window.
 *
 * @example
 * ```ts
 * avgPool2d(tensor([[[1, 2, 3, 0], [5, 0, 5, 4]]]), 2).toArray() // => [[[2, 3]]]
 * ```
 */
export function avgPool2d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return averagePool('avgPool2d', 2, x, kernelSize, options);
}

interface Parts {
  readonly extents: readonly number[];
  readonly places: readonly number[];
}

const adaptiveAvgPoolRow = averageRow<Parts>(
  'adaptiveAvgPool',
  kernels.adaptiveAvgPool,
  kernels.adaptiveAvgPoolGradient,
  (image, { places }) => [...image.slice(0, -places.length), ...places],
  ({ extents }) => extents,
  (image, { extents, places }) => {
    const whole = extents.length === 1 ? [1] : [];
    return [planesOf(image, extents.length), ...whole, ...extents, ...whole, ...places];
  },
);

function adaptivePool(where: string, axes: number, x: Tensor, outputSize: unknown): Tensor {
  checkImage(where, 'x', x, axes);
  const extents = x.shape.slice(-axes);
  // A null keeps the extent, where it stands alone for all axes too.
  const wanted = outputSize === null ? extents : outputSize;
  const list = Array.isArray(wanted) ? wanted.map((entry, a) => entry ?? extents[a]) : wanted;
  const places = perAxis(where, 'outputSize', list, axes, 0);
  if (extents.includes(0)) {
    throw new ShapeError({
      where,
      argument: 'x',
      must: 'have at least one element along each window axis',
      got: `shape ${formatShape(x.shape)}`,
    });
  }
  checkShape(where, 'the result', [...x.shape.slice(0, -axes), ...places]);
  return apply(adaptiveAvgPoolRow, [x], { extents, places });
}

/**
 * Means over a wanted number of windows along lines, `[N, C, L] → [N, C, outputSize]`; see {@link adaptiveAvgPool2d}.
 *
 * @param x - `[N, C, L]`, or `[C, L]` without a batch.
 * @throws {@link ShapeError} for lines of no element.
 *
 * @example
 * ```ts
 * adaptiveAvgPool1d(tensor([[1, 3, 5, 7]]), 2).toArray() // => [[2, 6]]
 * ```
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: number | readonly (number | null)[]): Tensor {
  return adaptivePool('adaptiveAvgPool1d', 1, x, outputSize);
}

/**
 * Means over a wanted number of windows, whatever the extents of the image: window `o` of an axis runs from
 * `⌊o · extent / size⌋` to `⌈(o + 1) · extent / size⌉`. An `outputSize` of 1 is the mean of the whole image.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param outputSize - `[H′, W′]`, where `null` keeps the extent, or a number for a square.
 * @throws {@link ShapeError} for images of no element.
 *
 * @example
 * ```ts
 * adaptiveAvgPool2d(tensor([[[1, 2, 3], [4, 5, 6]]]), [1, 2]).toArray() // => [[[3, 4]]]
 * adaptiveAvgPool2d(tensor([[[1, 2, 3], [4, 5, 6]]]), [1, null]).toArray() // => [[[2.5, 3.5, 4.5]]]
 * ```
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: number | readonly (number | null)[]): Tensor {
  return adaptivePool('adaptiveAvgPool2d', 2, x, outputSize);
}
