// Writes the library's types to dist/types: node build/types.js
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Those of files that are gone would be shipped.
rmSync(`${root}/dist/types`, { recursive: true, force: true });
const tsc = [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.build.json`];
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit' });
process.exit(status ?? 1);
