import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../bed/guest.js';
import { describeGuests } from '../describe.js';
import { bootHypervisor, expectList, outcome } from '../inside/hypervisor.js';
import { up } from '../inside/virtual-machines.js';

const mkosi = 'cd /vm/mkosi && mkosi';
const vagrant = 'cd /vm/vagrant && VAGRANT_CHECKPOINT_DISABLE=1 vagrant';
/** Where Vagrant keeps the key that it makes for a machine in its first login; `vagrant ssh` uses it from there. */
const vagrantKey = '/vm/vagrant/.vagrant/machines/default/libvirt/private_key';

// The tools start their own machines, in a guest that is their host. Each machine takes one key, that of its tool.
describeGuests('machines of mkosi and Vagrant', () => {
  let guest: Guest;
  const sh = (line: string) => outcome(guest, line, 600);

  beforeAll(async () => {
    guest = await bootHypervisor({
      cid: 83,
      memory: 1536,
      // Root's own key goes to Vagrant, so that each machine can only be logged in to by the key that its tool names.
      prepare: `cp -r /host/test/vm/inside/mkosi /host/test/vm/inside/vagrant /vm
        ssh-keygen -q -t ed25519 -N '' -f /vm/mkosi/mkosi.key && cat /vm/mkosi/mkosi.key.pub >>/root/.ssh/authorized_keys
        mv /root/.ssh/id_ed25519 /vm/vagrant/key`,
    });
    // As `mkosi build` leaves an image. `mkosi ssh` looks where `mkosi vm` of the same user's systemd writes.
    await guest.run(`set -e
      cp /vm/initrd /vm/mkosi/image.cpio && ln -s image.cpio /vm/mkosi/image
      loginctl enable-linger root
      systemd-run --user -q --collect --unit=mkosi -p WorkingDirectory=/vm/mkosi mkosi vm`);
    // The vsock device is added while the machine boots. "vagrant up" does not log in here, so it makes no key itself.
    await guest.run(
      `set -e
      virsh -q pool-define-as default dir --target /var/lib/libvirt/images
      ${vagrant} up --provider=libvirt
      install -m 600 key ${vagrantKey} && rm key
      echo "<vsock model='virtio'><cid auto='yes'/></vsock>" | virsh -q attach-device vagrant_default /dev/stdin --live`,
      { timeout: 900 },
    );
    await guest.run(`${up({ name: 'image' })}; ${up({ name: 'box' })}`, { timeout: 1800 });
  }, 3_600_000);
  afterAll(() => guest?.stop());

  test('are listed once each', async () => {
    await expectList(guest, {
      machines: [
        { name: 'image', target: 'machine/image', status: 'running' },
        {
          ...{
            name: 'vagrant_default',
            target: 'qemu/vagrant_default',
            provider: 'libvirt',
            status: 'running',
          },
          ...{ user: 'vagrant', identityFile: vagrantKey },
        },
      ],
      warnings: [],
    });
  });

  test('have Hosts, that of Vagrant with its user and key', async () => {
    expect(await sh('vmssh config install && ssh -G image | grep ^proxycommand')).toMatchObject({ code: 0 });
    expect((await sh("ssh -G vagrant_default | grep -E '^(user|identityfile) '")).stdout).toBe(
      `user vagrant\nidentityfile ${vagrantKey}\n`,
    );
  });

  test('Vagrant’s is not logged in to without its key', { timeout: 900_000 }, async () => {
    const { code, stderr } = await sh(
      `mv ${vagrantKey} /vm/away; ssh -n -o IdentityAgent=none root@vagrant_default uname -n; code=$?
      mv /vm/away ${vagrantKey}; exit $code`,
    );
    expect({ code, stderr }).toEqual({ code: 255, stderr: expect.stringContaining('Permission denied') });
  });

  test.each([
    ['mkosi', 'image', 'ssh -n image uname -n', `${mkosi} ssh uname -n`],
    [
      'vagrant',
      'box',
      'ssh -n -o IdentityAgent=none root@vagrant_default uname -n',
      `${vagrant} ssh --no-tty -c 'uname -n'`,
    ],
  ])('are logged in to by ssh as by %s ssh', { timeout: 900_000 }, async (_tool, says, byName, own) => {
    const { stderr, ...done } = await sh(`${byName} && ${own} </dev/null`);
    expect(done, stderr).toEqual({ code: 0, stdout: `${says}\n${says}\n` });
  });

  test('are gone when their tools have ended them', { timeout: 900_000 }, async () => {
    await sh(`${mkosi} ssh poweroff -f; while systemctl --user is-active -q mkosi; do sleep 0.5; done`);
    expect(await sh(`${vagrant} destroy -f`)).toMatchObject({ code: 0 });
    await expectList(guest, { machines: [], warnings: [] });
  });
});
