#!/bin/bash
# disc.sh FOLDER: makes FOLDER/disc.qcow2 for `podman machine init --image`, in place of Fedora CoreOS: the guest's own files, and
# FOLDER/vmlinuz and FOLDER/initrd of the bed, which a BIOS starts by extlinux. At each boot it runs boot.sh, beside this.
set -euo pipefail
folder=$1 image=$1/root here=$(dirname "$0")
. "$here/../own-root.sh"

truncate -s 200M "$folder/disc"
busybox mke2fs -F "$folder/disc" >/dev/null
modprobe loop
mkdir "$image"
mount -o loop "$folder/disc" "$image"

make_root
add_sshd
# Nobody is let in but by the key that Podman makes; the host key is made at the first boot.
rm -r "$image/root/.ssh" "$image"/etc/ssh/ssh_host_*
sed -i '/^tester:/d' "$image/etc/passwd"
take /usr/bin/busybox
for applet in $(busybox --list); do [ -e "$image/usr/bin/$applet" ] || ln -s busybox "$image/usr/bin/$applet"; done
ln -s ../bin/busybox "$image/usr/sbin/init"
echo '::sysinit:/usr/sbin/boot' >"$image/etc/inittab"

mkdir -p "$image/boot" "$image/modules" "$image/etc/acpi/PWRF"
count=10
for module in $(for name in virtio_net qemu_fw_cfg button evdev; do modprobe --show-depends "$name"; done | sed -n 's/^insmod //p'); do
  count=$((count + 1))
  busybox xzcat "$module" >"$image/modules/$count.ko"
done
install "$here/boot.sh" "$image/usr/sbin/boot"
script() { install /dev/stdin "$image/$1"; }
script etc/acpi/PWRF/00000080 <<<$'#!/bin/sh\nexec poweroff'
script usr/sbin/lease <<<$'#!/bin/sh\n[ "$1" != bound ] || ip address add "$ip/$mask" dev "$interface"'
# Podman tells systemd the proxies of its user: here is none.
script usr/bin/systemctl <<<'#!/bin/sh'

mv "$folder/vmlinuz" "$folder/initrd" "$image/boot"
line='console=ttyS0 quiet mitigations=off random.trust_cpu=on tsc=reliable no_timer_check audit=0 hostname=dev'
printf 'DEFAULT linux\nLABEL linux\nLINUX vmlinuz\nINITRD initrd\nAPPEND %s\n' "$line" >"$image/boot/extlinux.conf"
extlinux --install "$image/boot" 2>/dev/null
umount "$image"
qemu-img convert -O qcow2 "$folder/disc" "$folder/disc.qcow2"
rm -r "$folder/disc" "$image"
