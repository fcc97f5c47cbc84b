#!/bin/sh
# sshd-vsock PORT: starts an sshd for each connection to that vsock port. An init without socket units runs this.

set -u
R=
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
newline='
'
umask 022

. ./../parts/find-sshd.sh

. ./../parts/machine.sh
. ./load-vsock.sh

# As many at a time as MaxConnections= of systemd. Each sshd has a session of its own: what stops this does not stop the logins.
listen() {
  sshd=$(find_sshd) || exit 1
  mkdir -p "$(privsep_folder "$sshd")"
  ssh-keygen -A >/dev/null
  accept=fork,max-children=64
  start="EXEC:$sshd -i,nofork,setsid"
  if has_export; then exec socat "UNIX-LISTEN:$export_socket,unlink-early,mode=666,$accept" "$start"; fi
  load_vsock
  exec socat "VSOCK-LISTEN:$1,$accept" "$start"
}

listen "${1:-22}"
