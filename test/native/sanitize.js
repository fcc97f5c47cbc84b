// node test/native/sanitize.js [address|thread]: runs these tests on an addon built for AddressSanitizer and
// UndefinedBehaviorSanitizer, then on one for ThreadSanitizer.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../../native/build.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @type {Record<string, { library: string, command: string[], options: Record<string, string> }>} */
const sanitizers = {
  address: {
    library: 'libasan.so',
    command: [],
    options: {
      // LeakSanitizer would list what Node itself leaves to the end of the process.
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1:exitcode=99',
    },
  },
  thread: {
    library: 'libtsan.so',
    // ThreadSanitizer of GCC 12 cannot place its shadow if the kernel randomizes addresses by 32 bits.
    command: ['setarch', '-R'],
    options: {
      // Node's own code is not instrumented, and would be reported for locks that ThreadSanitizer does not see.
      TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1:exitcode=99:atexit_sleep_ms=0',
    },
  },
};

const chosen = process.argv[2] ? [process.argv[2]] : Object.keys(sanitizers);
for (const name of chosen) {
  const start = Date.now();
  const sanitizer = sanitizers[name];
  if (!sanitizer)
    throw new Error(`unknown sanitizer "${name}"; known: ${Object.keys(sanitizers).join(', ')}`);
  const result = await buildNative({ sanitize: /** @type {'address' | 'thread'} */ (name) });
  if (!result.built) throw new Error(result.reason);
  const { status } = runTests(sanitizer, result.path);
  console.error(
    `${name}: ${status === 0 ? 'clean' : 'FAILED'} in ${Math.round((Date.now() - start) / 1000)} s`,
  );
  // The failure is the last that is printed.
  if (status !== 0) process.exit(1);
}

/** @param {(typeof sanitizers)[string]} sanitizer @param {string} addon */
function runTests({ library, command, options }, addon) {
  const preload = spawnSync(process.env.CXX || 'g++', [`-print-file-name=${library}`], {
    encoding: 'utf8',
  }).stdout.trim();
  const [program = '', ...args] = [
    ...command,
    process.execPath,
    vitest,
    'run',
    'test/native/',
    '--testTimeout',
    '120000',
  ];
  return spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...options, LD_PRELOAD: preload, NATIVE_UNDER_TEST: addon },
  });
}
