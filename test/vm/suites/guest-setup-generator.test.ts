import { afterAll, expect, test } from 'vitest';
import { banner } from '../bed/banner.js';
import { bootGuest, type Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { listEtc, reboot, type Site, siteOf } from './set-up/site.js';

const listen =
  '# more addresses\n\n vsock::2301 \n/run/a b/socket\n@abstract\n127.0.0.1:2302\n[::1]:2303\nnonsense\n2304';
const rootKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyOfTheCredential0000000000000000000000000 credential';

// Each boots a guest or a container; a busy machine takes its time.
const patience = 400_000;

describeGuests('the generator in a guest of systemd 252', () => {
  let site: Site;
  let guest: Guest;
  let before: string[];
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
      before = await listEtc(guest);
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
      const answers = await Promise.all([
        ...[22, 2300, 2301, 2305].map((port) => banner({ path: guest.muxPath, muxPort: port }, 60)),
        ...['UNIX-CONNECT:/run/ssh-unix-local/socket', 'ABSTRACT-CONNECT:abstract', 'TCP:127.0.0.1:2304'].map(
          sshdAt,
        ),
      ]);
      expect(answers.filter((answer) => !answer?.startsWith('SSH-2.0'))).toEqual([]);
      expect(answers).toHaveLength(7);
      expect((await guest.run('dmesg | grep vmssh-ssh-generator')).stdout).toMatch(/nonsense is no address/);
      expect((await site.check()).filter(({ state }) => state === 'failed')).toEqual([]);
    },
    patience,
  );

  // The same systemd, booted in a container of the guest's own root: its command line and credentials are quickly changed.
  const container = (prepare: string, more: string) => `set -e
    folder=/mnt/inner
    mkdir -p $folder.layer $folder /mnt/shared
    mount -t tmpfs -o mode=755 layer $folder.layer
    mkdir $folder.layer/upper $folder.layer/work
    mount -t overlay -o lowerdir=/,upperdir=$folder.layer/upper,workdir=$folder.layer/work overlay $folder
    cd $folder
    : >etc/machine-id
    for unit in ssh systemd-networkd; do ln -sf /dev/null etc/systemd/system/$unit.service; done
    ${prepare}
    systemd-run -q --unit=inner -p Type=notify -p NotifyAccess=all -p KillMode=mixed -p Delegate=yes -E SYSTEMD_NSPAWN_LOCK=0 \
      systemd-nspawn -D $folder -b -M inner --keep-unit --notify-ready=yes --link-journal=no \
      --bind=/mnt/shared:/run/host/unix-export ${more}`;
  const listening = async () =>
    (await guest.run("systemctl -M inner show 'sshd-*.socket' -p Listen --value | sort")).stdout;
  const over = 'cd /; systemctl stop inner; umount /mnt/inner /mnt/inner.layer; rm -f /mnt/shared/*';

  test('in a container: the folder that its manager shares, its command line, a credential of many lines', {
    timeout: patience,
  }, async () => {
    const credential = String.raw`--set-credential='ssh.listen:# comment\n\n/run/host/unix-export/extra\n'`;
    const more = `${credential} systemd.ssh_listen=/run/host/unix-export/line`;
    await guest.run(container(':', more), { timeout: 200 });
    for (const name of ['ssh', 'line', 'extra']) {
      expect(await sshdAt(`UNIX-CONNECT:/mnt/shared/${name}`)).toMatch(/^SSH-2\.0/);
    }
    expect(await listening()).toContain('/run/ssh-unix-local/socket');
    expect(await listening()).not.toContain('vsock::22');
    await guest.run(over);
  });

  test('ssh_auto=no leaves what was asked for; a packaged template is used; root gets its keys', {
    timeout: patience,
  }, async () => {
    // As on a systemd before 252, whose tmpfiles know no such credential.
    const prepare = `ln -s /dev/null etc/tmpfiles.d/provision.conf
      rm -r root/.ssh
      printf '[Service]\\nExecStart=-/usr/sbin/sshd -i -o "VersionAddendum packaged"\\nStandardInput=socket\\n' >etc/systemd/system/sshd@.service`;
    const credential = `--set-credential='ssh.authorized_keys.root:${rootKey}'`;
    const more = `${credential} systemd.ssh_auto=off systemd.ssh_listen=/run/host/unix-export/line`;
    await guest.run(container(prepare, more), { timeout: 200 });
    expect((await listening()).trim()).toBe('/run/host/unix-export/line (Stream)');
    expect(await sshdAt('UNIX-CONNECT:/mnt/shared/line')).toMatch(/^SSH-2\.0-\S+ .*packaged$/);
    const { stdout } = await guest.run(
      'cd /mnt/inner/root/.ssh; cat authorized_keys; echo; stat -c %a . authorized_keys',
    );
    expect(stdout).toBe(`${rootKey}\n700\n600\n`);
    await guest.run(over);
  });

  test('undo takes it back', { timeout: patience }, async () => {
    expect((await install('--undo')).code).toBe(0);
    expect(await listEtc(guest)).toEqual(before);
    expect(await active()).not.toContain('ActiveState=active');
  });
});
