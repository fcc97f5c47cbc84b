# What is needed before anything can listen: systemd as PID 1, sshd, its host keys.

# check_disk: where nothing can be written neither a login nor a fix works.
check_disk() {
  # Mostly one look at all of them finds none that is full.
  full=$(df -Pk "$R/" "$R/etc" "$R/run" "$R/var" "$R/tmp" 2>/dev/null | grep ' 0  *[0-9]*% ')
  for each in ${full:+/ /etc /run /var /tmp}; do
    case $(df -Pk "$R$each" 2>/dev/null | sed -n '2s/.* \([0-9][0-9]*\)  *[0-9]*% .*/\1/p') in
      0)
        fail disk "$each has no space left" "df -h $each # remove what is not needed there" || return ;;
    esac
  done
  mounted=$(df -Pk "$R/etc" 2>/dev/null | sed -n '2s/.*% //p')
  case $(sed -n "s|^[^ ]* $mounted \([^ ]*\) \([^ ]*\) .*|\1 \2,|p" "$R/proc/mounts" 2>/dev/null | tail -n 1) in
    *' ro,'*)
      if is_container; then
        fail disk "/etc is read-only: the container was made so" \
          '# make it anew without --read-only; or leave it as it is: vmssh setup --bring-sshd' || return
      fi
      fail disk "/etc is read-only: $mounted is mounted so" "mount -o remount,rw $mounted # dmesg may have the reason: an error of the disk" ;;
  esac
}

check_systemd() {
  if is_systemd; then
    say ok systemd "systemd $(systemd_full) is PID 1"
  elif is_wsl && ! wsl_says_systemd; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), and /etc/wsl.conf has no [boot] systemd=true" \
      "printf '[boot]\nsystemd=true\n' >> /etc/wsl.conf # then in Windows: wsl --shutdown"
  elif is_wsl; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), though /etc/wsl.conf has [boot] systemd=true: it takes effect at the next start" '# in Windows: wsl --shutdown'
  elif init=$(init_kind); then
    check_init "$init"
  else
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd" "$(sshd_without_systemd)# for good: boot with systemd as init"
  fi
}

# Whatever the init is, an sshd that answers is all that counts.
answers_without_systemd() {
  if is_systemd || ! answers; then return 1; fi
  say ok systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd, and sshd answers on $(place)"
}
# answers: whether an sshd does, on the port.
answers() { case $(banner_here "$port") in 'banner '*) ;; *) return 1 ;; esac }

units_fix='# for good, on the host: vmssh guest install; or here, as root: the script of vmssh guest print'

# The fix also makes the folder that a unit would make.
sshd_without_systemd() {
  if sshd=$(find_sshd) && command -v socat >/dev/null; then
    printf '%s' "mkdir -p $(privsep_folder "$sshd") && socat $(if exports_sshd; then echo "UNIX-LISTEN:$export_socket,mode=666"; else echo "VSOCK-LISTEN:$port"; fi),fork EXEC:\"$sshd -i\" "
  fi
}

check_sshd() {
  if sshd=$(find_sshd); then
    say ok sshd "$sshd is there"
  else
    fail sshd 'there is no sshd in /usr/sbin, /usr/bin, /usr/local/sbin' "$(install_command openssh-server)"
  fi
}
# Of a package that is there a file is missing.
# shellcheck disable=SC2016 # dpkg-query's own
is_installed() { { dpkg-query -W -f '${Status}' "$1" | grep -q ' installed$' || rpm -q "$1" || apk info -e "$1"; } >/dev/null 2>&1; }

