import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

const tests = (process.env.VMSSH_MUTATION_TESTS ?? '').split(',');

/** The unit tests of one area, see mutate.js. */
export default defineConfig({
  plugins: [shellText()],
  test: {
    // As in vitest.config.ts: a change may well make a test write into the home.
    env: { XDG_STATE_HOME: '' },
    globalSetup: ['./test/runs/own/env.ts', './test/runs/own/home.ts'],
    include: tests.map((each) => (each.endsWith('.ts') ? each : `${each}/**/*.test.ts`)),
    testTimeout: 30_000,
  },
});
