# Which account a key is for, whether this sshd lets it in, and where it reads its keys.

# No login was tried before: nothing is known of one.
login='not tried'
login_about=
login_cursor=

# choose_account: the first ordinary one that sshd lets in, else the first; root, if there is none.
choose_account() {
  if [ -n "$account" ]; then return 0; fi
  accounts=$(ordinary_accounts)
  passed=
  account=${accounts%%"$newline"*}
  account=${account:-root}
  if [ "$accounts" = "${accounts#*"$newline"}" ] || [ -n "$installs" ]; then return 0; fi
  set -f
  for each_account in $accounts; do
    passed_over=$(account=$each_account && find_home && is_let_in)
    if [ -z "$passed_over" ]; then
      account=$each_account
      printf '%s' "$passed" | while IFS= read -r each; do say skipped account "$each"; done
      break
    fi
    passed=$passed$(printf '%s\n' "$passed_over" | sed -n "s/^failed  *[a-z-]*  */$each_account is passed over: /p" | head -n 1)$newline
  done
  set +f
}

# Those with a shell and a home of their own; 60000 and later are nobody and those of containers.
ordinary_accounts() {
  getent passwd | while IFS=: read -r each _ each_uid _ _ each_home each_shell; do
    case $each_shell in '' | */nologin | */false) continue ;; esac
    if [ "$each_home" != / ] && [ "$each_uid" -ge 1000 ] && [ "$each_uid" -lt 60000 ]; then echo "$each"; fi
  done | head -n 8
}

# is_let_in: whether sshd lets $account in, by a key. Says why not; sets $keys_in and $keys_by.
is_let_in() {
  if home_is_closed "$account"; then
    return 1
  elif [ ! -d "$R$home" ]; then
    fail account "the home of $account, $home, is not there" "install -d -m 700 -o $account -g $(id -gn "$account") $home" || return
  fi
  unit=$(unit_of_sshd) && unit_sshd "$unit@"
  case ${unit_program##*/} in '' | sshd) ;; *) return 0 ;; esac
  know "$(sshd_config)"
  # What keeps sshd from saying so is said with its answer.
  if [ -z "$config" ]; then return 0; fi
  login_configured "$account" && login_lists "$account" && login_account "$account" && login_shell "$account" && login_pam &&
    login_session && find_key_file
}

# The template of the socket by which the host comes; none in a container, where its manager starts sshd.
unit_of_sshd() { is_systemd && [ "$over" = vsock ] && find_socket_unit 22; }

# sshd -T needs a host key, and a container's image may have none yet; from 9.3 on there is -G.
sshd_config() {
  sshd_says "$account" "$unit_options" | grep . && return
  with_options "$unit_options" "$R${unit_program:-$sshd}" -G -C "user=$account,host=UNKNOWN,addr=UNKNOWN,laddr=UNKNOWN,lport=65535" 2>/dev/null |
    grep . && return
  # Where take_lock finds what a killed run has left; it may have made that folder for this one.
  config_key=$run/vmssh-run.$(process "$$")
  mkdir -m 700 "$config_key" 2>/dev/null || [ -n "${scratch:-}" ] || config_key=$(mktemp -d) || return 1
  ssh-keygen -q -t ed25519 -N '' -f "$config_key/key" </dev/null && sshd_says "$account" "$unit_options$newline-h$config_key/key"
  rm -f "$config_key/key" "$config_key/key.pub"
  [ -n "${scratch:-}" ] || rmdir "$config_key"
}

# What lets a key in beside a password. It ends no second factor.
key_beside() {
  case $methods in
    password) setting_fix AuthenticationMethods 'publickey password' ;;
    *) echo '# log in by ssh, which asks for that; or let a key be one of them: AuthenticationMethods publickey,...' ;;
  esac
}

login_session() {
  look_up authenticationmethods
  methods=$setting
  if ! session_settings ''; then
    return 1
  elif case " ${methods:-any} " in *' any '* | *publickey*) false ;; esac then
    fail login "sshd takes no key from $account: AuthenticationMethods $methods" "$(key_beside)"
  elif has_chroot && chroot=$(printf '%s\n' "$setting" | sed "s|%h|$home|g; s|%u|$account|g; s|%U|$(id -u "$account")|g") && { [ ! -x "$R$chroot$shell" ] || [ -n "$(loose_part "$chroot" root)" ]; }; then
    fail login "$(origin ChrootDirectory) sets ChrootDirectory $chroot, which has no $shell, or which others than root can write to" \
      "# name another account: --user NAME; or put a shell there, and see to the owner and mode of each folder"
  fi
}

# find_key_file: the first of the files that this sshd reads, and of which it would accept the owners and modes.
find_key_file() {
  keys_in=
  key_fault=
  set -f
  look_up strictmodes
  strict=$setting
  look_up authorizedkeysfile
  for each in $setting; do
    case $each in none | /run/credentials/* | /run/sshd-generated-*) continue ;; esac
    key_path "$account" "$each"
    each=$path
    if [ -d "$R$each" ]; then
      key_fault=${key_fault:-"$each is a folder${newline}mv $each $each.folder"}
    elif [ "$strict" != no ] && key_part=$(loose_part "$(there "$each")" "$account") && [ -n "$key_part" ]; then
      key_fault=${key_fault:-"$(loose_says "$key_part" "$each")"}
    else
      keys_in=$each
      break
    fi
  done
  set +f
  # A certificate needs none.
  if [ -z "$keys_in" ] && [ -n "${keys-no}" ]; then
    key_fault=${key_fault:-"sshd reads the keys of $account from no file: AuthorizedKeysFile $(setting authorizedkeysfile), AuthorizedKeysCommand $(setting authorizedkeyscommand)$newline$(no_file_fix)"}
    fail key "${key_fault%%"$newline"*}" "${key_fault#*"$newline"}" || return
  fi
  keys_by=$account
  if roots_alone "$(there "$keys_in")"; then keys_by=root; fi
}

# no_file_fix: what a site closed stays closed.
no_file_fix() {
  no_file_ca=$(setting trustedusercakeys)
  no_file_by=$(setting authorizedkeyscommand)
  case ${no_file_ca:-none}/${no_file_by:-none} in
    none/none) setting_fix AuthorizedKeysFile .ssh/authorized_keys ;;
    none/*) echo "# add the key where $no_file_by looks it up, or ask those who keep this machine" ;;
    *) echo "# log in by a certificate of a CA in $no_file_ca: ask those who keep this machine for one" ;;
  esac
}

# there FILE: it, or the first folder above it that is there.
there() {
  there=$1
  while [ -n "$there" ] && [ ! -e "$R$there" ] && [ ! -L "$R$there" ]; do there=${there%/*}; done
  echo "${there:-/}"
}

# roots_alone FILE: whether nobody but root can change it, a folder above it or a link on the way. Else root would follow, also a
# moment later, what the account puts there.
links=0
roots_alone() {
  alone=$1
  while [ -n "${alone%/}" ]; do
    if [ -z "$(find "$R$alone" -prune -user root \( -type l -o ! -perm -020 ! -perm -002 \) 2>/dev/null)" ]; then return 1; fi
    if [ -L "$R$alone" ]; then
      links=$((links + 1))
      link=$(readlink "$R$alone")
      case $link in /*) ;; *) link=${alone%/*}/$link ;; esac
      if [ "$links" -gt 20 ] || ! (roots_alone "$link"); then return 1; fi
    fi
    alone=${alone%/*}
  done
}
