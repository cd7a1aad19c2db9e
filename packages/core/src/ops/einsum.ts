/** @file Einstein's summation convention: products of any number of tensors, written with letters for axes. */
import { checkTensor, describeValue } from '../arguments.js';
import { ArgumentError, LimitError, ShapeError } from '../errors.js';
import { formatShape, MAX_RANK, type Shape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { cast, unify } from './define.js';
import { mul } from './elementwise.js';
import { matmul } from './linalg.js';
import { diagonal, permute, reshape, squeeze, unsqueeze } from './movement.js';
import { sum } from './reduce.js';

const where = 'einsum';
const ELLIPSIS = '...';

/** A letter, or an axis under an ellipsis: `...1` is its last one, `...2` the one before. */
type Label = string;

/** A tensor with a label for each axis. */
interface Term {
  readonly tensor: Tensor;
  readonly labels: readonly Label[];
}

/** Extents by label. */
type Extents = ReadonlyMap<Label, number>;

// Reading the equation

/** Letters and ellipses of each operand and of the output, as they were written. */
interface Equation {
  readonly inputs: readonly (readonly string[])[];
  /** Undefined where there is no arrow. */
  readonly output: readonly string[] | undefined;
}

function malformed(equation: string, problem: string): ArgumentError {
  return new ArgumentError({
    where,
    argument: 'equation',
    must: "hold letters, commas, '...', spaces and at most one '->'",
    got: `${problem} in ${describeValue(equation)}`,
  });
}

function parse(equation: unknown): Equation {
  if (typeof equation !== 'string') {
    throw new ArgumentError({
      where,
      argument: 'equation',
      must: 'be a string',
      got: describeValue(equation),
    });
  }
  const [legal] = /^(?:[ a-zA-Z,]|\.\.\.|->)*/.exec(equation) as RegExpExecArray;
  if (legal.length < equation.length) {
    throw malformed(equation, `'${equation[legal.length]}' at position ${legal.length}`);
  }
  const [left, right, further] = equation.split('->');
  if (further !== undefined) throw malformed(equation, "a second '->'");
  if (right?.includes(',')) throw malformed(equation, "',' after '->'");
  const tokens = (term: string): string[] => {
    const list: string[] = term.match(/[a-zA-Z]|\.\.\./g) ?? [];
    if (list.indexOf(ELLIPSIS) !== list.lastIndexOf(ELLIPSIS)) {
      throw malformed(equation, `a second '...' in the term '${term.trim()}'`);
    }
    return list;
  };
  return { inputs: left.split(',').map(tokens), output: right === undefined ? undefined : tokens(right) };
}

/** Labels of the axes under an ellipsis, aligned at the last one as all broadcasting is. */
function underEllipsis(width: number): Label[] {
  return Array.from({ length: width }, (_, i) => `${ELLIPSIS}${width - i}`);
}

const isLetter = (label: Label): boolean => label.length === 1;

/** The operands of an equation, each axis with its label. */
function labelled(inputs: Equation['inputs'], operands: readonly Tensor[]): Term[] {
  return operands.map((tensor, i) => {
    const tokens = inputs[i];
    const hasEllipsis = tokens.includes(ELLIPSIS);
    const letters = tokens.length - (hasEllipsis ? 1 : 0);
    if (hasEllipsis ? tensor.rank < letters : tensor.rank !== letters) {
      throw new ShapeError({
        where,
        argument: `operand ${i}`,
        must: `have ${hasEllipsis ? 'at least ' : ''}${letters} ${letters === 1 ? 'axis' : 'axes'}, as '${tokens.join('')}' says`,
        got: `shape ${formatShape(tensor.shape)}`,
      });
    }
    const width = tensor.rank - letters;
    return {
      tensor,
      labels: tokens.flatMap((token) => (token === ELLIPSIS ? underEllipsis(width) : token)),
    };
  });
}

/** The one extent of each label, which an extent of 1 stretches to. */
function extentsOf(terms: readonly Term[]): Extents {
  const found = new Map<Label, { extent: number; term: number }>();
  terms.forEach(({ tensor: { shape }, labels }, term) => {
    labels.forEach((label, axis) => {
      const extent = shape[axis];
      const known = found.get(label);
      const first = labels.indexOf(label);
      if (first < axis && shape[first] !== extent) {
        throw new ShapeError({
          where,
          problem: `'${label}' is ${shape[first]} and ${extent} in operand ${term} ${formatShape(shape)}`,
          hint: 'a diagonal has axes of one length',
        });
      }
      if (known === undefined || known.extent === 1) found.set(label, { extent, term });
      else if (extent !== 1 && extent !== known.extent) {
        const name = isLetter(label) ? `'${label}'` : `axis −${label.slice(ELLIPSIS.length)} of '...'`;
        throw new ShapeError({
          where,
          problem:
            `${name} is ${known.extent} in operand ${known.term} ${formatShape(terms[known.term].tensor.shape)} ` +
            `and ${extent} in operand ${term} ${formatShape(shape)}`,
        });
      }
    });
  });
  return new Map([...found].map(([label, { extent }]) => [label, extent]));
}

/** The labels of the result: those written, or after the ellipsis' all letters that appear once, A before a. */
function outputLabels({ inputs, output }: Equation, terms: readonly Term[], extents: Extents): Label[] {
  const width = [...extents.keys()].filter((label) => !isLetter(label)).length;
  const broadcast = underEllipsis(width);
  if (output === undefined) {
    const letters = inputs.flat().filter((token) => token !== ELLIPSIS);
    const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
    return [...broadcast, ...once.sort()];
  }
  output.forEach((letter, i) => {
    if (output.indexOf(letter) < i) {
      throw new ArgumentError({ where, problem: `output letter '${letter}' appears twice` });
    }
    if (letter !== ELLIPSIS && !extents.has(letter)) {
      throw new ArgumentError({ where, problem: `output letter '${letter}' is in no operand` });
    }
  });
  if (width > 0 && !output.includes(ELLIPSIS)) {
    const term = terms.findIndex(({ labels }) => !labels.every(isLetter));
    throw new ArgumentError({
      where,
      problem: `the output lacks '...', which stands for axes of operand ${term} ${formatShape(terms[term].tensor.shape)}`,
      hint: 'name the axes that are to be summed',
    });
  }
  return output.flatMap((token) => (token === ELLIPSIS ? broadcast : token));
}

// One operand

/** A view of the diagonal of each label that a term has more than once. */
function onDiagonals(term: Term): Term {
  const { tensor, labels } = term;
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return term;
  const label = labels[second];
  const first = labels.indexOf(label);
  return onDiagonals({
    tensor: diagonal(tensor, { axes: [first, second] }),
    labels: [...labels.filter((_, axis) => axis !== first && axis !== second), label],
  });
}

/** A term summed over the labels that nobody else wants. */
function summed(term: Term, isWanted: (label: Label) => boolean): Term {
  const { tensor, labels } = term;
  const axis = labels.flatMap((label, i) => (isWanted(label) ? [] : i));
  if (axis.length === 0) return term;
  return { tensor: sum(tensor, { axis }), labels: labels.filter(isWanted) };
}

/** The tensor of a term with its axes in the order of `labels`; labels that it lacks get axes of length 1. */
function arranged({ tensor, labels }: Term, order: readonly Label[]): Tensor {
  const own = order.filter((label) => labels.includes(label));
  const axes = own.map((label) => labels.indexOf(label));
  let t = permute(tensor, axes);
  order.forEach((label, axis) => {
    if (!labels.includes(label)) t = unsqueeze(t, axis);
  });
  return t;
}

// Two operands

/** A term without the axes of length 1 that the other has too: what broadcasts is left to the other. */
function withoutStretched(term: Term, other: Term): Term {
  const axis = term.labels.flatMap((label, i) =>
    term.tensor.shape[i] === 1 && other.labels.includes(label) ? i : [],
  );
  if (axis.length === 0) return term;
  return {
    tensor: squeeze(term.tensor, { axis }),
    labels: term.labels.filter((_, i) => !axis.includes(i)),
  };
}

/** The axes from `start` on that stand for `labels`, as one. */
function merged(t: Tensor, start: number, count: number): Tensor {
  if (count === 1) return t;
  if (count === 0) return unsqueeze(t, start);
  const { shape } = t;
  return reshape(t, [
    ...shape.slice(0, start),
    sizeOf(shape.slice(start, start + count)),
    ...shape.slice(start + count),
  ]);
}

/** The product of two terms, summed over the labels that are not wanted any more. */
function contracted(first: Term, second: Term, isWanted: (label: Label) => boolean): Term {
  const a0 = withoutStretched(first, second);
  const b0 = withoutStretched(second, a0);
  const a = summed(a0, (label) => isWanted(label) || b0.labels.includes(label));
  const b = summed(b0, (label) => isWanted(label) || a0.labels.includes(label));
  const inner = a.labels.filter((label) => b.labels.includes(label) && !isWanted(label));
  if (inner.length === 0) {
    const labels = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))];
    requireRank(labels);
    return { tensor: mul(arranged(a, labels), arranged(b, labels)), labels };
  }
  const batch = a.labels.filter((label) => b.labels.includes(label) && isWanted(label));
  const rows = a.labels.filter((label) => !b.labels.includes(label));
  const columns = b.labels.filter((label) => !a.labels.includes(label));
  const labels = [...batch, ...rows, ...columns];
  requireRank(labels);
  const lead = batch.length;
  const left = merged(
    merged(arranged(a, [...batch, ...rows, ...inner]), lead + rows.length, inner.length),
    lead,
    rows.length,
  );
  const right = merged(
    merged(arranged(b, [...batch, ...inner, ...columns]), lead + inner.length, columns.length),
    lead,
    inner.length,
  );
  const product = matmul(left, right);
  const extents = [...batch, ...rows].map((label) => a.tensor.shape[a.labels.indexOf(label)]);
  const shape: Shape = [...extents, ...columns.map((label) => b.tensor.shape[b.labels.indexOf(label)])];
  return { tensor: reshape(product, shape), labels };
}

