# The one that listens there, with its -f, by its title: "sshd: /usr/sbin/sshd.pam -D -f /config/sshd_config [listener] 0 of 10-100 startups".
running() {
  for each in /proc/[0-9]*/cmdline; do
    line=''
    { read -r line <"$each"; } 2>/dev/null
    case $line in *': /'*' [listener] '*) ;; *) continue ;; esac
    # A machine that shares its host's processes has the host's sshd among them.
    # shellcheck disable=SC3013 # dash and busybox have it
    [ "${each%cmdline}root/." -ef / ] || continue
    set -f
    # shellcheck disable=SC2086 # words
    set -- ${line#*: }
    set +f
    [ -x "$1" ] || continue
    sshd=$1
    while [ $# -gt 1 ]; do
      case $1 in -f) config=$2 ;; -f/*) config=${1#-f} ;; esac
      shift
    done
    [ -r "$config" ] || config=''
    return 0
  done
  return 1
}
config=''
running || for sshd in /usr/sbin/sshd /usr/sbin/sshd.pam /usr/sbin/sshd.krb5 /usr/bin/sshd /sbin/sshd \
  /usr/local/sbin/sshd /run/current-system/sw/bin/sshd /nix/var/nix/profiles/default/bin/sshd ''; do
  [ -x "$sshd" ] && break
done
[ -n "$sshd" ] || sshd=$(command -v sshd)
# room N: ends if so many processes more may not run at once: the shell says why. sshd would only close the connection, after its banner.
room() {
  if [ "$1" -gt 0 ]; then (room $(($1 - 1)) && :) || exit 1; fi
}
serve() {
  room 3
  # The sshd that needs it names it, as Debian's and Ubuntu's do, and there only its service makes it. Without grep nobody knows.
  if [ ! -d /run/sshd ]; then
    grep -qzx /run/sshd "$sshd" 2>/dev/null
    [ $? = 1 ] || mkdir -m 0755 /run/sshd 2>/dev/null
  fi
  [ -n "$sshd" ] || exit 1
  # It logs to syslog; what else it prints would stop it once nobody reads. By this shell stderr stays open: else Kubernetes closes stdin.
  "$sshd" -i ${config:+-f "$config"} 2>/dev/null
  exit
}
