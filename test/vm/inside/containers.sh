#!/bin/bash
# containers.sh: containers of Podman and Docker made of the guest's own files, as there is no registry: web, dock, exported, bare
# and off, and for the user tester mine. Their image has an sshd that nobody runs, with host keys; bare's has none.
set -euo pipefail
image=/vm/image

# Files, and what programs among them are linked against; ldd has a code for those that are none.
take() {
  local libraries
  libraries=$(ldd "$@" 2>/dev/null | grep -o '/[^ ]*[^: ]' || true)
  # shellcheck disable=SC2086 # several paths
  printf '%s\n' "$@" $libraries | sort -u | xargs cp -rL --preserve=mode --parents --target-directory="$image"
}

make_root() {
  local part
  mkdir -p "$image"/usr/{bin,sbin,lib,lib64} "$image"/{dev,etc,home,proc,run,sys,tmp,var/empty}
  for part in bin sbin lib lib64; do ln -s "usr/$part" "$image/$part"; done
  take /usr/bin/{bash,cat,dash,grep,id,mkdir,rm,rsync,sh,sleep,socat,uname} \
    /etc/{group,nsswitch.conf,os-release,passwd,shadow} /usr/lib/os-release
  install -d -m 700 "$image/root"
}

add_sshd() {
  ssh-keygen -A >/dev/null
  take /usr/sbin/sshd /usr/lib/openssh/{sshd-auth,sshd-session,sftp-server} /etc/ssh /root/.ssh
  # PAM needs more files.
  echo 'UsePAM no' >"$image/etc/ssh/sshd_config.d/00-own.conf"
}

make_root
tar -C "$image" -cf /vm/bare.tar .
add_sshd
tar -C "$image" -cf /vm/own.tar .

systemctl start podman.socket
podman import --quiet /vm/own.tar own:1 >/dev/null
podman import --quiet /vm/bare.tar bare:1 >/dev/null
for name in web off; do
  podman run --detach --name "$name" --hostname "$name" --network none --label role=front own:1 sleep infinity
done
podman stop --time 0 off
podman run --detach --name bare --network none bare:1 sleep infinity
mkdir -p /srv/export
podman run --detach --name exported --hostname exported --network none --volume /srv/export:/run/host/unix-export own:1 \
  bash -c 'mkdir -p /run/sshd; exec socat UNIX-LISTEN:/run/host/unix-export/ssh,fork EXEC:"/usr/sbin/sshd -i"'

systemctl start docker
docker import /vm/own.tar own:1
docker run --detach --name dock --hostname dock --network none own:1 sleep infinity

# As a user who is logged in; without a login there is no cgroup for it.
loginctl enable-linger tester
chmod 644 /vm/own.tar
# The container's conmon stays in the unit: without KillMode it would be waited for, and killed.
as_tester() { systemd-run --quiet --pipe --wait --collect --machine=tester@ --user --property=KillMode=process "$@"; }
as_tester podman import --quiet /vm/own.tar own:1
as_tester podman run --detach --name mine --hostname mine --network none own:1 sleep infinity
rm -r "$image" /vm/*.tar
