import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/guest/**/*.test.ts'],
    globalSetup: 'test/guest/setup.ts',
    reporters: ['default', './test/guest/summary.ts'],
    maxWorkers: 2, // each with a guest, which mostly waits
    testTimeout: 240_000,
    hookTimeout: 480_000,
    teardownTimeout: 20_000,
  },
});
