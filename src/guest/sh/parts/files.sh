# Who wrote a file. Ours have a line with the hash of the others: a foreign or edited file is never overwritten or removed.

state=$R/var/lib/vmssh
if is_own; then state=$HOME/.local/state/vmssh/setup; fi

sum_of() { sha256sum | cut -c1-16; }

# Only root, or the account, can read the journal and the saved files. If it fails, $said has why.
state_is=
keep_state() {
  if [ "$state_is" = kept ] && [ -d "$state/before" ]; then return 0; fi
  said=$(mkdir -p "$state/before" 2>&1 && chmod 700 "$state" "$state/before" 2>&1) || return 1
  if [ -n "${made_from:-}" ]; then keep "$state/made-from" <<FOLDER
$made_from
FOLDER
  fi && state_is=kept
}

# kept_of FILE: the path of its saved state: .was and .now are its text before and after, .lines what was added.
kept_of() { echo "$state/before/$(printf '%s' "$1" | sum_of)"; }
sum_of_now() { if [ -e "$kept.now" ]; then sum_of <"$kept.now"; fi; }

# keep FILE: stdin becomes a file of the state. If it fails, $said has why.
keep() {
  if { cat >"$1.new" && mv -f "$1.new" "$1"; } 2>/dev/null; then return 0; fi
  said="$1 cannot be written"
  return 1
}

# key_lines: the keys in stdin as "TYPE BLOB COMMENT", without what is before them.
key_lines() { tr '\t' ' ' | sed -nE 's/^(.* )?((ssh|ecdsa|sk)-[A-Za-z0-9@.-]+) +(AAAA[A-Za-z0-9+/]+={0,2})/\2 \4/p'; }
# blob_of KEY: what tells it from others; the whole line, if that is no key.
blob_of() { printf '%s\n' "$1" | key_lines | cut -d ' ' -f 2 | grep . || printf '%s\n' "$1"; }
# has_key KEY: whether stdin has it, whatever its user put before it.
has_key() { grep -v '^[[:space:]]*#' | grep -qF -e "$(blob_of "$1")"; }
# title_of KEY: its fingerprint and comment.
title_of() { printf '%s\n' "$1" | ssh-keygen -l -f - 2>/dev/null | cut -d ' ' -f 2- | grep . || echo "$1"; }

# whose FILE: prints ours, edited (ours, but changed by hand), foreign or absent.
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

# SELinux: a new file has the context of its temporary name.
label() {
  if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon "$1"; fi
}
