# Closes sshd's TCP listener: only in a session over vsock from outside, which proves that route.

tcp_units='ssh.socket sshd.socket ssh.service sshd.service'

close_tcp() {
  if ! is_over_vsock only-vsock; then return 1; fi
  closed=
  for each in $tcp_units; do
    if [ "$(show "$each" Id)" != "$each" ]; then continue; fi
    was="$(systemctl is-enabled "$each" 2>/dev/null) $(show "$each" ActiveState)"
    case $was in 'enabled '* | *' active') ;; *) continue ;; esac
    if ! note tcp "$each" "$was"; then
      fail only-vsock "$each is still on: $said" "systemctl disable --now $each"
    elif must only-vsock systemctl -q disable --now "$each"; then
      closed="$closed $each"
    fi
  done
  if [ -n "$closed" ]; then
    say changed only-vsock "closed:$closed. To get back in over TCP, on the console or over vsock: systemctl enable --now$closed"
  elif [ "$faults" = 0 ]; then
    say ok only-vsock 'no sshd listens on TCP'
  fi
}

# is_over_vsock STEP: the step has the name of its option.
is_over_vsock() {
  if came_over_vsock; then return 0; fi
  fail "$1" "this session did not come over vsock from the host (SSH_CONNECTION is ${connection:-not set}), so TCP stays open" \
    "log in over vsock and run this again there; or vmssh guest install --$1, which proves the route first"
  return 1
}

# sshd names a peer over vsock UNKNOWN; sudo may hide that, so this also reads the parent processes. The host's CID is 2.
came_over_vsock() {
  connection=${SSH_CONNECTION:-}
  above=$PPID
  while [ -z "$connection" ] && [ "${above:-1}" -gt 1 ]; do
    connection=$(tr '\0' '\n' <"/proc/$above/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
    above=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$above/status" 2>/dev/null)
  done
  case $connection in
    'UNKNOWN '*) ;;
    *) return 1 ;;
  esac
  if ! command -v ss >/dev/null; then return 0; fi
  ss -H --vsock state established 2>/dev/null | grep -Eq "[[:space:]][^[:space:]]*:${port}[[:space:]]+2:[0-9]+"
}
