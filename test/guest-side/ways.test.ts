import { describe, expect, it } from 'vitest';
import { wayInto, wayOf } from '../../src/guest/run/ways.js';

describe('ways', () => {
  it.each([
    { host: 'web', way: 'ssh' },
    { host: 'ann@192.0.2.7', way: 'ssh' },
    { host: 'vsock/3', way: 'target' },
    { host: 'root@unix/run/a@b', way: 'target' },
    { host: 'unix/run/a@b', way: 'target' },
    { host: 'wsl/Ubuntu', way: 'wsl' },
  ])('$host', ({ host, way }) => expect(wayOf(host)).toBe(way));

  const common = { script: 'S', needsRoot: true, self: ['/opt/vm ssh'], platform: 'linux' } as const;
  it('start what carries the script', () => {
    const ssh = wayInto({ ...common, way: 'ssh', host: 'web', sshConfig: '/c' });
    expect(ssh.command.slice(0, 7)).toEqual(['ssh', '-F', '/c', '-o', 'LogLevel=ERROR', '--', 'web']);
    expect([ssh.command.at(-1), ssh.input]).toEqual([expect.stringContaining('sudo -n sh -s'), 'S']);
    const target = wayInto({ ...common, way: 'target', host: 'root@vsock/3', port: 70000 });
    expect(target.command).toContain("ProxyCommand='/opt/vm ssh' proxy vsock/3 70000");
    expect(wayInto({ ...common, way: 'wsl', host: 'wsl/Ubuntu 24' })).toMatchObject({
      command: ['wsl.exe', '-d', 'Ubuntu 24', '-u', 'root', '--', 'sh', '-s'],
      input: 'S',
    });
    expect(wayInto({ ...common, way: 'machinectl', host: 'machine/web' })).toMatchObject({
      command: ['machinectl', '--quiet', 'shell', 'root@web', '/bin/sh', '-c', 'S'],
      input: undefined,
    });
  });

  it('take a target that ssh takes for no host, and the key of its manager', () => {
    const host = 'ann@machine/Web Server: 100%';
    const { command } = wayInto({ ...common, way: 'target', host, port: 22, identityFile: '/k e%y' });
    expect(command).toContain("ProxyCommand='/opt/vm ssh' proxy 'machine/Web Server: 100%%' 22");
    expect(command).toContain('IdentityFile="/k e%%y"');
    expect(command.at(-2)).toBe('ann@machine/Web-Server-100%');
  });
});
