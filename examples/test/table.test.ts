import { expect, it } from '@jest/globals';
import { textTable } from '../support/table.js';

it('textTable sets the first column to the left and the others to the right', () => {
  expect(
    textTable(
      ['', 'before', 'after'],
      [
        ['precision@1', '0.95', '0.9833'],
        ['MAP@R', '0.5614', '1'],
      ],
    ),
  ).toBe(
    [
      '             before   after',
      '───────────────────────────',
      'precision@1    0.95  0.9833',
      'MAP@R        0.5614       1',
    ].join('\n'),
  );
});

it('textTable leaves a missing cell blank', () => {
  expect(textTable(['a', 'b'], [['x']])).toBe('a  b\n────\nx');
});
