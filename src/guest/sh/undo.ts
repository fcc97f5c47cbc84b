import { sh } from './tag.js';

/** Takes back what the journal says, the latest first, and nothing else. */
export const undo = sh`
undo_all() {
  if [ ! -f "$state/done" ]; then
    say ok undo 'nothing of vmssh is here'
    return 0
  fi
  sed '1!G;h;$!d' "$state/done" >"$state/undo"
  while IFS='	' read -r kind a b _; do
    undo_one "$kind" "$a" "$b"
  done <"$state/undo"
  systemctl daemon-reload
  systemctl reset-failed 'sshd-vsock*' 2>/dev/null
  if [ "$faults" = 0 ]; then rm -rf "$state"; fi
}

undo_one() {
  case $1 in
    tcp) undo_tcp "$2" ;;
    enabled)
      systemctl -q --no-reload disable --now "$2" 2>/dev/null
      say changed undo "$2 disabled" ;;
    started)
      systemctl -q stop "$2" 2>/dev/null
      say changed undo "$2 stopped" ;;
    file) undo_file "$2" ;;
    edit) undo_edit "$2" "$3" ;;
    added) undo_added "$2" "$3" ;;
    made) if [ -d "$2" ] && rmdir "$2" 2>/dev/null; then say changed undo "$2 removed"; fi ;;
    made-by) if as "$2" rmdir "$3" 2>/dev/null; then say changed undo "$3 removed"; fi ;;
  esac
}

undo_tcp() {
  if systemctl -q enable --now "$1"; then
    say changed undo "$1 enabled and started: TCP is open again"
  else
    fail undo "$1 could not be enabled" "systemctl enable --now $1"
  fi
}

undo_file() {
  case $(whose "$1") in
    ours)
      rm -f "$1"
      say changed undo "$1 removed" ;;
    absent) say ok undo "$1 is gone already" ;;
    *) fail undo "$1 was changed after vmssh wrote it: it is left alone" "rm $1" ;;
  esac
}

# A file of others gets back the bytes that it had; if it changed since, it loses our lines alone.
undo_edit() {
  edit_copy=$state/before/$(printf '%s' "$2" | sum_of)
  if ! as "$1" test -e "$2"; then
    say ok undo "$2 is gone already"
  elif [ "$(as "$1" cat "$2" | sum_of)" = "$(sum_of <"$edit_copy.now")" ]; then
    replace "$1" "$2" 644 <"$edit_copy.was"
    say changed undo "$2 is what it was"
  else
    as "$1" cat "$2" | grep -vxF -f "$edit_copy.lines" >"$edit_copy.less"
    replace "$1" "$2" 644 <"$edit_copy.less"
    say changed undo "$2 lost our lines (it was changed by others too)"
  fi
}

undo_added() {
  edit_copy=$state/before/$(printf '%s' "$2" | sum_of)
  if ! as "$1" test -e "$2"; then
    say ok undo "$2 is gone already"
  elif [ "$(as "$1" cat "$2" | sum_of)" = "$(sum_of <"$edit_copy.now")" ]; then
    as "$1" rm -f "$2"
    say changed undo "$2 removed"
  else
    undo_edit "$1" "$2"
  fi
}
`;
