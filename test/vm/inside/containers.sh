#!/bin/bash
# containers.sh: containers of Podman and Docker made of the guest's own files, as there is no registry: web, dock, exported, bare,
# off and idle, and for the user tester mine. Their image has an sshd that nobody runs, with host keys; bare's has none. Those named plain
# have no key of anybody and no host key, as lplain of LXC, luser of
# tester's LXC, and boxed, a folder for chroot; lbare and /srv/bare have no sshd.
set -euo pipefail
image=/vm/image

. "$(dirname "$0")/own-root.sh"

make_root
add_base
tar -C "$image" -cf /vm/bare.tar .
add_sshd
tar -C "$image" -cf /vm/own.tar .

# Of a container of the manager $@.
make_plain() {
  "$@" run --detach --name plain --hostname plain --network none own:1 sleep infinity
  "$@" exec plain bash -c 'rm -r /root/.ssh /etc/ssh/ssh_host_*'
}

# Its service stays once it is asked: on an emulated processor it takes seconds to start.
mkdir -p /etc/containers/containers.conf.d
printf '[engine]\nservice_timeout=0\n' >/etc/containers/containers.conf.d/service.conf
systemctl start podman.socket
podman import --quiet /vm/own.tar own:1 >/dev/null
podman import --quiet /vm/bare.tar bare:1 >/dev/null
for name in web off; do
  podman run --detach --name "$name" --hostname "$name" --network none --label role=front own:1 sleep infinity
done
podman stop --time 0 off
podman run --detach --name bare --network none bare:1 sleep infinity
make_plain podman
ssh-keygen -q -t ed25519 -N '' -f /vm/other
podman run --detach --name shared --network none --volume /root:/root own:1 sleep infinity
podman run --detach --name homes --network none --volume /home:/home own:1 sleep infinity
mkdir -p /srv/export
podman run --detach --name exported --hostname exported --network none --volume /srv/export:/run/host/unix-export own:1 \
  bash -c 'mkdir -p /run/sshd; exec socat UNIX-LISTEN:/run/host/unix-export/ssh,fork EXEC:"/usr/sbin/sshd -i"'

systemctl start docker
docker import /vm/own.tar own:1
docker run --detach --name dock --hostname dock --network none own:1 sleep infinity
make_plain docker
docker create --name idle --hostname idle --network none own:1 sleep infinity

# As a user who is logged in; without a login there is no cgroup for it.
loginctl enable-linger tester
chmod 644 /vm/own.tar
# The container's conmon stays in the unit: without KillMode it would be waited for, and killed.
as_tester() { systemd-run --quiet --pipe --wait --collect --machine=tester@ --user --property=KillMode=process "$@"; }
as_tester podman import --quiet /vm/own.tar own:1
as_tester podman run --detach --name mine --hostname mine --network none own:1 sleep infinity
make_plain as_tester podman

for root in /srv/boxed /var/lib/lxc/lplain/rootfs; do
  mkdir -p "$root"
  tar -C "$root" -xf /vm/own.tar
  rm -r "$root/root/.ssh" "$root"/etc/ssh/ssh_host_*
done
for root in /srv/bare /var/lib/lxc/lbare/rootfs; do
  mkdir -p "$root"
  tar -C "$root" -xf /vm/bare.tar
done
for each in {boxed,bare}/{proc,dev}; do mount --rbind "/${each#*/}" "/srv/$each"; done
for name in lplain lbare; do
  printf 'lxc.%s\n' include=/usr/share/lxc/config/common.conf "rootfs.path=dir:/var/lib/lxc/$name/rootfs" "uts.name=$name" net.0.type=empty \
    'init.cmd=/usr/bin/sleep infinity' apparmor.profile=unconfined >"/var/lib/lxc/$name/config"
  lxc-start --name "$name"
done
# Its root is tester, its other users are of tester's range.
as_tester sh -e <<'END'
folder=~/.local/share/lxc/luser
mkdir -p "$folder/rootfs"
unshare --map-auto --map-root-user sh -ec 'tar -C "$1" -xf /vm/own.tar; rm -r "$1"/root/.ssh "$1"/etc/ssh/ssh_host_*' - "$folder/rootfs"
{
  printf 'lxc.include=/usr/share/lxc/config/%s.conf\n' common userns
  for each in u g; do printf "lxc.idmap=$each %s\n" "0 $(id -u) 1" '1 100000 65535'; done
  printf 'lxc.%s\n' "rootfs.path=dir:$folder/rootfs" uts.name=luser net.0.type=empty 'init.cmd=/usr/bin/sleep infinity' \
    apparmor.profile=unconfined
} >"$folder/config"
DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus lxc-start --name luser
END
rm -r "$image" /vm/*.tar
