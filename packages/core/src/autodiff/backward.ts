/** @file The engine: cotangents flow to inputs by falling creation number. It names no op. */
import { DTypeError, GraphError, ShapeError, StateError } from '../errors.js';
import { Arena } from '../homes/arena.js';
import { currentHome, withHome } from '../homes/current.js';
import { isTracing } from '../homes/running.js';
import { formatShape, type Shape, sameShape } from '../shape.js';
import type { Home } from '../storage.js';
import { Tensor } from '../tensor.js';
import { checkVersions } from './apply.js';
import { hooksOf, throughHooks } from './hooks.js';
import { withGradMode } from './mode.js';
import type { Node, Saved } from './node.js';
import { hasLeftScope } from './scope.js';
import { add, addOnto, constant, filled, sumTo } from './vectorSpace.js';
import { checkCotangent, forgetPacked, unpacked, watch, withoutSearch } from './watch.js';

/** A max-heap of nodes by creation number. */
class NodeHeap {
  readonly #items: Node[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(node: Node): void {
    const items = this.#items;
    let i = items.length;
    items.push(node);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (items[parent].id >= node.id) break;
      items[i] = items[parent];
      i = parent;
    }
    items[i] = node;
  }

  pop(): Node {
    const items = this.#items;
    const top = items[0];
    const last = items.pop() as Node;
    const n = items.length;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && items[child + 1].id > items[child].id) child++;
      if (items[child].id <= last.id) break;
      items[i] = items[child];
      i = child;
    }
    items[i] = last;
    return top;
  }
}

const NOTHING: readonly never[] = [];

/** What one backward pass found. Nothing has been changed yet. */
export interface Pass {
  /** Cotangents of leaves, or of the wanted nodes where some were named. */
  readonly cotangents: ReadonlyMap<Node, Tensor>;
  /** Results whose `.grad` is to hold what arrived, with that. */
  readonly retained: readonly (readonly [Tensor, Tensor])[];
  /** Every op node that was gone through: what to free. */
  readonly visited: readonly Node[];
}

/** The nodes between `roots` and `targets`, ends included: all that a pass for the targets has to visit. */
function pathsTo(roots: readonly Node[], targets: ReadonlySet<Node>): Set<Node> {
  let oldest = Infinity;
  for (const node of targets) oldest = Math.min(oldest, node.id);
  const reachable = new Set(roots);
  // A Set yields what is added while it is walked. Nothing older than the oldest target depends on one.
  for (const node of reachable) {
    for (const edge of node.edges) if (edge !== undefined && edge.id >= oldest) reachable.add(edge);
  }
  const paths = new Set<Node>();
  for (const node of [...reachable].sort((a, b) => a.id - b.id)) {
    if (targets.has(node) || node.edges.some((edge) => edge !== undefined && paths.has(edge)))
      paths.add(node);
  }
  return paths;
}

/**
 * Cotangents of the leaves, or of `targets`, given those of the roots, for as long as `use` runs: no one else sees them,
 * so unless they are recorded they live in an arena that ends with the pass.
 */
export function propagate<T>(
  where: string,
  roots: readonly (readonly [Node, Tensor])[],
  createGraph: boolean,
  targets: ReadonlySet<Node> | undefined,
  use: (pass: Pass) => T,
): T {
  const home = currentHome();
  const arena = createGraph || isTracing() ? undefined : new Arena('backward', home);
  try {
    return use(withHome(arena ?? home, () => walk(where, roots, createGraph, targets, home, arena)));
  } finally {
    arena?.release();
  }
}

/** Each node is visited once, after everything made from it, because inputs are older than outputs. */
function walk(
  where: string,
  roots: readonly (readonly [Node, Tensor])[],
  createGraph: boolean,
  targets: ReadonlySet<Node> | undefined,
  outer: Home,
  arena: Arena | undefined,
): Pass {
  const paths =
    targets === undefined
      ? undefined
      : pathsTo(
          roots.map(([node]) => node),
          targets,
        );
  const found = new Map<Node, Tensor>();
  const retained: (readonly [Tensor, Tensor])[] = [];
  const visited: Node[] = [];
  const searching = watch.results;
  const heap = new NodeHeap();
  /** Marks the cotangents of this pass: a hook or a vjp may run another one. */
  const pass = {};
  const send = (node: Node, g: Tensor): void => {
    if (paths !== undefined && !paths.has(node)) return;
    const { cotangent } = node;
    if (node.pass !== pass || cotangent === undefined) {
      node.pass = pass;
      node.cotangent = g;
      node.isSum = false;
      heap.push(node);
    } else if (node.isSum) addOnto(cotangent, g);
    else {
      node.cotangent = add(cotangent, g);
      // A sum that nobody else has seen takes what is still to come in place, if it is not recorded.
      node.isSum = arena?.owns(node.cotangent.storage) === true;
    }
  };
  const goThrough = (): void => {
    for (const [node, g] of roots) send(node, g);
    while (heap.size > 0) {
      const node = heap.pop();
      let g = node.cotangent as Tensor;
      node.cotangent = undefined;
      const { op, edges } = node;
      const hooks = hooksOf(node);
      if (hooks !== undefined) {
        g = throughHooks(where, hooks, node, g, outer, createGraph);
        if (hooks.retaining !== undefined) retained.push([hooks.retaining, g]);
      }
      if (targets === undefined ? node.leaf !== undefined : targets.has(node)) found.set(node, g);
      if (op?.vjp === undefined) continue;
      if (node.isFreed) throw freed(where, node);
      visited.push(node);
      const saved = unpacked(where, node, pass) ?? node;
      if (saved === node) checkVersions(where, node);
      const { vjp } = op;
      for (let i = 0; i < edges.length; i++) {
        const edge = edges[i];
        if (edge === undefined || (paths !== undefined && !paths.has(edge))) continue;
        const product = vjp[i < vjp.length ? i : vjp.length - 1];
        if (product === null) continue;
        const made = product(g, saved as Saved<never>, i);
        if (searching) checkCotangent(where, node, i, g, made);
        send(edge, toInput(where, made, node, i, edge));
      }
    }
  };
  withGradMode(where, createGraph, () => (searching ? withoutSearch(goThrough) : goThrough()));
  return { cotangents: found, retained, visited };
}

