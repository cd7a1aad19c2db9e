// What a user gets: packs every package, installs the tarballs into an empty project outside the workspace, and runs the
// first example of each README there, as an ES module, as CommonJS, and bundled for a browser.
//   node tools/packTest.mjs            builds first
//   node tools/packTest.mjs --built    takes dist as it is
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { pageBlocks } from './doctest/blocks.mjs';
import { EXPECT, instrument } from './doctest/instrument.mjs';
import { BIN, entries, manifest, PACKAGES, packAll, ROOT, runNode, runPnpm } from './workspace.mjs';

if (!process.argv.includes('--built')) {
  const built = await runNode([join(ROOT, 'tools/build.mjs')]);
  if (built.code !== 0) {
    process.stdout.write(built.output);
    process.exit(1);
  }
}

/** Compiler settings of users that find declarations in different ways. */
const COMPILERS = {
  'module node16': { module: 'node16' },
  'module nodenext': { module: 'nodenext' },
  'for bundlers': { module: 'esnext', moduleResolution: 'bundler' },
};

const folder = await mkdtemp(join(tmpdir(), 'ndgrad-user-'));
const counts = { passed: 0, failed: 0 };
try {
  await install();
  for (const name of PACKAGES) await tryReadme(name);
  await check('require and import give one Tensor class', sameClass);
  await check('the fluent methods live in a bundle of core', fluentBundle);
  await check('a bundle of one loss holds no mining', lossBundle);
  for (const [title, options] of Object.entries(COMPILERS)) {
    await check(`the declarations satisfy a strict compiler, ${title}`, () => consumerTypes(options));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;

/**
 * @param {string} title
 * @param {() => Promise<unknown>} attempt
 */
async function check(title, attempt) {
  try {
    await attempt();
    counts.passed++;
    console.log(`ok   ${title}`);
  } catch (error) {
    counts.failed++;
    const lines = String(/** @type {Error} */ (error).message)
      .trim()
      .split('\n');
    const shown = lines.length > 12 ? [...lines.slice(0, 12), `… ${lines.length - 12} lines more`] : lines;
    console.log(`FAIL ${title}\n${shown.map((line) => `       ${line}`).join('\n')}`);
  }
}

async function install() {
  const tarballs = join(folder, 'tarballs');
  await mkdir(tarballs);
  const packed = await packAll(tarballs);
  // A sibling comes from its tarball too: these versions are on no registry yet.
  const files = Object.fromEntries(
    packed.map(({ name, tarball }) => [manifest(name).name, `file:${tarball}`]),
  );
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, dependencies: files, pnpm: { overrides: files } }, null, 2),
  );
  const { code, output } = await runPnpm(
    ['install', '--ignore-workspace', '--prefer-offline', '--no-frozen-lockfile'],
    { cwd: folder },
  );
  if (code !== 0) throw new Error(`the tarballs do not install:\n${output}`);
  // The assertions of the examples.
  const expect = await readFile(join(ROOT, 'tools/doctest/expect.mjs'), 'utf8');
  await writeFile(join(folder, 'expect.mjs'), expect);
  await writeFile(
    join(folder, 'expect.cjs'),
    (await transform(expect, { format: 'cjs', platform: 'node' })).code,
  );
}

/** @param {string} name */
async function tryReadme(name) {
  const page = `packages/${name}/README.md`;
  const text = await readFile(join(ROOT, page), 'utf8').catch(() => '');
  const [example, ...others] = pageBlocks(page, text).filter(({ skip }) => !skip);
  if (example === undefined) {
    await check(`${page} has an example`, async () => {
      throw new Error('no ```ts block that runs');
    });
    return;
  }
  await check(`${page} as an ES module`, async () => {
    const { code } = await transform(asserted(example), { loader: 'ts', format: 'esm' });
    await runHere(`${name}.mjs`, code);
  });
  if (!/^await |^[^/\n]*= await /m.test(example.code)) {
    const { code } = await transform(asserted(example, 'cjs'), {
      loader: 'ts',
      format: 'cjs',
      platform: 'node',
    });
    await check(`${page} as CommonJS`, () => runHere(`${name}.cjs`, code));
    // Where require can load ES modules, Node prefers them (`module-sync`); this is for where it cannot.
    await check(`${page} as CommonJS all the way`, () =>
      runHere(`${name}.cjs`, code, ['--no-experimental-require-module']),
    );
  }
  const forBrowsers = [example, ...others].find(
    ({ code }) => !/from '(node:|@ndgrad\/\w+\/node')/.test(code),
  );
  if (forBrowsers !== undefined) {
    await check(`${page} bundled for a browser`, async () => {
      await bundle(asserted(forBrowsers), `${name}.browser.mjs`);
      await runHere(`${name}.browser.mjs`);
    });
  }
  await check(`all of @ndgrad/${name} bundled for a browser`, async () => {
    const specifiers = entries(name).map(({ specifier }) => specifier);
    const code = specifiers
      .filter((specifier) => !specifier.endsWith('/node'))
      .map(
        (specifier, i) =>
          `import * as part${i} from '${specifier}'; console.log(Object.keys(part${i}).length);`,
      );
    await bundle(code.join('\n'), `${name}.all.mjs`);
    await runHere(`${name}.all.mjs`);
  });
}

