# The file that keeps sshd's TCP on loopback, and what it takes to have effect.

loopback_file=/etc/ssh/sshd_config.d/10-vmssh-loopback.conf

# read_again STEP UNIT: the unit listens as sshd's settings are now; open sessions go on.
read_again() {
  case $2 in
    *.socket)
      systemctl -q stop "${2%.socket}.service" 2>/dev/null
      must "$1" systemctl -q restart "$2" ;;
    *)
      # Its socket does.
      if systemctl -q is-active "${2%.service}.socket"; then return 0; fi
      must "$1" systemctl -q reload-or-restart "$2" ;;
  esac
}
