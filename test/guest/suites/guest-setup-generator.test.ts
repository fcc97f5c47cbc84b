import { afterAll, expect, test } from 'vitest';
import { banner } from '../banner.js';
import { describeGuests } from '../describe.js';
import { bootGuest, type Guest } from '../guest.js';
import { listEtc, reboot, type Site, siteOf } from './guest-setup.js';

const listen =
  '# more ways in\n\n vsock::2301 \n/run/a b/socket\n@abstract\n127.0.0.1:2302\n[::1]:2303\nnonsense\n2304';
const rootKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyOfTheCredential0000000000000000000000000 credential';

// Each boots a guest, installs the generator and reboots.
const patience = 240_000;

describeGuests('the generator in a guest of systemd 252', () => {
  let site: Site;
  let guest: Guest;
  const active = async () =>
    (await guest.run("systemctl show 'sshd-*.socket' -p Id -p Listen -p ActiveState | paste -sd ' '")).stdout;
  const sshdAt = async (where: string) =>
    (await guest.run(`socat -t20 -T20 - ${where} </dev/null`)).stdout.split('\r')[0];

  afterAll(() => guest?.stop());

  async function bootWithGenerator(append: string): Promise<void> {
    await guest?.stop();
    const credentials = { 'ssh.listen': listen, 'ssh.authorized_keys.root': `${rootKey}\n` };
    guest = await bootGuest({ suite: 'bookworm', cid: 63, reboots: true, append, credentials });
    site = siteOf(guest);
    await guest.run("echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
  }
  const install = (...args: string[]) =>
    site.vmssh('guest', 'install', '--ssh-config', site.sshConfig, '--target', site.target, ...args, 'guest');

  test(
    'by itself: vsock 22, the local socket, and what the command line and the credential add',
    async () => {
      await bootWithGenerator(
        'systemd.ssh_listen=vsock::2300 "systemd.ssh_listen=/run/quoted path/s" systemd.ssh-listen=vsock://any:2305',
      );
      const before = await listEtc(guest);
      const done = await install('--generator');
      expect(done.code, done.stdout + done.stderr).toBe(0);
      expect(done.stdout).toMatch(/\+ generator +\/etc\/systemd\/system-generators\/vmssh-ssh-generator/);
      expect((await install('--generator')).stdout).not.toMatch(/^ {2}\+/m);
      await reboot(guest);
      const sockets = await active();
      for (const address of [
        ...['vsock::22', '/run/ssh-unix-local/socket', 'vsock::2300', '/run/quoted path/s', 'vsock::2305'],
        ...['vsock::2301', '/run/a b/socket', '@abstract', '127.0.0.1:2302', '[::1]:2303', '[::]:2304'],
      ]) {
        expect(sockets).toContain(`Listen=${address} (Stream)`);
      }
      expect(sockets).not.toMatch(/nonsense|ActiveState=(inactive|failed)/);
      expect(sockets).toContain('Listen=vsock::2300 (Stream) Id=sshd-extra.socket ');
      expect(sockets).toContain('Listen=/run/quoted path/s (Stream) Id=sshd-extra-2.socket ');
      for (const port of [22, 2300, 2301, 2305]) {
        expect(await banner({ path: guest.muxPath, muxPort: port }, 20)).toMatch(/^SSH-2\.0/);
      }
      for (const where of [
        'UNIX-CONNECT:/run/ssh-unix-local/socket',
        'ABSTRACT-CONNECT:abstract',
        'TCP:127.0.0.1:2304',
      ]) {
        expect(await sshdAt(where)).toMatch(/^SSH-2\.0/);
      }
      expect((await guest.run('dmesg | grep vmssh-ssh-generator')).stdout).toMatch(/nonsense is no address/);
      expect((await site.check()).filter(({ state }) => state === 'failed')).toEqual([]);

      expect((await install('--undo')).code).toBe(0);
      expect(await listEtc(guest)).toEqual(before);
      expect(await active()).not.toContain('ActiveState=active');
    },
    patience,
  );

  test(
    'ssh_auto=no leaves what was asked for; the credential brings root its keys',
    async () => {
      await bootWithGenerator('systemd.ssh_auto=off systemd.ssh_listen=vsock::2300');
      const done = await install('--generator');
      expect(done.stdout).toMatch(/- banner +systemd\.ssh_auto=no/);
      // As on a systemd before 252, whose tmpfiles know no such credential; and a template that the distribution has.
      await reboot(
        guest,
        `ln -s /dev/null /etc/tmpfiles.d/provision.conf
      printf '[Service]\\nExecStart=-/usr/sbin/sshd -i -o "VersionAddendum packaged"\\nStandardInput=socket\\n' >/etc/systemd/system/sshd@.service
      printf '[Unit]\\nAfter=vmssh-root-keys.service\\nBefore=ssh.service\\n[Service]\\nType=oneshot\\nExecStart=sh -c "cp -p /root/.ssh/authorized_keys /root/from-credential; cat /root/ssh.away/authorized_keys >>/root/.ssh/authorized_keys"\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/let-us-in.service
      systemctl -q enable let-us-in
      mv /root/.ssh /root/ssh.away`,
      );
      const sockets = await active();
      expect(sockets).not.toMatch(/sshd-vsock|sshd-unix-local/);
      expect(sockets).toMatch(/vsock::2300 /);
      expect(sockets).toMatch(/vsock::2301 /);
      expect(await banner({ path: guest.muxPath, muxPort: 2300 }, 20)).toMatch(/^SSH-2\.0-\S+ .*packaged$/);
      await expect(banner({ path: guest.muxPath, muxPort: 22 })).rejects.toThrow();
      const { stdout } = await guest.run(
        'cat /root/from-credential; stat -c %a /root/.ssh /root/from-credential',
      );
      expect(stdout).toBe(`${rootKey}\n700\n600\n`);
    },
    patience,
  );

  test(
    'in a container: the folder that its manager shares, and its command line',
    async () => {
      const container = (more: string) => `
      set -e
      folder=/mnt/inner
      mkdir -p $folder.layer $folder /mnt/shared
      mount -t tmpfs -o mode=755 layer $folder.layer
      mkdir $folder.layer/upper $folder.layer/work
      mount -t overlay -o lowerdir=/,upperdir=$folder.layer/upper,workdir=$folder.layer/work overlay $folder
      : >$folder/etc/machine-id
      for unit in ssh systemd-networkd; do ln -sf /dev/null $folder/etc/systemd/system/$unit.service; done
      systemd-run -q --unit=inner -p Type=notify -p NotifyAccess=all -p KillMode=mixed -p Delegate=yes -E SYSTEMD_NSPAWN_LOCK=0 \\
        systemd-nspawn -D $folder -b -M inner --keep-unit --notify-ready=yes --link-journal=no \\
        --bind=/mnt/shared:/run/host/unix-export ${more}`;
      const credential = String.raw`--set-credential='ssh.listen:# comment\n/run/host/unix-export/extra\n'`;
      await guest.run(container(`${credential} systemd.ssh_listen=/run/host/unix-export/line`), {
        timeout: 110,
      });
      for (const name of ['ssh', 'line', 'extra']) {
        expect(await sshdAt(`UNIX-CONNECT:/mnt/shared/${name}`)).toMatch(/^SSH-2\.0/);
      }
      const inside = 'systemctl -M inner show sshd-vsock.socket -p LoadState --value';
      expect((await guest.run(inside)).stdout).toBe('not-found\n');
      await guest.run('systemctl stop inner');
    },
    patience,
  );
});
