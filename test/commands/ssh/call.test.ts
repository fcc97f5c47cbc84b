import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../../src/base/version.js';
import { prepare, remoteShell, withoutShell } from '../../../src/commands/ssh/call.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { type SshTool, splitArgs } from '../../../src/ssh/split-args.js';
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

  it.each<{ tool: SshTool; args: readonly string[]; runs: string; isBytes?: boolean; typed?: string }>([
    { tool: 'ssh', args: ['unix/run/x'], runs: 'proxy', isBytes: false },
    { tool: 'ssh', args: ['unix%run%x'], runs: 'proxy', typed: 'unix/run/x' },
    { tool: 'scp', args: ['a', 'unix/run/x:'], runs: 'proxy' },
    { tool: 'sftp', args: ['unix/run/x'], runs: 'proxy' },
    { tool: 'rsync', args: ['a', 'unix/run/x:'], runs: 'ssh' },
  ])('is the executable beside it: $tool $args', async ({ tool, args, runs, isBytes = true, typed }) => {
    const script = join(dir, 'vmssh.js');
    const io = fakeIo({ env: { HOME: dir }, self: ['/usr/bin/node', script] });
    const options = { args: splitArgs(tool, args), waitMs: undefined, print: true, typed };
    const find = async (text: string) => ({ text, target: parseTarget(text) });
    const { command, options: ofSsh } = await prepare(tool, options, io, find);
    const line = command.join(' ');
    expect(line).toMatch(new RegExp(`${executable}\\W+ ?\\W?${runs}\\b`));
    expect(line).not.toContain('vmssh.js');
    // Whatever the user's Host says.
    const only = ['RequestTTY=no', 'RemoteCommand=none', 'PermitLocalCommand=no', 'ExitOnForwardFailure=no'];
    expect(only.map((each) => ofSsh.includes(each))).toEqual(only.map(() => isBytes));
  });
});

describe('the login that vmssh setup made', () => {
  const dir = useTempDir();
  const [mint, other] = ['83055167-4a13-0eb1-c290-e328df73ee72', '22222222-2222-4333-8444-555555555555'];
  const key = join(dir, 'key');
  beforeAll(() => {
    writeFileSync(key, '', { mode: 0o600 });
    mkdirSync(join(dir, 'state/vmssh'), { recursive: true });
    const login = { user: 'ann', identityFile: key, uuid: mint };
    const record = { name: 'mint', target: 'qemu/mint', provider: 'libvirt', uuid: mint, login };
    const state = { version: 2, options: {}, program: [], machines: [record] };
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

describe('a machine that a pattern of --throwaway means', () => {
  const dir = useTempDir();
  const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';

  it.each([
    { pin: '', takesAny: true },
    { pin: `vmssh-${uuid}`, takesAny: false },
    { pin: 'vmssh-qemu%mint', takesAny: false },
    { pin: 'vmssh-qemu%other', takesAny: true },
  ])('has any key, but not if one is known: "$pin"', async ({ pin, takesAny }) => {
    mkdirSync(join(dir, 'state/vmssh'), { recursive: true });
    const state = { version: 2, options: { throwaway: ['qemu/*'] }, program: [], machines: [] };
    writeFileSync(join(dir, 'state/vmssh/hosts.json'), JSON.stringify(state));
    mkdirSync(join(dir, '.ssh'), { recursive: true });
    writeFileSync(join(dir, '.ssh/vmssh_known_hosts'), pin && `${pin} ssh-ed25519 AAAA\n`);
    const mint = { name: 'mint', target: 'qemu/mint', provider: 'libvirt', uuid, also: [] };
    const { options } = await prepare(
      'ssh',
      { args: splitArgs('ssh', ['qemu/mint']), waitMs: undefined, print: true },
      fakeIo({ env: { ...process.env, HOME: dir, XDG_STATE_HOME: join(dir, 'state') } }),
      async (text) => ({ text, target: parseTarget(text), machine: { ...mint, status: 'running' } }),
    );
    expect(options.includes('StrictHostKeyChecking=no')).toBe(takesAny);
  });
});

describe("rsync's shell", () => {
  const shellOf = (args: readonly string[], variable?: string) =>
    remoteShell(splitArgs('rsync', args), variable, ['/opt/v'], 'vsock/3', {});

  it.each([
    { args: ['-a', 'x', 'm:y'], shell: '', left: ['-a'] },
    { args: ['-e', 'ssh -p 22', 'x', 'm:y'], shell: ' -p 22', left: [] },
    { args: ['-ae', 'ssh -p 22', 'm:y'], shell: ' -p 22', left: ['-a'] },
    { args: ['-avessh -v', 'm:y'], shell: ' -v', left: ['-av'] },
    { args: ['--rsh=/usr/bin/ssh -v', 'm:y', '-z'], shell: ' -v', left: ['-z'] },
    { args: ['-e', 'ssh -v', '--rsh', 'ssh', 'm:y'], shell: '', left: [] },
    { args: ['--exclude', 'x', '-Te', 'm:y'], shell: '', left: ['--exclude', 'x', '-Te'] },
  ])('of $args', ({ args, shell, left }) => {
    expect(shellOf(args)).toBe(`'/opt/v' ssh '--typed=vsock/3'${shell}`);
    expect(withoutShell(splitArgs('rsync', args))).toEqual(left);
  });

  it('is that of RSYNC_RSH without an option', () => {
    expect(shellOf(['m:y'], 'ssh -p 22')).toMatch(/ -p 22$/);
    expect(shellOf(['-e', 'ssh', 'm:y'], 'ssh -p 22')).toMatch(/'--typed=vsock\/3'$/);
  });

  it('calls this program whatever its path is, waits, and takes the chosen routes', () => {
    const proxy = { waitMs: 60_000, routes: ['vsock', 'ip'] } as const;
    expect(remoteShell(splitArgs('rsync', []), '', ['/a b/node', "/it's"], "unix/it's", proxy)).toBe(
      "'/a b/node' '/it''s' ssh '--typed=unix/it''s' --wait=60 --route=vsock,ip",
    );
  });

  it('can only be ssh', () => {
    expect(() => shellOf(['-e', 'rsh'])).toThrow('has to be ssh and its options here, not "rsh"');
  });
});
