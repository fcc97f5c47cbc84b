# What keeps sshd from accepting a key that is in the account's file: the options before it, and its type.

# login_key_options ACCOUNT: whether any key of $key_file can be accepted from a peer over vsock.
login_key_options() {
  if [ -z "${key_file:-}" ] || [ ! -r "$R$key_file" ]; then return 0; fi
  key_hindered=
  while IFS= read -r each_line || [ -n "$each_line" ]; do
    each_type=$(printf '%s\n' "$each_line" | sed -En 's/^([^#].*[[:blank:]])?((sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+)[[:blank:]]+AAAA.*/\2/p')
    if [ -z "$each_type" ]; then continue; fi
    each_hindrance=$(key_hindrance "${each_line%%"$each_type"*}" "$each_type")
    if [ -z "$each_hindrance" ]; then return 0; fi
    key_hindered=${key_hindered:-$each_hindrance}
  done <"$R$key_file"
  key_value=${key_hindered#* }
  case ${key_hindered%% *} in
    from) fail login "$key_file has from=\"$key_value\" before the key, and a peer over vsock has the host name UNKNOWN$(refusals)" "$(from_fix "$key_value" "$key_file")" ;;
    expired) fail login "$key_file has expiry-time=\"$key_value\" before the key: it has expired$(refusals)" \
      "sed -i 's/,expiry-time=\"$key_value\"//; s/expiry-time=\"$key_value\"[, ]//' $key_file" ;;
    type) algorithm_refused "$key_value" "$(refusals)" ;;
    *) return 0 ;;
  esac
  return 1
}

# key_hindrance OPTIONS TYPE: "from PATTERNS", "expired TIME", "type TYPE"; nothing if there is none.
key_hindrance() {
  from=$(printf '%s' "$1" | sed -En 's/^(.*,)?from="([^"]*)".*/\2/p')
  if [ -n "$from" ] && ! from_unknown "$from"; then
    echo "from $from"
    return 0
  fi
  expiry=$(printf '%s' "$1" | sed -En 's/^(.*,)?expiry-time="([0-9]{8,14}Z?)".*/\2/p')
  if [ -n "$expiry" ] && has_expired "$expiry"; then
    echo "expired $expiry"
    return 0
  fi
  if ! type_accepted "$2"; then echo "type $2"; fi
}

# The host name of a peer over vsock, as sshd compares it: without regard to case.
from_unknown() {
  set -f
  from_matched=no
  for pattern in $(printf '%s' "$1" | tr 'A-Z,' 'a-z '); do
    case $pattern in
      !*) if matches unknown "${pattern#?}"; then from_matched=never; fi ;;
      *) if [ "$from_matched" = no ] && matches unknown "$pattern"; then from_matched=yes; fi ;;
    esac
  done
  set +f
  [ "$from_matched" = yes ]
}

has_expired() {
  case $1 in *Z) expires=$(date -u +%Y%m%d%H%M%S) ;; *) expires=$(date +%Y%m%d%H%M%S) ;; esac
  [ "$(printf '%s000000' "${1%Z}" | cut -c 1-14)" -le "$expires" ]
}

type_accepted() {
  accepted=$(setting pubkeyacceptedalgorithms)
  if [ -z "$accepted" ]; then accepted=$(setting pubkeyacceptedkeytypes); fi
  if [ -z "$accepted" ]; then return 0; fi
  case $1 in ssh-rsa) set -- ssh-rsa rsa-sha2-256 rsa-sha2-512 ;; esac
  for each_name in "$@"; do
    if matches_any "$each_name" "$accepted"; then return 0; fi
  done
  return 1
}
matches_any() {
  set -f
  for pattern in $(printf '%s' "$2" | tr , ' '); do
    if matches "$1" "$pattern"; then
      set +f
      return 0
    fi
  done
  set +f
  return 1
}

# algorithm_refused ALGORITHM WHY: "+" adds to sshd's defaults.
algorithm_refused() {
  accepts=PubkeyAcceptedAlgorithms
  if [ -z "$(setting pubkeyacceptedalgorithms)" ]; then accepts=PubkeyAcceptedKeyTypes; fi
  fail login "$(origin "$accepts") sets $accepts $(setting "$accepts"), without $1, which the key needs$2" "$(setting_fix "$accepts" "+$1")"
}

# from_fix PATTERNS FILE: only for text that the shell and sed take as it is, and for a file of the account's: anybody there can
# write such a line to the journal.
from_fix() {
  if [ -z "$1" ] || ! is_key_file "$2" || printf '%s' "$1$2" | grep -q '[^A-Za-z0-9.:/*?!,_@%+~-]'; then
    echo "add UNKNOWN to the from= of that key, as in from=\"192.0.2.0/24,UNKNOWN\""
  else
    echo "sed -i 's|from=\"$(printf '%s' "$1" | sed 's/[.*]/\\&/g')\"|from=\"$1,UNKNOWN\"|' $2"
  fi
}

# An account line that always refuses, in sshd's own file.
login_pam() {
  if [ "$(setting usepam)" != yes ]; then return 0; fi
  denies='^account[[:blank:]]+(required|requisite)[[:blank:]]+pam_deny\.so'
  if ! grep -Eqs "$denies" "$R/etc/pam.d/sshd"; then return 0; fi
  fail login "/etc/pam.d/sshd refuses every account: $(grep -E "$denies" "$R/etc/pam.d/sshd" | head -n 1)$(refusals)" \
    "sed -i -E '/$denies/s/^/# /' /etc/pam.d/sshd"
  return 1
}
