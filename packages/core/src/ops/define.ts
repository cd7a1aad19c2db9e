/** @file From rows to callable ops: what every elementwise op does the same is done here, once. */
import { elementwise, type Kernel } from '@ndgrad/kernels';
import { checkEnum, checkTensor, describeValue, inspect } from '../arguments.js';
import { apply } from '../autodiff/apply.js';
import { Op, type OpRow, type Vjp } from '../autodiff/node.js';
import { constant, planOf, zeros } from '../autodiff/vectorSpace.js';
import {
  DTYPES,
  type DType,
  floatOf,
  isFloat,
  type KeptFloat,
  type Promote,
  promote,
  promoteNumber,
} from '../dtype.js';
import { ArgumentError, DTypeError, NumericError } from '../errors.js';
import { isTracing, requireAlive } from '../homes/running.js';
import type { BroadcastRank } from '../shape.js';
import { foreignVersion, Tensor, VERSION } from '../tensor.js';

/** What elementwise ops take: a tensor, or a number or boolean that adapts to the tensors it meets. */
export type TensorLike = Tensor | number | boolean;

/** The rank of an operand. */
export type RankOf<X extends TensorLike> = X extends Tensor ? X['rank'] : 0;

/** The rank that two operands broadcast to. */
export type PairRank<A extends TensorLike, B extends TensorLike> = BroadcastRank<RankOf<A>, RankOf<B>>;

/** The dtype of an elementwise result: a float stays what it is. */
export type UnaryDType<X extends TensorLike> = X extends Tensor
  ? KeptFloat<X['dtype']>
  : X extends boolean
    ? DType
    : 'float32';

/** The dtype that a tensor of dtype `D` and what it meets come to: a number leaves a float as it is. */
export type MeetingDType<D extends DType, X extends TensorLike> = KeptFloat<
  X extends Tensor ? Promote<D, X['dtype']> : D
>;

/** The dtype that two operands come to. */
export type PairDType<A extends TensorLike, B extends TensorLike> = A extends Tensor
  ? MeetingDType<A['dtype'], B>
  : B extends Tensor
    ? MeetingDType<B['dtype'], A>
    : DType;

/** An elementwise op of one operand. */
export type UnaryOp = <X extends TensorLike>(x: X) => Tensor<UnaryDType<X>, RankOf<X>>;

/** An elementwise op of two operands that broadcast. */
export type BinaryOp = <A extends TensorLike, B extends TensorLike>(
  a: A,
  b: B,
) => Tensor<PairDType<A, B>, PairRank<A, B>>;

/** An elementwise question. */
export type Predicate = <X extends TensorLike>(x: X) => Tensor<'bool', RankOf<X>>;

/** An elementwise question about two operands that broadcast. */
export type Comparison = <A extends TensorLike, B extends TensorLike>(
  a: A,
  b: B,
) => Tensor<'bool', PairRank<A, B>>;

/** What an op does with integers: keep them, answer in float, or answer in bool. */
export type Result = 'arithmetic' | 'float' | 'bool' | 'same';

const NAMES = ['a', 'b', 'c'];

/** A fault that names function and argument for anything that is neither tensor nor number. */
function refuse(where: string, argument: string, x: unknown): ArgumentError {
  const foreign = foreignVersion(x);
  if (foreign !== undefined) {
    return new ArgumentError({
      where,
      argument,
      must: `be a tensor of this copy of @ndgrad/core (${VERSION})`,
      got: `a tensor of another copy (${foreign})`,
      hint: 'install one version of @ndgrad/core only',
    });
  }
  return new ArgumentError({
    where,
    argument,
    must: 'be a tensor or a number',
    got: describeValue(x),
    hint: 'wrap arrays in tensor(…)',
  });
}

