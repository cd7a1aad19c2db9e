/** @file The report of a run: one page that needs nothing but itself. */
import { colourOf, lineChart, pixels, scatter, stackedChart } from './charts.js';
import { html, type Markup } from './markup.js';
import type { Mistake } from './mistakes.js';
import { principalPlane } from './pca.js';
import type { EpochLine } from './progress.js';

/** How well nearest neighbours among the held-out rows share a class, each 0 … 1. */
interface Quality {
  readonly precisionAt1: number;
  readonly rPrecision: number;
  readonly mapAtR: number;
}

/** Everything a report tells. */
export interface Run {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly summary: string;
  /** Name and value of what was set, in the order to show. */
  readonly settings: readonly (readonly [string, string])[];
  readonly seconds: number;
  readonly before: Quality;
  readonly after: Quality;
  readonly epochs: readonly EpochLine[];
  /** The loss of every batch, epoch after epoch. */
  readonly batchLosses: readonly number[];
  /** The held-out rows. */
  readonly heldOut: {
    readonly labels: ArrayLike<number>;
    /** `[n, width · height]` row by row, 0 … `max`. */
    readonly images: ArrayLike<number>;
    readonly imageWidth: number;
    readonly imageSize: number;
    readonly max: number;
    /** Their embeddings before and after training, `[n, width]` row by row. */
    readonly before: ArrayLike<number>;
    readonly after: ArrayLike<number>;
    readonly width: number;
  };
  /** Worst first. */
  readonly mistakes: readonly Mistake[];
}

/** How many mistakes are drawn, and how many points: more would not be looked at, but would be loaded. */
const MOST_MISTAKES = 12;
const MOST_POINTS = 3000;

/** The report as the text of an HTML file. */
export function reportPage(run: Run): string {
  const { before, after } = run;
  return `<!doctype html>
${
  html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${run.title}</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<main>
<header>
<h1>${run.title}</h1>
<p>${run.summary}</p>
<dl class="tiles">
${tile('MAP@R', three(after.mapAtR), `before training ${three(before.mapAtR)}`)}
${tile('precision@1', three(after.precisionAt1), `before training ${three(before.precisionAt1)}`)}
${tile('mistakes', String(run.mistakes.length), `of ${run.heldOut.labels.length} held-out images`)}
${tile('training', `${run.seconds.toFixed(1)} s`, `${run.epochs.length} ${run.epochs.length === 1 ? 'epoch' : 'epochs'}`)}
</dl>
</header>
${training(run)}
${embeddings(run)}
${mistakes(run)}
${numbersAndSettings(run)}
</main>
</body>
</html>
`.markup
}`;
}

function tile(name: string, value: string, note: string): Markup {
  return html`<div><dt>${name}</dt><dd><b>${value}</b> <span>${note}</span></dd></div>`;
}

function training({ epochs, batchLosses, before }: Run): Markup {
  const steps = epochs.map(({ epoch }) => epoch);
  const last = steps.at(-1) ?? 1;
  const perEpoch = batchLosses.length / Math.max(1, epochs.length);
  const batches = batchLosses.map((y, index) => ({ x: (index + 1) / perEpoch, y }));
  const means = epochs.map(({ epoch, loss }) => ({ x: epoch, y: loss }));
  // A few first batches may tower over all others: the axis ends where 99 % of the batches fit.
  const sorted = batchLosses.filter(Number.isFinite).sort((a, b) => a - b);
  const top = Math.max(
    sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0,
    ...means.map(({ y }) => y).filter(Number.isFinite),
  );
  const highest = top > 0 ? top * 1.05 : 1;
  const shown = batches.map(({ x, y }) => ({ x, y: Math.min(y, highest) }));
  // One epoch has no extent: it is drawn from its start to its end.
  const spread = steps.length === 1 ? [0, last] : steps;
  const share = (of: (line: EpochLine) => number): number[] =>
    steps.length === 1 ? epochs.flatMap((line) => [of(line), of(line)]) : epochs.map(of);
  const percent = (value: number): string => `${Math.round(value * 100)} %`;

  return html`<section>
