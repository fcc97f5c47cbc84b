import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listening } from '../../helpers/sockets/servers.js';
import { addon, describeAddon } from '../support/addon.js';
import { busyServer } from '../support/busy-server.js';
import { startFixture } from '../support/child.js';
import { codeOf, connect, listen, temporaryFolder } from '../support/peer.js';

describeAddon('connect', () => {
  it('opens a Unix socket', async () => {
    const { path, server } = await listen();
    const accepted = once(server, 'connection');
    const handle = await connect(path);
    await accepted;
    addon.close(handle);
  });

  it.each(['127.0.0.1', '::1'])('opens a TCP socket to %s', async (host) => {
    const server = createServer();
    const port = await listening(server, 0, host);
    const accepted = once(server, 'connection');
    const handle = await addon.connect({ family: 'inet', host, port }, 20_000).promise;
    const [peer] = await accepted;
    peer.end('hello');
    expect(Buffer.from(await addon.read(handle, 100)).toString()).toBe('hello');
    addon.close(handle);
  });

  it('starts no thread if the peer answers at once', async () => {
    const port = await listening(createServer());
    const started = async () =>
      (await startFixture('connect-threads.js', [String(port)], { stdio: ['ignore', 'inherit'] }).finished)
        .code;
    // A busy system may take longer than "at once" for one of them.
    await expect.poll(started, { timeout: 20_000 }).toBe(0);
  });

  it('rejects with the errno, its name and the call', async () => {
    const path = join(temporaryFolder(), 'none');
    const error = await connect(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: 'ENOENT',
      errno: 2,
      syscall: 'connect',
      message: 'connect: No such file or directory',
    });
  });

  it('is refused if nobody listens', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(await codeOf(connect(path))).toBe('ECONNREFUSED');
  });

  it('rejects a family that the system lacks', async () => {
    const id = '00000000-0000-0000-0000-000000000000';
    const error = await addon
      .connect({ family: 'hyper-v', vmId: id, serviceId: id }, 10)
      .promise.catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'EAFNOSUPPORT',
      message: 'connect: AF_HYPERV is not available on linux',
    });
  });

  it('times out while the backlog is full', async () => {
    const busy = await busyServer();
    expect(await codeOf(connect(busy.path, 30))).toBe('ETIMEDOUT');
  });

  it('gets in once a full backlog has room', async () => {
    const busy = await busyServer();
    const late = connect(busy.path);
    busy.release();
    addon.close(await late);
  });

  it('can be cancelled, once', async () => {
    const busy = await busyServer();
    const pending = addon.connect({ family: 'unix', path: busy.path }, 20_000);
    pending.cancel();
    pending.cancel();
    expect(await codeOf(pending.promise)).toBe('ECANCELED');
  });

  it('ignores a cancel that comes too late', async () => {
    const { path } = await listen();
    const pending = addon.connect({ family: 'unix', path }, 20_000);
    const handle = await pending.promise;
    pending.cancel();
    addon.close(handle);
  });

  it('opens 200 at once, and leaks no descriptor', async () => {
    const { path } = await listen((socket) => socket.end('x'));
    const before = readdirSync('/proc/self/fd').length;
    const handles = await Promise.all(Array.from({ length: 200 }, () => connect(path)));
    const bytes = await Promise.all(handles.map((handle) => addon.read(handle, 10)));
    expect(bytes.map((one) => one.length)).toEqual(Array(200).fill(1));
    const during = readdirSync('/proc/self/fd').length;
    expect(during).toBeGreaterThanOrEqual(before + 200);
    for (const handle of handles) addon.close(handle);
    // The server's ends stay open; and one each for the reactor's eventfd and the thread-safe function's.
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(during - 200);
  });
});
