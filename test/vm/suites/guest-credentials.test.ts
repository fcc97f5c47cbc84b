import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { GuestCredentialsJson } from '../../../src/commands/guest/credentials-json.js';
import { run, vmssh } from '../../helpers/run.js';
import { banner } from '../bed/banner.js';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { linesOf } from './guest-setup.js';

describeGuests('a guest that is started with the keys of vmssh guest credentials', () => {
  let guest: Guest | undefined;
  let home: string | undefined;
  afterEach(async () => {
    await guest?.stop();
    if (home) rmSync(home, { recursive: true });
    [guest, home] = [undefined, undefined];
  });

  test.each(['bookworm', 'trixie', 'sid'] as const)(
    '%s: the first login asks nothing and accepts no new key, and another host key is refused',
    async (suite) => {
      home = mkdtempSync(join(tmpdir(), 'vmssh-home-'));
      const env = { ...process.env, HOME: home, SSH_AUTH_SOCK: undefined };
      const program = async (...args: string[]) => {
        const { code, stdout, stderr } = await run([...vmssh, ...args], { env });
        expect(code, stderr).toBe(0);
        return stdout;
      };
      const made = await program('guest', 'credentials', 'web', '--for', 'qemu', '--json');
      const { arguments: words, hostKey } = JSON.parse(made) as GuestCredentialsJson;
      const append = inInitrd(newImage(suite));
      guest = await bootGuest({ suite, cid: 65, wait: false, append, qemu: words ?? [] });
      // Over TCP: vhost-device-vsock may panic if somebody hangs up too early.
      const { muxPath, tcpPort: port } = guest;
      const answers = () => banner({ host: '127.0.0.1', port }, 60).catch(() => '');
      await expect.poll(answers, { timeout: 180_000, interval: 300 }).toMatch(/^SSH-2/);

      const conf = join(home, 'config');
      writeFileSync(conf, await program('config', 'print', '--only-patterns'), { mode: 0o600 });
      const proxy = `ProxyCommand=${[...vmssh, 'proxy', `vsock-mux${muxPath}`, '22'].join(' ')}`;
      const strict = [
        'BatchMode=yes',
        'ProxyUseFdpass=no',
        'StrictHostKeyChecking=yes',
        'IdentitiesOnly=yes',
        proxy,
      ];
      const options = strict.flatMap((each) => ['-o', each]);
      const login = (command: string, input = '', more: readonly string[] = []) =>
        run(['ssh', '-F', conf, ...more, ...options, 'root@qemu/web', command], {
          ...{ env, input, timeout: 60_000 },
        });

      const key = '/etc/ssh/ssh_host_ed25519_key';
      const first = await login(`hostname; stat -c '%a %U:%G' ${key} ${key}.pub; ssh-keygen -lf ${key}`);
      expect(first, guest.console()).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toMatch(new RegExp(`^${suite}\n600 root:root\n644 root:root\n`));
      expect(first.stdout).toContain(hostKey.fingerprint);

      const script = await program('guest', 'check', '--script', '--credentials', 'web');
      const check = async (more: readonly string[] = []) => {
        const { stdout } = await login('sh -s', script, more);
        return linesOf(stdout).filter(({ step }) => step === 'credentials');
      };
      const good = { state: 'ok', text: 'sshd has the host key that was made for this machine' };
      expect(await check()).toMatchObject([good]);

      expect(await login(`rm ${key} && ssh-keygen -q -t ed25519 -N '' -f ${key}`)).toMatchObject({ code: 0 });
      const second = await login('hostname');
      expect(second).toMatchObject({ code: 255, stdout: '' });
      expect(second.stderr).toMatch(
        /REMOTE HOST IDENTIFICATION HAS CHANGED[\s\S]*Host key verification failed/,
      );
      // Its owner trusts it for once, to see and run the fix.
      const anyKey = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
      const [fault, fix] = await check(anyKey);
      expect(fault).toMatchObject({
        state: 'failed',
        text: expect.stringContaining('something replaced it'),
      });
      expect(await login(fix?.text ?? 'false', '', anyKey)).toMatchObject({ code: 0 });
      expect(await check()).toMatchObject([good]);
    },
  );
});

/** Before systemd starts: root has no keys, as in an image that nobody has set up, and 252 gets its units for vsock. */
function newImage(suite: string): string {
  const unit = (name: string) => readFileSync(new URL(`../inside/by-hand/${name}`, import.meta.url), 'utf8');
  const units = ['sshd-vsock.socket', 'sshd-vsock@.service'].map(
    (name) => `cat >etc/systemd/system/${name} <<'E'\n${unit(name)}E\n`,
  );
  const wants = 'etc/systemd/system/sockets.target.wants';
  const byHand = `${units.join('')}mkdir -p ${wants}\nln -s ../sshd-vsock.socket ${wants}\necho 127.0.0.1 UNKNOWN >>etc/hosts\n`;
  return `rm root/.ssh/authorized_keys\n${suite === 'bookworm' ? byHand : ''}`;
}

/** Arguments for a kernel whose initrd runs a script in the new root, before systemd. */
function inInitrd(script: string): string {
  // The kernel splits its arguments at "=", so there is none at the end.
  const base64 = Buffer.from(script + '\n'.repeat(2 - ((script.length + 2) % 3))).toString('base64');
  const work = [
    'b=/bin/busybox',
    `echo ${base64} | $b base64 -d >/script`,
    "$b sed -i 's,^exec,$b chroot /new /bin/sh </script; exec,' /init",
    'exec /init',
  ];
  return `rdinit=/bin/busybox -- sh -c "${work.join('; ')}"`;
}
