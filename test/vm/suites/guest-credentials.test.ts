import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { vmssh } from '../../helpers/run.js';
import { banner } from '../bed/banner.js';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { ensureSystemd254 } from '../images/cache.js';
import { suiteNamed } from '../images/suites.js';
import type { Suite } from '../types.js';
import { refusedAddress } from './set-up/faults.js';
import { brokenByItsOwner, changesNothing, offAndOn } from './set-up/listens-by-itself.js';
import { type NewUser, newUser } from './set-up/new-user.js';
import { seen } from './set-up/seen.js';
import { copyCheck, linesOf, siteOf } from './set-up/site.js';

const guests: readonly { suite: Suite; systemd: number }[] = [
  { suite: 'bookworm', systemd: 252 },
  { suite: 'bookworm', systemd: 254 },
  { suite: 'trixie', systemd: 257 },
  { suite: 'sid', systemd: suiteNamed('sid').systemd },
];

describeGuests('a guest that is started with the keys of vmssh guest credentials', () => {
  describe.each(guests)('$suite, systemd $systemd', ({ suite, systemd: major }) => {
    const systemd = String(major);
    let user: NewUser;
    let guest: Guest;

    beforeAll(async () => {
      user = await newUser('qemu', ['--listen', 'vsock::2222']);
      const append = inInitrd(newImage(suite, major));
      const share = major === 254 ? { share: await ensureSystemd254(console.error) } : {};
      guest = await bootGuest({
        ...{ suite, cid: 65, wait: false, append, qemu: user.made.arguments ?? [] },
        ...share,
      });
      // Over TCP: vhost-device-vsock may panic if somebody hangs up too early.
      const answers = () => banner({ host: '127.0.0.1', port: guest.tcpPort }, 60);
      await vi.waitFor(answers, { timeout: 180_000, interval: 300 });
    });
    afterAll(async () => {
      await guest?.stop();
      user?.remove();
    });

    test('the first login asks nothing and accepts no new key, and another host key is refused', async () => {
      const login = (command: string, more?: Parameters<NewUser['login']>[2]) =>
        user.login(proxyTo(guest), command, more);
      const key = '/etc/ssh/ssh_host_ed25519_key';
      const first = await login(`hostname; stat -c '%a %U:%G' ${key} ${key}.pub; ssh-keygen -lf ${key}`);
      expect(first, guest.console()).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toMatch(new RegExp(`^${suite}\n600 root:root\n644 root:root\n`));
      expect(first.stdout).toContain(user.made.hostKey.fingerprint);

      const script = await user.program('guest', 'check', '--script', '--credentials', 'web');
      const check = async (options: readonly string[] = []) => {
        const { stdout } = await login('sh -s', { input: script, options });
        return linesOf(stdout).filter(({ step }) => step === 'credentials');
      };
      const good = { state: 'ok', text: 'sshd has the host key that was made for this machine' };
      expect(await check()).toMatchObject([good]);

      expect(await login(`rm ${key} && ssh-keygen -q -t ed25519 -N '' -f ${key}`)).toMatchObject({ code: 0 });
      const takesAny = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
      for (const options of [[], takesAny]) {
        const refused = await login('hostname', { options });
        expect(refused).toMatchObject({ code: 255, stdout: '' });
        expect(refused.stderr).toContain('is not the key that vmssh guest credentials made for "web"');
      }
      // Its owner trusts it for once, to see and run the fix.
      const options = [...takesAny, '-o', 'KnownHostsCommand=none'];
      const [failed, fix] = await check(options);
      expect(failed).toMatchObject({
        state: 'failed',
        text: expect.stringContaining('something replaced it'),
      });
      expect(await login(fix?.text ?? 'false', { options })).toMatchObject({ code: 0 });
      expect(await check()).toMatchObject([good]);
      const broken = '15: another host key; the strict login was refused';
      seen({ guest: systemd, broken, failed, fix, login: 'works' });
      // The bed logs in by its own key.
      const image = readFileSync(`${guest.identity}.pub`, 'utf8');
      expect(await login('cat >>/root/.ssh/authorized_keys', { input: image })).toMatchObject({ code: 0 });
    });

    test('sshd listens where the host said, with the same key', async () => {
      const login = (port: string, command: string, input = '') =>
        user.login(proxyTo(guest, port), command, { input });
      if (suite === 'bookworm') {
        // 252 and 254 read the address by our generator, which an image would have.
        const script = await user.program('guest', 'print', '--as', 'generator');
        const path = '/etc/systemd/system-generators/vmssh-ssh-generator';
        expect(await login('22', `install -D -m 755 /dev/stdin ${path}`, script)).toMatchObject({ code: 0 });
        const start = 'systemctl daemon-reload && systemctl start sshd-extra.socket';
        expect(await login('22', start)).toMatchObject({ code: 0 });
      }
      const show = 'hostname; systemctl show -P Listen sshd-extra.socket; systemctl --version';
      expect(await login('2222', show)).toMatchObject({
        ...{ code: 0, stderr: '' },
        stdout: expect.stringMatching(
          `^${suite}\nvsock::2222 \\(Stream\\)\nsystemd ${suite === 'sid' ? '' : systemd}`,
        ),
      });
    });

    if (suite === 'bookworm') {
      test('our generator has sshd read the keys of the credential for all accounts', async () => {
        const proxy = proxyTo(guest, '2222');
        const aside = 'mv /root/.ssh/authorized_keys /root/aside';
        expect(await user.login(proxy, aside)).toMatchObject({ code: 0 });
        expect(await user.login(proxyTo(guest), 'true')).toMatchObject({ code: 255 });
        expect(await user.login(proxy, `mv /root/aside /root/.ssh/authorized_keys`)).toMatchObject({
          ...{ code: 0, stderr: '' },
        });
      });

      if (major === 254) {
        test('an address that it refuses is found and fixed', async () => {
          const site = siteOf(guest);
          await copyCheck(site);
          await refusedAddress(site, systemd, 'vsock:local:22');
        });
      }
      return;
    }

    test('the script changes nothing where systemd listens by itself, and says why', async () => {
      await guest.run("echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
      await changesNothing(siteOf(guest));
    });

    // Some fifty logins and checks on an emulated CPU.
    test('what is broken there is found and fixed', { timeout: 480_000 }, () =>
      brokenByItsOwner(siteOf(guest), systemd),
    );

    if (suite === 'trixie') {
      test('systemd’s own port is closed and opened again', () => offAndOn(siteOf(guest)));
    } else {
      test('systemd-vmspawn takes the arguments that are made for it', async () => {
        const made = await user.program('guest', 'credentials', 'web', '--for', 'vmspawn', '--json');
        const words = (JSON.parse(made) as NewUser['made']).arguments ?? [];
        const spawn = `systemd-vmspawn ${words.map((word) => `'${word}'`).join(' ')} --version`;
        expect(await guest.run(spawn, { allowFailure: true })).toMatchObject({ code: 1 }); // it reads the files
        await guest.copyIn({ [user.folder]: user.folder });
        expect((await guest.run(spawn)).stdout).toMatch(/^systemd \d+ /);
      });
    }
  });
});

/** The guest's QEMU is not known by the name "web". */
function proxyTo({ muxPath }: Guest, port = '22'): string {
  return [...vmssh, 'proxy', '--record', `vsock-mux${muxPath}`, port].join(' ');
}

/**
 * Before systemd starts: root has no keys, as in an image that nobody has set up, and 252 and 254 get their units for vsock. 254 is
 * unpacked over 252.
 */
function newImage(suite: string, systemd: number): string {
  const programs = '--exclude=./etc --exclude=./var --exclude=./dev --exclude=./tmp --keep-directory-symlink';
  const unpack = `mount -t proc proc /proc && modprobe virtiofs && mount -t virtiofs host /host
tar -C / -xpf /host/systemd.tar ${programs}; umount /host /proc\n`;
  const unit = (name: string) => readFileSync(new URL(`../inside/by-hand/${name}`, import.meta.url), 'utf8');
  const units = ['sshd-vsock.socket', 'sshd-vsock@.service'].map(
    (name) => `cat >etc/systemd/system/${name} <<'E'\n${unit(name)}E\n`,
  );
  const wants = 'etc/systemd/system/sockets.target.wants';
  const byHand = `${units.join('')}mkdir -p ${wants}\nln -s ../sshd-vsock.socket ${wants}\necho 127.0.0.1 UNKNOWN >>etc/hosts\n`;
  return `rm root/.ssh/authorized_keys\n${systemd === 254 ? unpack : ''}${suite === 'bookworm' ? byHand : ''}`;
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
