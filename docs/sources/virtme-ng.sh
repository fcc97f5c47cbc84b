#!/bin/sh
# The guests that vng --ssh PORT of this user runs. As vng --ssh-client PORT does, it logs in by the user's own keys.
[ "$1" = list ] || exit 1
rows=
for process in /proc/[0-9]*; do
  line=$(head -c 16384 "$process/cmdline" | tr '\0' ' ')
  # Root of a container of this user's has another namespace of users, and a set-user-ID program, as su that waits, the words of its caller.
  [ -O "$process" ] && [ "$process/ns/user" -ef /proc/self/ns/user ] && [ -e "$process/exe" ] || continue
  if [ -u "$process/exe" ] || [ -g "$process/exe" ]; then continue; fi
  case $line in
  *qemu-system-*' virtme_ssh_channel=vsock '*) port=${line##*,guest-cid=} before=vsock/ ;;
  *qemu-system-*' virtme_ssh_channel=tcp '*) port=${line##*hostfwd=tcp:127.0.0.1:} before=127.0.0.1: ;;
  *) continue ;;
  esac
  port=${port%%[!0-9]*}
  rows="${rows:+$rows, }{ \"name\": \"vng-$port\", \"status\": \"running\", \"address\": \"$before$port\" }"
done 2> /dev/null
echo "{ \"version\": 1, \"machines\": [$rows] }"
