# What is needed before anything can listen: systemd as PID 1, sshd, its host keys.

check_systemd() {
  if is_systemd; then
    say ok systemd "systemd $(systemd_full) is PID 1"
  elif is_wsl && ! wsl_says_systemd; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), and /etc/wsl.conf has no [boot] systemd=true" \
      "printf '[boot]\nsystemd=true\n' >> /etc/wsl.conf, then in Windows: wsl --shutdown"
    return 1
  elif is_wsl; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), though /etc/wsl.conf has [boot] systemd=true: it takes effect at the next start" 'in Windows: wsl --shutdown'
    return 1
  elif init=$(init_kind); then
    check_init "$init"
  else
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd" "boot with systemd as init$(sshd_without_systemd)"
    return 1
  fi
}

# Whatever the init is, an sshd that answers is all that counts.
answers_without_systemd() {
  if is_systemd; then return 1; fi
  case $(banner_here "$port") in
    'banner '*) say ok systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd, and sshd answers on $(place)" ;;
    *) return 1 ;;
  esac
}

# The fix also makes the folder that a unit would make.
sshd_without_systemd() {
  if sshd=$(find_sshd) && command -v socat >/dev/null; then
    printf '%s' ", or run sshd on vsock by: mkdir -p $(privsep_folder "$sshd") && socat $(if exports_sshd; then echo "UNIX-LISTEN:$export_socket,mode=666"; else echo "VSOCK-LISTEN:$port"; fi),fork EXEC:\"$sshd -i\""
  fi
}

check_sshd() {
  if sshd=$(find_sshd); then
    say ok sshd "$sshd is there"
  else
    fail sshd 'there is no sshd in /usr/sbin, /usr/bin, /usr/local/sbin' "$(install_command openssh-server)"
    return 1
  fi
}
# install_command PACKAGE, by Debian's name.
install_command() {
  if [ -e "$R/run/ostree-booted" ] && command -v rpm-ostree >/dev/null; then
    echo "rpm-ostree install $1 && systemctl reboot"
    return 0
  elif is_image; then
    echo "add $1 to the image: /usr cannot be changed here"
    return 0
  fi
  for tool in apt-get dnf zypper pacman apk; do
    if command -v "$tool" >/dev/null; then break; fi
  done
  case $tool in
    apt-get) echo "apt-get update && apt-get install -y $1" ;;
    dnf) echo "dnf install -y $1" ;;
    zypper) echo "zypper -n install $1" ;;
    pacman) echo "pacman -S --noconfirm ${1%-server}" ;;
    apk) echo "apk add $1" ;;
    *) echo "install the package $1" ;;
  esac
}

check_host_keys() {
  if [ "$(id -u)" != 0 ]; then
    say skipped host-keys 'only root can read them'
    return 0
  fi
  key_complaint=$(sshd_complaint "$sshd")
  case $key_complaint in
    '') say ok host-keys 'sshd -t reports no problems' ;;
    *[Nn]'o hostkeys available'*)
      if key_unit=$(key_units); then
        fail host-keys "sshd -t says: $key_complaint" "systemctl start $key_unit"
      else
        fail host-keys "sshd -t says: $key_complaint" 'ssh-keygen -A'
      fi
      return 1 ;;
    *)
      fail sshd-config "sshd -t says: $key_complaint" 'fix /etc/ssh/sshd_config; sshd -t checks it'
      return 1 ;;
  esac
}
