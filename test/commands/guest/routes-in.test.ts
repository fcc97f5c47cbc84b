import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { guestCheck } from '../../../src/commands/guest/check.js';
import { guestInstall, guestOff } from '../../../src/commands/guest/install.js';
import type { Finding } from '../../../src/guest/report.js';
import { setupScript, undoScript } from '../../../src/guest/script.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import { sshd } from '../../../src/setup/sshd.js';
import { newSetup, type SetupOptions } from '../../../src/setup/step.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useIncus } from '../../helpers/sockets/peers.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { lookFacts } from '../../setup/look-facts.js';
import { call, raw } from './call.js';

const dir = useTempDir();
const publicKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'I'.repeat(44)}\n`;

// Programs of the same name that keep what they were given and answer as a guest would.
describe('routes into a guest', () => {
  const bin = () => join(dir, 'bin');
  const instances = [
    { name: 'web', type: 'container', status: 'Running', config: {} },
    { name: 'hers', type: 'container', status: 'Running', config: {}, project: 'user-4242' },
  ];
  const INCUS_SOCKET = useIncus(dir, instances);
  beforeAll(() => {
    const answer = (text: string) => `#!/bin/sh\nprintf '%s\\n' "$@" >"$0.args"\ncat >"$0.input"\n${text}\n`;
    writeTree(bin(), {
      'wsl.exe': answer(
        "printf 'Welcome\\r\\nok       systemd       systemd 255 is PID 1\\r\\nfailed   sshd       there is none\\r\\nfix     sshd       apt-get install\\r\\nend      2             nothing was changed\\r\\n'; exit 2",
      ),
      incus: answer(
        "printf 'changed  undo          x removed\\r\\nend      0             done\\r\\n'; exit 1",
      ),
      ssh: `#!/bin/sh
printf '%s\\n' "$@" >>"$0.args"
case "$*" in
  *'-- bob@web '*) echo 'ssh: Could not resolve hostname web: Name or service not known' >&2; exit 255 ;;
  *'-- ann@localhost '*) echo 'ssh: connect to host localhost port 22: Connection refused' >&2; exit 255 ;;
  *mktemp*) cat >"$0.input"; echo /tmp/left.1 ;;
  '-t '*) printf '[sudo] password for ann: \\r\\n\\033[2J\\r\\nok       systemd       it is PID 1\\r\\nend      1             x\\r\\n' ;;
  *) cat >/dev/null; echo 'sudo: a password is required' >&2; exit 1 ;;
esac
`,
    });
  });
  const io = () => ({ env: { ...process.env, PATH: `${bin()}:${process.env.PATH}` } });
  const incus = () => ({ env: { ...io().env, INCUS_SOCKET } });
  // The number that proves the machine is another one each time.
  const given = (name: string) =>
    readFileSync(join(bin(), name), 'utf8').replace(/^leave='[0-9a-f]{32}'$/m, "leave=''");

  it('WSL: as root of the distribution, by stdin; a failure is reported with its fix', async () => {
    const { code, out } = await call(guestInstall, raw({}, 'wsl/Ubuntu-24.04'), io());
    expect(code).toBe(1);
    expect(out).toBe(
      '  ✓ systemd        systemd 255 is PID 1\n  ✗ sshd           there is none\n    fix, as the guest gives it: apt-get install\n',
    );
    expect(given('wsl.exe.args')).toBe('-d\nUbuntu-24.04\n-u\nroot\n--\nsh\n-s\n');
    expect(given('wsl.exe.input')).toBe(setupScript({ port: 22 }));
  });

  it.each([
    ['bob@web', {}, 'vmssh list has it, and ssh does not know it yet: vmssh setup --user bob web'],
    [
      'ann@localhost',
      { port: '2222' },
      '--port 2222 is the one on vsock; ssh goes to another TCP port by ssh://ann@localhost:2222',
    ],
  ])('ssh: a HOST that it does not reach, %s, has its own fix', async (host, options, hint) => {
    await expect(call(guestInstall, raw(options, host), incus())).rejects.toMatchObject({ hint });
  });

  it('exec: its own manager starts the script as root, by stdin, whose own last line decides', async () => {
    const { code, out } = await call(guestInstall, raw({ by: 'exec', undo: true }, 'incus/web'), incus());
    expect({ code, out }).toEqual({ code: 0, out: '  + undo           x removed\n' });
    expect(given('incus.args')).toBe(
      'exec\n--mode=non-interactive\n--project=default\nlocal:web\n--\n/bin/sh\n-s\n',
    );
    expect(given('incus.input')).toBe(undoScript());
  });

  it('exec: the login that is tried, and gets the key, is that of vmssh setup', async () => {
    const web = { name: 'web', target: 'incus/web', provider: 'incus', login: { user: 'ann' } };
    writeTree(dir, {
      'state/vmssh/hosts.json': JSON.stringify({ version: 2, options: {}, program: [], machines: [web] }),
      'id.pub': publicKey,
    });
    const env = { ...incus().env, XDG_STATE_HOME: join(dir, 'state') };
    const flags = { by: 'exec', key: join(dir, 'id.pub'), target: 'unix/none' };
    for (const command of [guestCheck, guestInstall]) {
      await call<unknown>(command, raw(flags, 'incus/web'), { env });
      expect(given('incus.input')).toMatch(/^account='ann'$/m);
    }
    // It has to close TCP without a password.
    await call(guestInstall, raw({ ...flags, 'only-vsock': true }, 'incus/web'), { env });
    expect(given('incus.input')).toMatch(/^account='root'$/m);
  });

  it.each([
    {
      host: 'incus/hers',
      says: 'incus starts no program as root in "hers" for this user',
      fix: 'log in to it: vmssh setup --user NAME incus/hers; or run what',
    },
    {
      host: 'vsock/4242',
      says: 'no manager lists "vsock/4242", so none can start a program there',
      fix: 'log in to it: vmssh guest install --key FILE USER@vsock/4242; or run what',
    },
    {
      host: 'via/hv1/qemu/mint',
      says: 'no manager lists "via/hv1/qemu/mint", so none can start a program there',
      fix: 'list it first: vmssh config install --via hv1; then log in to it: vmssh setup --user NAME via/hv1/qemu/mint',
    },
  ])('exec: not in $host', async ({ host, says, fix }) => {
    for (const command of [guestInstall, guestCheck, guestOff])
      await expect(call<unknown>(command, raw({ by: 'exec' }, host), incus())).rejects.toMatchObject({
        code: 'NO_EXEC',
        problem: says,
        hint: expect.stringContaining(fix),
      });
  });

  it('ssh: a sudo that asks is reported, with another route', async () => {
    const failed = call(guestInstall, raw({}, 'ann@web'), io());
    await expect(failed).rejects.toMatchObject({
      problem: 'the script did not run there: sudo: a password is required',
      hint: expect.stringContaining('sudo needs a password: run this in a terminal'),
    });
  });

  it('ssh: on a terminal a sudo that asks is asked there, and the script is kept in a file meanwhile', async () => {
    const terminal = { stdin: true, stdout: true, stderr: true };
    const { code, out } = await call(guestInstall, raw({}, 'ann@web'), { ...io(), terminal });
    expect(code).toBe(1); // as the script said
    expect(given('ssh.input')).toBe(setupScript({ port: 22 }));
    expect(given('ssh.args')).toMatch(
      /\n-t\n-o\nLogLevel=ERROR\n-o\nRemoteCommand=none\n-o\nRequestTTY=no\n--\nann@web\nsh -c .*\/tmp\/left\.1.*sudo sh "\$file"'\n$/,
    );
    expect(out).toContain('| [sudo] password for ann:\r\n| \\x1b[2J\r\n');
    expect(out).toMatch(/systemd.* it is PID 1.*\r\n$/);
  });

  it('setup makes only the host key where a socket answers and sshd has none', async () => {
    const flags = { noConfig: true, install: false, bring: false, takeName: false, vsock: false, all: false };
    const options = {
      ...flags,
      restart: false,
      unproved: false,
      sharedHome: false,
      by: undefined,
      hostKey: undefined,
    };
    const named = { text: 'incus/web', target: parseTarget('incus/web') };
    const rest = { options: { ...options, key: undefined, user: undefined }, io: fakeIo(incus()) };
    const { signal } = new AbortController();
    const setup = newSetup(named, { name: 'incus/web', signal, ...rest }, () => {});
    const endpoint = { family: 'vsock', cid: 3, port: 22 } as const;
    const means = { text: 'incus/web', parsed: named.target, port: 22, user: '', endpoint };
    const stages = [{ stage: 'connected', ms: 1, found: '' }] as const;
    const error = new ConnectError('handshake', 'web', { code: 'NO_BANNER', problem: 'closed' });
    const said = [{ name: 'host-keys', state: 'changed', found: 'x is made' }] as const;
    const found = (...rows: readonly Finding[]) =>
      lookFacts({
        answer: { target: 'web', means, stages, error },
        inside: { said: rows, scripts: ['one'] },
      });
    expect(await sshd.look?.(setup, found(...said))).toBeUndefined();
    expect(setup.steps).toEqual([{ name: 'sshd', state: 'ok', found: 'it only lacks the host key' }]);
    expect(await sshd.look?.(setup, found())).toMatchObject({ inside: { scripts: { length: 2 } } });
    // A login of an account sets units up only if the user insists on vsock.
    const answer = { target: 'web', means, stages: [] };
    const added = lookFacts({ answer, asUser: 'ann', missing: {} as never });
    for (const vsock of [false, true]) {
      const asked = { ...setup, options: { ...setup.options, vsock } };
      expect((await sshd.look?.(asked, added))?.inside?.scripts.length, `${vsock}`).toBe(
        vsock ? 1 : undefined,
      );
    }
  });

  it('setup asks again, where another run has made the host key since', async () => {
    const path = join(dir, 'answers.sock');
    await listening(
      createServer((socket) => socket.end('SSH-2.0-x\r\n')),
      path,
    );
    const named = { text: `unix${path}`, target: parseTarget(`unix${path}`) };
    const rest = { options: {} as SetupOptions, io: fakeIo(), signal: new AbortController().signal };
    const setup = newSetup(named, { name: named.text, ...rest }, () => {});
    const error = new ConnectError('connect', 'web', { code: 'EXEC_NO_KEYS', problem: 'no keys' });
    expect(
      await sshd.look?.(setup, lookFacts({ answer: { target: 'web', stages: [], error } })),
    ).toBeUndefined();
    expect(setup.steps).toEqual([{ name: 'sshd', state: 'ok', found: 'SSH-2.0-x' }]);
  });

  it('a missing program is named', async () => {
    const failed = call(guestCheck, raw({ by: 'wsl' }, 'wsl/x'), { env: { PATH: join(dir, 'none') } });
    await expect(failed).rejects.toMatchObject({ hint: 'install wsl.exe' });
  });
});
