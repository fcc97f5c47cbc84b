import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Addon, Handle } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { passFd, takesSocket } from '../../src/deliver/pass-fd.js';

const handle = {} as Handle;
const failing = (code: string) => {
  const sendFd = () => {
    throw Object.assign(new Error('below'), { code });
  };
  return { sendFd } as unknown as Addon;
};

describe('passFd', () => {
  it('sends the handle over stdout', () => {
    const sent: unknown[] = [];
    const addon = { sendFd: (...args: unknown[]) => sent.push(args) } as unknown as Addon;
    expect(passFd(addon, handle, 't')).toBe(true);
    expect(sent).toEqual([[1, handle]]);
  });

  it.each(['ENOTSOCK', 'EAFNOSUPPORT'])('returns false for %s at stdout: the caller relays then', (code) => {
    expect(passFd(failing(code), handle, 't')).toBe(false);
  });

  it.each([
    { code: 'EPIPE', problem: 'ssh (EPIPE)', hint: 'ssh went away, as it does where a start file' },
    { code: 'EINVAL', problem: 'ssh (EINVAL)', hint: 'does not expect a socket' },
    { code: 'EMFILE', problem: 'ssh: too many files are open (EMFILE)', hint: 'raise ulimit -n' },
  ])('blames who it was for $code, by a failure to connect', ({ code, problem, hint }) => {
    expect(() => passFd(failing(code), handle, 't')).toThrow(
      expect.objectContaining({
        ...{ name: 'ConnectError', op: 'connect', target: 't', code },
        problem: `it is open, but could not be passed to ${problem}`,
        hint: expect.stringMatching(new RegExp(`^${hint}`)),
      }),
    );
  });
});

/** The descriptors of this process that are sockets. */
function sockets(): readonly number[] {
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  };
  return readdirSync('/proc/self/fd').filter(isSocket).map(Number);
}

describe('a socket is passed', () => {
  it('only if stdout is one, and stdin is no other one', async () => {
    const before = new Set(sockets());
    const servers = [createServer(), createServer()] as const;
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const [one = -1, two = -1] = sockets().filter((fd) => !before.has(fd));
    const file = openSync('/dev/null', 'r');
    expect(takesSocket(one, one)).toBe(true);
    expect(takesSocket(one, two)).toBe(false);
    expect(takesSocket(file, one)).toBe(true);
    expect(takesSocket(one, file)).toBe(false);
    expect(takesSocket(-1, one)).toBe(true);
    closeSync(file);
    for (const server of servers) server.close();
  });
});
