/**
 * @file Windows that slide over packed planes: columns for convolutions, and pooling. A window axis is described by six
 * integers, called a slide: `extent, kernel, stride, padding before, dilation, places`. Place `o` of a slide reads the
 * positions `o · stride − before + tap · dilation`, those inside 0 … extent−1; what lies outside is padding.
 *
 * Plan unless said otherwise: `[planes, slide of the rows, slide of the columns]`. A line is a plane of one row.
 */
import { type Ints, kernel, type Values } from './kernel.js';

const ROWS = 1;
const COLUMNS = 7;

interface Slide {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly dilation: number;
  readonly places: number;
}

function slideAt(ints: Ints, at: number): Slide {
  const [extent, size, stride, before, dilation, places] = [0, 1, 2, 3, 4, 5].map((i) => ints[at + i]);
  return { extent, kernel: size, stride, before, dilation, places };
}

/** The places, first to end, at which a tap lies inside. */
function placesInside({ extent, stride, before, dilation, places }: Slide, tap: number): [number, number] {
  const lead = before - tap * dilation;
  const first = Math.min(places, Math.max(0, Math.ceil(lead / stride)));
  return [first, Math.max(first, Math.min(places, Math.ceil((extent + lead) / stride)))];
}

/** y[plane, tap, tap, place, place] = the element that the tap reads at the place, 0 in the padding. */
export const unfold = kernel('unfold', (ints, y, oy, x, ox) => {
  const rows = slideAt(ints, ROWS);
  const columns = slideAt(ints, COLUMNS);
  const size = rows.extent * columns.extent;
  for (let plane = 0; plane < ints[0]; plane++, ox += size) {
    for (let i = 0; i < rows.kernel; i++) {
      const [firstRow, endRow] = placesInside(rows, i);
      for (let j = 0; j < columns.kernel; j++) {
        const [first, end] = placesInside(columns, j);
        const shift = j * columns.dilation - columns.before;
        for (let o = 0; o < rows.places; o++, oy += columns.places) {
          if (o < firstRow || o >= endRow) {
            y.fill(0, oy, oy + columns.places);
            continue;
          }
          const from = ox + (o * rows.stride + i * rows.dilation - rows.before) * columns.extent + shift;
          // Rows are short: a loop is nearer than fill().
          for (let p = 0; p < first; p++) y[oy + p] = 0;
          for (let p = first, at = from + first * columns.stride; p < end; p++, at += columns.stride) {
            y[oy + p] = x[at];
          }
          for (let p = end; p < columns.places; p++) y[oy + p] = 0;
        }
      }
    }
  }
});

/** For each position of an axis the taps that read it, and the places where they do: `[tap, place, tap, place, …]`. */
function readersOf({ extent, kernel: taps, stride, before, dilation, places }: Slide): number[][] {
  return Array.from({ length: extent }, (_, position) => {
    const readers: number[] = [];
    for (let tap = 0; tap < taps; tap++) {
      const place = (position + before - tap * dilation) / stride;
      if (place >= 0 && place < places && Number.isInteger(place)) readers.push(tap, place);
    }
    return readers;
  });
}

/** The adjoint of unfold: every element of a plane gathers what was read from it, in double, in the order of taps. */
export const fold = kernel('fold', (ints, y, oy, a, oa) => {
  const rows = slideAt(ints, ROWS);
  const columns = slideAt(ints, COLUMNS);
  const area = rows.places * columns.places;
  const rowReaders = readersOf(rows);
  const columnReaders = readersOf(columns);
  for (let plane = 0; plane < ints[0]; plane++, oa += rows.kernel * columns.kernel * area) {
    for (const across of rowReaders) {
      for (const along of columnReaders) {
        let s = 0;
        for (let i = 0; i < across.length; i += 2) {
          const from = oa + across[i] * columns.kernel * area + across[i + 1] * columns.places;
          for (let j = 0; j < along.length; j += 2) s += a[from + along[j] * area + along[j + 1]];
        }
        y[oy++] = s;
      }
    }
  }
});

// Pooling

/** For each place of an axis the positions inside that its window reads: from `first`, by `step`, before `end`. */
interface Spans {
  readonly extent: number;
  readonly places: number;
  readonly step: number;
  readonly first: Int32Array;
  readonly end: Int32Array;
}

