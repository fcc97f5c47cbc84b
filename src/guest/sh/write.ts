import { sh } from './tag.js';

/**
 * Writing files so that it can be taken back: what is done stands in the journal, $state/done, a line each, before it
 * is done. undo.ts reads it backwards.
 */
export const write = sh`
# The journal and what files were before are for root's eyes.
keep_state() { mkdir -p "$state/before" && chmod 700 "$state" "$state/before"; }

# note KIND WORD...: into the journal, once.
note() {
  keep_state
  note_line=$(printf '%s\t' "$@")
  if ! grep -qxF -e "$note_line" "$state/done" 2>/dev/null; then printf '%s\n' "$note_line" >>"$state/done"; fi
}

# Reads a file's text, writes it with its mark.
stamp() {
  stamp_text=$(cat && echo .)
  stamp_text=\${stamp_text%.}
  case $stamp_text in
    '#!'*)
      printf '%s\n' "\${stamp_text%%"$newline"*}"
      stamp_rest=\${stamp_text#*"$newline"} ;;
    *) stamp_rest=$stamp_text ;;
  esac
  printf '# vmssh-guest %s: "vmssh guest script --undo" takes this back\n%s' "$(printf '%s' "$stamp_text" | sum_of)" "$stamp_rest"
}
# make_folder FOLDER: with its parents, each noted.
make_folder() {
  if [ -d "$1" ]; then return 0; fi
  make_folder "\${1%/*}" && note made "$1" && mkdir "$1"
}

# put STEP FILE MODE: stdin becomes a file of ours. Sets $put to ok or changed; fails where the file is not ours.
put=
put() {
  put_new=$(stamp && echo .)
  put_new=\${put_new%.}
  put=changed
  case $(whose "$2") in
    foreign)
      fail "$1" "$2 is there and not written by vmssh: it is left alone" "mv $2 $2.by-hand, then run this again"
      return 1 ;;
    edited)
      fail "$1" "$2 was edited after vmssh wrote it: it is left alone" "mv $2 $2.edited, then run this again"
      return 1 ;;
    ours)
      if [ "$(printf '%s' "$put_new" | sum_of)" = "$(sum_of <"$2")" ]; then
        put=ok
        return 0
      fi ;;
  esac
  make_folder "\${2%/*}" && note file "$2" && put_temp=$(mktemp "\${2%/*}/.vmssh-XXXXXX") &&
    printf '%s' "$put_new" >"$put_temp" && chmod "$3" "$put_temp" && mv -f "$put_temp" "$2" && label "$2"
}

# add_lines ACCOUNT FILE MODE LINE...: puts lines at the end of a file that belongs to others; what it was is kept.
add_lines() {
  add_account=$1 add_file=$2 add_mode=$3
  shift 3
  keep_state
  add_copy=$state/before/$(printf '%s' "$add_file" | sum_of)
  if [ -e "$add_copy.now" ]; then
    :
  elif as "$add_account" test -e "$add_file"; then
    as "$add_account" cat "$add_file" >"$add_copy.was"
    note edit "$add_account" "$add_file"
  else
    note added "$add_account" "$add_file"
  fi
  printf '%s\n' "$@" >>"$add_copy.lines"
  {
    if as "$add_account" test -s "$add_file"; then
      as "$add_account" cat "$add_file"
      if [ -n "$(as "$add_account" tail -c 1 "$add_file")" ]; then echo; fi
    fi
    printf '%s\n' "$@"
  } >"$add_copy.now"
  replace "$add_account" "$add_file" "$add_mode" <"$add_copy.now"
}
`;
