import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../helpers/run.js';
import { documented, saying } from './messages.js';
import { modes } from './scene/host-ssh.js';
import type { Scene } from './scene/scene.js';
import { startSession } from './scene/session.js';

/** This side to the guest, over its multiplexer. */
export function fromHost(scene: () => Scene): void {
  describe.each(modes)('from this side, by %s', (mode) => {
    test('a login that waited since before the boot came as soon as sshd answered', async () => {
      const { early, earlyBefore, suite } = scene();
      expect(await early[mode].ended(60)).toBe(0);
      const { stdout, stderr } = early[mode].seen;
      expect(stdout).toBe(`${suite}\n`);
      if (earlyBefore) expect(earlyBefore[mode]).toBe('');
      const tries = stderr.split('\n').filter((line) => / wait /.test(line));
      expect(tries[0]).toContain('no multiplexer socket');
      expect(tries.at(-1)).toContain('banner SSH-2.0-');
      expect(tries.slice(0, -1).join('\n')).not.toContain('banner SSH-');
    });

    test('a command: its output, its errors and its exit code', async () => {
      const { host, target } = scene();
      const result = await run([...host.ssh(mode), '-n', target, 'uname -n; echo err >&2; exit 7']);
      expect(result).toMatchObject({ code: 7, stdout: `${scene().suite}\n`, stderr: 'err\n' });
    });

    test('scp, sftp and rsync, in both directions', async () => {
      const { host, copyTarget, folder } = scene();
      const here = join(folder, `copies-${mode}`);
      mkdirSync(here);
      const data = randomBytes(2_000_000);
      writeFileSync(join(here, 'up'), data);
      const config = ['-q', '-F', host.config(mode)];
      const there = `/tmp/copies-${mode}`;
      const steps = {
        mkdir: run([...host.ssh(mode), '-n', copyTarget, `mkdir ${there}`]),
        scpUp: () => run(['scp', ...config, join(here, 'up'), `${copyTarget}:${there}/scp`]),
        scpDown: () => run(['scp', ...config, `${copyTarget}:${there}/scp`, join(here, 'scp')]),
        sftp: () =>
          run(['sftp', ...config, '-b', '-', copyTarget], {
            input: `put ${here}/up ${there}/sftp\nget ${there}/sftp ${here}/sftp\n`,
          }),
        rsyncUp: () =>
          run(['rsync', '-e', host.ssh(mode).join(' '), join(here, 'up'), `${copyTarget}:${there}/rsync`]),
        rsyncDown: () =>
          run(['rsync', '-e', host.ssh(mode).join(' '), `${copyTarget}:${there}/rsync`, join(here, 'rsync')]),
      };
      for (const [name, step] of Object.entries(steps)) {
        const { code, stderr } = await (typeof step === 'function' ? step() : step);
        expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
      }
      for (const name of ['scp', 'sftp', 'rsync'])
        expect(readFileSync(join(here, name)).equals(data)).toBe(true);
    });

    test('a port that nobody listens on has the message of the tables', async () => {
      const { host, target, guest } = scene();
      const result = await run([...host.ssh(mode), '-n', '-p', '23', target, 'true']);
      const message = documented('Multiplexers', 'EOF', `${guest.folder}/vsock.sock`, 23);
      expect(result).toMatchObject({ code: 255, stdout: '' });
      expect(result.stderr).toContain(
        saying(target, message).replaceAll(guest.folder, join(scene().folder, 'Guest')),
      );
    });
  });

  test('bulk there and back is the same, by fd passing in one direction and by relay in the other', async () => {
    const { host, target, folder, suite, guest } = scene();
    const file = join(folder, 'bulk');
    const blocks = suite === 'trixie' ? 256 : 32; // MiB; all of it is enciphered by emulated processors
    const sum = writeBulk(file, blocks);
    const [there, back] =
      suite === 'trixie' ? (['relay', 'fdpass'] as const) : (['fdpass', 'relay'] as const);
    const fast = ['-o', 'Ciphers=aes128-gcm@openssh.com'];
    const up = startSession([...host.ssh(there), ...fast, target, 'cat >/dev/shm/bulk']);
    createReadStream(file).pipe(up.child.stdin as NodeJS.WritableStream);
    expect(await up.ended(250)).toBe(0);
    const hash = createHash('sha256');
    const down = startSession([...host.ssh(back), ...fast, '-n', target, 'cat /dev/shm/bulk'], (part) =>
      hash.update(part),
    );
    expect(await down.ended(250)).toBe(0);
    expect([down.seen.bytes, hash.digest('hex')]).toEqual([blocks << 20, sum]);
    await guest.run('rm /dev/shm/bulk');
  }, 600_000);

  test('20 logins at once', async () => {
    const { host, target, guest } = scene();
    const names = Array.from({ length: 20 }, (_, n) => `login ${n}`);
    const results = await Promise.all(
      names.map((word, n) =>
        run([...host.ssh(n % 2 ? 'relay' : 'fdpass'), '-n', target, `echo ${word}`], { timeout: 100_000 }),
      ),
    );
    expect(results.map(({ code, stdout }) => `${code} ${stdout}`)).toEqual(
      names.map((word) => `0 ${word}\n`),
    );
    expect((await guest.run('systemctl --failed --no-legend')).stdout).toBe('');
  });
}

function writeBulk(file: string, blocks: number): string {
  const hash = createHash('sha256');
  const block = randomBytes(1 << 20);
  writeFileSync(file, '');
  for (let n = 0; n < blocks; n++) {
    block.writeUInt32BE(n, 0);
    hash.update(block);
    writeFileSync(file, block, { flag: 'a' });
  }
  return hash.digest('hex');
}
