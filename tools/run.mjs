// Runs a TypeScript file of the workspace from the sources, nothing built, arguments passed on.
//   node tools/run.mjs examples/siamese-digits.ts --epochs 2
//   node tools/run.mjs --example                 lists the examples
//   node tools/run.mjs --example siamese-digits  runs one
//   node tools/run.mjs --examples                runs all of them, quickly, and fails when one fails
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, runNode } from './workspace.mjs';

/**
 * @param {string} script
 * @param {string[]} args
 * @param {boolean} inherit
 */
function runTypeScript(script, args, inherit) {
  const hooks = pathToFileURL(join(ROOT, 'tools/ts-node.mjs')).href;
  return runNode(
    // DEP0180 is ts-node's own, on Node >= 22.
    ['--disable-warning=DEP0180', '-C', '@ndgrad/source', '--import', hooks, join(ROOT, script), ...args],
    // Types are checked by `pnpm check`; a run should start at once.
    { inherit, env: { ...process.env, TS_NODE_TRANSPILE_ONLY: '1' }, cwd: process.cwd() },
  );
}

const examples = readdirSync(join(ROOT, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

/**
 * An example that takes long names in its header the arguments of a short run: `@quick --epochs 2`.
 * @param {string} name
 */
function quickArguments(name) {
  const text = readFileSync(join(ROOT, 'examples', `${name}.ts`), 'utf8');
  return /@quick +([^\n*]+)/.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
}

/** One line that says what an example shows: the first of its header. @param {string} name */
function title(name) {
  const text = readFileSync(join(ROOT, 'examples', `${name}.ts`), 'utf8');
  const line = /^(?:#!.*\n)?\s*(?:\/\*\*?|\/\/)[\s*]*(?:@file\s+)?(.+)/.exec(text)?.[1] ?? '';
  return line.replace(/\s*\*\/\s*$/, '');
}

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) {
  console.log(
    'usage: node tools/run.mjs <script.ts> [arguments] | --example [name] [arguments] | --examples',
  );
  process.exitCode = 2;
} else if (first === '--examples') {
  for (const name of examples) {
    const began = performance.now();
    const { code, output } = await runTypeScript(`examples/${name}.ts`, quickArguments(name), false);
    console.log(
      `${code === 0 ? 'ok  ' : 'FAIL'} ${name} ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    if (code !== 0) {
      console.log(output.trimEnd().split('\n').slice(-30).join('\n'));
      process.exitCode = 1;
    }
  }
} else if (first === '--example') {
  const name = rest[0]?.replace(/^examples\/|[.]ts$/g, '');
  if (name === undefined || !existsSync(join(ROOT, 'examples', `${name}.ts`))) {
    if (name !== undefined) console.log(`no example is called ${name}; there are:`);
    const width = Math.max(0, ...examples.map((example) => example.length));
    for (const example of examples) console.log(`  ${example.padEnd(width)}  ${title(example)}`);
    process.exitCode = name === undefined ? 0 : 2;
  } else {
    process.exitCode = (await runTypeScript(`examples/${name}.ts`, rest.slice(1), true)).code;
  }
} else {
  process.exitCode = (await runTypeScript(first, rest, true)).code;
}
