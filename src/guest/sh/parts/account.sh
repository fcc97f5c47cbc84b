# The changes for an account: keys, and a login without the login message.

# find_home: of the account for keys and .hushlogin; by default the caller of sudo, or root. Where its keys are: $keys_in, and who writes
# there: $keys_by.
find_home() {
  account=${account:-${SUDO_USER:-root}}
  find_account "$account"
  keys_in=$home/.ssh/authorized_keys
  keys_by=$account
  if [ -z "$home" ]; then give_up_on account 1 "there is no account $account" "useradd -m $account"; fi
  if ! can_act_as "$account"; then
    give_up_on account 1 "root cannot act as $account here: ${said:-it took more than $as_seconds s, so the machine is too busy}" "$(acting_fix)"
  fi
}
# Without the capabilities for it no program can.
acting_fix() {
  case $said in
    '') ;;
    *'not permitted'*) echo '# its root has no capabilities SETUID and SETGID: make the container with them, without --cap-drop' ;;
    *) install_command util-linux ;;
  esac
}

# is_hosts FILE: whether it is in a home of the host's, by $hosts. By device and inode on the host's own kernel; on another by inode and time,
# unless the file system is on a disk of the machine's own: one made from the same image may have both.
is_hosts() {
  host_mark=
  read -r host_boot </proc/sys/kernel/random/boot_id || host_boot=
  if [ "${hosts%% *}" = "$host_boot" ]; then
    host_form=%d.%i
  else
    case $(as "$keys_by" stat -L -f -c %T "$1") in ext* | xfs | btrfs | zfs | f2fs | tmpfs) return 1 ;; esac
    host_form=%i:%Y
  fi
  host_mark=$(as "$keys_by" stat -L -c "$host_form" "$1") || return 1
  case " $hosts " in *" $host_mark "*) ;; *) return 1 ;; esac
}

# owner_ids FILE: its owner's uid here, and outside the user namespace, where the host counts.
owner_ids() {
  owner_id=$(as "$keys_by" stat -L -c %u "$1") || return 0
  printf %s "$owner_id"
  while read -r id_here id_outside id_count; do
    if [ "$owner_id" -ge "$id_here" ] && [ $((owner_id - id_here)) -lt "$id_count" ]; then
      printf ' %s' $((id_outside + owner_id - id_here))
    fi
  done </proc/self/uid_map
}

# look_for_keys: sets $has_keys. 1: the home is one of the host's, which the machine shares: a key in there lets in on the host too.
# shellcheck disable=SC2034 # set-up-account.sh reads it
look_for_keys() {
  has_keys=yes
  if [ -z "$keys" ]; then return 0; fi
  if [ -z "${keys_in:-}" ]; then find_home; fi
  key_text=$(as "$keys_by" cat "$R$keys_in" </dev/null)
  printf '%s\n' "$keys" | { while IFS= read -r key; do printf '%s\n' "$key_text" | has_key "$key" || exit 1; done; } && return
  has_keys=no
  each=$keys_in
  marks=
  while [ -n "$hosts" ] && [ -n "$each" ]; do
    if is_hosts "$R$each"; then
      fail key "$keys_in is this host's own, which the machine shares: the key would let in here too" '# if you mean that: --shared-home' || return
    fi
    if [ -n "$host_mark" ]; then marks="$marks$host_mark $(owner_ids "$R$each")$newline"; fi
    if [ "$each" = "$home" ]; then break; fi
    each=${each%/*}
  done
  # The host knows by the owner whether one is in a home that nothing lists.
  if [ "${look:-}" = yes ]; then printf %s "$marks" | while read -r each; do say ok home "$each"; done; fi
  may_write_keys key
}

add_keys() {
  if [ -z "$keys" ]; then return 0; fi
  if [ -z "${keys_in:-}" ]; then find_home; fi
  added=0
  if ! make_key_folder "${keys_in%/*}" || ! add_missing_keys; then
    case $said in
      *' is a folder') fail key "$said" "mv $keys_in $keys_in.folder # then run this again" ;;
      *) fail key "$said" "# let $keys_by write to $keys_in, then run this again" ;;
    esac
  elif [ "$added" = 0 ]; then
    say ok key "$account has the keys already"
  else
    say changed key "$added put into $keys_in of $account"
  fi
}

# sshd reads a file of root's as the account.
make_key_folder() {
  if [ -z "$1" ] || as "$keys_by" test -d "$R$1"; then return 0; fi
  make_key_folder "${1%/*}" && note made-by "$keys_by" "$R$1" && try "$keys_by" mkdir -m "$(key_mode 755 700)" "$R$1"
}
key_mode() { if [ "$keys_by" = "$account" ]; then echo "$2"; else echo "$1"; fi; }

add_missing_keys() {
  keep "$scratch/text" <<KEYS || return 1
$keys
KEYS
  while IFS= read -r key; do
    if [ -z "$key" ]; then continue; fi
    keep_state || return 1
    read_copy "$keys_by" "$R$keys_in" </dev/null
    case $? in
      0) if has_key "$key" <"$scratch/copy"; then continue; fi ;;
      1) ;;
      *) return 1 ;;
    esac
    add_lines "$keys_by" "$R$keys_in" "$(key_mode 644 600)" "$key" </dev/null || return 1
    added=$((added + 1))
  done <"$scratch/text"
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
