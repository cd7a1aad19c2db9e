/** @file Graph nodes and op rows: what one op is, and what the graph remembers of one call of it. */
import type { DType } from '../dtype.js';
import type { Shape } from '../shape.js';
import { state } from '../state.js';
import type { Home } from '../storage.js';
import type { Tensor } from '../tensor.js';

/** What a vjp may read. Inputs and output are there only if the row `saves` them. */
export interface Saved<A> {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Shapes of all inputs. */
  readonly shapes: readonly Shape[];
  readonly attributes: A;
}

/**
 * The vector-Jacobian product for one input: the cotangent of the output in, the cotangent of that input out, written
 * with public ops so that it can be differentiated again. It may return any shape that broadcasting would have made
 * from the input's; the engine sums it back.
 */
export type Vjp<A> = (g: Tensor, saved: Saved<A>, input: number) => Tensor;

/** One differentiable operation, as it is written. */
export interface OpRow<A> {
  readonly name: string;
  /** The output's shape, from the inputs' shapes and the attributes alone; by default that to which all inputs broadcast. */
  readonly shape?: ((shapes: readonly Shape[], attributes: A) => Shape) | undefined;
  /** The output's dtype; that of input 0 by default. */
  readonly dtype?: ((dtypes: readonly DType[], attributes: A) => DType) | undefined;
  /** Emits kernel calls that fill `y`. */
  readonly run?: ((home: Home, y: Tensor, inputs: readonly Tensor[], attributes: A) => void) | undefined;
  /** Instead of `run`: strides and offset of a view of input 0. */
  readonly view?: ((x: Tensor, attributes: A) => { strides: readonly number[]; offset: number }) | undefined;
  /** What the vjps read, and what version checks therefore watch. */
  readonly saves?: { readonly inputs?: readonly number[]; readonly output?: true } | undefined;
  /** One function per input, `null` where the derivative is 0 or undefined. The last serves all further inputs. */
  readonly vjp?: readonly (Vjp<A> | null)[] | undefined;
}

/** A row as the engine reads it: all rows are laid out alike, or each read of a field would have to look for it. */
export class Op<A> {
  readonly name: string;
  readonly shape: OpRow<A>['shape'];
  readonly dtype: OpRow<A>['dtype'];
  readonly run: OpRow<A>['run'];
  readonly view: OpRow<A>['view'];
  readonly saves: OpRow<A>['saves'];
  readonly savedInputs: readonly number[];
  readonly savesOutput: boolean;
  readonly vjp: OpRow<A>['vjp'];

  constructor(row: OpRow<A>) {
    this.name = row.name;
    this.shape = row.shape;
    this.dtype = row.dtype;
    this.run = row.run;
    this.view = row.view;
    this.saves = row.saves;
    this.savedInputs = row.saves?.inputs ?? [];
    this.savesOutput = row.saves?.output === true;
    this.vjp = row.vjp;
  }
}

/** An op with its attribute type forgotten, as the graph stores it. */
export type AnyOp = Op<never>;

/** One recorded call, or a leaf. It is what its own vjps are given: nothing else remembers the call. */
export class Node implements Saved<unknown> {
  /** Creation number. Inputs are older than what is made from them, so falling numbers are a reverse order. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Set on leaves: the tensor whose `.grad` collects. */
  readonly leaf: Tensor | undefined;
  readonly op: AnyOp | undefined;
  /** Nodes of the inputs, `undefined` where no gradient is wanted. */
  readonly edges: readonly (Node | undefined)[];
  /** Shapes of the inputs, for the vjps. */
  readonly shapes: readonly Shape[];
  /** Dropped, as what the op saves is, when the graph is freed. */
  attributes: unknown;
  /** What the op saves. */
  inputs: readonly Tensor[];
  output: Tensor;
  /** Versions of the saved inputs' storages, then of the output's, at recording. */
  readonly versions: readonly number[];
  isFreed: boolean;
  /** The cotangent that has been collected so far, in the pass that runs. */
  cotangent: Tensor | undefined;
  /** Whether `cotangent` is a sum that this pass has made, and may add to. */
  isSum: boolean;
  /** The pass that `cotangent` belongs to. */
  pass: object | undefined;

  constructor(
    y: Tensor,
    op: AnyOp | undefined,
    edges: readonly (Node | undefined)[],
    shapes: readonly Shape[],
    attributes: unknown,
    inputs: readonly Tensor[],
    output: Tensor | undefined,
    versions: readonly number[],
  ) {
    this.id = state.nextNode++;
    this.shape = y.shape;
    this.dtype = y.dtype;
    this.leaf = op === undefined ? y : undefined;
    this.op = op;
    this.edges = edges;
    this.shapes = shapes;
    this.attributes = attributes;
    this.inputs = inputs;
    // An op reads its output only if it saves it.
    this.output = output as Tensor;
    this.versions = versions;
    this.isFreed = false;
    this.cotangent = undefined;
    this.isSum = false;
    this.pass = undefined;
  }
}
