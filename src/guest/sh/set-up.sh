#!/bin/sh
# vmssh: sets sshd up on vsock in this guest; safe to run again.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed, 3 the same has to run
# again by sudo.

set -u
. ./parts/set-up.sh
. ./parts/unit-files.sh

set_up() {
  need_proof
  init=$(init_kind)
  requirements
  name=$(unit_of_port "$port")
  if [ -n "$init" ]; then
    set_up_init "$init"
  elif ! somebody_did_it && ! systemd_does_it; then
    write_units
    enable_socket
  fi
  fix_hosts
  add_keys
  hush
  prove
  finish
  say end 0 "sshd is on $(place)$(exports_sshd || cid_text)"
}

set_up </dev/null
