/**
 * @file What the library costs on this machine: the price of an eager op on small tensors, and the speed of a matrix
 * product, beside the same loops written by hand.
 *
 *     pnpm bench            a table
 *     pnpm bench --json     the table, and a last line of JSON: { rows: [...] }
 */
import { cpus } from 'node:os';
import { add, matmul, mul, sum, type Tensor, tanh, tensor } from '@ndgrad/core';
import { interleave, lastResult, ratio, type Timing } from './timing.js';

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Time against the loops by hand, where the two do the same work. */
  readonly ratio?: number;
}

const SIZE = 16;
// Ten times (mul, add, tanh).
const ROUNDS = 10;
const OPS = 3 * ROUNDS;

/** A generator of its own: the inputs are the same on every run. */
function values(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function eagerOps(): Row[] {
  const data = values(SIZE);
  const x = tensor(data, { requiresGrad: true });
  const scale = tensor(values(SIZE), { requiresGrad: true });
  const shift = tensor(values(SIZE), { requiresGrad: true });
  const chain = (): Tensor => {
    let h = x;
    for (let i = 0; i < ROUNDS; i++) h = tanh(add(mul(h, scale), shift));
    return h;
  };
  const factor = values(SIZE);
  // One result an op, as the library does: what differs is the graph and the dispatch.
  const byHand = (): Float32Array => {
    let h = data;
    for (let i = 0; i < ROUNDS; i++) {
      const product = new Float32Array(SIZE);
      for (let k = 0; k < SIZE; k++) product[k] = (h[k] as number) * (factor[k] as number);
      const moved = new Float32Array(SIZE);
      for (let k = 0; k < SIZE; k++) moved[k] = (product[k] as number) + (factor[k] as number);
      h = new Float32Array(SIZE);
      for (let k = 0; k < SIZE; k++) h[k] = Math.tanh(moved[k] as number);
    }
    return h;
  };
  const timings = interleave({
    forward: chain,
    both: () => {
      sum(chain()).backward();
      x.grad = undefined;
      scale.grad = undefined;
      shift.grad = undefined;
      return x;
    },
    byHand,
  });
  const perOp = ({ median }: Timing, ops: number) => median / ops;
  return [
    {
      name: `eager forward, size ${SIZE}`,
      value: perOp(timings.forward, OPS),
      unit: 'ns/op',
      ratio: ratio(timings.forward, timings.byHand),
    },
    {
      // The sum that ends the chain is an op too.
      name: `eager forward and backward, size ${SIZE}`,
      value: perOp(timings.both, OPS + 1),
      unit: 'ns/op',
    },
  ];
}

function matrixProduct(n: number): Row {
  const left = values(n * n);
  const right = values(n * n);
  const a = tensor(left, { shape: [n, n] });
  const b = tensor(right, { shape: [n, n] });
  const byHand = (): Float32Array => {
    const out = new Float32Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        const v = left[i * n + k] as number;
        for (let j = 0; j < n; j++) {
          out[i * n + j] = (out[i * n + j] as number) + v * (right[k * n + j] as number);
        }
      }
    }
    return out;
  };
  const timings = interleave({ library: () => matmul(a, b), byHand }, { turn: 30, rounds: 15 });
  return {
    name: `matmul ${n}×${n}, float32`,
    // Operations per nanosecond are 1e9 operations per second.
    value: (2 * n ** 3) / timings.library.median,
    unit: 'GFLOP/s',
    ratio: ratio(timings.library, timings.byHand),
  };
}

const rows: Row[] = [...eagerOps(), matrixProduct(256)];
if (lastResult() === undefined) throw new Error('the timed work was left out');

console.log(`Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}`);
console.log('ratio: time against plain loops over Float32Array, lower is better\n');
const width = Math.max(...rows.map(({ name }) => name.length));
for (const { name, value, unit, ratio: against } of rows) {
  const figures = `${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit.padEnd(8)}`;
  console.log(
    `${name.padEnd(width)} ${figures} ${against === undefined ? '' : `ratio ${against.toFixed(2)}`}`,
  );
}
if (process.argv.includes('--json')) {
  const machine = { node: process.version, cpu: cpus()[0]?.model.trim() ?? null };
  console.log(JSON.stringify({ ...machine, rows }));
}
