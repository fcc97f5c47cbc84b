import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { describeAddon } from './support/addon.js';
import { busyServer } from './support/busy-server.js';
import { startFixture } from './support/child.js';
import { listen, readToEnd } from './support/peer.js';

describeAddon('lifetime', () => {
  it.each(['exit', 'later', 'worker'])('ends while everything is pending: %s', async (how) => {
    const { path } = await listen();
    const { finished } = startFixture('exit.js', [path, (await busyServer()).path, how], {
      stdio: ['pipe', 'pipe'],
    });
    expect(await finished).toMatchObject({ code: 7, signal: null });
  });

  it('ends by an uncaught error while everything is pending', async () => {
    const { path } = await listen();
    const { finished } = startFixture('exit.js', [path, (await busyServer()).path, 'throw'], {
      stdio: ['pipe', 'pipe'],
    });
    expect(await finished).toMatchObject({
      code: 1,
      signal: null,
      stderr: expect.stringContaining('on purpose'),
    });
  });

  it('does not keep the process alive without need', async () => {
    const { path } = await listen();
    const { finished } = startFixture('idle.js', [path], { stdio: ['pipe', 'pipe'] });
    expect(await finished).toMatchObject({ code: 7, stderr: '' });
  });

  it('closes a socket when its handle is collected', async () => {
    const { path, server } = await listen();
    const accepted = once(server, 'connection');
    const { child, finished } = startFixture('collect.js', [path], {
      stdio: ['pipe', 'pipe'],
      nodeArgs: ['--expose-gc'],
    });
    const [peer] = (await accepted) as [Socket];
    await readToEnd(peer);
    child.stdin?.end();
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('serves the main thread and workers at once', async () => {
    const { path } = await listen((socket) => socket.pipe(socket));
    const { finished } = startFixture('worker.js', [path]);
    expect(await finished).toMatchObject({ code: 7, stderr: '' });
  });
});
