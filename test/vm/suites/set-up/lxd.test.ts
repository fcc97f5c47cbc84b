import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { bootGuest, type Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { inRootOf } from '../../inside/container.js';
import { outcome, vmsshInstalled } from '../../inside/hypervisor.js';
import { loggedIn, setsUp } from '../../inside/sets-up.js';

// LXD 5.0 itself runs in the guest, and somebody of its group has a container.
describeGuests('a machine of LXD', () => {
  let guest: Guest;
  const sh = (line: string, timeout?: number) => outcome(guest, line, timeout);
  const ann = (line: string, timeout?: number) => sh(loggedIn('ann', line), timeout);

  beforeAll(async () => {
    const root = fileURLToPath(new URL('../../../..', import.meta.url));
    guest = await bootGuest({ suite: 'lxd', cid: 87, share: root, memory: 1536 });
    await guest.run(
      `mkdir -p /host && mount -t virtiofs host /host
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
});
