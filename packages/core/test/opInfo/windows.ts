/** @file Test rows of neural/convolution.ts and neural/pooling.ts. */
import { tensor, zeros } from '../../src/creation.js';
import { ArgumentError, DTypeError, LimitError, ShapeError } from '../../src/errors.js';
import * as convolutions from '../../src/neural/convolution.js';
import * as pools from '../../src/neural/pooling.js';
import type { Tensor } from '../../src/tensor.js';
import { gradients } from '../../src/transforms.js';
import { at, build, type Grid, type Index, positions } from '../grid.js';
import { apart, near, type Random, real, type Sample, type Sampled } from './row.js';

const f64 = (data: readonly unknown[], requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: 'float64', requiresGrad });

const FLOATS = { float32: 'float32', float64: 'float64' } as const;

/** How a window slides in an oracle: one entry per window axis. */
interface Sliding {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly before: readonly number[];
  readonly dilation: readonly number[];
}

/** Where a tap of a window at a place reads. */
function read(place: Index, tap: Index, { stride, before, dilation }: Sliding): Index {
  return place.map((p, a) => p * stride[a] + tap[a] * dilation[a] - before[a]);
}

const isInside = (index: Index, shape: readonly number[]): boolean =>
  index.every((i, a) => i >= 0 && i < shape[a]);

/** The element at a position, 0 in the padding around the last axes. */
function padded(x: Grid, lead: Index, index: Index): number {
  return isInside(index, x.shape.slice(lead.length)) ? at(x, [...lead, ...index]) : 0;
}

/** How many places a window takes that stays inside of the padded axes. */
function placesInside(extents: readonly number[], sliding: Sliding, after = sliding.before): number[] {
  return extents.map((extent, a) => {
    let places = 0;
    const last = (place: number): number =>
      place * sliding.stride[a] + (sliding.kernel[a] - 1) * sliding.dilation[a];
    while (last(places) < extent + sliding.before[a] + after[a]) places++;
    return places;
  });
}

/** A grid to add into, by position. */
function adding(shape: readonly number[]): { add: (index: Index, x: number) => void; grid: () => Grid } {
  const sums = new Map(positions(shape).map((index) => [index.join(), 0]));
  return {
    add: (index, x) => sums.set(index.join(), (sums.get(index.join()) as number) + x),
    grid: () => ({ shape, data: [...sums.values()] }),
  };
}

type Numbers = number | readonly number[];
const each = (x: Numbers | undefined, axes: number, otherwise: number): readonly number[] =>
  x === undefined || typeof x === 'number' ? new Array<number>(axes).fill(x ?? otherwise) : x;

function slidingOf(kernel: readonly number[], options: convolutions.WindowOptions): Sliding {
  const axes = kernel.length;
  return {
    kernel,
    stride: each(options.stride, axes, 1),
    before: each(options.padding, axes, 0),
    dilation: each(options.dilation, axes, 1),
  };
}

// Convolutions

function unfolded(
  shape: number[],
  kernel: readonly number[],
  options: convolutions.WindowOptions = {},
): Sample {
  const sliding = slidingOf(kernel, options);
  const lead = shape.slice(0, -kernel.length);
  const channels = lead[lead.length - 1];
  const places = positions(placesInside(shape.slice(-kernel.length), sliding));
  const taps = positions(kernel);
  return {
    title: `${JSON.stringify(options)} [${kernel}] over [${shape}]`,
    inputs: [real(shape)],
    call: (x) => convolutions.unfold(x, kernel, options),
    value: (x) =>
      build([...lead.slice(0, -1), channels * taps.length, places.length], (index) => {
        const [row, column] = index.slice(-2);
        const plane = [...index.slice(0, -2), Math.floor(row / taps.length)];
        return padded(x, plane, read(places[column], taps[row % taps.length], sliding));
      }),
  };
}

function folded(
  lead: number[],
  extents: number[],
  kernel: readonly number[],
  options: convolutions.WindowOptions = {},
): Sample {
  const sliding = slidingOf(kernel, options);
  const places = positions(placesInside(extents, sliding));
  const taps = positions(kernel);
  const [channels] = lead.slice(-1);
  const shape = [...lead.slice(0, -1), channels * taps.length, places.length];
  return {
    title: `${JSON.stringify(options)} [${kernel}] from [${shape}] to [${extents}]`,
    inputs: [real(shape)],
    call: (x) => convolutions.fold(x, extents, kernel, options),
    value: (x) => {
      const { add, grid } = adding([...lead, ...extents]);
      for (const index of positions(shape)) {
        const [row, column] = index.slice(-2);
        const to = read(places[column], taps[row % taps.length], sliding);
        const plane = [...index.slice(0, -2), Math.floor(row / taps.length)];
        if (isInside(to, extents)) add([...plane, ...to], at(x, index));
      }
      return grid();
    },
  };
}

/** A convolution, from the sum in its docstring. */
function convolved(
  shape: number[],
  weightShape: number[],
  options: convolutions.ConvolutionOptions = {},
  withBias = true,
): Sample {
  const axes = weightShape.length - 2;
  const [outputs, perGroup, ...kernel] = weightShape;
  const { padding = 0, groups = 1 } = options;
  const numbers = typeof padding === 'string' ? 0 : padding;
  let sliding = slidingOf(kernel, { ...options, padding: numbers });
  let after = sliding.before;
  if (padding === 'same') {
    const total = kernel.map((taps, a) => (taps - 1) * sliding.dilation[a]);
    sliding = { ...sliding, before: total.map((width) => (width - (width % 2)) / 2) };
    after = total.map((width, a) => width - sliding.before[a]);
  }
  const lead = shape.slice(0, -axes - 1);
  const places = placesInside(shape.slice(-axes), sliding, after);
  const op = axes === 1 ? convolutions.conv1d : convolutions.conv2d;
  return {
    title: `${JSON.stringify(options)} [${weightShape}] over [${shape}]${withBias ? ' and bias' : ''}`,
    inputs: [real(shape), real(weightShape), ...(withBias ? [real([outputs])] : [])],
    call: (x, weight, bias) => op(x, weight, bias, options),
    value: (x, weight, bias) =>
      build([...lead, outputs, ...places], (index) => {
        const output = index[lead.length];
        const group = Math.floor(output / (outputs / groups));
        let sum = bias === undefined ? 0 : at(bias, [output]);
        for (const [c, ...tap] of positions([perGroup, ...kernel])) {
          const plane = [...index.slice(0, lead.length), group * perGroup + c];
          sum += at(weight, [output, c, ...tap]) * padded(x, plane, read(index.slice(-axes), tap, sliding));
        }
        return sum;
      }),
  };
}

