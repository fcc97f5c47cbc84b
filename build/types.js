// Writes the library's types to dist/types: node build/types.js
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.build.json`];
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' });
process.exit(status ?? 1);
