/**
 * @file What the type checker knows of tensors, and what it refuses. `tsc -b packages/tsconfig.test.json` is the judge of the
 * types; the tests check that what they say is so.
 */
import { describe, expect, it } from '@jest/globals';
import ndarray, { type NdArray } from 'ndarray';
import {
  add,
  all,
  any,
  arange,
  argmax,
  argmin,
  argsort,
  cast,
  clone,
  cumsum,
  type DType,
  div,
  eq,
  exp,
  expand,
  eye,
  floorDivide,
  fromNdarray,
  full,
  grad,
  gt,
  isNaN as isNaNs,
  linspace,
  logicalAnd,
  logicalNot,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  mod,
  mul,
  type Nested,
  type NestedData,
  neg,
  norm,
  ones,
  onesLike,
  permutation,
  permute,
  pow,
  prod,
  rand,
  randint,
  randn,
  relu,
  reshape,
  roll,
  type Shape,
  slice,
  softmax,
  sort,
  std,
  stopGradient,
  sub,
  sum,
  type Tensor,
  type TensorOptions,
  type TypedArray,
  tensor,
  transpose,
  tril,
  variance,
  zeros,
  zerosLike,
} from '../src/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when `A` and `B` are one type. */
function equal<A, B>(..._same: Equal<A, B> extends true ? [] : ['not equal', A, B]): void {}

/** `V` where it is one literal, `never` where it is several. */
type Single<V, All = V> = V extends unknown ? ([All] extends [V] ? V : never) : never;

/** What is known of a `V`: its one value, or nothing where it can be any. */
type Known<V, Any> = [Any] extends [V] ? undefined : Single<V>;

/** Compiles when the types know just this of `t`, and checks that it is so. */
function known<D extends DType, R extends number>(
  t: Tensor<D, R>,
  dtype: Known<D, DType>,
  rank: Known<R, number>,
): void {
  expect([dtype ?? t.dtype, rank ?? t.rank]).toEqual([t.dtype, t.rank]);
}

const scalar = tensor(2);
const vector = tensor([1, 2]);
const matrix = tensor([
  [1, 2],
  [3, 4],
]);
const cube = zeros([2, 2, 2], { dtype: 'float64' });
const counts = tensor([1, 2], { dtype: 'int32' });
const mask = tensor([true, false]);
const plain: Tensor = matrix;
const extents: readonly number[] = [2, 1];

