/**
 * @file Random training steps, eager on the heap, eager in a scope, and captured: the same bits in all three, values,
 * gradients, parameters and random state. Seeded; NDGRAD_FUZZ sets how many programs are tried.
 */
import { describe, expect, it } from '@jest/globals';
import * as core from '../src/index.js';
import { capture, type Generator, generator, noGrad, scope, type Tensor, tensor } from '../src/index.js';
import { withKernels } from './grid.js';

const PROGRAMS = Number(process.env.NDGRAD_FUZZ ?? 40);

/** One instruction: from the tensors made so far, by position from the last, to a new one. */
type Instruction = (pool: readonly Tensor[], noise: Generator) => Tensor;

const UNARY: readonly ((x: Tensor) => Tensor)[] = [
  (x) => core.neg(x),
  (x) => core.abs(x),
  (x) => core.square(x),
  (x) => core.tanh(x),
  (x) => core.sigmoid(x),
  (x) => core.relu(x),
  (x) => core.softplus(x),
  (x) => core.exp(x),
  (x) => core.clone(x),
  (x) => core.softmax(x),
  (x) => core.logSoftmax(x),
  (x) => core.normalize(x),
  (x) => core.cumsum(x),
];
const BINARY: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => core.add(a, b),
  (a, b) => core.sub(a, b),
  (a, b) => core.mul(a, b),
  (a, b) => core.maximum(a, b),
  (a, b) => core.minimum(a, b),
  (a, b) => core.xdivy(a, b),
];

/** Draws a program of `length` instructions over tensors of shape `[rows, columns]` or what they become. */
function drawProgram(draw: Generator, length: number): Instruction[] {
  return Array.from({ length }, (): Instruction => {
    const kind = draw.integer(12);
    const [i, j, k] = [draw.integer(64), draw.integer(64), draw.integer(64)];
    const number = draw.uniform() * 2 - 1;
    const pick = (pool: readonly Tensor[], n: number): Tensor => pool[n % pool.length] as Tensor;
    switch (kind) {
      case 0:
      case 1:
      case 2: {
        const op = UNARY[j % UNARY.length] as (typeof UNARY)[number];
        // Bounded, so that chains of them stay finite.
        return (pool) => op(core.tanh(pick(pool, i)));
      }
      case 3:
      case 4:
      case 5: {
        const op = BINARY[k % BINARY.length] as (typeof BINARY)[number];
        return (pool) => {
          const a = pick(pool, i);
          const b = pool.find((t, n) => n >= j % pool.length && t.shape.join() === a.shape.join()) ?? a;
          return op(a, b);
        };
      }
      case 6:
        return (pool) => pick(pool, i).T;
      case 7:
        return (pool) => {
          const a = core.tanh(pick(pool, i));
          return core.matmul(a, a.T).mul(0.1).add(number);
        };
      case 8:
        return (pool) => {
          const a = pick(pool, i);
          return a.sub(core.mean(a, { axis: j % 2, keepDims: true }));
        };
      case 9:
        return (pool) => {
          const a = pick(pool, i);
          return core.where(a.gt(number), a.mul(2), core.flip(a, { axis: j % 2 }));
        };
      case 10:
        return (pool, noise) => {
          const a = pick(pool, i);
          return a.mul(core.rand(a.shape, { generator: noise }).gt(0.3).cast('float32'));
        };
      default:
        return (pool) => {
          const a = pick(pool, i);
          const [rows] = a.shape as [number, number];
          return core.concat(
            [core.slice(a, [Math.floor(rows / 2), rows]), core.slice(a, [0, Math.floor(rows / 2)])],
            {
              axis: 0,
            },
          );
        };
    }
  });
}

/** A training step over a program: everything that it changes hangs on the machine. */
function makeMachine(program: readonly Instruction[], seed: number, rows: number, columns: number) {
  const source = generator(seed);
  const make = (shape: number[]): Tensor =>
    tensor(core.randn(shape, { generator: source }), { requiresGrad: true });
  const parameters = [make([rows, columns]), make([columns]), make([rows, columns])];
  const noise = generator(seed + 1);
  let steps = 0;
  const step = (x: Tensor): { loss: Tensor; last: Tensor } => {
    const [w, b, v] = parameters as [Tensor, Tensor, Tensor];
    for (const p of parameters) p.grad = undefined;
    const pool: Tensor[] = [core.add(core.mul(x, w), b), v];
    for (const instruction of program) pool.push(instruction(pool, noise));
    const loss = pool.map((t) => core.tanh(t).mean()).reduce((sum, t) => core.add(sum, t));
    loss.backward();
    noGrad(() => {
      for (const p of parameters) {
        const rate = core.hostScalar(() => 0.1 / (1 + steps));
        core.assign(p, p.sub(core.mul(p.grad as Tensor, rate)));
      }
    });
    return { loss, last: pool[pool.length - 1] as Tensor };
  };
  return {
    parameters,
    noise,
    step,
    tick: () => {
      steps++;
    },
  };
}

/** Bits, so that 0 is not −0. Sign and payload of a NaN are no one's promise: WebAssembly leaves them open. */
const bits = (t: Tensor | undefined): number[] => {
  const values = t?.toTypedArray() ?? new Float32Array(0);
  const raw = new Int32Array(values.buffer);
  return [...raw].map((word, i) => (Number.isNaN(values[i]) ? 0x7fc00000 : word));
};

describe.each(['js', 'simd', 'relaxed'] as const)('random training steps, %s', (build) => {
  it(`agree bit for bit in the three homes, ${PROGRAMS} programs`, () => {
    withKernels(build, () => {
      for (let seed = 0; seed < PROGRAMS; seed++) {
        const draw = generator(1000 + seed);
        // Now and then long enough for blocks of elementwise calls.
        const [rows, columns] = seed % 10 === 9 ? [64, 80] : [1 + draw.integer(9), 1 + draw.integer(9)];
        const program = drawProgram(draw, 3 + draw.integer(20));
        const machines = [0, 1, 2].map(() => makeMachine(program, seed, rows, columns));
        const [eager, scoped, captured] = machines as [
          (typeof machines)[number],
          (typeof machines)[number],
          (typeof machines)[number],
        ];
        const replay = capture(captured.step);
        for (let i = 0; i < 3; i++) {
          const x = core.randn([rows, columns], { generator: draw });
          const results = [eager.step(x), scope(() => scoped.step(x)), replay(x)];
          for (const machine of machines) machine.tick();
          const states = machines.map(({ parameters, noise }, k) => ({
            seed,
            step: i,
            loss: bits(results[k]?.loss),
            last: bits(results[k]?.last),
            parameters: parameters.map(bits),
            gradients: parameters.map((p) => bits(p.grad)),
            noise: noise.state(),
          }));
          expect(states[1]).toEqual(states[0]);
          expect(states[2]).toEqual(states[0]);
        }
        replay.dispose();
      }
    });
  });
});
