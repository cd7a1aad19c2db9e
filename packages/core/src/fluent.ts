/**
 * @file Ops as methods: the one file that attaches them, so that `tensor.ts` need import no op. Each method is the free
 * function with the tensor as its first argument.
 */
import { makeLeaf } from './autodiff/apply.js';
import {
  type PostAccumulateGradHook,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  type TensorHook,
} from './autodiff/hooks.js';
import type { Handle } from './autodiff/watch.js';
import { checkDType } from './creation.js';
import type { DType, KeptFloat } from './dtype.js';
import * as activations from './ops/activations.js';
import * as advancedIndexing from './ops/advancedIndexing.js';
import { cast, type MeetingDType, type RankOf, type TensorLike } from './ops/define.js';
import * as elementwise from './ops/elementwise.js';
import * as factorisation from './ops/factorisation.js';
import * as indexing from './ops/indexing.js';
import * as inPlace from './ops/inPlace.js';
import * as linalg from './ops/linalg.js';
import * as movement from './ops/movement.js';
import * as order from './ops/order.js';
import * as reduce from './ops/reduce.js';
import * as rows from './ops/rows.js';
import * as scan from './ops/scan.js';
import * as scatter from './ops/scatter.js';
import * as special from './ops/special.js';
import * as trigonometric from './ops/trigonometric.js';
import { format } from './print.js';
import type { BroadcastRank, Shape } from './shape.js';
import { Tensor } from './tensor.js';
import { type BackwardOptions, backward } from './transforms.js';

/** The free functions that are methods too, by the name of their file. */
const elementwiseMethods = {
  add: elementwise.add,
  sub: elementwise.sub,
  mul: elementwise.mul,
  div: elementwise.div,
  floorDivide: elementwise.floorDivide,
  mod: elementwise.mod,
  pow: elementwise.pow,
  neg: elementwise.neg,
  abs: elementwise.abs,
  sign: elementwise.sign,
  square: elementwise.square,
  reciprocal: elementwise.reciprocal,
  exp: elementwise.exp,
  expm1: elementwise.expm1,
  log: elementwise.log,
  log1p: elementwise.log1p,
  log2: elementwise.log2,
  logaddexp: elementwise.logaddexp,
  sqrt: elementwise.sqrt,
  rsqrt: elementwise.rsqrt,
  tanh: elementwise.tanh,
  sigmoid: elementwise.sigmoid,
  logSigmoid: elementwise.logSigmoid,
  softplus: elementwise.softplus,
  relu: elementwise.relu,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  clamp: elementwise.clamp,
  eq: elementwise.eq,
  ne: elementwise.ne,
  lt: elementwise.lt,
  le: elementwise.le,
  gt: elementwise.gt,
  ge: elementwise.ge,
  logicalAnd: elementwise.logicalAnd,
  logicalOr: elementwise.logicalOr,
  logicalNot: elementwise.logicalNot,
  isNaN: elementwise.isNaN,
  isFinite: elementwise.isFinite,
  floor: elementwise.floor,
  ceil: elementwise.ceil,
  trunc: elementwise.trunc,
  round: elementwise.round,
  clone: elementwise.clone,
};
const trigonometricMethods = {
  sin: trigonometric.sin,
  cos: trigonometric.cos,
  tan: trigonometric.tan,
  asin: trigonometric.asin,
  acos: trigonometric.acos,
  atan: trigonometric.atan,
  atan2: trigonometric.atan2,
  sinh: trigonometric.sinh,
  cosh: trigonometric.cosh,
  asinh: trigonometric.asinh,
  acosh: trigonometric.acosh,
  atanh: trigonometric.atanh,
  hypot: trigonometric.hypot,
  lerp: trigonometric.lerp,
};
const specialMethods = {
  erf: special.erf,
  erfc: special.erfc,
  erfinv: special.erfinv,
  lgamma: special.lgamma,
  digamma: special.digamma,
};
const activationsMethods = {
  leakyRelu: activations.leakyRelu,
  elu: activations.elu,
  selu: activations.selu,
  gelu: activations.gelu,
  silu: activations.silu,
  mish: activations.mish,
  hardtanh: activations.hardtanh,
  hardsigmoid: activations.hardsigmoid,
  hardswish: activations.hardswish,
};
const reduceMethods = {
  sum: reduce.sum,
  mean: reduce.mean,
  prod: reduce.prod,
  max: reduce.max,
  min: reduce.min,
  argmax: reduce.argmax,
  argmin: reduce.argmin,
  any: reduce.any,
  all: reduce.all,
  variance: reduce.variance,
  std: reduce.std,
  norm: reduce.norm,
  logSumExp: reduce.logSumExp,
};
const rowsMethods = {
  softmax: rows.softmax,
  logSoftmax: rows.logSoftmax,
  normalize: rows.normalize,
};
const scanMethods = {
  cumsum: scan.cumsum,
  cumprod: scan.cumprod,
  cummax: scan.cummax,
  cummin: scan.cummin,
};
const linalgMethods = {
  matmul: linalg.matmul,
  dot: linalg.dot,
  outer: linalg.outer,
  trace: linalg.trace,
};
const factorisationMethods = {
  cholesky: factorisation.cholesky,
  solve: factorisation.solve,
  inverse: factorisation.inverse,
  det: factorisation.det,
  logdet: factorisation.logdet,
  slogdet: factorisation.slogdet,
};
const movementMethods = {
  reshape: movement.reshape,
  flatten: movement.flatten,
  squeeze: movement.squeeze,
  unsqueeze: movement.unsqueeze,
  permute: movement.permute,
  transpose: movement.transpose,
  expand: movement.expand,
  slice: movement.slice,
  select: movement.select,
  flip: movement.flip,
  roll: movement.roll,
  split: movement.split,
  chunk: movement.chunk,
  unbind: movement.unbind,
  repeat: movement.repeat,
  tile: movement.tile,
  pad: movement.pad,
  diagonal: movement.diagonal,
  triu: movement.triu,
  tril: movement.tril,
};
const indexingMethods = {
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
  indexSelect: indexing.indexSelect,
  indexAdd: indexing.indexAdd,
  index: advancedIndexing.index,
  indexPut: advancedIndexing.indexPut,
  take: advancedIndexing.take,
  nonzero: advancedIndexing.nonzero,
  scatter: scatter.scatter,
  scatterReduce: scatter.scatterReduce,
};
const orderMethods = {
  sort: order.sort,
  argsort: order.argsort,
  topk: order.topk,
  median: order.median,
  quantile: order.quantile,
};