<h2>Training</h2>
<p>The loss is a mean over what the miner chose: it can stay level while there is ever less to choose, as more of the triplets become easy.</p>
<div class="three">
<figure>
<figcaption><h3>Loss</h3><p class="key"><i class="line-key thin"></i>each batch <i class="line-key"></i>mean of an epoch</p></figcaption>
${lineChart(
  {
    title: `Loss over ${last} epochs, from ${short(means[0]?.y ?? 0)} to ${short(means.at(-1)?.y ?? 0)}`,
    xName: 'epoch',
    xRange: [0, last],
    yRange: [0, highest],
    yText: short,
  },
  [
    { name: 'each batch', style: 'thin', points: shown },
    {
      name: 'mean of an epoch',
      style: 'bold',
      points: means,
      mark: ({ x, y }) => `epoch ${x}: loss ${short(y)}`,
    },
  ],
)}
</figure>
<figure>
<figcaption><h3>MAP@R of the held-out images</h3><p class="key"><i class="line-key good"></i>after an epoch</p></figcaption>
${lineChart(
  {
    title: `MAP@R over ${last} epochs, from ${three(before.mapAtR)} to ${three(epochs.at(-1)?.mapAtR ?? before.mapAtR)}`,
    xName: 'epoch',
    xRange: [0, last],
    yRange: [0, 1],
  },
  [
    {
      name: 'MAP@R',
      style: 'good',
      points: [{ x: 0, y: before.mapAtR }, ...epochs.map(({ epoch, mapAtR }) => ({ x: epoch, y: mapAtR }))],
      mark: ({ x, y }) => (x === 0 ? `before training: ${three(y)}` : `epoch ${x}: ${three(y)}`),
    },
  ],
  { y: before.mapAtR, text: `before training ${three(before.mapAtR)}` },
)}
</figure>
<figure>
<figcaption><h3>Triplets in the batches</h3><p class="key"><i class="easy"></i>easy <i class="semi-hard"></i>semi-hard <i class="hard"></i>hard</p></figcaption>
${stackedChart(
  {
    title: `Shares of easy, semi-hard and hard triplets over ${last} epochs`,
    xName: 'epoch',
    xRange: [spread[0] ?? 0, spread.at(-1) ?? 1],
    yRange: [0, 1],
    yText: percent,
  },
  spread,
  [
    { name: 'easy', style: 'easy', values: share(({ easy }) => easy) },
    { name: 'semi-hard', style: 'semi-hard', values: share(({ semiHard }) => semiHard) },
    { name: 'hard', style: 'hard', values: share(({ hard }) => hard) },
  ],
)}
</figure>
</div>
</section>`;
}

function embeddings({ heldOut }: Run): Markup {
  const { labels, width } = heldOut;
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const stride = Math.ceil(labels.length / MOST_POINTS) || 1;
  const kept = Array.from(labels, (_, row) => row).filter((row) => row % stride === 0);
  const cloud = (name: string, values: ArrayLike<number>): Markup => {
    const { points, explained } = principalPlane(values, width);
    const title = `Embeddings of the held-out images ${name}, projected on two principal components`;
    return scatter(
      title,
      kept.flatMap((row) => [points[2 * row] as number, points[2 * row + 1] as number]),
      kept.map((row) => labels[row] as number),
      explained,
    );
  };
  return html`<section>
<h2>Held-out images in embedding space</h2>
<p>Each point is an image the net was not trained on, seen along the two principal components of its ${width}-wide embedding${
    stride > 1 ? ` (every ${stride}th is drawn)` : ''
  }. A number stands at the median of its class.</p>
