import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/windows/**/*.test.ts'],
    globalSetup: 'test/windows/bed/setup.ts',
    reporters: ['default', './test/runs/again/failed.ts'],
    maxWorkers: 2, // each with a Wine of its own
    testTimeout: 180_000,
    hookTimeout: 120_000,
    teardownTimeout: 40_000,
    // What is waited for may need as long.
    expect: { poll: { timeout: 50_000 } },
  },
});
