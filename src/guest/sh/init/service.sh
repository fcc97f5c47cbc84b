# The set-up without systemd: a service that runs init/listen.sh, now and at each boot.

# need_init KIND: what it needs beside sshd.
need_init() {
  say ok systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd: $(init_title "$1") will start sshd"
  if ! command -v socat >/dev/null; then
    fail socat 'there is no socat, which listens on vsock where systemd does not' "$(install_command socat)"
  elif [ "$only_vsock$only_loopback" != nono ]; then
    fail "$(if [ "$only_vsock" = yes ]; then echo only-vsock; else echo only-loopback; fi)" 'only units of systemd can be closed and opened again' '# stop the sshd of TCP yourself once the login over vsock works'
  fi
}

set_up_init() {
  if ! is_set_up "$1" && answers; then
    say skipped service "something that vmssh did not set up answers on $(place): it is not changed"
    return 0
  fi
  make_text listener_text
  put service "$R$listener" 755 <"$scratch/text" || give_up 1
  service=$put
  if [ "$1" = openrc ]; then add_openrc_service; else add_inittab_line "$1"; fi
  await_banner || {
    check_init "$1"
    give_up 1
  }
}

add_openrc_service() {
  each=$(unit_of_port "$port")
  make_text openrc_text
  put service "$R$(openrc_service "$port")" 755 <"$scratch/text" || give_up 1
  if [ "$put" = changed ]; then service=changed; fi
  if [ ! -e "$R/etc/runlevels/default/$each" ]; then
    service=changed
    if ! note openrc "$each"; then give_up_on service 1 "$each is not added: $said" "rc-update add $each default"; fi
    must service rc-update -q add "$each" default || give_up 1
  fi
  if [ "$service" = changed ] || ! rc-service -q "$each" status >/dev/null 2>&1; then must service rc-service -q "$each" restart || give_up 1; fi
  say "$service" service "$(openrc_service "$port") runs $listener $port, also at boot"
}

add_inittab_line() {
  line=$(inittab_line "$1" "$port")
  if ! grep -qxF "$line" "$R/etc/inittab"; then
    service=changed
    # In this order, so that init reads its table again after the line is gone.
    if ! { note inittab "$1" && add_lines root "$R/etc/inittab" 644 "$line"; }; then
      give_up_on service 1 "/etc/inittab cannot be written: $said" "echo '$line' >> /etc/inittab"
    fi
  fi
  # shellcheck disable=SC2046 # a command and its arguments
  if [ "$service" = changed ]; then must service $(reread_inittab "$1") || give_up 1; fi
  say "$service" service "a line of /etc/inittab runs $listener $port, also at boot"
}

# The service starts by itself, which may take a moment.
await_banner() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    case $(banner_here "$port") in error*) sleep 1 ;; *) return 0 ;; esac
  done
  return 1
}

listener_text() {
cat <<'LISTENER'
. ./listen.sh
LISTENER
}

openrc_text() {
cat <<OPENRC
#!/sbin/openrc-run
description="OpenSSH on vsock port $port"
supervisor=supervise-daemon
command=$listener
command_args=$port

depend() {
  after localmount bootmisc modules ssh sshd
}
OPENRC
}
