# What sshd_config and /etc/shadow say about an account.

# home_is_closed ACCOUNT: systemd-homed opens a home by its password, and sshd reads no file in it before.
home_is_closed() {
  if [ -d "$R$home" ] || [ ! -e "$R/var/lib/systemd/home/$1.identity" ]; then return 1; fi
  fail account "the home of $1 is closed: systemd-homed opens it by the password" \
    "homectl activate $1 # for logins without that: homectl update $1 --ssh-authorized-keys=KEY, and sshd asks userdbctl"
  return 0
}

# The lists of sshd_config, in sshd's order. A peer over vsock has the host name UNKNOWN and no address.
login_lists() {
  set -f
  matched=
  for list in denyusers allowusers denygroups allowgroups; do
    look_up "$list"
    if [ -z "$settings" ]; then continue; fi
    case $list in *users) in_list=$(in_users "$1" "$settings") ;; *) in_list=$(in_groups "$(id -Gn "$1" 2>/dev/null)" "$settings") ;; esac
    case $list,$in_list in
      deny*,?*) refused_by_list "$1" "$list" "$in_list" || break ;;
      allow*,) refused_by_list "$1" "$list" "$settings" || break ;;
    esac
  done
  set +f
  [ -z "$matched" ]
}
refused_by_list() {
  matched=$3
  case $2 in
    denyusers) set -- "$1" DenyUsers "$3" ;;
    denygroups) set -- "$1" DenyGroups "$3" ;;
    allowusers) set -- "$1" AllowUsers "$3" ;;
    *) set -- "$1" AllowGroups "$3" ;;
  esac
  case $2 in
    Deny*) list_fix="# take $1 out of $2 in sshd_config" ;;
    AllowGroups) list_fix=$(group_fix "$1" "$3") ;;
    *) list_fix=$(setting_fix "$2" "$(printf '%s' "$3" | tr '\n' ' ') $1") ;;
  esac
  fail login "sshd does not let $1 in: $2 is $3, and a peer without a network has the host name UNKNOWN$(refusals)" "$list_fix"
}

# group_fix ACCOUNT PATTERNS: the first group that is there. A pattern may mean one with more rights: then the own group.
group_fix() {
  for pattern in $2; do
    case $pattern in *[!A-Za-z0-9_.-]* | -*) continue ;; esac
    getent group "$pattern" >/dev/null 2>&1 && echo "usermod -aG $pattern $1" && return
  done
  setting_fix AllowGroups "$(printf '%s' "$2" | tr '\n' ' ') $(id -gn "$1")"
}

# in_users ACCOUNT PATTERNS, in_groups NAMES PATTERNS: the pattern that matches.
in_users() {
  for pattern in $2; do
    matches "$1" "${pattern%@*}" && here_matches "$pattern" && printf '%s' "$pattern" && return
  done
  return 1
}
in_groups() {
  for pattern in $2; do
    for group in $1; do
      matches "$group" "$pattern" && printf '%s' "$pattern" && return
    done
  done
  return 1
}
# A pattern for hosts is in lower case for sshd, and UNKNOWN is not: only one with * matches it.
here_matches() {
  case $1 in *@*) ;; *) return 0 ;; esac
  for host in $(printf '%s' "${1##*@}" | tr 'A-Z,' 'a-z '); do
    if matches UNKNOWN "$host"; then return 0; fi
  done
  return 1
}
# shellcheck disable=SC2254 # a pattern of sshd's, with the same * and ?
matches() { case $1 in $2) return 0 ;; *) return 1 ;; esac; }

# password_expired ACCOUNT: sshd lets no key in without a new one, by PAM.
password_expired() {
  case $login_about in *'assword change required'* | *'assword has expired'* | *'password is expired'*) return 0 ;; esac
  look_up usepam
  if [ "$setting" != yes ]; then return 1; fi
  find_shadow "$1"
  case $changed:$lasts in
    0:*) return 0 ;;
    [0-9]*:[0-9]*) [ $((changed + lasts)) -lt $(($(date +%s) / 86400)) ] ;;
    *) return 1 ;;
  esac
}
# find_shadow ACCOUNT: sets $hash, $changed, $lasts and $expires.
find_shadow() {
  IFS=: read -r _ hash changed _ lasts _ _ expires _ <<ENTRY
$(getent shadow "$1" 2>/dev/null)
ENTRY
}

# Only root can read these.
login_account() {
  find_shadow "$1"
  look_up usepam
  if [ -n "$expires" ] && [ "$expires" -le $(($(date +%s) / 86400)) ]; then
    fail login "the account $1 has expired$(refusals)" "chage -E -1 $1"
  elif [ "$setting" = no ]; then
    case $hash in
      !*) fail login "the account $1 is locked, and with UsePAM no sshd refuses its keys too$(refusals)" "usermod -p '*' $1" ;;
    esac
  fi
}

# lacks_key ACCOUNT MESSAGE FIX: what keeps anybody from putting one there comes first.
lacks_key() {
  for each in $(setting authorizedkeysfile); do
    case $each in none | /run/credentials/* | /run/sshd-generated-*) continue ;; esac
    key_path "$1" "$each"
    keys_in=$path
    keys_by=$1
    case $keys_in in "$home"/*) may_write_keys login || return ;; esac
    break
  done
  fail "$(key_step)" "$2" "$3"
}
