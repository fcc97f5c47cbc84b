import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { serviceIdOfPort } from '../../src/address/service-id.js';
import { type Command, type Io, type RawArgs, UsageError } from '../../src/commands/command.js';
import { hostSigns } from '../../src/commands/doctor-signs.js';
import { doctorTarget } from '../../src/commands/doctor-target.js';
import { guestCheck } from '../../src/commands/guest-check.js';
import { guestCloudInit } from '../../src/commands/guest-cloud-init.js';
import { guestGenerator } from '../../src/commands/guest-generator.js';
import { guestInstall } from '../../src/commands/guest-install.js';
import { guestScript } from '../../src/commands/guest-script.js';
import { guestUnits } from '../../src/commands/guest-units.js';
import { DiscoveryError } from '../../src/discovery/discovery-error.js';
import type { HyperVService } from '../../src/discovery/hyper-v-services.js';
import { ConnectError } from '../../src/errors.js';
import { checkScript, setupScript, undoScript } from '../../src/guest/script.js';
import { fakeIo } from '../commands/fake-io.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const key = `ssh-ed25519 ${'A'.repeat(68)} it's "me"`;
beforeAll(() => writeFileSync(join(dir, 'k.pub'), `${key}\n`));

const raw = (options: RawArgs['options'] = {}, ...positionals: string[]): RawArgs => ({
  options,
  positionals,
});

async function call<O>(command: Command<O>, args: RawArgs, more: Parameters<typeof fakeIo>[0] = {}) {
  const io = fakeIo({ env: process.env, ...more });
  const code = await command.run(command.parse(args, io), io);
  return { code, out: io.stdout.join(''), err: io.stderr.join('') };
}

describe('guest units', () => {
  it('prints both files with their paths', async () => {
    const { out, err } = await call(guestUnits, raw({ port: '2222', distro: 'opensuse' }));
    expect(out).toMatch(
      /^# \/etc\/systemd\/system\/sshd-vsock-2222\.socket\n[\s\S]*\n# \/etc\/systemd\/system\/sshd-vsock-2222@\.service\n/,
    );
    expect(err).toContain('systemctl enable --now sshd-vsock-2222.socket');
  });
  it('says that 256 needs none, but for another port', async () => {
    expect((await call(guestUnits, raw({ systemd: '257' }))).out).toMatch(
      /^# systemd 257 makes sshd-vsock\.socket by itself/,
    );
    expect((await call(guestUnits, raw({ systemd: '257', port: '23' }))).out).toContain(
      'ListenStream=vsock::23\n',
    );
  });
});

describe('guest script', () => {
  it('has what was asked for', async () => {
    const { out } = await call(
      guestScript,
      raw({ key: join(dir, 'k.pub'), port: '2222', 'hosts-fix': true }),
    );
    expect(out).toBe(setupScript({ port: 2222, hostsFix: true, keys: [key] }));
    expect((await call(guestScript, raw({ undo: true }))).out).toBe(undoScript());
    expect((await call(guestCheck, raw({ script: true, user: 'ann' }))).out).toBe(
      checkScript({ port: 22, account: 'ann' }),
    );
    expect((await call(guestGenerator, raw())).out).toMatch(/^#!\/bin\/sh\n# vmssh-guest [0-9a-f]{16}: /);
  });
});

describe('wrong usage', () => {
  it.each<{ command: Command<unknown>; args: RawArgs; says: RegExp }>([
    { command: guestUnits, args: raw({ systemd: '239' }), says: /from 240 on, not "239"/ },
    {
      command: guestUnits,
      args: raw({ distro: 'beos' }),
      says: /--distro takes one of debian.*, not "beos"/,
    },
    { command: guestUnits, args: raw({ distro: 'toString' }), says: /--distro takes/ },
    { command: guestUnits, args: raw({ port: '4294967295' }), says: /port/ },
    { command: guestScript, args: raw({ port: '0' }), says: /--port takes 1/ },
    { command: guestScript, args: raw({ undo: true, port: '22' }), says: /leave out --port/ },
    { command: guestScript, args: raw({ generator: true, port: '23' }), says: /the generator binds port 22/ },
    { command: guestScript, args: raw({ key: '/nowhere' }), says: /"\/nowhere" cannot be read/ },
    { command: guestScript, args: raw({ account: "a'b" }), says: /cannot be the name of an account/ },
    { command: guestInstall, args: raw({}, '-oProxyCommand=x'), says: /cannot be a host/ },
    { command: guestInstall, args: raw({}, 'a b'), says: /cannot be a host/ },
    {
      command: guestInstall,
      args: raw({ way: 'telnet' }, 'a'),
      says: /--way takes one of ssh, target, wsl, machinectl, not "telnet"/,
    },
    { command: guestCheck, args: raw({ script: true }, 'web'), says: /expected no HOST/ },
    { command: guestCheck, args: raw(), says: /expected HOST/ },
    { command: doctorTarget, args: raw(), says: /expected \[user@\]TARGET/ },
  ])('$args', ({ command, args, says }) => {
    expect(() => command.parse(args, fakeIo())).toThrow(UsageError);
    expect(() => command.parse(args, fakeIo())).toThrow(says);
  });
  it('of a target is told as such', () => {
    expect(() => guestInstall.parse(raw({ target: 'web' }, 'web'), fakeIo())).toThrow(ConnectError);
  });
});

describe('guest cloud-init', () => {
  it('carries the script, whole', async () => {
    const { out } = await call(guestCloudInit, raw({ key: join(dir, 'k.pub') }));
    const [, content = '', after] =
      /\n {4}content: \|\n([\s\S]*)(?=runcmd:)(runcmd:[\s\S]*)$/.exec(out) ?? [];
    expect(content.replaceAll(/^ {6}/gm, '')).toBe(setupScript({ port: 22, keys: [key] }));
    expect(content.split('\n').every((line) => line === '' || line.startsWith('      '))).toBe(true);
    expect(after).toBe('runcmd:\n  - [sh, /run/vmssh-guest-setup.sh]\n');
    expect(out).toContain(`ssh_authorized_keys:\n  - ${JSON.stringify(key)}\n`);
  });

  it('writes a tree for an image, and never over one', async () => {
    const tree = join(dir, 'seed');
    const options = {
      key: join(dir, 'k.pub'),
      tree,
      port: '2222',
      'hosts-fix': true,
      distro: 'arch',
    } as const;
    const { out } = await call(guestCloudInit, raw(options));
    const system = `${tree}/extra/etc/systemd/system`;
    expect(out.trim().split('\n')).toEqual([
      `${tree}/user-data`,
      `${tree}/meta-data`,
      `${system}/sshd-vsock-2222.socket`,
      `${system}/sshd-vsock-2222@.service`,
      `${system}/sockets.target.wants/sshd-vsock-2222.socket`,
      `${system}/vmssh-hosts.service`,
      `${system}/sysinit.target.wants/vmssh-hosts.service`,
      `${tree}/extra/root/.ssh/authorized_keys`,
    ]);
    expect(readlinkSync(`${system}/sockets.target.wants/sshd-vsock-2222.socket`)).toBe(
      '../sshd-vsock-2222.socket',
    );
    expect(existsSync(`${system}/sockets.target.wants/sshd-vsock-2222.socket`)).toBe(true);
    expect(readFileSync(`${system}/sshd-vsock-2222@.service`, 'utf8')).toContain(
      'ExecStart=-/usr/bin/sshd -i',
    );
    expect(statSync(`${tree}/extra/root/.ssh`).mode & 0o777).toBe(0o700);
    expect(statSync(`${tree}/extra/root/.ssh/authorized_keys`).mode & 0o777).toBe(0o600);
    await expect(call(guestCloudInit, raw(options))).rejects.toThrow('is there already');
  });

  it('puts the generator into the tree instead', async () => {
    const tree = join(dir, 'generator');
    await call(guestCloudInit, raw({ tree, generator: true }));
    expect(statSync(`${tree}/extra/etc/systemd/system-generators/vmssh-ssh-generator`).mode & 0o777).toBe(
      0o755,
    );
    expect(existsSync(`${tree}/extra/etc/systemd/system`)).toBe(false);
  });
});

// Programs of the same name that keep what they were given and answer as a guest would.
describe('ways into a guest', () => {
  const bin = () => join(dir, 'bin');
  beforeAll(() => {
    mkdirSync(bin());
    const answer = (text: string) => `#!/bin/sh\nprintf '%s\\n' "$@" >"$0.args"\ncat >"$0.input"\n${text}\n`;
    const programs = {
      'wsl.exe': answer(
        "printf 'Welcome\\r\\nok       systemd       systemd 255 is PID 1\\r\\nfailed   no-sshd       there is none\\r\\ncure     no-sshd       apt-get install\\r\\nend      2             nothing was changed\\r\\n'; exit 2",
      ),
      machinectl: answer(
        "printf 'changed  undo          x removed\\r\\nend      0             done\\r\\n'; exit 1",
      ),
      ssh: `#!/bin/sh
printf '%s\\n' "$@" >>"$0.args"
case "$*" in
  *mktemp*) cat >"$0.input"; echo /tmp/left.1 ;;
  *' -t '*) printf '[sudo] password for ann: \\r\\n\\033[2J\\r\\nok       systemd       it is PID 1\\r\\nend      1             x\\r\\n' ;;
  *) cat >/dev/null; echo 'sudo: a password is required' >&2; exit 1 ;;
esac
`,
    };
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(bin(), name), text);
      chmodSync(join(bin(), name), 0o755);
    }
  });
  const io = () => ({ env: { ...process.env, PATH: `${bin()}:${process.env.PATH}` } });
  const given = (name: string) => readFileSync(join(bin(), name), 'utf8');

  it('WSL: as root of the distribution, by stdin; what fails is told with its cure', async () => {
    const { code, out } = await call(guestInstall, raw({}, 'wsl/Ubuntu-24.04'), io());
    expect(code).toBe(1);
    expect(out).toBe(
      '  ✓ systemd        systemd 255 is PID 1\n  ✗ no-sshd        there is none\n    cure: apt-get install\n',
    );
    expect(given('wsl.exe.args')).toBe('-d\nUbuntu-24.04\n-u\nroot\n--\nsh\n-s\n');
    expect(given('wsl.exe.input')).toBe(setupScript({ port: 22 }));
  });

  it('machinectl shell: the script is an argument, and its own last line decides', async () => {
    const { code, out } = await call(
      guestInstall,
      raw({ way: 'machinectl', undo: true }, 'machine/web'),
      io(),
    );
    expect({ code, out }).toEqual({ code: 0, out: '  + undo           x removed\n' });
    expect(given('machinectl.args')).toBe(`--quiet\nshell\nroot@web\n/bin/sh\n-c\n${undoScript()}\n`);
  });

  it('ssh: a sudo that asks is told with another way', async () => {
    const failed = call(guestInstall, raw({}, 'ann@web'), io());
    await expect(failed).rejects.toMatchObject({
      problem: 'the script did not run there: sudo: a password is required',
      hint: expect.stringContaining('sudo wants a password: run this in a terminal'),
    });
  });

  it('ssh: on a terminal a sudo that asks is asked there, and the script lies in a file meanwhile', async () => {
    const terminal = { stdin: true, stdout: true, stderr: true };
    const { code, out } = await call(guestInstall, raw({}, 'ann@web'), { ...io(), terminal });
    expect(code).toBe(1); // as the script said
    expect(given('ssh.input')).toBe(setupScript({ port: 22 }));
    expect(given('ssh.args')).toMatch(/\n-t\nann@web\nsh -c .*\/tmp\/left\.1.*sudo sh "\$file"'\n$/);
    expect(out).toContain('[sudo] password for ann:\r\n\\x1b[2J\r\n');
    expect(out).toMatch(/systemd.* it is PID 1.*\r\n$/);
  });

  it('a program that is not there is named', async () => {
    const failed = call(guestCheck, raw({ way: 'wsl' }, 'wsl/x'), { env: { PATH: '/nowhere' } });
    await expect(failed).rejects.toMatchObject({ hint: 'the program wsl.exe is not installed here' });
  });
});

