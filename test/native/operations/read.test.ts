import { expect, it } from 'vitest';
import { addon, describeAddon } from '../support/addon.js';
import { codeOf, connectedPair, itPaired } from '../support/peer.js';

const text = 'SSH-2.0-OpenSSH_10.0\r\n';

describeAddon('read', () => {
  it.each(Array.from({ length: text.length - 1 }, (_, i) => i + 1))(
    'waits for the rest after %i bytes',
    async (split) => {
      const { handle, peer } = await connectedPair();
      let got = '';
      peer.write(text.slice(0, split));
      while (got.length < split) got += Buffer.from(await addon.read(handle, 100)).toString();
      const rest = addon.read(handle, 100); // pending
      peer.write(text.slice(split));
      got += Buffer.from(await rest).toString();
      expect(got).toBe(text);
    },
  );

  itPaired('gives at most max bytes', async ({ handle, peer }) => {
    peer.write('abc');
    expect(Buffer.from(await addon.read(handle, 1)).toString()).toBe('a');
    expect(Buffer.from(await addon.read(handle, 4_294_967_295)).toString()).toBe('bc');
  });

  itPaired('gives an empty array at end-of-file, again and again', async ({ handle, peer }) => {
    const pending = addon.read(handle, 9);
    peer.end();
    expect(await pending).toHaveLength(0);
    expect(await addon.read(handle, 9)).toHaveLength(0);
  });

  itPaired('gives what arrived before a reset, then rejects', async ({ handle, peer }) => {
    await new Promise((resolve) => peer.write('last bytes', resolve));
    await addon.write(handle, Buffer.from('unread'));
    peer.destroy(); // with bytes unread, hence a reset
    expect(Buffer.from(await addon.read(handle, 100)).toString()).toBe('last bytes');
    expect(await codeOf(addon.read(handle, 100))).toBe('ECONNRESET');
  });

  itPaired('is one at a time', async ({ handle, peer }) => {
    const first = addon.read(handle, 9);
    expect(() => addon.read(handle, 9)).toThrow(
      expect.objectContaining({ code: 'EALREADY', syscall: 'recv' }),
    );
    peer.write('x');
    expect(await first).toHaveLength(1);
    peer.write('y');
    expect(await addon.read(handle, 9)).toHaveLength(1);
  });
});
