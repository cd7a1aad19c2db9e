// What every op makes of NaN, the infinities, the zeros and of nothing, from the test rows: docs/special-values.md.
//   node tools/specialValues.mjs           writes the page
//   node tools/specialValues.mjs --check   fails when it is out of date
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runNode } from './workspace.mjs';

const page = join(ROOT, 'docs/special-values.md');
const { code, output } = await runNode(['tools/run.mjs', 'packages/core/test/specialValues.ts']);
if (code !== 0) {
  process.stdout.write(output);
  process.exitCode = code;
} else if (!process.argv.includes('--check')) {
  writeFileSync(page, output);
} else if (readFileSync(page, 'utf8') !== output) {
  console.log('docs/special-values.md is out of date: run `pnpm special-values` and review the change');
  process.exitCode = 1;
}
