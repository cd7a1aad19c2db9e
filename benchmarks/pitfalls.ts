/**
 * @file What the obvious form, TensorFlow.js (float32, its CPU backend) and PyTorch (float64) make of the inputs that
 * docs/numerics.md is about, beside ndgrad and the truth.
 *
 *     pnpm pitfalls
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as nd from '@ndgrad/core';
import { gradients, type Tensor, tensor } from '@ndgrad/core';
import { pythonWithTorch } from './python.js';

interface Pitfall {
  /** The call; the peers know it by this name. */
  readonly call: string;
  readonly truth: number;
  /** Absent where there is no form more obvious than the function itself. */
  readonly naive?: () => number;
  readonly ndgrad: () => number;
}

type Numbers = number | number[] | number[][];

const f64 = (data: Numbers): Tensor => tensor(data, { dtype: 'float64' });

/** The first element of a result. */
const first = (y: Tensor): number => y.toTypedArray()[0] as number;

/** The first element of the gradient of a function's sum. */
function slope(f: (x: Tensor) => Tensor, at: Numbers): number {
  const x = tensor(at, { dtype: 'float64', requiresGrad: true });
  const [gradient] = gradients([f(x).sum()], [x], { materializeGrads: true });
  return first(gradient as Tensor) + 0;
}

const { exp, log, sqrt, tanh, fround } = Math;
const logistic = (x: number): number => 1 / (1 + exp(-x));
const singleSum = (x: number, n: number): number => {
  let s = 0;
  for (let i = 0; i < n; i++) s = fround(s + fround(x));
  return s;
};

