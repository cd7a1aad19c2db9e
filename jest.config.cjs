/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/examples/test/**/*.test.ts',
    '<rootDir>/tools/test/**/*.test.ts',
  ],
  transform: { '^.+\\.[cm]?[jt]sx?$': '<rootDir>/tools/jest-esbuild.cjs' },
  // A workspace package resolves to its TypeScript sources through its own exports map: no build before the tests.
  testEnvironmentOptions: { customExportConditions: ['@ndgrad/source', 'node', 'node-addons'] },
  // TypeScript sources import './x.js' and mean './x.ts'.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]*/dist/'],
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
};
