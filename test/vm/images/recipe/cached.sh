#!/bin/bash
# cached.sh CACHE KIND KEY COMMAND...
# Fills the folder CACHE/KIND-KEY by running COMMAND with an empty folder as its last argument. Once, and whole or
# not at all: builders of one kind wait for each other, and a failed or killed build never gets the final name.
set -euo pipefail
cache=$1 kind=$2 key=$3
shift 3

# What a dead builder had mounted there goes first, and nothing is removed through a mount.
discard() {
  awk -v below="$building/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount -l
  rm -rf --one-file-system "$building"
}

mkdir -p "$cache"
exec 9>"$cache/$kind.lock"
flock 9
if [ ! -e "$cache/$kind-$key" ]; then
  building="$cache/$kind.building"   # holding the lock, so whatever lies there is a dead builder's
  trap discard EXIT
  discard
  mkdir "$building"
  "$@" "$building" 9>&-
  mv "$building" "$cache/$kind-$key"
fi
touch "$cache/$kind-$key"

# Other keys belong to other versions of the recipe: another checkout may use them, so only long unused ones go.
find "$cache" -maxdepth 1 -type d -name "$kind-*" -mtime +14 -exec rm -rf {} +
