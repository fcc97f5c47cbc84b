import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookAt } from '../../src/checks/inside.js';
import { tryLogin, whyEnded } from '../../src/checks/try-login.js';
import { fakeIo } from '../helpers/fake-io.js';
import { findProgram, missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const { signal } = new AbortController();
const [here, elsewhere] = ['44d6052a-fead-42ed-996c-5b81e9b59231', '5ea5a6c9-0f1c-4b0e-9e8e-0c1f6f1b6a52'];

/** Stands for ssh: to HOST it says what a guest's script would, to anything else what $THERE has. */
const ssh = `#!/bin/sh
printf '%s\\n' "$*" >>"${dir}/calls"
case "$*" in
  *boot_id) printf '%s' "$OUT"; printf '%s' "$ERR" >&2; exit "$CODE" ;;
esac
cat >/dev/null
printf 'ok boot ${here}\\nok user ann\\nok cursor s=1;i=2\\nok peer %s\\nok cid read; the CID is %s\\nend 0 looked\\n' "$PEER" "$CID"
`;
beforeAll(() => {
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/ssh'), ssh);
  chmodSync(join(dir, 'bin/ssh'), 0o755);
});

const tcp = '192.0.2.1 1 192.0.2.2 22';
const socket = 'UNKNOWN 65535 UNKNOWN 65535';
const web = { host: 'ann@web', route: 'ssh', sshConfig: undefined } as const;

it.each<{
  name: string;
  into?: { host: string; route: 'ssh' | 'target'; sshConfig: undefined };
  peer?: string;
  cid?: string;
  target?: string;
  account?: string;
  port?: number;
  there?: { OUT?: string; ERR?: string; CODE?: string };
  want: object;
  call?: RegExp;
}>([
  {
    name: 'a target, by which the look came in itself',
    into: { host: 'ann@vsock/7', route: 'target', sshConfig: undefined },
    want: { state: 'in', about: 'over vsock/7', cursor: 's=1;i=2' },
  },
  {
    name: 'a target, for another account',
    into: { host: 'ann@vsock/7', route: 'target', sshConfig: undefined },
    account: 'root',
    there: { OUT: `${here}\n` },
    want: { state: 'in', about: 'over vsock/7' },
    call: /BatchMode=yes .*-- root@vsock\/7 cat/,
  },
  {
    name: 'by the CID that the guest gave',
    there: { OUT: `${here}\n` },
    want: { state: 'in', about: 'over vsock/42' },
    call: /ProxyCommand=\S* ?proxy vsock\/42 22 .*BatchMode=yes -o ControlPath=none -- ann@web cat/,
  },
  {
    name: 'by the target that was typed, at another port',
    target: 'qemu/web',
    port: 2222,
    there: { OUT: `${here}\n` },
    want: { state: 'in', about: 'over qemu/web' },
    call: /proxy qemu\/web 2222 /,
  },
  {
    name: 'a Host whose own route is a socket: by that route',
    peer: socket,
    there: { OUT: `${here}\n` },
    want: { state: 'in', about: 'by ssh web' },
    call: /^-o LogLevel=INFO -o BatchMode=yes -o ControlPath=none -- ann@web cat/,
  },
  {
    name: 'a refusal',
    there: { ERR: 'noise\nann@web: Permission denied (publickey).\n', CODE: '255' },
    want: { state: 'refused', about: 'over vsock/42: Permission denied (publickey).', cursor: 's=1;i=2' },
  },
  {
    name: 'a shell that refuses',
    there: { CODE: '1' },
    want: { state: 'ended', about: 'over vsock/42: ssh ended with 1' },
  },
  {
    name: 'a shell that refuses, at a machine whose key ssh did not know',
    there: {
      ERR: "Warning: Permanently added 'vsock/42' (ED25519) to the list of known hosts.\n",
      CODE: '1',
    },
    want: { state: 'ended', about: 'over vsock/42: ssh ended with 1' },
  },
  {
    name: 'an account without a shell',
    there: { OUT: 'This account is currently not available.\n', CODE: '1' },
    want: {
      state: 'ended',
      about: 'over vsock/42: ssh ended with 1, and says: This account is currently not available.',
    },
  },
  {
    name: 'a refusal after a long banner without a line end',
    there: { ERR: `${'x'.repeat(60_000)}ann@web: Permission denied (publickey).\n`, CODE: '255' },
    want: {
      state: 'refused',
      about: expect.stringMatching(/^over vsock\/42: Permission denied \(publickey\)\.$/),
    },
  },
  {
    name: 'an address that leads to another machine',
    there: { OUT: `${elsewhere}\n` },
    want: { state: 'not tried', about: expect.stringMatching(/^another machine answers \(over vsock\/42\)/) },
  },
  {
    name: 'a target that was typed, which leads to another machine',
    target: 'qemu/web',
    there: { OUT: `${elsewhere}\n` },
    want: { state: 'not proved', about: 'another machine answers (over qemu/web)' },
  },
  {
    name: 'a target that was typed, where nothing answers',
    target: 'qemu/web',
    there: { ERR: 'vmssh: cannot connect to "qemu/web": refused\nConnection closed\n', CODE: '255' },
    want: { state: 'not proved', about: 'cannot connect to "qemu/web": refused' },
  },
  {
    name: 'a shell that ends by itself, without an error',
    there: { OUT: '' },
    want: { state: 'ended', about: 'over vsock/42: ssh ended without running its command' },
  },
  {
    name: 'a shell that says something first',
    there: { OUT: `welcome\n${here}\n` },
    want: { state: 'in', about: 'over vsock/42' },
    call: /boot_id$/,
  },
  {
    name: 'another command than the one that was asked for',
    there: { OUT: 'hello\n' },
    want: { state: 'ended', about: 'over vsock/42: ssh ended without running its command, and says: hello' },
  },
  {
    name: 'a host key that is not known',
    there: { ERR: 'Host key verification failed.\n', CODE: '255' },
    want: { state: 'not tried', about: expect.stringContaining('does not accept the host key') },
  },
  {
    name: 'a CID that this host does not have',
    there: {
      ERR: 'vmssh: cannot connect to "vsock/42": no running machine\nhint: x\nConnection closed\n',
      CODE: '255',
    },
    want: {
      state: 'not tried',
      about: 'cannot connect to "vsock/42": no running machine; --target says how this host reaches it',
    },
  },
  {
    name: 'no CID',
    cid: '4294967295x',
    want: { state: 'not tried', about: expect.stringContaining('its CID is not known: --target') },
  },
])('a login is tried as ssh will do it: $name', async (row) => {
  const { into = web, peer = tcp, cid = '42', target, account = 'ann', port = 22, there = {} } = row;
  writeFileSync(join(dir, 'calls'), '');
  const env = { PATH: `${join(dir, 'bin')}:${process.env.PATH}`, PEER: peer, CID: cid };
  const io = fakeIo({ env: { ...env, OUT: '', ERR: '', CODE: '0', ...there } });
  const guest = await lookAt(into, io, signal);
  const tried = await tryLogin(into, guest, { account, port, target }, io, signal);
  expect(tried).toMatchObject(row.want);
  const calls = readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
  if (row.call) expect(calls.at(-1)).toMatch(row.call);
  else if (tried.state === 'in') expect(calls.join()).not.toContain('boot_id');
});

const missing = missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server' });
describe.skipIf(missing)(`with the real ssh and sshd${missing ? `: ${missing}` : ''}`, () => {
  it('ssh itself says that it has no cipher in common with sshd, which may not log it', async () => {
    const [key, sshConfig] = [join(dir, 'host'), join(dir, 'ssh_config')];
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const sshd = `${findProgram('sshd')} -i -f /dev/null -h ${key} -o Ciphers=aes256-cbc`;
    writeFileSync(sshConfig, `Host web\n  Ciphers aes128-ctr\n  ProxyCommand ${sshd}\n`, { mode: 0o600 });
    const guest = { cid: undefined, boot: 'here', user: 'ann', bySocket: true, cursor: '' };
    const into = { ...web, sshConfig };
    const login = { account: 'ann', port: 22, target: undefined };
    const io = fakeIo({ env: { PATH: process.env.PATH } });
    expect(await tryLogin(into, guest, login, io, signal)).toMatchObject({
      state: 'refused',
      about: expect.stringMatching(/: no matching cipher found\. Their offer: aes256-cbc$/),
    });
  });
});

it.each([
  ['root@127.0.0.1: Permission denied (publickey).\r\n', 'Permission denied (publickey).'],
  ['ann@web: Permission denied (publickey).\nConnection to web closed.\n', 'Permission denied (publickey).'],
  ['mail to ann@web: lost\n', 'mail to ann@web: lost'],
  ['', 'ssh ended with 255'],
])('names no HostName of ssh, which is not where it went: $1', (stderr, why) => {
  expect(whyEnded({ code: 255, stdout: '', stderr, stopped: undefined })).toBe(why);
});
