# The socket unit of the port and its template.

. ./streams.sh

# The socket unit of a port: ours or systemd's, or any whose file names that port. In a container, that of its export.
find_socket_unit() {
  if exports_sshd; then
    echo sshd-unix-export
    return 0
  fi
  named=$(unit_of_port "$1")
  if named_file=$(unit_file "$named.socket") && { is_null "$named_file" || listens_on "$R$named_file" "$1"; }; then
    echo "$named"
    return 0
  fi
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*.socket; do
      if [ -f "$each_file" ] && listens_on "$each_file" "$1"; then
        each_file=${each_file##*/}
        echo "${each_file%.socket}"
        return 0
      fi
    done
  done
  # It has another address.
  [ -n "$named_file" ] && echo "$named"
}
is_null() { [ -L "$R$1" ] && [ "$(readlink -f "$R$1")" = /dev/null ]; }

check_socket() {
  if ! unit=$(find_socket_unit "$port"); then
    if port_holder; then foreign_listener; else no_socket_unit; fi
    return 1
  fi
  file=$(unit_file "$unit.socket")
  major=$(systemd_major)
  is_not_masked "$unit.socket" "$unit.socket" || return 1
  if [ "$(show "$unit.socket" LoadState)" != bad-setting ]; then
    check_address && check_accept && check_template && check_listening
  elif address=$(unknown_form) && [ -n "$address" ]; then
    form_file=${address#*"$newline"}
    address=${address%%"$newline"*}
    fail address-form "$form_file has ListenStream=$address, and systemd $major (bad-setting) does not support $(form_title)" \
      "sed -E -i '$known_forms' $form_file && systemctl daemon-reload$(take_effect)"
  else
    fail address-form "$unit.socket is refused (bad-setting)$(last_message "$unit.socket")" "# correct $file, and run: systemctl daemon-reload$(take_effect)"
  fi
}

# is_not_masked UNIT LOADED: the second is an instance of a template.
is_not_masked() {
  mask_file=$(unit_file "$1")
  if ! is_null "$mask_file" && [ "$(show "$2" LoadState)" != masked ]; then return 0; fi
  fail masked "$1 is masked: $mask_file points to /dev/null" \
    "systemctl unmask$(case $mask_file in /run/*) echo ' --runtime' ;; esac) $1 && systemctl daemon-reload$(take_effect)"
}

# take_effect: the end of a command that changes the socket's files. What listens for others too may be the user's way in, and goes on.
take_effect() {
  if is_shared "$unit.socket"; then
    echo " # it takes effect at the next boot: $unit.socket may be your way in, so do not stop it"
  else
    echo " && systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
  fi
}
# is_shared UNIT: whether a socket has an address that is no vsock, or an sshd that listens or another unit that ends with it.
is_shared() {
  case $1 in ssh.socket | sshd.socket) return 0 ;; sshd-unix-export.socket) return 1 ;; esac
  streams "$R$(unit_file "$1")"
  while read -r _ each_address _; do
    case $each_address in '' | vsock*) ;; *) return 0 ;; esac
  done <<STREAMS
$streams
STREAMS
  is_needed "$1" || runs_sshd "${1%.socket}.service" ' -D '
}
is_needed() { [ -n "$(show "$1" RequiredBy,BoundBy,ConsistsOf)" ]; }
runs_sshd() { case $(show "$1" ExecStart) in *'path=/'*'/sshd ; '*"${2:-}"*) return 0 ;; *) return 1 ;; esac; }

# check_address: the host needs the port on any CID, or on this machine's own.
check_address() {
  if exports_sshd; then return 0; fi
  streams "$R$file"
  address_why=
  address_is="$file has no ListenStream= with vsock port $port"
  while read -r at_number at_address at_file; do
    if [ -z "$at_address" ]; then continue; fi
    at_form=$(stream_address "$at_address")
    case $at_form in
      '') continue ;;
      "vsock::$port" | "vsock:4294967295:$port") return 0 ;;
      "vsock:1:$port") address_why=', which is loopback alone' ;;
      vsock:*:"$port")
        cid=$(own_cid)
        case $at_form in vsock:"${cid:-*}":*) return 0 ;; esac
        address_why=", and this machine's CID is $cid" ;;
      # A wrong CID says more.
      vsock:*) if [ -n "$address_why" ]; then continue; else address_why=", not vsock port $port; -p names another"; fi ;;
      *) continue ;;
    esac
    address_is="${at_file#"$R"}, line $at_number, has ListenStream=$at_address$address_why"
  done <<STREAMS
