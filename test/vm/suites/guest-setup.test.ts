import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { vmssh } from '../../helpers/run.js';
import { onTerminal } from '../../helpers/terminal.js';
import { banner } from '../bed/banner.js';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { faultsOf, linesOf, listEtc, reboot, type Site, siteOf } from './set-up/site.js';

describeGuests('setting up a guest of systemd 252', () => {
  let site: Site;
  let before: string[];

  beforeAll(async () => {
    site = siteOf(await bootGuest({ suite: 'bookworm', cid: 61, reboots: true }));
    await site.guest.run(
      `echo 'nameserver 10.255.255.53' >/etc/resolv.conf
      echo tester:s3cret | chpasswd; echo 'tester ALL=(ALL) ALL' >/etc/sudoers.d/tester`,
    );
    before = await listEtc(site.guest);
  });
  afterAll(() => site?.guest.stop());

  const overVsock = (port = 22) => banner({ path: site.guest.muxPath, muxPort: port });
  const install = (...args: string[]) => site.install(...args);

  test('sets it up, proves it from here, and prints the lines to use', async () => {
    const { code, stdout, stderr } = await install();
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\+ units .*\n.*\+ enable .*vsock::22/);
    expect(stdout).toMatch(/✓ banner +SSH-2\.0.*over loopback[\s\S]*✓ banner .*SSH-2\.0[\s\S]*✓ host key/);
    expect(stdout).toContain('Host guest-vsock\n    ProxyCommand ');
  });

  test('changes nothing the second time', async () => {
    const { code, stdout } = await install();
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^ {2}\+/m);
  });

  test('can be logged in to over vsock after a reboot, from the host and from inside', async () => {
    await reboot(site.guest);
    expect(await overVsock()).toMatch(/^SSH-2\.0-OpenSSH_9\.2/);
    const outside = await site.ssh(`root@${site.target}`, 'hostname; echo $SSH_CONNECTION');
    expect(outside.stdout).toBe('bookworm\nUNKNOWN 65535 UNKNOWN 65535\n');
    const loopback =
      "modprobe vsock_loopback; ssh -o StrictHostKeyChecking=no -o 'ProxyCommand=socat - VSOCK-CONNECT:1:22' me hostname";
    expect((await site.guest.run(loopback)).stdout).toBe('bookworm\n');
  });

  test('no faults are found, from here and from inside', async () => {
    const { code, stdout } = await site.vmssh('check', '-v', '--ssh-config', site.sshConfig, site.target);
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain('✗');
    expect(stdout).toMatch(/^✓ \S+: ssh logs in as root with \S+ \(\d+\.\d s(?:, by [\w -]+)?\)/);
    expect(stdout).toMatch(/✓ login +root logged in over vsock-mux/);
  });

  test('undo leaves /etc as it was, byte for byte', async () => {
    const { code, stdout } = await install('--undo');
    expect(code, stdout).toBe(0);
    expect(await listEtc(site.guest)).toEqual(before);
    await expect(overVsock()).rejects.toThrow();
    expect((await site.guest.run('ls /var/lib/vmssh', { allowFailure: true })).code).not.toBe(0);
  });

  test('another port, key, hosts and hushlogin come and go too', async () => {
    const key = `${site.guest.folder}/key.pub`;
    writeFileSync(key, `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'J'.repeat(43)} it's "me" $(id)\n`);
    await site.guest.run("printf 'no newline at its end' >>/root/.ssh/authorized_keys");
    const { stdout: keys } = await site.guest.run('sha256sum /root/.ssh/authorized_keys');
    const more = ['--port', '2222', '--hosts-fix', '--hushlogin', '--key', key];
    const done = await install(...more);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(await overVsock(2222)).toMatch(/^SSH-2/);
    expect(done.stdout).toMatch(/ProxyCommand .* 2222\n/);
    const after = 'tail -n 1 /etc/hosts; tail -n 1 /root/.ssh/authorized_keys; ls /root/.hushlogin';
    const { stdout } = await site.guest.run(after);
    expect(stdout).toBe(
      `127.0.0.1 UNKNOWN\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'J'.repeat(43)} it's "me" $(id)\n/root/.hushlogin\n`,
    );
    expect((await install(...more)).stdout).not.toMatch(/^ {2}\+/m);
    expect((await install('--undo')).code).toBe(0);
    expect(await listEtc(site.guest)).toEqual(before);
    expect((await site.guest.run('sha256sum /root/.ssh/authorized_keys')).stdout).toBe(keys);
    await site.guest.run('! ls /root/.hushlogin && sed -i "s/no newline.*//" /root/.ssh/authorized_keys');
  });

  test('never overwrites a file of somebody else, or one that was edited', async () => {
    const unit = '/etc/systemd/system/sshd-vsock@.service';
    await site.guest.run(`echo '[Service]' >${unit}`);
    const refused = await install();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(`✗ units          ${unit} exists and was not written by vmssh`);
    expect((await site.guest.run(`cat ${unit}; rm ${unit}`)).stdout).toBe('[Service]\n');
    expect((await install()).code).toBe(0);
    await site.guest.run(`echo '# mine' >>${unit}`);
    expect((await install()).stdout).toContain(`${unit} was edited after vmssh wrote it`);
    const undo = await install('--undo');
    expect([undo.code, undo.stdout.includes(`fix, as the guest gives it: rm ${unit}`)]).toEqual([1, true]);
    await site.guest.run(`rm ${unit}`);
    expect((await install('--undo')).code).toBe(0);
    expect(await listEtc(site.guest)).toEqual(before);
  });

  test('closes TCP only when connected over vsock, and opens it again', async () => {
    const script = await site.vmssh('guest', 'print', '--only-vsock');
    const refused = await site.guest.run('sh -s', { input: script.stdout, allowFailure: true });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^failed +only-vsock +this session did not come over vsock/m);
    const closed = await install('--only-vsock');
    expect(closed.code, closed.stdout + closed.stderr).toBe(0);
    expect(closed.stdout).toMatch(
      /only-vsock +closed: ssh\.service\. To get back in over TCP.*systemctl enable/,
    );
    await expect(banner({ host: '127.0.0.1', port: site.guest.tcpPort }, 3)).rejects.toThrow();
    const undone = await site.vmssh(
      ...['guest', 'install', '--undo', '--ssh-config', site.sshConfig, `root@${site.target}`],
    );
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    expect(await banner({ host: '127.0.0.1', port: site.guest.tcpPort }, 20)).toMatch(/^SSH-2/);
    expect(await listEtc(site.guest)).toEqual(before);
  });

  test('a sudo that wants a password gets it on a terminal, and says so without one', async () => {
    const args = ['guest', 'install', '--ssh-config', site.sshConfig, '--target', site.target, 'tester'];
    const refused = await site.vmssh(...args);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(
      /sudo: a password is required\nhint: sudo needs a password: run this in a terminal/,
    );
    const done = await onTerminal([...vmssh, ...args], /password for tester: $/, 's3cret');
    expect(done.code, done.stdout).toBe(0);
    expect(done.stdout).toMatch(
      /\[sudo\] password for tester: \r+\n[\s\S]*units.*\r+\n[\s\S]*✓.*banner.*SSH-2/,
    );
    expect((await site.guest.run('ls /tmp')).stdout).not.toContain('tmp.');
    expect((await install('--undo')).code).toBe(0);
    expect(await listEtc(site.guest)).toEqual(before);
  });

  // The last: without systemd there is no login until it is fixed.
  test('6: without systemd the check says so, and what it says to run answers on vsock', async () => {
    const script = await site.vmssh('guest', 'check', '--script');
    await site.guest.run('cat >/root/check.sh', { input: script.stdout });
    const init = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run
modprobe vmw_vsock_virtio_transport
sh /root/check.sh >/root/found
echo 'the check is done'
sh -c "$(sed -n 's/^fix *systemd *//p' /root/found)"
`;
    await site.guest.run('rm /sbin/init; cat >/sbin/init; chmod +x /sbin/init; systemctl reboot', {
      input: init,
      allowFailure: true,
    });
    // Nothing connects before: the device does not survive a client that hangs up on a booting guest.
    await expect.poll(() => site.guest.console(), { timeout: 150_000 }).toContain('\nthe check is done');
    const look = async () => (await site.ssh(`root@${site.target}`, 'cat /proc/1/comm /root/found')).stdout;
    await expect.poll(look, { timeout: 60_000 }).toMatch(/^init\n/); // socat takes a moment
    expect(faultsOf(linesOf(await look()))).toMatchObject([
      { step: 'systemd', text: 'PID 1 is init, not systemd' },
      { state: 'fix' },
      { state: 'hint' },
    ]);
  });
});
