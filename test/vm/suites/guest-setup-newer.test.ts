import { afterEach, expect, test } from 'vitest';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { type NewUser, newUser } from './set-up/new-user.js';
import { seen } from './set-up/seen.js';
import { brokenAndFixed, copyCheck, faultsOf, linesOf, type Site, siteOf } from './set-up/site.js';

// What such a guest does if nothing is wrong is in guest-credentials.test.ts.
describeGuests('guests whose systemd should listen on vsock by itself, and does not', () => {
  let site: Site | undefined;
  let user: NewUser | undefined;
  afterEach(async () => {
    await site?.guest.stop();
    user?.remove();
    [site, user] = [undefined, undefined];
  });

  test('8: systemd.ssh_auto=no is named, and the keys on the kernel’s command line arrive', async () => {
    user = await newUser('kernel');
    const append = ['systemd.ssh_auto=no', ...(user.made.arguments ?? [])].join(' ');
    site = siteOf(await bootGuest({ suite: 'trixie', cid: 62, append }));
    const { guest } = site;
    // Root has keys in this image, so that its own login key counts.
    const login = (command: string, input = '') =>
      user?.login(`socat - TCP:127.0.0.1:${guest.tcpPort}`, command, {
        input,
        // Without a proxy of vmssh the file counts that has the key.
        options: ['-i', guest.identity, '-o', 'KnownHostsCommand=none'],
      });
    const credentials = 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; ls /run/credentials/@system';
    const first = await login(credentials);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first?.stdout).toContain(user.made.hostKey.fingerprint);
    expect(first?.stdout).toMatch(
      /\nssh\.authorized_keys\.root\nssh\.ephemeral-authorized_keys-all\ntmpfiles\.extra\n$/,
    );
    const made = await user.program('guest', 'check', '--script', '--credentials', 'web');
    expect(linesOf((await login('sh -s', made))?.stdout ?? '')).toContainEqual({
      state: 'ok',
      step: 'credentials',
      text: 'sshd has the host key that was made for this machine',
    });

    const script = await site.vmssh('guest', 'print');
    const refused = await guest.run('sh -s', { input: script.stdout, allowFailure: true });
    expect([refused.code, refused.stdout.split('\n').at(-2)]).toEqual([
      2,
      'end      2             nothing was changed',
    ]);
    const [failed, fix] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'masked' });
    expect(failed?.text).toContain('systemd.ssh_auto=no');
    await guest.run(fix?.text ?? 'false');
    seen({ guest: '257', broken: '8: systemd.ssh_auto=no', failed, fix, login: await site.login() });
  });

  // systemd#42188: its generator sees no CID, and PID 1 loads the transport only for a device on the root bus.
  test('a socket that systemd missed at boot is named, and the script writes the units', async () => {
    site = siteOf(await bootGuest({ suite: 'trixie', cid: 62, vsock: 'root-port' }));
    const { guest } = site;
    const [failed] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'listening' });
    expect(failed?.text).toMatch(/^systemd 257 made no sshd-vsock\.socket when it started: ./);
    const script = await site.vmssh('guest', 'print');
    expect((await guest.run('sh -s', { input: script.stdout })).stdout).toMatch(
      /^ok +units +systemd 257\S* made no socket here \(.+\): using ours$/m,
    );
    expect(faultsOf(await site.check())).toEqual([]);
    expect(await site.login()).toBe('works');
  });

  // semodule compiles the whole policy, which takes more than a minute here.
  test('16: a denial of SELinux is named, and a login works by the rule that is printed', {
    timeout: 480_000,
  }, async () => {
    const append = 'security=selinux enforcing=1 audit=1';
    site = siteOf(await bootGuest({ suite: 'trixie', cid: 62, append, bootTimeout: 300 }));
    const { guest, target, ssh } = site;
    const denials = async () =>
      (await guest.run('grep -c "denied.*tclass=vsock_socket" /var/log/audit/audit.log; :')).stdout;
    expect((await guest.run('getenforce')).stdout).toBe('Enforcing\n');
    expect(await site.login()).toBe('fails');
    await copyCheck(site);
    const found = await brokenAndFixed(guest, ':', 'denied');
    expect(found.failed?.text).toMatch(
      /^SELinux denies sshd its vsock socket: .*denied +\{ read write \} .*tclass=vsock_socket permissive=0$/,
    );
    const before = await denials();
    const broken = '16: SELinux enforcing, Debian’s policy as it is';
    seen({ guest: '257, SELinux', broken, ...found, login: await site.login() });
    // The rule has to allow the whole of it: a terminal, and bytes in both directions.
    const terminal = await ssh('-tt', '-o', 'BatchMode=yes', `root@${target}`, 'getenforce; tty');
    expect(terminal.stdout).toMatch(/^Enforcing\r\n\/dev\/pts\//);
    expect(await denials()).toBe(before);
  });

  // systemd itself takes this guest for one of Hyper-V, with the CID 1; only the bus is a stand-in, for the driver of
  // hv_sock needs the real one.
  test('9: a CID that systemd on Hyper-V does not accept is named, and the script writes the units', async () => {
    const hyperV = { vendor: 'Hyper-V', vsock: false, append: 'modules-load=vsock_loopback' };
    site = siteOf(await bootGuest({ suite: 'sid', ...hyperV }));
    const { guest, sshConfig } = site;
    await guest.run(`set -e
      mkdir /mnt/bus && mount --bind /sys/bus /mnt/bus && mount -t tmpfs tmpfs /sys/bus
      for bus in $(ls /mnt/bus); do mkdir /sys/bus/$bus; mount --bind /mnt/bus/$bus /sys/bus/$bus; done
      mkdir -p /sys/bus/vmbus/drivers/hv_sock`);
    expect((await guest.run('systemd-detect-virt; ls /run/systemd/generator')).stdout).toMatch(
      /^microsoft\n(?!.*sshd-vsock)/s,
    );
    const [failed] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'hyper-v-cid' });
    expect(failed?.text).toMatch(/^systemd 2\d\d\S* on Hyper-V made no sshd-vsock\.socket/);
    const script = await site.vmssh('guest', 'print');
    await guest.run('sh -s', { input: script.stdout });
    expect(faultsOf(await site.check())).toEqual([]);
    expect((await site.vmssh('guest', 'install', '--undo', '--ssh-config', sshConfig, 'guest')).code).toBe(0);
    // The other fix: a socket of another name, which counts as well.
    await guest.run(
      'cd /run/systemd/system && printf "[Socket]\\nListenStream=vsock::22\\nAccept=yes\\n" >sshd-extra.socket && cp /run/systemd/generator/sshd-unix-local@.service sshd-extra@.service && systemctl daemon-reload && systemctl start sshd-extra.socket',
    );
    expect(faultsOf(await site.check())).toEqual([]);
    expect((await guest.run('sh -s', { input: script.stdout })).stdout).toMatch(
      /^skipped +units +sshd-extra\.socket, not written by vmssh/m,
    );
  });
});
