import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

// AddressSanitizer takes its time, so does QEMU, and so does a machine that has other things to do.
const isSlow = /^sanitized-|^arm64$/.test(process.env.VMSSH_TEST_RUNTIME ?? '');
const timeout = isSlow ? 300_000 : 240_000;

const e2e = (...names: readonly string[]) => names.map((name) => `test/e2e/${name}.test.ts`);

/** What shows that the built program works, on Node. The other end-to-end tests are for rare cases, or take long: .ci/run has the executable do them. */
const shown = e2e('program', 'config-install', 'without-addon', 'proxy/proxy', 'ssh/ssh', 'check/as-typed');

/** The same for less usual ways in and for long tables, which .ci/run leaves to the executable, too. */
const shownToo = e2e(
  ...['current-folder', 'inherited', 'forward/forward', 'guest/{route,through}', 'via/login'],
  'host-keys/as-plain-ssh',
);

/** They start processes that vmssh takes for machines of this host, some with very long command lines, so no other test runs beside them. */
const alone = e2e('hostile/processes', 'hostile/sockets');

/** Whole folders that `npm test` leaves out: what is built and packed. */
const rest = ['build/**/*', 'package', 'api/*', 'bench/bench', 'demo/*', 'screen/*'].map(
  (name) => `test/${name}.test.ts`,
);

/** The same: rare cases of what is built. */
const restEndToEnd = ['test/e2e/**/*.test.ts', 'test/faults/*.test.ts'];

/**
 * Unit tests that `npm test` leaves out for the time they take: scripts for guests, of which each case starts some hundred programs, the
 * relay in C, and made-up input in large numbers.
 */
const restUnit = [
  ...['guest/sh/**/*', 'guest/{at-once,killed,whose}', 'setup/same-machine'],
  ...['native/lifetime', 'native/relay/*', 'property/*', 'sources/{merge,many-machines}'],
  // Real ssh servers as hypervisors; made-up lines that ssh reads.
  'connect/via/open-via',
  'hosts/text',
].map((name) => `test/${name}.test.ts`);

const elsewhere = ['vm', 'windows', 'packages', 'release', 'clients'].map((name) => `test/${name}/**`);

export default defineConfig({
  plugins: [shellText()],
  test: {
    // The state is in the home that a test gives.
    env: { XDG_STATE_HOME: '' },
    setupFiles: './test/runs/own/path.ts',
    globalSetup: ['./test/runs/own/env.ts', './test/runs/own/home.ts'],
    // npm test: unit and shown; npm run test:rest: those whose names begin with rest. Leave some out by --project: --exclude has no effect on
    // projects.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...rest, ...restEndToEnd, ...restUnit],
          // They share a process, and the modules in it: starting one for each file takes longer than most of them.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'shown', include: shown } },
      { extends: true, test: { name: 'rest', include: rest } },
      { extends: true, test: { name: 'rest-unit', include: restUnit } },
      { extends: true, test: { name: 'rest-shown', include: shownToo } },
      {
        extends: true,
        test: { name: 'rest-e2e', include: restEndToEnd, exclude: [...shown, ...shownToo, ...alone] },
      },
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
