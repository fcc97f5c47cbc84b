import { describe, expect, it } from 'vitest';
import { guestRoute, guestRouteOf } from '../../../src/guest/run/route.js';

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
    expect(ssh.command.slice(0, 7)).toEqual(['ssh', '-F', '/c', '-o', 'LogLevel=ERROR', '--', 'web']);
    expect([ssh.command.at(-1), ssh.input]).toEqual([expect.stringContaining('sudo -n sh -s'), 'S']);
    const target = guestRoute({ ...common, route: 'target', host: 'root@vsock/3', port: 70000 });
    expect(target.command).toContain("ProxyCommand='/opt/vm ssh' proxy vsock/3 70000");
    expect(guestRoute({ ...common, route: 'wsl', host: 'wsl/Ubuntu 24' })).toMatchObject({
      command: ['wsl.exe', '-d', 'Ubuntu 24', '-u', 'root', '--', 'sh', '-s'],
      input: 'S',
    });
    expect(guestRoute({ ...common, route: 'machinectl', host: 'machine/web' })).toMatchObject({
      command: ['machinectl', '--quiet', 'shell', 'root@web', '/bin/sh', '-c', 'S'],
      input: undefined,
    });
  });

  it('take a target that ssh takes for no host, and the key of its manager', () => {
    const host = 'ann@machine/Web Server: 100%';
    const { command } = guestRoute({ ...common, route: 'target', host, port: 22, identityFile: '/k e%y' });
    expect(command).toContain("ProxyCommand='/opt/vm ssh' proxy 'machine/Web Server: 100%%' 22");
    expect(command).toContain('IdentityFile="/k e%%y"');
    expect(command.at(-2)).toBe('ann@machine/Web-Server-100%');
  });
});
