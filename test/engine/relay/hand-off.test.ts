import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ended } from '../../helpers/expected.js';
import { engineProgram, isSanitized, run, runtime, wordsOf } from '../../helpers/run.js';
import { compile } from '../../native/support/compile.js';
import { readToEnd } from '../../native/support/peer.js';
import { type RunningRelay, resetAfter, startRelay, stdioKinds } from '../../native/support/relay.js';

const refusing = compile('refusing.c');
const program = engineProgram('relay');
const describeEngine = describe.skipIf(program === undefined);
const reset = 'lost: it broke (ECONNRESET)\nfix: look\n';
const bulk = randomBytes(16 * 1024 * 1024);

describeEngine.each([
  { name: 'a relay that lasts', wrapper: [] },
  ...(refusing ? [{ name: 'a relay that lasts, on an old kernel', wrapper: [refusing, 'splice'] }] : []),
])('$name', ({ wrapper }) => {
  it.each(stdioKinds)('%s: continues without the engine, in the same process', async (stdio) => {
    const relay = await startRelay(stdio, { program, wrapper, handOff: [1], oneMore: true });
    await echo(relay, 'before');
    await became(relay);
    const left = ['anon_inode:[eventfd]', 'socket:'];
    await expect.poll(() => descriptors(relay), { timeout: 20_000 }).toEqual(left);
    const { stdin, stdout, peer, finished } = relay;
    await Promise.all([move(bulk, stdin, peer), move(bulk, peer, stdout)]);
    stdin.end('a question');
    expect((await readToEnd(peer)).toString()).toBe('a question');
    peer.end('a tail');
    expect((await readToEnd(stdout)).toString()).toBe('a tail');
    expect(await finished).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it.each(stdioKinds)('%s: loses no byte if that happens while bytes move', async (stdio) => {
    const relay = await startRelay(stdio, { program, wrapper, handOff: [20] });
    const { stdin, stdout, peer, finished } = relay;
    await Promise.all([move(bulk, stdin, peer), move(bulk, peer, stdout, 300)]);
    await became(relay);
    stdin.end();
    peer.end();
    await readToEnd(stdout);
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });
});

describeEngine('a relay without the engine', () => {
  it("passes the peer's end on, and continues sending", async () => {
    const { stdin, stdout, peer, finished } = await lasting();
    peer.end('goodbye');
    expect((await readToEnd(stdout)).toString()).toBe('goodbye');
    stdin.end('one more thing');
    expect((await readToEnd(peer)).toString()).toBe('one more thing');
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps lingerMs', async () => {
    const { stdin, peer, finished } = await lasting({ lingerMs: 50 });
    stdin.end();
    await readToEnd(peer);
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends when the reader of its output goes away', async () => {
    const { stdout, peer, finished } = await lasting();
    stdout.destroy();
    await readToEnd(peer);
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    { when: 'before the end of input', hasEnded: false },
    { when: 'after the end of input', hasEnded: true },
  ])('says so if the peer resets $when, once all that came is delivered', async ({ hasEnded }) => {
    const relay = await lasting();
    expect(await resetAfter('last bytes', relay, hasEnded)).toBe('last bytes');
    expect(await relay.finished).toEqual({ code: 1, signal: null, stderr: reset });
  });

  it('ignores SIGINT if asked to', async () => {
    const relay = await lasting({ handOff: [1, 'ignore'] });
    relay.child.kill('SIGINT');
    await echo(relay, 'still here');
    relay.peer.destroy();
    expect(await relay.finished).toMatchObject({ code: 0, signal: null });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends by %s', async (signal) => {
    const { child, finished } = await lasting();
    child.kill(signal);
    expect(await finished).toMatchObject({ code: null, signal });
  });

  it('shows its title in the list of processes', async () => {
    const { child } = await lasting();
    expect(wordsOf(child.pid).slice(0, 2)).toEqual(['vmssh: relay', 'a session']);
    // Right after exec it has the name of the path that was run.
    const name = () => readFileSync(`/proc/${child.pid}/comm`, 'utf8');
    await expect.poll(name, { timeout: 20_000 }).toBe('vmssh\n');
  });
});

describeEngine('the program under the name of a relay', () => {
  const start = (...args: string[]) => run([program ?? '', ...args], { argv0: 'vmssh: relay' });

  it.each([
    { name: 'no arguments', args: [] },
    { name: 'too few', args: ['x', '3', '0', '1', '-1', 'default', 'confined'] },
    { name: 'too many', args: ['x', '3', '0', '1', '-1', 'default', 'confined', 'socket', '-1', 'x'] },
    { name: 'words for numbers', args: ['x', '3x', '0', '1', '-1', 'default', 'confined', 'socket', '-1'] },
  ])('says what it is for: $name', async ({ args }) => {
    expect(await start(...args)).toMatchObject(
      ended(2, '', 'vmssh: relay: only vmssh starts this, with an open connection\n'),
    );
  });

  it.each([
    { lines: undefined, stderr: 'vmssh: relay: connection lost: relay: EBADF\n' },
    { lines: '', stderr: 'vmssh: relay: connection lost: relay: EBADF\n' },
    { lines: 'lost: \nfix: \nEBADFD\nanother\n\n', stderr: 'vmssh: relay: connection lost: relay: EBADF\n' },
    { lines: 'lost: \nfix: \nEIO EBADF\nno file\n\n', stderr: 'lost: no file (EBADF)\n' },
    { lines: 'lost: \nfix: \nEIO\nx\ny\n\nother\nlook', stderr: 'lost: other (EBADF)\nfix: look\n' },
  ])('says what it was left to say: $lines', async ({ lines, stderr }) => {
    const unopened = ['x', '4000', '0', '1', '-1', 'default', 'confined', 'socket', '-1'];
    const env = { ...process.env, VMSSH_RELAY_FAILURES: lines };
    expect(await run([program ?? '', ...unopened], { argv0: 'vmssh: relay', env })).toMatchObject({
      code: 1,
      stderr,
    });
  });
});

describeEngine('a relay stays in its process', () => {
  // With 0 ms it tries before the second byte can go round.
  it.skipIf(!refusing)('if unshare is not allowed', async () => {
    const relay = await startRelay('pipe', { program, handOff: [0], wrapper: [refusing ?? '', 'unshare'] });
    for (const byte of '123') await echo(relay, byte);
    expect(nameOf(relay)).toBe(program);
    relay.stdin.end();
    await readToEnd(relay.peer);
    relay.peer.end();
    expect(await relay.result).toEqual({ sent: 3, received: 3, end: 'peer' });
  });

  it('once a direction has ended', async () => {
    const { stdin, peer, result } = await startRelay('pipe', { program, handOff: [200] });
    stdin.end();
    await readToEnd(peer);
    await setTimeout(400);
    peer.end('a tail');
    expect(await result).toEqual({ sent: 0, received: 6, end: 'peer' });
  });
});

// AddressSanitizer needs more system calls, and has no filter.
describe.skipIf(program === undefined || isSanitized)(
  'the system calls of a relay without the engine',
  () => {
    it('are those that it needs, and it gains no rights', async () => {
      const relay = await lasting();
      // QEMU knows no filters.
      const want = { NoNewPrivs: '1', Seccomp: runtime === 'arm64' ? '0' : '2' };
      await expect.poll(() => rights(relay), { timeout: 20_000 }).toEqual(want);
      await echo(relay, 'still here');
    });

    it('stay as they were if it is asked for', async () => {
      const relay = await lasting({ handOff: [1, 'free'] });
      await echo(relay, 'here');
      expect(rights(relay)).toEqual(rights({ child: process }));
    });

    it.skipIf(!refusing)('stay as they were where the kernel has no such filter', async () => {
      const relay = await lasting({ wrapper: [refusing ?? '', 'seccomp'] });
      await Promise.all([move(bulk, relay.stdin, relay.peer), move(bulk, relay.peer, relay.stdout)]);
      relay.stdin.end();
      relay.peer.end('a tail');
      expect((await readToEnd(relay.stdout)).toString()).toBe('a tail');
      expect(await relay.finished).toMatchObject({ code: 0, stderr: '' });
    });
  },
);

/** A relay that has no engine any more. */
async function lasting(options: Parameters<typeof startRelay>[1] = {}): Promise<RunningRelay> {
  const relay = await startRelay('pipe', { program, handOff: [1], ...options });
  await became(relay);
  return relay;
}

/** Resolves when the process has no engine any more. */
async function became(relay: RunningRelay): Promise<void> {
  await expect.poll(() => nameOf(relay), { timeout: 20_000 }).toBe('vmssh: relay');
}

function nameOf({ child }: RunningRelay): string | undefined {
  return wordsOf(child.pid)[0];
}

/** Of /proc/PID/status. */
function rights({ child }: { child: { pid?: number } }): Record<string, string | undefined> {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(status)?.[1];
  return { NoNewPrivs: field('NoNewPrivs'), Seccomp: field('Seccomp') };
}

/** What it has open besides stdin, stdout and stderr. */
function descriptors({ child }: RunningRelay): readonly string[] {
  const folder = `/proc/${child.pid}/fd`;
  const others = readdirSync(folder).filter((fd) => Number(fd) > 2);
  return others.map((fd) => readlinkSync(join(folder, fd)).replace(/^socket:.*/, 'socket:')).sort();
}

/** Sends some bytes there and back. */
async function echo({ stdin, stdout, peer }: RunningRelay, bytes: string): Promise<void> {
  for (const [from, to] of [
    [stdin, peer],
    [peer, stdout],
  ] as const) {
    from.write(bytes);
    expect(String((await once(to.resume(), 'data'))[0])).toBe(bytes);
  }
}

/** Moves bytes, and compares what arrives; the reader begins after `idleMs`. */
async function move(bytes: Buffer, from: Writable, to: Readable, idleMs = 0): Promise<void> {
  from.write(bytes);
  if (idleMs > 0) await setTimeout(idleMs);
  const chunks: Buffer[] = [];
  let rest = bytes.length;
  await new Promise<void>((resolve) => {
    to.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      rest -= chunk.length;
      if (rest <= 0) resolve();
    });
    to.resume();
  });
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
}
