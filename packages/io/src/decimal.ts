/** @file Decimal numbers, by a grammar and nothing else. */

const TAB = 0x09;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const LOWER_CASE = 0x20;
const E = 0x65;

/** The powers of ten that float64 holds exactly. */
const POWERS = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
];
/** Integers of so many digits are exact in float64. */
const EXACT_DIGITS = 15;

const ascii = /* @__PURE__ */ new TextDecoder();

/**
 * The number that `bytes[start … end)` spells, rounded to the nearest float64; NaN when it spells none.
 *
 *     number = [ "+" | "-" ] ( digits [ "." [ digits ] ] | "." digits ) [ ( "e" | "E" ) [ "+" | "-" ] digits ]
 *
 * Spaces and tabs around it are passed over. No `NaN`, no `Infinity`, no `0x10`, no `1_000`, no `12abc`, and nothing is
 * not zero. A number too large for float64 gives ±Infinity, for the caller to refuse.
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  let stop = end;
  while (i < stop && isBlank(bytes[i])) i++;
  while (i < stop && isBlank(bytes[stop - 1])) stop--;

  const first = i;
  const negative = bytes[i] === MINUS;
  if (i < stop && (negative || bytes[i] === PLUS)) i++;

  let digits = 0; // all of them: there must be one
  let significant = 0; // those after leading zeros
  let mantissa = 0;
  let exponent = 0;
  let fraction = false;
  for (; i < stop; i++) {
    const byte = bytes[i] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      digits++;
      if (significant > 0 || digit > 0) significant++;
      mantissa = mantissa * 10 + digit;
      if (fraction) exponent--;
    } else if (byte === POINT && !fraction) {
      fraction = true;
    } else {
      break;
    }
  }
  if (digits === 0) return Number.NaN;

  if (i < stop) {
    if (((bytes[i] as number) | LOWER_CASE) !== E) return Number.NaN;
    i++;
    const down = bytes[i] === MINUS;
    if (i < stop && (down || bytes[i] === PLUS)) i++;
    if (i >= stop) return Number.NaN;
    let power = 0;
    for (; i < stop; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      power = power * 10 + digit;
    }
    exponent += down ? -power : power;
  }

  // Clinger's fast path: two exact operands and one rounding. Outside it, the engine's own correctly rounded reader.
  const scale = POWERS[exponent < 0 ? -exponent : exponent];
  if (significant > EXACT_DIGITS || scale === undefined)
    return Number(ascii.decode(bytes.subarray(first, stop)));
  const magnitude = exponent < 0 ? mantissa / scale : mantissa * scale;
  return negative ? -magnitude : magnitude;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
