/**
 * @file Random arguments, most of them bad, for every op of the table: a call either gives a sound result or throws an
 * NdgradError that names the op, and then nothing has changed. Seeded; NDGRAD_REFUSALS sets how many calls each op gets.
 */
import { describe, expect, it } from '@jest/globals';
import { NdgradError } from '../src/errors.js';
import * as core from '../src/index.js';
import { state } from '../src/state.js';
import { Tensor } from '../src/tensor.js';
import { tensorOf } from './grid.js';
import { drawn, dtypeOf, type OpInfo, type Random, randomOf, type Sampled } from './opInfo/row.js';
import { opInfo } from './opInfo.js';

const CALLS = Number(process.env.NDGRAD_REFUSALS ?? 60);
const ROWS = Object.entries(opInfo as Record<string, OpInfo>);

/** A value and how a report names it. */
type Labelled = readonly [label: string, value: unknown];

const leaf = core.tensor(
  [
    [0.5, 1.5, 2.5],
    [3.5, 4.5, 5.5],
  ],
  { dtype: 'float64', requiresGrad: true },
);
leaf.mul(2).sum().backward();

/** A copy whose memory is gone. */
function lost(t: Tensor): Tensor {
  return core
    .scope(() => {
      const inside = core.clone(t);
      return { get: () => inside };
    })
    .get();
}
const freed = lost(core.tensor([1, 2]));

/** Tensors of every dtype and many shapes; all but the last can be read. */
const TENSORS: readonly Labelled[] = [
  ['leaf [2, 3]', leaf],
  [
    'float64 [2, 3]',
    core.tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    ),
  ],
  ['float32 [3]', core.tensor([1, 2, 3])],
  [
    'float32 [3, 2]',
    core.tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  ],
  ['float32 [2, 2, 3]', core.zeros([2, 2, 3])],
  ['float32 []', core.tensor(2)],
  ['float32 [0, 3]', core.zeros([0, 3])],
  ['int32 [2]', core.tensor([0, 1], { dtype: 'int32' })],
  [
    'int32 [2, 3]',
    core.tensor(
      [
        [0, 1, 0],
        [1, -1, 2],
      ],
      { dtype: 'int32' },
    ),
  ],
  [
    'bool [2, 3]',
    core.tensor([
      [true, false, true],
      [false, true, false],
    ]),
  ],
  ['a view with stride 0', core.expand(core.tensor([[1], [2]]), [2, 3])],
  ['a freed tensor', freed],
];

/** Anything else that a caller of plain JavaScript may pass. */
const OTHERS: readonly Labelled[] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ["'0'", '0'],
  ["'sum'", 'sum'],
  ["'float32'", 'float32'],
  ['NaN', Number.NaN],
  ['0', 0],
  ['1', 1],
  ['2', 2],
  ['-1', -1],
  ['-7', -7],
  ['0.5', 0.5],
  ['99', 99],
  ['2 ** 31', 2 ** 31],
  ['2 ** 53', 2 ** 53],
  ['Infinity', Infinity],
  ['1n', 1n],
  ['a symbol', Symbol('x')],
  ['a function', () => 1],
  ['{}', {}],
  ['an object without prototype', Object.create(null)],
  ['a Date', new Date(0)],
  ['a Map', new Map()],
  ['new Float32Array(2)', new Float32Array(2)],
  ['new Int32Array(2)', new Int32Array(2)],
  ['[]', []],
  ['[0]', [0]],
  ['[0, 1]', [0, 1]],
  ['[0, 0]', [0, 0]],
  ['[2, 3]', [2, 3]],
  ['[-1, 0.5]', [-1, 0.5]],
  ['[NaN]', [Number.NaN]],
  ['[2 ** 31]', [2 ** 31]],
  ["['0']", ['0']],
  ['[null]', [null]],
  ['[[0, 1]]', [[0, 1]]],
  [
    '[[0, 1], [1, 0]]',
    [
      [0, 1],
      [1, 0],
    ],
  ],
  ['a sparse array', new Array(2)],
  ['an array with a symbol', [Symbol('x')]],
  ['a list of tensors', [leaf, leaf]],
  ['a list with a hole', [leaf, undefined]],
];

/** The names of an op's options, as its own refusal lists them. */
function optionsOf(row: OpInfo): readonly string[] {
  try {
    (row.options as ((options: unknown) => unknown) | undefined)?.({ zzzzzzzz: 1 });
  } catch (error) {
    return /the options are (.*)$/.exec((error as Error).message)?.[1].split(', ') ?? [];
  }
  return [];
}

/** Options with good and bad names and any values. */
function drawOptions(random: Random, names: readonly string[]): Labelled {
  const keys = [...names, 'zzz'].filter(() => random.integer(0, 2) === 0);
  const drawn = keys.map((key) => [key, random.pick([...OTHERS, ...TENSORS])] as const);
  return [
    `{ ${drawn.map(([key, [label]]) => `${key}: ${label}`).join(', ')} }`,
    Object.fromEntries(drawn.map(([key, [, value]]) => [key, value])),
  ];
}

function drawArguments(random: Random, names: readonly string[]): Labelled[] {
  return Array.from({ length: random.integer(0, 4) }, (_, i) => {
    const kind = random.integer(0, 9);
    if (i === 0 ? kind < 7 : kind < 3) return random.pick(TENSORS);
    return names.length > 0 && kind < 6 ? drawOptions(random, names) : random.pick(OTHERS);
  });
}

