import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listing, useOwnSource } from '../../../e2e/sources/own-source.js';
import { findProgram } from '../../../helpers/programs.js';
import { run, vmssh } from '../../../helpers/run.js';
import { onTerminal } from '../../../helpers/terminal.js';
import { bootGuest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { listEtc, type Site, siteOf } from './site.js';

// Root is locked, and nobody has a key of this user's: only the password of an account leads in, over its TCP port.
describeGuests('setting up guests by the password of an account', () => {
  describe.each(['bookworm', 'trixie'] as const)('%s', (suite) => {
    let site: Site;
    let before: readonly (string | readonly string[])[];
    const { bin, dir, env, home, program, source } = useOwnSource();
    const asked = join(dir, 'asked');
    const own = { ...env, SSH_AUTH_SOCK: undefined, NO_COLOR: '1' };
    const trees = async () => {
      const look = 'find . -type f -exec cat {} + -printf "%m %p\\n" | sort; ls /tmp /var/lib/vmssh';
      const { stdout } = await site.guest.run(`cd /home/tester; { ${look}; } 2>&1 | grep -v systemd-`);
      return [stdout, await listEtc(site.guest)];
    };
    const login = () => run([join(bin, 'ssh'), '-o', 'BatchMode=yes', 'mint', 'id -un'], { env: own });
    const command = [...vmssh, 'setup', '-v', '--yes'];

    beforeAll(async () => {
      site = siteOf(await bootGuest({ suite, cid: 61 }));
      await site.guest.run('passwd -q -l root; echo tester:s3cret | chpasswd');
      const address = `127.0.0.1:${site.guest.tcpPort}`;
      source([program('machines', listing({ name: 'mint', status: 'running', address }))]);
      program('ssh', `exec ${findProgram('ssh')} -F ${home}/.ssh/config "$@"`);
      // Nobody can confirm the host key, so ssh asks about that first.
      program(
        'ask',
        `echo "$1" >>'${asked}'; case $1 in *'continue connecting'*) echo yes ;; *) echo s3cret ;; esac`,
      );
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, '.ssh/id_ed25519')]);
      writeFileSync(join(home, '.ssh/config'), '');
      before = await trees();
    });
    afterAll(() => site?.guest.stop());

    const limit = { timeout: 480_000 }; // on a busy machine
    test('its host key and its password are asked for once, and all is taken back', limit, async () => {
      const asking = { ...own, SSH_ASKPASS: join(bin, 'ask'), SSH_ASKPASS_REQUIRE: 'force' };
      const done = await run([...command, '--user', 'tester', 'mint'], { env: asking, timeout: 200_000 });
      expect(done.code, done.stdout + done.stderr).toBe(0);
      expect(done.stdout).toMatch(
        /✓ host-key +the connection shows ssh-ed25519 SHA256:\S+, and nobody here can confirm it: ssh decides/,
      );
      expect(readFileSync(asked, 'utf8').match(/continue connecting|password/g)).toEqual([
        ...['continue connecting', 'password'],
      ]);
      rmSync(asked);
      expect(await login()).toMatchObject({ code: 0, stdout: 'tester\n' });
      const undone = await run([...command, '--undo', 'mint'], { env: asking, timeout: 200_000 });
      expect(undone.code, undone.stdout + undone.stderr).toBe(0);
      expect(await trees()).toEqual(before);
    });

    // trixie's image has no sudo.
    if (suite === 'trixie') return;
    test('sudo does what only root may, over one session at a time', async () => {
      const more = 'Match User tester\n  AuthorizedKeysFile /etc/ssh/keys/%u\n  MaxSessions 1\n';
      await site.guest.run('cat >>/etc/ssh/sshd_config; systemctl restart ssh', { input: more });
      await site.guest.run("echo 'tester ALL=(ALL) ALL' >/etc/sudoers.d/tester");
      before = await trees();
      const answer = (words: readonly string[]) => {
        const left = [...words];
        return (type: (text: string) => void) => type(left.shift() ?? '\x03');
      };
      const typed = async (words: readonly string[], ...args: readonly string[]) =>
        onTerminal([...command, ...args, 'mint'], /password[^\n]*: $/, answer(words), own);
      const wrong = await typed(['s3cret\n', 'x\n', 'x\n', 'x\n'], '--user', 'tester');
      expect(wrong.stdout).toMatch(/✗ inside .*sudo: 3 incorrect password attempts/);
      const left = await typed(['s3cret\n', '\x03'], '--user', 'tester');
      expect(left.stdout).toMatch(/✗ inside .*sudo ended at its question/);
      expect([wrong.code, left.code, await trees()]).toEqual([1, 1, before]);
      const done = await typed(['s3cret\n', 's3cret\n'], '--user', 'tester');
      expect(done.code, done.stdout).toBe(0);
      expect(done.stdout).toMatch(/\+ key +1 put into \/etc\/ssh\/keys\/tester of tester\r\n/);
      expect(await login()).toMatchObject({ code: 0, stdout: 'tester\n' });
      const undone = await typed(['s3cret\n'], '--undo');
      expect(undone.code, undone.stdout).toBe(0);
      expect(await trees()).toEqual(before);
    });
  });
});
