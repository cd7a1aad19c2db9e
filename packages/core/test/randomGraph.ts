/**
 * @file Random expression graphs over float64 leaves, for graphFuzz.test.ts. Every differentiable op of the table comes up
 * by itself: elementwise ones on values that broadcast, sampled ones by their `random` calls. `ON_ONE` and its like are
 * the ops that take whatever shapes the graph has.
 */
import type { DType } from '../src/dtype.js';
import * as core from '../src/index.js';
import type { Tensor } from '../src/tensor.js';
import { build, tensorOf } from './grid.js';
import {
  type Domain,
  drawn,
  type Elementwise,
  hasDerivative,
  type Input,
  maybe,
  type OpInfo,
  type Random,
  randomOf,
  real,
  type Sampled,
  shuffled,
  someAxes,
} from './opInfo/row.js';
import { opInfo } from './opInfo.js';

/** One statement: it reads values made before and makes some. */
export interface Step {
  /** The op of the library that it calls; none where it brings a value into a domain or a shape. */
  readonly op: string | undefined;
  /** As code, without the names of what it makes. */
  readonly code: string;
  readonly run: (values: readonly Tensor[]) => readonly Tensor[];
}

/** Leaves, statements, and which of the values are results. */
export interface Graph {
  readonly leaves: readonly Tensor[];
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
  /** How many statements were left out because they made numbers that are not finite. */
  readonly refused: number;
}

/** The results of a graph for given leaves. */
export function evaluate({ steps, outputs }: Graph, leaves: readonly Tensor[]): Tensor[] {
  const values = [...leaves];
  for (const step of steps) values.push(...step.run(values));
  return outputs.map((i) => values[i]);
}

/** A graph as code, with the names of this file and of its imports. */
export function codeOf({ leaves, steps, outputs }: Graph): string {
  let made = leaves.length;
  const values = [...leaves];
  const lines = steps.map(({ code, run }) => {
    const results = run(values);
    values.push(...results);
    const names = results.map(() => `v${made++}`);
    const comment = results.map(({ shape }) => `[${shape}]`).join(', ');
    return `  const ${names.length === 1 ? names[0] : `[${names.join(', ')}]`} = ${code}; // ${comment}`;
  });
  return [
    ...leaves.map((leaf, i) => `const v${i} = ${literal(leaf)};`),
    `const f = (${leaves.map((_, i) => `v${i}`).join(', ')}) => {`,
    ...lines,
    `  return [${outputs.map((i) => `v${i}`).join(', ')}];`,
    '};',
  ].join('\n');
}

function literal(t: Tensor): string {
  return `tensor([${t.toTypedArray().join(', ')}], { dtype: '${t.dtype}', shape: [${t.shape}] })`;
}

/** Values with more elements are not made. */
const MOST_ELEMENTS = 36;
/** Larger numbers are scaled down, so that chains of products stay finite. */
const LARGEST = 4;

/** Numbers of any size brought into an interval, well inside its ends. */
function within(x: Tensor, low: number, high: number): Tensor {
  const around = core.mul(core.tanh(x), 0.3 * (high - low));
  return low === -high ? around : core.add(around, (low + high) / 2);
}

/** The elements of a tensor, repeated or cut to fill another shape. */
function fitted(x: Tensor, shape: readonly number[]): Tensor {
  const size = sizeOf(shape);
  if (size === x.size) return core.reshape(x, shape);
  if (size < x.size) return core.reshape(core.slice(core.flatten(x), [0, size]), shape);
  const times = Math.ceil(size / x.size);
  return core.reshape(core.slice(core.tile(core.flatten(x), times), [0, size]), shape);
}

/** Numbers no two of which are close, moved a little by a tensor. */
function apartBy(x: Tensor, seed: string): Tensor {
  const apart = drawn({ shape: x.shape, kind: 'apart', domain: [] }, 'float64', seed);
  return core.add(core.mul(core.tanh(x), 0.02), tensorOf(apart));
}

