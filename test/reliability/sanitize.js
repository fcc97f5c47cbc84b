// npm run test:sanitize: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Result } from '../runs/types.js' */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../../native/build.js';
import { finish } from '../runs/children.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @typedef {'address' | 'thread'} Sanitizer */
/** @type {Record<Sanitizer, { library: string, command: string[], addon: Record<string, string>, executable: Record<string, string> }>} */
const sanitizers = {
  address: {
    library: 'libasan.so',
    command: [],
    addon: {
      // LeakSanitizer would list what Node itself does not free.
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1:exitcode=99',
    },
    executable: {},
  },
  thread: {
    library: 'libtsan.so',
    // ThreadSanitizer of GCC 12 cannot place its shadow if the kernel randomizes addresses by 32 bits.
    command: ['setarch', '-R'],
    addon: {
      // Node's own code is not instrumented, and would be reported for locks that ThreadSanitizer does not see.
      TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1:exitcode=99:atexit_sleep_ms=0',
    },
    executable: { TSAN_OPTIONS: 'halt_on_error=1:exitcode=99:atexit_sleep_ms=0' },
  },
};

/** @type {Record<string, { sanitizer: Sanitizer, tests: string[] }>} */
const builds = {
  'addon-address': { sanitizer: 'address', tests: ['test/native/'] },
  'addon-thread': { sanitizer: 'thread', tests: ['test/native/'] },
  'executable-address': {
    sanitizer: 'address',
    tests: ['test/engine', 'test/e2e'],
  },
  'executable-thread': { sanitizer: 'thread', tests: ['test/engine', 'test/e2e'] },
};

/** Runs the tests on each build, until one fails. @param {Choice} choice @returns {Promise<Result>} */
export async function run({ names, rest }) {
  for (const [name, build] of Object.entries(builds).filter(([name]) => names.includes(name))) {
    const start = Date.now();
    const on = name.startsWith('addon') ? onAddon : onExecutable;
    const status = await on(build, rest);
    const seconds = Math.round((Date.now() - start) / 1000);
    console.error(`${name}: ${status === 0 ? 'clean' : 'FAILED'} in ${seconds} s`);
    // Stop here, so that the failure is the last thing printed.
    if (status !== 0) return { passed: false };
  }
  const gcc = spawnSync(process.env.CXX || 'g++', ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
  const what = 'AddressSanitizer, UBSan, LeakSanitizer, ThreadSanitizer';
  return { passed: true, row: [what, 'nothing found', `gcc ${gcc}`] };
}

/** @param {(typeof builds)[string]} build @param {readonly string[]} rest */
async function onAddon({ sanitizer, tests }, rest) {
  const { addon, library } = sanitizers[sanitizer];
  const result = await buildNative({ sanitize: sanitizer });
  if (!result.built) throw new Error(result.reason);
  const command = [`-print-file-name=${library}`];
  const preload = spawnSync(process.env.CXX || 'g++', command, { encoding: 'utf8' }).stdout.trim();
  return test(sanitizer, [...tests, '--testTimeout', '120000', ...rest], {
    ...addon,
    LD_PRELOAD: preload,
    NATIVE_UNDER_TEST: result.path,
  });
}

/** @param {(typeof builds)[string]} build @param {readonly string[]} rest */
async function onExecutable({ sanitizer, tests }, rest) {
  const built = await finish(process.execPath, ['build/engine.js', '--sanitize', sanitizer], { cwd: root });
  if (built !== 0) return built;
  const env = { ...sanitizers[sanitizer].executable, VMSSH_TEST_RUNTIME: `sanitized-${sanitizer}` };
  return test(sanitizer, [...tests, ...rest], env);
}

/** @param {Sanitizer} sanitizer @param {readonly string[]} tests @param {Record<string, string>} env */
function test(sanitizer, tests, env) {
  const [program = '', ...args] = [
    ...sanitizers[sanitizer].command,
    ...[process.execPath, vitest, 'run', ...tests],
  ];
  return finish(program, args, { cwd: root, env: { ...process.env, ...env } });
}
