import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/guest/**/*.test.ts'],
    globalSetup: 'test/guest/setup.ts',
    reporters: ['default', './test/guest/summary.ts'],
    fileParallelism: false, // a guest keeps both CPUs of a small machine busy
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
  },
});