/** A transposed convolution: every element of the input lays the kernel down. */
function transposed(
  shape: number[],
  weightShape: number[],
  options: convolutions.TransposedConvolutionOptions = {},
  withBias = true,
): Sample {
  const axes = weightShape.length - 2;
  const [inputs, perGroup, ...kernel] = weightShape;
  const { groups = 1 } = options;
  const sliding = slidingOf(kernel, options);
  const extra = each(options.outputPadding, axes, 0);
  const lead = shape.slice(0, -axes - 1);
  const extents = kernel.map((taps, a) => {
    const last = (shape[lead.length + 1 + a] - 1) * sliding.stride[a] + (taps - 1) * sliding.dilation[a];
    return last + 1 - 2 * sliding.before[a] + extra[a];
  });
  const outputs = perGroup * groups;
  const op = axes === 1 ? convolutions.convTranspose1d : convolutions.convTranspose2d;
  return {
    title: `${JSON.stringify(options)} [${weightShape}] from [${shape}]${withBias ? ' and bias' : ''}`,
    inputs: [real(shape), real(weightShape), ...(withBias ? [real([outputs])] : [])],
    call: (x, weight, bias) => op(x, weight, bias, options),
    value: (x, weight, bias) => {
      const { add, grid } = adding([...lead, outputs, ...extents]);
      for (const index of positions(shape)) {
        const channel = index[lead.length];
        const group = Math.floor(channel / (inputs / groups));
        for (const [o, ...tap] of positions([perGroup, ...kernel])) {
          const to = read(index.slice(-axes), tap, sliding);
          const place = [...index.slice(0, lead.length), group * perGroup + o, ...to];
          if (isInside(to, extents)) add(place, at(x, index) * at(weight, [channel, o, ...tap]));
        }
      }
      const sums = grid();
      return bias === undefined
        ? sums
        : build(sums.shape, (index) => at(sums, index) + at(bias, [index[lead.length]]));
    },
  };
}

/** Options of a window and an extent that it fits into, for each of `axes`. */
function randomWindows(random: Random, axes: number) {
  const list = (low: number, high: number): number[] =>
    Array.from({ length: axes }, () => random.integer(low, high));
  const [kernel, stride, padding, dilation] = [list(1, 3), list(1, 3), list(0, 2), list(1, 2)];
  const extents = kernel.map((taps, a) => {
    const least = Math.max(1, (taps - 1) * dilation[a] + 1 - 2 * padding[a]);
    return random.integer(least, least + 2);
  });
  return { kernel, extents, options: { stride, padding, dilation } };
}

/** A batch axis or none. */
const randomLead = (random: Random): number[] => random.pick([[], [1], [2], [0]]);

function randomConvolution(random: Random, axes: number): Sample {
  const { kernel, extents, options } = randomWindows(random, axes);
  const groups = random.integer(1, 2);
  const [perGroup, share] = [random.integer(1, 2), random.integer(1, 2)];
  const padding = random.pick([options.padding, 'valid', 'same'] as const);
  const fits = kernel.map((taps, a) => Math.max(extents[a], (taps - 1) * options.dilation[a] + 1));
  return convolved(
    [...randomLead(random), groups * perGroup, ...(typeof padding === 'string' ? fits : extents)],
    [groups * share, perGroup, ...kernel],
    { ...options, groups, padding, stride: padding === 'same' ? 1 : options.stride },
    random.pick([true, false]),
  );
}

function randomTransposed(random: Random, axes: number): Sample {
  const { kernel, options } = randomWindows(random, axes);
  const groups = random.integer(1, 2);
  const outputPadding = kernel.map((_, a) =>
    random.integer(0, Math.max(options.stride[a], options.dilation[a]) - 1),
  );
  const extents = kernel.map((taps, a) => {
    // What is laid down must outlast what the padding cuts off.
    const least = 2 * options.padding[a] - (taps - 1) * options.dilation[a];
    return Math.max(1, Math.ceil(least / options.stride[a]) + 1) + random.integer(0, 1);
  });
  const inputs = groups * random.integer(1, 2);
  return transposed(
    [...randomLead(random), inputs, ...extents],
    [inputs, random.integer(1, 2), ...kernel],
    { ...options, groups, outputPadding },
    random.pick([true, false]),
  );
}

const IMAGE = zeros([1, 4, 3, 3]);
const KERNEL = zeros([2, 4, 2, 2]);
const LINE = zeros([1, 4, 5]);

