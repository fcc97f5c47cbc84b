// Builds what the tests of the executable need beside it: node build/engine.js [--sanitize address|thread | --target linux-arm64]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundle/bundle.js';
import { buildEngineProgram } from './engine/build.js';
import { tightLimits } from './engine/limits.js';

const { values } = parseArgs({ options: { sanitize: { type: 'string' }, target: { type: 'string' } } });
const sanitize = /** @type {Sanitizer | undefined} */ (values.sanitize);
if (sanitize && !['address', 'thread'].includes(sanitize))
  throw new Error(`--sanitize ${sanitize}: address or thread`);
const target = values.target === 'linux-arm64' ? values.target : undefined;
const plain = target ? 'dist/engine-arm64' : 'dist/engine';
const tests = {
  tables: 'test/engine/tables/main.ts',
  relay: 'test/engine/relay/main.ts',
  plain: 'test/engine/image/main.ts',
};
const [folder, programs] = sanitize
  ? [`dist/sanitized-${sanitize}`, { vmssh: 'src/program/executable.ts', ...tests }]
  : [plain, tests];
for (const [name, main] of Object.entries(programs))
  await buildEngineProgram(join(root, main), join(root, folder, name), { sanitize, target });
const limited = join(root, 'test/engine/limited/main.ts');
await buildEngineProgram(limited, join(root, folder, 'limited'), { sanitize, target, limits: tightLimits });
if (!sanitize)
  await buildEngineProgram(join(root, tests.plain), join(root, folder, 'image'), {
    image: true,
    target,
  });

/** @import { Sanitizer } from './engine/toolchains.js' */
