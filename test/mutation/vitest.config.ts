import { defineConfig } from 'vitest/config';
import { shellText } from '../../build/bundle/shell-text.js';

/** The unit tests of one area, see mutate.js. */
export default defineConfig({
  plugins: [shellText()],
  test: {
    include: (process.env.VMSSH_MUTATION_TESTS ?? '').split(',').map((folder) => `${folder}/**/*.test.ts`),
    testTimeout: 30_000,
  },
});
