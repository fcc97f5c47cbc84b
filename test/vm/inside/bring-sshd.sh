#!/bin/bash
# bring-sshd.sh: containers without an sshd, made of the guest's own files: for Podman and Docker as root, and for Podman of the user tester.
# slim has what a small Debian has, box BusyBox, user a user of its own, number one without an entry, ro a read-only root besides, own an
# sshd, none no shell, full a small tmpfs, and nowhere no folder for programs.
set -euo pipefail
image=/vm/image

. "$(dirname "$0")/own-root.sh"

make_root
take /usr/bin/{chmod,head,stty,tty,tail}
echo 'app:x:1500:1500::/home/app:/usr/sbin/nologin' >>"$image/etc/passwd"
install -d -o 1500 -g 1500 "$image/home/app"
install -d -m 1777 "$image/tmp"
tar -C "$image" -cf /vm/slim.tar .
add_sshd
tar -C "$image" -cf /vm/own.tar .
box=/vm/box
mkdir -p "$box"/{bin,dev,etc,proc,root,run,sys,tmp}
cp /usr/bin/busybox "$box/bin"
for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "$box/bin/$name"; done
echo 'root:x:0:0:root:/root:/bin/sh' >"$box/etc/passwd"
tar -C "$box" -cf /vm/box.tar .
none=/vm/none
mkdir -p "$none"/{dev,etc,proc,run,sys,tmp}
cp /usr/bin/busybox "$none/sleep"
tar -C "$none" -cf /vm/none.tar .
chmod 644 /vm/*.tar

# Makes them. $@: what runs the manager.
make() {
  local name
  for name in slim box none own; do "$@" import "/vm/$name.tar" "$name:1" >/dev/null; done
  start() {
    name=$1
    shift
    "${manager[@]}" run --detach --network none --name "$name" --hostname "$name" "$@" >/dev/null
  }
  manager=("$@")
  for name in slim box own; do start "$name" "$name:1" sleep 100000; done
  start none none:1 /sleep 100000
  start user --user 1500:1500 --env 'GREETING=a "b" $c' slim:1 sleep 100000
  start number --user 4711 slim:1 sleep 100000
  start ro --user 1500:1500 --read-only --tmpfs /run:exec,mode=1777 slim:1 sleep 100000
  start full --user 1500:1500 --read-only --tmpfs /run:exec,mode=1777,size=1m --tmpfs /tmp:noexec slim:1 sleep 100000
  start bare --cap-drop all slim:1 sleep 100000
  start nowhere --read-only --tmpfs /run:noexec --tmpfs /tmp:noexec slim:1 sleep 100000
}

systemctl start podman.socket docker
make podman
make docker
loginctl enable-linger tester
as_tester() { systemd-run --quiet --pipe --wait --collect --machine=tester@ --user --property=KillMode=process "$@"; }
make as_tester podman
rm -r "$image" "$box" "$none" /vm/*.tar
