# Undoes what the journal has, the latest first, and nothing else.

. ./../tcp/units.sh

undo_all() {
  if [ ! -f "$state/done" ]; then
    say ok journal 'vmssh has set up nothing here'
    return 0
  fi
  if ! sed '1!G;h;$!d' "$state/done" | keep "$state/undo"; then
    fail undo "$state/undo cannot be written" "df $state" || return
  fi
  while IFS='	' read -r kind a b _; do
    undo_one "$kind" "$a" "$b" </dev/null
  done <"$state/undo"
  if ! is_own && is_systemd; then
    must undo systemctl daemon-reload
    systemctl reset-failed 'sshd-vsock*' 2>/dev/null
  fi
  if [ "$faults" = 0 ]; then
    made_from=$(cat "$state/made-from" 2>/dev/null)
    must undo rm -rf "$state"
  fi
}

# read_owners: sets $mine and $others, the keys for which something was set up here. A run that failed has them only among its lines.
read_owners() {
  mine=
  others=
  while IFS= read -r each; do
    each_blob=$(blob_of "$each")
    case $each_blob,$keys in
      ,*) ;;
      *,*"$each_blob"*) mine=$mine$each$newline ;;
      *) others=$others$each$newline ;;
    esac
  done <<OWNERS
$({ grep '^for	' "$state/done" | cut -f 2 && cat "$state"/before/*.lines; } 2>/dev/null | key_lines | sort -u -k 2,2)
OWNERS
}

# Takes back the caller's own key: all else is shared.
undo_own() {
  if [ -z "$mine" ]; then say ok undo 'nothing here was set up for a key of yours'; fi
  printf '%s' "$mine" | while IFS= read -r each; do say changed undo "it is not set up for $(title_of "$each") any more"; done
  while IFS='	' read -r kind a b _; do
    case $kind in edit | added) undo_keys "$a" "$b" </dev/null ;; esac
  done <"$state/done"
  printf '%s' "$others" | while IFS= read -r each; do
    say skipped others "it stays set up for $(title_of "$each"); vmssh setup --undo --all takes that back too"
  done
  if [ "$look" = no ] && [ "$faults" = 0 ]; then
    if ! { without_mine <"$state/done" >"$scratch/text" && keep "$state/done" <"$scratch/text"; }; then
      fail undo "$state/done cannot be written" "df $state"
    fi
  fi
}
# Lines without these keys, whatever is before them.
without_mine() { sed -e "$(without "$mine")"; }
without() { printf '%s\n' "$1" | sed -nE 's/^[^ ]+ (AAAA[^ ]+).*/\\|\1|d/p'; }

# undo_keys ACCOUNT FILE
undo_keys() {
  kept=$(kept_of "$2")
  if [ "$(without_mine <"$kept.lines" | sum_of)" = "$(sum_of <"$kept.lines")" ]; then return 0; fi
  if [ "$look" = yes ]; then
    say changed undo "$2 loses your key"
    return 0
  fi
  undo_read "$1" "$2" || return
  copy_sum=$(sum_of <"$scratch/copy")
  without_mine <"$scratch/copy" >"$scratch/text"
  if ! undo_replace "$1" "$2" "$scratch/text" 'lost your key'; then return 1; fi
  if [ "$copy_sum" = "$(sum_of_now)" ]; then keep "$kept.now" <"$scratch/text"; fi
  without_mine <"$kept.lines" >"$scratch/text"
  keep "$kept.lines" <"$scratch/text"
}

undo_one() {
  case $1 in
    for) ;;
    tcp) undo_tcp "$2" "$3" ;;
    loopback) undo_loopback "$2" ;;
    enabled) undo_enabled "$2" ;;
    started) undo_started "$2" ;;
    openrc) undo_openrc "$2" ;;
    inittab) undo_inittab "$2" ;;
    file) undo_file "$2" ;;
    host-key) undo_host_key "$2" ;;
    edit) undo_edit "$2" "$3" ;;
    added) undo_added "$2" "$3" ;;
    made) if [ -d "$2" ] && rmdir "$2" 2>/dev/null; then say changed undo "$2 removed"; fi ;;
    made-by) if as "$2" rmdir "$3"; then say changed undo "$3 removed"; fi ;;
    *) fail undo "the journal has the step \"$1\", of another version of vmssh" "# undo it with that version; what it did is in $state/done" ;;
  esac
}

