import { expect, it } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { codeOf, connectedPair } from '../support/peer.js';

const long = 20_000;

describeAddon('peek', () => {
  it('consumes nothing', async () => {
    const { handle, peer } = await connectedPair();
    const pending = addon.peek(handle, 0, 100, long);
    peer.write('hello');
    expect(text(await pending.promise)).toBe('hello');
    expect(text(await addon.peek(handle, 0, 100, long).promise)).toBe('hello');
    expect(text(await addon.read(handle, 100))).toBe('hello');
  });

  it('waits for more than is known', async () => {
    const { handle, peer } = await connectedPair();
    peer.write('SSH-');
    expect(text(await addon.peek(handle, 3, 100, long).promise)).toBe('SSH-');
    const more = addon.peek(handle, 4, 100, long).promise;
    peer.write('2.0-x\r\n');
    expect(text(await more)).toBe('SSH-2.0-x\r\n');
  });

  it('gives at most max bytes, and does not wait for more of them', async () => {
    const { handle, peer } = await connectedPair();
    peer.write('hello');
    expect(text(await addon.peek(handle, 0, 2, long).promise)).toBe('he');
    expect(text(await addon.peek(handle, 2, 2, long).promise)).toBe('he');
  });

  it('gives what is there when the time is over', async () => {
    const { handle, peer } = await connectedPair();
    expect(await addon.peek(handle, 0, 100, 0).promise).toHaveLength(0);
    expect(await addon.peek(handle, 0, 100, 30).promise).toHaveLength(0);
    peer.write('hello');
    await addon.peek(handle, 4, 100, long).promise;
    expect(text(await addon.peek(handle, 5, 100, 30).promise)).toBe('hello');
  });

  it('gives what is there at end-of-file', async () => {
    const { handle, peer } = await connectedPair();
    peer.write('bye');
    await addon.peek(handle, 2, 100, long).promise;
    const pending = addon.peek(handle, 3, 100, long).promise;
    peer.end();
    expect(text(await pending)).toBe('bye');
    expect(text(await addon.peek(handle, 3, 100, long).promise)).toBe('bye');
    expect(text(await addon.read(handle, 9))).toBe('bye');
    expect(await addon.peek(handle, 0, 100, long).promise).toHaveLength(0);
  });

  it('wakes at end-of-file without a byte', async () => {
    const { handle, peer } = await connectedPair();
    const pending = addon.peek(handle, 0, 100, long).promise;
    peer.end();
    expect(await pending).toHaveLength(0);
  });

  it('can be cancelled', async () => {
    const { handle, peer } = await connectedPair();
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
