/** @file Images moved a little, differently each time: what a net should not mind. */
import { type Generator, type Tensor, tensor } from '@ndgrad/core';

/** How images are moved; the sizes are standard deviations of normal draws. */
export interface JitterOptions {
  /** Width of an image in pixels. */
  readonly width: number;
  readonly generator: Generator;
  /** Shift along each axis, as a share of the width. Default 0.03. */
  readonly shift?: number;
  /** How far each entry of the matrix that turns, stretches and shears is off the identity. Default 0.05. */
  readonly warp?: number;
}

/**
 * Every image seen through a small affine map of its own, by linear interpolation; beyond the edge is paper, 0. What has
 * but one row is no image and stays as it is.
 *
 * @param images - `[n, size]`, rows of `width` pixels.
 * @returns `[n, size]`, outside of any graph.
 */
export function jitter(
  images: Tensor,
  { width, generator, shift = 0.03, warp = 0.05 }: JitterOptions,
): Tensor {
  const [n = 0, size = 0] = images.shape;
  const height = size / width;
  if (height === 1) return images;
  const from = images.toTypedArray();
  const to = new Float32Array(n * size);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let image = 0; image < n; image++) {
    const at = (x: number, y: number): number =>
      x < 0 || y < 0 || x >= width || y >= height ? 0 : (from[image * size + y * width + x] as number);
    const draw = (deviation: number): number => deviation * generator.normal();
    const [xx, xy, yx, yy] = [1 + draw(warp), draw(warp), draw(warp), 1 + draw(warp)] as const;
    const [shiftX, shiftY] = [middleX + draw(shift * width), middleY + draw(shift * width)];
    for (let pixel = 0; pixel < size; pixel++) {
      const x = (pixel % width) - middleX;
      const y = Math.floor(pixel / width) - middleY;
      const [fromX, fromY] = [xx * x + xy * y + shiftX, yx * x + yy * y + shiftY];
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, below] = [fromX - left, fromY - top];
      to[image * size + pixel] =
        (1 - below) * ((1 - right) * at(left, top) + right * at(left + 1, top)) +
        below * ((1 - right) * at(left, top + 1) + right * at(left + 1, top + 1));
    }
  }
  return tensor(to, { shape: images.shape });
}
