import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from './helpers/programs.js';
import { run } from './helpers/run.js';

const cookbook = readFileSync(new URL('../docs/cookbook.md', import.meta.url), 'utf8');

/** The jq program in the line of the cookbook that has `text`. */
function jqOf(text: string): string {
  const line = cookbook.split('\n').find((each) => each.includes(text)) ?? '';
  return /\| jq '([^']*)'/.exec(line)?.[1] ?? '';
}

describe.skipIf(missingPrograms({ jq: 'jq' }))('docs/cookbook.md', () => {
  const inventory = async (...slugs: readonly string[]) => {
    const input = JSON.stringify({ machines: slugs.map((slug) => ({ slug })) });
    const { stdout } = await run(['jq', '-c', jqOf('> hosts.json')], { input });
    return stdout.trim();
  };

  it("makes Ansible's inventory, also without machines, and with one that ssh has no name for", async () => {
    expect(await inventory('mint', 'web-1')).toBe('{"all":{"hosts":{"mint":{},"web-1":{}}}}');
    expect(await inventory()).toBe('{"all":{"hosts":{}}}');
    expect(await inventory('', 'mint')).toBe('{"all":{"hosts":{"mint":{}}}}');
  });

  it('finds why a target cannot be reached', async () => {
    const error = { op: 'connect', code: 'ENOENT', problem: 'x' };
    const input = JSON.stringify({ results: [{ target: 'mint', error }] });
    const { stdout } = await run(['jq', '-c', jqOf('check --json mint')], { input });
    expect(JSON.parse(stdout)).toEqual(error);
  });
});
