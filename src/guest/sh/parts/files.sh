# Whose a file is. One of ours has a line with the hash of the others, so that neither somebody else's file nor an
# edited one is ever overwritten or removed. Every file is written beside its place and moved there.

state=$R/var/lib/vmssh
copy=$state/copy

sum_of() { sha256sum | cut -c1-16; }

# The journal and what files were before are for root's eyes. If it fails, $said has why.
keep_state() { said=$(mkdir -p "$state/before" 2>&1 && chmod 700 "$state" "$state/before" 2>&1); }

# kept_of FILE: where what is known of it lies: .was and .now are its text before and after, .lines what was added.
kept_of() { echo "$state/before/$(printf '%s' "$1" | sum_of)"; }

# keep FILE: stdin becomes a file of the state. If it fails, $said has why.
keep() {
  if { cat >"$1"; } 2>/dev/null; then return 0; fi
  said="$1 cannot be written"
  return 1
}

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
