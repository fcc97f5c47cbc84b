import { sh } from './tag.js';

/** What an account gets: keys, and a login without the banner. */
export const account = sh`
# find_home: of the account that keys and .hushlogin are for.
find_home() {
  home=$(getent passwd "$account" | cut -d: -f6)
  if [ -z "$home" ]; then
    fail account "there is no account $account" "useradd -m $account"
    give_up 1
  fi
}

add_keys() {
  if [ -z "$keys" ]; then return 0; fi
  find_home
  if ! as "$account" test -d "$R$home/.ssh"; then
    note made-by "$account" "$R$home/.ssh"
    as "$account" mkdir -m 700 "$R$home/.ssh"
  fi
  added=0
  printf '%s\n' "$keys" >"$state_temp"
  while IFS= read -r key; do
    if [ -z "$key" ]; then continue; fi
    if as "$account" grep -qxF -e "$key" "$R$home/.ssh/authorized_keys" 2>/dev/null </dev/null; then continue; fi
    add_lines "$account" "$R$home/.ssh/authorized_keys" 600 "$key" </dev/null && added=$((added + 1))
  done <"$state_temp"
  if [ "$added" = 0 ]; then
    say ok key "$account has the keys already"
  else
    say changed key "$added put into $home/.ssh/authorized_keys of $account"
  fi
}

hush() {
  if [ "$hushlogin" != yes ]; then return 0; fi
  find_home
  if as "$account" test -e "$R$home/.hushlogin"; then
    say ok hushlogin "$home/.hushlogin is there"
  else
    keep_state
    : >"$state/before/$(printf '%s' "$R$home/.hushlogin" | sum_of).now"
    note added "$account" "$R$home/.hushlogin"
    as "$account" touch "$R$home/.hushlogin"
    say changed hushlogin "$home/.hushlogin"
  fi
}
`;
