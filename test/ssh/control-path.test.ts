import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenControlPath } from '../../src/ssh/control-path.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('a ControlPath with which ssh ends', () => {
  const dir = useTempDir();
  const settings = (path: string, master = 'auto') =>
    `host x\ncontrolmaster ${master}\ncontrolpath ${path}\nuser x\n`;
  const failing: Record<string, string | undefined> = { '/r': undefined, '/no-links': 'EPERM' };
  const fails = (path: string) => (path in failing ? failing[path] : 'ENOENT');
  const long = (bytes: number) => `/r/${'x'.repeat(bytes - 3)}`;

  it.each<{ path: string; host?: string; master?: string; problem: RegExp; fix: RegExp }>([
    ...['/r/cm-root@vsock/3:22', '/r/cm-%r@%h:%p', '~/.ssh/%n', '/r/%%%k'].map((path) => ({
      ...{ path, problem: /with the "\/" of a target/, fix: /%C instead of %h/ },
    })),
    { path: '/r/VSOCK/3', host: 'Vsock/3', problem: /"\/" of a target/, fix: /%C/ },
    { path: long(91), host: 'mint', problem: /can have 90 bytes there/, fix: /shorter .*%i\/%C/ },
    { path: long(108), host: 'mint', master: 'no', problem: /can have 107 bytes there/, fix: /shorter/ },
    {
      path: '/no-links/mint',
      host: 'mint',
      problem: /cannot make its socket .*\(EPERM\)/,
      fix: /^another folder /,
    },
    { path: "/a b/it's/mint", host: 'mint', problem: /its folder is not there/, fix: /^mkdir -p -m 700 / },
  ])('is $path, $master', ({ path, host = 'vsock/3', master, problem, fix }) => {
    expect(brokenControlPath(settings(path, master), host, fails)).toEqual({
      problem: expect.stringMatching(problem),
      fix: expect.stringMatching(fix),
    });
  });

  it.each<{ path: string; host?: string; master?: string }>([
    ...['/r/%%h', '/r/cm-0a1b2c', '/r/%C', '~/cm/%C', 'none'].map((path) => ({ path })),
    { path: '/r/mint', host: 'mint' },
    { path: '/r/%h', host: 'mint' },
    { path: '/r/%h', master: 'false' },
    ...['/none/mint', '/no-links/mint'].map((path) => ({ path, host: 'mint', master: 'no' })),
    { path: long(90), host: 'mint' },
    { path: long(107), host: 'mint', master: 'no' },
  ])('is not $path, $master', ({ path, host = 'vsock/3', master }) => {
    expect(brokenControlPath(settings(path, master), host, fails)).toBeUndefined();
  });

  it('is none if the folder exists, or nothing was set', () => {
    const there = (path: string) => (path === '/r/vsock' ? undefined : 'ENOENT');
    expect(brokenControlPath(settings('/r/vsock/3'), 'vsock/3', there)).toBeUndefined();
    expect(brokenControlPath('', 'vsock/3', fails)).toBeUndefined();
  });

  it('is tried where ssh makes its socket, which leaves nothing there', () => {
    const [there, none] = [dir, join(dir, 'none')].map((folder) =>
      brokenControlPath(settings(`${folder}/mint`), 'mint'),
    );
    expect([there, none?.problem, readdirSync(dir)]).toEqual([
      undefined,
      expect.stringContaining('its folder is not there'),
      [],
    ]);
  });
});
