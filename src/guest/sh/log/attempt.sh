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
# Whether it hung, and sshd runs a file before the shell, which may do that.
hung_in_rc() {
  case $login_about in *'did not end within'*) ;; *) return 1 ;; esac
  for rc in "$home/.ssh/rc" /etc/ssh/sshrc; do
    if [ "$(setting permituserrc)" != no ] && [ -e "$R$rc" ]; then return 0; fi
  done
  return 1
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
    *'not from a permitted host'*)
      fail login "the key is not accepted from a peer without a network, which has the host name UNKNOWN; the journal has: $cause" \
        "$(from_fix "$(printf '%s' "$cause" | sed -n 's/.*required=\([^)]*\)).*/\1/p')" "$(printf '%s' "$cause" | sed -n 's/^\(\/[^:]*\):[0-9]*: Authentication tried.*/\1/p')")" ;;
    *'not in PubkeyAccepted'*)
      algorithm_refused "$(printf '%s' "$cause" | sed -n 's/.*algorithm \([A-Za-z0-9@.-]*\) not in.*/\1/p')" "; the journal has: $cause" ;;
    *'PAM account configuration'*)
      fail login "an account module of PAM refuses $1: $(attempt_says 'pam_[a-z_]*[(]sshd:account[)]'); the journal has: $cause" \
        "# see the account lines of /etc/pam.d/sshd, and the settings of the module that refuses $1" ;;
    *' revoked by file '*)
      fail login "sshd does not accept a key that was revoked; the journal has: $cause" \
        "# give $1 another key; or, if it was revoked by mistake, take it out of $(setting revokedkeys)" ;;
    *Certificate*)
      fail login "sshd does not accept the certificate of the key; the journal has: $cause; the clock here says $(date '+%F %T')" \
        "# if that clock is wrong, set it: timedatectl set-time, or date -s; else sign it again where the CA is, for now and for $1: ssh-keygen -s CA -I $1 -n $1 -V +52w KEY.pub" ;;
    *AuthorizedKeysCommand*) key_command_failed "$1" "; the journal has: $cause" ;;
    *) refused_otherwise "$1" ;;
  esac
}

# What the journal does not have.
refused_otherwise() {
  cause=$(refusals)
  if [ -z "$cause" ]; then cause=$(printf '%s\n' "${attempt_lines:-}" | grep ' port ' | tail -n 1 | sed 's/^/; the journal has: /'); fi
  grace=$(setting logingracetime)
  case $login_about in *'Permission denied'* | *'Too many authentication failures'*) by_key=yes ;; *) by_key=no ;; esac
  if [ "$by_key" = no ] && [ "${grace:-0}" -gt 0 ] && [ "$grace" -lt 30 ]; then
    fail login "a login as $1 failed: $login_about; sshd gives it only $grace s: LoginGraceTime" "$(setting_fix LoginGraceTime 120)"
  elif has_key_command && { [ "$by_key" = no ] || [ -z "${key_file:-}" ]; }; then
    key_command_failed "$1" "$cause"
  elif [ "$by_key" = no ] && { hung_in_rc || [ "$(setting maxsessions)" = 0 ] || has_chroot; }; then
    login_ended "$1"
  elif [ "$by_key" = no ]; then
    fail login "a login as $1 failed: $login_about$cause" "$(sshd_log)"
  elif own_file=$(file_with_offered) && [ -n "$own_file" ]; then
    fail login "a login as $1 failed: $login_about, though $own_file has its key$cause" "$(sshd_log)"
  else
    fail "$(key_step)" "a login as $1 failed: $login_about${offered:+; ${key_file:-no file} has none of the keys that ssh offers}$cause" \
      "# put the public key of the one that ssh uses into ${key_file:-a file that sshd reads}: on the host, vmssh guest install --key does that"
  fi
}

# Of the keys that the host's user has, if it says which: what is missing is one of them.
file_with_offered() {
  if [ -z "${offered:-}" ]; then return 1; fi
  key_files | while IFS= read -r each; do if offered_in "$each"; then echo "$each"; fi; done | head -n 1
}
key_step() { if [ -n "${offered:-}" ]; then echo key; else echo login; fi; }
has_chroot() { case $(setting chrootdirectory) in '' | none) return 1 ;; esac }
has_key_command() { case $(setting authorizedkeyscommand) in '' | none) return 1 ;; esac }
# key_command_failed ACCOUNT WHY: sshd gives the account's name to a command without arguments.
key_command_failed() {
  key_command=$(setting authorizedkeyscommand)
  case $key_command in *' '*) ;; *) key_command="$key_command $1" ;; esac
  key_command=$(printf '%s' "$key_command" | sed "s/%u/$1/g")
  fail login "a login as $1 failed: $login_about; sshd takes keys from AuthorizedKeysCommand $(setting authorizedkeyscommand)$2" \
    "runuser -u $(setting authorizedkeyscommanduser) -- $key_command # it has to print a key of $1 and end"
}

