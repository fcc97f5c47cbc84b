import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  jumpForm,
  jumpHost,
  prepare,
  refuseJump,
  remoteShell,
  withoutShell,
} from '../../../src/commands/ssh/call.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { type SshTool, splitArgs } from '../../../src/ssh/split-args.js';
import { version } from '../../../src/version.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('the program that ssh calls, where Node runs vmssh ssh', () => {
  const dir = useTempDir();
  let executable: string;
  beforeAll(() => {
    mkdirSync(join(dir, 'linux-x64'));
    writeFileSync(join(dir, 'vmssh.js'), '');
    executable = join(realpathSync(dir), 'linux-x64/vmssh');
    writeFileSync(executable, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  });

  it.each<{ tool: SshTool; args: readonly string[]; runs: string }>([
    { tool: 'ssh', args: ['unix/run/x'], runs: 'proxy' },
    { tool: 'scp', args: ['a', 'unix/run/x:'], runs: 'proxy' },
    { tool: 'rsync', args: ['a', 'unix/run/x:'], runs: 'ssh' },
  ])('is the executable beside it: $tool', async ({ tool, args, runs }) => {
    const script = join(dir, 'vmssh.js');
    const io = fakeIo({ env: { HOME: dir }, self: ['/usr/bin/node', script] });
    const options = { args: splitArgs(tool, args), waitMs: undefined, print: true };
    const find = async (text: string) => ({ text, target: parseTarget(text) });
    const { command } = await prepare(tool, options, io, find);
    const line = command.join(' ');
    expect(line).toMatch(new RegExp(`${executable}\\W+ ?\\W?${runs}\\b`));
    expect(line).not.toContain('vmssh.js');
  });
});

describe('the login that vmssh setup made', () => {
  const dir = useTempDir();
  const [mint, other] = ['83055167-4a13-0eb1-c290-e328df73ee72', '22222222-2222-4333-8444-555555555555'];
  const key = join(dir, 'key');
  beforeAll(() => {
    writeFileSync(key, '', { mode: 0o600 });
    mkdirSync(join(dir, 'state/vmssh'), { recursive: true });
    const options = { logins: [{ target: 'qemu/mint', user: 'ann', identityFile: key, uuid: mint }] };
    const state = { version: 1, options, program: [], machines: [] };
    writeFileSync(join(dir, 'state/vmssh/hosts.json'), JSON.stringify(state));
  });

  it.each([
    { uuid: mint, typed: 'qemu/mint', user: 'ann', hasKey: true },
    { uuid: mint, typed: 'bob@qemu/mint', user: undefined, hasKey: true },
    // Made again under its name.
    { uuid: other, typed: 'qemu/mint', user: 'ann', hasKey: true },
  ])('is taken for that machine: $typed, $uuid', async ({ uuid, typed, user, hasKey }) => {
    const machine = {
      ...{ name: 'mint', target: 'qemu/mint', provider: 'libvirt', status: 'running' as const },
      ...{ uuid, user: 'vagrant', also: [] },
    };
    const { options } = await prepare(
      'ssh',
      { args: splitArgs('ssh', [typed]), waitMs: undefined, print: true },
      fakeIo({ env: { ...process.env, HOME: dir, XDG_STATE_HOME: join(dir, 'state') } }),
      async (text) => ({ text, target: parseTarget(text), machine }),
    );
    expect(options.find((each) => each.startsWith('User='))).toBe(user && `User=${user}`);
    expect(options.some((each) => each === `IdentityFile=${key}`)).toBe(hasKey);
  });
});

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

describe("rsync's shell", () => {
  it.each([
    { args: ['-a', 'x', 'm:y'], shell: '', left: ['-a', 'x', 'm:y'] },
    { args: ['-e', 'ssh -p 22', 'x', 'm:y'], shell: ' -p 22', left: ['x', 'm:y'] },
    { args: ['-ae', 'ssh -p 22', 'm:y'], shell: ' -p 22', left: ['-a', 'm:y'] },
    { args: ['-avessh -v', 'm:y'], shell: ' -v', left: ['-av', 'm:y'] },
    { args: ['--rsh=/usr/bin/ssh -v', 'm:y'], shell: ' -v', left: ['m:y'] },
    { args: ['--rsh', 'ssh', 'm:y'], shell: '', left: ['m:y'] },
    { args: ['--exclude', 'x', '-Te', 'm:y'], shell: '', left: ['--exclude', 'x', '-Te', 'm:y'] },
    { args: ['--delete', 'm:y'], shell: '', left: ['--delete', 'm:y'] },
  ])('of $args', ({ args, shell, left }) => {
    expect(remoteShell(args, ['/opt/v'], 'vsock/3', {})).toBe(`'/opt/v' ssh '--typed=vsock/3'${shell}`);
    expect(withoutShell(args)).toEqual(left);
  });

  it('calls this program whatever its path is, waits, and takes the chosen routes', () => {
    expect(
      remoteShell([], ['/a b/node', "/it's"], "unix/it's", { waitMs: 60_000, routes: ['vsock', 'ip'] }),
    ).toBe("'/a b/node' '/it''s' ssh '--typed=unix/it''s' --wait=60 --route=vsock,ip");
  });

  it('can only be ssh', () => {
    expect(() => remoteShell(['-e', 'rsh'], ['v'], 'vsock/3', {})).toThrow(
      'has to be ssh and its options here, not "rsh"',
    );
  });
});
