import { describe, expect, it } from 'vitest';
import type { Guid } from '../../../src/address/guid.js';
import { hyperVAddresses } from '../../../src/discovery/hyper-v/address.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;
const deps = { env: {} };

describe('the addresses of a guest', () => {
  const ask = (answer: string) => {
    const scripts: string[] = [];
    const run = async (_program: string, args: readonly string[]) => {
      scripts.push(args.at(-1) ?? '');
      return answer;
    };
    return hyperVAddresses(mint, deps, run).then((addresses) => ({ addresses, script: scripts[0] }));
  };

  it.each([
    { answer: '', want: [] },
    { answer: '\ufefffe80::215:5dff:fe00:1\r\n172.20.1.5\r\n', want: ['172.20.1.5'] },
    { answer: '2001:db8::5\r\n169.254.3.4\r\n172.20.1.5\r\n', want: ['172.20.1.5', '2001:db8::5'] },
  ])('are read from $answer', async ({ answer, want }) => {
    expect((await ask(answer)).addresses).toEqual(want);
  });

  it('are asked for by its id', async () => {
    expect((await ask('')).script).toContain(`'*${mint}*'`);
  });
});
