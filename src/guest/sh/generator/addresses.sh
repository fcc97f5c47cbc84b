# The address in a form for systemd 240 to 255, which refuse a whole unit for an address that they do not know.
stream_address() {
  case $1 in
    /* | @?*) echo "$1" ;;
    vsock://*:*)
      cid=${1#vsock://}
      vsock_address "${cid%:*}" "${1##*:}" ;;
    vsock:*:* | vsock-stream:*:*)
      cid=${1#*:}
      vsock_address "${cid%:*}" "${1##*:}" ;;
    \[?*\]:*)
      case ${1%]:*} in *[!0-9a-fA-F:.[]*) return 1 ;; esac
      rest=${1##*]:}
      is_port "${rest%%\%*}" && echo "$1" ;;
    *.*.*.*:*)
      case $1 in *[!0-9.:]* | *:*:*) return 1 ;; esac
      is_port "${1##*:}" && echo "$1" ;;
    *) is_port "$1" && echo "$1" ;;
  esac
}
# A number in decimal, from decimal or hexadecimal; nothing for anything else.
decimal() {
  case $1 in
    0[xX]*)
      case ${1#0?} in '' | *[!0-9a-fA-F]* | ?????????*) return 1 ;; esac
      echo $(($1)) ;;
    0?*) return 1 ;;
    *) if is_number "$1"; then echo "$1"; else return 1; fi ;;
  esac
}
is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; [ "${#1}" -le 10 ]; }
is_port() { is_number "$1" && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }
# The names are those of systemd 256 and later, for any those of later ones.
vsock_address() {
  case $1 in
    '' | any | -1) cid= ;;
    hypervisor) cid=0 ;;
    local) cid=1 ;;
    host) cid=2 ;;
    *) cid=$(decimal "$1") && [ "$cid" -le 4294967295 ] || return 1 ;;
  esac
  vsock_port=$(decimal "$2") && [ "$vsock_port" -le 4294967294 ] && echo "vsock:$cid:$vsock_port"
}