/** A matrix or a stack of them, far from singular: a aᵀ + n I of numbers between −1 and 1. */
function definite(x: Tensor): Tensor {
  const a = core.tanh(x);
  const n = x.shape[x.rank - 1];
  return core.add(core.matmul(a, core.transpose(a)), core.mul(core.eye(n, n, { dtype: 'float64' }), n));
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

type Draw = (random: Random, ...shapes: (readonly number[])[]) => readonly unknown[] | undefined;

const anyAxis: Draw = (random, shape) =>
  shape.length === 0 ? undefined : [maybe(random, { axis: random.axis(shape.length) })];
const anyAxes: Draw = (random, { length }) => [
  maybe(random, { axis: someAxes(random, length), keepDims: random.pick([true, false]) }),
];
const nonEmptyAxes: Draw = (random, shape) => (shape.includes(0) ? undefined : anyAxes(random, shape));
const nothingMore: Draw = () => [];
const matrices: Draw = (_, shape) => (shape.length < 2 ? undefined : []);
/** Large, so that what is constant bends no sharper than the rest. */
const NORMALISED = { epsilon: 0.5 };

/** Ops of one tensor, by name, with their further arguments for a shape, or undefined where they do not take it. */
const ON_ONE: Readonly<Record<string, Draw>> = {
  sum: anyAxes,
  mean: nonEmptyAxes,
  prod: nonEmptyAxes,
  logSumExp: nonEmptyAxes,
  softmax: anyAxis,
  logSoftmax: anyAxis,
  cumsum: anyAxis,
  cumprod: anyAxis,
  variance: (random, shape) =>
    shape.includes(0)
      ? undefined
      : [{ correction: 0, ...maybe(random, { axis: someAxes(random, shape.length) }) }],
  layerNorm: (random, shape) => {
    const last = shape.slice(random.integer(0, shape.length - 1));
    return last.length === 0 || last.includes(0) ? undefined : [last, NORMALISED];
  },
  groupNorm: (random, shape) =>
    shape.length < 2 || shape.slice(1).includes(0) ? undefined : [random.pick([1, shape[1]]), NORMALISED],
  instanceNorm: (_, shape) => (shape.length < 2 || shape.slice(1).includes(0) ? undefined : [NORMALISED]),
  batchNorm: (_, [examples, channels, ...rest]) =>
    channels !== undefined && sizeOf([examples, ...rest]) > 1
      ? [{ training: true, ...NORMALISED }]
      : undefined,
  unfold: (random, { length }) =>
    length === 2 || length === 3 ? [[random.integer(1, 2)], { padding: random.integer(1, 2) }] : undefined,
  avgPool1d: (random, shape) =>
    (shape.length === 2 || shape.length === 3) && shape.at(-1) !== 0
      ? [random.integer(2, 3), { stride: random.integer(1, 2), padding: 1 }]
      : undefined,
  flip: (random, { length }) => [maybe(random, { axis: someAxes(random, length) })],
  permute: (random, shape) => [shuffled(random, [...shape.keys()])],
  transpose: matrices,
  diagonal: matrices,
  tril: matrices,
  triu: matrices,
  trace: matrices,
  flatten: nothingMore,
  squeeze: nothingMore,
  clone: nothingMore,
  unsqueeze: (random, { length }) => [random.axis(length + 1)],
  expand: (random, shape) => [
    [random.integer(1, 3), ...shape.map((extent) => (extent === 1 ? random.integer(1, 3) : extent))],
  ],
  reshape: (random, shape) => [shuffled(random, shape)],
  roll: (random) => [random.integer(-3, 3)],
  repeat: (random) => [random.integer(1, 2)],
  tile: (random) => [random.integer(1, 2)],
  pad: (random, shape) => [shape.map(() => [random.integer(0, 1), random.integer(0, 1)])],
  slice: (random, shape) =>
    shape.map(() => random.pick([null, [0, 2], [-2, null], [null, null, -1], [null, null, 2]])),
  select: (random, shape) => {
    const axis = shape.findIndex((extent) => extent > 0);
    return axis < 0 ? undefined : [axis, random.axis(shape[axis])];
  },
  indexSelect: (random, shape) =>
    shape.length === 0 || shape[0] === 0
      ? undefined
      : [0, [0, 1, 2].map(() => random.integer(0, shape[0] - 1))],
  take: (random, shape) =>
    sizeOf(shape) === 0 ? undefined : [[0, 1, 2].map(() => random.integer(0, sizeOf(shape) - 1))],
  index: (random, shape) =>
    shape.map((extent) =>
      extent === 0
        ? null
        : random.pick([null, random.axis(extent), { step: -1 }, [random.axis(extent), random.axis(extent)]]),
    ),
};

/** Ops of a matrix, or a stack of them, that is far from singular. */
const ON_DEFINITE: Readonly<Record<string, (a: Tensor) => Tensor>> = {
  cholesky: core.cholesky,
  inverse: core.inverse,
  det: core.det,
  logdet: core.logdet,
  slogdet: (a) => core.slogdet(a).logAbsDet,
};

/** Equations with such a matrix. */
const ON_EQUATIONS: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  solve: core.solve,
  solveTriangular: core.solveTriangular,
};

