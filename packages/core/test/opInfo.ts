/**
 * @file The test row of every op, joined to the ops by the type checker: an op without a row does not compile, nor does
 * an op that takes options and whose row does not show how.
 */
import * as custom from '../src/ops/custom.js';
import * as define from '../src/ops/define.js';
import * as distance from '../src/ops/distance.js';
import * as elementwise from '../src/ops/elementwise.js';
import * as indexing from '../src/ops/indexing.js';
import * as inPlace from '../src/ops/inPlace.js';
import * as linalg from '../src/ops/linalg.js';
import * as movement from '../src/ops/movement.js';
import * as order from '../src/ops/order.js';
import * as reduce from '../src/ops/reduce.js';
import * as rows from '../src/ops/rows.js';
import { elementwise as elementwiseRows } from './opInfo/elementwise.js';
import { indexing as indexingRows, order as orderRows } from './opInfo/indexing.js';
import { definition, distance as distanceRows, linalg as linalgRows } from './opInfo/linalg.js';
import { movement as movementRows } from './opInfo/movement.js';
import { reduce as reduceRows, rows as rowsRows } from './opInfo/reduce.js';
import type { OpInfo } from './opInfo/row.js';

/** The files of ops. */
export const modules = {
  custom,
  define,
  distance,
  elementwise,
  inPlace,
  indexing,
  linalg,
  movement,
  order,
  reduce,
  rows,
};

type Intersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;
type Exports = Intersection<(typeof modules)[keyof typeof modules]>;

/** What ops/ exports besides ops. */
export const NOT_OPS = [
  // Makers and checks of ops/define.ts.
  'unify',
  'operand',
  'unary',
  'binary',
  'binaryOf',
  'predicate',
  'comparison',
  'tensorOperand',
  'markWeak',
  'numberAs',
  'zeroVjp',
  // Not functions of tensors alone: engine.test.ts has their tests.
  'defineOp',
  'defineHostOp',
  'onceDifferentiable',
  'hostVector',
  'assign',
  'hostScalar',
] as const satisfies readonly (keyof Exports)[];

export type OpName = Exclude<keyof Exports, (typeof NOT_OPS)[number]>;

type Last<A extends readonly unknown[]> = Required<A> extends readonly [...unknown[], infer L] ? L : never;

/** Whether the last parameter is a bag of optional settings. */
type TakesOptions<F> = F extends (...args: infer A) => unknown
  ? [Last<A>] extends [never]
    ? false
    : [Last<A>] extends [object]
      ? Record<never, never> extends Last<A>
        ? true
        : false
      : false
  : false;

type RowOf<F> =
  TakesOptions<F> extends true
    ? OpInfo & { readonly options: (options: never) => unknown }
    : OpInfo & { readonly options?: never };

export const opInfo = {
  ...definition,
  ...distanceRows,
  ...elementwiseRows,
  ...indexingRows,
  ...linalgRows,
  ...movementRows,
  ...orderRows,
  ...reduceRows,
  ...rowsRows,
} satisfies { readonly [Name in OpName]: RowOf<Exports[Name]> };
