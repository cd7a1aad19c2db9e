/**
 * @file Convolutions: windows unfolded into columns, times a matrix of weights. `unfold` and `fold` are adjoint to one
 * another, so that the derivatives of all of these, of any order, are such products too.
 */
import { window as kernels } from '@ndgrad/kernels';
import {
  checkFloat,
  checkHasShape,
  checkNumber,
  checkOptions,
  checkSameDType,
  checkTensor,
  describeValue,
} from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op } from '../autodiff/node.js';
import { packed } from '../autodiff/vectorSpace.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { add } from '../ops/elementwise.js';
import { matmul } from '../ops/linalg.js';
import { reshape, transpose } from '../ops/movement.js';
import { checkShape, formatShape, type Shape, sizeOf } from '../shape.js';
import { Tensor } from '../tensor.js';
import {
  checkImage,
  type PerAxis,
  perAxis,
  placesOf,
  type Slide,
  slideInside,
  spanOf,
  type Windows,
  windowPlan,
  windowSize,
} from './windows.js';

/** `[…, C, H, W] → […, C·kH·kW, places]`. */
function columnsShape(image: Shape, windows: Windows): Shape {
  const channel = image.length - windows.slides.length - 1;
  return [...image.slice(0, channel), image[channel] * windowSize(windows), sizeOf(placesOf(windows))];
}

/** `[…, C·kH·kW, places] → […, C, H, W]`. */
function imageShape(columns: Shape, windows: Windows): Shape {
  return [
    ...columns.slice(0, -2),
    columns[columns.length - 2] / windowSize(windows),
    ...windows.slides.map(({ extent }) => extent),
  ];
}

const unfoldRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'unfold',
  shape: ([image], windows) => columnsShape(image, windows),
  run: (home, y, [x], windows) => home.call(kernels.unfold, windowPlan(x.shape, windows), y, packed(home, x)),
  vjp: [(g, { attributes }) => apply(foldRow, [g], attributes)],
});

const foldRow: Op<Windows> = /* @__PURE__ */ new Op({
  name: 'fold',
  shape: ([columns], windows) => imageShape(columns, windows),
  run: (home, y, [columns], windows) =>
    home.call(kernels.fold, windowPlan(y.shape, windows), y, packed(home, columns)),
  vjp: [(g, { attributes }) => apply(unfoldRow, [g], attributes)],
});

/** Whether every column is one element and every element a column, in order: nothing has to be moved. */
function isIdentity({ slides }: Windows): boolean {
  return slides.every(
    ({ extent, kernel, stride, before, places }) =>
      kernel === 1 && stride === 1 && before === 0 && places === extent,
  );
}

/** `[…, C, H, W] → […, C·kH·kW, places]`, without a copy where that is a reshape of packed memory. */
function columnsOf(where: string, x: Tensor, windows: Windows): Tensor {
  const lead = x.shape.slice(0, -windows.slides.length);
  if (isIdentity(windows)) return reshape(x, [...lead, sizeOf(placesOf(windows))]);
  checkShape(where, 'the columns', columnsShape(x.shape, windows));
  return apply(unfoldRow, [x], windows);
}

/** `[…, C·kH·kW, places] → […, C, H, W]`, what lies over one another added up. */
function imageOf(where: string, columns: Tensor, windows: Windows): Tensor {
  const shape = imageShape(columns.shape, windows);
  checkShape(where, 'the result', shape);
  return isIdentity(windows) ? reshape(columns, shape) : apply(foldRow, [columns], windows);
}

/** Options of {@link unfold} and {@link fold}. */
export interface WindowOptions {
  /** How far a window moves from place to place. Default 1. */
  readonly stride?: PerAxis;
  /** Zeros at both ends of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** How far the elements of a window lie apart. Default 1. */
  readonly dilation?: PerAxis;
}

const WINDOW_OPTIONS = ['stride', 'padding', 'dilation'] as const;

/** How many window axes there are: two, unless the extents are a list of one. */
function axesOf(where: string, argument: string, extents: unknown): number {
  if (typeof extents === 'number') return 2;
  if (Array.isArray(extents) && (extents.length === 1 || extents.length === 2)) return extents.length;
  throw new ArgumentError({
    where,
    argument,
    must: 'be a number, [length] or [height, width]',
    got: describeValue(extents),
  });
}

