import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executable, outcome, wordsOf } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

// Only the executable, whose relays free the engine.
describe.skipIf(executable === undefined)('300 relays at once', () => {
  const dir = useTempDir();
  const path = join(dir, 'peer.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  beforeAll(() => new Promise<void>((resolve) => server.listen(path, 1024, resolve)));
  afterAll(() => void server.close());

  it('all continue without the engine, and carry what comes next', { timeout: 600_000 }, async () => {
    const relays = Array.from({ length: 300 }, () => startRelay());
    await Promise.all(relays.map(({ child }) => echo(child, 'before')));
    const names = () => new Set(relays.map(({ child }) => nameOf(child)));
    await expect.poll(names, { timeout: 240_000 }).toEqual(new Set(['vmssh: relay']));
    await Promise.all(relays.map(({ child }) => echo(child, 'after')));
    for (const { child } of relays) child.stdin?.end();
    const ends = await Promise.all(relays.map(({ ended }) => ended));
    expect(ends.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
  });

  function startRelay() {
    const child = spawn(executable ?? '', ['proxy', `unix${path}`, '22'], { stdio: 'pipe' });
    return { child, ended: outcome(child) };
  }
});

async function echo(child: ChildProcess, bytes: string): Promise<void> {
  child.stdin?.write(bytes);
  const [echoed] = await once(child.stdout ?? child, 'data');
  expect(echoed).toBe(bytes);
}

/** What the process calls itself; why it ended if it did. */
function nameOf({ pid, exitCode, signalCode }: ChildProcess): string | undefined {
  if (exitCode !== null || signalCode !== null) return `ended with ${exitCode ?? signalCode}`;
  return wordsOf(pid)[0];
}
