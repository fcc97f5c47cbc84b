import { sh } from './tag.js';

/**
 * One function a failure; each says one line, with the evidence that it saw, and where it failed the cure. They are in
 * the order in which a connection meets them, and read only. src/guest/failures.ts lists the names.
 */
export const check = sh`
check_systemd() {
  if is_systemd; then
    say ok systemd "systemd $(systemd_full) is PID 1"
  elif is_wsl && ! wsl_says_systemd; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), and /etc/wsl.conf has no [boot] systemd=true" \
      "printf '[boot]\nsystemd=true\n' >> /etc/wsl.conf, then in Windows: wsl --shutdown"
    return 1
  elif is_wsl; then
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), though /etc/wsl.conf has [boot] systemd=true: it counts from the next start" 'in Windows: wsl --shutdown'
    return 1
  else
    fail systemd "PID 1 is $(cat "$R/proc/1/comm"), not systemd" 'boot with systemd as init, or run sshd on vsock by: socat VSOCK-LISTEN:22,fork EXEC:"/usr/sbin/sshd -i"'
    return 1
  fi
}

check_sshd() {
  if sshd=$(find_sshd); then
    say ok no-sshd "$sshd is there"
  else
    fail no-sshd 'there is no sshd in /usr/sbin, /usr/bin, /usr/local/sbin' "$(install_command)"
    return 1
  fi
}
install_command() {
  for tool in apt-get dnf zypper pacman apk; do
    if command -v "$tool" >/dev/null; then break; fi
  done
  case $tool in
    apt-get) echo 'apt-get install openssh-server' ;;
    dnf) echo 'dnf install openssh-server' ;;
    zypper) echo 'zypper install openssh-server' ;;
    pacman) echo 'pacman -S openssh' ;;
    *) echo 'install the package openssh-server' ;;
  esac
}

check_host_keys() {
  if [ "$(id -u)" != 0 ]; then
    say skipped host-keys 'only root may read them'
    return 0
  fi
  key_complaint=$(sshd_complaint "$sshd")
  case $key_complaint in
    '') say ok host-keys 'sshd -t is content' ;;
    *[Nn]'o hostkeys available'*)
      if key_unit=$(key_units); then
        fail host-keys "sshd -t says: $key_complaint" "systemctl start $key_unit"
      else
        fail host-keys "sshd -t says: $key_complaint" 'ssh-keygen -A'
      fi
      return 1 ;;
    *)
      fail sshd-config "sshd -t says: $key_complaint" 'mend /etc/ssh/sshd_config; sshd -t tells when it is right'
      return 1 ;;
  esac
}

check_transport() {
  if ! device=$(vsock_device); then
    if is_wsl; then device='Hyper-V hv_sock'; else
      fail transport "this machine has no vsock device on its virtio, PCI or VMBus" \
        'on the host: QEMU -device vhost-vsock-pci,guest-cid=N; libvirt <vsock><cid auto="yes"/></vsock>; Hyper-V and VMware have one always'
      return 1
    fi
  fi
  module=\${device#* }
  if ! has_vsock; then
    if module_exists vsock; then
      fail transport "AF_VSOCK is not loaded (/proc/net/protocols); the device is \${device% *}'s" "modprobe $module && echo $module > /etc/modules-load.d/vsock.conf"
    else
      fail transport "this kernel ($(uname -r)) has no AF_VSOCK, and no module vsock" 'install a kernel with CONFIG_VSOCKETS'
    fi
    return 1
  elif ! transport_loaded "$module" && ! is_wsl; then
    if module_exists "$module"; then
      fail transport "the \${device% *} vsock device has no driver: $module is not loaded" "modprobe $module && echo $module > /etc/modules-load.d/vsock.conf"
    else
      fail transport "this kernel ($(uname -r)) has no module $module for the \${device% *} vsock device" "install the kernel's package of extra modules, or a kernel with $module"
    fi
    return 1
  fi
  say ok transport "\${device% *} vsock by $module$(cid_words)"
}
cid_words() {
  cid=$(own_cid)
  case $cid in
    '') ;;
    4294967295) echo '; the CID reads as "any"' ;;
    *) echo "; the CID is $cid" ;;
  esac
}

# systemd 258.3 to 260.2 take a Hyper-V guest, whose CID reads as "any" or 1, for one without vsock (systemd#40161, #42496).
has_cid_bug() {
  case $(virtualization) in microsoft) ;; *) return 1 ;; esac
  case $(systemd_full) in
    258.[3-9]* | 258.[1-9][0-9]* | 259 | 259[.~-]* | 260 | 260.[0-2] | 260.[0-2][!0-9]* | 260[~-]*) return 0 ;;
  esac
  return 1
}
check_cid_bug() {
  if has_cid_bug && [ "$(show sshd-vsock.socket LoadState)" != loaded ]; then
    fail hyper-v-cid "systemd $(systemd_full) on Hyper-V made no sshd-vsock.socket: it takes the CID that hv_sock has for none" \
      'vmssh guest script writes the units that are missing; or boot with systemd.ssh_listen=vsock::22; or take systemd 260.3'
    return 1
  fi
  say ok hyper-v-cid "not systemd 258.3 to 260.2 on Hyper-V without a socket"
}

# The socket unit of a port: the one of ours or systemd's, or any whose file names that port.
find_socket_unit() {
  if unit_file "$(unit_of_port "$1").socket" >/dev/null; then
    unit_of_port "$1"
    return 0
  fi
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*.socket; do
      if grep -Eq "^[[:space:]]*ListenStream[[:space:]]*=[[:space:]]*vsock:.*:$1[[:space:]]*$" "$each_file" 2>/dev/null; then
        each_file=\${each_file##*/}
        echo "\${each_file%.socket}"
        return 0
      fi
    done
  done
  return 1
}

check_socket() {
  if ! unit=$(find_socket_unit "$port"); then
    no_socket_unit
    return 1
  fi
  file=$(unit_file "$unit.socket")
  major=$(systemd_major)
  if [ "$(readlink -f "$R$file")" = /dev/null ] || [ "$(show "$unit.socket" LoadState)" = masked ]; then
    fail masked "$unit.socket is masked: $file points to /dev/null" "systemctl unmask $unit.socket && systemctl daemon-reload && systemctl restart $unit.socket"
    return 1
  fi
  if [ "$major" -lt 256 ] && address=$(grep -E '^[[:space:]]*ListenStream[[:space:]]*=[[:space:]]*vsock://' "$R$file"); then
    fail address-form "$file has $address, and systemd $major ($(show "$unit.socket" LoadState)) knows no URL form: that came with 256" \
      "sed -i 's|vsock://any:|vsock::|; s|vsock://|vsock:|' $file && systemctl daemon-reload && systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
    return 1
  fi
  if [ "$(show "$unit.socket" LoadState)" = bad-setting ]; then
    fail address-form "$unit.socket is refused (bad-setting): $(last_words "$unit.socket")" "mend $file, then: systemctl daemon-reload && systemctl restart $unit.socket"
    return 1
  fi
  check_accept && check_listening
}

check_accept() {
  if [ "$(show "$unit.socket" Accept)" != yes ]; then
    fail accept "$file has no Accept=yes: connections are opened, and nobody answers" \
      "mkdir -p /etc/systemd/system/$unit.socket.d && printf '[Socket]\nAccept=yes\n' > /etc/systemd/system/$unit.socket.d/accept.conf && systemctl daemon-reload && systemctl stop $unit.socket && systemctl stop $unit.service 2>/dev/null; systemctl restart $unit.socket"
    return 1
  fi
  if ! unit_file "$unit@.service" >/dev/null; then
    if other=$(other_template); then
      fail accept "$unit.socket needs $unit@.service, and there is only \${other##*/}: the names must match" \
        "ln -s $other /etc/systemd/system/$unit@.service && systemctl daemon-reload && systemctl reset-failed $unit.socket; systemctl restart $unit.socket"
    else
      fail accept "$unit.socket needs a template $unit@.service, and there is none" 'vmssh guest script writes it'
    fi
    return 1
  fi
  say ok accept "$unit.socket and $unit@.service belong together"
}
other_template() {
  for each_folder in $unit_folders; do
    for each_file in "$R$each_folder"/*ssh*@.service; do
      if grep -Eq '^ExecStart=.*sshd.* -i' "$each_file" 2>/dev/null; then
        echo "\${each_file#"$R"}"
        return 0
      fi
    done
  done
  return 1
}

check_listening() {
  if [ "$(show "$unit.socket" ActiveState)" = active ]; then
    say ok listening "$unit.socket listens on $(show "$unit.socket" Listen)"
  else
    fail listening "$unit.socket is $(show "$unit.socket" ActiveState) ($(show "$unit.socket" Result)): $(last_words "$unit.socket")" "systemctl reset-failed $unit.socket; systemctl enable $unit.socket; systemctl restart $unit.socket"
    return 1
  fi
}
last_words() { journalctl -q -b -u "$1" -o cat -n 1 --no-pager 2>/dev/null; }

no_socket_unit() {
  major=$(systemd_major)
  if ssh_auto_is_off && { [ "$major" -ge 256 ] || [ -e "$R/etc/systemd/system-generators/vmssh-ssh-generator" ]; }; then
    fail masked "the kernel's command line has systemd.ssh_auto=$(cmdline_word systemd.ssh_auto): no socket is made" \
      "take systemd.ssh_auto= away from the kernel's command line and reboot; until then: $(units_until_reboot)"
  elif [ "$major" -ge 256 ] && [ "$port" = 22 ]; then
    fail listening "systemd $major made no sshd-vsock.socket when it started: $(generator_words)" \
      "systemctl daemon-reload && systemctl start sshd-vsock.socket, now that the transport is there; at boot: echo \${module:-vsock} > /etc/modules-load.d/vsock.conf"
  else
    fail listening "no unit listens on vsock port $port, and systemd $major makes none by itself" 'vmssh guest script writes them'
  fi
}
units_until_reboot() {
  until_unit=/run/systemd/system/$(unit_of_port "$port")
  printf '%s' "mkdir -p /run/systemd/system && printf '[Socket]\nListenStream=vsock::$port\nAccept=yes\n' > $until_unit.socket" \
    " && printf '[Service]\nExecStart=-$(find_sshd) -i\nStandardInput=socket\nRuntimeDirectory=sshd\nRuntimeDirectoryPreserve=yes\n' > $until_unit@.service" \
    " && systemctl daemon-reload && systemctl start \${until_unit##*/}.socket"
}
generator_words() {
  words=$(journalctl -q -b -o cat --no-pager -t systemd-ssh-generator -n 1 2>/dev/null)
  if [ -n "$words" ]; then echo "$words"; else echo 'its generator says nothing'; fi
}

# sshd locks itself into a folder; under /run somebody has to make it after every boot.
check_privsep() {
  folder=$(privsep_folder "$sshd")
  made=$(show "$unit@look.service" RuntimeDirectory)
  if [ -d "$R$folder" ]; then
    case " $made " in
      *" \${folder#/run/} "*) say ok privsep "$folder is there, and $unit@.service makes it" ;;
      *) say ok privsep "$folder is there" ;;
    esac
    return 0
  fi
  case $folder in
    /run/*) ;;
    *)
      fail privsep "$folder, which $sshd needs, is missing" "install -d -m 711 $folder"
      return 1 ;;
  esac
  case " $made " in
    *" \${folder#/run/} "*) say ok privsep "$unit@.service makes $folder" ;;
    *)
      words=$(journalctl -q -b -o cat --no-pager -u "$unit@*" -g 'privilege separation' -n 1 2>/dev/null)
      fail privsep "$folder is missing, and $unit@.service has no RuntimeDirectory=\${folder#/run/}\${words:+; the journal has: $words}" \
        "mkdir -p /etc/systemd/system/$unit@.service.d && printf '[Service]\nRuntimeDirectory=\${folder#/run/}\nRuntimeDirectoryPreserve=yes\n' > /etc/systemd/system/$unit@.service.d/folder.conf && systemctl daemon-reload"
      return 1 ;;
  esac
}

# The proof: what a client gets.
check_banner() {
  banner=$(banner_here "$port")
  case $banner in
    'banner '*) say ok banner "\${banner#banner }, over loopback" ;;
    no-client) say skipped banner 'there is no perl, python3 or socat to try it with: vmssh check, from the host, tells' ;;
    no-loopback) say skipped banner 'vsock_loopback cannot be loaded: vmssh check, from the host, tells' ;;
    silent)
      fail accept "port $port is open and no banner comes" 'see Accept=yes and the names of the units, and: journalctl -u "sshd-vsock*"'
      return 1 ;;
    closed)
      fail banner "port $port is closed without a banner: $(journalctl -q -b -o cat --no-pager -u "\${unit:-sshd-vsock}@*" -n 40 2>/dev/null | grep -v -e '^Started' -e 'Deactivated' -e '^Starting' -e 'Succeeded' | tail -n 1)" "journalctl -b -u '\${unit:-sshd-vsock}@*'"
      return 1 ;;
    *)
      fail listening "a connection to port $port over loopback fails, whatever systemd says: \${banner#error }" "systemctl restart \${unit:-sshd-vsock}.socket; ss -l --vsock shows what listens"
      return 1 ;;
  esac
}

# sshd calls a peer without an address UNKNOWN, and audit and PAM look that name up at each login.
check_unknown() {
  ms=$(unknown_lookup_ms)
  if [ "$ms" -ge 1000 ]; then
    fail unknown "looking up the name UNKNOWN took $ms ms, and each login may wait for it" "echo '127.0.0.1 UNKNOWN' >> /etc/hosts$(hosts_note)"
    return 1
  fi
  say ok unknown "looking up the name UNKNOWN took $ms ms"
}
hosts_note() {
  if is_wsl; then echo ' # and [network] generateHosts=false in /etc/wsl.conf, else WSL writes it anew'; fi
  if grep -rqs '^[[:space:]]*manage_etc_hosts:[[:space:]]*\(true\|template\)' "$R/etc/cloud/cloud.cfg" "$R/etc/cloud/cloud.cfg.d"; then
    echo ' # and into /etc/cloud/templates/hosts.*.tmpl: cloud-init writes it anew'
  fi
}
`;
