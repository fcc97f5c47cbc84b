import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/clients/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './test/helpers/skips.ts'],
  },
});
