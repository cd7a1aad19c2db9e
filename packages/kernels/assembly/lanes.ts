// Vectors of which only a part lies inside an operand, so that the last elements take the same arithmetic as all others.

/** Four floats at any distance from each other. */
// @ts-ignore: decorator
@inline
export function gather(at: usize, stride: usize): v128 {
  let v = v128.load32_zero(at);
  v = v128.load_lane<f32>(at + stride, v, 1);
  v = v128.load_lane<f32>(at + 2 * stride, v, 2);
  return v128.load_lane<f32>(at + 3 * stride, v, 3);
}

/** Up to four floats at any distance from each other, then zeros. */
// @ts-ignore: decorator
@inline
export function gatherPart(at: usize, stride: usize, count: i32): v128 {
  if (count <= 0) return f32x4.splat(0);
  let v = v128.load32_zero(at);
  if (count > 1) v = v128.load_lane<f32>(at + stride, v, 1);
  if (count > 2) v = v128.load_lane<f32>(at + 2 * stride, v, 2);
  if (count > 3) v = v128.load_lane<f32>(at + 3 * stride, v, 3);
  return v;
}

/** Stores the first `count` floats of a vector. */
// @ts-ignore: decorator
@inline
export function storePart(to: usize, v: v128, count: i32): void {
  if (count > 3) {
    v128.store(to, v);
    return;
  }
  if (count > 0) v128.store_lane<f32>(to, v, 0);
  if (count > 1) v128.store_lane<f32>(to, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(to, v, 2, 8);
}

/** The first `count` of four neighbouring floats, then zeros. */
// @ts-ignore: decorator
@inline
export function loadPart(at: usize, count: i32): v128 {
  if (count > 3) return v128.load(at);
  return gatherPart(at, 4, count);
}
