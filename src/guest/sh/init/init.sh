# An init other than systemd, and our service there.

listener=/usr/local/sbin/sshd-vsock

# What runs services here: openrc, sysvinit or busybox; the last two by lines of /etc/inittab. WSL's init has none.
init_kind() {
  if is_systemd || is_wsl; then return 1; fi
  if [ -e "$R/run/openrc/softlevel" ] && [ -d "$R/etc/init.d" ]; then
    echo openrc
  elif [ "$(cat "$R/proc/1/comm" 2>/dev/null)" = init ] && [ -f "$R/etc/inittab" ]; then
    case $(readlink "$R/proc/1/exe") in */busybox*) echo busybox ;; *) echo sysvinit ;; esac
  else
    return 1
  fi
}
init_title() { case $1 in openrc) echo OpenRC ;; sysvinit) echo sysvinit ;; busybox) echo "BusyBox's init" ;; esac; }

# inittab_line KIND PORT: sysvinit wants an id of up to four characters, BusyBox a terminal or nothing.
inittab_line() {
  case $1 in
    busybox) echo "::respawn:$listener $2" ;;
    *) echo "v$(printf '%s' "$2" | sha256sum | cut -c1-3):2345:respawn:$listener $2" ;;
  esac
}
reread_inittab() { case $1 in busybox) echo 'kill -HUP 1' ;; *) echo 'telinit q' ;; esac; }

# unit_of_port names OpenRC's service too.
openrc_service() { echo "/etc/init.d/$(unit_of_port "$1")"; }

undo_openrc() {
  if must undo rc-update -q del "$1" default; then say changed undo "$1 is no longer started at boot"; fi
  rc-service -q "$1" stop 2>/dev/null
}

# After its line was removed from /etc/inittab.
undo_inittab() {
  # shellcheck disable=SC2046 # a command and its arguments
  if must undo $(reread_inittab "$1"); then say changed undo 'init has read /etc/inittab again'; fi
}

# WSL2's setting takes effect at the next start. A [boot] section of the user's own is not changed.
turn_on_systemd() {
  if is_systemd || ! is_wsl || wsl_says_systemd || grep -qs '^[[:space:]]*\[boot\]' "$R/etc/wsl.conf"; then return 0; fi
  if ! add_lines root "$R/etc/wsl.conf" 644 '[boot]' 'systemd=true'; then
    give_up_on systemd 1 "/etc/wsl.conf cannot be written: $said" '# let root write to /etc, then run this again'
  fi
  say changed systemd '/etc/wsl.conf has [boot] systemd=true'
  give_up_on systemd 1 'it takes effect at the next start of this distribution' '# in Windows: wsl --shutdown, which stops all distributions; then run this again'
}
