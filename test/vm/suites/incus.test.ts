import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { bootHypervisor, outcome } from '../inside/hypervisor.js';
import { letsNewcomersIn } from '../inside/newcomer.js';
import { startsOnDemand } from '../inside/start-on-demand.js';

// Incus itself runs in the guest: "web" has an SSH server on its network and no sshd, "deb" an sshd that nobody runs.
describeGuests('containers of Incus', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const listed = async () => JSON.parse((await sh('vmssh list --json')).stdout);

  beforeAll(async () => {
    guest = await bootHypervisor({ cid: 84, memory: 1024 });
    await guest.run('bash /host/test/vm/inside/incus.sh /vm', { timeout: 900 });
    // On an emulated processor libvirt's first answer, when its socket starts it, can take longer than a list waits.
    await guest.run('virsh -c qemu:///system list', { timeout: 200 });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed once, with an address if they have one', async () => {
    const same = { provider: 'incus', status: 'running' };
    expect(await listed()).toMatchObject({
      machines: [
        { ...same, name: 'deb', target: 'incus/deb', routes: [{ route: 'exec' }] },
        {
          ...same,
          name: 'web',
          target: 'incus/web',
          address: '10.88.0.7',
          routes: [{ route: 'exec' }, { route: 'ip' }],
        },
      ],
      warnings: [],
    });
  });

  test('are logged in to by exec, as VS Code does it, and by rsync and scp', async () => {
    expect(await sh('vmssh config install')).toMatchObject({ code: 0 });
    expect(await sh('ssh -n deb uname -n; incus exec deb -- uname -n')).toMatchObject({
      code: 0,
      stdout: 'deb\ndeb\n',
    });
    expect(await sh(`echo 'uname -n; exit 7' | ssh -T deb bash`)).toMatchObject({ code: 7, stdout: 'deb\n' });
    expect(
      await sh(
        'rsync -a /etc/os-release deb:/tmp/there && scp -q deb:/tmp/there /tmp/deb && cmp /tmp/deb /etc/os-release',
      ),
    ).toMatchObject({ code: 0 });
  });

  letsNewcomersIn(sh, { name: 'deb', group: 'incus-admin', exec: 'incus exec deb --' });

  test('without sshd: a message with the cause and the fix, and the address only if it is asked for', async () => {
    const { code, stderr } = await sh('ssh -n web true');
    expect(code).toBe(255);
    expect(stderr).toMatch(
      /^vmssh: cannot connect to "incus\/web": "web" has no sshd .*\nhint: install OpenSSH's server in it; /,
    );
    expect(await sh('vmssh ssh --route ip web uname -n')).toMatchObject({ code: 0, stdout: 'web\n' });
    await sh('incus exec deb -- rm /usr/sbin/sshd');
    const ofDebian = await sh('ssh -n deb true');
    await sh('incus file push /usr/sbin/sshd deb/usr/sbin/sshd --mode=755');
    expect(ofDebian.stderr).toMatch(
      /: "deb" has no sshd .*\nhint: install one: incus exec .* deb -- sh -c 'apt-get /,
    );
  });

  startsOnDemand(sh, {
    ...{ target: 'incus/deb', name: 'deb', command: 'incus start deb' },
    off: 'incus stop --force deb; incus list --format=csv --columns=s deb | grep -qx STOPPED',
    starts: 'grep instance-started /run/lifecycle',
    isUp: 'incus list --format=csv --columns=s deb | grep -qx RUNNING',
  });

  test('are listed as off once Incus has stopped them, and not once they are deleted', async () => {
    expect(await sh('incus delete --force deb && incus stop --force web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [{ name: 'web', status: 'off' }], warnings: [] });
    expect(await sh('incus delete web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [], warnings: [] });
  });
});