# login_ended ACCOUNT: sshd accepted the key, or does not without a word, so no key is what is missing.
login_ended() {
  login_shell "$1" || return 1
  cause=$(printf '%s\n' "${attempt_lines:-}" | sed -n '/^Accepted /,$p' | grep -E 'no more sessions|chroot|pam_open_session|^(error|fatal): ' | head -n 1)
  if was_accepted; then ended="the key of $1 is accepted, but its session ends"; else ended="a login as $1 failed"; fi
  ended="$ended: $login_about${cause:+; the journal has: $cause}"
  chroot=$(setting chrootdirectory)
  forced=$(setting forcecommand)
  if password_expired "$1"; then
    fail login "$ended; its password has expired, so PAM wants a new one first" "chage -d \"\$(date +%F)\" $1 # or log in with a terminal, and set a new one"
  elif hung_in_rc; then
    fail login "$ended; sshd runs $rc before the shell" "mv $rc $rc.off"
  elif [ "$(setting maxsessions)" = 0 ]; then
    fail login "$ended; $(origin MaxSessions) sets MaxSessions 0" "$(setting_fix MaxSessions 10)"
  elif has_chroot; then
    chroot_part=$(printf '%s' "$cause" | sed -n 's/.*bad ownership or modes for chroot directory \(component \)\{0,1\}"\(\/[A-Za-z0-9_./@+-]*\)".*/\2/p')
    if [ -z "$chroot_part$cause" ]; then chroot_part=$(loose_part "$chroot" root | grep '^/[A-Za-z0-9_./@+-]*$'); fi
    fail login "$ended; $(origin ChrootDirectory) sets ChrootDirectory $chroot" \
      "$(if [ -n "$chroot_part" ] && [ -x "$R$chroot$shell" ]; then echo "chown root: $chroot_part && chmod go-w $chroot_part"; else setting_fix ChrootDirectory none; fi)"
  elif grep -Eqs "$session_denies" "$R/etc/pam.d/sshd" && [ "$(setting usepam)" = yes ]; then
    fail login "$ended; /etc/pam.d/sshd refuses every session: $(grep -E "$session_denies" "$R/etc/pam.d/sshd" | head -n 1)" \
      "sed -i -E '/$session_denies/s/^/# /' /etc/pam.d/sshd"
  elif [ "${cause#*pam_open_session}" != "$cause" ]; then
    fail login "$ended" '# see the session lines of /etc/pam.d/sshd, and the settings of the module that refuses'
  elif [ "${forced:-none}" != none ]; then
    fail login "$ended; $(origin ForceCommand) makes sshd run only this for it: $forced" "$(setting_fix ForceCommand none)"
  elif key_files_have '(^|[[:space:],])command="'; then
    fail login "$ended; $key_file lets a key run only one command, by command=" "# take command=\"...\" off that key in $key_file"
  else
    fail login "$ended" "# see what its shell, $shell, runs at login: an exit in $home/.bashrc, or a wait there or in another file that it reads"
  fi
}
session_denies='^session[[:blank:]]+(required|requisite)[[:blank:]]+pam_deny\.so'

# sshd and ssh have no algorithm in common: the defaults are added to the list that somebody has cut.
refused_setting() {
  case $1 in
    *'key exchange'*) set -- "$1" KexAlgorithms curve25519-sha256 ;;
    *cipher*) set -- "$1" Ciphers aes256-gcm@openssh.com ;;
    *MAC*) set -- "$1" MACs hmac-sha2-256-etm@openssh.com ;;
    *) set -- "$1" HostKeyAlgorithms ssh-ed25519 ;;
  esac
  fail login "ssh and sshd have no algorithm in common: $(origin "$2") sets $2 $(setting "$2"); ssh says: ${1%% Their offer:*}" "$(setting_fix "$2" "+$3")"
}
