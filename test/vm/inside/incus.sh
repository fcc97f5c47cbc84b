#!/bin/bash
# incus.sh FOLDER: starts Incus and in it two containers: "web", with the programs of what second-level.sh left in FOLDER, which says
# "up" in /up when its SSH server listens; and "deb", of the guest's own files, whose sshd nobody runs. Each start and stop is a
# line of /run/lifecycle.
set -euo pipefail
initrd=$1/initrd
image=$1/own/rootfs
. "$(dirname "$0")/own-root.sh"
make_root
add_base
add_sshd
printf '#!/bin/sh\nexec sleep 1000000\n' >"$image/usr/sbin/init"
chmod +x "$image/usr/sbin/init"
image=$1/incus
mkdir -p "$image/rootfs/sbin"
(cd "$image/rootfs" && busybox cpio -id <"$initrd" 2>/dev/null && rm -r init modules)
cat >"$image/rootfs/sbin/init" <<'INIT'
#!/usr/bin/busybox sh
/usr/bin/busybox --install -s /bin
export PATH=/bin:/usr/sbin
ip link set lo up
ip link set eth0 up
dropbear -R
until udhcpc -nq -i eth0 -s /bin/lease; do sleep 1; done
echo up >/up
exec sleep 1000000
INIT
chmod +x "$image/rootfs/sbin/init"
for folder in "$1/incus" "$1/own"; do
  printf 'architecture: x86_64\ncreation_date: 1\n' >"$folder/metadata.yaml"
  tar -C "$folder" -cf "$folder.tar" metadata.yaml rootfs
  rm -r "$folder"
done

systemctl start incus
incus admin init --preseed <<'PRESEED'
storage_pools: [{ name: default, driver: dir }]
networks: [{ name: incusbr0, type: bridge, config: { ipv4.address: 10.88.0.1/24, ipv4.nat: "false", ipv6.address: none } }]
profiles:
  - name: default
    devices:
      root: { type: disk, path: /, pool: default }
      eth0: { type: nic, network: incusbr0, name: eth0 }
PRESEED
systemd-run --quiet --unit=lifecycle --setenv=HOME=/root --property=StandardOutput=file:/run/lifecycle \
  incus monitor --type=lifecycle --format=json
incus image import "$1/incus.tar" --alias small
incus image import "$1/own.tar" --alias own
incus launch own deb
incus launch small web --device eth0,ipv4.address=10.88.0.7
until incus exec web -- cat /up; do sleep 0.5; done 2>/dev/null
