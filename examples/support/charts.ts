/** @file The drawings of a report, as SVG without scripts. Colours are classes; the page's style sheet gives them. */
import { html, type Markup } from './markup.js';

/** Values over steps; `null` where there is none. */
export interface Line {
  readonly name: string;
  /** A class of the style sheet. */
  readonly style: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Text for a mark on each point; without it the line has no marks. */
  readonly mark?: (point: { readonly x: number; readonly y: number }) => string;
}

/** What a chart with axes shares, whatever stands in it. */
export interface Axes {
  /** Read aloud in the picture's place. */
  readonly title: string;
  readonly xName: string;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  /** How a y tick is written. */
  readonly yText?: (value: number) => string;
}

const WIDTH = 360;
const HEIGHT = 240;
const LEFT = 42;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 38;

/** Lines over steps, with an optional level drawn across ("before training"). */
export function lineChart(
  axes: Axes,
  lines: readonly Line[],
  level?: { readonly y: number; readonly text: string },
): Markup {
  const { x, y } = scales(axes);
  const across =
    level === undefined
      ? null
      : html`<line class="level" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(level.y)}" y2="${y(level.y)}"/>
<text class="halo" x="${WIDTH - RIGHT}" y="${y(level.y) - 6 < TOP ? y(level.y) + 15 : y(level.y) - 6}" text-anchor="end">${level.text}</text>`;
  const drawn = lines.map(({ style, points, mark }) => {
    const seen = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    // Marks stand apart while there is room for them; a long run shows its line alone.
    const marks = mark !== undefined && seen.length <= 60 ? seen : seen.slice(-1);
    return html`<path class="line ${style}" d="${path(seen.map((point) => [x(point.x), y(point.y)]))}"/>${
      mark === undefined
        ? null
        : marks.map(
            (point) =>
              html`<circle class="mark ${style}" cx="${x(point.x)}" cy="${y(point.y)}" r="2.4"><title>${mark(point)}</title></circle>`,
          )
    }`;
  });
  return chart(axes, [across, ...drawn]);
}

/** Shares of a whole over steps, stacked from the first upwards. */
export function stackedChart(
  axes: Axes,
  steps: readonly number[],
  layers: readonly { readonly name: string; readonly style: string; readonly values: readonly number[] }[],
): Markup {
  const { x, y } = scales(axes);
  let below = steps.map(() => 0);
  const drawn = layers.map(({ name, style, values }) => {
    const above = below.map((base, index) => base + (values[index] ?? 0));
    const upper = steps.map((step, index): [number, number] => [x(step), y(above[index] as number)]);
    const lower = steps.map((step, index): [number, number] => [x(step), y(below[index] as number)]);
    below = above;
    return html`<path class="area ${style}" d="${path([...upper, ...lower.reverse()])}Z"><title>${name}</title></path>`;
  });
  return chart(axes, drawn);
}

/** A cloud of points in the plane, coloured and named by class; both axes have one scale. */
export function scatter(
  title: string,
  points: ArrayLike<number>,
  labels: ArrayLike<number>,
  explained: readonly [number, number],
): Markup {
  const size = 400;
  const height = 360;
  const edge = 30;
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < labels.length; i++) {
    const [px, py] = [points[2 * i] as number, points[2 * i + 1] as number];
    [minX, maxX, minY, maxY] = [
      Math.min(minX, px),
      Math.max(maxX, px),
      Math.min(minY, py),
      Math.max(maxY, py),
    ];
  }
  const scale = Math.min((size - 2 * edge) / (maxX - minX || 1), (height - 2 * edge) / (maxY - minY || 1));
  const x = (value: number): number => size / 2 + (value - (minX + maxX) / 2) * scale;
  const y = (value: number): number => height / 2 - (value - (minY + maxY) / 2) * scale;

  // Row by row, not class by class: no class lies on top of all others.
  const dots = Array.from(labels, (label, i) => {
    const index = classes.indexOf(label);
    return html`<circle class="dot ${colourOf(index)}" cx="${x(points[2 * i] as number)}" cy="${y(points[2 * i + 1] as number)}" r="2.7"/>`;
  });
  const names = classes.map((label) => {
    const rows = Array.from(labels.length === 0 ? [] : Array.from(labels).keys()).filter(
      (i) => labels[i] === label,
    );
    return html`<text class="name halo" x="${x(median(rows.map((i) => points[2 * i] as number)))}" y="${
      y(median(rows.map((i) => points[2 * i + 1] as number))) + 5
    }" text-anchor="middle">${label}</text>`;
  });
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
  return html`<svg viewBox="0 0 ${size} ${height}" role="img" aria-label="${title}">
<rect class="frame" x="0.5" y="0.5" width="${size - 1}" height="${height - 1}" rx="6"/>
${dots}${names}
<text class="axis" x="${size - 9}" y="${height - 10}" text-anchor="end">first component, ${percent(explained[0])} of variance</text>
<text class="axis" x="-9" y="17" transform="rotate(-90)" text-anchor="end">second, ${percent(explained[1])}</text>
</svg>`;
}

/** The class of the style sheet that colours the `index`-th class; past ten the colours come again, hollow. */
export function colourOf(index: number): string {
  return `c${index % 10}${Math.floor(index / 10) % 2 === 1 ? ' hollow' : ''}`;
}

/** An image as ink on the page: one path for each of 16 levels, so that 28×28 pixels stay small too. */
export function pixels(values: ArrayLike<number>, width: number, max: number, title: string): Markup {
  const height = Math.ceil(values.length / width);
  const levels = new Map<number, string>();
  for (let i = 0; i < values.length; i++) {
    const level = Math.round(16 * Math.min(1, Math.max(0, (values[i] as number) / max)));
    if (level > 0) {
      levels.set(level, `${levels.get(level) ?? ''}M${i % width} ${Math.floor(i / width)}h1v1h-1z`);
    }
  }
  const drawn = [...levels].map(([level, d]) => html`<path fill-opacity="${level / 16}" d="${d}"/>`);
  return html`<svg class="pixels" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${drawn}</svg>`;
}

/** Round values that part [low, high] into about `count` steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= span / count) as number) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Multiples of the step, not running sums: 0.1 + 0.2 would be written 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function scales({ xRange, yRange }: Axes): { x: (value: number) => number; y: (value: number) => number } {
  const [[x0, x1], [y0, y1]] = [xRange, yRange];
  return {
    x: (value) => LEFT + ((value - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0 || 1)) * (HEIGHT - TOP - BOTTOM),
  };
}

function chart(axes: Axes, inside: readonly (Markup | null)[]): Markup {
  const { x, y } = scales(axes);
  const yText = axes.yText ?? String;
  const rows = ticks(...axes.yRange, 5).map(
    (value) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>
<text x="${LEFT - 7}" y="${y(value) + 4}" text-anchor="end">${yText(value)}</text>`,
  );
  const columns = ticks(...axes.xRange, 6)
    .filter(Number.isInteger)
    .map(
      (value) =>
        html`<text x="${x(value)}" y="${HEIGHT - BOTTOM + 17}" text-anchor="middle">${String(value)}</text>`,
    );
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axes.title}">
${rows}${columns}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${axes.xName}</text>
${inside}
</svg>`;
}

function path(points: readonly (readonly [number, number])[]): string {
  const at = (value: number): string => String(Math.round(value * 100) / 100);
  return points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${at(px)} ${at(py)}`).join('');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
