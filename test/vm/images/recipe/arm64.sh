#!/bin/bash
# arm64.sh FOLDER: a small Debian for arm64 with sshd, all of it in an initrd. None of its programs is run here. Needs MIRROR in the
# environment. Leaves in FOLDER: vmlinuz, initrd, id_ed25519, id_ed25519.pub
set -euo pipefail
folder=$1
root="$folder/root"
packages=base-files,base-passwd,bash,busybox-static,coreutils,kmod,libc-bin,linux-image-cloud-arm64,openssh-client,openssh-server,procps,socat

unpack() {
  mmdebstrap --mode=root --variant=extract --arch=arm64 --include="$packages" --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    trixie "$root" "deb $MIRROR trixie main"
}

take_kernel() {
  local kernel modules
  kernel=$(basename "$(echo "$root"/usr/lib/modules/*)")
  modules="$root/usr/lib/modules/$kernel"
  cp "$(ls "$root/boot/vmlinuz-$kernel" "$modules/vmlinuz" 2>/dev/null | head -1)" "$folder/vmlinuz"
  find "$modules/kernel" -type f ! -path '*/vmw_vsock/*' ! -path '*/virtio/*' -delete
  rm -rf "$root"/boot/* "$modules/vmlinuz"
}

configure() {
  ssh-keygen -q -t ed25519 -N '' -C vmssh-test -f "$folder/id_ed25519"
  ssh-keygen -q -t ed25519 -N '' -C arm64 -f "$root/etc/ssh/ssh_host_ed25519_key"
  install -d -m 700 "$root/root/.ssh"
  install -m 600 "$folder/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
  install -m 600 "$folder/id_ed25519" "$root/root/.ssh/id_ed25519"
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  sed -i 's,^root:.*,root::0:0:root:/root:/bin/bash,' "$root/etc/passwd"
  echo 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >>"$root/etc/passwd"
  printf 'UsePAM no\nHostKey /etc/ssh/ssh_host_ed25519_key\nSetEnv VMSSH_GUEST=arm64\nSubsystem sftp internal-sftp\n' >"$root/etc/ssh/sshd_config"
  cat >"$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run/sshd /tmp
busybox mount -t devpts pts /dev/pts
busybox mount -t tmpfs run /run
mkdir -m 755 /run/sshd
depmod
for module in virtio_pci vmw_vsock_virtio_transport vsock_loopback; do modprobe "$module"; done
for from in VSOCK-LISTEN:22 UNIX-LISTEN:/run/sshd.sock; do
  socat "$from,fork" EXEC:'/usr/sbin/sshd -i' &
done
busybox dmesg -n 1
echo ready
while true; do busybox sleep 3600; done
INIT
  chmod 755 "$root/init"
}

unpack
take_kernel
configure
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$folder/initrd"
rm -rf "$root"
