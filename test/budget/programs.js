import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../build/bundle/bundle.js';
import { buildEngineProgram } from '../../build/engine/build.js';
import { engineSources } from '../../build/engine/sources.js';

const folder = join(root, 'dist/budget');
const main = join(root, 'src/program/executable.ts');

/** The clock, and how long a program is quiet before it collects garbage: no limit of time passes while valgrind waits for a processor. */
const slower = [
  { of: 'return msOf(CLOCK_MONOTONIC);', by: 'return msOf(CLOCK_MONOTONIC) / 1000;' },
  { of: 'constexpr double quietMs = 1000;', by: 'constexpr double quietMs = 1e6;' },
];

/** Builds the executable with the names of its functions, which `dist/linux-x64/vmssh` lacks, and a slow clock. Returns its path. */
export async function buildNamed() {
  const output = join(folder, 'named');
  mkdirSync(folder, { recursive: true });
  const file = 'engine/loop/loop_linux.cpp';
  let text = readFileSync(join(root, 'native', file), 'utf8');
  for (const { of, by } of slower) {
    if (!text.includes(of)) throw new Error(`${file} has no "${of}"`);
    text = text.replace(of, by);
  }
  await buildEngineProgram(main, output, { image: true, symbols: true, changed: { [file]: text } });
  return output;
}

/** Where the engine takes a step: empty there, but for its own traces. */
const hook = '#define DUMP_BYTECODE_OR_DONT(pc)\n';

/** The function that takes them. */
const taker = /^static JSValue JS_CallInternal\([^;{]*\{$/m;

/** Counts the steps of each function of JavaScript, in the file that VMSSH_STEPS names. */
const counting = `#include <fcntl.h>
#include <sys/mman.h>
static struct { uint64_t steps; char name[56]; } unused[1 << 14], *counted = unused;
__attribute__((constructor)) static void countInFile(void) {
  const char *path = getenv("VMSSH_STEPS");
  const int file = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
  if (file < 0 || ftruncate(file, sizeof unused) != 0) return;
  counted = mmap(NULL, sizeof unused, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
}
static uint64_t *stepsOf(JSRuntime *runtime, JSFunctionBytecode *b) {
  char atom[32], name[56];
  snprintf(name, sizeof name, "%s:%d", JS_AtomGetStrRT(runtime, atom, sizeof atom, b->func_name), b->line_num);
  unsigned at = 0;
  for (const char *c = name; *c; ++c) at = at * 31 + (unsigned char)*c;
  for (;; ++at) {
    char *known = counted[at % (1 << 14)].name;
    if (!*known) strcpy(known, name);
    if (strcmp(known, name) == 0) return &counted[at % (1 << 14)].steps;
  }
}
`;
const step = `#define DUMP_BYTECODE_OR_DONT(pc) \\
  { static JSFunctionBytecode *last; static uint64_t *steps; if (b != last) steps = stepsOf(ctx->rt, last = b); ++*steps; }
`;

/** Builds the executable with an engine that counts. Returns its path. */
export async function buildCounting() {
  const engine = readFileSync(join(await engineSources(), 'quickjs.c'), 'utf8');
  if (engine.split(hook).length !== 2) throw new Error('quickjs.c has no DUMP_BYTECODE_OR_DONT to replace');
  const image = readFileSync(join(root, 'native/engine/image/quickjs.c'), 'utf8');
  const output = join(folder, 'counting');
  mkdirSync(folder, { recursive: true });
  if (!taker.test(engine)) throw new Error('quickjs.c has no JS_CallInternal');
  const text = image.replace('#include <quickjs.c>', () =>
    engine.replace(hook, step).replace(taker, (start) => counting + start),
  );
  await buildEngineProgram(main, output, { image: true, changed: { 'engine/image/quickjs.c': text } });
  return output;
}
