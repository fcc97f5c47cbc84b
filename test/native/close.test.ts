import { once } from 'node:events';
import { expect } from 'vitest';
import { addon, describeAddon } from './support/addon.js';
import { codeOf, connectedPair, itPaired, readToEnd } from './support/peer.js';

const big = Buffer.alloc(32 * 1024 * 1024);

describeAddon('close', () => {
  itPaired('ends pending work, and the peer reads end-of-file', async ({ handle, peer }) => {
    const pending = [
      addon.read(handle, 9),
      addon.peek(handle, 0, 9, 20_000).promise,
      addon.write(handle, big),
    ].map(codeOf);
    addon.close(handle);
    expect(await Promise.all(pending)).toEqual(['ECANCELED', 'ECANCELED', 'ECANCELED']);
    await readToEnd(peer);
  });

  itPaired('may come twice', async ({ handle }) => {
    addon.close(handle);
    // Its number may be this one's now.
    const other = await connectedPair();
    addon.close(handle);
    other.peer.write('still open');
    expect(Buffer.from(await addon.read(other.handle, 100)).toString()).toBe('still open');
  });

  itPaired('makes the handle useless', async ({ handle }) => {
    addon.close(handle);
    const closed = expect.objectContaining({
      code: 'EBADF',
      message: expect.stringContaining('the handle is closed'),
    });
    expect(() => addon.read(handle, 9)).toThrow(closed);
    expect(() => addon.peek(handle, 0, 9, 9)).toThrow(closed);
    expect(() => addon.write(handle, big)).toThrow(closed);
    expect(() => addon.shutdown(handle)).toThrow(closed);
    expect(() => addon.sendFd(1, handle)).toThrow(closed);
    expect(() => addon.relay(handle, 0, 1, { lingerMs: 0 })).toThrow(closed);
  });
});

describeAddon('shutdown', () => {
  itPaired('ends only one direction', async ({ handle, peer }) => {
    const ended = once(peer, 'end');
    peer.resume();
    addon.shutdown(handle);
    addon.shutdown(handle);
    await ended;
    peer.end('still talking');
    expect(Buffer.from(await addon.read(handle, 100)).toString()).toBe('still talking');
  });

  itPaired('is harmless after the peer is gone', async ({ handle, peer }) => {
    peer.destroy();
    expect(await addon.read(handle, 9)).toHaveLength(0);
    addon.shutdown(handle);
    expect(await addon.read(handle, 9)).toHaveLength(0);
  });
});