# install_command PACKAGE, by Debian's name.
install_command() {
  if [ -e "$R/run/ostree-booted" ] && command -v rpm-ostree >/dev/null; then
    echo "rpm-ostree install $1 && systemctl reboot"
    return 0
  elif is_image; then
    echo "# add $1 to the image: /usr cannot be changed here"
    return 0
  fi
  for tool in apt-get dnf zypper pacman apk none; do
    if command -v "$tool" >/dev/null; then break; fi
  done
  if is_installed "$1"; then again=yes; else again=; fi
  case $tool in
    apt-get) echo "apt-get update && apt-get install -y ${again:+--reinstall }$1" ;;
    dnf) echo "dnf ${again:+re}install -y ${1%2}" ;;
    zypper) echo "zypper -n install ${again:+--force }$1" ;;
    pacman) echo "pacman -S --noconfirm ${1%-server}" ;;
    apk) if [ -n "$again" ]; then echo "apk fix --reinstall $1"; else echo "apk add $1"; fi ;;
    *) echo "# install the package $1" ;;
  esac
}

check_host_keys() {
  if ! is_root; then
    say skipped host-keys 'only root can read them'
  elif key_complaint=$(sshd_complaint "$sshd") && [ -z "$key_complaint" ]; then
    say ok host-keys 'sshd -t reports no problems'
  else
    fail "$(complaint_step "$key_complaint")" "sshd -t says: $key_complaint" "$(complaint_fix "$key_complaint")"
  fi
}
complaint_step() {
  case $1 in *' are too open'* | *'nable to load host key'* | *'o hostkeys available'*) echo host-keys ;; *) echo sshd-config ;; esac
}

# complaint_fix COMPLAINT: only for paths that the shell takes as they are.
complaint_fix() {
  each_complaint=$(printf '%s\n' "$1" | sed 's/; /\n/g')
  case $1 in
    *' line '[0-9]*) echo 'sshd -t # correct the line that it names' ;;
    *' are too open'*) printf 'chmod 600 %s\n' "$(plain_paths "s/.* for '\([^']*\)' are too open.*/\1/p" | tr '\n' ' ' | sed 's/ $//')" ;;
    *'nable to load host key'* | *'o hostkeys available'*) host_key_fix ;;
    *) echo 'sshd -t # correct what it names' ;;
  esac
}
plain_paths() { printf '%s\n' "$each_complaint" | sed -n "$1" | grep '^/[A-Za-z0-9_./@+-]*$'; }

# ssh-keygen -A leaves a file that is there as it is, and makes those of sshd's own names.
host_key_fix() {
  key_commands=
  for each_path in $(plain_paths 's/^Unable to load host key: //p'); do
    if [ -s "$R$each_path" ]; then key_commands="${key_commands}mv $each_path $each_path.bad && "; fi
    case $each_path in
      /etc/ssh/ssh_host_*_key) ;;
      *) key_commands="${key_commands}ssh-keygen -q -t ed25519 -N '' -f $each_path && " ;;
    esac
  done
  printf '%s\n' "${key_commands}ssh-keygen -A"
}

# check_init KIND: why nothing listens where systemd is not.
check_init() {
  here="PID 1 is $(cat "$R/proc/1/comm"), not systemd, and the services are $(init_title "$1")'s"
  if ! is_set_up "$1"; then
    fail systemd "$here: nothing starts sshd on $(place)" "$(sshd_without_systemd)$units_fix"
  elif ! command -v socat >/dev/null; then
    fail systemd "$here; $listener needs socat, which is not there" "$(install_command socat)"
  elif [ "$1" = openrc ]; then
    fail listening "$here; $(openrc_service "$port") does not run" \
      "rc-update add $(unit_of_port "$port") default; rc-service $(unit_of_port "$port") restart"
  elif ! grep -qxF "$(inittab_line "$1" "$port")" "$R/etc/inittab"; then
    fail listening "$here; /etc/inittab has no line for $listener $port" \
      "echo '$(inittab_line "$1" "$port")' >> /etc/inittab && $(reread_inittab "$1")"
  else
    fail listening "$here; $listener $port does not run, though /etc/inittab has it" "$(reread_inittab "$1") # $listener $port shows why it ends"
  fi
}
is_set_up() {
  [ -x "$R$listener" ] && case $1 in openrc) [ -e "$R$(openrc_service "$port")" ] ;; esac
}