/** What both convolutions of images refuse alike. */
function convolutionRefusals(
  name: 'conv2d' | 'convTranspose2d',
  op: (x: never, weight: never, bias?: never, options?: never) => unknown,
  weight: Tensor,
): NonNullable<Sampled['refusals']> {
  const call = (options: unknown) => () => op(IMAGE as never, weight as never, undefined, options as never);
  return [
    [
      () => op([1] as never, weight as never),
      ArgumentError,
      `${name}: x must be a tensor, got an array of length 1; wrap it in tensor(…)`,
    ],
    [
      () => op(IMAGE.cast('int32') as never, weight as never),
      DTypeError,
      `${name}: x must be float32 or float64, got int32; use .cast('float32')`,
    ],
    [
      () => op(zeros([3, 3]) as never, weight as never),
      ShapeError,
      `${name}: x must be [C, H, W] or [N, C, H, W], got shape [3, 3]`,
    ],
    [
      () => op(IMAGE as never, 1 as never),
      ArgumentError,
      `${name}: weight must be a tensor, got 1; wrap it in tensor(…)`,
    ],
    [
      () => op(IMAGE as never, weight.cast('float64') as never),
      DTypeError,
      `${name}: weight must be float32, as x is, got float64; cast() it`,
    ],
    [
      () => op(IMAGE as never, weight as never, { stride: 2 } as never),
      ArgumentError,
      `${name}: bias must be a tensor or undefined, got an object; options come after it`,
    ],
    [
      () => op(IMAGE as never, weight as never, zeros([3]) as never),
      ShapeError,
      `${name}: bias must have shape [2], got [3]`,
    ],
    [
      () => op(IMAGE as never, weight as never, zeros([2], { dtype: 'float64' }) as never),
      DTypeError,
      `${name}: bias must be float32, as x is, got float64; cast() it`,
    ],
    [call({ groups: 0 }), ArgumentError, `${name}: groups must be an integer at least 1, got 0`],
    [call({ stride: 0 }), ArgumentError, `${name}: stride must be an integer at least 1, got 0`],
    [call({ stride: [1, 1.5] }), ArgumentError, `${name}: stride[1] must be an integer at least 1, got 1.5`],
    [
      call({ stride: [1, 1, 1] }),
      ArgumentError,
      `${name}: stride must be a number or a list of 2, got an array of length 3`,
    ],
    [
      call({ stride: new Array(2) }),
      ArgumentError,
      `${name}: stride[0] must be an integer at least 1, got undefined`,
    ],
    [call({ dilation: 0 }), ArgumentError, `${name}: dilation must be an integer at least 1, got 0`],
    [call({ padding: -1 }), ArgumentError, `${name}: padding must be an integer at least 0, got -1`],
    [call({ pading: 1 }), ArgumentError, `${name}: unknown option 'pading'; did you mean 'padding'?`],
  ];
}

const windowRefusals = (
  name: string,
  call: (kernelSize: never, options?: never) => unknown,
): NonNullable<Sampled['refusals']> => [
  [
    () => call(2 as never, { stride: 0 } as never),
    ArgumentError,
    `${name}: stride must be an integer at least 1, got 0`,
  ],
  [
    () => call(2 as never, { padding: -1 } as never),
    ArgumentError,
    `${name}: padding must be an integer at least 0, got -1`,
  ],
  [
    () => call(2 as never, { dilation: Number.NaN } as never),
    ArgumentError,
    `${name}: dilation must be an integer at least 1, got NaN`,
  ],
  [() => call(0 as never), ArgumentError, `${name}: kernelSize must be an integer at least 1, got 0`],
];

