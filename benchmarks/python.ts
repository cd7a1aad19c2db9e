/** @file Which Python has PyTorch. */
import { execFileSync, type StdioOptions } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Importing PyTorch takes seconds, so it is looked for first.
const PROBE = `
import importlib.util, sys
if importlib.util.find_spec("torch") is None:
    sys.exit(1)
import torch
print(torch.__version__)
`;

function torchVersion(python: string): string | undefined {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    const output = execFileSync(python, ['-c', PROBE], { encoding: 'utf8', timeout: 60_000, stdio });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}

function onPath(): string[] {
  const found = new Map<string, string>();
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']) {
    let names: string[] = [];
    try {
      names = readdirSync(folder).filter((name) => /^python3([.]\d+)?([.]exe)?$/.test(name));
    } catch {
      // PATH may name folders that do not exist.
    }
    for (const name of names) {
      try {
        const path = join(folder, name);
        found.set(realpathSync(path), path);
      } catch {
        // A link to nothing.
      }
    }
  }
  return [...found.values()];
}

function isNewer(version: string, other: string): boolean {
  const parts = [version, other].map((text) => text.split(/[.+a-z]/, 3).map(Number));
  const [mine = [], theirs = []] = parts;
  for (let i = 0; i < 3; i++) {
    const difference = (mine[i] ?? 0) - (theirs[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** The Python that `NDGRAD_PYTHON` names if it has PyTorch, else that with the newest on `PATH` and in `/usr/bin`. */
export function pythonWithTorch(): string | undefined {
  const named = process.env.NDGRAD_PYTHON;
  if (named !== undefined && torchVersion(named) !== undefined) return named;
  let best: { python: string; version: string } | undefined;
  for (const python of onPath()) {
    const version = torchVersion(python);
    if (version === undefined) continue;
    if (best === undefined || isNewer(version, best.version)) best = { python, version };
  }
  return best?.python;
}