describe('what is known of tensors that are made', () => {
  it('from data', () => {
    known(scalar, 'float32', 0);
    known(vector, 'float32', 1);
    known(matrix, 'float32', 2);
    known(tensor([[[1]]]), 'float32', 3);
    known(tensor([[[[1]]]]), 'float32', 4);
    known(tensor(true), 'bool', 0);
    known(mask, 'bool', 1);
    known(tensor([]), 'float32', 1);
    known(tensor([[], []]), 'float32', 2);
    known(tensor([1, true]), undefined, 1);
    known(tensor(new Float32Array(2)), 'float32', 1);
    known(tensor(new Float64Array(2)), 'float64', 1);
    known(tensor(new Uint8ClampedArray(2)), 'int32', 1);
    known(tensor(ndarray(new Float64Array(4), [2, 2])), 'float64', undefined);
    known(tensor(ndarray([1, 2, 3, 4], [2, 2])), 'float32', undefined);
    known(tensor(matrix), 'float32', 2);
    known(tensor(plain), undefined, undefined);
    known(fromNdarray(ndarray(new Int32Array(4), [2, 2])), 'int32', undefined);
  });

  it('with options', () => {
    known(tensor([1, 2], { dtype: 'float64' }), 'float64', 1);
    known(tensor([1, 2], { requiresGrad: true }), 'float32', 1);
    known(tensor([1, 2, 3, 4], { shape: [2, 2] }), 'float32', 2);
    known(tensor(counts, { dtype: 'bool', shape: [1, 2, 1] }), 'bool', 3);
    known(tensor([1, 2], { shape: extents }), 'float32', undefined);
    known(tensor([1, 2], { dtype: plain.dtype, requiresGrad: true }), undefined, 1);
    const options: TensorOptions = {};
    known(tensor([1, 2], options), undefined, undefined);
  });

  it('from data of unknown depth', () => {
    const data: NestedData = [1, 2];
    const deep: readonly NestedData[] = [[1, 2]];
    known(tensor(data as NestedData), undefined, undefined);
    known(tensor(deep), undefined, undefined);
    known(tensor(JSON.parse('[1, 2]')), undefined, undefined);
    const made: Tensor = tensor(plain.toArray());
    expect(made.shape).toEqual([2, 2]);
  });

  it('from nothing', () => {
    known(zeros([2, 3]), 'float32', 2);
    known(zeros([]), 'float32', 0);
    known(zeros(extents), 'float32', undefined);
    known(zeros(matrix.shape, { dtype: 'int32' }), 'int32', 2);
    known(ones([2], { dtype: 'bool' }), 'bool', 1);
    known(full([2], 7), 'float32', 1);
    known(full([2], true), 'bool', 1);
    known(full([2, 1, 1], 1, { dtype: 'float64' }), 'float64', 3);
    known(zerosLike(counts), 'int32', 1);
    known(onesLike(cube, { dtype: 'bool' }), 'bool', 3);
    known(zerosLike(plain), undefined, undefined);
    known(eye(2), 'float32', 2);
    known(eye(2, 3, { dtype: 'int32' }), 'int32', 2);
    known(arange(3), 'float32', 1);
    known(arange(0, 3, 1, { dtype: 'int32' }), 'int32', 1);
    known(linspace(0, 1, 3, { dtype: 'float64' }), 'float64', 1);
    known(rand([2, 2]), 'float32', 2);
    known(randn([2], { dtype: 'float64' }), 'float64', 1);
    known(randint(0, 3, [2, 2]), 'int32', 2);
    known(permutation(3), 'int32', 1);
  });
});

