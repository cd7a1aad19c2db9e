/** @file The module: something with parameters that can be called. What it holds is found, never registered. */
import { StateError, Tensor } from '@ndgrad/core';
import { formatShape } from '@ndgrad/core/arguments';
import { type Role, roleOf } from './parameter.js';
import { checkName, copyState, matchState, printName, writeState } from './state.js';

/**
 * A module of any input and output: what code takes that does not call it.
 *
 * @example
 * ```ts
 * import { type AnyModule, Linear } from '@ndgrad/nn';
 *
 * const size = (model: AnyModule): number => model.parameters().reduce((sum, p) => sum + p.size, 0);
 * size(new Linear(3, 2)) // => 8
 * ```
 */
export type AnyModule = Module<never, unknown>;

/**
 * Base of everything that has parameters: layers, whole models, heads. Subclass it once; compose instead of
 * subclassing further.
 *
 * What a module holds is found by walking its own fields, in the order they were set, through nested modules, arrays,
 * Maps and plain objects. Names are paths: `layers.0.weight`. A tensor is
 *
 *  - a *parameter* if it is a leaf that requires a gradient (see {@link parameter});
 *  - a *buffer* if it was marked by {@link buffer}: saved, not learned;
 *  - otherwise none of the module's business.
 *
 * A tensor or module held twice counts once, under its first name; cycles are harmless. Fields with `#` cannot be
 * seen from outside and are not found. Keys of plain objects that look like integers come first and in rising order, as
 * JavaScript has it; use an array or a Map where order matters.
 *
 * @typeParam Input - what `call` takes; a tuple or an object where one tensor is not enough.
 * @typeParam Output - what `call` returns.
 *
 * @example
 * ```ts
 * import { generator, randn, type Tensor } from '@ndgrad/core';
 * import { Linear, Module } from '@ndgrad/nn';
 *
 * class Siamese extends Module<readonly [Tensor, Tensor], Tensor> {
 *   readonly tower = new Linear(3, 2, { generator: generator(1) });
 *   call([left, right]: readonly [Tensor, Tensor]): Tensor {
 *     return this.tower.call(left).sub(this.tower.call(right));
 *   }
 * }
 * const model = new Siamese();
 * [...model.namedParameters().keys()] // => ['tower.weight', 'tower.bias']
 * const x = randn([5, 3], { generator: generator(2) });
 * model.call([x, x]).shape // => [5, 2]
 * ```
 */
export abstract class Module<Input = Tensor, Output = Tensor> {
  /** Whether the module is being trained: `true` at first, set by {@link Module.train} and {@link Module.eval}. */
  training = true;

  /** The forward pass. */
  abstract call(x: Input): Output;

  /**
   * What this module holds, by name: where the walk for parameters starts. By default its own fields; override it to
   * name things otherwise, as `Sequential` does.
   */
  entries(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this);
  }

  /**
   * This module and all within it, each once, outermost first.
   *
   * @example
   * ```ts
   * import { Linear, Sequential, Tanh } from '@ndgrad/nn';
   *
   * new Sequential(new Linear(2, 2), new Tanh()).modules().length // => 3
   * ```
   */
  modules(): AnyModule[] {
    const modules: AnyModule[] = [];
    for (const { item, first } of walk(this)) if (first && item instanceof Module) modules.push(item);
    return modules;
  }

  /**
   * The parameters by name, in the order of the walk; one that is shared has its first name only.
   *
   * @throws StateError for a name that cannot be saved: see {@link Module.stateDict}.
   */
  namedParameters(): Map<string, Tensor> {
    return collect(this, 'parameter');
  }

  /**
   * The parameters: what an optimiser takes.
   *
   * @throws StateError as {@link Module.namedParameters}.
   *
   * @example
   * ```ts
   * import { Linear } from '@ndgrad/nn';
   *
   * new Linear(3, 2).parameters().map((p) => p.shape) // => [[2, 3], [2]]
   * ```
   */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** The buffers by name, in the order of the walk. */
  namedBuffers(): Map<string, Tensor> {
    return collect(this, 'buffer');
  }

  /** The buffers: tensors marked by {@link buffer}. */
  buffers(): Tensor[] {
    return [...this.namedBuffers().values()];
  }

  /**
   * Copies of all parameters and buffers by name. Later steps do not change them.
   *
   * A name is 1 to 256 characters of `A–Z a–z 0–9 _ . - /`, starts with a letter, digit or `_`, and has no segment
   * `__proto__`, `constructor` or `prototype`.
   *
   * @throws StateError for any other name, or for one that two tensors have.
   *
   * @example
   * ```ts
   * import { Linear, Sequential, Tanh } from '@ndgrad/nn';
   *
   * const model = new Sequential(new Linear(2, 3), new Tanh(), new Linear(3, 1));
   * [...model.stateDict().keys()] // => ['0.weight', '0.bias', '2.weight', '2.bias']
   * ```
   */
  stateDict(): Map<string, Tensor> {
    return copyState(collect(this));
  }

  /**
   * Writes a state into the parameters and buffers, in place. Strict: the names must be exactly those of
   * {@link Module.stateDict}, with equal shapes and dtypes.
   *
   * @param state - a Map from names to tensors; read, never kept.
   * @throws StateError that lists every missing and unexpected name and every mismatch; nothing is written then.
   *
   * @example
   * ```ts
   * import { generator } from '@ndgrad/core';
   * import { Linear } from '@ndgrad/nn';
   *
   * const a = new Linear(2, 1, { generator: generator(1) });
   * const b = new Linear(2, 1, { generator: generator(2) });
   * b.loadStateDict(a.stateDict());
   * b.weight.eq(a.weight).toArray() // => [[true, true]]
   * ```
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const writes = matchState('loadStateDict', nameOf(this), collect(this), state);
    writeState('loadStateDict', [...writes.values()]);
  }

  /** Puts this module and all within it into training mode. Returns it. */
  train(): this {
    return this.#setTraining(true);
  }

  /**
   * Puts this module and all within it into evaluation mode: what is random or gathers statistics stops. Returns it.
   *
   * @example
   * ```ts
   * import { Sequential, Tanh } from '@ndgrad/nn';
   *
   * const model = new Sequential(new Tanh()).eval();
   * model.modules().map((m) => m.training) // => [false, false]
   * ```
   */
  eval(): this {
    return this.#setTraining(false);
  }

  #setTraining(training: boolean): this {
    for (const module of this.modules()) module.training = training;
    return this;
  }

  /** Forgets the gradients of all parameters: `grad` becomes undefined. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = undefined;
  }

  /**
   * The tree of modules with their parameters, buffers and counts. `console.log` in Node shows it too.
   *
   * @example
   * ```ts
   * import { Linear, Sequential, Tanh } from '@ndgrad/nn';
   *
   * String(new Sequential(new Linear(2, 1), new Tanh())).split('\n')
   * // => ['Sequential, 3 parameters', '  0: Linear, 3 parameters', '    weight [1, 2] float32', '    bias [1] float32', '  1: Tanh']
   * ```
   */
  toString(): string {
    return draw(this);
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return draw(this);
  }
}