describe('signs on this host', () => {
  const error = new ConnectError('connect', 'x', { code: 'ETIMEDOUT', problem: 'x' });
  const options = { target: 'hyper-v/mint', port: 2222, user: 'root', sshConfig: undefined };
  const signal = new AbortController().signal;

  it('12: asks the registry, on Windows and for another port', async () => {
    const check = { target: 'hyper-v/mint', stages: [], error };
    const look = async (io: Io, port: number, services: () => Promise<readonly HyperVService[]>) =>
      (await hostSigns({ ...options, check, port }, io, signal, undefined, undefined, undefined, services))
        .service;
    const windows = fakeIo({ platform: 'win32' });
    const known = async () => [{ id: serviceIdOfPort(2222), port: 2222, name: 'x' }];
    const broken = () => Promise.reject(new DiscoveryError('ENOENT', 'x'));
    expect(await look(windows, 2222, known)).toEqual({ port: 2222, registered: true });
    expect(await look(windows, 2223, known)).toEqual({ port: 2223, registered: false });
    expect(await look(windows, 22, known)).toBeUndefined();
    expect(await look(windows, 2222, broken)).toBeUndefined();
    expect(await look(fakeIo(), 2222, known)).toBeUndefined();
  });

  it('13: finds who else has the CID; times a login where the way is right', async () => {
    const user = (pid: number, cid: number) => ({ pid, cid, words: 'qemu' });
    const times = [0, 1500];
    const check = { target: 'vsock/3', stages: [{ stage: 'banner' as const, ms: 40, found: '' }] };
    const signs = await hostSigns(
      { ...options, target: 'vsock/3', check },
      fakeIo(),
      signal,
      async () => ({ code: 255, words: 'Permission denied (publickey).' }),
      () => [user(1, 3), user(2, 3), user(3, 4)],
      () => times.shift() ?? 0,
    );
    expect(signs).toMatchObject({
      handshakeMs: 40,
      login: { in: false, ms: 1500, words: 'Permission denied (publickey).', user: 'root' },
      cidUsers: [{ pid: 1 }, { pid: 2 }],
    });
  });
});
