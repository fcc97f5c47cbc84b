import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { bootGuest, type Guest } from '../bed/guest.js';
import { cachedImage } from '../images/cache.js';
import type { Suite } from '../types.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Its SVM, which QEMU emulates, makes /dev/kvm in the guest: a machine there is not emulated twice. */
export const cpuWithKvm = 'EPYC,+svm,+npt';

/** The guest's own image once more, which nobody has booted: /dev/vdb there. */
export const plainDisk = (suite: Suite) => [
  '-drive',
  `file=${cachedImage(suite).folder}/root.ext4,if=none,id=plain,format=raw,readonly=on`,
  ...['-device', 'virtio-blk-pci,drive=plain'],
];

/**
 * A guest that is a host of virtual machines: it has /dev/kvm and /dev/vhost-vsock, vmssh, this project in /host, and in /vm what
 * second-level.sh leaves, with the initrd of the image's own disk. `prepare` is a script that runs before that; `memory` is in MiB.
 */
export async function bootHypervisor({
  suite = 'hypervisor',
  cid,
  memory,
  prepare = '',
}: {
  readonly suite?: 'hypervisor' | 'hypervisor-sid' | 'desktop';
  readonly cid: number;
  readonly memory: number;
  readonly prepare?: string;
}): Promise<Guest> {
  const guest = await bootGuest({
    ...{ suite, cpu: cpuWithKvm, bootTimeout: 900 },
    ...{ cid, share: root, memory, qemu: plainDisk(suite) },
  });
  await guest.copyIn({
    '/vm/vmlinuz': `${dirname(guest.identity)}/vmlinuz`,
    '/vm/plain-initrd': `${dirname(guest.identity)}/initrd`,
    '/vm/second-level.sh': `${root}/test/vm/inside/second-level.sh`,
  });
  await guest.run(
    `set -e
    mkdir -p /host && mount -t virtiofs host /host && modprobe -a kvm_amd vhost_vsock
    systemctl set-property --runtime machine.slice CPUWeight=1
    # Bridges of libvirt and Incus are not for the guest's networkd.
    printf '[Match]\\nName=vnet* virbr* incusbr0 veth* tap*\\n[Link]\\nUnmanaged=yes\\n' >/run/systemd/network/05-bridges.network
    networkctl reload
    ${vmsshInstalled}
    ${prepare}
    sh /vm/second-level.sh /vm`,
    { timeout: 400 },
  );
  return guest;
}

/** A script after which ssh takes the first key of a machine without a question, for all users, as docs/host-keys.md has it. */
export const takesFirstKeys =
  'echo StrictHostKeyChecking accept-new >/etc/ssh/ssh_config.d/50-first-keys.conf';

/** A script that installs this project's vmssh from /host: the executable if it is built, since Node takes seconds to start here. First keys are taken. */
export const vmsshInstalled = `if [ -x /host/dist/linux-x64/vmssh ]; then cp /host/dist/linux-x64/vmssh /usr/local/bin/vmssh; else
      printf '#!/bin/sh\\nexec node /host/dist/vmssh.js "$@"\\n' >/usr/local/bin/vmssh && chmod +x /usr/local/bin/vmssh
    fi
    ${takesFirstKeys}`;

/** What came of a line of the guest's shell, for `timeout` seconds, whatever its exit code. */
export async function outcome(guest: Guest, line: string, timeout = 200) {
  const { stdout, stderr, code } = await guest.run(line, { timeout, allowFailure: true });
  return { stdout, code, stderr };
}

/** Again and again, for `timeout` milliseconds: on a machine as slow as this one a provider may be late, which is a warning. */
export async function expectList(guest: Guest, wanted: object, timeout = 1e5, list = 'vmssh list --json') {
  await expect
    .poll(async () => JSON.parse((await outcome(guest, list)).stdout), { timeout, interval: 500 })
    .toMatchObject(wanted);
}
