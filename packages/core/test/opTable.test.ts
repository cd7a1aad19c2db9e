/** @file Everything that can be said of every op, derived from the table of test rows. */
import { describe, expect, it } from '@jest/globals';
import { markLeaf } from '../src/autodiff/apply.js';
import { propagate } from '../src/autodiff/backward.js';
import type { Node } from '../src/autodiff/node.js';
import { scope } from '../src/autodiff/scope.js';
import { capture } from '../src/capture/capture.js';
import type { DType, TypedArray } from '../src/dtype.js';
import * as core from '../src/index.js';
import * as elementwise from '../src/ops/elementwise.js';
import { currentKernels } from '../src/runtime.js';
import { Tensor } from '../src/tensor.js';
import { gradcheck, gradgradcheck } from '../src/testing/index.js';
import {
  atBroadcast,
  build,
  constantAlong,
  expandedAlong,
  type Grid,
  gridOf,
  LAYOUTS,
  laidOut,
  seedOf,
  stream,
  tensorOf,
  ulpOf,
  ulpsBetween,
} from './grid.js';
import {
  type Domain,
  drawn,
  dtypeOf,
  type Elementwise,
  FOLDED,
  type Folds,
  hasDerivative,
  type Input,
  type OpInfo,
  type Random,
  randomOf,
  type Sample,
  type Special,
} from './opInfo/row.js';
import { modules, NOT_OPS, opInfo } from './opInfo.js';
import { thrownBy } from './thrown.js';

/** Set by jest.config.cjs where the checks of float64 alone would repeat those of another run. */
const { float64IsTheSame = false } = globalThis as { float64IsTheSame?: boolean };

const DTYPES: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];

/** Shapes that elementwise ops of one, two and three operands are tried on. */
const SHAPES: Record<number, readonly (readonly (readonly number[])[])[]> = {
  1: [[[]], [[7]], [[2, 3]], [[2, 1, 3]], [[0]], [[2, 0, 3]]],
  2: [
    [[], []],
    [[5], [5]],
    [[2, 3], [3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[], [2, 3]],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [[1], [0, 3]],
    [[2, 0], []],
  ],
  3: [
    [[], [], []],
    [[5], [5], [5]],
    [[2, 3], [3], []],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[], [2, 1], [4, 1, 3]],
    [[0, 3], [3], [1, 1]],
  ],
};

const call = (name: string, row: Elementwise) =>
  row.call ?? (core as unknown as Record<string, (...x: core.TensorLike[]) => Tensor>)[name];

/** A row's calls: its own, or one for each list of shapes. */
function samplesOf(name: string, row: OpInfo): readonly Sample[] {
  if (row.kind === 'sampled') return row.samples;
  const arity = row.operands.length;
  const random = randomOf(`${name} shapes`);
  const wild = Array.from({ length: 2 }, () => broadcasting(random, arity));
  return [...SHAPES[arity], ...wild].map((shapes) => elementwiseSample(name, row, shapes));
}

/** How many random shapes every row is tried on. */
const RANDOM_SHAPES = 20;

/** Calls on random shapes. */
function randomSamplesOf(name: string, row: OpInfo): readonly Sample[] {
  return Array.from({ length: RANDOM_SHAPES }, (_, k): Sample => {
    const random = randomOf(`${name} random ${k}`);
    const sample =
      row.kind === 'sampled'
        ? row.random(random)
        : elementwiseSample(name, row, broadcasting(random, row.operands.length));
    return { ...sample, title: `random ${k}: ${sample.title}` };
  });
}

/** Shapes that broadcast to one, which is that of the first. */
function broadcasting(random: Random, arity: number): number[][] {
  const full = random.shape(1, 4, true);
  return Array.from({ length: arity }, (_, i) =>
    full
      .slice(i === 0 ? 0 : random.integer(0, full.length))
      .map((extent) => (i > 0 && random.integer(0, 2) === 0 ? 1 : extent)),
  );
}

function elementwiseSample(name: string, row: Elementwise, shapes: readonly (readonly number[])[]): Sample {
  return {
    title: shapes.map((shape) => `[${shape}]`).join(', '),
    inputs: shapes.map((shape, i): Input => {
      const domain = row.operands[i];
      return domain === 'bool' ? { shape, kind: 'bool', domain: [[0, 1]] } : { shape, kind: 'real', domain };
    }),
    call: (...x) => call(name, row)(...x),
    value: (...x) => {
      const rank = Math.max(...x.map((grid) => grid.shape.length));
      const shape = Array.from({ length: rank }, (_, axis) => {
        const extents = x.map((grid) => grid.shape[grid.shape.length - rank + axis] ?? 1);
        return extents.find((e) => e !== 1) ?? 1;
      });
      return build(shape, (index) => row.value(...x.map((grid) => atBroadcast(grid, index))));
    },
  };
}

