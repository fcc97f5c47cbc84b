import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

// AddressSanitizer takes its time, and so does QEMU.
const isSlow = /^sanitized-|^arm64$/.test(process.env.VMSSH_TEST_RUNTIME ?? '');
const timeout = isSlow ? 300_000 : 30_000;

const e2e = (...names: readonly string[]) => names.map((name) => `test/e2e/${name}.test.ts`);

/** What shows that the built program works. The other end-to-end tests are for rare cases, or take long. */
const shown = e2e(
  ...['program', 'config-install', 'current-folder', 'inherited', 'without-addon'],
  ...['proxy/proxy', 'ssh/ssh', 'forward/forward', 'guest/*', 'via/login'],
);

/** They start processes that vmssh takes for machines of this host, some with very long command lines, so no other test runs beside them. */
const alone = e2e('hostile/processes', 'hostile/sockets');

/** Whole folders that `npm test` leaves out, and tests of the executable, which it does not build. */
const long = [
  ...['test/e2e/**/*.test.ts', 'test/faults/*.test.ts', 'test/bench/bench.test.ts'],
  ...['test/build/executable.test.ts', 'test/build/hardening.test.ts'],
];

const elsewhere = ['test/vm/**', 'test/windows/**', 'test/packages/**'];

export default defineConfig({
  plugins: [shellText()],
  test: {
    // npm test: unit and shown; npm run test:rest: rest and alone.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...long],
          // They share a process, and the modules in it: starting one for each file takes longer than most of them.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'shown', include: shown } },
      { extends: true, test: { name: 'rest', include: long, exclude: [...shown, ...alone] } },
      {
        extends: true,
        test: { name: 'alone', include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    // By default it is one less than there are cores, though most tests wait for a program.
    maxWorkers: availableParallelism() + 1,
    testTimeout: timeout,
    hookTimeout: timeout,
    reporters: ['default', './test/helpers/skips.ts'],
    // Said once, at the end.
    onConsoleLog: (text) => !isSkip(text),
  },
});