/** The slides of windows over axes of given extents, of which the first is axis `first` of the argument. */
function slidesOver(
  where: string,
  argument: string,
  extents: readonly number[],
  first: number,
  kernelSize: PerAxis,
  options: WindowOptions,
): Slide[] {
  const axes = extents.length;
  const kernel = perAxis(where, 'kernelSize', kernelSize, axes, 1);
  const stride = perAxis(where, 'stride', options.stride ?? 1, axes, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, axes, 0);
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, axes, 1);
  return extents.map((extent, a) =>
    slideInside(where, argument, first + a, {
      extent,
      kernel: kernel[a],
      stride: stride[a],
      before: padding[a],
      after: padding[a],
      dilation: dilation[a],
    }),
  );
}

/**
 * Windows as columns: `[…, C, H, W] → […, C·kH·kW, places]`, where column `p` holds what the window reads at its place
 * `p`, channel by channel, zeros in the padding. Places count in row-major order.
 *
 * @param x - `[C, H, W]` or `[N, C, H, W]`; with a `kernelSize` of one extent `[C, L]` or `[N, C, L]`.
 * @param kernelSize - `[height, width]` of the window, a number for a square, or `[length]` for windows on lines.
 * @throws {@link ShapeError} for an `x` of another rank, or a window that spans more than the padded axes.
 *
 * @example
 * ```ts
 * unfold(tensor([[1, 2, 3, 4]]), [2]).toArray() // => [[1, 2, 3], [2, 3, 4]]
 * ```
 *
 * @see {@link fold}, its adjoint.
 */
export function unfold(x: Tensor, kernelSize: PerAxis, options: WindowOptions = {}): Tensor {
  const where = 'unfold';
  const axes = axesOf(where, 'kernelSize', kernelSize);
  checkImage(where, 'x', x, axes);
  checkOptions(where, options, WINDOW_OPTIONS);
  const extents = x.shape.slice(-axes);
  const slides = slidesOver(where, 'x', extents, x.rank - axes, kernelSize, options);
  return columnsOf(where, x, { slides });
}

/**
 * Columns laid back where {@link unfold} took them from, sums in double precision where windows lie over one another:
 * `[…, C·kH·kW, places] → […, C, H, W]`.
 *
 * @param columns - `[C·kH·kW, places]` or `[N, C·kH·kW, places]`.
 * @param outputSize - `[H, W]`, a number for a square, or `[L]` for windows on lines.
 * @param kernelSize - as for {@link unfold}.
 * @throws {@link ShapeError} when the columns are not as many or as long as the windows.
 *
 * @example
 * ```ts
 * fold(tensor([[1, 2, 3], [2, 3, 4]]), [4], [2]).toArray() // => [[1, 4, 6, 4]]
 * ```
 */
export function fold(
  columns: Tensor,
  outputSize: PerAxis,
  kernelSize: PerAxis,
  options: WindowOptions = {},
): Tensor {
  const where = 'fold';
  const axes = axesOf(where, 'outputSize', outputSize);
  checkFloat(where, 'columns', columns);
  checkOptions(where, options, WINDOW_OPTIONS);
  const extents = perAxis(where, 'outputSize', outputSize, axes, 0);
  const windows = { slides: slidesOver(where, 'outputSize', extents, 0, kernelSize, options) };
  const { rank, shape } = columns;
  const size = windowSize(windows);
  const places = sizeOf(placesOf(windows));
  if (rank < 2 || rank > 3 || shape[rank - 2] % size !== 0 || shape[rank - 1] !== places) {
    throw new ShapeError({
      where,
      argument: 'columns',
      must: `be [C·${size}, ${places}] or [N, C·${size}, ${places}], as size and places of the window say`,
      got: `shape ${formatShape(shape)}`,
    });
  }
  return imageOf(where, columns, windows);
}

// Convolutions

/** Options of {@link conv1d} and {@link conv2d}. */
export interface ConvolutionOptions {
  /** How far the kernel moves from place to place. Default 1. */
  readonly stride?: PerAxis;
  /**
   * Zeros at both ends of each axis. `'valid'` is 0; `'same'` keeps the extents, with the larger half behind where the
   * halves differ, and needs stride 1. Default 0.
   */
  readonly padding?: PerAxis | 'valid' | 'same';
  /** How far the elements of the kernel lie apart. Default 1. */
  readonly dilation?: PerAxis;
  /** Into how many groups the channels are parted; each group of outputs sees one group of inputs. Default 1. */
  readonly groups?: number;
}