/** Forgets what the visited nodes saved. Nodes whose rows save nothing can be gone through again, as in PyTorch. */
export function free(visited: readonly Node[]): void {
  for (const node of visited) {
    if (node.op?.saves === undefined) continue;
    node.isFreed = true;
    node.inputs = NOTHING;
    node.output = undefined as unknown as Tensor;
    node.attributes = undefined;
    forgetPacked(node);
  }
}

function freed(where: string, node: Node): GraphError {
  return new GraphError({
    where,
    problem: `what ${node.op?.name} (node ${node.id}) saved was freed by an earlier backward`,
    hint: 'pass retainGraph: true to the earlier call',
  });
}

/** Sums a cotangent down to its input, after checking that the row returned one that fits. */
function toInput(where: string, g: unknown, node: Node, i: number, edge: Node): Tensor {
  const name = node.op?.name;
  if (!(g instanceof Tensor)) {
    throw new GraphError({
      where,
      problem: `the vjp of ${name} for input ${i} returned ${g === null ? 'null' : typeof g}`,
      hint: 'return a tensor shaped as the input',
    });
  }
  if (g.dtype !== edge.dtype) {
    throw new GraphError({
      where,
      problem: `the vjp of ${name} for input ${i} returned ${g.dtype}, the input is ${edge.dtype}`,
      hint: 'cast() it',
    });
  }
  if (sameShape(g.shape, edge.shape)) return g;
  if (!sumsTo(g.shape, edge.shape)) {
    throw new GraphError({
      where,
      problem:
        `the vjp of ${name} for input ${i} returned shape ${formatShape(g.shape)}, ` +
        `the input has ${formatShape(edge.shape)}`,
      hint: 'return the shape of the input, or one that it broadcasts to',
    });
  }
  return sumTo(g, edge.shape);
}

function sumsTo(shape: Shape, target: Shape): boolean {
  const lead = shape.length - target.length;
  return lead >= 0 && target.every((extent, axis) => extent === 1 || extent === shape[lead + axis]);
}

/** The node and starting cotangent of an output: `gradient`, or 1 for a single element. */
export function rootOf(where: string, output: Tensor, gradient: Tensor | undefined): readonly [Node, Tensor] {
  if (output.node === undefined) {
    if (hasLeftScope(output)) {
      throw new StateError({
        where,
        problem: `the output ${formatShape(output.shape)} came out of a scope or a captured step as a value, without its graph`,
        hint: 'call backward inside',
      });
    }
    throw new GraphError({
      where,
      problem: `the output ${formatShape(output.shape)} does not depend on anything that requires a gradient`,
      hint: 'make parameters with requiresGrad: true, and compute outside of noGrad',
    });
  }
  if (gradient === undefined) {
    if (output.size !== 1) {
      throw new GraphError({
        where,
        problem: `the output must have one element, got shape ${formatShape(output.shape)}`,
        hint: 'reduce it with sum() or mean(), or pass a gradient of its shape',
      });
    }
    const one = output.rank === 0 ? constant(1, output.dtype) : filled(output.shape, 1, output.dtype);
    return [output.node, one];
  }
  if (!sameShape(gradient.shape, output.shape)) {
    throw new ShapeError({
      where,
      argument: 'gradient',
      must: `have the output's shape ${formatShape(output.shape)}`,
      got: formatShape(gradient.shape),
    });
  }
  if (gradient.dtype !== output.dtype) {
    throw new DTypeError({
      where,
      argument: 'gradient',
      must: `have the output's dtype ${output.dtype}`,
      got: gradient.dtype,
      hint: 'cast() it',
    });
  }
  return [output.node, gradient];
}