/** The dtype that an elementwise op answers in. */
function resultOf(row: Elementwise, dtype: DType): DType {
  switch (row.result) {
    case 'bool':
      return 'bool';
    case 'float':
      return dtype === 'float64' ? 'float64' : 'float32';
    case 'arithmetic':
      return dtype === 'bool' ? 'int32' : dtype;
    case 'same':
      return dtype;
  }
}

/** Dtypes that the real operands of a row may have, with the result's. */
function dtypesOf(row: OpInfo): readonly (readonly [DType, DType])[] {
  if (row.kind === 'elementwise') return DTYPES.map((dtype) => [dtype, resultOf(row, dtype)] as const);
  return Object.entries(row.results) as (readonly [DType, DType])[];
}

const integersOf = (row: OpInfo, i: number): Domain | undefined =>
  row.kind === 'elementwise' ? row.integers?.[i] : undefined;

/** Values for each operand of a sample. */
function operandsOf(name: string, row: OpInfo, sample: Sample, dtype: DType): Grid[] {
  return sample.inputs.map((input, i) => {
    const domain = integersOf(row, i);
    // bool has no divisor but 1.
    if (dtype === 'bool' && input.kind === 'real' && domain !== undefined && !contains(domain, 0)) {
      return build(input.shape, () => 1);
    }
    return drawn(input, dtype, `${name} ${sample.title} ${i}`, domain);
  });
}

const contains = (domain: Domain, x: number): boolean => domain.some(([low, high]) => low <= x && x <= high);

function list<T>(result: T | readonly T[]): readonly T[] {
  return Array.isArray(result) ? result : [result as T];
}

/** Same numbers, bit for bit, NaN included. */
function expectSameBits(actual: Tensor, expected: Tensor, what: string): void {
  const a = actual.toTypedArray();
  const b = expected.toTypedArray();
  if (a.length !== b.length) throw new Error(`${what}: ${a.length} elements against ${b.length}`);
  for (let i = 0; i < a.length; i++) {
    if (!Object.is(a[i], b[i])) throw new Error(`${what}: element ${i} is ${a[i]}, packed ${b[i]}`);
  }
}

/** Values near those of an oracle: `ulps` units in the last place, of the element or of the largest one. */
function expectNear(actual: Tensor, expected: Grid, ulps: number, perElement: boolean): void {
  expect(actual.shape).toEqual(expected.shape);
  const { data } = gridOf(actual);
  const { dtype } = actual;
  // Terms of order 1 that cancel leave their rounding behind.
  const floor = dtype === 'float32' ? 1 : 0;
  const largest = Math.max(floor, ...expected.data.map(Math.abs).filter(Number.isFinite));
  data.forEach((x, i) => {
    const y = dtype === 'float32' ? Math.fround(expected.data[i]) : expected.data[i];
    if (Object.is(x, y) || x === y) return;
    const off = perElement ? ulpsBetween(x, y, dtype) : Math.abs(x - y) / ulpOf(largest, dtype);
    if (!(off <= ulps))
      throw new Error(`element ${i} is ${x}, the oracle says ${y}: ${off} ULP, ${ulps} allowed`);
  });
}

/** The values of a sample against its oracle; its operands keep theirs. */
function expectValues(name: string, row: OpInfo, sample: Sample, dtype: DType): void {
  const result = new Map(dtypesOf(row)).get(dtype) as DType;
  const grids = operandsOf(name, row, sample, dtype);
  const operands = grids.map((grid, i) => tensorOf(grid, dtypeOf(sample.inputs[i], dtype)));
  const before = snapshot(operands);
  const outputs = list(sample.call(...operands));
  const expected = list(sample.value(...grids));
  expect(outputs).toHaveLength(expected.length);
  outputs.forEach((y, k) => {
    const further = k > 0 && row.kind === 'sampled' ? row.others : undefined;
    expect(y.dtype).toBe(further ?? result);
    const exact = y.dtype === 'int32' || y.dtype === 'bool';
    // JavaScript rounds once. The builds work in float32: a few units for functions (DESIGN's limit is 4), and for sums
    // of products a few units of the largest, whose rounding every term may share.
    const inBuild = y.dtype === 'float32' && currentKernels() !== 'js';
    const twice = row.kind === 'sampled' && row.roundsTwice === true;
    const narrow = inBuild ? (row.buildUlps ?? 4) : twice ? 2 : 1;
    const ulps = exact ? 0 : y.dtype === 'float32' ? narrow : (row.ulps ?? 4);
    const perElement = row.kind === 'elementwise' || (y.dtype === 'float32' && !inBuild && !twice);
    try {
      expectNear(y, expected[k], ulps, perElement);
    } catch (error) {
      (error as Error).message = `${sample.title}: ${(error as Error).message}`;
      throw error;
    }
  });
  expect(snapshot(operands)).toEqual(before);
}