/** Ops of two tensors, by name, with their further arguments for two shapes, or undefined where those do not fit. */
const ON_TWO: Readonly<Record<string, Draw>> = {
  matmul: (_, a, b) => {
    const fits = a.length > 0 && b.length > 0 && a[a.length - 1] === b[Math.max(0, b.length - 2)];
    return fits && broadcast(a.slice(0, -2), b.slice(0, -2)) !== undefined ? [] : undefined;
  },
  squaredCdist: (_, a, b) => {
    const fits = a.length > 1 && b.length > 1 && a[a.length - 1] === b[b.length - 1];
    return fits && broadcast(a.slice(0, -2), b.slice(0, -2)) !== undefined ? [] : undefined;
  },
  linear: (_, x, weight) =>
    x.length > 0 && weight.length === 2 && x[x.length - 1] === weight[1] ? [] : undefined,
  bmm: (_, a, b) => (a.length === 3 && b.length === 3 && a[0] === b[0] && a[2] === b[1] ? [] : undefined),
  dot: (_, a, b) => (a.length === 1 && b.length === 1 && a[0] === b[0] ? [] : undefined),
  conv1d: (_, x, weight) => {
    const fits = (x.length === 2 || x.length === 3) && weight.length === 3 && x[x.length - 2] === weight[1];
    return fits && weight[2] > 0 && weight[2] <= x[x.length - 1] + 2
      ? [undefined, { padding: 1, stride: 2 }]
      : undefined;
  },
  outer: (_, a, b) => (a.length === 1 && b.length === 1 ? [] : undefined),
};

/** Ops of lists of tensors of one shape. */
const ON_LISTS: Readonly<Record<string, Draw>> = {
  stack: (random, shape) => [maybe(random, { axis: random.axis(shape.length + 1) })],
  concat: anyAxis,
};

/** The shape that shapes broadcast to, or undefined. */
function broadcast(...shapes: (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const full: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const extents = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1).filter((e) => e !== 1);
    if (new Set(extents).size > 1) return undefined;
    full.push(extents[0] ?? 1);
  }
  return full;
}

type Named = readonly [name: string, row: OpInfo];

/** The ops that graphs are made of: all that have a derivative. */
export const ROWS: readonly Named[] = Object.entries(opInfo as Record<string, OpInfo>).filter(([, row]) =>
  hasDerivative(row),
);
const ELEMENTWISE = ROWS.filter((named): named is [string, Elementwise] => named[1].kind === 'elementwise');
const SAMPLED = ROWS.filter((named): named is [string, Sampled] => named[1].kind === 'sampled');

/** The random calls of a sampled op that graphs hold: this many seeds. */
const SAMPLE_SEEDS = 500;