/** Refuses what is no tensor, options in its place among it. */
function checkBias(where: string, bias: unknown): asserts bias is Tensor {
  if (bias instanceof Tensor) {
    checkTensor(where, 'bias', bias);
    return;
  }
  throw new ArgumentError({
    where,
    argument: 'bias',
    must: 'be a tensor or undefined',
    got: describeValue(bias),
    hint: 'options come after it',
  });
}

/** Checks what all convolutions are given; gives the number of groups. */
function checkConvolution(
  where: string,
  axes: number,
  x: unknown,
  weight: unknown,
  bias: unknown,
  options: { readonly groups?: number },
  known: readonly string[],
): number {
  checkImage(where, 'x', x, axes);
  checkTensor(where, 'weight', weight);
  if (bias !== undefined) checkBias(where, bias);
  checkOptions(where, options, known);
  checkSameDType(where, 'x', x, 'weight', weight);
  if (bias !== undefined) checkSameDType(where, 'x', x, 'bias', bias);
  return checkNumber(where, 'groups', options.groups ?? 1, { integer: true, min: 1 });
}

/** Refuses a weight of another rank, or whose kernel reads nothing. */
function checkWeight(where: string, axes: number, weight: Tensor, form: string): void {
  if (weight.rank === axes + 2 && !weight.shape.slice(2).includes(0)) return;
  throw new ShapeError({
    where,
    argument: 'weight',
    must: `be ${form} with extents of at least 1`,
    got: `shape ${formatShape(weight.shape)}`,
  });
}

function checkParted(where: string, argument: string, what: string, count: number, groups: number): void {
  if (count % groups === 0) return;
  throw new ShapeError({
    where,
    argument,
    must: `have a number of ${what} that ${groups} groups can share`,
    got: `${count}`,
  });
}

function checkChannels(where: string, x: Tensor, axis: number, expected: number, why: string): void {
  if (x.shape[axis] === expected) return;
  throw new ShapeError({
    where,
    argument: 'x',
    must: `have ${expected} channels, ${why}`,
    got: `${x.shape[axis]} in ${formatShape(x.shape)}`,
  });
}

/** The padding of each axis, in front and behind. */
function paddingOf(
  where: string,
  padding: unknown,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): (readonly [before: number, after: number])[] {
  if (typeof padding !== 'string') {
    return perAxis(where, 'padding', padding, kernel.length, 0).map((width) => [width, width]);
  }
  if (padding !== 'valid' && padding !== 'same') {
    throw new ArgumentError({
      where,
      argument: 'padding',
      must: "be a number, a list, 'valid' or 'same'",
      got: describeValue(padding),
    });
  }
  if (padding === 'same' && stride.some((step) => step !== 1)) {
    throw new ArgumentError({
      where,
      argument: 'padding',
      must: "be numbers where the stride is not 1, because 'same' has no meaning there",
      got: "'same'",
    });
  }
  return kernel.map((taps, a) => {
    const total = padding === 'same' ? spanOf({ kernel: taps, dilation: dilation[a] }) - 1 : 0;
    const before = Math.floor(total / 2);
    return [before, total - before];
  });
}

/** A bias of one number per channel, added to an image. */
function withBias(y: Tensor, bias: Tensor | undefined, axes: number): Tensor {
  return bias === undefined ? y : add(y, reshape(bias, [bias.size, ...new Array<number>(axes).fill(1)]));
}

