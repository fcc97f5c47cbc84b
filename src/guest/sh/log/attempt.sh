# What became of a login that the host tried over the socket, before this ran.

# login: in, refused, or not tried; login_about: how, or why not; login_cursor: the journal's end before it.

# read_attempt ACCOUNT: sets $own_lines.
read_attempt() {
  if [ "$login" = refused ]; then await_lines "$login_cursor" "$1" '^(Connection (closed|reset) by|Disconnect|Received disconnect|fatal: )'; fi
}
attempt_says() { printf '%s\n' "${own_lines:-}" | grep -E "$1" | head -n 1; }

# Why sshd refused it, for the end of a message.
refusals() {
  message=$(attempt_says 'not allowed|Authentication refused|ROOT LOGIN REFUSED|bad ownership|not from a permitted host|not in PubkeyAccepted|PAM account configuration|Too many authentication failures')
  if [ -n "$message" ]; then echo "; the journal has: $message"; fi
}

# login_result ACCOUNT: if nothing of what is known here refuses the account.
login_result() {
  case $login in
    refused) login_refused "$1" ;;
    *) say skipped login "nothing found here keeps $1 out${key_source:+$key_source}, but no login was tried: $login_about" ;;
  esac
}

login_refused() {
  # ssh compares the algorithms too, and hangs up: then sshd may only log that the connection was closed.
  case $login_about in
    'Unable to negotiate with '*'no matching '*' found'*)
      refused_setting "$login_about"
      return 1 ;;
  esac
  cause=$(attempt_says 'not from a permitted host|not in PubkeyAccepted|PAM account configuration')
  case $cause in
    *'not from a permitted host'*)
      fail login "the key is not accepted from a peer over vsock, which has the host name UNKNOWN; the journal has: $cause" \
        "$(from_fix "$(printf '%s' "$cause" | sed -n 's/.*required=\([^)]*\)).*/\1/p')" "$(printf '%s' "$cause" | sed -n 's/^\(\/[^:]*\):[0-9]*: Authentication tried.*/\1/p')")" ;;
    *'not in PubkeyAccepted'*)
      algorithm_refused "$(printf '%s' "$cause" | sed -n 's/.*algorithm \([A-Za-z0-9@.-]*\) not in.*/\1/p')" "; the journal has: $cause" ;;
    *'PAM account configuration'*)
      fail login "an account module of PAM refuses $1: $(attempt_says 'pam_[a-z_]*[(]sshd:account[)]'); the journal has: $cause" \
        "see the account lines of /etc/pam.d/sshd, and the settings of the module that refuses $1" ;;
    *)
      cause=$(refusals)
      if [ -z "$cause" ]; then cause=$(printf '%s\n' "${own_lines:-}" | grep ' port ' | tail -n 1 | sed 's/^/; the journal has: /'); fi
      fail login "a login as $1 failed: $login_about$cause" \
        "put the public key of the one that ssh uses into ${key_file:-a file that sshd reads}: on the host, vmssh guest install --key does that" ;;
  esac
  return 1
}

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