/** What the walk meets. */
interface Found {
  /** The path from the root. */
  readonly name: string;
  /** The path from the module that holds it. */
  readonly label: string;
  /** How many modules stand around it. */
  readonly depth: number;
  readonly item: AnyModule | Tensor;
  /** What a tensor is to its module. */
  readonly role: Role | undefined;
  readonly first: boolean;
  /** The name under which it was met first. */
  readonly firstName: string;
}

/** Modules and tensors with a role, in order, each as often as it is held. No recursion: depth is the user's. */
function* walk(root: AnyModule): Generator<Found> {
  const names = new Map<object, string>();
  const stack: { name: string; label: string; depth: number; value: object }[] = [
    { name: '', label: '', depth: 0, value: root },
  ];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { name, label, depth, value } = place;
    const known = names.get(value);
    const first = known === undefined;
    const firstName = known ?? name;
    if (first) names.set(value, name);
    if (value instanceof Tensor) {
      const role = roleOf(value);
      if (role !== undefined) yield { name, label, depth, item: value, role, first, firstName };
      continue;
    }
    const isModule = value instanceof Module;
    if (isModule) yield { name, label, depth, item: value, role: undefined, first, firstName };
    if (!first) continue;
    const held: typeof stack = [];
    for (const [key, inner] of entriesOf(value)) {
      if (typeof inner !== 'object' || inner === null) continue;
      held.push({
        name: value === root ? key : `${name}.${key}`,
        label: isModule ? key : `${label}.${key}`,
        depth: isModule ? depth + 1 : depth,
        value: inner,
      });
    }
    stack.push(...held.reverse());
  }
}

/** What the walk looks into. Objects of other classes keep their own counsel. */
function entriesOf(value: object): Iterable<readonly [string, unknown]> {
  if (value instanceof Module) return value.entries();
  if (Array.isArray(value)) return Array.from(value, (x: unknown, i) => [String(i), x] as const);
  if (value instanceof Map)
    return Array.from(value, ([key, x]: [unknown, unknown]) => [keyName(key), x] as const);
  // Members of a Set have no name: a parameter there is refused by checkName rather than silently not learned.
  if (value instanceof Set) return Array.from(value, (x: unknown) => ['<member of a Set>', x] as const);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : [];
}

function keyName(key: unknown): string {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : `<key of type ${typeof key}>`;
}

/** The tensors of one role, or of both, by name and each once. */
function collect(module: AnyModule, role?: Role): Map<string, Tensor> {
  const where = nameOf(module);
  const tensors = new Map<string, Tensor>();
  for (const found of walk(module)) {
    if (!(found.item instanceof Tensor) || !found.first) continue;
    if (role !== undefined && found.role !== role) continue;
    checkName(where, found.name);
    if (tensors.has(found.name)) {
      throw new StateError({
        where,
        problem: `two tensors have the name ${printName(found.name)}`,
        hint: 'rename the key with a dot in it',
      });
    }
    tensors.set(found.name, found.item);
  }
  return tensors;
}

/** The class's name, as messages and the drawing show it. */
function nameOf(module: AnyModule): string {
  return module.constructor.name || 'Module';
}

function draw(root: AnyModule): string {
  const lines: string[] = [];
  for (const { label, depth, item, role, first, firstName } of walk(root)) {
    const indent = '  '.repeat(depth);
    if (item instanceof Tensor) {
      const what = role === 'buffer' ? ' buffer' : '';
      const note = first ? what : ` = ${firstName}`;
      lines.push(`${indent}${label} ${formatShape(item.shape)} ${item.dtype}${note}`);
    } else {
      const prefix = depth === 0 ? '' : `${label}: `;
      const note = first ? countOf(item) : ` = ${firstName === '' ? 'the root' : firstName}`;
      lines.push(`${indent}${prefix}${nameOf(item)}${note}`);
    }
  }
  return lines.join('\n');
}

function countOf(module: AnyModule): string {
  let count = 0;
  for (const { item, role, first } of walk(module)) {
    if (first && role === 'parameter' && item instanceof Tensor) count += item.size;
  }
  if (count === 0) return '';
  return `, ${count} parameter${count === 1 ? '' : 's'}`;
}
