import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

// AddressSanitizer takes its time, and so does QEMU.
const isSlow = /^sanitized-|^arm64$/.test(process.env.VMSSH_TEST_RUNTIME ?? '');
const timeout = isSlow ? 300_000 : 30_000;

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vm/**', 'test/windows/**', 'test/packages/**'],
    // By default it is one less than there are cores. On two cores that is one, though most tests wait for a program.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: timeout,
    hookTimeout: timeout,
    reporters: ['default', './test/helpers/skips.ts'],
    // Said once, at the end.
    onConsoleLog: (text) => !isSkip(text),
  },
});
