import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

// AddressSanitizer takes its time, so does QEMU, and so does a machine that has other things to do.
const isSlow = /^sanitized-|^arm64$/.test(process.env.VMSSH_TEST_RUNTIME ?? '');
const timeout = isSlow ? 300_000 : 240_000;

const e2e = (...names: readonly string[]) => names.map((name) => `test/e2e/${name}.test.ts`);

/** What shows that the built program works. The other end-to-end tests are for rare cases, or take long. */
const shown = e2e(
  ...['program', 'config-install', 'current-folder', 'inherited', 'without-addon'],
  ...['proxy/proxy', 'ssh/ssh', 'forward/forward', 'guest/{route,through}', 'via/login'],
);

/** They start processes that vmssh takes for machines of this host, some with very long command lines, so no other test runs beside them. */
const alone = e2e('hostile/processes', 'hostile/sockets');

/** Most of the work there is that of ssh and of the tools of another host. */
const hops = e2e('via/*');

/** The longest of the others. */
const long = e2e('config-killed', ...['bulk', 'host-keys', 'guest-credentials'].map((name) => `ssh/${name}`));

/** Whole folders that `npm test` leaves out, tests of the executable, which it does not build, and those that start many programs. */
const rest = [
  ...['test/e2e/**/*.test.ts', 'test/faults/*.test.ts', 'test/bench/bench.test.ts'],
  ...[
    'test/build/executable.test.ts',
    'test/build/hardening.test.ts',
    'test/build/package/sources.test.ts',
    'test/build/release/{installer*,commit}.test.ts',
    'test/api/*.test.ts',
  ],
];

/** They leave a process of 1 to 2 GB, in which each program takes twice as long to start: each has one of its own. */
const large = ['merge', 'many-machines'].map((name) => `test/sources/${name}.test.ts`);

/** Scripts for guests, of which each case starts some hundred programs, most of all sshd. */
const inGuests = [
  'killed',
  'sh/unit-sshd',
  ...['socket', 'let-in', 'sshd-config'].map((name) => `sh/check/${name}`),
].map((name) => `test/guest/${name}.test.ts`);

/** What is set up before each file. */
const setupFiles = './test/runs/own/path.ts';

const elsewhere = ['vm', 'windows', 'packages', 'release', 'clients'].map((name) => `test/${name}/**`);

export default defineConfig({
  plugins: [shellText()],
  test: {
    // The state is in the home that a test gives.
    env: { XDG_STATE_HOME: '' },
    globalSetup: ['./test/runs/own/env.ts', './test/runs/own/home.ts'],
    // npm test: unit, unit-large and shown; npm run test:rest: those whose names begin with rest. Leave some out by --project: --exclude has no
    // effect on projects.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...rest, ...large, ...inGuests],
          // They share a process, and the modules in it: starting one for each file takes longer than most of them.
          isolate: false,
          setupFiles,
        },
      },
      { extends: true, test: { name: 'unit-large', include: large, setupFiles } },
      { extends: true, test: { name: 'shown', include: shown, setupFiles } },
      {
        extends: true,
        test: { name: 'rest', include: rest, exclude: [...shown, ...hops, ...long, ...alone] },
      },
      { extends: true, test: { name: 'rest-guest', include: inGuests, setupFiles } },
      { extends: true, test: { name: 'rest-hops', include: hops, exclude: shown } },
      { extends: true, test: { name: 'rest-long', include: long } },
      {
        extends: true,
        test: { name: 'rest-alone', include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    // By default it is one less than there are cores, though most tests wait for a program.
    maxWorkers: availableParallelism() + 1,
    testTimeout: timeout,
    hookTimeout: timeout,
    // What is waited for may need as long.
    expect: { poll: { timeout: timeout / 2 } },
    reporters: ['default', './test/helpers/skips.ts', './test/runs/again/failed.ts'],
    // Said once, at the end.
    onConsoleLog: (text) => !isSkip(text),
  },
});
