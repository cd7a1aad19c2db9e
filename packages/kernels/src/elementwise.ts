/** @file Elementwise kernels: each is one plain loop that computes in double precision and rounds once, on the store. */
import { binaryKernel, ternaryKernel, unaryKernel } from './iterate.js';

// Loops over one operand.

export const copy = unaryKernel('copy', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa];
});
export const toBool = unaryKernel('toBool', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] !== 0 ? 1 : 0;
});
export const neg = unaryKernel('neg', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = -a[oa];
});
export const abs = unaryKernel('abs', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.abs(a[oa]);
});
export const sign = unaryKernel('sign', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.sign(a[oa]);
});
export const exp = unaryKernel('exp', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.exp(a[oa]);
});
export const expm1 = unaryKernel('expm1', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.expm1(a[oa]);
});
export const log = unaryKernel('log', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.log(a[oa]);
});
export const log1p = unaryKernel('log1p', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.log1p(a[oa]);
});
export const log2 = unaryKernel('log2', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.log2(a[oa]);
});
export const sqrt = unaryKernel('sqrt', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.sqrt(a[oa]);
});
export const rsqrt = unaryKernel('rsqrt', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = 1 / Math.sqrt(a[oa]);
});
export const square = unaryKernel('square', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] * a[oa];
});
/** int32 squares wrap modulo 2^32, as products do. */
export const squareInt = unaryKernel('squareInt', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.imul(a[oa], a[oa]);
});
export const reciprocal = unaryKernel('reciprocal', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = 1 / a[oa];
});
export const tanh = unaryKernel('tanh', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.tanh(a[oa]);
});
export const sigmoid = unaryKernel('sigmoid', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    // exp of a non-positive number on both sides: no overflow, no cancellation.
    const x = a[oa];
    const e = Math.exp(-Math.abs(x));
    y[oy + i] = (x < 0 ? e : 1) / (1 + e);
  }
});
export const logSigmoid = unaryKernel('logSigmoid', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  }
});
export const softplus = unaryKernel('softplus', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    const x = a[oa];
    y[oy + i] = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
});
export const relu = unaryKernel('relu', (n, y, oy, a, oa, sa) => {
  // `x <= 0` is false for NaN, which therefore passes through.
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] <= 0 ? 0 : a[oa];
});
export const floor = unaryKernel('floor', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.floor(a[oa]);
});
export const ceil = unaryKernel('ceil', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.ceil(a[oa]);
});
export const trunc = unaryKernel('trunc', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = Math.trunc(a[oa]);
});
export const round = unaryKernel('round', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) {
    // Half to even. From 2^52 on every double is an integer.
    const x = a[oa];
    const low = Math.floor(x);
    const part = x - low;
    if (part < 0.5) y[oy + i] = x < 0 && low === 0 ? -0 : low;
    else if (part > 0.5) y[oy + i] = low + 1 === 0 && x < 0 ? -0 : low + 1;
    else if (part === 0.5) y[oy + i] = low % 2 === 0 ? low : low === -1 ? -0 : low + 1;
    else y[oy + i] = x;
  }
});
export const isNaN = unaryKernel('isNaN', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] !== a[oa] ? 1 : 0;
});
export const isFinite = unaryKernel('isFinite', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] - a[oa] === 0 ? 1 : 0;
});
export const logicalNot = unaryKernel('logicalNot', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = a[oa] === 0 ? 1 : 0;
});

// Loops over two operands.