/** First and second derivatives of a sample against differences. */
function expectDerivatives(name: string, row: OpInfo, sample: Sample): void {
  const grids = operandsOf(name, row, sample, 'float64');
  const operands = grids.map((grid, i) => tensorOf(grid, dtypeOf(sample.inputs[i], 'float64')));
  const places = sample.inputs.flatMap((input, i) => (isReal(input) ? [i] : []));
  if (places.length === 0) return;
  // Differences say nothing where a value is infinite.
  if (list(sample.value(...grids)).some(({ data }) => !data.every(Number.isFinite))) return;
  const f = (...reals: Tensor[]): Tensor | readonly Tensor[] =>
    sample.call(...operands.map((t, i) => (places.includes(i) ? reals[places.indexOf(i)] : t)));
  const inputs = places.map((i) => operands[i]);
  const seed = seedOf(`${name} ${sample.title}`) >>> 0;
  try {
    gradcheck(f, inputs, { seed });
    gradgradcheck(f, inputs, { seed });
  } catch (error) {
    (error as Error).message = `${sample.title}: ${(error as Error).message}`;
    throw error;
  }
}

/** A leaf over the same memory. */
function asLeaf(t: Tensor): Tensor {
  return markLeaf('test', new Tensor(t.storage, t.shape, t.strides, t.offset, t.dtype));
}

const isReal = (input: Input): boolean => input.kind === 'real' || input.kind === 'apart';

/** Copies of the cotangents that a pass finds: those of the pass itself end with it. */
function cotangentsOf(
  roots: readonly (readonly [Node, Tensor])[],
  nodes: readonly Node[],
): Map<Node, Tensor> {
  return propagate(
    'test',
    roots,
    false,
    new Set(nodes),
    ({ cotangents }) =>
      new Map(
        [...cotangents].map(([node, g]) => [
          node,
          tensorOf({ shape: g.shape, data: [...g.toTypedArray()] }, g.dtype),
        ]),
      ),
  );
}

/** Runs a sample forward and backward: values, and gradients of the real operands. */
function run(sample: Sample, operands: readonly Tensor[], cotangents: (y: Tensor, k: number) => Tensor) {
  const { outputs, roots, leaves } = forward(sample, operands, cotangents);
  const nodes = leaves.flatMap((leaf) => (leaf.node === undefined ? [] : [leaf.node]));
  const found = cotangentsOf(roots, nodes);
  return { outputs, gradients: leaves.map((leaf) => found.get(leaf.node as Node)) };
}

/** Runs a sample forward: values, the real operands as leaves, and where a pass starts. */
function forward(sample: Sample, operands: readonly Tensor[], cotangents: (y: Tensor, k: number) => Tensor) {
  const leaves = operands.map((t, i) => (isReal(sample.inputs[i]) && isFloat(t.dtype) ? asLeaf(t) : t));
  const outputs = list(sample.call(...leaves));
  const roots = outputs.flatMap((y, k) =>
    y.node === undefined ? [] : [[y.node, cotangents(y, k)] as const],
  );
  return { outputs, roots, leaves };
}

const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64';

/** Numbers of either sign for a cotangent. */
function cotangentFor(name: string): (y: Tensor, k: number) => Tensor {
  return (y, k) => {
    const next = stream(seedOf(`${name} cotangent ${k}`));
    return tensorOf(
      build(y.shape, () => next() * 2 - 1),
      y.dtype,
    );
  };
}

/** A copy of all that the storage of a tensor holds, beyond the tensor's own elements too. */
function elementsOf({ storage }: Tensor): TypedArray {
  return storage.array.slice(storage.base, storage.base + storage.length);
}

/** Bits and version of everything a call might change by mistake. */
function snapshot(operands: readonly Tensor[]): readonly (readonly [TypedArray, number])[] {
  return operands.map((t) => [elementsOf(t), t.storage.version] as const);
}

/** Numbers at which formulas break. */
const NASTY = [0, -0, 1, -1, 0.5, 2, Infinity, -Infinity, Number.NaN, 1e308, -1e308, 5e-324, 710, -710, 40];

