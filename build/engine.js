// Builds the executable that runs in QuickJS-ng, and the program of its tests: node build/engine.js [--sanitize]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundle.js';
import { buildEngineProgram } from './engine/build.js';

const { values } = parseArgs({ options: { sanitize: { type: 'boolean' } } });
// In the same place: what tests the one tests the other.
const sanitize = values.sanitize ? 'address' : undefined;
const programs = { vmssh: 'src/bin/executable.ts', tables: 'test/engine/tables/main.ts' };
for (const [name, main] of Object.entries(programs))
  await buildEngineProgram(join(root, main), join(root, 'dist/engine', name), sanitize);
