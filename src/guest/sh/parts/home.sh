# Files in an untrusted user's home, read and changed by root with only that user's rights.

. ./../check/as.sh

# try ACCOUNT COMMAND...: $said has its output, stderr included.
try() {
  try_account=$1
  shift
  said=$(as "$try_account" sh -c 'exec "$@" 2>&1' sh "$@")
  try_code=$?
  if [ "$try_code" != 0 ]; then said=$(printf '%.300s' "${said:-$1 ended with $try_code, as $try_account}"); fi
  return "$try_code"
}

# read_copy ACCOUNT FILE: copies its text to the file $scratch/copy. 1: no such file; 2: it cannot be read, and $said has why.
read_copy() {
  keep "$scratch/copy" </dev/null || return 2
  # Only a word says what it is: runuser fails with 1 too, if the account is gone, and a slow machine with 137.
  # shellcheck disable=SC2016 # for the inner shell
  copy_kind=$(as "$1" sh -c 'if [ -f "$1" ]; then echo file; elif [ -d "$1" ]; then echo a folder; elif [ -e "$1" ]; then echo not a regular file; else echo none; fi' sh "$2")
  if [ "$copy_kind" = none ]; then return 1; fi
  if [ "$copy_kind" != file ]; then
    case $copy_kind in
      'a folder' | 'not a regular file') said="$2 is $copy_kind" ;;
      *) said="$2 cannot be examined as $1" ;;
    esac
  elif as "$1" cat "$2" >"$scratch/copy" && { [ "$1" = root ] || [ "$(wc -c <"$scratch/copy")" -lt "$as_limit" ]; }; then
    return 0
  elif [ "$(wc -c <"$scratch/copy")" -ge "$as_limit" ]; then
    said="$2 is larger than 1 MiB"
  else
    said="$2 cannot be read as $1"
  fi
  rm -f "$scratch/copy"
  return 2
}

# replace ACCOUNT FILE MODE: stdin becomes the file; one that is there keeps mode and owner, a bind mount is written in place. $said: why not.
replace() {
  # shellcheck disable=SC2016 # for the inner shell
  try "$1" sh -c '
    file=$(readlink -f -- "$1") || exit 1
    if [ -d "$file" ]; then echo "$file is a folder"; exit 1; fi
    if [ -e "$file" ] && [ ! -f "$file" ]; then echo "$file is not a regular file"; exit 1; fi
    temp=$(rm -f -- "${file%/*}"/.vmssh-?????? && mktemp "${file%/*}/.vmssh-XXXXXX") || exit 1
    if { if [ -e "$file" ]; then cp -p -- "$file" "$temp"; else chmod "$2" "$temp"; fi; } && cat >"$temp" &&
      { mv -f -- "$temp" "$file" 2>/dev/null || { cat <"$temp" >"$file" && rm -f -- "$temp"; }; }; then
      if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon "$file"; fi
    else
      rm -f -- "$temp"
      exit 1
    fi
  ' sh "$2" "$3"
}
