# The changes for an account: keys, and a login without the login message.

# find_home: of the account for keys and .hushlogin; by default the caller of sudo, or root.
find_home() {
  account=${account:-${SUDO_USER:-root}}
  home=$(getent passwd "$account" | cut -d: -f6)
  if [ -z "$home" ]; then
    fail account "there is no account $account" "useradd -m $account"
    give_up 1
  fi
  if ! can_act_as "$account"; then
    fail account "root cannot act as $account here: ${said:-it took more than $as_seconds s, so the machine is too busy}" "${said:+$(install_command util-linux)}"
    give_up 1
  fi
}

add_keys() {
  if [ -z "$keys" ]; then return 0; fi
  find_home
  added=0
  if ! make_ssh_folder || ! add_missing_keys; then
    case $said in
      *' is a folder') fail key "$said" "mv $home/.ssh/authorized_keys $home/.ssh/authorized_keys.folder # then run this again" ;;
      *) fail key "$said" "# let $account write to $home/.ssh/authorized_keys, then run this again" ;;
    esac
  elif [ "$added" = 0 ]; then
    say ok key "$account has the keys already"
  else
    say changed key "$added put into $home/.ssh/authorized_keys of $account"
  fi
}

make_ssh_folder() {
  if as "$account" test -d "$R$home/.ssh"; then return 0; fi
  note made-by "$account" "$R$home/.ssh" && try "$account" mkdir -m 700 "$R$home/.ssh"
}

add_missing_keys() {
  keep "$state_temp" <<KEYS || return 1
$keys
KEYS
  while IFS= read -r key; do
    if [ -z "$key" ]; then continue; fi
    keep_state || return 1
    read_copy "$account" "$R$home/.ssh/authorized_keys" </dev/null
    case $? in
      0) if grep -qxF -e "$key" "$copy"; then continue; fi ;;
      1) ;;
      *) return 1 ;;
    esac
    add_lines "$account" "$R$home/.ssh/authorized_keys" 600 "$key" </dev/null || return 1
    added=$((added + 1))
  done <"$state_temp"
}

hush() {
  if [ "$hushlogin" != yes ]; then return 0; fi
  find_home
  if as "$account" test -e "$R$home/.hushlogin"; then
    say ok hushlogin "$home/.hushlogin is there"
  elif keep_state && keep "$(kept_of "$R$home/.hushlogin").now" </dev/null &&
    note added "$account" "$R$home/.hushlogin" && try "$account" touch "$R$home/.hushlogin"; then
    say changed hushlogin "$home/.hushlogin"
  else
    fail hushlogin "$said" "# let $account write to $home, then run this again"
  fi
}
