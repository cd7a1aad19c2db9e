// Builds every package from nothing:
//   dist/esm/*.d.ts   by tsc, one declaration for each source file
//   dist/esm/*.js     by esbuild
//   dist/cjs/*.js     by esbuild; a nested package.json says "type": "commonjs", the declarations are copies
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BIN, PACKAGES, ROOT, runNode } from './workspace.mjs';

const folders = PACKAGES.map((name) => join(ROOT, 'packages', name));

// What a deleted source once gave must not be packed.
for (const folder of folders) await rm(join(folder, 'dist'), { recursive: true, force: true });

const types = await runNode([BIN.tsc, '-b', ...folders]);
if (types.code !== 0) {
  process.stdout.write(types.output);
  process.exit(types.code);
}

for (const folder of folders) {
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: folder,
    entryPoints: ['src/**/*.ts'],
    outbase: 'src',
    bundle: false,
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    // The sources are in the package; the map points at them.
    sourcesContent: false,
    logLevel: 'warning',
  };
  await Promise.all([
    build({ ...common, format: 'esm', outdir: 'dist/esm' }),
    build({ ...common, format: 'cjs', outdir: 'dist/cjs' }),
  ]);
  await cp(join(folder, 'dist/esm'), join(folder, 'dist/cjs'), {
    recursive: true,
    filter: (path) => !/[.]js([.]map)?$/.test(path),
  });
  await writeFile(join(folder, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
}
