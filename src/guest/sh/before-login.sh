#!/bin/sh
# vmssh: shows which machine this is and where its journal ends, before a login to it is tried; changes nothing.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.

set -u
. ./parts/report.sh
. ./parts/facts.sh
. ./parts/vsock.sh
. ./log/journal.sh

# before_login PEER: as sshd has it in SSH_CONNECTION, which sudo does not keep.
before_login() {
  say ok boot "$(cat "$R/proc/sys/kernel/random/boot_id")"
  say ok user "${SUDO_USER:-$(id -un)}"
  say ok peer "$1"
  say ok cursor "$(journal_end)"
  if ! exports_sshd; then say ok cid "read; the CID is $(own_cid)"; fi
  say 'end' 0 'looked'
}

before_login "${1:-${SSH_CONNECTION:-}}" </dev/null
