import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { inRootOf } from '../../inside/container.js';
import { cpuWithKvm, outcome, plainDisk, vmsshInstalled } from '../../inside/hypervisor.js';
import { loggedIn, setsUp } from '../../inside/sets-up.js';
import { plainOfIncus } from '../../inside/virtual-machines.js';

// LXD 5.0 itself runs in the guest, and somebody of its group has a container and a virtual machine.
describeGuests('machines of LXD', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const ann = (line: string, timeout?: number) => sh(loggedIn('ann', line), timeout);

  beforeAll(async () => {
    const root = fileURLToPath(new URL('../../../..', import.meta.url));
    guest = await bootGuest({
      ...{ suite: 'lxd', cpu: cpuWithKvm, cid: 87, share: root, memory: 1536, qemu: plainDisk('lxd') },
    });
    const image = dirname(guest.identity);
    await guest.copyIn({ '/vm/vmlinuz': `${image}/vmlinuz`, '/vm/plain-initrd': `${image}/initrd` });
    await guest.run(
      `modprobe -a kvm_amd vhost_vsock
      mkdir -p /host && mount -t virtiofs host /host
      ${vmsshInstalled}
      bash /host/test/vm/suites/set-up/lxd.sh
      useradd --create-home --shell /bin/bash --groups lxd ann && loginctl enable-linger ann
      # lxc makes itself a folder of settings when it first runs.
      su - ann -c 'lxc list && mkdir -m 700 .ssh && ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519'`,
      { timeout: 600 },
    );
  }, 1_800_000);
  afterAll(() => guest?.stop());

  setsUp(sh, {
    ...{ target: 'incus/plain', user: ann, account: 'tester', second: 'root' },
    inside: (script) => inRootOf('lxc info plain | sed -n "s/^PID: //p"', script),
  });

  describe('a virtual machine', () => {
    beforeAll(() => guest.run(plainOfIncus('lxc', 'full', '/vm/vmlinuz'), { timeout: 900 }), 1_200_000);
    setsUp(sh, {
      ...{ target: 'incus/full', user: ann, account: 'tester', second: 'root' },
      inside: (script) => `lxc exec full -- bash -s <<'E'\ncd /\n${script}\nE`,
      places: 'etc home root usr/local var/lib/vmssh',
    });
  });
});