/** Everything that a refused call must leave alone. */
function world(): unknown {
  const tensors = TENSORS.filter(([, t]) => t !== freed).map(([, t]) => t as Tensor);
  return {
    bits: tensors.map(({ storage }) => storage.array.slice(storage.base, storage.base + storage.length)),
    versions: tensors.map(({ storage }) => storage.version),
    shapes: tensors.map(({ shape, strides, offset, dtype }) => [shape, strides, offset, dtype]),
    grad: [...(leaf.grad as Tensor).toTypedArray()],
    gradEnabled: state.gradEnabled,
    lists: OTHERS.filter(([, value]) => Array.isArray(value)).map(([, value]) => [...(value as unknown[])]),
  };
}

/** A computation whose result is known. */
function followUp(): unknown {
  const x = core.tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'float64', requiresGrad: true },
  );
  const y = core.softmax(core.matmul(x, x.T).tanh()).mul(x).sum();
  y.backward();
  return [y.item(), (x.grad as Tensor).toArray()];
}

/** What is wrong with a result; tensors are read, so that nothing broken passes unseen. */
function faultOf(result: unknown): string | undefined {
  const parts = result instanceof Tensor ? [result] : Object.values(result as object);
  for (const part of parts) {
    if (!(part instanceof Tensor)) return 'the result is no tensor';
    const whole = part.shape.every((extent) => Number.isInteger(extent) && extent >= 0);
    const size = part.shape.reduce((product, extent) => product * extent, 1);
    if (!whole || part.toTypedArray().length !== size) return `the result has shape [${part.shape}]`;
  }
  return undefined;
}

/** Ops that draw from the generator whenever they succeed. */
const DRAWS: readonly string[] = ['dropout'];

/** Why a call breaks the rules, or undefined. */
function complaint(name: string, call: () => unknown): string | undefined {
  const { seed, counter } = state.random;
  const draws = (): boolean => state.random.seed !== seed || state.random.counter !== counter;
  let thrown: unknown;
  try {
    const fault = faultOf(call());
    return fault === undefined && draws() && !DRAWS.includes(name) ? 'draws random numbers' : fault;
  } catch (error) {
    thrown = error;
  }
  if (draws()) return `draws random numbers, and then throws ${String(thrown)}`;
  if (!(thrown instanceof NdgradError)) return `throws ${String(thrown)}`;
  if (!thrown.message.startsWith(`${name}: `)) return `says ${thrown.message}`;
  return undefined;
}

/** The same of a call in a scope of its own, all of whose memory must come back. */
function complaintInScope(name: string, call: () => unknown): string | undefined {
  const used = core.memory().scopes;
  // The text is all that leaves the scope.
  const found = core.scope(() => ({ found: complaint(name, call) })).found;
  return core.memory().scopes === used ? found : `keeps ${core.memory().scopes - used} bytes`;
}

describe.each(ROWS)('%s', (name, row) => {
  const op = (core as unknown as Record<string, (...args: unknown[]) => unknown>)[name];

  it('takes or refuses random arguments, and a refusal changes nothing', () => {
    const names = optionsOf(row);
    const before = world();
    const complaints = new Map<string, string>();
    for (let k = 0; k < CALLS; k++) {
      const args = drawArguments(randomOf(`${name} refusal ${k}`), names);
      const call = (): unknown => op(...args.map(([, value]) => value));
      const found = (k % 2 === 0 ? complaint : complaintInScope)(name, call);
      if (found !== undefined)
        complaints.set(found, `${name}(${args.map(([label]) => label).join(', ')}) ${found}`);
    }
    expect([...complaints.values()]).toEqual([]);
    expect(world()).toEqual(before);
  });

  if (row.kind === 'sampled') {
    it('refuses a freed tensor and what is no tensor in each place', () => {
      const wrong = refusedOperands(name, row);
      expect(wrong).toEqual([]);
    });
  }
});

/** Calls of samples with one operand replaced that were not refused as they should be. */
function refusedOperands(name: string, row: Sampled): string[] {
  const [sample] = [...row.samples].sort((a, b) => b.inputs.length - a.inputs.length);
  const { inputs, call } = sample.direct ?? sample;
  const operands = inputs.map((input, i) => {
    const dtype = dtypeOf(input, 'float32' in row.results ? 'float32' : 'float64');
    return tensorOf(drawn(input, dtype, `${name} operand ${i}`), dtype);
  });
  const bad: readonly Labelled[] = [
    ['a freed tensor', freed],
    ['its own copy, freed', undefined],
    ...OTHERS.filter(
      ([, value]) => value === null || ['string', 'symbol', 'bigint', 'function'].includes(typeof value),
    ),
  ];
  return operands.flatMap((_, i) =>
    bad.flatMap(([label, value]) => {
      if (value === null && inputs[i].orNull) return [];
      const given = operands.map((t, k) => (k !== i ? t : value === undefined ? lost(t) : (value as Tensor)));
      let thrown: unknown;
      try {
        call(...given);
      } catch (error) {
        thrown = error;
      }
      const refused = thrown instanceof NdgradError && thrown.message.startsWith(`${name}: `);
      return refused ? [] : [`${label} as operand ${i}: ${String(thrown)}`];
    }),
  );
}

it('computes as before after all refusals', () => {
  const before = followUp();
  const random = randomOf('follow-up');
  for (let k = 0; k < 500; k++) {
    const [name, row] = random.pick(ROWS);
    const op = (core as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    try {
      op(...drawArguments(random, optionsOf(row)).map(([, value]) => value));
    } catch {
      if (k % 25 === 0) expect(followUp()).toEqual(before);
    }
  }
});
