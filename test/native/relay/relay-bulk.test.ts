import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeAddon } from '../support/addon.js';
import { compile } from '../support/compile.js';
import { startRelay, stdioKinds } from '../support/relay.js';

const size = 64 * 1024 * 1024;
const refusing = compile('refusing.c');

describeAddon.each([
  { name: 'bulk', wrapper: [] },
  ...(refusing ? [{ name: 'bulk without splice', wrapper: [refusing, 'splice'] }] : []),
])('$name', ({ wrapper }) => {
  it.each(stdioKinds)('%s: 64 MiB in both directions at once, then a close', async (stdio) => {
    const { stdin, stdout, peer, result } = await startRelay(stdio, { wrapper });
    const [up, down] = await Promise.all([transfer(stdin, peer, 'up'), transfer(peer, stdout, 'down')]);
    expect(up.got).toEqual(up.sent);
    expect(down.got).toEqual(down.sent);
    expect(await result).toEqual({ sent: size, received: size, end: 'peer' });
  });

  it('gives a slow reader all of it, in bounded memory', async () => {
    const { child, stdin, stdout, peer, result } = await startRelay('pipe', { wrapper });
    const sending = send(peer, 'slow');
    const sum = createHash('sha256');
    let rest = size;
    while (rest > 0) {
      const chunk = stdout.read(Math.min(rest, 16_384)) as Buffer | null;
      await setImmediate();
      if (!chunk) continue;
      sum.update(chunk);
      rest -= chunk.length;
    }
    const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    stdout.resume();
    stdin.end();
    expect(sum.digest('hex')).toBe(await sending);
    expect(await result).toEqual({ sent: 0, received: size, end: 'peer' });
    // Node itself has 50 MiB; instrumented builds more.
    if (!process.env.NATIVE_UNDER_TEST) expect(Number(peak)).toBeLessThan(100 * 1024);
  });
});

async function transfer(from: Writable, to: Readable, seed: string) {
  const [sent, got] = await Promise.all([send(from, seed), receive(to)]);
  return { sent, got };
}

/** Writes `size` bytes, ends the stream and gives their sum. */
async function send(stream: Writable, seed: string): Promise<string> {
  const sum = createHash('sha256');
  await pipeline(Readable.from(blocks(seed, sum)), stream, { end: true });
  return sum.digest('hex');
}

async function receive(stream: Readable): Promise<string> {
  const sum = createHash('sha256');
  stream.on('data', (chunk: Buffer) => sum.update(chunk));
  stream.resume();
  await once(stream, 'end');
  return sum.digest('hex');
}

/** Blocks that all differ, of sizes around those of pipes and buffers. */
function* blocks(seed: string, sum: Hash) {
  const sizes = [1, 4095, 4096, 4097, 65_535, 65_537, 262_144, 300_000];
  let left = size;
  for (let i = 0; left > 0; ++i) {
    const block = Buffer.alloc(Math.min(left, sizes[i % sizes.length] ?? 1), `${seed} ${i} `);
    left -= block.length;
    sum.update(block);
    yield block;
  }
}
