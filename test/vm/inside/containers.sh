#!/bin/bash
# containers.sh: containers of Podman and Docker made of the guest's own files, as there is no registry: web, dock, exported, bare
# and off, and for the user tester mine. Their image has an sshd that nobody runs, with host keys; bare's has none.
set -euo pipefail
image=/vm/image

# A program, with what it is linked against.
take() {
  local file
  for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*[^: ]'); do
    case $file in /lib*) file=/usr$file ;; esac
    cp --archive --parents --no-clobber "$file" "$(readlink -f "$file")" "$image"
  done
}

make_root() {
  local part
  mkdir -p "$image"/usr/{bin,sbin,lib,lib64} "$image"/{dev,etc,home,proc,run,sys,tmp,var/empty} "$image/usr/lib/openssh"
  for part in bin sbin lib lib64; do ln -s "usr/$part" "$image/$part"; done
  for part in bash cat dash id mkdir rm rsync sh sleep socat touch uname; do take "/usr/bin/$part"; done
  cp --archive --parents /etc/passwd /etc/group /etc/shadow /etc/nsswitch.conf /etc/os-release /usr/lib/os-release "$image"
  install -d -m 700 "$image/root"
}

add_sshd() {
  take /usr/sbin/sshd /usr/lib/openssh/{sshd-auth,sshd-session,sftp-server} /usr/lib/x86_64-linux-gnu/security/pam_*.so \
    /usr/lib/x86_64-linux-gnu/libnss_*.so.2
  cp --archive --parents /etc/ssh /etc/pam.d /etc/security /etc/login.defs "$image"
  ssh-keygen -A -f "$image" >/dev/null
  cp --archive /root/.ssh "$image/root/"
}

make_root
tar -C "$image" -cf /vm/bare.tar .
add_sshd
tar -C "$image" -cf /vm/own.tar .

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
machine_of() { systemd-run --quiet --pipe --wait --collect --machine=tester@ --user "$@"; }
machine_of podman import --quiet /vm/own.tar own:1
machine_of podman run --detach --name mine --hostname mine --network none own:1 sleep infinity
rm -r "$image" /vm/*.tar