describe('the table', () => {
  const exported = Object.values(modules).flatMap((module) => Object.keys(module));
  const ops = exported.filter((name) => !(NOT_OPS as readonly string[]).includes(name));

  it('has a row for every op and no other', () => {
    expect(Object.keys(opInfo).sort()).toEqual(ops.sort());
  });

  it('tries every op on shapes with extents of 0 and of 1', () => {
    const refuseNothing = ['groupNorm', 'instanceNorm'];
    const extents = Object.entries(opInfo as Record<string, OpInfo>).map(([name, row]) => {
      const shapes = randomSamplesOf(name, row).flatMap(({ inputs }) => inputs.map(({ shape }) => shape));
      const extents = refuseNothing.includes(name) ? [1] : [0, 1];
      return { name, missing: extents.filter((extent) => !shapes.flat().includes(extent)) };
    });
    expect(extents.filter(({ missing }) => missing.length > 0)).toEqual([]);
  });

  it('says what each operand of an op with a derivative makes of NaN, the infinities and the zeros', () => {
    const ordinary = (x: number): boolean => Number.isFinite(x) && x !== 0;
    const missing = Object.entries(opInfo as Record<string, OpInfo>).flatMap(([name, row]) => {
      if (row.kind !== 'elementwise' || !hasDerivative(row)) return [];
      const reals = row.operands.flatMap((domain, i) => (domain === 'bool' ? [] : [i]));
      return reals.flatMap((i) =>
        [Number.NaN, Infinity, -Infinity, 0, -0]
          .filter((x) => {
            const shows = ([inputs]: Special): boolean =>
              Object.is(inputs[i], x) && reals.every((k) => k === i || ordinary(inputs[k]));
            return !(row.special ?? []).some(shows);
          })
          .map((x) => `${name}: ${show(x)} as operand ${i}`),
      );
    });
    expect(missing).toEqual([]);
  });

  it('says what every fold, and every function of lines, makes of nothing, NaN and the infinities', () => {
    // Of two tensors.
    const exempt = ['maskedArgmax', 'maskedArgmin'];
    const names = [modules.reduce, modules.rows, modules.scan, modules.order].flatMap(Object.keys);
    const rows = opInfo as Record<string, OpInfo>;
    const silent = names.filter((name) => rows[name].kind === 'sampled' && !('folds' in rows[name]));
    expect(silent).toEqual(exempt);
  });

  it('describes what the package exports', () => {
    const missing = Object.keys(opInfo).filter((name) => !(name in core));
    expect(missing).toEqual([]);
  });
});

/** Ops that move elements and compute nothing. */
const MOVES: readonly string[] = [...Object.keys(modules.movement), 'indexSelect', 'gather', 'stopGradient'];
const PRECIOUS = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE];

