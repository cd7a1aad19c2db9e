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

/** One differentiable operation. */
export interface OpRow<A> {
  readonly name: string;
  /** The output's shape, from the inputs' shapes and the attributes alone; by default that to which all inputs broadcast. */
  readonly shape?: (shapes: readonly Shape[], attributes: A) => Shape;
  /** The output's dtype; that of input 0 by default. */
  readonly dtype?: (dtypes: readonly DType[], attributes: A) => DType;
  /** Emits kernel calls that fill `y`. */
  readonly run?: (home: Home, y: Tensor, inputs: readonly Tensor[], attributes: A) => void;
  /** Instead of `run`: strides and offset of a view of input 0. */
  readonly view?: (x: Tensor, attributes: A) => { strides: readonly number[]; offset: number };
  /** What the vjps read, and what version checks therefore watch. */
  readonly saves?: { readonly inputs?: readonly number[]; readonly output?: true };
  /** One function per input, `null` where the derivative is 0 or undefined. The last serves all further inputs. */
  readonly vjp?: readonly (Vjp<A> | null)[];
}

/** A row with its attribute type forgotten, as the graph stores it. */
export type AnyRow = OpRow<never>;

/** One recorded call, or a leaf. It is what its own vjps are given: nothing else remembers the call. */
export class Node implements Saved<unknown> {
  /** Creation number. Inputs are older than what is made from them, so falling numbers are a reverse order. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Set on leaves: the tensor whose `.grad` collects. */
  readonly leaf: Tensor | undefined;
  readonly row: AnyRow | undefined;
  /** Nodes of the inputs, `undefined` where no gradient is wanted. */
  readonly edges: readonly (Node | undefined)[];
  /** Shapes of the inputs, for the vjps. */
  readonly shapes: readonly Shape[];
  /** Dropped, as what the row saves is, when the graph is freed. */
  attributes: unknown;
  /** What the row saves. */
  inputs: readonly Tensor[];
  output: Tensor;
  /** Versions of the saved inputs' storages, then of the output's, at recording. */
  readonly versions: readonly number[];
  isFreed: boolean;
  /** The cotangent that has been collected so far, in the pass that runs. */
  cotangent: Tensor | undefined;
  /** The pass that `cotangent` belongs to. */
  pass: object | undefined;

  constructor(
    y: Tensor,
    row: AnyRow | undefined,
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
    this.leaf = row === undefined ? y : undefined;
    this.row = row;
    this.edges = edges;
    this.shapes = shapes;
    this.attributes = attributes;
    this.inputs = inputs;
    // A row reads its output only if it saves it.
    this.output = output as Tensor;
    this.versions = versions;
    this.isFreed = false;
    this.cotangent = undefined;
    this.pass = undefined;
  }
}
