import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/windows/**/*.test.ts'],
    globalSetup: 'test/windows/bed/setup.ts',
    fileParallelism: false, // one Wine serves all
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 40_000,
  },
});
