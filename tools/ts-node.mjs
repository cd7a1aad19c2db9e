// node -C @ndgrad/source --import ./tools/ts-node.mjs script.ts
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

// ts-node looks for a tsconfig.json from the working directory; the root one lists no files and has no options.
process.env.TS_NODE_PROJECT ??= fileURLToPath(new URL('../examples/tsconfig.json', import.meta.url));

register('./ts-node-hooks.mjs', import.meta.url);
