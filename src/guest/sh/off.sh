#!/bin/sh
# vmssh: turns systemd's own sshd on vsock off in this guest, or on again.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.

set -u
. ./parts/report.sh
. ./parts/root.sh
. ./parts/facts.sh
. ./parts/vsock.sh
. ./check/system.sh
. ./init/init.sh
. ./tcp/units.sh

socket='sshd-vsock.socket'

off_main() {
  need_root
  take_lock
  check_systemd || give_up 2
  if [ "$back" = yes ]; then turn_on; else turn_off; fi
  if [ "$faults" -gt 0 ]; then give_up 1; fi
  if [ "$back" = yes ]; then say end 0 "$socket is as systemd makes it"; else say end 0 'nothing listens on vsock port 22'; fi
}

turn_off() {
  case $(show "$socket" LoadState) in
    masked) say ok off "$socket is masked already" ;;
    not-found) say ok off "there is no $socket" ;;
    *) mask_socket ;;
  esac
  case $(banner_here "$port") in
    error*) say ok closed 'a connection to vsock port 22 over loopback is refused' ;;
    no-client | no-loopback) say skipped closed 'it cannot be tried here: run vmssh check on the host' ;;
    *) fail closed 'something still answers on vsock port 22' 'ss -l -p --vsock; systemctl list-sockets' ;;
  esac
}

# A link to /dev/null in /etc comes before the unit that the generator makes at each boot.
mask_socket() {
  if ! systemctl -q is-active ssh.service ssh.socket sshd.service sshd.socket; then
    give_up_on off 2 'no sshd listens on TCP, so that nobody could log in afterwards' '# start one first; or mask the socket on the console'
  fi
  if [ -e "$R$loopback_file" ]; then
    give_up_on off 2 "sshd's TCP is only on loopback ($loopback_file), so that nobody could log in afterwards" "# open it first, on the host: vmssh guest install --undo"
  fi
  if [ -e "$R/etc/systemd/system/$socket" ]; then
    give_up_on off 2 "/etc/systemd/system/$socket is not systemd's own" '# on the host: vmssh guest install --undo, if vmssh wrote it; else disable that socket in a session over TCP'
  fi
  if must off systemctl -q mask --now "$socket"; then
    say changed off "$socket is stopped and masked, also at the next boot; open sessions go on"
  fi
}

turn_on() {
  if [ "$(show "$socket" LoadState)" != masked ]; then
    say ok off "$socket is not masked"
    return 0
  fi
  if ! { must off systemctl -q unmask "$socket" && must off systemctl daemon-reload; }; then return 1; fi
  if [ "$(show "$socket" LoadState)" = not-found ]; then
    say changed off "$socket is no longer masked, but systemd makes none here: vmssh guest check shows why"
  elif must off systemctl start "$socket"; then
    say changed off "$socket is no longer masked, and listens on $(show "$socket" Listen)"
  fi
}

off_main </dev/null
