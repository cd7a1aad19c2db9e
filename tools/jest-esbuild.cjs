'use strict';
// A jest transformer over esbuild: strips types, keeps source maps. It does not check types (tsc -b does, tests included)
// and does not hoist jest.mock: use jest.doMock or pass the dependency in.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const esbuild = require('esbuild');

const self = createHash('sha256').update(readFileSync(__filename)).update(esbuild.version).digest('hex');

const LOADERS = { '.ts': 'ts', '.mts': 'ts', '.cts': 'ts', '.js': 'js', '.mjs': 'js', '.cjs': 'js' };

function settings(filename, { supportsStaticESM }) {
  const esm = Boolean(supportsStaticESM);
  return {
    loader: LOADERS[/\.[^.]+$/.exec(filename)?.[0] ?? ''] ?? 'default',
    format: esm ? 'esm' : 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: true,
    sourcefile: filename,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
    // CommonJS has no import.meta.url.
    ...(esm
      ? {}
      : {
          define: { 'import.meta.url': '__import_meta_url' },
          banner: "const __import_meta_url = require('node:url').pathToFileURL(__filename).href;",
        }),
  };
}

module.exports = {
  canInstrument: false,
  getCacheKey(source, filename, options) {
    const hash = createHash('sha256');
    for (const part of [
      self,
      source,
      filename,
      options.supportsStaticESM,
      options.instrument,
      options.configString,
    ]) {
      hash.update(String(part)).update('\0');
    }
    return hash.digest('hex').slice(0, 32);
  },
  process(source, filename, options) {
    const { code, map } = esbuild.transformSync(source, settings(filename, options));
    return { code, map: map || null };
  },
};
