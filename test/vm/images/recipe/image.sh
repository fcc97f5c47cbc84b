#!/bin/bash
# image.sh FOLDER: a bootable Debian with systemd, sshd and the vsock modules.
# Environment: SUITE, MIRROR, PACKAGES (comma-separated), CHECK_VALID=no (accept an outdated Release file),
# NODE (a node program to put into the image, for suites whose own is too old; "none": no node at all),
# INIT=sysvinit (no systemd: /etc/init.d).
# Leaves in FOLDER: vmlinuz, initrd, root.ext4, id_ed25519, id_ed25519.pub
set -euo pipefail
folder=$1
root="$folder/root"

in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"; }

install_packages() {
  local options=(--dpkgopt='force-unsafe-io' --aptopt='Acquire::Languages "none"')
  for unread in doc man locale info; do options+=(--dpkgopt="path-exclude=/usr/share/$unread/*"); done
  if [ "${CHECK_VALID:-}" = no ]; then options+=(--aptopt='Acquire::Check-Valid-Until "false"'); fi
  mmdebstrap --mode=root --variant=minbase --include="$PACKAGES" --skip=cleanup/apt/lists "${options[@]}" \
    "$SUITE" "$root" "deb $MIRROR $SUITE main"
  chmod 755 "$root"
}

# The cloud kernel has vsock and virtio as modules and virtiofs built in. It is unpacked without being installed, so
# that no initramfs generator is needed. Newer suites split it into several packages.
unpack_kernel() {
  local image parts
  image=$(depends_of linux-image-cloud-amd64 'linux-image-.*' | head -1)
  parts=$(depends_of "$image" 'linux-\(binary\|modules\)-.*')
  # shellcheck disable=SC2086 # several package names
  in_root sh -ec 'cd /tmp && apt-get -qq -o APT::Sandbox::User=root download "$@"
    for deb in linux-*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -xC / --keep-directory-symlink; rm "$deb"; done' \
    sh "$image" $parts
  kernel=$(ls "$root/usr/lib/modules")
  in_root depmod "$kernel"
  cp "$(ls "$root/boot/vmlinuz-$kernel" "$root/usr/lib/modules/$kernel/vmlinuz" 2>/dev/null | head -1)" "$folder/vmlinuz"
  rm -rf "$root"/boot/* "$root"/usr/lib/modules/*/vmlinuz "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
}
depends_of() { in_root apt-cache depends "$1" | sed -n "s/^ *Depends: *\($2\)\$/\1/p"; }

# Root and the user "tester" log in by key, from the host and from the guest itself; root also on the serial console.
configure() {
  ssh-keygen -q -t ed25519 -N '' -C vmssh-test -f "$folder/id_ed25519"
  install -d -m 700 "$root/root/.ssh"
  install -m 600 "$folder/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
  install -m 600 "$folder/id_ed25519" "$root/root/.ssh/id_ed25519"
  in_root useradd -m -s /bin/bash tester
  cp -r "$root/root/.ssh" "$root/home/tester/"
  in_root chown -R tester:tester /home/tester/.ssh
  configure_sshd >"$root/etc/ssh/sshd_config.d/10-vmssh-guest.conf"
  in_root passwd -q -d root
  echo "$SUITE" >"$root/etc/hostname"
  printf '127.0.0.1 localhost %s\n' "$SUITE" >"$root/etc/hosts"
  : >"$root/etc/fstab"
  : >"$root/etc/machine-id" # empty: a new one at each boot; the word "uninitialized" would cost a preset-all at boot
  install -d "$root/host"
  if [ "${INIT:-systemd}" = sysvinit ]; then configure_sysvinit; else configure_systemd; fi
}

configure_systemd() {
  printf '[Match]\nType=ether\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n' \
    >"$root/etc/systemd/network/10-virtio.network"
  install -d "$root/etc/systemd/system/serial-getty@ttyS0.service.d"
  printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --keep-baud 115200 %%I $TERM\n' \
    >"$root/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf"
  in_root systemctl -q enable systemd-networkd ssh
  in_root systemctl -q mask systemd-networkd-wait-online systemd-firstboot apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer apparmor
}

