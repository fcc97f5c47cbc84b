import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';
import { isSkip } from './test/helpers/skips.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vm/**', 'test/windows/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/helpers/skips.ts'],
    // Said once, at the end.
    onConsoleLog: (text) => !isSkip(text),
  },
});