function spansOf({ extent, kernel: taps, stride, before, dilation, places }: Slide): Spans {
  const first = new Int32Array(places);
  const end = new Int32Array(places);
  for (let o = 0; o < places; o++) {
    const start = o * stride - before;
    first[o] = start < 0 ? start + Math.ceil(-start / dilation) * dilation : start;
    end[o] = Math.min(extent, start + (taps - 1) * dilation + 1);
  }
  return { extent, places, step: dilation, first, end };
}

/** The largest element of each window; NaN spreads. */
export const maxPool = kernel('maxPool', (ints, y, oy, x, ox) => {
  const rows = spansOf(slideAt(ints, ROWS));
  const columns = spansOf(slideAt(ints, COLUMNS));
  const width = columns.extent;
  for (let plane = 0; plane < ints[0]; plane++, ox += rows.extent * width) {
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++) {
        let m = -Infinity;
        for (let r = rows.first[o]; r < rows.end[o]; r += rows.step) {
          for (let c = columns.first[p]; c < columns.end[p]; c += columns.step) {
            m = Math.max(m, x[ox + r * width + c]);
          }
        }
        y[oy++] = m;
      }
    }
  }
});

/** Where in its plane the largest element of each window is: the first of equals, the first NaN before all numbers. */
export const maxPoolIndices = kernel('maxPoolIndices', (ints, y, oy, x, ox) => {
  const rows = spansOf(slideAt(ints, ROWS));
  const columns = spansOf(slideAt(ints, COLUMNS));
  const width = columns.extent;
  for (let plane = 0; plane < ints[0]; plane++, ox += rows.extent * width) {
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++) {
        let best = rows.first[o] * width + columns.first[p];
        for (let r = rows.first[o]; r < rows.end[o]; r += rows.step) {
          for (let c = columns.first[p]; c < columns.end[p]; c += columns.step) {
            const m = x[ox + best];
            if (m === m && !(x[ox + r * width + c] <= m)) best = r * width + c;
          }
        }
        y[oy++] = best;
      }
    }
  }
});

/** How many elements of a window at `at` equal `m`. */
function tiesOf(x: Values, at: number, rows: Spans, o: number, columns: Spans, p: number, m: number): number {
  let ties = 0;
  for (let r = rows.first[o]; r < rows.end[o]; r += rows.step) {
    for (let c = columns.first[p]; c < columns.end[p]; c += columns.step) {
      if (x[at + r * columns.extent + c] === m) ties++;
    }
  }
  return ties;
}

/**
 * Each window hands its cotangent in equal shares to the elements that attain its largest value m, to none if that is
 * NaN. Operands g, x, m. An element sums in double what it gets.
 */
export const maxPoolGradient = kernel('maxPoolGradient', (ints, y, oy, g, og, x, ox, m, om) => {
  const rows = spansOf(slideAt(ints, ROWS));
  const columns = spansOf(slideAt(ints, COLUMNS));
  const width = columns.extent;
  const sums = new Float64Array(rows.extent * width);
  for (let plane = 0; plane < ints[0]; plane++, ox += sums.length, oy += sums.length) {
    sums.fill(0);
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++, og++, om++) {
        const share = g[og] / tiesOf(x, ox, rows, o, columns, p, m[om]);
        for (let r = rows.first[o]; r < rows.end[o]; r += rows.step) {
          for (let c = columns.first[p]; c < columns.end[p]; c += columns.step) {
            if (x[ox + r * width + c] === m[om]) sums[r * width + c] += share;
          }
        }
      }
    }
    y.set(sums, oy);
  }
});

/** The adjoint of maxPoolGradient by g: each window averages h over the elements that attain m. Operands h, x, m. */
export const maxPoolShares = kernel('maxPoolShares', (ints, y, oy, h, oh, x, ox, m, om) => {
  const rows = spansOf(slideAt(ints, ROWS));
  const columns = spansOf(slideAt(ints, COLUMNS));
  const width = columns.extent;
  const size = rows.extent * width;
  for (let plane = 0; plane < ints[0]; plane++, ox += size, oh += size) {
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++, om++) {
        let s = 0;
        for (let r = rows.first[o]; r < rows.end[o]; r += rows.step) {
          for (let c = columns.first[p]; c < columns.end[p]; c += columns.step) {
            if (x[ox + r * width + c] === m[om]) s += h[oh + r * width + c];
          }
        }
        y[oy++] = s === 0 ? 0 : s / tiesOf(x, ox, rows, o, columns, p, m[om]);
      }
    }
  }
});

