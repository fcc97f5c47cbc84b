#!/bin/sh
# vmssh: undoes what the script of vmssh guest print did in this guest: for the keys of one caller, or all. With look=yes it only says what that is.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed, 3 the same has to run
# again by sudo, as root did some of it.

set -u
. ./parts/report.sh
. ./parts/root.sh
. ./parts/files.sh
. ./parts/home.sh
. ./parts/proof.sh
. ./parts/facts.sh
. ./init/init.sh
. ./parts/undo.sh

show_journal() {
  sed '1!G;h;$!d' "$state/done" | while IFS='	' read -r kind a b _; do
    case $kind in
      for) ;;
      host-key) say changed host-keys "$a is removed" ;;
      edit | added | made-by) say changed undo "$b ($kind) is taken back" ;;
      *) say changed undo "$a ($kind) is taken back" ;;
    esac
  done
}

# What a login of the account did is in its own journal: it takes that back itself, since its files may be anything by now.
undo_account() {
  home=$R$(getent passwd "$account" | cut -d: -f6)
  if ! as "$account" test -e "$home/.local/state/vmssh/setup/done"; then return 0; fi
  own_said=$(as "$account" env HOME="$home" sh -c "$own_script") || faults=$((faults + 1))
  # Whoever pastes a fix is root, and the account chose its words.
  printf '%s\n' "$own_said" | grep -v '^fix '
}

undo_main() {
  need_root
  if [ "$look" = no ]; then take_lock; fi
  read_owners
  if [ "$all" = no ] && [ -n "$others" ]; then
    undo_own
  elif [ "$look" = yes ] && [ -f "$state/done" ]; then
    show_journal
  else
    undo_all
  fi
  if [ "$look" = no ]; then drop_proof; fi
  if [ -n "$account" ]; then undo_account; fi
  if [ "$faults" -gt 0 ]; then give_up 1; fi
  say 'end' 0 'the set-up by vmssh was undone'
}

undo_main </dev/null
