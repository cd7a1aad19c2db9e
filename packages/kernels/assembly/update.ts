// Steps of the optimisers over packed float32 parameters, every operation rounded by itself. Numbers come as doubles
// and are rounded once, after what is derived from them.
import { loadPart, storePart } from './lanes';

// @ts-ignore: decorator
@inline
function number(numbers: usize, index: usize): v128 {
  return f32x4.splat(<f32>load<f64>(numbers + 8 * index));
}

/** gradient + weightDecay · p; without decay the parameter is not looked at. */
// @ts-ignore: decorator
@inline
function decayed(gradient: v128, p: v128, decays: bool, weightDecay: v128): v128 {
  return decays ? f32x4.add(gradient, f32x4.mul(p, weightDecay)) : gradient;
}

// @ts-ignore: decorator
@inline
function adam(
  y: usize,
  a: usize,
  b: usize,
  c: usize,
  count: i32,
  stepSize: v128,
  correction: v128,
  near: bool,
  weight: v128,
  beta2: v128,
  share2: v128,
  epsilon: v128,
  decays: bool,
  weightDecay: v128,
): void {
  const p = loadPart(y, count);
  const first = loadPart(a, count);
  const second = loadPart(b, count);
  const g = decayed(loadPart(c, count), p, decays, weightDecay);
  const change = f32x4.mul(f32x4.sub(g, first), weight);
  const m = near ? f32x4.add(first, change) : f32x4.sub(g, change);
  const v = f32x4.add(f32x4.mul(second, beta2), f32x4.mul(f32x4.mul(g, share2), g));
  const root = f32x4.add(f32x4.div(f32x4.sqrt(v), correction), epsilon);
  storePart(y, f32x4.sub(p, f32x4.div(f32x4.mul(m, stepSize), root)), count);
  storePart(a, m, count);
  storePart(b, v, count);
}

// @ts-ignore: decorator
@inline
function descend(y: usize, a: usize, count: i32, learningRate: v128, decays: bool, weightDecay: v128): void {
  const p = loadPart(y, count);
  const g = decayed(loadPart(a, count), p, decays, weightDecay);
  storePart(y, f32x4.sub(p, f32x4.mul(g, learningRate)), count);
}

// @ts-ignore: decorator
@inline
function roll(
  y: usize,
  a: usize,
  b: usize,
  count: i32,
  learningRate: v128,
  decays: bool,
  weightDecay: v128,
  momentum: v128,
  share: v128,
  nesterov: bool,
): void {
  const p = loadPart(y, count);
  const g = decayed(loadPart(b, count), p, decays, weightDecay);
  const v = f32x4.add(f32x4.mul(loadPart(a, count), momentum), f32x4.mul(g, share));
  const direction = nesterov ? f32x4.add(g, f32x4.mul(v, momentum)) : v;
  storePart(y, f32x4.sub(p, f32x4.mul(direction, learningRate)), count);
  storePart(a, v, count);
}

/** Operands and numbers in src/update.ts. */
export function adamUpdate_ffffd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const n = load<i32>(ints);
  const stepSize = number(d, 0);
  const correction = number(d, 1);
  const share1 = 1 - load<f64>(d, 16);
  const near = share1 < 0.5;
  const weight = f32x4.splat(<f32>(near ? share1 : 1 - share1));
  const beta2 = number(d, 3);
  const share2 = f32x4.splat(<f32>(1 - load<f64>(d, 24)));
  const epsilon = number(d, 4);
  const weightDecay = number(d, 5);
  const decays = load<f64>(d, 40) != 0;
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    adam(y, a, b, c, 4, stepSize, correction, near, weight, beta2, share2, epsilon, decays, weightDecay);
    y += 16;
    a += 16;
    b += 16;
    c += 16;
  }
  const left = n - full;
  if (left > 0) adam(y, a, b, c, left, stepSize, correction, near, weight, beta2, share2, epsilon, decays, weightDecay);
}
/** Operands and numbers in src/update.ts. */
export function sgdUpdate_ffd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const learningRate = number(b, 0);
  const weightDecay = number(b, 1);
  const decays = load<f64>(b, 8) != 0;
  const n = load<i32>(ints);
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    descend(y, a, 4, learningRate, decays, weightDecay);
    y += 16;
    a += 16;
  }
  if (n > full) descend(y, a, n - full, learningRate, decays, weightDecay);
}

/** Operands and numbers in src/update.ts. */
export function momentumUpdate_fffd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  const nesterov = load<i32>(ints, 4) == 1;
  const learningRate = number(c, 0);
  const weightDecay = number(c, 1);
  const decays = load<f64>(c, 8) != 0;
  const momentum = number(c, 2);
  const share = number(c, 3);
  const n = load<i32>(ints);
  const full = n & ~3;
  for (let i = 0; i < full; i += 4) {
    roll(y, a, b, 4, learningRate, decays, weightDecay, momentum, share, nesterov);
    y += 16;
    a += 16;
    b += 16;
  }
  if (n > full) roll(y, a, b, n - full, learningRate, decays, weightDecay, momentum, share, nesterov);
}