/** What a graph under construction knows: values for its own leaves, who reads them, and statements. */
export class Draft {
  readonly random: Random;
  readonly leaves: readonly Tensor[];
  readonly values: Tensor[];
  readonly steps: Step[] = [];
  refused = 0;
  private readonly unread: Set<number>;

  constructor(random: Random, leaves: readonly Tensor[]) {
    this.random = random;
    this.leaves = leaves;
    this.values = [...leaves];
    this.unread = new Set(leaves.keys());
  }

  /** The values that nothing reads: more than one, now and then. */
  get outputs(): number[] {
    return [...this.unread].filter((i) => i >= this.leaves.length || this.steps.length === 0);
  }

  /** A value that an op may read, more often one that nothing has read and one that is young. */
  pick(accept: (value: Tensor) => boolean = () => true): number | undefined {
    const all = this.values.flatMap((value, i) => (accept(value) ? [i] : []));
    if (all.length === 0) return undefined;
    const unread = all.filter((i) => this.unread.has(i));
    if (unread.length > 0 && this.random.integer(0, 2) > 0) return this.random.pick(unread);
    return this.random.pick(this.random.integer(0, 1) === 0 ? all.slice(-4) : all);
  }

  /** Takes a statement if what it makes is small and finite; says where its values are. */
  push(
    op: string | undefined,
    code: string,
    inputs: readonly number[],
    run: Step['run'],
  ): number[] | undefined {
    const made = run(this.values);
    if (made.length === 0 || made.some((t) => t.size > MOST_ELEMENTS)) return undefined;
    if (!made.every((t) => t.toTypedArray().every(Number.isFinite))) {
      this.refused++;
      return undefined;
    }
    this.steps.push({ op, code, run });
    for (const i of inputs) this.unread.delete(i);
    const places = made.map((t) => this.values.push(t) - 1);
    for (const i of places) this.unread.add(i);
    return places.map((i) => this.tamed(i));
  }

  /** The value itself, or where its numbers have grown large, in proportion. */
  private tamed(i: number): number {
    const largest = Math.max(0, ...this.values[i].toTypedArray().map(Math.abs));
    if (largest <= LARGEST) return i;
    const scale = 2 ** -Math.ceil(Math.log2(largest));
    return this.only(undefined, `core.mul(v${i}, ${scale})`, [i], (v) => core.mul(v[i], scale)) as number;
  }

  /** A statement that makes one value. */
  only(
    op: string | undefined,
    code: string,
    inputs: readonly number[],
    run: (values: readonly Tensor[]) => Tensor,
  ): number | undefined {
    return this.push(op, code, inputs, (values) => [run(values)])?.[0];
  }

  /** A call of an op by name. */
  call(name: string, inputs: readonly number[], further: readonly unknown[], asList = false): void {
    const op = (core as unknown as Record<string, (...args: unknown[]) => Tensor>)[name];
    const names = inputs.map((i) => `v${i}`).join(', ');
    const code = [asList ? `[${names}]` : names, ...further.map((arg) => `${JSON.stringify(arg)}`)].join(
      ', ',
    );
    this.only(name, `core.${name}(${code})`, inputs, (v) => {
      const given = inputs.map((i) => v[i]);
      return asList ? op(given, ...further) : op(...given, ...further);
    });
  }

  /** A value brought into a domain, unless it lies there. */
  inside(i: number, domain: Domain): number {
    const numbers = this.values[i].toTypedArray();
    const lies = numbers.every((x) => domain.some(([low, high]) => low + 0.1 <= x && x <= high - 0.1));
    if (lies && this.random.integer(0, 3) > 0) return i;
    const [low, high] = this.random.pick(domain);
    return this.only(undefined, `within(v${i}, ${low}, ${high})`, [i], (v) =>
      within(v[i], low, high),
    ) as number;
  }

