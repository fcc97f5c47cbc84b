#!/bin/sh
# boot.sh: what Fedora CoreOS does for `podman machine` at a boot. Ignition gives the accounts of Podman's configuration their key, sshd
# starts, and then the unit "ready.service", which is in that configuration too.
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /run/sshd
mount -t devpts devpts /dev/pts
for module in /modules/*; do insmod "$module"; done
config=/sys/firmware/qemu_fw_cfg/by_name/opt/com.coreos/config/raw
sed 's/{"name":/\n&/g' $config | sed -n 's/^{"name":"\([^"]*\)","sshAuthorizedKeys":\["\([^"]*\)"\].*/\1 \2/p' |
  while read -r name key; do
    home=/root owner=0
    [ "$name" = root ] || home=/home/$name owner=1000
    grep -q "^$name:" /etc/passwd || echo "$name:*:$owner:$owner::$home:/bin/bash" >>/etc/passwd
    mkdir -p "$home/.ssh"
    echo "$key" >"$home/.ssh/authorized_keys"
    chown -R $owner:$owner "$home"
  done
ip link set lo up
ip link set eth0 up
udhcpc -q -n -i eth0 -s /usr/sbin/lease
key=/etc/ssh/ssh_host_ed25519_key
[ -e $key ] || ssh-keygen -q -t ed25519 -N '' -f $key
/usr/sbin/sshd
acpid -d 2>/dev/null &
# Podman waits for what this writes to the port that it gave the machine.
sed -n "s/.*'\([^']*echo Ready [^']*\)'.*/\1/p" $config | sed 's/\\u003e/>/' | sh
