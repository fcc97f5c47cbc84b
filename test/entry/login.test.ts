import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatState, noState } from '../../src/book/state.js';
import type { LoginVerdict } from '../../src/checks/verdict.js';
import { isLed, loginByVmssh, loginToGuest, triedBy } from '../../src/entry/login.js';
import { lookAt } from '../../src/entry/run.js';
import type { TriedLogin } from '../../src/guest/script.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { fakeIo } from '../helpers/fake-io.js';
import { findProgram, missingPrograms } from '../helpers/programs.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
const { signal } = new AbortController();
const [here, elsewhere] = ['44d6052a-fead-42ed-996c-5b81e9b59231', '5ea5a6c9-0f1c-4b0e-9e8e-0c1f6f1b6a52'];

/** Stands for ssh: to HOST it says what a guest's script would, to anything else what $THERE has. */
const ssh = `#!/bin/sh
printf '%s\\n' "$*" >>"${dir}/calls"
case "$*" in
  *boot_id) printf '%s' "$OUT"; printf '%s' "$ERR" | sed "s/MARK/$VMSSH_MARK/" >&2; exit "$CODE" ;;
esac
cat >/dev/null
printf 'ok boot ${here}\\nok user ann\\nok cursor s=1;i=2\\nok peer %s\\nok cid read; the CID is %s\\nend 0 looked\\n' "$PEER" "$CID"
`;
beforeAll(() => writeTree(dir, { 'bin/ssh': ssh }));

const tcp = '192.0.2.1 1 192.0.2.2 22';
const socket = 'UNKNOWN 65535 UNKNOWN 65535';
const web = { by: 'ssh', host: 'ann@web' } as const;

const vsock = { by: 'target', host: 'ann@vsock/7' } as const;

interface Row {
  readonly into?: typeof web | typeof vsock;
  readonly peer?: string;
  readonly cid?: string;
  readonly target?: string;
  readonly account?: string;
  readonly port?: number;
  /** What the machine says at the end of the other route. */
  readonly OUT?: string;
  readonly ERR?: string;
  readonly CODE?: string;
  /** SSH_AUTH_SOCK leads nowhere. */
  readonly agent?: boolean;
  /** How ssh was called for the login. */
  readonly call?: RegExp;
}

const begun = "debug1: Authenticating to web:22 as 'ann'\ndebug1: SSH2_MSG_SERVICE_ACCEPT received\n";
const denied = `${begun}ann@web: Permission denied (publickey).\n`;
const isIn = `${begun}Authenticated to web using "publickey".\n`;
const refused =
  'refused: over vsock/42: sshd lets no key of yours in as ann: Permission denied (publickey); ssh has none to offer: no key file, and SSH_AUTH_SOCK is not set';
const off = 'vmssh MARK: cannot connect to "vsock/42": no running machine\nhint: x\nConnection closed\n';
const noShell = 'This account is currently not available.';