describe.each(Object.entries(opInfo as Record<string, OpInfo>))('%s', (name, row) => {
  const samples = samplesOf(name, row);
  const differentiable = hasDerivative(row);

  it.each(dtypesOf(row).map(([dtype]) => dtype))('agrees with its oracle on %s', (dtype) => {
    for (const sample of samples) expectValues(name, row, sample, dtype);
  });

  it(`agrees with its oracle, and with differences, on ${RANDOM_SHAPES} random shapes`, () => {
    for (const sample of randomSamplesOf(name, row)) {
      for (const [dtype] of dtypesOf(row)) expectValues(name, row, sample, dtype);
      if (differentiable && !float64IsTheSame) expectDerivatives(name, row, sample);
    }
  });

  if (MOVES.includes(name)) {
    it('moves NaN, the infinities and −0 as they are', () => {
      for (const sample of samples) {
        const grids = operandsOf(name, row, sample, 'float64').map((grid, k) =>
          isReal(sample.inputs[k]) ? { ...grid, data: grid.data.map((_, i) => PRECIOUS[(i + k) % 7]) } : grid,
        );
        const operands = grids.map((grid, i) => tensorOf(grid, dtypeOf(sample.inputs[i], 'float64')));
        const expected = list(sample.value(...grids));
        list(sample.call(...operands)).forEach((y, k) => {
          expect(gridOf(y)).toEqual(expected[k]);
        });
      }
    });
  }

  it('gives the same bits on the heap, in a scope, and captured, twice', () => {
    for (const sample of samples) {
      for (const dtype of dtypesOf(row).map(([d]) => d)) {
        const grids = operandsOf(name, row, sample, dtype);
        const operands = grids.map((grid, i) => tensorOf(grid, dtypeOf(sample.inputs[i], dtype)));
        const cotangents = cotangentFor(name);
        const given = new Map<number, Tensor>();
        const cotangent = (y: Tensor, k: number): Tensor => {
          const g = given.get(k) ?? cotangents(y, k);
          given.set(k, g);
          return g;
        };
        const step = (...x: Tensor[]): readonly Tensor[] => {
          const { outputs, roots, leaves } = forward(sample, x, cotangent);
          const nodes = leaves.flatMap(({ node }) => (node === undefined ? [] : [node]));
          const gradients = propagate('test', roots, false, new Set(nodes), ({ cotangents: found }) =>
            nodes.flatMap((node) => {
              const g = found.get(node);
              return g === undefined ? [] : [elementwise.clone(g)];
            }),
          );
          // An op may give an operand back: what leaves a step is a value of its own.
          return [...outputs.map((y) => elementwise.clone(y)), ...gradients];
        };
        const captured = capture(step);
        const expected = step(...operands);
        const dependent = sample.dataDependent === true;
        if (dependent) expect(thrownBy(() => captured(...operands))).toMatchObject({ name: 'CaptureError' });
        for (const [home, actual] of [
          ['in a scope', scope(() => step(...operands))],
          ['captured', dependent ? expected : captured(...operands)],
          ['replayed', dependent ? expected : captured(...operands)],
        ] as const) {
          expect(actual).toHaveLength(expected.length);
          actual.forEach((t, k) => {
            expect(t.shape).toEqual(expected[k].shape);
            expectSameBits(t, expected[k], `${sample.title}, ${dtype}, ${home}, result ${k}`);
          });
        }
        captured.dispose();
      }
    }
  });

  it('gives the same bits whatever the layout of its operands', () => {
    for (const sample of samples) {
      for (const dtype of dtypesOf(row).map(([d]) => d)) {
        const grids = operandsOf(name, row, sample, dtype);
        const dtypes = sample.inputs.map((input) => dtypeOf(input, dtype));
        const packed = run(
          sample,
          grids.map((grid, i) => tensorOf(grid, dtypes[i])),
          cotangentFor(name),
        );
        const compare = (
          operands: readonly Tensor[],
          cotangent: (y: Tensor, k: number) => Tensor,
          what: string,
        ) => {
          const before = snapshot(operands);
          const other = run(sample, operands, cotangent);
          other.outputs.forEach((y, k) => {
            expectSameBits(y, packed.outputs[k], `${sample.title}, ${what}, output ${k}`);
          });
          other.gradients.forEach((g, i) => {
            const expected = packed.gradients[i];
            if (g === undefined || expected === undefined) expect(g).toBe(expected);
            else expectSameBits(g, expected, `${sample.title}, ${what}, gradient ${i}`);
          });
          expect(snapshot(operands)).toEqual(before);
        };
        for (const layout of LAYOUTS) {
          compare(
            grids.map((grid, i) => laidOut(grid, dtypes[i], layout)),
            (y, k) => laidOut(gridOf(cotangentFor(name)(y, k)), y.dtype, layout),
            layout,
          );
        }
      }
    }
  });

  it('gives the same bits for stretched operands and cotangents as for their copies', () => {
    for (const sample of samples) {
      const grids = operandsOf(name, row, sample, 'float64');
      const dtypes = sample.inputs.map((input) => dtypeOf(input, 'float64'));
      if (dtypesOf(row).every(([dtype]) => dtype !== 'float64')) continue;
      grids.forEach((_, i) => {
        for (let axis = 0; axis < grids[i].shape.length; axis++) {
          const flat = grids.map((grid, k) => (k === i ? constantAlong(grid, axis) : grid));
          const packed = flat.map((grid, k) => tensorOf(grid, dtypes[k]));
          const stretched = packed.map((t, k) => (k === i ? expandedAlong(flat[k], axis, dtypes[k]) : t));
          const one = (y: Tensor): Tensor =>
            tensorOf(
              build(y.shape, () => 0.75),
              y.dtype,
            );
          const stretchedOne = (y: Tensor): Tensor => {
            const t = one(y);
            return new Tensor(
              t.storage,
              t.shape,
              t.strides.map(() => 0),
              0,
              t.dtype,
            );
          };
          const a = run(sample, packed, one);
          const b = run(sample, stretched, stretchedOne);
          b.outputs.forEach((y, k) => {
            expectSameBits(y, a.outputs[k], `${sample.title}, operand ${i} along ${axis}, output ${k}`);
          });
          b.gradients.forEach((g, k) => {
            const expected = a.gradients[k];
            if (g === undefined || expected === undefined) expect(g).toBe(expected);
            else expectSameBits(g, expected, `${sample.title}, operand ${i} along ${axis}, gradient ${k}`);
          });
        }
      });
    }
  });

  if (differentiable && !float64IsTheSame) {
    it('has the derivatives that differences say, and the second ones', () => {
      for (const sample of samples) expectDerivatives(name, row, sample);
    });

    it('has them where numbers are 0 or equal too, wherever its domain says that it is smooth there', () => {
      for (const sample of samples) {
        const places = sample.inputs.flatMap((input, i) => (isReal(input) ? [i] : []));
        const grids = operandsOf(name, row, sample, 'float64');
        for (const x of [0, 1]) {
          const inside = (input: Input): boolean =>
            input.kind === 'real' && contains(input.domain, x - 0.02) && contains(input.domain, x + 0.02);
          if (places.length === 0 || !places.every((i) => inside(sample.inputs[i]))) continue;
          const operands = grids.map((grid, i) =>
            tensorOf(
              places.includes(i) ? build(grid.shape, () => x) : grid,
              dtypeOf(sample.inputs[i], 'float64'),
            ),
          );
          if (list(sample.call(...operands)).some((y) => !gridOf(y).data.every(Number.isFinite))) continue;
          const f = (...reals: Tensor[]): Tensor | readonly Tensor[] =>
            sample.call(...operands.map((t, i) => (places.includes(i) ? reals[places.indexOf(i)] : t)));
          const inputs = places.map((i) => operands[i]);
          try {
            gradcheck(f, inputs);
            gradgradcheck(f, inputs);
          } catch (error) {
            (error as Error).message = `${sample.title}, all ${x}: ${(error as Error).message}`;
            throw error;
          }
        }
      }
    });
  }

  if (differentiable) {
    it('gives float32 derivatives in float32', () => {
      const sample = samples[0];
      const operands = operandsOf(name, row, sample, 'float32').map((grid, i) =>
        tensorOf(grid, dtypeOf(sample.inputs[i], 'float32')),
      );
      const { gradients } = run(sample, operands, cotangentFor(name));
      gradients.forEach((g, i) => {
        if (!isReal(sample.inputs[i])) return;
        expect(g?.dtype).toBe('float32');
        expect(g?.shape).toEqual(sample.inputs[i].shape);
      });
    });
  } else {
    it('records nothing', () => {
      for (const sample of samples) {
        const operands = operandsOf(name, row, sample, 'float32').map((grid, i) => {
          const t = tensorOf(grid, dtypeOf(sample.inputs[i], 'float32'));
          return isFloat(t.dtype) ? asLeaf(t) : t;
        });
        for (const y of list(sample.call(...operands))) expect(y.requiresGrad).toBe(false);
      }
    });
  }

  for (const [refused, error, message] of row.refusals ?? []) {
    it(`refuses: ${message}`, () => {
      expect(thrownBy(refused)).toEqual({ name: error.name, message });
    });
  }

  for (const { at: place, subgradient, gradient, expected } of row.kinks ?? []) {
    it(`takes the subgradient ${subgradient} at ${place}`, () => {
      expect(unsigned(gradient())).toEqual(expected);
    });
  }

  for (const [sentence, actual, expected] of row.facts ?? []) {
    it(`keeps that ${sentence}`, () => {
      expect(actual()).toEqual(expected);
    });
  }

  const options = row.options as ((options: unknown) => unknown) | undefined;
  if (options !== undefined) {
    it('refuses options that it does not know, or that are none', () => {
      expect(thrownBy(() => options({ zzzzzzzz: 1 }))).toEqual({
        name: 'ArgumentError',
        message: expect.stringMatching(/^\w+: unknown option 'zzzzzzzz'; the options are /),
      });
      for (const wrong of [null, 1, 'axis', []]) {
        expect(thrownBy(() => options(wrong))).toEqual({
          name: 'ArgumentError',
          message: expect.stringMatching(/^\w+: options must be an object, got /),
        });
      }
    });
  }

  if (row.kind === 'elementwise') describeElementwise(name, row);
  else if (row.folds !== undefined) describeFolds(name, row.folds, row.fold?.[1]);
});

