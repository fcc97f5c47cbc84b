import { defineConfig } from 'vitest/config';
import { shellText } from './build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vm/**', 'test/windows/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