$streams
STREAMS
  fail listening "$unit.socket does not listen for the host: $address_is" "$(without_port "$unit.socket" "$port" "vsock::$port")$(take_effect)"
}

check_accept() {
  connections=$(show "$unit.socket" NConnections)
  if [ "$(show "$unit.socket" Accept)" != yes ]; then
    accept_says='connections are opened, but nothing answers'
    if answers; then
      say ok accept "$unit.socket has no Accept=yes, and sshd answers"
      return 0
    fi
    if is_shared "$unit.socket"; then
      fail accept "$unit.socket, which has other addresses too, has no Accept=yes: $accept_says" \
        "$(without_port "$unit.socket" "$port") # and at the next boot, on the host: vmssh guest install"
    else
      says_no "$unit.socket" Socket Accept yes "$accept_says"
    fi
  elif [ "$(show "$unit.socket" MaxConnections)" = 0 ]; then
    says_no "$unit.socket" Socket MaxConnections 64 'each connection is closed at once'
  elif [ "${connections:-0}" -gt 0 ] && [ "$connections" -ge "$(show "$unit.socket" MaxConnections)" ]; then
    says_no "$unit.socket" Socket MaxConnections $((connections * 4)) "all $connections are in use, and each new connection is closed at once"
  elif ! unit_file "$unit@.service" >/dev/null; then
    if other=$(other_template); then
      fail accept "$unit.socket needs $unit@.service, and there is only ${other##*/}: the names must match" \
        "ln -s $other /etc/systemd/system/$unit@.service && systemctl daemon-reload$(take_effect)"
    else
      fail accept "$unit.socket needs a template $unit@.service, and there is none" "$units_fix"
    fi
  else
    say ok accept "$unit.socket and $unit@.service belong together"
  fi
}

# says_no UNIT SECTION NAME VALUE EFFECT: the last text with the setting decides, so the fix comes after it.
says_no() {
  setting_at "$1" "$3"
  no_name=${at_text##*/}
  fix_name=zz-vmssh-$(printf '%s' "$3" | tr '[:upper:]' '[:lower:]')
  if [ "$at_text" != "$R$(unit_file "$1")" ] && [ "$(printf '%s\n' "$fix_name.conf" "$no_name" | sort | tail -n 1)" != "$fix_name.conf" ]; then
    fix_name=${no_name%.conf}_vmssh
  fi
  case $fix_name in
    *[!A-Za-z0-9_.@~+-]*) set_it="# take ${at_line#*:} out of ${at_text#"$R"}, and run: systemctl daemon-reload$(take_effect)" ;;
    # Without Accept=yes a service was started, which keeps the socket.
    *) set_it="$(drop_in "$1" "$fix_name" "[$2]" "$3=$4")$(case $3 in Accept) echo " && systemctl stop $unit.socket; systemctl stop $unit.service 2>/dev/null || :" ;; esac)$(take_effect)" ;;
  esac
  says=$(at_is)
  fail accept "${says:-$(unit_file "$1") has no $3=$4}: $5" "$set_it"
}
# What its template needs of systemd: a setting, the values that do, the first of them for the fix, and why.
check_template() {
  if exports_sshd || ! unit_file "$unit@.service" >/dev/null; then return 0; fi
  is_not_masked "$unit@.service" "$unit@look.service" || return 1
  while read -r need_name need_values need_why; do
    case "|$need_values||" in *"|$(show "$unit@look.service" "$need_name")|"*) continue ;; esac
    says_no "$unit@.service" Service "$need_name" "${need_values%%|*}" "$need_why"
    return 1
  done <<'NEEDS'
