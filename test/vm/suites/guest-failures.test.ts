import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { insides, outsides, profile, unitFault, unitFaults } from './set-up/faults.js';
import { seen } from './set-up/seen.js';
import { brokenAndFixed, copyCheck, faultsOf, type Site, siteOf } from './set-up/site.js';

// Each failure is caused, found by its name and evidence, and fixed by the fix that is printed.
// audit: that is what makes sshd's helpers look up UNKNOWN, as most distributions have it.
describeGuests('failures in a guest of systemd 252', () => {
  let site: Site;

  beforeAll(async () => {
    site = siteOf(await bootGuest({ suite: 'bookworm', cid: 64, append: 'audit=1' }));
    await site.guest.run("dmesg -n 1; echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
    expect((await site.install()).code).toBe(0);
    await copyCheck(site);
  });
  afterAll(() => site?.guest.stop());

  test.each(outsides)('$number', async ({ number, breaks, step, evidence, outside, restores }) => {
    await site.guest.run(breaks, { allowFailure: true });
    const check = await site.vmssh('check', '--timeout', '2', site.target);
    expect(check.code).not.toBe(0);
    expect(check.stdout).toMatch(outside);
    const found = await brokenAndFixed(site.guest, ':', step);
    expect(found.failed?.text).toMatch(evidence);
    seen({ guest: '252', broken: number, ...found, login: await site.login() });
    await site.guest.run(restores);
  });

  test.each(insides)('$number', async ({ number, breaks, step, evidence, restores, fix }) => {
    const found = await brokenAndFixed(site.guest, breaks, step, fix);
    expect(found.failed?.text).toMatch(evidence);
    if (fix === undefined) seen({ guest: '252', broken: number, ...found, login: await site.login() });
    await site.guest.run(restores);
  });

  test.each(unitFaults)("11: $name in the unit's own command line", (fault) => unitFault(site, '252', fault));

  test('16: AppArmor keeps sshd from the socket', async () => {
    const file = '/etc/apparmor.d/usr.sbin.sshd';
    await site.guest.run(`cat >${file} && apparmor_parser -r ${file}`, { input: profile });
    expect(await site.login()).toBe('fails');
    const found = await brokenAndFixed(site.guest, ':', 'denied');
    expect(found.failed?.text).toMatch(/^AppArmor denies sshd its socket: .*DENIED.* family="vsock"/);
    const broken = '16: AppArmor, a profile of sshd without vsock';
    seen({ guest: '252', broken, ...found, login: await site.login() });
    await site.guest.run(`apparmor_parser -R ${file}; rm ${file}`);
  });

  test('11: a refused user is distinguished from a fault of the connection', async () => {
    await site.guest.run('chmod o+w /home/tester');
    const args = ['check', '--ssh-config', site.sshConfig, '--over', 'guest', `tester@${site.target}`];
    const { code, stdout } = await site.vmssh(...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^! tester@\S+: sshd lets no key of yours in as tester, but would ask for a password: .*Permission denied/,
    );
    expect(stdout).toMatch(
      /✗ login +\/home\/tester can be written by users other than tester \(d\S+ tester:tester/,
    );
    await site.guest.run(
      /✗ login +\/home.*\n +fix, as the guest gives it: (.*)/.exec(stdout)?.[1] ?? 'false',
    );
    const after = await site.vmssh(...args, '-v');
    // On a busy machine the login is slow, which check says too.
    expect(after.stdout).toMatch(/✓ login +tester logged in over/);
  });

  test('4: the slow login is measured, with UseDNS no too, and fixed', async () => {
    const dns = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(53, inet_aton("127.0.0.1"))) or die; recv(S, $b, 512, 0) while 1`;
    await site.guest.run(
      `systemd-run -q --unit=silent-dns perl -e '${dns}'; printf 'nameserver 127.0.0.1\\noptions timeout:2 attempts:1\\n' >/etc/resolv.conf`,
    );
    await site.guest.run("echo 'UseDNS no' >/etc/ssh/sshd_config.d/50-no-dns.conf");
    expect((await site.guest.run('/usr/sbin/sshd -T')).stdout).toMatch(/^usedns no$/m);
    const args = ['check', '-v', '--ssh-config', site.sshConfig, site.target];
    const took = /^✓ \S+: ssh logs in as root .*\((\d+\.\d s)(?:, by \S+)?\)/;
    const slow = await site.vmssh(...args);
    expect(slow.code).toBe(1);
    expect(slow.stdout).toMatch(took);
    expect(slow.stdout).toMatch(/✗ name lookup +looking up the name UNKNOWN took 2\d{3} ms/);
    const fixed = await site.install(); // finds it by itself, without --hosts-fix
    expect(fixed.stdout).toMatch(
      /\+ hosts +\/etc\/hosts has UNKNOWN: the lookup took 2\d{3} ms, and now \d{1,3} ms/,
    );
    const fast = await site.vmssh(...args);
    // On a busy machine the login is slow all the same, and its time is not compared.
    expect(fast.stdout).toMatch(/✓ name lookup +looking up the name UNKNOWN took \d{1,3} ms/);
    expect(fast.stdout).toMatch(/✓ login +root logged in over/);
    const time = (text: string) => took.exec(text)?.[1];
    console.log(
      `login over vsock, a lookup of 2 s: ${time(slow.stdout)}; with UNKNOWN in /etc/hosts: ${time(fast.stdout)}`,
    );
  });

  test('leaves no module loaded that it loads', async () => {
    const modules = async () => (await site.guest.run('ls /sys/module')).stdout;
    const before = await modules();
    expect(before).not.toMatch(/vsock_loopback/);
    expect(faultsOf(await site.check())).toEqual([]);
    expect(await modules()).toBe(before);
  });

  // The last: the device of these guests is deaf to the host after its driver came back.
  test('5: no driver', async () => {
    // A session whose end the device did not hear of holds the module; and the kernel keeps a socket for up to 8 s after
    // its end (VSOCK_CLOSE_TIMEOUT).
    await site.guest.run(
      'systemctl stop "sshd-vsock@*.service"; for i in $(seq 40); do if modprobe -qr vmw_vsock_virtio_transport; then exit 0; fi; sleep 0.5; done; ss --vsock >&2; exit 1',
    );
    const check = await site.vmssh('check', '--timeout', '2', site.target);
    expect(check.code).toBe(1);
    expect(check.stdout).toMatch(
      /^✗ .*[\s\S]*[-–] the guest has no vsock device, or its driver is not loaded \(5 in docs\/reference\/guest-failures\.md\)/,
    );
    await site.guest.run(
      "printf 'blacklist vmw_vsock_virtio_transport\\ninstall vmw-vsock-virtio-transport /bin/false\\n' >/etc/modprobe.d/no-vsock.conf",
    );
    const [failed, fix] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'transport' });
    expect(failed?.text).toMatch(
      /the virtio vsock device has no driver: vmw_vsock_virtio_transport is not loaded; \/etc\/modprobe\.d\/no-vsock\.conf, line 1, has: blacklist .*, line 2, has: install /,
    );
    await site.guest.run(fix?.text ?? 'false');
    expect(faultsOf(await site.check())).toEqual([]);
  });
});