function convolution(
  where: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvolutionOptions,
): Tensor {
  const groups = checkConvolution(where, axes, x, weight, bias, options, [...WINDOW_OPTIONS, 'groups']);
  checkWeight(
    where,
    axes,
    weight,
    axes === 1 ? '[outputs, inputs / groups, k]' : '[outputs, inputs / groups, kH, kW]',
  );
  const [outputs, perGroup, ...kernel] = weight.shape;
  checkParted(where, 'weight', 'outputs', outputs, groups);
  const first = x.rank - axes;
  const why = `as weight ${formatShape(weight.shape)} and ${groups} groups say`;
  checkChannels(where, x, first - 1, perGroup * groups, why);
  if (bias !== undefined) checkHasShape(where, 'bias', bias, [outputs]);
  const stride = perAxis(where, 'stride', options.stride ?? 1, axes, 1);
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, axes, 1);
  const padding = paddingOf(where, options.padding ?? 0, kernel, stride, dilation);
  const windows = {
    slides: kernel.map((taps, a) => {
      const [before, after] = padding[a];
      const [extent, step, apart] = [x.shape[first + a], stride[a], dilation[a]];
      const fit = { extent, kernel: taps, stride: step, before, after, dilation: apart };
      return slideInside(where, 'x', first + a, fit);
    }),
  };
  const lead = x.shape.slice(0, first - 1);
  const terms = perGroup * windowSize(windows);
  const columns = columnsOf(where, x, windows);
  // Outputs by places: the product lies as the image does.
  const y =
    groups === 1
      ? matmul(reshape(weight, [outputs, terms]), columns)
      : matmul(
          reshape(weight, [groups, outputs / groups, terms]),
          reshape(columns, [...lead, groups, terms, sizeOf(placesOf(windows))]),
        );
  return withBias(reshape(y, [...lead, outputs, ...placesOf(windows)]), bias, axes);
}

/**
 * A kernel slid along lines, `[N, C, L] → [N, outputs, places]`:
 * `y[n, o, p] = bias[o] + Σ weight[o, c, k] · x[n, c, p·stride + k·dilation − padding]`.
 *
 * @param x - `[N, C, L]`, or `[C, L]` without a batch.
 * @param weight - `[outputs, C / groups, k]`.
 * @param bias - `[outputs]`; none by default.
 * @throws {@link ShapeError} when channels, groups, weight and bias do not fit, or the kernel spans more than the padded
 *   line; {@link DTypeError} for tensors that are not of one float dtype.
 *
 * @example
 * ```ts
 * conv1d(tensor([[1, 2, 4, 8]]), tensor([[[-1, 1]]])).toArray() // => [[1, 2, 4]]
 * ```
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution('conv1d', 1, x, weight, bias, options);
}

/**
 * A kernel slid over images, `[N, C, H, W] → [N, outputs, H′, W′]`; each output is the sum, over the channels of its group
 * and the elements of the kernel, of weight times image, plus the bias. The kernel is not flipped.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param weight - `[outputs, C / groups, kH, kW]`.
 * @param bias - `[outputs]`; none by default.
 * @returns `H′ = ⌊(H + 2·padding − dilation·(kH − 1) − 1) / stride⌋ + 1`.
 * @throws {@link ShapeError} when channels, groups, weight and bias do not fit, or the kernel spans more than the padded
 *   image; {@link DTypeError} for tensors that are not of one float dtype.
 *
 * @example
 * ```ts
 * const x = tensor([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]);
 * conv2d(x, ones([1, 1, 2, 2])).toArray() // => [[[12, 16], [24, 28]]]
 * conv2d(x, ones([1, 1, 3, 3]), tensor([1]), { padding: 'same', stride: 1 }).shape // => [1, 3, 3]
 * ```
 *
 * @see {@link convTranspose2d}, its adjoint by x.
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution('conv2d', 2, x, weight, bias, options);
}

/** Options of {@link convTranspose1d} and {@link convTranspose2d}. */
export interface TransposedConvolutionOptions {
  /** How far the kernel moves from place to place of the output. Default 1. */
  readonly stride?: PerAxis;
  /** What is cut off at both ends of each axis: the padding of the convolution that this one turns around. Default 0. */
  readonly padding?: PerAxis;
  /** What is added behind each axis, less than stride or dilation. Default 0. */
  readonly outputPadding?: PerAxis;
  /** Into how many groups the channels are parted. Default 1. */
  readonly groups?: number;
  /** How far the elements of the kernel lie apart. Default 1. */
  readonly dilation?: PerAxis;
}