StandardInput socket sshd does not get the connection
StandardOutput socket|inherit sshd cannot answer
User root|0 only root's sshd can let somebody in
Type simple|exec|idle systemd waits for what sshd -i never says, and ends it
NEEDS
}
other_template() {
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*ssh*@.service; do
      grep -Eq '^ExecStart=.*sshd.* -i' "$each_file" 2>/dev/null && echo "${each_file#"$R"}" && return
    done
  done
  return 1
}

check_listening() {
  how=$(show "$unit.socket" ActiveState)
  if [ "$how" = active ]; then
    say ok listening "$unit.socket listens on $(show "$unit.socket" Listen)"
    return 0
  fi
  how="$unit.socket is $how ($(show "$unit.socket" Result))"
  if port_holder; then
    foreign_listener ", so $how" "$(take_effect)"
  elif [ "$(show "$unit.socket" Result)" = resources ] && ! command -v ss >/dev/null; then
    fail listening "$how: something else may listen on $(place)" "$(install_command iproute2) # and check again: its ss shows who listens"
  else
    fail listening "$how$(last_message "$unit.socket")" "systemctl enable $unit.socket$(take_effect)"
  fi
}
last_message() { journalctl -q -b -u "$1" -o cat -n 20 --no-pager 2>/dev/null | grep -v -e '^Listening on' -e '^Closed' -e '^Start' -e '^Stop' | tail -n 1 | sed 's/^/: /'; }

no_socket_unit() {
  major=$(systemd_major)
  if ssh_auto_is_off && { has_ssh_generator || [ -e "$R/etc/systemd/system-generators/vmssh-ssh-generator" ]; }; then
    fail masked "the kernel's command line has systemd.ssh_auto=$(cmdline_word systemd.ssh_auto): no socket is made" \
      "$(units_until_reboot) # until the next boot; for good: take systemd.ssh_auto= away from the kernel's command line"
  elif has_ssh_generator && [ "$port" = 22 ]; then
    fail listening "systemd $major made no sshd-vsock.socket when it started: $(generator_message)" \
      "systemctl daemon-reload && systemctl start sshd-vsock.socket # now that the transport is there; at boot: the units of vmssh guest print, systemd.ssh_listen=vsock::22 on the kernel's command line, or ${module:-vsock} in the initramfs (modules-load.d is too late)"
  else
    fail listening "no unit listens on vsock port $port, and systemd $major makes none by itself" "$units_fix"
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

# port_holder: sets $holder, and $holder_fix, which ends it alone: its unit may be the user's way in. Only ss knows, by a kernel module.
port_holder() {
  if exports_sshd || ! command -v ss >/dev/null; then return 1; fi
  module_on vsock_diag || :
  holder_pids=$(ss -H -l -p --vsock 2>/dev/null |
    sed -n -E "s/^[^ ]* +LISTEN +[0-9]+ +[0-9]+ +[^ ]*:$port +[^ ]+ +users:\(((\(\"[^\"]*\",pid=[0-9]+,fd=[0-9]+\),?)+)\)( .*)?\$/\1/p" |
    head -n 1 | sed 's/("[^"]*",pid=\([0-9]*\),fd=[0-9]*),*/\1 /g' | tr ' ' '\n' | sort -un | grep . | tr '\n' ' ')
  module_off vsock_diag
  holder_pids=${holder_pids% }
  case " $holder_pids " in
    '  ') return 1 ;;
    *' 1 '*) socket_holder ;;
    *) process_holder ;;
  esac
}

# socket_holder: systemd, for another socket unit; the list has those that failed too.
socket_holder() {
  holder_unit=$(systemctl list-sockets --full --no-legend --no-pager 2>/dev/null |
    sed -n "s/^vsock:[^ ]*:$port  *\([^ ]*\.socket\).*/\1/p" | grep -vxF "${unit:-}.socket" | head -n 1)
  holder=$holder_unit
  case $holder_unit in
    '') return 1 ;;
    -* | *[!A-Za-z0-9_.:@-]*) holder_fix="# stop that socket unit, if it is not your way in" ;;
    *)
      if ! is_shared "$holder_unit"; then
        holder_fix="systemctl stop $holder_unit; systemctl disable $holder_unit"
      else
        holder_fix="$(without_port "$holder_unit" "$port") # it takes effect at the next boot: $holder_unit may be your way in, so do not stop it"
      fi ;;
  esac
}