/** A number as a 0-d tensor of the dtype it takes among its companions. */
export function numberAs(where: string, argument: string, value: number, dtype: DType): Tensor {
  if (dtype === 'int32' && value !== (value | 0)) {
    throw new DTypeError({
      where,
      argument,
      must: 'fit int32',
      got: `${value}`,
      hint: "cast the tensor to 'float64' first",
    });
  }
  if (dtype === 'bool' && value !== 0 && value !== 1) {
    throw new DTypeError({ where, argument, must: 'be true, false, 0 or 1', got: `${value}` });
  }
  return constant(value, dtype);
}

const weak = new WeakSet<Tensor>();

/** Marks a 0-d tensor as one that adapts to the dtypes it meets, as numbers do. @internal */
export function markWeak(t: Tensor): Tensor {
  weak.add(t);
  return t;
}

/** Brings operands to one dtype: tensors promote, numbers adapt. */
export function unify(where: string, xs: readonly TensorLike[], names: readonly string[] = NAMES): Tensor[] {
  let dtype: DType | undefined;
  for (const x of xs) {
    if (!(x instanceof Tensor) || weak.has(x)) continue;
    dtype = dtype === undefined ? x.dtype : promote(dtype, x.dtype);
  }
  xs.forEach((x, i) => {
    if (x instanceof Tensor) requireAlive(where, x.storage);
    else if (typeof x !== 'number' && typeof x !== 'boolean') throw refuse(where, names[i], x);
  });
  // With no tensor to adapt to, host scalars keep their digits and numbers behave as tensor(number) does.
  const alone = xs.some((x) => x instanceof Tensor)
    ? 'float64'
    : xs.some((x) => typeof x === 'number')
      ? 'float32'
      : 'bool';
  let target: DType = dtype ?? alone;
  if (dtype !== undefined) {
    for (const x of xs) {
      if (typeof x === 'number') target = promoteNumber(target, x);
      else if (x instanceof Tensor && weak.has(x) && !isFloat(target)) {
        // While a step is traced the number is not known: it may be a fraction.
        target = isTracing() ? 'float32' : promoteNumber(target, x.item());
      }
    }
  }
  return xs.map((x, i) =>
    x instanceof Tensor ? cast(x, target) : numberAs(where, names[i], Number(x), target),
  );
}

/** The one tensor argument of an op. */
export function operand(where: string, x: unknown, argument = 'x'): Tensor {
  if (x instanceof Tensor) {
    requireAlive(where, x.storage);
    return x;
  }
  if (typeof x === 'number') return constant(x, 'float32');
  if (typeof x === 'boolean') return constant(Number(x), 'bool');
  throw refuse(where, argument, x);
}

/** The one tensor argument of an op that makes views, which must not look into the memory of a shared constant. */
export function tensorOperand(where: string, x: unknown, argument = 'x'): Tensor {
  checkTensor(where, argument, x);
  return x;
}

/** The dtype in which an op works on operands of `dtype`. */
export function workingDType(result: Result, dtype: DType): DType {
  if (result === 'float') return floatOf(dtype);
  return result === 'arithmetic' && dtype === 'bool' ? 'int32' : dtype;
}

interface ElementwiseRow {
  readonly name: string;
  readonly kernel: Kernel;
  /** The kernel for int32, where it differs. */
  readonly intKernel?: Kernel;
  readonly result: Result;
  readonly saves?: OpRow<null>['saves'];
  readonly vjp?: readonly (Vjp<null> | null)[];
}

function rowOf({ name, kernel, intKernel, result, saves, vjp }: ElementwiseRow): Op<null> {
  return new Op({
    name,
    dtype: result === 'bool' ? () => 'bool' : undefined,
    run(home, y, inputs) {
      const chosen = intKernel !== undefined && inputs[0].dtype === 'int32' ? intKernel : kernel;
      home.call(chosen, planOf(y, inputs), y, inputs[0], inputs[1], inputs[2]);
    },
    saves,
    vjp,
  });
}

/** A row whose result has no dtype of its own. */
interface ValueRow extends ElementwiseRow {
  readonly result: Exclude<Result, 'bool'>;
}

