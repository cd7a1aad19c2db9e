/**
 * @file Steps of optimisers, in place over packed memory. Plan: `[n]`; extra integers follow. Numbers that may change
 * from step to step come as a float64 operand.
 */
import { kernel, WRITES_OUTPUT } from './kernel.js';

/**
 * Adam. Operands: parameter, first moment, second moment (all three written), gradient, and the numbers
 * `[stepSize, correction, beta1, beta2, epsilon, weightDecay]`.
 *
 *     g ← gradient + weightDecay · p
 *     m ← m + (1 − β₁)(g − m)
 *     v ← β₂ v + (1 − β₂) g²
 *     p ← p − stepSize · m / (√v / correction + ε)
 */
export const adamUpdate = kernel(
  'adamUpdate',
  (ints, y, oy, a, oa, b, ob, c, oc, d, od) => {
    const [n, stepSize, correction, share1] = [ints[0], d[od], d[od + 1], 1 - d[od + 2]];
    const [beta2, epsilon, weightDecay] = [d[od + 3], d[od + 4], d[od + 5]];
    const share2 = 1 - beta2;
    const kept1 = 1 - share1;
    for (let i = 0; i < n; i++) {
      const p = y[oy + i];
      // Without decay the gradient stays finite beside a parameter that is not.
      const g = weightDecay === 0 ? c[oc + i] : c[oc + i] + p * weightDecay;
      const difference = g - a[oa + i];
      // From the nearer end, so that β₁ = 0 gives exactly g.
      const m = share1 < 0.5 ? a[oa + i] + difference * share1 : g - difference * kept1;
      const v = b[ob + i] * beta2 + g * share2 * g;
      y[oy + i] = p - (m * stepSize) / (Math.sqrt(v) / correction + epsilon);
      a[oa + i] = m;
      b[ob + i] = v;
    }
  },
  0b111,
  true,
);

/** p ← p − learningRate · (gradient + weightDecay · p). Operands: parameter, gradient, `[learningRate, weightDecay]`. */
export const sgdUpdate = kernel(
  'sgdUpdate',
  (ints, y, oy, a, oa, b, ob) => {
    const [n, learningRate, weightDecay] = [ints[0], b[ob], b[ob + 1]];
    for (let i = 0; i < n; i++) {
      const p = y[oy + i];
      const g = weightDecay === 0 ? a[oa + i] : a[oa + i] + p * weightDecay;
      y[oy + i] = p - g * learningRate;
    }
  },
  WRITES_OUTPUT,
  true,
);

/**
 * Gradient descent with momentum. Operands: parameter and velocity (both written), gradient, and the numbers
 * `[learningRate, weightDecay, momentum, share]`, share being 1 − dampening, and 1 in the first step. Plan:
 * `[n, 1 for Nesterov]`.
 *
 *     g ← gradient + weightDecay · p
 *     v ← momentum · v + share · g
 *     p ← p − learningRate · v                      Nesterov: g + momentum · v instead of v
 */
export const momentumUpdate = kernel(
  'momentumUpdate',
  (ints, y, oy, a, oa, b, ob, c, oc) => {
    const [n, nesterov] = [ints[0], ints[1] === 1];
    const [learningRate, weightDecay, momentum, share] = [c[oc], c[oc + 1], c[oc + 2], c[oc + 3]];
    for (let i = 0; i < n; i++) {
      const p = y[oy + i];
      const g = weightDecay === 0 ? b[ob + i] : b[ob + i] + p * weightDecay;
      const v = a[oa + i] * momentum + g * share;
      y[oy + i] = p - (nesterov ? g + v * momentum : v) * learningRate;
      a[oa + i] = v;
    }
  },
  0b11,
  true,
);
