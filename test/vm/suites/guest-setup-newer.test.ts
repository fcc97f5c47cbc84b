import { afterEach, expect, test } from 'vitest';
import { banner } from '../bed/banner.js';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { faultsOf, listEtc, type Site, siteOf } from './guest-setup.js';

describeGuests('guests whose systemd listens on vsock by itself', () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.guest.stop();
    site = undefined;
  });

  test.each(['trixie', 'sid'] as const)('%s: the script changes nothing and says why', async (suite) => {
    site = siteOf(await bootGuest({ suite, cid: 62 }));
    const { guest, sshConfig, target } = site;
    await guest.run("echo 'nameserver 10.255.255.53' >/etc/resolv.conf");
    const before = await listEtc(guest);
    const args = ['guest', 'install', '--ssh-config', sshConfig, '--target', target, 'guest'];
    for (const more of suite === 'sid' ? [[], ['--generator']] : [[]]) {
      const { code, stdout, stderr } = await site.vmssh(...args, ...more);
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toMatch(/^ {2}\+/m);
      expect(stdout).toMatch(
        more.length === 0
          ? /- units +systemd 2\d\d\.\S+ listens on vsock port 22 by itself \(\/run\/systemd\/generator\/sshd-vsock\.socket\)/
          : /- generator +systemd 2\d\d\.\S+ has a generator of its own/,
      );
    }
    expect(await listEtc(guest)).toEqual(before);
    expect(faultsOf(await site.check())).toEqual([]);
    if (suite !== 'trixie') return;

    const off = await site.vmssh('guest', 'off', '--ssh-config', sshConfig, 'guest');
    expect(off.code, off.stdout).toBe(0);
    expect(off.stdout).toMatch(/✓ closed +a connection to vsock port 22 over loopback is refused/);
    await expect(banner({ path: guest.muxPath, muxPort: 22 })).rejects.toThrow();
    expect(faultsOf(await site.check())).toMatchObject([{ step: 'masked' }, { state: 'fix' }]);
    const on = await site.vmssh('guest', 'off', '--undo', '--ssh-config', sshConfig, 'guest');
    expect(on.code, on.stdout).toBe(0);
    expect(await banner({ path: guest.muxPath, muxPort: 22 })).toMatch(/^SSH-2/);
    expect(await listEtc(guest)).toEqual(before);
  });

  test('8: systemd.ssh_auto=no is named, and the script does not change it', async () => {
    site = siteOf(await bootGuest({ suite: 'trixie', cid: 62, append: 'systemd.ssh_auto=no' }));
    const { guest } = site;
    const script = await site.vmssh('guest', 'script');
    const refused = await guest.run('sh -s', { input: script.stdout, allowFailure: true });
    expect([refused.code, refused.stdout.split('\n').at(-2)]).toEqual([
      2,
      'end      2             nothing was changed',
    ]);
    const [failed, fix] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'masked' });
    expect(failed?.text).toContain('systemd.ssh_auto=no');
    await guest.run(/until then: (.*)/.exec(fix?.text ?? '')?.[1] ?? 'false');
    expect(await banner({ path: guest.muxPath, muxPort: 22 })).toMatch(/^SSH-2/);
  });

  // systemd#42188: its generator sees no CID, and PID 1 loads the transport only for a device on the root bus.
  test('a socket that systemd missed at boot is named, and the script writes the units', async () => {
    site = siteOf(await bootGuest({ suite: 'trixie', cid: 62, vsock: 'root-port' }));
    const { guest } = site;
    const [failed] = faultsOf(await site.check());
    expect(failed).toMatchObject({ state: 'failed', step: 'listening' });
    expect(failed?.text).toMatch(/^systemd 257 made no sshd-vsock\.socket when it started: ./);
    const script = await site.vmssh('guest', 'script');
    expect((await guest.run('sh -s', { input: script.stdout })).stdout).toMatch(
      /^ok +units +systemd 257\S* made no socket here \(.+\): using ours$/m,
    );
    expect(faultsOf(await site.check())).toEqual([]);
    expect(await banner({ path: guest.muxPath, muxPort: 22 })).toMatch(/^SSH-2/);
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
    const script = await site.vmssh('guest', 'script');
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