export const add = binaryKernel('add', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] + b[ob];
});
export const sub = binaryKernel('sub', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] - b[ob];
});
export const mul = binaryKernel('mul', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] * b[ob];
});
/** int32 products wrap modulo 2^32; a double product would have lost the low bits. */
export const mulInt = binaryKernel('mulInt', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = Math.imul(a[oa], b[ob]);
});
export const div = binaryKernel('div', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] / b[ob];
});
export const floorDivide = binaryKernel('floorDivide', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    // From the exact remainder, so that a quotient rounded up to an integer is not taken for it.
    const x = a[oa];
    const d = b[ob];
    let r = x % d;
    if (r !== 0 && r < 0 !== d < 0) r += d;
    const q = (x - r) / d;
    // By an infinity of the other sign the quotient lies just below 0, where (x − r) / d is NaN.
    if (d !== 0 && q !== q && x - x === 0 && d === d) y[oy + i] = -1;
    else if (d === 0) y[oy + i] = Math.floor(x / d);
    // A quotient of 0 has the sign of x / d; one of ±Infinity by a number is NaN, as its remainder is.
    else y[oy + i] = q === 0 ? 0 * (x / d) : Math.round(q);
  }
});
/** Remainder with the divisor's sign. */
export const mod = binaryKernel('mod', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const d = b[ob];
    let r = a[oa] % d;
    if (r !== 0 && r < 0 !== d < 0) r += d;
    y[oy + i] = r === 0 ? (d < 0 ? -0 : 0) : r;
  }
});
export const pow = binaryKernel('pow', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    const e = b[ob];
    // Math.pow(±1, ±Infinity) and pow(1, NaN) are NaN in JavaScript and 1 in IEEE 754.
    if (x === 1 || (x === -1 && (e === Infinity || e === -Infinity))) y[oy + i] = 1;
    else if (e === 2) y[oy + i] = x * x;
    else y[oy + i] = Math.pow(x, e);
  }
});
/** Powers of int32 by squaring; they wrap modulo 2^32, as products do. Exponents are at least 0. */
export const powInt = binaryKernel('powInt', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    let power = 1;
    for (let base = a[oa], e = b[ob]; e > 0; e >>= 1) {
      if ((e & 1) === 1) power = Math.imul(power, base);
      base = Math.imul(base, base);
    }
    y[oy + i] = power;
  }
});
export const maximum = binaryKernel('maximum', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    const z = b[ob];
    y[oy + i] = x > z || x !== x ? x : z === x ? (x + z === 0 ? Math.max(x, z) : z) : z;
  }
});
export const minimum = binaryKernel('minimum', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    const z = b[ob];
    y[oy + i] = x < z || x !== x ? x : z === x ? (x + z === 0 ? Math.min(x, z) : z) : z;
  }
});
export const logaddexp = binaryKernel('logaddexp', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    const z = b[ob];
    // Equal infinities would give Infinity − Infinity.
    y[oy + i] = x === z ? x + Math.LN2 : Math.max(x, z) + Math.log1p(Math.exp(-Math.abs(x - z)));
  }
});
export const xlogy = binaryKernel('xlogy', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 && b[ob] === b[ob] ? 0 : a[oa] * Math.log(b[ob]);
  }
});
/** a / b, and 0 where a is 0, whatever b. */
export const xdivy = binaryKernel('xdivy', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] === 0 ? 0 : a[oa] / b[ob];
});
/** a · b, and 0 where b is 0, whatever a. */
export const multiplyNoNan = binaryKernel('multiplyNoNan', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = b[ob] === 0 ? 0 : a[oa] * b[ob];
});
/** a · b, and 0 where either is 0, whatever the other. */
export const zeroProduct = binaryKernel('zeroProduct', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 || b[ob] === 0 ? 0 : a[oa] * b[ob];
  }
});
/** a / b, and 0 where b is 0, whatever a. */
export const divideNoNan = binaryKernel('divideNoNan', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = b[ob] === 0 ? 0 : a[oa] / b[ob];
});
/** 1 where a is larger, ½ where equal, 0 elsewhere: how a maximum shares its cotangent. */
export const largerShare = binaryKernel('largerShare', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] > b[ob] ? 1 : a[oa] === b[ob] ? 0.5 : 0;
  }
});
/** a where b > 0, else 0. */
export const whereForPositive = binaryKernel('whereForPositive', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = b[ob] > 0 ? a[oa] : 0;
});
/** g · 4e/(1 + e)² with e = exp(−2|x|): from the input, because 1 − tanh² 20 is 0. */
export const tanhGradient = binaryKernel('tanhGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const e = Math.exp(-2 * Math.abs(b[ob]));
    y[oy + i] = a[oa] === 0 ? 0 : (a[oa] * 4 * e) / ((1 + e) * (1 + e));
  }
});
/** g · e/(1 + e)² with e = exp(−|x|): from the input, because 1 − σ(40) is 0. */
export const sigmoidGradient = binaryKernel('sigmoidGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const e = Math.exp(-Math.abs(b[ob]));
    y[oy + i] = a[oa] === 0 ? 0 : (a[oa] * e) / ((1 + e) * (1 + e));
  }
});

/** t · softplus(−x) + (1 − t) · softplus(x); a weight of 0 hides an infinity. Operands x, t. */
export const sigmoidCrossEntropy = binaryKernel('sigmoidCrossEntropy', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    const x = a[oa];
    const t = b[ob];
    const rest = 1 - t;
    const tail = Math.log1p(Math.exp(-Math.abs(x)));
    const missed = t === 0 ? 0 : (Math.max(-x, 0) + tail) * t;
    y[oy + i] = missed + (rest === 0 ? 0 : (Math.max(x, 0) + tail) * rest);
  }
});

export const eq = binaryKernel('eq', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] === b[ob] ? 1 : 0;
});
export const ne = binaryKernel('ne', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] !== b[ob] ? 1 : 0;
});
export const lt = binaryKernel('lt', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] < b[ob] ? 1 : 0;
});
export const le = binaryKernel('le', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] <= b[ob] ? 1 : 0;
});
export const gt = binaryKernel('gt', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] > b[ob] ? 1 : 0;
});
export const ge = binaryKernel('ge', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] >= b[ob] ? 1 : 0;
});
export const logicalAnd = binaryKernel('logicalAnd', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] !== 0 && b[ob] !== 0 ? 1 : 0;
});
export const logicalOr = binaryKernel('logicalOr', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = a[oa] !== 0 || b[ob] !== 0 ? 1 : 0;
});

// Loops over three operands.

/** b where a is not 0, else c. */
export const where = ternaryKernel('where', (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) y[oy + i] = a[oa] !== 0 ? b[ob] : c[oc];
});
/** a limited to [b, c], c last, so that it wins where b > c; NaN stays NaN. */
export const clamp = ternaryKernel('clamp', (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) {
    const low = b[ob];
    const high = c[oc];
    // A bound that is NaN is taken, whatever the number.
    const x = a[oa] < low || low !== low ? low : a[oa];
    y[oy + i] = x > high || high !== high ? high : x;
  }
});
/**
 * g · ((1 − t) σ(x) − t σ(−x)), and 0 where g is 0: not g (σ(x) − t), which loses all digits of a sure prediction.
 * Operands g, x, t.
 */
export const sigmoidCrossEntropyGradient = ternaryKernel(
  'sigmoidCrossEntropyGradient',
  (n, y, oy, a, oa, sa, b, ob, sb, c, oc, sc) => {
    for (let i = 0; i < n; i++, oa += sa, ob += sb, oc += sc) {
      const x = b[ob];
      const t = c[oc];
      const e = Math.exp(-Math.abs(x));
      const near = 1 / (1 + e);
      const far = e / (1 + e);
      const slope = x < 0 ? (1 - t) * far - t * near : (1 - t) * near - t * far;
      y[oy + i] = a[oa] === 0 ? 0 : a[oa] * slope;
    }
  },
);
