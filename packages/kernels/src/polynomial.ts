/** @file Evaluating the polynomials of coefficients.ts. */
import type { Ending, Piece } from './coefficients.js';

/** Σ c[k] xᵏ. */
export function horner(c: readonly number[], x: number): number {
  let sum = 0;
  for (let k = c.length - 1; k >= 0; k--) sum = sum * x + c[k];
  return sum;
}

/** A piece at a point of its interval. */
export function atPiece([middle, c]: Piece, x: number): number {
  return horner(c, x - middle);
}

/** The piece in whose interval a point lies: the last one for all that is beyond. */
export function atPieces(pieces: readonly Ending[], x: number): number {
  let k = 0;
  while (k < pieces.length - 1 && x >= pieces[k][0]) k++;
  return horner(pieces[k][2], x - pieces[k][1]);
}
