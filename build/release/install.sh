#!/bin/sh
# Installs vmssh @VERSION@ for Linux on x64 or arm64. --help shows the options; nothing is changed before it is said.
set -eu
umask 022
export LC_ALL=C

version='@VERSION@'
site='@SITE@'
key='@KEY@'
sha256_x64='@SHA256_X64@'
sha256_arm64='@SHA256_ARM64@'

usage() {
  cat <<'END'
Installs vmssh, or removes what it installed.

  curl -fsSL SITE/install.sh | sh                          into ~/.local, or as root into /usr/local
  curl -fsSL SITE/install.sh | sh -s -- --prefix /opt/vmssh
  curl -fsSL SITE/install.sh | sh -s -- --uninstall

  --prefix DIR   into DIR/bin and DIR/share
  --uninstall    removes the files that it installed there
  --dry-run      only says what it would do
  --help         shows this
END
}

main() {
  prefix='' uninstall='' dry_run=''
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix) [ $# -ge 2 ] || fail '--prefix needs a folder'; prefix=$2; shift ;;
      --prefix=*) prefix=${1#*=} ;;
      --uninstall) uninstall=1 ;;
      --dry-run) dry_run=1 ;;
      --help) usage | sed "s|SITE|$site|"; exit 0 ;;
      *) fail "it has no option '$1'; see --help" ;;
    esac
    shift
  done
  [ -n "$prefix" ] || prefix=$(own_prefix)
  case $prefix in
    /*) ;;
    *) fail "'$prefix' is not an absolute path: write it from / on" ;;
  esac
  list=$prefix/share/vmssh/installed-files
  check_list
  if [ -n "$uninstall" ]; then remove; else install; fi
}

# Only what is below the prefix is ever removed.
check_list() {
  [ -f "$list" ] || return 0
  while read -r file; do
    case /$file/ in */../*) fail "$list names '$file', which is not below $prefix: delete that line; nothing was changed" ;; esac
  done <"$list"
}

own_prefix() {
  if [ "$(id -u)" = 0 ]; then
    echo /usr/local
  elif [ -n "${HOME:-}" ]; then
    echo "$HOME/.local"
  else
    fail 'HOME is not set; add --prefix DIR'
  fi
}

install() {
  [ "$(uname -s)" = Linux ] || fail "this is for Linux, and here is $(uname -s); see $site/"
  # The program is static: it needs no libc, so glibc and musl are the same to it.
  case $(uname -m) in
    x86_64 | amd64) processor=x64 sha256=$sha256_x64 ;;
    aarch64 | arm64) processor=arm64 sha256=$sha256_arm64 ;;
    *) fail "there is no program for $(uname -m), only for x86_64 and aarch64; Node runs it on others: npm install -g vmssh" ;;
  esac
  name=vmssh-$version-linux-$processor
  for tool in find gzip mktemp sed sort tar; do need "$tool"; done
  have curl || have wget || fail 'it needs curl or wget; install one of them'

  say "This installs vmssh $version into $prefix/bin and $prefix/share:"
  say "- it downloads $site/v$version/$name.tar.gz"
  say "- it checks that its SHA-256 is $sha256"
  say "- it notes each file in $list, and --uninstall removes them"
  [ -z "$dry_run" ] || return 0

  work=$(mktemp -d) || fail "no folder for the download can be made in ${TMPDIR:-/tmp}: set TMPDIR to another one; nothing was installed"
  put_aside=''
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP PIPE
  fetch "v$version/$name.tar.gz"
  check_hash
  check_signature
  tar -xzof "$work/$name.tar.gz" -C "$work" || { check_space; fail "$name.tar.gz cannot be unpacked; nothing was installed"; }
  (cd "$work/$name" && find . -type f -o -type l) | sed 's|^\./||' | sort >"$work/files"
  check_place
  put
  say "vmssh $version is installed."
  case :$PATH: in
    *":$prefix/bin:"*) say 'Now: vmssh config install && ssh NAME, with a NAME that vmssh list shows' ;;
    *) say "$prefix/bin is not in PATH. For this shell: export PATH=\"$prefix/bin:\$PATH\"" ;;
  esac
}

# Downloads a file of the site into the work folder: not without end, and not from a server that stays silent.
fetch() {
  (
    ulimit -f 131072 2>/dev/null || :
    trap '' XFSZ
    if have curl; then
      curl -fsSL --retry 2 --connect-timeout 30 --speed-limit 100 --speed-time 60 -o "$work/${1##*/}" "$site/$1"
    else
      # BusyBox has no such options.
      case $(wget --version 2>/dev/null) in 'GNU Wget'*) limits='-t 3 -T 60' ;; *) limits='' ;; esac
      # shellcheck disable=SC2086 # More than one word.
      wget -q $limits -O "$work/${1##*/}" "$site/$1"
    fi
  ) || { check_space; fail "$site/$1 cannot be downloaded; nothing was installed"; }
}

