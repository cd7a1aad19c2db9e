// Elementwise functions that are computed in double precision: the loops of elementwise.ts over precise.ts.
import { binary, unary } from './elementwise';
import {
  cosineOf,
  eluOf,
  erfOf,
  erfSlopeOf,
  geluOf,
  geluSlopeOf,
  high,
  leakyReluOf,
  low,
  rounded,
  siluOf,
  siluSlopeOf,
  sineOf,
} from './precise';
import { begin, count, fromA, fromB, next, stepA, stepB, toY } from './walk';

/** g · slope, and 0 where g is 0. */
// @ts-ignore: decorator
@inline
function times(g: v128, first: v128, second: v128): v128 {
  const y = rounded(f64x2.mul(low(g), first), f64x2.mul(high(g), second));
  return v128.andnot(y, f32x4.eq(g, f32x4.splat(0)));
}

@final
class Sin {
  @inline
  of(x: v128): v128 {
    return rounded(sineOf(low(x)), sineOf(high(x)));
  }
}
export function sin_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Sin>(ints, y, a);
}

@final
class Cos {
  @inline
  of(x: v128): v128 {
    return rounded(cosineOf(low(x)), cosineOf(high(x)));
  }
}
export function cos_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Cos>(ints, y, a);
}

@final
class Erf {
  @inline
  of(x: v128): v128 {
    return rounded(erfOf(low(x)), erfOf(high(x)));
  }
}
export function erf_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Erf>(ints, y, a);
}

@final
class ErfGradient {
  @inline
  of(g: v128, x: v128): v128 {
    return times(g, erfSlopeOf(low(x)), erfSlopeOf(high(x)));
  }
}
export function erfGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<ErfGradient>(ints, y, a, b);
}

@final
class Gelu {
  @inline
  of(x: v128): v128 {
    return rounded(geluOf(low(x)), geluOf(high(x)));
  }
}
export function gelu_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Gelu>(ints, y, a);
}

@final
class GeluGradient {
  @inline
  of(g: v128, x: v128): v128 {
    return times(g, geluSlopeOf(low(x)), geluSlopeOf(high(x)));
  }
}
export function geluGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<GeluGradient>(ints, y, a, b);
}

@final
class Silu {
  @inline
  of(x: v128): v128 {
    return rounded(siluOf(low(x)), siluOf(high(x)));
  }
}
export function silu_ff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  unary<Silu>(ints, y, a);
}

@final
class SiluGradient {
  @inline
  of(g: v128, x: v128): v128 {
    return times(g, siluSlopeOf(low(x)), siluSlopeOf(high(x)));
  }
}
export function siluGradient_fff(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  binary<SiluGradient>(ints, y, a, b);
}

// With a setting, which is a double.

function loopSetting<Op>(n: i32, y: usize, a: usize, sa: i32, b: usize, sb: i32): void {
  const op = changetype<Op>(0);
  for (; n >= 4; n -= 4, y += 16, a += sa >> 1, b += sb >> 1) {
    const x = v128.load(a);
    v128.store(y, rounded(op.of(low(x), v128.load(b)), op.of(high(x), v128.load(b, 16))));
  }
  for (; n > 0; n--, y += 4, a += sa >> 3, b += sb >> 3) {
    const z = op.of(low(v128.load32_zero(a)), v128.load64_zero(b));
    v128.store32_lane(y, rounded(z, z), 0);
  }
}

function withSetting<Op>(ints: usize, y: usize, a: usize, b: usize): void {
  begin(ints, 2, 4, y, 4, a, 8, b, 0, 0);
  while (next()) loopSetting<Op>(count, toY, fromA, stepA, fromB, stepB);
}

@final
class LeakyRelu {
  @inline
  of(x: v128, slope: v128): v128 {
    return leakyReluOf(x, slope);
  }
}
export function leakyRelu_ffd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  withSetting<LeakyRelu>(ints, y, a, b);
}

@final
class Elu {
  @inline
  of(x: v128, alpha: v128): v128 {
    return eluOf(x, alpha);
  }
}
export function elu_ffd(ints: usize, y: usize, a: usize, b: usize, c: usize, d: usize): void {
  withSetting<Elu>(ints, y, a, b);
}
