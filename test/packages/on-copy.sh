#!/bin/sh
# Runs a command on a copy of this system, which is gone at the end. In a mount namespace of its own: on-copy.sh COMMAND [ARGUMENT]...
set -eu

mount -t tmpfs none /mnt
for folder in etc opt root usr var; do
  mkdir -p "/mnt/$folder/upper" "/mnt/$folder/work"
  mount -t overlay none -o "lowerdir=/$folder,upperdir=/mnt/$folder/upper,workdir=/mnt/$folder/work" "/$folder"
done
exec "$@"
