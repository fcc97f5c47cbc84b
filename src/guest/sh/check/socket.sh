# The socket unit of the port and its template.

. ./streams.sh

# The socket unit of a port: ours or systemd's, or any whose file names that port. In a container, that of its export.
find_socket_unit() {
  if exports_sshd; then
    echo sshd-unix-export
    return 0
  fi
  if unit_file "$(unit_of_port "$1").socket" >/dev/null; then
    unit_of_port "$1"
    return 0
  fi
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*.socket; do
      if listens_on "$each_file" "$1"; then
        each_file=${each_file##*/}
        echo "${each_file%.socket}"
        return 0
      fi
    done
  done
  return 1
}

check_socket() {
  if ! unit=$(find_socket_unit "$port"); then
    foreign_listener || no_socket_unit
    return 1
  fi
  file=$(unit_file "$unit.socket")
  major=$(systemd_major)
  if [ "$(readlink -f "$R$file")" = /dev/null ] || [ "$(show "$unit.socket" LoadState)" = masked ]; then
    fail masked "$unit.socket is masked: $file points to /dev/null" "systemctl unmask$(case $file in /run/*) echo ' --runtime' ;; esac) $unit.socket && systemctl daemon-reload && systemctl restart $unit.socket"
    return 1
  fi
  if form_file=$(file_with_unknown_form "$R$file"); then
    address=$(unknown_form "$form_file")
    fail address-form "${form_file#"$R"} has $address, and systemd $major ($(show "$unit.socket" LoadState)) does not support $(form_title)" \
      "sed -E -i '$known_forms' ${form_file#"$R"} && systemctl daemon-reload && systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
    return 1
  fi
  if [ "$(show "$unit.socket" LoadState)" = bad-setting ]; then
    fail address-form "$unit.socket is refused (bad-setting): $(last_message "$unit.socket")" "fix $file, then: systemctl daemon-reload && systemctl restart $unit.socket"
    return 1
  fi
  check_accept && check_listening
}

check_accept() {
  if [ "$(show "$unit.socket" Accept)" != yes ]; then
    says_no Accept yes 'connections are opened, but nothing answers'
    return 1
  elif [ "$(show "$unit.socket" MaxConnections)" = 0 ]; then
    says_no MaxConnections 64 'each connection is closed at once'
    return 1
  fi
  if ! unit_file "$unit@.service" >/dev/null; then
    if other=$(other_template); then
      fail accept "$unit.socket needs $unit@.service, and there is only ${other##*/}: the names must match" \
        "ln -s $other /etc/systemd/system/$unit@.service && systemctl daemon-reload && systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
    else
      fail accept "$unit.socket needs a template $unit@.service, and there is none" 'the script of vmssh guest print writes it'
    fi
    return 1
  fi
  say ok accept "$unit.socket and $unit@.service belong together"
}
# says_no NAME VALUE EFFECT: the last text with the setting decides, so the fix comes after it.
says_no() {
  no_text=$(last_text_with "$R$file" "$1")
  no_line=$(sed -n "s/^[[:space:]]*\($1[[:space:]]*=.*\)/\1/p" "${no_text:-/dev/null}" | tail -n 1)
  no_name=${no_text##*/}
  fix_name=zz-vmssh-$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]').conf
  if [ "$no_text" != "$R$file" ] && [ "$(printf '%s\n' "$fix_name" "$no_name" | sort | tail -n 1)" != "$fix_name" ]; then
    fix_name=${no_name%.conf}_vmssh.conf
  fi
  fix_folder=/etc/systemd/system/$unit.socket.d
  case $fix_name in
    *[!A-Za-z0-9_.@~+-]*) set_it="take $no_line out of ${no_text#"$R"}, then: systemctl daemon-reload" ;;
    *) set_it="mkdir -p $fix_folder && printf '[Socket]\n$1=$2\n' > $fix_folder/$fix_name && systemctl daemon-reload" ;;
  esac
  fail accept "$(if [ -n "$no_line" ]; then echo "${no_text#"$R"} has $no_line"; else echo "$file has no $1=$2"; fi): $3" \
    "$set_it && systemctl stop $unit.socket && systemctl stop $unit.service 2>/dev/null; systemctl restart $unit.socket"
}
other_template() {
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*ssh*@.service; do
      if grep -Eq '^ExecStart=.*sshd.* -i' "$each_file" 2>/dev/null; then
        echo "${each_file#"$R"}"
        return 0
      fi
    done
  done
  return 1
}

check_listening() {
  if [ "$(show "$unit.socket" ActiveState)" = active ]; then
    say ok listening "$unit.socket listens on $(show "$unit.socket" Listen)"
  elif port_holder; then
    fail listening "$holder listens on $(place), so $unit.socket cannot: it is $(show "$unit.socket" ActiveState) ($(show "$unit.socket" Result))" \
      "$holder_stop; systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
    return 1
  else
    fail listening "$unit.socket is $(show "$unit.socket" ActiveState) ($(show "$unit.socket" Result)): $(last_message "$unit.socket")" "systemctl reset-failed $unit.socket; systemctl enable $unit.socket; systemctl restart $unit.socket"
    return 1
  fi
}
last_message() { journalctl -q -b -u "$1" -o cat -n 1 --no-pager 2>/dev/null; }

no_socket_unit() {
  major=$(systemd_major)
  if ssh_auto_is_off && { has_ssh_generator || [ -e "$R/etc/systemd/system-generators/vmssh-ssh-generator" ]; }; then
    fail masked "the kernel's command line has systemd.ssh_auto=$(cmdline_word systemd.ssh_auto): no socket is made" \
      "take systemd.ssh_auto= away from the kernel's command line and reboot; until then: $(units_until_reboot)"
  elif has_ssh_generator && [ "$port" = 22 ]; then
    fail listening "systemd $major made no sshd-vsock.socket when it started: $(generator_message)" \
      "systemctl daemon-reload && systemctl start sshd-vsock.socket, now that the transport is there; at boot: the units of vmssh guest print, systemd.ssh_listen=vsock::22 on the kernel's command line, or ${module:-vsock} in the initramfs (modules-load.d is too late)"
  else
    fail listening "no unit listens on vsock port $port, and systemd $major makes none by itself" 'the script of vmssh guest print writes them'
  fi
}
units_until_reboot() {
  until_unit=/run/systemd/system/$(unit_of_port "$port")
  printf '%s' "mkdir -p /run/systemd/system && printf '[Socket]\nListenStream=vsock::$port\nAccept=yes\n' > $until_unit.socket" \
    " && printf '[Service]\nExecStart=-$(find_sshd) -i\nStandardInput=socket\nRuntimeDirectory=sshd\nRuntimeDirectoryPreserve=yes\n' > $until_unit@.service" \
    " && systemctl daemon-reload && systemctl start ${until_unit##*/}.socket"
}
generator_message() {
  message=$(journalctl -q -b -o cat --no-pager -t systemd-ssh-generator -n 1 2>/dev/null)
  if [ -n "$message" ]; then echo "$message"; else echo 'its generator printed nothing'; fi
}

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
