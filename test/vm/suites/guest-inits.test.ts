import { afterEach, expect, test } from 'vitest';
import { banner } from '../bed/banner.js';
import { bootGuest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { seen } from './set-up/seen.js';
import { faultsOf, listEtc, reboot, type Site, siteOf } from './set-up/site.js';

const kinds = [
  {
    suite: 'sysvinit',
    title: 'sysvinit',
    fault: 'its line is gone from /etc/inittab',
    says: /^PID 1 is init, not systemd, and the services are sysvinit's: nothing starts sshd on vsock port 22$/,
    breaks: 'sed -i "\\,sshd-vsock 22$,d" /etc/inittab; telinit q',
    broken: /\/etc\/inittab has no line for \/usr\/local\/sbin\/sshd-vsock 22/,
  },
  {
    suite: 'openrc',
    title: 'OpenRC',
    fault: 'its service is stopped, and not started at boot',
    says: /the services are OpenRC's: nothing starts sshd on vsock port 22$/,
    breaks: 'rc-service -q sshd-vsock stop; rc-update -q del sshd-vsock default',
    broken: /OpenRC's; \/etc\/init\.d\/sshd-vsock does not run$/,
  },
] as const;

describeGuests('setting up a guest without systemd', () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.guest.stop();
    site = undefined;
  });

  test.each(kinds)(
    '$suite: a service that starts sshd, and its removal',
    { timeout: 480_000 },
    async (kind) => {
      site = siteOf(await bootGuest({ suite: kind.suite, cid: 66, reboots: true }));
      const { guest, target, install, check, ssh } = site;
      const login = async () =>
        (await ssh('-o', 'BatchMode=yes', `root@${target}`, 'cat /proc/1/comm')).stdout;
      const isClosed = () => banner({ path: guest.muxPath, muxPort: 22 }).then(String, () => 'closed');
      const before = await listEtc(guest);
      const [failed, fix, hint] = faultsOf(await check());
      expect([failed?.step, hint?.text]).toEqual(['systemd', expect.stringContaining('vmssh guest install')]);
      expect(failed?.text).toMatch(kind.says);

      const done = await install();
      expect(done.code, done.stdout + done.stderr).toBe(0);
      expect(done.stdout).toMatch(/\+ service .*, also at boot\n[\s\S]*✓ banner +SSH-2[\s\S]*✓ same-machine/);
      expect((await install()).stdout).not.toMatch(/^ {2}\+/m);
      expect(faultsOf(await check())).toEqual([]);
      seen({ guest: kind.title, broken: 'nothing is set up', failed, fix, login: await site.login() });
      // The images have no scripts that end services in order.
      await reboot(guest, 'sync; reboot -f');
      await expect.poll(login, { timeout: 60_000 }).toBe('init\n');

      await guest.run(kind.breaks);
      await expect.poll(isClosed, { timeout: 60_000 }).toBe('closed');
      const [stopped, start] = faultsOf(await check());
      expect(stopped).toMatchObject({ step: 'listening', text: expect.stringMatching(kind.broken) });
      await guest.run(start?.text ?? 'false');
      await expect.poll(login, { timeout: 60_000 }).toBe('init\n');
      seen({ guest: kind.title, broken: kind.fault, failed: stopped, fix: start, login: await site.login() });

      // Over the connection that ends with it.
      const script = await site.vmssh('guest', 'print', '--undo');
      const undo = await ssh(`root@${target}`, `sh -c '${script.stdout.replaceAll("'", "'\\''")}'`);
      expect(undo, undo.stdout).toMatchObject({ code: 0, stdout: expect.stringMatching(/^end +0 /m) });
      expect(await listEtc(guest)).toEqual(before);
      await expect.poll(isClosed, { timeout: 60_000 }).toBe('closed');
      expect((await guest.run('ls /usr/local/sbin/sshd-vsock', { allowFailure: true })).code).not.toBe(0);
    },
  );
});
