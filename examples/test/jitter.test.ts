import { describe, expect, it } from '@jest/globals';
import { generator, tensor } from '@ndgrad/core';
import { jitter } from '../support/jitter.js';

const image = tensor([[0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0]]);

describe('jitter', () => {
  it('leaves images as they are when nothing moves', () => {
    expect(jitter(image, { width: 4, generator: generator(1), shift: 0, warp: 0 }).toArray()).toEqual(
      image.toArray(),
    );
  });

  it('keeps what it shifts, as long as it stays inside', () => {
    const moved = jitter(image, { width: 4, generator: generator(2), shift: 0.1, warp: 0 });
    expect(moved.sum().item()).toBeCloseTo(10, 4);
    expect(moved.toArray()).not.toEqual(image.toArray());
  });

  it('moves each image in its own way, the same way for the same generator', () => {
    const two = tensor([...(image.toArray() as number[][]), ...(image.toArray() as number[][])]);
    const move = () => jitter(two, { width: 4, generator: generator(3) }).toArray() as number[][];
    const [first, second] = move();
    expect(first).not.toEqual(second);
    expect(move()).toEqual([first, second]);
  });

  it('leaves a row of numbers alone, which is no image', () => {
    expect(jitter(image, { width: 16, generator: generator(1) })).toBe(image);
  });
});
