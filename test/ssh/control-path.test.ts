import { describe, expect, it } from 'vitest';
import { brokenControlPath } from '../../src/ssh/control-path.js';

describe('a ControlPath that a target breaks', () => {
  const settings = (path: string, master = 'auto') =>
    `host x\ncontrolmaster ${master}\ncontrolpath ${path}\nuser x\n`;
  const none = () => false;

  it.each([
    ...['/r/cm-root@vsock/3:22', '/r/cm-%r@%h:%p', '~/.ssh/%n', '/r/%%%k'].map((path) => ({ path })),
    { path: '/r/VSOCK/3', host: 'Vsock/3' },
  ])('is $path', ({ path, host = 'vsock/3' }: { path: string; host?: string }) => {
    expect(brokenControlPath(settings(path), host, none)).toBe(path);
  });

  it.each<{ path: string; host?: string; master?: string }>([
    ...['/r/%%h', '/r/cm-0a1b2c', '/r/%C', 'none'].map((path) => ({ path })),
    { path: '/r/mint', host: 'mint' },
    { path: '/r/%h', host: 'mint' },
    { path: '/r/%h', master: 'false' },
  ])('is not $path', ({ path, host = 'vsock/3', master }) => {
    expect(brokenControlPath(settings(path, master), host, none)).toBeUndefined();
  });

  it('is not reported if the folder exists, or nothing was set', () => {
    const exists = (path: string) => path === '/r/vsock';
    expect(brokenControlPath(settings('/r/vsock/3'), 'vsock/3', exists)).toBeUndefined();
    expect(brokenControlPath('', 'vsock/3', none)).toBeUndefined();
  });
});
