import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../helpers/run.js';
import { documented } from './messages.js';
import { modes } from './scene/host-ssh.js';
import type { Scene } from './scene/scene.js';
import { type Session, startSession } from './scene/session.js';

const transfer = 12 << 20;
const begun = 1 << 20;

/** A guest that stops answering, and one that is gone. Last of all: the guest is dead afterwards. */
export function outages(scene: () => Scene): void {
  test('a guest that is paused in the middle of a transfer: it stalls, and afterwards continues, intact', async () => {
    const { host, target, guest } = scene();
    const { stdout: sum } = await guest.run(
      `head -c ${transfer} /dev/urandom >/dev/shm/slow; sha256sum </dev/shm/slow`,
    );
    // Slow enough to be in the middle when the pause comes.
    const slowly = `for n in $(seq 0 11); do
      dd if=/dev/shm/slow bs=1M skip=$n count=1 status=none; sleep 0.4; done`;
    const downloads = modes.map((mode) => {
      const hash = createHash('sha256');
      const session = startSession([...host.ssh(mode), '-n', target, slowly], (part) => hash.update(part));
      return { hash, session };
    });
    await Promise.all(downloads.map(({ session }) => session.until(() => session.seen.bytes > begun)));
    guest.pause();
    await sleep(1000); // what was sent arrives
    const before = downloads.map(({ session }) => session.seen.bytes);
    await sleep(2000);
    expect(downloads.map(({ session }) => session.seen.bytes)).toEqual(before);
    expect(before.every((bytes) => bytes < transfer)).toBe(true);
    guest.resume();
    for (const { hash, session } of downloads) {
      expect(await session.ended(180)).toBe(0);
      expect(`${hash.digest('hex')}  -\n`).toBe(sum);
    }
  });

  // No resume after this: vhost-device-vsock 0.3.0 panics when a guest answers a client that has hung up meanwhile.
  describe('a guest that is paused in the middle of transfers, and killed', () => {
    const sessions = new Map<string, Session>();
    let proxy: Session;

    beforeAll(async () => {
      const { host, target, guest } = scene();
      // The other sessions leave an emulated guest little time for it.
      const watchful = ['ServerAliveInterval=5', 'ServerAliveCountMax=3', 'LogLevel=INFO'];
      const options = watchful.flatMap((option) => ['-o', option]);
      for (const mode of modes) {
        const start = (name: string, args: readonly string[], bulk?: () => void) =>
          sessions.set(`${mode} ${name}`, startSession([...host.ssh(mode), ...args], bulk));
        start('upload', [target, 'echo up; cat >/dev/null']);
        start('idle', [target, 'echo up; cat']);
        start('watchful', [...options, target, 'echo up; cat']);
        start('download', ['-n', target, 'cat /dev/zero'], () => {});
      }
      proxy = startSession([...host.vmssh, 'proxy', '-v', target, '22']);
      await proxy.until(() => proxy.seen.stdout.startsWith('SSH-2.0-'));
      for (const [name, session] of sessions) {
        await session.until(() => session.seen.bytes > (name.endsWith('download') ? begun : 0));
        if (name.endsWith('upload')) endless(session);
      }
      guest.pause();
    });

    test('while paused: sessions with keepalives end, and all others continue', async () => {
      for (const [name, session] of sessions) {
        if (!name.endsWith('watchful')) continue;
        expect({ name, code: await session.ended(60) }).toEqual({ name, code: 255 });
        expect(session.seen.stderr).toMatch(/not responding/);
        sessions.delete(name);
      }
      for (const { child } of [...sessions.values(), proxy]) expect(child.exitCode).toBe(null);
    });

    test('while paused: a connect has the message of the tables', async () => {
      const check = await checkOf(scene(), ['--timeout=2', scene().target]);
      expect(check).toMatchObject(documented('Multiplexers', 'ETIMEDOUT', muxPath(scene()), 22));
    });

    test('killed: every ssh ends with 255, also over an idle relay', async () => {
      const { guest } = scene();
      const { 'vhost-device-vsock': multiplexer } = guest.pids;
      if (!multiplexer) throw new Error('the guest has no multiplexer');
      // As with Firecracker, which is its own: this one would stay, and end each connection as a guest does.
      process.kill(multiplexer, 'SIGKILL');
      await guest.kill();
      for (const [name, session] of sessions)
        expect({ name, code: await session.ended(30) }).toEqual({ name, code: 255 });
      expect(await proxy.ended(30)).toBe(1);
      expect(proxy.seen.stderr).toContain('the machine broke the connection (ECONNRESET)');
    });

    test('killed: a connect has the message of the tables', async () => {
      const error = await checkOf(scene(), [scene().target]);
      expect(error).toMatchObject(documented('Multiplexers', error.code, muxPath(scene()), 22));
    });
  });
}

function muxPath({ target }: Scene): string {
  return target.slice('vsock-mux'.length);
}

async function checkOf({ host }: Scene, args: readonly string[]) {
  const { stdout } = await run([...host.vmssh, 'check', '--until=authentication', '--json', ...args]);
  const {
    results: [{ exitCode, error: { target: _, ...error } = {} }],
  } = JSON.parse(stdout);
  return { exitCode, ...error };
}

/** Writes as long as it is read. */
function endless({ child }: Session): void {
  const stdin = child.stdin as NodeJS.WritableStream;
  const block = Buffer.alloc(65_536);
  const write = () => {
    while (child.exitCode === null && stdin.write(block));
  };
  stdin.on('drain', write);
  write();
}
