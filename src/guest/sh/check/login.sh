# check_login ACCOUNT: the first reason. $unit: the socket unit whose sshd is asked; empty: the sshd of TCP.
check_login() {
  find_account "$1"
  if [ -z "$entry" ]; then
    fail login "there is no account $1" "useradd -m $1" || return
  fi
  case ${unit_program##*/} in
    '' | sshd) ;;
    *)
      say skipped login "$unit@.service starts $unit_program, not sshd itself: its settings are not known here"
      return 0 ;;
  esac
  know "$(sshd_says "$1" "$unit_options")"
  if [ -z "$config" ]; then
    unknown_settings "$1"
    return
  fi
  if was_accepted; then
    login_ended "$1"
    return
  fi
  login_configured "$1" && login_lists "$1" && login_account "$1" && login_shell "$1" && login_pam && login_key_files "$1" && login_key_options && login_methods "$1"
}

# sshd_says ACCOUNT OPTIONS: the settings for this account and a peer named UNKNOWN; from 9.x on sshd needs no folder for that.
sshd_says() {
  says=$R${unit_program:-$sshd}
  with_options "$2" "$says" -T -C "user=$1,host=UNKNOWN,addr=UNKNOWN,laddr=UNKNOWN,lport=65535" 2>/dev/null ||
    with_options "$2" "$says" -T 2>/dev/null
}
unknown_settings() {
  if ! is_root; then
    say skipped login "only root can ask sshd whether it lets $1 in"
  elif [ "$faults" -gt 0 ]; then
    say skipped login "whether $1 may log in is not known until sshd -T works"
  else
    fail login "sshd -T does not show its settings: $("$R${unit_program:-$sshd}" -T 2>&1 | tail -n 1)" 'sshd -T'
  fi
}

# know TEXT: it becomes $config, with names in lower case; newer versions print them as in the manual.
know() {
  config=$1
  case $newline$config in
    *"$newline"[ABCDEFGHIJKLMNOPQRSTUVWXYZ]*)
      config=$(printf '%s\n' "$config" | sed 'h; s/ .*//; y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/; G; s/\n[^ ]*//') ;;
  esac
}
# look_up NAME: sets $settings to its values, as a list has a line for each entry, and $setting to the first.
look_up() {
  settings=
  look_in=$newline$config$newline
  while :; do
    case $look_in in *"$newline$1 "*) ;; *) break ;; esac
    look_in=${look_in#*"$newline$1 "}
    settings=$settings${settings:+$newline}${look_in%%"$newline"*}
    look_in=$newline${look_in#*"$newline"}
  done
  setting=${settings%%"$newline"*}
}
setting() {
  look_up "$1"
  printf '%s\n' "$setting"
}

# setting_fix NAME VALUE: the first value counts, so it takes the place of the unit's own, or goes before all others. That of a
# Match block wins over those outside: then it goes into a block for the account, before the others.
setting_fix() {
  fix_file=$(printf '%s\n' "$unit_options" | sed -n 's/^-f *//p' | tail -n 1)
  fix_first=
  if is_in_match "$1"; then fix_first="Match User $account"; fi
  if [ -n "$(option_of "$1")" ]; then
    unit_fix "$(options_but "$1")$newline-o$1 $2"
  elif [ -z "$fix_file" ] && grep -Eq '^[[:space:]]*Include[[:space:]].*/etc/ssh/sshd_config\.d/' "$R/etc/ssh/sshd_config" 2>/dev/null; then
    if [ -n "$fix_first" ]; then
      echo "{ echo '$fix_first'; echo '$1 $2'; } > /etc/ssh/sshd_config.d/00-vmssh-$1.conf"
    else
      echo "echo '$1 $2' > /etc/ssh/sshd_config.d/00-vmssh-$1.conf"
    fi
  else
    fix_file=${fix_file:-/etc/ssh/sshd_config}
    fix_line=$(grep -Ein '^[[:space:]]*Match[[:space:]]' "$R$fix_file" 2>/dev/null | head -n 1 | cut -d : -f 1)
    if [ -n "$fix_first" ] && [ -n "$fix_line" ]; then
      echo "sed -i -e '${fix_line}i $fix_first' -e '${fix_line}i $1 $2' $fix_file"
    else
      echo "sed -i '1i $1 $2' $fix_file"
    fi
  fi
}
# Without the account sshd -T leaves Match blocks out.
is_in_match() {
  inside=$(printf '%s\n' "$config" | grep -i "^$1 ")
  outside=$(know "$(with_options "$unit_options" "$R${unit_program:-$sshd}" -T 2>/dev/null)" && printf '%s\n' "$config" | grep -i "^$1 ")
  [ -n "$outside" ] && [ "$outside" != "$inside" ]
}
# origin NAME: where a setting comes from.
origin() {
  if [ -n "$(option_of "$1")" ]; then
    echo "the command line of $unit@.service"
  elif is_in_match "$1"; then
    echo 'a Match block of sshd_config'
  else
    echo sshd_config
  fi
}

login_configured() {
  look_up revokedkeys
  revoked=$setting
  look_up permitrootlogin
  case $1,$setting in root,no | root,forced-commands-only) permits=no ;; *) permits=yes ;; esac
  if [ "$permits" = no ]; then
    fail login "$(origin PermitRootLogin) results in PermitRootLogin $(setting permitrootlogin)$(refusals)" "$(setting_fix PermitRootLogin prohibit-password)"
  elif look_up pubkeyauthentication && [ "$setting" = no ]; then
    fail login "$(origin PubkeyAuthentication) results in PubkeyAuthentication no$(refusals)" "$(setting_fix PubkeyAuthentication yes)"
  elif [ "${revoked:-none}" != none ] && [ ! -r "$R$revoked" ]; then
    fail login "sshd accepts no key at all: $(origin RevokedKeys) sets RevokedKeys $revoked, which cannot be read$(refusals)" "touch $revoked"
  fi
}

login_shell() {
  case $shell in
    */nologin | */false)
      fail login "the shell of $1 is $shell" "usermod -s /bin/sh $1" || return ;;
  esac
  if [ -n "$shell" ] && [ ! -x "$R$shell" ]; then
    fail login "the shell of $1, $shell, is not there or cannot be run$(refusals)" "usermod -s /bin/sh $1" || return
  fi
  if [ "$1" != root ]; then
    for stop in /run/nologin /etc/nologin; do
      if [ -e "$R$stop" ]; then
        fail login "$stop blocks all logins but root's" "rm $stop" || return
      fi
    done
  fi
}

# A key may not be enough. What ends a second factor is no fix.
login_methods() {
  look_up authenticationmethods
  methods=$setting
  case " ${methods:-any} " in
    *' any '* | *' publickey '*) login_result "$1" ;;
    *)
      say skipped login "a key alone does not let $1 in, and ssh asks for the rest: AuthenticationMethods $methods"
      case $login,$methods in refused,*publickey*) login_result "$1" ;; esac ;;
  esac
}
