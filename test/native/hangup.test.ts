import { closeSync, writeSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { addon, describeAddon } from './support/addon.js';
import { interrupted, startFixture } from './support/child.js';
import { codeOf } from './support/peer.js';
import { openPipe } from './support/relay.js';

describeAddon('watchHangup', () => {
  it('reports when all writers of a pipe are gone, with bytes still in it', async () => {
    const { read, write } = openPipe();
    writeSync(write, 'unread');
    onTestFinished(() => closeSync(read));
    const hangup = addon.watchHangup([read]).promise;
    closeSync(write);
    await hangup;
  });

  it('reports when no reader of a pipe is left', async () => {
    const { read, write } = openPipe();
    onTestFinished(() => closeSync(write));
    const hangup = addon.watchHangup([write]).promise;
    closeSync(read);
    await hangup;
  });

  it('reports at once what happened before', async () => {
    const [left, right] = [openPipe(), openPipe()];
    closeSync(right.read);
    await addon.watchHangup([left.read, right.write]).promise;
    for (const fd of [left.read, left.write, right.write]) closeSync(fd);
  });

  it.each(['destroy', 'end'] as const)('reports the end of a socket: %s', async (ending) => {
    const { child, finished } = startFixture('watch-hangup.js', [], { stdio: ['pipe', 'ignore'] });
    child.stdin?.[ending](); // Node makes this pipe of a socket pair
    expect((await finished).stderr).toBe('hung up');
  });

  it.skipIf(lacks('strace'))('goes on when a signal interrupts it', async () => {
    const { child, finished } = startFixture('watch-hangup.js', [], {
      stdio: ['pipe', 'ignore'],
      wrapper: interrupted('poll'),
    });
    child.stdin?.end();
    expect(await finished).toMatchObject({ code: 0, stderr: 'hung up' });
  });

  it('can be cancelled', async () => {
    const { read, write } = openPipe();
    const pending = addon.watchHangup([read, write]);
    pending.cancel();
    expect(await codeOf(pending.promise)).toBe('ECANCELED');
    closeSync(read);
    closeSync(write);
  });

  it('rejects a descriptor that is not open', async () => {
    const error = await addon.watchHangup([4000]).promise.catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'EBADF', message: 'poll: descriptor 4000 is not open' });
  });
});
