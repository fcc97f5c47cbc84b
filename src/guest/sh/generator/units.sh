bind_vsock() {
  case $(virtualization) in vm:* | container:wsl) ;; *) return 0 ;; esac
  if ! may_have_vsock; then
    log 'this machine has no vsock, so nothing is bound to it'
    return 0
  fi
  write_socket 'sshd-vsock' vsock::22 AF_VSOCK
}

# A container's manager may share a folder to reach sshd through it.
bind_export() {
  if ! in_container; then return 0; fi
  if has_export && writable "${export_socket%/*}"; then
    write_socket 'sshd-unix-export' "$export_socket" 'AF_UNIX Export'
  fi
}
writable() { touch "$1/.vmssh-try" 2>/dev/null && rm -f "$1/.vmssh-try"; }

bind_extra() {
  count=0
  while IFS= read -r address; do
    if [ -z "$address" ]; then continue; fi
    # Two units on one address: the second would fail.
    case $newline$bound in
      *"$newline$address$newline"*)
        log "$address is bound already"
        continue ;;
    esac
    count=$((count + 1))
    if [ "$count" = 1 ]; then unit='sshd-extra'; else unit="sshd-extra-$count"; fi
    write_socket "$unit" "$address" "$address"
    log "binds sshd to $address"
  done <<ADDRESSES
$listen
ADDRESSES
}

# write_socket NAME ADDRESS ABOUT: with the template of the same name that it needs.
bound=
write_socket() {
  bound=$bound$2$newline
  address=$(printf '%s' "$2" | sed 's/%/%%/g')
  about=$(printf '%s' "$3" | sed 's/%/%%/g')
  cat >"$folder/$1.socket" <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=OpenSSH Server Socket (vmssh-ssh-generator, $about)
Documentation=man:sshd(8)
Wants=ssh-access.target
Before=ssh-access.target

[Socket]
ListenStream=$address
Accept=yes
$(poll_limit)
UNIT
  mkdir -p "$folder/sockets.target.wants"
  ln -sf "../$1.socket" "$folder/sockets.target.wants/$1.socket"
  ln -sf "$(template)" "$folder/$1@.service"
}

# As systemd's own units have it. It came with 255; 2 s of many connections stop a socket of 254 and before.
poll_limit() {
  version=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  if [ "${version:-0}" -ge 255 ]; then
    echo PollLimitIntervalSec=30s
    echo PollLimitBurst=50
  fi
}

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
ExecStart=-$sshd -i$(ephemeral_option)
StandardInput=socket
StandardError=journal
UNIT
      if has_ephemeral_keys; then echo "LoadCredential=$ephemeral"; fi
      runtime_folder
    } >"$folder/sshd-generated@.service"
  fi
  echo "$folder/sshd-generated@.service"
}

# Keys for all accounts, as in systemd's own template. sshd reads them with the rights of the account, so they let in root.
ephemeral='ssh.ephemeral-authorized_keys-all'
has_ephemeral_keys() { [ -f "${CREDENTIALS_DIRECTORY:-/run/credentials/@system}/$ephemeral" ]; }

# The files that sshd_config names stay.
ephemeral_option() {
  if ! has_ephemeral_keys; then return 0; fi
  files=$("$sshd" -T 2>/dev/null | sed -n 's/^authorizedkeysfile //p' | sed 's/%/%%/g')
  # shellcheck disable=SC2016 # systemd expands it
  printf ' -o "AuthorizedKeysFile ${CREDENTIALS_DIRECTORY}/%s %s"' "$ephemeral" "${files:-.ssh/authorized_keys .ssh/authorized_keys2}"
}

# A packaged template may rely on another unit for sshd's folder in /run, which disappears when that unit stops.
help_template() {
  if [ -n "$(runtime_folder)" ] && ! grep -q '^RuntimeDirectory=' "$1"; then
    mkdir -p "$folder/sshd@.service.d"
    {
      echo '[Service]'
      runtime_folder
    } >"$folder/sshd@.service.d/vmssh.conf"
  fi
}

runtime_folder() {
  if [ "$(privsep_folder "$sshd")" != /run/sshd ]; then return 0; fi
  echo RuntimeDirectory=sshd
  echo RuntimeDirectoryPreserve=yes
}

# The keys of root, if systemd-tmpfiles does not install them (it does from 252 on).

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
ExecStart=/bin/sh $0 --root-keys
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
