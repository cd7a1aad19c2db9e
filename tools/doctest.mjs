// Runs the examples of the documentation: fenced ts blocks of README.md, CONTRIBUTING.md and docs, and @example blocks of
// doc comments in packages/*/src. In a block
//     expression; // => value
// asserts the value (numbers to 1e-6, tensors as nested arrays), `// => ≈ value` three digits of it, and
// `// => throws ShapeError` that it throws. A fence marked `ts no-run` is counted and not run.
//   node tools/doctest.mjs [path...]     all, or what lies below the paths
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { pageBlocks, sourceBlocks } from './doctest/blocks.mjs';
import { EXPECT, instrument } from './doctest/instrument.mjs';
import { entries, filesBelow, PACKAGES, ROOT } from './workspace.mjs';

/** @typedef {import('./doctest/blocks.mjs').Block} Block */
/** @typedef {{ block: Block, problem: string | undefined }} Verdict */

const TIMEOUT_MS = 60_000;
const WORKERS = 2;
const OUTPUT = join(ROOT, 'node_modules/.cache/ndgrad/doctest');

/** @returns {Promise<Block[]>} */
async function allBlocks() {
  /** @type {Block[]} */
  const blocks = [];
  for (const file of await filesBelow(ROOT, '.md')) {
    const path = relative(ROOT, file);
    if (!/(^|[/\\])README[.]md$|^CONTRIBUTING[.]md$|^docs[/\\]/.test(path)) continue;
    blocks.push(...pageBlocks(path, await readFile(file, 'utf8')));
  }
  for (const name of PACKAGES) {
    for (const file of await filesBelow(join(ROOT, 'packages', name, 'src'), '.ts')) {
      blocks.push(...sourceBlocks(relative(ROOT, file), await readFile(file, 'utf8')));
    }
  }
  return blocks;
}

/** Every entry point by its specifier, the longer first: `@ndgrad/core/testing` before `@ndgrad/core`. */
const alias = Object.fromEntries(
  PACKAGES.flatMap(entries)
    .sort((a, b) => b.specifier.length - a.specifier.length)
    .map(({ specifier, source }) => [specifier, source]),
);

/** What each entry point exports, by name. @returns {Promise<Map<string, string[]>>} */
async function exportedNames() {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.values(alias),
    alias,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: OUTPUT,
    logLevel: 'silent',
  });
  const names = new Map();
  for (const [specifier, source] of Object.entries(alias)) {
    const output = Object.values(metafile.outputs).find(
      ({ entryPoint }) => entryPoint !== undefined && resolve(ROOT, entryPoint) === source,
    );
    names.set(specifier, output?.exports ?? []);
  }
  return names;
}

/**
 * Imports for the names that a doc comment leaves to its reader: the package's own, then core's.
 * @param {Block} block
 * @param {string[]} wanted
 * @param {Map<string, string[]>} exported
 */
function ownImports(block, wanted, exported) {
  const own = `@ndgrad/${/packages[/\\](\w+)/.exec(block.file)?.[1]}`;
  const specifiers = [...exported.keys()].sort((a, b) => rank(a) - rank(b) || a.length - b.length);
  /** @param {string} specifier */
  function rank(specifier) {
    if (specifier === own) return 0;
    return specifier.startsWith(`${own}/`) ? 1 : 2;
  }
  let text = '';
  const open = new Set(wanted);
  for (const specifier of specifiers) {
    if (rank(specifier) === 2 && specifier !== '@ndgrad/core') continue;
    const here = (exported.get(specifier) ?? []).filter((name) => open.delete(name));
    if (here.length > 0) text += `import { ${here.join(', ')} } from '${specifier}'; `;
  }
  return text;
}

/**
 * Bundles every block with the library's sources. A block that cannot be built is judged here and left out.
 * @param {Map<number, { block: Block, code: string }>} modules
 * @param {Verdict[]} verdicts
 */