describe('what ops know', () => {
  it('elementwise of one operand', () => {
    known(exp(matrix), 'float32', 2);
    known(exp(1), 'float32', 0);
    known(neg(cube), 'float64', 3);
    known(cube.relu(), 'float64', 3);
    known(matrix.tanh(), 'float32', 2);
    // What becomes of integers is for the run to say.
    known(counts.exp(), undefined, 1);
    known(relu(mask), undefined, 1);
    known(plain.exp(), undefined, undefined);
    known(clone(counts), 'int32', 1);
    known(mask.clone(), 'bool', 1);
    known(stopGradient(cube), 'float64', 3);
    known(counts.detach(), 'int32', 1);
  });

  it('elementwise of two operands', () => {
    known(add(matrix, vector), 'float32', 2);
    known(matrix.add(1), 'float32', 2);
    known(sub(1, vector), 'float32', 1);
    known(matrix.mul(vector), 'float32', 2);
    known(vector.mul(matrix), 'float32', 2);
    known(mul(matrix, cube), 'float64', 3);
    known(div(scalar, counts), 'float32', 1);
    known(maximum(matrix, mask), 'float32', 2);
    known(counts.add(counts), undefined, 1);
    known(counts.add(0.5), undefined, 1);
    known(matrix.add(plain), undefined, undefined);
    known(plain.add(1), undefined, undefined);
    known(pow(matrix, 2), 'float32', 2);
    known(cube.pow(matrix), 'float64', 3);
    known(mod(vector, 2), 'float32', 1);
    known(floorDivide(cube, 2), 'float64', 3);
  });

  it('questions', () => {
    known(gt(matrix, 0), 'bool', 2);
    known(matrix.lt(cube), 'bool', 3);
    known(eq(1, counts), 'bool', 1);
    known(plain.ge(0), 'bool', undefined);
    known(isNaNs(matrix), 'bool', 2);
    known(vector.isFinite(), 'bool', 1);
    known(logicalAnd(mask, counts), 'bool', 1);
    known(logicalNot(mask), 'bool', 1);
    known(mask.logicalOr(true), 'bool', 1);
  });

  it('reductions', () => {
    known(sum(matrix), 'float32', 0);
    known(matrix.mean(), 'float32', 0);
    known(cube.sum({ axis: 0 }), 'float64', undefined);
    known(sum(mask), undefined, 0);
    for (const fold of [mean, prod, max, min, variance, std, norm, logSumExp])
      known(fold(cube), 'float64', 0);
    known(plain.max(), undefined, 0);
    known(argmax(matrix), 'int32', 0);
    known(matrix.argmin({ axis: 1 }), 'int32', undefined);
    known(argmin(counts), 'int32', 0);
    known(any(mask), 'bool', 0);
    known(matrix.all({ axis: 0 }), 'bool', undefined);
    known(all(matrix, { axis: 0 }), 'bool', undefined);
  });

  it('along an axis', () => {
    known(softmax(matrix), 'float32', 2);
    known(matrix.logSoftmax({ axis: 0 }), 'float32', 2);
    known(logSoftmax(cube), 'float64', 3);
    known(cumsum(mask), undefined, 1);
    known(cube.normalize(), 'float64', 3);
    known(argsort(matrix), 'int32', 2);
    known(vector.argsort({ descending: true }), 'int32', 1);
    known(sort(vector).values, undefined, undefined);
  });

  it('movement', () => {
    known(matrix.T, 'float32', 2);
    known(transpose(cube, 0, 1), 'float64', 3);
    known(cube.transpose(), 'float64', 3);
    known(permute(cube, [2, 0, 1]), 'float64', 3);
    known(counts.flip(), 'int32', 1);
    known(roll(mask, 1), 'bool', 1);
    known(slice(matrix, [0, 1]), 'float32', 2);
    known(counts.slice([0, 1]), 'int32', 1);
    known(tril(matrix), 'float32', 2);
    known(reshape(matrix, [4]), 'float32', 1);
    known(counts.reshape([-1, 1]), 'int32', 2);
    known(matrix.reshape([...extents, 2]), 'float32', undefined);
    known(expand(vector, [3, 2]), 'float32', 2);
    known(vector.expand([1, 3, 2]), 'float32', 3);
    known(matrix.flatten(), undefined, undefined);
  });

  it('products and casts', () => {
    known(matmul(matrix, matrix), 'float32', 2);
    known(matrix.matmul(eye(2, 2, { dtype: 'float64' })), 'float64', 2);
    known(matrix.matmul(vector), 'float32', undefined);
    known(plain.matmul(matrix), undefined, undefined);
    known(cast(matrix, 'int32'), 'int32', 2);
    known(counts.cast('float64'), 'float64', 1);
    known(plain.cast('bool'), 'bool', undefined);
    known(matrix.cast(plain.dtype), undefined, 2);
  });
});

describe('what is read from a tensor', () => {
  it('follows dtype and rank', () => {
    equal<typeof matrix.dtype, 'float32'>();
    equal<typeof matrix.rank, 2>();
    equal<typeof matrix.shape, readonly [number, number]>();
    equal<typeof plain.shape, Shape>();
    equal<typeof plain.dtype, DType>();
    equal<ReturnType<typeof cube.toTypedArray>, Float64Array>();
    equal<ReturnType<typeof mask.toTypedArray>, Uint8Array>();
    equal<ReturnType<typeof plain.toTypedArray>, TypedArray>();
    equal<ReturnType<typeof scalar.toArray>, number>();
    equal<ReturnType<typeof matrix.toArray>, number[][]>();
    equal<ReturnType<typeof mask.toArray>, boolean[]>();
    equal<ReturnType<typeof plain.toArray>, Nested<number> | Nested<boolean>>();
    equal<typeof cube.ndarray, NdArray<Float64Array>>();
    equal<typeof matrix.grad, Tensor<'float32', 2> | undefined>();
    equal<ReturnType<typeof mask.item>, number>();
    const [rows, columns] = matrix.shape;
    expect(rows * columns).toBe(4);
    counts.write((values) => equal<typeof values, NdArray<Int32Array>>());
  });

  it('is found in any tensor: what is known is forgotten where it is not asked for', () => {
    const tensors: readonly Tensor[] = [matrix, vector, counts, mask];
    const named: Readonly<Record<string, Tensor>> = { weight: matrix, bias: vector };
    const floats: Tensor<'float32' | 'float64'> = cube;
    const matrices: Tensor<DType, 2> = matrix;
    known(floats.exp(), 'float64' as never, undefined);
    known(matrices.exp(), undefined, 2);
    expect(tensors.length + Object.keys(named).length).toBe(6);
  });

  it('may be more than functions of tensors ask for', () => {
    const loss = (w: Tensor<'float32', 1>): Tensor => w.square().sum();
    expect(grad(loss)(vector).toArray()).toEqual([2, 4]);
  });
});

