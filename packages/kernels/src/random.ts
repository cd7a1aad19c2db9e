/**
 * @file Counter-based random bits: Threefry-2x32 with 20 rounds. The n-th draw is a pure function of (key, n), so any
 * part of a stream can be made anywhere in any order.
 *
 * Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
import { kernel } from './kernel.js';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
const PARITY = 0x1bd11bda;

/** Encrypts the counter (c0, c1) under the key (k0, k1) into `out[0]`, `out[1]`, as unsigned 32-bit numbers. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const keys = [k0 | 0, k1 | 0, k0 ^ k1 ^ PARITY];
  let x0 = (c0 + keys[0]) | 0;
  let x1 = (c1 + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round % 8];
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    if (round % 4 === 3) {
      const s = (round + 1) / 4;
      x0 = (x0 + keys[s % 3]) | 0;
      x1 = (x1 + keys[(s + 1) % 3] + s) | 0;
    }
  }
  out[0] = x0;
  out[1] = x1;
}

/** A double in [0, 1) from 53 of the 64 bits. */
export function toUnit(hi: number, lo: number): number {
  return ((hi >>> 5) * 0x4000000 + (lo >>> 6)) / 0x20000000000000;
}

/**
 * A pair of independent standard normal numbers from two counters, by Box and Muller's transform; `out[0]`, `out[1]`.
 */
export function normalPair(u: number, v: number, out: Float64Array): void {
  // 1 − u lies in (0, 1], so the logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - u));
  out[0] = radius * Math.cos(2 * Math.PI * v);
  out[1] = radius * Math.sin(2 * Math.PI * v);
}

/** `[size, k0, k1, counter low, counter high]`: element i takes counter + i. */
export const uniform = kernel('uniform', (ints, y, oy) => {
  const bits = new Uint32Array(2);
  const start = ints[3] + ints[4] * 2 ** 32;
  // A float32 of 24 bits stays below 1; the nearest float32 of a double may be 1.
  const narrow = y.BYTES_PER_ELEMENT === 4;
  for (let i = 0; i < ints[0]; i++) {
    const c = start + i;
    threefry2x32(ints[1], ints[2], c >>> 0, Math.floor(c / 2 ** 32), bits);
    y[oy + i] = narrow ? (bits[0] >>> 8) / 0x1000000 : toUnit(bits[0], bits[1]);
  }
});

/** Plan as for uniform; elements 2i and 2i + 1 take counters start + 2i and start + 2i + 1. */
export const normal = kernel('normal', (ints, y, oy) => {
  const bits = new Uint32Array(2);
  const pair = new Float64Array(2);
  const start = ints[3] + ints[4] * 2 ** 32;
  const unit = (c: number): number => {
    threefry2x32(ints[1], ints[2], c >>> 0, Math.floor(c / 2 ** 32), bits);
    return toUnit(bits[0], bits[1]);
  };
  for (let i = 0; i < ints[0]; i += 2) {
    normalPair(unit(start + i), unit(start + i + 1), pair);
    y[oy + i] = pair[0];
    if (i + 1 < ints[0]) y[oy + i + 1] = pair[1];
  }
});
