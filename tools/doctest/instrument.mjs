// Turns `expression; // => value` into an assertion.
import ts from 'typescript';

/** What an instrumented block calls: see expect.mjs. */
export const EXPECT = '__expect';

/**
 * @typedef {object} Instrumented
 * @property {string} code
 * @property {number} expectations how many values the block promises
 * @property {string[]} unused names that the block uses, and neither declares nor imports
 */

/**
 * @param {string} code
 * @param {number} firstLine line of the file on which the code starts
 * @returns {Instrumented}
 * @throws Error when the code does not parse or a promise stands where there is no value
 */
export function instrument(code, firstLine) {
  const source = parse(code, firstLine);
  const promises = findPromises(code, source);
  /** @type {{ start: number, end: number, text: string }[]} */
  const edits = [];
  for (const { position, line, text } of promises) {
    const statement = statementBefore(source, position);
    const where = firstLine + line;
    if (statement === undefined) {
      throw new Error(`line ${where}: no expression stands before \`// => ${text}\``);
    }
    edits.push(edit(source, statement, where, text));
  }
  let result = code;
  for (const { start, end, text } of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end);
  }
  return { code: result, expectations: edits.length, unused: freeNames(source) };
}

/**
 * @param {string} code
 * @param {number} firstLine
 */
function parse(code, firstLine) {
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  const [problem] = syntaxErrors(source);
  if (problem !== undefined) {
    const { line } = source.getLineAndCharacterOfPosition(problem.start ?? 0);
    throw new Error(`line ${firstLine + line}: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`);
  }
  return source;
}

/**
 * @param {ts.SourceFile} source
 * @returns {readonly ts.Diagnostic[]}
 */
function syntaxErrors(source) {
  // Not in the public type, and there for as long as the compiler has had an API.
  return (
    /** @type {{ parseDiagnostics?: ts.Diagnostic[] }} */ (/** @type {unknown} */ (source))
      .parseDiagnostics ?? []
  );
}

/**
 * The `// =>` comments. A value may go on over comment-only lines, until it is whole.
 * @param {string} code
 * @param {ts.SourceFile} source
 */
function findPromises(code, source) {
  const comments = lineComments(code, source);
  const lines = code.split('\n');
  /** @type {{ position: number, line: number, text: string }[]} */
  const found = [];
  for (const [line, { position, text }] of comments) {
    const match = /^\/\/ *=> *(.*)$/.exec(text);
    if (match === null) continue;
    let value = (match[1] ?? '').trim();
    for (let next = line + 1; !isExpression(value); next++) {
      const continuation = /^\s*\/\/ ?(?! *=>)(.*)$/.exec(lines[next] ?? '');
      if (continuation === null) break;
      const longer = `${value}\n${continuation[1]}`;
      value = longer;
    }
    found.push({ position, line, text: isExpression(value) ? value : (match[1] ?? '').trim() });
  }
  return found;
}

/**
 * @param {string} code
 * @param {ts.SourceFile} source
 */
function lineComments(code, source) {
  /** @type {Map<number, { position: number, text: string }>} */
  const comments = new Map();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (node.getChildCount(source) === 0) {
      const ranges = [
        ...(ts.getLeadingCommentRanges(code, node.pos) ?? []),
        ...(ts.getTrailingCommentRanges(code, node.end) ?? []),
      ];
      for (const { kind, pos, end } of ranges) {
        if (kind !== ts.SyntaxKind.SingleLineCommentTrivia) continue;
        const { line } = source.getLineAndCharacterOfPosition(pos);
        comments.set(line, { position: pos, text: code.slice(pos, end) });
      }
    }
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return [...comments].sort(([a], [b]) => a - b);
}

/** @param {string} text */
function isExpression(text) {
  if (text.trim() === '') return false;
  return syntaxErrors(ts.createSourceFile('value.ts', `(${text}\n)`, ts.ScriptTarget.ES2022)).length === 0;
}

/**
 * The last statement that ends before a position.
 * @param {ts.SourceFile} source
 * @param {number} position
 */
function statementBefore(source, position) {
  /** @type {ts.ExpressionStatement | ts.VariableStatement | undefined} */
  let last;
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (node.getStart(source) >= position) return;
    if ((ts.isExpressionStatement(node) || ts.isVariableStatement(node)) && node.end <= position) {
      if (last === undefined || node.end > last.end) last = node;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return last;
}

/**
 * @param {ts.SourceFile} source
 * @param {ts.ExpressionStatement | ts.VariableStatement} statement
 * @param {number} line
 * @param {string} promised
 */
function edit(source, statement, line, promised) {
  const start = statement.getStart(source);
  const end = statement.end;
  const throws = /^throws\b/.test(promised);
  /** @type {string} what to evaluate */
  let expression;
  let keep = '';
  if (ts.isExpressionStatement(statement)) {
    expression = printed(statement.expression, source);
  } else {
    const [declaration, ...others] = statement.declarationList.declarations;
    if (declaration?.initializer === undefined || others.length > 0 || !ts.isIdentifier(declaration.name)) {
      throw new Error(`line ${line}: \`// =>\` needs one name with a value before it`);
    }
    if (throws) {
      expression = declaration.initializer.getText(source);
    } else {
      expression = declaration.name.text;
      keep = `${statement.getText(source)} `;
    }
  }
  const waits = keep === '' && hasAwait(statement);
  // `≈` and `throws` are words of the comment; what remains is looked at as a value where it is one.
  const value = promised.replace(/^≈ */, '');
  const actual = `${waits ? 'async ' : ''}() => (${expression})`;
  const expected = !throws && isExpression(value) ? `() => (${value}\n)` : 'undefined';
  const text = `${keep}${waits ? 'await ' : ''}${EXPECT}(${line}, ${JSON.stringify(promised)}, ${actual}, ${expected});`;
  return { start, end, text };
}

/**
 * `console.log(x)` promises what it prints: x.
 * @param {ts.Expression} expression
 * @param {ts.SourceFile} source
 */
function printed(expression, source) {
  if (ts.isCallExpression(expression) && expression.expression.getText(source) === 'console.log') {
    const args = expression.arguments.map((argument) => argument.getText(source));
    return args.length === 1 ? (args[0] ?? '') : `[${args.join(', ')}].join(' ')`;
  }
  return expression.getText(source);
}

/**
 * Whether a statement waits itself, not in a function inside it.
 * @param {ts.Node} node
 * @returns {boolean}
 */
function hasAwait(node) {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => hasAwait(child) || undefined) ?? false;
}

/**
 * Names that are read as values and come from nowhere in the block. Scopes are not told apart: a name declared anywhere
 * counts as declared.
 * @param {ts.SourceFile} source
 */
function freeNames(source) {
  /** @type {Set<string>} */
  const used = new Set();
  /** @type {Set<string>} */
  const declared = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node)) {
      // `typeof x` in a type reads no value.
      return;
    }
    if (ts.isIdentifier(node)) {
      const parent = node.parent;
      const isName = 'name' in parent && parent.name === node;
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && isName) ||
        (ts.isPropertyAssignment(parent) && isName) ||
        (ts.isBindingElement(parent) && parent.propertyName === node) ||
        ts.isMethodDeclaration(parent) ||
        ts.isPropertyDeclaration(parent);
      if (ts.isShorthandPropertyAssignment(parent)) used.add(node.text);
      else if (isProperty) {
        if (!isName) used.add(node.text);
      } else if (isName || ts.isImportSpecifier(parent) || ts.isImportClause(parent)) declared.add(node.text);
      else used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...used].filter((name) => !declared.has(name));
}
