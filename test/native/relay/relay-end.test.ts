import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lacks } from '../../helpers/programs.js';
import { addon, describeAddon } from '../support/addon.js';
import { startFixture } from '../support/child.js';
import { codeOf, itPaired, listen, readToEnd } from '../support/peer.js';
import { leaveUnread, openPipe, resetAfter, startRelay, stdioKinds } from '../support/relay.js';

const patient = { lingerMs: 20_000 };

describeAddon.each(stdioKinds)('the end of a relay, %s', (stdio) => {
  it('peer: it closed while input is open', async () => {
    const { stdout, peer, result } = await startRelay(stdio);
    peer.write('last bytes', () => peer.destroy());
    expect((await readToEnd(stdout)).toString()).toBe('last bytes');
    expect(await result).toEqual({ sent: 0, received: 10, end: 'peer' });
  });

  it('output: its reader went away while nothing moved', async () => {
    const { stdout, peer, result } = await startRelay(stdio);
    stdout.destroy();
    await readToEnd(peer);
    expect(await result).toEqual({ sent: 0, received: 0, end: 'output' });
  });

  it('output: its reader went away while the peer sends', async () => {
    const { stdout, peer, result } = await startRelay(stdio);
    const chunk = Buffer.alloc(100_000);
    const more = () => void peer.write(chunk, (error) => error ?? more());
    more();
    await once(stdout, 'data');
    stdout.destroy();
    expect(await result).toMatchObject({ sent: 0, end: 'output' });
  });

  it('output: what input had accepted before is still sent', async () => {
    const { stdin, stdout, peer, result } = await startRelay(stdio, patient);
    const bytes = Buffer.alloc(150_000, 'x');
    await new Promise((resolve) => stdin.write(bytes, resolve));
    stdout.destroy();
    expect((await readToEnd(peer)).length).toBe(bytes.length);
    expect(await result).toEqual({ sent: bytes.length, received: 0, end: 'output' });
  });

  // With one socket the relay's own end, with input unread, is a reset for the reader of its output.
  it.skipIf(stdio === 'one socket')('delivers what the peer sent before it refused more', async () => {
    const { stdin, stdout, peer, result } = await startRelay(stdio);
    const chunk = Buffer.alloc(100_000);
    const more = () => void stdin.write(chunk, (error) => error ?? more());
    more();
    const tail = Buffer.alloc(150_000, 'z');
    peer.write(tail, () => peer.destroy());
    expect((await readToEnd(stdout)).equals(tail)).toBe(true);
    const { code, end } = await result;
    expect(code ?? end).toMatch(/^(ECONNRESET|peer)$/); // a reset if it had got some of ours, unread
  });

  it('linger: the peer stays silent after the end of input', async () => {
    const { stdin, peer, result } = await startRelay(stdio, { lingerMs: 50 });
    stdin.end('hello');
    expect((await readToEnd(peer)).toString()).toBe('hello');
    expect(await result).toEqual({ sent: 5, received: 0, end: 'linger' });
  });

  it.each([
    { when: 'before the end of input', hasEnded: false },
    { when: 'after the end of input', hasEnded: true },
    { when: 'after lingerMs, if the reader of output stays', hasEnded: true, lingerMs: 500 },
  ])('a reset rejects $when, once all that came is delivered', async ({ hasEnded, lingerMs }) => {
    const relay = await startRelay(stdio, { lingerMs });
    expect(await resetAfter('last bytes', relay, hasEnded)).toBe('last bytes');
    expect(await relay.result).toEqual({ code: 'ECONNRESET', syscall: 'recv' });
  });

  // As above.
  it.skipIf(stdio === 'one socket')('a reset rejects if input has ended and is not all sent', async () => {
    const relay = await startRelay(stdio);
    await leaveUnread(relay);
    // More than the peer's socket takes, and less than that and the socket before it.
    await new Promise<void>((resolve) => relay.stdin.end(Buffer.alloc(300_000, 'x'), resolve));
    relay.peer.write('half of an ans', () => relay.peer.destroy());
    expect((await readToEnd(relay.stdout)).toString()).toBe('half of an ans');
    expect(await relay.result).toMatchObject({ code: 'ECONNRESET' });
  });

  it('output: its reader went away within lingerMs of a reset', async () => {
    const relay = await startRelay(stdio, patient);
    await leaveUnread(relay, true);
    relay.peer.write('last bytes', () => relay.peer.destroy());
    await once(relay.stdout, 'data');
    relay.stdout.destroy();
    expect(await relay.result).toMatchObject({ end: 'output' });
  });

  it('output: its reader went away with the end of input, and the peer resets', async () => {
    const relay = await startRelay(stdio, patient);
    await leaveUnread(relay);
    for (const end of [relay.stdin, relay.stdout, relay.peer]) end.destroy();
    expect(await relay.result).toMatchObject({ end: 'output' });
  });
});

describeAddon('a relay', () => {
  it('does not take a slow reader for a silent peer', async () => {
    const { stdin, stdout, peer, result } = await startRelay('pipe', { lingerMs: 1000 });
    const bytes = Buffer.alloc(8_000_000, 'y');
    peer.write(bytes); // and never ends
    await once(stdout, 'readable');
    stdin.end();
    await setTimeout(1500); // the reader does nothing for longer than lingerMs
    expect((await readToEnd(stdout)).length).toBe(bytes.length);
    expect(await result).toEqual({ sent: 0, received: bytes.length, end: 'linger' });
  });

  it.skipIf(lacks('script'))('serves a terminal', async () => {
    const { path, server } = await listen();
    const accepted = once(server, 'connection');
    const { child, finished } = startFixture('relay.js', [path, '-1'], {
      stdio: ['pipe', 'pipe'],
      through: (line) => ['script', '-qec', line, '/dev/null'],
    });
    const [peer] = (await accepted) as [Socket];
    const shown = readToEnd(child.stdout as Readable);
    child.stdin?.write('hello\n');
    peer.once('data', (line) => {
      peer.end(`${line}to you\n`);
      child.stdin?.end();
    });
    peer.resume();
    expect((await shown).toString()).toContain('hello\r\nto you\r\n');
    expect(await finished).toMatchObject({ code: 0 });
  });

  itPaired('is cancelled by close', async ({ handle, peer }) => {
    const [input, output] = [openPipe(), openPipe()];
    const running = addon.relay(handle, input.read, output.write, { lingerMs: -1 });
    addon.close(handle);
    expect(await codeOf(running)).toBe('ECANCELED');
    await readToEnd(peer);
  });

  itPaired('has the handle for itself, and closes it', async ({ handle, peer }) => {
    const [input, output] = [openPipe(), openPipe()];
    const running = addon.relay(handle, input.read, output.write, { lingerMs: -1 });
    const busy = expect.objectContaining({ code: 'EALREADY' });
    expect(() => addon.read(handle, 9)).toThrow(busy);
    expect(() => addon.relay(handle, input.read, output.write, { lingerMs: -1 })).toThrow(busy);
    peer.destroy();
    expect(await running).toEqual({ sent: 0, received: 0, end: 'peer' });
    expect(() => addon.read(handle, 9)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  itPaired('rejects a descriptor that is not open', async ({ handle }) => {
    const error = await addon.relay(handle, 0, 4000, { lingerMs: -1 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'EBADF', message: 'relay: descriptor 4000 is not open' });
  });
});
