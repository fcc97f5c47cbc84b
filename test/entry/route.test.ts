import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  guestCaller,
  guestRoute,
  guestRouteOf,
  leaveScript,
  leftFile,
  runLeft,
  sudoAsks,
} from '../../src/entry/route.js';
import { splitLines } from '../../src/entry/run-script.js';
import { script, useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('routes', () => {
  it.each([
    { host: 'web', route: 'ssh' },
    { host: 'ann@192.0.2.7', route: 'ssh' },
    { host: 'vsock/3', route: 'target' },
    { host: 'root@unix/run/a@b', route: 'target' },
    { host: 'unix/run/a@b', route: 'target' },
    { host: 'wsl/Ubuntu', route: 'wsl' },
  ])('$host', ({ host, route }) => expect(guestRouteOf(host)).toBe(route));

  const common = { script: 'S', needsRoot: true, self: ['/opt/vm ssh'], platform: 'linux' } as const;
  it('start what carries the script', () => {
    const ssh = guestRoute({ ...common, route: 'ssh', host: 'web', sshConfig: '/c' });
    const line = 'ssh -F /c -o LogLevel=ERROR -o RemoteCommand=none -o RequestTTY=no -- web ';
    expect(ssh.command.join(' ').slice(0, line.length)).toBe(line);
    expect([ssh.command.at(-1), ssh.input]).toEqual([expect.stringContaining('sudo -n sh -s'), 'S']);
    const target = guestRoute({ ...common, route: 'target', host: 'root@vsock/3', port: 70000 });
    expect(target.command).toContain("ProxyCommand='/opt/vm ssh' proxy vsock/3 70000");
    expect(guestRoute({ ...common, route: 'wsl', host: 'wsl/Ubuntu 24' })).toMatchObject({
      command: ['wsl.exe', '-d', 'Ubuntu 24', '-u', 'root', '--', 'sh', '-s'],
      input: 'S',
    });
    const exec = ['incus', 'exec', '--mode=non-interactive', 'web', '--'];
    expect(guestRoute({ ...common, route: 'exec', host: 'incus/web', exec })).toMatchObject({
      command: [...exec, '/bin/sh', '-s'],
      input: 'S',
    });
  });

  it('have vmssh asked for the host key of a target, by an ssh that can', () => {
    const options = { ...common, route: 'target', host: 'root@machine/web', self: ['/opt/vm ssh'] } as const;
    const asking = guestRoute({ ...options, asksForKeys: true, identityFile: '/k' }).command;
    const word = 'KnownHostsCommand="/opt/vm ssh" host-key --file="" --typed=machine/web -- %I %H %t %K';
    expect(asking).toEqual(expect.arrayContaining([word, 'IdentityFile=/k']));
  });

  it('have an older ssh check it by the name of the machine, as strictly as it decides', async () => {
    const says = 'case "$*" in *-V*) echo OpenSSH_8.4p1 >&2 ;; *) echo stricthostkeychecking true ;; esac';
    script(join(dir, 'ssh'), says);
    const env = { PATH: `${dir}:${process.env.PATH}`, HOME: dir };
    const into = { route: 'target', host: 'root@machine/web' } as const;
    const caller = await guestCaller({ self: ['/vmssh'], platform: 'linux', env }, into);
    const { command } = guestRoute({ ...common, ...caller, ...into });
    expect(command).toContainEqual(expect.stringMatching(/^HostKeyAlias=vmssh-machine/));
    expect(command.join()).not.toMatch(/KnownHostsCommand|StrictHostKeyChecking/);
  });

  it('take a target that ssh takes for no host, and the key of its manager', () => {
    const host = 'ann@machine/Web Server: 100%';
    const { command } = guestRoute({ ...common, route: 'target', host, port: 22, identityFile: '/k e%y' });
    expect(command).toContain("ProxyCommand='/opt/vm ssh' proxy 'machine/Web Server: 100%%' 22");
    expect(command).toContain('IdentityFile="/k e%%y"');
    expect(command.at(-2)).toBe('ann@machine/Web-Server-100%');
  });
});

describe('a sudo that asks', () => {
  it.each([
    { message: 'sudo: a password is required', asks: true },
    { message: 'sudo: interactive authentication is required', asks: true },
    { message: 'sudo: sorry, you must have a tty to run sudo', asks: true },
    { message: 'sudo: 3 incorrect password attempts', asks: false },
    { message: "env: 'sudo': No such file or directory", asks: false },
    { message: 'ann is not in the sudoers file.', asks: false },
  ])('$message: $asks', ({ message, asks }) => expect(sudoAsks(message)).toBe(asks));

  it.each([
    { message: '/tmp/tmp.aB3', file: '/tmp/tmp.aB3' },
    { message: 'mktemp: no space', file: undefined },
    { message: '/tmp/x; reboot', file: undefined },
  ])('the file that was left: $message', ({ message, file }) => expect(leftFile(message)).toBe(file));

  it('goes by two calls: the script first, then a terminal', () => {
    const options = {
      route: 'ssh',
      host: 'ann@web',
      script: 'S',
      needsRoot: true,
      self: ['/v'],
      platform: 'linux',
    } as const;
    expect(leaveScript(options)).toMatchObject({ input: 'S', script: '' });
    const run = runLeft(options, '/tmp/a');
    expect(run).toMatchObject({ input: undefined, script: 'S', terminal: true });
    expect(run.command.slice(0, 2)).toEqual(['ssh', '-t']);
    expect(run.command.slice(-3, -1)).toEqual(['--', 'ann@web']);
  });
});

describe('lines', () => {
  const text = 'Hello\r\n[sudo] password for ann: \r\nok       systemd       it is\r\n';
  it.each(Array.from({ length: text.length }, (_, at) => at))('of a terminal, split at %i', (at) => {
    const lines: string[] = [];
    let shown = '';
    const take = splitLines(
      (line) => lines.push(line),
      (part) => {
        shown += part;
      },
    );
    take(text.slice(0, at));
    take(text.slice(at));
    expect(lines.at(-1)).toBe('ok       systemd       it is\r');
    expect(lines.slice(0, -1).join('') + shown).toHaveLength('Hello\r[sudo] password for ann: \r'.length);
  });

  it('are whole', () => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (const part of ['a', 'b\nc', '\n', 'd']) take(part);
    expect(lines).toEqual(['ab', 'c']);
  });
});
