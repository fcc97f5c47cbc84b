import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

// AddressSanitizer takes its time, and so does QEMU.
const isSlow = /^sanitized-|^arm64$/.test(process.env.VMSSH_TEST_RUNTIME ?? '');
const timeout = isSlow ? 300_000 : 30_000;

/** They start processes that vmssh takes for machines of this host, so no other test runs beside them. */
const alone = ['config-install', 'hostile/processes', 'hostile/sockets'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

export default defineConfig({
  plugins: [shellText()],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: ['test/vm/**', 'test/windows/**', 'test/packages/**', ...alone],
        },
      },
      { extends: true, test: { name: 'alone', include: alone, fileParallelism: false } },
    ],
    // By default it is one less than there are cores. On two cores that is one, though most tests wait for a program.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: timeout,
    hookTimeout: timeout,
    reporters: ['default', './test/helpers/skips.ts'],
    // Said once, at the end.
    onConsoleLog: (text) => !isSkip(text),
  },
});
