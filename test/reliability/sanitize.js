// npm run test:sanitize [-- RUN…] [-- VITEST'S OPTIONS] [--write]: builds the addon and the executable with sanitizers, and runs the
// addon's tests and the end-to-end tests on them. RUN is a key of `runs` below; all by default. --write keeps the result of a full run
// for docs/contributing/reliability.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../../native/build.js';
import { keep, ranOn } from './page.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reports = join(root, 'dist/sanitizers');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @typedef {'address' | 'thread'} Sanitizer */
/** @type {Record<Sanitizer, { title: string, library: string, command: string[], addon: Record<string, string>, executable: Record<string, string> }>} */
const sanitizers = {
  address: {
    title: 'AddressSanitizer, UBSan',
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
    title: 'ThreadSanitizer',
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

/** @type {Record<string, { what: string, sanitizer: Sanitizer, also?: string, tests: string[] }>} */
const runs = {
  'addon-address': { what: 'the addon, on Node', sanitizer: 'address', tests: ['test/native/'] },
  'addon-thread': { what: 'the addon, on Node', sanitizer: 'thread', tests: ['test/native/'] },
  'executable-address': {
    what: 'the executable',
    sanitizer: 'address',
    also: ', LeakSanitizer',
    tests: ['test/engine', 'test/e2e'],
  },
  'executable-thread': { what: 'the executable', sanitizer: 'thread', tests: ['test/engine', 'test/e2e'] },
};

const given = process.argv.slice(2).filter((arg) => arg !== '--write');
const end = given.includes('--') ? given.indexOf('--') : given.length;
const [chosen, options] = [given.slice(0, end), given.slice(end + 1)];
const unknown = chosen.find((name) => !Object.hasOwn(runs, name));
if (unknown !== undefined) throw new Error(`no run "${unknown}": one of ${Object.keys(runs).join(', ')}`);
const isWhole = given.length === 0;

/** @type {string[][]} */
const rows = [];
for (const [name, run] of Object.entries(runs)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const start = Date.now();
  const status = name.startsWith('addon') ? await onAddon(name, run) : await onExecutable(name, run);
  console.error(
    `${name}: ${status === 0 ? 'clean' : 'FAILED'} in ${Math.round((Date.now() - start) / 1000)} s`,
  );
  // Stop here, so that the failure is the last thing printed.
  if (status !== 0) process.exit(1);
  const { title } = sanitizers[run.sanitizer];
  rows.push([run.what, title + (run.also ?? ''), `${passedOf(name)} tests passed`]);
}
if (process.argv.includes('--write') && isWhole) keep('sanitizers', section());

/** @param {string} name @param {(typeof runs)[string]} run */
async function onAddon(name, { sanitizer, tests }) {
  const { addon, library } = sanitizers[sanitizer];
  const result = await buildNative({ sanitize: sanitizer });
  if (!result.built) throw new Error(result.reason);
  const command = [`-print-file-name=${library}`];
  const preload = spawnSync(process.env.CXX || 'g++', command, { encoding: 'utf8' }).stdout.trim();
  return test(name, sanitizer, [...tests, '--testTimeout', '120000'], {
    ...addon,
    LD_PRELOAD: preload,
    NATIVE_UNDER_TEST: result.path,
  });
}

/** @param {string} name @param {(typeof runs)[string]} run */
function onExecutable(name, { sanitizer, tests }) {
  const built = spawnSync(process.execPath, ['build/engine.js', '--sanitize', sanitizer], {
    cwd: root,
    stdio: 'inherit',
  });
  if (built.status !== 0) return built.status;
  const env = { ...sanitizers[sanitizer].executable, VMSSH_TEST_RUNTIME: `sanitized-${sanitizer}` };
  return test(name, sanitizer, tests, env);
}

/** @param {string} name @param {Sanitizer} sanitizer @param {string[]} tests @param {Record<string, string>} env */
function test(name, sanitizer, tests, env) {
  mkdirSync(reports, { recursive: true });
  // The reporters of vitest.config.ts, which the option replaces, and a file to count from.
  const reporters = ['default', './test/helpers/skips.ts', 'json'].map((each) => `--reporter=${each}`);
  const kept = [...reporters, `--outputFile.json=${reportOf(name)}`];
  const [program = '', ...args] = [
    ...sanitizers[sanitizer].command,
    ...[process.execPath, vitest, 'run', ...tests, ...kept, ...options],
  ];
  return spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status;
}

/** @param {string} name @returns {number} */
function passedOf(name) {
  return JSON.parse(readFileSync(reportOf(name), 'utf8')).numPassedTests;
}

/** @param {string} name */
function reportOf(name) {
  return join(reports, `${name}.json`);
}

/** @returns {import('./types.js').Section} */
function section() {
  const gcc = spawnSync(process.env.CXX || 'g++', ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
  return {
    title: 'Sanitizers',
    command: 'npm run test:sanitize -- --write',
    on: ranOn({ gcc }),
    summary: ['AddressSanitizer, UBSan, LeakSanitizer, ThreadSanitizer', 'nothing found'],
    text: [
      'The executable is built together with its engine, so the engine is checked too. LeakSanitizer looks at the end of each process; it is off for the addon, as Node itself does not free all its memory.',
    ],
    tables: [{ head: ['what', 'built for', 'result'], rows }],
  };
}