# Without udev nothing loads drivers or names interfaces. QEMU's own network always has this address.
configure_sysvinit() {
  cat >"$root/etc/init.d/guest-net" <<'SCRIPT'
#!/bin/sh
### BEGIN INIT INFO
# Provides: guest-net
# Required-Start: $local_fs
# Required-Stop:
# X-Start-Before: ssh
# Default-Start: 2 3 4 5
# Default-Stop:
# Short-Description: the network of a test guest
### END INIT INFO
if [ "$1" = start ]; then
  modprobe virtio_net
  ip link set lo up
  ip address add 10.0.2.15/24 dev eth0
  ip link set eth0 up
fi
SCRIPT
  chmod 755 "$root/etc/init.d/guest-net"
  in_root update-rc.d guest-net defaults
  in_root update-rc.d ssh defaults
  sed -i '/getty/d' "$root/etc/inittab"
  # Only what a login needs: OpenRC looks at every script before the first, which takes minutes here.
  local script
  for script in $(ls "$root/etc/init.d"); do
    case $script in
      rc | rcS | ssh | guest-net | mountkernfs.sh | mountdevsubfs.sh | bootmisc.sh) ;;
      *) rm -f "$root/etc/init.d/$script" "$root"/etc/rc?.d/[SK][0-9][0-9]"$script" "$root"/etc/runlevels/*/"$script" ;;
    esac
  done
  touch "$root/etc/init.d/.legacy-bootordering"
  printf 'S0:2345:respawn:/sbin/agetty --autologin root --keep-baud 115200 ttyS0 vt100\n' >>"$root/etc/inittab"
}

# Asking again and again whether sshd is up must not get the host locked out. Older ones have no such penalties.
configure_sshd() {
  printf 'SetEnv VMSSH_GUEST=%s\nMaxStartups 100\n' "$SUITE"
  if grep -qi persourcepenalties "$root/usr/sbin/sshd"; then echo 'PerSourcePenalties no'; fi
}

add_node() {
  if [ "${NODE:-}" = none ]; then return 0; fi
  if [ -n "${NODE:-}" ]; then install -m 755 "$NODE" "$root/usr/local/bin/node"; fi
  in_root node --version >&2
}

# An initrd of busybox and the modules between the kernel and its disk, in the order modprobe wants them.
make_initrd() {
  local initrd="$folder/initrd.d" count=10 module
  mkdir -p "$initrd"/{bin,dev,new,modules}
  cp "$root/usr/bin/busybox" "$initrd/bin/"
  for module in $(for name in virtio_pci virtio_blk ext4; do
    in_root modprobe -S "$kernel" --show-depends "$name"; done | awk '/^insmod/ && !seen[$2]++ { print $2 }'); do
    count=$((count + 1))
    case $module in
      *.xz) xz -dc "$root$module" >"$initrd/modules/$count-$(basename "${module%.xz}")" ;;
      *) cp "$root$module" "$initrd/modules/$count-$(basename "$module")" ;;
    esac
  done
  cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for module in /modules/*; do $b insmod "$module"; done
$b mount -o noatime -t ext4 /dev/vda /new && $b mount --move /dev /new/dev
exec $b switch_root /new /sbin/init
INIT
  chmod +x "$initrd/init"
  (cd "$initrd" && find . | "$root/usr/bin/busybox" cpio -o -H newc) >"$folder/initrd"
  rm -rf "$initrd"
}

# What SELinux goes by, if the guest is booted with it (security=selinux on its command line).
label_files() {
  local contexts=/etc/selinux/default/contexts/files/file_contexts
  if [ -e "$root$contexts" ]; then in_root setfiles -F "$contexts" /; fi
}

make_disk() {
  local megabytes=$(($(du -sm "$root" | cut -f1) * 13 / 10 + 256))
  mke2fs -q -t ext4 -O ^has_journal -m 0 -E lazy_itable_init=1 -d "$root" "$folder/root.ext4" "${megabytes}M"
  rm -rf "$root"
}

install_packages
unpack_kernel
configure
add_node
make_initrd
label_files
make_disk
