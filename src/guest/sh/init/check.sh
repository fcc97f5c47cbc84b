# Without systemd: whether our service is there and runs.

# check_init KIND: why nothing listens.
check_init() {
  here="PID 1 is $(cat "$R/proc/1/comm"), not systemd, and the services are $(init_title "$1")'s"
  if ! is_set_up "$1"; then
    fail systemd "$here: nothing starts sshd on $(place)" \
      "on the host: vmssh guest install; or here, as root, what vmssh guest print prints$(sshd_without_systemd)"
  elif ! command -v socat >/dev/null; then
    fail systemd "$here; $listener needs socat, which is not there" "$(install_command socat)"
  elif [ "$1" = openrc ]; then
    fail listening "$here; $(openrc_service "$port") does not run" \
      "rc-update add $(unit_of_port "$port") default; rc-service $(unit_of_port "$port") restart"
  elif ! grep -qxF "$(inittab_line "$1" "$port")" "$R/etc/inittab"; then
    fail listening "$here; /etc/inittab has no line for $listener $port" \
      "echo '$(inittab_line "$1" "$port")' >> /etc/inittab && $(reread_inittab "$1")"
  else
    fail listening "$here; $listener $port does not run, though /etc/inittab has it" "$(reread_inittab "$1"); $listener $port shows why it ends"
  fi
  return 1
}
is_set_up() {
  [ -x "$R$listener" ] && case $1 in openrc) [ -e "$R$(openrc_service "$port")" ] ;; esac
}
