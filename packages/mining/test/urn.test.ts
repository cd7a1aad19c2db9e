import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Urn } from '../src/urn.js';

fc.configureGlobal({ seed: 20170322, numRuns: 200 });

describe('Urn', () => {
  it('finds each ball as a list of all balls would, whatever was put in and taken out', () => {
    const counts = fc.array(fc.nat({ max: 4 }), { maxLength: 20 });
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const urn = new Urn(first);
        for (const [kind, count] of first.entries()) urn.add(kind, (second[kind] ?? 0) - count);
        const balls = first.flatMap((_, kind) => Array<number>(second[kind] ?? 0).fill(kind));
        expect(urn.total).toBe(balls.length);
        expect(balls.map((_, ball) => urn.find(ball))).toEqual(balls);
      }),
    );
  });
});