describe('what does not compile', () => {
  it('nor run', () => {
    const faults: readonly (readonly [string, () => unknown])[] = [
      // @ts-expect-error a string is no number
      ['DTypeError', () => tensor(['a'])],
      // @ts-expect-error not even far down
      ['DTypeError', () => tensor([[1], ['a']])],
      // @ts-expect-error 64-bit integers are refused
      ['ArgumentError', () => tensor(1n)],
      // @ts-expect-error in arrays too
      ['DTypeError', () => tensor([1n])],
      // @ts-expect-error and in typed ones
      ['DTypeError', () => tensor(new BigInt64Array(1))],
      // @ts-expect-error nothing is nothing
      ['ArgumentError', () => tensor(null)],
      // @ts-expect-error a number beside an array
      ['ShapeError', () => tensor([1, [2]])],
      // @ts-expect-error further down
      ['ShapeError', () => tensor([[[1], 2]])],
      // @ts-expect-error no such dtype
      ['ArgumentError', () => zeros([1], { dtype: 'float16' })],
      // @ts-expect-error no such dtype
      ['ArgumentError', () => matrix.cast('int64')],
      // @ts-expect-error no such option
      ['ArgumentError', () => tensor([1], { requireGrad: true })],
      // @ts-expect-error no such option
      ['ArgumentError', () => sum(matrix, { axes: 0 })],
      // @ts-expect-error no such option
      ['ArgumentError', () => matrix.softmax({ axs: 0 })],
      // @ts-expect-error integers have no derivatives
      ['DTypeError', () => tensor([1], { dtype: 'int32', requiresGrad: true })],
      // @ts-expect-error nor have bools
      ['DTypeError', () => tensor([true], { requiresGrad: true })],
      // @ts-expect-error
      ['DTypeError', () => ones([1], { dtype: 'bool', requiresGrad: true })],
      // @ts-expect-error a shape is an array
      ['ArgumentError', () => zeros(3)],
      // @ts-expect-error of numbers
      ['ArgumentError', () => matrix.reshape(['4'])],
      // @ts-expect-error arrays are no operands
      ['ArgumentError', () => matrix.add([1])],
      // @ts-expect-error arrays are no operands
      ['ArgumentError', () => exp([1])],
      // @ts-expect-error numbers have no product
      ['ArgumentError', () => matmul(matrix, 2)],
      // @ts-expect-error positions are numbers
      ['ArgumentError', () => grad((x) => x.sum(), { argnums: '0' })(vector)],
      // @ts-expect-error a function of tensors
      ['ArgumentError', () => grad('x')(vector)],
    ];
    for (const [name, fault] of faults) expect(fault).toThrow(expect.objectContaining({ name }));
  });

  it('though it runs', () => {
    // @ts-expect-error another dtype
    const floats: Tensor<'float32'> = counts;
    // @ts-expect-error another rank
    const flat: Tensor<'float32', 1> = matrix;
    // @ts-expect-error what is not known
    const specific: Tensor<'float32', 2> = plain;
    // @ts-expect-error a matrix has two extents
    expect(matrix.shape[2]).toBeUndefined();
    // @ts-expect-error this array holds other numbers
    const doubles: Float64Array = matrix.toTypedArray();
    // @ts-expect-error numbers, not rows
    const rows: number[][] = vector.toArray();
    // @ts-expect-error a function of strings is no function of tensors
    expect(typeof grad((x: string) => x)).toBe('function');
    expect([floats, flat, specific, doubles, rows]).toHaveLength(5);
  });
});