export const convolution = {
  unfold: {
    kind: 'sampled',
    results: FLOATS,
    samples: [
      unfolded([1, 2, 3, 4], [2, 2]),
      unfolded([2, 3, 3], [2, 1], { padding: [1, 0] }),
      unfolded([2, 1, 4, 5], [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [2, 1] }),
      unfolded([2, 3, 2], [1, 1]),
      unfolded([2, 3, 5], [3], { stride: 2, padding: 1 }),
      unfolded([2, 4], [2], { dilation: 3 }),
      unfolded([1, 1, 2], [3], { padding: 4, stride: 3 }),
      unfolded([0, 2, 3, 3], [2, 2]),
    ],
    random: (random) => {
      const { kernel, extents, options } = randomWindows(random, random.integer(1, 2));
      return unfolded([...randomLead(random), random.integer(0, 2), ...extents], kernel, options);
    },
    options: (options) => convolutions.unfold(IMAGE, 2, options),
    refusals: [
      ...windowRefusals('unfold', (size, options) => convolutions.unfold(IMAGE, size, options)),
      [
        () => convolutions.unfold(zeros([3, 5]), 2),
        ShapeError,
        'unfold: x must be [C, H, W] or [N, C, H, W], got shape [3, 5]',
      ],
      [
        () => convolutions.unfold(IMAGE, [1, 1, 1]),
        ArgumentError,
        'unfold: kernelSize must be a number, [length] or [height, width], got an array of length 3',
      ],
      [
        () => convolutions.unfold(IMAGE, [3, 5]),
        ShapeError,
        'unfold: x must hold the window along axis 3, where it spans 5, got 3 with no padding',
      ],
      [
        () => convolutions.unfold(LINE, [2], { dilation: 9, padding: 2 }),
        ShapeError,
        'unfold: x must hold the window along axis 2, where it spans 10, got 5 with padding 2 + 2',
      ],
      [
        () => convolutions.unfold(IMAGE, 1, { padding: 2 ** 20 }),
        LimitError,
        'unfold: the columns must hold extents of at most 2147483647, got 4398059094025 at axis 2',
      ],
    ],
    facts: [
      [
        'a number is a square',
        () =>
          convolutions
            .unfold(
              f64([
                [
                  [1, 2],
                  [3, 4],
                ],
              ]),
              2,
            )
            .toArray(),
        [[1], [2], [3], [4]],
      ],
    ],
  },
  fold: {
    kind: 'sampled',
    results: FLOATS,
    samples: [
      folded([1, 2], [3, 4], [2, 2]),
      folded([2], [3, 3], [2, 1], { padding: [1, 0] }),
      folded([2, 1], [4, 5], [2, 3], { stride: [2, 1], padding: [1, 2], dilation: [2, 1] }),
      folded([2, 2], [3, 2], [1, 1]),
      folded([2, 3], [5], [3], { stride: 2, padding: 1 }),
      folded([1], [4], [2], { dilation: 3 }),
      folded([0, 2], [3, 3], [2, 2]),
    ],
    random: (random) => {
      const { kernel, extents, options } = randomWindows(random, random.integer(1, 2));
      return folded([...randomLead(random), random.integer(0, 2)], extents, kernel, options);
    },
    options: (options) => convolutions.fold(zeros([4, 4]), 3, 2, options),
    refusals: [
      ...windowRefusals('fold', (size, options) => convolutions.fold(zeros([4, 4]), 3, size, options)),
      [
        () => convolutions.fold(zeros([4, 4], { dtype: 'int32' }), 3, 2),
        DTypeError,
        "fold: columns must be float32 or float64, got int32; use .cast('float32')",
      ],
      [
        () => convolutions.fold(zeros([4, 4]), 'a' as never, 2),
        ArgumentError,
        'fold: outputSize must be a number, [length] or [height, width], got "a"',
      ],
      [
        () => convolutions.fold(zeros([4, 4]), [3], [2, 2]),
        ArgumentError,
        'fold: kernelSize must be a number or a list of 1, got an array of length 2',
      ],
      [
        () => convolutions.fold(zeros([6, 4]), 3, 2),
        ShapeError,
        'fold: columns must be [C·4, 4] or [N, C·4, 4], as size and places of the window say, got shape [6, 4]',
      ],
      [
        () => convolutions.fold(zeros([4, 5]), 3, 2),
        ShapeError,
        'fold: columns must be [C·4, 4] or [N, C·4, 4], as size and places of the window say, got shape [4, 5]',
      ],
      [
        () => convolutions.fold(zeros([4]), 3, 2),
        ShapeError,
        'fold: columns must be [C·4, 4] or [N, C·4, 4], as size and places of the window say, got shape [4]',
      ],
      [
        () => convolutions.fold(zeros([4, 1]), [3, 1], 2),
        ShapeError,
        'fold: outputSize must hold the window along axis 1, where it spans 2, got 1 with no padding',
      ],
    ],
    facts: [
      [
        'what lies over one another is summed in double',
        () => {
          const columns = tensor([
            [7, 7, 2 ** 24],
            [7, 1, 7],
            [1, 7, 7],
          ]);
          return convolutions.fold(columns, [1], [3], { padding: 2 }).toArray();
        },
        [[2 ** 24 + 2]],
      ],
    ],
  },
  conv1d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 16,
    buildUlps: 8,
    roundsTwice: true,
    samples: [
      convolved([2, 3, 6], [2, 3, 3]),
      convolved([3, 6], [2, 3, 2], { stride: 2, padding: 1 }, false),
      convolved([2, 4, 5], [6, 2, 2], { groups: 2, dilation: 2 }),
      convolved([1, 2, 5], [2, 2, 4], { padding: 'same' }),
      convolved([2, 2, 3], [3, 2, 1]),
      convolved([0, 2, 3], [3, 2, 2]),
    ],
    random: (random) => randomConvolution(random, 1),
    options: (options) => convolutions.conv1d(LINE, zeros([2, 4, 2]), undefined, options),
    refusals: [
      [
        () => convolutions.conv1d(IMAGE, zeros([2, 4, 2])),
        ShapeError,
        'conv1d: x must be [C, L] or [N, C, L], got shape [1, 4, 3, 3]',
      ],
      [
        () => convolutions.conv1d(LINE, KERNEL),
        ShapeError,
        'conv1d: weight must be [outputs, inputs / groups, k] with extents of at least 1, got shape [2, 4, 2, 2]',
      ],
      [
        () => convolutions.conv1d(LINE, zeros([2, 4, 7]), undefined, { padding: 'valid' }),
        ShapeError,
        'conv1d: x must hold the window along axis 2, where it spans 7, got 5 with no padding',
      ],
    ],
  },
  conv2d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 32,
    buildUlps: 8,
    roundsTwice: true,
    samples: [
      convolved([2, 3, 4, 5], [2, 3, 3, 2]),
      convolved([3, 4, 4], [2, 3, 2, 2], { stride: [2, 1], padding: [0, 1] }, false),
      convolved([1, 4, 4, 5], [4, 2, 2, 2], { groups: 2, dilation: [1, 2], padding: 1 }),
      convolved([1, 4, 3, 3], [4, 1, 2, 2], { groups: 4 }),
      convolved([2, 1, 3, 4], [2, 1, 2, 3], { padding: 'same' }),
      convolved([1, 1, 4, 4], [1, 1, 3, 2], { padding: 'same', dilation: [1, 3] }, false),
      convolved([2, 3, 2, 3], [2, 3, 1, 1]),
      convolved([2, 2, 3, 3], [4, 1, 1, 1], { groups: 2, stride: 2 }),
      convolved([0, 2, 3, 3], [2, 2, 2, 2]),
      convolved([1, 0, 3, 3], [2, 0, 2, 2]),
      convolved([1, 2, 2, 2], [0, 2, 2, 2]),
    ],
    random: (random) => randomConvolution(random, 2),
    options: (options) => convolutions.conv2d(IMAGE, KERNEL, undefined, options),
    refusals: [
      ...convolutionRefusals('conv2d', convolutions.conv2d, KERNEL),
      [
        () => convolutions.conv2d(IMAGE, zeros([2, 3, 2, 2])),
        ShapeError,
        'conv2d: x must have 3 channels, as weight [2, 3, 2, 2] and 1 groups say, got 4 in [1, 4, 3, 3]',
      ],
      [
        () => convolutions.conv2d(IMAGE, zeros([3, 2, 2, 2]), undefined, { groups: 2 }),
        ShapeError,
        'conv2d: weight must have a number of outputs that 2 groups can share, got 3',
      ],
      [
        () => convolutions.conv2d(IMAGE, zeros([2, 4, 0, 2])),
        ShapeError,
        'conv2d: weight must be [outputs, inputs / groups, kH, kW] with extents of at least 1, got shape [2, 4, 0, 2]',
      ],
      [
        () => convolutions.conv2d(IMAGE, zeros([2, 4, 8, 2]), undefined, { padding: [1, 0] }),
        ShapeError,
        'conv2d: x must hold the window along axis 2, where it spans 8, got 3 with padding 1 + 1',
      ],
      [
        () => convolutions.conv2d(IMAGE, KERNEL, undefined, { padding: 'some' as never }),
        ArgumentError,
        "conv2d: padding must be a number, a list, 'valid' or 'same', got \"some\"",
      ],
      [
        () => convolutions.conv2d(IMAGE, KERNEL, undefined, { padding: 'same', stride: [1, 2] }),
        ArgumentError,
        "conv2d: padding must be numbers where the stride is not 1, because 'same' has no meaning there, got 'same'",
      ],
    ],
    facts: [
      [
        'a kernel is not flipped',
        () => convolutions.conv2d(f64([[[1, 2, 3]]]), f64([[[[10, 1]]]])).toArray(),
        [[[12, 23]]],
      ],
      [
        'what a kernel does not see does not count, whatever it is',
        () => convolutions.conv2d(f64([[[Number.NaN, 2, 3]]]), f64([[[[10, 1]]]])).toArray(),
        [[[Number.NaN, 23]]],
      ],
    ],
  },
  convTranspose1d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 16,
    buildUlps: 8,
    roundsTwice: true,
    samples: [
      transposed([2, 3, 4], [3, 2, 3]),
      transposed([3, 4], [3, 2, 2], { stride: 3, padding: 1, outputPadding: 2 }, false),
      transposed([2, 4, 3], [4, 1, 2], { groups: 2, dilation: 2 }),
      transposed([2, 2, 3], [2, 3, 1]),
      transposed([0, 2, 3], [2, 3, 2]),
    ],
    random: (random) => randomTransposed(random, 1),
    options: (options) => convolutions.convTranspose1d(LINE, zeros([4, 2, 2]), undefined, options),
    refusals: [
      [
        () => convolutions.convTranspose1d(LINE, zeros([3, 2, 2])),
        ShapeError,
        'convTranspose1d: x must have 3 channels, as weight [3, 2, 2] says, got 4 in [1, 4, 5]',
      ],
    ],
  },
  convTranspose2d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 32,
    buildUlps: 8,
    roundsTwice: true,
    samples: [
      transposed([2, 3, 2, 3], [3, 2, 2, 2]),
      transposed([3, 2, 2], [3, 1, 3, 2], { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] }, false),
      transposed([1, 4, 2, 2], [4, 2, 2, 3], { groups: 2, dilation: [2, 1] }),
      transposed([2, 2, 2, 3], [2, 3, 1, 1]),
      transposed([0, 2, 3, 3], [2, 2, 2, 2]),
    ],
    random: (random) => randomTransposed(random, 2),
    options: (options) => convolutions.convTranspose2d(IMAGE, zeros([4, 2, 2, 2]), undefined, options),
    refusals: [
      ...convolutionRefusals('convTranspose2d', convolutions.convTranspose2d, zeros([4, 2, 2, 2])),
      [
        () => convolutions.convTranspose2d(IMAGE, zeros([4, 2, 2, 2]), undefined, { groups: 3 }),
        ShapeError,
        'convTranspose2d: weight must have a number of inputs that 3 groups can share, got 4',
      ],
      [
        () => convolutions.convTranspose2d(IMAGE, zeros([4, 2, 2])),
        ShapeError,
        'convTranspose2d: weight must be [inputs, outputs / groups, kH, kW] with extents of at least 1, got shape [4, 2, 2]',
      ],
      [
        () =>
          convolutions.convTranspose2d(IMAGE, zeros([4, 2, 2, 2]), undefined, {
            stride: 2,
            outputPadding: [0, 2],
          }),
        ArgumentError,
        'convTranspose2d: outputPadding must be less than stride 2 or dilation 1, got 2',
      ],
      [
        () => convolutions.convTranspose2d(IMAGE, zeros([4, 2, 2, 2]), undefined, { padding: [0, 2] }),
        ShapeError,
        'convTranspose2d: x must leave at least 1 element along axis 3, got 3, which gives (3 − 1) · 1 − 2 · 2 + 2 + 0 = 0',
      ],
    ],
    facts: [
      [
        'it is the adjoint of conv2d',
        () => {
          const x = f64(
            [
              [
                [1, 2, 3],
                [4, 5, 6],
                [7, 8, 9],
              ],
            ],
            true,
          );
          const weight = f64([
            [
              [
                [1, -2],
                [3, 0.5],
              ],
            ],
          ]);
          const g = f64([[[1, 2]], [[3, -1]]]).reshape([1, 2, 2]);
          const [gradient] = gradients([convolutions.conv2d(x, weight)], [x], { gradients: [g] });
          return [gradient?.toArray(), convolutions.convTranspose2d(g, weight).toArray()].map((a) => `${a}`);
        },
        new Array(2).fill('1,0,-4,6,-0.5,3,9,-1.5,-0.5'),
      ],
    ],
  },
} satisfies Record<string, Sampled>;