/** What folds make of nothing, NaN and the infinities. */
function describeFolds(
  name: string,
  folds: Folds,
  op = (core as unknown as Record<string, (x: Tensor) => Tensor>)[name],
): void {
  it.each(Object.entries(folds))('keeps its policy for %s', (what, expected) => {
    const x = tensorOf({ shape: [FOLDED[what as keyof Folds].length], data: FOLDED[what as keyof Folds] });
    const refusal = thrownBy(() => op(x))?.message;
    expect(refusal ?? op(x).toArray()).toEqual(expected);
  });
}

/** A cotangent of 0 gives 0, whatever the point, to elementwise ops. */
function describeZeroCotangents(name: string, row: Elementwise): void {
  const op = call(name, row);
  const arity = row.operands.length;
  const reals = row.operands.flatMap((domain, i) => (domain === 'bool' ? [] : [i]));

  it('gives the gradient 0 wherever the cotangent is 0', () => {
    let points: number[][] = [[]];
    for (let i = 0; i < arity; i++) {
      const choices = row.operands[i] === 'bool' ? [0, 1] : arity === 3 ? NASTY.slice(0, 12) : NASTY;
      points = points.flatMap((point) => choices.map((x) => [...point, x]));
    }
    points.push(...(row.special ?? []).map(([inputs]) => [...inputs]));
    const leaves = row.operands.map((domain, i) => {
      const t = tensorOf(
        { shape: [points.length], data: points.map((point) => point[i]) },
        domain === 'bool' ? 'bool' : 'float64',
      );
      return domain === 'bool' ? t : asLeaf(t);
    });
    const y = op(...leaves);
    if (y.node === undefined) return;
    const zero = tensorOf(
      build(y.shape, () => 0),
      y.dtype,
    );
    const nodes = leaves.flatMap((leaf) => (leaf.node === undefined ? [] : [leaf.node]));
    const cotangents = cotangentsOf([[y.node, zero]], nodes);
    for (const i of reals) {
      const g = cotangents.get(leaves[i].node as Node);
      const data = g === undefined ? undefined : gridOf(g).data;
      const wrong = points.filter((_, e) => data !== undefined && data[e] !== 0);
      expect(wrong).toEqual([]);
    }
  });

  it('leaks nothing, twice over, from a branch that where() did not take', () => {
    let points: number[][] = [[]];
    for (let i = 0; i < arity; i++) {
      const choices = row.operands[i] === 'bool' ? [0, 1] : arity === 3 ? NASTY.slice(0, 12) : NASTY;
      points = points.flatMap((point) => choices.map((x) => [...point, x]));
    }
    const leaves = row.operands.map((domain, i) => {
      const t = tensorOf(
        { shape: [points.length], data: points.map((point) => point[i]) },
        domain === 'bool' ? 'bool' : 'float64',
      );
      return domain === 'bool' ? t : asLeaf(t);
    });
    const y = op(...leaves);
    if (y.node === undefined) return;
    const inputs = reals.map((i) => leaves[i]);
    const ones = tensorOf(build(y.shape, () => 1));
    const materializeGrads = true;
    const first = core.gradients([core.where(false, y, 0)], inputs, {
      gradients: [ones],
      createGraph: true,
      materializeGrads,
    }) as Tensor[];
    const roots = first.filter((g) => g.node !== undefined);
    const second =
      roots.length === 0
        ? []
        : core.gradients(roots, inputs, { gradients: roots.map(() => ones), materializeGrads });
    for (const g of [...first, ...(second as Tensor[])]) {
      const { data } = gridOf(g);
      expect(points.filter((_, e) => data[e] !== 0)).toEqual([]);
    }
  });
}

