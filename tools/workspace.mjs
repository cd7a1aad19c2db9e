// Where things are, and how the scripts start other programs.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The published packages, each after those it stands on. */
export const PACKAGES = ['kernels', 'core', 'losses', 'mining', 'nn', 'io'];

/** @typedef {string | { [condition: string]: Target }} Target what an entry of an `exports` map may be */
/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {{ [subpath: string]: Target }} exports
 */

/**
 * @param {string} name
 * @returns {Manifest}
 */
export function manifest(name) {
  return JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
}

/**
 * The entry points of a package: how users import them, and the source behind each.
 * @param {string} name
 * @returns {{ specifier: string, source: string }[]}
 */
export function entries(name) {
  const found = [];
  const { name: scoped, exports } = manifest(name);
  for (const [subpath, target] of Object.entries(exports)) {
    const source = typeof target === 'object' ? target['@ndgrad/source'] : undefined;
    if (typeof source !== 'string') continue;
    found.push({ specifier: scoped + subpath.slice(1), source: join(ROOT, 'packages', name, source) });
  }
  return found;
}

/**
 * All files below a folder whose names end so, dependencies and build results left out.
 * @param {string} folder
 * @param {string} ending
 * @returns {Promise<string[]>}
 */
export async function filesBelow(folder, ending) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!/^(node_modules|dist|coverage|temp|[.].*)$/.test(entry.name)) {
        found.push(...(await filesBelow(path, ending)));
      }
    } else if (entry.name.endsWith(ending)) {
      found.push(path);
    }
  }
  return found.sort();
}

/**
 * @typedef {object} Outcome
 * @property {number} code exit code; 1 when a signal ended the program
 * @property {string} output what it printed, both streams; empty when they were inherited
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, inherit?: boolean }} [options]
 * @returns {Promise<Outcome>}
 */
function run(command, args, { cwd = ROOT, env = process.env, inherit = false } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}

/**
 * Runs a script with this Node.
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/**
 * Runs the pnpm that started this script, or fetches one.
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runPnpm(args, options) {
  const self = process.env.npm_execpath;
  return self !== undefined && /pnpm[^/\\]*[.]c?js$/.test(self)
    ? run(process.execPath, [self, ...args], options)
    : run('npx', ['-y', 'pnpm@10', ...args], options);
}

/** The scripts behind the commands of the development tools: `node <script>` works on every system. */
export const BIN = {
  tsc: 'node_modules/typescript/bin/tsc',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  depcruise: 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
  knip: 'node_modules/knip/bin/knip.js',
  publint: 'node_modules/publint/src/cli.js',
  attw: 'node_modules/@arethetypeswrong/cli/dist/index.js',
};

/**
 * Packs every package as it would be published.
 * @param {string} folder where the tarballs go
 * @returns {Promise<{ name: string, tarball: string }[]>}
 */
export async function packAll(folder) {
  const packed = [];
  for (const name of PACKAGES) {
    const { code, output } = await runPnpm(['pack', '--pack-destination', folder], {
      cwd: join(ROOT, 'packages', name),
    });
    if (code !== 0) throw new Error(`pnpm pack failed in packages/${name}:\n${output}`);
    const tarball = (await readdir(folder)).find((file) => file.startsWith(`ndgrad-${name}-`));
    if (tarball === undefined) throw new Error(`pnpm pack wrote no tarball for packages/${name}:\n${output}`);
    packed.push({ name, tarball: join(folder, tarball) });
  }
  return packed;
}
