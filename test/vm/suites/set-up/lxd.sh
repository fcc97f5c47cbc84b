#!/bin/bash
# lxd.sh: starts LXD and in it a container "plain" of the guest's own files, with an sshd that nobody runs, no host key and nobody's key.
set -euo pipefail
image=/vm/own/rootfs
. "$(dirname "$0")/../../inside/own-root.sh"
make_root
add_base
add_sshd
rm -r "$image"/root/.ssh "$image"/etc/ssh/ssh_host_*
printf '#!/bin/sh\nexec sleep 1000000\n' >"$image/usr/sbin/init"
chmod +x "$image/usr/sbin/init"
printf 'architecture: x86_64\ncreation_date: 1\n' >/vm/own/metadata.yaml
tar -C /vm/own -cf /vm/own.tar metadata.yaml rootfs
rm -r /vm/own
systemctl start lxd
lxd init --preseed <<'PRESEED'
storage_pools: [{ name: default, driver: dir }]
profiles: [{ name: default, devices: { root: { type: disk, path: /, pool: default } } }]
PRESEED
lxc image import /vm/own.tar --alias own
lxc launch own plain </dev/null
