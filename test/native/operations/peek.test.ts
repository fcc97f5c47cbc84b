import { expect } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { codeOf, itPaired } from '../support/peer.js';

const long = 20_000;

describeAddon('peek', () => {
  itPaired('consumes nothing', async ({ handle, peer }) => {
    const pending = addon.peek(handle, 0, 100, long);
    peer.write('hello');
    expect(text(await pending.promise)).toBe('hello');
    expect(text(await addon.peek(handle, 0, 100, long).promise)).toBe('hello');
    expect(text(await addon.read(handle, 100))).toBe('hello');
  });

  itPaired('waits for more than is known', async ({ handle, peer }) => {
    peer.write('SSH-');
    expect(text(await addon.peek(handle, 3, 100, long).promise)).toBe('SSH-');
    const more = addon.peek(handle, 4, 100, long).promise;
    peer.write('2.0-x\r\n');
    expect(text(await more)).toBe('SSH-2.0-x\r\n');
  });

  itPaired('gives at most max bytes, and does not wait for more of them', async ({ handle, peer }) => {
    peer.write('hello');
    expect(text(await addon.peek(handle, 0, 2, long).promise)).toBe('he');
    expect(text(await addon.peek(handle, 2, 2, long).promise)).toBe('he');
  });

  itPaired('gives what is there when the time is over', async ({ handle, peer }) => {
    expect(await addon.peek(handle, 0, 100, 0).promise).toHaveLength(0);
    expect(await addon.peek(handle, 0, 100, 30).promise).toHaveLength(0);
    peer.write('hello');
    await addon.peek(handle, 4, 100, long).promise;
    expect(text(await addon.peek(handle, 5, 100, 30).promise)).toBe('hello');
  });

  itPaired('gives what is there at end-of-file', async ({ handle, peer }) => {
    peer.write('bye');
    await addon.peek(handle, 2, 100, long).promise;
    const pending = addon.peek(handle, 3, 100, long).promise;
    peer.end();
    expect(text(await pending)).toBe('bye');
    expect(text(await addon.peek(handle, 3, 100, long).promise)).toBe('bye');
    expect(text(await addon.read(handle, 9))).toBe('bye');
    expect(await addon.peek(handle, 0, 100, long).promise).toHaveLength(0);
  });

  itPaired('wakes at end-of-file without a byte', async ({ handle, peer }) => {
    const pending = addon.peek(handle, 0, 100, long).promise;
    peer.end();
    expect(await pending).toHaveLength(0);
  });

  itPaired('can be cancelled', async ({ handle, peer }) => {
    const pending = addon.peek(handle, 0, 100, long);
    pending.cancel();
    expect(await codeOf(pending.promise)).toBe('ECANCELED');
    peer.write('still here');
    expect(text(await addon.peek(handle, 0, 100, long).promise)).toBe('still here');
  });
});

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