const VALUES: readonly Pitfall[] = [
  {
    call: 'expm1(1e-16)',
    truth: 1e-16,
    naive: () => exp(1e-16) - 1,
    ndgrad: () => first(nd.expm1(f64(1e-16))),
  },
  {
    call: 'log1p(1e-16)',
    truth: 1e-16,
    naive: () => log(1 + 1e-16),
    ndgrad: () => first(nd.log1p(f64(1e-16))),
  },
  {
    call: 'softplus(20.1)',
    truth: 20.100000001865023,
    naive: () => log(1 + exp(20.1)),
    ndgrad: () => first(nd.softplus(f64(20.1))),
  },
  {
    call: 'softplus(-40)',
    truth: 4.248354255291589e-18,
    naive: () => log(1 + exp(-40)),
    ndgrad: () => first(nd.softplus(f64(-40))),
  },
  {
    call: 'softplus(710)',
    truth: 710,
    naive: () => log(1 + exp(710)),
    ndgrad: () => first(nd.softplus(f64(710))),
  },
  {
    call: 'logSigmoid(-800)',
    truth: -800,
    naive: () => log(logistic(-800)),
    ndgrad: () => first(nd.logSigmoid(f64(-800))),
  },
  {
    call: 'logSigmoid(40)',
    truth: -4.248354255291589e-18,
    naive: () => log(logistic(40)),
    ndgrad: () => first(nd.logSigmoid(f64(40))),
  },
  {
    call: 'logSumExp([1000, 1000])',
    truth: 1000.6931471805599,
    naive: () => log(exp(1000) + exp(1000)),
    ndgrad: () => nd.logSumExp(f64([1000, 1000])).item(),
  },
  {
    call: 'logSumExp([0, -40])',
    truth: 4.248354255291589e-18,
    naive: () => log(exp(0) + exp(-40)),
    ndgrad: () => nd.logSumExp(f64([0, -40])).item(),
  },
  {
    call: 'logSumExp([-inf, -inf])',
    truth: -Infinity,
    naive: () => -Infinity + log(exp(-Infinity - -Infinity)),
    ndgrad: () => nd.logSumExp(f64([-Infinity, -Infinity])).item(),
  },
  {
    call: 'logSoftmax([40, 0])[0]',
    truth: -4.248354255291589e-18,
    naive: () => log(exp(40) / (exp(40) + exp(0))),
    ndgrad: () => first(nd.logSoftmax(f64([40, 0]))),
  },
  {
    call: 'softmax([1000, 1000])[0]',
    truth: 0.5,
    naive: () => exp(1000) / (exp(1000) + exp(1000)),
    ndgrad: () => first(nd.softmax(f64([1000, 1000]))),
  },
  {
    call: 'softmax([-inf, -inf])[0]',
    truth: 0.5,
    naive: () => exp(-Infinity) / (exp(-Infinity) + exp(-Infinity)),
    ndgrad: () => first(nd.softmax(f64([-Infinity, -Infinity]))),
  },
  {
    call: 'norm([3e200, 4e200])',
    truth: 5e200,
    naive: () => sqrt(3e200 * 3e200 + 4e200 * 4e200),
    ndgrad: () => nd.norm(f64([3e200, 4e200])).item(),
  },
  {
    call: 'norm([3e-200, 4e-200])',
    truth: 5e-200,
    naive: () => sqrt(3e-200 * 3e-200 + 4e-200 * 4e-200),
    ndgrad: () => nd.norm(f64([3e-200, 4e-200])).item(),
  },
  {
    call: 'normalize([3e-200, 4e-200])[0]',
    truth: 0.6,
    naive: () => 3e-200 / sqrt(3e-200 * 3e-200 + 4e-200 * 4e-200),
    ndgrad: () => first(nd.normalize(f64([3e-200, 4e-200]))),
  },
  {
    call: 'sum([1e100, 1, -1e100])',
    truth: 1,
    naive: () => 1e100 + 1 - 1e100,
    ndgrad: () => nd.sum(f64([1e100, 1, -1e100])).item(),
  },
  {
    call: 'sum of 1e6 float32 0.1',
    truth: 1e6 * fround(0.1),
    naive: () => singleSum(0.1, 1e6),
    ndgrad: () => nd.sum(nd.full([1e6], 0.1)).item(),
  },
  {
    call: 'mean([1.5e308, 1.7e308])',
    truth: 1.6e308,
    naive: () => (1.5e308 + 1.7e308) / 2,
    ndgrad: () => nd.mean(f64([1.5e308, 1.7e308])).item(),
  },
  {
    call: 'variance([1e8 - 1, 1e8, 1e8 + 1])',
    truth: 1,
    naive: () => {
      const x = [1e8 - 1, 1e8, 1e8 + 1];
      const mean = x.reduce((a, b) => a + b) / 3;
      return (x.reduce((s, v) => s + v * v, 0) - 3 * mean * mean) / 2;
    },
    ndgrad: () => nd.variance(f64([1e8 - 1, 1e8, 1e8 + 1])).item(),
  },
  {
    call: 'cdist of float32 512695 and 512804',
    truth: 109,
    naive: () => {
      const [a, b] = [512695, 512804];
      return sqrt(fround(fround(fround(a * a) + fround(b * b)) - 2 * fround(a * b)));
    },
    ndgrad: () => first(nd.cdist(tensor([[512695]]), tensor([[512804]]))),
  },
];

