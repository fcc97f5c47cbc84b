# The sshd program; Arch has it in /usr/bin, NixOS with its other programs.
find_sshd() {
  for each in /usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd /sbin/sshd /run/current-system/sw/bin/sshd; do
    [ -x "${R:-}$each" ] && echo "$each" && return
  done
  return 1
}
