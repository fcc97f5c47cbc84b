#!/bin/sh
# Runs a command in a copy of another root, which is gone at the end, with this system's processes, devices, network and these folders of it.
# In a mount namespace of its own: in-root.sh ROOT FOLDER... -- COMMAND [ARGUMENT]...
set -eu
root=$1
shift

mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay none -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work,userxattr" /mnt/root
for folder in /proc /dev "$@"; do
  [ "$folder" != -- ] || break
  mkdir -p "/mnt/root$folder"
  mount --rbind "$folder" "/mnt/root$folder"
done
cp -L /etc/resolv.conf /etc/hosts /mnt/root/etc/
while [ "$1" != -- ]; do shift; done
shift
exec chroot /mnt/root "$@"
