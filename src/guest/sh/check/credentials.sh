# Whether this machine accepted the host key that vmssh guest credentials made for it.

# made_key: "ssh-ed25519 AAAA..." as the host has it; empty: only what is in the machine counts.
check_credentials() {
  given_by=$(credential_sources)
  if [ -z "$made_key$given_by" ] || ! is_root; then return 0; fi
  taken=$R/run/credentials/@system
  if [ ! -e "$taken/tmpfiles.extra" ]; then
    if [ -z "$made_key" ] && ! given_host_key; then return 0; fi
    fail credentials "a host key was made for this machine, but it did not get it: $(why_not_taken)" \
      '# on the host: vmssh guest credentials NAME --for cloud-init, or another form' || return
  fi
  wanted=$made_key
  if [ -z "$wanted" ]; then wanted=$(key_in_credential); fi
  if [ -z "$wanted" ]; then return 0; fi
  used=$(cut -d ' ' -f 1,2 "$R$host_key_file.pub" 2>/dev/null)
  if [ "$used" != "$wanted" ] && [ "$(key_in_credential)" != "$wanted" ]; then
    fail credentials "the host key in this machine's credentials is not the one that was made for it" \
      '# start it with what vmssh guest credentials prints on the host now'
  elif [ "$used" != "$wanted" ]; then
    fail credentials "$host_key_file is not the key in this machine's credentials: something replaced it" \
      'systemd-tmpfiles --create - < /run/credentials/@system/tmpfiles.extra'
  elif [ -n "${sshd:-}" ] && ! uses_host_key; then
    fail credentials "sshd does not use $host_key_file, which has the key that was made for it" "sed -i '1i HostKey $host_key_file' /etc/ssh/sshd_config"
  else
    say ok credentials 'sshd has the host key that was made for this machine'
    check_root_keys
    return 0
  fi
  return 1
}

host_key_file=/etc/ssh/ssh_host_ed25519_key

credential_sources() {
  if grep -qs 'io\.systemd\.credential' "$R"/sys/firmware/dmi/entries/11-*/raw; then echo 'SMBIOS'; fi
  if [ -d "$R/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials" ]; then echo 'fw_cfg'; fi
  if grep -qs 'systemd\.set_credential' "$R/proc/cmdline"; then echo "the kernel's command line"; fi
  if [ -d "$R/run/host/credentials" ]; then echo 'the container manager'; fi
}

given_host_key() {
  grep -qs 'credential[._a-z]*[:=]tmpfiles\.extra[=:]' "$R"/sys/firmware/dmi/entries/11-*/raw "$R/proc/cmdline"
}

why_not_taken() {
  if ! is_systemd || [ "$(systemd_major)" -lt 252 ]; then
    echo "only systemd 252 or later reads them, and PID 1 is $(cat "$R/proc/1/comm") $(systemd_full)"
  elif [ -z "$given_by" ]; then
    echo 'it was started without any: no SMBIOS string, no fw_cfg, nothing on the kernel command line'
  elif grep -qs 'systemd\.set_credential_binary=' "$R/proc/cmdline" && [ "$(systemd_major)" -lt 254 ]; then
    echo "this is systemd $(systemd_full), and only 254 or later reads systemd.set_credential_binary"
  elif grep -Eqs 'systemd\.import_credentials=(0|n|no|f|false|off)( |$)' "$R/proc/cmdline"; then
    echo 'systemd.import_credentials=no is on the kernel command line'
  else
    echo "systemd did not import it from $(echo "$given_by" | head -n 1): a machine with encrypted memory ignores what its host gives"
  fi
}

# The public key in a line "f+~ FILE.pub 0644 root root - BASE64".
key_in_credential() {
  sed -n "s|^f+~ $host_key_file\\.pub .* ||p" "$taken/tmpfiles.extra" 2>/dev/null | head -n 1 | base64 -d 2>/dev/null | cut -d ' ' -f 1,2
}

uses_host_key() { "$R$sshd" -T 2>/dev/null | grep -iqx "hostkey $host_key_file"; }

# systemd sets root's keys only if there are none.
check_root_keys() {
  login_key=$(head -n 1 "$taken/ssh.authorized_keys.root" 2>/dev/null)
  if [ -z "$login_key" ] || grep -qsF "$login_key" "$R/root/.ssh/authorized_keys"; then return 0; fi
  say skipped credentials 'root had keys already, so systemd did not add the login key that was made for it'
  say fix credentials "cat /run/credentials/@system/ssh.authorized_keys.root >> /root/.ssh/authorized_keys"
}
