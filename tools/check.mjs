// Everything that can be said about the tree without running it, in one command.
//   node tools/check.mjs               all steps
//   node tools/check.mjs types lint    some of them
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, packAll, ROOT, runNode } from './workspace.mjs';

/** @typedef {import('./workspace.mjs').Outcome} Outcome */

/**
 * publint and attw read the tarballs that would be published.
 * @returns {Promise<Outcome>}
 */
async function packageShape() {
  const folder = await mkdtemp(join(tmpdir(), 'ndgrad-pack-'));
  try {
    let code = 0;
    let output = '';
    for (const { name, tarball } of await packAll(folder)) {
      for (const args of [
        [BIN.publint, '--strict', tarball],
        // node16: no support for resolvers from before exports maps.
        [BIN.attw, '--profile', 'node16', '--no-emoji', tarball],
      ]) {
        const outcome = await runNode(args);
        if (outcome.code === 0) continue;
        code = 1;
        output += `packages/${name}:\n${outcome.output}\n`;
      }
    }
    return { code, output };
  } catch (error) {
    return { code: 1, output: String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @type {Record<string, () => Promise<Outcome>>} */
const STEPS = {
  build: () => runNode(['tools/build.mjs']),
  types: () => runNode([BIN.tsc, '-b']),
  wasm: () => runNode(['tools/wasm.mjs', '--check']),
  lint: () => runNode([BIN.biome, 'ci', '--error-on-warnings', '--colors=off', '--max-diagnostics=50', '.']),
  imports: () => runNode([BIN.depcruise, '--output-type', 'err-long', 'packages', 'examples', 'benchmarks']),
  unused: () => runNode([BIN.knip]),
  api: () => runNode(['tools/api.mjs', '--check']),
  special: () => runNode(['tools/specialValues.mjs', '--check']),
  shape: packageShape,
};

// Two lanes side by side; within one, each step may need what the one before it wrote.
const LANES = [
  ['build', 'types', 'api', 'shape'],
  ['wasm', 'lint', 'imports', 'unused', 'special'],
];

const asked = process.argv.slice(2);
for (const name of asked) {
  if (!(name in STEPS)) {
    console.log(`no step is called ${name}; there are: ${Object.keys(STEPS).join(', ')}`);
    process.exit(2);
  }
}

/** @type {string[]} */
const failures = [];
/** @param {string[]} lane */
async function runLane(lane) {
  for (const name of lane) {
    const step = STEPS[name];
    if (step === undefined || (asked.length > 0 && !asked.includes(name))) continue;
    const began = performance.now();
    const { code, output } = await step();
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${seconds.padStart(5)} s`);
    if (code !== 0) failures.push(`── ${name} ──\n${output.trim()}\n`);
  }
}
process.chdir(ROOT);
await Promise.all(LANES.map(runLane));
for (const failure of failures) console.log(`\n${failure}`);
if (failures.length > 0) process.exitCode = 1;