function requireRank(labels: readonly Label[]): void {
  if (labels.length <= MAX_RANK) return;
  throw new LimitError({
    where,
    problem: `a product of two operands has ${labels.length} axes, more than ${MAX_RANK}`,
    hint: 'contract some of the operands first',
  });
}

// All operands

/** Up to this many operands every order is tried; of more, the cheapest pair goes first. */
const SEARCHED = 4;

/** Which two go first, then which two of the others and the product behind them, and so on. */
interface Order {
  readonly multiplications: number;
  readonly pairs: readonly (readonly [number, number])[];
}

/** The order of products that takes the fewest multiplications, for operands given by their labels. */
function cheapestOrder(
  operands: readonly (readonly Label[])[],
  extents: Extents,
  isOutput: (label: Label) => boolean,
): Order {
  if (operands.length < 2) return { multiplications: 0, pairs: [] };
  const volume = (labels: readonly Label[]): number => sizeOf(labels.map((label) => extents.get(label) ?? 1));
  const candidates = operands.flatMap((first, i) =>
    operands.slice(i + 1).map((second, k) => {
      const j = i + 1 + k;
      const others = operands.filter((_, at) => at !== i && at !== j);
      const labels = [...new Set([...first, ...second])];
      const left = labels.filter((label) => isOutput(label) || others.some((own) => own.includes(label)));
      return { pair: [i, j] as const, next: [...others, left], cost: volume(labels), size: volume(left) };
    }),
  );
  const tried =
    operands.length <= SEARCHED
      ? candidates
      : [
          candidates.reduce((best, one) =>
            one.cost < best.cost || (one.cost === best.cost && one.size < best.size) ? one : best,
          ),
        ];
  let best: Order = { multiplications: Infinity, pairs: [] };
  for (const { pair, next, cost } of tried) {
    const rest = cheapestOrder(next, extents, isOutput);
    const multiplications = cost + rest.multiplications;
    if (multiplications < best.multiplications || best.pairs.length === 0) {
      best = { multiplications, pairs: [pair, ...rest.pairs] };
    }
  }
  return best;
}

