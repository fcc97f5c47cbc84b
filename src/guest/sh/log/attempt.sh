# What became of a login that the host tried over the socket, before this ran.

# login: in, refused, ended (the key was accepted, and the session ended), not proved (over the route that was named), or not
# tried; login_about: how, or why not; login_cursor: the journal's end before it.

# read_attempt ACCOUNT: sets $attempt_lines. To be called before anything here connects to sshd.
read_attempt() {
  attempt_lines=
  case $login in refused | ended) ;; *) return 0 ;; esac
  await_lines "$login_cursor" "$1" '^(Connection (closed|reset) by|Disconnect|Received disconnect|fatal: )'
  attempt_lines=$own_lines
}
attempt_says() { printf '%s\n' "${attempt_lines:-}" | grep -E "$1" | head -n 1; }
# A channel is opened only after the key was accepted.
was_accepted() {
  case $login,$login_about in
    ended,* | refused,*'open failed'*) return 0 ;;
    refused,*) attempt_says '^Accepted ' | grep -q . ;;
    *) return 1 ;;
  esac
}
# Why sshd refused it, for the end of a message.
refusals() {
  message=$(attempt_says 'not allowed|Authentication refused|ROOT LOGIN REFUSED|bad ownership|not from a permitted host|not in PubkeyAccepted|PAM account configuration|Too many authentication failures')
  if [ -n "$message" ]; then echo "; the journal has: $message"; fi
}

# login_result ACCOUNT: if nothing of what is known here refuses the account.
login_result() {
  case $login in
    refused) login_refused "$1" ;;
    'not proved')
      if [ "$faults" = 0 ]; then fail login "no login as $1 was proved: $login_about"; else say skipped login "no login as $1 was tried: $login_about"; fi ;;
    *) say skipped login "nothing found here keeps $1 out${key_source:+$key_source}, but no login was tried: $login_about" ;;
  esac
}

login_refused() {
  # ssh compares the algorithms too, and hangs up: then sshd may only log that the connection was closed.
  case $login_about in
    *'Unable to negotiate with '*'no matching '*' found'*)
      refused_setting "$login_about"
      return 1 ;;
  esac
  cause=$(attempt_says 'not from a permitted host|not in PubkeyAccepted|PAM account configuration|revoked (by|keys) file|AuthorizedKeysCommand |^(error: )?Certificate |Timeout before authentication')
  case $cause in
    *'not in PubkeyAccepted'*)
      algorithm_refused "$(printf '%s' "$cause" | sed -n 's/.*algorithm \([A-Za-z0-9@.-]*\) not in.*/\1/p')" "; the journal has: $cause" ;;
    *'not from a permitted host'*)
      fail login "the key is not accepted from a peer without a network, which has the host name UNKNOWN; the journal has: $cause" "$from_hint" ;;
    '') refused_otherwise "$1" ;;
    *)
      fail login "a login as $1 failed: $login_about; the journal has: $cause; the clock here says $(date '+%F %T')" \
        "# give $1 another key or certificate, or correct what refuses it: in sshd_config, the account lines of /etc/pam.d/sshd, or that clock" ;;
  esac
}

refused_otherwise() {
  cause=$(refusals)
  if [ -z "$cause" ]; then cause=$(printf '%s\n' "${attempt_lines:-}" | grep ' port ' | tail -n 1 | sed 's/^/; the journal has: /'); fi
  case $login_about in *'Permission denied'* | *'Too many authentication failures'*) by_key=yes ;; *) by_key=no ;; esac
  key_command=$(setting authorizedkeyscommand)
  if [ "${key_command:-none}" != none ] && { [ "$by_key" = no ] || [ -z "${key_file:-}" ]; }; then
    fail login "a login as $1 failed: $login_about; sshd takes keys from AuthorizedKeysCommand $key_command$cause" \
      "# as $(setting authorizedkeyscommanduser) that command has to print a key of $1 and end"
  elif [ "$by_key" = no ] && { [ "$(setting maxsessions)" = 0 ] || has_chroot; }; then
    login_ended "$1"
  elif [ "$by_key" = no ]; then
    fail login "a login as $1 failed: $login_about$cause" "$(sshd_log)"
  elif own_file=$(file_with_offered) && [ -n "$own_file" ]; then
    fail login "a login as $1 failed: $login_about, though $own_file has its key$cause" "$(sshd_log)"
  elif [ -z "${key_file:-}" ] && [ "$(setting authorizedkeysfile)" = none ]; then
    fail login "a login as $1 failed: $login_about; sshd reads keys from no file$cause" "$(no_file_fix)"
  else
    lacks_key "$1" "a login as $1 failed: $login_about${offered:+; ${key_file:-no file} has none of the keys that ssh offers}$cause" \
      "# put the public key of the one that ssh uses into ${key_file:-a file that sshd reads}: on the host, vmssh guest install --key does that"
  fi
}

