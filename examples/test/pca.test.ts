import { describe, expect, it } from '@jest/globals';
import { principalPlane } from '../support/pca.js';

/** Numbers in [−1, 1) that look random and never change. */
function noise(count: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

describe('principalPlane', () => {
  it('finds the axes and variances of a cloud known by hand', () => {
    // Along (3, 4)/5 the points lie at ±10, along (−4, 3)/5 at ±5: variances 50 and 12.5 of 62.5.
    const { points, explained } = principalPlane([6, 8, -6, -8, -4, 3, 4, -3], 2);
    expect(explained[0]).toBeCloseTo(0.8, 14);
    expect(explained[1]).toBeCloseTo(0.2, 14);
    const expected = [10, 0, -10, 0, 0, -5, 0, 5];
    for (const [i, value] of expected.entries()) expect(points[i]).toBeCloseTo(value, 12);
  });

  it('keeps distances of points that lie in a plane', () => {
    const [u, v] = [
      [2 / 3, 2 / 3, 1 / 3, 0],
      [0, 0, 0, 1],
    ] as const;
    const at = noise(40);
    const values = Array.from({ length: 20 }, (_, i) =>
      u.map((_, k) => 7 + 3 * at[2 * i]! * u[k]! + at[2 * i + 1]! * v[k]!),
    ).flat();
    const { points, explained } = principalPlane(values, 4);
    expect(explained[0] + explained[1]).toBeCloseTo(1, 12);
    for (let i = 1; i < 20; i++) {
      const here = Math.hypot(3 * (at[2 * i]! - at[0]!), at[2 * i + 1]! - at[1]!);
      expect(Math.hypot(points[2 * i]! - points[0]!, points[2 * i + 1]! - points[1]!)).toBeCloseTo(here, 12);
    }
  });

  it('gives coordinates that are uncorrelated, centred and of falling variance', () => {
    const width = 32;
    const { points, explained } = principalPlane(
      noise(500 * width).map((value, i) => value * (1 + (i % width))),
      width,
    );
    let [x, y, xx, xy, yy] = [0, 0, 0, 0, 0];
    for (let i = 0; i < 500; i++) {
      const [px, py] = [points[2 * i]!, points[2 * i + 1]!];
      [x, y, xx, xy, yy] = [x + px, y + py, xx + px * px, xy + px * py, yy + py * py];
    }
    expect(Math.abs(x)).toBeLessThan(1e-9);
    expect(Math.abs(y)).toBeLessThan(1e-9);
    expect(Math.abs(xy) / xx).toBeLessThan(1e-12);
    expect(xx).toBeGreaterThan(yy);
    expect(explained[0] / explained[1]).toBeCloseTo(xx / yy, 10);
  });

  it('turns each axis so that its largest entry is positive', () => {
    const { points } = principalPlane([-2, 0, 0, 0, 2, 0], 2);
    expect(Array.from(points)).toEqual([-2, 0, 0, 0, 2, 0]);
    const mirrored = principalPlane([2, 0, 0, 0, -2, 0], 2);
    expect(Array.from(mirrored.points)).toEqual([2, 0, 0, 0, -2, 0]);
  });

  it('gives the same bits twice', () => {
    const values = noise(64 * 8);
    expect(principalPlane(values, 8)).toEqual(principalPlane(values, 8));
  });

  it('puts points without variance, a single point and no points at the origin', () => {
    expect(principalPlane([5, 5, 5, 5], 2)).toEqual({ points: new Float64Array(4), explained: [0, 0] });
    expect(principalPlane([5, 6, 7], 3)).toEqual({ points: new Float64Array(2), explained: [0, 0] });
    expect(principalPlane([], 3)).toEqual({ points: new Float64Array(0), explained: [0, 0] });
  });

  it('gives numbers on a line a second coordinate of 0', () => {
    expect(Array.from(principalPlane([1, 2, 6], 1).points)).toEqual([-2, 0, -1, 0, 3, 0]);
  });

  it('refuses values that are not whole rows', () => {
    expect(() => principalPlane([1, 2, 3], 2)).toThrow(
      'principalPlane: values must be rows of 2, got 3 numbers',
    );
  });
});
