/** @file The price of an eager op on small tensors, and the speed of a matrix product, beside the same loops written by hand. */
import { add, matmul, mul, setKernels, sum, type Tensor, tanh, tensor } from '@ndgrad/core';
import { EAGER_BARS } from './bars.js';
import type { Row } from './comparison.js';
import { interleave, lastResult, ratio, type Timing } from './timing.js';

/** A figure with a unit; `handRatio` is time against the loops by hand, where the two do the same work. */
export interface UnitRow extends Row {
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly handRatio: number | null;
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

function eagerOps(kernels: string): UnitRow[] {
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
  const row = (
    name: string,
    title: string,
    value: number,
    bar: number,
    handRatio: number | null,
  ): UnitRow => ({
    workload: name,
    home: 'heap',
    kernels,
    threads: 1,
    peer: null,
    ratio: null,
    bar,
    pass: value <= bar,
    title,
    value,
    unit: 'ns/op',
    handRatio,
  });
  return [
    row(
      `eager-forward-${SIZE}`,
      `eager forward, size ${SIZE}`,
      perOp(timings.forward, OPS),
      EAGER_BARS.forward,
      ratio(timings.forward, timings.byHand),
    ),
    row(
      `eager-forward-and-backward-${SIZE}`,
      `eager forward and backward, size ${SIZE}`,
      // The sum that ends the chain is an op too.
      perOp(timings.both, OPS + 1),
      EAGER_BARS.forwardAndBackward,
      null,
    ),
  ];
}

function matrixProduct(n: number, kernels: string): UnitRow {
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
    workload: `matmul-${n}`,
    home: 'heap',
    kernels,
    threads: 1,
    peer: null,
    ratio: null,
    bar: null,
    pass: null,
    title: `matmul ${n}×${n}, float32`,
    // Operations per nanosecond are 1e9 operations per second.
    value: (2 * n ** 3) / timings.library.median,
    unit: 'GFLOP/s',
    handRatio: ratio(timings.library, timings.byHand),
  };
}

/** The kernels that bars are judged with, where they run. */
function fastestKernels(): string {
  try {
    setKernels('relaxed');
    return 'relaxed';
  } catch {
    return 'default';
  }
}

export function eagerRows(): UnitRow[] {
  const kernels = fastestKernels();
  const rows = [...eagerOps(kernels), matrixProduct(256, kernels)];
  if (lastResult() === undefined) throw new Error('the timed work was left out');
  return rows;
}
