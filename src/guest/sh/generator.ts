import { sh } from './tag.js';

/** Where `guest install --generator` puts it: systemd looks here, and no package does. */
export const generatorPath = '/etc/systemd/system-generators/vmssh-ssh-generator';

/** A generator for systemd 240 to 255 with the inputs and the results of systemd-ssh-generator(8) of 256 and later. */
export const generator = sh`
#!/bin/sh
# vmssh-ssh-generator FOLDER...: binds sshd to vsock and unix sockets, as systemd-ssh-generator(8) does from systemd 256 on.
# Put it at ${generatorPath} (mode 755): see systemd.generator(7). It reads
#   systemd.ssh_auto=, systemd.ssh_listen=   on the kernel's command line
#   ssh.listen, ssh.authorized_keys.root     among the system's credentials
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
newline='
'
tab='	'

log() {
  echo "vmssh-ssh-generator: $*" >&2
  if [ -w /dev/kmsg ]; then echo "<6>vmssh-ssh-generator: $*" >/dev/kmsg; fi
}

main() {
  if [ "\${1:-}" = --root-keys ]; then
    root_keys
    return
  fi
  folder=$1
  if [ "\${SYSTEMD_SCOPE:-system}" != system ] || systemd_has_one; then return 0; fi
  if ! sshd=$(find_sshd); then
    log 'there is no sshd, so there is nothing to bind'
    return 0
  fi
  read_settings
  if [ "$auto" = yes ]; then
    bind_vsock
    bind_unix 'sshd-unix-local' /run/ssh-unix-local/socket 'AF_UNIX Local'
    bind_export
  fi
  bind_extra
  if [ -n "$(credential ssh.authorized_keys.root)" ] && ! tmpfiles_has_root_keys; then write_root_keys_unit; fi
}

# From systemd 256 on there is nothing to do.
systemd_has_one() {
  for each in /usr/lib /lib /usr/local/lib /etc /run; do
    if [ -e "$each/systemd/system-generators/systemd-ssh-generator" ]; then return 0; fi
  done
  return 1
}

find_sshd() {
  for each in /usr/sbin/sshd /usr/bin/sshd /usr/local/sbin/sshd /sbin/sshd; do
    if [ -x "$each" ]; then
      echo "$each"
      return 0
    fi
  done
  return 1
}

# ---- settings: $auto is yes or no, $listen has an address a line

read_settings() {
  auto=yes
  listen=
  words=$(command_line)
  while IFS= read -r word; do
    case $word in
      *=*)
        name=\${word%%=*}
        value=\${word#*=} ;;
      *)
        name=$word
        value= ;;
    esac
    case $name in
      systemd.ssh[_-]auto) set_auto "$word" "$value" ;;
      systemd.ssh[_-]listen) add_address "systemd.ssh_listen=$value" "$value" ;;
    esac
  done <<WORDS
$words
WORDS
  lines=$(credential ssh.listen)
  while IFS= read -r line || [ -n "$line" ]; do
    line=$(trim "$line")
    case $line in
      '' | '#'* | ';'*) ;;
      *) add_address "the credential ssh.listen's line $line" "$line" ;;
    esac
  done <<LINES
$lines
LINES
}

# The words that the kernel was started with; in a container, those that systemd was.
command_line() {
  if in_container; then
    tr '\0' '\n' </proc/1/cmdline | sed 1d
  else
    split "$(cat /proc/cmdline)"
  fi
}

# Words of a line, one a line; quotes hold together what they enclose.
split() {
  case $1 in
    *[\"\']*) ;;
    *)
      set -f
      # shellcheck disable=SC2086 # to split it
      printf '%s\n' $1
      set +f
      return ;;
  esac
  rest=$1 word='' quote=''
  while [ -n "$rest" ]; do
    next=\${rest#?}
    char=\${rest%"$next"}
    rest=$next
    if [ "$char" = "$quote" ]; then
      quote=
    elif [ -n "$quote" ]; then
      word=$word$char
    else
      case $char in
        \" | \') quote=$char ;;
        ' ' | "$tab" | "$newline")
          if [ -n "$word" ]; then printf '%s\n' "$word"; fi
          word= ;;
        *) word=$word$char ;;
      esac
    fi
  done
  if [ -n "$word" ]; then printf '%s\n' "$word"; fi
}

trim() { printf '%s\n' "$1" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# A word without a value means yes, as everywhere in systemd.
set_auto() {
  case $1 in *=*) ;; *) auto=yes && return ;; esac
  case $(echo "$2" | tr '[:upper:]' '[:lower:]') in
    1 | yes | y | true | t | on) auto=yes ;;
    0 | no | n | false | f | off) auto=no ;;
    *) log "$1 is neither yes nor no, and left out" ;;
  esac
}

add_address() {
  if address=$(stream_address "$2"); then
    listen=$listen$address$newline
  else
    log "$1 is no address that systemd.socket(5) knows for ListenStream= here, and left out"
  fi
}

# The address as systemd 240 to 255 take it, which refuse a whole unit for one that they do not know.
stream_address() {
  case $1 in
    /* | @?*) echo "$1" ;;
    vsock://any:*) vsock_address '' "\${1##*:}" ;;
    vsock://*:*)
      cid=\${1#vsock://}
      vsock_address "\${cid%:*}" "\${1##*:}" ;;
    vsock:*:*)
      cid=\${1#vsock:}
      vsock_address "\${cid%:*}" "\${1##*:}" ;;
    \[?*\]:*)
      case \${1%]:*} in *[!0-9a-fA-F:.[]*) return 1 ;; esac
      rest=\${1##*]:}
      is_port "\${rest%%\%*}" && echo "$1" ;;
    *.*.*.*:*)
      case $1 in *[!0-9.:]* | *:*:*) return 1 ;; esac
      is_port "\${1##*:}" && echo "$1" ;;
    *) is_port "$1" && echo "$1" ;;
  esac
}
is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; [ "\${#1}" -le 10 ]; }
is_port() { is_number "$1" && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }
vsock_address() {
  if [ -n "$1" ]; then is_number "$1" && [ "$1" -le 4294967295 ] || return 1; fi
  is_number "$2" && [ "$2" -le 4294967294 ] && echo "vsock:$1:$2"
}

# credential NAME: its text. systemd gathers them from 250 on; before that, from where it would.
credential() {
  for each in "\${CREDENTIALS_DIRECTORY:-/run/credentials/@system}" /run/credentials/@system /run/host/credentials; do
    if [ -f "$each/$1" ]; then
      cat "$each/$1"
      return 0
    fi
  done
  if [ -d /run/credentials/@system ] || in_container; then return 0; fi
  modprobe -q qemu_fw_cfg 2>/dev/null
  if [ -f "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/$1/raw" ]; then
    cat "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/$1/raw"
    return 0
  fi
  modprobe -q dmi-sysfs 2>/dev/null
  for each in /sys/firmware/dmi/entries/11-*/raw; do
    if [ -f "$each" ]; then tr '\0' '\n' <"$each"; fi
  done | sed -n "s/^.*io\.systemd\.credential:$1=//p" | head -n 1
  for each in /sys/firmware/dmi/entries/11-*/raw; do
    if [ -f "$each" ]; then tr '\0' '\n' <"$each"; fi
  done | sed -n "s/^.*io\.systemd\.credential\.binary:$1=//p" | head -n 1 | base64 -d 2>/dev/null
  split "$(cat /proc/cmdline)" | sed -n "s/^systemd\.set_credential=$1://p" | head -n 1
}

# ---- what this system is

# "vm:kvm", "container:systemd-nspawn": systemd tells its generators from 251 on.
virtualization() {
  if [ -n "\${SYSTEMD_VIRTUALIZATION:-}" ]; then
    echo "$SYSTEMD_VIRTUALIZATION"
  elif found=$(systemd-detect-virt -c 2>/dev/null); then
    echo "container:$found"
  elif found=$(systemd-detect-virt -v 2>/dev/null); then
    echo "vm:$found"
  fi
}
in_container() {
  case $(virtualization) in
    container:wsl) return 1 ;;
    container:*) return 0 ;;
  esac
  return 1
}

# A device on one of the buses will do: its module comes later, and a socket on any CID needs none.
has_vsock() {
  modprobe -q vsock 2>/dev/null
  if ! grep -q '^AF_VSOCK' /proc/net/protocols 2>/dev/null; then return 1; fi
  case $(virtualization) in vm:microsoft | container:wsl) return 0 ;; esac
  if [ -e /dev/vsock ] && [ -d /sys/module/vmw_vsock_virtio_transport ]; then return 0; fi
  if grep -q '^virtio:d00000013v' /sys/bus/virtio/devices/*/modalias 2>/dev/null; then return 0; fi
  for each in /sys/bus/pci/devices/*; do
    case $(cat "$each/vendor" "$each/device" 2>/dev/null) in
      "0x1af4$newline"0x1053 | "0x1af4$newline"0x1012 | "0x15ad$newline"0x0740) return 0 ;;
    esac
  done
  return 1
}

# ---- units

bind_vsock() {
  case $(virtualization) in vm:* | container:wsl) ;; *) return 0 ;; esac
  if ! has_vsock; then
    log 'this machine has no vsock, so nothing is bound to it'
    return 0
  fi
  write_socket 'sshd-vsock' vsock::22 AF_VSOCK
}

bind_unix() { write_socket "$1" "$2" "$3"; }

# A container's manager may share a folder, and reach sshd through it.
bind_export() {
  if ! in_container; then return 0; fi
  if [ -d /run/host/unix-export ] && [ -w /run/host/unix-export ] && writable /run/host/unix-export; then
    bind_unix 'sshd-unix-export' /run/host/unix-export/ssh 'AF_UNIX Export'
  fi
}
writable() { touch "$1/.vmssh-try" 2>/dev/null && rm -f "$1/.vmssh-try"; }

bind_extra() {
  count=0
  while IFS= read -r address; do
    if [ -z "$address" ]; then continue; fi
    count=$((count + 1))
    if [ "$count" = 1 ]; then unit='sshd-extra'; else unit="sshd-extra-$count"; fi
    write_socket "$unit" "$address" "$address"
    log "binds sshd to $address"
  done <<ADDRESSES
$listen
ADDRESSES
}

# write_socket NAME ADDRESS WORDS: with the template of the same name that it needs.
write_socket() {
  address=$(printf '%s' "$2" | sed 's/%/%%/g')
  words=$(printf '%s' "$3" | sed 's/%/%%/g')
  cat >"$folder/$1.socket" <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=OpenSSH Server Socket (vmssh-ssh-generator, $words)
Documentation=man:sshd(8)

[Socket]
ListenStream=$address
Accept=yes
UNIT
  mkdir -p "$folder/sockets.target.wants"
  ln -sf "../$1.socket" "$folder/sockets.target.wants/$1.socket"
  ln -sf "$(template)" "$folder/$1@.service"
}

# The packaged template, or one of ours.
template() {
  for packaged in /etc /run /usr/local/lib /usr/lib /lib; do
    packaged=$packaged/systemd/system/sshd@.service
    if [ -f "$packaged" ]; then
      help_template "$packaged"
      echo "$packaged"
      return 0
    fi
  done
  if [ ! -e "$folder/sshd-generated@.service" ]; then
    {
      cat <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=OpenSSH for one connection (%I)
Documentation=man:sshd(8)

[Service]
ExecStart=-$sshd -i
StandardInput=socket
StandardError=journal
UNIT
      runtime_folder
    } >"$folder/sshd-generated@.service"
  fi
  echo "$folder/sshd-generated@.service"
}

# A packaged template may rely on another unit for sshd's folder in /run, which is gone when that unit stops.
help_template() {
  if [ -n "$(runtime_folder)" ] && ! grep -q '^RuntimeDirectory=' "$1"; then
    mkdir -p "$folder/sshd@.service.d"
    {
      echo '[Service]'
      runtime_folder
    } >"$folder/sshd@.service.d/vmssh.conf"
  fi
}

# The folder that this sshd locks its unprivileged half into, where it lies in /run. "/run/sshd.pid" is in each of them.
runtime_folder() {
  for each in /usr/share/empty.sshd /var/empty/sshd /var/lib/empty /var/lib/sshd; do
    if grep -qF "$each" "$sshd"; then return 0; fi
  done
  echo RuntimeDirectory=sshd
  echo RuntimeDirectoryPreserve=yes
}

# ---- the keys of root, where systemd-tmpfiles does not put them there (from 252 on it does)

tmpfiles_has_root_keys() {
  for each in /etc /run /usr/local/lib /usr/lib /lib; do
    if [ -e "$each/tmpfiles.d/provision.conf" ]; then
      grep -q 'ssh\.authorized_keys\.root' "$each/tmpfiles.d/provision.conf"
      return
    fi
  done
  return 1
}

write_root_keys_unit() {
  cat >"$folder/vmssh-root-keys.service" <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=Keys of root from the credential ssh.authorized_keys.root
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target sockets.target
ConditionPathExists=!/root/.ssh/authorized_keys

[Service]
Type=oneshot
ExecStart=/bin/sh ${generatorPath} --root-keys
UNIT
  mkdir -p "$folder/sysinit.target.wants"
  ln -sf ../vmssh-root-keys.service "$folder/sysinit.target.wants/vmssh-root-keys.service"
}

root_keys() {
  if [ -e /root/.ssh/authorized_keys ]; then return 0; fi
  (umask 077 && mkdir -p /root/.ssh) &&
    temporary=$(mktemp /root/.ssh/.vmssh-XXXXXX) &&
    credential ssh.authorized_keys.root >"$temporary" &&
    mv "$temporary" /root/.ssh/authorized_keys
}

main "$@"
exit 0
`;