// Pooling

/** The elements that each window reads, and how many places of the padded plane it covers. */
function pooled(
  shape: number[],
  sliding: Sliding,
  places: readonly number[],
  rule: (elements: number[], covered: number, positions: number[]) => number,
): (x: Grid) => Grid {
  const axes = sliding.kernel.length;
  const extents = shape.slice(-axes);
  return (x) =>
    build([...shape.slice(0, -axes), ...places], (index) => {
      const plane = index.slice(0, -axes);
      const reads = positions(sliding.kernel).map((tap) => read(index.slice(-axes), tap, sliding));
      const inside = reads.filter((to) => isInside(to, extents));
      const covered = reads.filter((to) => to.every((i, a) => i < extents[a] + sliding.before[a]));
      return rule(
        inside.map((to) => at(x, [...plane, ...to])),
        covered.length,
        inside.map((to) => to.reduce((sum, i, a) => sum * extents[a] + i, 0)),
      );
    });
}

/** Places of a pooling window: one by one, as long as the rule lets the next one in. */
function poolPlaces(extents: readonly number[], sliding: Sliding, ceilMode: boolean): number[] {
  return extents.map((extent, a) => {
    const { kernel, stride, before, dilation } = sliding;
    const allowed = (place: number): boolean => {
      const start = place * stride[a] - before[a];
      const last = start + (kernel[a] - 1) * dilation[a];
      const end = extent + before[a];
      // Under ceilMode a window may hang over by less than a stride, if it starts before the padding behind.
      return ceilMode ? start < extent && last - stride[a] + 1 < end : last < end;
    };
    let places = 0;
    while (allowed(places)) places++;
    return places;
  });
}

function poolSliding(kernel: readonly number[], options: pools.MaxPoolOptions): Sliding {
  return {
    ...slidingOf(kernel, options),
    stride: each(options.stride, kernel.length, 0).map((s, a) => s || kernel[a]),
  };
}

function maxPooled(shape: number[], kernel: readonly number[], options: pools.MaxPoolOptions = {}): Sample {
  const sliding = poolSliding(kernel, options);
  const places = poolPlaces(shape.slice(-kernel.length), sliding, options.ceilMode ?? false);
  const op = kernel.length === 1 ? pools.maxPool1d : pools.maxPool2d;
  return {
    title: `${JSON.stringify(options)} [${kernel}] over [${shape}]`,
    inputs: [apart(shape)],
    call: (x) => op(x, kernel, options),
    value: pooled(shape, sliding, places, (elements) => [...elements].sort((a, b) => b - a)[0]),
  };
}