const methods = {
  ...elementwiseMethods,
  ...trigonometricMethods,
  ...specialMethods,
  ...activationsMethods,
  ...reduceMethods,
  ...rowsMethods,
  ...scanMethods,
  ...linalgMethods,
  ...factorisationMethods,
  ...movementMethods,
  ...indexingMethods,
  ...orderMethods,
};

type Methods = typeof methods;

/** A function that makes a `B` of an `A`, both of rank 1: asked of a free function to learn what its types say. */
type Makes<B extends DType, A extends DType, Rest extends readonly unknown[]> = (
  x: Tensor<A, 1>,
  ...rest: Rest
) => Tensor<B, 1>;

/** A reduction as a method: over all axes it gives one element. */
interface Reduction<D extends DType, Options> {
  (): Tensor<D, 0>;
  (options?: Options): Tensor<D>;
}

/** A free function as a method of tensors of dtype `D` and rank `R`: without its first argument, whose types go on. */
type Method<F, D extends DType, R extends number> =
  // Questions and positions, one per element.
  F extends Makes<'bool', 'float64', infer Rest>
    ? (...rest: Rest) => Tensor<'bool', R>
    : F extends Makes<'int32', 'float64', infer Rest>
      ? (...rest: Rest) => Tensor<'int32', R>
      : // Movement keeps every dtype, arithmetic keeps floats.
        F extends Makes<'bool', 'bool', infer Rest>
        ? (...rest: Rest) => Tensor<D, R>
        : F extends Makes<'float64', 'float64', infer Rest>
          ? (...rest: Rest) => Tensor<KeptFloat<D>, R>
          : // What broadcasts keeps the rank beside a number.
            F extends Makes<'bool', 'float64', [number]>
            ? <B extends TensorLike>(b: B) => Tensor<'bool', BroadcastRank<R, RankOf<B>>>
            : F extends Makes<'float64', 'float64', [number]>
              ? <B extends TensorLike>(b: B) => Tensor<MeetingDType<D, B>, BroadcastRank<R, RankOf<B>>>
              : F extends { (x: Tensor): Tensor<infer E, 0>; (x: Tensor, options?: infer Options): Tensor }
                ? Reduction<DType extends E ? KeptFloat<D> : E, Options>
                : F extends (x: infer _X, ...rest: infer Rest) => infer Result
                  ? (...rest: Rest) => Result
                  : never;

