import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { cpuWithKvm, expectList, outcome, vmsshInstalled } from '../../inside/hypervisor.js';
import { loggedIn } from '../../inside/sets-up.js';
import { startsOnce } from '../../inside/start-on-demand.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

// The guest is the host: Debian's Podman, gvproxy and QEMU run a disc image that stands for Fedora CoreOS.
describeGuests('machines of podman machine', () => {
  let guest: Guest;
  const as = (line: string, timeout = 400) => outcome(guest, loggedIn('tester', line), timeout);
  const list = loggedIn('tester', 'vmssh list --json');

  const expectRow = (row: object) =>
    expectList(guest, { machines: [row], warnings: [{ provider: 'docker', code: 'CLOSED' }] }, 2e5, list);

  beforeAll(async () => {
    guest = await bootGuest({ suite: 'containers', cpu: cpuWithKvm, cid: 94, share: root, memory: 2048 });
    const image = dirname(guest.identity);
    await guest.copyIn({ '/vm/vmlinuz': `${image}/vmlinuz`, '/vm/initrd': `${image}/initrd` });
    await guest.run(
      `set -e
      mkdir -p /host /usr/local/libexec/podman && mount -t virtiofs host /host && modprobe kvm_amd
      ${vmsshInstalled}
      bash /host/test/vm/inside/podman-machine/disc.sh /vm
      # Where Podman looks for it: Debian has it in /usr/bin.
      printf '#!/bin/sh\\necho start >>~/starts\\nexec /usr/bin/gvproxy "$@"\\n' >/usr/local/libexec/podman/gvproxy
      chmod 755 /usr/local/libexec/podman/gvproxy
      usermod -aG kvm tester && loginctl enable-linger tester && install -o tester /dev/null /run/1 && install -o tester /dev/null /run/2`,
      { timeout: 900 },
    );
    const made = await as(
      'podman machine init --image /vm/disc.qcow2 --cpus 1 --memory 384 --disk-size 1 --volume "" dev',
    );
    expect(made).toMatchObject({ code: 0 });
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('are listed with the port, the user and the key that Podman has', async () => {
    const { stdout } = await as('podman machine inspect dev');
    const [{ SSHConfig: own }] = JSON.parse(stdout);
    const dev = {
      ...{ name: 'dev', target: 'podman/dev', provider: 'podman', address: `127.0.0.1:${own.Port}` },
      ...{ user: own.RemoteUsername, identityFile: own.IdentityPath },
    };
    expect(dev.user).toBe('core');
    await expectRow({ ...dev, status: 'off' });
    expect(await as('podman machine start dev', 1200)).toMatchObject({ code: 0 });
    await expectRow({ ...dev, status: 'running' });
  }, 1_800_000);

  test('are logged in to by the key that Podman made, by vmssh, and by ssh with each spelling', async () => {
    expect(await as('vmssh ssh podman/dev "id -un; exit 7"')).toMatchObject({ code: 7, stdout: 'core\n' });
    expect(await as('vmssh config install --no-fresh')).toMatchObject({ code: 0 });
    for (const host of ['dev', 'podman/dev', 'podman%dev']) {
      const { stdout, stderr } = await as(`ssh -n -o BatchMode=yes ${host} id -un`);
      expect({ stdout, stderr }, host).toEqual({ stdout: 'core\n', stderr: '' });
    }
  }, 900_000);

  // Podman lists it as "Currently starting" from then on, even after `podman machine stop`.
  const killed = `setsid podman machine start dev >/dev/null 2>&1 &
    until podman machine list --format json | grep -q "Starting.*true"; do sleep 0.5; done; kill -KILL -- -$!`;
  startsOnce(as, {
    ...{ target: 'podman/dev', name: 'dev', command: 'podman machine start dev' },
    off: `podman machine stop dev || exit; ${killed}`,
    starts: 'cat ~/starts',
    isUp: 'podman machine inspect dev | grep -q running',
  });
});