/**
 * @param {import('./doctest/blocks.mjs').Block} block
 * @param {'mjs' | 'cjs'} [format]
 */
function asserted({ code, line }, format = 'mjs') {
  return `import { ${EXPECT} } from './expect.${format}'; ${instrument(code, line).code}`;
}

/**
 * @param {string} file
 * @param {string} [code] absent when the file is there already
 * @param {string[]} [flags]
 */
async function runHere(file, code, flags = []) {
  if (code !== undefined) await writeFile(join(folder, file), code);
  const outcome = await runNode([...flags, file], { cwd: folder });
  if (outcome.code !== 0) throw new Error(outcome.output);
  return outcome.output;
}

/**
 * Bundles for a browser, where Node's modules do not resolve: an import of one fails here.
 * @param {string} code
 * @param {string} file
 */
async function bundle(code, file) {
  const { metafile } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outfile: file,
    metafile: true,
    treeShaking: true,
    logLevel: 'silent',
    // The assertions print values the way Node does; that is ours, not the library's.
    plugins: [
      {
        name: 'assertions',
        setup(plugin) {
          plugin.onResolve({ filter: /^node:util$/ }, ({ importer }) =>
            importer.endsWith('expect.mjs') ? { path: 'node:util', external: true } : undefined,
          );
        },
      },
    ],
  });
  return metafile;
}

async function sameClass() {
  const code = `
    import { createRequire } from 'node:module';
    import { Tensor, tensor } from '@ndgrad/core';
    const required = createRequire(import.meta.url)('@ndgrad/core');
    if (required.Tensor !== Tensor) throw new Error('two classes');
    if (required.add(tensor([1]), 1).item() !== 2) throw new Error('the copies do not work together');
  `;
  await runHere('same.mjs', code);
}

async function fluentBundle() {
  const code = `
    import { tensor } from '@ndgrad/core';
    const x = tensor([1, 2], { requiresGrad: true });
    x.mul(3).sum().backward();
    if (x.grad?.toArray().join() !== '3,3') throw new Error('wrong gradient');
  `;
  await bundle(code, 'fluent.mjs');
  await runHere('fluent.mjs');
}

async function lossBundle() {
  const { inputs } = await bundle(
    `import { mseLoss } from '@ndgrad/losses'; console.log(mseLoss);`,
    'loss.mjs',
  );
  const strangers = Object.keys(inputs).filter((path) => /@ndgrad[/+](mining|nn|io)\b/.test(path));
  if (strangers.length > 0) throw new Error(`the bundle reads ${strangers.join(', ')}`);
}

/**
 * Without any ambient types, and without the newest lib; who imports a /node entry has Node's.
 * @param {{ module: string, moduleResolution?: string }} resolution
 */
async function consumerTypes(resolution) {
  const specifiers = PACKAGES.flatMap(entries)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.endsWith('/node'));
  const code = specifiers
    .map((specifier, i) => `import * as part${i} from '${specifier}';\nvoid part${i};`)
    .join('\n');
  // Types that did not resolve would be any, which everything fits.
  const use = `
    import { type Scope, type Tensor, tensor } from '@ndgrad/core';
    import { mseLoss } from '@ndgrad/losses';
    import { Linear } from '@ndgrad/nn';
    export const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
    export const matrix: Tensor<'float32', 2> = x.tanh().matmul(x.T);
    export const loss: Tensor = mseLoss(new Linear(2, 2).call(matrix), x);
    // @ts-expect-error a matrix is no vector
    export const vector: Tensor<'float32', 1> = matrix;
    // @ts-expect-error an option that is there has a value
    export const made = tensor([1], { dtype: undefined });
    export const end = (scope: Scope): void => scope[Symbol.dispose]();
  `;
  for (const file of ['consumer.mts', 'consumer.cts']) await writeFile(join(folder, file), code + use);
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022'],
        ...resolution,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
        types: [],
      },
      files: ['consumer.mts', 'consumer.cts'],
    }),
  );
  const { code: exit, output } = await runNode([join(ROOT, BIN.tsc), '-p', folder]);
  if (exit !== 0) throw new Error(output);
}
