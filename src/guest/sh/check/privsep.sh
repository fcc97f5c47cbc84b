# This sshd's privilege separation folder, set at build time: Debian and Ubuntu /run/sshd, Fedora, RHEL 9 and Arch
# /usr/share/empty.sshd, RHEL 8 /var/empty/sshd, openSUSE /var/lib/empty.
privsep_folder() {
  for folder in /usr/share/empty.sshd /var/empty/sshd /var/lib/empty /var/lib/sshd /run/sshd /var/empty; do
    if grep -qF "$folder" "${R:-}$1" 2>/dev/null; then
      echo "$folder"
      return 0
    fi
  done
  echo /run/sshd
}