/** Spans with what each place counts for in the divisor of its window: the product of both axes' counts. */
interface Shares extends Spans {
  readonly counts: Float64Array;
}

/** `divisor` 0: elements and padding; −1: elements only; else that number. */
function sharesOf(slide: Slide, divisor: number): Shares {
  const spans = spansOf(slide);
  const { extent, kernel: taps, stride, before } = slide;
  const counts = Float64Array.from(spans.first, (first, o) => {
    const start = o * stride - before;
    // A last window may reach beyond the padding, which counts nothing.
    return divisor === 0 ? Math.min(start + taps, extent + before) - start : spans.end[o] - first;
  });
  return { ...spans, counts: divisor > 0 ? counts.fill(1) : counts };
}

/** Windows that part an axis as evenly as whole numbers allow: `⌊o·extent/places⌋` to `⌈(o+1)·extent/places⌉`. */
function partsOf(extent: number, places: number): Shares {
  const first = Int32Array.from({ length: places }, (_, o) => Math.floor((o * extent) / places));
  const end = Int32Array.from({ length: places }, (_, o) => Math.ceil(((o + 1) * extent) / places));
  const counts = Float64Array.from(first, (start, o) => end[o] - start);
  return { extent, places, step: 1, first, end, counts };
}

/** Sums of windows, in double, each divided by its count times `divisor`. */
function averages(
  planes: number,
  rows: Shares,
  columns: Shares,
  divisor: number,
  y: Values,
  oy: number,
  x: Values,
  ox: number,
): void {
  const width = columns.extent;
  for (let plane = 0; plane < planes; plane++, ox += rows.extent * width) {
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++) {
        let s = 0;
        for (let r = rows.first[o]; r < rows.end[o]; r++) {
          for (let c = columns.first[p]; c < columns.end[p]; c++) s += x[ox + r * width + c];
        }
        y[oy++] = s / (rows.counts[o] * columns.counts[p] * divisor);
      }
    }
  }
}

/** The adjoint of averages: each window hands its share of the cotangent to all its elements. */
function spread(
  planes: number,
  rows: Shares,
  columns: Shares,
  divisor: number,
  y: Values,
  oy: number,
  g: Values,
  og: number,
): void {
  const width = columns.extent;
  const sums = new Float64Array(rows.extent * width);
  for (let plane = 0; plane < planes; plane++, oy += sums.length) {
    sums.fill(0);
    for (let o = 0; o < rows.places; o++) {
      for (let p = 0; p < columns.places; p++) {
        const share = g[og++] / (rows.counts[o] * columns.counts[p] * divisor);
        for (let r = rows.first[o]; r < rows.end[o]; r++) {
          for (let c = columns.first[p]; c < columns.end[p]; c++) sums[r * width + c] += share;
        }
      }
    }
    y.set(sums, oy);
  }
}

const DIVISOR = 13;

/** Plan: as above, then the divisor of every window: 0 for its elements and padding, −1 for its elements, or a number. */
export const avgPool = kernel('avgPool', (ints, y, oy, x, ox) => {
  const divisor = ints[DIVISOR];
  const rows = sharesOf(slideAt(ints, ROWS), divisor);
  averages(ints[0], rows, sharesOf(slideAt(ints, COLUMNS), divisor), Math.max(1, divisor), y, oy, x, ox);
});

/** The adjoint of avgPool. */
export const avgPoolGradient = kernel('avgPoolGradient', (ints, y, oy, g, og) => {
  const divisor = ints[DIVISOR];
  const rows = sharesOf(slideAt(ints, ROWS), divisor);
  spread(ints[0], rows, sharesOf(slideAt(ints, COLUMNS), divisor), Math.max(1, divisor), y, oy, g, og);
});

/** Plan: `[planes, rows, columns, places along the rows' axis, places along the columns' axis]`. */
export const adaptiveAvgPool = kernel('adaptiveAvgPool', (ints, y, oy, x, ox) => {
  averages(ints[0], partsOf(ints[1], ints[3]), partsOf(ints[2], ints[4]), 1, y, oy, x, ox);
});

/** The adjoint of adaptiveAvgPool. */
export const adaptiveAvgPoolGradient = kernel('adaptiveAvgPoolGradient', (ints, y, oy, g, og) => {
  spread(ints[0], partsOf(ints[1], ints[3]), partsOf(ints[2], ints[4]), 1, y, oy, g, og);
});