# undo_tcp UNIT WAS: what it was, as in "enabled active".
undo_tcp() {
  case $2 in 'enabled '*) if must undo systemctl -q enable "$1"; then say changed undo "$1 enabled"; fi ;; esac
  case $2 in *' active') if start_tcp "$1"; then say changed undo "$1 started: TCP is open again"; fi ;; esac
}
# systemd does not start a socket while its service runs; open sessions go on.
start_tcp() {
  service=${1%.socket}.service
  if [ "$service" = "$1" ] || ! systemctl -q is-active "$service" || systemctl -q is-active "$1"; then
    must undo systemctl -q start "$1"
    return
  fi
  must undo systemctl -q stop "$service" && must undo systemctl -q start "$1" && must undo systemctl -q start "$service"
}

# undo_loopback UNIT: after the file is gone, which is later in the journal.
undo_loopback() {
  if [ -e "$R$loopback_file" ] || ! systemctl -q is-active "$1"; then return 0; fi
  if must undo systemctl daemon-reload && read_again undo "$1"; then say changed undo "$1 listens on TCP as before"; fi
}

undo_enabled() {
  if [ "$(systemctl is-enabled "$1" 2>/dev/null)" != enabled ] && ! systemctl -q is-active "$1"; then
    say ok undo "$1 is disabled already"
  elif must undo systemctl -q --no-reload disable --now "$1"; then
    say changed undo "$1 disabled"
  fi
}

undo_started() {
  if ! systemctl -q is-active "$1"; then
    say ok undo "$1 is stopped already"
  elif must undo systemctl -q stop "$1"; then
    say changed undo "$1 stopped"
  fi
}

undo_file() {
  case $(whose "$1") in
    ours) if must undo rm -f "$1"; then say changed undo "$1 removed"; fi ;;
    absent) say ok undo "$1 is gone already" ;;
    *) fail undo "$1 was changed after vmssh wrote it: it is not changed now" "rm $1" ;;
  esac
}

# Another one may be there by now.
undo_host_key() {
  rm -f "$1.new" "$1.new.pub"
  if ! grep -q ' vmssh setup$' "$1.pub" 2>/dev/null; then
    say ok undo "$1 is not ours, or gone"
  elif must undo rm -f "$1" "$1.pub"; then
    say changed host-keys "$1 removed"
  fi
}

# A foreign file gets its old bytes back; if it changed since, only our lines are removed.
undo_edit() {
  kept=$(kept_of "$2")
  undo_read "$1" "$2" || return
  copy_sum=$(sum_of <"$scratch/copy")
  if [ "$copy_sum" = "$(sum_of_now)" ]; then
    undo_replace "$1" "$2" "$kept.was" 'is what it was'
  elif ! without_ours >"$scratch/text"; then
    fail undo "$scratch/text cannot be written" 'df /run'
  elif [ "$copy_sum" = "$(sum_of <"$scratch/text")" ]; then
    say ok undo "$2 has none of our lines"
  else
    undo_replace "$1" "$2" "$scratch/text" 'lost our lines (it was changed by others too)'
  fi
}
# A key is found by itself: its user may have put options before it.
without_ours() {
  if [ ! -e "$kept.lines" ]; then
    cat "$scratch/copy"
    return
  fi
  sed -e "$(without "$(key_lines <"$kept.lines")")" "$scratch/copy" >"$scratch/part" || return 1
  grep -vxF -f "$kept.lines" "$scratch/part" || [ $? = 1 ]
}

undo_added() {
  kept=$(kept_of "$2")
  undo_read "$1" "$2" || return
  if [ "$(sum_of <"$scratch/copy")" != "$(sum_of_now)" ]; then
    undo_edit "$1" "$2"
  elif try "$1" rm -f "$2"; then
    say changed undo "$2 removed"
  else
    fail undo "$2 cannot be removed: $said" "# let $1 remove it, then run this again"
  fi
}

# undo_read ACCOUNT FILE: copies its text to $scratch/copy, or says why that failed.
undo_read() {
  read_copy "$1" "$2"
  case $? in
    0) return 0 ;;
    1) say ok undo "$2 is gone already" ;;
    *) fail undo "$said: it is not changed" "# let $1 have a regular file there, then run this again; what was added is in $kept.lines" ;;
  esac
  return 1
}

# undo_replace ACCOUNT FILE TEXT MESSAGE
undo_replace() {
  if replace "$1" "$2" 644 <"$3"; then
    say changed undo "$2 $4"
  else
    fail undo "$2 cannot be written: $said" "# let $1 write to it, then run this again"
  fi
}
