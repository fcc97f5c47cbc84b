import { afterAll, beforeAll, expect, test } from 'vitest';
import { banner } from '../bed/banner.js';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { insides, outsides, unitFaults } from './guest-faults.js';
import { faultsOf, type Line, linesOf, type Site, siteOf } from './guest-setup.js';

// Each failure is caused, found by its name and evidence, and fixed by the fix that is printed.
// audit: that is what makes sshd's helpers look up UNKNOWN, as most distributions have it.
describeGuests('failures in a guest of systemd 252', () => {
  let site: Site;

  beforeAll(async () => {
    site = siteOf(await bootGuest({ suite: 'bookworm', cid: 64, append: 'audit=1' }));
    await site.guest.run("dmesg -n 1; echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
    expect((await site.install()).code).toBe(0);
    const script = await site.vmssh('guest', 'check', '--script');
    await site.guest.run('cat >/tmp/check.sh', { input: script.stdout });
  });
  afterAll(() => site?.guest.stop());

  const overVsock = () => banner({ path: site.guest.muxPath, muxPort: 22 });

  /** Breaks, checks, runs the fix that is printed, checks again: in one command. */
  async function brokenAndFixed(breaks: string, restores: string, fix?: string): Promise<[Line[], Line[]]> {
    const printed = `sh -c "$(sed -n 's/^fix *[^ ]* *//p' /tmp/found | head -n 1)"`;
    const { stdout } = await site.guest.run(
      `look=sh; ${breaks}; $look /tmp/check.sh >/tmp/found
    ${fix ?? printed} >/dev/null 2>&1
    $look /tmp/check.sh >/tmp/fixed; { ${restores}; } >&2; cat /tmp/found; echo ====; cat /tmp/fixed`,
      { timeout: 100 },
    );
    const [found = '', fixed = ''] = stdout.split('====');
    return [faultsOf(linesOf(found)), faultsOf(linesOf(fixed))];
  }

  test.each(outsides)('$number', async ({ breaks, step, evidence, outside, restores, fix }) => {
    await site.guest.run(breaks, { allowFailure: true });
    const doctor = await site.vmssh('doctor', '--timeout', '2', site.target);
    expect(doctor.code).not.toBe(0);
    expect(doctor.stdout).toMatch(outside);
    const [[failed, printed], fixed] = await brokenAndFixed(':', ':', fix);
    expect([failed?.state, failed?.step, printed?.state]).toEqual(['failed', step, 'fix']);
    expect(failed?.text).toMatch(evidence);
    expect(fixed).toEqual([]);
    expect(await overVsock()).toMatch(/^SSH-2/);
    await site.guest.run(restores);
  });

  test.each(insides)('$number', async ({ breaks, step, evidence, restores, fix }) => {
    const [[failed, printed], fixed] = await brokenAndFixed(breaks, restores, fix);
    expect([failed?.state, failed?.step, printed?.state]).toEqual(['failed', step, 'fix']);
    expect(failed?.text).toMatch(evidence);
    expect(fixed).toEqual([]);
  });

  test('11: a refused user is distinguished from a fault of the connection', async () => {
    await site.guest.run('chmod o+w /home/tester');
    const args = ['doctor', '--ssh-config', site.sshConfig, '--over', 'guest', `tester@${site.target}`];
    const { code, stdout } = await site.vmssh(...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✓ authentication[\s\S]*✗ login +the connection works up to sshd, which refuses tester: .*Permission denied/,
    );
    expect(stdout).toMatch(
      /✗ login +\/home\/tester can be written by users other than tester \(d\S+ tester:tester/,
    );
    await site.guest.run(
      /✗ login +\/home.*\n +fix, as the guest gives it: (.*)/.exec(stdout)?.[1] ?? 'false',
    );
    expect((await site.vmssh(...args)).code).toBe(0);
  });

  test.each(unitFaults)("11: $name in the unit's own command line", async ({ options, file, evidence }) => {
    const folder = '/etc/systemd/system/sshd-vsock@.service.d';
    const reload = 'systemctl daemon-reload';
    await site.guest.run(
      `mkdir ${folder}; cat >/tmp/vsock_config; printf '[Service]\\nExecStart=\\nExecStart=-/usr/sbin/sshd -i ${options}\\n' >${folder}/own.conf; ${reload}`,
      { input: file },
    );
    const login = () => site.ssh('-o', 'BatchMode=yes', `root@${site.target}`, 'true');
    expect(await login()).toMatchObject({ code: 255, stderr: expect.stringContaining('Permission denied') });
    const [[failed, printed], fixed] = await brokenAndFixed(':', ':');
    expect([failed?.state, failed?.step, printed?.state]).toEqual(['failed', 'login', 'fix']);
    expect(failed?.text).toMatch(evidence);
    expect(fixed).toEqual([]);
    expect(await login()).toMatchObject({ code: 0 });
    await site.guest.run(`rm -r ${folder}; ${reload}`);
  });

  test('4: the slow login is measured, and fixed', async () => {
    const dns = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(53, inet_aton("127.0.0.1"))) or die; recv(S, $b, 512, 0) while 1`;
    await site.guest.run(
      `systemd-run -q --unit=silent-dns perl -e '${dns}'; printf 'nameserver 127.0.0.1\\noptions timeout:2 attempts:1\\n' >/etc/resolv.conf`,
    );
    const args = ['doctor', '--ssh-config', site.sshConfig, site.target];
    const slow = await site.vmssh(...args);
    expect(slow.code).toBe(1);
    expect(slow.stdout).toMatch(/✗ unknown +a login as root took (\d+\.\d) s/);
    expect(slow.stdout).toMatch(/✗ unknown +looking up the name UNKNOWN took 2\d{3} ms/);
    const fixed = await site.install(); // finds it by itself, without --hosts-fix
    expect(fixed.stdout).toMatch(
      /\+ hosts +\/etc\/hosts has UNKNOWN: the lookup took 2\d{3} ms, and now \d{1,3} ms/,
    );
    const fast = await site.vmssh(...args);
    expect(fast.code, fast.stdout).toBe(0);
    const time = (text: string) => /a login as root took (\d+\.\d s)/.exec(text)?.[1];
    console.log(
      `login over vsock, a lookup of 2 s: ${time(slow.stdout)}; with UNKNOWN in /etc/hosts: ${time(fast.stdout)}`,
    );
  });

  // The last: the device of these guests is deaf to the host after its driver came back.
  test('5: no driver', async () => {
    // A session whose end the device did not hear of holds the module; and the kernel keeps a socket for up to 8 s after
    // its end (VSOCK_CLOSE_TIMEOUT).
    await site.guest.run(
      'systemctl stop "sshd-vsock@*.service"; for i in $(seq 40); do if modprobe -qr vmw_vsock_virtio_transport; then exit 0; fi; sleep 0.5; done; ss --vsock >&2; exit 1',
    );
    const doctor = await site.vmssh('doctor', '--timeout', '2', site.target);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(
      /✗ connect[\s\S]*- the guest has no vsock device, or its driver is not loaded \(5 in docs\/guest\.md\)/,
    );
    const [failed, fix] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'transport' });
    expect(failed?.text).toMatch(
      /the virtio vsock device has no driver: vmw_vsock_virtio_transport is not loaded/,
    );
    await site.guest.run(fix?.text ?? 'false');
    expect(faultsOf(await site.check())).toEqual([]);
  });
});
