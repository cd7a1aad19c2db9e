/** What all runs of the suite share. @type {import('jest').Config} */
const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.[cm]?[jt]sx?$': '<rootDir>/tools/jest-esbuild.cjs' },
  // A workspace package resolves to its TypeScript sources through its own exports map: no build before the tests.
  testEnvironmentOptions: { customExportConditions: ['@ndgrad/source', 'node', 'node-addons'] },
  // TypeScript sources import './x.js' and mean './x.ts'.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]*/dist/'],
};

/**
 * The tests of everything that computes with tensors, run again under other conditions.
 * @param {string} displayName
 * @param {string} setup
 * @param {boolean} float64IsTheSame Whether float64 runs as in the first run, so that checks of it alone need not be repeated.
 */
const again = (displayName, setup, float64IsTheSame) => ({
  ...common,
  displayName,
  globals: { float64IsTheSame },
  testMatch: ['<rootDir>/packages/{core,losses,mining,nn}/test/**/*.test.ts'],
  setupFilesAfterEnv: [`<rootDir>/packages/core/test/homes/${setup}.ts`],
});

/** @type {import('jest').Config} */
module.exports = {
  // By default one core is left alone, which is half of a machine with two.
  maxWorkers: '100%',
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  projects: [
    {
      ...common,
      displayName: 'heap',
      testMatch: [
        '<rootDir>/packages/*/test/**/*.test.ts',
        '<rootDir>/examples/test/**/*.test.ts',
        '<rootDir>/tools/test/**/*.test.ts',
      ],
    },
    again('scope', 'scope', false),
    // Other kernels, all of float32.
    again('js', 'javascriptKernels', true),
    again('relaxed', 'relaxedKernels', true),
  ],
};