<p class="key classes">${classes.slice(0, 20).map((label, index) => html`<span><i class="round ${colourOf(index)}"></i>${String(label)}</span> `)}</p>
<div class="two">
<figure><figcaption><h3>Before training</h3></figcaption>${cloud('before training', heldOut.before)}</figure>
<figure><figcaption><h3>After training</h3></figcaption>${cloud('after training', heldOut.after)}</figure>
</div>
</section>`;
}

function mistakes({ heldOut, mistakes: all }: Run): Markup {
  const { images, imageSize, imageWidth, labels, max } = heldOut;
  const image = (row: number, caption: string, note: string, style: string): Markup => {
    const from = row * imageSize;
    const values = Array.from({ length: imageSize }, (_, i) => images[from + i] as number);
    return html`<div class="${style}">${pixels(values, imageWidth, max, `${caption}: ${labels[row] as number}`)}<b>${String(
      labels[row],
    )}</b><span>${caption}</span><span>${note}</span></div>`;
  };
  const cards = all.slice(0, MOST_MISTAKES).map(
    ({ query, wrong, wrongDistance, right, rightDistance }) => html`<li>
${image(query, 'asked', `image ${query}`, 'asked')}
${image(wrong, 'nearest', `at ${three(wrongDistance)}`, 'wrong')}
${image(right, 'own class', `at ${three(rightDistance)}`, 'right')}
</li>`,
  );
  const text =
    all.length === 0
      ? 'None: the nearest neighbour of every held-out image is of its own class.'
      : `Held-out images whose nearest neighbour is of another class, and the nearest of their own. First where the stranger is nearer by the widest gap${
          all.length > cards.length ? `; ${cards.length} of ${all.length} are shown` : ''
        }.`;
  return html`<section>
<h2>Hardest mistakes</h2>
<p>${text}</p>
<ul class="mistakes">${cards}</ul>
</section>`;
}

function numbersAndSettings({ before, after, settings }: Run): Markup {
  const rows: readonly (readonly [string, number, number])[] = [
    ['precision@1', before.precisionAt1, after.precisionAt1],
    ['R-precision', before.rPrecision, after.rPrecision],
    ['MAP@R', before.mapAtR, after.mapAtR],
  ];
  return html`<section class="two tables">
<div>
<h2>Numbers</h2>
<table>
<thead><tr><th scope="col">held-out images</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
<tbody>${rows.map(
    ([name, first, last]) =>
      html`<tr><th scope="row">${name}</th><td>${four(first)}</td><td>${four(last)}</td></tr>`,
  )}</tbody>