async function bundle(modules, verdicts) {
  while (modules.size > 0) {
    try {
      await build({
        absWorkingDir: ROOT,
        entryPoints: [...modules.keys()].map((id) => ({ in: `doctest:${id}`, out: `block-${id}` })),
        alias,
        bundle: true,
        splitting: true,
        // An example may use what the packages stand on.
        nodePaths: PACKAGES.map((name) => join(ROOT, 'packages', name, 'node_modules')),
        format: 'esm',
        platform: 'node',
        target: 'node20',
        outdir: OUTPUT,
        outExtension: { '.js': '.mjs' },
        // CommonJS dependencies ask for Node's modules with require.
        banner: {
          js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
        },
        logLevel: 'silent',
        plugins: [
          {
            name: 'doctest',
            setup(plugin) {
              plugin.onResolve({ filter: /^doctest:/ }, ({ path }) => ({
                path: path.slice('doctest:'.length),
                namespace: 'doctest',
              }));
              plugin.onLoad({ filter: /.*/, namespace: 'doctest' }, ({ path }) => {
                const entry = modules.get(Number(path));
                if (entry === undefined) return;
                return { contents: entry.code, loader: 'ts', resolveDir: resolveFolder(entry.block) };
              });
            },
          },
        ],
      });
      return;
    } catch (error) {
      const { errors = [] } = /** @type {Partial<import('esbuild').BuildFailure>} */ (error);
      const culprits = new Map();
      for (const { text, location } of errors) {
        const id = /^doctest:(\d+)$/.exec(location?.file ?? '')?.[1];
        if (id !== undefined) culprits.set(Number(id), text);
      }
      // Then it is the library that does not build.
      if (culprits.size === 0) throw error;
      for (const [id, problem] of culprits) {
        const entry = modules.get(id);
        if (entry !== undefined) verdicts.push({ block: entry.block, problem });
        modules.delete(id);
      }
    }
  }
}

/**
 * Where a block's imports of outside packages are looked up: in the package it belongs to; a page of the whole project
 * may use what the examples use.
 * @param {Block} block
 */
function resolveFolder(block) {
  const own = /^packages[/\\]\w+/.exec(block.file)?.[0];
  return own === undefined ? join(ROOT, 'examples') : join(ROOT, dirname(`${own}/x`));
}

/**
 * @param {number} id
 * @returns {Promise<string | undefined>} the problem
 */
function runBlock(id) {
  return new Promise((done) => {
    const worker = new Worker(new URL('./doctest/worker.mjs', import.meta.url), {
      workerData: { url: pathToFileURL(join(OUTPUT, `block-${id}.mjs`)).href },
    });
    const timer = setTimeout(() => {
      done(`did not end within ${TIMEOUT_MS / 1000} s`);
      worker.terminate();
    }, TIMEOUT_MS);
    worker.on('message', ({ problem }) => done(problem));
    worker.on('error', (error) => done(error.message));
    worker.on('exit', () => {
      clearTimeout(timer);
      done('ended before its last line');
    });
  });
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function libraryIsBroken(error) {
  console.log(`the sources do not build: ${/** @type {Error} */ (error).message}`);
  console.log(`0 passed, ${blocks.length} failed`);
  process.exit(1);
}

const paths = process.argv.slice(2).map((path) => relative(ROOT, resolve(path)));
const blocks = (await allBlocks()).filter(
  ({ file }) =>
    paths.length === 0 || paths.some((path) => path === '' || file === path || file.startsWith(`${path}/`)),
);

await rm(OUTPUT, { recursive: true, force: true });
await mkdir(OUTPUT, { recursive: true });
/** @type {Verdict[]} */
const verdicts = [];
const modules = new Map();
const exported = await exportedNames().catch(libraryIsBroken);
let promises = 0;
let skipped = 0;
blocks.forEach((block, id) => {
  if (block.skip) {
    skipped++;
    return;
  }
  try {
    const { code, expectations, unused } = instrument(block.code, block.line);
    promises += expectations;
    const expectPath = join(ROOT, 'tools/doctest/expect.mjs').replaceAll('\\', '/');
    const imports = block.inSource ? ownImports(block, unused, exported) : '';
    // The export makes a module of a block that imports nothing.
    const head = `import { ${EXPECT} } from ${JSON.stringify(expectPath)}; ${imports}`;
    modules.set(id, { block, code: `${head}${code}\nexport {};` });
  } catch (error) {
    verdicts.push({ block, problem: /** @type {Error} */ (error).message });
  }
});

await bundle(modules, verdicts).catch(libraryIsBroken);

const queue = [...modules];
await Promise.all(
  Array.from({ length: WORKERS }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [id, { block }] = next;
      verdicts.push({ block, problem: await runBlock(id) });
    }
  }),
);

const failures = verdicts.filter(({ problem }) => problem !== undefined);
failures.sort((a, b) => a.block.file.localeCompare(b.block.file) || a.block.line - b.block.line);
for (const { block, problem } of failures) console.log(`${block.file}:${block.line}\n  ${problem}\n`);
console.log(`${promises} promised values in ${verdicts.length} examples; ${skipped} marked no-run`);
console.log(`${verdicts.length - failures.length} passed, ${failures.length} failed`);
if (failures.length > 0) process.exitCode = 1;
