import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Handle } from 'node-hvsock-native';
import { expect, it, onTestFinished } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { connectedPair, portOf } from '../support/peer.js';

describeAddon('peerUser', () => {
  /** Our end of a client's connection. */
  async function accepted(
    connect: (port: number) => void,
    host = '127.0.0.1',
  ): Promise<{ handle: Handle; port: number }> {
    const listener = addon.listen({ family: 'inet', host, port: 0 }, 8);
    const port = portOf(addon.socketAddress(listener, 0));
    connect(port);
    const handle = await addon.accept(listener).promise;
    addon.close(listener);
    onTestFinished(() => addon.close(handle));
    return { handle, port };
  }
  const client = (host: string, then: (socket: Socket) => void = () => {}) => {
    return (port: number) => {
      const socket = createConnection({ host, port });
      onTestFinished(() => void socket.destroy());
      then(socket);
    };
  };

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['::1', '::1'],
  ])('is the user of a client of %s that connects to %s', async (host, to) => {
    const { handle } = await accepted(client(to), host);
    expect(addon.peerUser(handle)).toBe(process.getuid?.());
  });

  it.skipIf(process.getuid?.() !== 0)('is another user (skipped unless root)', async () => {
    const { handle } = await accepted((port) => {
      const code = `require('net').connect(${port}, '127.0.0.1').on('connect', () => setInterval(() => {}, 1e6))`;
      const child = spawn(process.execPath, ['-e', code], { uid: 65_534, gid: 65_534, stdio: 'ignore' });
      onTestFinished(() => void child.kill('SIGKILL'));
    });
    expect(addon.peerUser(handle)).toBe(65_534);
  });

  it('is nobody once the client has gone: a closed socket would count as root’s', async () => {
    let socket: Socket | undefined;
    const { handle } = await accepted(
      client('127.0.0.1', (made) => {
        socket = made;
      }),
    );
    socket?.write('sent before the end');
    socket?.destroy();
    if (socket) await once(socket, 'close');
    expect(addon.peerUser(handle)).toBeUndefined();
  });

  it('refuses a unix socket, and one that is not connected', async () => {
    const { handle } = await connectedPair();
    expect(() => addon.peerUser(handle)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    const listener = addon.listen({ family: 'inet', host: '127.0.0.1', port: 0 }, 8);
    onTestFinished(() => addon.close(listener));
    expect(() => addon.peerUser(listener)).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  });
});