function maxPooledWithIndices(
  shape: number[],
  kernel: readonly number[],
  options: pools.MaxPoolOptions = {},
): Sample {
  const plain = maxPooled(shape, kernel, options);
  const sliding = poolSliding(kernel, options);
  const places = poolPlaces(shape.slice(-2), sliding, options.ceilMode ?? false);
  const where = pooled(shape, sliding, places, (elements, _covered, found) => {
    const best = elements.reduce((b, x, i) => (x > elements[b] ? i : b), 0);
    return found[best];
  });
  return {
    ...plain,
    call: (x) => {
      const { values, indices } = pools.maxPool2dWithIndices(x, kernel, options);
      return [values, indices];
    },
    value: (x) => [plain.value(x) as Grid, where(x)],
  };
}

const total = (xs: readonly number[]): number => [...xs].reverse().reduce((sum, x) => sum + x, 0);

function averaged(shape: number[], kernel: readonly number[], options: pools.AvgPoolOptions = {}): Sample {
  const sliding = poolSliding(kernel, options);
  const places = poolPlaces(shape.slice(-kernel.length), sliding, options.ceilMode ?? false);
  const op = kernel.length === 1 ? pools.avgPool1d : pools.avgPool2d;
  const { countIncludePad = true, divisorOverride } = options;
  return {
    title: `${JSON.stringify(options)} [${kernel}] over [${shape}]`,
    inputs: [real(shape)],
    call: (x) => op(x, kernel, options),
    value: pooled(
      shape,
      sliding,
      places,
      (elements, covered) =>
        total(elements) / (divisorOverride ?? (countIncludePad ? covered : elements.length)),
    ),
  };
}

function adapted(shape: number[], size: readonly (number | null)[]): Sample {
  const axes = size.length;
  const extents = shape.slice(-axes);
  const places = size.map((wanted, a) => wanted ?? extents[a]);
  const op = axes === 1 ? pools.adaptiveAvgPool1d : pools.adaptiveAvgPool2d;
  return {
    title: `[${size}] of [${shape}]`,
    inputs: [real(shape)],
    call: (x) => op(x, size),
    value: (x) =>
      build([...shape.slice(0, -axes), ...places], (index) => {
        // An element belongs to every window that overlaps it, on a line where the windows part it evenly.
        const elements = positions(extents).filter((to) =>
          to.every((i, a) => {
            const o = index[index.length - axes + a];
            return (i + 1) * places[a] > o * extents[a] && i * places[a] < (o + 1) * extents[a];
          }),
        );
        const plane = index.slice(0, -axes);
        return total(elements.map((to) => at(x, [...plane, ...to]))) / elements.length;
      }),
  };
}

/** A window, an extent that it fits into, and padding of at most half of it, for each axis. */
function randomPool(random: Random, axes: number, dilates: boolean) {
  const list = (low: number, high: number): number[] =>
    Array.from({ length: axes }, () => random.integer(low, high));
  const kernel = list(1, 3);
  const stride = list(1, 3);
  const dilation = dilates ? list(1, 2) : list(1, 1);
  const spans = kernel.map((taps, a) => (taps - 1) * dilation[a] + 1);
  // With gaps in the window padding could be all that it reads.
  const padding = spans.map((span, a) => random.integer(0, dilation[a] === 1 ? Math.floor(span / 2) : 0));
  const shape = [
    ...randomLead(random),
    random.integer(0, 2),
    ...spans.map((span) => span + random.integer(0, 3)),
  ];
  return { kernel, shape, options: { stride, padding, ceilMode: random.pick([true, false]) }, dilation };
}

/** What all windows that pool refuse alike. */
function poolRefusals(
  name: string,
  axes: number,
  call: (x: never, size: never, options?: never) => unknown,
): NonNullable<Sampled['refusals']> {
  const x = axes === 1 ? LINE : IMAGE;
  const of = (size: unknown, options?: unknown) => () => call(x as never, size as never, options as never);
  return [
    [
      () => call([1] as never, 2 as never),
      ArgumentError,
      `${name}: x must be a tensor, got an array of length 1; wrap it in tensor(…)`,
    ],
    [
      () => call(x.cast('int32') as never, 2 as never),
      DTypeError,
      `${name}: x must be float32 or float64, got int32; use .cast('float32')`,
    ],
    [
      () => call(zeros([3]) as never, 2 as never),
      ShapeError,
      `${name}: x must be ${axes === 1 ? '[C, L] or [N, C, L]' : '[C, H, W] or [N, C, H, W]'}, got shape [3]`,
    ],
    [of(0), ArgumentError, `${name}: kernelSize must be an integer at least 1, got 0`],
    [of(2, { stride: -1 }), ArgumentError, `${name}: stride must be an integer at least 1, got -1`],
    [
      of(2, { padding: 2 }),
      ArgumentError,
      `${name}: padding must be at most half of the 2 that the window spans, got 2`,
    ],
    [of(2, { ceilMode: 1 }), ArgumentError, `${name}: ceilMode must be true or false, got 1`],
    [
      of(9),
      ShapeError,
      `${name}: x must hold the window along axis 2, where it spans 9, got ${axes === 1 ? 5 : 3} with no padding`,
    ],
    [
      () => call(zeros(axes === 1 ? [1, 1, 0] : [1, 1, 0, 3]) as never, 2 as never, { padding: 1 } as never),
      ShapeError,
      `${name}: x must lie under every window along axis 2: one would read padding alone, got shape ${axes === 1 ? '[1, 1, 0]' : '[1, 1, 0, 3]'}`,
    ],
  ];
}

/** The derivative of the sum of all outputs. */
function pull(op: (x: Tensor) => Tensor, data: readonly unknown[]): unknown {
  const x = f64(data, true);
  const y = op(x);
  const ones = f64(new Array<number>(y.size).fill(1)).reshape(y.shape);
  return gradients([y], [x], { gradients: [ones] })[0]?.toArray();
}

const { NaN: nan } = Number;

