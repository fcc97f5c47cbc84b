import { beforeAll, describe, expect, it } from 'vitest';
import { dist, run, runtime } from '../helpers/run.js';
import { tables } from './tables/all.js';

/** The program of tables/main.ts, made like the executable by `node build/engine.js`. */
const program = { executable: dist('engine/tables'), sanitized: dist('sanitized/tables') }[runtime];

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