/**
 * A sum of products, written with a letter for each axis: `'ij,jk->ik'` is the matrix product. Letters that the output
 * does not name are summed over. Upper and lower case differ, spaces say nothing.
 *
 * - Without `->` the output has the letters that appear once, in alphabetical order, A before a; after the axes of `...`.
 * - A letter twice in one operand stands for its diagonal, `'ii->i'`; in none but one operand and not in the output, for
 *   a sum, `'ij->i'`.
 * - `...` stands for any axes, which broadcast among the operands. The output must have it where there are such axes, as in
 *   NumPy.
 * - Axes of length 1 stretch to the others of their letter.
 *
 * With one operand, transposes and diagonals are views. With more, two at a time are multiplied, by a product of stacks of
 * matrices or, where nothing is summed, elementwise, in the order that takes the fewest multiplications (for each pair the
 * product of all its extents); with more than four left, the pair goes first that takes the fewest itself. Ties go to the
 * pair that is written first. Sums are in double precision, each pair's result is rounded. bool counts as int32.
 *
 * @param equation - one term for each operand, between commas.
 * @throws {@link ArgumentError} for an equation that is malformed or does not fit the number of operands;
 *   {@link ShapeError} for an operand of another rank, and for extents that disagree; {@link LimitError} when a product of
 *   two operands would have more than 16 axes.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * einsum('ij,j->i', x, tensor([1, 10])).toArray() // => [21, 43]
 * einsum('ii->i', x).toArray() // => [1, 4]
 * einsum('...ij->...ji', x).toArray() // => [[1, 3], [2, 4]]
 * ```
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const parsed = parse(equation);
  operands.forEach((operand, i) => {
    checkTensor(where, `operand ${i}`, operand);
  });
  const { length } = parsed.inputs;
  if (operands.length !== length) {
    throw new ArgumentError({
      where,
      problem: `${describeValue(equation)} has ${length} ${length === 1 ? 'term' : 'terms'} for ${operands.length} ${operands.length === 1 ? 'operand' : 'operands'}`,
    });
  }
  const given = labelled(parsed.inputs, operands);
  const extents = extentsOf(given);
  const output = outputLabels(parsed, given, extents);
  const isOutput = (label: Label): boolean => output.includes(label);
  const numbers = unify(
    where,
    operands,
    operands.map((_, i) => `operand ${i}`),
  ).map((t) => (t.dtype === 'bool' ? cast(t, 'int32') : t));
  const diagonals = given.map(({ labels }, i) => onDiagonals({ tensor: numbers[i], labels }));
  let terms = diagonals.map((term, i) =>
    summed(
      term,
      (label) => isOutput(label) || diagonals.some((other, k) => k !== i && other.labels.includes(label)),
    ),
  );
  const { pairs } = cheapestOrder(
    terms.map(({ labels }) => labels),
    extents,
    isOutput,
  );
  for (const [i, j] of pairs) {
    const rest = terms.filter((_, k) => k !== i && k !== j);
    const isWanted = (label: Label): boolean =>
      isOutput(label) || rest.some(({ labels }) => labels.includes(label));
    terms = [...rest, contracted(terms[i], terms[j], isWanted)];
  }
  return arranged(terms[0], output);
}
