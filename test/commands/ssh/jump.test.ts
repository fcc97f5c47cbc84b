import { describe, expect, it } from 'vitest';
import { jumpForm, jumpHost, refuseJump } from '../../../src/commands/ssh/jump.js';
import { type SshTool, splitArgs } from '../../../src/ssh/split-args.js';

describe('a host to go through', () => {
  it.each<{ tool: SshTool; line: string; want: string | undefined }>([
    { tool: 'ssh', line: '-J a mint', want: 'a' },
    { tool: 'ssh', line: '-vJa mint', want: 'a' },
    { tool: 'ssh', line: 'mint -J a ls', want: 'a' },
    { tool: 'ssh', line: '-o ProxyJump=a mint', want: 'a' },
    { tool: 'scp', line: '-oproxyjump=a x mint:', want: 'a' },
    { tool: 'ssh', line: '-o ProxyJump=none mint', want: undefined },
    { tool: 'ssh', line: 'mint ls -J a', want: undefined },
    { tool: 'rsync', line: '-J x mint:', want: undefined },
  ])('$tool $line: $want', ({ tool, line, want }) =>
    expect(jumpHost(tool, splitArgs(tool, line.split(' ')))).toBe(want),
  );

  it.each([
    { text: 'container/web', form: 'container%%web' },
    { text: 'root@container%web', form: 'root@container%%web' },
    { text: 'container%%web', form: 'container%%web' },
    { text: 'unix/run/x.sock', form: 'unix%%run%%x.sock' },
    { text: '.host', form: '.host' },
    { text: 'vsock:3:22', form: undefined },
    { text: 'machine/a b', form: undefined },
    { text: 'gate', form: undefined },
  ])("is for ssh's own -J: $text, $form", ({ text, form }) => {
    expect(jumpForm(text)).toBe(form);
    const hint = `and then ssh -J ${form ?? 'NAME'}`;
    expect(() => refuseJump('ssh', splitArgs('ssh', ['-J', text, 'mint']))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(hint) }),
    );
  });
});
