// The picture of docs/architecture.md, held by a tool. `pnpm check` runs it.

// Who may name whom among the packages; each stands on those listed.
const PACKAGES = {
  kernels: [],
  core: ['kernels'],
  losses: ['core'],
  mining: ['core', 'losses'],
  nn: ['core'],
  io: ['core'],
};

// The files that a package declares in its `exports`: what others may import.
const FRONT_DOORS = [
  '^packages/[^/]+/src/index[.]ts$',
  '^packages/core/src/(testing/index|arguments|interop)[.]ts$',
  '^packages/io/src/node[.]ts$',
];

// Node's own modules, as they look when resolved.
const NODE_MODULES = require('node:module').builtinModules.map((name) => `^${name}$`);

// Reads the reference numbers; the tests of every package share it, and nothing that ships sees it.
const SHARED_BY_TESTS = '^packages/core/test/referenceData[.]ts$';

// The layers inside core, lowest first. A layer is a file `x.ts` or a folder `x/`; a layer may use those before it.
const CORE_LAYERS = [
  ['errors'],
  ['dtype', 'shape', 'state'],
  ['storage'],
  ['homes'],
  ['tensor'],
  ['arguments'],
  ['autodiff'],
  ['ops', 'foreign', 'creation', 'interop'],
  ['transforms', 'capture', 'runtime', 'random', 'print'],
  ['neural'],
  ['fluent'],
  ['index'],
  ['testing'],
];
const inCore = (names) => `^packages/core/src/(${names.join('|')})([.]ts$|/)`;

module.exports = {
  forbidden: [
    ...Object.entries(PACKAGES).map(([name, below]) => ({
      name: `package-${name}-stands-on-${below.join('-and-') || 'nothing'}`,
      comment: 'Dependencies between packages point one way.',
      severity: 'error',
      from: { path: `^packages/${name}/src/` },
      to: { path: '^packages/', pathNot: `^packages/(${[name, ...below].join('|')})/` },
    })),
    {
      name: 'packages-meet-at-their-front-doors',
      comment: 'From another package, or from examples and benchmarks: only what `exports` declares.',
      severity: 'error',
      from: { path: '^(?:packages/([^/]+)|examples|benchmarks)/' },
      to: { path: '^packages/[^/]+/', pathNot: ['^packages/$1/', SHARED_BY_TESTS, ...FRONT_DOORS] },
    },
    {
      name: 'no-relative-path-into-another-package',
      comment: 'Another package is imported by its name.',
      severity: 'error',
      from: { path: '^(?:packages/([^/]+)|examples|benchmarks)/' },
      to: {
        path: '^packages/',
        pathNot: ['^packages/$1/', SHARED_BY_TESTS],
        dependencyTypes: ['local'],
      },
    },
    ...CORE_LAYERS.slice(0, -1).map((names, level) => ({
      name: `core-${names.join('-')}-uses-lower-layers`,
      comment:
        'Inside core a layer uses those below it (a type may look up). What nothing in src uses: testing.',
      severity: 'error',
      from: { path: inCore(names) },
      to: { path: inCore(CORE_LAYERS.slice(level + 1).flat()), dependencyTypesNot: ['type-only'] },
    })),
    {
      name: 'core-file-without-a-layer',
      comment: 'A new file in core/src gets its place in CORE_LAYERS.',
      severity: 'error',
      from: {},
      to: { path: '^packages/core/src/', pathNot: inCore(CORE_LAYERS.flat()) },
    },
    {
      name: 'nothing-in-src-uses-tests',
      comment: 'Tests read the library, never the other way.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^packages/[^/]+/test/' },
    },
    {
      name: 'nothing-in-src-uses-testing',
      comment: '@ndgrad/core/testing is for tests, ours and those of users.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/core/src/testing/' },
      to: { path: '^packages/core/src/testing/' },
    },
    {
      name: 'no-cycle',
      comment: 'A cycle has no lower half to understand first. Types are erased and may meet.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-node-in-a-browser',
      comment: 'These packages run in a browser, every file of them.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/io/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'io-browser-path-stays-off-node',
      comment: 'What @ndgrad/io exports must not lead to Node; what @ndgrad/io/node exports may.',
      severity: 'error',
      from: { path: '^packages/io/src/index[.]ts$' },
      to: { path: ['^packages/io/src/node[.]ts$', ...NODE_MODULES], reachable: true },
    },
    {
      name: 'ndarray-ops-behind-one-door',
      comment: 'It costs 20 ms to import and compiles code from its arguments; interop.ts checks them first.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/core/src/interop[.]ts$' },
      to: { path: 'node_modules/ndarray-ops/' },
    },
    {
      name: 'kernels-depend-on-nothing',
      comment: 'The loops are the bottom of the house.',
      severity: 'error',
      from: { path: '^packages/kernels/src/' },
      to: { pathNot: '^packages/kernels/src/' },
    },
    {
      name: 'src-uses-declared-dependencies',
      // A sibling that is not listed does not resolve at all: see every-import-resolves.
      comment: 'What ships may only import what its package.json lists under dependencies.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: {
        pathNot: '^packages/',
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'],
      },
    },
    {
      name: 'every-import-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // AssemblyScript, and a file that tools/wasm.mjs makes.
    exclude: { path: ['/dist/', '^packages/kernels/assembly/'] },
    // Sees `import type` too.
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      conditionNames: ['@ndgrad/source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
    },
  },
};