it.each<[name: string, row: Row, want: string | RegExp]>([
  ['a target, by which the look came in itself', { into: vsock }, 'in: over vsock/7'],
  [
    'a target, for another account',
    { into: vsock, account: 'root', OUT: `${here}\n`, call: /BatchMode=yes .*-- root@vsock\/7 cat/ },
    'in: over vsock/7',
  ],
  [
    'by the CID that the guest gave',
    {
      OUT: `${here}\n`,
      call: /ProxyCommand=\S* ?proxy vsock\/42 22 .*BatchMode=yes -o ControlPath=none .*-- ann@web cat/,
    },
    'in: over vsock/42',
  ],
  [
    'by the target that was typed, at another port',
    { target: 'qemu/web', port: 2222, OUT: `${here}\n`, call: /proxy qemu\/web 2222 / },
    'in: over qemu/web',
  ],
  [
    'a Host whose own route is a socket: by that route',
    {
      ...{ peer: socket, OUT: `${here}\n` },
      call: /^-T -v -o LogLevel=ERROR -o RemoteCommand=none -o RequestTTY=no -o BatchMode=yes -o ControlPath=none .*-- ann@web cat/,
    },
    'in: by ssh web',
  ],
  ['a refusal', { ERR: `noise\n${denied}`, CODE: '255' }, refused],
  [
    'a shell that refuses',
    { ERR: isIn, CODE: '1' },
    /^ended: over vsock\/42: sshd lets ann in, and ends the session with 1: /,
  ],
  [
    'a shell that refuses, at a machine whose key ssh did not know',
    {
      ERR: `Warning: Permanently added 'vsock/42' (ED25519) to the list of known hosts.\n${isIn}`,
      CODE: '1',
    },
    /^ended: over vsock\/42: .* with 1: ssh ended with 1;/,
  ],
  [
    'an account without a shell',
    { OUT: `${noShell}\n`, ERR: isIn, CODE: '1' },
    `ended: over vsock/42: sshd lets ann in, and the session fails: ${noShell.slice(0, -1)}`,
  ],
  [
    'a refusal after a long banner without a line end',
    { ERR: denied.replace('ann@web: ', `${'x'.repeat(60_000)}$&`), CODE: '255' },
    refused,
  ],
  [
    'an address that leads to another machine',
    { OUT: `${elsewhere}\n` },
    /^not tried: another machine answers \(over vsock\/42\)/,
  ],
  [
    'a target that was typed, which leads to another machine',
    { target: 'qemu/web', OUT: `${elsewhere}\n` },
    'not proved: another machine answers (over qemu/web)',
  ],
  [
    'a target that was typed, where nothing answers',
    { target: 'qemu/web', ERR: off.replace('vsock/42', 'qemu/web'), CODE: '255' },
    'not proved: cannot connect to "qemu/web": no running machine',
  ],
  [
    'a shell that ends by itself, without an error',
    { OUT: '' },
    'ended: over vsock/42: ssh ended without running its command',
  ],
  ['a shell that says something first', { OUT: `welcome\n${here}\n`, call: /boot_id$/ }, 'in: over vsock/42'],
  [
    'another command than the one that was asked for',
    { OUT: 'hello\n' },
    'ended: over vsock/42: ssh ended without running its command, and says: hello',
  ],
  [
    'a host key that is not known',
    { ERR: 'debug1: Server host key: ssh-rsa SHA256:AA\nHost key verification failed.\n', CODE: '255' },
    /^not tried: ssh would ask about its host key, which is new: /,
  ],
  [
    'a line of somebody else that begins as one of vmssh',
    { ERR: off.replace(' MARK', '').replace('hint: x', 'hint: rm'), CODE: '255' },
    /ssh does not start: Connection closed/,
  ],
  [
    'a CID that this host does not have',
    { ERR: off, CODE: '255' },
    'not tried: cannot connect to "vsock/42": no running machine; --target says how this host reaches it',
  ],
  [
    'an agent that is gone: nothing is said of the machine',
    { ERR: `${denied}debug1: Authentications that can continue: publickey\n`, CODE: '255', agent: true },
    /^not tried: the ssh-agent at \S+ is gone \(ENOENT\) \(over vsock\/42\); --target/,
  ],
  [
    'a key with a passphrase',
    {
      ERR: `${begun}debug1: Server accepts key: /id ED25519 SHA256:AA explicit\n${denied}`,
      ...{ CODE: '255', target: 'qemu/web' },
    },
    'not tried: ssh would ask for the passphrase of /id, which was not tried (over qemu/web)',
  ],
  [
    'a second factor',
    {
      ERR: `${begun}Authenticated using "publickey" with partial success.\ndebug1: Authentications that can continue: password\n`,
      ...{ CODE: '255', target: 'qemu/web' },
    },
    'not tried: ssh would ask for a second factor (password) (over qemu/web)',
  ],
  ['no CID', { cid: '4294967295x' }, /^not tried: .*its CID is not known: --target/],
])('a login is tried as ssh will do it: $0', async (_name, row, want) => {
  const { into = web, peer = tcp, cid = '42', target, account = 'ann', port = 22, call } = row;
  const { OUT = '', ERR = '', CODE = '0', agent } = row;
  writeFileSync(join(dir, 'calls'), '');
  const env = {
    PATH: `${join(dir, 'bin')}:${process.env.PATH}`,
    PEER: peer,
    CID: cid,
    SSH_AUTH_SOCK: agent ? join(dir, 'gone') : undefined,
  };
  const io = fakeIo({ env: { ...env, OUT, ERR, CODE } });
  const guest = await lookAt(into, io, signal);
  const tried = await loginToGuest(into, guest, { account, port, target }, io, signal);
  const said = `${tried.state}: ${tried.about}`;
  if (typeof want === 'string') expect(said).toBe(want);
  else expect(said).toMatch(want);
  if (['in', 'refused'].includes(tried.state)) expect(tried).toMatchObject({ cursor: 's=1;i=2' });
  const calls = readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
  if (call) expect(calls.find((each) => each.endsWith('boot_id'))).toMatch(call);
  else if (tried.state === 'in') expect(calls.join()).not.toContain('boot_id');
});

