import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEngineProgram } from '../../build/engine/build.js';
import { engineSources } from '../../build/engine/sources.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

/** Where the engine takes a step: empty there, but for its own traces. */
const hook = '#define DUMP_BYTECODE_OR_DONT(pc)\n';

/** For libFuzzer each place in JavaScript's bytecode is a branch of the program. */
const counting = `#include <stdint.h>
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t steps[1 << 16];
#define DUMP_BYTECODE_OR_DONT(pc) ++steps[(uintptr_t)(pc) % sizeof steps];
`;

/** Builds dist/fuzz: the engine with main.ts in it, driven by libFuzzer. Returns its path. */
export async function buildFuzzer() {
  const engine = readFileSync(join(await engineSources(), 'quickjs.c'), 'utf8');
  if (engine.split(hook).length !== 2) throw new Error('quickjs.c has no DUMP_BYTECODE_OR_DONT to replace');
  const image = readFileSync(join(root, 'native/engine/image/quickjs.c'), 'utf8');
  const output = join(root, 'dist/fuzz');
  await buildEngineProgram(join(here, 'main.ts'), output, {
    sanitize: 'fuzzer',
    changed: {
      'engine/main.cpp': readFileSync(join(here, 'main.cpp'), 'utf8'),
      'engine/image/quickjs.c': image.replace('#include <quickjs.c>', () => engine.replace(hook, counting)),
    },
  });
  return output;
}
