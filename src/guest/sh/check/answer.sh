# What a connection needs once something listens: sshd's folder, its banner, the lookup of UNKNOWN.

. ./../log/journal.sh

# sshd needs a privilege separation folder; one under /run has to be made after every boot.
check_privsep() {
  folder=$(privsep_folder "$sshd")
  made=$(show "$unit@look.service" RuntimeDirectory)
  if [ -d "$R$folder" ]; then
    case " $made " in
      *" ${folder#/run/} "*) say ok privsep "$folder is there, and $unit@.service makes it" ;;
      *) say ok privsep "$folder is there" ;;
    esac
    return 0
  fi
  case "$folder: $made " in
    /run/*:*" ${folder#/run/} "*) say ok privsep "$unit@.service makes $folder" ;;
    /run/*)
      message=$(journalctl -q -b -o cat --no-pager -u "$(served_by)*" -g 'privilege separation' -n 1 2>/dev/null)
      fail privsep "$folder is missing, and $unit@.service has no RuntimeDirectory=${folder#/run/}${message:+; the journal has: $message}" \
        "$(drop_in "$unit@.service" zz-vmssh-folder '[Service]' "RuntimeDirectory=${folder#/run/}" RuntimeDirectoryPreserve=yes)" ;;
    *) fail privsep "$folder, which $sshd needs, is missing" "install -d -m 711 $folder" ;;
  esac
}

# "NAME@", as the journal has it: the template may be a link to another.
served_by() {
  served=$(show "${unit:-sshd-vsock}@look.service" Id)
  echo "${served:-${unit:-sshd-vsock}@look.service}" | sed 's/look\.service$//'
}

check_banner() {
  banner_from=$(journal_end)
  banner=$(banner_here "$port")
  case $banner in
    'banner '*) say ok banner "${banner#banner }, over $(if exports_sshd; then echo "$export_socket"; else echo loopback; fi)" ;;
    no-client)
      say skipped banner "no $(exports_sshd || printf 'perl, python3 or ')socat to try it with: run vmssh check on the host" ;;
    no-loopback) say skipped banner 'vsock_loopback cannot be loaded: run vmssh check on the host' ;;
    silent) fail accept "port $port is open, but sends no banner" "$(unit_log)" ;;
    closed)
      changed_by=$(own_drop_ins "$(served_by).service")
      closed_why=$(why_closed)
      closed_fix="$(unit_log)${changed_by:+ # see also $changed_by}"
      case $closed_why,$(show "$(served_by)look.service" MemoryMax) in
        *,infinity | *,) ;;
        *oom-kill*) closed_fix=$(drop_in "$(served_by).service" zz-vmssh-memory '[Service]' MemoryMax=infinity) ;;
      esac
      fail banner "port $port is closed without a banner: $closed_why" "$closed_fix" ;;
    *) fail listening "a connection to port $port over loopback fails, although systemd reports no error: ${banner#error }" "ss -l -p --vsock # if sshd does not listen there: systemctl restart ${unit:-sshd-vsock}.socket" ;;
  esac
}

unit_log() { if is_systemd; then echo "journalctl -b --no-pager -n 40 -u '$(served_by)*'"; else sshd_log; fi; }

# own_drop_ins UNIT: this system's, not the distribution's.
own_drop_ins() {
  if changed_file=$(unit_file "$1"); then
    unit_texts "$R$changed_file" | sed -n -E -e 1d -e "s,^$R(/(etc|run)/.*),\\1,p" | tr '\n' ' ' | sed 's/ $//'
  fi
}

# sshd's last line on that connection, or else systemd's on the unit.
why_closed() {
  await_lines "$banner_from" '' .
  printf '%s\n' "$own_lines" | tail -n 1 | grep . ||
    journalctl -q -b -o cat --no-pager -u "$(served_by)*" -n 40 2>/dev/null | grep -v -e '^Started' -e 'Deactivated' -e '^Starting' -e 'Succeeded' | tail -n 1
}

# audit and PAM look the name UNKNOWN of a peer without an address up at each login; UseDNS is for sshd's own lookup of an address.
check_unknown() {
  ms=$(unknown_lookup_ms)
  if [ "$ms" -ge 1000 ]; then
    fail name-lookup "looking up the name UNKNOWN took $ms ms, and each login may wait for it, with UseDNS no too" "echo '127.0.0.1 UNKNOWN' >> /etc/hosts$(hosts_note)"
  else
    say ok name-lookup "looking up the name UNKNOWN took $ms ms"
  fi
}
hosts_note() {
  if is_wsl; then echo ' # put [network] generateHosts=false into /etc/wsl.conf too, or WSL rewrites it'; fi
  if grep -rqs '^[[:space:]]*manage_etc_hosts:[[:space:]]*\(true\|template\)' "$R/etc/cloud/cloud.cfg" "$R/etc/cloud/cloud.cfg.d"; then
    echo ' # put it into /etc/cloud/templates/hosts.* too, or cloud-init rewrites it'
  fi
}
