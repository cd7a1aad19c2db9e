// A program is a list of calls, seven words each: number of the function, addresses of its integers and operands.
// A function number of −1 opens a block of elementwise calls that run together, piece after piece, so that what they
// hand to one another stays in the nearest cache:
//   [−1, members, elements, elements per piece, 0, 0, 0]
// followed by its members, a call each and behind it, in seven more words, how many bytes each of the five operands
// moves on per element, then two unused. The second integer of a member is its count of elements.
import { call } from './dispatch';

const WORDS: usize = 7 * 4;

function runBlock(at: usize): void {
  const members = load<i32>(at, 4);
  const elements = load<i32>(at, 8);
  const piece = load<i32>(at, 12);
  const first = at + WORDS;
  for (let start = 0; start < elements; start += piece) {
    const count = min(piece, elements - start);
    let member = first;
    for (let k = 0; k < members; k++, member += 2 * WORDS) {
      const ints = load<usize>(member, 4);
      store<i32>(ints, count, 4);
      call(
        load<i32>(member),
        ints,
        load<usize>(member, 8) + start * load<i32>(member, 28),
        load<usize>(member, 12) + start * load<i32>(member, 32),
        load<usize>(member, 16) + start * load<i32>(member, 36),
        load<usize>(member, 20) + start * load<i32>(member, 40),
        load<usize>(member, 24) + start * load<i32>(member, 44),
      );
    }
  }
}

/** Runs `count` entries; a block with all its members is one. */
export function run(at: usize, count: i32): void {
  for (let k = 0; k < count; k++) {
    const id = load<i32>(at);
    if (id >= 0) {
      call(
        id,
        load<usize>(at, 4),
        load<usize>(at, 8),
        load<usize>(at, 12),
        load<usize>(at, 16),
        load<usize>(at, 20),
        load<usize>(at, 24),
      );
      at += WORDS;
    } else {
      runBlock(at);
      at += WORDS * (1 + 2 * load<i32>(at, 4));
    }
  }
}
