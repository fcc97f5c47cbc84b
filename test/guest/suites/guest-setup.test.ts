import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, vmssh } from '../../helpers/run.js';
import { banner } from '../banner.js';
import { describeGuests } from '../describe.js';
import { bootGuest } from '../guest.js';
import { faultsOf, type Line, linesOf, listEtc, reboot, type Site, siteOf } from './guest-setup.js';

// audit: that is what makes sshd's helpers look up UNKNOWN, as most distributions have it.
describeGuests('setting up a guest of systemd 252', () => {
  let site: Site;
  let before: string[];

  beforeAll(async () => {
    site = siteOf(await bootGuest({ suite: 'bookworm', cid: 61, reboots: true, append: 'audit=1' }));
    await site.guest.run("dmesg -n 1; echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
    before = await listEtc(site.guest);
  });
  afterAll(() => site?.guest.stop());

  const overVsock = (port = 22) => banner({ path: site.guest.muxPath, muxPort: port });
  const install = (...args: string[]) =>
    site.vmssh('guest', 'install', ...args, '--ssh-config', site.sshConfig, '--target', site.target, 'guest');

  describe('install and undo', () => {
    test('sets it up, proves it from here, and tells the lines to use', async () => {
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
      const proxy = [...vmssh, 'proxy', '--typed', '%n', '%h', '%p'].join(' ');
      const ssh = ['ssh', '-F', site.sshConfig, '-o', `ProxyCommand=${proxy}`, `root@${site.target}`];
      const outside = await run([...ssh, 'hostname; echo $SSH_CONNECTION']);
      expect(outside.stdout).toBe('bookworm\nUNKNOWN 65535 UNKNOWN 65535\n');
      const loopback =
        "modprobe vsock_loopback; ssh -o StrictHostKeyChecking=no -o 'ProxyCommand=socat - VSOCK-CONNECT:1:22' me hostname";
      expect((await site.guest.run(loopback)).stdout).toBe('bookworm\n');
    });

    test('nothing is found wrong, from here and from inside', async () => {
      const { code, stdout } = await site.vmssh('doctor', '--ssh-config', site.sshConfig, site.target);
      expect(code, stdout).toBe(0);
      expect(stdout).not.toContain('✗');
      expect(stdout).toMatch(/✓ login +a login as root took/);
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

    test('never writes over a file of somebody else, nor over one that was edited', async () => {
      const unit = '/etc/systemd/system/sshd-vsock@.service';
      await site.guest.run(`echo '[Service]' >${unit}`);
      const refused = await install();
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain(`✗ units          ${unit} is there and not written by vmssh`);
      expect((await site.guest.run(`cat ${unit}; rm ${unit}`)).stdout).toBe('[Service]\n');
      expect((await install()).code).toBe(0);
      await site.guest.run(`echo '# mine' >>${unit}`);
      expect((await install()).stdout).toContain(`${unit} was edited after vmssh wrote it`);
      const undo = await install('--undo');
      expect([undo.code, undo.stdout.includes(`cure: rm ${unit}`)]).toEqual([1, true]);
      await site.guest.run(`rm ${unit}`);
      expect((await install('--undo')).code).toBe(0);
      expect(await listEtc(site.guest)).toEqual(before);
    });

    test('closes TCP only for who came over vsock, and opens it again', async () => {
      const script = await site.vmssh('guest', 'script', '--only-vsock');
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
  });

  // Each failure is brought about, found by its name and evidence, and mended by the cure that is printed.
  describe('failures', () => {
    const units = '/etc/systemd/system';
    beforeAll(async () => {
      expect((await install()).code).toBe(0);
      const script = await site.vmssh('guest', 'check', '--script');
      await site.guest.run('cat >/tmp/check.sh', { input: script.stdout });
    });

    interface Case {
      readonly number: string;
      readonly breaks: string;
      readonly step: string;
      readonly evidence: RegExp;
      /** What doctor says of it from outside alone. */
      readonly outside: RegExp;
      readonly restores: string;
      /** What is done before the cure that is printed, or instead where that one needs the world outside. */
      readonly cure?: string;
    }
    const reload = 'systemctl daemon-reload; systemctl reset-failed 2>/dev/null';
    const cases: Case[] = [
      {
        number: '1: URL form',
        breaks: `sed -i s,vsock::22,vsock://any:22, ${units}/sshd-vsock.socket; ${reload}; systemctl restart sshd-vsock.socket`,
        step: 'address-form',
        evidence: /ListenStream=vsock:\/\/any:22, and systemd 252 \(bad-setting\) knows no URL form/,
        outside: /nobody listens on vsock port 22[\s\S]*1\. the socket unit has an address/,
        restores: ':',
      },
      {
        number: '2: no Accept=yes',
        breaks: `cd ${units}; sed -i /Accept/d sshd-vsock.socket; cp sshd-vsock@.service sshd-vsock.service; systemctl stop sshd-vsock.socket; ${reload}; systemctl start sshd-vsock.socket`,
        step: 'accept',
        evidence: /has no Accept=yes/,
        outside: /✗ handshake[\s\S]*2\. Accept=yes is missing/,
        restores: `cd ${units}; rm -r sshd-vsock.socket.d sshd-vsock.service; sed -i 's/^Listen.*/&\\nAccept=yes/' sshd-vsock.socket; ${reload}; systemctl restart sshd-vsock.socket`,
      },
      {
        number: '2: names that differ',
        breaks: `cd ${units}; mv sshd-vsock@.service sshd-vsocket@.service; systemctl stop sshd-vsock.socket; ${reload}; systemctl start sshd-vsock.socket`,
        step: 'accept',
        evidence: /sshd-vsock\.socket needs sshd-vsock@\.service, and there is only sshd-vsocket@\.service/,
        outside: /✗ (connect|handshake)/,
        restores: `cd ${units}; mv sshd-vsocket@.service sshd-vsock@.service; ${reload}; systemctl restart sshd-vsock.socket`,
      },
      {
        number: '8: masked',
        breaks: `mv ${units}/sshd-vsock.socket /usr/lib/systemd/system; systemctl -q mask --now sshd-vsock.socket`,
        step: 'masked',
        evidence: /sshd-vsock\.socket is masked: .* points to \/dev\/null/,
        outside: /8\. the socket is masked/,
        restores: `mv /usr/lib/systemd/system/sshd-vsock.socket ${units}; systemctl daemon-reload`,
      },
    ];
    /** Breaks, looks, mends by the cure that is printed, looks again: in one command. */
    async function brokenAndMended(
      breaks: string,
      restores: string,
      cure?: string,
    ): Promise<[Line[], Line[]]> {
      const printed = `sh -c "$(sed -n 's/^cure *[^ ]* *//p' /tmp/found | head -n 1)"`;
      const { stdout } = await site.guest.run(
        `look=sh; ${breaks}; $look /tmp/check.sh >/tmp/found
        ${cure ?? printed} >/dev/null 2>&1
        $look /tmp/check.sh >/tmp/mended; { ${restores}; } >&2; cat /tmp/found; echo ====; cat /tmp/mended`,
        { timeout: 100 },
      );
      const [found = '', mended = ''] = stdout.split('====');
      return [faultsOf(linesOf(found)), faultsOf(linesOf(mended))];
    }

    test.each(cases)('$number', async ({ breaks, step, evidence, outside, restores, cure }) => {
      await site.guest.run(breaks, { allowFailure: true });
      const doctor = await site.vmssh('doctor', '--timeout', '2', site.target);
      expect(doctor.code).not.toBe(0);
      expect(doctor.stdout).toMatch(outside);
      const [[failed, printed], mended] = await brokenAndMended(':', ':', cure);
      expect([failed?.state, failed?.step, printed?.state]).toEqual(['failed', step, 'cure']);
      expect(failed?.words).toMatch(evidence);
      expect(mended).toEqual([]);
      expect(await overVsock()).toMatch(/^SSH-2/);
      await site.guest.run(restores);
    });

    // These keep TCP's sshd from answering too: what they break, look at and mend is one command.
    const insides: Omit<Case, 'outside'>[] = [
      {
        number: '3: no privilege separation folder',
        breaks: `sed -i /RuntimeDirectory/d ${units}/sshd-vsock@.service; systemctl daemon-reload; rm -r /run/sshd`,
        step: 'privsep',
        evidence: /\/run\/sshd is missing, and sshd-vsock@\.service has no RuntimeDirectory=sshd/,
        restores: `mkdir -p /run/sshd; rm -r ${units}/sshd-vsock@.service.d; sed -i 's/^.Service.$/&\\nRuntimeDirectory=sshd\\nRuntimeDirectoryPreserve=yes/' ${units}/sshd-vsock@.service; systemctl daemon-reload`,
      },
      {
        number: '6: systemd is not PID 1',
        breaks: 'look="unshare --pid --fork --mount-proc sh"',
        step: 'systemd',
        evidence: /PID 1 is (sh|unshare), not systemd/,
        cure: 'look=sh',
        restores: ':',
      },
      {
        number: '7: no sshd',
        breaks: 'mv /usr/sbin/sshd /usr/sbin/sshd.away',
        step: 'no-sshd',
        evidence: /there is no sshd in \/usr\/sbin/,
        cure: 'mv /usr/sbin/sshd.away /usr/sbin/sshd',
        restores: ':',
      },
      {
        number: '10: no host keys',
        breaks: 'mkdir /etc/ssh/away; mv /etc/ssh/ssh_host_* /etc/ssh/away',
        step: 'host-keys',
        evidence: /sshd -t says: .*no hostkeys available/,
        restores: 'mv /etc/ssh/away/* /etc/ssh/; rmdir /etc/ssh/away',
      },
      {
        number: '11: root is not let in',
        breaks: 'echo "PermitRootLogin no" >/etc/ssh/sshd_config.d/50-no-root.conf',
        step: 'login',
        evidence: /PermitRootLogin no/,
        restores:
          'rm /etc/ssh/sshd_config.d/50-no-root.conf /etc/ssh/sshd_config.d/00-vmssh-PermitRootLogin.conf',
      },
      {
        number: '11: keys that others could have written',
        breaks: 'chmod o+w /root/.ssh',
        step: 'login',
        evidence: /\/root\/\.ssh may be written by others than root/,
        restores: ':',
      },
    ];
    test.each(insides)('$number', async ({ breaks, step, evidence, restores, cure }) => {
      const [[failed, printed], mended] = await brokenAndMended(breaks, restores, cure);
      expect([failed?.state, failed?.step, printed?.state]).toEqual(['failed', step, 'cure']);
      expect(failed?.words).toMatch(evidence);
      expect(mended).toEqual([]);
    });

    test('11: a refused user is told apart from a fault of the way', async () => {
      await site.guest.run('chmod o+w /home/tester');
      const args = ['doctor', '--ssh-config', site.sshConfig, '--over', 'guest', `tester@${site.target}`];
      const { code, stdout } = await site.vmssh(...args);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /✓ authentication[\s\S]*✗ login +the way is right up to sshd, and it refuses tester: .*Permission denied/,
      );
      expect(stdout).toMatch(
        /✗ login +\/home\/tester may be written by others than tester \(d\S+ tester:tester/,
      );
      await site.guest.run(/✗ login +\/home.*\n +cure: (.*)/.exec(stdout)?.[1] ?? 'false');
      expect((await site.vmssh(...args)).code).toBe(0);
    });

    test('4: the slow login is measured, and mended', async () => {
      const dns = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(53, inet_aton("127.0.0.1"))) or die; recv(S, $b, 512, 0) while 1`;
      await site.guest.run(
        `systemd-run -q --unit=silent-dns perl -e '${dns}'; printf 'nameserver 127.0.0.1\\noptions timeout:2 attempts:1\\n' >/etc/resolv.conf`,
      );
      const args = ['doctor', '--ssh-config', site.sshConfig, site.target];
      const slow = await site.vmssh(...args);
      expect(slow.code).toBe(1);
      expect(slow.stdout).toMatch(/✗ unknown +a login as root took (\d+\.\d) s/);
      expect(slow.stdout).toMatch(/✗ unknown +looking up the name UNKNOWN took 2\d{3} ms/);
      const mended = await install(); // finds it by itself, without --hosts-fix
      expect(mended.stdout).toMatch(
        /\+ hosts +\/etc\/hosts knows UNKNOWN: the lookup took 2\d{3} ms, and now \d{1,3} ms/,
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
      await site.guest.run('modprobe -r vmw_vsock_virtio_transport');
      const doctor = await site.vmssh('doctor', '--timeout', '2', site.target);
      expect(doctor.code).toBe(1);
      expect(doctor.stdout).toMatch(
        /✗ connect[\s\S]*5\. the guest has no vsock device, or its driver is not loaded/,
      );
      const [failed, cure] = faultsOf(await site.check());
      expect(failed).toMatchObject({ state: 'failed', step: 'transport' });
      expect(failed?.words).toMatch(
        /the virtio vsock device has no driver: vmw_vsock_virtio_transport is not loaded/,
      );
      await site.guest.run(cure?.words ?? 'false');
      expect(faultsOf(await site.check())).toEqual([]);
    });
  });
});
