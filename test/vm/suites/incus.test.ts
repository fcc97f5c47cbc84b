import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { inRootOf } from '../inside/container.js';
import { bootHypervisor, outcome } from '../inside/hypervisor.js';
import { isKnownByItsManager } from '../inside/known-by-manager.js';
import { letsNewcomersIn } from '../inside/newcomer.js';
import { loggedIn, setsUp } from '../inside/sets-up.js';
import { startsOnce, startsOnDemand } from '../inside/start-on-demand.js';
import { ofIncus, plainOfIncus } from '../inside/virtual-machines.js';

// Incus itself runs in the guest: "web" has an SSH server on its network and no sshd, "deb" an sshd that nobody runs.
describeGuests('machines of Incus', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const listed = async () => JSON.parse((await sh('vmssh list --json')).stdout);

  beforeAll(async () => {
    guest = await bootHypervisor({ cid: 84, memory: 1536 });
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
      /^vmssh: cannot connect to "incus\/web": "web" has no sshd .*\nhint: .*--install-sshd incus\/web\n/,
    );
    expect(await sh('vmssh ssh --route ip web uname -n')).toMatchObject({ code: 0, stdout: 'web\n' });
  });

  test('without sshd: one is brought for the login', async () => {
    await sh('mkdir -p /usr/local/lib/vmssh && cp -r /host/dist/sshd /usr/local/lib/vmssh');
    const { code, stdout } = await sh('vmssh ssh --bring-sshd -n web "uname -n; id -u; exit 7"');
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'web\n0\n' });
    const left = 'incus exec web -- sh -c "cd /run; echo .vmssh*; cd /tmp; echo .vmssh*"';
    await expect.poll(async () => (await sh(left)).stdout, { timeout: 50_000 }).toBe('.vmssh*\n.vmssh*\n');
  });

  const newcomer = (line: string, timeout?: number) => sh(loggedIn('newcomer', line), timeout);
  describe('a container without any key', () => {
    beforeAll(async () => {
      await guest.run(
        `loginctl enable-linger newcomer && incus launch own plain </dev/null && incus exec plain -- bash -c 'rm -r /root/.ssh /etc/ssh/ssh_host_*'`,
        { timeout: 200 },
      );
    }, 300_000);
    afterAll(() => guest?.run('incus delete --force plain'));
    setsUp(sh, {
      ...{ target: 'incus/plain', account: 'tester', second: 'root' },
      user: newcomer,
      inside: (script) => inRootOf('incus info plain | sed -n "s/^PID: //p"', script),
    });
  });

  describe('a virtual machine without any key', () => {
    beforeAll(() => guest.run(plainOfIncus('incus', 'full'), { timeout: 900 }), 1_200_000);
    afterAll(() => guest?.run('incus delete --force full'));
    setsUp(sh, {
      ...{ target: 'incus/full', account: 'tester', second: 'root' },
      inside: (script) => `incus exec full -- bash -s <<'E'\ncd /\n${script}\nE`,
      places: 'etc home root usr/local var/lib/vmssh',
      user: newcomer,
    });
  });

  startsOnDemand(sh, {
    ...{ target: 'incus/deb', name: 'deb', command: 'incus start --project=default local:deb' },
    off: 'incus stop --force deb; incus list --format=csv --columns=s deb | grep -qx STOPPED',
    starts: 'grep instance-started /run/lifecycle',
    isUp: 'incus list --format=csv --columns=s deb | grep -qx RUNNING',
  });

  isKnownByItsManager(sh, {
    ...{ login: 'deb', pid: 'incus info deb | sed -n "s/^PID: //p"' },
    again: 'incus delete --force deb && incus launch own deb',
  });

  test('are listed as off once Incus has stopped them, and not once they are deleted', async () => {
    expect(await sh('incus delete --force deb && incus stop --force web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [{ name: 'web', status: 'off' }], warnings: [] });
    expect(await sh('incus delete web')).toMatchObject({ code: 0 });
    expect(await listed()).toMatchObject({ machines: [], warnings: [] });
  });

  describe('a virtual machine', () => {
    const startable = {
      target: 'incus/mint',
      name: 'mint',
      command: 'incus start --project=default local:mint',
    };

    beforeAll(async () => {
      await guest.run(`${ofIncus('mint')} && incus start mint`, { timeout: 200 });
      await guest.run(
        `vmssh nc --banner --wait=600 incus/mint
        until incus list --format=csv --columns=4 mint | grep -q eth0; do sleep 0.5; done`,
        { timeout: 900 },
      );
    }, 900_000);

    test('is listed with its routes, vsock first', async () => {
      const { stdout: cid } = await sh('incus config get mint volatile.vsock_id');
      const { machines } = await listed();
      expect(machines).toMatchObject([
        { name: 'mint', provider: 'incus', status: 'running', cid: Number(cid) },
      ]);
      expect(machines[0].routes.map(({ route }: { route: string }) => route)).toEqual([
        'vsock',
        'exec',
        'ip',
      ]);
    });

    test('is logged in to by vsock, and by its address if that is asked for', async () => {
      const first = await sh('vmssh ssh mint uname -n');
      expect(first, first.stderr).toMatchObject({ code: 0, stdout: 'mint\n' });
      expect(await sh('vmssh ssh --route ip mint uname -n')).toMatchObject({ code: 0, stdout: 'mint\n' });
      expect(await sh('vmssh config install && ssh -n mint uname -n')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/mint\n$/),
      });
    });

    test('without an agent has no exec, which the message says', async () => {
      const { code, stderr } = await sh('vmssh ssh --route exec mint true');
      expect(code).toBe(255);
      expect(stderr).toMatch(
        /^vmssh: cannot connect to "incus\/mint": "mint" does not run the agent that incus needs.*VM agent isn't currently running"\n/,
      );
    });

    test('that is paused goes on by --start', async () => {
      expect(await sh('incus pause mint; vmssh ssh mint true')).toMatchObject({
        code: 255,
        stderr: expect.stringMatching(/^vmssh: cannot find "incus\/mint": "mint" is paused\n/),
      });
      expect(await sh('vmssh ssh --start mint uname -n')).toMatchObject({ code: 0, stdout: 'mint\n' });
    });

    startsOnce(sh, {
      ...startable,
      // It makes itself a host key at each boot.
      off: 'incus stop --force mint; vmssh forget mint',
      starts: 'grep instance-started /run/lifecycle',
      isUp: 'incus list --format=csv --columns=s mint | grep -qx RUNNING',
    });
  });
});