export const pooling = {
  maxPool1d: {
    kind: 'sampled',
    results: FLOATS,
    samples: [
      maxPooled([2, 2, 6], [2]),
      maxPooled([2, 7], [3], { stride: 2, padding: 1, ceilMode: true }),
      maxPooled([1, 2, 7], [2], { dilation: 3, stride: 1 }),
      maxPooled([0, 2, 6], [2]),
    ],
    random: (random) => {
      const { kernel, shape, options, dilation } = randomPool(random, 1, true);
      return maxPooled(shape, kernel, { ...options, dilation, ceilMode: false });
    },
    options: (options) => pools.maxPool1d(LINE, 2, options),
    refusals: poolRefusals('maxPool1d', 1, pools.maxPool1d),
  },
  maxPool2d: {
    kind: 'sampled',
    results: FLOATS,
    samples: [
      maxPooled([2, 2, 4, 4], [2, 2]),
      maxPooled([2, 5, 6], [3, 2], { stride: [1, 2], padding: [1, 0] }),
      maxPooled([1, 2, 5, 5], [3, 2], { stride: 2, padding: 1, ceilMode: true }),
      maxPooled([1, 1, 2, 7], [3, 3], { stride: 4, padding: 1, ceilMode: true }),
      maxPooled([1, 5, 5], [2, 2], { dilation: [1, 3], stride: 1 }),
      maxPooled([0, 2, 4, 4], [2, 2]),
      maxPooled([2, 0, 4, 4], [2, 2]),
    ],
    random: (random) => {
      const { kernel, shape, options, dilation } = randomPool(random, 2, random.pick([true, false]));
      const gaps = dilation.some((step) => step > 1);
      return maxPooled(shape, kernel, { ...options, dilation, ceilMode: options.ceilMode && !gaps });
    },
    options: (options) => pools.maxPool2d(IMAGE, 2, options),
    refusals: [
      ...poolRefusals('maxPool2d', 2, pools.maxPool2d),
      [
        () => pools.maxPool2d(IMAGE, 2, { dilation: 0 }),
        ArgumentError,
        'maxPool2d: dilation must be an integer at least 1, got 0',
      ],
      [
        () => pools.maxPool2d(zeros([1, 2, 2]), 2, { dilation: 3, padding: 1, stride: 1 }),
        ShapeError,
        'maxPool2d: x must lie under every window along axis 1: one would read padding alone, got shape [1, 2, 2]',
      ],
    ],
    kinks: [
      {
        at: 'ties inside of a window',
        subgradient: 'equal shares',
        gradient: () =>
          pull(
            (x) => pools.maxPool2d(x, 2),
            [
              [
                [3, 3, 1, 0],
                [2, 3, 1, 1],
              ],
            ],
          ),
        expected: [
          [
            [near(1 / 3), near(1 / 3), near(1 / 3), 0],
            [0, near(1 / 3), near(1 / 3), near(1 / 3)],
          ],
        ],
      },
      {
        at: 'ties inside of windows that overlap',
        subgradient: 'equal shares of each',
        gradient: () => pull((x) => pools.maxPool2d(x, [1, 2], { stride: 1 }), [[[5, 5, 5]]]),
        expected: [[[0.5, 1, 0.5]]],
      },
    ],
    facts: [
      [
        'NaN spreads, and takes no derivative',
        () => [
          pools.maxPool2d(f64([[[1, nan, 2, 3]]]), [1, 2]).toArray(),
          pull((x) => pools.maxPool2d(x, [1, 2]), [[[1, nan, 2, 3]]]),
        ],
        [[[[nan, 3]]], [[[0, 0, 0, 1]]]],
      ],
      [
        'padding is never the largest',
        () => pools.maxPool2d(f64([[[-5]]]), 2, { padding: 1, stride: 1 }).toArray(),
        [
          [
            [-5, -5],
            [-5, -5],
          ],
        ],
      ],
      [
        'infinities are numbers like others',
        () => pools.maxPool2d(f64([[[-Infinity, -Infinity, Infinity, 1]]]), [1, 2]).toArray(),
        [[[-Infinity, Infinity]]],
      ],
      [
        'a last window under ceilMode starts inside of the image',
        () => pools.maxPool2d(zeros([1, 1, 4]), [1, 1], { stride: [1, 3], ceilMode: true }).shape,
        [1, 1, 2],
      ],
      [
        'windows share what many of them hand to one element in double',
        () => {
          const x = tensor([[[9, 1, 9]]], { requiresGrad: true });
          const y = pools.maxPool2d(x, [1, 2], { stride: 1 });
          return gradients([y], [x], { gradients: [tensor([[[2 ** 24, 1]]])] })[0]?.toArray();
        },
        [[[2 ** 24, 0, 1]]],
      ],
    ],
  },
  maxPool2dWithIndices: {
    kind: 'sampled',
    results: FLOATS,
    others: 'int32',
    samples: [
      maxPooledWithIndices([2, 2, 4, 4], [2, 2]),
      maxPooledWithIndices([2, 5, 6], [3, 2], { stride: [1, 2], padding: [1, 0] }),
      maxPooledWithIndices([1, 2, 5, 5], [3, 2], { stride: 2, padding: 1, ceilMode: true }),
      maxPooledWithIndices([1, 5, 5], [2, 2], { dilation: [1, 3], stride: 1 }),
      maxPooledWithIndices([0, 2, 4, 4], [2, 2]),
    ],
    random: (random) => {
      const { kernel, shape, options } = randomPool(random, 2, false);
      return maxPooledWithIndices(shape, kernel, options);
    },
    options: (options) => pools.maxPool2dWithIndices(IMAGE, 2, options),
    refusals: poolRefusals('maxPool2dWithIndices', 2, pools.maxPool2dWithIndices),
    kinks: [
      {
        at: 'ties inside of a window',
        subgradient: 'the first, which the index names',
        gradient: () =>
          pull(
            (x) => pools.maxPool2dWithIndices(x, 2).values,
            [
              [
                [1, 3],
                [3, 2],
              ],
            ],
          ),
        expected: [
          [
            [0, 1],
            [0, 0],
          ],
        ],
      },
    ],
    facts: [
      [
        'the first NaN comes before all numbers',
        () => {
          const { values, indices } = pools.maxPool2dWithIndices(f64([[[1, nan, 5, nan]]]), [1, 4]);
          return [values.toArray(), indices.toArray()];
        },
        [[[[nan]]], [[[1]]]],
      ],
      [
        'a window of −∞ names its first element',
        () =>
          pools
            .maxPool2dWithIndices(f64([[[0, -Infinity, -Infinity]]]), [1, 2], { stride: 1 })
            .indices.toArray(),
        [[[0, 1]]],
      ],
    ],
  },
  avgPool1d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 8,
    samples: [
      averaged([2, 2, 6], [2]),
      averaged([2, 7], [3], { stride: 2, padding: 1, ceilMode: true }),
      averaged([1, 2, 5], [3], { stride: 2, padding: 1, countIncludePad: false }),
      averaged([0, 2, 6], [2]),
    ],
    random: (random) => {
      const { kernel, shape, options } = randomPool(random, 1, false);
      return averaged(shape, kernel, { ...options, countIncludePad: random.pick([true, false]) });
    },
    options: (options) => pools.avgPool1d(LINE, 2, options),
    refusals: poolRefusals('avgPool1d', 1, pools.avgPool1d),
  },
  avgPool2d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 8,
    samples: [
      averaged([2, 2, 4, 4], [2, 2]),
      averaged([2, 5, 6], [3, 2], { stride: [1, 2], padding: [1, 0] }),
      averaged([1, 2, 5, 6], [3, 2], { stride: 2, padding: 1, ceilMode: true }),
      averaged([1, 1, 5, 5], [3, 3], { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
      averaged([1, 1, 4, 4], [3, 3], { stride: 2, ceilMode: true }),
      averaged([2, 4, 4], [2, 3], { stride: 1, padding: 1, divisorOverride: 5 }),
      averaged([2, 0, 4, 4], [2, 2]),
    ],
    random: (random) => {
      const { kernel, shape, options } = randomPool(random, 2, false);
      const counts = random.pick([{}, { countIncludePad: false }, { divisorOverride: 3 }]);
      return averaged(shape, kernel, { ...options, ...counts });
    },
    options: (options) => pools.avgPool2d(IMAGE, 2, options),
    refusals: [
      ...poolRefusals('avgPool2d', 2, pools.avgPool2d),
      [
        () => pools.avgPool2d(IMAGE, 2, { countIncludePad: 'no' as never }),
        ArgumentError,
        'avgPool2d: countIncludePad must be true or false, got "no"',
      ],
      [
        () => pools.avgPool2d(IMAGE, 2, { divisorOverride: 0 }),
        ArgumentError,
        'avgPool2d: divisorOverride must be an integer at least 1, got 0',
      ],
      [
        () => pools.avgPool2d(IMAGE, 2, { dilation: 2 } as never),
        ArgumentError,
        "avgPool2d: unknown option 'dilation'; the options are stride, padding, ceilMode, countIncludePad, divisorOverride",
      ],
    ],
    facts: [
      [
        'a window sums in double',
        () => pools.avgPool2d(tensor([[[2 ** 24, 1, 1, 0]]]), [1, 4], { divisorOverride: 1 }).toArray(),
        [[[2 ** 24 + 2]]],
      ],
    ],
  },
  adaptiveAvgPool1d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 8,
    samples: [
      adapted([2, 2, 7], [3]),
      adapted([2, 3], [5]),
      adapted([1, 2, 4], [null]),
      adapted([1, 4], [0]),
    ],
    random: (random) =>
      adapted([...randomLead(random), random.integer(0, 2), random.integer(1, 6)], [random.integer(0, 7)]),
    refusals: [
      [
        () => pools.adaptiveAvgPool1d(IMAGE, 2),
        ShapeError,
        'adaptiveAvgPool1d: x must be [C, L] or [N, C, L], got shape [1, 4, 3, 3]',
      ],
    ],
  },
  adaptiveAvgPool2d: {
    kind: 'sampled',
    results: FLOATS,
    ulps: 8,
    samples: [
      adapted([2, 2, 5, 7], [3, 2]),
      adapted([2, 3, 4], [4, 6]),
      adapted([1, 2, 3, 4], [1, 1]),
      adapted([1, 2, 3, 4], [2, null]),
      adapted([0, 2, 3, 4], [2, 2]),
    ],
    random: (random) =>
      adapted(
        [...randomLead(random), random.integer(0, 2), random.integer(1, 5), random.integer(1, 5)],
        [random.pick([null, 1, 2, 3, 4]), random.integer(0, 5)],
      ),
    refusals: [
      [
        () => pools.adaptiveAvgPool2d(IMAGE.cast('int32'), 2),
        DTypeError,
        "adaptiveAvgPool2d: x must be float32 or float64, got int32; use .cast('float32')",
      ],
      [
        () => pools.adaptiveAvgPool2d(IMAGE, -1),
        ArgumentError,
        'adaptiveAvgPool2d: outputSize must be an integer at least 0, got -1',
      ],
      [
        () => pools.adaptiveAvgPool2d(IMAGE, [2, 0.5]),
        ArgumentError,
        'adaptiveAvgPool2d: outputSize[1] must be an integer at least 0, got 0.5',
      ],
      [
        () => pools.adaptiveAvgPool2d(IMAGE, [2]),
        ArgumentError,
        'adaptiveAvgPool2d: outputSize must be a number or a list of 2, got an array of length 1',
      ],
      [
        () => pools.adaptiveAvgPool2d(zeros([1, 2, 0, 3]), 1),
        ShapeError,
        'adaptiveAvgPool2d: x must have at least one element along each window axis, got shape [1, 2, 0, 3]',
      ],
      [
        () => pools.adaptiveAvgPool2d(IMAGE, 2 ** 20),
        LimitError,
        'adaptiveAvgPool2d: the result must describe at most 2147483647 elements, got [1, 4, 1048576, 1048576], 4398046511104 elements or more (17592186044416 bytes as float32)',
      ],
    ],
    facts: [
      [
        'one size serves for both axes',
        () =>
          pools
            .adaptiveAvgPool2d(
              f64([
                [
                  [1, 2],
                  [3, 6],
                ],
              ]),
              1,
            )
            .toArray(),
        [[[3]]],
      ],
    ],
  },
} satisfies Record<string, Sampled>;