# process_holder: its unit is one of the system's manager: users and containers choose the names below theirs.
process_holder() {
  holder_pid=${holder_pids%% *}
  holder_unit=$(sed -n -E 's/^(0:|[0-9]+:name=systemd):(\/[^/]*\.slice)*\/([^/]*\.(service|scope))(\/.*)?$/\3/p' "$R/proc/$holder_pid/cgroup" 2>/dev/null | head -n 1)
  holder="$(cat "$R/proc/$holder_pid/comm" 2>/dev/null) (pid $holder_pid)${holder_unit:+ of $holder_unit}, $(tr '\0' ' ' 2>/dev/null <"$R/proc/$holder_pid/cmdline" | cut -c 1-300 | sed 's/ $//'),"
  if carries_logins; then
    holder_fix="# it may be your way in: end it in another session, or on the console"
  elif is_whole_unit; then
    holder_fix="systemctl stop $holder_unit; systemctl disable $holder_unit"
  else
    holder_fix="kill $holder_pids; sleep 1"
  fi
}
# Whether it is an sshd, or this session runs by it or ends with its unit.
carries_logins() {
  if [ -n "$holder_unit" ] && grep -qsF "/$holder_unit" "$R/proc/self/cgroup" && [ "$(show "$holder_unit" MainPID)" = "$holder_pid" ]; then return 0; fi
  for each in $holder_pids; do
    case $(cat "$R/proc/$each/comm" 2>/dev/null) in sshd* | dropbear*) return 0 ;; esac
    if pids_above | grep -qx "$each"; then return 0; fi
  done
  return 1
}
# Whether the service is that of these processes and of those that they started, and of nothing else.
is_whole_unit() {
  case $holder_unit in -* | *[!A-Za-z0-9_.:@-]* | ssh.* | ssh@* | sshd* | user@*) return 1 ;; *.service) ;; *) return 1 ;; esac
  if runs_sshd "$holder_unit" || is_needed "$holder_unit"; then return 1; fi
  holder_group=$(sed -n -E "s/^(0:|[0-9]+:name=systemd):(\/.*\/$holder_unit)\$/\2/p" "$R/proc/$holder_pid/cgroup" 2>/dev/null | head -n 1)
  for each in "$R/sys/fs/cgroup" "$R/sys/fs/cgroup/systemd" "$R/sys/fs/cgroup/unified"; do
    if [ -z "$holder_group" ] || [ ! -f "$each$holder_group/cgroup.procs" ]; then continue; fi
    group_pids=$(find "$each$holder_group" -name cgroup.procs -exec cat {} + 2>/dev/null)
    for group_pid in $holder_pids; do
      if ! echo "$group_pids" | grep -qx "$group_pid"; then return 1; fi
    done
    for group_pid in $group_pids; do
      if ! pids_above "$group_pid" | grep -qxE "$(echo "$holder_pids" | tr ' ' '|')"; then return 1; fi
    done
    return 0
  done
  return 1
}

# foreign_listener [EFFECT] [NEXT]: whoever listens, an sshd that answers is all that counts; what does not answer is ended.
foreign_listener() {
  case $(banner_here "$port") in
    'banner '*)
      say ok listening "$holder listens on $(place), and sshd answers"
      return 0 ;;
    no-*) holder_fix="# whether it is an sshd shows on the host: vmssh check" ;;
  esac
  case $holder_fix in
    *'# '*) ;;
    *) holder_fix=$holder_fix$(printf '%s' "${2:- # then, on the host: vmssh guest install}" | sed 's/^ &&/;/') ;;
  esac
  fail listening "$holder listens on $(place)${1:-, and it is no sshd}" "$holder_fix"
}
