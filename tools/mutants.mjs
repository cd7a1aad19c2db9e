/**
 * @file Tests of the tests: plants the faults of mutants.json in a copy of the workspace, one at a time, and requires
 * the test that each names to fail. `node tools/mutants.mjs [word…]` runs those whose name or file holds a word.
 *
 * A fault is `{ name, file, find, replace, test, only? }`: `find` stands in `file` exactly once, `test` is a test file,
 * and `only` a pattern of test titles, to save time.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);
/** @typedef {{ name: string, file: string, find: string, replace: string, test: string, only?: string }} Fault */
/** @type {Fault[]} */
const all = JSON.parse(readFileSync(join(root, 'tools/mutants.json'), 'utf8'));
const mutants = all.filter(
  ({ name, file }) => words.length === 0 || words.some((word) => name.includes(word) || file.includes(word)),
);

/** A copy to spoil, so that an interrupted run leaves the sources as they were. */
function copyWorkspace() {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'ndgrad-mutants-')));
  /** @param {string} path */
  const copied = (path) => !['dist', 'coverage', '.cache'].includes(basename(path));
  for (const name of ['packages', 'examples', 'tools']) {
    cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true, filter: copied });
  }
  for (const name of ['package.json', 'pnpm-workspace.yaml', 'jest.config.cjs', 'tsconfig.base.json']) {
    cpSync(join(root, name), join(copy, name));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/**
 * Runs test files and says how many tests passed and failed; files that do not even load count as broken.
 * @param {string} copy
 * @param {string[]} tests
 * @param {string} [only]
 */
function jest(copy, tests, only) {
  const report = join(copy, 'report.json');
  const args = [join(root, 'node_modules/jest/bin/jest.js'), '--ci', '--json', `--outputFile=${report}`];
  const pattern = only === undefined ? [] : ['--testNamePattern', only];
  const { stderr } = spawnSync(process.execPath, [...args, ...pattern, ...tests], {
    cwd: copy,
    encoding: 'utf8',
  });
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  rmSync(report);
  return { passed: numPassedTests, failed: numFailedTests, broken: numRuntimeErrorTestSuites, stderr };
}

const copy = copyWorkspace();
let caught = 0;
try {
  const sound = jest(copy, [...new Set(mutants.map(({ test }) => test))]);
  if (sound.failed > 0 || sound.broken > 0 || sound.passed === 0) {
    console.error(sound.stderr);
    throw new Error('the tests must pass before faults are planted');
  }
  for (const { name, file, find, replace, test, only } of mutants) {
    const path = join(copy, file);
    const source = readFileSync(path, 'utf8');
    const found = source.split(find).length - 1;
    if (found !== 1) {
      console.log(`stale    ${name}: its text stands ${found} times in ${file}`);
      continue;
    }
    // A function, because `$` in a replacement string means something.
    writeFileSync(
      path,
      source.replace(find, () => replace),
    );
    const { passed, failed, broken, stderr } = jest(copy, [test], only);
    writeFileSync(path, source);
    if (broken > 0 || passed + failed === 0) {
      console.log(`broken   ${name}: ${test} did not run\n${stderr}`);
    } else if (failed === 0) {
      console.log(`SURVIVED ${name}: ${file} passes ${test}`);
    } else {
      caught++;
      console.log(`caught   ${name} (${failed} of ${passed + failed} tests)`);
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${caught} of ${mutants.length} caught`);
process.exitCode = caught === mutants.length && mutants.length > 0 ? 0 : 1;
