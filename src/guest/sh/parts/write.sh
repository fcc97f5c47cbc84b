# Writing files so that it can be undone: each step gets a line in $state/done before it is done; undo.sh reads it backwards.

# note KIND WORD...: adds a line to the journal, once. If that fails, the step must not be done: $said has why.
note() {
  keep_state || return 1
  note_line=$(printf '%s\t' "$@")
  if grep -qxF -e "$note_line" "$state/done" 2>/dev/null; then return 0; fi
  { printf '%s\n' "$note_line" >>"$state/done"; } 2>/dev/null && return 0
  said="$state/done cannot be written"
  return 1
}

# note_owners KEYS: for whom something was set up here: what they share stays until the last of them takes it back.
note_owners() {
  if [ ! -f "$state/done" ]; then return 0; fi
  printf '%s\n' "$1" | key_lines | while IFS= read -r each; do note for "$each" || break; done
}

# Reads a file's text, writes it with its mark.
stamp() {
  stamp_text=$(cat && echo .)
  stamp_text=${stamp_text%.}
  case $stamp_text in
    '#!'*)
      printf '%s\n' "${stamp_text%%"$newline"*}"
      stamp_rest=${stamp_text#*"$newline"} ;;
    *) stamp_rest=$stamp_text ;;
  esac
  printf '# vmssh-guest %s: "vmssh guest print --undo" removes this\n%s' "$(printf '%s' "$stamp_text" | sum_of)" "$stamp_rest"
}

# make_folder FOLDER: with its parents, each noted.
make_folder() {
  if [ -d "$1" ]; then return 0; fi
  make_folder "${1%/*}" && note made "$1" && said=$(mkdir "$1" 2>&1)
}

# put STEP FILE MODE: stdin becomes our file. Sets $put to ok or changed; fails if the file is not ours.
put=
put() {
  put_new=$(stamp && echo .)
  put_new=${put_new%.}
  put=changed
  case $(whose "$2") in
    foreign)
      fail "$1" "$2 exists and was not written by vmssh: it is not changed" "mv -i $2 $2.by-hand # then run this again" || return ;;
    edited)
      fail "$1" "$2 was edited after vmssh wrote it: it is not changed" "mv -i $2 $2.edited # then run this again" || return ;;
    ours)
      if [ "$(printf '%s' "$put_new" | sum_of)" = "$(sum_of <"$2")" ]; then
        put=ok
        return 0
      fi ;;
  esac
  if make_folder "${2%/*}" && note file "$2" && said=$(put_file "$2" "$3" 2>&1); then return 0; fi
  fail "$1" "$2 cannot be written: $said" "# let root write to ${2%/*}, then run this again"
}

put_file() {
  put_temp=$(rm -f "${1%/*}"/.vmssh-?????? && mktemp "${1%/*}/.vmssh-XXXXXX") || return 1
  if printf '%s' "$put_new" >"$put_temp" && chmod "$2" "$put_temp" && mv -f "$put_temp" "$1"; then
    label "$1"
  else
    rm -f "$put_temp"
    return 1
  fi
}

# add_lines ACCOUNT FILE MODE LINE...: appends lines to a foreign file; its old text is kept. If it fails, $said has why. If
# others changed it since our last lines, .now stays as it was: what they wrote is not ours to take back.
add_lines() {
  add_account=$1 add_file=$2 add_mode=$3
  shift 3
  keep_state || return 1
  kept=$(kept_of "$add_file")
  read_copy "$add_account" "$add_file"
  case $? in
    0) add_kind=edit ;;
    1)
      add_kind=added
      rm -f "$kept.now" ;;
    *) return 1 ;;
  esac
  add_text=$kept.now
  if [ -e "$kept.now" ] && [ "$(sum_of <"$scratch/copy")" != "$(sum_of_now)" ]; then add_text=$state/text; fi
  if [ ! -e "$kept.now" ]; then
    if [ "$add_kind" = edit ]; then keep "$kept.was" <"$scratch/copy" || return 1; fi
    note "$add_kind" "$add_account" "$add_file" || return 1
  fi
  {
    printf '%s\n' "$@" >>"$kept.lines" &&
      if [ -n "$(tail -c 1 "$scratch/copy")" ]; then echo >>"$scratch/copy"; fi &&
      printf '%s\n' "$@" >>"$scratch/copy"
  } 2>/dev/null || {
    said="$kept.lines or $scratch/copy cannot be written"
    return 1
  }
  keep "$add_text" <"$scratch/copy" || return 1
  replace "$add_account" "$add_file" "$add_mode" <"$add_text"
}
