// Compiles packages/kernels/assembly into the two WebAssembly builds and writes them as TypeScript.
//   node tools/wasm.mjs            writes packages/kernels/src/wasm/{simd,relaxed}.ts
//   node tools/wasm.mjs --check    compiles, and fails unless the committed bytes are these
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './workspace.mjs';

const PACKAGE = join(ROOT, 'packages/kernels');

/**
 * The part of the compiler that is used here. Its own declarations do not pass a strict check, so they are not read.
 * @typedef {{ readFile: (name: string) => string | null, writeFile: (name: string, contents: string | Uint8Array) => void, listFiles: () => string[] }} Files
 * @typedef {{ main: (args: string[], files: Files) => Promise<{ error: Error | null, stderr: unknown }> }} Compiler
 */
const COMPILER = 'assemblyscript/asc';
const asc = /** @type {Compiler} */ ((await import(COMPILER)).default);

/** The list of functions, read from its TypeScript source. */
async function forms() {
  const { outputText } = ts.transpileModule(await readFile(join(PACKAGE, 'src/forms.ts'), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const { FORMS } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  return /** @type {string[]} */ (FORMS).map((line) => line.split(' ').slice(0, 2).join('_'));
}

/**
 * The one function through which the host calls all others, as a switch over their numbers.
 * @param {string[]} names
 * @param {Map<string, string>} sources
 */
function dispatch(names, sources) {
  const imports = names.map((name) => {
    const files = [...sources].filter(([, text]) => text.includes(`export function ${name}(`));
    if (files.length !== 1)
      throw new Error(`${name} must be in one file of assembly/, it is in ${files.length}`);
    return `import { ${name} } from './${files[0]?.[0].replace('.ts', '')}';`;
  });
  const parameters = ['ints', 'y', 'a', 'b', 'c', 'd'];
  const cases = names.map((name, id) => `    case ${id}: ${name}(${parameters.join(', ')}); return;`);
  const typed = parameters.map((name) => `${name}: usize`).join(', ');
  return `${imports.join('\n')}
export function call(id: i32, ${typed}): void {
  switch (id) {
${cases.join('\n')}
    default: unreachable();
  }
}
`;
}

/**
 * @param {'simd' | 'relaxed'} build
 * @param {Map<string, string>} sources
 */
async function compile(build, sources) {
  /** @type {Uint8Array | undefined} */
  let binary;
  const args = ['index.ts', '--outFile', 'out.wasm', '-O3', '--noAssert', '--runtime', 'stub'];
  args.push('--importMemory', '--noExportMemory', '--sharedMemory', '--maximumMemory', '65536');
  args.push('--memoryBase', '4096', '--enable', 'simd', '--enable', 'bulk-memory', '--enable', 'threads');
  if (build === 'relaxed') args.push('--enable', 'relaxed-simd');
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === 'out.wasm') binary = /** @type {Uint8Array} */ (contents);
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`${build}: ${error}\n${stderr}`);
  return binary;
}

const folder = join(PACKAGE, 'assembly');
const sources = new Map();
for (const name of await readdir(folder)) {
  if (name.endsWith('.ts')) sources.set(name, await readFile(join(folder, name), 'utf8'));
}
sources.set('dispatch.ts', dispatch(await forms(), sources));

let stale = false;
for (const build of /** @type {const} */ (['simd', 'relaxed'])) {
  const binary = await compile(build, sources);
  const text = `// Made by tools/wasm.mjs from assembly/.
export const ${build} =
  '${Buffer.from(binary).toString('base64')}';
`;
  const path = join(PACKAGE, `src/wasm/${build}.ts`);
  const size = `${(binary.length / 1024).toFixed(1)} KB`;
  if (process.argv.includes('--check')) {
    const same = (await readFile(path, 'utf8')) === text;
    console.log(
      `${build}: ${size}, ${same ? 'as committed' : 'differs from what is committed: run pnpm wasm'}`,
    );
    stale ||= !same;
  } else {
    await writeFile(path, text);
    console.log(`${build}: ${size}`);
  }
}
if (stale) process.exitCode = 1;
