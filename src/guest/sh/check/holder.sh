# Who else listens on the vsock port.

# port_holder: sets $holder, and $holder_stop, the command that ends it. Only ss knows, by a module of the kernel.
port_holder() {
  if exports_sshd || ! command -v ss >/dev/null; then return 1; fi
  module_on vsock_diag || :
  holder_pid=$(ss -H -l -p --vsock 2>/dev/null |
    sed -n -E "s/^[^ ]* +LISTEN +[0-9]+ +[0-9]+ +[^ ]*:$port +[^ ]+ +users:\(\(\"[^\"]*\",pid=([0-9]+),fd=[0-9]+\)(,\(|\)).*/\1/p" | head -n 1)
  module_off vsock_diag
  case $holder_pid in
    '') return 1 ;;
    # systemd, for another unit; the list has those that failed too.
    1)
      holder_unit=$(systemctl list-sockets --full --no-legend --no-pager 2>/dev/null |
        sed -n "s/^vsock:[^ ]*:$port  *\([^ ]*\.socket\).*/\1/p" | grep -vxF "${unit:-}.socket" | head -n 1)
      holder=$holder_unit
      if [ -z "$holder" ]; then return 1; fi ;;
    # Of the system's manager: users and containers choose the names below their unit.
    *)
      holder_unit=$(sed -n -E 's/^(0:|[0-9]+:name=systemd):(\/[^/]*\.slice)*\/([^/]*\.(service|scope))(\/.*)?$/\3/p' "$R/proc/$holder_pid/cgroup" 2>/dev/null | head -n 1)
      holder="$(cat "$R/proc/$holder_pid/comm" 2>/dev/null) (pid $holder_pid)${holder_unit:+ of $holder_unit}" ;;
  esac
  case $holder_unit in
    '' | *.scope | user@* | *[!A-Za-z0-9_.:@-]*) holder_stop="kill $holder_pid" ;;
    *) holder_stop="systemctl stop $holder_unit; systemctl disable $holder_unit" ;;
  esac
}

# In place of a socket unit. Whoever listens, an sshd that answers is all that counts.
foreign_listener() {
  port_holder || return 1
  case $(banner_here "$port") in
    'banner '*) say ok listening "$holder listens on $(place), and sshd answers" ;;
    *) fail listening "$holder listens on $(place), and it is no sshd" "$holder_stop; then what vmssh guest print prints" ;;
  esac
}