</table>
</div>
<div>
<h2>Settings</h2>
<table>
<tbody>${settings.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
</table>
</div>
</section>`;
}

const three = (value: number): string => value.toFixed(3);
const four = (value: number): string => value.toFixed(4);
/** Three significant digits, without an exponent where a reader can do without. */
const short = (value: number): string => String(Number(value.toPrecision(3)));

// Ten colours told apart with any colour vision: M. A. Petroff, Accessible Color Sequences for Data Visualization, 2021
// (arXiv:2107.02270); the dark ones are lighter on a dark page, and the two greys farther apart.
const STYLE = `
:root {
  --page: #f6f7f9; --card: #fff; --ink: #1b2027; --soft: #5b6673; --rule: #dfe3e8;
  --accent: #2467b3; --thin: #9dbfe4; --good: #0b7a62; --wrong: #b3261e; --right: #0b7a62;
  --easy: #b9c4cc; --semi: #f2a72e; --hard: #b8321c;
  --c0: #3f90da; --c1: #ffa90e; --c2: #bd1f01; --c3: #94a4a2; --c4: #832db6;
  --c5: #a96b59; --c6: #e76300; --c7: #b9ac70; --c8: #717581; --c9: #5cc4c9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1b2128; --ink: #e8ecf0; --soft: #9aa7b4; --rule: #323b45;
    --accent: #6fb1f2; --thin: #38597c; --good: #4cc3a5; --wrong: #ff8a7d; --right: #4cc3a5;
    --easy: #55636f; --semi: #e5a13a; --hard: #d9583f;
    --c2: #e8503a; --c3: #c9d4d2; --c4: #b06be0; --c8: #7d8291; --c9: #92dadd;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.4rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 8px; }
h2 { font-size: 1.3rem; letter-spacing: -0.01em; margin: 0 0 6px; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0; color: var(--soft); max-width: 75ch; }
section { margin-top: 48px; }
section > p + .two { margin-top: 18px; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 14px; margin: 26px 0 0; }
.tiles div, figure, .mistakes li, .tables > div {
  background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
}
.tiles div { padding: 14px 18px; }
dt { color: var(--soft); font-size: 0.9rem; }
dd { margin: 0; }
dd b { display: block; font-size: 2rem; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
dd span { color: var(--soft); font-size: 0.85rem; }
.three, .two { display: grid; gap: 18px; }
.three { grid-template-columns: repeat(3, minmax(0, 1fr)); margin-top: 18px; }
.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
figure { margin: 0; padding: 16px 16px 12px; }
figcaption { margin-bottom: 10px; }
.key { font-size: 0.85rem; display: flex; flex-wrap: wrap; gap: 2px 6px; align-items: center; }
.key i { width: 11px; height: 11px; border-radius: 3px; display: inline-block; background: var(--accent); }
.key i:not(:first-child) { margin-left: 8px; }
.key .line-key { height: 3px; width: 18px; }
.key .thin { background: var(--thin); } .key .good { background: var(--good); }
.classes { gap: 4px 18px; font-size: 0.95rem; margin-top: 10px; }
.classes span { display: inline-flex; align-items: center; gap: 6px; }
.key .round { border-radius: 50%; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; }
.level { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.thin { stroke: var(--thin); stroke-width: 1; } .line.good { stroke: var(--good); }
.mark { fill: var(--accent); } .mark.good { fill: var(--good); }
.mark { stroke: transparent; stroke-width: 8; }
.area { stroke: var(--card); stroke-width: 1; }
.area.easy { fill: var(--easy); } .area.semi-hard { fill: var(--semi); } .area.hard { fill: var(--hard); }
i.easy { background: var(--easy) !important; } i.semi-hard { background: var(--semi) !important; } i.hard { background: var(--hard) !important; }
.frame { fill: none; stroke: var(--rule); }
.dot { fill-opacity: 0.8; }
svg .axis { font-size: 12px; }
svg .name { fill: var(--ink); font-size: 17px; font-weight: 700; }
svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
${Array.from({ length: 10 }, (_, i) => `.c${i} { fill: var(--c${i}); background: var(--c${i}) !important; color: var(--c${i}); }`).join('\n')}
.hollow { fill: none; stroke: currentColor; background: none !important; border: 2px solid currentColor; }
.mistakes { list-style: none; margin: 18px 0 0; padding: 0; display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); }
.mistakes li { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; padding: 14px; }
.mistakes b { display: block; font-size: 1.15rem; line-height: 1.2; margin-top: 8px; }
.mistakes span { display: block; color: var(--soft); font-size: 0.8rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.wrong b { color: var(--wrong); } .right b { color: var(--right); }
.pixels { background: var(--page); border: 1px solid var(--rule); border-radius: 6px; fill: var(--ink); shape-rendering: crispEdges; padding: 4px; }
.wrong .pixels { border-color: var(--wrong); } .right .pixels { border-color: var(--right); }
.tables > div { padding: 20px 22px 14px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 8px 0 8px 16px; border-top: 1px solid var(--rule); vertical-align: baseline; }
td { overflow-wrap: anywhere; }
th { white-space: nowrap; }
.tables { align-items: start; }
th:first-child { text-align: left; padding-left: 0; font-weight: 500; color: var(--soft); }
thead th { border: 0; font-weight: 500; color: var(--soft); font-size: 0.9rem; }
@media (max-width: 1000px) { .three { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 720px) {
  main { padding: 24px 14px 48px; }
  section { margin-top: 36px; }
  .three, .two { grid-template-columns: minmax(0, 1fr); gap: 14px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 10px; }
  .tiles div { padding: 10px 14px; }
  dd b { font-size: 1.6rem; }
  figure { padding: 14px 10px 10px; }
  .mistakes { grid-template-columns: minmax(0, 1fr); }
}
@media print { figure, li, .tables > div { break-inside: avoid; } }
`;
