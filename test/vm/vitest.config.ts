import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { shellText } from '../../build/bundle/shell-text.js';

export default defineConfig({
  plugins: [shellText()],
  test: {
    include: ['test/vm/**/*.test.ts'],
    globalSetup: ['test/runs/own/home.ts', 'test/vm/setup.ts'],
    reporters: ['default', './test/vm/summary.ts', './test/runs/again/failed.ts'],
    maxWorkers: 2, // each with a guest, which mostly waits
    sequence: {
      // The product's files last longest, and are short to look at: if they came last, one of them would run by itself.
      sequencer: class extends BaseSequencer {
        override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
          const isProduct = ({ moduleId }: TestSpecification) => moduleId.includes('/product/');
          const sorted = await super.sort(files);
          return [...sorted.filter(isProduct), ...sorted.filter((file) => !isProduct(file))];
        }
      },
    },
    testTimeout: 240_000,
    hookTimeout: 480_000,
    teardownTimeout: 20_000,
  },
});
