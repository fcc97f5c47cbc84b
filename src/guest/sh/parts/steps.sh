# The steps of every set-up. All needs are checked before anything is written.

. ./root.sh
. ./../init/load-vsock.sh

check_version() {
  major=$(systemd_major)
  if [ "${major:-0}" -lt 240 ]; then
    fail systemd "systemd ${major:-of an unknown version} is older than 240" '# use a newer release of the distribution'
  fi
}

# Checks everything first, so that an unsuitable system is not changed.
requirements() {
  need_root
  take_lock
  turn_on_systemd
  if ! { need_service && check_sshd && check_host_keys && await_device && load_vsock && need_transport && look_for_keys; }; then give_up 2; fi
}

# $init: what runs services in place of systemd; empty: systemd has to.
need_service() { if [ -n "$init" ]; then need_init "$init"; else check_systemd && check_version; fi; }
# By PCIe's own hot-plugging a system turns a slot on five seconds after the device came.
await_device() {
  if [ "$plugged" = no ]; then return 0; fi
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    if vsock_device >/dev/null; then return 0; fi
    sleep 1
  done
}
# A container needs none if its manager shares a folder for a socket.
need_transport() { exports_sshd || check_transport; }

# The name that sshd gives a peer without an address, if its lookup is slow.
fix_hosts() {
  if has_unknown; then
    say ok hosts '/etc/hosts has UNKNOWN'
    return 0
  fi
  ms=$(unknown_lookup_ms)
  if [ "$hosts_fix" != yes ] && [ "$ms" -lt 1000 ]; then
    say skipped hosts "looking up UNKNOWN takes $ms ms here, so /etc/hosts is not changed (--hosts-fix adds it anyway)"
    return 0
  fi
  if add_lines root "$R/etc/hosts" 644 '127.0.0.1 UNKNOWN'; then
    say changed hosts "/etc/hosts has UNKNOWN: the lookup took $ms ms, and now $(unknown_lookup_ms) ms$(hosts_note)"
  else
    fail hosts "/etc/hosts cannot be written: $said" "echo '127.0.0.1 UNKNOWN' >> /etc/hosts"
  fi
}

prove() {
  unit=$name
  check_banner || {
    check_privsep
    check_host_keys
    give_up 1
  }
}

make_text() {
  if ! "$1" >"$scratch/text"; then give_up_on units 1 "$scratch/text cannot be written" 'df /run'; fi
}

# TCP stays open if anything failed.
finish() {
  note_owners "$owners"
  if [ "$only_vsock" = yes ] && [ "$faults" = 0 ]; then close_tcp; fi
  if [ "$only_loopback" = yes ] && [ "$faults" = 0 ]; then keep_to_loopback; fi
  if [ -n "$expect" ]; then drop_proof; fi
  leave_proof
  if [ "$faults" -gt 0 ]; then give_up 1; fi
}