type Fluent<D extends DType, R extends number> = { [K in keyof Methods]: Method<Methods[K], D, R> };

declare module './tensor.js' {
  interface Tensor<out D extends DType = DType, out R extends number = number> extends Fluent<D, R> {
    /** The axes in reverse order; a view. */
    readonly T: Tensor<D, R>;
    /** See {@link backward}. */
    backward(gradient?: Tensor, options?: BackwardOptions): void;
    /** The same values outside of the graph, as a view. See {@link stopGradient}. */
    detach(): Tensor<D, R>;
    /** See {@link assign}. */
    assign(value: Parameters<typeof inPlace.assign>[1]): this;
    /** See {@link reshape}. */
    reshape<const S extends Shape>(shape: S): Tensor<D, S['length']>;
    /** See {@link expand}. */
    expand<const S extends Shape>(shape: S): Tensor<D, S['length']>;
    /** See {@link matmul}. */
    matmul<B extends Tensor>(b: B): Tensor<MeetingDType<D, B>, linalg.ProductRank<R, B['rank']>>;
    /** See {@link cast}. */
    cast<E extends DType>(dtype: E): Tensor<E, R>;
    /**
     * Makes this tensor a leaf whose `.grad` collects, unless it requires a gradient already.
     *
     * @throws {@link DTypeError} for integers and bools.
     */
    requireGrad(): this;
    /** See {@link registerHook}. */
    registerHook(hook: TensorHook): Handle;
    /** See {@link registerPostAccumulateGradHook}. */
    registerPostAccumulateGradHook(hook: PostAccumulateGradHook): Handle;
    /** See {@link retainGrad}. */
    retainGrad(): this;
    /** See {@link where}: this tensor is the condition. */
    where(a: Parameters<typeof elementwise.where>[1], b: Parameters<typeof elementwise.where>[2]): Tensor;
    /** Shape, dtype and values. */
    toString(): string;
  }
}

const define = (name: string | symbol, value: unknown): void => {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
};

for (const [name, op] of Object.entries(methods) as [string, (x: Tensor, ...rest: unknown[]) => unknown][]) {
  define(name, function (this: Tensor, ...rest: unknown[]): unknown {
    return op(this, ...rest);
  });
}
Object.defineProperty(Tensor.prototype, 'T', {
  get(this: Tensor): Tensor {
    return movement.permute(
      this,
      this.shape.map((_, axis) => this.rank - 1 - axis),
    );
  },
  configurable: true,
});
define('backward', function (this: Tensor, gradient?: Tensor, options?: BackwardOptions): void {
  backward(this, gradient, options);
});
define('detach', function (this: Tensor): Tensor {
  return elementwise.stopGradient(this);
});
define('registerHook', function (this: Tensor, hook: TensorHook): Handle {
  return registerHook(this, hook);
});
define('registerPostAccumulateGradHook', function (this: Tensor, hook: PostAccumulateGradHook): Handle {
  return registerPostAccumulateGradHook(this, hook);
});
define('retainGrad', function (this: Tensor): Tensor {
  return retainGrad(this);
});
define('assign', function (this: Tensor, value: Parameters<typeof inPlace.assign>[1]): Tensor {
  return inPlace.assign(this, value);
});
define('cast', function (this: Tensor, dtype: DType): Tensor {
  return cast(this, checkDType('cast', dtype));
});
define('requireGrad', function (this: Tensor): Tensor {
  return this.requiresGrad ? this : makeLeaf('requireGrad', this);
});
define('where', function (this: Tensor, a: Tensor, b: Tensor): Tensor {
  return elementwise.where(this, a, b);
});
define('toString', function (this: Tensor): string {
  return format(this);
});
define(Symbol.for('nodejs.util.inspect.custom'), function (this: Tensor): string {
  return format(this);
});
