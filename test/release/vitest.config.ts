import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/release/**/*.test.ts'],
    testTimeout: 5_400_000,
    hookTimeout: 5_400_000,
    reporters: ['default', './test/helpers/skips.ts'],
  },
});
