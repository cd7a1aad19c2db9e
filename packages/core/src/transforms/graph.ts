/** @file The recorded graph as a drawing: Graphviz and Mermaid. */
import { checkOptions, checkTensor, describeValue } from '../arguments.js';
import type { Node } from '../autodiff/node.js';
import { siteOf } from '../autodiff/watch.js';
import { ArgumentError, GraphError } from '../errors.js';
import { formatShape } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** Options of {@link toDot} and {@link toMermaid}. */
export interface GraphOptions {
  /** Names of tensors in the drawing, for parameters and whatever else is to be found again. */
  readonly names?: Readonly<Record<string, Tensor>>;
}

/** What a drawing says of a node. */
interface Drawn {
  readonly id: string;
  readonly isLeaf: boolean;
  /** Name, op, shape and dtype, place: one line each. */
  readonly lines: readonly string[];
}

/** Nodes and edges of the graph behind `output`, inputs before what is made of them. */
function drawingOf(
  where: string,
  output: Tensor,
  options: GraphOptions,
): { nodes: readonly Drawn[]; edges: readonly (readonly [from: string, to: string])[] } {
  checkTensor(where, 'output', output);
  checkOptions(where, options, ['names']);
  if (output.node === undefined) {
    throw new GraphError({
      where,
      problem: `the output ${formatShape(output.shape)} has no graph: nothing that it depends on requires a gradient`,
      hint: 'make parameters with requiresGrad: true, and compute outside of noGrad',
    });
  }
  const { names = {} } = options;
  if (typeof names !== 'object' || names === null) {
    throw new ArgumentError({
      where,
      argument: 'names',
      must: 'be an object of tensors',
      got: describeValue(names),
    });
  }
  const nameOf = new Map<Node, string>();
  for (const [name, t] of Object.entries(names)) {
    checkTensor(where, `names.${name}`, t);
    if (t.node !== undefined) nameOf.set(t.node, name);
  }
  const found = new Set([output.node]);
  // A Set yields what is added while it is walked.
  for (const { edges } of found) for (const edge of edges) if (edge !== undefined) found.add(edge);
  const sorted = [...found].sort((a, b) => a.id - b.id);
  const edges: (readonly [string, string])[] = [];
  const nodes = sorted.map((node): Drawn => {
    const id = `n${node.id}`;
    for (const edge of node.edges) if (edge !== undefined) edges.push([`n${edge.id}`, id]);
    const name = nameOf.get(node);
    const [site] = siteOf(node) ?? [];
    const what = node.op?.name ?? 'leaf';
    const lines = [
      name === undefined ? what : `${name}: ${what}`,
      `${formatShape(node.shape)} ${node.dtype}`,
      ...(site === undefined ? [] : [site]),
    ];
    return { id, isLeaf: node.op === undefined, lines };
  });
  return { nodes, edges };
}

/**
 * The graph that was recorded behind `output`, in Graphviz's language: leaves as boxes, ops as ellipses, with shapes, dtypes
 * and, for what was recorded under {@link detectAnomaly}, the places in the code.
 *
 * @throws {@link GraphError} for an output without a graph.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * toDot(w.square().sum(), { names: { w } }).includes('w: leaf\\n[2] float32') // => true
 * ```
 */
export function toDot(output: Tensor, options: GraphOptions = {}): string {
  const { nodes, edges } = drawingOf('toDot', output, options);
  const quoted = (lines: readonly string[]): string =>
    `"${lines.map((line) => line.replace(/[\\"]/g, '\\$&').replace(/[\r\n]+/g, ' ')).join('\\n')}"`;
  return [
    'digraph ndgrad {',
    '  rankdir=BT;',
    '  node [fontname="sans-serif"];',
    ...nodes.map(
      ({ id, isLeaf, lines }) => `  ${id} [shape=${isLeaf ? 'box' : 'ellipse'}, label=${quoted(lines)}];`,
    ),
    ...edges.map(([from, to]) => `  ${from} -> ${to};`),
    '}',
    '',
  ].join('\n');
}

/**
 * The graph that was recorded behind `output`, as a Mermaid flowchart. See {@link toDot}.
 *
 * @throws {@link GraphError} for an output without a graph.
 *
 * @example
 * ```ts
 * const w = tensor([1, 2], { requiresGrad: true });
 * toMermaid(w.exp(), { names: { w } }).split('\n')[0] // => 'flowchart BT'
 * ```
 */
export function toMermaid(output: Tensor, options: GraphOptions = {}): string {
  const { nodes, edges } = drawingOf('toMermaid', output, options);
  // Mermaid reads markup in labels, so everything but plain text is spelled as a character code.
  const quoted = (lines: readonly string[]): string =>
    `"${lines.map((line) => line.replace(/[^\w .,:/+-]/gu, (c) => `#${c.codePointAt(0) as number};`)).join('<br/>')}"`;
  return [
    'flowchart BT',
    ...nodes.map(
      ({ id, isLeaf, lines }) => `  ${id}${isLeaf ? '[' : '(['}${quoted(lines)}${isLeaf ? ']' : '])'}`,
    ),
    ...edges.map(([from, to]) => `  ${from} --> ${to}`),
    '',
  ].join('\n');
}
