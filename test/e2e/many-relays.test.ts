import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dist, outcome, runtime } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

// Only the executable: its runtime starts a thread one second in, and aborts if it cannot.
describe.skipIf(runtime !== 'executable')('300 relays at once', () => {
  const dir = useTempDir();
  const path = join(dir, 'peer.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  beforeAll(() => new Promise<void>((resolve) => server.listen(path, 1024, resolve)));
  afterAll(() => void server.close());

  it('all go on as vmssh-relay, and carry what comes then', { timeout: 180_000 }, async () => {
    const relays = [];
    // Whole runtimes run in 50 of them alone: those have 1 GB.
    for (let group = 0; group < 6; ++group) {
      const started = Array.from({ length: 50 }, () => startRelay());
      relays.push(...started);
      await Promise.all(started.map(({ child }) => echo(child, 'before')));
      await overdue(started.map(({ child }) => child));
      const programs = () => new Set(started.map(({ child }) => programOf(child)));
      await expect.poll(programs, { timeout: 60_000 }).toEqual(new Set(['vmssh-relay']));
    }
    await Promise.all(relays.map(({ child }) => echo(child, 'after')));
    for (const { child } of relays) child.stdin?.end();
    const ends = await Promise.all(relays.map(({ ended }) => ended));
    expect(ends.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
  });

  function startRelay() {
    const child = spawn(dist('linux-x64/vmssh'), ['proxy', `unix${path}`, '22'], { stdio: 'pipe' });
    return { child, ended: outcome(child) };
  }
});

async function echo(child: ChildProcess, bytes: string): Promise<void> {
  child.stdin?.write(bytes);
  const [echoed] = await once(child.stdout ?? child, 'data');
  expect(echoed).toBe(bytes);
}

/** Lets each process miss its timers' moments, so that all that they have to do then comes at once. */
async function overdue(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) child.kill('SIGSTOP');
  await setTimeout(2000);
  for (const child of children) child.kill('SIGCONT');
}

/** What the process runs; why it ended if it did. */
function programOf({ pid, exitCode, signalCode }: ChildProcess): string {
  if (exitCode !== null || signalCode !== null) return `ended with ${exitCode ?? signalCode}`;
  return basename(readlinkSync(`/proc/${pid}/exe`));
}
