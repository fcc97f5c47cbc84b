import { sh } from './tag.js';

/**
 * Whose a file is. One of ours has a line with the hash of the others, so that neither somebody else's file nor an
 * edited one is ever overwritten or removed. Every file is written beside its place and moved there.
 */
export const files = sh`
state=$R/var/lib/vmssh

sum_of() { sha256sum | cut -c1-16; }

# whose FILE: ours, edited (ours, but changed by hand), foreign or absent.
whose() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    echo absent
  elif [ ! -f "$1" ] || ! grep -q '^# vmssh-guest [0-9a-f]*: ' "$1"; then
    echo foreign
  elif [ "$(grep -v '^# vmssh-guest [0-9a-f]*: ' "$1" | sum_of)" = "$(sed -n 's/^# vmssh-guest \([0-9a-f]*\): .*/\1/p' "$1")" ]; then
    echo ours
  else
    echo edited
  fi
}

# SELinux: what a file was born with is its temporary name's.
label() {
  if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon "$1"; fi
}

# replace ACCOUNT FILE MODE: stdin becomes the file; an existing one keeps its mode and owner. A file that cannot be
# moved to (a bind mount) is written in place.
replace() {
  # shellcheck disable=SC2016 # for the inner shell
  as "$1" sh -c '
    file=$(readlink -f -- "$1") || exit 1
    temp=$(mktemp "\${file%/*}/.vmssh-XXXXXX") || exit 1
    if [ -e "$file" ]; then cp -p -- "$file" "$temp"; else chmod "$2" "$temp"; fi
    cat >"$temp" && { mv -f -- "$temp" "$file" 2>/dev/null || { cat <"$temp" >"$file"; rm -f -- "$temp"; }; }
  ' sh "$2" "$3" && label "$2"
}
`;