type QuestionRow = Pick<ElementwiseRow, 'name' | 'kernel'>;

/** An op of one operand from its row. */
export function unary(row: ValueRow): UnaryOp {
  return unaryOf(row) as UnaryOp;
}

/** A question about one operand from its row. */
export function predicate(row: QuestionRow): Predicate {
  return unaryOf({ ...row, result: 'bool' }) as Predicate;
}

function unaryOf(row: ElementwiseRow): (x: TensorLike) => Tensor {
  const op = rowOf(row);
  return (x) => {
    const t = operand(row.name, x);
    return apply(op, [cast(t, workingDType(row.result, t.dtype))], null);
  };
}

/** An op of two broadcasting operands from its row. */
export function binary(row: ValueRow): BinaryOp {
  return binaryOf(rowOf(row), row.result);
}

/** A question about two broadcasting operands from its row. */
export function comparison(row: QuestionRow): Comparison {
  return calling(rowOf({ ...row, result: 'bool' }), 'bool') as Comparison;
}

/** The callable over a complete row of two broadcasting operands. */
export function binaryOf(op: Op<null>, result: Exclude<Result, 'bool'>): BinaryOp {
  return calling(op, result) as BinaryOp;
}

function calling(op: Op<null>, result: Result): (a: TensorLike, b: TensorLike) => Tensor {
  return (a, b) => {
    // Two floats of one dtype with their memory, which is nearly always, need no second look.
    const plain = a instanceof Tensor && b instanceof Tensor && a.dtype === b.dtype && isFloat(a.dtype);
    if (plain && a.storage.lost === undefined && b.storage.lost === undefined) {
      return apply(op, [a, b], null);
    }
    let [p, q] = unify(op.name, [a, b]);
    const working = workingDType(result, p.dtype);
    if (working !== p.dtype) {
      p = cast(p, working);
      q = cast(q, working);
    }
    return apply(op, [p, q], null);
  };
}

const castRow: Op<{ dtype: DType; from: DType }> = /* @__PURE__ */ new Op({
  name: 'cast',
  shape: ([shape]) => shape,
  dtype: (_dtypes, { dtype }) => dtype,
  run(home, y, [x]) {
    home.call(y.dtype === 'bool' ? elementwise.toBool : elementwise.copy, planOf(y, [x]), y, x);
  },
  vjp: [(g, { attributes }) => cast(g, attributes.from)],
});

/**
 * `x` in another dtype. float64 → float32 rounds; floats → int32 drop the fraction; anything → bool asks "not 0?".
 *
 * @throws {@link NumericError} for NaN, ±Infinity and values beyond int32 when casting to int32.
 *
 * @example
 * ```ts
 * cast(tensor([1.7, -1.7]), 'int32').toArray() // => [1, -1]
 * ```
 */
export function cast<D extends DType, R extends number>(x: Tensor<DType, R>, dtype: D): Tensor<D, R>;
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x instanceof Tensor && x.dtype === dtype && x.storage.lost === undefined) return x;
  checkTensor('cast', 'x', x);
  checkEnum('cast', 'dtype', dtype, DTYPES);
  if (x.dtype === dtype) return x;
  if (dtype === 'int32' && isFloat(x.dtype)) requireIntegers(x);
  return apply(castRow, [x], { dtype, from: x.dtype });
}

function requireIntegers(x: Tensor): void {
  inspect('requireIntegers', x, (i, value) => {
    if (value > -2147483649 && value < 2147483648) return;
    throw new NumericError({
      where: 'cast',
      problem: `element ${i} is ${value}, which int32 cannot hold`,
      hint: 'castSaturate() takes the nearest that it can',
    });
  });
}

/** For ops that are constant wherever they are smooth: floor, sign, round. */
export const zeroVjp: Vjp<null> = (g) => zeros(g.shape, g.dtype);
