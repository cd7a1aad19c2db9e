import { expect, it } from '@jest/globals';
import { hardestMistakes } from '../support/mistakes.js';

it('hardestMistakes lists rows whose nearest neighbour is of another class, the widest gap first', () => {
  // On a line: class 1 at 0 and 10, class 2 at 1, 3 and 20.
  const mistakes = hardestMistakes([0, 10, 1, 3, 20], 1, [1, 1, 2, 2, 2]);
  expect(mistakes).toEqual([
    { query: 0, wrong: 2, wrongDistance: 1, right: 1, rightDistance: 10 },
    { query: 4, wrong: 1, wrongDistance: 10, right: 3, rightDistance: 17 },
    { query: 1, wrong: 3, wrongDistance: 7, right: 0, rightDistance: 10 },
    { query: 2, wrong: 0, wrongDistance: 1, right: 3, rightDistance: 2 },
  ]);
});

it('hardestMistakes passes over rows without another of their class, and over ties', () => {
  expect(hardestMistakes([0, 0, 1, 0], 2, [1, 2])).toEqual([]);
  expect(hardestMistakes([0, 1, -1], 1, [1, 1, 2]).map(({ query }) => query)).toEqual([]);
});