const SLOPES: readonly Pitfall[] = [
  {
    call: "sigmoid'(40)",
    truth: 4.248354255291589e-18,
    naive: () => logistic(40) * (1 - logistic(40)),
    ndgrad: () => slope(nd.sigmoid, 40),
  },
  {
    call: "tanh'(20)",
    truth: 1.6993417021166355e-17,
    naive: () => 1 - tanh(20) ** 2,
    ndgrad: () => slope(nd.tanh, 20),
  },
  {
    call: 'cross-entropy with logits by x at 40, t = 1',
    truth: -4.248354255291589e-18,
    naive: () => logistic(40) - 1,
    ndgrad: () => slope((x) => nd.sigmoidCrossEntropy(x, f64(1)), 40),
  },
  {
    call: 'prod by its zero at [0, 2, 3]',
    truth: 6,
    naive: () => (0 * 2 * 3) / 0,
    ndgrad: () => slope((x) => nd.prod(x), [0, 2, 3]),
  },
  { call: 'sqrt at 0', truth: Infinity, ndgrad: () => slope(nd.sqrt, 0) },
  { call: 'abs at 0', truth: 0, ndgrad: () => slope(nd.abs, 0) },
  { call: 'relu at 0', truth: 0, ndgrad: () => slope(nd.relu, 0) },
  {
    call: 'clamp to [-1, 1] at 1',
    truth: 0,
    ndgrad: () => slope((x) => nd.clamp(x, { min: -1, max: 1 }), 1),
  },
  { call: 'maximum(x, 2) at 2', truth: 0.5, ndgrad: () => slope((x) => nd.maximum(x, 2), 2) },
  { call: 'max of [5, 5] by the first', truth: 0.5, ndgrad: () => slope((x) => nd.max(x), [5, 5]) },
  { call: 'norm at [0, 0]', truth: 0, naive: () => 0 / 0, ndgrad: () => slope((x) => nd.norm(x), [0, 0]) },
  {
    call: 'std of [3, 3, 3]',
    truth: 0,
    naive: () => 0 / 0,
    ndgrad: () => slope((x) => nd.std(x), [3, 3, 3]),
  },
  {
    call: 'cdist of identical points',
    truth: 0,
    naive: () => 0 / 0,
    ndgrad: () => slope((x) => nd.cdist(x, f64([[1, 2]])), [[1, 2]]),
  },
  {
    call: 'normalize of [0, 0]',
    truth: 0,
    naive: () => 0 / 0,
    ndgrad: () => slope((x) => nd.normalize(x), [0, 0]),
  },
  {
    call: 'logSumExp at [-inf, -inf]',
    truth: 0,
    naive: () => exp(-Infinity - -Infinity),
    ndgrad: () => slope((x) => nd.logSumExp(x), [-Infinity, -Infinity]),
  },
  {
    call: 'where(x > 0, sqrt(x), 0) at -1',
    truth: 0,
    naive: () => 0 * (0.5 / sqrt(-1)),
    ndgrad: () => slope((x) => nd.where(nd.gt(x, 0), nd.sqrt(x), 0), -1),
  },
  {
    call: '0^b by b at 2',
    truth: 0,
    naive: () => 0 ** 2 * log(0),
    ndgrad: () => slope((b) => nd.pow(0, b), 2),
  },
  {
    call: 'xlogy(a, 0) by a at 0',
    truth: 0,
    naive: () => log(0),
    ndgrad: () => slope((a) => nd.xlogy(a, 0), 0),
  },
  { call: 'x / x at 0', truth: Number.NaN, ndgrad: () => slope((x) => nd.div(x, x), 0) },
];

/** What a peer's process prints: JSON of call to number, numbers as text. */
function answersOf(program: string | undefined, script: string): ReadonlyMap<string, string> {
  if (program === undefined) return new Map();
  const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  const output = execFileSync(program, [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return new Map(Object.entries(JSON.parse(output.trim().split('\n').at(-1) as string)));
}

function show(x: number | string | undefined): string {
  if (x === undefined) return '–';
  const value = Number(x);
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const text = Number.isInteger(value) && Math.abs(value) < 1e6 ? `${value}` : shorter(value);
  return text.replace('-', '−').replace('e-', 'e−').replace('e+', 'e');
}

/** Four digits, or as many as tell a number from its nearest integer or tenth. */
function shorter(x: number): string {
  const near = Number(x.toPrecision(4));
  return near !== x && Math.abs(x) > 1 && Math.abs(x) < 1e6 ? `${Number(x.toPrecision(13))}` : `${near}`;
}

const tfjs = answersOf(process.execPath, 'pitfalls.mjs');
const torch = answersOf(pythonWithTorch(), 'pitfalls.py');
if (torch.size === 0) console.log('left out: PyTorch (no Python has it; NDGRAD_PYTHON may name one)');
for (const [title, rows] of [
  ['value', VALUES],
  ['derivative', SLOPES],
] as const) {
  console.log(
    `\n| ${title} | truth | obvious form | TensorFlow.js | PyTorch | ndgrad |\n|---|---|---|---|---|---|`,
  );
  for (const { call, truth, naive, ndgrad } of rows) {
    const found = ndgrad();
    const right = Object.is(found, truth) || Math.abs(found - truth) <= 4e-7 * Math.abs(truth);
    if (!right) process.exitCode = 1;
    const cells = [truth, naive?.(), tfjs.get(call), torch.get(call), found].map(show);
    console.log(`| \`${call}\` | ${cells.join(' | ')} |${right ? '' : ' FAIL'}`);
  }
}