# Of the keys that the host's user has, if it says which: what is missing is one of them.
file_with_offered() {
  if [ -z "${offered:-}" ]; then return 1; fi
  key_files | while IFS= read -r each; do if offered_in "$each"; then echo "$each"; fi; done | head -n 1
}
key_step() { if [ -n "${offered:-}" ]; then echo key; else echo login; fi; }
has_chroot() {
  look_up chrootdirectory
  case $setting in '' | none) return 1 ;; esac
}

# login_ended ACCOUNT: sshd accepted the key, or does not without a word, so no key is what is missing.
login_ended() {
  login_shell "$1" || return 1
  cause=$(printf '%s\n' "${attempt_lines:-}" | sed -n '/^Accepted /,$p' | grep -E 'no more sessions|chroot|pam_open_session|^(error|fatal): ' | head -n 1)
  if was_accepted; then ended="the key of $1 is accepted, but its session ends"; else ended="a login as $1 failed"; fi
  ended="$ended: $login_about${cause:+; the journal has: $cause}"
  if ! session_settings "$ended; "; then
    return 1
  elif has_chroot; then
    fail login "$ended; $(origin ChrootDirectory) sets ChrootDirectory $(setting chrootdirectory)" "$(setting_fix ChrootDirectory none)"
  elif [ "${cause#*pam_open_session}" != "$cause" ]; then
    fail login "$ended" '# see the session lines of /etc/pam.d/sshd, and the settings of the module that refuses'
  elif key_files_have '(^|[[:space:],])command="'; then
    fail login "$ended; $key_file lets a key run only one command, by command=" "# take command=\"...\" off that key in $key_file"
  else
    fail login "$ended" "# see what runs at login: an exit in $home/.bashrc, a wait there, in $home/.ssh/rc or in another file that its shell, $shell, reads"
  fi
}

# session_settings START: what is known to end each session of the account, whatever its key is.
session_settings() {
  look_up forcecommand
  forced=$setting
  if password_expired "$account"; then
    fail login "$1the password of $account has expired, so PAM wants a new one first" "chage -d \"\$(date +%F)\" $account # or log in with a terminal, and set a new one"
  elif look_up maxsessions && [ "$setting" = 0 ]; then
    fail login "$1$(origin MaxSessions) sets MaxSessions 0" "$(setting_fix MaxSessions 10)"
  elif [ "${forced:-none}" != none ]; then
    fail login "$1$(origin ForceCommand) makes sshd run only this for $account: $forced" "$(setting_fix ForceCommand none) # or use another account (setup: --user NAME)"
  fi
}

# sshd and ssh have no algorithm in common: the defaults are added to the list that somebody has cut.
refused_setting() {
  case $1 in
    *'key exchange'*) set -- "$1" KexAlgorithms curve25519-sha256 ;;
    *cipher*) set -- "$1" Ciphers aes256-gcm@openssh.com ;;
    *MAC*) set -- "$1" MACs hmac-sha2-256-etm@openssh.com ;;
    *) set -- "$1" HostKeyAlgorithms ssh-ed25519 ;;
  esac
  look_up "$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')"
  fail login "ssh and sshd have no algorithm in common: $(origin "$2") sets $2 $setting; ssh says: ${1%% Their offer:*}" "$(setting_fix "$2" "+$3")"
}
