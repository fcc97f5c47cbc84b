# Our units: whether they are needed, what is in them, and how they are enabled.

socket_unit() {
  limit=
  major=$(systemd_major)
  if [ "${major:-0}" -ge 255 ]; then limit=$limit_text; fi
  printf '%s%s' "${socket_text%%@limit@*}" "$limit${socket_text#*@limit@"$newline"}"
}
service_unit() {
  printf '%s' "$service_text" | while IFS= read -r line; do
    case $line in
      @needs@) printf '%s' "$needs" ;;
      @folder@) printf '%s' "$extra" ;;
      *@sshd@*) printf '%s\n' "${line%%@sshd@*}$sshd${line#*@sshd@}" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

# With its generator systemd listens on port 22 by itself. If it does not, the reason decides.
systemd_does_it() {
  if ! has_ssh_generator || [ "$port" != 22 ]; then return 1; fi
  case $(whose "$R/etc/systemd/system/sshd-vsock.socket") in ours) return 1 ;; esac
  # It looked for vsock at the boot: a device may have come since.
  if [ "$(show sshd-vsock.socket LoadState)" = not-found ]; then systemctl daemon-reload; fi
  case $(show sshd-vsock.socket LoadState) in
    loaded)
      if [ "$(show sshd-vsock.socket ActiveState)" = inactive ]; then note started sshd-vsock.socket && systemctl start sshd-vsock.socket; fi
      say skipped units "systemd $(systemd_full) listens on vsock port 22 by itself ($(show sshd-vsock.socket FragmentPath))"
      return 0 ;;
    masked)
      give_up_on masked 2 'sshd-vsock.socket is masked' 'systemctl unmask sshd-vsock.socket && systemctl daemon-reload && systemctl start sshd-vsock.socket' ;;
  esac
  if ssh_auto_is_off; then
    no_socket_unit
    give_up 2
  fi
  why=$(generator_message)
  if has_cid_bug || is_wsl; then why='its generator does not see vsock in this kind of VM'; fi
  say ok units "systemd $(systemd_full) made no socket here ($why): using ours"
  return 1
}

# Foreign units that serve the port are kept: one with our name, or an active one with another.
somebody_did_it() {
  unit=$(find_socket_unit "$port") || return 1
  if [ "$unit" = "$name" ]; then
    case $(whose "$R/etc/systemd/system/$name.socket") in foreign) ;; *) return 1 ;; esac
  elif [ "$(show "$unit.socket" ActiveState)" != active ]; then
    return 1
  fi
  check_socket >"$scratch/text" || {
    cat "$scratch/text"
    give_up 2
  }
  name=$unit
  say skipped units "$unit.socket, not written by vmssh, listens on that port: it is not changed"
}

write_units() {
  extra=
  folder=$(privsep_folder "$sshd")
  case $folder in /run/*) extra="RuntimeDirectory=${folder#/run/}${newline}RuntimeDirectoryPreserve=yes$newline" ;; esac
  needs=
  if key_unit=$(key_units); then needs="Wants=$key_unit${newline}After=$key_unit$newline"; fi
  make_text socket_unit
  put units "$R/etc/systemd/system/$name.socket" 644 <"$scratch/text" || give_up 1
  units=$put
  make_text service_unit
  put units "$R/etc/systemd/system/$name@.service" 644 <"$scratch/text" || give_up 1
  if [ "$put" = changed ]; then units=changed; fi
  say "$units" units "/etc/systemd/system/$name.socket and $name@.service for $sshd"
}

enable_socket() {
  enabled=ok
  if [ "$(systemctl is-enabled "$name.socket" 2>/dev/null)" != enabled ]; then
    if ! { make_folder "$R/etc/systemd/system/sockets.target.wants" && note enabled "$name.socket"; }; then
      give_up_on enable 1 "$name.socket is not enabled: $said" "systemctl enable $name.socket"
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
