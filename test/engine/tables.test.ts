import { beforeAll, describe, expect, it } from 'vitest';
import { engineProgram, run } from '../helpers/run.js';
import { tables } from './tables/all.js';

const program = engineProgram('tables');

describe.each(Object.entries(tables))('%s', (table, cases) => {
  let outcomes: Readonly<Record<string, unknown>> | undefined;
  beforeAll(async () => {
    if (program === undefined) return;
    const { stdout, stderr } = await run([program, table]);
    expect(stderr).toBe('');
    outcomes = JSON.parse(stdout);
  });

  it.each(cases)('$name', async ({ name, run: attempt, want }) => {
    expect(outcomes ? outcomes[name] : await attempt()).toEqual(want);
  });
});
