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
