import { describe, expect, it } from 'vitest';
import { keysThere } from '../../../src/connect/via/keys-there.js';
import type { ProgramEnd } from '../../../src/process/run-program.js';
import { madeKey } from '../../keys/made-keys.js';

const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const target = { host: 'hv1', target: "web'; id" };

/** What ssh ends with; "M" in the text is the marker of the question. */
async function answer(text: string, end: Partial<ProgramEnd> = {}) {
  const commands: (readonly string[])[] = [];
  const keys = await keysThere(target, { env: {}, platform: 'linux' }, async (command) => {
    commands.push(command);
    const [marker = ''] = /vmssh-[0-9a-f]{32}/.exec(command.join(' ')) ?? [];
    const stdout = text.replace('M', marker);
    return { code: 0, signal: null, stdout, stderr: '', stopped: undefined, ...end } as ProgramEnd;
  });
  return { keys, command: commands.at(-1) ?? [] };
}
const json = (...keys: readonly unknown[]) => `M\n${JSON.stringify({ keys })}\n`;

describe('the keys of a machine of another hypervisor', () => {
  it('are what the vmssh there says, asked in one login without a question', async () => {
    const { keys, command } = await answer(`welcome\n${json(ed25519.text, rsa.key)}`);
    expect(keys).toEqual([ed25519.key, rsa.key]);
    expect(command).toEqual(expect.arrayContaining(['ssh', '-n', 'BatchMode=yes', '--', 'hv1']));
    // One word for the shell there, whatever the machine is called.
    expect(command.at(-1)).toMatch(/'web'"'"'; id'$/);
  });

  it.each([
    { name: 'no marker', text: JSON.stringify({ keys: [] }) },
    { name: 'another text', text: 'M\nvmssh: unknown command' },
    { name: 'no list', text: 'M\n{"keys":"ssh-ed25519 AAAA"}' },
    { name: 'an exit code', text: json(ed25519.key), end: { code: 2 } },
    { name: 'no vmssh', text: '', end: { code: 127 } },
    { name: 'too much, or too late', text: json(ed25519.key), end: { stopped: 'longest' } },
  ] as const)('are unknown: $name', async ({ text, ...rest }) => {
    const end = 'end' in rest ? (rest.end as Partial<ProgramEnd>) : {};
    expect((await answer(text, end)).keys).toBeUndefined();
  });

  it('are asked for again if the server dropped the login', async () => {
    let count = 0;
    const dropped = { code: 255, stderr: 'kex_exchange_identification: read: Connection reset by peer' };
    const keys = await keysThere(target, { env: {}, platform: 'linux' }, async ([...command]) => {
      if (command.includes('-G'))
        return {
          code: 0,
          signal: null,
          stdout: 'hostname hv1\n',
          stderr: '',
          stopped: undefined,
        } as ProgramEnd;
      const [marker = ''] = /vmssh-[0-9a-f]{32}/.exec(command.join(' ')) ?? [];
      const end = {
        code: 0,
        signal: null,
        stdout: json(rsa.key).replace('M', marker),
        stderr: '',
        stopped: undefined,
      };
      return { ...end, ...(count++ === 0 ? dropped : {}) } as ProgramEnd;
    });
    expect([keys, count]).toEqual([[rsa.key], 2]);
  });

  it('are keys, and few', async () => {
    expect((await answer(json(1, null, ['x'], 'k'.repeat(9000), rsa.key))).keys).toEqual([rsa.key]);
    const many = Array.from({ length: 40 }, () => madeKey('ed25519').key);
    expect((await answer(json(...many))).keys).toEqual(many.slice(0, 16));
  });
});
