import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { addon, describeAddon } from '../support/addon.js';
import { startFixture } from '../support/child.js';
import { connectedPair, listen } from '../support/peer.js';

describeAddon('sendFd', () => {
  it.skipIf(lacks('ssh'))('passes a socket to ssh, which talks over it', async () => {
    const { path, server } = await listen();
    const accepted = once(server, 'connection');
    const options = ['ProxyUseFdpass=yes', 'BatchMode=yes'].flatMap((option) => ['-o', option]);
    startFixture('send-fd.js', [path], {
      through: (line) => ['ssh', '-F', 'none', ...options, '-o', `ProxyCommand=${line}`, 'somewhere'],
    });
    const [peer] = (await accepted) as [Socket];
    peer.resume();
    const banner = once(peer, 'data');
    peer.write('SSH-2.0-test\r\n');
    expect(String(await banner)).toMatch(/^SSH-2\.0-OpenSSH/);
  });

  it('puts the socket into blocking mode', async () => {
    const { path } = await listen();
    const { child, finished } = startFixture('send-fd.js', [path], { stdio: ['ignore', 'pipe'] });
    const [byte] = await once(child.stdout as Readable, 'data'); // a socket pair, of which Node ignores descriptors
    expect(byte).toEqual(Buffer.from([0]));
    expect(await finished).toMatchObject({ code: 0, stderr: 'nonblocking, then blocking' });
  });

  it('leaves the handle open', async () => {
    const { handle, peer } = await connectedPair();
    const file = openSync('/dev/null', 'w');
    onTestFinished(() => closeSync(file));
    expect(() => addon.sendFd(file, handle)).toThrow(
      expect.objectContaining({ code: 'ENOTSOCK', syscall: 'getsockopt' }),
    );
    peer.write('x');
    expect(await addon.read(handle, 9)).toHaveLength(1);
  });
});
