/**
 * @file Memory over many training steps: it must stay where it is after the first steps.
 *
 *     pnpm memory                       1 000 000 captured and 100 000 eager steps of W4, unforced, then forced collection
 *     pnpm memory --steps 10000         that many captured steps, a tenth of them eager
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { capture, memory, scope, type Tensor, tensor } from '@ndgrad/core';
import { binaryCrossEntropyWithLogits } from '@ndgrad/losses';
import { Linear, ReLU, Sequential, SGD } from '@ndgrad/nn';

const at = process.argv.indexOf('--steps');
const STEPS = at === -1 ? 1_000_000 : Number(process.argv[at + 1]);
/** What the collector may swing by, and the growth that counts as a leak, in bytes. */
const SLACK = 48e6;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function training(): (x: Tensor, y: Tensor) => Tensor {
  const model = new Sequential(
    new Linear(2, 16),
    new ReLU(),
    new Linear(16, 16),
    new ReLU(),
    new Linear(16, 1),
  );
  const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
  return (x, y) => {
    const loss = binaryCrossEntropyWithLogits(model.call(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
}

const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i));
const x = tensor(numbers(64), { shape: [32, 2] });
const y = tensor(
  numbers(32).map((v) => Number(v > 0)),
  { shape: [32, 1] },
);

/** Bytes in use: the process, the collector's heap and its buffers, linear memory. */
function inUse(): { rss: number; heap: number; linear: number } {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { parameters, scopes, plans, staging } = memory();
  return { rss, heap: heapUsed + arrayBuffers, linear: parameters + scopes + plans + staging };
}

let failed = 0;
for (const forced of [false, true]) {
  for (const [name, make, count] of [
    ['captured', () => capture(training()), STEPS],
    ['eager', () => training(), STEPS / 10],
    [
      'scope',
      () => {
        const step = training();
        return (a: Tensor, b: Tensor) => scope(() => step(a, b));
      },
      STEPS / 10,
    ],
  ] as const) {
    const step = make();
    const quarters = Array.from({ length: 4 }, () => {
      for (let i = 0; i < count / 4; i++) step(x, y);
      if (forced) collect();
      return inUse();
    });
    const [first, , , last] = quarters as [
      ReturnType<typeof inUse>,
      unknown,
      unknown,
      ReturnType<typeof inUse>,
    ];
    const flat = last.rss - first.rss < SLACK && last.linear === first.linear;
    if (!flat) failed++;
    const line = (key: 'rss' | 'heap' | 'linear'): string =>
      quarters.map((q) => (q[key] / 1e6).toFixed(1).padStart(6)).join(' ');
    console.log(
      `${name.padEnd(8)} ${forced ? 'forced  ' : 'unforced'} ${count} steps, MB after each quarter:` +
        ` process ${line('rss')}  heap ${line('heap')}  linear ${line('linear')}  ${flat ? 'flat' : 'GROWS'}`,
    );
  }
}
process.exitCode = failed === 0 ? 0 : 1;
