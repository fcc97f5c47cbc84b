// npm run test:sanitize: see test/runs/runs.js and docs/contributing/reliability.md.
/** @import { Choice, Section } from '../runs/types.js' */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../../native/build.js';
import { finish } from '../runs/children.js';

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
const builds = {
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

/**
 * Runs the tests on each build, until one fails.
 * @param {Choice} choice
 * @param {(section: Section) => void} write
 */
export async function run({ names, rest }, write) {
  /** @type {string[][]} */
  const rows = [];
  for (const [name, build] of Object.entries(builds).filter(([name]) => names.includes(name))) {
    const start = Date.now();
    const on = name.startsWith('addon') ? onAddon : onExecutable;
    const status = await on(name, build, rest);
    const seconds = Math.round((Date.now() - start) / 1000);
    console.error(`${name}: ${status === 0 ? 'clean' : 'FAILED'} in ${seconds} s`);
    // Stop here, so that the failure is the last thing printed.
    if (status !== 0) return false;
    const { title } = sanitizers[build.sanitizer];
    rows.push([build.what, title + (build.also ?? ''), `${passedOf(name)} tests passed`]);
  }
  write(section(rows));
  return true;
}

/** @param {string} name @param {(typeof builds)[string]} build @param {readonly string[]} rest */
async function onAddon(name, { sanitizer, tests }, rest) {
  const { addon, library } = sanitizers[sanitizer];
  const result = await buildNative({ sanitize: sanitizer });
  if (!result.built) throw new Error(result.reason);
  const command = [`-print-file-name=${library}`];
  const preload = spawnSync(process.env.CXX || 'g++', command, { encoding: 'utf8' }).stdout.trim();
  return test(name, sanitizer, [...tests, '--testTimeout', '120000', ...rest], {
    ...addon,
    LD_PRELOAD: preload,
    NATIVE_UNDER_TEST: result.path,
  });
}

/** @param {string} name @param {(typeof builds)[string]} build @param {readonly string[]} rest */
async function onExecutable(name, { sanitizer, tests }, rest) {
  const built = await finish(process.execPath, ['build/engine.js', '--sanitize', sanitizer], { cwd: root });
  if (built !== 0) return built;
  const env = { ...sanitizers[sanitizer].executable, VMSSH_TEST_RUNTIME: `sanitized-${sanitizer}` };
  return test(name, sanitizer, [...tests, ...rest], env);
}

/** @param {string} name @param {Sanitizer} sanitizer @param {readonly string[]} tests @param {Record<string, string>} env */
function test(name, sanitizer, tests, env) {
  mkdirSync(reports, { recursive: true });
  // The reporters of vitest.config.ts, which the option replaces, and a file to count from.
  const reporters = ['default', './test/helpers/skips.ts', 'json'].map((each) => `--reporter=${each}`);
  const kept = [...reporters, `--outputFile.json=${reportOf(name)}`];
  const [program = '', ...args] = [
    ...sanitizers[sanitizer].command,
    ...[process.execPath, vitest, 'run', ...tests, ...kept],
  ];
  return finish(program, args, { cwd: root, env: { ...process.env, ...env } });
}

/** @param {string} name @returns {number} */
function passedOf(name) {
  return JSON.parse(readFileSync(reportOf(name), 'utf8')).numPassedTests;
}

/** @param {string} name */
function reportOf(name) {
  return join(reports, `${name}.json`);
}

/** @param {string[][]} rows @returns {Section} */
function section(rows) {
  const gcc = spawnSync(process.env.CXX || 'g++', ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
  return {
    title: 'Sanitizers',
    on: { gcc },
    summary: ['AddressSanitizer, UBSan, LeakSanitizer, ThreadSanitizer', 'nothing found'],
    text: [
      'The executable is built together with its engine, so the engine is checked too. LeakSanitizer looks at the end of each process; it is off for the addon, as Node itself does not free all its memory.',
    ],
    tables: [{ head: ['what', 'built for', 'result'], rows }],
  };
}
