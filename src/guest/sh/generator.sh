#!/bin/sh
# vmssh-ssh-generator FOLDER...: binds sshd to vsock and unix sockets, as systemd-ssh-generator(8) does from systemd 256 on.
# Put it at /etc/systemd/system-generators/vmssh-ssh-generator (mode 755): see systemd.generator(7). It reads
#   systemd.ssh_auto=, systemd.ssh_listen=   on the kernel's command line
#   ssh.listen, ssh.authorized_keys.root     among the system's credentials
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
R=
newline='
'

log() {
  echo "vmssh-ssh-generator: $*" >&2
  if [ -w /dev/kmsg ]; then echo "<6>vmssh-ssh-generator: $*" >/dev/kmsg; fi
}

main() {
  if [ "${1:-}" = --root-keys ]; then
    root_keys
    return
  fi
  folder=$1
  if [ "${SYSTEMD_SCOPE:-system}" != system ] || systemd_has_one; then return 0; fi
  if ! sshd=$(find_sshd); then
    log 'there is no sshd, so there is nothing to bind'
    return 0
  fi
  read_settings
  if [ "$auto" = yes ]; then
    bind_vsock
    write_socket 'sshd-unix-local' /run/ssh-unix-local/socket 'AF_UNIX Local'
    bind_export
  fi
  bind_extra
  if [ -n "$(credential ssh.authorized_keys.root)" ] && ! tmpfiles_has_root_keys; then write_root_keys_unit; fi
}

# Nothing to do from systemd 256 on.
systemd_has_one() {
  for each in /usr/lib /lib /usr/local/lib /etc /run; do
    if [ -e "$each/systemd/system-generators/systemd-ssh-generator" ]; then return 0; fi
  done
  return 1
}

. ./parts/find-sshd.sh

. ./generator/settings.sh
. ./generator/addresses.sh
. ./generator/machine.sh
. ./generator/units.sh

main "$@"
exit 0
