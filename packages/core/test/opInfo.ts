/**
 * @file The test row of every op, joined to the ops by the type checker: an op without a row does not compile, nor does
 * an op that takes options and whose row does not show how.
 */

import * as attention from '../src/neural/attention.js';
import * as convolution from '../src/neural/convolution.js';
import * as dropout from '../src/neural/dropout.js';
import * as embedding from '../src/neural/embedding.js';
import * as normalisation from '../src/neural/normalisation.js';
import * as pooling from '../src/neural/pooling.js';
import * as activations from '../src/ops/activations.js';
import * as advancedIndexing from '../src/ops/advancedIndexing.js';
import * as custom from '../src/ops/custom.js';
import * as define from '../src/ops/define.js';
import * as distance from '../src/ops/distance.js';
import * as einsum from '../src/ops/einsum.js';
import * as elementwise from '../src/ops/elementwise.js';
import * as factorisation from '../src/ops/factorisation.js';
import * as indexing from '../src/ops/indexing.js';
import * as inPlace from '../src/ops/inPlace.js';
import * as linalg from '../src/ops/linalg.js';
import * as movement from '../src/ops/movement.js';
import * as order from '../src/ops/order.js';
import * as reduce from '../src/ops/reduce.js';
import * as rows from '../src/ops/rows.js';
import * as scan from '../src/ops/scan.js';
import * as scatter from '../src/ops/scatter.js';
import * as special from '../src/ops/special.js';
import * as trigonometric from '../src/ops/trigonometric.js';
import { activations as activationsRows } from './opInfo/activations.js';
import { advancedIndexing as advancedIndexingRows } from './opInfo/advancedIndexing.js';
import { einsum as einsumRows } from './opInfo/einsum.js';
import { elementwise as elementwiseRows } from './opInfo/elementwise.js';
import { factorisation as factorisationRows } from './opInfo/factorisation.js';
import { indexing as indexingRows, order as orderRows } from './opInfo/indexing.js';
import { definition, distance as distanceRows, linalg as linalgRows } from './opInfo/linalg.js';
import { movement as movementRows } from './opInfo/movement.js';
import { neural as neuralRows } from './opInfo/neural.js';
import { orderStatistics } from './opInfo/orderStatistics.js';
import { reduce as reduceRows, rows as rowsRows } from './opInfo/reduce.js';
import type { OpInfo } from './opInfo/row.js';
import { rowDistance } from './opInfo/rowDistance.js';
import { scan as scanRows } from './opInfo/scan.js';
import { scatter as scatterRows } from './opInfo/scatter.js';
import { special as specialRows } from './opInfo/special.js';
import { trigonometric as trigonometricRows } from './opInfo/trigonometric.js';
import { convolution as convolutionRows, pooling as poolingRows } from './opInfo/windows.js';

/** The files of ops. */
export const modules = {
  advancedIndexing,
  attention,
  convolution,
  dropout,
  embedding,
  normalisation,
  pooling,
  activations,
  custom,
  define,
  distance,
  einsum,
  elementwise,
  factorisation,
  inPlace,
  indexing,
  linalg,
  movement,
  order,
  reduce,
  rows,
  scan,
  scatter,
  special,
  trigonometric,
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
  'workingDType',
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
  ...advancedIndexingRows,
  ...convolutionRows,
  ...activationsRows,
  ...definition,
  ...distanceRows,
  ...einsumRows,
  ...elementwiseRows,
  ...factorisationRows,
  ...indexingRows,
  ...linalgRows,
  ...movementRows,
  ...neuralRows,
  ...poolingRows,
  ...orderRows,
  ...orderStatistics,
  ...reduceRows,
  ...rowDistance,
  ...rowsRows,
  ...scanRows,
  ...scatterRows,
  ...specialRows,
  ...trigonometricRows,
} satisfies { readonly [Name in OpName]: RowOf<Exports[Name]> };