function transposedConvolution(
  where: string,
  axes: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: TransposedConvolutionOptions,
): Tensor {
  const known = [...WINDOW_OPTIONS, 'outputPadding', 'groups'];
  const groups = checkConvolution(where, axes, x, weight, bias, options, known);
  checkWeight(
    where,
    axes,
    weight,
    axes === 1 ? '[inputs, outputs / groups, k]' : '[inputs, outputs / groups, kH, kW]',
  );
  const [inputs, perGroup, ...kernel] = weight.shape;
  checkParted(where, 'weight', 'inputs', inputs, groups);
  const first = x.rank - axes;
  checkChannels(where, x, first - 1, inputs, `as weight ${formatShape(weight.shape)} says`);
  if (bias !== undefined) checkHasShape(where, 'bias', bias, [perGroup * groups]);
  const stride = perAxis(where, 'stride', options.stride ?? 1, axes, 1);
  const dilation = perAxis(where, 'dilation', options.dilation ?? 1, axes, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, axes, 0);
  const extra = perAxis(where, 'outputPadding', options.outputPadding ?? 0, axes, 0);
  const windows = {
    slides: kernel.map((taps, a): Slide => {
      const [step, apart, before, places] = [stride[a], dilation[a], padding[a], x.shape[first + a]];
      if (extra[a] >= Math.max(step, apart)) {
        throw new ArgumentError({
          where,
          argument: 'outputPadding',
          must: `be less than stride ${step} or dilation ${apart}`,
          got: `${extra[a]}`,
        });
      }
      const span = spanOf({ kernel: taps, dilation: apart });
      const extent = (places - 1) * step - 2 * before + span + extra[a];
      if (extent < 1 || places < 1) {
        throw new ShapeError({
          where,
          argument: 'x',
          must: `leave at least 1 element along axis ${first + a}`,
          got: `${places}, which gives (${places} − 1) · ${step} − 2 · ${before} + ${span} + ${extra[a]} = ${extent}`,
        });
      }
      return { extent, kernel: taps, stride: step, before, dilation: apart, places };
    }),
  };
  const lead = x.shape.slice(0, first - 1);
  const places = sizeOf(placesOf(windows));
  const terms = perGroup * windowSize(windows);
  const columns =
    groups === 1
      ? matmul(transpose(reshape(weight, [inputs, terms])), reshape(x, [...lead, inputs, places]))
      : matmul(
          transpose(reshape(weight, [groups, inputs / groups, terms])),
          reshape(x, [...lead, groups, inputs / groups, places]),
        );
  const image = imageOf(where, reshape(columns, [...lead, groups * terms, places]), windows);
  return withBias(image, bias, axes);
}

/**
 * The adjoint of {@link conv1d} by its input: every element of `x` lays the kernel, times itself, down along a line.
 *
 * @param x - `[N, C, L]`, or `[C, L]` without a batch.
 * @param weight - `[C, outputs / groups, k]`.
 * @param bias - `[outputs]`; none by default.
 * @returns `[N, outputs, (L − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1]`.
 * @throws {@link ShapeError} when channels, groups, weight and bias do not fit, or nothing would be left;
 *   {@link ArgumentError} for an `outputPadding` that reaches stride and dilation.
 *
 * @example
 * ```ts
 * convTranspose1d(tensor([[1, 10]]), tensor([[[1, 2]]])).toArray() // => [[1, 12, 20]]
 * ```
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: TransposedConvolutionOptions = {},
): Tensor {
  return transposedConvolution('convTranspose1d', 1, x, weight, bias, options);
}

/**
 * The adjoint of {@link conv2d} by its input: every element of `x` lays the kernel, times itself, down on the output. What
 * is sometimes called deconvolution.
 *
 * @param x - `[N, C, H, W]`, or `[C, H, W]` without a batch.
 * @param weight - `[C, outputs / groups, kH, kW]`.
 * @param bias - `[outputs]`; none by default.
 * @returns `[N, outputs, H′, W′]` with `H′ = (H − 1)·stride − 2·padding + dilation·(kH − 1) + outputPadding + 1`.
 * @throws {@link ShapeError} when channels, groups, weight and bias do not fit, or nothing would be left;
 *   {@link ArgumentError} for an `outputPadding` that reaches stride and dilation.
 *
 * @example
 * ```ts
 * convTranspose2d(tensor([[[1, 2]]]), ones([1, 1, 2, 2]), undefined, { stride: 2 }).toArray() // => [[[1, 1, 2, 2], [1, 1, 2, 2]]]
 * ```
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: TransposedConvolutionOptions = {},
): Tensor {
  return transposedConvolution('convTranspose2d', 2, x, weight, bias, options);
}
