#!/bin/sh
# vmssh: installs a generator that binds sshd to vsock in this guest; safe to run again.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.

set -u
. ./parts/set-up.sh

install_generator() {
  need_proof
  init=
  requirements
  name='sshd-vsock'
  if has_ssh_generator; then
    say skipped generator "systemd $(systemd_full) has a generator of its own"
  else
    make_text generator_text
    put generator "$R$generator_path" 755 <"$scratch/text" || give_up 1
    say "$put" generator "$generator_path"
    if [ "$put" = changed ]; then must generator systemctl daemon-reload; fi
    start_generated
  fi
  fix_hosts
  add_keys
  hush
  port=22
  if [ "$(show sshd-vsock.socket ActiveState)" = active ]; then
    prove
  elif ssh_auto_is_off; then
    say skipped banner 'systemd.ssh_auto=no: nothing is bound to vsock port 22'
  else
    unit=$name
    check_socket
    give_up 1
  fi
  finish
  if ssh_auto_is_off; then say 'end' 0 'sshd is where systemd.ssh_listen= and ssh.listen say'; else say 'end' 0 "sshd is on vsock port 22$(cid_text)"; fi
}

start_generated() {
  for each in "$R"/run/systemd/generator/sockets.target.wants/sshd-*.socket; do
    each=${each##*/}
    if [ "$each" = 'sshd-*.socket' ]; then continue; fi
    if [ "$(show "$each" ActiveState)" = active ]; then
      say ok start "$each listens on $(show "$each" Listen)"
    elif ! note started "$each"; then
      fail start "$each is not started: $said" "systemctl start $each"
    else
      systemctl start "$each" 2>/dev/null
      if [ "$(show "$each" ActiveState)" = active ]; then
        say changed start "$each listens on $(show "$each" Listen)"
      else
        fail start "$each does not start$(last_message "$each")" "systemctl status $each"
      fi
    fi
  done
}

# The whole generator, as vmssh guest print --as generator prints it.
generator_text() {
cat <<'GENERATOR'
. ./generator.sh
GENERATOR
}

install_generator </dev/null
