/** @file Kernels of the special functions: one loop each over the functions of errorFunction.ts and gammaFunction.ts. */
import * as errors from './errorFunction.js';
import * as gamma from './gammaFunction.js';
import { binaryKernel, unaryKernel } from './iterate.js';

/** 2 / √π. */
const ERF_SLOPE = 1.1283791670955126;

export const erf = unaryKernel('erf', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = errors.erf(a[oa]);
});
export const erfc = unaryKernel('erfc', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = errors.erfc(a[oa]);
});
export const erfinv = unaryKernel('erfinv', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = errors.erfinv(a[oa]);
});
export const normalDensity = unaryKernel('normalDensity', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = errors.normalDensity(a[oa]);
});
export const lgamma = unaryKernel('lgamma', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = gamma.lgamma(a[oa]);
});
export const digamma = unaryKernel('digamma', (n, y, oy, a, oa, sa) => {
  for (let i = 0; i < n; i++, oa += sa) y[oy + i] = gamma.digamma(a[oa]);
});
/** Operands x, order. */
export const polygamma = binaryKernel('polygamma', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) y[oy + i] = gamma.polygamma(b[ob], a[oa]);
});
/** g · 2/√π · exp(−x²), and 0 where g is 0. */
export const erfGradient = binaryKernel('erfGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 ? 0 : errors.gaussian(b[ob], 1, a[oa] * ERF_SLOPE);
  }
});
/** g · erfinv'(x), and 0 where g is 0. */
export const erfinvGradient = binaryKernel('erfinvGradient', (n, y, oy, a, oa, sa, b, ob, sb) => {
  for (let i = 0; i < n; i++, oa += sa, ob += sb) {
    y[oy + i] = a[oa] === 0 ? 0 : a[oa] * errors.erfinvSlope(b[ob]);
  }
});
