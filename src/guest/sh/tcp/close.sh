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
      fail only-vsock "$each is still on: $said" "df $state"
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
    "# log in over vsock and run this again there; or on the host: vmssh guest install --$1, which proves the route first"
}

# sshd names a peer over vsock UNKNOWN; sudo may hide that, so this also reads the parent processes. The host's CID is 2.
came_over_vsock() {
  connection=${SSH_CONNECTION:-}
  above=$PPID
  while [ -z "$connection" ] && [ "${above:-1}" -gt 1 ]; do
    connection=$(tr '\0' '\n' <"/proc/$above/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
    above=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$above/status" 2>/dev/null)
  done
  case $connection in 'UNKNOWN '*) ;; *) return 1 ;; esac
  if ! command -v ss >/dev/null; then return 0; fi
  ss -H --vsock state established 2>/dev/null | grep -Eq "[[:space:]][^[:space:]]*:${port}[[:space:]]+2:[0-9]+"
}

# Keeps sshd's TCP listener on loopback, by a file of ours among sshd's settings: only in a session over vsock from outside.

. ./units.sh

keep_to_loopback() {
  if ! is_over_vsock only-loopback; then return 1; fi
  running=
  for each in $tcp_units; do
    if [ "$(show "$each" Id)" != "$each" ] || [ "$(show "$each" ActiveState)" != active ]; then continue; fi
    running="$running $each"
    if ! note loopback "$each"; then
      fail only-loopback "$each is not changed: $said" "df $state" || return
    fi
  done
  make_text loopback_text
  put only-loopback "$R$loopback_file" 644 <"$scratch/text" || return 1
  loopback_put=$put
  loopback_holds || return 1
  if [ "$loopback_put" = changed ]; then
    for each in $running; do read_again only-loopback "$each" || return 1; done
  fi
  left=$(await_loopback)
  if [ -n "$left" ]; then
    fail only-loopback "sshd still listens on $left" "systemctl cat$running # an option -p or -o ListenAddress there wins over $loopback_file: take it out, then run this again"
  elif [ "$loopback_put" = changed ]; then
    say changed only-loopback "sshd's TCP is only on $(in_line sshd_setting listenaddress). To open it again, on the console or over vsock: rm $loopback_file && systemctl daemon-reload && systemctl restart$running"
  else
    say ok only-loopback "sshd's TCP is only on $(in_line sshd_setting listenaddress)"
  fi
}

# sshd refuses an address of a family that it does not use.
loopback_text() {
  family=$(sshd_setting addressfamily)
  if [ "$family" != inet6 ]; then echo 'ListenAddress 127.0.0.1'; fi
  if [ "$family" != inet ]; then echo 'ListenAddress ::1'; fi
}

# Whether the file has the effect; if not, a new one is taken back.
loopback_holds() {
  addresses=$(in_line sshd_setting listenaddress)
  outside=$(outside_of "$addresses")
  if [ -z "$addresses" ] || [ -n "$outside" ]; then
    loopback_failed "with $loopback_file sshd listens on ${outside:-what is not known: $(sshd_complaint "$sshd")}" \
      "# /etc/ssh/sshd_config has to include that folder, and no other file of it may have a ListenAddress; then run this again"
    return 1
  fi
  # Ubuntu makes the addresses of ssh.socket from sshd's settings; other sockets have their own.
  must only-loopback systemctl daemon-reload || return 1
  for each in $running; do
    case $each in *.socket) ;; *) continue ;; esac
    outside=$(outside_of "$(show "$each" Listen | tr '\n' ' ')")
    if [ -n "$outside" ]; then
      loopback_failed "$each listens on $outside, whatever sshd's settings are" \
        "# give it the same ports of 127.0.0.1 and ::1 by: systemctl edit $each; then run this again"
      return 1
    fi
  done
}
loopback_failed() {
  if [ "$loopback_put" = changed ]; then
    rm -f "$R$loopback_file"
    systemctl daemon-reload 2>/dev/null
  fi
  fail only-loopback "$1; TCP stays open" "$2"
}

# The addresses of sshd's ports that are not loopback, once it had time to read its settings. Without ss nobody knows.
await_loopback() {
  for each in 1 2 3 4 5; do
    listening=$(outside_of "$(ss -Hltnp 2>/dev/null | sed -n '/"sshd"/s/^[^ ]* *[^ ]* *[^ ]* *\([^ ]*\) .*/\1/p' | tr '\n' ' ')")
    left=
    for address in $listening; do
      if sshd_setting port | grep -qx "${address##*:}"; then left="$left $address"; fi
    done
    if [ -z "$left" ]; then return 0; fi
    sleep 1
  done
  echo "${left# }"
}

# outside_of "ADDRESS:PORT...": those that are not loopback.
outside_of() {
  set -f
  outside=
  for address in $1; do
    case $address in 127.*:* | '[::1]:'* | \(* | vsock* | /* | @*) ;; *) outside="$outside $address" ;; esac
  done
  set +f
  echo "${outside# }"
}

# Each line is one value.
sshd_setting() { "$R$sshd" -T 2>/dev/null | sed -n "s/^$1 //p"; }
in_line() { "$@" | tr '\n' ' ' | sed 's/ $//'; }
