import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Result } from '../bed/guest.js';
import { modes } from './scene/host-ssh.js';
import { cid, type Scene } from './scene/scene.js';
import { type Session, startSession } from './scene/session.js';

/** Milliseconds. */
const silence = 60_000;

/** Sessions that say nothing for a minute while other tests run. Gives the test to register after those. */
export function heldSessions(scene: () => Scene): () => void {
  let outside: readonly Session[] = [];
  let inside: Promise<Result>;
  let since = 0;

  beforeAll(async () => {
    const { host, target, guest, programs } = scene();
    outside = modes.map((mode) => startSession([...host.ssh(mode), target, 'cat']));
    for (const session of outside) session.write('before\n');
    await Promise.all(outside.map((session) => session.until(() => session.seen.stdout === 'before\n')));
    since = performance.now();
    const logins = programs.flatMap(({ name }) => [
      `ssh -F /tmp/${name}.relay vsock/${cid} cat`,
      `ssh -F /tmp/${name}.fdpass unix/run/ssh-unix-local/socket cat`,
    ]);
    const talks = logins.map(
      (login) => `(echo before; sleep ${silence / 1000 + 10}; echo after) | ${login} | xargs &`,
    );
    inside = guest.run(`modprobe vsock_loopback\n${talks.join('\n')}\nwait`, { timeout: 200 });
    inside.catch(() => {});
  });

  afterAll(() => {
    for (const { child } of outside) child.kill();
  });

  return () =>
    test('sessions survive a minute of silence', async () => {
      await sleep(Math.max(0, since + silence - performance.now()));
      for (const session of outside) {
        session.write('after\n');
        await session.until(() => session.seen.stdout === 'before\nafter\n', 20);
        session.child.stdin?.end();
        expect(await session.ended(20)).toBe(0);
      }
      const { stdout } = await inside;
      const expected = scene().programs.length * 2;
      expect(stdout.trim().split('\n')).toEqual(Array(expected).fill('before after'));
    });
}