it.each<[name: string, verdict: Partial<LoginVerdict>, want: TriedLogin['state']]>([
  ['that worked', { state: 'ok' }, 'in'],
  ['that works by vmssh ssh alone', { state: 'skipped', reach: 'network', isOwn: true }, 'in'],
  ['that asks for a second factor', { state: 'skipped', reach: 'authentication', isOwn: true }, 'not tried'],
  ['that waits for an agent', { reach: 'agent', isOwn: true }, 'not tried'],
  ['that asks for a password', { state: 'skipped', reach: 'authentication' }, 'refused'],
  ['that sshd refuses', { reach: 'authentication' }, 'refused'],
  ['whose session ends', { reach: 'session' }, 'ended'],
])('a look by --over is told of a login $0', (_name, verdict, state) => {
  const login = { state: 'failed', message: 'why', user: 'ann', ms: 1, ...verdict } as const;
  const about = state === 'in' ? 'over qemu/web' : 'why';
  const cursor = state === 'not tried' ? {} : { cursor: 's=1' };
  expect(triedBy(login, 'over qemu/web', 's=1')).toEqual({ state, about, ...cursor });
});

const missing = missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server' });
describe.skipIf(missing)(`with the real ssh and sshd${missing ? `: ${missing}` : ''}`, () => {
  it.each([
    ['ProxyCommand nc %h', true],
    ['ProxyJump elsewhere', true],
    ['HostName web.example', true],
    ['HostName %h\n  ProxyCommand none', false],
  ])('a name is led elsewhere by %s: %s', async (line, want) => {
    const sshConfig = join(dir, 'leads');
    writeFileSync(sshConfig, `Host web\n  ${line}\n`, { mode: 0o600 });
    const typed = { target: 'ann@Web', port: undefined, user: undefined, sshConfig };
    const io = fakeIo({ env: { PATH: process.env.PATH } });
    expect(await isLed({ ...typed, target: 'ann@web' }, io, signal)).toBe(want);
    expect(await isLed(typed, io, signal)).toBe(false);
  });

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
    expect(await loginToGuest(into, guest, login, io, signal)).toMatchObject({
      state: 'refused',
      about: expect.stringMatching(
        /: .*no matching cipher found\. Their offer: aes256-cbc: Ciphers in \S+ line 2 has none of these$/,
      ),
    });
  });
});

it("looks a machine's key up by the name of its Host, however a machine behind a hypervisor was typed", async () => {
  const home = join(dir, 'home');
  const target = 'via/hv1/machine/web';
  const web = { host: 'web.hv1', name: 'web', provider: 'machined', via: 'hv1', target };
  writeTree(home, { '.local/state/vmssh/hosts.json': formatState({ ...noState, machines: [web] }) });
  writeTree(dir, {
    'new/ssh': `#!/bin/sh\n[ "$1" != -V ] || echo OpenSSH_9.2 >&2\necho "$*" >>"${dir}/new/calls"\n`,
  });
  const io = fakeIo({ env: { HOME: home, PATH: `${join(dir, 'new')}:${process.env.PATH}` } });
  const typed = 'via/hv1/web';
  const means = { text: typed, listed: target, parsed: parseTarget(typed), port: 22, user: 'ann' };
  await loginByVmssh({ target: typed, means, sshConfig: undefined }, io, signal);
  expect(readFileSync(join(dir, 'new/calls'), 'utf8')).toContain('HostKeyAlias=web.hv1 ');
});
