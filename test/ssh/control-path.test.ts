import { describe, expect, it } from 'vitest';
import { brokenControlPath } from '../../src/ssh/control-path.js';

describe('a ControlPath that a target breaks', () => {
  const settings = (path: string, master = 'auto') =>
    `host x\ncontrolmaster ${master}\ncontrolpath ${path}\nuser x\n`;
  const none = () => false;

  it.each([
    { path: '/r/cm-root@vsock/3:22', broken: true },
    { path: '/r/cm-%r@%h:%p', broken: true },
    { path: '~/.ssh/%n', broken: true },
    { path: '/r/%%%k', broken: true },
    { path: '/r/%%h', broken: false },
    { path: '/r/cm-0a1b2c', broken: false },
    { path: '/r/%C', broken: false },
    { path: 'none', broken: false },
    { path: '/r/VSOCK/3', host: 'Vsock/3', broken: true },
    { path: '/r/mint', host: 'mint', broken: false },
    { path: '/r/%h', host: 'mint', broken: false },
    { path: '/r/%h', master: 'false', broken: false },
  ])('$path: $broken', ({ path, host = 'vsock/3', master, broken }) => {
    expect(brokenControlPath(settings(path, master), host, none)).toBe(broken ? path : undefined);
  });

  it('is not reported if the folder exists, or nothing was set', () => {
    const exists = (path: string) => path === '/r/vsock';
    expect(brokenControlPath(settings('/r/vsock/3'), 'vsock/3', exists)).toBeUndefined();
    expect(brokenControlPath('', 'vsock/3', none)).toBeUndefined();
  });
});
