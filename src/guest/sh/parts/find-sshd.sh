# The sshd program; Arch has it in /usr/bin.
find_sshd() {
  for each in /usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd /sbin/sshd; do
    if [ -x "${R:-}$each" ]; then
      echo "$each"
      return 0
    fi
  done
  return 1
}