# After a failure there: a full disk is its cause, though the tool that failed may say something else.
check_space() {
  usage 2>/dev/null >"$work/space" || fail "$work is full: free some space, or set TMPDIR to a folder that has it; nothing was installed"
}

check_hash() {
  if have sha256sum; then
    got=$(sha256sum "$work/$name.tar.gz")
  elif have shasum; then
    got=$(shasum -a 256 "$work/$name.tar.gz")
  elif have openssl; then
    got=$(openssl dgst -sha256 -r "$work/$name.tar.gz")
  else
    fail 'it needs sha256sum, shasum or openssl to check what it downloaded; nothing was installed'
  fi
  got=${got%%[ *]*}
  [ "$got" = "$sha256" ] || fail "$name.tar.gz is not the released file: its SHA-256 is $got; nothing was installed"
}

# The list of hashes is signed by the key of the releases.
check_signature() {
  if ! have gpgv && ! have sqv && ! have gpg; then
    say 'The signature is not checked, as there is no gpgv, sqv or gpg here; the hash is the one in this script.'
    return 0
  fi
  need base64
  for file in "v$version/SHA256SUMS" "v$version/SHA256SUMS.asc" vmssh.asc; do fetch "$file"; done
  # gpgv reads only the binary form of a key. What is none is refused below.
  sed -n '/^$/,/^[=-]/p' "$work/vmssh.asc" | sed '/^[=-]/d' | base64 -d >"$work/key.gpg" 2>/dev/null || :
  signers "$work/key.gpg" "$work/SHA256SUMS.asc" "$work/SHA256SUMS" >"$work/signers" 2>/dev/null || :
  grep -qxF "$key" "$work/signers" || fail "SHA256SUMS is not signed by the key $key; nothing was installed"
  grep -qxF "$sha256  $name.tar.gz" "$work/SHA256SUMS" || fail "SHA256SUMS has another hash of $name.tar.gz; nothing was installed"
  say "It is signed by the key $key."
}

# The fingerprints of those keys in $1 by which $2 is a valid signature of $3. Debian 12 has gpgv, Debian 13 sqv.
signers() {
  if have gpgv; then
    gpgv --keyring "$1" --status-fd 1 "$2" "$3" | valid
  elif have sqv; then
    sqv --keyring "$1" "$2" "$3"
  else
    gpg --batch --homedir "$work" --no-default-keyring --keyring "$1" --trust-model always --status-fd 1 --verify "$2" "$3" | valid
  fi
}

valid() { sed -n 's/^\[GNUPG:\] VALIDSIG .* //p'; }

# Files that something else has put there stay.
check_place() {
  while read -r file; do
    if [ -e "$prefix/$file" ] || [ -L "$prefix/$file" ]; then
      is_ours "$file" || fail "$prefix/$file is there already, and was not installed by this script: remove it, or add --prefix DIR; nothing was installed"
    fi
  done <"$work/files"
}

is_ours() { [ -f "$list" ] && grep -qxF "$1" "$list"; }

