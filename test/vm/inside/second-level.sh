#!/bin/sh
# second-level.sh FOLDER: what a guest needs to run guests of its own, made of its own files and of FOLDER/vmlinuz.
# Leaves in FOLDER: vmlinux (QEMU starts it at once; without unpacking itself) and
# initrd: busybox, vsock, an address by DHCP if there is a network, and an SSH server on vsock port 22 and on that address,
# which makes itself a host key at each boot; and the guest agent of QEMU, for a machine with its port, and the public key where it
# reads it. It says "up" on the console when the SSH server listens.
set -eu
folder=$1
root=$folder/root

number() { od -An "-t$1" "-j$2" "-N$3" "$folder/vmlinuz"; } # the header of a bzImage: setup_sects, payload_offset and _length
at=$((($(number u1 497 1) + 1) * 512 + $(number u4 584 4)))
tail -c "+$((at + 1))" "$folder/vmlinuz" | head -c $(($(number u4 588 4) - 4)) | zstd -dcq >"$folder/vmlinux"

mkdir -p "$root/bin" "$root/dev" "$root/run" "$root/etc/dropbear" "$root/etc/ssh" "$root/modules"
install -D -m 600 /root/.ssh/authorized_keys "$root/root/.ssh/authorized_keys"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
for program in /usr/bin/busybox /usr/bin/socat /usr/sbin/dropbear /usr/bin/dropbearkey \
  /usr/sbin/qemu-ga /usr/lib/openssh/sftp-server; do
  for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
    [ -e "$root$file" ] || install -D "$file" "$root$file"
  done
done
# Where dropbear starts it, for scp.
ln -s openssh/sftp-server "$root/usr/lib/sftp-server"
count=10
for module in $({ modprobe --show-depends vmw_vsock_virtio_transport; modprobe --show-depends virtio_net; modprobe --show-depends virtio_console; } | sed -n 's/^insmod //p'); do
  count=$((count + 1))
  busybox xzcat "$module" >"$root/modules/$count.ko"
done
# Without /proc dropbear does not start itself anew for each connection, which takes seconds here.
cat >"$root/init" <<'INIT'
#!/usr/bin/busybox sh
/usr/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mkdir /dev/pts
mount -t devpts devpts /dev/pts
for module in /modules/*; do insmod $module; done
ip link set lo up
dropbearkey -t ed25519 -f /etc/dropbear/dropbear_ed25519_host_key | grep ^ssh-ed25519 >/etc/ssh/ssh_host_ed25519_key.pub
dropbear -R -P /run/dropbear.pid
# The port comes a little after its module.
agent=/dev/vport0p1
for second in $(seq 30); do
  [ ! -c $agent ] || exec qemu-ga --method virtio-serial --path $agent --statedir /run --pidfile /run/qemu-ga.pid
  sleep 1
done &
ip link set eth0 up 2>/dev/null && udhcpc -b -i eth0 -s /bin/lease >/dev/null 2>&1 &
printf '\nup\n' >/dev/ttyS0 # a firmware may have left its line open
exec socat VSOCK-LISTEN:22,fork TCP:127.0.0.1:22
INIT
cat >"$root/bin/lease" <<'LEASE'
#!/bin/sh
[ "$1" != bound ] || ip address add "$ip/$mask" dev "$interface"
LEASE
chmod +x "$root/init" "$root/bin/lease"
(cd "$root" && find . | busybox cpio -o -H newc) >"$folder/initrd"
rm -r "$root" "$folder/vmlinuz"
