import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../../bed/guest.js';
import { describeGuests } from '../../describe.js';
import { bootHypervisor, expectList, outcome } from '../../inside/hypervisor.js';
import { loggedIn } from '../../inside/sets-up.js';
import { kernelLine } from '../../inside/virtual-machines.js';

// The guest is the host: Debian's quickemu and GNOME Boxes, on a screen that nobody sees, run the disc image of a person.
describeGuests('machines of quickemu and GNOME Boxes', () => {
  let guest: Guest;
  const says = async (line: string) => (await outcome(guest, loggedIn('tester', line), 900)).stdout;
  const expectMachines = (...machines: readonly object[]) =>
    expectList(guest, { machines, warnings: [] }, 200_000, loggedIn('tester', 'vmssh list --json'));

  beforeAll(async () => {
    // quickemu takes no KVM where the firmware is QEMU's.
    const prepare = `cp /vm/vmlinuz /vm/bzImage && echo none >/vm/maker && mount --bind /vm/maker /sys/class/dmi/id/sys_vendor
      usermod -aG kvm tester && loginctl enable-linger tester && useradd -m bob && cd /usr/share/glib-2.0/schemas
      printf '[org.gnome.boxes]\\nfirst-run=false\\n' >99.gschema.override && /usr/lib/*/glib-2.0/glib-compile-schemas .`;
    guest = await bootHypervisor({ suite: 'desktop', cid: 95, memory: 2560, prepare });
    await guest.run(`set -e
      cd /vm && truncate -s 48M disc && busybox mke2fs -F disc && modprobe loop && mkdir boot && mount -o loop disc boot
      mv bzImage boot/vmlinuz && zstd -q initrd -o boot/initrd && extlinux --install boot
      printf 'DEFAULT a\\nLABEL a\\nLINUX vmlinuz\\nINITRD initrd\\nAPPEND ${kernelLine('mint')}\\n' >boot/extlinux.conf
      umount boot && qemu-img convert -O qcow2 disc mint.qcow2 && cd /home/tester && mkdir debian
      printf '%s\\n' guest_os=linux boot=legacy ram=256M disk_img=debian/disk.qcow2 >debian.conf
      tee debian/disk.qcow2 mint.qcow2 </vm/mint.qcow2 >/dev/null && chown -R tester: .`);
  }, 1_800_000);
  afterAll(() => guest?.stop());

  test('of quickemu have the name of their .conf, and the port that quickemu says', async () => {
    const said = await says('quickemu --display none --vm debian.conf');
    const [, port] = /ssh user@localhost -p (\d+)/.exec(said) ?? [];
    const target = 'qemu/debian';
    await expectMachines({ name: 'debian', target, provider: 'qemu', address: `127.0.0.1:${port}` });
    expect(await outcome(guest, 'su - bob -c "vmssh list"')).toMatchObject({ code: 0, stdout: '' });
    expect(await says(`vmssh ssh --wait=800 root@${target} uname -n`)).toBe('mint\n');
    await says('vmssh config install --no-fresh');
    for (const words of [
      `-o StrictHostKeyChecking=no -p ${port} root@localhost`,
      `root@${target}`,
      'root@debian',
    ])
      expect(await says(`ssh -n -o BatchMode=yes ${words} uname -n`), words).toBe('mint\n');
    // Without vsock nothing else has to listen.
    expect(await says('vmssh setup -v debian')).toMatch(/fix: type on its console, .*authorized_keys\n/);
    await says('quickemu --kill --vm debian.conf');
    await expectMachines();
  }, 900_000);

  test('of GNOME Boxes get a vsock device, and keep it when Boxes saves them', async () => {
    const box = { name: 'boxes-unknown', target: 'qemu/boxes-unknown', provider: 'libvirt' };
    await says(`systemd-run --user -q --unit=screen Xvfb :7; until [ -S /tmp/.X11-unix/X7 ]; do sleep 1; done
      systemd-run --user -q --unit=boxes -p KillMode=process -E DISPLAY=:7 gnome-boxes ~/mint.qcow2
      DISPLAY=:7 python3 /host/test/vm/inside/desktop/press.py Create`);
    await expectMachines({ ...box, status: 'running' });
    expect(await says('vmssh setup -v --yes boxes-unknown')).toMatch(
      /\+ device +the machine has a vsock device now\n.*✗ inside .*no channel .*sshd-vsock\.socket\n/s,
    );
    expect(await says('vmssh ssh --wait=800 root@boxes-unknown uname -n')).toBe('mint\n');
    await says(
      'busctl --user call org.gnome.Boxes /org/gnome/Boxes org.gtk.Actions Activate sava{sv} quit 0 0',
    );
    await expectMachines({ ...box, status: 'saved' });
    // Its libvirtd would end by itself, two minutes later.
    await says('pkill libvirtd; while pgrep -u tester libvirtd; do sleep 1; done');
    await expectMachines({ ...box, status: 'saved' });
    expect(await says('vmssh ssh --start root@boxes-unknown uname -n')).toBe('mint\n');
    const undone = await says('vmssh setup -v --undo --yes boxes-unknown && virsh dumpxml boxes-unknown');
    expect(undone).toMatch(/the vsock device is removed\n(?!.*<vsock).*<title>mint<\/title>/s);
  }, 1_800_000);
});
