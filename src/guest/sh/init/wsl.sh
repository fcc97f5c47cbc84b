# A distribution of WSL2 that does not start systemd yet.

# Its setting, which takes effect at the next start. A [boot] section of the user's own is not changed.
turn_on_systemd() {
  if is_systemd || ! is_wsl || wsl_says_systemd || grep -qs '^[[:space:]]*\[boot\]' "$R/etc/wsl.conf"; then return 0; fi
  if ! add_lines root "$R/etc/wsl.conf" 644 '[boot]' 'systemd=true'; then
    fail systemd "/etc/wsl.conf cannot be written: $said" 'let root write to /etc, then run this again'
    give_up 1
  fi
  say changed systemd '/etc/wsl.conf has [boot] systemd=true'
  fail systemd 'it takes effect at the next start of this distribution' 'in Windows: wsl --shutdown, which stops all distributions; then run this again'
  give_up 1
}
