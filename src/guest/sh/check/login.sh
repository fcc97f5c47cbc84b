# Why sshd would refuse an account, if everything before it works.

# check_login ACCOUNT: the first reason.
check_login() {
  entry=$(getent passwd "$1")
  if [ -z "$entry" ]; then
    fail login "there is no account $1" "useradd -m $1"
    return 1
  fi
  home=$(echo "$entry" | cut -d: -f6)
  shell=$(echo "$entry" | cut -d: -f7)
  config=$(sshd_says "$1")
  if ! { login_configured "$1" && login_shell "$1" && login_key_files "$1"; }; then return 1; fi
  say ok login "$1 may log in${key_file:+ with the keys of $key_file}"
}

# The effective sshd_config for this account and a peer named UNKNOWN; from 9.x on sshd needs no folder for that.
sshd_says() {
  "$R$sshd" -T -C "user=$1,host=UNKNOWN,addr=UNKNOWN,laddr=UNKNOWN,lport=65535" 2>/dev/null || "$R$sshd" -T 2>/dev/null
}
# Older versions print the names in lower case, newer ones as in the manual.
setting() { printf '%s\n' "$config" | grep -i "^$1 " | head -n 1 | cut -d ' ' -f 2-; }

# The first value of a setting counts, so it goes before all others.
setting_fix() {
  if grep -Eq '^[[:space:]]*Include[[:space:]].*/etc/ssh/sshd_config\.d/' "$R/etc/ssh/sshd_config" 2>/dev/null; then
    echo "echo '$1' > /etc/ssh/sshd_config.d/00-vmssh-${1%% *}.conf"
  else
    echo "sed -i '1i $1' /etc/ssh/sshd_config"
  fi
}

login_configured() {
  if [ -z "$config" ]; then return 0; fi
  if [ "$1" = root ] && [ "$(setting permitrootlogin)" = no ]; then
    fail login "sshd_config results in PermitRootLogin no$(refusals)" "$(setting_fix 'PermitRootLogin prohibit-password')"
    return 1
  fi
  if [ "$1" = root ] && [ "$(setting permitrootlogin)" = forced-commands-only ]; then
    fail login "sshd_config results in PermitRootLogin forced-commands-only$(refusals)" 'log in as another user, or set PermitRootLogin prohibit-password'
    return 1
  fi
  if [ "$(setting pubkeyauthentication)" = no ]; then
    fail login "sshd_config results in PubkeyAuthentication no$(refusals)" "$(setting_fix 'PubkeyAuthentication yes')"
    return 1
  fi
  for list in allowusers allowgroups denyusers denygroups; do
    if [ -n "$(setting $list)" ] && refusals | grep -q 'not allowed'; then
      fail login "sshd_config has $list $(setting $list)$(refusals)" "allow $1 there; a peer over vsock has the host name UNKNOWN"
      return 1
    fi
  done
}

login_shell() {
  case $shell in
    */nologin | */false)
      fail login "the shell of $1 is $shell" "usermod -s /bin/sh $1"
      return 1 ;;
  esac
  if [ "$1" != root ]; then
    for stop in /run/nologin /etc/nologin; do
      if [ -e "$R$stop" ]; then
        fail login "$stop blocks all logins but root's" "rm $stop"
        return 1
      fi
    done
  fi
}

# The first file of keys that exists; sshd does not read one that other users can write to.
login_key_files() {
  key_file=
  for each in $(setting authorizedkeysfile); do
    each=$(echo "$each" | sed "s|%h|$home|g; s|%u|$1|g")
    case $each in /*) ;; *) each=$home/$each ;; esac
    if [ -s "$R$each" ]; then
      key_file=$each
      break
    fi
  done
  if [ -z "$key_file" ]; then
    if [ -n "$config" ]; then
      fail login "$1 has no keys in $(setting authorizedkeysfile)$(refusals)" "vmssh guest script --key FILE puts one there"
      return 1
    fi
    return 0
  fi
  if [ "$(setting strictmodes)" = no ]; then return 0; fi
  for each in "$key_file" "${key_file%/*}" "$home"; do
    loose=$(find "$R$each" -prune \( -perm -002 -o ! \( -user "$1" -o -user root \) \) 2>/dev/null)
    if [ -z "$loose" ] && ! private_group "$R$each"; then loose=$(find "$R$each" -prune -perm -020 2>/dev/null); fi
    if [ -n "$loose" ]; then
      fail login "$each can be written by users other than $1 ($(stat -c '%A %U:%G' "$R$each")), so sshd does not read $key_file$(refusals)" "chown $1: $each && chmod go-w $each"
      return 1
    fi
  done
}

# Debian's sshd accepts a group-writable file if only its user is in the group.
private_group() {
  [ -e "$R/etc/debian_version" ] || return 1
  private=$(getent group "$(stat -c %g "$1")")
  [ "${private##*:}" = '' ] && [ "${private%%:*}" = "$(stat -c %U "$1")" ]
}

# sshd's messages about refused logins in the last minutes.
refusals() {
  message=$(journalctl -q -b --since -15min -o cat --no-pager -t sshd -t sshd-session -g 'not allowed because|Authentication refused|ROOT LOGIN REFUSED|not allowed' -n 1 2>/dev/null)
  if [ -n "$message" ]; then echo "; the journal has: $message"; fi
}
