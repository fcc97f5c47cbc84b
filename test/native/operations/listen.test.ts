import { once } from 'node:events';
import { closeSync, fstatSync, openSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Address } from 'node-hvsock-native';
import { expect, it, onTestFinished } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { codeOf, connectedPair, portOf, temporaryFolder } from '../support/peer.js';

const anyPort: Address = { family: 'inet', host: '127.0.0.1', port: 0 };

function listening(address: Address, backlog = 8) {
  const handle = addon.listen(address, backlog);
  onTestFinished(() => addon.close(handle));
  return { handle, port: portOf(addon.socketAddress(handle, 0)) };
}

describeAddon('listen and accept', () => {
  it.each(['127.0.0.1', '::1'])('accepts connections to a free port of %s, in order', async (host) => {
    const { handle, port } = listening({ ...anyPort, host });
    expect(port).toBeGreaterThan(0);
    const first = addon.accept(handle).promise;
    const clients = [];
    for (const _ of 'two') {
      const client = createConnection({ host, port });
      onTestFinished(() => void client.destroy());
      await once(client, 'connect');
      clients.push(client);
    }
    for (const [client, accepted] of [
      [clients[0], await first],
      [clients[1], await addon.accept(handle).promise],
    ] as const) {
      expect(addon.socketAddress(accepted, 1)).toEqual({ family: 'inet', host, port: client?.localPort });
      expect(addon.socketAddress(accepted, 0)).toEqual({ family: 'inet', host, port });
      client?.write('hello');
      expect(Buffer.from(await addon.read(accepted, 9)).toString()).toBe('hello');
      addon.close(accepted);
    }
  });

  it('makes a unix socket that only its owner can open, whatever the umask', async () => {
    const path = join(temporaryFolder(), 'socket');
    const before = process.umask(0);
    const { handle } = listening({ family: 'unix', path });
    process.umask(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = createConnection(path);
    onTestFinished(() => void client.destroy());
    const accepted = await addon.accept(handle).promise;
    expect(addon.socketAddress(handle, 0)).toEqual({ family: 'unix', path });
    expect(addon.socketAddress(accepted, 1)).toEqual({ family: 'unix', path: '' });
    client.end('bye');
    expect(Buffer.from(await addon.read(accepted, 9)).toString()).toBe('bye');
  });

  it('refuses an address that is taken, and a file', () => {
    const { port } = listening(anyPort);
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, 'mine');
    for (const address of [{ ...anyPort, port }, { family: 'unix', path: file } as const])
      expect(() => addon.listen(address, 1)).toThrow(
        expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }),
      );
    expect(() => addon.listen({ family: 'inet', host: '192.0.2.1', port: 0 }, 1)).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    );
  });

  // Another program may take the port while it is free.
  it('may take a port again whose connection has just ended', { retry: 3 }, async () => {
    const { handle, port } = listening(anyPort);
    const client = createConnection({ host: '127.0.0.1', port });
    const accepted = await addon.accept(handle).promise;
    addon.close(accepted); // this side is the one that waits
    await once(client.resume(), 'close');
    addon.close(handle);
    expect(listening({ ...anyPort, port }).port).toBe(port);
  });

  it('accepts once at a time, until it is canceled or closed', async () => {
    const { handle } = listening(anyPort);
    const first = addon.accept(handle);
    expect(() => addon.accept(handle)).toThrow(expect.objectContaining({ code: 'EALREADY' }));
    first.cancel();
    expect(await codeOf(first.promise)).toBe('ECANCELED');
    const second = codeOf(addon.accept(handle).promise);
    addon.close(handle);
    expect(await second).toBe('ECANCELED');
    expect(() => addon.accept(handle)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('takes over only a socket that listens, and leaves others open', () => {
    const file = openSync('/dev/null', 'r');
    const { handle, peer, descriptor: connected } = addon.socketPair();
    onTestFinished(() => {
      for (const each of [file, connected]) fstatSync(each); // EBADF if it had been closed
      for (const each of [handle, peer]) addon.close(each);
      closeSync(file);
    });
    for (const { descriptor, code } of [
      { descriptor: 999_999, code: 'EBADF' },
      { descriptor: file, code: 'ENOTSOCK' },
      { descriptor: connected, code: 'EINVAL' },
    ])
      expect(() => addon.adoptListener(descriptor)).toThrow(expect.objectContaining({ code }));
  });

  it('does not accept on a connected socket', async () => {
    const { handle } = await connectedPair();
    expect(await codeOf(addon.accept(handle).promise)).toBe('EINVAL');
  });
});
