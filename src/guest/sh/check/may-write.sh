# Whether an account's keys can be put where they belong.

# may_write_keys STEP: unless the folder or the file is another's, and the account can do nothing there. In its own, the writing says what is wrong.
may_write_keys() {
  if [ "$keys_by" = root ]; then return 0; fi
  each=${keys_in%/*}
  while [ -n "$each" ] && [ ! -e "$R$each" ]; do each=${each%/*}; done
  # shellcheck disable=SC2016 # for the inner shell
  if as "$keys_by" sh -c 'test -w "$1" && test -x "$1"' sh "$R$each"; then
    each=$keys_in
    if [ ! -e "$R$each" ] || as "$keys_by" test -r "$R$each"; then return 0; fi
  fi
  if [ -n "$(find -H "$R$each" -prune -user "$account" 2>/dev/null)" ]; then return 0; fi
  # By a link of the account's root would give away what that leads to.
  each_fix="chown -h $account: $each"
  if [ "$(readlink -f "$R$each")" != "$(readlink -f "${R:-/}")${R:+/}${each#/}" ]; then each_fix="# see where its links lead"; fi
  fail "$1" "$each is another's ($(stat -L -c '%A %U:%G' "$R$each")), and $account can put no key there" "$each_fix"
}
