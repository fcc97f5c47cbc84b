import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { codeOf, itPaired, readToEnd } from '../support/peer.js';

const big = Buffer.alloc(32 * 1024 * 1024, 'all the bytes of a page of text, and then some');

describeAddon('write', () => {
  itPaired('takes no bytes', async ({ handle }) => {
    await addon.write(handle, new Uint8Array(0));
  });

  itPaired('waits until the kernel took all of it', async ({ handle, peer }) => {
    const written = addon.write(handle, big).then(() => addon.shutdown(handle));
    const got = await readToEnd(peer);
    await written;
    expect(got.length).toBe(big.length);
    expect(sum(got)).toBe(sum(big));
  });

  itPaired('sends a part of a buffer', async ({ handle, peer }) => {
    await addon.write(handle, Buffer.from('-hello-').subarray(1, 6));
    addon.shutdown(handle);
    expect((await readToEnd(peer)).toString()).toBe('hello');
  });

  itPaired('rejects once the peer is gone, and raises no SIGPIPE', async ({ handle, peer }) => {
    const pending = codeOf(addon.write(handle, big));
    peer.destroy();
    expect(['EPIPE', 'ECONNRESET']).toContain(await pending);
    expect(await codeOf(addon.write(handle, Buffer.from('x')))).toBe('EPIPE');
  });

  itPaired('is one at a time', async ({ handle, peer }) => {
    const first = addon.write(handle, big);
    expect(() => addon.write(handle, big)).toThrow(
      expect.objectContaining({ code: 'EALREADY', syscall: 'send' }),
    );
    peer.resume();
    await first;
  });

  itPaired('notices a buffer that was taken away', async ({ handle, peer }) => {
    const data = new Uint8Array(big);
    const pending = codeOf(addon.write(handle, data));
    structuredClone(data.buffer, { transfer: [data.buffer] });
    peer.resume();
    expect(await pending).toBe('EINVAL');
  });
});

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