  /** A value of the shape and domain that an operand of a sample must have. */
  operand({ shape, kind, domain }: Input, seed: string): number | undefined {
    const same = this.pick((t) => sizeOf(t.shape) === sizeOf(shape) && `${t.shape}` === `${shape}`);
    const source = same ?? this.pick((t) => t.size > 0 || sizeOf(shape) === 0);
    if (source === undefined) return undefined;
    const i =
      same ??
      this.only(undefined, `fitted(v${source}, [${shape}])`, [source], (v) => fitted(v[source], shape));
    if (i === undefined) return undefined;
    if (kind === 'real') return this.inside(i, domain);
    return this.only(undefined, `apartBy(v${i}, '${seed}')`, [i], (v) => apartBy(v[i], seed));
  }
}

/** An elementwise op of the table on values that broadcast. */
function drawElementwise(draft: Draft): void {
  const { random } = draft;
  const [name, row] = random.pick(ELEMENTWISE);
  const shapes: (readonly number[])[] = [];
  const operands = row.operands.map((domain) => {
    const i = draft.pick(({ shape }) => sizeOf(broadcast(shape, ...shapes) ?? [Infinity]) <= MOST_ELEMENTS);
    if (i === undefined) return undefined;
    shapes.push(draft.values[i].shape);
    return domain === 'bool' ? `${i}` : draft.inside(i, domain);
  });
  if (operands.includes(undefined)) return;
  const op = row.call ?? (core as unknown as Record<string, (...x: Tensor[]) => Tensor>)[name];
  // A condition is fixed numbers in the shape of a value.
  const conditions = new Map(
    operands.flatMap((i, k) =>
      typeof i === 'string'
        ? [[k, conditionFor(draft.values[Number(i)].shape, random.integer(0, 1))] as const]
        : [],
    ),
  );
  const codes = operands.map((i, k) =>
    typeof i === 'string' ? literal(conditions.get(k) as Tensor) : `v${i}`,
  );
  const reals = operands.filter((i): i is number => typeof i === 'number');
  const callee = row.call === undefined ? `core.${name}` : `opInfo.${name}.call`;
  draft.only(name, `${callee}(${codes.join(', ')})`, reals, (v) =>
    op(...operands.map((i, k) => conditions.get(k) ?? v[i as number])),
  );
}

function conditionFor(shape: readonly number[], first: number): Tensor {
  return tensorOf(
    build(shape, (index) => index.reduce((sum, i) => sum + i, first) % 2),
    'bool',
  );
}

/** A sampled op of the table in one of its random calls, on values brought into its shapes. */
function drawSampled(draft: Draft): void {
  const { random } = draft;
  const [name, row] = random.pick(SAMPLED);
  const seed = `${name} in graphs ${random.integer(0, SAMPLE_SEEDS - 1)}`;
  const { inputs, call, title } = row.random(randomOf(seed));
  const large = inputs.some(({ shape }) => sizeOf(shape) > MOST_ELEMENTS);
  const empty = inputs.some(({ shape }) => sizeOf(shape) === 0);
  if (large || (empty && random.integer(0, 7) > 0)) return;
  const operands = inputs.map((input, k) => {
    if (input.kind === 'real' || input.kind === 'apart') return draft.operand(input, `${seed} ${k}`);
    return tensorOf(drawn(input, 'float64', `${seed} ${k}`), input.kind as DType);
  });
  const places = operands.filter((operand): operand is number => typeof operand === 'number');
  // Of positions and conditions alone it would depend on no leaf.
  if (operands.includes(undefined) || places.length === 0) return;
  const codes = operands.map((operand) =>
    typeof operand === 'number' ? `v${operand}` : literal(operand as Tensor),
  );
  draft.push(
    name,
    `opInfo.${name}.random(randomOf('${seed}')).call(${codes.join(', ')}) /* ${title} */`,
    places,
    (v) => {
      const made = call(
        ...operands.map((operand) => (typeof operand === 'number' ? v[operand] : (operand as Tensor))),
      );
      return (Array.isArray(made) ? made : [made]).filter((t: Tensor) => t.dtype === 'float64');
    },
  );
}

function drawOnOne(draft: Draft): void {
  const [name, draw] = draft.random.pick(Object.entries(ON_ONE));
  const i = draft.pick() as number;
  const further = draw(draft.random, draft.values[i].shape);
  if (further !== undefined) draft.call(name, [i], further);
}

