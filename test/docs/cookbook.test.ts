import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

const cookbook = readFileSync(new URL('../../docs/reference/cookbook.md', import.meta.url), 'utf8');

/** The jq program in the line of the cookbook that has `text`. */
function jqOf(text: string): string {
  const line = cookbook.split('\n').find((each) => each.includes(text)) ?? '';
  return /\| jq '([^']*)'/.exec(line)?.[1] ?? '';
}

describe.skipIf(missingPrograms({ jq: 'jq' }))('docs/reference/cookbook.md', () => {
  it('finds why a target cannot be reached', async () => {
    const error = { op: 'connect', code: 'ENOENT', problem: 'x' };
    const input = JSON.stringify({ results: [{ target: 'mint', error }] });
    const { stdout } = await run(['jq', '-c', jqOf('check --json mint')], { input });
    expect(JSON.parse(stdout)).toEqual(error);
  });
});
