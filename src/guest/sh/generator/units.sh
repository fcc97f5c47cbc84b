# The units that it writes.

bind_vsock() {
  case $(virtualization) in vm:* | container:wsl) ;; *) return 0 ;; esac
  if ! has_vsock; then
    log 'this machine has no vsock, so nothing is bound to it'
    return 0
  fi
  write_socket 'sshd-vsock' vsock::22 AF_VSOCK
}

bind_unix() { write_socket "$1" "$2" "$3"; }

# A container's manager may share a folder to reach sshd through it.
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

# write_socket NAME ADDRESS ABOUT: with the template of the same name that it needs.
write_socket() {
  address=$(printf '%s' "$2" | sed 's/%/%%/g')
  about=$(printf '%s' "$3" | sed 's/%/%%/g')
  cat >"$folder/$1.socket" <<UNIT
# Written at boot by vmssh-ssh-generator
[Unit]
Description=OpenSSH Server Socket (vmssh-ssh-generator, $about)
Documentation=man:sshd(8)

[Socket]
ListenStream=$address
Accept=yes
UNIT
  mkdir -p "$folder/sockets.target.wants"
  ln -sf "../$1.socket" "$folder/sockets.target.wants/$1.socket"
  ln -sf "$(template)" "$folder/$1@.service"
}

# The packaged template, or ours.
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

# This sshd's privilege separation folder, if it is in /run. Every sshd contains "/run/sshd.pid".
runtime_folder() {
  for each in /usr/share/empty.sshd /var/empty/sshd /var/lib/empty /var/lib/sshd; do
    if grep -qF "$each" "$sshd"; then return 0; fi
  done
  echo RuntimeDirectory=sshd
  echo RuntimeDirectoryPreserve=yes
}