/** What holds for elementwise ops alone. */
function describeElementwise(name: string, row: Elementwise): void {
  const op = call(name, row);
  const arity = row.operands.length;
  const reals = row.operands.flatMap((domain, i) => (domain === 'bool' ? [] : [i]));

  for (const [inputs, output, derivatives] of row.special ?? []) {
    it(`of (${inputs.map(show).join(', ')}) is ${show(output)}`, () => {
      const leaves = inputs.map((x, i) => {
        const t = tensorOf({ shape: [], data: [x] }, row.operands[i] === 'bool' ? 'bool' : 'float64');
        return row.operands[i] === 'bool' ? t : asLeaf(t);
      });
      const y = op(...leaves);
      expectSpecial(y.item(), output, 'float64', row.ulps ?? 4);
      if (y.node !== undefined && derivatives !== undefined) {
        const one = tensorOf({ shape: [], data: [1] }, y.dtype);
        const nodes = leaves.flatMap((leaf) => (leaf.node === undefined ? [] : [leaf.node]));
        const found = cotangentsOf([[y.node, one]], nodes);
        derivatives.forEach((expected, i) => {
          if (expected === undefined) return;
          const g = found.get(leaves[i].node as Node)?.item() ?? 0;
          // The sign of a zero derivative says nothing.
          expectSpecial(g + 0, expected + 0, 'float64', 8);
        });
      }
    });
    const narrow = inputs.every((x) => Object.is(Math.fround(x), x)) && !isSubnormal(Math.fround(output));
    if (
      narrow &&
      (Number.isNaN(output) || Number.isFinite(Math.fround(output)) || !Number.isFinite(output))
    ) {
      it(`of (${inputs.map(show).join(', ')}) is ${show(output)} in float32 too`, () => {
        const y = op(
          ...inputs.map((x, i) =>
            tensorOf({ shape: [], data: [x] }, row.operands[i] === 'bool' ? 'bool' : 'float32'),
          ),
        );
        expectSpecial(y.item(), row.result === 'bool' ? output : Math.fround(output), 'float32', 1);
      });
    }
  }

  if (!float64IsTheSame) describeZeroCotangents(name, row);

  it('promotes dtypes, and numbers promote only where they must', () => {
    const safe = row.operands.map((domain, i) => {
      const integers = row.integers?.[i];
      return domain === 'bool' || integers === undefined || contains(integers, 1) ? 1 : 0;
    });
    const of = (i: number, dtype: DType): Tensor => tensorOf({ shape: [2], data: [safe[i], safe[i]] }, dtype);
    const seen: string[] = [];
    const expected: string[] = [];
    const place = (dtype: DType): number => DTYPES.indexOf(dtype);
    if (reals.length === 1) {
      for (const dtype of DTYPES) {
        seen.push(op(...row.operands.map((_, i) => of(i, dtype))).dtype);
        expected.push(resultOf(row, dtype));
      }
    }
    const [first, second] = reals;
    for (const p of reals.length > 1 ? DTYPES : []) {
      for (const q of DTYPES) {
        const operands = row.operands.map((domain, i) =>
          of(i, domain === 'bool' ? 'bool' : i === second ? q : p),
        );
        const joint = DTYPES[Math.max(place(p), place(q))];
        seen.push(`${p}, ${q}: ${op(...operands).dtype}`);
        expected.push(`${p}, ${q}: ${resultOf(row, joint)}`);
      }
      const weak: readonly (readonly [number | boolean, DType])[] = [
        [true, p],
        [1, p === 'bool' ? 'int32' : p],
        [1.5, isFloat(p) ? p : 'float32'],
      ];
      for (const [number, joint] of weak) {
        for (const i of [first, second]) {
          const operands = row.operands.map((domain, k) =>
            k === i ? number : of(k, domain === 'bool' ? 'bool' : p),
          );
          seen.push(`${p} with ${number} at ${i}: ${op(...operands).dtype}`);
          expected.push(`${p} with ${number} at ${i}: ${resultOf(row, joint)}`);
        }
      }
    }
    expect(seen).toEqual(expected);
  });

  it('refuses operands that are neither tensors nor numbers', () => {
    for (const wrong of [undefined, null, '5', [1, 2], new Float32Array(1), 1n, {}, () => 1]) {
      // An absent bound of clamp is none.
      if (row.call !== undefined && wrong === undefined) continue;
      for (let i = 0; i < arity; i++) {
        const operands = row.operands.map((_, k) => (k === i ? (wrong as never) : 1));
        expect(thrownBy(() => op(...operands))).toEqual({
          name: 'ArgumentError',
          message: expect.stringMatching(new RegExp(`^${name}: \\w+ must be a tensor( or a number)?, got `)),
        });
      }
    }
  });

  if (arity === 2) {
    it('refuses shapes that do not broadcast, and names the axis', () => {
      const a = tensorOf(build([2, 3], () => 1));
      const b = tensorOf(build([2, 4], () => 1));
      expect(thrownBy(() => op(a, b))).toEqual({
        name: 'ShapeError',
        message: `${name}: shapes [2, 3] and [2, 4] do not broadcast; axis 1 is 3 against 4`,
      });
    });
  }
}

/** Nested numbers with −0 as 0: the sign of a zero derivative says nothing. */
function unsigned(x: unknown): unknown {
  return Array.isArray(x) ? x.map(unsigned) : typeof x === 'number' ? x + 0 : x;
}

function show(x: number): string {
  return Object.is(x, -0) ? '−0' : `${x}`.replace('-', '−');
}

function isSubnormal(x: number): boolean {
  return x !== 0 && Math.abs(x) < 2 ** -126;
}

/** Equal with the sign of zero, or finite and within `ulps`. */
function expectSpecial(actual: number, expected: number, dtype: DType, ulps: number): void {
  if (Object.is(actual, expected)) return;
  if (expected !== 0 && ulpsBetween(actual, expected, dtype) <= ulps) return;
  expect(actual).toBe(expected);
}