# All files are put aside first, each in the folder where it goes, and then exchanged at once: what fails or is interrupted before changes nothing,
# and a program that runs is not written to.
put() {
  # Folders that were made, each from / on and with a "/" at its end.
  : >"$work/folders"
  put_aside=1
  make_folder "$prefix/share/vmssh"
  while read -r file; do
    folder=$prefix/$file
    make_folder "${folder%/*}"
    aside "$work/$name/$file" "$prefix/$file"
  done <"$work/files"
  { [ ! -f "$list" ] || cat "$list"; cat "$work/files" "$work/folders"; } | sort -u >"$work/list"
  aside "$work/list" "$list"

  trap '' INT TERM HUP PIPE
  put_aside=''
  # First the list: what the machine itself may interrupt can be removed.
  exchange "$list"
  while read -r file; do exchange "$prefix/$file"; done <"$work/files"
  # What an older version had, and this one has no more.
  grep -vxF -f "$work/files" "$list" >"$work/others" || :
  while read -r file; do
    case $file in
      */) echo "$file" >>"$work/folders" ;;
      *) rm -f "$prefix/$file" ;;
    esac
  done <"$work/others"
  sort -u "$work/files" "$work/folders" >"$work/list"
  aside "$work/list" "$list"
  exchange "$list"
}

# A folder and those above it.
make_folder() {
  if [ -z "$1" ] || [ -d "$1" ]; then return 0; fi
  make_folder "${1%/*}"
  # With "//" in it, it may be there by now.
  [ ! -d "$1" ] || return 0
  said=$(mkdir "$1" 2>&1) || cannot_write "$1" "$said"
  echo "$1/" >>"$work/folders"
}

aside() {
  [ ! -L "$2.vmssh-new" ] || rm -f "$2.vmssh-new"
  said=$(cp -pP "$1" "$2.vmssh-new" 2>&1) || cannot_write "$2" "$said"
}

exchange() { mv -f "$1.vmssh-new" "$1" || fail "$1 cannot be written; run this again, or add --uninstall"; }

# What a program said tells a full disk from rights.
cannot_write() {
  case $2 in
    *'No space left'* | *'quota'*) fail "$1 cannot be written, as its disk is full: free some space, or add --prefix DIR; nothing was installed" ;;
    *) fail "$1 cannot be written: ${2:-it failed}
Run this as root, or add --prefix DIR; nothing was installed" ;;
  esac
}

# Takes back what was put aside, if it was not exchanged.
clean_up() {
  if [ -n "$put_aside" ]; then
    rm -f "$list.vmssh-new"
    set --
    while read -r file; do set -- "$@" "$prefix/$file.vmssh-new"; done <"$work/files"
    rm -f "$@"
    sort -ru "$work/folders" | remove_folders
  fi
  rm -rf "$work"
}

remove() {
  [ -f "$list" ] || fail "nothing in $prefix was installed by this script: $list is missing"
  conf=${HOME:-/root}/.ssh/vmssh.conf
  if [ -e "$conf" ]; then
    fail "your ssh still uses vmssh, by $conf: run $prefix/bin/vmssh config uninstall first"
  fi
  say "This removes the files below $prefix that $list names."
  [ -z "$dry_run" ] || return 0
  set --
  while read -r file; do
    case $file in
      */) ;;
      *) set -- "$@" "$prefix/$file" ;;
    esac
  done <"$list"
  rm -f "$@" || fail "they cannot be removed: run it as root"
  folders=$(grep '/$' "$list" | sort -r) || :
  rm -f "$list"
  printf '%s\n' "$folders" | remove_folders
  say 'vmssh is removed.'
}

# Folders from stdin, the deepest first. Those that others use by now stay.
remove_folders() {
  while read -r folder; do
    [ -z "$folder" ] || rmdir "$folder" 2>/dev/null || :
  done
}

have() { command -v "$1" >/dev/null 2>&1; }
need() { have "$1" || fail "it needs $1"; }
say() { printf '%s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# Last: a script that was downloaded only in part does nothing.
main "$@"
