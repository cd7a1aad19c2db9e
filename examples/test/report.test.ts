import { describe, expect, it } from '@jest/globals';
import { lineChart, pixels, scatter, stackedChart, ticks } from '../support/charts.js';
import { html } from '../support/markup.js';
import { type Run, reportPage } from '../support/report.js';

describe('html', () => {
  it('escapes text, in and between tags', () => {
    const evil = `<script>alert("1" & '2')</script>`;
    expect(html`<p title="${evil}">${evil}</p>`.markup).toBe(
      '<p title="&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">' +
        '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>',
    );
  });

  it('does not escape markup again', () => {
    expect(html`<ul>${['<', '>'].map((text) => html`<li>${text}</li>`)}</ul>`.markup).toBe(
      '<ul><li>&lt;</li><li>&gt;</li></ul>',
    );
  });

  it('rounds numbers to hundredths and writes nothing for null', () => {
    expect(html`${1 / 3} ${-0.001} ${12} ${null}`.markup).toBe('0.33 0 12 ');
  });

  it('shows control characters as the replacement character', () => {
    expect(html`${'a\u0000b\u009bc\u001bd\te\n'}`.markup).toBe('a\ufffdb\ufffdc\ufffdd\te\n');
  });
});

describe('ticks', () => {
  it.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 30, 6, [0, 5, 10, 15, 20, 25, 30]],
    [0, 0.173, 5, [0, 0.05, 0.1, 0.15]],
    [1, 30, 6, [5, 10, 15, 20, 25, 30]],
    [0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 4, 4, [-2, 0, 2, 4]],
    [0.3, 0.3, 5, [0.3]],
    [2, 1, 5, [2]],
  ])('of %d … %d in about %d steps are %j', (low, high, count, expected) => {
    expect(ticks(low, high, count)).toEqual(expected);
  });
});

describe('charts', () => {
  const axes = { title: 't', xName: 'x', xRange: [0, 2], yRange: [0, 1] } as const;

  it('draw a line through its points, and leave out what is no number', () => {
    const points = [0, Number.NaN, Infinity, 1].map((y, x) => ({ x: x / 1.5, y }));
    const { markup } = lineChart(axes, [{ name: 'l', style: 'bold', points }]);
    expect(markup).toContain('<path class="line bold" d="M42 202L348 12"/>');
    expect(markup).not.toMatch(/NaN|Infinity/);
  });

  it('stack areas on each other', () => {
    const { markup } = stackedChart(
      axes,
      [0, 2],
      [
        { name: 'low', style: 'easy', values: [0.5, 1] },
        { name: 'high', style: 'hard', values: [0.5, 0] },
      ],
    );
    expect(markup).toContain('d="M42 107L348 12L348 202L42 202Z"');
    expect(markup).toContain('d="M42 12L348 12L348 12L42 107Z"');
  });

  it('draw a pixel as ink of sixteen levels', () => {
    const { markup } = pixels([0, 16, 8, 16], 2, 16, 'two');
    expect(markup).toContain('<path fill-opacity="1" d="M1 0h1v1h-1zM1 1h1v1h-1z"/>');
    expect(markup).toContain('<path fill-opacity="0.5" d="M0 1h1v1h-1z"/>');
    expect(markup).toContain('viewBox="0 0 2 2"');
  });

  it('keep every point of a scatter inside its frame, also when all coincide', () => {
    for (const points of [
      [0, 0, 5, 1, -80, 2],
      [3, 3, 3, 3, 3, 3],
    ]) {
      const { markup } = scatter('s', points, [0, 1, 11], [0.5, 0.25]);
      const circles = [...markup.matchAll(/cx="([^"]+)" cy="([^"]+)"/g)];
      expect(circles.length).toBe(3);
      for (const [, x, y] of circles) {
        expect(Number(x)).toBeGreaterThan(0);
        expect(Number(x)).toBeLessThan(400);
        expect(Number(y)).toBeGreaterThan(0);
        expect(Number(y)).toBeLessThan(360);
      }
    }
  });
});

/** A run of `epochs` epochs on four images of two classes, with text of every kind. */
function run(epochs: number): Run {
  const embeddings = [1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9];
  return {
    title: 'A <b>run</b>',
    summary: 'Learned & judged',
    settings: [
      ['loss', 'triplet'],
      ['data', '"><script>alert(1)</script>'],
    ],
    seconds: 1.25,
    before: { precisionAt1: 0.5, rPrecision: 0.4, mapAtR: 0.3 },
    after: { precisionAt1: 1, rPrecision: 0.95, mapAtR: 0.9 },
    epochs: Array.from({ length: epochs }, (_, i) => ({
      epoch: i + 1,
      loss: 0.1 / (i + 1),
      easy: 0.7,
      semiHard: 0.2,
      hard: 0.1,
      mapAtR: 0.8,
    })),
    batchLosses: Array.from({ length: 3 * epochs }, (_, i) => 0.1 / (i + 1)),
    heldOut: {
      labels: [3, 3, 8, 8],
      images: Array.from({ length: 16 }, (_, i) => i),
      imageWidth: 2,
      imageSize: 4,
      max: 16,
      before: embeddings,
      after: embeddings,
      width: 2,
    },
    mistakes: [{ query: 0, wrong: 2, wrongDistance: 0.5, right: 1, rightDistance: 0.75 }],
  };
}

describe('reportPage', () => {
  const page = reportPage(run(3));

  it('escapes every text that comes from outside', () => {
    expect(page).toContain('<h1>A &lt;b&gt;run&lt;/b&gt;</h1>');
    expect(page).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script/i);
  });

  it('fetches nothing and runs nothing, under a policy that forbids both', () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/(src|href)\s*=|url\(|@import|\son[a-z]+=|javascript:|data:/i);
    expect(page).not.toContain('http://');
    expect(page).not.toContain('https://');
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    for (const [, closing, name, selfClosed] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
      if (name === 'meta' || selfClosed === '/') continue;
      if (closing === '/') expect(open.pop()).toBe(name);
      else open.push(name as string);
    }
    expect(open).toEqual([]);
  });

  it('shows the numbers, the mistakes and the settings', () => {
    for (const text of ['0.9000', '0.3000', '0.9500', 'at 0.500', 'at 0.750', 'triplet', '1.3 s']) {
      expect(page).toContain(text);
    }
  });

  it('speaks of a run of one epoch, of many, and of one without mistakes', () => {
    expect(reportPage(run(1))).toContain('1 epoch</span>');
    expect(reportPage(run(200)).length).toBeLessThan(200_000);
    expect(reportPage({ ...run(2), mistakes: [] })).toContain(
      'None: the nearest neighbour of every held-out image is of its own class.',
    );
    expect(reportPage(run(1))).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('gives the same text for the same run', () => {
    expect(reportPage(run(3))).toBe(page);
  });
});
