import { sh } from './tag.js';

/** The set-up's steps. What it needs is checked first; only then is anything written. */
export const setup = sh`
need_root() {
  if [ "$(id -u)" != 0 ]; then
    fail root "this runs as $(id -un), and writes to /etc" 'run it with sudo, or as root'
    give_up 2
  fi
}

check_version() {
  major=$(systemd_major)
  if [ "\${major:-0}" -lt 240 ]; then
    fail systemd "systemd \${major:-of an unknown version} is older than 240" 'take a newer release of the distribution'
    return 1
  fi
}

# Looks at everything first, so that a system that cannot is left as it is.
requirements() {
  need_root
  if ! { check_systemd && check_version && check_sshd && check_host_keys && load_vsock && check_transport; }; then give_up 2; fi
}

# The kernel loads AF_VSOCK when the socket is made; to look at it now it is asked for now.
load_vsock() {
  if ! has_vsock; then modprobe -q vsock 2>/dev/null; fi
  if device=$(vsock_device) && ! transport_loaded "\${device#* }"; then modprobe -q "\${device#* }" 2>/dev/null; fi
  return 0
}

# systemd 256 and later listen on port 22 by themselves. Where theirs does not, the reason decides.
systemd_does_it() {
  if [ "$(systemd_major)" -lt 256 ] || [ "$port" != 22 ]; then return 1; fi
  case $(whose "$R/etc/systemd/system/sshd-vsock.socket") in ours) return 1 ;; esac
  case $(show sshd-vsock.socket LoadState) in
    loaded)
      say skipped units "systemd $(systemd_full) listens on vsock port 22 by itself ($(show sshd-vsock.socket FragmentPath))"
      return 0 ;;
    masked)
      fail masked 'sshd-vsock.socket is masked' 'systemctl unmask sshd-vsock.socket && systemctl daemon-reload && systemctl start sshd-vsock.socket'
      give_up 2 ;;
  esac
  if ssh_auto_is_off; then
    no_socket_unit
    give_up 2
  fi
  why=$(generator_words)
  if has_cid_bug || is_wsl; then why='its generator does not see vsock in this kind of VM'; fi
  say ok units "systemd $(systemd_full) made no socket here ($why): ours fills in"
  return 1
}

# Units of others that serve the port are theirs to keep: by our name, or at work by another.
somebody_did_it() {
  unit=$(find_socket_unit "$port") || return 1
  if [ "$unit" = "$name" ]; then
    case $(whose "$R/etc/systemd/system/$name.socket") in foreign) ;; *) return 1 ;; esac
  elif [ "$(show "$unit.socket" ActiveState)" != active ]; then
    return 1
  fi
  check_socket >"$state_temp" || {
    cat "$state_temp"
    give_up 2
  }
  name=$unit
  say skipped units "$unit.socket, not written by vmssh, listens on that port: it is left alone"
}

write_units() {
  extra=
  case $(privsep_folder "$sshd") in
    /run/*)
      folder=$(privsep_folder "$sshd")
      extra="RuntimeDirectory=\${folder#/run/}\${newline}RuntimeDirectoryPreserve=yes$newline" ;;
  esac
  needs=
  if key_unit=$(key_units); then needs="Wants=$key_unit\${newline}After=$key_unit$newline"; fi
  make_text socket_unit
  put units "$R/etc/systemd/system/$name.socket" 644 <"$state_temp" || give_up 1
  units=$put
  make_text service_unit
  put units "$R/etc/systemd/system/$name@.service" 644 <"$state_temp" || give_up 1
  if [ "$put" = changed ]; then units=changed; fi
  say "$units" units "/etc/systemd/system/$name.socket and $name@.service for $sshd"
}

enable_socket() {
  enabled=ok
  if [ "$(systemctl is-enabled "$name.socket" 2>/dev/null)" != enabled ]; then
    if ! { make_folder "$R/etc/systemd/system/sockets.target.wants" && note enabled "$name.socket"; }; then
      fail enable "$name.socket is not enabled: $said" "systemctl enable $name.socket"
      give_up 1
    fi
    enabled=changed
    must enable systemctl -q --no-reload enable "$name.socket"
  fi
  if [ "$units" = changed ] || [ "$enabled" = changed ]; then must enable systemctl daemon-reload; fi
  if [ "$units" = changed ] || [ "$(show "$name.socket" ActiveState)" != active ]; then
    enabled=changed
    systemctl reset-failed "$name.socket" 2>/dev/null
    systemctl restart "$name.socket" 2>/dev/null
  fi
  if [ "$(show "$name.socket" ActiveState)" = active ]; then
    say "$enabled" enable "$name.socket is enabled and listens on $(show "$name.socket" Listen)"
  else
    unit=$name
    check_socket
    give_up 1
  fi
}

# The name that sshd gives a peer without an address, where looking it up is slow.
fix_hosts() {
  if has_unknown; then
    say ok hosts '/etc/hosts knows UNKNOWN'
    return 0
  fi
  ms=$(unknown_lookup_ms)
  if [ "$hosts_fix" != yes ] && [ "$ms" -lt 1000 ]; then
    say skipped hosts "looking up UNKNOWN takes $ms ms here, so /etc/hosts stays as it is (--hosts-fix adds it all the same)"
    return 0
  fi
  if add_lines root "$R/etc/hosts" 644 '127.0.0.1 UNKNOWN'; then
    say changed hosts "/etc/hosts knows UNKNOWN: the lookup took $ms ms, and now $(unknown_lookup_ms) ms$(hosts_note)"
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

# A file for texts on their way, gone when this ends.
make_temp() {
  if said=$(mkdir -p "$R/run" 2>&1) && state_temp=$(mktemp "$R/run/vmssh-XXXXXX"); then
    trap 'rm -f "$state_temp"' EXIT
  else
    fail units "no file can be made in /run: $said" 'df /run'
    give_up 2
  fi
}
make_text() {
  if ! "$1" >"$state_temp"; then
    fail units "$state_temp cannot be written" 'df /run'
    give_up 1
  fi
}

# The way back in over TCP stays open where anything failed.
finish() {
  if [ "$only_vsock" = yes ] && [ "$faults" = 0 ]; then close_tcp; fi
  if [ -n "$expect" ]; then drop_proof; fi
  leave_proof
  if [ "$faults" -gt 0 ]; then give_up 1; fi
}

set_up() {
  need_proof
  requirements
  name=$(unit_of_port "$port")
  make_temp
  if ! somebody_did_it && ! systemd_does_it; then
    write_units
    enable_socket
  fi
  fix_hosts
  add_keys
  hush
  prove
  finish
  say end 0 "sshd is on vsock port $port$(cid_words)"
}
`;
