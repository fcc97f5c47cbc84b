#!/bin/sh
# vmssh: shows what keeps sshd from answering on vsock here; changes nothing.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.

set -u
. ./parts/report.sh
. ./parts/facts.sh
. ./check/as.sh
. ./parts/vsock.sh
. ./check/unit-sshd.sh
. ./check/system.sh
. ./init/init.sh
. ./check/transport.sh
. ./check/socket.sh
. ./check/answer.sh
. ./check/denied.sh
. ./check/may-write.sh
. ./check/account.sh
. ./check/keys.sh
. ./log/attempt.sh
. ./check/login.sh
. ./check/credentials.sh

check_all() {
  if ! is_root; then say skipped root 'not run as root: what only root can read is not checked'; fi
  logged_in=no
  if [ "$login" = in ]; then logged_in=yes; fi
  noted=$logged_in
  unit=
  read_attempt "$account"
  check_disk
  if [ "$over" != vsock ]; then
    if [ "$over" = unix ] && unit_file sshd-unix-local@.service >/dev/null; then unit_sshd "${unit:=sshd-unix-local}@"; fi
    if check_sshd && check_host_keys; then :; fi
  else
    if { answers_without_systemd || check_systemd; } && check_sshd && check_host_keys; then :; fi
    if ! { exports_sshd || check_transport; }; then :; elif ! is_systemd; then :; elif check_cid_bug && check_socket; then
      if [ -n "${sshd:-}" ]; then
        check_privsep
        check_unit_sshd && check_banner
        check_denied
      fi
    fi
  fi
  noted=no
  check_credentials
  if [ "$over" != tcp ]; then check_unknown; fi
  noted=$logged_in
  if [ "$login" = in ]; then say ok login "$account logged in $login_about"; elif [ -n "${sshd:-}" ]; then check_login "$account"; fi
  if [ "$faults" -gt 0 ]; then
    say 'end' 1 "$faults found"
    exit 1
  fi
  say 'end' 0 'no problems found'
}

check_all </dev/null