function drawOnTwo(draft: Draft): void {
  const [name, draw] = draft.random.pick(Object.entries(ON_TWO));
  const i = draft.pick() as number;
  const a = draft.values[i].shape;
  const j = draft.pick(({ shape }) => draw(draft.random, a, shape) !== undefined);
  if (j === undefined) return;
  draft.call(name, [i, j], draw(draft.random, a, draft.values[j].shape) as readonly unknown[]);
}

/** A value made a matrix that is far from singular, and an op of it, or of it and a right-hand side. */
function drawOnDefinite(draft: Draft): void {
  const { random } = draft;
  const source = draft.pick(({ shape }) => shape.length > 1 && shape.at(-1) === shape.at(-2));
  const square = source ?? draft.operand(real([2, 2]), '');
  if (square === undefined) return;
  const a = draft.only(undefined, `definite(v${square})`, [square], (v) => definite(v[square]));
  if (a === undefined) return;
  if (random.integer(0, 1) === 0) {
    const [name, op] = random.pick(Object.entries(ON_DEFINITE));
    draft.only(name, `ON_DEFINITE.${name}(v${a})`, [a], (v) => op(v[a]));
    return;
  }
  const [name, op] = random.pick(Object.entries(ON_EQUATIONS));
  const b = draft.operand(real([draft.values[a].shape.at(-1) as number, random.integer(1, 2)]), '');
  if (b !== undefined) draft.only(name, `core.${name}(v${a}, v${b})`, [a, b], (v) => op(v[a], v[b]));
}

function drawOnList(draft: Draft): void {
  const [name, draw] = draft.random.pick(Object.entries(ON_LISTS));
  const i = draft.pick() as number;
  const { shape } = draft.values[i];
  const same = (t: Tensor): boolean => `${t.shape}` === `${shape}` && t.rank === shape.length;
  const list = Array.from({ length: draft.random.integer(1, 3) }, () => draft.pick(same) as number);
  const further = draw(draft.random, shape);
  if (further !== undefined) draft.call(name, list, further, true);
}

/** How often each kind of statement is tried: about as often as it has ops. */
const KINDS = [
  ...new Array(6).fill(drawElementwise),
  ...new Array(6).fill(drawSampled),
  ...new Array(3).fill(drawOnOne),
  drawOnTwo,
  drawOnDefinite,
  drawOnList,
] as readonly ((draft: Draft) => void)[];

/** Leaves of small shapes, most of which broadcast. Few are scalars: what is made of one number alone is often constant. */
function drawLeaves(random: Random): Tensor[] {
  const small = (extent: number): number => Math.min(extent, 3);
  const full = random.shape(1, 3).map(small);
  return Array.from({ length: random.integer(1, 4) }, (_, i) => {
    const own = full
      .slice(i === 0 ? 0 : random.integer(0, full.length))
      .map((extent) => (i > 0 && random.integer(0, 3) === 0 ? 1 : extent));
    const shape = random.integer(0, 4) === 0 ? random.shape(0, 3).map(small) : own;
    return tensorOf(build(shape, () => random.integer(-1000, 1000) / 500));
  });
}

/** The graph of a seed: 3 to 30 ops, and those that bring values into their domains. `more` is tried often. */
export function drawGraph(seed: number, more: readonly ((draft: Draft) => void)[] = []): Graph {
  const random = randomOf(`graph ${seed}`);
  const leaves = drawLeaves(random);
  const draft = new Draft(random, leaves);
  const kinds = [...KINDS, ...more.flatMap((kind) => [kind, kind, kind])];
  const wanted = random.integer(3, 30);
  for (let tries = 0; draft.steps.length < wanted && tries < 200; tries++) random.pick(kinds)(draft);
  const outputs = shuffled(random, draft.outputs).slice(0, 3);
  return { leaves, steps: draft.steps, outputs, refused: draft.refused };
}
