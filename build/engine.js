// Builds the executable that runs in QuickJS-ng, and the program of its tests: node build/engine.js
import { join } from 'node:path';
import { root } from './bundle.js';
import { buildEngineProgram } from './engine/build.js';

await buildEngineProgram(join(root, 'src/bin/executable.ts'), join(root, 'dist/engine/vmssh'));
await buildEngineProgram(join(root, 'test/engine/tables/main.ts'), join(root, 'dist/engine/tables'));
